"""A recording whose process is killed keeps whole updates; a signal completes the trace first."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np
import pytest
import torch
from gradreel.core.errors import TraceError
from gradreel.core.recording import journal_thread
from gradreel.core.recording.recording import record
from gradreel.core.recording.update_log import UpdateLog
from gradreel.core.trace.trace import Trace
from gradreel.core.trace.unfinished import RecordingJournal
from gradreel.core.trace.verify import verify
from gradreel.core.trace.verify_result import Agreement

MODEL = "torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.BatchNorm1d(4), torch.nn.Linear(4, 1))"
LOOP = f"""
import os, signal, sys, threading, time, torch
sys.stderr = open(f"{{path}}.errors", "w", buffering=1)
from gradreel.core.recording.recording import record
torch.set_num_threads(1)
torch.manual_seed(0)
model = {MODEL}
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
x = torch.linspace(-1, 1, 16).reshape(8, 2)

def updates(recording, count=10**9, pause=lambda k: None):
    for k in range(count):
        optimizer.zero_grad()
        loss = model(x).square().mean()
        loss.backward()
        optimizer.step()
        recording.log(loss=k, epoch=k // 10, batch=[k, k + 1], accuracy=k)
        states.write(torch.nn.utils.parameters_to_vector(model.parameters()).detach().numpy().tobytes())
        states.flush()
        seen.write(f"{{time.monotonic()}} {{k + 1}}\\n")
        seen.flush()
        pause(k)

states = open(f"{{path}}.states", "wb")
states.write(torch.nn.utils.parameters_to_vector(model.parameters()).detach().numpy().tobytes())
seen = open(f"{{path}}.seen", "w")
"""
"""A loop that notes outside of the trace when it has made each update."""


class Running:
    """A process that runs ``code`` after `LOOP` and makes a trace at ``path``."""

    def __init__(self, begin_fork: Callable[..., BaseProcess], path: Path, code: str) -> None:
        self.path = path
        self.process = begin_fork(LOOP + code, path=str(path))

    def seen(self) -> list[tuple[float, int]]:
        """Return when each number of updates was reached, by a clock that all processes share."""
        file = Path(f"{self.path}.seen")
        lines = file.read_text().splitlines(keepends=True) if file.exists() else []
        return [(float(when), int(k)) for when, k in (line.split() for line in lines if line.endswith("\n"))]

    def wait_for(self, updates: int) -> None:
        """Wait until the process has made ``updates`` updates."""
        while len(self.seen()) < updates:
            assert self.process.is_alive(), self.errors()
            time.sleep(0.01)

    def end_by(self, number: int) -> str:
        """Send a signal, wait for the end, and return what the process printed."""
        assert self.process.pid is not None
        os.kill(self.process.pid, number)
        self.wait()
        return self.errors()

    def wait(self) -> int | None:
        """Wait for the process to end, and return its exit code."""
        self.process.join()
        return self.process.exitcode

    def errors(self) -> str:
        """Return what the process printed on standard error."""
        return Path(f"{self.path}.errors").read_text()

    def due(self, when: float) -> int:
        """Return the number of updates that were made one second before the moment ``when``."""
        return max((k for then, k in self.seen() if then < when - 1), default=0)

    @property
    def interrupted(self) -> Path:
        """Return the path of the interrupted recording."""
        return self.path.with_name(f"{self.path.name}.interrupted")


@pytest.fixture
def running(tmp_path: Path, begin_fork: Callable[..., BaseProcess]) -> Iterator[Callable[..., Running]]:
    """Return ``running(code, name="run")``: it starts a process that trains by ``code`` and records into ``name``."""
    with ExitStack() as ends:
        yield lambda code, name="run": ends.enter_context(running_in(tmp_path / name, begin_fork, code))


@contextmanager
def running_in(path: Path, begin_fork: Callable[..., BaseProcess], code: str) -> Iterator[Running]:
    loop = Running(begin_fork, path, code)
    try:
        yield loop
    finally:
        loop.process.kill()
        loop.process.join()


def assert_whole(loop: Running, trace: Trace, keep: int = 1) -> None:
    """Check that the trace has what the loop did, up to the trace's last update."""
    updates = trace.n_updates
    states = np.fromfile(f"{loop.path}.states", np.float32).reshape(-1, trace.n_parameters)
    kept = sorted({*range(0, updates, keep), updates})
    assert trace.kept.tolist() == kept
    seen = [row for row, k in enumerate(kept) if k < len(states)]  # killed before it noted the last update
    assert len(seen) >= len(kept) - 1 and np.array_equal(trace.parameters[seen], states[[kept[row] for row in seen]])
    numbers = np.arange(updates)
    logged = updates if trace.batch_loss[-1] == updates - 1 else updates - 1  # killed before it logged the last update
    assert np.array_equal(trace.batch_loss[:logged], numbers[:logged])
    assert np.array_equal(trace.epoch[:logged], numbers[:logged] // 10)
    assert all(trace.examples(k).tolist() == [k, k + 1] for k in range(logged))
    assert trace.metrics["accuracy"][1].tolist() == list(range(len(trace.metrics["accuracy"][1])))
    assert logged <= len(trace.metrics["accuracy"][1]) <= updates
    eval(MODEL).load_state_dict(trace.state_dict(updates), strict=True)


@pytest.mark.parametrize(
    ("keep", "pause"),
    [("every update", 0.001), ("every update", 0.4), ({"every": 7}, 0.0), ({"every": 1000}, 0.05)],
)
def test_a_killed_recording_lacks_at_most_the_last_second(running, keep, pause):
    loop = running(
        f"with record(model, optimizer, path, keep={keep!r}) as r: updates(r, pause=lambda k: time.sleep({pause}))"
    )
    loop.wait_for(3)
    time.sleep(random.uniform(1.1, 1.5))
    killed = time.monotonic()
    loop.end_by(signal.SIGKILL)
    trace = Trace.open(loop.interrupted, checksums=True)
    assert trace.n_updates >= loop.due(killed) > 0
    assert trace.interrupted
    assert not loop.path.exists()
    assert_whole(loop, trace, 1 if isinstance(keep, str) else keep["every"])
    result = verify(loop.interrupted)
    assert result.intact and (result.agreement is Agreement.EXACT) == (keep == "every update")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_recording_ended_in_a_step_that_takes_nearly_all_time_lacks_at_most_the_last_second(running, number):
    loop = running("""
step = optimizer.step
optimizer.step = lambda: step(lambda: time.sleep(0.05))
with record(model, optimizer, path, keep={"every": 1000}) as r: updates(r)
""")
    loop.wait_for(3)
    time.sleep(1.5)
    ended = time.monotonic()
    loop.end_by(number)
    trace = Trace.open(loop.interrupted, checksums=True)
    assert trace.n_updates >= loop.due(ended) > 0
    assert trace.run.ended_by == ("killed" if number == signal.SIGKILL else "SIGTERM")
    assert_whole(loop, trace, 1000)


def test_a_recording_killed_in_a_pause_has_the_last_update(running):
    keeps = {"run": "every update", "few": {"every": 1000}}
    loops = [
        running(f"with record(model, optimizer, path, keep={keep!r}) as r: updates(r, 5); time.sleep(1000)", name)
        for name, keep in keeps.items()
    ]
    for loop in loops:
        loop.wait_for(5)
    time.sleep(1.1)
    for loop, keep in zip(loops, keeps.values(), strict=True):
        loop.end_by(signal.SIGKILL)
        trace = Trace.open(loop.interrupted, checksums=True)
        assert trace.n_updates == 5 and trace.batch_loss.tolist() == [0, 1, 2, 3, 4]
        assert_whole(loop, trace, 1 if isinstance(keep, str) else 1000)


@pytest.mark.slow
def test_a_recording_killed_at_any_time_has_whole_updates(running):
    """The kill may also come while the trace is completed: each loop ends, writes its trace, and begins another one."""
    code = """
for run in range(10**9):
    with record(model, optimizer, f"{path}-{run}", keep={"every": 1 + run % 3}) as r:
        updates(r, 50)
"""
    for k in range(4):
        loop = running(code, f"run{k}")
        loop.wait_for(2)
        time.sleep(random.uniform(0.1, 0.7))
        loop.end_by(signal.SIGKILL)
        folders = [folder for folder in loop.path.parent.glob(f"run{k}-*[!n]") if folder.is_dir()]
        newest = max(folders, key=lambda folder: folder.stat().st_mtime_ns)
        for folder in folders:
            if "interrupted" not in folder.name or (folder / "journal.json").exists():
                assert Trace.open(folder, checksums=True).n_updates
                assert folder != newest or verify(folder).intact


def test_a_recording_can_be_opened_while_it_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(journal_thread, "JOURNAL_SECONDS", 0.01)
    model = torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with record(model, optimizer, tmp_path / "run") as recording:
        for k in range(3):
            optimizer.zero_grad()
            model(torch.ones(3, 2)).mean().backward()
            optimizer.step()
            recording.log(loss=k)
        until(lambda: Trace.open(tmp_path / "run.interrupted", checksums=True).n_updates == 3)
        recording.log(loss=9.0, update=1)  # late
        until(lambda: Trace.open(tmp_path / "run.interrupted", checksums=True).batch_loss.tolist() == [0, 5, 2])
    trace = Trace.open(tmp_path / "run", checksums=True)
    assert trace.batch_loss.tolist() == [0, 5, 2] and not trace.interrupted
    names = {f"{name}.npy" for name in trace.columns} | {"meta.json"}
    assert {file.name for file in (tmp_path / "run").iterdir()} == names


def test_a_recording_can_be_opened_while_it_replaces_the_file_of_its_newest_state(tmp_path, monkeypatch):
    monkeypatch.setattr(journal_thread, "JOURNAL_SECONDS", 0.01)
    model = torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    read_journal = RecordingJournal.read.__func__
    pending = [2, 3]

    def update() -> None:
        model(torch.ones(3, 2)).mean().backward()
        optimizer.step()

    def journaled(updates: int) -> bool:
        return f'"last-{updates}.rows"' in (tmp_path / "run.interrupted" / "journal.json").read_text()

    def read_and_replaced(cls: type[RecordingJournal], folder: Path) -> RecordingJournal:
        journal = read_journal(cls, folder)
        if pending:
            updates = pending.pop(0)
            update()
            until(lambda: journaled(updates) and len(list(folder.glob("last-*"))) == 1)
        return journal

    with record(model, optimizer, tmp_path / "run", keep={"every": 1000}):
        update()
        until(lambda: journaled(1))
        monkeypatch.setattr(RecordingJournal, "read", classmethod(read_and_replaced))
        trace = Trace.open(tmp_path / "run.interrupted", checksums=True)
        assert trace.n_updates == 3
        expected = torch.nn.utils.parameters_to_vector(model.parameters()).tolist()
        update()
        until(lambda: journaled(4))
        assert trace.parameters[-1].tolist() == expected


def test_killed_at_its_end_a_recording_has_the_updates_since_its_last_journal(tmp_path, monkeypatch):
    monkeypatch.setattr(journal_thread, "JOURNAL_SECONDS", 0.01)
    finish = UpdateLog.finish

    def killed_and_finished(*arguments):
        shutil.copytree(tmp_path / "run.interrupted", tmp_path / "killed")
        return finish(*arguments)

    monkeypatch.setattr(UpdateLog, "finish", killed_and_finished)
    model = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.BatchNorm1d(4))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with record(model, optimizer, tmp_path / "run") as recording:
        for k in range(20):
            optimizer.zero_grad()
            model(torch.eye(2)).square().mean().backward()
            optimizer.step()
            if k == 3:
                until(lambda: Trace.open(tmp_path / "run.interrupted").n_updates == 4)
                recording._recorder._journal.join()  # no journal until the loop's end
    assert Trace.open(tmp_path / "killed", checksums=True).n_updates == 19  # the last state was not written yet


def until(holds: Callable[[], bool]) -> None:
    """Wait until ``holds()`` is true; a file that does not exist yet counts as false."""
    for _ in range(2000):
        try:
            if holds():
                return
        except (TraceError, FileNotFoundError):
            pass
        time.sleep(0.01)
    pytest.fail("it never did")


def test_the_next_recording_leaves_a_killed_one_and_is_killed_beside_it(running):
    for name in ("run.interrupted", "run.interrupted-2"):
        loop = running("with record(model, optimizer, path) as r: updates(r)")
        folder = loop.path.with_name(name)
        until((folder / "journal.json").exists)
        loop.end_by(signal.SIGKILL)
        assert Trace.open(folder, checksums=True).n_updates
    before = (loop.interrupted / "journal.json").read_bytes()
    loop = running("with record(model, optimizer, path) as r: updates(r, 3)")
    assert loop.wait() == 0
    assert Trace.open(loop.path).n_updates == 3 and (loop.interrupted / "journal.json").read_bytes() == before
    assert Trace.open(loop.path.with_name("run.interrupted-2"), checksums=True).n_updates


# ---- signals


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("where", ["python", "sleep", "torch"])
def test_a_signal_that_ends_the_process_closes_the_trace_before(running, number, where):
    pause = {"python": "lambda k: None", "sleep": "lambda k: time.sleep(1000 * (k == 5))"}
    pause["torch"] = "lambda k: torch.ones(300, 300) @ torch.ones(300, 300)"
    loop = running(f"with record(model, optimizer, path, keep={{'every': 4}}) as r: updates(r, pause={pause[where]})")
    loop.wait_for(6)
    errors = loop.end_by(number)
    assert loop.wait() == -number
    trace = Trace.open(loop.interrupted, checksums=True)
    assert not (loop.interrupted / "journal.json").exists()
    assert trace.run.ended_by == signal.Signals(number).name and trace.interrupted
    assert 0 <= trace.n_updates - loop.seen()[-1][1] <= 1
    assert_whole(loop, trace, 4)
    assert f"{trace.n_updates} updates were recorded; they are in {loop.interrupted}" in errors


def test_recordings_inside_each_other_and_side_by_side_are_all_closed(running):
    loop = running("""
other = torch.nn.Linear(2, 1)
other_optimizer = torch.optim.SGD(other.parameters(), lr=0.1)
with record(model, optimizer, path) as r, record(other, other_optimizer, f"{path}-inner") as inner:
    updates(r, pause=lambda k: (other(x).mean().backward(), other_optimizer.step()))
""")
    loop.wait_for(3)
    loop.end_by(signal.SIGTERM)
    assert loop.wait() == -signal.SIGTERM
    for name in ("run.interrupted", "run-inner.interrupted"):
        assert Trace.open(loop.path.with_name(name), checksums=True).run.ended_by == "SIGTERM"


def test_the_users_signal_handler_takes_precedence(running):
    loop = running("""
signal.signal(signal.SIGTERM, lambda *_: calls.append(1))
calls = []
with record(model, optimizer, path) as r:
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(7))
    updates(r, 3)
    os.kill(os.getpid(), signal.SIGTERM)
    assert calls == [1]
    updates(r)
""")
    loop.wait_for(6)
    loop.end_by(signal.SIGHUP)
    assert loop.wait() == 7
    assert Trace.open(loop.interrupted, checksums=True).run.ended_by == "SystemExit"


def test_an_ignored_signal_stays_ignored(running):
    loop = running("""
signal.signal(signal.SIGHUP, signal.SIG_IGN)
with record(model, optimizer, path) as r:
    updates(r, 3)
    os.kill(os.getpid(), signal.SIGHUP)
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
""")
    assert loop.wait() == 0 and Trace.open(loop.path).n_updates == 3


def test_a_child_process_has_the_original_signal_handlers(running):
    loop = running("""
with record(model, optimizer, path) as r:
    updates(r, 3)
    child = os.fork()
    if child == 0:
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
        time.sleep(1000)
    os.kill(child, signal.SIGTERM)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGTERM
    updates(r, 3)
assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL and signal.getsignal(signal.SIGHUP) is signal.SIG_DFL
""")
    assert loop.wait() == 0, loop.errors()
    assert Trace.open(loop.path, checksums=True).n_updates == 6


def test_a_recording_in_a_child_process_is_closed_by_its_own_signal(running):
    loop = running("""
with record(torch.nn.Linear(2, 1), torch.optim.SGD(model.parameters(), 1) if 0 else None, f"{path}-parent"):
    child = os.fork()
    if child == 0:
        with record(model, optimizer, path) as r:
            updates(r, 3)
            os.kill(os.getpid(), signal.SIGTERM)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os._exit(0 if status == -signal.SIGTERM else 1)
""")
    assert loop.wait() == 0, loop.errors()
    assert Trace.open(loop.interrupted, checksums=True).run.ended_by == "SIGTERM"


def test_outside_the_main_thread_no_signal_is_touched(running):
    loop = running("""
def train():
    with record(model, optimizer, path) as r:
        handlers.extend(signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGHUP))
        updates(r, 3)
handlers = []
thread = threading.Thread(target=train)
thread.start()
thread.join()
assert handlers == [signal.SIG_DFL] * 2
""")
    assert loop.wait() == 0, loop.errors()
    assert Trace.open(loop.path, checksums=True).n_updates == 3


# ---- damaged recordings, and a full disk


@pytest.fixture(scope="module")
def killed(begin_fork: Callable[..., BaseProcess], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a recording that was killed after four updates. Tests must not change it."""
    code = "with record(model, optimizer, path) as r: updates(r, 4); time.sleep(1000)"
    with running_in(tmp_path_factory.mktemp("killed") / "run", begin_fork, code) as loop:
        until(lambda: Trace.open(loop.interrupted).n_updates == 4 and Trace.open(loop.interrupted).batch_loss[-1] == 3)
        loop.end_by(signal.SIGKILL)
    return loop.interrupted


def test_a_flipped_bit_anywhere_in_a_killed_recording_is_found(killed, tmp_path):
    trace = Trace.open(killed, checksums=True)
    assert trace.n_updates == 4 and verify(killed).intact
    for file in sorted(killed.iterdir()):
        if file.name == "meta.json":
            continue  # a file that is never read
        copy = tmp_path / file.stem
        shutil.copytree(killed, copy)
        content = bytearray(file.read_bytes())
        place = len(content) - 1 if file.suffix != ".npy" else 128
        if place < len(content):
            content[place] ^= 4
            (copy / file.name).write_bytes(content)
            with pytest.raises(TraceError):
                Trace.open(copy, checksums=True)
            assert not verify(copy).intact


def test_a_missing_or_shorter_file_of_a_killed_recording_is_named(killed, tmp_path):
    for file in sorted(killed.iterdir()):
        if file.name in ("meta.json", "kept.npy", "batch_loss.npy", "epoch.npy", "batch_start.npy"):
            continue
        copy = tmp_path / file.stem
        shutil.copytree(killed, copy)
        (copy / file.name).unlink()
        with pytest.raises(TraceError, match=r"missing|cannot be read"):
            Trace.open(copy)
        assert not verify(copy).intact


@pytest.mark.parametrize(
    "change",
    [
        {"last": {"file": "../../etc/passwd", "checksum": "", "copies": []}},
        {"version": 999},
        {"columns": {}},
        {"recorded": {}},
        {"environment": []},
    ],
)
def test_a_journal_that_record_never_writes_is_refused(change, killed, tmp_path):
    import hashlib

    shutil.copytree(killed, tmp_path / "copy")
    file = tmp_path / "copy" / "journal.json"
    journal = json.loads(file.read_text()) | change
    del journal["checksum"]
    text = json.dumps(journal)
    file.write_text(f'{text[:-1]},"checksum":"{hashlib.sha256(text.encode()).hexdigest()}"}}')
    with pytest.raises(TraceError):
        Trace.open(tmp_path / "copy")
    assert not verify(tmp_path / "copy").intact


def test_a_full_disk_keeps_the_recorded_updates_and_the_training_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(journal_thread, "JOURNAL_SECONDS", 0.01)
    full: list[int] = []
    pwrite = os.pwrite

    def write(*arguments: object) -> int:
        if full:
            raise OSError(28, "No space left on device")
        return pwrite(*arguments)

    monkeypatch.setattr(os, "pwrite", write)
    model = torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    n_updates = 0

    def loop() -> None:
        nonlocal n_updates
        with record(model, optimizer, tmp_path / "run") as recording:
            for k in range(500):
                optimizer.zero_grad()
                model(torch.ones(3, 2)).mean().backward()
                optimizer.step()
                recording.log(loss=k)
                n_updates += 1
                if k == 4:
                    until(lambda: Trace.open(tmp_path / "run.interrupted").n_updates == 5)
                    full.append(1)

    with pytest.warns(UserWarning, match="No space left") as caught:
        loop()
    assert re.search(r"\b5\b", str(caught[-1].message).replace(str(tmp_path), ""))
    assert n_updates == 500 and not (tmp_path / "run").exists()
    trace = Trace.open(tmp_path / "run.interrupted", checksums=True)
    assert trace.n_updates == 5 and trace.batch_loss.tolist() == [0, 1, 2, 3, 4]


# ---- errors name interrupted recordings beside the path


def test_the_error_for_a_missing_trace_names_an_interrupted_recording_beside_it(killed):
    path = killed.with_name("run")
    command = f"gradreel verify {killed}"
    for read in (Trace.open, verify):
        with pytest.raises(TraceError) as raised:
            read(path)
        assert command in str(raised.value)


def test_an_interrupted_recording_without_an_update_says_so(killed, tmp_path):
    shutil.copytree(killed, tmp_path / "other.interrupted")
    (tmp_path / "other.interrupted" / "journal.json").unlink()
    with pytest.raises(TraceError, match="has no complete update"):
        Trace.open(tmp_path / "other.interrupted")
    assert not verify(tmp_path / "other.interrupted").intact
