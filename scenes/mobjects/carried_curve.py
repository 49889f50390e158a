"""Moves a curve from one plot into another without bending it: at each moment it shows the same function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from gradreel.core.arrays import FloatArray
from manim import UpdateFromAlphaFunc, VMobject, smooth

SAMPLES = 240


@dataclass(frozen=True)
class Sight:
    """How a plot shows a curve: its range of x, its map from data (x, y) to the scene, and the line's width.

    ``at`` is a `Plot`'s method: an affine map, which keeps straight lines straight.
    """

    x_range: tuple[float, float]
    at: Callable[[FloatArray, FloatArray], FloatArray]
    width: float


def carry(
    curve: VMobject,
    heights: Callable[[FloatArray], FloatArray],
    before: Sight,
    after: Sight,
    corners: tuple[float, ...] = (),
) -> UpdateFromAlphaFunc:
    """Return the animation that moves ``curve``, y = ``heights(x)``, from the plot ``before`` to the plot ``after``.

    Manim's Transform would bend it, because the points of both drawings have different x. ``corners``: x of kinks,
    which stay sharp.
    """

    def update(curve: VMobject, share: float) -> None:
        low, high = ((1 - share) * a + share * b for a, b in zip(before.x_range, after.x_range, strict=True))
        x = np.unique([*np.linspace(low, high, SAMPLES), *(x for x in corners if low < x < high)])
        y = heights(x)
        curve.set_points_as_corners((1 - share) * before.at(x, y) + share * after.at(x, y))
        curve.set_stroke(width=(1 - share) * before.width + share * after.width)

    return UpdateFromAlphaFunc(curve, update, rate_func=smooth)
