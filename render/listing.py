"""Runs ``gradreel list``: prints scenes in film order under their parts, with lengths of rendered clips and the sum.

To be quick, it imports neither numpy nor scenes, except for a user's lesson. It reads our scenes' files only with
--json or if clips exist. Otherwise the lesson file and the titles name the scenes.
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
from gradreel.scenes.catalog import LESSON_FILES, SceneSource, lesson_content, scene_tables
from gradreel.scenes.words.claims import Claim, failed
from gradreel.scenes.words.languages import LANGUAGES, title_in
from gradreel.scenes.words.narration import Narration

if TYPE_CHECKING:
    from gradreel.render.lessons.lesson import Lesson  # which needs numpy
    from gradreel.render.lessons.options import Options


@dataclass(frozen=True)
class ListedScene:
    """A scene as `list` shows it."""

    name: str
    title: str
    part: str | None  # title of the lesson's part
    in_lesson: bool  # False: rendered only if named
    lesson: str = ""  # the line above a lesson's scenes: its title, then its command or file; "": none
    source: SceneSource | None = None  # None: its file was not looked up
    seconds: float | None = None  # length of its clip; None: not rendered in this language yet
    beats: int | None = None
    broken: tuple[Claim, ...] = ()  # failed claims of its lines, from its clip's description

    def as_json(self) -> dict[str, Any]:
        """Return the scene as plain data. Its ``source`` must be known."""
        assert self.source is not None
        return {
            "name": self.name,
            "class": self.source.class_name,
            "file": str(self.source.file),
            "title": self.title,
            "part": self.part,
            "in_lesson": self.in_lesson,
            "seconds": self.seconds,
            "beats": self.beats,
            "neutral": [asdict(claim) for claim in self.broken],
        }


def print_scenes(
    language: str | None,
    as_json: bool,
    media_dir: Path,
    lesson: Path | None = None,
    first_scene: str | None = None,
    last_scene: str | None = None,
    languages: tuple[str, ...] = (),
) -> None:
    """Print the scenes of ``lesson`` (None: all of ours), or only those from ``first_scene`` to ``last_scene``.

    Without such a range, a text list also has our scenes that the lesson does not show.
    """
    span = first_scene, last_scene
    is_whole_default = lesson is None and span == (None, None)
    loaded: Lesson | None = None
    if not is_whole_default:
        from gradreel.render.lessons.selection import load_lesson  # it needs numpy

        loaded = load_lesson(lesson, span=span)
    if language is None:
        lesson_languages = (loaded.languages or (loaded.only_language,)) if loaded is not None else ()
        language = next(filter(None, (*languages, *lesson_languages)), next(iter(LANGUAGES)))
    clips = _newest_clips(media_dir, language)
    scenes: list[ListedScene] = []
    if loaded is not None:
        heading = _lesson_heading(loaded.title_in(language), loaded.file)
        scenes = [replace(scene, lesson=heading) for scene in _lesson_scenes(language, loaded)]
    if loaded is not None and loaded.voices:
        _warn_of_recordings(loaded, languages)
    if loaded is not None and loaded.words is not None:
        _warn_of_unsaid_lines(loaded, media_dir, languages)
    if is_whole_default or (span == (None, None) and not as_json):
        sources = known_scenes(Folders(media_dir).private) if as_json or clips else ()
        listed_names = {scene.name for scene in scenes}
        ours = [scene for scene in _our_scenes(language, sources) if scene.name not in listed_names]
        scenes += (
            ours if is_whole_default else [replace(scene, part=None, in_lesson=False, lesson="") for scene in ours]
        )
    scenes = [_with_length(scene, clips) for scene in scenes]
    if as_json:
        print_json([scene.as_json() for scene in scenes])
    else:
        _print_text(scenes)


def print_lesson(lesson: Lesson, options: Options) -> None:
    """Print a lesson's title, file and description, then its scenes under their parts; with --json only the scenes."""
    language = options.language or next(iter(LANGUAGES))
    clips = _newest_clips(options.media_dir, language)
    scenes = [_with_length(scene, clips) for scene in _lesson_scenes(language, lesson)]
    if options.as_json:
        print_json([scene.as_json() for scene in scenes])
        return
    print(f"{lesson.name}: {lesson.title_in(language)}\n{lesson.file}")
    if description := lesson.description_in(language):
        print(f"\n{description}")
    _print_text(scenes)


def _lesson_heading(title: str, file: Path) -> str:
    """Return a lesson's title with the command that renders it, or with the file's name if the lesson is not ours."""
    return f"{title} (gradreel render {file.stem})" if file in LESSON_FILES else f"{title} ({file.name})"


def _our_scenes(language: str, sources: Sequence[SceneSource]) -> Iterator[ListedScene]:
    """Yield all our scenes, those of lessons first. Without ``sources``, only scenes with a title are listed."""
    titles = Narration.load([language])
    places: dict[str, tuple[str, str | None]] = {}  # by scene: its lesson's line, its part
    for file in LESSON_FILES:
        lesson, part = _lesson_heading(title_in(lesson_content(file)["title"], language), file), None
        for table in scene_tables(file):
            part = title_in(table["part"], language) if "part" in table else part
            places[table["name"]] = lesson, part
    source_by_name = {source.name: source for source in sources}
    titled = (name for name, table in titles.scenes[language].items() if "title" in table)
    for name in source_by_name or dict.fromkeys([*places, *sorted(titled)]):
        lesson, part = places.get(name, ("", None))
        yield ListedScene(name, titles.title(name, language), part, name in places, lesson, source_by_name.get(name))


