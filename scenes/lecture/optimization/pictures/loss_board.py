"""A model's errors: day by day between red and blue, one of them in full, and those of all days as a strip."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
from gradreel.core.analysis.forecast import NextDays
from gradreel.core.daily.series import DayArray
from gradreel.core.daily.units import view_unit
from gradreel.core.daily.views import DailyViews
from gradreel.scenes import style
from gradreel.scenes.mobjects.day_plot import REAL_LINE, DayPlot, views_range
from gradreel.scenes.mobjects.plot import Plot, axis_break, dashed, ring, segment
from gradreel.scenes.mobjects.text import TextMobject, formula, patch_under, words
from gradreel.scenes.mobjects.ticks import Ticks, round_labels
from gradreel.scenes.style import mix, palette
from gradreel.scenes.words.day_words import as_date, day_words, tick_days
from manim import DL, UP, UR, Animation, Mobject, Rectangle, UpdateFromAlphaFunc, VGroup, VMobject, smooth
from numpy.typing import NDArray

LEFT = style.LEFT_EDGE + 0.9  # of both plots: "2 000" stands before the lower one
RIGHT, TOP, FOOT = 4.75, 1.1, -0.45  # of the plot of days
STRIP = (LEFT, RIGHT, -2.6, -1.45)  # left, right, bottom, top
BELOW, ABOVE = 0.55, 0.08  # of the height of all lines: left below them by an axis that does not begin at 0, so that a
# line that is almost level does not look like the axis, and above them
BREAK_ROOM = 0.25  # of an axis, for its break: right over its foot
EARLIER = 0.5  # of blue, where it was
MARK, CLEAR = 0.16, 0.15  # length of the tick of a day that is told; from its name to another one
LETTER = 36
AROUND = 0.08  # between the error's size and the curve
FEW = 5  # features: with more of them, their rings are small
INK = 0.62  # of the text colour
LINE = 0.38  # from line to line of the mean's label
MOST_YEARS, MOST_DAYS = 8, 6  # that the axis names


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
        self.predicted = shown.prediction[0]
        self.shown, self.window = shown, dataset.window
        dates, truth, prediction = shown.dates, shown.truth, shown.prediction
        y_range = _range(truth, prediction, passed)
        first, last = dates[[0, -1]].tolist()
        self.plot = DayPlot(dataset, first, last, y_range, language, (LEFT, RIGHT, FOOT, TOP))
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
        self.strip = ErrorStrip(everything.dates, highest, view_unit(dataset).size, language, STRIP, names[2])

    def _broken_axis(self) -> VGroup:
        """Where the views do not begin at 0, an upright axis from the bottom to the next level line, broken."""
        foot = np.array([self.plot.box[0], self.plot.box[2], 0.0])
        levels = [line.get_start() for line in self.plot.grid if line.get_start()[1] - foot[1] >= BREAK_ROOM]
        if self.plot.y_range[0] <= 0 or not levels:
            return VGroup()
        upright = segment(foot, levels[0], palette.axis, style.AXIS)
        return VGroup(upright, axis_break(foot + BREAK_ROOM / 2 * UP, upright=True))

    def draw(self, prediction: NDArray) -> None:
        """Other predictions (T,) of the days shown: blue, the errors, and the names at the lines' ends."""
        x, self.predicted = self.plot.days(self.shown.dates), prediction
        self.plot.set_curve(self.blue, x, prediction)
        ends = zip(self.errors, self.plot.at(x, self.shown.truth), self.plot.at(x, prediction), strict=True)
        for line, a, b in ends:
            line.set_points_as_corners(np.array([a, b]))
        self.plot.put_end_labels(self.labels, [self.shown.truth[-1], prediction[-1]])

    def ghost(self) -> VMobject:
        """Blue as it is now, thin and dimmed, which stays when it moves."""
        line = self.plot.line(self.shown.dates, self.predicted, mix(palette.blue, EARLIER), style.GHOST_CURVE)
        return line.set_z_index(-1)

    def moving(self) -> VGroup:
        """What ``draw`` moves."""
        return VGroup(self.blue, self.errors, *self.labels)

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

        return UpdateFromAlphaFunc(self.strip.body, update, run_time=0.9, rate_func=smooth)

    def settling(self, all_errors: NDArray) -> Animation:
        """The strip becomes level."""

        def update(_: VMobject, share: float) -> None:
            self.strip.show(all_errors, share)

        return UpdateFromAlphaFunc(self.strip.body, update, run_time=1.2, rate_func=smooth)


