"""The losses that a trace holds, as a picture of any run's wants them. Pure numbers: nothing here draws.

Everything is at a count of updates that had been made: batch loss k was measured after k updates, before the next one.
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

COLUMNS = 600  # into which a run of more updates is gathered for the picture: about three pixels each
STATES = 240  # kept states at which the loss over all data is computed, at most
WINDOWS = 60  # of the running mean, in a whole run
PARTS = 20  # of a run, in which it is looked how far its losses wander
WANDERS = 3.0  # a line that goes up and down this often as far as it gets is smoothed


@dataclass(frozen=True)
class Scale:
    """What a loss is multiplied by to be written, and what is written behind it: "k" where views are thousands."""

    factor: float = 1.0
    suffix: str = ""
    in_views: bool = False


@dataclass(frozen=True, eq=False)
class LossHistory:
    """Losses in the unit they are written in (see ``scale``), float64; NaN where none was logged, inf where too large.

    ``whole`` and ``validation`` are the losses over all examples trained on, and on validation days, of the states
    after ``at`` updates; empty where they are not known, or where each batch is all examples. Of somebody's own run
    ``validation`` is what its loop logged as ``validation_name``. ``final``: the loss over all examples after the last
    update, NaN where it is not known.
    """

    batch: FloatArray  # (U,)
    at: NDArray[Any]  # (K,) counts of updates
    whole: FloatArray  # (K,)
    validation: FloatArray  # (K,), or (0,) without validation days
    epoch_starts: IntArray  # (E - 1,) updates made when the second, third, ... epoch began; empty where not known
    scale: Scale
    first_nan: int | None = None  # the first update whose loss was logged, and was not a number
    window: int = 1  # updates in the running mean
    step: int = 1  # updates from one logged loss to the next, as a rule
    final: float = float("nan")
    validation_name: str = ""

    @classmethod
    def of(cls, trace: Trace, last: int | None = None) -> LossHistory:
        """What ``trace`` holds, or holds of its first ``last`` updates (then without the losses over all data).

        Raises UserError for a run around which no loss was logged.
        """
        batch = np.asarray(trace.batch_loss[:last], dtype=np.float64)
        scale = _scale(trace, batch)
        batch = batch * scale.factor
        _refuse_nothing_logged(trace, batch)
        at, whole, validation = _over_all_data(trace) if last is None else (np.empty(0),) * 3
        name = validation_loss(trace) if last is None else ""
        if name:
            at, validation = thinned(*trace.metrics[name])
        known = trace.run if last is None and isinstance(trace.run, Experiment) else None
        final = loss(known, np.asarray(trace.parameters[-1])) if known else np.nan
        starts = _epoch_starts(np.asarray(trace.epoch[:last]))
        nan = trace.run.first_nan_loss if isinstance(trace.run, RecordedRun) else None
        nan = None if nan is None or nan >= len(batch) else nan
        step = _step(batch, nan)
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
        if not _wanders(batch):
            return history
        smoothed = replace(history, window=step * _window(len(batch) // step))
        return smoothed if np.isfinite(smoothed.mean_line()[1]).any() else history

    @property
    def n_updates(self) -> int:
        """U."""
        return len(self.batch)

    @property
    def is_smoothed(self) -> bool:
        """Whether the batch loss wanders, so that its running mean is shown too."""
        return self.window > 1

    @property
    def is_whole(self) -> bool:
        """Whether each batch is all examples, so that the loss after the last update is one more of the same kind."""
        return not len(self.whole) and not self.is_smoothed and bool(np.isfinite(self.final))

    @property
    def n_missing(self) -> int:
        """Updates without a loss: none was logged, or what was logged is not a number."""
        return int(np.isnan(self.batch).sum())

    @property
    def reach(self) -> int:
        """Updates from one logged loss to the next beyond which the line between them has a gap.

        After a loss that was logged as NaN, one that is missing between them may have been another.
        """
        return self.step if self.step == 1 or self.first_nan is not None else 2 * self.step

    @property
    def is_regular(self) -> bool:
        """Whether every `step`-th update has a loss, and no other."""
        logged = np.flatnonzero(~np.isnan(self.batch))
        whole = len(logged) > 0 and logged[0] < self.step and self.n_updates - logged[-1] <= self.step
        return whole and bool((np.diff(logged) == self.step).all())

    @cached_property
    def points(self) -> IntArray:
        """(n,): the updates that are corners of the line; where not each is logged, those that are and one in a gap."""
        if self.step == 1:
            return np.arange(self.n_updates)
        logged = np.flatnonzero(~np.isnan(self.batch))
        wide = np.diff(logged) > self.reach
        return np.sort(np.concatenate([logged, logged[:-1][wide] + 1]))

    def latest(self, update: int) -> int | None:
        """The update up to ``update`` whose loss is the one known then; None in a gap."""
        first = max(0, update - self.reach + 1)
        logged = np.flatnonzero(~np.isnan(self.batch[first : update + 1]))
        return first + int(logged[-1]) if len(logged) else None

    def mean(self, update: int) -> float:
        """The mean loss of the last ``window`` updates up to ``update``; NaN unless half of what is to be is there.

        Without a window the latest loss.
        """
        if not self.is_smoothed:
            latest = self.latest(update)
            return float("nan") if latest is None else float(self.batch[latest])
        last = self.batch[max(0, update - self.window + 1) : update + 1]
        logged = last[~np.isnan(last)]
        return float(logged.mean()) if 2 * self.step * len(logged) >= len(last) else float("nan")

    @property
    def is_gathered(self) -> bool:
        """Whether there are more losses than are drawn."""
        return len(self.points) > 2 * COLUMNS

    def line(self) -> tuple[FloatArray, FloatArray]:
        """(x, y) of the batch losses as they are drawn: all of them, or each column's lowest and highest, in order."""
        x, y = thinned(self.points.astype(float), self.batch[self.points])
        return (np.append(x, self.n_updates), np.append(y, self.final)) if self.is_whole else (x, y)

    def mean_line(self) -> tuple[FloatArray, FloatArray]:
        """(x, y) of the running mean, at as many updates as are drawn."""
        x = self.points[evenly_spaced_indices(len(self.points), COLUMNS)]
        return x.astype(float), np.array([self.mean(update) for update in x])

    def extent(self) -> tuple[float, float]:
        """The lowest and highest loss that the picture has to hold.

        Of the smooth curves all; of losses that wander, in each part of the run, all but the lowest 5 % and the highest
        1 %, so that a single batch does not press the rest flat. Finite; a loss of 0 is held by a linear axis only.
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
    """The corners (n,) of a line as they are drawn: all of them, or each column's lowest and highest, in order."""
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
    """The first metric that a loop logged, twice or more, as a validation loss, such as "val_loss"; "" if none was."""
    names = (name for name, (_, values) in trace.metrics.items() if np.isfinite(values).sum() > 1)
    return next((name for name in names if _VALIDATION.search(name) and _LOSS.search(name)), "")


