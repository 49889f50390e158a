"""Worker processes that come to every kind of end."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import CancelledError
from pathlib import Path
from types import ModuleType

import pytest
from gradreel.core.errors import UserError
from gradreel.render.workers.pool import Listeners, Workers
from gradreel.render.workers.worker_process import TimedOutError, WorkerDiedError

TASKS = '''
"""Tasks of worker processes."""
import os
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path

from gradreel.core.errors import UserError
from gradreel.render.workers.worker_process import report_place, report_progress


class Known(UserError):
    pass


class OnlyHere(Exception):
    def __reduce__(self):
        return (eval, ("OnlyHere() if __import__('os').getpid() == %d else 1 / 0" % os.getpid(), globals()))


def of_a_pool(numbers, how, log):
    import multiprocessing

    pool = multiprocessing.get_context(how).Pool(2)
    with open(log, "a") as file:
        file.writelines(f"{process.pid}\\n" for process in pool._pool)
    if numbers is None:
        os.kill(os.getpid(), signal.SIGKILL)
    return pool.map(abs, numbers)  # it is not closed


def with_programs(how, log):
    import subprocess
    import sys

    program = [sys.executable, "-c", "import os, time; print(os.getpid(), flush=True); time.sleep(600)"]
    with open(log, "w") as file:
        subprocess.Popen(program, stdout=file)
        subprocess.Popen(["sh", "-c", "sleep 600 & echo $!; wait"], stdout=file)  # and one that it begins
    while len(Path(log).read_text().split()) < 2:
        time.sleep(0.01)
    if how == "timeout":
        hangs("sleeping")
    if how == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "raises":
        raise Known("theirs")


def killed(times, log):
    with open(log, "a") as file:
        file.write("begun\\n")
    begun = len(Path(log).read_text().splitlines())
    if begun <= times:
        report_place("in beat sum")
        os.kill(os.getpid(), signal.SIGKILL)
    return begun


def said(result, log, seconds=0.0):
    with open(log, "a") as file:
        file.write(f"{result} begins\\n")
    time.sleep(seconds)
    with open(log, "a") as file:
        file.write(f"{result} ends\\n")
    return result


def ends(how):
    report_place("in beat sum")
    if how == "exit":
        os._exit(3)
    if how == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    raise {"SystemExit": SystemExit(0), "KeyboardInterrupt": KeyboardInterrupt(), "OnlyHere": OnlyHere("mine"),
           "Known": Known("theirs"), "RecursionError": RecursionError("deep"), "MemoryError": MemoryError()}[how]


def gives(what):
    return {"lock": threading.Lock, "function": lambda: lambda: 1}[what]()


def hangs(how):
    report_place("in beat sum")
    if how == "sleeping":
        time.sleep(600)
    elif how == "counting":
        sum(range(10**13))  # no other thread of this process runs meanwhile
    else:
        while True:
            report_progress(1)


def waits_for_another(seconds):
    report_place("while another run had its lock", "stopped")
    time.sleep(seconds)
    report_place("", "anew")
    return "done"


def leaves(what):
    if what == "thread":
        threading.Thread(target=time.sleep, args=(600,)).start()
    elif os.fork() == 0:  # it has our end of the pipe, too
        time.sleep(4)
        os._exit(0)
    if what == "process and dies":
        os._exit(3)
    return what


def prints():
    print("from Python")
    os.system("echo from a program")
    return tempfile.gettempdir()
'''

AGAIN = "its process was killed, perhaps for want of memory; it is tried once more when the others are done"


@pytest.fixture(scope="module")
def tasks(tmp_path_factory) -> ModuleType:
    """The module of the tasks, which worker processes find, too."""
    folder = tmp_path_factory.mktemp("tasks")
    (folder / "pool_tasks.py").write_text(TASKS)
    sys.path.insert(0, str(folder))
    yield importlib.import_module("pool_tasks")
    sys.path.remove(str(folder))
    del sys.modules["pool_tasks"]


def test_a_killed_task_is_tried_again_alone_after_the_others(tasks, tmp_path):
    log, told, begun = tmp_path / "log", [], []
    with Workers(2) as workers:
        again = workers.submit(
            tasks.killed, 1, tmp_path / "kills", listeners=Listeners(message=told.append, begun=lambda: begun.append(1))
        )
        twice = workers.submit(tasks.killed, 2, tmp_path / "more")
        others = [workers.submit(tasks.said, str(k), log, 0.3) for k in range(3)]
        assert again.result() == 2
        assert [other.done() for other in others] == [True] * 3
        with pytest.raises(WorkerDiedError, match="killed in beat sum, and once more when no other was at work"):
            twice.result()
    assert told == [AGAIN]
    assert begun == [1]


@pytest.mark.parametrize(
    ("how", "error", "message"),
    [
        ("exit", WorkerDiedError, r"^its process ended without a result in beat sum \(exit code 3\)$"),
        ("crash", WorkerDiedError, r"^its process crashed in beat sum \(SIGSEGV\)$"),
        ("SystemExit", WorkerDiedError, "^its process was ended by SystemExit: 0$"),
        ("KeyboardInterrupt", WorkerDiedError, "^its process was ended by KeyboardInterrupt"),
        ("OnlyHere", RuntimeError, "OnlyHere: mine"),
        ("Known", UserError, "^theirs$"),
        ("RecursionError", RecursionError, "deep"),
        ("MemoryError", MemoryError, None),
    ],
)
def test_a_task_that_fails_raises_a_transferable_error(tasks, how, error, message):
    with Workers(1) as workers, pytest.raises(error, match=message) as caught:
        workers.submit(tasks.ends, how).result()
    if error is WorkerDiedError:
        assert caught.value.exit_code == 1


@pytest.mark.parametrize("kind", ["lock", "function"])
def test_a_result_that_cannot_be_pickled_is_an_error(tasks, kind):
    unsendable = "pickle|get local object"  # the latter from Python 3.13 on
    with Workers(1) as workers, pytest.raises((TypeError, AttributeError, RuntimeError), match=unsendable):
        workers.submit(tasks.gives, kind).result()


@pytest.mark.parametrize("how", ["sleeping", "counting", "reporting"])
def test_a_hanging_task_is_killed_and_its_place_is_named(tasks, how):
    with Workers(1) as workers:
        hanging = workers.submit(tasks.hangs, how, timeout=1)
        with pytest.raises(TimedOutError, match=r"stopped after 1 s, in beat sum; a larger --timeout"):
            hanging.result()


def test_time_spent_waiting_for_another_run_does_not_count(tasks):
    with Workers(1) as workers:
        assert workers.submit(tasks.waits_for_another, 2, timeout=1).result() == "done"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_processes_that_a_task_leaves_running_block_nothing(tasks):
    with Workers(3) as workers:
        results = {what: workers.submit(tasks.leaves, what) for what in ("thread", "process", "process and dies")}
        assert (results["thread"].result(), results["process"].result()) == ("thread", "process")
        with pytest.raises(WorkerDiedError, match="exit code 3"):
            results["process and dies"].result()


def test_a_tasks_output_is_no_result_and_its_temporary_files_belong_to_the_run(tasks, tmp_path, capfd):
    with Workers(1, tmp_path) as workers:
        assert workers.submit(tasks.prints).result() == str(tmp_path)
    out, err = capfd.readouterr()
    assert (out, err.split("\n")) == ("", ["from Python", "from a program", ""])


class Shared:
    """A claim on a result that another run makes; counts how often it is held."""

    waiting_message = "another run is at it; waiting for what comes of that"

    def __init__(self, result: object = None) -> None:
        self.free = threading.Event()
        self.result, self.held = result, 0

    def take(self) -> bool:
        self.held += self.free.is_set()
        return self.free.is_set()

    def release(self) -> None:
        self.held -= 1

    def find_result(self) -> object:
        return self.result


def test_a_clip_that_another_run_makes_is_awaited_while_others_are_drawn(tasks, tmp_path):
    log, told = tmp_path / "log", []
    theirs, left = Shared("made by the other"), Shared()
    with Workers(1) as workers:
        first = workers.submit(tasks.said, "first", log, claim=theirs, listeners=Listeners(message=told.append))
        second = workers.submit(tasks.said, "second", log, claim=left)
        assert workers.submit(tasks.said, "third", log).result() == "third"
        assert not first.done()
        theirs.free.set()
        assert first.result() == "made by the other"
        left.free.set()  # the other run died: nothing is made
        assert second.result() == "second"
    assert log.read_text().split("\n")[::2] == ["third begins", "second begins", ""]
    assert told == [Shared.waiting_message]
    assert (theirs.held, left.held) == (0, 0)


def test_a_claim_that_cannot_be_checked_is_only_its_tasks_error(tasks, tmp_path):
    class Lost(Shared):
        def take(self) -> bool:
            raise OSError(28, "No space left on device")

    with Workers(1) as workers:
        lost = workers.submit(tasks.said, "lost", tmp_path / "log", claim=Lost())
        assert workers.submit(tasks.said, "other", tmp_path / "log").result() == "other"
        with pytest.raises(OSError, match="No space left"):
            lost.result()


def test_leaving_by_an_exception_ends_those_at_work_and_begins_no_more(tasks, tmp_path):
    workers = Workers(1)
    began = threading.Event()
    hanging = workers.submit(tasks.hangs, "counting", listeners=Listeners(begun=began.set))
    waiting = workers.submit(tasks.said, "never", tmp_path / "log")
    blocked = workers.submit(tasks.said, "never", tmp_path / "log", claim=Shared())
    began.wait()
    with pytest.raises(KeyboardInterrupt), workers:
        raise KeyboardInterrupt
    with pytest.raises(WorkerDiedError):
        hanging.result()
    for future in (waiting, blocked):
        with pytest.raises(CancelledError):
            future.result()
    assert not (tmp_path / "log").exists()


PARENT = """
import sys
import pool_tasks
from gradreel.render.workers.pool import Listeners, Workers

