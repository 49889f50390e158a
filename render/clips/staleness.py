"""Why a clip does not count any more: what of all that it is made of is another now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gradreel.core.errors import abbreviated_list
from gradreel.render.clips.beat_lines import filled_again
from gradreel.render.clips.file_digest import changed_files
from gradreel.render.clips.fingerprint import languages_of, seconds_of
from gradreel.render.stages import BeatSpan, SceneRequest
from gradreel.scenes.words.marks import BeatLines
from gradreel.scenes.words.narration import Narration

CHANGED = " changed"  # ends each reason that names changed inputs
TIMES = ("speech", "seconds", "fields")  # entries of the part on narration


def why_stale(
    clip: Mapping[str, Any], request: SceneRequest, parts: Mapping[str, Any], words: Narration | None = None
) -> str:
    """Why a clip that stands under its digest does not count, by its description; "" when it does.

    A file that the scene opened is another now. Or a line is, and filled with the scene's numbers it takes another time
    to read, which was not to be seen before it was filled; of one that is spoken the time is in the digest.
    ``parts``: what it is made of.
    """
    changed = changed_files(clip.get("files", {}), request.source)
    if changed:
        return abbreviated_list(changed) + CHANGED
    beats = [BeatSpan.from_json(beat) for beat in clip.get("beats", ())]
    if not request.speech and any(beat.from_narration for beat in beats):
        whose = parts["narration"].get("words", request.source.name)
        words = words or Narration.load(languages_of(request)).with_words(request.words)
        if any(_takes_another_time(beat, filled_again(words, whose, beat)) for beat in beats):
            return "narration" + CHANGED
    return ""


def _takes_another_time(beat: BeatSpan, lines: BeatLines) -> bool:
    """Whether a beat's lines as they are now take another time to read than those it was rendered with."""
    before = BeatLines.parsed(beat.lines)
    return lines.marks != before.marks or any(
        stretches != before.stretches.get(language, ())
        and seconds_of(stretches, language) != seconds_of(before.stretches.get(language, ()), language)
        for language, stretches in lines.stretches.items()
    )


def why_rendered(parts: Mapping[str, Any], earlier: Iterable[Mapping[str, Any]]) -> str:
    """What changed since the earlier clip that is most like this one."""
    changes = [_changes(before, parts) for before in earlier]
    if not changes:
        return "not rendered yet"
    nearest = min(changes, key=len)
    return abbreviated_list(nearest) + CHANGED if nearest else "its file is gone or damaged"


def _comparable(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return two parts on narration, without `TIMES` if only one was spoken.

    Times of speech and times of reading cannot be compared.
    """
    left_out = TIMES if ("speech" in old) != ("speech" in new) else ()
    first, second = ({name: value for name, value in part.items() if name not in left_out} for part in (old, new))
    return first, second


def _changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Names of what differs: ``parameter knots``, ``code of scenes/style.py``, ``height``."""
    kinds = {
        "code": "code of ",
        "parameters": "parameter ",
        "assets": "",
        "traces": "trace of ",
        "settings": "",
        "versions": "version of ",
    }
    found = []
    for part in sorted(set(before) | set(now)):
        old, new = before.get(part), now.get(part)
        if part == "narration":
            old, new = _comparable(old or {}, new or {})
        if old == new:
            continue
        if part in kinds and isinstance(old or {}, dict) and isinstance(new or {}, dict):
            old, new = old or {}, new or {}
            names = sorted(name for name in set(old) | set(new) if old.get(name) != new.get(name))
            found += [f"{kinds[part]}{name}" for name in names]
        else:
            found.append({"drawing": "the renderer", "configuration": "manim.cfg"}.get(part, part))
    return found
