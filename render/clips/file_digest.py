"""Computes the states of files: digests of bytes, of a module's code, or of the names in a folder."""

from __future__ import annotations

import ast
import hashlib
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from gradreel.core.package import PACKAGE_FOLDER
from gradreel.render.clips.ownership import PACKAGE
from gradreel.render.clips.workspace import Folders
from gradreel.scenes.catalog import SceneSource

HERE = "<here>/"  # begins names that are relative to the current folder, not to the scene
MISSING = "not there"  # takes the place of a digest
CHANGED_MEANWHILE = "changed while the scene was made"  # takes the place of a digest; the result is stale
LISTING = "gradreel.listing"  # audit event: the names in a folder were read; `--watch` listens for it
MADE_BY_PYTHON = "__pycache__"
SETTLED_NS = 2_000_000_000  # after this age, a new write is sure to change the file's time


@dataclass(frozen=True)
class FileState:
    """The state of a file or folder when it was read. ``str`` and `parse` convert it to and from text.

    ``digest``: of the bytes, or of the names in a folder; or `MISSING` or `CHANGED_MEANWHILE`. ``code``: digest of the
    syntax tree of a user's module, else ""; so comments and layout do not count. ``times``: device, inode, size and
    times as a text; "" if the file had just been written to.
    """

    digest: str
    code: str = ""
    times: str = ""

    @classmethod
    def parse(cls, text: str) -> FileState:
        """Return the state that was written as text; missing parts are ""."""
        digest, code, times = [*text.split("|", 2), "", ""][:3]
        return cls(digest, code, times)

    def __str__(self) -> str:
        return "|".join([self.digest, self.code, self.times]).rstrip("|")

    @property
    def content(self) -> FileState:
        """Return the state without the times of the file, which differ on another machine."""
        return FileState(self.digest, self.code)


@dataclass
class _StateCache:
    """Times (None: missing) and digests by path, read once within `cached_file_states`."""

    times: dict[str, str | None] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)


class _Current:
    """The state cache that this process uses; None outside a command."""

    cache_in_use: _StateCache | None = None


@contextmanager
def cached_file_states() -> Iterator[None]:
    """Read the state of each file at most once within this context, even if several scenes depend on it."""
    before = _Current.cache_in_use
    _Current.cache_in_use = before or _StateCache()
    try:
        yield
    finally:
        _Current.cache_in_use = before


def file_state(file: Path, is_code: bool = False) -> FileState:
    """Return the current state of a file. ``is_code``: it is a user's module. Raises OSError."""
    digest, status = _digest_and_stat(file)
    code = code_digest(file) if is_code else ""
    is_settled = time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns) >= SETTLED_NS
    return FileState(digest, code, _stat_text(status) if is_settled else "")


def is_unchanged(file: Path, state: FileState) -> bool:
    """Return whether a file still has this state. Its bytes are read only if its times differ.

    A missing file is unchanged if the state is `MISSING`. A module with equal code is unchanged.
    """
    cache_in_use = _Current.cache_in_use or _StateCache()
    place = os.fspath(file)
    if place not in cache_in_use.times:
        _raise_audit_event_of_opening(place)
        try:
            cache_in_use.times[place] = _stat_text(os.stat(place))
        except (OSError, ValueError):
            cache_in_use.times[place] = None
    times = cache_in_use.times[place]
    if times is None:
        return state.digest == MISSING
    if times == state.times:
        return True
    if place not in cache_in_use.digests:
        cache_in_use.digests[place] = current_digest(file)
    if cache_in_use.digests[place] == state.digest:
        return True
    with suppress(OSError, SyntaxError, ValueError, RecursionError):
        return bool(state.code) and code_digest(file) == state.code
    return False


def changed_files(states: Mapping[str, str], source: SceneSource) -> list[str]:
    """Return the names of files that changed, appeared or vanished since ``states`` (by name) were recorded."""
    return [
        name.removeprefix(HERE)
        for name, state in states.items()
        if not is_unchanged(file_of(name, source), FileState.parse(state))
    ]


