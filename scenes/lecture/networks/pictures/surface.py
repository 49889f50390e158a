"""A surface over a square of ground, seen from above its rim, that can rise and turn. Pure functions of numbers.

    sheet = Sheet(Box((0, 4), (0, 6), side=4.6, height=2.3), View(20.0), count=25)
    sheet.show(heights)          # (25, 25), at [x_2, x_1]
    sheet.look(View(70.0))       # seen from elsewhere

Points are projected into the plane, and the surface is drawn in strips, the farthest first, so that what is in front
hides what is behind. Each strip is one mobject whose points and shades are set in place: a frame is some thirty
mobjects, and Manim's plain camera draws them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.ground import ground_directions
from gradreel.scenes.mobjects.plot import polyline, straight_curves
from gradreel.scenes.mobjects.text import TextMobject, formula, words
from gradreel.scenes.mobjects.ticks import Ticks, round_labels
from gradreel.scenes.style import mix, palette
from manim import VGroup, VMobject
from numpy.typing import ArrayLike, NDArray

DARKEST, LIGHTEST, LINE = 0.1, 0.66, 1.0  # shares of blue: the darkest of the surface, the brightest; the mesh
RISE = 0.6  # how much of a shade comes from the height, the lowest dark; the rest from how a slope lies
MESH = 1.4  # width of the mesh's lines
LIGHT = np.array([-0.62, -0.5, 0.6])  # to where the light comes from: right, away, up, as one looks at the surface
STEEPER = 2.0  # slopes are shaded as if they were so much steeper
LEVELS = np.linspace(0.0, 1.0, 33)
NEAR_ZERO = 0.35  # of the highest, and the lowest height is near 0
LEAST_SHARE = 1e-3  # of the ground, for its slopes: a surface that has not come is a point
BELOW_NEXT = 0.2  # how far a strip reaches below the one before it, as a share of that one

UPRIGHT = 2  # the rim of y
TICK_OUT, NAME_OUT = 0.13, 0.62  # from the ground's rim to ticks and to an axis' name, scene units
UPWARD, STEEP = 0.55, 0.9  # from where to where, of a rim's rise, the name of x_2 goes down below its ticks
CORNER = 0.06  # of the ground: so near its corner there is no number
BELOW = 0.38  # from the near corner down to that name's middle, scene units
SLIDE = 0.6  # how far a name goes down for each unit that it keeps left, off the edge
LETTER_OVER, NOTE_GAP = 0.3, 0.18  # from the top of the axis of y up to its letter; from there to what is left of it


@dataclass(frozen=True)
class View:
    """From where a box is looked at. ``azimuth``: degrees by which its ground has turned; ``elevation`` above it."""

    azimuth: float
    elevation: float = 26.0
    distance: float = 4.0  # from the eye to the box' middle, in sides of its ground

    @property
    def right(self) -> NDArray:
        """The ground's direction (2,) that runs to the right of the picture."""
        return ground_directions(self.azimuth)[0]

    @property
    def away(self) -> NDArray:
        """The ground's direction (2,) that runs away from the eye."""
        return ground_directions(self.azimuth)[1]


@dataclass(frozen=True)
class Box:
    """The space that is drawn: x_1 and x_2 from ``ground``, heights from ``heights``, in scene units side by side."""

    ground: tuple[float, float]
    heights: tuple[float, float]
    side: float  # of the ground, scene units
    height: float  # from the lowest height to the highest, scene units
    middle: tuple[float, float] = (0.0, 0.0)  # the picture's, scene units

    def at(self, x: ArrayLike, y: ArrayLike, view: View) -> NDArray:
        """The scene's points (..., 3) of ground points (..., 2) at heights (...), as seen from ``view``."""
        low, high = self.ground
        flat = ((np.asarray(x, dtype=float) - low) / (high - low) - 0.5) * self.side
        bottom, top = self.heights
        up = ((np.asarray(y, dtype=float) - bottom) / (top - bottom) - 0.5) * self.height
        across, back = flat @ view.right, flat @ view.away
        tilt = np.deg2rad(view.elevation)
        depth = back * np.cos(tilt) - up * np.sin(tilt)
        nearness = view.distance * self.side / (view.distance * self.side + depth)
        across, rise = across * nearness, (up * np.cos(tilt) + back * np.sin(tilt)) * nearness
        across, rise = np.broadcast_arrays(across + self.middle[0], rise + self.middle[1])
        return np.stack([across, rise, np.zeros_like(across)], axis=-1)


