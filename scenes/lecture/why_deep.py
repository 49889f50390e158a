"""Why deep? One fat layer would do; a fat and a deep network with as many parameters try the same curve."""

from __future__ import annotations

from typing import Annotated, Any, Self

import numpy as np
from gradreel.core.datasets import RED_CURVE, CurveDataset, Number
from gradreel.core.equal_budget import Match, fat_and_deep, lower, match
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.core.expression import expression
from gradreel.core.piecewise import PiecewiseLinearCurve
from gradreel.core.theta import loss, predict
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.counts import Count
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.match_board import HALF_X, LossPairs, Side
from gradreel.scenes.mobjects.pace import pace_of, recorded_row, sampled_rows
from gradreel.scenes.mobjects.readout import loss_decimals
from gradreel.scenes.mobjects.text import Number as LiveNumber
from gradreel.scenes.mobjects.text import caption, words
from gradreel.scenes.mobjects.ticks import nice_range, number_text
from gradreel.scenes.style import palette
from manim import (
    RIGHT,
    UP,
    Animation,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    Restore,
    Transform,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    linear,
    smooth,
)
from numpy.typing import NDArray
from pydantic import BaseModel, Field, model_validator

SAMPLES = 300
EXAMPLES = 121
KNOTS_OF_A_FUNCTION = 65
ALONE = 1.2  # how much larger the fat network is drawn while it is alone
RACE_SECONDS = 8.0
COUNTER_SIZE = 32

Seed = Annotated[int, Field(ge=0, lt=2**63)]


