"""The lecture's network as formulas, for one run: forward pass, loss, and gradient by backpropagation.

This module is written to be read. Training uses `fast_networks`, which computes several runs at once. A test checks
that both give the same numbers, bit for bit.

A network with one hidden layer computes r = b + W x, a = sigma(r), y = b + c . a. A deeper one computes r and a in each
layer, from the a of the layer before. The linear model has no hidden layer: y = b + w . x. With cross-entropy of K
classes, y has K outputs; c is then a matrix with a row for each.

In shapes, B is the number of examples in a batch, D of features, P of parameters, H_l of units in hidden layer l, and
H_0 = D. Each example is a row. ``d_r`` stands for dL/dr, the derivative of the loss L by r.
"""

from typing import Any

import numpy as np
import torch
from gradreel.core.arrays import FloatArray
from gradreel.core.experiment import Experiment
from gradreel.core.network.activations import ACTIVATIONS
from gradreel.core.network.losses import LOSSES
from gradreel.core.network.theta import parameter_shapes, unpack
from numpy.typing import NDArray
from torch import Tensor


def random_start(experiment: Experiment, generator: torch.Generator) -> FloatArray:
    """Return a random theta, (P,): entries uniform between -1/sqrt(n) and 1/sqrt(n), n the inputs of their layer.

    This is the distribution of torch.nn.Linear. With the single feature of a curve, W and b lie between -1 and 1.
    """
    inputs = 1
    bounds = []
    for name, shape in parameter_shapes(experiment):
        if len(shape) == 2 or name in ("c", "w"):
            inputs = shape[-1]  # a bias follows the weights of its layer and has as many inputs
        bounds.append(np.full(shape, 1 / np.sqrt(inputs)).ravel())
    bound: FloatArray = np.concatenate(bounds)
    drawn: FloatArray = torch.rand(len(bound), dtype=torch.float64, generator=generator, device="cpu").numpy()
    return (2 * drawn - 1) * bound


def loss_and_gradient(
    experiment: Experiment, theta: NDArray[Any], features: FloatArray, labels: FloatArray
) -> tuple[float, NDArray[Any]]:
    """Return the loss L of a batch and its gradient dL/dtheta, (P,), in the experiment's dtype.

    ``theta`` (P,), ``features`` (B, D), ``labels`` (B,). L is the mean of the examples' losses.
    """
    parts = unpack(experiment, theta)
    W = [tensor(experiment, part) for part in parts.weights]
    b = [tensor(experiment, part) for part in parts.biases]
    c = tensor(experiment, parts.c).reshape(experiment.n_outputs, -1)  # (K, H): K is 1 but for the classes of ce
    last_b = tensor(experiment, parts.b)
    x, t = tensor(experiment, features), tensor(experiment, labels)[:, None]

    a = [x]  # each (B, H_l): the output of each layer
    rs = []  # each (B, H_l): the input of each layer's sigma
    for layer in range(len(W)):
        r = product(a[layer], W[layer].T) + b[layer]
        rs.append(r)
        a.append(sigma(experiment, r))
    y = product(a[-1], c.T) + last_b  # (B, K)

    L, d_y = loss_and_derivative(experiment, y, t)

    gradient = [product(d_y.T, a[-1]), d_y.sum(0)]  # by c and the last b: dL/dc_i = sum of dL/dy a_i over the batch
    d_a = d_y * c if len(c) == 1 else product(d_y, c)  # dL/da_i = sum of dL/dy_k c_ki over k
    for layer in reversed(range(len(W))):
        d_r = times_sigma_derivative(experiment, d_a, rs[layer], a[layer + 1])
        d_W = product(d_r.T, a[layer])  # dL/dw_ij = sum of dL/dr_i a_j over the batch
        d_b = d_r.sum(0)  # dL/db_i = sum of dL/dr_i over the batch
        gradient = [d_W, d_b, *gradient]
        d_a = product(d_r, W[layer])  # by the a below: dL/da_j = sum of dL/dr_i w_ij over i
    return L, torch.cat([part.flatten() for part in gradient]).numpy()


def clipping_factor(gradient: NDArray[Any], largest_norm: float) -> float:
    """Return what a gradient (P,) is multiplied by so that its norm is at most ``largest_norm``: 1 for a short one.

    As ``torch.nn.utils.clip_grad_norm_``, it is a little less than needed: 1e-6 is added to the norm.
    """
    norm = float(np.sqrt(np.dot(gradient, gradient)))
    return min(1.0, largest_norm / (norm + 1e-6))


def tensor(experiment: Experiment, values: NDArray[Any]) -> Tensor:
    """Return a copy of ``values`` in the experiment's dtype and in aligned memory: see `fast_networks`."""
    return torch.tensor(values, dtype=getattr(torch, experiment.dtype), device="cpu")


def product(left: Tensor, right: Tensor) -> Tensor:
    """Return the matrix product (N, M) of ``left`` (N, K) and ``right`` (K, M).

    numpy computes it, by OpenBLAS: its bits are equal on all processors that have the instructions of its kernels.
    Those of MKL, which torch uses, are not.
    """
    return torch.from_numpy(np.matmul(left.numpy(), right.numpy())).clone()


def sigma(experiment: Experiment, r: Tensor) -> Tensor:
    """Return a = sigma(r) by the experiment's activation, (B, H)."""
    a = r.clone()
    ACTIVATIONS[experiment.activation].apply_in_place(a[None])
    return a


def times_sigma_derivative(experiment: Experiment, d_a: Tensor, r: Tensor, a: Tensor) -> Tensor:
    """Return dL/dr = dL/da sigma'(r), (B, H), for r and a = sigma(r)."""
    d_r, activation = d_a.clone(), ACTIVATIONS[experiment.activation]
    activation.backward_in_place(d_r[None], (r if activation.of_input else a)[None])
    return d_r


def loss_and_derivative(experiment: Experiment, y: Tensor, t: Tensor) -> tuple[float, Tensor]:
    """Return the mean loss of the outputs ``y`` (B, K) for the labels ``t`` (B, 1), and its derivative dL/dy (B, K)."""
    losses, d_y = torch.empty_like(t), torch.empty_like(y)
    LOSSES[experiment.loss].compute_into(y[None], t[None], losses[None], d_y[None])
    return losses[:, 0].mean(0).item(), d_y
