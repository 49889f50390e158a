"""What a mirrored sigmoid's c and the constant make up for: arrows as long as c, and the sum in printed numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import polyline
from gradreel.scenes.mobjects.sigmoid_rows import SigmoidRow
from gradreel.scenes.mobjects.text import TextMobject, formula, words
from gradreel.scenes.mobjects.ticks import number_text
from gradreel.scenes.style import palette
from manim import VGroup, VMobject

SIZE = 30  # of the sum
HEAD, BESIDE = 0.17, 0.13  # an arrow's head; between it and the curve that it moves
DECIMALS = 2  # as the rows have them


class Moved(VGroup):
    """A copy of a row's curve and, left of it, the arrow of ``way`` scene units that it will go; parts: both."""

    def __init__(self, row: SigmoidRow, way: float) -> None:
        super().__init__()
        self.way = way
        self.copy_of_curve = row.curve.copy().set_stroke(width=style.GHOST_CURVE)
        x, start = float(row.line[0]) - BESIDE, float(row.curve.get_start()[1])
        self.arrow = _upright_arrow(x, start, start + way)
        self.add(self.copy_of_curve, self.arrow)


def tally(b: float, added: Sequence[float], baseline: float) -> TextMobject:
    """``-0.08 + 2.71 - 1.72 = 0.91`` at the right edge: the constant and the c's that are added to it, as printed.

    Where so many have no room, their sum is added. An equals sign stands only where the printed numbers add up.
    """
    parts = [round(value, DECIMALS) for value in added]
    text = formula(_sum_source(b, parts, b + sum(added)), SIZE)
    if text.width > style.RIGHT_EDGE - 1.0:
        text = formula(_sum_source(b, [sum(added)], b + sum(added)), SIZE)
    return text.place(baseline, right=style.RIGHT_EDGE)


def beneath_tally(name: str, b: float, baseline: float) -> VGroup:
    """The constant that was set by hand, in the line under the sum."""
    number = formula(number_text(b, DECIMALS), SIZE, palette.dim).place(baseline, right=style.RIGHT_EDGE)
    return VGroup(words(name, style.LABEL, palette.dim).place(baseline, right=number.get_left()[0] - 0.2), number)


def _sum_source(b: float, added: Sequence[float], total: float) -> str:
    signs = "".join(f' {"+" if value >= 0 else "-"} magenta("{number_text(abs(value), DECIMALS)}")' for value in added)
    printed = round(b, DECIMALS) + sum(round(value, DECIMALS) for value in added)
    equals = "=" if abs(printed - round(total, DECIMALS)) < 0.1 * 10**-DECIMALS else "approx"
    return f"grey({_plain(b)}){signs} {equals} {_plain(total)}"


def _plain(value: float) -> str:
    """A number of a formula, its minus sign included."""
    sign = "-" if round(value, DECIMALS) < 0 else ""
    return f'{sign}"{number_text(abs(value), DECIMALS)}"'


def _upright_arrow(x: float, start: float, end: float) -> VMobject:
    """From (x, start) up or down to (x, end); a head that a short arrow still has room for."""
    head = np.sign(end - start) * min(HEAD, 0.6 * abs(end - start))
    neck = end - head
    shaft = polyline(np.array([[x, start, 0.0], [x, neck, 0.0]]), palette.magenta, style.GHOST_CURVE)
    tip = VMobject(stroke_width=0).set_fill(palette.magenta, 1)
    half = 0.45 * abs(head)
    corners = [[x - half, neck, 0.0], [x, end, 0.0], [x + half, neck, 0.0], [x - half, neck, 0.0]]
    tip.set_points_as_corners(np.array(corners))
    return VGroup(shaft, tip)
