"""Experiment: the frozen description of one training run, and its digest."""

import itertools
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeAlias

import numpy as np
from gradreel.core.arrays import IntArray, every_kth
from gradreel.core.datasets import CurveDataset, Dataset, DigitsDataset, PointsDataset
from gradreel.core.network.activations import ACTIVATIONS
from gradreel.core.network.losses import LOSSES
from gradreel.core.network.optimizers import OPTIMIZERS
from gradreel.core.network.registration import (
    is_registered,
    refuse_unregistered,
    run_files_of_environment,
    sources_of,
)
from gradreel.core.point_generators import Number
from gradreel.core.point_table import MOST_CLASSES, PointTable
from gradreel.core.run_data import IN_TRACE, Absent, RunData
from pydantic import (
    Discriminator,
    Field,
    Tag,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)

FORMAT_VERSION = 3
"""Version of the format of traces on disk. It is part of every digest, so a new format leads to new traces."""

LARGEST_NETWORK = 50_000_000
"""Most parameters of a network; one state of such a network takes 400 MB."""

GOOD_START = 203
"""A seed from which plain gradient descent turns three sigmoids into the red curve's three segments."""

OPTIMIZER_STATE_EVERY = 100
"""Most updates between two kept states that are stored with the optimizer state. The state is one or two times as
long as theta, and the updates in between can be computed again. If states are kept less often, each of them has
the optimizer state.
"""


class KeepEvery(RunData):
    """``{"every": k}``: keep the states after 0, k, 2k, ... updates, and the last state."""

    every: int = Field(ge=1, description="keep the state after each so many updates")


class KeepAtMost(RunData):
    """``{"at most": bytes}``: keep as many evenly spaced states, with their gradients, as fit into so many bytes."""

    at_most: int = Field(alias="at most", ge=1, description="bytes that the kept states and gradients may take")


class StepSchedule(RunData):
    """``{"step": n, "factor": f}``: multiply the learning rate by f after every n epochs, as torch's StepLR."""

    step: int = Field(ge=1, description="epochs between two changes of the learning rate")
    factor: Number = Field(default=0.1, gt=0, le=1, description="what the learning rate is multiplied by")


def _keep_tag(keep: Any) -> str | None:
    """Return the tag of the form that ``keep`` has, or None.

    With a tag, pydantic reports the errors of that form only. Without, it would report those of every form.
    """
    if isinstance(keep, KeepAtMost) or (isinstance(keep, Mapping) and not {"at most", "at_most"}.isdisjoint(keep)):
        return "bytes"
    if isinstance(keep, KeepEvery | Mapping):
        return "updates"
    return "word" if keep == "every update" else None


def _schedule_tag(schedule: Any) -> str | None:
    """Return the tag of the form that ``schedule`` has, or None."""
    if isinstance(schedule, StepSchedule | Mapping):
        return "steps"
    return "word" if schedule in ("constant", "cosine") else None


def _or_registered(field: str) -> WrapValidator:
    """Return a validator that also accepts names of parts that a user registered for this field of `Experiment`."""

    def validated(name: Any, known: ValidatorFunctionWrapHandler) -> Any:
        """Return the name if it is registered or known. Raises ValueError otherwise."""
        try:
            return name if is_registered(field, name) else known(name)
        except ValidationError as error:
            own = ", or a name that this program has given to gradreel.register"
            raise ValueError(error.errors()[0]["msg"] + own) from None

    return WrapValidator(validated)


Keep = Annotated[
    Annotated[Literal["every update"], Tag("word")]
    | Annotated[KeepEvery, Tag("updates")]
    | Annotated[KeepAtMost, Tag("bytes")],
    Discriminator(_keep_tag, "keep", 'must be "every update", {"every": k} or {"at most": bytes}'),
]
Schedule = Annotated[
    Annotated[Literal["constant", "cosine"], Tag("word")] | Annotated[StepSchedule, Tag("steps")],
    Discriminator(_schedule_tag, "schedule", 'must be "constant", "cosine" or {"step": epochs, "factor": f}'),
]
Beta = Annotated[Number, Field(ge=0, lt=1)]
Width = Annotated[int, Field(ge=1, le=100_000)]
if TYPE_CHECKING:
    ActivationName: TypeAlias = str
    OptimizerName: TypeAlias = str
    LossName: TypeAlias = str
