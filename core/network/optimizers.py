"""How a gradient becomes an update: gradient descent, with momentum, and Adam, with all that torch.optim lets one set.

In the order of torch.optim's own operations (``torch/optim/sgd.py`` and ``adam.py``, the forms for a single tensor), so
that the same start and gradients give the same bits. By these rules training updates theta, and recorded updates of
torch's own optimizers are computed again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:  # who describes a run does without it
    import torch
    from gradreel.core.experiment import Experiment


class Optimizer(Protocol):
    """``remembered``: the vectors, each as long as theta, that the next update depends on; all 0 at the start."""

    @property
    def remembered(self) -> tuple[torch.Tensor, ...]: ...

    @staticmethod
    def n_remembered(momentum: float) -> int:
        """How many vectors these are, in an experiment with so much ``momentum``."""
        ...

    @classmethod
    def of(cls, experiment: Experiment, like: torch.Tensor) -> Optimizer:
        """The experiment's, for a theta like this."""
        ...

    def update(self, theta: torch.Tensor, gradient: torch.Tensor, rate: float, updates: int) -> None:
        """Change theta by its gradient, given the learning rate and how many updates there were before."""


class Sgd:
    """theta <- theta - rate * gradient; with momentum theta <- theta - rate * movement.

    movement <- momentum * movement + (1 - dampening) * gradient, the first of them without dampening: Polyak (1964), in
    torch's form, where the rate stands outside the movement. Nesterov's: the step is gradient + momentum * movement.

    Settings may change between updates. Only a momentum of 0 at the start must stay 0: no movement is remembered then.
    """

    def __init__(
        self,
        like: torch.Tensor,
        momentum: float = 0.0,
        dampening: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
        maximize: bool = False,
    ) -> None:
        self.momentum, self.dampening, self.nesterov = momentum, dampening, nesterov
        self.weight_decay, self.maximize = weight_decay, maximize
        self.remembered: tuple[torch.Tensor, ...] = (like.new_zeros(like.shape),) if momentum else ()

    @staticmethod
    def n_remembered(momentum: float) -> int:
        return 1 if momentum else 0

    @classmethod
    def of(cls, experiment: Experiment, like: torch.Tensor) -> Sgd:
        return cls(like, experiment.momentum)

    def update(self, theta: torch.Tensor, gradient: torch.Tensor, rate: float, updates: int) -> None:
        step = -gradient if self.maximize else gradient
        if self.weight_decay:
            step = step.add(theta, alpha=self.weight_decay)
        if self.momentum:
            (movement,) = self.remembered
            movement.mul_(self.momentum).add_(step, alpha=1 - self.dampening if updates else 1)
            step = step.add(movement, alpha=self.momentum) if self.nesterov else movement
        theta.add_(step, alpha=-rate)


class Adam:
    """Kingma and Ba, "Adam: A Method for Stochastic Optimization" (2015), algorithm 1.

    The means m of the gradient and v of its square start at 0, which m / (1 - beta_1^k) and v / (1 - beta_2^k) correct.
    ``decoupled``: weight decay as Loshchilov and Hutter have it (AdamW). Settings may change between updates.
    ``exact_root``: numpy takes the square root and rounds it correctly, so all processors give equal bits. Without it
    torch takes the root, as its own Adam does.
    """

    def __init__(
        self,
        like: torch.Tensor,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        decoupled: bool = False,
        maximize: bool = False,
        exact_root: bool = False,
    ) -> None:
        self.betas, self.eps, self.maximize = betas, eps, maximize
        self._exact_root = exact_root
        self.weight_decay, self.decoupled = weight_decay, decoupled
        self._denominator = like.new_empty(like.shape)
        self.remembered = like.new_zeros(like.shape), like.new_zeros(like.shape)

    @staticmethod
    def n_remembered(momentum: float) -> int:
        return 2

    @classmethod
    def of(cls, experiment: Experiment, like: torch.Tensor) -> Adam:
        return cls(like, exact_root=True)

    def update(self, theta: torch.Tensor, gradient: torch.Tensor, rate: float, updates: int) -> None:
        import torch

        (m, v), (beta_1, beta_2), k = self.remembered, self.betas, updates + 1
        if self.maximize:
            gradient = -gradient
        if self.weight_decay and self.decoupled:
            theta.mul_(1 - rate * self.weight_decay)
        elif self.weight_decay:
            gradient = gradient.add(theta, alpha=self.weight_decay)
        m.lerp_(gradient, 1 - beta_1)
        v.mul_(beta_2).addcmul_(gradient, gradient, value=1 - beta_2)
        if self._exact_root:
            np.sqrt(v.numpy(), out=self._denominator.numpy())
        else:
            torch.sqrt(v, out=self._denominator)  # by MKL, whose last bit depends on the processor
        self._denominator.div_((1 - beta_2**k) ** 0.5).add_(self.eps)
        theta.addcdiv_(m, self._denominator, value=-rate / (1 - beta_1**k))


OPTIMIZERS: dict[str, type[Optimizer]] = {"sgd": Sgd, "adam": Adam}
"""By the names of `Experiment.optimizer`: a new one needs no more than its class and its entry here."""
