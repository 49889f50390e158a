"""Experiment: the frozen description of one training run, and its digest."""

import hashlib
import itertools
import json
from typing import Annotated, Any, Literal, Self

import numpy as np
from gradreel.core.arrays import IntArray
from gradreel.core.datasets import CurveDataset, Number
from pydantic import BaseModel, ConfigDict, Field, model_validator

FORMAT_VERSION = 1
"""Of a trace on disk. Part of every digest: traces of another format are other traces."""

LARGEST_NETWORK = 50_000_000
"""Parameters; one state of it is 400 MB."""

GOOD_START = 203
"""A seed from which three sigmoids, by plain gradient descent, become the red curve's three segments."""

_FROZEN = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)


class KeepEvery(BaseModel):
    """``{"every": k}``: the states after 0, k, 2k, ... updates, and the last."""

    model_config = _FROZEN

    every: int = Field(ge=1, description="keep the state after each so many updates")


class KeepAtMost(BaseModel):
    """``{"at most": bytes}``: as many evenly spaced states as fit into so many bytes, with their gradients."""

    model_config = _FROZEN

    at_most: int = Field(alias="at most", ge=1, description="bytes that the kept states and gradients may take")


Width = Annotated[int, Field(ge=1, le=100_000)]


class Experiment(BaseModel):
    """One training run: the data, the network, how it is trained and what is recorded.

    Plain data, frozen; equal digests, equal runs.
    """

    model_config = _FROZEN

    dataset: CurveDataset = Field(default=CurveDataset(), description="the examples")
    hidden: tuple[Width, ...] = Field(
        default=(3,),
        max_length=50,
        description="how many sigmoids (or ReLUs) in each hidden layer; empty: the linear model",
    )
    activation: Literal["sigmoid", "relu", "hard_sigmoid", "none"] = Field(
        default="sigmoid", description='activation function of the hidden layers; always "none" for the linear model'
    )
    learning_rate: Number = Field(default=0.1, gt=0, le=1e6, description="length of an update, in gradients")
    batch_size: int = Field(default=0, ge=0, description="examples in a batch; 0: all of them in one")
    epochs: int = Field(default=6000, ge=1, le=100_000_000, description="passes over all batches")
    seed: int = Field(default=GOOD_START, ge=0, lt=2**63, description="of the random start and the random batches")
    loss: Literal["mse", "mae"] = Field(
        default="mse", description="mean of e² (mse) or of |e| (mae); e: prediction minus label"
    )
    keep: Literal["every update"] | KeepEvery | KeepAtMost = Field(
        default="every update",
        description='which states are recorded: "every update", {"every": k} or {"at most": bytes}',
    )

    @model_validator(mode="before")
    @classmethod
    def _linear_model_has_no_activation(cls, values: Any) -> Any:
        if isinstance(values, dict) and "hidden" in values and not values["hidden"]:
            return {**values, "activation": "none"}
        return values

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.hidden and self.activation == "none":
            raise ValueError('activation "none" is for the linear model; set hidden to () or choose an activation')
        if self.batch_size > self.dataset.examples:
            raise ValueError(
                f"batch_size {self.batch_size} is more than the {self.dataset.examples} examples; 0 means all of them"
            )
        if self.n_parameters > LARGEST_NETWORK:
            raise ValueError(f"hidden: {self.n_parameters} parameters are too many; the largest is {LARGEST_NETWORK}")
        if self.n_updates > 2**40:
            raise ValueError(f"{self.n_updates} updates are more than can be recorded; choose fewer epochs")
        needed = 2 * self._bytes_per_state
        if isinstance(self.keep, KeepAtMost) and self.keep.at_most < needed:
            raise ValueError(f'keep: the start and the end alone take {needed} bytes, "at most" is {self.keep.at_most}')
        return self

    @property
    def n_parameters(self) -> int:
        """P, the length of theta."""
        widths = (self.dataset.n_features, *self.hidden)
        layers = sum(width * (before + 1) for before, width in itertools.pairwise(widths))
        return layers + widths[-1] + 1

    @property
    def batches_per_epoch(self) -> int:
        """Updates in an epoch; the last batch of one may be smaller."""
        return -(-self.dataset.examples // (self.batch_size or self.dataset.examples))

    @property
    def n_updates(self) -> int:
        """U, the updates of the whole run."""
        return self.epochs * self.batches_per_epoch

    @property
    def kept_every(self) -> int:
        """Updates from one kept state to the next; the last, after U, may follow sooner."""
        match self.keep:
            case KeepEvery(every=every):
                return every
            case KeepAtMost(at_most=at_most):
                return -(-self.n_updates // (at_most // self._bytes_per_state - 1))
            case _:
                return 1

    @property
    def n_kept(self) -> int:
        """R, how many states are kept."""
        return -(-self.n_updates // self.kept_every) + 1

    def kept_updates(self) -> IntArray:
        """(R,): how many updates had been made at each state that is kept; 0 first, U last."""
        return np.append(np.arange(0, self.n_updates, self.kept_every, dtype=np.int64), self.n_updates)

    @property
    def _bytes_per_state(self) -> int:
        """A row of parameters, one of gradient (float64) and its number of updates (int64)."""
        return 8 * (2 * self.n_parameters + 1)

    @property
    def digest(self) -> str:
        """32 hexadecimal digits that name this run: the same for the same settings, however they were spelled."""
        text = json.dumps([FORMAT_VERSION, self.model_dump(mode="json")], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:32]
