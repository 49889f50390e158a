"""Stores the values that filled a clip's lines, so that a corrected line is filled without rendering the clip."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gradreel.render.stages import BeatSpan
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.marks import BeatLines
from gradreel.scenes.words.narration import Narration

COUNT = "count"


def refill_lines(narration: Narration, scene: str, beat: BeatSpan) -> BeatLines:
    """Return a beat's line in each language: the current narration, filled with the values stored with the clip.

    ``scene``: name of the narration's section. A line that the scene gave itself is returned as stored.
    """
    if not beat.from_narration:
        return BeatLines.parsed(beat.lines)
    return narration.lines(scene, beat.name, from_json(beat.values))


def refill_spoken_lines(narration: Narration, scene: str, beat: BeatSpan) -> BeatLines:
    """Return the same line as `refill_lines`, in its spoken form."""
    if beat.from_narration:
        return narration.lines(scene, beat.name, from_json(beat.values), spoken=True)
    lines = BeatLines.parsed(beat.lines)
    spoken = {language: narration.spoken(stretches, language) for language, stretches in lines.stretches.items()}
    return BeatLines(lines.marks, spoken)


def check_beats(beats: Iterable[BeatSpan]) -> None:
    """Raise ValueError unless lines and values of the beats, which were read from a file, have our format."""
    try:
        for beat in beats:
            BeatLines.parsed(beat.lines)
            from_json(beat.values)
    except (KeyError, TypeError, OverflowError) as error:
        raise ValueError(f"these beats do not have our format: {error}") from None


def as_json(values: Mapping[str, object]) -> dict[str, Any]:
    """Return the values that fill a line as JSON data: a `Count` becomes ``{"count": 12}``; other values stay."""
    return {name: {COUNT: int(value)} if isinstance(value, Count) else value for name, value in values.items()}


def from_json(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that were passed to `as_json`."""
    return {name: Count(value[COUNT]) if isinstance(value, Mapping) else value for name, value in values.items()}
