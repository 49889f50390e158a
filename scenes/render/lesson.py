"""Lesson files: which scenes in which order, with which parameters and training runs.

title = { en = "What a neural network computes", zh = "…" }
poster = { scene = "build-curve", beat = "sum" }        # optional

[experiments.three-sigmoids]
hidden = [3]

[experiments.mine]                                        # on daily views of one's own, in a file beside the lesson's
dataset = { kind = "daily views", data = "views.csv" }    # fill_missing = "interpolate", column = "…", as needed

[[scene]]
name = "sum-of-sigmoids"                                  # or "my_scene.py:MyScene", beside the lesson file
[scene.parameters]
run = "three-sigmoids"                                    # an experiment of this lesson, by name
trace = "runs/mine"                                       # the folder of a trace, beside the lesson file
knots = "@curve.csv"                                      # the points of a CSV, or the value in a JSON file
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from gradreel.core.daily_views import DailyViews
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.scenes.catalog import LESSON_FILE, SceneSource, resolve
from gradreel.scenes.narration import check_language
from gradreel.scenes.render.arguments import parse_value
from gradreel.scenes.render.daily import FILE_KEYS, DailyData, filled_text, series_in, with_files
from gradreel.scenes.render.requests import SceneRequest
from gradreel.scenes.render.settings import RenderSettings
from gradreel.scenes.render.tables import Location, Problem, problems_of, put_over
from pydantic import BaseModel, ConfigDict, Field, ValidationError

TRACE = "trace"
"""What scenes call a parameter that is the folder of a trace; their classes, which could tell, need Manim."""


@dataclass(frozen=True)
class SceneEntry:
    """One scene of a lesson; its parameters are not checked yet, since that needs its class."""

    source: SceneSource
    parameters: Mapping[str, Any] = field(default_factory=dict)
    stands_in_lesson: bool = True  # False: asked for on the command line alone

    @property
    def name(self) -> str:
        return self.source.name


@dataclass(frozen=True)
class Poster:
    """The moment that the video's picture shows: the end of a beat."""

    scene: str
    beat: str | None = None  # None: the scene's first


@dataclass(frozen=True)
class Lesson:
    """Scenes in film order, each one once, and the training runs they name."""

    name: str
    title: Mapping[str, str]
    scenes: tuple[SceneEntry, ...]
    experiments: Mapping[str, Experiment] = field(default_factory=dict)
    poster: Poster | None = None
    data: DailyData | None = None  # in the place of all daily views that its scenes show

    def title_in(self, language: str) -> str:
        return self.title.get(language) or next(iter(self.title.values()), self.name)

    def group(self, scene: str) -> str:
        """The folder for a scene's files: the lesson's, or that of the user's file when the lesson does not have it."""
        entry = next(entry for entry in self.scenes if entry.name == scene)
        ours = entry.stands_in_lesson or entry.source.is_ours
        return self.name if ours else entry.source.file.stem

    def run_name(self, experiment: Experiment) -> str | None:
        """What this lesson calls ``experiment``, if it does."""
        for name, run in self.experiments.items():
            plain = run.model_dump(mode="json")
            if experiment == (Experiment.model_validate(self.data.over(plain)) if self.data else run):
                return name
        return None

    def filled_days(self) -> list[str]:
        """Of each series read from a file: which days were missing in it and were filled, in words."""
        found = [run.model_dump(mode="json") for run in self.experiments.values()]
        found += [dict(entry.parameters) for entry in self.scenes]
        series = [self.data.series] if self.data else list(series_in(found))
        return [text for text in dict.fromkeys(map(filled_text, series)) if text]

    def requests(self, settings: RenderSettings) -> list[SceneRequest]:
        """What is to be rendered, scene by scene."""
        return [SceneRequest(entry.source, settings, entry.parameters, self.experiments) for entry in self.scenes]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _SceneTable(_Table):
    name: str
    parameters: dict[str, Any] = {}


class _PosterTable(_Table):
    scene: str
    beat: str | None = None


