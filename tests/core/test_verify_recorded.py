"""A recorded run is verified from its numbers alone, and changed numbers are found."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gradreel.core.recording.recording import record
from gradreel.core.trace import verify_recorded as module
from gradreel.core.trace.columns import checksum
from gradreel.core.trace.format import META, column_kinds, sealed_meta
from gradreel.core.trace.recorded_run import RecordedRun
from gradreel.core.trace.trace import Trace, read_meta
from gradreel.core.trace.verify import verify
from gradreel.core.trace.verify_result import Agreement, Verification
from torch import nn
from torch.nn.functional import mse_loss

X = torch.linspace(-1, 1, 24).reshape(12, 2)
Y = (X[:, :1] * X[:, 1:]).sin()
SGD, Adam, AdamW = torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW


def recorded(
    path: Path,
    make: Callable[[Any], torch.optim.Optimizer] = lambda parameters: SGD(parameters, lr=0.1),
    between: Callable[[nn.Module, torch.optim.Optimizer, int], None] = lambda model, optimizer, k: None,
    dtype: torch.dtype = torch.float32,
    updates: int = 20,
    **how: Any,
) -> Path:
    """Record a run with 17 parameters. ``between(model, optimizer, k)`` is called after backward, before each step."""
    torch.manual_seed(3)
    model = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1)).to(dtype)
    optimizer = make(model.parameters())
    with record(model, optimizer, path, **how) as recording:
        for k in range(updates):
            loss = mse_loss(model(X.to(dtype)), Y.to(dtype))
            optimizer.zero_grad()
            loss.backward()
            between(model, optimizer, k)
            optimizer.step()
            recording.log(loss=loss)
    return path


def tampered(path: Path, column: str, place: tuple[Any, ...], value: Any) -> None:
    """Change a number (or all numbers) of a column and seal the trace again."""
    meta, run = read_meta(path)
    numbers = np.load(path / f"{column}.npy")
    numbers[place] = value
    np.save(path / f"{column}.npy", numbers)
    checksums = {name: checksum(path / f"{name}.npy", kind) for name, kind in column_kinds(run).items()}
    (path / META).write_text(sealed_meta(run, meta["environment"], checksums))


def momentum(parameters: Any) -> torch.optim.Optimizer:
    return SGD(parameters, lr=0.1, momentum=0.9)


def decaying_adam(parameters: Any) -> torch.optim.Optimizer:
    return Adam(parameters, lr=0.01, weight_decay=0.1)


def only(verification: Verification) -> tuple[Any, ...]:
    (problem,) = verification.problems
    return problem.column, problem.update, problem.parameter, problem.found, problem.computed


RULES: dict[str, Callable[[Any], torch.optim.Optimizer]] = {
    "plain": lambda p: SGD(p, lr=0.1),
    "plain maximize": lambda p: SGD(p, lr=0.01, maximize=True),
    "decay": lambda p: SGD(p, lr=0.1, weight_decay=0.1),
    "momentum": lambda p: SGD(p, lr=0.1, momentum=0.9, dampening=0.3, weight_decay=0.1),
    "nesterov": lambda p: SGD(p, lr=0.1, momentum=0.9, nesterov=True),
    "adam": lambda p: Adam(p, lr=0.1, betas=(0.8, 0.95), eps=1e-6),
    "adam decay": lambda p: Adam(p, lr=0.1, weight_decay=0.2),
    "adamw": lambda p: AdamW(p, lr=0.1),
    "groups": lambda p: Adam([{"params": [q], "lr": 0.01 * i} for i, q in enumerate(p)]),
}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_updates_of_plain_optimizers_are_computed_again_bit_for_bit(rule, dtype, tmp_path):
    verification = verify(recorded(tmp_path / "run", RULES[rule], dtype=dtype))
    assert verification.intact and verification.exact and verification.updates == 20, str(verification)
    assert "20 of 20 updates computed again from the recorded gradient: exact bit for bit" in verification.checked


FORMS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "plain": lambda p, **form: SGD(p, lr=0.1, weight_decay=0.01, **form),
    "momentum": lambda p, **form: SGD(p, lr=0.05, momentum=0.95, dampening=0.1, **form),
    "adam": lambda p, **form: Adam(p, lr=0.01, betas=(0.99, 0.9999), weight_decay=0.2, **form),
    "adamw": lambda p, **form: AdamW(p, lr=1e-5, **form),
}


@pytest.mark.parametrize("rate", [0.01, torch.tensor(0.01), torch.tensor(0.01, dtype=torch.float64)], ids=str)
def test_a_rate_in_a_tensor_of_another_precision_is_no_damage(rate, tmp_path):
    path = recorded(tmp_path / "run", lambda p: AdamW(p, lr=rate, weight_decay=0.1), dtype=torch.float64, updates=60)
    assert verify(path).intact
    tampered(path, "parameters", (30, 2), Trace.open(path).parameters[30, 2] + 1e-4)
    assert not verify(path).intact


@pytest.mark.parametrize("form", ["fused", "foreach"])
@pytest.mark.parametrize("rule", FORMS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_other_forms_agree_within_the_tolerance(form, rule, dtype, tmp_path):
    path = recorded(tmp_path / "run", lambda p: FORMS[rule](p, **{form: True}), dtype=dtype, updates=100)
    verification = verify(path)
    assert verification.intact, str(verification)
    if form == "fused" and dtype == torch.bfloat16:  # fused code rounds very differently
        assert verification.updates == 0
        assert any(line.startswith("the optimizer's updates of 0.weight") for line in verification.unchecked)
    else:
        assert verification.updates == 100


def test_half_precision_whose_squares_almost_vanish(tmp_path):
    path = recorded(
        tmp_path / "run",
        lambda p: Adam(p, lr=0.1, betas=(0.5, 0.9), eps=1e-4, foreach=True),
        dtype=torch.float16,
        updates=400,
    )
    verification = verify(path)
    assert verification.intact and verification.updates == 400
    tampered(path, "gradient", (...,), -np.load(path / "gradient.npy"))
    assert not verify(path).intact


@pytest.mark.parametrize("rate", [1e-3, 1e-5, 5e-6])
@pytest.mark.parametrize("make", [SGD, Adam, AdamW])
@pytest.mark.parametrize("form", ["foreach", "fused"])
def test_small_wrong_updates_are_found(form, make, rate, tmp_path):
    """The states stay at the start, updates are half as large, or gradients have the other sign: each is found."""
    path = recorded(tmp_path / "run", lambda p: make(p, lr=rate, **{form: True}))
    assert verify(path).intact
    states, gradients = np.load(path / "parameters.npy"), np.load(path / "gradient.npy")
    start = states[:1].astype(np.float64)
    for column, numbers in (
        ("parameters", start),
        ("parameters", start + (states - start) / 2),
        ("gradient", -gradients),
    ):
        tampered(path, column, (...,), numbers)
        assert not verify(path).intact
        tampered(path, "parameters", (...,), states)
        tampered(path, "gradient", (...,), gradients)
    assert verify(path).intact


@pytest.mark.parametrize("rule", RULES)
def test_a_changed_parameter_is_named(rule, tmp_path):
    path = recorded(tmp_path / "run", RULES[rule])
    before = float(np.load(path / "parameters.npy")[7, 14])
    tampered(path, "parameters", (7, 14), before + 0.01)
    problems = verify(path).problems
    first = problems[0]
    assert (first.column, first.update, first.parameter) == ("parameters", 7, "2.weight[0, 2]")
    assert first.found == pytest.approx(before + 0.01) and first.computed == pytest.approx(before)
    assert str(first).startswith("parameters after 7 updates, 2.weight[0, 2]: found ")
    decayed = "decay" in rule or "momentum" in rule or "adam" in rule  # there the gradient includes the weight decay
    assert {problem.update for problem in problems} == {7, 8} or decayed


def test_a_changed_gradient_is_found_by_its_update(tmp_path):
    path = recorded(tmp_path / "run")
    tampered(path, "gradient", (4, 16), 5.0)
    assert only(verify(path))[:3] == ("parameters", 5, "2.bias[0]")


def flip(path: Path, column: str, entry: int) -> None:
    """Flip a bit in the exponent of a float32 of the column, without changing its checksum."""
    with (path / f"{column}.npy").open("r+b") as stream:
        stream.seek(128 + entry * 4 + 3)
        byte = stream.read(1)[0]
        stream.seek(-1, os.SEEK_CUR)
        stream.write(bytes([byte ^ 1]))


@pytest.mark.parametrize("make", [SGD, momentum, decaying_adam])
@pytest.mark.parametrize("column", ["parameters", "gradient"])
def test_a_flipped_bit_is_found_by_its_checksum_and_named_alone(column, make, tmp_path):
    """Later updates are computed from the damaged number, so they say nothing about later numbers."""
    path = recorded(tmp_path / "run", make)
    flip(path, column, 3 * 17 + 5)
    verification = verify(path)
    assert "checksum" in str(verification.problems[0])
    assert [(problem.column, problem.update, problem.parameter) for problem in verification.problems] == [
        (column, None, None),
        (column, 3, "0.weight[2, 1]"),
    ]
    assert not verification.exact and "not as it should be" in str(verification)


def test_two_flipped_bits_of_a_column_are_both_named(tmp_path):
    path = recorded(tmp_path / "run", momentum)
    flip(path, "gradient", 3 * 17 + 5)
    flip(path, "gradient", 9 * 17 + 2)
    places = [(problem.update, problem.parameter) for problem in verify(path).problems[1:]]
    assert places == [(3, "0.weight[2, 1]"), (9, "0.weight[1, 0]")]


@pytest.mark.parametrize("column", ["optimizer", "setting", "setting_at", "setting_value"])
def test_damage_in_a_column_that_updates_depend_on_is_named(column, tmp_path):
    path = recorded(tmp_path / "run", Adam, changed_betas)
    with (path / f"{column}.npy").open("r+b") as stream:
        stream.seek(130)
        stream.write(b"\x7f")
    verification = verify(path)
    assert [problem.column for problem in verification.problems] == [column] and verification.updates == 0


@pytest.mark.parametrize(
    ("column", "place", "value", "where"),
    [
        ("parameters", (6, 3), np.nan, ("parameters", 6, "0.weight[1, 1]")),
        ("parameters", (0, 16), np.inf, ("parameters", 0, "2.bias[0]")),
        ("parameters", (20, 0), -np.inf, ("parameters", 20, "0.weight[0, 0]")),
        ("gradient", (19, 9), np.nan, ("gradient", 19, "0.bias[1]")),
        ("batch_loss", (11,), np.inf, ("batch_loss", 11, None)),
    ],
)
def test_the_first_number_that_is_not_finite_is_named(column, place, value, where, tmp_path):
    path = recorded(tmp_path / "run", lambda p: torch.optim.Rprop(p))  # its updates cannot be computed again
    assert verify(path).intact
    tampered(path, column, place, value)
    problem = only(verify(path))
    assert (
        problem[:3] == where
        and (problem[3] == value or (np.isnan(value) and np.isnan(problem[3])))
        and problem[4] is None
    )


def test_a_run_that_diverged_says_where(tmp_path):
    path = recorded(tmp_path / "run", lambda p: SGD(p, lr=1e30))
    problems = verify(path).problems
    assert [problem.column for problem in problems] == ["batch_loss", "parameters", "gradient"]
    losses = np.load(path / "batch_loss.npy")
    assert problems[0].update == np.flatnonzero(~np.isfinite(losses))[0]
    assert problems[1].update == problems[0].update + 1


def test_a_logged_nan_differs_from_no_log(tmp_path):
    torch.manual_seed(3)
    model = nn.Linear(2, 1)
    optimizer = SGD(model.parameters(), lr=0.1)
    for name, loss in (("none", None), ("nan", float("nan"))):
        with record(model, optimizer, tmp_path / name) as recording:
            for k in range(4):
                model(X).sum().backward()
                optimizer.step()
                recording.log(loss=loss if k == 2 else None, epoch=0)
    assert verify(tmp_path / "none").intact
    assert only(verify(tmp_path / "nan"))[:3] == ("batch_loss", 2, None)


def frozen(parameters: Any) -> torch.optim.Optimizer:
    first, *rest = parameters
    first.requires_grad_(False)
    return Adam(rest)


def test_an_untrained_parameter_that_changes_is_found(tmp_path):
    torch.manual_seed(3)
    model = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1))
    optimizer = Adam([*model.parameters()][1:])
    path = tmp_path / "run"
    with record(model, None, path):  # every parameter that asks for a gradient is recorded, whatever optimizers come
        for _ in range(20):
            optimizer.zero_grad()
            mse_loss(model(X), Y).backward()
            optimizer.step()
    verification = verify(path)
    assert verification.intact and verification.exact
    assert "what no optimizer trains stayed as it was: 0.weight" in verification.checked
    tampered(path, "parameters", (9, 2), 1.5)
    assert [problem.update for problem in verify(path).problems] == [9, 10]
    assert all(problem.parameter == "0.weight[1, 0]" for problem in verify(path).problems)


def clip(model: nn.Module, optimizer: torch.optim.Optimizer, k: int) -> None:
    for tensor in model.parameters():
        tensor.data.clamp_(-0.3, 0.3)


def test_changes_by_the_loop_are_no_damage(tmp_path):
    path = recorded(tmp_path / "run", between=lambda *a: clip(*a) if a[2] >= 5 else None)
    verification = verify(path)
    assert verification.intact, str(verification)
    _, run = read_meta(path)
    assert isinstance(run, RecordedRun) and run.first_edit == 5
    assert (verification.updates, verification.agreement) == (20 - run.edits, Agreement.NOT_COMPUTED)
    assert f"{run.edits} updates after which the loop itself changed parameters" in verification.unchecked
    tampered(path, "parameters", (2, 2), 1.5)  # before it changed a setting
    assert {problem.update for problem in verify(path).problems} >= {2, 3}


def test_frozen_parts_changed_by_the_loop_are_reported(tmp_path):
    def move(model: Any, optimizer: torch.optim.Optimizer, k: int) -> None:
        model[0].weight.data.mul_(0.9)

    for keep in ("every update", {"every": 3}):
        verification = verify(recorded(tmp_path / "run", frozen, move, keep=keep))
        assert verification.intact
        assert "what no recorded optimizer trains and the loop itself changed: 0.weight" in verification.unchecked


def test_two_optimizers_each_by_its_own_rule(tmp_path):
    torch.manual_seed(3)
    parts = nn.ModuleList([nn.Linear(2, 3), nn.Linear(2, 3)])
    optimizers = [Adam(parts[0].parameters(), lr=0.05), SGD(parts[1].parameters(), lr=0.05, momentum=0.5)]
    with record(parts, optimizers, tmp_path / "run"):
        for k in range(12):
            parts.zero_grad()
            (parts[0](X) * parts[1](X)).mean().backward()
            optimizers[k % 3 % 2].step()
    verification = verify(tmp_path / "run")
    assert verification.exact and verification.updates == 12
    tampered(tmp_path / "run", "parameters", (2, 0), 0.5)  # as if the second optimizer had moved the first one's weight
    assert verify(tmp_path / "run").problems[0].parameter == "0.weight[0, 0]"


def changed_betas(model: nn.Module, optimizer: torch.optim.Optimizer, k: int) -> None:
    optimizer.param_groups[0]["betas"] = (0.5, 0.9) if k == 6 else (0.9, 0.999)


def forgets(model: Any, optimizer: torch.optim.Optimizer, k: int) -> None:
    if k == 0:
        model[2].bias.grad = None


def begun(parameters: Any) -> torch.optim.Optimizer:
    parameters = list(parameters)
    optimizer = Adam(parameters)
    for tensor in parameters:
        tensor.grad = torch.ones_like(tensor)
    optimizer.step()
    return optimizer


def sets(**settings: Any) -> Callable[[nn.Module, torch.optim.Optimizer, int], None]:
    """Return a loop's action that changes the optimizer's settings in the middle."""
    return lambda model, optimizer, k: optimizer.param_groups[0].update(settings) if k == 6 else None


def loads_a_checkpoint(at: int) -> Callable[[nn.Module, torch.optim.Optimizer, int], None]:
    """Return a loop's action that loads the state of an optimizer that has made an update."""

    def between(model: nn.Module, optimizer: torch.optim.Optimizer, k: int) -> None:
        if k == at:
            parameters = [nn.Parameter(tensor.detach().clone()) for tensor in model.parameters()]
            other = type(optimizer)(parameters, **optimizer.defaults)
            for tensor in parameters:
                tensor.grad = torch.ones_like(tensor)
            other.step()
            optimizer.load_state_dict(other.state_dict())

    return between


