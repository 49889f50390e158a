"""Imported by the process whose forks are workers: Manim and what of ours draws, but nothing of the user's.

What is imported here stays as it is for all forks, see `forks._ground`.
"""

import atexit
import gc
import os
import sys
from contextlib import suppress
from importlib.util import find_spec
from multiprocessing import forkserver, spawn
from pathlib import Path

from gradreel.render.clips.toolchain import drawing_versions
from gradreel.render.deferred import import_worker

gc.disable()  # what is imported stays: nothing to be found
with suppress(Exception):  # a worker imports it for itself, and says what is wrong
    import_worker()
    drawing_versions()  # kept, for what each fork says of its clip
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
