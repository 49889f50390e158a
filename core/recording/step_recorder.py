"""The recorder behind record(): it listens to the optimizers and writes what it sees."""

import errno
import os
import shutil
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from gradreel.core.errors import UserError, abbreviated_list, printable
from gradreel.core.recording.deferred_signals import DeferredSignals, remind
from gradreel.core.recording.journal_thread import JournalThread
from gradreel.core.recording.newest_state import NewestState
from gradreel.core.recording.optimizer_hooks import (
    after_any_step,
    around_scaled_step,
    before_any_step,
    first_after_step,
    last_before_step,
)
from gradreel.core.recording.recorded_model import RecordedModel
from gradreel.core.recording.update_log import UpdateLog
from gradreel.core.trace.environment import environment
from gradreel.core.trace.format import MOST_META, column_kinds, sealed_meta
from gradreel.core.trace.recorded_run import RecordedRun
from gradreel.core.trace.unfinished import LastState, journal_text, log_kinds
from gradreel.core.trace.write_behind import BLOCK, BLOCKS, Written
from gradreel.core.trace.writing import TraceWriter, is_other_data, new_recording

_MOST_REPORTS = 100  # of values that are not kept
_ROWS_AT_MOST = 10_000  # of a column, in a block that is written at once


class _NothingRecordedError(Exception):
    """There is not a single update."""


class _Step(NamedTuple):
    """A step that an optimizer is making."""

    optimizer: int
    leaves_kept_state: bool
    computes_gradient: bool  # by a closure, or by unscaling it: it is recorded after the step, all others before

    @property
    def gradient_is_early(self) -> bool:
        """Whether the column already has the gradient of an update that may never be made."""
        return self.leaves_kept_state and not self.computes_gradient


