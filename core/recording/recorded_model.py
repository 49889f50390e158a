"""A model and its optimizers as a recorder sees them: the tensors that theta is made of, and the settings."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from operator import attrgetter
from typing import Any

import numpy as np
import torch
from gradreel.core.errors import UserError
from gradreel.core.recording.buffers import Buffers, lies_in_memory
from gradreel.core.recording.optimizer_hooks import first_after_gradient
from gradreel.core.recording.optimizer_watch import OptimizerWatch, settings_of
from gradreel.core.trace.recorded_run import RecordedGroup, RecordedOptimizer, RecordedPart
from gradreel.core.trace.write_behind import ColumnWriter
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

# What each update asks of each tensor is asked by map: a loop in Python takes several times as long
_address, _dtype, _version = torch.Tensor.data_ptr, attrgetter("dtype"), attrgetter("_version")


class Row:
    """A vector as long as theta, into which the model's tensors are copied part by part."""

    def __init__(self, shapes: Sequence[torch.Size], dtype: torch.dtype) -> None:
        sizes = [shape.numel() for shape in shapes]
        self.memory = bytearray(sum(sizes) * dtype.itemsize)  # two of them are compared at once, all bits
        self.bytes: Bytes = np.frombuffer(self.memory, np.uint8)
        vector = torch.frombuffer(self.memory, dtype=dtype)
        self._parts = [part.view(shape) for part, shape in zip(torch.split(vector, sizes), shapes, strict=True)]

    def take(self, tensors: list[torch.Tensor]) -> None:
        """Copy them, from whichever device and of whichever narrower type they are."""
        with torch.no_grad():
            torch._foreach_copy_(self._parts, tensors)


class PendingRows:
    """Rows of one column that have been copied from the model's tensors and are not appended yet: two at most."""

    def __init__(self, recorded: "RecordedModel", column: ColumnWriter) -> None:
        self._column = column
        self._spare = [recorded.row(), recorded.row()]
        self.size = len(self._spare[0].bytes)  # bytes of a row
        self._waiting: list[Row] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def take(self, tensors: list[torch.Tensor]) -> None:
        """Copy the tensors as a new row."""
        self._spare[-1].take(tensors)
        self._waiting.append(self._spare.pop())

    def last_equals(self, tensors: list[torch.Tensor]) -> bool:
        """Whether the row taken last is what would be taken now, bit for bit."""
        self._spare[-1].take(tensors)
        return self._spare[-1].memory == self._waiting[-1].memory

    def append(self) -> None:
        """The row that has waited longest is appended."""
        row = self._waiting.pop(0)
        self._column.append_bytes(row.bytes)
        self._spare.append(row)

    def drop(self) -> None:
        """The row taken last is not to be appended."""
        self._spare.append(self._waiting.pop())


