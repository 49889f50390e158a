"""Buffers and frozen parameters are copied for the kept states when they change, and load exactly."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gradreel.core.errors import UserError
from gradreel.core.recording.recording import record
from gradreel.core.trace.trace import Trace
from gradreel.core.trace.verify import verify
from torch import nn

X = torch.linspace(-1, 1, 24).reshape(12, 2)
SMALL, LARGE = 20, 40_000  # entries of tensors that are copied together with others, and alone


class Model(nn.Module):
    """A trained layer, and whatever a test adds to the model."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(x)


def run(
    path: Path,
    model: nn.Module,
    between: Callable[[int], None] = lambda k: None,
    every: int = 1,
    updates: int = 6,
    optimizer: torch.optim.Optimizer | None = None,
) -> Trace:
    """Record updates of ``model`` with ``between(k)`` before update k, and check that each kept state loads as it
    was.
    """
    optimizer = optimizer or torch.optim.SGD(model.head.parameters(), lr=0.1)
    states = []
    with record(model, optimizer, path, keep={"every": every}):
        for k in range(updates):
            states.append(copy.deepcopy(model.state_dict()))
            between(k)
            optimizer.zero_grad()
            model(X).square().mean().backward()
            optimizer.step()
        between(updates)
        states.append(copy.deepcopy(model.state_dict()))
    trace = Trace.open(path, checksums=True)
    for k in trace.kept.tolist():
        loaded = trace.state_dict(k)
        assert loaded.keys() == states[k].keys()
        assert all(same(loaded[name], states[k][name]) for name in loaded), f"after {k} updates"
        copy.deepcopy(model).load_state_dict(loaded, strict=True)
    return trace


def same(a: torch.Tensor, b: torch.Tensor) -> bool:
    bits = [tensor.contiguous().reshape(-1).view(torch.uint8) for tensor in (a, b)]
    return a.dtype == b.dtype and a.shape == b.shape and torch.equal(*bits)


def copied_bytes(trace: Trace) -> int:
    return len(trace.columns["tensor_bytes"])


# ---- buffers


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_a_constant_buffer_is_written_once_and_a_changing_one_each_time(size, tmp_path):
    model = Model()
    model.register_buffer("mask", torch.ones(size))
    model.register_buffer("seen", torch.zeros((), dtype=torch.int64))
    trace = run(tmp_path / "run", model, lambda k: model.seen.add_(1), updates=9)
    assert copied_bytes(trace) <= 4 * size + 8 * 11


def test_buffers_are_read_for_kept_states_alone(tmp_path):
    class Counted(dict[str, Any]):
        reads = 0

        def __getitem__(self, name: str) -> Any:
            Counted.reads += name == "mask"
            return super().__getitem__(name)

    model = Model()
    model.register_buffer("mask", torch.ones(LARGE))
    object.__setattr__(model, "_buffers", Counted(model._buffers))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with record(model, optimizer, tmp_path / "run", keep={"every": 10}):
        before = Counted.reads
        for _ in range(29):
            model(X).square().mean().backward()
            optimizer.step()
        assert Counted.reads - before == 2
    assert copied_bytes(Trace.open(tmp_path / "run")) == 4 * LARGE


def test_the_last_states_buffers_are_those_when_the_loop_ends(tmp_path):
    model = Model()
    model.register_buffer("seen", torch.zeros(()))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with record(model, optimizer, tmp_path / "run"):
        for k in range(3):
            model(X).square().mean().backward()
            optimizer.step()
            model.seen.fill_(k)
        model.seen.fill_(7)
    trace = Trace.open(tmp_path / "run", checksums=True)
    assert [trace.state_dict(k)["seen"].item() for k in range(4)] == [0, 0, 0, 7]


# ---- frozen parameters


def frozen(model: nn.Module, tensor: torch.Tensor, name: str = "backbone") -> nn.Parameter:
    parameter = nn.Parameter(tensor, requires_grad=False)
    model.register_parameter(name, parameter)
    return parameter


