"""Which clips are rendered in parts, cut between beats, so that no worker is idle while another has a long one.

A part costs a start, and what lies before it is played without frames: a clip is divided only where all of them
together are done earlier by that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from statistics import fmean
from typing import Any

from gradreel.scenes.catalog import beat_names, sure_beats
from gradreel.scenes.render.clips.plan import Clip
from gradreel.scenes.render.videos.times import clip_seconds, with_workers

START_SECONDS = 1.5  # of a worker, and of what a scene makes before its first frame
SKIPPED = 0.03  # seconds that it takes to play one second of a clip without frames
LEAST_GAIN = 2.0  # seconds: less is within what an estimate is worth
FRAME_SECONDS = 0.01  # of a clip when none has been timed yet
DIVIDED_FORMATS = ("mp4", "mov")  # H.264, where each beat is encoded by itself


@dataclass(frozen=True)
class Beats:
    """Neighbouring beats that are not parted, and how many frames or seconds of reading they have."""

    first: str
    last: str
    length: float


@dataclass(frozen=True)
class Stretch:
    """A part of a clip, from beat ``first`` to beat ``last``; None: from its start, to its end."""

    first: str | None
    last: str | None
    seconds: float  # that a worker is expected to take over it


def divide(clips: Sequence[Clip], earlier: Sequence[Mapping[str, Any]], at_once: int) -> dict[str, tuple[Stretch, ...]]:
    """The parts of each clip, by scene: one, or several where that pays with ``at_once`` workers.

    ``earlier``: descriptions of the clips there are. They say what scenes take and how long their beats are.
    """
    seconds = _seconds(clips, earlier)
    played = {clip.scene: clip.expected_frames / clip.request.settings.fps for clip in clips}
    beats = {clip.scene: _beats(clip, earlier) for clip in clips}

    @cache
    def stretches(scene: str, n: int) -> tuple[Stretch, ...]:
        if n == 1:
            return (Stretch(None, None, seconds[scene]),)
        return _even(beats[scene], seconds[scene], SKIPPED * played[scene], n)

    tried = {clip.scene: 1 for clip in clips}
    best, best_time = dict(tried), _time(tried, stretches, at_once)
    while (scene := _longest(tried, beats, stretches, at_once)) is not None:
        tried[scene] += 1
        time = _time(tried, stretches, at_once)
        if time < best_time - LEAST_GAIN:
            best, best_time = dict(tried), time
    return {scene: stretches(scene, n) for scene, n in best.items()}


def _longest(
    tried: Mapping[str, int], beats: Mapping[str, Sequence[Beats]], stretches: Any, at_once: int
) -> str | None:
    """The scene with the longest part, if it can be divided once more."""
    scene = max(tried, key=lambda scene: max(part.seconds for part in stretches(scene, tried[scene])), default=None)
    return scene if scene is not None and tried[scene] < min(at_once, len(beats[scene])) else None


def _time(numbers: Mapping[str, int], stretches: Any, at_once: int) -> float:
    """Seconds until all is done."""
    times = [part.seconds + START_SECONDS for scene, n in numbers.items() for part in stretches(scene, n)]
    return with_workers(times, at_once) or 0.0


def _seconds(clips: Sequence[Clip], earlier: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """What each clip takes to be rendered in one piece; one of which nothing is known, as long as the others."""
    found = {clip.scene: clip_seconds(clip, earlier) or clip.expected_frames * FRAME_SECONDS for clip in clips}
    mean = fmean([time for time in found.values() if time] or [0.0])
    return {scene: time or mean for scene, time in found.items()}


def _beats(clip: Clip, earlier: Sequence[Mapping[str, Any]]) -> list[Beats]:
    """Where the clip can be cut; nothing for one that cannot, or of which not enough is known."""
    settings = clip.request.settings
    stretch = settings.first_beat or settings.last_beat
    if settings.format not in DIVIDED_FORMATS or settings.transparent or stretch or not clip.expected_frames:
        return []
    same = [made for made in earlier if made["parts"]["scene"] == clip.scene]
    if why_whole(clip, earlier):
        return []
    whole = [made for made in same if not _is_stretch(made) and made.get("beats")]
    if not whole:
        return _read_beats(clip)
    parameters = clip.parts.get("parameters")
    return _timed_beats(
        max(whole, key=lambda made: (made["parts"].get("parameters") == parameters, float(made["made"])))
    )


def why_whole(clip: Clip, earlier: Sequence[Mapping[str, Any]]) -> str:
    """Why an earlier clip of the same code could not be rendered in parts; "" when that is not known."""
    code = clip.parts.get("code")
    same = [made for made in earlier if made["parts"]["scene"] == clip.scene and made["parts"].get("code") == code]
    return next((str(made["why_whole"]) for made in same if made.get("why_whole")), "")


def _is_stretch(made: Mapping[str, Any]) -> bool:
    settings = made["parts"]["settings"]
    return bool(settings["first_beat"] or settings["last_beat"])


def _timed_beats(made: Mapping[str, Any]) -> list[Beats]:
    """The beats of an earlier clip; with the first is what comes before it, with the last what comes after."""
    names = [str(beat["name"]) for beat in made["beats"]]
    if len(set(names)) < len(names):
        return []
    ends = [*(int(beat["end"]) for beat in made["beats"][:-1]), int(made["frames"])]
    return [Beats(name, name, end - start) for name, start, end in zip(names, [0, *ends], ends, strict=False)]


def _read_beats(clip: Clip) -> list[Beats]:
    """The beats as they are written in the code and narrated; no cut is beside one that may come or not."""
    sure = sure_beats(clip.request.source)
    by_language = clip.parts.get("narration", {}).get("seconds", {}).values()
    found: list[Beats] = []
    for name in beat_names(clip.request.source):
        plain = name.partition("-{")[0]
        length = max((seconds.get(name, seconds.get(plain, 0.0)) for seconds in by_language), default=0.0)
        if found and not {found[-1].last, name} <= sure:
            found[-1] = Beats(found[-1].first, name, found[-1].length + length)
        else:
            found.append(Beats(name, name, length))
    names = [name for beats in found for name in {beats.first, beats.last}]
    return found if len(set(names)) == len(names) and sum(beats.length for beats in found) > 0 else []


def _even(beats: Sequence[Beats], drawing: float, skipping: float, n: int) -> tuple[Stretch, ...]:
    """The clip in ``n`` parts of which the longest is as short as can be.

    ``drawing``, ``skipping``: seconds that it takes to play all of it with and without frames.
    """
    whole = sum(part.length for part in beats)
    shares = [0.0, *accumulate(part.length / whole for part in beats)]

    def cost(start: int, end: int) -> float:
        return drawing * (shares[end] - shares[start]) + skipping * shares[start]

    @cache
    def cuts(end: int, parts: int) -> tuple[float, tuple[int, ...]]:
        """Of the first ``end`` beats in ``parts`` parts: what the longest takes, and where each begins."""
        if parts == 1:
            return cost(0, end), (0,)
        tried = [(cuts(start, parts - 1), start) for start in range(parts - 1, end)]
        return min((max(before[0], cost(start, end)), (*before[1], start)) for before, start in tried)

    starts = cuts(len(beats), n)[1]
    ends = [*starts[1:], len(beats)]
    return tuple(
        Stretch(
            beats[start].first if start else None, beats[end - 1].last if end < len(beats) else None, cost(start, end)
        )
        for start, end in zip(starts, ends, strict=True)
    )
