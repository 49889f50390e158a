"""record(model, optimizer, path): every update of somebody's own torch loop becomes a trace.

Hooks of the optimizer do the work: the state that an update leaves and the gradient that it uses are copied just before
the update. The loop computes what it would have computed without, bit for bit: it runs as it is, no random number is
drawn. What the recorder can't do (the disk is full, say) ends the recording with a warning, never the loop.
"""

import ctypes
import errno
import operator
import os
import shutil
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gradreel.core.arrays import IntArray
from gradreel.core.errors import UserError
from gradreel.core.recorded_model import RecordedModel, RowsOnTheirWay, fingerprint
from gradreel.core.recorded_run import RecordedRun
from gradreel.core.step_hooks import first_after_step, last_before_step
from gradreel.core.trace import META, column_kinds, sealed_meta
from gradreel.core.training import versions
from gradreel.core.uninterrupted import Uninterrupted
from gradreel.core.update_log import UpdateLog
from gradreel.core.write_behind import BLOCK, BLOCKS
from gradreel.core.writing import TraceWriter, new_trace, one_writer

INTERRUPTED = ".interrupted"
_ROWS_AT_MOST = 10_000  # of a column, in a block that is written at once

Optimizers = torch.optim.Optimizer | Sequence[torch.optim.Optimizer]


@contextmanager
def record(
    model: torch.nn.Module,
    optimizer: Optimizers,
    path: str | Path,
    keep: str | Mapping[str, int] = "every update",
) -> Iterator["Recording"]:
    """Record the updates that ``optimizer`` (or each of several) makes inside the ``with``, as a trace in ``path``.

    An update is one ``step()``; one that a GradScaler skips is none. ``keep={"every": k}``: only the states after 0, k,
    2k, ... updates, and the last, are kept with the gradients that left them. theta is the model's parameters in the
    order of ``named_parameters()``, as float32, or float64 if any of them is; buffers are not in it. The gradient is
    the one that the optimizer uses, after clipping, also by step pre-hooks; of an optimizer that computes it several
    times in a step by a closure, as LBFGS does, it is that of the last time, not that of the state before.

    An exception in the loop goes on, with a note; what was recorded up to the last finished update is kept then as
    ``<path>.interrupted``. So it is when the recorder itself can't go on, such as on a full disk, or since a parameter
    has got another dtype: that is a warning, and the loop goes on unrecorded. Ctrl+C once the loop has ended waits
    until the recording is whole. A trace that was at ``path`` is replaced only once the new one is whole. UserError:
    model, optimizer or path are none that can be recorded, or no update was made.
    """
    path = Path(path).resolve()
    is_one = isinstance(optimizer, torch.optim.Optimizer) or not isinstance(optimizer, Iterable)
    recorded = RecordedModel(model, [optimizer] if is_one else list(optimizer))
    every = _kept_every(keep)
    _refuse_foreign(path)
    _refuse_foreign(path.with_name(path.name + INTERRUPTED))
    ended: BaseException | None = None
    with Uninterrupted() as uninterrupted, ExitStack() as stack:
        stack.enter_context(one_writer(path.parent, path.name, wait=False))
        recorder = _Recorder(recorded, every, path, uninterrupted)
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
                    uninterrupted.call(recorder.complete, files, writer, ended)
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

    def __init__(self, recorder: "_Recorder") -> None:
        self._recorder = recorder
        self._after_step: bool | None = None  # what the first call has decided

    @property
    def updates(self) -> int:
        """How many updates have been made."""
        return self._recorder.updates

    def log(
        self,
        *,
        loss: float | torch.Tensor | None = None,
        epoch: int | None = None,
        batch: Sequence[int] | IntArray | torch.Tensor | None = None,
        update: int | None = None,
        after_step: bool | None = None,
    ) -> None:
        """Note an update's loss (a number or a tensor with one), its epoch, and which examples its batch had.

        Which update: ``after_step=False``, the coming one; ``after_step=True``, the one just made. ``update``, counted
        from 0, says it outright. If neither is given, it is as in the first call; and if not there either, the coming
        one if no update had been made then. So a loop that logs after each ``step()`` must say ``after_step=True`` if
        its first step may be skipped, as a GradScaler does as a rule with float16: else each loss stands with the
        update after its own.

        What is logged twice of a coming update, or by ``update``, counts as it was logged last. After a step it counts
        as it was logged first: what comes again with no update in between is that of a skipped step. ValueError for an
        ``update`` that is not there, or so long ago that it has been written.
        """
        if not self._recorder.goes_on:
            return
        made = self._recorder.updates
        after = False
        if update is None:
            after = self._is_after_step(after_step)
            update = made - after
        number = None if loss is None else _number(loss)
        epoch = None if epoch is None else _epoch(epoch)
        examples = None if batch is None else _examples(batch)
        if after and made == 0:
            return  # the step was skipped
        first = self._recorder.log.first
        if not first <= operator.index(update) <= made:
            raise ValueError(f"update {update} cannot be logged: those from {first} to {made} can")
        self._recorder.log.note(update, number, epoch, examples, again=not after)

    def _is_after_step(self, said: bool | None) -> bool:
        """Whether what is logged belongs to the update just made."""
        if self._after_step is None:
            self._after_step = self._recorder.updates > 0 if said is None else said
        return self._after_step if said is None else said


