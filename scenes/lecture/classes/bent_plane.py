"""Draws two half moons that no line parts, and how three sigmoids bend the plane until a flat cut parts them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, partial
from typing import Self

import numpy as np
from gradreel.core.analysis.class_plane import TrainedPlane, right_answers
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import unpack
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.classes.line_scene import TWO_KINDS
from gradreel.scenes.lecture.classes.pictures.cube_sheet import (
    Cube,
    FlatCut,
    cut_curves,
    first_view,
    in_cube,
    seen,
    turned,
    view_along_cut,
)
from gradreel.scenes.lecture.classes.pictures.line_board import COLUMN, LINE, MARK, PANELS, LineBoard, flow
from gradreel.scenes.lecture.classes.plane_runs import MOONS, MOONS_LINE, check_classes
from gradreel.scenes.mobjects.class_regions import class_marks
from gradreel.scenes.mobjects.layer_views import DrawnSheet
from gradreel.scenes.mobjects.metric_panels import MetricPanels, classifier_series
from gradreel.scenes.mobjects.pace import pace_of, recorded_row, sampled_rows
from gradreel.scenes.mobjects.plot import ring
from gradreel.scenes.mobjects.text import Number, fitted, formula, words
from gradreel.scenes.style import mix, palette
from gradreel.scenes.words.claims import Claim, claim
from gradreel.scenes.words.counts import Count
from manim import FadeIn, FadeOut, LaggedStart, UpdateFromAlphaFunc, VGroup, VMobject, linear, smooth
from numpy.typing import NDArray
from pydantic import Field, model_validator

ROWS = (1.0, 0.0, -1.0)  # baselines of the three sigmoids, and of what is said of the cut
PAPER = 0.5  # share of the text's colour in the sheet's lines
RING = 0.2
LINE_SECONDS, BEND_SECONDS, TRAIN_SECONDS, TURN_SECONDS = 4.0, 3.0, 7.0, 4.0
FOLLOWED = 7  # the dot whose three numbers are shown


class BentPlane(LectureScene):
    """Shows in training how three sigmoids bend the plane, until a flat cut parts two moons that no line parts."""

    class Parameters(LectureScene.Parameters):
        run: Experiment = Field(
            MOONS, description="The training run: points (x1, x2) of two classes, three sigmoids, loss bce"
        )
        line: Experiment = Field(MOONS_LINE, description="The run of a line on the same points")
        before: Experiment = Field(TWO_KINDS, description="The run whose dots and line are there at first")

        @model_validator(mode="after")
        def _are_three_sigmoids_and_lines(self) -> Self:
            for name in ("run", "line", "before"):
                check_classes(name, getattr(self, name), 2)
                if getattr(self, name).loss != "bce":
                    raise ValueError(f'{name}: needed: loss = "bce"')
            if self.run.hidden != (3,) or self.run.activation != "sigmoid":
                raise ValueError('run: needed: hidden = [3] and activation = "sigmoid", the directions of a cube')
            if self.line.hidden or self.before.hidden:
                raise ValueError("line, before: needed: hidden = []")
            if self.line.dataset != self.run.dataset:
                raise ValueError("line: needed: the dataset of run")
            return self

    @cached_property
    def plane(self) -> TrainedPlane:
        """Return the answers of the network with three sigmoids."""
        return TrainedPlane(self.trace("run"))

    @cached_property
    def straight(self) -> TrainedPlane:
        """Return the answers of the line."""
        return TrainedPlane(self.trace("line"))

    def claims(self) -> Iterator[Claim]:
        wrong = ~right_answers(self.straight, -1)
        of_each = [int(wrong[self.plane.labels == k].sum()) for k in (0, 1)]
        yield claim("no-line-parts", "dots of both moons lie on the wrong side", min(of_each) > 1, wrong=of_each)
        first, last = (int(right_answers(self.plane, state).sum()) for state in (0, -1))
        count = len(self.plane.labels)
        yield claim("train-apart", "training parts the moons", first < last, first=first, last=last)
        yield claim("cut-parts-all", "all dots lie on their side of the cut", last == count, right=last, dots=count)
        curves = len(cut_curves(self.parameters.run, self._theta(-1), self.plane.view))
        yield claim("back-curve", "the cut is one curve", curves == 1, curves=curves)

    def construct(self) -> None:
        self.labels = self.plane.labels
        self.board = LineBoard(self.plane.points, self.labels, self._line_theta(0))
        self._moons_beat()
        self._line_beat()
        self._sigmoids_beat()
        self._sheet_beat()
        self._train_beat()
        self._cut_beat()
        self._back_beat()
        self.hand_on(self.board.regions.ground, self.board.regions.marks)

    def _theta(self, state: int) -> NDArray:
        return np.asarray(self.trace("run").parameters[state], dtype=np.float64)

    def _line_theta(self, state: int) -> NDArray:
        return np.asarray(self.trace("line").parameters[state], dtype=np.float64)

    # -- a line --------------------------------------------------------------------------------------------------------

    def _moons_beat(self) -> None:
        data = self.parameters.before.dataset
        points, labels = data.features(), data.labels().astype(int)
        trained = np.asarray(self.trace("before").parameters[-1], dtype=np.float64)
        before = LineBoard(points, labels, trained).show(trained, sure=True)
        self.add(before)
        moving = [self._flow(before, points[labels == k], k) for k in (0, 1)]
        with self.beat("moons", pause="long"):
            # The line of before leaves. Its dots run apart into two half moons that reach into each other
            leaving = [before.line, before.regions.bands, before.axes]
            self.play(*self.next_heading(self.screen("heading-line")), *map(FadeOut, leaving), run_time=0.9)
            self.remove(*before.get_family())
            self.add(self.board.regions.ground, *(flow.mobject for flow in moving))
            self.until("moons")
            self.play(*moving, run_time=2.0)
            self.remove(*(flow.mobject for flow in moving))
            self.add(self.board.regions.marks)
            self.until("line")

    def _flow(self, before: LineBoard, points: NDArray, label: int) -> UpdateFromAlphaFunc:
        """Return the way of a class's dots from those of before, each of which becomes several or none."""
        ends = self.board.at(self.plane.points[self.labels == label])
        starts = before.at(points)[np.arange(len(ends)) % len(points)]
        starts, ends = starts[np.argsort(starts[:, 0])], ends[np.argsort(ends[:, 0])]
        return flow(starts, ends, label, label)

    def _line_beat(self) -> None:
        trace, board = self.trace("line"), self.board
        right = right_answers(self.straight, -1)
        values = {"right": Count(int(right.sum())), "dots": Count(len(right)), "wrong": Count(int((~right).sum()))}
        accuracy = classifier_series(trace, self.straight, self.screen)[1:]
        panels = MetricPanels(accuracy, trace.n_updates, self.screen("updates"), titled=True, **PANELS)
        panels.show(0)
        with self.beat("no-line-parts", **values):
            # A line trains on the moons: it turns, the share of right answers climbs, and stays where it is
            self.bring_to_back(board.regions.ground, board.regions.bands)
            self.play(FadeIn(board.regions.bands), FadeIn(board.line), FadeIn(panels), run_time=0.8)
            self.add(board.line, board.regions.marks)
            last = len(trace.kept) - 1
            pace = pace_of(rows := sampled_rows(0, last), np.stack([self._line_theta(row) for row in rows]))

            def show(_: VGroup, share: float) -> None:
                row = recorded_row(pace.row(share))
                board.show(self._line_theta(row))
                panels.show(float(trace.kept[row]))

            live = VGroup(board.regions.bands, board.line, board.regions.marks, panels)
            self.play(UpdateFromAlphaFunc(live, show), run_time=LINE_SECONDS, rate_func=linear)
            show(live, 1.0)
            self.until("wrong")
            places = board.at(self.plane.points[~right])
            self.rings = VGroup(*(ring(place, RING, palette.text).set_fill(opacity=0) for place in places))
            self.play(LaggedStart(*map(FadeIn, self.rings), lag_ratio=0.1), run_time=1.2)
        self.panels = panels

    # -- three sigmoids ------------------------------------------------------------------------------------------------

    def _sigmoids_beat(self) -> None:
        board, dot = self.board, self.plane.points[FOLLOWED % len(self.labels)]
        self.values = in_cube(self.parameters.run, self._theta(0), dot[None])[0]
        rows = VGroup(*(self._sigmoid(i) for i in range(3)))
        self.followed = ring(board.at(dot), RING, palette.text).set_fill(opacity=0)
        with self.beat("sigmoids"):
            # Line and sides leave. One dot is looked at: beside it, what each of three sigmoids makes of its place
            leaving = [self.rings, self.panels, board.line, board.regions.bands]
            self.play(*map(FadeOut, leaving), *self.next_heading(self.screen("heading-bend")), run_time=0.8)
            self.until("number")
            self.play(FadeIn(self.followed, scale=2), run_time=0.5)
            self.play(LaggedStart(*map(FadeIn, rows), lag_ratio=0.6), run_time=2.0)
            self.until("cube")
        self.rows = rows

    def _sigmoid(self, i: int) -> VGroup:
        """Return the formula of sigmoid ``i`` and its value at the dot that is looked at."""
        k = i + 1
        left = formula(f"a_{k} = sigma(green(b_{k}) + yellow(w_({k} 1)) x_1 + yellow(w_({k} 2)) x_2) =", 34)
        left.place(ROWS[i], left=COLUMN)
        return VGroup(left, Number(self.values[i], 2, 32).place(ROWS[i], style.RIGHT_EDGE))

    def _sheet_beat(self) -> None:
        board, run, view = self.board, self.parameters.run, first_view()
        self.places = np.concatenate([self.plane.points, board.view.sheet()])
        groups = [(self.labels == k, partial(class_marks, k, size=MARK)) for k in (0, 1)]
        self.sheet = DrawnSheet(groups, mix(palette.text, PAPER))
        flat, there = board.at(self.places)[:, :2], seen(in_cube(run, self._theta(0), self.places), view)
        self._draw(flat)
        self.cube = Cube().show(view)
        note = fitted(words, self.screen("moving"), 28, style.RIGHT_EDGE - COLUMN, palette.dim)
        note.place(ROWS[-1] - 1.2, left=COLUMN)
        with self.beat("sheet"):
            # Lines appear on the plane: it is a sheet. Then dots and sheet move to where the sigmoids, at their random
            # start, put them in the cube
            self.play(FadeIn(self.sheet.threads), FadeOut(board.regions.ground), run_time=0.8)
            self.remove(board.regions.marks)
            self.add(self.sheet, self.followed)
            self.until("cube")
            self.play(FadeIn(self.cube), FadeIn(note), run_time=0.6)

            def move(_: VGroup, share: float) -> None:
                self._draw(flat + share * (there - flat))

            self.play(UpdateFromAlphaFunc(VGroup(self.sheet, self.followed), move, rate_func=smooth),
                      run_time=BEND_SECONDS)  # fmt: skip
            self.play(FadeOut(note), run_time=0.3)

    def _draw(self, flat: NDArray) -> None:
        """Put dots, sheet and the ring around the followed dot at places (N + M, 2) of the picture."""
        count = len(self.labels)
        self.sheet.draw(flat[:count], flat[count:])
        self.followed.move_to([*flat[FOLLOWED % count], 0.0])

    def _train_beat(self) -> None:
        trace, run, view = self.trace("run"), self.parameters.run, first_view()
        last = len(trace.kept) - 1
        rows = sampled_rows(0, last)
        dots = np.stack([in_cube(run, self._theta(row), self.plane.points).ravel() for row in rows])
        pace = pace_of(rows, dots)
        series = classifier_series(trace, self.plane, self.screen)
        panels = MetricPanels(series, trace.n_updates, self.screen("updates"), titled=True, **PANELS)
        panels.show(0)
        with self.beat("train-apart", updates=Count(trace.n_updates)):
            # The recorded updates go by: the sheet bends in the cube, until the two kinds are far from each other
            self.play(FadeOut(self.rows), FadeOut(self.followed), FadeIn(panels), run_time=0.8)
            self.until("run")

            def show(_: VGroup, share: float) -> None:
                row = pace.row(share)
                at, rest = recorded_row(row), row - recorded_row(row)
                places = in_cube(run, self._theta(at), self.places)
                if rest > 0 and at < last:
                    places = places + rest * (in_cube(run, self._theta(at + 1), self.places) - places)
                self._draw(seen(places, view))
                panels.show(float(trace.kept[at]))

            live = VGroup(self.sheet, panels)
            self.play(UpdateFromAlphaFunc(live, show), run_time=TRAIN_SECONDS, rate_func=linear)
            show(live, 1.0)
        self.panels = panels

    # -- the cut -------------------------------------------------------------------------------------------------------

    def _cut_beat(self) -> None:
        run, count = self.parameters.run, len(self.labels)
        layers = unpack(run, self._theta(-1))
        ends = first_view(), view_along_cut(self.plane.layers_at(-1), count)
        bent = in_cube(run, self._theta(-1), self.places)
        self.cut = FlatCut(layers.c, float(layers.b)).show(ends[0])
        self.turned_view = ends[1]
        right = int(right_answers(self.plane, -1).sum())
        score = formula("z = b + magenta(c_1) a_1 + magenta(c_2) a_2 + magenta(c_3) a_3", 40).place(
            ROWS[0], left=COLUMN
        )
        zero = words(self.screen("zero"), 34).place(ROWS[1], left=COLUMN)
        counted = words(self.screen("right", right=right, dots=count), 34).place(ROWS[2], left=COLUMN)
        with self.beat("cut-parts-all", pause="long", right=Count(right), dots=Count(count)):
            # A flat cut through the cube, where the score is 0. The cube turns until the cut is seen as a line
            self.play(
                FadeOut(self.panels),
                FadeOut(self.cube.names),
                *self.next_heading(self.screen("heading-cut")),
                run_time=0.5,
            )
            self.cube.remove(self.cube.names)
            self.play(FadeIn(score), run_time=0.6)
            self.until("cut")
            self.play(FadeIn(self.cut), FadeIn(zero), run_time=0.8)
            self.bring_to_back(self.cut)
            self.until("turn")

            def turn(_: VGroup, share: float) -> None:
                view = turned(*ends, share)
                self.cube.show(view)
                self.cut.show(view)
                self._draw(seen(bent, view))

            live = VGroup(self.cut, self.cube, self.sheet)
            self.play(UpdateFromAlphaFunc(live, turn, rate_func=smooth), run_time=TURN_SECONDS)
            turn(live, 1.0)
            self.until("sides")
            self.play(FadeIn(counted), run_time=0.5)
        self.counted = VGroup(score, zero, counted)

    def _back_beat(self) -> None:
        run, board = self.parameters.run, self.board
        bent = seen(in_cube(run, self._theta(-1), self.places), self.turned_view)
        flat = board.at(self.places)[:, :2]
        curves = cut_curves(run, self._theta(-1), board.view)
        ways = [(seen(in_cube(run, self._theta(-1), curve), self.turned_view), board.at(curve)[:, :2])
                for curve in curves]  # fmt: skip
        line = VGroup(*(VMobject(stroke_color=palette.text, stroke_width=LINE) for _ in ways))

        def move(_: VGroup, share: float) -> None:
            self._draw(bent + share * (flat - bent))
            for part, (start, end) in zip(line, ways, strict=True):
                places = start + share * (end - start)
                part.set_points_as_corners(np.column_stack([places, np.zeros(len(places))]))

        with self.beat("back-curve", pause="long"):
            # The sheet flattens, and the part of the cut that lies on it goes along: a curve between the moons
            move(line, 0.0)
            leaving = [self.cut, self.cube, self.counted[1:]]
            self.play(
                FadeIn(line), *map(FadeOut, leaving), *self.next_heading(self.screen("heading-back")), run_time=0.9
            )
            self.until("flat")
            self.play(UpdateFromAlphaFunc(VGroup(self.sheet, line), move, rate_func=smooth), run_time=BEND_SECONDS)
            self.until("sides")
            board.regions.show(self.plane.on_grid(len(self.plane.updates) - 1))
            self.remove(self.sheet)
            self.add(board.regions.ground, board.regions.bands, self.sheet.threads, line, board.regions.marks)
            self.play(
                FadeIn(board.regions.ground), FadeIn(board.regions.bands), FadeOut(self.sheet.threads), run_time=1.2
            )
            self.add(line, board.regions.marks)
            self.until("moral")
            said = [
                words(self.screen(key), 34).place(y, left=COLUMN)
                for key, y in zip(("in-cube", "in-plane"), ROWS[1:], strict=True)
            ]
            self.play(LaggedStart(*map(FadeIn, said), lag_ratio=0.5), run_time=1.0)
