"""A function of x that a user wrote as text, such as ``sin(3*x) + x/2``.

simpleeval reads it: no attribute, subscript, assignment or Python object can be reached. Every number is a float64, so
a tall power becomes inf and takes no time.
"""

import ast
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import simpleeval
from gradreel.core.arrays import FloatArray
from gradreel.core.errors import UserError
from gradreel.core.network.activations import hard_sigmoid, relu, sigmoid
from numpy.typing import ArrayLike

LONGEST = 1000
CONSTANTS = {"pi": np.float64(np.pi), "e": np.float64(np.e)}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: getattr(np, name) for name in ("sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh")},
    **{name: getattr(np, name) for name in ("exp", "log", "log2", "log10", "sqrt", "cbrt", "abs", "sign")},
    **{name: getattr(np, name) for name in ("floor", "ceil", "minimum", "maximum", "where", "clip")},
    "sigmoid": sigmoid,
    "relu": relu,
    "hard_sigmoid": hard_sigmoid,
}
_ARGUMENTS = {"minimum": 2, "maximum": 2, "where": 3, "clip": 3, "hard_sigmoid": 3}  # all others: 1
_OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


@dataclass(frozen=True)
class Expression:
    """A function of x: call it with a number or an array. ``text`` is what the user wrote."""

    text: str

    def __call__(self, x: ArrayLike) -> FloatArray:
        """Return the value at ``x``, float64 of the same shape; NaN or inf where the formula has no finite value."""
        at = np.asarray(x, dtype=np.float64)
        with np.errstate(all="ignore"):
            value = _value_of_formula(self.text, at)
        return np.broadcast_to(value, at.shape).astype(np.float64)[()]


def expression(text: str) -> Expression:
    """Return ``text`` as a function of x.

    Raises
    ------
    UserError
        If the text is no formula, or longer than 1000 characters. The message says what is wrong and what can be used.

    Examples
    --------
    >>> f = expression("2*x + 1")
    >>> f(np.array([0.0, 1.0]))
    array([1., 3.])
    """
    if not isinstance(text, str) or not text.strip():
        raise UserError(f"a formula of x was expected, such as sin(3*x) + x/2; got {text!r}")
    if len(text) > LONGEST:
        raise UserError(f"a formula has at most {LONGEST} characters, this one has {len(text)}; shorten it")
    formula = Expression(text.strip())
    formula(np.array([0.25, 0.5]))  # remaining errors are raised here, not in the middle of a scene
    return formula


def _value_of_formula(text: str, x: FloatArray) -> FloatArray:
    """Return the value of the formula at the array ``x``, float64. Raises UserError."""
    reader = simpleeval.SimpleEval(operators=_OPERATORS, functions=FUNCTIONS, names={**CONSTANTS, "x": x})
    reader.nodes[ast.Constant] = _literal_value
    reader.nodes[ast.Compare] = lambda node: _compare_elementwise(reader._eval, node)
    try:
        tree = ast.parse(text, mode="eval").body
        for node in ast.walk(tree):
            _refuse_unknown_node(node)
        value = np.asarray(reader.eval(text, previously_parsed=tree))
    except UserError as error:
        raise UserError(f"{_quoted_start(text)}: {error}") from None
    except SyntaxError as error:
        raise UserError(
            f"{_quoted_start(text)} is not a formula: {error.msg}; write products with * and powers with **"
        ) from None
    except (RecursionError, MemoryError):
        raise UserError(f"{_quoted_start(text)} is nested too deeply; write it with fewer parentheses") from None
    except (ArithmeticError, TypeError, ValueError, simpleeval.InvalidExpression) as error:
        raise UserError(f"{_quoted_start(text)} cannot be computed: {error}") from None
    if value.dtype.kind not in "fiub" or value.shape not in {(), x.shape}:
        raise UserError(f"{_quoted_start(text)} is not a number for each x; write a formula of x")
    return value.astype(np.float64)


def _refuse_unknown_node(node: ast.AST) -> None:
    """Raise UserError unless this node of the formula can be used here."""
    match node:
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in FUNCTIONS:
            n_arguments = _ARGUMENTS.get(name, 1)
            if len(arguments) != n_arguments:
                raise UserError(f"{name} takes {n_arguments} value{'s' * (n_arguments > 1)}, got {len(arguments)}")
        case ast.Call(func=ast.Name(id=name), keywords=[]):
            raise UserError(f"there is no function {name!r}; {_allowed_names_text()}")
        case ast.Name(id=name) if name not in {"x", *CONSTANTS, *FUNCTIONS}:
            raise UserError(f"{name!r} is not known here; {_allowed_names_text()}")
        case ast.BitXor():
            raise UserError("a power is written **, not ^")
        case ast.IfExp():
            raise UserError("write where(x > 1, a, b), not a if x > 1 else b")
        case ast.BinOp() | ast.UnaryOp() | ast.Name() | ast.Load() | ast.Constant() | ast.Compare():
            pass
        case _ if type(node) not in _OPERATORS:
            raise UserError(f"{type(node).__name__} cannot be used in a formula; {_allowed_names_text()}")


def _literal_value(node: ast.Constant) -> np.float64:
    """Return a literal as float64, whole numbers too: Python's own integers grow without bound."""
    if type(node.value) not in (int, float):
        raise UserError(f"{node.value!r} is not a number; {_allowed_names_text()}")
    try:
        return np.float64(node.value)  # type: ignore[arg-type]
    except OverflowError:
        return np.float64(np.inf)


def _compare_elementwise(value_of: Callable[[ast.AST], Any], node: ast.Compare) -> Any:
    """Return ``a < b`` on arrays, for where(). A chain ``a < b < c`` holds where both comparisons hold."""
    sides = [value_of(side) for side in (node.left, *node.comparators)]
    pairs = zip(node.ops, sides, sides[1:], strict=False)
    return np.logical_and.reduce([_OPERATORS[type(sign)](left, right) for sign, left, right in pairs])


def _quoted_start(text: str) -> str:
    """Return the quoted text, cut to 60 characters."""
    return repr(text if len(text) <= 60 else text[:57] + "...")


def _allowed_names_text() -> str:
    """Return the words of a message that name everything that a formula can use."""
    return f"use x, the numbers {' and '.join(CONSTANTS)}, and the functions {', '.join(sorted(FUNCTIONS))}"
