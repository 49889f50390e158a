"""Shows that a classifier is surest far away from all dots that it was trained on."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Self

import numpy as np
from gradreel.core.analysis.class_plane import (
    GRID,
    PlaneView,
    TrainedPlane,
    class_logits,
)
from gradreel.core.experiment import Experiment
from gradreel.core.network.losses import softmax
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.classes.pictures.line_board import BOTTOM, COLUMN, LEFT, MARK, RIGHT, SIDE, NewDot
from gradreel.scenes.lecture.classes.pictures.share_table import ShareBar
from gradreel.scenes.lecture.classes.plane_runs import THREE_KINDS, check_classes
from gradreel.scenes.mobjects.class_regions import ClassRegions, class_marks
from gradreel.scenes.mobjects.plot import Plot
from gradreel.scenes.mobjects.text import Number, words
from gradreel.scenes.mobjects.ticks import round_labels
from gradreel.scenes.style import class_color, palette
from gradreel.scenes.words.claims import Claim, claim
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.numbers import number_text
from manim import FadeIn, FadeOut, Rectangle, UpdateFromAlphaFunc, VGroup, smooth
from numpy.typing import NDArray
from pydantic import Field, model_validator

PLOT = {"left": COLUMN + 0.75, "right": 5.6, "bottom": -0.3, "top": 2.35}
SMALLEST_MARK, END = 0.03, 0.11  # sizes of marks: of the dots seen from far, at the end of a score's line
ZOOM_SECONDS, WALK_SECONDS = 4.0, 4.5
SURE = 0.99  # share of the largest class from which a place counts as sure
WALK = 101  # places on the way outwards


class FarAway(LectureScene):
    """Zooms out from the dots of three classes; a dot far away gets its shares."""

    class Parameters(LectureScene.Parameters):
        run: Experiment = Field(
            THREE_KINDS, description="The training run: points (x1, x2) of three classes, no hidden layer, loss ce"
        )
        zoom: int = Field(10, ge=2, le=100, description="How many times wider the plane becomes that is seen")
        angle: float = Field(160.0, ge=-360, le=360, description="Direction of the far dot in degrees, anticlockwise")

        @model_validator(mode="after")
        def _are_three_lines(self) -> Self:
            check_classes("run", self.run, 3)
            if self.run.hidden:
                raise ValueError("run: needed: hidden = [], so that each score is a line")
            return self

    @cached_property
    def plane(self) -> TrainedPlane:
        """Return the answers of the run."""
        return TrainedPlane(self.trace("run"))

    @cached_property
    def middle(self) -> NDArray:
        """Return the middle of all dots, (2,)."""
        return np.asarray(self.plane.points.mean(axis=0))

    @cached_property
    def farthest(self) -> float:
        """Return the distance of the farthest dot from the middle."""
        return float(np.linalg.norm(self.plane.points - self.middle, axis=1).max())

    @cached_property
    def way(self) -> NDArray:
        """Return places from the middle to the far dot, (`WALK`, 2)."""
        angle = np.deg2rad(self.parameters.angle)
        steps = np.linspace(0, self.times * self.farthest, WALK)[:, None]
        return np.asarray(self.middle + steps * np.array([np.cos(angle), np.sin(angle)]))

    @property
    def times(self) -> float:
        """Return the far dot's distance from the middle as a multiple of `farthest`. It stays inside the picture."""
        return 0.5 * self.parameters.zoom

    def logits(self, places: NDArray) -> NDArray:
        """Return the trained scores at places (n, 2), (n, 3)."""
        theta = np.asarray(self.trace("run").parameters[-1], dtype=np.float64)
        return class_logits(self.parameters.run, theta, places)

    def view(self, factor: float) -> PlaneView:
        """Return the square that is ``factor`` times as wide as the one around the dots."""
        low, high = self.plane.view.low, self.plane.view.high
        middle, half = (low + high) / 2, (high - low) / 2
        return PlaneView(middle - factor * half, middle + factor * half)

    def claims(self) -> Iterator[Claim]:
        middle = softmax(self.logits(self.way[:1])[0])
        yield claim("near-unsure", "in the middle no share is above one half", middle.max() < 0.5, shares=middle)
        sure = [self._sure_share(factor) for factor in (1.0, self.parameters.zoom)]
        yield claim("out-surer", "more places are sure far away", sure[0] < sure[1], sure=sure)
        shares = softmax(self.logits(self.way)).max(axis=1)
        yield claim(
            "far-whole", "the share at the far dot rounds to 100 percent", shares[-1] > 0.9995, share=shares[-1]
        )
        late = shares[len(shares) // 10 :]
        yield claim("lines", "the largest share runs to one", bool((np.diff(late) >= 0).all()), shares=shares[::10])

    def construct(self) -> None:
        plane = self.plane
        self.regions = ClassRegions(plane.view, plane.points, plane.labels, 3, LEFT, BOTTOM, SIDE, MARK)
        self.regions.show(plane.on_grid(len(plane.updates) - 1))
        scores = self.logits(self.way)
        self.bar = ShareBar(3, COLUMN, RIGHT)
        self._near_beat()
        self._out_beat()
        self._far_beat()
        self._lines_beat(scores)
        self._silent_beat()
        self.hand_on()

    # -- beats ---------------------------------------------------------------------------------------------------------

    def _near_beat(self) -> None:
        bar = self.bar.show(self.logits(self.way[:1])[0])
        self.dot = NewDot(self.regions.at(self.way[:1])[0])
        with self.beat("near-unsure"):
            # The three clouds again, with the shares of every place as strength of colour; in their middle a grey dot,
            # with a bar of three colours
            self.play(*self.next_heading(self.screen("heading-near")), FadeIn(self.regions), run_time=1.0)
            self.until("between")
            self.play(FadeIn(self.dot, scale=2.5), run_time=0.6)
            self.play(FadeIn(bar), run_time=0.8)

    def _sure_share(self, factor: float) -> float:
        """Return the share of places surer than `SURE` in a square ``factor`` times as wide as the first."""
        return float((softmax(self.logits(self.view(factor).grid())).max(axis=1) > SURE).mean())

    def _out_beat(self) -> None:
        regions, points, labels = self.regions, self.plane.points, self.plane.labels
        name = words(self.screen("sure"), 32, palette.dim).place(0.7, left=COLUMN)
        number = Number(0.0, 0, 72).place(-0.6, COLUMN + 1.6)
        sign = words("%", 72).place(-0.6, left=COLUMN + 1.75)
        number.set_value(100 * self._sure_share(1.0))

        def zoom(_: VGroup, share: float) -> None:
            factor = self.parameters.zoom**share
            regions.view = view = self.view(factor)
            regions.show(self.logits(view.grid()).reshape(GRID, GRID, 3))
            size = max(MARK / factor, SMALLEST_MARK)
            for k, marks in enumerate(regions.marks):
                marks.match_points(class_marks(k, regions.at(points[labels == k]), size))
            number.set_value(100 * self._sure_share(factor))

        with self.beat("out-surer", pause="long", zoom=Count(self.parameters.zoom)):
            # The picture becomes wider and wider; the clouds shrink to a spot in a frame. Around them, the colours are
            # as strong as they get. A number counts the places where it is sure
            heading = self.next_heading(self.screen("heading-far"))
            self.play(*heading, FadeOut(self.bar), FadeOut(self.dot), FadeIn(name, number, sign), run_time=0.7)
            live = VGroup(regions, number)
            self.play(UpdateFromAlphaFunc(live, zoom, rate_func=smooth), run_time=ZOOM_SECONDS)
            zoom(live, 1.0)
            self.until("never")
            corners = regions.at(np.array([self.plane.view.low, self.plane.view.high]))
            side = float(corners[1, 0] - corners[0, 0])
            self.home = Rectangle(width=side, height=side, color=palette.text, stroke_width=style.BOX)
            self.play(FadeIn(self.home.move_to(corners.mean(axis=0)), scale=1.5), run_time=0.7)
            self.until("sure")
        self.counted = VGroup(name, number, sign)

    def _far_beat(self) -> None:
        bar, scores = self.bar, self.logits(self.way[-1:])[0]
        self.dot = NewDot(self.regions.at(self.way[-1:])[0])
        bar.show(scores)
        with self.beat("far-whole", times=number_text(self.times)):
            # A grey dot far out. Its shares: one class has the whole bar
            self.play(FadeOut(self.counted), FadeIn(self.dot, scale=2.5), run_time=0.6)
            self.until("share")
            self.play(FadeIn(bar), run_time=0.8)
            self.until("sure")

    def _lines_beat(self, scores: NDArray) -> None:
        bar = self.bar
        distance = np.linalg.norm(self.way - self.middle, axis=1) / self.farthest
        plot = Plot(
            (0.0, float(distance[-1])),
            (float(scores.min()), float(scores.max())),
            x_ticks=round_labels(0, float(distance[-1])),
            x_label=None,
            tick_size=28,
            **PLOT,
        )
        curves = VGroup(*(plot.curve(distance, scores[:, k], class_color(k), style.SECOND_CURVE) for k in range(3)))
        ends = VGroup(*(class_marks(k, np.zeros((1, 3)), END) for k in range(3)))
        name = words(self.screen("scores"), 30, palette.dim).place(PLOT["top"] + 0.2, left=PLOT["left"])
        below = words(self.screen("distance"), 28, palette.dim).place(PLOT["bottom"] - 0.85, right=RIGHT)
        with self.beat("lines"):
            # The dot goes to the middle and walks out again: the three scores are straight lines that draw apart, and
            # the bar fills with one colour
            leaving = VGroup(bar.marks, bar.percents, bar.signs)
            self.remove(bar)
            self.add(leaving, bar.bars, bar.frame)
            self.play(FadeOut(leaving), FadeIn(plot, name, below), run_time=0.7)

            def walk(_: VGroup, share: float) -> None:
                at = share * (WALK - 1)
                place = np.array([np.interp(at, np.arange(WALK), self.way[:, k]) for k in (0, 1)])
                self.dot.move_to(self.regions.at(place[None])[0])
                now = self.logits(place[None])[0]
                bar.show(now)
                reached = int(at)
                x = np.append(distance[: reached + 1], np.interp(at, np.arange(WALK), distance))
                for k, curve in enumerate(curves):
                    plot.set_curve(curve, x, np.append(scores[: reached + 1, k], now[k]))
                    ends[k].move_to(curve.points[-1])

            live = VGroup(self.dot, curves, ends, bar.bars, bar.frame)
            walk(live, 0.0)
            self.add(live)
            self.until("walk")
            self.play(UpdateFromAlphaFunc(live, walk, rate_func=smooth), run_time=WALK_SECONDS)
            walk(live, 1.0)
            self.until("share")
        self.beside = VGroup(plot, name, below, curves, ends)

    def _silent_beat(self) -> None:
        bar = self.bar
        answers = VGroup(*(class_marks(k, np.array([[COLUMN + 0.4 + 1.3 * k, 1.2, 0.0]]), 0.26) for k in range(3)))
        none = words(self.screen("none"), 34).place(-0.1, left=COLUMN)
        cross = words(self.screen("no-answer"), 34, palette.dim).place(-0.75, left=COLUMN)
        with self.beat("silent", pause="long"):
            # Beside the bar, which is always full: the three possible answers, and the one that is missing
            self.play(FadeOut(self.beside), *self.next_heading(self.screen("heading-silent")), run_time=0.7)
            self.play(FadeIn(answers), run_time=0.6)
            self.until("none")
            self.play(FadeIn(none), run_time=0.5)
            self.play(FadeIn(cross), run_time=0.5)
            self.until("silent")
            self.add(bar.frame)
