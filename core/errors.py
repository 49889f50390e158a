"""The errors a user can mend: each message says what was found, what was needed and what would do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails


class UserError(Exception):
    """The user's mistake; ``str(error)`` is the whole message."""


class TraceError(UserError):
    """A trace that is missing, damaged, of a foreign format or of another experiment."""


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
    """``text`` for a terminal: what would steer it, such as an escape sequence in a file's name, is spelled out."""
    shown = (c if c.isprintable() or c in "\n\t" else ascii(c)[1:-1] for c in text)
    return "".join(shown)


def listed(names: Sequence[str]) -> str:
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
