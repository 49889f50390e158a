"""Batches: the examples shuffled and cut, an update from each batch, an epoch when all have had their turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Annotated, Self

import numpy as np
from gradreel.core.daily.units import decimals_in_view_unit, view_unit
from gradreel.core.daily.views import DailyViews
from gradreel.core.experiment import Experiment
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.batch_boxes import QUIZ, Boxes
from gradreel.scenes.lecture.daily_data import data_name, days_that_differ
from gradreel.scenes.lecture.optimization.pictures.batch_field import MOST, BatchCloseUp, BatchField
from gradreel.scenes.lecture.optimization.pictures.batch_losses import BatchLosses, InOneBatch, whole_losses
from gradreel.scenes.lecture.optimization.pictures.batch_path import BatchPath
from gradreel.scenes.lecture.runs import THREE_DAYS
from gradreel.scenes.mobjects.formula_growth import GONE, grow
from gradreel.scenes.mobjects.loss_history import LossHistory, Scale
from gradreel.scenes.mobjects.plot import ring
from gradreel.scenes.mobjects.readout import loss_decimals
from gradreel.scenes.mobjects.text import Number, TextMobject, caption, fitted, formula, words
from gradreel.scenes.mobjects.update_formulas import is_plain, step_source, update_source
from gradreel.scenes.style import palette
from gradreel.scenes.words.claims import Claim, claim
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.numbers import THIN_SPACE, number_text
from manim import (
    UP,
    Animation,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    Mobject,
    ReplacementTransform,
    RoundedRectangle,
    Succession,
    UpdateFromAlphaFunc,
    VGroup,
    linear,
    smooth,
    squish_rate_func,
)
from numpy.typing import NDArray
from pydantic import Field, model_validator

FIELD = (style.LEFT_EDGE, style.RIGHT_EDGE, 0.85, 2.55)
WHOLE_FIELD = (style.LEFT_EDGE, style.RIGHT_EDGE, -2.75, 2.55)  # while there are no formulas yet
COUNT_LINES = (-0.35, -1.15)  # baselines: updates, an epoch of them
PATH_BOX = (1.3, style.RIGHT_EDGE, -3.15, 0.45)
MOST_UPDATES = 240  # of which the losses are drawn: some epochs, or as many updates as a picture holds
Size = Annotated[int, Field(ge=1, le=10_000)]
CLOSE_UP = (style.LEFT_EDGE, -3.9, -2.6, -0.15)
LABEL_LINE = 0.2
FORMULA_LEFT, FORMULA_WIDTH = -3.25, 4.1  # as wide as the map of theta leaves room for
FORMULA_LINES = (-0.65, -1.55, -2.45)  # baselines of the three
ONE_BY_ONE = 2  # batches that are taken slowly
QUIZ_LINE, ANSWER_LEFT = 2.2, -1.0
SIZE = 44  # of what is given, and of the fraction
APART = 0.4  # from what is given to the question mark, from the fraction to the edge, at least
NAME_LINE = -3.1  # baseline of what the batch size is called
FIRST_BOXES, FIRST_SECONDS = 8, 1.6  # that are filled slowly, and counted
THINKING = 4.0  # seconds in which all others are filled


class Batches(LectureScene):
    """An update looks at one batch only; an epoch is over when each has had its turn."""

    class Parameters(LectureScene.Parameters):
        run: Experiment = Field(THREE_DAYS, description="The training run in batches that is shown")
        quiz: tuple[Size, Size] = Field(
            QUIZ, description="Examples and batch size of the question: how many updates are an epoch?"
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
            examples, batch_size = self.quiz
            if batch_size > examples:
                raise ValueError(f"quiz: a batch of {batch_size} is more than {examples} examples")
            return self

    @classmethod
    def experiments(cls, parameters: Parameters) -> dict[str, Experiment]:
        """The run, and the same with all examples in one batch: an update an epoch."""
        run = parameters.run
        return {"run": run, "in-one": run.model_copy(update={"batch_size": 0})}

    def claims(self) -> Iterator[Claim]:
        self._read_the_losses()
        whole, in_one, batch = self.history.whole, self.in_one, self.history.batch
        jumps = float(np.abs(np.diff(batch)).mean()) > 3 * float(np.abs(np.diff(whole)).mean())
        yield claim("wander", "batch losses jump more than the whole loss", jumps, batch=batch, whole=whole)
        highest = int(np.argmax(whole))
        ends = {"whole": (whole[0], whole[highest], whole[-1]), "all_in_one": (in_one[0], in_one[-1])}
        rises = 0 < highest < 0.2 * self.per_epoch
        yield claim("whole-falls", "the loss over all examples first rises for a moment", rises, **ends)
        yield claim("whole-falls", "then it falls", whole[-1] < whole[0], **ends)
        slower = in_one[0] - in_one[-1] < 0.5 * (whole[0] - whole[-1])
        yield claim("one-batch-slower", "with all examples in one batch it falls more slowly", slower, **ends)

    def construct(self) -> None:
        self._read_the_run()
        self._split_beat()
        self._first_beat()
        self._epoch_beat()
        self._wander_beat()
        self._whole_beat()
        self._in_one_beat()
        self._quiz_beat()
        self._answer_beat()
        self.hand_on(self.boxes)  # relu begins with them

    # -- the run ---------------------------------------------------------------------------------------------------

    def _read_the_losses(self) -> None:
        self.run = self.trace("run")
        self.experiment = self.run.experiment
        self.per_epoch = self.experiment.batches_per_epoch
        self.history = self._history()
        epochs = self.history.n_updates // self.per_epoch  # of those that are drawn, the whole ones
        self.in_one = whole_losses(self.trace("in-one"), epochs + 1) * self.history.scale.factor

    def _read_the_run(self) -> None:
        self._read_the_losses()
        run = self.experiment
        self.written = self._writer()
        self.step = None if is_plain(run) else self.screen("step")
        self.field = BatchField(self._batches_of(0), WHOLE_FIELD, FIELD)
        self.path = BatchPath(self.run, self.per_epoch, PATH_BOX, self.screen("directions"))

    def _history(self) -> LossHistory:
        """The first updates' batch losses, and at the same states the loss over all examples."""
        epochs = max(2, min(4, MOST_UPDATES // self.per_epoch))
        last = min(epochs * self.per_epoch, MOST_UPDATES, self.run.n_updates)
        history, data = LossHistory.of(self.run, last), self.experiment.dataset
        if isinstance(data, DailyViews) and history.scale.in_views:  # thousands, where a usual day has as many
            unit, old = view_unit(data), history.scale.factor
            scale = Scale(data.absolute_error_in_views(1.0) / unit.size, unit.letter, in_views=True)
            history = replace(history, batch=history.batch * (scale.factor / old), scale=scale)
        whole = whole_losses(self.run, last) * history.scale.factor
        return replace(history, at=np.arange(last), whole=whole, window=2)

    def _writer(self) -> Callable[[float], str]:
        """What writes a loss of the history, in its unit."""
        losses, letter = self.history.batch, self.history.scale.suffix
        in_views = self.history.scale.in_views
        decimals = decimals_in_view_unit(losses[:ONE_BY_ONE].tolist()) if in_views else loss_decimals(losses)
        return lambda loss: number_text(loss, decimals) + letter

    def _batches_of(self, epoch: int) -> list[NDArray]:
        first = epoch * self.per_epoch
        return [self.run.examples(update) for update in range(first, first + self.per_epoch)]

    def _loss(self, update: int) -> str:
        """The loss of the batch that update ``update`` (from 1) saw, before it."""
        return self.written(float(self.history.batch[update - 1]))

    # -- batch by batch --------------------------------------------------------------------------------------------

    def _split_beat(self) -> None:
        with self.beat("split", pause="short", batch=Count(self.experiment.batch_size)):
            # A square for each example, in the order of the data, and their number. They are shuffled, and then cut
            # into the batches that were really drawn. Each gets a thin frame
            self.letters = self._letters()
            self.play(FadeIn(self.field.cells), *self.next_heading(self.screen("heading")), *self._note(), run_time=0.8)
            self.play(FadeIn(self.letters[0], shift=0.15 * UP), run_time=0.5)
            self.until("shuffle")
            self.play(self.field.shuffle(self._batches_of(0), 1.3))
            self.until("cut")
            cut = self.field.gather(self._batches_of(0), 1.1)
            self.play(cut, FadeIn(self.letters[1], shift=0.15 * UP))
            self.play(FadeIn(self.field.boxes), run_time=0.5)

    def _note(self) -> list[Animation]:
        """What the examples are, where they are days."""
        data = self.experiment.dataset
        self.source, self.squares = VGroup(), VGroup()
        if not isinstance(data, DailyViews):
            return []
        self.source = caption(data_name(self, data))
        self.squares = words(self.screen("squares"), style.CAPTION, palette.dim)
        self.squares.place(style.CAPTION_BASELINE, right=style.RIGHT_EDGE)
        return [FadeIn(self.source), FadeIn(self.squares)]

    def _letters(self) -> VGroup:
        """N and B, such as 1823 and 32, on the heading's line at the right."""
        run, line = self.experiment, style.HEADING_BASELINE
        b = formula(f'B = "{number_text(run.batch_size)}"', 40).place(line, right=style.RIGHT_EDGE)
        n = formula(f'N = "{number_text(run.dataset.examples)}"', 40).place(line, right=b.get_left()[0] - 0.6)
        return VGroup(n, b)

    def _first_beat(self) -> None:
        with self.beat("first", pause="short", batch=Count(len(self.field.batches[0]))):
            # The first batch comes out, the same block, large; its squares run together into its loss. The gradient of
            # that stands at the point that theta is, uphill; the update is a step of this point the other way
            self.field.frame_batch(0)
            self.label, self.formulas = self._label(1), self._formulas(1)
            self.close_up = BatchCloseUp(self.field, 0, CLOSE_UP)
            self.play(self.field.turning(0), FadeIn(self.field.frame), run_time=0.4)
            self.play(self.close_up.coming(), run_time=0.9)
            loss, gradient, update = self.formulas
            self.play(self._flow(loss), run_time=0.9)
            self.play(FadeIn(loss, shift=0.15 * UP), FadeIn(self.label), run_time=0.5)
            ground = (self.path.ground, self.path.start, self.path.name, self.path.marker)
            self.until("gradient")
            self.play(*map(FadeIn, ground), run_time=0.4)
            self.add(self.path)
            self.play(FadeIn(gradient, shift=0.15 * UP), *self._uphill(0), run_time=0.6)
            self.until("step")
            self.play(FadeIn(update, shift=0.15 * UP), run_time=0.4)
            self._take_step(1)

    def _go_on(self, k: int) -> None:
        """Batch ``k`` (from 1) has its turn, and the formulas' numbers move on."""
        label, formulas, close_up = self._label(k), self._formulas(k), BatchCloseUp(self.field, k - 1, CLOSE_UP)
        exchange = Succession(FadeOut(self.label, run_time=GONE), FadeIn(label, run_time=1 - GONE))
        leaving = FadeOut(self.close_up, run_time=0.3)
        self.play(self.field.turning(k - 1), leaving, close_up.coming(), run_time=0.6)
        self.close_up, self.label = close_up, label
        grown = [a for old, new in zip(self.formulas, formulas, strict=True) for a in grow(old, new, morph=False)]
        self.play(self._flow(self.formulas[0]), exchange, *grown, run_time=0.8)
        self.formulas = formulas
        uphill = self._uphill(k - 1)
        if uphill:
            self.play(*uphill, run_time=0.3)
        self._take_step(k)

    def _flow(self, loss: TextMobject) -> Animation:
        """The batch's squares, copies of them, run together where its loss is written."""
        return self.close_up.copy().flowing(loss.get_left())

    def _uphill(self, row: int) -> Sequence[Animation]:
        """The gradient at the point, where the update is a step along it; none for another step."""
        self.arrow = None if self.step is not None else self.path.gradient(row)
        return [] if self.arrow is None else [FadeIn(self.arrow)]

    def _take_step(self, k: int) -> None:
        """The point goes on to the state after update ``k``."""
        gone = [] if self.arrow is None else [FadeOut(self.arrow)]
        self.play(self.path.go(float(k)), *gone, run_time=0.6)

    def _label(self, batch: int) -> TextMobject:
        text = self.screen("batch", number=batch)
        return words(text, style.LABEL, palette.dim).place(LABEL_LINE, left=FORMULA_LEFT)

    def _formulas(self, update: int) -> list[TextMobject]:
        sources = _formula_sources(update, self._loss(update), self.step)
        size = 42 * min(1.0, FORMULA_WIDTH / max(formula(source, 42).width for source in sources))
        lines = zip(sources, FORMULA_LINES, strict=True)
        return [formula(source, size).place(y, left=FORMULA_LEFT) for source, y in lines]

    # -- an epoch --------------------------------------------------------------------------------------------------

    def _epoch_beat(self) -> None:
        with self.beat("epoch", updates=number_text(self.per_epoch)):
            # The second batch, the same three formulas one further, and a step. The map of theta makes room, and the
            # frame goes on to the last batch: an epoch
            self._go_on(ONE_BY_ONE)
            self.until("round")
            self._go_round()

    def _go_round(self) -> None:
        """The frame hurries over the other batches, while the updates are counted."""
        field, first = self.field, ONE_BY_ONE
        count = Number(self.per_epoch, 0, 40)
        name = words(self.screen("update"), 34).place(COUNT_LINES[0], left=style.LEFT_EDGE)
        count.place_left(COUNT_LINES[0], name.get_right()[0] + 0.2)
        left = count.get_left()[0]
        count.set_value(first).place_left(COUNT_LINES[0], left)
        self.play(*map(FadeOut, [self.close_up, self.label, *self.formulas]), run_time=0.3)
        self.play(self.path.zoom_out(), FadeIn(name, count), run_time=0.7)

        def go(_: VGroup, share: float) -> None:
            way = first + share * (self.per_epoch - first)
            k = round(way)
            self.path.show(way)
            field.turn(k - 1)
            count.set_value(k)
            count.place_left(COUNT_LINES[0], left)

        moving = VGroup(field.cells, field.frame, count, self.path)
        self.play(UpdateFromAlphaFunc(moving, go), run_time=1.9, rate_func=linear)
        self.until("count")
        result = words(self.screen("epoch-is", updates=number_text(self.per_epoch)), 40)
        result.place(COUNT_LINES[1], left=style.LEFT_EDGE)
        self.play(FadeIn(result, shift=0.15 * UP), run_time=0.5)
        self.result = VGroup(name, count, result)
        self.play(FadeOut(field.frame), field.turning(None), run_time=0.4)

    # -- what the losses do ----------------------------------------------------------------------------------------

    def _wander_beat(self) -> None:
        with self.beat("wander", pause="short"):
            # The losses of the first epochs' batches, a dot each, jump about: three slowly, the others faster; among
            # them, smooth, the loss over all examples
            loss = "loss-in-views" if self.history.scale.in_views else "loss"
            keys = {"updates": "updates", "epochs": "epochs", "loss": loss, "batch": "batch-loss", "whole": "whole"}
            losses = BatchLosses(self.history, {name: self.screen(key) for name, key in keys.items()})
            self.losses, self.plot = losses, losses.plot
            plot = self.plot
            gone = [self.field.cells, self.field.boxes, self.letters, self.result, self.squares, self.path]
            self.play(
                *(FadeOut(part, run_time=0.5) for part in gone), *self.next_heading(self.screen("heading-wander"))
            )
            self.play(*map(FadeIn, (plot.axes, plot.epochs, losses.labels)), run_time=0.6)
            self.play(losses.growing())
            self.gone = [plot.axes, plot.epochs, *losses.curves, losses.dots, *losses.labels, self.source]

    def _whole_beat(self) -> None:
        with self.beat("whole-falls", pause="short"):
            # The loss over all examples alone, from near: a ring at its highest, where steps of a few batches led up
            self._leave_the_whole()
            self.until("rises")
            highest = int(np.argmax(self.history.whole))
            self.peak = ring(self.plot.whole.corners[highest], 0.14, palette.text).set_fill(opacity=0)
            self.play(Create(self.peak), run_time=0.8)
            self.gone.append(self.peak)

    def _in_one_beat(self) -> None:
        with self.beat("one-batch-slower"):
            # Dashed, hardly lower, where the loss stands after the same epochs if each is one update, a ring an epoch
            self.play(FadeOut(self.peak), run_time=0.4)
            self.gone.remove(self.peak)
            self._draw_in_one()

    def _leave_the_whole(self) -> None:
        """The batches' losses leave, and the axis holds the others alone. The label: how many updates an epoch has."""
        far, self.plot = self.plot, self.losses.near(self.in_one)
        plot, place = self.plot, self.plot.labels["whole"]
        text, left = self.screen("in-each-epoch", updates=Count(self.per_epoch)), float(place.get_left()[0])
        label = words(text, style.LABEL - 2)
        if label.width > style.RIGHT_EDGE - left:  # a number of three digits
            label = words(text, style.SMALLEST)
        plot.labels["whole"] = label.place(place[0].baseline, left=left)
        leaving = (far.batch, self.losses.dots, *self.losses.labels)
        self.play(*map(FadeOut, leaving), *self.next_heading(self.screen("heading-whole")), run_time=0.5)
        self.play(
            FadeOut(far.axes, run_time=0.5),
            FadeIn(plot.axes, run_time=1.0, rate_func=squish_rate_func(smooth, 0.5, 1.0)),
            ReplacementTransform(far.whole, plot.whole, run_time=1.0),
        )
        self.play(FadeIn(label), run_time=0.3)
        self.gone = [plot.axes, far.epochs, plot.whole, label, self.source]

    def _draw_in_one(self) -> None:
        """A second line, dashed: one update an epoch."""
        text = self.screen("in-each-epoch", updates=Count(1))
        self.in_one_batch = shown = InOneBatch(self.plot, self.in_one, self.per_epoch, text)
        rings = LaggedStart(*map(FadeIn, shown.rings), lag_ratio=0.6)
        late = squish_rate_func(smooth, 0.5, 1.0)  # when its line is nearly there
        self.play(Create(shown.line), rings, FadeIn(shown.label, rate_func=late), run_time=3.0)
        self.gone += shown

    # -- the quiz --------------------------------------------------------------------------------------------------

    def _quiz_beat(self) -> None:
        examples, batch_size = self.parameters.quiz
        with self.beat("quiz", examples=Count(examples), batch=Count(batch_size)):
            # What is given, and empty boxes, one for each batch. Dots fall into them: the first boxes are counted, then
            # a question mark stands for the count, and while all try it themselves the others are filled
            self.play(
                *(FadeOut(part, run_time=0.5) for part in self.gone), *self.next_heading(self.screen("heading-quiz"))
            )
            size = f'part("size", B = "{number_text(batch_size)}")'
            source, room = f'N = "{number_text(examples)}" quad {size}', ANSWER_LEFT - APART - style.LEFT_EDGE
            self.given = fitted(formula, source, SIZE, room).place(QUIZ_LINE, left=style.LEFT_EDGE)
            self.asked = words("?", style.TITLE).place(QUIZ_LINE, left=ANSWER_LEFT)
            self.boxes = Boxes(examples, batch_size).fill(0)
            self.until("given")
            self.play(FadeIn(self.given, shift=0.15 * UP), FadeIn(self.boxes.frames), run_time=0.6)
            self.add(self.boxes)
            first = min(FIRST_BOXES, self.boxes.count)
            count = Number(0, 0, SIZE).place_left(QUIZ_LINE, ANSWER_LEFT)
            self.add(count)
            self._fill(0, first, FIRST_SECONDS, count)
            self.remove(count)
            self.play(FadeIn(self.asked, scale=1.4), run_time=0.4)
            self.until("think")
            self._fill(first, self.boxes.count, THINKING)

    def _fill(self, first: float, last: float, seconds: float, count: Number | None = None) -> None:
        """Dots fall into the boxes ``first`` to ``last``; ``count`` counts those that are full."""

        def show(_: VGroup, share: float) -> None:
            full = first + share * (last - first)
            self.boxes.fill(full)
            if count is not None:
                count.set_value(int(full + 1e-6))

        moving = VGroup(self.boxes.dots, *([] if count is None else [count]))
        self.play(UpdateFromAlphaFunc(moving, show), run_time=seconds, rate_func=linear)

    def _answer_beat(self) -> None:
        examples, batch_size = self.parameters.quiz
        updates = updates_in_an_epoch(examples, batch_size)
        with self.beat("quiz-answer", updates=Count(updates)):
            # The fraction in the place of the question mark, over as many full boxes. When the batch size is spoken of,
            # it gets its name: one more number that we choose
            self.answer = self._answer(examples, batch_size, updates)
            frame = _framed(self.given.part("size"))
            name = words(self.screen("hyperparameter"), style.LABEL + 4).place(NAME_LINE, left=style.LEFT_EDGE)
            self.until("size")
            self.play(Create(frame), run_time=0.7)
            self.play(FadeIn(name, shift=0.15 * UP), run_time=0.5)

    def _answer(self, examples: int, batch_size: int, updates: int) -> VGroup:
        whole = "update-an-epoch" if updates == 1 else "updates-an-epoch"
        key = whole if examples % batch_size == 0 else "updates-rounded-up"
        unit = words(self.screen(key), style.LABEL, palette.dim)
        source, line = _division_source(examples, batch_size, updates), QUIZ_LINE
        told = fitted(formula, source, SIZE, style.RIGHT_EDGE - ANSWER_LEFT - APART).place(line, left=ANSWER_LEFT)
        if told.get_right()[0] + 0.35 + unit.width > style.RIGHT_EDGE:  # the heading says it, too
            unit = VGroup()
        else:
            unit.place(told.baseline, left=told.get_right()[0] + 0.35)
        self.play(FadeOut(self.asked), run_time=0.25)  # it stands where the fraction will
        self.play(FadeIn(told, shift=0.15 * UP), FadeIn(unit), run_time=0.8)
        return VGroup(told, unit)


def updates_in_an_epoch(examples: int, batch_size: int) -> int:
    """Batches of ``batch_size`` that ``examples`` fill; the last one may be smaller."""
    return -(-examples // batch_size)


def _formula_sources(update: int, loss: str, step: str | None) -> tuple[str, str, str]:
    """An update from one batch: L^update(θ^(update-1)) = loss, g = ∇L^update(θ^(update-1)), θ^update ← … − η g.

    ``update`` from 1; ``step``: the name of what is subtracted instead of η g. Parts are named so that they can grow.
    """
    measured = f'part("loss", L^({update}) (orange(theta^({update - 1}))))'
    before, after = str(update - 1), str(update)
    return (
        f'{measured} part("equals", =) part("value", "{loss}")',
        f'part("g", orange(bold(g))) part("equals", =) part("nabla", nabla) {measured}',
        update_source(before, after) if step is None else step_source(before, after, step),
    )


def _division_source(examples: int, batch_size: int, updates: int) -> str:
    """N / B = 10000 / 10 = 1000, rounded up where the last batch is smaller."""
    n, b, result = (f'"{number:,}"'.replace(",", THIN_SPACE) for number in (examples, batch_size, updates))
    fraction, letters = f"frac({n}, {b})", "frac(N, B)"
    if examples % batch_size:
        fraction, letters = f"ceil({fraction})", f"ceil({letters})"
    return f'part("letters", {letters} =) part("fraction", {fraction} =) part("result", {result})'


def _framed(size: Mobject) -> RoundedRectangle:
    frame = RoundedRectangle(corner_radius=0.08, width=size.width + 0.26, height=size.height + 0.24)
    return frame.set_stroke(palette.text, 2).move_to(size)
