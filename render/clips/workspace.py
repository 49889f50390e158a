"""The media folder: its paths, temporary names, renames and locks. No final name ever has a partial file.

Folders in ``media_dir/.gradreel``:

temporary/<run>/  files that a run is writing; the run holds a lock file beside it, which the system releases if it dies
locks/            a lock for each thing that two runs must not make at once
inspections/      descriptions and words of scenes
speech/           spoken lines
sound/            encoded pieces of sound tracks, and measured loudness of lines
published/        the inputs of published videos
results/          for each film, picture or page, the digest of the file that a command made

A media folder may come from elsewhere. So its contents never decide where files are written or removed: paths are
built here, no link may lead out of the folder, and only a folder of pictures is ever replaced.
"""

from __future__ import annotations

import errno
import glob
import json
import os
import re
import shutil
import socket
import tempfile
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from filelock import FileLock, Timeout
from gradreel.core.errors import UserError
from gradreel.core.files import read_bounded
from gradreel.scenes.file_names import file_name

FORGOTTEN_SECONDS = 7 * 24 * 3600  # after this, a run of another machine without a lock counts as dead
LARGEST_JSON = 64 * 2**20  # bytes; descriptions have thousands, other stored results millions
COPY_SECONDS = 60  # a copy that was not written to for this long was left by a dead run


class Folders:
    """Paths in a media folder. It creates nothing."""

    def __init__(self, media_dir: Path) -> None:
        self.media_dir = media_dir
        self.clips = media_dir / "clips"
        self.traces = media_dir / "traces"
        self.private = media_dir / ".gradreel"
        self.inspections = self.private / "inspections"
        self.speech = self.private / "speech"
        self.sound = self.private / "sound"
        self.locks = self.private / "locks"
        self.runs = self.private / "temporary"
        self.published = self.private / "published"
        self.results = self.private / "results"
        self._videos, self._images = media_dir / "videos", media_dir / "images"

    @property
    def our_folders(self) -> tuple[Path, ...]:
        """Return the folders that hold all files that Gradreel makes. A user's own files may lie beside them."""
        return self.clips, self.traces, self._videos, self._images, self.private

    def video(self, lesson: str, quality: str, name: str, suffix: str) -> Path:
        """Return the path of a video, such as ``videos/<lesson>/<quality>/<name>.mp4``."""
        return self._videos / _lesson_folder(lesson) / quality / f"{file_name(name, 'a video called')}{suffix}"

    def images(self, lesson: str, variant: str = "") -> Path:
        """Return the folder of a lesson's pictures; ``variant``: see `RenderSettings.variant`."""
        return self._images / f"{_lesson_folder(lesson)}{variant}"


