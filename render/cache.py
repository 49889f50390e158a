"""Counts the cached files of the media folder, says which are needed, and removes the others.

A clip, trace or spoken line is needed if an existing video was made from it. It is also needed if the current lesson
uses it, at any size and in any language. If the user names no lesson, all of ours count. Only `prune` removes files,
and only files that Gradreel made.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

from filelock import FileLock, Timeout
from gradreel.core.errors import UserError
from gradreel.core.trace.format import META, PARTIAL
from gradreel.core.trace.writing import is_other_data
from gradreel.render.choices import FORMATS
from gradreel.render.clips.clip_files import intact_description, read_description
from gradreel.render.clips.fingerprint import trace_digest
from gradreel.render.clips.plan import plan
from gradreel.render.clips.staleness import why_stale
from gradreel.render.clips.workspace import Folders, Workspace, first_foreign_file, read_json
from gradreel.render.lessons.lesson import Lesson
from gradreel.render.lessons.options import Options
from gradreel.render.pipeline import inspect_lesson
from gradreel.render.report import print_json
from gradreel.render.settings import RenderSettings
from gradreel.render.speech import wanted_files, with_unspoken
from gradreel.render.stages import Clip, Plan
from gradreel.render.videos.output_stamp import clips_of_videos
from gradreel.render.voice.choice import chosen_voices, is_path
from gradreel.render.workers.progress import counted
from gradreel.scenes.words.narration import NarrationError

CLIP = re.compile(rf"[0-9a-f]{{24}}(\.({'|'.join((*FORMATS, 'json'))}))?")
TRACE = re.compile(r"[0-9a-f]{32}")
SOUND = re.compile(r"[0-9a-f]{24}")  # an encoded piece of a sound track
SPOKEN = re.compile(r"[0-9a-f]{32}\.(flac|json)")
KINDS = {
    "clip": "clips",
    "trace": "traces",
    "line": "lines",
    "sound": "sounds",
    "description": "descriptions",
    "unfinished": "unfinished",
}
PRUNABLE = ("clip", "trace", "line", "sound")  # the kinds that `prune` may remove
UNITS = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


@dataclass(frozen=True)
class CacheEntry:
    """One cached item with all its files, such as a clip with its description or a trace with its training time."""

    kind: str  # one of `KINDS`
    paths: tuple[Path, ...]
    size: int  # bytes
    label: str  # "build-curve, 1080p60, en"
    in_video: bool = False  # an existing video was made from it
    in_lesson: bool = False  # one of the current lessons uses it

    @property
    def needed(self) -> bool:
        """Return whether a video or a lesson uses it; always true of kinds that are not `PRUNABLE`."""
        return self.in_video or self.in_lesson or self.kind not in PRUNABLE


Films: TypeAlias = Sequence[tuple[Lesson, RenderSettings]]
"""Lessons, each with the settings of its film. All have the same media folder."""


def contents(films: Films) -> list[CacheEntry]:
    """Return all entries of the media folder. Writes nothing. Raises UserError for a lesson that cannot be read."""
    folders = Folders(films[0][1].media_dir)
    if not folders.media_dir.is_dir():
        return []
    plans: list[Plan] = []
    spoken: list[Plan] = []
    wanted_lines: set[str] = set()
    for lesson, settings in films:
        silent = _plans_of_film(lesson, settings, folders)
        named_voices = {code: voice for code, voice in lesson.voices.items() if not is_path(voice)}
        voices = chosen_voices([], named_voices, languages=settings.subtitle_languages)
        plans += silent
        if voices and folders.speech.is_dir():
            spoken += [with_unspoken(planned, voices, folders) for planned in silent]
            wanted_lines |= {file.name for planned in silent for file in wanted_files(planned, voices, folders)}
    in_videos = {*clips_of_videos(folders), *_clips_of_manifests(folders)}
    clips = list(_clip_entries(folders, [*plans, *spoken], in_videos))
    return [
        *clips,
        *_trace_entries(folders, plans, clips),
        *_spoken_line_entries(folders, wanted_lines, in_videos),
        *_sound_piece_entries(folders, in_videos),
        *_description_entries(folders),
        *_unfinished_file_entries(folders),
    ]


def _plans_of_film(lesson: Lesson, settings: RenderSettings, folders: Folders) -> list[Plan]:
    """Return the lesson's plan in each language of its film, without speech."""
    _, descriptions = inspect_lesson(lesson, settings)
    plans = []
    for language in settings.subtitle_languages:
        try:
            plans.append(plan(lesson.requests(replace(settings, language=language)), descriptions, folders))
        except NarrationError:
            if lesson.words is None or language in lesson.words.scenes:
                raise
            # The lesson's own words lack this language, so it can have no clips in it
    return plans


