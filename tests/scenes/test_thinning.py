"""Thinned paths: fewer corners, and no visible difference."""

from __future__ import annotations

import numpy as np
import pytest
from gradreel.scenes.mobjects.loss_map import UNSEEN, thinned
from hypothesis import given
from hypothesis import strategies as st


def distances(points: np.ndarray, path: np.ndarray) -> np.ndarray:
    """(n,): from each of ``points`` to the nearest point of a path."""
    starts, ways = path[:-1, :2], np.diff(path[:, :2], axis=0)
    lengths = np.maximum(np.sum(ways**2, axis=1), 1e-30)
    away = points[:, None, :2] - starts
    shares = np.clip(np.sum(away * ways, axis=-1) / lengths, 0, 1)
    return np.linalg.norm(away - shares[..., None] * ways, axis=-1).min(axis=1)


def circle(count: int, radius: float) -> np.ndarray:
    angles = np.linspace(0, 2 * np.pi, count)
    return np.stack([radius * np.cos(angles), radius * np.sin(angles), 0 * angles], axis=-1)


@given(st.integers(3, 400), st.floats(0.001, 5.0))
def test_every_corner_stays_within_the_tolerance(count, radius):
    points = circle(count, radius)  # closed: its first corner is its last
    kept = thinned(points)
    assert (kept[[0, -1]] == points[[0, -1]]).all()
    assert distances(points, kept).max() <= UNSEEN + 1e-12


def test_a_straight_edge_keeps_only_its_ends():
    edge = np.linspace([0.0, 0.0, 0.0], [6.0, 0.0, 0.0], 180)
    corner = np.concatenate([edge, np.linspace([6.0, 0.1, 0.0], [6.0, 3.0, 0.0], 90)])
    assert thinned(corner).tolist() == [[0, 0, 0], [6, 0, 0], [6, 3, 0]]


@pytest.mark.parametrize("count", [1, 2])
def test_points_that_are_no_path_are_unchanged(count):
    points = np.arange(3.0 * count).reshape(count, 3)
    assert (thinned(points) == points).all()


def test_a_round_contour_has_far_fewer_corners():
    assert len(thinned(circle(400, 1.0))) < 100
