"""Trace: one training run on disk. This module defines the format, version 3, and reads it. It needs no torch.

A trace is a folder with ``meta.json`` and one ``.npy`` file for each column: format 1.0, C order, little-endian, no
pickle. It is of an `Experiment` that Gradreel trained, or of a `RecordedRun` around somebody's own torch loop.

U updates, P parameters, R of the U + 1 states kept; N examples of D features; E epochs. Update k, from 0, leads from
the state after k updates to that after k + 1. "number" is float32 or float64, as the run computed. Losses have the unit
of the loss, metrics that of what the loop logged.

Each trace has:

=================  =====================  ======  ====================================================================
kept               (R,)                   int64   updates that had been made at each kept state; 0 first, U last
parameters         (R, P)                 number  theta in the order that ``parameters`` of ``meta.json`` names
gradient           (R - 1, P)             number  of the loss, for the update that left the state; no weight decay in it
batch_loss         (U,)                   float64 of the batch of update k, before it; NaN: not logged
epoch              (U,)                   int32   of update k, from 0; -1: not logged
=================  =====================  ======  ====================================================================

A trained run has also:

=================  =====================  ======  ====================================================================
batch              (E, N)                 int32   the order of the examples in each epoch; (0, N) for full batches
points             (N, D + 1)             float64 features, then the label; only for points of one's own
optimizer_state    (C, vectors P)         number  vector after vector, of the kept states `Experiment.remembered_rows`;
                                                  only if the optimizer remembers anything
=================  =====================  ======  ====================================================================

A recorded run has also:

=================  =====================  ======  ====================================================================
batch              (examples logged,)     int64   update k saw ``batch[batch_start[k] : batch_start[k + 1]]``
batch_start        (U + 1,)               int64
optimizer          (U,)                   int32   which of the optimizers made update k
setting            (settings logged,)     int32   which setting of the optimizers changed
setting_at         (settings logged,)     int64   the update from which the value holds
setting_value      (settings logged,)     float64
tensor             (copies,)              int32   which tensor beside theta, a buffer or a frozen parameter, was copied
tensor_row         (copies,)              int64   the kept state from which the copy holds
tensor_bytes       (bytes of copies,)     uint8   copy after copy
=================  =====================  ======  ====================================================================

Any run that names metrics has:

=================  =====================  ======  ====================================================================
metric             (values logged,)       int32   which of the metrics
metric_at          (values logged,)       int64   updates that had been made
metric_value       (values logged,)       float64
=================  =====================  ======  ====================================================================

``meta.json`` is ASCII JSON. It names the format and its version; the experiment with all its fields, its digest and
the names of its outputs, or the recorded run; the environment (`core.trace.environment`); names and shapes of theta's
parts; counts; and shape, dtype and XXH3-128 of the numbers of each column. Points are named by shape and SHA-256, which
is part of the digest. The last entry is the SHA-256 of the text before it.

``landscape.npy`` and ``landscape.json`` may lie in the folder, too: the loss around the path, computed afterwards. They
are part of the trace when it is replaced or removed; ``meta.json`` does not name them.

Write order: the columns grow side by side under a temporary name, and a journal says how far all of them are certain.
``points``, ``kept`` and ``epoch`` of a trained run follow from the experiment and are written last. Then ``meta.json``
is written and the folder gets its name: under its final name a trace is complete or not there.

Later programs read this format: a field that is added to an experiment names the value that its absence means
(`core.run_data.Absent`), and an entry that is added to ``meta.json`` may be missing.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from gradreel.core.arrays import FloatArray, IntArray
from gradreel.core.errors import DamagedColumnError, TraceError, problems_in
from gradreel.core.experiment import FORMAT_VERSION, Experiment
from gradreel.core.files import read_bounded
from gradreel.core.network.theta import parameter_shapes
from gradreel.core.point_table import MOST_NUMBERS, PointTable
from gradreel.core.run_data import IN_TRACE
from gradreel.core.trace.columns import ColumnKind, checksum, read_column
from gradreel.core.trace.environment import Environment
from gradreel.core.trace.recorded_run import RecordedRun
from gradreel.core.trace.setting_log import SettingLog, are_settings
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

if TYPE_CHECKING:
    import torch

META = "meta.json"
MOST_META = 1 << 24
"""Bytes of a ``meta.json``; that of a model with 20 000 tensors has half as many."""
FORMAT = "gradreel trace"
MOST_LISTED = 4  # traces that an error names


@dataclass(frozen=True, eq=False)
class Trace:
    """One training run: U updates of P parameters, R of the U + 1 states kept.

    Row r is the network after ``kept[r]`` updates. Update k, counted from 0, leads from the state after k updates to
    that after k + 1. Arrays are read-only and memory-mapped: one state read touches one row.
    """

    path: Path
    run: Experiment | RecordedRun
    meta: dict[str, Any]
    kept: IntArray  # (R,)  0 first, U last
    parameters: FloatArray  # (R, P)  float32 or float64, as the run computed
    gradient: FloatArray  # (R - 1, P)  the gradient that left state r
    batch_loss: FloatArray  # (U,)  loss of the batch that update k saw, before it; NaN where a loop logged none
    epoch: IntArray  # (U,)  the epoch, counted from 0, that update k belongs to; -1 where a loop logged none
    batch: IntArray  # (E, N)  the order in which each epoch went through the examples; (0, N) for full batches
    #                  of a recorded loop (B_1 + B_2 + ...,): the examples that it logged, update by update
    columns: dict[str, NDArray[Any]]  # these, and those that only some runs have

    @classmethod
    def open(cls, path: str | Path, checksums: bool = False) -> Trace:
        """The trace in directory ``path``. TraceError names what is missing, damaged or of a foreign format.

        The shape of every column is always checked; every byte of them with ``checksums``.
        """
        path = Path(path).expanduser()
        meta, run = read_meta(path)
        columns: dict[str, NDArray[Any]] = {}
        for name, kind in column_kinds(run).items():
            try:
                columns[name] = read_column(path / f"{name}.npy", kind)
            except TraceError as error:
                raise TraceError(f"{path}: {error}; {_mend(path)}") from None
            if checksums:
                check_column(path, meta, name)
        if not _is_kept(run, columns["kept"]):
            raise TraceError(f"{path}: kept.npy does not name the states that this run keeps; {_mend(path)}")
        return cls(path, run, meta, **{name: columns[name] for name in _COMMON}, columns=columns)

    @classmethod
    def find(cls, directory: str | Path, experiment: Experiment, checksums: bool = False) -> Trace:
        """The trace of ``experiment`` among those in ``directory``. TraceError names the command that makes it.

        ``checksums``: read every column once and refuse a damaged one.
        """
        path = Path(directory) / experiment.digest
        if not path.exists():
            raise TraceError(f"{directory} has no trace of this experiment ({experiment.digest}); run: gradreel train")
        trace = cls.open(path, checksums=checksums)
        if trace.run != experiment:
            raise TraceError(f"{path}: the trace of another experiment; {_mend(path)}")
        return trace

    @property
    def experiment(self) -> Experiment:
        """The experiment that was trained. TraceError for a run of somebody's own loop: nothing computes it again."""
        if isinstance(self.run, RecordedRun):
            raise TraceError(
                f"{self.path} was recorded around a loop of its own ({self.run.model}); what is asked for here needs a "
                "run that Gradreel trained"
            )
        return self.run

    @property
    def n_updates(self) -> int:
        """U, the updates of the run."""
        return len(self.batch_loss)

    @property
    def n_parameters(self) -> int:
        """P, the length of theta."""
        return self.run.n_parameters

    def row(self, update: int) -> int:
        """r of the state after ``update`` updates. TraceError if that state was not kept."""
        r = int(np.searchsorted(self.kept, update))
        if r < len(self.kept) and self.kept[r] == update:
            return r
        if not 0 <= update <= self.n_updates:
            raise TraceError(f"{self.path}: no state after {update} updates; the run has {self.n_updates}")
        nearest = min(self.kept[max(0, r - 1) : r + 1].tolist(), key=lambda kept: abs(kept - update))
        again = 'record(..., keep="every update")' if isinstance(self.run, RecordedRun) else 'keep = "every update"'
        raise TraceError(
            f"{self.path}: the state after {update} updates was not kept, that after {nearest} was; {again} keeps all"
        )

    @property
    def metrics(self) -> dict[str, tuple[IntArray, FloatArray]]:
        """What a loop logged beside the loss, by name: (n,) how many updates had been made then, (n,) the values.

        TraceError for columns that `record` never writes.
        """
        if not isinstance(self.run, RecordedRun) or not self.run.metrics:
            return {}
        which, at, value = (self.columns[name] for name in metric_kinds(0))
        if not are_metrics(self.run, which, at):
            raise TraceError(f"{self.path}: its metrics belong to no update, or to nothing; {_mend(self.path)}")
        return {name: (at[which == i], value[which == i]) for i, name in enumerate(self.run.metrics)}

    @property
    def rates(self) -> FloatArray:
        """(U, G): the learning rate of each parameter group at each update; NaN where its optimizer made no update.

        G counts the groups of all optimizers. TraceError for a run that Gradreel trained: `Experiment.rate` has them.
        """
        return self.setting("lr")

    def setting(self, name: str) -> FloatArray:
        """(U, G): a setting, such as "momentum" or "betas.0", of each parameter group at each update, as in `rates`.

        NaN, too, where a group has no such number.
        """
        if not isinstance(self.run, RecordedRun):
            raise TraceError(f"{self.path}: {name}: only a recorded run has settings of its optimizers beside it")
        which, at, value = (self.columns[column] for column in setting_kinds(0))
        if not are_settings(self.run, which, at):
            raise TraceError(f"{self.path}: its settings belong to no update, or to nothing; {_mend(self.path)}")
        settings = SettingLog(self.run, which, at, value)
        return settings.table(name, np.arange(self.n_updates), self.columns["optimizer"])

    def state_dict(self, update: int) -> dict[str, torch.Tensor]:
        """The network after ``update`` updates, for its ``load_state_dict``: parameters, and buffers as they were then.

        Buffers are those right after the update; of the start, when the recording began; of the end, when it ended. A
        run that Gradreel trained has those of a ``torch.nn.Sequential`` of Linear layers, the activation between them.
        Keys are as torch names them: what a model's own ``state_dict()`` or ``get_extra_state()`` makes of them is not
        known here. TraceError if that state was not kept.
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
            raise TraceError(f"{self.path}: {fault}") from None

    def examples(self, update: int) -> IntArray:
        """(B,): which examples update ``update`` (from 0) saw."""
        if not 0 <= update < self.n_updates:
            raise TraceError(f"{self.path}: no update {update}; the run has updates 0 to {self.n_updates - 1}")
        if isinstance(self.run, RecordedRun):
            start, end = self.columns["batch_start"][update : update + 2]
            return self.batch[start:end]
        if not len(self.batch):
            return np.arange(self.run.dataset.examples)
        size = self.run.batch_size
        epoch, place = divmod(update, self.run.batches_per_epoch)
        return self.batch[epoch, place * size : (place + 1) * size]


def _is_kept(run: Experiment | RecordedRun, kept: IntArray) -> bool:
    """Whether the column names the states that the run keeps; looked at in parts, since there may be many millions."""
    parts = range(0, len(kept), _AT_ONCE)
    return all(np.array_equal(kept[i : i + _AT_ONCE], run.kept_updates(i, i + _AT_ONCE)) for i in parts)


_AT_ONCE = 1 << 20
_COMMON = ("kept", "parameters", "gradient", "batch_loss", "epoch", "batch")
_SOME = ("points", "optimizer_state", "batch_start", "optimizer", "tensor", "tensor_row", "tensor_bytes")
_LOGGED = ("setting", "setting_at", "setting_value", "metric", "metric_at", "metric_value")
COLUMNS = frozenset((*_COMMON, *_SOME, *_LOGGED))
"""Names of all columns that a trace may have."""
BESIDE = frozenset(("landscape.npy", "landscape.json"))
"""Names of files that may lie in a trace's folder beside its columns: the loss around the path, computed afterwards."""


