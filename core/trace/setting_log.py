"""The settings of a recorded run's optimizers, which schedulers change: the learning rate, momentum, betas, ..."""

from typing import Any

import numpy as np
from gradreel.core.arrays import FloatArray, IntArray
from gradreel.core.trace.recorded_run import RecordedRun
from numpy.typing import NDArray


def are_valid_settings(run: RecordedRun, which: IntArray, at: IntArray) -> bool:
    """Whether each row names one of the run's settings and one of its updates, in order."""
    known = (which >= 0) & (which < len(run.settings)) & (at >= 0) & (at < run.updates)
    return bool(known.all() and (at[1:] >= at[:-1]).all())


class SettingLog:
    """Looks up the value of a setting at an update: that of the last row at or before it, or the initial value.

    ``which``, ``at``, ``value``: the columns, (n,) each, for which `are_valid_settings` holds.
    """

    def __init__(self, run: RecordedRun, which: IntArray, at: IntArray, value: FloatArray) -> None:
        order = np.argsort(which, kind="stable")  # the rows of a setting together, in the order of updates
        ends = np.searchsorted(np.asarray(which)[order], np.arange(len(run.settings) + 1))
        at, value = np.asarray(at)[order], np.asarray(value)[order]
        self._groups = {
            (i, j): group for i, optimizer in enumerate(run.optimizers) for j, group in enumerate(optimizer.groups)
        }
        self._changes = {}  # at which updates a setting changed, (n,), and its values, (n + 1,), the initial one first
        for i, setting in enumerate(run.settings):
            rows = slice(ends[i], ends[i + 1])
            initial = self._groups[setting.optimizer, setting.group].initial(setting.name)
            key = setting.optimizer, setting.group, setting.name
            self._changes[key] = at[rows], np.concatenate([[initial], value[rows]])

    def changed(self, optimizer: int, group: int) -> list[str]:
        """The names of the settings of a parameter group that changed."""
        return [name for i, j, name in self._changes if (i, j) == (optimizer, group)]

    def values(self, optimizer: int, group: int, name: str) -> FloatArray:
        """(n,): the values that a setting had, in order."""
        return self._changes_of(optimizer, group, name)[1]

    def at(self, optimizer: int, group: int, name: str, updates: IntArray) -> FloatArray:
        """(n,): the value at each of these updates (n,); NaN before the group was there, or if it is no number."""
        at, values = self._changes_of(optimizer, group, name)
        rows = np.searchsorted(at, updates, side="right")
        return np.where(updates < self._groups[optimizer, group].first_update, np.nan, values[rows])

    def table(self, name: str, updates: IntArray, optimizers: NDArray[Any]) -> FloatArray:
        """(n, G): the value in each group at each update (n,) that was made by ``optimizers``, (n,); NaN in others'."""
        table = np.full((len(updates), len(self._groups)), np.nan)
        for column, (optimizer, group) in enumerate(self._groups):
            rows = np.flatnonzero(optimizers == optimizer)
            table[rows, column] = self.at(optimizer, group, name, updates[rows])
        return table

    def _changes_of(self, optimizer: int, group: int, name: str) -> tuple[IntArray, FloatArray]:
        """The updates at which a setting changed, (n,), and its values, (n + 1,); n is 0 for most settings."""
        if changes := self._changes.get((optimizer, group, name)):
            return changes
        return np.empty(0, np.int64), np.array([self._groups[optimizer, group].initial(name)])
