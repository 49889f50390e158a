"""record() around loops of every kind: the trace has what the loop did, and the loop computes the same numbers."""

from __future__ import annotations

import copy
import gc
import json
import os
import re
import shutil
import signal
import threading
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gradreel.core.errors import UserError
from gradreel.core.recording import step_recorder, update_log
from gradreel.core.recording.recording import Recording, record
from gradreel.core.recording.row_writer import RowWriter
from gradreel.core.trace.trace import Trace
from gradreel.core.trace.verify import verify
from gradreel.core.trace.write_behind import ColumnWriter
from torch import nn
from torch.nn.functional import mse_loss
from torch.optim.optimizer import _global_optimizer_post_hooks, register_optimizer_step_post_hook

X = torch.linspace(-1, 1, 24).reshape(12, 2)
Y = (X[:, :1] * X[:, 1:]).sin()


class Seen:
    """States and gradients of a loop, copied with plain torch code as a reference."""

    def __init__(self, tensors: list[torch.Tensor], recording: Recording | None = None) -> None:
        self.tensors, self.recording = tensors, recording
        self.states: list[torch.Tensor] = []
        self.gradients: list[torch.Tensor] = []
        self.losses: list[float] = []

    def flat(self, tensors: list[torch.Tensor]) -> torch.Tensor:
        wide = torch.float64 if any(t.dtype == torch.float64 for t in self.tensors) else torch.float32
        return torch.cat([t.detach().to_dense().to("cpu", wide).reshape(-1) for t in tensors])

    def before(self) -> None:
        """Copy the state and the gradient right before a step."""
        self._state = self.flat(self.tensors)

    def after(self, loss: torch.Tensor) -> None:
        """Copy the state right after a step, and note its loss."""
        self.states.append(self._state)
        self.gradients.append(self.flat([torch.zeros_like(t) if t.grad is None else t.grad for t in self.tensors]))
        self.losses.append(loss.item())
        if self.recording is not None:
            self.recording.log(loss=loss)


class Loop:
    """A model, its optimizers and the loop; made anew for each run."""

    def __init__(self, model: nn.Module, *optimizers: torch.optim.Optimizer) -> None:
        self.model, self.optimizers = model, list(optimizers)
        self.extra: list[torch.Tensor] = []

    def step(self, seen: Seen, k: int) -> None:
        (optimizer,) = self.optimizers
        loss = mse_loss(self.model(X.to(next(self.model.parameters()).dtype)).float(), Y)
        optimizer.zero_grad()
        loss.backward()
        self.between(k)
        seen.before()
        optimizer.step()
        seen.after(loss)

    def between(self, k: int) -> None:
        """Do nothing; subclasses act here between backward and step."""

    def run(self, seen: Seen, updates: int = 7) -> None:
        for k in range(updates):
            self.step(seen, k)


def net(*more: nn.Module, dtype: torch.dtype | None = None) -> nn.Sequential:
    return nn.Sequential(nn.Linear(2, 4, dtype=dtype), nn.Tanh(), *more, nn.Linear(4, 1, dtype=dtype))


class Groups(Loop):
    """Parameter groups, a frozen part, a part that no optimizer has, clipping, gradients set to zero."""

    def __init__(self) -> None:
        model = net(nn.Linear(4, 4), nn.Linear(4, 4))
        model[2].weight.requires_grad_(False)
        groups = [
            {"params": [*model[0].parameters(), model[2].weight], "lr": 0.5},
            {"params": model[4].parameters(), "weight_decay": 0.1},
        ]
        super().__init__(model, torch.optim.SGD(groups, lr=0.1))

    def between(self, k: int) -> None:
        nn.utils.clip_grad_norm_(self.model.parameters(), 0.05)


class Shared(Loop):
    """One weight used twice, dropout (random numbers) and batch statistics (buffers)."""

    def __init__(self) -> None:
        head = nn.Linear(4, 1)
        model = nn.Sequential(
            nn.Linear(2, 4), nn.Linear(4, 4), nn.Dropout(0.3), nn.BatchNorm1d(4), nn.Linear(4, 4), head
        )
        model[4].weight = model[1].weight
        super().__init__(model, torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True))


class Foreach(Loop):
    def __init__(self) -> None:
        model = net()
        super().__init__(model, torch.optim.Adam(model.parameters(), lr=0.05, foreach=True))


class Schedule(Loop):
    """Learning rate and betas that change with each update, with a fused optimizer."""

    def __init__(self) -> None:
        model = net()
        optimizer = torch.optim.AdamW(model.parameters(), lr=0.05, fused=True)
        super().__init__(model, optimizer)
        self.scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.2, total_steps=10)

    def step(self, seen: Seen, k: int) -> None:
        super().step(seen, k)
        self.scheduler.step()


class Scaled(Loop):
    """A GradScaler that skips the third and the fifth step because of infinite gradients."""

    def __init__(self, fused: bool = False) -> None:
        model = net()
        optimizer = torch.optim.Adam(model.parameters(), lr=0.05, fused=fused)
        super().__init__(model, optimizer)
        self.scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)

    def step(self, seen: Seen, k: int) -> None:
        (optimizer,) = self.optimizers
        with torch.autocast("cpu", torch.bfloat16):
            loss = mse_loss(self.model(X).float(), Y)
        optimizer.zero_grad()
        self.scaler.scale(loss * (torch.inf if k in (2, 4) else 1)).backward()
        seen.before()
        self.scaler.step(optimizer)
        self.scaler.update()
        if k not in (2, 4):
            seen.after(loss)


class ScaledFused(Scaled):
    def __init__(self) -> None:
        super().__init__(fused=True)


class Adversaries(Loop):
    """Two optimizers that alternate; the second one's parameters have old gradients while the first steps."""

    def __init__(self) -> None:
        model = nn.ModuleList([net(), net()])
        optimizers = [torch.optim.Adam(part.parameters(), lr=0.02, betas=(0.5, 0.9)) for part in model]
        super().__init__(model, *optimizers)

    def step(self, seen: Seen, k: int) -> None:
        for i, optimizer in enumerate(self.optimizers):
            difference = self.model[0](X) - self.model[1](X) - Y
            loss = (-1) ** i * difference.square().mean()
            self.model.zero_grad(set_to_none=i == 0)
            loss.backward()
            seen.before()
            optimizer.step()
            seen.after(loss)


class Closure(Loop):
    """LBFGS, which computes the gradient several times in a step; the last one counts."""

    def __init__(self) -> None:
        model = net()
        super().__init__(
            model, torch.optim.LBFGS(model.parameters(), lr=0.5, max_iter=4, line_search_fn="strong_wolfe")
        )

    def step(self, seen: Seen, k: int) -> None:
        (optimizer,) = self.optimizers

        def closure() -> torch.Tensor:
            optimizer.zero_grad()
            loss = mse_loss(self.model(X), Y)
            loss.backward()
            return loss

        seen.before()
        loss = optimizer.step(closure)
        seen.after(loss)


class Half(Loop):
    def __init__(self, dtype: torch.dtype = torch.bfloat16) -> None:
        model = net(dtype=dtype)
        super().__init__(model, torch.optim.SGD(model.parameters(), lr=0.5))


class Float16(Half):
    def __init__(self) -> None:
        super().__init__(torch.float16)


class Mixed(Loop):
    """Parameters in float64 and bfloat16."""

    def __init__(self) -> None:
        model = nn.ModuleList([nn.Linear(2, 3, dtype=torch.float64), nn.Linear(3, 1, dtype=torch.bfloat16)])
        super().__init__(model, torch.optim.SGD(model.parameters(), lr=0.5))

    def step(self, seen: Seen, k: int) -> None:
        (optimizer,) = self.optimizers
        loss = mse_loss(self.model[1](self.model[0](X.double()).bfloat16()).float(), Y)
        optimizer.zero_grad()
        loss.backward()
        seen.before()
        optimizer.step()
        seen.after(loss)


class Clipped(Loop):
    """Weights that are clipped after each step, by replacing the tensors."""

    def __init__(self) -> None:
        model = net()
        super().__init__(model, torch.optim.RMSprop(model.parameters(), lr=0.05))

    def step(self, seen: Seen, k: int) -> None:
        super().step(seen, k)
        for tensor in self.model.parameters():
            tensor.data = tensor.data.clamp(-0.3, 0.3)


class Grown(Loop):
    """A part that is thawed and added to the optimizer during the run, and one without a gradient in the first
    updates.
    """

    def __init__(self) -> None:
        model = net(nn.Linear(4, 4))
        model[0].requires_grad_(False)
        model[3].weight.requires_grad_(False)
        super().__init__(model, torch.optim.Adam([*model[2].parameters(), *model[3].parameters()], lr=0.05))

    def between(self, k: int) -> None:
        if k == 3:
            self.model.requires_grad_(True)
            self.optimizers[0].add_param_group({"params": list(self.model[0].parameters()), "lr": 0.2})