def _range(*views: NDArray) -> tuple[float, float]:
    """From 0 where that is near, else from so far below all lines that none of them looks like the axis."""
    numbers = np.concatenate([np.ravel(part) for part in views])
    low, high = float(numbers.min()), float(numbers.max())
    foot = low - BELOW * (high - low)
    return (foot, high + ABOVE * (high - low)) if foot > 0.1 * high else views_range(numbers)


class DayError(VGroup):
    """Marks at day ``k`` of a plot.

    ``real`` (T, 3): the days' labels on the screen; ``y`` (3,): the prediction for day ``k``; ``window``: how many days
    before it are features; ``error``: it in words; ``foot``: the plot's lower edge. Parts: ``features``,
    ``prediction``, ``line``, ``names`` (e with its size on a patch, y hat).
    """

    def __init__(self, real: NDArray, k: int, y: NDArray, window: int, error: str, foot: float) -> None:
        super().__init__()
        label, count = real[k], min(window, k)
        radius = 0.1 if window <= FEW else 0.07
        self.features = VGroup(*(ring(point, radius, palette.text) for point in real[k - count : k]))
        up = 1.0 if y[1] > label[1] else -1.0
        aside = 1.0 if label[0] < (real[0, 0] + real[-1, 0]) / 2 else -1.0  # where the error's size stands

        def beside(point: NDArray, way: float) -> NDArray:
            """Over or under ``point``, by ``way``; beside it, as low as it can, where the axis leaves no room below."""
            no_room = way < 0 and point[1] - 0.6 < foot
            low = np.array([-0.32 * aside, max(-0.14, foot + 0.22 - point[1]), 0.0])
            return point + (low if no_room else np.array([0.0, 0.38 * way, 0.0]))

        letter = formula("blue(y)", LETTER).move_to(beside(y, up))
        hat = formula("red(hat(y))", LETTER).move_to(beside(label, -up))
        self.prediction = VGroup(ring(y, 0.1, palette.blue, fill=palette.blue), patch_under(letter), letter)
        self.line = segment(label, y, palette.text, 4.0)
        said = words(error, LETTER)
        patch = patch_under(said, across=0.16, up=0.2)
        said.move_to(_free_place(patch, real, (y, label), aside, (letter, hat), foot))
        self.names = VGroup(patch.move_to(said), said, patch_under(hat), hat)
        self.add(self.features, self.prediction, self.line, self.names)


def _free_place(
    patch: Rectangle,
    real: NDArray,
    ends: tuple[NDArray, NDArray],
    aside: float,
    letters: tuple[Mobject, ...],
    foot: float,
) -> NDArray:
    """The middle of a patch beside the line from end to end, where it hides no part of ``real`` (T, 3) and no letter.

    As near to the line's middle as it can; over the curve if there is no such place.
    """
    half = np.array([patch.width, patch.height]) / 2
    x = np.linspace(real[0, 0], real[-1, 0], 40 * len(real))
    curve = np.column_stack([x, np.interp(x, real[:, 0], real[:, 1])])
    corners = [np.array([letter.get_corner(DL)[:2], letter.get_corner(UR)[:2]]) for letter in letters]
    low, high = sorted(end[1] for end in ends)
    at = ends[0][0] + aside * (half[0] + 0.12)

    def is_free(middle: NDArray) -> bool:
        if middle[1] - half[1] < foot:
            return False
        hides = (np.abs(curve - middle) < half + AROUND).all(axis=1).any()
        touches = any((box[0] < middle + half).all() and (box[1] > middle - half).all() for box in corners)
        return not (hides or touches)

    heights = np.linspace(low, high, 21)
    for height in heights[np.argsort(np.abs(heights - (low + high) / 2), kind="stable")]:
        if is_free(np.array([at, height])):
            return np.array([at, height, 0.0])
    at += aside * 0.2  # beside the letter over the curve
    below = curve[np.abs(curve[:, 0] - at) < half[0], 1]
    return np.array([at, below.max(initial=high) + half[1] + AROUND, 0.0])


