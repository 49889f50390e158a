"""What each hidden layer of a classifier does to the plane: the points and a sheet under them move, layer by layer."""

from __future__ import annotations

from functools import partial
from typing import ClassVar, Self

import numpy as np
from gradreel.core.analysis.class_plane import (
    ClassPlane,
    TrainedPlane,
    refuse_no_hidden_layer,
    refuse_other_than_planes,
)
from gradreel.core.analysis.recorded_plane import class_plane_of
from gradreel.core.arrays import evenly_spaced_indices
from gradreel.core.datasets import PointsDataset
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.core.point_generators import Moons
from gradreel.core.trace.recorded_run import RecordedRun
from gradreel.core.trace.trace import Trace, read_meta
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.mobjects.class_regions import class_marks
from gradreel.scenes.mobjects.layer_views import MovingSheet, layer_views
from gradreel.scenes.mobjects.text import fitted, heading, words
from gradreel.scenes.style import mix, palette
from gradreel.scenes.trace_folder import TraceFolder
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.numbers import number_text
from manim import UP, Create, FadeIn, FadeOut, UpdateFromAlphaFunc, VGroup, smooth
from pydantic import Field, model_validator

WORDS = 30  # least size of text
MOST_MARKS = 400  # points that are drawn
MARK, LEGEND_MARK = (0.06, 0.095), 0.12  # smallest and largest size of a point's mark; of a mark in the legend
LEGEND_LEFT, LEGEND_TOP, LEGEND_LINE = 5.6, 2.1, 0.52
PAPER = 0.3  # share of the text's colour in the sheet's lines
MOST_LAYERS = 8
LAYER_SECONDS = 3.0  # for the way through a layer


