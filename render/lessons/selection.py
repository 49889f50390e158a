"""Selects from a lesson: all of it, a range of its scenes, or some scenes, with the changes of --set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from gradreel.core.datasets import RED_CURVE, CurveDataset, Dataset
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.render.lessons.lesson import Lesson
from gradreel.render.lessons.lesson_file import read_lesson
from gradreel.render.lessons.own_words import check_words
from gradreel.render.lessons.said_in_place import check_said
from gradreel.render.lessons.tables import file_of, problems_of, put_over
from gradreel.render.settings import range_name
from gradreel.render.stages import SceneRequest
from gradreel.scenes.catalog import (
    LESSON_FILE,
    KnownScenes,
    file_and_class,
    find_scenes,
    kebab_name,
    lesson_file_of,
    resolve,
)
from pydantic import ValidationError

Span = tuple[str | None, str | None]  # the first scene and the last; None: the lesson's first, its last


def load_lesson(
    path: Path | None = None,
    overrides: Mapping[str, Mapping[str, Any]] | None = None,
    only: Sequence[str] = (),
    *,
    span: Span = (None, None),
    files: Mapping[str, Mapping[str, str]] | None = None,
    ours: KnownScenes = find_scenes,
) -> Lesson:
    """Read and check a lesson file and return the selected scenes as a lesson.

    The default is our lesson that has the first selected scene, or else our first.

    ``overrides`` {scene: {parameter: value}} replace parameters. The key "experiments" changes training runs instead:
    {"experiments": {"three-sigmoids": {"seed": 3}}}. ``files`` has the files that overrides were read from, for error
    messages, see `files_in_settings`.

    ``only`` selects scenes by name, in that order. A scene that the lesson lacks is added with its own defaults.
    ``span`` selects the scenes between two, both included. ``ours`` returns our scenes, such as a cached list.

    Raises UserError that names the file and the line or key, or if both ``only`` and ``span`` are set.
    """
    if only and span != (None, None):
        raise UserError(
            "found both scene names and --from or --to; name scenes, or choose a part of the lesson with --from and"
            " --to"
        )
    ours, files = cache(ours), files or {}
    named = next(filter(None, (*only, *span)), None)
    file = path or (lesson_file_of(named) if named else LESSON_FILE)
    all_own = path is None and bool(only) and all(map(file_and_class, only))  # the lecture has none of these scenes
    changes = {scene: dict(values) for scene, values in (overrides or {}).items()}
    lesson = read_lesson(file, ours, with_scenes=not all_own)
    lesson = _with_experiments(lesson, changes.pop("experiments", {}), files.get("experiments", {}))
    all_scenes = lesson.scenes
    lesson = (
        replace(lesson, scenes=_picked_scenes(lesson, only, ours), picked=True, music=None)
        if only
        else _within_span(lesson, span)
    )
    if lesson.words is not None:
        check_words(lesson.words, [entry.source for entry in (*all_scenes, *lesson.scenes)], ours)
    check_said([entry.source for entry in lesson.scenes])
    lesson = _with_changes(lesson, changes, files)
    if not all_own:
        settings = [values for scene in (*all_scenes, *lesson.scenes) for values in (scene.parameters, scene.changes)]
        _check_experiments(file, lesson.experiments, settings)
    return lesson


def _with_changes(
    lesson: Lesson, changes: Mapping[str, Mapping[str, Any]], files: Mapping[str, Mapping[str, str]]
) -> Lesson:
    """Return the lesson with ``changes`` of its scenes' parameters. Raises UserError for a scene it does not have."""
    names = {entry.name for entry in lesson.scenes}
    for scene in changes:
        if scene not in names:
            nearest = get_close_matches(scene, names, n=3, cutoff=0.5) or sorted(names)
            raise UserError(
                f"--set {scene}.…: this command has no scene of this name; use one of: {', '.join(nearest)}"
            )
    scenes = (
        replace(scene, changes=changes.get(scene.name, {}), files={**scene.files, **files.get(scene.name, {})})
        for scene in lesson.scenes
    )
    return replace(lesson, scenes=tuple(scenes))


def _check_experiments(
    file: Path, experiments: Mapping[str, Experiment], settings: Sequence[Mapping[str, Any]]
) -> None:
    """Raise UserError with a line for each experiment that no scene names. ``settings``: the scenes' parameters."""
    named = {value for parameters in settings for value in parameters.values() if isinstance(value, str)}
    problems = []
    for experiment in experiments:
        if experiment not in named:
            nearest = get_close_matches(experiment, sorted(named), n=1, cutoff=0.65)
            hint = f"did you mean it where a scene has {nearest[0]!r}? " if nearest else ""
            problems.append(
                f"{file}: [experiments.{experiment}]: no scene of this lesson shows it; {hint}"
                f'a scene shows it by its name, such as parameters = {{ run = "{experiment}" }}'
            )
    if problems:
        raise UserError("\n".join(problems))


