"""Two networks beside each other: where each has its name, its count and its curve, and what it draws of the red one.

Of those built by hand also how a curve bends, ReLU by ReLU, and how it is folded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from gradreel.core.analysis.equal_budget import Built, network_bends
from gradreel.core.datasets import CurveDataset
from gradreel.core.network.theta import predict
from gradreel.scenes import style
from gradreel.scenes.mobjects.network_diagram import LayerDiagram
from gradreel.scenes.mobjects.plot import Plot, dashed
from gradreel.scenes.mobjects.text import Number, TextMobject, words
from gradreel.scenes.mobjects.thin_diagram import thin_diagram
from gradreel.scenes.style import FULL, Box, emphasis, mix, palette
from manim import Animation, UpdateFromAlphaFunc, VGroup, VMobject
from numpy.typing import NDArray

SAMPLES = 513  # x at which a curve is drawn, besides its knots
HALF_WIDTH, HALF_X = 5.7, 3.5  # of each side's picture: how wide, and how far its middle is from the frame's
PLOT = (-2.6, -0.2)  # bottom, top of a side's curve
NAME_BASELINE = 2.4
BY_HAND, TALL = (0.1, 2.05), (-2.5, 2.0)  # of networks built by hand: over their curves; and while there are no curves
ALL_ROWS = 12  # of these networks: all of their ReLUs
RELU_RADIUS, RELU_SHARE = 0.14, 0.4  # of a ReLU at most: in scene units, and in pitches
COUNTS_BASELINE = -3.1
RED_WIDTH, BLUE_WIDTH = 9.0, 4.8
RED_SHARE = 0.48
TIP_LONG, TIP_WIDE = 0.16, 0.18  # of the arrowhead where blue leaves the plot
CROSSING = 0.06  # radius of a dot where blue crosses the line that it is folded at
ABOVE_SHARE = 0.45  # of blue, for what was folded down


@dataclass(frozen=True)
class Place:
    """Where one of two networks stands: the box of its curve, and the baseline of its name and its count over that."""

    box: Box
    baseline: float

    @property
    def center(self) -> float:
        return (self.box[0] + self.box[1]) / 2

    def name(self, text: str) -> TextMobject:
        return words(text, style.HEADING).place(self.baseline, left=self.box[0])

    def count(self, text: str) -> TextMobject:
        """How many parameters, at the right of the name."""
        return words(text, style.LABEL, palette.dim).place(self.baseline, right=self.box[1])


SIDES = [Place((x - HALF_WIDTH / 2, x + HALF_WIDTH / 2, *PLOT), NAME_BASELINE) for x in (-HALF_X, HALF_X)]
"""The fat network at the left, the deep one at the right."""


def by_hand(side: Place, hidden: Sequence[int], heights: tuple[float, float]) -> LayerDiagram:
    """A network built by hand on its ``side`` between these ``heights``; each ReLU as large as any other of as many."""
    left, right, *_ = side.box
    radius = min(RELU_RADIUS, RELU_SHARE * (heights[1] - heights[0]) / sum(hidden))
    return thin_diagram(hidden, (left + 0.2, right - 0.2, *heights), ALL_ROWS, radius)


def target_of(dataset: CurveDataset) -> tuple[NDArray, NDArray]:
    """x, with all knots in the range, and the curve's y there: (n,) each."""
    low, high = dataset.range
    knots = dataset.curve().x
    x = np.unique(np.concatenate([np.linspace(low, high, SAMPLES), knots[(knots >= low) & (knots <= high)]]))
    return x, np.asarray(dataset.curve()(x))


