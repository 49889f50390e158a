"""The media folder: where things lie, temporary names, renames, locks; nothing half-written under a final name.

Under ``media_dir/.gradreel``: ``temporary/<run>/`` holds what a run is writing, beside a lock file that the run holds
for as long as it lives (the system lets go of it when it dies, however it dies); ``locks/`` one lock per thing that two
runs must not make at once; ``inspections/`` what scenes said of themselves.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from filelock import FileLock, Timeout
from gradreel.core.errors import UserError


class Folders:
    """Paths in a media folder. Makes nothing."""

    def __init__(self, media_dir: Path) -> None:
        self.media_dir = media_dir
        self.clips = media_dir / "clips"
        self.traces = media_dir / "traces"
        self.private = media_dir / ".gradreel"
        self.inspections = self.private / "inspections"
        self.locks = self.private / "locks"
        self.runs = self.private / "temporary"

    def video(self, lesson: str, quality: str, name: str, suffix: str) -> Path:
        return self.media_dir / "videos" / lesson / quality / f"{name}{suffix}"

    def images(self, lesson: str) -> Path:
        return self.media_dir / "images" / lesson


class Workspace(Folders):
    """A media folder in use by this run; a context manager.

    Entering makes the folder, clears what dead runs left and raises UserError when the folder cannot be written to.
    """

    def __init__(self, media_dir: Path) -> None:
        super().__init__(media_dir)
        self.run = self.runs / uuid.uuid4().hex[:12]
        self._alive = FileLock(f"{self.run}.lock")

    def __enter__(self) -> Workspace:
        with clear_disk_errors(self.media_dir):
            self._make_folders()
            self._alive.acquire()
            self.run.mkdir()
            with tempfile.TemporaryFile(dir=self.run) as probe:
                probe.write(b"0" * 4096)
        self._clear_dead_runs()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self.run, ignore_errors=True)
        self._alive.release()
        Path(self._alive.lock_file).unlink(missing_ok=True)

    def temporary(self, name: str) -> Path:
        """A path of this run's that nothing stands at yet, on the file system of the final names; ends as ``name``."""
        return temporary_in(self.run, name)

    def lock(self, name: str) -> FileLock:
        """The lock of the thing called ``name`` (a digest, ``publish``)."""
        return FileLock(self.locks / f"{name}.lock")

    def _make_folders(self) -> None:
        for folder in (self.clips, self.inspections, self.locks, self.runs):
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except FileNotFoundError:  # in a place such as /proc
                raise UserError(f"{folder} cannot be made; choose another folder with --media_dir") from None

    def _clear_dead_runs(self) -> None:
        for lock_file in self.runs.glob("*.lock"):
            if lock_file == Path(self._alive.lock_file):
                continue
            lock = FileLock(lock_file)
            with suppress(Timeout, OSError):
                lock.acquire(timeout=0)
                shutil.rmtree(lock_file.with_suffix(""), ignore_errors=True)
                lock_file.unlink(missing_ok=True)
                lock.release()


def temporary_in(folder: Path, name: str) -> Path:
    """A new path in ``folder`` that ends like ``name``, for a file that will be renamed to it."""
    return folder / f"{uuid.uuid4().hex[:12]}-{name}"


def publish(temporary: Path, final: Path) -> None:
    """Move a finished file or folder to its final name in one rename; what was there before is replaced.

    A folder that is replaced is moved aside first, next to the temporary one.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    if final.is_dir():
        aside = temporary.with_name(f"{temporary.name}.old")
        final.rename(aside)
        temporary.rename(final)
        shutil.rmtree(aside, ignore_errors=True)
        return
    try:
        os.replace(temporary, final)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _publish_across(temporary, final)


def _publish_across(temporary: Path, final: Path) -> None:
    """The same for a final name on another file system: copied beside it, then renamed."""
    beside = final.with_name(f".{uuid.uuid4().hex[:12]}-{final.name}")
    try:
        if temporary.is_dir():
            shutil.copytree(temporary, beside)
        else:
            shutil.copyfile(temporary, beside)
        os.replace(beside, final)
    except BaseException:
        if beside.is_dir():
            shutil.rmtree(beside, ignore_errors=True)
        beside.unlink(missing_ok=True)
        raise


def write_json(path: Path, content: Mapping[str, Any], temporary: Path) -> None:
    """Write ``content`` under a temporary name and rename it to ``path``."""
    temporary.write_bytes(as_json(content))
    publish(temporary, path)


def as_json(content: Mapping[str, Any]) -> bytes:
    """A JSON file for people and programs."""
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()


def read_json(path: Path) -> dict[str, Any] | None:
    """The object in a JSON file of ours; None when it is missing or is not one (we then make it again)."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


@contextmanager
def clear_disk_errors(folder: Path) -> Iterator[None]:
    """Turn the errors of a folder that is not writable, or of a full disk, into a UserError that names it."""
    try:
        yield
    except OSError as error:
        message = disk_message(error, folder)
        if message is None:
            raise
        raise UserError(message) from None


def disk_message(error: OSError, folder: Path) -> str | None:
    """What to tell of a disk error in ``folder``; None when it is an error of another kind."""
    code = error.errno
    if code in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk of {folder} is full; free some space, or choose another folder with --media_dir"
    if code in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{folder} cannot be written to ({os.strerror(code)}); choose another folder with --media_dir"
    if code in (errno.ENOTDIR, errno.EEXIST, errno.EISDIR):
        return f"{folder} is in the way of a file or a folder ({error.filename}); choose another with --media_dir"
    return None
