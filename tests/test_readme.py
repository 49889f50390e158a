"""The README's examples are run as they stand there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parent.parent / "README.md"
FILES = {
    name: body
    for body in re.findall(r"```(?:python|toml)\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    for name in re.findall(r"^# (\S+)$", body.splitlines()[0])
}


@pytest.fixture
def desk(tmp_path):
    for name, body in FILES.items():
        (tmp_path / name).write_text(body, encoding="utf-8")
    return tmp_path


def gradreel(desk, *words):
    command = [sys.executable, "-m", "gradreel.cli", *words]
    return subprocess.run(command, cwd=desk, capture_output=True, text=True, timeout=300, check=False)


def test_own_scene_renders_with_gradreel_and_its_snapshots_hold(desk):
    result = gradreel(desk, "render", "my_scene.py:Parabola", "--set", "parabola.a=1.5", "-r", "320,180", "--fps", "5")
    assert result.returncode == 0, result.stderr
    assert list(desk.glob("media/videos/**/*.mp4"))
    pytest_run = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    for arguments in (["--snapshot-update"], []):
        run = subprocess.run([*pytest_run, *arguments], cwd=desk, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stdout
    assert sorted(path.name for path in desk.glob("snapshots/**/*.png")) == ["curve.png", "formula.png"]


def test_own_torch_run_is_recorded_verified_and_shown(desk):
    subprocess.run([sys.executable, "my_run.py"], cwd=desk, check=True)
    verified = gradreel(desk, "verify", "runs/mine")
    assert verified.returncode == 0, verified.stderr
    assert "400 updates" in verified.stdout
    for scene in ("loss-curve", "gradient-descent"):
        shown = gradreel(desk, "frames", scene, "--set", f"{scene}.trace=runs/mine", "-r", "320,180")
        assert shown.returncode == 0, shown.stderr
        assert len(list(desk.glob(f"media/images/**/{scene}--*/*.png"))) >= 3


def test_own_lesson_is_understood(desk):
    result = gradreel(desk, "render", "--lesson", "lesson.toml", "--dry_run", "-q", "l")
    assert result.returncode == 0, result.stderr
    assert "gradient-descent" in result.stdout
    ours, its = (gradreel(desk, "describe", "gradient-descent", *of).stdout for of in ([], ["--lesson", "lesson.toml"]))
    assert "  task: Step three" in ours and "Back to our red curve" in ours
    assert "  task: Here is a red curve" in its and "Back to our red curve" not in its
