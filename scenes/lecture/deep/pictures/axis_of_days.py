"""The axis of a calendar, which one scene hands on to the next."""

from __future__ import annotations

from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import segment
from gradreel.scenes.style import palette
from manim import VMobject


def axis_of_days(box: tuple[float, float, float, float]) -> VMobject:
    """The x axis of a `DayPlot` in ``box`` (left, right, bottom, top) whose y labels have no more than a digit each."""
    left, right, bottom, _ = box
    return segment((left, bottom, 0), (right, bottom, 0), palette.axis, style.AXIS)
