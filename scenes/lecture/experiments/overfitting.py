"""The scene overfitting: a curve that goes through every dot, and the same seen in the losses of a training."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np
from gradreel.core.analysis.results import LossByEpoch, Result, loss_by_epoch
from gradreel.core.arrays import FloatArray
from gradreel.core.curves.line_fit import noisy_dataset
from gradreel.core.datasets import CurveDataset
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import predict
from gradreel.core.trace.trace import Trace
from gradreel.scenes import style
from gradreel.scenes.lecture.experiments.networks_scene import DepthsParameters, NetworksScene
from gradreel.scenes.lecture.experiments.pictures.loss_scale import loss_grid, loss_labels, loss_ticks
from gradreel.scenes.lecture.experiments.pictures.one_run import BOX, RunLines, epoch_axis
from gradreel.scenes.lecture.runs import red_curve
from gradreel.scenes.mobjects.depth_lines import KINDS, most_of
from gradreel.scenes.mobjects.network_parts import patched
from gradreel.scenes.mobjects.pace import even_pace, recorded_row, state_at
from gradreel.scenes.mobjects.plot import Plot, dashed, ring, segment
from gradreel.scenes.mobjects.text import Number, TextMobject, words
from gradreel.scenes.mobjects.ticks import round_labels
from gradreel.scenes.style import emphasis, emphasize, mix, palette
from gradreel.scenes.words.claims import Claim, claim, decreasing
from gradreel.scenes.words.numbers import number_text
from manim import (
    DOWN,
    UP,
    Animation,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    ManimColor,
    ReplacementTransform,
    Restore,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    linear,
    rush_into,
    smooth,
    squish_rate_func,
)
from pydantic import BaseModel

SEEN, VALIDATION = KINDS
RUN_LEFT, RUN_RIGHT = BOX[:2]
STATES = 80  # at which the losses are drawn, at most, and where that of validation days is least
FALL_SECONDS, TURN_SECONDS, BACK_SECONDS = 6.5, 5.5, 1.6
SLOW_START = 1.8  # epochs pass as this power of the time: the first ones, in which most happens, take longest
WORD_FROM, WORD_FADING = 0.45, 0.1  # of a walk: when a line gets its word
TERM = 48
UNDER_FLOOR = 0.25  # from the line of one who knows the rule down to its name's baseline
NO_BETTER = 0.98  # of the validation loss before: what is not lower than this share is no better

N_DOTS, CHANCE, DOTS_SEED, NEW_DOTS_SEED = 18, 0.5, 3, 100
RULE = red_curve()
DOTS, NEW_DOTS = (
    noisy_dataset(RULE, RULE.range_around()[1], CHANCE, seed, N_DOTS) for seed in (DOTS_SEED, NEW_DOTS_SEED)
)
DOTS_RUN = Experiment(
    dataset=DOTS,
    hidden=(100, 100),
    activation="relu",
    optimizer="adam",
    learning_rate=0.003,
    epochs=2000,
    keep={"every": 20},
)
"""The run that first finds the rule behind 18 dots, then learns their chance by heart."""
WHOLE, LEFT, RIGHT = (-6.3, 6.3, -3.2, 2.6), (-6.3, -0.5, -2.4, 2.1), (0.5, 6.3, -2.4, 2.1)
VIEWS = (0.0, 5.4)  # y of the plot of dots
SAMPLES, DOT, NEW_DOT = 400, 0.1, 0.1
LATE = squish_rate_func(smooth, 0.5, 1.0)
THINK = 2.5  # seconds for a question
FALLS_FROM = 3.8  # where new dots come from


class DotPicture(VGroup):
    """Axes, a rule, dots around it, and the curve of a network with parameters ``theta`` (P,), in a box.

    Parts: ``axes``, ``rule``, ``dots``, ``blue``; made on demand: `new_dots` and the gaps to them.
    """

    def __init__(self, theta: FloatArray, box: style.Box) -> None:
        super().__init__()
        left, right, bottom, top = box
        self.axes = Plot(DOTS.range, VIEWS, left=left, right=right, bottom=bottom, top=top, x_label=None)
        x = self.axes.sample(SAMPLES)
        self.rule = self.axes.curve(x, RULE(x), palette.red)
        self.dots = self._dots(DOTS.labels(), palette.red)
        self.blue = self.axes.curve(x, x, palette.blue)
        self.show(theta)
        self.add(self.axes, self.rule, self.dots, self.blue)

    def show(self, theta: FloatArray) -> None:
        """Move the blue curve to that of ``theta`` (P,)."""
        x = self.axes.sample(SAMPLES)
        self.axes.set_curve(self.blue, x, np.clip(predict(DOTS_RUN, theta, DOTS.features_at(x)), *VIEWS))

    def _dots(self, y: FloatArray, fill: ManimColor) -> VGroup:
        dots = (ring(at, DOT, palette.red, fill) for at in self.axes.at(DOTS.x(), y))
        return VGroup(*dots)

    def new_dots(self) -> VGroup:
        """Hollow dots, by the same rule at the same places, with new chance."""
        return self._dots(NEW_DOTS.labels(), palette.background)

    def gaps(self, theta: FloatArray) -> VGroup:
        """An upright line from the curve of ``theta`` to each new dot."""
        x = DOTS.x()
        ends = self.axes.at(x, predict(DOTS_RUN, theta, DOTS.features())), self.axes.at(x, NEW_DOTS.labels())
        return VGroup(
            *(segment(start, end, palette.text, style.SECOND_CURVE) for start, end in zip(*ends, strict=True))
        )


def missed(theta: FloatArray, dots: CurveDataset) -> FloatArray:
    """(...,): by how much the curve of ``theta`` (..., P) misses ``dots`` on average."""
    return np.abs(predict(DOTS_RUN, theta, DOTS.features()) - dots.labels()).mean(axis=-1)


class Overfitting(NetworksScene):
    """One training to its end on seen and on validation days, and where to stop it.

    The training is the first run of the largest network: it goes further than to the epoch that is chosen.
    """

    Parameters = DepthsParameters

    @classmethod
    def experiments(cls, parameters: BaseModel) -> dict[str, Experiment]:
        return super().experiments(parameters) | {"dots": DOTS_RUN}

    def claims(self) -> Iterator[Claim]:
        states, (early, late) = np.asarray(self.dots_trace.parameters), (self.early, -1)
        new, old = missed(states, NEW_DOTS), missed(states, DOTS)
        chance = float(np.abs(RULE(DOTS.x()) - NEW_DOTS.labels()).mean())
        told = {"of_new_dots": new[[early, late]], "of_learned_dots": old[[early, late]], "of_the_rule": chance}
        yield claim(
            "rule-found", "the curve is about as near to new dots as the rule", new[early] < 1.1 * chance, **told
        )
        yield claim("through-dots", "the late curve goes through nearly every dot", old[late] < 0.1 * CHANCE, **told)
        yield claim("new-dots-early-better", "the early curve misses new dots by less", new[early] < new[late], **told)

        seen, validation, floor = self.losses.training, self.losses.validation, self.floor
        assert floor is not None, "the lesson's days are made up"
        quarters = [float(part.mean()) for part in np.array_split(seen[1:], 4)]
        yield claim("seen-falls", "from quarter to quarter the loss falls", decreasing(quarters), quarters=quarters)
        heart = {"losses": seen[[self.settled, -1]], "floor": floor.training}
        yield claim("seen-falls", "the network gets far below the floor", seen[-1] < 0.8 * floor.training, **heart)
        rest = validation[self.settled :]
        parts = [float(part.mean()) for part in np.array_split(rest, min(3, len(rest)))]
        flat = len(parts) == 3 and min(parts) > NO_BETTER * parts[0]
        yield claim("validation-turns", "from there on it gets no better", flat, thirds=parts)
        falls = seen[-1] < 0.8 * seen[self.settled]
        yield claim("stop", "only the loss on days learned from still falls", flat and falls, thirds=parts, **heart)

    def construct(self) -> None:
        self._prepare()
        self._rule_beat()
        self._through_beat()
        self._new_dots_beat()
        self._seen_beat()
        self._validation_beat()
        self._stop_beat()
        self.hand_on(self.axis)

    @cached_property
    def dots_trace(self) -> Trace:
        """The run on the small example."""
        return self.trace("dots")

    @cached_property
    def early(self) -> int:
        """The kept state of the small example that misses new dots by least."""
        return int(np.argmin(missed(np.asarray(self.dots_trace.parameters), NEW_DOTS)))

    @cached_property
    def losses(self) -> LossByEpoch:
        """The losses of the run at the states that are drawn."""
        return loss_by_epoch(self.traces_of(self.largest.network)[0], STATES, self.largest.rows[0])

    @cached_property
    def lowest(self) -> int:
        """The index in `losses` of the lowest validation loss; the random start does not count."""
        return 1 + int(np.argmin(self.losses.validation[1:]))

    @cached_property
    def settled(self) -> int:
        """The index in `losses` from which the validation loss gets no better: it has come down to its later mean."""
        later = self.losses.validation[self.lowest :]
        return 1 + int(np.argmax(self.losses.validation[1:] <= later.mean()))

    @property
    def turn(self) -> float:
        """The epoch of the lowest validation loss."""
        return float(self.losses.epoch[self.lowest])

    @property
    def least(self) -> float:
        """The lowest validation loss, in views."""
        return float(self.losses.validation[self.lowest])

    def _prepare(self) -> None:
        most = most_of({kind: np.array([getattr(result, kind).mean for result in self.outcome]) for kind in KINDS})
        self.marks: list[VMobject] = []
        self.run = RunLines(BOX, most, self.losses)
        ticks = loss_ticks(most, self.written)
        self.grid = loss_grid(ticks, self._height, RUN_LEFT, RUN_RIGHT)
        self.scale_labels = loss_labels(ticks, self._height, RUN_LEFT, BOX[3], self.screen("loss"))
        self.axis = epoch_axis()
        self.epochs = self._epochs()
        self.words = {kind: patched(words(self.screen(key), style.LABEL, palette.blue)) for kind, key in (
            (SEEN, "seen"), (VALIDATION, "validation")
        )}  # fmt: skip

    @property
    def largest(self) -> Result:
        """The network one of whose runs is looked at."""
        return self.outcome[-1]

    # -- beats: a small example ----------------------------------------------------------------------------------------

    def _rule_beat(self) -> None:
        with self.beat("rule-found", pause="short"):
            # A rule, and dots that chance moves off it. The rule steps back; a recorded run finds it again
            states = self.dots_trace.parameters
            picture = self.picture = DotPicture(states[0], WHOLE)
            self.play(*self.next_heading(self.screen("heading-dots")), FadeIn(picture.axes), run_time=0.6)
            self.play(Create(picture.rule), run_time=1.2)
            at_rule = picture.axes.at(DOTS.x(), RULE(DOTS.x()))
            for dot, place in zip(picture.dots, at_rule, strict=True):
                dot.save_state()
                dot.move_to(place)
            self.play(LaggedStart(*(FadeIn(dot, scale=2) for dot in picture.dots), lag_ratio=0.1), run_time=1.0)
            self.play(LaggedStart(*(Restore(dot) for dot in picture.dots), lag_ratio=0.1), run_time=1.6)
            self.until("learn")
            self.count = self._update_counter()
            self.play(emphasis(picture.rule, style.FAINT), Create(picture.blue), FadeIn(self.count), run_time=0.8)
            self._train(0, self.early, 3.0)

    def _through_beat(self) -> None:
        with self.beat("through-dots"):
            # The same run goes on. A ghost stays of what it was; in the end blue goes through the dots
            picture = self.picture
            self.ghost = picture.blue.copy().set_stroke(mix(palette.blue, style.DIM), style.GHOST_CURVE)
            self.add(self.ghost, picture.blue, picture.dots)
            self._train(self.early, len(self.dots_trace.kept) - 1, 5.5)

    def _new_dots_beat(self) -> None:
        with self.beat("new-dots-early-better", pause="long"):
            # Early and late side by side. New dots fall in, alike for both; then what each misses them by
            states = np.asarray(self.dots_trace.parameters[[self.early, -1]])
            self.pair = [DotPicture(theta, box) for theta, box in zip(states, (LEFT, RIGHT), strict=True)]
            for side in self.pair:
                emphasize(side.rule, style.FAINT)
            self.play(*self._parted(), *self.next_heading(self.screen("heading-trust")), run_time=1.2)
            self.remove(*self.mobjects)
            self.add(self.title, *self.pair)
            names = [self._over(side, key) for side, key in zip(self.pair, ("early", "late"), strict=True)]
            fresh = [side.new_dots() for side in self.pair]
            self.play(*map(FadeIn, names), run_time=0.4)
            falls = (FadeIn(dots, shift=FALLS_FROM * DOWN, rate_func=rush_into) for dots in fresh)
            self.play(*(emphasis(side.dots, style.FAINT) for side in self.pair), *falls, run_time=1.2)
            self.until("gaps")
            gaps = [side.gaps(theta) for side, theta in zip(self.pair, states, strict=True)]
            self.add(*gaps, *fresh)
            self.play(*(Create(lines, lag_ratio=0.1) for lines in gaps), run_time=1.6)
            told = [
                self._under(side, self.screen("misses", gap=number_text(float(gap), 2)))
                for side, gap in zip(self.pair, missed(states, NEW_DOTS), strict=True)
            ]
            self.play(*(FadeIn(text, shift=0.15 * UP) for text in told), run_time=0.6)
            self.until("trust")
            self.wait(THINK)

    def _over(self, side: DotPicture, key: str) -> TextMobject:
        """Which state of the run a picture shows."""
        left, right, _, top = side.axes.box
        update = number_text(int(self.dots_trace.kept[self.early if key == "early" else -1]))
        return words(self.screen(key, update=update), style.LABEL + 4).place(top + 0.25, center=(left + right) / 2)

    def _under(self, side: DotPicture, text: str) -> VGroup:
        """What a picture's curve misses new dots by, beside such a dot."""
        left, right, bottom, _ = side.axes.box
        told = words(text, style.LABEL + 6).place(bottom - 0.7, center=(left + right) / 2 + 0.2)
        dot = ring(told.get_left() - np.array([0.35, 0, 0]), NEW_DOT, palette.red)
        return VGroup(dot, told)

    def _parted(self) -> list[Animation]:
        """The large picture becomes two: the ghost goes to the early one, blue to the late one."""
        picture, (early, late) = self.picture, self.pair
        moves = [FadeOut(self.count)]
        for part in ("axes", "rule", "dots"):
            whole = getattr(picture, part)
            moves.append(ReplacementTransform(whole.copy(), getattr(early, part)))
            moves.append(ReplacementTransform(whole, getattr(late, part)))
        return [*moves, ReplacementTransform(self.ghost, early.blue), ReplacementTransform(picture.blue, late.blue)]

    def _update_counter(self) -> VGroup:
        number = Number(int(self.dots_trace.kept[-1]), 0, 32, group=True)
        number.place(style.HEADING_BASELINE, style.RIGHT_EDGE)
        name = words(self.screen("update"), 32).place(style.HEADING_BASELINE, right=float(number.get_left()[0]) - 0.2)
        return VGroup(name, number.set_value(0))

    def _train(self, first: int, last: int, seconds: float) -> None:
        """The blue curve goes from one kept state to another, and the count of updates with it."""
        trace, pace = self.dots_trace, even_pace(self.dots_trace, first, last)

        def show(_: VMobject, share: float) -> None:
            row = pace.row(share)
            self.picture.show(state_at(trace, row))
            self.count[1].set_value(int(trace.kept[recorded_row(row)]))

        moving = UpdateFromAlphaFunc(VGroup(self.picture.blue, self.count[1]), show)
        self.play(moving, run_time=seconds, rate_func=linear)

    # -- beats: the channel --------------------------------------------------------------------------------------------

    def _seen_beat(self) -> None:
        with self.beat("seen-falls", pause="short", **self.spoken("one", self.largest)):
            # One training of the channel's networks, on the days that it learns from: its loss falls on and on, below
            # what one who knows the rule misses these days by
            self.note = self.data_note()
            gone = [FadeOut(part, run_time=0.5) for part in self.mobjects if part is not self.title]
            coming = (self.note, self.grid, self.scale_labels, self.axis, self.epochs)
            heading = self.next_heading(self.screen("heading"))
            self.play(*gone, *heading, *(FadeIn(part, rate_func=LATE) for part in coming), run_time=1.0)
            self._walk(SEEN, 0.0, self.run.last, FALL_SECONDS, SLOW_START)
            if self.floor is not None and not self.other_data:
                self.until("floor")
                learned = self.run.learned_below(self.floor.training)
                line, name = self._floor_line(self.floor.training, SEEN)
                self.add(learned, self.run.lines[SEEN], self.run.tips[SEEN])
                self.play(Create(line), FadeIn(name), FadeIn(learned), run_time=1.2)
                self.marks += [line, name, learned]

    def _validation_beat(self) -> None:
        settled = float(self.losses.epoch[self.settled])
        with self.beat("validation-turns", turn=number_text(round(settled)), least=self.written(self.least)):
            # The same training on validation days: down, and then on at one level, far above its own floor
            self._walk(VALIDATION, 0.0, self.run.last, TURN_SECONDS, SLOW_START)
            self.until("settled")
            level = float(self.losses.validation[self.settled :].mean())
            start, end = self.run.plot.at([settled, self.run.last], [min(level, self.run.plot.y_range[1])] * 2)
            flat = segment(start, end, mix(palette.text, style.DIM), style.AXIS)
            label = self._epoch_label(settled)
            near = [tick for tick in self.epochs if self._near(tick, label)]
            upright = dashed((start[0], BOX[2], 0), start, mix(palette.text, 0.75))
            self.play(*map(FadeOut, near), FadeIn(label), Create(upright), run_time=0.6)
            self.epochs.remove(*near)
            self.play(Create(flat), run_time=1.2)
            self.marks += [upright, label, flat]
            if self.floor is not None and not self.other_data:
                line, name = self._floor_line(self.floor.validation, VALIDATION)
                self.play(Create(line), FadeIn(name), run_time=0.8)
                self.marks += [line, name]

    def _stop_beat(self) -> None:
        with self.beat("stop", pause="long", turn=number_text(round(self.turn))):
            # The word for it, between the lines that have parted. Then the run goes back to its lowest loss on
            # validation days: these numbers are kept
            if self.holds("stop"):
                self.until("term")
                term = self._term()
                self.play(FadeIn(term, shift=0.15 * UP), run_time=0.6)
                self.marks.append(term)
            self.until("stop")
            self.ghosts = self.run.ghosts()
            self.add(self.ghosts, *self.marks, self.run)

            def back(_: VMobject, share: float) -> None:
                for kind in KINDS:
                    self.run.show(kind, self.run.last + share * (self.turn - self.run.last))

            self.play(UpdateFromAlphaFunc(self.run, back, run_time=BACK_SECONDS, rate_func=smooth))
            around = ring(self.run.plot.at(self.turn, min(self.least, self.run.plot.y_range[1])), 0.16, palette.text)
            label = self._epoch_label(self.turn)
            near = [part for part in (*self.epochs, *self.marks) if isinstance(part, TextMobject)]
            leaving = [part for part in near if part.get_y() < BOX[2] and self._near(part, label)]
            self.play(Create(around), FadeIn(label), *map(FadeOut, leaving), run_time=0.8)
            self.kept = around, label
            self.wait(1.0)

    # -- one training --------------------------------------------------------------------------------------------------

    def _height(self, views: float) -> float:
        return float(self.run.plot.at(0.0, views)[1])

    def _epochs(self) -> VGroup:
        """Round epochs under the axis, and at its end what they are."""
        name = words(self.screen("epoch"), style.TICK, palette.dim).place(BOX[2] - 0.4, right=style.RIGHT_EDGE)
        ticks = round_labels(0.0, self.run.last)
        texts = [
            words(text, style.TICK, palette.dim).place(BOX[2] - 0.4, center=float(self.run.plot.at(epoch, 0)[0]))
            for epoch, text in zip(ticks.values, ticks.labels, strict=True)
        ]
        return VGroup(*(text for text in texts if not self._near(text, name)), name)

    def _walk(self, kind: str, first: float, last: float, seconds: float, power: float = 1.0) -> None:
        """One loss goes on from one epoch to another; its word comes on the first walk, and goes along."""
        run, word = self.run, self.words[kind]
        parts = VGroup(run.lines[kind], run.tips[kind], *([word] if first > 0 else []))

        def show(_: VMobject, share: float) -> None:
            epoch = first + (last - first) * share**power
            run.show(kind, epoch)
            run.put_word(word, kind, epoch)

        rate = squish_rate_func(smooth, WORD_FROM, WORD_FROM + WORD_FADING)
        coming = [FadeIn(word, run_time=seconds, rate_func=rate)] if first == 0 else []
        show(parts, 0.0)
        walk = UpdateFromAlphaFunc(parts, show, run_time=seconds, rate_func=linear)
        self.play(*coming, walk)  # in this order: what fades in is then put in its place
        self.add(*parts, word)

    def _epoch_label(self, epoch: float) -> TextMobject:
        """An epoch's name under the axis."""
        text = f"{self.screen('epoch')} {number_text(round(epoch))}"
        return words(text, style.TICK).place(BOX[2] - 0.4, center=float(self.run.plot.at(epoch, 0)[0]))

    @staticmethod
    def _near(one: TextMobject, other: TextMobject) -> bool:
        """Whether two words in one row are too near to each other to be read."""
        return bool(abs(one.get_x() - other.get_x()) < (one.width + other.width) / 2 + 0.15)

    def _term(self) -> TextMobject:
        """The word, between the two lines where they end, over the floors."""
        left = float(self.run.plot.at(self.turn, 0)[0])
        ends = [float(self.run.reached(kind, self.run.last)[1]) for kind in KINDS]
        return words(self.screen("term"), TERM).place(sum(ends) / 2 - 0.1, center=(left + RUN_RIGHT) / 2)

    def _floor_line(self, views: float, kind: str) -> tuple[VMobject, TextMobject]:
        """A dashed line across the plot at the loss of one who knows the rule; right of it what it is."""
        y = self._height(views)
        name = words(self.screen("floor", floor=self.written(views)), style.TICK)
        name.place(y - (UNDER_FLOOR if kind == SEEN else 0.0), right=style.RIGHT_EDGE)
        return dashed((RUN_LEFT, y, 0), (RUN_RIGHT, y, 0), palette.text), name
