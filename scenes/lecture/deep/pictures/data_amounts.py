"""How much there was to learn from, side by side: an equal cell for each example, seen from near and from far.

From near a cell of the pictures is a picture. When cells are too small to be seen, the lines between blocks of ten by
ten are, then those of a hundred by a hundred: as on paper for graphs, so that the eye keeps something to count.
"""

from __future__ import annotations

import math
from itertools import groupby

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.lecture.deep.pictures.skyline import rectangles
from gradreel.scenes.mobjects.plot import ring
from gradreel.scenes.mobjects.rising_curve import joined
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.style import mix, palette
from manim import Animation, ManimColor, Square, UpdateFromAlphaFunc, VGroup, VMobject, smooth
from numpy.typing import NDArray

FAR_SIDE, NEAR_CELL = 4.2, 0.6  # the larger square in the end; a cell at first
EDGE, GAP = 1.0, 0.5  # where the left square ends; from there to the right one
LINE_SHARE, BLOCK_LINE, WIDEST_LINE = 0.16, 0.075, 0.035  # a line's width: of a cell, of a block, and at most of those
SEEN_FROM, SEEN_FULLY = 0.06, 0.12  # sizes of a cell at which the lines between them begin to show, and are there
BLOCKS_FROM, BLOCKS_FULLY = 0.09, 0.18  # ... and of a block
PICTURES_FROM, PICTURES_FULLY = 0.42, 0.58  # ... at which drawings do: they are gone before much moves
FRAME = np.array([64 / 9, 4.0])  # what lies further out is not drawn
NAME_DROP, EACH_DROP = 0.43, 0.82  # from the ground to the baselines of the two lines under a square
PICTURES_SHARE = 0.5  # of grey
DOT = 0.4  # a side that is too small to be seen without a ring
LEAST_RING, RING_ROOM = 0.19, 0.1  # radius of a ring; between it and the corners of what it holds
DRAWINGS = (  # of 8 x 8 squares, for photographs; which of them a cell has says nothing
    "#......# ##....## ######## #o####o# ######## ###oo### .######. ..####..",  # a cat
    "...##... ..####.. .######. ######## .######. .#o##o#. .####o#. .####o#.",  # a house
    "...#.... ...##... ...###.. ...####. ...#.... ######## .######. ..####..",  # a boat
    "........ ..###..# .#####.# #o###### ######## .#####.# ..###..# ........",  # a fish
    "...##... ..####.. .######. ..####.. .######. ######## ...oo... ...oo...",  # a tree
    "..####.. .#o###o. ###o#### ######o# ...##... ...##... ...##... ..####..",  # a mushroom
)
SHADES = {"#": 0.95, "o": 0.22}  # of grey
INSIDE = 0.7  # share of a cell, that its drawing takes
PATTERN = np.random.default_rng(3).integers(len(DRAWINGS), size=(16, 16))
"""Which drawing a cell has, by its column and row: mixed up, and again after 16."""


class SmallPictures(VGroup):
    """Drawings in the cells of a square, a mobject for each of two shades. ``stand`` puts them in place."""

    def __init__(self) -> None:
        super().__init__()
        self._boxes = {letter: [_boxes(drawing.split(), letter) for drawing in DRAWINGS] for letter in SHADES}
        self.add(*(VMobject(stroke_width=0, fill_color=mix(palette.grey, share)) for share in SHADES.values()))

    def stand(self, corners: NDArray, places: NDArray, cell: float, seen: float) -> None:
        """In cells with lower left ``corners`` (n, 2), at ``places`` (n, 2) of the pattern; so clearly ``seen``."""
        drawing = PATTERN[tuple(places.T % len(PATTERN))]
        for shade, boxes in zip(self, self._boxes.values(), strict=True):
            there = [_in_cells(boxes[k], corners[drawing == k], cell) for k in range(len(DRAWINGS))] if seen else []
            shade.points = rectangles(np.concatenate(there)) if there else np.zeros((0, 3))
            shade.set_fill(opacity=seen)


