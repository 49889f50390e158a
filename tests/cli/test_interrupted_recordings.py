"""Commands that are given the path of a recording whose process was killed name the folder that it left beside."""

import shutil

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


def test_verify_of_a_whole_trace_names_an_interrupted_recording_beside_it(interrupted, gradreel):
    shutil.copytree(interrupted, interrupted.with_name("mine"))
    result = gradreel("verify", "runs/mine")
    assert result.exit_code == 0 and "mine.interrupted" in result.stderr
    result = gradreel("verify", "runs/mine", "runs/mine.interrupted")
    assert result.exit_code == 0 and "mine.interrupted" not in result.stderr


@pytest.mark.parametrize("is_whole", [True, False])
def test_verify_of_a_link_names_an_interrupted_recording_beside_its_target(is_whole, interrupted, gradreel):
    link = interrupted.parent.with_name("links") / "run"
    link.parent.mkdir()
    link.symlink_to(interrupted.with_name("mine"))
    if is_whole:
        shutil.copytree(interrupted, interrupted.with_name("mine"))
    result = gradreel("verify", "links/run")
    assert result.exit_code == (0 if is_whole else 2)
    assert "mine.interrupted" in result.stderr.replace("\n", "")
