"""What matrix-form shares with its neighbours: the diagram that it begins with, and the line that it ends with."""

from __future__ import annotations

from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.mobjects.plot import ring
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.style import mix, palette
from gradreel.scenes.words.counts import Count
from manim import VGroup

LINE_SIZE, LINE_Y = 76, 0.3  # of y = b + c^T sigma(b + W x)


def matrix_heading(scene: LectureScene, units: int) -> str:
    """The heading of matrix-form for so many equations; the next scene begins with it."""
    key = "heading-one" if units == 1 else "heading"
    return scene.words_of.screen("matrix-form", key, scene.context.language, {"count": Count(units)})


def function_words(scene: LectureScene) -> VGroup:
    """Below the line, what it is: step 1 of the three, the function with unknowns."""
    name = scene.words_of.screen("part-map", "function", scene.context.language, {})
    text = words(name, style.HEADING)
    badge = ring((0, 0, 0), 0.3, palette.text, fill=mix(palette.text, 0.13))
    number = words("1", style.HEADING).place(-0.13, center=0.0)
    both = VGroup(badge, number, text.place(-0.13, left=0.5))
    return both.move_to([0, LINE_Y - 1.5, 0])
