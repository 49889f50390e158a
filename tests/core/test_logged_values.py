"""recording.log() never ends the training, whatever it is given; a value that cannot be kept gives one warning per
name.
"""

from __future__ import annotations

import warnings
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gradreel.core.recording import step_recorder
from gradreel.core.recording.recording import record
from gradreel.core.trace.trace import Trace


class Unwilling:
    def __float__(self) -> float:
        raise ZeroDivisionError

    def __index__(self) -> int:
        raise ZeroDivisionError

    def __repr__(self) -> str:
        raise ZeroDivisionError

    __str__ = __repr__

    def __hash__(self) -> int:
        return 1


KEPT = {
    "a list of one": ([0.5], 0.5),
    "a tuple of one": ((0.5,), 0.5),
    "a list of one tensor": ([torch.tensor([0.5])], 0.5),
    "a scalar of numpy": (np.float32(0.5), 0.5),
    "an array of one": (np.array([[0.5]]), 0.5),
    "an array without dimensions": (np.array(3), 3),
    "a tensor that asks for its gradient": (torch.tensor([[0.5]], requires_grad=True), 0.5),
    "a half": (torch.tensor(0.5, dtype=torch.bfloat16), 0.5),
    "a switch": (True, 1),
    "a decimal": (Decimal("0.5"), 0.5),
    "a fraction": (Fraction(1, 2), 0.5),
    "not a number": (float("nan"), np.nan),
    "a large integer": (10**300, 1e300),
}
LEFT_OUT = {
    "none": None,
    "a text": "high",
    "a number as a text": "0.5",
    "bytes": b"1",
    "an empty list": [],
    "two numbers": [1, 2],
    "nested lists": [[1]],
    "a tensor of two": torch.ones(2),
    "an empty array": np.empty(0),
    "a tensor without memory": torch.ones((), device="meta"),
    "a complex number": 1j,
    "a complex tensor": torch.tensor(1j),
    "too large an integer": 10**400,
    "a dictionary": {"a": 1},
    "an object whose methods raise": Unwilling(),
    "a class": Unwilling,
}


def training(path: Path, *logs: dict[str, Any] | object, updates: int = 3) -> tuple[list[list[float]], Trace]:
    """Make a few updates, each followed by all ``logs``. Return the states and the trace."""
    torch.manual_seed(5)
    model, states = torch.nn.Linear(2, 1), []
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with record(model, optimizer, path) as recording:
        for k in range(updates):
            optimizer.zero_grad()
            model(torch.ones(3, 2)).square().mean().backward()
            optimizer.step()
            states.append(torch.nn.utils.parameters_to_vector(model.parameters()).tolist())
            for log in logs:
                if isinstance(log, dict) and all(isinstance(name, str) and name.isidentifier() for name in log):
                    recording.log(**log)
                else:
                    recording.log(log)
            recording.log(loss=k)
    return states, Trace.open(path, checksums=True)


@pytest.mark.parametrize("kind", KEPT)
@pytest.mark.parametrize("name", ["loss", "rate"])
def test_a_container_with_one_number_is_logged_as_that_number(kind, name, tmp_path):
    value, number = KEPT[kind]
    _, trace = training(tmp_path / "run", {name: value}, updates=1)
    kept = trace.batch_loss if name == "loss" else trace.metrics["rate"][1]
    expected = np.mean([number, 0]) if name == "loss" else number
    assert np.array_equal(kept, [expected], equal_nan=True)


def test_a_schedulers_last_rate_can_be_logged_as_it_is(tmp_path):
    model = torch.nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    with record(model, optimizer, tmp_path / "run") as recording:
        for _ in range(3):
            model(torch.ones(1)).backward()
            optimizer.step()
            recording.log(rate=scheduler.get_last_lr())
            scheduler.step()
    assert Trace.open(tmp_path / "run").metrics["rate"][1].tolist() == [0.5, 0.25, 0.125]


@pytest.mark.parametrize("kind", LEFT_OUT)
@pytest.mark.parametrize("name", ["loss", "accuracy"])
def test_a_value_that_is_no_number_is_dropped_with_one_warning_per_name(kind, name, tmp_path):
    wrong = {name: LEFT_OUT[kind], "sound": 2.0}
    logs = [wrong] if name != "loss" or LEFT_OUT[kind] is not None else [{"loss": None} | {"a b": 1}]
    plain, _ = training(tmp_path / "plain")
    with pytest.warns(UserWarning, match=f"record: {name} is not kept") as caught:
        states, trace = training(tmp_path / "run", *logs)
    assert len(caught) == 1 and caught[0].filename == __file__
    assert states == plain and trace.batch_loss.tolist() == [0, 1, 2]
    assert all(at.tolist() == [1, 2, 3] for at, _ in trace.metrics.values()), "the rest of the call is kept"
    assert name not in trace.metrics


@pytest.mark.parametrize("wrong", [0.5, "1", "last", -1, 1 << 31, [1, 2], np.nan, np.inf, Unwilling()])
def test_an_epoch_that_is_no_whole_number_is_dropped(wrong, tmp_path):
    with pytest.warns(UserWarning, match="epoch is not kept") as caught:
        _, trace = training(tmp_path / "run", {"epoch": wrong})
    assert len(caught) == 1 and trace.epoch.tolist() == [-1, -1, -1]


@pytest.mark.parametrize("epoch", [2, 2.0, np.int64(2), torch.tensor(2), [2], torch.tensor([2.0])])
def test_an_epoch_may_be_any_whole_number(epoch, tmp_path):
    assert training(tmp_path / "run", {"epoch": epoch})[1].epoch.tolist() == [2, 2, 2]


