"""Writes and checks the ``meta.json`` of a trace, and defines its columns. No torch.

`core.trace.trace` documents the format and reads it.
"""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from gradreel.core.arrays import IntArray
from gradreel.core.errors import DamagedColumnError, TraceError, UnregisteredPartError, problems_in
from gradreel.core.experiment import FORMAT_VERSION, Experiment
from gradreel.core.files import open_regular, read_bounded
from gradreel.core.network.theta import parameter_shapes
from gradreel.core.point_table import MOST_NUMBERS, PointTable, is_shape
from gradreel.core.run_data import IN_TRACE
from gradreel.core.trace.columns import ColumnKind, checksum, read_column
from gradreel.core.trace.environment import Environment
from gradreel.core.trace.recorded_run import RecordedRun
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

META = "meta.json"
JOURNAL = "journal.json"  # says how many updates of an unfinished trace are safely written
_BEGINNING = 100  # the first bytes of a complete trace's meta.json, which name format and version
MOST_META = 1 << 24
"""Most bytes of a ``meta.json``; that of a model with 20 000 tensors has half as many."""
FORMAT = "gradreel trace"
INTERRUPTED = ".interrupted"  # follows the path in the name of a recording's folder until it is complete
PARTIAL = ".partial"  # follows a dot and the name in the name of a training's folder until it is complete
MOST_LISTED = 4  # most traces that an error names

COMMON = ("kept", "parameters", "gradient", "batch_loss", "epoch", "batch")
POINT_COLUMNS = {"points": "points", "validation": "validation_points", "test": "test_points"}
"""The columns that hold a user's own points, by the fields of `PointsDataset`."""
_SOME = (*POINT_COLUMNS.values(), "optimizer_state", "batch_start", "optimizer", "tensor", "tensor_row", "tensor_bytes")
_LOGGED = ("setting", "setting_at", "setting_value", "metric", "metric_at", "metric_value")
COLUMNS = frozenset((*COMMON, *_SOME, *_LOGGED))
"""Names of all columns that a trace may have."""
_COMPUTED = ("landscape.npy", "landscape.json", "decision_regions.npy", "decision_regions.json")
BESIDE = frozenset((*_COMPUTED, *(f"{name}.new" for name in _COMPUTED)))
"""Names of files that may be in a trace's folder besides its columns: what was computed from its states afterwards."""


def column_kinds(run: Experiment | RecordedRun) -> dict[str, ColumnKind]:
    """Return the name and kind of each column of a trace of ``run``."""
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
        if run.tensors:  # a copy holds from its row of the kept states up to the row of the tensor's next copy
            kinds["tensor"] = ColumnKind((run.copies,), "<i4")  # which tensor
            kinds["tensor_row"] = ColumnKind((run.copies,), "<i8")
            kinds["tensor_bytes"] = ColumnKind((run.copied_bytes,), "|u1")  # copy after copy
        return kinds | (metric_kinds(run.metrics_logged) if run.metrics else {})
    order_shape = (run.epochs if run.batch_size else 0, run.dataset.examples)
    kinds = common | {"batch": ColumnKind(order_shape, "<i4")}
    kinds |= {name: ColumnKind(table.rows.shape, "<f8") for name, table in run.point_tables.items()}
    if run.n_state_vectors:  # at the kept states optimizer_state_rows(), vector after vector
        optimizer_state = (len(run.optimizer_state_rows()), run.n_state_vectors * parameters)
        kinds["optimizer_state"] = ColumnKind(optimizer_state, number)
    return kinds


def metric_kinds(logged: int) -> dict[str, ColumnKind]:
    """Return the columns of logged metrics: which metric, how many updates had been made, its value; ``logged`` rows
    each.
    """
    dtypes = {"metric": "<i4", "metric_at": "<i8", "metric_value": "<f8"}
    return {name: ColumnKind((logged,), dtype) for name, dtype in dtypes.items()}