class Outside(Loop):
    """An optimizer that also trains a number outside the model."""

    def __init__(self) -> None:
        model = net()
        self.scale = torch.ones((), requires_grad=True)
        groups = [{"params": model.parameters()}, {"params": [self.scale], "lr": 0.3}]
        super().__init__(model, torch.optim.SGD(groups, lr=0.1))
        self.extra = [self.scale]

    def step(self, seen: Seen, k: int) -> None:
        (optimizer,) = self.optimizers
        loss = mse_loss(self.model(X) * self.scale, Y)
        optimizer.zero_grad()
        loss.backward()
        seen.before()
        optimizer.step()
        seen.after(loss)


class Sparse(Loop):
    def __init__(self) -> None:
        model = nn.Sequential(nn.Embedding(5, 2, sparse=True), nn.Linear(2, 1))
        super().__init__(model, torch.optim.SGD(model.parameters(), lr=0.1))

    def step(self, seen: Seen, k: int) -> None:
        (optimizer,) = self.optimizers
        loss = self.model(torch.tensor([k % 5, 2])).square().mean()
        optimizer.zero_grad()
        loss.backward()
        seen.before()
        optimizer.step()
        seen.after(loss)


class Wrapped(Loop):
    """A module around the model."""

    def __init__(self) -> None:
        model = nn.DataParallel(net())
        super().__init__(model, torch.optim.Rprop(model.parameters(), lr=0.01))


OUTSIDE = pytest.mark.filterwarnings("ignore:record. the optimizer also has parameters")
THAWED = pytest.mark.filterwarnings("ignore:record. .* frozen when the recording began, and trained later")
LOOPS: list[Any] = [  # functions that make a Loop
    Groups, Shared, Foreach, Schedule, Scaled, ScaledFused, Adversaries, Closure, Half, Float16, Mixed, Clipped,
    pytest.param(Grown, marks=THAWED), pytest.param(Outside, marks=OUTSIDE), Sparse, Wrapped,
]  # fmt: skip


def made(make: Callable[[], Loop], path: Path | None = None, **how: Any) -> tuple[Loop, Seen, torch.Tensor]:
    """Run a loop and return it, what was seen of it, and the state of the random generator; with a ``path``, record
    it.
    """
    torch.manual_seed(5)
    loop = make()
    optimizers = loop.optimizers if len(loop.optimizers) > 1 else loop.optimizers[0]
    with record(loop.model, optimizers, path, **how) if path else nullcontext() as recording:
        seen = Seen([*loop.model.parameters(), *loop.extra], recording)
        loop.run(seen)
    seen.states.append(seen.flat(seen.tensors))
    return loop, seen, torch.get_rng_state()


def same(a: Any, b: Any) -> bool:
    """Return whether two values are equal bit for bit, through dicts and lists."""
    if isinstance(a, torch.Tensor):
        bits = [tensor.detach().reshape(-1).view(torch.uint8) for tensor in (a, b)]
        return a.dtype == b.dtype and a.shape == b.shape and torch.equal(*bits)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and a == b


@pytest.mark.parametrize("make", LOOPS)
@pytest.mark.parametrize("keep", ["every update", {"every": 3}])
def test_recording_does_not_change_the_loops_numbers(make, keep, tmp_path):
    plain, seen, random = made(make)
    recorded, seen_too, random_too = made(make, tmp_path / "run", keep=keep)
    assert same(random, random_too)
    assert same(seen.losses, seen_too.losses) and same(seen.states, seen_too.states)
    assert same(plain.model.state_dict(), recorded.model.state_dict())
    for a, b in zip(plain.optimizers, recorded.optimizers, strict=True):
        assert same(a.state_dict(), b.state_dict())
    for tensor, other in zip(plain.model.parameters(), recorded.model.parameters(), strict=True):
        assert tensor.requires_grad == other.requires_grad and (tensor.grad is None) == (other.grad is None)


@pytest.mark.parametrize("make", LOOPS)
@pytest.mark.parametrize("every", [1, 3])
def test_the_trace_is_what_the_loop_did(make, every, tmp_path):
    loop, seen, _ = made(make, tmp_path / "run", keep={"every": every})
    trace = Trace.open(tmp_path / "run", checksums=True)
    updates = len(seen.losses)
    assert trace.n_updates == updates and trace.run.ended_by is None
    assert trace.kept.tolist() == [*range(0, updates, every), updates]
    names = [name for name, _ in loop.model.named_parameters()]
    in_theta = {part.name for part in trace.run.parts}
    sizes = [tensor.numel() for tensor in seen.tensors]
    theta = torch.cat([torch.full((n,), i >= len(names) or names[i] in in_theta) for i, n in enumerate(sizes)])
    assert same(torch.tensor(trace.parameters), torch.stack([seen.states[k][theta] for k in trace.kept]))
    assert same(torch.tensor(trace.gradient), torch.stack([seen.gradients[k][theta] for k in trace.kept[:-1]]))
    for k in trace.kept.tolist():
        loaded = trace.state_dict(k)
        assert same(seen.flat([loaded[name] for name in names]), seen.states[k][: sum(sizes[: len(names)])])
    assert trace.batch_loss.tolist() == seen.losses
    assert trace.epoch.tolist() == [-1] * updates


@pytest.mark.parametrize(
    ("make", "dtype"), [(Half, "float32"), (Float16, "float32"), (Foreach, "float32"), (Mixed, "float64")]
)
def test_columns_are_as_wide_as_the_widest_parameter(make, dtype, tmp_path):
    made(make, tmp_path / "run")
    assert Trace.open(tmp_path / "run").parameters.dtype == dtype


def test_groups_and_their_rates(tmp_path):
    made(Groups, tmp_path / "run")
    run = Trace.open(tmp_path / "run").run
    assert [(part.name, part.trained, part.shape) for part in run.parts] == [
        ("0.weight", True, (4, 2)), ("0.bias", True, (4,)), ("4.weight", True, (1, 4)), ("4.bias", True, (1,)),
    ]  # fmt: skip
    assert [tensor.name for tensor in run.tensors] == ["2.weight", "2.bias", "3.weight", "3.bias"]
    assert all(tensor.frozen and not tensor.thawed for tensor in run.tensors)
    (optimizer,) = run.optimizers
    assert optimizer.kind == "torch.optim.sgd.SGD"
    assert [group.parts for group in optimizer.groups] == [(0, 1), (2, 3)]
    assert [(group.settings["lr"], group.settings["weight_decay"]) for group in optimizer.groups] == [
        (0.5, 0),
        (0.1, 0.1),
    ]
    assert Trace.open(tmp_path / "run").rates.tolist() == [[0.5, 0.1]] * 7


def test_settings_follow_the_schedule(tmp_path):
    torch.manual_seed(5)
    loop, rates, betas = Schedule(), [], []
    with record(loop.model, loop.optimizers[0], tmp_path / "run"):
        for k in range(7):
            (group,) = loop.optimizers[0].param_groups
            rates.append(group["lr"])
            betas.append(group["betas"])
            loop.step(Seen(list(loop.model.parameters())), k)
    trace = Trace.open(tmp_path / "run")
    assert trace.rates[:, 0].tolist() == rates and len(set(rates)) > 3
    recorded = np.hstack([trace.setting("betas.0"), trace.setting("betas.1")])
    assert list(map(tuple, recorded.tolist())) == betas and len(set(betas)) > 3
    assert set(trace.setting("eps")[:, 0]) == {1e-8} and np.isnan(trace.setting("momentum")).all()


def test_a_rate_that_is_a_tensor_is_read_at_each_update(tmp_path):
    model = nn.Linear(2, 1)
    optimizer = torch.optim.Adam(model.parameters(), lr=torch.tensor(0.5, dtype=torch.float64))
    with record(model, optimizer, tmp_path / "run"):
        for k in range(3):
            optimizer.param_groups[0]["lr"].fill_(0.5 / (k + 1))
            steps(model, optimizer, 1)
    assert Trace.open(tmp_path / "run").rates[:, 0].tolist() == [0.5, 0.25, 0.5 / 3]


def test_too_many_settings_are_dropped(tmp_path, monkeypatch):
    monkeypatch.setattr(update_log, "MOST_SETTINGS", 1)
    torch.manual_seed(5)
    loop = Schedule()
    with record(loop.model, loop.optimizers[0], tmp_path / "run"):
        loop.run(Seen(list(loop.model.parameters())), 7)
    verification = verify(tmp_path / "run")
    assert verification.intact and verification.updates == 0, str(verification)


