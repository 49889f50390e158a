"""train(experiment) -> Trace: the only training loop of the project. It records every update."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import torch
from gradreel.core.errors import TraceError, TrainingError
from gradreel.core.experiment import Experiment
from gradreel.core.network.fast_networks import Batch, Networks
from gradreel.core.network.registration import refuse_other_parts
from gradreel.core.progress import Progress
from gradreel.core.trace.environment import environment, promise_equal_bits
from gradreel.core.trace.format import column_kinds, sealed_meta
from gradreel.core.trace.trace import Trace
from gradreel.core.trace.write_behind import BLOCK, SMALL_BLOCK
from gradreel.core.trace.writing import (
    DamagedJournalError,
    Journal,
    TraceWriter,
    new_trace,
    read_journal,
    writer_lock,
)
from threadpoolctl import threadpool_limits

_LOSSES_AT_ONCE = 4096  # updates whose losses are collected before they are checked and written
_ROWS_AT_ONCE = 1 << 20  # rows that are written at once, of columns that need no training
_RUNS_AT_ONCE = 10  # runs side by side; each has about ten files open and buffers for them


def train(experiment: Experiment, directory: str | Path, progress: Progress | None = None) -> Trace:
    """Return the trace of ``experiment``, opened; train first unless an intact trace exists.

    The trace lies in ``directory``/<digest>. It is the same bit for bit in the same environment, however many runs are
    trained beside it. A run that was interrupted or killed is resumed from its last kept state and ends in the same
    trace.

    This process trains with the vector instructions that torch and numpy have chosen, and the trace names them.
    Gradreel's commands train in new processes that `core.fixed_mode` sets up. To get the same bits, put `fixed_mode()`
    into ``os.environ`` before numpy and torch are imported.

    Parameters
    ----------
    experiment
        The run.
    directory
        The folder of traces; it is made if needed.
    progress
        Called as ``progress(done, updates)`` about a hundred times.

    Raises
    ------
    TrainingError
        If the run diverges. No trace is left then.
    UserError
        If the directory cannot be written to.

    Examples
    --------
    >>> import tempfile
    >>> trace = train(Experiment(epochs=5), tempfile.mkdtemp())
    >>> trace.parameters.shape
    (6, 10)
    """
    train_all([experiment], directory, progress)
    return Trace.find(directory, experiment)


def train_all(experiments: Sequence[Experiment], directory: str | Path, progress: Progress | None = None) -> list[Path]:
    """Train experiments that differ only in their seeds side by side, and return the paths of their traces.

    The traces equal those of `train`, in less time. ``progress`` counts the updates of all runs together. Raises
    ValueError if the experiments differ in more than the seed, and otherwise like `train`.
    """
    directory = Path(directory)
    for experiment in experiments:
        refuse_other_parts(experiment)
    if len({experiment.model_copy(update={"seed": 0}) for experiment in experiments}) > 1:
        raise ValueError("only experiments that differ in nothing but their seed are trained side by side")
    missing = {
        experiment.digest: experiment for experiment in experiments if _intact_trace(directory, experiment) is None
    }
    if missing:
        _train_missing(missing, directory, progress or (lambda done, updates: None))
    return [directory / experiment.digest for experiment in experiments]


@contextmanager
def one_thread() -> Iterator[None]:
    """Run torch and numpy on one thread, so that the number of cores does not change the order of sums.

    On leaving, both get their threads back. Inside, overflow gives no warning: the losses show that a run diverges.
    torch computes no gradients of its own inside.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1, user_api="blas"), np.errstate(all="ignore"), torch.inference_mode():
            yield
    finally:
        torch.set_num_threads(threads)


