"""Trace: one training run on disk. This module defines the format, version 3, and reads it, without torch.

A trace is a folder with ``meta.json`` and one ``.npy`` file for each column: format 1.0, C order, little-endian, no
pickle. It holds an `Experiment` that Gradreel trained, or a `RecordedRun` around a user's own torch loop.

U updates, P parameters, R of the U + 1 states kept; N examples of D features; E epochs. Update k, from 0, leads from
the state after k updates to that after k + 1. "number" is float32 or float64, as the run computed. Losses have the unit
of the loss; metrics have the unit of the logged value.

Each trace has:

=================  =====================  =======  ====================================================================
kept               (R,)                   int64    updates that had been made at each kept state; 0 first, U last
parameters         (R, P)                 number   theta in the order that ``parameters`` of ``meta.json`` names
gradient           (R - 1, P)             number   of the loss, for the update that left the state; without weight decay
batch_loss         (U,)                   float64  of the batch of update k, before it; NaN: not logged
epoch              (U,)                   int32    of update k, from 0; -1: not logged
=================  =====================  =======  ====================================================================

A trained run also has:

=================  =====================  =======  ====================================================================
batch              (E, N)                 int32    the order of the examples in each epoch; (0, N) for full batches
points             (N, D + 1)             float64  features, then the label; only for a user's own points
validation_points  (V, D + 1)             float64  the same for a user's own validation points
test_points        (T, D + 1)             float64  the same for a user's own test points
optimizer_state    (C, vectors P)         number   vector after vector, at the rows `Experiment.optimizer_state_rows`;
                                                   only if the optimizer has a state
=================  =====================  =======  ====================================================================

A recorded run also has:

=================  =====================  =======  ====================================================================
batch              (examples logged,)     int64    update k saw ``batch[batch_start[k] : batch_start[k + 1]]``
batch_start        (U + 1,)               int64
optimizer          (U,)                   int32    which of the optimizers made update k
setting            (settings logged,)     int32    which setting of the optimizers changed
setting_at         (settings logged,)     int64    the update from which the value holds
setting_value      (settings logged,)     float64
tensor             (copies,)              int32    which tensor outside theta (buffer, frozen parameter) was copied
tensor_row         (copies,)              int64    the kept state from which the copy holds
tensor_bytes       (bytes of copies,)     uint8    copy after copy
=================  =====================  =======  ====================================================================

Any run that names metrics has:

=================  =====================  =======  ====================================================================
metric             (values logged,)       int32    which of the metrics
metric_at          (values logged,)       int64    updates that had been made
metric_value       (values logged,)       float64
=================  =====================  =======  ====================================================================

``meta.json`` is ASCII JSON. It names the format and its version. It has the experiment with all its fields, its digest
and the names of its outputs, or the recorded run. It also has the environment (`core.trace.environment`), names and
shapes of theta's parts, counts, and shape, dtype and XXH3-128 of each column. Points are named by shape and SHA-256,
which is part of the digest. The last entry is the SHA-256 of the text before it.

``landscape.npy`` and ``landscape.json`` may be in the folder as well: the loss around the path, computed afterwards.
So may ``decision_regions.npy`` and ``decision_regions.json``: what the model answers in the plane. They are replaced
and removed with the trace, but ``meta.json`` does not name them.

Write order: all columns grow together under a temporary name, and a journal says how many rows are safely written.
``kept``, ``epoch`` and the points of a trained run follow from the experiment and are written last. Then ``meta.json``
is written and the folder gets its name. So under its final name a trace is complete or does not exist.

The folder of a recording is called ``<path>.interrupted`` from the start. Its journal, ``journal.json``, makes it
readable before it is complete: see `core.trace.unfinished`. Until then ``meta.json`` is a note that names the columns.

Later programs must read this format. A field that is added to an experiment names the value that its absence means
(`core.run_data.Absent`). An entry that is added to ``meta.json`` may be missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from gradreel.core.arrays import FloatArray, IntArray, evenly_spaced_indices
from gradreel.core.errors import TraceError, UserError, abbreviated_list, printable
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import accuracy_on
from gradreel.core.trace.format import (
    COMMON,
    JOURNAL,
    META,
    TraceFiles,
    are_valid_metrics,
    column_kinds,
    is_sealed,
    metric_kinds,
    read_sealed_meta,
    repair_advice,
    setting_kinds,
)
from gradreel.core.trace.landscape_file import Landscape, read_landscape, write_landscape
from gradreel.core.trace.recorded_run import RecordedRun
from gradreel.core.trace.setting_log import SettingLog, are_valid_settings
from gradreel.core.trace.tensors import tensors_of
from gradreel.core.trace.unfinished import open_unfinished
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    import pandas
    import torch

MOST_CLASSIFIED = 240
"""Most states of a trained classifier for which `Trace.metrics` has the accuracy."""


@dataclass(frozen=True, eq=False, repr=False)
class State:
    """One kept state of a run: the network after ``update`` updates.

    Attributes
    ----------
    update
        How many updates had been made.
    parameters
        (P,)  theta.
    """

    update: int
    parameters: FloatArray
    _run: Experiment | RecordedRun

    def __getitem__(self, name: str) -> FloatArray:
        """Return the tensor ``name``, such as "0.weight", in its own shape. Raises TraceError for another name."""
        return _tensor_called(name, self._tensors)

    @cached_property
    def _tensors(self) -> dict[str, FloatArray]:
        return tensors_of(self._run, self.parameters)

    def __repr__(self) -> str:
        return f"<State after {self.update} updates: {len(self.parameters)} parameters>"


@dataclass(frozen=True, eq=False, repr=False)
class Trace:
    """One training run: U updates of P parameters, of which R of the U + 1 states are kept.

    Row r is the network after ``kept[r]`` updates. Update k, counted from 0, leads from the state after k updates to
    that after k + 1. Arrays are read-only and memory-mapped, so reading one state touches one row.

    ``trace["0.weight"]`` is a tensor of the network in all kept states. ``len(trace)`` is R, and iterating gives a
    `State` for each of them.

    Attributes
    ----------
    run
        The experiment, or the description of a recorded run.
    meta
        The content of ``meta.json``.
    kept
        (R,)  how many updates had been made at each kept state; 0 first, U last.
    parameters
        (R, P)  theta, float32 or float64, as the run computed.
    gradient
        (R - 1, P)  the gradient of the update that left state r.
    batch_loss
        (U,)  the loss of update k's batch, before the update; NaN if it was not logged.
    epoch
        (U,)  the epoch of update k, counted from 0; -1 if it was not logged.
    batch
        The examples of the updates; `examples` reads it.
    columns
        All columns by name, including those that only some runs have.

    Examples
    --------
    >>> import tempfile
    >>> from gradreel.core.network.training import train
    >>> trace = train(Experiment(hidden=(), epochs=3), tempfile.mkdtemp())
    >>> trace.n_updates, trace.parameters.shape, trace.row(2)
    (3, (4, 2), 2)
    >>> trace["0.weight"].shape, [state.update for state in trace]
    ((4, 1, 1), [0, 1, 2, 3])
    """

    path: Path
    run: Experiment | RecordedRun
    meta: dict[str, Any]
    kept: IntArray
    parameters: FloatArray
    gradient: FloatArray
    batch_loss: FloatArray
    epoch: IntArray
    batch: IntArray  # (E, N) for a trained run, (0, N) with full batches; (examples logged,) for a recorded one
    columns: dict[str, NDArray[Any]]

    @classmethod
    def open(cls, path: str | Path, checksums: bool = False) -> Trace:
        """Return the trace in the folder ``path``.

        Parameters
        ----------
        path
            The folder.
        checksums
            Whether to read every byte and compare checksums. Shapes of columns are always checked.

        Raises
        ------
        TraceError
            If something is missing, damaged or of a foreign format; the message names it.
        """
        path = Path(path).expanduser()
        files = open_files(path)
        run = files.run
        columns: dict[str, NDArray[Any]] = {}
        for name in column_kinds(run):
            columns[name] = files.column(name)
            if checksums:
                files.check(name)
        if not _is_kept(run, columns["kept"]):
            raise TraceError(f"{path}: kept.npy does not name the states that this run keeps; {repair_advice(path)}")
        return cls(path, run, files.meta, **{name: columns[name] for name in COMMON}, columns=columns)

    @classmethod
    def find(cls, directory: str | Path, experiment: Experiment, checksums: bool = False) -> Trace:
        """Return the trace of ``experiment`` among the traces in ``directory``.

        Parameters
        ----------
        directory
            The folder of traces.
        experiment
            The experiment; its digest names the trace's folder.
        checksums
            Whether to read every column once and refuse a damaged one.

        Raises
        ------
        TraceError
            If there is no such trace, or it is damaged; the message names the command that makes it.
        """
        path = Path(directory) / experiment.digest
        if not path.exists():
            raise TraceError(f"{directory} has no trace of this experiment ({experiment.digest}); run: gradreel train")
        trace = cls.open(path, checksums=checksums)
        if trace.run != experiment:
            raise TraceError(f"{path}: the trace of another experiment; {repair_advice(path)}")
        return trace

    @property
    def experiment(self) -> Experiment:
        """Return the experiment that was trained.

        Raises TraceError for a recorded run, which cannot be computed again.
        """
        if isinstance(self.run, RecordedRun):
            raise TraceError(
                f"{self.path} was recorded around a user's own loop ({self.run.model}); this needs a run that Gradreel "
                "trained"
            )
        return self.run

    @property
    def interrupted(self) -> bool:
        """Return whether a recorded loop did not end normally: it raised, its process was killed, or it still runs."""
        return isinstance(self.run, RecordedRun) and self.run.ended_by is not None

    @property
    def n_updates(self) -> int:
        """Return U, the updates of the run."""
        return len(self.batch_loss)

    @property
    def n_parameters(self) -> int:
        """Return P, the length of theta."""
        return self.run.n_parameters

    def row(self, update: int) -> int:
        """Return the row of the state after ``update`` updates. Raises TraceError if that state was not kept."""
        r = int(np.searchsorted(self.kept, update))
        if r < len(self.kept) and self.kept[r] == update:
            return r
        if not 0 <= update <= self.n_updates:
            raise TraceError(f"{self.path}: there is no state after {update} updates; ask for 0 to {self.n_updates}")
        nearest = min(self.kept[max(0, r - 1) : r + 1].tolist(), key=lambda kept: abs(kept - update))
        again = 'record(..., keep="every update")' if isinstance(self.run, RecordedRun) else 'keep = "every update"'
        raise TraceError(
            f"{self.path}: the state after {update} updates was not kept, that after {nearest} was; {again} keeps all"
        )

    def __len__(self) -> int:
        """Return R, the number of kept states."""
        return len(self.kept)

    def __iter__(self) -> Iterator[State]:
        """Yield the kept states in order. Each is read from the disk when its numbers are used."""
        for update, theta in zip(self.kept.tolist(), self.parameters, strict=True):
            yield State(update, theta, self.run)

    def __getitem__(self, name: str) -> FloatArray:
        """Return a tensor in all kept states, (R, *its shape), or the learning rate for "rate", as `rates`.

        It is a read-only view of ``parameters``: only the numbers that are used are read from the disk. Names are those
        of the model's state dict; a tensor that is itself called "rate" comes first. Raises TraceError for a name that
        is not in theta, such as that of a buffer; `state_dict` has buffers.
        """
        if name == "rate" and name not in self._tensors:
            return self.rates
        return _tensor_called(name, self._tensors)

    def tensors(self, pattern: str = "*") -> dict[str, FloatArray]:
        """Return the tensors whose names match a shell pattern, such as ``"*.weight"``, each as ``trace[name]``."""
        return {name: tensor for name, tensor in self._tensors.items() if fnmatchcase(name, pattern)}

    @cached_property
    def _tensors(self) -> dict[str, FloatArray]:
        return tensors_of(self.run, self.parameters)

    def __repr__(self) -> str:
        recorded = f", model {self.run.model}" if isinstance(self.run, RecordedRun) else ""
        counts = f"{self.n_updates} updates of {self.n_parameters} parameters, {len(self)} states kept"
        return f"<Trace {str(self.path)!r}: {counts}{recorded}>"

    def to_pandas(self) -> pandas.DataFrame:
        """Return what was logged as a table with a row for each number of updates that had been made, 0 to U.

        The columns "epoch", "loss" and "rate" are those of the update that left the state. Each metric has a column of
        its name. Where nothing was logged there is NaN. If a metric was logged more than once after an update, the last
        value counts. A metric called "rate" replaces that column. Several parameter groups have "rate.0", "rate.1", ...

        Raises UserError if pandas is not installed.
        """
        try:
            import pandas
        except ImportError:
            raise UserError("to_pandas needs pandas; run: pip install pandas") from None
        rates = self.rates
        names = ["rate"] if rates.shape[1] == 1 else [f"rate.{group}" for group in range(rates.shape[1])]
        columns = {"epoch": np.where(self.epoch < 0, np.nan, self.epoch), "loss": np.asarray(self.batch_loss)}
        columns |= dict(zip(names, rates.T, strict=True))
        table = {name: np.append(values, np.nan) for name, values in columns.items()}
        for name, (at, values) in self.metrics.items():
            table[name] = np.full(self.n_updates + 1, np.nan)
            table[name][at] = values
        return pandas.DataFrame(table, index=pandas.RangeIndex(self.n_updates + 1, name="update"))

    @cached_property
    def metrics(self) -> dict[str, tuple[IntArray, FloatArray]]:
        """Return what is known besides the loss, by name: how many updates had been made, (n,), and the values, (n,).

        Of a recorded run: what its loop logged. Of a trained classifier: "accuracy", over all training points, and
        "val_accuracy" and "test_accuracy" where there are such points. They are computed from the recorded states, at
        `MOST_CLASSIFIED` of them at most, evenly spaced. Of another trained run: {}. Raises TraceError for columns that
        `record` never writes.
        """
        if isinstance(self.run, Experiment):
            return self._accuracies(self.run)
        if not self.run.metrics:
            return {}
        which, at, value = (self.columns[name] for name in metric_kinds(0))
        if not are_valid_metrics(self.run, which, at):
            raise TraceError(f"{self.path}: its columns of metrics are invalid; {repair_advice(self.path)}")
        order = np.argsort(which, kind="stable")  # groups the rows of a metric, in the order of updates
        at, value = np.asarray(at)[order], np.asarray(value)[order]
        at.flags.writeable = value.flags.writeable = False
        starts = np.searchsorted(np.asarray(which)[order], np.arange(len(self.run.metrics) + 1))
        return {name: (at[i:j], value[i:j]) for name, i, j in zip(self.run.metrics, starts, starts[1:], strict=False)}

    def _accuracies(self, run: Experiment) -> dict[str, tuple[IntArray, FloatArray]]:
        """Return the accuracies of a trained classifier, as `metrics`; {} if its loss is not for classes."""
        if not run.is_classifier:
            return {}
        data = run.dataset
        examples = {
            "accuracy": (data.features(), data.labels()),
            "val_accuracy": (data.validation_features(), data.validation_labels()),
            "test_accuracy": (data.test_features(), data.test_labels()),
        }
        rows = evenly_spaced_indices(len(self), MOST_CLASSIFIED)
        at, states = np.asarray(self.kept[rows]), np.asarray(self.parameters[rows])
        return {name: (at, accuracy_on(run, states, *each)) for name, each in examples.items() if len(each[1])}

    @property
    def rates(self) -> FloatArray:
        """Return the learning rate of each parameter group at each update, (U, G). Groups of other optimizers have NaN.

        G counts the groups of all optimizers; a trained run has one.
        """
        if isinstance(self.run, Experiment):
            by_epoch = np.array([self.run.rate(epoch) for epoch in range(self.run.epochs)])
            return by_epoch[self.epoch][:, None]
        return self.setting("lr")

    def setting(self, name: str) -> FloatArray:
        """Return a setting, such as "momentum" or "betas.0", of each parameter group at each update, (U, G), as in
        `rates`.

        A group without such a number has NaN as well.
        """
        if not isinstance(self.run, RecordedRun):
            raise TraceError(f"{self.path}: {name}: only a recorded run has such settings; see the experiment")
        which, at, value = (self.columns[column] for column in setting_kinds(0))
        if not are_valid_settings(self.run, which, at):
            raise TraceError(f"{self.path}: its columns of settings are invalid; {repair_advice(self.path)}")
        settings = SettingLog(self.run, which, at, value)
        return settings.table(name, np.arange(self.n_updates), self.columns["optimizer"])

    def state_dict(self, update: int) -> dict[str, torch.Tensor]:
        """Return the network after ``update`` updates for its ``load_state_dict``: parameters, and buffers as they were
        then.

        Buffers are those right after the update. Those of the first state are from when the recording began, those of
        the last from when it ended. A trained run gets the keys of a ``torch.nn.Sequential`` of Linear layers with the
        activation between them. Other keys are as torch names them; changes by a model's own ``state_dict()`` or
        ``get_extra_state()`` are not known. Raises TraceError if that state was not kept.
        """
        from gradreel.core.trace.state_dict import state_dict_of_recorded, state_dict_of_trained  # torch: here only

        row = self.row(update)
        theta = self.parameters[row]
        if not isinstance(self.run, RecordedRun):
            return state_dict_of_trained(self.run, theta)
        try:
            return state_dict_of_recorded(self.run, theta, row, self.columns)
        except ValueError as error:
            fault = f"what its {META} says of the model contradicts itself: {error}"
            raise TraceError(f"{self.path}: {fault}; {repair_advice(self.path)}") from None

    def decision_regions(self, model: torch.nn.Module, points: ArrayLike, labels: ArrayLike) -> None:
        """Compute what the recorded ``model`` answers in the plane, and keep it beside the trace for `decision-regions`
        and `layer-view`.

        The model computes in evaluation mode on a copy, on the CPU, at 120 kept states at most, on a grid around the
        points. Model and random state stay as they are. The numbers are computed, not recorded: `verify` does not check
        them. A run that Gradreel trained does not need this.

        Parameters
        ----------
        model
            The model that was recorded, or one of the same class and sizes. Its weights do not matter.
        points
            (N, 2)  x1 and x2 of each point; an array or a tensor, 20 000 points at most.
        labels
            (N,)  the class of each point, 0 to K - 1, K at most 10.

        Raises
        ------
        UserError
            The run was trained by Gradreel, the model does not fit the trace, or points, labels or outputs have another
            form. Outputs are (N, K): logits, or probabilities that add up to one; or (N,) or (N, 1): the logit of class
            1.
        """
        from gradreel.core.recording.plane_answers import keep_plane_answers  # torch: here only

        keep_plane_answers(self, model, points, labels)

    def kept_landscape(self) -> Landscape | None:
        """Return the loss around the path that is kept beside the trace; None if there is none.

        `compute_landscape` writes it. Raises TraceError if its files are damaged.
        """
        return read_landscape(self.path, self._checksum())

    def compute_landscape(
        self,
        model: torch.nn.Module,
        loss_of: Callable[[Any], Any],
        *,
        seconds: float = 30.0,
        seed: int = 0,
    ) -> Landscape:
        """Return the loss around the path of a recorded run, and write it beside the trace.

        It is computed afterwards, not verified. The page and ``gradient-descent`` draw it. See `analysis.landscape`.

        Parameters
        ----------
        model
            A model of the class that was recorded, in any state. It stays as it is.
        loss_of
            Takes a model and returns its loss, such as ``lambda model: mse_loss(model(x), y)``.
        seconds
            How long refining the coarse grid may take.
        seed
            The seed of the random directions.

        Raises
        ------
        TraceError
            If Gradreel trained the run, it is still being recorded, or the model has other tensors.
        UserError
            If the loss is not one number.
        """
        if not is_sealed(self.path):
            raise TraceError(f"{self.path} is still being recorded, or its process was killed: resume and complete it")
        from gradreel.core.analysis.landscape import landscape_of  # torch: here only

        landscape = landscape_of(self, model, loss_of, seconds=seconds, seed=seed)
        write_landscape(self.path, self._checksum(), landscape)
        return landscape

    def _checksum(self) -> str:
        """Return the trace's checksum as its meta.json has it; "" without one."""
        return str(self.meta.get("checksum", ""))

    def examples(self, update: int) -> IntArray:
        """Return the indices of the examples that update ``update``, counted from 0, saw, (B,).

        Raises TraceError if there is no such update.
        """
        if not 0 <= update < self.n_updates:
            raise TraceError(f"{self.path}: there is no update {update}; ask for 0 to {self.n_updates - 1}")
        if isinstance(self.run, RecordedRun):
            start, end = self.columns["batch_start"][update : update + 2]
            return self.batch[start:end]
        if not len(self.batch):
            return np.arange(self.run.dataset.examples)
        size = self.run.batch_size
        epoch, batch_number = divmod(update, self.run.batches_per_epoch)
        return self.batch[epoch, batch_number * size : (batch_number + 1) * size]


