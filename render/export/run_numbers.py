"""What a page shows of one recorded run, at some of its kept states: numbers of the trace and of the core's, float32.

Nothing is made up between two states: the page shows a state that was kept, and all that belongs to it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any

import contourpy
import numpy as np
from gradreel.core.analysis.planes import Plane, contour_levels, loss_grid, plane_of, view_around
from gradreel.core.arrays import FloatArray, IntArray
from gradreel.core.daily.views import DailyViews
from gradreel.core.datasets import CurveDataset
from gradreel.core.errors import PathError
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import loss, parameter_names, predict, test_loss
from gradreel.core.trace.recorded_run import RecordedRun
from gradreel.core.trace.trace import Trace
from gradreel.scenes.mobjects.loss_history import LossHistory, thinned, validation_loss
from gradreel.scenes.mobjects.pace import sampled_rows

MOST_STATES = 240  # of a run that has more every early one, ever fewer later
MOST_ENTRIES = 40  # of theta: the first ones, and the last few
LAST_ENTRIES = 8
CURVE_POINTS = 161
MOST_DAYS = 300  # the last ones that have a label
GRID = (120, 90)  # points along u and v at which the loss is computed
MAP_SHAPE = (4.0, 3.0)  # width and height of the map
MARGIN = 0.15  # share of the map left free on each side of the path
MOST_WORK = 3e9  # products that the losses on a map may take: a few seconds
HELD_NUMBERS = 1 << 24  # at once, of states or of what they compute
LARGEST_NAMED = 100_000  # parameters of a network whose entries have names; of a larger one they have numbers
ROLES = {"w": "yellow", "b": "green", "c": "magenta", "weight": "yellow", "bias": "green"}  # as the film colours them


def run_numbers(trace: Trace) -> dict[str, Any]:
    """All that the page shows of ``trace``, as JSON: arrays as in `_packed`, those of K states with K rows.

    kept: how many updates had been made at each state; loss: of the batch that the next update saw, or else the latest,
    and measured: how many had been made at it; theta (K, S) and its entries' names; prediction: what the network says
    at each state, and what it should, or None of a loop of somebody's own, whose model is not known; map: the path in
    the plane nearest to it, with the loss around it where that is known; lines: the loss curves.
    """
    count = len(trace.kept)
    rows = np.arange(count) if count <= MOST_STATES else sampled_rows(0, count - 1, MOST_STATES)
    kept = np.asarray(trace.kept[rows])
    entries = _shown_entries(trace.n_parameters)
    run = trace.run if isinstance(trace.run, Experiment) else None
    whole = run is not None and run.batches_per_epoch == 1
    batch, measured = _batch_losses(trace, rows, whole)
    losses = {"batch": batch}
    if run is not None and not whole:
        losses["whole"] = _by_blocks(trace, rows, lambda theta: loss(run, theta))
    if run is not None and run.dataset.n_test:
        losses["test"] = _by_blocks(trace, rows, lambda theta: test_loss(run, theta))
    return {
        "updates": trace.n_updates,
        "states": len(trace.kept),
        "parameters": trace.n_parameters,
        "kept": kept.tolist(),
        "theta": _packed(np.stack([trace.parameters[row][entries] for row in rows])),
        "names": _names(trace, entries),
        "measured": measured.tolist(),
        "losses": {name: _packed(values) for name, values in losses.items()},
        "lines": _loss_lines(trace, kept, losses),
        "prediction": None if run is None else _prediction(run, trace, rows),
        "map": _map(trace, rows),
    }


def _packed(values: FloatArray) -> dict[str, Any]:
    """An array as float32 in base64, with its shape."""
    numbers = np.ascontiguousarray(values, dtype="<f4")
    return {"shape": numbers.shape, "data": base64.b64encode(numbers.tobytes()).decode()}


def _blocks(trace: Trace, rows: IntArray) -> Iterator[FloatArray]:
    """The states of ``rows``, as many at a time as fit into memory with what a network computes of its examples."""
    run = trace.run
    examples = 1
    if isinstance(run, Experiment):
        examples = run.dataset.examples + run.dataset.n_validation + run.dataset.n_test
    layer = max((1, *run.hidden)) if isinstance(run, Experiment) else 1
    at_once = max(1, HELD_NUMBERS // max(trace.n_parameters, examples * layer))
    for start in range(0, len(rows), at_once):
        yield np.asarray(trace.parameters[rows[start : start + at_once]], dtype=np.float64)


def _by_blocks(trace: Trace, rows: IntArray, function: Any) -> FloatArray:
    """``function`` of the states of ``rows``, an array with a row for each."""
    with np.errstate(all="ignore"):  # a run that went off to infinity is shown as it is
        return np.concatenate([function(theta) for theta in _blocks(trace, rows)])


# -- theta -------------------------------------------------------------------------------------------------------------


def _shown_entries(count: int) -> IntArray:
    if count <= MOST_ENTRIES:
        return np.arange(count)
    return np.concatenate([np.arange(MOST_ENTRIES - LAST_ENTRIES), np.arange(count - LAST_ENTRIES, count)])


def _names(trace: Trace, entries: IntArray) -> list[dict[str, str]]:
    """Of each entry: its letter or tensor, what is written below the line, the role of its colour, its place."""
    if isinstance(trace.run, RecordedRun):
        names = [trace.run.entry_name(int(entry)) for entry in entries]
        roles = [ROLES.get(name.rpartition("[")[0].rpartition(".")[2], "orange") for name in names]
        return [{"name": name, "index": "", "role": role} for name, role in zip(names, roles, strict=True)]
    if trace.n_parameters > LARGEST_NAMED:
        return [{"name": "θ", "index": str(entry + 1), "role": "orange"} for entry in entries]
    known = parameter_names(trace.run)
    if trace.run.dataset.n_features == 1 and trace.run.hidden:  # as the film has them: w_2 is w_2_1
        known = [re.sub(r"^(w_\d+)_1$", r"\1", name) for name in known]
    parts = [known[entry].partition("_") for entry in entries]
    return [
        {
            "name": name,
            "index": index.replace("_", ","),
            "role": ROLES[name.rstrip("'")] if index else "grey",  # the scalar b
        }
        for name, _, index in parts
    ]


# -- losses ------------------------------------------------------------------------------------------------------------


def _batch_losses(trace: Trace, rows: IntArray, whole: bool) -> tuple[FloatArray, IntArray]:
    """(K,): the recorded loss of the update that left each state; and of which update it is.

    Where a loop did not log each, it is the latest. No update left the last state: its loss is known where every batch
    is all examples (``whole``), else it is NaN, unless what was logged last still counts.
    """
    batch = np.append(np.asarray(trace.batch_loss, dtype=np.float64), np.nan)
    measured = np.array(trace.kept[rows])
    if np.isfinite(batch).any():
        history = LossHistory.of(trace, trace.n_updates)
        latest = [history.latest(update) for update in measured.tolist()]
        measured = np.array([at if known is None else known for at, known in zip(measured, latest, strict=True)])
    found = batch[measured]
    if whole:
        found[-1] = float(loss(trace.experiment, np.asarray(trace.parameters[-1], dtype=np.float64)))
    return found, measured


def _loss_lines(trace: Trace, kept: IntArray, losses: dict[str, FloatArray]) -> list[dict[str, Any]]:
    """The curves over the updates: every recorded batch's (thinned to what can be seen), those over all examples."""
    batch = np.asarray(trace.batch_loss, dtype=np.float64)
    lines = []
    if np.isfinite(batch).any():
        at = LossHistory.of(trace, len(batch)).points
        values = batch[at]
        if isinstance(trace.run, Experiment) and len(losses) == 1 and np.isfinite(losses["batch"][-1]):
            at, values = np.append(at, len(batch)), np.append(values, losses["batch"][-1])  # after the last update
        lines = [("batch", *thinned(at, values))]
    lines += [(name, kept, values) for name, values in losses.items() if name != "batch"]
    if name := validation_loss(trace):
        lines.append((name, *thinned(*trace.metrics[name])))
    return [{"name": name, "x": np.asarray(x).tolist(), "y": _packed(y)} for name, x, y in lines]


