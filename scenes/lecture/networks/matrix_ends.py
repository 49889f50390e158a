"""What matrix-form shares with its neighbours: the diagram that it begins with, and the line that it ends with."""

from __future__ import annotations

from typing import Any

from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.networks.network_diagram import SUM_BASELINE
from gradreel.scenes.lecture.networks.network_surface import surface_as_left
from gradreel.scenes.lecture.three_days import A, R, ThreeDaysScene, X, Y
from gradreel.scenes.mobjects.plot import ring
from gradreel.scenes.mobjects.text import TextMobject, heading, words
from gradreel.scenes.style import FAINT, PRESENT, emphasize, mix, palette
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.day_words import day_words, weekday_words
from manim import VGroup, VMobject

LINE_SIZE, LINE_Y = 76, 0.3  # of y = b + c^T sigma(b + W x)
DIAGRAM_WORDS = ("day-ago", "days-ago", "truth")


def diagram_as_left(scene: ThreeDaysScene) -> tuple[list[VMobject], TextMobject, TextMobject]:
    """What network-diagram ends with: its picture, its words on the data, and its heading.

    Of two features or more that is the network as a surface. Of one it is what is written on the diagram; the diagram,
    which has been built, gets the looks that it has there, and is not among it.
    """
    if scene.n_features > 1:
        return surface_as_left(scene), scene.data_words(), heading(diagram_words(scene, "heading-surface"))
    labels = [*scene.c_labels.values(), *scene.bias_arrows, scene.output_bias]
    letters = [] if scene.diagram.is_crowded else scene.letters
    numbers = [number for column in (X, R, A, Y) for number in scene.numbers[column]]
    row = scene.written_output(SUM_BASELINE)
    written = [*labels, *letters, *numbers, scene.days_ago(), *scene.end_words(), row.letters, row.line]
    for i in range(scene.n_units):
        emphasize(scene.diagram.edges[X].into(i), FAINT)
        emphasize(scene.bias_arrows[i], PRESENT)
    day, language = scene.example.day, scene.context.language
    fields = {"day": day_words(day, language, "year"), "weekday": weekday_words(day, language)}
    return written, scene.data_words(), heading(diagram_words(scene, "heading-numbers", **fields))


def diagram_words(scene: LectureScene, key: str, **values: Any) -> str:
    """The on-screen words ``key`` of network-diagram."""
    return scene.words_of.screen("network-diagram", key, scene.context.language, values)


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
