"""Plots with two axes and few ticks; curves are polylines whose points can be changed in place."""

from __future__ import annotations

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.core.curves.line_fit import Line
from gradreel.scenes import style
from gradreel.scenes.mobjects.text import TextMobject, formula, words
from gradreel.scenes.mobjects.ticks import Ticks
from gradreel.scenes.style import palette
from manim import CapStyleType, Circle, Dot, LineJointType, ManimColor, VGroup, VMobject
from numpy.typing import ArrayLike

NO_TICKS = Ticks((), ())
BREAK, STROKE, SLANT = 0.1, 0.11, 0.06  # axis break: gap between the strokes, half width and slant of a stroke


def polyline(points: FloatArray, color: ManimColor, width: float) -> VMobject:
    """Return a line through ``points`` (n, 3) with round joints and no fill."""
    line = VMobject(stroke_color=color, stroke_width=width, fill_opacity=0)
    line.joint_type = LineJointType.ROUND
    line.set_cap_style(CapStyleType.ROUND)
    line.set_points_as_corners(points)
    return line


def segment(start: ArrayLike, end: ArrayLike, color: ManimColor, width: float) -> VMobject:
    """Return a straight line with butt ends from ``start`` to ``end``, each (3,)."""
    line = polyline(np.array([start, end], dtype=float), color, width)
    line.set_cap_style(CapStyleType.BUTT)
    return line


def straight_curves(starts: FloatArray, ends: FloatArray) -> FloatArray:
    """Return the points, (..., 4 k, 3), of straight Bezier curves from ``starts`` to ``ends``, each (..., k, 3)."""
    curves = np.stack([starts, (2 * starts + ends) / 3, (starts + 2 * ends) / 3, ends], axis=-2)
    return curves.reshape(*starts.shape[:-2], 4 * starts.shape[-2], 3)


def dashed(
    start: ArrayLike, end: ArrayLike, color: ManimColor, width: float = style.GUIDE, dash: float = 0.07
) -> VMobject:
    """Return a dashed straight line as one mobject; its dashes and gaps are ``dash`` scene units long."""
    a, b = np.asarray(start, dtype=float), np.asarray(end, dtype=float)
    length = float(np.linalg.norm(b - a))
    line = VMobject(stroke_color=color, stroke_width=width, fill_opacity=0)
    count = max(1, round((length / dash + 1) / 2))  # dashes; there is one gap less
    period = length / (count - 0.5) if count > 1 else 2 * length
    for k in range(count):
        from_, to = min(k * period, length), min(k * period + period / 2, length)
        if to > from_:
            line.start_new_path(a + (b - a) * from_ / length)
            line.add_line_to(a + (b - a) * to / length)
    return line


def axis_break(place: ArrayLike, upright: bool) -> VGroup:
    """Return two slanting strokes through an ``upright`` or a level axis at ``place`` (3,).

    They say that the axis does not begin at 0.
    """
    middle = np.asarray(place, dtype=float)
    along = np.array([0.0, 1.0, 0.0] if upright else [1.0, 0.0, 0.0])
    half, slant = BREAK / 2 * along, STROKE * np.array([1.0, 1.0, 0.0]) - SLANT * along
    gap = segment(middle - half, middle + half, palette.background, style.AXIS + 3)
    strokes = (segment(middle + s * half - slant, middle + s * half + slant, palette.axis, 2.4) for s in (-1, 1))
    return VGroup(gap, *strokes)


def ring(center: ArrayLike, radius: float, color: ManimColor, fill: ManimColor | None = None) -> Circle:
    """Return a circle with its border in ``color``, filled with ``fill`` or else with the background's colour."""
    circle = Circle(radius=radius, color=color, stroke_width=style.RING)
    circle.set_fill(fill if fill is not None else palette.background, 1)
    return circle.move_to(np.asarray(center, dtype=float))