def content_digest(file: Path) -> str:
    """Return the shortened SHA-256 of a file's bytes. Raises OSError."""
    return _digest_and_stat(file)[0]


def _digest_and_stat(file: Path) -> tuple[str, os.stat_result]:
    """Return the digest of a file's content, and its status while it was read."""
    with file.open("rb") as content:
        return shorten_checksum(hashlib.file_digest(content, "sha256").hexdigest()), os.fstat(content.fileno())


def code_digest(file: Path) -> str:
    """Return the digest of a module's syntax tree. Raises OSError; SyntaxError or ValueError if it does not parse."""
    return short_hash(ast.dump(ast.parse(file.read_bytes(), filename=str(file))).encode())


def listing_digest(folder: Path) -> str:
    """Return the digest of the names in a folder that `names_in` returns."""
    sys.audit(LISTING, str(folder))
    return short_hash("\n".join(names_in(folder)).encode("utf-8", "surrogateescape"))


def names_in(folder: Path) -> list[str]:
    """Return the sorted names of files and folders in a folder; a folder's name ends with a slash.

    Left out: hidden names, ``__pycache__``, media folders, and our folders inside a media folder.
    """
    with os.scandir(folder) as entries:
        all_entries = list(entries)
    media = Folders(folder)
    generated = {MADE_BY_PYTHON}
    if any(entry.name == media.private.name for entry in all_entries):
        generated.update(place.name for place in media.our_folders)
    visible = [entry for entry in all_entries if not entry.name.startswith(".")]
    folders = (entry for entry in visible if entry.is_dir() and entry.name not in generated)
    folder_names = [f"{entry.name}/" for entry in folders if not Folders(Path(entry.path)).private.is_dir()]
    return sorted([entry.name for entry in visible if entry.is_file()] + folder_names)


def current_digest(file: Path) -> str:
    """Return the digest of a file's bytes, or of the names in a folder; `MISSING` if nothing is there.

    It tries to open a missing file too, since `--watch` listens for opened files.
    """
    with suppress(OSError, ValueError):  # ValueError: a name with a null character
        if file.is_dir():
            return listing_digest(file)
        if file.is_file() or not file.exists():
            return content_digest(file)
    return MISSING


def announce_files(files: Iterable[Path]) -> None:
    """Make ``--watch`` watch files and folders that a worker process has read."""
    for file in files:
        _raise_audit_event_of_opening(os.fspath(file))


def _raise_audit_event_of_opening(place: str) -> None:
    """Raise the audit event of opening a file or listing a folder, so that the file tracker records it."""
    with suppress(ValueError):  # a name with a null character
        sys.audit(*((LISTING, place) if os.path.isdir(place) else ("open", place, "r", os.O_RDONLY)))


def file_of(name: str, source: SceneSource) -> Path:
    """Return the path of a name in a description.

    ``gradreel/…`` is our file; `HERE` begins a path from the current folder; others are relative to the scene's folder.
    """
    if name.startswith(f"{PACKAGE}/"):
        return _our_file(name)
    inside = name.removeprefix(HERE)
    return source.file.parent / inside if inside == name else Path.cwd() / inside


@cache
def _our_file(name: str) -> Path:
    """Return the path of a file of ours that is named like ``gradreel/scenes/base.py``."""
    return PACKAGE_FOLDER / name.removeprefix(f"{PACKAGE}/")


def digest_of_files(files: Iterable[Path]) -> str:
    """Return one digest of the bytes of several small files, in this order."""
    return short_hash("".join(short_hash(file.read_bytes()) for file in files).encode())


def short_hash(content: bytes) -> str:
    """Return the shortened SHA-256 of bytes."""
    return shorten_checksum(hashlib.sha256(content).hexdigest())


def shorten_checksum(checksum: str) -> str:
    """Return the first 24 hexadecimal digits of a SHA-256, which names and descriptions use."""
    return checksum[:24]


def _stat_text(status: os.stat_result) -> str:
    """Return device, inode, size and times of a file as text; it changes if the file is written or replaced."""
    parts = status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
    return "-".join(map(str, parts))