def steps(model: nn.Module, optimizer: torch.optim.Optimizer, count: int) -> None:
    for _ in range(count):
        optimizer.zero_grad()
        mse_loss(model(X), Y).backward()
        optimizer.step()


def test_a_new_optimizer_made_in_the_loop_gives_one_warning(tmp_path):
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with warnings.catch_warnings(record=True) as caught, record(model, optimizer, tmp_path / "run"):
        steps(model, optimizer, 3)
        steps(model, torch.optim.Adam(model.parameters()), 2)
    (warning,) = caught
    assert re.search(r"an optimizer \(Adam\) .* not in .*run, .*\(3 updates so far\)", str(warning.message))
    assert Path(warning.filename) == Path(__file__)
    assert Trace.open(tmp_path / "run").n_updates == 3


class Proxy:
    """A proxy as Lightning Fabric makes it: it has the optimizer's class and attributes, and calls its step."""

    def __init__(self, optimizer: torch.optim.Optimizer) -> None:
        self.__dict__ = dict(vars(optimizer))
        self._optimizer = optimizer
        self.__class__ = type("ProxyAdam", (Proxy, type(optimizer)), {})

    def step(self) -> None:
        self._optimizer.step()


@pytest.mark.filterwarnings("error")
def test_the_optimizer_inside_a_proxy_is_recorded(tmp_path):
    torch.manual_seed(5)
    loop = Foreach()
    proxy = Proxy(loop.optimizers[0])
    with record(loop.model, proxy, tmp_path / "run"):
        for _ in range(4):
            mse_loss(loop.model(X), Y).backward()
            proxy.step()
    assert Trace.open(tmp_path / "run").run.optimizers[0].kind == "torch.optim.adam.Adam"
    assert verify(tmp_path / "run").updates == 4


