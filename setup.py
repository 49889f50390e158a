"""Stamps the commit into sdists and wheels; everything else is in pyproject.toml."""

from __future__ import annotations

import subprocess
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

ROOT = Path(__file__).resolve().parent
STAMP = "commit.txt"


def commit() -> str:
    """Return the stamp of an unpacked sdist, or the commit of a clone, or ""."""
    if (ROOT / STAMP).is_file():
        return (ROOT / STAMP).read_text(encoding="ascii")
    git = ["git", "-C", str(ROOT)]
    try:
        done = subprocess.run(
            [*git, "rev-parse", "--show-toplevel", "HEAD"], capture_output=True, text=True, check=True
        )
        folder, digest = done.stdout.splitlines()
        changed = subprocess.run([*git, "status", "--porcelain", "-uno"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    if Path(folder).resolve() != ROOT:  # a clone of something else, in which Gradreel was unpacked
        return ""
    return digest[:12] + ("+" if changed.stdout else "")


class StampedBuild(build_py):
    """Writes the commit beside the modules of a wheel."""

    def run(self) -> None:
        """Build the modules, then write the stamp. An editable install has none: its clone tells the commit."""
        super().run()
        if not self.editable_mode:
            folder = Path(self.build_lib) / "gradreel"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / STAMP).write_text(commit(), encoding="ascii")


class StampedSdist(sdist):
    """Writes the commit at the top of an sdist."""

    def make_release_tree(self, base_dir: str, files: list[str]) -> None:
        """Make the folder of the sdist, with the stamp."""
        super().make_release_tree(base_dir, files)
        (Path(base_dir) / STAMP).write_text(commit(), encoding="ascii")


setup(cmdclass={"build_py": StampedBuild, "sdist": StampedSdist})
