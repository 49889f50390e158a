"""Subtitles from beats: cues that never overlap, as SubRip (``.srt``) and WebVTT (``.vtt``)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

import srt
from gradreel.core.errors import printable
from gradreel.scenes.words.subtitle_timing import reading_time, timed_cues

Clause: TypeAlias = tuple[float, float, str]  # from when to when, and its text

GAP = 0.04  # seconds between cues that would touch, so that the eye sees the change


@dataclass(frozen=True)
class TimedLine:
    """What is to be read from ``start`` to ``end`` (seconds of the video)."""

    start: float
    end: float
    text: str
    spoken: Sequence[Clause] = ()  # of a line that is heard: its cues, each while its words are


@dataclass(frozen=True)
class Cue:
    """One subtitle on the screen, in whole milliseconds."""

    start: int
    end: int
    text: str


def cues(lines: Iterable[TimedLine], language: str) -> list[Cue]:
    """Cues of all lines in order; each ends before the next begins, and none outlasts its line's time.

    Words that are heard in less time than they take to read stay longer, as far as nothing else comes. A line of white
    space gives none. A cue too short to be seen is dropped.
    """
    found: list[Cue] = []
    for line in sorted(lines, key=lambda line: line.start):
        for start, end, text in _clauses(line, language):
            begin, stop = round(1000 * start), round(1000 * end)
            if found and begin < found[-1].end + round(1000 * GAP):
                found[-1] = Cue(found[-1].start, max(begin - round(1000 * GAP), found[-1].start + 1), found[-1].text)
                begin = max(begin, found[-1].end)
            if stop - begin > 0:
                found.append(Cue(begin, stop, text))
    return found


def _clauses(line: TimedLine, language: str) -> Iterable[Clause]:
    if not line.spoken:
        return timed_cues(line.text, language, line.start, line.end)
    return [
        (start, max(end, min(start + reading_time(text, language), line.end)), text) for start, end, text in line.spoken
    ]


def as_srt(found: Iterable[Cue]) -> str:
    """SubRip text, numbered from 1."""
    entries = [
        srt.Subtitle(index, timedelta(milliseconds=cue.start), timedelta(milliseconds=cue.end), printable(cue.text))
        for index, cue in enumerate(found, 1)
    ]
    return str(srt.compose(entries))


def as_vtt(found: Iterable[Cue], language: str) -> str:
    """A WebVTT file."""
    blocks = [f"WEBVTT\nLanguage: {language}"]
    for cue in found:
        blocks.append(f"{_clock(cue.start)} --> {_clock(cue.end)}\n{as_vtt_text(cue.text)}")
    return "\n\n".join(blocks) + "\n"


def as_vtt_text(text: str) -> str:
    """A cue's text as WebVTT wants it."""
    return printable(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _clock(milliseconds: int) -> str:
    seconds, fraction = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}.{fraction:03d}"
