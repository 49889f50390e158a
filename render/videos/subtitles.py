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

Clause: TypeAlias = tuple[float, float, str]  # start and end in seconds, and the text

GAP = 0.04  # seconds between cues that would touch, so that the eye sees the change


@dataclass(frozen=True)
class TimedLine:
    """A line to be read from ``start`` to ``end`` (seconds of the video)."""

    start: float
    end: float
    text: str
    spoken: Sequence[Clause] = ()  # clauses of a spoken line, each with the time at which it is heard


@dataclass(frozen=True)
class Cue:
    """One subtitle on the screen, in whole milliseconds."""

    start: int
    end: int
    text: str


def cues(lines: Iterable[TimedLine], language: str) -> list[Cue]:
    """Return the cues of all lines in order; each ends before the next begins, and none lasts longer than its line.

    Lines that overlap share a cue while both last, the earlier one above the other. A clause that is spoken faster than
    it can be read stays longer, until the next clause of its line. A line of white space gives no cue.
    """
    waiting = sorted((cue for line in lines for cue in _cues_of(line, language)), key=lambda cue: cue.start)
    times = sorted({time for cue in waiting for time in (cue.start, cue.end)})
    merged: list[Cue] = []
    shown: list[Cue] = []
    started = 0
    for start, end in pairwise(times):
        shown = [cue for cue in shown if cue.end > start]
        while started < len(waiting) and waiting[started].start <= start:
            shown.append(waiting[started])
            started += 1
        if shown:
            merged.append(Cue(start, end, "\n".join(cue.text for cue in shown)))
    return _with_gaps(merged)


def _cues_of(line: TimedLine, language: str) -> list[Cue]:
    """Return the cues of one line; each ends where the next begins, at the latest."""
    line_cues = [
        Cue(round(1000 * start), round(1000 * end), text) for start, end, text in _clauses_of_line(line, language)
    ]
    following = [*(cue.start for cue in line_cues[1:]), *(cue.end for cue in line_cues[-1:])]
    cut = [replace(cue, end=min(cue.end, start)) for cue, start in zip(line_cues, following, strict=True)]
    return [cue for cue in cut if cue.start < cue.end]


def _with_gaps(touching: Sequence[Cue]) -> list[Cue]:
    """Return cues in order with `GAP` between those that touch; a cue of less than `GAP` keeps a millisecond."""
    gap = round(1000 * GAP)
    following = [*(cue.start - gap for cue in touching[1:]), *(cue.end for cue in touching[-1:])]
    return [
        replace(cue, end=min(cue.end, max(latest, cue.start + 1)))
        for cue, latest in zip(touching, following, strict=True)
    ]


def _clauses_of_line(line: TimedLine, language: str) -> Iterable[Clause]:
    """Return the clauses of a line: when each is spoken, or the line divided by reading time if it is not spoken."""
    if not line.spoken:
        return timed_cues(line.text, language, line.start, line.end)
    return [
        (start, max(end, min(start + reading_time(text, language), line.end)), text) for start, end, text in line.spoken
    ]


def as_srt(cues_in_order: Iterable[Cue]) -> str:
    """Return the cues as SubRip text, numbered from 1."""
    entries = [
        srt.Subtitle(index, timedelta(milliseconds=cue.start), timedelta(milliseconds=cue.end), printable(cue.text))
        for index, cue in enumerate(cues_in_order, 1)
    ]
    return str(srt.compose(entries))


def as_vtt(cues_in_order: Iterable[Cue], language: str) -> str:
    """Return the cues as a WebVTT file."""
    blocks = [f"WEBVTT\nLanguage: {language}"]
    for cue in cues_in_order:
        blocks.append(
            f"{_clock_with_milliseconds(cue.start)} --> {_clock_with_milliseconds(cue.end)}\n{as_vtt_text(cue.text)}"
        )
    return "\n\n".join(blocks) + "\n"


def as_vtt_text(text: str) -> str:
    """Return a cue's text escaped for WebVTT."""
    return printable(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _clock_with_milliseconds(milliseconds: int) -> str:
    """Return a time as "hh:mm:ss.mmm"."""
    seconds, fraction = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}.{fraction:03d}"
