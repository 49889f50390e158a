"""What processes that play scenes are configured by: manim.cfg, the plugins that it names, a hash seed."""

from __future__ import annotations

from pathlib import Path

HASH_SEED = "0"  # of every process that plays a scene: sets of texts have the same order each time


def configuration() -> str:
    """All that is in the ``manim.cfg`` files that Manim reads, the folder's and the user's; versions of the plugins."""
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