@pytest.mark.parametrize("wrong", [7, -1, 0.5, "last", None.__class__, 10**400])
def test_values_for_an_update_that_does_not_exist_are_dropped(wrong, tmp_path):
    with pytest.warns(UserWarning, match="update is not kept"):
        _, trace = training(tmp_path / "run", {"update": wrong, "loss": 9.0, "a": 1})
    assert trace.batch_loss.tolist() == [0, 1, 2] and trace.metrics == {}


@pytest.mark.parametrize("wrong", [3, np.int64(3), torch.tensor(3), [0.5], "all", [[1], [2, 3]], Unwilling()])
def test_a_batch_without_indices_of_examples_is_dropped(wrong, tmp_path):
    with pytest.warns(UserWarning, match="batch is not kept: .*examples") as caught:
        _, trace = training(tmp_path / "run", {"batch": wrong})
    assert len(caught) == 1 and trace.run.examples_logged == 0


@pytest.mark.parametrize("name", ["", "a\nb", "x" * 201, "\x1b[2J", Unwilling()], ids=range(5))
def test_a_metric_with_an_unprintable_name_is_dropped(name, tmp_path):
    with pytest.warns(UserWarning, match=r"is not kept: .*name.* 1 to 200 printable characters") as caught:
        _, trace = training(tmp_path / "run", {name: 1.0, "a b": 2.0})
    assert len(caught) == 1 and str(caught[0].message).isprintable() and list(trace.metrics) == ["a b"]


def test_names_of_parameters_of_log_name_metrics_in_a_mapping(tmp_path):
    names = ["self", "metrics", "update", "batch", "epoch", "class", "None", "__init__"]
    _, trace = training(tmp_path / "run", dict.fromkeys(names, 1.5) | {"a b": 1.0})
    assert set(trace.metrics) == {*names, "a b"}


def test_metric_names_are_converted_to_text(tmp_path):
    _, trace = training(tmp_path / "run", {3: 1.0, (1, 2): 2.0})
    assert list(trace.metrics) == ["3", "(1, 2)"]


@pytest.mark.parametrize("without_name", [0.5, "loss", [1, 2], torch.ones(2), Unwilling()])
def test_a_value_without_a_name_is_dropped(without_name, tmp_path):
    with pytest.warns(UserWarning, match="without a name") as caught:
        _, trace = training(tmp_path / "run", without_name)
    assert len(caught) == 1 and trace.metrics == {}


def test_a_metric_passed_twice_is_kept_once(tmp_path):
    model = torch.nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    with record(model, optimizer, tmp_path / "run") as recording:
        model(torch.ones(1)).backward()
        optimizer.step()
        with pytest.warns(UserWarning, match="loss is not kept: it is given twice"):
            recording.log({"loss": 1.0}, loss=2.0)
        with pytest.warns(UserWarning, match="1 is not kept: it is given twice"):
            recording.log({1: 1.0, "1": 2.0})
    trace = Trace.open(tmp_path / "run")
    assert trace.batch_loss.tolist() == [2] and trace.metrics["1"][1].tolist() == [1]


def test_a_batch_of_an_earlier_update_is_dropped(tmp_path):
    model = torch.nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    with record(model, optimizer, tmp_path / "run") as recording:
        for k in range(3):
            model(torch.ones(1)).backward()
            optimizer.step()
            recording.log(batch=[k])
        with pytest.warns(UserWarning, match="batch is not kept: batches must be logged in the order"):
            recording.log(batch=[9], update=0)
    assert Trace.open(tmp_path / "run").batch.tolist() == [0, 1, 2]


def test_a_dropped_value_does_not_end_training_where_warnings_are_errors(tmp_path):
    def training_where_warnings_are_errors() -> None:
        warnings.simplefilter("error")
        training(tmp_path / "run", {"accuracy": "high"})

    with pytest.warns(UserWarning, match="accuracy is not kept"):
        training_where_warnings_are_errors()
    assert Trace.open(tmp_path / "run").batch_loss.tolist() == [0, 1, 2]


def test_the_number_of_warnings_is_limited(tmp_path):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        training(tmp_path / "run", *({f"name {k}": None} for k in range(300)), updates=1)
    assert len(caught) == step_recorder._MOST_REPORTS


@pytest.mark.parametrize(
    "where",
    [
        "update_log.UpdateLog.note_epoch_of_update",
        "update_log.UpdateLog.note_metric",
        "update_log.UpdateLog.note_update",
        "update_log.UpdateLog.note_setting",
        "update_log.UpdateLog.flush",
        "update_log.UpdateLog.finish",
        "step_recorder.Recorder._before_step",
        "step_recorder.Recorder._after_step",
        "step_recorder.Recorder._warn_of_unrecorded_optimizer",
        "step_recorder.Recorder._append_state",
        "step_recorder.Recorder._update_journal",
        "recorded_model.RecordedModel.before_update",
        "untrained.Untrained.cut",
        "newest_state.NewestState.copy",
    ],
)
def test_an_exception_in_log_does_not_end_training(where, tmp_path, monkeypatch):
    plain, _ = training(tmp_path / "plain")

    def fault(*_: object, **__: object) -> None:
        raise AssertionError("ours")

    monkeypatch.setattr(f"gradreel.core.recording.{where}", fault)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = torch.nn.Linear(2, 1)
        torch.manual_seed(5)
        model.reset_parameters()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        states = []
        with record(model, optimizer, tmp_path / "run") as recording:
            for k in range(3):
                optimizer.zero_grad()
                model(torch.ones(3, 2)).square().mean().backward()
                optimizer.param_groups[0]["momentum"] = 0.0 if k else 0
                optimizer.step()
                states.append(torch.nn.utils.parameters_to_vector(model.parameters()).tolist())
                recording.log(epoch=k, accuracy=1.0)
    assert states == plain
