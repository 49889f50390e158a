"""Replaces one heading by the next at the same place."""

from __future__ import annotations

from collections.abc import Iterable

from gradreel.scenes import style
from gradreel.scenes.mobjects.text import TextMobject, heading
from manim import UP, Animation, FadeIn, FadeOut, Mobject, smooth, squish_rate_func

NEAR = 1e-3  # scene units between a heading and its place


def next_heading(text: str, old: TextMobject | None = None) -> tuple[TextMobject, list[Animation]]:
    """Return a new heading and the animations that show it; ``old`` fades out before the new one arrives."""
    new = heading(text)
    if old is None:
        return new, [FadeIn(new, shift=0.15 * UP, run_time=0.5)]
    late = squish_rate_func(smooth, 0.4, 1.0)
    return new, [
        FadeOut(old, shift=0.15 * UP, run_time=0.35),
        FadeIn(new, shift=0.15 * UP, run_time=0.9, rate_func=late),
    ]


def headings_among(mobjects: Iterable[Mobject]) -> list[Mobject]:
    """Return the headings among ``mobjects`` and their parts: texts of heading size at the place of headings."""
    return [part for mobject in mobjects for part in mobject.get_family() if _is_heading(part)]


def _is_heading(mobject: Mobject) -> bool:
    if not isinstance(mobject, TextMobject) or not len(mobject) or mobject.font_size != style.HEADING:
        return False
    away = mobject.baseline - style.HEADING_BASELINE, float(mobject.get_left()[0]) - style.LEFT_EDGE
    return max(map(abs, away)) < NEAR
