"""The sigmoid that matches a piece: same height, middle and slope, and a gap that is the largest there is."""

from __future__ import annotations

import numpy as np
import pytest
from gradreel.core.curves.piecewise import PiecewiseLinearCurve
from gradreel.core.datasets import RED_CURVE
from gradreel.core.experiment import Experiment
from gradreel.core.network.activations import hard_sigmoid, sigmoid
from gradreel.core.network.theta import predict
from gradreel.scenes.lecture.curves.sigmoid_matching import match_by_slope, matched_sum, matched_theta

PIECES = [(1.0, 3.0, 3.0), (3.0, 4.5, -2.0), (-20.0, -19.5, 0.1), (0.0, 1e-3, 1e6)]


@pytest.mark.parametrize("piece", PIECES)
def test_height_middle_and_slope_agree(piece):
    start, end, height = piece
    match = match_by_slope(*piece)
    middle, step = (start + end) / 2, (end - start) * 1e-5
    near = match.c * sigmoid(match.b + match.w * np.array([middle - step, middle, middle + step]))
    assert near[1] == pytest.approx(height / 2, rel=1e-9)
    assert (near[2] - near[0]) / (2 * step) == pytest.approx(height / (end - start), rel=1e-6)
    assert match.c == height


@pytest.mark.parametrize("piece", PIECES)
def test_no_x_has_a_larger_gap_than_the_corners(piece):
    start, end, height = piece
    match = match_by_slope(*piece)
    x = np.linspace(start - 3 * (end - start), end + 3 * (end - start), 7001)  # both corners are among them
    gap = np.abs(match.c * sigmoid(match.b + match.w * x) - height * hard_sigmoid(x, start, end))
    assert gap.max() == pytest.approx(match.largest_gap, rel=1e-9)
    assert x[gap.argmax()] == pytest.approx(start, abs=1e-3 * (end - start)) or x[gap.argmax()] == pytest.approx(end)


def test_a_piece_without_width_is_refused():
    with pytest.raises(ValueError, match=r"start < end, got 2\.0 and 2\.0"):
        match_by_slope(2.0, 2.0, 1.0)


def test_the_sum_is_that_of_the_matches_and_half_as_large_pieces_halve_its_gap():
    curve = PiecewiseLinearCurve(*zip(*RED_CURVE, strict=True))
    parts, x = curve.decompose(), np.linspace(0, 8, 8001)
    by_hand = 1 + 3 * sigmoid(2 * x - 4) - 2 * sigmoid((x - 3.75) * 8 / 3) + sigmoid((x - 5.75) * 1.6)
    assert matched_sum(parts, x) == pytest.approx(by_hand, abs=1e-12)
    gaps = [np.abs(matched_sum(parts, x, cuts) - curve(x)).max() for cuts in (2, 4, 8, 16)]
    assert np.array(gaps[:-1]) / gaps[1:] == pytest.approx(2.0, abs=0.02)


@pytest.mark.parametrize("centered", [True, False])
def test_theta_set_by_hand_draws_that_sum(centered):
    run = Experiment(dataset={"knots": RED_CURVE, "centered": centered})
    x = np.linspace(*run.dataset.range, 301)
    drawn = predict(run, matched_theta(run), run.dataset.features_at(x))
    assert drawn == pytest.approx(matched_sum(run.dataset.curve().decompose(), x), abs=1e-12)


def test_other_pieces_than_sigmoids_have_no_theta():
    with pytest.raises(ValueError, match=r"3 pieces need one layer of as many sigmoids, got \(4,\)"):
        matched_theta(Experiment(hidden=(4,)))
