"""How much there was to learn from, side by side: an equal cell for each example, seen from near and from far."""

from __future__ import annotations

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import ring
from gradreel.scenes.mobjects.rising_curve import joined
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.style import mix, palette
from manim import Animation, ManimColor, UpdateFromAlphaFunc, VGroup, VMobject, smooth
from numpy.typing import NDArray

FAR_SIDE, NEAR_SIDE = 3.3, 2.8  # of the larger square in the end; of the smaller one at first
LARGEST_CELL = 0.25
EDGE, GAP = -0.7, 0.5  # where the left square ends; from there to the right one
LINE_SHARE = 0.16  # of a cell, that the line between two cells takes
SEEN_FROM, SEEN_FULLY = 0.03, 0.06  # sizes of a cell at which those lines begin to show, and are there
FRAME = np.array([64 / 9, 4.0])  # what lies further out is not drawn
NAME_DROP, EACH_DROP = 0.43, 0.82  # from the ground to the baselines of the two lines under a square
PICTURES_SHARE = 0.5  # of grey
LEAST_RING, RING_ROOM = 0.19, 0.1  # radius of a ring; between it and the corners of what it holds


class Cells(VGroup):
    """``count`` cells in rows as long as there are rows, the last one as long as it gets, on y = ``foot``.

    They begin at ``x`` and go to the right (``way`` 1) or to the left (-1). ``stand`` sets a cell's size. Parts:
    ``shape``, and the ``lines`` between the cells.
    """

    def __init__(self, count: int, x: float, foot: float, way: int, color: ManimColor) -> None:
        super().__init__()
        self.count, self.corner, self.way = count, np.array([x, foot]), way
        self.columns = int(np.ceil(np.sqrt(count)))
        self.shape = VMobject(stroke_width=0, fill_color=color, fill_opacity=1)
        self.lines = VMobject(stroke_color=palette.background, fill_opacity=0)
        self.add(self.shape, self.lines)

    def stand(self, cell: float) -> Cells:
        """Each cell ``cell`` wide and high."""
        full, rest = divmod(self.count, self.columns)
        last = full + (rest > 0)
        steps = [(0, 0), (self.columns, 0), (self.columns, full), (rest, full), (rest, last), (0, last)]
        if full == 0 or rest == 0:
            steps = [(0, 0), (self.columns, 0), (self.columns, last), (0, last)]
        corners = self._at(np.minimum(np.array(steps, dtype=float) * cell, self._room()))
        self.shape.set_points_as_corners([*corners, corners[0]])
        seen = float(np.clip((cell - SEEN_FROM) / (SEEN_FULLY - SEEN_FROM), 0, 1))
        self.lines.points = self._lattice(cell, last) if seen else np.zeros((0, 3))
        self.lines.set_stroke(width=100 * LINE_SHARE * cell * seen)
        return self

    def _room(self) -> NDArray:
        """From the corner to the frame, (2,)."""
        return FRAME - self.corner * np.array([self.way, 1.0])

    def _at(self, places: NDArray) -> NDArray:
        """Points (n, 3), so far (n, 2) from the corner."""
        flat = self.corner + places * np.array([self.way, 1.0])
        return np.column_stack([flat, np.zeros(len(flat))])

    def _lattice(self, cell: float, rows: int) -> NDArray:
        """A VMobject's points of the lines between the cells, as far as the frame reaches."""
        wide, high = np.minimum(self._room(), np.array([self.columns, rows]) * cell)
        across, up = np.arange(cell, wide, cell), np.arange(cell, high, cell)
        starts = np.concatenate([np.stack([across, 0 * across], 1), np.stack([0 * up, up], 1)])
        ends = np.concatenate([np.stack([across, 0 * across + high], 1), np.stack([0 * up + wide, up], 1)])
        lines = [self._at(starts), self._at(ends), np.full((len(starts), 3), np.nan)]
        return joined(np.stack(lines, axis=1).reshape(-1, 3))


class DataSquares(VGroup):
    """Two numbers of cells on the ground ``foot``: pictures, grey, to the left; our data, in its red, to the right.

    Parts: ``squares``; ``names`` below them, and ``each``, below those, what a cell is. ``drawing_back``: the smaller
    square's cells are seen at first, the larger one whole in the end, as only so the eye can compare them.
    """

    def __init__(self, counts: tuple[int, int], names: tuple[str, str], each: tuple[str, str], foot: float) -> None:
        super().__init__()
        left = Cells(counts[0], EDGE, foot, -1, mix(palette.grey, PICTURES_SHARE))
        right = Cells(counts[1], EDGE + GAP, foot, 1, palette.red)
        self.squares = VGroup(left, right)
        self.far = FAR_SIDE / max(left.columns, right.columns)
        near = min(LARGEST_CELL, NEAR_SIDE / right.columns)
        self.near = max(self.far, near) if left.columns > right.columns else self.far
        self.names = _below(names, foot - NAME_DROP, style.LABEL, palette.text)
        self.each = _below(each, foot - EACH_DROP, style.TICK, palette.dim)
        self.add(self.squares, self.names, self.each)
        self.stand(1.0)

    def stand(self, share: float) -> None:
        """``share`` of the way from far to near."""
        for square in self.squares:
            square.stand(self.far * (self.near / self.far) ** share)

    def around_the_smaller(self) -> VMobject:
        """A ring around our data, wide enough to be seen where it is no more than a dot."""
        square = self.squares[1].shape
        half = float(np.hypot(square.width, square.height)) / 2
        return ring(square.get_center(), max(LEAST_RING, half + RING_ROOM), palette.text).set_fill(opacity=0)

    def drawing_back(self, seconds: float) -> Animation:
        return UpdateFromAlphaFunc(
            self.squares, lambda _, share: self.stand(1.0 - share), run_time=seconds, rate_func=smooth
        )


def _below(texts: tuple[str, str], baseline: float, size: float, color: ManimColor) -> VGroup:
    """A text under the end of the left square, and one under the beginning of the right one."""
    left, right = (words(text, size, color) for text in texts)
    return VGroup(left.place(baseline, right=EDGE), right.place(baseline, left=EDGE + GAP))
