"""What `cache` prints, and the question before anything is removed."""

from __future__ import annotations

from collections.abc import Sequence

from gradreel.scenes.render.cache import Kept, prune
from gradreel.scenes.render.lessons.arguments import Options
from gradreel.scenes.render.lessons.lesson import Lesson
from gradreel.scenes.render.lessons.settings import RenderSettings
from gradreel.scenes.render.report import print_json
from gradreel.scenes.render.workers.progress import counted

KINDS = {"clip": "clips", "trace": "traces", "description": "descriptions", "unfinished": "unfinished"}
UNITS = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


def print_contents(kept: Sequence[Kept], lesson: Lesson, options: Options) -> None:
    """A line for each kind: how many, how large, how many of them the lesson and the videos need."""
    if options.as_json:
        print_json(_as_json(kept, lesson))
        return
    for kind, name in KINDS.items():
        of_kind = [one for one in kept if one.kind == kind]
        need = ""
        if kind in ("clip", "trace") and of_kind:
            lessons, videos = sum(one.in_lesson for one in of_kind), sum(one.in_video for one in of_kind)
            rest = [one for one in of_kind if not one.needed]
            need = f"   {lessons} of {lesson.name}, {videos} of videos that are here; not needed: {_sum(rest)}"
        print(f"{name:12} {len(of_kind):5}  {_bytes(of_kind):>8}{need}")
    unneeded = [one for one in kept if not one.needed]
    if unneeded and not options.quiet:
        print(f"`gradreel cache --prune` removes {_sum(unneeded)}; it asks first")


def prune_asked(kept: Sequence[Kept], lesson: Lesson, settings: RenderSettings, options: Options, yes: bool) -> None:
    """List what nothing needs and remove it once that is agreed to."""
    from click import confirm

    unneeded = [one for one in kept if not one.needed]
    if not options.quiet and not options.as_json:
        for one in unneeded:
            print(f"{one.kind:5}  {_bytes([one]):>8}  {one.what}")
    question = f"Remove {_sum(unneeded)} that neither {lesson.name} nor any video in {settings.media_dir} needs?"
    agreed = bool(unneeded) and (yes or confirm(question, err=True))
    if agreed:
        prune(settings, unneeded)
    if options.as_json:
        print_json({"removed": [str(path) for one in unneeded for path in one.paths] if agreed else []})
    elif not options.quiet:
        print(f"removed {_sum(unneeded)}" if agreed else "nothing was removed")


def _as_json(kept: Sequence[Kept], lesson: Lesson) -> dict[str, object]:
    content: dict[str, object] = {"lesson": lesson.name}
    for kind, name in KINDS.items():
        of_kind = [one for one in kept if one.kind == kind]
        content[name] = {
            "count": len(of_kind),
            "bytes": sum(one.size for one in of_kind),
            "of_lesson": sum(one.in_lesson for one in of_kind),
            "of_videos": sum(one.in_video for one in of_kind),
            "unneeded": [[str(path) for path in one.paths] for one in of_kind if not one.needed],
        }
    return content


def _sum(kept: Sequence[Kept]) -> str:
    """ "3 clips and 1 trace (12 MB)"."""
    counts = [counted(sum(one.kind == kind for one in kept), kind) for kind in ("clip", "trace")]
    return f"{' and '.join(counts)} ({_bytes(kept)})" if kept else "nothing"


def _bytes(kept: Sequence[Kept]) -> str:
    size = sum(one.size for one in kept)
    unit = next(((value, name) for value, name in UNITS if size >= value), None)
    return f"{size / unit[0]:.3g} {unit[1]}" if unit else f"{size} B"
