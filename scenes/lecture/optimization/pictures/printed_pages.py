"""A number that is printed digit by digit, on as many pages as its digits fill."""

from __future__ import annotations

import math

import numpy as np
from gradreel.scenes.style import mix, palette
from manim import Rectangle, VGroup, VMobject
from numpy.typing import NDArray

LINES = 50  # on a page
WIDEST, GAP, SHAPE, MARGIN = 1.0, 0.14, 1.414, 0.1  # a page; between two; height to width; of its width
INK = 0.5  # of a line's pitch that its digits fill


class PrintedPages(VGroup):
    """Pages side by side from ``left`` to at most ``right``, their tops at ``top``, for a number of ``digits`` digits.

    Each holds ``a_page`` of them, in lines; of the last one, only what is left. `show` says how many are printed.
    Parts: ``sheets``, ``text`` (all lines).
    """

    def __init__(self, digits: int, a_page: int, left: float, right: float, top: float) -> None:
        super().__init__()
        self.digits, self.a_line = digits, a_page / LINES
        count = math.ceil(digits / a_page)
        width = min(WIDEST, (right - left - (count - 1) * GAP) / count)
        self.sheets = VGroup()
        for k in range(count):
            sheet = Rectangle(width=width, height=SHAPE * width, color=palette.dim)
            sheet.set_stroke(width=1.6).set_fill(mix(palette.text, 0.05), 1)
            self.sheets.add(sheet.move_to([left + k * (width + GAP) + width / 2, top - SHAPE * width / 2, 0]))
        self.inner = (1 - 2 * MARGIN) * width
        self.pitch = (SHAPE - 2 * MARGIN) * width / LINES
        self.text = VMobject(stroke_width=0).set_fill(palette.text, 1)
        self.add(self.sheets, self.text)
        self.show(0)

    def show(self, printed: float) -> PrintedPages:
        """So many of the digits are on paper, from the first page's first line on."""
        lines = np.arange(math.ceil(printed / self.a_line - 1e-9))
        widths = self.inner * np.clip(printed / self.a_line - lines, 0.0, 1.0)
        corners = np.array([sheet.get_corner([-1, 1, 0])[:2] for sheet in self.sheets])
        margin = (self.sheets[0].width - self.inner) / 2
        start = corners[lines // LINES] + margin * np.array([1.0, -1.0])
        start[:, 1] -= self.pitch * (lines % LINES + 0.5)
        self.text.points = _bars(start, widths, INK * self.pitch)
        return self


def _bars(starts: NDArray, widths: NDArray, height: float) -> NDArray:
    """The points of one VMobject that holds a bar at each of ``starts`` (n, 2), its left end's middle: (16 n, 3)."""
    ends = np.array([(0, -0.5), (1, -0.5), (1, 0.5), (0, 0.5), (0, -0.5)])
    size = np.stack([widths, np.full(len(widths), height)], axis=1)
    corners = starts[:, None] + ends * size[:, None]  # (n, 5, 2)
    shares = np.array([0.0, 1 / 3, 2 / 3, 1.0])[:, None]
    points = corners[:, :-1, None] + shares * (corners[:, 1:] - corners[:, :-1])[:, :, None]  # (n, 4, 4, 2)
    return np.pad(points.reshape(-1, 2), ((0, 0), (0, 1)))
