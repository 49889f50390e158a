"""record(model, optimizer, path): turns every update of a user's own torch loop into a trace.

Hooks around each step of the optimizer copy theta and the gradient that the step uses; see `Recorder` for when. The
loop computes the same numbers as without recording, bit for bit: no random number is drawn. If the recorder fails, for
instance on a full disk, it ends the recording with a warning and never ends the loop.
"""

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from os import PathLike
from pathlib import Path
from typing import Any

import torch
from gradreel.core.analysis.landscape import mean_loss
from gradreel.core.arrays import IntArray
from gradreel.core.errors import UserError, abbreviated_list
from gradreel.core.recording.continuing import earlier_run_of
from gradreel.core.recording.deferred_signals import DeferredSignals
from gradreel.core.recording.logged_values import (
    NotKeptError,
    as_number,
    as_whole_number,
    epoch_number,
    example_numbers,
    metric_name,
)
from gradreel.core.recording.optimizer_hooks import not_compiled
from gradreel.core.recording.recorded_model import RecordedModel
from gradreel.core.recording.step_recorder import Recorder
from gradreel.core.trace.format import INTERRUPTED
from gradreel.core.trace.recorded_run import MOST_COUNTED
from gradreel.core.trace.trace import Trace
from gradreel.core.trace.writing import name_recorded_in, refuse_other_data, writer_lock

Optimizers = torch.optim.Optimizer | Sequence[torch.optim.Optimizer] | None
Number = float | torch.Tensor


@contextmanager
def record(
    model: torch.nn.Module,
    optimizer: Optimizers,
    path: str | Path,
    keep: str | Mapping[str, int] = "every update",
    *,
    resume: bool = False,
    overwrite: bool = False,
    data: tuple[Any, Any] | None = None,
    loss: Callable[[Any, Any], Any] | None = None,
) -> Iterator["Recording"]:
    """Record the updates that ``optimizer`` makes inside the ``with``, as a trace in ``path``.

    An update is one ``step()``; a step that a GradScaler skips is none. theta has the model's parameters in the order
    of ``named_parameters()``, then parameters that only an optimizer has; a warning names the latter. Its dtype is
    float64 if any parameter has that, else float32. The gradient is the one that the optimizer uses, after clipping and
    after all step pre-hooks. An optimizer that computes it several times in a step by a closure, such as LBFGS, gives
    the last one.

    Parameters that are frozen when the recording begins (they ask for no gradient, or no optimizer has them) are not
    part of theta. They and the buffers are copied separately, with any dtype, for `Trace.state_dict`. Each is copied
    for a kept state if its bytes differ from those of its last copy; see `Untrained`. Buffers are those right after an
    update; for the last state, those at the end of the loop. If a frozen parameter is trained later, its values are in
    the kept states from then on, but its gradients are not; a warning names it.

    If several processes train together (``torch.distributed``), rank 0 records and the others do nothing. Of a
    ``DistributedDataParallel``, the module inside is recorded, so that its names are those of the plain model.

    Until it is complete, the trace is in ``<path>.interrupted``, or in ``<path>.interrupted-2``, ... if an earlier run
    has left one. It can be opened there at any time. A trace at ``path`` is replaced only when the new one is complete
    and has at least as many updates. A shorter one is kept in ``<path>.new``, and a warning says so.

    The trace stays in ``<path>.interrupted``, up to its last complete update, in these cases:

    - The loop raises an exception. The exception goes on, with a note.
    - The recorder fails: for instance, the disk is full or a parameter gets another dtype. This is a warning, and the
      loop goes on unrecorded.
    - SIGTERM or SIGHUP ends the process. The trace is closed first. A handler of your own takes precedence. This needs
      the recording to be in the main thread. Ctrl+C after the end of the loop waits until the recording is complete.
    - The process is killed (SIGKILL). For models of up to about 10 million parameters, only the last second may be
      missing. For larger ones, up to twenty times the seconds that it takes to write a state may be missing. With
      ``keep={"every": k}`` the state after the last safe update is kept as well, with the buffers of the kept state
      before. If parameters are on a GPU or have a narrower dtype, updates of the last 0.3 s before a long pause may be
      missing. After a power failure, data that the system had not written to the disk are missing; checksums show it.

    Parameters
    ----------
    model
        The model that is trained.
    optimizer
        Its optimizer, or a sequence of several. With None, each optimizer that trains the model is found at its first
        step, whoever made it, for instance Lightning or the Trainer of Hugging Face.
    path
        The folder of the trace.
    keep
        "every update", or ``{"every": k}``: keep only the states after 0, k, 2k, ... updates and the last state, each
        with the gradient of the next update.
    resume
        Whether to continue the run in ``<path>.interrupted`` or ``path``, the longest whose last state the model has.
        The trace is then as if that run had never ended; ``recording.updates`` begins with its updates. Load the
        optimizer's state as well. If there is no run yet, a new one begins. Until the new updates are safely written,
        the earlier run stays as it is.
    overwrite
        Whether a trace at ``path`` with more updates may be replaced.
    data, loss
        Inputs and targets ``(x, y)``, and a function of outputs and targets that returns a mean over the examples. With
        both, the loss around the path is computed when the loop has ended, in about 30 s at most: see
        `Trace.compute_landscape`.

    Yields
    ------
    Recording
        Its ``log`` method takes losses, epochs, batches and metrics.

    Raises
    ------
    UserError
        If model, optimizer or path cannot be recorded, no update was made, or there is a run that cannot be resumed;
        the message names the first difference.

    Examples
    --------
    >>> import tempfile
    >>> from gradreel.core.trace.trace import Trace
    >>> model = torch.nn.Linear(1, 1)
    >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    >>> path = Path(tempfile.mkdtemp()) / "run"
    >>> with record(model, optimizer, path) as recording:
    ...     for _ in range(3):
    ...         loss = model(torch.ones(4, 1)).square().mean()
    ...         optimizer.zero_grad()
    ...         loss.backward()
    ...         optimizer.step()
    ...         recording.log(loss=loss)
    >>> Trace.open(path).parameters.shape
    (4, 2)
    """
    path = _folder_named(path)
    loss_of = _loss_of(data, loss)
    if isinstance(model, torch.nn.parallel.DistributedDataParallel):
        model = model.module
    if isinstance(optimizer, torch.optim.Optimizer) or not isinstance(optimizer, Iterable | None):
        optimizer = [optimizer]
    recorded = RecordedModel(model, None if optimizer is None else list(optimizer))
    every = _kept_every(keep)
    refuse_other_data(path)
    if _rank() > 0:
        resumed = earlier_run_of(recorded, path, every) if resume else None
        yield Recording(None, resumed.run.updates if resumed else 0)
        return
    if recorded.outside:
        warnings.warn(_outside_warning(model, recorded.outside), stacklevel=3)  # the line of the `with`
    if recorded.untrained.left_out:
        warnings.warn(_left_out_warning(recorded.untrained.left_out), stacklevel=3)
    ended: BaseException | None = None
    with DeferredSignals() as signals, ExitStack() as stack:
        stack.enter_context(writer_lock(path.parent, path.name, wait=False))
        if name_of_other := name_recorded_in(path):
            try:
                stack.enter_context(writer_lock(path.parent, name_of_other, wait=False))
            except UserError:
                raise UserError(
                    f"{path} may be the folder of a recording to {path.with_name(name_of_other)}, which goes on; "
                    "choose another path, or wait"
                ) from None
        earlier = earlier_run_of(recorded, path, every) if resume else None
        recorder = Recorder(recorded, every, path, signals, earlier, overwrite)
        with ExitStack() as files:
            writer = files.enter_context(recorder.files())
            try:
                with recorder.recording_context(writer, files):
                    yield Recording(recorder)
            except BaseException as error:
                ended = error
            if not recorder.is_fork:  # in a fork, files and lock belong to the parent process
                try:
                    ended_by = None if ended is None else type(ended).__qualname__
                    signals.call(recorder.complete, files, writer, ended_by)
                except UserError:
                    raise
                except BaseException as error:  # a deferred Ctrl+C
                    ended = error
    if ended is not None:
        if not recorder.is_fork:
            ended.add_note(recorder.recording_outcome_text())
        raise ended
    if loss_of is not None and not recorder.is_fork and recorder.place is not None:
        try:
            Trace.open(recorder.place).compute_landscape(model, loss_of)
        except Exception as error:  # the trace is complete; the code after the training goes on
            warnings.warn(
                f"record: the loss around the path of {recorder.place} could not be computed: {error}", stacklevel=3
            )


