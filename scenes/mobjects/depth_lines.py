"""A plot of losses of ever larger networks: training as a solid line, validation dashed, a number at each point."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import Plot, ring, segment
from gradreel.scenes.mobjects.rising_curve import RisingCurve
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.style import Box, palette
from manim import (
    Circle,
    FadeIn,
    LaggedStart,
    ManimColor,
    Scene,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    linear,
)

ROOM = 0.86  # height of the largest loss, as a share of the plot's
SIDE = 0.3  # free at both ends, as a share of the distance between two networks
DASH = 0.13
DOT, RING, NUMBER_GAP = 0.11, 0.2, 0.31  # radii of a point and of the ring around it; from a point to its number
LABEL_GAP, LABELS_APART = 0.45, 0.4
SHIFTS = (0.0, 0.2, -0.2, 0.38, -0.38)  # tried places of a number beside its point, in its own widths
NAME, FEW = 30, 5  # font size of the networks' names, if there are at most so many
KINDS = ("training", "validation")


def most_of(losses: Mapping[str, FloatArray]) -> float:
    """Return the views at the top of a plot that holds these losses and the numbers above them."""
    return float(max(np.nanmax(losses[kind]) for kind in KINDS)) / ROOM or 1.0


def axis_with_network_names(names: Sequence[str], box: Box) -> tuple[VMobject, VGroup]:
    """Return the axis of `DepthLines` in ``box``, and the networks' names below it."""
    bottom, size = box[2], NAME if len(names) <= FEW else style.TICK
    places = _plot_of_networks(len(names), 1.0, box).at(np.arange(len(names)), 0.0)
    texts = [words(name, size, palette.dim) for name in names]
    for text, at in zip(texts, places, strict=True):
        text.place(bottom - 0.45, center=float(at[0]))
    return axis_line(len(names), box), VGroup(*texts)


def axis_line(count: int, box: Box) -> VMobject:
    """Return the axis line of ``count`` networks; right of it there is room for the lines' names."""
    left, _, bottom, _ = box
    right = float(_plot_of_networks(count, 1.0, box).at(count - 1, 0.0)[0]) + 0.2
    return segment((left, bottom, 0), (right, bottom, 0), palette.axis, style.AXIS)


def _plot_of_networks(count: int, most: float, box: Box) -> Plot:
    """Return a plot with networks 0 to ``count`` - 1 across, and 0 to ``most`` views upwards."""
    left, right, bottom, top = box
    span = (-SIDE, count - 1 + SIDE)
    return Plot(span, (0.0, most), left=left, right=right, bottom=bottom, top=top, x_label=None)