def _with_experiments(lesson: Lesson, changes: Mapping[str, Any], files: Mapping[str, str]) -> Lesson:
    """Return the lesson with ``changes`` {experiment: {field: value}} of its training runs. Raises UserError."""
    experiments = dict(lesson.experiments)
    for name, change in changes.items():
        if name not in experiments:
            names = ", ".join(experiments) or "none"
            raise UserError(
                f"--set experiments.{name}: the lesson {lesson.name} has no such experiment; it has: {names}"
            )
        if not isinstance(change, Mapping):
            raise UserError(
                f"--set experiments.{name}: needed: one of its settings, such as --set experiments.{name}.seed=3"
            )
        before = experiments[name]
        merged = put_over(before.model_dump(mode="json"), change)
        try:
            experiments[name] = Experiment.model_validate(merged)
        except ValidationError as error:
            problem = problems_of(error, Experiment, merged)[0]
            key = ".".join(filter(None, ("experiments", name, problem.key)))
            value = f", found {problem.value}" if problem.value else ""
            unknown = f"no such key; the keys are: {', '.join(problem.valid_keys)}"
            reason = unknown if problem.is_unknown else f"{problem.reason}{value}"
            source = file_of((name, *problem.place), files)
            raise UserError(f"--set {key}: {reason}" + (f"; it was read from {source}" if source else "")) from None
        if lesson.curve and _changes_curve(before.dataset, experiments[name].dataset):
            raise UserError(
                f"--set experiments.{name}.dataset.knots changes the red curve of one run only, but this lesson has one"
                " red curve for all scenes; replace it in all of them with --curve curve.csv"
            )
    return replace(lesson, experiments=experiments)


def _changes_curve(before: Dataset, after: Dataset) -> bool:
    """Return whether ``before`` has the lecture's red curve and ``after`` another curve."""
    knots = [dataset.knots for dataset in (before, after) if isinstance(dataset, CurveDataset)]
    return len(knots) == 2 and knots[0] == RED_CURVE != knots[1]


def _within_span(lesson: Lesson, span: Span) -> Lesson:
    """Return the lesson with only the scenes of ``span``, both ends included.

    Raises UserError for an unknown scene, or if the last comes before the first.
    """
    if span == (None, None):
        return lesson
    first, last = (_scene_name(lesson, option, name) for option, name in zip(("--from", "--to"), span, strict=True))
    names = [entry.name for entry in lesson.scenes]
    begin = names.index(first) if first else 0
    end = names.index(last) if last else len(names) - 1
    if begin > end:
        raise UserError(
            f"--from {first} --to {last}: {last} comes before {first}; exchange them. The order of {lesson.name}:"
            f" {', '.join(names)}"
        )
    return replace(lesson, scenes=lesson.scenes[begin : end + 1], span=range_name(first, last))


def _scene_name(lesson: Lesson, option: str, spec: str | None) -> str | None:
    """Return the name of the lesson's scene that ``spec`` names; None for None. Raises UserError for an unknown scene.

    ``spec`` may be a scene's name, its class, or ``my_scene.py:MyScene``. The error names the ``option``.
    """
    if spec is None:
        return None
    names = [entry.name for entry in lesson.scenes]
    name = kebab_name(spec.rpartition(":")[2])
    if name not in names:
        nearest = get_close_matches(name, names, n=1, cutoff=0.5)
        hint = f"did you mean {nearest[0]}?" if nearest else f"its scenes: {', '.join(names)}"
        raise UserError(f"{option} {spec}: the lesson {lesson.name} has no such scene; {hint}")
    return name


def _picked_scenes(lesson: Lesson, only: Sequence[str], ours: KnownScenes) -> tuple[SceneRequest, ...]:
    """Return the scenes named in ``only``, each once: with the lesson's parameters, or else with their own defaults.

    If the lesson and the lecture both have a scene of a name, the lesson's is taken. The scenes belong to no part.
    """
    entries = {
        entry.source: replace(entry, part=None, opens_film=number == 0) for number, entry in enumerate(lesson.scenes)
    }
    candidates = cache(lambda: ({source.name: source for source in (*ours(), *entries)}).values())
    picked: dict[str, SceneRequest] = {}
    for spec in only:
        source = resolve(spec, candidates)
        entry = entries.get(source, SceneRequest(source, stands_in_lesson=False, opens_film=True))
        other = picked.get(entry.name)
        if other is not None and other.source != source:
            raise UserError(
                f"two scenes are called {entry.name}: in {other.source.spec} and in {source.spec}; rename one of the"
                f" classes, or render one alone under another name: gradreel render {source.spec} -o other.mp4"
            )
        picked[entry.name] = entry
    return tuple(picked.values())