class Recording:
    """Takes the values that a loop logs while it is recorded.

    On another rank than 0 it has no recorder and ignores them.
    """

    def __init__(self, recorder: Recorder | None, updates_at_start: int = 0) -> None:
        self._recorder = recorder
        self._updates_at_start = updates_at_start

    @property
    def updates(self) -> int:
        """Return how many updates have been made, those of a resumed run included.

        On another rank than 0, return how many the resumed run had at the start.
        """
        return self._updates_at_start if self._recorder is None else self._recorder.updates

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
        """Log values of an update: its loss, its epoch, the examples of its batch, and metrics.

        Values that are logged between a ``step()`` and the next ``backward()`` belong to that step's update; all others
        belong to the coming update. In a loop that logs before its first ``backward()``, all values belong to the
        coming update. ``update`` names the update explicitly.

        If several losses of an update are logged, for instance one for each micro-batch, their mean counts. Its batch
        then has the examples of all, and its epoch is the last one. Values for a step that a GradScaler skips are
        dropped. Batches must be logged in the order of the updates.

        Nothing that is logged can end the loop. A value that cannot be kept is dropped, and a warning says so once per
        name.

        Parameters
        ----------
        metrics
            Metrics by name. It may also contain the loss.
        loss
            A number, or a tensor, array or list with one number.
        epoch
            Counted from 0.
        batch
            The indices of the batch's examples.
        update
            The update that the values belong to, counted from 0.
        named
            More metrics. Each value is kept with the number of updates made so far: see `Trace.metrics`. A run has at
            most 1000 names of metrics, each of 1 to 200 printable characters.
        """
        recorder = self._recorder
        if recorder is None or recorder.is_fork:
            return
        if recorder.over and recorder.failure is None:
            recorder.warn_of_late_log()
            return
        values: dict[str, Any] = {"loss": loss, "epoch": epoch, "batch": batch}
        values = {name: value for name, value in values.items() if value is not None}
        recorder.note(lambda: self._log(recorder, metrics, values, update, named))

    def _log(
        self, recorder: Recorder, metrics: object, values: dict[str, Any], update: Any, named: dict[str, Any]
    ) -> None:
        """Note each value that can be kept, and report the others."""
        target_update: int | None = None
        if update is not None:
            with _reporting(recorder):
                target_update = as_whole_number("update", update, recorder.updates + 1)
            if target_update is None:
                return
        log = recorder.log
        seen_names = set(values)
        if "loss" in values:
            with _reporting(recorder):
                log.note_loss(as_number("loss", values["loss"]), target_update)
        if "epoch" in values:
            with _reporting(recorder):
                log.note_epoch_of_update(epoch_number(values["epoch"]), target_update)
        if "batch" in values:
            with _reporting(recorder, "batch"):
                log.note_batch(example_numbers(values["batch"]), target_update)
        if not isinstance(metrics, Mapping | None):
            recorder.report("log", "log was given a value without a name: use log(loss=...), or a mapping of names")
            metrics = None
        seen_names &= {"loss"}
        for key, value in [*(metrics or {}).items(), *named.items()]:
            with _reporting(recorder, key):
                name = metric_name(key)
                if name in seen_names:
                    raise NotKeptError(name, "it is given twice")
                seen_names.add(name)
                plain_number = as_number(name, value)
                if name == "loss":
                    log.note_loss(plain_number, target_update)
                else:
                    log.note_metric(name, plain_number)


