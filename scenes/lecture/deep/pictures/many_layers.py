"""How many layers there are: a bracket over them, and a network from so far away that many of them fit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.lecture.deep.pictures.tower import rectangles
from gradreel.scenes.mobjects.network_diagram import Column
from gradreel.scenes.mobjects.plot import polyline
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.style import mix, palette
from manim import VGroup, VMobject, config

LEAST_WIDTH, WIDTH_SHARE = 0.045, 0.5  # of a slab; as a share of the distance to the next one
THIN = 1.2  # stroke of a slab
OVER_LAYERS, FOOT, OVER_BRACKET = 0.16, 0.1, 0.14  # from layers up to a bracket; its height; from it up to its words


class ManyLayers(VMobject):
    """``count`` slabs between ``low`` and ``high``; ``show(1)``: from x = ``left`` to ``right``.

    ``start``, ``pitch``: where the first one is at first, and from one to the next, when most are outside at the right;
    each is ``widest`` wide then. They come in over the frame's edge: none is drawn that is beyond.
    """

    def __init__(
        self,
        count: int,
        ends: tuple[float, float, float, float],
        start: float,
        pitch: float,
        widest: float,
    ) -> None:
        super().__init__(stroke_color=mix(palette.blue, style.PRESENT), stroke_width=THIN)
        self.set_fill(mix(palette.blue, 0.3), 1)
        self.count, self.start, self.pitch, self.widest = count, start, pitch, widest
        self.left, self.right, self.low, self.high = ends
        self.show(0.0)

    def distance(self, share: float) -> float:
        """From one slab to the next after ``share`` of the way: it shrinks by the same factor in the same time."""
        last = (self.right - self.left) / (self.count - 1)
        return float(self.pitch * (last / self.pitch) ** share)

    def inside(self, share: float) -> int:
        """So many layers are in the picture, with at least a part."""
        edge = config.frame_width / 2 + self.half(share)
        return min(self.count, int((edge - self.first(share)) / self.distance(share)) + 1)

    def half(self, share: float) -> float:
        """Of a slab's width."""
        return max(LEAST_WIDTH, min(self.widest, WIDTH_SHARE * self.distance(share))) / 2

    def first(self, share: float) -> float:
        """Where the first layer is."""
        return self.start + share * (self.left - self.start)

    def show(self, share: float) -> ManyLayers:
        half, count = self.half(share), self.inside(share)
        x = self.first(share) + self.distance(share) * np.arange(count)
        ends = np.full((2, count), [[self.low], [self.high]])
        self.points = rectangles(np.column_stack([x - half, ends[0], x + half, ends[1]]))
        return self


class LayersBracket(VGroup):
    """A bracket, ``line``, and its words, ``name``, over columns of nodes: ``put`` it there."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.line, self.name = polyline(np.zeros((4, 3)), palette.text, style.BOX), words(text, style.LABEL)
        self.add(self.line, self.name)

    def put(self, columns: Sequence[Column]) -> LayersBracket:
        foot = max(float(column.get_top()[1]) for column in columns) + OVER_LAYERS
        left, right = float(columns[0].get_left()[0]), float(columns[-1].get_right()[0])
        corners = [(left, foot), (left, foot + FOOT), (right, foot + FOOT), (right, foot)]
        self.line.set_points_as_corners([np.array([x, y, 0.0]) for x, y in corners])
        self.name.place(foot + FOOT + OVER_BRACKET, center=(left + right) / 2)
        return self
