"""Fast forms of the networks in `network`: the same numbers, bit for bit. Training and `verify` use them.

A line here does what a line of `network` does. Three things make it fast:

1. **Runs side by side.** S runs that differ only in their seeds are computed by the same calls. One call costs about
   as much as the arithmetic of a small network, so the runs share that cost.
2. **No new memory.** All tensors are made once, and each call writes into them (``out=``, ``add_``). Each batch size
   has tensors of its own.
3. **No copies between numpy and torch.** numpy multiplies matrices, torch does the rest, in the same memory.

A run's numbers must not depend on the runs beside it, bit for bit. How a sum is grouped, and so how it is rounded, may
depend on where in memory a matrix begins. Memory that torch allocates begins at a multiple of `ALIGNED` bytes. Several
runs in one tensor lie one after the other, so all but the first could begin anywhere. Therefore each run's part of a
tensor is padded with zeros up to a multiple of `ALIGNED`. `_padded_length` returns its length, and `_without_padding`
returns the view that computations use.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from gradreel.core.experiment import Experiment
from gradreel.core.network.activations import ACTIVATIONS
from gradreel.core.network.losses import LOSSES
from gradreel.core.network.network import clipping_factor, random_start
from gradreel.core.network.optimizers import OPTIMIZERS
from gradreel.core.network.theta import parameter_shapes
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

ALIGNED = 64
"""Alignment in bytes: a cache line, and the widest vectors of current processors."""


class Networks:
    """S networks of the same shape, computed side by side: y = b + c . a with a = sigma(b + W x), layer after layer.

    ``theta`` and ``gradient`` are flat vectors. They hold W of all runs, then b of all runs, and so on, in the order of
    `core.network.theta`. Each run's part is padded. `values` returns those of one run.
    """

    def __init__(self, experiment: Experiment, runs: int = 1) -> None:
        self.experiment, self.runs = experiment, runs
        self.dtype = getattr(torch, experiment.dtype)
        sizes = [math.prod(shape) for _, shape in parameter_shapes(experiment)]
        length = runs * sum(_padded_length(size, self.dtype) for size in sizes)
        self.theta = torch.zeros(length, dtype=self.dtype, device="cpu")
        self.gradient = torch.zeros_like(self.theta)
        self.optimizer = OPTIMIZERS[experiment.optimizer].of(experiment, self.theta)
        self._batches: dict[int, Batch] = {}
        vectors = (self.theta, self.gradient, *self.optimizer.state_vectors)
        self._rows = [_RunRows(experiment, vector, runs) for vector in vectors]

    def random_start(self, generators: Sequence[torch.Generator]) -> None:
        """Set each run's theta to a random start, drawn from its generator."""
        for run, generator in enumerate(generators):
            self.set_state(run, random_start(self.experiment, generator))

    def batch(self, size: int) -> "Batch":
        """Return the `Batch` for ``size`` examples in each run. The same size always gives the same object."""
        if size not in self._batches:
            self._batches[size] = Batch(self.experiment, self.theta, self.gradient, self.runs, size)
        return self._batches[size]

    def update(self, rate: float, updates: int) -> None:
        """Update theta by its gradient at the learning rate ``rate``; ``updates`` were made before.

        If the experiment clips the gradient, the gradient is scaled in its place first.
        """
        if self.experiment.clip is not None:
            for run in range(self.runs):
                factor = clipping_factor(
                    self._rows[1].bytes_of(run).view(self.theta.numpy().dtype), self.experiment.clip
                )
                self._rows[1].scale(run, factor)
        self.optimizer.update(self.theta, self.gradient, rate, updates)

    def state(self, run: int) -> Bytes:
        """Return theta of one run as the bytes of (P,), valid until the next call."""
        return self._rows[0].bytes_of(run)

    def gradient_of(self, run: int) -> Bytes:
        """Return the gradient of one run as the bytes of (P,), valid until the next call."""
        return self._rows[1].bytes_of(run)

    def optimizer_state(self, run: int) -> list[Bytes]:
        """Return the optimizer state of one run, each vector as the bytes of (P,), valid until the next call."""
        return [rows.bytes_of(run) for rows in self._rows[2:]]

    def values(self, run: int) -> tuple[NDArray[Any], NDArray[Any], list[NDArray[Any]]]:
        """Return copies of one run's theta, gradient and optimizer state, each vector (P,)."""
        kind = self.theta.numpy().dtype
        theta, gradient, *optimizer_state = [rows.bytes_of(run).view(kind).copy() for rows in self._rows]
        return theta, gradient, optimizer_state

    def set_state(
        self, run: int, theta: NDArray[np.floating], optimizer_state: Sequence[NDArray[np.floating]] = ()
    ) -> None:
        """Set one run's theta (P,) and its optimizer state vectors. Vectors that are not passed keep their numbers."""
        for rows, values in zip((self._rows[0], *self._rows[2:]), (theta, *optimizer_state), strict=False):
            rows.set(run, values)