def loads_its_own(model: nn.Module, optimizer: torch.optim.Optimizer, k: int) -> None:
    if k == 6:
        optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict()))


def clears(model: nn.Module, optimizer: torch.optim.Optimizer, k: int) -> None:
    if k == 6:
        optimizer.state.clear()


def zeroes(model: nn.Module, optimizer: torch.optim.Optimizer, k: int) -> None:
    if k == 6:
        for entries in optimizer.state.values():
            for name in {"exp_avg", "momentum_buffer"} & entries.keys():
                entries[name].zero_()


def halves_by_data(model: nn.Module, optimizer: torch.optim.Optimizer, k: int) -> None:
    if k == 6:
        for entries in optimizer.state.values():
            for name in {"exp_avg", "momentum_buffer"} & entries.keys():
                entries[name].data *= 0.5


def zeroes_by_numpy(model: nn.Module, optimizer: torch.optim.Optimizer, k: int) -> None:
    if k == 6:
        for entries in optimizer.state.values():
            for name in {"exp_avg_sq", "momentum_buffer"} & entries.keys():
                entries[name].numpy()[:] = 0


@pytest.mark.parametrize(
    ("make", "between", "words"),
    [
        (Adam, halves_by_data, "0.weight (Adam), 0.bias"),
        (momentum, halves_by_data, "0.weight (SGD), 0.bias"),
        (Adam, zeroes_by_numpy, "0.weight (Adam), 0.bias"),
        (momentum, zeroes_by_numpy, "0.weight (SGD), 0.bias"),
        (lambda p: torch.optim.RMSprop(p), None, "0.weight (RMSprop), 0.bias (RMSprop), 2.weight"),
        (lambda p: Adam(p, amsgrad=True), None, "0.weight (Adam), 0.bias"),
        (begun, None, "0.weight (Adam), 0.bias"),
        (Adam, lambda m, o, k: (sets(amsgrad=True)(m, o, k), clears(m, o, k)), "0.weight (Adam), 0.bias"),
        (Adam, loads_a_checkpoint(0), "0.weight (Adam), 0.bias"),
        (Adam, loads_a_checkpoint(6), "0.weight (Adam), 0.bias"),
        (Adam, loads_its_own, "0.weight (Adam), 0.bias"),
        (Adam, clears, "0.weight (Adam), 0.bias"),
        (Adam, zeroes, "0.weight (Adam), 0.bias"),
        (momentum, loads_a_checkpoint(0), "0.weight (SGD), 0.bias"),
        (momentum, loads_a_checkpoint(6), "0.weight (SGD), 0.bias"),
        (momentum, clears, "0.weight (SGD), 0.bias"),
        (momentum, zeroes, "0.weight (SGD), 0.bias"),
        (Adam, forgets, "the optimizer's updates of 2.bias (Adam)"),
        (lambda p: SGD(p, lr=0.1, weight_decay=0.1), forgets, "the optimizer's updates of 2.bias (SGD)"),
    ],
)
def test_updates_that_cannot_be_computed_are_reported_without_a_problem(make, between, words, tmp_path):
    verification = verify(recorded(tmp_path / "run", make, between or (lambda *_: None)))
    assert verification.intact
    assert any(words in line for line in verification.unchecked), str(verification)
    assert (verification.updates, verification.agreement) == (0, Agreement.NOT_COMPUTED)
    in_part = "20 of 20 updates computed again in part from the recorded gradient: exact bit for bit"
    assert (in_part in verification.checked) == ("2.bias" in words)


