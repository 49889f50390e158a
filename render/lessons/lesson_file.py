"""Reads lesson files: the scenes of a film in order, with their parameters and training runs.

A lesson runs the scene files that it names, so only open lessons that you trust. All paths are relative to its folder.

title = { en = "What a neural network computes", zh = "…" }
description = { en = "Sums of simple functions.", zh = "…" }    # optional: for viewers
tags = ["neural networks", "sigmoid"]                   # optional
poster = { scene = "build-curve", beat = "sum" }        # optional
narration = "my-words.toml"                             # optional: your own words, beside the lesson file
languages = ["en"]                                      # optional: the film's languages; the first is on the screen

curve = "@curve.csv"                                      # optional: the red curve of all scenes; or [[x, y], ...]

[voices]                                                  # optional: the voice of each language; --voice overrides it
en = "recordings/"                                        # or "my-voice.onnx", both beside; "default"; "none"

[music]                                                   # optional: under the film, faded, softer while a voice speaks
file = "piano.flac"                                       # beside the lesson file
under = 20                                                # LU under the voice
plays = "parts"                                           # the first beat of each part; "throughout"; ["loss/sum"]

[experiments.three-sigmoids]
hidden = [3]

[experiments.mine]                                        # trained on your own daily views, beside the lesson file
dataset = { kind = "daily views", data = "views.csv" }    # and the fields of CsvFormat, as needed

[[scene]]
part = { en = "Sigmoids", zh = "…" }                      # optional: this scene begins a part of the lesson
name = "sum-of-sigmoids"                                  # or "my_scene.py:MyScene", beside the lesson file
[scene.parameters]
run = "three-sigmoids"                                    # an experiment of this lesson, by name
trace = "runs/mine"                                       # the folder of a trace, beside the lesson file
knots = "@curve.csv"                                      # the points of a CSV, or the value in a JSON file
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from gradreel.core.curves.piecewise import PiecewiseLinearCurve
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.core.files import read_toml
from gradreel.render.lessons.daily_data import with_files
from gradreel.render.lessons.lesson import Lesson, Music, Poster
from gradreel.render.lessons.options import parse_value, read_curve
from gradreel.render.lessons.tables import Knots, Location, Problem, beside, problems_of
from gradreel.render.stages import SceneRequest, Title
from gradreel.render.voice.choice import COMMAND, is_path
from gradreel.scenes.catalog import LESSON_FILES, KnownScenes, beat_names, find_scenes, resolve
from gradreel.scenes.words.narration import OwnWords, check_language
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

TRACE = "trace"
"""Name of the parameters that are a trace's folder. The scenes' classes have the types, but importing them needs Manim.
"""


def _check_by_language(value: Any) -> Any:
    """Raise ValueError for a plain text where texts by language are needed."""
    if isinstance(value, str):
        raise ValueError('needed: a text for each language, such as { en = "Descent", zh = "下降" }')
    return value


def _check_tables(value: Any) -> Any:
    """Raise ValueError unless ``value`` is a list of one or more tables."""
    if not isinstance(value, list) or not value or not all(isinstance(scene, Mapping) for scene in value):
        raise ValueError('needed: at least one scene, as a table: [[scene]], and below it name = "build-curve"')
    return value


def _check_not_empty(text: str) -> str:
    """Raise ValueError for a text without a visible character."""
    if not text.strip():
        raise ValueError("the text is empty; write one, or remove the key")
    return text


Text = Annotated[str, AfterValidator(_check_not_empty)]
Words = Annotated[dict[str, Text], BeforeValidator(_check_by_language)]


class _Table(BaseModel):
    """Base of the tables of a lesson file: unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class _SceneTable(_Table):
    """A ``[[scene]]`` of a lesson file."""

    part: Annotated[Words, Field(min_length=1)] | None = Field(
        None, description="title of the part that begins with this scene, by language"
    )
    name: str = Field(description='name of a scene, or "my_scene.py:MyScene" beside the lesson file')
    parameters: dict[str, Any] = Field({}, description="values of the scene's parameters; see `gradreel describe`")


