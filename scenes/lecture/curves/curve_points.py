"""Blue goes from one set of points to the next: more of them, or in other places, or on another curve."""

from __future__ import annotations

import numpy as np
from gradreel.core.curves.continuity import Function
from gradreel.core.curves.convergence import Convergence
from gradreel.core.curves.piecewise import PiecewiseLinearCurve
from gradreel.scenes.lecture.curves.curve_terms import CurveTermsBeats
from gradreel.scenes.lecture.curves.pictures.gap_counter import GapCounter
from gradreel.scenes.lecture.curves.pictures.gap_strip import GapStrip
from gradreel.scenes.mobjects.text import Number
from gradreel.scenes.words.numbers import number_text
from manim import Animation, FadeIn, FadeOut, UpdateFromAlphaFunc, VGroup, VMobject, smooth, squish_rate_func
from numpy.typing import NDArray

EARLY, LATE = squish_rate_func(smooth, 0.15, 0.5), squish_rate_func(smooth, 0.5, 0.85)  # points leave, others come


class CurvePointsBeats(CurveTermsBeats):
    """Parts of beats: points, lines, count and gap change at the same time, and every gap on the way is measured."""

    even: Convergence
    placed: Convergence
    middle: int  # the count at which points are placed well
    shown: int  # which of the counts blue has now
    shape: tuple[Function, PiecewiseLinearCurve]  # what red and blue are now
    counter: GapCounter
    strip: GapStrip | None  # of gaps that are too small to be seen; none where all are seen
    gap: Number

    def _mark_gap(self, curve: PiecewiseLinearCurve, *meanwhile: Animation) -> None:
        """A bracket where blue is farthest from red."""
        self.play(FadeIn(self._gap_in(curve, self.mark)), *meanwhile, run_time=0.4)

    def _strip(self) -> list[GapStrip]:
        """The strip, if it is on the screen."""
        return [self.strip] if self.strip is not None and self.strip in self.get_mobject_family_members() else []

    def _show_gaps(self, function: Function, blue: PiecewiseLinearCurve) -> None:
        if self.strip is not None:
            x = np.unique([*self.x, *blue.x])
            self.strip.show(x, np.abs(function(x) - blue(x)))

    def _zoom_gaps(self, times: float) -> None:
        """The gaps in the strip become ``times`` as high as they are in the plot."""
        for strip in self._strip():
            if strip.times != times:
                self.play(*strip.zoom(times, self._strip_name(times)), run_time=0.5)

    def _strip_name(self, times: float) -> str:
        return self.screen("gaps", times=number_text(times))

    def _go_to(self, index: int, seconds: float, *meanwhile: Animation) -> None:
        """Blue takes the next count of even points, each new corner moves onto red, and the gap is measured all along.

        Points and count change halfway, and what comes ``meanwhile`` then, too.
        """
        old, new = self.even.curves[self.shown], self.even.curves[index]
        x = np.unique([*self.x, *old.x, *new.x])
        dots, counter, shown = self._dots(new), self.counter, self.counter in self.mobjects
        leaving = (self.knots, self.mark) if shown else (self.knots,)
        moving = VGroup(self.blue, *self._strip(), *([counter.count, counter.gap] if shown else []))

        def bend(_: VMobject, share: float) -> None:
            blue = PiecewiseLinearCurve(x, (1 - share) * old(x) + share * new(x))
            self.plot.set_curve(self.blue, x, blue.y)
            self._show_gaps(self.function, blue)
            counter.set_gap(blue.largest_error(self.function))
            counter.set_count(len((old if share < 0.5 else new).x))

        self.add(moving, self.knots)  # the points that leave are over blue until they are gone
        changing = [FadeOut(part, run_time=seconds, rate_func=EARLY) for part in leaving]
        changing.append(FadeIn(dots, run_time=seconds, rate_func=LATE))
        bending = UpdateFromAlphaFunc(moving, bend, run_time=seconds, rate_func=smooth)
        self.play(bending, *changing, *meanwhile)
        strip = self._strip()
        self.remove(moving)
        self.knots, self.shown = dots, index
        counter.set_gap(float(self.even.errors[index]))
        self.add(*strip, self.blue, self.knots, *([counter] if shown else []))
        self._mark_gap(new, *([] if shown else [FadeIn(counter)]))
        self.add(self.counter)

    def _slide(self, start: NDArray, end: NDArray, seconds: float) -> None:
        """The points move along the curve; the lines between them and the largest gap go along."""
        moving = VGroup(*self._strip(), self.blue, self.knots, self.gap)

        def slide(_: VMobject, share: float) -> None:
            x = (1 - share) * start + share * end
            curve = PiecewiseLinearCurve(x, self.function(x))
            self.plot.set_curve(self.blue, *self._blue_at(curve))
            self._show_gaps(self.function, curve)
            for dot, at in zip(self.knots, self.plot.at(curve.x, curve.y), strict=True):
                dot.move_to(at)
            self.counter.set_gap(curve.largest_error(self.function))

        self.play(FadeOut(self.mark), run_time=0.2)
        placed = self.placed.curves[self.middle]
        turning = self.formula.show(placed.decompose(), seconds=seconds)
        self.play(UpdateFromAlphaFunc(moving, slide, run_time=seconds, rate_func=smooth), *turning)
        self._mark_gap(placed)
        self.counter.set_gap(float(self.placed.errors[self.middle]))
        strip = self._strip()
        self.remove(moving)
        self.add(*strip, self.counter, self.blue, self.knots)

    def _take_shape(self, function: Function, curve: PiecewiseLinearCurve, gap: float) -> None:
        """Red becomes ``function``, and blue ``curve``; points, on red all the way, gap and the sum's terms go along.

        More or fewer points take the others' place halfway: then red must stay as it is.
        """
        old_function, old = self.shape
        x = np.unique([*self.x, *old.x, *curve.x])

        def turn(_: VMobject, share: float) -> None:
            def between(at: NDArray) -> NDArray:
                return (1 - share) * old_function(at) + share * function(at)

            blue = PiecewiseLinearCurve(x, (1 - share) * old(x) + share * curve(x))
            self.plot.set_curve(self.red, x, between(x))
            self.plot.set_curve(self.blue, x, blue.y)
            self._show_gaps(between, blue)
            self.counter.set_gap(blue.largest_error(between))
            self.counter.set_count(len((old if share < 0.5 else curve).x))
            if len(curve.x) == len(old.x):
                at = (1 - share) * old.x + share * curve.x
                for dot, place in zip(self.knots, self.plot.at(at, between(at)), strict=True):
                    dot.move_to(place)

        self.shape, changed, leaving = (function, curve), [], self.knots
        if len(curve.x) != len(old.x):
            dots = self._dots(curve)
            changed = [FadeOut(self.knots, rate_func=EARLY), FadeIn(dots, rate_func=LATE)]
            self.knots = dots
        knots = [] if changed else [self.knots]
        moving = VGroup(*self._strip(), self.red, self.blue, self.counter.count, self.gap, *knots)
        self.add(moving, *([leaving] if changed else []))  # points that leave are over blue until they are gone
        turning = self.formula.show(curve.decompose(), seconds=1.0)
        self.play(UpdateFromAlphaFunc(moving, turn, run_time=1.0, rate_func=smooth), *changed, *turning)
        strip = self._strip()
        self.remove(moving)
        self.counter.set_gap(gap)
        self.add(*strip, self.counter, self.red, self.blue, self.knots)
        self.wait(0.3)
