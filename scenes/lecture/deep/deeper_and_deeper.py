"""Deeper and deeper: networks as towers, a floor a layer, their errors hanging below; and many pictures."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Self

import numpy as np
from gradreel.core.daily.views import DailyViews
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.deep.image_networks import NETWORKS, PICTURES, ImageNetwork
from gradreel.scenes.lecture.deep.naming import name_on_plate
from gradreel.scenes.lecture.deep.pictures.data_amounts import DataSquares
from gradreel.scenes.lecture.deep.pictures.five_guesses import PICTURE, FiveGuesses, OfHundred
from gradreel.scenes.lecture.deep.pictures.skyline import (
    CELLAR,
    DEEPEST,
    GROUND,
    TAIPEI_FLOORS,
    Column,
    ErrorBar,
    Skyline,
    building_column,
    cellar_line,
    ground_line,
    name_room,
    network_column,
)
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.text import TextMobject, caption, words
from gradreel.scenes.style import palette
from gradreel.scenes.words.claims import Claim, claim
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.numbers import number_text
from manim import (
    UP,
    Animation,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    Mobject,
    UpdateFromAlphaFunc,
    smooth,
    squish_rate_func,
)
from pydantic import Field, model_validator

SECONDS_A_FLOOR = 0.15  # while a low tower grows; a high one is up sooner
ROW = 0.36  # from line to line of what the errors are called
GUESSES = (0.9, 0.95)  # right side of a picture that is guessed at, and the middle of all that is beside it, y
STILL = 1.4  # seconds in which the last two squares can be compared
EARLY = squish_rate_func(smooth, 0.2, 0.5)  # for what is not true any more when all has drawn back
CROSSING = squish_rate_func(smooth, 0.1, 0.9)  # for what comes while something else leaves
LATE = squish_rate_func(smooth, 0.5, 1.0)  # for what comes to where something goes


class DeeperAndDeeper(LectureScene):
    """From 8 layers to 152 within three years, drawn to scale: a floor a layer, beside the 101 floors of Taipei 101."""

    class Parameters(LectureScene.Parameters):
        networks: tuple[ImageNetwork, ...] = Field(
            NETWORKS, min_length=2, max_length=5, description="The networks, from the earliest to the latest"
        )
        pictures: int = Field(PICTURES, ge=1, le=10**9, description="How many pictures they learned from")
        dataset: DailyViews = Field(DailyViews(), description="The daily views that our networks learn from")

        @model_validator(mode="after")
        def _years_do_not_go_back(self) -> Self:
            for before, after in pairwise(self.networks):
                if after.year < before.year:
                    raise ValueError(
                        f"networks: {after.name} ({after.year}) comes after {before.name} ({before.year}); "
                        "put them in the order of their years"
                    )
            return self

    def claims(self) -> Iterator[Claim]:
        first, *more, last = self.parameters.networks
        errors = [math.nan if each.error is None else each.error for each in self.parameters.networks]
        told = {"years": [each.year for each in self.parameters.networks], "errors": errors}
        about = [round(error) for error in errors[1:-1] if math.isfinite(error)]
        later = all(each.year == first.year + 2 for each in more) and about == about[:1] * len(more)
        yield claim(
            "more-two-better", "two years later two networks got equally few wrong", later and len(more) == 2, **told
        )
        yield claim("more-two-better", "fewer than the first", max(errors[1:-1]) < errors[0], **told)
        layers = last.layers
        yield claim(
            "last-taller-error",
            "the last has more layers than Taipei 101 has floors",
            layers > TAIPEI_FLOORS,
            layers=layers,
        )
        yield claim("last-taller-error", "it got the fewest wrong", errors[-1] == min(errors), **told)
        pictures, days = self.parameters.pictures, len(self.parameters.dataset.labels())
        million = 10**6 < pictures < 2 * 10**6 and days < pictures / 100
        yield claim(
            "pictures-million", "over a million pictures, and far fewer days", million, pictures=pictures, days=days
        )

    def construct(self) -> None:
        self.networks = self.parameters.networks
        largest = max([network.error or 0.0 for network in self.networks]) or 1.0
        columns = [self._column(network, largest) for network in self.networks]
        self.skyline = Skyline(columns, building_column(self._units("floor"), self.screen("building")))
        self.columns = self.skyline.columns
        self.ground, self.cellar = ground_line(), cellar_line()
        self._first_beat()
        if len(self.networks) > 2:
            self._more_beat()
        self._last_beat()
        self._pictures_beat()
        self.hand_on(self.ground)

    def _first_beat(self) -> None:
        first = self.networks[0]
        with self.beat("first", pause="short", **self._told_of(first)):
            # The good name, as the last scene left it, gives way to a tower of a few floors: a floor is a layer. Beside
            # it five guesses at a picture, with the right one among them. How often it is not, a bar says, below the
            # ground, and squares of a hundred beside the guesses
            name = name_on_plate(self.words_of.screen("naming", "deep", self.context.language, {}))
            self.add(name)
            heading, (arriving,) = next_heading(self.screen("heading"))
            going = FadeOut(name, target_position=heading, scale=0.7, rate_func=squish_rate_func(smooth, 0.0, 0.6))
            arriving.rate_func = LATE
            self.play(going, arriving, FadeIn(self.ground), run_time=0.8)
            self._raise(self.columns[0], _seconds(first.layers))
            self._name_it(self.columns[0])
            one_layer = self.skyline.beside_a_floor(self.columns[0], self.screen("one-layer"))
            self.beside: list[Mobject] = [one_layer]
            self.play(FadeIn(one_layer), run_time=0.4)
            self.rows = self._row_names()
            self.until("guess")
            coming, filling = [], []
            if first.error is not None and self._has_room():
                self._guess()
                hundred = OfHundred(GUESSES[1], first.error, self.screen("of-hundred", error=self._error(first)))
                self.beside.append(hundred)
                coming, filling = [FadeIn(hundred)], [UpdateFromAlphaFunc(hundred, OfHundred.show, rate_func=smooth)]
            self.until("wrong")
            if self.rows:
                self.play(FadeIn(self.cellar, *self.rows), *coming, run_time=0.5)
            self._hang_error(self.columns[0], *filling)

    def _has_room(self) -> bool:
        """Whether the first of the towers stands left of what is beside it."""
        x, _, width, _ = self.columns[0].spot
        return x + max(width, self.columns[0].unit.width + 1.0) / 2 < GUESSES[0] - PICTURE

    def _guess(self) -> None:
        """Beside the tower, a picture, and five guesses at what is in it: right with the third."""
        self._forget_what_is_beside()
        texts = self.screen("guesses").split(", ")
        self.guesses = guesses = FiveGuesses(*GUESSES, texts, self.screen("cat"))
        self.beside = [guesses]
        self.play(FadeIn(guesses.picture), FadeIn(guesses.texts), run_time=0.6)
        self.play(LaggedStart(*map(Create, guesses.marks), lag_ratio=0.5), run_time=1.2)

    def _more_beat(self) -> None:
        second, last = self.networks[1], self.networks[-2]
        values = {"second": second.name, "second_layers": Count(second.layers)}
        with self.beat("more-two-better", pause="short", **values, **self._told_of(last)):
            # Higher ones, one after the other; what hangs below gets shorter
            self._forget_what_is_beside()
            for column in self.columns[1:-1]:
                if column is self.columns[-2]:
                    self.until("last")
                self._raise(column, _seconds(column.floors))
                self._name_it(column)
                self._hang_error(column)

    def _last_beat(self) -> None:
        last = self.networks[-1]
        with self.beat("last-taller-error", pause="long", **self._told_of(last)):
            # The last one gets its name and shoots up, out of the picture; then all draws back until it fits, beside
            # a building. Its error hangs itself below when it is spoken of
            tower, building = self.columns[-1], self.skyline.building
            self._forget_what_is_beside()
            self.play(self.skyline.going("place", 1.0, 0.9))
            self._name_it(tower)
            self._raise(tower, min(2.0, 0.9 + _seconds(last.layers)))
            self.until("away")
            self.play(self.skyline.going("away", 1.0, 1.4))
            self._name_it(building)
            self._raise(building, 1.2)
            self.until("wrong")
            self._hang_error(tower)

    def _pictures_beat(self) -> None:
        pictures, days = Count(self.parameters.pictures), Count(len(self.parameters.dataset.labels()))
        with self.beat("pictures-million", pictures=pictures, days=days):
            # On the ground, two squares by what there was to learn from: pictures, and our days. Seen from near, there
            # is a cell for each, with a picture in it, and they reach far out; then all draws back until the pictures
            # are seen whole, in blocks. Our days are a dot by then: it is ringed, beside a block
            texts = (self.screen("pictures", count=pictures), self.screen("days", count=days))
            each = (self.screen("a-picture"), self.screen("a-day"))
            self.squares = squares = DataSquares((pictures, days), texts, each, GROUND)
            gone = [part for part in self.mobjects if part is not self.ground]
            leaving = [FadeOut(part, run_time=0.5) for part in gone]
            lines = [FadeIn(line, shift=0.15 * UP) for line in (*squares.names, *squares.each)]
            coming = [*map(FadeIn, squares.squares), *lines]  # while the rest leaves: the picture is never empty
            self.play(*leaving, *(part.set_rate_func(CROSSING) for part in coming))
            self.until("away")
            if squares.near > squares.far:
                gone = [] if squares.days_are_seen else [FadeOut(squares.each[1], rate_func=EARLY)]
                self.play(squares.drawing_back(1.8), *gone)
            self._mark_the_ends()
            self.wait(STILL)

    def _mark_the_ends(self) -> None:
        """Our days are ringed where they are a dot. Where the pictures' cells are too small, one block is framed."""
        squares = self.squares
        around = squares.around_the_smaller()
        marks = [] if around is None else [Create(around)]
        if squares.block is not None:
            name = squares.name_of_a_block(self.screen("a-block", count=Count(squares.block)))
            gone = FadeOut(squares.each[0], run_time=0.3)
            marks += [Create(squares.around_a_block()), gone, FadeIn(name, rate_func=LATE)]
        if marks:
            self.play(*marks, run_time=0.6)

    # -- towers, and what is beside the first -----------------------------------------------------------------------

    def _column(self, network: ImageNetwork, largest_error: float) -> Column:
        bar = None
        if network.error is not None:
            length = (CELLAR - DEEPEST) * network.error / largest_error
            bar = ErrorBar(length, CELLAR, self._error(network))
        room = name_room(len(self.networks))
        return network_column(network.layers, self._units("layer"), network.name, network.year, room, bar)

    def _raise(self, column: Column, seconds: float) -> None:
        """``column`` is built floor by floor."""
        raising = self.skyline.raising(column, seconds)
        self.add(self.skyline)
        self.play(raising)

    def _name_it(self, column: Column) -> None:
        """The words of ``column`` come."""
        self.play(*(FadeIn(text, shift=0.15 * UP) for text in column.words()), run_time=0.5)
        column.add(*column.words())
        self.add(self.skyline)

    def _hang_error(self, column: Column, *also: Animation) -> None:
        """The error of ``column``, if it is known, hangs itself below, while something ``also`` happens."""
        if column.bar is not None:
            column.add(column.bar)
            self.add(self.skyline)
            hanging = UpdateFromAlphaFunc(column.bar, lambda _, share: column.hang(share), rate_func=smooth)
            self.play(hanging, *also, run_time=0.7)

    def _forget_what_is_beside(self) -> None:
        """What stands beside the first tower goes, if it has not yet."""
        if self.beside:
            self.play(*map(FadeOut, self.beside), run_time=0.4)
        self.beside = []

    # -- words ---------------------------------------------------------------------------------------------------

    def _told_of(self, network: ImageNetwork) -> dict[str, str | Count]:
        """What a line may say of one of the networks. Its year is no number: a count has its digits in groups."""
        of_hundred = Count(round(network.error or 0.0))
        values = {"network": network.name, "year": str(network.year)}
        return values | {"layers": Count(network.layers), "of_hundred": of_hundred}

    def _units(self, key: str) -> tuple[str, str]:
        """What stands behind a count of 1, and behind others."""
        return self.screen(key), self.screen(key + "s")

    def _error(self, network: ImageNetwork) -> str:
        """Of a hundred pictures, those that are guessed wrong."""
        return "" if network.error is None else number_text(round(network.error, 2))

    def _row_names(self) -> list[TextMobject]:
        """The caption: what an error is, and of the lesson's networks, where it comes from; then their name, left."""
        if all(network.error is None for network in self.networks):
            return []
        said = self.screen("caption") + (self.screen("contest") if self.networks == NETWORKS else "")
        names = [words(self.screen(key), style.TICK, palette.dim) for key in ("error", "of-a-hundred")]
        for k, name in enumerate(names):
            name.place(CELLAR - 0.22 - ROW * k, left=style.LEFT_EDGE)
        return [caption(said), *names]


def _seconds(layers: int) -> float:
    return float(np.clip(SECONDS_A_FLOOR * layers, 0.8, 1.6))
