"""The loss around a recorded path: equal to torch's, computed without changing anything, kept beside the trace."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gradreel.core.analysis import landscape
from gradreel.core.analysis.landscape import COARSE, landscape_of, mean_loss
from gradreel.core.analysis.planes import plane_of
from gradreel.core.errors import TraceError, UserError
from gradreel.core.experiment import Experiment
from gradreel.core.network.training import train
from gradreel.core.recording.recording import record
from gradreel.core.trace.trace import Trace
from gradreel.core.trace.verify import verify
from torch.nn.functional import mse_loss

X = torch.linspace(-1, 1, 24).reshape(12, 2)
Y = (X[:, :1] * X[:, 1:]).sin()
FINE = 17


def new_model() -> torch.nn.Sequential:
    torch.manual_seed(2)
    return torch.nn.Sequential(
        torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3), torch.nn.Tanh(), torch.nn.Dropout(0.5), torch.nn.Linear(3, 1)
    )


def recorded(path: Path, **how: Any) -> torch.nn.Sequential:
    """Record a loop of 15 updates at ``path``, and return its model."""
    model = new_model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
    with record(model, optimizer, path, **how) as recording:
        for _ in range(15):
            optimizer.zero_grad()
            loss = mse_loss(model(X), Y)
            loss.backward()
            optimizer.step()
            recording.log(loss=loss)
    return model


def loss_of(model: Any) -> torch.Tensor:
    return mse_loss(model(X), Y)


@pytest.fixture(autouse=True)
def small_grids(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the finest grid small."""
    monkeypatch.setattr(landscape, "FINE", FINE)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a recorded run. Tests must not change it."""
    path = tmp_path_factory.mktemp("landscape") / "run"
    recorded(path)
    return path


def loss_by_loading(trace: Trace, theta: np.ndarray) -> float:
    """Return the loss at theta in another way: the numbers are copied into a model."""
    model = new_model().eval()
    model.load_state_dict(trace.state_dict(trace.n_updates))
    with torch.no_grad():
        torch.nn.utils.vector_to_parameters(torch.tensor(theta, dtype=torch.float32), model.parameters())
        return float(loss_of(model))


def test_losses_are_those_of_the_model_at_each_point(path):
    trace = Trace.open(path)
    found = landscape_of(trace, new_model(), loss_of, seconds=0)
    plane, grid = plane_of(trace), found.path
    assert grid.loss.shape == (COARSE, COARSE) and np.ptp(grid.loss) > 0
    for i, j in [(0, 0), (3, 7), (COARSE - 1, 2)]:
        theta = plane.theta(np.array([grid.u[j], grid.v[i]]))
        assert grid.loss[i, j] == loss_by_loading(trace, theta)


def test_the_path_lies_inside_with_room_around_it(path):
    trace = Trace.open(path)
    grid = landscape_of(trace, new_model(), loss_of, seconds=0).path
    uv = plane_of(trace).coordinates(np.asarray(trace.parameters))
    for ends, along in ((grid.u, uv[:, 0]), (grid.v, uv[:, 1])):
        assert ends[0] < along.min() and along.max() < ends[-1]


def test_random_directions_have_filters_as_long_as_the_states(path):
    trace = Trace.open(path)
    found = landscape_of(trace, new_model(), loss_of, seconds=1e9)
    around = found.random
    assert around is not None and around.u[0] == -1 and around.u[-1] == 1
    middle = FINE // 2
    last = np.asarray(trace.parameters[-1], dtype=np.float64)
    assert around.loss[middle, middle] == loss_by_loading(trace, last)
    generator = np.random.default_rng(0)
    direction, other = generator.standard_normal((2, len(last)))
    del other
    for name, (start, shape) in {"0.weight": (0, (3, 2)), "4.weight": (15, (1, 3))}.items():
        part = slice(start, start + int(np.prod(shape)))
        filters, own = direction[part].reshape(shape), last[part].reshape(shape)
        np.testing.assert_array_equal(own, trace[name][-1])
        direction[part] = (filters / np.linalg.norm(filters, axis=1, keepdims=True)
                           * np.linalg.norm(own, axis=1, keepdims=True)).ravel()  # fmt: skip
    for start, size in ((6, 3), (9, 3), (12, 3), (18, 1)):  # biases and BatchNorm
        direction[start : start + size] = 0
    assert around.loss[middle, -1] == pytest.approx(loss_by_loading(trace, last + direction), rel=1e-6)


def test_refined_grids_have_the_points_of_the_coarse_one(path):
    trace = Trace.open(path)
    coarse = landscape_of(trace, new_model(), loss_of, seconds=0)
    fine = landscape_of(trace, new_model(), loss_of, seconds=1e9)
    step = (FINE - 1) // (COARSE - 1)
    np.testing.assert_array_equal(fine.path.loss[::step, ::step], coarse.path.loss)
    np.testing.assert_allclose(fine.path.u[::step], coarse.path.u, rtol=1e-12)
    assert fine.random is not None and coarse.random is None


def test_the_model_its_mode_and_the_random_states_stay(path):
    model = new_model()
    model[1].eval()
    before, modes = copy.deepcopy(model.state_dict()), [module.training for module in model.modules()]
    states = torch.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()

    def draws(called: Any) -> torch.Tensor:
        torch.rand(3), np.random.rand(), random.random()
        return loss_of(called)

    landscape_of(Trace.open(path), model, draws, seconds=0)
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    assert [module.training for module in model.modules()] == modes
    assert all(parameter.grad is None for parameter in model.parameters())
    assert torch.equal(states[0], torch.get_rng_state()) and random.getstate() == states[2]
    assert np.random.get_state()[1].tolist() == states[1]


def test_batches_give_the_mean_over_all_examples(monkeypatch):
    model = new_model().eval()
    monkeypatch.setattr(landscape, "BATCH", 5)
    assert mean_loss(X, Y, mse_loss)(model) == pytest.approx(loss_of(model).item(), rel=1e-6)


def test_record_computes_it_from_data_and_the_trace_stays_exact(tmp_path, path):
    model = recorded(tmp_path / "run", data=(X, Y), loss=mse_loss)
    trace = Trace.open(tmp_path / "run", checksums=True)
    found = trace.kept_landscape()
    assert found is not None and found.random is not None
    assert found.path.loss[0, 0] == pytest.approx(
        landscape_of(trace, new_model(), loss_of, seconds=0).path.loss[0, 0], rel=1e-6
    )
    assert verify(trace.path).exact and model.training
    for name, column in Trace.open(path).columns.items():
        np.testing.assert_array_equal(trace.columns[name], column)


def test_a_trace_without_a_landscape_has_none_and_another_runs_is_ignored(tmp_path, path):
    assert Trace.open(path).kept_landscape() is None
    recorded(tmp_path / "run")
    trace = Trace.open(tmp_path / "run")
    assert trace.compute_landscape(new_model(), loss_of, seconds=0) is not None
    note = json.loads((trace.path / "landscape.json").read_text())
    (trace.path / "landscape.json").write_text(json.dumps({**note, "trace": "0" * 64}))
    assert trace.kept_landscape() is None


def test_a_loss_that_is_not_finite_is_kept_as_it_is(path, tmp_path):
    found = landscape_of(Trace.open(path), new_model(), lambda model: torch.tensor(float("nan")), seconds=0)
    assert np.isnan(found.path.loss).all()


def no_loss(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    raise OSError("no loss today")


def test_a_failing_loss_gives_a_warning_and_keeps_the_trace(tmp_path):
    with pytest.warns(UserWarning, match="could not be computed: no loss today"):
        recorded(tmp_path / "run", data=(X, Y), loss=no_loss)
    assert verify(tmp_path / "run").exact


@pytest.mark.parametrize(
    "wrong",
    [{"data": (X, Y)}, {"loss": mse_loss}, {"data": (X, Y[:3]), "loss": mse_loss}, {"data": X, "loss": mse_loss}],
)
def test_data_without_a_loss_or_of_other_lengths_is_refused_before_the_loop(wrong, tmp_path):
    with pytest.raises(UserError, match="data="):
        recorded(tmp_path / "run", **wrong)
    assert not list(tmp_path.glob("[!.]*"))


def test_other_models_other_losses_and_trained_runs_are_refused(path, tmp_path):
    trace = Trace.open(path)
    with pytest.raises(TraceError, match=r"no tensor '4\.bias'|has shape"):
        landscape_of(trace, torch.nn.Sequential(*new_model()[:4]), loss_of)
    with pytest.raises(TraceError, match=r"0\.weight has shape \(3, 2\), in the model \(3, 4\)"):
        landscape_of(trace, torch.nn.Sequential(torch.nn.Linear(4, 3), *new_model()[1:]), loss_of)
    with pytest.raises(UserError, match="must be one number"):
        landscape_of(trace, new_model(), lambda model: model(X))
    trained = train(Experiment(hidden=(), epochs=2), tmp_path)
    with pytest.raises(TraceError, match="for recorded ones"):
        landscape_of(trained, new_model(), loss_of)


@pytest.mark.parametrize("damage", ["text", "numbers", "points", "ends", "pickle"])
def test_damaged_files_are_refused_by_name(damage, tmp_path):
    recorded(tmp_path / "run")
    trace = Trace.open(tmp_path / "run")
    trace.compute_landscape(new_model(), loss_of, seconds=0)
    text, numbers = trace.path / "landscape.json", trace.path / "landscape.npy"
    note = json.loads(text.read_text())
    match damage:
        case "text":
            text.write_text("{")
        case "numbers":
            numbers.write_bytes(numbers.read_bytes()[:-9])
        case "points":
            text.write_text(json.dumps({**note, "points": 10**9}))
        case "ends":
            text.write_text(json.dumps({**note, "maps": [{**note["maps"][0], "u": [0, 1e999]}]}))
        case "pickle":
            np.save(numbers, np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(TraceError, match="its landscape is damaged"):
        trace.kept_landscape()
    assert verify(trace.path).exact
