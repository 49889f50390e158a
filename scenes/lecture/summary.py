"""The closing: the three steps once more, what was chosen by hand, and what is left to ask."""

from __future__ import annotations

from typing import Self

import numpy as np
from gradreel.core.experiment import Experiment
from gradreel.core.theta import predict
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene, need_curve
from gradreel.scenes.lecture.opening import MOTIF_BOTTOM, MOTIF_TOP
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.part_map import VEILED, part_map, steps_heading
from gradreel.scenes.mobjects.plot import Plot
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.mobjects.ticks import nice_range
from gradreel.scenes.style import emphasis, palette
from manim import UP, Animation, FadeIn, FadeOut, ReplacementTransform, VMobject, config, smooth
from pydantic import Field, model_validator

LINES = (-1.83, -2.43)  # baselines in a card, where its formula was
CHOSEN = ((3, "learning-rate"), (1, "sigmoids"), (3, "batch-size"), (1, "layers"))  # step, word; as they were met
QUESTIONS = ("batches", "relu", "unseen")
QUESTION_TOP, QUESTION_STEP = 2.05, 0.78


class Summary(LectureScene):
    """Three steps, four numbers chosen by hand, the curve of the beginning, three questions for next time."""

    class Parameters(LectureScene.Parameters):
        run: Experiment = Field(Experiment(), description="The training run whose pictures stand for the three steps")

        @model_validator(mode="after")
        def _learns_a_curve(self) -> Self:
            need_curve("summary", self.run)
            return self

    def construct(self) -> None:
        self.run = self.trace("run")
        self._steps_beat()
        self._chosen_beat()
        self._curve_beat()
        self._next_beat()

    def _title(self, text: str) -> list[Animation]:
        self.title, animations = next_heading(text, getattr(self, "title", None))
        return animations

    def _steps_beat(self) -> None:
        with self.beat("steps"):
            # The map: its first card bright, then the second, then the third, and at last all of them
            self.map = part_map(self, self.run, 1)
            self.play(*self._title(steps_heading(self)), FadeIn(self.map), run_time=0.8)
            for step in (2, 3, None):
                self.wait(1.4)
                self.play(self.map.focus(step), run_time=0.7)

    def _chosen_beat(self) -> None:
        with self.beat("chosen"):
            # Two formulas leave their cards; the numbers that people choose come there one by one, each into its step
            cards = (self.map.card(1), self.map.card(3))
            gone = (FadeOut(card[-1], run_time=0.5) for card in cards)
            self.play(*gone, emphasis(self.map.card(2), VEILED), *self._title(self.screen("heading-chosen")))
            for card in cards:
                card.remove(card[-1])  # or it would come back when the whole map fades
            self.add(self.map)  # in one piece again, under what comes next
            self.chosen = self._chosen()
            for text in self.chosen:
                self.play(FadeIn(text, shift=0.15 * UP), run_time=0.5)
                self.wait(0.7)

    def _chosen(self) -> list[TextMobject]:
        """The hyperparameters, in the order in which they were met."""
        lines = {1: iter(LINES), 3: iter(LINES)}
        return [self.map.line(step, self.screen(key), next(lines[step])) for step, key in CHOSEN]

    def _curve_beat(self) -> None:
        with self.beat("curve"):
            # Blue and red leave their cards and become the curve of the beginning
            blue, red = self._curves()
            small_red, small_blue = self.map.red.copy(), self.map.blue.copy()
            self.add(small_red, small_blue)
            self.play(*map(FadeOut, [self.map, *self.chosen, self.title]), run_time=0.8)
            grow = (ReplacementTransform(small_red, red), ReplacementTransform(small_blue, blue))
            self.play(*grow, run_time=3.0, rate_func=smooth)

    def _next_beat(self) -> None:
        with self.beat("next"):
            # Over the curve what is left to ask, one question after the other; then everything rests
            self.play(*next_heading(self.screen("heading-next"))[1])
            for k, key in enumerate(QUESTIONS):
                line = words(self.screen(key), style.SUBTITLE)
                line.place(QUESTION_TOP - k * QUESTION_STEP, left=style.LEFT_EDGE)
                self.play(FadeIn(line, shift=0.15 * UP), run_time=0.6)
                self.wait(0.6)
            credit = words(self.screen("credit"), style.CAPTION + 2, palette.dim)
            self.play(FadeIn(credit.place(style.CAPTION_BASELINE, right=style.RIGHT_EDGE)), run_time=0.6)

    def _curves(self) -> tuple[VMobject, VMobject]:
        """What the run ended with, and what it learned, from edge to edge, where the title had them."""
        half = config.frame_width / 2 + 0.02
        data = self.run.experiment.dataset
        box = {"left": -half, "right": half, "bottom": MOTIF_BOTTOM, "top": MOTIF_TOP}
        x = np.linspace(*data.range, 400)
        target = data.curve()(x)
        plot = Plot(data.range, nice_range(target, margin=0.02), **box)
        y = predict(self.run.experiment, np.asarray(self.run.parameters[-1]), data.features_at(x))
        blue = plot.curve(x, y, palette.blue, style.MAIN_CURVE)
        red = plot.curve(x, target, palette.red, style.MAIN_CURVE + 1)
        for line in (blue, red):
            line.bleed = True  # it runs off the picture on purpose, as in the title
        return blue, red