class RecordedModel:
    """The parts of theta: the model's parameters, each once, then those that only an optimizer has.

    UserError if they cannot be recorded. ``optimizers`` None: they are given to `add_optimizer` as they are found, and
    of what they hold only the model's parameters are recorded.
    """

    def __init__(self, model: torch.nn.Module, optimizers: list[torch.optim.Optimizer] | None) -> None:
        self.finds_optimizers = optimizers is None
        optimizers = list(map(_itself, optimizers or []))
        self.optimizers: list[torch.optim.Optimizer] = []
        self._model = model
        _refuse_others(model, optimizers, none_needed=self.finds_optimizers)
        named: dict[str, torch.Tensor] = dict(model.named_parameters())
        known = {id(tensor) for tensor in named.values()}
        for i, optimizer in enumerate(optimizers):
            for j, group in enumerate(optimizer.param_groups):
                for k, tensor in enumerate(group["params"]):
                    if id(tensor) not in known:
                        known.add(id(tensor))
                        named[f"optimizer {i}, group {j}, {k}"] = tensor
        _refuse_unrecordable(named)
        if not self.finds_optimizers:
            _refuse_anothers(model, optimizers)
        self.outside = list(named)[len(list(model.parameters())) :]  # names of what only an optimizer has
        self._names, self._tensors = list(named), list(named.values())
        self._places = {id(tensor): place for place, tensor in enumerate(self._tensors)}
        self._dtypes = [tensor.dtype for tensor in self._tensors]
        wide = any(tensor.dtype == torch.float64 for tensor in self._tensors)
        self.dtype = torch.float64 if wide else torch.float32
        self._shapes = [tensor.shape for tensor in self._tensors]
        self._zeros = [torch.zeros((), dtype=self.dtype, device="cpu").expand(shape) for shape in self._shapes]
        self.buffers = Buffers(model, self._places)
        self._groups: list[list[RecordedGroup]] = []  # of each optimizer
        self._watches: list[OptimizerWatch | None] = []  # from an optimizer's first update on
        self._skipped: set[int] = set()
        self._plain_gradients = True  # as far as has been seen, each part has one, and none is sparse
        self._trained_by: list[set[int]] = []  # places
        self._frozen = list(range(len(self._tensors)))  # places of what has never been seen to ask for a gradient
        for optimizer in optimizers:
            self.add_optimizer(optimizer)
        self._look_for_thawed()

    def add_optimizer(self, optimizer: torch.optim.Optimizer) -> int:
        """One more whose updates are recorded. Returns its number, from 0."""
        self.optimizers.append(optimizer)
        self._groups.append([])
        self._watches.append(None)
        self._trained_by.append(set())
        self._look_at_groups(len(self.optimizers) - 1)
        return len(self.optimizers) - 1

    def row(self) -> Row:
        """A vector as long as theta."""
        return Row(self._shapes, self.dtype)

    def take_state(self, rows: PendingRows) -> None:
        """Copy theta as a new row. ValueError if a part is of another dtype than at the start."""
        if self._frozen:
            self._look_for_thawed()
        rows.take(self._readable())

    def is_unchanged(self, rows: PendingRows) -> bool:
        """Whether the row taken last is theta as it is now, bit for bit. ValueError as in `take_state`."""
        return rows.last_equals(self._readable())

    def _readable(self) -> list[torch.Tensor]:
        """Theta's tensors, if their numbers are there and of the dtypes of the start; else ValueError."""
        if list(map(_dtype, self._tensors)) != self._dtypes:
            for name, before, tensor in zip(self._names, self._dtypes, self._tensors, strict=True):
                if tensor.dtype != before:
                    change = f"from {_plain_name(before)} to {_plain_name(tensor.dtype)}"
                    raise ValueError(f"the dtype of {name} changed {change}")
        return self._in_memory(self._tensors)

    def take_gradient(self, rows: PendingRows, number: int) -> None:
        """Copy the gradient that optimizer ``number`` uses now as a new row, with 0 for parts that have none."""
        gradients: list[Any] = [tensor.grad for tensor in self._tensors]
        if self._plain_gradients:
            try:
                rows.take(self._in_memory(gradients))  # None is what raises the TypeError
                return
            except (TypeError, RuntimeError):
                self._plain_gradients = False  # the way below takes longer
        none = {i for i, gradient in enumerate(gradients) if gradient is None}
        self._skipped |= none & self._trained_by[number]
        whole = zip(gradients, self._zeros, strict=True)
        filled = [zeros if gradient is None else gradient for gradient, zeros in whole]
        dense = [gradient.to_dense() if gradient.is_sparse else gradient for gradient in filled]
        rows.take(self._in_memory(dense))

    def is_trained_by(self, optimizer: torch.optim.Optimizer) -> bool:
        """Whether an optimizer has any part of theta."""
        groups = getattr(optimizer, "param_groups", ())  # a GradScaler is given what only looks like an optimizer, too
        return any(id(tensor) in self._places for group in groups for tensor in group["params"])

    def after_each_gradient(self, hook: Callable[[torch.Tensor], None]) -> AbstractContextManager[None]:
        """Call ``hook`` with each part of theta that a backward pass has computed the gradient of."""
        return first_after_gradient([tensor for tensor in self._tensors if tensor.requires_grad], hook)

    def replaced(self) -> list[str]:
        """Names of the model's parameters and the optimizers' groups that now are, or hold, tensors not in theta."""
        names = [name for name, tensor in self._model.named_parameters() if id(tensor) not in self._places]
        for number, optimizer in enumerate(self.optimizers):
            for j, group in enumerate(optimizer.param_groups):
                outside = not all(id(tensor) in self._places for tensor in group["params"])
                if outside and not self.finds_optimizers:
                    names.append(f"optimizer {number}, group {j}")
        return names

    def times_written(self) -> int:
        """How often theta's tensors have been written to: no count ever falls. 0 where torch does not count it."""
        try:
            return sum(map(_version, self._tensors))
        except RuntimeError:  # of torch.inference_mode()
            return 0

    @property
    def n_groups(self) -> int:
        """Parameter groups of all optimizers."""
        return sum(map(len, self._groups))

    def begin(self, number: int, update: int) -> list[tuple[int, str, float]]:
        """Optimizer ``number`` is about to make update ``update``. Returns the settings that a loop has changed.

        Each as its group, name and number.
        """
        optimizer = self.optimizers[number]
        groups, watch = optimizer.param_groups, self._watches[number]
        if watch is None:  # what the loop has set or loaded up to here is the start
            watch = self._watches[number] = OptimizerWatch(optimizer, _class_name(optimizer))
            self._groups[number].clear()
            self._trained_by[number].clear()
        if len(groups) > len(self._groups[number]):
            self._look_at_groups(number, update)
        changes = watch.before()
        if watch.changed:
            self._look_at_longer_groups(number)
        return changes

    def mark_changed(self, number: int, group: int) -> None:
        """Note that the updates of a parameter group cannot be computed again."""
        watch = self._watches[number]
        if watch is not None:
            watch.changed.add(group)

    def end(self, number: int) -> None:
        """It has made the update."""
        watch = self._watches[number]
        if watch is not None:
            watch.after()

    def described(self) -> dict[str, Any]:
        """What a RecordedRun says of them."""
        self._look_for_thawed()
        frozen = set(self._frozen)
        parts = tuple(
            RecordedPart(
                name=name,
                shape=tuple(shape),
                dtype=_plain_name(dtype),
                trained=i not in frozen and any(i in parts for parts in self._trained_by),
                skipped=i in self._skipped,
            )
            for i, (name, shape, dtype) in enumerate(zip(self._names, self._shapes, self._dtypes, strict=True))
        )
        optimizers = tuple(map(self._described_optimizer, range(len(self.optimizers))))
        return {
            "model": _class_name(self._model),
            "parts": parts,
            "optimizers": optimizers,
            "dtype": _plain_name(self.dtype),
            "buffers": tuple(self.buffers.described),
            "state_dict": self.buffers.keys,
        }

    def no_update_seen(self) -> str:
        """Why there may have been none."""
        if self.finds_optimizers:
            return (
                f"record saw no step() of any torch.optim.Optimizer that trains the {type(self._model).__name__}, so "
                "there is nothing to record. Were the steps made outside the with, is the model another object than "
                "the one that is trained (a copy, say), or did a GradScaler skip them all?"
            )
        kinds = ", ".join(type(optimizer).__name__ for optimizer in self.optimizers)
        return (
            f"record saw no step() of the {kinds} that it was given, so there is nothing to record. Was another "
            "optimizer object stepped, were the steps made outside the with, or did a GradScaler skip them all? Give "
            "record the optimizer whose step() the loop calls, and put the loop inside the with"
        )

    def _described_optimizer(self, number: int) -> RecordedOptimizer:
        optimizer, watch = self.optimizers[number], self._watches[number]
        changed = watch.changed if watch else set()
        groups = [group.model_copy(update={"changed": j in changed}) for j, group in enumerate(self._groups[number])]
        fresh = watch.fresh if watch else not optimizer.state
        return RecordedOptimizer(kind=_class_name(optimizer), groups=tuple(groups), fresh=fresh)

    def _look_at_groups(self, number: int, update: int = 0) -> None:
        """Note the groups of an optimizer that are new."""
        known = self._groups[number]
        for group in self.optimizers[number].param_groups[len(known) :]:
            parts = self._parts_of(group)
            if len(parts) < len(group["params"]) and not self.finds_optimizers:
                raise ValueError("a parameter group was added whose parameters were not there at the start")
            known.append(RecordedGroup(settings=dict(settings_of(group)), parts=parts, first_update=update))
            self._trained_by[number].update(parts)

    def _look_at_longer_groups(self, number: int) -> None:
        """Note parameters that were put into a known group of an optimizer."""
        groups = self.optimizers[number].param_groups
        for j, (group, known) in enumerate(zip(groups, self._groups[number], strict=False)):
            if len(group["params"]) > len(known.parts):
                parts = self._parts_of(group)
                if len(parts) < len(group["params"]) and not self.finds_optimizers:
                    raise ValueError("a parameter was added to a group that was not there at the start")
                self._groups[number][j] = known.model_copy(update={"parts": parts})
                self._trained_by[number].update(parts)

    def _parts_of(self, group: dict[str, Any]) -> tuple[int, ...]:
        """Places of a parameter group's tensors, as far as theta has them."""
        return tuple(self._places[id(tensor)] for tensor in group["params"] if id(tensor) in self._places)

    def _in_memory(self, tensors: list[torch.Tensor]) -> list[torch.Tensor]:
        """The tensors themselves. ValueError where memory was let go of."""
        if not all(map(_address, tensors)):  # such as by untyped_storage().resize_(0), while it is elsewhere
            for name, tensor in zip(self._names, tensors, strict=True):
                if tensor.numel() and not tensor.data_ptr():
                    raise ValueError(f"the memory of {name} was let go of while it was recorded")
        return tensors

    def _look_for_thawed(self) -> None:
        tensors = self._tensors  # a loop may set gradients itself, of what does not ask for them
        self._frozen = [i for i in self._frozen if not tensors[i].requires_grad and tensors[i].grad is None]


