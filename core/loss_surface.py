"""The loss at each point of a grid on a plane through parameter space."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.core.experiment import Experiment
from gradreel.core.planes import Plane
from gradreel.core.theta import unpack
from numpy.typing import NDArray

Progress = Callable[[int, int], None]
Array = NDArray[np.floating]

_LARGE = 1000  # parameters; larger networks are computed in float32
_HELD = 100_000  # activations of a layer that are held at once: they stay in a core's cache
_FEWEST = 256  # examples at once, if there are so many: each time the weights of a cell are computed again
_BLOCK = 64  # examples in a matrix product of a large network
_SMALL_PRODUCT = 1_000_000  # multiplications up to which numpy's usual BLAS, OpenBLAS, starts no threads of its own


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
