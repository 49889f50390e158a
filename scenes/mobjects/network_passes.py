"""How many passes through a network a gradient takes: an arrow for each, in two rows. Pure functions of numbers."""

from __future__ import annotations

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import segment
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.mobjects.ticks import number_text
from gradreel.scenes.style import palette
from manim import ManimColor, Triangle, VGroup

ROW, STEP, LENGTH = 0.44, 0.34, 0.28
MOST_WIDTH = 5.1
COLUMN_GAP = 0.7


class PassCounts(VGroup):
    """Two networks, by their passes: the small one's as arrows and a number, the large one's as a number.

    ``nudges``: an arrow for each pass forward, ``small_counts``: how many by nudges and by sweeps; ``sweeps``: one
    forward, one backward. ``names`` stand at the left, ``heads`` over the columns; ``large`` is the last column.
    ``top`` is the heads' baseline.
    """

    def __init__(
        self, passes: tuple[int, int], names: tuple[str, str], heads: tuple[str, str], top: float
    ) -> None:
        super().__init__()
        small, large = passes
        baselines = (top - ROW, top - 2 * ROW)
        self.names = VGroup(*(words(name, style.LABEL - 2) for name in names))
        widest = max(name.width for name in self.names)
        for name, baseline in zip(self.names, baselines, strict=True):
            name.place(baseline, right=widest)
        start, step = widest + 0.4, min(STEP, MOST_WIDTH / small)
        length = LENGTH * step / STEP
        ys = [baseline + 0.1 for baseline in baselines]
        self.nudges = VGroup(*(_arrow(start + k * step, ys[0], length, palette.text) for k in range(small)))
        there = _arrow(start, ys[1], length, palette.text)
        self.sweeps = VGroup(there, _arrow(start + step, ys[1], length, palette.orange, back=True))
        head = words(heads[0], style.TICK, palette.dim).place(top, left=start)
        x = max(head.get_right()[0], self.nudges.get_right()[0] + 0.8)
        self.small_counts = _counts(small, baselines, x)
        far = words(heads[1], style.TICK, palette.dim).place(top, left=x + COLUMN_GAP)
        self.large = VGroup(far, *_counts(large, baselines, far.get_right()[0]))
        self.head = head
        self.add(self.names, self.head, self.nudges, self.sweeps, self.small_counts, self.large)
        self.shift([-self.get_center()[0], 0, 0])


def _counts(passes: int, baselines: tuple[float, float], right: float) -> VGroup:
    """How many passes by nudges, and two by sweeps, one below the other."""
    return VGroup(
        words(number_text(passes), style.LABEL).place(baselines[0], right=right),
        words("2", style.LABEL, palette.orange).place(baselines[1], right=right),
    )


def _arrow(x: float, y: float, length: float, color: ManimColor, back: bool = False) -> VGroup:
    """A small arrow from x to the right, or the other way on the same place."""
    shaft = segment((x, y, 0), (x + length * 0.6, y, 0), color, 2.6)
    head = Triangle(color=color, fill_opacity=1, stroke_width=0).rotate(-np.pi / 2)
    head.stretch_to_fit_width(length * 0.5).stretch_to_fit_height(0.15).move_to([x + length * 0.75, y, 0])
    arrow = VGroup(shaft, head)
    return arrow.rotate(np.pi) if back else arrow