def _warn_of_recordings(lesson: Lesson, languages: tuple[str, ...]) -> None:
    """Print to standard error which recordings of the lesson's voices are missing or stale."""
    from gradreel.render.lessons.options import Options
    from gradreel.render.recorded_lines import recording_warnings
    from gradreel.render.resolve import film_languages

    film = film_languages(Options(languages=languages), lesson)
    for text in recording_warnings(lesson, lesson.voices, film):
        print(text, file=sys.stderr)


def _warn_of_unsaid_lines(lesson: Lesson, media_dir: Path, languages: tuple[str, ...]) -> None:
    """Print to standard error which lines of the lesson's words no scene says; plays the scenes if needed."""
    from gradreel.core.errors import UserError
    from gradreel.render.lessons.options import Options
    from gradreel.render.lessons.own_words import narrated_as, unsure_lines
    from gradreel.render.resolve import in_languages
    from gradreel.render.settings import RenderSettings

    settings = in_languages(RenderSettings(media_dir=media_dir), Options(languages=languages), lesson)
    narration = Narration.load(settings.subtitle_languages).with_words(lesson.words)
    requests = lesson.requests(settings)
    unsure = [request for request in requests if unsure_lines(request, narrated_as(request.source, narration))]
    if not unsure:
        return
    from gradreel.render.pipeline import plan_with_unsaid

    try:
        messages = plan_with_unsaid(replace(lesson, scenes=tuple(unsure)), settings).unsaid
    except UserError as error:
        messages = (str(error),)
    for text in messages:
        print(text, file=sys.stderr)


def _lesson_scenes(language: str, lesson: Lesson) -> Iterator[ListedScene]:
    """Yield the lesson's scenes in film order, with their titles and parts."""
    titles = Narration.load([language]).with_words(lesson.words)
    part_by_first_scene = lesson.parts(language)
    part: str | None = None
    for entry in lesson.scenes:
        part = part_by_first_scene.get(entry.name, part)
        title = titles.title(entry.name, language, entry.source.is_ours)
        yield ListedScene(entry.name, title, part, in_lesson=True, source=entry.source)


def _newest_clips(media_dir: Path, language: str) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Return, by scene and class, the description of the newest clip in ``language`` that has all beats."""
    files = list(Folders(media_dir).clips.glob("*.json"))
    if not files:
        return {}
    from gradreel.render.clips.clip_files import read_description  # it needs numpy

    newest: dict[tuple[str, str], Mapping[str, Any]] = {}
    for file in files:
        clip = read_description(file)
        if clip is None:
            continue
        settings = clip["parts"]["settings"]
        whole = settings["first_beat"] is None and settings["last_beat"] is None
        key = clip["scene"], clip["parts"]["class"]
        if whole and settings["language"] == language and clip["made"] > newest.get(key, {"made": 0.0})["made"]:
            newest[key] = clip
    return newest


def _with_length(scene: ListedScene, clips: Mapping[tuple[str, str], Mapping[str, Any]]) -> ListedScene:
    """Return the scene with the length, beats and failed claims of its clip; unchanged if it has no clip."""
    clip = clips.get((scene.name, scene.source.class_name)) if scene.source else None
    if clip is None:
        return scene
    claims = [Claim(**claim) for beat in clip["beats"] for claim in beat.get("claims", ())]
    seconds = clip["frames"] / clip["fps"]
    return replace(scene, seconds=seconds, beats=len(clip["beats"]), broken=tuple(failed(claims)))


def _print_text(scenes: list[ListedScene]) -> None:
    """Print a line for each scene, then failed claims, then the length of each lesson's rendered scenes."""
    width = max((len(scene.name) for scene in scenes), default=0)
    rendered = [scene for scene in scenes if scene.seconds is not None]
    indent = "  " if any(scene.part or not scene.in_lesson for scene in scenes) else ""
    heading: str | None = None
    lesson = ""
    for scene in scenes:
        if scene.lesson != lesson:
            lesson, heading = scene.lesson, None
            if lesson:
                print(f"\n{lesson}")
        scene_heading = scene.part if scene.in_lesson else "Beside the lesson"
        if scene_heading != heading:
            heading = scene_heading
            print(f"\n{heading}")
        length = f"{scene.seconds:4.0f} s {scene.beats:3} beats" if scene.seconds is not None else ""
        columns = f"{length:16}  " if rendered else ""
        print(f"{indent}{scene.name:{width}}  {columns}{scene.title}")
    for scene in rendered:
        for claim in scene.broken:
            print(f"\n{scene.name}: beat {claim.beat}: {claim}")
    has_several_lessons = len({scene.lesson for scene in scenes if scene.in_lesson}) > 1
    for lesson in dict.fromkeys(scene.lesson for scene in rendered if scene.in_lesson):
        measured = [scene for scene in rendered if scene.in_lesson and scene.lesson == lesson]
        n_scenes = sum(scene.in_lesson and scene.lesson == lesson for scene in scenes)
        some = "" if len(measured) == n_scenes else f"{len(measured)} of "
        beats = counted(sum(scene.beats or 0 for scene in measured), "beat")
        seconds = sum(scene.seconds or 0 for scene in measured)
        name = f"{lesson}: " if has_several_lessons else ""
        print(f"\n{name}{some}{counted(n_scenes, 'scene')}: {duration(seconds)}, {beats}")