class Plot(VGroup):
    """A rectangle of the screen with data coordinates: axes at its left and bottom, ticks, an x label.

    Parameters
    ----------
    x_range, y_range
        The first and last value of each axis, in data units.
    left, right, bottom, top
        The edges of the rectangle, in scene units. The frame is 14.22 wide and 8 high, with (0, 0) in its middle.
    x_ticks, y_ticks
        Values and labels along each axis, such as ``round_labels(0, 8)`` of `gradreel.scenes.mobjects.ticks`. None by
        default.
    x_label
        A formula right of the x axis; None for no label.
    tick_size
        The font size of the ticks' labels.

    Attributes
    ----------
    x_axis, y_axis : VMobject
        The lines of the axes.
    x_tick_labels, y_tick_labels : VGroup
        A text for each tick.
    notes : VGroup
        The power of ten or the offset that the labels of an axis share.
    x_label : VGroup
        The label; empty for none.

    Examples
    --------
    >>> from gradreel.scenes import Plot, palette
    >>> plot = Plot((0, 2), (0, 100), left=-5, right=5, bottom=-3, top=1)
    >>> plot.at(1, 50).tolist()  # data to scene
    [0.0, -1.0, 0.0]
    >>> plot.data([0, -1, 0])  # scene to data
    (1.0, 50.0)
    >>> x = plot.sample()
    >>> curve = plot.curve(x, 25 * x**2, palette.blue)
    """

    def __init__(
        self,
        x_range: tuple[float, float],
        y_range: tuple[float, float],
        *,
        left: float,
        right: float,
        bottom: float,
        top: float,
        x_ticks: Ticks = NO_TICKS,
        y_ticks: Ticks = NO_TICKS,
        x_label: str | None = "x_1",
        tick_size: float = style.TICK,
    ) -> None:
        super().__init__()
        self.x_range, self.y_range, self.tick_size = x_range, y_range, tick_size
        self.box = (left, right, bottom, top)
        self.x_axis = segment((left, bottom, 0), (right, bottom, 0), palette.axis, style.AXIS)
        self.y_axis = segment((left, bottom, 0), (left, top, 0), palette.axis, style.AXIS)
        self.x_tick_labels = VGroup(*self._x_labels(x_ticks))
        self.y_tick_labels = VGroup(*self._y_labels(y_ticks))
        self.notes = VGroup(*self._notes(x_ticks, y_ticks))
        self.x_label = self._x_label(x_label)
        self.add(self.x_axis, self.y_axis, self.x_tick_labels, self.y_tick_labels, self.notes, self.x_label)

    def at(self, x: ArrayLike, y: ArrayLike) -> FloatArray:
        """Return the scene's point of data (x, y): (3,) for numbers, (n, 3) for arrays (n,)."""
        left, right, bottom, top = self.box
        (x0, x1), (y0, y1) = self.x_range, self.y_range
        u = left + (np.asarray(x, dtype=float) - x0) * ((right - left) / (x1 - x0))
        v = bottom + (np.asarray(y, dtype=float) - y0) * ((top - bottom) / (y1 - y0))
        u, v = np.broadcast_arrays(u, v)
        return np.stack([u, v, np.zeros_like(u)], axis=-1)

    def data(self, point: ArrayLike) -> tuple[float, float]:
        """Return the data coordinates (x, y) of a point of the scene, (2,) or (3,): the inverse of `at`."""
        left, right, bottom, top = self.box
        (x0, x1), (y0, y1) = self.x_range, self.y_range
        px, py = np.asarray(point, dtype=float)[:2]
        return (
            float(x0 + (px - left) * (x1 - x0) / (right - left)),
            float(y0 + (py - bottom) * (y1 - y0) / (top - bottom)),
        )

    def sample(self, count: int = 400) -> FloatArray:
        """Return ``count`` evenly spaced x over the whole axis, (count,)."""
        return np.linspace(*self.x_range, count)

    def curve(self, x: ArrayLike, y: ArrayLike, color: ManimColor, width: float = style.MAIN_CURVE) -> VMobject:
        """Return the polyline through data x and y, each (n,), with butt ends, so that it can start on the axis."""
        line = polyline(self.at(x, y), color, width)
        line.set_cap_style(CapStyleType.BUTT)
        return line

    def set_curve(self, curve: VMobject, x: ArrayLike, y: ArrayLike) -> VMobject:
        """Move the points of ``curve`` to data x and y, each (n,), in place; return the curve."""
        return curve.set_points_as_corners(self.at(x, y))

    def dot(self, x: float, y: float, color: ManimColor, radius: float = 0.1) -> Dot:
        """Return a dot at data (x, y); ``radius`` in scene units."""
        return Dot(self.at(x, y), radius=radius, color=color)

    def guide(self, x: float, y: float) -> VMobject:
        """Return a thin dashed line from the x axis up to data (x, y)."""
        return dashed(self.at(x, self.y_range[0]), self.at(x, y), style.mix(palette.dim, 0.6))

    def _x_labels(self, ticks: Ticks) -> list[TextMobject]:
        bottom = self.box[2]
        return [
            words(label, self.tick_size, palette.dim).place(bottom - 0.4, center=self.at(value, 0)[0])
            for value, label in zip(ticks.values, ticks.labels, strict=True)
        ]

    def _y_labels(self, ticks: Ticks) -> list[TextMobject]:
        left = self.box[0]
        return [
            words(label, self.tick_size, palette.dim).place(self.at(0, value)[1] - 0.09, right=left - 0.15)
            for value, label in zip(ticks.values, ticks.labels, strict=True)
        ]

    def _notes(self, x_ticks: Ticks, y_ticks: Ticks) -> list[TextMobject]:
        left, right, bottom, top = self.box
        notes = []
        if x_ticks.unit.note:
            notes.append(words(x_ticks.unit.note, self.tick_size, palette.dim).place(bottom - 0.8, right=right))
        if y_ticks.unit.note:
            notes.append(words(y_ticks.unit.note, self.tick_size, palette.dim).place(top + 0.12, left=left + 0.1))
        return notes

    def _x_label(self, source: str | None) -> VGroup:
        if source is None:
            return VGroup()
        right, bottom = self.box[1], self.box[2]
        return formula(source, style.LETTER, palette.dim).place(bottom - 0.08, left=right + 0.18)


def visible_part(plot: Plot, line: Line) -> FloatArray:
    """Return the ends of the part of ``line`` inside the plot, (2, 2): a row (x, y) for each, in data units.

    If no part is inside, both rows are the same point on the plot's border.
    """
    (x0, x1), (y0, y1) = plot.x_range, plot.y_range
    ends = [x0, x1]
    if line.w:
        crossings = sorted(((y0 - line.b) / line.w, (y1 - line.b) / line.w))
        ends = [max(x0, crossings[0]), min(x1, crossings[1])]
    elif not y0 <= line.b <= y1:
        ends = [x0, x0]
    if ends[0] > ends[1]:
        ends = [x0, x0] if ends[1] < x0 else [x1, x1]
    x = np.array(ends)
    return np.column_stack([x, np.clip(line(x), y0, y1)])