class Workspace(Folders):
    """A media folder in use by this run; a context manager.

    Entering creates the folder and removes files of dead runs. It raises UserError if the folder is not writable.
    """

    def __init__(self, media_dir: Path) -> None:
        super().__init__(media_dir)
        self.run = self.runs / f"{uuid.uuid4().hex[:12]}-{_machine_name_for_files()}"
        self._alive = FileLock(f"{self.run}.lock")

    def __enter__(self) -> Workspace:
        try:
            with clear_disk_errors(self.media_dir):
                self._make_folders()
                with self.lock("prune"):  # no run may begin while `gradreel cache prune` works
                    self._hold_lock()
                self.run.mkdir()
                with tempfile.TemporaryFile(dir=self.run) as probe:
                    probe.write(b"0" * 4096)
        except BaseException:
            self._remove_run_folder()
            raise
        self._clear_dead_runs()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._remove_run_folder()

    def _remove_run_folder(self) -> None:
        """Remove this run's temporary files and release its lock."""
        shutil.rmtree(self.run, ignore_errors=True)
        self._alive.release()
        with suppress(OSError):
            Path(self._alive.lock_file).unlink()

    def temporary(self, name: str) -> Path:
        """Return a new path in this run's folder, on the media folder's file system; it ends with ``name``."""
        return temporary_in(self.run, name)

    def lock(self, name: str) -> FileLock:
        """Return the lock called ``name`` (a digest, or ``publish``), not yet taken."""
        return FileLock(self.locks / f"{name}.lock")

    def _hold_lock(self) -> None:
        """Take this run's lock; again if another run's clean-up removed the file before it was locked."""
        while True:
            self._alive.acquire()
            if Path(self._alive.lock_file).exists():
                return
            self._alive.release()

    def _make_folders(self) -> None:
        """Make the folders of the media folder. Raises UserError if one leads out of it or cannot be made."""
        ours = (self.clips, self.inspections, self.sound, self.published, self.results, self.locks, self.runs)
        for folder in (*self.our_folders, *ours, self.speech):
            self._check_stays_inside(folder / "any")
        for folder in ours:
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except FileNotFoundError:  # in a place such as /proc
                raise UserError(f"{folder} cannot be made; choose another folder with --media_dir") from None

    def publish(
        self, files: Mapping[Path, Path], first_gone: Callable[[], Iterable[Path]] = tuple, option: str = "-o"
    ) -> None:
        """Move finished files and folders from temporary to final paths; only one run does so at a time.

        ``files``: final paths by temporary ones. Files for another disk are copied there first, so a full disk is
        found before anything is replaced. Then the files of ``first_gone`` are removed, which must never be seen
        beside the new ones. Then each file gets its name in one rename, so an interruption leaves whole files.
        Raises UserError if a final path may not be replaced, and for a full or read-only disk; ``option``: the
        option that chose a place outside the media folder, for messages.
        """
        with self.lock("publish"):
            for temporary, final in files.items():
                self._check_stays_inside(final)
                check_replaceable(final, temporary.is_dir())
            near = self._on_their_disks(files, option)
            try:
                for old in first_gone():
                    self._check_stays_inside(old)
                    remove_file(old)
                for temporary, final in near.items():
                    with self._clear_errors_of(final, option):
                        publish(temporary, final)
            finally:
                for copy in near.keys() - files.keys():
                    remove(copy)

    def _check_stays_inside(self, final: Path) -> None:
        """Raise UserError if a link leads a path in the media folder out of it. Other paths pass."""
        if not Path(os.path.abspath(final)).is_relative_to(os.path.abspath(self.media_dir)):
            return
        folder, media = Path(os.path.realpath(final.parent)), Path(os.path.realpath(self.media_dir))
        if not folder.is_relative_to(media):
            raise UserError(
                f"{final.parent} leads out of {self.media_dir} by a link, to {folder}; remove the link in it"
            )

    def _on_their_disks(self, files: Mapping[Path, Path], option: str) -> dict[Path, Path]:
        """Return ``files`` with copies beside the final paths on other disks, so that only renames remain."""
        near: dict[Path, Path] = {}
        try:
            for temporary, final in files.items():
                with self._clear_errors_of(final, option):
                    final.parent.mkdir(parents=True, exist_ok=True)
                    near[temporary if self._renames_into(final.parent) else _copied_beside(temporary, final)] = final
        except BaseException:
            for copy in near.keys() - files.keys():
                remove(copy)
            raise
        return near

    def _clear_errors_of(self, final: Path, option: str) -> AbstractContextManager[None]:
        """Return `clear_disk_errors` for the folder of ``final`` and the option that chose it."""
        ours = final.is_relative_to(self.media_dir)
        return clear_disk_errors(*((self.media_dir,) if ours else (final.parent, option)))

    def _renames_into(self, folder: Path) -> bool:
        """Return whether ``folder`` is on the same file system, so that files can be renamed into it.

        Tries to rename a missing file: the system checks the file systems first.
        """
        missing = self.temporary("none")
        try:
            missing.rename(folder / missing.name)
        except OSError as error:
            return error.errno != errno.EXDEV and folder.stat().st_dev == self.run.stat().st_dev
        return True

    def _clear_dead_runs(self) -> None:
        """Remove folders and lock files of runs whose lock can be taken; of other machines only untouched ones."""
        folders = {path for path in self.runs.iterdir() if path.suffix != ".lock"}
        for run in folders | {path.with_suffix("") for path in self.runs.glob("*.lock")}:
            ours = run.name.partition("-")[2] == _machine_name_for_files()
            if run == self.run or not (ours or _is_forgotten(run)):
                continue
            lock_file = run.with_name(f"{run.name}.lock")
            lock = FileLock(lock_file)
            with suppress(Timeout, OSError), lock.acquire(timeout=0):
                shutil.rmtree(run, ignore_errors=True)
                if not run.exists():
                    lock_file.unlink(missing_ok=True)


