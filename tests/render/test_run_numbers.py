"""Tests the numbers of an exported run against the trace and the core."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest
from gradreel.core.daily.views import DailyViews
from gradreel.core.datasets import CurveDataset
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import loss, predict
from gradreel.core.network.theta import test_loss as loss_on_test_examples
from gradreel.core.network.training import train
from gradreel.core.trace.trace import Trace
from gradreel.render.export import run_numbers as module
from gradreel.render.export.run_numbers import MOST_STATES, run_numbers

TENT = CurveDataset(knots=((0, 0), (1, 1), (2, 0)), examples=9)
MOST_BYTES = 2_000_000


def unpacked(packed):
    return np.frombuffer(base64.b64decode(packed["data"]), "<f4").reshape(packed["shape"])


@pytest.fixture(scope="module")
def traces(tmp_path_factory, record_loop):
    """Runs that we trained, and a loop of somebody's own that went off to infinity."""
    import torch

    folder = tmp_path_factory.mktemp("traces")
    off = record_loop(folder / "off", lambda parameters: torch.optim.SGD(parameters, 1e6), updates=90)
    return {
        "curve": train(Experiment(dataset=TENT, hidden=(2,), epochs=5000, seed=1), folder),
        "days": train(
            Experiment(dataset=DailyViews(window=7), hidden=(4,), activation="relu", epochs=2, batch_size=32,
                       loss="mae", learning_rate=0.01, keep={"every": 3}), folder),
        "diverged": Trace.open(off),
        "line": train(Experiment(dataset=TENT, hidden=(), learning_rate=0.1, epochs=50), folder),
    }  # fmt: skip


@pytest.fixture(scope="module")
def shown(traces):
    return {name: run_numbers(trace) for name, trace in traces.items()}


@pytest.mark.parametrize("name", ["curve", "days", "line", "diverged"])
def test_the_file_is_strict_json_of_at_most_two_megabytes(shown, name):
    text = json.dumps(shown[name], allow_nan=False)
    assert len(text) <= MOST_BYTES


@pytest.mark.parametrize("name", ["curve", "days", "line", "diverged"])
def test_theta_is_that_of_the_chosen_states_rounded_to_32_bits(traces, shown, name):
    trace, numbers = traces[name], shown[name]
    rows = [trace.row(update) for update in numbers["kept"]]
    assert numbers["kept"][0] == 0 and numbers["kept"][-1] == trace.n_updates and len(rows) <= MOST_STATES
    width = len(numbers["names"])
    wanted = trace.parameters[rows].astype("<f4")
    if width < trace.n_parameters:
        wanted = np.concatenate([wanted[:, : width - module.LAST_ENTRIES], wanted[:, -module.LAST_ENTRIES :]], axis=1)
    np.testing.assert_array_equal(unpacked(numbers["theta"]), wanted)


def test_early_states_are_all_kept_and_later_ones_are_sparser(shown):
    steps = np.diff(shown["curve"]["kept"])
    assert (steps[:10] == 1).all() and steps[-1] > 20 and (np.diff(steps[:-1]) >= -1).all()


def test_a_run_with_few_states_keeps_all(traces, shown):
    assert shown["line"]["kept"] == list(range(51))


def test_losses_are_the_recorded_ones_and_the_cores(traces, shown):
    for name in ("curve", "days"):
        trace, losses = traces[name], shown[name]["losses"]
        kept = np.array(shown[name]["kept"])
        batch = unpacked(losses["batch"])
        np.testing.assert_array_equal(batch[:-1], trace.batch_loss[kept[:-1]].astype("<f4"))
    states = trace.parameters[[trace.row(update) for update in kept]].astype(float)
    np.testing.assert_allclose(unpacked(losses["whole"]), loss(trace.experiment, states), rtol=1e-5)
    np.testing.assert_allclose(unpacked(losses["test"]), loss_on_test_examples(trace.experiment, states), rtol=1e-5)
    assert np.isnan(batch[-1])  # no update left the last state
    assert shown["curve"]["losses"].keys() == {"batch"}


def test_the_last_state_has_a_loss_if_a_batch_has_all_examples(traces, shown):
    trace, losses = traces["curve"], shown["curve"]["losses"]
    wanted = float(loss(trace.experiment, np.asarray(trace.parameters[-1])))
    assert unpacked(losses["batch"])[-1] == pytest.approx(wanted, rel=1e-6)
    (line,) = shown["curve"]["lines"]
    assert line["x"][-1] == trace.n_updates and unpacked(line["y"])[-1] == pytest.approx(wanted, rel=1e-6)


