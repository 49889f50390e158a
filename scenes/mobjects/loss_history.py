"""Prepares the losses of a trace for a plot of any run. Pure numbers: nothing here draws.

All x are counts of updates made: batch loss k was measured after k updates, before the next one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from gradreel.core.arrays import FloatArray, IntArray, evenly_spaced_indices
from gradreel.core.daily.units import loss_unit
from gradreel.core.daily.views import DailyViews
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import loss
from gradreel.core.network.theta import validation_loss as loss_on_validation_days
from gradreel.core.trace.recorded_run import RecordedRun
from gradreel.core.trace.trace import Trace
from numpy.typing import NDArray

COLUMNS = 600  # columns of a long run's plot, about three pixels wide; each shows its lowest and highest loss
STATES = 240  # states, at most, for which the loss over all data is computed
WINDOWS = 60  # windows of the running mean in a whole run
PARTS = 20  # parts of a run whose outliers are cut separately
WANDERS = 3.0  # a line is smoothed if its ups and downs sum to more than so many times its range


@dataclass(frozen=True)
class Scale:
    """How a loss is written: times ``factor``, with ``suffix`` after it, such as "k" for thousands of views."""

    factor: float = 1.0
    suffix: str = ""
    in_views: bool = False


@dataclass(frozen=True, eq=False)
class LossHistory:
    """The losses of a run, float64, multiplied by ``scale.factor``; NaN: not logged, inf: too large.

    ``whole``: the loss over all training examples after ``at`` updates; empty if unknown or if a batch has all
    examples. ``validation``: the loss on validation days; of a recorded loop, what it logged as ``validation_name``.
    ``final``: the loss over all examples after the last update; NaN if unknown.
    """

    batch: FloatArray  # (U,)
    at: NDArray[Any]  # (K,) counts of updates
    whole: FloatArray  # (K,)
    validation: FloatArray  # (K,), or (0,) without validation days
    epoch_starts: IntArray  # (E - 1,) updates made when the second, third, ... epoch began; empty if unknown
    scale: Scale
    first_nan: int | None = None  # the first update whose loss was logged as NaN
    window: int = 1  # updates in the running mean; 1: no running mean
    step: int = 1  # usual distance in updates between logged losses
    final: float = float("nan")
    validation_name: str = ""

    @classmethod
    def of(cls, trace: Trace, last: int | None = None) -> LossHistory:
        """Return the losses of ``trace``, or of its first ``last`` updates; then without losses over all data.

        Raises UserError if no finite loss was logged.
        """
        batch = np.asarray(trace.batch_loss[:last], dtype=np.float64)
        scale = _loss_unit(trace, batch)
        batch = batch * scale.factor
        _refuse_nothing_logged(trace, batch)
        at, whole, validation = _over_all_data(trace) if last is None else (np.empty(0),) * 3
        name = validation_loss(trace) if last is None else ""
        if name:
            at, validation = thinned(*trace.metrics[name])
        experiment = trace.run if last is None and isinstance(trace.run, Experiment) else None
        final = loss(experiment, np.asarray(trace.parameters[-1])) if experiment else np.nan
        starts = _epoch_starts(np.asarray(trace.epoch[:last]))
        nan = trace.run.first_nan_loss if isinstance(trace.run, RecordedRun) else None
        nan = None if nan is None or nan >= len(batch) else nan
        step = _usual_step(batch, nan)
        history = cls(
            batch,
            at,
            whole * scale.factor,
            validation * scale.factor,
            starts,
            scale,
            nan,
            step=step,
            final=float(final) * scale.factor,
            validation_name=name,
        )
        if not _goes_up_and_down(batch):
            return history
        smoothed = replace(history, window=step * _window_for(len(batch) // step))
        return smoothed if np.isfinite(smoothed.mean_line()[1]).any() else history

    @property
    def n_updates(self) -> int:
        """Return the number of updates, U."""
        return len(self.batch)

    @property
    def is_smoothed(self) -> bool:
        """Return whether the plot also shows a running mean, because the batch loss goes up and down a lot."""
        return self.window > 1

    @property
    def is_whole(self) -> bool:
        """Return whether a batch has all examples; then `final` is one more batch loss."""
        return not len(self.whole) and not self.is_smoothed and bool(np.isfinite(self.final))

    @property
    def n_missing(self) -> int:
        """Return the number of updates whose loss was not logged or is NaN."""
        return int(np.isnan(self.batch).sum())

    @property
    def reach(self) -> int:
        """Return the largest distance between logged losses that a line connects; a larger one is a gap.

        If a loss was logged as NaN, this is `step`: a missing loss may have been NaN, too.
        """
        return self.step if self.step == 1 or self.first_nan is not None else 2 * self.step

    @property
    def is_regular(self) -> bool:
        """Return whether every `step`-th update has a loss, and no other update has one."""
        logged = np.flatnonzero(~np.isnan(self.batch))
        whole = len(logged) > 0 and logged[0] < self.step and self.n_updates - logged[-1] <= self.step
        return whole and bool((np.diff(logged) == self.step).all())

    @cached_property
    def points(self) -> IntArray:
        """Return the updates that are corners of the line, (n,): logged ones, and one inside each gap."""
        if self.step == 1:
            return np.arange(self.n_updates)
        logged = np.flatnonzero(~np.isnan(self.batch))
        wide = np.diff(logged) > self.reach
        return np.sort(np.concatenate([logged, logged[:-1][wide] + 1]))

    def latest(self, update: int) -> int | None:
        """Return the last logged update up to ``update``; None if it is `reach` or more updates ago."""
        first = max(0, update - self.reach + 1)
        logged = np.flatnonzero(~np.isnan(self.batch[first : update + 1]))
        return first + int(logged[-1]) if len(logged) else None

    def mean(self, update: int) -> float:
        """Return the mean loss of the last ``window`` updates up to ``update``; NaN if fewer than half were logged.

        Without smoothing, returns the latest loss.
        """
        if not self.is_smoothed:
            latest = self.latest(update)
            return float("nan") if latest is None else float(self.batch[latest])
        window = self.batch[max(0, update - self.window + 1) : update + 1]
        logged = window[~np.isnan(window)]
        return float(logged.mean()) if 2 * self.step * len(logged) >= len(window) else float("nan")

    @property
    def is_gathered(self) -> bool:
        """Return whether `line` leaves out losses, because there are too many."""
        return len(self.points) > 2 * COLUMNS

    def line(self) -> tuple[FloatArray, FloatArray]:
        """Return (x, y) of the batch losses to draw, see `thinned`; with `final` if `is_whole`."""
        x, y = thinned(self.points.astype(float), self.batch[self.points])
        return (np.append(x, self.n_updates), np.append(y, self.final)) if self.is_whole else (x, y)

    def mean_line(self) -> tuple[FloatArray, FloatArray]:
        """Return (x, y) of the running mean, at `COLUMNS` updates at most."""
        x = self.points[evenly_spaced_indices(len(self.points), COLUMNS)]
        return x.astype(float), np.array([self.mean(update) for update in x])

    def extent(self) -> tuple[float, float]:
        """Return the lowest and highest finite loss that the plot must show.

        Smooth curves count fully. Of smoothed batch losses, the lowest 5 % and the highest 1 % in each part of the run
        do not count, so that a single batch does not flatten the plot.
        """
        smooth = [self.mean_line()[1] if self.is_smoothed else self.batch, self.whole, self.validation]
        values = np.concatenate(smooth)
        values = values[np.isfinite(values)]
        if not len(values):
            values = self.batch[np.isfinite(self.batch)]
        if self.is_smoothed:
            parts = [part[np.isfinite(part)] for part in np.array_split(self.batch, PARTS)]
            values = np.concatenate([values, *(np.quantile(part, [0.05, 0.99]) for part in parts if len(part))])
        return float(values.min()), float(values.max())


def thinned(x: NDArray[Any], y: FloatArray) -> tuple[NDArray[Any], FloatArray]:
    """Return the corners of a line to draw, in order: all, or the lowest and highest of each of `COLUMNS` columns."""
    if len(x) <= 2 * COLUMNS:
        return x, y
    chosen = []
    for start, end in pairwise(np.linspace(0, len(x), COLUMNS + 1).round().astype(int)):
        part = y[start:end]
        if np.isnan(part).all():
            chosen.append(start)
            continue
        chosen += sorted({start + int(np.nanargmin(part)), start + int(np.nanargmax(part))})
    return x[chosen], y[chosen]


def validation_loss(trace: Trace) -> str:
    """Return the first logged metric that is named like a validation loss, such as "val_loss"; "" if there is none.

    It must have two finite values at least.
    """
    names = (name for name, (_, values) in trace.metrics.items() if np.isfinite(values).sum() > 1)
    return next((name for name in names if _VALIDATION.search(name) and _LOSS.search(name)), "")


_VALIDATION, _LOSS = (
    re.compile(rf"(?<![a-z])({words})(?![a-z])", re.IGNORECASE)
    for words in ("val|valid|validation|eval|evaluation|dev|test", "loss|mse|mae")
)


def _loss_unit(trace: Trace, batch: FloatArray) -> Scale:
    """Return the unit in which the run's losses are shown.

    Mean absolute errors of daily views are shown in views or thousands. Other losses have no unit.
    """
    run = trace.run
    if not isinstance(run, Experiment) or not isinstance(run.dataset, DailyViews) or run.loss != "mae":
        return Scale()
    views = run.dataset.absolute_error_in_views(1.0)
    unit, letter = loss_unit(batch * views)
    return Scale(views / unit, letter, in_views=True)


def _refuse_nothing_logged(trace: Trace, batch: FloatArray) -> None:
    """Raise UserError if no loss is finite; the message says why and what to do."""
    if np.isfinite(batch).any():
        return
    if isinstance(trace.run, RecordedRun) and np.isnan(batch).all():
        nan = trace.run.first_nan_loss
        if nan is not None and nan < len(batch):
            raise UserError(
                f"{trace.path}: every loss that was logged of this run is nan, the first at update {nan}, so there is "
                "no loss curve; either the run had gone off to infinity by then (a smaller learning rate helps), or "
                "its data or its parameters held nan before (`gradreel verify` names the first)"
            )
        raise UserError(
            f"{trace.path}: no loss was logged of this run, so there is no loss curve; call "
            "recording.log(loss=loss.item()) in the loop, after each step, and record the run again"
        )
    raise UserError(
        f"{trace.path}: none of the {len(batch)} losses of this run is a finite number; record it again with a"
        f" smaller learning rate"
    )


def _over_all_data(trace: Trace) -> tuple[NDArray[Any], FloatArray, FloatArray]:
    """Return updates, losses over all examples, and losses on validation days, unscaled; empty for a recorded loop."""
    run, none = trace.run, np.empty(0)
    if not isinstance(run, Experiment):
        return none, none, none
    rows = evenly_spaced_indices(len(trace.kept), STATES)
    states = np.asarray(trace.parameters[rows])
    whole = loss(run, states) if run.batches_per_epoch > 1 else none
    validation = loss_on_validation_days(run, states) if run.dataset.n_validation else none
    return np.asarray(trace.kept[rows]), whole, validation


def _epoch_starts(epoch: IntArray) -> IntArray:
    """Return the updates at which the second and later epochs begin; empty if unknown or if epochs are single updates.

    ``epoch``: of each update, -1 if not logged. An epoch begins where it was first logged. The result is empty if that
    may be late by more than a quarter of an epoch, as if epochs are logged only at their end.
    """
    logged = np.flatnonzero(epoch >= 0)
    new = np.flatnonzero(np.diff(epoch[logged]) != 0) + 1
    delay = int((np.diff(logged)[new - 1] - 1).max(initial=0))
    is_known = len(new) < len(logged) - 1 and 4 * delay * (len(new) + 1) <= len(epoch)
    return logged[new] if is_known else np.empty(0, dtype=int)


def _goes_up_and_down(batch: FloatArray) -> bool:
    """Return whether the losses go up and down far more than they change overall, see `WANDERS`."""
    values = batch[np.isfinite(batch)]
    if len(values) < 20:
        return False
    rest = values[len(values) // 5 :]  # without the steep beginning
    reach = float(np.ptp(rest))
    return reach > 0 and float(np.abs(np.diff(rest)).sum()) > WANDERS * reach


def _usual_step(batch: FloatArray, first_nan: int | None) -> int:
    """Return the usual distance between logged updates, up to the first NaN: later NaNs look like missing losses."""
    logged = np.flatnonzero(~np.isnan(batch))
    if first_nan is not None:
        logged = np.union1d(logged, first_nan)
        logged = logged[: max(2, np.searchsorted(logged, first_nan) + 1)]
    return int(np.median(np.diff(logged))) if len(logged) > 1 else 1


def _window_for(count: int) -> int:
    """Return the window for ``count`` losses: 1, 2 or 5 times a power of ten, near a `WINDOWS`-th, at least 5."""
    target = max(10.0 if count >= 100 else 5.0, count / WINDOWS)
    power = 10 ** int(np.floor(np.log10(target)))
    return int(max(step * power for step in (1, 2, 5) if step * power <= target))
