"""record() around steps compiled by torch.compile: hooks and log() are called, but not compiled."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import torch
from gradreel.core.recording.recording import record
from gradreel.core.trace.trace import Trace
from gradreel.core.trace.verify import verify
from torch import nn

X = torch.linspace(-1, 1, 24).reshape(12, 2)
HOW = ["the step", "the model", "the training step"]


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


def trained(how: str, kind: Callable[..., torch.optim.Optimizer], path: Path | None) -> list[torch.Tensor]:
    """Return the parameters after each of nine updates; the middle three are recorded. The backend compiles no C++."""
    torch.manual_seed(5)
    model = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1))
    optimizer = kind(model.parameters(), lr=0.05)
    compiled = torch.compile(model, backend="eager") if how == "the model" else model
    step = torch.compile(optimizer.step, backend="eager") if how == "the step" else optimizer.step

    def train() -> None:
        loss = compiled(X).square().mean()
        optimizer.zero_grad()
        loss.backward()
        step()

    training_step = torch.compile(train, backend="eager") if how == "the training step" else train
    states = []

    def updates() -> None:
        for _ in range(3):
            training_step()
            states.append(nn.utils.parameters_to_vector(model.parameters()).detach().clone())

    updates()
    with record(model, optimizer, path) if path else nullcontext():
        updates()
    updates()
    return states


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("kind", [torch.optim.SGD, torch.optim.Adam])
def test_a_compiled_step_is_recorded_and_the_recorder_is_not_compiled(how, kind, tmp_path):
    messages, states = [], []
    for path in (None, tmp_path / "run"):
        torch._dynamo.reset()
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            states.append(trained(how, kind, path))
        messages.append({str(warning.message) for warning in warned})
    assert messages[1] <= messages[0], "torch.compile tells what it met within the recorder"
    assert all(map(torch.equal, *states))
    trace = Trace.open(tmp_path / "run", checksums=True)
    assert torch.equal(torch.tensor(trace.parameters), torch.stack(states[0][2:6]))
    assert verify(tmp_path / "run").intact


@pytest.mark.filterwarnings("ignore", "error:record")  # torch.compile gives warnings
def test_a_compiled_training_step_calls_log_and_does_not_compile_it(tmp_path):
    sources: list[str] = []  # of each operation that was compiled

    def backend(graph: torch.fx.GraphModule, _: object) -> Callable[..., Any]:
        sources.extend(node.stack_trace or "" for node in graph.graph.nodes)
        return graph.forward

    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    with record(model, optimizer, tmp_path / "run") as recording:

        def train(k: int) -> torch.Tensor:
            loss = model(X).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            recording.log(loss=loss, epoch=k, batch=[k], accuracy=k * loss)
            return loss.detach()

        compiled = torch.compile(train, backend=backend)
        losses = [compiled(k).item() for k in range(5)]
    assert any(__file__ in source for source in sources), "the training step is compiled"
    assert not any("core/recording" in source for source in sources)
    trace = Trace.open(tmp_path / "run", checksums=True)
    assert trace.batch_loss.tolist() == losses and trace.epoch.tolist() == [0, 1, 2, 3, 4]
    assert trace.batch.tolist() == [0, 1, 2, 3, 4]
    assert trace.metrics["accuracy"][1].tolist() == pytest.approx([k * losses[k] for k in range(5)])
