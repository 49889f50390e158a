"""Networks as towers on one ground, a floor a layer, their errors below, and Taipei 101 beside them, to one scale."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import segment
from gradreel.scenes.mobjects.text import Number, TextMobject, literal, words
from gradreel.scenes.style import mix, palette
from manim import Animation, ManimColor, Rectangle, UpdateFromAlphaFunc, VGroup, VMobject, smooth
from numpy.typing import NDArray

GROUND, TOP = -0.85, 2.25  # where towers stand, and how high the highest may reach
EARLY_TOP = 1.3  # the highest of those before the last, while the last has not come: there is sky above them
LEFT, RIGHT = -5.1, 6.3  # the towers' part of the ground; left of it the rows below have their names
NAME, YEAR = GROUND - 0.43, GROUND - 0.76  # baselines
CELLAR, DEEPEST = GROUND - 0.96, GROUND - 1.84  # errors hang from the first; the largest reaches the second
NAME_SIZE = 28
TOWER_SHARE = 0.5  # of the room between two towers' middles that is tower
BUILDING_SHARE = 0.62  # of a tower's width, the building's
HIGHEST_FLOOR = 0.3
COUNT = 30  # size of the numbers on top of towers
COUNT_GAP = 0.17  # from a tower's top to the baseline of its count
HIGHEST_COUNT = 2.55  # of its baseline: beside a tower that goes on above it
DIGIT = 0.174  # scene units that a digit of a count takes
ERROR_SIZE, ERROR_DROP, BAR_SHARE = 30, 0.36, 0.3
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
        self.set_fill(mix(palette.dim, 0.13), 1)
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
        bar: ErrorBar | None = None,
    ) -> None:
        super().__init__()
        self.floors, self.built = tower.floors, 0.0
        self.tower, self.bar = tower, bar
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
        self.spot = (x, GROUND, width, floor)
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


class Skyline(VGroup):
    """The networks' ``columns`` from the earliest to the latest, and the ``building``, as far as they have come.

    ``place``: 0, the early networks have the ground to themselves; 1, there is room for the last one and the building.
    ``away``: how far the eye has gone back: 0, the early ones fill the picture; 1, the highest fits. ``floor``: how
    high a floor is drawn now. ``stand`` after each change.
    """

    def __init__(self, columns: Sequence[Column], building: Column) -> None:
        super().__init__(*columns, building)
        self.columns, self.building = list(columns), building
        self.place = self.away = 0.0
        self.stand()

    def stand(self) -> None:
        """Everything at its place, each tower as high as it is built."""
        early, late = _centers(len(self.columns) - 1), _centers(len(self.columns) + 1)
        early += late[-2:]  # the last one and the building come to their own places
        near, far = _floor_heights([column.floors for column in self.columns])
        self.floor = near * (far / near) ** self.away
        width = TOWER_SHARE * (late[1] - late[0]) * (1.4 - 0.4 * self.place)
        for column, x0, x1 in zip([*self.columns, self.building], early, late, strict=True):
            share = BUILDING_SHARE if column is self.building else 1.0
            column.stand(x0 + self.place * (x1 - x0), share * width, self.floor)

    def raising(self, column: Column, seconds: float) -> Animation:
        """``column`` joins the picture and is built floor by floor."""
        column.begin()

        def update(_: VGroup, share: float) -> None:
            column.built = share * column.floors
            self.stand()

        return UpdateFromAlphaFunc(self, update, run_time=seconds, rate_func=smooth)

    def going(self, name: str, end: float, seconds: float) -> Animation:
        """``place`` or ``away`` goes to ``end``."""
        start = getattr(self, name)

        def update(_: VGroup, share: float) -> None:
            setattr(self, name, start + (end - start) * share)
            self.stand()

        return UpdateFromAlphaFunc(self, update, run_time=seconds, rate_func=smooth)

    def beside_a_floor(self, column: Column, text: str) -> VGroup:
        """A line from the middle of a tower to the words that say what one of its floors is."""
        x, _, width, floor = column.spot
        height = GROUND + (column.floors // 2 + SLAB / 2) * floor
        line = segment((x + width / 2 + 0.12, height, 0), (x + width / 2 + 0.62, height, 0), palette.dim, style.GUIDE)
        name = words(text, style.LABEL, palette.dim)
        return VGroup(line, name.place(height - 0.1, left=x + width / 2 + 0.74))


def network_column(
    layers: int, units: tuple[str, str], name: str, year: int, room: float, bar: ErrorBar | None
) -> Column:
    """A network of so many ``layers``, counted in ``units``, its name in so much ``room``, its error in a ``bar``."""
    texts = [(_fitting(name, room), NAME), (words(str(year), style.TICK, palette.dim), YEAR)]
    return Column(Tower(layers, palette.blue), units, texts, bar)


def building_column(units: tuple[str, str], name: str) -> Column:
    """Taipei 101, its words paler than the networks'."""
    column = Column(Taipei101(), units, [(words(name, NAME_SIZE, palette.dim), NAME)])
    style.emphasize(VGroup(column.count, column.single, column.unit), 0.8)
    return column


def name_room(networks: int) -> float:
    """How wide the name of one of so many networks may be."""
    return (RIGHT - LEFT) / (networks + 1) - 0.2


def ground_line() -> VMobject:
    """What the towers stand on."""
    return segment((LEFT, GROUND, 0), (RIGHT, GROUND, 0), palette.axis, style.AXIS)


def cellar_line() -> VMobject:
    """What the errors hang from."""
    return segment((LEFT, CELLAR, 0), (RIGHT, CELLAR, 0), mix(palette.axis, 0.5), style.GUIDE)


def _centers(count: int) -> list[float]:
    """Where ``count`` towers stand, evenly over their part of the ground."""
    step = (RIGHT - LEFT) / count
    return [LEFT + step * (k + 0.5) for k in range(count)]


def _floor_heights(layers: Sequence[int]) -> tuple[float, float]:
    """How high a floor is drawn while the eye is near, and when it has gone back."""
    near = min(HIGHEST_FLOOR, (EARLY_TOP - GROUND) / max(layers[:-1]))
    return near, min(near, (TOP - GROUND) / max(TAIPEI_FLOORS, *layers))


def _fitting(text: str, room: float) -> TextMobject:
    """A name, smaller or cut short where it is wider than its ``room``."""
    name = words(literal(text), NAME_SIZE)
    size = max(style.SMALLEST, NAME_SIZE * min(1.0, room / name.width))
    for length in range(len(text), 0, -1):
        name = words(literal(text if length == len(text) else text[:length] + "…"), size)
        if name.width <= room:
            break
    return name


def rectangles(boxes: NDArray) -> NDArray:
    """A VMobject's points of rectangles (n, 4), left, bottom, right, top: four straight Bezier pieces each."""
    corners = boxes[:, [[0, 1], [2, 1], [2, 3], [0, 3]]]  # (n, 4, 2)
    ends = np.roll(corners, -1, axis=1)
    shares = np.array([0.0, 1 / 3, 2 / 3, 1.0])[:, None]
    flat = corners[:, :, None] + shares * (ends - corners)[:, :, None]  # (n, 4, 4, 2)
    points = np.zeros((flat.shape[0] * 16, 3))
    points[:, :2] = flat.reshape(-1, 2)
    return points
