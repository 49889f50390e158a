"""Networks as towers on one ground, a building beside them, all to one scale, seen from near and then from far."""

from __future__ import annotations

from collections.abc import Sequence

from gradreel.scenes import style
from gradreel.scenes.lecture.deep.pictures.tower import SLAB, TAIPEI_FLOORS, Column, ErrorBar, Taipei101, Tower
from gradreel.scenes.mobjects.plot import segment
from gradreel.scenes.mobjects.text import TextMobject, literal, words
from gradreel.scenes.style import palette
from manim import Animation, UpdateFromAlphaFunc, VGroup, VMobject, smooth

GROUND, TOP = -0.85, 2.25  # where towers stand, and how high the highest may reach
EARLY_TOP = 1.3  # the highest of those before the last, while the last has not come: there is sky above them
LEFT, RIGHT = -5.1, 6.3  # the towers' part of the ground; left of it the rows below have their names
NAME, YEAR = GROUND - 0.43, GROUND - 0.76  # baselines
CELLAR, DEEPEST = GROUND - 0.96, GROUND - 1.84  # errors hang from the first; the largest reaches the second
NAME_SIZE = 28
TOWER_SHARE = 0.5  # of the room between two towers' middles that is tower
BUILDING_SHARE = 0.62  # of a tower's width, the building's
HIGHEST_FLOOR = 0.3


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
    return Column(Tower(layers, palette.blue), units, texts, GROUND, bar)


def building_column(units: tuple[str, str], name: str) -> Column:
    """Taipei 101, its words paler than the networks'."""
    column = Column(Taipei101(), units, [(words(name, NAME_SIZE, palette.dim), NAME)], GROUND)
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
    return segment((LEFT, CELLAR, 0), (RIGHT, CELLAR, 0), style.mix(palette.axis, 0.5), style.GUIDE)


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
