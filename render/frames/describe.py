"""Describes a scene's class as plain data: parameters with types, bounds and defaults, training runs, beats.

It works on the class itself, so it runs only in worker processes.
"""

from __future__ import annotations

import os
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.core.trace.format import META
from gradreel.core.trace.recorded_run import RecordedRun
from gradreel.core.trace.trace import read_meta
from gradreel.render.lessons.tables import (
    Problem,
    file_of,
    problems_of,
    put_over,
    with_curve,
    with_data,
)
from gradreel.render.stages import ParameterRow, SceneDescription, SceneRequest
from gradreel.render.workers.progress import counted
from gradreel.scenes.catalog import beat_names
from gradreel.scenes.trace_folder import TraceFolder
from gradreel.scenes.words.narration import Narration
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

SIGNS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<", "min_length": "length ≥", "max_length": "length ≤"}


def describe(scene_class: Any, request: SceneRequest) -> SceneDescription:
    """Return the scene's description, with ``request.parameters`` checked and completed.

    Raises UserError that names scene and field for a wrong or unknown parameter. A plain Manim scene has no parameters.
    """
    source = request.source
    beats = beat_names(source)
    if not hasattr(scene_class, "validated"):
        if names := ", ".join({**request.parameters, **request.changes}):
            raise UserError(f"{source.name} is a plain Manim scene and has no parameters; remove {names}")
        return SceneDescription(source.name, source.doc, {}, (), {}, beats, is_lecture_scene=False)
    model: type[BaseModel] = scene_class.Parameters
    parameters = _validated_parameters(scene_class, model, *_filled_parameters(request, model), request)
    folders = scene_class.trace_folders(parameters)
    return SceneDescription(
        source.name,
        source.doc,
        parameters.model_dump(mode="json"),
        tuple(_with_trace(row, folders.get(row.name)) for row in _parameter_rows(model, "")),
        scene_class.experiments(parameters),
        beats,
        is_lecture_scene=True,
        traces={name: str(folder) for name, folder in folders.items()},
        narrated_as=scene_class.narrated_as(Narration.load()),
        paths=tuple(_given_paths(parameters)),
    )


def _given_paths(parameters: BaseModel) -> Iterator[str]:
    """Yield the files and folders that parameters name, except defaults and the folders of traces."""
    for name, field in type(parameters).model_fields.items():
        value = getattr(parameters, name)
        is_trace = type(value) is str and os.path.isfile(os.path.join(value, META))
        if (isinstance(value, Path) or is_trace) and value != field.get_default(call_default_factory=True):
            yield str(value)


