"""Planes through parameter space, and the loss on them."""

import dataclasses
import pickle
import tracemalloc
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from gradreel.core.analysis.planes import Plane, loss_grid, plane_of
from gradreel.core.arrays import FloatArray
from gradreel.core.daily.series import DailySeries
from gradreel.core.daily.views import DailyViews
from gradreel.core.datasets import CurveDataset
from gradreel.core.errors import PathError, TraceError, UserError
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import loss, unpack
from gradreel.core.network.training import train
from gradreel.core.trace.trace import Trace

RANDOM = np.random.default_rng(0)
VIEWS = DailyViews(
    series=DailySeries(start=date(2024, 2, 1), values=tuple(RANDOM.uniform(500, 3000, size=60).round()), name="a.csv"),
    window=9,
    validation_from=date(2024, 3, 20),
)
CURVE = CurveDataset(examples=50)


def with_path(trace: Trace, path: FloatArray) -> Trace:
    """Return the trace with ``path`` as its states."""
    return dataclasses.replace(trace, parameters=path, kept=np.arange(len(path)))


def share_of(path: FloatArray, directions: FloatArray) -> float:
    """Return the share of the squared distances from the mean that lies in the plane, by least squares: a slow
    reference.
    """
    offsets = (path - path.mean(axis=0, dtype=np.float64)).astype(np.float64)
    nearest = np.linalg.lstsq(directions.T, offsets.T, rcond=None)[0].T @ directions
    return float((nearest**2).sum() / (offsets**2).sum())


def random_plane_for(experiment: Experiment, spread: float = 0.7) -> Plane:
    """Return a random plane whose directions are not orthogonal."""
    origin, *directions = RANDOM.normal(scale=spread, size=(3, experiment.n_parameters))
    return Plane(origin, np.stack(directions), 1.0)


def slow_grid(experiment: Experiment, plane: Plane, u: FloatArray, v: FloatArray) -> FloatArray:
    """Return the loss grid, computed cell by cell: a slow reference."""
    cells = [[loss(experiment, plane.origin + a * plane.directions[0] + b * plane.directions[1]) for a in u] for b in v]
    return np.array(cells)


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
def test_a_path_on_a_line_or_in_a_point_gets_a_plane(along: FloatArray, tiny_trace: Trace) -> None:
    path = 1.5 + np.linspace(0, 1, 30)[:, None] * along
    plane = plane_of(with_path(tiny_trace, path))
    assert plane.share == pytest.approx(1)
    np.testing.assert_allclose(plane.directions @ plane.directions.T, np.eye(2), atol=1e-12)
    np.testing.assert_allclose(plane.distance(path), 0, atol=1e-12)


def test_a_single_parameter_has_no_plane(tiny_trace: Trace) -> None:
    with pytest.raises(UserError, match="at least two parameters, but this run has 1"):
        plane_of(with_path(tiny_trace, np.ones((5, 1))))


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


def test_the_default_path_lies_in_its_plane_except_for_its_start(default_trace: Trace) -> None:
    plane = plane_of(default_trace)
    assert plane.share > 0.98
    later = default_trace.parameters[200:]
    on_plane = loss(default_trace.experiment, plane.theta(plane.coordinates(later)))
    assert np.median(np.abs(np.log(on_plane / loss(default_trace.experiment, later)))) < 0.15


