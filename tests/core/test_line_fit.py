"""The straight line: its points, its run, the best line, and a grid of lines."""

from __future__ import annotations

import numpy as np
import pytest
from gradreel.core.curves.line_fit import (
    Line,
    line_of,
    line_run,
    mean_squared_distance,
    noisy_dataset,
)
from gradreel.core.curves.piecewise import PiecewiseLinearCurve
from gradreel.core.datasets import RED_CURVE
from gradreel.core.network.theta import loss, predict
from gradreel.core.network.training import train

RED = PiecewiseLinearCurve(*zip(*RED_CURVE, strict=True))


def test_points_without_noise_lie_on_the_curve():
    dots = noisy_dataset(RED, 8.0, 0.0, 5, 33)
    assert dots.x() == pytest.approx(np.linspace(0, 8, 33))
    assert dots.labels() == pytest.approx(RED(np.linspace(0, 8, 33)))


def test_noise_has_the_deviation_asked_for_and_a_seed_of_its_own():
    high = PiecewiseLinearCurve([1, 3], [11, 14])
    first, again, other = (noisy_dataset(high, 8.0, 0.5, seed, 4001) for seed in (1, 1, 2))
    away = first.labels() - high(first.x())
    assert np.std(away) == pytest.approx(0.5, rel=0.05) and abs(away.mean()) < 0.05
    assert first == again and first != other


def test_no_point_falls_below_zero():
    assert noisy_dataset(PiecewiseLinearCurve([1, 3], [0, 0.1]), 8.0, 1.0, 0, 101).labels().min() == 0


@pytest.mark.parametrize(("high", "seed"), [(8.0, 6), (1.2, 0), (23.0, 3)])
def test_training_finds_the_line_of_least_squares(tmp_path, high, seed):
    dots = noisy_dataset(RED, high, 0.3, 1, 41)
    run = line_run(dots, seed)
    trace = train(run, tmp_path)
    trained, best = line_of(run, np.array(trace.parameters[-1])), Line(*np.polyfit(dots.x(), dots.labels(), 1))
    assert (trained.w, trained.b) == pytest.approx((best.w, best.b), abs=2e-3)
    reached = float(loss(run, np.array(trace.parameters[-1])))
    assert reached == pytest.approx(mean_squared_distance(best(dots.x()), dots.labels()), rel=1e-4)


def test_a_line_is_what_its_theta_predicts(tmp_path):
    run = line_run(noisy_dataset(RED, 8.0, 0.2, 0, 41), 0)
    theta, x = np.array([0.7, -1.3]), np.array([0.0, 2.5, 8.0])
    assert line_of(run, theta)(x) == pytest.approx(predict(run, theta, run.dataset.features_at(x)))
    assert Line(0.7, -1.3 - 0.7 * 4.0) == line_of(run, theta)
