"""What training took: a file beside each trace, since that is the same bytes whenever it is made."""

from __future__ import annotations

import json
import math
import uuid
from pathlib import Path

from gradreel.core.experiment import Experiment
from gradreel.core.files import read_bounded
from gradreel.core.trace.writing import UNFINISHED

MOST_NOTED = 10_000
"""Bytes that a note of what a training took may have."""


def note_training(directory: str | Path, run: Experiment, seconds: float, updates: int) -> None:
    """Keep, beside the trace of ``run``, that ``updates`` of its updates took ``seconds``.

    Of runs that were trained side by side: its share of the time.
    """
    path = time_file(directory, run)
    new = path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}{UNFINISHED}")
    new.write_text(json.dumps({"seconds": round(seconds, 4), "updates": updates}) + "\n", encoding="ascii")
    new.replace(path)


def training_seconds(directory: str | Path, run: Experiment) -> float | None:
    """Seconds that training ``run`` took, by the speed of the updates that were timed; None where none were.

    All updates are timed unless the run was interrupted and resumed. A file without a time, or with an impossible one,
    counts as none.
    """
    try:
        content = json.loads(read_bounded(time_file(directory, run), MOST_NOTED))
        seconds, updates = float(content["seconds"]), int(content["updates"])
        taken = seconds / updates * run.n_updates
    except (OSError, ValueError, KeyError, TypeError, ArithmeticError, RecursionError):
        return None
    return round(taken, 4) if updates > 0 and 0 <= taken < math.inf else None


def is_time_noted_since(directory: str | Path, run: Experiment, since: float) -> bool:
    """Whether what training ``run`` took was noted after the moment ``since`` (`time.time`)."""
    try:
        return time_file(directory, run).stat().st_mtime > since
    except OSError:
        return False


def time_file(directory: str | Path, run: Experiment) -> Path:
    """Where what training ``run`` took is kept, beside its trace in ``directory``."""
    return Path(directory) / f"{run.digest}.time.json"
