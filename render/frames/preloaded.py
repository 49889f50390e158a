"""Imported by the process whose forks are workers: Manim and what of ours draws, but nothing of the user's.

What is imported here stays as it is for all forks, see `forks._ground`. It stands in the folder that the command was
called in, where a file may be named as a module that Manim imports; from Python 3.13 on its path is the caller's.
"""

import atexit
import gc
import os
import sys
from contextlib import redirect_stdout, suppress
from importlib.util import find_spec
from multiprocessing import forkserver, spawn
from pathlib import Path

from gradreel.render.frames.deferred import deferred
from gradreel.render.workers.worker_process import log_plainly

SELDOM_USED = (
    *("networkx", "bs4", "isosurfaces", "screeninfo"),  # Manim's graphs, code, implicit functions and windows
    *("scipy.spatial", "scipy.linalg", "numpy.f2py", "numpy.ma", "numpy.testing"),  # SciPy has them beside rotations
)
NOT_HERE = "IPython"
"""Manim tells it of its magics where it is installed; no notebook asks this process for any."""

_before = sys.path[:]
sys.path[:] = [folder for folder in _before if folder not in ("", os.getcwd())]
log_plainly()  # Manim warns of what manim.cfg has
gc.disable()  # what is imported stays: nothing to be found
with suppress(Exception), redirect_stdout(sys.stderr):  # a worker imports it for itself, and says what is wrong
    sys.modules.setdefault(NOT_HERE, None)  # type: ignore[arg-type]
    with deferred(*SELDOM_USED):
        import manim  # noqa: F401
    del sys.modules[NOT_HERE]
    import gradreel.render.frames.worker  # noqa: F401
    from gradreel.render.clips.toolchain import drawing_versions

    drawing_versions()  # kept, for what each fork says of its clip
sys.path[:] = _before
gc.freeze()  # nothing of it is looked through when a fork collects what it no longer needs
gc.enable()


def _name_the_script(path: str) -> None:
    """In a fork: ``__main__`` says where the script of the command lies, which is not run again, as it would be."""
    sys.modules["__main__"].__file__ = path


def _name_the_module(name: str) -> None:
    """The same where the command is called as a module, ``python -m``."""
    spec = find_spec(name)
    _name_the_script(spec.origin if spec is not None and spec.origin is not None else name)


spawn._fixup_main_from_path = _name_the_script  # type: ignore[attr-defined]
spawn._fixup_main_from_name = _name_the_module  # type: ignore[attr-defined]


@atexit.register
def _clear() -> None:
    """This process ends when those it works for have. Whoever began it removes its socket, unless that was killed."""
    address = getattr(forkserver._forkserver, "_forkserver_address", None)
    if isinstance(address, str) and Path(address).parent.name.startswith("pymp-"):
        with suppress(OSError):
            Path(address).unlink(missing_ok=True)
            Path(address).parent.rmdir()
        os._exit(0)  # who reads what the command prints waits for this process, too: it takes nothing apart