def _lesson_folder(lesson: str) -> str:
    """Return the folder's name for a lesson. Raises UserError for a name that cannot be a file's."""
    return file_name(lesson, "a lesson called")


def _machine_name_for_files() -> str:
    """Return this machine's name for file names. Locks on some network disks are invisible to other machines."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", socket.gethostname())[:40]


def _is_forgotten(run: Path) -> bool:
    """Return whether nothing was written in a run's folder for `FORGOTTEN_SECONDS`."""
    files = (run.with_name(f"{run.name}.lock"), run, *run.glob("*"))
    return min((_seconds_since_written(file) for file in files if file.exists()), default=0.0) > FORGOTTEN_SECONDS


def temporary_in(folder: Path, name: str, hidden: bool = False) -> Path:
    """Return a new path in ``folder`` that ends like ``name``, for a file that will be renamed to it."""
    return folder / f"{'.' if hidden else ''}{uuid.uuid4().hex[:12]}-{name}"


def publish(temporary: Path, final: Path) -> None:
    """Move a finished file or folder to its final path in one rename, replacing an earlier one of the same kind.

    An earlier folder is moved aside first and then removed. Raises OSError for a folder in the place of a file and
    for a file in the place of a folder. From another disk, it copies.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    if temporary.is_dir() and final.is_dir():
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
        os.replace(_copied_beside(temporary, final), final)


def check_replaceable(final: Path, by_folder: bool) -> None:
    """Raise UserError unless ``final`` may be replaced: a file by a file, a folder of only pictures by a folder."""
    if not final.is_dir() or (final.is_symlink() and not by_folder):
        return
    if not by_folder:
        raise UserError(f"{final} is a folder, but a file is to be written there; move it away")
    foreign_file = first_foreign_file(final)
    if foreign_file:
        raise UserError(
            f"{final} is replaced by new pictures, but contains {foreign_file}, which is not a picture; move it away"
        )


def first_foreign_file(folder: Path) -> str:
    """Return the name of an entry in a folder that is not a PNG file; "" if all are."""
    return next((entry.name for entry in folder.iterdir() if entry.suffix != ".png" or entry.is_dir()), "")


def _copied_beside(temporary: Path, final: Path) -> Path:
    """Copy a file or folder beside its final path and return the copy; removes old copies that dead runs left there."""
    for left in final.parent.glob(f".*-{glob.escape(final.name)}*"):
        if (
            re.fullmatch(rf"\.[0-9a-f]{{12}}-{re.escape(final.name)}(\.old)?", left.name)
            and _seconds_since_written(left) > COPY_SECONDS
        ):
            remove(left)
    beside = temporary_in(final.parent, final.name, hidden=True)
    try:
        if temporary.is_dir():
            shutil.copytree(temporary, beside)
            os.utime(beside)
        else:
            shutil.copyfile(temporary, beside)
            written = temporary.stat()  # the copy keeps the times
            os.utime(beside, ns=(written.st_atime_ns, written.st_mtime_ns))
    except BaseException:
        remove(beside)
        raise
    return beside


def remove(path: Path) -> None:
    """Remove a file or a folder with its contents; errors are ignored."""
    shutil.rmtree(path, ignore_errors=True)  # does nothing for a link or a file
    remove_file(path)


def remove_file(path: Path) -> None:
    """Remove a file or a link; errors are ignored and a folder stays."""
    with suppress(OSError):
        path.unlink()


def _seconds_since_written(path: Path) -> float:
    """Return the seconds since a file or folder was written to; 0 if it is missing."""
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return 0.0


def write_json(path: Path, content: Mapping[str, Any], temporary: Path) -> None:
    """Write ``content`` under a temporary name and rename it to ``path``."""
    temporary.write_bytes(as_json(content))
    publish(temporary, path)


def as_json(content: Mapping[str, Any] | Sequence[Any]) -> bytes:
    """Return ``content`` as the bytes of an indented JSON file."""
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()


def read_json(path: Path) -> dict[str, Any] | None:
    """Return the object in a JSON file; None if the file is missing, invalid, or larger than `LARGEST_JSON`."""
    try:
        content = json.loads(read_bounded(path, LARGEST_JSON))
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


# -- clear messages for disk errors ------------------------------------------------------------------------------------


class DiskFullError(UserError):
    """Raised if a disk is full, or a file exceeds the system's limit."""

    exit_code = 1