def test_an_optimizer_of_another_model_or_inside_a_step_gives_no_warning(tmp_path, monkeypatch):
    monkeypatch.setattr(threading, "active_count", lambda: 1)  # pytest may have others

    class Wrapping(torch.optim.SGD):
        def step(self, closure=None):
            inner.step()

    model, other = nn.Linear(2, 1), nn.Linear(2, 1)
    inner, outer = torch.optim.SGD(model.parameters(), lr=0.1), Wrapping(model.parameters(), lr=0.1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with record(model, outer, tmp_path / "run"):
            steps(model, outer, 2)
            steps(other, torch.optim.Adam(other.parameters()), 2)
    assert Trace.open(tmp_path / "run").n_updates == 2
    assert not _global_optimizer_post_hooks


@pytest.mark.parametrize(
    ("where", "named"), [("model", "weight"), ("optimizer", "optimizer 0, group 0"), ("both", "weight, optimizer 0")]
)
def test_a_replaced_parameter_gives_a_warning(tmp_path, where, named):
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with warnings.catch_warnings(record=True) as caught, record(model, optimizer, tmp_path / "run"):
        steps(model, optimizer, 2)
        weight = nn.Parameter(model.weight.detach().clone())
        if where != "optimizer":
            model.weight = weight
        if where != "model":
            optimizer.param_groups[0]["params"][0] = weight
        steps(model, optimizer, 2)
    (warning,) = caught
    assert re.match(f"record: {named}.* was replaced by another tensor", str(warning.message))
    assert Trace.open(tmp_path / "run").n_updates == 4


def test_which_optimizer_made_an_update(tmp_path):
    made(Adversaries, tmp_path / "run")
    trace = Trace.open(tmp_path / "run")
    assert trace.columns["optimizer"].tolist() == [0, 1] * 7
    assert np.array_equal(trace.rates, [[0.02, np.nan], [np.nan, 0.02]] * 7, equal_nan=True)
    assert [part.name for part in trace.run.parts][::4] == ["0.0.weight", "1.0.weight"]


@THAWED
def test_a_group_that_comes_later_has_no_rate_before(tmp_path):
    made(Grown, tmp_path / "run")
    trace = Trace.open(tmp_path / "run")
    assert np.array_equal(trace.rates, [[0.05, np.nan]] * 3 + [[0.05, 0.2]] * 4, equal_nan=True)
    assert [group.parts for group in trace.run.optimizers[0].groups] == [(0, 1, 2), ()]
    assert [part.name for part in trace.run.parts] == ["2.weight", "2.bias", "3.bias"]
    assert [tensor.name for tensor in trace.run.tensors if tensor.thawed] == ["0.weight", "0.bias", "3.weight"]


def test_a_group_of_unknown_parameters_ends_the_recording_not_the_loop(tmp_path):
    torch.manual_seed(5)
    loop = Foreach()
    seen = Seen(list(loop.model.parameters()))

    def run() -> None:
        with record(loop.model, loop.optimizers[0], tmp_path / "run"):
            loop.run(seen, 3)
            loop.optimizers[0].add_param_group({"params": [torch.ones(2, requires_grad=True)]})
            loop.run(seen, 2)

    with pytest.warns(UserWarning, match=r"ends after 2 updates.*were not there at the start"):
        run()
    assert len(seen.losses) == 5
    trace = Trace.open(tmp_path / "run.interrupted", checksums=True)
    assert trace.n_updates == 2 and trace.run.ended_by == "ValueError"
    assert not (tmp_path / "run").exists()


@OUTSIDE
def test_parameters_of_an_optimizer_alone_follow_the_models(tmp_path):
    made(Outside, tmp_path / "run")
    assert Trace.open(tmp_path / "run").run.parts[-1].name == "optimizer 0, group 1, 0"
    assert Trace.open(tmp_path / "run").run.parts[-1].shape == ()


def test_a_warning_says_how_parameters_of_another_model_are_recorded(tmp_path):
    a, b = net(), nn.Linear(2, 1)
    optimizer = torch.optim.SGD([*a.parameters(), *b.parameters()], lr=0.1)
    message = (
        r'has parameters that the Linear does not have.*as "optimizer 0, group 0, 0", .*, 2" and 1 more.*ModuleList'
    )
    mse_loss(b(X), Y).backward()

    def run() -> None:
        with record(b, optimizer, tmp_path / "run"):
            optimizer.step()

    with pytest.warns(UserWarning, match=message) as warned:
        run()
    assert [warning.filename for warning in warned] == [__file__]
    names = [part.name for part in Trace.open(tmp_path / "run").run.parts]
    assert names == ["weight", "bias", *(f"optimizer 0, group 0, {k}" for k in range(4))]


def test_changes_made_between_updates_are_counted(tmp_path):
    made(Clipped, tmp_path / "clipped")
    made(Foreach, tmp_path / "foreach")
    run = Trace.open(tmp_path / "clipped").run
    assert run.first_edit == 1 and 1 <= run.edits <= 7
    assert Trace.open(tmp_path / "foreach").run.edits == 0


def lies_transposed(model: nn.Module) -> None:
    model[0].weight.data = model[0].weight.data.T.contiguous().T


@pytest.mark.parametrize("made_so", [lambda model: None, lies_transposed, lambda model: model.double()])
@pytest.mark.parametrize(
    "edit",
    [
        lambda tensor: tensor.detach().numpy().__setitem__((0, 0), 7),
        lambda tensor: tensor.data.mul_(0.5),
        lambda tensor: setattr(tensor, "data", tensor.data.clone() + 1),
    ],
)
def test_any_change_between_updates_is_detected_and_recorded(edit, made_so, tmp_path):
    torch.manual_seed(5)
    loop = Half(torch.float32)
    made_so(loop.model)
    seen = Seen(list(loop.model.parameters()))
    with record(loop.model, loop.optimizers, tmp_path / "run"):
        for k in range(7):
            if k in (2, 3, 5):
                edit(loop.model[0].weight)
            loop.step(seen, k)
        edit(loop.model[0].weight)
        last = seen.flat(seen.tensors)
    trace = Trace.open(tmp_path / "run", checksums=True)
    assert (trace.run.edits, trace.run.first_edit) == (4, 2)
    assert same(torch.tensor(trace.parameters), torch.stack([*seen.states, last]))
    assert same(torch.tensor(trace.gradient), torch.stack(seen.gradients))


def test_freed_memory_ends_the_recording_not_the_loop(tmp_path):
    torch.manual_seed(5)
    loop = Half(torch.float32)
    seen = Seen(list(loop.model.parameters()))

    def run() -> None:
        with record(loop.model, loop.optimizers, tmp_path / "run"):
            loop.run(seen, 3)
            weight, (group,) = loop.model[0].weight, loop.optimizers[0].param_groups
            kept = weight.data.clone()
            weight.untyped_storage().resize_(0)  # as libraries do that offload parameters
            group["params"] = [loop.model[2].weight]
            loop.optimizers[0].step()
            weight.untyped_storage().resize_(kept.nbytes)
            weight.data.copy_(kept)
            loop.run(seen, 2)

    with pytest.warns(UserWarning, match="after 2 updates, the loop goes on: ValueError: the memory of 0.weight"):
        run()
    assert Trace.open(tmp_path / "run.interrupted", checksums=True).n_updates == 2  # complete updates


@pytest.mark.parametrize("at_the_start", [True, False])
def test_a_parameter_whose_gradient_the_loop_sets_counts_as_trained(at_the_start, tmp_path):
    model = net()
    model[2].weight.requires_grad_(False)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    ones = torch.ones_like(model[2].weight)
    if at_the_start:
        model[2].weight.grad = ones
    message = "2.weight: frozen when .* trained later"
    warned = nullcontext() if at_the_start else pytest.warns(UserWarning, match=message)
    with warned, record(model, optimizer, tmp_path / "run"):
        for _ in range(3):
            optimizer.zero_grad()
            mse_loss(model(X), Y).backward()
            model[2].weight.grad = ones  # computed by the loop itself
            optimizer.step()
    trace = Trace.open(tmp_path / "run", checksums=True)
    states = torch.stack([trace.state_dict(k)["2.weight"] for k in range(4)])
    assert states.diff(dim=0).numpy() == pytest.approx(-0.1)
    assert ("2.weight" in [part.name for part in trace.run.parts]) == at_the_start


@pytest.mark.parametrize("find", [False, True])
def test_all_parameters_count_as_trained_if_none_of_the_optimizers_asks_for_a_gradient(find, tmp_path):
    model = nn.ModuleList([nn.Linear(2, 1), nn.Linear(2, 1)])
    model.requires_grad_(False)  # like one half of a model whose halves are trained in turns
    optimizers = [torch.optim.SGD(part.parameters(), lr=0.1) for part in model]
    with record(model, None if find else optimizers, tmp_path / "run"):
        for k in range(4):
            model.requires_grad_(False)
            model[k % 2].requires_grad_(True)
            model[k % 2](X).mean().backward()
            optimizers[k % 2].step()
    trace = Trace.open(tmp_path / "run")
    assert len(trace.run.parts) == 4 and not trace.run.tensors and np.diff(trace.parameters, axis=0).any(axis=0).all()


class SpendsGradients(torch.optim.Optimizer):
    """A user's optimizer: gradient descent that deletes its gradients, with or without a closure."""

    def __init__(self, parameters: Any) -> None:
        super().__init__(parameters, {})

    def step(self, closure: Any = None) -> None:
        if closure is not None:
            closure()
        for tensor in self.param_groups[0]["params"]:
            tensor.data -= 0.1 * tensor.grad
            if closure is None:
                tensor.grad.zero_()


@pytest.mark.parametrize("how", ["plain", "closure", "closure by name"])
def test_the_gradient_is_the_one_that_the_optimizer_used(how, tmp_path):
    torch.manual_seed(5)
    model, gradients = net(), []
    optimizer = SpendsGradients(model.parameters())

    def closure() -> None:
        model.zero_grad()
        mse_loss(model(X), Y).backward()
        gradients.append(torch.cat([tensor.grad.reshape(-1) for tensor in model.parameters()]).tolist())

    with record(model, optimizer, tmp_path / "run"):
        for _ in range(4):
            if how == "plain":
                closure()
                optimizer.step()
            elif how == "closure":
                optimizer.step(closure)
            else:
                optimizer.step(closure=closure)
    trace = Trace.open(tmp_path / "run")
    assert trace.gradient.tolist() == gradients and any(gradients[3])
    assert np.isnan(trace.rates).all()  # it has no gradient


# ---- log


def some_updates(path: Path, logs: Callable[[Recording, int, str], None], updates: int = 5) -> Trace:
    """Record a run that calls ``logs(recording, k, when)`` before and after each step."""
    torch.manual_seed(5)
    loop = Foreach()
    (optimizer,) = loop.optimizers
    with record(loop.model, optimizer, path) as recording:
        for k in range(updates):
            optimizer.zero_grad()
            mse_loss(loop.model(X), Y).backward()
            logs(recording, k, "before")
            optimizer.step()
            logs(recording, k, "after")
    return Trace.open(path, checksums=True)


@pytest.mark.parametrize("when", ["before", "after"])
def test_logged_values_belong_to_the_neighbouring_update(when, tmp_path):
    def logs(recording: Recording, k: int, now: str) -> None:
        assert recording.updates == k + (now == "after")
        if now == when:
            recording.log(loss=10.0 + k)
            recording.log(epoch=k // 2, batch=list(range(k)))

    trace = some_updates(tmp_path / "run", logs)
    assert trace.batch_loss.tolist() == [10, 11, 12, 13, 14]
    assert trace.epoch.tolist() == [0, 0, 1, 1, 2]
    assert [trace.examples(k).tolist() for k in range(5)] == [list(range(k)) for k in range(5)]


def test_log_can_name_an_update_and_missing_values_are_marked(tmp_path):
    def logs(recording: Recording, k: int, now: str) -> None:
        if (k, now) == (3, "after"):
            recording.log(update=1, loss=torch.tensor(2.5, requires_grad=True), epoch=torch.tensor(7))
            recording.log(update=4, batch=torch.tensor([5, 6]))  # the coming update
            recording.log(loss=1)

    trace = some_updates(tmp_path / "run", logs)
    assert np.array_equal(trace.batch_loss, [np.nan, 2.5, np.nan, 1, np.nan], equal_nan=True)
    assert trace.epoch.tolist() == [-1, 7, -1, -1, -1]
    assert trace.examples(4).tolist() == [5, 6] and trace.examples(1).tolist() == []
    assert trace.run.examples_logged == 2 and trace.run.first_nan_loss is None


def skipping(path: Path, skipped: set[int], log: Callable[[Recording, torch.Tensor, int], None]) -> tuple[Any, Trace]:
    """Record seven steps, some skipped by a GradScaler, with ``log(recording, loss, k)`` after each.

    Return the other losses.
    """
    torch.manual_seed(5)
    model, losses = net(), []
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    with record(model, optimizer, path) as recording:
        for k in range(7):
            optimizer.zero_grad()
            loss = mse_loss(model(X), Y) + k
            scaler.scale(loss * (torch.inf if k in skipped else 1)).backward()
            scaler.step(optimizer)
            scaler.update()
            losses += [] if k in skipped else [loss.item()]
            log(recording, loss, k)
    return losses, Trace.open(path, checksums=True)


@pytest.mark.parametrize("skipped", [{0}, {0, 1, 4}, {3}, {2, 6}])
def test_after_a_step_the_loss_of_a_skipped_one_is_ignored(skipped, tmp_path):
    losses, trace = skipping(tmp_path / "run", skipped, lambda recording, loss, k: recording.log(loss=loss, epoch=k))
    assert trace.batch_loss.tolist() == losses
    assert trace.epoch.tolist() == [k for k in range(7) if k not in skipped]


def test_values_of_a_skipped_step_are_dropped_by_field(tmp_path):
    def log(recording: Recording, loss: torch.Tensor, k: int) -> None:
        recording.log(loss=loss)
        recording.log(epoch=k)
        recording.log(batch=[k] * (k + 1))

    losses, trace = skipping(tmp_path / "run", {2, 5}, log)
    assert trace.batch_loss.tolist() == losses and trace.epoch.tolist() == [0, 1, 3, 4, 6]
    assert [trace.examples(i).tolist() for i in range(5)] == [[k] * (k + 1) for k in (0, 1, 3, 4, 6)]


def test_a_nan_loss_is_recorded(tmp_path):
    losses = [1.0, np.inf, np.nan, np.nan, 3.0]
    trace = some_updates(tmp_path / "run", lambda r, k, now: r.log(loss=losses[k]) if now == "after" else None)
    assert np.array_equal(trace.batch_loss, losses, equal_nan=True) and trace.run.first_nan_loss == 2


def test_logging_after_the_end_gives_a_warning(tmp_path):
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with record(model, optimizer, tmp_path / "run") as recording:
        steps(model, optimizer, 1)
        recording.log(loss=2.0)
    with pytest.warns(UserWarning, match="logged after the `with` is not in .*run; log it inside") as caught:
        recording.log(loss=1.0)
    assert Path(caught[0].filename) == Path(__file__)
    assert Trace.open(tmp_path / "run").batch_loss.tolist() == [2]


def test_logs_of_long_runs_are_written_in_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr(update_log, "MOST_HELD", 8)

    def logs(recording: Recording, k: int, now: str) -> None:
        if now == "after":
            recording.log(loss=k, epoch=k // 10, batch=torch.arange(k % 3))
            recording.log(update=max(0, k - 2), loss=-k - 2)

    trace = some_updates(tmp_path / "run", logs, 31)
    assert trace.batch_loss.tolist() == [(0 - 2 - 3 - 4) / 4, *[-2] * 28, 29, 30], "the mean of what was logged"
    assert trace.epoch.tolist() == [k // 10 for k in range(31)]
    assert [len(trace.examples(k)) for k in range(31)] == [k % 3 for k in range(31)]


# ---- endings


class EndingError(Exception):
    pass


def updates_then(path: Path, end: Callable[[Loop], None], updates: int = 5, **how: Any) -> Seen:
    """Record ``updates`` updates, then call ``end(loop)``, which usually raises."""
    torch.manual_seed(5)
    loop = Foreach()
    seen = Seen(list(loop.model.parameters()))
    with record(loop.model, loop.optimizers[0], path, **how):
        for k in range(updates):
            loop.step(seen, k)
        seen.states.append(seen.flat(seen.tensors))
        end(loop)
    return seen


def fails(loop: Loop) -> None:
    raise EndingError("as it happens")


def fails_while_stepping(loop: Loop) -> None:
    """Raise in the middle of a step."""

    def closure() -> float:
        with torch.no_grad():
            next(loop.model.parameters()).zero_()
        raise EndingError("as it happens")

    loop.optimizers[0].step(closure)


@pytest.mark.parametrize("end", [fails, fails_while_stepping])
@pytest.mark.parametrize(("every", "updates"), [(1, 5), (3, 5), (3, 6), (5, 6)])
def test_an_exception_keeps_the_old_trace_and_the_recorded_updates(end, every, updates, tmp_path):
    before = updates_then(tmp_path / "run", lambda loop: None, 3)
    with pytest.raises(EndingError, match="as it happens") as raised:
        updates_then(tmp_path / "run", end, updates, keep={"every": every})
    assert sorted(file.name for file in tmp_path.iterdir()) == [".run.lock", "run", "run.interrupted"]
    assert Trace.open(tmp_path / "run", checksums=True).n_updates == len(before.losses) == 3
    trace = Trace.open(tmp_path / "run.interrupted", checksums=True)
    whole = updates if end is fails else updates - updates % every
    (note,) = raised.value.__notes__
    assert note == f"record: {whole} updates were recorded; they are in {tmp_path / 'run.interrupted'}"
    assert trace.n_updates == whole and trace.run.ended_by == "EndingError"
    seen = updates_then(tmp_path / "again", lambda loop: None, updates)
    assert same(torch.tensor(trace.parameters), torch.stack([seen.states[k] for k in trace.kept]))
    assert same(torch.tensor(trace.gradient), torch.stack([seen.gradients[k] for k in trace.kept[:-1]]))


def test_a_failed_run_keeps_the_files_of_an_earlier_failed_run(tmp_path):
    for updates in (5, 1, 2):
        with pytest.raises(EndingError) as raised:
            updates_then(tmp_path / "run", fails, updates)
    left = {"run.interrupted": 5, "run.interrupted-2": 1, "run.interrupted-3": 2}
    assert {path.name: Trace.open(path, checksums=True).n_updates for path in tmp_path.glob("[!.]*")} == left
    assert str(tmp_path / "run.interrupted-3") in raised.value.__notes__[0]


def test_a_foreign_folder_with_the_interrupted_name_is_kept(tmp_path):
    (tmp_path / "run.interrupted").write_text("mine")
    with pytest.raises(EndingError):
        updates_then(tmp_path / "run", fails)
    assert (tmp_path / "run.interrupted").read_text() == "mine"
    assert Trace.open(tmp_path / "run.interrupted-2").n_updates == 5


def test_a_recording_that_ends_before_the_loop_says_where_it_will_be(tmp_path):
    with pytest.raises(EndingError):
        updates_then(tmp_path / "run", fails)

    with pytest.warns(UserWarning, match=r"ends after 4 updates.*they will be in .*run\.interrupted-2$"):
        updates_then(tmp_path / "run", lambda loop: loop.model.double())
    assert Trace.open(tmp_path / "run.interrupted-2").n_updates == 4


def test_a_failed_step_that_is_repeated_is_one_update(tmp_path):
    def end(loop: Loop) -> None:
        with pytest.raises(EndingError):
            fails_while_stepping(loop)
        loop.step(Seen(list(loop.model.parameters())), 5)

    updates_then(tmp_path / "run", end)
    trace = Trace.open(tmp_path / "run", checksums=True)
    assert trace.n_updates == 6 and not trace.parameters[5, :8].any()  # the state that the sixth update really left
    assert trace.run.first_edit == 5


def test_an_exception_before_the_first_update_keeps_nothing(tmp_path):
    with pytest.raises(EndingError) as raised:
        updates_then(tmp_path / "run", fails, 0)
    assert raised.value.__notes__ == ["record: nothing was recorded"]
    assert [file.name for file in tmp_path.iterdir()] == [".run.lock"]


def test_the_message_about_one_update_is_singular(tmp_path):
    with pytest.raises(EndingError) as raised:
        updates_then(tmp_path / "run", fails, 1)
    assert raised.value.__notes__ == [f"record: 1 update was recorded; it is in {tmp_path / 'run.interrupted'}"]


def test_no_update_at_all_is_an_error_that_says_why(tmp_path):
    loop, other = Foreach(), Foreach()
    seen = Seen(list(loop.model.parameters()))
    with (
        pytest.raises(UserError, match=r"saw no step\(\) of the Adam .* another optimizer object"),
        record(other.model, other.optimizers[0], tmp_path / "run"),
    ):
        loop.run(seen)
    assert [file.name for file in tmp_path.iterdir()] == [".run.lock"]


def test_ctrl_c_waits_until_an_update_is_whole(tmp_path, monkeypatch):
    append = RowWriter.append
    calls = 0

    def interrupted(rows: RowWriter, tensors: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 8:  # states and gradients alternate: the fourth gradient is appended next
            os.kill(os.getpid(), signal.SIGINT)
        append(rows, tensors)

    monkeypatch.setattr(RowWriter, "append", interrupted)
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt) as raised:
        updates_then(tmp_path / "run", lambda loop: None)
    assert signal.getsignal(signal.SIGINT) is handler
    assert "3 updates were recorded" in raised.value.__notes__[0]
    trace = Trace.open(tmp_path / "run.interrupted", checksums=True)
    assert trace.n_updates == 3 and trace.run.ended_by == "KeyboardInterrupt"
    seen = updates_then(tmp_path / "again", lambda loop: None)
    assert same(torch.tensor(trace.parameters), torch.stack(seen.states[:4]))


class AlarmError(Exception):
    """Raised by a handler of the loop's own."""


def raise_alarm(*_: object) -> None:
    raise AlarmError


def append_with_alarm(monkeypatch: pytest.MonkeyPatch, number: int, countdown: int) -> None:
    """Send a signal after ``countdown`` calls of `ColumnWriter.append`."""
    append = ColumnWriter.append
    calls = 0

    def append_then_signal(column: ColumnWriter, rows: Any) -> None:
        nonlocal calls
        append(column, rows)
        calls += 1
        if calls == countdown:
            os.kill(os.getpid(), number)

    monkeypatch.setattr(ColumnWriter, "append", append_then_signal)


@pytest.mark.parametrize(("number", "countdown"), [(signal.SIGINT, 1), *((signal.SIGALRM, k) for k in range(2, 7))])
def test_a_handler_that_the_loop_sets_waits_until_the_work_is_whole(tmp_path, monkeypatch, number, countdown):
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    states = [copy.deepcopy(model.state_dict())]
    handler = signal.getsignal(number)
    try:
        with suppress(AlarmError), record(model, optimizer, tmp_path / "run") as recording:
            signal.signal(number, raise_alarm)
            for k in range(20):
                if k == 2:
                    append_with_alarm(monkeypatch, number, countdown)
                mse_loss(model(X), Y).backward()
                optimizer.step()
                states.append(copy.deepcopy(model.state_dict()))
                recording.log(loss=k)
        assert signal.getsignal(number) is raise_alarm
    finally:
        signal.signal(number, handler)
    trace = Trace.open(tmp_path / "run.interrupted", checksums=True)
    assert trace.run.ended_by == "AlarmError" and len(states) - 1 <= trace.n_updates <= len(states)
    for k, state in enumerate(states):
        loaded = trace.state_dict(k)
        names = [name for name, _ in model.named_parameters()] if k == trace.n_updates else state
        assert all(
            torch.equal(loaded[name], state[name]) for name in names
        )  # the last buffers are those at the end of the loop


def test_a_handler_that_the_loop_puts_back_is_called_again(tmp_path):
    calls = []
    handler = signal.signal(signal.SIGUSR1, lambda *_: calls.append("before"))
    try:

        def end(loop: Loop) -> None:
            seen = Seen(list(loop.model.parameters()))
            before = signal.signal(signal.SIGUSR1, lambda *_: calls.append("inside"))
            for again in (None, before):
                if again is not None:
                    signal.signal(signal.SIGUSR1, again)
                loop.run(seen, 1)
                signal.raise_signal(signal.SIGUSR1)

        updates_then(tmp_path / "run", end)
        signal.raise_signal(signal.SIGUSR1)
    finally:
        signal.signal(signal.SIGUSR1, handler)
    assert calls == ["inside", "before", "before"]


def test_ctrl_c_while_the_recording_finishes_waits_until_it_is_whole(tmp_path, monkeypatch):
    write = os.pwrite

    def interrupted(*arguments: Any) -> int:
        os.kill(os.getpid(), signal.SIGINT)
        return write(*arguments)

    handler = signal.getsignal(signal.SIGINT)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt) as raised:
        updates_then(tmp_path / "run", lambda loop: patch.setattr(os, "pwrite", interrupted))
    assert signal.getsignal(signal.SIGINT) is handler
    assert raised.value.__notes__ == [f"record: 5 updates were recorded; they are in {tmp_path / 'run'}"]
    trace = Trace.open(tmp_path / "run", checksums=True)
    assert trace.n_updates == 5 and trace.run.ended_by is None
    assert sorted(file.name for file in tmp_path.iterdir()) == [".run.lock", "run"]


def test_ctrl_c_while_an_interrupted_recording_finishes(tmp_path, monkeypatch):
    write = os.pwrite

    def interrupted(*arguments: Any) -> int:
        os.kill(os.getpid(), signal.SIGINT)
        return write(*arguments)

    def end(loop: Loop) -> None:
        patch.setattr(os, "pwrite", interrupted)
        fails(loop)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt) as raised:
        updates_then(tmp_path / "run", end)
    assert isinstance(raised.value.__context__, EndingError) and "5 updates" in raised.value.__notes__[0]
    assert Trace.open(tmp_path / "run.interrupted", checksums=True).run.ended_by == "EndingError"


# ---- what the recorder cannot do


def test_a_disk_that_fills_ends_the_recording_not_the_loop(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(step_recorder, "BLOCK", 100)  # checked after each update

    def nearly_full(loop: Loop) -> None:
        monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1000))
        loop.run(Seen(list(loop.model.parameters())), 10)

    with pytest.warns(
        UserWarning, match="ends after 5 updates, the loop goes on: OSError: .* is nearly full"
    ) as caught:
        updates_then(tmp_path / "run", nearly_full)
    assert [warning.filename for warning in caught] == [__file__]
    assert not (tmp_path / "run").exists()
    trace = Trace.open(tmp_path / "run.interrupted", checksums=True)
    assert trace.n_updates == 5 and trace.run.ended_by == "OSError"


def test_the_error_for_a_full_disk_at_the_start_says_what_helps(tmp_path, monkeypatch):
    loop, usage = Foreach(), shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=10))
    message = "GB to begin with, .* GB free; make room, or choose a path on another disk$"
    refused(loop.model, loop.optimizers[0], tmp_path / "run", message)