def one_cycle(optimizer: torch.optim.Optimizer) -> Any:
    return torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.2, total_steps=40, pct_start=0.2)


def cyclic(optimizer: torch.optim.Optimizer) -> Any:
    return torch.optim.lr_scheduler.CyclicLR(optimizer, 0.01, 0.1, step_size_up=3)


@pytest.mark.parametrize("schedule", [one_cycle, cyclic])
@pytest.mark.parametrize("make", [momentum, Adam, AdamW, lambda p: SGD(p, lr=0.1, momentum=0.9, nesterov=True)])
def test_updates_under_a_scheduler_of_momentum_are_computed_again(make, schedule, tmp_path):
    schedulers: list[Any] = []

    def between(model: nn.Module, optimizer: torch.optim.Optimizer, k: int) -> None:
        if schedulers:
            schedulers[0].step()
        else:
            schedulers.append(schedule(optimizer))

    verification = verify(recorded(tmp_path / "run", make, between))
    assert verification.exact and verification.updates == 20, str(verification)


@pytest.mark.parametrize(
    ("make", "between"),
    [
        (Adam, changed_betas),
        (momentum, sets(nesterov=True)),
        (momentum, sets(momentum=0.0)),
        (momentum, sets(dampening=0.5)),
        (SGD, sets(momentum=0.5)),
        (SGD, sets(maximize=True)),
        (SGD, sets(weight_decay=0.1)),
        (Adam, sets(maximize=True)),
        (Adam, sets(eps=0.1, weight_decay=0.1)),
        pytest.param(
            AdamW,
            sets(decoupled_weight_decay=False, weight_decay=0.5),
            marks=pytest.mark.skipif(not issubclass(AdamW, Adam), reason="torch before 2.7 has no such setting"),
        ),
    ],
)
def test_updates_by_settings_that_the_loop_changes_are_computed_again(make, between, tmp_path):
    path = recorded(tmp_path / "run", make, between)
    verification = verify(path)
    assert verification.exact and verification.updates == 20, str(verification)
    values = np.load(path / "setting_value.npy")
    tampered(path, "setting_value", (0,), 1 - values[0] + 0.125)
    problems = verify(path).problems
    assert problems and problems[0].update in (7, 8), str(
        problems
    )  # the first momentum matters from the second update on


