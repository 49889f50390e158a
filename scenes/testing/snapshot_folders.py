"""Finds the folder of snapshots of each test by its name, and folders that belong to no test.

This module imports little, as the plugin must.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

FOLDER = "snapshots"  # beside the test file

orphans_key = pytest.StashKey[dict[str, list[Path]]]()  # test -> folders of pictures that belong to no test
clashes_key = pytest.StashKey[dict[str, list[str]]]()  # test -> the tests whose folders have the same name


def snapshot_folder(item: pytest.Item) -> Path:
    """Return ``snapshots/<test>`` beside the test's file; the folder of a method has the name of its class too."""
    test_name = ".".join(item.nodeid.split("::")[1:]) or item.name
    return Path(item.path).parent / FOLDER / safe_name(test_name)


def safe_name(name: str) -> str:
    """Return ``name`` as a valid file name on every system: ``test_curve[zh]`` -> ``test_curve-zh``.

    Examples
    --------
    >>> safe_name("test_curve[zh]")
    'test_curve-zh'
    """
    return re.sub(r"[^\w.=+-]+", "-", name).strip("-.") or "unnamed"


def left_over(snapshots: Path, owned: set[str], whole: set[tuple[Path, str]]) -> list[Path]:
    """Return the folders in ``snapshots`` that belong to tests by their names, but that no test compares with.

    A run may not collect every test. So a folder that no collected test owns counts only if no file beside
    ``snapshots`` defines its function.

    Parameters
    ----------
    snapshots
        The folder of all snapshots.
    owned
        Names of the folders that collected tests own.
    whole
        File and name of each function with all its cases collected. Such a function may have left-over folders.
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
