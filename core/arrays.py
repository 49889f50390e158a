"""Names for the array types that the core hands around."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.integer[Any]]


def every_kth(k: int, last: int, first: int = 0, end: int | None = None) -> IntArray:
    """0, k, 2k, ... and ``last``, in order; or of these those from place ``first`` to ``end``."""
    count = -(-last // k) + 1
    places = np.arange(first, count if end is None else min(end, count), dtype=np.int64)
    return np.minimum(places * k, last)


def evenly_spaced_indices(count: int, most: int) -> IntArray:
    """Of 0 to ``count`` - 1 at most ``most``, evenly spaced, in order; first and last are among two or more."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))
