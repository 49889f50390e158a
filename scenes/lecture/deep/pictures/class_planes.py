"""A plane with points of two classes, and over it what a network answers: blue where red, fainter where unsure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from gradreel.core.analysis.class_plane import GRID, PlaneView
from gradreel.core.analysis.equal_budget import count_lower
from gradreel.core.arrays import FloatArray
from gradreel.core.datasets import PointsDataset
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import loss, predict
from gradreel.core.trace.trace import Trace
from gradreel.scenes import style
from gradreel.scenes.mobjects.class_regions import discs, fill_above
from gradreel.scenes.mobjects.pace import recorded_row
from gradreel.scenes.mobjects.plot import Plot, ring, segment
from gradreel.scenes.mobjects.text import Number, TextMobject, fitted, words
from gradreel.scenes.mobjects.thin_diagram import thin_diagram
from gradreel.scenes.style import mix, palette
from manim import ManimColor, Rectangle, VGroup, VMobject
from numpy.typing import NDArray

# Probabilities of red between two shades of blue; none is 1/2, which is what a network says everywhere at its start
SURENESS = (0.04, 0.12, 0.25, 0.4, 0.6, 0.75, 0.88, 0.96)
BLUEST = 0.52  # of blue, where a network is sure of red
DOT_SHARE = 0.0072  # radius of a point, of the plane's width
PLANE = 4.25  # side of a plane
PLANES_BOTTOM, GAP = -2.6, 0.3  # of two planes side by side, and half of what is between them
DIAGRAM = (4.85, 6.25, -1.95, 1.45)  # left, right, bottom, top of the right network, beside its plane
COUNT_ROOM = 0.34  # from column to column of it, that each can say how many nodes it has
ROWS = 7  # nodes of these in a column at most
NAME_RISE = 0.32  # of a name over its plane
CHART = (-4.9, 3.2, -2.8, 2.0)  # left, right, bottom, top of the losses
MOST_LEVELS, LEAST_LOSS, END_DOT = 6, 1e-12, 0.13  # lines of the scale; what a loss of 0 stands for; radius of a loss
TILE_LEFT, TILE, TILE_BOTTOMS = 4.2, 1.95, (0.55, -2.65)  # of the planes beside them: left, side, bottoms


@dataclass(frozen=True)
class Plane:
    """The part of the plane that is seen: ``low`` and ``high`` on both axes, x1 (m,) and x2 (m,) of the grid on it."""

    dataset: PointsDataset

    @property
    def ranges(self) -> tuple[NDArray, NDArray]:
        """The lowest and the highest x1 and x2 that are seen, (2,) each: a square, one scale for both."""
        view = self.view
        return view.low, view.high

    @property
    def view(self) -> PlaneView:
        """The part of the plane that is seen."""
        return PlaneView.around(self.dataset.features())

    def said(self, run: Experiment, theta: NDArray) -> NDArray:
        """The logit of red at each place of the grid, (m, m), a row for each x2, by the network with theta (P,)."""
        return np.asarray(predict(run, theta, self.view.grid(GRID))).reshape(GRID, GRID)


class ClassBoard(VGroup):
    """A square of the plane: ``ground``, ``bands`` of blue, the points of class 0 and of class 1 (``red``).

    ``box``: left, right, bottom, top. ``show`` sets what a network says.
    """

    def __init__(self, plane: Plane, left: float, bottom: float, side: float) -> None:
        super().__init__()
        self.plane, self.box = plane, (left, left + side, bottom, bottom + side)
        self.ground = Rectangle(width=side, height=side, stroke_width=0).set_fill(mix(palette.text, 0.05), 1)
        self.ground.move_to([left + side / 2, bottom + side / 2, 0])
        self.bands = VGroup(*(VMobject(stroke_width=0).set_fill(color, 1) for color in shades()[1:]))
        points, labels = plane.dataset.features(), plane.dataset.labels()
        radius = DOT_SHARE * side
        self.other, self.red = (
            discs(self.at(points[labels == label]), radius, color)
            for label, color in ((0.0, palette.text), (1.0, palette.red))
        )
        self.add(self.ground, self.bands, self.other, self.red)

    def at(self, points: NDArray) -> NDArray:
        """Places of the scene, (n, 3), of points (n, 2)."""
        low, high = self.plane.ranges
        left, right, bottom, _ = self.box
        flat = np.array([left, bottom]) + (points - low) * ((right - left) / (high - low))
        return np.column_stack([flat, np.zeros(len(points))])

    def show(self, logits: NDArray) -> ClassBoard:
        """What a network says at each place of the grid, (m, m)."""
        left, right, bottom, top = self.box
        x, y = np.linspace(left, right, GRID), np.linspace(bottom, top, GRID)
        finite = np.nan_to_num(logits, posinf=1e9, neginf=-1e9)
        for band, sure in zip(self.bands, SURENESS, strict=True):
            fill_above(band, x, y, finite, float(np.log(sure / (1 - sure))))
        return self


def shades() -> list[ManimColor]:
    """From sure that it is not red to sure that it is: the ground, then ever more of blue over it."""
    steps = len(SURENESS)
    return [mix(palette.text, 0.05), *(mix(palette.blue, BLUEST * (k + 1) / steps) for k in range(steps))]


class RecordedMatch:
    """The runs of S seeds, ``traces[0]`` the fat network's, ``traces[1]`` the deep one's.

    ``first``: both of the first seed, whose rows go from 0 to ``last``. ``ends`` (2, S): the losses of all runs at the
    end.
    """

    def __init__(self, traces: Sequence[Sequence[Trace]]) -> None:
        self.traces, self.first = traces, [side[0] for side in traces]
        self.runs = [trace.experiment for trace in self.first]
        self.last = len(self.first[0].kept) - 1
        dataset = self.runs[0].dataset
        assert isinstance(dataset, PointsDataset)
        self.plane = Plane(dataset)
        self.ends = np.array(
            [[float(loss(trace.experiment, np.asarray(trace.parameters[-1]))) for trace in side] for side in traces]
        )

    def said(self, k: int, row: float) -> NDArray:
        """What network k, 0 or 1, of the first seed says at ``row``: between two rows, between what it says at both."""
        reached = recorded_row(row)
        below = self._said(k, reached)
        share = row - reached
        return below if share <= 0 else below + share * (self._said(k, min(reached + 1, self.last)) - below)

    def _said(self, k: int, row: int) -> NDArray:
        return self.plane.said(self.runs[k], np.asarray(self.first[k].parameters[row]))

    @property
    def wins(self) -> tuple[int, int]:
        """For how many seeds the fat network ended lower, and the deep one."""
        return count_lower(self.ends[0], self.ends[1]), count_lower(self.ends[1], self.ends[0])


class Race(VGroup):
    """The first seed's two runs side by side, at the state that ``show`` was told.

    Parts: ``boards``; ``diagrams`` of the networks beside them; the ``counter`` of updates and its ``word``.
    """

    def __init__(self, match: RecordedMatch, update: str) -> None:
        super().__init__()
        self.match = match
        lefts = (-GAP - PLANE, GAP)
        self.boards = [ClassBoard(match.plane, left, PLANES_BOTTOM, PLANE) for left in lefts]
        left, right, *heights = DIAGRAM
        boxes = ((-right, -left, *heights), (left, right, *heights))
        self.diagrams = [
            thin_diagram(run.hidden, box, ROWS, features=run.dataset.n_features)
            for run, box in zip(match.runs, boxes, strict=True)
        ]
        for diagram in self.diagrams:
            if diagram.columns[1].x - diagram.columns[0].x < COUNT_ROOM:  # no room for how many each column has
                for column in diagram.columns:
                    column.remove(column.count)
        self.counter = Number(int(match.first[0].kept[-1]), 0, style.HEADING)
        self.counter.place(style.HEADING_BASELINE, style.RIGHT_EDGE)
        self.word = words(update, style.HEADING, palette.dim)
        self.word.place(style.HEADING_BASELINE, right=self.counter.get_left()[0] - 0.2)
        self.add(*self.boards, self.counter)
        self.show(0.0)

    def named(self, k: int, text: str) -> TextMobject:
        """Over a plane, at its left."""
        box = self.boards[k].box
        return words(text, style.LABEL).place(box[3] + NAME_RISE, left=box[0])

    def counted(self, k: int, text: str) -> TextMobject:
        """How many parameters, over a plane at its right."""
        box = self.boards[k].box
        return words(text, style.TICK, palette.dim).place(box[3] + NAME_RISE, right=box[1])

    def show(self, row: float) -> None:
        """Both networks as they were at ``row``: planes may lie between two recorded states, the counter does not."""
        self.row, reached = row, recorded_row(row)
        for k, board in enumerate(self.boards):
            board.show(self.match.said(k, row))
        self.counter.set_value(int(self.match.first[0].kept[reached]))


class Starts(VGroup):
    """The losses of all runs at their ends, on a scale of tens: a column a start, hollow for the fat network's.

    Parts: ``levels``, a line for each power of ten, with its number; ``pairs``, for each start both dots and the line
    between them; at the right ``names`` over the places of the planes (`tile`) and, in ``wins``, how often each network
    is better.
    """

    def __init__(self, match: RecordedMatch, names: Sequence[str], wins: Sequence[str], loss_name: str) -> None:
        super().__init__()
        left, right, bottom, top = CHART
        ends = np.log10(np.maximum(match.ends, LEAST_LOSS))
        low, high = math.floor(float(ends.min())), math.ceil(float(ends.max()) + 1e-9)
        seeds = ends.shape[1]
        self.plot = Plot(
            (0.5, seeds + 0.5), (low, max(high, low + 1)), left=left, right=right, bottom=bottom, top=top, x_label=None
        )
        step = -(-(high - low) // MOST_LEVELS)
        self.levels = VGroup(words(loss_name, style.LABEL, palette.dim).place(top + 0.3, left=style.LEFT_EDGE))
        for power in range(low, high + 1, max(1, step)):
            y = float(self.plot.at(1, power)[1])
            text = f"{10.0**power:.{max(0, -power)}f}"
            label = fitted(words, text, style.LABEL, left - style.LEFT_EDGE - 0.15, palette.dim)
            self.levels.add(
                segment((left, y, 0), (right, y, 0), mix(palette.axis, 0.4), style.AXIS),
                label.place(y - 0.1, right=left - 0.15),
            )
        self.pairs = []
        for k in range(seeds):
            fat, deep = self.plot.at([k + 1, k + 1], ends[:, k])
            dots = ring(fat, END_DOT, palette.blue), ring(deep, END_DOT, palette.blue, fill=palette.blue)
            self.pairs.append(VGroup(segment(fat, deep, mix(palette.blue, 0.5), style.AXIS), *dots))
        self.names, self.wins = [], []
        for name, won, y, fill in zip(names, wins, TILE_BOTTOMS, (None, palette.blue), strict=True):
            text = fitted(words, name, style.LABEL, style.RIGHT_EDGE - TILE_LEFT - 0.4)
            self.names.append(text.place(y + TILE + 0.2, left=TILE_LEFT + 0.4))
            self.wins.append(words(won, style.LABEL).place(y - 0.4, left=TILE_LEFT))
            self.levels.add(ring((TILE_LEFT + 0.15, y + TILE + 0.31, 0), END_DOT, palette.blue, fill=fill))
        self.add(self.levels, *self.names, *self.wins, *self.pairs)

    @staticmethod
    def tile(k: int) -> tuple[FloatArray, float]:
        """The middle of the place where plane k of the race goes, (3,), and its side."""
        return np.array([TILE_LEFT + TILE / 2, TILE_BOTTOMS[k] + TILE / 2, 0.0]), TILE
