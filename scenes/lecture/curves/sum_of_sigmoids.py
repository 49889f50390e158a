"""Several sigmoids add up to a curve: set by hand, one for each blue piece; then a recorded run finds other numbers."""

from __future__ import annotations

from typing import Self

import numpy as np
from gradreel.core.curves.sigmoid_matching import matched_theta
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import hidden_terms, loss, predict, unpack
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene, need_curve
from gradreel.scenes.lecture.curves.pictures.sigmoid_rows import SigmoidRows
from gradreel.scenes.lecture.curves.pictures.sum_formula import SumFormula
from gradreel.scenes.lecture.curves.pictures.sum_loss import PassedStates, SumGaps, passed_shares
from gradreel.scenes.lecture.curves.sum_by_hand import SumByHandBeats
from gradreel.scenes.lecture.curves.sum_found import FoundSumBeats
from gradreel.scenes.mobjects.fit_plot import SAMPLES, FitPlot, View
from gradreel.scenes.mobjects.pace import Pace, nearest_row, pace_of, sampled_rows, state_at, stepwise
from gradreel.scenes.mobjects.readout import Readout
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.words.counts import Count
from manim import (
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    linear,
)
from numpy.typing import NDArray
from pydantic import Field, model_validator

MOST = 8  # sigmoids that a picture holds
PLOT_LEFT, PLOT_RIGHT, PLOT_BOTTOM, PLOT_TOP = style.LEFT_EDGE + 0.6, 0.75, -2.59, 1.1
ROWS = (2.15, style.RIGHT_EDGE, -2.95, 1.2)  # left, right, bottom, top
FORMULA_BASELINE, READOUT_LEFT = 1.93, 1.4
PASSED = (0.3, 0.5, 0.7)  # shares of the walk at which a ghost of blue stays behind
WALK = 8.0  # seconds in which the run is shown
TO_A_STATE = 0.6  # seconds, at most, from one recorded state to the next: they rest at it, then go on


