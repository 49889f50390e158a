"""The plane of a path and the loss over it."""

import dataclasses
import time

import numpy as np
import pytest
from gradreel.core.arrays import FloatArray
from gradreel.core.errors import TraceError
from gradreel.core.experiment import Experiment
from gradreel.core.loss_surface import Plane, loss_grid, plane_of
from gradreel.core.theta import loss
from gradreel.core.trace import Trace
from gradreel.core.training import train

RANDOM = np.random.default_rng(0)


def with_path(trace: Trace, path: FloatArray) -> Trace:
    """A trace that went this way."""
    return dataclasses.replace(trace, parameters=path, kept=np.arange(len(path)))


def test_a_path_in_a_plane_is_found_whole(tiny_trace: Trace) -> None:
    axes = np.linalg.qr(RANDOM.normal(size=(7, 2)))[0].T
    uv = RANDOM.normal(size=(50, 2)) * [3, 1]
    path = 5 + uv @ axes
    plane = plane_of(with_path(tiny_trace, path))
    assert plane.share == pytest.approx(1, abs=1e-12)
    np.testing.assert_allclose(plane.directions @ plane.directions.T, np.eye(2), atol=1e-12)
    np.testing.assert_allclose(plane.theta(plane.coordinates(path)), path, atol=1e-12)
    np.testing.assert_allclose(plane.distance(path), 0, atol=1e-12)


def test_the_share_is_what_lies_in_the_plane(tiny_trace: Trace) -> None:
    uvw = np.array([[2, 0, 0], [-2, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 0.5], [0, 0, -0.5]])
    path = np.zeros((6, 7))
    path[:, [1, 3, 6]] = uvw
    plane = plane_of(with_path(tiny_trace, path))
    assert plane.share == pytest.approx(10 / 10.5)
    np.testing.assert_allclose(np.abs(plane.directions[0]), np.eye(7)[1], atol=1e-12)
    np.testing.assert_allclose(np.abs(plane.directions[1]), np.eye(7)[3], atol=1e-12)
    np.testing.assert_allclose(plane.distance(path), [0, 0, 0, 0, 0.5, 0.5], atol=1e-12)


def test_the_picture_never_comes_out_mirrored(tiny_trace: Trace) -> None:
    path = RANDOM.normal(size=(40, 7))
    plane, mirrored = (plane_of(with_path(tiny_trace, p)) for p in (path, -path))
    np.testing.assert_allclose(plane.directions, mirrored.directions, atol=1e-12)
    for direction in plane.directions:
        assert direction[np.abs(direction).argmax()] > 0


@pytest.mark.parametrize("along", [np.zeros(7), np.array([0, 0, 3.0, 0, 4.0, 0, 0])], ids=["a point", "a line"])
def test_a_path_too_poor_for_a_plane_gets_one_all_the_same(along: FloatArray, tiny_trace: Trace) -> None:
    path = 1.5 + np.linspace(0, 1, 30)[:, None] * along
    plane = plane_of(with_path(tiny_trace, path))
    assert plane.share == pytest.approx(1)
    np.testing.assert_allclose(plane.directions @ plane.directions.T, np.eye(2), atol=1e-12)
    np.testing.assert_allclose(plane.distance(path), 0, atol=1e-12)


def test_the_linear_models_plane_is_all_there_is(tmp_path_factory: pytest.TempPathFactory) -> None:
    trace = train(Experiment(hidden=(), epochs=50, learning_rate=0.05), tmp_path_factory.mktemp("linear"))
    plane = plane_of(trace)
    assert plane.share == pytest.approx(1)
    np.testing.assert_allclose(plane.distance(trace.parameters), 0, atol=1e-12)


def test_the_plane_of_the_first_updates_only(default_trace: Trace) -> None:
    early = plane_of(default_trace, last=500)
    np.testing.assert_allclose(early.origin, default_trace.parameters[:501].mean(axis=0))
    with pytest.raises(TraceError, match="6001"):
        plane_of(default_trace, last=6001)


def test_the_default_path_lies_in_its_plane_but_for_its_first_moments(default_trace: Trace) -> None:
    plane = plane_of(default_trace)
    assert plane.share > 0.98
    later = default_trace.parameters[200:]
    on_plane = loss(default_trace.experiment, plane.theta(plane.coordinates(later)))
    assert np.median(np.abs(np.log(on_plane / loss(default_trace.experiment, later)))) < 0.15


def test_a_path_too_large_for_memory_is_sampled(default_trace: Trace, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = plane_of(default_trace)
    monkeypatch.setattr("gradreel.core.loss_surface._LARGEST", 10_000)
    sampled = plane_of(default_trace)
    np.testing.assert_allclose(np.abs(np.diag(whole.directions @ sampled.directions.T)), 1, atol=1e-3)
    assert sampled.share == pytest.approx(whole.share, abs=1e-2)


def test_the_grid_is_the_loss_at_each_point_a_row_for_each_v() -> None:
    experiment = Experiment()
    origin, axes = RANDOM.normal(size=10), np.linalg.qr(RANDOM.normal(size=(10, 2)))[0].T
    plane = Plane(origin, axes, 1.0)
    u, v = np.linspace(-2, 2, 5), np.linspace(-1, 1, 3)
    grid = loss_grid(experiment, plane, u, v)
    assert grid.shape == (3, 5)
    for i, j in np.ndindex(3, 5):
        theta = origin + u[j] * axes[0] + v[i] * axes[1]
        assert grid[i, j] == pytest.approx(float(loss(experiment, theta)), rel=1e-12)


def test_two_hundred_by_two_hundred_in_a_moment(default_trace: Trace) -> None:
    plane = plane_of(default_trace)
    axis = np.linspace(-4, 4, 200)
    start = time.perf_counter()
    loss_grid(default_trace.experiment, plane, axis, axis)
    assert time.perf_counter() - start < 2
