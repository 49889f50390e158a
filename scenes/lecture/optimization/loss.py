"""The loss: how bad some values of theta are, measured by the errors they make."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Self

import numpy as np
from gradreel.core.analysis.forecast import next_days
from gradreel.core.daily.units import decimals_in_view_unit, view_unit
from gradreel.core.daily.views import DailyViews
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import loss
from gradreel.core.network.worked_example import forward, theta_in_view_units
from gradreel.core.trace.trace import Trace
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene, need_curve
from gradreel.scenes.lecture.daily_data import data_caption, days_that_differ, trained_years
from gradreel.scenes.lecture.function_of_theta import function_of_theta
from gradreel.scenes.lecture.optimization.pictures.error_numbers import ErrorNumbers
from gradreel.scenes.lecture.optimization.pictures.loss_board import LossBoard
from gradreel.scenes.lecture.optimization.pictures.more_sigmoids import curve_with_bends
from gradreel.scenes.lecture.optimization.pictures.theta_card import ThetaCard
from gradreel.scenes.lecture.runs import THREE_DAYS
from gradreel.scenes.mobjects.network_diagram import LayerDiagram
from gradreel.scenes.mobjects.network_parts import Pulse
from gradreel.scenes.mobjects.pace import even_pace, state_at
from gradreel.scenes.mobjects.text import formula
from gradreel.scenes.mobjects.three_steps import ThreeSteps
from gradreel.scenes.style import DIM, emphasis, emphasize, palette
from gradreel.scenes.words.claims import Claim, claim
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.day_words import day_words, in_languages, period_words, unit_words
from gradreel.scenes.words.numbers import number_text
from manim import (
    RIGHT,
    UP,
    Animation,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    Polygon,
    ReplacementTransform,
    TransformFromCopy,
    UpdateFromAlphaFunc,
    VGroup,
    linear,
    smooth,
    squish_rate_func,
)
from numpy.typing import NDArray
from pydantic import Field, model_validator

NETWORK = (-5.4, 1.5, -2.95, -1.3)  # middles of its first and last column, bottom, top
FORMULA_LINE, FORMULA_SIZE, CARD_LEFT, CARD_TOP = 2.15, 38, 2.95, 3.6
LEAST_DAYS, MOST_DAYS = 7, 56
PULSES = 1.2  # seconds of the way through the network
LOSS = "L(orange(theta)) = 1/N sum_n e_n"  # as the map of the three steps has it later
SQUARES = f'{LOSS}^part("square", 2)'
DISTANCE = "e_n = abs(blue(y_n) - red(hat(y)_n))"
BESIDE = 4.0  # from a card to the next one
LETTERED = 5  # days before the label that carry their x_j
THOUSANDS = {"": "", "k": " 千", "M": " 百万"}  # what stands behind a number in a Chinese line
SAMPLED = 30  # states between the two whose predictions a picture must have room for


class Loss(LectureScene):
    """Theta's values make predictions, predictions make errors, and the mean of the errors is one number: the loss."""

    class Parameters(LectureScene.Parameters):
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

    def claims(self) -> Iterator[Claim]:
        thetas = self._thetas()
        first, second = (float(loss) for loss in thetas.losses)
        losses = {"first": first, "second": second}
        yield claim("prediction", "the first values are random", thetas.update(0) == 0, update=thetas.update(0))
        yield claim("mean", "the first loss is about a thousand views", 950 <= first < 1050, **losses)
        yield claim(
            "other-better", "the second loss is smaller, about 800 views", 790 <= second < 810 < first, **losses
        )

    def construct(self) -> None:
        self._prepare()
        self._map_beat()
        self._prediction_beat()
        self._error_beat()
        self._mean_beat()
        self._squares_beat()
        self._other_beat()
        # Red becomes another curve, with which why-gradient begins
        bends = curve_with_bends()
        self.hand_on(bends.target, coming=[ReplacementTransform(self.board.red, bends.target)])

    # -- what is on the screen -----------------------------------------------------------------------------------

    def _prepare(self) -> None:
        self.dataset = self.trace("run").experiment.dataset
        self.thetas = self._thetas()
        self.written = self.thetas.written_losses()
        self._draw()
        self._write()

    def _thetas(self) -> TwoThetas:
        run, p = self.trace("run"), self.parameters
        last = p.last or run.experiment.dataset.dates()[-1].astype(date)
        return TwoThetas(run, (p.first, p.second), (last - timedelta(days=p.days - 1), last))

    def _draw(self) -> None:
        thetas, experiment = self.thetas, self.thetas.experiment
        unit = unit_words(self.dataset, self.context.language)
        strip = self.screen("strip", count=number_text(self.dataset.examples), unit=unit)
        names = (self.screen("label"), self.screen("model"), strip)
        passed, language = thetas.predicted_on_the_way(), self.context.language
        self.board = LossBoard(self.dataset, thetas.shown, thetas.everything, passed, names, language)
        self.one = self.board.day_error(thetas.telling_day)
        self.strip = self.board.strip
        self.day_mark, self.hidden_days = self.board.day_mark(thetas.telling_day)
        values = theta_in_view_units(experiment, thetas.theta)
        self.cards = [self._card(values, k).put(CARD_LEFT, CARD_TOP) for k in (0, 1)]
        split = experiment.activation if len(experiment.hidden) == 1 else None  # as the scenes before had it
        self.network = LayerDiagram((self.dataset.n_features, *experiment.hidden, 1), NETWORK, most=4, split=split)
        self.sum = ErrorNumbers(self.network, *thetas.telling_views, view_unit(self.dataset))
        self.sum.put_between(self._between(values[0]))

    def _card(self, values: NDArray, k: int) -> ThetaCard:
        key = {0: "start", self.thetas.run.n_updates: "end"}.get(update := self.thetas.update(k), "update")
        when = self.screen(key, update=Count(update)) if key == "update" else self.screen(key)
        said = f'$L(orange(theta)) = "{self.thetas.said(self.written[k])["loss"]}"$'
        return ThetaCard(self.thetas.experiment, values, k, when, said)

    def _between(self, theta: NDArray) -> list[NDArray]:
        """What the hidden columns of the network come to on the day that is told, with ``theta`` in thousands."""
        features, _, label = self.thetas.telling_views
        size = view_unit(self.dataset).size
        if len(features) < self.dataset.window:  # the first of them are not shown
            return []
        there = forward(self.thetas.experiment, theta, np.array(features) / size, label / size)
        return [there.r[0], there.a[0]] if self.network.split else list(there.a)

    def _write(self) -> None:
        """Formulas and the caption."""
        self.loss_formula = formula(LOSS, FORMULA_SIZE).place(FORMULA_LINE, left=style.LEFT_EDGE)
        self.distance = formula(DISTANCE, FORMULA_SIZE).place(FORMULA_LINE, left=style.LEFT_EDGE)
        span, language = self.thetas.span, self.context.language
        years, count = trained_years(self.dataset), number_text(self.dataset.examples)
        days, shorter = period_words(*span, language), {"days": period_words(*span, language, "short")}
        key = "caption" if years["first"] < years["last"] else "caption-year"
        self.note = data_caption(self, self.dataset, key, shorter, days=days, count=count, **years)

    # -- beats ---------------------------------------------------------------------------------------------------

    def _map_beat(self) -> None:
        with self.beat("map"):
            # The function that theta ends with is step one. From there the brightness moves on to the loss; there other
            # recorded values are tried, and the errors with them. The formulas come with what they are of
            arriving = self.next_heading(self.screen_of("part-map")("heading"))
            self.steps = steps = ThreeSteps(self.trace("curve"), self.screen_of("part-map"), 1, formulas=False)
            function = function_of_theta()
            self.add(function)
            self.play(*arriving, FadeIn(steps), FadeOut(function, target_position=steps.card(1), scale=0.4))
            self.until("two")
            self.play(steps.focus(2), run_time=0.8)
            self.until("try")
            self.play(steps.try_values(2.4))

    def _prediction_beat(self) -> None:
        board, k, update = self.board, self.thetas.telling_day, self.thetas.update(0)
        fields = in_languages("day", lambda language: day_words(self.thetas.shown.dates[k], language))
        with self.beat("prediction", pause="short", **fields, update=Count(update), window=Count(self.dataset.window)):
            # Some values of theta; one day has its name at the axis. The days before it go into the network as numbers,
            # column after column is computed, y comes out, and goes to its day
            self.play(FadeOut(self.steps), *self.next_heading(self.screen("heading")), run_time=0.5)
            self.play(FadeIn(self.cards[0].values), FadeIn(self.board.plot), run_time=0.5)
            fade = LaggedStart(*(FadeIn(dot) for dot in board.dots), lag_ratio=0.3)
            self.play(Create(board.red), fade, FadeIn(self.note), run_time=1.0, rate_func=linear)
            dim = [emphasis(part, DIM) for part in (board.red, board.dots)]
            self.play(FadeIn(board.labels[0]), *dim, run_time=0.3)
            self.until("in")
            self._into_the_network()
            self.until("out")
            self._out_of_the_network()

    def _error_beat(self) -> None:
        with self.beat("error", pause="short"):
            # The real value is written below y; how far apart they are: that is e, here and on every day
            self.play(FadeIn(self.one.names[2:], self.sum.label), run_time=0.4)
            self.until("gap")
            self.play(Create(self.one.line), FadeIn(self.sum.distance), run_time=0.5)
            self.play(FadeIn(self.one.names[:2], self.sum.error, shift=0.1 * UP), run_time=0.5)
            self.play(FadeIn(self.distance, shift=0.1 * UP), run_time=0.5)

    def _into_the_network(self) -> None:
        """The features' rings go down into the network and are numbers there; column after column is computed."""
        network, one = self.network, self.one
        rings = LaggedStart(*(FadeIn(feature) for feature in one.features), lag_ratio=0.3)
        if self.hidden_days:  # gone before the day's own name comes
            self.play(*map(FadeOut, self.hidden_days), run_time=0.2)
        self.play(FadeIn(emphasize(network, DIM), run_time=0.4), FadeIn(self.day_mark), rings, run_time=0.6)
        column, flying = network.columns[0], [ring.copy() for ring in reversed(one.features)]
        into = [column.nodes.get(j, column.dots) for j in range(len(flying))]  # the last day is x_1
        self.play(*(ring.animate.move_to(node) for ring, node in zip(flying, into, strict=True)), run_time=0.8)
        self.play(*(FadeOut(ring) for ring in flying), FadeIn(self.sum.features), run_time=0.3)
        for k, edges in enumerate(network.edges):
            coming = [FadeIn(numbers) for numbers in self.sum.between[k - 1 : k] if k]
            self.play(Pulse(edges, palette.text).run(PULSES / len(network.edges)), *coming)

    def _out_of_the_network(self) -> None:
        """Its y comes out, and goes to its day."""
        node, (dot, *letter) = self.network.columns[-1].nodes[0], self.one.prediction
        self.play(FadeIn(self.sum.prediction), run_time=0.3)
        self.play(TransformFromCopy(node, dot), FadeIn(*letter), run_time=0.7)

    def _mean_beat(self) -> None:
        with self.beat("mean", **self.thetas.said(self.written[0])):
            # Each day shown has its error; in the network's place comes a strip of all days, in which these find their
            # places, and the errors of all the other days rise beside them. They are seen at rest, and then settle:
            # their level is the loss of this theta, whose formula comes
            one, board, strip = self.one, self.board, self.strip
            gone = (one, self.day_mark, self.network, self.sum.features, *self.sum.between, self.sum.prediction)
            back = map(FadeIn, self.hidden_days)
            self.play(*(FadeOut(part) for part in (*gone, *self.sum.lines)), run_time=0.3)
            self.play(Create(board.blue), FadeIn(board.labels[1]), *back, run_time=0.6, rate_func=linear)
            self.play(LaggedStart(*(Create(e) for e in board.errors), lag_ratio=0.15), run_time=0.8)
            self.until("all")
            shown = self.thetas.shown
            bars = strip.bars(shown.dates, shown.error[0], 1.6)
            self.add(board.errors)
            self.play(FadeIn(strip.plot, strip.name), run_time=0.3)
            leaving = board.errors.copy().set_stroke(opacity=0)  # a line upon the same line would make it brighter
            self.play(LaggedStart(*map(ReplacementTransform, leaving, bars), lag_ratio=0.03), run_time=0.9)
            self.add(strip.body)
            self.play(board.rising(self.thetas.everything.error[0]))
            self.remove(*bars)
            self.wait(0.5)
            self.until("mean")
            right = self.loss_formula.get_right()[0] + 0.6
            aside = self.distance.animate.shift([right - self.distance.get_left()[0], 0, 0])
            late = squish_rate_func(smooth, 0.5, 1.0)
            self.play(board.settling(self.thetas.everything.error[0]), aside, FadeIn(self.loss_formula, rate_func=late))
            self.play(Create(strip.level, run_time=0.3), *self._loss_of(0))

    def _loss_of(self, k: int) -> list[Animation]:
        """The loss of card ``k`` comes, and at the strip's level the same number."""
        mean = self.screen("mean", loss=self.thetas.said(self.written[k])["loss"])
        self.mean_label = self.strip.mean_label(mean, right=style.RIGHT_EDGE)
        # The loss appears at its place: from the mean it would cross the words there
        return [FadeIn(self.cards[k].loss, shift=0.15 * UP, run_time=0.6), FadeIn(self.mean_label, run_time=0.3)]

    def _squares_beat(self) -> None:
        with self.beat("squares"):
            # Each day's error opens into its square, as the line's gaps did; then the squares fold back into the errors
            power = formula(SQUARES, FORMULA_SIZE).place(FORMULA_LINE, left=style.LEFT_EDGE).part("square")
            ends = [(error.get_start(), error.get_end()) for error in self.board.errors]
            squares = VGroup(*(Polygon(*np.zeros((4, 3)), stroke_width=style.GUIDE) for _ in ends))
            squares.set_stroke(palette.text).set_fill(palette.text, 0.12)
            right = self.board.plot.box[1]

            def open_to(share: float) -> None:
                for square, (start, end) in zip(squares, ends, strict=True):
                    side = abs(end[1] - start[1])
                    wide = share * (side if start[0] + side <= right else -side) * RIGHT
                    square.set_points_as_corners(np.array([start, end, end + wide, start + wide, start]))

            opening = UpdateFromAlphaFunc(squares, lambda _, share: open_to(share))
            self.play(opening, FadeIn(VGroup(*power)), run_time=1.4)
            self.until("plain")
            folding = UpdateFromAlphaFunc(squares, lambda _, share: open_to(1 - share))
            self.play(folding, FadeOut(VGroup(*power)), run_time=2.4)
            self.remove(squares)
            self.until("choose")

    def _other_beat(self) -> None:
        values = self.thetas.said(self.written[1])
        with self.beat("other-better", **values, update=Count(self.thetas.update(1))):
            # Other values of theta beside the first ones: the line moves, its errors with it, and the mean of all, to
            # another level. Where both were stays to be seen, and both losses are bright
            first, second = self.cards
            late = squish_rate_func(smooth, 0.5, 1.0)
            coming = FadeIn(second.values, run_time=0.8, rate_func=late)
            self.play(FadeOut(self.distance, run_time=0.3), first.animate(run_time=0.6).shift([-BESIDE, 0, 0]), coming)
            self.until("walk")
            self.add(self.board.ghost())
            self.play(emphasis(first, DIM), run_time=0.4)
            self.play(FadeOut(self.mean_label), FadeIn(self.strip.ghost()), run_time=0.3)
            self._walk()
            self.until("loss")
            self.play(*self._loss_of(1), emphasis(first.loss, style.FULL), run_time=0.6)
            self.wait(1)

    def _walk(self) -> None:
        """The line, its errors and their mean pass through the recorded states from the first theta to the second."""
        moving = VGroup(self.board.moving(), self.strip.moving())
        self.add(moving)

        def show(row: float) -> None:
            self.board.draw(self.thetas.predicted(row))
            self.strip.show(self.thetas.all_errors(row), 1.0)

        walking = UpdateFromAlphaFunc(moving, lambda _, share: show(self.thetas.row(share)), rate_func=smooth)
        self.play(walking, run_time=1.6)
        show(self.thetas.rows[1])


