"""Networks as towers, a floor a layer, and Taipei 101 beside them, to one scale. Pure functions of numbers."""

from __future__ import annotations

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.style import palette
from manim import ManimColor, VMobject
from numpy.typing import NDArray

SLAB = 0.68  # share of a floor that is slab; the rest is the gap to the next
TAIPEI_FLOORS = 101
"""Storeys above the ground, as the lecture counts them."""
WAIST, SEGMENT = 26, 8  # the tapering foot's storeys; then eight segments of eight storeys, each wider at its top
CROWN = ((90, 0.26), (95, 0.26), (95, 0.17), (TAIPEI_FLOORS, 0.17))  # (storey, half of the width in widths)
"""The outline in storeys. Source: the building's description at https://en.wikipedia.org/wiki/Taipei_101 (the foot, the
eight segments of eight storeys); the widths are drawn by eye and stand for nothing."""


class Tower(VMobject):
    """``floors`` slabs on the ground, one a layer, as one mobject; ``stand`` sets it in place.

    ``top``: where it ends now, in scene units.
    """

    def __init__(self, floors: int, color: ManimColor) -> None:
        super().__init__(stroke_width=0)
        self.set_fill(color, 1)
        self.floors = floors
        self.stand(0.0, 0.0, 1.0, 0.1)

    def stand(self, x: float, ground: float, width: float, floor: float, built: float | None = None) -> Tower:
        """On ``ground`` around ``x``, each floor ``floor`` high; ``built`` floors of it (default: all)."""
        built = float(self.floors) if built is None else min(max(built, 0.0), self.floors)
        low = np.arange(int(np.ceil(built - 1e-9)), dtype=float)
        heights = np.minimum(SLAB, built - low)
        boxes = np.stack([np.full_like(low, x - width / 2), ground + low * floor,
                          np.full_like(low, x + width / 2), ground + (low + heights) * floor], axis=1)  # fmt: skip
        self.points = _rectangles(boxes)
        self.top = ground + built * floor
        return self


class Taipei101(VMobject):
    """The building's outline, up to its 101st storey; ``stand`` as a tower's."""

    def __init__(self) -> None:
        super().__init__(stroke_color=palette.dim, stroke_width=style.BOX)
        self.set_fill(style.mix(palette.dim, 0.13), 1)
        self.floors = TAIPEI_FLOORS
        side = [(0, 0.5), (WAIST, 0.34)]
        for start in range(WAIST, CROWN[0][0], SEGMENT):
            side += [(start, 0.3), (start + SEGMENT, 0.4)]
        self._side = np.array([*side, *CROWN], dtype=float)  # (n, 2): storey, half width
        self.stand(0.0, 0.0, 1.0, 0.1)

    def stand(self, x: float, ground: float, width: float, floor: float, built: float | None = None) -> Taipei101:
        built = float(self.floors) if built is None else min(max(built, 0.0), self.floors)
        storey = np.minimum(self._side[:, 0], built)
        right = np.column_stack([x + self._side[:, 1] * width, ground + storey * floor, np.zeros(len(storey))])
        left = right[::-1] * [-1.0, 1.0, 1.0] + [2 * x, 0.0, 0.0]
        self.set_points_as_corners(np.vstack([right, left, right[:1]]))
        self.top = ground + built * floor
        return self


def _rectangles(boxes: NDArray) -> NDArray:
    """A VMobject's points of rectangles (n, 4), left, bottom, right, top: four straight Bezier pieces each."""
    corners = boxes[:, [[0, 1], [2, 1], [2, 3], [0, 3]]]  # (n, 4, 2)
    ends = np.roll(corners, -1, axis=1)
    shares = np.array([0.0, 1 / 3, 2 / 3, 1.0])[:, None]
    flat = corners[:, :, None] + shares * (ends - corners)[:, :, None]  # (n, 4, 4, 2)
    points = np.zeros((flat.shape[0] * 16, 3))
    points[:, :2] = flat.reshape(-1, 2)
    return points