class _LessonFile(_Table):
    title: dict[str, str] = {}
    poster: _PosterTable | None = None
    experiments: dict[str, Experiment] = {}
    scene: list[_SceneTable] = Field(min_length=1)


def load_lesson(
    path: Path | None = None,
    overrides: Mapping[str, Mapping[str, Any]] | None = None,
    only: Sequence[str] = (),
    data: DailyData | None = None,
) -> Lesson:
    """Read a lesson file (ours without ``path``), with ``overrides`` {scene: {parameter: value}} put over what it says.

    ``only`` picks scenes by name, in that order; a scene that the lesson does not have is added with its own defaults.
    ``data`` will stand in the place of all daily views.
    An override of ``experiments`` changes the lesson's training runs: {"experiments": {"three-sigmoids": {"seed": 3}}}.
    Raises UserError, naming the file and the line or key.
    """
    file = path or LESSON_FILE
    lesson = _read(file)
    changes = {scene: dict(values) for scene, values in (overrides or {}).items()}
    lesson = _with_experiments(lesson, changes.pop("experiments", {}))
    if only:
        lesson = replace(lesson, scenes=_picked(lesson, only))
    known = {entry.name for entry in lesson.scenes}
    for scene in changes:
        if scene not in known:
            nearest = get_close_matches(scene, known, n=3, cutoff=0.5) or sorted(known)
            raise UserError(f"--set {scene}.…: no scene that is asked for has this name; nearest: {', '.join(nearest)}")
    scenes = tuple(
        replace(entry, parameters=_merged(entry.parameters, changes.get(entry.name, {}), lesson.experiments))
        for entry in lesson.scenes
    )
    return replace(lesson, scenes=scenes, data=data)


def _read(file: Path) -> Lesson:
    content = _parse(file)
    try:
        content = with_files(file.absolute().parent, content)
    except UserError as error:
        raise UserError(f"{file}: {error}") from None
    try:
        table = _LessonFile.model_validate(content)
    except ValidationError as error:
        raise UserError(_explain(file, content, error)) from None
    for language in table.title:
        try:
            check_language(language)
        except UserError as error:
            raise UserError(f"{file}: title.{language}: {error}") from None
    entries: dict[str, SceneEntry] = {}
    for number, scene in enumerate(table.scene, 1):
        entry = _entry(file, number, scene)
        if entry.name in entries:
            raise UserError(
                f"{file}: scene {entry.name} stands twice; a lesson has each scene once ([[scene]] {number})"
            )
        entries[entry.name] = entry
    if file.stem in entries:
        raise UserError(f"{file}: the lesson and its scene {file.stem} would both be {file.stem}.mp4; rename the file")
    poster = Poster(table.poster.scene, table.poster.beat) if table.poster else None
    if poster and poster.scene not in entries:
        raise UserError(
            f"{file}: poster.scene: {poster.scene!r} is no scene of this lesson; it has {', '.join(entries)}"
        )
    return Lesson(file.stem, table.title, tuple(entries.values()), table.experiments, poster)


