"""A model's errors: day by day between red and blue, and the errors of all days as a strip.

The plot of the days is low while something stands below it, and high while it is alone.
"""

from __future__ import annotations

import numpy as np
from gradreel.core.analysis.forecast import NextDays
from gradreel.core.daily.views import DailyViews
from gradreel.scenes import style
from gradreel.scenes.lecture.optimization.pictures.day_error import DayError
from gradreel.scenes.lecture.optimization.pictures.error_strip import ErrorStrip
from gradreel.scenes.mobjects.axis_break import axis_break
from gradreel.scenes.mobjects.day_plot import REAL_LINE, DayPlot, views_range
from gradreel.scenes.mobjects.plot import segment
from gradreel.scenes.mobjects.text import TextMobject, formula, words
from gradreel.scenes.style import emphasize, mix, palette
from gradreel.scenes.words.day_words import day_words
from manim import DL, UP, Animation, UpdateFromAlphaFunc, VGroup, VMobject, smooth
from numpy.typing import NDArray

LEFT = style.LEFT_EDGE + 0.9  # of both plots: "2 000" stands before the lower one
RIGHT, TOP = 4.9, 1.05  # of the plot of days
LOW, HIGH = -0.2, -2.65  # its foot beside something below it, and alone
STRIP = (LEFT, RIGHT, -2.6, -1.25)  # left, right, bottom, top
BELOW, ABOVE = 0.55, 0.08  # of the height of all lines: left below them by an axis that does not begin at 0, so that a
# line that is almost level does not look like the axis, and above them
BREAK_ROOM = 0.25  # of an axis, for its break: right over its foot
LEVEL = 0.09  # from a number's baseline at the axis up to its level
EARLIER = 0.5  # of blue, where it was
MARK, CLEAR = 0.16, 0.15  # length of the tick of a day that is told; from its name to another one


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
        self.foot, self.predicted = LOW, shown.prediction[0]
        self.shown, self.window = shown, dataset.window
        dates, truth, prediction = shown.dates, shown.truth, shown.prediction
        y_range = _range(truth, prediction, passed)
        first, last = dates[[0, -1]].tolist()
        self.plot = DayPlot(dataset, first, last, y_range, language, (LEFT, RIGHT, LOW, TOP))
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
        foot = np.array([self.plot.box[0], self.plot.box[2], 0.0])
        levels = [line.get_start() for line in self.plot.grid if line.get_start()[1] - foot[1] >= BREAK_ROOM]
        if self.plot.y_range[0] <= 0 or not levels:
            return VGroup()
        upright = segment(foot, levels[0], palette.axis, style.AXIS)
        return VGroup(upright, axis_break(foot + BREAK_ROOM / 2 * UP, upright=True))

    def stretching(self, foot: float, predicted: bool) -> Animation:
        """The plot's foot goes to ``foot``, and all in it keeps its data; what is ``predicted``, once that is shown."""
        start = self.foot

        def update(_: VMobject, share: float) -> None:
            self._put_foot(start + share * (foot - start))

        later = (self.blue, self.errors, self.labels[1]) if predicted else ()
        moving = VGroup(self.plot, self.red, self.dots, self.labels[0], *later)
        return UpdateFromAlphaFunc(moving, update, rate_func=smooth)

    def _put_foot(self, foot: float) -> None:
        plot, shown = self.plot, self.shown
        down, self.foot = foot - self.foot, foot
        for part in (plot.x_axis, plot.x_tick_labels, plot.marks):
            part.shift([0, down, 0])
        levels = [float(plot.data(line.get_start())[1]) for line in plot.grid]
        named = [float(plot.data([0, label.baseline + LEVEL, 0])[1]) for label in plot.y_tick_labels]
        broken_to = float(plot.data(self.broken[0].get_end())[1]) if len(self.broken) else 0.0
        plot.box = (*plot.box[:2], foot, plot.box[3])
        for line, level in zip(plot.grid, levels, strict=True):
            line.set_y(float(plot.at(0, level)[1]))
        if len(self.broken):
            upright, mark = self.broken
            level = float(plot.at(0, broken_to)[1])
            upright.set_points_as_corners(np.array([(plot.box[0], foot, 0), (plot.box[0], level, 0)]))
            mark.shift([0, down, 0])
        for label, level in zip(plot.y_tick_labels, named, strict=True):
            label.place(float(plot.at(0, level)[1]) - LEVEL, right=label.get_right()[0])
        x = plot.days(shown.dates)
        plot.set_curve(self.red, x, shown.truth)
        for dot, place in zip(self.dots, plot.at(x, shown.truth), strict=True):
            dot.move_to(place)
        self._draw(self.predicted)

    def _draw(self, prediction: NDArray) -> None:
        """Blue, the errors, and the names at the lines' ends."""
        x, self.predicted = self.plot.days(self.shown.dates), prediction
        self.plot.set_curve(self.blue, x, prediction)
        ends = zip(self.errors, self.plot.at(x, self.shown.truth), self.plot.at(x, prediction), strict=True)
        for line, a, b in ends:
            line.set_points_as_corners(np.array([a, b]))
        self.plot.put_end_labels(self.labels, [self.shown.truth[-1], prediction[-1]])

    def ghost(self, name: str) -> VGroup:
        """Blue as it is now, thin and dimmed, which stays when it moves, with its ``name`` below its end."""
        line = self.plot.line(self.shown.dates, self.predicted, mix(palette.blue, EARLIER), style.GHOST_CURVE)
        right, foot = float(line.get_right()[0]), float(line.points[-1][1])
        text = emphasize(formula(name, style.LETTER), style.PRESENT)
        return VGroup(line.set_z_index(-1), text.next_to((right, foot, 0), DL, buff=0.1))

    def show(self, prediction: NDArray, all_errors: NDArray) -> None:
        """Other predictions (T,) of the days shown, and the errors (N,) of all days, not level."""
        self._draw(prediction)
        self.strip.show(all_errors)

    def moving(self) -> VGroup:
        """What ``show`` moves."""
        return VGroup(self.blue, self.errors, *self.labels, self.strip.body)

    def day_error(self, k: int) -> DayError:
        """Day ``k`` of those shown: its features, what is predicted of it, and by how much that is wrong."""
        x = self.plot.days(self.shown.dates)
        real, y = self.plot.at(x, self.shown.truth), self.plot.at(x[k], self.shown.prediction[0, k])
        return DayError(real, k, y, self.window, "$e$", self.plot.box[2])

    def day_mark(self, k: int) -> tuple[VGroup, list[TextMobject]]:
        """Day ``k`` of those shown at the axis, a bold tick with its name, and the names of days that hide it."""
        day = self.shown.dates[k]
        at = self.plot.at(self.plot.days(day), self.plot.y_range[0])
        tick = segment(at, at - [0, MARK, 0], palette.text, style.RING)
        known = self.plot.x_tick_labels
        name = words(day_words(day, self.plot.language, "short"), style.TICK).place(known[0].baseline, center=at[0])
        room = (name.get_left()[0] - CLEAR, name.get_right()[0] + CLEAR)
        hidden = [each for each in known if each.get_right()[0] > room[0] and each.get_left()[0] < room[1]]
        return VGroup(tick, name), hidden

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


def _range(*views: NDArray) -> tuple[float, float]:
    """From 0 where that is near, else from so far below all lines that none of them looks like the axis."""
    numbers = np.concatenate([np.ravel(part) for part in views])
    low, high = float(numbers.min()), float(numbers.max())
    foot = low - BELOW * (high - low)
    return (foot, high + ABOVE * (high - low)) if foot > 0.1 * high else views_range(numbers)
