"""How long what a plan asks for will take, by what earlier trainings and clips took in this media folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from gradreel.core.errors import TraceError
from gradreel.core.experiment import Experiment
from gradreel.core.results import training_seconds
from gradreel.core.trace import read_meta
from gradreel.core.writing import journal_of
from gradreel.scenes.render.clips.plan import Clip, Plan, earlier_clips
from gradreel.scenes.render.clips.workspace import Folders
from gradreel.scenes.render.workers.groups import Group

MOST_LOOKED_AT = 50  # trainings that were timed, the newest: enough for a mean


@dataclass(frozen=True)
class Estimates:
    """Seconds of one worker; None where there is nothing to go by."""

    training: Mapping[str, float | None]  # by digest of the run
    rendering: Mapping[str, float | None]  # by scene
    jobs: int

    @property
    def seconds(self) -> float | None:
        """Of all of it, with ``jobs`` workers: training first, then the clips; None where one of them is not known."""
        known = [with_workers(list(part.values()), self.jobs) for part in (self.training, self.rendering)]
        return sum(part for part in known if part is not None) if None not in known else None


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


def with_workers(seconds: Sequence[float | None], jobs: int) -> float | None:
    """The longest first, each to the worker that is free first."""
    if None in seconds:
        return None
    busy = [0.0] * jobs
    for time in sorted((time for time in seconds if time is not None), reverse=True):
        busy[busy.index(min(busy))] += time
    return max(busy)


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
    speeds = []
    for file in files[:MOST_LOOKED_AT]:
        try:
            _, run = read_meta(traces / file.name.removesuffix(".time.json"))
        except TraceError:
            continue
        seconds = training_seconds(traces, run) if isinstance(run, Experiment) else None
        if isinstance(run, Experiment) and seconds is not None:
            speeds.append(seconds / Group((run,)).cost)
    return fmean(speeds) if speeds else None


def clip_seconds(clip: Clip, earlier: Sequence[Mapping[str, Any]]) -> float | None:
    """Frames times the seconds of one: the scene's own, of the same size and the newest first, or all scenes' mean."""
    settings = clip.request.settings
    pixels = settings.width * settings.height
    timed = [made for made in earlier if made["frames"] > 0 and made.get("wall_seconds", 0) > 0]
    own = [made for made in timed if made["parts"].get("scene") == clip.scene]
    if own:
        best = max(own, key=lambda made: (_pixels(made) == pixels, float(made.get("made", 0))))
        return clip.expected_frames * _per_pixel(best) * pixels
    if not timed or not clip.expected_frames:
        return None
    return clip.expected_frames * fmean([_per_pixel(made) for made in timed]) * pixels


def _per_pixel(made: Mapping[str, Any]) -> float:
    """Seconds for a pixel of a frame."""
    return float(made["wall_seconds"]) / int(made["frames"]) / _pixels(made)


def _pixels(made: Mapping[str, Any]) -> int:
    size: Mapping[str, Any] = made["parts"].get("settings", {})
    return int(size.get("width", 0)) * int(size.get("height", 0)) or 1