@contextmanager
def _reporting(recorder: Recorder, name: object = "") -> Iterator[None]:
    """Report values that cannot be kept, instead of raising."""
    try:
        yield
    except NotKeptError as error:
        recorder.report(error.name, str(error))
    except ValueError as error:
        recorder.report(str(name), f"{name} is not kept: {error}")


def _rank() -> int:
    """Return this process's rank among those that train together; 0 if it trains alone."""
    distributed = torch.distributed
    return distributed.get_rank() if distributed.is_available() and distributed.is_initialized() else 0


def _loss_of(data: object, loss: object) -> Callable[[Any], Any] | None:
    """Return the loss of a model on the data; None without data. Raises UserError for wrong kinds."""
    if data is None and loss is None:
        return None
    if not callable(loss) or not isinstance(data, (tuple, list)) or len(data) != 2:
        raise UserError("record needs data=(x, y) and loss=f together, f(model(x), y) being the mean over the examples")
    x, y = data
    try:
        is_matched = len(x) == len(y) > 0
    except TypeError:
        is_matched = False
    if not is_matched:
        raise UserError("record was given data=(x, y) of different lengths, or empty; they need the same examples")
    return mean_loss(x, y, loss)


def _kept_every(keep: str | Mapping[str, int]) -> int:
    """Return how many updates lead from one kept state to the next. Raises UserError for an invalid ``keep``."""
    match keep:
        case "every update":
            return 1
        case {"every": int(every), **others} if not others and 1 <= every <= MOST_COUNTED:
            return every
    raise UserError(f'keep is {keep!r}; record can keep "every update" or {{"every": k}}, k being 1 or more')


def _folder_named(path: object) -> Path:
    """Return the absolute path of the trace's folder. Raises UserError if it cannot be the name of a folder."""
    if not isinstance(path, (str, PathLike)):
        raise UserError(f"record was given a {type(path).__name__} as path; it needs the name of a folder")
    try:
        folder = Path(path).expanduser().resolve()
        folder.with_name(
            f"{folder.name}{INTERRUPTED}-99"
        ).exists()  # OSError: too long a name. ValueError: / has no name
    except OSError as error:
        raise UserError(f"{path} cannot be the folder of a trace: {error.strerror}; choose another path") from None
    except (TypeError, ValueError, RuntimeError) as error:  # for bytes, a null character, ~nobody
        raise UserError(f"{path!r} cannot be the folder of a trace: {error}; choose another path") from None
    return folder


def _outside_warning(model: torch.nn.Module, names: Sequence[str]) -> str:
    """Return the warning about parameters that only an optimizer has."""
    quoted = abbreviated_list([f'"{name}"' for name in names])
    return (
        f"record: the optimizer also has parameters that the {type(model).__name__} does not have; they are recorded "
        f"as {quoted}. If they belong to another model, give record both models as one, such as "
        "torch.nn.ModuleList([a, b]), to see their names; to record one model only, give each its own optimizer"
    )


def _left_out_warning(names: Sequence[str]) -> str:
    """Return the warning about tensors that cannot be copied."""
    return (
        f"record: {abbreviated_list(names)}: no plain memory with a number for each entry (a sparse, sharded or meta "
        "tensor); the state_dict() of the trace leaves it out: load it with strict=False"
    )
