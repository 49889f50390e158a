"""The axis of a calendar, which turns upright: its days are what goes into a network, its first column."""

from __future__ import annotations

from gradreel.scenes import style
from gradreel.scenes.mobjects.network_diagram import Column
from gradreel.scenes.mobjects.plot import segment
from gradreel.scenes.style import palette
from manim import PI, Animation, Transform, VGroup, VMobject


def axis_of_days(box: tuple[float, float, float, float]) -> VMobject:
    """The x axis of a `DayPlot` in ``box`` (left, right, bottom, top) whose y labels have no more than a digit each."""
    left, right, bottom, _ = box
    return segment((left, bottom, 0), (right, bottom, 0), palette.axis, style.AXIS)


def turn_upright(axis: VMobject, column: Column) -> Animation:
    """``axis`` turns into a line through the nodes of ``column``, behind which it may leave."""
    nodes = VGroup(*column.nodes.values())
    upright = segment(nodes.get_bottom(), nodes.get_top(), palette.axis, style.AXIS)
    return Transform(axis, upright, path_arc=PI / 2)
