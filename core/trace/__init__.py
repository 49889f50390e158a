"""One training run on disk: its columns and description, how they are written, read and computed again.

`Trace` is imported from here; the modules of this folder have the rest.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradreel.core.trace.trace import Trace as Trace
else:

    def __getattr__(name: str) -> Any:
        if name != "Trace":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from gradreel.core.trace.trace import Trace

        return Trace