class _RunRows:
    """A flat vector of all runs, read and written run by run."""

    def __init__(self, experiment: Experiment, vector: torch.Tensor, runs: int) -> None:
        parts = [part.view(runs, -1) for part in _layer_views(experiment, vector, runs)]
        self._layer_views = [[part[run] for part in parts] for run in range(runs)]
        self._gathered = len(vector) > experiment.n_parameters
        self._row = torch.empty_like(vector[: experiment.n_parameters]) if self._gathered else vector
        self._bytes = self._row.numpy().view(np.uint8)

    def bytes_of(self, run: int) -> Bytes:
        """Return one run's vector as the bytes of (P,), valid until the next call."""
        if self._gathered:
            torch.cat(self._layer_views[run], out=self._row)
        return self._bytes

    def scale(self, run: int, factor: float) -> None:
        """Multiply one run's vector by ``factor``."""
        for part in self._layer_views[run]:
            part.mul_(factor)

    def set(self, run: int, values: NDArray[np.floating]) -> None:
        """Set one run's vector to ``values`` (P,)."""
        row = torch.from_numpy(np.array(values))
        parts = self._layer_views[run]
        for part, value in zip(parts, torch.split(row, [len(part) for part in parts]), strict=True):
            part.copy_(value)


class Batch:
    """Computes the loss and the gradient of each run on a batch of B examples.

    The caller fills ``features`` (S B, D) and ``labels`` (S B, 1), run after run, and then calls `forward_backward`.
    """

    def __init__(
        self, experiment: Experiment, theta: torch.Tensor, gradient: torch.Tensor, runs: int, size: int
    ) -> None:
        self._loss = LOSSES[experiment.loss]
        self._features = theta.new_empty(runs, size, experiment.dataset.n_features)
        self._x = self._features  # replaced by a padded copy if the runs' parts would not be aligned
        entries = size * experiment.dataset.n_features
        if runs > 1 and _padded_length(entries, theta.dtype) > entries:
            self._x = _padded_zeros(theta, *self._features.shape)
        self.features = self._features.view(runs * size, -1)
        self.labels = theta.new_empty(runs * size, 1)
        self.losses = theta.new_empty(runs)
        parts, gradient_parts = _layer_views(experiment, theta, runs), _layer_views(experiment, gradient, runs)
        layers: list[_Layer] = []
        for i in range(0, len(parts), 2):
            inputs = layers[-1].out if layers else self._x
            layers.append(_Layer(inputs, parts[i], parts[i + 1], gradient_parts[i], gradient_parts[i + 1]))
        *self._hidden, self._last = layers
        if experiment.hidden and ACTIVATIONS[experiment.activation].of_input:
            for layer in self._hidden:
                layer.slope_of = _padded_zeros(layer.out, *layer.out.shape)
        self._activations = [ACTIVATIONS[experiment.activation] for _ in self._hidden]
        self._labels = self.labels.view(runs, size, 1)
        self._of_each = torch.empty_like(self._labels)  # the loss of each example
        self._means = list(zip(self._of_each.view(runs, size), self.losses, strict=True))

    def forward_backward(self) -> torch.Tensor:
        """Return the loss of each run's batch, (S,), and write its gradient into the networks' ``gradient``."""
        self._forward()
        self._backward()
        return self.losses

    def _forward(self) -> None:
        """Compute a = sigma(b + W x), layer after layer, then y = b + c . a."""
        if self._x is not self._features:
            self._x.copy_(self._features)
        for layer, activation in zip(self._hidden, self._activations, strict=True):
            layer.forward()  # r
            if layer.slope_of is not layer.out:
                layer.slope_of.copy_(layer.out)
            activation.apply_in_place(layer.out)  # a, in its place
        self._last.forward()

    def _backward(self) -> None:
        """Compute the losses, then the derivatives from the prediction back to the first layer."""
        self._loss.compute_into(self._last.out, self._labels, self._of_each, self._last.d_r)  # dL/dy
        for values, loss in self._means:
            torch.mean(values, 0, out=loss)
        upper = self._last
        for layer, activation in zip(reversed(self._hidden), self._activations, strict=True):
            upper.backward(layer)  # dL/da of the layer below
            activation.backward_in_place(layer.d_r, layer.slope_of)  # dL/dr = dL/da sigma'(r)
            upper = layer
        upper.backward(None)


