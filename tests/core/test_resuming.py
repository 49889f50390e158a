"""record(..., resume=True) continues a run, and the trace is that of a run that never ended."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import torch
from gradreel.core.errors import UserError
from gradreel.core.recording.recording import record
from gradreel.core.trace.trace import Trace
from gradreel.core.trace.verify import verify
from gradreel.core.trace.verify_result import Agreement

X = torch.linspace(-1, 1, 24).reshape(12, 2)
Y = (X[:, :1] * X[:, 1:]).sin()

OPTIMIZERS: dict[str, Callable[[Any], torch.optim.Optimizer]] = {
    "sgd": lambda parameters: torch.optim.SGD(parameters, lr=0.1),
    "momentum": lambda parameters: torch.optim.SGD(parameters, lr=0.1, momentum=0.9),
    "adamw": lambda parameters: torch.optim.AdamW(parameters, lr=0.01),
}


class StopError(Exception):
    """Ends a loop."""


class Loop:
    """A loop with batches, a schedule, BatchNorm and frozen numbers, whose whole state can be saved and loaded."""

    def __init__(self, optimizer: str = "adamw") -> None:
        torch.manual_seed(1)
        self.model = torch.nn.Sequential(
            torch.nn.Linear(2, 2),
            torch.nn.Linear(2, 4),
            torch.nn.BatchNorm1d(4),
            torch.nn.Tanh(),
            torch.nn.Linear(4, 1),
        )
        self.model[0].requires_grad_(False)
        self.optimizer = OPTIMIZERS[optimizer](self.model[1:].parameters())
        self.schedule = torch.optim.lr_scheduler.StepLR(self.optimizer, 4, 0.5)

    @property
    def saved(self) -> dict[str, Any]:
        """Return a checkpoint."""
        parts = (self.model, self.optimizer, self.schedule)
        return {str(i): copy.deepcopy(part.state_dict()) for i, part in enumerate(parts)}

    def load(self, saved: dict[str, Any]) -> None:
        """Load a checkpoint."""
        for i, part in enumerate((self.model, self.optimizer, self.schedule)):
            part.load_state_dict(copy.deepcopy(saved[str(i)]))

    def run(self, recording: Any, end: int, stop: int | None = None, log_ahead: bool = False) -> None:
        """Make updates up to ``end``; raise after ``stop``."""
        for k in range(recording.updates, end):
            if k == stop:
                raise StopError
            chosen = [(k + i) % 12 for i in range(4)]
            self.optimizer.zero_grad()
            loss = torch.nn.functional.mse_loss(self.model(X[chosen]), Y[chosen])
            loss.backward()
            if log_ahead:
                recording.log(loss=loss, epoch=k // 3, batch=chosen, rate=self.schedule.get_last_lr()[0])
            self.optimizer.step()
            self.schedule.step()
            if not log_ahead:
                recording.log(loss=loss, epoch=k // 3, batch=chosen, rate=self.schedule.get_last_lr()[0])


def interrupted(
    path: Path, updates: int, optimizer: str = "adamw", log_ahead: bool = False, **how: Any
) -> dict[str, Any]:
    """Record a loop that raises after ``updates`` updates, and return its checkpoint of then."""
    loop = Loop(optimizer)
    with pytest.raises(StopError), record(loop.model, loop.optimizer, path, **how) as recording:
        loop.run(recording, 100, updates, log_ahead)
    return loop.saved


def columns_of(path: Path) -> dict[str, list[Any]]:
    trace = Trace.open(path, checksums=True)
    return {name: column.tobytes() for name, column in trace.columns.items()}


@pytest.mark.parametrize(
    ("optimizer", "every", "log_ahead", "find"),
    [
        ("sgd", 1, True, False),
        ("momentum", 1, False, True),
        ("momentum", 5, True, False),
        ("adamw", 1, True, True),
        ("adamw", 5, False, True),
        ("adamw", 1, False, False),
    ],
)
def test_a_resumed_trace_is_that_of_a_run_that_never_ended(optimizer, every, log_ahead, find, tmp_path):
    keep = {"keep": {"every": every}}
    whole = Loop(optimizer)
    with record(whole.model, whole.optimizer, tmp_path / "whole", **keep) as recording:
        whole.run(recording, 23, log_ahead=log_ahead)
    saved = interrupted(tmp_path / "run", 7, optimizer, log_ahead, **keep)
    for stop in (10, 11, 12):
        loop = Loop(optimizer)
        loop.load(saved)
        given = None if find else loop.optimizer
        with pytest.raises(StopError), record(loop.model, given, tmp_path / "run", resume=True, **keep) as recording:
            loop.run(recording, 23, stop, log_ahead)
        saved = loop.saved
    loop = Loop(optimizer)
    loop.load(saved)
    with record(loop.model, loop.optimizer, tmp_path / "run", resume=True, **keep) as recording:
        assert recording.updates == 12
        loop.run(recording, 23, log_ahead=log_ahead)
    assert columns_of(tmp_path / "run") == columns_of(tmp_path / "whole")
    trace = Trace.open(tmp_path / "run")
    assert trace.run.resumed == (7, 10, 11, 12) and not trace.interrupted
    assert verify(trace.path).agreement is (Agreement.EXACT if every == 1 else Agreement.NOT_COMPUTED)
    assert verify(trace.path).intact
    assert sorted(entry.name for entry in tmp_path.glob("[!.]*")) == ["run", "whole"]


def test_a_complete_run_is_continued_and_stays_until_the_end(tmp_path):
    loop = Loop()
    with record(loop.model, loop.optimizer, tmp_path / "run") as recording:
        loop.run(recording, 6)
    before = columns_of(tmp_path / "run")
    with pytest.raises(StopError), record(loop.model, loop.optimizer, tmp_path / "run", resume=True) as recording:
        loop.run(recording, 20, 9)
    assert columns_of(tmp_path / "run") == before
    assert Trace.open(tmp_path / "run.interrupted").n_updates == 9
    with record(loop.model, loop.optimizer, tmp_path / "run", resume=True) as recording:
        loop.run(recording, 12)
    assert verify(tmp_path / "run").exact and Trace.open(tmp_path / "run").n_updates == 12
    assert not (tmp_path / "run.interrupted").exists()


def test_without_a_run_to_resume_a_new_one_begins(tmp_path):
    loop = Loop()
    with record(loop.model, loop.optimizer, tmp_path / "run", resume=True) as recording:
        loop.run(recording, 3)
    assert Trace.open(tmp_path / "run").run.resumed == ()


@pytest.mark.parametrize("fault", ["raises", "ends"])
def test_resuming_without_a_new_update_keeps_the_run(fault, tmp_path):
    saved = interrupted(tmp_path / "run", 7)
    before = columns_of(tmp_path / "run.interrupted")
    loop = Loop()
    loop.load(saved)
    with (
        pytest.raises(StopError) if fault == "raises" else nullcontext(),
        record(loop.model, loop.optimizer, tmp_path / "run", resume=True) as recording,
    ):
        loop.run(recording, 7)
        if fault == "raises":
            raise StopError
    place = tmp_path / ("run.interrupted" if fault == "raises" else "run")
    assert columns_of(place) == before
    assert [entry.name for entry in tmp_path.glob("[!.]*")] == [place.name]


def test_a_complete_run_stays_if_the_loop_raises_before_a_new_update(tmp_path):
    loop = Loop()
    with record(loop.model, loop.optimizer, tmp_path / "run") as recording:
        loop.run(recording, 6)
    with pytest.raises(StopError), record(loop.model, loop.optimizer, tmp_path / "run", resume=True):
        raise StopError
    assert [entry.name for entry in tmp_path.glob("[!.]*")] == ["run"]
    assert Trace.open(tmp_path / "run", checksums=True).n_updates == 6


@pytest.mark.parametrize("every", [1, 5])
def test_a_step_that_fails_right_after_resuming_loses_nothing(every, tmp_path):
    saved = interrupted(tmp_path / "run", 7, keep={"every": every})
    loop = Loop()
    loop.load(saved)

    def closure() -> float:
        with torch.no_grad():
            loop.model[1].weight.zero_()
        raise StopError

    with (
        pytest.raises(StopError),
        record(loop.model, loop.optimizer, tmp_path / "run", keep={"every": every}, resume=True),
    ):
        loop.optimizer.step(closure)
    trace = Trace.open(tmp_path / "run.interrupted", checksums=True)
    assert trace.n_updates == 7
    last = trace.state_dict(7)
    assert all(torch.equal(last[name], tensor) for name, tensor in saved["0"].items())


# ---- what cannot be continued


def changed(change: Callable[[Loop], object]) -> Callable[[Loop], torch.optim.Optimizer]:
    def apply(loop: Loop) -> torch.optim.Optimizer:
        with torch.no_grad():
            change(loop)
        return loop.optimizer

    return apply


REFUSED: dict[str, tuple[Callable[[Loop], Any], str]] = {
    "another weight": (
        changed(lambda loop: loop.model[1].weight[1, 0].add_(1)),
        r"1\.weight\[1,0\] is .*, after 7 ",
    ),
    "another sign of zero": (changed(lambda loop: loop.model[2].bias[3].mul_(1 + 1e-6)), r"2\.bias\[3\] is "),
    "a frozen number": (changed(lambda loop: loop.model[0].bias.add_(1)), r"0\.bias is frozen, and has other numbers"),
    "another optimizer": (
        lambda loop: torch.optim.SGD(loop.model[1:].parameters(), lr=0.1),
        r"its optimizer 0 is a torch\.optim\.adamw\.AdamW, and this one a torch\.optim\.sgd\.SGD",
    ),
    "fewer parameters": (
        lambda loop: torch.optim.AdamW(loop.model[2:].parameters()),
        r"(only the recorded run has|1\.weight)",
    ),
    "two optimizers": (
        lambda loop: [loop.optimizer, torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1)],
        r"only the model has optimizer 1, group 0, 0|optimizers made it",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_run_that_differs_is_refused_by_name_and_stays(kind, tmp_path):
    saved = interrupted(tmp_path / "run", 7)
    before = columns_of(tmp_path / "run.interrupted")
    loop = Loop()
    loop.load(saved)
    change, message = REFUSED[kind]
    optimizer = change(loop)
    with (
        warnings.catch_warnings(action="ignore"),
        pytest.raises(UserError, match=rf"run\.interrupted \(7 updates\): {message}"),
        record(loop.model, optimizer, tmp_path / "run", resume=True),
    ):
        pass
    assert columns_of(tmp_path / "run.interrupted") == before


def test_an_earlier_state_is_named_and_so_is_another_way_of_keeping(tmp_path):
    interrupted(tmp_path / "run", 7)
    loop = Loop()
    message = r"the model has the state after 0 updates, not that after 7; load .*state_dict\(7\)"
    with pytest.raises(UserError, match=message), record(loop.model, loop.optimizer, tmp_path / "run", resume=True):
        pass
    keep: Any = {"every": 2}
    with (
        pytest.raises(UserError, match='recorded with keep="every update"'),
        record(loop.model, loop.optimizer, tmp_path / "run", keep, resume=True),
    ):
        pass


def test_a_damaged_run_is_not_continued(tmp_path):
    saved = interrupted(tmp_path / "run", 7)
    file = tmp_path / "run.interrupted" / "gradient.npy"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    loop = Loop()
    loop.load(saved)
    with (
        pytest.raises(UserError, match=r"gradient\.npy is damaged"),
        record(loop.model, loop.optimizer, tmp_path / "run", resume=True),
    ):
        pass


@pytest.mark.parametrize("optimizer", ["momentum", "adamw"])
@pytest.mark.parametrize("lost", ["none", "another"])
def test_a_lost_optimizer_state_gives_a_warning_and_is_no_fault_of_the_trace(optimizer, lost, tmp_path):
    saved = interrupted(tmp_path / "run", 7, optimizer)
    loop = Loop(optimizer)
    if lost == "another":
        loop.run(type("Counter", (), {"updates": 0, "log": lambda *_, **__: None})(), 7)
        next(v for v in loop.optimizer.state[loop.model[1].weight].values() if v.dim()).add_(1)
    loop.model.load_state_dict(saved["0"])
    with (
        pytest.warns(UserWarning, match="does not have the state .* that it had after 7 updates"),
        record(loop.model, loop.optimizer, tmp_path / "run", resume=True) as recording,
    ):
        loop.run(recording, 12)
    checked = verify(tmp_path / "run")
    assert checked.intact and checked.agreement is Agreement.NOT_COMPUTED


# ---- shorter and longer runs


def test_a_shorter_run_does_not_replace_a_longer_one(tmp_path):
    for updates in (6, 8, 8):
        loop = Loop()
        with record(loop.model, loop.optimizer, tmp_path / "run") as recording:
            loop.run(recording, updates)
    loop = Loop()
    warned = pytest.warns(
        UserWarning, match=r"run has 8 updates, this run has fewer.*run\.new.*overwrite=True.*resume=True"
    )
    with warned, record(loop.model, loop.optimizer, tmp_path / "run") as recording:
        loop.run(recording, 3)
    assert {entry.name: Trace.open(entry).n_updates for entry in tmp_path.glob("[!.]*")} == {"run": 8, "run.new": 3}
    loop = Loop()
    with record(loop.model, loop.optimizer, tmp_path / "run", overwrite=True) as recording:
        loop.run(recording, 2)
    assert Trace.open(tmp_path / "run", checksums=True).n_updates == 2


def test_a_damaged_trace_counts_as_longer(tmp_path):
    for _ in range(2):
        loop = Loop()
        with (
            pytest.warns(UserWarning, match=r"run cannot be read, and is not replaced") if _ else nullcontext(),
            record(loop.model, loop.optimizer, tmp_path / "run") as recording,
        ):
            loop.run(recording, 3)
        meta = tmp_path / "run" / "meta.json"
        meta.write_text(meta.read_text().replace('"updates": 3', '"updates": 9'))
    assert Trace.open(tmp_path / "run.new").n_updates == 3


# ---- kills

KILLED = """
import itertools, os, shutil, sys
from pathlib import Path
sys.path.insert(0, tests)
import torch
from gradreel.core.recording.recording import record
from gradreel.core.recording.update_log import UpdateLog
from gradreel.core.trace import earlier_run
from test_resuming import Loop

