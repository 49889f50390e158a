"""What is slow to work out and depends on its input alone, kept in the media folder between commands.

Such as what a source file imports, the digest of a large file, how long a line takes to read, or which scenes of ours
there are. All of it is forgotten when code that works it out has changed, or when the media folder has come from
elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from gradreel.core.package import PACKAGE_FOLDER
from gradreel.render.clips.workspace import Workspace, publish, read_json
from gradreel.scenes.catalog import LESSON_FILE, SceneSource, find_scenes

T = TypeVar("T")

FILE = "remembered.json"
MOST = 5_000  # things remembered; beyond it only those of this command are
_WORKED_OUT_BY = tuple(
    PACKAGE_FOLDER / name
    for name in (
        "render/clips/file_digest.py",
        "scenes/assets.py",
        "scenes/words/languages.py",
        "scenes/words/subtitle_timing.py",
    )
)


class _Cache:
    """Of this process."""

    folder: Path | None = None  # the private folder that it is kept in
    known: dict[str, Any] = {}  # noqa: RUF012  (replaced as a whole)
    used: set[str] = set()  # noqa: RUF012
    new = False


def recall(private: Path) -> None:
    """Begin with what is remembered in a media folder's ``private`` folder, unless this process has begun with it."""
    private = private.absolute()  # the same folder, however it was named
    if private != _Cache.folder:
        content = read_json(private / FILE) or {}
        known = content.get("known") if content.get("stamp") == _stamp(private) else None
        _Cache.folder, _Cache.used, _Cache.new = private, set(), False
        _Cache.known = known if isinstance(known, dict) else {}


def remember(kind: str, content: bytes | str, work_out: Callable[[], T]) -> T:
    """``work_out()``, plain data, or what it was for the same ``content`` before."""
    data = content.encode() if isinstance(content, str) else content
    key = f"{kind} {hashlib.blake2b(data, digest_size=16).hexdigest()}"
    if key not in _Cache.known:
        _Cache.known[key] = work_out()
        _Cache.new = True
    _Cache.used.add(key)
    found: T = _Cache.known[key]
    return found


def keep(workspace: Workspace) -> None:
    """Write down what is new, for the next command. A disk that is full is no reason to stop."""
    if not _Cache.new:
        return
    kept = _Cache.known if len(_Cache.known) <= MOST else {key: _Cache.known[key] for key in _Cache.used}
    content = {"stamp": _stamp(workspace.private), "known": kept}
    temporary = workspace.temporary(FILE)
    with suppress(OSError):
        temporary.write_text(json.dumps(content, separators=(",", ":")), encoding="utf-8")
        publish(temporary, workspace.private / FILE)
        _Cache.new = False


def _stamp(private: Path) -> str:
    """Digest of the code that works things out, and of where the folder is: its path, device and inode."""
    code = b"".join(file.read_bytes() for file in _WORKED_OUT_BY)
    there = private.stat() if private.exists() else None
    place = f"{private.absolute()} {there and (there.st_dev, there.st_ino)} {sys.version}"
    return hashlib.blake2b(code + place.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()


def known_scenes(private: Path) -> tuple[SceneSource, ...]:
    """`find_scenes()`, remembered in a media folder's ``private`` folder: parsing the lecture takes longest of all.

    It is read anew when any file that a scene of ours may be written in is another than it was.
    """
    recall(private)
    found = remember("scenes", _written_in(), lambda: [_as_plain(scene) for scene in find_scenes()])
    return tuple(SceneSource(**{**scene, "file": PACKAGE_FOLDER / scene["file"]}) for scene in found)


def _written_in() -> bytes:
    """All that what is found depends on: our scenes and their bases, what looks for them, and the order of the film."""
    files = [LESSON_FILE, *sorted((PACKAGE_FOLDER / "scenes").rglob("*.py"))]
    return b"".join(b"%s\n%d\n%s" % (str(file).encode(), len(content), content)
                    for file in files for content in [file.read_bytes()])  # fmt: skip


def _as_plain(scene: SceneSource) -> dict[str, Any]:
    return {**asdict(scene), "file": scene.file.relative_to(PACKAGE_FOLDER).as_posix()}
