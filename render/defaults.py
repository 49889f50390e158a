"""Defaults of one's own for the options of commands: ``gradreel.toml``, or ``[tool.gradreel]`` in ``pyproject.toml``.

    lang = "zh"              # for every command that has --lang
    lesson = "lesson.toml"   # paths are beside this file

    [render]                 # for one command
    quality = "l"

The nearest such file counts, from the working folder up through its parents, and no other is added to it. It is a
program, as the lessons, voices and schedulers are that it may name: in a folder from elsewhere it is read first.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeAlias

import click
from gradreel.core.errors import UserError
from gradreel.core.files import read_toml

ALONE, SHARED = "gradreel.toml", "pyproject.toml"  # in a folder that has both the first one counts

_Options: TypeAlias = dict[str, click.Option]  # by each name that one has: "fps", "frame-rate"


def find_defaults(folder: Path) -> tuple[Path, dict[str, Any]] | None:
    """The nearest file of defaults and what it says; None where there is none.

    A folder of another owner ends the search: what lies in /tmp, say, may be anybody's. Raises UserError.
    """
    owner = folder.stat().st_uid
    for place in (folder, *folder.parents):
        if place.stat().st_uid != owner:
            return None
        if (file := place / ALONE).exists():
            return file, read_toml(file, "defaults")
        if (file := place / SHARED).exists():
            tools = read_toml(file, "defaults").get("tool")
            if isinstance(tools, Mapping) and "gradreel" in tools:
                return file, _table(tools["gradreel"], f"{file}: [tool.gradreel]")
    return None


def default_map(group: click.Group, said: Mapping[str, Any], file: Path) -> dict[str, Any]:
    """What ``file`` has ``said``, as click takes it: for each command of ``group``, by the names of its parameters.

    Raises UserError for a key that no command has, and for a value that its option cannot have.
    """
    general = {key: value for key, value in said.items() if key not in group.commands}
    known = _options(group)
    for key, value in general.items():
        if isinstance(value, Mapping):
            raise UserError(f"{file}: [{key}]: there is no such command; the commands are {', '.join(group.commands)}")
        _value(known, key, value, file, f"{file}: {key}")
    return _of_group(group, general, {key: said[key] for key in said if key in group.commands}, file)


def _of_group(
    group: click.Group, general: Mapping[str, Any], tables: Mapping[str, Any], file: Path, inside: str = ""
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key in tables.keys() - group.commands.keys():
        raise UserError(
            f"{file}: [{inside}{key}]: there is no such command; the commands are {', '.join(group.commands)}"
        )
    for name, command in group.commands.items():
        where, known = f"{file}: [{inside}{name}]", _options(command)
        table = _table(tables.get(name, {}), where)
        if isinstance(command, click.Group):
            found[name] = _of_group(command, general, table, file, f"{inside}{name}.")
            continue
        here = {key: value for key, value in general.items() if _normal(key) in known} | table
        values = {key: _value(known, key, value, file, f"{where} {key}") for key, value in here.items()}
        found[name] = {known[_normal(key)].name: value for key, value in values.items()}
    return found


def _value(known: _Options, key: str, value: Any, file: Path, where: str) -> Any:
    """The value of the option ``key``, a path made absolute. Raises UserError for what it cannot have."""
    option = known.get(_normal(key))
    if option is None:
        meant = get_close_matches(_normal(key), known, n=1)
        names = ", ".join(name for name, other in known.items() if other.envvar)
        raise UserError(
            f"{where}: there is no such option; " + (f"did you mean {meant[0]}?" if meant else f"use one of {names}")
        )
    if option.envvar is None:
        raise UserError(f"{where}: --{_normal(key)} works only on the command line; remove it here")
    if option.is_flag and not isinstance(value, bool):
        raise UserError(f"{where} = {json.dumps(value, default=str)}: needed: true or false")
    value = value.isoformat() if isinstance(value, date) else value
    several = value if option.multiple and isinstance(value, list) else [value]
    if not option.is_flag and any(isinstance(one, bool) or not isinstance(one, str | int | float) for one in several):
        raise UserError(f"{where} = {json.dumps(value, default=str)}: needed: a text in quotes, or a number")
    try:
        converted = option.type_cast_value(click.Context(click.Command(None)), several if option.multiple else value)
    except click.BadParameter as error:
        raise UserError(f"{where} = {json.dumps(value, default=str)}: {error.message}") from None
    if option.multiple:
        from gradreel.render.voice.choice import beside  # which imports more than this file, read by every command

        return [beside(file.parent, voice) for voice in converted]
    return file.parent / converted if isinstance(option.type, click.Path) else value


def _options(command: click.Command) -> _Options:
    """The options of a command; of a group those of all its commands."""
    if isinstance(command, click.Group):
        return {name: option for inside in command.commands.values() for name, option in _options(inside).items()}
    options = [param for param in command.params if isinstance(param, click.Option)]
    return {_normal(name[2:]): option for option in options for name in option.opts if name.startswith("--")}


def _normal(key: str) -> str:
    return key.replace("_", "-")


def _table(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UserError(f'{where}: needed: a table of options, such as [render] with quality = "l" below it')
    return value
