"""What a mirrored sigmoid's c and the constant make up for: arrows as long as c."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import polyline
from gradreel.scenes.mobjects.printed import equal_sign, in_formula
from gradreel.scenes.mobjects.sigmoid_rows import SigmoidRow
from gradreel.scenes.mobjects.text import formula
from gradreel.scenes.style import palette
from manim import VGroup, VMobject

HEAD, BESIDE = 0.17, 0.13  # an arrow's head; between it and the curve that it moves
SUM_BASELINE = 1.5  # over the rows
PLACES = (2, 3, 4)  # decimals of a sum


class ConstantSum:
    """``b + c_2 + c_3 = …`` with its numbers, of which each c is mirrored: what the constant comes to with them.

    Two decimals where the printed numbers add up so, else a few more; "approx" where they do not even then.
    Parts of its ``text``: ``start`` (the letter b and its number), ``terms`` (one for each c), ``end``. It ``fits``
    between ``left`` and ``right`` at a size that can be read, or else is not to be shown.
    """

    def __init__(self, b: float, added: Sequence[float], left: float, right: float) -> None:
        total = b + sum(added)
        signs = {places: equal_sign(_made([b, *added], places), total, places) for places in PLACES}
        places = next((each for each, sign in signs.items() if sign == "="), PLACES[0])
        terms = " ".join(f'part("c-{k}", magenta({in_formula(c, places, signed=True)}))' for k, c in enumerate(added))
        end = f'part("end", {signs[places]} grey({in_formula(total, places)}))'
        source = f'part("start", grey(b): thick grey({in_formula(b, places)})) {terms} {end}'
        self.text = text = formula(source, style.LETTER)
        self.fits = text.width <= right - left
        text.place(SUM_BASELINE, right=right)
        self.start, self.end = text.part("start"), text.part("end")
        self.terms = [text.part(f"c-{k}") for k in range(len(added))]


def _made(values: Sequence[float], places: int) -> float:
    """What ``values`` add up to as they are printed."""
    return sum(round(value, places) for value in values)


def upright_arrow(row: SigmoidRow, way: float) -> VGroup:
    """Left of a row's curve, from where that starts: ``way`` scene units up or down. Parts: its shaft, its head.

    A short one has a head for which it still has room.
    """
    x, start = float(row.line[0]) - BESIDE, float(row.curve.get_start()[1])
    end = start + way
    head = np.sign(way) * min(HEAD, 0.6 * abs(way))
    neck = end - head
    shaft = polyline(np.array([[x, start, 0.0], [x, neck, 0.0]]), palette.magenta, style.GHOST_CURVE)
    tip = VMobject(stroke_width=0).set_fill(palette.magenta, 1)
    half = 0.45 * abs(head)
    corners = [[x - half, neck, 0.0], [x, end, 0.0], [x + half, neck, 0.0], [x - half, neck, 0.0]]
    tip.set_points_as_corners(np.array(corners))
    return VGroup(shaft, tip)
