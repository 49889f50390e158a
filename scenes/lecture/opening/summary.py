"""The closing: the way from a line to layers, the three steps, what was chosen by hand, and what is left to ask."""

from __future__ import annotations

from typing import Self

import numpy as np
from gradreel.core.analysis.compared_networks import depth_experiments
from gradreel.core.analysis.results import lecture_losses
from gradreel.core.curves.line_fit import line_run
from gradreel.core.datasets import CurveDataset
from gradreel.core.experiment import Experiment
from gradreel.core.network.activations import ACTIVATIONS
from gradreel.core.network.theta import loss, predict
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene, need_curve
from gradreel.scenes.lecture.opening.pictures.four_functions import FourFunctions
from gradreel.scenes.lecture.opening.pictures.question_emblems import QuestionEmblems
from gradreel.scenes.lecture.opening.pictures.run_numbers import RunNumbers
from gradreel.scenes.lecture.runs import BATCH_QUIZ, LECTURE_DEPTHS, LINE_START_SEED, line_through_dots, red_curve
from gradreel.scenes.mobjects.carried_curve import Sight, carry
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.motif import Motif
from gradreel.scenes.mobjects.pace import recorded_row, stepwise
from gradreel.scenes.mobjects.readout import LossNumber
from gradreel.scenes.mobjects.text import formula, words
from gradreel.scenes.mobjects.three_steps import PLACE, VEILED, steps_heading, three_steps
from gradreel.scenes.style import DIM, FULL, emphasis, palette
from manim import (
    DOWN,
    RIGHT,
    UP,
    Animation,
    AnimationGroup,
    FadeIn,
    FadeOut,
    ReplacementTransform,
    UpdateFromAlphaFunc,
    VGroup,
    interpolate_color,
    linear,
    smooth,
    squish_rate_func,
)
from manim.utils.rate_functions import ease_out_sine
from numpy.typing import NDArray
from pydantic import Field, model_validator

LINES = (-1.72, -2.26)  # baselines in a card, where its formula was
POINTS = 81  # of a curve of one's own, that a line is fitted to
CHOSEN = (  # step, word: in the order in which they are spoken of
    (1, "layers"),
    (1, "neurons"),
    (2, "error"),
    (3, "learning-rate"),
    (3, "batch-size"),
)
SPOKEN = (2.6, 0.8)  # seconds until the first of them is named; from each to the next
STEPS_SPOKEN = (2.8, 1.7, 2.1)  # seconds that the first step, the second and the third are still spoken of
LOSS_DECIMALS = 3
CHECK_LINE = -3.35  # below the cards: it belongs to none of them
QUESTIONS = ("batches", "relu", "unseen", "deep")
LIFT = 0.8  # of the curve while it learns: its start lies so low that subtitles would cover it
FIRST_UPDATES, FIRST_SECONDS, WALK_SECONDS = 3, 2.6, 3.1  # looked at one by one; then all others
LAST_LOOK = 1.5  # seconds that the film's last picture stays when all is said