@contextmanager
def clear_disk_errors(folder: Path, option: str = "--media_dir") -> Iterator[None]:
    """Turn the OSErrors of a read-only folder or a full disk into a UserError that names the folder.

    ``option``: the option that chooses another folder. Other errors pass unchanged.
    """
    try:
        yield
    except OSError as error:
        clear = disk_error(error, folder, option)
        if clear is None:
            raise
        raise clear from None


def check_writable(file: Path, option: str) -> None:
    """Raise UserError if ``file`` is a device or a pipe, or if no file can be written in its folder.

    If the folder is missing, tries its nearest parent that exists. Leaves nothing behind.
    """
    if file.exists() and not file.is_file() and not file.is_dir():
        raise UserError(f"{option} {file} is a device or a pipe; a result needs the name of a file or a folder")
    folder = next(folder for folder in file.absolute().parents if folder.exists())
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        reason = f"no file can be written in {folder} ({error.strerror})"
        raise UserError(f"{option} {file}: {reason}; choose another folder with {option}") from None


def disk_error(error: OSError, folder: Path, option: str = "--media_dir") -> UserError | None:
    """Return a clear UserError for a disk error in ``folder``; None for an error of another kind."""
    code, place = error.errno, error.filename2 or error.filename or folder  # filename2: a rename's final path
    if code in (errno.ENOSPC, errno.EDQUOT):
        return DiskFullError(f"the disk of {folder} is full; free some space, or choose another folder with {option}")
    if code == errno.EFBIG:
        return DiskFullError(
            f"a file in {folder} became larger than this system allows (see ulimit -f);"
            f" allow more, or choose another folder with {option}"
        )
    if code in (errno.EACCES, errno.EPERM, errno.EROFS):
        return UserError(f"{folder} cannot be written to ({os.strerror(code)}); choose another folder with {option}")
    if code in (errno.ENOTDIR, errno.EEXIST, errno.EISDIR):
        return UserError(f"{folder} is in the way of a file or a folder ({place}); choose another with {option}")
    if code == errno.ENAMETOOLONG:
        return UserError(f"{place}: {os.strerror(code)}; use shorter names, or choose another folder with {option}")
    if code == errno.ELOOP:
        link = next((part for part in reversed(Path(place).parents) if part.is_symlink() and not part.exists()), place)
        return UserError(f"{link} is a link that leads to itself; remove it, or choose another folder with {option}")
    if code in (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS):
        return UserError(
            f"{folder} is on a disk without file locks ({os.strerror(code)}), which runs need that share it;"
            f" choose another folder with {option}"
        )
    return None
