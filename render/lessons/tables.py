"""Tables of settings, as TOML and JSON have them: one put over another, and what is wrong in one, by its keys."""

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
    """``change`` put over ``base``, table by table.

    A table of another ``kind`` than the one below it stands alone: the keys of one kind are unknown to the other.
    """
    if "kind" in base and "kind" in change and base["kind"] != change["kind"]:
        return dict(change)
    merged = dict(base)
    for name, value in change.items():
        under = merged.get(name)
        merged[name] = put_over(under, value) if isinstance(under, Mapping) and isinstance(value, Mapping) else value
    return merged


def with_data(value: Any, fields: Mapping[str, Any], *, below: bool = False) -> Any:
    """Plain data, such as a scene's parameters, with ``fields`` in every dataset of daily views.

    ``below``: what a dataset says itself stays.
    """
    if isinstance(value, Mapping):
        if value.get("kind") == DAILY_VIEWS:
            return {**fields, **value} if below else {**value, **fields}
        return {name: with_data(inside, fields, below=below) for name, inside in value.items()}
    if isinstance(value, list | tuple):
        return [with_data(inside, fields, below=below) for inside in value]
    return value


def has_daily_views(value: Any) -> bool:
    """Whether there is a dataset of daily views anywhere in plain data."""
    return next(datasets_in(value), None) is not None


def with_curve(value: Any, knots: Knots) -> Any:
    """Plain data with ``knots`` wherever the lecture's own red curve stands, a scene's or a dataset's; () leaves it."""
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
    """Whether plain data have these knots anywhere, as `with_curve` puts them there."""
    inside = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    return value == [list(knot) for knot in knots] or any(holds_curve(part, knots) for part in inside)


def datasets_in(value: Any) -> Iterator[Mapping[str, Any]]:
    """Every dataset of daily views in plain data."""
    if isinstance(value, Mapping):
        if value.get("kind") == DAILY_VIEWS:
            yield value
        value = list(value.values())
    if isinstance(value, list | tuple):
        for inside in value:
            yield from datasets_in(inside)


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong in a table."""

    place: Location  # keys as they were written, and indices of lists; (): the table itself
    is_unknown: bool  # its last key is none that there is
    reason: str
    known: tuple[str, ...]  # the keys that there are beside the last
    found: str | None  # the value as JSON; None of a table, and of what is too long to be shown

    @property
    def key(self) -> str:
        """ "run.dataset.knots"."""
        return ".".join(map(str, self.place))


def beside(folder: Path, name: str) -> Path:
    """The file that a lesson in ``folder`` names: from there, so that the folder can be moved and handed on.

    UserError for a path from the root, or from somebody's home.
    """
    if Path(name).is_absolute() or name.startswith("~"):
        raise UserError(f"{name}: a lesson names files from its own folder, such as data/views.csv; put it beside")
    return folder / name


def file_of(place: Location, files: Mapping[str, str]) -> str:
    """The file that what stands at ``place`` was read from, by ``files``: {"run": "run.json", "run.seed": ""}."""
    names = (".".join(map(str, place[:n])) for n in range(len(place), 0, -1))
    return next((files[name] for name in names if name in files), "")


def problems_of(error: ValidationError, model: type[BaseModel], content: Mapping[str, Any]) -> list[Problem]:
    """What ``error`` says of ``content``, which was to be a ``model``."""
    found = []
    for problem in problems_in(error):
        location, unknown = problem["loc"], problem["type"] == "extra_forbidden"
        found.append(
            Problem(
                _written(location, content, problem["type"] == "missing"),
                unknown,
                problem["msg"].removeprefix("Value error, "),
                tuple(_keys(model, location[:-1])) if unknown else (),
                _shown(problem["input"]),
            )
        )
    return found


def _written(location: Location, content: Any, missing: bool) -> Location:
    """``location`` without pydantic's names for the members of unions ("curve", "DailySeries"), which nobody wrote.

    Of a key that is ``missing`` the last part was not written either.
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


def _keys(model: type[BaseModel], location: Location) -> Iterator[str]:
    """The keys of the table at ``location`` in a table of ``model``'s."""
    annotation: Any = model
    for part in location:
        annotation = _inside(annotation, part)
    for inside in _models(annotation):
        yield from (field.alias or name for name, field in inside.model_fields.items())


def _inside(annotation: Any, part: int | str) -> Any:
    """The type of ``part`` of a value of type ``annotation``: of a key, an index, or a member of a union."""
    if typing.get_origin(annotation) is dict:
        return typing.get_args(annotation)[1]
    models = list(_models(annotation))
    for inside in models:
        kind = inside.model_fields.get("kind")
        if part == inside.__name__ or (len(models) > 1 and kind is not None and part == kind.default):
            return inside
    fields = {field.alias or name: field for inside in models for name, field in inside.model_fields.items()}
    return fields[part].annotation if isinstance(part, str) and part in fields else annotation


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in typing.get_args(annotation):
        yield from _models(part)


def _shown(value: Any) -> str | None:
    if isinstance(value, Mapping | BaseModel):
        return None
    text = json.dumps(value, ensure_ascii=False, default=str)
    if len(text) <= LONGEST:
        return text
    return text[: LONGEST - 1] + "…" if isinstance(value, str) else None
