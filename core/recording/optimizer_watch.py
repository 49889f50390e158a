"""Notices when a loop changes its optimizer, whose updates cannot be computed again from there on."""

import operator
from itertools import chain
from typing import Any

import torch
from gradreel.core.trace.recorded_run import COMPUTED_KINDS

WATCHED = (
    "momentum", "dampening", "nesterov", "maximize", "betas", "eps", "amsgrad",
    "weight_decay", "decoupled_weight_decay",
)  # fmt: skip
"""Settings by which an update can be computed again, if they stay."""


class OptimizerWatch:
    """Compares an optimizer's settings and memory before each update with what they were after the last one.

    ``changed``: the parameter groups that the loop has changed. Of kinds other than `COMPUTED_KINDS` only the settings
    are compared.
    """

    def __init__(self, optimizer: torch.optim.Optimizer, kind: str) -> None:
        self.changed: set[int] = set()
        self._optimizer, self._remembers = optimizer, kind in COMPUTED_KINDS
        self._settings: list[tuple[Any, ...]] = []
        self._memory = self._memory_now()
        remembered = self._memory[0] if self._remembers else optimizer.state
        self.fresh = all(value is None for value in remembered)

    def before(self) -> None:
        """To be called before each update."""
        now = [(*map(group.get, WATCHED), len(group["params"])) for group in self._optimizer.param_groups]
        if now != self._settings:
            self._settings += now[len(self._settings) :]  # of groups that are new
            fewer = len(now) < len(self._settings)
            self.changed |= {j for j, then in enumerate(self._settings) if fewer or now[j] != then}
        if self._remembers and not _same(self._memory, self._memory_now()):
            self.changed |= set(range(len(self._settings)))

    def after(self) -> None:
        """To be called after each update."""
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
