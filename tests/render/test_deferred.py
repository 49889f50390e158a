"""A module that is imported once something of it is used."""

from __future__ import annotations

import subprocess
import sys

import pytest
from gradreel.render.deferred import deferred

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


def test_a_call_imports_the_module_once(user):
    assert (user.LAYOUTS["twice"](4), user.layout(5), user.dm.Graph().size()) == (8, 10, 3)
    import deferred_module

    assert isinstance(deferred_module.Graph(), user.dm.Graph)


def test_a_value_is_the_real_one_later_and_isinstance_works_with_a_class_taken_from_the_stand_in(user):
    assert user.dm.KIND == "directed"
    assert isinstance(user.dm.Graph(), user.CLASS) and not isinstance(3, user.CLASS)


def test_a_later_import_gets_the_real_module(user):
    import deferred_module

    assert deferred_module.__name__ == "deferred_module"
    with deferred("deferred_module"):
        assert sys.modules["deferred_module"] is deferred_module, "what is there already stays"


def test_a_submodule_of_a_deferred_package_is_imported_without_the_package(tmp_path, monkeypatch):
    package = tmp_path / "deferred_package"
    package.mkdir()
    (package / "__init__.py").write_text("from . import inner\nLOUD = inner.VALUE + 1\n")
    (package / "inner.py").write_text("import deferred_package.deeper as deeper\nVALUE = deeper.VALUE\n")
    (package / "deeper.py").write_text("VALUE = 3\n")
    (tmp_path / "deferred_user.py").write_text("from deferred_package.inner import VALUE, deeper\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with deferred("deferred_package"):
        import deferred_user
    assert (deferred_user.VALUE, deferred_user.deeper.VALUE) == (3, 3) and "deferred_package" not in sys.modules
    import deferred_package

    assert deferred_package.LOUD == 4 and deferred_package.inner.deeper is deferred_user.deeper
    for name in [name for name in sys.modules if name.startswith("deferred_")]:
        monkeypatch.delitem(sys.modules, name)


USES = (
    "graph = Graph([1, 2, 3], [(1, 2), (2, 3)], layout='kamada_kawai'); print(graph.get_center(), graph[1])",
    "print(Square().rotate(1, axis=RIGHT).get_center(), rotation_matrix(1, OUT))",
    "from scipy.spatial import KDTree, transform; print(KDTree(np.eye(3)).query(RIGHT), transform.Rotation)",
    "import scipy.spatial.transform as t; import scipy; print(t.RotationSpline([0, 1], t.Rotation.identity(2))(0.5)"
    ".as_quat(), scipy.spatial.ConvexHull(np.eye(3)[:, :2]).area, scipy.linalg.norm(RIGHT), np.testing, np.f2py)",
    "import scipy.spatial.transform; print(scipy.spatial.transform.Slerp, scipy.spatial.distance)",
)
EACH_IN_A_FORK = f"""
import os
from manim import *
for use in {USES}:
    if os.fork() == 0:
        exec(use)
        sys.stdout.flush()
        os._exit(0)
    assert os.wait()[1] == 0, use
"""


def test_manim_and_its_modules_do_as_ever():
    ways = ("import sys, gradreel.render.preloaded", "import sys")
    one, other = (
        subprocess.run([sys.executable, "-c", way + EACH_IN_A_FORK], capture_output=True, text=True, check=True).stdout
        for way in ways
    )
    assert one == other and len(one.splitlines()) >= len(USES)
