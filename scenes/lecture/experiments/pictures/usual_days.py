"""Draws days of the made-up channel and their usual views, which have level, weekday and holidays but not the rule."""

from __future__ import annotations

from datetime import date

import numpy as np
from gradreel.core.daily.synthetic import START, base_views
from gradreel.core.daily.views import DailyViews
from gradreel.scenes import style
from gradreel.scenes.mobjects.day_plot import DayPlot, views_range
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.style import mix, palette
from manim import VGroup

BOX = (-5.6, 4.4, -2.35, 2.05)  # left, right, bottom, top
USUAL_LINE, DAY_DOT, APART = 3.2, 0.07, 2.0  # widths; radius of a day's dot; width of the line between both


class UsualDays(VGroup):
    """Draws the ``count`` days before ``end`` and what would be usual on each.

    Parts: ``plot``; ``usual`` and its name ``usual_name``; ``dots`` of the days, ``apart``: from usual to each.
    """

    def __init__(self, dataset: DailyViews, end: date, count: int, name: str, language: str) -> None:
        super().__init__()
        dates = np.arange(np.datetime64(end) - count, np.datetime64(end))
        self.usual_views = np.array([base_views(int(i)) for i in (dates - np.datetime64(START)).astype(int)])
        self.views = dataset.daily.array()[np.isin(dataset.daily.dates(), dates)]
        y_range = views_range(self.views, self.usual_views)
        self.plot = DayPlot(dataset, dates[0].item(), dates[-1].item(), y_range, language, BOX)
        self.usual = self.plot.line(dates, self.usual_views, mix(palette.text, style.DIM), USUAL_LINE)
        self.dots = self.plot.dots(dates, self.views, palette.red, DAY_DOT)
        self.apart = self.plot.errors(dates, self.usual_views, self.views, APART)
        self.usual_name = words(name, style.LABEL, palette.dim)
        self.plot.put_end_labels([self.usual_name], [float(self.usual_views[-1])])
        self.add(self.plot, self.apart, self.usual, self.usual_name, self.dots)
