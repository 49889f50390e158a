"""Verifies traces in a worker process that uses the vector instructions with which they were made."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gradreel.render.workers.worker_process import report_progress

if TYPE_CHECKING:
    from gradreel.core.trace.verify_result import Verification

WHOLE = 1000  # steps of the progress


def verify_each(paths: Sequence[Path]) -> list[Verification]:
    """Return the verification of each trace, in order; reports progress for all of them together."""
    from gradreel.core.trace.verify import verify  # brings torch

    results: list[Verification] = []

    def progress(done: int, updates: int) -> None:
        report_progress(int(WHOLE * (len(results) + done / max(1, updates)) / len(paths)), WHOLE)

    for path in paths:
        results.append(verify(path, progress))
    return results
