"""Two networks side by side: names, diagrams, what each draws of the red curve, what is left; then all their starts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.core.datasets import CurveDataset
from gradreel.scenes import style
from gradreel.scenes.mobjects.network_diagram import LayerDiagram
from gradreel.scenes.mobjects.plot import Plot, dashed
from gradreel.scenes.mobjects.text import Number, TextMobject, words
from gradreel.scenes.style import mix, palette
from manim import UP, RoundedRectangle, VGroup, VMobject
from numpy.typing import NDArray

SAMPLES = 513  # x at which a curve is drawn, besides its knots
HALF_WIDTH, HALF_X = 5.7, 3.5  # of each side's picture: how wide, and how far its middle is from the frame's
NAME_BASELINE = 2.4
DIAGRAM = (0.45, 2.0)  # bottom, top
BY_HAND, TALL = (0.1, 2.05), (-2.5, 2.0)  # of those built by hand, over their curves; and while there are no curves
RELU_RADIUS, RELU_SHARE = 0.14, 0.4  # of a ReLU at most: in scene units, and in pitches
PLOT = (-2.6, -0.2)
COUNTS_BASELINE = -3.1
LINE_WIDTH, LINE_SHARE = 1.3, 0.5
ROWS = 8  # nodes drawn in a column at most
ALL_ROWS = 12  # of networks built by hand: all of their ReLUs
WIDE_ROWS = 5
LANE, BESIDE_LANE = (style.LEFT_EDGE, -0.75), (0.9, 5.7)  # left and right of a lane's curve, and of its diagram
DOT_RADIUS, DOT_SHARE = 0.028, 0.33  # of the dots for what is not drawn, and their distance in pitches
RED_WIDTH, BLUE_WIDTH = 9.0, 4.8
RED_SHARE = 0.48
TIP_LONG, TIP_WIDE = 0.16, 0.18  # of the arrowhead where blue leaves the plot
ABOVE_SHARE = 0.45  # of blue, for what was folded down
GAP_SHARE = 0.3  # of red, that the error between the curves is filled with
ROWS_OF_STARTS = ((0.5, 2.1), (-2.45, -0.85))  # bottom and top of the small plots, fat and deep
SMALL_LOSS = 30  # size of a small plot's loss
SMALL_GAP, SMALL_RED, SMALL_BLUE = 0.3, 4.0, 2.6
LOSS_DROP, NAME_RISE = 0.42, 0.32  # a small plot's loss is so far below it, a row's name so far above

Box = tuple[float, float, float, float]  # left, right, bottom, top


class Side:
    """One half of the picture, around x = ``center``: makes what stands there, at its place. No mobject itself."""

    def __init__(self, center: float) -> None:
        self.center = center
        self.left, self.right = center - HALF_WIDTH / 2, center + HALF_WIDTH / 2
        self.plot_box: Box = (self.left, self.right, *PLOT)

    def name(self, text: str) -> TextMobject:
        return words(text, style.HEADING).place(NAME_BASELINE, left=self.left)

    def count(self, text: str) -> TextMobject:
        """How many parameters, at the right of the name."""
        return words(text, style.LABEL, palette.dim).place(NAME_BASELINE, right=self.right)

    def by_hand(self, hidden: Sequence[int], heights: tuple[float, float]) -> LayerDiagram:
        """One of the networks built by hand, of as many ReLUs: between these ``heights``, each ReLU as large."""
        box = (self.left + 0.2, self.right - 0.2, *heights)
        radius = min(RELU_RADIUS, RELU_SHARE * (heights[1] - heights[0]) / sum(hidden))
        return thin_diagram(hidden, box, ALL_ROWS, radius)


class Lane:
    """One of two rows, the fat network's (0) above the deep one's (1): at the left its curve, at the right its diagram.

    The curves stand where the first start's will, and room for both losses is right of them. No mobject itself.
    """

    def __init__(self, row: int) -> None:
        self.bottom, self.top = ROWS_OF_STARTS[row]
        self.left, self.right = LANE
        self.plot_box: Box = (self.left, self.right, self.bottom, self.top)

    def name(self, text: str) -> TextMobject:
        return words(text, style.HEADING).place(self.top + NAME_RISE, left=self.left)

    def count(self, text: str) -> TextMobject:
        """How many parameters, at the right of the name."""
        return words(text, style.LABEL, palette.dim).place(self.top + NAME_RISE, right=self.right)

    def diagram(self, hidden: Sequence[int]) -> LayerDiagram:
        return thin_diagram(hidden, (*BESIDE_LANE, self.bottom + 0.1, self.top), WIDE_ROWS)

    def readout(self, name: str, largest: float, decimals: int) -> Counts:
        """A live number below the curve."""
        return Counts([name], [largest], (self.left + self.right) / 2, decimals, self.bottom - LOSS_DROP - 0.05)


def thin_diagram(hidden: Sequence[int], box: Box, rows: int = ROWS, radius: float | None = None) -> LayerDiagram:
    """A network on one feature; many lines in little room stay lines. ``radius``: of its nodes, else by the room."""
    diagram = LayerDiagram((1, *hidden, 1), box, most=rows)
    for column in diagram.columns:
        for k, dot in enumerate(column.dots):  # three, in the room between two small nodes
            dot.set(width=2 * DOT_RADIUS).move_to(column.dots[1].get_center() + (1 - k) * DOT_SHARE * column.pitch * UP)
        for node in column.nodes.values() if radius else ():
            node.scale(radius / node.radius).set_stroke(width=style.BOX)
            node.radius = node.half_width = radius
    many = max(hidden) > 4
    for edges in diagram.edges:
        for line in edges:
            line.set_stroke(mix(edges.color_of_weights, LINE_SHARE if many else 0.8), width=LINE_WIDTH)
    return diagram.spread([column.x for column in diagram.columns])


def target_of(dataset: CurveDataset) -> tuple[NDArray, NDArray]:
    """x, with all knots in the range, and the curve's y there: (n,) each."""
    low, high = dataset.range
    knots = dataset.curve().x
    x = np.unique(np.concatenate([np.linspace(low, high, SAMPLES), knots[(knots >= low) & (knots <= high)]]))
    return x, np.asarray(dataset.curve()(x))


