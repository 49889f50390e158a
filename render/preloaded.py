"""Preloads the fork server, whose forks become workers: Manim and our drawing code, but no user module.

All forks share these imports. If a file behind them changes, no more forks are made, see `forks._server_inputs`.
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

gc.disable()  # imports create nothing to collect
with suppress(Exception):  # each worker imports it again and reports the error
    import_worker()
    drawing_versions()  # cached here, so that no fork computes it again
gc.freeze()  # the collector of a fork skips all these objects
gc.enable()


def _set_main_file(path: str) -> None:
    """Set ``__main__.__file__`` to the command's script. Replaces a function that would run the script in each fork."""
    sys.modules["__main__"].__file__ = path


def _set_main_module(name: str) -> None:
    """Do the same for a command that was started by ``python -m``; ``name`` is its module."""
    spec = find_spec(name)
    _set_main_file(spec.origin if spec is not None and spec.origin is not None else name)


spawn._fixup_main_from_path = _set_main_file  # type: ignore[attr-defined]
spawn._fixup_main_from_name = _set_main_module  # type: ignore[attr-defined]


@atexit.register
def _remove_socket_and_exit() -> None:
    """Remove the fork server's socket and end at once. The parent removes it, too, unless it was killed."""
    address = getattr(forkserver._forkserver, "_forkserver_address", None)
    if isinstance(address, str) and Path(address).parent.name.startswith("pymp-"):
        with suppress(OSError):
            Path(address).unlink(missing_ok=True)
            Path(address).parent.rmdir()
        os._exit(0)  # skip the slow teardown: this process holds the command's output pipe, whose reader waits
