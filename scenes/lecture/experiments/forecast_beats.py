"""The last beats of model-selection: the chosen network predicts, its prediction is fed back, its error is told."""

from __future__ import annotations

from gradreel.scenes.lecture.experiments.networks_scene import DepthsScene
from gradreel.scenes.lecture.experiments.pictures.weekday_means import WeekdayMeans
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.style import FULL, emphasis, palette
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.day_words import day_words, in_languages, weekday_words, weekdays_words
from gradreel.scenes.words.languages import LANGUAGES
from gradreel.scenes.words.network_words import network_words
from manim import (
    DOWN,
    LEFT,
    UP,
    Animation,
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

EARLY, LATE = squish_rate_func(smooth, 0.0, 0.45), squish_rate_func(smooth, 0.5, 1.0)
BACK = 0.45  # of what was real, while its misses come together on tomorrow
SO_LOW = 1.4  # seconds that the first prediction is looked at


class ForecastBeats(DepthsScene):
    """The days after the series' end: the first one, those after it, the errors to expect, and a bet.

    They need ``lows``, the weekdays that are low, the ``choice``, what is ``to_come`` by it (its forecast is
    ``ahead``), and what is drawn: ``days``, ``panel``, and ``counted``, which writes views.
    """

    def forecast_beats(self) -> None:
        self._tomorrow_beat()
        if self.parameters.days > 1:
            self._day_after_beat()
        self._error_beat()
        self._bet_beat()

    def _tomorrow_beat(self) -> None:
        views = self.counted(self.ahead.prediction[0])
        with self.beat("tomorrow-low-mostly", views=views, **self._day(0), **self._last_day()):
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

    def _open_forecast(self) -> None:
        gone = [part for part in self.mobjects if part is not self.title]
        days, language = self.days, self.context.language
        name = network_words(self.choice.best.network.hidden, "depth", language)
        self.title, arriving = next_heading(self.screen("heading-forecast", best=name), self.title)
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
        whole, _, prediction = self.to_come.by_weekday
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

    def _predict(self, k: int, *also: Animation) -> None:
        self.play(Create(self.days.steps[k]), *also, run_time=0.5)
        self.play(FadeIn(self.days.predicted[k], scale=1.5), run_time=0.4)

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
                self._predict(k)
            self.play(FadeIn(self.panel.lines[-1], shift=0.1 * UP), run_time=0.5)

    def _error_beat(self) -> None:
        days, to_come = self.parameters.days, self.to_come
        usual, panel = to_come.usual, self.panel
        values = {"one": self.counted(usual[0]), "more": self.counted(usual[-1]), "days": Count(days)}
        values |= {"mean": self.counted(self.choice.best.unseen.mean), "runs": Count(len(self.parameters.seeds))}
        with self.beat("error-runs", **values):
            # The unseen days, and how far each was missed. Closer, to the last days and those predicted: all misses
            # come together on tomorrow, as dots, where it would lie if it were missed as that day was. Each number as
            # it is said: two lines mark the misses' mean size, of the first day, then of the others; then the mean of
            # all runs. More is to be expected: the misses step back, and dots lead on a bit beyond the lines' ends
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
            self.wait(0.7)
            self.beyond = VGroup(*map(self.days.beyond, range(days)))
            self.add(misses, spreads, self.days.predicted)  # as they lie: what is animated would come to the front
            fainter = misses.animate.set_fill(opacity=0.45)
            self.play(fainter, *map(Create, self.beyond.family_members_with_points()), run_time=0.8)
            self.wait(0.4)

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

    def _bet_beat(self) -> None:
        to_come = self.to_come
        values = {"naive": self.counted(to_come.naive), "one": self.counted(to_come.usual[0])}
        values |= in_languages("rival", lambda language: LANGUAGES[language].rivals[to_come.rival])
        with self.beat("bet-day", **values):
            # Beside our error that of a forecast that needs no network, both as long as they are large; on the lesson's
            # days, would the room bet that tomorrow lies within ours? It would land there, unless they push it out. The
            # single misses have left by then: what is bet on is their mean size
            self.play(FadeOut(self.days.misses), FadeOut(self.panel.key), FadeOut(self.beyond), run_time=0.4)
            for row in self.panel.rivals:
                bar = GrowFromEdge(row[2], LEFT)
                self.play(*(FadeIn(text, shift=0.1 * UP) for text in row[:2]), bar, run_time=0.8)
            if not self.other_data:
                self.wait(1.2)
                self.play(GrowFromCenter(self.days.stake), run_time=0.8)
                self._click()

    def _click(self) -> None:
        clicks = self.days.clicks(self.screen("clicks"))
        self.play(FadeIn(clicks.mark, shift=0.3 * DOWN), run_time=0.5)
        self.wait(0.5)
        self.add(clicks.way, clicks.mark)
        rising = UpdateFromAlphaFunc(VGroup(clicks.way, clicks.mark), lambda _, share: clicks.rise(share))
        self.play(rising, FadeIn(clicks.label), run_time=1.5)
        self.add(clicks)

    # -- words ---------------------------------------------------------------------------------------------------

    def _day(self, k: int) -> dict[str, str]:
        """Fields of a line about day ``k`` of the forecast."""
        day = self.ahead.dates[k]
        return in_languages("day", lambda language: day_words(day, language)) | in_languages(
            "weekday", lambda language: weekday_words(day, language)
        )

    def _last_day(self) -> dict[str, str]:
        last = self.dataset.daily.end
        return in_languages("last", lambda language: day_words(last, language))
