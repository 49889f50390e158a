"""What a classifier answers in the whole plane, update by update, beside its loss and its accuracy."""

from __future__ import annotations

from functools import lru_cache
from typing import ClassVar, Self

import numpy as np
from gradreel.core.analysis.class_plane import (
    ClassPlane,
    movement,
    refuse_other_than_planes,
)
from gradreel.core.analysis.recorded_plane import class_plane_of
from gradreel.core.arrays import FloatArray, evenly_spaced_indices
from gradreel.core.datasets import PointsDataset
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.core.point_generators import Spirals
from gradreel.core.trace.recorded_run import RecordedRun
from gradreel.core.trace.trace import Trace, read_meta
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.mobjects.class_regions import ClassRegions, class_marks
from gradreel.scenes.mobjects.metric_panels import MetricPanels, classifier_series
from gradreel.scenes.mobjects.pace import Pace, pace_of, recorded_row, sampled_rows
from gradreel.scenes.mobjects.plot import ring
from gradreel.scenes.mobjects.text import Number, fitted, heading, words
from gradreel.scenes.style import palette
from gradreel.scenes.trace_folder import TraceFolder
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.numbers import number_text
from manim import UP, FadeIn, LaggedStart, UpdateFromAlphaFunc, VGroup, linear
from pydantic import Field, model_validator

LEFT, BOTTOM, SIDE = style.LEFT_EDGE, -2.95, 5.5  # of the square of the plane
LEGEND = 0.4  # from the square to the middle of the legend's marks
LEGEND_LINE = 0.52  # from line to line of it
PANELS = {"left": 1.55, "right": 5.95, "bottom": BOTTOM + 0.9, "top": BOTTOM + SIDE}
WORDS = 30  # least size of text
MOST_MARKS = 600  # points that are drawn
MARK, LEGEND_MARK = (0.052, 0.095), 0.12  # smallest and largest size of a point's mark; of a mark in the legend
RING = 2.1  # of a mark's size: the ring around a wrong point
WALK_SECONDS = 10.0
NOTE_BASELINE = style.CAPTION_BASELINE


