"""Marks in a line, which tie motion to a word: ``"It rises, [fall]then it falls."`` has the mark ``fall``.

A name in small letters, digits and hyphens, in square brackets, before the word that it is for, best where a clause
begins. Voices are timed by them; screens and subtitles never show them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

MARK = r"\[[a-z][a-z0-9]*(?:-[a-z0-9]+)*\]"
_MARK = re.compile(rf"{MARK}(\s*)")


def marked(line: str) -> tuple[str, tuple[tuple[str, int], ...]]:
    """A line without its marks, and each mark's name with the place, counted in that text, of what comes after it."""
    text, marks, end = "", [], 0
    for mark in _MARK.finditer(line):
        text += line[end : mark.start()]
        if mark[1] and text and not text[-1].isspace():  # "up[fall] then": the space parts words
            text += mark[1]
        marks.append((mark[0].strip()[1:-1], len(text)))
        end = mark.end()
    return text + line[end:], tuple(marks)


def cut(line: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """A line's stretches, from mark to mark, and the marks between them: together they are the line without marks."""
    text, marks = marked(line)
    places = [0, *(place for _, place in marks), len(text)]
    return tuple(text[start:end] for start, end in pairwise(places)), tuple(name for name, _ in marks)


@dataclass(frozen=True)
class BeatLines:
    """What is said in a beat: its line in each language, cut at its marks, which are the same in all."""

    marks: tuple[str, ...]
    stretches: Mapping[str, tuple[str, ...]]  # by language, one more than there are marks

    @classmethod
    def parsed(cls, lines: Mapping[str, str]) -> BeatLines:
        """Of lines by language. Raises ValueError unless all have the same marks."""
        found = {language: cut(line) for language, line in lines.items()}
        marks = next((marks for _, marks in found.values()), ())
        if any(its != marks for _, its in found.values()):
            raise ValueError("lines with other marks than others")
        return cls(marks, {language: stretches for language, (stretches, _) in found.items()})

    @property
    def printed(self) -> dict[str, str]:
        """The whole line in each language, without marks."""
        return {language: "".join(stretches) for language, stretches in self.stretches.items()}

    @property
    def with_marks(self) -> dict[str, str]:
        """The whole line in each language, as it may be written in a file of words."""
        signs = [*(f"[{mark}]" for mark in self.marks), ""]
        return {
            language: "".join(part + sign for part, sign in zip(stretches, signs, strict=True))
            for language, stretches in self.stretches.items()
        }
