"""The recorder behind record(): it hooks into the optimizers and writes their updates."""

import errno
import os
import shutil
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from gradreel.core.errors import UserError, abbreviated_list, printable
from gradreel.core.recording.deferred_signals import DeferredSignals, resend_waiting_signals
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
from gradreel.core.trace.earlier_run import EarlierRun
from gradreel.core.trace.environment import environment
from gradreel.core.trace.format import MOST_META, column_kinds, metric_kinds, sealed_meta
from gradreel.core.trace.recorded_run import MOST_COUNTED, RecordedRun
from gradreel.core.trace.unfinished import LastState, RecordingJournal, journal_text, log_kinds
from gradreel.core.trace.write_behind import BLOCK, BLOCKS, Written
from gradreel.core.trace.writing import TraceWriter, is_other_data, new_recording, updates_in

_MOST_REPORTS = 100  # most names of values that a warning says are not kept
_LATE_SECONDS = 0.3  # the loop's own thread then does what the journal's thread could not do meanwhile
_SHARE = 20  # that may take 1/20 of the time
_ROWS_AT_MOST = 10_000  # most rows of a column in a block that is written at once


class _NothingRecordedError(Exception):
    """No update was recorded."""


class _Step(NamedTuple):
    """A step that an optimizer is making."""

    optimizer: int
    leaves_kept_state: bool
    computes_gradient: bool  # by a closure, or by unscaling it; then the gradient is recorded after the step

    @property
    def gradient_precedes_update(self) -> bool:
        """Return whether the column already has the gradient of an update that may never be completed."""
        return self.leaves_kept_state and not self.computes_gradient


