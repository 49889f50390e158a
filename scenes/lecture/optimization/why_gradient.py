"""Questions from the room: why three sigmoids, and why not simply try every value. The map of all lines rises."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Self

import numpy as np
from gradreel.core.analysis.compared_networks import depth_experiments
from gradreel.core.datasets import RED_CURVE, CurveDataset
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import parameter_names
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene, need_curve
from gradreel.scenes.lecture.optimization.pictures.count_of_tries import (
    DIGITS_A_PAGE,
    REMARK_LEFT,
    PrintedPages,
    Tries,
    TriesRow,
)
from gradreel.scenes.lecture.optimization.pictures.descent import BAND_LEFT
from gradreel.scenes.lecture.optimization.pictures.descent_path import MARKER
from gradreel.scenes.lecture.optimization.pictures.line_board import (
    TILES,
    LineBoard,
    line_runs,
    serpentine,
)
from gradreel.scenes.lecture.optimization.pictures.more_sigmoids import curve_with_bends
from gradreel.scenes.lecture.runs import THREE_DAYS, Knots, knots_like_views
from gradreel.scenes.mobjects.counting import Counting
from gradreel.scenes.mobjects.lecture_formulas import sum_of_sigmoids_source
from gradreel.scenes.mobjects.plot import ring
from gradreel.scenes.mobjects.text import Number, TextMobject, formula, patch_under, words
from gradreel.scenes.mobjects.three_steps import ThreeSteps
from gradreel.scenes.mobjects.update_formulas import GOAL
from gradreel.scenes.style import DIM, emphasis, palette
from gradreel.scenes.words.counts import Count, Duration
from gradreel.scenes.words.day_words import in_languages
from gradreel.scenes.words.numbers import number_text
from manim import (
    DOWN,
    UP,
    Create,
    FadeIn,
    FadeOut,
    Indicate,
    LaggedStart,
    ReplacementTransform,
    RoundedRectangle,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    linear,
    smooth,
    squish_rate_func,
)
from numpy.typing import NDArray
from pydantic import AfterValidator, Field, model_validator

STAGE = 0.5  # seconds that a sum of sigmoids is to be seen
BEND, MOST_BENDS = 0.55, 4  # seconds of each; from one sum to another
SUM_FORMULA = 1.72  # its baseline
SCAN_SECONDS, RISE_SECONDS = 3.4, 4.0
LOOK_UP = np.array([-0.9, -0.4])  # of the way from the best line to the ends: where a bad line lies
PRINTING, PAGES_TOP = 1.4, 0.45  # seconds in which all digits are printed; upper edge of the pages
ROWS = (1.55, -0.35, -2.25)  # middles of the three rows
LARGE = depth_experiments(depths=(3,))[0].experiments[0]  # three layers of 100, whose turn comes later


class WhyGradient(LectureScene):
    """With two parameters one can try every value; with sixteen or thousands nobody can: hence gradient descent.

    The lines are tried on the dots of linear-limits. In the end the map of their losses rises into the landscape that
    gradient-descent walks on.
    """

    class Parameters(LectureScene.Parameters):
        knots: Annotated[Knots, AfterValidator(knots_like_views)] = Field(
            RED_CURVE,
            min_length=2,
            max_length=60,
            description="Turning points (x, y) of the red curve, x increasing; x and y from 0 to 20, like views",
        )
        values: int = Field(TILES, ge=3, le=40, description="How many values are tried for each parameter")
        sigmoids: tuple[Annotated[int, Field(ge=1, le=20)], ...] = Field(
            (3, 8), min_length=1, max_length=5, description="Numbers of sigmoids that are shown, one after the other"
        )

        run: Experiment = Field(Experiment(), description="The run on a curve that the map of the three steps shows")

        @model_validator(mode="after")
        def _the_map_shows_a_curve(self) -> Self:
            need_curve("why-gradient", self.run)
            return self

        def curve(self) -> CurveDataset:
            return CurveDataset(knots=self.knots)

    @classmethod
    def experiments(cls, parameters: Parameters) -> dict[str, Experiment]:
        return {"run": parameters.run, "line": line_runs(parameters.curve())["line"]}

    def construct(self) -> None:
        self.m = self.parameters.values
        line = self.trace("line")
        texts = {key: self.screen(key) for key in ("target", "low", "high")}
        self.board = board = LineBoard(line.experiment, self.parameters.curve(), line.parameters[0], self.m, texts)
        self.beside = (board.land.axes, board.plot, board.target, board.target_label, board.dots, board.line)
        self.beside += (board.pivot, board.scale)
        self.order = serpentine(self.m, self.m)
        self.lines, self.ring = board.land.stand(0.0).grid(), board.land.ring()
        tried = words(self.screen("tried"), 32).place(style.HEADING_BASELINE, left=BAND_LEFT)
        self.count = Number(self.m**2, 0, 32).place_left(style.HEADING_BASELINE, tried.get_right()[0] + 0.16)
        self.count.set_value(1)
        self.readout = VGroup(tried, self.count)
        self._sigmoids_beat()
        self._task_beat()
        self._question_beat()
        self._two_beat()
        self._sixteen_beat()
        self._many_beat()
        self._rise_beat()

    # -- how many sigmoids? ---------------------------------------------------------------------------------------

    def _sigmoids_beat(self) -> None:
        counts = self.parameters.sigmoids
        with self.beat("sigmoids"):
            # The red curve of loss has become another one. The sum over i up to 3, and what three sigmoids make of it;
            # then more of them, and more bends. Their number gets a frame and its name: a hyperparameter
            self.bends = bends = curve_with_bends()
            self.add(bends.target)
            self.sum_formula = _sum_of(counts[0])
            arriving = FadeIn(bends.plot), FadeIn(self.sum_formula, shift=0.15 * UP)
            self.play(*self.next_heading(self.screen("heading-how-many")), *arriving, run_time=0.6)
            bends.draw(bends.values(counts[0]))
            self.play(FadeIn(bends.name_target(self.screen("another"))), run_time=0.7)
            self.play(Create(bends.sum), run_time=0.8, rate_func=smooth)
            self.until("more")
            for before, after in pairwise(counts):
                self._bend(before, after)
                self.wait(STAGE)
            self.until("choose")
            limit = _framed_limit(self.sum_formula)
            name = words(self.screen("hyperparameter"), style.LABEL, palette.text)
            name.place(SUM_FORMULA + 0.6, left=limit.get_right()[0] + 0.25)
            self.play(Create(limit), FadeIn(name), run_time=0.7)
            self.marks = VGroup(limit, name)

    def _bend(self, before: int, after: int) -> None:
        """Sigmoids come, or go, one by one, many in a few bends: the blue curve bends, and the formula counts."""
        bends = min(abs(after - before), MOST_BENDS)
        counts = np.linspace(before, after, bends + 1).round().astype(int).tolist()
        curves = np.array([self.bends.values(count) for count in counts])
        counting = Counting(_sum_of, max(counts))

        def show(_: VGroup, share: float) -> None:
            now, way = divmod(share * bends, 1)
            there = curves[min(int(now) + 1, bends)]
            self.bends.draw(curves[int(now)] + smooth(way) * (there - curves[int(now)]))
            counting.show(counts[round(now + way)])

        self.remove(self.sum_formula)
        moving = VGroup(self.bends.sum, counting)
        self.play(UpdateFromAlphaFunc(moving, show, run_time=BEND * max(bends, 1), rate_func=linear))
        self.remove(counting)
        self.sum_formula = _sum_of(after)
        self.add(self.sum_formula)

    # -- why not try everything? -----------------------------------------------------------------------------------

    def _task_beat(self) -> None:
        with self.beat("task"):
            # The map of the three steps: the brightness moves from the loss to optimization. Its goal becomes large
            steps = ThreeSteps(self.trace("run"), self.screen_of("part-map"), 2)
            gone = (*self.bends, self.bends.label, self.sum_formula, self.marks)
            self.play(*(FadeOut(part, run_time=0.4) for part in gone))
            self.play(*self.next_heading(self.screen_of("part-map")("heading")), FadeIn(steps), run_time=0.5)
            self.play(steps.focus(3), run_time=0.6)
            self.until("goal")
            card = steps.card(3)
            *frame, picture, written = card
            goal = formula(GOAL, 60).place(2.25, center=0.0)
            leaving = [FadeOut(part) for part in (steps.card(1), steps.card(2), steps.arrows, *frame)]
            larger = picture.animate.scale_to_fit_height(4.2).move_to((0.0, -0.85, 0.0))
            self.play(*leaving, run_time=0.4)  # first: the goal crosses the place of the cards
            self.play(ReplacementTransform(written, goal), larger, run_time=1.0)
            lowest = picture[-1].get_center()
            letter = formula("orange(theta)^*", 48).move_to(lowest + 0.6 * DOWN)
            label = VGroup(patch_under(letter), letter)
            self.play(Indicate(picture[-1], 1.8, palette.orange), FadeIn(label), run_time=1.2)
            self.goal = VGroup(goal, picture, label)

    def _question_beat(self) -> None:
        with self.beat("question", pause="long"):
            # A line through the dots of the beginning; beside it a grid: each cell is one choice of its two numbers
            board, land = self.board, self.board.land
            land.stand(0.0).show_tried(np.zeros((self.m, self.m), dtype=bool))
            board.put(self.theta_of((3 * self.m) // 4, self.m // 4))  # any choice
            self.play(FadeOut(self.goal, run_time=0.4), *self.next_heading(self.screen("heading")), FadeIn(board.plot))
            dots = LaggedStart(*map(FadeIn, board.dots), lag_ratio=0.03)
            self.play(Create(board.target), FadeIn(board.target_label), dots, run_time=1.2, rate_func=smooth)
            self.play(FadeIn(board.formula, shift=0.15 * UP), Create(board.line), run_time=0.8)
            self.until("grid")
            self.play(
                LaggedStart(*map(FadeIn, self.lines), lag_ratio=0.05), FadeIn(land.axes, board.scale), run_time=1.4
            )

    def _two_beat(self) -> None:
        tries, board = Tries(self.m, 2), self.board
        middle = number_text(float(f"{board.dataset.offset:.3g}"))
        with self.beat("two", pause="short", middle=middle):
            # The line turns about its middle, and is lifted there
            start = board.theta
            self.play(FadeIn(board.pivot, scale=1.6), run_time=0.3)
            for k, mark in enumerate(("turn", "lift")):
                self.until(mark)
                moved = start.copy()
                moved[k] = board.land.middles[0, 0, k]
                self.play(board.swing_to(moved), run_time=0.7)
                self.play(board.swing_to(start), run_time=0.7)
        with self.beat("scan", pause="short", values=Count(self.m), tries=number_text(tries.count)):
            # It is tried cell by cell, and its loss measured. The lowest is ringed, and the line swings there
            self.play(board.swing_to(self.theta_of(0, 0)), FadeIn(self.readout), run_time=0.5)
            moving = VGroup(board.land.tiles, board.line, board.pivot, self.count)

            def try_more(_: VGroup, share: float) -> None:
                self.show_tried(1 + round(share * (tries.count - 1)))

            self.play(UpdateFromAlphaFunc(moving, try_more), run_time=SCAN_SECONDS, rate_func=linear)
            self.until("best")
            self.play(board.swing_to(board.land.best), Create(self.ring), run_time=0.7)

    def theta_of(self, row: int, column: int) -> NDArray:
        """(2,): w and b of a cell."""
        return np.asarray(self.board.land.middles[row, column])

    def show_tried(self, count: int) -> None:
        """The first ``count`` lines have been tried; the last of them is drawn."""
        tried = np.zeros((self.m, self.m), dtype=bool)
        tried[tuple(self.order[:count].T)] = True
        self.board.land.show_tried(tried)
        self.board.put(self.theta_of(*self.order[count - 1]))
        self.count.set_value(count)

    def _sixteen_beat(self) -> None:
        tries = Tries(self.m, THREE_DAYS.n_parameters)
        time = Duration(tries.seconds)
        values = {"count": Count(tries.parameters), **in_languages("time", lambda language: format(time, language))}
        with self.beat("sixteen", pause="long", **values):
            # The grid shrinks into the first row of a table. In the small network's row parameter after parameter
            # comes, and how many tries they take; then how long that would be
            board, line = self.board, self._row(Experiment(hidden=()), ROWS[0])
            gone = [*self.beside, *self.lines, self.readout, board.formula]
            self.picture = picture = VGroup(board.land.tiles, self.ring).save_state()
            small = picture.animate(run_time=0.8).set(height=1.4).move_to((REMARK_LEFT + 0.7, ROWS[0] + 0.05, 0))
            coming = FadeIn(line, run_time=0.8, rate_func=squish_rate_func(smooth, 0.5, 1.0))
            leaving = [FadeOut(part, run_time=0.3) for part in gone]
            self.play(*leaving, *self.next_heading(self.screen("heading-count")), small, coming)
            row = self._row(THREE_DAYS, ROWS[1])
            self.play(LaggedStart(*map(FadeIn, row.cells), lag_ratio=0.3), FadeIn(row.length), run_time=1.4)
            self.play(FadeIn(row.power, shift=0.15 * UP), run_time=0.4)
            self.until("time")
            remark = row.remark(format(time, self.context.language), self.screen("speed"))
            self.play(FadeIn(remark[1], shift=0.15 * UP), run_time=0.5)
            self.wait(0.6)
            self.play(FadeIn(remark[0], shift=0.15 * UP), run_time=0.5)
            self.rows = [line, row, remark]

    def _row(self, run: Experiment, middle: float) -> TriesRow:
        """A run's row of the table: its parameters, and how many tries they take."""
        tries = Tries(self.m, run.n_parameters)
        return TriesRow(
            tries, parameter_names(run), lambda count: self.screen("parameters", count=Count(count)), middle
        )

    def _many_beat(self) -> None:
        tries = Tries(self.m, LARGE.n_parameters)
        with self.beat("many", pause="short", pages=Count(tries.pages)):
            # The third row: a power whose digits alone fill pages. It goes up, alone; below it its digits are printed
            row = self._row(LARGE, ROWS[2])
            dimmed = [emphasis(part, DIM) for part in self.rows]
            self.play(*dimmed, FadeIn(row.cells, row.length), run_time=0.6)
            self.play(FadeIn(row.power, shift=0.15 * UP), run_time=0.4)
            self.until("pages")
            gone = [FadeOut(part, run_time=0.3) for part in (*self.rows, self.picture)]
            late = squish_rate_func(smooth, 0.35, 1.0)
            self.play(*gone, row.animate(run_time=0.8, rate_func=late).shift((ROWS[0] - ROWS[2]) * UP))
            printed = self._print_pages(row, tries)
            self.rows += [row, printed[0]]
            self.pages = [row, *printed]

    def _print_pages(self, row: TriesRow, tries: Tries) -> list[VMobject]:
        """The digits fill page after page; then it says how many pages they are."""
        digits, count = (self.screen(key, **{key: number_text(getattr(tries, key))}) for key in ("digits", "pages"))
        pages = PrintedPages(tries.digits, DIGITS_A_PAGE, style.LEFT_EDGE, style.RIGHT_EDGE, PAGES_TOP)
        remark = row.remark(digits, "").shift((ROWS[0] - ROWS[2]) * UP)
        self.play(FadeIn(remark, shift=0.15 * UP), FadeIn(pages), run_time=0.4)
        filling = UpdateFromAlphaFunc(pages, lambda _, share: pages.show(share * tries.digits), rate_func=linear)
        self.play(filling, run_time=PRINTING)
        label = words(count, style.SUBTITLE).place(pages.get_bottom()[1] - 0.8, left=style.LEFT_EDGE)
        self.play(FadeIn(label, shift=0.15 * UP), run_time=0.4)
        return [remark, pages, label]

    def _rise_beat(self) -> None:
        board, land = self.board, self.board.land
        with self.beat("rise"):
            # The map comes back. It tilts into space and each tile rises to its loss; then the losses have an axis, and
            # the best line lies at the bottom
            self.play(*(FadeOut(part) for part in self.pages), run_time=0.4)
            self.picture.restore()
            self.play(FadeIn(self.picture, *self.beside), *self.next_heading(self.screen("heading-so")), run_time=0.7)
            self.until("rise")
            self.play(FadeOut(self.ring, board.scale), run_time=0.4)
            self.play(board.land.rise(), run_time=RISE_SECONDS)
            self.play(FadeIn(land.upright), run_time=0.5)
            self.until("down")
            foot = ring(land.at(land.best), MARKER, palette.text, fill=palette.orange)
            self.play(FadeIn(foot, shift=0.6 * DOWN), run_time=0.6)
            high = land.best + LOOK_UP * (land.high - land.best)

            def move(_: VGroup, share: float) -> None:
                theta = land.best + share * (high - land.best)
                foot.move_to(land.at(theta))
                board.put(theta)

            self.play(UpdateFromAlphaFunc(VGroup(foot, board.line, board.pivot), move), run_time=1.6)
            self.play(
                UpdateFromAlphaFunc(VGroup(foot, board.line, board.pivot), lambda _, share: move(_, 1 - share)),
                run_time=2.0,
            )
            self.hand_on(*board.everything(), land.upright, foot)


def _sum_of(count: int) -> TextMobject:
    """The sum of ``count`` sigmoids, in its place."""
    return formula(sum_of_sigmoids_source(count), style.PLOT_FORMULA).place(SUM_FORMULA, left=style.LEFT_EDGE)


def _framed_limit(sum_formula: TextMobject) -> RoundedRectangle:
    """Return a thin frame around the number over the sum sign, or around the single sigmoid of a sum without one."""
    if "sum" in sum_formula.parts:
        glyphs = sum_formula.part("sum")
        top = max(float(glyph.get_top()[1]) for glyph in glyphs)
        number, clear = VGroup(*(glyph for glyph in glyphs if glyph.get_bottom()[1] > top - 0.3)), 0.12
    else:  # the plus sign before it is near
        number, clear = VGroup(*map(sum_formula.part, ("c", "sigmoid", "brackets"))), 0.05
    frame = RoundedRectangle(corner_radius=0.08, width=number.width + 2 * clear, height=number.height + 0.16)
    return frame.set_stroke(palette.text, 2).move_to(number)
