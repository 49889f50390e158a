"""The last days of a series, what is predicted for those after it, the usual errors, and the numbers beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
from gradreel.core.daily_views import DailyViews
from gradreel.core.forecast import Forecast, HorizonErrors
from gradreel.scenes import style
from gradreel.scenes.mobjects.callout import Callout, free_place
from gradreel.scenes.mobjects.day_plot import REAL_LINE, DayPlot, WindowBracket, views_range
from gradreel.scenes.mobjects.day_words import day_words, weekdays_words
from gradreel.scenes.mobjects.plot import ring, segment
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.style import mix, palette
from manim import ManimColor, VGroup, VMobject
from numpy.typing import NDArray

KNOWN_DAYS = 21  # before the first predicted one, that are shown
BOX = (style.LEFT_EDGE + 0.42, 2.1, -1.95, 2.15)
BRACKET = -2.64
PANEL_LEFT, PANEL_LINES = 2.75, (1.55, 0.85)
TABLE_TOP, TABLE_STEP, COLUMN = -0.45, 0.55, 0.95


class DaysAhead(VGroup):
    """Known days in red; h predicted ones as hollow blue dots, each with the usual error around it.

    ``usual`` (h,): views that a prediction is off by on average. Parts: ``plot``, ``red``, ``dots``, ``real`` (the red
    line's name), ``points`` and ``spreads`` (one for each predicted day), ``steps`` (lines that lead to them),
    ``bracket``, which holds the days that the first prediction is made from.
    """

    def __init__(self, dataset: DailyViews, ahead: Forecast, usual: NDArray, real: str, language: str) -> None:
        super().__init__()
        self.ahead, series = ahead, dataset.daily
        count = min(KNOWN_DAYS, len(series))
        dates, known = series.dates()[-count:], series.array()[-count:]
        low, high = ahead.prediction - usual, ahead.prediction + usual
        first, last = dates[0].astype(date), ahead.dates[-1].astype(date) + timedelta(days=1)
        self.plot = plot = DayPlot(dataset, first, last, views_range(known, low, high), language, BOX)
        self.red = plot.line(dates, known, palette.red, REAL_LINE)
        self.dots = plot.dots(dates, known, palette.red, 0.065)
        places = plot.at(plot.days(ahead.dates), ahead.prediction)
        self.points = VGroup(*(ring(place, 0.1, palette.blue) for place in places))
        ink = plot.at(plot.days(dates), known)
        self.steps = [_step(a, b) for a, b in pairwise([ink[-1], *places])]
        self.spreads = VGroup(*(self._spread(k, float(low[k]), float(high[k])) for k in range(len(places))))
        self.real = words(real, style.LABEL, palette.red)
        size = Callout.size_of([self.real])
        place = free_place(ink, ink[known.argmax()], size, plot.box, gap=size[0] / 2 + 0.1)
        self.real.move_to((*(place or ink[0][:2] + 0.4), 0.0))
        self.bracket = WindowBracket(plot, dataset.window, BRACKET).put(self.day(0))
        self.add(plot, self.red, self.dots, self.real, self.bracket, *self.steps, self.spreads, self.points)

    def day(self, k: int) -> float:
        """Where predicted day ``k`` lies on the x axis."""
        return float(self.plot.days(self.ahead.dates[k]))

    def _spread(self, k: int, low: float, high: float) -> VGroup:
        """An upright line over the usual error around a prediction, with caps."""
        foot, head = self.plot.at(self.day(k), low), self.plot.at(self.day(k), high)
        cap = np.array([0.09, 0.0, 0.0])
        ends = [(foot, head), (foot - cap, foot + cap), (head - cap, head + cap)]
        return VGroup(*(segment(a, b, palette.text, 2.4) for a, b in ends))


def _step(start: NDArray, end: NDArray) -> VMobject:
    """The line from one day's dot to the next one's, off both."""
    way = (end - start) / max(float(np.linalg.norm(end - start)), 1e-9)
    return segment(start + 0.08 * way, end - 0.1 * way, mix(palette.blue, 0.7), 3.2)


class AheadPanel(VGroup):
    """The first and the last predicted day with their numbers, and a table of mean errors so many days ahead.

    ``texts``: words for "prediction", "mean-error", "model", "last-day", "last-week", and a head for each horizon.
    Parts: ``head``, ``lines``, ``table`` (its first row the heads, then the model, then what needs no network).
    """

    def __init__(
        self,
        ahead: Forecast,
        errors: HorizonErrors,
        texts: dict[str, str],
        heads: Sequence[str],
        write: Callable[[float], str],
        language: str,
    ) -> None:
        super().__init__()
        shown = sorted({0, len(ahead.dates) - 1})
        self.head = words(texts["prediction"], style.TICK, palette.blue)
        self.head.place(PANEL_LINES[0] + 0.65, right=style.RIGHT_EDGE)
        self.lines = VGroup()
        for k, y in zip(shown, PANEL_LINES, strict=False):
            weekday = weekdays_words((ahead.weekdays[k],), language, "short")
            name = words(f"{weekday} {day_words(ahead.dates[k], language, 'short')}", 28).place(y, left=PANEL_LEFT)
            value = words(write(float(ahead.prediction[k])), 38, palette.blue).place(y, right=style.RIGHT_EDGE)
            self.lines.add(VGroup(name, value))
        rows = [
            ("model", errors.mean_absolute, palette.text),
            ("last-day", errors.naive_day_mean_absolute, palette.dim),
            ("last-week", errors.naive_week_mean_absolute, palette.dim),
        ]
        self.table = VGroup(self._row(texts["mean-error"], heads, 0, palette.dim))
        for name, values, color in rows:
            if np.isfinite(values).all():
                written = [write(float(values[k])) for k in shown]
                self.table.add(self._row(texts[name], written, len(self.table), color))
        self.add(self.head, self.lines, self.table)

    def _row(self, name: str, numbers: Sequence[str], k: int, color: ManimColor) -> VGroup:
        y = TABLE_TOP - TABLE_STEP * k
        row = VGroup(words(name, style.TICK, color).place(y, left=PANEL_LEFT))
        for column, text in enumerate(reversed(numbers)):
            row.add(words(text, style.TICK, color).place(y, right=style.RIGHT_EDGE - column * COLUMN))
        return row
