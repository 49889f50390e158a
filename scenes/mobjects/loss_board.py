"""A model's errors: day by day between red and blue, and below them the errors of all days as a strip."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from gradreel.core.daily_views import DailyViews, loss_column
from gradreel.core.forecast import NextDays
from gradreel.scenes import style
from gradreel.scenes.mobjects.axis_break import axis_break
from gradreel.scenes.mobjects.day_error import DayError
from gradreel.scenes.mobjects.day_plot import REAL_LINE, DayPlot, views_range
from gradreel.scenes.mobjects.error_strip import ErrorStrip
from gradreel.scenes.mobjects.plot import segment
from gradreel.scenes.style import palette
from manim import UP, Animation, UpdateFromAlphaFunc, VGroup, VMobject, smooth
from numpy.typing import NDArray

LEFT = style.LEFT_EDGE + 0.9  # of both plots: "2 000" stands before the lower one
BOX = (LEFT, 4.9, -0.5, 0.9)
BREAK_ROOM = 0.25  # of an axis, for its break: right over its foot, below the lines
STRIP = (LEFT, 1.1, -2.75, -1.45)  # left, right, bottom, top


class LossBoard:
    """The days of ``shown`` with the first theta's predictions, and a ``strip`` for the errors of ``everything``.

    ``passed``: predictions that come by later, for which there is room, too. Parts: ``plot``, ``red``, ``dots``,
    ``blue``, ``errors`` (a line a day), ``labels`` of red and of blue. No mobject itself: each comes by itself.
    """

    def __init__(
        self,
        dataset: DailyViews,
        shown: NextDays,
        everything: NextDays,
        passed: NDArray,
        names: tuple[str, str, str],
        language: str,
    ) -> None:
        """``names``: of red, of blue, of the strip."""
        self.shown, self.window = shown, dataset.window
        dates, truth, prediction = shown.dates, shown.truth, shown.prediction
        y_range = views_range(truth, prediction, passed, margin=0.16, zero=False)
        first, last = dates[[0, -1]].tolist()
        self.plot = DayPlot(dataset, first, last, y_range, language, BOX)
        self.broken = self._broken_axis()
        self.plot.add(self.broken)
        self.red = self.plot.line(dates, truth, palette.red, REAL_LINE)
        self.dots = self.plot.dots(dates, truth, palette.red)
        self.blue = self.plot.line(dates, prediction[0], palette.blue)
        self.errors = self.plot.errors(dates, truth, prediction[0])
        self.labels = self.plot.end_labels(
            [(names[0], truth[-1], palette.red), (names[1], prediction[0, -1], palette.blue)]
        )
        highest = 1.04 * float(np.abs(everything.error).max())
        self.strip = ErrorStrip(everything.dates, highest, language, STRIP, names[2])

    def _broken_axis(self) -> VGroup:
        """Where the views do not begin at 0, an upright axis from the bottom to the next level line, broken."""
        low = self.plot.y_range[0]
        foot = np.array([self.plot.box[0], self.plot.box[2], 0.0])
        levels = [line.get_start() for line in self.plot.grid if line.get_start()[1] - foot[1] >= BREAK_ROOM]
        if low <= 0 or not levels:
            return VGroup()
        upright = segment(foot, levels[0], palette.axis, style.AXIS)
        return VGroup(upright, axis_break(foot + BREAK_ROOM / 2 * UP, upright=True))

    def show(self, prediction: NDArray, all_errors: NDArray) -> None:
        """Other predictions (T,) of the days shown, and the errors (N,) of all days, not level."""
        x = self.plot.days(self.shown.dates)
        self.plot.set_curve(self.blue, x, prediction)
        ends = zip(self.errors, self.plot.at(x, self.shown.truth), self.plot.at(x, prediction), strict=True)
        for line, a, b in ends:
            line.set_points_as_corners(np.array([a, b]))
        self.strip.show(all_errors)
        self.plot.put_end_labels(self.labels, [self.shown.truth[-1], prediction[-1]])

    def moving(self) -> VGroup:
        """What ``show`` moves."""
        return VGroup(self.blue, self.errors, *self.labels, self.strip.body)

    def day_error(self, k: int, said: Callable[[str], str]) -> DayError:
        """Day ``k`` of those shown: its features, what is predicted of it, and by how much that is wrong.

        ``said`` puts the error, as text, in words.
        """
        x, size = self.plot.days(self.shown.dates), abs(float(self.shown.error[0, k]))
        real, y = self.plot.at(x, self.shown.truth), self.plot.at(x[k], self.shown.prediction[0, k])
        return DayError(real, k, y, self.window, said(loss_column([size])(size)), self.plot.box[2])

    def rising(self, all_errors: NDArray) -> Animation:
        """The errors (N,) of all days rise in the strip."""

        def update(_: VMobject, share: float) -> None:
            self.strip.show(share * all_errors)

        return UpdateFromAlphaFunc(self.strip.body, update, run_time=1.2, rate_func=smooth)

    def settling(self, all_errors: NDArray, seconds: float, back: bool = False) -> Animation:
        """The strip becomes level; or, ``back``, it is no longer."""

        def update(_: VMobject, share: float) -> None:
            self.strip.show(all_errors, 1 - share if back else share)

        return UpdateFromAlphaFunc(self.strip.body, update, run_time=seconds, rate_func=smooth)