def test_a_path_too_large_for_memory_is_sampled(default_trace: Trace, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = plane_of(default_trace)
    monkeypatch.setattr("gradreel.core.analysis.planes._LARGEST", 10_000)
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


U, V = np.linspace(-1, 1.5, 7), np.linspace(-2, 1, 4)

NETWORKS = {
    f"{dataset.kind}, {hidden}, {activation}, {of}": Experiment(
        dataset=dataset, hidden=hidden, activation=activation, loss=of
    )
    for dataset in (CURVE, VIEWS)
    for of in ("mse", "mae")
    for hidden, activation in [((), "none"), ((3,), "sigmoid"), ((4,), "hard_sigmoid"), ((5, 2, 6), "relu")]
}


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("held", [1 << 20, 200], ids=["at once", "in pieces"])
def test_every_network_on_both_datasets_is_exact_to_rounding(
    name: str, held: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gradreel.core.analysis.planes._HELD", held)
    experiment = NETWORKS[name]
    plane = random_plane_for(experiment)
    grid = loss_grid(experiment, plane, U, V)
    assert grid.dtype == np.float64
    np.testing.assert_allclose(grid, slow_grid(experiment, plane, U, V), rtol=1e-11)


@pytest.mark.parametrize("eps", [1e-2, 1e-8])
@pytest.mark.parametrize("of", ["mse", "mae"])
def test_around_a_network_that_fits_its_curve_the_grid_is_the_loss(of: str, eps: float) -> None:
    """18 of 1000 ReLUs draw the zigzag, so the loss comes from moves by ``eps`` alone, far below any label."""
    data = CurveDataset(knots=tuple((float(x), float(x % 2)) for x in range(10)), examples=200)
    experiment = Experiment(dataset=data, hidden=(1000,), activation="relu", loss=of)
    theta, ramps = np.zeros(experiment.n_parameters), data.curve().decompose().relus()
    layers, count = unpack(experiment, theta), len(ramps.knot)
    layers.weights[0][:count], layers.c[:count], layers.b[...] = 1.0, ramps.slope, ramps.constant
    layers.biases[0][:count] = data.offset - ramps.knot
    axes = np.random.default_rng(0).normal(size=(2, len(theta)))  # the same in any order of the tests
    plane = Plane(theta, eps * axes, 1.0)
    exact = np.empty((len(V), len(U)))
    for i, j in np.ndindex(exact.shape):  # with 64 bits of a number instead of 53
        moved = unpack(experiment, plane.theta(np.array([U[j], V[i]])).astype(np.longdouble))
        hidden = np.maximum(data.features() @ moved.weights[0].T + moved.biases[0], 0)
        error = np.abs(hidden @ moved.c + moved.b - data.labels())
        exact[i, j] = (error if of == "mae" else error**2).mean()
    assert exact.max() < (100 * eps) ** (1 if of == "mae" else 2)
    np.testing.assert_allclose(loss_grid(experiment, plane, U, V), exact, rtol=1e-5)


def test_a_plane_far_out_is_infinite_without_a_warning() -> None:
    experiment = Experiment(dataset=VIEWS, hidden=(40, 40), activation="relu")
    plane = random_plane_for(experiment)
    grid = loss_grid(experiment, plane, np.array([0.0, 1e160]), np.array([0.0, 1e300]))
    assert np.isfinite(grid[0, 0]) and not np.isfinite(grid[0, 1]) and not np.isfinite(grid[1]).any()


def test_a_grid_without_points_is_empty() -> None:
    experiment = Experiment()
    plane = random_plane_for(experiment)
    assert loss_grid(experiment, plane, np.empty(0), V).shape == (4, 0)
    assert loss_grid(experiment, plane, U, np.empty(0)).shape == (0, 7)


def noisy_path(rows: int, parameters: int, dtype: str = "float64") -> FloatArray:
    """Return a curved path with noise that no plane contains."""
    t = np.linspace(0, 1, rows)[:, None]
    axes = np.linalg.qr(RANDOM.normal(size=(parameters, 3)))[0].T
    way = np.concatenate([3 * t, np.sin(5 * t), t**3], axis=1) @ axes
    return (0.5 + way + RANDOM.normal(scale=0.3 / np.sqrt(parameters), size=way.shape)).astype(dtype)


@pytest.mark.parametrize("sampled", [False, True])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_share_is_of_all_states(
    sampled: bool, dtype: str, default_trace: Trace, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = with_path(default_trace, noisy_path(900, 10, dtype))
    if sampled:
        monkeypatch.setattr("gradreel.core.analysis.planes._LARGEST", 400)
        monkeypatch.setattr("gradreel.core.analysis.planes._READ", 70)
    plane, early = plane_of(trace), plane_of(trace, 300)
    assert plane.share == pytest.approx(share_of(trace.parameters, plane.directions), rel=1e-10)
    assert plane.share > share_of(trace.parameters, np.eye(10)[[2, 7]])
    assert early.share == pytest.approx(share_of(trace.parameters[:301], early.directions), rel=1e-10)


def test_a_wide_path_has_the_principal_directions_of_its_offsets(tiny_trace: Trace) -> None:
    path = noisy_path(60, 3000)
    plane = plane_of(with_path(tiny_trace, path))
    _, spread, principal = np.linalg.svd(path - path.mean(axis=0), full_matrices=False)
    np.testing.assert_allclose(np.abs(np.diag(plane.directions @ principal[:2].T)), 1, rtol=1e-12)
    assert plane.share == pytest.approx((spread[:2] ** 2).sum() / (spread**2).sum(), rel=1e-12)


@pytest.mark.parametrize("parameters", [7, 400])
def test_a_second_direction_a_billion_times_weaker_is_found(parameters: int, tiny_trace: Trace) -> None:
    axes = np.linalg.qr(RANDOM.normal(size=(parameters, 2)))[0].T
    t = np.linspace(-1, 1, 50)[:, None]
    plane = plane_of(with_path(tiny_trace, np.concatenate([t, 1e-9 * t**2], axis=1) @ axes))
    assert abs(plane.directions[1] @ axes[1]) == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(plane.directions @ plane.directions.T, np.eye(2), atol=1e-12)


@pytest.mark.slow
def test_a_large_path_is_never_loaded_whole(tiny_trace: Trace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = noisy_path(2000, 4000, "float32")
    np.save(tmp_path / "path.npy", path)  # 32 MB
    trace = with_path(tiny_trace, np.load(tmp_path / "path.npy", mmap_mode="r"))
    monkeypatch.setattr("gradreel.core.analysis.planes._LARGEST", 400_000)
    tracemalloc.start()
    plane = plane_of(trace)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 20e6
    assert plane.share == pytest.approx(share_of(path, plane.directions), rel=1e-6)


def test_a_path_off_to_infinity_is_refused_with_the_part_that_can_be_shown(tiny_trace: Trace) -> None:
    path = RANDOM.normal(size=(30, 7))
    path[20:, 3] = np.nan
    trace = with_path(tiny_trace, path)
    with pytest.raises(TraceError, match=r"after 20 updates .*up to 19 updates"):
        plane_of(trace)
    assert 0 < plane_of(trace, last=19).share <= 1
    with pytest.raises(TraceError, match="after 0 updates"):
        plane_of(with_path(tiny_trace, path * np.inf))


@pytest.mark.filterwarnings("error:overflow encountered in cast")
@pytest.mark.parametrize(("dtype", "far", "last"), [("float64", 1e200, 20), ("float32", 1e30, 22)])
def test_of_a_path_off_to_infinity_all_can_be_shown_that_has_distances(tiny_trace: Trace, dtype, far, last) -> None:
    path = np.random.default_rng(1).normal(size=(30, 7)).astype(dtype)
    path[21, 3], path[22, 3], path[23:, 3] = far, 2 * far, np.inf
    trace = with_path(tiny_trace, path)
    with pytest.raises(PathError) as error:
        plane_of(trace)
    assert error.value.last == last
    assert f"theta after {last + 1} updates is not a point" in error.value.found
    assert 0 < plane_of(trace, last).share <= 1
    again = pickle.loads(pickle.dumps(error.value))
    assert (again.last, str(again)) == (last, str(error.value))


def test_coordinates_are_of_the_nearest_point_though_directions_are_not_at_right_angles() -> None:
    plane = random_plane_for(Experiment())
    theta = RANDOM.normal(size=(6, 10))
    slow = np.linalg.lstsq(plane.directions.T, (theta - plane.origin).T, rcond=None)[0].T
    np.testing.assert_allclose(plane.coordinates(theta), slow, rtol=1e-9)
    np.testing.assert_allclose(plane.coordinates(plane.theta(slow)), slow, rtol=1e-9)
