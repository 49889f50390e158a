"""The scene sum-of-sigmoids: sigmoids add up to a curve, set by hand for each blue piece, then found by a training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Self

import numpy as np
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.core.network.activations import sigmoid
from gradreel.core.network.theta import predict, unpack
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene, need_curve
from gradreel.scenes.lecture.curves.morph_sigmoid import MorphSigmoid
from gradreel.scenes.lecture.curves.pictures.joint_lens import JointLens
from gradreel.scenes.lecture.curves.pictures.sigmoid_board import SigmoidBoard
from gradreel.scenes.lecture.curves.pictures.sigmoid_rows import SigmoidRow, SigmoidRows, SmallSteps
from gradreel.scenes.lecture.curves.pictures.sum_formula import ConstantSum, SumFormula
from gradreel.scenes.lecture.curves.pictures.sum_gaps import CutCounter, PassedStates, SumGaps, passed_shares
from gradreel.scenes.lecture.curves.pictures.sum_numbers import SumNumbers
from gradreel.scenes.lecture.curves.sigmoid_matching import matched_sum, steps_of
from gradreel.scenes.mobjects.bracket import upright_bracket
from gradreel.scenes.mobjects.carried_curve import Sight, carry
from gradreel.scenes.mobjects.fit_plot import FitPlot, View
from gradreel.scenes.mobjects.formula_growth import grow
from gradreel.scenes.mobjects.pace import nearest_row, stepwise
from gradreel.scenes.mobjects.plot import polyline
from gradreel.scenes.mobjects.readout import Readout
from gradreel.scenes.mobjects.rising_curve import dashes_along
from gradreel.scenes.mobjects.text import Number, formula, patch_under, words
from gradreel.scenes.style import DIM, FAINT, FULL, emphasis, mix, palette
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.numbers import number_text
from manim import (
    UP,
    Animation,
    AnimationGroup,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    ReplacementTransform,
    TransformFromCopy,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    linear,
    smooth,
)
from numpy.typing import NDArray
from pydantic import Field, model_validator

MOST = 8  # sigmoids that a picture holds
RUN_CURVES = 60  # for these, about, the plot has room, and its names keep clear of them
GAP_CURVES = 20  # and of these: between the run's first one and red, where gaps are drawn
PLOT_LEFT, PLOT_RIGHT, PLOT_BOTTOM, PLOT_TOP = style.LEFT_EDGE + 0.6, 0.75, -2.59, 1.1
ROWS = (2.15, style.RIGHT_EDGE, -2.95, 1.2)  # left, right, bottom, top
FORMULA_BASELINE, BESIDE_FORMULA = 1.93, 1.4  # right of the formula there is room from there on
UNDER_HEADING = style.HEADING_BASELINE - 0.6
HARD, HARD_SHARE = 10.0, 0.35  # a hard sigmoid under the sigmoid that replaces it: width, share of blue
CUTS = (2, 8)  # into how many each piece is cut
WALK = 8.0  # seconds in which the run is shown
TO_A_STATE = 0.6  # seconds, at most, from one recorded state to the next: they rest at it, then go on
PASSED = (0.3, 0.5, 0.7)  # shares of the walk at which a ghost of blue stays behind
OURS_SHARE, OURS_DASH = 0.8, 0.12  # of blue, in what was set by hand; its dashes
SAMPLE = 0.75  # length of the dashes before the words that tell what is dashed


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

    def construct(self) -> None:
        self._build()
        self._by_hand_beat()
        if self.theta_by_hand is not None:
            self._add_up_beat()
            self._smaller_beat()
        if self.n_sigmoids > 1:
            self._sigma_beat()
        self._start_beat()
        self._learn_beat()
        self._end_beat()
        if self.theta_by_hand is not None:
            self._found_beat()
        sum_of_all = self.formula.folded if self.n_sigmoids > 1 else self.formula.written_out
        self.hand_on(sum_of_all)  # more-features begins with it

    # -- what is on the screen -----------------------------------------------------------------------------------

    def _build(self) -> None:
        run = self.trace("run")
        numbers = self.numbers = SumNumbers(run, TO_A_STATE / WALK)
        self.experiment, self.n_sigmoids = numbers.experiment, numbers.n_sigmoids
        self.theta_by_hand = numbers.theta_by_hand
        curve, x = numbers.curve, numbers.x
        corners = np.array([x[0], *curve.x[(curve.x > x[0]) & (curve.x < x[-1])], x[-1]])
        seen = [numbers.curves[:: max(1, len(numbers.curves) // RUN_CURVES)]]
        if self.theta_by_hand is not None:
            seen.append(np.array([numbers.parts.partial_sum(k, x) for k in range(len(numbers.parts) + 1)]))
        seen.append(np.linspace(numbers.curves[0], curve(x), GAP_CURVES))
        texts = {key: self.screen(key) for key in ("target", "model", "start")}
        views, box = [View(PLOT_TOP, np.concatenate(seen))], (PLOT_LEFT, PLOT_RIGHT, PLOT_BOTTOM)
        self.fit = fit = FitPlot(corners, curve(corners), x, views, texts, box, on_zero=True)
        fit.remove(fit.ghost, fit.ghost_label)
        low, high = fit.plot.y_range
        self.rows = SigmoidRows(numbers.extents(), (PLOT_TOP - PLOT_BOTTOM) / (high - low), ROWS)
        self.formula = SumFormula(self.n_sigmoids, FORMULA_BASELINE, style.LEFT_EDGE, style.RIGHT_EDGE)
        most, name = int(run.kept[-1]), self.screen("loss")
        self.readout = Readout(self.screen("update"), most, numbers.losses, BESIDE_FORMULA, loss_name=name)
        self.gaps = SumGaps(fit.plot, curve, x)
        self.loss_name = VGroup()  # what the loss is of the gaps
        if self.experiment.loss == "mse":
            name = words(self.words_of.screen("linear-limits", "loss-is", self.context.language), style.LABEL)
            self.loss_name.add(name.place(UNDER_HEADING, right=style.RIGHT_EDGE))
        rows, shares = passed_shares(numbers.pace, PASSED)
        passed = predict(self.experiment, np.asarray(run.parameters[rows]), numbers.features)
        self.passed = PassedStates(fit.plot, x, passed, shares)  # curves that stay where blue was
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
        self.passed.show(self.numbers.pace.share(row))

    def show_theta(self, theta: NDArray) -> None:
        """Rows, with their numbers, and sum as theta (P,) draws them."""
        b, terms = self.numbers.terms(theta)
        self.rows.show_numbers(b, self.numbers.letters(theta))
        self.rows.show_curves(b, terms)
        self.fit.show(b + terms.sum(axis=1))

    # -- set by hand: the rows ------------------------------------------------------------------------------------

    def _by_hand_beat(self) -> None:
        with self.beat("by-hand", sigmoids=Count(self.n_sigmoids)):
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
        self.pale_pieces = [self._pale_piece(k) for k in range(1, len(rows))]
        self._take_over()
        if rows[2:]:
            others = zip(rows[2:], self.pale_pieces[1:], strict=True)
            pieces = (FadeIn(VGroup(row.frame, piece)) for row, piece in others)
            self.play(LaggedStart(*pieces, lag_ratio=0.3), run_time=0.8)
            self.play(LaggedStart(*self._others(), lag_ratio=0.5), run_time=1.8)
            self.add(*rows[2:])
            self.wait(0.5)
        self.play(FadeIn(rows[0], shift=0.1 * UP), run_time=0.5)
        badge = rows[0].badge.copy()
        self.play(badge.animate.move_to(self.formula.constant), run_time=0.9)
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
        self.play(FadeIn(row.content[1:], shift=0.1 * UP), run_time=0.5)
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
        with self.beat("add-up", gap=number_text(numbers.gap(1), 2)):
            # The constant alone, then row by row is added: the curve is red with rounded corners. The gap is measured
            self._stack()
            at = numbers.dense[np.argmax(np.abs(numbers.missed(1)))]
            ends = fit.plot.at(at, [float(numbers.curve(at)), float(matched_sum(numbers.parts, at))])
            self.bracket = upright_bracket(*ends)
            self.counted = CutCounter(self.screen("sigmoids"), self.screen("gap"), numbers, CUTS[-1])
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
        return 1.2 if self.n_sigmoids <= 4 else 0.7

    def _moving(self, curve: VMobject, before: NDArray, after: NDArray, seconds: float) -> Animation:
        """``curve`` goes from one sum to another; blue's name stays where it is."""
        return _on_the_way(curve, before, after, lambda y: self.fit.plot.set_curve(curve, self.numbers.x, y), seconds)

    def _smaller_beat(self) -> None:
        numbers, most = self.numbers, CUTS[-1]
        values = {"sigmoids": number_text(most * self.n_sigmoids), "gap": number_text(numbers.gap(most), 2)}
        with self.beat("smaller", **values):
            # Each piece is cut in two and then in eight, each part gets its sigmoid: blue goes into the corners. In the
            # rows' place the small steps are stacked, and the formula's end tells how many they are. Where two parts of
            # a piece meet, seen closely: what the first of them misses, the next makes up for
            rows = self.rows.rows[1:]
            self.small = SmallSteps(numbers.parts, numbers.curve, self.fit.plot, self.rows, numbers.x)
            self.remove(*rows)
            leaving = [part for row in rows for part in (row.frame, row.letters, *row.numbers.values())]
            self.add(*leaving, self.small)
            title = self.next_heading(self.screen("heading-smaller"))
            self.play(FadeOut(self.bracket), *title, *map(FadeOut, leaving), *self.small.mark(1), run_time=0.7)
            for before, cuts in pairwise((1, *CUTS)):
                self.play(
                    *self.small.mark(cuts),
                    self.small.cut(cuts),
                    self._moving(self.fit.model, numbers.matched(before), numbers.matched(cuts), 1.0),
                    *self.formula.end_with(cuts * self.n_sigmoids),
                    self.counted.cutting(numbers, before, cuts),
                    run_time=1.0,
                )
                if cuts == CUTS[0]:
                    self._look_closely()

    def _look_closely(self) -> None:
        """Two parts of one piece at their joint: the sum up to the first misses red, the next one makes up for it.

        In the plot, too, blue is so long the sum up to there; count and gap, which are those of all, step back.
        """
        numbers, small = self.numbers, self.small
        self.lens = lens = JointLens(self.fit.plot, numbers.curve, numbers.parts, numbers.x)
        whole = numbers.matched(CUTS[0])
        aside = [self.counted, *([self.formula.end] if lens.piece == 0 else [])]
        before = 2 * lens.piece  # steps of earlier pieces, each cut in two
        first, second = small.badge(before), small.badge(before + 1)
        second_step = small.steps[before + 1]
        others = [*small.steps[:before], *small.steps[before + 2 :]]
        self.play(
            FadeIn(lens.place),
            ReplacementTransform(lens.place.copy(), lens.frame),
            *map(FadeIn, (lens.red, lens.dot)),
            *(emphasis(part, FAINT) for part in (*others, second_step, *aside)),
            *self._moving_with_name(whole, lens.partial[0]),
            run_time=0.7,
        )
        self.play(FadeIn(first), Create(lens.blue), FadeIn(lens.first), run_time=0.6)
        self.play(FadeIn(lens.gap), run_time=0.3)
        self.wait(0.5)
        self.play(FadeIn(second), emphasis(second_step, FULL), run_time=0.3)
        joining = lens.join(0.9), *self._moving_with_name(*lens.partial)
        self.play(*joining, FadeIn(lens.second[0]), TransformFromCopy(second, lens.second[1]))
        self.wait(0.9)
        lens.add(lens.second)
        back = [emphasis(part, FULL) for part in (*others, *aside)]
        back += self._moving_with_name(lens.partial[1], whole)
        self.play(*map(FadeOut, (lens, first, second)), *back, run_time=0.5)

    def _moving_with_name(self, before: NDArray, after: NDArray) -> list[Animation]:
        """Blue goes from one sum to another, and its name goes along at its end.

        They are no group: that would be put in front of the points where red is cut.
        """
        name = UpdateFromAlphaFunc(self.fit.model_label, lambda *_: None)  # `FitPlot.show` moves it
        return [_on_the_way(self.fit.model, before, after, self.fit.show), name]

    # -- the sum sign ---------------------------------------------------------------------------------------------

    def _sigma_beat(self) -> None:
        parts = self.formula
        with self.beat("sigma", sigmoids=Count(self.n_sigmoids)):
            # After smaller pieces, blue first goes back. The terms go under one another, and become one with an index;
            # before it a sum sign, beside it what that says
            if self.theta_by_hand is not None:
                self.play(*self._back_from_the_smaller(), *self.next_heading(self.screen("heading")))
                self.wait(0.5)  # until it is said that this is long
            self.remove(parts.written_out, *parts.written_out)
            self.add(parts.prefix, *parts.terms)
            self.play(*parts.stack())
            self.wait(0.2)
            self.play(*parts.fold())
            self.remove(*parts.terms, *(part for term in parts.terms for part in term), parts.prefix)
            self.add(parts.folded)
            self.add_up = words(self.screen("add-up", count=str(self.n_sigmoids)), 30)
            self.add_up.place(style.HEADING_BASELINE - 1.27, left=BESIDE_FORMULA)
            self.play(parts.enlarge(), FadeIn(self.add_up, shift=0.15 * UP), run_time=0.7)

    def _back_from_the_smaller(self) -> list[Animation]:
        """Blue is again the sum with a sigmoid for each piece, with its rows and its terms."""
        b, terms = self.numbers.terms(self.theta_by_hand)
        cut, uncut = self.numbers.matched(CUTS[-1]), b + terms.sum(axis=1)
        blue = self._moving(self.fit.model, cut, uncut, self._seconds_of_a_term())
        rows = [FadeIn(row) for row in self.rows.rows[1:]]
        return [blue, FadeOut(self.counted), FadeOut(self.small), *rows, *self.formula.end_with(self.n_sigmoids)]

    # -- found by training ----------------------------------------------------------------------------------------

    def _start_beat(self) -> None:
        fit, rows, ours_is_there = self.fit, self.rows.rows, self.theta_by_hand is not None
        with self.beat("start", loss=self.readout.written(self.numbers.loss_at(0))):
            # Our numbers leave, their curves stay thin in the rows. Random ones come, row by row, and blue is drawn
            # anew. Gaps from red to it, and the mean of their squares: the loss
            leaving: list[Animation] = []
            if self.n_sigmoids > 1:
                leaving = [FadeOut(self.add_up)]
            elif ours_is_there:  # of one sigmoid there was no sum sign, for which blue goes back
                leaving = self._back_from_the_smaller()
            self.play(*self.next_heading(self.screen("heading-learn")), *leaving)
            if ours_is_there:
                self.remove(self.patch)
                ours = [fit.model, fit.model_label]
                for row in rows:
                    row.leave_ghost()
                    ours += [row.curve, *row.numbers.values()]
                self.play(*map(FadeOut, ours), run_time=0.6)
            self.show(0.0)
            coming = [VGroup(row.curve, *row.numbers.values()) if ours_is_there else row.content for row in rows]
            self.play(LaggedStart(*map(FadeIn, coming), lag_ratio=0.25), run_time=1.4)
            self.play(Create(fit.model), FadeIn(fit.model_label), run_time=1.0)
            self.wait(0.5)
            self.play(LaggedStart(*map(Create, self.gaps), lag_ratio=0.1), run_time=1.0)
            self.live.add(self.passed, self.gaps, fit, self.rows)  # from back to front
            self.add(self.live)
            self.play(FadeIn(self.readout), *map(FadeIn, self.loss_name), run_time=0.6)
            self.live.add(self.readout, *self.loss_name)

    def _learn_beat(self) -> None:
        with self.beat("learn", parameters=Count(self.experiment.n_parameters)):
            # The whole run, at first with a rest at each update, then in ever larger strides: all numbers move, blue is
            # their sum
            pace = self.numbers.pace

            def update(_: VMobject, share: float) -> None:
                self.show(stepwise(pace.row(share)))

            self.play(UpdateFromAlphaFunc(self.live, update, run_time=WALK, rate_func=linear))
            self.show(pace.row(1.0))

    def _end_beat(self) -> None:
        numbers, written, theta = self.numbers, self.readout.written, self.theta_by_hand
        final = written(numbers.loss_at(numbers.last))
        ours = "" if theta is None else written(numbers.loss(theta))
        with self.beat("end-close-better", updates=Count(numbers.run.kept[-1]), loss=final, ours=ours):
            # Blue has come to rest, and what told how it came here leaves. The sum set by hand, if there is one, comes
            # dashed, its loss beneath the run's
            leaving = [self.passed] if theta is None else [self.passed, self.gaps, *self.loss_name]
            self.live.remove(*leaving)
            self.play(*map(FadeOut, leaving), run_time=0.4)
            if theta is not None:
                self._compare(theta, ours)

    def _compare(self, theta: NDArray, loss: str) -> None:
        """The sum that ``theta``, set by hand, draws comes dashed, and its ``loss`` beneath the run's."""
        number = formula(loss, 38).place(UNDER_HEADING, right=style.RIGHT_EDGE)
        name = words(self.screen("by-hand"), 32, mix(palette.blue, OURS_SHARE))
        name.place(UNDER_HEADING, right=number.get_left()[0] - 0.2)
        end, y = name.get_left()[0] - 0.2, UNDER_HEADING + 0.11
        sample = _ours(np.array([[end - SAMPLE, y, 0.0], [end, y, 0.0]]))
        curve = predict(self.experiment, theta[None], self.numbers.features)[0]
        self.dashed_sum = _ours(self.fit.plot.at(self.numbers.x, curve))
        self.wait(1.2)  # until ours is spoken of
        self.play(Create(self.dashed_sum), FadeIn(VGroup(sample, name, number)), run_time=1.2)

    def _found_beat(self) -> None:
        with self.beat("found-mirrored"):
            # Each row beside the thin line that was ours. Of the lesson's run, rows whose w is below zero stay bright.
            # Of one after the other c goes to the constant's sum, as it is; then the curve goes by it, to where ours
            # is, and the constant the other way, and the signs of the row's numbers turn
            if self.other_data:
                self.wait(0.5)
                return
            mirrored = steps_of(self.experiment, self.numbers.theta(self.numbers.last)).mirrored
            self._point_at_w(mirrored)
            self.wait(1.3)  # until mirrored steps are spoken of
            self._made_up(mirrored)

    def _point_at_w(self, mirrored: Sequence[int]) -> None:
        """All numbers step back but the w of the sigmoids ``mirrored`` (from 0), and all rows but theirs and b's."""
        dimmed: list[VMobject] = []
        for i, row in enumerate(self.rows.rows[1:]):
            if i not in mirrored:
                dimmed.append(row)
            elif "w" in row.numbers:  # with many sigmoids c stands alone
                dimmed += [part for letter, part in row.named_numbers().items() if letter != "w"]
        if dimmed:
            self.play(*(emphasis(part, DIM) for part in dimmed), run_time=0.4)

    def _made_up(self, mirrored: Sequence[int]) -> None:
        """Row by row, a mirrored curve goes down by its c, or up, and the constant with its number the other way.

        A mirrored step with c is a step that is not, with -c, -b and -w, and a constant c. So blue stays where it is,
        and at every rest the numbers are blue's, though no longer those of an update. ``mirrored``: sigmoids, from 0.
        """
        constant, *rows = self.rows.rows
        theta = unpack(self.experiment, self.numbers.theta(self.numbers.last))
        added, b = [float(theta.c[i]) for i in mirrored], float(theta.b)
        self.constant_sum = sum_ = ConstantSum(b, added, left=BESIDE_FORMULA, right=style.RIGHT_EDGE)
        coming = [FadeIn(sum_.start)] if sum_.fits else []
        coming += [FadeOut(self.readout.count_words), FadeOut(self.readout.count)]
        for i, c, term in zip(mirrored, added, sum_.terms, strict=True):
            row, up = rows[i], c * self.rows.scale_y * UP
            bright = [emphasis(part, FULL) for letter, part in row.named_numbers().items() if letter != "w"]
            self.play(*bright, *coming, run_time=0.4)
            if sum_.fits:
                self._bring(row.numbers["c"], term)
            turned = [_turned(number) for number in row.numbers.values()]
            raised = constant.curve.animate.shift(up), _counted(constant.number, b, b + c)
            self.play(row.curve.animate.shift(-up), *turned, *raised, run_time=1.0)
            b, coming = b + c, []
        if sum_.fits:
            self.play(FadeIn(sum_.end), run_time=0.4)
        self.wait(0.5)  # the result stands for a moment when all has been said

    def _bring(self, number: Number, term: VMobject) -> None:
        """A copy of c goes to its place in the sum as it is, before its sign turns."""
        going = VGroup(*number[1:]).copy()  # the first is its anchor
        self.play(going.animate.move_to(term), run_time=0.6)
        self.play(FadeOut(going), FadeIn(term), run_time=0.2)


