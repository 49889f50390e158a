"""The README's examples are run as they stand there, and each of its commands has the options that it names."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from gradreel.cli import commands

CONTRIBUTING = Path(__file__).parent.parent / "CONTRIBUTING.md"
README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
FILES = {
    re.match(r"# ([\w.-]+)", body)[1]: body for body in re.findall(r"```(?:python|toml)\n(.*?)```", README, re.DOTALL)
}
COMMANDS = [
    shlex.split(line, comments=True)
    for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
]
OURS = [[name, *words] for program, name, *words in COMMANDS if program == "gradreel" or name in commands.commands]


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A folder with README's files; we are in it."""
    for name, body in FILES.items():
        (tmp_path / name).write_text(body, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def printed(*beginning):
    """Return the words of README's one `gradreel` command that begins with these words."""
    (command,) = [command for command in OURS if command[: len(beginning)] == list(beginning)]
    return command


def test_own_scene_renders_with_gradreel_and_its_snapshots_hold(desk):
    rendered = printed("render", "my_scene.py:Parabola")
    command = [sys.executable, "-m", "gradreel.cli", *rendered, "-r", "320,180", "--fps", "5"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert result.returncode == 0, result.stderr
    assert list(desk.glob("media/videos/**/*.mp4"))
    update = ["-m", "pytest", "--snapshot-update"]
    assert ["python", *update] in COMMANDS
    for arguments in (update, update[:-1]):
        command = [sys.executable, *arguments, "-q", "-p", "no:cacheprovider"]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stdout
    assert sorted(path.name for path in desk.glob("snapshots/**/*.png")) == ["curve.png", "formula.png"]


def test_own_torch_run_is_recorded_verified_and_shown(desk, gradreel):
    subprocess.run([sys.executable, "my_run.py"], check=True)
    verified = gradreel(*printed("verify"))
    assert verified.exit_code == 0, verified.stderr
    assert "400 updates" in verified.stdout
    for scene in ("loss-curve", "gradient-descent"):
        shown = gradreel("frames", scene, "--set", f"{scene}.trace=runs/mine", "-r", "320,180")
        assert shown.exit_code == 0, shown.stderr
        assert len(list(desk.glob(f"media/images/**/{scene}--*/*.png"))) >= 3


def test_own_lesson_is_understood(desk, gradreel):
    result = gradreel(*printed("render", "--lesson"), "--dry_run")
    assert result.exit_code == 0, result.stderr
    assert "gradient-descent" in result.stdout
    described = printed("describe", "gradient-descent")
    ours, its = (gradreel(*command).stdout for command in (described[:2], described))
    assert "  network: Back to the network" in ours and "  network: The sigmoids have" in its


@pytest.mark.parametrize("command", OURS, ids=" ".join)
def test_a_command_that_is_printed_can_be_parsed(command):
    name, *arguments = command
    commands.commands[name].make_context(name, arguments)


def test_every_path_that_contributing_names_exists():
    text = CONTRIBUTING.read_text(encoding="utf-8")
    named = {path for path in re.findall(r"`([\w./-]+)`", text) if "/" in path or path.endswith((".py", ".md"))}
    walked = set(re.findall(r"^ *([\w/]+\.py) ", "".join(re.findall(r"```\n(.*?)```", text, re.DOTALL)), re.MULTILINE))
    root = CONTRIBUTING.parent
    assert len(named) > 30 and len(walked) > 15
    places = (root, root / "scenes", root / "render")
    assert {path for path in named | walked if not any((place / path).exists() for place in places)} == set()
