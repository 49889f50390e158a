"""The loss curve: what a run's loss did from its first update to its last, for a run of ours or anybody's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from gradreel.core.daily.units import three_digit_decimals
from gradreel.core.daily.views import DailyViews
from gradreel.core.experiment import Experiment
from gradreel.core.trace.recorded_run import RecordedRun
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.any_run.pictures.loss_comparison import LossComparison
from gradreel.scenes.lecture.daily_data import synthetic_data
from gradreel.scenes.mobjects.loss_history import LossHistory
from gradreel.scenes.mobjects.loss_plot import LossPlot
from gradreel.scenes.mobjects.metric_panels import (
    MOST,
    MetricPanels,
    Series,
    logged_series,
    rate_series,
)
from gradreel.scenes.mobjects.readout import LossReadout
from gradreel.scenes.mobjects.recorded_theta import shortened
from gradreel.scenes.mobjects.text import caption, heading, literal
from gradreel.scenes.style import DIM, FAINT, emphasis
from gradreel.scenes.trace_folder import TraceFolder
from gradreel.scenes.words.claims import Claim, claim
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
from numpy.typing import NDArray
from pydantic import Field

PLOT = {"left": style.LEFT_EDGE + 0.9, "right": 3.55, "bottom": -2.2, "top": 2.2}
SHOWN = 9  # metrics, of however many a loop logs
READOUT_LEFT = -0.5
LABEL_WIDTH = style.RIGHT_EDGE - PLOT["right"] - 0.25
WALK_SECONDS, SMOOTH_SECONDS = 9.0, 5.0
OTHERS = ("second", "third", "fourth")  # parameters of the runs that are compared with the first


class LossCurve(LectureScene):
    """The loss of each update from left to right: where it wanders its running mean, and the loss over all data.

    Of a classifier also its accuracy. Of somebody's own run also what its loop logged beside the loss, and the
    learning rate where it changed.
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
        second: TraceFolder | None = Field(None, description="The folder of a trace whose loss is drawn beside it")
        third: TraceFolder | None = Field(None, description="The folder of a third trace, drawn beside them")
        fourth: TraceFolder | None = Field(None, description="The folder of a fourth trace, drawn beside them")

    instead_of: ClassVar = {"run": "trace"}

    def claims(self) -> Iterator[Claim]:
        run = self.trace("run")
        losses, steps = np.asarray(run.batch_loss), np.diff(run.batch_loss)
        jumps = len(steps) > 0 and 0.2 < float((steps > 0).mean()) < 0.8
        yield claim("walk", "from batch to batch the loss goes up and down", jumps, losses=losses)

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
        if self.plot.validation is not None:
            self._validation_beat()
        self._end_beat()
        self._metric_beats()
        if others := [name for name in OTHERS if getattr(self.parameters, name) is not None]:
            self._compare_beat(others)

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
            self.screen(self._batch_word()),
            history.scale.suffix,
            history.n_updates,
            finite,
            READOUT_LEFT,
            three_digit_decimals(float(finite.max())) if history.scale.in_views else 3,
        )

    def _texts(self) -> dict[str, str]:
        keys = {name: name for name in ("updates", "epochs", "loss", "whole", "validation")}
        keys["batch"] = self._batch_word()
        if self.history.scale.in_views:
            keys["loss"] = "loss-in-views"
        if isinstance(self.run, Experiment) and self.run.dataset.kind in ("points", "digits"):
            keys["validation"] = f"validation-{self.run.dataset.kind}"
        texts = {name: self.screen(key) for name, key in keys.items()}
        if name := self.history.validation_name:
            texts["validation"] = literal(shortened(name, LABEL_WIDTH, style.LABEL - 2))
        window = self.screen("window", window=Count(self.history.window))
        return texts | {"mean": self.screen("running-mean") + "\n" + window}

    def _batch_word(self) -> str:
        """What the losses of updates are called: of a part of the examples, where that is known."""
        return "batch" if isinstance(self.run, Experiment) and self.run.batches_per_epoch > 1 else "loss"

    # -- the beats -------------------------------------------------------------------------------------------------

    def _axes_beat(self) -> None:
        with self.beat("axes"):
            # Two axes: updates from left to right, the loss upwards; where losses spread far, each step a factor
            self.heading = heading(self.screen("heading"))
            self.play(FadeIn(self.heading, shift=0.15 * UP), FadeIn(self.plot.axes), run_time=0.7)
            self._show(0.0)
            note = self._note()
            marker = [] if self.history.is_smoothed else [self.plot.marker]  # it would only jump about
            self.play(FadeIn(self.readout, *marker, *([caption(note)] if note else [])), run_time=0.5)

    def _walk_beat(self) -> None:
        batches = {} if self.other_data else {"batch": self.run.batch_size, "examples": self.run.dataset.examples}
        with self.beat("walk", **batches):
            # The loss of each update, or each that the loop logged, as it was recorded, up to the last. That of a batch
            # goes up and down: every batch is another one
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
            mean = [] if self.plot.mean is None else [emphasis(self.plot.mean, DIM)]
            self.play(emphasis(self.plot.batch, FAINT if mean else DIM), *mean, run_time=0.5)
            self._follow("whole", self.texts["whole"])
            self._walk(SMOOTH_SECONDS)
            self._label("whole")

    def _validation_beat(self) -> None:
        with self.beat("validation"):
            # The loss on validation days, which training never sees, or what the loop logged of a validation
            self._follow("validation", self.texts["validation"])
            self._walk(SMOOTH_SECONDS)
            self._label("validation")

    def _end_beat(self) -> None:
        loss, known = self.readout.loss.value, self._losses(self.plot.leader)
        last = loss if np.isfinite(loss) else float(known[np.isfinite(known)][-1])
        with self.beat("end", updates=Count(self.history.n_updates), loss=self.readout.written(last)):
            # What the curve that was drawn last comes to: nothing moves any more
            self.wait(0.1)

    def _metric_beats(self) -> None:
        """What else was logged, three to a picture and the first `SHOWN` at most, and the learning rate."""
        count = Count(len(self.metrics))
        for k in range(0, min(count, SHOWN), MOST):
            series = self.metrics[k : k + MOST]
            shown = {"first": Count(k + 1), "last": Count(k + len(series))}
            place = k // MOST + 1
            with self.beat(f"metrics-{place}" if len(series) > 1 else f"metric-{place}", count=count, **shown):
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

    def _compare_beat(self, others: list[str]) -> None:
        """The losses of this run and of others on one pair of axes, each with its colour, dashes and name."""
        count = len(others) + 1
        with self.beat("compare", count=Count(count)):
            # The axes become wide enough for all runs. All losses grow at the same time, update by update
            names = self._run_names(others)
            self.comparison = comparison = LossComparison(
                [self.history, *(LossHistory.of(self.trace(name)) for name in others)],
                names,
                self.texts["updates"],
                self.texts["loss"],
                **PLOT,
            )
            gone = [part for part in self.mobjects if part is not self.heading]
            self.play(*map(FadeOut, gone), run_time=0.4)
            comparison.show(0.0)
            self.play(FadeIn(comparison.axes), run_time=0.6)
            curves = VGroup(*comparison.curves)
            walk = UpdateFromAlphaFunc(curves, lambda _, share: comparison.show(share * comparison.last))
            self.play(walk, run_time=SMOOTH_SECONDS, rate_func=linear)
            comparison.show(comparison.last)
            self.play(*map(FadeIn, comparison.labels), run_time=0.5)

    def _run_names(self, others: list[str]) -> list[str]:
        """Names of this run and of others: those of their folders, with the folder around it where two are the same."""
        folders = [getattr(self.parameters, name) for name in ("trace", *others)]
        paths = [None if folder is None else folder.path for folder in folders]
        plain = [self.screen("this-run") if path is None else path.name for path in paths]
        return [
            name if path is None or plain.count(name) == 1 else f"{path.parent.name}/{name}"
            for name, path in zip(plain, paths, strict=True)
        ]

    def _losses(self, curve: str) -> NDArray:
        """All losses along a curve: "batch", "mean", "whole", "validation"; those that are not known are not finite."""
        if curve == "mean":
            return self.history.mean_line()[1]
        return self.history.line()[1] if curve == "batch" else getattr(self.history, curve)

    # -- what moves ------------------------------------------------------------------------------------------------

    def _show(self, update: float) -> None:
        """The leading curve up to ``update``, which may lie between two; the numbers are those of the one reached."""
        self.readout.show(*self.plot.show(update))

    def _follow(self, curve: str, words: str) -> None:
        """Another curve leads from its start on, and the readout says which loss it now shows."""
        plot, readout = self.plot, self.readout
        losses = self._losses(curve)
        said = losses[np.isfinite(losses)].tolist()
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
            notes.append(synthetic_data(self))
        infinite = int(np.isinf(history.batch).sum())
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
