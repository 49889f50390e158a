"""Finds what a command names: a lesson of ours, all scenes of a file (``-a``), or those picked on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click
from gradreel.core.errors import UserError
from gradreel.scenes.catalog import LESSON_FILES, file_and_class, scenes_in_file, specs_of

ALL = "*"


def chosen_scenes(words: Sequence[str], write_all: bool) -> tuple[str, ...]:
    """Return one spec for each scene that ``words`` name.

    A file alone that has several scenes: with ``write_all`` all of them, on a terminal those that the user picks.
    Elsewhere its spec stays as it is. Raises UserError for ``write_all`` without a file that has scenes.
    """
    specs: list[str] = []
    has_file = False
    for spec in specs_of(words):
        named = file_and_class(spec)
        names = scenes_in_file(named[0]) if named is not None and not named[1] else []
        has_file |= bool(names)
        if named is not None and names and write_all:
            specs += [f"{named[0]}:{name}" for name in names]
        elif named is not None and len(names) > 1 and sys.stdin.isatty() and sys.stderr.isatty():
            specs += [f"{named[0]}:{name}" for name in _ask_for_scenes(str(named[0]), names)]
        else:
            specs.append(spec)
    if write_all and not has_file:
        raise _no_file_of_scenes(specs)
    return tuple(specs)


def chosen_lesson(words: Sequence[str], other: Path | None = None) -> Path | None:
    """Return the file of our lesson whose name is the only one of ``words``; None if they name scenes.

    Raises UserError if something stands beside the lesson's name: a scene, or the ``other`` lesson of --lesson.
    """
    lessons = {file.stem: file for file in LESSON_FILES}
    name = next((word for word in words if word in lessons), None)
    if name is None:
        return None
    rest = [word for word in words if word != name]
    if rest or other is not None:
        found = f"--lesson {other}" if other is not None else ", ".join(rest)
        raise UserError(
            f"{name} is a lesson, and {found} was named too; name the lesson alone: gradreel render {name}, or scenes"
            " alone"
        )
    return lessons[name]


def _no_file_of_scenes(specs: Sequence[str]) -> UserError:
    """Return the error for ``-a`` with ``specs``, none of which is a file with scenes."""
    file, class_name = next(filter(None, map(file_and_class, specs)), (Path("my_scene.py"), "MyScene"))
    if class_name:
        return UserError(f"-a renders all scenes of a file; name a file without a class: gradreel render -a {file}")
    if not file.is_file():
        return UserError(f"-a renders all scenes of a file, and there is no file {file}; name another one")
    return UserError(f"-a renders all scenes of a file, and {file} has no scene class; name a file that has some")


def _ask_for_scenes(file: str, names: Sequence[str]) -> list[str]:
    """Return the names that the user picks by their numbers."""
    click.echo(f"{file} has {len(names)} scenes:", err=True)
    for number, name in enumerate(names, 1):
        click.echo(f"  {number}: {name}", err=True)

    def picked(text: str) -> list[str]:
        if text.strip() == ALL:
            return list(names)
        try:
            numbers = [int(part) for part in text.split(",")]
        except ValueError:
            numbers = [0]
        if not all(1 <= number <= len(names) for number in numbers):
            raise click.BadParameter(f"numbers from 1 to {len(names)} were needed, such as 1,2; {ALL} for all")
        return [names[number - 1] for number in dict.fromkeys(numbers)]

    choice: list[str] = click.prompt(f"Which? (numbers; {ALL}: all)", value_proc=picked, err=True)
    return choice