def _parse(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{file} is not valid TOML: {error}") from None
    except UnicodeDecodeError:
        raise UserError(f"{file} is not text in UTF-8") from None
    except FileNotFoundError:
        raise UserError(f"there is no lesson file {file}") from None
    except IsADirectoryError:
        raise UserError(f"{file} is a folder; a lesson is a TOML file") from None
    except OSError as error:
        raise UserError(f"{file} could not be read: {error.strerror}") from None


def _explain(file: Path, content: Mapping[str, Any], error: ValidationError) -> str:
    """One line for each problem: file, key (with the scene's name), what was wrong and what would do."""
    return "\n".join(_line(file, content, problem) for problem in problems_of(error, _LessonFile, content))


def _line(file: Path, content: Mapping[str, Any], problem: Problem) -> str:
    place = _place(problem.place, content)
    if problem.is_unknown:
        known = [*problem.known, *(FILE_KEYS if problem.known == tuple(DailyViews.model_fields) else ())]
        nearest = get_close_matches(str(problem.place[-1]), known, n=1, cutoff=0.65)
        hint = f"did you mean {nearest[0]}?" if nearest else f"known here: {', '.join(known)}"
        return f"{file}: unknown key {place}; {hint}"
    return f"{file}: {place}: {problem.reason}" + (f", found {problem.found}" if problem.found else "")


def _place(location: Location, content: Mapping[str, Any]) -> str:
    text = ".".join(str(part) for part in location if not isinstance(part, int))
    if len(location) > 1 and location[0] == "scene" and isinstance(location[1], int):
        scene = content["scene"][location[1]]
        name = scene.get("name", "no name") if isinstance(scene, Mapping) else "no table"
        text += f" (in [[scene]] {location[1] + 1}, {name})"
    return text


def _entry(file: Path, number: int, scene: _SceneTable) -> SceneEntry:
    spec = scene.name
    if ".py" in spec:
        spec = str(file.absolute().parent / spec)
    try:
        source = resolve(spec)
    except UserError as error:
        raise UserError(f"{file}: [[scene]] {number}: {error}") from None
    return SceneEntry(source, {name: _beside(file, name, value) for name, value in scene.parameters.items()})


def _beside(lesson: Path, name: str, value: Any) -> Any:
    """What a scene's parameter in a lesson means: ``"@curve.csv"`` is the content of the file beside the lesson's.

    A folder beside it that ``trace`` names is meant wherever the command is run. Anything else is itself.
    """
    folder = lesson.absolute().parent
    if isinstance(value, str) and value.startswith("@"):
        return parse_value(f"@{folder / value[1:]}")
    if name == TRACE and isinstance(value, str) and value and os.path.isdir(folder / value):
        return str(folder / value)
    return value


def _with_experiments(lesson: Lesson, changes: Mapping[str, Any]) -> Lesson:
    experiments = dict(lesson.experiments)
    for name, change in changes.items():
        if name not in experiments:
            known = ", ".join(experiments) or "none"
            raise UserError(
                f"--set experiments.{name}: the lesson {lesson.name} has no such experiment; it has {known}"
            )
        if not isinstance(change, Mapping):
            raise UserError(f"--set experiments.{name}: a table is wanted, such as --set experiments.{name}.seed=3")
        merged = put_over(experiments[name].model_dump(mode="json"), change)
        try:
            experiments[name] = Experiment.model_validate(merged)
        except ValidationError as error:
            problem = problems_of(error, Experiment, merged)[0]
            key = ".".join(filter(None, ("experiments", name, problem.key)))
            found = f", found {problem.found}" if problem.found else ""
            unknown = f"no such key; known here: {', '.join(problem.known)}"
            reason = unknown if problem.is_unknown else f"{problem.reason}{found}"
            raise UserError(f"--set {key}: {reason}") from None
    return replace(lesson, experiments=experiments)


def _picked(lesson: Lesson, only: Sequence[str]) -> tuple[SceneEntry, ...]:
    """The scenes asked for, each once: as the lesson has them, or else as they are by themselves."""
    entries = {entry.source: entry for entry in lesson.scenes}
    picked: dict[str, SceneEntry] = {}
    for spec in only:
        source = resolve(spec)
        entry = entries.get(source, SceneEntry(source, stands_in_lesson=False))
        other = picked.get(entry.name)
        if other is not None and other.source != source:
            raise UserError(f"two scenes are called {entry.name}: in {other.source.file} and in {source.file}")
        picked[entry.name] = entry
    return tuple(picked.values())


def _merged(
    base: Mapping[str, Any], change: Mapping[str, Any], experiments: Mapping[str, Experiment]
) -> dict[str, Any]:
    """``change`` put over a scene's parameters; over an experiment's name, its own values are filled in first."""
    filled = dict(base)
    for name, value in base.items():
        if isinstance(value, str) and value in experiments and isinstance(change.get(name), Mapping):
            filled[name] = experiments[value].model_dump(mode="json")
    return put_over(filled, change)
