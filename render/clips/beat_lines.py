"""What the lines of a clip's beats were filled with: so a corrected line is filled again without rendering the clip."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gradreel.render.stages import BeatSpan
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.marks import BeatLines
from gradreel.scenes.words.narration import Narration

COUNT = "count"


def filled_again(narration: Narration, whose: str, beat: BeatSpan) -> BeatLines:
    """A beat's line in each language as it is written today, filled as when the clip was rendered.

    ``whose``: the scene whose words it has.
    """
    if not beat.from_narration:
        return BeatLines.parsed(beat.lines)
    return narration.lines(whose, beat.name, from_json(beat.values))


def spoken_again(narration: Narration, whose: str, beat: BeatSpan) -> BeatLines:
    """Return the same as voices read it."""
    if beat.from_narration:
        return narration.lines(whose, beat.name, from_json(beat.values), spoken=True)
    lines = BeatLines.parsed(beat.lines)
    said = {language: narration.spoken(stretches, language) for language, stretches in lines.stretches.items()}
    return BeatLines(lines.marks, said)


def check_beats(beats: Iterable[BeatSpan]) -> None:
    """Raises ValueError for beats, read from a file, that are none of ours."""
    try:
        for beat in beats:
            BeatLines.parsed(beat.lines)
            from_json(beat.values)
    except (KeyError, TypeError, OverflowError) as error:
        raise ValueError(f"no values of ours: {error}") from None


def as_json(values: Mapping[str, object]) -> dict[str, Any]:
    """What fills a line (`plain_values`), as JSON can hold it. A `Count` has its digits in groups, a number has not."""
    return {name: {COUNT: int(value)} if isinstance(value, Count) else value for name, value in values.items()}


def from_json(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that `as_json` was given."""
    return {name: Count(value[COUNT]) if isinstance(value, Mapping) else value for name, value in values.items()}
