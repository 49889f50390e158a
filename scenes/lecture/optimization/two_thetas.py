"""Two values of theta that a run on daily views had, and the errors they make: on the days shown and on all days."""

from __future__ import annotations

from datetime import date

import numpy as np
from gradreel.core.analysis.forecast import next_days
from gradreel.core.errors import UserError
from gradreel.core.network.theta import loss
from gradreel.core.network.worked_example import view_unit
from gradreel.core.trace.trace import Trace
from gradreel.scenes.mobjects.pace import even_pace, state_at
from numpy.typing import NDArray

LETTERED = 5  # days before the label that carry their x_j
SAMPLED = 30  # states between the two whose predictions a picture must have room for


class TwoThetas:
    """The kept states nearest to two updates, ``rows`` of the trace, and their ``theta`` (2, P).

    ``losses`` (2,), in views. ``shown`` and ``everything``: predictions (2, T) of the days in ``span`` and of all days
    trained on; the mean error of the latter is the loss.
    """

    def __init__(self, run: Trace, updates: tuple[int, int | None], span: tuple[date, date]) -> None:
        """``updates``: None is the last one. Raises UserError where both are one state, or a loss is not finite."""
        self.run, self.experiment, self.span = run, run.experiment, span
        self.dataset = run.experiment.dataset
        self.rows = [self._row(update) for update in updates]
        if self.rows[0] == self.rows[1]:
            raise UserError(f"loss: updates {updates[0]} and {updates[1]} lie in one kept state of the run")
        self.theta = np.asarray(run.parameters[self.rows])
        self.losses = loss(self.experiment, self.theta) * self.dataset.scale
        days = self.dataset.dates()
        self.all_days = (days[0].astype(date), days[-1].astype(date))
        self.everything = next_days(self.experiment, self.theta, *self.all_days)
        self.shown = next_days(self.experiment, self.theta, *span)
        if not (np.isfinite(self.losses).all() and np.isfinite(self.shown.prediction).all()):
            raise UserError("loss: one of the two losses is not a finite number; choose an earlier update")
        self.pace = even_pace(run, *sorted(self.rows))

    def _row(self, update: int | None) -> int:
        """The row of the kept state nearest to an update, the last for None."""
        kept = np.asarray(self.run.kept)
        return len(kept) - 1 if update is None else int(np.abs(kept - update).argmin())

    def update(self, k: int) -> int:
        """After which update theta was the first (0) or the second (1)."""
        return int(self.run.kept[self.rows[k]])

    def also_written(self, k: int) -> str:
        """Loss ``k`` as earlier scenes write it, where a usual day has thousands of views: " (0.68k)"."""
        letter, text = view_unit(self.dataset).letter, self.dataset.format_views(float(self.losses[k]))
        return f" ({text})" if letter and text.endswith(letter) else ""

    def row(self, share: float) -> float:
        """The row of the trace that is reached after a ``share`` of the way from the first theta to the second."""
        return self.pace.row(share if self.rows[0] < self.rows[1] else 1 - share)

    def predicted(self, row: float) -> NDArray:
        """Predictions (T,) of the days shown, in views, at a row of the trace, which may lie between two."""
        return next_days(self.experiment, state_at(self.run, row), *self.span).prediction

    def predicted_on_the_way(self) -> NDArray:
        """Predictions of the days shown at some of the states between the two, (states, T)."""
        rows = np.linspace(min(self.rows), max(self.rows), SAMPLED).astype(int)
        return next_days(self.experiment, np.asarray(self.run.parameters[rows]), *self.span).prediction

    def all_errors(self, row: float) -> NDArray:
        """(N,): the errors of all days trained on, in views, at a row of the trace."""
        return next_days(self.experiment, state_at(self.run, row), *self.all_days).error

    @property
    def telling_day(self) -> int:
        """Which day shown is missed by most with the first theta, of those with their window and room for words."""
        count = len(self.shown.dates)
        low = min(min(self.dataset.window, LETTERED), count // 3)
        high = max(low + 1, round(0.75 * count))
        return low + int(np.abs(self.shown.error[0, low:high]).argmax())

    @property
    def telling_views(self) -> tuple[list[float], float, float]:
        """Of that day: the views of the days in its window that are shown, the latest first; y; the label."""
        k = self.telling_day
        days = self.shown.truth[max(0, k - self.dataset.window) : k][::-1]
        return days.tolist(), float(self.shown.prediction[0, k]), float(self.shown.truth[k])
