"""The lecture's one network diagram: columns of nodes, lines between them, for any widths. Pure functions of numbers.

    diagram = LayerDiagram((3, 3, 1), (-4.6, 5.7, -1.9, 2.3), split="sigmoid")   # x -> r -> [sigmoid] -> a -> y
    diagram = LayerDiagram((56, 100, 100, 1), (-5.5, 5.5, -2.4, 2.4), pictures="relu")   # a node a neuron, "100" below

    diagram.columns[k]            column k, input first, y last: circles, dots, the count of a wide layer. FadeIn it
    diagram.columns[k].nodes[i]   the circle of neuron i (counted from 0); a dict: only those drawn
    diagram.edges[k]              lines from column k to k + 1. Create it; `.line(i, j)` to i from j, `.into(i)`
    diagram.edges[k].show_drawn(W, largest)        thickness and brightness by weight, dashed where negative
    diagram.boxes                 with ``split``: an activation box for each row, between r and a

What lies on the diagram is made on demand, placed, and not part of it, so that a scene brings it when it is named:
``letters(k, "x")``, ``weight_labels(k, "w")``, ``bias_arrows(k, "b")``, ``number(k, i, value)``, ``frame(k)``.
Dim any of it with `style.emphasis`. With ``split`` the columns are x, r, a, y; without, x, a, a', ..., y.
``spread`` moves columns, and the lines between them.

Widths above ``most`` are abbreviated: a few nodes, three dots, the last one, and the count below the column.
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

MOST_NODES = 6  # rows of a column; a wider layer is abbreviated to as many
LARGEST_RADIUS, LARGEST_PITCH = 0.47, 1.72
RADIUS_SHARE = 0.27  # of the pitch
NUMBER_HALF_WIDTH = 0.43  # a node that holds a number is at least this wide, from its centre
SPLIT_PLACES = (0.0, 0.394, 0.641, 1.0)  # of x, r, a, y between left and right
LETTER_ROOM = 0.62  # scene units between two nodes, at least, where letters stand above them
LABEL_ROOM = 0.36  # between two weights' labels
COUNT_GAP = 0.45  # from a column's foot down to the baseline of its count
BASELINE = 0.0038  # of a number below a node's middle, scene units per point of size
DIGIT = 0.0058  # width of a digit and some room beside it, scene units per point of size
EDGE = 2.8


NodeLook: TypeAlias = tuple[float, ManimColor, float | None]  # radius, colour, half of the width


class Column(VGroup):
    """The nodes of one layer. ``nodes``: neuron -> circle; ``dots`` and ``count`` of a layer that is abbreviated."""

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
        """Whether some of its nodes are not drawn."""
        return len(self.nodes) < self.width_of_layer


class LayerDiagram(VGroup):
    """Columns of nodes for ``widths`` (input, hidden layers, output) in the box (left, right, bottom, top).

    ``left`` and ``right`` are the middles of the first and of the last column. ``split``: the activation function of
    the one hidden layer, which is then drawn as r, its box, and a. ``pictures``: the activation function that each
    hidden node shows a small picture of. ``rows``: the pitch is that of a column of so many nodes, by default of the
    tallest. ValueError for ``split`` with other than one hidden layer.
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
        for column in self.columns[1:-1]:
            for node in column.nodes.values():
                picture = activation_picture(kind, 1.3 * self.radius, palette.blue, 2.6 if self.radius > 0.2 else 1.8)
                column.pictures.add(picture.move_to(node))

    def _edges(self) -> list[Edges]:
        """Lines between neighbouring columns; with ``split`` those from r to a lead through the boxes."""
        edges = []
        for k, (before, after) in enumerate(zip(self.columns, self.columns[1:], strict=False)):
            color = palette.magenta if k == len(self.columns) - 2 and k else palette.yellow
            if self.split and k == 1:
                edges.append(self._links(before, after))
            else:
                edges.append(Edges(after.nodes, before.nodes, color, EDGE))
        return edges

    def _links(self, before: Column, after: Column) -> Edges:
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
        """Columns to new x, as many as there are ``places`` for, from the first; lines follow. Not with ``split``."""
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
        """Whether nodes are too close for letters above them: `letters` puts them into the nodes then."""
        return self.pitch - 2 * self.radius < LETTER_ROOM

    def letters(self, k: int, letter: str, color: ManimColor | None = None, index: bool = True) -> VGroup:
        """The name of each node of column k, above it: x_1, x_2, ...; ``letter`` alone where ``index`` is False.

        In a crowded diagram it stands in the node, and makes room for a number.
        """
        made = VGroup()
        for i, node in self.columns[k].nodes.items():
            source = f"{letter}_{i + 1}" if index else letter
            if self.is_crowded:
                text = formula(source, style.LETTER - 3, color or palette.text)
                text.place(node.get_y() - 0.07, center=node.get_x())
            else:
                text = formula(source, style.LETTER, color or palette.dim)
                text.place(node.get_top()[1] + 0.14, center=node.get_x())
            made.add(text)
        return made

    def number(self, k: int, i: int, value: float, decimals: int = 2, color: ManimColor | None = None) -> Number:
        """``value`` in the middle of node i of column k."""
        node = self.columns[k].nodes[i]
        chosen = style.CELL if self.radius > 0.4 else style.TICK
        number = centered_number(value, decimals, chosen, color or palette.text)
        if len(number.text) * chosen * DIGIT > 2 * node.half_width:
            number = centered_number(value, decimals, style.TICK, color or palette.text)
        number.shift(np.array([node.get_x(), node.get_y() - BASELINE * chosen, 0.0]))
        return number

    def weight_labels(self, k: int, letter: str, only: int | None = None) -> dict[tuple[int, int], VGroup]:
        """w_ij by (i, j), near the start of each line, in one evenly spaced column; a patch below each.

        ``only``: the labels of lines to node i alone, for layers with too many. The last lines, to y, have one index,
        in their middle.
        """
        edges, targets = self.edges[k], len(self.columns[k + 1].nodes)
        single = k == len(self.edges) - 1
        share = 0.42 if single else 1 / (targets + 1) if only is None else max(0.25, 1 / (targets + 1))
        color = edges.color_of_weights
        labels: dict[tuple[int, int], VGroup] = {}
        for (i, j), line in edges.lines.items():
            if only is not None and i != only:
                continue
            label = formula(f"{letter}_{j + 1}" if single else f"{letter}_({i + 1} {j + 1})", style.LETTER, color)
            before, after = self.columns[k].nodes[j].get_center(), self.columns[k + 1].nodes[i].get_center()
            labels[i, j] = patched(label).move_to(before + share * (after - before))
            line.label = labels[i, j]
        return labels

    def has_room_for_labels(self, k: int) -> bool:
        """Whether every line from column k can carry its weight's label; else label those of one node."""
        targets = len(self.columns[k + 1].nodes)
        return k == len(self.edges) - 1 or self.pitch / (targets + 1) >= LABEL_ROOM

    def bias_arrows(self, k: int, letter: str, color: ManimColor, index: bool = True) -> list[VGroup]:
        """An arrow from below to each node of column k, with b_i beside it."""
        gap = self.pitch - 2 * self.radius - (0.1 if self.is_crowded else 0.44)
        length = min(0.4, gap) if len(self.columns[k].nodes) > 1 else 0.4
        size = style.LETTER - (4 if self.is_crowded else 0)
        made = []
        for i, node in self.columns[k].nodes.items():
            arrow = arrow_up(node.get_bottom() - np.array([0, 0.05, 0]), length - 0.04, color)
            name = formula(f"{letter}_{i + 1}" if index else letter, size, color)
            name.place(node.get_bottom()[1] - length + 0.12, left=node.get_x() + 0.3)
            made.append(VGroup(arrow, name))
        return made

    def frame(self, first: int, last: int | None = None, color: ManimColor | None = None) -> RoundedRectangle:
        """A frame round columns ``first`` to ``last`` (one by default): a hidden layer."""
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
        """The middle of column k, (3,)."""
        nodes = list(self.columns[k].nodes.values())
        return np.asarray((nodes[0].get_center() + nodes[-1].get_center()) / 2)

    def above(self, text: TextMobject, k: int, gap: float = 0.25) -> TextMobject:
        """``text`` above column k, its baseline ``gap`` over the highest node."""
        highest = next(iter(self.columns[k].nodes.values()))
        return text.place(highest.get_top()[1] + gap, center=self.columns[k].x)
