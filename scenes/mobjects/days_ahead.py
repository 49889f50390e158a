"""The last days of a series, what is predicted for those after it, the usual errors, and the numbers beside them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
from gradreel.core.daily_views import DailyViews
from gradreel.core.forecast import Forecast
from gradreel.scenes import style
from gradreel.scenes.mobjects.callout import Callout, free_place
from gradreel.scenes.mobjects.day_plot import REAL_LINE, WindowBracket, views_range
from gradreel.scenes.mobjects.day_words import day_words, weekdays_words
from gradreel.scenes.mobjects.plot import dashed, ring, segment
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.mobjects.zoom_days import ZoomDays
from gradreel.scenes.style import mix, palette
from manim import UP, Animation, Circle, DashedVMobject, FadeIn, ManimColor, Rectangle, Scene, VGroup, VMobject
from numpy.typing import NDArray

KNOWN_DAYS = 21  # before the first predicted one, that are shown close by
MOST_DAYS = 120  # ... and from afar; a longer window's bracket is open
BOX = (style.LEFT_EDGE + 0.42, 1.5, -1.95, 2.15)
BRACKET = -2.64
NAMES_FROM = 0.3  # right of the unit's name, before the names of bands
PANEL_LEFT, PANEL_LINES = 2.1, (1.5, 0.75)
PANEL_SIZES, PANEL_GAPS = (28.0, 36.0, 30.0), 0.55  # of a day, its prediction, its error; between them, in all
KEY_LINE, RIVAL_LINES = -0.25, (-1.15, -1.95)
BAR_DROP, BAR_HEIGHT = 0.24, 0.12  # from a rival's baseline to the middle of its bar
CLOSER, STAKE = 1.3, 0.28  # seconds; width of what is bet on
UNDER_BRACKET = BRACKET - 0.4  # baseline of what stands under it
CLICK, CLICKED_FROM = 0.1, 0.3  # a ring's radius; where it begins, of the error's height under the prediction
CLICKED_BELOW, CLICKED_ABOVE = 0.35, 0.3  # where it ends: under the plot's top, or so far over the error at least
CAP = np.array([0.09, 0.0, 0.0])


class DaysAhead(ZoomDays):
    """Known days in red; h predicted ones as hollow blue dots, each with the usual error around it.

    It begins with all days of the window; `come_close` leaves the last weeks. ``usual`` (h,): views that a prediction
    is off by on average; ``lows``: weekdays that are shaded. Parts to bring: ``red``, ``dots``, ``real`` (the red
    line's name, close by), ``bands``, ``predicted`` and ``spreads`` (one for each predicted day), ``steps`` (lines that
    lead to them), ``bracket``, which holds the days that the first prediction is made from, their number ``span``, and
    ``stake``, a band as high as the first one's usual error.
    """

    def __init__(
        self,
        dataset: DailyViews,
        ahead: Forecast,
        usual: NDArray,
        real: str,
        span: str,
        lows: Sequence[int],
        language: str,
    ) -> None:
        self.ahead, series = ahead, dataset.daily
        count = min(max(KNOWN_DAYS, min(dataset.window + 1, MOST_DAYS)), len(series))
        dates, known = series.dates()[-count:], series.array()[-count:]
        low, high = ahead.prediction - usual, ahead.prediction + usual
        self.last = ahead.dates[-1].astype(date) + timedelta(days=1)
        first = dates[0].astype(date)
        super().__init__(dataset, first, self.last, views_range(known, low, high), language, BOX)
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
            others = [self.bracket, self.span]
            self.zoom_to(scene, self.near, self.last, CLOSER, also=lambda _: self.hold(self.day(0)), others=others)
        plot, (dates, known) = self.plot, self.known
        places = plot.at(plot.days(self.ahead.dates), self.ahead.prediction)
        shown = dates >= np.datetime64(self.near, "D")
        ink = plot.at(plot.days(dates[shown]), known[shown])
        self.predicted = VGroup(*(ring(place, 0.1, palette.blue) for place in places))
        self.steps = [_step(a, b) for a, b in pairwise([ink[-1], *places])]
        self.spreads = VGroup(*(self._spread(k) for k in range(len(places))))
        height = max(float(self.spreads[0].height), BAR_HEIGHT)
        self.stake = Rectangle(width=STAKE, height=height, stroke_width=0)
        self.stake.set_fill(palette.blue, 0.4).move_to(self.spreads[0])
        size = Callout.size_of([self.real])
        place = free_place(ink, ink[known[shown].argmax()], size, plot.box, gap=size[0] / 2 + 0.1)
        self.real.move_to((*(place or ink[0][:2] + 0.4), 0.0))
        self.ink = np.concatenate([ink, places])

    def hold(self, day: float) -> None:
        """The bracket holds the window before ``day``; its number is under its beginning."""
        left = float(self.bracket.put(day).get_left()[0])
        self.arrow.place(UNDER_BRACKET, left=left)
        self.span[0].place(UNDER_BRACKET, left=left + self.arrow.width + 0.1)

    def open_span(self) -> list[Animation]:
        """An arrow beside the number of days, where the bracket goes on beyond the plot."""
        if self.plot.at(self.day(0) - self.bracket.window, 0)[0] >= self.plot.box[0]:
            return []
        self.span.add(self.arrow)
        return [FadeIn(self.arrow)]

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

    def _spread(self, k: int) -> VGroup:
        """An upright line over the usual error around a prediction, with caps."""
        return whisker(self.plot.at(self.day(k), self.low[k]), self.plot.at(self.day(k), self.high[k]))


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


def whisker(foot: NDArray, head: NDArray) -> VGroup:
    """An upright line with caps."""
    ends = [(foot, head), (foot - CAP, foot + CAP), (head - CAP, head + CAP)]
    return VGroup(*(segment(a, b, palette.text, 2.4) for a, b in ends))


def _bar(share: float, y: float, color: ManimColor) -> Rectangle:
    """A level bar from the panel's left, ``share`` of the panel long."""
    bar = Rectangle(width=max(share, 1e-3) * (style.RIGHT_EDGE - PANEL_LEFT), height=BAR_HEIGHT, stroke_width=0)
    bar.set_fill(mix(color, 0.66), 1)
    return bar.move_to((PANEL_LEFT + bar.width / 2, y, 0.0))


