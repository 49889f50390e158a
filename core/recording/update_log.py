"""The small columns of a recorded run: what is logged, which optimizer made each update, and by which settings."""

from __future__ import annotations

import math
from array import array
from collections import deque
from collections.abc import Iterable
from itertools import chain
from typing import Any

import numpy as np
from gradreel.core.trace.recorded_run import RecordedRun, RecordedSetting
from gradreel.core.trace.trace import metric_kinds, setting_kinds
from gradreel.core.trace.writing import TraceWriter

MOST_HELD = 16_384
"""Updates whose losses and batches are held, to be logged late or again; then the older half is written."""
MOST_EXAMPLES = 1 << 22
"""Examples of logged batches that are held; 32 MB."""
MOST_METRICS = 1000
MOST_SETTINGS = 10_000
_ROWS_AT_ONCE = 65_536


class UpdateLog:
    """Holds what is logged of each update, its optimizer and changed settings; appends them to the columns in blocks.

    What is logged between a step and the next backward pass belongs to that step's update, all else to the coming one.
    In a loop that logs before its first backward pass, all does.
    """

    def __init__(self, writer: TraceWriter) -> None:
        self.updates = 0  # made so far
        self.first = 0  # the earliest update that can still be logged
        self.examples = 0  # of the batches written
        self.first_nan: int | None = None  # the first update, of those written, whose loss was logged as NaN
        self.metrics: dict[str, int] = {}  # number of each
        self._writer, self._columns = writer, writer.columns
        self._logged: dict[str, list[tuple[Any, ...]]] = {name: [] for name in ("loss", "epoch", "batch")}  # by update
        self._ahead: dict[str, bool] = {}  # whether the loop logs this before its backward passes
        self._computed = False  # whether a gradient has been since the last step
        self._made: bool | None = None  # whether the last step made an update; None: there was none
        self._examples_held = 0
        self._metrics: deque[tuple[int, int, float]] = deque()  # number, updates made, value; not written yet
        self._metrics_written = 0
        self._optimizers = array("H")
        self._setting_numbers: dict[tuple[int, int, str], int] = {}  # by optimizer, group and name
        self._settings: deque[tuple[int, int, float]] = deque()  # number, update, value; not written yet
        self._settings_written = 0
        self._columns["batch_start"].append(0)

    def note(self, update: int | None = None, **logged: Any) -> None:
        """Note a loss, an epoch or a batch (B,), as keywords, of update ``update``, which is ``first`` or a later one.

        None: of the update that it belongs to, as the class says.
        """
        for name, value in logged.items():
            if value is None:
                continue
            which = self._update_of(name) if update is None else update
            if which is not None:
                self._reach(name, which + 1)
                self._logged[name][which - self.first] += (value,)
                self._examples_held += len(value) if name == "batch" else 0

    def note_gradient(self, *_: Any) -> None:
        """Note that a backward pass has computed a gradient: what is logged from now on is of the coming update."""
        self._computed = True

    def refuse_more_names(self, names: Iterable[str]) -> None:
        """ValueError if with these a run had more metrics than its ``meta.json`` may name."""
        if len(self.metrics.keys() | set(names)) > MOST_METRICS:
            raise ValueError(
                f"{MOST_METRICS} metrics have been logged, another name cannot be: log a metric by the same name each "
                "time; after which update it was logged is kept"
            )

    def note_metric(self, name: str, value: float) -> None:
        """Note the value of a metric, with how many updates have been made."""
        self._metrics.append((self.metrics.setdefault(name, len(self.metrics)), self.updates, value))

    def skip(self) -> None:
        """Note that a step made no update, as a GradScaler skips some: what led to it is left out."""
        for logged in self._logged.values():
            del logged[self.updates - self.first :]
        self._computed = self._made = False

    def note_setting(self, optimizer: int, group: int, name: str, value: float) -> bool:
        """Note the value of a setting from the coming update on. Returns False if ``meta.json`` can name no more."""
        number = self._setting_numbers.setdefault((optimizer, group, name), len(self._setting_numbers))
        if number >= MOST_SETTINGS:
            del self._setting_numbers[optimizer, group, name]
            return False
        self._settings.append((number, self.updates, value))
        return True

    def add(self, optimizer: int, settled: int) -> None:
        """Note that this optimizer made an update. What is older than update ``settled`` may be written for good."""
        self._computed, self._made = False, True
        self._optimizers.append(optimizer)
        self.updates += 1
        held = self.updates - self.first
        if len(self._metrics) >= MOST_HELD:
            self._write_metrics(settled)
        if held >= MOST_HELD or self._examples_held >= MOST_EXAMPLES:
            self._write(min(settled, self.first + held // 2))

    def finish(self, run: RecordedRun) -> None:
        """Append the rest of the columns, up to the run's last update."""
        self._write(run.updates)
        if run.metrics:
            self._write_metrics(run.updates)
        self._columns["kept"].append(run.kept_updates())
        for start in range(0, run.updates, _ROWS_AT_ONCE):
            self._columns["optimizer"].append(self._optimizers[start : min(start + _ROWS_AT_ONCE, run.updates)])

    def written_by(self, updates: int) -> tuple[int, int | None]:
        """How many examples were logged of the first ``updates`` updates, and the first of these with a loss of NaN."""
        count = updates - self.first
        examples = sum(len(batch) for batches in self._logged["batch"][:count] for batch in batches)
        losses = enumerate(self._logged["loss"][:count], self.first)
        nan = (update for update, logged in losses if logged and math.isnan(_mean(logged)))
        return self.examples + examples, next(nan, None) if self.first_nan is None else self.first_nan

    def settings_by(self, updates: int) -> tuple[tuple[RecordedSetting, ...], int]:
        """The settings that changed, and how often, up to the last of the first ``updates`` updates."""
        changes = self._settings_written + sum(at < updates for _, at, _ in self._settings)
        names = [RecordedSetting(optimizer=i, group=j, name=name) for i, j, name in self._setting_numbers]
        return tuple(names), changes

    def metrics_by(self, updates: int) -> int:
        """How many values of metrics had been logged when ``updates`` updates had been made, and before the next."""
        return self._metrics_written + sum(at <= updates for _, at, _ in self._metrics)

    def _update_of(self, name: str) -> int | None:
        """The update that what is logged now belongs to; None if its step was skipped."""
        ahead = self._ahead.setdefault(name, self._made is None and not self._computed)
        if ahead or self._computed or self._made is None:
            return self.updates
        return self.updates - 1 if self._made else None

    def _reach(self, name: str, end: int) -> None:
        """Extend the list of what was logged to each update before ``end``."""
        self._logged[name] += [()] * (end - self.first - len(self._logged[name]))

    def _take(self, name: str, count: int) -> list[tuple[Any, ...]]:
        """Remove and return what was logged of the first ``count`` updates."""
        self._reach(name, self.first + count)
        taken = self._logged[name][:count]
        del self._logged[name][:count]
        return taken

    def _write(self, until: int) -> None:
        """Append the updates before ``until``."""
        count = until - self.first
        if count <= 0:
            return
        before = self.examples
        self.examples, self.first_nan = self.written_by(until)
        losses, epochs, batches = (self._take(name, count) for name in self._logged)
        lengths = np.array([sum(map(len, logged)) for logged in batches], dtype=np.int64)
        self._columns["batch_loss"].append([_mean(logged) if logged else math.nan for logged in losses])
        self._columns["epoch"].append([logged[-1] if logged else -1 for logged in epochs])
        for batch in chain.from_iterable(batches):
            self._columns["batch"].append(batch)
        self._columns["batch_start"].append(before + np.cumsum(lengths))
        self._settings_written += self._append_events(setting_kinds(0), self._settings, until - 1)
        self._examples_held = sum(len(batch) for logged in self._logged["batch"] for batch in logged)
        self.first = until

    def _write_metrics(self, until: int) -> None:
        """Append the metrics logged up to update ``until``. Their columns are made when the first are written."""
        if "metric" not in self._columns:
            for name, kind in metric_kinds(MOST_HELD).items():
                self._writer.add(name, kind)
        self._metrics_written += self._append_events(metric_kinds(0), self._metrics, until)

    def _append_events(self, columns: Iterable[str], events: deque[tuple[int, int, float]], until: int) -> int:
        """Move the first events, up to update ``until``, into three columns. Returns how many they were."""
        rows = []
        while events and events[0][1] <= until:
            rows.append(events.popleft())
        for name, values in zip(columns, zip(*rows, strict=True), strict=False):
            self._columns[name].append(values)
        return len(rows)


def _mean(values: tuple[float, ...]) -> float:
    return values[0] if len(values) == 1 else sum(values) / len(values)
