"""Computes what a page shows of one recorded run at some of its recorded states, as float32 numbers.

Nothing is interpolated between two states: the page shows one recorded state and the numbers of that state.
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

MOST_STATES = 240  # states on the page; of a longer run early states are chosen densely, later ones sparsely
MOST_ENTRIES = 40  # parameters on the page: the first ones, and the last few
LAST_ENTRIES = 8
CURVE_POINTS = 161
MOST_DAYS = 300  # days on the page: the last ones that have a label
GRID = (120, 90)  # points along u and v at which the loss is computed
MAP_SHAPE = (4.0, 3.0)  # width and height of the map
MARGIN = 0.15  # share of the map left free on each side of the path
MOST_WORK = 3e9  # multiplications for all losses on a map; a few seconds
HELD_NUMBERS = 1 << 24  # numbers in memory at once, of states or of the values computed from them
LARGEST_NAMED = 100_000  # parameters; in a larger network parameters are numbered, not named
# the film's colour for each kind of parameter
ROLES = {"w": "yellow", "b": "green", "c": "magenta", "weight": "yellow", "bias": "green"}


def run_numbers(trace: Trace) -> dict[str, Any]:
    """Return all numbers that the page shows of ``trace``, as JSON. Arrays are packed as `_packed_array` returns them.

    K is the number of states shown, S the number of parameters shown. Arrays over states have K rows.

    - kept: number of updates made before each state.
    - losses: "batch" is the loss of the next update's batch, or else the latest. "whole" and "test" are computed.
    - measured: number of updates made when that batch loss was measured.
    - theta, names: (K, S) parameters, and the names of these parameters.
    - prediction: the predictions and the targets. None for a recorded run: its model is unknown.
    - map: the path in the plane nearest to it, with the loss around it if it can be computed. None without a plane.
    - lines: the loss curves over updates.
    - logged: the metrics and the learning rates over updates; "at" (K,) is the latest value at each state.
    """
    count = len(trace.kept)
    rows = np.arange(count) if count <= MOST_STATES else sampled_rows(0, count - 1, MOST_STATES)
    kept = np.asarray(trace.kept[rows])
    entries = _shown_entries(trace.n_parameters)
    run = trace.run if isinstance(trace.run, Experiment) else None
    is_full_batch = run is not None and run.batches_per_epoch == 1
    batch, measured = _batch_losses(trace, rows, is_full_batch)
    losses = {"batch": batch}
    if run is not None and not is_full_batch:
        losses["whole"] = _by_blocks(trace, rows, lambda theta: loss(run, theta))
    if run is not None and run.dataset.n_test:
        losses["test"] = _by_blocks(trace, rows, lambda theta: test_loss(run, theta))
    return {
        "updates": trace.n_updates,
        "states": len(trace.kept),
        "parameters": trace.n_parameters,
        "kept": kept.tolist(),
        "theta": _packed_array(np.stack([trace.parameters[row][entries] for row in rows])),
        "names": _names_and_roles(trace, entries),
        "measured": measured.tolist(),
        "losses": {name: _packed_array(values) for name, values in losses.items()},
        "lines": _loss_lines(trace, kept, losses),
        "logged": [*_metrics_over_updates(trace, kept), *_rates_over_updates(trace, kept)],
        "prediction": None if run is None else _predictions_to_show(run, trace, rows),
        "map": _path_on_loss_map(trace, rows),
    }


def _packed_array(values: FloatArray) -> dict[str, Any]:
    """Return an array as little-endian float32 in base64, with its shape."""
    with np.errstate(over="ignore"):  # what float32 cannot hold is shown as infinite
        numbers = np.ascontiguousarray(values, dtype="<f4")
    return {"shape": numbers.shape, "data": base64.b64encode(numbers.tobytes()).decode()}


def _blocks_of_states(trace: Trace, rows: IntArray) -> Iterator[FloatArray]:
    """Yield the states of ``rows`` in blocks (B, P) small enough for memory.

    A block's size also counts the activations that a network computes from its examples. See `HELD_NUMBERS`.
    """
    run = trace.run
    examples = 1
    if isinstance(run, Experiment):
        examples = run.dataset.examples + run.dataset.n_validation + run.dataset.n_test
    layer = max((1, *run.hidden)) if isinstance(run, Experiment) else 1
    at_once = max(1, HELD_NUMBERS // max(trace.n_parameters, examples * layer))
    for start in range(0, len(rows), at_once):
        yield np.asarray(trace.parameters[rows[start : start + at_once]], dtype=np.float64)


def _by_blocks(trace: Trace, rows: IntArray, function: Any) -> FloatArray:
    """Return ``function`` of the states of ``rows``, an array with one row for each state.

    ``function`` takes (B, P) states and returns B rows.
    """
    with np.errstate(all="ignore"):  # a run that diverged to infinity is shown as it is
        return np.concatenate([function(theta) for theta in _blocks_of_states(trace, rows)])


# -- theta -------------------------------------------------------------------------------------------------------------


def _shown_entries(count: int) -> IntArray:
    """Return the indices of the parameters that are shown, of ``count``: all, or the first ones and the last few."""
    if count <= MOST_ENTRIES:
        return np.arange(count)
    return np.concatenate([np.arange(MOST_ENTRIES - LAST_ENTRIES), np.arange(count - LAST_ENTRIES, count)])


def _names_and_roles(trace: Trace, entries: IntArray) -> list[dict[str, str]]:
    """Return name, index and colour role of each of ``entries``.

    For our networks these are a letter, its subscript and a role. For a recorded run the name is that of the tensor's
    entry.
    """
    if isinstance(trace.run, RecordedRun):
        names = [trace.run.entry_name(int(entry)) for entry in entries]
        roles = [ROLES.get(name.rpartition("[")[0].rpartition(".")[2], "orange") for name in names]
        return [{"name": name, "index": "", "role": role} for name, role in zip(names, roles, strict=True)]
    if trace.n_parameters > LARGEST_NAMED:
        return [{"name": "θ", "index": str(entry + 1), "role": "orange"} for entry in entries]
    all_names = parameter_names(trace.run)
    if trace.run.dataset.n_features == 1 and trace.run.hidden:  # as in the film, w_2 stands for w_2_1
        all_names = [re.sub(r"^(w_\d+)_1$", r"\1", name) for name in all_names]
    parts = [all_names[entry].partition("_") for entry in entries]
    return [
        {
            "name": name,
            "index": index.replace("_", ","),
            "role": ROLES[name.rstrip("'")] if index else "grey",  # the scalar b
        }
        for name, _, index in parts
    ]


# -- losses ------------------------------------------------------------------------------------------------------------


def _batch_losses(trace: Trace, rows: IntArray, is_full_batch: bool) -> tuple[FloatArray, IntArray]:
    """Return the batch loss (K,) at each of ``rows``, and the update (K,) at which it was measured.

    The loss at a state is that of the update that starts there. If a loop did not log that one, it is the latest logged
    loss. No update starts at the last state. Its loss is computed if each batch has all examples (``is_full_batch``);
    otherwise it is NaN, unless a logged loss still counts.
    """
    batch = np.append(np.asarray(trace.batch_loss, dtype=np.float64), np.nan)
    measured = np.array(trace.kept[rows])
    if np.isfinite(batch).any():
        history = LossHistory.of(trace, trace.n_updates)
        latest = [history.latest(update) for update in measured.tolist()]
        measured = np.array(
            [update if logged is None else logged for update, logged in zip(measured, latest, strict=True)]
        )
    losses = batch[measured]
    if is_full_batch:
        losses[-1] = float(loss(trace.experiment, np.asarray(trace.parameters[-1], dtype=np.float64)))
    return losses, measured


def _loss_lines(trace: Trace, kept: IntArray, losses: dict[str, FloatArray]) -> list[dict[str, Any]]:
    """Return the loss curves over updates: each batch's loss, thinned to what can be seen, then the other ``losses``.

    ``kept`` has the updates of the other losses. A recorded validation loss comes last.
    """
    batch = np.asarray(trace.batch_loss, dtype=np.float64)
    lines = []
    if np.isfinite(batch).any():
        updates = LossHistory.of(trace, len(batch)).points
        values = batch[updates]
        if isinstance(trace.run, Experiment) and len(losses) == 1 and np.isfinite(losses["batch"][-1]):
            # the loss after the last update
            updates, values = np.append(updates, len(batch)), np.append(values, losses["batch"][-1])
        lines = [("batch", *thinned(updates, values))]
    lines += [(name, kept, values) for name, values in losses.items() if name != "batch"]
    if name := validation_loss(trace):
        lines.append((name, *thinned(*trace.metrics[name])))
    return [{"name": name, "x": np.asarray(x).tolist(), "y": _packed_array(y)} for name, x, y in lines]


def _metrics_over_updates(trace: Trace, kept: IntArray) -> list[dict[str, Any]]:
    """Return each metric of `Trace.metrics` over updates; ``kept`` (K,) has the updates made at the states shown."""
    return [_logged_series(name, 0, at, values, kept) for name, (at, values) in trace.metrics.items() if len(at)]


def _rates_over_updates(trace: Trace, kept: IntArray) -> list[dict[str, Any]]:
    """Return the learning rates over updates, each course once; numbered from 1."""
    courses: list[FloatArray] = []
    for rates in trace.rates.T:
        known = np.isfinite(rates).any() and not any(np.array_equal(rates, each, equal_nan=True) for each in courses)
        courses += [rates] if known else []
    updates = [np.flatnonzero(np.isfinite(rates)) for rates in courses]
    return [
        _logged_series("", number, at, rates[at], kept)
        for number, (at, rates) in enumerate(zip(updates, courses, strict=True), start=1)
    ]


def _logged_series(name: str, rate: int, at: IntArray, values: FloatArray, kept: IntArray) -> dict[str, Any]:
    """Return a series over updates. ``rate`` is the number of a learning rate, 0 for a metric called ``name``.

    The value at a state is the latest one that was known then; NaN before the first.
    """
    values = np.asarray(values, dtype=np.float64)
    latest = np.searchsorted(at, kept, side="right") - 1
    at_states = np.where(latest < 0, np.nan, values[np.maximum(latest, 0)])
    x, y = thinned(np.asarray(at), values)
    return {"name": name, "rate": rate, "x": x.tolist(), "y": _packed_array(y), "at": _packed_array(at_states)}


# -- predictions -------------------------------------------------------------------------------------------------------


def _predictions_to_show(run: Experiment, trace: Trace, rows: IntArray) -> dict[str, Any] | None:
    """Return x (N,), predictions y (K, N), targets (N,) and the range of y to show; None for points of any kind.

    Points of any kind have no x axis over which a line could be drawn. For daily views, x is the date in milliseconds
    since 1970.
    """
    dataset = run.dataset
    if isinstance(dataset, CurveDataset):
        low, high = dataset.range
        knots = [x for x, _ in dataset.knots if low < x < high]
        x = np.unique([*np.linspace(low, high, CURVE_POINTS), *knots])
        features, target = dataset.features_at(x), dataset.curve()(x)
        axes: dict[str, Any] = {"kind": "curve", "x": _packed_array(x)}
        y = _by_blocks(trace, rows, lambda theta: predict(run, theta, features))
    elif isinstance(dataset, DailyViews):
        parts = (dataset.features(), dataset.validation_features(), dataset.test_features())
        features = np.concatenate(parts)[-MOST_DAYS:]
        dates = (dataset.dates(), dataset.validation_dates(), dataset.test_dates())
        days = np.concatenate(dates)[-MOST_DAYS:].astype("datetime64[D]")
        labels = (dataset.labels(), dataset.validation_labels(), dataset.test_labels())
        target = dataset.in_views(np.concatenate(labels)[-MOST_DAYS:])
        axes = {
            "kind": "days",
            "x": (days.astype(np.int64) * 86_400_000).tolist(),  # milliseconds since 1970
            "test_from": str(dataset.first_test_date),
            "data": dataset.title,
        }
        y = dataset.in_views(_by_blocks(trace, rows, lambda theta: predict(run, theta, features)))
    else:
        return None
    return axes | {"y": _packed_array(y), "target": _packed_array(target), "range": _range_of(target, y)}


def _range_of(target: FloatArray, y: FloatArray) -> tuple[float, float]:
    """Return the lowest and the highest y to show. Predictions farther from the targets than their span are cut off."""
    low, high = float(target.min()), float(target.max())
    span = (high - low) or max(abs(high), 1.0)
    seen = np.clip(y[np.isfinite(y)], low - span, high + span)
    low, high = min([low, *seen[:1], *_least_and_greatest(seen)]), max([high, *_least_and_greatest(seen)])
    return float(low - 0.05 * span), float(high + 0.05 * span)


def _least_and_greatest(values: FloatArray) -> list[float]:
    """Return the minimum and the maximum of ``values``; nothing for an empty array."""
    return [float(values.min()), float(values.max())] if len(values) else []


# -- the map -----------------------------------------------------------------------------------------------------------


def _path_on_loss_map(trace: Trace, rows: IntArray) -> dict[str, Any] | None:
    """Return the path (K, 2) in a plane, the ranges of u and v, and the bands of loss; None if there is no plane.

    The plane of a network with two parameters is their own; otherwise it is the plane nearest to the path. The bands
    are None if the run's loss is unknown or too expensive to compute on the grid. Those of a recorded run are from the
    landscape beside its trace; ``computed`` says so.
    """
    if trace.n_parameters < 2:
        return None
    is_experiment = isinstance(trace.run, Experiment)
    try:
        axes = is_experiment and trace.n_parameters == 2
        plane = Plane(np.zeros(2), np.eye(2), 1.0) if axes else plane_of(trace)
    except PathError:  # the path diverges to infinity
        return None
    path = _by_blocks(trace, rows, plane.coordinates)
    u, v = view_around(path, *MAP_SHAPE, MARGIN)
    loss_map = {"path": _packed_array(path), "u": u.tolist(), "v": v.tolist(), "share": plane.share, "bands": None}
    loss_map["computed"] = not is_experiment
    run = trace.run
    if isinstance(run, Experiment) and GRID[0] * GRID[1] * run.dataset.examples * run.n_parameters <= MOST_WORK:
        u_grid, v_grid = (np.linspace(ends[0], ends[1], n) for ends, n in zip((u, v), GRID, strict=True))
        loss_map["bands"] = _polygons_of_loss(u_grid, v_grid, loss_grid(run, plane, u_grid, v_grid))
    elif not isinstance(run, Experiment) and (landscape := trace.kept_landscape()) is not None:
        loss_map["bands"] = _polygons_of_loss(landscape.path.u, landscape.path.v, landscape.path.loss)
    return loss_map


def _polygons_of_loss(u: FloatArray, v: FloatArray, grid: FloatArray) -> dict[str, Any] | None:
    """Return the regions above some levels of loss, as polygons with holes for Bokeh; None if no loss is finite.

    ``grid`` has the loss (n, m) at each of ``v`` (n,) and ``u`` (m,).

    ``levels`` are the levels. ``xs`` and ``ys`` have, for each level and each polygon, the outline followed by the
    holes.
    """
    if not np.isfinite(grid).any():
        return None
    levels = contour_levels(grid)
    ceiling = float(grid[np.isfinite(grid)].max()) * 2 + 1
    contours = contourpy.contour_generator(u, v, np.nan_to_num(grid, nan=ceiling, posinf=ceiling))
    shapes = []
    for level in levels:
        polygons: Any = contours.filled(level, np.inf)  # points (N, 2), and the offsets of their rings
        shapes.append([np.split(points, rings[1:-1]) for points, rings in zip(*polygons, strict=True)])
    return {
        "levels": levels.tolist(),
        "xs": [[[_rounded_to_five_digits(ring[:, 0]) for ring in polygon] for polygon in shape] for shape in shapes],
        "ys": [[[_rounded_to_five_digits(ring[:, 1]) for ring in polygon] for polygon in shape] for shape in shapes],
    }


def _rounded_to_five_digits(numbers: FloatArray) -> list[float]:
    """Return the numbers rounded to five significant digits, enough for a picture."""
    return [float(f"{number:.5g}") for number in numbers]
