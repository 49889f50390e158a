"""What is slow to work out and depends on nothing but its input, remembered in the media folder between commands.

Such as what a source file imports, or how long a line takes to read. Whoever works it out in another way than before
must not find what it had found then: all is forgotten when one of the modules that `remember` is used by has changed.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from gradreel.scenes.render.clips.workspace import Workspace, publish, read_json

T = TypeVar("T")

FILE = "remembered.json"
MOST = 5_000  # things remembered; beyond it only those of this command are
_SCENES = Path(__file__).resolve().parents[2]
_WORKED_OUT_BY = tuple(_SCENES / name for name in ("render/clips/source_digest.py", "assets.py", "cues.py"))


class _Memory:
    """Of this process."""

    of: Path | None = None  # the folder that it is kept in
    known: dict[str, Any] = {}  # noqa: RUF012  (replaced as a whole)
    used: set[str] = set()  # noqa: RUF012
    new = False


def recall(private: Path) -> None:
    """Begin with what is remembered in a media folder's ``private`` folder, if anything.

    What is new since it was last asked for stays: it is to be kept there, too.
    """
    private = private.absolute()  # the same folder, however it was named
    content = read_json(private / FILE) or {}
    known = content.get("known")
    known = known if content.get("stamp") == _stamp() and isinstance(known, dict) else {}
    if _Memory.new and _Memory.of == private:
        _Memory.known = known | _Memory.known
    else:
        _Memory.known, _Memory.used, _Memory.new = known, set(), False
    _Memory.of = private


def remember(kind: str, content: bytes | str, work_out: Callable[[], T]) -> T:
    """``work_out()``, plain data, or what it was for the same ``content`` before."""
    data = content.encode() if isinstance(content, str) else content
    key = f"{kind} {hashlib.blake2b(data, digest_size=16).hexdigest()}"
    if key not in _Memory.known:
        _Memory.known[key] = work_out()
        _Memory.new = True
    _Memory.used.add(key)
    found: T = _Memory.known[key]
    return found


def keep(workspace: Workspace) -> None:
    """Write down what is new, for the next command. A disk that is full is no reason to stop."""
    if not _Memory.new:
        return
    kept = _Memory.known if len(_Memory.known) <= MOST else {key: _Memory.known[key] for key in _Memory.used}
    temporary = workspace.temporary(FILE)
    with suppress(OSError):
        temporary.write_text(json.dumps({"stamp": _stamp(), "known": kept}, separators=(",", ":")), encoding="utf-8")
        publish(temporary, workspace.private / FILE)
        _Memory.new = False


def _stamp() -> str:
    code = b"".join(file.read_bytes() for file in _WORKED_OUT_BY)
    return hashlib.blake2b(code + sys.version.encode(), digest_size=16).hexdigest()