else:
    ActivationName = Annotated[Literal[(*ACTIVATIONS, "none")], _or_registered("activation")]
    OptimizerName = Annotated[Literal[tuple(OPTIMIZERS)], _or_registered("optimizer")]
    LossName = Annotated[Literal[tuple(LOSSES)], _or_registered("loss")]


class Experiment(RunData):
    """One training run: the data, the network, how it is trained and which states are recorded.

    Plain frozen data. Experiments with equal digests are the same run. Each field that is added later needs the value
    that its absence means: ``weight_decay: Annotated[Number, Absent(0.0)] = 0.0`` (`core.run_data`).

    Examples
    --------
    >>> run = Experiment(hidden=(3,), epochs=100)
    >>> run.n_parameters, run.n_updates
    (10, 100)
    """

    dataset: Dataset = Field(default=CurveDataset(), description="the examples")
    hidden: tuple[Width, ...] = Field(
        default=(3,),
        max_length=50,
        description="how many sigmoids (or ReLUs) in each hidden layer; empty: the linear model",
    )
    activation: ActivationName = Field(
        default="sigmoid", description='activation function of the hidden layers; always "none" for the linear model'
    )
    optimizer: OptimizerName = Field(
        default="sgd",
        description="how a gradient becomes an update: sgd, with momentum if not 0; adam; adamw, which is adam with "
        "decoupled weight decay",
    )
    momentum: Number = Field(default=0.0, ge=0, lt=1, description="share of the last update that sgd keeps")
    betas: Annotated[tuple[Beta, Beta], Absent((0.9, 0.999))] = Field(
        default=(0.9, 0.999), description="shares of the running means of the gradient and its square that adam keeps"
    )
    weight_decay: Annotated[Number, Absent(0.0)] = Field(
        default=0.0,
        ge=0,
        le=1e6,
        description="times theta, added to the gradient; adamw instead shrinks theta by this times the learning rate",
    )
    clip: Annotated[Number | None, Absent(None)] = Field(
        default=None,
        gt=0,
        description="largest norm of the gradient that an update uses; a longer gradient is scaled down to it",
    )
    learning_rate: Number = Field(default=0.1, gt=0, le=1e6, description="length of an update, in gradients")
    schedule: Schedule = Field(
        default="constant",
        description='learning rate by epoch: "constant", {"step": epochs, "factor": f}, or "cosine", which falls to 0',
    )
    warm_up: Annotated[int, Absent(0)] = Field(
        default=0,
        ge=0,
        description="epochs in which the learning rate first rises evenly; the schedule counts from then on",
    )
    batch_size: int = Field(default=0, ge=0, description="examples in a batch; 0: all of them in one")
    epochs: int = Field(default=6000, ge=1, le=100_000_000, description="passes over all batches")
    seed: int = Field(default=GOOD_START, ge=0, lt=2**63, description="of the random start and the random batches")
    loss: LossName = Field(
        default="mse",
        description="mean of e² (mse) or of |e| (mae), e: prediction minus label; for points with classes, "
        "cross-entropy: bce for the classes 0 and 1 with one logit, ce with a logit for each of the classes 0, 1, ...",
    )
    dtype: Literal["float64", "float32"] = Field(
        default="float64", description="of theta and all that is computed; float32 is twice as fast in wide networks"
    )
    keep: Keep = Field(
        default="every update",
        description='which states are recorded: "every update", {"every": k} or {"at most": bytes}',
    )
    sources: Annotated[tuple[tuple[str, str], ...], Absent(())] = Field(
        default=(), description="filled in: the digest of the file that registered an activation, optimizer or loss"
    )

    @model_validator(mode="before")
    @classmethod
    def _note_sources(cls, values: Any, info: ValidationInfo) -> Any:
        """Set ``sources``. In a trace they are given: raise UnregisteredPartError if other parts are registered."""
        if not isinstance(values, dict):
            return values
        if info.context is not IN_TRACE:
            return {**values, "sources": sources_of(values)}
        refuse_unregistered(values, values.get("sources"))
        return values

    @model_validator(mode="before")
    @classmethod
    def _linear_model_has_no_activation(cls, values: Any) -> Any:
        """Set the activation to "none" if the network has no hidden layer."""
        if isinstance(values, dict) and "hidden" in values and not values["hidden"]:
            return {**values, "activation": "none"}
        return values

    @model_validator(mode="after")
    def _check_fields(self) -> Self:
        """Raise ValueError if fields contradict each other, or the network or the run is too large."""
        if self.hidden and self.activation == "none":
            raise ValueError('activation "none" is for the linear model; set hidden to () or choose an activation')
        if self.sources != sources_of(vars(self)):
            raise ValueError("sources: they are not those of the activation, optimizer and loss")
        if self.optimizer in ("adam", "adamw") and self.momentum:
            raise ValueError(f"momentum is for sgd only; {self.optimizer} does not use it, so leave it at 0")
        if self.optimizer == "sgd" and self.betas != (0.9, 0.999):
            raise ValueError("betas are for adam and adamw; sgd does not use them, so leave them out")
        if self.warm_up >= self.epochs:
            raise ValueError(f"warm_up {self.warm_up} must be less than the {self.epochs} epochs")
        self._check_labels()
        if self.batch_size > self.dataset.examples:
            raise ValueError(
                f"batch_size {self.batch_size} is more than the {self.dataset.examples} examples; 0 means all of them"
            )
        if self.n_parameters > LARGEST_NETWORK:
            raise ValueError(f"hidden: {self.n_parameters} parameters are too many; the largest is {LARGEST_NETWORK}")
        if self.n_updates > 2**40:
            raise ValueError(f"{self.n_updates} updates are too many to record; choose fewer epochs")
        needed = 2 * self.bytes_per_state
        if isinstance(self.keep, KeepAtMost) and self.keep.at_most < needed:
            raise ValueError(
                f'keep: the start and the end alone take {needed} bytes; raise "at most", which is {self.keep.at_most}'
            )
        return self

    def _check_labels(self) -> None:
        """Raise ValueError if the loss needs classes and the labels are not such classes."""
        output, classes = LOSSES[self.loss].output, self.n_classes
        if output == "logit" and classes not in (1, 2):
            fault = f"has {classes} classes; choose ce" if classes else "does not have; choose mse or mae"
            raise ValueError(f"loss: {self.loss} needs labels 0 and 1, which this {self.dataset.kind} {fault}")
        if output == "logits" and classes < 2:
            raise ValueError(
                f"loss: {self.loss} needs labels 0, 1, ... for two to {MOST_CLASSES} classes, which this "
                f"{self.dataset.kind} does not have; choose mse or mae"
            )

    @property
    def n_classes(self) -> int:
        """Return K if the examples' labels are classes, 0 to K - 1; 0 if they are numbers."""
        return self.dataset.n_classes if isinstance(self.dataset, PointsDataset | DigitsDataset) else 0

    @property
    def is_classifier(self) -> bool:
        """Return whether the network's outputs are logits of classes: whether the loss is a cross-entropy."""
        return LOSSES[self.loss].output != "prediction"

    @property
    def n_outputs(self) -> int:
        """Return the number of the network's outputs: K for the cross-entropy of K classes, else 1."""
        return self.n_classes if LOSSES[self.loss].output == "logits" else 1

    @property
    def n_parameters(self) -> int:
        """Return P, the length of theta."""
        widths = (self.dataset.n_features, *self.hidden, self.n_outputs)
        return sum(width * (before + 1) for before, width in itertools.pairwise(widths))

    @property
    def point_tables(self) -> dict[str, PointTable]:
        """Return the tables of points by the names of the trace's columns that hold them; {} for other data."""
        return self.dataset.tables if isinstance(self.dataset, PointsDataset) else {}

    @property
    def curve_data(self) -> CurveDataset:
        """Return the dataset of a run on a curve. Raises ValueError for a run on other data."""
        if not isinstance(self.dataset, CurveDataset):
            raise ValueError(f'run.dataset: a dataset of kind "curve" is needed, not {self.dataset.kind}')
        return self.dataset

    @property
    def outputs(self) -> tuple[str, ...]:
        """Return the names of the network's outputs: ("prediction",), ("logit",), or ("logit 0", ..., "logit K-1")."""
        output = LOSSES[self.loss].output
        return tuple(f"logit {k}" for k in range(self.n_outputs)) if output == "logits" else (output,)

    @property
    def batches_per_epoch(self) -> int:
        """Return the number of batches, and so of updates, in an epoch. The last batch may be smaller."""
        return -(-self.dataset.examples // (self.batch_size or self.dataset.examples))

    @property
    def n_updates(self) -> int:
        """Return U, the number of updates of the whole run."""
        return self.epochs * self.batches_per_epoch

    @property
    def kept_every(self) -> int:
        """Return how many updates lead from one kept state to the next.

        The last state, after U updates, may follow sooner.
        """
        match self.keep:
            case KeepEvery(every=every):
                return every
            case KeepAtMost(at_most=at_most):
                return -(-self.n_updates // (at_most // self.bytes_per_state - 1))
            case _:
                return 1

    @property
    def n_kept(self) -> int:
        """Return R, the number of kept states."""
        return -(-self.n_updates // self.kept_every) + 1

    def kept_updates(self, first_row: int = 0, end_row: int | None = None) -> IntArray:
        """Return how many updates had been made at each kept state, (R,): 0 first, U last.

        ``first_row`` and ``end_row`` select kept states: from row ``first_row`` up to, but without, row ``end_row``.
        """
        return every_kth(self.kept_every, self.n_updates, first_row, end_row)

    @property
    def n_state_vectors(self) -> int:
        """Return how many vectors as long as theta the optimizer state has: 0 for sgd, 1 with momentum, 2 for Adam."""
        return OPTIMIZERS[self.optimizer].n_state_vectors(self.momentum)

    @property
    def optimizer_state_stride(self) -> int:
        """Return how many kept states lead from one stored with the optimizer state to the next such state; at least
        1.
        """
        return max(1, OPTIMIZER_STATE_EVERY // self.kept_every)

    def optimizer_state_rows(self) -> IntArray:
        """Return the row of each kept state that is stored with the optimizer state, (C,), 0 first.

        The array is empty if the optimizer has no state.
        """
        return np.arange(0, self.n_kept if self.n_state_vectors else 0, self.optimizer_state_stride, dtype=np.int64)

    def rate(self, epoch: int) -> float:
        """Return the learning rate in epoch ``epoch``, counted from 0, by the warm-up and then the schedule.

        In epoch k of W epochs of warm-up it is (k + 1) / W of the full rate.

        Examples
        --------
        >>> run = Experiment(learning_rate=0.1, schedule={"step": 10, "factor": 0.5})
        >>> run.rate(9), run.rate(10)
        (0.1, 0.05)
        >>> run = Experiment(learning_rate=0.1, warm_up=2)
        >>> run.rate(0), run.rate(1), run.rate(2)
        (0.05, 0.1, 0.1)
        """
        if epoch < self.warm_up:
            return float(self.learning_rate * (epoch + 1) / self.warm_up)
        epoch, epochs = epoch - self.warm_up, self.epochs - self.warm_up
        match self.schedule:
            case StepSchedule(step=step, factor=factor):
                return float(self.learning_rate * factor ** (epoch // step))
            case "cosine":
                return float(self.learning_rate * (1 + math.cos(math.pi * epoch / epochs)) / 2)
            case _:
                return float(self.learning_rate)

    @property
    def bytes_per_state(self) -> int:
        """Return the bytes that one kept state takes: theta, gradient, optimizer state and the number of updates
        (int64).
        """
        return np.dtype(self.dtype).itemsize * (2 + self.n_state_vectors) * self.n_parameters + 8

    @property
    def digest(self) -> str:
        """Return 32 hexadecimal digits that name this run. Equal settings have equal digests, however they are spelled.

        A field that is added later changes no existing digest: see `core.run_data.Absent`.
        """
        return self.digest_of(FORMAT_VERSION)


run_files_of_environment()
