"""Explains why a cached clip is stale: names the inputs that changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gradreel.render.clips.beat_lines import filled_again
from gradreel.render.clips.dependencies import Dependencies, said_of
from gradreel.render.stages import BeatSpan, SceneRequest
from gradreel.scenes.words.marks import BeatLines
from gradreel.scenes.words.narration import Narration, NarrationError
from gradreel.scenes.words.subtitle_timing import reading_seconds

KINDS = {"parameters": "parameter ", "traces": "trace of ", "settings": "", "versions": "version of "}
NAMES = {"configuration": "manim.cfg", "speech": "narration"}


def changes_since(content: Mapping[str, Any], request: SceneRequest, narrated_as: str, words: Narration) -> list[str]:
    """Return the names of what changed since a clip was made: files that its scene read, libraries, words.

    ``content``: the clip's description. A line that is read changes the clip if, filled with the scene's numbers, it
    takes another time. The times of spoken lines are in the clip's parts.
    """
    dependencies = Dependencies.model_validate(content["dependencies"])
    changes = dependencies.changes(request.source, words)
    if "narration" not in changes:
        beats = [BeatSpan.from_json(beat) for beat in content["beats"]]
        narrated = [beat for beat in beats if beat.from_narration]
        is_spoken = bool(request.speech)
        try:
            is_changed = any(
                _takes_another_time(beat, filled_again(words, narrated_as, beat), is_spoken) for beat in narrated
            )
        except NarrationError:  # a line is gone; a scene that still needs it says so
            is_changed = True
        changes += ["narration"] if is_changed else []
    return changes


def why_stale(content: Mapping[str, Any], request: SceneRequest, narrated_as: str, words: Narration) -> str:
    """Return why a clip is stale; "" if it is up to date."""
    return said_of(changes_since(content, request, narrated_as, words))


def _takes_another_time(beat: BeatSpan, lines: BeatLines, is_spoken: bool) -> bool:
    """Whether a beat's lines take another time now, or have other marks, than when the clip was made."""
    before = BeatLines.parsed(beat.lines)
    if lines.marks != before.marks:
        return True
    return not is_spoken and any(
        stretches != before.stretches.get(language, ())
        and seconds_of(stretches, language) != seconds_of(before.stretches.get(language, ()), language)
        for language, stretches in lines.stretches.items()
    )


def seconds_of(stretches: Sequence[str], language: str) -> list[float]:
    """Return the seconds that each stretch of a line takes to read, in thousandths."""
    return [round(reading_seconds(text, language), 3) for text in stretches]


def changed_parts(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return names of the parts that differ: ``parameter knots``, ``height``, ``version of manim``.

    Clips that were spoken and clips that were read cannot be compared by the times of their lines.
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