def _on_the_way(
    curve: VMobject, before: NDArray, after: NDArray, draw: Callable[[NDArray], object], seconds: float = 1.0
) -> Animation:
    """``curve`` goes from one sum to another; ``draw`` puts it at heights between them."""
    return UpdateFromAlphaFunc(curve, lambda _, share: draw(before + share * (after - before)), run_time=seconds)


def _ours(corners: NDArray) -> VMobject:
    """The line through ``corners``, dashed, as what was set by hand is drawn."""
    line = VMobject(stroke_color=mix(palette.blue, OURS_SHARE), stroke_width=style.GHOST_CURVE, fill_opacity=0)
    line.points = dashes_along(corners, OURS_DASH)
    return line


def _counted(number: Number, start: float, end: float) -> Animation:
    """A number goes from one value to another, as evenly as the curve that it belongs to."""
    return UpdateFromAlphaFunc(number, lambda number, share: number.set_value(start + share * (end - start)))


def _turned(number: Number) -> Animation:
    """A number fades and comes again with the other sign."""
    value = number.value

    def update(number: Number, share: float) -> None:
        number.set_value(value if share < 0.5 else -value)
        for glyph in number[1:]:  # the first is its anchor
            glyph.set_fill(opacity=abs(1 - 2 * share))

    return UpdateFromAlphaFunc(number, update, rate_func=smooth)
