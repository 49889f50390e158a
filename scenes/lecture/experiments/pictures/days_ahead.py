"""The last days of a series, what is predicted for those after it, and how far that was off on unseen days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
from gradreel.core.analysis.forecast import Forecast
from gradreel.core.daily.series import DayArray
from gradreel.core.daily.views import DailyViews
from gradreel.scenes import style
from gradreel.scenes.lecture.daily_data import AHEAD_BOX
from gradreel.scenes.lecture.experiments.pictures.misses import DayGaps, marks, reach_within, swarm
from gradreel.scenes.lecture.experiments.pictures.zoom_days import ZoomDays
from gradreel.scenes.mobjects.callout import Callout, free_place
from gradreel.scenes.mobjects.day_plot import REAL_LINE, WindowBracket, views_range
from gradreel.scenes.mobjects.plot import dashed, ring, segment
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.style import mix, palette
from manim import Circle, DashedVMobject, Rectangle, Scene, VGroup, VMobject
from numpy.typing import NDArray

KNOWN_DAYS, LAST_DAYS = 15, 2  # before the first predicted one, that are shown close by, and beside errors
MOST_DAYS = 120  # ... and from afar; a longer window's bracket is open
BRACKET = -2.64
NAMES_FROM = 0.3  # right of the unit's name, before the names of bands
CLOSER, CLOSEST, TOGETHER, TALLER = 1.2, 0.8, 1.0, 0.6  # seconds of the ways to other days, and to fewer views
AROUND = 0.05  # of the views that are shown beside errors, free above and below them
UNDER_BRACKET = BRACKET - 0.4  # baseline of what stands under it
LEAST_STAKE = 0.12  # as high as a bar in the panel
CLICK, CLICKED_FROM = 0.1, 0.3  # a ring's radius; where it begins, of the error's height under the prediction
CLICKED_BELOW, CLICKED_ABOVE = 0.35, 0.3  # where it ends: under the plot's top, or so far over the error at least


class DaysAhead(ZoomDays):
    """Known days in red; h predicted ones as hollow blue dots, each with the usual error around it.

    ``errors``: the unseen days, and for each predicted day prediction minus truth so far ahead, for these days or
    fewer. It begins with all days of the window; `come_close` leaves the last weeks; `come_wide` goes back to the
    unseen days, each with one of ``gaps``; `come_closest` leaves the last days and the
    views beside them, so that errors have room, and takes the gaps along. ``lows``: weekdays that are shaded. Parts to
    bring: ``red``, ``dots``, ``real`` (the red line's name, close by), ``bands``, and for each predicted day one of
    ``predicted``, of ``misses`` (a dot for each unseen day: where the truth would lie, if it were missed by as much),
    of ``spreads`` (marks over and under the prediction, as far off as the errors are on average) and of ``steps``
    (lines that lead there); ``bracket``, which holds the days that the first prediction is made from, their number
    ``span``, and ``stake``, a band as high as the first one's usual error.
    """

    def __init__(
        self,
        dataset: DailyViews,
        ahead: Forecast,
        errors: tuple[DayArray, Sequence[NDArray]],
        real: str,
        span: str,
        lows: Sequence[int],
        language: str,
    ) -> None:
        self.ahead, series = ahead, dataset.daily
        count = min(max(KNOWN_DAYS, min(dataset.window + 1, MOST_DAYS)), len(series))
        dates, known = series.dates()[-count:], series.array()[-count:]
        starts, missed_by = errors
        usual = np.array([np.abs(each).mean() for each in missed_by])
        self.missed = [views - each for views, each in zip(ahead.prediction, missed_by, strict=True)]
        self.held = np.flatnonzero(starts >= dates[0])  # unseen days that have a gap: those that are shown
        missed, starts = missed_by[0][self.held], starts[self.held]
        guessed = known[(starts - dates[0]).astype(int)] + missed
        low, high = ahead.prediction - usual, ahead.prediction + usual
        self.last = ahead.dates[-1].astype(date) + timedelta(days=1)
        first = dates[0].astype(date)
        super().__init__(
            dataset, first, self.last, views_range(known, low, high, *self.missed, guessed), language, AHEAD_BOX
        )
        self.gaps = DayGaps(self.plot.days(starts), guessed, missed, (self.day(0), float(ahead.prediction[0])))
        self.near = max(first, ahead.last_known - timedelta(days=KNOWN_DAYS - 1))
        self.bands = self.add_bands(np.concatenate([dates, ahead.dates]), lows)
        self.red = self.add_line(dates, known, palette.red, REAL_LINE)
        self.dots = self.add_dots(dates, known, palette.red, 0.06)
        self.bracket = WindowBracket(self.plot, dataset.window, BRACKET)
        self.arrow, self.span = words("←", style.TICK), VGroup(words(span, style.TICK))
        self.hold(self.day(0))
        self.real, self.known = words(real, style.LABEL, palette.red), (dates, known)
        self.low, self.high = low, high

    def come_close(self, scene: Scene) -> None:
        """Plays the way to the last weeks, the bracket's end with them, and puts what stands there in its place."""
        if self.plot.days(self.near) > self.plot.x_range[0]:
            is_open = self.day(0) - self.bracket.window < self.plot.days(self.near)

            def follow(share: float) -> None:
                """The bracket's end goes along; where it will go on beyond the plot, an arrow comes."""
                self.hold(self.day(0))
                self.arrow.set_fill(opacity=min(1.0, 2 * share) if is_open else 0.0)

            if is_open:
                self.span.add(self.arrow)
                follow(0.0)
            self.zoom_to(scene, self.near, self.last, CLOSER, also=follow, others=[self.bracket, self.span])
        plot, (dates, known) = self.plot, self.known
        shown = dates >= np.datetime64(self.near, "D")
        ink = plot.at(plot.days(dates[shown]), known[shown])
        self.predicted = VGroup(*(
            self.pin(ring(place, 0.1, palette.blue), self.day(k), float(self.ahead.prediction[k]))
            for k, place in enumerate(self._chain()[1:])
        ))  # fmt: skip
        self.steps = [_step(a, b) for a, b in pairwise(self._chain())]
        size = Callout.size_of(self.real)
        place = free_place(ink, ink[known[shown].argmax()], size, plot.box, gap=size[0] / 2 + 0.1)
        self.real.move_to((*(place or ink[0][:2] + 0.4), 0.0))

    def come_wide(self, scene: Scene) -> None:
        """Plays the way back to the unseen days, as far as they are known here; then their gaps can be shown."""
        wide = self.ahead.last_known - timedelta(days=int(self.day(0) - self.gaps.days.min(initial=self.day(0))))
        if wide < self.near:
            self.near = wide
            self.zoom_to(scene, wide, self.last, CLOSEST, also=self._follow, others=self.steps)
        self.gaps.put(self.plot.at, 0.0)

    def _follow(self, _: float) -> None:
        """The steps go along when the plot moves."""
        for step, ends in zip(self.steps, pairwise(self._chain()), strict=True):
            step.set_points(_step(*ends).points)

    def come_closest(self, scene: Scene) -> None:
        """Plays the way on to the last days, the steps to the predicted ones with them; then errors can be shown.

        The gaps go on to the first predicted day, and lie over each other there.
        """
        near = max(self.near, self.ahead.last_known - timedelta(days=LAST_DAYS - 1))

        def follow(share: float) -> None:
            self._follow(share)
            self.gaps.put(self.plot.at, share)

        others = [*self.steps, self.gaps]
        if near > self.near:
            self.near = near
            self.zoom_to(scene, near, self.last, TOGETHER, also=follow, others=others)
        plot, (dates, known) = self.plot, self.known
        shown = dates >= np.datetime64(near, "D")
        held = np.concatenate([known[shown], self.low, self.high, *self.missed])
        free = AROUND * float(np.ptp(held))
        views = (float(held.min()) - free, float(held.max()) + free)
        self.stretch_to(scene, views, TALLER, lambda _: follow(1.0), others)
        self.gaps.put(self.plot.at, 1.0)
        count = len(self.ahead.dates)
        self.reach = reach_within(float(plot.at(1, 0)[0] - plot.at(0, 0)[0]))
        self.misses = VGroup(*(self._misses(k) for k in range(count)))
        self.spreads = VGroup(*(self._spread(k) for k in range(count)))
        height = max(float(self.spreads[0].height), LEAST_STAKE)
        self.stake = Rectangle(width=2 * self.reach, height=height, stroke_width=0)
        self.stake.set_fill(palette.blue, 0.4).move_to(self.spreads[0])
        self.ink = np.concatenate([plot.at(plot.days(dates[shown]), known[shown]), self._chain()[1:]])

    def _chain(self) -> NDArray:
        """(1 + h, 3): where the last known day is in the plot now, and the predicted ones."""
        (dates, known), ahead = self.known, self.ahead
        days = np.concatenate([self.plot.days(dates[-1:]), self.plot.days(ahead.dates)])
        return self.plot.at(days, np.concatenate([known[-1:], ahead.prediction]))

    def hold(self, day: float) -> None:
        """The bracket holds the window before ``day``; its number is under its beginning."""
        left = float(self.bracket.put(day).get_left()[0])
        self.arrow.place(UNDER_BRACKET, left=left)
        self.span[0].place(UNDER_BRACKET, left=left + self.arrow.width + 0.1)

    def fed(self, written: str) -> TextMobject:
        """A prediction as it is fed back: under the bracket's end, where it stands for a day's views."""
        text = words(written, style.LABEL, palette.blue)
        right = max(float(self.bracket.get_right()[0]), float(self.span.get_right()[0]) + 0.2 + text.width)
        return text.place(UNDER_BRACKET, right=right)

    def clicks(self, text: str) -> Clicks:
        """Tomorrow's views as nobody knows them: well within the stake, and above all if everybody clicks.

        The red line's name is no more to be seen: the condition would read as a second one.
        """
        top = self.plot.box[3] - CLICKED_BELOW
        inside = self.plot.at(self.day(0), self.ahead.prediction[0] - CLICKED_FROM * (self.high[0] - self.low[0]))
        head = self.spreads[0].get_top()
        goal = np.array([inside[0], max(top, head[1] + CLICKED_ABOVE), 0.0])
        label = words(text, style.LABEL, palette.red)
        place = free_place(self.ink, goal, (label.width, label.height), self.plot.box, 0.2)
        return Clicks(inside, goal, label.move_to((*place, 0.0)) if place is not None else VMobject())

    def band_names(self, text: str) -> VGroup:
        """The low weekdays' names over each band that has room."""
        return self.names_over(self.bands, text, self.plot.unit_label.get_right()[0] + NAMES_FROM)

    def day(self, k: int) -> float:
        """Where predicted day ``k`` lies on the x axis."""
        return float(self.plot.days(self.ahead.dates[k]))

    def _misses(self, k: int) -> VGroup:
        """A dot for each error, around its day: a swarm is not read as days."""
        return swarm(self.plot.at(self.day(k), self.missed[k]), self.reach)

    def _spread(self, k: int) -> VGroup:
        """Two marks, over and under a prediction, as far off as its error is on average."""
        return marks(*self.plot.at(self.day(k), [self.low[k], self.high[k]]), self.reach)


class Clicks(VGroup):
    """A dashed red ring that can rise from ``start`` to ``goal``, with a dashed line behind it: views nobody knows.

    Parts: ``way``, ``mark``, and ``label``, the condition for it.
    """

    def __init__(self, start: NDArray, goal: NDArray, label: VMobject) -> None:
        super().__init__()
        self.start, self.goal, self.label = start, goal, label
        self.way = VMobject()
        border = Circle(radius=CLICK, color=palette.red, stroke_width=style.RING)
        self.mark = VGroup(Circle(radius=CLICK, stroke_width=0), DashedVMobject(border, num_dashes=8))
        self.mark[0].set_fill(palette.background, 1)
        self.rise(0.0)
        self.add(self.way, self.mark, self.label)

    def rise(self, share: float) -> None:
        """The ring at this share of its way."""
        at = self.start + share * (self.goal - self.start)
        self.mark.move_to(at)
        self.way.become(dashed(self.start, at, palette.red))


def _step(start: NDArray, end: NDArray) -> VMobject:
    """The line from one day's dot to the next one's, off both."""
    way = (end - start) / max(float(np.linalg.norm(end - start)), 1e-9)
    return segment(start + 0.08 * way, end - 0.1 * way, mix(palette.blue, 0.7), 3.2)
