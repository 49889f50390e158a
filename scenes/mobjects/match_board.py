"""Two networks side by side: each with its name, its diagram, its curve and its loss; then their losses by seed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.network_diagram import LayerDiagram
from gradreel.scenes.mobjects.plot import Plot, dashed, segment
from gradreel.scenes.mobjects.text import Number, TextMobject, formula, words
from gradreel.scenes.mobjects.ticks import number_text
from gradreel.scenes.style import mix, palette
from manim import Dot, VGroup, VMobject
from numpy.typing import NDArray

HALF_WIDTH, HALF_X = 5.7, 3.5  # of each side's picture: how wide, and how far its middle is from the frame's
NAME_BASELINE, COUNT_BASELINE = 2.4, 2.4
DIAGRAM = (0.5, 2.05)  # bottom, top
PLOT = (-2.55, -0.35)
PAIRS = (-2.95, -0.45)  # the axis of losses
LOSS_BASELINE = -3.1
LINE_WIDTH, LINE_SHARE = 1.1, 0.55
ROWS = 9  # nodes drawn in a column
TICK_X = -5.85  # right edge of the losses' axis labels
LEAST_LOSS = 1e-12  # what is drawn of a loss of 0


class Side(VGroup):
    """One network: ``name``, ``count`` (of its parameters), ``diagram``, ``plot``, ``red``, ``blue``, ``loss``.

    Made around x = ``center``; it is not on the screen as a whole: a scene brings each part when it is spoken of.
    """

    def __init__(
        self,
        hidden: Sequence[int],
        texts: tuple[str, str, str],
        target: tuple[NDArray, NDArray],
        y_range: tuple[float, float],
        losses: tuple[float, int],
        center: float,
    ) -> None:
        """``texts``: name, count and the word loss; ``target``: x, y; ``losses``: the largest, and decimals."""
        super().__init__()
        left, right = center - HALF_WIDTH / 2, center + HALF_WIDTH / 2
        name, count, loss = texts
        self.center_x = center
        self.name = words(name, style.HEADING).place(NAME_BASELINE, left=left)
        self.count = words(count, style.LABEL, palette.dim).place(COUNT_BASELINE, right=right)
        self.diagram = LayerDiagram((1, *hidden, 1), (left + 0.2, right - 0.2, *DIAGRAM), most=ROWS)
        x, y = target
        for column in self.diagram.columns[1:-1]:
            if not column.is_abbreviated:
                width = words(number_text(column.width_of_layer), style.TICK + 2, palette.dim)
                column.add(width.place(column.get_bottom()[1] - 0.42, center=column.x))
        for edges in self.diagram.edges:  # many lines in little room: thin, so that they stay lines
            for line in edges:
                line.set_stroke(mix(edges.color_of_weights, LINE_SHARE), width=LINE_WIDTH)
        self.plot = Plot(
            (float(x[0]), float(x[-1])), y_range, left=left, right=right, bottom=PLOT[0], top=PLOT[1], x_label=None
        )
        self.red = self.plot.curve(x, y, mix(palette.red, 0.48), style.BAND)
        self.x = x
        self.blue = self.plot.curve(x, y, palette.blue, style.SECOND_CURVE)
        self.loss_word = words(loss, style.LABEL, palette.dim)
        self.loss = Number(losses[0], losses[1], 32, face="math")
        width = self.loss_word.width + 0.2 + self.loss.width
        self.loss_word.place(LOSS_BASELINE, left=center - width / 2)
        self.loss.place(LOSS_BASELINE, right=center + width / 2)
        self.add(self.name, self.count, self.diagram, self.plot, self.red, self.blue, self.loss_word, self.loss)

    def show(self, y: NDArray, loss: float) -> None:
        """The network draws ``y`` over the target's x, and its loss is ``loss``."""
        self.plot.set_curve(self.blue, self.x, y)
        self.loss.set_value(loss)


class LossPairs(VGroup):
    """Losses on a log axis: a dot for each run of the left network, one for the right one, a line joins equal seeds.

    A line that falls is solid: the right network ended lower. The first seed's run is the one that was shown; its dots
    wear rings. Parts: ``axis`` (ticks, word), ``pairs`` (one group a seed).
    """

    def __init__(self, left: NDArray, right: NDArray, word: str) -> None:
        super().__init__()
        logs = np.log10(np.maximum(np.stack([left, right]), LEAST_LOSS))  # (2, S)
        low, high = float(np.floor(logs.min())), float(np.ceil(logs.max()))
        self.range = (low, high if high > low else low + 1)
        self.axis = self._axis(word)
        self.pairs = [self._pair(*pair, shown=seed == 0) for seed, pair in enumerate(zip(*logs, strict=True))]
        self.add(self.axis, *self.pairs)

    def height(self, log: float) -> float:
        """The y of a loss whose logarithm (base 10) is ``log``."""
        low, high = self.range
        return float(PAIRS[0] + (log - low) / (high - low) * (PAIRS[1] - PAIRS[0]))

    def _axis(self, word: str) -> VGroup:
        low, high = (int(end) for end in self.range)
        step = -(-(high - low) // 4)
        axis = VGroup()
        for power in range(low, high + 1, step):
            y = self.height(power)
            axis.add(segment((TICK_X + 0.15, y, 0), (style.RIGHT_EDGE, y, 0), mix(palette.axis, 0.28), style.GUIDE))
            axis.add(_power(power).place(y - 0.09, right=TICK_X + 0.1))
        axis.add(words(word, style.TICK, palette.dim).place(PLOT[1] + 0.14, left=style.LEFT_EDGE))
        return axis

    def _pair(self, left: float, right: float, shown: bool) -> VGroup:
        ends = [np.array([x, self.height(log), 0.0]) for x, log in ((-HALF_X, left), (HALF_X, right))]
        falls = right < left
        color = palette.blue if falls else palette.dim
        line: VMobject
        line = segment(*ends, color, 3.0) if falls else dashed(*ends, color, 2.4, dash=0.12)
        dots = [Dot(end, radius=0.1, color=palette.blue) for end in ends]
        if shown:
            for dot in dots:
                dot.set_stroke(palette.text, 3.0)
                dot.scale(1.3)
        return VGroup(line, *dots)


def _power(exponent: int) -> TextMobject:
    """10^exponent; 1 and 10 as such."""
    source = {0: "1", 1: "10"}.get(exponent, f"10^({exponent})")
    return formula(source, style.LETTER - 3, palette.dim)
