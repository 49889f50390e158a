"""The way of a curve from one plot into another: always the same function, seen from between the two."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from gradreel.core.arrays import FloatArray
from manim import UpdateFromAlphaFunc, VMobject, smooth

SAMPLES = 240


@dataclass(frozen=True)
class Sight:
    """How one place shows a curve: over which x, where data (x, y) lie in the scene, and how broad the line is.

    ``at`` is that of a `Plot`: it keeps straight lines straight.
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
    """The animation in which ``curve``, y = ``heights(x)``, goes from ``before`` to ``after``; ``corners`` stay sharp.

    To morph the points of one drawing into those of the other would bend it: they are not at the same x.
    """

    def update(curve: VMobject, share: float) -> None:
        low, high = ((1 - share) * a + share * b for a, b in zip(before.x_range, after.x_range, strict=True))
        x = np.unique([*np.linspace(low, high, SAMPLES), *(x for x in corners if low < x < high)])
        y = heights(x)
        curve.set_points_as_corners((1 - share) * before.at(x, y) + share * after.at(x, y))
        curve.set_stroke(width=(1 - share) * before.width + share * after.width)

    return UpdateFromAlphaFunc(curve, update, rate_func=smooth)
