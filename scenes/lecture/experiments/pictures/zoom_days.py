"""A plot of days whose calendar can be zoomed: lines, dots, bands and marks stay with their days while it moves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np
from gradreel.core.analysis.forecast import weekdays
from gradreel.core.daily.series import DayArray
from gradreel.core.daily.views import DailyViews
from gradreel.scenes import style
from gradreel.scenes.mobjects.day_plot import MODEL_LINE, SHADE, DayPlot
from gradreel.scenes.mobjects.plot import polyline
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.style import mix, palette
from manim import Dot, ManimColor, Scene, UpdateFromAlphaFunc, VGroup, VMobject, smooth
from numpy.typing import ArrayLike, NDArray

NAMES_ABOVE, NAMES_APART = 0.12, 0.16  # over the plot; between two names
EDGE = 1e-6  # days
LABELS_APART = 0.06  # two days' labels while the calendar moves


@dataclass
class _Line:
    mobject: VMobject
    x: NDArray
    y: NDArray
    until: float | None = None


@dataclass
class _Pin:
    mobject: VMobject
    day: float
    views: float
    at: NDArray


class ZoomDays(VGroup):
    """A DayPlot from ``first`` to ``last`` and what is drawn in it, clipped at its sides.

    Parts: ``plot`` (all but the days below the axis), ``ticks`` (those days). Lines, dots, bands and pinned marks are
    not parts: the scene brings each when it is spoken of, and `show` moves all of them.
    """

    def __init__(
        self,
        dataset: DailyViews,
        first: date,
        last: date,
        y_range: tuple[float, float],
        language: str,
        box: tuple[float, float, float, float],
    ) -> None:
        super().__init__()
        self._make: Callable[[date, date, tuple[float, float]], DayPlot] = lambda a, b, views: DayPlot(
            dataset, a, b, views, language, box
        )
        self.first, self.last = first, last
        self.plot = self._make(first, last, y_range)
        self.ticks = _ticks(self.plot)
        self.plot.remove(self.plot.x_tick_labels, self.plot.marks)
        self._lines: list[_Line] = []
        self._pins: list[_Pin] = []
        self._bands: list[tuple[VMobject, float, float]] = []
        self.add(self.plot, self.ticks)

    # -- what is drawn -------------------------------------------------------------------------------------------

    def add_line(self, dates: DayArray, views: ArrayLike, color: ManimColor, width: float = MODEL_LINE) -> VMobject:
        """The line through the views of ``dates``."""
        x, y = self.plot.days(dates), np.asarray(views, dtype=float)
        self._lines.append(_Line(polyline(self.plot.at(x, y), color, width), x, y))
        self._draw(self._lines[-1])
        return self._lines[-1].mobject

    def draw_until(self, line: VMobject, day: float) -> None:
        """Shorten ``line`` to its points up to ``day`` (on the x axis), in place."""
        entry = next(entry for entry in self._lines if entry.mobject is line)
        entry.until = day
        self._draw(entry)

    def add_dots(self, dates: DayArray, views: ArrayLike, color: ManimColor, radius: float = 0.055) -> VGroup:
        """A dot for each day."""
        dots = VGroup()
        for x, y in zip(self.plot.days(dates), np.asarray(views, dtype=float), strict=True):
            dots.add(self.pin(Dot(self.plot.at(x, y), radius=radius, color=color), float(x), float(y)))
        return dots

    def pin(self, mobject: VMobject, day: float, views: float) -> VMobject:
        """Let ``mobject`` move with the point (day, views); it is not seen while the day is off the plot."""
        self._pins.append(_Pin(mobject, day, views, self.plot.at(day, views)))
        return mobject

    def add_bands(self, dates: DayArray, chosen: Sequence[int]) -> VGroup:
        """Shades behind the days of the weekdays ``chosen``, neighbours in one, clipped to the plot."""
        x = self.plot.days(dates)[np.isin(weekdays(dates), chosen)]
        starts, ends = [day for day in x if day - 1 not in x], [day for day in x if day + 1 not in x]
        bands = VGroup()
        for start, end in zip(starts, ends, strict=True):
            band = VMobject(stroke_width=0).set_fill(mix(palette.text, SHADE), 1)
            self._bands.append((band, float(start) - 0.5, float(end) + 0.5))
            bands.add(band)
        self._place()
        return bands

    def names_over(self, bands: VGroup, text: str, left: float) -> VGroup:
        """``text`` over each band, from ``left`` on, that is whole and has room for it; over one of them at least."""
        right, top = self.plot.box[1], self.plot.box[3]
        names, end = VGroup(), left
        whole = 0.9 * max((band.width for band in bands), default=0.0)  # of a part, the text names what is not there
        for band in bands:
            name = words(text, style.TICK, palette.dim)
            x, half = float(band.get_center()[0]), name.width / 2
            if band.width > max(0.0, whole) and x - half >= end and x + half <= right + 0.3:
                names.add(name.place(top + NAMES_ABOVE, center=x))
                end = x + half + NAMES_APART
        if not len(names):
            names.add(words(text, style.TICK, palette.dim).place(top + NAMES_ABOVE, left=left))
        return names

    # -- zooming -------------------------------------------------------------------------------------------------

    @property
    def mobjects(self) -> VGroup:
        """All that moves when the calendar does."""
        lines, bands = [entry.mobject for entry in self._lines], [band for band, _, _ in self._bands]
        return VGroup(self.ticks, *bands, *lines, *(pin.mobject for pin in self._pins))

    def zoom_to(
        self,
        scene: Scene,
        first: date,
        last: date,
        run_time: float = 1.6,
        also: Callable[[float], None] = lambda share: None,
        others: Sequence[VMobject] = (),
    ) -> None:
        """Plays the calendar's way to ``first`` to ``last``; ``also`` moves ``others``, by the share of the way."""
        start, goal = np.array(self.plot.x_range), self._make(first, last, self.plot.y_range)
        old, new, ends = self.ticks, _ticks(goal), np.array(goal.x_range)
        moving = [part for part in self.mobjects if part in scene.get_mobject_family_members()]
        scene.add(new)
        new.set_opacity(0)

        def update(_: VMobject, share: float) -> None:
            low, high = start + share * (ends - start)
            self.plot.x_range = (float(low), float(high))
            self._place()
            self._place_ticks(old, max(0.0, 1 - 2.5 * share))
            self._place_ticks(new, max(0.0, 2.5 * share - 1.5))
            also(share)

        scene.play(UpdateFromAlphaFunc(VGroup(*moving, new, *others), update, run_time=run_time, rate_func=smooth))
        update(new, 1.0)
        scene.remove(old)
        self.remove(old)
        self.ticks = new
        self.add(new)
        self.first, self.last = first, last

    def _place(self) -> None:
        left, right, bottom, top = self.plot.box
        for line in self._lines:
            self._draw(line)
        for pin in self._pins:
            at = self.plot.at(pin.day, pin.views)
            pin.mobject.shift(at - pin.at)
            pin.at = at
            if left - 0.01 <= at[0] <= right + 0.01:
                _unhide(pin.mobject)
            else:
                _hide(pin.mobject)
        for band, start, end in self._bands:
            a, b = (float(np.clip(self.plot.at(day, 0)[0], left, right)) for day in (start, end))
            corners = [(a, bottom, 0), (a, top, 0), (b, top, 0), (b, bottom, 0), (a, bottom, 0)]
            band.set_points_as_corners(np.array(corners))

    def _place_ticks(self, ticks: VGroup, share: float) -> None:
        left, right = self.plot.box[:2]
        share *= self._room(ticks)
        for tick in ticks:
            at = float(self.plot.at(tick.day, 0)[0])
            tick.shift([at - tick.at, 0, 0])
            tick.at = at
            tick.set_opacity(share if left - 0.01 <= at <= right + 0.01 else 0.0)
            tick[1].set_fill(opacity=0)

    def _room(self, ticks: VGroup) -> float:
        """1 where the days are as far apart as in the ticks' own plot, 0 where two of their labels would touch."""
        a_day = float(self.plot.at(1, 0)[0] - self.plot.at(0, 0)[0])
        if ticks.own_day <= ticks.least_day:
            return 1.0
        return float(np.clip((a_day - ticks.least_day) / (ticks.own_day - ticks.least_day), 0.0, 1.0))

    def _draw(self, line: _Line) -> None:
        """The line's points within the plot, and where it meets its sides."""
        low, high = self.plot.x_range
        low, high = max(low, line.x[0]), min(high, line.x[-1])
        if line.until is not None:
            high = min(high, line.until)
        if high < low:
            line.mobject.clear_points()
            return
        inside = line.x[(line.x > low + EDGE) & (line.x < high - EDGE)]
        x = np.concatenate([[low], inside, [high]])
        self.plot.set_curve(line.mobject, x, np.interp(x, line.x, line.y))


