"""Marks in a line, which tie motion to a word: ``"It rises, [fall]then it falls."`` has the mark ``fall``.

A name in small letters, digits and hyphens, in square brackets, before the word that it is for, best where a clause
begins. Voices are timed by them; screens and subtitles never show them.
"""

from __future__ import annotations

import re

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