def _boxes(rows: list[str], letter: str) -> NDArray:
    """Where a drawing has a letter: left, bottom, right, top (n, 4) in a cell of side 1, a box for each run of it."""
    found, side = [], len(rows)
    for top, row in enumerate(rows):
        at = 0
        for sign, run in groupby(row):
            long = len(list(run))
            if sign == letter:
                found.append([at, side - top - 1, at + long, side - top])
            at += long
    edge = (1 - INSIDE) / 2
    return edge + INSIDE * np.array(found, dtype=float).reshape(-1, 4) / side


def _in_cells(boxes: NDArray, corners: NDArray, cell: float) -> NDArray:
    """The boxes of one cell (m, 4) in each of the cells with these corners: (n m, 4)."""
    return (np.tile(corners, 2)[:, None] + cell * boxes).reshape(-1, 4)


class Cells(VGroup):
    """``count`` cells in rows as long as there are rows, the last one as long as it gets, on y = ``foot``.

    They begin at ``x`` and go to the right (``way`` 1) or to the left (-1). ``stand`` sets a cell's size. Parts:
    ``shape``, the ``pictures`` in the cells, if there are any, and ``lines``: between cells, between blocks of 10 x 10,
    of 100 x 100, ... (these only among pictures: few cells need none).
    """

    def __init__(
        self, count: int, x: float, foot: float, way: int, color: ManimColor, pictures: SmallPictures | None = None
    ) -> None:
        super().__init__()
        self.count, self.corner, self.way = count, np.array([x, foot]), way
        self.columns = int(np.ceil(np.sqrt(count)))
        self.shape = VMobject(stroke_width=0, fill_color=color, fill_opacity=1)
        levels = 1 if pictures is None else 1 + int(np.log10(self.columns))
        self.lines = VGroup(*(VMobject(stroke_color=palette.background, fill_opacity=0) for _ in range(levels)))
        self.pictures = pictures
        self.add(self.shape, *([] if pictures is None else [pictures]), self.lines)

    def stand(self, cell: float) -> Cells:
        """Each cell ``cell`` wide and high."""
        full, rest = divmod(self.count, self.columns)
        last = full + (rest > 0)
        steps = [(0, 0), (self.columns, 0), (self.columns, full), (rest, full), (rest, last), (0, last)]
        if full == 0 or rest == 0:
            steps = [(0, 0), (self.columns, 0), (self.columns, last), (0, last)]
        corners = self._at(np.minimum(np.array(steps, dtype=float) * cell, self._room()))
        self.shape.set_points_as_corners([*corners, corners[0]])
        for k, lines in enumerate(self.lines):
            block = cell * 10**k
            seen = _share(block, *((BLOCKS_FROM, BLOCKS_FULLY) if k else (SEEN_FROM, SEEN_FULLY)))
            lines.points = self._lattice(cell, block, last) if seen else np.zeros((0, 3))
            width = min(BLOCK_LINE * block, WIDEST_LINE) if k else LINE_SHARE * cell
            lines.set_stroke(width=100 * width * seen)
        if self.pictures is not None:
            self._set_pictures(self.pictures, cell)
        return self

    def _set_pictures(self, pictures: SmallPictures, cell: float) -> None:
        """A drawing in each cell that the frame holds, while cells are large enough."""
        seen = _share(cell, PICTURES_FROM, PICTURES_FULLY)
        wide, high = np.ceil(self._room() / cell).astype(int) if seen else (0, 0)
        places = np.stack(np.meshgrid(np.arange(wide), np.arange(high)), axis=-1).reshape(-1, 2)
        across, up = places.T
        places = places[(across < self.columns) & (up * self.columns + across < self.count)]
        corners = self._at(places * cell)[:, :2] - np.array([cell if self.way < 0 else 0.0, 0.0])
        pictures.stand(corners, places, cell, seen)

    def _room(self) -> NDArray:
        """From the corner to the frame, (2,)."""
        return FRAME - self.corner * np.array([self.way, 1.0])

    def _at(self, places: NDArray) -> NDArray:
        """Points (n, 3), so far (n, 2) from the corner."""
        flat = self.corner + places * np.array([self.way, 1.0])
        return np.column_stack([flat, np.zeros(len(flat))])

    def _lattice(self, cell: float, block: float, rows: int) -> NDArray:
        """A VMobject's points of the lines between blocks, as far as the frame reaches."""
        wide, high = np.minimum(self._room(), np.array([self.columns * cell, rows * cell]))
        across, up = np.arange(block, wide, block), np.arange(block, high, block)
        starts = np.concatenate([np.stack([across, 0 * across], 1), np.stack([0 * up, up], 1)])
        ends = np.concatenate([np.stack([across, 0 * across + high], 1), np.stack([0 * up + wide, up], 1)])
        lines = [self._at(starts), self._at(ends), np.full((len(starts), 3), np.nan)]
        return joined(np.stack(lines, axis=1).reshape(-1, 3))


