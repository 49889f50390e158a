"""Runs the programs that speak: each in its own process, with a time limit, stopped when this process stops."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from threading import Lock

from gradreel.core.errors import UserError


class ProgramError(UserError):
    """A program is missing, failed, or ran too long."""

    exit_code = 1


class Programs:
    """The programs that run now. Several threads may use one instance."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = Lock()
        self._stopped = False

    def run(self, name: str, arguments: Sequence[str], limit: float) -> None:
        """Run a program, called ``name`` in errors, without a shell. Its output is dropped.

        Raises ProgramError if there is no such program, or its exit code is not 0: the error quotes its last line.
        Raises it too after ``limit`` seconds, and kills the program with its children.
        """
        with tempfile.TemporaryFile() as errors:
            process = self._start_program(arguments, errors.fileno())
            try:
                code = process.wait(limit)
            except subprocess.TimeoutExpired:
                raise ProgramError(
                    f"{name} did not end within {limit:g} seconds, and was stopped; run the command again, or split the"
                    " line"
                ) from None
            finally:
                _kill_with_children(process)
                with self._lock:
                    self._running.discard(process)
            if code:
                errors.seek(max(errors.seek(0, os.SEEK_END) - 4096, 0))
                last_line = errors.read().decode(errors="replace").strip().rpartition("\n")[2][:500]
                raise ProgramError(f"{name} ended with exit code {code}" + (f": {last_line}" if last_line else ""))

    def stop(self) -> None:
        """Kill all running programs. Later calls of `run` fail."""
        with self._lock:
            self._stopped = True
            for process in self._running:
                _kill_with_children(process)

    def _start_program(self, arguments: Sequence[str], errors: int) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._stopped:
                raise ProgramError("speaking was stopped")
            try:
                process = subprocess.Popen(
                    list(arguments),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=errors,
                    start_new_session=True,
                )
            except (OSError, ValueError) as error:
                reason = error.strerror if isinstance(error, OSError) else error
                raise ProgramError(
                    f"{arguments[0]} could not be run: {reason}; install it, or check the command"
                ) from None
            self._running.add(process)
            return process


def _kill_with_children(process: subprocess.Popen[bytes]) -> None:
    """Kill a program and its children: all are in one session. Does nothing if all have ended."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
