"""Questions from the room: why three sigmoids, and why not simply try every value."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Annotated

import numpy as np
from gradreel.core.analysis.compared_networks import depth_experiments
from gradreel.core.curves.expression import Expression
from gradreel.core.curves.line_fit import Line, line_grid, line_of
from gradreel.core.curves.piecewise import PiecewiseLinearCurve
from gradreel.core.datasets import RED_CURVE
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import parameter_names
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.optimization.pictures.count_of_tries import (
    DIGITS_A_PAGE,
    REMARK_LEFT,
    PrintedPages,
    Tries,
    TriesRow,
)
from gradreel.scenes.lecture.optimization.pictures.more_sigmoids import MoreSigmoids
from gradreel.scenes.lecture.optimization.pictures.search_board import SearchBoard
from gradreel.scenes.lecture.runs import THREE_DAYS, Knots, knots_like_views, line_through_dots
from gradreel.scenes.mobjects.counting import Counting
from gradreel.scenes.mobjects.lecture_formulas import linear_source, sum_of_sigmoids_source
from gradreel.scenes.mobjects.pace import even_pace, recorded_row
from gradreel.scenes.mobjects.plot import segment
from gradreel.scenes.mobjects.text import TextMobject, formula, words
from gradreel.scenes.style import DIM, emphasis, palette
from gradreel.scenes.words.counts import Count, Duration
from gradreel.scenes.words.day_words import in_languages
from gradreel.scenes.words.numbers import number_text
from manim import (
    UP,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    RoundedRectangle,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    linear,
    smooth,
    squish_rate_func,
)
from pydantic import AfterValidator, Field

STAGE = 0.5  # seconds that a sum of sigmoids is to be seen
BEND, MOST_BENDS = 0.55, 4  # seconds of each; from one sum to another
SUM_FORMULA, LINE_FORMULA = 1.72, 2.05  # baselines
AROUND_BEST = 1.2  # how far lines are tried beyond the best one, if that is steep or high
CURVE = Expression("2.2 - (1.2 - 0.05*x)*cos(3.1416*x)")  # from 0 to 8 it rises and falls eight times
SCAN_SECONDS = 3.4
PRINTING, PAGES_TOP = 1.4, 0.45  # seconds in which all digits are printed; upper edge of the pages
HOPS, HOP = 6, 0.3  # of the way downhill; seconds
DOWN_SEED, DOWN_UPDATES = 11, 1500  # of its start, far across the valley; until it lies at the best place
ROWS = (1.55, -0.35, -2.25)  # middles of the three rows
LARGE = depth_experiments(depths=(3,))[0].experiments[0]  # three layers of 100, whose turn comes later


class WhyGradient(LectureScene):
    """With two parameters one can try every value; with sixteen or thousands nobody can: hence gradient descent.

    The lines are tried on the dots of linear-limits, and in the end one goes downhill on the very map of their losses.
    """

    class Parameters(LectureScene.Parameters):
        knots: Annotated[Knots, AfterValidator(knots_like_views)] = Field(
            RED_CURVE,
            min_length=2,
            max_length=60,
            description="Turning points (x, y) of the red curve, x increasing; x and y from 0 to 20, like views",
        )
        values: int = Field(20, ge=3, le=40, description="How many values are tried for each parameter")
        sigmoids: tuple[Annotated[int, Field(ge=1, le=20)], ...] = Field(
            (3, 8), min_length=1, max_length=5, description="Numbers of sigmoids that are shown, one after the other"
        )

        def curve(self) -> PiecewiseLinearCurve:
            return PiecewiseLinearCurve(*zip(*self.knots, strict=True))

    @classmethod
    def experiments(cls, parameters: Parameters) -> dict[str, Experiment]:
        return {"line": line_downhill(parameters.curve())}

    def construct(self) -> None:
        self.m = self.parameters.values
        self._sigmoids_beat()
        self._question_beat()
        self._two_beat()
        self._sixteen_beat()
        self._many_beat()
        self.hand_on()

    # -- how many sigmoids? ---------------------------------------------------------------------------------------

    def _sigmoids_beat(self) -> None:
        counts = self.parameters.sigmoids
        with self.beat("sigmoids"):
            # The sum over i up to 3, and what three sigmoids make of a curve; then more of them, and more bends. Their
            # number gets a frame and its name: a hyperparameter
            self.bends = bends = MoreSigmoids(CURVE, style.LEFT_EDGE + 0.1, 5.6, -2.7, 0.75)
            self.sum_formula = _sum_of(counts[0])
            arriving = FadeIn(bends.plot), FadeIn(self.sum_formula, shift=0.15 * UP)
            self.play(*self.next_heading(self.screen("heading-how-many")), *arriving, run_time=0.6)
            bends.draw(bends.values(counts[0]))
            self.play(
                Create(bends.target), FadeIn(bends.name_target(self.screen("another"))), run_time=0.7, rate_func=smooth
            )
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

    def _question_beat(self) -> None:
        with self.beat("question"):
            # A line with its w and b over the red curve; beside it a grid: each cell is one choice of the two
            self.fit = self.trace("line")
            data = self.fit.experiment.dataset
            curve, best = self.parameters.curve(), line_of(self.fit.experiment, self.fit.parameters[-1])
            numbers = line_grid(data.x(), data.labels(), *tried_lines(curve, best), self.m)
            texts = {key: self.screen(key) for key in ("tried", "target", "low", "high")}
            self.board = board = SearchBoard(curve, data, numbers, texts)
            gone = (*self.bends, self.bends.label, self.sum_formula, self.marks)
            self.play(
                *(FadeOut(part, run_time=0.5) for part in gone),
                *self.next_heading(self.screen("heading")),
                FadeIn(board.plot),
            )
            dots = LaggedStart(*map(FadeIn, board.dots), lag_ratio=0.03)
            self.play(Create(board.target), FadeIn(board.target_label), dots, run_time=1.2, rate_func=smooth)
            board.draw_line((3 * self.m) // 4, self.m // 4)  # any choice
            self.line_formula = formula(linear_source(), style.PLOT_FORMULA)
            self.line_formula.place(LINE_FORMULA, left=style.LEFT_EDGE)
            self.play(FadeIn(self.line_formula, shift=0.15 * UP), Create(board.line), run_time=0.8)
            self.until("grid")
            lines = map(FadeIn, board.grid.lines)
            self.play(LaggedStart(*lines, lag_ratio=0.05), FadeIn(board.grid_names), FadeIn(board.scale), run_time=1.4)

    def _two_beat(self) -> None:
        tries, board = Tries(self.m, 2), self.board
        with self.beat("two", values=Count(self.m), tries=number_text(tries.count)):
            # Cell by cell the line is tried and its loss measured. The lowest is ringed, and the line swings there
            self.play(board.swing(0, 0), run_time=0.5)
            self.play(FadeIn(board.readout), run_time=0.3)
            self.until("scan")
            moving = VGroup(board.grid.bands, board.line, board.count)

            def try_more(_: VGroup, share: float) -> None:
                board.show(1 + round(share * (tries.count - 1)))

            self.play(UpdateFromAlphaFunc(moving, try_more), run_time=SCAN_SECONDS, rate_func=linear)
            self.until("best")
            self.play(board.swing(*board.numbers.best), Create(board.grid.ring), run_time=0.7)

    def _sixteen_beat(self) -> None:
        tries = Tries(self.m, THREE_DAYS.n_parameters)
        time = Duration(tries.seconds)
        values = {"count": Count(tries.parameters), **in_languages("time", lambda language: format(time, language))}
        with self.beat("sixteen", **values):
            # The grid shrinks into the first row of a table. In the small network's row parameter after parameter
            # comes, and how many tries they take; then how long that would be
            board, line = self.board, self._row(Experiment(hidden=()), ROWS[0])
            gone = [
                *(part for part in board if part is not board.grid),
                *board.grid.lines,
                self.line_formula,
            ]
            self.picture = picture = VGroup(board.grid.bands, board.grid.ring).save_state()
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
        with self.beat("many", pages=Count(tries.pages)):
            # The third row: a power whose digits alone fill pages. It goes up, alone; below it its digits are printed.
            # Nobody tries that. The grid comes back, and the recorded line goes downhill there, from its start
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
            self.wait(0.5)
            self.until("down")
            self._go_downhill([row, *printed])

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

    def _go_downhill(self, leaving: list[VMobject]) -> None:
        """A dot hops over the grid from one recorded state of the line to another, and the line swings along."""
        board, run, pace = self.board, self.fit.experiment, even_pace(self.fit)
        rows = np.unique([recorded_row(pace.row(share)) for share in np.linspace(0, 1, HOPS + 1)])
        first, *further = (line_of(run, theta) for theta in np.asarray(self.fit.parameters[rows]))
        board.put(first)
        self.dot = dot = board.between(first).set_z_index(1)
        self.play(*(FadeOut(part) for part in leaving), run_time=0.3)
        self.picture.restore()
        coming = (board.plot, board.target, board.target_label, board.dots, board.line, board.grid_names, board.scale)
        self.play(
            FadeIn(board.grid.bands, *coming, dot, run_time=0.6),
            *self.next_heading(self.screen("heading-so")),
        )
        for line in further:
            mark = dot.copy().scale(0.7)  # where it was stays to be seen
            self.add(mark)
            end = board.between(line)
            hop = segment(dot.get_center(), end.get_center(), palette.orange, style.GHOST_CURVE)
            self.play(Create(hop), dot.animate.move_to(end), board.swing_to(line), run_time=HOP)


def line_downhill(curve: PiecewiseLinearCurve) -> Experiment:
    """A line's run down the map of w and b as it is drawn, b the height at 0: across its valley, then along it.

    The rate is a fifth of one over the steepest direction's curvature, so that no step overshoots.
    """
    run = line_through_dots(curve, start_seed=DOWN_SEED)
    data = run.dataset.model_copy(update={"centered": False})
    x = data.x()
    steepest = float(np.mean(x**2)) + 1.0
    changed = {"dataset": data, "learning_rate": float(f"{0.2 / steepest:.2g}"), "epochs": DOWN_UPDATES}
    return run.model_copy(update=changed)


def _sum_of(count: int) -> TextMobject:
    """The sum of ``count`` sigmoids, in its place."""
    return formula(sum_of_sigmoids_source(count), style.PLOT_FORMULA).place(SUM_FORMULA, left=style.LEFT_EDGE)


def _framed_limit(sum_formula: TextMobject) -> RoundedRectangle:
    """A thin frame around the number over the sum sign."""
    glyphs = sum_formula.part("sum")
    top = max(float(glyph.get_top()[1]) for glyph in glyphs)
    number = VGroup(*(glyph for glyph in glyphs if glyph.get_bottom()[1] > top - 0.3))
    frame = RoundedRectangle(corner_radius=0.08, width=number.width + 0.24, height=number.height + 0.16)
    return frame.set_stroke(palette.text, 2).move_to(number)


def tried_lines(curve: PiecewiseLinearCurve, best: Line) -> tuple[tuple[float, float], tuple[float, float]]:
    """The w and the b of the lines that are tried, from lowest to highest: as steep and as high as the curve.

    The ``best`` line is among them. Of the lecture's: -1 to 1, and 0 to 4.
    """
    height, top = max(curve.height, 0.5), float(curve.y.max())
    steepest = _outwards(max(2 * height / float(curve.x[-1] - curve.x[0]), AROUND_BEST * abs(best.w)))
    spare = (AROUND_BEST - 1) * top
    return (-steepest, steepest), (_outwards(min(0.0, best.b - spare)), _outwards(max(top, best.b + spare)))


def _outwards(value: float) -> float:
    """To two digits, away from 0: such numbers stand at the ends of an axis."""
    if value == 0:
        return 0.0
    scale = 10.0 ** (1 - math.floor(math.log10(abs(value))))
    return math.copysign(math.ceil(abs(value) * scale - 1e-9) / scale, value)
