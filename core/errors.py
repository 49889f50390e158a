"""The errors a user can mend: each message says what was found, what was needed and what would do."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unicodedata import category

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

PRINTED_TOO = "\n\t\u200c\u200d"  # the last two are joiners, which words and emoji need


class UserError(Exception):
    """The user's mistake. ``str(error)`` is the whole message, with quoted names and texts made `printable`."""

    def __str__(self) -> str:
        return printable(super().__str__())


class TraceError(UserError):
    """A trace that is missing, damaged, of a foreign format or of another experiment."""


class DamagedColumnError(TraceError):
    """A column that a run cannot be read without, such as its points, is missing or damaged. ``column``: its name."""

    def __init__(self, column: str, text: str) -> None:
        super().__init__(text)
        self.column = column

    def __reduce__(self) -> tuple[type[DamagedColumnError], tuple[str, str]]:
        return type(self), (self.column, str(self))


class PathError(TraceError):
    """A path through parameter space that runs off to infinity: ``found``, and how many updates can be shown of it."""

    def __init__(self, found: str, last: int | None) -> None:
        super().__init__(found + ("; no path to show" if last is None else f"; ask for the path up to {last} updates"))
        self.found, self.last = found, last

    def __reduce__(self) -> tuple[type[PathError], tuple[str, int | None]]:
        return type(self), (self.found, self.last)


class TrainingError(UserError):
    """A training run that could not finish, such as one that diverged."""


def printable(text: str) -> str:
    """Return ``text`` with each character spelled out that would steer a terminal or reorder its line.

    Examples: escape sequences, carriage returns, overrides of the writing direction, lone surrogates. Spaces of any
    width stay. So do the joiners inside words and emoji.
    """
    return "".join(c if is_printable(c) else ascii(c)[1:-1] for c in text)


def is_printable(character: str) -> bool:
    """Return whether ``character`` can be printed as it is: it is visible, a space, a line break, a tab or a joiner."""
    return character.isprintable() or character in PRINTED_TOO or category(character) == "Zs"


def abbreviated_list(names: Sequence[str]) -> str:
    """The first three names, and how many there are more."""
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def problems_in(error: ValidationError) -> list[ErrorDetails]:
    """What pydantic says is wrong, without what only follows: a list is called too short when its entries are wrong."""
    problems = error.errors()
    return [
        problem
        for problem in problems
        if problem["type"] != "too_short"
        or not any(
            len(other["loc"]) > len(problem["loc"]) and other["loc"][: len(problem["loc"])] == problem["loc"]
            for other in problems
        )
    ]