@pytest.mark.parametrize("between", [loads_a_checkpoint(0), loads_a_checkpoint(6), clears, zeroes])
def test_plain_descent_has_no_optimizer_state_to_lose(between, tmp_path):
    verification = verify(recorded(tmp_path / "run", between=between))
    assert verification.exact and verification.updates == 20


def test_settings_made_before_the_first_update_are_the_initial_ones(tmp_path):
    def between(model: nn.Module, optimizer: torch.optim.Optimizer, k: int) -> None:
        if k == 0:
            other = Adam(model.parameters(), lr=0.2, betas=(0.5, 0.9))
            optimizer.load_state_dict(other.state_dict())  # the other one has made no update

    path = recorded(tmp_path / "run", Adam, between)
    verification = verify(path)
    assert verification.exact and verification.updates == 20
    _, run = read_meta(path)
    assert isinstance(run, RecordedRun) and run.optimizers[0].groups[0].settings["betas"] == (0.5, 0.9)


@pytest.mark.parametrize("kind", [SGD, momentum, Adam])
def test_a_group_added_later_is_constant_before(kind, tmp_path):
    torch.manual_seed(3)
    model = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1))
    optimizer = kind(model[2].parameters())
    with record(model, None, tmp_path / "run"):
        for k in range(12):
            if k == 5:
                optimizer.add_param_group({"params": list(model[0].parameters()), "lr": 0.03})
            optimizer.zero_grad()  # the parameter of the coming group grows
            mse_loss(model(X), Y).backward()
            optimizer.step()
    verification = verify(tmp_path / "run")
    assert verification.exact and verification.updates == 12, str(verification)
    tampered(tmp_path / "run", "parameters", (3, 2), np.load(tmp_path / "run" / "parameters.npy")[3, 2] + 1e-6)
    assert [(problem.update, problem.parameter) for problem in verify(tmp_path / "run").problems] == [
        (3, "0.weight[1, 0]"),
        (4, "0.weight[1, 0]"),
    ]