def column_kinds(run: Experiment | RecordedRun) -> dict[str, ColumnKind]:
    """Name and kind of each column of a trace of ``run``."""
    kept, parameters, updates = run.n_kept, run.n_parameters, run.n_updates
    number = np.dtype(run.dtype).newbyteorder("<").str
    common = {
        "kept": ColumnKind((kept,), "<i8"),
        "parameters": ColumnKind((kept, parameters), number),
        "gradient": ColumnKind((kept - 1, parameters), number),
        "batch_loss": ColumnKind((updates,), "<f8"),
        "epoch": ColumnKind((updates,), "<i4"),
    }
    if isinstance(run, RecordedRun):
        kinds = common | setting_kinds(run.settings_logged)
        kinds |= {
            "batch": ColumnKind((run.examples_logged,), "<i8"),
            "batch_start": ColumnKind((updates + 1,), "<i8"),  # update k saw batch[batch_start[k] : batch_start[k + 1]]
            "optimizer": ColumnKind((updates,), "<i4"),  # which of the optimizers made update k
        }
        if run.tensors:  # beside theta: a copy of one counts from its row of the kept states to the next copy's
            kinds["tensor"] = ColumnKind((run.copies,), "<i4")  # which of them
            kinds["tensor_row"] = ColumnKind((run.copies,), "<i8")
            kinds["tensor_bytes"] = ColumnKind((run.copied_bytes,), "|u1")  # copy after copy
        return kinds | (metric_kinds(run.metrics_logged) if run.metrics else {})
    orders = (run.epochs if run.batch_size else 0, run.dataset.examples)
    kinds = common | {"batch": ColumnKind(orders, "<i4")}
    if run.own_points is not None:
        kinds["points"] = ColumnKind(run.own_points.rows.shape, "<f8")
    if run.n_remembered:  # of the kept states remembered_rows(), vector after vector
        remembered = (len(run.remembered_rows()), run.n_remembered * parameters)
        kinds["optimizer_state"] = ColumnKind(remembered, number)
    return kinds


