"""States of files: digests of their bytes, of the code in them, of the names in a folder."""

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

HERE = "<here>/"  # before the name of a file that is relative to where the command is run, not to the scene
MISSING = "not there"  # no file's digest
CHANGED_MEANWHILE = "changed while the scene was made"  # no file's digest: the result is stale
LISTING = "gradreel.listing"  # event, told to whoever watches: it matters which files and folders a folder has
MADE_BY_PYTHON = "__pycache__"
SETTLED_NS = 2_000_000_000  # since a file was last written to: another write now would give it another time


@dataclass(frozen=True)
class FileState:
    """What a file was like when it was read; kept as a text.

    ``digest``: of its bytes or of the names in a folder; or `MISSING` or `CHANGED_MEANWHILE`. ``code``: digest of the
    syntax tree of a module of the user's, "" otherwise: comments and layout of a module do not count. ``times``:
    device, inode, size and times as a text; "" if the file had just been written to.
    """

    digest: str
    code: str = ""
    times: str = ""

    @classmethod
    def parse(cls, text: str) -> FileState:
        digest, code, times = [*text.split("|", 2), "", ""][:3]
        return cls(digest, code, times)

    def __str__(self) -> str:
        return "|".join([self.digest, self.code, self.times]).rstrip("|")

    @property
    def content(self) -> FileState:
        """The state without the times of the file, which differ on another machine."""
        return FileState(self.digest, self.code)


@dataclass
class _Moment:
    """What was read from the disk, for as long as that counts as unchanged."""

    times: dict[str, str | None] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)


class _Now:
    moment: _Moment | None = None


@contextmanager
def one_moment() -> Iterator[None]:
    """Look at each file once within this context, however many scenes have read it."""
    before = _Now.moment
    _Now.moment = before or _Moment()
    try:
        yield
    finally:
        _Now.moment = before


def file_state(file: Path, is_code: bool = False) -> FileState:
    """Return the state of a file as it is now. ``is_code``: a module of the user's. Raises OSError."""
    digest, found = _read(file)
    code = code_digest(file) if is_code else ""
    is_settled = time.time_ns() - max(found.st_mtime_ns, found.st_ctime_ns) >= SETTLED_NS
    return FileState(digest, code, _times(found) if is_settled else "")


def is_unchanged(file: Path, state: FileState) -> bool:
    """Return whether a file is as it was in ``state``. Its bytes are read only if its times are others."""
    moment = _Now.moment or _Moment()
    place = os.fspath(file)
    if place not in moment.times:
        _watch(place)
        try:
            moment.times[place] = _times(os.stat(place))
        except (OSError, ValueError):
            moment.times[place] = None
    times = moment.times[place]
    if times is None:
        return state.digest == MISSING
    if times == state.times:
        return True
    if place not in moment.digests:
        moment.digests[place] = content_now(file)
    if moment.digests[place] == state.digest:
        return True
    with suppress(OSError, SyntaxError, ValueError, RecursionError):
        return bool(state.code) and code_digest(file) == state.code
    return False


def changed_files(known: Mapping[str, str], source: SceneSource) -> list[str]:
    """Return the names of files that changed, came or went since their states were noted."""
    return [
        name.removeprefix(HERE)
        for name, state in known.items()
        if not is_unchanged(file_of(name, source), FileState.parse(state))
    ]


def content_digest(file: Path) -> str:
    """Return the SHA-256 of every byte of a file, shortened. Raises OSError."""
    return _read(file)[0]


def _read(file: Path) -> tuple[str, os.stat_result]:
    with file.open("rb") as content:
        return shortened(hashlib.file_digest(content, "sha256").hexdigest()), os.fstat(content.fileno())


def code_digest(file: Path) -> str:
    """Return the digest of a module's syntax tree. Raises OSError; SyntaxError or ValueError if it does not parse."""
    return short_hash(ast.dump(ast.parse(file.read_bytes(), filename=str(file))).encode())


def listing_digest(folder: Path) -> str:
    """Return the digest of the names of the files and folders in a folder that count, see `names_in`."""
    sys.audit(LISTING, str(folder))
    return short_hash("\n".join(names_in(folder)).encode("utf-8", "surrogateescape"))


def names_in(folder: Path) -> list[str]:
    """Return the names of the files in a folder, and with a slash at the end those of folders, in order.

    What is hidden does not count, nor a folder that is made by the way: Python's, a media folder, ours in one.
    """
    with os.scandir(folder) as entries:
        there = list(entries)
    media = Folders(folder)
    made = {MADE_BY_PYTHON}
    if any(entry.name == media.private.name for entry in there):
        made.update(place.name for place in media.made_by_us)
    shown = [entry for entry in there if not entry.name.startswith(".")]
    folders = (entry for entry in shown if entry.is_dir() and entry.name not in made)
    names = [f"{entry.name}/" for entry in folders if not Folders(Path(entry.path)).private.is_dir()]
    return sorted([entry.name for entry in shown if entry.is_file()] + names)


def content_now(file: Path) -> str:
    """Return the digest of a file's bytes, or of the names in a folder; `MISSING` if there is neither.

    A file that is not there is opened, too: `--watch` listens for files that are opened.
    """
    with suppress(OSError, ValueError):  # the latter for what can be nobody's name
        if file.is_dir():
            return listing_digest(file)
        if file.is_file() or not file.exists():
            return content_digest(file)
    return MISSING


def watch_too(files: Iterable[Path]) -> None:
    """Have ``--watch`` watch files and folders that a worker has read, as if they had been read here."""
    for file in files:
        _watch(os.fspath(file))


def _watch(place: str) -> None:
    with suppress(ValueError):  # what can be nobody's name
        sys.audit(*((LISTING, place) if os.path.isdir(place) else ("open", place, "r", os.O_RDONLY)))


def file_of(name: str, source: SceneSource) -> Path:
    """Return the file of this name: of ours, beside the scene, or from where the command is run."""
    if name.startswith(f"{PACKAGE}/"):
        return _file_of_ours(name)
    inside = name.removeprefix(HERE)
    return source.file.parent / inside if inside == name else Path.cwd() / inside


@cache
def _file_of_ours(name: str) -> Path:
    return PACKAGE_FOLDER / name.removeprefix(f"{PACKAGE}/")


def digest_of_contents(files: Iterable[Path]) -> str:
    """Return the digest of all bytes of some small files."""
    return short_hash("".join(short_hash(file.read_bytes()) for file in files).encode())


def short_hash(content: bytes) -> str:
    """Return the SHA-256, shortened."""
    return shortened(hashlib.sha256(content).hexdigest())


def shortened(checksum: str) -> str:
    """Return the hexadecimal digits of a SHA-256 that names and descriptions have of it."""
    return checksum[:24]


def _times(found: os.stat_result) -> str:
    parts = found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
    return "-".join(map(str, parts))