class Examples:
    """Holds the training examples as tensors and cuts them into batches, one batch for each run at a time."""

    def __init__(self, experiment: Experiment, networks: Networks) -> None:
        self._size, self._networks = experiment.batch_size, networks
        # Cloned: torch's own memory is always aligned alike, and the grouping of sums may depend on the alignment
        self.features = torch.from_numpy(experiment.dataset.features()).to(networks.dtype).clone()  # (N, D)
        self.labels = torch.from_numpy(experiment.dataset.labels()).to(networks.dtype).clone()[:, None]  # (N, 1)
        # For full batches: the one batch with all examples, filled once
        self._full = (
            None
            if self._size
            else self._filled_batch(torch.arange(len(self.labels), device="cpu").repeat(networks.runs))
        )

    def order(self, generator: torch.Generator) -> torch.Tensor | None:
        """Return the random order in which an epoch goes through the examples, (N,); None for full batches."""
        return torch.randperm(len(self.labels), generator=generator, device="cpu") if self._size else None

    def batches(self, orders: Sequence[torch.Tensor | None], start: int = 0) -> Iterator[Batch]:
        """Yield each batch of an epoch, filled, from batch ``start`` on. The last batch may be smaller.

        ``orders`` has the order of each run, as from `order`.
        """
        if self._full is not None:
            yield self._full
            return
        picked = [order for order in orders if order is not None]
        order = picked[0] if len(picked) == 1 else torch.stack(picked)  # (N,) or (S, N)
        for examples in torch.split(order, self._size, dim=-1)[start:]:
            yield self._filled_batch(examples.reshape(-1))

    def _filled_batch(self, examples: torch.Tensor) -> Batch:
        """Return the networks' batch for ``examples``, (S B,), filled with their features and labels."""
        batch = self._networks.batch(len(examples) // self._networks.runs)
        torch.index_select(self.features, 0, examples, out=batch.features)
        torch.index_select(self.labels, 0, examples, out=batch.labels)
        return batch


def _train_missing(missing: dict[str, Experiment], directory: Path, progress: Progress) -> None:
    """Train the experiments that have no intact trace yet; ``missing`` has them by digest."""
    with ExitStack() as locks:
        for digest in sorted(missing):  # locks are always taken in this order, to avoid deadlock
            locks.enter_context(writer_lock(directory, digest))
        runs = [
            run for run in missing.values() if _intact_trace(directory, run) is None
        ]  # another process may have trained some
        total = sum(run.n_updates for run in runs)
        finished = 0
        for journals, group in _grouped_by_start(directory, runs):
            report = partial(_report_total_updates, progress, finished, total, len(group))
            _train_group(group, directory, journals, report)
            finished += sum(run.n_updates for run in group)


def _report_total_updates(progress: Progress, finished: int, total: int, runs: int, done: int) -> None:
    """Report that each of ``runs`` runs side by side has made ``done`` updates, after ``finished`` updates of
    earlier groups.
    """
    progress(finished + runs * done, total)


def _train_group(
    group: list[Experiment], directory: Path, journals: list[Journal] | None, report: Callable[[int], None]
) -> None:
    """Train runs side by side. If a journal does not fit its files, resume or restart each run alone."""
    try:
        _train_side_by_side(group, directory, journals, report)
    except DamagedJournalError:
        if journals is None or len(group) == 1:
            _train_side_by_side(group, directory, None, report)
            return
        for i, (run, journal) in enumerate(zip(group, journals, strict=True)):
            share = partial(_report_share, report, i, len(group), run.n_updates)
            _train_group([run], directory, [journal], share)


def _report_share(report: Callable[[int], None], trained: int, runs: int, updates: int, done: int) -> None:
    """Report that one of ``runs`` runs has made ``done`` updates, after ``trained`` others have made all of theirs."""
    report((trained * updates + done) // runs)


def _grouped_by_start(directory: Path, runs: list[Experiment]) -> list[tuple[list[Journal] | None, list[Experiment]]]:
    """Return groups of runs that are trained side by side, as (journals, runs).

    All runs of a group start anew (the journals are None) or resume from the same update.
    """
    by_start: dict[int, list[tuple[Journal, Experiment]]] = {}
    for run in runs:
        journal = _resumable_journal(directory, run) or Journal(0, {}, {})
        by_start.setdefault(journal.updates, []).append((journal, run))
    groups: list[tuple[list[Journal] | None, list[Experiment]]] = []
    for start, members in by_start.items():
        for i in range(0, len(members), _RUNS_AT_ONCE):
            together = members[i : i + _RUNS_AT_ONCE]
            journals = [journal for journal, _ in together] if start else None
            groups.append((journals, [run for _, run in together]))
    return groups


def _resumable_journal(directory: Path, run: Experiment) -> Journal | None:
    """Return the journal from which the run can be resumed in this environment, or None."""
    journal = read_journal(directory, run.digest)
    if journal is None or not 0 < journal.updates < run.n_updates:
        return None
    if not promise_equal_bits(journal.environment, environment()):
        return None
    written = {column: written.rows for column, written in journal.columns.items()}
    return journal if written == _rows_for_resuming(run, journal.updates) else None


def _rows_for_resuming(run: Experiment, updates: int) -> dict[str, int]:
    """Return how many rows each column must have for resuming after ``updates`` updates.

    Returns {} if a run cannot be resumed there: only a kept state that is stored with the optimizer state will do.
    """
    row, stride = updates // run.kept_every, run.optimizer_state_stride
    if updates % run.kept_every or row % stride:
        return {}
    # 0 for columns that are written at the end; the next lines set the others
    rows = dict.fromkeys(column_kinds(run), 0)
    rows |= {"parameters": row + 1, "gradient": row, "batch_loss": updates}
    rows |= {"batch": updates // run.batches_per_epoch + 1} if run.batch_size else {}
    return rows | ({"optimizer_state": row // stride + 1} if run.n_state_vectors else {})


def _train_side_by_side(
    experiments: list[Experiment], directory: Path, journals: list[Journal] | None, report: Callable[[int], None]
) -> None:
    """Train runs of one shape side by side: from the start, or from the update that all their journals name."""
    with one_thread(), ExitStack() as stack:
        writers = [
            stack.enter_context(
                new_trace(
                    directory,
                    experiment.digest,
                    column_kinds(experiment),
                    partial(sealed_meta, experiment, environment()),
                    environment(),
                    journals[run] if journals else None,
                    block=max(1 << 18, (BLOCK if experiment.kept_every == 1 else SMALL_BLOCK) // len(experiments)),
                )
            )
            for run, experiment in enumerate(experiments)
        ]
        training = _Training(experiments, writers, report)
        training.run(journals[0].updates if journals else 0)


class _Training:
    """The training loop: S runs, their networks, their random generators and their trace writers."""

    def __init__(
        self, experiments: list[Experiment], writers: list[TraceWriter], report: Callable[[int], None]
    ) -> None:
        self.experiment, self.experiments, self.writers, self.report = experiments[0], experiments, writers, report
        self.networks = Networks(self.experiment, len(experiments))
        self.examples = Examples(self.experiment, self.networks)
        self.generators = [torch.Generator("cpu").manual_seed(run.seed) for run in experiments]
        self.losses = np.empty((_LOSSES_AT_ONCE, len(experiments)))
        self.new_losses = 0  # rows of ``losses`` that are not written yet

    def run(self, start: int) -> None:
        """Make all updates after the first ``start``, which are recorded already."""
        experiment, networks = self.experiment, self.networks
        networks.random_start(self.generators)
        updates, kept_every, per_epoch = experiment.n_updates, experiment.kept_every, experiment.batches_per_epoch
        first, done = start // per_epoch, start
        for _ in range(first):  # bring the generators to where they were
            self._draw_orders(written=True)
        if start:
            self._load_states(start)
        for epoch in range(first, experiment.epochs):
            orders = self._draw_orders(written=epoch == first and start > 0)
            rate = experiment.rate(epoch)
            for batch in self.examples.batches(orders, done % per_epoch):
                kept = done % kept_every == 0
                if kept and (done > start or not start):
                    self._record_states(done)
                self.losses[self.new_losses] = batch.forward_backward().numpy()
                self.new_losses += 1
                if kept:
                    for run, writer in enumerate(self.writers):
                        writer.columns["gradient"].append_bytes(networks.gradient_of(run))
                networks.update(rate, done)
                done += 1
                if self.new_losses == _LOSSES_AT_ONCE:
                    self._write_losses(done)
                if done * 100 // updates != (done - 1) * 100 // updates:
                    self.report(done)
        self._record_states(updates)
        self._write_losses(updates)
        self._write_derived_columns()

    def _draw_orders(self, written: bool) -> list[torch.Tensor | None]:
        """Draw and return each run's order of the examples in the next epoch; record it unless it is ``written``
        already.
        """
        orders = [self.examples.order(generator) for generator in self.generators]
        for order, writer in zip(orders, self.writers, strict=True):
            if order is not None and not written:
                writer.columns["batch"].append(order.numpy())
        return orders

    def _record_states(self, done: int) -> None:
        """Record the states after ``done`` updates.

        From time to time, note in the journal that runs can be resumed there.
        """
        row = -(-done // self.experiment.kept_every)
        has_optimizer_state = self.experiment.n_state_vectors and row % self.experiment.optimizer_state_stride == 0
        for run, writer in enumerate(self.writers):
            writer.columns["parameters"].append_bytes(self.networks.state(run))
            if has_optimizer_state:
                for vector in self.networks.optimizer_state(run):
                    writer.columns["optimizer_state"].append_bytes(vector)
        is_resumable = row % self.experiment.optimizer_state_stride == 0 and done < self.experiment.n_updates
        if is_resumable and any(writer.mark_due for writer in self.writers):
            self._write_losses(done)
            for writer in self.writers:
                writer.mark(done)

    def _write_losses(self, done: int) -> None:
        """Record the losses of the last updates. Raises TrainingError if one of them, or theta now, is not finite."""
        losses = self.losses[: self.new_losses]
        for run, writer in enumerate(self.writers):
            writer.columns["batch_loss"].append(losses[:, run])
        bad_rows = np.flatnonzero(~np.isfinite(losses).all(axis=1))
        if len(bad_rows):
            update = done - self.new_losses + int(bad_rows[0])
            run_number = int(np.flatnonzero(~np.isfinite(losses[bad_rows[0]]))[0])
            self._raise_diverged(run_number, update, losses[bad_rows[0], run_number])
        for run in range(len(self.experiments)):
            if not np.isfinite(self.networks.state(run).view(self.experiment.dtype).sum()):
                self._raise_diverged(run, done, None)
        self.new_losses = 0

    def _raise_diverged(self, run: int, update: int, loss: float | None) -> None:
        """Raise TrainingError for a run whose ``loss``, or a parameter if that is None, is not finite after
        ``update`` updates.
        """
        if update == 0:
            cause = "the numbers of its examples are too large"
            if self.experiment.dtype == "float32":
                cause = 'the numbers of its examples are too large for float32, dtype = "float64" holds more'
            raise TrainingError(f"the loss at the random start is already {loss}: {cause}")
        fault = "a parameter is no longer finite" if loss is None else f"the loss is {loss:g}"
        rate, seed = self.experiment.learning_rate, self.experiments[run].seed
        raise TrainingError(
            f"training diverged (seed {seed}): after update {update} of {self.experiment.n_updates} {fault}; the "
            f"learning rate {rate:g} is too large, try {rate / 10:g}"
        )

    def _write_derived_columns(self) -> None:
        """Write the columns that follow from the experiment alone: points, kept and epoch."""
        updates, kept = self.experiment.n_updates, self.experiment.n_kept
        for writer in self.writers:
            for name, table in self.experiment.point_tables.items():
                writer.columns[name].append(table.rows)
            for start in range(0, kept, _ROWS_AT_ONCE):
                writer.columns["kept"].append(self.experiment.kept_updates(start, start + _ROWS_AT_ONCE))
            for start in range(0, updates, _ROWS_AT_ONCE):
                numbers = np.arange(start, min(start + _ROWS_AT_ONCE, updates))
                writer.columns["epoch"].append(numbers // self.experiment.batches_per_epoch)

    def _load_states(self, done: int) -> None:
        """Load the recorded states after ``done`` updates into the networks."""
        row = done // self.experiment.kept_every
        for run, writer in enumerate(self.writers):
            theta = writer.columns["parameters"].read_row(row)
            optimizer_state = []
            if self.experiment.n_state_vectors:
                state = writer.columns["optimizer_state"].read_row(row // self.experiment.optimizer_state_stride)
                optimizer_state = list(state.reshape(self.experiment.n_state_vectors, -1))
            self.networks.set_state(run, theta, optimizer_state)


def _intact_trace(directory: Path, experiment: Experiment) -> Trace | None:
    """Return the trace of the experiment with all checksums right; None if it is missing or damaged."""
    try:
        return Trace.find(directory, experiment, checksums=True)
    except TraceError:
        return None