def setting_kinds(logged: int) -> dict[str, ColumnKind]:
    """Return the columns of the optimizers' settings: which setting, from which update, its value; ``logged`` rows
    each.
    """
    dtypes = {"setting": "<i4", "setting_at": "<i8", "setting_value": "<f8"}
    return {name: ColumnKind((logged,), dtype) for name, dtype in dtypes.items()}


def are_valid_metrics(run: RecordedRun, which: IntArray, at: IntArray) -> bool:
    """Return whether each row names a metric of the run and a number of updates within the run, in order."""
    is_known = (which >= 0) & (which < len(run.metrics)) & (at >= 0) & (at <= run.updates)
    return bool(is_known.all() and (at[1:] >= at[:-1]).all())


def event_rows_within(run: RecordedRun, columns: Mapping[str, NDArray[Any]]) -> dict[str, int]:
    """Return how many rows of the columns of settings and of metrics belong to the run's updates, by the run's
    field.
    """
    at_setting, at_metric = columns["setting_at"], columns.get("metric_at", np.empty(0))
    return {
        "settings_logged": int(np.searchsorted(at_setting, run.updates, side="left")),
        "metrics_logged": int(np.searchsorted(at_metric, run.updates, side="right")),
    }


def sealed_meta(
    run: Experiment | RecordedRun,
    environment: dict[str, str],
    checksums: dict[str, str],
) -> str:
    """Return the text of ``meta.json``, the same for the same run. Its last entry is a checksum of the text before.

    ``checksums`` has that of each column, by name.
    """
    meta = _meta_content(run, environment, checksums)
    return _canonical_json({**meta, "checksum": seal_of(_canonical_json(meta))})


def _meta_content(
    run: Experiment | RecordedRun, environment: dict[str, str], checksums: dict[str, str]
) -> dict[str, Any]:
    """Return the content of ``meta.json`` without the checksum of its text."""
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


@dataclass(frozen=True)
class TraceFiles:
    """The files of a trace whose ``meta.json`` has been checked: its content and its run."""

    path: Path
    meta: dict[str, Any]
    run: Experiment | RecordedRun

    def column(self, name: str) -> NDArray[Any]:
        """Return a column, memory-mapped and read-only.

        Raises TraceError if its file is missing or has another shape.
        """
        try:
            return read_column(self.path / f"{name}.npy", column_kinds(self.run)[name])
        except TraceError as error:
            raise TraceError(f"{self.path}: {error}; {repair_advice(self.path)}") from None

    def check(self, name: str) -> None:
        """Raise TraceError unless a column, whose shape is right, has the checksum that ``meta.json`` names."""
        if checksum(self.path / f"{name}.npy", column_kinds(self.run)[name]) != self.meta["columns"][name]["xxh3"]:
            raise TraceError(f"{self.path}: {name}.npy is damaged: its checksum is wrong; {repair_advice(self.path)}")


def is_sealed(path: Path) -> bool:
    """Return whether ``meta.json`` is that of a complete trace, perhaps damaged.

    An unfinished trace only has a short note.
    """
    try:
        with open_regular(path / META) as stream:
            return b'"version":' in stream.read(_BEGINNING)
    except OSError:
        return False