class _PosterTable(_Table):
    """The ``poster`` of a lesson file."""

    scene: str = Field(description="the scene of the poster")
    beat: Text | None = Field(None, description="the beat whose last picture is the poster; by default the first")


class _MusicTable(_Table):
    """The ``[music]`` of a lesson file."""

    file: Text = Field(description="a sound file beside the lesson file")
    under: float = Field(20.0, ge=0, le=60, description="LU by which it is softer than the voice")
    plays: Literal["parts", "throughout"] | Annotated[list[Text], Field(min_length=1)] = Field(
        "parts", description='"parts" (the first beat of each part), "throughout", or scenes and beats: ["loss/sum"]'
    )


class _LessonFile(_Table):
    """The keys at the top of a lesson file."""

    title: Words = Field({}, description="title of the film, by language")
    description: Words = Field({}, description="what the film is about, for viewers, by language")
    tags: list[Text] = Field([], description="tags for a site of videos")
    poster: _PosterTable | None = Field(None, description="the picture beside the film; by default its first beat")
    narration: Text | None = Field(None, description="a file of words beside the lesson file")
    voices: dict[str, Text] = Field(
        {}, description='by language: "default", "none", a folder of recordings or a voice file beside the lesson file'
    )
    music: _MusicTable | None = Field(None, description="music under the film")
    languages: Annotated[list[Text], Field(min_length=1)] | None = Field(
        None, description="languages of the film; the first is on the screen. By default all"
    )
    curve: str | tuple[tuple[float, float], ...] | None = Field(
        None, description='the red curve of all scenes: its knots, such as [[1, 1], [3, 4]], or "@curve.csv"'
    )
    experiments: dict[str, Experiment] = Field({}, description="training runs by name, for the scenes' parameters")
    scene: Annotated[list[_SceneTable], BeforeValidator(_check_tables)] = Field(
        [], validate_default=True, description="the scenes, in the order of the film"
    )


def read_lesson(file: Path, ours: KnownScenes = find_scenes, with_scenes: bool = True) -> Lesson:
    """Return the lesson in ``file``, with the words beside it.

    Raises UserError that names the file and the line or key. ``ours`` returns our scenes; a caller may pass a cached
    list. With ``with_scenes`` false, the lesson has no scenes and no scene source is read.
    """
    if not file.suffix and len(file.name) < 100 and not os.path.exists(file):
        ours_by_name = [lesson.stem for lesson in LESSON_FILES]
        nearest = get_close_matches(file.name, ours_by_name, n=1)
        hint = f"did you mean {nearest[0]}?" if nearest else f"our lessons are {', '.join(ours_by_name)}"
        raise UserError(f"{file}: there is no such file, and no lesson of ours has this name; {hint}")
    content = read_toml(file, "a lesson")
    try:
        content = with_files(file.absolute().parent, content)
    except UserError as error:
        raise UserError(f"{file}: {error}") from None
    try:
        table = _LessonFile.model_validate(content)
    except ValidationError as error:
        problems = problems_of(error, _LessonFile, content)
        raise UserError("\n".join(_line_for_problem(file, content, problem) for problem in problems)) from None
    _check_languages(file, "title", table.title)
    words = _read_words(file, table.narration) if table.narration else None
    _check_languages(file, "voices", table.voices)
    _check_languages(file, "languages", table.languages or ())
    voices = {language: _voice_with_absolute_path(file, language, voice) for language, voice in table.voices.items()}
    curve, curve_file = _curve_of_lesson(file, table.curve)
    entries = _scene_requests(file, table, cache(ours)) if with_scenes else {}
    if file.stem in entries:
        raise UserError(
            f"{file}: the lesson and its scene {file.stem} would both be written to {file.stem}.mp4; rename the"
            " lesson file"
        )
    poster = _poster_of_lesson(file, table.poster, entries) if table.poster and with_scenes else None
    scenes = tuple(entries.values())
    _check_languages(file, "description", table.description)
    return Lesson(
        file.stem,
        table.title,
        scenes,
        table.experiments,
        poster,
        curve=curve,
        curve_file=curve_file,
        words=words,
        description=table.description,
        tags=tuple(table.tags),
        voices=voices,
        music=_music_of_lesson(file, table.music, entries) if table.music and with_scenes else None,
        languages=tuple(dict.fromkeys(table.languages or ())),
        file=file,
    )