class Summary(LectureScene):
    """From a line to layers; three steps; what is chosen by hand; the run of the beginning; questions for next time."""

    class Parameters(LectureScene.Parameters):
        run: Experiment = Field(Experiment(), description="The training run whose pictures stand for the three steps")

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

    def construct(self) -> None:
        self.run = self.trace("run")
        self._thread_beat()
        self._steps_beat()
        self._chosen_beat()
        self._curve_beat()
        self._next_beat()

    def _thread_beat(self) -> None:
        said = {"activation": ACTIVATIONS[self.run.experiment.activation].name}
        with self.beat("thread", **said):
            # Four functions, each better than the one before: a line, pieces, a sum of sigmoids, layers
            large = depth_experiments(depths=(3,))[0].experiments[0]
            widths = (large.dataset.n_features, *large.hidden, 1)
            learned = "sum-other" if self.other_data else "sum"
            names = [self.screen(key, **said) for key in ("line", "pieces", learned, "stack")]
            self.functions = FourFunctions(self.trace("line"), self.run, widths, names)
            self.play(*self.next_heading(self.screen("heading-thread")))
            for k, panel in enumerate(self.functions):
                before = [emphasis(self.functions[k - 1], DIM)] if k else []
                self.play(FadeIn(panel, shift=0.15 * UP), *before, run_time=0.8)
                self.wait(0.8)

    def _steps_beat(self) -> None:
        with self.beat("steps"):
            # The map: its first card bright, whose curve changes with theta, then the second, whose errors shrink and
            # its loss with them, then the third, whose dot walks down; and at last all of them
            self.map = three_steps(self, self.run, 1)
            self._sum_becomes_a_step()
            number = self.loss = self._loss_number()

            def fit(seconds: float) -> Animation:
                trying = self.map.try_values(seconds, True, lambda theta: number[1].set_value(self._loss(theta)))
                return AnimationGroup(trying, UpdateFromAlphaFunc(number[1], lambda *_: None, run_time=seconds))

            moves = (self.map.change_theta, fit, self.map.walk)
            for move, step, spoken in zip(moves, (2, 3, None), STEPS_SPOKEN, strict=True):
                self.play(move(spoken))
                told = FadeIn(number) if step == 2 else emphasis(number, VEILED if step else FULL)
                self.play(self.map.focus(step), told, run_time=0.7)

    def _sum_becomes_a_step(self) -> None:
        """The sum's curve and axes go into the first card, what it learned into the second; all else changes around."""
        (old, band, blue), name = self.functions[2]
        first, second = self.map.card(1)[PLACE], self.map.card(2)[PLACE]
        axes = first[0]
        pairs = [(old.x_axis, axes.x_axis), (old.y_axis, axes.y_axis), (band, self.map.red), (blue, self.map.blue)]
        self.remove(self.functions[2])
        self.add(name, *(part for part, _ in pairs))
        axes.remove(axes.x_axis, axes.y_axis)  # these four come by themselves
        second.remove(self.map.red)
        first.remove(self.map.blue)
        gone = [FadeOut(part, run_time=0.4) for part in (self.functions[0], self.functions[1], self.functions[3], name)]
        going = [ReplacementTransform(part.set_z_index(1), place) for part, place in pairs]  # over the cards
        self.play(*gone, *self.next_heading(steps_heading(self)), FadeIn(self.map), *going)
        axes.add(axes.x_axis, axes.y_axis)
        second.insert(len(second) - 1, self.map.red)
        first.add(self.map.blue)
        self.add(self.map)  # in one piece

    def _loss(self, theta: NDArray) -> float:
        return float(loss(self.run.experiment, theta))

    def _loss_number(self) -> VGroup:
        """L = its value, live, in the upper right corner of the second card's picture."""
        picture = self.map.card(2)[PLACE]
        right, top = (float(edge) for edge in picture[0].get_corner(UP + RIGHT)[:2])
        losses = [self._loss(theta) for theta in (self.run.parameters[0], self.run.parameters[-1])]
        number = LossNumber(max(losses), LOSS_DECIMALS, style.TICK, palette.text).place(top - 0.14, right)
        name = formula("L =", style.TICK + 4).place(top - 0.14, right=float(number.get_left()[0]) - 0.1)
        number.set_value(self._loss(self.map.shown_theta()))
        return VGroup(name, number).set_z_index(1)  # over the card, which moves with it when all three are bright again

    def _chosen_beat(self) -> None:
        with self.beat("chosen"):
            # The formulas leave their cards; what people choose comes there line by line, each into its step as it is
            # named; and at the end, below all, what tells whether the choice was good
            cards = [self.map.card(step) for step in (1, 2, 3)]
            gone = (FadeOut(card[-1], run_time=0.5) for card in cards)
            start = self.time
            self.play(*gone, FadeOut(self.loss, run_time=0.5), *self.next_heading(self.screen("heading-chosen")))
            for card in cards:
                card.remove(card[-1])  # or it would come back when the whole map fades
            self.add(self.map)  # in one piece again, under what comes next
            lines = {step: iter(LINES) for step in (1, 2, 3)}  # one under the other
            self.chosen = [self.map.line(step, self.screen(key), next(lines[step])) for step, key in CHOSEN]
            self.wait(max(SPOKEN[0] - (self.time - start), 0.1))
            for text in self.chosen:
                self.play(FadeIn(text, shift=0.15 * UP), run_time=0.4)
                self.wait(SPOKEN[1] - 0.4)
            self.check = words(self.screen("unseen-days"), style.HEADING).place(CHECK_LINE, center=0.0)
            self.wait(1.2)
            self.play(FadeIn(self.check, shift=0.15 * UP), run_time=0.6)

    def _curve_beat(self) -> None:
        with self.beat("curve"):
            # The run of the beginning once more, from its random start to where it ended: out of the cards come the
            # curve that it began with and the red one, across the picture. Above them what is known by now, theta with
            # its gradient, and the loss. The first updates come one by one, then they race: the slopes become too small
            # for their row, so the length of all of them together stands there
            first = min(FIRST_UPDATES, len(self.run.kept) - 1)
            length = self.words_of.screen("gradient-descent", "length", self.context.language)
            motif = self.motif = Motif(self.run, ghosts=0, lift=LIFT)
            numbers = self.numbers = RunNumbers(self.run, self.screen("update"), length, first)
            late = squish_rate_func(smooth, 0.25, 0.9)
            coming = [FadeIn(part, rate_func=late, run_time=1.6) for part in (numbers.readout, numbers.strip)]
            gone = [FadeOut(part, run_time=0.6) for part in (*self.chosen, self.check, self.title)]
            self.play(*gone, *self._out_of_the_cards(motif, 1.3), *coming)
            motif.plot.set_curve(motif.red, motif.x, self.run.experiment.dataset.curve()(motif.x))
            self.play(FadeIn(numbers.slopes), run_time=0.3)
            self.add(motif, numbers)
            passed = motif.pace.share(first)

            def show(row: float) -> None:
                row = stepwise(row)
                motif.show(motif.pace.share(row))
                numbers.show(recorded_row(row))

            slowly = UpdateFromAlphaFunc(VGroup(motif, numbers), lambda _, share: show(share * first))
            self.play(slowly, run_time=FIRST_SECONDS, rate_func=linear)
            self.play(FadeOut(numbers.slopes), run_time=0.25)
            self.play(FadeIn(numbers.length), run_time=0.25)
            numbers.remove(numbers.slopes).add(numbers.length)
            self.add(numbers)  # in one piece again
            both = VGroup(motif, numbers)
            racing = UpdateFromAlphaFunc(both, lambda _, share: show(motif.pace.row(passed + share * (1 - passed))))
            self.play(racing, run_time=WALK_SECONDS, rate_func=ease_out_sine)

    def _out_of_the_cards(self, motif: Motif, seconds: float) -> list[Animation]:
        """The cards leave; the first state's curve and the red one grow from there to where ``motif`` has them."""
        run = self.run.experiment
        left, start, *_ = self.map.card(1)[PLACE]
        right, *_, red, fitted = self.map.card(2)[PLACE]
        self.map.card(1)[PLACE].remove(start)
        self.map.card(2)[PLACE].remove(red, fitted)
        self.add(motif.red, fitted, motif.blue)  # blue stays over red
        target, there = run.dataset.curve(), motif.plot
        wide = Sight(there.x_range, there.at, style.MAIN_CURVE)
        grown = carry(motif.blue, self._first_heights, Sight(left.x_range, left.at, style.GHOST_CURVE), wide)
        colors = (start.get_stroke_color(), palette.blue)
        brighter = UpdateFromAlphaFunc(
            motif.blue, lambda line, share: line.set_stroke(interpolate_color(*colors, share)), rate_func=smooth
        )
        wide = Sight(there.x_range, there.at, style.MAIN_CURVE + 1)
        before = Sight(right.x_range, right.at, style.SMALL_CURVE)
        carried = carry(motif.red, target, before, wide, tuple(target.x))
        going = [part.set_run_time(seconds) for part in (carried, grown, brighter)]
        return [*(FadeOut(part, run_time=0.7) for part in (self.map, fitted)), *going]

    def _first_heights(self, x: NDArray) -> NDArray:
        """What the run's first state draws."""
        run = self.run.experiment
        return predict(run, np.asarray(self.run.parameters[0]), run.dataset.features_at(x))

    def _next_beat(self) -> None:
        with self.beat("next"):
            # The curve settles where it was when the film began. Over it what is left to ask, one question after the
            # other, each under the picture that it comes from; then everything rests
            self.play(FadeOut(self.numbers, run_time=0.4), self.motif.animate.shift(LIFT * DOWN), run_time=0.6)
            self.play(*next_heading(self.screen("heading-next"))[1])
            known = np.array([lecture_losses(hidden) for hidden in LECTURE_DEPTHS], dtype=float)  # None is NaN
            losses = {"training": known[:, 0], "validation": known[:, 1]}
            questions = [self.screen(key) for key in QUESTIONS]
            self.emblems = QuestionEmblems(questions, BATCH_QUIZ, losses)
            for emblem in self.emblems:
                self.play(FadeIn(emblem, shift=0.15 * UP), run_time=0.6)
                self.wait(0.6)
            credit = words(self.screen("credit"), style.CAPTION + 2, palette.dim)
            self.play(FadeIn(credit.place(style.CAPTION_BASELINE, right=style.RIGHT_EDGE)), run_time=0.6)
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
