"""Do the core's and the encoder's tests pass with the oldest and the newest versions that pyproject.toml allows?

./run bench versions [oldest] [newest] [PYTEST OPTIONS]      for example: ./run bench versions oldest -x -m "not slow"

For each it makes a new environment and a copy of the tracked files, in a temporary folder. uv chooses and installs the
versions; it has variables of its own, such as UV_TORCH_BACKEND=cpu for a small torch.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent.parent
RESOLUTIONS = {"oldest": "lowest-direct", "newest": "highest"}
TESTERS = ("pytest", "pytest-xdist", "hypothesis", "pandas")  # the newest, in both environments
TESTS = (
    "tests/core",
    *(f"tests/render/test_{name}.py" for name in ("encode", "h264", "qtrle", "sound_track", "tiles", "video", "yuv")),
)


def uv(*arguments: str) -> str:
    """Run uv. Returns what it prints; CalledProcessError if it fails, after its message."""
    return subprocess.run(
        [sys.executable, "-m", "uv", *arguments], check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def copy_tracked_files(to: Path) -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if (file := ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, to / name)


def tests_pass(which: str, options: Sequence[str]) -> bool:
    """Install the ``which`` versions, print those that pyproject.toml names, and run the tests."""
    with TemporaryDirectory(prefix=f"gradreel-{which}-") as folder:
        tree, environment = Path(folder, "gradreel"), Path(folder, "venv")
        copy_tracked_files(tree)
        uv("venv", "--quiet", "--python", sys.executable, str(environment))
        install = ("pip", "install", "--quiet", "--python", str(environment))
        uv(*install, "--resolution", RESOLUTIONS[which], "--editable", str(tree))
        uv(*install, *TESTERS)
        installed = json.loads(uv("pip", "list", "--quiet", "--python", str(environment), "--format", "json"))
        versions = {package["name"]: package["version"] for package in installed}
        project = tomllib.loads((tree / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        names = [Requirement(text).name for text in project["dependencies"]]
        print(f"{which}:", ", ".join(f"{name} {versions[name]}" for name in names), flush=True)
        command = [environment / "bin" / "python", "-m", "pytest", "-q", "-n", str(os.cpu_count()), *TESTS, *options]
        return subprocess.run(command, cwd=tree).returncode == 0


def main(arguments: Sequence[str]) -> int:
    chosen = [which for which in RESOLUTIONS if which in arguments] or list(RESOLUTIONS)
    options = [argument for argument in arguments if argument not in RESOLUTIONS]
    passed = {which: tests_pass(which, options) for which in chosen}
    for which, is_good in passed.items():
        print(f"{which} versions: tests {'pass' if is_good else 'fail'}")
    return 0 if all(passed.values()) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
