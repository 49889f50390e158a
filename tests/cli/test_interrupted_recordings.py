"""Commands that are given the path of a recording whose process was killed name the folder that it left beside."""

import pytest


@pytest.fixture
def interrupted(record_loop, tmp_path, monkeypatch):
    import torch

    monkeypatch.chdir(tmp_path)
    path = record_loop(tmp_path / "runs" / "mine", lambda parameters: torch.optim.SGD(parameters, lr=0.1), updates=5)
    path.rename(path.with_name("mine.interrupted"))
    return path.with_name("mine.interrupted")


@pytest.mark.parametrize(
    "command",
    [
        ("verify", "runs/mine"),
        ("export", "run", "runs/mine"),
        ("describe", "loss-curve", "--set", "loss-curve.trace=runs/mine"),
    ],
)
def test_a_command_without_a_trace_names_traces_nearby(command, interrupted, gradreel):
    result = gradreel(*command)
    assert result.exit_code == 2 and "Traceback" not in result.stderr
    assert "gradreel verify" in result.stderr and "mine.interrupted" in result.stderr.replace("\n", "")


def test_from_within_its_folder_too(interrupted, gradreel, monkeypatch):
    monkeypatch.chdir(interrupted.parent)
    result = gradreel("verify", "mine")
    assert result.exit_code == 2 and "mine.interrupted" in result.stderr.replace("\n", "")


def test_an_interrupted_recording_is_read_if_named(interrupted, gradreel):
    assert gradreel("verify", "runs/mine.interrupted").exit_code == 0
    assert gradreel("export", "run", "runs/mine.interrupted", "-o", "run.html").exit_code == 0
