"""The first batches have their turns one by one: each comes out of the field, has a loss, a gradient, an update."""

from __future__ import annotations

from collections.abc import Sequence

from gradreel.scenes import style
from gradreel.scenes.lecture.optimization.batch_wander import WanderBeats
from gradreel.scenes.lecture.optimization.pictures.batch_close_up import BatchCloseUp
from gradreel.scenes.lecture.optimization.pictures.batch_formulas import (
    batch_gradient_source,
    batch_loss_source,
    batch_update_source,
)
from gradreel.scenes.mobjects.formula_growth import GONE, grow
from gradreel.scenes.mobjects.text import TextMobject, formula, words
from gradreel.scenes.style import palette
from gradreel.scenes.words.counts import Count
from manim import UP, Animation, FadeIn, FadeOut, Succession

CLOSE_UP = (style.LEFT_EDGE, -3.9, -2.6, -0.15)
LABEL_LINE = 0.2
FORMULA_LEFT, FORMULA_WIDTH = -3.25, 4.1  # as wide as the map of theta leaves room for
FORMULA_LINES = (-0.65, -1.55, -2.45)  # baselines of the three
ONE_BY_ONE = 3  # batches that are taken slowly


class TurnBeats(WanderBeats):
    """The beats of the first batch and of the next ones, ``per_epoch`` in all; ``step``: its name, None if plain."""

    per_epoch: int
    step: str | None

    def _loss(self, update: int) -> str:
        """The loss of the batch that update ``update`` (from 1) saw, as it is written."""
        raise NotImplementedError

    def _first_beat(self) -> None:
        with self.beat("first", batch=Count(len(self.field.batches[0]))):
            # The first batch comes out, the same block, large; its squares run together into its loss. The gradient of
            # that stands at the point that theta is, uphill; the update is a step of this point the other way
            self.field.frame_batch(0)
            self.label, self.formulas = self._label(1), self._formulas(1)
            self.close_up = BatchCloseUp(self.field, 0, CLOSE_UP)
            self.play(self.field.turning(0), FadeIn(self.field.frame), run_time=0.4)
            self.play(self.close_up.coming(), FadeIn(self.label), run_time=0.9)
            self.wait(0.2)
            loss, gradient, update = self.formulas
            self.play(self._flow(loss), run_time=0.9)
            self.play(FadeIn(loss, shift=0.15 * UP), run_time=0.5)
            ground = (self.path.ground, self.path.start, self.path.name, self.path.plane, self.path.marker)
            self.play(*map(FadeIn, ground), run_time=0.4)
            self.add(self.path)
            self.play(FadeIn(gradient, shift=0.15 * UP), *self._uphill(0), run_time=0.6)
            self.play(FadeIn(update, shift=0.15 * UP), run_time=0.4)
            self._take_step(1)

    def _next_beat(self) -> None:
        with self.beat("next"):
            # The second batch, the same three formulas one further, and a step; then the third, if there is one
            self._go_on(2, *self._another_loss())
            for k in range(3, min(ONE_BY_ONE, self.per_epoch) + 1):
                self._go_on(k)

    def _another_loss(self) -> Sequence[Animation]:
        """Above the formulas: a lower number is no step down here, as it is another batch's loss."""
        self.another = words(self.screen("another"), style.LABEL, palette.dim).place(LABEL_LINE, left=FORMULA_LEFT)
        return [FadeIn(self.another)]

    def _go_on(self, k: int, *also: Animation) -> None:
        """Batch ``k`` (from 1) has its turn, and the formulas' numbers move on, while something ``also`` happens."""
        label, formulas, close_up = self._label(k), self._formulas(k), BatchCloseUp(self.field, k - 1, CLOSE_UP)
        exchange = Succession(FadeOut(self.label, run_time=GONE), FadeIn(label, run_time=1 - GONE))
        leaving = FadeOut(self.close_up, run_time=0.3)
        self.play(self.field.turning(k - 1), exchange, leaving, close_up.coming(), run_time=0.6)
        self.close_up, self.label = close_up, label
        grown = [a for old, new in zip(self.formulas, formulas, strict=True) for a in grow(old, new, morph=False)]
        self.play(self._flow(self.formulas[0]), *grown, *also, run_time=0.8)
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
        return words(text, style.LABEL, palette.dim).place(LABEL_LINE, left=style.LEFT_EDGE)

    def _formulas(self, update: int) -> list[TextMobject]:
        sources = (
            batch_loss_source(update, self._loss(update)),
            batch_gradient_source(update),
            batch_update_source(update, self.step),
        )
        size = 42 * min(1.0, FORMULA_WIDTH / max(formula(source, 42).width for source in sources))
        lines = zip(sources, FORMULA_LINES, strict=True)
        return [formula(source, size).place(y, left=FORMULA_LEFT) for source, y in lines]
