"""What `list` prints: scenes in film order under their parts, how long each is once it has been rendered, the sum.

Neither numpy nor the scenes are imported, except to read a lesson of one's own. Where nothing has been rendered, our
scenes' files are not read either, which takes longer than all the rest: the lesson and its titles name the scenes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradreel.render.clips.workspace import Folders
from gradreel.render.lessons.known_scenes import known_scenes
from gradreel.render.report import print_json
from gradreel.render.workers.progress import counted, duration
from gradreel.scenes.catalog import SceneSource, scene_tables
from gradreel.scenes.words.claims import Claim, failed
from gradreel.scenes.words.languages import LANGUAGES, title_in
from gradreel.scenes.words.narration import Narration

if TYPE_CHECKING:
    from gradreel.render.lessons.lesson import Lesson  # which needs numpy


@dataclass(frozen=True)
class Listed:
    """A scene as `list` shows it."""

    name: str
    title: str
    part: str | None  # the title of the lesson's part that it belongs to
    in_lesson: bool  # False: beside it, to be asked for by name
    source: SceneSource | None = None  # None: not looked for
    seconds: float | None = None  # of its clip; None: not rendered in this language yet
    beats: int | None = None
    broken: tuple[Claim, ...] = ()  # failed claims of its lines, as its clip's description has them

    def as_json(self) -> dict[str, Any]:
        assert self.source is not None
        source = {"name": self.name, "class": self.source.class_name, "file": str(self.source.file)}
        told = {"title": self.title, "part": self.part, "in_lesson": self.in_lesson}
        neutral = [asdict(each) for each in self.broken]
        return source | told | {"seconds": self.seconds, "beats": self.beats, "neutral": neutral}


def print_scenes(
    language: str | None,
    as_json: bool,
    media_dir: Path,
    lesson: Path | None = None,
    first_scene: str | None = None,
    last_scene: str | None = None,
    languages: tuple[str, ...] = (),
) -> None:
    """Print the scenes of a lesson or of a stretch of it; without a stretch, in words, the others of ours, too."""
    span = first_scene, last_scene
    whole = lesson is None and span == (None, None)
    read = None if whole else _lesson(lesson, span)
    if language is None:
        of_lesson = (read.languages or (read.only_language,)) if read is not None else ()
        language = next(filter(None, (*languages, *of_lesson)), next(iter(LANGUAGES)))
    clips = _newest_clips(media_dir, language)
    scenes = [] if read is None else list(_of_lesson(language, read))
    if read is not None and read.voices:
        _tell_of_recordings(read, languages)
    if whole or (span == (None, None) and not as_json):
        sources = known_scenes(Folders(media_dir).private) if as_json or clips else ()
        named = {scene.name for scene in scenes}
        ours = [scene for scene in _ours(language, sources) if scene.name not in named]
        scenes += ours if whole else [replace(scene, part=None, in_lesson=False) for scene in ours]
    scenes = [_with_length(scene, clips) for scene in scenes]
    if as_json:
        print_json([scene.as_json() for scene in scenes])
    else:
        _print_words(scenes)


def _ours(language: str, sources: Sequence[SceneSource]) -> Iterator[Listed]:
    """All scenes of ours, our lesson's first; without ``sources`` their names and titles alone."""
    titles = Narration.load([language])
    parts: dict[str, str | None] = {}
    part = None
    for table in scene_tables():
        part = title_in(table["part"], language) if "part" in table else part
        parts[table["name"]] = part
    found = {source.name: source for source in sources}
    titled = (name for name, table in titles.scenes[language].items() if "title" in table)
    for name in found or dict.fromkeys([*parts, *sorted(titled)]):
        yield Listed(name, titles.title(name, language), parts.get(name), name in parts, found.get(name))


def _lesson(path: Path | None, span: tuple[str | None, str | None]) -> Lesson:
    from gradreel.render.lessons.selection import load_lesson

    return load_lesson(path, span=span)


def _tell_of_recordings(lesson: Lesson, languages: tuple[str, ...]) -> None:
    """Say on standard error which recordings of the lesson's voices are missing, or of an older text."""
    from gradreel.render.lessons.options import Options
    from gradreel.render.recorded_lines import told_of_recordings
    from gradreel.render.resolve import film_languages

    film = film_languages(Options(languages=languages), lesson)
    for text in told_of_recordings(lesson, lesson.voices, film):
        print(text, file=sys.stderr)


def _of_lesson(language: str, lesson: Lesson) -> Iterator[Listed]:
    titles = Narration.load([language]).with_words(lesson.words)
    begins = lesson.parts(language)
    part: str | None = None
    for entry in lesson.scenes:
        part = begins.get(entry.name, part)
        yield Listed(
            entry.name,
            titles.title(entry.name, language, entry.source.is_ours),
            part,
            in_lesson=True,
            source=entry.source,
        )


def _newest_clips(media_dir: Path, language: str) -> dict[tuple[str, str], Mapping[str, Any]]:
    """The clip that was made last of each scene and class, in this language and with all its beats."""
    files = list(Folders(media_dir).clips.glob("*.json"))
    if not files:
        return {}
    from gradreel.render.clips.clip_files import read_description  # it needs numpy

    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for file in files:
        clip = read_description(file)
        if clip is None:
            continue
        settings = clip["parts"]["settings"]
        whole = settings["first_beat"] is None and settings["last_beat"] is None
        key = clip["scene"], clip["parts"]["class"]
        if whole and settings["language"] == language and clip["made"] > found.get(key, {"made": 0.0})["made"]:
            found[key] = clip
    return found


def _with_length(scene: Listed, clips: Mapping[tuple[str, str], Mapping[str, Any]]) -> Listed:
    clip = clips.get((scene.name, scene.source.class_name)) if scene.source else None
    if clip is None:
        return scene
    claims = [Claim(**each) for beat in clip["beats"] for each in beat.get("claims", ())]
    seconds = clip["frames"] / clip["fps"]
    return replace(scene, seconds=seconds, beats=len(clip["beats"]), broken=tuple(failed(claims)))


def _print_words(scenes: list[Listed]) -> None:
    width = max((len(scene.name) for scene in scenes), default=0)
    rendered = [scene for scene in scenes if scene.seconds is not None]
    indent = "  " if any(scene.part or not scene.in_lesson for scene in scenes) else ""
    heading: str | None = None
    for scene in scenes:
        wanted = scene.part if scene.in_lesson else "Beside the lesson"
        if wanted != heading:
            heading = wanted
            print(f"\n{heading}")
        length = f"{scene.seconds:4.0f} s {scene.beats:3} beats" if scene.seconds is not None else ""
        columns = f"{length:16}  " if rendered else ""
        print(f"{indent}{scene.name:{width}}  {columns}{scene.title}")
    for scene in rendered:
        for each in scene.broken:
            print(f"\n{scene.name}: beat {each.beat}: {each}")
    known = [scene for scene in rendered if scene.in_lesson]
    if known:
        whole = counted(sum(scene.in_lesson for scene in scenes), "scene")
        some = "" if len(known) == sum(scene.in_lesson for scene in scenes) else f"{len(known)} of "
        beats = counted(sum(scene.beats or 0 for scene in known), "beat")
        print(f"\n{some}{whole}: {duration(sum(scene.seconds or 0 for scene in known))}, {beats}")