def metric_kinds(logged: int) -> dict[str, ColumnKind]:
    """The columns of what was logged beside the loss: which metric, after how many updates, its value."""
    dtypes = {"metric": "<i4", "metric_at": "<i8", "metric_value": "<f8"}
    return {name: ColumnKind((logged,), dtype) for name, dtype in dtypes.items()}


def setting_kinds(logged: int) -> dict[str, ColumnKind]:
    """The columns of the optimizers' settings: which setting, from which update on, its value."""
    dtypes = {"setting": "<i4", "setting_at": "<i8", "setting_value": "<f8"}
    return {name: ColumnKind((logged,), dtype) for name, dtype in dtypes.items()}


def are_metrics(run: RecordedRun, which: IntArray, at: IntArray) -> bool:
    """Whether each is one that was logged, and in the course of the run."""
    known = (which >= 0) & (which < len(run.metrics)) & (at >= 0) & (at <= run.updates)
    return bool(known.all() and (at[1:] >= at[:-1]).all())


def sealed_meta(
    run: Experiment | RecordedRun,
    environment: dict[str, str],
    checksums: dict[str, str],
) -> str:
    """Return the text of ``meta.json``, the same for the same run. Its last entry is a checksum of the text before."""
    meta = _meta(run, environment, checksums)
    return _text({**meta, "checksum": _seal(_text(meta))})