class DataSquares(VGroup):
    """Two numbers of cells on the ground ``foot``: pictures, grey, to the left; our data, in its red, to the right.

    Parts: ``squares``; ``names`` below them, and ``each``, below those, what a cell is. ``drawing_back``: single cells
    are seen at first, the larger square whole in the end, as only so the eye can compare them.
    """

    def __init__(self, counts: tuple[int, int], names: tuple[str, str], each: tuple[str, str], foot: float) -> None:
        super().__init__()
        left = Cells(counts[0], EDGE, foot, -1, mix(palette.grey, PICTURES_SHARE), SmallPictures())
        right = Cells(counts[1], EDGE + GAP, foot, 1, palette.red)
        self.squares, self.foot = VGroup(left, right), foot
        self.far = FAR_SIDE / max(left.columns, right.columns)
        self.near = max(self.far, NEAR_CELL) if left.columns > right.columns else self.far
        self.names = _below(names, foot - NAME_DROP, style.LABEL, palette.text)
        self.each = _below(each, foot - EACH_DROP, style.TICK, palette.dim)
        self.add(self.squares, self.names, self.each)
        self.stand(1.0)

    def stand(self, share: float) -> None:
        """``share`` of the way from far to near."""
        for square in self.squares:
            square.stand(self.far * (self.near / self.far) ** share)

    @property
    def block(self) -> int | None:
        """How many pictures the smallest block holds whose lines are seen from far; None where cells still are."""
        if self.far >= SEEN_FROM:
            return None
        sides = (10**k for k in range(1, len(self.squares[0].lines)))
        return next((side**2 for side in sides if side * self.far > BLOCKS_FROM), None)

    @property
    def days_are_seen(self) -> bool:
        """Whether our data's cells still are, from far."""
        return self.far >= SEEN_FROM

    def around_a_block(self) -> VMobject:
        """A frame around the block of pictures that is nearest to our data, seen from far."""
        side = self.far * math.isqrt(self.block or 1)
        frame = Square(side, stroke_color=palette.text, stroke_width=style.BOX)
        return frame.move_to([EDGE - side / 2, self.foot + side / 2, 0.0])

    def name_of_a_block(self, text: str) -> TextMobject:
        """In the place of what a cell of the pictures is."""
        return words(text, style.TICK, palette.text).place(self.foot - EACH_DROP, right=EDGE)

    def around_the_smaller(self) -> VMobject | None:
        """A ring around our data where it is no more than a dot; a larger one would run through its name."""
        square = self.squares[1].shape
        if square.width > DOT:
            return None
        half = float(np.hypot(square.width, square.height)) / 2
        return ring(square.get_center(), max(LEAST_RING, half + RING_ROOM), palette.text).set_fill(opacity=0)

    def drawing_back(self, seconds: float) -> Animation:
        return UpdateFromAlphaFunc(
            self.squares, lambda _, share: self.stand(1.0 - share), run_time=seconds, rate_func=smooth
        )


def _share(size: float, start: float, end: float) -> float:
    return float(np.clip((size - start) / (end - start), 0, 1))


def _below(texts: tuple[str, str], baseline: float, size: float, color: ManimColor) -> VGroup:
    """A text under the end of the left square, and one under the beginning of the right one."""
    left, right = (words(text, size, color) for text in texts)
    return VGroup(left.place(baseline, right=EDGE), right.place(baseline, left=EDGE + GAP))
