"""Tables of settings, as in TOML and JSON: merges them, and reports problems by their keys."""

from __future__ import annotations

import json
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradreel.core.datasets import RED_CURVE
from gradreel.core.errors import UserError, problems_in
from pydantic import BaseModel, ValidationError

DAILY_VIEWS = "daily views"  # the kind of such a dataset
LONGEST = 60  # characters of a value that an error shows

Location = tuple[int | str, ...]
Knots = tuple[tuple[float, float], ...]


def put_over(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``base`` with ``change`` merged over it, table by table.

    A table of another ``kind`` replaces the one below it: the keys of one kind are unknown to the other.
    """
    if "kind" in base and "kind" in change and base["kind"] != change["kind"]:
        return dict(change)
    merged = dict(base)
    for name, value in change.items():
        under = merged.get(name)
        merged[name] = put_over(under, value) if isinstance(under, Mapping) and isinstance(value, Mapping) else value
    return merged


def with_data(value: Any, fields: Mapping[str, Any], *, below: bool = False) -> Any:
    """Return plain data, such as a scene's parameters, with ``fields`` in every dataset of daily views.

    With ``below``, a dataset's own values win over ``fields``.
    """
    if isinstance(value, Mapping):
        if value.get("kind") == DAILY_VIEWS:
            return {**fields, **value} if below else {**value, **fields}
        return {name: with_data(inside, fields, below=below) for name, inside in value.items()}
    if isinstance(value, list | tuple):
        return [with_data(inside, fields, below=below) for inside in value]
    return value


def has_daily_views(value: Any) -> bool:
    """Return whether plain data contain a dataset of daily views at any depth."""
    return next(datasets_in(value), None) is not None


def with_curve(value: Any, knots: Knots) -> Any:
    """Return plain data with ``knots`` in place of the lecture's own red curve; () changes nothing."""
    if not knots:
        return value
    if isinstance(value, Mapping):
        return {name: with_curve(inside, knots) for name, inside in value.items()}
    if isinstance(value, list | tuple):
        if [tuple(knot) if isinstance(knot, list | tuple) else knot for knot in value] == list(RED_CURVE):
            return [list(knot) for knot in knots]
        return [with_curve(inside, knots) for inside in value]
    return value


def holds_curve(value: Any, knots: Knots) -> bool:
    """Return whether plain data contain these knots at any depth, in the form that `with_curve` writes."""
    inside = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    return value == [list(knot) for knot in knots] or any(holds_curve(part, knots) for part in inside)


def datasets_in(value: Any) -> Iterator[Mapping[str, Any]]:
    """Yield every dataset of daily views in plain data."""
    if isinstance(value, Mapping):
        if value.get("kind") == DAILY_VIEWS:
            yield value
        value = list(value.values())
    if isinstance(value, list | tuple):
        for inside in value:
            yield from datasets_in(inside)


@dataclass(frozen=True)
class Problem:
    """One problem in a table."""

    place: Location  # keys as the user wrote them, and indices of lists; (): the table itself
    is_unknown: bool  # the last key is unknown
    reason: str
    valid_keys: tuple[str, ...]  # the keys that the table may have; () unless ``is_unknown``
    value: str | None  # the value as JSON; None for a table or a value too long to show

    @property
    def key(self) -> str:
        """Return the place as text, such as "run.dataset.knots"."""
        return ".".join(map(str, self.place))


def beside(folder: Path, name: str) -> Path:
    """Return the path of a file that a lesson in ``folder`` names, so that the folder can be moved.

    Raises UserError for an absolute path, or one from somebody's home.
    """
    if Path(name).is_absolute() or name.startswith("~"):
        raise UserError(
            f"{name} is outside the lesson's folder; move it beside the lesson, and name it such as data/views.csv"
        )
    return folder / name


def file_of(place: Location, files: Mapping[str, str]) -> str:
    """Return the file that the value at ``place`` was read from; "" if no file is known.

    ``files`` maps keys to files, such as {"run": "run.json", "run.seed": ""}. The longest key that contains ``place``
    counts.
    """
    names = (".".join(map(str, place[:n])) for n in range(len(place), 0, -1))
    return next((files[name] for name in names if name in files), "")


def problems_of(error: ValidationError, model: type[BaseModel], content: Mapping[str, Any]) -> list[Problem]:
    """Return the problems that ``error`` reports in ``content``, which was validated as a ``model``."""
    problems = []
    for problem in problems_in(error):
        location, unknown = problem["loc"], problem["type"] == "extra_forbidden"
        problems.append(
            Problem(
                _written_location(location, content, problem["type"] == "missing"),
                unknown,
                problem["msg"].removeprefix("Value error, "),
                tuple(_keys_of_table(model, location[:-1])) if unknown else (),
                _json_for_message(problem["input"]),
            )
        )
    return problems


def _written_location(location: Location, content: Any, missing: bool) -> Location:
    """Return ``location`` with only the keys that the user wrote.

    pydantic adds names for the members of unions, such as "curve" and "DailySeries". For a ``missing`` key, the last
    part is kept.
    """
    place: list[int | str] = []
    for number, part in enumerate(location, 1):
        inside = range(len(content)) if isinstance(content, list | tuple) else content
        if isinstance(inside, Mapping | range) and part in inside:
            content = content[part]
        elif not (missing and number == len(location)):
            continue
        place.append(part)
    return tuple(place)


def _keys_of_table(model: type[BaseModel], location: Location) -> Iterator[str]:
    """Yield the keys of the table at ``location`` inside a table of ``model``."""
    annotation: Any = model
    for part in location:
        annotation = _type_inside(annotation, part)
    for inside in _models_in_type(annotation):
        yield from (field.alias or name for name, field in inside.model_fields.items())


def _type_inside(annotation: Any, part: int | str) -> Any:
    """Return the type of ``part`` in a value of type ``annotation``.

    ``part`` is a key, an index or a member of a union.
    """
    if typing.get_origin(annotation) is dict:
        return typing.get_args(annotation)[1]
    models = list(_models_in_type(annotation))
    for inside in models:
        kind = inside.model_fields.get("kind")
        if part == inside.__name__ or (len(models) > 1 and kind is not None and part == kind.default):
            return inside
    fields = {field.alias or name: field for inside in models for name, field in inside.model_fields.items()}
    return fields[part].annotation if isinstance(part, str) and part in fields else annotation


def _models_in_type(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield every pydantic model in a type, such as the members of a union."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in typing.get_args(annotation):
        yield from _models_in_type(part)


def _json_for_message(value: Any) -> str | None:
    """Return a value as JSON for an error message, long texts cut; None for a table or another long value."""
    if isinstance(value, Mapping | BaseModel):
        return None
    text = json.dumps(value, ensure_ascii=False, default=str)
    if len(text) <= LONGEST:
        return text
    return text[: LONGEST - 1] + "…" if isinstance(value, str) else None