def test_a_disk_that_fails_loses_the_recording_not_the_loop(tmp_path, monkeypatch):
    before = updates_then(tmp_path / "run", lambda loop: None, 3)

    def full(*_: Any) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        with pytest.warns(UserWarning, match=r"the recording is lost: .*No space left"):
            seen = updates_then(tmp_path / "run", lambda loop: None, 6)
    assert len(seen.losses) == 6
    assert Trace.open(tmp_path / "run", checksums=True).n_updates == len(before.losses)
    assert sorted(file.name for file in tmp_path.iterdir()) == [".run.lock", "run"]


def test_the_loops_exception_takes_precedence_over_the_disks(tmp_path, monkeypatch):
    def full(*_: Any) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        with pytest.raises(EndingError) as raised:
            updates_then(tmp_path / "run", fails)
    assert "the recording is lost" in raised.value.__notes__[0]


def test_the_recorders_warning_does_not_end_the_loop_where_warnings_are_errors(tmp_path, monkeypatch):
    def full(*_: Any) -> Any:
        raise OSError(28, "No space left on device")

    def end(loop: Loop) -> None:
        patch.setattr(shutil, "disk_usage", full)
        warnings.simplefilter("error")
        loop.run(Seen(list(loop.model.parameters())), 3)

    monkeypatch.setattr(step_recorder, "BLOCK", 100)  # the disk is checked after each update
    with (
        monkeypatch.context() as patch,
        pytest.warns(UserWarning, match="ends after 5 updates.*No space left") as caught,
    ):
        updates_then(tmp_path / "run", end)
    assert [warning.filename for warning in caught] == [__file__]
    assert Trace.open(tmp_path / "run.interrupted", checksums=True).n_updates == 5


