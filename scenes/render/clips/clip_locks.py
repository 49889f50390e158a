"""The right to make a clip that another run on the same media folder may be making at this moment."""

from __future__ import annotations

from pathlib import Path

from filelock import FileLock, Timeout
from gradreel.scenes.render.clips.clip_files import described_clip
from gradreel.scenes.render.clips.plan import Clip
from gradreel.scenes.render.clips.staleness import why_stale
from gradreel.scenes.render.lessons.requests import ClipResult


class ClipClaim:
    """Of one clip, under the digest it was planned with; held from before its worker starts until it has ended.

    The worker has a lock of its own, under the digest of the code that it imports, and that alone keeps two runs from
    making one clip; this one spares the second run the start of a worker that would only wait.
    """

    waits = "another run is at it; waiting for what comes of that"

    def __init__(self, clip: Clip, locks: Path) -> None:
        assert clip.path is not None, "its runs are recorded"
        self._clip, self._path = clip, clip.path
        self._lock = FileLock(locks / f"{clip.path.stem}.claim.lock", thread_local=False)

    def take(self) -> bool:
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            return False
        return True

    def let_go(self) -> None:
        self._lock.release()

    def made(self) -> ClipResult | None:
        content = described_clip(self._path)
        if content is None or why_stale(content, self._clip.request):
            return None
        return ClipResult.from_json(content, self._path)
