"""Chooses the recorded state to show at each moment, so that the drawn curve moves evenly on screen.

With one update for each frame, the curve would move for a second and then stand still for minutes. A pace gives more
time to updates that move the curve much, usually the early ones:

    pace = even_pace(self.trace("run"))
    progress = ValueTracker(0.0)                       # share of the walk, 0 to 1
    theta = state_at(trace, pace.row(progress.get_value()))        # in an updater: the state to draw
    self.play(progress.animate.set_value(1), run_time=12, rate_func=linear)

The drawn state may lie between two recorded ones. Numbers on screen are those of the last recorded state,
``recorded_row``, or are computed from the drawn state; then ``nearest_row`` gives the count of updates beside them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from gradreel.core.arrays import FloatArray, IntArray
from gradreel.core.network.theta import predict
from gradreel.core.trace.trace import Trace

STANDS = 0.7  # share of the time between two updates in which `stepwise` stays at the first
SAMPLED_STATES = 400  # states between which the curve's movement is measured
PLATEAU_TIME = 0.2  # share of the time that depends on the count of updates alone, so that a count never stands still


@dataclass(frozen=True)
class Pace:
    """A map from the share of the walk to a row of the trace; both strictly increase. Rows may be fractions."""

    rows: FloatArray  # (K,) rows of the trace, from the first to the last one shown
    shares: FloatArray  # (K,) from 0 to 1

    def row(self, share: float) -> float:
        """Return the row to show after ``share`` (0 to 1) of the walk; 3.25 lies between rows 3 and 4."""
        return float(np.interp(share, self.shares, self.rows))

    def share(self, row: float) -> float:
        """Return the share of the walk at which ``row`` is shown: the inverse of `row`."""
        return float(np.interp(row, self.rows, self.shares))


def pace_of(rows: IntArray, curves: FloatArray) -> Pace:
    """Return the pace at which the ``curves`` (K, N) of the states at ``rows`` (K,) move evenly on screen."""
    movement = np.sqrt(np.mean(np.diff(curves, axis=0) ** 2, axis=1))  # (K - 1,)
    count = np.diff(np.log1p(rows - rows[0]))  # early updates get more time
    total = movement.sum()
    weight = count / count.sum()
    if total > 0:
        weight = (1 - PLATEAU_TIME) * movement / total + PLATEAU_TIME * weight
    shares = np.concatenate([[0.0], np.cumsum(weight)])
    return Pace(rows.astype(float), shares / shares[-1])


def sampled_rows(first: int, last: int, most: int = SAMPLED_STATES) -> IntArray:
    """Return at most ``most`` rows from ``first`` to ``last``, (K,) ints, dense at the start and sparser later."""
    steps = np.geomspace(1, last - first + 1, most)
    return np.unique(np.round(first + steps - 1).astype(int))


def even_pace(trace: Trace, first: int = 0, last: int | None = None) -> Pace:
    """Return the pace of rows ``first`` to ``last`` of ``trace`` (default: all), from the network's curves.

    Movement is measured between `SAMPLED_STATES` states at most, so a curve that trembles at each update does not slow
    the walk. Raises ValueError unless there are at least two rows.
    """
    last = len(trace.kept) - 1 if last is None else last
    if not 0 <= first < last < len(trace.kept):
        raise ValueError(f"a pace needs 0 <= first < last < {len(trace.kept)}, got {first} and {last}")
    rows = sampled_rows(first, last)
    return pace_of(rows, predict(trace.experiment, trace.parameters[rows], trace.experiment.dataset.features()))


def recorded_row(row: float) -> int:
    """Return the row of the last recorded state at or before ``row``; numbers on screen are of this state."""
    return int(np.floor(row + 1e-6))


def nearest_row(row: float) -> int:
    """Return the row of the recorded state nearest to ``row``."""
    return int(np.floor(row + 0.5))


def stepwise(row: float) -> float:
    """Return the row to draw for ``row`` if numbers stand beside the curve: mostly a recorded state.

    It stays at the state for `STANDS` of the time until the next one, then moves on fast. So curve and numbers agree
    most of the time, even if a single update takes a second.
    """
    reached = recorded_row(row)
    return reached + max(0.0, row - reached - STANDS) / (1 - STANDS)


def state_at(trace: Trace, row: float) -> FloatArray:
    """Return theta (P,) at a row of the trace: a recorded state, or a point on the line between two neighbours."""
    below = min(recorded_row(row), len(trace.kept) - 1)
    above = min(below + 1, len(trace.kept) - 1)
    share = min(max(row - below, 0.0), 1.0)
    if share == 0.0:  # the next state may be infinite, and 0 times infinity is NaN
        return np.asarray(trace.parameters[below])
    return np.asarray((1 - share) * trace.parameters[below] + share * trace.parameters[above])
