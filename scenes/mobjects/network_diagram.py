"""The lecture's network diagram: columns of nodes with lines between them, for any widths.

    diagram = LayerDiagram((3, 3, 1), (-4.6, 5.7, -1.9, 2.3), split="sigmoid")   # x -> r -> [sigmoid] -> a -> y
    diagram = LayerDiagram((56, 100, 100, 1), (-5.5, 5.5, -2.4, 2.4), pictures="relu")   # a node a neuron, "100" below

    diagram.columns[k]            column k, input first, y last: circles, dots, the count of a wide layer. FadeIn it
    diagram.columns[k].nodes[i]   the circle of neuron i (counted from 0); a dict: only those drawn
    diagram.edges[k]              lines from column k to k + 1. Create it; `.line(i, j)` to i from j, `.into(i)`
    diagram.edges[k].show_drawn(W, largest)        thickness and brightness by weight, dashed where negative
    diagram.boxes                 with ``split``: an activation box for each row, between r and a

These methods return further mobjects at their places, which are not part of the diagram. A scene adds them when it
needs them: ``letters(k, "x")``, ``weight_labels(k, "w")``, ``bias_arrows(k, "b")``, ``number(k, i, value)``,
``frame(k)``. Dim any of them with `style.emphasis`. With ``split`` the columns are x, r, a, y; else x, a, a', ..., y.

A layer wider than ``most`` is abbreviated: a few nodes, three dots, the last node, and its width below the column.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.scenes import style
from gradreel.scenes.mobjects.network_parts import (
    BELOW,
    Edges,
    Node,
    activation_box,
    activation_picture,
    arrow_up,
    centered_number,
    patched,
    three_dots,
)
from gradreel.scenes.mobjects.plot import segment
from gradreel.scenes.mobjects.text import Number, TextMobject, formula, words
from gradreel.scenes.style import Box, palette
from gradreel.scenes.words.numbers import number_text
from manim import ManimColor, RoundedRectangle, VGroup, VMobject

MOST_NODES = 6  # rows of a column; a wider layer is abbreviated
LARGEST_RADIUS, LARGEST_PITCH = 0.47, 1.72
RADIUS_SHARE = 0.27  # radius of a node as a share of the pitch
NUMBER_HALF_WIDTH = 0.43  # least half width of a node with a number
SPLIT_PLACES = (0.0, 0.394, 0.641, 1.0)  # columns x, r, a, y; 0 is left, 1 is right
LETTER_ROOM = 0.62  # least distance between nodes with letters above them
LABEL_ROOM = 0.36  # least distance between the labels of two weights
COUNT_GAP = 0.45  # from a column's lowest node down to the baseline of its count
BASELINE = 0.0038  # from a node's middle down to a number's baseline, for each point of font size
DIGIT = 0.0058  # width of a digit with some room, for each point of font size
EDGE = 2.8


NodeLook: TypeAlias = tuple[float, ManimColor, float | None]  # radius, colour, half of the width


class Column(VGroup):
    """The nodes of one layer. ``nodes``: neuron -> its node, if drawn. An abbreviated layer has ``dots``, ``count``."""

    def __init__(self, width: int, x: float, center: float, pitch: float, most: int, look: NodeLook) -> None:
        super().__init__()
        self.width_of_layer, self.x, self.pitch = width, x, pitch
        radius, color, half_width = look
        shown: list[int | None] = list(range(width))
        if width > most:
            shown = [*range(most - 2), None, width - 1]
        rows = len(shown)
        self.nodes: dict[int, Node] = {}
        self.dots, self.count = VGroup(), VGroup()
        for row, neuron in enumerate(shown):
            place = np.array([x, center + ((rows - 1) / 2 - row) * pitch, 0.0])
            if neuron is None:
                self.dots = three_dots(place, min(0.14, pitch / 5))
            else:
                self.nodes[neuron] = Node(place, radius, color, half_width)
        if width > most:
            text = words(number_text(width), style.TICK + 2, palette.dim)
            self.count = text.place(center - (rows - 1) / 2 * pitch - radius - COUNT_GAP, center=x)
        self.pictures = VGroup()
        self.add(*self.nodes.values(), self.dots, self.pictures, self.count)

    @property
    def is_abbreviated(self) -> bool:
        """Return whether some of the layer's neurons have no node."""
        return len(self.nodes) < self.width_of_layer


