"""Draws small pictures made of squares: digits in shades of ink, and weights in two colours with one scale."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.style import contrast, mix, palette
from gradreel.scenes.words.numbers import signed_text
from manim import BLACK, WHITE, ManimColor, Rectangle, VGroup, VMobject

INK_SHADES = 17  # of a digit: its pixels have 17 values
WEIGHT_SHADES = 12  # of each of the two colours of weights
PAPER = 0.07  # share of the text's colour in a pixel without ink
TILE = 0.94  # of a pixel's width: what its square covers


def ink_colors() -> list[ManimColor]:
    """Return the shades from paper to ink in the current theme, `INK_SHADES` of them."""
    return [mix(palette.text, float(share)) for share in np.linspace(PAPER, 1.0, INK_SHADES)]


def weight_colors() -> list[ManimColor]:
    """Return the shades from the most negative weight (orange) over zero (paper) to the most positive one (blue)."""
    paper = mix(palette.text, PAPER)
    shares = np.linspace(1, 0, WEIGHT_SHADES, endpoint=False)
    below = [ManimColor(paper).interpolate(palette.orange, float(share)) for share in shares]
    above = [ManimColor(paper).interpolate(palette.blue, float(share)) for share in shares[::-1]]
    return [*below, paper, *above]


def readable_ink(ground: ManimColor) -> ManimColor:
    """Return black or white, whichever has the greater contrast on ``ground``: at least 4.5:1 on any colour."""
    return max((BLACK, WHITE), key=lambda ink: contrast(ink.to_rgb(), ManimColor(ground).to_rgb()))


class PixelPictures(VGroup):
    """Draws N pictures of h x w squares, ``side`` wide, with their upper left corners at ``corners`` (N, 2).

    All squares of one shade are one shape, so hundreds of pictures move fast. Parts: a shape for each of ``colors``.
    """

    def __init__(
        self,
        values: FloatArray,
        corners: FloatArray,
        side: float,
        colors: Sequence[ManimColor],
        low: float,
        high: float,
    ) -> None:
        """Draw ``values`` (N, h, w); ``low`` has the first of the colors, ``high`` the last."""
        super().__init__(*(VMobject(stroke_width=0).set_fill(color, 1) for color in colors))
        self.range = (low, high)
        height, width = values.shape[1:]
        self.pixel = side / width
        down, right = np.mgrid[:height, :width]
        middles = np.stack([right + 0.5, -(down + 0.5)], axis=-1).reshape(-1, 2) * self.pixel
        self.middles = (corners[:, None] + middles).reshape(-1, 2)  # (N h w, 2)
        self.show(values)

    def show(self, values: FloatArray) -> PixelPictures:
        """Give each square the shade of its value, for values (N, h, w); return self."""
        low, high = self.range
        last = len(self.submobjects) - 1
        self.shades = np.clip(np.rint((values.ravel() - low) / (high - low) * last), 0, last).astype(int)
        for shade, shape in enumerate(self.submobjects):
            shape.points = _squares(self.middles[self.shades == shade], TILE * self.pixel)
        return self


def _squares(middles: FloatArray, side: float) -> FloatArray:
    """Return the points, (16 n, 3), of squares around middles (n, 2)."""
    turns = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * side / 2
    starts = middles[:, None] + turns
    ends = np.roll(starts, -1, axis=1)
    flat = np.stack([starts, (2 * starts + ends) / 3, (starts + 2 * ends) / 3, ends], axis=2).reshape(-1, 2)
    return np.column_stack([flat, np.zeros(len(flat))])


def grid_corners(count: int, columns: int, left: float, top: float, step: float) -> FloatArray:
    """Return the upper left corners of ``count`` pictures, (count, 2), row by row, ``step`` apart."""
    rows, places = np.divmod(np.arange(count), columns)
    return np.column_stack([left + step * places, top - step * rows])


class Filters(PixelPictures):
    """Draws the weights of H units on h x w inputs, a picture each, with one scale from -``largest`` to ``largest``.

    `color_scale` returns the shades with their numbers, to stand beside the pictures.
    """

    def __init__(self, weights: FloatArray, largest: float, corners: FloatArray, side: float) -> None:
        super().__init__(weights, corners, side, weight_colors(), -largest, largest)
        self.largest = largest

    def color_scale(self, left: float, right: float, baseline: float, size: float = 28) -> VGroup:
        """Return the shades from left to right, with -largest, 0 and largest below them."""
        colors = weight_colors()
        step = (right - left) / len(colors)
        boxes = VGroup()
        for k, color in enumerate(colors):
            box = Rectangle(width=1.02 * step, height=0.22, stroke_width=0).set_fill(color, 1)
            boxes.add(box.move_to([left + (k + 0.5) * step, baseline + 0.5, 0]))
        numbers = VGroup(
            *(
                words(signed_text(value, 1) if value else "0", size, palette.dim).place(baseline, center=x)
                for value, x in ((-self.largest, left), (0.0, (left + right) / 2), (self.largest, right))
            )
        )
        return VGroup(boxes, numbers)


def digit_pictures(pixels: FloatArray, corners: FloatArray, side: float) -> PixelPictures:
    """Return pictures of digits: pixels (N, 64) or (N, h, w) from 0, paper, to 1, ink."""
    values = pixels.reshape(len(pixels), 8, 8) if pixels.ndim == 2 else pixels
    return PixelPictures(values, corners, side, ink_colors(), 0.0, 1.0)