# -- predictions -------------------------------------------------------------------------------------------------------


def _prediction(run: Experiment, trace: Trace, rows: IntArray) -> dict[str, Any] | None:
    """What the network says at x (N,) in each state, y (K, N), the target there, and the range to be shown.

    None for points of any kind, which have no x that a line could be drawn over.
    """
    dataset = run.dataset
    if isinstance(dataset, CurveDataset):
        low, high = dataset.range
        knots = [x for x, _ in dataset.knots if low < x < high]
        x = np.unique([*np.linspace(low, high, CURVE_POINTS), *knots])
        features, target = dataset.features_at(x), dataset.curve()(x)
        found: dict[str, Any] = {"kind": "curve", "x": _packed(x)}
        y = _by_blocks(trace, rows, lambda theta: predict(run, theta, features))
    elif isinstance(dataset, DailyViews):
        parts = (dataset.features(), dataset.validation_features(), dataset.test_features())
        features = np.concatenate(parts)[-MOST_DAYS:]
        dates = (dataset.dates(), dataset.validation_dates(), dataset.test_dates())
        days = np.concatenate(dates)[-MOST_DAYS:].astype("datetime64[D]")
        labels = (dataset.labels(), dataset.validation_labels(), dataset.test_labels())
        target = dataset.in_views(np.concatenate(labels)[-MOST_DAYS:])
        found = {
            "kind": "days",
            "x": (days.astype(np.int64) * 86_400_000).tolist(),  # milliseconds since 1970
            "test_from": str(dataset.first_test_date),
            "data": dataset.title,
        }
        y = dataset.in_views(_by_blocks(trace, rows, lambda theta: predict(run, theta, features)))
    else:
        return None
    return found | {"y": _packed(y), "target": _packed(target), "range": _range_of(target, y)}


