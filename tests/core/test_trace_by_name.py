"""A trace's tensors, rates and metrics by name, its states one after the other, and its table for pandas."""

from __future__ import annotations

import copy
import itertools
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from gradreel.core.datasets import PointsDataset
from gradreel.core.errors import TraceError, UserError
from gradreel.core.experiment import Experiment
from gradreel.core.network.training import train
from gradreel.core.recording.recording import record
from gradreel.core.trace.trace import Trace
from torch import nn

X = torch.linspace(-1, 1, 24).reshape(12, 2)


class Tied(nn.Module):
    """A matrix, a vector, a number, a buffer, and a weight with two names."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(2, 2), nn.Linear(2, 2, bias=False)
        self.second.weight = self.first.weight
        self.norm = nn.BatchNorm1d(2)
        self.scale = nn.Parameter(torch.tensor(2.0))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.norm(self.second(self.first(x))) * self.scale


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Trace, list[dict[str, torch.Tensor]]]:
    """Return a trace of seven updates, and the model's state dict at each kept state."""
    torch.manual_seed(3)
    model, path = Tied(), tmp_path_factory.mktemp("traces") / "run"
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    states = [copy.deepcopy(model.state_dict())]
    with record(model, optimizer, path) as recording:
        for update in range(7):
            loss = (model(X) - 1).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            recording.log(loss=loss, epoch=update // 4)
            if update % 3 == 0:
                recording.log(accuracy=0.1 * update)
                recording.log(accuracy=0.2 * update)
            states.append(copy.deepcopy(model.state_dict()))
    return Trace.open(path), states


def test_a_tensor_of_a_recorded_run_is_the_models_at_each_kept_state(recorded):
    trace, states = recorded
    for name in ("first.weight", "second.weight", "first.bias", "norm.weight", "scale"):
        expected = torch.stack([state[name] for state in states]).numpy()
        np.testing.assert_array_equal(trace[name], expected, strict=True)


def test_a_tensor_of_a_trained_run_is_that_of_its_state_dict(tmp_path):
    three_classes = {"loss": "ce", "dataset": PointsDataset(points=[[1, 2, 0], [3, 4, 1], [5, 6, 2]])}
    for hidden, more in itertools.product([(), (3,), (4, 2)], [{}, three_classes]):
        trace = train(Experiment(hidden=hidden, epochs=2, **more), tmp_path)
        for row, update in enumerate(trace.kept.tolist()):
            state = trace.state_dict(update)
            assert list(trace.tensors()) == list(state)
            for name, tensor in state.items():
                np.testing.assert_array_equal(trace[name][row], tensor.numpy(), strict=True)


def test_a_tensor_is_a_read_only_view_of_the_file(recorded):
    trace, _ = recorded
    weight = trace["first.weight"]
    assert np.shares_memory(weight, trace.parameters)
    with pytest.raises(ValueError, match="read-only"):
        weight[0, 0, 0] = 1.0


def test_tensors_are_found_by_pattern(recorded):
    trace, _ = recorded
    assert list(trace.tensors("*.weight")) == ["first.weight", "norm.weight", "second.weight"]
    assert trace.tensors("nothing*") == {}
    assert set(trace.tensors()) >= {"scale", "first.bias"} and "norm.running_mean" not in trace.tensors()


def test_a_name_that_is_not_in_theta_is_refused_with_similar_names(recorded):
    trace, _ = recorded
    for name in ("first.wieght", "norm.running_mean", "\x1b[31m"):
        with pytest.raises(TraceError) as refused:
            trace[name]
        assert ".weight" in str(refused.value) and "\x1b" not in str(refused.value)


def test_iterating_gives_the_kept_states(recorded):
    trace, states = recorded
    assert len(trace) == len(states)
    for update, (state, expected) in enumerate(zip(trace, states, strict=True)):
        assert state.update == update
        np.testing.assert_array_equal(state.parameters, trace.parameters[update])
        np.testing.assert_array_equal(state["first.weight"], expected["first.weight"].numpy(), strict=True)


def test_the_rate_is_that_of_each_update(recorded, tmp_path):
    trace, _ = recorded
    np.testing.assert_allclose(trace["rate"], 0.5 ** np.arange(1, 8)[:, None])
    run = Experiment(hidden=(2,), epochs=4, batch_size=16, learning_rate=0.1, schedule={"step": 2, "factor": 0.5})
    trained = train(run, tmp_path)
    np.testing.assert_allclose(trained["rate"][:, 0], [run.rate(epoch) for epoch in trained.epoch])


class Rates(nn.Module):
    """A module with a parameter called "rate"."""

    def __init__(self) -> None:
        super().__init__()
        self.rate = nn.Parameter(torch.ones(3))


def test_a_parameter_called_rate_comes_before_the_learning_rate(tmp_path):
    model = Rates()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    with record(model, optimizer, tmp_path / "run"):
        model.rate.sum().backward()
        optimizer.step()
    assert Trace.open(tmp_path / "run")["rate"].tolist() == [[1.0] * 3, [0.5] * 3]


def test_the_table_for_pandas_has_what_was_logged_at_its_update(recorded):
    trace, _ = recorded
    table = trace.to_pandas()
    assert list(table.columns) == ["epoch", "loss", "rate", "accuracy"] and list(table.index) == list(range(8))
    np.testing.assert_array_equal(table["loss"], [*trace.batch_loss, np.nan])
    np.testing.assert_array_equal(table["epoch"], [0, 0, 0, 0, 1, 1, 1, np.nan])
    np.testing.assert_array_equal(table["rate"][:7], trace["rate"][:, 0])
    logged = table["accuracy"].dropna()
    assert list(logged.index) == [1, 4, 7]
    np.testing.assert_allclose(logged, [0.0, 0.6, 1.2])


def test_without_pandas_the_command_that_installs_it_is_named(recorded, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(UserError, match="pip install pandas"):
        recorded[0].to_pandas()


def test_the_repr_is_one_printable_line(recorded, tmp_path):
    trace, _ = recorded
    assert repr(trace).startswith(f"<Trace '{trace.path}': 7 updates of 11 parameters, 8 states kept, model ")
    assert repr(next(iter(trace))) == "<State after 0 updates: 11 parameters>"
    odd = tmp_path / "a\x1b\nb"
    Path(trace.path).rename(odd)
    try:
        text = repr(Trace.open(odd))
    finally:
        odd.rename(trace.path)
    assert "\x1b" not in text and "\n" not in text
