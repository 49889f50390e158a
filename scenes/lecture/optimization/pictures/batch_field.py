"""Every example as a small square: in the order of the data, gathered into batches as a run drew them, or close up."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.squares import rectangles, squares
from gradreel.scenes.style import Box, mix, palette
from manim import Animation, Mobject, RoundedRectangle, UpdateFromAlphaFunc, VGroup, VMobject, smooth
from numpy.typing import NDArray

MOST = 8000  # examples that have a square each
WAITING, DONE = 0.5, 0.85  # shares of the text colour: batches whose turn is to come, or is over
TINTS = (0.4, 0.6, 0.8, 1.0)  # of that share: the first, second, ... part of the data, in its order
SIDE = 0.76  # of the distance from one square to the next
GAP, MOST_GAP = 1.5, 3.0  # squares between two batches
ROOM = 0.06  # of a frame around a batch: more than its squares, across and up
BOX_INK, BOX_WIDTH, BOXED = 0.45, 1.4, 0.07  # of all batches' frames; the least pitch at which they have room
MOST_PITCH = 0.34  # from one square to the next, where the batch is small
ALIKE = 0.75  # share of the largest squares that there is room for, that they have at least if the block is the field's
SMALL = 0.25  # of its side that a square has left where they all arrive
LATE = 0.7  # share of the way after which they fade


class BatchField(VGroup):
    """The squares of N examples: for each batch of an epoch a VMobject of those of each part of the data.

    The earlier an example comes in the data, the fainter it is, in four steps: so it is seen that a batch is mixed.

    ``batches``: of each batch the indices of its examples. In the order of the data they fill ``whole``, in batches
    ``box``; ``shuffle`` and ``gather`` move them. ``boxes`` are thin frames, one around each batch, for the scene to
    bring when they are gathered; ``frame`` is a bright one for one batch, ``turn(k)`` says whose turn it is, and
    ``turning(k)`` lets it become that batch's.
    """

    def __init__(self, batches: Sequence[NDArray], whole: Box, box: Box) -> None:
        super().__init__()
        self.batches = [np.asarray(batch) for batch in batches]
        self.whole, self.box = whole, box
        self.n_examples = sum(map(len, self.batches))
        self.width_in_squares, self.pitch, self.columns = _blocks(len(self.batches), len(self.batches[0]), box)
        self.cells = VGroup(*(VGroup(*(VMobject(stroke_width=0) for _ in TINTS)) for _ in self.batches))
        self.frame = RoundedRectangle(corner_radius=0.06, width=1, height=1, stroke_color=palette.text, stroke_width=2)
        self.boxes = self._boxes()
        self.add(self.cells)
        self.shares = [0.0] * len(self.batches)  # of the text colour, that the batches have now
        self.turn(None)
        self.put(*_in_order(self.n_examples, whole))

    def in_batches(self, batches: Sequence[NDArray]) -> NDArray:
        """(N, 2): where each example is when they are gathered into these batches."""
        places = np.empty((self.n_examples, 2))
        for k, batch in enumerate(batches):
            places[batch] = self.corner(k) + self.pitch * self._within(np.arange(len(batch)))
        return places

    def corner(self, k: int) -> NDArray:
        """(2,): the first square of batch ``k``, from 0."""
        row, column = divmod(k, self.columns)
        left, top = self.box[0], self.box[3]
        step = np.array([self._step, self.pitch * (self._height + GAP)])
        return np.array([left, top]) + self.pitch * np.array([0.5, -0.5]) + step * np.array([column, -row])

    @property
    def _step(self) -> float:
        """From one batch to its right neighbour: as far as fills the box, within reason."""
        width = self.pitch * self.width_in_squares
        even = (self.box[1] - self.box[0] - width) / max(self.columns - 1, 1)
        return min(even, width + MOST_GAP * self.pitch)

    def put(self, places: NDArray, pitch: float) -> None:
        """Every square to its place (N, 2), as large as ``pitch``, the distance between neighbours, allows."""
        self.places, self.spacing = places, pitch
        for cell, batch in zip(self.cells, self.batches, strict=True):
            for shape, examples in zip(cell, self.parts(batch), strict=True):
                shape.points = squares(places[examples], SIDE * pitch)

    def parts(self, batch: NDArray) -> list[NDArray]:
        """The examples of a batch that are in the first, second, ... part of the data."""
        part = np.asarray(batch) * len(TINTS) // self.n_examples
        return [batch[part == k] for k in range(len(TINTS))]

    def shuffle(self, batches: Sequence[NDArray], run_time: float) -> Animation:
        """The squares change places: row by row they stand in the order in which these batches have them."""
        places = np.empty((self.n_examples, 2))
        order, pitch = _in_order(self.n_examples, self.whole)
        places[np.concatenate([np.asarray(batch) for batch in batches])] = order
        return self._going(places, pitch, run_time)

    def gather(self, batches: Sequence[NDArray], run_time: float) -> Animation:
        """The squares move into these batches."""
        return self._going(self.in_batches(batches), self.pitch, run_time)

    def _going(self, places: NDArray, pitch: float, run_time: float) -> Animation:
        """Every square goes straight from where it is now to its place (N, 2)."""
        before, spacing = self.places, self.spacing

        def move(_: Mobject, share: float) -> None:
            self.put(before + share * (places - before), spacing + share * (pitch - spacing))

        return UpdateFromAlphaFunc(self.cells, move, run_time=run_time, rate_func=smooth)

    def turn(self, k: int | None) -> None:
        """It is batch ``k``'s turn: bright, those before it done, those after it waiting. None: all are alike."""
        self._light(self._shares(k))
        if k is not None:
            self.frame_batch(k)

    def frame_batch(self, k: int) -> None:
        self._put_frame(self._frame_around(k))

    def turning(self, k: int | None) -> Animation:
        """It becomes batch ``k``'s turn: the squares get brighter or darker, and the frame goes there."""
        before, after = np.array(self.shares), np.array(self._shares(k))
        start = np.array([self.frame.get_x(), self.frame.get_y(), self.frame.width, self.frame.height])
        end = start if k is None else self._frame_around(k)

        def move(_: Mobject, share: float) -> None:
            self._light([float(at) for at in before + share * (after - before)])
            self._put_frame(start + share * (end - start))

        return UpdateFromAlphaFunc(VGroup(self.cells, self.frame), move, rate_func=smooth)

    def _shares(self, k: int | None) -> list[float]:
        """Of the text colour, for each batch, when it is batch ``k``'s turn."""
        batches = range(len(self.batches))
        return [DONE if k is None or i < k else style.FULL if i == k else WAITING for i in batches]

    def _light(self, shares: list[float]) -> None:
        """Of thousands of batches mostly one or two change: only these are coloured anew."""
        for cell, before, share in zip(self.cells, self.shares, shares, strict=True):
            if share != before:
                for shape, tint in zip(cell, TINTS, strict=True):
                    shape.set_fill(mix(palette.text, tint * share), 1)
        self.shares = shares

    def _frame_around(self, k: int) -> NDArray:
        """(4,): middle x and y, width and height of the frame around batch ``k``."""
        within = self._within(np.arange(len(self.batches[k])))
        low, high = within.min(axis=0), within.max(axis=0)
        size = self.pitch * (high - low + 1) + ROOM
        return np.concatenate([self.corner(k) + self.pitch * (low + high) / 2, size])

    def _boxes(self) -> VMobject:
        """A frame around each batch, all in one; none where batches are so small that these would be all one sees."""
        boxes = VMobject(stroke_color=mix(palette.text, BOX_INK), stroke_width=BOX_WIDTH)
        if self.pitch >= BOXED:
            frames = np.array([self._frame_around(k) for k in range(len(self.batches))])
            boxes.points = rectangles(frames[:, :2], frames[:, 2:])
        return boxes

    def _put_frame(self, at: NDArray) -> None:
        x, y, width, height = at
        self.frame.stretch_to_fit_width(width).stretch_to_fit_height(height).move_to([x, y, 0.0])

    @property
    def _height(self) -> int:
        return -(-len(self.batches[0]) // self.width_in_squares)

    def _within(self, index: NDArray) -> NDArray:
        """(n, 2): squares right of and above the first one of a batch."""
        return np.stack([index % self.width_in_squares, -(index // self.width_in_squares)], axis=-1)


def _in_order(count: int, box: Box) -> tuple[NDArray, float]:
    """(N, 2) row by row from the top left, and the distance between neighbours."""
    left, right, bottom, top = box
    columns = int(np.ceil(np.sqrt(count * (right - left) / (top - bottom))))
    pitch = min((right - left) / columns, (top - bottom) / -(-count // columns))
    index = np.arange(count)
    within = np.stack([index % columns + 0.5, -(index // columns) - 0.5], axis=-1)
    return np.array([left, top]) + pitch * within, pitch


def _blocks(batches: int, size: int, box: Box) -> tuple[int, float, int]:
    """Squares in a row of a batch, their distance, batches in a row: as large as fits into the box."""
    left, right, bottom, top = box
    widths = np.unique(np.geomspace(1, size, 60).round().astype(int))[:, None]
    columns = np.unique(np.geomspace(1, batches, 200).round().astype(int))[None]
    heights, rows = -(-size // widths), -(-batches // columns)
    across = (right - left) / (columns * (widths + GAP) - GAP)
    down = (top - bottom) / (rows * (heights + GAP) - GAP)
    pitch = np.minimum(np.minimum(across, down), 0.3)
    i, j = np.unravel_index(int(pitch.argmax()), pitch.shape)
    return int(widths[i, 0]), float(pitch[i, j]), int(columns[0, j])


class BatchCloseUp(VGroup):
    """The squares of batch ``k`` of a ``field``, row by row from the top left of ``box``, in the order that was drawn.

    Where there is room it is as many squares wide as in the field: the same block, larger.
    ``coming`` brings them from their places in the field; ``flowing`` lets copies of them run together in a point.
    """

    def __init__(self, field: BatchField, k: int, box: Box) -> None:
        batch = field.batches[k]
        shapes = (VMobject(stroke_width=0).set_fill(mix(palette.text, tint), 1) for tint in TINTS)
        super().__init__(*shapes)
        left, right, bottom, top = box
        columns, pitch = _block(len(batch), field.width_in_squares, right - left, top - bottom)
        index = np.arange(len(batch))
        places = np.array([left, top]) + pitch * np.stack([index % columns + 0.5, -(index // columns) - 0.5], axis=-1)
        own = dict(zip(batch.tolist(), places, strict=True))
        self.ways = [
            (field.places[part], np.array([own[each] for each in part.tolist()]).reshape(-1, 2))
            for part in field.parts(batch)
        ]
        self.pitches = (field.spacing, pitch)
        self.put(1.0)

    def put(self, share: float) -> BatchCloseUp:
        """So far from the field to the close-up."""
        side = SIDE * float(np.interp(share, (0, 1), self.pitches))
        return self._place(lambda start, end: start + share * (end - start), side)

    def coming(self) -> Animation:
        """The squares come out of the field."""
        return UpdateFromAlphaFunc(self, lambda _, share: self.put(share), rate_func=smooth)

    def flowing(self, point: NDArray) -> Animation:
        """For a copy of this: all its squares run together in ``point`` and are gone."""
        target, side = np.asarray(point, dtype=float)[:2], SIDE * self.pitches[1]

        def move(_: Mobject, share: float) -> None:
            self._place(lambda _, end: end + share * (target - end), side * (1 - (1 - SMALL) * share))
            self.set_fill(opacity=1 - max(0.0, share - LATE) / (1 - LATE))

        return UpdateFromAlphaFunc(self, move, rate_func=smooth, remover=True)

    def _place(self, place: Callable[[NDArray, NDArray], NDArray], side: float) -> BatchCloseUp:
        for shape, way in zip(self, self.ways, strict=True):
            shape.points = squares(place(*way), side)
        return self


def _block(count: int, width: int, across: float, down: float) -> tuple[int, float]:
    """Squares in a row, ``width`` of them if they need not be much smaller for it, and the distance between two."""

    def pitch(columns: int) -> float:
        return min(MOST_PITCH, across / columns, down / -(-count // columns))

    best = int(np.ceil(np.sqrt(count * across / down)))
    columns = width if pitch(width) >= ALIKE * pitch(best) else best
    return columns, pitch(columns)
