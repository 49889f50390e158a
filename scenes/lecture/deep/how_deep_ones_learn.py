"""What so deep a network needed: shortcuts past its floors, and very many pictures. The end of deeper-and-deeper."""

from __future__ import annotations

from typing import Any

from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.deep.pictures.data_squares import DataSquares
from gradreel.scenes.lecture.deep.pictures.shortcuts import CloseUp
from gradreel.scenes.lecture.deep.pictures.skyline import GROUND, Skyline, ground_line
from gradreel.scenes.lecture.deep.pictures.tower import Column
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.style import palette
from gradreel.scenes.words.counts import Count
from manim import (
    UP,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    UpdateFromAlphaFunc,
    VMobject,
    linear,
    smooth,
    squish_rate_func,
)

FLOORS_NEAR = (-3.05, 2.7)  # bottom, top of the floors seen from near
GROUND_LEFT = 0.12  # of the ground, left and right of the last tower
STILL = 0.8  # seconds in which the last two squares can be compared
EARLY = squish_rate_func(smooth, 0.2, 0.5)  # for what is not true any more when all has drawn back
CROSSING = squish_rate_func(smooth, 0.1, 0.9)  # for what comes while something else leaves
LATE = squish_rate_func(smooth, 0.5, 1.0)  # for what comes to where something goes


class HowDeepOnesLearn(LectureScene):
    """The last two beats: shortcuts past the last tower's floors, then what there was to learn from, to one scale."""

    parameters: Any
    skyline: Skyline
    columns: list[Column]
    ground: VMobject
    cellar: VMobject
    rows: list[TextMobject]

    def _shortcut_beat(self) -> None:
        with self.beat("shortcut"):
            # The last tower alone stays, and a few of its floors are seen from near, as large as the picture. Past them
            # arcs lead, which skip floors. Something comes in: one dot climbs floor by floor, another takes the arc,
            # and on top they meet
            self._leave_the_last_alone()
            last = self.columns[-1]
            middle = (style.LEFT_EDGE + last.spot[0] - last.spot[2] / 2) / 2
            self.close_up = close_up = CloseUp(last.floors, middle, *FLOORS_NEAR)
            self.play(FadeIn(close_up.guides(last.spot)), FadeIn(close_up.floors_near, close_up.links), run_time=0.7)
            self.wait(0.6)
            name = words(self.screen("shortcuts"), style.LETTER, palette.text)
            right, baseline = close_up.beside_top
            name.place(baseline, right=right)
            arcs = LaggedStart(*map(Create, close_up.arcs), lag_ratio=0.5)
            self.play(arcs, FadeIn(name, rate_func=LATE), run_time=1.3)
            self.wait(1.0)
            close_up.begin()
            self.add(close_up)
            self.play(UpdateFromAlphaFunc(close_up, CloseUp.light, run_time=3.5, rate_func=linear))

    def _leave_the_last_alone(self) -> None:
        """All but the last tower and its words go; the ground is left below it alone."""
        last, skyline = self.columns[-1], self.skyline
        others = [*self.columns[:-1], skyline.building]
        bar = [] if last.bar is None else [last.bar]
        x, _, width, _ = last.spot
        ends = ([x + way * (width / 2 + GROUND_LEFT), GROUND, 0] for way in (-1, 1))
        ground = self.ground.animate.put_start_and_end_on(*ends)
        self.play(*map(FadeOut, (*others, self.cellar, *self.rows, *bar)), ground, run_time=0.6)
        skyline.remove(*others)
        last.remove(*bar)

    def _pictures_beat(self) -> None:
        pictures, days = Count(self.parameters.pictures), Count(len(self.parameters.dataset.labels()))
        with self.beat("pictures-million", pictures=pictures, days=days):
            # The ground is cleared for two squares by what there was to learn from: pictures, and our days. Seen
            # from near, there is a cell for each, with a picture in it, and they reach far out; then all draws back
            # until the pictures are seen whole, in blocks. Our days are a dot by then: it is ringed, beside a block
            texts = (self.screen("pictures", count=pictures), self.screen("days", count=days))
            self.squares = squares = DataSquares(
                (pictures, days), texts, (self.screen("a-picture"), self.screen("a-day")), GROUND
            )
            gone = [part for part in self.mobjects if part is not self.ground]
            leaving = [FadeOut(part, run_time=0.5) for part in gone]
            clearing = self.ground.animate(run_time=0.5).become(ground_line())
            lines = [FadeIn(line, shift=0.15 * UP) for line in (*squares.names, *squares.each)]
            coming = [*map(FadeIn, squares.squares), *lines]  # while the rest leaves: the picture is never empty
            self.play(*leaving, clearing, *(part.set_rate_func(CROSSING) for part in coming))
            self.wait(0.8)
            if squares.near > squares.far:
                gone = [] if squares.days_are_seen else [FadeOut(squares.each[1], rate_func=EARLY)]
                self.play(squares.drawing_back(1.8), *gone)
            self._mark_the_ends()
            self.wait(STILL)

    def _mark_the_ends(self) -> None:
        """Our days are ringed where they are no more than a dot; where the pictures' cells are too small, one block is
        framed, and how many it holds.
        """
        squares = self.squares
        around = squares.around_the_smaller()
        marks = [] if around is None else [Create(around)]
        if squares.block is not None:
            name = squares.name_of_a_block(self.screen("a-block", count=Count(squares.block)))
            marks += [
                Create(squares.around_a_block()),
                FadeOut(squares.each[0], run_time=0.3),
                FadeIn(name, rate_func=LATE),
            ]
        if marks:
            self.play(*marks, run_time=0.6)
