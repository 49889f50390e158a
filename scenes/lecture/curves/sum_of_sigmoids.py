"""The scene sum-of-sigmoids: sigmoids add up to a curve, set by hand for each blue piece, then found by a training."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Self

import numpy as np
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.core.network.activations import sigmoid
from gradreel.core.network.theta import predict
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene, need_curve
from gradreel.scenes.lecture.curves.morph_sigmoid import MorphSigmoid
from gradreel.scenes.lecture.curves.pictures.loss_race import LossRace
from gradreel.scenes.lecture.curves.pictures.sigmoid_board import SigmoidBoard
from gradreel.scenes.lecture.curves.pictures.sigmoid_rows import SigmoidRow, SigmoidRows, SmallSteps
from gradreel.scenes.lecture.curves.pictures.sum_formula import SumFormula
from gradreel.scenes.lecture.curves.pictures.sum_gaps import CutCounter, SumGaps
from gradreel.scenes.lecture.curves.pictures.sum_numbers import SumNumbers
from gradreel.scenes.lecture.curves.sigmoid_matching import matched_sum
from gradreel.scenes.mobjects.bracket import upright_bracket
from gradreel.scenes.mobjects.carried_curve import Sight, carry
from gradreel.scenes.mobjects.fit_plot import FitPlot, View
from gradreel.scenes.mobjects.formula_growth import grow
from gradreel.scenes.mobjects.pace import nearest_row, stepwise
from gradreel.scenes.mobjects.plot import polyline
from gradreel.scenes.mobjects.readout import Readout
from gradreel.scenes.mobjects.rising_curve import dashes_along
from gradreel.scenes.mobjects.text import patch_under, words
from gradreel.scenes.style import DIM, FULL, Box, emphasis, mix, palette
from gradreel.scenes.words.claims import Claim, claim, decreasing
from gradreel.scenes.words.counts import Count
from manim import (
    UP,
    Animation,
    AnimationGroup,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    linear,
    smooth,
    squish_rate_func,
)
from numpy.typing import NDArray
from pydantic import Field, model_validator

MOST = 8  # sigmoids that a picture holds
RUN_CURVES = 60  # for these, about, the plot has room, and its names keep clear of them
GAP_CURVES = 20  # and of these: between the run's first one and red, where gaps are drawn
NARROW = (style.LEFT_EDGE + 0.6, 0.75, -2.59, 1.1)  # the plot's left, right, bottom and top beside the rows
WIDE = (style.LEFT_EDGE + 0.6, 2.75, -2.59, 2.1)  # and beside the two bars of the race
ROWS = (2.15, style.RIGHT_EDGE, -2.95, 1.2)  # left, right, bottom, top
FORMULA_BASELINE, BESIDE_FORMULA = 1.93, 1.4  # right of the formula there is room from there on
UNDER_HEADING = style.HEADING_BASELINE - 0.6
HARD, HARD_SHARE = 10.0, 0.35  # a hard sigmoid under the sigmoid that replaces it: width, share of blue
CUTS = 8  # into how many each piece is cut
LEARN, RACE, LAND = 4.6, 3.0, 2.6  # seconds for the three parts of the run
LEARNT = 0.88  # share of the way to the sum set by hand that is shown before that comes
LONGEST = 0.075  # share of the walk, at most, from one recorded state to the next: they rest at it, then go on
RED_LINE, RED_BAND = (0.85, style.SECOND_CURVE), (0.48, style.BAND)  # share of red, width: alone, and under blue
STILL = 1.2  # seconds that are silent, as is the breath of a beat: when ours is overtaken, when blue comes to rest
OURS_SHARE, OURS_DASH, RACE_DASH = 0.8, 0.12, 0.08  # of white, in what was set by hand; its dashes, in rows, too


class SumOfSigmoids(LectureScene):
    """A constant and a few sigmoids add up to a curve: by hand first, then with the numbers that a training found.

    Row 0 shows the constant, row k the k-th sigmoid.
    """

    class Parameters(LectureScene.Parameters):
        run: Experiment = Field(
            default_factory=Experiment,
            description="The training run that is shown: one hidden layer of 1 to 8 sigmoids on a curve",
        )

        @model_validator(mode="after")
        def _is_one_sum_of_sigmoids(self) -> Self:
            need_curve("sum-of-sigmoids", self.run)
            if len(self.run.hidden) != 1 or self.run.hidden[0] > MOST:
                raise ValueError(f"run.hidden: one layer of 1 to {MOST} sigmoids is shown, got {self.run.hidden}")
            if self.run.activation != "sigmoid":
                raise ValueError(f"run.activation: sigmoids are shown, got {self.run.activation!r}")
            return self

    @cached_property
    def numbers(self) -> SumNumbers:
        """The run's numbers, and those set by hand."""
        return SumNumbers(self.trace("run"), LONGEST)

    def claims(self) -> Iterator[Claim]:
        numbers = self.numbers
        gaps = [numbers.gap(cuts) for cuts in (1, 2, 4, CUTS)]
        closer = decreasing(gaps) and gaps[-1] < gaps[0] / 4
        yield claim("smaller", "smaller pieces come closer to red", closer, largest_gaps=gaps)
        start, middle, late, end = (numbers.loss_at(round(share * numbers.last)) for share in (0, 0.1, 0.9, 1))
        losses = (start, middle, late, end)
        yield claim("learn", "training makes the loss fall", start > middle > end, losses=losses)
        if numbers.theta_by_hand is not None:
            ours = numbers.loss(numbers.theta_by_hand)
            yield claim("end-close-better", "the computer overtakes ours", end < ours, computer=end, ours=ours)
            found, by_hand = (numbers.terms(theta)[1] for theta in (numbers.theta(numbers.last), numbers.theta_by_hand))
            apart = np.abs(found - by_hand).max(axis=0)
            yield claim("other-pieces", "some piece differs by more than 0.5", apart.max() > 0.5, differences=apart)
            sums = float(np.abs(numbers.curves[-1] - numbers.matched(1)).max())
            yield claim(
                "other-pieces", "both sums are nearly the same", sums < apart.max() / 3, of_sums=sums, of_pieces=apart
            )
        yield claim("end-close-better", "the loss still falls at the end", end < late, losses=losses)

    def construct(self) -> None:
        self._build()
        self._by_hand_beat()
        if self.theta_by_hand is not None:
            self._add_up_beat()
            self._smaller_beat()
        self._start_beat()
        self._learn_beat()
        if self.theta_by_hand is not None:
            self._race_beat()
        self._end_beat()
        if self.theta_by_hand is not None and self.n_sigmoids > 1:
            self._pieces_beat()
        if self.n_sigmoids > 1:
            self._sigma_beat()
        sum_of_all = self.formula.folded if self.n_sigmoids > 1 else self.formula.written_out
        self.hand_on(sum_of_all)  # more-features begins with it

    # -- what is on the screen -----------------------------------------------------------------------------------

    def _build(self) -> None:
        numbers, run = self.numbers, self.numbers.run
        self.experiment, self.n_sigmoids = numbers.experiment, numbers.n_sigmoids
        self.theta_by_hand = numbers.theta_by_hand
        curve, x = numbers.curve, numbers.x
        corners = np.array([x[0], *curve.x[(curve.x > x[0]) & (curve.x < x[-1])], x[-1]])
        seen = [numbers.curves[:: max(1, len(numbers.curves) // RUN_CURVES)]]
        if self.theta_by_hand is not None:
            seen.append(np.array([numbers.parts.partial_sum(k, x) for k in range(len(numbers.parts) + 1)]))
        seen.append(np.linspace(numbers.curves[0], curve(x), GAP_CURVES))
        texts = {key: self.screen(key) for key in ("target", "model", "start")}
        views, box = [View(NARROW[-1], np.concatenate(seen))], NARROW[:3]
        self.fit = fit = FitPlot(corners, curve(corners), x, views, texts, box, on_zero=True)
        fit.remove(fit.ghost, fit.ghost_label)
        low, high = fit.plot.y_range
        self.rows = SigmoidRows(numbers.extents(), (NARROW[3] - NARROW[2]) / (high - low), ROWS)
        self.formula = SumFormula(self.n_sigmoids, FORMULA_BASELINE, style.LEFT_EDGE, style.RIGHT_EDGE)
        most, name = int(run.kept[-1]), self.screen("loss")
        self.readout = Readout(self.screen("update"), most, numbers.losses, BESIDE_FORMULA, loss_name=name)
        self.gaps = SumGaps(fit.plot, curve, x)
        self.loss_name = VGroup()  # what the loss is of the gaps
        if self.experiment.loss == "mse":
            name = words(self.words_of.screen("linear-limits", "loss-is", self.context.language), style.LABEL)
            self.loss_name.add(name.place(UNDER_HEADING, right=style.RIGHT_EDGE))
        self.race = VGroup()  # the two bars, once they are there
        self.walked = 0.0  # share of the walk through the run that is over
        self.live = VGroup()  # what moves with the run: grown part by part, as it comes to the screen
        self.add(self.live)
        self.show_theta(numbers.theta(0.0) if self.theta_by_hand is None else self.theta_by_hand)

    def show(self, row: float) -> None:
        """Everything as it is at ``row``: also between two recorded states, all numbers are those of what is drawn."""
        self.row = row
        theta = self.numbers.theta(row)
        self.readout.show(int(self.numbers.run.kept[nearest_row(row)]), self.numbers.loss(theta))
        self.show_theta(theta)
        self.gaps.measure(self.fit.model_y)
        if self.race in self.live:
            self.race.show(self.numbers.loss(theta))

    def show_theta(self, theta: NDArray) -> None:
        """Rows, with their numbers, and sum as theta (P,) draws them."""
        b, terms = self.numbers.terms(theta)
        self.rows.show_numbers(b, self.numbers.letters(theta))
        self.rows.show_curves(b, terms)
        self.fit.show(b + terms.sum(axis=1))

    # -- set by hand: the rows ------------------------------------------------------------------------------------

    def _by_hand_beat(self) -> None:
        with self.beat("by-hand", pause="short", sigmoids=Count(self.n_sigmoids)):
            if self.theta_by_hand is None:  # there are not as many pieces as sigmoids
                self._bring_empty_rows()
            else:
                self._set_rows_by_hand()

    def _bring_empty_rows(self) -> None:
        """The red curve; above it the constant and the sigmoids, at the right an empty row for each."""
        rows = LaggedStart(*(FadeIn(row.frame) for row in self.rows.rows), lag_ratio=0.3)
        self.play(FadeIn(self.formula.written_out, shift=0.15 * UP), rows, run_time=1.8)

    def _set_rows_by_hand(self) -> None:
        """The sigmoid that matched a piece moves into a row, onto the piece; its formula becomes a sum's first term.

        Into the other rows come their pieces, pale, and then over each its sigmoid, with its term. Last the constant:
        its badge, so far its only name, goes to the b.
        """
        rows = self.rows.rows
        for row in rows:
            row.hide_numbers()  # nobody speaks of them until a training looks for them
        self.pale_pieces = [self._pale_piece(k) for k in range(1, len(rows))]
        self._take_over()
        self.until("others")
        if rows[2:]:
            others = zip(rows[2:], self.pale_pieces[1:], strict=True)
            pieces = (FadeIn(VGroup(row.frame, piece)) for row, piece in others)
            self.play(LaggedStart(*pieces, lag_ratio=0.3), run_time=0.8)
            self.play(LaggedStart(*self._others(), lag_ratio=0.5), run_time=1.8)
            self.add(*rows[2:])
        self.until("constant")
        self.play(FadeIn(rows[0], shift=0.1 * UP), run_time=0.5)
        badge = rows[0].badge.copy()
        self.play(badge.animate.move_to(self.formula.constant), run_time=0.8)
        self.play(FadeOut(badge), run_time=0.4)
        self.add(self.formula.written_out)

    def _pale_piece(self, k: int) -> VMobject:
        """Piece ``k`` of the curve in its row, broad and pale: what the sigmoid there replaces."""
        parts, ends = self.numbers.parts, self.numbers.x[[0, -1]]
        x = np.unique([*ends, *np.clip([parts.start, parts.end], *ends).ravel()])
        points = self._in_row(self.rows.rows[k])(x, parts.piece(k, x))
        return polyline(points, mix(palette.blue, HARD_SHARE), HARD)

    def _in_row(self, row: SigmoidRow) -> Callable[[NDArray, NDArray], NDArray]:
        """Where a row draws data (x, y)."""
        (left, right), (low, high) = row.line, self.numbers.x[[0, -1]]

        def at(x: NDArray, y: NDArray) -> NDArray:
            across = left + (x - low) * (right - left) / (high - low)
            return np.column_stack([across, row.zero_y + y * self.rows.scale_y, np.zeros(len(x))])

        return at

    def _take_over(self) -> None:
        """From the picture that morph-sigmoid ends with to red at the left, the first sigmoid in its row."""
        row, fit = self.rows.rows[1], self.fit
        board = self._board()
        red = [FadeIn(fit.plot), Create(fit.target), FadeIn(fit.target_label)]
        first_term = self.formula.only_first()
        if board is None:
            self.play(*self.next_heading(self.screen("heading")), *red)
            arriving = FadeIn(self.pale_pieces[0]), FadeIn(first_term, shift=0.15 * UP), FadeIn(row)
            self.play(*arriving, run_time=1.0)
            return
        self.add(board)
        leaving = [part for part in board if part is not board.curve and part is not board.formula]
        self.play(*self.next_heading(self.screen("heading")), *(FadeOut(part) for part in leaving), run_time=0.7)
        self.remove(board, board.curve)
        self.add(board.formula)
        piece = self.pale_pieces[0].set_stroke(opacity=0)  # there from the start, and so under the curve that comes
        self.add(piece)
        match, x = board.match, self.numbers.x
        self.play(
            piece.animate.set_stroke(opacity=1),
            carry(
                row.curve,
                lambda x: match.c * sigmoid(match.b + match.w * x),
                Sight(board.plot.x_range, board.plot.at, style.MAIN_CURVE),
                Sight((float(x[0]), float(x[-1])), self._in_row(row), float(row.curve.get_stroke_width())),
            ),
            *grow(board.formula, first_term),
            *red,
            FadeIn(row.frame),
            run_time=1.8,
        )
        self.add(row)

    def _board(self) -> SigmoidBoard | None:
        """What morph-sigmoid ends with, of the run's first piece; None where that scene cannot show it."""
        parts = self.numbers.parts
        piece = tuple(float(values[0]) for values in (parts.start, parts.end, parts.height))
        try:
            return MorphSigmoid.validated({"piece": piece}).board().settled()
        except UserError:
            return None

    def _others(self) -> list[Animation]:
        """Every row but the first comes with its term; where terms are left out, those there are come with the last."""
        rows, terms = self.rows.rows[2:], self.formula.terms[1:]
        alone = len(rows) - len(terms)
        coming: list[Animation] = [FadeIn(row.content) for row in rows[:alone]]
        for row, term in zip(rows[alone:], terms, strict=True):
            coming.append(AnimationGroup(FadeIn(row.content), self.formula.come(term)))
        return coming

    # -- set by hand: the sum, and smaller pieces -----------------------------------------------------------------

    def _add_up_beat(self) -> None:
        numbers, fit = self.numbers, self.fit
        with self.beat("add-up"):
            # The constant alone, then row by row is added: the curve is red with rounded corners. The gap is measured
            self._stack()
            self.until("gap")
            at = numbers.dense[np.argmax(np.abs(numbers.missed(1)))]
            ends = fit.plot.at(at, [float(numbers.curve(at)), float(matched_sum(numbers.parts, at))])
            self.bracket = upright_bracket(*ends)
            self.counted = CutCounter(self.screen("sigmoids"), self.screen("gap"), numbers, CUTS)
            self.play(FadeIn(fit.model_label), Create(self.bracket), FadeIn(self.counted), run_time=0.7)

    def _stack(self) -> None:
        """The constant's level becomes the sum, term after term; at the end it is the model's curve."""
        fit, rows = self.fit, self.rows.rows
        b, terms = self.numbers.terms(self.theta_by_hand)
        sums = b + np.cumsum(np.column_stack([np.zeros(len(terms)), terms]), axis=1)  # (SAMPLES, H + 1)
        partial = fit.plot.curve(self.numbers.x, sums[:, 0], palette.blue, style.MAIN_CURVE)
        back = [emphasis(row, DIM) for row in rows[1:]]
        self.play(*map(FadeOut, self.pale_pieces), *back, Create(partial), run_time=0.8)
        self.patch = patch_under(fit.target_label)
        self.add(self.patch, fit.target_label)  # in front: sums on the way run through red's name
        for k in range(1, self.n_sigmoids + 1):
            self.play(emphasis(rows[k], FULL), run_time=0.3)
            self.play(self._moving(partial, sums[:, k - 1], sums[:, k], self._seconds_of_a_term()))
        self.remove(partial)
        self.add(fit.model)
        self.add(self.patch, fit.target_label)

    def _seconds_of_a_term(self) -> float:
        """Blue's way from one sum to the next: of many terms, each is added faster."""
        return 0.9 if self.n_sigmoids <= 4 else 0.7

    def _moving(self, curve: VMobject, before: NDArray, after: NDArray, seconds: float) -> Animation:
        """``curve`` goes from one sum to another; blue's name stays where it is."""

        def update(curve: VMobject, share: float) -> None:
            self.fit.plot.set_curve(curve, self.numbers.x, before + share * (after - before))

        return UpdateFromAlphaFunc(curve, update, run_time=seconds)

    def _smaller_beat(self) -> None:
        numbers = self.numbers
        with self.beat("smaller"):
            # Each piece is cut into smaller ones, and each part gets its sigmoid: blue goes into the corners. In the
            # rows' place the small steps are stacked, and the formula's end tells how many they are
            self.play(FadeOut(self.bracket), *self.next_heading(self.screen("heading-smaller")))
            self.until("cut")
            rows = self.rows.rows[1:]
            self.small = SmallSteps(numbers.parts, numbers.curve, self.fit.plot, self.rows, numbers.x)
            self.remove(*rows)
            frames = [row.frame for row in rows]
            self.add(*frames, self.small)
            self.play(*map(FadeOut, frames), *self.small.mark(1), run_time=0.5)
            self.play(
                *self.small.mark(CUTS),
                self.small.cut(CUTS),
                self._moving(self.fit.model, numbers.matched(1), numbers.matched(CUTS), 1.6),
                *self.formula.end_with(CUTS * self.n_sigmoids),
                self.counted.cutting(numbers, CUTS),
                run_time=1.6,
            )

    def _back_from_the_smaller(self) -> list[Animation]:
        """Blue is again the sum with a sigmoid for each piece, with its rows and its terms."""
        b, terms = self.numbers.terms(self.theta_by_hand)
        cut, uncut = self.numbers.matched(CUTS), b + terms.sum(axis=1)
        blue = self._moving(self.fit.model, cut, uncut, self._seconds_of_a_term())
        rows = [FadeIn(row) for row in self.rows.rows[1:]]
        return [blue, FadeOut(self.counted), FadeOut(self.small), *rows, *self.formula.end_with(self.n_sigmoids)]

    # -- found by training ----------------------------------------------------------------------------------------

    def _start_beat(self) -> None:
        fit, rows, ours_is_there = self.fit, self.rows.rows, self.theta_by_hand is not None
        with self.beat("start", pause="long", sigmoids=Count(self.n_sigmoids)):
            # As many sigmoids as before, with our numbers. These leave; random ones come, row by row, and blue is drawn
            # anew
            back = self._back_from_the_smaller() if ours_is_there else []
            self.play(*self.next_heading(self.screen("heading-learn")), *back)
            self.until("random")
            if ours_is_there:
                self.remove(self.patch)
                ours = [row.curve for row in rows]
                self.play(*map(FadeOut, (fit.model, fit.model_label, *ours)), run_time=0.6)
                for row in rows:
                    row.bring_numbers()
            self.show(0.0)
            coming = [row.content for row in rows]
            self.play(LaggedStart(*map(FadeIn, coming), lag_ratio=0.25), run_time=1.4)
            self.play(Create(fit.model), FadeIn(fit.model_label), run_time=1.0)

    def _learn_beat(self) -> None:
        with self.beat("learn", pause="short", parameters=Count(self.experiment.n_parameters)):
            # Gaps from red to blue, and the mean of their squares: the loss. Then the run, at first with a rest at each
            # update, then in ever larger strides: all numbers move, blue is their sum
            self.play(LaggedStart(*map(Create, self.gaps), lag_ratio=0.1), run_time=1.0)
            self.play(FadeIn(self.readout), *map(FadeIn, self.loss_name), run_time=0.6)
            self.live.add(self.gaps, self.fit, self.rows, self.readout, *self.loss_name)  # from back to front
            self.add(self.live)
            self.until("train")
            goal = self.numbers.overtaking
            self._walk(goal if self.theta_by_hand is None else LEARNT * goal, LEARN)

    def _race_beat(self) -> None:
        theta, numbers = self.theta_by_hand, self.numbers
        with self.beat("race", pause="long"):
            # Red and blue make room for two bars, as high as the losses: of the sum set by hand, which comes dashed,
            # and of the training's, which falls until it is lower
            self._widen()
            self.until("ours")
            curve = predict(self.experiment, theta[None], numbers.features)[0]
            self.ours = _dashed(self.fit.plot.at(numbers.x, curve))
            names = (self.screen("computer"), self.screen("by-hand"))
            highest, ours = numbers.loss_at(self.row), numbers.loss(theta)
            self.race = LossRace(max(highest, ours), ours, self.readout.loss.decimals, names)
            self.race.show(highest)
            self.play(Create(self.ours), FadeIn(self.race), run_time=1.2)
            self.live.add(self.race)
            self._walk(numbers.overtaking, RACE)
            self.wait(STILL)

    def _end_beat(self) -> None:
        numbers = self.numbers
        loss = self.readout.written(numbers.loss_at(numbers.last))
        with self.beat("end-close-better", pause="long", updates=Count(numbers.run.kept[-1]), loss=loss):
            # The rest of the run, over the whole picture: blue comes to lie on red
            if self.theta_by_hand is None:
                self._widen()
            self.until("on")
            self._walk(1.0, LAND)
            self.wait(STILL)
            if self.n_sigmoids == 1:  # there is no beat in which the formula comes back
                self._narrow()

    def _walk(self, share: float, seconds: float) -> None:
        """The run goes on to this share of the walk through it."""
        start, pace = self.walked, self.numbers.pace

        def update(_: VMobject, done: float) -> None:
            self.show(stepwise(pace.row(start + done * (share - start))))

        self.play(UpdateFromAlphaFunc(self.live, update, run_time=seconds, rate_func=linear))
        self.show(pace.row(share))
        self.walked = share

    def _widen(self) -> None:
        """The plot grows over the whole picture; formula, rows and gaps leave."""
        leaving = [self.gaps, self.rows, *self.loss_name]
        self.live.remove(*leaving)
        self.play(*map(FadeOut, (*leaving, self.formula.written_out)), run_time=0.5)
        self.play(self._resize(WIDE, 1.0))

    def _narrow(self, heading: str = "heading") -> None:
        """The plot goes back to its place; formula and rows come. Which numbers were found does not matter any more."""
        ours = [] if self.theta_by_hand is None else [self.ours, self.race]
        self.live.remove(self.readout, self.race)
        leaving = (FadeOut(part, run_time=0.5) for part in (self.readout, *ours))
        rows = VGroup(*(VGroup(row.frame, row.curve) for row in self.rows.rows))
        late = squish_rate_func(smooth, 0.5, 1.0)  # when the plot has made room
        coming = FadeIn(rows, self.formula.written_out, run_time=1.4, rate_func=late)
        self.play(*leaving, *self.next_heading(self.screen(heading)), self._resize(NARROW, 0.0), coming)

    def _pieces_beat(self) -> None:
        rows, numbers, theta = self.rows.rows, self.numbers, self.theta_by_hand
        with self.beat("other-pieces"):
            # The rows come back with what training has found; over each, dashed, what was set by hand. Then the two
            # sums lie upon each other
            self._narrow("heading-pieces")
            b, terms = numbers.terms(theta)
            heights = np.column_stack([np.full(len(terms), b), terms]).T
            pairs = zip(rows, heights, strict=True)
            pieces = VGroup(*(_dashed(self._in_row(row)(numbers.x, y), RACE_DASH) for row, y in pairs))
            self.play(LaggedStart(*map(Create, pieces), lag_ratio=0.3), run_time=1.6)
            self.until("sum")
            ours = _dashed(self.fit.plot.at(numbers.x, b + terms.sum(axis=1)))
            self.play(Create(ours), run_time=1.2)
            self.compared = VGroup(pieces, ours)

    def _resize(self, box: Box, band: float) -> Animation:
        """The plot moves its edges to ``box``; red becomes a broad band under blue (``band`` 1), or a line (0)."""
        fit, before = self.fit, np.array((*self.fit.plot.box, 1 - band))
        after = np.array((*box, band))

        def update(_: VMobject, share: float) -> None:
            *now, broad = before + share * (after - before)
            fit.set_box(tuple(now))
            ink, width = np.array(RED_LINE) + broad * (np.array(RED_BAND) - RED_LINE)
            fit.target.set_stroke(mix(palette.red, ink), width)

        return UpdateFromAlphaFunc(fit, update, run_time=1.4, rate_func=smooth)

    # -- the sum sign ---------------------------------------------------------------------------------------------

    def _sigma_beat(self) -> None:
        parts = self.formula
        with self.beat("sigma"):
            # The formula comes back, and the rows. The terms go under one another, and become one with an index; before
            # it a sum sign, beside it what that says
            if self.theta_by_hand is None:
                self._narrow()
            else:
                self.play(FadeOut(self.compared), *self.next_heading(self.screen("heading")), run_time=0.6)
            self.until("fold")
            self.remove(parts.written_out, *parts.written_out)
            self.add(parts.prefix, *parts.terms)
            self.play(*parts.stack())
            self.wait(0.2)
            self.play(*parts.fold())
            self.remove(*parts.terms, *(part for term in parts.terms for part in term), parts.prefix)
            self.add(parts.folded)
            add_up = words(self.screen("add-up", count=str(self.n_sigmoids)), 30)
            add_up.place(style.HEADING_BASELINE - 1.27, left=BESIDE_FORMULA)
            self.play(parts.enlarge(), FadeIn(add_up, shift=0.15 * UP), run_time=0.7)


def _dashed(corners: NDArray, dash: float = OURS_DASH) -> VMobject:
    """The line through ``corners``, dashed, as what was set by hand is drawn."""
    line = VMobject(stroke_color=mix(palette.text, OURS_SHARE), stroke_width=style.GHOST_CURVE, fill_opacity=0)
    line.points = dashes_along(corners, dash)
    return line
