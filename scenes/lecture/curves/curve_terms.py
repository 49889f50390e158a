"""A curve of straight pieces through points of a smooth one, taken apart: its terms, one after the other."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from gradreel.core.curves.continuity import Function
from gradreel.core.curves.convergence import widest_gap
from gradreel.core.curves.piecewise import PiecewiseLinearCurve
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.curves.pictures.badge_sum import BadgeSum
from gradreel.scenes.lecture.curves.pictures.curve_axes import narrowed
from gradreel.scenes.lecture.curves.pictures.curve_board import CurveBoard
from gradreel.scenes.lecture.curves.pictures.running_sum import RunningSum
from gradreel.scenes.mobjects.measure import Bracket
from gradreel.scenes.mobjects.plot import Plot
from gradreel.scenes.style import BAND, FAINT, FULL, emphasis, emphasize, mix, palette
from manim import Animation, Create, FadeIn, ReplacementTransform, Transform, UpdateFromAlphaFunc, VGroup, VMobject
from numpy.typing import NDArray


class CurveTermsBeats(LectureScene):
    """Part of a beat: the plot makes room at the right, and there each term is drawn and then added."""

    function: Function
    x: NDArray  # (n,) samples, as y
    y: NDArray
    plot: Plot
    narrow: Plot  # what the plot becomes, and then, over a strip of gaps, what that becomes
    low: Plot
    red: VMobject
    blue: VMobject
    knots: VGroup
    mark: Bracket  # on the largest gap
    formula: BadgeSum
    terms: CurveBoard

    def _dots(self, curve: PiecewiseLinearCurve) -> VGroup:
        radius = 0.1 if len(curve.x) <= 16 else 0.065
        return VGroup(*(self.plot.dot(x, y, palette.blue, radius) for x, y in curve.knots))

    def _blue_at(self, curve: PiecewiseLinearCurve) -> tuple[NDArray, NDArray]:
        """Blue's corners among the samples, so that one curve can turn into the next: (n,) each."""
        x = np.unique([*self.x, *curve.x])
        return x, curve(x)

    def _gap_in(self, curve: PiecewiseLinearCurve, mark: Bracket) -> Bracket:
        """``mark`` where ``curve`` is farthest from red."""
        x = widest_gap(self.function, curve)
        return mark.span(*(self.plot.at(x, float(f(x))) for f in (self.function, curve)))

    def _move_to(self, plot: Plot, curve: PiecewiseLinearCurve, *meanwhile: Animation) -> None:
        """The axes become those of another plot of the same curve, and all that they show goes along."""
        old, self.plot = self.plot, plot
        band = self.plot.curve(self.x, self.y, mix(palette.red, 0.48), BAND)
        blue, dots = self.plot.curve(*self._blue_at(curve), palette.blue, style.MAIN_CURVE), self._dots(curve)
        pairs = (self.red, band), (self.blue, blue), (self.knots, dots)
        moving = [ReplacementTransform(before, after) for before, after in pairs]
        mark = self._gap_in(curve, self.mark.copy())
        self.play(*narrowed(old, plot), *moving, Transform(self.mark, mark), *meanwhile, run_time=0.6)
        self.red, self.blue, self.knots = band, blue, dots
        self.add(self.plot, band, blue, self.mark, dots)

    def _name_the_terms(self, curve: PiecewiseLinearCurve) -> None:
        """The terms come one by one at the right, and each is added: the level where blue begins, then the pieces."""
        terms, panels, sum_ = self.terms, self.terms.panels, self.terms.sum
        sum_.remove(sum_.tip, sum_.gap)
        self.lines = VGroup(*panels.guides[: len(curve.x)])  # at the corners, where the axis has no labels
        arriving = [
            Create(terms.level),
            *map(FadeIn, (panels.panel(0), self.lines)),
            *self.formula.show(curve.decompose(), 0),
        ]
        self.play(emphasis(self.blue, FAINT), *arriving, run_time=0.7)
        self.play(Create(sum_.blue), run_time=0.4)
        pieces = len(curve.x) - 1
        stages = [*range(1, min(pieces, self.formula.most)), pieces]  # where there are many, the last has all the rest
        self.add(sum_, self.knots)
        for before, piece in pairwise([0, *stages]):
            new = [panels.panel(k) for k in range(before + 1, piece + 1)]
            shapes = [Create(panel[1]) for panel in new]
            self.play(*shapes, *(FadeIn(part) for panel in new for part in (panel[0], *panel[2:])), run_time=0.4)

            def grow(sum_: RunningSum, share: float, start: int = before, end: int = piece) -> None:
                sum_.set_added(start + share * (end - start))

            self.play(UpdateFromAlphaFunc(sum_, grow), *self.formula.show(curve.decompose(), piece), run_time=0.5)
        self.remove(sum_)
        self.add(panels, emphasize(self.blue, FULL), self.mark, self.knots)
