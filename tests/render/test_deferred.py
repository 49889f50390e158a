"""A module that is imported once something of it is used."""

from __future__ import annotations

import subprocess
import sys

import pytest
from gradreel.scenes.render.frames.deferred import deferred

MODULE = """
class Graph:
    def size(self):
        return 3

def layout(scale):
    return 2 * scale

KIND = "directed"
"""
USER = """
import deferred_module as dm
from deferred_module import layout
LAYOUTS, CLASS = {"twice": dm.layout}, dm.Graph
"""


@pytest.fixture
def user(tmp_path, monkeypatch):
    """A module that has imported another while that was deferred."""
    (tmp_path / "deferred_module.py").write_text(MODULE)
    (tmp_path / "deferred_user.py").write_text(USER)
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("deferred_module", "deferred_user"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    with deferred("deferred_module"):
        import deferred_user
    assert "deferred_module" not in sys.modules
    yield deferred_user
    sys.modules.pop("deferred_module", None)
    sys.modules.pop("deferred_user", None)


def test_it_is_imported_by_a_call_and_once(user):
    assert (user.LAYOUTS["twice"](4), user.layout(5), user.dm.Graph().size()) == (8, 10, 3)
    import deferred_module

    assert isinstance(deferred_module.Graph(), user.dm.Graph)


def test_what_is_no_function_is_itself_later(user):
    assert user.dm.KIND == "directed"


def test_an_instance_is_told_by_a_class_that_was_taken_out_early(user):
    assert isinstance(user.dm.Graph(), user.CLASS)
    assert not isinstance(3, user.CLASS)


def test_whoever_imports_it_later_has_the_module_itself(user):
    import deferred_module

    assert deferred_module.__name__ == "deferred_module"
    with deferred("deferred_module"):
        assert sys.modules["deferred_module"] is deferred_module, "what is there already stays"


def test_manims_graphs_are_laid_out_as_ever():
    laid_out = "graph = Graph([1, 2, 3], [(1, 2), (2, 3)], layout='kamada_kawai'); print(graph.get_center(), graph[1])"
    ways = ("import gradreel.scenes.render.frames.preloaded; from manim import *; ", "from manim import *; ")
    one, other = (
        subprocess.run([sys.executable, "-c", way + laid_out], capture_output=True, text=True, check=True).stdout
        for way in ways
    )
    assert one == other
