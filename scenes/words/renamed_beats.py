"""Beats of ours that had another name: whoever still asks for the old one is told the new.

``assets/narration/renamed.toml`` has, per scene, ``old = "new"``; what is gone has the beat that tells it now.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from gradreel.core.files import read_toml
from gradreel.scenes.words.narration import NARRATION_FOLDER

RENAMED_FILE = NARRATION_FOLDER / "renamed.toml"


@cache
def renamed_beats() -> dict[str, dict[str, str]]:
    """The new name of each beat that was renamed, by scene and old name."""
    return read_toml(RENAMED_FILE, "beats that were renamed")


def now_called(scene: str, beat: str | None) -> str:
    """What follows a message on an unknown beat: ``; it is called floor-above now``, "" for one that never was."""
    new = renamed_beats().get(scene, {}).get(beat or "")
    return f"; {beat} is called {new} now" if new else ""


def has_no_beat(scene: str, beat: str, known: Iterable[str]) -> str:
    """What is said of a ``beat`` that a scene does not have: which it has, and what that one is called now."""
    return f"{scene} has no beat {beat!r}; it has {', '.join(known)}{now_called(scene, beat)}"
