"""Who draws the scenes: worker processes here, or those of a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from gradreel.scenes.render.clips.workspace import Workspace
from gradreel.scenes.render.lessons.requests import ClipJob, ClipResult
from gradreel.scenes.render.lessons.settings import RenderSettings
from gradreel.scenes.render.workers.pool import Claim, Workers
from gradreel.scenes.render.workers.worker_process import Progress


@dataclass(frozen=True)
class Listeners:
    """Who hears of a task, in another thread than the one that gave it."""

    begun: Callable[[], None]  # its turn has come
    progress: Progress
    told: Callable[[str], None]  # what the user should know


class Drawers(Protocol):
    """Whoever draws. What a job may take, its settings say (``timeout``)."""

    @property
    def at_once(self) -> int:
        """How many jobs are done at a time, as far as can be told when they are given."""

    def render(self, job: ClipJob, claim: Claim | None, listeners: Listeners) -> Future[ClipResult]:
        """Have the clip of ``job`` in its folder, described beside it: see `worker.render_clip`."""

    def draw(self, function: str, job: ClipJob, path: Path | None, listeners: Listeners) -> Future[Any]:
        """``worker.<function>(job.request, path)``, which writes a new file or folder; or of the request alone."""


class LocalDrawers:
    """Worker processes of this machine."""

    def __init__(self, workers: Workers, at_once: int) -> None:
        self._workers, self._at_once = workers, at_once

    @property
    def at_once(self) -> int:
        return self._at_once

    def render(self, job: ClipJob, claim: Claim | None, listeners: Listeners) -> Future[ClipResult]:
        return self._submit(listeners, job, "render_clip", job, claim=claim)

    def draw(self, function: str, job: ClipJob, path: Path | None, listeners: Listeners) -> Future[Any]:
        return self._submit(listeners, job, function, job.request, *([] if path is None else [path]))

    def _submit(self, listeners: Listeners, job: ClipJob, *task: Any, claim: Claim | None = None) -> Future[Any]:
        return self._workers.submit(
            *task,
            begun=listeners.begun,
            progress=listeners.progress,
            told=listeners.told,
            timeout=job.request.settings.timeout,
            claim=claim,
        )


@contextmanager
def drawers_of(workers: Workers, settings: RenderSettings, workspace: Workspace) -> Iterator[Drawers]:
    """``workers``, or those of ``settings.scheduler``. Raises UserError when the scheduler cannot be reached."""
    if settings.scheduler is None:
        yield LocalDrawers(workers, settings.jobs)
        return
    from gradreel.scenes.render.workers.parcels import ClusterDrawers
    from gradreel.scenes.render.workers.scheduler import connected

    with connected(settings.scheduler) as client:
        drawers = ClusterDrawers(client, settings.scheduler, settings.jobs, workspace)
        try:
            yield drawers
        finally:
            drawers.stop()
