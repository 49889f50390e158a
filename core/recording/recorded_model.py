"""A model and its optimizers as a recorder sees them: the tensors of theta, and the optimizers' settings."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import zip_longest
from operator import attrgetter
from typing import Any

import torch
from gradreel.core.errors import UserError
from gradreel.core.recording.optimizer_hooks import first_after_gradient
from gradreel.core.recording.optimizer_watch import OptimizerWatch, Setting, settings_of, state_digest
from gradreel.core.recording.row_writer import RowWriter
from gradreel.core.recording.untrained import Untrained, asks_for_gradient, is_gone, lies_in_memory, plain_name
from gradreel.core.trace.earlier_run import EarlierRun
from gradreel.core.trace.recorded_run import (
    COMPUTED_KINDS,
    RecordedGroup,
    RecordedOptimizer,
    RecordedPart,
    RecordedRun,
    RecordedTensor,
)
from gradreel.core.trace.write_behind import ColumnWriter

# For map, since a loop in Python over all tensors at each update takes several times as long
_address, _dtype = torch.Tensor.data_ptr, attrgetter("dtype")


class RecordedModel:
    """The parts of theta: the model's parameters, each once, then those that only an optimizer has.

    Parameters
    ----------
    model
        The model.
    optimizers
        Its optimizers. With None, optimizers are added by `add_optimizer` as they are found. Of their parameters only
        the model's are recorded then.

    Raises
    ------
    UserError
        If model or optimizers cannot be recorded.
    """

    def __init__(self, model: torch.nn.Module, optimizers: list[torch.optim.Optimizer] | None) -> None:
        self.finds_optimizers = optimizers is None
        optimizers = list(map(_inner_optimizer, optimizers or []))
        self.optimizers: list[torch.optim.Optimizer | None] = []  # None: of an earlier run, and not found yet
        self._model = model
        _refuse_wrong_types(model, optimizers, none_needed=self.finds_optimizers)
        named: dict[str, torch.Tensor] = dict(model.named_parameters())
        is_frozen = _frozen_test(list(named.values()), optimizers)
        known_ids = {id(tensor) for tensor in named.values()}
        named = {name: tensor for name, tensor in named.items() if not is_frozen(tensor)}
        self.outside: list[str] = []  # names of parameters that only an optimizer has
        for i, optimizer in enumerate(optimizers):
            for j, group in enumerate(optimizer.param_groups):
                for k, tensor in enumerate(group["params"]):
                    if id(tensor) not in known_ids and tensor.is_floating_point():
                        known_ids.add(id(tensor))
                        self.outside.append(f"optimizer {i}, group {j}, {k}")
                        named[self.outside[-1]] = tensor
        _refuse_lazy(model)
        _refuse_unrecordable(named)
        if not self.finds_optimizers:
            _refuse_unrelated_model(model, optimizers)
        self._names, self._tensors = list(named), list(named.values())
        self._places = {id(tensor): place for place, tensor in enumerate(self._tensors)}
        self._dtypes = [tensor.dtype for tensor in self._tensors]
        is_wide = any(tensor.dtype == torch.float64 for tensor in self._tensors)
        self.dtype = torch.float64 if is_wide else torch.float32
        self._shapes = [tensor.shape for tensor in self._tensors]
        self.untrained = Untrained(model, self._places)
        self._known = known_ids | {id(tensor) for optimizer in optimizers for tensor in _tensors_of(optimizer)}
        self._held: set[int] = set()  # ids of all tensors that optimizers have had
        self._groups: list[list[RecordedGroup]] = []  # groups of each optimizer
        self._watches: list[OptimizerWatch | None] = []  # for each optimizer, from its first update on
        self._skipped: set[int] = set()  # parts that had no gradient at some update
        self._plain_gradients = True  # whether so far each part has had a gradient that is not sparse
        self._trained_by: list[set[int]] = []  # for each optimizer, the parts that it trains
        self._earlier: EarlierRun | None = None
        self._state_digests: dict[int, str] = {}  # of the optimizers' states at the end
        self.lost_states: list[str] = []  # optimizers that go on without the state that they had in the earlier run
        for optimizer in optimizers:
            self.add_optimizer(optimizer)

    def add_optimizer(self, optimizer: torch.optim.Optimizer) -> int:
        """Record an optimizer's updates from now on, and return its number, counted from 0."""
        for number, known in enumerate(self.optimizers):
            if known is None and self._earlier and not self._optimizer_difference(optimizer, self._earlier.run, number):
                self.optimizers[number] = optimizer
                return number
        self._add_entries(optimizer)
        self._look_at_groups(len(self.optimizers) - 1)
        return len(self.optimizers) - 1

    def _add_entries(self, optimizer: torch.optim.Optimizer | None) -> None:
        """Add the entries of another optimizer to all lists."""
        self.optimizers.append(optimizer)
        self._groups.append([])
        self._watches.append(None)
        self._trained_by.append(set())

    def resume(self, earlier: EarlierRun) -> None:
        """Go on after an earlier run, from which this model does not differ."""
        self._earlier = earlier
        self._skipped |= {i for i, part in enumerate(earlier.run.parts) if part.skipped}
        for number, optimizer in enumerate(earlier.run.optimizers):
            if number == len(self.optimizers):  # it is found at its first step
                self._add_entries(None)
            self._groups[number] = list(optimizer.groups)
            self._trained_by[number] = {part for group in optimizer.groups for part in group.parts}

    def differences_from(self, run: RecordedRun) -> Iterator[str]:
        """Yield the differences of names, shapes, dtypes and optimizers from a recorded run, as texts for a message."""
        described = self.described()
        for name, kind in (("parts", "trained"), ("tensors", "buffers and frozen")):
            present, before = described[name], getattr(run, name)
            for one, other in zip_longest(present, before):
                if one is None or other is None:
                    tensor, where = (other, "the recorded run") if one is None else (one, "the model")
                    yield f"only {where} has {tensor.name} among its {kind} tensors"
                elif (one.name, one.shape, one.dtype) != (other.name, other.shape, other.dtype):
                    yield f"{_tensor_text(other)} was recorded, and the model has {_tensor_text(one)}"
        for number, optimizer in enumerate(self.optimizers):
            if optimizer is not None and number < len(run.optimizers):
                difference = self._optimizer_difference(optimizer, run, number)
                yield from [difference] if difference else []
        if not self.finds_optimizers and len(self.optimizers) != len(run.optimizers):
            yield f"{len(run.optimizers)} optimizers made it, and record was given {len(self.optimizers)}"

    def _optimizer_difference(self, optimizer: torch.optim.Optimizer, run: RecordedRun, number: int) -> str:
        """Return how an optimizer differs from optimizer ``number`` of a recorded run; "" if it does not."""
        recorded = run.optimizers[number]
        if _class_name(optimizer) != recorded.kind:
            return f"its optimizer {number} is a {recorded.kind}, and this one a {_class_name(optimizer)}"
        for j, (group, known) in enumerate(zip(optimizer.param_groups, recorded.groups, strict=False)):
            if self._parts_of(group) != known.parts:
                return f"group {j} of its optimizer {number} trains other parameters than that of this one"
        return ""

    def rows_of(self, column: ColumnWriter, digests: bool = False) -> RowWriter:
        """Return a writer of vectors as long as theta into ``column``.

        ``digests``: whether it computes each row's digest.
        """
        return RowWriter(self._shapes, self.dtype, column, digests)

    def state(self) -> list[torch.Tensor]:
        """Return theta's tensors. Raises ValueError if a tensor's memory was freed or its dtype has changed."""
        if list(map(_dtype, self._tensors)) != self._dtypes:
            for name, before, tensor in zip(self._names, self._dtypes, self._tensors, strict=True):
                if tensor.dtype != before:
                    change = f"from {plain_name(before)} to {plain_name(tensor.dtype)}"
                    raise ValueError(f"the dtype of {name} changed {change}")
        self._refuse_gone(self._tensors)
        return self._tensors

    def gradients_at_step_of(self, number: int) -> list[torch.Tensor | None]:
        """Return the gradients of all of theta's tensors at a step of optimizer ``number``; None for one without."""
        gradients: list[Any] = [tensor.grad for tensor in self._tensors]
        if self._plain_gradients:
            try:
                self._refuse_gone(gradients)  # raises TypeError if a gradient is None
                return gradients
            except (TypeError, RuntimeError):
                self._plain_gradients = False  # use the slower code below from now on
        missing = {i for i, gradient in enumerate(gradients) if gradient is None}
        self._skipped |= missing & self._trained_by[number]
        dense = [g.to_dense() if g is not None and g.is_sparse else g for g in gradients]
        self._refuse_gone([g for g in dense if g is not None])
        return dense

    def is_trained_by(self, optimizer: torch.optim.Optimizer) -> bool:
        """Return whether an optimizer has any part of theta."""
        groups = getattr(optimizer, "param_groups", ())  # a GradScaler may be given an object without groups
        return any(id(tensor) in self._places for group in groups for tensor in group["params"])

    def mark_thawed_by(self, optimizer: torch.optim.Optimizer) -> list[str]:
        """Mark as thawed what an optimizer trains and was frozen when the recording began; return the names."""
        groups = getattr(optimizer, "param_groups", ())
        return self.untrained.mark_thawed({id(p) for group in groups for p in group["params"] if p.requires_grad})

    def after_each_gradient(self, hook: Callable[[torch.Tensor], None]) -> AbstractContextManager[None]:
        """Call ``hook`` with each part of theta after a backward pass has computed its gradient."""
        return first_after_gradient([tensor for tensor in self._tensors if tensor.requires_grad], hook)

    def replaced(self) -> list[str]:
        """Return names of model parameters that are not in theta now, and of optimizer groups with such parameters."""
        known_ids = self._places.keys() | self.untrained.frozen_ids()
        named = [(n, tensor) for n, tensor in self._model.named_parameters() if n not in self.untrained.left_out]
        names = [name for name, tensor in named if id(tensor) not in known_ids]
        for number, optimizer in enumerate(self.optimizers):
            for j, group in enumerate(optimizer.param_groups if optimizer else ()):
                if not self._knows_all(group):
                    names.append(f"optimizer {number}, group {j}")
        return names

    def before_update(self, number: int, update: int) -> list[tuple[int, str, float]]:
        """Note that optimizer ``number`` is about to make update ``update``. Return the settings that have changed.

        Each setting is a tuple of its group, its name and its new number.
        """
        optimizer = self.optimizers[number]
        assert optimizer is not None
        groups, watch = optimizer.param_groups, self._watches[number]
        if watch is None:  # settings and state that the loop has set up to here are the initial ones
            watch = self._watches[number] = OptimizerWatch(optimizer, _class_name(optimizer))
            if self._goes_on(number):
                watch.resume([self._last_settings(number, j) for j in range(len(self._groups[number]))])
                self._check_state(number, optimizer, watch)
            else:
                self._groups[number].clear()
                self._trained_by[number].clear()
        if len(groups) > len(self._groups[number]):
            self._look_at_groups(number, update)
        changes = watch.changes_before_update()
        if watch.changed:
            self._look_at_longer_groups(number)
        return changes

    def mark_changed(self, number: int, group: int) -> None:
        """Note that the updates of a parameter group cannot be computed again."""
        watch = self._watches[number]
        if watch is not None:
            watch.changed.add(group)

    def after_update(self, number: int) -> None:
        """Note that optimizer ``number`` has made its update."""
        watch = self._watches[number]
        if watch is not None:
            watch.after_update()

    def note_final_states(self) -> None:
        """Note the digests of the optimizers' states, with which a later recording can compare."""
        for number, optimizer in enumerate(self.optimizers):
            if optimizer is not None and _class_name(optimizer) in COMPUTED_KINDS:
                self._state_digests[number] = state_digest(optimizer)

    def _goes_on(self, number: int) -> bool:
        """Return whether an optimizer made updates in the earlier run."""
        earlier = self._earlier
        return earlier is not None and number < len(earlier.run.optimizers) and earlier.updates_of(number) > 0

    def _last_settings(self, number: int, group: int) -> dict[str, Setting]:
        """Return the settings of a parameter group at the end of the earlier run."""
        assert self._earlier is not None
        settings: dict[str, Setting] = dict(self._groups[number][group].settings)
        for (i, j, name), value in self._earlier.last_settings.items():
            if (i, j) == (number, group):
                key, _, position = name.partition(".")
                numbers = settings.get(key)
                if position and isinstance(numbers, tuple):
                    settings[key] = (*numbers[: int(position)], value, *numbers[int(position) + 1 :])
                else:
                    settings[name] = value
        return settings

    def _check_state(self, number: int, optimizer: torch.optim.Optimizer, watch: OptimizerWatch) -> None:
        """Note an optimizer that has another state than at the end of the earlier run, as far as that is known.

        Of a run whose process was killed, only the step counts are known, and whether there was a state at all.
        """
        assert self._earlier is not None
        known = self._earlier.run.optimizers[number]
        if known.kind not in COMPUTED_KINDS:
            return
        if known.state is not None:
            is_same = known.state == state_digest(optimizer)
        else:
            has_state = known.kind != COMPUTED_KINDS[0] or any(
                self._last_settings(number, j).get("momentum") for j in range(len(known.groups))
            )
            steps = {float(state["step"]) for state in optimizer.state.values() if "step" in state}
            is_known = known.fresh and not self._skipped and all(not group.first_update for group in known.groups)
            is_same = not has_state or not watch.fresh
            is_same &= not is_known or steps <= {float(self._earlier.updates_of(number))}
        if not is_same:
            watch.changed |= set(range(len(optimizer.param_groups)))
            self.lost_states.append(type(optimizer).__name__)

    def described(self) -> dict[str, Any]:
        """Return the fields of a `RecordedRun` that describe the model and its optimizers."""
        self.untrained.note_trained(self._held)
        parts = tuple(
            RecordedPart(
                name=name,
                shape=tuple(shape),
                dtype=plain_name(dtype),
                trained=any(i in parts for parts in self._trained_by),
                skipped=i in self._skipped,
            )
            for i, (name, shape, dtype) in enumerate(zip(self._names, self._shapes, self._dtypes, strict=True))
        )
        optimizers = tuple(map(self._described_optimizer, range(len(self.optimizers))))
        return {
            "model": _class_name(self._model),
            "parts": parts,
            "optimizers": optimizers,
            "dtype": plain_name(self.dtype),
            "tensors": tuple(self.untrained.described),
            "copies": self.untrained.copies,
            "copied_bytes": self.untrained.copied_bytes,
            "state_dict": self.untrained.keys,
        }

    def no_update_seen(self) -> str:
        """Return the error for a recording without updates, with possible reasons."""
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
        """Return the description of an optimizer."""
        optimizer, watch = self.optimizers[number], self._watches[number]
        changed = watch.changed if watch else set()
        groups = [
            group.model_copy(update={"changed": group.changed or j in changed})
            for j, group in enumerate(self._groups[number])
        ]
        if self._earlier is not None and (optimizer is None or self._goes_on(number)):
            known = self._earlier.run.optimizers[number]
            state = known.state if watch is None else None
            update = {"groups": tuple(groups), "state": self._state_digests.get(number, state)}
            return known.model_copy(update=update)
        assert optimizer is not None
        fresh, state = watch.fresh if watch else not optimizer.state, self._state_digests.get(number)
        return RecordedOptimizer(kind=_class_name(optimizer), groups=tuple(groups), fresh=fresh, state=state)

    def _look_at_groups(self, number: int, update: int = 0) -> None:
        """Note new groups of an optimizer. Raises ValueError if one has parameters that are not recorded."""
        known_groups, optimizer = self._groups[number], self.optimizers[number]
        for group in optimizer.param_groups[len(known_groups) :] if optimizer else ():
            parts = self._parts_of(group)
            if not self._knows_all(group):
                raise ValueError("a parameter group was added whose parameters were not there at the start")
            known_groups.append(RecordedGroup(settings=dict(settings_of(group)), parts=parts, first_update=update))
            self._trained_by[number].update(parts)

    def _look_at_longer_groups(self, number: int) -> None:
        """Note parameters that were added to known groups. Raises ValueError if one is not recorded."""
        optimizer = self.optimizers[number]
        groups = optimizer.param_groups if optimizer else ()
        for j, (group, recorded_group) in enumerate(zip(groups, self._groups[number], strict=False)):
            if len(group["params"]) > len(recorded_group.parts):
                parts = self._parts_of(group)
                if not self._knows_all(group):
                    raise ValueError("a parameter was added to a group that was not there at the start")
                self._groups[number][j] = recorded_group.model_copy(update={"parts": parts})
                self._trained_by[number].update(parts)

    def _knows_all(self, group: dict[str, Any]) -> bool:
        """Return whether all tensors of a parameter group existed at the start, in the model or in an optimizer.

        If optimizers are found at their first step, return True.
        """
        self._held.update(map(id, group["params"]))
        return self.finds_optimizers or all(id(tensor) in self._known for tensor in group["params"])

    def _parts_of(self, group: dict[str, Any]) -> tuple[int, ...]:
        """Return the numbers of a parameter group's tensors among theta's parts; tensors outside theta are left out."""
        return tuple(self._places[id(tensor)] for tensor in group["params"] if id(tensor) in self._places)

    def _refuse_gone(self, tensors: Sequence[torch.Tensor]) -> None:
        """Raise ValueError if the memory of a tensor was freed."""
        if all(map(_address, tensors)) or not any(map(is_gone, tensors)):
            return
        named = zip(self._names, self._tensors, strict=True)
        name = next((name for name, tensor in named if is_gone(tensor)), "a gradient")
        raise ValueError(f"the memory of {name} was let go of while it was recorded")


