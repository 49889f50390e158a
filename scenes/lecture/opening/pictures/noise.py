"""What is left of the last days when one knows the rule of our made-up channel: the noise, day by day."""

from __future__ import annotations

import numpy as np
from gradreel.core.daily.synthetic import best_guesses
from gradreel.scenes import style
from gradreel.scenes.lecture.opening.pictures.last_days import LastDays
from gradreel.scenes.mobjects.plot import Plot, segment
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.mobjects.ticks import round_labels
from gradreel.scenes.style import mix, palette
from manim import VGroup

ROOM = 1.15  # of the largest miss: height of either half


class Noise(VGroup):
    """Over the days of ``days``, how far each is from what the rule expects, today among them: a dot on its stick.

    ``level``: what the middle line is called. Parts: ``plot``, ``zero``, ``sticks`` and ``dots``, one a day.
    """

    def __init__(self, days: LastDays, level: str) -> None:
        super().__init__()
        left, right, bottom, top = days.plot.box
        self.missed = days.views - best_guesses()[-len(days.views) :]
        most = ROOM * float(np.abs(self.missed).max())
        ticks = round_labels(-most, most, 4)
        box = {"left": left, "right": right, "bottom": bottom, "top": top}
        self.plot = Plot(days.plot.x_range, (-most, most), **box, y_ticks=ticks, x_label=None)
        self.plot.remove(self.plot.x_axis)
        x = days.plot.days(days.dates)
        places, feet = self.plot.at(x, self.missed), self.plot.at(x, np.zeros(len(x)))
        ink = mix(palette.red, 0.6)
        pairs = zip(feet, places, strict=True)
        self.sticks = VGroup(*(segment(foot, place, ink, style.AXIS) for foot, place in pairs))
        self.dots = days.plot.dots(days.dates, days.views, palette.red)
        for dot, place in zip(self.dots, places, strict=True):
            dot.move_to(place)
        middle = segment(*self.plot.at(np.array(self.plot.x_range), 0.0), palette.text, style.AXIS)
        self.zero = VGroup(middle, words(level, style.LABEL).place(top + 0.28, left=left))
        self.add(self.plot, self.zero, self.sticks, self.dots)
