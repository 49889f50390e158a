"""How many tries a network would take."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from gradreel.scenes.lecture.optimization.pictures.count_of_tries import A_SECOND, DIGITS_A_PAGE, Tries
from hypothesis import given
from hypothesis import strategies as st


@given(st.integers(1, 60), st.integers(1, 300))
def test_tries_are_counted_exactly(values, parameters):
    tries = Tries(values, parameters)
    assert tries.count == math.prod([values] * parameters)
    assert tries.digits == len(str(tries.count))
    digits, exponent = tries.leading
    error = abs(Fraction(digits) * 10**exponent - tries.count)
    assert 2 * error <= 10 ** (exponent - 1) if exponent else error == 0
    assert 1 <= float(digits) < 10


def test_so_many_that_printing_their_number_takes_pages():
    tries = Tries(20, 26_001)
    assert tries.digits == 1 + math.floor(26_001 * math.log10(20))
    assert tries.pages == math.ceil(tries.digits / DIGITS_A_PAGE) == 12
    assert tries.seconds == math.inf


def test_time_is_tries_over_speed():
    assert Tries(20, 16).seconds == pytest.approx(20**16 / A_SECOND)
    assert Tries(10, 9).seconds == 1
