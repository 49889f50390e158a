"""How long what a plan asks for will take, by what earlier trainings and clips took in this media folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gradreel.core.analysis.results import training_seconds
from gradreel.core.errors import TraceError
from gradreel.core.experiment import Experiment
from gradreel.core.trace.trace import read_meta
from gradreel.core.trace.writing import journal_of
from gradreel.scenes.render.clips.plan import Plan, earlier_clips
from gradreel.scenes.render.clips.workspace import Folders
from gradreel.scenes.render.videos.times import clip_seconds, with_workers
from gradreel.scenes.render.workers.groups import Group

MOST_LOOKED_AT = 50  # trainings that were timed, the newest: enough to go by


@dataclass(frozen=True)
class Estimates:
    """Seconds of one worker; None where there is nothing to go by."""

    training: Mapping[str, float | None]  # by digest of the run
    rendering: Mapping[str, float | None]  # by scene
    jobs: int

    @property
    def seconds(self) -> float | None:
        """Of all of it, with ``jobs`` workers: training first, then the clips; None where one of them is not known."""
        training = with_workers(list(self.training.values()), self.jobs)
        rendering = with_workers(list(self.rendering.values()), self.jobs)
        return None if training is None or rendering is None else training + rendering


def estimates(plan: Plan, folders: Folders, jobs: int) -> Estimates:
    """By the time that each run or scene took itself, at this size if there is one, or else by what others took."""
    runs = [run.experiment for run in plan.runs]
    speed = _training_speed(folders.traces) if runs else None
    clips = earlier_clips(folders.clips) if plan.out_of_date else []
    return Estimates(
        {run.digest: _training_time(run, folders.traces, speed) for run in runs},
        {clip.scene: clip_seconds(clip, clips) for clip in plan.out_of_date},
        jobs,
    )


def _training_time(run: Experiment, traces: Path, speed: float | None) -> float | None:
    """What is left of it: an interrupted training is gone on with."""
    whole = training_seconds(traces, run)
    if whole is None and speed is not None:
        whole = speed * Group((run,)).cost
    journal = journal_of(traces, run.digest)
    return None if whole is None else whole * (1 - (journal.updates if journal else 0) / run.n_updates)


def _training_speed(traces: Path) -> float | None:
    """Seconds for what training costs one unit, by the trainings that were timed here."""
    files = sorted(traces.glob("*.time.json"), key=lambda file: file.stat().st_mtime, reverse=True)
    took = cost = 0.0
    for file in files[:MOST_LOOKED_AT]:
        try:
            _, run = read_meta(traces / file.name.removesuffix(".time.json"))
        except TraceError:
            continue
        seconds = training_seconds(traces, run) if isinstance(run, Experiment) else None
        if isinstance(run, Experiment) and seconds is not None:
            took, cost = took + seconds, cost + Group((run,)).cost
    return took / cost if cost else None
