"""What came of training networks of several sizes, each from several seeds: losses over seeds and epochs, the best.

The lecture's two comparisons: wider (the linear model, 10, 100, 1000 ReLUs) and deeper (layer upon layer of 100). No
torch: everything is computed from recorded traces.
"""

from __future__ import annotations

import json
import math
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from gradreel.core.arrays import FloatArray, IntArray, evenly_spaced
from gradreel.core.daily.views import DailyViews
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.core.files import read_bounded
from gradreel.core.network.theta import loss, unseen_loss
from gradreel.core.trace.trace import Trace
from gradreel.core.trace.writing import UNFINISHED
from pydantic import ValidationError

WIDTHS = (0, 10, 100, 1000)
DEPTHS = (1, 2, 3, 4)
WIDTH = 100
"""ReLUs in each layer of the deep networks."""
EPOCHS = 500
SEEDS = tuple(range(5))
MOST_NOTED = 10_000
"""Bytes that a note of what a training took may have."""

SETTINGS: dict[str, Any] = {
    "activation": "relu",
    "optimizer": "adam",
    "learning_rate": 0.001,
    "loss": "mae",
    "dtype": "float32",
}
"""How all networks are trained. The lecture does not say how its own were."""
BATCH_SIZE = 32
"""Or all examples, where there are fewer."""
KEPT_BYTES = 20_000_000
"""Of the states kept of a run; a network too large for two states in so many has the first and the last."""

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
class Network:
    """One network and the runs that train it: equal experiments but for the seed."""

    hidden: tuple[int, ...]
    experiments: tuple[Experiment, ...]

    @property
    def name(self) -> str:
        """ "linear", "100 ReLU", "3 × 100 ReLU"."""
        return _name(self.hidden)

    @property
    def n_parameters(self) -> int:
        """P, the length of theta."""
        return self.experiments[0].n_parameters

    @property
    def n_updates(self) -> int:
        """U, the updates of each run."""
        return self.experiments[0].n_updates

    def run_name(self, experiment: Experiment) -> str:
        """ "100 ReLU, seed 3"."""
        return f"{self.name}, seed {experiment.seed}"


def _name(hidden: Sequence[int]) -> str:
    """What a network is called whose layers are all equally wide."""
    if not hidden:
        return "linear"
    return f"{hidden[0]} ReLU" if len(hidden) == 1 else f"{len(hidden)} × {hidden[0]} ReLU"


def width_experiments(
    dataset: DailyViews | None = None,
    widths: Sequence[int] = WIDTHS,
    seeds: Sequence[int] = SEEDS,
    epochs: int = EPOCHS,
) -> tuple[Network, ...]:
    """One hidden layer of each of ``widths`` ReLUs; 0 is the linear model. UserError for what cannot be trained."""
    return tuple(_network(dataset or DailyViews(), (width,) if width else (), seeds, epochs) for width in widths)


def depth_experiments(
    dataset: DailyViews | None = None,
    depths: Sequence[int] = DEPTHS,
    width: int = WIDTH,
    seeds: Sequence[int] = SEEDS,
    epochs: int = EPOCHS,
) -> tuple[Network, ...]:
    """Each of ``depths`` hidden layers, all of ``width`` ReLUs. UserError for what cannot be trained."""
    return tuple(_network(dataset or DailyViews(), (width,) * depth, seeds, epochs) for depth in depths)


def _network(dataset: DailyViews, hidden: tuple[int, ...], seeds: Sequence[int], epochs: int) -> Network:
    common = {"dataset": dataset, "hidden": hidden, "epochs": epochs, **SETTINGS}
    common["batch_size"] = min(BATCH_SIZE, dataset.examples)
    try:
        largest = Experiment(**common)
        common["keep"] = {"at most": max(KEPT_BYTES, 2 * largest.bytes_per_state)}
        return Network(hidden, tuple(Experiment(**common, seed=seed) for seed in seeds))
    except ValidationError as error:
        problem = error.errors()[0]
        where = "".join(f"{part}: " for part in problem["loc"][:1])  # below it the number of the layer
        reason = problem["msg"].removeprefix("Value error, ")
        raise UserError(f"network {_name(hidden)}: {where}{reason}") from None


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


# -- what training took: a trace is the same bytes whenever it is made, so its time lies beside it -------------------


def note_training(directory: str | Path, run: Experiment, seconds: float, updates: int) -> None:
    """Keep, beside the trace of ``run``, that ``updates`` of its updates took ``seconds``.

    Of runs that were trained side by side: its share of the time.
    """
    path = time_file(directory, run)
    new = path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}{UNFINISHED}")
    new.write_text(json.dumps({"seconds": round(seconds, 4), "updates": updates}) + "\n", encoding="ascii")
    new.replace(path)


def training_seconds(directory: str | Path, run: Experiment) -> float | None:
    """Seconds that training ``run`` took, by the speed of the updates that were timed; None where none were.

    All updates are timed unless the run was interrupted and resumed. A file without a time, or with an impossible one,
    counts as none.
    """
    try:
        content = json.loads(read_bounded(time_file(directory, run), MOST_NOTED))
        seconds, updates = float(content["seconds"]), int(content["updates"])
        taken = seconds / updates * run.n_updates
    except (OSError, ValueError, KeyError, TypeError, ArithmeticError, RecursionError):
        return None
    return round(taken, 4) if updates > 0 and 0 <= taken < math.inf else None


def time_noted(directory: str | Path, run: Experiment, since: float) -> bool:
    """Whether what training ``run`` took was noted after the moment ``since`` (`time.time`)."""
    try:
        return time_file(directory, run).stat().st_mtime > since
    except OSError:
        return False


def time_file(directory: str | Path, run: Experiment) -> Path:
    """Where what training ``run`` took is kept, beside its trace in ``directory``."""
    return Path(directory) / f"{run.digest}.time.json"
