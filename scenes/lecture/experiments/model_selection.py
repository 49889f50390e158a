"""The scene model-selection: a network is chosen by validation days, tested on the unseen year, and predicts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
from gradreel.core.analysis.forecast import WEEK, forecast, horizon_errors, next_days, weekdays
from gradreel.core.analysis.results import Result, lecture_losses
from gradreel.core.daily.series import DailySeries
from gradreel.core.daily.synthetic import LOW_WEEKDAYS
from gradreel.core.daily.units import loss_column
from gradreel.core.daily.views import DailyViews
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.scenes.lecture.experiments.networks_scene import DepthsParameters, NetworksScene
from gradreel.scenes.lecture.experiments.pictures.ahead_panel import AheadPanel
from gradreel.scenes.lecture.experiments.pictures.channel_bars import Channel, ChannelBars, ChannelPair
from gradreel.scenes.lecture.experiments.pictures.days_ahead import DaysAhead
from gradreel.scenes.lecture.experiments.pictures.depth_picture import BOX as DEPTH_BOX
from gradreel.scenes.lecture.experiments.pictures.depth_picture import LECTURE_BEST
from gradreel.scenes.lecture.experiments.pictures.loss_bars import UNSEEN
from gradreel.scenes.lecture.experiments.pictures.loss_plane import LossPlane
from gradreel.scenes.lecture.experiments.pictures.weekday_means import WeekdayMeans
from gradreel.scenes.mobjects.depth_lines import depth_axis
from gradreel.scenes.style import FULL, emphasis, palette
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.day_words import day_words, in_languages, views_and_errors, weekday_words, weekdays_words
from gradreel.scenes.words.languages import LANGUAGES
from gradreel.scenes.words.network_words import network_words
from manim import (
    DOWN,
    LEFT,
    UP,
    Animation,
    AnimationGroup,
    Create,
    FadeIn,
    FadeOut,
    GrowFromCenter,
    GrowFromEdge,
    LaggedStart,
    ReplacementTransform,
    TransformFromCopy,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    linear,
    smooth,
    squish_rate_func,
    there_and_back,
)
from numpy.typing import NDArray
from pydantic import Field, model_validator

LECTURE_PAIR = (), LECTURE_BEST  # the line, and the network of least unseen loss
EARLY, LATE = squish_rate_func(smooth, 0.0, 0.45), squish_rate_func(smooth, 0.5, 1.0)
BACK = 0.45  # of what was real, while its misses come together on tomorrow
SO_LOW = 1.4  # seconds that the first prediction is looked at


class ModelSelection(NetworksScene):
    """The network that does best on validation days is chosen; the exam is opened; it predicts the days to come."""

    class Parameters(DepthsParameters):
        days: int = Field(2, ge=1, le=7, description="How many days after the end of the series are predicted")

        @model_validator(mode="after")
        def _errors_can_be_measured(self) -> Self:
            unseen = self.dataset.n_unseen
            if self.days > unseen:
                raise ValueError(
                    f"days: errors {self.days} days ahead need as many unseen days, and there are {unseen}"
                )
            return self

    def construct(self) -> None:
        self._prepare()
        self._question_beat()
        self._choice_beat()
        if not self.other_data:
            self._exam_beat()
        self._tomorrow_beat()
        if self.parameters.days > 1:
            self._day_after_beat()
        self._error_beat()
        self._bet_beat()
        self.hand_on(self.days.plot.x_axis)

    def _prepare(self) -> None:
        self.dataset = self.parameters.dataset
        self.lows = () if self.other_data else LOW_WEEKDAYS
        theta = np.asarray(self.traces_of(self.best.network)[0].parameters[self.best.rows[0]])
        self.to_come = DaysToCome(self.best.network.experiments[0], theta, self.parameters.days)
        self.ahead = self.to_come.ahead
        self.counted = views_and_errors(self.ahead.prediction, [*self.to_come.usual, self.to_come.naive])
        self.plane = LossPlane(
            self.outcome,
            [self._name(result) for result in self.outcome],
            self.written,
            (self.screen("seen"), self.screen("validation")),
            self.screen("numbers"),
        )
        self.days = self._days()
        self.panel = self._panel()

    def _days(self) -> DaysAhead:
        known = self.screen("data" if self.dataset.synthetic else "real")
        span = self.screen("window", days=Count(self.dataset.window))
        missed = self.to_come.starts, self.to_come.errors
        return DaysAhead(self.dataset, self.ahead, missed, known, span, self.lows, self.context.language)

    def _panel(self) -> AheadPanel:
        """The numbers beside the days to come."""
        to_come, counted = self.to_come, self.counted
        shown = sorted({0, self.parameters.days - 1})
        ours, rival = self.screen("ours", best=self._name(self.best)), self.screen(f"last-{to_come.rival}")
        rivals = [(name, counted(error), error) for name, error in ((ours, to_come.usual[0]), (rival, to_come.naive))]
        return AheadPanel(
            self.ahead,
            (self.screen("prediction"), self.screen("mean-error")),
            [counted(self.ahead.prediction[k]) for k in shown],
            [counted(to_come.usual[k]) for k in shown],
            (self.screen("a-miss"), self.screen("mean-misses")),
            rivals,
            (self.screen("mean-runs", runs=Count(len(self.parameters.seeds))), counted(self.best.unseen.mean)),
            self.context.language,
        )

    def _name(self, result: Result) -> str:
        return self.network_label(result.network.hidden)

    # -- beats: the choice ---------------------------------------------------------------------------------------------

    def _question_beat(self) -> None:
        with self.beat("question", **self.spoken("best", min(self.outcome, key=lambda result: result.training.mean))):
            # The networks that the last scene left on an axis come as points, one by one: left is better on seen days,
            # down on validation days; both losses beside each. A line comes from the right and stops at the last point:
            # which would the room take?
            plane = self.plane
            arriving = self.next_heading(self.screen("heading"))
            self.note = self.data_caption("caption", seeds=Count(len(self.parameters.seeds)))
            self._axis_to_plane(arriving)
            points = [AnimationGroup(*map(FadeIn, point)) for point in zip(plane.dots, plane.names, strict=True)]
            self.play(LaggedStart(*points, lag_ratio=0.5), run_time=1.2)
            self.add(plane.names)
            if plane.leaders:
                self.play(*map(Create, plane.leaders), run_time=0.4)
            self.play(LaggedStart(*map(FadeIn, (plane.head, *plane.numbers)), lag_ratio=0.5), run_time=2.0)
            self.add(plane.leaders, plane.dots, plane.names, plane.numbers)
            self.wait(1.0)
            self.play(plane.sweep_left())

    def _choice_beat(self) -> None:
        best, plane = self.best, self.plane
        least = self.written(best.validation.mean)
        with self.beat("choice", least=least, **self.spoken("best", best)):
            # That line steps back, and seen days with it. Validation days decide: each point goes across to their axis,
            # and another line comes from above, down to the lowest one
            k = self.outcome.index(best)
            self.wait(0.4)
            self.play(*plane.forget_seen(), run_time=0.6)
            self.wait(1.2)
            self.play(*plane.drop(), run_time=1.2)
            self.play(plane.sweep_down())
            self.chosen = plane.ring(k)
            self.play(Create(self.chosen), FadeIn(plane.value), *plane.choose(k), run_time=0.8)

    def _exam_beat(self) -> None:
        first, best, floor = self.outcome[0], self.best, self.floor
        assert floor is not None, "the lesson's days are made up"
        values = {"line": self.written(first.unseen.mean), "best": self.written(best.unseen.mean)}
        values |= {"floor": self.written(floor.unseen), **self.spoken("chosen", best)}
        with self.beat("exam-better", **values):
            # The plane leaves; the chosen network's name goes to where its bar will be. The unseen year, opened now:
            # the line beside what was chosen, and what one who knows the rule would miss by; then the same two networks
            # on the lecture's own channel
            self.bars = ChannelBars(*self._channels())
            ours, lecture = self.bars.pairs
            self._leave_the_plane(ours)
            self.wait(0.6)
            self._grow(ours)
            text = self.screen("floor", floor=self.written(floor.unseen))
            self.floor_line = ours.floor_line(floor.unseen, text)
            self.play(Create(self.floor_line[0]), FadeIn(self.floor_line[1]), run_time=0.8)
            self.wait(0.7)
            # What the caption says is true of ours alone: beside the lecture's bars it says so
            self.play(FadeOut(self.note), run_time=0.2)
            self.note = self.data_caption("caption-channels", seeds=Count(len(self.parameters.seeds)))
            self._grow(lecture, FadeIn(self.note))
            self.wait(0.2)

    # -- beats: the forecast -------------------------------------------------------------------------------------------

    def _tomorrow_beat(self) -> None:
        views, last = self.counted(self.ahead.prediction[0]), self.dataset.daily.end
        fields = self._day(0) | in_languages("last", lambda language: day_words(last, language))
        with self.beat("tomorrow-low-mostly", views=views, **fields):
            # The window, from end to end; closer, its last weeks; the first day that nobody knows comes out, and its
            # number with it, as it is said. On the lesson's days it stays until it has been asked why it is so low
            self._open_forecast()
            days = self.days
            days.come_close(self)
            self.play(Create(days.steps[0]), FadeIn(days.real), FadeIn(self.panel.head), run_time=0.4)
            self.play(FadeIn(days.predicted[0], scale=1.5), FadeIn(self.panel.lines[0], shift=0.1 * UP), run_time=0.4)
            if not self.other_data:
                self.wait(SO_LOW)
                self._show_weekdays()

    def _day_after_beat(self) -> None:
        ahead, days = self.ahead, self.parameters.days
        values = {"views": self.counted(ahead.prediction[0]), "next": self.counted(ahead.prediction[-1])}
        with self.beat("day-after", days=Count(days), **values, **self._day(days - 1)):
            # The plot again; its window moves on by a day. The prediction goes into it as if it had been the day's
            # views; the next one comes out
            self._back_to_the_plot()
            for k in range(1, days):
                start, end = self.days.day(k - 1), self.days.day(k)

                def slide(_: VMobject, share: float, start: float = start, end: float = end) -> None:
                    self.days.hold(start + share * (end - start))

                held = VGroup(self.days.bracket, self.days.span)
                self.play(UpdateFromAlphaFunc(held, slide), run_time=0.7 if days == 2 else 0.6)
                if days == 2:  # while it is said that the day has no views yet
                    self.wait(0.2)
                    hollow = self.days.predicted[k - 1]
                    self.play(hollow.animate(rate_func=there_and_back).scale(1.8), run_time=0.9)
                    self.wait(0.4)
                feed = [self.days.predicted[k - 1].animate.set_fill(palette.blue, 1)]
                if days == 2:
                    self.fed = self.days.fed(values["views"])
                    feed.append(FadeIn(self.fed, shift=0.15 * DOWN))
                self.play(*feed, run_time=1.0 if days == 2 else 0.5)
                if days == 2:
                    self.wait(0.9)
                self.play(Create(self.days.steps[k]), run_time=0.5)
                self.play(FadeIn(self.days.predicted[k], scale=1.5), run_time=0.4)
            self.play(FadeIn(self.panel.lines[-1], shift=0.1 * UP), run_time=0.5)

    def _error_beat(self) -> None:
        days, to_come = self.parameters.days, self.to_come
        usual, panel = to_come.usual, self.panel
        values = {"one": self.counted(usual[0]), "more": self.counted(usual[-1]), "days": Count(days)}
        values |= {"mean": self.counted(self.best.unseen.mean), "runs": Count(len(self.parameters.seeds))}
        with self.beat("error-runs", **values):
            # The unseen days, and how far each was missed. Closer, to the last days and those predicted: all misses
            # come together on tomorrow, as dots, where it would lie if it were missed as that day was. Each number as
            # it is said: two lines mark the misses' mean size, of the first day, then of the others; then the mean of
            # all runs
            self._back_to_the_plot()
            self._gather_misses()
            misses, spreads, mean_key = self.days.misses, self.days.spreads, panel.key[1]
            self.play(Create(spreads[0]), run_time=0.4)
            self.play(FadeIn(panel.errors[0], shift=0.1 * UP), FadeIn(panel.error_head), run_time=0.4)
            self.play(TransformFromCopy(spreads[0], mean_key[0]), FadeIn(mean_key[1]), run_time=0.4)
            if days > 1:
                self.play(*map(FadeIn, misses[1:]), LaggedStart(*map(Create, spreads[1:]), lag_ratio=0.4), run_time=0.7)
                self.bring_to_front(self.days.predicted)
                self.play(FadeIn(panel.errors[-1], shift=0.1 * UP), run_time=0.4)
            self.wait(0.8)
            self.play(FadeIn(panel.mean, shift=0.1 * UP), run_time=0.5)
            self.wait(1.0)

    def _bet_beat(self) -> None:
        to_come = self.to_come
        values = {"naive": self.counted(to_come.naive), "one": self.counted(to_come.usual[0])}
        values |= in_languages("rival", lambda language: LANGUAGES[language].rivals[to_come.rival])
        with self.beat("bet-week", **values):
            # Beside our error that of a forecast that needs no network, both as long as they are large; on the lesson's
            # days, would the room bet that tomorrow lies within ours? It would land there, unless they push it out. The
            # single misses have left by then: what is bet on is their mean size
            self.play(FadeOut(self.days.misses), FadeOut(self.panel.key), run_time=0.4)
            for row in self.panel.rivals:
                bar = GrowFromEdge(row[2], LEFT)
                self.play(*(FadeIn(text, shift=0.1 * UP) for text in row[:2]), bar, run_time=0.8)
            if not self.other_data:
                self.wait(1.2)
                self.play(GrowFromCenter(self.days.stake), run_time=0.8)
                self._click()

    # -- the choice, and what it means ---------------------------------------------------------------------------------

    def _axis_to_plane(self, arriving: Sequence[Animation]) -> None:
        """The axis of all depths becomes the plane's. Its names leave first: on their ways they would cross."""
        plane = self.plane
        axis, names = depth_axis([self._name(result) for result in self.outcome], DEPTH_BOX)
        self.add(axis, names)
        late = squish_rate_func(smooth, 0.4, 1.0)
        rest = [part for part in plane.plot if part is not plane.plot.x_axis and len(part.get_all_points())]
        shown = [FadeIn(part, rate_func=late) for part in (*rest, plane.labels, self.note)]
        if plane.breaks:
            shown.append(FadeIn(plane.breaks, rate_func=late))
        moved = ReplacementTransform(axis, plane.plot.x_axis)
        self.play(*arriving, FadeOut(names, run_time=0.35), moved, *shown)

    def _leave_the_plane(self, ours: ChannelPair) -> None:
        """The plane leaves; of it the name of the chosen network goes to where its bar will be."""
        name = self.plane.names[self.outcome.index(self.best)]
        gone = [part for part in self.mobjects if part not in (self.title, self.note, self.plane.names)]
        gone += [other for other in self.plane.names if other is not name]
        self.remove(self.plane.names)
        self.add(name)
        early = squish_rate_func(smooth, 0.0, 0.5)
        leaving = [FadeOut(part, rate_func=early) for part in gone]
        arriving = self.next_heading(self.screen("heading-exam"))
        self.play(*leaving, ReplacementTransform(name, ours.names[1]), *arriving, run_time=1.2)

    def _grow(self, pair: ChannelPair, *also: Animation) -> None:
        coming = [name for name in pair.names if name not in self.mobjects]
        self.play(FadeIn(pair.title), *map(FadeIn, coming), *also, run_time=0.5)
        grown = [GrowFromEdge(bar, DOWN) for bar in pair.bars]
        self.play(*grown, *(FadeIn(value, shift=0.15 * UP) for value in pair.values), run_time=0.9)
        self.play(Create(pair.mark), run_time=0.4)

    def _channels(self) -> tuple[Channel, Channel]:
        """The unseen losses of the line and of the chosen network, of ours and of the lecture's own runs."""
        pair = self.outcome[0], self.best
        ours, theirs = [each.unseen.mean for each in pair], [lecture_losses(hidden)[UNSEEN] for hidden in LECTURE_PAIR]
        return (
            Channel(self.screen("ours-made-up"), [self._name(each) for each in pair], ours, self.written),
            Channel(self.screen("lecture"), list(map(self.network_label, LECTURE_PAIR)), theirs, loss_column(theirs)),
        )

    # -- the days to come ----------------------------------------------------------------------------------------------

    def _open_forecast(self) -> None:
        gone = [part for part in self.mobjects if part is not self.title]
        days, language = self.days, self.context.language
        name = network_words(self.best.network.hidden, "depth", language)
        arriving = self.next_heading(self.screen("heading-forecast", best=name))
        self.note = self.data_caption("caption-forecast", last=day_words(self.dataset.daily.end, language, "year"))
        coming = (FadeIn(part, rate_func=LATE) for part in (days, self.note))
        self.play(*(FadeOut(part, rate_func=EARLY) for part in gone), *arriving, *coming, run_time=0.7)
        dots = LaggedStart(*(FadeIn(dot) for dot in days.dots), lag_ratio=0.4, rate_func=linear)
        held = (Create(days.bracket), FadeIn(days.span))
        self.play(Create(days.red, rate_func=linear), dots, *held, run_time=0.8)

    def _show_weekdays(self) -> None:
        """The picture makes room: which weekdays are low, of all days; then, whether they are in the forecasts, too.

        The forecasts are those for unseen days. They stay until the next beat, which goes back to the plot.
        """
        lows, language = self.lows, self.context.language
        titles = (self.screen("weekdays-all", days=Count(len(self.to_come.series))), self.screen("weekdays"))
        whole, prediction = self.to_come.by_weekday
        self.means = means = WeekdayMeans(whole, prediction, lows, titles, self.screen("weekdays-unit"), language)
        self.away = [part for part in self.mobjects if part not in (self.title, self.note)]
        arriving = means.data.coming(FadeIn(means.unit))
        for animation in arriving:
            animation.rate_func = LATE
        self.play(*(FadeOut(part, rate_func=EARLY) for part in self.away), *arriving, run_time=0.6)
        self.play(means.data.growing(), run_time=0.6)
        self.play(FadeIn(means.data.values), run_time=0.3)
        self.wait(0.7)
        self.play(*means.predicted.coming(), run_time=0.3)
        self.play(means.predicted.growing(), run_time=0.5)
        self.play(FadeIn(means.predicted.values), run_time=0.3)
        self.add(means)

    def _back_to_the_plot(self) -> None:
        """From the weekdays, if these are shown: a copy of tomorrow's bar shrinks into the dot that was predicted.

        With it the plot comes back, the low weekdays shaded there.
        """
        if getattr(self, "means", None) not in self.mobjects:
            return
        days, means, lows = self.days, self.means, self.lows
        self.names = days.band_names(weekdays_words(lows, self.context.language, "short"))
        tomorrow = [bar.copy() for bar in means.predicted.bar(int(self.ahead.weekdays[0]))]
        dot = days.predicted[0]
        self.add(*tomorrow)
        shrinking = (bar.animate.replace(dot, stretch=True) for bar in tomorrow)
        self.play(FadeOut(means, run_time=0.3), *shrinking, run_time=0.6)
        self.remove(*tomorrow)
        self.add(days.bands)
        self.bring_to_back(days.bands)
        self.add(dot)
        others = [part for part in (*self.away, *days.bands, self.names) if part is not dot]
        self.play(*map(FadeIn, others), run_time=0.4)
        self.bring_to_front(dot)

    def _gather_misses(self) -> None:
        """The unseen days with a gap each; the gaps come together on tomorrow, and their far ends become the swarm.

        What was real steps back meanwhile.
        """
        self._clear_days()
        days, gaps = self.days, self.days.gaps
        days.come_wide(self)
        feet = LaggedStart(*map(FadeIn, gaps.feet), lag_ratio=0.1)
        self.add(gaps.heads)
        real = (days.red, days.dots)
        back = [emphasis(part, BACK) for part in real]
        self.play(Create(gaps.lines, rate_func=linear), feet, *back, run_time=0.8)
        self.add(gaps)
        self.wait(0.3)
        days.come_closest(self)
        misses = days.misses[0]
        came = VGroup(*(misses[k] for k in days.held))
        others = [FadeIn(dot) for dot in misses if dot not in came]
        self.remove(gaps)
        self.play(
            *(FadeOut(part) for part in (gaps.lines, gaps.feet)),
            ReplacementTransform(gaps.heads, came),
            FadeIn(self.panel.key[0]),
            *others,
            *(emphasis(part, FULL) for part in real),
            run_time=0.5,
        )
        self.add(misses)
        self.bring_to_front(days.predicted)

    def _clear_days(self) -> None:
        """What was said of the window and of weekdays leaves."""
        days = self.days
        said = (getattr(self, name, None) for name in ("fed", "names"))
        gone = [days.bracket, days.span, days.real, *said, *days.bands]
        there = self.get_mobject_family_members()
        self.play(*(FadeOut(part) for part in gone if part in there), run_time=0.3)
        self.remove(days.bands)

    def _click(self) -> None:
        clicks = self.days.clicks(self.screen("clicks"))
        self.play(FadeIn(clicks.mark, shift=0.3 * DOWN), run_time=0.5)
        self.wait(0.5)
        self.add(clicks.way, clicks.mark)
        rising = UpdateFromAlphaFunc(VGroup(clicks.way, clicks.mark), lambda _, share: clicks.rise(share))
        self.play(rising, FadeIn(clicks.label), run_time=1.5)
        self.add(clicks)

    def _day(self, k: int) -> dict[str, str]:
        """Fields of a line about day ``k`` of the forecast."""
        day = self.ahead.dates[k]
        return in_languages("day", lambda language: day_words(day, language)) | in_languages(
            "weekday", lambda language: weekday_words(day, language)
        )


