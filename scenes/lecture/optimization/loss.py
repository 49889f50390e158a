"""The loss: how bad some values of theta are, measured by the errors they make."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Self

import numpy as np
from gradreel.core.daily.views import DailyViews, loss_column
from gradreel.core.experiment import Experiment
from gradreel.core.network.worked_example import forward, in_thousands, view_unit
from gradreel.scenes import style
from gradreel.scenes.base import need_curve
from gradreel.scenes.lecture.daily_data import data_caption, days_that_differ, trained_years
from gradreel.scenes.lecture.optimization.mean_error import MeanErrorBeats
from gradreel.scenes.lecture.optimization.pictures.day_error import DayError
from gradreel.scenes.lecture.optimization.pictures.error_sum import ErrorSum
from gradreel.scenes.lecture.optimization.pictures.loss_board import LossBoard
from gradreel.scenes.lecture.optimization.pictures.theta_card import ThetaCard
from gradreel.scenes.lecture.optimization.two_thetas import TwoThetas
from gradreel.scenes.lecture.runs import THREE_DAYS
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.network_diagram import LayerDiagram
from gradreel.scenes.mobjects.network_parts import Pulse
from gradreel.scenes.mobjects.part_map import part_map, steps_heading
from gradreel.scenes.mobjects.text import formula, words
from gradreel.scenes.style import PRESENT, emphasis, emphasize, palette
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.day_words import day_words, in_languages, period_words
from gradreel.scenes.words.numbers import THIN_SPACE, number_text
from manim import (
    UP,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    ReplacementTransform,
    TransformFromCopy,
    linear,
)
from numpy.typing import NDArray
from pydantic import Field, model_validator

NETWORK = (-5.4, 1.5, -2.95, -1.15)  # middles of its first and last column, bottom, top
FORMULA_LINE, FORMULA_SIZE, CARD_LEFT, CARD_TOP = 2.15, 38, 2.95, 3.6
LEAST_DAYS, MOST_DAYS = 7, 56
PULSES = 1.2  # seconds of the way through the network
LOSS = "L(orange(theta)) = 1/N sum_n e_n"  # as the map has it
DISTANCE = "e_n = abs(blue(y_n) - red(hat(y)_n))"
SQUARE = "(blue(y_n) - red(hat(y)_n))^2"


class Loss(MeanErrorBeats):
    """Theta's values make predictions, predictions make errors, and the mean of the errors is one number: the loss."""

    class Parameters(MeanErrorBeats.Parameters):
        run: Experiment = Field(THREE_DAYS, description="The training run that both values of theta are taken from")
        first: int = Field(0, ge=0, description="The update after which theta has the first values that are tried")
        second: int | None = Field(None, ge=0, description="... and the second; by default the last update")
        days: int = Field(
            28, ge=LEAST_DAYS, le=MOST_DAYS, description="How many days are shown, of those that are trained on"
        )
        last: date | None = Field(None, description="The last day shown; by default the last one trained on")
        curve: Experiment = Field(Experiment(), description="The training run that the map of the three steps shows")

        @model_validator(mode="after")
        def _fits_together(self) -> Self:
            run, data = self.run, self.run.dataset
            if not isinstance(data, DailyViews):
                raise ValueError(f'run.dataset: loss shows days, so it needs kind "daily views", not {data.kind}')
            if run.loss != "mae":
                raise ValueError(f'run.loss: loss shows the mean of |e|, so it needs "mae", not "{run.loss}"')
            for name in ("first", "second"):
                update = getattr(self, name)
                if update is not None and update > run.n_updates:
                    raise ValueError(f"{name}: the run has {run.n_updates} updates, got {update}")
            if self.first == (run.n_updates if self.second is None else self.second):
                raise ValueError(
                    f"first and second: two values of theta are compared, and both are update {self.first}"
                )
            need_curve("the map", self.curve)
            days_that_differ(data)
            if data.examples < self.days:
                raise ValueError(f"days: {data.examples} days are trained on, got {self.days}")
            low, high = (data.dates()[k].astype(date) for k in (self.days - 1, -1))
            if self.last is not None and not low <= self.last <= high:
                raise ValueError(
                    f"last: with {self.days} days trained on, it lies from {low} to {high}, got {self.last}"
                )
            return self

    def construct(self) -> None:
        self._prepare()
        self._map_beat()
        self._error_beat()
        self._mean_beat()
        self._other_beat()
        self.hand_on()

    # -- what is on the screen -----------------------------------------------------------------------------------

    def _prepare(self) -> None:
        parameters, run = self.parameters, self.trace("run")
        self.dataset = run.experiment.dataset
        last = parameters.last or self.dataset.dates()[-1].astype(date)
        span = (last - timedelta(days=parameters.days - 1), last)
        self.thetas = TwoThetas(run, (parameters.first, parameters.second), span)
        self.written = loss_column(self.thetas.losses)
        self._draw()
        self._write()

    def _draw(self) -> None:
        thetas, experiment = self.thetas, self.thetas.experiment
        strip = self.screen("strip", count=number_text(self.dataset.examples))
        names = (self.screen("label"), self.screen("model"), strip)
        passed, language = thetas.predicted_on_the_way(), self.context.language
        self.board = LossBoard(self.dataset, thetas.shown, thetas.everything, passed, names, language)
        self.one = self.board.day_error(thetas.telling_day)
        self.strip = self.board.strip
        self.day_mark, self.hidden_days = self.board.day_mark(thetas.telling_day)
        values = in_thousands(experiment, thetas.theta)
        self.cards = [self._card(values, k).put(CARD_LEFT, CARD_TOP) for k in (0, 1)]
        split = experiment.activation if len(experiment.hidden) == 1 else None  # as the scenes before had it
        self.network = LayerDiagram((self.dataset.n_features, *experiment.hidden, 1), NETWORK, most=4, split=split)
        unit = view_unit(self.dataset)
        said = self.screen("error", error="{error}" + unit.letter)
        self.sum = ErrorSum(self.network, *thetas.telling_views, unit, said)
        self.sum.put_between(self._between(values[0]))

    def _card(self, values: NDArray, k: int) -> ThetaCard:
        update = self.thetas.update(k)
        loss = self._in_views(f"L(orange(theta^{update}))", self.written(self.thetas.losses[k]))
        return ThetaCard(self.thetas.experiment, values, k, update, self._when(k), loss)

    def _between(self, theta: NDArray) -> list[NDArray]:
        """What the hidden columns of the network come to on the day that is told, with ``theta`` in thousands."""
        features, _, label = self.thetas.telling_views
        size = view_unit(self.dataset).size
        if len(features) < self.dataset.window:  # the first of them are not shown
            return []
        there = forward(self.thetas.experiment, theta, np.array(features) / size, label / size)
        return [there.r[0], there.a[0]] if self.network.split else list(there.a)

    def _in_views(self, name: str, size: str) -> str:
        """A loss or an error, for `words`: name = so many views. ``size`` as it is written without thin spaces."""
        return self.screen("views", name=name, size=re.sub(r"^(\d)(\d{3})(?!\d)", rf"\1{THIN_SPACE}\2", size))

    def _write(self) -> None:
        """Formulas and the caption."""
        self.loss_formula = formula(LOSS, FORMULA_SIZE).place(FORMULA_LINE, left=style.LEFT_EDGE)
        right = self.loss_formula.get_right()[0] + 0.6
        self.distance = formula(DISTANCE, FORMULA_SIZE).place(FORMULA_LINE, left=right)
        right = self.distance.get_right()[0]
        self.or_ = words(self.screen("or"), style.LABEL, palette.dim).place(FORMULA_LINE, left=right + 0.3)
        self.square = formula(SQUARE, FORMULA_SIZE).place(FORMULA_LINE, left=self.or_.get_right()[0] + 0.3)
        span, language = self.thetas.span, self.context.language
        years, count = trained_years(self.dataset), number_text(self.dataset.examples)
        days, shorter = period_words(*span, language), {"days": period_words(*span, language, "short")}
        key = "caption" if years["first"] < years["last"] else "caption-year"
        self.note = data_caption(self, self.dataset, key, shorter, days=days, count=count, **years)

    def _when(self, k: int) -> str:
        update = self.thetas.update(k)
        return self.screen("update" if update == 1 else "updates", update=number_text(update))

    # -- beats ---------------------------------------------------------------------------------------------------

    def _map_beat(self) -> None:
        with self.beat("map"):
            # The three steps: the brightness stays on the function while that is spoken of, then moves on to the loss;
            # there other recorded values are tried, and the errors with them
            self.title, arriving = next_heading(steps_heading(self))
            steps = part_map(self, self.trace("curve"), 1)
            self.play(*arriving, FadeIn(steps), run_time=0.6)
            self.wait(2.9)
            self.play(steps.focus(2), run_time=0.8)
            self.play(steps.try_values(3.1))
        self.steps = steps

    def _error_beat(self) -> None:
        board, k, update = self.board, self.thetas.telling_day, self.thetas.update(0)
        fields = in_languages("day", lambda language: day_words(self.thetas.shown.dates[k], language))
        with self.beat("error", **fields, update=Count(update), window=Count(self.dataset.window)):
            # Some values of theta; one day has its name at the axis. The days before it go into the network as numbers,
            # column after column is computed, y comes out, and goes to its day. The real value is written below each
            # other with it, and how far apart they are: that is e
            self._leave_the_map()
            fade = LaggedStart(*(FadeIn(dot) for dot in board.dots), lag_ratio=0.3)
            self.play(Create(board.red), fade, FadeIn(self.note), run_time=1.0, rate_func=linear)
            dim = [emphasis(part, PRESENT) for part in (board.red, board.dots)]
            self.play(FadeIn(board.labels[0]), *dim, run_time=0.3)
            self._through_the_network(self.one)
            self.play(FadeIn(self.one.names[2], self.sum.label), run_time=0.4)
            self.wait(0.4)  # "how far off?"
            self.play(Create(self.one.line), FadeIn(self.sum.distance), run_time=0.5)
            self.play(FadeIn(self.one.names[:2], self.sum.error, self.distance, shift=0.1 * UP), run_time=0.5)

    def _leave_the_map(self) -> None:
        """The loss's formula comes out of its card; days and the first values of theta take the map's place."""
        steps = self.steps
        self.remove(steps)
        written = steps.card(2)[-1]
        leaving = [part for card in steps.cards for part in card if part is not written]
        self.add(*leaving, steps.arrows, written)
        self.title, arriving = next_heading(self.screen("heading"), self.title)
        gone = (FadeOut(part, run_time=0.4) for part in (*leaving, steps.arrows))
        self.play(*gone, *arriving, ReplacementTransform(written, self.loss_formula, run_time=0.9))
        self.play(FadeIn(self.cards[0].values), FadeIn(self.board.plot), run_time=0.5)

    def _through_the_network(self, one: DayError) -> None:
        """The features' rings go down into the network and are numbers there; its y comes out, and goes to its day."""
        network = self.network
        rings = LaggedStart(*(FadeIn(feature) for feature in one.features), lag_ratio=0.3)
        marked = FadeIn(self.day_mark), *map(FadeOut, self.hidden_days)
        self.play(FadeIn(emphasize(network, PRESENT), run_time=0.4), *marked, rings, run_time=0.6)
        column, flying = network.columns[0], [ring.copy() for ring in reversed(one.features)]
        into = [column.nodes.get(j, column.dots) for j in range(len(flying))]  # the last day is x_1
        self.play(*(ring.animate.move_to(node) for ring, node in zip(flying, into, strict=True)), run_time=0.8)
        self.play(*(FadeOut(ring) for ring in flying), FadeIn(self.sum.features), run_time=0.3)
        for k, edges in enumerate(network.edges):
            coming = [FadeIn(numbers) for numbers in self.sum.between[k - 1 : k] if k]
            self.play(Pulse(edges, palette.text).run(PULSES / len(network.edges)), *coming)
        self.play(FadeIn(self.sum.prediction), run_time=0.3)
        self.play(
            TransformFromCopy(network.columns[-1].nodes[0], one.prediction[0]), FadeIn(one.prediction[1]), run_time=0.7
        )
