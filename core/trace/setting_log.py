"""The settings of a recorded run's optimizers that schedulers change: learning rate, momentum, betas, ..."""

from typing import Any

import numpy as np
from gradreel.core.arrays import FloatArray, IntArray
from gradreel.core.trace.recorded_run import RecordedRun
from numpy.typing import NDArray


def are_valid_settings(run: RecordedRun, which: IntArray, at: IntArray) -> bool:
    """Return whether each row names one of the run's settings and one of its updates, in order.

    ``which`` and ``at`` are the columns, (n,) each: the setting and the update.
    """
    is_known = (which >= 0) & (which < len(run.settings)) & (at >= 0) & (at < run.updates)
    return bool(is_known.all() and (at[1:] >= at[:-1]).all())


class SettingLog:
    """Looks up the value of a setting at an update: the value of the last row at or before it, or the initial value.

    Parameters
    ----------
    run
        The recorded run.
    which, at, value
        The columns, (n,) each, for which `are_valid_settings` holds.
    """

    def __init__(self, run: RecordedRun, which: IntArray, at: IntArray, value: FloatArray) -> None:
        order = np.argsort(which, kind="stable")  # groups the rows of a setting, in the order of updates
        ends = np.searchsorted(np.asarray(which)[order], np.arange(len(run.settings) + 1))
        at, value = np.asarray(at)[order], np.asarray(value)[order]
        self._groups = {
            (i, j): group for i, optimizer in enumerate(run.optimizers) for j, group in enumerate(optimizer.groups)
        }
        self._changes = {}  # for each setting: updates of its changes, (n,), and its values, (n + 1,), initial first
        for i, setting in enumerate(run.settings):
            rows = slice(ends[i], ends[i + 1])
            initial = self._groups[setting.optimizer, setting.group].initial(setting.name)
            key = setting.optimizer, setting.group, setting.name
            self._changes[key] = at[rows], np.concatenate([[initial], value[rows]])

    def values(self, optimizer: int, group: int, name: str) -> FloatArray:
        """Return the values that a setting had, in order, initial first, (n + 1,)."""
        return self._changes_of(optimizer, group, name)[1]

    def values_at(self, optimizer: int, group: int, name: str, updates: IntArray) -> FloatArray:
        """Return the value of a setting at each of ``updates``, (n,).

        The value is NaN before the group existed, and for a setting that is no number.
        """
        at, values = self._changes_of(optimizer, group, name)
        rows = np.searchsorted(at, updates, side="right")
        return np.where(updates < self._groups[optimizer, group].first_update, np.nan, values[rows])

    def table(self, name: str, updates: IntArray, optimizers: NDArray[Any]) -> FloatArray:
        """Return the value of the setting ``name`` in each group at each update, (n, G).

        ``updates`` and ``optimizers``, (n,) each, say which optimizer made which update. Groups of other optimizers
        have NaN.
        """
        table = np.full((len(updates), len(self._groups)), np.nan)
        for column, (optimizer, group) in enumerate(self._groups):
            rows = np.flatnonzero(optimizers == optimizer)
            table[rows, column] = self.values_at(optimizer, group, name, updates[rows])
        return table

    def _changes_of(self, optimizer: int, group: int, name: str) -> tuple[IntArray, FloatArray]:
        """Return the updates at which a setting changed, (n,), and its values, (n + 1,). n is 0 for most settings."""
        if changes := self._changes.get((optimizer, group, name)):
            return changes
        return np.empty(0, np.int64), np.array([self._groups[optimizer, group].initial(name)])