class LayerView(LectureScene):
    """The plane on its way through the hidden layers of a trained classifier, until a straight line parts two classes.

    A layer of more than two units is seen in a projection.
    """

    class Parameters(LectureScene.Parameters):
        run: Experiment = Field(
            Experiment(
                dataset=PointsDataset(points=Moons(noise=0.12)),
                hidden=(6, 2),
                activation="sigmoid",
                optimizer="adam",
                learning_rate=0.05,
                loss="bce",
                epochs=250,
                seed=0,
            ),
            description="The training run whose network is shown: points (x1, x2) of two to ten classes, loss bce or "
            f"ce, 1 to {MOST_LAYERS} hidden layers",
        )
        trace: TraceFolder | None = Field(
            None,
            description="The folder of a trace that is shown instead. If you recorded it around a loop of your own, "
            "first call trace.decision_regions(model, points, labels)",
        )
        update: int | None = Field(
            None, ge=0, description="The network after so many updates is shown; by default after the last"
        )
        between: tuple[int, int] = Field(
            (0, 1), description="The two classes that the line at the end parts; it has a meaning for more than two"
        )

        @model_validator(mode="after")
        def _has_layers_that_can_be_drawn(self) -> Self:
            run = read_meta(self.trace.path)[1] if self.trace is not None else self.run
            try:
                if isinstance(run, Experiment):
                    refuse_other_than_planes(run)
                    refuse_no_hidden_layer(run)
                    classes, layers = max(2, run.n_outputs), len(run.hidden)
                elif self.trace is not None:
                    plane = class_plane_of(self.trace.open())
                    classes, layers = plane.n_classes, len(plane.layers_at(len(plane.updates) - 1).values)
            except UserError as error:
                raise ValueError(str(error)) from None
            if layers > MOST_LAYERS:
                raise ValueError(
                    f"{layers} hidden layers; needed: at most {MOST_LAYERS}; decision-regions shows this run"
                )
            first, second = self.between
            if first == second or not all(0 <= label < classes for label in self.between):
                raise ValueError(f"between: needed: two different classes, each 0 to {classes - 1}")
            if self.update is not None and self.update > run.n_updates:
                raise ValueError(f"update: the run has {run.n_updates} updates, got {self.update}")
            if self.update is not None and isinstance(run, RecordedRun) and self.update != run.n_updates:
                raise ValueError(
                    f"update: of a recorded run only the layers after the last update, {run.n_updates}, are known"
                )
            return self

    instead_of: ClassVar = {"run": "trace"}

    def construct(self) -> None:
        self._prepare()
        self._plane_beat()
        for layer in range(1, self.sheet.n_layers + 1):
            self._layer_beat(layer)
        self._line_beat()

    def _prepare(self) -> None:
        trace = self.trace("run")
        self.run, self.plane = trace.run, class_plane_of(trace)
        self.state = self._state_of(trace, self.plane)
        self.update = int(self.plane.updates[self.state])
        self.layers = layers = self.plane.layers_at(self.state)
        points, labels = self.plane.points, self.plane.labels
        values = [np.concatenate([points, self.plane.view.sheet()]), *layers.values]
        if not all(np.isfinite(each).all() for each in (*values, layers.weights, layers.bias)):
            raise UserError(
                f"{trace.path}: after {self.update} updates not all values of the layers are finite numbers, so they "
                "cannot be drawn; choose an earlier update, or train with a smaller learning rate"
            )
        drawn = evenly_spaced_indices(len(points), MOST_MARKS)
        kept = np.concatenate([drawn, np.arange(len(points), len(values[0]))])
        views = layer_views([each[kept] for each in values], len(drawn), *layers.line(*self.parameters.between))
        size = float(np.clip(0.8 / np.sqrt(len(drawn)), *MARK))
        self.drawn_labels = labels[drawn]
        groups = [(self.drawn_labels == k, partial(class_marks, k, size=size)) for k in range(self.plane.n_classes)]
        self.sheet = MovingSheet(views, groups, mix(palette.text, PAPER))
        self.said, self.said_text, self.note = VGroup(), "", VGroup()

    def _state_of(self, trace: Trace, plane: ClassPlane) -> int:
        if self.parameters.update is None or not isinstance(plane, TrainedPlane):
            return len(plane.updates) - 1
        return trace.row(self.parameters.update)

    # -- beats ---------------------------------------------------------------------------------------------------------

    def _plane_beat(self) -> None:
        with self.beat("plane", points=Count(len(self.plane.points)), updates=Count(self.update)):
            # The points lie on a sheet of lines: the plane as it goes into the network
            self.play(FadeIn(heading(self.screen("heading")), shift=0.15 * UP), run_time=0.6)
            self.play(FadeIn(self.sheet), FadeIn(self._legend()), run_time=1.0)
            self._tell(self.screen("input"), self.screen("exact"))

    def _layer_beat(self, layer: int) -> None:
        units = self.layers.values[layer - 1].shape[1]
        with self.beat(f"layer-{layer}", layer=Count(layer), units=Count(units)):
            # Sheet and points move to where this layer puts them, on straight ways that no network computes; the line
            # below says so while they move, and then whether the view is exact or a projection
            self._tell(self.said_text, self.screen("moving"))

            def bend(_: VGroup, share: float) -> None:
                self.sheet.show(layer - 1 + share)

            self.play(UpdateFromAlphaFunc(self.sheet, bend, rate_func=smooth), run_time=LAYER_SECONDS)
            self.sheet.show(float(layer))
            shown = self.screen("all-units") if units <= 2 else self.screen("projection", units=number_text(units))
            self._tell(self.screen("layer", layer=number_text(layer)), shown)

    def _line_beat(self) -> None:
        first, second = self.parameters.between
        logits, labels = self.plane.at_points(self.state), self.plane.labels
        ours = (labels == first) | (labels == second)
        answers = np.where(logits[:, second] > logits[:, first], second, first)
        right = int((answers[ours] == labels[ours]).sum())
        with self.beat("line", right=Count(right), points=Count(int(ours.sum())), first=first, second=second):
            # One straight, upright line: on its two sides the network finds one class, or the other, more probable
            others = [mark for k, mark in enumerate(self.sheet.marks) if k not in (first, second)]
            dimmed = [mark.animate.set_opacity(0.25) for mark in others if len(mark.family_members_with_points())]
            self.play(Create(self.sheet.cut), *dimmed, run_time=1.2)
            self._tell(self.said_text, self.screen("line", first=first, second=second))

    # -- what is written -----------------------------------------------------------------------------------------------

    def _tell(self, said: str, note: str) -> None:
        """Show where the sheet is at the right of the heading's line, and what kind of view it is below."""
        new_said = words(said, 32).place(style.HEADING_BASELINE, right=style.RIGHT_EDGE)
        new_note = fitted(words, note, WORDS, style.RIGHT_EDGE - style.LEFT_EDGE, palette.dim)
        new_note.place(style.CAPTION_BASELINE, left=style.LEFT_EDGE)
        changed = said != self.said_text
        leaving = [FadeOut(old) for old in ((self.said, self.note) if changed else (self.note,)) if len(old)]
        if leaving:
            self.play(*leaving, run_time=0.2)
        self.play(FadeIn(new_note), *([FadeIn(new_said)] if changed else []), run_time=0.3)
        self.note = new_note
        if changed:
            self.said, self.said_text = new_said, said

    def _legend(self) -> VGroup:
        """Return for each class its mark and its number."""
        legend = VGroup()
        for k in range(self.plane.n_classes):
            y = LEGEND_TOP - LEGEND_LINE * k
            mark = class_marks(k, np.array([[LEGEND_LEFT, y, 0.0]]), LEGEND_MARK)
            legend.add(VGroup(mark, words(str(k), WORDS).place(y - 0.11, left=LEGEND_LEFT + 0.3)))
        return legend
