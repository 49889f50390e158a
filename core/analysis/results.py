"""What came of training networks of several sizes, each from several seeds: losses over seeds and epochs, the best.

No torch: everything is computed from recorded traces.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from gradreel.core.analysis.compared_networks import Network
from gradreel.core.arrays import FloatArray, IntArray, evenly_spaced
from gradreel.core.daily.views import DailyViews
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import loss, unseen_loss
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
    training, unseen = (float(text[:-1]) * 1000 if text.endswith("k") else None for text in said)
    return training, unseen


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


@dataclass(frozen=True)
class Result:
    """What came of one network: the losses after the last update, of the runs that were recorded."""

    network: Network
    seeds: tuple[int, ...]  # of the S runs recorded, in the network's order
    training: Losses  # views: mean absolute error over all examples trained on
    unseen: Losses  # views: over all unseen examples
    seconds: float | None  # what training one run took, mean; None where no run's is known


def result_of(network: Network, directory: str | Path) -> Result | None:
    """The result of the network's runs that are recorded in ``directory``; None if none is.

    TraceError for a trace that is there and damaged. ValueError for another loss than mean absolute error, which alone
    is a number of views.
    """
    directory = Path(directory)
    recorded = [run for run in network.experiments if (directory / run.digest).exists()]
    if not recorded:
        return None
    ends = [np.asarray(Trace.find(directory, run).parameters[-1]) for run in recorded]
    return Result(
        network,
        tuple(run.seed for run in recorded),
        Losses(_in_views(recorded[0], loss(recorded[0], np.stack(ends)))),
        Losses(_in_views(recorded[0], unseen_loss(recorded[0], np.stack(ends)))),
        _mean([seconds for run in recorded if (seconds := training_seconds(directory, run)) is not None]),
    )


def best_by_unseen(results: Iterable[Result]) -> Result:
    """The result whose mean unseen loss is least: the network to choose, by the lecture. ValueError without results."""
    return min(results, key=lambda result: result.unseen.mean)


def worst_by_unseen(results: Iterable[Result]) -> Result:
    """The result whose mean unseen loss is largest. ValueError without results."""
    return max(results, key=lambda result: result.unseen.mean)


@dataclass(frozen=True)
class LossByEpoch:
    """The losses of one run at states it kept, in views."""

    epoch: FloatArray  # (R,)  epochs passed at each state, 0 first; fractions where a state lies within an epoch
    training: FloatArray  # (R,)  over all examples trained on
    unseen: FloatArray  # (R,)  over all unseen ones


def loss_by_epoch(trace: Trace, states: int | None = None) -> LossByEpoch:
    """Both losses of a recorded run at its kept states; ``states``: at so many of them at most, evenly spaced.

    The first and the last are always among them. ValueError unless the loss is mean absolute error of daily views.
    """
    count = len(trace.kept)
    return losses_at(trace, evenly_spaced(count, count if states is None else max(2, states)))


def losses_at(trace: Trace, rows: IntArray) -> LossByEpoch:
    """Both losses of a recorded run, each over all its examples, at the kept states ``rows``. ValueError as above."""
    run, theta = trace.experiment, trace.parameters[rows]
    training, unseen = (_in_views(run, losses) for losses in (loss(run, theta), unseen_loss(run, theta)))
    return LossByEpoch(trace.kept[rows] / run.batches_per_epoch, training, unseen)


def losses_with_the_least(trace: Trace, states: int) -> LossByEpoch:
    """Both losses of a recorded run at ``states`` of its kept states, at most, and where the unseen one is least.

    That is looked for among all kept states: of them the unseen loss alone is computed, which is far quicker.
    """
    unseen = unseen_loss(trace.experiment, trace.parameters)
    return losses_at(trace, np.union1d(evenly_spaced(len(unseen), states), [int(np.argmin(unseen))]))


def _in_views(run: Experiment, losses: FloatArray) -> FloatArray:
    if not isinstance(run.dataset, DailyViews) or run.loss != "mae":
        raise ValueError("only the mean absolute error of daily views is a number of views")
    return np.asarray(losses * run.dataset.scale)


def _mean(numbers: Sequence[float]) -> float | None:
    """To 0.1 ms, as each was noted."""
    return round(sum(numbers) / len(numbers), 4) if numbers else None
