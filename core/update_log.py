"""The small columns of a recorded run: what is logged of each update, which optimizer made it, and at what rate."""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from gradreel.core.arrays import FloatArray, IntArray
from gradreel.core.recorded_run import RecordedRun
from gradreel.core.trace import column_kinds
from gradreel.core.write_behind import ColumnWriter

MOST_HELD = 16_384
"""Updates whose losses and batches are held, to be logged late or again; then the older half is written."""
MOST_EXAMPLES = 1 << 22
"""Examples of logged batches that are held; 32 MB."""
_ROWS_AT_ONCE = 65_536


class UpdateLog:
    """Gathers what is known of each update and appends it to the columns in blocks."""

    def __init__(self, columns: Mapping[str, ColumnWriter]) -> None:
        self.updates = 0  # made so far
        self.first = 0  # the earliest update that can still be logged
        self.examples = 0  # of the batches written
        self.first_nan: int | None = None  # the first update, of those written, whose loss was logged as NaN
        self._columns = columns
        self._losses: list[float | None] = []  # of update first, first + 1, ... as far as they have been logged
        self._epochs: list[int] = []
        self._batches: list[IntArray | None] = []
        self._examples_held = 0
        self._optimizers = array("H")
        self._rates: dict[tuple[int, int], _Rates] = {}
        self._noted: dict[int, list[float]] = {}  # the rates of each optimizer's groups, as they were noted last
        columns["batch_start"].append(0)

    def note(
        self, update: int, loss: float | None, epoch: int | None, batch: IntArray | None, again: bool = True
    ) -> None:
        """What was logged of an update, ``first`` or later; it may be the coming one. None: nothing new.

        ``again``: it counts even if the same has been noted before.
        """
        i = update - self.first
        self._reach(i + 1)
        if loss is not None and (again or self._losses[i] is None):
            self._losses[i] = loss
        if epoch is not None and (again or self._epochs[i] < 0):
            self._epochs[i] = epoch
        before = self._batches[i]
        if batch is not None and (again or before is None):
            self._examples_held += len(batch) - (0 if before is None else len(before))
            self._batches[i] = batch

    def note_rates(self, optimizer: int, rates: list[float]) -> None:
        """The learning rates of the groups of the optimizer that is about to make an update."""
        if rates == self._noted.get(optimizer):
            return
        self._noted[optimizer] = rates
        for group, rate in enumerate(rates):
            known = self._rates.get((optimizer, group))
            if known is None:
                known = self._rates[optimizer, group] = _Rates()
            if rate != known.last:
                known.change(self.updates, rate)

    def add(self, optimizer: int, settled: int) -> None:
        """One update more. What is older than update ``settled`` may be written for good."""
        self._optimizers.append(optimizer)
        self.updates += 1
        held = self.updates - self.first
        if held >= MOST_HELD or self._examples_held >= MOST_EXAMPLES:
            self._write(min(settled, self.first + held // 2))

    def finish(self, run: RecordedRun) -> None:
        """Write the rest, as far as the run goes."""
        self._write(run.updates)
        self._columns["kept"].append(run.kept_updates())
        # The run may have more groups than there were when the column was opened: nothing has been appended so far
        self._columns["rate"].kind = column_kinds(run)["rate"]
        groups = [(i, j) for i, optimizer in enumerate(run.optimizers) for j in range(len(optimizer.groups))]
        for start in range(0, run.updates, _ROWS_AT_ONCE):
            optimizers = np.array(self._optimizers[start : min(start + _ROWS_AT_ONCE, run.updates)])
            rates = np.full((len(optimizers), len(groups)), np.nan)
            for column, (optimizer, group) in enumerate(groups):
                known = self._rates.get((optimizer, group))
                if known is not None:
                    mine = np.flatnonzero(optimizers == optimizer)
                    rates[mine, column] = known.at(start + mine)
            self._columns["optimizer"].append(optimizers)
            self._columns["rate"].append(rates)

    def written_by(self, updates: int) -> tuple[int, int | None]:
        """How many examples were logged, and the first update whose loss was NaN, in a run of so many updates."""
        self._reach(updates - self.first)
        held = range(updates - self.first)
        examples = sum(len(batch) for i in held if (batch := self._batches[i]) is not None)
        nan = (self.first + i for i in held if (loss := self._losses[i]) is not None and math.isnan(loss))
        return self.examples + examples, next(nan, None) if self.first_nan is None else self.first_nan

    def _reach(self, length: int) -> None:
        while len(self._losses) < length:
            self._losses.append(None)
            self._epochs.append(-1)
            self._batches.append(None)

    def _write(self, until: int) -> None:
        """Append the updates before ``until``."""
        count = until - self.first
        if count <= 0:
            return
        self.examples, self.first_nan = self.written_by(until)
        batches = self._batches[:count]
        lengths = np.array([0 if batch is None else len(batch) for batch in batches], dtype=np.int64)
        self._columns["batch_loss"].append([math.nan if loss is None else loss for loss in self._losses[:count]])
        self._columns["epoch"].append(self._epochs[:count])
        for batch in batches:
            if batch is not None:
                self._columns["batch"].append(batch)
        self._columns["batch_start"].append(self.examples - lengths.sum() + np.cumsum(lengths))
        del self._losses[:count], self._epochs[:count], self._batches[:count]
        self._examples_held -= int(lengths.sum())
        self.first = until


@dataclass
class _Rates:
    """A learning rate as it changed."""

    last: float | None = None
    _updates: array[int] = field(default_factory=lambda: array("q"))
    _values: array[float] = field(default_factory=lambda: array("d"))

    def change(self, update: int, rate: float) -> None:
        self.last = rate
        self._updates.append(update)
        self._values.append(rate)

    def at(self, updates: IntArray) -> FloatArray:
        """The rate at each of these updates, NaN before the first that is known."""
        place = np.searchsorted(np.array(self._updates), updates, side="right")
        values: FloatArray = np.concatenate([[np.nan], np.array(self._values)])
        return values[place]
