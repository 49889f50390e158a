"""Every line of a grid, and how many tries a network would take."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from gradreel.core.curves.line_fit import line_grid
from gradreel.core.datasets import CurveDataset
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import loss
from gradreel.scenes.lecture.optimization.pictures.count_of_tries import A_SECOND, DIGITS_A_PAGE, Tries
from hypothesis import given
from hypothesis import strategies as st


def test_each_cell_is_the_loss_of_the_linear_model_with_these_two_parameters():
    data = CurveDataset(centered=False)
    grid = line_grid(data.x(), data.labels(), (-1, 1), (0, 4), 7)
    w, b = np.meshgrid(grid.w, grid.b)  # a row for each b
    theta = np.stack([w, b], axis=-1)
    np.testing.assert_allclose(grid.loss, loss(Experiment(dataset=data, hidden=()), theta), rtol=1e-12)
    assert (grid.w[0], grid.w[-1], grid.b[0], grid.b[-1]) == (-1, 1, 0, 4)


def test_the_best_cell_is_the_line_itself_where_the_grid_has_it():
    x = np.linspace(0, 8, 30)
    grid = line_grid(x, 1.5 - 0.5 * x, (-1, 1), (0, 3), 5)
    row, column = grid.best
    assert (grid.b[row], grid.w[column], grid.loss[row, column]) == (1.5, -0.5, 0.0)


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