torch.set_num_threads(1)
owners = {"_write_column": earlier_run, "rename": Path, "rmtree": shutil, "note_update": UpdateLog}
owner, calls, loop = owners[function], itertools.count(), Loop()
plain = getattr(owner, function)
setattr(owner, function, lambda *a, **k: os._exit(3) if next(calls) == count else plain(*a, **k))
loop.load(torch.load(checkpoint))
with record(loop.model, loop.optimizer, path, keep={"every": every}, resume=True) as recording:
    loop.run(recording, 23)
"""


@pytest.mark.parametrize(
    ("function", "count", "every"),
    [("_write_column", 3, 1), ("rename", 0, 1), ("rename", 1, 5), ("rmtree", 1, 1), ("note_update", 0, 1)],
)
def test_a_kill_while_resuming_loses_nothing(function, count, every, begin_fork, tmp_path):
    """The process ends at call ``count`` of a function that copies, renames, removes or counts updates."""
    how: dict[str, Any] = {"keep": {"every": every}}
    saved = interrupted(tmp_path / "run", 7, **how)
    before = columns_of(tmp_path / "run.interrupted")
    torch.save(saved, tmp_path / "saved.pt")
    names = {"function": function, "count": count, "every": every, "path": str(tmp_path / "run")}
    process = begin_fork(KILLED, tests=str(Path(__file__).parent), checkpoint=str(tmp_path / "saved.pt"), **names)
    process.join()
    assert process.exitcode == 3
    with pytest.raises(StopError), record(Loop().model, None, tmp_path / "other"):
        raise StopError  # a recording beside it puts a folder back that was about to be replaced
    assert columns_of(tmp_path / "run.interrupted") == before
    loop = Loop()
    loop.load(saved)
    with record(loop.model, loop.optimizer, tmp_path / "run", resume=True, **how) as recording:
        loop.run(recording, 23)
    assert verify(tmp_path / "run").agreement is (Agreement.EXACT if every == 1 else Agreement.NOT_COMPUTED)
    assert Trace.open(tmp_path / "run", checksums=True).n_updates == 23
    assert sorted(entry.name for entry in tmp_path.glob("[!.]*")) == ["run", "saved.pt"]