class DaysToCome:
    """What the network of theta (P,) predicts of the ``days`` after the end of its series.

    ``ahead``: the predictions. ``errors``: for each of these days, those it made so many days ahead, from all unseen
    days that have as many after them, the days of ``starts`` for the first; ``usual`` (days,): their mean sizes.
    ``rival``: the better one of two forecasts that need no network, "day" or "week", and ``naive``, its mean
    error a day ahead. ``by_weekday``: the means (7,) of all days, and of what was predicted for the unseen ones.
    """

    def __init__(self, run: Experiment, theta: NDArray, days: int) -> None:
        """Raises UserError for predictions that are not finite."""
        assert isinstance(run.dataset, DailyViews)
        self.series = run.dataset.daily
        self.ahead = forecast(run, theta, days)
        one_day, *longer = (horizon_errors(run, theta, k + 1) for k in range(days))
        self.starts = one_day.starts
        self.errors = [ahead.error[:, -1] for ahead in (one_day, *longer)]
        if not all(np.isfinite(views).all() for views in (self.ahead.prediction, *self.errors)):
            raise UserError("model-selection: the chosen network's predictions are not finite; train it for longer")
        self.usual = np.array([np.abs(errors).mean() for errors in self.errors])
        naive = {"day": one_day.naive_day_mean_absolute[0], "week": one_day.naive_week_mean_absolute[0]}
        self.rival = min((name for name in naive if np.isfinite(naive[name])), key=lambda name: float(naive[name]))
        self.naive = float(naive[self.rival])
        self.by_weekday = means_by_weekday(self.series), next_days(run, theta).by_weekday()[1]


def means_by_weekday(series: DailySeries) -> NDArray:
    """(7,): the mean of all days of each weekday, Monday first; NaN for one that has no day."""
    views, days = series.array(), weekdays(series.dates())
    return np.array([views[days == weekday].mean() if (days == weekday).any() else np.nan for weekday in range(WEEK)])
