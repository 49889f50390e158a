"""The scene overfitting: one training to its end, what it has learned by heart, and where to stop."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np
from gradreel.core.analysis.results import LossByEpoch, Result, loss_by_epoch
from gradreel.scenes import style
from gradreel.scenes.lecture.experiments.networks_scene import DepthsParameters, NetworksScene
from gradreel.scenes.lecture.experiments.pictures.loss_bars import mark_of
from gradreel.scenes.lecture.experiments.pictures.loss_scale import loss_grid, loss_labels, loss_ticks
from gradreel.scenes.lecture.experiments.pictures.one_run import BOX, RunLines, epoch_axis
from gradreel.scenes.mobjects.depth_lines import KINDS, most_of
from gradreel.scenes.mobjects.plot import dashed, ring
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.mobjects.ticks import round_labels
from gradreel.scenes.style import mix, palette
from gradreel.scenes.words.claims import Claim, claim, decreasing
from gradreel.scenes.words.numbers import number_text
from manim import (
    UP,
    Create,
    FadeIn,
    FadeOut,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    linear,
    smooth,
    squish_rate_func,
)

SEEN, VALIDATION = KINDS
RUN_LEFT, RUN_RIGHT = BOX[:2]
STATES = 80  # at which the losses are drawn, at most, and where that of validation days is least
FALL_SECONDS, TURN_SECONDS, RISE_SECONDS, BACK_SECONDS = 7.5, 3.0, 2.6, 1.6
SLOW_START = 1.8  # epochs pass as this power of the time: the first ones, in which most happens, take longest
WORD_FROM, WORD_FADING = 0.45, 0.1  # of a walk: when a line gets its word
TERM = 48
OFF_THE_END = 2.1  # from what is learned by heart to the end, where the word for seen days stands
UNDER_FLOOR = 0.35  # from the line of one who knows the rule to its name's baseline


class Overfitting(NetworksScene):
    """One training to its end on seen and on validation days, and where to stop it.

    The training is the first run of the largest network: it goes further than to the epoch that is chosen.
    """

    Parameters = DepthsParameters

    def claims(self) -> Iterator[Claim]:
        seen, validation, floor = self.losses.training, self.losses.validation, self.floor
        assert floor is not None, "the lesson's days are made up"
        turn = self.lowest
        quarters = [float(part.mean()) for part in np.array_split(seen[1:], 4)]
        yield claim("seen-falls", "from quarter to quarter the loss falls", decreasing(quarters), quarters=quarters)
        higher = bool((validation[1:] > seen[1:]).all())
        told = {"learned_from": seen[[0, turn, -1]], "validation": validation[[0, turn, -1]]}
        yield claim("validation-turns", "on validation days it stays higher", higher, **told)
        rises = self.turn < float(self.losses.epoch[-1]) and float(validation[turn + 1 :].mean()) > self.least
        yield claim("validation-turns", "after its lowest it gets no better", rises, **told)
        heart = {"losses": seen[[turn, -1]], "floor": floor.training}
        yield claim("by-heart", "the network gets below the floor", seen[-1] < floor.training, **heart)
        yield claim("by-heart", "in the end farther than at its lowest validation loss", seen[-1] < seen[turn], **heart)
        only = rises and seen[-1] < seen[turn]
        yield claim("stop", "only the loss on days learned from still falls", only, **told)

    def construct(self) -> None:
        self._prepare()
        self._seen_beat()
        self._turn_beat()
        if not self.other_data:
            self._floor_beat()
        self._stop_beat()
        self.hand_on(self.axis)

    @cached_property
    def losses(self) -> LossByEpoch:
        """The losses of the run at the states that are drawn."""
        return loss_by_epoch(self.traces_of(self.largest.network)[0], STATES, self.largest.rows[0])

    @cached_property
    def lowest(self) -> int:
        """The index in `losses` of the lowest validation loss; the random start does not count."""
        return 1 + int(np.argmin(self.losses.validation[1:]))

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
        self.run = RunLines(BOX, most, self.losses)
        ticks = loss_ticks(most, self.written)
        self.grid = loss_grid(ticks, self._height, RUN_LEFT, RUN_RIGHT)
        self.scale_labels = loss_labels(ticks, self._height, RUN_LEFT, BOX[3], self.screen("loss"))
        self.axis = epoch_axis()
        self.epochs = self._epochs()
        self.words = {kind: words(self.screen(key), style.LABEL, palette.blue) for kind, key in (
            (SEEN, "seen"), (VALIDATION, "validation")
        )}  # fmt: skip

    @property
    def largest(self) -> Result:
        """The network one of whose runs is looked at."""
        return self.outcome[-1]

    # -- beats ---------------------------------------------------------------------------------------------------------

    def _seen_beat(self) -> None:
        with self.beat("seen-falls", **self.spoken("one", self.largest)):
            # One training from near, on the days that it learns from: its loss falls on and on
            self.note = self.data_note()
            fading = (self.note, self.grid, self.scale_labels, self.axis, self.epochs)
            self.play(*self.next_heading(self.screen("heading")), *map(FadeIn, fading), run_time=0.7)
            self._walk(SEEN, 0.0, self.run.last, FALL_SECONDS, SLOW_START)

    def _turn_beat(self) -> None:
        values = {"turn": number_text(round(self.turn)), "least": self.written(self.least)}
        with self.beat("validation-turns", **values):
            # The same training on validation days: down to the lowest loss of all its epochs, which is marked; on it
            # goes, and never comes so low again
            self._walk(VALIDATION, 0.0, self.turn, TURN_SECONDS, SLOW_START)
            self.until("lowest")
            self.marks = self._turn_marks()
            near = [tick for tick in self.epochs if self._near(tick, self.marks[1])]
            self.play(*map(FadeOut, near), *map(FadeIn, self.marks), run_time=0.6)
            self.epochs.remove(*near)
            self.until("rise")
            if self.turn < self.run.last:
                self._walk(VALIDATION, self.turn, self.run.last, RISE_SECONDS)

    def _floor_beat(self) -> None:
        assert self.floor is not None, "the lesson's days are made up"
        floor, end = (self.written(views) for views in (self.floor.training, float(self.losses.training[-1])))
        with self.beat("by-heart", floor=floor, end=end):
            # What one who knows the rule misses the seen days by: the solid line goes below it, and what is below was
            # learned by heart
            floor = self.floor.training
            line, name = self._floor_line(floor)
            self.play(Create(line), run_time=1.5)
            self.play(FadeIn(name), run_time=0.6)
            self.until("below")
            learned = self.run.learned_below(floor)
            self.add(learned, self.run)
            self.play(FadeIn(learned), run_time=1.2)
            self.until("heart")
            self.marks += [line, name, learned]
            if self.holds("by-heart"):
                said = words(self.screen("by-heart"), style.LABEL)
                said.place(BOX[2] + 0.2, right=RUN_RIGHT - min(OFF_THE_END, RUN_RIGHT - RUN_LEFT - said.width))
                self.play(FadeIn(said, shift=0.15 * UP), run_time=0.8)
                self.marks.append(said)

    def _stop_beat(self) -> None:
        with self.beat("stop", turn=number_text(round(self.turn))):
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
            self.marks.append(mark_of(self.marks[1], RUN_RIGHT - RUN_LEFT))
            self.play(Create(self.marks[-1]), run_time=0.8)
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

    def _turn_marks(self) -> list[VMobject]:
        """A dashed line up at the turn, its epoch under the axis, and a ring round the least loss there."""
        bottom, top = BOX[2:]
        x, *_ = place = self.run.plot.at(self.turn, min(self.least, self.run.plot.y_range[1]))
        text = f"{self.screen('epoch')} {number_text(round(self.turn))}"
        label = words(text, style.TICK).place(bottom - 0.4, center=x)
        upright = dashed((x, bottom, 0), (x, top, 0), mix(palette.text, 0.75))
        return [upright, label, ring(place, 0.14, palette.text)]

    @staticmethod
    def _near(one: TextMobject, other: TextMobject) -> bool:
        """Whether two words in one row are too near to each other to be read."""
        return bool(abs(one.get_x() - other.get_x()) < (one.width + other.width) / 2 + 0.15)

    def _term(self) -> TextMobject:
        """The word, between the two lines where they end."""
        left = float(self.run.plot.at(self.turn, 0)[0])
        ends = [float(self.run.reached(kind, self.run.last)[1]) for kind in KINDS]
        return words(self.screen("term"), TERM).place(sum(ends) / 2 - 0.1, center=(left + RUN_RIGHT) / 2)

    def _floor_line(self, views: float) -> tuple[VMobject, TextMobject]:
        """A dashed line across the plot at the loss of one who knows the rule; under it, at the left, what it is."""
        y = self._height(views)
        name = words(self.screen("floor", floor=self.written(views)), style.TICK).place(
            y - UNDER_FLOOR, left=RUN_LEFT + 0.15
        )
        return dashed((RUN_LEFT, y, 0), (RUN_RIGHT, y, 0), palette.text), name
