"""Networks as towers, a floor a layer, with their errors below, and Taipei 101, to one scale. Functions of numbers."""

from __future__ import annotations

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import polyline, ring, segment
from gradreel.scenes.mobjects.text import Number, TextMobject, words
from gradreel.scenes.style import mix, palette
from manim import Dot, ManimColor, Rectangle, VGroup, VMobject, smooth
from numpy.typing import NDArray

SLAB = 0.68  # share of a floor that is slab; the rest is the gap to the next
TAIPEI_FLOORS = 101
"""Storeys above the ground, as the lecture counts them."""
WAIST, SEGMENT = 26, 8  # the tapering foot's storeys; then eight segments of eight storeys, each wider at its top
CROWN = ((90, 0.26), (95, 0.26), (95, 0.17), (TAIPEI_FLOORS, 0.17))  # (storey, half of the width in widths)
"""The outline in storeys. Source: the building's description at https://en.wikipedia.org/wiki/Taipei_101 (the foot, the
eight segments of eight storeys); the widths are drawn by eye and stand for nothing."""


class Tower(VMobject):
    """``floors`` slabs on the ground, one a layer, as one mobject; ``stand`` sets it in place.

    ``top``: where it ends now, in scene units.
    """

    def __init__(self, floors: int, color: ManimColor) -> None:
        super().__init__(stroke_width=0)
        self.set_fill(color, 1)
        self.floors = floors
        self.stand(0.0, 0.0, 1.0, 0.1)

    def stand(self, x: float, ground: float, width: float, floor: float, built: float | None = None) -> Tower:
        """On ``ground`` around ``x``, each floor ``floor`` high; ``built`` floors of it (default: all)."""
        built = float(self.floors) if built is None else min(max(built, 0.0), self.floors)
        low = np.arange(int(np.ceil(built - 1e-9)), dtype=float)
        heights = np.minimum(SLAB, built - low)
        boxes = np.stack([np.full_like(low, x - width / 2), ground + low * floor,
                          np.full_like(low, x + width / 2), ground + (low + heights) * floor], axis=1)  # fmt: skip
        self.points = rectangles(boxes)
        self.top = ground + built * floor
        return self


class Taipei101(VMobject):
    """The building's outline, up to its 101st storey; ``stand`` as a tower's."""

    def __init__(self) -> None:
        super().__init__(stroke_color=palette.dim, stroke_width=style.BOX)
        self.set_fill(style.mix(palette.dim, 0.13), 1)
        self.floors = TAIPEI_FLOORS
        side = [(0, 0.5), (WAIST, 0.34)]
        for start in range(WAIST, CROWN[0][0], SEGMENT):
            side += [(start, 0.3), (start + SEGMENT, 0.4)]
        self._side = np.array([*side, *CROWN], dtype=float)  # (n, 2): storey, half width
        self.stand(0.0, 0.0, 1.0, 0.1)

    def stand(self, x: float, ground: float, width: float, floor: float, built: float | None = None) -> Taipei101:
        built = float(self.floors) if built is None else min(max(built, 0.0), self.floors)
        storey = np.minimum(self._side[:, 0], built)
        right = np.column_stack([x + self._side[:, 1] * width, ground + storey * floor, np.zeros(len(storey))])
        left = right[::-1] * [-1.0, 1.0, 1.0] + [2 * x, 0.0, 0.0]
        self.set_points_as_corners(np.vstack([right, left, right[:1]]))
        self.top = ground + built * floor
        return self


COUNT = 30  # size of the numbers on top of towers
COUNT_GAP = 0.17  # from a tower's top to the baseline of its count
HIGHEST_COUNT = 2.55  # of its baseline: beside a tower that goes on above it
DIGIT = 0.174  # scene units that a digit of a count takes
ERROR_SIZE, ERROR_DROP, BAR_SHARE = 30, 0.36, 0.3
SKIP = 3
"""Floors that a lift skips: Residual Net's blocks have three layers; source: He et al. 2015, figure 5, right."""
FADE = 0.06  # of the way up: in which the dots come and go
NEAR_WIDTH, SHAFT_OUT, PLUS = 1.0, 0.6, 0.15  # of floors seen from near; how far out a shaft is; a + in a ring


