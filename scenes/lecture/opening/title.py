"""The opening: the title over a real training run, and what the curves are of."""

from __future__ import annotations

from typing import Self

import numpy as np
from gradreel.core.experiment import Experiment
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene, need_curve
from gradreel.scenes.mobjects.motif import Motif
from gradreel.scenes.mobjects.text import literal, words
from gradreel.scenes.style import palette
from manim import UP, Animation, Create, FadeIn, FadeOut, ValueTracker, VGroup, smooth, squish_rate_func
from manim.utils.rate_functions import ease_in_out_sine
from pydantic import Field, model_validator

WORDS_LEFT, TITLE_BASELINE, SUBTITLE_BASELINE, CREDIT_BASELINE = -6.05, 1.92, 1.1, 0.48
ASKED_BASELINE, KNOWN_BASELINE = -0.62, -3.42  # what the upright axis stands for, and the level one
WALK_SECONDS = 6.0
BACK = 0.5  # share of the walk after which the level axis may have its words again


class Title(LectureScene):
    """The lecture's name, and beneath it a curve that gradient descent really found."""

    class Parameters(LectureScene.Parameters):
        run: Experiment = Field(Experiment(), description="The training run whose curve settles on the red one")
        title: str | None = Field(None, description="The title; by default the lecture's, in the video's language")
        subtitle: str | None = Field(None, description="The line beneath it; by default the lecture's")
        credit: str | None = Field(None, description="The line under the subtitle; empty for none")

        @model_validator(mode="after")
        def _learns_a_curve(self) -> Self:
            need_curve("title", self.run)
            return self

    def construct(self) -> None:
        self.motif = Motif(self.trace("run"))
        self._title_beat()
        self._run_beat()

    def _title_beat(self) -> None:
        with self.beat("title"):
            # The room reads what the lecture is called; what is asked for, and what is known, stand where the axes of
            # the curve would be; the red curve runs through between them
            texts = self.parameters
            title = words(literal(texts.title) if texts.title else self.screen("title"), style.TITLE)
            fits = (style.RIGHT_EDGE - WORDS_LEFT) / max(title.width, 1e-9)
            if fits < 1:
                title.scale(fits)
                title.font_size *= fits
            title.place(TITLE_BASELINE, left=WORDS_LEFT)
            under = literal(texts.subtitle) if texts.subtitle else self.screen("subtitle")
            subtitle = words(under, style.SUBTITLE, palette.dim)
            subtitle.place(SUBTITLE_BASELINE, left=WORDS_LEFT)
            self.texts = [title, subtitle]
            credit = literal(texts.credit) if texts.credit is not None else self.screen("credit")
            if credit:
                line = words(credit, style.CAPTION + 2, palette.dim)
                self.texts.append(line.place(CREDIT_BASELINE, left=WORDS_LEFT))  # the curves fill all below
            self.play(FadeIn(title, shift=0.15 * UP), FadeIn(subtitle, shift=0.15 * UP), run_time=0.8)
            self.asked = self._asked()
            self.known = words(self.screen("known"), style.LABEL, palette.dim)
            self.known.place(KNOWN_BASELINE, right=style.RIGHT_EDGE)
            arriving = [FadeIn(line) for line in (*self.texts[2:], self.asked)]
            self.play(*arriving, run_time=0.6)
            late = squish_rate_func(smooth, 0.0, 0.3)
            self.play(Create(self.motif.red, rate_func=smooth), FadeIn(self.known, rate_func=late), run_time=3.0)

    def _asked(self) -> VGroup:
        """What the upright axis stands for, where red leaves room for it."""
        line = words(self.screen("asked"), style.LABEL).place(ASKED_BASELINE, left=WORDS_LEFT)
        right, bottom = line.get_right()[0] + 0.2, line.get_bottom()[1] - 0.2
        points = self.motif.red.points
        return VGroup(line) if points[points[:, 0] < right, 1].max() < bottom else VGroup()

    def _known_again(self) -> list[Animation]:
        """The words of the level axis come again in the walk's second half, if blue stays over them from then on."""
        motif, left, top = self.motif, self.known.get_left()[0] - 0.2, self.known.get_top()[1] + 0.2
        lowest = []
        for share in np.linspace(BACK, 1.0, 20):
            motif.show(share)
            lines = (motif.blue, *motif.ghosts)
            lowest += [line.points[line.points[:, 0] > left, 1].min() for line in lines]
        motif.show(0.0)
        if min(lowest) < top:
            self.known = VGroup()
            return []
        return [FadeIn(self.known, rate_func=squish_rate_func(smooth, BACK, BACK + 0.1))]

    def _run_beat(self) -> None:
        with self.beat("run"):
            # A recorded run from its random start: earlier states stay behind as ghosts, the last lies where it ended;
            # blue begins where the words of the level axis are: they come again when it has gone up. All words leave,
            # the curves stay for what comes next
            motif = self.motif
            self.play(FadeOut(self.known, run_time=0.3), Create(motif.blue), run_time=1.0)
            progress = ValueTracker(0.0)
            self.add(motif)
            motif.add_updater(lambda _: motif.show(progress.get_value()))
            walk = progress.animate(rate_func=ease_in_out_sine).set_value(1.0)
            self.play(walk, *self._known_again(), run_time=WALK_SECONDS)
            motif.clear_updaters()
            motif.show(1.0)
            self.play(*(FadeOut(line) for line in (*self.texts, self.asked, self.known)), run_time=0.6)
