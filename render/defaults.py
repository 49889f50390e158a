"""Reads the user's defaults for options: ``gradreel.toml``, or ``[tool.gradreel]`` in ``pyproject.toml``.

    lang = "zh"              # for every command that has --lang
    lesson = "lesson.toml"   # paths are relative to this file

    [render]                 # for one command
    quality = "l"

Only the nearest file counts, from the working folder upwards. The file is as powerful as a program: it may name a
lesson, and a lesson runs scenes. So read it before you run `gradreel` in a folder from somebody else.
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

OWN_FILE, SHARED_FILE = "gradreel.toml", "pyproject.toml"  # in a folder with both, the first counts

_Options: TypeAlias = dict[str, click.Option]  # by each name of the option: "fps", "frame-rate"


def find_defaults(folder: Path) -> tuple[Path, dict[str, Any]] | None:
    """Return the nearest file of defaults, from ``folder`` upwards, with its content; None if there is none.

    The search ends at a folder of another owner, such as /tmp: anybody may have put a file there. Raises UserError
    for a file that is not valid TOML.
    """
    owner = folder.stat().st_uid
    for parent in (folder, *folder.parents):
        if parent.stat().st_uid != owner:
            return None
        if (file := parent / OWN_FILE).exists():
            return file, read_toml(file, "defaults")
        if (file := parent / SHARED_FILE).exists():
            tools = read_toml(file, "defaults").get("tool")
            if isinstance(tools, Mapping) and "gradreel" in tools:
                return file, _check_table(tools["gradreel"], f"{file}: [tool.gradreel]")
    return None


def default_map(group: click.Group, content: Mapping[str, Any], file: Path) -> dict[str, Any]:
    """Return the ``content`` of ``file`` as click's default map: for each command, values by parameter name.

    Raises UserError for a key that no command has, and for a value that its option does not accept.
    """
    general = {key: value for key, value in content.items() if key not in group.commands}
    options = _options_by_name(group)
    for key, value in general.items():
        if isinstance(value, Mapping):
            raise UserError(f"{file}: [{key}]: there is no such command; the commands are {', '.join(group.commands)}")
        _checked_value(options, key, value, file, f"{file}: {key}")
    return _group_map(group, general, {key: content[key] for key in content if key in group.commands}, file)


def _group_map(
    group: click.Group, general: Mapping[str, Any], tables: Mapping[str, Any], file: Path, prefix: str = ""
) -> dict[str, Any]:
    """Return the default map of ``group``; a command's own table overrides the ``general`` values that it has.

    ``prefix``: the group's own name with a dot, for error messages.
    """
    values_by_command: dict[str, Any] = {}
    for key in tables.keys() - group.commands.keys():
        raise UserError(
            f"{file}: [{prefix}{key}]: there is no such command; the commands are {', '.join(group.commands)}"
        )
    for name, command in group.commands.items():
        where, options = f"{file}: [{prefix}{name}]", _options_by_name(command)
        table = _check_table(tables.get(name, {}), where)
        if isinstance(command, click.Group):
            values_by_command[name] = _group_map(command, general, table, file, f"{prefix}{name}.")
            continue
        own = {key: value for key, value in general.items() if _with_hyphens(key) in options} | table
        values = {key: _checked_value(options, key, value, file, f"{where} {key}") for key, value in own.items()}
        values_by_command[name] = {options[_with_hyphens(key)].name: value for key, value in values.items()}
    return values_by_command


def _checked_value(options: _Options, key: str, value: Any, file: Path, where: str) -> Any:
    """Return ``value`` for the option ``key``; a relative path becomes relative to the folder of ``file``.

    Raises UserError for an unknown option, and for a value of the wrong type. Also for an option without an
    environment variable: it works only on the command line. ``where`` begins the message.
    """
    option = options.get(_with_hyphens(key))
    if option is None:
        meant = get_close_matches(_with_hyphens(key), options, n=1)
        names = ", ".join(name for name, other in options.items() if other.envvar)
        raise UserError(
            f"{where}: there is no such option; " + (f"did you mean {meant[0]}?" if meant else f"use one of {names}")
        )
    if option.envvar is None:
        raise UserError(f"{where}: --{_with_hyphens(key)} works only on the command line; remove it here")
    if option.is_flag and not isinstance(value, bool):
        raise UserError(f"{where} = {json.dumps(value, default=str)}: needed: true or false")
    value = value.isoformat() if isinstance(value, date) else value
    values = value if option.multiple and isinstance(value, list) else [value]
    if not option.is_flag and any(isinstance(item, bool) or not isinstance(item, str | int | float) for item in values):
        raise UserError(f"{where} = {json.dumps(value, default=str)}: needed: a text in quotes, or a number")
    try:
        converted = option.type_cast_value(click.Context(click.Command(None)), values if option.multiple else value)
    except click.BadParameter as error:
        raise UserError(f"{where} = {json.dumps(value, default=str)}: {error.message}") from None
    if option.multiple:
        from gradreel.render.voice.choice import voice_beside  # imported late: every command reads this module

        return [voice_beside(file.parent, voice) for voice in converted]
    return file.parent / converted if isinstance(option.type, click.Path) else value


def _options_by_name(command: click.Command) -> _Options:
    """Return a command's options by name; for a group, those of all its commands."""
    if isinstance(command, click.Group):
        return {
            name: option for inside in command.commands.values() for name, option in _options_by_name(inside).items()
        }
    options = [param for param in command.params if isinstance(param, click.Option)]
    return {_with_hyphens(name[2:]): option for option in options for name in option.opts if name.startswith("--")}


def _with_hyphens(key: str) -> str:
    """Return the key with hyphens, so that "media_dir" equals "media-dir"."""
    return key.replace("_", "-")


def _check_table(value: Any, where: str) -> dict[str, Any]:
    """Return ``value`` if it is a TOML table. Raises UserError, beginning with ``where``, if not."""
    if not isinstance(value, dict):
        raise UserError(f'{where}: needed: a table of options, such as [render] with quality = "l" below it')
    return value
