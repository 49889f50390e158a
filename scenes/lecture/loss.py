"""The loss: how bad some values of theta are, measured by the errors they make."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Self

import numpy as np
from gradreel.core.daily_views import DailyViews
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.core.forecast import next_days
from gradreel.core.lecture_runs import THREE_DAYS
from gradreel.core.theta import loss
from gradreel.core.written_out import in_thousands
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene, need_curve
from gradreel.scenes.lecture.days import by_years, data_caption, trained_years
from gradreel.scenes.mobjects.day_error import DayError
from gradreel.scenes.mobjects.day_plot import REAL_LINE, DayPlot, views_range
from gradreel.scenes.mobjects.day_words import day_words, in_languages, period_words
from gradreel.scenes.mobjects.formula_growth import grow
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.pace import Pace, even_pace, state_at
from gradreel.scenes.mobjects.part_map import part_map, steps_heading
from gradreel.scenes.mobjects.text import TextMobject, formula
from gradreel.scenes.mobjects.theta_card import ThetaCard, theta_source
from gradreel.scenes.mobjects.ticks import number_text
from gradreel.scenes.style import PRESENT, emphasis, palette
from manim import (
    UP,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    Transform,
    TransformFromCopy,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    linear,
    smooth,
)
from numpy.typing import NDArray
from pydantic import Field, model_validator

BOX = (style.LEFT_EDGE + 0.5, 1.35, -2.4, 0.9)
FORMULA_LINE, CARD_LEFT, CARD_TOPS = 2.15, 2.88, (2.6, -0.25)
LEAST_DAYS, MOST_DAYS = 7, 56
BRACKETS = 'part("L", L)part("open", \\(){of}part("close", \\))'
OF_TWO, OF_THETA = 'part("w", yellow(w))"," thin part("b", grey(b))', 'part("theta", orange(theta))'
LETTERED = 5  # days before the label that carry their x_j


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
        self._symbol_beat()
        self._error_beat()
        self._mean_beat()
        self._other_beat()

    # -- what is on the screen -----------------------------------------------------------------------------------

    def _prepare(self) -> None:
        parameters, self.run = self.parameters, self.trace("run")
        self.experiment, self.dataset = self.run.experiment, self.run.experiment.dataset
        last = parameters.last or self.dataset.dates()[-1].astype(date)
        self.span = (last - timedelta(days=parameters.days - 1), last)
        self.rows = [self._row(parameters.first), self._row(parameters.second)]
        if self.rows[0] == self.rows[1]:
            raise UserError(
                f"loss: updates {parameters.first} and {parameters.second} lie in one kept state of the run"
            )
        theta = np.asarray(self.run.parameters[self.rows])
        self.losses = loss(self.experiment, theta) * self.dataset.scale
        self.shown = next_days(self.experiment, theta, *self.span)
        if not (np.isfinite(self.losses).all() and np.isfinite(self.shown.prediction).all()):
            raise UserError("loss: one of the two losses is not a finite number; choose an earlier update")
        self.pace = self._pace()
        self.at = self._telling_day()
        self._draw(theta)

    def _row(self, update: int | None) -> int:
        """The row of the kept state nearest to an update, the last for None."""
        kept = np.asarray(self.run.kept)
        return len(kept) - 1 if update is None else int(np.abs(kept - update).argmin())

    def _pace(self) -> Pace:
        low, high = sorted(self.rows)
        return even_pace(self.run, low, high)

    def _telling_day(self) -> int:
        """Which day shown is missed by most with the first theta, of those with their window and room for words."""
        count = len(self.shown.dates)
        low = min(min(self.dataset.window, LETTERED), count // 3)
        high = max(low + 1, round(0.75 * count))
        return low + int(np.abs(self.shown.error[0, low:high]).argmax())

    def _draw(self, theta: NDArray) -> None:
        shown, language = self.shown, self.context.language
        low, high = min(self.rows), max(self.rows)
        passed = self._predicted(np.asarray(self.run.parameters[np.linspace(low, high, 30).astype(int)]))
        y_range = views_range(shown.truth, shown.prediction, passed, margin=0.16, zero=False)
        self.plot = plot = DayPlot(self.dataset, *self.span, y_range, language, BOX)
        self.red = plot.line(shown.dates, shown.truth, palette.red, REAL_LINE)
        self.dots = plot.dots(shown.dates, shown.truth, palette.red)
        self.blue = plot.line(shown.dates, shown.prediction[0], palette.blue)
        self.errors = plot.errors(shown.dates, shown.truth, shown.prediction[0])
        self.labels = plot.end_labels(
            [
                (self.screen("label"), shown.truth[-1], palette.red),
                (self.screen("model"), shown.prediction[0, -1], palette.blue),
            ]
        )
        values = in_thousands(self.experiment, theta)
        longest = max(self.losses)
        self.cards = [
            ThetaCard(self.experiment, values, k, self._update(k), self.losses[k] / longest, self._text(self.losses[k]))
            for k in (0, 1)
        ]
        for card, top in zip(self.cards, CARD_TOPS, strict=True):
            card.put(CARD_LEFT, style.RIGHT_EDGE, top)
        days = {"days": period_words(*self.span, language), "count": number_text(self.dataset.examples)}
        years = trained_years(self.dataset)
        self.note = data_caption(self, self.dataset, by_years("caption", years), **days, **years)

    def _predicted(self, theta: NDArray) -> NDArray:
        """Predictions (..., days) of the days shown, in views."""
        return next_days(self.experiment, theta, *self.span).prediction

    def _update(self, k: int) -> int:
        return int(self.run.kept[self.rows[k]])

    # -- beats ---------------------------------------------------------------------------------------------------

    def _map_beat(self) -> None:
        with self.beat("map"):
            # The three steps: the brightness moves from the function on to the loss
            self.title, arriving = next_heading(steps_heading(self))
            steps = part_map(self, self.trace("curve"), 1)
            self.play(*arriving, FadeIn(steps), run_time=0.6)
            self.play(steps.focus(2), run_time=0.8)
        self.steps = steps

    def _symbol_beat(self) -> None:
        with self.beat("symbol"):
            # Alone on the screen: the letters in the brackets become one
            self.title, arriving = next_heading(self.screen("heading"), self.title)
            old = formula(BRACKETS.format(of=OF_TWO), 76).place(1.35, center=0.0)
            new = formula(BRACKETS.format(of=OF_THETA), 76).place(1.35, center=0.0)
            parts = formula(theta_source(self.experiment), 48).move_to((0.0, -0.95, 0.0))
            self.play(FadeOut(self.steps), *arriving)
            self.play(FadeIn(old, shift=0.15 * UP), run_time=0.5)
            self.wait(1.2)
            self.play(FadeIn(parts, shift=0.15 * UP), run_time=0.5)
            self.play(*grow(old, new, ends={"w": "theta", "b": "theta"}), run_time=1.6)
        self.symbol, self.parts = new, parts

    def _error_beat(self) -> None:
        shown, plot, k = self.shown, self.plot, self.at
        with self.beat("error", **in_languages("day", lambda language: day_words(shown.dates[k], language))):
            # Some values of theta; the days before one day go in, y comes out; its distance from the label is e
            here = formula(BRACKETS.format(of=OF_THETA), style.PLOT_FORMULA).place(FORMULA_LINE, left=style.LEFT_EDGE)
            self.play(
                *grow(self.symbol, here),
                FadeOut(self.parts, run_time=0.4),
                FadeIn(plot),
                FadeIn(self.cards[0].values),
                run_time=1.0,
            )
            self.symbol = here
            fade = LaggedStart(*(FadeIn(dot) for dot in self.dots), lag_ratio=0.3)
            self.play(Create(self.red), fade, FadeIn(self.note), run_time=1.2, rate_func=linear)
            self.play(FadeIn(self.labels[0]), emphasis(self.red, PRESENT), emphasis(self.dots, PRESENT), run_time=0.4)
            x, error = plot.days(shown.dates), self._text(abs(shown.error[0, k]))
            real, y = plot.at(x, shown.truth), plot.at(x[k], shown.prediction[0, k])
            self.one = one = DayError(real, k, y, self.dataset.window, error, plot.box[2])
            self.play(LaggedStart(*(FadeIn(feature) for feature in one.features), lag_ratio=0.3), run_time=0.7)
            self.play(TransformFromCopy(one.features, one.prediction), run_time=0.9)
            self.play(Create(one.line), run_time=0.5)
            self.play(FadeIn(one.names, shift=0.1 * UP), run_time=0.4)

    def _mean_beat(self) -> None:
        values = {"count": number_text(self.dataset.examples), "loss": self._text(self.losses[0])}
        with self.beat("mean", **values):
            # Every day has its error; they fly together into one number: the loss of this theta
            one = self.one
            self.play(*(FadeOut(part) for part in (one.features, one.names, one.prediction)), run_time=0.4)
            self.play(Create(self.blue), FadeIn(self.labels[1]), run_time=1.2, rate_func=linear)
            self.play(FadeOut(one.line), LaggedStart(*(Create(e) for e in self.errors), lag_ratio=0.15), run_time=1.4)
            whole = self._whole_formula()
            self.play(*grow(self.symbol, whole), run_time=1.4)
            self.symbol = whole
            card = self.cards[0]
            self._gather(card)
            self.play(FadeIn(card.loss, shift=0.1 * UP), run_time=0.4)

    def _whole_formula(self) -> TextMobject:
        source = BRACKETS.format(of=OF_THETA) + "= 1/N sum_n e_n quad quad e_n = abs(blue(y_n) - red(hat(y)_n))"
        return formula(source, 40).place(FORMULA_LINE, left=style.LEFT_EDGE)

    def _other_beat(self) -> None:
        before, after = self.losses
        same = self._text(before) == self._text(after)
        key = "other-same" if same else "other-better" if after < before else "other-worse"
        with self.beat(key, loss=self._text(after)):
            # Other values of theta: the line moves, the errors with it, and there is another loss
            first, second = self.cards
            self.play(emphasis(first, PRESENT), FadeIn(second.values, shift=0.15 * UP), run_time=0.7)
            self._walk(4.0)
            self._gather(second)
            self.play(FadeIn(second.loss, shift=0.1 * UP), run_time=0.4)

    def _gather(self, card: ThetaCard) -> None:
        """All errors fly together: what they are on average is the card's bar."""
        flying, thin = self.errors.copy(), self.errors[0].get_stroke_width()
        target = card.bar.copy().set_stroke(width=thin)
        self.play(LaggedStart(*(Transform(line, target) for line in flying), lag_ratio=0.06), run_time=2.2)
        thick = card.bar.get_stroke_width()
        card.bar.set_stroke(width=thin)
        self.remove(*flying)
        self.add(card.bar)
        self.play(card.bar.animate.set_stroke(width=thick), run_time=0.4)

    def _walk(self, seconds: float) -> None:
        """Blue and the errors pass through the recorded states from the first theta to the second."""
        forward = self.rows[0] < self.rows[1]
        moving = VGroup(self.blue, self.errors, *self.labels)

        def update(_: VMobject, share: float) -> None:
            self._show(self.pace.row(share if forward else 1 - share))

        self.add(moving)
        self.play(UpdateFromAlphaFunc(moving, update, run_time=seconds, rate_func=smooth))
        self._show(self.rows[1])

    def _show(self, row: float) -> None:
        """Blue and the errors as a row of the trace has them, which may lie between two."""
        self.row = row
        prediction = self._predicted(state_at(self.run, row))
        shown, plot = self.shown, self.plot
        x = plot.days(shown.dates)
        plot.set_curve(self.blue, x, prediction)
        for line, a, b in zip(self.errors, plot.at(x, shown.truth), plot.at(x, prediction), strict=True):
            line.set_points_as_corners(np.array([a, b]))
        plot.put_end_labels(self.labels, [shown.truth[-1], prediction[-1]])

    def _text(self, views: float) -> str:
        return self.dataset.format_views(float(views))
