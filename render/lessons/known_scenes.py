"""The scenes of ours, kept in the media folder between commands: parsing the lecture takes longest of all."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gradreel.core.package import PACKAGE_FOLDER
from gradreel.render.clips.workspace import Workspace, read_json, write_json
from gradreel.scenes.catalog import LESSON_FILE, SceneSource, find_scenes

FILE = "scenes.json"


class _Found:
    """What this process has found and not kept yet, by the media folder's private folder."""

    contents: dict[Path, dict[str, Any]] = {}  # noqa: RUF012


def known_scenes(private: Path) -> tuple[SceneSource, ...]:
    """Return `find_scenes()`, kept in a media folder's ``private`` folder.

    It is searched for anew when a file changed that a scene of ours may be written in, or the folder was moved.
    """
    stamp = _stamp(private)
    content = _Found.contents.get(private.absolute()) or read_json(private / FILE) or {}
    if content.get("stamp") != stamp:
        content = {"stamp": stamp, "scenes": [_as_plain(scene) for scene in find_scenes()]}
        _Found.contents[private.absolute()] = content
    return tuple(SceneSource(**{**scene, "file": PACKAGE_FOLDER / scene["file"]}) for scene in content["scenes"])


def keep_known_scenes(workspace: Workspace) -> None:
    """Write what `known_scenes` found for this media folder, for the next command."""
    content = _Found.contents.pop(workspace.private.absolute(), None)
    if content is not None:
        content["stamp"] = _stamp(workspace.private)  # the folder may be new
        write_json(workspace.private / FILE, content, workspace.temporary(FILE))


def _stamp(private: Path) -> str:
    """Return the digest of our scenes, of the film's order, and of where the folder is.

    What is kept in a folder that comes from elsewhere is not believed.
    """
    files = [LESSON_FILE, *sorted((PACKAGE_FOLDER / "scenes").rglob("*.py"))]
    digest = hashlib.blake2b(digest_size=16)
    for file in files:
        content = file.read_bytes()
        digest.update(b"%s\n%d\n%s" % (str(file).encode(), len(content), content))
    place = private.stat() if private.exists() else None
    inode = place and (place.st_dev, place.st_ino)
    digest.update(f"{private.absolute()} {inode} {sys.version}".encode(errors="replace"))
    return digest.hexdigest()


def _as_plain(scene: SceneSource) -> dict[str, Any]:
    return {**asdict(scene), "file": scene.file.relative_to(PACKAGE_FOLDER).as_posix()}
