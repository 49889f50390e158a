"""RecordedRun: a training run that a user's own torch loop made, as plain data. No torch."""

import math
from typing import Annotated, Any, Literal

import numpy as np
from gradreel.core.arrays import IntArray, every_kth
from pydantic import BaseModel, ConfigDict, Field

_FROZEN = ConfigDict(frozen=True, extra="forbid")

Plain = int | float | bool | str | None
MOST_COUNTED = 2**48
"""Largest count that a description may have."""
Count = Annotated[int, Field(ge=0, le=MOST_COUNTED)]


class RecordedPart(BaseModel):
    """One parameter tensor of the model. Its position in theta follows from the order and the shapes of the parts."""

    model_config = _FROZEN

    name: str  # as in named_parameters(), such as "0.weight"
    shape: Annotated[tuple[Count, ...], Field(max_length=64)]  # () for a single number
    dtype: str  # of the model's tensor, such as "bfloat16"
    trained: bool  # an optimizer trains it, and it is not frozen
    skipped: bool = False  # at some update it had no gradient, so its optimizer left it unchanged


class RecordedGroup(BaseModel):
    """A parameter group of an optimizer, with its settings at the group's first update."""

    model_config = _FROZEN

    settings: dict[str, Plain | tuple[float, ...]]  # lr, momentum, betas, ...
    parts: tuple[Count, ...]  # which parts it trains
    first_update: Count = 0  # the update from which on the optimizer had this group
    changed: bool = False  # the loop changed the group's parameters or the optimizer state after the start

    def initial(self, name: str) -> float:
        """Return the number that a setting had at the first update. "betas.1" is the second number of the setting
        "betas".

        True is 1 and False is 0. Returns NaN if the setting is missing or no number.
        """
        key, _, position = name.partition(".")
        value = self.settings.get(name, self.settings.get(key) if position else None)
        if isinstance(value, tuple):
            return value[int(position)] if position.isdecimal() and int(position) < len(value) else math.nan
        try:
            return math.nan if value is None or (position and name not in self.settings) else float(value)
        except ValueError:  # a text
            return math.nan


class RecordedSetting(BaseModel):
    """A numeric setting of a parameter group that changed during the recording, such as the learning rate."""

    model_config = _FROZEN

    optimizer: Count  # number of the optimizer
    group: Count  # number of the group in that optimizer
    name: Annotated[str, Field(max_length=200)]  # as in the group; "betas.0" and "betas.1" for a pair


COMPUTED_KINDS = ("torch.optim.sgd.SGD", "torch.optim.adam.Adam", "torch.optim.adamw.AdamW")
"""Classes of optimizers whose updates `verify` can compute again."""


class RecordedOptimizer(BaseModel):
    """One of the run's optimizers."""

    model_config = _FROZEN

    kind: str  # its class, such as "torch.optim.sgd.SGD"
    groups: tuple[RecordedGroup, ...]  # its parameter groups
    fresh: bool = True  # it had no optimizer state before the run
    state: str | None = None  # XXH3-128 of the optimizer state after the last update; None: not known


METRIC_NAME = "1 to 200 printable characters"
"""The rule for names of metrics, for error messages."""


def is_metric_name(name: str) -> bool:
    """Return whether ``name`` can name a metric: 1 to 200 printable characters."""
    return 0 < len(name) <= 200 and name.isprintable()


class RecordedTensor(BaseModel):
    """A tensor of the model that is not in theta: a buffer, or a parameter that was frozen at the start."""

    model_config = _FROZEN

    name: str  # as in named_buffers() or named_parameters()
    shape: tuple[Count, ...]  # () for a single number
    dtype: str  # of the model's tensor, such as "int64"
    size: Count  # in bytes
    frozen: bool = False  # whether it is a frozen parameter, not a buffer
    thawed: bool = False  # an optimizer trained it later: its values are recorded, its gradients are not