class Curves(VGroup):
    """The red curve in a ``box``, and over it what a network draws: ``plot``, ``red``, ``blue``.

    ``target``: x and y, (n,) each. ``draw`` sets blue.
    """

    def __init__(
        self,
        box: Box,
        target: tuple[NDArray, NDArray],
        y_range: tuple[float, float],
    ) -> None:
        super().__init__()
        self.x, self.y = target
        left, right, bottom, top = box
        x_range = (float(self.x[0]), float(self.x[-1]))
        self.plot = Plot(x_range, y_range, left=left, right=right, bottom=bottom, top=top, x_label=None)
        self.red = self.plot.curve(self.x, self.y, mix(palette.red, RED_SHARE), RED_WIDTH)
        self.blue = self.plot.curve(self.x, self.y, palette.blue, BLUE_WIDTH)
        self.tip = VMobject(stroke_width=0, fill_color=palette.blue, fill_opacity=1)
        self.blue.add(self.tip)
        self.add(self.plot, self.red, self.blue)

    def draw(self, y: NDArray) -> Curves:
        """Blue alone is ``y`` (n,), up to where it leaves the plot; an arrowhead before that says that it goes on."""
        low, high = self._ends()
        outside = np.flatnonzero((y < low) | (y > high))
        self.tip.points = np.zeros((0, 3))
        if not len(outside) or outside[0] == 0:
            self.plot.set_curve(self.blue, self.x, y)
            return self
        end = int(outside[0])
        edge = low if y[end] < low else high
        share = np.clip((edge - y[end - 1]) / (y[end] - y[end - 1]), 0.0, 1.0)
        x = self.x[end - 1] + share * (self.x[end] - self.x[end - 1])
        self.plot.set_curve(self.blue, np.append(self.x[:end], x), np.append(y[:end], edge))
        self._point(self.plot.at(self.x[end - 1 : end + 1], y[end - 1 : end + 1]))
        return self

    def _ends(self) -> tuple[float, float]:
        """The lowest and the highest y at which blue ends, so that its arrowhead, too, stays in the plot."""
        low, high = self.plot.y_range
        *_, bottom, top = self.plot.box
        head = TIP_LONG * (high - low) / (top - bottom)
        return low + head, high - head

    def _point(self, way: NDArray) -> None:
        """The arrowhead stands at blue's end and points along ``way``, from its first point (2, 3) to its second."""
        along = (way[1] - way[0]) / np.linalg.norm(way[1] - way[0])
        across = np.array([-along[1], along[0], 0.0]) * TIP_WIDE / 2
        end = self.blue.get_end()
        self.tip.set_points_as_corners([end + across, end + TIP_LONG * along, end - across, end + across])

    def crease(self, y: float, word: str) -> VGroup:
        """A dashed line at ``y`` across the plot, and its ``word`` at its left: where blue is going to be folded."""
        left, right, *_ = self.plot.box
        height = self.plot.at(0, y)[1]
        line = dashed((left, height, 0), (right, height, 0), palette.text, style.BOX, dash=0.12)
        return VGroup(line, words(word, style.LABEL).place(height - 0.1, right=left - 0.08))

    def above(self, y: NDArray, height: float) -> VGroup:
        """The parts of ``y`` (n,) above ``height``, faint: what lay there before it was folded."""
        over = np.concatenate([[False], y > height, [False]]).astype(int)
        starts, ends = np.flatnonzero(np.diff(over) == 1), np.flatnonzero(np.diff(over) == -1)
        faint = mix(palette.blue, ABOVE_SHARE)
        runs = [(max(a - 1, 0), min(b + 1, len(y))) for a, b in zip(starts, ends, strict=True)]
        pieces = (self.plot.curve(self.x[a:b], np.maximum(y[a:b], height), faint, style.GHOST_CURVE) for a, b in runs)
        return VGroup(*pieces)

    def crossings(self, y: NDArray, height: float) -> VGroup:
        """A dot wherever ``y`` (n,) crosses ``height``."""
        over = y - height
        before = np.flatnonzero(over[:-1] * over[1:] < 0)
        share = over[before] / (over[before] - over[before + 1])
        at = self.x[before] + share * (self.x[before + 1] - self.x[before])
        at = np.sort(np.append(at, self.x[over == 0]))
        return VGroup(*(self.plot.dot(x, height, palette.text, CROSSING) for x in at))


class Counts(VGroup):
    """Names, each with a live number behind it, in a row around ``center``: "ReLUs 4   bends 4". ``numbers``."""

    def __init__(
        self,
        names: Sequence[str],
        largest: Sequence[float],
        center: float,
        decimals: int = 0,
        baseline: float = COUNTS_BASELINE,
    ) -> None:
        super().__init__()
        texts = [words(name, style.LABEL, palette.dim) for name in names]
        self.numbers = [Number(value, decimals, style.HEADING) for value in largest]
        widths = [text.width + 0.2 + number.width for text, number in zip(texts, self.numbers, strict=True)]
        x = center - (sum(widths) + 0.6 * (len(widths) - 1)) / 2
        for text, number, width in zip(texts, self.numbers, widths, strict=True):
            text.place(baseline, left=x)
            number.place(baseline, right=x + width)
            x += width + 0.6
        self.add(*texts, *self.numbers)

    def show(self, *values: float) -> Counts:
        for number, value in zip(self.numbers, values, strict=True):
            number.set_value(value)
        return self


# -- one layer, bend by bend -----------------------------------------------------------------------------------


def drawn_by(whole: Built, x: NDArray, relus: float) -> NDArray:
    """What the first ``relus`` ReLUs of one layer draw over x, (n,); between two numbers one is coming in."""
    features = whole.network.dataset.features_at(x)
    return np.asarray(predict(whole.network, _with_relus(whole, relus)[None], features)[0])


def count_bends(built: Built, relus: int | None = None) -> int:
    """How often it bends; of one layer, its first ``relus`` ReLUs alone."""
    return len(network_bends(built.network, built.theta if relus is None else _with_relus(built, relus)))


def bending(diagram: LayerDiagram, curves: Curves, whole: Built, k: int) -> list[Animation]:
    """ReLU ``k`` (from 1) comes in: it lights up in the diagram, and the blue curve bends."""

    def update(_: VMobject, share: float) -> None:
        bent = share**3  # a long straight line turns slowly at first: its end is far away
        curves.draw(drawn_by(whole, curves.x, k - 1 + bent))

    lights = [emphasis(part, FULL) for part in neuron(diagram, k - 1)]
    return [*lights, UpdateFromAlphaFunc(curves.blue, update)]


def _with_relus(whole: Built, relus: float) -> NDArray:
    """theta (P,) of one layer's first ``relus`` ReLUs: the others' c are 0."""
    theta, width = whole.theta.copy(), whole.network.hidden[0]
    theta[2 * width : 3 * width] *= np.clip(relus - np.arange(width), 0.0, 1.0)
    return theta


def neuron(diagram: LayerDiagram, k: int) -> list[VMobject]:
    """The k-th neuron of the one layer and its lines, if it is drawn."""
    nodes = diagram.columns[1].nodes
    if k not in nodes:
        return []
    return [nodes[k], *diagram.edges[0].into(k), *diagram.edges[1].out_of(k)]