class SumOfSigmoids(SumByHandBeats, FoundSumBeats):
    """A constant and a few sigmoids add up to a curve: by hand first, then with the numbers that a training found."""

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
        self._read_the_run()
        self._build()
        if self.hand is None:
            self._first_beat()
        else:
            self._by_hand_beats()
        if self.n_sigmoids > 1:
            self._sigma_beat()
        self._start_beat()
        self._learn_beat()
        self._end_beat()
        if self.hand is not None:
            self._found_beats()
        sum_of_all = self.formula.folded if self.n_sigmoids > 1 else self.formula.written_out
        self.hand_on(sum_of_all)  # more-features begins with it

    # -- the run -------------------------------------------------------------------------------------------------

    def _read_the_run(self) -> None:
        self.run = self.trace("run")
        self.experiment = self.run.experiment
        self.n_sigmoids = self.experiment.hidden[0]
        self.last = len(self.run.kept) - 1
        dataset = self.experiment.dataset
        self.curve, self.x = dataset.curve(), np.linspace(*dataset.range, SAMPLES)
        self.parts = self.curve.decompose()
        self.dense = np.unique([*np.linspace(*dataset.range, 2001), *self.curve.x])
        self.features = dataset.features_at(self.x)
        self.hand = matched_theta(self.experiment) if len(self.parts) == self.n_sigmoids else None
        rows = sampled_rows(0, self.last)
        states = np.asarray(self.run.parameters[rows])
        self.curves = predict(self.experiment, states, self.features)
        self.losses = loss(self.experiment, states)
        terms = hidden_terms(self.experiment, states, self.features)
        pace = pace_of(rows, np.concatenate([self.curves, *np.moveaxis(terms, -1, 0)], axis=1))
        self.pace = no_state_longer(pace, TO_A_STATE / WALK)
        shown = states if self.hand is None else np.concatenate([states, self.hand[None]])
        terms, b = hidden_terms(self.experiment, shown, self.features), unpack(self.experiment, shown).b
        lowest, highest = [b.min(), *terms.min(axis=(0, 1))], [b.max(), *terms.max(axis=(0, 1))]
        seen = [lowest, highest, *([] if self.hand is None else self._made_up_extents())]
        self.extents = np.column_stack([np.min(seen, axis=0), np.max(seen, axis=0)])

    def _theta(self, row: float) -> NDArray:
        """theta (P,) at a row of the trace, or between two neighbouring ones."""
        return state_at(self.run, row)

    def _loss_of(self, theta: NDArray) -> float:
        return float(loss(self.experiment, theta[None])[0])

    def _loss_at(self, row: int) -> float:
        return self._loss_of(np.asarray(self.run.parameters[row]))

    # -- what is on the screen -----------------------------------------------------------------------------------

    def _build(self) -> None:
        inside = (self.curve.x > self.x[0]) & (self.curve.x < self.x[-1])
        corners = np.concatenate([self.x[:1], self.curve.x[inside], self.x[-1:]])
        few = self.curves[:: max(1, len(self.curves) // 60)]
        if self.hand is not None:
            sums = [self.parts.partial_sum(k, self.x) for k in range(len(self.parts) + 1)]
            few = np.concatenate([few, sums])
        few = np.concatenate([few, np.linspace(self.curves[0], self.curve(self.x), 20)])  # where gaps are drawn
        texts = {key: self.screen(key) for key in ("target", "model", "start")}
        views, box = [View(PLOT_TOP, few)], (PLOT_LEFT, PLOT_RIGHT, PLOT_BOTTOM)
        self.fit = FitPlot(corners, self.curve(corners), self.x, views, texts, box, on_zero=True)
        self.fit.remove(self.fit.ghost, self.fit.ghost_label)
        low, high = self.fit.plot.y_range
        self.rows = SigmoidRows(self.extents, (PLOT_TOP - PLOT_BOTTOM) / (high - low), ROWS)
        self.formula = SumFormula(self.n_sigmoids, FORMULA_BASELINE, style.LEFT_EDGE, style.RIGHT_EDGE)
        self.readout = Readout(self.screen("update"), int(self.run.kept[-1]), self.losses, READOUT_LEFT)
        self.readout.remove(self.readout.loss_words)
        name = words(self.screen("loss"), 32)
        name.place(style.HEADING_BASELINE, right=self.readout.loss.get_left()[0] - 0.2)
        self.readout.loss_words = name
        self.readout.add(name)
        self._build_loss()
        self.live = VGroup()  # what moves with the run: grown part by part, as it comes to the screen
        self.add(self.live)
        self.show_theta(self._theta(0.0) if self.hand is None else self.hand)

    def _build_loss(self) -> None:
        """What tells how far blue is from red: gaps, what the loss is of them, and curves that blue has passed."""
        plot = self.fit.plot
        self.gaps = SumGaps(plot, self.curve, self.x)
        rows, shares = passed_shares(self.pace, PASSED)
        curves = predict(self.experiment, np.asarray(self.run.parameters[rows]), self.features)
        self.passed = PassedStates(plot, self.x, curves, shares)
        self.loss_name = None
        if self.experiment.loss == "mse":
            self.loss_name = words(self.words_of.screen("linear-limits", "loss-is", self.context.language), style.LABEL)
            self.loss_name.place(style.HEADING_BASELINE - 0.6, right=style.RIGHT_EDGE)

    def show(self, row: float) -> None:
        """Everything as it is at ``row``: also between two recorded states, all numbers are those of what is drawn."""
        self.row = row
        theta = self._theta(row)
        self.readout.show(int(self.run.kept[nearest_row(row)]), self._loss_of(theta))
        self.show_theta(theta)
        self.gaps.measure(self.fit.model_y)
        self.passed.show(self.pace.share(row))

    def show_theta(self, theta: NDArray) -> None:
        """Rows, with their numbers, and sum as theta (P,) draws them."""
        printed = unpack(self.experiment, theta)
        w = printed.weights[0][:, 0]
        inside = printed.biases[0] - w * self.experiment.dataset.offset  # so that b + w x_1 is right as it is written
        self.rows.show_numbers(float(printed.b), {"c": printed.c, "b": inside, "w": w})
        terms, b = hidden_terms(self.experiment, theta, self.features), float(printed.b)
        self.rows.show_curves(b, terms)
        self.fit.show(b + terms.sum(axis=1))

    # -- by training ---------------------------------------------------------------------------------------------

    def _start_beat(self) -> None:
        with self.beat("start", loss=self.readout.written(self._loss_at(0))):
            # Our numbers leave, their curves stay thin in the rows. Random ones come, row by row, and blue is drawn
            # anew. Gaps from red to it, and the mean of their squares: the loss
            leaving = [] if self.hand is None else [self.counted, self.bracket]
            leaving = [FadeOut(part) for part in leaving if part in self.mobjects]
            if self.hand is not None and self.n_sigmoids == 1:  # there was no sum sign to go back for
                leaving = self._back_from_the_smaller()
            if self.n_sigmoids > 1:
                leaving.append(FadeOut(self.add_up))
            self.play(*self._title("heading-learn"), *leaving)
            if self.hand is not None:
                self._ours_leave()
            self._start_comes()
            self.wait(0.5)
            self._loss_comes()

    def _ours_leave(self) -> None:
        """Our numbers and curves fade, in all rows and in the sum; thin copies of the rows' curves stay."""
        self.remove(self.patch)
        ours = [self.fit.model, self.fit.model_label]
        for row in self.rows.rows:
            row.leave_ghost()
            ours += [row.curve, *row.numbers.values()]
        self.play(*map(FadeOut, ours), run_time=0.6)

    def _start_comes(self) -> None:
        """The numbers with which the run starts, row by row, and the sum that they make."""
        fit, rows = self.fit, self.rows
        self.show(0.0)
        coming = [row.content if self.hand is None else VGroup(row.curve, *row.numbers.values()) for row in rows.rows]
        self.play(LaggedStart(*map(FadeIn, coming), lag_ratio=0.25), run_time=1.4)
        self.play(Create(fit.model), FadeIn(fit.model_label), run_time=1.0)

    def _loss_comes(self) -> None:
        """Gaps from red to blue; then count, loss and what that is."""
        self.play(LaggedStart(*map(Create, self.gaps), lag_ratio=0.1), run_time=1.0)
        self.live.add(self.passed, self.gaps, self.fit, self.rows)  # from back to front
        self.add(self.live)
        known = [self.readout, *([] if self.loss_name is None else [self.loss_name])]
        self.play(*map(FadeIn, known), run_time=0.6)
        self.live.add(*known)

    def _learn_beat(self) -> None:
        with self.beat("learn", parameters=Count(self.experiment.n_parameters)):
            # The whole run, at first with a rest at each update, then in ever larger strides: all numbers move, blue is
            # their sum
            def update(_: VMobject, share: float) -> None:
                self.show(stepwise(self.pace.row(share)))

            self.play(UpdateFromAlphaFunc(self.live, update, run_time=WALK, rate_func=linear))
            self.show(self.pace.row(1.0))


def no_state_longer(pace: Pace, most: float) -> Pace:
    """The same walk, in which no recorded state takes more than the share ``most`` to reach: others have its time.

    With too few states for that, all take the same time.
    """
    longest, weight = most * np.diff(pace.rows), np.diff(pace.shares)
    if longest.sum() <= 1:
        weight = longest
    for _ in range(60):
        weight = np.minimum(weight / weight.sum(), longest)
    shares = np.concatenate([[0.0], np.cumsum(weight)])
    return Pace(pace.rows, shares / shares[-1])
