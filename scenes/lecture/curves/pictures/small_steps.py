"""A curve's pieces cut into smaller ones: points where it is cut, and a stack of the sigmoids that match the parts."""

from __future__ import annotations

import numpy as np
from gradreel.core.curves.piecewise import Decomposition, PiecewiseLinearCurve
from gradreel.core.curves.sigmoid_matching import match_by_slope
from gradreel.core.network.activations import sigmoid
from gradreel.scenes import style
from gradreel.scenes.lecture.curves.pictures.pieces import Badge
from gradreel.scenes.lecture.curves.pictures.sigmoid_rows import SigmoidRows
from gradreel.scenes.mobjects.plot import Plot, polyline
from gradreel.scenes.style import palette
from manim import Animation, FadeIn, UpdateFromAlphaFunc, VGroup, VMobject, smooth
from numpy.typing import NDArray

FILLED = 0.85  # of its share of the stack's height: the tallest step, at most
THINNEST, WIDTH_OF_SHARE = 2.2, 24.0  # a step's stroke, and the same by scene units of its share
DOT = 0.065
BADGE, BADGE_GAP = 0.24, 0.2  # of a step's number: radius, and from its right side to the step


class SmallSteps(VGroup):
    """In the place of all rows but the constant's: first their own curves, then after each `cut` those of the parts.

    Parts: ``steps``, from the first part to the last, to one scale; ``marks`` where red has been cut so far.
    """

    def __init__(
        self, parts: Decomposition, red: PiecewiseLinearCurve, plot: Plot, rows: SigmoidRows, x: NDArray
    ) -> None:
        super().__init__()
        self.parts, self.red, self.plot, self.x = parts, red, plot, x
        self.line, self.most = rows.rows[1].line, rows.scale_y
        self.top, self.bottom = float(rows.rows[1].get_top()[1]), float(rows.rows[-1].get_bottom()[1])
        self.steps = VGroup(*(row.curve.copy() for row in rows.rows[1:]))
        self.marks, self.seen = VGroup(), set[float]()
        self.add(self.steps, self.marks)

    def mark(self, cuts: int) -> list[Animation]:
        """The animations that bring the points where red is cut when each piece is in ``cuts`` parts."""
        ends = _cut(self.parts, cuts)[:, :2]
        new = [x for x in np.unique(ends.round(9)) if x not in self.seen]
        self.seen.update(new)
        made = [self.plot.dot(x, float(self.red(x)), palette.red, DOT) for x in new]
        self.marks.add(*made)
        return [FadeIn(dot) for dot in made]

    def cut(self, cuts: int) -> Animation:
        """The animation in which every step parts into smaller ones, until each piece has ``cuts``."""
        goals = self._shapes(cuts)
        each = len(goals) // len(self.steps)
        old = [step.points.copy() for step in self.steps for _ in range(each)]
        before, after = float(self.steps[0].get_stroke_width()), self._width(len(goals))
        self.steps.remove(*self.steps.submobjects)
        self.steps.add(*(polyline(points, palette.blue, before) for points in goals))
        ends = [step.points.copy() for step in self.steps]

        def update(steps: VMobject, share: float) -> None:
            for step, start, end in zip(steps, old, ends, strict=True):
                step.points = (1 - share) * start + share * end
            for k, step in enumerate(steps):  # two lines upon each other have harder edges than one: the others fade in
                step.set_stroke(opacity=1.0 if k % each == 0 else min(4 * share, 1.0))
            steps.set_stroke(width=(1 - share) * before + share * after)

        return UpdateFromAlphaFunc(self.steps, update, rate_func=smooth)

    def badge(self, step: int) -> Badge:
        """The number of a step, 0 the first, left of it: it is shown where one of them is spoken of."""
        badge = Badge(str(step + 1), palette.blue, BADGE)
        return badge.move_to([self.line[0] - BADGE_GAP - BADGE, self.steps[step].get_center()[1], 0.0])

    def _shapes(self, cuts: int) -> list[NDArray]:
        """The steps (SAMPLES, 3) in the scene, one below the other."""
        pieces = _cut(self.parts, cuts)
        share = (self.top - self.bottom) / len(pieces)
        scale = min(self.most, FILLED * share / max(float(np.abs(pieces[:, 2]).max()), 1e-9))
        across, shapes = np.linspace(*self.line, len(self.x)), []
        for k, (start, end, height) in enumerate(pieces):
            match = match_by_slope(start, end, height)
            middle = self.top - (k + 0.5) * share
            y = middle + (match.c * sigmoid(match.b + match.w * self.x) - height / 2) * scale
            shapes.append(np.column_stack([across, y, np.zeros(len(y))]))
        return shapes

    def _width(self, count: int) -> float:
        share = (self.top - self.bottom) / count
        return float(np.clip(WIDTH_OF_SHARE * share, THINNEST, style.SMALL_CURVE))


def _cut(parts: Decomposition, cuts: int) -> NDArray:
    """(K * cuts, 3): start, end and height of the parts of all pieces, in order."""
    shares = np.arange(cuts + 1) / cuts
    corners = parts.start[:, None] + (parts.end - parts.start)[:, None] * shares  # (K, cuts + 1)
    heights = np.repeat(parts.height / cuts, cuts)
    return np.column_stack([corners[:, :-1].ravel(), corners[:, 1:].ravel(), heights])