def _ticks(plot: DayPlot) -> VGroup:
    """A label and a mark for each named day, which know their day; and how wide a day is, and must be at least."""
    ticks = VGroup()
    for label, mark in zip(plot.x_tick_labels, plot.marks, strict=True):
        tick = VGroup(label, mark)
        tick.at = float(mark.get_center()[0])
        tick.day = plot.data(mark.get_center())[0]
        ticks.add(tick)
    ticks.own_day = float(plot.at(1, 0)[0] - plot.at(0, 0)[0])
    pairs = ((a, b) for a, b in pairwise(sorted(ticks, key=lambda tick: tick.day)) if b.day > a.day)
    needed = (((a[0].width + b[0].width) / 2 + LABELS_APART) / (b.day - a.day) for a, b in pairs)
    ticks.least_day = max(needed, default=0.0)
    return ticks


def _hide(mobject: VMobject) -> None:
    for part in mobject.get_family():
        if not hasattr(part, "opacities"):
            part.opacities = (part.get_fill_opacity(), part.get_stroke_opacity())
            part.set_opacity(0, family=False)


def _unhide(mobject: VMobject) -> None:
    for part in mobject.get_family():
        if hasattr(part, "opacities"):
            fill, stroke = part.opacities
            part.set_fill(opacity=fill, family=False).set_stroke(opacity=stroke, family=False)
            del part.opacities
