"""Who draws the clips: worker processes here, or those of a cluster."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

from gradreel.scenes.render.lessons.requests import ClipJob, ClipResult
from gradreel.scenes.render.workers.pool import Claim, Workers
from gradreel.scenes.render.workers.worker_process import Progress

MOST_AT_ONCE = 256  # clips, or trainings, that are handed to a cluster's scheduler


@dataclass(frozen=True)
class Listeners:
    """Who hears of a task, in another thread than the one that gave it."""

    begun: Callable[[], None]  # its turn has come
    progress: Progress
    told: Callable[[str], None]  # what the user should know


class Drawers(Protocol):
    """Whoever draws. What a job may take, its settings say (``timeout``)."""

    def render(self, job: ClipJob, claim: Claim, listeners: Listeners) -> Future[ClipResult]:
        """Have the clip of ``job`` in its folder, described beside it: see `worker.render_clip`."""


class LocalDrawers:
    """Worker processes of this machine."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers

    def render(self, job: ClipJob, claim: Claim, listeners: Listeners) -> Future[ClipResult]:
        return self._workers.submit(
            "render_clip",
            job,
            begun=listeners.begun,
            progress=listeners.progress,
            told=listeners.told,
            timeout=job.request.settings.timeout,
            claim=claim,
        )
