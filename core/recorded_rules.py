"""How torch's plain optimizers turn a gradient into an update, for checking updates that they have made.

torch.optim.SGD (with momentum, dampening, Nesterov's form, weight decay), Adam and AdamW (without amsgrad), in the
order of torch's own operations, so that the numbers are the same bit for bit. Source: ``torch/optim/sgd.py`` and
``torch/optim/adam.py``, the forms for a single tensor.
"""

import math
import operator
from collections.abc import Callable
from itertools import chain
from typing import Any

import torch
from gradreel.core.recorded_run import RecordedGroup, RecordedOptimizer, RecordedPart
from pydantic import BaseModel

Rule = Callable[[torch.Tensor, torch.Tensor, float], torch.Tensor]
"""Of n states (n, p) in a row, the gradients (n, p) that left them and the learning rate: the states (n, p) after them.

A rule remembers what the optimizer does: it is to be asked for each update once, in order."""


KINDS = ("torch.optim.sgd.SGD", "torch.optim.adam.Adam", "torch.optim.adamw.AdamW")
HALVES = ("bfloat16", "float16")
_COMPUTED = ("float64", "float32", *HALVES)  # types that torch counts with
_WATCHED = (
    "momentum", "dampening", "nesterov", "maximize", "betas", "eps", "amsgrad",
    "weight_decay", "decoupled_weight_decay",
)  # fmt: skip
"""Settings by which an update can be computed again, if they stay."""


def unchanged(theta: torch.Tensor, gradient: torch.Tensor, rate: float) -> torch.Tensor:
    """For what the optimizer does not train."""
    return theta


def rule_of(optimizer: RecordedOptimizer, group: RecordedGroup, part: RecordedPart) -> Rule | None:
    """The rule by which the optimizer moves a part of this group; None if it is not known here, or not what was set.

    Raises pydantic's ValidationError for settings that no optimizer of a known kind has.
    """
    kind = optimizer.kind
    if kind not in KINDS:
        return None
    settings = (SgdSettings if kind == KINDS[0] else AdamSettings).model_validate(group.settings)
    if group.changed or settings.amsgrad or part.dtype not in _COMPUTED:
        return None
    if settings.fused and part.dtype in HALVES:
        return None  # rounded elsewhere; and on the CPU, torch 2.12 and 2.13 leave most of SGD's update out
    plain = isinstance(settings, SgdSettings) and not settings.momentum
    if not plain and not (optimizer.fresh and not part.skipped):
        return None  # what it remembers is not known
    if part.skipped and settings.weight_decay:
        return None  # a gradient of 0 and none at all look the same in the trace, and are not the same then
    if isinstance(settings, SgdSettings):
        return Sgd(settings)
    return Adam(settings, decoupled=kind == KINDS[2] or settings.decoupled_weight_decay)


class _Settings(BaseModel):
    """What both kinds of optimizers have in each parameter group."""

    weight_decay: float
    maximize: bool | None
    fused: bool | None = None
    amsgrad: bool | None = False


class SgdSettings(_Settings):
    """Of torch.optim.SGD."""

    momentum: float
    dampening: float
    nesterov: bool | None


class AdamSettings(_Settings):
    """Of torch.optim.Adam and AdamW."""

    betas: tuple[float, float]
    eps: float
    decoupled_weight_decay: bool = False


