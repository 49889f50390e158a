"""A term of a sum as a small card: what its function looks like, and under that its number."""

from __future__ import annotations

import numpy as np
from gradreel.core.curves.piecewise import Decomposition
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import polyline
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.style import mix, palette
from manim import DashedVMobject, RoundedRectangle, VGroup, VMobject
from numpy.typing import NDArray

WIDTH, HEIGHT, CORNER = 0.8, 0.94, 0.14
DASHES = 24
NUMBER = 0.13  # from the card's lower edge to the number's baseline
PICTURE = (0.3, -0.04, 0.35)  # half its width, its bottom and its top, seen from the card's middle
MARGIN = 1 / 6  # of the way over all ramps: flat on either side, so that each can be seen to begin and to end flat
LEAST = 0.45  # of the tallest picture's height: a lower one would hardly be told from a constant


def shape_of(parts: Decomposition, piece: int) -> NDArray:
    """The corners of a term's picture, (4, 2), shares of its width and height: 0 the constant, else flat, ramp, flat.

    All terms of a sum have one x axis, and heights to one scale but for the lowest.
    """
    if piece == 0:
        return np.column_stack([np.linspace(0.0, 1.0, 4), np.full(4, 0.5)])
    first, last = float(parts.start[0]), float(parts.end[-1])
    margin = MARGIN * (last - first)
    ramp = np.array([parts.start[piece - 1], parts.end[piece - 1]])
    across = (ramp - first + margin) / (last - first + 2 * margin)
    height = float(parts.height[piece - 1])
    share = float(np.sign(height)) * max(LEAST, abs(height) / max(float(np.abs(parts.height).max()), 1e-300))
    up = 0.5 + share * np.array([-0.5, -0.5, 0.5, 0.5])
    return np.column_stack([[0.0, *across, 1.0], up])


class PieceTile(VGroup):
    """Parts: ``border``, ``label``, and ``picture``, whose ``shape`` `show` sets in place.

    While it is ``missing``, its border is dashed and there is no picture yet.
    """

    def __init__(self, piece: int, shape: NDArray, missing: bool = False) -> None:
        super().__init__()
        color = palette.blue if piece else palette.grey
        border = RoundedRectangle(
            corner_radius=CORNER, width=WIDTH, height=HEIGHT, stroke_color=color, stroke_width=style.BOX
        )
        self.border: VMobject = border
        if missing:
            self.border = DashedVMobject(border, num_dashes=DASHES)
        else:
            border.set_fill(mix(color, 0.13), 1)
        self.label: TextMobject = words(str(piece), style.LABEL, color).place(NUMBER - HEIGHT / 2, center=0.0)
        self.picture = polyline(np.zeros((4, 3)), color, style.SMALL_CURVE - 1)
        self.add(self.border, self.label, *([] if missing else [self.picture]))
        self.show(shape)

    def show(self, shape: NDArray) -> PieceTile:
        """Picture the function of these corners; returns self."""
        self.shape = shape
        half, bottom, top = PICTURE
        x, y = self.border.get_center()[:2]
        across, up = x + half * (2 * shape[:, 0] - 1), y + bottom + (top - bottom) * shape[:, 1]
        self.picture.set_points_as_corners(np.column_stack([across, up, np.zeros(len(shape))]))
        return self
