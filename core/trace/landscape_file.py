"""Landscape: the loss around a recorded path, and the two files beside a trace that hold it. No torch.

A landscape is computed after the run from the user's model and data. `verify` does not compute it again.

``landscape.npy`` has the losses, (M, N, N) float64, M maps of N by N points. ``landscape.json`` has the ranges of each
map and the checksum of the trace. A landscape of another run, or of a run that was continued later, is ignored.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.core.errors import TraceError
from gradreel.core.files import open_regular, read_bounded
from gradreel.core.trace.format import FORMAT
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

LARGEST_GRID = 257
"""Most points along a side of a map."""
_MOST_NOTE = 10_000  # bytes of landscape.json
_FILES = ("landscape.npy", "landscape.json")


@dataclass(frozen=True, eq=False)
class LossGrid:
    """The loss at N by N points of a plane through parameter space.

    Attributes
    ----------
    u, v
        (N,)  coordinates along the two directions.
    loss
        (N, N)  a row for each v, a column for each u; inf or NaN where the loss is not finite.
    """

    u: FloatArray
    v: FloatArray
    loss: FloatArray


@dataclass(frozen=True, eq=False)
class Landscape:
    """The loss around the path of a recorded run: computed afterwards from model and data, not verified.

    Attributes
    ----------
    path
        The loss on the plane nearest to the path, as `plane_of` of the trace; distances are those between thetas.
    random
        The loss around the last state in two random directions; None if the time did not suffice. Each filter of a
        direction is as long as that filter of the state, and biases stay as they are: Li et al., "Visualizing the Loss
        Landscape of Neural Nets" (2018), section 4. u = 1 is a step as long as the filters themselves.
    seed
        The seed of the random directions.
    """

    path: LossGrid
    random: LossGrid | None
    seed: int


class _Map(BaseModel):
    """A map's plane and its ranges."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    plane: Literal["path", "random"]
    u: tuple[FiniteFloat, FiniteFloat]
    v: tuple[FiniteFloat, FiniteFloat]


class _Note(BaseModel):
    """The content of ``landscape.json``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: str
    trace: str  # the checksum that ends the trace's meta.json
    points: int = Field(ge=2, le=LARGEST_GRID)
    seed: int
    maps: tuple[_Map, ...] = Field(min_length=1, max_length=2)


def write_landscape(folder: Path, checksum: str, landscape: Landscape) -> None:
    """Write a landscape beside the columns of the trace in ``folder``, whose meta.json has this checksum.

    An older landscape is replaced. Raises OSError if the files cannot be written.
    """
    grids = {"path": landscape.path} | ({"random": landscape.random} if landscape.random is not None else {})
    maps = [
        {"plane": name, "u": (float(grid.u[0]), float(grid.u[-1])), "v": (float(grid.v[0]), float(grid.v[-1]))}
        for name, grid in grids.items()
    ]
    note = {
        "format": FORMAT,
        "trace": checksum,
        "points": len(landscape.path.u),
        "seed": landscape.seed,
        "maps": maps,
    }
    numbers, text = (folder / name for name in _FILES)
    text.unlink(missing_ok=True)  # so that a reader never sees the ranges of one landscape and the losses of another
    with numbers.open("wb") as stream:
        np.save(stream, np.stack([grid.loss for grid in grids.values()]).astype("<f8"))
    text.write_text(json.dumps(note), encoding="ascii")


def read_landscape(folder: Path, checksum: str) -> Landscape | None:
    """Return the landscape in the folder of a trace; None if there is none for this ``checksum`` of its meta.json.

    Raises TraceError if its files are damaged.
    """
    numbers, text = (folder / name for name in _FILES)
    try:
        note = _Note.model_validate(json.loads(read_bounded(text, _MOST_NOTE)))
        if note.format != FORMAT or note.trace != checksum:
            return None
        shape = (len(note.maps), note.points, note.points)
        with open_regular(numbers) as stream:
            losses = np.lib.format.read_array(stream, allow_pickle=False, max_header_size=_MOST_NOTE)
        if losses.shape != shape or losses.dtype != np.float64:
            raise ValueError(f"{numbers.name} has shape {losses.shape}, {shape} is needed")
        grids = {
            known.plane: LossGrid(np.linspace(*known.u, note.points), np.linspace(*known.v, note.points), values)
            for known, values in zip(note.maps, losses, strict=True)
        }
        if "path" not in grids:
            raise ValueError("it has no map of the path's plane")
    except FileNotFoundError:
        return None
    except (OSError, ValueError, ValidationError, RecursionError, EOFError) as error:
        reason = str(error).splitlines()[0]
        raise TraceError(
            f"{folder}: its landscape is damaged: {reason}; delete {' and '.join(_FILES)} there, or compute it again"
        ) from None
    return Landscape(grids["path"], grids.get("random"), note.seed)
