"""record(model, optimizer, path): a trace of anybody's own torch loop."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradreel.core.recording.recording import Recording as Recording
    from gradreel.core.recording.recording import record as record
else:

    def __getattr__(name: str) -> Any:
        if name not in ("record", "Recording"):
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from gradreel.core.recording import recording as module

        return getattr(module, name)