def test_a_parameter_that_a_known_group_gets_later_is_no_damage(tmp_path):
    def between(model: nn.Module, optimizer: torch.optim.Optimizer, k: int) -> None:
        if k == 3:
            optimizer.param_groups[0]["params"].append(model[0].weight)

    path = tmp_path / "run"
    with pytest.warns(UserWarning, match="record: 0.weight: frozen when the recording began, and trained later"):
        recorded(path, lambda parameters: SGD(list(parameters)[2:]), between, updates=6)
    verification = verify(path)
    assert not verification.problems, str(verification)
    line = "frozen at the start and trained later, of which no gradients are kept: 0.weight"
    assert line in verification.unchecked and verification.agreement is Agreement.NOT_COMPUTED


def test_a_gradient_that_a_step_hook_clips_is_the_one_that_was_used(tmp_path):
    def between(model: nn.Module, optimizer: torch.optim.Optimizer, k: int) -> None:
        def clips(*_: Any) -> None:
            nn.utils.clip_grad_norm_(model.parameters(), 0.1 / (1 + k))

        if k in (0, 3):
            optimizer.register_step_pre_hook(clips)

    verification = verify(recorded(tmp_path / "run", momentum, between))
    assert verification.exact and verification.updates == 20, str(verification)


def test_changes_by_a_post_hook_are_no_damage(tmp_path):
    def make(parameters: list[torch.Tensor]) -> torch.optim.Optimizer:
        def clamps(*_: Any) -> None:
            for tensor in parameters:
                tensor.data.clamp_(-0.3, 0.3)

        optimizer = SGD(parameters, lr=0.1)
        optimizer.register_step_post_hook(clamps)
        return optimizer

    verification = verify(recorded(tmp_path / "run", lambda p: make(list(p))))
    assert verification.intact and 0 < verification.updates < 20, str(verification)


