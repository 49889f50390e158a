"""Networks to choose from: a column each with its two losses, its name below, a frame around the one that is taken."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from gradreel.core.results import Result
from gradreel.scenes import style
from gradreel.scenes.mobjects.bars import SEEN, UNSEEN, Columns, LossBar, loss_bars
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.style import PRESENT, emphasis, palette
from manim import Animation, RoundedRectangle, VGroup, VMobject

NAME_LINE = -2.0
MARGIN = 0.16  # between the frame and what it holds
LARGEST_VALUE, LABEL_ROOM = 32.0, 0.6


class ChoiceBars(VGroup):
    """Bars of the results' mean losses, filled for seen days and outlined for unseen ones.

    ``names`` stand under the columns, ``written`` writes a loss in views. Parts: ``axis``, ``names``, ``bars`` (a pair
    SEEN, UNSEEN for each network).
    """

    def __init__(self, results: Sequence[Result], names: Sequence[str], written: Callable[[float], str]) -> None:
        super().__init__()
        self.results = tuple(results)
        losses = [(result.training, result.unseen) for result in results]
        self.columns = Columns.holding([each for pair in losses for each in pair], len(results))
        self.bars = loss_bars(self.columns, losses, written, LARGEST_VALUE)
        self.axis = self.columns.axis()
        small = 30 if len(results) <= 5 else 26
        self.names = VGroup(
            *(words(name, small).place(NAME_LINE, center=self.columns.center(k)) for k, name in enumerate(names))
        )
        self.add(self.axis, self.names, *(bar for pair in self.bars for bar in pair))

    def side(self, side: int) -> list[LossBar]:
        """All bars for SEEN or for UNSEEN."""
        return [pair[side] for pair in self.bars]

    def grow(self, side: int, share: float) -> None:
        """Each bar of a side up to ``share`` of its mean, in place."""
        for bar in self.side(side):
            bar.grow(max(share, 1e-3))

    def side_label(self, side: int, text: str) -> TextMobject | None:
        """The word for a side, in the highest bar; None where it is too wide for a bar."""
        k = int(np.argmax([min(result.training.mean, result.unseen.mean) for result in self.results]))
        color = palette.background if side == SEEN else palette.text
        label = words(text, style.TICK, color)
        label.place(self.columns.bottom + 0.15, center=self.columns.slot(k, side))
        left, right = self.columns.bar(k, side)
        losses = self.side(side)[k].losses
        high = self.columns.y(min(losses.least, losses.mean)) - self.columns.bottom
        return label if label.width < right - left and high > LABEL_ROOM else None

    def choose(self, k: int) -> list[Animation]:
        """All but the unseen bar and the name of network ``k`` step back."""
        others = [*self.side(SEEN), *(bar for n, bar in enumerate(self.side(UNSEEN)) if n != k)]
        others += [name for n, name in enumerate(self.names) if n != k]
        return [emphasis(other, PRESENT) for other in others]

    def frame(self, k: int) -> VMobject:
        """A frame around column ``k`` and its name."""
        left, right = self.columns.panel(k)
        parts = VGroup(*self.bars[k], self.names[k])
        low, high = parts.get_bottom()[1] - MARGIN, parts.get_top()[1] + MARGIN
        frame = RoundedRectangle(corner_radius=0.12, width=right - left + 1.5 * MARGIN, height=high - low)
        return frame.set_stroke(palette.text, 2.4).move_to(((left + right) / 2, (low + high) / 2, 0))