class Curves(VGroup):
    """The red curve in a ``box``, and over it what a network draws: ``plot``, ``gap`` (the error), ``red``, ``blue``.

    ``target``: x and y, (n,) each. ``show`` sets blue, and fills what lies between the two.
    """

    def __init__(
        self,
        box: Box,
        target: tuple[NDArray, NDArray],
        y_range: tuple[float, float],
        widths: tuple[float, float] = (RED_WIDTH, BLUE_WIDTH),
    ) -> None:
        super().__init__()
        self.x, self.y = target
        left, right, bottom, top = box
        x_range = (float(self.x[0]), float(self.x[-1]))
        self.plot = Plot(x_range, y_range, left=left, right=right, bottom=bottom, top=top, x_label=None)
        self.red = self.plot.curve(self.x, self.y, mix(palette.red, RED_SHARE), widths[0])
        self.gap = VMobject(stroke_width=0, fill_color=mix(palette.red, GAP_SHARE), fill_opacity=1)
        self.blue = self.plot.curve(self.x, self.y, palette.blue, widths[1])
        self.tip = VMobject(stroke_width=0, fill_color=palette.blue, fill_opacity=1)
        self.blue.add(self.tip)
        self.add(self.plot, self.gap, self.red, self.blue)

    def show(self, y: NDArray) -> Curves:
        """The network draws ``y`` (n,); the error is filled."""
        self.plot.set_curve(self.blue, self.x, y)
        there, back = self.plot.at(self.x, self.y), self.plot.at(self.x, y)[::-1]
        self.gap.set_points_as_corners(np.vstack([there, back, there[:1]]))
        return self

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


class Starts(VGroup):
    """What all runs drew at their ends: a column a start, the fat network's row above the deep one's.

    ``curves[row][start]``, ``losses[row][start]`` (text), ``names``, ``wins`` (at the right of these, how often that
    network is better), ``frames``: round the better one of each pair.
    """

    def __init__(
        self,
        ends: tuple[NDArray, NDArray],
        target: tuple[NDArray, NDArray],
        y_range: tuple[float, float],
        names: Sequence[str],
        wins: Sequence[str],
        decimals: int,
    ) -> None:
        """``ends``: what is drawn, (2, S, n), and the losses, (2, S)."""
        super().__init__()
        drawn, losses = ends
        seeds = losses.shape[1]
        pitch = (style.RIGHT_EDGE - style.LEFT_EDGE + SMALL_GAP) / seeds
        width = min(pitch - SMALL_GAP, 3.4)
        lefts = style.LEFT_EDGE + pitch * np.arange(seeds)
        better = [int(losses[1, k] < losses[0, k]) if losses[0, k] != losses[1, k] else None for k in range(seeds)]
        self.curves, self.losses, self.frames = [], [], []
        self.names, self.wins = ([words(text, style.HEADING) for text in texts] for texts in (names, wins))
        for row, (bottom, top) in enumerate(ROWS_OF_STARTS):
            self.names[row].place(top + NAME_RISE, left=style.LEFT_EDGE)
            self.wins[row].place(top + NAME_RISE, right=style.RIGHT_EDGE)
            boxes = [(float(left), float(left + width), bottom, top) for left in lefts]
            self.curves.append([
                Curves(box, target, y_range, (SMALL_RED, SMALL_BLUE)).show(y)
                for box, y in zip(boxes, drawn[row], strict=True)
            ])  # fmt: skip
            self.losses.append([
                self._loss(losses[row, k], decimals, box) for k, box in enumerate(boxes)
            ])  # fmt: skip
        for k, row in enumerate(better):
            if row is not None:
                self.frames.append(self._frame(VGroup(self.curves[row][k], self.losses[row][k])))
        self.add(*self.names, *self.wins, *(VGroup(*row) for row in (*self.curves, *self.losses)), *self.frames)

    def _loss(self, loss: float, decimals: int, box: Box) -> TextMobject:
        left, right, bottom, _ = box
        return words(f"{loss:.{decimals}f}", SMALL_LOSS).place(bottom - LOSS_DROP, center=(left + right) / 2)

    def _frame(self, inside: VGroup) -> RoundedRectangle:
        box = inside[0].plot.box
        frame = RoundedRectangle(
            corner_radius=0.1,
            width=box[1] - box[0] + 0.2,
            height=box[3] - box[2] + LOSS_DROP + 0.24,
            color=palette.text,
            stroke_width=style.BOX,
        )
        return frame.move_to([(box[0] + box[1]) / 2, (box[2] - LOSS_DROP + box[3] - 0.02) / 2, 0])
