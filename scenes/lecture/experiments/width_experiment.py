"""The scene width-experiment: the linear model and networks of ever more ReLUs, trained on daily views, compared."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Annotated, ClassVar

import numpy as np
from gradreel.core.analysis.compared_networks import Network, width_experiments
from gradreel.core.analysis.results import clearly_lower
from gradreel.core.choices import WIDTH, WIDTHS
from gradreel.core.daily.synthetic import LOW_WEEKDAYS, START, appetites, hump
from gradreel.scenes import style
from gradreel.scenes.lecture.experiments.bars_scene import FARTHER, BarsScene
from gradreel.scenes.lecture.experiments.networks_scene import MOST_NETWORKS, NetworksParameters, increasing
from gradreel.scenes.lecture.experiments.pictures.loss_bars import SEEN, UNSEEN, LossBar, loss_bars
from gradreel.scenes.lecture.experiments.pictures.usual_days import UsualDays
from gradreel.scenes.lecture.relu_blocks import first_layer
from gradreel.scenes.mobjects.plot import Plot, segment
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.mobjects.ticks import Ticks
from gradreel.scenes.style import DIM, FULL, emphasis, mix, palette
from gradreel.scenes.words.claims import Claim, claim, decreasing
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.network_words import network_words
from gradreel.scenes.words.numbers import number_text
from manim import (
    UP,
    Animation,
    AnimationGroup,
    Create,
    Dot,
    FadeIn,
    FadeOut,
    LaggedStart,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    linear,
)
from pydantic import Field, field_validator

RULE_BOX = (-5.6, 6.2, -2.0, 2.35)  # left, right, bottom, top
BEFORE, AFTER = (0.6, 1.3), (0.7, 1.5)  # on the axes: views of a day as shares of what is usual
DAYS_APART, DAY_DOT = 8, 0.07  # one in so many days is shown; its radius
Width = Annotated[int, Field(ge=0, le=2000)]


class RulePicture(VGroup):
    """The rule of the made-up channel: today's appetite for videos after yesterday's, and days scattered around it.

    Of the usual weekdays alone; on the two low ones the rule is reversed. Parts: ``plot``, ``names`` of its axes,
    ``rule``, ``dots``, and ``gaps``, from the rule to each dot.
    """

    def __init__(self, names: tuple[str, str], last: date) -> None:
        super().__init__()
        days = [i for i in range(1, (last - START).days) if (START + timedelta(days=i)).weekday() not in LOW_WEEKDAYS]
        days, appetite = days[::DAYS_APART], appetites()
        before, here = appetite[np.array(days) - 1], appetite[days]
        inside = (before > BEFORE[0]) & (before < BEFORE[1]) & (here > AFTER[0]) & (here < AFTER[1])
        before, here = before[inside], here[inside]
        expected = np.array([hump(u) for u in before])
        left, right, bottom, top = RULE_BOX
        ticks = Ticks((0.8, 1.0, 1.2), ("0.8", "1", "1.2"))
        ends = {"left": left, "right": right, "bottom": bottom, "top": top}
        self.plot = Plot(BEFORE, AFTER, **ends, x_ticks=ticks, y_ticks=ticks, x_label=None)
        self.names = VGroup(
            words(names[0], style.LABEL, palette.dim).place(bottom - 0.85, right=right),
            words(names[1], style.LABEL, palette.dim).place(top + 0.15, left=style.LEFT_EDGE),
        )
        x = self.plot.sample()
        self.rule = self.plot.curve(x, [hump(u) for u in x], palette.red)
        self.on_rule, self.off_rule = self.plot.at(before, expected), self.plot.at(before, here)
        ink = mix(palette.red, style.DIM)
        self.dots = VGroup(*(Dot(at, DAY_DOT, color=ink) for at in self.on_rule))
        pairs = zip(self.on_rule, self.off_rule, strict=True)
        self.gaps = VGroup(*(segment(start, end, palette.text, style.AXIS) for start, end in pairs))
        self.add(self.plot, self.names, self.rule, self.dots, self.gaps)

    def scatter(self) -> Animation:
        """Chance moves the dots from the rule to where the days really are, the left ones first."""
        late = 0.6 * (self.on_rule[:, 0] - self.plot.box[0]) / (self.plot.box[1] - self.plot.box[0])

        def show(_: VMobject, share: float) -> None:
            ways = np.clip((share - late) / 0.4, 0, 1)[:, None]
            for dot, at in zip(self.dots, self.on_rule + ways * (self.off_rule - self.on_rule), strict=True):
                dot.move_to(at)

        return UpdateFromAlphaFunc(self.dots, show, rate_func=linear)


class WidthExperiment(BarsScene):
    """The rule and its floor; networks of one hidden layer, ever wider: bars of both losses; what going on would do."""

    by: ClassVar = "width"

    class Parameters(NetworksParameters):
        widths: tuple[Width, ...] = Field(
            WIDTHS,
            min_length=2,
            max_length=MOST_NETWORKS,
            description="ReLUs in the hidden layer of each network, increasing; 0 is the linear model",
        )

        @field_validator("widths")
        @classmethod
        def _widths_increase(cls, widths: tuple[int, ...]) -> tuple[int, ...]:
            return increasing(widths)

        def networks(self) -> tuple[Network, ...]:
            return width_experiments(self.dataset, self.widths, self.seeds, self.epochs)

    def claims(self) -> Iterator[Claim]:
        linear, widest, best, floor = self.outcome[0], self.outcome[-1], self.best, self.floor
        assert floor is not None, "the lesson's days are made up"
        training = [result.training.mean for result in self.outcome]
        validation = [result.validation.mean for result in self.outcome]
        told = {"floor": floor.training, "filled": training}
        near = abs(training[-1] - floor.training) < 0.1 * floor.training
        yield claim("floor-near", "the widest network's loss comes near the floor", near, **told)
        above = len(training) > 1 and min(training[:-1]) > 1.1 * floor.training
        yield claim("floor-near", "the others' losses are clearly above it", above, **told)
        name = "training-falls"
        yield claim(name, "the line's filled bar is the highest", training[0] == max(training), filled=training)
        far = max(training[-2:]) < 0.6 * training[0]
        yield claim(name, "the widest two fit far better than the line", far, filled=training)

        name, data = "validation-falls-to-hundred", self.parameters.dataset
        views, dates = data.daily.array(), data.daily.dates()
        learned, kept = (float(views[np.isin(dates, part)].mean()) for part in (data.dates(), data.validation_dates()))
        yield claim(name, "validation days have more views", kept > learned, learned=learned, validation=kept)
        floors = {"floor_learned": floor.training, "floor_validation": floor.validation}
        yield claim(name, "gaps of the rule are larger on validation days", floor.validation > floor.training, **floors)
        to_best = validation[: self.outcome.index(best) + 1]
        helps = len(to_best) > 1 and decreasing(to_best) and clearly_lower(best.validation, linear.validation)
        yield claim(name, "each wider network has a lower outlined bar, up to the best", helps, outlined=validation)
        yield claim(name, "the widest is not the best", best is not widest, outlined=validation)

        told = {"filled": (widest.training.mean, widest.end.training.mean), "floor": floor.training}
        yield claim("by-heart", "the widest's filled bar sinks", decreasing(told["filled"]), **told)
        below = widest.end.training.mean < 0.9 * floor.training
        yield claim("by-heart", "in the end it is far below the floor", below, **told)
        outlined = (widest.validation.mean, widest.end.validation.mean)
        yield claim("by-heart", "its outlined bar gets higher", outlined[1] > outlined[0], outlined=outlined)

    def construct(self) -> None:
        self._prepare()
        if self.board.floor is not None:
            self._usual_beat()
            self._rule_beat()
        self._networks_beat()
        with self.beat("train"):
            self._train()
        self._training_beat()
        if self.board.floor is not None:
            self._floor_beat()
        self._validation_beat()
        if self.board.floor is not None:
            self._by_heart_beat()
        # The layer of the best network grows out of its bar, since stack-layers begins with this layer
        layer, best = first_layer(WIDTH), self.board.bars[self.outcome.index(self.best)][SEEN]
        self.hand_on(layer, coming=[FadeIn(layer, target_position=best.box, scale=0.2)])

    def _usual_beat(self) -> None:
        data, window = self.parameters.dataset, self.parameters.dataset.window
        with self.beat("usual", pause="short"):
            # The last days learned from, as many as a network sees, over what would be usual on each; then how far each
            # day lies off that
            picture = UsualDays(data, data.first_validation_date, window, self.screen("usual"), self.context.language)
            heading = self.next_heading(self.screen("heading-usual"))
            self.play(*heading, FadeIn(picture.plot, picture.usual_name), Create(picture.usual), run_time=1.6)
            self.until("day")
            self.play(FadeIn(picture.dots, lag_ratio=0.05), run_time=1.2)
            self.add(picture.apart, picture.usual, picture.dots)
            self.play(FadeIn(picture.apart, lag_ratio=0.05), run_time=1.2)
            self.wait(0.6)
        self.play(FadeOut(picture), run_time=0.5)

    def _rule_beat(self) -> None:
        with self.beat("rule", pause="short"):
            # The rule behind the made-up views, as a curve: a day after the day before, each as a share of what is
            # usual. Chance moves the days off it
            names = self.screen("rule-before"), self.screen("rule-after")
            picture = RulePicture(names, self.parameters.dataset.first_validation_date)
            note = self.data_caption("caption-rule")
            self.play(*self.next_heading(self.screen("heading-rule")), FadeIn(picture.plot, picture.names, note))
            self.play(Create(picture.rule), run_time=2.0)
            self.until("chance")
            self.play(FadeIn(picture.dots), run_time=0.6)
            self.play(picture.scatter(), run_time=2.4)
        with self.beat("miss", floor=self._about_the_floor()):
            # By these gaps even the rule misses
            self.add(picture.gaps, picture.rule, picture.dots)
            told = words(self.screen("rule-gap", floor=self._about_the_floor()), style.LETTER + 5)
            told.place(RULE_BOX[2] + 0.5, left=RULE_BOX[0] + 0.6)
            self.play(Create(picture.gaps, lag_ratio=0.02), FadeIn(told, shift=0.15 * UP), run_time=2.6)
        self.play(*map(FadeOut, (picture, told, note)), run_time=0.5)

    def _about_the_floor(self) -> str:
        """What the rule alone misses the days learned from by, in round views."""
        assert self.board.floor is not None
        return self.written(float(f"{self.board.floor:.2g}"))

    def _networks_beat(self) -> None:
        with self.beat("networks", pause="short", window=Count(self.parameters.dataset.window)):
            # The room sees how much wider is: a dot for each ReLU
            board = self.board
            self.play(*self._arrive(), FadeIn(board.names), run_time=1.4)
            self.until("dots")
            blocks = [FadeIn(block, shift=0.15 * UP) for block in board.blocks]
            self.play(LaggedStart(*blocks, lag_ratio=0.7), run_time=2.6)

    def _training_beat(self) -> None:
        with self.beat(
            "training-falls", pause="short", window=Count(self.parameters.dataset.window), **self.training_values()
        ):
            # Filled bars alone are bright; first the line's number, then those of the others
            first, *others = self.board.side(SEEN)
            self.play(*map(FadeOut, (*self.counter, *self.stopped)), *self._light(SEEN), run_time=0.5)
            self._numbers([first], 0.8)
            self.until("wide")
            self._numbers(others, 2.8)

    def _floor_beat(self) -> None:
        with self.beat("floor-near", floor=self._about_the_floor()):
            # Across each filled bar, what the rule alone would miss by on just these days
            self._draw_floor()

    def _validation_beat(self) -> None:
        with self.beat("validation-falls-to-hundred", pause="long", **self.validation_values()):
            # The outlined bars, and a ring at the best
            self.play(*self._light(UNSEEN), run_time=0.5)
            self._numbers(self.board.side(UNSEEN), 3.0)
            self._draw_validation_floor()
            self.until("best")
            self._ring_best()
            if self.holds("validation-falls-to-hundred"):
                best = network_words(self.best.network.hidden, self.by, self.context.language)
                self.play(*self.next_heading(self.screen("verdict", best=best)))

    def _by_heart_beat(self) -> None:
        end = self.outcome[-1].end
        values = {"filled": self.written(end.training.mean), "outlined": self.written(end.validation.mean)}
        values["epochs"] = number_text(self.parameters.epochs)
        with self.beat("by-heart", pause="long", **values, **self.spoken("widest", self.outcome[-1])):
            # The widest alone goes on to the last epoch: its filled bar sinks below the floor, the outlined one
            # rises. The heading asks how to go on
            board, widest, result = self.board, self.board.bars[-1], self.outcome[-1]
            back = [emphasis(part, DIM) for pair in board.bars[:-1] for bar in pair for part in bar]
            forth = [emphasis(part, FULL) for part in (*widest, *self.keys)]
            self.play(FadeOut(self.best_ring), *back, *forth, run_time=0.5)
            self.until("on")
            self.play(*(FadeOut(bar.value, bar.runs) for bar in widest), run_time=0.4)
            self._pass(min(result.epochs), FARTHER, 1.0, [widest])
            self.ends = self._ends()
            for bar, end in zip(widest, self.ends, strict=True):
                bar.rise(end.losses.mean)
            self.until("heart")
            if self.holds("by-heart"):
                self.play(*self.next_heading(self.screen("heading-heart")))
            told = [AnimationGroup(FadeIn(bar.runs), FadeIn(bar.value, shift=0.1 * UP)) for bar in self.ends]
            self.play(*told, run_time=1.4)

    def _ends(self) -> list[LossBar]:
        """The bars of the widest network after the last update, as they are to be seen then."""
        board, end = self.board, self.outcome[-1].end
        losses = [(result.training, result.validation) for result in self.outcome[:-1]]
        losses.append((end.training, end.validation))
        return list(loss_bars(board.columns, losses, self.written, board.floor)[-1])
