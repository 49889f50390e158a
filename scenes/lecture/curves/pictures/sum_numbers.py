"""A sum of a few sigmoids as numbers: of a run that learns it, and set by hand for the same curve."""

from __future__ import annotations

import numpy as np
from gradreel.core.network.theta import hidden_terms, loss, predict, unpack
from gradreel.core.trace.trace import Trace
from gradreel.scenes.lecture.curves.sigmoid_matching import matched_sum, matched_theta
from gradreel.scenes.mobjects.fit_plot import SAMPLES
from gradreel.scenes.mobjects.pace import Pace, pace_of, sampled_rows, state_at
from numpy.typing import NDArray

EARLY, AT_LENGTH = 0.3, 0.75  # shares of a walk: too early to be seen; where it is parted in which nothing is overtaken


class SumNumbers:
    """Of a run with one layer of H sigmoids on a curve, and of the sum set by hand: a sigmoid for each of its pieces.

    ``x`` (SAMPLES,): where curves are drawn; ``dense``: where gaps are measured, the curve's knots among them;
    ``theta_by_hand`` (P,): None where pieces and sigmoids are not as many; ``curves`` (K, SAMPLES) and ``losses`` (K,)
    of a few hundred recorded states; ``pace`` of the walk through all of them; ``overtaking``: the share of the walk at
    which the run's loss comes below that of the sum set by hand.
    """

    def __init__(self, run: Trace, longest: float) -> None:
        """``longest``: the share of the walk that the way from one recorded state to the next may take, at most."""
        self.run, self.experiment = run, run.experiment
        self.n_sigmoids = self.experiment.hidden[0]
        self.last = len(run.kept) - 1
        dataset = self.experiment.dataset
        self.curve, self.x = dataset.curve(), np.linspace(*dataset.range, SAMPLES)
        self.parts = self.curve.decompose()
        self.dense = np.unique([*np.linspace(*dataset.range, 2001), *self.curve.x])
        self.features = dataset.features_at(self.x)
        self.theta_by_hand = matched_theta(self.experiment) if len(self.parts) == self.n_sigmoids else None
        rows = sampled_rows(0, self.last)
        self.states = np.asarray(run.parameters[rows])
        self.curves = predict(self.experiment, self.states, self.features)
        self.losses = loss(self.experiment, self.states)
        terms = hidden_terms(self.experiment, self.states, self.features)
        pace = pace_of(rows, np.concatenate([self.curves, *np.moveaxis(terms, -1, 0)], axis=1))
        self.pace = no_state_longer(pace, longest)
        self.overtaking = self._overtaking(rows)

    def _overtaking(self, rows: NDArray) -> float:
        """The share of the walk at which the run's loss is lower than that of the sum set by hand; else `AT_LENGTH`."""
        if self.theta_by_hand is None:
            return AT_LENGTH
        share = self.pace.share(float(rows[np.argmax(self.losses < self.loss(self.theta_by_hand))]))
        return share if share > EARLY else AT_LENGTH

    def theta(self, row: float) -> NDArray:
        """theta (P,) at a row of the trace, or between two neighbouring ones."""
        return state_at(self.run, row)

    def loss(self, theta: NDArray) -> float:
        return float(loss(self.experiment, theta[None])[0])

    def loss_at(self, row: float) -> float:
        return self.loss(self.theta(row))

    def terms(self, theta: NDArray) -> tuple[float, NDArray]:
        """The constant, and what each sigmoid adds at ``x``, (SAMPLES, H)."""
        return float(unpack(self.experiment, theta).b), hidden_terms(self.experiment, theta, self.features)

    def letters(self, theta: NDArray) -> dict[str, NDArray]:
        """Each sigmoid's numbers by letter, (H,), so that b + w x_1 is right as it is written: for x itself."""
        layers = unpack(self.experiment, theta)
        w = layers.weights[0][:, 0]
        return {"c": layers.c, "b": layers.biases[0] - w * self.experiment.dataset.offset, "w": w}

    def matched(self, cuts: int) -> NDArray:
        """The sum at ``x`` of sigmoids that match the pieces, each cut into ``cuts`` parts; 1: the sum set by hand."""
        return matched_sum(self.parts, self.x, cuts)

    def missed(self, cuts: int) -> NDArray:
        """That sum less the curve, at ``dense``."""
        return matched_sum(self.parts, self.dense, cuts) - self.curve(self.dense)

    def gap(self, cuts: int) -> float:
        """Its largest distance from the curve."""
        return float(np.abs(self.missed(cuts)).max())

    def extents(self) -> NDArray:
        """(H + 1, 2): lowest and highest value of the constant and of each sigmoid in all that is shown of them."""
        shown = self.states if self.theta_by_hand is None else np.concatenate([self.states, self.theta_by_hand[None]])
        terms, b = hidden_terms(self.experiment, shown, self.features), unpack(self.experiment, shown).b
        seen = [[b.min(), *terms.min(axis=(0, 1))], [b.max(), *terms.max(axis=(0, 1))]]
        return np.column_stack([np.min(seen, axis=0), np.max(seen, axis=0)])


def no_state_longer(pace: Pace, most: float) -> Pace:
    """The same walk, in which no recorded state takes more than the share ``most`` to reach: others have its time.

    With too few states for that, all take the same time.
    """
    longest, weight = most * np.diff(pace.rows), np.diff(pace.shares)
    if longest.sum() <= 1:
        weight = longest
    for _ in range(60):  # what is cut off makes all others longer: rounds until none is too long
        weight = np.minimum(weight / weight.sum(), longest)
    shares = np.concatenate([[0.0], np.cumsum(weight)])
    return Pace(pace.rows, shares / shares[-1])
