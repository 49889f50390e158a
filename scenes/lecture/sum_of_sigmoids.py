"""Several sigmoids add up to a curve: the formula, and a recorded run in which gradient descent finds its numbers."""

from __future__ import annotations

from typing import Self

import numpy as np
from gradreel.core.experiment import Experiment
from gradreel.core.theta import hidden_terms, loss, predict, unpack
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene, need_curve
from gradreel.scenes.counts import Count
from gradreel.scenes.mobjects.fit_plot import SAMPLES, FitPlot, View
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.pace import pace_of, recorded_row, sampled_rows, state_at
from gradreel.scenes.mobjects.readout import Readout
from gradreel.scenes.mobjects.sigmoid_rows import SigmoidRows
from gradreel.scenes.mobjects.sum_formula import SumFormula
from gradreel.scenes.mobjects.text import caption, words
from gradreel.scenes.mobjects.ticks import number_text
from gradreel.scenes.style import FAINT, FULL, PRESENT, emphasis, palette
from manim import (
    UP,
    Animation,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    Transform,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    linear,
    smooth,
)
from numpy.typing import NDArray
from pydantic import Field, model_validator

MOST = 8  # sigmoids that a picture holds
PLOT_LEFT, PLOT_RIGHT, PLOT_BOTTOM, PLOT_TOP = style.LEFT_EDGE + 0.6, 0.75, -2.59, 1.1
ROWS = (2.15, style.RIGHT_EDGE, -2.95, 1.2)  # left, right, bottom, top
FORMULA_BASELINE, READOUT_LEFT = 1.93, 1.4
PARTS = ((0.0, 0.3, 5.0), (0.3, 0.63, 6.0), (0.63, 1.0, 7.0))  # of the walk: from share, to share, seconds
CLOSE = 0.05  # blue lies close to red when their typical distance is less than this share of red's height


