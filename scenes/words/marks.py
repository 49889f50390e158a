"""Marks in a line, which tie motion to a word: ``"It rises, [fall]then it falls."`` has the mark ``fall``.

A mark is a name of small letters, digits and hyphens in square brackets. It stands before its word, best where a clause
begins. Marks determine the timing of voices. Screens and subtitles never show them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

MARK = r"\[[a-z][a-z0-9]*(?:-[a-z0-9]+)*\]"
_MARK = re.compile(rf"{MARK}(\s*)")


def marked(line: str) -> tuple[str, tuple[tuple[str, int], ...]]:
    """Return a line without its marks, and for each mark its name and the position, in that text, of the word after it.

    Examples
    --------
    >>> marked("It rises, [fall]then it falls.")
    ('It rises, then it falls.', (('fall', 10),))
    """
    text, marks, end = "", [], 0
    for mark in _MARK.finditer(line):
        text += line[end : mark.start()]
        if mark[1] and text and not text[-1].isspace():  # "up[fall] then": the space parts words
            text += mark[1]
        marks.append((mark[0].strip()[1:-1], len(text)))
        end = mark.end()
    return text + line[end:], tuple(marks)


def cut(line: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return a line's stretches between marks, and the marks. The stretches together are the line without marks.

    Examples
    --------
    >>> cut("It rises, [fall]then it falls.")
    (('It rises, ', 'then it falls.'), ('fall',))
    """
    text, marks = marked(line)
    places = [0, *(place for _, place in marks), len(text)]
    return tuple(text[start:end] for start, end in pairwise(places)), tuple(name for name, _ in marks)


@dataclass(frozen=True)
class BeatLines:
    """The line of a beat in each language, cut at its marks, which are the same in all languages."""

    marks: tuple[str, ...]
    stretches: Mapping[str, tuple[str, ...]]  # by language; one stretch more than there are marks

    @classmethod
    def parsed(cls, lines: Mapping[str, str]) -> BeatLines:
        """Return the lines, given by language, cut at their marks. Raises ValueError unless all have the same marks."""
        cut_lines = {language: cut(line) for language, line in lines.items()}
        marks = next((marks for _, marks in cut_lines.values()), ())
        if any(other_marks != marks for _, other_marks in cut_lines.values()):
            raise ValueError("lines with other marks than others")
        return cls(marks, {language: stretches for language, (stretches, _) in cut_lines.items()})

    @property
    def printed(self) -> dict[str, str]:
        """Return the whole line in each language, without marks."""
        return {language: "".join(stretches) for language, stretches in self.stretches.items()}

    @property
    def with_marks(self) -> dict[str, str]:
        """Return the whole line in each language, with marks, as in a file of words."""
        signs = [*(f"[{mark}]" for mark in self.marks), ""]
        return {
            language: "".join(part + sign for part, sign in zip(stretches, signs, strict=True))
            for language, stretches in self.stretches.items()
        }
