"""Which folder of snapshots is whose: a test's by its name, and folders that no test owns.

Light, like the plugin that needs it.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

FOLDER = "snapshots"  # beside the test file

orphans_key = pytest.StashKey[dict[str, list[Path]]]()  # test -> folders of pictures that no test owns
clashes_key = pytest.StashKey[dict[str, list[str]]]()  # test -> the tests whose folder has the same name


def snapshot_folder(item: pytest.Item) -> Path:
    """``snapshots/<test>`` beside the test's file; a method's carries the name of its class."""
    within = ".".join(item.nodeid.split("::")[1:]) or item.name
    return Path(item.path).parent / FOLDER / safe_name(within)


def safe_name(name: str) -> str:
    """``name`` as a file or folder can be called on every system: ``test_curve[zh]`` -> ``test_curve-zh``."""
    return re.sub(r"[^\w.=+-]+", "-", name).strip("-.") or "unnamed"


def left_over(snapshots: Path, owned: set[str], whole: set[tuple[Path, str]]) -> list[Path]:
    """Folders of pictures in ``snapshots`` that were a test's, by their names, and that no test compares with.

    A run need not collect every test, so a folder not ``owned`` by a collected one is left over only if no file beside
    ``snapshots`` defines its function, but for functions of which all cases were collected (``whole``: file, name).
    """
    if not snapshots.is_dir():
        return []
    defined = {
        (file, name)
        for file in snapshots.parent.glob("*.py")
        for name in re.findall(r"\bdef\s+(\w+)", file.read_text("utf-8", "replace"))
    }
    elsewhere = {name for _, name in defined - whole}
    folders = (
        folder
        for folder in sorted(snapshots.iterdir())
        if folder.name.lower().startswith("test") and folder.name not in owned and any(folder.rglob("*.png"))
    )
    return [folder for folder in folders if not elsewhere & set(re.split(r"\W", folder.name))]
