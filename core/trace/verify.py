"""Computes the updates of a trace again and compares every number.

If the trace was made in the same environment (`core.trace.environment`), equal bits are demanded. Otherwise a tolerance
holds for every column. Columns are read row by row, so a trace may be larger than memory.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gradreel.core.arrays import IntArray
from gradreel.core.errors import DamagedColumnError, TraceError, UnregisteredPartError
from gradreel.core.experiment import Experiment
from gradreel.core.network.fast_networks import Networks
from gradreel.core.network.theta import parameter_names
from gradreel.core.network.training import Examples, one_thread
from gradreel.core.progress import Progress
from gradreel.core.trace.columns import read_column, rows_of
from gradreel.core.trace.environment import environment, promise_equal_bits
from gradreel.core.trace.format import META, TraceFiles, column_kinds, nearby_traces_hint
from gradreel.core.trace.recorded_run import RecordedRun
from gradreel.core.trace.trace import open_files
from gradreel.core.trace.verify_recorded import verify_recorded
from gradreel.core.trace.verify_result import MOST_PROBLEMS, Agreement, Problem, Verification
from numpy.typing import NDArray

TOLERANCES = {"float64": 1e-9, "float32": 1e-3}
"""How far a number may be off in another environment, by dtype, relative to the largest number of its row.

For states and losses after a kept state, the tolerance is multiplied by the number of updates since then, up to
`MOST_SPAN`.

ReLU, mae and Adam may turn a difference in the last bits into one in the first digits. Therefore two side runs start
from each kept state with other last bits, in opposite directions. Where a unit is about to switch on or off, it does so
in one of them. A row may always be off by `_DIVERGENCE` times the largest distance between these runs so far.
"""
_DIVERGENCE = 30
_LAST_BITS = 64  # ulps
_MOST_BESIDE = 5_000_000  # most parameters of a network with side runs, which need memory
CANCELLED = 1e-4
"""A row's scale is at least this share of the column's largest number so far.

A gradient near a minimum consists of rounding errors of large terms that cancel.
"""
MOST_SPAN = 50
_SOUND = 1e-3
"""A share of the tolerance, for damaged columns.

