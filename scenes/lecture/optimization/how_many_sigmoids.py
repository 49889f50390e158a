"""A question from the room: why three sigmoids? As many as one likes; a curve with more bends needs more of them."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from gradreel.core.curves.expression import Expression
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.optimization.pictures.bends import BendPlot
from gradreel.scenes.mobjects.counting import Counting
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.lecture_formulas import sum_of_sigmoids_source
from gradreel.scenes.mobjects.text import TextMobject, formula, words
from gradreel.scenes.style import palette
from gradreel.scenes.words.counts import Count
from manim import UP, Animation, Create, FadeIn, RoundedRectangle, UpdateFromAlphaFunc, VGroup, linear, smooth

STAGE = 0.8  # seconds that a sum of sigmoids is to be seen
BEND, MOST_BENDS = 0.55, 4  # seconds of each; from one sum to another
SUM_FORMULA = 1.72  # its baseline
CURVE = Expression("2.2 - (1.2 - 0.05*x)*cos(3.1416*x)")  # from 0 to 8 it rises and falls eight times


class HowManySigmoids(LectureScene):
    """The first beat of why-gradient: sums of more and more sigmoids, and that their number is a hyperparameter.

    Its ``bends``, ``sum_formula`` and ``marks`` are on the screen at its end.
    """

    parameters: Any

    def _title(self, key: str) -> list[Animation]:
        self.title, animations = next_heading(self.screen(key), getattr(self, "title", None))
        return animations

    def _sigmoids_beat(self) -> None:
        counts = self.parameters.sigmoids
        with self.beat("sigmoids", first=Count(counts[0])):
            # The sum over i up to 3, and what three sigmoids make of a curve; then more of them, and more bends
            self.bends = bends = BendPlot(CURVE, style.LEFT_EDGE + 0.1, 5.6, -2.7, 0.75)
            self.sum_formula = self._sum(counts[0])
            arriving = FadeIn(bends.plot), FadeIn(self.sum_formula, shift=0.15 * UP)
            self.play(*self._title("heading-how-many"), *arriving, run_time=0.6)
            bends.draw(bends.values(counts[0]))
            self.play(
                Create(bends.target), FadeIn(bends.name_target(self.screen("another"))), run_time=0.7, rate_func=smooth
            )
            self.play(Create(bends.sum), run_time=0.8, rate_func=smooth)
            self.wait(STAGE)
            for before, after in pairwise(counts):
                self._bend(before, after)
                self.wait(STAGE)
            limit = self._limit()
            name = words(self.screen("hyperparameter"), style.LABEL, palette.text)
            name.place(SUM_FORMULA + 0.6, left=limit.get_right()[0] + 0.25)
            self.play(Create(limit), FadeIn(name), run_time=0.7)
            self.marks = VGroup(limit, name)

    def _sum(self, count: int) -> TextMobject:
        return formula(sum_of_sigmoids_source(count), style.PLOT_FORMULA).place(SUM_FORMULA, left=style.LEFT_EDGE)

    def _limit(self) -> RoundedRectangle:
        """A thin frame around the number over the sum sign."""
        glyphs = self.sum_formula.part("sum")
        top = max(float(glyph.get_top()[1]) for glyph in glyphs)
        number = VGroup(*(glyph for glyph in glyphs if glyph.get_bottom()[1] > top - 0.3))
        frame = RoundedRectangle(corner_radius=0.08, width=number.width + 0.24, height=number.height + 0.16)
        return frame.set_stroke(palette.text, 2).move_to(number)

    def _bend(self, before: int, after: int) -> None:
        """Sigmoids come, or go, one by one, many in a few bends: the blue curve bends, and the formula counts."""
        bends = min(abs(after - before), MOST_BENDS)
        counts = np.linspace(before, after, bends + 1).round().astype(int).tolist()
        curves = np.array([self.bends.values(count) for count in counts])
        counting = Counting(self._sum, max(counts))

        def show(_: VGroup, share: float) -> None:
            now, way = divmod(share * bends, 1)
            there = curves[min(int(now) + 1, bends)]
            self.bends.draw(curves[int(now)] + smooth(way) * (there - curves[int(now)]))
            counting.show(counts[round(now + way)])

        self.remove(self.sum_formula)
        moving = VGroup(self.bends.sum, counting)
        self.play(UpdateFromAlphaFunc(moving, show, run_time=BEND * max(bends, 1), rate_func=linear))
        self.remove(counting)
        self.sum_formula = self._sum(after)
        self.add(self.sum_formula)
