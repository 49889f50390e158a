"""The sigmoid that matches a piece: same height, middle and slope, and a gap that is the largest there is."""

from __future__ import annotations

import numpy as np
import pytest
from gradreel.core.activations import hard_sigmoid, sigmoid
from gradreel.core.matching import match_by_slope

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
def test_no_x_has_a_larger_gap_and_the_corners_reach_it(piece):
    start, end, height = piece
    match = match_by_slope(*piece)
    x = np.linspace(start - 3 * (end - start), end + 3 * (end - start), 7001)  # both corners are among them
    gap = np.abs(match.c * sigmoid(match.b + match.w * x) - height * hard_sigmoid(x, start, end))
    assert gap.max() == pytest.approx(match.largest_gap, rel=1e-9)
    assert x[gap.argmax()] == pytest.approx(start, abs=1e-3 * (end - start)) or x[gap.argmax()] == pytest.approx(end)


def test_a_piece_without_width_is_refused():
    with pytest.raises(ValueError, match=r"start < end, got 2\.0 and 2\.0"):
        match_by_slope(2.0, 2.0, 1.0)
