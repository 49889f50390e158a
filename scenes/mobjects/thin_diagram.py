"""A small network diagram with thin lines."""

from __future__ import annotations

from collections.abc import Sequence

from gradreel.scenes import style
from gradreel.scenes.mobjects.network_diagram import LayerDiagram
from gradreel.scenes.style import Box, mix
from manim import UP

ROWS = 8  # nodes drawn in a column, at most
LINE_WIDTH, LINE_SHARE, FEW_LINES_SHARE = 1.3, 0.5, 0.8  # stroke width; shares of the colour for many and few lines
DOT_RADIUS, DOT_SHARE = 0.028, 0.33  # dots for omitted nodes: radius, and distance as a share of the pitch


def thin_diagram(
    hidden: Sequence[int], box: Box, rows: int = ROWS, radius: float | None = None, features: int = 1
) -> LayerDiagram:
    """Return a diagram with thin lines for ``features``, ``hidden`` layers and one output.

    ``rows``: nodes drawn in a column, at most. ``radius``: of the nodes; by default, it depends on the box.
    """
    diagram = LayerDiagram((features, *hidden, 1), box, most=rows)
    for column in diagram.columns:
        for k, dot in enumerate(column.dots):
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
