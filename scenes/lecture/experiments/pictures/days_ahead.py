"""The last days of a series, and what is predicted for those after it, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
from gradreel.core.analysis.forecast import Forecast
from gradreel.core.arrays import FloatArray
from gradreel.core.daily.views import DailyViews
from gradreel.scenes import style
from gradreel.scenes.lecture.daily_data import AHEAD_BOX
from gradreel.scenes.lecture.experiments.pictures.zoom_days import ZoomDays
from gradreel.scenes.mobjects.callout import Callout, beside, free_place
from gradreel.scenes.mobjects.day_plot import REAL_LINE, WindowBracket, views_range
from gradreel.scenes.mobjects.plot import ring, segment
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.style import mix, palette
from manim import UP, Scene, VGroup, VMobject
from numpy.typing import NDArray

KNOWN_DAYS = 15  # before the first predicted one, that are shown close by
SPAN = 13.0  # width of the bar of the miss to expect
MOST_DAYS = 120  # ... and from afar; a longer window's bracket is open
BRACKET = -2.64
NAMES_FROM = 0.3  # right of the unit's name, before the names of bands
OFF_GRID = 0.1  # from a line of the grid to a text
ASKED = 60  # size of the question mark on the first day that nobody knows
CLOSER = 1.2  # seconds of the way to the last weeks
UNDER_BRACKET = BRACKET - 0.4  # baseline of what stands under it


class DaysAhead(ZoomDays):
    """Known days in red; h predicted ones as hollow blue dots.

    It begins with all days of the window; `come_close` leaves the last weeks. ``lows``: weekdays that are shaded. Parts
    to bring: ``red``, ``dots``, ``real`` (the red line's name, close by), ``bands``, and for each predicted day one of
    ``predicted`` and of ``steps`` (lines that lead there); ``bracket``, which holds the days that the first prediction
    is made from, and their number ``span``.
    """

    def __init__(
        self, dataset: DailyViews, ahead: Forecast, real: str, span: str, lows: Sequence[int], language: str
    ) -> None:
        self.ahead, series = ahead, dataset.daily
        n_known = (ahead.last_known - series.start).days + 1
        count = min(max(KNOWN_DAYS, min(dataset.window + 1, MOST_DAYS)), n_known)
        dates, known = series.dates()[n_known - count : n_known], series.array()[n_known - count : n_known]
        self.last = ahead.dates[-1].astype(date) + timedelta(days=1)
        first = dates[0].astype(date)
        super().__init__(dataset, first, self.last, views_range(known, ahead.prediction), language, AHEAD_BOX)
        self.near = max(first, ahead.last_known - timedelta(days=KNOWN_DAYS - 1))
        self.bands = self.add_bands(np.concatenate([dates, ahead.dates]), lows)
        self.red = self.add_line(dates, known, palette.red, REAL_LINE)
        self.dots = self.add_dots(dates, known, palette.red, 0.06)
        self.bracket = WindowBracket(self.plot, dataset.window, BRACKET)
        self.arrow, self.span = words("←", style.TICK), VGroup(words(span, style.TICK))
        self.hold(self.day(0))
        self.real, self.known = words(real, style.LABEL, palette.red), (dates, known)

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
        chain = self._chain()
        self.predicted = VGroup(*(ring(place, 0.1, palette.blue) for place in chain[1:]))
        self.steps = [_step(a, b) for a, b in pairwise(chain)]
        self.ink = np.concatenate([ink, chain[1:]])
        self.mark = words("?", ASKED).move_to(plot.at(self.day(0), sum(plot.y_range) / 2))
        size = Callout.size_of(self.real)
        place = free_place(ink, ink[known[shown].argmax()], size, plot.box, gap=size[0] / 2 + 0.1)
        self._off_the_grid(self.real.move_to((*(place or ink[0][:2] + 0.4), 0.0)))

    def _chain(self) -> NDArray:
        """(1 + h, 3): where the last known day is in the plot now, and the predicted ones."""
        (dates, known), ahead = self.known, self.ahead
        days = np.concatenate([self.plot.days(dates[-1:]), self.plot.days(ahead.dates)])
        return self.plot.at(days, np.concatenate([known[-1:], ahead.prediction]))

    def number(self, written: str) -> TextMobject:
        """The first prediction's number, beside its dot."""
        text = words(written, style.LETTER, palette.blue)
        size, dots = (text.width, text.height), self.predicted
        at = beside(self.ink, dots[0].get_center(), size, self.plot.box, taken=dots)
        return self._off_the_grid(text.move_to(at))

    def _off_the_grid(self, text: TextMobject) -> TextMobject:
        """``text``, moved up or down where a line of the grid would strike it."""
        half = float(text.height) / 2 + OFF_GRID
        for away in (float(text.get_center()[1] - line.get_y()) for line in self.plot.grid):
            if abs(away) < half:
                text.shift((half - away if away > 0 else -half - away) * UP)
        return text

    def spans(self, misses: FloatArray) -> VGroup:
        """A bar through each predicted day, as far up and down as such days are missed on average, in views."""
        ends = zip(self.plot.days(self.ahead.dates), self.ahead.prediction, misses, strict=True)
        bars = (self.plot.at([x, x], [guess - miss, guess + miss]) for x, guess, miss in ends)
        return VGroup(*(segment(low, high, mix(palette.blue, style.FAINT), SPAN) for low, high in bars))

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

    def band_names(self, text: str) -> VGroup:
        """The low weekdays' names over each band that has room."""
        return self.names_over(self.bands, text, self.plot.unit_label.get_right()[0] + NAMES_FROM)

    def day(self, k: int) -> float:
        """Where predicted day ``k`` lies on the x axis."""
        return float(self.plot.days(self.ahead.dates[k]))


def _step(start: NDArray, end: NDArray) -> VMobject:
    """The line from one day's dot to the next one's, off both."""
    way = (end - start) / max(float(np.linalg.norm(end - start)), 1e-9)
    return segment(start + 0.08 * way, end - 0.1 * way, mix(palette.blue, 0.7), 3.2)
