"""record(model, optimizer, path): every update of somebody's own torch loop becomes a trace.

Hooks around each step of the optimizer do the work: they copy theta and the gradient that the step uses, see `Recorder`
for when. The loop computes what it would have computed without, bit for bit: it runs as it is, no random number is
drawn. What the recorder can't do (the disk is full, say) ends the recording with a warning, never the loop.
"""

import ctypes
import operator
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from os import PathLike
from pathlib import Path

import numpy as np
import torch
from gradreel.core.arrays import IntArray
from gradreel.core.errors import UserError, listed
from gradreel.core.recording.deferred_signals import DeferredSignals
from gradreel.core.recording.recorded_model import RecordedModel
from gradreel.core.recording.step_recorder import INTERRUPTED, Recorder
from gradreel.core.trace.recorded_run import METRIC_NAME, MOST_COUNTED, is_metric_name
from gradreel.core.trace.writing import one_writer, refuse_foreign

Optimizers = torch.optim.Optimizer | Sequence[torch.optim.Optimizer] | None
Number = float | torch.Tensor


@contextmanager
def record(
    model: torch.nn.Module,
    optimizer: Optimizers,
    path: str | Path,
    keep: str | Mapping[str, int] = "every update",
) -> Iterator["Recording"]:
    """Record the updates that ``optimizer`` (or each of several) makes inside the ``with``, as a trace in ``path``.

    ``optimizer`` None: each that trains the model is found when it first steps, whoever made it: Lightning, say, or
    the Trainer of Hugging Face.

    An update is one ``step()``; one that a GradScaler skips is none. ``keep={"every": k}``: only the states after 0, k,
    2k, ... updates, and the last, are kept with the gradients that left them. theta is the model's parameters in the
    order of ``named_parameters()``, then what only an optimizer has (a warning names it), as float32, or float64 if any
    of them is. The gradient is the one that the optimizer uses, after clipping, also by step pre-hooks; of an optimizer
    that computes it several times in a step by a closure, as LBFGS does, it is that of the last time, not that of the
    state before.

    Parameters that are frozen when the recording begins (they ask for no gradient, or no optimizer has them) are no
    part of theta. They and the buffers are copied beside it, whatever their dtype, for `Trace.state_dict`: for a kept
    state, each whose bytes are others than those of its last copy; see `Untrained` for when a frozen one is read.
    Buffers are those right after an update; of the last state, those when the loop ends. One that is trained later has
    its values in the kept states from then on, and no gradients; a warning names it.

    An exception in the loop goes on, with a note; what was recorded up to the last finished update is kept then as
    ``<path>.interrupted``, or ``<path>.interrupted-2``, ...: what an earlier run left there is never replaced. So it is
    when the recorder itself can't go on, such as on a full disk, or since a parameter has got another dtype: that is a
    warning, and the loop goes on unrecorded. Ctrl+C once the loop has ended waits until the recording is whole. A trace
    that was at ``path`` is replaced only once the new one is whole. UserError: model, optimizer or path cannot be
    recorded, or no update was made.
    """
    path = _folder_named(path)
    if isinstance(optimizer, torch.optim.Optimizer) or not isinstance(optimizer, Iterable | None):
        optimizer = [optimizer]
    recorded = RecordedModel(model, None if optimizer is None else list(optimizer))
    every = _kept_every(keep)
    refuse_foreign(path)
    if recorded.outside:
        warnings.warn(_told_of_outside(model, recorded.outside), stacklevel=3)  # the line of the `with`
    if recorded.untrained.left_out:
        warnings.warn(_told_of_left_out(recorded.untrained.left_out), stacklevel=3)
    ended: BaseException | None = None
    with DeferredSignals() as signals, ExitStack() as stack:
        stack.enter_context(one_writer(path.parent, path.name, wait=False))
        recorder = Recorder(recorded, every, path, signals)
        with ExitStack() as files:
            writer = files.enter_context(recorder.files())
            try:
                with recorder.listening(writer):
                    yield Recording(recorder)
            except BaseException as error:
                ended = error
            if recorder.elsewhere:  # a fork of the process that records has come here
                _leave_alone(files.pop_all(), stack.pop_all())
            else:
                try:
                    signals.call(recorder.complete, files, writer, ended)
                except UserError:
                    raise
                except BaseException as error:  # Ctrl+C, obeyed now
                    ended = error
    if ended is not None:
        if not recorder.elsewhere:
            ended.add_note(recorder.told())
        raise ended


