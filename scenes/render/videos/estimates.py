"""How long what a plan asks for will take, by what earlier trainings and clips took in this media folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log, sqrt
from pathlib import Path
from typing import Any

from gradreel.core.errors import TraceError
from gradreel.core.experiment import Experiment
from gradreel.core.trace.trace import read_meta
from gradreel.core.trace.training_times import training_seconds
from gradreel.core.trace.writing import journal_of
from gradreel.scenes.render.clips.plan import earlier_clips
from gradreel.scenes.render.clips.workspace import Folders
from gradreel.scenes.render.stages import Clip, Plan
from gradreel.scenes.render.workers.groups import Group, makespan

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


def with_workers(seconds: Sequence[float | None], jobs: int) -> float | None:
    """When the last of ``jobs`` workers is done; None if it is not known of each how long it takes."""
    known = [time for time in seconds if time is not None]
    return makespan(known, jobs) if len(known) == len(seconds) else None


def clip_seconds(clip: Clip, earlier: Sequence[Mapping[str, Any]]) -> float | None:
    """Frames times the seconds of one: the scene's own, of the nearest size and the newest first, or all clips' mean.

    In that a clip of a single frame, which takes as long to begin as any, counts for one frame.
    The time of a frame grows as the square root of its pixels, nearly: 6 ms at 854 x 480 and 14 ms at 1920 x 1080 in
    README's tables. Scene code and paths take as long at any size; filling, converting and encoding do not.
    """
    pixels = clip.request.settings.width * clip.request.settings.height
    timed = [made for made in earlier if made["frames"] > 0 and made["wall_seconds"] > 0]
    own = [made for made in timed if made["parts"]["scene"] == clip.scene]
    if own:
        nearest = max(own, key=lambda made: (-abs(log(_pixels(made) / pixels)), float(made["made"])))
        return clip.expected_frames * _frame_seconds([nearest], pixels)
    if not timed or not clip.expected_frames:
        return None
    return clip.expected_frames * _frame_seconds(timed, pixels)


def _frame_seconds(made: Sequence[Mapping[str, Any]], pixels: int) -> float:
    seconds = sum(float(clip["wall_seconds"]) * sqrt(pixels / _pixels(clip)) for clip in made)
    return seconds / sum(int(clip["frames"]) for clip in made)


def _pixels(made: Mapping[str, Any]) -> int:
    size: Mapping[str, Any] = made["parts"]["settings"]
    return int(size["width"]) * int(size["height"])