class Watch:
    """Whether an optimizer goes on as it was when this was made, in what its rule hangs on: settings and memory.

    For other kinds than `KINDS`, which have no rule here, only the settings are looked at.
    """

    def __init__(self, optimizer: torch.optim.Optimizer, kind: str) -> None:
        self.changed: set[int] = set()  # parameter groups that did not
        self._optimizer, self._remembers = optimizer, kind in KINDS
        self._settings: list[tuple[Any, ...]] = []
        self._memory = self._memory_now()
        remembered = self._memory[0] if self._remembers else optimizer.state
        self.fresh = all(value is None for value in remembered)

    def before(self) -> None:
        """An update is about to be made: what has happened since the last?"""
        now = [(*map(group.get, _WATCHED), len(group["params"])) for group in self._optimizer.param_groups]
        if now != self._settings:
            self._settings += now[len(self._settings) :]  # of groups that are new
            fewer = len(now) < len(self._settings)
            self.changed |= {j for j, then in enumerate(self._settings) if fewer or now[j] != then}
        if self._remembers and not _same(self._memory, self._memory_now()):
            self.changed |= set(range(len(self._settings)))

    def after(self) -> None:
        """One has been made."""
        if self._remembers:
            self._memory = self._memory_now()

    def _memory_now(self) -> tuple[list[Any], int]:
        """What the optimizer remembers, and how often all tensors of that have been written to: no count ever falls."""
        if not self._remembers:
            return [], 0
        values = list(chain.from_iterable(map(dict.values, self._optimizer.state.values())))
        try:
            return values, sum(map(_times_written, values))
        except (AttributeError, RuntimeError):  # no tensor, or one of torch.inference_mode()
            return values, 0


_times_written = operator.attrgetter("_version")


def _same(a: tuple[list[Any], int], b: tuple[list[Any], int]) -> bool:
    return a[1] == b[1] and len(a[0]) == len(b[0]) and all(map(operator.is_, a[0], b[0]))


class Sgd:
    """theta <- theta - rate * (gradient + weight_decay * theta), or of the movement that these add up to."""

    def __init__(self, settings: SgdSettings) -> None:
        self._decay, self._momentum = settings.weight_decay, settings.momentum
        self._new = 1 - settings.dampening
        self._nesterov, self._maximize = settings.nesterov, settings.maximize
        self._movement: torch.Tensor | None = None  # (p,)

    def __call__(self, theta: torch.Tensor, gradient: torch.Tensor, rate: float) -> torch.Tensor:
        if self._maximize:
            gradient = -gradient
        if self._decay:
            gradient = gradient.add(theta, alpha=self._decay)
        if self._momentum:
            gradient = torch.stack([self._move(row) for row in gradient])
        return theta.add(gradient, alpha=-rate)

    def _move(self, gradient: torch.Tensor) -> torch.Tensor:
        if self._movement is None:
            self._movement = gradient.clone()
        else:
            self._movement.mul_(self._momentum).add_(gradient, alpha=self._new)
        if self._nesterov:
            return gradient.add(self._movement, alpha=self._momentum)
        return self._movement.clone()


class Adam:
    """Kingma and Ba (2015), algorithm 1; ``decoupled``: Loshchilov and Hutter's weight decay (AdamW)."""

    def __init__(self, settings: AdamSettings, decoupled: bool) -> None:
        self._decay, self._decoupled, self._epsilon = settings.weight_decay, decoupled, settings.eps
        self._beta_1, self._beta_2 = settings.betas
        self._maximize = settings.maximize
        self._updates = 0
        self._m: torch.Tensor | None = None  # (p,), as v
        self._v: torch.Tensor | None = None

    def __call__(self, theta: torch.Tensor, gradient: torch.Tensor, rate: float) -> torch.Tensor:
        if self._maximize:
            gradient = -gradient
        if self._decay and self._decoupled:
            theta = theta.mul(1 - rate * self._decay)
        elif self._decay:
            gradient = gradient.add(theta, alpha=self._decay)
        return torch.stack([self._update(*row, rate) for row in zip(theta, gradient, strict=True)])

    def _update(self, theta: torch.Tensor, gradient: torch.Tensor, rate: float) -> torch.Tensor:
        if self._m is None or self._v is None:
            self._m, self._v = torch.zeros_like(gradient), torch.zeros_like(gradient)
        self._updates += 1
        self._m.lerp_(gradient, 1 - self._beta_1)
        self._v.mul_(self._beta_2).addcmul_(gradient, gradient, value=1 - self._beta_2)
        root = math.sqrt(1 - self._beta_2**self._updates)
        denominator = (self._v.sqrt() / root).add_(self._epsilon)
        return theta.addcdiv(self._m, denominator, value=-rate / (1 - self._beta_1**self._updates))
