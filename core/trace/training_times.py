"""How long training took, in a file beside each trace. It is not in the trace, whose bytes are always the same."""

from __future__ import annotations

import json
import math
import uuid
from pathlib import Path

from gradreel.core.experiment import Experiment
from gradreel.core.files import read_bounded
from gradreel.core.trace.writing import UNFINISHED

MOST_NOTED = 10_000
"""Most bytes of such a file."""


def note_training(directory: str | Path, run: Experiment, seconds: float, updates: int) -> None:
    """Write beside the trace of ``run`` that ``updates`` of its updates took ``seconds``.

    For runs trained side by side, ``seconds`` is the run's share of the time.
    """
    path = time_file(directory, run)
    new = path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}{UNFINISHED}")
    new.write_text(json.dumps({"seconds": round(seconds, 4), "updates": updates}) + "\n", encoding="ascii")
    new.replace(path)


def training_seconds(directory: str | Path, run: Experiment) -> float | None:
    """Return the seconds that training ``run`` took; None if they are unknown.

    The time is that of all updates at the speed of the timed ones. All updates are timed unless the run was interrupted
    and resumed. A file without a time, or with an impossible one, counts as missing.
    """
    try:
        content = json.loads(read_bounded(time_file(directory, run), MOST_NOTED))
        seconds, updates = float(content["seconds"]), int(content["updates"])
        total = seconds / updates * run.n_updates
    except (OSError, ValueError, KeyError, TypeError, ArithmeticError, RecursionError):
        return None
    return round(total, 4) if updates > 0 and 0 <= total < math.inf else None


def is_time_noted_since(directory: str | Path, run: Experiment, since: float) -> bool:
    """Return whether the training time of ``run`` was written after the moment ``since`` (as from `time.time`)."""
    try:
        return time_file(directory, run).stat().st_mtime > since
    except OSError:
        return False


def time_file(directory: str | Path, run: Experiment) -> Path:
    """Return the path of the file with the training time of ``run``, beside its trace in ``directory``."""
    return Path(directory) / f"{run.digest}.time.json"