def _filled_parameters(request: SceneRequest, model: type[BaseModel]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the parameters to check, and the file that each was read from.

    Later ones override earlier ones, table by table: the class's defaults, the lesson, ``--data`` and the lesson's
    curve, ``--set``. The name of one of the lesson's experiments is replaced by the experiment.
    """
    files = dict(request.files)
    filled = {**request.parameters, **request.changes}  # a name that the model lacks stays, to be reported
    for name, field in model.model_fields.items():
        default = field.get_default(call_default_factory=True)
        value = default.model_dump(mode="json") if isinstance(default, BaseModel) else None
        if name in request.parameters:
            value = filled[name] = _merged_table(value, _plain_value(request, field, name, request.parameters[name]))
        has_value = value is not None or name in request.parameters
        current = value if has_value else to_jsonable_python(default, fallback=str)
        if (with_lesson_curve := with_curve(current, request.curve)) != current:
            files.setdefault(name, request.curve_file)
        if (with_given_data := with_data(with_lesson_curve, request.data)) != current:
            value = filled[name] = with_given_data
        if name in request.changes:
            change = with_data(_plain_value(request, field, name, request.changes[name]), request.data, below=True)
            filled[name] = _merged_table(value, change)
    return filled, files


def _plain_value(request: SceneRequest, field: FieldInfo, name: str, value: Any) -> Any:
    """Return ``value``, or the lesson's experiment of that name, with the data of ``--data`` and the lesson's curve."""
    if isinstance(value, str) and _annotation_has(field.annotation, Experiment):
        plain = _experiment_of_lesson(request, name, value).model_dump(mode="json")
        return with_curve(with_data(plain, request.data), request.curve)
    return value


def _merged_table(below: Any, value: Any) -> Any:
    """Return the table ``value`` merged over the table ``below``. A complete table, or any other value, replaces it."""
    if not (isinstance(below, Mapping) and isinstance(value, Mapping)) or below.keys() <= value.keys():
        return value
    return put_over(below, value)


def _validated_parameters(
    scene_class: Any, model: type[BaseModel], filled: Mapping[str, Any], files: Mapping[str, str], request: SceneRequest
) -> Any:
    """Return the scene's validated parameters.

    Raises UserError with a line for each wrong key, named as the user wrote it, and the file in ``files`` that it was
    read from.
    """
    try:
        return scene_class.validated(model.model_validate(filled))
    except ValidationError as error:
        scene, source = scene_class.scene_name(), request.source
        lines = [
            _problem_line(scene, problem)
            + (f"; it was read from {file}" if (file := file_of(problem.place, files)) else "")
            for problem in problems_of(error, model, filled)
        ]
        missing = [f"{scene}.{problem['loc'][0]}" for problem in error.errors() if _is_without_default(problem)]
        if len(missing) == len(lines):  # without these parameters `gradreel describe` would fail, too
            options = " ".join(f"--set {name}=…" for name in missing)
            raise UserError(
                "\n".join([*lines, f"add {options}, or write defaults into the class's Parameters"])
            ) from None
        where = f"`gradreel describe {source.spec}` shows the parameters of {scene}"
        raise UserError("\n".join([*lines, where])) from None


def _is_without_default(problem: Mapping[str, Any]) -> bool:
    """Return whether the problem is a missing parameter that has no default."""
    return problem["type"] == "missing" and len(problem["loc"]) == 1


def _problem_line(scene: str, problem: Problem) -> str:
    """Return the message for one problem."""
    if problem.is_unknown:
        inside = f"; {scene}.{'.'.join(map(str, problem.place[:-1]))} has" if len(problem.place) > 1 else "; it has"
        return f"{scene} has no parameter {problem.key!r}{inside} {', '.join(problem.valid_keys) or 'none'}"
    place = f"{scene}.{problem.key}" if problem.place else scene
    return f"{place}: {problem.reason}" + (f" (got {problem.value})" if problem.value else "")


def _experiment_of_lesson(request: SceneRequest, parameter: str, name: str) -> Experiment:
    """Return the lesson's experiment called ``name``. Raises UserError that lists the lesson's experiments."""
    try:
        return request.experiments[name]
    except KeyError:
        names = ", ".join(request.experiments) or "none"
        raise UserError(
            f"{request.source.name}.{parameter}: the lesson has no experiment {name!r}; it has {names}"
        ) from None


def _annotation_has(annotation: Any, kind: type) -> bool:
    """Return whether an annotation is ``kind`` or has it as a part, as in ``kind | None``."""
    if isinstance(annotation, type):
        return issubclass(annotation, kind)
    return any(_annotation_has(part, kind) for part in typing.get_args(annotation))


def _parameter_rows(model: type[BaseModel], prefix: str) -> Iterator[ParameterRow]:
    """Yield a row for each field; fields of a nested model follow as ``run.seed``."""
    for name, field in model.model_fields.items():
        default = field.get_default(call_default_factory=True)
        shown = "required" if field.is_required() else _default_text(default)
        yield ParameterRow(
            f"{prefix}{name}", _type_name(field.annotation), shown, _constraints_as_text(field), field.description or ""
        )
        if isinstance(default, BaseModel):
            yield from _parameter_rows(type(default), f"{prefix}{name}.")


def _with_trace(row: ParameterRow, folder: TraceFolder | None) -> ParameterRow:
    """Return the row of a trace parameter, with a description of the run in ``folder``; None: the row as it is.

    A run from a folder is shown as it is: nothing is trained.
    """
    if folder is None:
        return row
    meta, run = read_meta(folder.path)
    origin = f"recorded around a loop of {run.model}" if isinstance(run, RecordedRun) else "that Gradreel trained"
    size = f"{counted(run.n_updates, 'update')} of {counted(run.n_parameters, 'parameter')}"
    summary = f"Given: a run {origin}, {size}, {meta['checksum'][:12]}"
    return replace(row, description=f"{row.description.rstrip('.')}. {summary}")


def _default_text(default: Any) -> str:
    """Return a default value as text."""
    return "as below" if isinstance(default, BaseModel) else repr(default)


def _type_name(annotation: Any) -> str:
    """Return a type as the user reads it, such as "int", "'relu' | 'sigmoid'" or "tuple[float, ...]"."""
    if annotation is type(None):
        return "none"
    if annotation is TraceFolder:
        return "folder of a trace"
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _type_name(arguments[0])
    if origin is typing.Literal:
        return " | ".join(repr(value) for value in arguments)
    if origin in (typing.Union, types.UnionType):
        return " | ".join(_type_name(part) for part in arguments)
    if origin is not None:
        inside = ", ".join("..." if part is Ellipsis else _type_name(part) for part in arguments)
        return f"{origin.__name__}[{inside}]"
    return getattr(annotation, "__name__", str(annotation))


def _constraints_as_text(field: FieldInfo) -> str:
    """Return a field's constraints, such as "≥ 1, ≤ 10"."""
    bounds = []
    for constraint in field.metadata:
        bounds += [
            f"{sign} {getattr(constraint, name)}"
            for name, sign in SIGNS.items()
            if getattr(constraint, name, None) is not None
        ]
    return ", ".join(bounds)