class ErrorStrip(VGroup):
    """A step for each of ``dates`` (N,), as high as its error in views; ``highest`` is the top of the axis.

    The numbers at the axis are in ``unit``, so many views.

    ``box``: left, right, bottom, top. `show` sets the errors, and how far they have settled: all the way, each step is
    as high as their mean. Parts: ``plot`` (axes), ``body``, ``level`` (its upper edge, once it is level), ``name``.
    """

    def __init__(
        self,
        dates: DayArray,
        highest: float,
        unit: float,
        language: str,
        box: tuple[float, float, float, float],
        name: str,
    ) -> None:
        super().__init__()
        self.dates, self.x = dates, DayPlot.days(dates)
        labels = round_labels(0.0, highest / unit, 2)
        y_ticks = Ticks(tuple(value * unit for value in labels.values), labels.labels, labels.unit)
        left, right, bottom, top = box
        self.plot = Plot(
            (float(self.x[0]) - 0.5, float(self.x[-1]) + 0.5),
            (0.0, highest),
            left=left,
            right=right,
            bottom=bottom,
            top=top,
            x_ticks=_calendar(dates, language),
            y_ticks=y_ticks,
            x_label=None,
        )
        for label in self.plot.x_tick_labels:
            label.shift([max(0.0, style.LEFT_EDGE - label.get_left()[0]), 0, 0])
        self.body = VMobject(stroke_width=0).set_fill(mix(palette.text, INK), 1)
        self.level = segment((left, bottom, 0), (right, bottom, 0), palette.text, style.RING)
        self.name: TextMobject = words(name, style.TICK, palette.dim).place(top + 0.14, left=left)
        for note in self.plot.notes:  # a power of ten
            note.place(top + 0.14, left=self.name.get_right()[0] + 0.25)
        self.add(self.plot, self.body, self.name)
        self.show(np.zeros(len(dates)))

    def show(self, errors: NDArray, settled: float = 0.0) -> None:
        """The sizes of ``errors`` (N,), in views, ``settled`` (0 to 1) of the way to their mean."""
        sizes = np.abs(errors)
        self.mean = float(sizes.mean())
        self.heights = (1 - settled) * sizes + settled * self.mean
        first, last = self.plot.x_range
        edges = np.concatenate([self.x - 0.5, [last]])
        x = np.concatenate([[first], np.repeat(edges, 2)[1:-1], [last, first]])
        y = np.concatenate([[0.0], np.repeat(self.heights, 2), [0.0, 0.0]])
        self.body.set_points_as_corners(self.plot.at(x, y))
        self.level.set_points_as_corners(self.plot.at([first, last], [self.mean, self.mean]))

    def bars(self, dates: DayArray, errors: NDArray, width: float) -> VGroup:
        """An upright line for the error of each of some days, where it stands in the strip."""
        x = DayPlot.days(dates)
        ends = zip(self.plot.at(x, np.zeros(len(x))), self.plot.at(x, np.abs(errors)), strict=True)
        return VGroup(*(segment(a, b, palette.text, width) for a, b in ends))

    def ghost(self) -> VMobject:
        """A dashed line at the mean, which stays when the errors change."""
        start, end = self.level.points[0], self.level.points[-1]
        return dashed(start, end, mix(palette.text, 0.75), 2.0, 0.1)

    def moving(self) -> VGroup:
        """What ``show`` moves."""
        return VGroup(self.body, self.level)

    def mean_label(self, text: str, right: float) -> VGroup:
        """What the mean is, right of its level; where it would go beyond ``right``, its number stands under its name.

        ``text``: name, space, number.
        """
        baseline, left = self.level.points[0][1] - 0.11, self.plot.box[1] + 0.2
        label = words(text, style.LABEL).place(baseline, left=left)
        if label.get_right()[0] <= right:
            return label
        name, number = (words(part, style.LABEL) for part in text.rsplit(" ", 1))
        return VGroup(name.place(baseline + LINE, left=left), number.place(baseline, left=left))


def _calendar(dates: DayArray, language: str) -> Ticks:
    """The years where there are some, else a few days."""
    first, last = as_date(dates[0]), as_date(dates[-1])
    years = [date(year, 1, 1) for year in range(first.year, last.year + 1)]
    inside: Sequence[date] = [max(day, first) for day in years if (last - max(day, first)).days > 60]
    if 1 < len(inside) <= MOST_YEARS:
        return Ticks(tuple(float(DayPlot.days(day)) for day in inside), tuple(str(day.year) for day in inside))
    named = tick_days(first, last, MOST_DAYS)
    form = "short" if first.year == last.year or len(inside) < 2 else "year"
    labels = tuple(str(day.year) if form == "year" else day_words(day, language, "short") for day in named)
    return Ticks(tuple(float(DayPlot.days(day)) for day in named), labels)
