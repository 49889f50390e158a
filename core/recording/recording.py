"""record(model, optimizer, path): every update of somebody's own torch loop becomes a trace.

Hooks around each step of the optimizer do the work: they copy theta and the gradient that the step uses, see `Recorder`
for when. The loop computes what it would have computed without, bit for bit: it runs as it is, no random number is
drawn. What the recorder can't do (the disk is full, say) ends the recording with a warning, never the loop.
"""

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from os import PathLike
from pathlib import Path
from typing import Any

import torch
from gradreel.core.arrays import IntArray
from gradreel.core.errors import UserError, abbreviated_list
from gradreel.core.recording.deferred_signals import DeferredSignals
from gradreel.core.recording.logged_values import (
    NotKeptError,
    epoch_number,
    example_numbers,
    metric_name,
    number,
    whole_number,
)
from gradreel.core.recording.optimizer_hooks import not_compiled
from gradreel.core.recording.recorded_model import RecordedModel
from gradreel.core.recording.step_recorder import Recorder
from gradreel.core.trace.format import INTERRUPTED
from gradreel.core.trace.recorded_run import MOST_COUNTED
from gradreel.core.trace.writing import refuse_other_data, writer_lock

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

    The trace is in ``<path>.interrupted`` until it is whole, or in ``<path>.interrupted-2``, ... where an earlier run
    has left one: that is never replaced. It can be opened there at any time. A trace that was at ``path`` is replaced
    only once the new one is whole.

    The trace stays in ``<path>.interrupted`` up to its last whole update if:

    - the loop raises an exception, which goes on with a note;
    - the recorder itself cannot go on: the disk is full, say, or a parameter has got another dtype. That is a warning,
      and the loop goes on unrecorded;
    - SIGTERM or SIGHUP ends the process. The trace is closed before; a handler of your own takes precedence. This
      needs the recording to be in the main thread. Ctrl+C once the loop has ended waits until the recording is whole;
    - the process is killed (SIGKILL). All but the last second's updates are there, in models of up to some 10 million
      parameters; in larger ones up to twenty times the seconds that a state takes to write may be missing. With
      ``keep={"every": k}`` the state after the last of them is kept, too, with the buffers of the kept state before.
      Where parameters are on a GPU or of a narrower type, the updates of 0.3 s before a long pause may be missing.
      After a power failure, what the system had not written to the disk is missing; checksums tell.

    UserError: model, optimizer or path cannot be recorded, or no update was made.
    """
    path = _folder_named(path)
    if isinstance(optimizer, torch.optim.Optimizer) or not isinstance(optimizer, Iterable | None):
        optimizer = [optimizer]
    recorded = RecordedModel(model, None if optimizer is None else list(optimizer))
    every = _kept_every(keep)
    refuse_other_data(path)
    if recorded.outside:
        warnings.warn(_told_of_outside(model, recorded.outside), stacklevel=3)  # the line of the `with`
    if recorded.untrained.left_out:
        warnings.warn(_told_of_left_out(recorded.untrained.left_out), stacklevel=3)
    ended: BaseException | None = None
    with DeferredSignals() as signals, ExitStack() as stack:
        stack.enter_context(writer_lock(path.parent, path.name, wait=False))
        recorder = Recorder(recorded, every, path, signals)
        with ExitStack() as files:
            writer = files.enter_context(recorder.files())
            try:
                with recorder.listening(writer, files):
                    yield Recording(recorder)
            except BaseException as error:
                ended = error
            if not recorder.elsewhere:  # else a fork leaves the `with`: files and lock are its parent's
                try:
                    ended_by = None if ended is None else type(ended).__qualname__
                    signals.call(recorder.complete, files, writer, ended_by)
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

    @not_compiled
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
        step that a GradScaler skips is left out. Batches are logged in the order of the updates.

        Any other metrics, by name or in a mapping (which may have the loss, too), are kept one by one with how many
        updates had been made: `Trace.metrics`. A run has at most 1000 names of metrics, each of 1 to 200 printable
        characters. A number may also be a tensor, an array or a list with one number.

        Nothing that is logged ends the loop: what cannot be kept is left out, and a warning says so once by its name.
        """
        recorder = self._recorder
        if recorder.elsewhere:
            return
        if recorder.over and recorder.failure is None:
            recorder.warn_of_late_log()
            return
        told: dict[str, Any] = {"loss": loss, "epoch": epoch, "batch": batch}
        told = {name: value for name, value in told.items() if value is not None}
        recorder.note(lambda: self._log(metrics, told, update, named))

    def _log(self, metrics: object, told: dict[str, Any], update: Any, named: dict[str, Any]) -> None:
        """Note each value that can be kept, and report the others."""
        recorder = self._recorder
        which: int | None = None
        if update is not None:
            with self._reporting():
                which = whole_number("update", update, recorder.updates + 1)
            if which is None:
                return
        log = recorder.log
        given = set(told)
        if "loss" in told:
            with self._reporting():
                log.note_loss(number("loss", told["loss"]), which)
        if "epoch" in told:
            with self._reporting():
                log.note_epoch(epoch_number(told["epoch"]), which)
        if "batch" in told:
            with self._reporting("batch"):
                log.note_batch(example_numbers(told["batch"]), which)
        if not isinstance(metrics, Mapping | None):
            recorder.report("log", "log was given a value without a name: use log(loss=...), or a mapping of names")
            metrics = None
        given &= {"loss"}
        for key, value in [*(metrics or {}).items(), *named.items()]:
            with self._reporting(key):
                name = metric_name(key)
                if name in given:
                    raise NotKeptError(name, "it is given twice")
                given.add(name)
                found = number(name, value)
                if name == "loss":
                    log.note_loss(found, which)
                else:
                    log.note_metric(name, found)

    @contextmanager
    def _reporting(self, name: object = "") -> Iterator[None]:
        """Whatever cannot be kept is reported."""
        try:
            yield
        except NotKeptError as error:
            self._recorder.report(error.name, str(error))
        except ValueError as error:
            self._recorder.report(str(name), f"{name} is not kept: {error}")


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
    quoted = abbreviated_list([f'"{name}"' for name in names])
    return (
        f"record: the optimizer also holds what is no parameter of the {type(model).__name__}; it is recorded, too, "
        f"as {quoted}. If it is another model's, it has its own names when record is given both in one, such as "
        "torch.nn.ModuleList([a, b]); to record one of them alone, give each an optimizer of its own"
    )


def _told_of_left_out(names: Sequence[str]) -> str:
    return (
        f"record: {abbreviated_list(names)}: no plain memory with a number for each entry, as sparse, sharded and meta "
        "tensors have none; the state_dict() of the trace leaves it out: load it with strict=False"
    )