@pytest.mark.parametrize(
    ("make", "skipped"),
    [
        (momentum, (0, 5)),
        (Adam, (0, 5)),
        # If its first step is skipped, torch 2.13 leaves the momentum uninitialized: theta may become NaN
        (lambda p: SGD(p, lr=0.1, momentum=0.9, fused=True), (3, 5)),
    ],
)
def test_steps_that_a_scaler_skips_are_no_updates(make, skipped, tmp_path):
    torch.manual_seed(3)
    model = nn.Linear(2, 1)
    optimizer = make(model.parameters())
    scaler = torch.amp.GradScaler("cpu", init_scale=8.0)
    with record(model, optimizer, tmp_path / "run"):
        for k in range(12):
            optimizer.zero_grad()
            scaler.scale(mse_loss(model(X), Y) * (torch.inf if k in skipped else 1)).backward()
            scaler.step(optimizer)
            scaler.update()
    verification = verify(tmp_path / "run")
    assert verification.intact and verification.updates == 10, str(verification)


def test_torchs_default_device_has_no_effect(tmp_path):
    for name, rule in RULES.items():
        path = recorded(tmp_path / name, rule)
        with torch.device("meta"):
            assert verify(path).exact


def test_a_plain_step_without_a_gradient_is_computed_all_the_same(tmp_path):
    verification = verify(recorded(tmp_path / "run", between=forgets))
    assert verification.exact and verification.updates == 20


