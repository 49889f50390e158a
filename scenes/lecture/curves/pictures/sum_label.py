"""The name of a running sum, at the level part of its line that comes after its last ramp."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.lecture.curves.pictures.running_sum import RunningSum
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.style import palette
from numpy.typing import NDArray

DROP, RISE = 0.42, 0.18  # from the line to the baseline of a label under it, and of one over it
AROUND = 0.1  # kept free around the label


class SumLabel:
    """``text``, the label; ``place(k)`` is where it belongs (its centre) when k pieces are added, if there is room."""

    def __init__(self, sum_: RunningSum, text: str) -> None:
        self.sum = sum_
        self.text: TextMobject = words(text, style.LABEL, palette.blue)

    def place(self, added: int) -> NDArray | None:
        """Between two corners after the last ramp, under the line or over it: nothing else may be drawn there."""
        plot, sum_ = self.sum.plot, self.sum
        level = float(sum_.parts.partial_sum(added, np.array(plot.x_range[1:]))[0])
        line = float(plot.at(0.0, level)[1])
        corners = [*sum_.curve.x[added:], plot.x_range[1]]
        edges = plot.at(np.array(corners), 0.0)[:, 0]
        for left, right in pairwise(edges):
            if right - left < self.text.width + 2 * AROUND:
                continue
            for step in (-DROP, RISE):
                here = self.text.copy().place(line + step, center=(left + right) / 2)
                if self._is_free(here, added):
                    return here.get_center()
        return None

    def _is_free(self, here: TextMobject, added: int) -> bool:
        plot, sum_ = self.sum.plot, self.sum
        low, high = here.get_corner((-1, -1, 0))[:2] - AROUND, here.get_corner((1, 1, 0))[:2] + AROUND
        if low[1] < plot.box[2] or high[1] > plot.box[3] + 0.3:
            return False
        gap = sum_.gap_box(added)
        if gap is not None and (low < gap[1]).all() and (high > gap[0]).all():
            return False
        x = np.linspace(*(plot.data((side, 0, 0))[0] for side in (low[0], high[0])), 30)
        missed = np.abs(sum_.red - sum_.parts.partial_sum(added, sum_.corners))
        farthest = sum_.red[int(np.argmax(missed))]  # from there a dashed line may lead to the gap's bracket
        levels = (sum_.parts.constant, *((farthest,) if gap is None else ()))
        lines = [sum_.curve(x), *(np.full(len(x), level) for level in levels)]
        heights = np.concatenate([plot.at(x, values)[:, 1] for values in lines])
        return not ((heights > low[1]) & (heights < high[1])).any()
