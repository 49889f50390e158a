"""The lecture's formulas as Typst sources, in the roles' colours, with parts named for `formula_growth.grow`.

One formula grows through the film, and each part keeps its name: "y", "equals", "b" (the constant outside), "plus"
(after it), "sum" (over the sigmoids), "c", "sigmoid" (the word, later sigma), "brackets" (with its argument), "bias"
(the b inside), "plus-in" (after it), "sum-in" (over the features), "w", "x".
"""

from __future__ import annotations

from gradreel.core.network.activations import ACTIVATIONS

Y = 'part("y", blue(y)) part("equals", =)'
PLUS = 'part("plus", +)'
CONSTANT = f'{Y} part("b", grey(b)) {PLUS}'  # y = b +


def linear_source(air: float = 0.0) -> str:
    """Return y = b + w x_1. ``air``: additional em on both sides of the plus."""
    constant = CONSTANT.replace(PLUS, f"#h({air}em) {PLUS} #h({air}em)") if air else CONSTANT
    return f'{constant} part("w", yellow(w)) thin part("x", x_1)'


def bracket_source(index: str) -> str:
    """Return b_index + w_index x_1, a sigmoid's argument."""
    return f'{_bias_source(index)} part("w", yellow(w_{index})) thin part("x", x_1)'


def bracket_sum_source(index: str, features: int | None = None) -> str:
    """Return b_index + sum_j w_(index j) x_j; with ``features``, the sum has its limits, j = 1 to ``features``."""
    terms = f'part("sum-in", {_sum_sign_source("j", features)}) part("w", yellow(w_({index} j))) thin part("x", x_j)'
    return f"{_bias_source(index)} {terms}"


def _bias_source(index: str) -> str:
    return f'part("bias", green(b_{index})) part("plus-in", +)'


def one_sigmoid_source(fraction: bool = False) -> str:
    """Return y = c sigmoid(b + w x_1); with ``fraction``, y = c 1/(1 + e^(-(b + w x_1))), with parts "e", "minus"."""
    inner = 'part("brackets", (part("bias", green(b)) part("plus-in", +) part("w", yellow(w)) thin part("x", x_1)))'
    if fraction:
        return f'{Y} part("c", magenta(c)) thin part("sigmoid", frac(1, 1 + part("e", e)^(part("minus", -){inner})))'
    return f'{Y} part("c", magenta(c)) thin part("sigmoid", "sigmoid"){inner}'


def sigmoid_term_source(index: str, activation: str = "sigmoid") -> str:
    """Return c_index sigmoid(b_index + w_index x_1), one term of the sum; ``activation`` as an experiment calls it."""
    name, before = ACTIVATIONS[activation].typst
    brackets = f'part("brackets", ({before}{bracket_source(index)}))'
    return f'part("c", magenta(c_{index})) thin part("sigmoid", {name}){brackets}'


def sum_of_sigmoids_source(count: int, activation: str = "sigmoid") -> str:
    """Return y = b + sum_i c_i sigmoid(b_i + w_i x_1) for i = 1 to ``count``; a single term is written out."""
    if count == 1:
        return f"{CONSTANT} {sigmoid_term_source('1', activation)}"
    return f'{CONSTANT} part("sum", sum_(i=1)^{count}) {sigmoid_term_source("i", activation)}'


def many_features_source(count: int | None = None, features: int | None = None, activation: str = "sigmoid") -> str:
    """Return y = b + sum_i c_i sigmoid(b_i + sum_j w_ij x_j); ``count`` and ``features`` give the sums limits.

    ``activation``: a name of `ACTIVATIONS`; "relu" writes max(0, b_i + ...).
    """
    name, first_argument = ACTIVATIONS[activation].typst
    brackets = f'part("brackets", ({first_argument}{bracket_sum_source("i", features)}))'
    unit = f'part("sigmoid", {name}){brackets}'
    return f'{CONSTANT} part("sum", {_sum_sign_source("i", count)}) part("c", magenta(c_i)) thin {unit}'


def relu_source() -> str:
    """Return y = c max(0, b + w x_1)."""
    inner = '0, part("bias", green(b)) part("plus-in", +) part("w", yellow(w)) thin part("x", x_1)'
    return f'{Y} part("c", magenta(c)) thin part("sigmoid", max)part("brackets", ({inner}))'


def _sum_sign_source(index: str, count: int | None) -> str:
    """Return a sum sign over ``index``; with limits 1 and ``count`` if given."""
    return f"sum_{index}" if count is None else f"sum_({index}=1)^{count}"


# -- vectors and matrices ---------------------------------------------------------------------------------------------


def row_source(index: int, features: int) -> str:
    """Return r_i = b_i + w_i1 x_1 + w_i2 x_2 + ..., with parts "r", "bias", "w_1", "x_1", "w_2", ..."""
    products = " + ".join(
        f'part("w_{j}", yellow(w_({index} {j}))) thin part("x_{j}", x_{j})' for j in range(1, features + 1)
    )
    return f'part("r", blue(r_{index})) = part("bias", green(b_{index})) + {products}'


def output_row_source(count: int) -> str:
    """Return y = b + c_1 a_1 + c_2 a_2 + ..., with parts "y", "b", "c_1", "a_1", ..."""
    products = [f'part("c_{i}", magenta(c_{i})) thin part("a_{i}", blue(a_{i}))' for i in range(1, count + 1)]
    return f"{CONSTANT} {' + '.join(products)}"


def vector_row_source() -> str:
    """Return r = b + W x."""
    return f'part("r", blue(bold(r))) part("r-equals", =) {_BRACKET}'


def vector_sigmoid_source() -> str:
    """Return a = sigma(r)."""
    brackets = 'part("brackets", (part("r", blue(bold(r)))))'
    return f'part("a", blue(bold(a))) part("a-equals", =) part("sigmoid", sigma){brackets}'


def vector_output_source() -> str:
    """Return y = b + c^T a."""
    return f'{CONSTANT} {_C} thin part("a", blue(bold(a)))'


def vector_sigmoid_output_source() -> str:
    """Return y = b + c^T sigma(r)."""
    return f'{CONSTANT} {_C} thin part("sigmoid", sigma)part("brackets", (part("r", blue(bold(r)))))'


def matrix_source() -> str:
    """Return y = b + c^T sigma(b + W x)."""
    return f'{CONSTANT} {_C} thin part("sigmoid", sigma)part("brackets", ({_BRACKET}))'


_BRACKET = 'part("bias", green(bold(b))) part("plus-in", +) part("w", yellow(W)) thin part("x", bold(x))'
_C = 'part("c", magenta(bold(c)^upright(T)))'
