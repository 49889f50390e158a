"""What a loop logged beside the loss, each on an axis of its own, one above the other; and its learning rate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from gradreel.core.analysis.class_plane import ClassPlane, accuracies
from gradreel.core.arrays import FloatArray
from gradreel.core.experiment import Experiment
from gradreel.core.trace.recorded_run import RecordedRun
from gradreel.core.trace.trace import Trace
from gradreel.scenes import style
from gradreel.scenes.mobjects.loss_history import LossHistory, thinned, validation_loss
from gradreel.scenes.mobjects.loss_plot import LossAxis, update_ticks
from gradreel.scenes.mobjects.plot import NO_TICKS, Plot
from gradreel.scenes.mobjects.readout import LossNumber, decimals_of
from gradreel.scenes.mobjects.recorded_theta import shortened
from gradreel.scenes.mobjects.rising_curve import RisingCurve
from gradreel.scenes.mobjects.text import literal, words
from gradreel.scenes.mobjects.ticks import Ticks
from gradreel.scenes.style import palette
from manim import VGroup

MOST = 3  # panels in one picture
GAP = 0.45  # between panels
NAME_ROOM, TITLED = 0.72, 30  # between panels whose names stand over them; size of their words
NUMBER_ROOM = 1.1  # right of such a name
TICK_GAP = 0.42  # least distance of ticks of that size
LARGEST = 1e300  # what is larger, no axis can hold


@dataclass(frozen=True, eq=False)
class Series:
    """Numbers in the course of a run: ``values`` (n,) when ``at`` (n,) updates had been made. Some are finite."""

    name: str
    at: FloatArray
    values: FloatArray


def logged_series(trace: Trace) -> list[Series]:
    """Return the metrics that a loop logged in the course of its run, but for the validation loss beside the loss.

    A single number, such as the seconds that a trainer tells at its end, is no curve.
    """
    beside = validation_loss(trace)
    series = [Series(name, at.astype(float), _finite_values(values)) for name, (at, values) in trace.metrics.items()]
    return [each for each in series if each.name != beside and np.isfinite(each.values).sum() > 1]


def rate_series(trace: Trace, name: str) -> list[Series]:
    """Return the learning rates of a recorded loop that change, each course once; the second is called "``name`` 2"."""
    if not isinstance(trace.run, RecordedRun):
        return []
    found: list[Series] = []
    for rates in trace.rates.T:
        at = np.flatnonzero(np.isfinite(rates))
        values = _finite_values(rates[at])
        known = any(np.array_equal(at, each.at) and np.array_equal(values, each.values) for each in found)
        if len(np.unique(values)) > 1 and not known:
            found.append(Series(f"{name} {len(found) + 1}" if found else name, at.astype(float), values))
    return found


def classifier_series(trace: Trace, plane: ClassPlane, name_of: Callable[[str], str]) -> list[Series]:
    """Return the loss of a classifier's run if it is known, then its accuracies; at most `MOST`.

    ``plane``: its answers at the recorded states. ``name_of`` returns the words for "loss", "accuracy" and
    "val_accuracy".
    """
    series = []
    if np.isfinite(trace.batch_loss).any():
        history = LossHistory.of(trace)
        if len(history.whole):
            line = (history.at, history.whole)
        else:
            line = history.mean_line() if history.is_smoothed else history.line()
        if np.isfinite(line[1]).sum() > 1:
            series.append(Series(name_of("loss"), np.asarray(line[0], dtype=float), line[1]))
    if isinstance(trace.run, Experiment):
        found = {name: each for name, each in trace.metrics.items() if name in ("accuracy", "val_accuracy")}
    else:
        found = {"accuracy": (plane.updates, accuracies(plane))}
    series += [Series(name_of(name), at.astype(float), values) for name, (at, values) in found.items()]
    return series[:MOST]


def _finite_values(values: FloatArray) -> FloatArray:
    return np.where(np.abs(values) < LARGEST, values, np.nan)


class MetricPanels(VGroup):
    """Up to `MOST` series over the updates of a run; ``show(update)`` draws them up to there, their numbers beside.

    ``updates``: what the counts under the last are of. ``titled``: name and number stand over each panel, as large as
    `TITLED`, instead of right of it, and the name of the counts stands under them.
    Parts: ``panels``, each with ``axes``, ``curve``, ``name`` and ``number``.
    """

    def __init__(
        self,
        series: Sequence[Series],
        n_updates: int,
        updates: str,
        *,
        left: float,
        right: float,
        bottom: float,
        top: float,
        titled: bool = False,
    ) -> None:
        super().__init__()
        gap = NAME_ROOM if titled else GAP
        height = (top - bottom - gap * (len(series) - 1) - gap * titled) / len(series)
        self.panels = []
        for k, each in enumerate(series):
            upper = top - gap * titled - k * (height + gap)
            box = {"left": left, "right": right, "bottom": upper - height, "top": upper}
            self.panels.append(MetricPanel(each, n_updates, is_last=k == len(series) - 1, titled=titled, **box))
        name = words(updates, TITLED if titled else style.TICK, palette.dim)
        if titled:
            name.place(bottom - 0.9, right=right)
        else:
            labels = self.panels[-1].axes.x_tick_labels
            name.place(bottom - 0.4, left=max(right, float(labels.get_right()[0])) + 0.25)
        self.panels[-1].axes.add(name)
        self.add(*self.panels)

    def show(self, update: float) -> None:
        """Draw all of them up to ``update``."""
        for panel in self.panels:
            panel.show(update)


class MetricPanel(VGroup):
    """One series; the counts of updates stand under the last panel."""

    def __init__(
        self,
        series: Series,
        n_updates: int,
        is_last: bool,
        *,
        left: float,
        right: float,
        bottom: float,
        top: float,
        titled: bool = False,
    ) -> None:
        super().__init__()
        self.series = series
        finite = series.values[np.isfinite(series.values)]
        axis = LossAxis.holding(float(finite.min()), float(finite.max()))
        size = TITLED if titled else style.LABEL - 2
        ticks = update_ticks(n_updates, 3 if titled else 5) if is_last else NO_TICKS
        self.axes = Plot(
            (0.0, float(max(n_updates, 1))),
            (axis.low, axis.high),
            left=left,
            right=right,
            bottom=bottom,
            top=top,
            x_ticks=ticks,
            y_ticks=_ticks_far_apart(axis.ticks(2), axis, top - bottom) if titled else axis.ticks(3),
            x_label=None,
            tick_size=TITLED if titled else style.TICK,
        )
        x, y = thinned(series.at, series.values)
        self.curve = RisingCurve(self.axes, x, axis.of_loss(y), palette.blue, style.SECOND_CURVE)
        baseline, beside = (top + 0.2, left) if titled else ((bottom + top) / 2 + 0.1, right + 0.25)
        number = LossNumber(float(finite[-1]), decimals_of(finite, 3) + (not titled), size, palette.text)
        room = right - left - NUMBER_ROOM if titled else style.RIGHT_EDGE - beside
        name = literal(shortened(series.name, room, size))
        self.name = words(name, size, palette.blue).place(baseline, left=beside)
        self.number = number
        after_name = float(self.name.get_right()[0]) + 0.25
        self.number_place = (baseline, after_name) if titled else (baseline - 0.42, beside)
        self.add(self.axes, self.curve, self.name, self.number)
        self.show(float(n_updates))

    def show(self, update: float) -> None:
        """Draw it up to ``update``; the number is the latest that was known then."""
        self.curve.show(update)
        known = int(np.searchsorted(self.series.at, update + 1e-6, side="right"))
        self.number.set_value(float(self.series.values[known - 1]) if known else float("nan"))
        self.number.place_left(*self.number_place)


def _ticks_far_apart(ticks: Ticks, axis: LossAxis, height: float) -> Ticks:
    """Return those of ``ticks``, from the top, that are `TICK_GAP` apart on an axis of this height."""
    scale = height / (axis.high - axis.low)
    kept: list[tuple[float, str]] = []
    for value, label in sorted(zip(ticks.values, ticks.labels, strict=True), reverse=True):
        if not kept or (kept[-1][0] - value) * scale >= TICK_GAP:
            kept.append((value, label))
    return Ticks(tuple(value for value, _ in kept), tuple(label for _, label in kept), ticks.unit)