class _Layer:
    """A layer r = b + W x for S runs and B examples, from K inputs to N outputs. numpy multiplies run by run."""

    def __init__(
        self, x: torch.Tensor, weights: torch.Tensor, bias: torch.Tensor, d_weights: torch.Tensor, d_bias: torch.Tensor
    ) -> None:
        runs, size, _ = x.shape
        self._outputs = weights.shape[1]
        self.out = _padded_zeros(x, runs, size, self._outputs)  # r, then a
        self.slope_of = self.out  # what sigma' is a function of: a, or r in memory of its own
        self.d_r = _padded_zeros(x, runs, size, self._outputs)  # dL/dr
        self._bias, self._d_bias = bias.view(runs, 1, self._outputs), d_bias
        # Views of the same memory for numpy
        self._x, self._weights, self._d_weights = x.numpy(), weights.numpy(), d_weights.numpy()
        self._out, self._d_r = self.out.numpy(), self.d_r.numpy()
        self._weights_t, self._d_r_t = self._weights.transpose(0, 2, 1), self._d_r.transpose(0, 2, 1)

    def forward(self) -> None:
        """Compute r = b + W x into ``out``."""
        np.matmul(self._x, self._weights_t, out=self._out)
        self.out.add_(self._bias)

    def backward(self, below: "_Layer | None") -> None:
        """Compute the derivatives by W, b and x from ``d_r``, which is dL/dr.

        Over the batch, dL/dw_ij = sum of dL/dr_i x_j and dL/db_i = sum of dL/dr_i. Over i, dL/dx_j = sum of dL/dr_i
        w_ij. The latter is written into ``d_r`` of the layer ``below``; None means that there is no layer below.
        """
        np.matmul(self._d_r_t, self._x, out=self._d_weights)
        torch.sum(self.d_r, 1, out=self._d_bias)
        if below is None:
            return
        if self._outputs == 1:  # sums of one term, for which numpy's matmul is slow
            np.multiply(self._d_r, self._weights, out=below._d_r)
        else:
            np.matmul(self._d_r, self._weights, out=below._d_r)


def _layer_views(experiment: Experiment, vector: torch.Tensor, runs: int) -> list[torch.Tensor]:
    """Return views of the parts of a flat vector that holds the parameters of all S runs.

    For each hidden layer come its weights (S, N, K) and its biases (S, N). Then follow the output's c (S, 1, H) and
    b (S, 1), or (S, K, H) and (S, K) with K outputs.
    """
    shapes = [shape for _, shape in parameter_shapes(experiment)]
    outputs = experiment.n_outputs
    shapes[-2:] = [(outputs, shapes[-2][-1]), (outputs,)]
    flat = torch.split(vector, [runs * _padded_length(math.prod(shape), vector.dtype) for shape in shapes])
    return [_without_padding(part, runs, shape) for part, shape in zip(flat, shapes, strict=True)]


def _padded_zeros(like: torch.Tensor, runs: int, *shape: int) -> torch.Tensor:
    """Return zeros (S, ...) in which each run's part is aligned."""
    return _without_padding(like.new_zeros(runs * _padded_length(math.prod(shape), like.dtype)), runs, shape)


def _without_padding(flat: torch.Tensor, runs: int, shape: Sequence[int]) -> torch.Tensor:
    """Return a view (S, ...) of a flat vector that leaves out the padding after each run's part."""
    return flat.view(runs, -1)[:, : math.prod(shape)].view(runs, *shape)


def _padded_length(entries: int, dtype: torch.dtype) -> int:
    """Return how many entries a run's part takes, including padding."""
    step = ALIGNED // dtype.itemsize
    return -(-entries // step) * step
