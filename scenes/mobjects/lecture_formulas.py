"""The lecture's formulas as Typst sources, in the roles' colours, with their parts named for `formula_growth.grow`.

One formula grows through the film, and a part keeps its name all the way: "y", "equals", "b" (the constant outside),
"plus" (after it), "sum" (over the sigmoids), "c", "sigmoid" (its name, later sigma), "brackets" (around what it is
given), "bias" (the b inside), "plus-in" (after it), "sum-in" (over the features), "w", "x".
"""

from __future__ import annotations

from gradreel.core.network.activations import ACTIVATIONS

Y = 'part("y", blue(y)) part("equals", =)'
PLUS = 'part("plus", +)'
CONSTANT = f'{Y} part("b", grey(b)) {PLUS}'
"""y = b +"""


def linear_source(air: float = 0.0) -> str:
    """y = b + w x_1: yesterday's views, times w, plus b. ``air``: em more on both sides of the plus."""
    constant = CONSTANT.replace(PLUS, f"#h({air}em) {PLUS} #h({air}em)") if air else CONSTANT
    return f'{constant} part("w", yellow(w)) thin part("x", x_1)'


def bracket_source(index: str) -> str:
    """b_index + w_index x_1: what stands in a sigmoid's bracket."""
    return f'{_bias(index)} part("w", yellow(w_{index})) thin part("x", x_1)'


def bracket_terms_source(index: str, days: int, written: int = 3) -> tuple[str, tuple[int, ...]]:
    """b_i + w_i1 x_1 + w_i2 x_2 + ...: the sum written out, and which terms that is; beyond ``written``, the last.

    Parts of term j: "w_1", "x_1".
    """
    terms = (*range(1, min(days, written) + 1), *((days,) if days > written else ()))
    products = [f'part("w_{j}", yellow(w_({index} {j}))) thin part("x_{j}", x_{j})' for j in terms]
    if days > written + 1:
        products.insert(written, "dots.c")
    return f"{_bias(index)} {' + '.join(products)}", terms


def bracket_sum_source(index: str, features: int | None = None) -> str:
    """b_index + sum_j w_(index j) x_j; with a limit, j = 1 ... ``features``, where it is given."""
    terms = f'part("sum-in", {_sum("j", features)}) part("w", yellow(w_({index} j))) thin part("x", x_j)'
    return f"{_bias(index)} {terms}"


def _bias(index: str) -> str:
    return f'part("bias", green(b_{index})) part("plus-in", +)'


def one_sigmoid_source(fraction: bool = False) -> str:
    """y = c sigmoid(b + w x_1); with ``fraction``, y = c 1/(1 + e^(-(b + w x_1))), with parts "e", "minus"."""
    inner = 'part("brackets", (part("bias", green(b)) part("plus-in", +) part("w", yellow(w)) thin part("x", x_1)))'
    if fraction:
        return f'{Y} part("c", magenta(c)) thin part("sigmoid", frac(1, 1 + part("e", e)^(part("minus", -){inner})))'
    return f'{Y} part("c", magenta(c)) thin part("sigmoid", "sigmoid"){inner}'


def sigmoid_term_source(index: str) -> str:
    """c_index sigmoid(b_index + w_index x_1): one term of the sum."""
    brackets = f'part("brackets", ({bracket_source(index)}))'
    return f'part("c", magenta(c_{index})) thin part("sigmoid", "sigmoid"){brackets}'


def sum_of_sigmoids_source(count: int) -> str:
    """y = b + sum_i c_i sigmoid(b_i + w_i x_1), over i = 1 ... ``count``."""
    return f'{CONSTANT} part("sum", sum_(i=1)^{count}) {sigmoid_term_source("i")}'


def single_term_source() -> str:
    """y = b + c_1 sigmoid(b_1 + w_1 x_1): the sum of a single sigmoid, written out."""
    return f"{CONSTANT} {sigmoid_term_source('1')}"


def many_features_source(count: int | None = None, features: int | None = None, activation: str = "sigmoid") -> str:
    """y = b + sum_i c_i sigmoid(b_i + sum_j w_ij x_j); with limits, i = 1 ... ``count``, where they are given.

    ``activation`` as an experiment calls it: relu writes max(0, b_i + ...).
    """
    name, before = ACTIVATIONS[activation].typst
    unit = _unit(f'part("sigmoid", {name})', features, before)
    return f'{CONSTANT} part("sum", {_sum("i", count)}) part("c", magenta(c_i)) thin {unit}'


def through_source(index: int, activation: str) -> str:
    """a_i = sigmoid(r_i); parts "a_i" and "r"; ``activation`` as an experiment calls it."""
    name, before = ACTIVATIONS[activation].typst
    return f'part("a_{index}", blue(a_{index})) = {name}({before}part("r", blue(r_{index})))'


def relu_source() -> str:
    """y = c max(0, b + w x_1)."""
    inner = '0, part("bias", green(b)) part("plus-in", +) part("w", yellow(w)) thin part("x", x_1)'
    return f'{Y} part("c", magenta(c)) thin part("sigmoid", max)part("brackets", ({inner}))'


def _sum(index: str, count: int | None) -> str:
    return f"sum_{index}" if count is None else f"sum_({index}=1)^{count}"


def _unit(name: str, features: int | None, before: str = "") -> str:
    return f'{name}part("brackets", ({before}{bracket_sum_source("i", features)}))'


# -- vectors and matrices ---------------------------------------------------------------------------------------------


def row_source(index: int, features: int) -> str:
    """r_i = b_i + w_i1 x_1 + w_i2 x_2 + ...: one sigmoid's bracket; parts "r", "bias", "w_1", "x_1", "w_2", ..."""
    products = " + ".join(
        f'part("w_{j}", yellow(w_({index} {j}))) thin part("x_{j}", x_{j})' for j in range(1, features + 1)
    )
    return f'part("r", blue(r_{index})) = part("bias", green(b_{index})) + {products}'


def output_row_source(count: int) -> str:
    """y = b + c_1 a_1 + c_2 a_2 + ...; parts "y", "b", "c_1", "a_1", ..."""
    products = [f'part("c_{i}", magenta(c_{i})) thin part("a_{i}", blue(a_{i}))' for i in range(1, count + 1)]
    return f"{CONSTANT} {' + '.join(products)}"


def vector_row_source() -> str:
    """r = b + W x."""
    return f'part("r", blue(bold(r))) part("r-equals", =) {_BRACKET}'


def vector_sigmoid_source() -> str:
    """a = sigma(r)."""
    brackets = 'part("brackets", (part("r", blue(bold(r)))))'
    return f'part("a", blue(bold(a))) part("a-equals", =) part("sigmoid", sigma){brackets}'


def vector_output_source() -> str:
    """y = b + c^T a."""
    return f'{CONSTANT} {_C} thin part("a", blue(bold(a)))'


def vector_sigmoid_output_source() -> str:
    """y = b + c^T sigma(r): a put in."""
    return f'{CONSTANT} {_C} thin part("sigmoid", sigma)part("brackets", (part("r", blue(bold(r)))))'


def matrix_source() -> str:
    """y = b + c^T sigma(b + W x)."""
    return f'{CONSTANT} {_C} thin part("sigmoid", sigma)part("brackets", ({_BRACKET}))'


_BRACKET = 'part("bias", green(bold(b))) part("plus-in", +) part("w", yellow(W)) thin part("x", bold(x))'
_C = 'part("c", magenta(bold(c)^upright(T)))'