def read_sealed_meta(path: Path) -> tuple[dict[str, Any], Experiment | RecordedRun]:
    """Return the checked content of a complete trace's ``meta.json``, and its run.

    Raises TraceError if anything is wrong.
    """
    if not path.is_dir():
        fault = "is not a directory" if path.exists() else "does not exist"
        raise TraceError(
            f"{path} {fault}; {_A_TRACE}, and `gradreel train` records those of a lesson{nearby_traces_hint(path)}"
        )
    try:
        text = read_bounded(path / META, MOST_META).decode("ascii")
        meta = json.loads(text)
    except FileNotFoundError:
        raise TraceError(no_trace_message(path)) from None
    except OSError as error:
        raise TraceError(f"{path}: {META} cannot be read: {error.strerror}; {repair_advice(path)}") from None
    except (ValueError, RecursionError):
        raise TraceError(f"{path}: {META} is damaged: not JSON; {repair_advice(path)}") from None
    if not isinstance(meta, dict) or meta.get("format") != FORMAT:
        raise TraceError(f"{path}: {META} is not that of a trace; {repair_advice(path)}")
    if meta.keys() == {"format", "columns"}:
        raise TraceError(f"{path} has no complete update: its writer ended before the first one; record or train again")
    if meta.get("version") != FORMAT_VERSION:
        raise TraceError(
            f"{path}: format version {meta.get('version')}, this program reads {FORMAT_VERSION}; {repair_advice(path)}"
        )
    unsealed, _, rest = text.rpartition(_CHECKSUM)  # cut from the text: writing large JSON again takes long
    if rest != f'"{seal_of(unsealed + _END)}"{_END}':
        raise TraceError(f"{path}: {META} is damaged: its checksum is wrong; {repair_advice(path)}")
    no_run = f"{path}: {META} describes no run of this version"
    try:
        stated_run = _StatedRun.model_validate(_with_points(path, meta), context=IN_TRACE)
    except ValidationError as error:
        problem = problems_in(error)[0]
        field_name = ".".join(map(str, problem["loc"]))
        reason = problem["msg"].removeprefix("Value error, ")
        raise TraceError(f"{no_run}: {field_name}: {reason}; {repair_advice(path)}") from None
    except UnregisteredPartError as error:
        raise UnregisteredPartError(f"{path}: {error}") from None
    checksums = {name: column.xxh3 for name, column in stated_run.columns.items()}
    content = {name: part for name, part in meta.items() if name != "checksum"}
    is_ours = checksums.keys() == column_kinds(stated_run.run).keys()
    if not (is_ours and _agrees_with(content, _meta_content(stated_run.run, stated_run.environment, checksums))):
        raise TraceError(f"{path}: {META} contradicts itself; {repair_advice(path)}")
    return meta, stated_run.run


def _with_points(path: Path, meta: dict[str, Any]) -> dict[str, Any]:
    """Return ``meta`` with the points themselves in place of each table's shape and checksum.

    What is no correct description of a table stays unchanged. Raises DamagedColumnError if a column of points is
    missing or damaged.
    """
    try:
        dataset = dict(meta["experiment"]["dataset"])
    except (KeyError, TypeError, ValueError):
        return meta
    for field, column in POINT_COLUMNS.items():
        stated = dataset.get(field)
        if isinstance(stated, dict) and {"shape", "sha256"} <= stated.keys():
            dataset[field] = _stored_table(path, column, stated)
    return {**meta, "experiment": {**meta["experiment"], "dataset": dataset}}


def _stored_table(path: Path, column: str, stated: dict[str, Any]) -> Any:
    """Return the table in ``column``; ``stated`` itself if its shape is impossible.

    Raises DamagedColumnError if the column is missing or its checksum differs from ``stated``.
    """
    shape = stated["shape"]
    if not is_shape(shape) or shape[0] * shape[1] > MOST_NUMBERS:
        return stated
    try:
        points = PointTable(read_column(path / f"{column}.npy", ColumnKind((shape[0], shape[1]), "<f8")))
    except (TraceError, ValueError) as error:
        raise DamagedColumnError(column, f"{path}: {error}; {repair_advice(path)}") from None
    if points.sha256 != stated["sha256"]:
        raise DamagedColumnError(
            column, f"{path}: {column}.npy is damaged: its checksum is wrong; {repair_advice(path)}"
        )
    return points


def _agrees_with(stated: Any, expected: Any) -> bool:
    """Return whether everything that ``stated`` says is as in ``expected``, recursively.

    Entries that are missing in ``stated`` are ignored: the program that wrote it did not know them.
    """
    if isinstance(expected, dict):
        return isinstance(stated, dict) and all(
            name in expected and _agrees_with(part, expected[name]) for name, part in stated.items()
        )
    if isinstance(expected, list):
        return isinstance(stated, list) and len(stated) == len(expected) and all(map(_agrees_with, stated, expected))
    is_nan = stated != stated and expected != expected
    return type(stated) is type(expected) and (stated == expected or is_nan)


class _Checksum(BaseModel):
    """A column's entry in ``meta.json``: its checksum."""

    xxh3: str


