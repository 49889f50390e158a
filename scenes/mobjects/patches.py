"""A patch of ground under a text, so that no line is taken for a stroke of it."""

from __future__ import annotations

from gradreel.scenes.mobjects.text import TextMobject
from gradreel.scenes.style import palette
from manim import ManimColor, Rectangle


def patch_under(text: TextMobject, color: ManimColor | None = None, across: float = 0.12, up: float = 0.1) -> Rectangle:
    """``across`` wider and ``up`` higher than ``text``, around its middle; without a colour in the background's."""
    patch = Rectangle(width=text.width + across, height=text.height + up, stroke_width=0)
    return patch.set_fill(palette.background if color is None else color, 1).move_to(text)
