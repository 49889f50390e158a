"""Draws a hundred layers. The scene stack-layers ends with them, depth-experiment begins with them."""

from __future__ import annotations

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.network_diagram import LayerDiagram
from gradreel.scenes.mobjects.squares import rectangles
from gradreel.scenes.style import mix, palette
from manim import VGroup, VMobject, config

HUNDRED = 100
BOX = (-5.3, 5.3, -1.35, 2.35)  # middles of the first and the last column, bottom, top
LEAST_WIDTH, WIDTH_SHARE = 0.045, 0.5  # of a slab; as a share of the distance to the next one
THIN = 1.2  # stroke of a slab


def hundred_layers(diagram: LayerDiagram) -> ManyLayers:
    """Return a hundred layers as high as the first hidden column of ``diagram``, whose columns they continue."""
    first, second = diagram.columns[1:3]
    nodes = VGroup(*first.nodes.values())
    ends = (BOX[0], BOX[1], float(nodes.get_bottom()[1]), float(nodes.get_top()[1]))
    return ManyLayers(HUNDRED, ends, first.x, second.x - first.x, 2 * diagram.radius)


class ManyLayers(VMobject):
    """Draws ``count`` slabs between ``low`` and ``high``; ``show(1)`` spreads them from x = ``left`` to ``right``.

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
        super().__init__(stroke_color=mix(palette.blue, style.DIM), stroke_width=THIN)
        self.set_fill(mix(palette.blue, 0.3), 1)
        self.count, self.start, self.pitch, self.widest = count, start, pitch, widest
        self.left, self.right, self.low, self.high = ends
        self.show(0.0)

    def distance(self, share: float) -> float:
        """Return the distance between slabs after ``share`` of the way; it shrinks exponentially."""
        last = (self.right - self.left) / (self.count - 1)
        return float(self.pitch * (last / self.pitch) ** share)

    def inside(self, share: float) -> int:
        """Return how many layers lie in the picture, at least in part."""
        edge = config.frame_width / 2 + self.half(share)
        return min(self.count, int((edge - self.first(share)) / self.distance(share)) + 1)

    def half(self, share: float) -> float:
        """Return half of a slab's width."""
        return max(LEAST_WIDTH, min(self.widest, WIDTH_SHARE * self.distance(share))) / 2

    def first(self, share: float) -> float:
        """Return the x of the first layer."""
        return self.start + share * (self.left - self.start)

    def show(self, share: float) -> ManyLayers:
        half, count = self.half(share), self.inside(share)
        x = self.first(share) + self.distance(share) * np.arange(count)
        middles = np.column_stack([x, np.full(count, (self.low + self.high) / 2)])
        self.points = rectangles(middles, np.tile([2 * half, self.high - self.low], (count, 1)))
        return self
