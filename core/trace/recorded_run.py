"""RecordedRun: what is known of a training run that somebody's own torch loop made, as plain data. No torch."""

import math
from typing import Annotated, Any, Literal

import numpy as np
from gradreel.core.arrays import IntArray, every_kth
from pydantic import BaseModel, ConfigDict, Field

_FROZEN = ConfigDict(frozen=True, extra="forbid")

Plain = int | float | bool | str | None
MOST_COUNTED = 2**48
Count = Annotated[int, Field(ge=0, le=MOST_COUNTED)]


class RecordedPart(BaseModel):
    """One parameter tensor of the model: where it stands in theta follows from the order and the shapes."""

    model_config = _FROZEN

    name: str  # as in named_parameters(), such as "0.weight"
    shape: Annotated[tuple[Count, ...], Field(max_length=64)]
    dtype: str  # of the model's tensor, such as "bfloat16"
    trained: bool  # by some optimizer, and not frozen
    skipped: bool = False  # at some update its optimizer found no gradient for it, and left it as it was


class RecordedGroup(BaseModel):
    """A parameter group of an optimizer, with its settings as they were at its first update."""

    model_config = _FROZEN

    settings: dict[str, Plain | tuple[float, ...]]  # lr, momentum, betas, ...
    parts: tuple[Count, ...]  # which parts it trains
    first_update: Count = 0  # of the optimizer since it has this group
    changed: bool = False  # after the start the loop changed its parameters, or the optimizer's state

    def initial(self, name: str) -> float:
        """The number that a setting had at the first update; NaN if it is no number. "betas.1": the second of a pair.

        A switch is 1 or 0.
        """
        key, _, place = name.partition(".")
        value = self.settings.get(name, self.settings.get(key) if place else None)
        if isinstance(value, tuple):
            return value[int(place)] if place.isdecimal() and int(place) < len(value) else math.nan
        try:
            return math.nan if value is None or (place and name not in self.settings) else float(value)
        except ValueError:  # a text
            return math.nan


class RecordedSetting(BaseModel):
    """A number in a parameter group of an optimizer that changed while it was recorded, such as its momentum."""

    model_config = _FROZEN

    optimizer: Count
    group: Count  # of that optimizer
    name: Annotated[str, Field(max_length=200)]  # as in the group; "betas.0" and "betas.1" of a pair


COMPUTED_KINDS = ("torch.optim.sgd.SGD", "torch.optim.adam.Adam", "torch.optim.adamw.AdamW")
"""Classes of optimizers whose updates `verify` can compute again."""


class RecordedOptimizer(BaseModel):
    """One of the run's optimizers."""

    model_config = _FROZEN

    kind: str  # class, such as "torch.optim.sgd.SGD"
    groups: tuple[RecordedGroup, ...]
    fresh: bool = True  # it had made no update before the run


METRIC_NAME = "1 to 200 printable characters"


def is_metric_name(name: str) -> bool:
    """Whether a metric may be called so."""
    return 0 < len(name) <= 200 and name.isprintable()


class RecordedTensor(BaseModel):
    """A tensor of the model beside theta: a buffer, or a parameter that was frozen when the recording began."""

    model_config = _FROZEN

    name: str
    shape: tuple[Count, ...]
    dtype: str
    size: Count  # in bytes
    frozen: bool = False  # a parameter, no buffer
    thawed: bool = False  # an optimizer trained it later: its values are kept, its gradients are not


