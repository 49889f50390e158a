"""What the losses of the batches do in a run's first epochs: they jump about the loss over all examples."""

from __future__ import annotations

from gradreel.scenes import style
from gradreel.scenes.lecture.batch_quiz import QuizBeats
from gradreel.scenes.mobjects.batch_field import BatchField
from gradreel.scenes.mobjects.batch_path import BatchPath
from gradreel.scenes.mobjects.loss_history import LossHistory
from gradreel.scenes.mobjects.loss_plot import LossPlot
from gradreel.scenes.mobjects.ticks import number_text
from gradreel.scenes.style import mix, palette
from manim import FadeIn, FadeOut, UpdateFromAlphaFunc, VGroup, linear

PLOT = {"left": style.LEFT_EDGE + 0.9, "right": 3.55, "bottom": -2.2, "top": 2.2}
BATCH, BATCH_WIDTH = 0.5, 2.6  # share of the text colour, and width, of the line of the batches' losses
LEAST_FALL = 0.02  # of the loss over all examples: less is not seen


class WanderBeats(QuizBeats):
    """The beat before the quiz; the ``field`` of squares leaves with all that is beside it."""

    history: LossHistory
    field: BatchField
    path: BatchPath
    letters: VGroup
    result: VGroup
    squares: VGroup
    source: VGroup

    def _wander_beat(self) -> None:
        values = {"updates": number_text(self.history.n_updates)}
        if self.history.whole[-1] < (1 - LEAST_FALL) * self.history.whole[0]:
            with self.beat("wander", **values):
                # The losses of the first epochs' batches jump about; among them, smooth, the loss over all examples
                self._draw_losses()
        else:
            with self.beat("wander-stays", **values):
                # The same, where these updates have not made the loss over all examples clearly lower
                self._draw_losses()

    def _draw_losses(self) -> None:
        self.plot = plot = LossPlot(self.history, self._texts(), **PLOT, counts=False)
        plot.batch.set_stroke(mix(palette.text, BATCH), BATCH_WIDTH)
        gone = [self.field.cells, self.letters, self.result, self.squares, self.path]
        gone += [self.field.frame] if self.field.frame in self.get_mobject_family_members() else []
        self.play(*(FadeOut(part, run_time=0.5) for part in gone), *self._title("heading-wander"))
        labels = VGroup(plot.labels["batch"], plot.labels["whole"])
        final = [label.get_center() for label in labels]
        curves = VGroup(plot.batch, plot.whole)
        last = float(self.history.n_updates - 1)

        def draw(_: VGroup, share: float) -> None:
            for curve in curves:
                curve.show(share * last)
            here = plot.whole.begin() if plot.whole.tip is None else plot.whole.tip
            for label, place in zip(labels, final, strict=True):  # at the end of the lines, while they grow
                label.move_to(place + here - plot.whole.end())

        draw(curves, 0.0)
        self.play(*map(FadeIn, (plot.axes, plot.epochs, labels)), run_time=0.6)
        self.play(UpdateFromAlphaFunc(VGroup(curves, labels), draw), run_time=4.2, rate_func=linear)
        self.gone = [plot.axes, plot.epochs, *curves, *labels, self.source]

    def _texts(self) -> dict[str, str]:
        loss = "loss-in-views" if self.history.scale.in_views else "loss"
        keys = {"updates": "updates", "epochs": "epochs", "loss": loss, "batch": "batch-loss", "whole": "whole"}
        return {name: self.screen(key) for name, key in keys.items()}