class _NothingRecordedError(Exception):
    """There is not a single update."""


class _Recorder:
    """Listens to the optimizers and writes.

    The files never have half an update in them. A kept state is appended once the update that leaves it is made; that
    update's gradient is held until the next state is appended. So after each of them the files hold a whole trace of
    ``_settled`` updates, which is what is left when the recording must end in the middle of an update.
    """

    def __init__(self, recorded: RecordedModel, every: int, path: Path, uninterrupted: Uninterrupted) -> None:
        self.recorded, self.every, self.path = recorded, every, path
        self._uninterrupted = uninterrupted
        self.updates = 0
        self.failure: Exception | None = None
        self._process = os.getpid()
        self._settled = -1
        self._stepping: int | None = None  # the optimizer that is between its two hooks
        self._kept = False  # whether the update being made leaves a kept state
        self._late = False  # whether its gradient is known only after it
        self._edits: int | None = 0 if every == 1 else None
        self._first_edit: int | None = None
        self._fingerprint = 0  # of the parameters as they were last seen
        self._ended_by: str | None = None
        self._outcome = "nothing was recorded"

    @property
    def elsewhere(self) -> bool:
        """In a fork of the process that records."""
        return os.getpid() != self._process

    @property
    def goes_on(self) -> bool:
        """Whether updates are still recorded here."""
        return self.failure is None and os.getpid() == self._process

    def files(self) -> Any:
        """The columns, as a context: sealed on leaving."""
        kinds = {}
        for name, kind in column_kinds(self._run(0)).items():
            rows = BLOCK // max(1, kind.row_bytes) + 1  # a guess, which sizes the blocks that are written at once
            kinds[name] = kind.of_length(min(rows, _ROWS_AT_MOST))
        # What may still be on its way to the disk, twice
        self._reserve = 2 * (BLOCKS + 1) * sum(min(BLOCK, kind.n_bytes) for kind in kinds.values())
        self._unwatched = 0

        def seal(checksums: dict[str, str]) -> str:
            return sealed_meta(self._sealed, versions(), checksums)

        return new_trace(self.path.parent, self.path.name, kinds, seal, versions(), grows=True)

    @contextmanager
    def listening(self, writer: TraceWriter) -> Iterator[None]:
        """While this lasts, each update is recorded."""
        self._states = RowsOnTheirWay(self.recorded, writer.columns["parameters"])
        self._gradients = RowsOnTheirWay(self.recorded, writer.columns["gradient"])
        self.log = UpdateLog(writer.columns)
        with ExitStack() as hooks:
            attempt = partial(self._uninterrupted.call, self._attempt)
            for number, optimizer in enumerate(self.recorded.optimizers):
                hooks.enter_context(last_before_step(optimizer, partial(attempt, self._begin, number)))
                hooks.enter_context(first_after_step(optimizer, partial(attempt, self._end, number)))
            yield

    def complete(self, files: ExitStack, writer: TraceWriter, ended: BaseException | None) -> None:
        """The loop has come to an end: the trace becomes whole and gets its name. UserError if no update was made."""
        try:
            with files.pop_all():
                writer.name = self.finish(ended)
        except _NothingRecordedError:
            if ended is None and self.failure is None:
                raise UserError(self.recorded.no_update_seen()) from None
        except Exception as error:  # whatever it is, it must not end what comes after the training
            self._outcome = f"the recording is lost: {error}"
            if ended is None:  # else a note will tell
                _warn(f"record: {self._outcome}")

    def finish(self, ended: BaseException | None) -> str:
        """Complete the columns. Returns the name that the trace is to have."""
        broken_off = self._stepping is not None and not self._kept
        last_is_missing = self.updates > max(0, self._settled) and not len(self._states)
        if last_is_missing and not broken_off and self.failure is None:
            self._attempt(self._take_state)
        updates = max(0, self._settled) if broken_off or self.failure is not None else self.updates
        if updates == 0:
            raise _NothingRecordedError
        if updates > self._settled:
            self._append()
        reason = ended or self.failure
        self._ended_by = None if reason is None else type(reason).__qualname__
        self._sealed = self._run(updates)
        self.log.finish(self._sealed)
        name = self.path.name + (INTERRUPTED if reason is not None else "")
        were = "1 update was recorded; it is" if updates == 1 else f"{updates} updates were recorded; they are"
        self._outcome = f"{were} in {self.path.with_name(name)}"
        return name

    def told(self) -> str:
        """What became of the recording."""
        return f"record: {self._outcome}"

    def _run(self, updates: int) -> RecordedRun:
        log = getattr(self, "log", None)
        examples, first_nan = log.written_by(updates) if log else (0, None)
        return RecordedRun(
            **self.recorded.described(),
            updates=updates,
            kept_every=self.every,
            ended_by=self._ended_by,
            examples_logged=examples,
            first_nan_loss=first_nan,
            edits=self._edits,
            first_edit=self._first_edit,
        )

    def _attempt(self, work: Callable[..., None], *arguments: Any) -> None:
        """Do ``work`` while updates are recorded here. An error of it ends the recording."""
        try:
            if self.goes_on:
                work(*arguments)
        except Exception as error:  # whatever it is, it must not end the training
            self.failure = error
            _warn(
                f"record: the recording of {self.path} ends after {max(0, self._settled)} updates, the loop goes on: "
                f"{type(error).__name__}: {error}"
            )

    def _begin(
        self, number: int, optimizer: torch.optim.Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        """(Before each step.) An update is about to be made."""
        if self._stepping is not None and self._kept:  # the last step broke off
            self._states.drop()
            if not self._late:
                self._gradients.drop()
        self._stepping = None
        found_inf = getattr(optimizer, "found_inf", None)  # set by a GradScaler for optimizers that scale by themselves
        if found_inf is not None and found_inf.item():
            return  # they will do nothing
        self.log.note_rates(number, self.recorded.begin(number))
        self._kept = self.updates % self.every == 0
        if self._kept:
            self._take_state()
            closure = args[1] if len(args) > 1 else kwargs.get("closure")  # args[0] is the optimizer
            self._late = closure is not None or getattr(optimizer, "grad_scale", None) is not None
            if not self._late:
                self.recorded.take_gradient(self._gradients, number)
        self._stepping = number

    def _end(self, number: int, *_: Any) -> None:
        """(After each step.) An update has been made."""
        if number != self._stepping:
            return
        self.recorded.end(number)
        if self._kept:
            if self._late:
                self.recorded.take_gradient(self._gradients, number)
            self._append()
            self._settled = self.updates
            if self._edits is not None:
                self._fingerprint = self.recorded.fingerprint()
            if self._unwatched >= BLOCK:
                self._watch_disk()
        self.log.add(number, max(0, self._settled))
        self.updates += 1
        self._stepping = None

    def _take_state(self) -> None:
        """The state now. Where each is kept, what the loop itself has changed since the last update shows."""
        row = self.recorded.take_state(self._states)
        if self._edits is None:
            return
        found = fingerprint(row)
        if self.updates and found != self._fingerprint:
            self._edits += 1
            self._first_edit = self.updates if self._first_edit is None else self._first_edit
        self._fingerprint = found

    def _append(self) -> None:
        """The state that was taken, and the gradient that led to it from the kept state before."""
        if self._settled >= 0:
            self._gradients.append()
        self._states.append()
        self._unwatched += 2 * self._states.size

    def _watch_disk(self) -> None:
        """OSError while there is still room for all that has been recorded."""
        self._unwatched = 0
        rest = self.updates * (20 + 8 * self.recorded.n_groups)  # kept, optimizer and rate are written last
        if shutil.disk_usage(self.path.parent).free < self._reserve + rest:
            raise OSError(errno.ENOSPC, f"{self.path.parent} is nearly full")


def _warn(message: str) -> None:
    """Warn as from the line of the loop that led here. Where warnings are errors, this one is shown all the same."""
    level = 1
    frame = sys._getframe()
    while frame.f_back and frame.f_globals.get("__name__", "").startswith(("gradreel.core.", "torch.", "contextlib")):
        frame, level = frame.f_back, level + 1
    try:
        warnings.warn(message, stacklevel=level)
    except UserWarning:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn(message, stacklevel=level)


def _kept_every(keep: str | Mapping[str, int]) -> int:
    match keep:
        case "every update":
            return 1
        case {"every": int(every), **others} if not others and every >= 1:
            return every
    raise UserError(f'keep is {keep!r}; record can keep "every update" or {{"every": k}}, k being 1 or more')


def _refuse_foreign(path: Path) -> None:
    """UserError if there is something at ``path`` that is no trace, which must not be replaced."""
    if not path.exists():
        return
    if not path.is_dir():
        raise UserError(f"{path} is a file; a trace is a folder: choose another path")
    content = {entry.name for entry in path.iterdir()}
    if content and (META not in content or not all(name.endswith(".npy") for name in content - {META})):
        raise UserError(f"{path} is a folder that is no trace, and would be replaced by one: choose another path")


def _leave_alone(*contexts: ExitStack) -> None:
    """In a forked process: neither finish nor, when Python ends, clear away what is the parent's."""
    for context in contexts:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(context))  # a reference that is never given back


def _number(loss: float | torch.Tensor) -> float:
    if isinstance(loss, torch.Tensor) and loss.numel() != 1:
        raise ValueError(f"a loss of shape {tuple(loss.shape)} cannot be logged: one number is, such as loss.mean()")
    try:
        return float(loss.item() if isinstance(loss, torch.Tensor) else loss)
    except (TypeError, ValueError):
        raise ValueError(f"loss {loss!r} cannot be logged: it must be a number, or a tensor with one") from None


def _epoch(epoch: int) -> int:
    number = operator.index(epoch)
    if not 0 <= number < 2**31:
        raise ValueError(f"epoch {epoch} cannot be logged: it must be from 0 to {2**31 - 1}")
    return number


def _examples(batch: Sequence[int] | IntArray | torch.Tensor) -> IntArray:
    """A copy, (B,)."""
    numbers = batch.detach().cpu().numpy() if isinstance(batch, torch.Tensor) else np.asarray(batch)
    examples = numbers.reshape(-1)
    if len(examples) and not np.issubdtype(examples.dtype, np.integer):
        raise ValueError(f"batch holds {examples.dtype}; the numbers of the examples are needed")
    return examples.astype(np.int64)
