"""Small drawn pictures, one a cell: what a square of very many pictures is made of, as long as they can be told apart.

They are drawings of 8 x 8 squares and stand for photographs; which of them a cell has says nothing.
"""

from __future__ import annotations

from itertools import groupby

import numpy as np
from gradreel.scenes.lecture.deep.pictures.tower import rectangles
from gradreel.scenes.style import mix, palette
from manim import VGroup, VMobject
from numpy.typing import NDArray

DRAWINGS = (
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