def test_a_lost_recording_gives_a_warning_where_warnings_are_errors(tmp_path, monkeypatch):
    def full(*_: Any) -> int:
        raise OSError(28, "No space left on device")

    def end(loop: Loop) -> None:
        warnings.simplefilter("error")
        patch.setattr(os, "pwrite", full)

    with monkeypatch.context() as patch, pytest.warns(UserWarning, match="is lost: .*No space left") as caught:
        updates_then(tmp_path / "run", end)
    assert [warning.filename for warning in caught] == [__file__]


@pytest.mark.parametrize("later", [3, 0])
def test_another_dtype_ends_the_recording_and_says_so(later, tmp_path):
    torch.manual_seed(5)
    loop = Half(torch.float32)
    seen = Seen(list(loop.model.parameters()))

    def run() -> None:
        with record(loop.model, loop.optimizers[0], tmp_path / "run"):
            loop.run(seen, 4)
            loop.model.double()
            for _ in range(later):
                loop.optimizers[0].zero_grad()
                mse_loss(loop.model(X.double()), Y.double()).backward()
                loop.optimizers[0].step()

    message = "ends after 3 updates.*the dtype of 0.weight changed from float32 to float64"
    with pytest.warns(UserWarning, match=message) as caught:
        run()
    assert len(caught) == 1 and loop.model[0].weight.dtype == torch.float64
    trace = Trace.open(tmp_path / "run.interrupted", checksums=True)
    assert trace.n_updates == 3 and trace.run.ended_by == "ValueError"
    assert same(torch.tensor(trace.parameters), torch.stack(seen.states[:4]))


def test_settings_with_a_name_that_is_no_text_are_dropped(tmp_path):
    torch.manual_seed(5)
    loop = Foreach()
    loop.optimizers[0].param_groups[0][3] = 1.5
    with record(loop.model, loop.optimizers[0], tmp_path / "run"):
        loop.run(Seen(list(loop.model.parameters())), 3)
    (group,) = Trace.open(tmp_path / "run").run.optimizers[0].groups
    assert group.settings["lr"] == 0.05 and all(isinstance(name, str) for name in group.settings)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("forgotten", [False, True])
def test_torchs_default_device_has_no_effect(dtype, forgotten, tmp_path, monkeypatch):
    torch.manual_seed(5)
    loop = Half(dtype)
    seen = Seen(list(loop.model.parameters()))
    if forgotten:
        monkeypatch.setattr(loop, "between", lambda k: loop.model.zero_grad())
    with torch.device("meta"), record(loop.model, loop.optimizers[0], tmp_path / "run") as recording:
        loop.run(seen, 3)
        recording.log(batch=[1, 2])
        assert torch.zeros(1).is_meta
    trace = Trace.open(tmp_path / "run", checksums=True)
    assert same(torch.tensor(trace.parameters[:-1]), torch.stack(seen.states)) and trace.run.edits == 0
    assert same(torch.tensor(trace.gradient), torch.stack(seen.gradients)) and trace.examples(2).tolist() == [1, 2]


def refused(model: Any, optimizer: Any, path: Path, message: str, **how: Any) -> None:
    with pytest.raises(UserError, match=message), record(model, optimizer, path, **how):
        pytest.fail("this was to be refused")