class RecordedRun(BaseModel):
    """A training run that was recorded around a user's own loop."""

    model_config = _FROZEN

    model: str  # class of the module, such as "torch.nn.modules.container.Sequential"
    parts: tuple[RecordedPart, ...]  # the tensors of theta, in order
    optimizers: tuple[RecordedOptimizer, ...]  # the optimizers that trained them
    dtype: Literal["float32", "float64"]  # dtype of the columns: the widest parameter's, at least float32
    updates: Count  # number of updates, U
    kept_every: Annotated[int, Field(ge=1, le=MOST_COUNTED)] = 1  # updates from one kept state to the next
    ended_by: str | None = None  # the exception or signal that ended the run; None if the loop ended normally
    examples_logged: Count = 0  # length of the batch column
    first_nan_loss: Count | None = None  # the first update whose loss was logged as NaN
    edits: Count | None = None  # how often the loop itself changed parameters between updates; None: not observed
    first_edit: Count | None = None  # the first update that an edit preceded; U for an edit after the last update
    tensors: tuple[RecordedTensor, ...] = ()  # the tensors that are not in theta
    copies: Count = 0  # number of their copies: length of the columns tensor and tensor_row
    copied_bytes: Count = 0  # bytes of all these copies
    state_dict: dict[str, Count]  # key -> number of its tensor, counting the parts first, then the tensors
    metrics: tuple[str, ...] = ()  # names of the metrics, the loss excluded
    metrics_logged: Count = 0  # length of the metric columns
    settings: tuple[RecordedSetting, ...] = ()  # settings that changed after the first update of their group
    settings_logged: Count = 0  # length of the setting columns
    resumed: tuple[Count, ...] = ()  # after how many updates the recording was ended and resumed later, in order

    @property
    def n_parameters(self) -> int:
        """Return P, the length of theta."""
        return sum(int(np.prod(part.shape, dtype=object)) for part in self.parts)

    @property
    def n_updates(self) -> int:
        """Return U, the updates of the run."""
        return self.updates

    @property
    def n_kept(self) -> int:
        """Return R, the number of kept states."""
        return -(-self.updates // self.kept_every) + 1

    @property
    def n_groups(self) -> int:
        """Return G, the number of parameter groups of all optimizers."""
        return sum(len(optimizer.groups) for optimizer in self.optimizers)

    def kept_updates(self, first_row: int = 0, end_row: int | None = None) -> IntArray:
        """Return how many updates had been made at each kept state, (R,): 0 first, U last.

        ``first_row`` and ``end_row`` select kept states: from row ``first_row`` up to, but without, row ``end_row``.
        """
        return every_kth(self.kept_every, self.updates, first_row, end_row)

    def part_shapes(self) -> tuple[tuple[str, tuple[int, ...]], ...]:
        """Return the name and shape of each part of theta, in order."""
        return tuple((part.name, part.shape) for part in self.parts)

    def entry_name(self, index: int) -> str:
        """Return the name of theta's entry ``index``: its tensor's name and its position there, such as
        "0.weight[1,2]".

        Raises IndexError if theta has no such entry.
        """
        start = 0
        for part in self.parts:
            size = math.prod(part.shape)
            if index < start + size:
                position = (
                    ",".join(str(int(i)) for i in np.unravel_index(index - start, part.shape)) if part.shape else ""
                )
                return f"{part.name}[{position}]" if position else part.name
            start += size
        raise IndexError(f"theta has {start} entries, none with index {index}")

    def as_json(self) -> dict[str, Any]:
        """Return the run as ``meta.json`` stores it: only fields that were set, so the text of an older trace does
        not change.
        """
        return self.model_dump(mode="json", exclude_unset=True)

    def refuse_contradictions(self) -> None:
        """Raise ValueError for numbers that contradict each other; `record` never writes such a description."""
        if not 0 < self.n_parameters <= MOST_COUNTED:
            raise ValueError(f"parts: {self.n_parameters} parameters in all")
        if not self.updates:
            raise ValueError("updates: none was made")
        if self.first_nan_loss is not None and self.first_nan_loss >= self.updates:
            raise ValueError(f"first_nan_loss: there is no update {self.first_nan_loss}, there are {self.updates}")
        for number, optimizer in enumerate(self.optimizers):
            if any(part >= len(self.parts) for group in optimizer.groups for part in group.parts):
                raise ValueError(f"optimizers.{number}: trains a part that does not exist; there are {len(self.parts)}")
        for setting in self.settings:
            if setting.optimizer >= len(self.optimizers):
                raise ValueError(f"settings: there is no optimizer {setting.optimizer}")
            if setting.group >= len(self.optimizers[setting.optimizer].groups):
                raise ValueError(f"settings: optimizer {setting.optimizer} has no group {setting.group}")
        if list(self.resumed) != sorted(self.resumed) or not all(0 < at <= self.updates for at in self.resumed):
            raise ValueError(f"resumed: {list(self.resumed)} is not in order, or not within {self.updates} updates")
        if len(set(self.settings)) < len(self.settings):
            raise ValueError("settings: one occurs twice")
        if self.copies < len(self.tensors):
            raise ValueError(f"copies: {self.copies}, fewer than the {len(self.tensors)} tensors")
        if any(place >= len(self.parts) + len(self.tensors) for place in self.state_dict.values()):
            raise ValueError("state_dict: an entry is neither a part nor a tensor")
        if len(set(self.metrics)) < len(self.metrics) or not all(map(is_metric_name, self.metrics)):
            raise ValueError(f"metrics: a name occurs twice, or is not {METRIC_NAME}")