def _plain_name(dtype: torch.dtype) -> str:
    """Such as "float32"."""
    return str(dtype).removeprefix("torch.")


def _itself(optimizer: torch.optim.Optimizer) -> torch.optim.Optimizer:
    """The optimizer whose step makes the updates: one inside of it that has the same hooks, as in Fabric's proxies."""
    hooks = getattr(optimizer, "_optimizer_step_pre_hooks", None)
    if hooks is None:
        return optimizer
    inside = (value for value in vars(optimizer).values() if isinstance(value, torch.optim.Optimizer))
    return next((inner for inner in inside if inner._optimizer_step_pre_hooks is hooks), optimizer)


def _class_name(thing: object) -> str:
    return f"{type(thing).__module__}.{type(thing).__qualname__}"


# -- models and optimizers that cannot be recorded ---------------------------------------------------------------------


def _refuse_others(model: object, optimizers: Sequence[object], none_needed: bool = False) -> None:
    """UserError if they are no model and no optimizers, each once; ``none_needed``: the model alone will do."""
    if not isinstance(model, torch.nn.Module):
        raise UserError(f"record was given a {type(model).__name__} as model; it needs a torch.nn.Module")
    if not optimizers and not none_needed:
        raise UserError(
            "record was given no optimizer; it needs the one whose step() the loop calls, or None, to find those that "
            "train the model"
        )
    for optimizer in optimizers:
        hooks = getattr(optimizer, "_optimizer_step_pre_hooks", None)
        if not isinstance(optimizer, torch.optim.Optimizer) or hooks is None:
            raise UserError(
                f"record was given a {type(optimizer).__name__} as optimizer; it needs a torch.optim.Optimizer, or a "
                "list of them; if this one wraps another, give record that one"
            )
    if len({id(optimizer) for optimizer in optimizers}) < len(optimizers):
        raise UserError("record was given the same optimizer twice; give it each once")


