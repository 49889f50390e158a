"""The tensors of a recorded model beside theta, buffers and frozen parameters, as copies that stand in three columns.

A tensor is copied for a kept state where its bytes are not those of its last copy. No torch here.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from gradreel.core.arrays import IntArray
from gradreel.core.trace.recorded_run import RecordedRun
from numpy.typing import NDArray


def are_valid_copies(run: RecordedRun, which: IntArray, rows: IntArray) -> bool:
    """Whether the columns name the run's tensors, in order, each at most once for a kept state and all for the first.

    ``which`` tensor and for which of the ``rows`` of the kept states, (C,) each.
    """
    count = len(run.tensors)
    if not ((which >= 0) & (which < count) & (rows >= 0) & (rows < run.n_kept)).all():
        return False
    first = (which[:count] == np.arange(count)).all() and not rows[:count].any() and (rows[count:] > 0).all()
    later = (rows[1:] > rows[:-1]) | ((rows[1:] == rows[:-1]) & (which[1:] > which[:-1]))
    return bool(first and later.all() and _sizes(run)[which].sum() == run.copied_bytes)


def tensor_bytes(run: RecordedRun, columns: Mapping[str, NDArray[Any]], row: int) -> list[NDArray[np.uint8]]:
    """The bytes of each tensor at a row of the kept states. ValueError for columns that `record` never writes."""
    which, rows = columns["tensor"], columns["tensor_row"]
    if not are_valid_copies(run, which, rows):
        raise ValueError("tensor.npy and tensor_row.npy name no tensors of the run, or no states")
    ends = np.cumsum(_sizes(run)[which])
    until = int(np.searchsorted(rows, row, side="right"))
    last = np.zeros(len(run.tensors), dtype=np.int64)
    np.maximum.at(last, which[:until], np.arange(until))  # the last copy of each so far
    data = columns["tensor_bytes"]
    return [data[ends[copy] - known.size : ends[copy]] for copy, known in zip(last, run.tensors, strict=True)]


def _sizes(run: RecordedRun) -> IntArray:
    return np.array([known.size for known in run.tensors], dtype=np.int64)
