"""What the media folder keeps so that nothing is made twice: how much there is, what is needed, and what is not.

Needed is what a video that is there was made of, and what a lesson as it is now is made of, at any size and in any
language. Only what we have made is ever removed, and only by `prune`.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout
from gradreel.core.errors import UserError
from gradreel.core.trace.format import META, PARTIAL
from gradreel.core.trace.writing import is_other_data
from gradreel.render.choices import FORMATS
from gradreel.render.clips.clip_files import described_clip, read_description
from gradreel.render.clips.fingerprint import languages_of, trace_digest
from gradreel.render.clips.plan import plan
from gradreel.render.clips.staleness import why_stale
from gradreel.render.clips.workspace import Folders, Workspace, foreign_in, read_json
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
from gradreel.scenes.words.narration import Narration, NarrationError

if TYPE_CHECKING:
    from gradreel.render.voice.spoken_lines import Voice  # which loads PyAV

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
COUNTED = ("clip", "trace", "line", "sound")
UNITS = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


@dataclass(frozen=True)
class Kept:
    """One thing in the media folder: a clip with its description, a trace with what its training took, ..."""

    kind: str  # one of `KINDS`
    paths: tuple[Path, ...]
    size: int  # bytes
    what: str  # "build-curve, 1080p60, en"
    in_video: bool = False  # a video that is there was made of it
    in_lesson: bool = False  # the lesson as it is now is

    @property
    def needed(self) -> bool:
        """What is unfinished is gone on with, or cleared by the next run: it is not ours to judge."""
        return self.in_video or self.in_lesson or self.kind in ("description", "unfinished")


def contents(lesson: Lesson, settings: RenderSettings) -> list[Kept]:
    """All that the media folder keeps. Writes nothing. Raises UserError for a lesson that cannot be read."""
    folders = Folders(settings.media_dir)
    if not folders.media_dir.is_dir():
        return []
    _, descriptions = inspect_lesson(lesson, settings)
    plans = []
    for language in settings.subtitle_languages:
        try:
            plans.append(plan(lesson.requests(replace(settings, language=language)), descriptions, folders))
        except NarrationError:
            if lesson.words is None or language in lesson.words.scenes:
                raise  # or else one's own words are in other languages alone: no clip is in this one
    of_lesson = {code: voice for code, voice in lesson.voices.items() if not is_path(voice)}
    voices = chosen_voices([], of_lesson, languages=settings.subtitle_languages)
    spoken = [with_unspoken(silent, voices, folders) for silent in plans if voices and folders.speech.is_dir()]
    in_videos = {*clips_of_videos(folders), *_clips_of_manifests(folders)}
    clips = list(_clips(folders, [*plans, *spoken], in_videos))
    lines = _lines(folders, plans, in_videos, voices)
    return [
        *clips,
        *_traces(folders, plans, clips),
        *lines,
        *_sounds(folders, in_videos),
        *_descriptions(folders),
        *_unfinished(folders),
    ]


def prune(settings: RenderSettings, unneeded: Sequence[Kept]) -> None:
    """Remove ``unneeded``. Raises UserError, and removes nothing, while another run is at work in the folder."""
    with Workspace(settings.media_dir) as workspace, workspace.lock("prune"):
        _refuse_while_others_work(workspace)
        for kept in unneeded:
            for path in kept.paths:  # a description before its clip: half of it is no clip
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
        for lock_file in workspace.locks.iterdir():  # one for each clip that ever was; nobody holds any now
            if Path(workspace.lock("prune").lock_file) != lock_file:
                lock_file.unlink(missing_ok=True)


def _refuse_while_others_work(workspace: Workspace) -> None:
    """Runs that died are cleared by now. A run that begins waits for the lock of pruning."""
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


def _clips(folders: Folders, plans: Iterable[Plan], in_videos: Container[str]) -> Iterator[Kept]:
    wanted: dict[str, list[Clip]] = {}
    for planned in plans:
        for clip in planned.clips:
            if clip.runs_recorded:
                wanted.setdefault(_without_size(clip.parts), []).append(clip)
    files: dict[str, list[Path]] = {}
    for path in sorted(_inside(folders.clips)):
        if CLIP.fullmatch(path.name) and not (path.is_dir() and foreign_in(path)):
            files.setdefault(path.stem, []).append(path)
    for paths in files.values():
        paths.sort(key=lambda path: path.suffix != ".json")
        content = described_clip(paths[-1])
        in_lesson = content is not None and any(
            not why_stale(content, clip.request, clip.narrated_as, _words(clip))
            for clip in wanted.get(_without_size(content["parts"]), [])
        )
        yield Kept("clip", tuple(paths), _size(paths), _said_of(content), paths[-1].name in in_videos, in_lesson)


def _words(clip: Clip) -> Narration:
    return Narration.load(languages_of(clip.request)).with_words(clip.request.words)


def _traces(folders: Folders, plans: Iterable[Plan], clips: Iterable[Kept]) -> Iterator[Kept]:
    """Those that Gradreel trained; a recording of the user's own loop is never among them."""
    digests = {run.digest for plan in plans for clip in plan.clips for run in clip.experiments.values()}
    shown = {digest for clip in clips if clip.in_video for digest in _traces_of(clip)}
    for path in sorted(_inside(folders.traces)):
        meta = read_json(path / META) if TRACE.fullmatch(path.name) else None
        if meta is None or "recorded" in meta or meta.get("digest") != path.name or is_other_data(path):
            continue
        paths = tuple(place for place in (path, folders.traces / f"{path.name}.time.json") if place.exists())
        digest = trace_digest(path)
        said = f"{meta.get('updates')} updates, trace {path.name}"
        yield Kept("trace", paths, _size(paths), said, digest in shown, path.name in digests)


