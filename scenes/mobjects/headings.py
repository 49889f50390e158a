"""One heading after another at the same place."""

from __future__ import annotations

from gradreel.scenes.mobjects.text import TextMobject, heading
from manim import UP, Animation, FadeIn, FadeOut, smooth, squish_rate_func


def next_heading(text: str, old: TextMobject | None = None) -> tuple[TextMobject, list[Animation]]:
    """A new heading, and the animations that bring it: the old one is gone before the new one comes to its place."""
    new = heading(text)
    if old is None:
        return new, [FadeIn(new, shift=0.15 * UP, run_time=0.6)]
    late = squish_rate_func(smooth, 0.4, 1.0)
    return new, [
        FadeOut(old, shift=0.15 * UP, run_time=0.35),
        FadeIn(new, shift=0.15 * UP, run_time=0.9, rate_func=late),
    ]
