"""The ground that a surface stands over, with its axes, which turn with it. Pure functions of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.lecture.networks.pictures.surface import Box, View
from gradreel.scenes.mobjects.plot import polyline, straight_curves
from gradreel.scenes.mobjects.text import TextMobject, formula, words
from gradreel.scenes.mobjects.ticks import Ticks, labelled, round_labels
from gradreel.scenes.style import mix, palette
from manim import VGroup, VMobject
from numpy.typing import NDArray

UPRIGHT = 2  # the rim of y
TICK_OUT, NAME_OUT = 0.13, 0.62  # from the ground's rim to ticks and to an axis' name, scene units
UPWARD, STEEP = 0.55, 0.9  # from where to where, of a rim's rise, the name of x_2 goes down below its ticks
CORNER = 0.06  # of the ground: so near its corner there is no number
FADING = 0.03  # of an axis: so far beyond its ends a tick is gone
BELOW = 0.38  # from the near corner down to that name's middle, scene units
SLIDE = 0.6  # how far a name goes down for each unit that it keeps left, off the edge
LETTER_OVER, NOTE_GAP = 0.3, 0.18  # from the top of the axis of y up to its letter; from there to what is left of it


class Ground(VGroup):
    """The square below a surface and its axes: x_1 and x_2 along the two near rims, y up from the left corner.

    For views whose azimuth lies between -90 and 0 degrees. The name of x_2 stands beside its rim, or, where that runs
    up the picture, below its ticks, so that it is no caption of what is left of it.

    Parts: ``floor``, ``rims`` (of x_1, x_2 and y), ``labels``; among these ``head``, what stands over the axis of y.
    ``names``: of x_1 and x_2, and the letter at y; ``ticks`` of the ground and of y, ``later`` those in the box that it
    ends in, in the same units: what a unit leaves out is written at the axis. ``level``: the ground's height, by
    default the lowest.
    """

    def __init__(
        self,
        box: Box,
        view: View,
        names: Sequence[str] = (),
        ticks: Sequence[Ticks] = (),
        level: float | None = None,
        later: Sequence[Ticks] = (),
    ) -> None:
        super().__init__()
        self.box, self.view = box, view
        self.level = box.heights[0] if level is None else level
        self.floor = VMobject(stroke_color=palette.axis, stroke_width=style.GUIDE, fill_opacity=1)
        self.floor.set_fill(mix(palette.text, 0.05), 1)
        self.rims = VGroup(*(polyline(np.zeros((2, 3)), palette.axis, style.AXIS) for _ in names))
        self.labels, self.head = VGroup(), VGroup()
        self._labels: list[_Label] = []
        self._back: _Label | None = None  # the name of x_2
        if names:
            self._name(names, [axis.unit.note for axis in ticks])
            self._number(ticks, later or ticks)
        self.add(self.floor, self.rims, self.labels)
        self.look(view)

    def _name(self, names: Sequence[str], notes: Sequence[str]) -> None:
        """What the axes are called, and what their numbers are to be multiplied by, or added to, if anything."""
        along, upright = notes
        for rim, text in enumerate(names[:2]):
            text = f"{text} ({along})" if along else text
            self._put(words(text, style.TICK + 2, palette.text), rim, None, NAME_OUT)
        self._back = self._labels[1]
        letter = formula(names[2], style.LETTER, palette.text)
        self._put(letter, UPRIGHT, None, np.array([0.0, LETTER_OVER, 0.0]))
        self.head.add(letter)
        if upright:
            note = words(f"({upright})", style.TICK, palette.dim)
            beside = -letter.width / 2 - NOTE_GAP - note.width / 2
            self._put(note, UPRIGHT, None, np.array([beside, LETTER_OVER, 0.0]))
            self.head.add(note)

    def _number(self, first: Sequence[Ticks], later: Sequence[Ticks]) -> None:
        """Numbers at the rims: of the first box, and of that which it ends in; what both have stays."""
        for at_first, at_last, rims in zip(first, later, ((0, 1), (UPRIGHT,)), strict=True):
            texts = dict(zip(at_first.values, at_first.labels, strict=True))
            texts = dict(zip(at_last.values, at_last.labels, strict=True)) | texts
            for value, text in texts.items():
                for rim in rims:
                    label = words(text, style.TICK, palette.dim)
                    upright = np.array([-0.15 - label.width / 2, 0.0, 0.0])
                    self._put(label, rim, value, upright if rim == UPRIGHT else TICK_OUT)
                    self._labels[-1].seen = (float(value in at_first.values), float(value in at_last.values))
                    self._labels[-1].fade(0.0)

    def _put(self, text: TextMobject, rim: int, value: float | None, off: float | NDArray) -> None:
        self.labels.add(text)
        self._labels.append(_Label(text, rim, value, off))

    def over(self, box: Box, share: float) -> Ground:
        """The same over another box, ``share`` of the way to the one that it ends in; returns it."""
        lowest = self.level == self.box.heights[0]
        self.box = box
        self.level = box.heights[0] if lowest else self.level
        for label in self._labels:
            label.fade(share, *(box.heights if label.rim == UPRIGHT else box.ground))
        return self.look(self.view)

    def look(self, view: View) -> Ground:
        """The same as seen from ``view``; returns it."""
        self.view = view
        (low, high), (bottom, top) = self.box.ground, self.box.heights
        corners = self.box.at([(low, low), (high, low), (high, high), (low, high)], self.level, view)
        self.floor.points = straight_curves(corners, np.roll(corners, -1, axis=0))
        if self.rims:
            upright = self.box.at([(low, high)] * 2, [bottom, top], view)
            for rim, ends in zip(self.rims, (corners[:2], corners[[0, 3]], upright), strict=True):
                rim.points = straight_curves(ends[:1], ends[1:])
        self._place_labels(corners)
        return self

    def _place_labels(self, corners: NDArray) -> None:
        """Labels of x_1 and x_2 outside their rims, those of y left of it, or over it."""
        (low, high), top, at = self.box.ground, self.box.heights[1], self.box.at
        outward = [_normal(corners[1] - corners[0]), -_normal(corners[3] - corners[0])]
        for label in self._labels:
            if label.rim == UPRIGHT:
                value = top if label.value is None else label.value
                label.move(at((low, high), value, self.view) + label.off)
                continue
            value = (low + high) / 2 if label.value is None else label.value
            out, place = outward[label.rim], (value, low) if label.rim == 0 else (low, value)
            reach = label.off + float(np.abs(out) @ label.half)
            end = at(place, self.level, self.view) + reach * out
            if label is self._back:
                way = corners[3] - corners[0]
                rise = float(way[1] / np.hypot(way[0], way[1]))
                share = float(np.clip((rise - UPWARD) / (STEEP - UPWARD), 0.0, 1.0))
                end = end + share * (corners[0] - np.array([label.half[0], BELOW, 0.0]) - end)
            if (over := end[0] + label.half[0] - style.RIGHT_EDGE) > 0:  # a long name, in the middle of a turn
                end = end - over * np.array([1.0, SLIDE, 0.0])
            label.move(end)


class _Label:
    """A text at a rim (0 of x_1, 1 of x_2, UPRIGHT), so far ``off``; where it is now is known.

    It stands beside ``value``; a rim's name has none, and a place of its own. ``seen``: how much of it, in the first
    box and in the last.
    """

    def __init__(self, text: TextMobject, rim: int, value: float | None, off: float | NDArray) -> None:
        self.text, self.rim, self.value, self.off = text, rim, value, off
        self.half = np.array([text.width / 2, text.height / 2, 0.0])
        self.center = text.get_center()
        self.seen = (1.0, 1.0)

    def fade(self, share: float, low: float = -np.inf, high: float = np.inf) -> None:
        """As it is seen after ``share`` of the way; it is gone soon beyond ``low`` and ``high``."""
        opacity = self.seen[0] + share * (self.seen[1] - self.seen[0])
        if self.value is not None and high - low < np.inf:
            beyond = max(low - self.value, self.value - high, 0.0) / (high - low)
            opacity *= max(0.0, 1.0 - beyond / FADING)
        self.text.set_fill(opacity=opacity)

    def move(self, center: NDArray) -> None:
        self.text.shift(center - self.center)
        self.center = center


def clear_labels(low: float, high: float, count: int) -> Ticks:
    """Round numbers along the ground, none of them so near its corner that it would touch the other axis' name."""
    made = round_labels(low, high, count)
    kept = [k for k, value in enumerate(made.values) if value >= low + CORNER * (high - low)]
    return Ticks(tuple(made.values[k] for k in kept), tuple(made.labels[k] for k in kept), made.unit)


def in_one_unit(first: Ticks, later: Ticks) -> tuple[Ticks, Ticks]:
    """Both in the unit of ``first``, as fine as either needs: they stand at one axis, one after the other."""
    unit, other = first.unit, later.unit
    decimals = max(unit.decimals, other.decimals + unit.exponent - other.exponent)
    unit = replace(unit, decimals=decimals)
    return labelled(first.values, unit), labelled(later.values, unit)


def _normal(way: NDArray) -> NDArray:
    """The direction (3,) to the right of a way (3,) in the picture, of length 1."""
    return np.array([way[1], -way[0], 0.0]) / np.hypot(way[0], way[1])
