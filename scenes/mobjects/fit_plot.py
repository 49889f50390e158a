"""A plot of the red curve, the network's curve and a ghost of its start, with labels where few curves pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import Plot
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.mobjects.ticks import nice_range, round_labels, ticks_at_knots
from gradreel.scenes.style import Box, mix, mix_text, palette
from manim import VGroup

SAMPLES = 240  # x at which the network's curve is drawn
LABEL_GAP = 0.36  # between a curve and the middle of its label
OWN = 4  # a label on its own curve costs so many times as much as on another curve
OVER_X = 0.3  # least height of the model's label above the axis, if the axis has its letter at its end


class StretchPlot(Plot):
    """A plot whose edges can be moved in place."""

    def set_box(self, box: Box) -> Self:
        """Move edges, axes, numbers and letter to ``box``; return self. The caller draws the curves again."""
        shift = np.array([box[1] - self.box[1], box[2] - self.box[2], 0.0])
        self.box = left, right, bottom, top = box
        self.x_axis.set_points_as_corners(np.array([[left, bottom, 0.0], [right, bottom, 0.0]]))
        self.y_axis.set_points_as_corners(np.array([[left, bottom, 0.0], [left, top, 0.0]]))
        for value, label in zip(self.x_values, self.x_tick_labels, strict=True):
            label.place(bottom - 0.4, center=self.at(value, 0)[0])
        for value, label in zip(self.y_values, self.y_tick_labels, strict=True):
            label.place(self.at(0, value)[1] - 0.09, right=left - 0.15)
        for note in self.x_notes:
            note.place(bottom - 0.8, right=right)
        for note in self.y_notes:
            note.place(top + 0.12, left=left + 0.1)
        self.x_label.shift(shift)
        return self

    def set_top(self, top: float) -> Self:
        """Move the upper edge to ``top``; return self."""
        return self.set_box((*self.box[:3], top))


@dataclass(frozen=True)
class View:
    """A period of the scene: the plot's upper edge, and curves (S, SAMPLES) that the model draws in that time."""

    top: float
    curves: FloatArray