DTYPES = [
    torch.uint8, torch.int64, torch.bool, torch.complex64, torch.complex128, torch.bfloat16, torch.float16,
    torch.float64, torch.float8_e4m3fn, torch.float8_e5m2, torch.uint16,
]  # fmt: skip


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_a_frozen_parameter_of_any_dtype_is_written_once_and_no_part_of_theta(dtype, size, tmp_path):
    model = Model()
    data = (
        torch.arange(size * dtype.itemsize).to(torch.uint8).view(dtype) if dtype != torch.bool else torch.eye(4).bool()
    )
    frozen(model, data)
    trace = run(tmp_path / "run", model)
    assert [part.name for part in trace.run.parts] == ["head.weight", "head.bias"]
    assert copied_bytes(trace) == data.nbytes and trace.run.dtype == "float32"
    assert verify(trace.path).exact


def test_a_head_on_a_frozen_backbone_writes_its_own_size(tmp_path):
    model = Model()
    frozen(model, torch.randn(100_000))
    frozen(model, torch.randn(3), "small")
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)  # its buffers include all of them
    trace = run(tmp_path / "run", model, updates=50, optimizer=optimizer)
    assert sum(file.stat().st_size for file in trace.path.iterdir()) < 2 * 400_000


@pytest.mark.parametrize(
    "make",
    [
        lambda: torch.randn(200, 300).T,
        lambda: torch.randn(50_000)[::2],
        lambda: torch.ones(1).expand(30_000),
        lambda: torch.randn(40_000, dtype=torch.complex64).conj(),
        lambda: torch.tensor(3.0),
        lambda: torch.empty(0, 3),
    ],
)
def test_a_frozen_parameter_with_unusual_strides_is_recorded(make, tmp_path):
    model = Model()
    frozen(model, make())
    assert not verify(run(tmp_path / "run", model).path).problems


def test_a_frozen_module_in_two_places_and_a_tied_weight_are_written_once(tmp_path):
    model = Model()
    model.first = nn.Linear(2, 2).requires_grad_(False)
    model.again = model.first
    model.tied = nn.Linear(2, 2, bias=False)
    model.tied.weight = model.first.weight
    assert copied_bytes(run(tmp_path / "run", model)) == 4 * (4 + 2)


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize(
    "change",
    [
        lambda p: p.data.mul_(0.9).add_(0.01),  # like a moving average of a network
        lambda p: setattr(p, "data", p.data * 0.9),
        lambda p: p.copy_(p + 1),
        lambda p: p.numpy().__imul__(0.5),
    ],
)
def test_a_frozen_parameter_that_the_loop_moves_is_recorded(change, size, tmp_path):
    model = Model()
    parameter = frozen(model, torch.randn(size))
    trace = run(tmp_path / "run", model, lambda k: change(parameter) if k in (2, 3) else None)
    assert copied_bytes(trace) == 3 * 4 * size
    line = "what no recorded optimizer trains and the loop itself changed: backbone"
    assert line in verify(trace.path).unchecked and verify(trace.path).intact


def test_a_change_of_a_single_entry_unknown_to_torch_is_recorded_at_the_end(tmp_path):
    model = Model()
    parameter = frozen(model, torch.randn(LARGE))
    optimizer = torch.optim.SGD(model.head.parameters(), lr=0.1)
    with record(model, optimizer, tmp_path / "run"):
        for _ in range(4):
            model(X).mean().backward()
            optimizer.step()
            parameter.data[7] += 1
    assert same(Trace.open(tmp_path / "run").state_dict(4)["backbone"], parameter)


