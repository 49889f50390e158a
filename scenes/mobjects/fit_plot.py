"""The red curve, the curve that the network draws, the ghost of its start: each labelled where no curve ever passes."""

from __future__ import annotations

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import Plot
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.mobjects.ticks import nice_range, round_labels, ticks_at_knots
from gradreel.scenes.style import mix, palette
from manim import VGroup
from numpy.typing import NDArray

SAMPLES = 240  # x at which the network's curve is drawn
LABEL_GAP = 0.36  # between a curve and the middle of its label


class StretchPlot(Plot):
    """A plot whose upper edge can be moved, in place."""

    def set_top(self, top: float) -> StretchPlot:
        """Put the upper end of the y axis at ``top``; curves are the caller's to draw again."""
        left, right, bottom, _ = self.box
        self.box = (left, right, bottom, top)
        self.y_axis.set_points_as_corners(np.array([[left, bottom, 0.0], [left, top, 0.0]]))
        for value, label in zip(self.y_values, self.y_tick_labels, strict=True):
            label.place(self.at(0, value)[1] - 0.09, right=left - 0.15)
        return self


class FitPlot(VGroup):
    """Target and model over x, with a ghost of the model's first curve.

    ``target_x, target_y`` are the red curve's corners; ``x`` (SAMPLES,) and ``curves`` (S, SAMPLES) curves that the
    model will draw, the first one being the start: they set the y axis and the labels' places. Parts: ``plot``,
    ``target``, ``model``, ``ghost``, ``target_label``, ``model_label``, ``ghost_label``.
    """

    def __init__(
        self,
        target_x: NDArray,
        target_y: NDArray,
        x: NDArray,
        curves: NDArray,
        texts: dict[str, str],
        *,
        left: float,
        right: float,
        bottom: float,
        tops: tuple[float, float],
    ) -> None:
        super().__init__()
        self.x, self.target_data, self.start_y, self.model_y = x, (target_x, target_y), curves[0], curves[0]
        y_range = nice_range(np.concatenate([target_y, curves.ravel()]), margin=0.07)
        x_range = (float(x[0]), float(x[-1]))
        y_ticks = round_labels(*y_range, 5)
        inner = (target_x > x[0]) & (target_x < x[-1])
        self.plot = StretchPlot(
            x_range,
            y_range,
            left=left,
            right=right,
            bottom=bottom,
            top=tops[0],
            x_ticks=ticks_at_knots(target_x[inner], *x_range, right - left),
            y_ticks=y_ticks,
        )
        self.plot.y_values = y_ticks.values
        self.target = self.plot.curve(target_x, target_y, mix(palette.red, 0.85), style.SECOND_CURVE)
        self.ghost = self.plot.curve(x, curves[0], mix(palette.blue, 0.42), style.GHOST_CURVE)
        self.model = self.plot.curve(x, curves[0], palette.blue, style.MAIN_CURVE)
        self.target_label = words(texts["target"], style.LABEL, palette.red)
        self.model_label = words(texts["model"], style.LABEL, palette.blue)
        self.ghost_label = words(texts["start"], style.LABEL, mix(palette.blue, 0.7))
        self._choose_places(curves, tops)
        self.add(self.plot, self.target, self.ghost, self.model)
        self.add(self.target_label, self.ghost_label, self.model_label)
        self.redraw()

    def show(self, y: NDArray) -> None:
        """Draw the model's curve through y (SAMPLES,), its label beside it."""
        self.model_y = y
        self.plot.set_curve(self.model, self.x, y)
        self._put(self.model_label, self.model_place, y)

    def set_top(self, top: float) -> None:
        """Move the plot's upper edge, and all that is drawn in it."""
        self.plot.set_top(top)
        self.redraw()

    def redraw(self) -> None:
        self.plot.set_curve(self.target, *self.target_data)
        self.plot.set_curve(self.ghost, self.x, self.start_y)
        self._put(self.target_label, self.target_place, np.interp(self.x, *self.target_data))
        self._put(self.ghost_label, self.ghost_place, self.start_y)
        self.show(self.model_y)

    def _put(self, label: TextMobject, place: tuple[int, float], y: NDArray) -> None:
        index, side = place
        label.move_to(self.plot.at(self.x[index], y[index]) + np.array([0.0, side * LABEL_GAP, 0.0]))

    def _choose_places(self, curves: NDArray, tops: tuple[float, float]) -> None:
        """Fix where along its curve, above or below, each label goes: where curves come least at any time."""
        target = np.interp(self.x, *self.target_data)
        still = [np.repeat(target[None], len(curves), axis=0), curves]
        start = np.repeat(curves[:1], len(curves), axis=0)
        self.target_place = self._quietest(self.target_label, still[0], still, tops, prefer=int(np.argmax(target)))
        self.ghost_place = self._quietest(self.ghost_label, start, [*still, start], tops, prefer=SAMPLES // 6)
        self.model_place = self._quietest(self.model_label, curves, [*still, start], tops, prefer=SAMPLES)

    def _quietest(
        self, label: TextMobject, own: NDArray, others: list[NDArray], tops: tuple[float, float], prefer: int
    ) -> tuple[int, float]:
        """(index of x, side): the place beside ``own`` (S, SAMPLES) that ``others`` cross least, in both sizes."""
        left, right, bottom, _ = self.plot.box
        half = np.array([label.width / 2 + 0.12, 0.24])
        best, lowest = (SAMPLES // 2, 1.0), np.inf
        for side in (1.0, -1.0):
            for index in range(0, SAMPLES, 8):
                cost = 0.004 * abs(index - prefer)
                for top in tops:
                    self.plot.box = (left, right, bottom, top)
                    center = self.plot.at(self.x[index], own[:, index]) + np.array([0.0, side * LABEL_GAP, 0.0])
                    for other in others:
                        near = np.abs(self.plot.at(self.x, other) - center[:, None])  # (S, SAMPLES, 3)
                        cost += np.mean(np.sum((near[..., 0] < half[0]) & (near[..., 1] < half[1]), axis=1))
                    out_of_x = (center[:, 0] - half[0] < left) | (center[:, 0] + half[0] > right + 0.3)
                    out_of_y = (center[:, 1] - half[1] < bottom - 0.05) | (center[:, 1] + half[1] > top + 0.2)
                    cost += 60 * np.mean(out_of_x | out_of_y)
                if cost < lowest:
                    best, lowest = (index, side), cost
        self.plot.box = (left, right, bottom, tops[0])
        return best
