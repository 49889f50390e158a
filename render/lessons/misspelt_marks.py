"""Finds brackets in a line that look like a mark but are read as text, such as ``[Move]`` or an unclosed ``[move``."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator

from gradreel.scenes.words.marks import marked

_FIELD = re.compile(r"\{[^{}]*\}")
_PIECE = re.compile(r"([\[［【]?)([^\[［【\]］】()（）]*)([\]］】)）]?)")
READ_AS_TEXT = "brackets that are no marks are printed and spoken"
MOST_SHOWN = 20  # characters of an unclosed bracket in a message


def misspelt_marks(line: str, marks: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield each bracket of ``line`` that misspells one of ``marks``, as written, and that mark.

    Case, spaces and signs do not count. The other bracket may be missing: ``[move``, ``move]``.

    Examples
    --------
    >>> list(misspelt_marks("It stands, [Move]and moves, [half then.", ["move", "half"]))
    [('[Move]', 'move'), ('[half then.', 'half')]
    """
    for opening, inner, closing in _texts_in_brackets(line):
        letters = _small_letters_and_digits(inner)
        for mark in marks:
            name = _small_letters_and_digits(mark)
            if opening and closing:
                is_meant = letters == name
            else:
                is_meant = letters.startswith(name) if opening else letters.endswith(name)
            if is_meant:
                shown = inner[:MOST_SHOWN] if opening else inner[-MOST_SHOWN:]
                yield opening + shown + closing, mark
                break


def texts_in_brackets(line: str) -> list[str]:
    """Return the bracketed texts of ``line`` that hold a letter and are not marks: ``["[see below]"]``."""
    return [
        opening + inner + closing
        for opening, inner, closing in _texts_in_brackets(line)
        if opening and closing and any(map(str.isalpha, inner))
    ]


def _texts_in_brackets(line: str) -> Iterator[tuple[str, str, str]]:
    """Yield opening bracket, content and closing bracket of each text in brackets that is no mark.

    One of the two brackets may be "".
    """
    text = _FIELD.sub("0", marked(line)[0])
    for opening, inner, closing in _PIECE.findall(text):
        if opening or closing in tuple("]］】"):
            yield opening, inner, closing


def _small_letters_and_digits(text: str) -> str:
    """Return the small letters and digits of a text: "mo_ve" and "Ｍove" give "move"."""
    return re.sub(r"[^a-z0-9]", "", unicodedata.normalize("NFKC", text).casefold())
