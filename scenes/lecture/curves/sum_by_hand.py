"""Sigmoids set by hand, one for each blue piece, add up to a curve; of smaller pieces they miss it by less."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from gradreel.core.curves.piecewise import Decomposition, PiecewiseLinearCurve
from gradreel.core.curves.sigmoid_matching import matched_sum
from gradreel.core.errors import UserError
from gradreel.core.network.activations import sigmoid
from gradreel.core.network.theta import hidden_terms
from gradreel.scenes import style
from gradreel.scenes.lecture.curves.morph_sigmoid import MorphSigmoid
from gradreel.scenes.lecture.curves.pictures.piece_board import PieceBoard
from gradreel.scenes.lecture.curves.pictures.sigmoid_rows import SigmoidRow, SigmoidRows
from gradreel.scenes.lecture.curves.pictures.sum_formula import SumFormula
from gradreel.scenes.lecture.curves.smaller_pieces import CUTS, SmallerPiecesBeats
from gradreel.scenes.mobjects.carried_curve import Sight, carry
from gradreel.scenes.mobjects.fit_plot import SAMPLES, FitPlot
from gradreel.scenes.mobjects.formula_growth import grow
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.measure import upright_bracket
from gradreel.scenes.mobjects.patches import patch_under
from gradreel.scenes.mobjects.plot import polyline
from gradreel.scenes.mobjects.text import Number, words
from gradreel.scenes.style import FULL, PRESENT, emphasis, mix, palette
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
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    smooth,
)
from numpy.typing import NDArray

READ_LEFT = 1.4  # where it is written, right of the formula, how the sum sign is read
HARD, HARD_SHARE = 10.0, 0.35  # a hard sigmoid under the sigmoid that replaces it: width, share of blue


class SumByHandBeats(SmallerPiecesBeats):
    """Beats up to the formula with the sum sign: of a run whose curve has a piece for each sigmoid, or of any run."""

    curve: PiecewiseLinearCurve
    parts: Decomposition  # of the curve
    x: NDArray  # (SAMPLES,) where curves are drawn
    dense: NDArray  # where gaps are measured, the curve's knots among them
    hand: NDArray | None  # theta (P,) set by hand; None where pieces and sigmoids are not as many
    n_sigmoids: int
    fit: FitPlot
    rows: SigmoidRows
    formula: SumFormula

    def _gap(self, cuts: int) -> float:
        """Largest distance from red to the sum set by hand, each piece cut into so many."""
        return float(np.abs(matched_sum(self.parts, self.dense, cuts) - self.curve(self.dense)).max())

    def _title(self, key: str) -> list[Animation]:
        self.title, animations = next_heading(self.screen(key), getattr(self, "title", None))
        return animations

    def _first_beat(self) -> None:
        with self.beat("by-hand", sigmoids=Count(self.n_sigmoids)):
            # There are not as many pieces as sigmoids, so nothing was set by hand. The red curve; above it the constant
            # and the sigmoids, at the right an empty row for each
            rows = LaggedStart(*(FadeIn(row.frame) for row in self.rows.rows), lag_ratio=0.3)
            self.play(FadeIn(self.formula.written_out, shift=0.15 * UP), rows, run_time=1.8)

    def _red(self) -> list[Animation]:
        fit = self.fit
        return [FadeIn(fit.plot), Create(fit.target), FadeIn(fit.target_label)]

    def _by_hand_beats(self) -> None:
        rows, fit = self.rows.rows, self.fit
        with self.beat("by-hand", sigmoids=Count(self.n_sigmoids)):
            # The sigmoid that matched a piece moves into a row, onto the piece; its formula becomes the first term of a
            # sum. Into the other rows come their pieces, pale, and then over each its sigmoid, with its term. Last the
            # constant: its badge goes to the b
            self.hards = [self._hard(k) for k in range(1, len(rows))]
            self._take_over()
            if rows[2:]:
                pieces = (FadeIn(VGroup(row.frame, hard)) for row, hard in zip(rows[2:], self.hards[1:], strict=True))
                self.play(LaggedStart(*pieces, lag_ratio=0.3), run_time=0.8)
                self.play(LaggedStart(*self._others(), lag_ratio=0.5), run_time=1.8)
                self.add(*rows[2:])
                self.wait(0.5)
            self._name_the_constant()
            self.add(self.formula.written_out)
        gap = self._gap(1)
        with self.beat("add-up", gap=number_text(gap, 2)):
            # The constant alone, then row by row is added: the curve is red with rounded corners. The gap is measured
            self._stack()
            at = self.dense[np.argmax(np.abs(matched_sum(self.parts, self.dense) - self.curve(self.dense)))]
            ends = fit.plot.at(at, [float(self.curve(at)), float(matched_sum(self.parts, at))])
            self.bracket = upright_bracket(*ends)
            self.counted = self._counter()
            self.play(FadeIn(fit.model_label), Create(self.bracket), FadeIn(self.counted), run_time=0.7)
        most = CUTS[-1]
        values = {"sigmoids": number_text(most * self.n_sigmoids), "gap": number_text(self._gap(most), 2)}
        with self.beat("smaller", **values):
            # Each piece is cut in two and then in eight, each part gets its sigmoid: blue goes into the corners. In the
            # rows' place the small steps are stacked, and the formula's end tells how many they are. Where two parts of
            # a piece meet, seen closely: what the first of them misses, the next makes up for
            self._make_room_for_the_smaller()
            for before, cuts in pairwise((1, *CUTS)):
                self._cut(before, cuts)
                if cuts == CUTS[0]:
                    self._look_closely()

    def _take_over(self) -> None:
        """From the picture that morph-sigmoid ends with to red at the left, the first sigmoid in its row."""
        row, formula = self.rows.rows[1], self.formula
        board = self._board()
        if board is None:
            self.play(*self._title("heading"), *self._red())
            self.play(FadeIn(self.hards[0]), FadeIn(formula.only_first(), shift=0.15 * UP), FadeIn(row), run_time=1.0)
            return
        self.add(board)
        leaving = [part for part in board if part is not board.curve and part is not board.formula]
        self.play(*self._title("heading"), *(FadeOut(part) for part in leaving), run_time=0.7)
        self.remove(board)
        self.add(board.curve, board.formula)
        self.remove(board.curve)
        match, (low, high) = board.match, (float(self.x[0]), float(self.x[-1]))
        hard = self.hards[0].set_stroke(opacity=0)  # there from the start, and so under the curve that comes
        self.add(hard)
        self.play(
            hard.animate.set_stroke(opacity=1),
            carry(
                row.curve,
                lambda x: match.c * sigmoid(match.b + match.w * x),
                Sight(board.plot.x_range, board.plot.at, style.MAIN_CURVE),
                Sight((low, high), self._in_row(row), float(row.curve.get_stroke_width())),
            ),
            *grow(board.formula, formula.only_first()),
            *self._red(),
            FadeIn(row.frame),
            run_time=1.8,
        )
        self.play(FadeIn(row.content[1:], shift=0.1 * UP), run_time=0.5)
        self.add(row)

    def _hard(self, k: int) -> VMobject:
        """Piece ``k`` of the curve in its row, broad and pale: what the sigmoid there replaces."""
        x = np.unique([*self.x[[0, -1]], *np.clip([self.parts.start, self.parts.end], self.x[0], self.x[-1]).ravel()])
        points = self._in_row(self.rows.rows[k])(x, self.parts.piece(k, x))
        return polyline(points, mix(palette.blue, HARD_SHARE), HARD)

    def _others(self) -> list[Animation]:
        """Every row but the first comes with its term; where terms are left out, those there are come with the last."""
        rows, terms = self.rows.rows[2:], self.formula.terms[1:]
        alone = len(rows) - len(terms)
        coming: list[Animation] = [FadeIn(row.content) for row in rows[:alone]]
        for row, term in zip(rows[alone:], terms, strict=True):
            coming.append(AnimationGroup(FadeIn(row.content), self.formula.come(term)))
        return coming

    def _in_row(self, row: SigmoidRow) -> Callable[[NDArray, NDArray], NDArray]:
        """Where a row draws data (x, y)."""
        (left, right), (low, high) = row.line, (self.x[0], self.x[-1])

        def at(x: NDArray, y: NDArray) -> NDArray:
            across = left + (x - low) * (right - left) / (high - low)
            return np.column_stack([across, row.zero_y + y * self.rows.scale_y, np.zeros(len(x))])

        return at

    def _name_the_constant(self) -> None:
        """The row of the constant comes, and its badge, so far its only name, goes to the b in the formula."""
        row = self.rows.rows[0]
        self.play(FadeIn(row, shift=0.1 * UP), run_time=0.5)
        badge = row.badge.copy()
        self.play(badge.animate.move_to(self.formula.constant), run_time=0.9)
        self.play(FadeOut(badge), run_time=0.4)

    def _board(self) -> PieceBoard | None:
        """What morph-sigmoid ends with, of the run's first piece; None where that scene cannot show it."""
        piece = tuple(float(values[0]) for values in (self.parts.start, self.parts.end, self.parts.height))
        try:
            return MorphSigmoid.validated({"piece": piece}).board().settled()
        except UserError:
            return None

    def _stack(self) -> None:
        """The constant's level becomes the sum, term after term; at the end it is the model's curve."""
        fit, rows = self.fit, self.rows.rows
        terms = hidden_terms(self.experiment, self.hand, self.features)
        sums = self.parts.constant + np.cumsum(np.column_stack([np.zeros(SAMPLES), terms]), axis=1)  # (SAMPLES, H + 1)
        partial = fit.plot.curve(self.x, sums[:, 0], palette.blue, style.MAIN_CURVE)
        back = [emphasis(row, PRESENT) for row in rows[1:]]
        self.play(*map(FadeOut, self.hards), *back, Create(partial), run_time=0.8)
        self.patch = patch_under(fit.target_label)
        self._name_in_front()
        for k in range(1, self.n_sigmoids + 1):
            self.play(emphasis(rows[k], FULL), run_time=0.3)
            self.play(self._moving(partial, sums[:, k - 1], sums[:, k]))
        self.remove(partial)
        self.add(fit.model)
        self._name_in_front()

    def _name_in_front(self) -> None:
        """Sums on the way run through red's name: it stands before them on a patch."""
        self.add(self.patch, self.fit.target_label)

    def _moving(self, curve: VMobject, before: NDArray, after: NDArray, seconds: float | None = None) -> Animation:
        def update(curve: VMobject, share: float) -> None:
            self.fit.plot.set_curve(curve, self.x, before + share * (after - before))

        seconds = seconds or (1.2 if self.n_sigmoids <= 4 else 0.7)
        return UpdateFromAlphaFunc(curve, update, run_time=seconds, rate_func=smooth)

    def _counter(self) -> VGroup:
        """``sigmoids 3   largest gap 0.58`` on the heading's line."""
        line = style.HEADING_BASELINE
        self.gap = Number(self._gap(1), 2, 32).place(line, style.RIGHT_EDGE)
        gap_name = words(self.screen("gap"), 32).place(line, right=self.gap.get_left()[0] - 0.2)
        self.count = Number(CUTS[-1] * self.n_sigmoids, 0, 32).place(line, gap_name.get_left()[0] - 0.6)
        count_name = words(self.screen("sigmoids"), 32).place(line, right=self.count.get_left()[0] - 0.2)
        self.count.set_value(self.n_sigmoids)
        return VGroup(count_name, self.count, gap_name, self.gap)

    def _sigma_beat(self) -> None:
        parts = self.formula
        with self.beat("sigma", sigmoids=Count(self.n_sigmoids)):
            # After smaller pieces, blue first goes back. The terms go under one another, and become one with an index;
            # before it a sum sign, beside it what that says
            if self.hand is not None:
                self.play(*self._back_from_the_smaller(), *self._title("heading"))
                self.wait(0.5)  # until it is said that this is long
            self.remove(parts.written_out, *parts.written_out)
            self.add(parts.prefix, *parts.terms)
            self.play(*parts.stack())
            self.wait(0.2)
            self.play(*parts.fold())
            self.remove(*parts.terms, *(part for term in parts.terms for part in term), parts.prefix)
            self.add(parts.folded)
            self.add_up = words(self.screen("add-up", count=str(self.n_sigmoids)), 30)
            self.add_up.place(style.HEADING_BASELINE - 1.27, left=READ_LEFT)
            self.play(parts.enlarge(), FadeIn(self.add_up, shift=0.15 * UP), run_time=0.7)
