"""Array types of the core, and evenly spaced indices."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.integer[Any]]


def every_kth(k: int, last: int, first: int = 0, end: int | None = None) -> IntArray:
    """Return 0, k, 2k, ... and ``last``, in order, (n,).

    ``first`` and ``end`` select a slice of these numbers by position: from position ``first`` up to, but without,
    ``end``.

    Examples
    --------
    >>> every_kth(3, 7)
    array([0, 3, 6, 7])
    >>> every_kth(3, 7, first=1, end=3)
    array([3, 6])
    """
    count = -(-last // k) + 1
    positions = np.arange(first, count if end is None else min(end, count), dtype=np.int64)
    return np.minimum(positions * k, last)


def evenly_spaced_indices(count: int, most: int) -> IntArray:
    """Return at most ``most`` evenly spaced indices from 0 to ``count`` - 1, in order. Two or more include both ends.

    Examples
    --------
    >>> evenly_spaced_indices(10, 4)
    array([0, 3, 6, 9])
    >>> evenly_spaced_indices(3, 10)
    array([0, 1, 2])
    """
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))