class DepthLines(VGroup):
    """Two lines of losses with a dot and a number for each network.

    ``losses``: by kind ("training", "validation"), (N,) views of N networks, NaN if unknown. ``names``: below each
    network. ``written``: formats a loss. ``texts``: by kind, at the lines' ends. ``box``: left, right, bottom, top.
    Parts: ``axis``, ``names``, and by kind ``lines`` (RisingCurve), ``dots``, ``values`` and ``labels``.
    """

    def __init__(
        self,
        losses: Mapping[str, FloatArray],
        names: Sequence[str],
        written: Callable[[float], str],
        texts: Mapping[str, str],
        box: Box,
        size: float,
        color: ManimColor | None = None,
    ) -> None:
        super().__init__()
        self.losses, self.color = losses, color if color is not None else palette.blue
        self.count = len(names)
        self.plot = _plot_of_networks(self.count, most_of(losses), box)
        self.axis, self.names = axis_with_network_names(names, box)
        self.lines = {"training": self._loss_curve("training", 0.0), "validation": self._loss_curve("validation", DASH)}
        self.dots = {kind: VGroup(*(self._dot(kind, k) for k in self.known(kind))) for kind in KINDS}
        self.labels = self._labels(texts)
        self.written, self.size = written, size
        parts = [part for kind in KINDS for part in (self.lines[kind], self.dots[kind])]
        self.add(self.axis, self.names, *parts, *self.labels.values())
        self.taken: list[TextMobject] = [*self.labels.values()]  # words that no number may touch
        self.values = {kind: self._value_labels(kind) for kind in KINDS}
        self.add(*self.values.values())

    def known(self, kind: str) -> list[int]:
        """Return the indices of the networks with a loss of this kind."""
        return [int(k) for k in np.flatnonzero(np.isfinite(self.losses[kind]))]

    def point(self, kind: str, k: int) -> FloatArray:
        """Return the scene's point, (3,), of the loss of network ``k``."""
        return self.plot.at(k, float(self.losses[kind][k]))

    def mark(self, kind: str, k: int) -> VMobject:
        """Return a thin ring around the point of network ``k``."""
        return Circle(radius=RING, color=palette.text, stroke_width=style.BOX).move_to(self.point(kind, k))

    def draw(self, scene: Scene, kind: str, seconds: float) -> None:
        """Play how the line grows from network to network; dots and numbers appear as it passes them."""
        line, last = self.lines[kind], float(self.lines[kind].data_x[-1])
        points = [VGroup(*point) for point in zip(self.dots[kind], self.values[kind], strict=True)]
        draw = UpdateFromAlphaFunc(line, lambda _, share: line.show(share * last), run_time=seconds, rate_func=linear)
        shown = [FadeIn(point, run_time=0.15 * seconds) for point in points]
        scene.play(draw, LaggedStart(*shown, lag_ratio=1.0, run_time=1.1 * seconds))
        scene.add(line, self.dots[kind], self.values[kind])  # dots above the line

    # -- parts -----------------------------------------------------------------------------------------------------

    def _loss_curve(self, kind: str, dash: float) -> RisingCurve:
        """Return the curve through the losses of ``kind``, which is "training" or "validation"."""
        indices = self.known(kind)
        views = np.asarray(self.losses[kind], dtype=float)[indices]
        return RisingCurve(self.plot, np.array(indices, dtype=float), views, self.color, style.SECOND_CURVE, dash)

    def _dot(self, kind: str, k: int) -> VMobject:
        fill = self.color if kind == "training" else palette.background
        return ring(self.point(kind, k), DOT, self.color, fill=fill)

    def _value_labels(self, kind: str) -> VGroup:
        """Return the number of each point, above or below it, where it covers as few lines, points and texts as it can.

        If the point of the other line is just above, the number stands below its point.
        """
        lines = [self._points_along_line(line) for line in self.lines.values()]
        dots = [self.dots[kind].get_all_points() for kind in KINDS]
        group = VGroup()
        for k in self.known(kind):
            text, point = words(self.written(float(self.losses[kind][k])), self.size), self.point(kind, k)
            texts = [value.get_all_points() for value in (*group, *self.taken)]
            taken = np.concatenate([*lines, *dots, *texts])
            ups = [NUMBER_GAP, -NUMBER_GAP - text.height, NUMBER_GAP + 0.15 + text.height]
            if any(0 < self.point(other, k)[1] - point[1] < NUMBER_GAP for other in KINDS if k in self.known(other)):
                ups = [ups[1]]
            places = [(float(point[1]) + up, float(point[0]) + beside * text.width) for up in ups for beside in SHIFTS]
            baseline, center = min(places, key=lambda place: self._points_covered_by_number(text, place, taken, places))
            group.add(text.place(baseline, center=center))
        self.taken = [*self.taken, *group]
        return group

    def _points_covered_by_number(
        self, text: TextMobject, place: tuple[float, float], taken: FloatArray, places: list[tuple[float, float]]
    ) -> float:
        """Return how many ``taken`` points the number would cover at ``place`` (baseline, centre).

        Outside the plot, all points count. Earlier ``places`` win over equal later ones.
        """
        baseline, center = place
        left, right = center - text.width / 2, center + text.width / 2
        low, high = baseline - 0.06, baseline + text.height + 0.06
        x, y = taken[:, 0], taken[:, 1]
        inside = (x > left - 0.06) & (x < right + 0.06) & (y > low) & (y < high)
        beyond = low < self.plot.box[2] or high > self.plot.box[3] + 0.5 or left < self.plot.box[0] - 0.1
        return float(inside.sum() + beyond * len(taken)) + 0.1 * places.index(place)

    @staticmethod
    def _points_along_line(line: RisingCurve) -> FloatArray:
        """Return close points along a line, (n, 3)."""
        share = np.linspace(0, 1, 40)[:, None]
        corners = line.corners
        return np.concatenate([a + share * (b - a) for a, b in pairwise(corners)])

    def _labels(self, texts: Mapping[str, str]) -> dict[str, TextMobject]:
        """Return the lines' names, right of their ends and apart from each other; none without ``texts``."""
        if not texts:
            return {}
        places = self._spread_heights(self._ends())
        labels = {kind: words(texts[kind], style.LABEL - 2, self.color) for kind in KINDS}
        step = float((self.plot.box[1] - self.plot.box[0]) / (self.plot.x_range[1] - self.plot.x_range[0]))
        left = self.plot.box[1] - SIDE * step + LABEL_GAP  # right of the last network
        return {
            kind: label.place(places[kind] - 0.1, left=min(left, style.RIGHT_EDGE - float(label.width)))
            for kind, label in labels.items()
        }

    def _ends(self) -> dict[str, float]:
        return {kind: float(self.lines[kind].end()[1]) for kind in KINDS}

    def _spread_heights(self, end_heights: Mapping[str, float]) -> dict[str, float]:
        """Return heights for the lines' names, at least `LABELS_APART` apart and above the axis, in the ends' order."""
        heights = dict(end_heights)
        ends = self._ends()
        upper, lower = sorted(KINDS, key=lambda kind: -ends[kind])
        lack = max(0.0, LABELS_APART - (heights[upper] - heights[lower]))
        heights[upper] += lack / 2
        heights[lower] -= lack / 2
        low = self.plot.box[2] + 0.12
        rise = max(0.0, low - heights[lower])
        heights[lower] += rise
        heights[upper] = max(heights[upper], heights[lower] + LABELS_APART)
        return heights
