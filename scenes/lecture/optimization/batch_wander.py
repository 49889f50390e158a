"""What the losses of the batches do in a run's first epochs: they jump about the loss over all examples.

Beside them, what the same epochs come to with a single update each.
"""

from __future__ import annotations

from gradreel.scenes import style
from gradreel.scenes.lecture.optimization.batch_quiz import QuizBeats
from gradreel.scenes.lecture.optimization.pictures.batch_field import BatchField
from gradreel.scenes.lecture.optimization.pictures.batch_path import BatchPath
from gradreel.scenes.lecture.optimization.pictures.in_one_batch import InOneBatch
from gradreel.scenes.mobjects.loss_history import LossHistory
from gradreel.scenes.mobjects.loss_plot import LINE_GAP, LossPlot
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.style import mix, palette
from gradreel.scenes.words.counts import Count
from manim import (
    UP,
    Create,
    Dot,
    FadeIn,
    FadeOut,
    LaggedStart,
    UpdateFromAlphaFunc,
    VGroup,
    linear,
    smooth,
    squish_rate_func,
)
from numpy.typing import NDArray

PLOT = {"left": style.LEFT_EDGE + 0.9, "right": 3.55, "bottom": -2.2, "top": 2.2}
BATCH, BATCH_WIDTH, BATCH_DOT = 0.6, 2.0, 0.042  # of the batches' losses: share of the text colour, width, a dot each
ROOM = 0.02  # of all updates, left of the first dot
SINGLE, SINGLE_TIME = 3, 0.3  # losses that come one by one, in this share of the time; then faster and faster
LATE = squish_rate_func(smooth, 0.5, 1.0)  # for a label, when its line is nearly there


class WanderBeats(QuizBeats):
    """The beat before the quiz; the ``field`` of squares leaves with all that is beside it."""

    history: LossHistory
    in_one: NDArray  # (E + 1,): the loss over all examples after 0 to E epochs of one update each
    per_epoch: int
    field: BatchField
    path: BatchPath
    letters: VGroup
    result: VGroup
    squares: VGroup
    source: VGroup

    def _wander_beat(self) -> None:
        whole = [self.written(float(loss)) for loss in self.history.whole[[0, -1]]]
        with self.beat("wander-faster", before=whole[0], after=whole[1]):
            # The losses of the first epochs' batches, a dot each, jump about: three slowly, the others faster; among
            # them, smooth, the loss over all examples. On the lesson's days, then, where it stands after the same
            # epochs if each is one update: a ring an epoch, and hardly lower
            self._draw_losses()
            if not self.other_data:
                self._draw_in_one()

    def _draw_in_one(self) -> None:
        """The label of the loss over all examples says how many updates an epoch has; a second line, paler, has one."""
        whole = self.plot.labels["whole"]
        each = [self.screen("in-each-epoch", updates=Count(updates)) for updates in (self.per_epoch, 1)]
        left, below = float(whole.get_left()[0]), words(each[0], style.LABEL - 2)
        if below.width > style.RIGHT_EDGE - left:  # a number of three digits
            below = words(each[0], style.SMALLEST)
        below.place(whole[0].baseline, left=left)
        making_room = whole.animate.shift(LINE_GAP * UP)
        self.play(making_room, FadeIn(below, rate_func=LATE), run_time=0.4)
        self.plot.labels["below"] = below
        text = self.screen("whole") + "\n" + each[1]
        self.in_one_batch = shown = InOneBatch(self.plot, self.in_one, self.per_epoch, text)
        rings = LaggedStart(*map(FadeIn, shown.rings), lag_ratio=0.6)
        self.play(Create(shown.line), rings, FadeIn(shown.label, rate_func=LATE), run_time=0.8)
        self.gone += [below, *shown]

    def _draw_losses(self) -> None:
        room = ROOM * self.history.n_updates
        self.plot = plot = LossPlot(self.history, self._texts(), **PLOT, counts=False, room=room)
        plot.whole.set_stroke(width=style.MAIN_CURVE)
        plot.batch.set_stroke(mix(palette.text, BATCH), BATCH_WIDTH)
        gone = [self.field.cells, self.field.boxes, self.letters, self.result, self.squares, self.path]
        gone += [self.field.frame] if self.field.frame in self.get_mobject_family_members() else []
        self.play(*(FadeOut(part, run_time=0.5) for part in gone), *self._title("heading-wander"))
        labels = VGroup(plot.labels["batch"], plot.labels["whole"])
        final = [label.get_center() for label in labels]
        curves = VGroup(plot.batch, plot.whole)
        last = float(self.history.n_updates - 1)
        color = mix(palette.text, BATCH)
        dots = VGroup(*(Dot(point, BATCH_DOT, color=color) for point in plot.batch.corners))

        def draw(_: VGroup, share: float) -> None:
            update = _slowly(share, last)
            for curve in curves:
                curve.show(update)
            for dot, at in zip(dots, plot.batch.data_x, strict=True):
                dot.set_opacity(1.0 if at <= update else 0.0)
            here = plot.whole.begin() if plot.whole.tip is None else plot.whole.tip
            for label, place in zip(labels, final, strict=True):  # at the end of the lines, while they grow
                label.move_to(place + here - plot.whole.end())

        draw(curves, 0.0)
        self.play(*map(FadeIn, (plot.axes, plot.epochs, labels)), run_time=0.6)
        moving = VGroup(plot.batch, dots, plot.whole, labels)
        self.play(UpdateFromAlphaFunc(moving, draw), run_time=4.4, rate_func=linear)
        self.gone = [plot.axes, plot.epochs, *curves, dots, *labels, self.source]

    def _texts(self) -> dict[str, str]:
        loss = "loss-in-views" if self.history.scale.in_views else "loss"
        keys = {"updates": "updates", "epochs": "epochs", "loss": loss, "batch": "batch-loss", "whole": "whole"}
        return {name: self.screen(key) for name, key in keys.items()}


def _slowly(share: float, last: float) -> float:
    """The update that is reached: the first few one by one, then ever faster."""
    first = min(float(SINGLE), last)
    if share < SINGLE_TIME:
        return first * share / SINGLE_TIME
    return first + (last - first) * ((share - SINGLE_TIME) / (1 - SINGLE_TIME)) ** 1.4
