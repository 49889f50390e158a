"""Imports Manim for a worker. Modules that Manim seldom uses are imported only on first use, which saves time."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from gradreel.render.workers.worker_process import log_plainly

WORKER_MODULE = "gradreel.render.frames.worker"
SELDOM_USED = (
    *("networkx", "bs4", "isosurfaces", "screeninfo"),  # Manim's graphs, code, implicit functions and windows
    *("scipy.spatial", "scipy.linalg", "numpy.f2py", "numpy.ma", "numpy.testing"),  # SciPy's rotations import them
)
HIDDEN = "IPython"  # Manim imports it to register notebook commands; a worker needs none


def import_worker() -> ModuleType:
    """Import Manim and the module with a worker's tasks; return that module.

    The current folder is not searched, so a user's ``math.py`` cannot replace a library. Raises what Manim's import
    raises.
    """
    path = sys.path[:]
    sys.path[:] = [folder for folder in path if folder not in ("", os.getcwd())]
    log_plainly()  # before the import: Manim then warns about values in manim.cfg
    hides = HIDDEN not in sys.modules
    if hides:
        sys.modules[HIDDEN] = None  # type: ignore[assignment]
    try:
        with redirect_stdout(sys.stderr):
            with deferred(*SELDOM_USED):
                import_module("manim")
            return import_module(WORKER_MODULE)
    finally:
        if hides:
            del sys.modules[HIDDEN]
        sys.path[:] = path


@contextmanager
def deferred(*modules: str) -> Iterator[None]:
    """Give code that imports one of ``modules`` inside the block a stand-in, which imports the module on first use.

    Imports after the block get the real module. Modules that are already imported are not replaced. Submodules of a
    deferred package can be imported without the package. The parent package must import a deferred submodule on first
    attribute access, as numpy and scipy do.
    """
    stand_ins: dict[str, Any] = {name: _Deferred(name) for name in modules if name not in sys.modules}
    for name, stand_in in stand_ins.items():
        if (spec := find_spec(name)) is not None and spec.submodule_search_locations is not None:
            stand_in.__spec__, stand_in.__path__ = spec, spec.submodule_search_locations
        sys.modules[name] = stand_in
        if (parent := name.rpartition(".")[0]) != "":
            setattr(sys.modules[parent], name.rpartition(".")[2], stand_in)
    try:
        yield
    finally:
        for name, stand_in in stand_ins.items():
            if sys.modules.get(name) is stand_in:
                del sys.modules[name]
                if (parent := name.rpartition(".")[0]) != "":
                    delattr(sys.modules[parent], name.rpartition(".")[2])


class _Deferred:
    """Stand-in for a module, or for a name in it. Inside `deferred`, its attributes are stand-ins, too.

    The module is imported when a stand-in is called or used in `isinstance`. After the block, any attribute access
    imports it.
    """

    def __init__(self, module: str, *path: str) -> None:
        self._module, self._path = module, path

    def __getattr__(self, name: str) -> Any:
        if not isinstance(sys.modules.get(self._module), _Deferred):
            return getattr(self._import_real(), name)
        if name.startswith("__"):  # Python's import system asks for these
            raise AttributeError(name)
        inside = sys.modules.get(".".join((self._module, *self._path, name)))
        return inside or _Deferred(self._module, *self._path, name)

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return self._import_real()(*arguments, **options)

    def __instancecheck__(self, instance: Any) -> bool:
        return isinstance(instance, self._import_real())

    def _import_real(self) -> Any:
        """Import the module and return it, or the object in it that this stands for."""
        real: Any = import_module(self._module)
        for name in self._path:
            real = getattr(real, name)
        return real
