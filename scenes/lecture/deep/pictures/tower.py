"""Networks as towers, a floor a layer, with their errors below, and Taipei 101, to one scale. Functions of numbers."""

from __future__ import annotations

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.text import Number, TextMobject, words
from gradreel.scenes.style import mix, palette
from manim import ManimColor, Rectangle, VGroup, VMobject, smooth
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
    ``units``: what a single floor is called, and several are.
    """

    def __init__(
        self,
        tower: Tower | Taipei101,
        units: tuple[str, str],
        texts: list[tuple[TextMobject, float]],
        ground: float,
        bar: ErrorBar | None = None,
    ) -> None:
        super().__init__()
        self.floors, self.built = tower.floors, 0.0
        self.tower, self.ground, self.bar = tower, ground, bar
        self.count = Number(tower.floors, 0, COUNT, palette.text)
        self.single, self.unit = (words(unit, COUNT, palette.text) for unit in units)
        self.single.set_fill(opacity=0)
        self.texts = texts  # each with its baseline
        self.hung = 0.0  # share of the bar that hangs

    def begin(self) -> None:
        """The tower and its count join the picture, nothing built yet."""
        self.add(self.tower, self.count, self.single, self.unit)

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
        for unit, shown in ((self.single, value == 1), (self.unit, value != 1)):
            unit.place(baseline, left=right - self.unit.width)
            unit.set_fill(opacity=float(shown))

    @property
    def count_width(self) -> float:
        return float(DIGIT * len(str(self.floors)))


def rectangles(boxes: NDArray) -> NDArray:
    """A VMobject's points of rectangles (n, 4), left, bottom, right, top: four straight Bezier pieces each."""
    corners = boxes[:, [[0, 1], [2, 1], [2, 3], [0, 3]]]  # (n, 4, 2)
    ends = np.roll(corners, -1, axis=1)
    shares = np.array([0.0, 1 / 3, 2 / 3, 1.0])[:, None]
    flat = corners[:, :, None] + shares * (ends - corners)[:, :, None]  # (n, 4, 4, 2)
    points = np.zeros((flat.shape[0] * 16, 3))
    points[:, :2] = flat.reshape(-1, 2)
    return points
