"""Draws a box for each batch, with a dot for each example. The scene batches ends with them, relu begins with them."""

from __future__ import annotations

import math

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.squares import rectangles, squares
from gradreel.scenes.style import mix, palette
from manim import VGroup, VMobject

QUIZ = (10_000, 10)  # examples, batch size
BOXES = (style.LEFT_EDGE, style.RIGHT_EDGE, -2.6, 1.4)  # left, right, bottom, top of the boxes that are filled


class Boxes(VGroup):
    """Draws a box for each batch of ``batch_size`` of ``examples`` dots; the last box holds the rest.

    Parts: ``frames`` and ``dots``, one mobject each. `fill` shows the first dots.
    """

    def __init__(self, examples: int, batch_size: int) -> None:
        super().__init__()
        left, right, bottom, top = BOXES
        count = -(-examples // batch_size)
        columns = _columns(count, (right - left) / (top - bottom) / 1.6)
        pitch = np.array([(right - left) / columns, (top - bottom) / -(-count // columns)])
        pitch = np.minimum(pitch, pitch[::-1] * [2.0, 1.0])
        places = np.divmod(np.arange(count), columns)
        middles = np.stack([left + (places[1] + 0.5) * pitch[0], top - (places[0] + 0.5) * pitch[1]], axis=-1)
        size = 0.86 * pitch
        within = _columns(batch_size, size[0] / size[1])
        dot = 0.9 * min(size[0] / within, size[1] / -(-batch_size // within))
        row, column = np.divmod(np.arange(batch_size), within)
        offsets = dot * np.stack([column - (within - 1) / 2, (-(-batch_size // within) - 1) / 2 - row], axis=-1)
        centers = (middles[:, None] + offsets).reshape(-1, 2)[:examples]
        self.frames = VMobject(stroke_color=mix(palette.text, style.FAINT), stroke_width=style.GUIDE)
        self.frames.points = rectangles(middles, np.tile(size, (count, 1)))
        self.dots = VMobject(stroke_width=0).set_fill(palette.text, 1)
        self.all_dots, self.batch_size, self.count = squares(centers, 0.66 * dot), batch_size, count
        self.add(self.frames, self.dots)

    def fill(self, boxes: float) -> Boxes:
        """Show the dots of ``boxes`` boxes, fractions included; return self."""
        self.dots.points = self.all_dots[: 16 * round(boxes * self.batch_size)]
        return self


def _columns(count: int, ratio: float) -> int:
    """Return the number of columns for ``count`` things, ``ratio`` times as wide as high; rows are full if possible."""
    least = max(1, math.ceil(math.sqrt(count * ratio) - 1e-9))
    full = (columns for columns in range(least, min(count, 4 * least // 3) + 1) if count % columns == 0)
    return next(full, min(least, count))
