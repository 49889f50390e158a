"""How long clips take, by what earlier ones took, and how long a number of workers takes over several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from gradreel.scenes.render.clips.plan import Clip
from gradreel.scenes.render.workers.groups import makespan


def with_workers(seconds: Sequence[float | None], jobs: int) -> float | None:
    """When the last of ``jobs`` workers is done; None if it is not known of each how long it takes."""
    known = [time for time in seconds if time is not None]
    return makespan(known, jobs) if len(known) == len(seconds) else None


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
