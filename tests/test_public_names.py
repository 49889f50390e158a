"""Tests of the public names of the two packages: each can be imported from its definition."""

from __future__ import annotations

import ast
import contextlib
import io
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import gradreel
import gradreel.scenes
import pytest

PACKAGES = (gradreel, gradreel.scenes)
OF_THE_ROOT = {
    *(
        "record",
        "Recording",
        "Trace",
        "verify",
        "Verification",
        "train",
        "register",
        "Experiment",
        "UserError",
        "TraceError",
    ),
    *("CurveDataset", "DailyViews", "PointsDataset", "TwoSpirals", "DigitsDataset"),
    *("Moons", "Rings", "Blobs", "Checkerboard", "Spirals"),
}
OF_SCENES = {"LectureScene", "Plot", "formula", "heading", "palette", "style", "text"}


def imports_of(tree: ast.Module) -> dict[str, str]:
    """The module of each name that is imported for type checkers."""
    return {
        alias.name: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module.startswith("gradreel")
        for alias in node.names
    }


def source_of(package) -> ast.Module:
    return ast.parse(Path(package.__file__).read_text(encoding="utf-8"))


@pytest.mark.parametrize(("package", "names"), [(gradreel, OF_THE_ROOT), (gradreel.scenes, OF_SCENES)])
def test_dir_shows_the_public_names_and_nothing_else(package, names):
    assert set(dir(package)) == names == set(package.__all__)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_public_name_is_the_object_that_its_module_defines(package):
    for name, module in imports_of(source_of(package)).items():
        assert getattr(package, name) is getattr(import_module(module), name)


@pytest.mark.parametrize("package", PACKAGES)
def test_type_checkers_see_the_public_names(package):
    assert imports_of(source_of(package)).keys() == set(package.__all__)


@pytest.mark.parametrize("package", PACKAGES)
def test_an_unknown_public_name_is_refused(package):
    with pytest.raises(AttributeError, match="has no attribute 'tracer'"):
        package.tracer  # noqa: B018
    with pytest.raises(ImportError):
        exec(f"from {package.__name__} import tracer")


@pytest.mark.parametrize("package", PACKAGES)
def test_help_begins_with_a_line_for_each_public_name(package):
    lines = package.__doc__.splitlines()
    assert {line.split("``")[1] for line in lines if line.startswith("- ")} == set(package.__all__)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        help(package)
    assert printed.getvalue().index("- ``") < printed.getvalue().index("PACKAGE CONTENTS")


@pytest.mark.parametrize("package", PACKAGES)
def test_importing_a_package_loads_no_large_library(package):
    large = {"numpy", "torch", "manim", "pydantic"}
    code = f"import sys, {package.__name__}; print(sorted({large!r} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
