"""The file beside a trace with what its recorded model answers about points of the plane: writing and reading it.

``decision_regions.npy`` has float32 numbers, one part after the other; ``decision_regions.json`` says how many. With
N points, S states, K classes, a grid of m x m places and L hidden layers of widths H_l, seen on a sheet of M places:

- points (N, 2), labels (N,)
- logits at the points and on the grid, (S, N + m m, K)
- values of each hidden layer at the points and on the sheet, at the last state, (N + M, H_l)
- weights (K', H_L) and bias (K',) of the linear layer at the end; K' is 1 for a single output. Empty for L = 0.
"""

from __future__ import annotations

import json
import math
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from gradreel.core.analysis.class_plane import (
    GRID,
    MOST_CLASSES,
    SHEET_FINE,
    SHEET_LINES,
    ClassPlane,
    PlaneLayers,
    PlaneView,
    TrainedPlane,
)
from gradreel.core.arrays import FloatArray, IntArray
from gradreel.core.errors import TraceError, UserError, problems_in
from gradreel.core.experiment import Experiment
from gradreel.core.files import read_bounded
from gradreel.core.trace.columns import ColumnKind, checksum, read_column
from pydantic import BaseModel, ConfigDict, Field, ValidationError

if TYPE_CHECKING:
    from gradreel.core.trace.trace import Trace

NUMBERS, NOTE = "decision_regions.npy", "decision_regions.json"
MOST_NUMBERS = 1 << 23
"""About so many logits are kept: 32 MB."""
MOST_POINTS = 20_000
_MOST_NOTE = 1 << 16  # bytes
_Width = Annotated[int, Field(ge=1, le=1 << 20)]


