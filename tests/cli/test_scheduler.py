"""Training on a dask scheduler and two workers: processes of their own, on loopback, each with a folder of its own."""

from __future__ import annotations

import json
import os
import signal
import sys
import time

import pytest
from gradreel.core.results import note_training, time_file, training_seconds, width_experiments
from gradreel.core.trace import Trace
from gradreel.core.training import train
from gradreel.scenes.render.workers import scheduler

distributed = pytest.importorskip("distributed")

TINY = ("--seeds", "2", "--epochs", "1", "--widths", "0,5", "--progress_bar", "none")


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_traces_come_back_bit_for_bit_and_nothing_of_them_stays_there(shared_machines, here, command):
    away = command("experiment", "width", *TINY, "--scheduler", shared_machines.address, "--json")
    output, errors = away.communicate()
    assert (away.returncode, errors) == (0, "")
    networks = width_experiments(widths=(0, 5), seeds=range(2), epochs=1)
    for network in networks:
        for experiment in network.experiments:
            found = Trace.find(here / "media" / "traces", experiment, checksums=True)
            assert found.meta == train(experiment, here / "alone").meta, "its columns' checksums are in it"
            assert training_seconds(here / "media" / "traces", experiment) > 0
    assert [network["name"] for network in json.loads(output)["networks"]] == ["linear", "5 ReLU"]
    assert not list((here / "media" / ".gradreel" / "temporary").iterdir())
    assert not list(shared_machines.folder.rglob("*.npy"))
    again = command("experiment", "width", *TINY, "--json")
    assert again.communicate()[0] == output, "recorded: no scheduler is needed any more"


def test_a_stretch_of_a_lesson_with_words_of_ones_own_is_trained_there(shared_machines, project, gradreel, command):
    (project / "words.toml").write_text('[en.ring]\ntitle = "A ring"\n[en.plain]\ntitle = "A circle"\n')
    lesson = project / "shapes.toml"
    lesson.write_text(f'narration = "words.toml"\n{lesson.read_text(encoding="utf-8")}', encoding="utf-8")
    stretch = ("--lesson", lesson, "--to", "ring", "--progress_bar", "none")
    away = command("train", *stretch, "--scheduler", shared_machines.address, "--json")
    output, errors = away.communicate()
    assert (away.returncode, errors) == (0, "")
    (trained,) = json.loads(output)
    assert (trained["scenes"], Trace.open(trained["path"], checksums=True).n_updates) == (["ring"], 3)
    small = ("-r", "160,90", "--fps", "5", "--dry_run")
    assert gradreel("render", *stretch, *small).stdout.startswith("render  ring: not rendered yet\n")


def test_a_killed_workers_runs_are_done_by_the_other_and_without_any_it_says_so(
    machines, here, gradreel, command, monkeypatch
):
    arguments = ("--seeds", "4", "--epochs", "25", "--widths", "100", "--progress_bar", "none")
    away = command("experiment", "width", *arguments, "--scheduler", machines.address, "--json")
    victim = machines.workers[0]
    while not list((machines.folder / "worker-0").rglob("*.partial")):  # it is at work
        assert away.poll() is None, away.communicate()
        time.sleep(0.01)
    os.kill(victim.pid, signal.SIGKILL)
    output, errors = away.communicate()
    assert away.returncode == 0, errors
    assert len(json.loads(output)["networks"][0]["runs"]) == 4
    (network,) = width_experiments(widths=(100,), seeds=range(4), epochs=25)
    for experiment in network.experiments:
        Trace.find(here / "media" / "traces", experiment, checksums=True)
    assert victim.wait() == -signal.SIGKILL

    machines.workers[1].kill()
    with distributed.Client(machines.address, set_as_default=False) as client:
        while client.nthreads():
            time.sleep(0.01)
    monkeypatch.setattr("gradreel.scenes.render.workers.scheduler.CONNECT_SECONDS", 1.0)
    result = gradreel("experiment", "width", *TINY, "--scheduler", machines.address)
    assert result.exit_code == 2
    assert f"start some with: dask worker {machines.address}" in result.stderr


