"""The loss over a plane through parameter space: planes of three kinds, and the loss at each point of a grid on them.

Distances on the planes of a path and of two parameters are distances between thetas. Random directions are Li et al.'s,
"Visualizing the Loss Landscape of Neural Nets" (2018), section 4; a path's main directions are those of section 7, with
the path's own mean as origin and no normalisation.
"""

import difflib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.core.errors import TraceError, UserError
from gradreel.core.experiment import Experiment
from gradreel.core.recorded_run import RecordedRun
from gradreel.core.theta import parameter_names, parameter_shapes, unpack
from gradreel.core.trace import Trace
from numpy.typing import NDArray

Progress = Callable[[int, int], None]
Array = NDArray[np.floating]

_LARGEST = 20_000_000  # numbers of a path that are decomposed at once (160 MB)
_MOST_ROWS = 1000  # of a path of more parameters than that: the Gram matrix stays small
_READ = 1 << 19  # numbers of a path that are read at once
_LARGE = 1000  # parameters; larger networks are computed in float32
_HELD = 100_000  # activations of a layer that are held at once: they stay in a core's cache
_FEWEST = 256  # examples at once, if there are so many: each time the weights of a cell are computed again
_BLOCK = 64  # examples in a matrix product of a large network
_SMALL_PRODUCT = 1_000_000  # multiplications up to which numpy's usual BLAS, OpenBLAS, starts no threads of its own


@dataclass(frozen=True, eq=False)
class Plane:
    """Points origin + u directions[0] + v directions[1] of parameter space."""

    origin: FloatArray  # (P,)
    directions: FloatArray  # (2, P)  linearly independent; orthonormal but for random directions
    share: float  # of the path's squared distances from its mean: how much lies along the plane, 0 to 1

    def coordinates(self, theta: Array) -> FloatArray:
        """(u, v) of the plane's point nearest to theta: (..., P) to (..., 2)."""
        along = (theta - self.origin) @ self.directions.T
        return np.asarray(along @ np.linalg.inv(self.directions @ self.directions.T))

    def theta(self, uv: FloatArray) -> FloatArray:
        """The point of parameter space at (u, v): (..., 2) to (..., P)."""
        return self.origin + np.asarray(uv, dtype=np.float64) @ self.directions

    def distance(self, theta: Array) -> FloatArray:
        """How far theta lies from the plane: (..., P) to (...,)."""
        return np.asarray(np.linalg.norm(theta - self.theta(self.coordinates(theta)), axis=-1))