class PlaneNote(BaseModel):
    """The content of ``decision_regions.json``."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    format: Literal["gradreel decision regions"] = "gradreel decision regions"
    trace: str  # the checksum of the trace's meta.json
    rows: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1, max_length=1000)]  # of the kept states
    points: Annotated[int, Field(ge=1, le=MOST_POINTS)]  # N
    classes: Annotated[int, Field(ge=2, le=MOST_CLASSES)]  # K
    widths: Annotated[list[_Width], Field(max_length=100)]  # of the hidden layers
    outputs: Annotated[int, Field(ge=0, le=MOST_CLASSES)]  # K', 0 if there are no layers
    xxh3: str  # of the numbers

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """Return the shapes of the parts, in order."""
        n, sheet = self.points, 2 * SHEET_LINES * SHEET_FINE
        end = [(self.outputs, self.widths[-1]), (self.outputs,)] if self.widths else []
        logits = (len(self.rows), n + GRID * GRID, self.classes)
        return [(n, 2), (n,), logits, *((n + sheet, width) for width in self.widths), *end]

    @property
    def kind(self) -> ColumnKind:
        """Return shape and dtype of the file of numbers."""
        return ColumnKind((sum(map(math.prod, self.shapes)),), "<f4")


class PlaneFile:
    """Writes the two files beside a trace."""

    @staticmethod
    def write(
        trace: Trace,
        rows: IntArray,
        points: FloatArray,
        labels: IntArray,
        logits: FloatArray,
        layers: list[FloatArray],
        weights: FloatArray,
        bias: FloatArray,
    ) -> None:
        """Write the parts that the module's first lines name; ``rows`` (S,) are those of the kept states.

        The note comes last, so that a reader never sees it without its numbers. Raises UserError if the folder cannot
        be written.
        """
        parts = [points, labels, logits, *layers, *((weights, bias) if layers else ())]
        flat = np.concatenate([np.asarray(part, dtype="<f4").ravel() for part in parts])
        file, new = trace.path / NUMBERS, trace.path / f"{NUMBERS}.new"
        kind = ColumnKind(flat.shape, "<f4")
        try:
            (trace.path / NOTE).unlink(missing_ok=True)
            with new.open("wb") as stream:
                stream.write(kind.header)
                stream.write(flat.tobytes())
            note = PlaneNote(
                trace=str(trace.meta["checksum"]),
                rows=[int(row) for row in rows],
                points=len(points),
                classes=logits.shape[-1],
                widths=[layer.shape[1] for layer in layers],
                outputs=len(weights) if layers else 0,
                xxh3=checksum(new, kind),
            )
            new.replace(file)
            new_note = trace.path / f"{NOTE}.new"
            new_note.write_text(note.model_dump_json(indent=1) + "\n", encoding="ascii")
            new_note.replace(trace.path / NOTE)
        except OSError as error:
            raise UserError(f"{file} cannot be written: {error.strerror}; make the folder writable") from None


class RecordedPlane:
    """A `ClassPlane` of a recorded run, from the files that `Trace.decision_regions` wrote beside its trace.

    Raises TraceError if they are missing, damaged, or of another recording.
    """

    def __init__(self, trace: Trace) -> None:
        self._note = note = read_plane_note(trace)
        if any(row >= len(trace) for row in note.rows) or sorted(set(note.rows)) != note.rows:
            raise TraceError(f"{trace.path}: {NOTE} names states that the trace does not have; {again(trace.path)}")
        try:
            numbers = read_column(trace.path / NUMBERS, note.kind)
        except TraceError as error:
            raise TraceError(f"{trace.path}: {error}; {again(trace.path)}") from None
        if checksum(trace.path / NUMBERS, note.kind) != note.xxh3:
            raise TraceError(f"{trace.path}: {NUMBERS} is damaged: its checksum is wrong; {again(trace.path)}")
        sizes = [math.prod(shape) for shape in note.shapes]
        parts = np.split(numbers, np.cumsum(sizes)[:-1])
        shaped = [part.reshape(shape) for part, shape in zip(parts, note.shapes, strict=True)]
        self.points: FloatArray = shaped[0].astype(np.float64)
        self.labels: IntArray = shaped[1].astype(np.int64)
        if not (np.isfinite(self.points).all() and (self.labels >= 0).all() and (self.labels < note.classes).all()):
            raise TraceError(f"{trace.path}: {NUMBERS} has points or labels that cannot be; {again(trace.path)}")
        self.n_classes = note.classes
        self.updates: IntArray = np.asarray(trace.kept[note.rows])
        self._logits, self._layers = shaped[2], shaped[3:]
        self.on_grid = lru_cache(maxsize=3)(self._on_grid)

    @cached_property
    def view(self) -> PlaneView:
        """Return the part of the plane that the grid covers."""
        return PlaneView.around(self.points)

    def layers_at(self, state: int) -> PlaneLayers:
        """Return the hidden layers' values at the last state.

        Raises UserError for another state, or if the model is not known to end with a linear layer.
        """
        if state != len(self.updates) - 1:
            raise UserError(f"of a recorded run only the layers after its last update, {self.updates[-1]}, are known")
        if not self._note.widths:
            raise UserError(
                "this model has no hidden layer that a torch.nn.Linear follows, or does not end with one; "
                "decision-regions shows it"
            )
        *values, weights, bias = (part.astype(np.float64) for part in self._layers)
        return PlaneLayers(values, weights, bias)

    def at_points(self, state: int) -> FloatArray:
        """Return the logits at the points, (N, K)."""
        return np.asarray(self._logits[state, : len(self.points)], dtype=np.float64)

    def _on_grid(self, state: int) -> FloatArray:
        """Return the logits on the grid, (m, m, K)."""
        grid = np.asarray(self._logits[state, len(self.points) :], dtype=np.float64)
        return grid.reshape(GRID, GRID, self.n_classes)


def read_plane_note(trace: Trace) -> PlaneNote:
    """Return the note beside a recorded trace. Raises TraceError if it is missing, damaged or of another recording."""
    try:
        note = PlaneNote.model_validate(json.loads(read_bounded(trace.path / NOTE, _MOST_NOTE).decode("ascii")))
    except FileNotFoundError:
        raise TraceError(
            f"{trace.path} was recorded around a loop of your own, and its points and its model are not in the trace; "
            + again(trace.path)
        ) from None
    except OSError as error:
        raise TraceError(f"{trace.path}: {NOTE} cannot be read: {error.strerror}; {again(trace.path)}") from None
    except ValidationError as error:
        problem = problems_in(error)[0]
        raise TraceError(
            f"{trace.path}: {NOTE}: {'.'.join(map(str, problem['loc']))}: {problem['msg']}; {again(trace.path)}"
        ) from None
    except (ValueError, RecursionError):
        raise TraceError(f"{trace.path}: {NOTE} is damaged: not JSON; {again(trace.path)}") from None
    if note.trace != trace.meta["checksum"]:
        raise TraceError(f"{trace.path}: {NOTE} is of another recording; {again(trace.path)}")
    return note


def again(path: Path) -> str:
    """Return the call that computes the answers."""
    return (
        f'call Trace.open("{path}").decision_regions(model, points, labels), with points (N, 2) and the class of each;'
        " loss-curve and network show any run"
    )


def class_plane_of(trace: Trace) -> ClassPlane:
    """Return the answers of the run in ``trace``.

    Raises UserError if it is no classifier of points in the plane; see `refuse_other_than_planes`. A network with one
    output, the logit of bce, counts as a classifier of two classes. The answers of a recorded run must have been
    computed by `Trace.decision_regions`.
    """
    if isinstance(trace.run, Experiment):
        return TrainedPlane(trace)
    return RecordedPlane(trace)
