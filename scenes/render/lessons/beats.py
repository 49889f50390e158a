"""Which beats were asked for, and what their lines were filled with."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from gradreel.core.errors import UserError
from gradreel.scenes.catalog import beat_names
from gradreel.scenes.render.lessons.requests import BeatSpan, SceneRequest
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.narration import Narration
from gradreel.scenes.words.narration_fields import plain_values

COUNT = "count"
MOST_NAMED = 12
"""Beats in a message, of those in a source: a run tells few of them."""


@dataclass(frozen=True)
class ListeningNarration(Narration):
    """The narration, noting with what each beat's line was filled: from that, a corrected line is filled later."""

    said: dict[str, dict[str, Any]] = field(default_factory=dict)

    def line(self, scene: str, beat: str, values: Mapping[str, object] | None = None) -> dict[str, str]:
        self.said[beat] = kept(plain_values(values or {}, f"{scene}: beat {beat!r}"))
        return super().line(scene, beat, values)


def filled_again(narration: Narration, scene: str, beat: BeatSpan) -> Mapping[str, str]:
    """A beat's line in each language as it is written today: a corrected word needs no new clip."""
    if not beat.from_narration:
        return beat.lines
    return narration.line(scene, beat.name, restored(beat.values))


def kept(values: Mapping[str, object]) -> dict[str, Any]:
    """What fills a line, `plain_values`, as JSON can hold it: `restored`, it fills the line in the same way.

    A `Count` is told from a plain number, whose digits are not in groups.
    """
    return {name: {COUNT: int(value)} if isinstance(value, Count) else value for name, value in values.items()}


def restored(values: Mapping[str, Any]) -> dict[str, Any]:
    """What had been `kept`."""
    return {name: Count(value[COUNT]) if isinstance(value, Mapping) else value for name, value in values.items()}


def check_beats(shown: Sequence[str], request: SceneRequest, told: Sequence[str]) -> None:
    """Raises UserError, naming those ``told``, unless ``shown`` are the beats from the first to the last asked for."""
    first, last = request.settings.first_beat, request.settings.last_beat
    if first is None and last is None:
        return
    if shown and first in (None, shown[0]) and last in (None, shown[-1]):
        return
    raise no_such_beats(request, told)


def no_such_beats(request: SceneRequest, told: Sequence[str] | None = None) -> UserError:
    """What is wrong with the beats asked for: those ``told`` when the scene was played, or else those in its source.

    There, what is filled in as it is played is "…", and of many only the nearest is named.
    """
    first, last = request.settings.first_beat, request.settings.last_beat
    asked, name = (first or "") + (f",{last}" if last else ""), request.source.name
    if told is None:
        written = (beat for beat in beat_names(request.source) if not beat.startswith("{"))  # the name of a variable
        known = [re.sub(r"\{.*\}", "…", beat) for beat in written]
        which = "has no such beats in that order; its beats"
    else:
        known, which = list(told), "tells no such beats in that order with these parameters and runs; it tells"
    if not known:
        return UserError(f"-n {asked}: {name} has no beats")
    wrong = next((beat for beat in (first, last) if beat is not None and beat not in known), "")
    nearest = get_close_matches(wrong, known, n=1)
    hint = f"; did you mean {nearest[0]}?" if nearest else ""
    many = told is None and len(known) > MOST_NAMED
    listed = f"`gradreel describe {request.source.spec}` shows them" if many else ", ".join(known)
    return UserError(f"-n {asked}: {name} {which}: {listed}{hint}")
