"""Optimizers: gradient descent, with or without momentum, and Adam, with the settings that torch.optim has.

The operations come in the order of torch.optim's own single-tensor code (``torch/optim/sgd.py`` and ``adam.py``). So
the same start and the same gradients give the same bits. Training uses these classes, and `verify` computes recorded
updates of torch's own optimizers again with them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:  # code that only describes a run works without torch
    import torch
    from gradreel.core.experiment import Experiment


class Optimizer(Protocol):
    """Updates theta by its gradient, and keeps the optimizer state that the next update depends on."""

    @property
    def state_vectors(self) -> tuple[torch.Tensor, ...]:
        """The optimizer state: vectors with the shape of theta, all 0 at the start. Empty if there is no state."""
        ...

    @staticmethod
    def n_state_vectors(momentum: float) -> int:
        """Return the length of `state_vectors` in an experiment with this ``momentum``."""
        ...

    @classmethod
    def of(cls, experiment: Experiment, like: torch.Tensor) -> Optimizer:
        """Return the experiment's optimizer for a theta with the shape and dtype of ``like``."""
        ...

    def update(self, theta: torch.Tensor, gradient: torch.Tensor, rate: float, updates: int) -> None:
        """Change ``theta`` in place by one update; ``gradient`` stays as it is.

        Parameters
        ----------
        theta, gradient
            Tensors of the same shape.
        rate
            The learning rate of this update.
        updates
            How many updates were made before this one.
        """


class Sgd:
    """Gradient descent: theta <- theta - rate * gradient. With momentum: theta <- theta - rate * buffer.

    The momentum buffer follows buffer <- momentum * buffer + (1 - dampening) * gradient; the first update skips the
    dampening. This is Polyak's momentum (1964) in torch's form, where the learning rate stands outside the buffer.
    With ``nesterov`` the step is gradient + momentum * buffer.

    Settings may change between updates, with one exception: an optimizer made with momentum 0 has no buffer, so its
    momentum must stay 0.
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
        self.state_vectors: tuple[torch.Tensor, ...] = (like.new_zeros(like.shape),) if momentum else ()

    @staticmethod
    def n_state_vectors(momentum: float) -> int:
        """Return 1 with momentum (the momentum buffer), 0 without."""
        return 1 if momentum else 0

    @classmethod
    def of(cls, experiment: Experiment, like: torch.Tensor) -> Sgd:
        """Return gradient descent with the experiment's settings, for a theta with the shape of ``like``."""
        return cls(like, experiment.momentum, weight_decay=experiment.weight_decay)

    def update(self, theta: torch.Tensor, gradient: torch.Tensor, rate: float, updates: int) -> None:
        """Change ``theta`` in place by one update: see `Optimizer.update`."""
        step = -gradient if self.maximize else gradient
        if self.weight_decay:
            step = step.add(theta, alpha=self.weight_decay)
        if self.momentum:
            (momentum_buffer,) = self.state_vectors
            momentum_buffer.mul_(self.momentum).add_(step, alpha=1 - self.dampening if updates else 1)
            step = step.add(momentum_buffer, alpha=self.momentum) if self.nesterov else momentum_buffer
        theta.add_(step, alpha=-rate)


class Adam:
    """Adam: Kingma and Ba, "Adam: A Method for Stochastic Optimization" (2015), algorithm 1.

    The optimizer state is m, the running mean of the gradient, and v, that of its square. Both start at 0. After k
    updates they are corrected for that: m / (1 - beta_1^k) and v / (1 - beta_2^k). Settings may change between updates.

    Parameters
    ----------
    decoupled
        Whether weight decay shrinks theta directly, as in AdamW (Loshchilov and Hutter). Otherwise it is added to the
        gradient.
    exact_root
        Whether numpy takes the square root, which it rounds correctly: all processors give equal bits. Otherwise torch
        takes it, as torch's own Adam does.
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
        self.state_vectors = like.new_zeros(like.shape), like.new_zeros(like.shape)

    @staticmethod
    def n_state_vectors(momentum: float) -> int:
        """Return 2, for m and v; ``momentum`` is not used."""
        return 2

    @classmethod
    def of(cls, experiment: Experiment, like: torch.Tensor) -> Adam:
        """Return Adam with the experiment's settings and a correctly rounded root, for a theta shaped like ``like``."""
        return cls(like, experiment.betas, weight_decay=experiment.weight_decay, exact_root=True)

    def update(self, theta: torch.Tensor, gradient: torch.Tensor, rate: float, updates: int) -> None:
        """Change ``theta`` in place by one update: see `Optimizer.update`."""
        import torch

        (m, v), (beta_1, beta_2), k = self.state_vectors, self.betas, updates + 1
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
            torch.sqrt(v, out=self._denominator)  # by MKL: its last bit depends on the processor
        self._denominator.div_((1 - beta_2**k) ** 0.5).add_(self.eps)
        theta.addcdiv_(m, self._denominator, value=-rate / (1 - beta_1**k))


class AdamW(Adam):
    """Adam with decoupled weight decay: Loshchilov and Hutter, "Decoupled Weight Decay Regularization" (2019)."""

    @classmethod
    def of(cls, experiment: Experiment, like: torch.Tensor) -> AdamW:
        """Return AdamW with the experiment's settings and a correctly rounded root, for a theta like ``like``."""
        decay = experiment.weight_decay
        return cls(like, experiment.betas, weight_decay=decay, decoupled=True, exact_root=True)


OPTIMIZERS: dict[str, type[Optimizer]] = {"sgd": Sgd, "adam": Adam, "adamw": AdamW}
"""The optimizers by the names of `Experiment.optimizer`. To add one, write its class and add an entry here."""