class TwoThetas:
    """The kept states nearest to two updates, ``rows`` of the trace, and their ``theta`` (2, P).

    ``losses`` (2,), in views. ``shown`` and ``everything``: predictions (2, T) of the days in ``span`` and of all days
    trained on; the mean error of the latter is the loss.
    """

    def __init__(self, run: Trace, updates: tuple[int, int | None], span: tuple[date, date]) -> None:
        """``updates``: None is the last one. Raises UserError where both are one state, or a loss is not finite."""
        self.run, self.experiment, self.span = run, run.experiment, span
        self.dataset = run.experiment.dataset
        self.rows = [self._row(update) for update in updates]
        if self.rows[0] == self.rows[1]:
            raise UserError(f"loss: updates {updates[0]} and {updates[1]} lie in one kept state of the run")
        self.theta = np.asarray(run.parameters[self.rows])
        self.losses = loss(self.experiment, self.theta) * self.dataset.scale
        days = self.dataset.dates()
        self.all_days = (days[0].astype(date), days[-1].astype(date))
        self.everything = next_days(self.experiment, self.theta, *self.all_days)
        self.shown = next_days(self.experiment, self.theta, *span)
        if not (np.isfinite(self.losses).all() and np.isfinite(self.shown.prediction).all()):
            raise UserError("loss: one of the two losses is not a finite number; choose an earlier update")
        self.pace = even_pace(run, *sorted(self.rows))

    def _row(self, update: int | None) -> int:
        """The row of the kept state nearest to an update, the last for None."""
        kept = np.asarray(self.run.kept)
        return len(kept) - 1 if update is None else int(np.abs(kept - update).argmin())

    def update(self, k: int) -> int:
        """After which update theta was the first (0) or the second (1)."""
        return int(self.run.kept[self.rows[k]])

    def written_losses(self) -> list[str]:
        """Both losses in the unit of the views: at least two digits of each count, of large ones three."""
        losses = (self.losses / view_unit(self.dataset).size).tolist()
        return [number_text(loss, decimals_in_view_unit(losses)) for loss in losses]

    def said(self, written: str) -> dict[str, str]:
        """Such a number as lines say it: "0.80k", 0.80 千."""
        letter = view_unit(self.dataset).letter
        return {"loss": written + letter, "loss_zh": written + THOUSANDS[letter]}

    def row(self, share: float) -> float:
        """The row of the trace that is reached after a ``share`` of the way from the first theta to the second."""
        return self.pace.row(share if self.rows[0] < self.rows[1] else 1 - share)

    def predicted(self, row: float) -> NDArray:
        """Predictions (T,) of the days shown, in views, at a row of the trace, which may lie between two."""
        return next_days(self.experiment, state_at(self.run, row), *self.span).prediction

    def predicted_on_the_way(self) -> NDArray:
        """Predictions of the days shown at some of the states between the two, (states, T)."""
        rows = np.linspace(min(self.rows), max(self.rows), SAMPLED).astype(int)
        return next_days(self.experiment, np.asarray(self.run.parameters[rows]), *self.span).prediction

    def all_errors(self, row: float) -> NDArray:
        """(N,): the errors of all days trained on, in views, at a row of the trace."""
        return next_days(self.experiment, state_at(self.run, row), *self.all_days).error

    @property
    def telling_day(self) -> int:
        """Which day shown is missed by most with the first theta, of those with their window and room for words."""
        count = len(self.shown.dates)
        low = min(min(self.dataset.window, LETTERED), count // 3)
        high = max(low + 1, round(0.75 * count))
        return low + int(np.abs(self.shown.error[0, low:high]).argmax())

    @property
    def telling_views(self) -> tuple[list[float], float, float]:
        """Of that day: the views of the days in its window that are shown, the latest first; y; the label."""
        k = self.telling_day
        days = self.shown.truth[max(0, k - self.dataset.window) : k][::-1]
        return days.tolist(), float(self.shown.prediction[0, k]), float(self.shown.truth[k])