class DecisionRegions(LectureScene):
    """Points of two to ten classes, and for every place around them the class that the network finds most probable.

    The colour is stronger where the network is surer. Loss and accuracy are beside it.
    """

    class Parameters(LectureScene.Parameters):
        run: Experiment = Field(
            Experiment(
                dataset=PointsDataset(points=Spirals(arms=3), validation=Spirals(arms=3, seed=1)),
                hidden=(16, 16),
                activation="relu",
                optimizer="adam",
                learning_rate=0.01,
                loss="ce",
                epochs=300,
                seed=0,
            ),
            description="The training run that is shown: points (x1, x2) of two to ten classes, loss bce or ce",
        )
        trace: TraceFolder | None = Field(
            None,
            description="The folder of a trace that is shown instead. If you recorded it around a loop of your own, "
            "first call trace.decision_regions(model, points, labels)",
        )

        @model_validator(mode="after")
        def _is_a_classifier_of_the_plane(self) -> Self:
            run = read_meta(self.trace.path)[1] if self.trace is not None else self.run
            try:
                if isinstance(run, Experiment):
                    refuse_other_than_planes(run)
                elif self.trace is not None:
                    class_plane_of(self.trace.open())
            except UserError as error:
                raise ValueError(str(error)) from None
            return self

    instead_of: ClassVar = {"run": "trace"}

    def construct(self) -> None:
        self._prepare()
        self._points_beat()
        self._start_beat()
        if self.last > 0:
            self._walk_beat()
        self._end_beat()

    def _prepare(self) -> None:
        trace = self.trace("run")
        self.run, self.plane = trace.run, class_plane_of(trace)
        self.last = _last_finite_state(trace, self.plane)
        drawn = evenly_spaced_indices(len(self.plane.points), MOST_MARKS)
        self.drawn, size = drawn, float(np.clip(0.9 / np.sqrt(len(drawn)), *MARK))
        points, labels = self.plane.points[drawn], self.plane.labels[drawn]
        self.regions = ClassRegions(self.plane.view, points, labels, self.plane.n_classes, LEFT, BOTTOM, SIDE, size)
        self.mark_size = size
        self.legend = self._legend()
        self.panels = MetricPanels(
            classifier_series(trace, self.plane, self.screen),
            trace.n_updates,
            self.screen("updates"),
            titled=True,
            **PANELS,
        )
        self.counter = VGroup(
            words(self.screen("update"), 32), Number(int(self.plane.updates[-1]), 0, 32, palette.text, group=True)
        )
        self.counter[1].place(style.HEADING_BASELINE, style.RIGHT_EDGE)
        self.counter[0].place(style.HEADING_BASELINE, right=self.counter[1].get_left()[0] - 0.2)
        self.logits = lru_cache(maxsize=2)(self.plane.on_grid)
        self._show(0.0)

    # -- beats ---------------------------------------------------------------------------------------------------------

    def _points_beat(self) -> None:
        classes = self.plane.n_classes
        with self.beat("points", points=Count(len(self.plane.points)), classes=Count(classes)):
            # An empty square fills with points, class after class; each class has a colour and a shape
            self.play(
                FadeIn(heading(self.screen("heading")), shift=0.15 * UP), FadeIn(self.regions.ground), run_time=0.7
            )
            coming = [
                FadeIn(VGroup(marks, line)) for marks, line in zip(self.regions.marks, self.legend[1:], strict=True)
            ]
            self.play(FadeIn(self.legend[0]), LaggedStart(*coming, lag_ratio=0.5), run_time=min(4.0, 0.7 * classes))

    def _start_beat(self) -> None:
        with self.beat("start"):
            # Behind the points, every place gets the colour of the class that the first state finds most probable
            self._show(0.0)
            bands = self.regions.bands
            self.add(bands, self.regions.marks)  # the marks stay in front
            self.play(FadeIn(bands), FadeIn(self.counter), run_time=1.5)
            self.add(self.regions.marks)
            if notes := self._notes():
                self.play(FadeIn(notes), run_time=0.4)

    def _walk_beat(self) -> None:
        with self.beat("walk", updates=Count(self.plane.updates[self.last])):
            # The recorded states go by: the regions move, beside them loss and accuracy are drawn up to the same update
            parts = [FadeIn(VGroup(panel.axes, panel.name, panel.number)) for panel in self.panels.panels]
            self.play(*parts, run_time=0.6)
            pace = self._pace()
            moving = [panel.curve for panel in self.panels.panels] + [panel.number for panel in self.panels.panels]
            live = VGroup(self.regions.bands, self.regions.marks, self.counter[1], *moving)
            walk = UpdateFromAlphaFunc(live, lambda _, share: self._show(pace.row(share)))
            self.play(walk, run_time=WALK_SECONDS, rate_func=linear)
            self._show(float(self.last))
            self.add(self.panels)

    def _end_beat(self) -> None:
        answers = self.plane.at_points(self.last).argmax(axis=-1)
        wrong = answers != self.plane.labels
        values = {"right": Count(int((~wrong).sum())), "points": Count(len(wrong))}
        with self.beat("end", updates=Count(self.plane.updates[self.last]), **values):
            # Nothing moves: the last state, and how many points it gets right
            self.wait(0.1)
        if wrong.any():
            with self.beat("wrong", count=Count(int(wrong.sum()))):
                # A ring around each point that lies in the region of another class
                places = self.regions.at(self.plane.points[self.drawn][wrong[self.drawn]])
                size = RING * self.mark_size
                self.rings = rings = VGroup(*(ring(place, size, palette.text).set_fill(opacity=0) for place in places))
                self.play(LaggedStart(*map(FadeIn, rings), lag_ratio=min(0.3, 3 / max(1, len(rings)))), run_time=1.5)

    # -- the run -------------------------------------------------------------------------------------------------------

    def _pace(self) -> Pace:
        rows = sampled_rows(0, self.last)
        return pace_of(rows, movement(self.plane, rows))

    def _show(self, row: float) -> None:
        """Show the state at ``row``. Between two recorded states, each logit lies on the line between both."""
        reached = min(recorded_row(row), self.last)
        self.regions.show(self._logits_between(reached, row - reached))
        updates = self.plane.updates
        self.counter[1].set_value(int(updates[reached]))
        following = updates[min(reached + 1, self.last)]
        self.panels.show(float(updates[reached] + (row - reached) * (following - updates[reached])))

    def _logits_between(self, reached: int, share: float) -> FloatArray:
        below = self.logits(reached)
        if share <= 0 or reached >= self.last:
            return below
        return np.asarray(below + share * (self.logits(reached + 1) - below))

    # -- what is written -----------------------------------------------------------------------------------------------

    def _legend(self) -> VGroup:
        """Return the word "class", then for each class its mark and its number."""
        x = LEFT + SIDE + LEGEND
        top = BOTTOM + SIDE - 0.25
        legend = VGroup(words(self.screen("class"), WORDS, palette.dim).place(top - 0.1, left=x - 0.15))
        for k in range(self.plane.n_classes):
            y = top - LEGEND_LINE * (k + 1)
            mark = class_marks(k, np.array([[x, y, 0.0]]), LEGEND_MARK)
            legend.add(VGroup(mark, words(str(k), WORDS).place(y - 0.11, left=x + 0.3)))
        return legend

    def _notes(self) -> VGroup:
        """Return the line below: what was recorded, and what the picture leaves out; it may be empty."""
        notes = []
        if isinstance(self.run, RecordedRun):
            notes.append(self.screen("recorded", model=self.run.model.rpartition(".")[2]))
        if len(self.drawn) < len(self.plane.points):
            drawn, points = number_text(len(self.drawn)), number_text(len(self.plane.points))
            notes.append(self.screen("some", drawn=drawn, points=points))
        if self.last < len(self.plane.updates) - 1:
            shown, made = (number_text(int(self.plane.updates[s])) for s in (self.last, -1))
            notes.append(self.screen("shown", update=shown, updates=made))
        if not notes:
            return VGroup()
        line = fitted(words, self.screen("and").join(notes), WORDS, style.RIGHT_EDGE - style.LEFT_EDGE, palette.dim)
        return VGroup(line.place(NOTE_BASELINE, left=style.LEFT_EDGE))


def _last_finite_state(trace: Trace, plane: ClassPlane) -> int:
    """Return the last state before the answers stop being finite numbers.

    Raises UserError if those of the first state are not.
    """
    count = len(plane.updates)
    if np.isfinite(plane.at_points(count - 1)).all():
        return count - 1
    lost = next(s for s in range(count) if not np.isfinite(plane.at_points(s)).all())
    if lost == 0:
        raise UserError(
            f"{trace.path}: before the first update the network's answers are not finite numbers; look at how its model"
            " is made"
        )
    return lost - 1