def plane_of(trace: Trace, last: int | None = None) -> Plane:
    """The plane nearest to the path (least squares): its mean and its two principal directions.

    Every kept state counts once, up to that after ``last`` updates (by default the end); of a path too large for memory
    evenly spaced ones, but ``share`` is always of all of them. Each direction's largest entry is positive, so that the
    picture never comes out mirrored. A path that stays in a point or on a line gets the parameter axes it is least
    along as what is missing. TraceError for a path that runs off to infinity.
    """
    rows, width = _rows(trace, last), trace.parameters.shape[1]
    count = min(rows, max(2, _LARGEST // width), rows if width <= _MOST_ROWS else _MOST_ROWS)
    chosen = np.unique(np.linspace(0, rows - 1, count).round().astype(np.int64))
    path = trace.parameters[chosen].astype(np.float64)  # (R, P)
    if not np.isfinite(path).all():
        raise _broken(trace, rows)
    origin = path.mean(axis=0)
    path -= origin
    directions = _completed(_main_directions(path, float(np.abs(origin).max())), width)
    return Plane(origin, directions, _share(trace, rows, origin, directions))


def random_plane(trace: Trace, seed: int = 0, last: int | None = None) -> Plane:
    """Two random directions through the state after ``last`` updates (by default the end), normalised by unit.

    Li et al. (2018), section 4, "filter normalisation": each entry is drawn from a Gaussian, then what leads into one
    unit is scaled to the norm of that unit's own incoming weights. Biases do not move, as in the authors' own plots
    (``--xignore biasbn``). So u = 1 changes each unit's weights by as much as they are, and planes of different
    networks can be compared. Two such directions are nearly orthogonal in large networks only. ``share`` is of the path
    up to ``last``. UserError if the weights span no plane.
    """
    rows = _rows(trace, last)
    end = trace.parameters[rows - 1].astype(np.float64)
    if not np.isfinite(end).all():
        raise _broken(trace, rows)
    drawn = np.random.default_rng(seed).standard_normal((2, len(end)))
    directions = np.zeros_like(drawn)
    for unit in _units(trace.run):
        norms = np.linalg.norm(drawn[:, unit], axis=1, keepdims=True)
        directions[:, unit] = drawn[:, unit] / norms * np.linalg.norm(end[unit])
    if np.linalg.matrix_rank(directions, tol=1e-9 * float(np.abs(directions).max())) < 2:
        raise UserError(
            f"{trace.path}: random directions leave the biases alone, and only "
            f"{np.count_nonzero(directions.any(axis=0))} of the weights are not in a unit whose weights are all 0; a "
            "plane needs two: show the plane of the path or of two parameters"
        )
    return Plane(end, directions, _share(trace, rows, end, directions))


def parameter_plane(trace: Trace, first: str, second: str, last: int | None = None) -> Plane:
    """The plane of two parameters, by the names of `parameter_names`, such as "w_1_1" and "b_1".

    (u, v) are the values of the two; all others are as after ``last`` updates (by default at the end). ``share`` is of
    the path up to ``last``. UserError for a name that the network does not have, TraceError for a recorded run.
    """
    names = parameter_names(trace.experiment)
    for name in (first, second):
        if name not in names:
            near = difflib.get_close_matches(name, names, n=5, cutoff=0.3) or [*names[:2], *names[-2:]]
            raise UserError(f"this network has no parameter {name!r}; its {len(names)} have names such as {_and(near)}")
    if first == second:
        raise UserError(f"a plane needs two parameters, {first!r} was named twice")
    rows, axes = _rows(trace, last), [names.index(first), names.index(second)]
    origin = trace.parameters[rows - 1].astype(np.float64)
    if not np.isfinite(origin).all():
        raise _broken(trace, rows)
    origin[axes] = 0.0
    directions = np.zeros((2, len(names)))
    directions[[0, 1], axes] = 1.0
    return Plane(origin, directions, _share(trace, rows, origin, directions))


def loss_grid(
    experiment: Experiment,
    plane: Plane,
    u: FloatArray,
    v: FloatArray,
    *,
    unseen: bool = False,
    progress: Progress | None = None,
) -> FloatArray:
    """The loss over all examples trained on at each (u, v): u (m,) and v (n,) to (n, m), a row for each v.

    With ``unseen`` over the examples that are not trained on; NaN for a dataset without any. Networks of up to 1000
    parameters are computed in float64, exact to rounding; larger ones in float32: to about 1e-5 of the loss, and inf or
    NaN where a value passes 3e38. ``progress(done, total)`` counts rows, in this thread.
    """
    u, v, data = np.asarray(u, dtype=np.float64), np.asarray(v, dtype=np.float64), experiment.dataset
    labels = data.unseen_labels() if unseen else data.labels()
    if not len(labels):
        return np.full((len(v), len(u)), np.nan)
    features = data.unseen_features() if unseen else data.features()
    sums = np.zeros((len(v), len(u)))
    chunks = list(_chunks(experiment, len(labels)))
    with ThreadPoolExecutor(_cores()) as pool:
        try:
            for i, chunk in enumerate(chunks):
                examples = _ExamplesOnPlane(experiment, plane, features[chunk], labels[chunk])
                for j, row in enumerate(pool.map(lambda at, on=examples: on.sums(u, at), v)):
                    sums[j] += row
                    if progress:
                        progress(i * len(v) + j + 1, len(chunks) * len(v))
        except BaseException:  # such as Ctrl-C: the rows that wait are not wanted any more
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return sums / len(labels)


def lowest(grid: FloatArray) -> tuple[int, int]:
    """(row, column) of a grid's smallest loss, the first of several. ValueError if it is nowhere a number."""
    row, column = np.unravel_index(int(np.nanargmin(grid)), grid.shape)
    return int(row), int(column)


class _ExamplesOnPlane:
    """Some examples, and a network whose theta moves on a plane.

    The first layer's r = b + W x is affine in (u, v), so it takes three products with the examples for the whole grid;
    the further layers are computed for each cell. Weights and bias of a layer are one matrix, its input has a row of
    ones. The E examples stand in B blocks of n, in columns: (B, units, n), the last ones being nothing but padding.
    """

    def __init__(self, experiment: Experiment, plane: Plane, features: FloatArray, labels: FloatArray) -> None:
        self._experiment, self._labels = experiment, labels
        dtype = np.float32 if experiment.n_parameters > _LARGE else np.float64
        layers = unpack(experiment, np.stack([plane.origin, *plane.directions]))
        # Each (3, H_l, H_{l-1}), at the origin, along u and along v. The output has a second row, of nothing: for a
        # single one numpy calls a product that has threads of its own, and rows of the grid would wait for one another
        weights = [*layers.weights, np.stack([layers.c, np.zeros_like(layers.c)], axis=1)]
        biases = [*layers.biases, np.stack([layers.b, np.zeros_like(layers.b)], axis=1)]
        matrices = [np.concatenate([w, b[..., None]], axis=-1) for w, b in zip(weights, biases, strict=True)]
        self._shapes = [matrix.shape[1:] for matrix in matrices[1:]]
        size = _block(self._shapes, len(labels))
        blocks = -(-len(labels) // size)
        columns = np.zeros((blocks * size, features.shape[1] + 1))
        columns[: len(labels), :-1], columns[:, -1] = features, 1.0
        columns = columns.reshape(blocks, size, -1).swapaxes(1, 2)  # (B, D + 1, n)
        with np.errstate(over="ignore", invalid="ignore"):
            self._first = (matrices[0][:, None] @ columns).astype(dtype)  # (3, B, H_1, n)
            flat = [matrix.reshape(3, -1) for matrix in matrices[1:]]
            self._further = np.concatenate([np.empty((3, 0)), *flat], axis=1).astype(dtype)  # (3, their parameters)
        self._zeros = np.zeros((max([1, *experiment.hidden]), size), dtype=dtype)

    def sums(self, u: FloatArray, v: float) -> FloatArray:
        """The sum of e² or |e| over the examples, (m,), for each of u (m,) and one v."""
        _, blocks, width, size = self._first.shape
        widest = max(width, *(shape[0] for shape in self._shapes), 0)
        cells = max(1, min(len(u), _HELD // (widest * blocks * size)))
        dtype = self._first.dtype
        with np.errstate(over="ignore", invalid="ignore"):
            first, further = (at[0] + dtype.type(v) * at[2] for at in (self._first, self._further))
            held = self._buffers(cells)
            sums = [
                self._cells(u[start : start + cells].astype(dtype), first, further, held)
                for start in range(0, len(u), cells)
            ]
        return np.concatenate([np.empty(0), *sums])

    def _buffers(self, cells: int) -> list[Array]:
        """What each layer computes, (K, B, H_l + 1, n): the last row is the next layer's row of ones."""
        _, blocks, width, size = self._first.shape
        widths = (width, *(shape[0] for shape in self._shapes))
        return [np.ones((cells, blocks, width + 1, size), dtype=self._first.dtype) for width in widths]

    def _cells(self, u: Array, first: Array, further: Array, held: list[Array]) -> FloatArray:
        """`sums` for K cells; ``first`` and ``further`` as they are at u = 0."""
        values = held[0][: len(u)]
        np.multiply(self._first[1], u[:, None, None, None], out=values[:, :, :-1])
        values[:, :, :-1] += first
        matrices = u[:, None] * self._further[1] + further  # (K, their parameters)
        start = 0
        for shape, buffer in zip(self._shapes, held[1:], strict=True):
            _activate(self._experiment.activation, values[:, :, :-1], self._zeros)
            end = start + shape[0] * shape[1]
            matrix = matrices[:, None, start:end].reshape(-1, 1, *shape)  # (K, 1, H_l, H_{l-1} + 1)
            incoming, values, start = values, buffer[: len(u)], end
            np.matmul(matrix, incoming, out=values[:, :, :-1])
        predictions = values[:, :, 0].reshape(len(u), -1)[:, : len(self._labels)]
        error = predictions - self._labels  # (K, E), float64
        sizes: FloatArray = np.abs(error) if self._experiment.loss == "mae" else error**2
        return np.asarray(sizes.sum(axis=1))


def _activate(activation: str, values: Array, zeros: Array) -> None:
    """The activation function on (K, B, H, n), in place. `ACTIVATIONS` has the same for float64, in new arrays."""
    match activation:
        case "relu":  # numpy is twice as fast at it with an array of zeros than with one 0
            np.maximum(values, zeros[: values.shape[2]], out=values)
        case "hard_sigmoid":
            values += values.dtype.type(0.5)
            np.clip(values, 0, 1, out=values)
        case "sigmoid":  # exp(-x) may overflow to inf, whose sigmoid is 0, as it should be
            np.negative(values, out=values)
            np.exp(values, out=values)
            values += values.dtype.type(1)
            np.reciprocal(values, out=values)
        case _:
            raise ValueError(f"no activation function {activation!r}")


def _chunks(experiment: Experiment, examples: int) -> Iterator[slice]:
    """Runs of examples few enough that a layer's activations stay in a core's cache; whole blocks but for the last."""
    most = max(_FEWEST, _HELD // max([1, *experiment.hidden]))
    per_chunk = -(-examples // -(-examples // most))
    size = -(-per_chunk // _BLOCK) * _BLOCK
    return (slice(start, min(start + size, examples)) for start in range(0, examples, size))


def _block(shapes: list[tuple[int, ...]], examples: int) -> int:
    """n, examples in a block: so few that products are small, one to a core, in step with the rows on other cores.

    Where layers are too wide for that, all examples are one block, and BLAS has its threads.
    """
    largest = max([1, *(height * width for height, width in shapes)])
    if largest * examples <= _SMALL_PRODUCT:
        return examples
    return next((size for size in (_BLOCK, _BLOCK // 2) if largest * size <= _SMALL_PRODUCT), examples)


def _cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _rows(trace: Trace, last: int | None) -> int:
    """How many kept states there are up to that after ``last`` updates."""
    return len(trace.kept) if last is None else trace.row(last) + 1


def _units(run: Experiment | RecordedRun) -> Iterator[slice]:
    """Where in theta each unit's incoming weights stand: rows of matrices, the last layer's vector. No biases."""
    shapes = run.part_shapes() if isinstance(run, RecordedRun) else parameter_shapes(run)
    start = 0
    for i, (_, shape) in enumerate(shapes):
        size = int(np.prod(shape))
        output = isinstance(run, Experiment) and i == len(shapes) - 2  # c, the linear model's w: one unit's
        units = shape[0] if len(shape) > 1 else int(output)
        width = size // max(1, units)
        yield from (slice(start + k * width, start + (k + 1) * width) for k in range(units))
        start += size


def _main_directions(offsets: FloatArray, extent: float) -> list[FloatArray]:
    """Up to two orthonormal directions along which offsets (R, P) from their mean spread most. Overwrites ``offsets``.

    Each is the top eigenvector of the smaller of the Gram matrices and is then taken out of the offsets, so that the
    second is as exact as the first. Spread within rounding of ``extent``, the origin's largest entry, is none.
    """
    extent = max(extent, float(np.abs(offsets).max()))
    found: list[FloatArray] = []
    if extent == 0.0:
        return found
    offsets /= extent
    for _ in range(2):
        wide = offsets.shape[0] < offsets.shape[1]
        _, vectors = np.linalg.eigh(offsets @ offsets.T if wide else offsets.T @ offsets)
        direction = vectors[:, -1] @ offsets if wide else vectors[:, -1]
        for other in found:
            direction = direction - (direction @ other) * other
        length = float(np.linalg.norm(direction))
        along = offsets @ (direction / (length or 1.0))
        if np.linalg.norm(along) <= 1e-12 * np.sqrt(len(offsets)):
            break
        found.append(direction / length)
        offsets -= along[:, None] * found[-1]
    return found


def _completed(directions: list[FloatArray], n_parameters: int) -> FloatArray:
    """Two orthonormal directions, signs fixed: those given, then parameter axes made orthogonal to them."""
    found = [*directions]
    while len(found) < 2:
        along = np.sum(np.square(found), axis=0) if found else np.zeros(n_parameters)
        axis = np.zeros(n_parameters)
        axis[int(np.argmin(along))] = 1.0
        for direction in found:
            axis = axis - (axis @ direction) * direction
        found.append(axis / np.linalg.norm(axis))
    return np.stack([direction * np.sign(direction[np.abs(direction).argmax()]) for direction in found])


def _share(trace: Trace, rows: int, origin: FloatArray, directions: FloatArray) -> float:
    """Of the squared distances of the first ``rows`` kept states from their mean: the share along the directions.

    All of these states, read once, a few at a time; 1 for a path that stays where it is.
    """
    basis = np.linalg.qr(directions.T)[0]  # (P, 2)
    width = len(origin)
    moved, along = np.zeros(width), np.zeros(2)
    squares = squares_along = extent = 0.0
    step = max(1, _READ // width)
    for start in range(0, rows, step):
        offsets = trace.parameters[start : min(start + step, rows)] - origin  # (step, P), float64
        coordinates = offsets @ basis
        squares += float(np.vdot(offsets, offsets))
        squares_along += float(np.vdot(coordinates, coordinates))
        moved += offsets.sum(axis=0)
        along += coordinates.sum(axis=0)
        extent = max(extent, float(np.abs(offsets).max()))
    if not np.isfinite(squares):
        raise _broken(trace, rows)
    total = squares - float(moved @ moved) / rows  # about their mean
    if total <= rows * width * (1e-12 * max(extent, float(np.abs(origin).max()))) ** 2:
        return 1.0
    return min(1.0, max(0.0, (squares_along - float(along @ along) / rows) / total))


def _broken(trace: Trace, rows: int) -> TraceError:
    """The error for a path that is not finite everywhere."""
    row = next((r for r in range(rows) if not np.isfinite(trace.parameters[r]).all()), rows - 1)
    found = f"{trace.path}: theta after {trace.kept[row]} updates is not a point: the run went off to infinity; "
    return TraceError(found + (f"ask for the path up to {trace.kept[row - 1]} updates" if row else "no path to show"))


def _and(names: list[str]) -> str:
    return ", ".join(names[:-1]) + f" and {names[-1]}" if len(names) > 1 else names[0]
