"""The closing: from a line to layers, three steps, what is chosen by hand; and the question of the beginning."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Self

import numpy as np
from gradreel.core.analysis.compared_networks import Network, depth_experiments
from gradreel.core.arrays import evenly_spaced_indices
from gradreel.core.choices import EPOCHS, SEEDS, WIDTH
from gradreel.core.curves.line_fit import line_run
from gradreel.core.daily.views import DailyViews
from gradreel.core.datasets import CurveDataset
from gradreel.core.experiment import Experiment
from gradreel.core.network.activations import ACTIVATIONS
from gradreel.core.network.theta import loss
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene, need_curve
from gradreel.scenes.lecture.daily_data import Seed, data_caption, days_that_differ
from gradreel.scenes.lecture.opening.pictures.four_functions import FourFunctions
from gradreel.scenes.lecture.opening.pictures.last_days import LastDays
from gradreel.scenes.lecture.opening.pictures.last_guess import LABEL, Guess, Lens, flight, trained_network
from gradreel.scenes.lecture.opening.pictures.run_numbers import RunNumbers
from gradreel.scenes.lecture.runs import LINE_START_SEED, THREE_DAYS, line_through_dots, red_curve
from gradreel.scenes.lecture.three_days import bare_network
from gradreel.scenes.mobjects.motif import Motif
from gradreel.scenes.mobjects.network_parts import Pulse
from gradreel.scenes.mobjects.pace import recorded_row, stepwise
from gradreel.scenes.mobjects.plot import ring
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.mobjects.three_steps import ThreeSteps
from gradreel.scenes.style import DIM, emphasis, palette
from gradreel.scenes.words.claims import Claim, claim, decreasing
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.numbers import number_text
from manim import (
    UP,
    Create,
    FadeIn,
    FadeOut,
    GrowFromCenter,
    ReplacementTransform,
    Transform,
    UpdateFromAlphaFunc,
    VGroup,
    rush_into,
    smooth,
    squish_rate_func,
)
from manim.utils.rate_functions import ease_in_out_sine
from pydantic import Field, field_validator, model_validator

LINES = (-1.72, -2.26)  # baselines in a card, where its formula was
POINTS = 81  # of a curve of one's own, that a line is fitted to
CHOSEN = (("layers", "neurons"), ("error",), ("learning-rate", "batch-size"))  # in each step
STEP_MARKS = ("function", "loss", "best")
CURVE_TOP = 0.55  # below the numbers of the run
DOWNHILL_STATES = 25  # of the run, at which its loss is compared
WALK_SECONDS = 4.6
QUIET = 1.0  # seconds in which nobody speaks, when blue lies on red
NETWORK_BOX = (-5.4, 4.9, 0.75, 2.75)  # left, right, bottom, top; above the days
DAYS_BOX = (style.LEFT_EDGE + 0.72, 5.85, -2.7, -0.35)
SIDE_BOX = (style.LEFT_EDGE + 0.72, 0.4, -2.7, 2.2)  # of the days beside the lens
LENS_BOX = (1.55, 2.75, -2.7, 2.6)
FLIGHT_SECONDS, SMALL_RING = 3.0, 0.1
SILENCE = 1.5  # seconds between the guess and the truth
LATE = squish_rate_func(smooth, 0.5, 1.0)
LAST_LOOK = 1.5  # seconds that the film's last picture stays when all is said


class Summary(LectureScene):
    """From a line to layers; three steps and what is chosen by hand; the curve and the question of the beginning."""

    class Parameters(LectureScene.Parameters):
        run: Experiment = Field(Experiment(), description="The training run whose pictures stand for the three steps")
        dataset: DailyViews = Field(DailyViews(), description="The daily views whose last days are shown")
        depth: int = Field(3, ge=0, le=20, description="Hidden layers of the network that guesses; 0: the linear model")
        width: int = Field(WIDTH, ge=1, le=1000, description="ReLUs in each of them")
        seeds: tuple[Seed, ...] = Field(
            SEEDS, min_length=1, max_length=10, description="Seeds: the first guesses, all tell what miss to expect"
        )
        epochs: int = Field(EPOCHS, ge=1, le=100_000, description="Passes of each run over the days trained on")

        def network(self) -> Network:
            """The network that guesses the last day, one of those that the comparison of depths has."""
            (network,) = depth_experiments(self.dataset, (self.depth,), self.width, self.seeds, self.epochs)
            return network

        @field_validator("dataset")
        @classmethod
        def _days_differ(cls, dataset: DailyViews) -> DailyViews:
            return days_that_differ(dataset)

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
        network = parameters.network()
        runs = {network.run_name(run): run for run in network.experiments}
        return {"run": parameters.run, "line": line_on(data), **runs}

    @cached_property
    def guess(self) -> Guess:
        """What the network makes of the last day of the series."""
        network = self.parameters.network()
        return Guess.of(network, [self.trace(network.run_name(run)) for run in network.experiments])

    def claims(self) -> Iterator[Claim]:
        run = self.trace("run")
        losses = loss(run.experiment, run.parameters[evenly_spaced_indices(len(run.kept), DOWNHILL_STATES)])
        yield claim("curve", "the loss goes down all the way", decreasing(losses), losses=losses)
        guess = self.guess
        assert guess.rule is not None, "the lesson's days are made up"
        told = {"guess": guess.prediction, "rule": guess.rule, "truth": guess.truth}
        between = (guess.truth - guess.rule) * (guess.rule - guess.prediction) > 0
        yield claim("truth-partly-chance", "the rule lies between the guess and the truth", between, **told)

    def construct(self) -> None:
        self.run = self.trace("run")
        dataset, language = self.parameters.dataset, self.context.language
        self.days = LastDays(dataset, self.screen("today"), language, DAYS_BOX)
        self.network = trained_network(self.guess, NETWORK_BOX)
        self.lens = Lens(self.guess, LENS_BOX, self._lens_words())
        self._thread_beat()
        self._steps_beat()
        self._curve_beat()
        self._answer_beat()
        self._guess_beat()
        self._truth_beat()
        self._next_beat()

    def _thread_beat(self) -> None:
        said = {"activation": ACTIVATIONS[self.run.experiment.activation].name}
        with self.beat("thread", **said):
            # The network of backprop goes to the last of four places. The functions come, each better than the one
            # before: a line, pieces, a sum of sigmoids; in the end, the network grows to layers of ReLUs
            large = depth_experiments(depths=(3,))[0].experiments[0]
            widths = (large.dataset.n_features, *large.hidden, 1)
            learned = "sum-other" if self.other_data else "sum"
            keys = ("line", "pieces", learned, "stack")
            self.functions = FourFunctions(self.trace("line"), self.run, widths, [self.screen(k, **said) for k in keys])
            before, last = bare_network(THREE_DAYS), self.functions.network
            self.add(before)
            small = before.animate.scale(last.width / before.width).move_to(last)
            self.play(*self.next_heading(self.screen("heading-thread")), small, run_time=1.0)
            for k, panel in enumerate(self.functions):
                self.until(keys[k].removesuffix("-other"))
                others = [emphasis(self.functions[k - 1], DIM)] if k else []
                if panel is self.functions[-1]:
                    others.append(FadeOut(before))
                self.play(FadeIn(panel, shift=0.15 * UP), *others, run_time=0.8)

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
        with self.beat("curve", pause="long"):
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
        fields = {"days": Count(self.parameters.dataset.window), "count": number_text(self.guess.run.n_parameters)}
        with self.beat("answer", pause="long", **fields):
            # The days of the title, the last one missing. They fly into the trained network, whose edges are as thick
            # as its weights are large, and run through it, layer by layer
            self.caption = data_caption(self, self.parameters.dataset, "days")
            coming = [FadeIn(part, rate_func=LATE) for part in (self.days, self.caption, self.network)]
            gone = [FadeOut(part, run_time=0.5) for part in (self.motif, self.numbers)]
            self.title = None  # the last heading left when the curve came
            self.play(*gone, *coming, *self.next_heading(self.screen("heading-answer")), run_time=1.2)
            self.until("days")
            self.play(flight(self.days.dots, self.network.columns[0]), run_time=FLIGHT_SECONDS)
            for edges in self.network.edges:
                self.play(Pulse(edges, palette.blue).run())
            self.until("numbers")
            self.found = words(self.screen("found", **fields), style.LABEL + 4, palette.orange)
            self.found.place(style.HEADING_BASELINE, right=style.RIGHT_EDGE)
            self.play(FadeIn(self.found, shift=0.15 * UP), run_time=0.6)

    def _guess_beat(self) -> None:
        guess, days, lens = self.guess, self.days, self.lens
        with self.beat("guess", guess=guess.counted(guess.prediction), miss=guess.written(guess.miss)):
            # What comes out falls into the place of the question mark. The days make room for a lens on that place, and
            # the miss to expect becomes a band around the guess
            output = self.network.columns[-1].nodes[0]
            small = ring(output.get_center(), SMALL_RING, palette.blue)
            number = words(guess.counted(guess.prediction), LABEL, palette.blue)
            number.place(output.get_top()[1] + 0.2, center=output.get_x())
            self.play(FadeIn(number, shift=0.15 * UP), run_time=0.5)
            place = days.plot.at(days.plot.x_range[1], guess.prediction)
            self.play(small.animate(rate_func=ease_in_out_sine).move_to(place), FadeOut(days.mark), run_time=1.2)
            days.remove(days.mark)
            closer = LastDays(self.parameters.dataset, self.screen("today"), self.context.language, SIDE_BOX)
            moved = [Transform(getattr(days, part), getattr(closer, part)) for part in ("line", "dots")]
            gone = [FadeOut(part, run_time=0.6) for part in (days.plot, days.today, self.network, self.found)]
            new_place = closer.plot.at(closer.plot.x_range[1], guess.prediction)
            self.play(
                *gone, *moved, FadeIn(closer.plot, rate_func=LATE), small.animate.move_to(new_place), run_time=1.4
            )
            window = lens.window(closer.plot)
            opened = ReplacementTransform(window[0].copy(), lens.frame)
            self.play(Create(window), opened, ReplacementTransform(small.copy(), lens.ring), run_time=1.2)
            self.play(ReplacementTransform(number, lens.labels["guess"]), run_time=0.8)
            self.until("miss")
            self.add(lens.band, lens.ring)
            self.play(GrowFromCenter(lens.band), FadeIn(lens.labels["miss"]), run_time=1.2)
            self.wait(SILENCE)

    def _truth_beat(self) -> None:
        guess, lens = self.guess, self.lens
        fields = {"truth": guess.counted(guess.truth), "gap": guess.written(guess.gap)}
        with self.beat("truth-partly-chance", **fields):
            # The true dot drops into the lens. The gap; and how much of it even the rule would have missed by
            lens.dot.save_state()
            lens.dot.set_y(style.HEADING_BASELINE + 1.2)
            self.play(lens.dot.animate(rate_func=rush_into).restore(), run_time=0.9)
            self.play(FadeIn(lens.labels["truth"], shift=0.15 * UP), run_time=0.5)
            self.until("gap")
            self.add(lens.gap, lens.ring, lens.dot)
            self.play(Create(lens.gap), run_time=0.8)
            if self.holds("truth-partly-chance"):
                self.until("rule")
                self.play(Create(lens.rule), FadeIn(lens.labels["rule"]), run_time=0.8)
                self.until("chance")
                self.add(lens.chance, lens.dot)
                self.play(Create(lens.chance), FadeIn(lens.labels["chance"]), run_time=1.0)

    def _next_beat(self) -> None:
        with self.beat("next", pause="long"):
            # The rest of the gap stays: it is what a better network would still find
            credit = words(self.screen("credit"), style.CAPTION + 2, palette.dim)
            credit.place(style.CAPTION_BASELINE, right=style.RIGHT_EDGE)
            wider = self.lens.gap.animate.set_stroke(width=2 * style.MAIN_CURVE)
            self.play(wider, FadeIn(credit), run_time=1.0)
            self.hand_on(*self.mobjects)  # the film's last picture stays as it is, its heading too
        self.wait(LAST_LOOK)

    def _lens_words(self) -> dict[str, str]:
        """What stands beside the column of the lens."""
        guess = self.guess
        values = {"guess": guess.counted(guess.prediction), "truth": guess.counted(guess.truth)}
        values["miss"] = guess.written(guess.miss)
        if guess.rule is not None:
            values |= {"rule": guess.counted(guess.rule), "chance": guess.written(abs(guess.truth - guess.rule))}
        return {name: self.screen(name, views=text) for name, text in values.items()}


def line_on(dataset: CurveDataset) -> Experiment:
    """The run that fits a line to the curve that is shown: of the lecture's own, the one that linear-limits shows.

    Of any other, x is measured from 0 to 1 along what is shown: gradient descent finds the line however wide that is.
    """
    if dataset.curve() == red_curve() and dataset.range == red_curve().range_around():
        return line_through_dots(red_curve())
    shares, y = np.linspace(0.0, 1.0, POINTS), dataset.curve()(np.linspace(*dataset.range, POINTS))
    knots = tuple(zip(shares.tolist(), y.tolist(), strict=True))
    return line_run(CurveDataset(knots=knots, examples=POINTS, low=0.0, high=1.0), LINE_START_SEED)
