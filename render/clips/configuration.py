"""The configuration of processes that play scenes: manim.cfg, Manim's plugins and the hash seed."""

from __future__ import annotations

from pathlib import Path

HASH_SEED = "0"  # in every process that plays a scene, so that sets of strings always have the same order


def configuration() -> str:
    """Return the text of the ``manim.cfg`` files in the current folder and the user's home.

    If they name plugins, the names and versions of all installed plugins follow.
    """
    candidates = (
        Path("manim.cfg"),
        Path.home() / ".config/manim/manim.cfg",
        Path.home() / "AppData/Roaming/Manim/manim.cfg",
    )
    text = "".join(file.read_text("utf-8", "replace") for file in candidates if file.is_file())
    if "plugins" in text:
        from importlib import metadata

        plugins = metadata.entry_points(group="manim.plugins")
        text += "".join(sorted(f"\n{plugin.name} {plugin.dist.version}" for plugin in plugins if plugin.dist))
    return text
