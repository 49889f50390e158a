"""Caches the list of our scenes in the media folder, because parsing the lecture's sources takes long."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gradreel.core.package import PACKAGE_FOLDER
from gradreel.render.clips.workspace import Workspace, read_json, write_json
from gradreel.scenes.catalog import LESSON_FILES, SceneSource, find_scenes

FILE = "scenes.json"


class _Unsaved:
    """Lists of scenes that this process read and has not written yet, by the media folder's private folder."""

    contents: dict[Path, dict[str, Any]] = {}  # noqa: RUF012


def known_scenes(private: Path) -> tuple[SceneSource, ...]:
    """Return `find_scenes()`, from the cache in a media folder's ``private`` folder if it is current.

    The cache is stale if a source file of ours changed, or if the folder was moved. Writes nothing.
    """
    stamp = _digest_of_sources(private)
    content = _Unsaved.contents.get(private.absolute()) or read_json(private / FILE) or {}
    if content.get("stamp") != stamp:
        content = {"stamp": stamp, "scenes": [_as_plain(scene) for scene in find_scenes()]}
        _Unsaved.contents[private.absolute()] = content
    return tuple(SceneSource(**{**scene, "file": PACKAGE_FOLDER / scene["file"]}) for scene in content["scenes"])


def keep_known_scenes(workspace: Workspace) -> None:
    """Write the list of `known_scenes` into the media folder's cache, unless it came from there."""
    content = _Unsaved.contents.pop(workspace.private.absolute(), None)
    if content is not None:
        content["stamp"] = _digest_of_sources(workspace.private)  # the folder may have been made since
        write_json(workspace.private / FILE, content, workspace.temporary(FILE))


def _digest_of_sources(private: Path) -> str:
    """Return the digest of our scenes' sources, of our lesson files, of Python's version and of the folder.

    A cache in a copied or moved folder gets another digest, so that nobody can supply a false list.
    """
    files = [*LESSON_FILES, *sorted((PACKAGE_FOLDER / "scenes").rglob("*.py"))]
    digest = hashlib.blake2b(digest_size=16)
    for file in files:
        content = file.read_bytes()
        digest.update(b"%s\n%d\n%s" % (str(file).encode(), len(content), content))
    place = private.stat() if private.exists() else None
    inode = place and (place.st_dev, place.st_ino)
    digest.update(f"{private.absolute()} {inode} {sys.version}".encode(errors="replace"))
    return digest.hexdigest()


def _as_plain(scene: SceneSource) -> dict[str, Any]:
    """Return a scene as JSON, with its file relative to the package."""
    return {**asdict(scene), "file": scene.file.relative_to(PACKAGE_FOLDER).as_posix()}
