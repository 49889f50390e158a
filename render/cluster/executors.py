"""Chooses where to draw clips and to train: in worker processes of this machine, or on a scheduler's workers.

Only the latter imports `client`, and with it dask.
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
    """Yield the function that draws a clip into ``workspace``: with ``workers``, or on ``settings.scheduler``.

    Raises UserError if the scheduler cannot be reached.
    """
    if settings.scheduler is None:

        def draw(clip: Clip, claim: Claim, listeners: Listeners) -> Future[ClipFile]:
            silent = replace(clip, speech={})  # drawing needs only the times, which are in the request
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
    """Yield the trainers, and how many groups they train at the same time.

    They use ``jobs`` of ``workers``, or the workers of a ``scheduler``. Raises UserError if the scheduler cannot be
    reached.
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
