"""A few floors of a tower seen from near, with the shortcuts past them: wide arcs, far clear of the floors."""

from __future__ import annotations

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.lecture.deep.pictures.skyline import SLAB
from gradreel.scenes.mobjects.plot import polyline, ring, segment
from gradreel.scenes.style import mix, palette
from manim import Dot, ManimColor, Rectangle, VGroup, VMobject, smooth
from numpy.typing import NDArray

SKIP = 3
"""Floors that a shortcut skips: Residual Net's blocks have three layers; source: He et al. 2015, figure 5, right."""
FADE = 0.06  # of the way up: in which the dots come and go
WIDTH, ARC_OUT = 2.3, 2.15  # of floors seen from near; from their middle to where an arc turns
PLUS = 0.2  # radius of a ring with a + in it
DOT = 0.16
GUIDES_FROM = 1.5  # times as many floors as are seen from near, those lie above the ground


class CloseUp(VGroup):
    """Two blocks of floors seen from near, with an arc past each: ``floors_near``, ``links``, ``arcs``, then two dots.

    What comes in climbs floor by floor, and takes the shortcut at the same time; on top of the block both meet.
    """

    def __init__(self, floors: int, x: float, bottom: float, top: float) -> None:
        super().__init__()
        self.skip = SKIP if floors >= 2 * SKIP else 1
        self.count = 2 * self.skip
        self.box = (x - WIDTH / 2, x + WIDTH / 2, bottom, top)
        self.x = x
        self.pitch = (top - bottom) / (self.count + 4)  # there is room between the blocks, and below and above
        self.floors_near = VGroup(*(self._slab(k, palette.blue) for k in range(self.count)))
        style.emphasize(self.floors_near, style.FAINT)
        self.links = VGroup(*self._links(), *map(self._plus, (0, 1)))
        self.arcs = VGroup(*(polyline(self._way(block, PLUS), palette.text, style.MAIN_CURVE) for block in (0, 1)))
        self.dots = VGroup(*(Dot(radius=DOT, color=palette.text) for _ in range(2)))

    @property
    def beside_top(self) -> tuple[float, float]:
        """Where what names the arcs may end, over the shoulder of the upper one: right end and baseline."""
        return self.x - 0.55 * ARC_OUT, self._top(1) + 0.16

    def _foot(self, block: int) -> float:
        """Where the arc past block 0 or 1 begins."""
        return self.box[2] + (0.5 + block * (self.skip + 2)) * self.pitch

    def _top(self, block: int) -> float:
        """Where it ends, and both are added."""
        return self._foot(block) + (self.skip + 1) * self.pitch

    def _slab(self, k: int, color: ManimColor) -> Rectangle:
        slab = Rectangle(width=WIDTH, height=SLAB * self.pitch, stroke_width=0, fill_color=color, fill_opacity=1)
        middle = self._foot(k // self.skip) + (k % self.skip + 1) * self.pitch
        return slab.move_to([self.x, middle, 0])

    def _way(self, block: int, short_of: float = 0.0) -> NDArray:
        """The arc past ``block`` (41, 3), half an ellipse that ends above the floors; ``short_of``: at the ring."""
        low, high = self._foot(block), self._top(block)
        angles = np.linspace(-np.pi / 2, np.arccos(short_of / ARC_OUT), 41)
        x, y = self.x - ARC_OUT * np.cos(angles), (low + high) / 2 + (high - low) / 2 * np.sin(angles)
        return np.column_stack([x, y, np.zeros(len(x))])

    def _riding(self, block: int, share: float) -> NDArray:
        """Where what takes the arc past ``block`` is after ``share`` of its way, (3,)."""
        way = self._way(block)
        lengths = np.linalg.norm(np.diff(way, axis=0), axis=1)
        walked = np.concatenate([[0.0], np.cumsum(lengths)])
        return np.array([np.interp(share * walked[-1], walked, axis) for axis in way.T])

    def _links(self) -> list[VMobject]:
        """The way up where there are no floors: into the first block, from each to its ring, from ring to block."""
        below, around = self.pitch * (1 - SLAB / 2), PLUS
        starts = [self.box[2], self._top(0) + around, self._top(1) + around]
        ends = [self._foot(0) + below, self._foot(1) + below, self.box[3]]
        starts += [self._top(block) - below for block in (0, 1)]
        ends += [self._top(block) - around for block in (0, 1)]
        return [
            segment((self.x, low, 0), (self.x, high, 0), palette.text, style.RING)
            for low, high in zip(starts, ends, strict=True)
        ]

    def _plus(self, block: int) -> VGroup:
        """Where the lift meets the floors again: both are added."""
        middle = np.array([self.x, self._top(block), 0.0])
        arms = [segment(middle - arm, middle + arm, palette.text, style.BOX) for arm in 0.6 * PLUS * np.eye(3)[:2]]
        return VGroup(ring(middle, PLUS, palette.text), *arms)

    def guides(self, spot: tuple[float, float, float, float]) -> VGroup:
        """Lines from as many floors of the tower at ``spot``, further right, to what is seen from near."""
        x, ground, width, floor = spot
        _, right, bottom, top = self.box
        low = ground + GUIDES_FROM * self.count * floor
        ends = ((low, bottom), (low + self.count * floor, top))
        color = mix(palette.dim, 0.6)
        return VGroup(*(
            segment((x - width / 2 - 0.06, a, 0), (right + 0.1, b, 0), color, style.GUIDE) for a, b in ends
        ))  # fmt: skip

    def begin(self) -> None:
        self.add(self.links, self.floors_near, self.arcs, self.dots)
        self.light(0.0)

    def light(self, share: float) -> None:
        """Both dots have gone ``share`` of the way up; floors that have been passed are lit."""
        height = self.box[2] + share * (self.box[3] - self.box[2])
        block = 1 if height >= self._foot(1) else 0
        low, high = self._foot(block), self._top(block)
        middle = np.array([self.x, height, 0.0])
        self.dots[0].move_to(middle)
        inside = low <= height <= high
        self.dots[1].move_to(self._riding(block, (height - low) / (high - low)) if inside else middle)
        self.dots.set_opacity(float(smooth(np.clip(min(share, 1 - share) / FADE, 0, 1))))
        for slab in self.floors_near:
            passed = float(np.clip((height - slab.get_bottom()[1]) / slab.height, 0, 1))
            style.emphasize(slab, style.FAINT + passed * (style.FULL - style.FAINT))