An entry that is off by more, and by more than rounding explains, is replaced by the computed one. So the numbers that
follow from it are compared with undamaged ones.
"""
_Key = tuple[str, int]  # a column, and the number of a vector among those that one state has in it
_COUNTED_AT_ONCE = 1 << 20  # rows compared at once, of columns that need no network


def verify(path: str | Path, progress: Progress | None = None) -> Verification:
    """Compute every update of a trace again and return how well they agree with the recorded ones.

    The start and the random batches are drawn again from the seed. Each update starts from its recorded state. A
    flipped bit in any file is found: it changes the checksum of its column. The number itself is named if it is off by
    more than the tolerance.

    In the environment that made the trace, equal bits are demanded. In another one, each number may be off by
    `TOLERANCES`, and whole numbers by nothing. A recorded loop's model is unknown, so only what its numbers tell is
    checked.

    Parameters
    ----------
    path
        The trace's folder.
    progress
        Called as ``progress(done, updates)`` about a hundred times.

    Returns
    -------
    Verification
        Each fault is a `Problem` in it.

    Raises
    ------
    TraceError
        If there is no folder ``path``, or the run has a part of a user's own that the caller has not registered; no
        code is ever imported because a trace names it.

    Examples
    --------
    >>> import tempfile
    >>> from gradreel.core.network.training import train
    >>> trace = train(Experiment(hidden=(), epochs=3), tempfile.mkdtemp())
    >>> verify(trace.path).exact
    True
    """
    path = Path(path).expanduser()
    if not path.is_dir():
        raise TraceError(
            f"{path} is not a trace: there is no such directory; run: gradreel train{nearby_traces_hint(path)}"
        )
    try:
        files = open_files(path)
    except UnregisteredPartError:
        raise
    except TraceError as error:
        column = error.column if isinstance(error, DamagedColumnError) else META
        return Verification(path, 0, None, (Problem(column, None, None, None, None, str(error)),))
    run = files.run
    unreadable, damaged = _faulty_columns(files)
    if unreadable:
        return Verification(path, 0, None, (*unreadable, *damaged.values()))
    report = progress or (lambda done, updates: None)
    made_with, computed_with = files.meta["environment"], environment()
    if isinstance(run, RecordedRun):
        result = verify_recorded(files, run, tuple(damaged.values()), report)
        return replace(result, made_with=made_with, computed_with=computed_with)
    tolerance = 0.0 if promise_equal_bits(made_with, computed_with) else TOLERANCES[run.dtype]
    with one_thread():
        recomputation = _Recomputation(path, run, Comparison(tolerance, frozenset(damaged)))
        updates = recomputation.compute(report)
    located = {problem.column for problem in recomputation.comparison.problems}
    unlocated = [problem for name, problem in damaged.items() if name not in located]
    problems = (*recomputation.comparison.problems, *unlocated)
    agreement = Agreement.EXACT if recomputation.comparison.exact else Agreement.CLOSE
    return Verification(
        path,
        updates,
        None if problems else agreement,
        problems,
        made_with=made_with,
        computed_with=computed_with,
    )


def _faulty_columns(files: TraceFiles) -> tuple[list[Problem], dict[str, Problem]]:
    """Return the problems of columns that cannot be read, and by name those of columns with a wrong checksum."""
    unreadable: list[Problem] = []
    damaged: dict[str, Problem] = {}
    for name in column_kinds(files.run):
        try:
            files.column(name)
        except TraceError as error:
            unreadable.append(Problem(name, None, None, None, None, str(error)))
            continue
        try:
            files.check(name)
        except TraceError as error:
            damaged[name] = Problem(name, None, None, None, None, str(error))
    return unreadable, damaged


def _largest(numbers: NDArray[Any]) -> float:
    """Return the largest absolute number; 0 for an empty array."""
    return float(np.abs(numbers).max(initial=0.0))


def _distance(recorded: NDArray[Any], computed: NDArray[Any]) -> NDArray[Any]:
    """Return |recorded - computed|, flat; infinite where one of them is not a number."""
    with np.errstate(invalid="ignore", over="ignore"):
        distance: NDArray[Any] = np.nan_to_num(np.abs(recorded.astype(np.float64) - computed), nan=np.inf)
    return distance.ravel()


@dataclass
class Comparison:
    """Compares rows of a trace with computed ones and collects the numbers that are wrong."""

    tolerance: float  # relative to the largest number of a row; 0: equal bits are demanded
    damaged: frozenset[str]  # columns whose checksum is wrong
    exact: bool = True  # whether all rows so far were equal bit for bit
    problems: list[Problem] = field(default_factory=list)
    largest_number: dict[_Key, float] = field(default_factory=dict)  # the largest number so far, by column
    divergence: dict[_Key, float] = field(default_factory=dict)  # of the side runs, since the last complete state

    @property
    def hopeless(self) -> bool:
        """Return whether so many problems were found that verification should stop."""
        return len(self.problems) >= MOST_PROBLEMS

    def compare_row(
        self,
        column: str,
        update: int,
        recorded: NDArray[Any],
        computed: NDArray[Any],
        names: Sequence[str] | None = None,
        span: int = 1,
        beside: Sequence[NDArray[Any]] = (),
        part: int = 0,
    ) -> bool:
        """Return whether a recorded row agrees with the computed one, and note each number that does not.

        Parameters
        ----------
        column, update
            Which row it is: its column, and how many updates had been made.
        found, computed
            The recorded and the computed row, same shape.
        names
            A name for each number of the row, for the notes.
        span
            Over how many updates rounding may have grown.
        beside
            The row as computed by the runs beside, which began with other last bits.
        part
            Which of several vectors that one state has in this column.
        """
        key = column, part
        for row in beside:
            distance = _largest(row.astype(np.float64) - computed)
            self.divergence[key] = max(self.divergence.get(key, 0.0), distance)
        if recorded.tobytes() == computed.tobytes():
            if key not in self.largest_number:
                self.largest_number[key] = _largest(computed)
            return True
        self.exact = False
        different = recorded.view(f"u{recorded.itemsize}").ravel() != computed.view(f"u{recorded.itemsize}").ravel()
        if self.tolerance and recorded.dtype.kind == "f":
            allowed = max(self._allowed(key, computed, span), _DIVERGENCE * self.divergence.get(key, 0.0))
            different &= (_distance(recorded, computed) > allowed) | ~np.isfinite(recorded).ravel()
        for i in np.flatnonzero(different).tolist():
            self.note(column, update, names[i] if names else None, recorded.flat[i].item(), computed.flat[i].item())
        return not different.any()

    def trusted_row(
        self, column: str, agrees: bool, recorded: NDArray[Any], computed: NDArray[Any], part: int = 0
    ) -> tuple[NDArray[Any], NDArray[Any] | float]:
        """Return the row from which to continue, and by how much its entries are in doubt.

        That is the recorded row if it ``agrees``, else the computed one, both without doubt. For a damaged column in
        another environment it is the recorded row, with the computed entry wherever rounding does not explain the
        difference.
        """
        if column not in self.damaged or not self.tolerance:
            return recorded if agrees else computed, 0.0
        key = column, part
        diverged = self.divergence.get(key, 0.0)
        distance = _distance(recorded, computed)
        is_wrong = distance > max(_SOUND * self._allowed(key, computed, 1), diverged)
        return np.where(is_wrong, computed, recorded), np.where(is_wrong, diverged, distance)

    def _allowed(self, key: _Key, computed: NDArray[Any], span: int) -> float:
        """Return by how much a number of this row may be off."""
        scale = _largest(computed)
        self.largest_number[key] = largest = max(self.largest_number.get(key, 0.0), scale)
        return self.tolerance * min(span, MOST_SPAN) * max(scale, CANCELLED * largest)

    def note(self, column: str, update: int, parameter: str | None, recorded: float, computed: float) -> None:
        """Add a problem for one wrong number, unless there are too many problems already."""
        if self.hopeless:
            return
        position = f"{column} after {update} updates" + (f", {parameter}" if parameter else "")
        text = f"{position}: found {recorded!r}, computed {computed!r}"
        self.problems.append(Problem(column, update, parameter, recorded, computed, text))


class _Recomputation:
    """Computes the updates of a trace again, each from its recorded state if that is right."""

    def __init__(self, path: Path, experiment: Experiment, comparison: Comparison) -> None:
        self.experiment, self.comparison = experiment, comparison
        self.names = parameter_names(experiment)
        kinds = column_kinds(experiment)
        self.rows: dict[str, Iterator[NDArray[Any]]] = {
            name: rows_of(path / f"{name}.npy", kind) for name, kind in kinds.items()
        }
        self.columns = {name: read_column(path / f"{name}.npy", kinds[name]) for name in ("kept", "epoch")}
        # In another environment, run 0 computes the trace, and two side runs begin with other last bits
        has_side_runs = comparison.tolerance > 0 and experiment.n_parameters <= _MOST_BESIDE
        self.networks = Networks(experiment, 3 if has_side_runs else 1)
        signs = np.random.default_rng(0).choice([-1, 1], experiment.n_parameters)
        self.other_bits = _LAST_BITS * np.finfo(experiment.dtype).eps * signs
        self.row = 0  # row of the next kept state

    def compute(self, report: Progress) -> int:
        """Compute and compare all updates; return how many were computed.

        Stops early if there are too many problems.
        """
        experiment, networks, comparison = self.experiment, self.networks, self.comparison
        generator = torch.Generator("cpu").manual_seed(experiment.seed)
        examples = Examples(experiment, networks)
        networks.random_start([generator])
        self._perturb_side_runs([0.0] * (1 + experiment.n_state_vectors), True)
        self._compare_counts()
        updates, kept_every, done, last_kept = experiment.n_updates, experiment.kept_every, 0, 0
        self._compare_and_advance_state(0, 1)
        for epoch in range(experiment.epochs):
            order = examples.order(generator)
            if order is not None:
                self._compare_order(epoch, next(self.rows["batch"]), order.numpy())
            for batch in examples.batches([order] * networks.runs):
                if comparison.hopeless:
                    return done
                losses = batch.forward_backward().numpy()
                span = done - last_kept + 1
                self._compare_loss(done, losses, span)
                if done == last_kept:
                    gradient = next(self.rows["gradient"])
                    beside = [networks.values(run)[1] for run in range(1, networks.runs)]
                    comparison.compare_row("gradient", done, gradient, networks.values(0)[1], self.names, beside=beside)
                networks.update(experiment.rate(epoch), done)
                done += 1
                if done % kept_every == 0 or done == updates:
                    last_kept = done
                    self._compare_and_advance_state(done, span)
                if done * 100 // updates != (done - 1) * 100 // updates:
                    report(done, updates)
        return done

    def _compare_and_advance_state(self, done: int, span: int) -> None:
        """Compare the computed state after ``done`` updates with the recorded one, and continue from the better one.

        ``done`` updates lead to a kept state: the one in row ``self.row``, which is then advanced. Rounding may have
        grown over ``span`` updates.
        """
        theta, networks = next(self.rows["parameters"]), self.networks
        computed_theta, _, optimizer_state = networks.values(0)
        beside = [networks.values(run) for run in range(1, networks.runs)]
        thetas = [values[0] for values in beside]
        agrees = self.comparison.compare_row("parameters", done, theta, computed_theta, self.names, span, thetas)
        state, *doubts = self.comparison.trusted_row("parameters", agrees, theta, computed_theta)
        networks.set_state(0, state)
        has_optimizer_state = (
            self.experiment.n_state_vectors > 0 and self.row % self.experiment.optimizer_state_stride == 0
        )
        if has_optimizer_state:
            recorded = next(self.rows["optimizer_state"]).reshape(self.experiment.n_state_vectors, -1)
            from_side_runs = zip(*(values[2] for values in beside), strict=True) if beside else [()] * len(recorded)
            vectors = list(zip(recorded, optimizer_state, from_side_runs, strict=True))
            agreements = [
                self.comparison.compare_row(
                    "optimizer_state", done, vector, computed, self.names, span, other_vectors, i
                )
                for i, (vector, computed, other_vectors) in enumerate(vectors)
            ]
            trusted = [
                self.comparison.trusted_row("optimizer_state", all(agreements), vector, computed, i)
                for i, (vector, computed, _) in enumerate(vectors)
            ]
            networks.set_state(0, state, [vector for vector, _ in trusted])
            doubts += [doubt for _, doubt in trusted]
        self._perturb_side_runs(doubts, has_optimizer_state or not self.experiment.n_state_vectors)
        self.row += 1

    def _perturb_side_runs(self, doubts: Sequence[NDArray[Any] | float], is_complete: bool) -> None:
        """Let the side runs, if any, continue from the same state with other last bits.

        Parameters
        ----------
        doubts
            By how much theta and each vector of the optimizer state may be off.
        is_complete
            Whether the recorded state includes the optimizer state. If not, the optimizer states may have diverged
            before.
        """
        if self.networks.runs == 1:
            return
        theta, _, optimizer_state = self.networks.values(0)
        vectors = [theta, *optimizer_state][: len(doubts)]
        for run in range(1, self.networks.runs):
            relative_change = self.other_bits * (-1) ** run
            changed_vectors = [
                (vector * (1 + relative_change) + np.sign(relative_change) * doubt).astype(vector.dtype)
                for vector, doubt in zip(vectors, doubts, strict=True)
            ]
            self.networks.set_state(run, changed_vectors[0], changed_vectors[1:])
        if is_complete:
            self.comparison.divergence.clear()

    def _compare_loss(self, done: int, losses: NDArray[Any], span: int) -> None:
        """Compare the recorded loss of update ``done``.

        ``losses`` are those of the trace's run and of the side runs. Rounding may have grown over ``span`` updates, so
        the tolerance grows with it.
        """
        recorded, computed = np.asarray(next(self.rows["batch_loss"]))[None], losses[:1].astype(np.float64)
        beside = [losses[run : run + 1] for run in range(1, len(losses))]
        self.comparison.compare_row("batch_loss", done, recorded, computed, span=span, beside=beside)

    def _compare_counts(self) -> None:
        """Compare the columns that need no network: which states were kept, and the epoch of each update."""
        run = self.experiment
        for start in range(0, run.n_kept, _COUNTED_AT_ONCE):
            kept = run.kept_updates(start, start + _COUNTED_AT_ONCE)
            self._compare_count("kept", start, kept, kept)
        for start in range(0, run.n_updates, _COUNTED_AT_ONCE):
            updates = np.arange(start, min(start + _COUNTED_AT_ONCE, run.n_updates))
            self._compare_count("epoch", start, updates // run.batches_per_epoch, updates)

    def _compare_count(self, name: str, start: int, computed: IntArray, updates: IntArray) -> None:
        """Compare rows of a column of whole numbers, from row ``start`` on. ``updates`` has the update of each row."""
        recorded = self.columns[name][start : start + len(computed)]
        for i in np.flatnonzero(recorded != computed)[:MOST_PROBLEMS].tolist():
            row = slice(i, i + 1)
            self.comparison.compare_row(name, int(updates[i]), recorded[row], computed[row].astype(recorded.dtype))

    def _compare_order(self, epoch: int, recorded: NDArray[Any], computed: NDArray[Any]) -> None:
        """Compare the random order of an epoch's examples, drawn again from the seed."""
        size = self.experiment.batch_size
        for i in np.flatnonzero(recorded != computed).tolist():
            update = epoch * self.experiment.batches_per_epoch + i // size
            row = slice(i, i + 1)
            expected = computed[row].astype(recorded.dtype)
            self.comparison.compare_row("batch", update, recorded[row], expected, [f"example {i % size + 1}"])
