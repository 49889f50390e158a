"""A trace's updates run again and compared: every number of it is what its experiment gives, or is named.

Row by row from the files: a trace larger than memory is fine.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gradreel.core.arrays import IntArray
from gradreel.core.errors import TraceError
from gradreel.core.experiment import Experiment
from gradreel.core.network.network import Networks
from gradreel.core.network.theta import parameter_names
from gradreel.core.network.training import Examples, one_thread
from gradreel.core.trace.columns import ColumnKind, read_column, rows_of
from gradreel.core.trace.recorded_run import RecordedRun
from gradreel.core.trace.trace import META, check_column, column_kinds, read_meta
from gradreel.core.trace.verify_recorded import verify_recorded
from gradreel.core.trace.verify_result import MOST_PROBLEMS, Agreement, Problem, Progress, Verification
from numpy.typing import NDArray

TOLERANCES = {"float64": 1e-9, "float32": 1e-3}
"""How far a number may be off, in units of the largest beside it, for each update since the last kept state.

The bits may differ between processors and versions; on the machine that wrote the trace they do not."""
CANCELLED = 1e-4
"""Of a column's largest number so far: what is smaller may be what is left where large terms cancel, rounding alone."""
MOST_SPAN = 50
"""For no more updates than these does the tolerance grow."""
ENOUGH = 1000
"""Once so many numbers of gradients and losses have been found equal bit for bit, and none different, this machine
rounds as the one that wrote the trace: from then on the least difference counts."""
_COUNTED_AT_ONCE = 1 << 20  # rows of the columns that need no network


def verify(path: str | Path, progress: Progress | None = None) -> Verification:
    """Compute every update of the trace in directory ``path`` again, from the recorded states, and compare.

    The start and the random batches are drawn again from the seed. Whatever is wrong is a Problem, a flipped bit in any
    file included; TraceError only if there is no directory ``path``. ``progress(done, updates)`` is called about a
    hundred times. Of a recorded loop, whose model nothing here can compute, only what its numbers tell is checked.
    """
    path = Path(path).expanduser()
    if not path.is_dir():
        raise TraceError(f"{path} is not a trace: there is no such directory; run: gradreel train")
    try:
        meta, run = read_meta(path)
    except TraceError as error:
        return Verification(path, 0, None, (Problem(META, None, None, None, None, str(error)),))
    unreadable, damaged = _unsound_columns(path, meta, column_kinds(run))
    if unreadable:
        return Verification(path, 0, None, (*unreadable, *damaged.values()))
    report = progress or (lambda done, updates: None)
    if isinstance(run, RecordedRun):
        return verify_recorded(path, run, tuple(damaged.values()), report)
    with one_thread():
        again = _Recomputation(path, run, frozenset(damaged))
        updates = again.compute(report)
    located = {problem.column for problem in again.comparison.problems}
    unlocated = [problem for name, problem in damaged.items() if name not in located]
    problems = (*again.comparison.problems, *unlocated)
    agreement = Agreement.EXACT if again.comparison.exact else Agreement.CLOSE
    return Verification(path, updates, None if problems else agreement, problems)


def _unsound_columns(
    path: Path, meta: dict[str, Any], kinds: dict[str, ColumnKind]
) -> tuple[list[Problem], dict[str, Problem]]:
    """Columns that cannot be read at all, and those whose checksum is wrong."""
    unreadable: list[Problem] = []
    damaged: dict[str, Problem] = {}
    for name, kind in kinds.items():
        try:
            read_column(path / f"{name}.npy", kind)
        except TraceError as error:
            unreadable.append(Problem(name, None, None, None, None, f"{path}: {error}"))
            continue
        try:
            check_column(path, meta, name)
        except TraceError as error:
            damaged[name] = Problem(name, None, None, None, None, str(error))
    return unreadable, damaged


def _largest(numbers: NDArray[Any]) -> float:
    return float(np.abs(numbers).max(initial=0.0))


@dataclass
class Comparison:
    """Collects what differs. In ``damaged`` columns, those of a wrong checksum, the least difference counts."""

    tolerance: float
    damaged: frozenset[str]
    exact: bool = True
    problems: list[Problem] = field(default_factory=list)
    equal: int = 0  # numbers of gradients and losses that were, up to the first that was not
    largest_number: dict[str, float] = field(default_factory=dict)  # so far: of a column's first row, and others

    @property
    def hopeless(self) -> bool:
        return len(self.problems) >= MOST_PROBLEMS

    def agrees(
        self,
        column: str,
        update: int,
        found: NDArray[Any],
        computed: NDArray[Any],
        names: Sequence[str] | None = None,
        span: int = 1,
    ) -> bool:
        """Whether two rows agree; ``span``: over how many updates rounding may have grown. Differences are noted."""
        largest = self.largest_number.get(column)
        if found.tobytes() == computed.tobytes():
            if largest is None:
                self.largest_number[column] = _largest(computed)
            if self.exact and column in ("gradient", "batch_loss"):
                self.equal += found.size
            return True
        same_rounding = self.equal >= ENOUGH
        self.exact = False
        bits = np.dtype(f"u{found.itemsize}")
        different = np.ascontiguousarray(found).view(bits).ravel() != np.ascontiguousarray(computed).view(bits).ravel()
        if column not in self.damaged and not same_rounding:
            scale = _largest(computed)
            self.largest_number[column] = largest = max(largest or 0.0, scale)
            with np.errstate(invalid="ignore", over="ignore"):
                allowed = self.tolerance * min(span, MOST_SPAN) * max(scale, CANCELLED * largest)
                different &= ~(np.abs(found - computed) <= allowed).ravel()
        for i in np.flatnonzero(different).tolist():
            self.note(column, update, names[i] if names else None, found.flat[i].item(), computed.flat[i].item())
        return not different.any()

    def note(self, column: str, update: int, parameter: str | None, found: float, computed: float) -> None:
        """One number that is wrong."""
        if self.hopeless:
            return
        where = f"{column} after {update} updates" + (f", {parameter}" if parameter else "")
        text = f"{where}: found {found!r}, computed {computed!r}"
        self.problems.append(Problem(column, update, parameter, found, computed, text))


