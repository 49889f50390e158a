"""How long clips take, by what earlier ones took, and how long a number of workers takes over several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log, sqrt
from typing import Any

from gradreel.scenes.render.clips.plan import Clip
from gradreel.scenes.render.workers.groups import makespan


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