def prune(settings: RenderSettings, unneeded: Sequence[CacheEntry]) -> None:
    """Remove the files of ``unneeded``, and unused lock files.

    Raises UserError, and removes nothing, while another command works in the media folder.
    """
    with Workspace(settings.media_dir) as workspace, workspace.lock("prune"):
        _refuse_while_others_work(workspace)
        for entry in unneeded:
            for path in entry.paths:  # the description first: a clip without one does not count
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
        for lock_file in workspace.locks.iterdir():
            if Path(workspace.lock("prune").lock_file) != lock_file:
                lock_file.unlink(missing_ok=True)


def _refuse_while_others_work(workspace: Workspace) -> None:
    """Raise UserError if another live run holds its lock in the media folder.

    The caller holds the lock of pruning, for which every new run waits.
    """
    for lock_file in workspace.runs.glob("*.lock"):
        if lock_file.stem == workspace.run.name:
            continue
        lock = FileLock(lock_file)
        try:
            lock.acquire(timeout=0)
        except (Timeout, OSError):
            raise UserError(
                f"another command works in {workspace.media_dir}, so nothing was removed; run this again after its end"
            ) from None
        lock.release()


def _clip_entries(folders: Folders, plans: Iterable[Plan], in_videos: Container[str]) -> Iterator[CacheEntry]:
    """Yield the clips, with or without a valid description. ``in_videos``: names of clips that videos were made of."""
    planned_clips: dict[str, list[Clip]] = {}
    for planned in plans:
        for clip in planned.clips:
            if clip.runs_recorded:
                planned_clips.setdefault(_without_size(clip.parts), []).append(clip)
    files: dict[str, list[Path]] = {}
    for path in sorted(_entries_of(folders.clips)):
        if CLIP.fullmatch(path.name) and not (path.is_dir() and first_foreign_file(path)):
            files.setdefault(path.stem, []).append(path)
    for paths in files.values():
        paths.sort(key=lambda path: path.suffix != ".json")
        content = intact_description(paths[-1])
        in_lesson = content is not None and any(
            not why_stale(content, clip.request, clip.narrated_as, clip.request.narration())
            for clip in planned_clips.get(_without_size(content["parts"]), [])
        )
        in_video = paths[-1].name in in_videos
        yield CacheEntry("clip", tuple(paths), _size_in_bytes(paths), _clip_label(content), in_video, in_lesson)


def _trace_entries(folders: Folders, plans: Iterable[Plan], clips: Iterable[CacheEntry]) -> Iterator[CacheEntry]:
    """Yield the traces that Gradreel trained; recordings of the user's own loops are left out."""
    digests = {run.digest for plan in plans for clip in plan.clips for run in clip.experiments.values()}
    shown = {digest for clip in clips if clip.in_video for digest in _traces_of(clip)}
    for path in sorted(_entries_of(folders.traces)):
        meta = read_json(path / META) if TRACE.fullmatch(path.name) else None
        if meta is None or "recorded" in meta or meta.get("digest") != path.name or is_other_data(path):
            continue
        paths = tuple(place for place in (path, folders.traces / f"{path.name}.time.json") if place.exists())
        digest = trace_digest(path)
        label = f"{meta.get('updates')} updates, trace {path.name}"
        yield CacheEntry("trace", paths, _size_in_bytes(paths), label, digest in shown, path.name in digests)


