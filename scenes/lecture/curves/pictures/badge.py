"""A number in a circle: the name of a term, wherever it stands."""

from __future__ import annotations

from gradreel.scenes import style
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.style import mix
from manim import Circle, ManimColor, VGroup

RADIUS = 0.36


class Badge(VGroup):
    """A numbered circle that names a term wherever it stands: in a sum, at its panel."""

    def __init__(self, label: str, color: ManimColor, radius: float = RADIUS) -> None:
        super().__init__()
        border = Circle(radius=radius, stroke_color=color, stroke_width=style.BOX).set_fill(mix(color, 0.13), 1)
        size = style.HEADING * radius / RADIUS * (0.82 if len(label) > 1 else 1)
        self.label = words(label, max(style.SMALLEST, size), color)
        self.label.move_to(border)
        self.add(border, self.label)