def test_predictions_of_days_are_in_views_and_end_with_the_last_day(traces, shown):
    trace, prediction = traces["days"], shown["days"]["prediction"]
    data = trace.experiment.dataset
    parts = (data.features(), data.validation_features(), data.test_features())
    features = np.concatenate(parts)[-module.MOST_DAYS :]
    theta = np.asarray(trace.parameters[trace.row(shown["days"]["kept"][5])], dtype=float)
    wanted = data.in_views(predict(trace.experiment, theta, features))
    np.testing.assert_allclose(unpacked(prediction["y"])[5], wanted, rtol=1e-5)
    assert np.datetime64(prediction["x"][-1], "ms").astype("datetime64[D]") == data.test_dates()[-1]
    assert (prediction["test_from"], prediction["data"]) == ("2021-01-01", data.title)


def test_the_map_of_a_network_of_two_parameters_is_their_plane(traces, shown):
    found = shown["line"]["map"]
    np.testing.assert_allclose(unpacked(found["path"]), unpacked(shown["line"]["theta"]), rtol=1e-6)
    assert found["share"] == 1 and len(found["bands"]["levels"]) > 3


def crossings(ring, points):
    """How often a line from each point to the right crosses the closed ``ring`` (n, 2)."""
    (x0, y0), (x1, y1) = ring.T[:, :-1, None], ring.T[:, 1:, None]
    x, y = points.T
    with np.errstate(divide="ignore", invalid="ignore"):
        right = x0 + (y - y0) / (y1 - y0) * (x1 - x0) > x
    return (((y0 > y) != (y1 > y)) & right).sum(axis=0)


def test_bands_of_a_map_contain_the_points_above_their_levels(traces, shown):
    """Random points inside a band's polygons are exactly those with a loss above its level."""
    trace, found = traces["line"], shown["line"]["map"]
    rng = np.random.default_rng(0)
    points = np.stack([rng.uniform(*found["u"], 200), rng.uniform(*found["v"], 200)], axis=1)
    losses = loss(trace.experiment, points)
    for level, xs, ys in zip(found["bands"]["levels"], found["bands"]["xs"], found["bands"]["ys"], strict=True):
        rings = [np.stack(ring, axis=1) for polygon in zip(xs, ys, strict=True) for ring in zip(*polygon, strict=True)]
        inside = np.sum([crossings(ring, points) for ring in rings], axis=0) % 2 == 1
        clear = np.abs(losses / level - 1) > 0.05
        np.testing.assert_array_equal(inside[clear], losses[clear] > level)


def test_a_run_that_went_off_to_infinity_has_its_numbers_and_no_map(traces, shown):
    assert not np.isfinite(traces["diverged"].parameters[-1]).all()
    assert shown["diverged"]["map"] is None and shown["diverged"]["lines"]


def test_names_are_those_of_the_film(shown):
    assert [f"{name['name']}_{name['index']}" for name in shown["curve"]["names"]] == [
        "w_1", "w_2", "b_1", "b_2", "c_1", "c_2", "b_"]  # fmt: skip
    assert [name["role"] for name in shown["curve"]["names"]] == ["yellow"] * 2 + ["green"] * 2 + ["magenta"] * 2 + [
        "grey"
    ]


def test_a_recorded_loop_without_losses_has_theta_and_the_path(tmp_path, record_loop):
    import torch

    path = record_loop(tmp_path / "mine", lambda parameters: torch.optim.SGD(parameters, 0.1), updates=5, log=False)
    numbers = run_numbers(Trace.open(path))
    assert (numbers["lines"], numbers["prediction"], numbers["map"]["bands"]) == ([], None, None)
    assert np.isnan(unpacked(numbers["losses"]["batch"])).all()
    assert len(unpacked(numbers["map"]["path"])) == 6