_VALIDATION, _LOSS = (
    re.compile(rf"(?<![a-z])({words})(?![a-z])", re.IGNORECASE)
    for words in ("val|valid|validation|eval|evaluation|dev|test", "loss|mse|mae")
)


def _scale(trace: Trace, batch: FloatArray) -> Scale:
    """Mean absolute errors of daily views are told in views, in the unit that suits the largest."""
    run = trace.run
    if not isinstance(run, Experiment) or not isinstance(run.dataset, DailyViews) or run.loss != "mae":
        return Scale()
    views = run.dataset.absolute_error_in_views(1.0)
    unit, letter = loss_unit(batch * views)
    return Scale(views / unit, letter, in_views=True)


def _refuse_nothing_logged(trace: Trace, batch: FloatArray) -> None:
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
    """Updates, losses over all examples and on validation days, in the run's own unit; empty for a recorded run."""
    run, none = trace.run, np.empty(0)
    if not isinstance(run, Experiment):
        return none, none, none
    rows = evenly_spaced_indices(len(trace.kept), STATES)
    states = np.asarray(trace.parameters[rows])
    whole = loss(run, states) if run.batches_per_epoch > 1 else none
    validation = loss_on_validation_days(run, states) if run.dataset.n_validation else none
    return np.asarray(trace.kept[rows]), whole, validation


def _epoch_starts(epoch: IntArray) -> IntArray:
    """Where an epoch begins, the first excepted; empty where epochs are not known or are single updates.

    Where not each update has its epoch logged, it is where that was first logged; empty if that may be late by more
    than a quarter of an epoch, as where an epoch is logged only at its end.
    """
    logged = np.flatnonzero(epoch >= 0)
    new = np.flatnonzero(np.diff(epoch[logged]) != 0) + 1
    late = int((np.diff(logged)[new - 1] - 1).max(initial=0))
    known = len(new) < len(logged) - 1 and 4 * late * (len(new) + 1) <= len(epoch)
    return logged[new] if known else np.empty(0, dtype=int)


def _wanders(batch: FloatArray) -> bool:
    """Whether a smooth line is wanted beside this one: it goes up and down far more than it gets anywhere."""
    values = batch[np.isfinite(batch)]
    if len(values) < 20:
        return False
    rest = values[len(values) // 5 :]  # the first updates, which may fall far, tell nothing of the later ones
    reach = float(np.ptp(rest))
    return reach > 0 and float(np.abs(np.diff(rest)).sum()) > WANDERS * reach


def _step(batch: FloatArray, first_nan: int | None) -> int:
    """The usual distance between updates whose loss was logged, up to the first NaN: later ones look like no loss."""
    logged = np.flatnonzero(~np.isnan(batch))
    if first_nan is not None:
        logged = np.union1d(logged, first_nan)
        logged = logged[: max(2, np.searchsorted(logged, first_nan) + 1)]
    return int(np.median(np.diff(logged))) if len(logged) > 1 else 1


def _window(count: int) -> int:
    """A round number of losses, 1, 2 or 5 times a power of ten: at most a WINDOWS-th of the run's, at least 5 or 10."""
    wanted = max(10.0 if count >= 100 else 5.0, count / WINDOWS)
    power = 10 ** int(np.floor(np.log10(wanted)))
    return int(max(step * power for step in (1, 2, 5) if step * power <= wanted))
