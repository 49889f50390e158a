"""Gradient descent's formulas as Typst sources, and the text of numbers in them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from gradreel.core.experiment import Experiment
from gradreel.scenes.mobjects.printed_arithmetic import PrintedUpdate
from gradreel.scenes.mobjects.theta_strip import role_of

_MINUS = "\u2212"
STEP = "- eta thin bold(g)"  # the step of plain gradient descent
GOAL = 'orange(theta)^* = limits("arg min")_orange(theta) thin L(orange(theta))'


def update_source(before: str, after: str) -> str:
    """Return θ^after ← θ^before − η g."""
    return f'{_update_arrow_source(before, after)} part("minus", -) part("change", eta thin orange(bold(g)))'


def step_source(before: str, after: str, step: str) -> str:
    """Return θ^after ← θ^before − step, with the word ``step``, for an optimizer whose step is not η g."""
    return f'{_update_arrow_source(before, after)} part("minus", -) part("change", "{step}")'


def _update_arrow_source(before: str, after: str) -> str:
    """Return θ^after ← θ^before."""
    return f'part("after", orange(theta^({after}))) part("arrow", arrow.l) part("before", orange(theta^({before})))'


def rate_source(rate: str) -> str:
    """Return η = ``rate``."""
    return f'eta = "{rate}"'


def sum_source(update: PrintedUpdate, names: Sequence[str], labels: Sequence[str]) -> str:
    """Return one parameter's update in its printed numbers: w_2: 0.469 ← 0.475 − 0.1 · 0.06.

    ``names`` and ``labels``: of all parameters, as in a trace and in Typst's notation.
    """
    role = role_of(names[update.index])
    slope = f"orange({update.slope})"
    if update.slope.startswith("-"):
        slope = f"({slope})"
    values = f"{role}({update.after}) arrow.l {role}({update.before}) - {update.rate} dot {slope}"
    return f"{role}({labels[update.index]} :) quad {values}"


def is_plain(experiment: Experiment) -> bool:
    """Return whether each update is minus the learning rate times the gradient."""
    changes_gradient = experiment.momentum or experiment.weight_decay or experiment.clip is not None
    return experiment.optimizer == "sgd" and not changes_gradient


def scientific(value: float) -> tuple[str, int | None]:
    """Return ``value`` as text with two digits, and the power of ten that it is multiplied by, if any.

    There is no power for values from 0.001 to 1000, for 0, infinity and NaN.
    """
    if value == 0 or not math.isfinite(value):
        return f"{value:g}", None
    exponent = math.floor(math.log10(abs(value)))
    if -4 < exponent < 3:
        return f"{value:.{max(0, 1 - exponent)}f}", None
    digits, power = f"{value:.1e}".split("e")
    return digits, int(power)


def short_text(value: float) -> str:
    """Return ``value`` with two digits for running text: "0.0067", "6.7·10⁻⁵"."""
    digits, exponent = scientific(value)
    if exponent is None:
        return digits.replace("-", _MINUS)
    raised = f"{exponent}".translate(str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻"))
    return f"{digits}·10{raised}"