class ErrorBar(VGroup):
    """A bar that hangs from y = ``ceiling``, ``length`` long, and below it what it stands for, as text."""

    def __init__(self, length: float, ceiling: float, text: str) -> None:
        super().__init__()
        self.length, self.ceiling = length, ceiling
        self.bar = Rectangle(width=0.5, height=1.0, stroke_width=0, fill_color=mix(palette.text, 0.75), fill_opacity=1)
        self.text = words(text, ERROR_SIZE)
        self.add(self.bar, self.text)
        self.hang(0.0, 0.5, 0.0)

    def hang(self, x: float, width: float, share: float) -> None:
        """Around ``x``; ``share`` of its length."""
        long = max(1e-3, share * self.length)
        left, right, bottom = x - width / 2, x + width / 2, self.ceiling - long
        corners = [[right, self.ceiling], [left, self.ceiling], [left, bottom], [right, bottom], [right, self.ceiling]]
        self.bar.set_points_as_corners([[*corner, 0.0] for corner in corners])
        self.text.place(bottom - ERROR_DROP, center=x)


class Column(VGroup):
    """One network: its tower with the count of its layers on top, beneath it name, year and error.

    Only what has come is part of it: the tower when it begins to grow, then the words. ``stand`` places all of it.
    """

    def __init__(
        self,
        tower: Tower | Taipei101,
        unit: str,
        texts: list[tuple[TextMobject, float]],
        ground: float,
        bar: ErrorBar | None = None,
    ) -> None:
        super().__init__()
        self.floors, self.built = tower.floors, 0.0
        self.tower, self.ground, self.bar = tower, ground, bar
        self.count = Number(tower.floors, 0, COUNT, palette.text)
        self.unit = words(unit, COUNT, palette.text)
        self.texts = texts  # each with its baseline
        self.hung = 0.0  # share of the bar that hangs

    def begin(self) -> None:
        """The tower and its count join the picture, nothing built yet."""
        self.add(self.tower, self.count, self.unit)

    def words(self) -> list[TextMobject]:
        return [text for text, _ in self.texts]

    def stand(self, x: float, width: float, floor: float) -> None:
        """Around ``x``; the count on top is that of the floors built so far."""
        self.spot = (x, self.ground, width, floor)
        self.tower.stand(*self.spot, built=self.built)
        self._number(np.floor(self.built + 1e-9), self.tower.top)
        for text, line in self.texts:
            text.place(line, center=x)
        self.hang(self.hung)

    def hang(self, share: float) -> None:
        """``share`` of the error's bar hangs below."""
        self.hung = share
        if self.bar is not None:
            self.bar.hang(self.spot[0], BAR_SHARE * self.spot[2], share)

    def _number(self, value: float, top: float) -> None:
        """The count and its unit on top of the tower; beside it where that is too high."""
        x, _, width, _ = self.spot
        baseline = min(top + COUNT_GAP, HIGHEST_COUNT)
        beside = float(smooth(np.clip((top + COUNT_GAP - HIGHEST_COUNT) / 0.6 + 1, 0, 1)))
        beside = beside if top + COUNT_GAP > HIGHEST_COUNT else 0.0
        whole = self.count_width + 0.14 + self.unit.width
        right = x + whole / 2 - beside * (width / 2 + whole / 2 + 0.15)
        self.count.set_value(value)
        self.count.place(baseline, right=right - whole + self.count_width)
        self.unit.place(baseline, right=right)

    @property
    def count_width(self) -> float:
        return float(DIGIT * len(str(self.floors)))


