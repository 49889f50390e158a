"""Our scenes as `find_scenes` finds them, remembered: parsing every file of the lecture takes longer than all the rest.

Read anew when any file that a scene of ours may be written in is another than it was.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from gradreel.scenes.catalog import LESSON_FILE, PACKAGE_FOLDER, SceneSource, find_scenes
from gradreel.scenes.render.clips import memo_cache


def known_scenes(private: Path) -> tuple[SceneSource, ...]:
    """`find_scenes()`, from what is remembered in a media folder's ``private`` folder if that is still true."""
    memo_cache.recall(private)
    found = memo_cache.remember("scenes", _written_in(), lambda: [_as_plain(scene) for scene in find_scenes()])
    return tuple(SceneSource(**{**scene, "file": PACKAGE_FOLDER / scene["file"]}) for scene in found)


def _written_in() -> bytes:
    """All that what is found depends on: our scenes and their bases, what looks for them, and the order of the film."""
    files = [LESSON_FILE, *sorted((PACKAGE_FOLDER / "scenes").rglob("*.py"))]
    return b"".join(b"%s\n%d\n%s" % (str(file).encode(), len(content), content)
                    for file in files for content in [file.read_bytes()])  # fmt: skip


def _as_plain(scene: SceneSource) -> dict[str, Any]:
    return {**asdict(scene), "file": scene.file.relative_to(PACKAGE_FOLDER).as_posix()}
