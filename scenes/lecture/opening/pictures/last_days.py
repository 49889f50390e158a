"""The last days of a channel, with a question mark where today's views will be."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from gradreel.core.daily.views import DailyViews
from gradreel.scenes import style
from gradreel.scenes.mobjects.day_plot import REAL_LINE, DayPlot, views_range
from gradreel.scenes.mobjects.plot import dashed
from gradreel.scenes.mobjects.text import patch_under, words
from gradreel.scenes.style import mix, palette
from manim import VGroup
from numpy.typing import NDArray

FEWEST, MOST = 3, 120  # days that are shown before today, however many a network sees
ASKED, CLEAR = 44, 0.1  # size of the question mark; around it


def last_views(dataset: DailyViews) -> NDArray[np.float64]:
    """Return the views of the days that `LastDays` shows, and of today as the last: (days + 1,)."""
    return dataset.daily.array()[-min(max(dataset.window, FEWEST), MOST) - 1 :]


class LastDays(VGroup):
    """A dot for each day that a network sees before today, the last day of ``dataset``, whose own dot is missing.

    ``today``: the word over its place. ``box``: left, right, bottom, top of the picture. Parts: ``plot``, ``line`` and
    ``dots`` of the days before, ``today``: a dashed upright and the word over it, the question ``mark`` on a patch.
    """

    def __init__(self, dataset: DailyViews, today: str, language: str, box: tuple[float, float, float, float]) -> None:
        super().__init__()
        self.views, last = last_views(dataset), dataset.daily.end
        self.dates = np.array([last - timedelta(days=k) for k in range(len(self.views))][::-1], dtype="datetime64[D]")
        first = self.dates[0].astype(object)
        self.plot = DayPlot(dataset, first, last, views_range(self.views), language, box)
        self.line = self.plot.line(self.dates[:-1], self.views[:-1], mix(palette.red, style.DIM), REAL_LINE)
        self.dots = self.plot.dots(self.dates[:-1], self.views[:-1], palette.red)
        x, top = float(self.plot.at(self.plot.x_range[1], 0)[0]), box[3]
        asked = words("?", ASKED).move_to((x, (box[2] + top) / 2, 0))
        self.mark = VGroup(patch_under(asked), asked)
        ends = (box[2], self.mark.get_bottom()[1] - CLEAR), (self.mark.get_top()[1] + CLEAR, top)
        uprights = [dashed((x, low, 0), (x, high, 0), mix(palette.text, 0.6)) for low, high in ends]
        name = words(today, style.LABEL).place(top + 0.18, center=x)
        name.shift([min(0.0, style.RIGHT_EDGE - name.get_right()[0]), 0, 0])
        self.today = VGroup(*uprights, name)
        self.add(self.plot, self.line, self.dots, self.today, self.mark)