class WhyDeep(LectureScene):
    """A fat and a deep network with equally many parameters learn one curve by one rule, from several seeds."""

    class Parameters(LectureScene.Parameters):
        knots: tuple[tuple[Number, Number], ...] = Field(
            RED_CURVE,
            min_length=2,
            max_length=200,
            description="Turning points (x, y) of the curve, x increasing; or @file.csv with columns x, y",
        )
        function: str | None = Field(
            None, max_length=300, description="A curve given as a formula of x instead, from low to high: sin(3*x)"
        )
        low: float | None = Field(None, ge=-1e6, le=1e6, description="Leftmost x; by default before the knots")
        high: float | None = Field(
            None, ge=-1e6, le=1e6, description="Rightmost x; by default after the knots"
        )
        budget: int = Field(
            210, ge=20, le=5000, description="Parameters that each network may have"
        )
        depth: int = Field(3, ge=2, le=6, description="Hidden layers of the deep network")
        seeds: tuple[Seed, ...] = Field(
            (0, 1, 2, 3, 4), min_length=2, max_length=10, description="Both networks start from each of these seeds"
        )
        epochs: int = Field(2000, ge=20, le=50_000, description="Updates of each run, all examples in each batch")
        learning_rate: Number = Field(0.01, gt=0, le=1, description="Adam's learning rate, for both")

        @model_validator(mode="after")
        def _there_are_a_curve_and_two_networks(self) -> Self:
            if len(set(self.seeds)) < len(self.seeds):
                raise ValueError(f"seeds: each is wanted once, got {list(self.seeds)}")
            if self.function is not None and (self.low is None or self.high is None):
                raise ValueError("function: a formula needs low and high, the range of x")
            try:
                self.dataset()
                fat_and_deep(self.budget, self.depth)
            except (UserError, ValueError) as error:
                raise ValueError(str(error)) from None
            return self

        def dataset(self) -> CurveDataset:
            """Points of the knots' curve, or of the formula's joined by straight lines."""
            knots = self.knots
            if self.function is not None and self.low is not None and self.high is not None:
                formula = expression(self.function)
                knots = PiecewiseLinearCurve.approximate(formula, self.low, self.high, KNOTS_OF_A_FUNCTION).knots
            return CurveDataset(knots=knots, low=self.low, high=self.high, examples=EXAMPLES)

    @classmethod
    def match(cls, parameters: Any) -> Match:
        """The runs of both networks."""
        p = parameters
        return match(p.dataset(), p.budget, p.depth, p.seeds, p.epochs, p.learning_rate)

    @classmethod
    def experiments(cls, parameters: BaseModel) -> dict[str, Experiment]:
        runs = cls.match(parameters)
        return {f"{name} {run.seed}": run for name in ("fat", "deep") for run in getattr(runs, name)}

    def construct(self) -> None:
        self._read_the_runs()
        self._build()
        self._enough_beat()
        self._name_beat()
        self._fair_beat()
        self._race_beat()
        self._seeds_beat()

    # -- the runs ------------------------------------------------------------------------------------------------

    def _read_the_runs(self) -> None:
        """The runs of the first seed as they went, and all runs' last losses."""
        runs = self.match(self.parameters)
        self.pairs = (runs.fat, runs.deep)
        self.dataset = runs.fat[0].dataset
        self.x = np.linspace(*self.dataset.range, SAMPLES)
        self.ends = np.array([[self._last_loss(run, name) for run in side] for side, name in self._named()])  # (2, S)
        self.traces = [self.trace(f"{name} {side[0].seed}") for side, name in self._named()]
        self.last = len(self.traces[0].kept) - 1
        rows = sampled_rows(0, self.last)
        curves = [self._drawn(k, rows) for k in (0, 1)]
        self.pace = pace_of(rows, np.concatenate(curves, axis=1))
        target = self.dataset.curve()(self.x)
        self.y_range = nice_range(np.concatenate([target, *(c.ravel() for c in curves)]), margin=0.07)
        self.losses = [loss(t.experiment, np.asarray(t.parameters)) for t in self.traces]  # 2 of (R,)

    def _named(self) -> list[tuple[tuple[Experiment, ...], str]]:
        return list(zip(self.pairs, ("fat", "deep"), strict=True))

    def _last_loss(self, run: Experiment, name: str) -> float:
        return float(loss(run, np.asarray(self.trace(f"{name} {run.seed}").parameters[-1])[None])[0])

    def _drawn(self, k: int, rows: NDArray) -> NDArray:
        """What network k (0 fat, 1 deep) of the first seed draws over x at rows of its trace, (len(rows), SAMPLES)."""
        trace = self.traces[k]
        return predict(trace.experiment, np.asarray(trace.parameters[rows]), self.dataset.features_at(self.x))

    # -- what is on the screen -----------------------------------------------------------------------------------

    def _build(self) -> None:
        losses = np.concatenate(self.losses)
        target = (self.x, self.dataset.curve()(self.x))
        self.sides = []
        for (side, name), center in zip(self._named(), (-HALF_X, HALF_X), strict=True):
            hidden = side[0].hidden
            texts = (
                self.screen(f"name-{name}"),
                self.screen("count", count=number_text(side[0].n_parameters)),
                self.screen("loss"),
            )
            written = (float(losses.max()), loss_decimals(losses))
            self.sides.append(Side(hidden, texts, target, self.y_range, written, center))
        self.fat, self.deep = self.sides
        self.live = VGroup()

    def _title(self, key: str, **values: Any) -> list[Animation]:
        self.title, animations = next_heading(self.screen(key, **values), getattr(self, "title", None))
        return animations

    def show(self, row: float) -> None:
        """Both networks as they were at ``row``: curves may lie between two recorded states, numbers are recorded."""
        self.row = row
        reached = recorded_row(row)
        between = min(reached + 1, self.last)
        for k, side in enumerate(self.sides):
            below, above = self._drawn(k, np.array([reached, between]))
            side.show(below + (row - reached) * (above - below), float(self.losses[k][reached]))
        self.counter.set_value(int(self.traces[0].kept[reached]))

    # -- beats ---------------------------------------------------------------------------------------------------

    def _enough_beat(self) -> None:
        parts = self.dataset.curve().decompose()
        relus = 2 * len(parts)
        with self.beat("enough", relus=Count(relus)):
            # One layer, wide as it may be; under it red, and a constant to which ReLUs are added until the sum is red
            side = self.fat
            self.exact = side.plot.curve(self.x, parts(self.x), palette.blue, style.SECOND_CURVE)
            self.alone = VGroup(side.diagram, side.plot, side.red, self.exact)
            self.alone.save_state()
            self.alone.shift(HALF_X * RIGHT)
            self.middle = self.alone.get_center()
            self.alone.scale(ALONE, about_point=self.middle)
            sums = np.stack([parts.partial_sum(k, self.x) for k in range(len(parts) + 1)])  # (K + 1, SAMPLES)
            self._show_exact(sums[0])
            self.exactly = words(self.screen("exact", relus=relus), style.LABEL, palette.blue)
            self.exactly.place(side.plot.get_top()[1] + 0.12, right=side.plot.get_right()[0])
            self.play(*self._title("heading"), FadeIn(side.diagram, run_time=0.8))
            self.play(FadeIn(side.plot), Create(side.red), run_time=1.2)
            self.play(Create(self.exact), run_time=0.6)
            self._add_relus(sums)
            self.play(FadeIn(self.exactly, shift=0.15 * UP), run_time=0.4)

    def _show_exact(self, y: NDArray) -> None:
        """The exact sum at ``y`` (SAMPLES,), while the fat network is drawn large, in the middle."""
        points = self.fat.plot.at(self.x, y) + HALF_X * RIGHT
        self.exact.set_points_as_corners(points).scale(ALONE, about_point=self.middle)

    def _add_relus(self, sums: NDArray) -> None:
        """From one of ``sums`` (K + 1, SAMPLES) to the next: a blue piece, two ReLUs, comes in after the other."""
        pieces = len(sums) - 1

        def update(_: VMobject, share: float) -> None:
            k = min(int(share * pieces), pieces - 1)
            within = smooth(share * pieces - k)
            self._show_exact((1 - within) * sums[k] + within * sums[k + 1])

        self.play(UpdateFromAlphaFunc(self.exact, update, run_time=2.4, rate_func=linear))

    def _name_beat(self) -> None:
        with self.beat("name"):
            # The fat one steps aside for a deep one; each gets the name that its kind of learning would have
            self.play(Restore(self.alone), FadeOut(self.exactly, run_time=0.4), run_time=1.0)
            columns, edges = self.deep.diagram.columns, self.deep.diagram.edges
            parts = [columns[0], *(part for pair in zip(edges, columns[1:], strict=True) for part in pair)]
            self.play(LaggedStart(*(FadeIn(part) for part in parts), lag_ratio=0.4), run_time=2.0)
            for side in (self.deep, self.fat):
                self.play(FadeIn(side.name, shift=0.15 * UP), run_time=0.6)
                self.wait(0.8)

    def _fair_beat(self) -> None:
        fat, deep = (side[0].n_parameters for side in self.pairs)
        equal = fat == deep
        with self.beat("fair" if equal else "fair-nearly", fat=number_text(fat), deep=number_text(deep)):
            # Their parameters are counted; both get the same curve, and random starts
            title = self._title("heading-fair" if equal else "heading-fair-nearly")
            self.play(*title, *(FadeIn(side.count, shift=0.15 * UP) for side in self.sides))
            self.play(FadeOut(self.exact), FadeIn(self.deep.plot), Create(self.deep.red), run_time=1.0)
            rate = number_text(self.parameters.learning_rate)
            self.play(FadeIn(caption(self.screen("rule", rate=rate))), run_time=0.4)
            self._make_counter()
            self.show(0.0)
            self.play(*(Create(side.blue) for side in self.sides), run_time=1.2)
            numbers = [part for side in self.sides for part in (side.loss_word, side.loss)]
            self.play(*(FadeIn(part) for part in [*numbers, *self.counting]), run_time=0.5)

    def _make_counter(self) -> None:
        self.counter = LiveNumber(int(self.traces[0].kept[-1]), 0, COUNTER_SIZE)
        self.counter.place(style.HEADING_BASELINE, style.RIGHT_EDGE)
        word = words(self.screen("update"), COUNTER_SIZE, palette.dim)
        word.place(style.HEADING_BASELINE, right=self.counter.get_left()[0] - 0.2)
        self.counting = [word, self.counter]

    def _race_beat(self) -> None:
        updates = number_text(int(self.traces[0].kept[-1]))
        with self.beat("race", updates=updates):
            # Both at once, update by update
            self.live.add(*(part for side in self.sides for part in (side.blue, side.loss)), self.counter)
            self.add(self.live)

            def update(_: VGroup, share: float) -> None:
                self.show(self.pace.row(share))

            self.play(UpdateFromAlphaFunc(self.live, update, run_time=RACE_SECONDS, rate_func=linear))
            self.show(float(self.last))

    @staticmethod
    def outcome(ends: NDArray) -> str:
        """Whose last losses (2, S), fat and deep, are lower for most of the seeds: "fat", "deep", or "even"."""
        seeds = ends.shape[1]
        if 2 * lower(ends[1], ends[0]) > seeds:
            return "deep"
        return "fat" if 2 * lower(ends[0], ends[1]) > seeds else "even"

    def _seeds_beat(self) -> None:
        seeds = len(self.parameters.seeds)
        fat, deep = lower(self.ends[0], self.ends[1]), lower(self.ends[1], self.ends[0])
        with self.beat(f"seeds-{self.outcome(self.ends)}", seeds=Count(seeds), fat=Count(fat), deep=Count(deep)):
            # The curves give way to an axis of losses: each start is a line from the fat one's loss to the deep one's
            self.chart = LossPairs(*self.ends, self.screen("axis"))
            leaving = [part for side in self.sides for part in (side.plot, side.red, side.blue, side.loss_word)]
            self.play(*(FadeOut(part) for part in [*leaving, *self.counting]), *self._title("heading-seeds"))
            self.play(FadeIn(self.chart.axis), run_time=0.5)
            first, *others = self.chart.pairs
            line, *dots = first
            self.play(*(Transform(side.loss, dot) for side, dot in zip(self.sides, dots, strict=True)), run_time=0.9)
            self.remove(*(side.loss for side in self.sides))
            self.add(*dots)
            self.play(Create(line), run_time=0.7)
            self.add(first)
            self.play(LaggedStart(*(FadeIn(pair) for pair in others), lag_ratio=0.7), run_time=0.5 + 0.5 * len(others))