def _lines(
    folders: Folders, plans: Iterable[Plan], in_videos: Container[str], voices: Mapping[str, Voice]
) -> Iterator[Kept]:
    """Stretches of lines that have been spoken. The lesson needs those of the default voices."""
    if not folders.speech.is_dir():
        return
    wanted = {file.name for plan in plans for file in wanted_files(plan, voices, folders)}
    files: dict[str, list[Path]] = {}
    for path in sorted(folders.speech.iterdir(), reverse=True):  # a note before its sound: without it that is none
        if SPOKEN.fullmatch(path.name):
            files.setdefault(path.stem, []).append(path)
    for stem, paths in files.items():
        said = str((read_json(folders.speech / f"{stem}.json") or {}).get("text", "a line without a note"))
        sound = f"{stem}.flac"
        yield Kept("line", tuple(paths), _size(paths), said, sound in in_videos, sound in wanted)


def _sounds(folders: Folders, in_videos: Container[str]) -> Iterator[Kept]:
    """Yield the encoded pieces of sound tracks. A piece is needed by the videos that it was joined into."""
    for path in sorted(_inside(folders.sound)):
        if SOUND.fullmatch(path.name):
            yield Kept("sound", (path,), _size([path]), f"encoded sound {path.name}", path.name in in_videos)


def _descriptions(folders: Folders) -> Iterator[Kept]:
    """What scenes said of themselves, and all else that is remembered to be quick."""
    for place in (folders.inspections, folders.published, folders.results):
        for path in sorted(_inside(place)):
            yield Kept("description", (path,), _size([path]), path.name)
    for path in sorted(_inside(folders.sound)):
        if path.suffix == ".json":
            yield Kept("description", (path,), _size([path]), path.name)


def _unfinished(folders: Folders) -> Iterator[Kept]:
    from gradreel.render.voice.spoken_lines import UNFINISHED  # it loads PyAV

    partial = [path for path in _inside(folders.traces) if path.name.endswith(PARTIAL)]
    unspoken = [path for path in _inside(folders.speech) if path.name.startswith(UNFINISHED)]
    for path in (*partial, *unspoken, *_inside(folders.runs)):
        if path.suffix != ".lock":
            yield Kept("unfinished", (path,), _size([path]), path.name)


def _clips_of_manifests(folders: Folders) -> Iterator[str]:
    for file in (folders.media_dir / "videos").rglob("*manifest.json"):
        scenes = (read_json(file) or {}).get("scenes")
        for scene in scenes if isinstance(scenes, list) else ():
            if isinstance(scene, dict):
                yield Path(str(scene.get("clip", ""))).name


def _without_size(parts: Mapping[str, Any]) -> str:
    """What a clip is made of, whatever its size, rate, format and theme are, as a text to compare."""
    language = parts["settings"]["language"]
    content = {name: part for name, part in parts.items() if name != "settings"} | {"language": language}
    return json.dumps(content, sort_keys=True)


def _traces_of(clip: Kept) -> Iterator[str]:
    content = read_description(clip.paths[0])
    yield from content["parts"]["traces"].values() if content is not None else ()


def _said_of(content: Mapping[str, Any] | None) -> str:
    if content is None:
        return "a clip that is not described"
    settings = content["parts"]["settings"]
    return f"{content['scene']}, {settings['height']}p{settings['fps']}, {settings['language']}, {settings['theme']}"


def _inside(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def _size(paths: Iterable[Path]) -> int:
    files = (file for path in paths for file in (path.rglob("*") if path.is_dir() else [path]))
    return sum(file.lstat().st_size for file in files if not file.is_dir())


def print_contents(kept: Sequence[Kept], lesson: Lesson, options: Options) -> None:
    """A line for each kind: how many, how large, how many of them the lesson and the videos need."""
    if options.as_json:
        print_json(_as_json(kept, lesson))
        return
    for kind, name in KINDS.items():
        of_kind = [one for one in kept if one.kind == kind]
        need = ""
        if kind in COUNTED and of_kind:
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
    if agreed and not yes:  # it took its time, and a video may be here by now that needs some of it
        still = {one.paths for one in contents(lesson, settings) if not one.needed}
        unneeded = [one for one in unneeded if one.paths in still]
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
    counts = {kind: sum(one.kind == kind for one in kept) for kind in COUNTED}
    said = " and ".join(counted(count, kind) for kind, count in counts.items() if count)
    return f"{said} ({_bytes(kept)})" if kept else "nothing"


def _bytes(kept: Sequence[Kept]) -> str:
    size = sum(one.size for one in kept)
    unit = next(((value, name) for value, name in UNITS if size >= value), None)
    return f"{size / unit[0]:.3g} {unit[1]}" if unit else f"{size} B"