def _frozen_test(
    parameters: Sequence[torch.Tensor], optimizers: Sequence[torch.optim.Optimizer]
) -> Callable[[torch.Tensor], bool]:
    """Return a function that says whether a parameter of the model is frozen when the recording begins.

    A parameter is frozen if no optimizer has it, or if it asks for no gradient. If none of an optimizer's tensors asks
    for one, all count as trained. Such an optimizer trains, for instance, one half of a model while the other half is
    frozen. Without optimizers, parameters that ask for no gradient are frozen, unless none asks for one.
    """
    groups = [list(_tensors_of(optimizer)) for optimizer in optimizers] or [list(parameters)]
    trained: set[int] = set()
    for tensors in groups:
        asking = [tensor for tensor in tensors if asks_for_gradient(tensor)]
        trained |= {id(tensor) for tensor in asking or tensors}
    return lambda tensor: id(tensor) not in trained


def _tensors_of(optimizer: torch.optim.Optimizer) -> Iterator[torch.Tensor]:
    """Yield the tensors of an optimizer."""
    for group in optimizer.param_groups:
        yield from group["params"]


def _inner_optimizer(optimizer: torch.optim.Optimizer) -> torch.optim.Optimizer:
    """Return the optimizer that makes the updates: the inner one of a wrapper that shares its hooks, as in Fabric."""
    hooks = getattr(optimizer, "_optimizer_step_pre_hooks", None)
    if hooks is None:
        return optimizer
    inside = (value for value in vars(optimizer).values() if isinstance(value, torch.optim.Optimizer))
    return next((inner for inner in inside if inner._optimizer_step_pre_hooks is hooks), optimizer)