class Recorder:
    """Copies theta and its gradient at each step of the optimizers straight into the columns of a new trace.

    Write order: before an update that leaves a kept state, that state is appended, then the update's gradient. The last
    state is appended when the loop ends. So whenever the recording ends, the files hold a whole trace of ``_settled``
    updates, but for the last gradient: it is dropped if the update that it belongs to never came to be.

    Where each state is kept, theta's digest is taken right after each update and again before the next: what the loop
    itself changes in between is seen. Buffers are copied right after the update that leads to a kept state, since the
    next forward pass changes them; those of the last state when the loop ends.
    """

    def __init__(self, recorded: RecordedModel, every: int, path: Path, signals: DeferredSignals) -> None:
        self.recorded, self.every, self.path = recorded, every, path
        self._signals = signals
        self.updates = 0
        self.failure: Exception | None = None
        self._process = os.getpid()
        self._settled = 0  # updates of which the files hold all, see above
        self._begun = 0  # steps
        self._step: _Step | None = None  # that is being made
        self._digest: bytes | None = None  # of theta after the last update, where each state is kept
        self._unwatched = 0  # bytes that were written since the disk was last looked at
        self._edits: int | None = 0 if every == 1 else None
        self._first_edit: int | None = None
        self._ended_by: str | None = None
        self._lock = threading.RLock()  # held by whoever changes or reads what is recorded
        self._journal = JournalThread(self._mark)
        self._journaled = 0  # updates that the newest journal tells of
        self._seen_settled = -1  # `_settled` when the journal's thread looked last
        self._reported: set[str] = set()
        self._outcome = "nothing was recorded"
        self.over = False  # the loop has come to its end

    @property
    def elsewhere(self) -> bool:
        """Whether this is a fork of the process that records."""
        return os.getpid() != self._process

    @property
    def goes_on(self) -> bool:
        """Whether updates are still recorded here."""
        return self.failure is None and not self.over and not self.elsewhere

    def files(self) -> Any:
        """Returns a context manager that opens the columns of the new trace, a TraceWriter, and seals it on leaving."""
        kinds, run = {}, self._run(0)
        self._environment = environment()
        described = len(sealed_meta(run, self._environment, dict.fromkeys(column_kinds(run), "")))
        if described > MOST_META // 2:  # the other half is for names of metrics
            raise UserError(
                f"to describe the model's {len(run.parts)} trained tensors and {len(run.tensors)} others takes "
                f"{described} bytes, at most {MOST_META // 2} can be recorded: give record a part of the model"
            )
        for name, kind in (column_kinds(run) | log_kinds(0)).items():
            rows = BLOCK // max(1, kind.row_bytes) + 1  # a guess, which sizes the blocks that are written at once
            kinds[name] = kind.of_length(min(rows, _ROWS_AT_MOST))
        if "tensor_bytes" in kinds:
            kinds["tensor_bytes"] = kinds["tensor_bytes"].of_length(self.recorded.untrained.n_bytes)
        # What may still be on its way to the disk, twice
        self._reserve = 2 * (BLOCKS + 1) * sum(min(BLOCK, kind.n_bytes) for kind in kinds.values())

        def seal(checksums: dict[str, str]) -> str:
            return sealed_meta(self._sealed, self._environment, checksums)

        return new_recording(self.path, kinds, seal, self._environment)

    @contextmanager
    def listening(self, writer: TraceWriter, files: ExitStack) -> Iterator[None]:
        """While this lasts, each update is recorded. ``files``: closes ``writer``."""
        self._states = self.recorded.rows_of(writer.columns["parameters"], digests=self._edits is not None)
        self._gradients = self.recorded.rows_of(writer.columns["gradient"])
        self.recorded.untrained.open(writer.columns)
        self._unwatched += self.recorded.untrained.take(0)
        self._newest = NewestState(self.recorded, self._states, writer.folder)
        self.log = UpdateLog(writer)
        self._writer, self._files = writer, files
        self._seen = set(map(id, self.recorded.optimizers))
        with ExitStack() as hooks:
            for number, optimizer in enumerate(self.recorded.optimizers):
                self._listen_to(optimizer, number, hooks)
            if self.recorded.finds_optimizers:
                hooks.enter_context(before_any_step(partial(self.attempt, self._find, hooks)))
            else:
                hooks.enter_context(after_any_step(partial(self.attempt, self._look_at)))
            hooks.enter_context(around_scaled_step(self._scaled))
            hooks.enter_context(self.recorded.after_each_gradient(self.log.note_gradient))
            self._signals.close, self._signals.may_close = self._close_by_signal, self._may_close
            self._journal.start()
            hooks.callback(self._journal.end)
            yield

    def _listen_to(self, optimizer: torch.optim.Optimizer, number: int, hooks: ExitStack) -> None:
        attempt = partial(self._signals.call, self.attempt)
        hooks.enter_context(last_before_step(optimizer, partial(attempt, self._begin, number)))
        hooks.enter_context(first_after_step(optimizer, partial(attempt, self._end, number)))

    def complete(self, files: ExitStack, writer: TraceWriter, ended_by: str | None) -> None:
        """The loop has come to an end: the trace becomes whole and gets its name. UserError if no update was made.

        ``ended_by``: the exception or the signal that ended the loop; None if it came to its end.
        """
        self._journal.join()
        with self._lock:
            if self.over:
                return
            self._newest.close()
            try:
                with files.pop_all():
                    writer.name = self.finish(ended_by)
                    self.over = True
                if ended_by is None and self.failure is None:
                    self._tell_of_replaced()
                    if writer.name != self.path.name:
                        _warn(f"record: {self.path} is no longer a trace alone, and is let be; {self._outcome}")
            except _NothingRecordedError:
                if ended_by is None and self.failure is None:
                    raise UserError(self.recorded.no_update_seen()) from None
            except Exception as error:  # whatever it is, it must not end what comes after the training
                self._outcome = f"the recording is lost: {error}"
                if writer.folder.exists():
                    kept = f"what was recorded up to update {self._journaled} is in {writer.folder}"
                    self._outcome = f"the recording could not be completed: {error}; {kept}"
                if ended_by is None:  # else a note will tell
                    _warn(f"record: {self._outcome}")
            finally:
                self.over = True

    def _may_close(self) -> bool:
        """Whether no update is being made; one whose step calls a closure may take long."""
        return self._step is None or self._step.computes_gradient

    def _close_by_signal(self, name: str) -> None:
        """A signal is about to end the process: the trace becomes whole before."""
        self._signals.call(self.complete, self._files, self._writer, name)
        _warn(self.told())

    def _tell_of_replaced(self) -> None:
        replaced = self.recorded.replaced()
        if replaced:
            _warn(
                f"record: {abbreviated_list(replaced)} became another tensor while it was recorded, and what it has "
                f"been since is not in {self.path}, which goes on with the old: change numbers in place (copy_), or "
                "record again"
            )

        untrained = self.recorded.untrained
        if lost := untrained.lost:
            _warn(
                f"record: the shape or dtype of {abbreviated_list(lost)} changed while it was recorded, or it came "
                f"later; the state_dict() of {self.path} has no such tensor"
            )
        if untrained.thawed:
            _warn(
                f"record: {abbreviated_list(untrained.thawed)}: frozen when the recording began, and trained later; "
                f"{self.path} keeps its values in the kept states, for state_dict(), and no gradients. To have both, "
                "begin a recording once it is thawed"
            )

    def warn_of_late_log(self) -> None:
        """Warn that something is logged after the `with`, where it is no longer kept."""
        _warn(f"record: what is logged after the `with` is not in {self.path}; log it inside, right after its step()")

    def finish(self, ended_by: str | None) -> str:
        """Complete the columns. Returns the name of the trace's folder; _NothingRecordedError if no update was made."""
        broken_off = self._step is not None
        if self.recorded.untrained.waiting(self._row_of(self.updates)):
            self._retract(self._settled, "tensor_bytes")
        if not broken_off and self.updates > self._settled:
            self.attempt(self._append_last)
        updates = self._settled if broken_off or self.failure is not None else self.updates
        if updates == 0:
            raise _NothingRecordedError
        self._cut(updates)
        if ended_by is None and self.failure is not None:
            ended_by = type(self.failure).__qualname__
        self._ended_by = ended_by
        self._sealed = self.log.finish(self._run(updates))
        name = self.path.name if ended_by is None else self._writer.folder.name
        while ended_by is None and is_other_data(
            self.path.with_name(name)
        ):  # somebody has put something there meanwhile
            name += ".new"
        were = "1 update was recorded; it is" if updates == 1 else f"{updates} updates were recorded; they are"
        self._outcome = f"{were} in {self.path.with_name(name)}"
        return name

    def told(self) -> str:
        """Returns what became of the recording, as a sentence for the user."""
        return f"record: {self._outcome}"

    def _run(self, updates: int) -> RecordedRun:
        """What is known of the run so far, as one of the first ``updates`` updates. Lengths of columns are not."""
        log = getattr(self, "log", None)
        return RecordedRun(
            **self.recorded.described(),
            updates=updates,
            kept_every=self.every,
            ended_by=self._ended_by,
            edits=self._edits,
            first_edit=self._first_edit,
            settings=log.settings() if log else (),
            metrics=tuple(log.metrics) if log else (),
        )

    def attempt(self, work: Callable[..., None], *arguments: Any) -> None:
        """Do ``work`` while updates are recorded here. An error of it ends the recording, never the training."""
        try:
            with self._lock:
                if self.goes_on:
                    if self._journal.failure is not None:
                        raise self._journal.failure
                    work(*arguments)
        except Exception as error:
            with suppress(Exception):
                self.failure = error
                kept = f"; they will be in {self._writer.folder}" if self._settled > 0 else ""
                _warn(
                    f"record: the recording of {self.path} ends after {self._settled} updates, the loop goes "
                    f"on: {type(error).__name__}: {error}{kept}"
                )

    def note(self, work: Callable[[], None]) -> None:
        """Do ``work``, which logs something, while updates are recorded here. An error of it is reported, no more."""
        try:
            if self.goes_on:
                self._signals.call(self._locked, work)
        except Exception as error:
            self.report("log", f"log failed: {type(error).__name__}")

    def report(self, name: str, message: str) -> None:
        """Warn of something that is not kept, once by its ``name``, and of a hundred names at most."""
        with suppress(Exception):
            if name not in self._reported and len(self._reported) < _MOST_REPORTS:
                self._reported.add(name)
                _warn(f"record: {printable(message)}")

    def _locked(self, work: Callable[[], None]) -> None:
        with self._lock:
            work()

    def _mark(self) -> bool:
        """(In the journal's thread.) Bring the journal up to date, if there is something new. False: not just now."""
        remind()
        with self._lock:
            if not self.goes_on or self._writer.marking:
                return True
            if self._step is not None and self._step.gradient_is_early:
                return False
            settled = self._settled
            is_slow, self._seen_settled = self._seen_settled == settled, settled
            if is_slow and self._step is None and self.updates > settled:
                self._newest.take(self.updates, self._digest if self._edits is not None else None)
            if self.log.flush() or max(settled, self._newest.updates) > self._journaled:
                self._write_journal(settled)
            return True

    def _write_journal(self, settled: int, without_last_row: tuple[str, ...] = ()) -> None:
        """Write the journal of ``settled`` updates, whose states are in the column, or of the newest state."""
        newest, last = self._newest, None
        updates = max(settled, newest.updates)
        if not updates:
            self._writer.forget_updates()
            return
        row = self._row_of(updates)
        if newest.updates > settled:
            now = updates == self.updates and "tensor_bytes" not in without_last_row
            copies = self.recorded.untrained.waiting(row) if now else ()
            last = LastState(file=newest.file, checksum=newest.checksum, copies=copies)
        run = self._run(updates)
        self._journaled = updates

        def text(columns: dict[str, Written]) -> str:
            return journal_text(run, self._environment, columns, last)

        rows = {"parameters": row + 1} if last else {}
        self._writer.mark_recording(text, updates, last.file if last else "", rows, without_last_row)

    def _retract(self, settled: int, column: str) -> None:
        """Write a journal without the last row of a column, which is dropped next."""
        if self._journaled:
            self.log.flush()  # the journal may be the first that tells of these updates
            self._writer.wait()
            self._write_journal(settled, (column,))
            self._writer.wait()

    def _begin(
        self, number: int, optimizer: torch.optim.Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        """(Before each step.) An update is about to be made."""
        self._begun += 1
        self._step = None
        found_inf = getattr(optimizer, "found_inf", None)  # set by a GradScaler for optimizers that scale by themselves
        if found_inf is not None and found_inf.item():
            self.log.skip()  # they will do nothing
            return
        for group, name, value in self.recorded.begin(number, self.updates):
            if not self.log.note_setting(number, group, name, value):
                self.recorded.mark_changed(number, group)
        closure = args[1] if len(args) > 1 else kwargs.get("closure")  # args[0] is the optimizer
        computes_gradient = closure is not None or getattr(optimizer, "grad_scale", None) is not None
        step = _Step(number, self.updates % self.every == 0, computes_gradient)
        if step.leaves_kept_state:
            self._append_state()
            if self._unwatched >= BLOCK:
                self._watch_disk()
        if step.gradient_is_early:
            self._append_gradient(number)
        self._step = step

    def _end(self, number: int, *_: Any) -> None:
        """(After each step.) An update has been made."""
        step = self._step
        if step is None or step.optimizer != number:
            return
        self.recorded.end(number)
        if step.leaves_kept_state and step.computes_gradient:
            self._append_gradient(number)
        self.log.add(number)
        self.updates += 1
        self._step = None
        if self.updates % self.every == 0:
            if self._edits is not None:
                self._digest = self._states.digest_of(self.recorded.state())
            self._unwatched += self.recorded.untrained.take(self.updates // self.every)
        self._newest.look(self.updates)

    @contextmanager
    def _scaled(self, optimizer: torch.optim.Optimizer) -> Iterator[None]:
        """(Around each step of a GradScaler.) It skips the optimizer's if a gradient is not finite."""
        begun = self._begun
        yield
        self.attempt(self._look_at_scaled, begun, optimizer)

    def _look_at_scaled(self, begun: int, optimizer: Any) -> None:
        if self._begun == begun and self.recorded.is_trained_by(optimizer):
            self.log.skip()

    def _find(self, hooks: ExitStack, optimizer: torch.optim.Optimizer, *_: Any) -> None:
        """(Before each step of any optimizer.) One that trains the model is recorded from now on.

        Except within a step that is: a sharding optimizer's own, say, is made of those of others.
        """
        if id(optimizer) in self._seen or self._step is not None or not self.recorded.is_trained_by(optimizer):
            return
        self._seen.add(id(optimizer))
        self._listen_to(optimizer, self.recorded.add_optimizer(optimizer), hooks)

    def _look_at(self, optimizer: torch.optim.Optimizer, *_: Any) -> None:
        """(After each step of any optimizer.) One that is not recorded should move nothing that is.

        Except within a step that is, as in `_find`.
        """
        if id(optimizer) in self._seen or self._step is not None:
            return
        self._seen.add(id(optimizer))
        if self.recorded.is_trained_by(optimizer):
            _warn(
                f"record: the updates of an optimizer ({type(optimizer).__name__}) that record was not given are not "
                f"in {self.path}, though it trains what is recorded there ({self.updates} updates so far): give record "
                "a list of all optimizers, or each a `with` of its own"
            )

    def _row_of(self, updates: int) -> int:
        """Returns the row of the state after so many updates, if that is a kept one or the last."""
        return -(-updates // self.every)

    def _append_state(self) -> None:
        """Append theta as it is now: the state that the coming update leaves, or the last.

        Where it differs from what the last update left, the loop itself has changed it: that is counted as an edit.
        """
        state, row = self.recorded.state(), self._row_of(self.updates)
        if self._settled == self.updates and self._journaled == self.updates > self._newest.updates:
            self._retract(max(0, self.updates - self.every), "parameters")
        self._states.cut(row)  # there is more if the step from here broke off, and is made again
        self._gradients.cut(row)
        self._states.append(state)
        self._unwatched += self._states.n_bytes
        if self._edits is not None and self._digest not in (None, self._states.appended):
            self._edits += 1
            self._first_edit = self.updates if self._first_edit is None else self._first_edit
        self.recorded.untrained.flush()
        self._settled = self.updates

    def _append_last(self) -> None:
        """Append the state that is there when the loop ends, with its buffers."""
        self.recorded.untrained.take(self._row_of(self.updates), thoroughly=True)
        self._append_state()

    def _append_gradient(self, number: int) -> None:
        """Append the gradient by which optimizer ``number`` leaves the state that was appended last."""
        self._gradients.append(self.recorded.gradient(number))
        self._unwatched += self._gradients.n_bytes

    def _cut(self, updates: int) -> None:
        """Drop what is no part of a trace of so many updates."""
        rows = self._row_of(updates) + 1
        self._states.cut(rows)
        self._gradients.cut(rows - 1)
        self.recorded.untrained.cut(rows)

    def _watch_disk(self) -> None:
        """Raise OSError if the disk is nearly full, while there is still room for all that has been recorded."""
        self._unwatched = 0
        rest = self.updates * 12  # kept and optimizer are written last
        if shutil.disk_usage(self.path.parent).free < self._reserve + rest:
            raise OSError(
                errno.ENOSPC, f'{self.path.parent} is nearly full; with keep={{"every": 10}} a run takes a tenth'
            )


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
