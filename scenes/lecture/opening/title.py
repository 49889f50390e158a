"""The opening: what would you have to know to guess today's views? And a real training run that learns a curve."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Self

import numpy as np
from gradreel.core.daily.views import DailyViews
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import loss
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene, need_curve
from gradreel.scenes.lecture.daily_data import data_caption
from gradreel.scenes.lecture.opening.pictures.last_days import LastDays
from gradreel.scenes.mobjects.motif import Motif
from gradreel.scenes.mobjects.text import literal, words
from gradreel.scenes.style import palette
from gradreel.scenes.words.claims import Claim, claim
from manim import UP, Create, FadeIn, FadeOut, ValueTracker, VGroup, smooth, squish_rate_func
from manim.utils.rate_functions import ease_in_out_sine
from pydantic import Field, model_validator

WORDS_LEFT, TITLE_BASELINE, SUBTITLE_BASELINE, CREDIT_BASELINE = -6.05, 2.32, 1.5, 0.93
DAYS_BOX = (style.LEFT_EDGE + 0.72, 5.85, -2.5, -0.15)  # left, right, bottom, top
WALK_SECONDS = 6.5
THINK = 3.0  # seconds that the question has, from its first word on
QUIET = 1.5  # seconds in which nobody speaks, when blue lies on red
LEARNED = 0.05  # the red curve is learned when the typical gap is less than this share of its height


class Title(LectureScene):
    """The lecture's name over the last days of a channel, and a curve that gradient descent really found."""

    class Parameters(LectureScene.Parameters):
        run: Experiment = Field(Experiment(), description="The training run whose curve settles on the red one")
        dataset: DailyViews = Field(DailyViews(), description="The daily views whose last days are shown")
        title: str | None = Field(None, description="The title; by default the lecture's, in the video's language")
        subtitle: str | None = Field(None, description="The line beneath it; by default the lecture's")
        credit: str | None = Field(None, description="The line under the subtitle; empty for none")

        @model_validator(mode="after")
        def _learns_a_curve(self) -> Self:
            need_curve("title", self.run)
            return self

    def claims(self) -> Iterator[Claim]:
        run = self.trace("run")
        gaps = np.sqrt(loss(run.experiment, run.parameters[[0, -1]]))  # typical ones: of mean squares
        height = run.experiment.dataset.curve().height
        learned = gaps[1] < LEARNED * height < gaps[0]
        yield claim("run", "the blue curve comes close to the red one", learned, typical_gaps=gaps, height=height)

    def construct(self) -> None:
        self._title_beat()
        self._run_beat()

    def _title_beat(self) -> None:
        with self.beat("title"):
            # The room reads what the lecture is called, and sees the days of a channel up to yesterday. Today?
            self.texts = self._texts()
            dataset, today = self.parameters.dataset, self.screen("today")
            days = self.days = LastDays(dataset, today, self.context.language, DAYS_BOX)
            self.caption = data_caption(self, dataset, "days")
            late = squish_rate_func(smooth, 0.4, 1.0)
            axes = (FadeIn(part, rate_func=late) for part in (days.plot, self.caption))
            self.play(*(FadeIn(line, shift=0.15 * UP) for line in self.texts), *axes, run_time=1.2)
            self.play(Create(days.line), Create(days.dots, lag_ratio=1.0), run_time=2.6)
            self.add(days.dots)
            self.until("today")
            self.play(FadeIn(days.today), run_time=0.5)
            self.until("know")
            self.play(FadeIn(days.mark, scale=1.6), run_time=0.5)
            self.wait(THINK)

    def _texts(self) -> list[VGroup]:
        given = self.parameters
        title = words(literal(given.title) if given.title else self.screen("title"), style.TITLE)
        fits = (style.RIGHT_EDGE - WORDS_LEFT) / max(title.width, 1e-9)
        if fits < 1:
            title.scale(fits)
            title.font_size *= fits
        under = literal(given.subtitle) if given.subtitle else self.screen("subtitle")
        credit = literal(given.credit) if given.credit is not None else self.screen("credit")
        lines = [
            title.place(TITLE_BASELINE, left=WORDS_LEFT),
            words(under, style.SUBTITLE, palette.dim).place(SUBTITLE_BASELINE, left=WORDS_LEFT),
        ]
        if credit:
            lines.append(words(credit, style.CAPTION + 2, palette.dim).place(CREDIT_BASELINE, left=WORDS_LEFT))
        return lines

    def _run_beat(self) -> None:
        with self.beat("run"):
            # All leaves but one question, how today follows from yesterday, over the whole picture: red is the answer,
            # and a recorded run learns it from its random start. Nobody speaks for a moment
            motif = self.motif = Motif(self.trace("run"), self.screen_of("title"))
            gone = [*self.texts, self.days, self.caption]
            late = squish_rate_func(smooth, 0.5, 1.0)
            coming = [FadeIn(part, rate_func=late) for part in (motif.axes, motif.names)]
            self.play(*(FadeOut(part, run_time=0.5) for part in gone), *coming, run_time=1.0)
            self.play(Create(motif.red), run_time=1.6)
            self.until("learn")
            self.play(Create(motif.blue), run_time=0.8)
            progress = ValueTracker(0.0)
            self.add(motif)
            motif.add_updater(lambda _: motif.show(progress.get_value()))
            self.play(progress.animate(rate_func=ease_in_out_sine).set_value(1.0), run_time=WALK_SECONDS)
            motif.clear_updaters()
            motif.show(1.0)
            self.wait(QUIET)