def test_files_travel_in_chunks(tmp_path, monkeypatch):
    monkeypatch.setattr(scheduler, "CHUNK", 1000)
    (run,) = width_experiments(widths=(5,), seeds=[0], epochs=1)[0].experiments
    trace = train(run, tmp_path)
    note_training(tmp_path, run, 1.0, run.n_updates)
    whole = {path.name: path.read_bytes() for path in (*trace.path.iterdir(), time_file(tmp_path, run))}
    made = [scheduler.Away("another", {}), scheduler.Away(run.digest, scheduler._files(tmp_path, run.digest))]
    contents = scheduler.contents_of(made)[1]
    assert contents.keys() == whole.keys()
    for name, chunks in contents.items():
        assert chunks == -(-len(whole[name]) // 1000)
        pieces = [scheduler.chunk_of(made, run.digest, name, number) for number in range(chunks)]
        assert b"".join(pieces) == whole[name]
    assert not trace.path.exists()


def test_train_takes_a_scheduler_too_and_a_run_that_diverges_is_told(shared_machines, gradreel, project):
    lesson = ("--lesson", "shapes.toml", "--scheduler", shared_machines.address)
    (trained,) = json.loads(gradreel("train", *lesson, "--json").stdout)
    assert Trace.open(trained["path"], checksums=True).n_updates == 3
    wild = gradreel("train", *lesson, "--set", "ring.run.learning_rate=1e6", "--set", "ring.run.epochs=2000",
                    "--set", "ring.run.activation=relu")  # fmt: skip
    assert wild.exit_code == 1
    assert "diverged" in wild.stderr


def test_interrupted_it_lets_go(machines, here, command):
    arguments = ("--seeds", "1", "--epochs", "100000", "--widths", "100", "--progress_bar", "none")
    away = command(
        "experiment", "width", *arguments, "--scheduler", machines.address,
        start_new_session=True, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    while not list(machines.folder.rglob("*.partial")):
        assert away.poll() is None, away.communicate()
        time.sleep(0.01)
    os.killpg(away.pid, signal.SIGINT)
    _, errors = away.communicate()
    assert away.returncode == 130
    assert errors.splitlines()[-1] == "Interrupted."
    assert "Traceback" not in errors


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "tcp://no-such-host.invalid:8786"])
def test_an_address_where_no_scheduler_is(gradreel, here, address, monkeypatch):
    monkeypatch.setattr("gradreel.scenes.render.workers.scheduler.CONNECT_SECONDS", 0.5)
    result = gradreel("experiment", "width", *TINY, "--scheduler", address)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines()[-1].startswith(f"Error: --scheduler {address}: no scheduler answers there")


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("foo", "missing port number in address 'foo'"),
        ("tcp://foo", "missing port number in address 'foo'"),
        ("", "missing port number"),
        ("nonsense://x:1", "unknown address scheme 'nonsense'"),
        ("tcp://foo:many", "'many'"),
        ("tcp://foo:99999", "there is no port 99999"),
        ("tcp://::1", "brackets"),
    ],
)
def test_what_can_be_no_address_is_refused_before_anything_connects(gradreel, here, address, words, monkeypatch):
    def connect(*arguments, **options):
        pytest.fail("a client that has begun to connect to such an address waits 20 s when it is let go")

    monkeypatch.setattr(distributed, "Client", connect)
    result = gradreel("experiment", "width", *TINY, "--scheduler", address)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"Error: --scheduler {address}: ")
    assert words in result.stderr
    assert result.stderr.endswith("such as tcp://host:8786\n")


def test_without_dask_it_says_how_to_install_it(gradreel, here, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    result = gradreel("experiment", "width", *TINY, "--scheduler", "tcp://127.0.0.1:1")
    assert (result.exit_code, "pip install 'gradreel[cluster]'" in result.stderr) == (2, True)
