"""Networks in columns side by side: first as dots, then the lines of a run over the epochs, then bars of all runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from gradreel.core.results import Result
from gradreel.scenes import style
from gradreel.scenes.mobjects.bars import SEEN, UNSEEN, Columns, LossBar, loss_bars
from gradreel.scenes.mobjects.loss_lines import Line, LossPanel
from gradreel.scenes.mobjects.loss_scale import loss_labels
from gradreel.scenes.mobjects.plot import dashed, polyline
from gradreel.scenes.mobjects.relu_blocks import networks_as_dots
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.style import palette
from manim import VGroup

SIDE_LINE, NAME_LINE, BELOW_NAME = -1.83, -2.33, -2.78  # baselines under the columns
WIDE_COLUMNS = 4  # with more networks than this, words are short
PICTURE = 0.3  # free above and below the blocks of dots
KINDS = ("unseen", "training")  # the solid line in front
GAP_LEAST, GAP_RIGHT = 0.3, 0.04  # a gap worth drawing; how far right of its bars, as a share of a column


class WidthBoard:
    """What stands in the columns of ``results``, each at its place; a scene shows one after another. No mobject itself.

    ``blocks``: each network as dots, the linear model as its formula. ``panels``: the ``lines`` of one of its runs, on
    seen and on unseen days. ``bars``: a pair SEEN, UNSEEN, of all its runs. ``written`` writes a loss in views.
    """

    def __init__(
        self, results: Sequence[Result], lines: Sequence[tuple[Line, Line]], written: Callable[[float], str]
    ) -> None:
        losses = [(result.training, result.unseen) for result in results]
        self.columns = columns = Columns.holding([each for pair in losses for each in pair], len(results))
        self.many = len(results) > WIDE_COLUMNS
        self.axis = columns.axis()
        self.ticks = columns.ticks(written)
        self.panels = [LossPanel(columns, k, *pair, self.ticks) for k, pair in enumerate(lines)]
        self.bars = loss_bars(columns, losses, written)
        left, right = columns.panel(0)
        height, middle = columns.top - columns.bottom, (columns.bottom + columns.top) / 2
        centers = [np.array([columns.center(k), middle, 0.0]) for k in range(len(results))]
        hidden = [result.network.hidden for result in results]
        self.blocks = networks_as_dots(hidden, centers, right - left, height - 2 * PICTURE)

    # -- words -----------------------------------------------------------------------------------------------------

    def names(self, texts: Sequence[str]) -> VGroup:
        """What stands under the columns."""
        return self._under(texts, NAME_LINE, lambda text: words(text, 26 if self.many else 32))

    def sizes(self, texts: Sequence[str], beside: str) -> VGroup:
        """What stands under the names; the word ``beside`` them at the left where columns are ``many``."""
        sizes = self._under(texts, BELOW_NAME, lambda text: words(text, style.CAPTION, palette.dim))
        if self.many:
            sizes.add(words(beside, style.CAPTION, palette.dim).place(BELOW_NAME, left=style.LEFT_EDGE))
        return sizes

    def _under(self, texts: Sequence[str], baseline: float, write: Callable[[str], TextMobject]) -> VGroup:
        return VGroup(*(write(t).place(baseline, center=self.columns.center(k)) for k, t in enumerate(texts)))

    def side_names(self, side: int, text: str) -> list[TextMobject]:
        """The word under each bar of a side."""
        slots = [self.columns.slot(k, side) for k in range(self.columns.count)]
        return [words(text, style.TICK, palette.dim).place(SIDE_LINE, center=slot) for slot in slots]

    def scale_labels(self, name: str) -> VGroup:
        """The ticks' numbers left of the first column, and above them what they measure."""
        columns = self.columns
        return loss_labels(self.ticks, columns.y, columns.panel(0)[0], columns.top, name)

    # -- lines -----------------------------------------------------------------------------------------------------

    def show(self, epoch: float) -> None:
        """Every line up to ``epoch``."""
        for panel in self.panels:
            for kind in KINDS:
                panel.show(epoch, kind)

    def lines(self) -> VGroup:
        """Every line and its tip, panel by panel, the solid one in front."""
        return VGroup(
            *(VGroup(getattr(panel, kind), getattr(panel, f"{kind}_tip")) for panel in self.panels for kind in KINDS)
        )

    # -- bars ------------------------------------------------------------------------------------------------------

    def every_bar(self) -> list[LossBar]:
        """Column by column, seen before unseen."""
        return [bar for pair in self.bars for bar in pair]

    def gap(self, k: int) -> VGroup | None:
        """From the filled bar's top up to the outlined one's; None where that is too little to be seen.

        Dashed the level of the filled bar, across the outlined one; a bracket right of both, open towards them.
        """
        seen, unseen = self.bars[k][SEEN], self.bars[k][UNSEEN]
        low, high = (self.columns.y(bar.losses.mean) for bar in (seen, unseen))
        if high - low < GAP_LEAST:
            return None
        x = unseen.right + GAP_RIGHT * self.columns.width
        level = dashed((seen.right, low, 0.0), (unseen.right, low, 0.0), palette.text)
        corners = [(unseen.right, low), (x, low), (x, high), (unseen.right, high)]
        bracket = polyline(np.array([[*corner, 0.0] for corner in corners]), palette.text, style.BOX)
        return VGroup(level, bracket)