def _spoken_line_entries(folders: Folders, wanted: Container[str], in_videos: Container[str]) -> Iterator[CacheEntry]:
    """Yield the spoken stretches of lines; the lessons need the sound files in ``wanted``."""
    if not folders.speech.is_dir():
        return
    files: dict[str, list[Path]] = {}
    for path in sorted(folders.speech.iterdir(), reverse=True):  # the JSON first: a sound without it does not count
        if SPOKEN.fullmatch(path.name):
            files.setdefault(path.stem, []).append(path)
    for stem, paths in files.items():
        text = str((read_json(folders.speech / f"{stem}.json") or {}).get("text", "a line without a note"))
        sound = f"{stem}.flac"
        yield CacheEntry("line", tuple(paths), _size_in_bytes(paths), text, sound in in_videos, sound in wanted)


def _sound_piece_entries(folders: Folders, in_videos: Container[str]) -> Iterator[CacheEntry]:
    """Yield the encoded pieces of sound tracks. A piece is needed by the videos that it was joined into."""
    for path in sorted(_entries_of(folders.sound)):
        if SOUND.fullmatch(path.name):
            yield CacheEntry(
                "sound", (path,), _size_in_bytes([path]), f"encoded sound {path.name}", path.name in in_videos
            )


def _description_entries(folders: Folders) -> Iterator[CacheEntry]:
    """Yield cached descriptions of scenes, results and sounds; they are small and always count as needed."""
    files = [
        *(path for folder in (folders.inspections, folders.published, folders.results) for path in _entries_of(folder)),
        *(path for path in _entries_of(folders.sound) if path.suffix == ".json"),
    ]
    for path in sorted(files):
        yield CacheEntry("description", (path,), _size_in_bytes([path]), path.name)


def _unfinished_file_entries(folders: Folders) -> Iterator[CacheEntry]:
    """Yield half-written files; the next run continues or clears them."""
    from gradreel.render.voice.spoken_lines import UNFINISHED  # it loads PyAV

    partial = [path for path in _entries_of(folders.traces) if path.name.endswith(PARTIAL)]
    unspoken = [path for path in _entries_of(folders.speech) if path.name.startswith(UNFINISHED)]
    for path in (*partial, *unspoken, *_entries_of(folders.runs)):
        if path.suffix != ".lock":
            yield CacheEntry("unfinished", (path,), _size_in_bytes([path]), path.name)


def _clips_of_manifests(folders: Folders) -> Iterator[str]:
    """Yield the names of the clips that the manifests beside finished videos list."""
    for file in (folders.media_dir / "videos").rglob("*manifest.json"):
        scenes = (read_json(file) or {}).get("scenes")
        for scene in scenes if isinstance(scenes, list) else ():
            if isinstance(scene, dict):
                yield Path(str(scene.get("clip", ""))).name


def _without_size(parts: Mapping[str, Any]) -> str:
    """Return a clip's inputs as JSON text for comparison, without size, frame rate, format and theme."""
    language = parts["settings"]["language"]
    content = {name: part for name, part in parts.items() if name != "settings"} | {"language": language}
    return json.dumps(content, sort_keys=True)


def _traces_of(clip: CacheEntry) -> Iterator[str]:
    """Yield the digests of the traces that a clip shows; none if its description cannot be read."""
    content = read_description(clip.paths[0])
    yield from content["parts"]["traces"].values() if content is not None else ()


def _clip_label(content: Mapping[str, Any] | None) -> str:
    """Return a clip's label from its description, such as "build-curve, 1080p60, en, dark"."""
    if content is None:
        return "a clip that is not described"
    settings = content["parts"]["settings"]
    return f"{content['scene']}, {settings['height']}p{settings['fps']}, {settings['language']}, {settings['theme']}"


def _entries_of(folder: Path) -> list[Path]:
    """Return the entries of ``folder``; none if it does not exist."""
    return list(folder.iterdir()) if folder.is_dir() else []


def _size_in_bytes(paths: Iterable[Path]) -> int:
    """Return the bytes of the files in ``paths``, folders with all files below them."""
    files = (file for path in paths for file in (path.rglob("*") if path.is_dir() else [path]))
    return sum(file.lstat().st_size for file in files if not file.is_dir())