def test_where_only_some_states_are_kept_no_update_is_computed(tmp_path):
    verification = verify(recorded(tmp_path / "run", keep={"every": 4}))
    assert verification.agreement is Agreement.NOT_COMPUTED and verification.updates == 0
    assert "updates: of each 4 states one was kept" in verification.unchecked
    assert "every parameter of the 6 states is a finite number" in verification.checked


def test_long_runs_are_read_in_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_BLOCK", 200)  # 2 rows
    path = recorded(tmp_path / "run", lambda p: Adam(p, lr=0.1), updates=15)
    done: list[int] = []
    verification = verify(path, lambda update, updates: done.append(update))
    assert verification.exact and verification.updates == 15 and done == [2, 4, 6, 8, 10, 12, 14, 15]
    tampered(path, "parameters", (15, 0), 9.0)
    assert only(verify(path))[1:4] == (15, "0.weight[0, 0]", 9.0)


def test_the_report_reads_well(tmp_path):
    path = recorded(tmp_path / "run")
    assert str(verify(path)).splitlines() == [
        f"{path}: a recorded run, as it should be; updates: exact",
        "  checked: every parameter of the 21 states is a finite number",
        "  checked: so is every entry of the 20 gradients",
        "  checked: so are the losses of the 20 updates that were logged",
        "  checked: 20 of 20 updates computed again from the recorded gradient: exact bit for bit",
        "  not checked: gradients and losses: the model and its data are not in the trace, to compute them again",
    ]