def test_freed_and_restored_memory_is_no_change(tmp_path):
    model = Model()
    parameter = frozen(model, torch.randn(LARGE))

    def between(k: int) -> None:
        parameter.data = parameter.data.clone()  # as libraries do that offload parameters

    assert copied_bytes(run(tmp_path / "run", model, between)) == 4 * LARGE


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_a_loop_may_resize_what_is_recorded(size, tmp_path):
    """Observers of quantization resize their buffers, and sharded training the memory of parameters."""
    model = Model()
    model.register_buffer("seen", torch.zeros(size))
    model.register_parameter("frozen", nn.Parameter(torch.ones(size), requires_grad=False))
    model.register_parameter("wide", nn.Parameter(torch.ones(size)))
    optimizer = torch.optim.SGD([*model.head.parameters(), model.wide], lr=0.1)
    examples = torch.arange(4)
    with record(model, optimizer, tmp_path / "run") as recording:
        for _ in range(3):
            model.wide.grad = torch.ones(size)
            model(X).mean().backward()
            optimizer.step()
            recording.log(batch=examples)
            for tensor in (model.seen, model.frozen, model.wide, model.wide.grad, examples):
                tensor.untyped_storage().resize_(2 * tensor.nbytes)
    assert Trace.open(tmp_path / "run", checksums=True).n_updates == 3


def test_a_parameter_that_replaces_a_frozen_one_is_recorded(tmp_path):
    model = Model()
    frozen(model, torch.zeros(3))

    def between(k: int) -> None:
        if k == 2:
            frozen(model, torch.ones(3))

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert copied_bytes(run(tmp_path / "run", model, between)) == 2 * 12


@pytest.mark.parametrize("held", [True, False])
@pytest.mark.parametrize("every", [1, 4])
def test_a_thawed_parameter_is_recorded_from_then_on_and_named(held, every, tmp_path):
    model = Model()
    model.body = nn.Linear(2, 2).requires_grad_(False)
    model.forward = lambda x: model.head(model.body(x))
    optimizer = torch.optim.Adam(model.parameters() if held else model.head.parameters(), lr=0.1)

    def between(k: int) -> None:
        if k == 3:
            model.body.requires_grad_(True)
            if not held:
                optimizer.add_param_group({"params": list(model.body.parameters())})
        if k == 5:
            model.body.requires_grad_(False)

    with pytest.warns(
        UserWarning, match="record: body.weight, body.bias: frozen when the recording began, and trained"
    ):
        trace = run(tmp_path / "run", model, between, every, updates=9, optimizer=optimizer)
    assert [tensor.name for tensor in trace.run.tensors if tensor.thawed] == ["body.weight", "body.bias"]
    verification = verify(trace.path)
    assert verification.intact and not verification.exact
    assert any("trained later" in line and "body.weight" in line for line in verification.unchecked)


def test_a_parameter_frozen_later_stays_in_theta(tmp_path):
    model = Model()
    model.body = nn.Linear(2, 2)
    model.forward = lambda x: model.head(model.body(x))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    trace = run(tmp_path / "run", model, lambda k: model.body.requires_grad_(k < 3), optimizer=optimizer)
    assert not trace.run.tensors and verify(trace.path).exact
    assert not np.diff(trace.parameters[3:, 3:], axis=0).any()


def test_a_parameter_that_no_optimizer_has_is_not_in_theta(tmp_path):
    model = Model()
    model.body = nn.Linear(2, 2)
    model.forward = lambda x: model.head(model.body(x))
    trace = run(tmp_path / "run", model)
    assert trace.n_parameters == 3 and copied_bytes(trace) == 24


def test_a_frozen_parameter_without_bytes_is_left_out_and_named(tmp_path):
    model = Model()
    frozen(model, torch.eye(3).to_sparse(), "sparse")
    frozen(model, torch.empty(3, device="meta"), "away")
    optimizer = torch.optim.SGD(model.head.parameters(), lr=0.1)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        with record(model, optimizer, tmp_path / "run"):
            model(X).mean().backward()
            optimizer.step()
    assert str(warned[0].message).startswith("record: sparse, away: no plain memory")
    assert [warning.filename for warning in warned] == [__file__]
    assert Trace.open(tmp_path / "run").state_dict(1).keys() == {"head.weight", "head.bias"}


def test_a_trained_parameter_that_is_no_real_number_is_refused(tmp_path):
    model = Model()
    model.twist = nn.Parameter(torch.ones(2, dtype=torch.complex64))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    refused = pytest.raises(UserError, match=r"twist is of type torch\.complex64")
    with refused, record(model, optimizer, tmp_path / "run"):
        pytest.fail("the loop began")
