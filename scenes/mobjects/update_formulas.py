"""Gradient descent's formulas as Typst sources, and its numbers as they are written in them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from gradreel.core.experiment import Experiment
from gradreel.scenes.mobjects.printed_arithmetic import PrintedUpdate
from gradreel.scenes.mobjects.theta_strip import role_of

_MINUS = "\u2212"


STEP = "- eta thin bold(g)"  # plain gradient descent's
GOAL = 'orange(theta)^* = limits("arg min")_orange(theta) thin L(orange(theta))'


def update_source(before: str, after: str) -> str:
    """θ^after ← θ^before − η g."""
    return f'{_arrow(before, after)} part("minus", -) part("change", eta thin orange(bold(g)))'


def step_source(before: str, after: str, step: str) -> str:
    """θ^after ← θ^before − step, for an optimizer whose step is not η g; ``step`` is its word."""
    return f'{_arrow(before, after)} part("minus", -) part("change", "{step}")'


def _arrow(before: str, after: str) -> str:
    """θ^after ← θ^before."""
    return f'part("after", orange(theta^({after}))) part("arrow", arrow.l) part("before", orange(theta^({before})))'


def rate_source(rate: str) -> str:
    """η = rate."""
    return f'eta = "{rate}"'


def sum_source(update: PrintedUpdate, names: Sequence[str], labels: Sequence[str]) -> str:
    """One parameter's update in its printed numbers: w_2: 0.469 ← 0.475 − 0.1 · 0.06."""
    role = role_of(names[update.index])
    taken = f"{update.rate} dot {_bracketed(f'orange({update.slope})', update.slope)}"
    values = f"{role}({update.after}) arrow.l {role}({update.before}) - {taken}"
    return f"{role}({labels[update.index]} :) quad {values}"


def _bracketed(source: str, number: str) -> str:
    return f"({source})" if number.startswith("-") else source


def is_plain(experiment: Experiment) -> bool:
    """Whether each update is minus the learning rate times the gradient, and nothing else."""
    return experiment.rule == "sgd"


def scientific(value: float) -> tuple[str, int | None]:
    """``value`` to two digits: plain from 0.001 to 1000, otherwise its digits and the power of ten."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}", None
    exponent = math.floor(math.log10(abs(value)))
    if -4 < exponent < 3:
        return f"{value:.{max(0, 1 - exponent)}f}", None
    digits, power = f"{value:.1e}".split("e")
    return digits, int(power)


def short_text(value: float) -> str:
    """``value`` to two digits for running text: "0.0067", "6.7·10⁻⁵"."""
    digits, exponent = scientific(value)
    if exponent is None:
        return digits.replace("-", _MINUS)
    return _with_power(digits, exponent)


def _with_power(digits: str, exponent: int) -> str:
    raised = f"{exponent}".translate(str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻"))
    return f"{digits}·10{raised}"
