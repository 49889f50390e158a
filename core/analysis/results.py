"""Results of networks that were trained from several seeds: losses over seeds and epochs, and the best network.

Everything is computed from recorded traces, without torch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from gradreel.core.analysis.compared_networks import Network
from gradreel.core.arrays import FloatArray, IntArray, evenly_spaced_indices
from gradreel.core.daily.views import DailyViews
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import loss, test_loss, validation_loss
from gradreel.core.trace.trace import Trace
from gradreel.core.trace.training_times import training_seconds

LECTURE: dict[tuple[int, ...], tuple[str, str]] = {
    (): ("0.32k", "0.46k"),
    (10,): ("about as linear", "about as linear"),
    (100,): ("0.28k", "0.43k"),
    (1000,): ("lower", "hardly better"),
    (100, 100): ("0.18k", "somewhat better"),
    (100, 100, 100): ("0.14k", "0.38k"),
    (100, 100, 100, 100): ("0.1k", "0.44k"),
}
"""Training and test loss that the lecture states for its own runs on its own data, by hidden layers."""


def lecture_losses(hidden: tuple[int, ...]) -> tuple[float | None, float | None]:
    """Return the lecture's training and test loss in views; None where it states no number."""
    texts = LECTURE.get(hidden, ("", ""))
    training, test = (float(text[:-1]) * 1000 if text.endswith("k") else None for text in texts)
    return training, test


@dataclass(frozen=True)
class Losses:
    """Losses of S runs of one network, all in one unit."""

    by_seed: FloatArray  # (S,)

    @property
    def mean(self) -> float:
        """Return the mean."""
        return float(self.by_seed.mean())

    @property
    def deviation(self) -> float | None:
        """Return the sample standard deviation, with S - 1 in the denominator; None for a single run."""
        return float(self.by_seed.std(ddof=1)) if len(self.by_seed) > 1 else None

    @property
    def least(self) -> float:
        """Return the smallest loss."""
        return float(self.by_seed.min())

    @property
    def largest(self) -> float:
        """Return the largest loss."""
        return float(self.by_seed.max())


def clearly_lower(lower: Losses, higher: Losses) -> bool:
    """Return whether the mean of ``lower`` is significantly below that of ``higher``, by Welch's t-test at 5 %.

    Return False if either has a single run.
    """
    from scipy.stats import ttest_ind  # it takes half a second to import

    if min(len(lower.by_seed), len(higher.by_seed)) < 2:
        return False
    p = ttest_ind(lower.by_seed, higher.by_seed, equal_var=False).pvalue
    return bool(lower.mean < higher.mean and p < 0.05)


@dataclass(frozen=True)
class PartLosses:
    """Losses of S runs over each part of the days: mean absolute errors in views."""

    training: Losses
    validation: Losses
    test: Losses


@dataclass(frozen=True)
class Result:
    """The recorded runs of one network, each with the state that it had when its validation loss was lowest.

    The state is chosen among the kept states, one per epoch. No choice depends on a test day.
    """

    network: Network
    seeds: tuple[int, ...]  # S  seeds of the recorded runs, in the network's order
    rows: tuple[int, ...]  # S  row of the chosen state among each run's kept states
    epochs: tuple[float, ...]  # S  epochs before the chosen state
    chosen: PartLosses  # losses of the chosen states
    end: PartLosses  # losses after the last update
    seconds: float | None  # mean training time of a run; None if it is known for no run

    @property
    def training(self) -> Losses:
        """Return the losses of the chosen states over the training days."""
        return self.chosen.training

    @property
    def validation(self) -> Losses:
        """Return the losses of the chosen states over the validation days."""
        return self.chosen.validation

    @property
    def test(self) -> Losses:
        """Return the losses of the chosen states over the test days."""
        return self.chosen.test