@pytest.fixture(scope="module")
def every_fourth(tmp_path_factory):
    """A loop of 30 updates that logs the loss of every fourth, but not of 15, 19 and 23: what the page shows of it."""
    import torch
    from gradreel.core.recording.recording import record

    path = tmp_path_factory.mktemp("sparse") / "run"
    model = torch.nn.Linear(1, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with record(model, optimizer, path) as recording:
        for k in range(30):
            model(torch.ones(1, 1)).square().sum().backward()
            optimizer.step()
            if k in (3, 7, 11, 27):
                recording.log(loss=float(k))
    return run_numbers(Trace.open(path))


def test_a_landscape_beside_a_recorded_run_gives_its_map_bands(tmp_path):
    import torch
    from gradreel.core.analysis import landscape
    from gradreel.core.recording.recording import record

    model = torch.nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    x, y = torch.tensor([[0.0], [1.0], [2.0]]), torch.tensor([[1.0], [0.0], [3.0]])
    with record(model, optimizer, tmp_path / "run"):
        for _ in range(9):
            optimizer.zero_grad()
            torch.nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
    trace = Trace.open(tmp_path / "run")
    assert run_numbers(trace)["map"]["bands"] is None

    def loss_of(model):
        return torch.nn.functional.mse_loss(model(x), y)

    trace.compute_landscape(model, loss_of)
    shown = run_numbers(trace)["map"]
    assert shown["computed"] and len(shown["bands"]["levels"]) > 3
    plane, levels = landscape.plane_of(trace), shown["bands"]["levels"]
    xs, ys = shown["bands"]["xs"][5][0][0], shown["bands"]["ys"][5][0][0]
    (u0, u1), (v0, v1) = trace.kept_landscape().path.u[[0, -1]], trace.kept_landscape().path.v[[0, -1]]
    edges = 0
    for point in zip(xs, ys, strict=True):
        if u0 + 1e-4 < point[0] < u1 - 1e-4 and v0 + 1e-4 < point[1] < v1 - 1e-4:
            edges += 1
            w, b = plane.theta(np.array(point))
            error = np.mean((w * x.numpy() + b - y.numpy()) ** 2)
            assert error == pytest.approx(levels[5], rel=0.05), "an edge inside the map is where the loss has its level"
    assert edges > 5


def test_losses_logged_now_and_then_are_one_line_with_gaps_where_some_are_missing(every_fourth):
    (line,) = every_fourth["lines"]
    assert line["x"] == [3, 7, 11, 12, 27]
    np.testing.assert_array_equal(unpacked(line["y"]), [3, 7, 11, np.nan, 27])


def test_a_state_without_its_own_loss_has_the_latest_with_its_update(every_fourth):
    losses = unpacked(every_fourth["losses"]["batch"])
    nan = np.nan
    np.testing.assert_array_equal(losses, [nan] * 3 + [3] * 4 + [7] * 4 + [11] * 8 + [nan] * 8 + [27] * 4)
    known = ~np.isnan(losses)
    np.testing.assert_array_equal(np.array(every_fourth["measured"])[known], losses[known])


def test_states_are_read_a_few_at_a_time(traces, shown, monkeypatch):
    monkeypatch.setattr(module, "HELD_NUMBERS", 1)
    few, many = run_numbers(traces["days"]), shown["days"]
    for name in many.keys() - {"map"}:
        assert few[name] == many[name]
    paths = [unpacked(numbers["map"]["path"]) for numbers in (few, many)]  # sums of few and of many states are rounded
    np.testing.assert_allclose(*paths, rtol=1e-4, atol=1e-6)


@pytest.fixture(scope="module")
def logging_loop(tmp_path_factory):
    """A loop that logs a metric at every third update, another once, and lowers its learning rate."""
    import torch
    from gradreel.core.recording.recording import record

    model, path = torch.nn.Linear(1, 2), tmp_path_factory.mktemp("logging") / "run"
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 20, 0.5)
    with record(model, optimizer, path) as recording:
        for k in range(60):
            optimizer.zero_grad()
            model(torch.ones(1, 1)).square().sum().backward()
            optimizer.step()
            schedule.step()
            logged = {"val_accuracy": k / 100, "huge": 1e300} if k % 3 == 2 else {}
            recording.log(loss=1.0 / (k + 1), **logged, **({"<b>once</b>": 7.0} if k == 40 else {}))
    return Trace.open(path)


def test_every_logged_metric_and_the_learning_rate_are_on_the_page(logging_loop):
    numbers = run_numbers(logging_loop)
    json.dumps(numbers, allow_nan=False)
    logged = {(series["name"], series["rate"]): series for series in numbers["logged"]}
    assert list(logged) == [("val_accuracy", 0), ("huge", 0), ("<b>once</b>", 0), ("", 1)]
    accuracy, rate = logged["val_accuracy", 0], logged["", 1]
    at, values = logging_loop.metrics["val_accuracy"]
    assert accuracy["x"] == at.tolist()
    np.testing.assert_allclose(unpacked(accuracy["y"]), values, rtol=1e-6)
    np.testing.assert_allclose(unpacked(rate["y"]), [0.1] * 20 + [0.05] * 20 + [0.025] * 20, rtol=1e-6)


def test_the_number_at_a_state_is_the_latest_that_was_logged_by_then(logging_loop):
    numbers = run_numbers(logging_loop)
    at, values = logging_loop.metrics["val_accuracy"]
    for update, shown in zip(numbers["kept"], unpacked(numbers["logged"][0]["at"]), strict=True):
        known = [value for when, value in zip(at, values, strict=True) if when <= update]
        assert np.isnan(shown) if not known else shown == np.float32(known[-1])


def test_a_trained_run_has_its_learning_rate(shown):
    (rate,) = shown["line"]["logged"]
    assert (rate["name"], rate["rate"]) == ("", 1) and set(unpacked(rate["y"])) == {np.float32(0.1)}