def _tensor_text(tensor: RecordedPart | RecordedTensor) -> str:
    """Return name, shape and dtype of a tensor for a message."""
    return f"{tensor.name} {tensor.shape} {tensor.dtype}"


def _class_name(thing: object) -> str:
    """Return the full name of an object's class, such as "torch.optim.sgd.SGD"."""
    return f"{type(thing).__module__}.{type(thing).__qualname__}"


# -- models and optimizers that cannot be recorded ---------------------------------------------------------------------


def _refuse_wrong_types(model: object, optimizers: Sequence[object], none_needed: bool = False) -> None:
    """Raise UserError if these are no model and no optimizers, or an optimizer occurs twice.

    ``none_needed``: whether a model without optimizers is enough.
    """
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


def _refuse_lazy(model: torch.nn.Module) -> None:
    """Raise UserError if a parameter has no shape yet."""
    for name, tensor in model.named_parameters():
        if torch.nn.parameter.is_lazy(tensor):
            raise UserError(f"{name} has no shape yet: run one batch through the model before record")


def _refuse_unrecordable(named: dict[str, torch.Tensor]) -> None:
    """Raise UserError if a parameter has no real numbers in memory of its own, or if there is no parameter at all."""
    for name, tensor in named.items():
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


def _refuse_unrelated_model(model: torch.nn.Module, optimizers: Sequence[torch.optim.Optimizer]) -> None:
    """Raise UserError if no optimizer has any parameter of the model."""
    held = {id(tensor) for optimizer in optimizers for tensor in _tensors_of(optimizer)}
    if not any(id(tensor) in held for tensor in model.parameters()):
        kinds = ", ".join(type(optimizer).__name__ for optimizer in optimizers)
        raise UserError(
            f"record was given a {type(model).__name__}, and none of its {len(list(model.parameters()))} parameter "
            f"tensors is in the optimizer ({kinds}); it needs a model and the optimizer that trains it. A model "
            "that was copied, or made anew, after its optimizer has other tensors: make the optimizer from those"
        )
