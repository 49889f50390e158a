"""Names for the array types that the core hands around."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.integer[Any]]


def evenly_spaced(count: int, most: int) -> IntArray:
    """Of 0 to ``count`` - 1 at most ``most``, evenly spaced, in order; first and last are among two or more."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))