def _curve_of_lesson(file: Path, curve: str | Knots | None) -> tuple[Knots, str]:
    """Return a lesson's red curve, and the file beside it that it was read from, or "". Raises UserError."""
    try:
        if isinstance(curve, str):
            if not curve.startswith("@"):
                raise UserError(f'found {curve!r}; needed: knots, such as [[1, 1], [3, 4]], or a file: "@curve.csv"')
            return read_curve(beside(file.absolute().parent, curve[1:]))
        return (PiecewiseLinearCurve(*zip(*curve, strict=True)).knots, "") if curve else ((), "")
    except UserError as error:
        raise UserError(f"{file}: curve: {error}") from None


def _read_words(file: Path, narration: str) -> OwnWords:
    """Read the words in the file ``narration`` beside the lesson ``file``. Raises UserError."""
    try:
        path = beside(file.absolute().parent, narration)
    except UserError as error:
        raise UserError(f"{file}: narration: {error}") from None
    try:
        return OwnWords.read(path)
    except UserError as error:
        if os.path.lexists(path):
            raise
        raise UserError(f"{error}; write one: gradreel words SCENE > {narration}") from None


def _music_of_lesson(file: Path, music: _MusicTable, entries: Mapping[str, SceneRequest]) -> Music:
    """Return the film's music. Raises UserError for a file that is not sound, or a scene that the lesson lacks."""
    plays = music.plays if isinstance(music.plays, str) else tuple(music.plays)
    for place in () if isinstance(plays, str) else plays:
        if place.partition("/")[0] not in entries:
            raise UserError(
                f"{file}: music.plays: {place!r} is not in this lesson; use one of its scenes: {', '.join(entries)}"
            )
    try:
        sound = beside(file.absolute().parent, music.file)
    except UserError as error:
        raise UserError(f"{file}: music.file: {error}") from None
    return Music(sound, music.under, plays)


def _voice_with_absolute_path(file: Path, language: str, voice: str) -> str:
    """Return a lesson's voice; a path relative to the lesson becomes absolute.

    Raises UserError for a command: only the user may name a program to run.
    """
    if voice.startswith(COMMAND):
        raise UserError(
            f"{file}: voices.{language}: a lesson cannot run a command; it can name default, none, a folder of"
            f" recordings or a Piper voice (.onnx) beside it. Name the command yourself: --voice"
            f" {language}={COMMAND}'…'"
        )
    try:
        return str(beside(file.absolute().parent, voice)) if is_path(voice) else voice
    except UserError as error:
        raise UserError(f"{file}: voices.{language}: {error}") from None


def _scene_requests(file: Path, table: _LessonFile, ours: KnownScenes) -> dict[str, SceneRequest]:
    """Return the scenes by name, in film order; each belongs to the part that began last."""
    entries: dict[str, SceneRequest] = {}
    part: Title | None = None
    for number, scene in enumerate(table.scene, 1):
        if scene.part is not None:
            _check_languages(file, f"[[scene]] {number}: part", scene.part)
            part = scene.part
        entry = _scene_request(file, number, scene, part, ours)
        other = entries.get(entry.name)
        if other is not None and other.source != entry.source:
            raise UserError(
                f"{file}: two scenes are called {entry.name}: in {other.source.file} and in {entry.source.file};"
                f" rename one of the classes ([[scene]] {number})"
            )
        if other is not None:
            raise UserError(
                f"{file}: scene {entry.name} is in the lesson twice; remove one of them ([[scene]] {number})"
            )
        entries[entry.name] = entry
    return entries


