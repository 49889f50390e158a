"""Who draws clips, and who trains: worker processes of this machine, or the workers of a scheduler.

`client`, and with it dask, is imported only for the latter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeAlias

from gradreel.render.clips.claim import Claim
from gradreel.render.clips.workspace import Workspace
from gradreel.render.settings import RenderSettings
from gradreel.render.stages import Clip, ClipFile
from gradreel.render.workers.pool import Listeners, Workers
from gradreel.render.workers.training import LocalTrainers, Trainers

Draw: TypeAlias = Callable[[Clip, Claim, Listeners], Future[ClipFile]]


@contextmanager
def drawers_of(workers: Workers, settings: RenderSettings, workspace: Workspace) -> Iterator[Draw]:
    """What has a clip drawn into ``workspace``: by ``workers``, or by those of ``settings.scheduler``.

    Raises UserError when the scheduler cannot be reached.
    """
    if settings.scheduler is None:

        def draw(clip: Clip, claim: Claim, listeners: Listeners) -> Future[ClipFile]:
            silent = replace(clip, speech={})  # who draws needs the times alone
            return workers.submit(
                "render_clip", silent, workspace.run, listeners=listeners, timeout=settings.timeout, claim=claim
            )

        yield draw
        return
    from gradreel.render.cluster import client, connection

    with connection.connected(settings.scheduler) as connected:
        drawers = client.ClusterDrawers(connected, settings.scheduler, settings.jobs, workspace)
        try:
            yield drawers.render
        finally:
            drawers.stop()


@contextmanager
def trainers_of(
    workers: Workers, jobs: int, scheduler: str | None, workspace: Workspace
) -> Iterator[tuple[Trainers, int]]:
    """Who trains, and how many groups at once: ``jobs`` of ``workers``, or the workers of a ``scheduler``.

    Raises UserError when the scheduler cannot be reached.
    """
    if scheduler is None:
        yield LocalTrainers(workers), jobs
        return
    from gradreel.render.cluster import client, connection

    with connection.connected(scheduler) as connected:
        trainers = client.ClusterTrainers(connected, scheduler, jobs, workspace)
        try:
            yield trainers, min(jobs, sum(connected.nthreads().values()))
        finally:
            trainers.stop()