if __name__ == "__main__":
    with Workers(2) as workers:
        for how in sys.argv[1:]:
            # In one piece with its end: two threads say so
            tell = lambda: print("begun\\n", end="", flush=True)
            workers.submit(pool_tasks.hangs, how, listeners=Listeners(begun=tell))
        workers.submit(pool_tasks.hangs, "sleeping").result()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere one that lets no thread run lives on until it does")
def test_workers_end_with_their_parent_whatever_they_are_at(tasks, tmp_path, session_lives):
    (tmp_path / "parent.py").write_text(PARENT)
    environment = os.environ | {"PYTHONPATH": str(Path(tasks.__file__).parent)}
    parent = subprocess.Popen(
        [sys.executable, "parent.py", "counting", "sleeping"],
        cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    assert [parent.stdout.readline() for _ in range(2)] == ["begun\n", "begun\n"]
    time.sleep(1)  # now they count and sleep
    parent.kill()
    parent.communicate()
    killed = time.monotonic()
    while session_lives(parent.pid):
        assert time.monotonic() - killed < 60, "a worker outlived its parent"
        time.sleep(0.01)


def test_a_worker_is_deaf_to_ctrl_c_from_its_first_moment_on():
    """In a process that has had no worker yet: with the first one `multiprocessing` begins a process of its own."""
    asked = """if True:
        import signal
        from gradreel.render.workers.pool import Workers
        if __name__ == "__main__":
            with Workers(1) as workers:
                blocked = [workers.submit(signal.pthread_sigmask, signal.SIG_BLOCK, ()) for _ in range(2)]
                print([signal.SIGINT in future.result() for future in blocked])
    """
    asked = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert asked.stdout == "[True, True]\n"


def test_a_truncated_message_counts_as_a_dead_worker(tasks, monkeypatch):
    """A worker that is killed while it sends a long result."""
    from gradreel.render.workers.worker_process import WatchedWorker, reason_of_end

    class Cut:
        def poll(self, seconds: float) -> bool:
            return True

        def recv(self) -> object:
            raise OSError("got end of file during message")

    with pytest.raises(EOFError):
        WatchedWorker(Cut(), None, None).recv()
    assert reason_of_end(-signal.SIGTERM) == "its process crashed (SIGTERM)"
    assert reason_of_end(-250) == "its process ended without a result (exit code -250)"


@pytest.mark.parametrize("how", ["timeout", "killed", "raises", "ends"])
@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_programs_that_a_task_starts_end_with_it_in_any_case(tasks, tmp_path, how):
    log = tmp_path / "log"
    with Workers(1) as workers:
        done = workers.submit(tasks.with_programs, how, log, timeout=2 if how == "timeout" else None)
        assert (done.exception() is None) == (how == "ends")
    began = time.monotonic()
    while any(Path(f"/proc/{pid}/exe").exists() for pid in log.read_text().split()):  # a zombie has none
        assert time.monotonic() - began < 20, "a program outlived the task that began it"
        time.sleep(0.02)


@pytest.mark.parametrize("how", ["fork", "spawn"])
@pytest.mark.skipif(sys.platform != "linux", reason="fork is Linux's")
def test_a_task_may_start_processes_and_they_end_with_it(tasks, tmp_path, how):
    log = tmp_path / "log"
    with Workers(1) as workers:
        assert workers.submit(tasks.of_a_pool, [-1, 2], how, str(log)).result() == [1, 2]
        if how == "fork":
            with pytest.raises(WorkerDiedError):
                workers.submit(tasks.of_a_pool, None, how, str(log)).result()
    began = time.monotonic()
    while any(Path(f"/proc/{pid}/exe").exists() for pid in log.read_text().split()):  # a zombie has none
        assert time.monotonic() - began < 60, "a process outlived the task that began it"
        time.sleep(0.05)
