"""Gradient descent's formulas as Typst sources, and its numbers as they are written in them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal

from gradreel.core.datasets import CurveDataset
from gradreel.core.experiment import Experiment
from gradreel.core.network.activations import ACTIVATIONS
from gradreel.core.network.losses import LOSSES
from gradreel.scenes.mobjects.printed_arithmetic import PrintedUpdate
from gradreel.scenes.mobjects.theta_strip import role_of

_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_MINUS = "\u2212"


STEP = "- eta thin bold(g)"  # plain gradient descent's
GOAL = 'orange(theta)^* = limits("arg min")_orange(theta) thin L(orange(theta))'


def model_source(experiment: Experiment) -> str:
    """What the network computes from x_1, with the parameters in their colours; a deep one only by name.

    The feature of a centred curve is x_1 less the middle of its range, and the parameters are the ones for that.
    """
    feature = feature_source(experiment.dataset) if isinstance(experiment.dataset, CurveDataset) else "x_1"
    if not experiment.hidden:
        return f"blue(y) = grey(b) + yellow(w_1) {feature}"
    if len(experiment.hidden) > 1:
        return "blue(y) = f_orange(theta) (x_1)"
    inner = f"green(b_i) + yellow(w_i) {feature}"
    name, before = ACTIVATIONS[experiment.activation].written
    return f"blue(y) = grey(b) + sum_(i=1)^{experiment.hidden[0]} magenta(c_i) thin {name}({before}{inner})"


def feature_source(dataset: CurveDataset) -> str:
    """The network's only feature: x_1, or x_1 less the offset, (x_1 - 4).

    An offset of more than six digits is rounded to less than a thousandth of the range.
    """
    low, high = dataset.range
    offset = Decimal(f"{dataset.offset:.6g}")
    if float(offset) != dataset.offset:
        unit = Decimal(1).scaleb(math.floor(math.log10(high - low)) - 3)
        offset = round(Decimal(dataset.offset) / unit) * unit
    if not offset:
        return "x_1"
    size = abs(offset).normalize()
    written = f"{size:f}"
    if len(written) > 9:
        power = size.adjusted()
        written = f"{size.scaleb(-power):f} dot 10^({power})"
    return f"(x_1 {'-' if offset > 0 else '+'} {written})"


def gradient_source(update: str) -> str:
    """g = ∇L(θ^update)."""
    return f"orange(bold(g)) = nabla L(orange(theta^({update})))"


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
    return f'eta = part("rate", "{rate}")'


def taken_step_source(rate: str) -> str:
    """The step at this rate: − rate g."""
    return f'- part("rate", "{rate}") thin orange(bold(g))'


def loss_source(experiment: Experiment) -> str:
    """The loss written out: the mean over all examples of (y - ŷ)², of |y - ŷ|, ..."""
    return f"L(orange(theta)) = 1/N sum_n {LOSSES[experiment.loss].written('blue(y_n)', 'red(hat(y)_n)')}"


def length_source(length: float) -> str:
    """|g| = length, as `length_text` rounds it."""
    digits, exponent = _length(length)
    value = digits if exponent is None else f"{digits} dot 10^({exponent})"
    return f"abs(orange(bold(g))) = {value}"


def length_text(length: float) -> str:
    """A gradient's length in running text, to one digit behind the zeros: "0.0006"; "6·10⁻⁷" where it is tiny."""
    digits, exponent = _length(length)
    return digits if exponent is None else _with_power(digits, exponent)


def _length(length: float) -> tuple[str, int | None]:
    if 0 < length < 1e-5:
        digits, power = f"{length:.0e}".split("e")
        return digits, int(power)
    if length < 1:
        return f"{Decimal(f'{length:.0e}'):f}", None
    return scientific(length)


def sum_source(update: PrintedUpdate, names: Sequence[str], labels: Sequence[str], short: bool = False) -> str:
    """One parameter's update in its printed numbers: w_2: 0.469 ← 0.475 − 0.1 · 0.06; ``short``: the product alone."""
    role = role_of(names[update.index])
    factor, slope = (update.product, "") if short else (update.rate, update.slope)
    rate = f'part("rate", {factor})'
    taken = f"{rate} dot {_bracketed(f'orange({slope})', slope)}" if slope else _bracketed(factor, factor)
    values = f"{role}({update.after}) arrow.l {role}({update.before}) - {taken}"
    return f"{role}({labels[update.index]} :) quad {values}"


def _bracketed(source: str, number: str) -> str:
    return f"({source})" if number.startswith("-") else source


def is_plain(experiment: Experiment) -> bool:
    """Whether each update is minus the learning rate times the gradient, and nothing else."""
    return experiment.rule == "sgd"


def spoken_name(name: str) -> str:
    """A parameter's name in running text: ``w_1_1`` of a single feature as "w₁", "b" as "b"."""
    letter, *indices = name.split("_")
    if letter.startswith("w") and len(indices) == 2 and indices[1] == "1":
        indices = indices[:1]
    return letter + "".join(indices).translate(_SUBSCRIPTS)


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


def printed_text(number: str) -> str:
    """A printed decimal number as it is written on screen and in subtitles: with a real minus sign."""
    return number.replace("-", _MINUS)
