"""Digests of the files and folders that a scene opens or names; a file is read once for as long as it is the same."""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from gradreel.scenes.catalog import SceneSource
from gradreel.scenes.render.clips.memo_cache import remember
from gradreel.scenes.render.clips.source_digest import short_hash
from gradreel.scenes.render.clips.workspace import Folders

HERE = "<here>/"  # before the name of a file that is relative to where the command is run, not to the scene
MISSING = "not there"  # no file's digest
LISTING = "gradreel.listing"  # event, told to whoever watches: it matters which files and folders a folder has
MADE_BY_PYTHON = "__pycache__"
SETTLED_NS = 2_000_000_000  # since a file was last written to: another write now would give it another time


def content_digest(file: Path) -> str:
    """SHA-256 of every byte of a file, 24 hexadecimal digits of it.

    Files that are the same by device, inode, size and times are read once. Not so one that was written to a moment ago:
    some disks keep times in seconds.
    """
    with file.open("rb") as content:  # also where its digest is known: whoever watches it hears of that
        seen = os.fstat(content.fileno())

        def read() -> str:
            return hashlib.file_digest(content, "sha256").hexdigest()[:24]

        if time.time_ns() - max(seen.st_mtime_ns, seen.st_ctime_ns) < SETTLED_NS:
            return read()
        same = (seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns)
        return remember("file", " ".join(map(str, same)), read)


def listing_digest(folder: Path) -> str:
    """Digest of the names of the files and folders that a folder has, as far as they count, see `names_in`."""
    sys.audit(LISTING, str(folder))
    return short_hash("\n".join(names_in(folder)).encode("utf-8", "surrogateescape"))


def names_in(folder: Path) -> list[str]:
    """Names of the files in a folder, and with a slash at the end those of folders, in order.

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
    """Digest of a file's content, of what a folder has in it, or `MISSING`.

    It is opened also where it is not: whoever watches it hears of that.
    """
    with suppress(OSError, ValueError):  # the latter for what can be nobody's name
        if file.is_dir():
            return listing_digest(file)
        if file.is_file() or not file.exists():
            return content_digest(file)
    return MISSING


def changed_files(known: Mapping[str, str], source: SceneSource) -> list[str]:
    """Of files whose content is known, by their names beside the scene: those that are another now, gone, or come."""
    return [name.removeprefix(HERE) for name, digest in known.items() if content_now(file_of(name, source)) != digest]


def file_of(name: str, source: SceneSource) -> Path:
    """The file that has this name beside the scene, or from where the command is run."""
    inside = name.removeprefix(HERE)
    return source.file.parent / inside if inside == name else Path.cwd() / inside