def test_the_report_of_a_single_update_is_singular(tmp_path):
    assert verify(recorded(tmp_path / "run", updates=1)).checked == (
        "every parameter of the 2 states is a finite number",
        "so is every entry of the 1 gradient",
        "so is the loss of the 1 update that was logged",
        "1 of 1 update computed again from the recorded gradient: exact bit for bit",
    )


def test_other_runs_rate_schedules(tmp_path):
    def schedule(model: nn.Module, optimizer: torch.optim.Optimizer, k: int) -> None:
        optimizer.param_groups[0]["lr"] = 0.1 / (1 + k // 3)

    path = recorded(tmp_path / "run", between=schedule)
    assert verify(path).exact
    tampered(path, "setting_value", (2,), 0.5)
    assert {problem.update for problem in verify(path).problems} == {10, 11, 12}


def whole(path: Path) -> Path:
    """Record a run with rows in every column that a recorded run can have."""
    torch.manual_seed(3)
    model = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
    model.register_parameter("frozen", nn.Parameter(torch.ones(3), requires_grad=False))
    optimizers = [Adam(model[0].parameters()), SGD(model[2].parameters(), lr=0.1)]
    schedulers = [torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9) for optimizer in optimizers]
    with record(model, optimizers, path) as recording:
        for k in range(12):
            model.zero_grad()
            loss = mse_loss(model(X), Y)
            loss.backward()
            for optimizer in optimizers:
                optimizer.step()
            recording.log(loss=loss, epoch=k, batch=[k, k + 1], accuracy=0.5)
            for scheduler in schedulers:
                scheduler.step()
    return path


AS_LOGGED = {
    "batch": "epochs and batches",
    "batch_loss": "gradients and losses",
    "epoch": "epochs and batches",
    "metric_at": "accuracy",
    "metric_value": "accuracy",
    "tensor_bytes": "buffers",
}
"""Columns that nothing else in a trace confirms, and the words of the report about them."""


CHECKED = (
    "kept", "parameters", "gradient", "batch_start", "optimizer", "setting", "setting_at", "setting_value", "metric",
    "tensor", "tensor_row",
)  # fmt: skip


@pytest.mark.parametrize("column", [*AS_LOGGED, *CHECKED])
def test_a_changed_number_is_a_problem_or_its_column_is_reported_as_not_checked(column, tmp_path):
    path = whole(tmp_path / "run")
    assert verify(path).exact and set(Trace.open(path).columns) == {*AS_LOGGED, *CHECKED}
    numbers = np.load(path / f"{column}.npy")
    row = len(numbers) // 2
    place = (row, *(0 for _ in numbers.shape[1:]))
    tampered(path, column, place, numbers[place] + 1)
    verification = verify(path)
    if column in AS_LOGGED:
        assert any(line.startswith(AS_LOGGED[column]) for line in verification.unchecked)
    else:
        assert not verification.intact, str(verification)
