"""Where the words of a gap have room: beside the bracket that measures it in the plot."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.core.curves.piecewise import PiecewiseLinearCurve
from gradreel.scenes.mobjects.plot import Plot
from numpy.typing import NDArray

BESIDE = 0.22  # from the bracket to the words
AROUND = 0.16  # kept free around the words
SHARES = (0.5, 0.4, 0.6, 0.3, 0.7)  # of the bracket's height: where the words' middle may be


def beside(
    plot: Plot,
    ends: Sequence[NDArray],
    size: tuple[float, float],
    red: PiecewiseLinearCurve,
    lines: Sequence[tuple[NDArray, NDArray]],
) -> tuple[float, float] | None:
    """The left side and the middle's height of words of ``size``; None where they would touch something.

    ``ends`` (3,) are the bracket's; ``lines`` are drawn through corners x, y (n,) each, as is ``red``, with a guide
    from each of its knots down to the axis.
    """
    (x, start), (_, end) = (point[:2] for point in ends)
    width, height = size
    for left in (x + BESIDE, x - BESIDE - width):
        for share in SHARES:
            middle = float(start + share * (end - start))
            low = np.array([left - AROUND, middle - height / 2 - AROUND])
            high = np.array([left + width + AROUND, middle + height / 2 + AROUND])
            low[0], high[0] = (x + 0.05, high[0]) if left > x else (low[0], x - 0.05)
            if _is_free(plot, low, high, red, lines):
                return float(left), middle
    return None


def _is_free(
    plot: Plot, low: NDArray, high: NDArray, red: PiecewiseLinearCurve, lines: Sequence[tuple[NDArray, NDArray]]
) -> bool:
    left, right, bottom, top = plot.box
    if low[0] < left or high[0] > right or low[1] < bottom or high[1] > top:
        return False
    x = np.linspace(*(plot.data((side, 0, 0))[0] for side in (low[0], high[0])), 60)
    drawn = [red(x), *(np.interp(x, *corners) for corners in lines)]
    heights = np.concatenate([plot.at(x, y)[:, 1] for y in drawn])
    if ((heights > low[1]) & (heights < high[1])).any():
        return False
    knots = plot.at(red.x, red.y)
    return not ((knots[:, 0] > low[0]) & (knots[:, 0] < high[0]) & (knots[:, 1] > low[1])).any()
