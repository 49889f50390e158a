"""Networks in columns side by side: first as dots, then the lines of a run over the epochs, then bars of all runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
from gradreel.core.analysis.results import Result
from gradreel.scenes import style
from gradreel.scenes.lecture.experiments.pictures.loss_bars import Columns, LossBar, loss_bars
from gradreel.scenes.lecture.experiments.pictures.loss_scale import floor_legend, loss_grid, loss_labels
from gradreel.scenes.lecture.experiments.pictures.relu_blocks import networks_as_dots
from gradreel.scenes.mobjects.loss_lines import above_the_picture, below
from gradreel.scenes.mobjects.plot import Plot, dashed, ring
from gradreel.scenes.mobjects.rising_curve import RisingCurve
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.mobjects.ticks import Ticks
from gradreel.scenes.style import palette
from gradreel.scenes.words.numbers import number_text
from manim import VGroup, VMobject
from numpy.typing import NDArray

SIDE_LINE, NAME_LINE, BELOW_NAME = -1.83, -2.33, -2.78  # baselines under the columns
WIDE_COLUMNS = 4  # with more networks than this, words are short
PICTURE = 0.3  # free above and below the blocks of dots
KINDS = ("validation", "training")
WAY_LEAST, BESIDE, NEAR = 0.3, 0.18, 0.12  # an arrow worth drawing; room at the sides of a number, above and below
CLEAR = 0.12  # more between the ticks' numbers and their lines: there the first network's dot begins
FLOOR_BEYOND, FLOOR_WORDS = 0.05, 0.1  # of a mark, at both sides of its bar; of its words, from the columns' top
DASH = 0.11
LABEL_WIDTH = 1.1  # of such words, at most
LABEL_ROOM, LABELS_APART = 0.6, 0.36  # under the lower line for its word; from one word's baseline to the other's

Line: TypeAlias = tuple[NDArray, NDArray]
"""Epochs and losses in views, (n,) each."""


class WidthBoard:
    """What stands in the columns of ``results``, each at its place; a scene shows one after another. No mobject itself.

    ``blocks``: each network as dots, the linear model as its formula. ``panels``: the ``lines`` of one of its runs, on
    seen and on validation days, up to epoch ``last``. ``bars``: a pair SEEN, UNSEEN, of all its runs. ``written``
    writes a loss in views.
    """

    def __init__(
        self,
        results: Sequence[Result],
        lines: Sequence[tuple[Line, Line]],
        last: int,
        written: Callable[[float], str],
    ) -> None:
        losses = [(result.training, result.validation) for result in results]
        self.columns = columns = Columns.holding([each for pair in losses for each in pair], len(results))
        self.many = len(results) > WIDE_COLUMNS
        self.axis = columns.axis()
        self.ticks = columns.ticks(written)
        self.panels = [LossPanel(columns, k, *pair, last, self.ticks) for k, pair in enumerate(lines)]
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
        return loss_labels(self.ticks, columns.y, columns.panel(0)[0] - CLEAR, columns.top, name)

    def epochs(self, run: str) -> VGroup:
        """Under each panel, the first and the last epoch; between them, if there is room, that it is one ``run``."""
        ends = [panel.epochs(SIDE_LINE) for panel in self.panels]
        names = [words(run, style.TICK, palette.dim) for _ in ends]
        for (first, last), name in zip(ends, names, strict=True):
            left, right = float(first.get_right()[0]), float(last.get_left()[0])
            name.place(SIDE_LINE, center=(left + right) / 2)
        fits = names[0].width < float(ends[0][1].get_left()[0] - ends[0][0].get_right()[0]) - 2 * BESIDE
        return VGroup(*ends, *(names if fits else []))

    # -- lines -----------------------------------------------------------------------------------------------------

    def show(self, epoch: float, *kinds: str) -> None:
        """Every line of these kinds, of both without any, up to ``epoch``."""
        for panel in self.panels:
            for kind in kinds or KINDS:
                panel.show(epoch, kind)

    def lines(self, kind: str) -> VGroup:
        """Every line of a kind and its tip, panel by panel."""
        return VGroup(*(VGroup(getattr(panel, kind), getattr(panel, f"{kind}_tip")) for panel in self.panels))

    def parting(self) -> LossPanel:
        """The panel whose two lines end farthest apart."""
        return max(self.panels, key=lambda panel: abs(panel.validation.end()[1] - panel.training.end()[1]))

    def last_above(self, kind: str) -> float:
        """The epoch after which no line of this kind is above the picture."""
        return max(float(getattr(panel, kind).data_x[0]) for panel in self.panels)

    # -- bars ------------------------------------------------------------------------------------------------------

    def every_bar(self) -> list[LossBar]:
        """Column by column, seen before unseen."""
        return [bar for pair in self.bars for bar in pair]

    def level(self, side: int) -> VGroup:
        """The smallest network's mean on this side, dashed across the others' columns.

        A bar whose number stands at that height is left out from side to side: the line would strike it through.
        """
        first, last = self.bars[0][side], self.bars[-1][side]
        y = self.columns.y(first.losses.mean)
        ends = [first.right]
        for bar in self.every_bar():
            value = bar.value
            if bar.left > first.right and value.get_bottom()[1] - NEAR < y < value.get_top()[1] + NEAR:
                ends += [min(value.get_left()[0] - BESIDE, bar.left), max(value.get_right()[0] + BESIDE, bar.right)]
        ends.append(last.right)
        return VGroup(
            *(
                dashed((left, y, 0.0), (right, y, 0.0), palette.text)
                for left, right in zip(ends[::2], ends[1::2], strict=True)
                if right > left
            )
        )

    def floor_mark(self, bar: LossBar, views: float) -> VMobject:
        """A dashed line across a bar, at the loss of one who knows the rule."""
        y = self.columns.y(views)
        return dashed((bar.left - FLOOR_BEYOND, y, 0.0), (bar.right + FLOOR_BEYOND, y, 0.0), palette.text)

    def floor_words(self, text: str) -> VGroup:
        """What the `floor_mark` of each bar is: the words and such a dash before them, at the top right."""
        return floor_legend(text, self.columns.top + FLOOR_WORDS)


class LossPanel(VGroup):
    """The losses of one run from left to right, up to the epoch ``last``, in the scale of ``columns``.

    Parts: ``grid`` (lines at the ticks), ``training`` and ``validation`` (RisingCurve), and their ends,
    ``training_tip`` and ``validation_tip``.
    What lies above the picture is left out: a line comes in from above, and until then its tip is an arrow's head.
    """

    def __init__(self, columns: Columns, k: int, training: Line, validation: Line, last: int, ticks: Ticks) -> None:
        super().__init__()
        left, right = columns.panel(k)
        box = {"left": left, "right": right, "bottom": columns.bottom, "top": columns.top}
        self.plot = Plot((0.0, float(last)), (0.0, columns.most), **box, x_label=None)  # for its coordinates
        self.grid = loss_grid(ticks, columns.y, left, right)
        self.training, self.validation = self._curve(training, 0.0), self._curve(validation, DASH)
        self.training_tip = ring(self.training.end(), 0.1, palette.text, fill=palette.blue)
        self.validation_tip = ring(self.validation.end(), 0.1, palette.blue)
        self.disc = self.validation_tip.points
        self.add(self.grid, self.training, self.validation, self.training_tip, self.validation_tip)

    def epochs(self, baseline: float) -> VGroup:
        """The first epoch and the last one, under the ends of the picture."""
        (left, right), last = self.plot.box[:2], self.plot.x_range[1]
        first, end = (words(number_text(count), style.TICK, palette.dim) for count in (0, int(last)))
        return VGroup(first.place(baseline, left=left), end.place(baseline, right=right))

    def _curve(self, line: Line, dash: float) -> RisingCurve:
        x, y = below(*line, self.plot.y_range[1])
        return RisingCurve(self.plot, x, y, palette.blue, style.SMALL_CURVE - (0.8 if dash else 0.0), dash)

    def show(self, epoch: float, name: str) -> None:
        """Draw the line ``name`` ("training" or "validation") up to ``epoch``, its tip at the end."""
        curve: RisingCurve = getattr(self, name)
        curve.show(epoch)
        tip: VMobject = getattr(self, f"{name}_tip")
        tip.set_points(above_the_picture() if curve.tip is None else self.disc)
        tip.move_to(curve.corners[0] if curve.tip is None else curve.tip)

    def label(self, name: str, text: str) -> TextMobject:
        """The word for a line at its end: over the upper line; the lower one's under it, between the two or over both.

        The first of these places that has room.
        """
        lower, upper = sorted(("training", "validation"), key=lambda line: float(getattr(self, line).end()[1]))
        under = getattr(self, lower).end()[1] - self.plot.box[2] > LABEL_ROOM
        between = self._extreme(upper, -1.0) - self._extreme(lower, 1.0) > LABEL_ROOM
        over_both = max(self._extreme(upper, 1.0), self._extreme(lower, 1.0)) + 0.2
        if name == upper:
            baseline = self._extreme(upper, 1.0) + 0.2 if under or between else over_both + LABELS_APART
        elif under:
            baseline = self._extreme(lower, -1.0) - 0.38
        else:
            baseline = self._extreme(lower, 1.0) + 0.2 if between else over_both
        return words(text, style.TICK, palette.blue).place(baseline, right=self._label_right())

    def _extreme(self, name: str, sign: float) -> float:
        """The line's lowest (``sign`` -1) or highest y in the part of the panel that its label stands in."""
        corners, right = getattr(self, name).corners, self._label_right()
        part = corners[(corners[:, 0] > right - LABEL_WIDTH) & (corners[:, 0] <= right)][:, 1]
        return float(sign * np.max(sign * part))

    def _label_right(self) -> float:
        """Where labels end: with the lines, which may stop before the panel does."""
        return max(float(self.training.end()[0]), self.plot.box[0] + LABEL_WIDTH)
