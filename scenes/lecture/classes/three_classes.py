"""Shows how softmax turns three scores into shares that always add up to one."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Self

import numpy as np
from gradreel.core.analysis.class_plane import TrainedPlane, movement, right_answers
from gradreel.core.experiment import Experiment
from gradreel.core.network.losses import softmax
from gradreel.core.network.theta import predict
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.classes.pictures.line_board import (
    BOTTOM,
    COLUMN,
    FALL,
    LEFT,
    MARK,
    PANELS,
    RIGHT,
    SIDE,
    NewDot,
    flow,
)
from gradreel.scenes.lecture.classes.pictures.share_table import ShareTable
from gradreel.scenes.lecture.classes.plane_runs import MOONS, THREE_KINDS, check_classes
from gradreel.scenes.mobjects.class_regions import ClassRegions, class_marks
from gradreel.scenes.mobjects.metric_panels import MetricPanels, classifier_series
from gradreel.scenes.mobjects.pace import pace_of, recorded_row, sampled_rows
from gradreel.scenes.mobjects.text import formula, words
from gradreel.scenes.words.claims import Claim, claim
from gradreel.scenes.words.counts import Count
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
from pydantic import Field, model_validator

FORMULA_Y = -0.95
DRAG_SECONDS, TRAIN_SECONDS = 2.4, 6.0


class ThreeClasses(LectureScene):
    """Shows the scores and shares of three classes at a dot that moves, then the scores in training."""

    class Parameters(LectureScene.Parameters):
        run: Experiment = Field(
            THREE_KINDS, description="The training run: points (x1, x2) of three classes, no hidden layer, loss ce"
        )
        before: Experiment = Field(MOONS, description="The run whose dots are there at first, of two classes")
        dot: tuple[float, float] = Field((0.1, 0.2), description="Where the grey dot falls: x1 and x2")

        @model_validator(mode="after")
        def _are_three_classes_after_two(self) -> Self:
            check_classes("run", self.run, 3)
            check_classes("before", self.before, 2)
            if self.run.hidden:
                raise ValueError("run: needed: hidden = [], so that each score is a line")
            return self

    @cached_property
    def plane(self) -> TrainedPlane:
        """Return the answers of the run."""
        return TrainedPlane(self.trace("run"))

    def scores(self, place: NDArray) -> NDArray:
        """Return the trained scores at a place (2,), (3,)."""
        theta = np.asarray(self.trace("run").parameters[-1], dtype=np.float64)
        return np.asarray(predict(self.parameters.run, theta, np.asarray(place, dtype=float)[None])[0])

    def stops(self) -> tuple[NDArray, NDArray, NDArray]:
        """Return where the dot is moved to, (2,) each: equal first scores, all equal, and the middle of class 2."""
        middles = [self.plane.points[self.plane.labels == k].mean(axis=0) for k in range(3)]
        origin = self.scores(np.zeros(2))
        slopes = np.stack([self.scores(unit) - origin for unit in np.eye(2)], axis=1)  # (3, 2)
        middle = np.linalg.solve(slopes[1:] - slopes[0], origin[0] - origin[1:])
        along = np.array([-1.0, 1.0]) * (slopes[0] - slopes[1])[::-1]
        outwards = along if along @ (middles[0] + middles[1] - 2 * middle) > 0 else -along
        return middle + 1.1 * outwards / np.linalg.norm(outwards), middle, middles[2]

    def claims(self) -> Iterator[Claim]:
        edge, middle, inside = (softmax(self.scores(place)) for place in self.stops())
        two = bool(abs(edge[0] - edge[1]) < 0.01 and edge[2] < 0.1)
        yield claim("drag", "two shares are alike on the edge", two, shares=edge)
        yield claim("drag", "all shares are alike in the middle", np.ptp(middle) < 0.01, shares=middle)
        yield claim("drag", "one is nearly all among its dots", inside.max() > 0.9, shares=inside)
        right = [int(right_answers(self.plane, state).sum()) for state in (0, -1)]
        yield claim("train-most-right", "training gets more right", right[0] < right[1], right=right)

    def construct(self) -> None:
        plane = self.plane
        self.regions = ClassRegions(plane.view, plane.points, plane.labels, 3, LEFT, BOTTOM, SIDE, MARK)
        self.regions.show(plane.on_grid(len(plane.updates) - 1))
        place = np.asarray(self.parameters.dot)
        names = (self.screen("score"), "e^y", self.screen("share"))
        self.table = ShareTable(self.scores(place), names, COLUMN, RIGHT)
        self.dot = NewDot(self.regions.at(place[None])[0])
        self._three_beat()
        self._scores_beat()
        self._softmax_beats()
        self._drag_beat()
        self._train_beat()
        self._ten_beat()
        self.hand_on()

    # -- beats ---------------------------------------------------------------------------------------------------------

    def _three_beat(self) -> None:
        before = TrainedPlane(self.trace("before"))
        self.moons = ClassRegions(before.view, before.points, before.labels, 2, LEFT, BOTTOM, SIDE, MARK)
        flows = self._flows()
        self.add(self.regions.ground, self.moons.marks)
        with self.beat("three"):
            # The dots of the moons run apart into three clouds; a third of them becomes squares
            self.play(*self.next_heading(self.screen("heading-three")), run_time=0.8)
            self.remove(self.moons.marks)
            self.play(*flows, run_time=2.2)
            self.remove(*(flow.mobject for flow in flows))
            self.add(self.regions.marks)
            self.until("line")

    def _flows(self) -> list[UpdateFromAlphaFunc]:
        """Return the ways of the dots of before to the three clouds. Squares are made of those that are left over."""
        data, classes = self.parameters.before.dataset, self.moons
        ends = [self.regions.at(self.plane.points[self.plane.labels == k]) for k in range(3)]
        flows, left_over = [], []
        for k in (0, 1):
            starts = classes.at(data.features()[data.labels() == k])
            taken = min(len(ends[k]), len(starts))
            flows.append(flow(starts[np.arange(len(ends[k])) % taken], ends[k], k, k))
            left_over.append(starts[taken:])
        share = len(ends[2]) - len(left_over[1])
        for k, part in ((0, ends[2][:share]), (1, ends[2][share:])):
            if len(left_over[k]) and len(part):
                flows.append(flow(left_over[k][np.arange(len(part)) % len(left_over[k])], part, k, 2))
        return flows

    def _scores_beat(self) -> None:
        table = self.table
        with self.beat("scores"):
            # A grey dot falls in; beside it, a row for each kind with its score. Each place then has the colour of the
            # largest score
            line = formula("y_k = b_k + yellow(w_(k 1)) x_1 + yellow(w_(k 2)) x_2", 40).place(FORMULA_Y, left=COLUMN)
            self.play(FadeIn(line), FadeIn(table.marks, shift=0.1 * UP), run_time=0.8)
            place = self.dot.get_center()
            self.until("dot")
            self.dot.shift(FALL * UP)
            self.play(self.dot.animate.move_to(place), run_time=0.9)
            self.play(FadeIn(table.names[0]), LaggedStart(*map(FadeIn, table.scores), lag_ratio=0.4), run_time=1.2)
            self.until("most")
            self.bring_to_back(self.regions.ground, self.regions.bands)
            self.play(FadeIn(self.regions.bands), run_time=1.0)
        self.line = line

    def _softmax_beats(self) -> None:
        table, scores = self.table, self.scores(np.asarray(self.parameters.dot))
        with self.beat("positive"):
            # e to the power of each score, as a number and as a bar: all are above zero
            self.play(*self.next_heading(self.screen("heading-shares")), FadeOut(self.line), run_time=0.6)
            self.until("power")
            table.show(scores, 0.0)
            self.play(FadeIn(table.names[1]), LaggedStart(*map(FadeIn, table.powers), lag_ratio=0.4), run_time=1.0)
            self.play(LaggedStart(*(FadeIn(bar) for bar in table.bars), lag_ratio=0.4), run_time=1.0)
        with self.beat("divide"):
            # The three bars are laid end to end, and fill a frame exactly; each class has its share in percent
            self.play(FadeIn(table.frame), run_time=0.5)

            def join(_: VGroup, share: float) -> None:
                table.show(scores, share)

            self.play(UpdateFromAlphaFunc(table.bars, join, rate_func=smooth), run_time=1.8)
            table.show(scores)
            self.add(table.frame)
            self.until("one")
            self.play(FadeIn(table.names[2]), FadeIn(table.percents), FadeIn(table.signs), run_time=0.8)
            self.until("name")
            self.play(*self.next_heading(self.screen("heading-softmax")))

    def _drag_beat(self) -> None:
        table, at = self.table, self.regions.at
        place = np.asarray(self.parameters.dot)
        with self.beat("drag", pause="long"):
            # The dot is moved to an edge, to the middle, and into a cloud; scores, shares and bar follow it
            for mark, stop in zip(("edge", "middle", "inside"), self.stops(), strict=True):
                self.until(mark)

                def move(_: VGroup, share: float, start: NDArray = place, end: NDArray = stop) -> None:
                    there = start + share * (end - start)
                    self.dot.move_to(at(there[None])[0])
                    table.show(self.scores(there))

                live = VGroup(self.dot, table.scores, table.powers, table.percents, table.bars, table.frame)
                self.play(UpdateFromAlphaFunc(live, move, rate_func=smooth), run_time=DRAG_SECONDS)
                move(live, 1.0)
                place = stop

    def _train_beat(self) -> None:
        trace, plane, table = self.trace("run"), self.plane, self.table
        last = len(trace.kept) - 1
        pace = pace_of(rows := sampled_rows(0, last), movement(plane, rows))
        panels = MetricPanels(
            classifier_series(trace, plane, self.screen), trace.n_updates, self.screen("updates"), titled=True, **PANELS
        )
        panels.show(0)
        right = int(right_answers(plane, last).sum())
        with self.beat("train-most-right", right=Count(right), dots=Count(len(plane.labels))):
            # The scores go back to their random start; then the recorded updates turn the regions to their dots
            leaving = [table.names, table.marks, table.scores, table.powers, table.percents, table.signs, table.bars]
            heading = self.next_heading(self.screen("heading-train"))
            self.play(*map(FadeOut, (*leaving, table.frame, self.dot)), *heading, run_time=0.8)
            self.until("start")
            logits = plane.on_grid(last)

            def rewind(_: VGroup, share: float) -> None:
                self.regions.show(logits + share * (plane.on_grid(0) - logits))

            live = VGroup(self.regions.bands, self.regions.marks)
            self.play(UpdateFromAlphaFunc(live, rewind, rate_func=smooth), FadeIn(panels), run_time=1.2)
            self.until("run")

            def show(_: VGroup, share: float) -> None:
                row = pace.row(share)
                at, rest = recorded_row(row), row - recorded_row(row)
                now = plane.on_grid(at)
                self.regions.show(now + rest * (plane.on_grid(min(at + 1, last)) - now))
                panels.show(float(trace.kept[at]))

            live = VGroup(self.regions.bands, self.regions.marks, panels)
            self.play(UpdateFromAlphaFunc(live, show), run_time=TRAIN_SECONDS, rate_func=linear)
            show(live, 1.0)
        self.panels = panels

    def _ten_beat(self) -> None:
        marks = VGroup()
        for k in range(10):
            x, y = COLUMN + 0.5 + 1.15 * (k % 5), 0.9 - 1.8 * (k // 5)
            name = words(str(k), 44).place(y - 0.85, center=x)
            marks.add(VGroup(class_marks(k, np.array([[x, y, 0.0]]), 0.2), name))
        with self.beat("ten", pause="long"):
            # Beside the plane, ten marks in ten colours, with the digits from 0 to 9
            self.play(FadeOut(self.panels), *self.next_heading(self.screen("heading-ten")), run_time=0.6)
            self.until("ten")
            self.play(LaggedStart(*map(FadeIn, marks), lag_ratio=0.3), run_time=2.0)
            self.until("digits")
