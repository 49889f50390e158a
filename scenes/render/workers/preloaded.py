"""Imported by the process whose forks are workers: Manim, but nothing of ours or of the user's, which may still change.

It stands in the folder that the command was called in, where a file may be named as a module that Manim imports.
"""

import atexit
import os
import sys
from contextlib import suppress
from multiprocessing import forkserver
from pathlib import Path

_before = sys.path[:]
sys.path[:] = [folder for folder in _before if folder not in ("", os.getcwd())]
with suppress(Exception):  # a worker imports it for itself, and says what is wrong
    import av  # noqa: F401
    import manim  # noqa: F401
sys.path[:] = _before


@atexit.register
def _clear() -> None:
    """This process ends when those it works for have. Whoever began it removes its socket, unless that was killed."""
    address = getattr(forkserver._forkserver, "_forkserver_address", None)
    if isinstance(address, str) and Path(address).parent.name.startswith("pymp-"):
        with suppress(OSError):
            Path(address).unlink(missing_ok=True)
            Path(address).parent.rmdir()
