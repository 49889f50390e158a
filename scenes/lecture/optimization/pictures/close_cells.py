"""A few cells of a grid of tries, enlarged: each with the loss of its try, and a dot where other values lie."""

from __future__ import annotations

from itertools import product

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.lecture.optimization.grid_search import LineGrid
from gradreel.scenes.mobjects.grid_map import GridMap
from gradreel.scenes.mobjects.patches import patch_under
from gradreel.scenes.mobjects.plot import ring, segment
from gradreel.scenes.mobjects.text import TextMobject, formula, words
from gradreel.scenes.style import PRESENT, mix, palette
from gradreel.scenes.words.numbers import number_text
from manim import DL, UR, Animation, Dot, FadeIn, FadeOut, Square, VGroup, VMobject, interpolate_color
from numpy.typing import NDArray

MOST = 4  # cells in a row, where they hold both the best one and the dot
NUMBER_UP = 0.15  # of a cell's side, from its middle up to its loss's baseline
CLEAR = 0.06  # around the dot's loss
ASIDE = 0.5  # share of the text colour in the other losses while that one is read
DIRECTIONS, WAYS = 24, np.linspace(0.3, 1.2, 10)  # in which, and how far from the dot, its loss may stand


class CloseCells(VGroup):
    """The cells of ``grid`` around the best one and around ``place`` (row, column), which lies between cells.

    They fill the grid's own room. A point in each cell's middle is what was tried. Parts: ``cells``, ``tried``,
    ``losses``, ``ring`` (around the best cell), ``names`` (the values of w and b), ``dot`` at ``place`` and ``other``,
    its loss, as ``written`` writes it, with a line to it. ``frame``, no part, is around all cells before they grow.
    """

    def __init__(
        self, numbers: LineGrid, grid: GridMap, place: tuple[float, float], written: dict[tuple[int, int] | None, str]
    ) -> None:
        super().__init__()
        self.grid, self.place, count = grid, place, len(numbers.w)
        spans = [_span(low, best, count) for low, best in zip(place, numbers.best, strict=True)]
        self.n = n = max(high - low for low, high in spans)
        self.first = [min(max(0, (low + high - n) // 2), count - n) for low, high in spans]
        room = grid.side * count
        self.side = room / n
        inside = list(product(*(range(first, first + n) for first in self.first)))
        self.cells = VGroup(*(self._cell(row, column) for row, column in inside))
        self.tried = VGroup(*(Dot(self.center(*cell), radius=0.05, color=palette.dim) for cell in inside))
        self.losses = VGroup(*(self._loss(written[cell], cell, cell == numbers.best) for cell in inside))
        self.best = self.losses[inside.index(numbers.best)]
        self.ring = Square(self.side - 0.06, stroke_color=palette.text, stroke_width=style.RING)
        self.ring.move_to(self.center(*numbers.best))
        self.frame = Square(room, stroke_color=palette.text, stroke_width=style.BOX).move_to(self.cells)
        self.names = self._names(numbers)
        self.dot = ring(self.center(*place), 0.11, palette.background, fill=palette.orange)
        self.other = self._other(written[None])
        self.add(self.cells, self.tried, self.losses, self.ring, self.names, self.dot, self.other)

    def center(self, row: float, column: float) -> NDArray:
        """(3,): the middle of the grid's cell (row, column), or a place between some."""
        offset = np.array([column - self.first[1], row - self.first[0]]) + 0.5
        return np.array([*(self.grid.corner + self.side * offset), 0.0])

    def growing(self) -> list[Animation]:
        """The cells, which lie on the grid as small as they are there, grow until they fill it.

        So does the frame around them, and the grid's ring grows into theirs.
        """
        middle, share = self.cells.get_center(), self.grid.side / self.side
        around = [np.array([*self.grid.center(*cell), 0.0]) for cell in (self.first, np.array(self.first) + self.n - 1)]
        ring = self.ring.copy()
        self.ring.become(self.grid.ring)
        for part in (self.cells, self.frame):
            part.scale(share).move_to(sum(around) / 2)
        parts = [part.animate(run_time=0.8).scale(1 / share).move_to(middle) for part in (self.cells, self.frame)]
        return [*parts, self.ring.animate(run_time=0.8).become(ring)]

    def _band(self, cell: tuple[int, int]) -> int:
        """Which of the grid's shades a cell has."""
        return int(self.grid.band_of[int(np.flatnonzero((self.grid.order == cell).all(axis=1))[0])])

    def _cell(self, row: int, column: int) -> Square:
        cell = Square(0.97 * self.side, stroke_color=mix(palette.axis, 0.6), stroke_width=style.GUIDE)
        shade = self.grid.bands[self._band((row, column))].get_fill_color()
        return cell.set_fill(shade, 1).move_to(self.center(row, column))

    def _loss(self, text: str, cell: tuple[int, int], best: bool) -> TextMobject:
        x, y, _ = self.center(*cell)
        on_bright = 2 * self._band(cell) > len(self.grid.bands)  # where a dimmed number could not be read
        color = palette.text if best or on_bright else mix(palette.text, PRESENT)
        number = words(text, style.LETTER, color)
        if number.width > 0.8 * self.side:
            number = words(text, max(style.SMALLEST, style.LETTER * 0.8 * self.side / number.width), color)
        return number.place(y + NUMBER_UP * self.side, center=x)

    def _names(self, numbers: LineGrid) -> VGroup:
        """The values of w below the columns, those of b beside the rows, and both letters."""
        left, bottom = self.grid.corner
        right, top = left + self.n * self.side, bottom + self.n * self.side
        made = VGroup()
        for k in range(self.n):
            x, y, _ = self.center(self.first[0] + k, self.first[1] + k)
            w, b = (
                float(values[first + k]) for values, first in ((numbers.w, self.first[1]), (numbers.b, self.first[0]))
            )
            made.add(words(number_text(w, 2), style.TICK, palette.dim).place(bottom - 0.4, center=x))
            made.add(words(number_text(b, 2), style.TICK, palette.dim).place(y - 0.1, right=left - 0.15))
        made.add(formula("w", style.LETTER + 3, palette.yellow).place(bottom - 0.4, left=right + 0.1))
        made.add(formula("b", style.LETTER + 3, palette.grey).place(top + 0.12, center=float(made[1].get_x())))
        return made

    def _other(self, text: str) -> VGroup:
        """The dot's loss on a patch, where it hides nothing, right of the dot in one cell if it can; a line to it."""
        number = words(text, style.LETTER, palette.orange)
        patch = patch_under(number, up=0.12)
        half = np.array([patch.width, patch.height]) / 2
        place = self._free_place(half)
        VGroup(patch, number).move_to([*place, 0.0])
        return VGroup(patch, number, self._leader(place, half))

    def _free_place(self, half: NDArray) -> NDArray:
        """(2,): the middle of a box of so much to each side that hides nothing, not far from the dot."""
        taken = [*self.losses, *self.tried, self.dot]
        boxes = np.array([[part.get_corner(DL)[:2], part.get_corner(UR)[:2]] for part in taken])
        low, high = self.cells.get_corner(DL)[:2], self.cells.get_corner(UR)[:2]
        dot, found = self.dot.get_center()[:2], []
        for way, turn in product(WAYS, range(DIRECTIONS)):
            angle = 2 * np.pi * turn / DIRECTIONS
            place = dot + way * np.array([np.cos(angle), np.sin(angle)])
            free = ((boxes[:, 0] > place + half + CLEAR) | (boxes[:, 1] < place - half - CLEAR)).any(axis=1).all()
            if free and (place - half > low).all() and (place + half < high).all():
                left, right = (np.floor((place + half * side - self.grid.corner) / self.side) for side in (-1, 1))
                rank = place[0] - half[0] < dot[0], bool((left != right).any()), way
                found.append((*rank, turn, place))
        return min(found, key=lambda each: each[:-1])[-1] if found else place

    def _leader(self, place: NDArray, half: NDArray) -> VMobject:
        """From the dot to the nearest point of its loss's patch, whose middle is ``place``."""
        dot = self.dot.get_center()[:2]
        end = np.clip(dot, place - half, place + half)
        way = end - dot
        start = dot + way * min(1.0, self.dot.width / 2 / max(float(np.linalg.norm(way)), 1e-9))
        return segment([*start, 0.0], [*end, 0.0], palette.orange, style.GUIDE)

    def opening(self) -> list[Animation]:
        """What comes when the cells have grown, but for the dot; the frame goes."""
        return [*(FadeIn(part) for part in (self.tried, self.losses, self.names)), FadeOut(self.frame)]

    def stepping_back(self) -> list[Animation]:
        """The losses of all cells but the best are dimmed, each into its cell's shade: the dot's is none of theirs."""
        pairs = [pair for pair in zip(self.losses, self.cells, strict=True) if pair[0] is not self.best]
        inks = [interpolate_color(cell.get_fill_color(), palette.text, ASIDE) for _, cell in pairs]
        return [text.animate.set_color(ink) for (text, _), ink in zip(pairs, inks, strict=True)]

    def leaving(self) -> list[Animation]:
        """All of it goes."""
        return [FadeOut(part, run_time=0.5) for part in self]


def _span(place: float, best: int, count: int) -> tuple[int, int]:
    """The first cell and the one after the last that hold ``place``'s neighbours and the best; MOST where they can."""
    low, high = min(int(np.floor(place)), best), max(int(np.floor(place)) + 1, best) + 1
    wide = max(high - low, min(MOST, count))
    low -= (wide - (high - low)) // 2
    low = min(max(low, 0), count - wide)
    return low, low + wide
