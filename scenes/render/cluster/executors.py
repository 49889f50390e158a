"""Who draws clips, and who trains: worker processes of this machine, or the workers of a scheduler.

`client`, and with it dask, is imported only for the latter.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gradreel.scenes.render.clips.workspace import Workspace
from gradreel.scenes.render.lessons.arguments import cores
from gradreel.scenes.render.lessons.settings import RenderSettings
from gradreel.scenes.render.workers.executors import MOST_AT_ONCE, Drawers, LocalDrawers
from gradreel.scenes.render.workers.pool import Workers
from gradreel.scenes.render.workers.training import LocalTrainers, Trainers


@contextmanager
def drawers_of(workers: Workers, settings: RenderSettings, workspace: Workspace) -> Iterator[Drawers]:
    """``workers``, or those of ``settings.scheduler``. Raises UserError when the scheduler cannot be reached."""
    if settings.scheduler is None:
        yield LocalDrawers(workers)
        return
    from gradreel.scenes.render.cluster import client, connection

    with connection.connected(settings.scheduler) as connected:
        drawers = client.ClusterDrawers(connected, settings.scheduler, settings.jobs, workspace)
        try:
            yield drawers
        finally:
            drawers.stop()


@contextmanager
def trainers_of(
    workers: Workers, jobs: int | None, scheduler: str | None, workspace: Workspace
) -> Iterator[tuple[Trainers, int]]:
    """Who trains, and how many groups at once: ``jobs`` of ``workers``, or the workers of a ``scheduler``.

    Raises UserError when the scheduler cannot be reached.
    """
    if scheduler is None:
        yield LocalTrainers(workers), jobs or cores()
        return
    from gradreel.scenes.render.cluster import client, connection

    with connection.connected(scheduler) as connected:
        trainers = client.ClusterTrainers(connected, scheduler, jobs or MOST_AT_ONCE, workspace)
        try:
            yield trainers, min(jobs or MOST_AT_ONCE, sum(connected.nthreads().values()))
        finally:
            trainers.stop()
