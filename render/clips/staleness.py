"""Explains why a cached clip is stale: names the inputs that changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gradreel.render.clips.beat_lines import refill_lines
from gradreel.render.clips.dependencies import Dependencies, reason_text
from gradreel.render.stages import BeatSpan, SceneRequest
from gradreel.scenes.words.marks import BeatLines
from gradreel.scenes.words.narration import Narration, NarrationError
from gradreel.scenes.words.subtitle_timing import reading_seconds

KINDS = {"parameters": "parameter ", "traces": "trace of ", "settings": "", "versions": "version of "}
NAMES = {"configuration": "manim.cfg", "speech": "narration"}


def changes_since(content: Mapping[str, Any], request: SceneRequest, narrated_as: str, words: Narration) -> list[str]:
    """Return the names of inputs that changed since a clip was made: files, libraries, or "narration".

    ``content``: the clip's description. A line that is only read counts as changed if its reading time or its marks
    changed. The times of spoken lines are among the clip's parts instead.
    """
    dependencies = Dependencies.model_validate(content["dependencies"])
    changes = dependencies.changes(request.source, words)
    if "narration" not in changes:
        beats = [BeatSpan.from_json(beat) for beat in content["beats"]]
        narrated = [beat for beat in beats if beat.from_narration]
        is_spoken = bool(request.speech)
        try:
            is_changed = any(
                _timing_differs(beat, refill_lines(words, narrated_as, beat), is_spoken) for beat in narrated
            )
        except NarrationError:  # a line was removed; a scene that still needs it reports that
            is_changed = True
        changes += ["narration"] if is_changed else []
    return changes


def why_stale(content: Mapping[str, Any], request: SceneRequest, narrated_as: str, words: Narration) -> str:
    """Return why a clip is stale, such as "radius.txt changed"; "" if it is up to date."""
    return reason_text(changes_since(content, request, narrated_as, words))


def _timing_differs(beat: BeatSpan, lines: BeatLines, is_spoken: bool) -> bool:
    """Return whether the beat's current ``lines`` differ from its clip in marks or, unless spoken, reading times."""
    before = BeatLines.parsed(beat.lines)
    if lines.marks != before.marks:
        return True
    return not is_spoken and any(
        stretches != before.stretches.get(language, ())
        and seconds_of(stretches, language) != seconds_of(before.stretches.get(language, ()), language)
        for language, stretches in lines.stretches.items()
    )


def seconds_of(stretches: Sequence[str], language: str) -> list[float]:
    """Return the seconds to read each stretch of a line, rounded to milliseconds."""
    return [round(reading_seconds(text, language), 3) for text in stretches]


def changed_parts(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return names of the parts that differ, such as ``parameter knots``, ``height``, ``version of manim``.

    Times of spoken lines are compared only if both clips were spoken.
    """
    names = []
    for part in sorted(set(before) | set(now)):
        old, new = before.get(part), now.get(part)
        if old == new or (part == "speech" and not (old and new)):
            continue
        if part in KINDS and isinstance(old or {}, dict) and isinstance(new or {}, dict):
            old, new = old or {}, new or {}
            changed = sorted(name for name in set(old) | set(new) if old.get(name) != new.get(name))
            names += [f"{KINDS[part]}{name}" for name in changed]
        else:
            names.append(NAMES.get(part, part))
    return names