class _StatedRun(BaseModel):
    """The entries of ``meta.json`` that do not follow from other entries."""

    model_config = ConfigDict(frozen=True)

    experiment: Experiment | None = None
    recorded: RecordedRun | None = None
    environment: Environment
    columns: dict[str, _Checksum]

    @model_validator(mode="after")
    def _has_one_run(self) -> Self:
        """Raise ValueError unless exactly one run is described, without contradictions."""
        if (self.experiment is None) == (self.recorded is None):
            raise ValueError("either an experiment or a recorded run is needed")
        if self.recorded:
            self.recorded.refuse_contradictions()
        return self

    @property
    def run(self) -> Experiment | RecordedRun:
        """Return the experiment or the recorded run."""
        run = self.experiment or self.recorded
        assert run is not None
        return run


def seal_of(text: str) -> str:
    """Return the SHA-256 of a text, hexadecimal. It ends a ``meta.json`` or a journal."""
    return hashlib.sha256(text.encode()).hexdigest()


def _canonical_json(meta: dict[str, Any]) -> str:
    """Return the JSON in one fixed spelling, so that any flipped bit in the file is detected, even in a space."""
    return json.dumps(meta, indent=1, ensure_ascii=True) + "\n"


_CHECKSUM, _END = ',\n "checksum": ', "\n}\n"  # as `_canonical_json` has them at its end


_A_TRACE = f"a trace is a folder with {META}, such as media/traces/<digest>"


def interrupted_recordings(path: Path) -> list[Path]:
    """Return the folders of interrupted recordings to ``path``, sorted by name.

    If ``path`` is a link or is below one, those beside the folder that it leads to follow.
    """
    folders: dict[Path, Path] = {}
    with suppress(OSError, RuntimeError, ValueError):  # for a loop of links, a null character
        for place in (path, path.resolve()):
            is_interrupted = re.compile(re.escape(place.name + INTERRUPTED) + "(-[0-9]+)?").fullmatch
            for entry in sorted(place.parent.iterdir()):
                if is_interrupted(entry.name) and (entry / META).is_file():
                    folders.setdefault(entry.resolve(), entry)
    return list(folders.values())


def nearby_traces_hint(path: Path) -> str:
    """Return the end of an error that says there is no trace at ``path``: what lies beside it, and how to read that.

    It names interrupted recordings and an unfinished training; it is "" if there is neither.
    """
    texts = [
        f"; beside it is an interrupted recording: name that, as in gradreel verify {shlex.quote(str(folder))}"
        for folder in interrupted_recordings(path)[:MOST_LISTED]
    ]
    unfinished = path.parent / f".{path.name}{PARTIAL}"
    with suppress(OSError):
        if (unfinished / META).is_file():
            texts.append(f"; beside it is an unfinished trace, {unfinished}: run gradreel train, or record again")
    return "".join(texts)


def no_trace_message(path: Path) -> str:
    """Return the error for a folder ``path`` without ``meta.json``: what a trace is, and which traces the folder
    contains.
    """
    text = f"{path} is no trace: {META} is missing; {_A_TRACE}"
    traces_inside = sorted(file.parent for file in path.glob(f"[!.]*/{META}"))
    if traces_inside:
        more = f" and {len(traces_inside) - MOST_LISTED} more" if len(traces_inside) > MOST_LISTED else ""
        return f"{text}; in it there are {', '.join(map(str, traces_inside[:MOST_LISTED]))}{more}"
    if _is_digest(path.name):  # the remains of a trace; they block a new one
        return f"{text}; move it away and run: gradreel train"
    return text + nearby_traces_hint(path)


def repair_advice(path: Path) -> str:
    """Return how to get a valid trace again. It advises deletion only of traces that `gradreel train` can make again.

    ``meta.json`` may be damaged, so it is searched, not parsed. In a JSON text a quotation mark follows a backslash, so
    only keys match.
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
    """Return whether a folder has a name that `gradreel train` gives: 32 hexadecimal digits."""
    return re.fullmatch(r"[0-9a-f]{32}", name) is not None
