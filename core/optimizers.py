"""How a gradient becomes an update: plain gradient descent, with momentum, and Adam, on one flat vector theta.

In the order of torch.optim's own operations, so that the same start and batches give the same bits. Everything is
written into vectors made once.
"""

from typing import Protocol

import torch
from gradreel.core.experiment import Experiment

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8
"""Adam's, as in the paper and in torch."""


class Optimizer(Protocol):
    """``remembered``: the vectors, each as long as theta, that the next update depends on; all 0 at the start."""

    @property
    def remembered(self) -> tuple[torch.Tensor, ...]: ...

    def update(self, rate: float, updates: int) -> None:
        """Change theta by its gradient, given the learning rate and how many updates there were before."""


class GradientDescent:
    """theta <- theta - rate * gradient."""

    remembered: tuple[torch.Tensor, ...] = ()

    def __init__(self, theta: torch.Tensor, gradient: torch.Tensor) -> None:
        self._theta, self._gradient = theta, gradient

    def update(self, rate: float, updates: int) -> None:
        self._theta.add_(self._gradient, alpha=-rate)


class Momentum:
    """movement <- momentum * movement + gradient; theta <- theta - rate * movement.

    Polyak (1964), in torch's form: the rate stands outside the movement, no dampening, not Nesterov's.
    """

    def __init__(self, theta: torch.Tensor, gradient: torch.Tensor, momentum: float) -> None:
        self._theta, self._gradient, self._momentum = theta, gradient, momentum
        self._movement = torch.zeros_like(theta)
        self.remembered = (self._movement,)

    def update(self, rate: float, updates: int) -> None:
        self._movement.mul_(self._momentum).add_(self._gradient)
        self._theta.add_(self._movement, alpha=-rate)


class Adam:
    """Kingma and Ba, "Adam: A Method for Stochastic Optimization" (2015), algorithm 1.

    The means m of the gradient and v of its square start at 0, which m / (1 - beta_1^k) and v / (1 - beta_2^k) correct.
    """

    def __init__(self, theta: torch.Tensor, gradient: torch.Tensor) -> None:
        self._theta, self._gradient = theta, gradient
        self._m, self._v = torch.zeros_like(theta), torch.zeros_like(theta)
        self._denominator = torch.empty_like(theta)
        self.remembered = (self._m, self._v)

    def update(self, rate: float, updates: int) -> None:
        k = updates + 1
        self._m.lerp_(self._gradient, 1 - BETA_1)
        self._v.mul_(BETA_2).addcmul_(self._gradient, self._gradient, value=1 - BETA_2)
        torch.sqrt(self._v, out=self._denominator)
        self._denominator.div_((1 - BETA_2**k) ** 0.5).add_(EPSILON)
        self._theta.addcdiv_(self._m, self._denominator, value=-rate / (1 - BETA_1**k))


def optimizer_of(experiment: Experiment, theta: torch.Tensor, gradient: torch.Tensor) -> Optimizer:
    """The experiment's optimizer, for these vectors."""
    if experiment.optimizer == "adam":
        return Adam(theta, gradient)
    if experiment.momentum:
        return Momentum(theta, gradient, experiment.momentum)
    return GradientDescent(theta, gradient)