class _Recomputation:
    """The updates of a trace once more, each from its recorded state where that is right."""

    def __init__(self, path: Path, experiment: Experiment, damaged: frozenset[str]) -> None:
        self.experiment = experiment
        self.comparison = Comparison(TOLERANCES[experiment.dtype], damaged)
        self.names = parameter_names(experiment)
        kinds = column_kinds(experiment)
        self.rows: dict[str, Iterator[NDArray[Any]]] = {
            name: rows_of(path / f"{name}.npy", kind) for name, kind in kinds.items()
        }
        self.columns = {name: read_column(path / f"{name}.npy", kinds[name]) for name in ("kept", "epoch")}
        self.networks = Networks(experiment)
        self.row = 0  # of the kept state met next

    def compute(self, report: Progress) -> int:
        """Returns how many updates were run."""
        experiment, networks, comparison = self.experiment, self.networks, self.comparison
        generator = torch.Generator("cpu").manual_seed(experiment.seed)
        examples = Examples(experiment, networks)
        networks.random_start([generator])
        self._compare_counts()
        updates, kept_every, done, left = experiment.n_updates, experiment.kept_every, 0, 0
        self._arrive(0, 1)
        for epoch in range(experiment.epochs):
            order = examples.order(generator)
            if order is not None:
                self._compare_order(epoch, next(self.rows["batch"]), order.numpy())
            for batch in examples.batches([order]):
                if comparison.hopeless:
                    return done
                losses = batch.forward_backward().numpy()
                span = done - left + 1
                self._compare_loss(done, losses.astype(np.float64), span)
                if done == left:
                    gradient = next(self.rows["gradient"])
                    comparison.agrees("gradient", done, gradient, networks.values(0)[1], self.names)
                networks.update(experiment.rate(epoch), done)
                done += 1
                if done % kept_every == 0 or done == updates:
                    left = done
                    self._arrive(done, span)
                if done * 100 // updates != (done - 1) * 100 // updates:
                    report(done, updates)
        return done

    def _arrive(self, done: int, span: int) -> None:
        """Compare the state arrived at, and go on from the recorded one if it is right, else from the computed one."""
        theta, networks = next(self.rows["parameters"]), self.networks
        arrived, _, remembered = networks.values(0)
        if self.comparison.agrees("parameters", done, theta, arrived, self.names, span):
            networks.set_state(0, theta)
        if self.experiment.n_remembered and self.row % self.experiment.states_between == 0:
            found = next(self.rows["optimizer_state"]).reshape(self.experiment.n_remembered, -1)
            agree = [
                self.comparison.agrees("optimizer_state", done, vector, computed, self.names, span)
                for vector, computed in zip(found, remembered, strict=True)
            ]
            if all(agree):
                networks.set_state(0, networks.values(0)[0], list(found))
        self.row += 1

    def _compare_loss(self, done: int, computed: NDArray[Any], span: int) -> None:
        found = np.asarray(next(self.rows["batch_loss"]))[None]
        self.comparison.agrees("batch_loss", done, found, computed, span=span)

    def _compare_counts(self) -> None:
        """The columns that need no network: which states were kept, and the epoch of each update."""
        run = self.experiment
        for start in range(0, run.n_kept, _COUNTED_AT_ONCE):
            kept = run.kept_updates(start, start + _COUNTED_AT_ONCE)
            self._compare_count("kept", start, kept, kept)
        for start in range(0, run.n_updates, _COUNTED_AT_ONCE):
            updates = np.arange(start, min(start + _COUNTED_AT_ONCE, run.n_updates))
            self._compare_count("epoch", start, updates // run.batches_per_epoch, updates)

    def _compare_count(self, name: str, start: int, computed: IntArray, updates: IntArray) -> None:
        found = self.columns[name][start : start + len(computed)]
        for i in np.flatnonzero(found != computed)[:MOST_PROBLEMS].tolist():
            row = slice(i, i + 1)
            self.comparison.agrees(name, int(updates[i]), found[row], computed[row].astype(found.dtype))

    def _compare_order(self, epoch: int, found: NDArray[Any], computed: NDArray[Any]) -> None:
        """The random order of an epoch's examples, drawn again from the seed."""
        size = self.experiment.batch_size
        for i in np.flatnonzero(found != computed).tolist():
            update = epoch * self.experiment.batches_per_epoch + i // size
            row = slice(i, i + 1)
            expected = computed[row].astype(found.dtype)
            self.comparison.agrees("batch", update, found[row], expected, [f"example {i % size + 1}"])
