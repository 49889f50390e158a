"""Deeper and deeper: networks as towers, a floor a layer, beside one of the world's tall buildings."""

from __future__ import annotations

from itertools import pairwise
from typing import Self

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.counts import Count
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.plot import segment
from gradreel.scenes.mobjects.text import Number, TextMobject, caption, words
from gradreel.scenes.mobjects.ticks import number_text
from gradreel.scenes.mobjects.tower import SLAB, TAIPEI_FLOORS, Taipei101, Tower
from gradreel.scenes.style import palette
from manim import UP, Animation, FadeIn, FadeOut, UpdateFromAlphaFunc, VGroup, linear, smooth
from pydantic import BaseModel, ConfigDict, Field, model_validator

GROUND, TOP = -1.6, 2.25  # where towers stand, and how high the highest may reach
EARLY_TOP = 1.7  # the highest of those before the last, while the last has not come: there is sky above them
LEFT, RIGHT = -5.1, 6.3  # the towers' part of the ground; left of it the rows below have their names
NAME, YEAR, ERROR = GROUND - 0.47, GROUND - 0.85, GROUND - 1.36  # baselines
COUNT_GAP = 0.17  # from a tower's top to the baseline of its count
SECONDS_A_FLOOR = 0.15  # while a low tower grows; a high one is up sooner
COUNT, ERROR_SIZE, NAME_SIZE = 30, 32, 28
DIGIT = 0.174  # scene units that a digit of a count takes
TOWER_SHARE = 0.5  # of the room between two towers' middles that is tower
BUILDING_SHARE = 0.62  # of a tower's width, the building's
HIGHEST_FLOOR = 0.36
MOST_LAYERS = 2000


class ImageNetwork(BaseModel):
    """One network that tells pictures apart, and how deep it is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=12, description="What it is called")
    year: int = Field(ge=1940, le=2100, description="The year it came")
    layers: int = Field(ge=2, le=MOST_LAYERS, description="How many layers it has: as many floors are drawn")
    error: float | None = Field(None, ge=0, le=100, description="Share of pictures that it names wrongly, in percent")
    lecture: bool = Field(False, description="Whether the error is the lecture's; others are marked with a star")


NETWORKS = (
    ImageNetwork(name="AlexNet", year=2012, layers=8, error=16.4, lecture=True),
    ImageNetwork(name="VGG", year=2014, layers=19, error=7.3, lecture=True),
    ImageNetwork(name="GoogLeNet", year=2014, layers=22, error=6.7, lecture=True),
    ImageNetwork(name="Residual Net", year=2015, layers=152, error=3.57),
)
"""The lecture's four. It does not say the last one's error; source: He et al. 2015, https://arxiv.org/abs/1512.03385."""