class CloseUp(VGroup):
    """Two blocks of floors seen from near, with a lift past each: ``floors_near``, ``lifts``, then two dots.

    What comes in climbs floor by floor, and takes the lift at the same time; on top of the block both meet.
    """

    def __init__(self, floors: int, x: float, bottom: float, top: float) -> None:
        super().__init__()
        self.skip = SKIP if floors >= 2 * SKIP else 1
        self.count = 2 * self.skip
        self.box = (x - NEAR_WIDTH / 2, x + NEAR_WIDTH / 2, bottom, top)
        self.x = x
        self.pitch = (top - bottom) / (self.count + 4)  # there is room between the blocks, and below and above
        self.floors_near = VGroup(*(self._slab(k, palette.blue) for k in range(self.count)))
        style.emphasize(self.floors_near, style.FAINT)
        self.shafts = [self._shaft(block) for block in (0, 1)]
        self.lifts = VGroup(*self._links(), *self.shafts, *map(self._plus, (0, 1)))
        self.lifts_x = x + SHAFT_OUT / 2
        self.dots = VGroup(*(Dot(radius=0.1, color=palette.text) for _ in range(2)))

    def _foot(self, block: int) -> float:
        """Where the lift past block 0 or 1 begins."""
        return self.box[2] + (0.5 + block * (self.skip + 2)) * self.pitch

    def _top(self, block: int) -> float:
        """Where it ends, and both are added."""
        return self._foot(block) + (self.skip + 1) * self.pitch

    def _slab(self, k: int, color: ManimColor) -> Rectangle:
        left, right, _, _ = self.box
        slab = Rectangle(width=right - left, height=SLAB * self.pitch, stroke_width=0, fill_color=color, fill_opacity=1)
        middle = self._foot(k // self.skip) + (k % self.skip + 1) * self.pitch
        return slab.move_to([self.x, middle, 0])

    def _corners(self, block: int) -> NDArray:
        """Of the lift's way past ``block`` (4, 3): out to the shaft, up, and back in above the floors."""
        out, low, high = self.box[1] + SHAFT_OUT, self._foot(block), self._top(block)
        return np.array([[self.x, low, 0.0], [out, low, 0.0], [out, high, 0.0], [self.x, high, 0.0]])

    def _shaft(self, block: int) -> VMobject:
        corners = self._corners(block)
        corners[3, 0] += PLUS  # it ends at the ring
        return polyline(corners, palette.text, style.RING)

    def _riding(self, block: int, share: float) -> NDArray:
        """Where the lift past ``block`` is after ``share`` of its way, (3,)."""
        corners = self._corners(block)
        lengths = np.linalg.norm(np.diff(corners, axis=0), axis=1)
        walked = np.concatenate([[0.0], np.cumsum(lengths)])
        return np.array([np.interp(share * walked[-1], walked, axis) for axis in corners.T])

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
        """Lines from as many floors of the tower at ``spot`` to the corners of what is seen from near."""
        x, ground, width, floor = spot
        left, _, bottom, top = self.box
        middle = (bottom + top) / 2
        low = min(max(middle, ground), top) - self.count * floor / 2
        ends = ((max(low, ground), bottom), (max(low, ground) + self.count * floor, top))
        color = mix(palette.dim, 0.6)
        return VGroup(*(
            segment((x + width / 2 + 0.06, a, 0), (left - 0.1, b, 0), color, style.GUIDE) for a, b in ends
        ))  # fmt: skip

    def begin(self) -> None:
        self.add(self.lifts, self.floors_near, self.dots)
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


def rectangles(boxes: NDArray) -> NDArray:
    """A VMobject's points of rectangles (n, 4), left, bottom, right, top: four straight Bezier pieces each."""
    corners = boxes[:, [[0, 1], [2, 1], [2, 3], [0, 3]]]  # (n, 4, 2)
    ends = np.roll(corners, -1, axis=1)
    shares = np.array([0.0, 1 / 3, 2 / 3, 1.0])[:, None]
    flat = corners[:, :, None] + shares * (ends - corners)[:, :, None]  # (n, 4, 4, 2)
    points = np.zeros((flat.shape[0] * 16, 3))
    points[:, :2] = flat.reshape(-1, 2)
    return points
