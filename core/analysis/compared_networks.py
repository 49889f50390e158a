"""The networks that the lecture compares, and how each is trained: wider ones, and deeper ones, from several seeds.

Wider: the linear model, 10, 100, 1000 ReLUs. Deeper: layer upon layer of 100.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gradreel.core.choices import DEPTHS, EPOCHS, SEEDS, WIDTH, WIDTHS
from gradreel.core.daily.views import DailyViews
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from pydantic import ValidationError

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
KEPT_BYTES = 60_000_000
"""Of the states kept of a run: one an epoch, or after every second, third, ... where so many would be too large."""


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
        run = Experiment(**common)
        apart = -(-epochs // max(1, KEPT_BYTES // run.bytes_per_state))  # epochs
        common["keep"] = {"every": apart * run.batches_per_epoch}
        return Network(hidden, tuple(Experiment(**common, seed=seed) for seed in seeds))
    except ValidationError as error:
        problem = error.errors()[0]
        where = "".join(f"{part}: " for part in problem["loc"][:1])  # below it the number of the layer
        reason = problem["msg"].removeprefix("Value error, ")
        raise UserError(f"network {_name(hidden)}: {where}{reason}") from None