def _refuse_unrecordable(named: dict[str, torch.Tensor]) -> None:
    """UserError if one of them has no real numbers in memory of its own, or if there is nothing to record."""
    for name, tensor in named.items():
        if torch.nn.parameter.is_lazy(tensor):
            raise UserError(f"{name} has no shape yet: run one batch through the model before record")
        if tensor.is_meta:
            raise UserError(f"{name} is on the meta device and has no numbers: give the model its parameters first")
        if not tensor.is_floating_point():
            raise UserError(f"{name} is of type {tensor.dtype}; record needs parameters that are real numbers")
        if not lies_in_memory(tensor):
            kind = type(tensor).__name__ if tensor.layout == torch.strided else str(tensor.layout)
            raise UserError(
                f"{name} ({kind}) has no memory of its own with a number for each entry, as sparse, sharded and "
                "quantised parameters have none; record needs plain ones"
            )
    if not any(tensor.numel() for tensor in named.values()):
        raise UserError("the model has no parameters, so there is nothing to record: give record the model that learns")


def _refuse_anothers(model: torch.nn.Module, optimizers: Sequence[torch.optim.Optimizer]) -> None:
    """UserError if no optimizer trains anything of the model."""
    held = {id(tensor) for optimizer in optimizers for group in optimizer.param_groups for tensor in group["params"]}
    if not any(id(tensor) in held for tensor in model.parameters()):
        kinds = ", ".join(type(optimizer).__name__ for optimizer in optimizers)
        raise UserError(
            f"record was given a {type(model).__name__}, and none of its {len(list(model.parameters()))} parameter "
            f"tensors is in the optimizer ({kinds}); it needs a model and the optimizer that trains it. A model "
            "that was copied, or made anew, after its optimizer has other tensors: make the optimizer from those"
        )
