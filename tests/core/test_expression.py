"""Formulas of x: allowed ones are computed as numpy does, all others are refused quickly."""

import pickle
import time

import numpy as np
import pytest
from gradreel.core.curves.expression import FUNCTIONS, expression
from gradreel.core.errors import UserError

X = np.linspace(-2, 2, 9)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sin(3*x) + x/2", np.sin(3 * X) + X / 2),
        ("x**2 - 3*x + 1", X**2 - 3 * X + 1),
        ("-x", -X),
        ("2", np.full(9, 2.0)),
        ("pi*e", np.full(9, np.pi * np.e)),
        ("exp(-x**2)", np.exp(-(X**2))),
        ("x % 1 + x // 1", X % 1 + X // 1),
        ("where(x > 0, x, 2*x)", np.where(X > 0, X, 2 * X)),
        ("where(-1 < x <= 1, 1, 0)", ((X > -1) & (X <= 1)).astype(float)),
        ("clip(x, -1, 1) + maximum(x, 0) + minimum(x, 0)", np.clip(X, -1, 1) + X),
        ("hard_sigmoid(x, 0, 1)", np.clip(X, 0, 1)),
        ("relu(x) - abs(x) / 2", np.maximum(X, 0) - np.abs(X) / 2),
        ("7/2", np.full(9, 3.5)),
        ("(-8) ** (1/3)", np.full(9, np.nan)),
        ("9**9**9**9", np.full(9, np.inf)),
    ],
)
def test_a_formula_is_computed(text: str, expected: np.ndarray) -> None:
    np.testing.assert_allclose(expression(text)(X), expected, rtol=1e-15)


def test_a_formula_of_one_number_returns_one_number() -> None:
    value = expression("x**2 + 1")(3)
    assert value == 10.0
    assert np.shape(value) == ()


def test_every_function_that_is_named_can_be_called() -> None:
    for name in FUNCTIONS:
        arguments = {"where": "x > 0, x, 1", "clip": "x, 0, 1", "hard_sigmoid": "x, 0, 1"}.get(name, "x")
        if name in ("minimum", "maximum"):
            arguments = "x, 0.5"
        assert expression(f"{name}({arguments})")(X).shape == X.shape


def test_a_formula_never_changes_its_x() -> None:
    x = X.copy()
    expression("sin(x) + abs(x) * 2")(x)
    np.testing.assert_array_equal(x, X)


def test_a_formula_can_be_sent_to_another_process() -> None:
    assert pickle.loads(pickle.dumps(expression("x + 1")))(1.0) == 2.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a formula of x was expected"),
        ("   ", "a formula of x was expected"),
        ("2x", "products with *"),
        ("x^2", "a power is written **"),
        ("x = 3", "not a formula"),
        ("x; x", "not a formula"),
        ("import os", "not a formula"),
        ("x +", "not a formula"),
        ("y + 1", "'y' is not known here"),
        ("cosine(x)", "no function 'cosine'"),
        ("__import__('os')", "no function '__import__'"),
        ("x.real", "Attribute"),
        ("().__class__.__bases__", "Attribute"),
        ("x[0]", "Subscript"),
        ("[x for i in x]", "ListComp"),
        ("lambda: x", "Lambda"),
        ("(x := 2)", "NamedExpr"),
        ("f'{x}'", "JoinedStr"),
        ("'a' * 3", "'a' is not a number"),
        ("True", "True is not a number"),
        ("1j", "is not a number"),
        ("x == 1", "Eq"),
        ("x and x", "BoolOp"),
        ("x if x > 0 else 0", "where(x > 1, a, b)"),
        ("sin(x, x)", "sin takes 1 value, got 2"),
        ("where(x > 0, 1)", "where takes 3 values, got 2"),
        ("sin(x=x)", "Call"),
        ("sin(*x)", "Starred"),
        ("sin", "not a number for each x"),
        ("hard_sigmoid(x, 1, 0)", "start < end"),
        ("(" * 400 + "x" + ")" * 400, "not a formula"),
        ("-" * 999 + "x", "nested too deeply"),
        ("x" + " + x" * 1000, "at most 1000 characters"),
        ("x\x00", "not a formula"),
    ],
)
def test_other_python_code_is_refused_at_once(text: str, message: str) -> None:
    start = time.perf_counter()
    with pytest.raises(UserError) as raised:
        expression(text)
    assert message in str(raised.value)
    assert len(str(raised.value)) < 600
    assert time.perf_counter() - start < 1


def test_the_error_for_an_unknown_name_lists_allowed_names() -> None:
    with pytest.raises(UserError, match=r"use x, the numbers pi and e, and the functions abs, arccos, .* where"):
        expression("z + 1")


def test_no_power_takes_time_or_memory() -> None:
    start = time.perf_counter()
    for text in ("10**10**10", "9**999999999", "99999999**99999999**x", "9" * 900, "1e999 - 1e999"):
        expression(text)(X)
    assert time.perf_counter() - start < 1


def test_a_formula_must_be_a_text() -> None:
    with pytest.raises(UserError, match="got 3"):
        expression(3)  # type: ignore[arg-type]