def test_models_and_optimizers_that_cannot_be_recorded_are_refused(tmp_path):
    loop = Foreach()
    model, optimizer = loop.model, loop.optimizers[0]
    lazy, empty = nn.Sequential(nn.LazyLinear(3)), nn.Sequential(nn.ReLU())
    nothing = torch.optim.SGD([torch.empty(0, requires_grad=True)], lr=1)
    twisted = nn.ParameterList([torch.ones(2, dtype=torch.complex64)])
    path = tmp_path / "run"
    refused(lazy, torch.optim.SGD(lazy.parameters(), lr=1), path, "0.weight has no shape yet: run one batch")
    refused(empty, nothing, path, "no parameters")
    meta = nn.Linear(1, 1, device="meta")
    refused(meta, torch.optim.SGD(meta.parameters(), lr=1), path, "weight is on the meta device")
    refused(twisted, torch.optim.SGD(twisted.parameters(), lr=1), path, "complex64")
    refused(len, optimizer, path, "builtin_function_or_method as model; it needs a torch.nn.Module")
    refused(model, [model], path, "Sequential as optimizer; it needs a torch.optim.Optimizer")
    refused(model, nn.Linear(1, 1), path, "Linear as optimizer; it needs a torch.optim.Optimizer")
    refused(optimizer, model, path, "Adam as model; it needs a torch.nn.Module")
    refused(model, [], path, "no optimizer")
    other_optimizers = [torch.optim.SGD(net().parameters(), lr=1), torch.optim.Adam(copy.deepcopy(model).parameters())]
    refused(model, other_optimizers, path, r"none of its 4 parameter tensors is in the optimizer \(SGD, Adam\)")
    refused(empty, other_optimizers[0], path, "none of its 0 parameter tensors")
    refused(model, [optimizer, optimizer], path, "same optimizer twice")
    for keep in ("all", {"every": 0}, {"at most": 5}, {"every": 2.0}, {"every": 10**30}, {"every": 2, "at most": 3}):
        refused(model, optimizer, path, "keep is .*every update", keep=keep)
    for odd, kind in (
        (torch.eye(2).to_sparse(), "torch.sparse_coo"),
        (torch.zeros(2, dtype=torch.complex64).conj().imag, "Parameter"),  # a view that negates as it reads
        (Elsewhere(torch.ones(2)), "Elsewhere"),
    ):
        odd_one = nn.ParameterList([odd])
        refused(odd_one, torch.optim.SGD(odd_one.parameters(), lr=1), path, rf"0 \({kind}\) has no memory of its own")
    assert list(tmp_path.iterdir()) == []


class Elsewhere(torch.Tensor):
    """A tensor whose numbers are in another tensor, like DTensor; it has no memory of its own."""

    inner: torch.Tensor

    @staticmethod
    def __new__(cls, inner):
        wrapper = torch.Tensor._make_wrapper_subclass(cls, inner.shape, dtype=inner.dtype)
        wrapper.inner = inner
        return wrapper

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        return cls(args[0].inner)  # only detach is called


def test_a_model_of_too_many_tensors_for_a_meta_is_refused_before_the_loop(tmp_path, monkeypatch):
    model = net()
    with record(model, optimizer := torch.optim.SGD(model.parameters(), lr=0.1), tmp_path / "run"):
        steps(model, optimizer, 1)
    size = (tmp_path / "run" / "meta.json").stat().st_size
    monkeypatch.setattr(step_recorder, "MOST_META", size)
    with (
        pytest.raises(UserError, match=r"4 trained tensors and 0 others takes .* give record a part"),
        record(model, optimizer, tmp_path / "run"),
    ):
        pytest.fail("the loop began")
    assert Trace.open(tmp_path / "run").n_updates == 1


@pytest.mark.parametrize("removed", [0, 1, 3, 6])
def test_a_kill_while_the_older_trace_is_removed_does_not_block_the_path(removed, tmp_path, monkeypatch):
    class KilledError(BaseException):
        pass

    left, scandir = removed, os.scandir

    def meta_first(folder: Any) -> Any:
        with scandir(folder) as entries:
            return nullcontext(sorted(entries, key=lambda entry: entry.name != "meta.json"))

    def killed_later(function: Callable[..., None]) -> Callable[..., None]:
        def remove(path: Any, *arguments: Any, **named: Any) -> None:
            nonlocal left
            if any(folder.suffix == ".replaced" for folder in tmp_path.iterdir()):
                left -= 1
                if left < 0:
                    raise KilledError
            function(path, *arguments, **named)

        return remove

    updates_then(tmp_path / "run", lambda loop: None)
    with monkeypatch.context() as patch:
        for name in ("unlink", "rmdir"):
            patch.setattr(os, name, killed_later(getattr(os, name)))
        patch.setattr(os, "scandir", meta_first)
        with pytest.raises(KilledError):
            updates_then(tmp_path / "run", lambda loop: None, updates=6)
    assert any(folder.suffix == ".replaced" for folder in tmp_path.iterdir())
    assert Trace.open(tmp_path / "run").n_updates == 6
    updates_then(tmp_path / "run", lambda loop: None, updates=7)
    assert Trace.open(tmp_path / "run").n_updates == 7
    assert [folder.name for folder in tmp_path.iterdir() if folder.is_dir()] == ["run"]


@pytest.mark.parametrize(("first", "second"), [("run", "run.interrupted"), ("run.interrupted", "run")])
def test_the_folder_of_a_recording_that_goes_on_is_no_path_for_another(first, second, tmp_path):
    def refuses(_: Loop) -> None:
        other = Foreach()
        refused(other.model, other.optimizers[0], tmp_path / second, "choose another path, or wait")

    updates_then(tmp_path / first, refuses)
    assert Trace.open(tmp_path / first).n_updates == 5
    updates_then(tmp_path / second, lambda loop: None)
    assert Trace.open(tmp_path / second).n_updates == 5


@pytest.mark.parametrize("is_given", [True, False])
def test_a_later_optimizer_of_thawed_parameters_only_gives_a_warning_and_they_are_named(is_given, tmp_path):
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Linear(3, 1))
    model[0].requires_grad_(False)
    optimizer = torch.optim.SGD(model[1].parameters(), lr=0.1)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with record(model, optimizer if is_given else None, tmp_path / "run"):
            model(torch.ones(2, 2)).sum().backward()
            optimizer.step()
            model[0].requires_grad_(True)
            later = torch.optim.RMSprop(model[0].parameters(), lr=0.1)
            for _ in range(3):
                model(torch.ones(2, 2)).sum().backward()
                later.step()
    assert sum("RMSprop" in str(warning.message) for warning in caught) == 1
    tensors = Trace.open(tmp_path / "run").run.tensors
    assert [tensor.name for tensor in tensors if tensor.thawed] == ["0.weight", "0.bias"]
    assert any("frozen at the start and trained later" in line for line in verify(tmp_path / "run").unchecked)


def test_a_folder_that_is_no_trace_is_not_replaced(tmp_path):
    loop = Foreach()
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "thesis.txt").write_text("mine")
    for name, message in (("file", "is a file"), ("folder", "is no trace: it has no meta.json")):
        refused(loop.model, loop.optimizers[0], tmp_path / name, message)
    refused(loop.model, loop.optimizers[0], tmp_path / "file" / "below", "cannot be written to")
    assert (tmp_path / "folder" / "thesis.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("x" * 300, "x cannot be the folder of a trace: File name too long; choose another path"),
        ("/", "cannot be the folder of a trace: .*choose another path"),
        ("nul\0", "cannot be the folder of a trace: embedded null"),
        ("~nobody-of-this-name/run", "cannot be the folder of a trace: .*choose another path"),
        (5, "record was given a int as path; it needs the name of a folder"),
    ],
)
def test_a_path_that_is_no_folder_name_is_refused(name, message):
    loop = Foreach()
    refused(loop.model, loop.optimizers[0], name, message)


def test_two_recordings_to_one_path_are_refused(tmp_path):
    loop = Foreach()
    with pytest.raises(UserError, match="is being written by another run"):
        updates_then(tmp_path / "run", lambda _: record(loop.model, loop.optimizers[0], tmp_path / "run").__enter__())