def print_contents(entries: Sequence[CacheEntry], films: Films, options: Options) -> None:
    """Print a line for each kind: count, size, and how many entries the lessons and the videos need."""
    if options.as_json:
        print_json(_as_json(entries, films))
        return
    for kind, name in KINDS.items():
        of_kind = [entry for entry in entries if entry.kind == kind]
        need = ""
        if kind in PRUNABLE and of_kind:
            lessons, videos = sum(entry.in_lesson for entry in of_kind), sum(entry.in_video for entry in of_kind)
            rest = [entry for entry in of_kind if not entry.needed]
            of_lessons = f"{lessons} of {_names(films)}"
            need = f"   {of_lessons}, {videos} of videos that are here; not needed: {_count_and_size(rest)}"
        print(f"{name:12} {len(of_kind):5}  {_size_in_words(of_kind):>8}{need}")
    unneeded = [entry for entry in entries if not entry.needed]
    if unneeded and not options.quiet:
        print(f"`gradreel cache --prune` removes {_count_and_size(unneeded)}; it asks first")


def prune_asked(entries: Sequence[CacheEntry], films: Films, options: Options, yes: bool) -> None:
    """List the unneeded entries, ask unless ``yes``, and remove them if the user agrees."""
    from click import confirm

    settings = films[0][1]
    unneeded = [entry for entry in entries if not entry.needed]
    if not options.quiet and not options.as_json:
        for entry in unneeded:
            print(f"{entry.kind:5}  {_size_in_words([entry]):>8}  {entry.label}")
    question = (
        f"Remove {_count_and_size(unneeded)} that neither {_names(films)} nor any video in {settings.media_dir} needs?"
    )
    agreed = bool(unneeded) and (yes or confirm(question, err=True))
    if agreed and not yes:  # while the question waited, a new video may have come that needs some entries
        still_unneeded = {entry.paths for entry in contents(films) if not entry.needed}
        unneeded = [entry for entry in unneeded if entry.paths in still_unneeded]
    if agreed:
        prune(settings, unneeded)
    if options.as_json:
        print_json({"removed": [str(path) for entry in unneeded for path in entry.paths] if agreed else []})
    elif not options.quiet:
        print(f"removed {_count_and_size(unneeded)}" if agreed else "nothing was removed")


def _names(films: Films) -> str:
    """Return the lessons' names, such as "deep-learning and classification"."""
    return " and ".join(lesson.name for lesson, _ in films)


def _as_json(entries: Sequence[CacheEntry], films: Films) -> dict[str, object]:
    """Return, for each kind, count, bytes and unneeded paths as plain data."""
    content: dict[str, object] = {"lessons": [lesson.name for lesson, _ in films]}
    for kind, name in KINDS.items():
        of_kind = [entry for entry in entries if entry.kind == kind]
        content[name] = {
            "count": len(of_kind),
            "bytes": sum(entry.size for entry in of_kind),
            "of_lesson": sum(entry.in_lesson for entry in of_kind),
            "of_videos": sum(entry.in_video for entry in of_kind),
            "unneeded": [[str(path) for path in entry.paths] for entry in of_kind if not entry.needed],
        }
    return content


def _count_and_size(entries: Sequence[CacheEntry]) -> str:
    """Return count and size in words, such as "3 clips and 1 trace (12 MB)"; "nothing" if there are none."""
    counts = {kind: sum(entry.kind == kind for entry in entries) for kind in PRUNABLE}
    kinds = " and ".join(counted(count, kind) for kind, count in counts.items() if count)
    return f"{kinds} ({_size_in_words(entries)})" if entries else "nothing"


def _size_in_words(entries: Sequence[CacheEntry]) -> str:
    """Return the total size in words, such as "12 MB"."""
    size = sum(entry.size for entry in entries)
    unit = next(((value, name) for value, name in UNITS if size >= value), None)
    return f"{size / unit[0]:.3g} {unit[1]}" if unit else f"{size} B"