class LayerDiagram(VGroup):
    """Columns of nodes for ``widths`` (input, hidden layers, output) in the box (left, right, bottom, top).

    The first column's middle is at ``left``, the last one's at ``right``. ``split``: activation function of the only
    hidden layer, which is drawn as r, a box, and a. ``pictures``: activation function to draw in each hidden node.
    ``rows``: nodes are spaced as in a column of so many; by default the tallest column. Raises ValueError for ``split``
    unless there is one hidden layer.
    """

    def __init__(
        self,
        widths: Sequence[int],
        box: Box,
        *,
        split: str | None = None,
        pictures: str | None = None,
        most: int = MOST_NODES,
        rows: int | None = None,
    ) -> None:
        super().__init__()
        if split and len(widths) != 3:
            raise ValueError(f"r and a are drawn for one hidden layer, not for {len(widths) - 2}")
        self.widths, self.split = tuple(widths), split
        left, right, bottom, top = box
        drawn = [*widths[:2], *widths[1:]] if split else list(widths)
        places = SPLIT_PLACES if split else np.linspace(0.0, 1.0, len(drawn))
        tallest = rows or max(min(width, most) for width in drawn)
        self.pitch = min(LARGEST_PITCH, (top - bottom) / tallest)
        self.radius = min(LARGEST_RADIUS, RADIUS_SHARE * self.pitch)
        if not split:
            self.radius = min(self.radius, 0.2 * (right - left) / (len(drawn) - 1))
        half_width = NUMBER_HALF_WIDTH if split else None
        self.columns: list[Column] = []
        for k, (width, share) in enumerate(zip(drawn, places, strict=True)):
            x = left + share * (right - left)
            color = palette.grey if k == 0 else palette.blue
            look = (self.radius, color, half_width)
            self.columns.append(Column(width, x, (bottom + top) / 2, self.pitch, most, look))
        if pictures:
            self._draw_pictures(pictures)
        self.boxes = VGroup()
        self.edges = self._edges()
        self.add(*self.edges, *self.columns, self.boxes)

    def _draw_pictures(self, kind: str) -> None:
        """Draw an activation function's curve in each hidden node."""
        for column in self.columns[1:-1]:
            for node in column.nodes.values():
                picture = activation_picture(kind, 1.3 * self.radius, palette.blue, 2.6 if self.radius > 0.2 else 1.8)
                column.pictures.add(picture.move_to(node))

    def _edges(self) -> list[Edges]:
        """Return the lines between neighbouring columns; with ``split``, those from r to a lead through the boxes."""
        edges = []
        for k, (before, after) in enumerate(zip(self.columns, self.columns[1:], strict=False)):
            color = palette.magenta if k == len(self.columns) - 2 and k else palette.yellow
            if self.split and k == 1:
                edges.append(self._links(before, after))
            else:
                edges.append(Edges(after.nodes, before.nodes, color, EDGE))
        return edges

    def _links(self, before: Column, after: Column) -> Edges:
        """Add an activation box between r and a in each row; return the lines through the boxes."""
        links = Edges({}, {}, palette.text, EDGE)
        height = min(0.5, 1.75 * self.radius)
        for i, node in before.nodes.items():
            box = activation_box(str(self.split), (node.get_center() + after.nodes[i].get_center()) / 2, 0.66, height)
            self.boxes.add(box)
            line = VMobject(stroke_color=palette.text, stroke_width=EDGE, fill_opacity=0)
            for start, end in ((node.get_right(), box.get_left()), (box.get_right(), after.nodes[i].get_left())):
                line.append_points(segment(start, end, palette.text, EDGE).points)
            line.set_z_index(BELOW)
            line.ends, line.negative = (node.get_right(), after.nodes[i].get_left()), False
            links.lines[i, i] = line
        links.add(*links.lines.values())
        return links

    def spread(self, places: Sequence[float]) -> LayerDiagram:
        """Move the first columns to x = ``places``, with their lines; return self. Does not work with ``split``."""
        for column, x in zip(self.columns, places, strict=False):
            column.shift(np.array([x - column.x, 0.0, 0.0]))
            column.x = float(x)
        for before, after, edges in zip(self.columns, self.columns[1:], self.edges, strict=False):
            for (i, j), line in edges.lines.items():
                source, target = before.nodes[j], after.nodes[i]
                line.ends = source.border(target.get_center()), target.border(source.get_center())
                line.set_points_as_corners(np.array(line.ends))
        return self

    # -- what lies on it -----------------------------------------------------------------------------------------

    @property
    def is_crowded(self) -> bool:
        """Return whether nodes are too close for letters above them; `letters` then puts the letters into the nodes."""
        return self.pitch - 2 * self.radius < LETTER_ROOM

    def letters(self, k: int, letter: str, color: ManimColor | None = None, index: bool = True) -> VGroup:
        """Return the names x_1, x_2, ... above the nodes of column k; without ``index``, just ``letter``.

        In a crowded diagram, a name stands in its node; remove it before you put a number there.
        """
        names = VGroup()
        for i, node in self.columns[k].nodes.items():
            source = f"{letter}_{i + 1}" if index else letter
            if self.is_crowded:
                text = formula(source, style.LETTER - 3, color or palette.text)
                text.place(node.get_y() - 0.07, center=node.get_x())
            else:
                text = formula(source, style.LETTER, color or palette.dim)
                text.place(node.get_top()[1] + 0.14, center=node.get_x())
            names.add(text)
        return names

    def number(self, k: int, i: int, value: float, decimals: int = 2, color: ManimColor | None = None) -> Number:
        """Return ``value`` as a number in the middle of node i of column k; smaller if it is too long for the node."""
        node = self.columns[k].nodes[i]
        size = style.CELL if self.radius > 0.4 else style.TICK
        number = centered_number(value, decimals, size, color or palette.text)
        if len(number.text) * size * DIGIT > 2 * node.half_width:
            number = centered_number(value, decimals, style.TICK, color or palette.text)
        number.shift(np.array([node.get_x(), node.get_y() - BASELINE * size, 0.0]))
        return number

    def weight_labels(
        self, k: int, letter: str, only: int | None = None, values: Sequence[Sequence[str]] | None = None
    ) -> dict[tuple[int, int], VGroup]:
        """Return labels w_ij by (i, j), each with a patch of background, on the lines from column k.

        ``only``: just the labels of lines to this node i, for layers with many lines. Labels stand near the lines'
        starts. Lines to the output have one index, and their labels stand near the middle. ``values``: numbers as
        printed, at [i][j], that replace the letters.
        """
        edges, targets = self.edges[k], len(self.columns[k + 1].nodes)
        single = k == len(self.edges) - 1
        share = 0.42 if single else 1 / (targets + 1) if only is None else max(0.25, 1 / (targets + 1))
        color = edges.color_of_weights
        labels: dict[tuple[int, int], VGroup] = {}
        for (i, j), line in edges.lines.items():
            if only is not None and i != only:
                continue
            name = f"{letter}_{j + 1}" if single else f"{letter}_({i + 1} {j + 1})"
            label = formula(values[i][j], style.TICK, color) if values else formula(name, style.LETTER, color)
            before, after = self.columns[k].nodes[j].get_center(), self.columns[k + 1].nodes[i].get_center()
            labels[i, j] = patched(label).move_to(before + share * (after - before))
            line.label = labels[i, j]
        return labels

    def has_room_for_labels(self, k: int) -> bool:
        """Return whether each line from column k has room for a label; if not, use ``weight_labels(k, …, only=i)``."""
        targets = len(self.columns[k + 1].nodes)
        return k == len(self.edges) - 1 or self.pitch / (targets + 1) >= LABEL_ROOM

    def bias_arrows(
        self, k: int, letter: str, color: ManimColor, index: bool = True, values: Sequence[str] | None = None
    ) -> list[VGroup]:
        """Return an arrow with its name b_i, or its value as printed, from below to each node of column k."""
        gap = self.pitch - 2 * self.radius - (0.1 if self.is_crowded else 0.44)
        length = min(0.4, gap) if len(self.columns[k].nodes) > 1 else 0.4
        size = style.LETTER - (4 if self.is_crowded else 0)
        arrows = []
        for i, node in self.columns[k].nodes.items():
            arrow = arrow_up(node.get_bottom() - np.array([0, 0.05, 0]), length - 0.04, color)
            name = formula(f"{letter}_{i + 1}" if index else letter, size, color)
            if values:
                name = formula(values[i], style.TICK, color)
            left = node.get_x() + (0.2 if values else 0.3)
            name.place(node.get_bottom()[1] - length + 0.12, left=min(left, style.RIGHT_EDGE - 0.02 - name.width))
            arrows.append(VGroup(arrow, name))
        return arrows

    def frame(self, first: int, last: int | None = None, color: ManimColor | None = None) -> RoundedRectangle:
        """Return a frame around the columns ``first`` to ``last``, or around ``first`` alone."""
        inside = VGroup(*(self.columns[k] for k in range(first, (first if last is None else last) + 1)))
        frame = RoundedRectangle(
            corner_radius=0.16,
            width=inside.width + 0.4,
            height=inside.height + 0.35,
            color=color or palette.text,
            stroke_width=style.BOX,
        )
        return frame.move_to(inside)

    def middle(self, k: int) -> FloatArray:
        """Return the middle of column k, (3,)."""
        nodes = list(self.columns[k].nodes.values())
        return np.asarray((nodes[0].get_center() + nodes[-1].get_center()) / 2)

    def above(self, text: TextMobject, k: int, gap: float = 0.25) -> TextMobject:
        """Move ``text`` above column k, with its baseline ``gap`` above the highest node; return it."""
        highest = next(iter(self.columns[k].nodes.values()))
        return text.place(highest.get_top()[1] + gap, center=self.columns[k].x)