class Recorder:
    """Copies theta and its gradient at each step of the optimizers straight into the columns of a new trace.

    Write order: before an update that leaves a kept state, that state is appended, then the update's gradient. The last
    state is appended when the loop ends. So whenever the recording ends, the files hold a complete trace of
    ``_settled`` updates. Only the last gradient may be too much: it is dropped if its update was never completed.

    If every state is kept, theta's digest is taken right after each update and again before the next. So changes that
    the loop itself makes in between are detected. Buffers are copied right after the update that leads to a kept state,
    since the next forward pass changes them. Those of the last state are copied when the loop ends.

    Parameters
    ----------
    recorded
        Model and optimizers.
    every
        How many updates lead from one kept state to the next.
    path
        The folder of the trace.
    signals
        Defers signals during the work.
    earlier
        The run that is continued. The columns then begin as if that run had never ended: they have the states before
        its last one, and the last one is the newest state. So a failure before the next kept state loses nothing.
    overwrite
        Whether a longer trace at ``path`` may be replaced.
    """

    def __init__(
        self,
        recorded: RecordedModel,
        every: int,
        path: Path,
        signals: DeferredSignals,
        earlier: EarlierRun | None = None,
        overwrite: bool = False,
    ) -> None:
        self.recorded, self.every, self.path = recorded, every, path
        self._signals, self._earlier, self._overwrite = signals, earlier, overwrite
        self._first = self.updates = 0 if earlier is None else earlier.run.updates  # ``_first``: updates at the start
        self.failure: Exception | None = None
        self._process = os.getpid()
        self._settled = max(0, self._row_of(self.updates) - 1) * every  # updates that the files hold completely
        self._begun = 0  # steps that were begun
        self._step: _Step | None = None  # the step in progress
        self._digest: bytes | None = None  # digest of theta after the last update, if every state is kept
        self._unwatched = 0  # bytes written since the free space of the disk was last checked
        self._edits: int | None = 0 if every == 1 else None
        self._first_edit: int | None = None
        if earlier is not None:
            recorded.resume(earlier)
            self._edits, self._first_edit = earlier.run.edits, earlier.run.first_edit
        self._ended_by: str | None = None
        self._lock = threading.RLock()  # held while recorded data are read or changed
        self._journal = JournalThread(self._update_journal)
        self._journaled = self.updates  # updates that the newest journal covers, which may not be written yet
        self._seen_settled = -1  # ``_settled`` when the journal was last brought up to date
        self._late_from = time.monotonic() + _LATE_SECONDS  # when the loop's own thread does that after an update
        self._reported: set[str] = set()
        self._outcome = "nothing was recorded"
        self.over = False  # whether the recording has ended
        self.place: Path | None = None  # where the trace is, once it is complete

    @property
    def is_fork(self) -> bool:
        """Return whether this process is a fork of the one that records."""
        return os.getpid() != self._process

    @property
    def is_recording(self) -> bool:
        """Return whether updates are still recorded in this process."""
        return self.failure is None and not self.over and not self.is_fork

    def files(self) -> Any:
        """Return a context manager that opens the columns of the new trace, as a TraceWriter, and seals the trace on
        leaving.
        """
        kinds, run = {}, self._run(0)
        self._environment = environment()
        described = len(sealed_meta(run, self._environment, dict.fromkeys(column_kinds(run), "")))
        if described > MOST_META // 2:  # the other half is for names of metrics
            raise UserError(
                f"to describe the model's {len(run.parts)} trained tensors and {len(run.tensors)} others takes "
                f"{described} bytes, at most {MOST_META // 2} can be recorded: give record a part of the model"
            )
        metrics = metric_kinds(0) if self._earlier is not None and self._earlier.run.metrics else {}
        for name, kind in (column_kinds(run) | log_kinds(0) | metrics).items():
            rows = BLOCK // max(1, kind.row_bytes) + 1  # a guess that determines the size of blocks
            kinds[name] = kind.of_length(min(rows, _ROWS_AT_MOST))
        if "tensor_bytes" in kinds:
            kinds["tensor_bytes"] = kinds["tensor_bytes"].of_length(self.recorded.untrained.n_bytes)
        # Twice the bytes that may be waiting for the disk
        self._reserve = 2 * (BLOCKS + 1) * sum(min(BLOCK, kind.n_bytes) for kind in kinds.values())

        def seal(checksums: dict[str, str]) -> str:
            """Return the text of meta.json."""
            return sealed_meta(self._sealed, self._environment, checksums)

        return new_recording(self.path, kinds, seal, self._environment, self._earlier)

    @contextmanager
    def recording_context(self, writer: TraceWriter, files: ExitStack) -> Iterator[None]:
        """Record each update inside the context. ``files`` closes ``writer``."""
        self._states = self.recorded.rows_of(writer.columns["parameters"], digests=self._edits is not None)
        self._gradients = self.recorded.rows_of(writer.columns["gradient"])
        self._newest = NewestState(self.recorded, self._states, writer.folder, self._earlier)
        self.log = UpdateLog(writer, self._earlier)
        self._writer, self._files = writer, files
        if self._earlier is None:
            self.recorded.untrained.open(writer.columns)
            self._unwatched += self.recorded.untrained.copy_changed(0)
        else:
            self._resume(self._earlier)
        present = [(number, known) for number, known in enumerate(self.recorded.optimizers) if known is not None]
        self._seen = {id(optimizer) for _, optimizer in present}
        with ExitStack() as hooks:
            for number, optimizer in present:
                self._listen_to(optimizer, number, hooks)
            if self.recorded.finds_optimizers:
                hooks.enter_context(before_any_step(partial(self.attempt, self._record_found_optimizer, hooks)))
            else:
                hooks.enter_context(after_any_step(partial(self.attempt, self._warn_of_unrecorded_optimizer)))
            hooks.enter_context(around_scaled_step(self._around_scaled_step))
            hooks.enter_context(self.recorded.after_each_gradient(self.log.note_gradient))
            self._signals.close, self._signals.may_close = self._close_by_signal, self._may_close
            self._journal.start()
            hooks.callback(self._end_journal)
            yield

    def _end_journal(self) -> None:
        """Tell the journal's thread to end. A fork has no such thread, and may find its locks held."""
        if not self.is_fork:
            self._journal.end()

    def _resume(self, earlier: EarlierRun) -> None:
        """Bring the recorder to where the earlier run ended. Buffers that changed since then are copied again."""
        untrained, row = self.recorded.untrained, earlier.last_row
        untrained.resume(self._writer.columns, earlier)
        if self._edits is not None:
            self._digest = self._states.digest_of(self.recorded.state())
        if self.updates % self.every == 0 and untrained.has_changed_since(earlier):
            self._copy_untrained(row, thoroughly=True)

    def _copy_untrained(self, row: int, thoroughly: bool = False) -> None:
        """Copy the changed tensors outside theta for a kept state. Copies of the same row are dropped before."""
        untrained = self.recorded.untrained
        if untrained.droppable(row):
            self._write_journal_without_row(self._settled, "tensor_bytes")
        self._unwatched += untrained.copy_changed(row, thoroughly)

    def _listen_to(self, optimizer: torch.optim.Optimizer, number: int, hooks: ExitStack) -> None:
        """Hook into the steps of an optimizer until ``hooks`` is left."""
        attempt = partial(self._signals.call, self.attempt)
        hooks.enter_context(last_before_step(optimizer, partial(attempt, self._before_step, number)))
        hooks.enter_context(first_after_step(optimizer, partial(attempt, self._after_step, number)))

    def complete(self, files: ExitStack, writer: TraceWriter, ended_by: str | None) -> None:
        """End the recording: complete the trace and give it its name. Raises UserError if no update was made.

        ``ended_by`` is the exception or signal that ended the loop; None if it ended normally.
        """
        self._journal.join()
        with self._lock:
            if self.over:
                return
            self._newest.close()
            try:
                with files.pop_all():
                    name = writer.name = self.finish(ended_by)
                    self.over = True
                if ended_by is None and self.failure is None:
                    self.place = self.path.with_name(name)
                    self._warn_of_incomplete_tensors()
                    if name != self.path.name:
                        self._warn_of_other_place(name)
            except _NothingRecordedError:
                if ended_by is None and self.failure is None:
                    raise UserError(self.recorded.no_update_seen()) from None
            except Exception as error:  # no failure may end the code after the training
                self._outcome = f"the recording is lost: {error}"
                if writer.folder.exists():
                    kept = f"what was recorded up to update {_updates_journaled(writer.folder)} is in {writer.folder}"
                    self._outcome = f"the recording could not be completed: {error}; {kept}"
                if ended_by is None:  # otherwise a note of the exception says it
                    _warn(f"record: {self._outcome}")
            finally:
                self.over = True

    def _may_close(self) -> bool:
        """Return whether no update is in progress.

        A step that computes its gradient counts as none, since it may take long.
        """
        return self._step is None or self._step.computes_gradient

    def _close_by_signal(self, name: str) -> None:
        """Complete the trace before the signal ``name`` ends the process."""
        self._signals.call(self.complete, self._files, self._writer, name)
        _warn(self.recording_outcome_text())

    def _warn_of_incomplete_tensors(self) -> None:
        """Warn about tensors that the trace does not have in full: replaced, lost or thawed ones."""
        replaced = self.recorded.replaced()
        if replaced:
            _warn(
                f"record: {abbreviated_list(replaced)} was replaced by another tensor during the recording; "
                f"{self.path} has the numbers of the old tensor only: change numbers in place (copy_), and record again"
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
                f"{self.path} has its values in the kept states, for state_dict(), but no gradients. To record both, "
                "start recording after it is thawed"
            )

    def _warn_of_lost_state(self, kind: str) -> None:
        """Warn about an optimizer of this kind that goes on without its state."""
        _warn(
            f"record: the {kind} does not have the state (momentum, step counts) that it had after {self._first} "
            "updates, so verify cannot compute its updates again; to go on as if the run had never ended, load the "
            f"{kind}'s state_dict() of then"
        )

    def warn_of_late_log(self) -> None:
        """Warn that a value was logged after the `with` and is not kept."""
        _warn(f"record: what is logged after the `with` is not in {self.path}; log it inside, right after its step()")

    def finish(self, ended_by: str | None) -> str:
        """Complete the columns and return the name of the trace's folder.

        Raises _NothingRecordedError if no update was made.
        """
        broken_off = self._step is not None
        if not broken_off and self.updates > self._settled:
            self.attempt(self._append_last)
        is_whole = not broken_off and self.failure is None
        if not is_whole and self._newest.updates > self._settled:
            self._append_newest()
        updates = self.updates if is_whole else self._settled
        is_over_early = ended_by is not None or self.failure is not None
        if is_over_early and updates == self._first and self._earlier and not self._earlier.is_interrupted:
            self._writer.forget_updates()  # so that the copy of the earlier run is removed
            self._outcome = f"no update was made; {self.path} is as it was, with {updates} updates"
            raise _NothingRecordedError
        if updates == 0:
            raise _NothingRecordedError
        if self.recorded.untrained.droppable(self._row_of(self.updates)):
            self._write_journal_without_row(self._settled, "tensor_bytes")
        self._drop_rows(updates)
        if is_whole:
            self.recorded.note_final_states()
        if ended_by is None and self.failure is not None:
            ended_by = type(self.failure).__qualname__
        self._ended_by = ended_by
        self._sealed = self.log.finish(self._run(updates))
        name = self.path.name if ended_by is None else self._writer.folder.name
        while ended_by is None and (self._longer_trace(name) or is_other_data(self.path.with_name(name))):
            name += ".new"
        sentence = "1 update was recorded; it is" if updates == 1 else f"{updates} updates were recorded; they are"
        self._outcome = f"{sentence} in {self.path.with_name(name)}"
        return name

    def _longer_trace(self, name: str) -> int:
        """Return the updates of a trace called ``name`` that is longer than this one and may not be replaced; else 0.

        A trace that cannot be read counts as longer.
        """
        updates = updates_in(self.path.with_name(name))
        return updates if updates > self._sealed.updates and not self._overwrite else 0

    def _warn_of_other_place(self, name: str) -> None:
        """Warn that the trace got another name than ``path``, and say why."""
        longer = self._longer_trace(self.path.name)
        if not longer:
            _warn(f"record: {self.path} has other files in it now and is not replaced; {self._outcome}")
            return
        known = "cannot be read" if longer > MOST_COUNTED else f"has {longer} updates, this run has fewer"
        _warn(
            f"record: {self.path} {known}, and is not replaced; {self._outcome}. To replace it, give record "
            "overwrite=True; to continue it, resume=True and the model in its last state; to keep both, another path"
        )

    def recording_outcome_text(self) -> str:
        """Return a sentence for the user that says what became of the recording."""
        return f"record: {self._outcome}"

    def _run(self, updates: int) -> RecordedRun:
        """Return the description of the run's first ``updates`` updates, without the lengths of columns."""
        log, earlier = getattr(self, "log", None), self._earlier
        return RecordedRun(
            **self.recorded.described(),
            updates=updates,
            kept_every=self.every,
            ended_by=self._ended_by,
            edits=self._edits,
            first_edit=self._first_edit,
            settings=log.settings() if log else (),
            metrics=tuple(log.metrics) if log else (),
            resumed=() if earlier is None else (*earlier.run.resumed, self._first),
        )

    def attempt(self, work: Callable[..., None], *arguments: Any) -> None:
        """Do ``work`` while updates are recorded here. An exception ends the recording, never the training.

        In a fork of the process, the lock may be held for ever by a thread that the fork does not have.
        """
        if self.is_fork:
            return
        try:
            with self._lock:
                if self.is_recording:
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
        """Do ``work``, which logs a value, while updates are recorded here. An exception is only reported."""
        try:
            if self.is_recording:
                self._signals.call(self._locked, work)
        except Exception as error:
            self.report("log", f"log failed: {type(error).__name__}")

    def report(self, name: str, message: str) -> None:
        """Warn that a value is not kept: once per ``name``, and for at most a hundred names."""
        with suppress(Exception):
            if name not in self._reported and len(self._reported) < _MOST_REPORTS:
                self._reported.add(name)
                _warn(f"record: {printable(message)}")

    def _locked(self, work: Callable[[], None]) -> None:
        """Do ``work`` while holding the lock."""
        with self._lock:
            work()

    def _update_journal(self) -> bool:
        """(Journal's thread.) Bring the journal up to date. Return False if that is not possible at the moment."""
        resend_waiting_signals()
        with self._lock:
            return self._catch_up(self._read_newest)

    def _read_newest(self) -> None:
        """(Journal's thread.) Read the newest state from memory if that is possible."""
        self._newest.read_from_memory(self.updates, self._digest if self._edits is not None else None)

    def _copy_newest(self) -> None:
        """(Loop's thread, after an update.) Copy the newest state."""
        self._newest.copy(self.updates)

    def _catch_up(self, take_newest: Callable[[], None]) -> bool:
        """Bring the journal up to date. Return False if that is not possible at the moment.

        ``take_newest`` is called if the newest state is needed and no step is in progress. If the state is not taken,
        the loop's own thread takes it after an update.
        """
        if not self.is_recording or self._writer.marking:
            return True
        if self._step is not None and self._step.gradient_precedes_update:
            return False
        if self.updates == self._first:  # nothing is new; the journal has the earlier run
            return True
        start, settled = time.monotonic(), self._settled
        is_slow, self._seen_settled = self._seen_settled == settled, settled
        if is_slow and self._step is None and self.updates > max(settled, self._newest.updates):
            take_newest()
        if self.log.flush() or max(settled, self._newest.updates) > self._journaled:
            self._write_journal(settled)
        if not is_slow or max(settled, self._newest.updates) == self.updates:
            end = time.monotonic()
            self._late_from = end + max(_LATE_SECONDS, _SHARE * (end - start))
        return True

    def _write_journal(self, settled: int, without_last_row: tuple[str, ...] = ()) -> None:
        """Write a journal of ``settled`` updates, whose states are in the column, or of the newest state if that is
        later.
        """
        newest, last = self._newest, None
        updates = max(settled, newest.updates)
        if not updates:
            self._writer.forget_updates()
            return
        row = self._row_of(updates)
        if newest.updates > settled:
            has_current_buffers = updates == self.updates and "tensor_bytes" not in without_last_row
            copies = self.recorded.untrained.droppable(row) if has_current_buffers else ()
            last = LastState(file=newest.file, checksum=newest.checksum, copies=copies)
        run = self._run(updates)
        self._journaled = updates

        def text(columns: dict[str, Written]) -> str:
            """Return the journal's text."""
            return journal_text(run, self._environment, columns, last)

        rows = {"parameters": row + 1} if last else {}
        self._writer.mark_recording(text, updates, last.file if last else "", rows, without_last_row)

    def _write_journal_without_row(self, settled: int, column: str) -> None:
        """Write a journal without the last row of a column, because that row is dropped next."""
        if self._journaled:
            self.log.flush()  # the journal may be the first that tells of these updates
            self._writer.wait()
            self._write_journal(settled, (column,))
            self._writer.wait()

    def _before_step(
        self, number: int, optimizer: torch.optim.Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        """(Before each step.) Record the state that the update leaves, and its gradient."""
        self._begun += 1
        self._step = None
        found_inf = getattr(optimizer, "found_inf", None)  # set by a GradScaler for optimizers that scale by themselves
        if found_inf is not None and found_inf.item():
            self.log.note_skipped_step()  # the step will do nothing
            return
        for group, name, value in self.recorded.before_update(number, self.updates):
            if not self.log.note_setting(number, group, name, value):
                self.recorded.mark_changed(number, group)
        while self.recorded.lost_states:
            self._warn_of_lost_state(self.recorded.lost_states.pop())
        closure = args[1] if len(args) > 1 else kwargs.get("closure")  # args[0] is the optimizer
        computes_gradient = closure is not None or getattr(optimizer, "grad_scale", None) is not None
        step = _Step(number, self.updates % self.every == 0, computes_gradient)
        if step.leaves_kept_state:
            self._append_state()
            if self._unwatched >= BLOCK:
                self._check_disk()
        if step.gradient_precedes_update:
            self._append_gradient(number)
        self._step = step

    def _after_step(self, number: int, *_: Any) -> None:
        """(After each step.) Count the update, and record its gradient if the step computed it."""
        step = self._step
        if step is None or step.optimizer != number:
            return
        self.recorded.after_update(number)
        if step.leaves_kept_state and step.computes_gradient:
            self._append_gradient(number)
        self.log.note_update(number)
        self.updates += 1
        self._step = None
        if self.updates % self.every == 0:
            if self._edits is not None:
                self._digest = self._states.digest_of(self.recorded.state())
            self._copy_untrained(self.updates // self.every)
        if time.monotonic() >= self._late_from:  # a loop may spend nearly all its time in steps
            self._catch_up(self._copy_newest)

    @contextmanager
    def _around_scaled_step(self, optimizer: torch.optim.Optimizer) -> Iterator[None]:
        """(Around each step of a GradScaler.) Notice if it skips the optimizer's step because a gradient is not
        finite.
        """
        begun = self._begun
        yield
        self.attempt(self._note_skipped_step, begun, optimizer)

    def _note_skipped_step(self, begun: int, optimizer: Any) -> None:
        """Note a skipped step if the scaler has not called the step of an optimizer that trains the model."""
        if self._begun == begun and self.recorded.is_trained_by(optimizer):
            self.log.note_skipped_step()

    def _record_found_optimizer(self, hooks: ExitStack, optimizer: torch.optim.Optimizer, *_: Any) -> None:
        """(Before each step of any optimizer.) Record an optimizer from now on if it trains the model."""
        if not self._is_new(optimizer):
            return
        if not self.recorded.is_trained_by(optimizer):
            self._warn_of_thawing_optimizer(optimizer)
            return
        self._seen.add(id(optimizer))
        self._listen_to(optimizer, self.recorded.add_optimizer(optimizer), hooks)

    def _warn_of_unrecorded_optimizer(self, optimizer: torch.optim.Optimizer, *_: Any) -> None:
        """(After each step of any optimizer.) Warn about an optimizer that trains recorded parameters but is not
        recorded.
        """
        if not self._is_new(optimizer):
            return
        if self.recorded.is_trained_by(optimizer):
            self._seen.add(id(optimizer))
            _warn(
                f"record: the updates of an optimizer ({type(optimizer).__name__}) that record was not given are not "
                f"in {self.path}, though it trains what is recorded there ({self.updates} updates so far): give record "
                "a list of all optimizers, or each a `with` of its own"
            )
        else:
            self._warn_of_thawing_optimizer(optimizer)

    def _is_new(self, optimizer: torch.optim.Optimizer) -> bool:
        """Return whether an optimizer was not seen before and steps by itself.

        A sharding optimizer, for instance, steps others inside its own step.
        """
        return id(optimizer) not in self._seen and self._step is None

    def _warn_of_thawing_optimizer(self, optimizer: torch.optim.Optimizer) -> None:
        """Warn, once, about an optimizer that trains only parameters that were frozen when the recording began.

        The trace names these parameters as thawed.
        """
        if names := self.recorded.mark_thawed_by(optimizer):
            self._seen.add(id(optimizer))
            _warn(
                f"record: the updates of an optimizer ({type(optimizer).__name__}) are not in {self.path}: it trains "
                f"only {abbreviated_list(names)}, frozen when the recording began ({self.updates} updates so far); "
                "begin another recording after it is thawed"
            )

    def _row_of(self, updates: int) -> int:
        """Return the row of the state after ``updates`` updates, if that is a kept state or the last."""
        return -(-updates // self.every)

    def _append_state(self) -> None:
        """Append theta as it is now: the state that the coming update leaves, or the last state.

        If it differs from theta after the last update, the loop itself has changed it: this is counted as an edit.
        """
        state, row = self.recorded.state(), self._row_of(self.updates)
        if self._settled == self.updates and self._journaled == self.updates > self._newest.updates:
            self._write_journal_without_row(max(0, self.updates - self.every), "parameters")
        self._states.cut(row)  # there are more rows if the step from here was broken off and is made again
        self._gradients.cut(row)
        self._states.append(state)
        self._unwatched += self._states.n_bytes
        if self._edits is not None and self._digest not in (None, self._states.appended):
            self._edits += 1
            self._first_edit = self.updates if self._first_edit is None else self._first_edit
        self.recorded.untrained.flush()
        self._settled = self.updates

    def _append_last(self) -> None:
        """Append the state at the end of the loop, with its buffers."""
        self._copy_untrained(self._row_of(self.updates), thoroughly=True)
        self._append_state()

    def _append_newest(self) -> None:
        """Append the newest state as the last one, since theta now may have half an update."""
        row = self._row_of(self._newest.updates)
        self._states.cut(row)
        self._states.append_bytes(self._newest.read())
        self._settled = self._newest.updates

    def _append_gradient(self, number: int) -> None:
        """Append the gradient with which optimizer ``number`` leaves the state that was appended last."""
        self._gradients.append(self.recorded.gradients_at_step_of(number))
        self._unwatched += self._gradients.n_bytes

    def _drop_rows(self, updates: int) -> None:
        """Drop rows that do not belong to a trace of ``updates`` updates."""
        rows = self._row_of(updates) + 1
        self._states.cut(rows)
        self._gradients.cut(rows - 1)
        self.recorded.untrained.cut(rows)

    def _check_disk(self) -> None:
        """Raise OSError if the disk is nearly full, while there is still room to complete the trace."""
        self._unwatched = 0
        rest = self.updates * 12  # bytes of the columns kept and optimizer, which are written at the end
        if shutil.disk_usage(self.path.parent).free < self._reserve + rest:
            raise OSError(
                errno.ENOSPC, f'{self.path.parent} is nearly full; with keep={{"every": 10}} a run takes a tenth'
            )


def _updates_journaled(folder: Path) -> int:
    """Return the updates that the journal in a folder covers; 0 if there is none."""
    try:
        return RecordingJournal.read(folder).recorded.updates
    except (OSError, ValueError):
        return 0


def _warn(message: str) -> None:
    """Warn as from the line of the user's loop that led here. If warnings are errors, print this one instead."""
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
