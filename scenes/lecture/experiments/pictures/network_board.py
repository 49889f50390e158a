"""Networks in columns side by side: as dots, one for each ReLU, then two bars each, of learned and validation days."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from gradreel.core.analysis.results import Result
from gradreel.scenes import style
from gradreel.scenes.lecture.experiments.pictures.loss_bars import SEEN, SIDES, UNSEEN, Columns, LossBar, loss_bars
from gradreel.scenes.lecture.relu_blocks import networks_as_dots
from gradreel.scenes.mobjects.plot import dashed
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.style import mix, palette
from manim import Rectangle, VGroup, VMobject

NAME_LINE = -2.68  # baseline under the columns
NAMES = (32.0, 26.0)  # of a network's name: with few columns, with many
FEW = 4
PICTURE = 0.3  # free above and below the blocks of dots
FLOOR_BEYOND = 0.07  # of a mark, at both sides of its bar
STOPPED = 0.16  # from the bars' foot to the word for it
KEY_LINE, KEY, KEY_GAP, KEY_APART = 2.56, 0.24, 0.14, 0.5  # baseline of what bars are; a sample; after it; between two


class NetworkBoard:
    """What stands in the columns of ``results``, each at its place; a scene shows one after another. No mobject itself.

    ``blocks``: each network as dots, the linear model as its formula; ``names`` under them. ``bars``: a pair SEEN,
    UNSEEN, of all its runs. ``floor``: what the rule alone misses the learned days by, whose marks numbers keep off.
    ``written`` writes a loss in views.
    """

    def __init__(
        self,
        results: Sequence[Result],
        names: Sequence[str],
        written: Callable[[float], str],
        floor: float | None = None,
    ) -> None:
        losses = [(result.training, result.validation) for result in results]
        self.columns = columns = Columns.holding([each for pair in losses for each in pair], len(results))
        self.axis, self.floor = columns.axis(), floor
        self.bars = loss_bars(columns, losses, written, floor)
        size = NAMES[len(results) > FEW]
        self.names = VGroup(
            *(words(name, size).place(NAME_LINE, center=columns.center(k)) for k, name in enumerate(names))
        )
        left, right = columns.panel(0)
        height, middle = columns.top - columns.bottom, (columns.bottom + columns.top) / 2
        centers = [np.array([columns.center(k), middle, 0.0]) for k in range(len(results))]
        hidden = [result.network.hidden for result in results]
        self.blocks = networks_as_dots(hidden, centers, right - left, height - 2 * PICTURE)

    def side(self, side: int) -> list[LossBar]:
        """The bars of a side, from the first network to the last."""
        return [pair[side] for pair in self.bars]

    def floor_marks(self, side: int, floor: float) -> VGroup:
        """Return a dashed line across each bar of a side at ``floor``, the rule's own loss in views."""
        y = self.columns.y(floor)
        ends = [((bar.left - FLOOR_BEYOND, y, 0.0), (bar.right + FLOOR_BEYOND, y, 0.0)) for bar in self.side(side)]
        return VGroup(*(dashed(*pair, palette.text, 3.0) for pair in ends))

    def stopped(self, text: str) -> VGroup:
        """``text`` at the foot of each outlined bar."""
        baseline = self.columns.bottom + STOPPED
        return VGroup(
            *(words(text, style.TICK).place(baseline, center=(bar.left + bar.right) / 2) for bar in self.side(UNSEEN))
        )

    @staticmethod
    def keys(texts: Sequence[str]) -> list[VGroup]:
        """What a filled bar is, an outlined one and, with a third text, the floor's line: in one row over the bars."""
        keys: list[VGroup] = []
        left = style.LEFT_EDGE
        for kind, text in enumerate(texts):
            if kind in SIDES:
                fill = palette.blue if kind == SEEN else mix(palette.blue, 0.13)
                sample: VMobject = Rectangle(width=KEY, height=KEY, stroke_color=palette.blue, stroke_width=style.BOX)
                sample.set_fill(fill, 1)
            else:
                sample = dashed((0, 0, 0), (2 * KEY, 0, 0), palette.text, 3.0)
            name = words(text, style.TICK).place(KEY_LINE, left=left + sample.width + KEY_GAP)
            sample.move_to((left + sample.width / 2, KEY_LINE + 0.09, 0.0))
            keys.append(VGroup(sample, name))
            left = float(name.get_right()[0]) + KEY_APART
        return keys
