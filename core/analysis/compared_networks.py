"""The networks that the lecture compares by width and by depth, and how each is trained, from several seeds.

By width: the linear model and one layer of 10, 100 and 1000 ReLUs. By depth: one to four layers of 100 ReLUs.
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
"""Settings that train all networks. The lecture does not say how it trained its own."""
BATCH_SIZE = 32
"""Examples in a batch, or all of them if there are fewer."""
KEPT_BYTES = 60_000_000
"""Bytes for the kept states of a run: one state per epoch, or fewer if that would take more."""


@dataclass(frozen=True)
class Network:
    """One network and the runs that train it: experiments that differ only in the seed."""

    hidden: tuple[int, ...]
    experiments: tuple[Experiment, ...]

    @property
    def name(self) -> str:
        """Return the network's name, such as "linear", "100 ReLU" or "3 × 100 ReLU"."""
        return _network_name(self.hidden)

    @property
    def n_parameters(self) -> int:
        """Return P, the length of theta."""
        return self.experiments[0].n_parameters

    @property
    def n_updates(self) -> int:
        """Return U, the updates of each run."""
        return self.experiments[0].n_updates

    def run_name(self, experiment: Experiment) -> str:
        """Return the name of a run, such as "100 ReLU, seed 3"."""
        return f"{self.name}, seed {experiment.seed}"


def _network_name(hidden: Sequence[int]) -> str:
    """Return the name of a network whose layers all have the same width."""
    if not hidden:
        return "linear"
    return f"{hidden[0]} ReLU" if len(hidden) == 1 else f"{len(hidden)} × {hidden[0]} ReLU"


def width_experiments(
    dataset: DailyViews | None = None,
    widths: Sequence[int] = WIDTHS,
    seeds: Sequence[int] = SEEDS,
    epochs: int = EPOCHS,
) -> tuple[Network, ...]:
    """Return a network with one hidden layer for each of ``widths``; the width 0 gives the linear model.

    Raises UserError if a network cannot be trained.
    """
    return tuple(_make_network(dataset or DailyViews(), (width,) if width else (), seeds, epochs) for width in widths)


def depth_experiments(
    dataset: DailyViews | None = None,
    depths: Sequence[int] = DEPTHS,
    width: int = WIDTH,
    seeds: Sequence[int] = SEEDS,
    epochs: int = EPOCHS,
) -> tuple[Network, ...]:
    """Return a network with ``width`` ReLUs in each layer for each of ``depths``, numbers of hidden layers.

    Raises UserError if a network cannot be trained.
    """
    return tuple(_make_network(dataset or DailyViews(), (width,) * depth, seeds, epochs) for depth in depths)


def _make_network(dataset: DailyViews, hidden: tuple[int, ...], seeds: Sequence[int], epochs: int) -> Network:
    """Return the network with these hidden layers, and its runs. Raises UserError if it cannot be trained."""
    common = {"dataset": dataset, "hidden": hidden, "epochs": epochs, **SETTINGS}
    common["batch_size"] = min(BATCH_SIZE, dataset.examples)
    try:
        run = Experiment(**common)
        epochs_between = -(-epochs // max(1, KEPT_BYTES // run.bytes_per_state))
        common["keep"] = {"every": epochs_between * run.batches_per_epoch}
        return Network(hidden, tuple(Experiment(**common, seed=seed) for seed in seeds))
    except ValidationError as error:
        problem = error.errors()[0]
        field_name = "".join(f"{part}: " for part in problem["loc"][:1])  # without the number of the layer
        reason = problem["msg"].removeprefix("Value error, ")
        raise UserError(f"network {_network_name(hidden)}: {field_name}{reason}") from None
