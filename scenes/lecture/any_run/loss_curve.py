"""The loss curve: what a run's loss did from its first update to its last, for a run of ours or anybody's."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from gradreel.core.daily.views import DailyViews, counting_decimals
from gradreel.core.experiment import Experiment
from gradreel.core.trace.recorded_run import RecordedRun
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.any_run.pictures.metric_panels import (
    MOST,
    MetricPanels,
    Series,
    logged_series,
    rate_series,
)
from gradreel.scenes.mobjects.loss_history import LossHistory
from gradreel.scenes.mobjects.loss_plot import LossPlot
from gradreel.scenes.mobjects.loss_readout import LossReadout
from gradreel.scenes.mobjects.recorded_theta import shortened
from gradreel.scenes.mobjects.text import caption, heading, literal
from gradreel.scenes.style import FAINT, PRESENT, emphasis
from gradreel.scenes.trace_folder import TraceFolder
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.numbers import number_text
from manim import (
    UP,
    FadeIn,
    FadeOut,
    LaggedStart,
    UpdateFromAlphaFunc,
    VGroup,
    linear,
    smooth,
)
from pydantic import Field

PLOT = {"left": style.LEFT_EDGE + 0.9, "right": 3.55, "bottom": -2.2, "top": 2.2}
SHOWN = 9  # metrics, of however many a loop logs
READOUT_LEFT = -0.5
LABEL_WIDTH = style.RIGHT_EDGE - PLOT["right"] - 0.25
WALK_SECONDS, SMOOTH_SECONDS = 9.0, 5.0


class LossCurve(LectureScene):
    """The loss of each update from left to right: where it wanders its running mean, and the loss over all data.

    Of somebody's own run also what its loop logged beside the loss, and the learning rate where it changed.
    """

    class Parameters(LectureScene.Parameters):
        run: Experiment = Field(
            Experiment(batch_size=8, epochs=400, learning_rate=0.05),
            description="The training run that is shown",
        )
        trace: TraceFolder | None = Field(
            None,
            description="The folder of a trace that is shown instead, such as one recorded around a loop of your own",
        )

    instead_of: ClassVar = {"run": "trace"}

    def construct(self) -> None:
        self._prepare()
        self._axes_beat()
        self._walk_beat()
        if self.history.is_smoothed:
            self._mean_beat()
        if len(self.history.epoch_starts):
            self._epochs_beat()
        if self.plot.whole is not None:
            self._whole_beat()
        if self.plot.unseen is not None:
            self._unseen_beat()
        self._end_beat()
        self._metric_beats()

    def _prepare(self) -> None:
        trace = self.trace("run")
        self.run, self.history = trace.run, LossHistory.of(trace)
        self.metrics, self.rates = logged_series(trace), rate_series(trace, self.screen("learning-rate"))
        history, self.texts = self.history, self._texts()
        finite = history.batch[np.isfinite(history.batch)]
        self.panels: VGroup = VGroup()  # those of the other numbers, once they are there
        self.plot = LossPlot(history, self.texts, **PLOT)
        self.readout = LossReadout(
            self.screen("update"),
            self.screen("batch" if self._in_batches() else "loss"),
            history.scale.suffix,
            history.n_updates,
            finite,
            READOUT_LEFT,
            counting_decimals(float(finite.max())) if history.scale.in_views else 3,
        )

    def _texts(self) -> dict[str, str]:
        window = Count(self.history.window)
        keys = {"updates": "updates", "epochs": "epochs", "loss": "loss-in-views" if self._in_views() else "loss"}
        keys |= {"batch": "batch" if self._in_batches() else "loss", "whole": "whole", "unseen": "unseen"}
        texts = {name: self.screen(key) for name, key in keys.items()}
        if name := self.history.unseen_name:
            texts["unseen"] = literal(shortened(name, LABEL_WIDTH, style.LABEL - 2))
        return texts | {"mean": self.screen("running-mean") + "\n" + self.screen("window", window=window)}

    def _in_views(self) -> bool:
        return self.history.scale.in_views

    def _in_batches(self) -> bool:
        """Whether each update is known to have seen a part of the examples only."""
        return isinstance(self.run, Experiment) and self.run.batches_per_epoch > 1

    # -- the beats -------------------------------------------------------------------------------------------------

    def _axes_beat(self) -> None:
        if self.plot.axis.logarithmic:
            with self.beat("axes-log"):
                # Two axes: updates from left to right, the loss upwards, each step a factor
                self._show_axes()
        else:
            with self.beat("axes"):
                # Two axes: updates from left to right, the loss upwards
                self._show_axes()

    def _show_axes(self) -> None:
        self.play(FadeIn(heading(self.screen("heading")), shift=0.15 * UP), FadeIn(self.plot.axes), run_time=0.7)
        self._show(0.0)
        note = self._note()
        marker = [] if self.history.is_smoothed else [self.plot.marker]  # it would only jump about
        self.play(FadeIn(self.readout, *marker, *([caption(note)] if note else [])), run_time=0.5)

    def _walk_beat(self) -> None:
        sparse = self.history.step > 1
        if not self.history.is_smoothed:
            with self.beat("walk-logged" if sparse else "walk"):
                # The loss of each update, or each that the loop logged, as it was recorded, up to the last
                self._walk(WALK_SECONDS)
                self._label("batch")
        elif self._in_batches() and isinstance(self.run, Experiment):
            numbers = {"batch": self.run.batch_size, "examples": number_text(self.run.dataset.examples)}
            with self.beat("wander-batches", **numbers):
                # The loss of each batch goes up and down: every batch is another one
                self._walk(WALK_SECONDS)
                self._label("batch")
        else:
            with self.beat("wander-logged" if sparse else "wander"):
                # The loss goes up and down from update to update, or from one that the loop logged to the next
                self._walk(WALK_SECONDS)
                self._label("batch")

    def _mean_beat(self) -> None:
        with self.beat("running-mean", window=Count(self.history.window)):
            # The mean of the last updates, drawn over the pale line, shows where the loss is going
            self._follow("mean", self.screen("running-mean"))
            self._walk(SMOOTH_SECONDS)
            self._label("mean")

    def _epochs_beat(self) -> None:
        with self.beat("epochs", epochs=Count(len(self.history.epoch_starts) + 1)):
            # Marks on the axis count how often all examples have been seen
            marks, labels = self.plot.epochs
            lag = min(0.3, 3.0 / max(1, len(marks)))
            self.play(LaggedStart(*map(FadeIn, marks), lag_ratio=lag), run_time=1.2)
            self.play(FadeIn(labels, shift=0.1 * UP), run_time=0.5)

    def _whole_beat(self) -> None:
        with self.beat("whole"):
            # The loss over all examples, at recorded states: what the batches wander around
            mean = [] if self.plot.mean is None else [emphasis(self.plot.mean, PRESENT)]
            self.play(emphasis(self.plot.batch, FAINT if mean else PRESENT), *mean, run_time=0.5)
            self._follow("whole", self.texts["whole"])
            self._walk(SMOOTH_SECONDS)
            self._label("whole")

    def _unseen_beat(self) -> None:
        if self.history.unseen_name:
            with self.beat("unseen-logged", metric=self.history.unseen_name):
                # A loss that the loop logged under another name, which is taken for that of a validation
                self._show_unseen()
        else:
            with self.beat("unseen"):
                # The same states on examples that training never sees
                self._show_unseen()

    def _show_unseen(self) -> None:
        self._follow("unseen", self.texts["unseen"])
        self._walk(SMOOTH_SECONDS)
        self._label("unseen")

    def _end_beat(self) -> None:
        """What the picture that is there comes to: nothing moves any more."""
        history, final = self.history, self._final()
        values = {"updates": Count(history.n_updates), "loss": self.readout.written(final)}
        if self._runs_off():
            with self.beat("end-overflow", update=number_text(self.history.overflow)):
                # The loss outgrew what a number can hold: the curve stops there
                self.wait(0.1)
        elif self.history.ends_in_nan:
            with self.beat("end-nan", update=number_text(self.history.first_nan)):
                # A loss was logged that is no number: the curve stops there
                self.wait(0.1)
        elif np.isnan(final):
            with self.beat("end-unlogged", **values):
                # No loss was logged at the last updates
                self.wait(0.1)
        elif history.n_updates == 1:
            with self.beat("end-single", **values):
                # A single update was made
                self.wait(0.1)
        elif np.isfinite(history.final) and len(history.unseen):
            both = {"loss": history.final, "unseen": float(history.unseen[-1])}
            with self.beat("end-unseen", **values | {name: self.readout.written(of) for name, of in both.items()}):
                # Where both ended
                self.wait(0.1)
        elif self._is_of_all():
            with self.beat("end", **values):
                # The loss over all examples where the run ended
                self.wait(0.1)
        elif history.is_smoothed:
            with self.beat("end-mean", window=Count(history.window), **values):
                # Where the running mean ended
                self.wait(0.1)
        else:
            with self.beat("end-last", **values):
                # The last loss that is known
                self.wait(0.1)

    def _metric_beats(self) -> None:
        """What else was logged, three to a picture and the first `SHOWN` at most, and the learning rate."""
        count = Count(len(self.metrics))
        for k in range(0, min(count, SHOWN), MOST):
            series = self.metrics[k : k + MOST]
            shown = {"first": Count(k + 1), "last": Count(k + len(series))}
            with self.beat("metrics" if k == 0 else f"metrics-{k // MOST + 1}", count=count, **shown):
                # Each number that the loop logged, on an axis of its own, one above the other
                self._show_series(series)
        if self.rates:
            with self.beat("rate"):
                # How large the learning rate was at each update
                self._show_series(self.rates[:MOST])

    def _show_series(self, series: list[Series]) -> None:
        """They take the place of whatever plot is there."""
        panels, last = (
            MetricPanels(series, self.history.n_updates, self.texts["updates"], **PLOT),
            float(self.history.n_updates),
        )
        readout, shown = self.readout, self.get_mobject_family_members()
        gone = (self.plot, readout.loss_words, readout.loss, readout.suffix, self.panels)
        parts = {id(part): part for each in gone for part in each.get_family() if part in shown and len(part.points)}
        self.play(*map(FadeOut, parts.values()), run_time=0.4)
        self.remove(*gone)
        self.panels = panels
        curves, numbers = zip(*((panel.curve, panel.number) for panel in panels.panels), strict=True)

        def show(update: float) -> None:
            panels.show(update)
            readout.count.set_value(int(update + 1e-6))
            readout.count.place_left(style.HEADING_BASELINE, readout.count_left)

        show(0.0)
        self.play(*(FadeIn(part) for panel in panels.panels for part in (panel.axes, panel.name)), run_time=0.6)
        moving = VGroup(*curves, *numbers, readout.count)
        self.play(
            UpdateFromAlphaFunc(moving, lambda _, share: show(share * last)), run_time=SMOOTH_SECONDS, rate_func=linear
        )
        show(last)
        self.add(panels)

    def _runs_off(self) -> bool:
        """Whether the losses outgrew what a number can hold, and stayed so."""
        overflow = self.history.overflow
        return overflow is not None and not np.isfinite(self.history.batch[overflow:]).any()

    def _is_of_all(self) -> bool:
        """Whether the run ended with a known loss over all examples, and not with that of a batch."""
        return len(self.history.whole) > 0 or self.history.is_whole

    def _final(self) -> float:
        """The loss that the run ended with: over all examples where that is known, else as the curves show it."""
        history = self.history
        return history.final if self._is_of_all() else history.mean(history.n_updates - 1)

    # -- what moves ------------------------------------------------------------------------------------------------

    def _show(self, update: float) -> None:
        """The leading curve up to ``update``, which may lie between two; the numbers are those of the one reached."""
        self.readout.show(*self.plot.show(update))

    def _follow(self, curve: str, words: str) -> None:
        """Another curve leads from its start on, and the readout says which loss it now shows."""
        plot, readout = self.plot, self.readout
        said = self.history.mean_line()[1] if curve == "mean" else getattr(self.history, curve)
        said = said[np.isfinite(said)].tolist()
        longer = [loss for loss in said if len(readout.loss.written(loss)) > len(readout.loss.text)]
        room = [min(said), max(said)] if said and curve != "mean" else []
        room += [max(longer, key=lambda loss: len(readout.loss.written(loss)))] if longer else []
        name = readout.named(words, room)
        live = (plot.marker, readout.loss, readout.count)
        shown = self.get_mobject_family_members()
        self.play(*(FadeOut(part) for part in (*live, readout.loss_words) if part in shown), run_time=0.3)
        plot.leader, readout.loss_words = curve, name
        self._show(0.0)
        self.play(FadeIn(*live, name), run_time=0.3)

    def _walk(self, seconds: float) -> None:
        plot, readout = self.plot, self.readout
        marker = [plot.marker] if plot.marker in self.get_mobject_family_members() or plot.leader != "batch" else []
        moving = VGroup(plot.leading, *marker, readout.count, readout.loss)
        if plot.last > 0:
            walk = UpdateFromAlphaFunc(moving, lambda _, share: self._show(share * plot.last))
            self.play(walk, run_time=seconds, rate_func=linear)
        self._show(plot.last)
        self.add(plot.leading, *marker)

    def _label(self, name: str) -> None:
        if name in self.plot.labels:
            self.play(FadeIn(self.plot.labels[name], shift=0.1 * UP), run_time=0.5, rate_func=smooth)

    def _note(self) -> str:
        """The caption: what has to be known of the data, and what the picture leaves out."""
        notes, history = [], self.history
        if isinstance(self.run, RecordedRun):
            notes.append(self.screen("recorded", model=self.run.model.rpartition(".")[2]))
        elif isinstance(self.run.dataset, DailyViews) and self.run.dataset.synthetic:
            notes.append(self.screen("synthetic"))
        infinite = 0 if self._runs_off() else int(np.isinf(history.batch).sum())
        if missing := history.n_missing + infinite:
            count, updates = number_text(missing), Count(history.n_updates)
            if history.is_regular and not infinite:
                notes.append(self.screen("logged", step=Count(history.step)))
            else:
                key = "missing" if history.first_nan is None and not infinite else "missing-nan"
                notes.append(self.screen(key, count=count, updates=updates))
        outside = self.plot.axis.outside(history.batch)
        if outside:
            notes.append(self.screen("outside", count=number_text(outside)))
        return self.screen("and").join(notes)
