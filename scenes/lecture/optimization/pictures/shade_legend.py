"""Which shade is a low loss, and which a high one."""

from __future__ import annotations

from collections.abc import Sequence

from gradreel.scenes import style
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.style import palette
from manim import ManimColor, Rectangle, VGroup

WIDTH, HEIGHT, GAP = 1.7, 0.2, 0.15  # of all shades; between them and the words


def shade_legend(shades: Sequence[ManimColor], low: str, high: str, right: float, baseline: float) -> VGroup:
    """The shades side by side from the lowest loss to the highest, between the words for these; ends at ``right``."""
    last = words(high, style.TICK, palette.dim).place(baseline, right=right)
    width = WIDTH / len(shades)
    left = last.get_left()[0] - GAP - WIDTH
    cells = VGroup(
        *(
            Rectangle(width=width, height=HEIGHT, stroke_width=0, fill_color=shade, fill_opacity=1).move_to(
                (left + (k + 0.5) * width, baseline + 0.09, 0)
            )
            for k, shade in enumerate(shades)
        )
    )
    first = words(low, style.TICK, palette.dim).place(baseline, right=left - GAP)
    return VGroup(first, cells, last)