def _tensor_called(name: str, tensors: dict[str, FloatArray]) -> FloatArray:
    """Return the tensor ``name``. Raises TraceError, which lists similar names, if there is none."""
    if name in tensors:
        return tensors[name]
    similar = get_close_matches(name, tensors, n=3, cutoff=0.4) or list(tensors)
    raise TraceError(f"theta has no tensor {name!r}; there are {printable(abbreviated_list(similar))}")


def _is_kept(run: Experiment | RecordedRun, kept: IntArray) -> bool:
    """Return whether the column names the states that the run keeps.

    It is compared in parts, since it may be very long.
    """
    parts = range(0, len(kept), _AT_ONCE)
    return all(np.array_equal(kept[i : i + _AT_ONCE], run.kept_updates(i, i + _AT_ONCE)) for i in parts)


_AT_ONCE = 1 << 20
"""Rows of ``kept`` that are compared at once."""


def open_files(path: Path) -> TraceFiles:
    """Return the files of the trace in ``path``, or of a recording that was killed there.

    Raises TraceError as `read_meta`.
    """
    if (path / JOURNAL).exists() and not is_sealed(path):
        unfinished = open_unfinished(path)
        if unfinished is not None:
            return unfinished
    return TraceFiles(path, *read_sealed_meta(path))


def read_meta(path: Path) -> tuple[dict[str, Any], Experiment | RecordedRun]:
    """Return the checked content of a trace's ``meta.json`` and its run. Raises TraceError if anything is wrong.

    For a recording that was killed, both are made from its journal.
    """
    files = open_files(path)
    return files.meta, files.run