class Recording:
    """What a loop may say of its updates while it is recorded."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    @property
    def updates(self) -> int:
        """How many updates have been made."""
        return self._recorder.updates

    def log(
        self,
        metrics: Mapping[str, Number] | None = None,
        /,
        *,
        loss: Number | None = None,
        epoch: int | None = None,
        batch: Sequence[int] | IntArray | torch.Tensor | None = None,
        update: int | None = None,
        **named: Number,
    ) -> None:
        """Note an update's loss (a number or a tensor with one), its epoch, which examples its batch had, and metrics.

        What is logged between a ``step()`` and the next ``backward()`` belongs to that step's update, all else to the
        coming one; in a loop that logs before its first ``backward()``, all does. ``update``, counted from 0, says
        outright which one is meant. An update's loss is the mean of all that was logged of it, such as of each
        micro-batch of an accumulated gradient; its batch has the examples of all, its epoch is the last. What led to a
        step that a GradScaler skipped is left out.

        Any other metrics, by name or in a mapping (which may have the loss, too), are kept one by one with how many
        updates had been made: `Trace.metrics`. A run has at most 1000 names of metrics, each of 1 to 200 printable
        characters.

        ValueError for what is no number, what is given twice, and for an ``update`` that is not there, or so long ago
        that it has been written. After the ``with`` it is too late for any; that is a warning.
        """
        recorder = self._recorder
        if not recorder.goes_on:
            return
        if recorder.over:
            recorder.warn_of_late_log()
            return
        numbers = _numbers(metrics, named if loss is None else {**named, "loss": loss})
        number = numbers.pop("loss", None)
        recorder.log.refuse_more_names(numbers)
        epoch = None if epoch is None else _epoch(epoch)
        examples = None if batch is None else _examples(batch)
        first = recorder.log.first
        if update is not None and not first <= _whole("update", update) <= recorder.updates:
            raise ValueError(f"update {update} cannot be logged: those from {first} to {recorder.updates} can")
        recorder.log.note(update, loss=number, epoch=epoch, batch=examples)
        for name, value in numbers.items():
            recorder.log.note_metric(name, value)


def _kept_every(keep: str | Mapping[str, int]) -> int:
    match keep:
        case "every update":
            return 1
        case {"every": int(every), **others} if not others and 1 <= every <= MOST_COUNTED:
            return every
    raise UserError(f'keep is {keep!r}; record can keep "every update" or {{"every": k}}, k being 1 or more')


def _folder_named(path: object) -> Path:
    """The absolute path of the trace's folder. UserError for what cannot be the name of a folder."""
    if not isinstance(path, (str, PathLike)):
        raise UserError(f"record was given a {type(path).__name__} as path; it needs the name of a folder")
    try:
        folder = Path(path).expanduser().resolve()
        folder.with_name(f"{folder.name}{INTERRUPTED}-99").exists()  # an OSError for too long a name; / has none
    except OSError as error:
        raise UserError(f"{path} cannot be the folder of a trace: {error.strerror}; choose another path") from None
    except (TypeError, ValueError, RuntimeError) as error:  # of bytes, of a null character, of ~nobody
        raise UserError(f"{path!r} cannot be the folder of a trace: {error}; choose another path") from None
    return folder


def _told_of_outside(model: torch.nn.Module, names: Sequence[str]) -> str:
    quoted = listed([f'"{name}"' for name in names])
    return (
        f"record: the optimizer also holds what is no parameter of the {type(model).__name__}; it is recorded, too, "
        f"as {quoted}. If it is another model's, it has its own names when record is given both in one, such as "
        "torch.nn.ModuleList([a, b]); to record one of them alone, give each an optimizer of its own"
    )


def _told_of_left_out(names: Sequence[str]) -> str:
    return (
        f"record: {listed(names)}: no plain memory with a number for each entry, as sparse, sharded and meta tensors "
        "have none; the state_dict() of the trace leaves it out: load it with strict=False"
    )


def _leave_alone(*contexts: ExitStack) -> None:
    """In a forked process: neither finish nor, when Python ends, clear away what is the parent's."""
    for context in contexts:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(context))  # a reference that is never given back


def _numbers(metrics: Mapping[str, Number] | None, named: Mapping[str, Number]) -> dict[str, float]:
    """All metrics as plain numbers, by name. ValueError for what is no number, or has no name that can be shown."""
    if not isinstance(metrics, Mapping | None):
        raise ValueError(f"{metrics!r} cannot be logged: it has no name; log(loss=...), or a mapping of names")
    numbers: dict[str, float] = {}
    for key, value in [*(metrics or {}).items(), *named.items()]:
        name = str(key)
        if not is_metric_name(name):
            raise ValueError(f"{name[:50]!r} cannot be logged: the name of a metric has {METRIC_NAME}")
        if name in numbers:
            raise ValueError(f"{name} cannot be logged: it is given twice")
        numbers[name] = _number(name, value)
    return numbers


def _number(name: str, value: Number) -> float:
    if isinstance(value, torch.Tensor) and value.numel() != 1:
        raise ValueError(f"{name} of shape {tuple(value.shape)} cannot be logged: one number is, such as its mean()")
    try:
        return float(value.item() if isinstance(value, torch.Tensor) else value)
    except (TypeError, ValueError, OverflowError, RuntimeError):  # the last from a tensor on the meta device
        raise ValueError(f"{name} {value!r} cannot be logged: it must be a number, or a tensor with one") from None


def _whole(name: str, number: int) -> int:
    try:
        return operator.index(number)
    except TypeError:
        raise ValueError(f"{name} {number!r} cannot be logged: it must be a whole number") from None


def _epoch(epoch: int) -> int:
    number = _whole("epoch", epoch)
    if not 0 <= number < 2**31:
        raise ValueError(f"epoch {epoch} cannot be logged: it must be from 0 to {2**31 - 1}")
    return number


def _examples(batch: Sequence[int] | IntArray | torch.Tensor) -> IntArray:
    """A copy, (B,)."""
    numbers = batch.detach().cpu().numpy() if isinstance(batch, torch.Tensor) else np.asarray(batch)
    if numbers.ndim == 0:
        raise ValueError(
            f"batch {batch!r} cannot be logged: it takes the examples that the batch had, such as [4, 7]; the number "
            "of a batch is a metric, by a name of its own: log(batch_number=...)"
        )
    examples = numbers.reshape(-1)
    if len(examples) and not np.issubdtype(examples.dtype, np.integer):
        raise ValueError(f"batch holds {examples.dtype}; the numbers of the examples are needed")
    return examples.astype(np.int64)