class FitPlot(VGroup):
    """Target and model over x, with a ghost of the model's first curve.

    ``target_x, target_y``: the red curve's corners. ``x`` (SAMPLES,): where the model's curves are sampled. ``views``
    determine the y axis and the labels' places; the first curve of the first view is the start. ``box``: left, right,
    bottom. ``on_zero``: the x axis lies at 0, unless a curve goes below, and has its letter at its end; otherwise the
    letter stands below the axis. The model's label follows the end of its curve. Parts: ``plot``, ``target``,
    ``model``, ``ghost``, ``target_label``, ``model_label``, ``ghost_label``.
    """

    def __init__(
        self,
        target_x: FloatArray,
        target_y: FloatArray,
        x: FloatArray,
        views: Sequence[View],
        texts: dict[str, str],
        box: tuple[float, float, float],
        on_zero: bool = False,
    ) -> None:
        super().__init__()
        self.on_zero = on_zero
        curves = np.concatenate([view.curves for view in views])
        self.x, self.target_data, self.start_y, self.model_y = x, (target_x, target_y), curves[0], curves[0]
        self.lowest = float(curves.min())
        self.plot = self._plot(nice_range(np.concatenate([target_y, curves.ravel()]), margin=0.07), box, views[0].top)
        self.target = self.plot.curve(target_x, target_y, mix(palette.red, 0.85), style.SECOND_CURVE)
        self.ghost = self.plot.curve(x, curves[0], mix(palette.blue, 0.42), style.GHOST_CURVE)
        self.model = self.plot.curve(x, curves[0], palette.blue, style.MAIN_CURVE)
        self.target_label = words(texts["target"], style.LABEL, palette.red)
        self.model_label = words(texts["model"], style.LABEL, palette.blue)
        self.ghost_label = words(texts["start"], style.LABEL, mix_text(palette.blue, 0.7))
        self._choose_places(views)
        self.plot.set_top(views[0].top)
        self.add(self.plot, self.target, self.ghost, self.model)
        self.add(self.target_label, self.ghost_label, self.model_label)
        self.redraw()

    def _plot(self, y_range: tuple[float, float], box: tuple[float, float, float], top: float) -> StretchPlot:
        left, right, bottom = box
        target_x, x_range = self.target_data[0], (float(self.x[0]), float(self.x[-1]))
        inner = target_x[(target_x > x_range[0]) & (target_x < x_range[1])]
        if self.on_zero and min(self.target_data[1].min(), self.lowest) >= 0:
            y_range = (0.0, y_range[1])
        x_ticks, y_ticks = ticks_at_knots(inner, *x_range, right - left), round_labels(*y_range, 5)
        plot = StretchPlot(
            x_range, y_range, left=left, right=right, bottom=bottom, top=top, x_ticks=x_ticks, y_ticks=y_ticks
        )
        plot.x_values, plot.x_notes = x_ticks.values, plot.notes[:1] if x_ticks.unit.note else []
        plot.y_values, plot.y_notes = y_ticks.values, plot.notes[-1:] if y_ticks.unit.note else []
        if self.on_zero:
            return plot
        last = max((label.get_right()[0] for label in plot.x_tick_labels), default=left)
        plot.x_label.place(bottom - 0.4, left=max(right - 0.1, last + 0.25))
        return plot

    def show(self, y: FloatArray) -> None:
        """Draw the model's curve through y (SAMPLES,), with its label at the curve's end."""
        self.model_y = y
        self.plot.set_curve(self.model, self.x, y)
        end = self.plot.at(self.x[-1], y[-1])
        least = self.plot.box[2] + OVER_X if self.on_zero else -np.inf  # the axis's letter stands below this
        self.model_label.place(max(float(end[1]) - 0.1, least), left=self.plot.box[1] + 0.14)

    def set_top(self, top: float) -> None:
        """Move the plot's upper edge and redraw."""
        self.set_box((*self.plot.box[:3], top))

    def set_box(self, box: Box) -> None:
        """Move the plot's edges and redraw."""
        self.plot.set_box(box)
        self.redraw()

    def redraw(self) -> None:
        """Draw all curves and labels for the plot's present box."""
        self.plot.set_curve(self.target, *self.target_data)
        self.plot.set_curve(self.ghost, self.x, self.start_y)
        self.target_label.move_to(self._label_middle(self._target_y(), self.target_place))
        self.ghost_label.move_to(self._label_middle(self.start_y, self.ghost_place))
        self.show(self.model_y)

    def _target_y(self) -> FloatArray:
        return np.interp(self.x, *self.target_data)

    def _choose_places(self, views: Sequence[View]) -> None:
        """Choose for each label the place along its curve, above or below, where other curves pass least."""
        target = self._target_y()
        self.target_place = self._quietest_place(self.target_label, target, views, int(np.argmax(target)))
        later = [View(view.top, view.curves[2:] if len(view.curves) > 2 else view.curves) for view in views[1:]]
        taken = (self.target_label, self.target_place, target)
        self.ghost_place = self._quietest_place(self.ghost_label, self.start_y, later or views, SAMPLES // 6, taken)

    def _quietest_place(
        self,
        label: TextMobject,
        own: FloatArray,
        views: Sequence[View],
        prefer: int,
        taken: tuple[TextMobject, tuple[int, float], FloatArray] | None = None,
    ) -> tuple[int, float]:
        """Return the best place (index of x, side ±1) for a label beside the curve ``own`` (SAMPLES,).

        In this place, curves of the ``views`` cross the label least. Places near the index ``prefer`` win over equal
        ones. ``taken``: another label, its place and its curve, to keep away from.
        """
        places = [(index, side) for side in (1.0, -1.0) for index in range(4, SAMPLES, 8)]
        costs = np.array([0.004 * abs(index - prefer) for index, _ in places])
        for view in views:
            self.plot.set_top(view.top)
            for k, place in enumerate(places):
                crowd = self._crowding_at(label, own, view, place)
                costs[k] += crowd.mean() + 0.5 * crowd.max()
                if taken is not None:
                    away = np.abs(self._label_middle(own, place) - self._label_middle(taken[2], taken[1]))
                    costs[k] += 60 * (away[0] < (label.width + taken[0].width) / 2 + 0.2 and away[1] < 0.5)
        return places[int(np.argmin(costs))]

    def _label_middle(self, y: FloatArray, place: tuple[int, float]) -> FloatArray:
        """Return the middle, (3,), of a label at ``place`` of the curve through ``y`` (SAMPLES,)."""
        index, side = place
        beside: FloatArray = self.plot.at(self.x[index], y[index]) + np.array([0.0, side * LABEL_GAP, 0.0])
        return beside

    def _crowding_at(self, label: TextMobject, own: FloatArray, view: View, place: tuple[int, float]) -> FloatArray:
        """Return how crowded a place is for each curve of the view, (S,).

        Points of curves under the label count; so does a label beyond the plot's edge.
        """
        left, right, bottom, top = self.plot.box
        half = np.array([label.width / 2 + 0.12, 0.24])
        center = self._label_middle(own, place)
        x_out = center[0] - half[0] < left or center[0] + half[0] > right
        y_out = center[1] - half[1] < bottom or center[1] + half[1] > top + 0.2
        crowd = np.full(len(view.curves), 60.0 * (x_out or y_out))
        own_repeated = [own[None]] * OWN
        for curves in (*own_repeated, view.curves, self._target_y()[None], self.start_y[None]):
            away = np.abs(self.plot.at(self.x, curves) - center)  # (S, SAMPLES, 3)
            crowd = crowd + np.sum((away[..., 0] < half[0]) & (away[..., 1] < half[1]), axis=1)
        return crowd
