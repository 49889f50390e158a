"""Errors that users can mend. Each message names the fault, the requirement and the fix."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unicodedata import category

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

PRINTED_TOO = "\n\t\u200c\u200d"
"""Characters that are printed although they are not printable: line break, tab, and two joiners of words and emoji."""


class UserError(Exception):
    """A mistake of the user. ``str(error)`` is the whole message, made `printable`."""

    def __str__(self) -> str:
        """Return the message; control characters in quoted names and texts are spelled out."""
        return printable(super().__str__())


class TraceError(UserError):
    """A trace is missing, damaged, of a foreign format or of another experiment."""


class DamagedColumnError(TraceError):
    """A column without which a run cannot be read is missing or damaged, such as its points. ``column`` is its name."""

    def __init__(self, column: str, text: str) -> None:
        super().__init__(text)
        self.column = column

    def __reduce__(self) -> tuple[type[DamagedColumnError], tuple[str, str]]:
        return type(self), (self.column, str(self))


class UnregisteredPartError(TraceError):
    """A run has an activation, a loss or an optimizer of a user's own that this process has not registered."""


class PathError(TraceError):
    """A path through parameter space runs off to infinity.

    Parameters
    ----------
    found
        What was found, as a sentence; the message begins with it.
    last
        Up to how many updates the path can be shown; None if not at all.
    """

    def __init__(self, found: str, last: int | None) -> None:
        super().__init__(found + ("; no path to show" if last is None else f"; ask for the path up to {last} updates"))
        self.found, self.last = found, last

    def __reduce__(self) -> tuple[type[PathError], tuple[str, int | None]]:
        return type(self), (self.found, self.last)


class TrainingError(UserError):
    """A training run could not finish, for instance because it diverged."""


def printable(text: str) -> str:
    r"""Return ``text`` with every character spelled out that would steer a terminal or reorder its line.

    Such characters are escape sequences, carriage returns, overrides of the writing direction and lone surrogates.
    Spaces of any width and the joiners in words and emoji stay as they are.

    Examples
    --------
    >>> print(printable("a\x1b[2Jb"))
    a\x1b[2Jb
    """
    return "".join(c if is_printable(c) else ascii(c)[1:-1] for c in text)


def is_printable(character: str) -> bool:
    """Return whether ``character`` can be printed as it is: it is visible, a space, a line break, a tab or a joiner."""
    return character.isprintable() or character in PRINTED_TOO or category(character) == "Zs"


def check_encodable(text: str, what: str) -> str:
    """Return ``text``. UserError, beginning with ``what``, if a lone surrogate in it keeps it out of UTF-8 files."""
    surrogate = next((character for character in text if "\ud800" <= character <= "\udfff"), None)
    if surrogate is None:
        return text
    shown = printable(text if len(text) <= 60 else f"{text[:59]}…")
    raise UserError(
        f"{what} {shown!r} has {ascii(surrogate)[1:-1]}, half of a surrogate pair, which no UTF-8 file can hold; "
        "leave it out, or write the whole character"
    )


def abbreviated_list(names: Sequence[str]) -> str:
    """Return the names separated by commas; of more than three, the first three and how many more there are.

    Examples
    --------
    >>> abbreviated_list(["a", "b", "c", "d", "e"])
    'a, b, c and 2 more'
    """
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def problems_in(error: ValidationError) -> list[ErrorDetails]:
    """Return the problems that pydantic found, without mere consequences.

    A list whose entries are wrong also counts as too short: that second problem is left out.
    """
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
