"""Subtitles from beats and subcaptions: cues that never overlap, as SubRip (``.srt``) and WebVTT (``.vtt``)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise
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
    """Return the cues of all lines in order; each ends before the next begins, and none outlasts its line's time.

    Lines that overlap share a cue while both last, the earlier one above the other. Words that are heard in less time
    than they take to read stay longer, until the next words of their line. A line of white space gives no cue.
    """
    waiting = sorted((cue for line in lines for cue in _cues_of(line, language)), key=lambda cue: cue.start)
    times = sorted({time for cue in waiting for time in (cue.start, cue.end)})
    found: list[Cue] = []
    shown: list[Cue] = []
    started = 0
    for start, end in pairwise(times):
        shown = [cue for cue in shown if cue.end > start]
        while started < len(waiting) and waiting[started].start <= start:
            shown.append(waiting[started])
            started += 1
        if shown:
            found.append(Cue(start, end, "\n".join(cue.text for cue in shown)))
    return _with_gaps(found)


def _cues_of(line: TimedLine, language: str) -> list[Cue]:
    """Return the cues of one line; each ends where the next begins, at the latest."""
    found = [Cue(round(1000 * start), round(1000 * end), text) for start, end, text in _clauses(line, language)]
    following = [*(cue.start for cue in found[1:]), *(cue.end for cue in found[-1:])]
    cut = [replace(cue, end=min(cue.end, start)) for cue, start in zip(found, following, strict=True)]
    return [cue for cue in cut if cue.start < cue.end]


def _with_gaps(touching: Sequence[Cue]) -> list[Cue]:
    """Return cues in order with `GAP` between those that touch; a cue of less than `GAP` keeps a millisecond."""
    gap = round(1000 * GAP)
    following = [*(cue.start - gap for cue in touching[1:]), *(cue.end for cue in touching[-1:])]
    return [
        replace(cue, end=min(cue.end, max(latest, cue.start + 1)))
        for cue, latest in zip(touching, following, strict=True)
    ]


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