class RecordedRun(BaseModel):
    """A run recorded around somebody's own loop."""

    model_config = _FROZEN

    model: str  # class of the module, such as "torch.nn.modules.container.Sequential"
    parts: tuple[RecordedPart, ...]
    optimizers: tuple[RecordedOptimizer, ...]
    dtype: Literal["float32", "float64"]  # of the columns: that of the widest parameter, at least float32
    updates: Count
    kept_every: Annotated[int, Field(ge=1, le=MOST_COUNTED)] = 1  # updates from one kept state to the next
    ended_by: str | None = None  # the exception that ended it, None for a run that came to its end
    examples_logged: Count = 0  # length of the batch column
    first_nan_loss: Count | None = None  # the first update whose loss was logged, and was not a number
    edits: Count | None = None  # how often the loop itself changed parameters between updates; None: not looked at
    first_edit: Count | None = None  # before which update it did so first, or U: after the last
    tensors: tuple[RecordedTensor, ...] = ()  # beside theta
    copies: Count = 0  # of them: length of the columns tensor and tensor_row
    copied_bytes: Count = 0  # in all of these copies
    state_dict: dict[str, Count]  # key -> which of the parts, then of the tensors
    metrics: tuple[str, ...] = ()  # what was logged beside the loss
    metrics_logged: Count = 0  # length of the metric columns
    settings: tuple[RecordedSetting, ...] = ()  # those that changed after the first update of their group
    settings_logged: Count = 0  # length of the setting columns

    @property
    def n_parameters(self) -> int:
        """P, the length of theta."""
        return sum(int(np.prod(part.shape, dtype=object)) for part in self.parts)

    @property
    def n_updates(self) -> int:
        """U, the updates of the run."""
        return self.updates

    @property
    def n_kept(self) -> int:
        """R, how many states are kept."""
        return -(-self.updates // self.kept_every) + 1

    @property
    def n_groups(self) -> int:
        """Parameter groups of all optimizers."""
        return sum(len(optimizer.groups) for optimizer in self.optimizers)

    def kept_updates(self, first: int = 0, end: int | None = None) -> IntArray:
        """(R,): how many updates had been made at each state that is kept, 0 first, U last; or of rows first to end."""
        return every_kth(self.kept_every, self.updates, first, end)

    def part_shapes(self) -> tuple[tuple[str, tuple[int, ...]], ...]:
        """Name and shape of each part of theta, in order."""
        return tuple((part.name, part.shape) for part in self.parts)

    def entry_name(self, index: int) -> str:
        """The name of theta's entry ``index``: its tensor's, and where it stands in it: "0.weight[1,2]"."""
        start = 0
        for part in self.parts:
            size = math.prod(part.shape)
            if index < start + size:
                place = ",".join(str(int(i)) for i in np.unravel_index(index - start, part.shape)) if part.shape else ""
                return f"{part.name}[{place}]" if place else part.name
            start += size
        raise IndexError(f"theta has {start} entries, none with index {index}")

    def as_json(self) -> dict[str, Any]:
        """What ``meta.json`` holds of it: the fields that were set, so that of an older trace the text stays."""
        return self.model_dump(mode="json", exclude_unset=True)

    def refuse_contradictions(self) -> None:
        """Raise ValueError for descriptions that `record` never writes, with numbers that contradict each other."""
        if not 0 < self.n_parameters <= MOST_COUNTED:
            raise ValueError(f"parts: {self.n_parameters} parameters in all")
        if not self.updates:
            raise ValueError("updates: none was made")
        if self.first_nan_loss is not None and self.first_nan_loss >= self.updates:
            raise ValueError(f"first_nan_loss: there is no update {self.first_nan_loss}, there are {self.updates}")
        for number, optimizer in enumerate(self.optimizers):
            if any(part >= len(self.parts) for group in optimizer.groups for part in group.parts):
                raise ValueError(f"optimizers.{number}: trains a part that is not there; there are {len(self.parts)}")
        for setting in self.settings:
            if setting.optimizer >= len(self.optimizers):
                raise ValueError(f"settings: there is no optimizer {setting.optimizer}")
            if setting.group >= len(self.optimizers[setting.optimizer].groups):
                raise ValueError(f"settings: optimizer {setting.optimizer} has no group {setting.group}")
        if len(set(self.settings)) < len(self.settings):
            raise ValueError("settings: has one twice")
        if self.copies < len(self.tensors):
            raise ValueError(f"copies: {self.copies}, fewer than the {len(self.tensors)} tensors")
        if any(place >= len(self.parts) + len(self.tensors) for place in self.state_dict.values()):
            raise ValueError("state_dict: has what is neither one of the parts nor one of the tensors")
        if len(set(self.metrics)) < len(self.metrics) or not all(map(is_metric_name, self.metrics)):
            raise ValueError(f"metrics: has one twice, or one whose name is not {METRIC_NAME}")
