"""Which recorded state is shown at which moment: updates spaced so that the drawn curve moves evenly on screen.

Shown one a frame, a run of thousands of updates would be over for the eye in a second and then stand still for minutes.
A pace gives early updates, which move the curve most, their time, and hurries through those that hardly change it:

    pace = even_pace(self.trace("run"))
    progress = ValueTracker(0.0)                       # share of the walk that is over, 0 to 1
    theta = state_at(trace, pace.row(progress.get_value()))        # in an updater: where the curve is now
    self.play(progress.animate.set_value(1), run_time=12, rate_func=linear)

A number on screen belongs to a recorded state: ``recorded_row`` gives the one reached at a moment. Or all numbers are
computed of what is drawn, and ``nearest_row`` gives the state whose count stands beside them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from gradreel.core.arrays import FloatArray, IntArray
from gradreel.core.network.theta import predict
from gradreel.core.trace.trace import Trace

STANDS = 0.7  # share of the time between two updates in which `stepwise` shows the first one's state
SAMPLED_STATES = 400  # states at which the curve's movement is measured
PLATEAU_TIME = 0.2  # share of the time that passes by update count alone, so that nothing stands still


@dataclass(frozen=True)
class Pace:
    """Share of the walk -> row of the trace, both strictly increasing; rows between two kept states are fractions."""

    rows: FloatArray  # (K,) rows of the trace, from the first to the last that is shown
    shares: FloatArray  # (K,) from 0 to 1

    def row(self, share: float) -> float:
        """The row shown when ``share`` (0 to 1) of the walk is over: 3.25 lies between rows 3 and 4."""
        return float(np.interp(share, self.shares, self.rows))

    def share(self, row: float) -> float:
        """The moment at which ``row`` is shown: the inverse of ``row``."""
        return float(np.interp(row, self.rows, self.shares))


def pace_of(rows: IntArray, curves: FloatArray) -> Pace:
    """The pace at which ``curves`` (K, N), one a row, move evenly on screen."""
    movement = np.sqrt(np.mean(np.diff(curves, axis=0) ** 2, axis=1))  # (K - 1,)
    count = np.diff(np.log1p(rows - rows[0]))  # early updates count for more
    total = movement.sum()
    weight = count / count.sum()
    if total > 0:
        weight = (1 - PLATEAU_TIME) * movement / total + PLATEAU_TIME * weight
    shares = np.concatenate([[0.0], np.cumsum(weight)])
    return Pace(rows.astype(float), shares / shares[-1])


def sampled_rows(first: int, last: int, most: int = SAMPLED_STATES) -> IntArray:
    """At most ``most`` rows from ``first`` to ``last``, each one at the start and ever fewer later, (K,) ints."""
    steps = np.geomspace(1, last - first + 1, most)
    return np.unique(np.round(first + steps - 1).astype(int))


def even_pace(trace: Trace, first: int = 0, last: int | None = None) -> Pace:
    """The pace of rows ``first`` to ``last`` of ``trace`` (default: all) by the curves its states draw.

    Measured between at most SAMPLED_STATES states: a curve that trembles at each update does not hold the walk up.
    Raises ValueError unless there are at least two rows.
    """
    last = len(trace.kept) - 1 if last is None else last
    if not 0 <= first < last < len(trace.kept):
        raise ValueError(f"a pace needs 0 <= first < last < {len(trace.kept)}, got {first} and {last}")
    rows = sampled_rows(first, last)
    return pace_of(rows, predict(trace.experiment, trace.parameters[rows], trace.experiment.dataset.features()))


def recorded_row(row: float) -> int:
    """The kept state that was reached when ``row`` is shown: numbers on screen are its numbers."""
    return int(np.floor(row + 1e-6))


def nearest_row(row: float) -> int:
    """The kept state nearest to what is shown when ``row`` is: the count beside numbers computed of what is drawn."""
    return int(np.floor(row + 0.5))


def stepwise(row: float) -> float:
    """The row to show for ``row`` where numbers stand beside a curve: it stays at a recorded state, then goes on fast.

    So curve and numbers belong together also where a single early update takes a second.
    """
    reached = recorded_row(row)
    return reached + max(0.0, row - reached - STANDS) / (1 - STANDS)


def state_at(trace: Trace, row: float) -> FloatArray:
    """theta (P,) at a row of the trace: a recorded state, or the point that far between two neighbouring ones."""
    below = min(recorded_row(row), len(trace.kept) - 1)
    above = min(below + 1, len(trace.kept) - 1)
    share = min(max(row - below, 0.0), 1.0)
    if share == 0.0:  # the next state may be off to infinity, and 0 times that is no number
        return np.asarray(trace.parameters[below])
    return np.asarray((1 - share) * trace.parameters[below] + share * trace.parameters[above])