def _meta(run: Experiment | RecordedRun, environment: dict[str, str], checksums: dict[str, str]) -> dict[str, Any]:
    """What ``meta.json`` says, but for the checksum of its text."""
    if isinstance(run, Experiment):
        source = {"digest": run.digest, "experiment": run.described(), "seed": run.seed, "outputs": list(run.outputs)}
        shapes = parameter_shapes(run)
    else:
        source, shapes = {"recorded": run.as_json()}, run.part_shapes()
    return {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        **source,
        "environment": environment,
        "dtype": run.dtype,
        "parameters": [{"name": name, "shape": list(shape)} for name, shape in shapes],
        "updates": run.n_updates,
        "states kept": run.n_kept,
        "states dropped": run.n_updates + 1 - run.n_kept,
        "columns": {
            name: {"shape": list(kind.shape), "dtype": kind.dtype, "xxh3": checksums[name]}
            for name, kind in column_kinds(run).items()
        },
    }


def read_meta(path: Path) -> tuple[dict[str, Any], Experiment | RecordedRun]:
    """The checked contents of a trace's ``meta.json`` and the run in it. TraceError if anything is off."""
    if not path.is_dir():
        found = "is not a directory" if path.exists() else "does not exist"
        raise TraceError(f"{path} {found}; {_A_TRACE}, and `gradreel train` records those of a lesson")
    try:
        text = read_bounded(path / META, MOST_META).decode("ascii")
        meta = json.loads(text)
    except FileNotFoundError:
        raise TraceError(no_trace(path)) from None
    except OSError as error:
        raise TraceError(f"{path}: {META} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise TraceError(f"{path}: {META} is damaged: not JSON; {_mend(path)}") from None
    if not isinstance(meta, dict) or meta.get("format") != FORMAT:
        raise TraceError(f"{path}: {META} is not that of a trace; {_mend(path)}")
    if meta.get("version") != FORMAT_VERSION:
        raise TraceError(
            f"{path}: format version {meta.get('version')}, this program reads {FORMAT_VERSION}; {_mend(path)}"
        )
    unsealed, _, rest = text.rpartition(_CHECKSUM)  # not spelled anew: what is large takes long
    if rest != f'"{_seal(unsealed + _END)}"{_END}':
        raise TraceError(f"{path}: {META} is damaged: its checksum is wrong; {_mend(path)}")
    no_run = f"{path}: {META} describes no run of this version"
    try:
        given = _Given.model_validate(_with_points(path, meta), context=IN_TRACE)
    except ValidationError as error:
        problem = problems_in(error)[0]
        where = ".".join(map(str, problem["loc"]))
        what = problem["msg"].removeprefix("Value error, ")
        raise TraceError(f"{no_run}: {where}: {what}; {_mend(path)}") from None
    checksums = {name: column.xxh3 for name, column in given.columns.items()}
    stated = {name: part for name, part in meta.items() if name != "checksum"}
    is_ours = checksums.keys() == column_kinds(given.run).keys()
    if not (is_ours and _agrees(stated, _meta(given.run, given.environment, checksums))):
        raise TraceError(f"{path}: {META} contradicts itself; {_mend(path)}")
    return meta, given.run


def _with_points(path: Path, meta: dict[str, Any]) -> dict[str, Any]:
    """``meta`` with the points themselves in the place of their shape and checksum. DamagedColumnError if they are not.

    What has no points, or says nonsense of them, is returned as it is.
    """
    try:
        dataset = meta["experiment"]["dataset"]
        shape, sha256 = dataset["points"]["shape"], dataset["points"]["sha256"]
        is_table = len(shape) == 2 and all(type(n) is int and 0 < n <= MOST_NUMBERS for n in shape)
    except (KeyError, TypeError):
        return meta
    if not is_table or shape[0] * shape[1] > MOST_NUMBERS:
        return meta
    try:
        points = PointTable(read_column(path / "points.npy", ColumnKind((shape[0], shape[1]), "<f8")))
    except (TraceError, ValueError) as error:
        raise DamagedColumnError("points", f"{path}: {error}; {_mend(path)}") from None
    if points.sha256 != sha256:
        raise DamagedColumnError("points", f"{path}: points.npy is damaged: its checksum is wrong; {_mend(path)}")
    return {**meta, "experiment": {**meta["experiment"], "dataset": {**dataset, "points": points}}}


def _agrees(found: Any, expected: Any) -> bool:
    """Whether everything that a description says is as expected. What it does not say was unknown when it was made."""
    if isinstance(expected, dict):
        return isinstance(found, dict) and all(
            name in expected and _agrees(part, expected[name]) for name, part in found.items()
        )
    if isinstance(expected, list):
        return isinstance(found, list) and len(found) == len(expected) and all(map(_agrees, found, expected))
    is_nan = found != found and expected != expected
    return type(found) is type(expected) and (found == expected or is_nan)


class _Checksum(BaseModel):
    xxh3: str


class _Given(BaseModel):
    """What ``meta.json`` says that does not follow from the rest of it."""

    model_config = ConfigDict(frozen=True)

    experiment: Experiment | None = None
    recorded: RecordedRun | None = None
    environment: Environment
    columns: dict[str, _Checksum]

    @model_validator(mode="after")
    def _has_one_run(self) -> Self:
        if (self.experiment is None) == (self.recorded is None):
            raise ValueError("either an experiment or a recorded run is needed")
        if self.recorded:
            self.recorded.refuse_contradictions()
        return self

    @property
    def run(self) -> Experiment | RecordedRun:
        """Whichever it is."""
        run = self.experiment or self.recorded
        assert run is not None
        return run


def check_column(path: Path, meta: dict[str, Any], name: str) -> None:
    """TraceError unless the numbers of a column, whose kind is right, have the checksum that ``meta`` names."""
    column = meta["columns"][name]
    kind = ColumnKind(tuple(column["shape"]), column["dtype"])
    if checksum(path / f"{name}.npy", kind) != column["xxh3"]:
        raise TraceError(f"{path}: {name}.npy is damaged: its checksum is wrong; {_mend(path)}")


def _seal(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _text(meta: dict[str, Any]) -> str:
    """One spelling only, so that a flipped bit anywhere in the file, a space included, shows."""
    return json.dumps(meta, indent=1, ensure_ascii=True) + "\n"


_CHECKSUM, _END = ',\n "checksum": ', "\n}\n"  # as `_text` has them at its end


_A_TRACE = f"a trace is a folder with {META}, such as media/traces/<digest>"


def no_trace(path: Path) -> str:
    """The error of a folder ``path`` without ``meta.json``: what a trace is, and which ones lie in the folder."""
    text = f"{path} is no trace: {META} is missing; {_A_TRACE}"
    inside = sorted(file.parent for file in path.glob(f"[!.]*/{META}"))
    if inside:
        more = f" and {len(inside) - MOST_LISTED} more" if len(inside) > MOST_LISTED else ""
        return f"{text}; in it there are {', '.join(map(str, inside[:MOST_LISTED]))}{more}"
    if _is_digest(path.name):  # what was a trace once, and is in the way of a new one
        return f"{text}; move it away and run: gradreel train"
    return text


def _mend(path: Path) -> str:
    """How to have a sound trace again. Nobody is told to delete what `gradreel train` does not make again.

    ``meta.json`` may be damaged: it is searched, not parsed. In a text a quotation mark has a backslash before it, so
    only keys are found.
    """
    try:
        meta = read_bounded(path / META, MOST_META)
    except OSError:
        meta = b""
    if b'"recorded":' in meta:
        return "record it again, or take it from a copy"
    if b'"experiment":' in meta and _is_digest(path.name):
        return f"delete {path} and run: gradreel train"
    return "take it from a copy, or make it again: by gradreel train, or by recording your own loop"


def _is_digest(name: str) -> bool:
    """Whether a folder is called as `gradreel train` calls them."""
    return re.fullmatch(r"[0-9a-f]{32}", name) is not None
