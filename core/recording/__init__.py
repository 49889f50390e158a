"""record(model, optimizer, path): a trace of anybody's own torch loop."""

from typing import Any


def __getattr__(name: str) -> Any:
    if name in ("record", "Recording"):
        from gradreel.core.recording import recording as module

        return getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
