"""A trace's updates run again and compared: every number of it is what its experiment gives, or is named."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gradreel.core.columns import read_column
from gradreel.core.errors import TraceError
from gradreel.core.experiment import Experiment
from gradreel.core.network import Network
from gradreel.core.theta import parameter_names
from gradreel.core.trace import META, check_column, column_kinds, read_meta
from gradreel.core.training import Examples, one_thread
from numpy.typing import NDArray

TOLERANCE = 1e-9
"""How far a number may be off, in units of the largest beside it, for each update since the last kept state.

The bits may differ between processors and versions; on the machine that wrote the trace they do not."""
MOST_PROBLEMS = 100
"""Then verification stops: the trace is another run's."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a trace. Fields that do not apply are None."""

    column: str  # "parameters", "gradient", ..., or "meta.json"
    update: int | None  # how many updates had been made
    parameter: str | None  # its name, or "example 3" in the batch column
    found: float | None
    computed: float | None
    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Verification:
    """What came of computing a trace again."""

    path: Path
    updates: int  # computed again
    exact: bool  # every number equal bit for bit
    problems: tuple[Problem, ...]

    @property
    def intact(self) -> bool:
        """No problems."""
        return not self.problems

    def __str__(self) -> str:
        if self.problems:
            return "\n".join([f"{self.path}: damaged", *(f"  {problem}" for problem in self.problems)])
        agreement = "exact bit for bit" if self.exact else f"within tolerance ({TOLERANCE:g} of the largest number)"
        return f"{self.path}: {self.updates} updates computed again, {agreement}"


def verify(path: str | Path, progress: Callable[[int, int], None] | None = None) -> Verification:
    """Compute every update of the trace in directory ``path`` again, from the recorded states, and compare.

    The start and the random batches are drawn again from the seed. Whatever is wrong is a Problem, a flipped bit in any
    file included; TraceError only if there is no directory ``path``. ``progress(done, updates)`` is called about a
    hundred times.
    """
    path = Path(path)
    if not path.is_dir():
        raise TraceError(f"{path} is not a trace: there is no such directory; run: gradreel train")
    try:
        meta, experiment = read_meta(path)
    except TraceError as error:
        return Verification(path, 0, False, (Problem(META, None, None, None, None, str(error)),))
    columns: dict[str, NDArray[Any]] = {}
    unreadable: list[Problem] = []
    damaged: dict[str, Problem] = {}
    for name, kind in column_kinds(experiment).items():
        try:
            columns[name] = read_column(path / f"{name}.npy", kind)
        except TraceError as error:
            unreadable.append(Problem(name, None, None, None, None, f"{path}: {error}"))
            continue
        try:
            check_column(path, meta, name)
        except TraceError as error:
            damaged[name] = Problem(name, None, None, None, None, str(error))
    if unreadable:
        return Verification(path, 0, False, (*unreadable, *damaged.values()))
    with one_thread():
        comparison = _Comparison(experiment, frozenset(damaged))
        updates = _compute_again(experiment, columns, comparison, progress or (lambda done, updates: None))
    located = {problem.column for problem in comparison.problems}
    unlocated = [problem for name, problem in damaged.items() if name not in located]
    problems = (*comparison.problems, *unlocated)
    return Verification(path, updates, comparison.exact and not problems, problems)


@dataclass
class _Comparison:
    """Collects what differs. In ``damaged`` columns, those of a wrong checksum, the least difference counts."""

    experiment: Experiment
    damaged: frozenset[str]
    exact: bool = True
    problems: list[Problem] = field(default_factory=list)

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
        if found.tobytes() == computed.tobytes():
            return True
        self.exact = False
        different = np.array([a.tobytes() != b.tobytes() for a, b in zip(found.flat, computed.flat, strict=True)])
        if column not in self.damaged:
            with np.errstate(invalid="ignore", over="ignore"):
                allowed = TOLERANCE * span * np.abs(computed).max()
                different &= ~(np.abs(found - computed) <= allowed).ravel()
        for i in np.flatnonzero(different).tolist():
            self._note(column, update, names[i] if names else None, found.flat[i].item(), computed.flat[i].item())
        return not different.any()

    def _note(self, column: str, update: int, parameter: str | None, found: float, computed: float) -> None:
        if self.hopeless:
            return
        where = f"{column} after {update} updates" + (f", {parameter}" if parameter else "")
        text = f"{where}: found {found!r}, computed {computed!r}"
        self.problems.append(Problem(column, update, parameter, found, computed, text))


def _compute_again(
    experiment: Experiment,
    columns: dict[str, NDArray[Any]],
    comparison: _Comparison,
    progress: Callable[[int, int], None],
) -> int:
    """Run the updates, each from its recorded state where that is right. Returns how many were run."""
    generator = torch.Generator().manual_seed(experiment.seed)
    network, examples = Network(experiment), Examples(experiment)
    network.random_start(generator)
    parameters = parameter_names(experiment)
    _compare_counts(experiment, columns, comparison)
    done, updates = 0, experiment.n_updates
    row, left = 0, 0  # the kept state last met, and how many updates had been made there

    def arrive(span: int) -> None:
        """Compare the state arrived at, and go on from the recorded one if it is right, else from the computed one."""
        recorded = columns["parameters"][row]
        if comparison.agrees("parameters", done, recorded, network.theta.numpy(), parameters, span):
            network.theta.copy_(torch.from_numpy(np.array(recorded)))

    arrive(1)
    for epoch in range(experiment.epochs):
        split = examples.split(generator)
        if split is not None:
            _compare_split(experiment, epoch, columns["batch"][epoch], split.numpy(), comparison)
        for features, labels in examples.batches(split):
            if comparison.hopeless:
                return done
            loss = np.array([network.loss_and_gradient(features, labels)])
            span = done - left + 1
            comparison.agrees("batch_loss", done, columns["batch_loss"][done : done + 1], loss, span=span)
            if done == left:
                comparison.agrees("gradient", done, columns["gradient"][row], network.gradient.numpy(), parameters)
            network.update()
            done += 1
            if done - left == experiment.kept_every or done == updates:
                row, left = row + 1, done
                arrive(span)
            if done * 100 // updates != (done - 1) * 100 // updates:
                progress(done, updates)
    return done


def _compare_counts(experiment: Experiment, columns: dict[str, NDArray[Any]], comparison: _Comparison) -> None:
    """The columns that need no network: which states were kept, and the epoch of each update."""
    kept = experiment.kept_updates()
    epoch = np.arange(experiment.n_updates) // experiment.batches_per_epoch
    for name, computed, updates in (("kept", kept, kept), ("epoch", epoch, np.arange(len(epoch)))):
        for i in np.flatnonzero(columns[name] != computed).tolist():
            row = slice(i, i + 1)
            expected = computed[row].astype(columns[name].dtype)
            comparison.agrees(name, int(updates[i]), columns[name][row], expected)


def _compare_split(
    experiment: Experiment, epoch: int, found: NDArray[Any], computed: NDArray[Any], comparison: _Comparison
) -> None:
    """The random order of an epoch's examples, drawn again from the seed."""
    for i in np.flatnonzero(found != computed).tolist():
        update = epoch * experiment.batches_per_epoch + i // experiment.batch_size
        row = slice(i, i + 1)
        expected = computed[row].astype(found.dtype)
        comparison.agrees("batch", update, found[row], expected, [f"example {i % experiment.batch_size + 1}"])
