"""Batches: the examples shuffled and cut, an update from each batch, an epoch when all have had their turn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Self

import numpy as np
from gradreel.core.daily.views import DailyViews, loss_column
from gradreel.core.experiment import Experiment
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.daily_data import days_that_differ, shown_name
from gradreel.scenes.lecture.optimization.batch_losses import whole_losses
from gradreel.scenes.lecture.optimization.batch_turns import ONE_BY_ONE, TurnBeats
from gradreel.scenes.lecture.optimization.pictures.batch_field import MOST, BatchField
from gradreel.scenes.lecture.optimization.pictures.batch_path import BatchPath
from gradreel.scenes.lecture.runs import BATCH_QUIZ, THREE_DAYS
from gradreel.scenes.mobjects.loss_history import LossHistory
from gradreel.scenes.mobjects.readout import loss_decimals
from gradreel.scenes.mobjects.text import Number, caption, formula, words
from gradreel.scenes.mobjects.update_formulas import is_plain
from gradreel.scenes.style import palette
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.numbers import number_text
from manim import (
    UP,
    Animation,
    FadeIn,
    FadeOut,
    UpdateFromAlphaFunc,
    VGroup,
    linear,
)
from numpy.typing import NDArray
from pydantic import Field, model_validator

FIELD = (style.LEFT_EDGE, style.RIGHT_EDGE, 0.85, 2.55)
WHOLE_FIELD = (style.LEFT_EDGE, style.RIGHT_EDGE, -2.75, 2.55)  # while there are no formulas yet
COUNT_LINES = (-0.35, -1.15, -2.1, -2.75)  # baselines: updates, an epoch of them, what is left over, the sum
PATH_BOX = (1.3, style.RIGHT_EDGE, -3.15, 0.45)
COUNTED_ON = 6  # of the second epoch, after the first is over
MOST_UPDATES = 240  # of which the losses are drawn: some epochs, or as many updates as a picture holds
Size = Annotated[int, Field(ge=1, le=10**9)]


class Batches(TurnBeats):
    """An update looks at one batch only; an epoch is over when each has had its turn."""

    class Parameters(LectureScene.Parameters):
        run: Experiment = Field(THREE_DAYS, description="The training run in batches that is shown")
        quiz: tuple[tuple[Size, Size], tuple[Size, Size]] = Field(
            BATCH_QUIZ,
            description="Examples and batch size of two questions: how many updates are an epoch?",
        )

        @model_validator(mode="after")
        def _batches_can_be_shown(self) -> Self:
            if isinstance(self.run.dataset, DailyViews):
                days_that_differ(self.run.dataset)
            examples = self.run.dataset.examples
            if self.run.batches_per_epoch < 2:
                raise ValueError(f"run.batch_size: from 1 to {examples - 1}, so that there are batches to be shown")
            if examples > MOST:
                raise ValueError(f"run.dataset: at most {MOST} examples have a square each, this one has {examples}")
            if self.run.kept_every != 1:
                raise ValueError('run.keep: the scene shows the first updates, so it has to be "every update"')
            for examples, batch_size in self.quiz:
                if batch_size > examples:
                    raise ValueError(f"quiz: a batch of {batch_size} is more than {examples} examples")
            return self

    @classmethod
    def experiments(cls, parameters: Parameters) -> dict[str, Experiment]:
        """The run, and the same with all examples in one batch: an update an epoch."""
        run = parameters.run
        return {"run": run, "in-one": run.model_copy(update={"batch_size": 0})}

    def construct(self) -> None:
        self._read_the_run()
        self._split_beat()
        self._first_beat()
        self._next_beat()
        self._epoch_beat()
        self._wander_beat()
        self._quiz_beat()
        self._answer_beat()
        self.hand_on()

    # -- the run ---------------------------------------------------------------------------------------------------

    def _read_the_run(self) -> None:
        self.run = self.trace("run")
        self.experiment = run = self.run.experiment
        self.per_epoch = run.batches_per_epoch
        self.history = self._history()
        epochs = self.history.n_updates // self.per_epoch  # of those that are drawn, the whole ones
        self.in_one = whole_losses(self.trace("in-one"), epochs + 1) * self.history.scale.factor
        self.written = self._writer()
        self.step = None if is_plain(run) else self.screen("step")
        self.field = BatchField(self._batches_of(0), WHOLE_FIELD, FIELD)
        last = min(self.per_epoch + COUNTED_ON, self.run.n_updates)
        self.path = BatchPath(self.run, last, PATH_BOX, self.screen("plane"))

    def _history(self) -> LossHistory:
        """The first updates' batch losses, and at the same states the loss over all examples."""
        epochs = max(2, min(4, MOST_UPDATES // self.per_epoch))
        last = min(epochs * self.per_epoch, MOST_UPDATES, self.run.n_updates)
        history = LossHistory.of(self.run, last)
        whole = whole_losses(self.run, last) * history.scale.factor
        return replace(history, at=np.arange(last), whole=whole, window=2)

    def _writer(self) -> Callable[[float], str]:
        """What writes a loss of the history, in its unit."""
        losses, letter = self.history.batch, self.history.scale.suffix
        if self.history.scale.in_views:
            plain = loss_column(losses[:ONE_BY_ONE])
            return lambda loss: plain(loss) + letter
        decimals = loss_decimals(losses)
        return lambda loss: number_text(loss, decimals)

    def _batches_of(self, epoch: int) -> list[NDArray]:
        first = epoch * self.per_epoch
        return [self.run.examples(update) for update in range(first, first + self.per_epoch)]

    def _loss(self, update: int) -> str:
        """The loss of the batch that update ``update`` (from 1) saw, before it."""
        return self.written(float(self.history.batch[update - 1]))

    # -- batch by batch --------------------------------------------------------------------------------------------

    def _split_beat(self) -> None:
        data = self.experiment.dataset
        with self.beat("split", examples=number_text(data.examples), batch=Count(self.experiment.batch_size)):
            # A square for each example, in the order of the data, and their number. They stay while it is asked whether
            # all are needed; then they are shuffled, and then cut into the batches that were really drawn. Each gets a
            # thin frame
            self.letters = self._letters()
            self.play(FadeIn(self.field.cells), *self._title("heading"), *self._note(), run_time=0.8)
            self.wait(0.8)
            self.play(FadeIn(self.letters[0], shift=0.15 * UP), run_time=0.5)
            self.wait(3.2)
            self.play(self.field.shuffle(self._batches_of(0), 1.3))
            cut = self.field.gather(self._batches_of(0), 1.1)
            self.play(cut, FadeIn(self.letters[1], shift=0.15 * UP))
            self.play(FadeIn(self.field.boxes), run_time=0.5)

    def _note(self) -> list[Animation]:
        """What the examples are, where they are days."""
        data = self.experiment.dataset
        self.source, self.squares = VGroup(), VGroup()
        if not isinstance(data, DailyViews):
            return []
        self.source = caption(self.screen("synthetic") if data.synthetic else shown_name(data.title))
        self.squares = words(self.screen("squares"), style.CAPTION, palette.dim)
        self.squares.place(style.CAPTION_BASELINE, right=style.RIGHT_EDGE)
        return [FadeIn(self.source), FadeIn(self.squares)]

    def _letters(self) -> VGroup:
        """N = 1458 and B = 32, on the heading's line at the right."""
        run, line = self.experiment, style.HEADING_BASELINE
        b = formula(f'B = "{number_text(run.batch_size)}"', 40).place(line, right=style.RIGHT_EDGE)
        n = formula(f'N = "{number_text(run.dataset.examples)}"', 40).place(line, right=b.get_left()[0] - 0.6)
        return VGroup(n, b)

    def _epoch_beat(self) -> None:
        with self.beat("epoch", updates=number_text(self.per_epoch)):
            # The map of theta makes room, and the frame goes on to the last batch: an epoch. When the line comes to
            # that, all examples are shuffled anew, and the count goes on with the next epoch's first batches, if any
            self._go_round()
            if self.experiment.epochs > 1:
                self.play(self.field.gather(self._batches_of(1), 1.2))
                self.field.regroup(self._batches_of(1))
                self._go_on_and_on()

    def _go_round(self) -> None:
        """The frame hurries over the other batches, while the updates are counted."""
        field, first = self.field, min(ONE_BY_ONE, self.per_epoch)
        count = Number(self.per_epoch, 0, 40)
        name = words(self.screen("update"), 34).place(COUNT_LINES[0], left=style.LEFT_EDGE)
        count.place_left(COUNT_LINES[0], name.get_right()[0] + 0.2)
        left = count.get_left()[0]
        count.set_value(first).place_left(COUNT_LINES[0], left)
        self.play(*map(FadeOut, [self.close_up, self.label, self.another, *self.formulas]), run_time=0.3)
        self.play(self.path.zoom_out(), run_time=0.6)
        self.play(FadeIn(name), FadeIn(count), run_time=0.3)

        def go(_: VGroup, share: float) -> None:
            way = first + share * (self.per_epoch - first)
            k = round(way)
            self.path.show(way)
            field.turn(k - 1)
            count.set_value(k)
            count.place_left(COUNT_LINES[0], left)

        moving = VGroup(field.cells, field.frame, count, self.path)
        self.play(UpdateFromAlphaFunc(moving, go), run_time=2.2, rate_func=linear)
        result = words(self.screen("epoch-is", updates=number_text(self.per_epoch)), 40)
        result.place(COUNT_LINES[1], left=style.LEFT_EDGE)
        self.play(FadeIn(result, shift=0.15 * UP), run_time=0.5)
        self.result = VGroup(name, count, result)
        examples, size = self.experiment.dataset.examples, self.experiment.batch_size
        if rest := examples % size:
            left_over = words(self.screen("last-batch", rest=number_text(rest)), style.LABEL)
            left_over.place(COUNT_LINES[2], left=style.LEFT_EDGE)
            whole = number_text(self.per_epoch - 1)
            sum_text = f'"{number_text(examples)}" = {whole} dot {number_text(size)} + {number_text(rest)}'
            self.result.add(left_over, formula(sum_text, 40).place(COUNT_LINES[3], left=style.LEFT_EDGE))
            self.play(FadeIn(self.result[-2:], shift=0.15 * UP), run_time=0.5)
        self.wait(1.3 if rest else 1.8)
        self.play(FadeOut(field.frame), field.turning(None), run_time=0.4)

    def _go_on_and_on(self) -> None:
        """The first batches of the second epoch have their turns, the others wait, and the updates are counted on."""
        field, count, more = self.field, self.result[1], min(COUNTED_ON, self.per_epoch)
        left = count.get_left()[0]
        field.frame_batch(0)
        self.play(FadeIn(field.frame), field.turning(0), run_time=0.3)

        def go(_: VGroup, share: float) -> None:
            k = min(int(share * more), more - 1)
            self.path.show(self.per_epoch + share * more)
            field.turn(k)
            count.set_value(self.per_epoch + k + 1)
            count.place_left(COUNT_LINES[0], left)

        moving = VGroup(field.cells, field.frame, count, self.path)
        self.play(UpdateFromAlphaFunc(moving, go), run_time=0.15 * more, rate_func=linear)