def _range_of(target: FloatArray, y: FloatArray) -> tuple[float, float]:
    """From the lowest to the highest number that the picture shows: predictions off by more than it are cut off."""
    low, high = float(target.min()), float(target.max())
    span = (high - low) or max(abs(high), 1.0)
    seen = np.clip(y[np.isfinite(y)], low - span, high + span)
    low, high = min([low, *seen[:1], *_ends(seen)]), max([high, *_ends(seen)])
    return float(low - 0.05 * span), float(high + 0.05 * span)


def _ends(values: FloatArray) -> list[float]:
    return [float(values.min()), float(values.max())] if len(values) else []


# -- the map -----------------------------------------------------------------------------------------------------------


def _map(trace: Trace, rows: IntArray) -> dict[str, Any] | None:
    """The path (K, 2) in a plane, the ranges of u and v, and bands of the loss; None where there is no plane.

    The plane of a network with two parameters is theirs; else it is the nearest to the path.
    """
    if trace.n_parameters < 2:
        return None
    known = isinstance(trace.run, Experiment)
    try:
        axes = known and trace.n_parameters == 2
        plane = Plane(np.zeros(2), np.eye(2), 1.0) if axes else plane_of(trace)
    except PathError:  # it runs off to infinity
        return None
    path = _by_blocks(trace, rows, plane.coordinates)
    u, v = view_around(path, *MAP_SHAPE, MARGIN)
    found = {"path": _packed(path), "u": u.tolist(), "v": v.tolist(), "share": plane.share, "bands": None}
    run = trace.run
    if isinstance(run, Experiment) and GRID[0] * GRID[1] * run.dataset.examples * run.n_parameters <= MOST_WORK:
        found["bands"] = _bands(run, plane, u, v)
    return found


def _bands(run: Experiment, plane: Plane, u_range: FloatArray, v_range: FloatArray) -> dict[str, Any] | None:
    """All that lies above each of some levels of the loss: ``levels``, and polygons with holes, as Bokeh has them.

    ``xs`` and ``ys``: of each level, of each of its polygons, its outline and its holes. None where no loss is finite.
    """
    u, v = (np.linspace(float(ends[0]), float(ends[1]), n) for ends, n in zip((u_range, v_range), GRID, strict=True))
    grid = loss_grid(run, plane, u, v)
    if not np.isfinite(grid).any():
        return None
    levels = contour_levels(grid)
    ceiling = float(grid[np.isfinite(grid)].max()) * 2 + 1
    contours = contourpy.contour_generator(u, v, np.nan_to_num(grid, nan=ceiling, posinf=ceiling))
    shapes = []
    for level in levels:
        polygons, starts = contours.filled(level, np.inf)
        shapes.append([np.split(points, rings[1:-1]) for points, rings in zip(polygons, starts, strict=True)])
    return {
        "levels": levels.tolist(),
        "xs": [[[_short(ring[:, 0]) for ring in polygon] for polygon in shape] for shape in shapes],
        "ys": [[[_short(ring[:, 1]) for ring in polygon] for polygon in shape] for shape in shapes],
    }


def _short(numbers: FloatArray) -> list[float]:
    """With digits enough for a picture."""
    return [float(f"{number:.5g}") for number in numbers]
