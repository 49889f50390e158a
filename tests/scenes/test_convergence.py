"""Gaps of curves through more and more points."""

from __future__ import annotations

import numpy as np
import pytest
from gradreel.core.curves.expression import expression
from gradreel.core.errors import UserError
from gradreel.scenes.lecture.curves.convergence import Convergence, converge, stretched, widest_gap


def test_the_gap_of_a_parabola_is_that_of_the_textbook():
    """Between even points a distance h apart, x² lies at most h² / 4 below its chord."""
    measured = converge(lambda x: np.asarray(x) ** 2, 0.0, 8.0, (2, 3, 5, 9))
    assert measured.errors == pytest.approx([16.0, 4.0, 1.0, 0.25])


def test_twice_the_points_quarter_a_smooth_functions_gap_and_help_a_root_less():
    counts = (257, 513)
    assert converge(np.sin, 0.0, 6.0, counts).factor() == pytest.approx(4.0, rel=0.02)
    assert converge(np.sqrt, 0.0, 8.0, counts).factor() == pytest.approx(2**0.5, rel=0.02)


def test_the_factor_is_that_of_one_doubling():
    curves = converge(np.sin, 0.0, 1.0, (2, 8)).curves
    assert Convergence((2, 8), curves, np.array([1.6, 0.1])).factor() == pytest.approx(4.0)  # 16 over two doublings
    assert Convergence((2, 8), curves, np.array([1.6, 0.0])).factor() == np.inf


def test_a_jump_is_refused():
    with pytest.raises(UserError, match="jump"):
        converge(np.sign, -1.0, 1.0, (2, 4))


def test_the_widest_gap_is_the_largest_error():
    function = expression("2 + 2*sin(x - 1)*exp(-x/6)")
    found = converge(function, 0.0, 8.0, (2, 4, 9))
    for curve, error in zip(found.curves, found.errors, strict=True):
        x = widest_gap(function, curve)
        assert abs(float(function(x)) - float(curve(x))) == pytest.approx(error, rel=1e-3)


def test_a_stretched_function_has_other_axes():
    function = stretched(lambda x: np.asarray(x) ** 2, (10.0, 20.0), (-1.0, 3.0))
    assert function(np.array([10.0, 15.0, 20.0])) == pytest.approx([-1.0, 0.0, 3.0])