def result_of(network: Network, directory: str | Path) -> Result | None:
    """Return the result of the network's runs that are recorded in ``directory``; None if none is.

    Raises
    ------
    TraceError
        For a damaged trace.
    ValueError
        If the loss is not mean absolute error: only that is a number of views.
    """
    directory = Path(directory)
    recorded = [run for run in network.experiments if (directory / run.digest).exists()]
    if not recorded:
        return None
    traces = [Trace.find(directory, run) for run in recorded]
    rows = [best_validation_row(trace) for trace in traces]
    thetas = [trace.parameters[row] for trace, row in zip(traces, rows, strict=True)]
    per_epoch = recorded[0].batches_per_epoch
    return Result(
        network,
        tuple(run.seed for run in recorded),
        tuple(rows),
        tuple(float(trace.kept[row]) / per_epoch for trace, row in zip(traces, rows, strict=True)),
        _part_losses(recorded[0], np.stack(thetas)),
        _part_losses(recorded[0], np.stack([trace.parameters[-1] for trace in traces])),
        _mean_seconds([seconds for run in recorded if (seconds := training_seconds(directory, run)) is not None]),
    )


def best_validation_row(trace: Trace) -> int:
    """Return the row of the kept state with the lowest validation loss, the random start excluded; of equals the
    earliest.
    """
    return 1 + int(np.argmin(validation_loss(trace.experiment, trace.parameters[1:])))


def _part_losses(run: Experiment, thetas: FloatArray) -> PartLosses:
    """Return the losses over each part for the thetas (S, P)."""
    parts = (loss(run, thetas), validation_loss(run, thetas), test_loss(run, thetas))
    return PartLosses(*(Losses(_losses_in_views(run, losses)) for losses in parts))


def best_by_validation(results: Iterable[Result]) -> Result:
    """Return the result with the lowest mean validation loss: the network to choose.

    Raises ValueError without results.
    """
    return min(results, key=lambda result: result.validation.mean)


def best_by_test(results: Iterable[Result]) -> Result:
    """Return the result with the lowest mean test loss, for a comparison after the choice.

    Raises ValueError without results.
    """
    return min(results, key=lambda result: result.test.mean)


@dataclass(frozen=True)
class LossByEpoch:
    """The losses in views of one run at some of its kept states. There is no test loss: it must not guide a choice."""

    epoch: FloatArray  # (R,)  epochs before each state, 0 first; a fraction for a state within an epoch
    training: FloatArray  # (R,)  loss over all training days
    validation: FloatArray  # (R,)  loss over all validation days

    def until(self, epoch: float) -> LossByEpoch:
        """Return the losses of the states up to and including ``epoch``."""
        kept = self.epoch <= epoch
        return LossByEpoch(self.epoch[kept], self.training[kept], self.validation[kept])


def loss_by_epoch(trace: Trace, states: int | None = None, also: int | None = None) -> LossByEpoch:
    """Return both losses of a recorded run at its kept states.

    Parameters
    ----------
    trace
        A run on daily views with the loss "mae".
    states
        At most how many states, evenly spaced; by default all. The first and the last are always included.
    also
        A row that is included as well.

    Raises
    ------
    ValueError
        If the loss is not the mean absolute error of daily views.
    """
    count = len(trace.kept)
    rows = evenly_spaced_indices(count, count if states is None else max(2, states))
    return losses_at(trace, rows if also is None else np.union1d(rows, [also]))


def losses_at(trace: Trace, rows: IntArray) -> LossByEpoch:
    """Return both losses of a recorded run, each over all its examples, at the kept states ``rows``.

    Raises ValueError like `loss_by_epoch`.
    """
    run, theta = trace.experiment, trace.parameters[rows]
    training, validation = (_losses_in_views(run, losses) for losses in (loss(run, theta), validation_loss(run, theta)))
    return LossByEpoch(trace.kept[rows] / run.batches_per_epoch, training, validation)


def _losses_in_views(run: Experiment, losses: FloatArray) -> FloatArray:
    """Return losses in views. Raises ValueError unless they are mean absolute errors of daily views."""
    if not isinstance(run.dataset, DailyViews) or run.loss != "mae":
        raise ValueError("only the mean absolute error of daily views is a number of views")
    return np.asarray(losses * run.dataset.scale)


def _mean_seconds(numbers: Sequence[float]) -> float | None:
    """Return the mean rounded to 0.1 ms, the precision of the recorded times; None for no numbers."""
    return round(sum(numbers) / len(numbers), 4) if numbers else None
