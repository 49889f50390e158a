"""By which rule the updates of a recorded optimizer can be computed again, and whether it still goes by that.

Those of torch.optim.SGD, Adam and AdamW (without amsgrad) can, by the rules of `core.optimizers`.
"""

import operator
from collections.abc import Callable
from itertools import chain
from typing import Any

import torch
from gradreel.core.network.optimizers import Adam, Optimizer, Sgd
from gradreel.core.trace.recorded_run import RecordedGroup, RecordedOptimizer, RecordedPart
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
    decay, maximize = settings.weight_decay, bool(settings.maximize)
    if isinstance(settings, SgdSettings):
        how = settings.momentum, settings.dampening, bool(settings.nesterov)
        return _OptimizerRule(lambda like: Sgd(like, *how, decay, maximize))
    decoupled = kind == KINDS[2] or settings.decoupled_weight_decay
    return _OptimizerRule(lambda like: Adam(like, settings.betas, settings.eps, decay, decoupled, maximize))


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


class _OptimizerRule:
    """Updates by an optimizer of `core.optimizers`, which is made at the first."""

    def __init__(self, optimizer_like: Callable[[torch.Tensor], Optimizer]) -> None:
        self._optimizer_like = optimizer_like
        self._optimizer: Optimizer | None = None
        self._updates = 0

    def __call__(self, theta: torch.Tensor, gradient: torch.Tensor, rate: float) -> torch.Tensor:
        self._optimizer = self._optimizer or self._optimizer_like(theta[0])
        after = theta.clone()
        for row, slope in zip(after, gradient, strict=True):
            self._optimizer.update(row, slope, rate, self._updates)
            self._updates += 1
        return after
