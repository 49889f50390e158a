"""A network drawn so thin that many lines find room in little of it."""

from __future__ import annotations

from collections.abc import Sequence

from gradreel.scenes import style
from gradreel.scenes.mobjects.network_diagram import LayerDiagram
from gradreel.scenes.style import Box, mix
from manim import UP

ROWS = 8  # nodes drawn in a column at most
LINE_WIDTH, LINE_SHARE, FEW_LINES_SHARE = 1.3, 0.5, 0.8  # of a line; shares of its colour, of many lines and of few
DOT_RADIUS, DOT_SHARE = 0.028, 0.33  # of the dots for what is not drawn, and their distance in pitches


def thin_diagram(
    hidden: Sequence[int], box: Box, rows: int = ROWS, radius: float | None = None, features: int = 1
) -> LayerDiagram:
    """A network; many lines in little room stay lines. ``radius``: of its nodes, else by the room."""
    diagram = LayerDiagram((features, *hidden, 1), box, most=rows)
    for column in diagram.columns:
        for k, dot in enumerate(column.dots):  # three, in the room between two small nodes
            dot.set(width=2 * DOT_RADIUS).move_to(column.dots[1].get_center() + (1 - k) * DOT_SHARE * column.pitch * UP)
        if radius is not None:
            for node in column.nodes.values():
                node.scale(radius / node.radius).set_stroke(width=style.BOX)
                node.radius = node.half_width = radius
    many = max(hidden) > 4
    for edges in diagram.edges:
        for line in edges:
            line.set_stroke(mix(edges.color_of_weights, LINE_SHARE if many else FEW_LINES_SHARE), width=LINE_WIDTH)
    return diagram.spread([column.x for column in diagram.columns])
