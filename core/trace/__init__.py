"""One training run on disk: its columns and description, how they are written, read and computed again.

`Trace` is imported from here; the modules of this folder have the rest.
"""

from typing import Any


def __getattr__(name: str) -> Any:
    if name == "Trace":
        from gradreel.core.trace.trace import Trace

        return Trace
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
