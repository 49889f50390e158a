"""The last beats of model-selection: the chosen network predicts, its prediction is fed back, its error is told."""

from __future__ import annotations

from gradreel.scenes.counts import Count
from gradreel.scenes.lecture.experiments import DepthsScene
from gradreel.scenes.mobjects.day_words import day_words, in_languages, weekday_words, weekdays_words
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.weekday_means import WeekdayMeans
from gradreel.scenes.network_words import network_words
from gradreel.scenes.style import palette
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
    TransformFromCopy,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    linear,
    there_and_back,
)

MORE = 1.4  # times as long as they are, for a moment: whiskers of errors that will be larger


class ForecastBeats(DepthsScene):
    """The days after the series' end: the first one, those after it, the errors to expect, and a bet.

    They need the ``choice``, what is ``to_come`` by it (its forecast is ``ahead``), and what is drawn: ``days``,
    ``panel``, and ``counted``, which writes views.
    """

    def forecast_beats(self) -> None:
        self._tomorrow_beat()
        if self.parameters.days > 1:
            self._day_after_beat()
        self._error_beat()
        self._bet_beat()

    def _tomorrow_beat(self) -> None:
        views = self.counted(self.ahead.prediction[0])
        with self.beat(self.to_come.tomorrow, views=views, **self._day(0), **self._last_day()):
            # The window, from end to end; closer, its last weeks; the first day that nobody knows comes out
            self._open_forecast()
            days = self.days
            self.play(Create(days.bracket), FadeIn(days.span), run_time=0.9)
            days.come_close(self)
            self._predict(0, FadeIn(days.real), *days.open_span())
            self.play(FadeIn(self.panel.head), FadeIn(self.panel.lines[0], shift=0.1 * UP), run_time=0.5)
            if self.to_come.tomorrow_is_low:
                self._beat_lows()

    def _open_forecast(self) -> None:
        gone = [part for part in self.mobjects if part is not self.title]
        days, language = self.days, self.context.language
        name = network_words(self.choice.best.network.hidden, "depth", language)
        self.play(*(FadeOut(part) for part in gone), run_time=0.4)
        self.title, arriving = next_heading(self.screen("heading-forecast", best=name), self.title)
        note = self.data_caption("caption-forecast", last=day_words(self.dataset.daily.end, language, "year"))
        self.play(*arriving, FadeIn(days), FadeIn(note), run_time=0.7)
        dots = LaggedStart(*(FadeIn(dot) for dot in days.dots), lag_ratio=0.4)
        self.play(Create(days.red), dots, run_time=0.9, rate_func=linear)

    def _beat_lows(self) -> None:
        """Which weekdays are low, of all days; then, of unseen ones, whether the network's own forecasts are low there.

        The day's weekday beats in these, and the prediction with it.
        """
        days, lows = self.days, self.to_come.lows
        self.bring_to_back(days.bands)
        self.names = days.band_names(weekdays_words(lows, self.context.language, "short"))
        titles = (self.screen("weekdays-all", days=Count(len(self.to_come.series))), self.screen("weekdays"))
        self.means = means = WeekdayMeans(*self.to_come.by_weekday, lows, titles, self.context.language)
        self.play(*(FadeIn(band) for band in days.bands), FadeIn(self.names), run_time=0.4)
        self.play(FadeIn(means.ground), FadeIn(means.titles[0]), FadeIn(means.whole), run_time=0.6)
        self.wait(0.8)
        # Other days, other means: these come anew, for points that moved would be the same ones changing
        self.play(FadeOut(means.titles[0]), FadeOut(means.whole), run_time=0.3)
        self.play(FadeIn(means.titles[1]), FadeIn(means.red), run_time=0.5)
        self.play(FadeIn(means.blue), run_time=0.5)
        means.remove(means.titles, means.whole).add(means.titles[1])
        beating = [*means.points_of(int(self.ahead.weekdays[0])), days.predicted[0]]
        self.play(*(mark.animate(rate_func=there_and_back).scale(1.8) for mark in beating), run_time=0.9)

    def _predict(self, k: int, *also: Animation) -> None:
        self.play(Create(self.days.steps[k]), *also, run_time=0.5)
        self.play(FadeIn(self.days.predicted[k], scale=1.5), run_time=0.4)

    def _day_after_beat(self) -> None:
        ahead, days = self.ahead, self.parameters.days
        values = {"views": self.counted(ahead.prediction[0]), "next": self.counted(ahead.prediction[-1])}
        key = "day-after" if days == 2 else "days-after"
        with self.beat(key, days=Count(days), **values, **self._day(days - 1)):
            # The window moves on by a day. The prediction goes into it as if it had been the day's views; the next one
            # comes out
            for k in range(1, days):
                start, end = self.days.day(k - 1), self.days.day(k)

                def slide(_: VMobject, share: float, start: float = start, end: float = end) -> None:
                    self.days.hold(start + share * (end - start))

                held = VGroup(self.days.bracket, self.days.span)
                self.play(UpdateFromAlphaFunc(held, slide), run_time=1.0 if days == 2 else 0.6)
                if days == 2:  # while it is said that the day has no views yet
                    self.wait(0.4)
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
        usual, spreads, panel = to_come.usual, self.days.spreads, self.panel
        values = {"one": self.counted(usual[0]), "more": self.counted(usual[-1]), "days": Count(days)}
        with self.beat("error" if days > 1 else "error-one", **values):
            # Whiskers: what the same network was off by on unseen days, on average; first that of the first day, with
            # its number, then the others. They stretch for a moment when more is to be expected
            gone = [self.days.bracket, self.days.span, *([self.fed] if days == 2 else [])]
            gone += [self.means] if to_come.tomorrow_is_low else []
            self.play(*map(FadeOut, gone), run_time=0.5)
            self.wait(0.4)
            self.play(Create(spreads[0]), run_time=0.7)
            self.play(TransformFromCopy(spreads[0], panel.key[0]), FadeIn(panel.key[1]), run_time=0.8)
            self.play(FadeIn(panel.errors[0], shift=0.1 * UP), run_time=0.5)
            if days > 1:
                self.wait(1.0)
                self.play(LaggedStart(*map(Create, spreads[1:]), lag_ratio=0.4), run_time=0.7)
                self.play(FadeIn(panel.errors[-1], shift=0.1 * UP), run_time=0.5)
            self.wait(1.1)
            longer = [spread.animate(rate_func=there_and_back).stretch(MORE, 1) for spread in spreads]
            self.play(*longer, run_time=1.2)

    def _bet_beat(self) -> None:
        to_come = self.to_come
        values = {"naive": self.counted(to_come.naive), "one": self.counted(to_come.usual[0])}
        with self.beat(f"{to_come.bet}-{to_come.rival}", **values):
            # Beside our error that of a forecast that needs no network, both as long as they are large; would the room
            # bet that tomorrow lies within ours? It would land there, unless they push it out
            for row in self.panel.rivals:
                bar = GrowFromEdge(row[2], LEFT)
                self.play(*(FadeIn(text, shift=0.1 * UP) for text in row[:2]), bar, run_time=0.8)
            if to_come.bet == "bet":
                self.wait(1.2)
                self.play(GrowFromCenter(self.days.stake), run_time=0.8)
                self._click()

    def _click(self) -> None:
        clicks = self.days.clicks(self.screen("clicks"))
        self.play(FadeIn(clicks.mark, shift=0.3 * DOWN), FadeOut(self.days.real), run_time=0.5)
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
