"""The version of Gradreel, with the commit that it was built from."""

from __future__ import annotations

import subprocess
from importlib import metadata

from gradreel.core.package import PACKAGE_FOLDER

STAMP = PACKAGE_FOLDER / "commit.txt"  # setup.py writes it into wheels


def version_text() -> str:
    """Return the version and the commit, such as "0.1.0 (commit 0123456789ab)".

    A wheel has the commit that it was built from. For a clone, git is asked; "+" after the commit means that files
    were changed. Without both, only the version is returned.
    """
    commit = _stamped_commit() or _commit_of_clone()
    return metadata.version("gradreel") + (f" (commit {commit})" if commit else "")


def _stamped_commit() -> str:
    """Return the commit in `STAMP`; "" if there is none."""
    try:
        return STAMP.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


def _commit_of_clone() -> str:
    """Return the commit of the clone that the package is in; "" if it is not in one."""
    if not (PACKAGE_FOLDER / ".git").exists():
        return ""
    git = ["git", "-C", str(PACKAGE_FOLDER)]
    try:
        digest = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout
        changed = subprocess.run([*git, "status", "--porcelain", "-uno"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return digest[:12] + ("+" if changed.stdout else "")
