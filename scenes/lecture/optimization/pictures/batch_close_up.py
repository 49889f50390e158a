"""The examples of one batch, taken out of the field and large enough to be looked at; what comes of them goes on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from gradreel.scenes.lecture.optimization.pictures.batch_field import SIDE, TINTS, BatchField, Box
from gradreel.scenes.mobjects.squares import squares
from gradreel.scenes.style import mix, palette
from manim import Animation, Mobject, UpdateFromAlphaFunc, VGroup, VMobject, smooth
from numpy.typing import NDArray

MOST_PITCH = 0.34  # from one square to the next, where the batch is small
ALIKE = 0.75  # share of the largest squares that there is room for, that they have at least if the block is the field's
SMALL = 0.25  # of its side that a square has left where they all arrive
LATE = 0.7  # share of the way after which they fade


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
