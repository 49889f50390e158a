"""The closing: from a line to layers, three steps, what is chosen by hand; and the question of the beginning."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Self

import numpy as np
from gradreel.core.analysis.compared_networks import depth_experiments
from gradreel.core.arrays import evenly_spaced
from gradreel.core.curves.line_fit import line_run
from gradreel.core.daily.views import DailyViews
from gradreel.core.datasets import CurveDataset
from gradreel.core.experiment import Experiment
from gradreel.core.network.activations import ACTIVATIONS
from gradreel.core.network.theta import loss
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene, need_curve
from gradreel.scenes.lecture.daily_data import data_caption
from gradreel.scenes.lecture.opening.pictures.four_functions import FourFunctions
from gradreel.scenes.lecture.opening.pictures.last_days import LastDays
from gradreel.scenes.lecture.opening.pictures.run_numbers import RunNumbers
from gradreel.scenes.lecture.runs import LINE_START_SEED, line_through_dots, red_curve
from gradreel.scenes.mobjects.motif import Motif
from gradreel.scenes.mobjects.pace import recorded_row, stepwise
from gradreel.scenes.mobjects.plot import polyline
from gradreel.scenes.mobjects.text import formula, words
from gradreel.scenes.mobjects.three_steps import ThreeSteps
from gradreel.scenes.style import DIM, emphasis, palette
from gradreel.scenes.words.claims import Claim, claim, decreasing
from gradreel.scenes.words.counts import Count
from manim import (
    UP,
    Create,
    FadeIn,
    FadeOut,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    smooth,
    squish_rate_func,
    there_and_back,
)
from manim.utils.rate_functions import ease_in_out_sine
from pydantic import Field, model_validator

LINES = (-1.72, -2.26)  # baselines in a card, where its formula was
POINTS = 81  # of a curve of one's own, that a line is fitted to
CHOSEN = (("layers", "neurons"), ("error",), ("learning-rate", "batch-size"))  # in each step
STEP_MARKS = ("function", "loss", "best")
CURVE_TOP = 0.55  # below the numbers of the run
DOWNHILL_STATES = 25  # of the run, at which its loss is compared
WALK_SECONDS = 4.6
QUIET = 1.0  # seconds in which nobody speaks, when blue lies on red
DAYS_BOX = (style.LEFT_EDGE + 0.72, 5.85, -1.75, 0.75)  # left, right, bottom, top
FORMULA_BASELINE, NOTES = 1.85, (2.12, 1.52)  # of what is known, and found, beside it
BRACKET_Y, HOOK = -2.5, 0.14
LAST_LOOK = 1.5  # seconds that the film's last picture stays when all is said


class Summary(LectureScene):
    """From a line to layers; three steps and what is chosen by hand; the curve and the question of the beginning."""

    class Parameters(LectureScene.Parameters):
        run: Experiment = Field(Experiment(), description="The training run whose pictures stand for the three steps")
        dataset: DailyViews = Field(DailyViews(), description="The daily views whose last days are shown")

        @model_validator(mode="after")
        def _is_a_network_on_a_curve(self) -> Self:
            need_curve("summary", self.run)
            if not self.run.hidden:
                raise ValueError(
                    "run.hidden: summary goes on from a line to what run learned, so it needs a hidden layer at least, "
                    "such as [3]; without one it is a line itself"
                )
            return self

    @classmethod
    def experiments(cls, parameters: Parameters) -> dict[str, Experiment]:
        data = parameters.run.dataset
        assert isinstance(data, CurveDataset), "as the parameters have it"
        return {"run": parameters.run, "line": line_on(data)}

    def claims(self) -> Iterator[Claim]:
        run = self.trace("run")
        losses = loss(run.experiment, run.parameters[evenly_spaced(len(run.kept), DOWNHILL_STATES)])
        yield claim("curve", "the loss goes down all the way", decreasing(losses), losses=losses)

    def construct(self) -> None:
        self.run = self.trace("run")
        self._thread_beat()
        self._steps_beat()
        self._curve_beat()
        self._answer_beat()
        self._noise_beat()

    def _thread_beat(self) -> None:
        said = {"activation": ACTIVATIONS[self.run.experiment.activation].name}
        with self.beat("thread", **said):
            # Four functions, each better than the one before: a line, pieces, a sum of sigmoids, layers of ReLUs
            large = depth_experiments(depths=(3,))[0].experiments[0]
            widths = (large.dataset.n_features, *large.hidden, 1)
            learned = "sum-other" if self.other_data else "sum"
            keys = ("line", "pieces", learned, "stack")
            self.functions = FourFunctions(self.trace("line"), self.run, widths, [self.screen(k, **said) for k in keys])
            self.play(*self.next_heading(self.screen("heading-thread")))
            for k, panel in enumerate(self.functions):
                self.until(keys[k].removesuffix("-other"))
                before = [emphasis(self.functions[k - 1], DIM)] if k else []
                self.play(FadeIn(panel, shift=0.15 * UP), *before, run_time=0.8)

    def _steps_beat(self) -> None:
        with self.beat("steps"):
            # The map, all of it bright. The formulas leave, and what people choose comes in their place
            self.map = ThreeSteps(self.run, self.screen_of("part-map"), None)
            self.play(FadeOut(self.functions), run_time=0.5)
            self.play(*self.next_heading(self.screen_of("part-map")("heading")), FadeIn(self.map), run_time=0.8)
            self.until("choose")
            cards = [self.map.card(step) for step in (1, 2, 3)]
            formulas = (FadeOut(card[-1], run_time=0.5) for card in cards)
            self.play(*formulas, *self.next_heading(self.screen("heading-chosen")))
            for card in cards:
                card.remove(card[-1])  # or it would come back when the whole map fades
            self.chosen = VGroup()
            for step, (mark, keys) in enumerate(zip(STEP_MARKS, CHOSEN, strict=True), start=1):
                texts = [self.map.line(step, self.screen(k), y) for k, y in zip(keys, LINES, strict=False)]
                self.chosen.add(*texts)
                self.until(mark)
                self.play(*(FadeIn(text, shift=0.15 * UP) for text in texts), run_time=0.5)

    def _curve_beat(self) -> None:
        with self.beat("curve"):
            # The run of the beginning once more, from its random start to where it ended. Above it what is known by
            # now: theta and the loss. When blue lies on red, nobody speaks for a moment
            motif = self.motif = Motif(self.run, self.screen_of("title"), top=CURVE_TOP)
            numbers = self.numbers = RunNumbers(self.run, self.screen("update"))
            self.play(*map(FadeOut, (self.map, self.chosen, self.title)), run_time=0.5)
            self.play(*map(FadeIn, (motif, numbers)), run_time=0.6)
            self.until("run")

            def show(_: VGroup, share: float) -> None:
                row = stepwise(motif.pace.row(share))
                motif.show(motif.pace.share(row))
                numbers.show(recorded_row(row))

            racing = UpdateFromAlphaFunc(VGroup(motif, numbers), show)
            self.play(racing, run_time=WALK_SECONDS, rate_func=ease_in_out_sine)
            self.wait(QUIET)

    def _answer_beat(self) -> None:
        dataset = self.parameters.dataset
        known = Count(dataset.window)
        with self.beat("answer", days=known):
            # The question of the beginning over the days that it was asked of. The answer is one formula: its x are
            # these days, its theta is found by training
            days = self.days = LastDays(dataset, self.screen("today"), self.context.language, DAYS_BOX)
            self.caption = data_caption(self, dataset, "days")
            late = squish_rate_func(smooth, 0.5, 1.0)
            coming = [FadeIn(part, rate_func=late) for part in (days, self.caption)]
            gone = [FadeOut(part, run_time=0.5) for part in (self.motif, self.numbers)]
            self.title = None  # the last heading left when the curve came
            self.play(*gone, *coming, *self.next_heading(self.screen("heading-answer")), run_time=1.2)
            function = formula("blue(y) = f_orange(theta) (bold(x))", 58)
            self.function = function.place(FORMULA_BASELINE, left=style.LEFT_EDGE)
            left = float(self.function.get_right()[0]) + 1.0
            keys = zip(("known", "found"), NOTES, strict=True)
            self.notes = [words(self.screen(key, days=known), style.LABEL + 2).place(y, left=left) for key, y in keys]
            self.play(FadeIn(self.function, shift=0.15 * UP), run_time=0.6)
            self.until("days")
            self.bracket = self._bracket()
            self.play(Create(self.bracket), FadeIn(self.notes[0], shift=0.15 * UP), run_time=1.0)
            self.until("numbers")
            self.play(FadeIn(self.notes[1], shift=0.15 * UP), run_time=0.6)

    def _bracket(self) -> VMobject:
        """It holds the days before today."""
        start, end = (float(self.days.dots[k].get_x()) for k in (0, -1))
        corners = [(start, BRACKET_Y + HOOK, 0), (start, BRACKET_Y, 0), (end, BRACKET_Y, 0), (end, BRACKET_Y + HOOK, 0)]
        return polyline(np.array(corners), palette.text, style.BOX)

    def _noise_beat(self) -> None:
        with self.beat("noise"):
            # The same days; nobody knows the one with the question mark for sure
            self.play(*self.next_heading(self.screen("heading-noise")))
            self.play(self.days.mark.animate(rate_func=there_and_back).scale(1.6), run_time=1.2)
            self.until("next")
            credit = words(self.screen("credit"), style.CAPTION + 2, palette.dim)
            self.play(FadeIn(credit.place(style.CAPTION_BASELINE, right=style.RIGHT_EDGE)), run_time=1.0)
            self.hand_on(*self.mobjects)  # the film's last picture stays as it is, its heading too
        self.wait(LAST_LOOK)


def line_on(dataset: CurveDataset) -> Experiment:
    """The run that fits a line to the curve that is shown: of the lecture's own, the one that linear-limits shows.

    Of any other, x is measured from 0 to 1 along what is shown: gradient descent finds the line however wide that is.
    """
    if dataset.curve() == red_curve() and dataset.range == red_curve().range_around():
        return line_through_dots(red_curve())
    shares, y = np.linspace(0.0, 1.0, POINTS), dataset.curve()(np.linspace(*dataset.range, POINTS))
    knots = tuple(zip(shares.tolist(), y.tolist(), strict=True))
    return line_run(CurveDataset(knots=knots, examples=POINTS, low=0.0, high=1.0), LINE_START_SEED)
