"""``trace.state_dict(update)`` loads into the model and gives the model as it was."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from gradreel.core.errors import TraceError
from gradreel.core.network.theta import predict
from gradreel.core.recording.recording import record
from gradreel.core.trace.trace import Trace
from gradreel.core.trace.verify import verify
from torch import nn

X = torch.linspace(-1, 1, 24).reshape(12, 2)


class Tied(nn.Module):
    """A module and a weight that are used twice, half precision, and buffers of several dtypes."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm = nn.Linear(2, 2), nn.BatchNorm1d(2)
        self.second, self.again = nn.Linear(2, 2, bias=False), self.norm
        self.second.weight = self.first.weight
        self.scale = nn.Parameter(torch.ones(2, dtype=torch.bfloat16))
        self.register_buffer("mask", torch.tensor([True, False, True]))
        self.register_buffer("seen", torch.zeros((), dtype=torch.int64))
        self.register_buffer("mean", torch.zeros(2, dtype=torch.float16))
        self.register_buffer("phases", torch.ones(2, dtype=torch.complex64))
        self.register_buffer("later", None)
        self.register_buffer("passing", torch.zeros(3), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.seen += 1
        self.mean = (0.5 * self.mean + x.mean(0)).half()  # a new tensor each time
        self.phases *= 1j
        self.mask[1] = ~self.mask[1]
        return self.again(self.second(self.norm(self.first(x)))) * self.scale.float()


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(a[key].dtype == b[key].dtype and torch.equal(a[key], b[key]) for key in a)


def run(path: Path, model: nn.Module, every: int = 1, updates: int = 7) -> list[dict[str, torch.Tensor]]:
    """Record updates of a model. Return its ``state_dict()`` after 0, 1, ... updates and at the end of the loop."""
    torch.manual_seed(3)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    states = []
    with record(model, optimizer, path, keep={"every": every}) as recording:
        states.append(copy.deepcopy(model.state_dict()))
        for _ in range(updates):
            loss = model(X + torch.randn(12, 2)).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            recording.log(loss=loss)
            states.append(copy.deepcopy(model.state_dict()))
            model(X)  # an evaluation in train mode, by mistake: the buffers change
        states[-1] = copy.deepcopy(model.state_dict())
    return states


@pytest.mark.parametrize("every", [1, 3, 7, 20])
@pytest.mark.parametrize("make", [Tied, lambda: nn.DataParallel(Tied()), lambda: nn.Linear(2, 1)])
def test_each_kept_state_loads_with_strict_and_is_that_model_buffers_and_all(make, every, tmp_path):
    states = run(tmp_path / "run", make(), every)
    trace = Trace.open(tmp_path / "run", checksums=True)
    assert trace.kept.tolist() == [*range(0, 7, every), 7]
    for update in trace.kept:
        kept = trace.state_dict(int(update))
        assert same(kept, states[update])
        model = make()
        model.load_state_dict(kept, strict=True)
        assert same(model.state_dict(), states[update])
    assert verify(trace.path).intact


def test_a_reloaded_network_with_batch_statistics_gives_the_same_predictions(tmp_path):
    model = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 1))
    model.load_state_dict(run(tmp_path / "run", model, updates=20)[-1])
    again = copy.deepcopy(model)
    for parameter in [*again.parameters(), *again.buffers()]:
        nn.init.zeros_(parameter)
    again.load_state_dict(Trace.open(tmp_path / "run").state_dict(20), strict=True)
    assert torch.equal(model.eval()(X), again.eval()(X))


def test_a_state_that_was_not_kept_is_named(tmp_path):
    run(tmp_path / "run", nn.Linear(2, 1), every=3)
    with pytest.raises(TraceError, match="the state after 2 updates was not kept, that after 3 was"):
        Trace.open(tmp_path / "run").state_dict(2)


def test_the_state_dict_is_a_copy(tmp_path):
    run(tmp_path / "run", nn.Linear(2, 1))
    trace = Trace.open(tmp_path / "run")
    trace.state_dict(0)["weight"].zero_()
    assert trace.state_dict(0)["weight"].abs().min() > 0


def test_a_buffer_that_changes_its_shape_is_dropped_with_a_warning(tmp_path):
    model = Tied()
    model.register_forward_hook(lambda *_: setattr(model, "mask", torch.cat([model.mask, model.mask])))
    with pytest.warns(UserWarning, match=r"the shape or dtype of mask changed .* has no such tensor"):
        states = run(tmp_path / "run", model, updates=4)
    for update, state in enumerate(states):
        del state["mask"]
        assert same(Trace.open(tmp_path / "run", checksums=True).state_dict(update), state)


class Normalized(nn.Module):
    """A module with a buffer and no parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(2))


@pytest.mark.parametrize(
    ("name", "comes"),
    [
        ("later", lambda model: setattr(model, "later", torch.ones(2))),  # None at first
        ("new", lambda model: model.register_buffer("new", torch.ones(2))),
        ("part.mean", lambda model: model.add_module("part", Normalized())),
    ],
)
def test_a_buffer_added_later_gives_a_warning(name, comes, tmp_path):
    model = Tied()
    model.register_forward_hook(lambda *_: comes(model))
    with pytest.warns(UserWarning, match=rf"of {name} changed .* or it came later; .* has no such tensor"):
        run(tmp_path / "run", model, updates=2)


@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")
def test_a_scripted_model_is_recorded_with_its_buffers(tmp_path):
    model = torch.jit.script(nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Linear(4, 1)))
    states = run(tmp_path / "run", model)
    trace = Trace.open(tmp_path / "run", checksums=True)
    assert all(same(trace.state_dict(update), state) for update, state in enumerate(states))


@pytest.mark.parametrize("every", [1, 3])
def test_weights_that_are_loaded_after_the_loop_are_recorded_with_their_buffers(every, tmp_path):
    model = Tied()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with record(model, optimizer, tmp_path / "run", keep={"every": every}):
        for k in range(4):
            model(X).mean().backward()
            optimizer.step()
            if k == 1:
                best = copy.deepcopy(model.state_dict())
        model.load_state_dict(best)
    assert same(Trace.open(tmp_path / "run", checksums=True).state_dict(4), best)


def test_a_run_interrupted_within_a_step_has_its_buffers(tmp_path):
    model = Tied()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    states = []

    def loop() -> None:
        with record(model, optimizer, tmp_path / "run"):
            for k in range(4):
                model(X).mean().backward()
                optimizer.step(None if k < 3 else lambda: {}["nothing"])
                states.append(copy.deepcopy(model.state_dict()))

    with pytest.raises(KeyError):
        loop()
    trace = Trace.open(tmp_path / "run.interrupted", checksums=True)
    assert trace.n_updates == 3 and same(trace.state_dict(3), states[2])


def test_a_trained_run_loads_into_a_sequential_of_linear_layers(tiny_trace):
    model = nn.Sequential(nn.Linear(1, 2), nn.Sigmoid(), nn.Linear(2, 1)).double()
    model.load_state_dict(tiny_trace.state_dict(tiny_trace.n_updates), strict=True)
    features = tiny_trace.run.dataset.features()
    expected = predict(tiny_trace.run, np.array(tiny_trace.parameters[-1]), features)
    np.testing.assert_allclose(model(torch.from_numpy(features)).detach().numpy()[:, 0], expected, rtol=1e-12)
