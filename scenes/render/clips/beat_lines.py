"""What the lines of a clip's beats were filled with: so a corrected line is filled again without rendering the clip."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gradreel.scenes.render.stages import BeatSpan
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.marks import BeatLines
from gradreel.scenes.words.narration import Narration
from gradreel.scenes.words.narration_fields import plain_values

COUNT = "count"


@dataclass(frozen=True)
class ListeningNarration(Narration):
    """The narration, noting in ``said`` with what each beat's line was filled."""

    said: dict[str, dict[str, Any]] = field(default_factory=dict)

    def lines(
        self, scene: str, beat: str, values: Mapping[str, object] | None = None, spoken: bool = False
    ) -> BeatLines:
        self.said[beat] = as_json(plain_values(values or {}, f"{scene}: beat {beat!r}"))
        return super().lines(scene, beat, values, spoken)


def filled_again(narration: Narration, scene: str, beat: BeatSpan) -> BeatLines:
    """A beat's line in each language as it is written today, filled as when the clip was rendered."""
    if not beat.from_narration:
        return BeatLines.parsed(beat.lines)
    return narration.lines(scene, beat.name, from_json(beat.values))


def as_json(values: Mapping[str, object]) -> dict[str, Any]:
    """What fills a line (`plain_values`), as JSON can hold it. A `Count` has its digits in groups, a number has not."""
    return {name: {COUNT: int(value)} if isinstance(value, Count) else value for name, value in values.items()}


def from_json(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that `as_json` was given."""
    return {name: Count(value[COUNT]) if isinstance(value, Mapping) else value for name, value in values.items()}