def _poster_of_lesson(file: Path, poster: _PosterTable, entries: Mapping[str, SceneRequest]) -> Poster:
    """Return the poster. Raises UserError for a scene that the lesson lacks, or a beat that its source clearly lacks.

    The beat of a lesson of ours is not checked here: that would read all sources, and tests check it.
    """
    if poster.scene not in entries:
        raise UserError(
            f"{file}: poster.scene: {poster.scene!r} is not in this lesson; use one of its scenes: {', '.join(entries)}"
        )
    if poster.beat is not None and file not in LESSON_FILES:
        beats = beat_names(entries[poster.scene].source)
        if beats and poster.beat not in beats and not any("{" in beat for beat in beats):
            raise UserError(
                f"{file}: poster.beat: {poster.scene} has no beat {poster.beat!r}; use one of its beats:"
                f" {', '.join(beats)}"
            )
    return Poster(poster.scene, poster.beat)


def _check_languages(file: Path, key: str, languages: Iterable[str]) -> None:
    """Raise UserError, naming the lesson file and ``key``, for a language that we do not know."""
    for language in languages:
        try:
            check_language(language)
        except UserError as error:
            raise UserError(f"{file}: {key}.{language}: {error}") from None


def _line_for_problem(file: Path, content: Mapping[str, Any], problem: Problem) -> str:
    """Return a line for a problem: the file, the key with its scene, the fault and the remedy."""
    place = _location_as_text(problem.place, content)
    if problem.is_unknown:
        nearest = get_close_matches(str(problem.place[-1]), problem.valid_keys, n=1, cutoff=0.65)
        hint = f"did you mean {nearest[0]}?" if nearest else f"the keys are: {', '.join(problem.valid_keys)}"
        if problem.place == ("dataset",):
            hint = "move it into a training run, [experiments.NAME], or into a scene's parameters"
        return f"{file}: unknown key {place}; {hint}"
    if not place:  # a required key is missing
        return f"{file}: {problem.reason}"
    return f"{file}: {place}: {problem.reason}" + (f", found {problem.value}" if problem.value else "")


def _location_as_text(location: Location, content: Mapping[str, Any]) -> str:
    """Return a location in a lesson as text: the keys, and the number and name of the scene if it is in one."""
    text = ".".join(str(part) for part in location if not isinstance(part, int))
    if len(location) > 1 and location[0] == "scene" and isinstance(location[1], int):
        scene = content["scene"][location[1]]
        name = scene.get("name", "no name") if isinstance(scene, Mapping) else "no table"
        text += f" (in [[scene]] {location[1] + 1}, {name})"
    return text


def _scene_request(file: Path, number: int, scene: _SceneTable, part: Title | None, ours: KnownScenes) -> SceneRequest:
    """Return the request for the lesson's ``number``-th scene. Raises UserError that names it."""
    try:
        spec = str(beside(file.absolute().parent, scene.name)) if ".py" in scene.name else scene.name
        source = resolve(spec, ours)
    except UserError as error:
        raise UserError(f"{file}: [[scene]] {number}: {error}") from None
    parameters: dict[str, Any] = {}
    for name, value in scene.parameters.items():
        try:
            parameters[name] = _resolved_value(file, name, value)
        except UserError as error:
            place = f"scene.parameters.{name} (in [[scene]] {number}, {scene.name})"
            raise UserError(f"{file}: {place}: {error}") from None
    files = {name: str(path) for name, value in scene.parameters.items() if (path := _file_beside(file, value))}
    return SceneRequest(source, parameters=parameters, part=part, files=files)


def _resolved_value(lesson: Path, name: str, value: Any) -> Any:
    """Return the value that a scene's parameter in a lesson means.

    ``"@curve.csv"`` is the content of that file beside the lesson. A parameter called ``trace`` may name a folder
    beside the lesson. Any other value stays as it is.
    """
    if path := _file_beside(lesson, value):
        return parse_value(f"@{path}")
    if name == TRACE and isinstance(value, str) and value and os.path.isdir(lesson.absolute().parent / value):
        return str(beside(lesson.absolute().parent, value))
    return value


def _file_beside(lesson: Path, value: Any) -> Path | None:
    """Return the file of a value ``"@file"``, else None. Raises UserError for a file outside the lesson's folder."""
    return beside(lesson.absolute().parent, value[1:]) if isinstance(value, str) and value.startswith("@") else None
