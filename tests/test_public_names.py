"""What others import from us: the public names, found where they are defined."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import gradreel
import pytest


@pytest.mark.parametrize("name", sorted(gradreel.PUBLIC))
def test_a_public_name_is_the_object_itself(name):
    found = getattr(gradreel, name)
    assert found is getattr(import_module(gradreel.PUBLIC[name]), name)
    assert found.__module__ == gradreel.PUBLIC[name]


def test_public_names_are_listed_and_others_are_refused():
    assert set(dir(gradreel)) >= {*gradreel.PUBLIC, "__doc__"}
    assert {"record", "Trace", "verify", "Experiment", "train", "CurveDataset", "DailyViews"} <= gradreel.PUBLIC.keys()
    with pytest.raises(AttributeError, match="has no attribute 'tracer'"):
        gradreel.tracer  # noqa: B018
    with pytest.raises(ImportError):
        exec("from gradreel import tracer")


def test_the_bare_import_is_light():
    code = "import sys, gradreel; print(sorted({'numpy', 'torch', 'manim', 'pydantic'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_type_checkers_are_told_the_same_names():
    for_types = [
        {alias.name: node.module for alias in node.names}
        for node in ast.walk(ast.parse(Path(gradreel.__file__).read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module.startswith("gradreel.")
    ]
    assert {name: module for names in for_types for name, module in names.items()} == gradreel.PUBLIC