class SumOfSigmoids(LectureScene):
    """A constant and a few sigmoids add up to a curve, and gradient descent finds their numbers, update by update."""

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
        self._formula_beats()
        self._start_beat()
        self._walk_beats()
        self._end_beat()
        self._add_up_beat()

    # -- the run -------------------------------------------------------------------------------------------------

    def _read_the_run(self) -> None:
        self.run = self.trace("run")
        self.experiment = self.run.experiment
        self.n_sigmoids = self.experiment.hidden[0]
        self.last = len(self.run.kept) - 1
        self.x = np.linspace(*self.experiment.dataset.range, SAMPLES)
        self.features = self.experiment.dataset.features_at(self.x)
        rows = sampled_rows(0, self.last)
        states = np.asarray(self.run.parameters[rows])
        self.curves = predict(self.experiment, states, self.features)
        self.losses = loss(self.experiment, states)
        terms = hidden_terms(self.experiment, states, self.features)
        b = unpack(self.experiment, states).b
        lowest = [b.min(), *terms.min(axis=(0, 1))]
        highest = [b.max(), *terms.max(axis=(0, 1))]
        self.extents = np.column_stack([lowest, highest])
        self.pace = pace_of(rows, np.concatenate([self.curves, *np.moveaxis(terms, -1, 0)], axis=1))

    def _state(self, row: float) -> tuple[float, NDArray, NDArray]:
        """b, c (H,) and the terms over x (SAMPLES, H) at a row of the trace, or between two neighbouring ones."""
        theta = state_at(self.run, row)[None]
        layers = unpack(self.experiment, theta)
        return float(layers.b[0]), layers.c[0], hidden_terms(self.experiment, theta, self.features)[0]

    def _loss_at(self, row: int) -> float:
        return float(loss(self.experiment, np.asarray(self.run.parameters[row])[None])[0])

    def _is_close(self) -> bool:
        typical = self._loss_at(self.last)
        if self.experiment.loss == "mse":
            typical = typical**0.5
        return typical <= CLOSE * self.experiment.dataset.curve().height

    # -- what is on the screen -----------------------------------------------------------------------------------

    def _build(self) -> None:
        curve = self.experiment.dataset.curve()
        inside = (curve.x > self.x[0]) & (curve.x < self.x[-1])
        corners = np.concatenate([self.x[:1], curve.x[inside], self.x[-1:]])
        few = self.curves[:: max(1, len(self.curves) // 60)]
        texts = {key: self.screen(key) for key in ("target", "model", "start")}
        views, box = [View(PLOT_TOP, few)], (PLOT_LEFT, PLOT_RIGHT, PLOT_BOTTOM)
        self.fit = FitPlot(corners, curve(corners), self.x, views, texts, box)
        self._part_labels()
        low, high = self.fit.plot.y_range
        self.rows = SigmoidRows(self.extents, (PLOT_TOP - PLOT_BOTTOM) / (high - low), ROWS)
        self.formula = SumFormula(self.n_sigmoids, FORMULA_BASELINE, style.LEFT_EDGE, style.RIGHT_EDGE)
        self.readout = Readout(self.screen("update"), int(self.run.kept[-1]), self.losses, READOUT_LEFT)
        self.readout.remove(self.readout.loss_words)
        name = words(self.screen("loss"), 32)
        name.place(style.HEADING_BASELINE, right=self.readout.loss.get_left()[0] - 0.2)
        self.readout.loss_words = name
        self.readout.add(name)
        self.live = VGroup()  # what moves with the run: grown part by part, as it comes to the screen
        self.add(self.live)
        self.show(0.0)

    def _part_labels(self) -> None:
        """The label of the first curve goes further along it where it would touch that of the red one."""
        fit = self.fit
        for index in range(fit.ghost_place[0], SAMPLES - 20, 10):
            fit.ghost_place = (index, fit.ghost_place[1])
            fit.redraw()
            apart = np.abs(fit.ghost_label.get_center() - fit.target_label.get_center())
            if apart[0] > (fit.ghost_label.width + fit.target_label.width) / 2 + 0.2 or apart[1] > 0.5:
                return

    def show(self, row: float) -> None:
        """Everything as it is at ``row``: shapes may lie between two recorded states, numbers are recorded."""
        self.row = row
        reached = recorded_row(row)
        b, c, _ = self._state(reached)
        self.readout.show(int(self.run.kept[reached]), self._loss_at(reached))
        self.rows.show_numbers(b, c)
        b, _, terms = self._state(row)
        self.rows.show_curves(b, terms)
        self.fit.show(b + terms.sum(axis=1))

    def _title(self, key: str) -> list[Animation]:
        self.title, animations = next_heading(self.screen(key), getattr(self, "title", None))
        return animations

    def _loss_text(self) -> str:
        return self.readout.loss.text

    # -- beats ---------------------------------------------------------------------------------------------------

    def _formula_beats(self) -> None:
        fit, parts = self.fit, self.formula
        with self.beat("first"):
            # The red curve; above it the constant and a first sigmoid, at the right an empty row for each
            self.play(*self._title("heading"), FadeIn(fit.plot, run_time=0.6))
            self.play(Create(fit.target), run_time=1.6, rate_func=smooth)
            self.play(FadeIn(fit.target_label, shift=0.15 * UP), run_time=0.4)
            self.play(FadeIn(parts.prefix, shift=0.15 * UP), FadeIn(self.rows.rows[0].frame), run_time=0.7)
            self.play(FadeIn(parts.terms[0], shift=0.15 * UP), FadeIn(self.rows.rows[1].frame), run_time=0.7)
        if self.n_sigmoids > 1:
            with self.beat("more", sigmoids=Count(self.n_sigmoids)):
                # The others join, each with its own letters and its own row
                rows = [FadeIn(row.frame) for row in self.rows.rows[2:]]
                terms = [FadeIn(term, shift=0.15 * UP) for term in parts.terms[1:]]
                self.play(LaggedStart(*terms, lag_ratio=0.5), LaggedStart(*rows, lag_ratio=0.5), run_time=1.8)
            with self.beat("sigma"):
                # The terms slide onto one another: one term with an index, and a sum sign before it
                self.play(*parts.fold())
                self.remove(*parts.terms, *(part for term in parts.terms for part in term), parts.prefix)
                self.add(parts.folded)
                self.play(parts.enlarge(), run_time=0.7)

    def _start_beat(self) -> None:
        with self.beat("start", loss=self._loss_text()):
            # Random numbers: the rows fill, their curves gather into a blue sum, and its distance is measured
            fit = self.fit
            self.play(LaggedStart(*(FadeIn(row.content) for row in self.rows.rows), lag_ratio=0.25), run_time=1.4)
            copies = [curve.copy() for curve in self.rows.curves()]
            self.play(*(Transform(copy, fit.model) for copy in copies), run_time=1.2)
            self.remove(*copies)
            self.add(fit.ghost, fit.model)
            fit.remove(fit.ghost_label)
            self.play(*self._title("heading-learn"), FadeIn(self.readout), FadeIn(fit.model_label), *self._centred())
            self.live.add(self.fit, self.rows, self.readout)
            self.add(self.live)

    def _centred(self) -> list[Animation]:
        """The caption that says what the network is fed, if that is not x itself."""
        offset = self.experiment.dataset.offset
        if offset == 0:
            return []
        shift = number_text(float(f"{offset:.4g}"))
        sign, size = ("+", shift[1:]) if offset < 0 else ("-", shift)
        return [FadeIn(caption(self.screen("centred", shift=f"{sign} {size}")))]

    def _walk_beats(self) -> None:
        with self.beat("learn", parameters=Count(self.experiment.n_parameters)):
            # The first updates: everything moves at once, and a faint curve stays where it all began
            self.fit.add(self.fit.ghost_label)
            self.play(FadeIn(self.fit.ghost_label), run_time=0.4)
            self._walk(*PARTS[0])
        with self.beat("pieces"):
            # On it goes: each row's curve moves for itself, blue is their sum at every moment
            self._walk(*PARTS[1])
        end = {"updates": number_text(int(self.run.kept[-1])), "loss": self._final_loss()}
        with self.beat("finish", **end):
            # Thousands of updates that change less and less, up to the last one recorded
            self._walk(*PARTS[2])

    def _walk(self, start: float, end: float, seconds: float) -> None:
        def update(_: VMobject, share: float) -> None:
            self.show(self.pace.row(start + (end - start) * share))

        self.play(UpdateFromAlphaFunc(self.live, update, run_time=seconds, rate_func=linear))
        self.show(self.pace.row(end))

    def _final_loss(self) -> str:
        return self.readout.loss.written(self._loss_at(self.last))

    def _end_beat(self) -> None:
        if self._is_close():
            with self.beat("end-close", loss=self._final_loss()):
                # Blue lies along red; only the corners are rounder
                self._forget_the_start()
        else:
            with self.beat("end-far", loss=self._final_loss()):
                # Blue has come to rest away from red
                self._forget_the_start()

    def _forget_the_start(self) -> None:
        ghost = (self.fit.ghost, self.fit.ghost_label)
        self.play(*(FadeOut(part) for part in ghost), run_time=0.6)
        self.fit.remove(*ghost)
        self.add(self.live)

    def _add_up_beat(self) -> None:
        with self.beat("add-up"):
            # The sum steps back; the constant alone, then row by row is added until the same curve is there again
            fit, rows = self.fit, self.rows.rows
            b, _, terms = self._state(self.last)
            sums = b + np.cumsum(np.column_stack([np.zeros(SAMPLES), terms]), axis=1)  # (SAMPLES, H + 1)
            dimmed = [emphasis(row, PRESENT) for row in rows[1:]]
            self.play(emphasis(fit.model, FAINT), emphasis(fit.model_label, PRESENT), *dimmed, run_time=0.5)
            self._make_room(sums)
            self.partial = fit.plot.curve(self.x, sums[:, 0], palette.blue, style.MAIN_CURVE)
            self.play(Create(self.partial), run_time=0.8)
            for k in range(1, self.n_sigmoids + 1):
                self._add_term(sums[:, k - 1], terms[:, k - 1], rows[k])
            self.play(emphasis(fit.model_label, FULL), run_time=0.4)

    def _make_room(self, curves: NDArray) -> None:
        """The y axis takes in all of ``curves``, if some leave it: sums of a few terms may rise above their total."""
        plot, (low, high) = self.fit.plot, self.fit.plot.y_range
        margin = 0.05 * (curves.max() - curves.min())
        wanted = (min(low, curves.min() - margin), max(high, curves.max() + margin))
        if wanted == (low, high):
            return

        def update(_: VMobject, share: float) -> None:
            plot.y_range = (low + share * (wanted[0] - low), high + share * (wanted[1] - high))
            self.fit.set_top(PLOT_TOP)

        self.play(UpdateFromAlphaFunc(self.fit, update, run_time=0.8, rate_func=smooth))

    def _add_term(self, before: NDArray, term: NDArray, row: VGroup) -> None:
        def update(curve: VMobject, share: float) -> None:
            self.fit.plot.set_curve(curve, self.x, before + share * term)

        seconds = 1.4 if self.n_sigmoids <= 4 else 0.8
        self.play(emphasis(row, FULL), run_time=0.3)
        self.play(UpdateFromAlphaFunc(self.partial, update, run_time=seconds, rate_func=smooth))
