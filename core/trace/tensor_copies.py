"""Copies of a recorded model's tensors outside theta (buffers and frozen parameters), which three columns hold.

A tensor is copied for a kept state if its bytes differ from those of its last copy. No torch here.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from gradreel.core.arrays import IntArray
from gradreel.core.trace.recorded_run import RecordedRun
from numpy.typing import NDArray


def are_complete_ordered_copies(run: RecordedRun, which: IntArray, rows: IntArray) -> bool:
    """Return whether the columns name the run's tensors in a valid order: all for the first kept state, then at most
    once each.

    Parameters
    ----------
    which
        The number of each copied tensor, (C,).
    rows
        The row of the kept state that each copy is for, (C,).
    """
    count = len(run.tensors)
    if not ((which >= 0) & (which < count) & (rows >= 0) & (rows < run.n_kept)).all():
        return False
    is_first_complete = (
        (which[:count] == np.arange(count)).all() and not rows[:count].any() and (rows[count:] > 0).all()
    )
    is_later_ordered = (rows[1:] > rows[:-1]) | ((rows[1:] == rows[:-1]) & (which[1:] > which[:-1]))
    return bool(is_first_complete and is_later_ordered.all() and _sizes(run)[which].sum() == run.copied_bytes)


def tensor_bytes(run: RecordedRun, columns: Mapping[str, NDArray[Any]], row: int) -> list[NDArray[np.uint8]]:
    """Return the bytes of each tensor at a row of the kept states.

    Raises ValueError for columns that `record` never writes.
    """
    which, rows = columns["tensor"], columns["tensor_row"]
    if not are_complete_ordered_copies(run, which, rows):
        raise ValueError("tensor.npy and tensor_row.npy name no tensors of the run, or no states")
    ends = np.cumsum(_sizes(run)[which])
    n_copies = int(np.searchsorted(rows, row, side="right"))
    last_copy = np.zeros(len(run.tensors), dtype=np.int64)
    np.maximum.at(last_copy, which[:n_copies], np.arange(n_copies))
    data = columns["tensor_bytes"]
    return [data[ends[copy] - tensor.size : ends[copy]] for copy, tensor in zip(last_copy, run.tensors, strict=True)]


def _sizes(run: RecordedRun) -> IntArray:
    """Return the size of each tensor in bytes."""
    return np.array([tensor.size for tensor in run.tensors], dtype=np.int64)