def test_a_relative_path_is_resolved_at_the_start(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    updates_then(Path("runs/mine"), lambda loop: os.chdir("elsewhere"))
    assert Trace.open(tmp_path / "runs" / "mine").n_updates == 5


def test_a_tilde_is_the_users_home_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    updates_then(Path("~/mine"), lambda loop: None)
    assert [entry.name for entry in tmp_path.iterdir()] == ["home"]
    assert Trace.open("~/mine").path == tmp_path / "home" / "mine"
    assert verify("~/mine").intact


# ---- around it


def test_hooks_are_gone_afterwards_also_after_an_exception(tmp_path):
    kept: list[Loop] = []
    updates_then(tmp_path / "run", kept.append)
    with pytest.raises(EndingError):
        updates_then(tmp_path / "run", lambda loop: (kept.append(loop), fails(loop)))
    for loop in kept:
        (optimizer,) = loop.optimizers
        assert not optimizer._optimizer_step_pre_hooks and not optimizer._optimizer_step_post_hooks


def test_pre_hooks_added_later_are_called_before_the_recorder(tmp_path):
    torch.manual_seed(5)
    loop, used = Half(torch.float32), []
    (optimizer,) = loop.optimizers

    def clips(*_: Any) -> None:
        nn.utils.clip_grad_norm_(loop.model.parameters(), 0.01)
        used.append(torch.cat([tensor.grad.reshape(-1) for tensor in loop.model.parameters()]).tolist())

    def moves(*_: Any) -> None:
        next(loop.model.parameters()).data[0] = 0.25

    optimizer.register_step_pre_hook(lambda *_: None)
    with record(loop.model, optimizer, tmp_path / "run"):
        later = optimizer.register_step_pre_hook(clips)
        optimizer.register_step_pre_hook(moves)
        copy.deepcopy(optimizer)
        loop.run(Seen(list(loop.model.parameters())), 3)
        later.remove()
        loop.run(Seen(list(loop.model.parameters())), 1)
    trace = Trace.open(tmp_path / "run")
    assert trace.gradient[:3].tolist() == used and np.linalg.norm(trace.gradient[3]) > 0.02
    assert (trace.parameters[:4, :2] == 0.25).all()
    assert len(optimizer._optimizer_step_pre_hooks) == 2
    assert optimizer.register_step_pre_hook.__func__ is torch.optim.Optimizer.register_step_pre_hook


def test_two_recordings_of_one_optimizer_see_a_hook_added_later(tmp_path):
    torch.manual_seed(5)
    loop = Half(torch.float32)
    (optimizer,) = loop.optimizers

    def clips(*_: Any) -> None:
        nn.utils.clip_grad_norm_(loop.model.parameters(), 0.01)

    with record(loop.model, optimizer, tmp_path / "a"), record(loop.model, optimizer, tmp_path / "b"):
        optimizer.register_step_pre_hook(clips)
        loop.run(Seen(list(loop.model.parameters())), 3)
    for name in "ab":
        assert np.linalg.norm(Trace.open(tmp_path / name).gradient, axis=1) == pytest.approx(0.01, rel=1e-3)
    assert "register_step_pre_hook" not in vars(optimizer)


def test_changes_by_a_post_hook_are_not_part_of_the_update(tmp_path):
    torch.manual_seed(5)
    loop = Half(torch.float32)

    def halves(*_: Any) -> None:
        next(loop.model.parameters()).data.mul_(0.5)

    loop.optimizers[0].register_step_post_hook(halves)
    with record(loop.model, loop.optimizers[0], tmp_path / "run"):
        loop.run(Seen(list(loop.model.parameters())), 4)
    run = Trace.open(tmp_path / "run").run
    assert run.first_edit == 1 and run.edits >= 3
    assert len(loop.optimizers[0]._optimizer_step_post_hooks) == 1


def test_recordings_come_and_go_while_other_threads_make_updates(tmp_path, monkeypatch):
    model, other = nn.Linear(2, 1), nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    theirs = torch.optim.SGD(other.parameters(), lr=0.1)
    within, ended = threading.Event(), threading.Event()

    def pauses(optimizer: torch.optim.Optimizer, *_: object) -> None:
        if optimizer is theirs:  # in their thread, torch is in the middle of its hooks
            within.set()
            ended.wait(10)

    hook = register_optimizer_step_post_hook(pauses)
    try:
        with ThreadPoolExecutor(1) as pool:
            with record(model, optimizer, tmp_path / "run"):
                steps(model, optimizer, 1)
                trained = pool.submit(steps, other, theirs, 1)
                assert within.wait(10)
            ended.set()
            trained.result()
    finally:
        ended.set()
        hook.remove()
    monkeypatch.setattr(threading, "active_count", lambda: 1)  # pytest may have others
    with record(model, optimizer, tmp_path / "next"):
        steps(model, optimizer, 1)
    assert not _global_optimizer_post_hooks


def test_two_models_are_recorded_one_inside_the_other(tmp_path):
    torch.manual_seed(5)
    inner, outer = Foreach(), Half()
    of_outer, of_inner = Seen(list(outer.model.parameters())), Seen(list(inner.model.parameters()))
    with record(outer.model, outer.optimizers[0], tmp_path / "outer"):
        outer.run(of_outer, 2)
        with record(inner.model, inner.optimizers[0], tmp_path / "inner"):
            inner.run(of_inner, 3)
            outer.run(of_outer, 1)
    assert Trace.open(tmp_path / "inner").gradient.tolist() == [g.tolist() for g in of_inner.gradients]
    assert Trace.open(tmp_path / "outer").gradient.tolist() == [g.tolist() for g in of_outer.gradients]


def test_an_optimizer_can_be_copied_and_saved_meanwhile(tmp_path):
    copies: list[torch.optim.Optimizer] = []

    def end(loop: Loop) -> None:
        copies.append(copy.deepcopy(loop.optimizers[0]))
        torch.save(loop.optimizers[0].state_dict(), tmp_path / "saved")
        loop.optimizers[0].load_state_dict(torch.load(tmp_path / "saved", weights_only=True))
        loop.run(Seen(list(loop.model.parameters())), 2)

    updates_then(tmp_path / "run", end)
    assert not copies[0]._optimizer_step_pre_hooks
    assert Trace.open(tmp_path / "run").n_updates == 7


@pytest.mark.slow
@pytest.mark.parametrize("within", [True, False])
def test_forked_processes_leave_the_recording_alone(begin_fork, tmp_path, within):
    """They end ``within`` the block, or after it."""
    code = """
import os, sys, torch, warnings
from gradreel.core.errors import UserError
from gradreel.core.recording.recording import record
warnings.simplefilter("error")
torch.set_num_threads(1)
model = torch.nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
data = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=2, num_workers=1, multiprocessing_context="fork")
with record(model, optimizer, path) as recording:
    for x in data:
        model(x).sum().backward()
        optimizer.step()
    if (child := os.fork()) == 0:
        for k in range(3):
            optimizer.step()
            recording.log(loss=k)
        if within:
            sys.exit(3)
    else:
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
        try:
            with record(model, optimizer, path):
                raise AssertionError("the child released the lock")
        except UserError:
            pass
if child == 0:
    sys.exit(3)
"""
    process = begin_fork(code, path=tmp_path / "run", within=within)
    process.join()
    assert process.exitcode == 0
    trace = Trace.open(tmp_path / "run", checksums=True)
    assert trace.n_updates == 4 and np.isnan(trace.batch_loss).all()


def test_a_forked_process_steps_its_own_optimizer_while_the_recording_writes_its_journal(begin_fork, tmp_path):
    code = """
import os, signal, threading, torch
from gradreel.core.recording.recording import record
from gradreel.core.recording.update_log import UpdateLog
torch.set_num_threads(1)
writing, forked = threading.Event(), threading.Event()
flush = UpdateLog.flush

def slow_flush(log):
    if threading.current_thread() is not threading.main_thread():
        writing.set()
        forked.wait()
    return flush(log)

def make_update():
    model = torch.nn.Linear(4, 1)
    model(torch.ones(2, 4)).sum().backward()
    torch.optim.SGD(model.parameters(), lr=0.1).step()

UpdateLog.flush = slow_flush
model = torch.nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
with record(model, optimizer, path):
    model(torch.ones(2, 4)).sum().backward()
    optimizer.step()
    writing.wait()
    if (child := os.fork()) == 0:
        signal.alarm(30)  # ends a child that hangs
        make_update()
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    forked.set()
assert status == 0
"""
    process = begin_fork(code, path=tmp_path / "run")
    process.join()
    assert process.exitcode == 0
    assert Trace.open(tmp_path / "run").n_updates == 1


def test_memory_does_not_grow_with_the_run(tmp_path):
    """Counts the Python objects that the recorder holds after many updates."""
    torch.manual_seed(5)
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.001)
    counts = []
    with record(model, optimizer, tmp_path / "run") as recording:
        for k in range(1300):
            optimizer.zero_grad()
            model(X).sum().backward()
            optimizer.step()
            recording.log(loss=k, epoch=0)
            if k in (300, 1299):
                gc.collect()
                counts.append(len(gc.get_objects()))
    assert counts[1] - counts[0] < 200


def test_the_trace_describes_model_and_optimizers(tmp_path):
    made(Closure, tmp_path / "run")
    meta = json.loads((tmp_path / "run" / "meta.json").read_text())
    assert meta["recorded"]["model"] == "torch.nn.modules.container.Sequential"
    assert meta["environment"]["torch"] == torch.__version__
    assert meta["recorded"]["optimizers"][0]["groups"][0]["settings"]["line_search_fn"] == "strong_wolfe"
