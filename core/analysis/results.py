"""What came of training networks of several sizes, each from several seeds: losses over seeds and epochs, the best.

No torch: everything is computed from recorded traces.
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
"""By hidden layers: what the lecture says of the training and of the unseen loss of its own runs, on its own data."""


def lecture_losses(hidden: tuple[int, ...]) -> tuple[float | None, float | None]:
    """The lecture's training and unseen loss in views, each None where it gives no number."""
    said = LECTURE.get(hidden, ("", ""))
    training, test = (float(text[:-1]) * 1000 if text.endswith("k") else None for text in said)
    return training, test


@dataclass(frozen=True)
class Losses:
    """Losses of S runs of one network, and what they come to. All in one unit."""

    by_seed: FloatArray  # (S,)

    @property
    def mean(self) -> float:
        """Their mean."""
        return float(self.by_seed.mean())

    @property
    def deviation(self) -> float | None:
        """Their sample standard deviation, with S - 1 below the sum; None of a single run."""
        return float(self.by_seed.std(ddof=1)) if len(self.by_seed) > 1 else None

    @property
    def least(self) -> float:
        """The smallest of them."""
        return float(self.by_seed.min())

    @property
    def largest(self) -> float:
        """The largest of them."""
        return float(self.by_seed.max())


def clearly_lower(lower: Losses, higher: Losses) -> bool:
    """Return whether the mean of ``lower`` is below that of ``higher`` by more than chance: Welch's t-test at 5 %.

    False where either has a single run.
    """
    from scipy.stats import ttest_ind  # it takes half a second to import

    if min(len(lower.by_seed), len(higher.by_seed)) < 2:
        return False
    p = ttest_ind(lower.by_seed, higher.by_seed, equal_var=False).pvalue
    return bool(lower.mean < higher.mean and p < 0.05)


@dataclass(frozen=True)
class PartLosses:
    """Losses of S runs over each part of the days, in views: mean absolute errors."""

    training: Losses
    validation: Losses
    test: Losses


@dataclass(frozen=True)
class Result:
    """What came of one network: its runs that were recorded, each as it was when it did best on validation days.

    Of the states that a run kept, one an epoch, that one is chosen. No choice looks at an unseen day.
    """

    network: Network
    seeds: tuple[int, ...]  # of the S runs recorded, in the network's order
    rows: tuple[int, ...]  # S: of each run's kept states, the chosen one
    epochs: tuple[float, ...]  # S: epochs passed then
    chosen: PartLosses
    end: PartLosses  # after the last update
    seconds: float | None  # what training one run took, mean; None where no run's is known

    @property
    def training(self) -> Losses:
        """Over the days trained on, of the chosen states."""
        return self.chosen.training

    @property
    def validation(self) -> Losses:
        """Over the validation days, of the chosen states."""
        return self.chosen.validation

    @property
    def test(self) -> Losses:
        """Over the unseen days, of the chosen states."""
        return self.chosen.test


def result_of(network: Network, directory: str | Path) -> Result | None:
    """The result of the network's runs that are recorded in ``directory``; None if none is.

    TraceError for a trace that is there and damaged. ValueError for another loss than mean absolute error, which alone
    is a number of views.
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
        _mean([seconds for run in recorded if (seconds := training_seconds(directory, run)) is not None]),
    )


def best_validation_row(trace: Trace) -> int:
    """Of a run's kept states but its random start, that of least loss on validation days; the earliest of equals."""
    return 1 + int(np.argmin(validation_loss(trace.experiment, trace.parameters[1:])))


def _part_losses(run: Experiment, thetas: FloatArray) -> PartLosses:
    parts = (loss(run, thetas), validation_loss(run, thetas), test_loss(run, thetas))
    return PartLosses(*(Losses(_in_views(run, losses)) for losses in parts))


def best_by_validation(results: Iterable[Result]) -> Result:
    """The result whose mean loss on validation days is least: the network to choose. ValueError without results."""
    return min(results, key=lambda result: result.validation.mean)


def best_by_test(results: Iterable[Result]) -> Result:
    """The result whose mean unseen loss is least: known when the exam has been opened. ValueError without results."""
    return min(results, key=lambda result: result.test.mean)


@dataclass(frozen=True)
class LossByEpoch:
    """The losses of one run at states it kept, in views. Unseen days are left out: they are not for watching."""

    epoch: FloatArray  # (R,)  epochs passed at each state, 0 first; fractions where a state lies within an epoch
    training: FloatArray  # (R,)  over all examples trained on
    validation: FloatArray  # (R,)  over all validation days

    def until(self, epoch: float) -> LossByEpoch:
        """The states up to ``epoch``."""
        kept = self.epoch <= epoch
        return LossByEpoch(self.epoch[kept], self.training[kept], self.validation[kept])


def loss_by_epoch(trace: Trace, states: int | None = None, also: int | None = None) -> LossByEpoch:
    """Both losses of a recorded run at its kept states; ``states``: at so many of them at most, evenly spaced.

    The first and the last are always among them, and the row ``also``. ValueError unless the loss is mean absolute
    error of daily views.
    """
    count = len(trace.kept)
    rows = evenly_spaced_indices(count, count if states is None else max(2, states))
    return losses_at(trace, rows if also is None else np.union1d(rows, [also]))


def losses_at(trace: Trace, rows: IntArray) -> LossByEpoch:
    """Both losses of a recorded run, each over all its examples, at the kept states ``rows``. ValueError as above."""
    run, theta = trace.experiment, trace.parameters[rows]
    training, validation = (_in_views(run, losses) for losses in (loss(run, theta), validation_loss(run, theta)))
    return LossByEpoch(trace.kept[rows] / run.batches_per_epoch, training, validation)


def _in_views(run: Experiment, losses: FloatArray) -> FloatArray:
    if not isinstance(run.dataset, DailyViews) or run.loss != "mae":
        raise ValueError("only the mean absolute error of daily views is a number of views")
    return np.asarray(losses * run.dataset.scale)


def _mean(numbers: Sequence[float]) -> float | None:
    """To 0.1 ms, as each was noted."""
    return round(sum(numbers) / len(numbers), 4) if numbers else None
