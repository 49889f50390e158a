"""Imports Manim for a worker; modules that Manim seldom uses are imported once something of them is used."""

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
    *("scipy.spatial", "scipy.linalg", "numpy.f2py", "numpy.ma", "numpy.testing"),  # SciPy has them beside rotations
)
NOT_HERE = "IPython"
"""Manim tells it of its magics where it is installed; no notebook asks a worker for any."""


def import_worker() -> ModuleType:
    """Import the module with a worker's tasks, and Manim with it, the same way in each worker, and return it.

    No file in the current folder passes for a module that Manim imports. Raises what Manim raises at its import.
    """
    path = sys.path[:]
    sys.path[:] = [folder for folder in path if folder not in ("", os.getcwd())]
    log_plainly()  # Manim warns of what manim.cfg has
    hides = NOT_HERE not in sys.modules
    if hides:
        sys.modules[NOT_HERE] = None  # type: ignore[assignment]
    try:
        with redirect_stdout(sys.stderr):
            with deferred(*SELDOM_USED):
                import_module("manim")
            return import_module(WORKER_MODULE)
    finally:
        if hides:
            del sys.modules[NOT_HERE]
        sys.path[:] = path


@contextmanager
def deferred(*modules: str) -> Iterator[None]:
    """Whoever imports one of ``modules`` in here holds a stand-in; whoever does later, the module itself.

    One that has been imported before stays as it is. What lies in a deferred package can be imported without it. A
    package of which a module is deferred has to import that by itself when it is asked for it, as numpy and scipy do.
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
    """Stands for a module, or for what is in it: ``nx.layout.circular_layout`` is another stand-in as long as it lasts.

    The module is imported when that is called, is asked of by `isinstance`, or when anything is got of it later.
    """

    def __init__(self, module: str, *path: str) -> None:
        self._module, self._path = module, path

    def __getattr__(self, name: str) -> Any:
        if not isinstance(sys.modules.get(self._module), _Deferred):
            return getattr(self._real(), name)
        if name.startswith("__"):  # asked for by the machinery of imports
            raise AttributeError(name)
        inside = sys.modules.get(".".join((self._module, *self._path, name)))
        return inside or _Deferred(self._module, *self._path, name)

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return self._real()(*arguments, **options)

    def __instancecheck__(self, instance: Any) -> bool:
        return isinstance(instance, self._real())

    def _real(self) -> Any:
        found: Any = import_module(self._module)
        for name in self._path:
            found = getattr(found, name)
        return found
