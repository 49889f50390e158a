"""The small columns of a recorded run: logged values, the optimizer of each update, and its settings."""

from __future__ import annotations

from array import array
from enum import Enum, auto
from typing import Any

from gradreel.core.arrays import IntArray
from gradreel.core.trace.earlier_run import EarlierRun
from gradreel.core.trace.format import metric_kinds, setting_kinds
from gradreel.core.trace.recorded_run import RecordedRun, RecordedSetting
from gradreel.core.trace.unfinished import BATCH, EPOCH, LOSS, log_kinds, with_computed_columns
from gradreel.core.trace.writing import TraceWriter

MOST_HELD = 4096
"""Most updates or events that are held in memory before they are appended to the columns."""
MOST_METRICS = 1000
"""Most names of metrics in a run."""
MOST_SETTINGS = 10_000
"""Most settings in a run that may change."""

_Event = tuple[int, int, float]  # the kind of event, the update that it belongs to, its value


class _Last(Enum):
    """The loop's last action, which decides to which update a logged value belongs."""

    NOTHING = auto()  # neither a gradient nor a step
    GRADIENT = auto()  # a backward pass, for the coming update
    UPDATE = auto()  # a step that made an update
    SKIPPED_STEP = auto()  # a step that made none


class UpdateLog:
    """Collects logged values, the optimizer and changed settings of each update, and appends them to columns of events.

    A value that is logged between a step and the next backward pass belongs to that step's update. All other values
    belong to the coming update. In a loop that logs before its first backward pass, all values do. `flush` appends the
    values held in memory. `finish` computes the columns of the trace from the events.

    If an ``earlier`` run is continued, ``writer`` has its events. A metric that was logged after its last update is not
    logged a second time.
    """

    def __init__(self, writer: TraceWriter, earlier: EarlierRun | None = None) -> None:
        run = None if earlier is None else earlier.run
        self.updates = run.updates if run else 0  # updates so far
        self.metrics = {name: number for number, name in enumerate(run.metrics if run else ())}  # numbers by name
        self._logged_earlier = set() if earlier is None else set(earlier.last_metrics)
        self._writer, self._columns = writer, writer.columns
        self._coming: list[tuple[int, Any]] = []  # kind and value of events of the coming update
        self._log: list[_Event] = []
        self._metrics: list[_Event] = []
        self._settings: list[_Event] = []
        self._optimizers = array("i")
        self._setting_numbers = {  # by optimizer, group and name
            (setting.optimizer, setting.group, setting.name): number
            for number, setting in enumerate(run.settings if run else ())
        }
        self._ahead: dict[int, bool] = {}  # for each kind: whether the loop logs it before its backward passes
        self._last = _Last.NOTHING
        self._last_batch = 0 if earlier is None else earlier.last_batch  # the latest update with a logged batch

    def note_loss(self, loss: float, update: int | None = None) -> None:
        """Note a loss of update ``update``, made or coming.

        None means the update that a value logged now belongs to.
        """
        self._note(LOSS, loss, update)

    def note_epoch_of_update(self, epoch: int, update: int | None = None) -> None:
        """Note the epoch that an update belongs to; see `note_loss`."""
        self._note(EPOCH, epoch, update)

    def note_batch(self, examples: IntArray, update: int | None = None) -> None:
        """Note the examples (B,) of a batch; see `note_loss`.

        Raises ValueError if a later update's batch was logged before.
        """
        self._note(BATCH, examples, update)

    def note_gradient(self, *_: Any) -> None:
        """Note that a backward pass has computed a gradient: values logged from now on belong to the coming update."""
        self._last = _Last.GRADIENT

    def note_metric(self, name: str, value: float) -> None:
        """Note the value of a metric, together with how many updates have been made.

        Raises ValueError for a new name if the run has `MOST_METRICS` already.
        """
        if name in self._logged_earlier:  # the earlier run ended after the loop had logged it
            self._logged_earlier.remove(name)
            return
        number = self.metrics.get(name)
        if number is None:
            if len(self.metrics) >= MOST_METRICS:
                raise ValueError(
                    f"a run can have {MOST_METRICS} names of metrics at most: log a metric by the same name each time; "
                    "the number of updates is stored with each value"
                )
            number = self.metrics[name] = len(self.metrics)
        self._metrics.append((number, self.updates, value))
        if len(self._metrics) >= MOST_HELD:
            self.flush()

    def note_skipped_step(self) -> None:
        """Note that a step made no update, as when a GradScaler skips it. Values logged for that update are dropped."""
        self._coming.clear()
        self._last = _Last.SKIPPED_STEP

    def note_setting(self, optimizer: int, group: int, name: str, value: float) -> bool:
        """Note the value of a setting from the coming update on.

        Return False if the run has `MOST_SETTINGS` already.
        """
        number = self._setting_numbers.setdefault((optimizer, group, name), len(self._setting_numbers))
        if number >= MOST_SETTINGS:
            del self._setting_numbers[optimizer, group, name]
            return False
        self._settings.append((number, self.updates, value))
        return True

    def note_update(self, optimizer: int) -> None:
        """Note that this optimizer made an update."""
        self._last = _Last.UPDATE
        self._optimizers.append(optimizer)
        self.updates += 1
        self._logged_earlier.clear()
        for kind, value in self._coming:
            self._append(kind, value, self.updates - 1)
        self._coming.clear()
        if len(self._optimizers) >= MOST_HELD or len(self._log) >= MOST_HELD:
            self.flush()

    def settings(self) -> tuple[RecordedSetting, ...]:
        """Return the settings that changed, in the order of their numbers."""
        return tuple(RecordedSetting(optimizer=i, group=j, name=name) for i, j, name in self._setting_numbers)

    def flush(self) -> bool:
        """Append everything held in memory to the columns; return whether there was anything."""
        new = bool(self._optimizers or self._log or self._metrics or self._settings)
        if self._metrics and "metric" not in self._columns:
            for name, kind in metric_kinds(MOST_HELD).items():
                self._writer.add(name, kind)
        self._columns["optimizer"].append(self._optimizers)
        del self._optimizers[:]
        for kinds, events in ((log_kinds, self._log), (metric_kinds, self._metrics), (setting_kinds, self._settings)):
            for name, values in zip(kinds(0), zip(*events, strict=True), strict=False):
                self._columns[name].append(values)
            events.clear()
        return new

    def finish(self, run: RecordedRun) -> RecordedRun:
        """Write the columns of the first ``run.updates`` updates, and return the run with the lengths of the
        columns.
        """
        self.flush()
        self._writer.wait()
        events = [*log_kinds(0), *setting_kinds(0), *(metric_kinds(0) if "metric" in self._columns else ())]
        run, computed = with_computed_columns(run, {name: self._columns[name].rows_written() for name in events})
        self._cut({"optimizer": run.updates, "batch": run.examples_logged})
        self._cut(dict.fromkeys(setting_kinds(0), run.settings_logged))
        if run.metrics:
            self._cut(dict.fromkeys(metric_kinds(0), run.metrics_logged))
        for name, column in computed.items():
            self._columns[name].append(column)
        for name in log_kinds(0):
            self._writer.leave_out(name)
        return run

    def _cut(self, rows: dict[str, int]) -> None:
        """Keep only the first rows of columns; ``rows`` says how many, by column."""
        for name, count in rows.items():
            self._columns[name].keep(count)

    def _note(self, kind: int, value: Any, update: int | None) -> None:
        """Note a value of a kind for an update; None means the update that a value logged now belongs to."""
        target = self._update_of(kind) if update is None else update
        if target is None:
            return
        if kind == BATCH:
            if target < self._last_batch:
                raise ValueError(
                    f"batches must be logged in the order of the updates; one of update {self._last_batch} was logged"
                )
            self._last_batch = target
        if target == self.updates:
            self._coming.append((kind, value))
        else:
            self._append(kind, value, target)

    def _append(self, kind: int, value: Any, update: int) -> None:
        """Append an event to the log, and a batch's examples to their column."""
        if kind == BATCH:
            self._columns["batch"].append(value)
            value = len(value)
        self._log.append((kind, update, value))

    def _update_of(self, kind: int) -> int | None:
        """Return the update that a value logged now belongs to; None if its step was skipped."""
        logs_ahead = self._ahead.setdefault(kind, self._last is _Last.NOTHING)
        if logs_ahead or self._last is _Last.GRADIENT:
            return self.updates
        return self.updates - 1 if self._last is _Last.UPDATE else None
