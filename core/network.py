"""Fully connected networks whose parameters are views into one flat vector theta, and their gradient by the formulas.

Backpropagation is written out, layer by layer, so that each line is a derivative that can be shown; torch is the
calculator, its autograd is only met in the tests. Everything is float64.
"""

import math

import torch
from gradreel.core.experiment import Experiment
from gradreel.core.theta import parameter_shapes


class Network:
    """y = b + c . a, where a = sigma(b + W x), layer after layer.

    ``theta`` and ``gradient`` are (P,), laid out as :mod:`gradreel.core.theta` says.
    """

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment
        self.theta = torch.zeros(experiment.n_parameters, dtype=torch.float64)
        self.gradient = torch.zeros_like(self.theta)
        self.weights, self.biases, self.c, self.b = _views(experiment, self.theta)
        self._weights, self._biases, self._c, self._b = _views(experiment, self.gradient)

    def random_start(self, generator: torch.Generator) -> None:
        """Pick theta at random: each entry uniform between -1/sqrt(n) and 1/sqrt(n), n the inputs of its layer.

        The same distribution as torch.nn.Linear's own; with the single feature of a curve W and b lie between -1 and 1.
        """
        uniform = 2 * torch.rand(len(self.theta), dtype=torch.float64, generator=generator) - 1
        start = 0
        for name, shape in parameter_shapes(self.experiment):
            if len(shape) == 2 or name in ("c", "w"):
                inputs = shape[-1]  # a bias follows the weights of its layer and has as many inputs
            size = math.prod(shape)
            self.theta[start : start + size] = uniform[start : start + size] / math.sqrt(inputs)
            start += size

    def loss_and_gradient(self, features: torch.Tensor, labels: torch.Tensor) -> float:
        """The loss of a batch, features (B, D) and labels (B,); ``gradient`` becomes its gradient by theta."""
        layers = [features]  # a of each layer, (B, H_l); layer 0 is the features
        for weights, bias in zip(self.weights, self.biases, strict=True):
            layers.append(self._activation(torch.addmm(bias, layers[-1], weights.T)))
        error = layers[-1] @ self.c + self.b - labels  # (B,)
        loss, slope = self._loss(error)  # slope: dL/dy, (B,)
        torch.mv(layers[-1].T, slope, out=self._c)  # dL/dc_i = sum over the batch of dL/dy a_i
        torch.sum(slope, 0, out=self._b)  # dL/db = sum of dL/dy
        upstream = torch.outer(slope, self.c)  # dL/da of the last layer, (B, H_L)
        for layer in reversed(range(len(self.weights))):
            upstream = upstream * self._derivative(layers[layer + 1])  # dL/dr, r = b + W x
            torch.mm(upstream.T, layers[layer], out=self._weights[layer])  # dL/dw_ij = sum of dL/dr_i x_j
            torch.sum(upstream, 0, out=self._biases[layer])  # dL/db_i = sum of dL/dr_i
            if layer:
                upstream = upstream @ self.weights[layer]  # dL/dx_j = sum over i of dL/dr_i w_ij
        return loss

    def update(self) -> None:
        """theta <- theta - learning rate * gradient."""
        self.theta.sub_(self.gradient, alpha=self.experiment.learning_rate)

    def _loss(self, error: torch.Tensor) -> tuple[float, torch.Tensor]:
        """Mean of e² or |e| over the batch, and its derivative by each prediction, (B,)."""
        if self.experiment.loss == "mse":
            return error.square().mean().item(), error * (2 / len(error))
        return error.abs().mean().item(), error.sign() / len(error)

    def _activation(self, r: torch.Tensor) -> torch.Tensor:
        match self.experiment.activation:
            case "sigmoid":
                return torch.sigmoid(r)
            case "relu":
                return torch.relu(r)
            case _:
                return torch.clamp(r + 0.5, 0.0, 1.0)  # hard_sigmoid, slope 1 through (0, 1/2)

    def _derivative(self, a: torch.Tensor) -> torch.Tensor:
        """da/dr where sigma(r) is ``a``; 0 on the corner of a ReLU and on those of a hard sigmoid."""
        match self.experiment.activation:
            case "sigmoid":
                return a * (1 - a)
            case "relu":
                return (a > 0).to(a.dtype)
            case _:
                return ((a > 0) & (a < 1)).to(a.dtype)


def _views(
    experiment: Experiment, vector: torch.Tensor
) -> tuple[list[torch.Tensor], list[torch.Tensor], torch.Tensor, torch.Tensor]:
    """W of each layer, b of each layer, c and the scalar b as views of ``vector`` (P,)."""
    shapes = [shape for _, shape in parameter_shapes(experiment)]
    parts = torch.split(vector, [math.prod(shape) for shape in shapes])
    *hidden, c, b = [part.view(shape) for part, shape in zip(parts, shapes, strict=True)]
    return hidden[::2], hidden[1::2], c, b