def heights_around(*heights: NDArray) -> tuple[float, float]:
    """For a box: from the lowest to the highest of all, with some room; from 0 where that is near."""
    low, high = min(float(each.min()) for each in heights), max(float(each.max()) for each in heights)
    room = 0.04 * (high - low or max(abs(high), 1.0))
    return 0.0 if 0 <= low <= NEAR_ZERO * high else low - 2 * room, high + room


class Strip(VMobject):
    """A filled outline whose shades run from its left end to its right one. What Manim looks for is known here."""

    def get_subpath_split_indices_from_points(self, points: NDArray, n_dims: int = 2) -> NDArray:
        return np.array([[0, len(points)]])

    def consider_points_equals_2d(self, p0: NDArray, p1: NDArray) -> bool:
        return True  # only its two ends are compared: it is closed

    def get_gradient_start_and_end_points(self) -> tuple[NDArray, NDArray]:
        x = self.points[:, 0]
        return np.array([x.min(), 0.0, 0.0]), np.array([x.max(), 0.0, 0.0])


class Sheet(VGroup):
    """Draws the surface of heights (n, n) over the ground of ``box``: from far to near, strips and the mesh on them.

    n - 1 is even. The mesh has a line at every second row and column. ``share``: how much of the ground's side it
    covers while it is coming, around the ground's point ``around``; all of it by default.
    """

    def __init__(self, box: Box, view: View, count: int) -> None:
        super().__init__()
        self.box, self.view = box, view
        self.axis = np.linspace(*box.ground, count)
        self.heights = np.full((count, count), box.heights[0])
        self.share, self.around = np.ones(2), np.full(2, self.axis.mean())
        self.strips = [Strip(stroke_width=0, fill_color=palette.blue, fill_opacity=1) for _ in range(count - 1)]
        self.lines = [polyline(np.zeros((2, 3)), mix(palette.blue, LINE), MESH) for _ in range((count - 1) // 2)]
        for k, lines in enumerate(self.lines):
            self.add(*self.strips[2 * k : 2 * k + 2], lines)
        shares = DARKEST + LEVELS * (LIGHTEST - DARKEST)
        self._inks = np.array([mix(palette.blue, share).to_rgba() for share in shares])
        self._lay()

    def show(self, heights: NDArray, share: ArrayLike = 1.0, around: ArrayLike | None = None) -> Sheet:
        """The surface at ``heights`` (n, n), at [x_2, x_1]; while it is coming, ``share`` of it; returns it.

        It comes ``around`` a point of the ground, by default its middle; two shares are those along x_1 and x_2.
        """
        self.heights, self.share = heights, np.broadcast_to(np.asarray(share, dtype=float), 2)
        self.around = np.full(2, self.axis.mean()) if around is None else np.asarray(around, dtype=float)
        return self._lay()

    def look(self, view: View) -> Sheet:
        """The surface as seen from ``view``; returns it."""
        self.view = view
        return self._lay()

    def _lay(self) -> Sheet:
        """Points and shades of every part, in place."""
        ground = np.stack(np.broadcast_arrays(self.axis, self.axis[:, None]), axis=-1)
        ground = self.around + self.share * (ground - self.around)
        points, shades = self.box.at(ground, self.heights, self.view), self._shades()
        right, away = self.view.right, self.view.away
        if abs(right[0]) < abs(right[1]):  # strips run across the picture rather than into it
            points, shades = np.swapaxes(points, 0, 1), shades.T
            right, away = right[::-1], away[::-1]
        if right[0] < 0:
            points, shades = points[:, ::-1], shades[:, ::-1]
        if away[1] > 0:  # the last row is the farthest: it comes first
            points, shades = points[::-1], shades[::-1]
        self._lay_strips(points, shades)
        self._lay_lines(points)
        return self

    def _lay_strips(self, points: NDArray, shades: NDArray) -> None:
        """Rows (n, m) from far to near; each strip reaches a little below the next one, so that no seam is seen."""
        back, front = points[:-1], points[1:].copy()
        front[:-1] += BELOW_NEXT * (points[2:] - points[1:-1])
        outline = np.concatenate([front, back[:, ::-1]], axis=1)
        paths = straight_curves(outline, np.roll(outline, -1, axis=1))
        x, shades = (points[:-1, :, 0] + points[1:, :, 0]) / 2, (shades[:-1] + shades[1:]) / 2
        left, right = outline[..., 0].min(axis=1), outline[..., 0].max(axis=1)
        for k, strip in enumerate(self.strips):
            strip.points = paths[k]
            strip.fill_rgbas = self._ink(np.interp(np.linspace(left[k], right[k], len(x[k])), x[k], shades[k]))

    def _lay_lines(self, points: NDArray) -> None:
        """On each two strips the lines across them and the one along their near rim; the first has the far rim too."""
        across = points[:, ::2]
        for k, lines in enumerate(self.lines):
            rows = [points[2 * k + 2]] if k else [points[0], points[2]]
            parts = [straight_curves(row[:-1], row[1:]) for row in rows]
            there = np.swapaxes(across[2 * k : 2 * k + 3], 0, 1)  # (columns, 3, 3)
            parts.append(straight_curves(there[:, :-1], there[:, 1:]).reshape(-1, 3))
            lines.points = np.concatenate(parts)

    def _shades(self) -> NDArray:
        """How bright the surface is at each point, (n, n) from 0 to 1: by its height, and by the light on its slope."""
        bottom, top = self.box.heights
        scale = self.box.height / (top - bottom)
        along_1, along_2 = self.box.side * np.maximum(self.share, LEAST_SHARE) / (len(self.axis) - 1)
        d_2, d_1 = np.gradient(self.heights * (scale * STEEPER), along_2, along_1)
        to_light = LIGHT[0] * self.view.right + LIGHT[1] * self.view.away
        lit = (LIGHT[2] - d_1 * to_light[0] - d_2 * to_light[1]) / np.sqrt(1 + d_1**2 + d_2**2)
        light = np.clip(lit / np.linalg.norm(LIGHT), 0.0, 1.0)
        return np.asarray(RISE * np.clip((self.heights - bottom) / (top - bottom), 0.0, 1.0) + (1 - RISE) * light)

    def _ink(self, shades: NDArray) -> NDArray:
        """Colours (m, 4) of shades (m,)."""
        return np.stack([np.interp(shades, LEVELS, channel) for channel in self._inks.T], axis=-1)


class Ground(VGroup):
    """Draws the square below a surface and its axes: x_1 and x_2 along the two near rims, y up from the left corner.

    For views whose azimuth lies between -90 and 0 degrees. The name of x_2 stands beside its rim, or, where that runs
    up the picture, below its ticks, so that it is no caption of what is left of it.

    Parts: ``floor``, ``rims`` (of x_1, x_2 and y), ``labels``; among these ``head``, what stands over the axis of y.
    ``names``: of x_1 and x_2, and the letter at y; ``ticks`` of the ground and of y: what a unit leaves out is written
    at the axis.
    """

    def __init__(
        self,
        box: Box,
        view: View,
        names: Sequence[str] = (),
        ticks: Sequence[Ticks] = (),
    ) -> None:
        super().__init__()
        self.box, self.view = box, view
        self.floor = VMobject(stroke_color=palette.axis, stroke_width=style.GUIDE, fill_opacity=1)
        self.floor.set_fill(mix(palette.text, 0.05), 1)
        self.rims = VGroup(*(polyline(np.zeros((2, 3)), palette.axis, style.AXIS) for _ in names))
        self.labels, self.head = VGroup(), VGroup()
        self._labels: list[_Label] = []
        self._back: _Label | None = None  # the name of x_2
        if names:
            self._name(names, [axis.unit.note for axis in ticks])
            self._number(ticks)
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

    def _number(self, ticks: Sequence[Ticks]) -> None:
        for each, rims in zip(ticks, ((0, 1), (UPRIGHT,)), strict=True):
            for value, text in zip(each.values, each.labels, strict=True):
                for rim in rims:
                    label = words(text, style.TICK, palette.dim)
                    upright = np.array([-0.15 - label.width / 2, 0.0, 0.0])
                    self._put(label, rim, value, upright if rim == UPRIGHT else TICK_OUT)

    def _put(self, text: TextMobject, rim: int, value: float | None, off: float | NDArray) -> None:
        self.labels.add(text)
        self._labels.append(_Label(text, rim, value, off))

    def show_x_2(self, share: float) -> Ground:
        """So much is seen of the words and numbers at the rim of x_2; returns it."""
        for label in self._labels:
            if label.rim == 1:
                label.text.set_fill(opacity=share)
        return self

    def look(self, view: View) -> Ground:
        """The same as seen from ``view``; returns it."""
        self.view = view
        (low, high), (bottom, top) = self.box.ground, self.box.heights
        corners = self.box.at([(low, low), (high, low), (high, high), (low, high)], bottom, view)
        self.floor.points = straight_curves(corners, np.roll(corners, -1, axis=0))
        if self.rims:
            upright = self.box.at([(low, high)] * 2, [bottom, top], view)
            for rim, ends in zip(self.rims, (corners[:2], corners[[0, 3]], upright), strict=True):
                rim.points = straight_curves(ends[:1], ends[1:])
        self._place_labels(corners)
        return self

    def _place_labels(self, corners: NDArray) -> None:
        """Labels of x_1 and x_2 outside their rims, those of y left of it, or over it."""
        (low, high), (bottom, top), at = self.box.ground, self.box.heights, self.box.at
        outward = [_normal(corners[1] - corners[0]), -_normal(corners[3] - corners[0])]
        for label in self._labels:
            if label.rim == UPRIGHT:
                value = top if label.value is None else label.value
                label.move(at((low, high), value, self.view) + label.off)
                continue
            value = (low + high) / 2 if label.value is None else label.value
            out, place = outward[label.rim], (value, low) if label.rim == 0 else (low, value)
            reach = label.off + float(np.abs(out) @ label.half)
            end = at(place, bottom, self.view) + reach * out
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

    It stands beside ``value``; a rim's name has none, and a place of its own.
    """

    def __init__(self, text: TextMobject, rim: int, value: float | None, off: float | NDArray) -> None:
        self.text, self.rim, self.value, self.off = text, rim, value, off
        self.half = np.array([text.width / 2, text.height / 2, 0.0])
        self.center = text.get_center()

    def move(self, center: NDArray) -> None:
        self.text.shift(center - self.center)
        self.center = center


def clear_labels(low: float, high: float, count: int) -> Ticks:
    """Round numbers along the ground, none of them so near its corner that it would touch the other axis' name."""
    made = round_labels(low, high, count)
    kept = [k for k, value in enumerate(made.values) if value >= low + CORNER * (high - low)]
    return Ticks(tuple(made.values[k] for k in kept), tuple(made.labels[k] for k in kept), made.unit)


def _normal(way: NDArray) -> NDArray:
    """The direction (3,) to the right of a way (3,) in the picture, of length 1."""
    return np.array([way[1], -way[0], 0.0]) / np.hypot(way[0], way[1])
