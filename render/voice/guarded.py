"""A program of its own: runs a module as a program, and ends when its parent process ends.

``python -m gradreel.render.voice.guarded PARENT MODULE [ARGUMENTS…]``. PARENT is the parent's process id. So a
voice does not go on speaking after a command was killed with ``kill -9``.
"""

from __future__ import annotations

import os
import runpy
import sys
import threading
import time

LOOK_SECONDS = 0.5


def end_with_parent(parent: int) -> None:
    """End this process at most half a second after it lost its ``parent``. Runs for ever."""
    while os.getppid() == parent:
        time.sleep(LOOK_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    parent, module = int(sys.argv[1]), sys.argv[2]
    if hasattr(os, "fork"):  # Windows keeps the id of a parent that has ended
        threading.Thread(target=end_with_parent, args=(parent,), daemon=True).start()
    sys.argv[:] = sys.argv[2:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