def _step(start: NDArray, end: NDArray) -> VMobject:
    """The line from one day's dot to the next one's, off both."""
    way = (end - start) / max(float(np.linalg.norm(end - start)), 1e-9)
    return segment(start + 0.08 * way, end - 0.1 * way, mix(palette.blue, 0.7), 3.2)


class AheadPanel(VGroup):
    """The first and the last predicted day with their numbers, later with the mean error of each.

    ``written``, ``errors``: the numbers of those days as words; ``key``: what the whiskers are; ``rivals``: rows (name,
    number, error) that compare the error a day ahead, ours first, each with a bar as long as it is large. Parts:
    ``head``, ``lines``, ``errors``, ``key``, ``rivals``.
    """

    def __init__(
        self,
        ahead: Forecast,
        head: str,
        written: Sequence[str],
        errors: Sequence[str],
        key: str,
        rivals: Sequence[tuple[str, str, float]],
        language: str,
    ) -> None:
        super().__init__()
        shown = sorted({0, len(ahead.dates) - 1})
        names = [
            f"{weekdays_words((ahead.weekdays[k],), language, 'short')} {day_words(ahead.dates[k], language, 'short')}"
            for k in shown
        ]
        rows = [(name, number, f"± {error}") for name, number, error in zip(names, written, errors, strict=True)]
        sizes = self._sizes(rows)
        column = style.RIGHT_EDGE - max(words(row[2], sizes[2]).width for row in rows) - PANEL_GAPS / 2
        self.head = words(head, style.TICK, palette.blue).place(PANEL_LINES[0] + 0.65, right=column)
        self.lines, self.errors = VGroup(), VGroup()
        for (name, number, error), y in zip(rows, PANEL_LINES, strict=False):
            prediction = words(number, sizes[1], palette.blue).place(y, right=column)
            self.lines.add(VGroup(words(name, sizes[0]).place(y, left=PANEL_LEFT), prediction))
            self.errors.add(words(error, sizes[2]).place(y, right=style.RIGHT_EDGE))
        foot = np.array([PANEL_LEFT + 0.12, KEY_LINE - 0.14, 0.0])
        self.key = VGroup(whisker(foot, foot + 0.5 * UP))
        self.key.add(words(key, style.TICK).place(KEY_LINE, left=PANEL_LEFT + 0.45))
        self.rivals = VGroup()
        largest = max(error for _, _, error in rivals) or 1.0
        for (name, number, error), y in zip(rivals, RIVAL_LINES, strict=True):
            color = palette.text if not len(self.rivals) else palette.dim
            row = VGroup(words(name, 27, color).place(y, left=PANEL_LEFT))
            row.add(words(number, 30, color).place(y, right=style.RIGHT_EDGE))
            self.rivals.add(row.add(_bar(error / largest, y - BAR_DROP, color)))
        self.add(self.head, self.lines, self.errors, self.key, self.rivals)

    @staticmethod
    def _sizes(rows: Sequence[tuple[str, str, str]]) -> tuple[float, ...]:
        """Of the three columns: smaller where long numbers would not have room."""
        widths = [max(words(row[k], size).width for row in rows) for k, size in enumerate(PANEL_SIZES)]
        share = (style.RIGHT_EDGE - PANEL_LEFT - PANEL_GAPS) / sum(widths)
        return tuple(max(style.SMALLEST, size * min(1.0, share)) for size in PANEL_SIZES)