class DeeperAndDeeper(LectureScene):
    """From 8 layers to 152 within three years, drawn to scale: a floor a layer, beside the 101 floors of Taipei 101."""

    class Parameters(LectureScene.Parameters):
        networks: tuple[ImageNetwork, ...] = Field(
            NETWORKS, min_length=2, max_length=5, description="The networks, from the earliest to the latest"
        )

        @model_validator(mode="after")
        def _years_do_not_go_back(self) -> Self:
            for before, after in pairwise(self.networks):
                if after.year < before.year:
                    raise ValueError(
                        f"networks: {after.name} ({after.year}) comes after {before.name} ({before.year}); "
                        "put them in the order of their years"
                    )
            return self

    def construct(self) -> None:
        self._build()
        self._first_beat()
        if len(self.networks) > 2:
            self._more_beat()
        self._last_beat()
        self._lift_beat()

    # -- what is on the screen -----------------------------------------------------------------------------------

    def _build(self) -> None:
        self.networks = self.parameters.networks
        self.columns = [self._column(network) for network in self.networks]
        name = words(self.screen("building"), NAME_SIZE, palette.dim)
        self.building = Column(Taipei101(), self.screen("floors"), [(name, NAME)])
        style.emphasize(VGroup(self.building.count, self.building.unit), 0.8)
        self.place = 0.0  # 0: the early networks alone on the ground; 1: room for the last one and for the building
        self.ground = segment((LEFT, GROUND, 0), (RIGHT, GROUND, 0), palette.axis, style.AXIS)
        self.stage = VGroup(*self.columns, self.building)
        self.stand()

    def _column(self, network: ImageNetwork) -> Column:
        texts = [
            (_name(network.name, (RIGHT - LEFT) / (len(self.networks) + 1) - 0.2), NAME),
            (words(str(network.year), style.TICK, palette.dim), YEAR),
        ]
        if network.error is not None:
            texts.append((words(self._error(network) + " %" + self._star(network), ERROR_SIZE), ERROR))
        return Column(Tower(network.layers, palette.blue), self.screen("layers"), texts)

    def stand(self) -> None:
        """Everything at its place, each tower as high as it is built, all to one scale: the highest just fits."""
        early, late = _centers(len(self.columns) - 1), _centers(len(self.columns) + 1)
        early += late[-2:]  # the last one and the building come to their own places
        columns = [*self.columns, self.building]
        highest = max(column.floors for column in self.columns[:-1])
        standing = max(1.0, *(column.built for column in columns))
        self.floor = min(HIGHEST_FLOOR, (EARLY_TOP - GROUND) / highest, (TOP - GROUND) / standing)
        width = TOWER_SHARE * (late[1] - late[0]) * (1.4 - 0.4 * self.place)
        for column, x0, x1 in zip(columns, early, late, strict=True):
            share = BUILDING_SHARE if column is self.building else 1.0
            column.stand(x0 + self.place * (x1 - x0), share * width, self.floor)

    def _raise(self, column: Column, seconds: float, place: float | None = None) -> None:
        """``column`` is built floor by floor, then its words come; meanwhile the others make room for ``place``."""
        start, end = self.place, self.place if place is None else place
        if end > start:
            self._move(start, end)
        column.begin()
        self.add(self.stage)

        def update(_: VGroup, share: float) -> None:
            column.built = share * column.floors
            self.stand()

        self.play(UpdateFromAlphaFunc(self.stage, update, run_time=seconds, rate_func=smooth))
        self.play(*(FadeIn(text, shift=0.15 * UP) for text in column.words()), run_time=0.5)
        column.add(*column.words())
        self.add(self.stage)

    def _move(self, start: float, end: float) -> None:
        def update(_: VGroup, share: float) -> None:
            self.place = start + (end - start) * share
            self.stand()

        self.play(UpdateFromAlphaFunc(self.stage, update, run_time=0.9, rate_func=smooth))

    # -- beats ---------------------------------------------------------------------------------------------------

    def _first_beat(self) -> None:
        first = self.networks[0]
        known = first.error is not None
        values = {"network": first.name, "year": first.year, "layers": Count(first.layers), "error": self._error(first)}
        with self.beat("first" if known else "first-plain", **values):
            # A tower of a few floors: a floor is a layer. Beneath it how often the network is wrong
            _, arriving = next_heading(self.screen("heading"))
            self.play(*arriving, FadeIn(self.ground, run_time=0.6))
            self._raise(self.columns[0], _seconds(first.layers))
            self.one_layer = self._one_layer()
            self.play(*(FadeIn(text) for text in [*self._row_names(), self.one_layer]), run_time=0.5)

    def _more_beat(self) -> None:
        first, last = self.networks[0], self.networks[-2]
        better = first.error is not None and last.error is not None and last.error < first.error
        values = {"year": last.year, "layers": Count(last.layers), "error": self._error(last)}
        with self.beat("more-better" if better else "more", **values):
            # Higher ones, one after the other
            self._forget_one_layer()
            for column in self.columns[1:-1]:
                self._raise(column, _seconds(column.floors))

    def _last_beat(self) -> None:
        last = self.networks[-1]
        taller = last.layers > TAIPEI_FLOORS
        with self.beat("last-taller" if taller else "last-lower", network=last.name, layers=Count(last.layers)):
            # The last one grows past the picture's height, so that all else shrinks; then a building to compare
            self._forget_one_layer()
            self._raise(self.columns[-1], min(5.0, 2.5 + _seconds(last.layers)), place=1.0)
            self._raise(self.building, 2.0)

    def _lift_beat(self) -> None:
        with self.beat("tricks", layers=Count(self.networks[-1].layers)):
            # The last tower goes dark and lights up from the ground: an input passes each floor, one after the other
            column = self.columns[-1]
            self.play(style.emphasis(self.building, style.PRESENT), column.darken(), run_time=0.5)
            column.begin_light()
            self.add(self.stage)
            update = lambda _, share: column.light(share)  # noqa: E731
            self.play(UpdateFromAlphaFunc(column, update, run_time=5.5, rate_func=linear))

    def _one_layer(self) -> VGroup:
        """A line from the middle of the first tower to the words that say what one of its floors is."""
        column = self.columns[0]
        x, _, width, floor = column.spot
        height = GROUND + (column.floors // 2 + SLAB / 2) * floor
        line = segment((x + width / 2 + 0.12, height, 0), (x + width / 2 + 0.62, height, 0), palette.dim, style.GUIDE)
        text = words(self.screen("one-layer"), style.LABEL, palette.dim)
        return VGroup(line, text.place(height - 0.1, left=x + width / 2 + 0.74))

    def _forget_one_layer(self) -> None:
        if self.one_layer in self.mobjects:
            self.play(FadeOut(self.one_layer), run_time=0.4)

    # -- words ---------------------------------------------------------------------------------------------------

    def _error(self, network: ImageNetwork) -> str:
        return "" if network.error is None else number_text(round(network.error, 2))

    def _sources(self) -> set[bool]:
        """Whose errors are shown: the lecture's (True), others (False)."""
        return {network.lecture for network in self.networks if network.error is not None}

    def _star(self, network: ImageNetwork) -> str:
        return "*" if len(self._sources()) > 1 and not network.lecture else ""

    def _row_names(self) -> list[TextMobject]:
        """What the row of errors shows, at its left, and the caption: whose figures they are."""
        sources = self._sources()
        if not sources:
            return []
        key = "caption-both" if len(sources) > 1 else "caption-lecture" if True in sources else "caption"
        name = words(self.screen("error"), style.TICK, palette.dim).place(ERROR, left=style.LEFT_EDGE)
        return [name, caption(self.screen(key))]


def _centers(count: int) -> list[float]:
    """Where ``count`` towers stand, evenly over their part of the ground."""
    step = (RIGHT - LEFT) / count
    return [LEFT + step * (k + 0.5) for k in range(count)]


def _name(text: str, room: float) -> TextMobject:
    """A network's name, smaller or cut short where it is wider than its ``room``."""
    name = words(text, NAME_SIZE)
    size = max(style.SMALLEST, NAME_SIZE * min(1.0, room / name.width))
    for length in range(len(text), 0, -1):
        name = words(text if length == len(text) else text[:length] + "…", size)
        if name.width <= room:
            break
    return name


def _seconds(layers: int) -> float:
    return float(np.clip(SECONDS_A_FLOOR * layers, 0.8, 2.0))


class Column(VGroup):
    """One network: its tower with the count of its layers on top, beneath it name, year and error.

    Only what has come is part of it: the tower when it begins to grow, then the words. ``stand`` places all of it.
    """

    def __init__(self, tower: Tower | Taipei101, unit: str, texts: list[tuple[TextMobject, float]]) -> None:
        super().__init__()
        self.floors, self.built = tower.floors, 0.0
        self.tower = tower
        self.count = Number(tower.floors, 0, COUNT, palette.text)
        self.unit = words(unit, COUNT, palette.text)
        self.texts = texts  # each with its baseline
        self.lit: Tower | None = None

    def begin(self) -> None:
        """The tower and its count join the picture, nothing built yet."""
        self.add(self.tower, self.count, self.unit)

    def words(self) -> list[TextMobject]:
        return [text for text, _ in self.texts]

    def stand(self, x: float, width: float, floor: float) -> None:
        """Around ``x``; the count on top is that of the floors built so far."""
        for tower in (self.tower, self.lit):
            if tower is not None:
                tower.stand(x, GROUND, width, floor, self.built)
        self.spot = (x, GROUND, width, floor)
        self.count.set_value(np.floor(self.built + 1e-9))
        whole = self.count_width + 0.14 + self.unit.width
        baseline = self.tower.top + COUNT_GAP
        self.count.place(baseline, right=x - whole / 2 + self.count_width)
        self.unit.place(baseline, right=x + whole / 2)
        for text, line in self.texts:
            text.place(line, center=x)

    @property
    def count_width(self) -> float:
        return float(DIGIT * len(str(self.floors)))

    def darken(self) -> Animation:
        """The tower goes dark; ``light`` then lights its floors from the ground."""
        return style.emphasis(self.tower, style.FAINT)

    def begin_light(self) -> None:
        self.lit = Tower(self.floors, palette.blue)
        self.light(0.0)
        self.add(self.lit)

    def light(self, share: float) -> None:
        """The lowest ``share`` of the floors is lit, and the count is theirs."""
        assert self.lit is not None
        reached = np.floor(share * self.floors + 1e-9)
        self.lit.stand(*self.spot, built=reached)
        self.count.set_value(reached)
