"""Why deep? One fat layer would do, a bend a ReLU; but layers fold what was folded. Then both must learn it."""

from __future__ import annotations

from typing import Annotated, Any, Self

import numpy as np
from gradreel.core.datasets import RED_CURVE, CurveDataset, Number
from gradreel.core.equal_budget import (
    Built,
    Match,
    fat_and_deep,
    folded,
    folding,
    match,
    one_bend_each,
    zigzag,
)
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.core.expression import expression
from gradreel.core.piecewise import PiecewiseLinearCurve
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.counts import Count
from gradreel.scenes.lecture.deeper import NETWORKS
from gradreel.scenes.mobjects.bend_by_bend import bending, corner, count_bends, drawn_by
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.match_board import (
    DIAGRAM,
    HALF_X,
    PLOT,
    WIDE_ROWS,
    Counts,
    Curves,
    Side,
    Starts,
    target_of,
    thin_diagram,
)
from gradreel.scenes.mobjects.readout import loss_decimals
from gradreel.scenes.mobjects.recorded_match import Race, RecordedMatch, outcome
from gradreel.scenes.mobjects.skyline import GROUND, NAME, TOP, far_towers, ground_line
from gradreel.scenes.mobjects.text import caption, words
from gradreel.scenes.mobjects.ticks import nice_range, number_text
from gradreel.scenes.mobjects.tower import Tower
from gradreel.scenes.style import FAINT, FULL, emphasis, palette
from manim import (
    UP,
    Animation,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    ReplacementTransform,
    Transform,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    linear,
    smooth,
    squish_rate_func,
)
from manim.utils.rate_functions import ease_in_out_sine
from numpy.typing import NDArray
from pydantic import BaseModel, Field, model_validator

EXAMPLES = 121
KNOTS_OF_A_FUNCTION = 65
ALONE = (-3.6, 3.6)  # left and right of the one layer and its curve, while they are alone
SINK_SECONDS = 1.6  # of the towers, the highest of which is as high as the picture's half
RACE_SECONDS = 7.0
FOLD_SECONDS = 7.0  # for all folds together
CREASE_SECONDS = 0.4  # that each crease is seen before the curve is folded at it
BEND_RADIUS = 0.085
NAMES = ("name-fat", "name-deep")
COMPARED = (NETWORKS[0], NETWORKS[-1])  # by how often they are wrong: the shallowest and the deepest
TOWERS, TOWER_WIDTH = (-1.6, 2.8), 1.2  # the middles of their towers
Y_RANGE = (-0.12, 1.12)  # of curves between 0 and 1

Seed = Annotated[int, Field(ge=0, lt=2**63)]


class WhyDeep(LectureScene):
    """One bend a ReLU against folds of folds, exactly built; then a fat and a deep network learn from several seeds."""

    class Parameters(LectureScene.Parameters):
        knots: tuple[tuple[Number, Number], ...] | None = Field(
            None,
            min_length=2,
            max_length=200,
            description="Turning points (x, y) of a curve of one's own, x increasing; or @file.csv with columns x, y. "
            "By default the lecture's red curve at first, and in the match the zigzag that as many folds make as the "
            "deep network has layers",
        )
        function: str | None = Field(
            None, max_length=300, description="A curve given as a formula of x instead, from low to high: sin(3*x)"
        )
        low: float | None = Field(None, ge=-1e6, le=1e6, description="Leftmost x; by default before the knots")
        high: float | None = Field(None, ge=-1e6, le=1e6, description="Rightmost x; by default after the knots")
        depth: int = Field(4, ge=3, le=6, description="Hidden layers of the deep networks, and folds of the zigzag")
        budget: int = Field(600, ge=20, le=5000, description="Parameters that each network may have in the match")
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
            if not self.own and (self.low is not None or self.high is not None):
                raise ValueError("low, high: they belong to a curve of one's own, give knots or function too")
            try:
                one_bend_each(self.first_curve())
                fat_and_deep(self.budget, self.depth)
            except (UserError, ValueError) as error:
                raise ValueError(str(error)) from None
            return self

        @property
        def own(self) -> bool:
            """Whether the curve is the user's."""
            return self.knots is not None or self.function is not None

        def first_curve(self) -> CurveDataset:
            """The one that a single layer makes: the user's knots or formula, joined by straight lines; or the red."""
            knots = RED_CURVE if self.knots is None else self.knots
            if self.function is not None and self.low is not None and self.high is not None:
                formula = expression(self.function)
                knots = PiecewiseLinearCurve.approximate(formula, self.low, self.high, KNOTS_OF_A_FUNCTION).knots
            return CurveDataset(knots=knots, low=self.low, high=self.high, examples=EXAMPLES)

        def dataset(self) -> CurveDataset:
            """What is learned in the match."""
            return self.first_curve() if self.own else zigzag(self.depth)

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
        runs = self.match(self.parameters)
        self.networks = (runs.fat[0], runs.deep[0])
        sides = {"fat": runs.fat, "deep": runs.deep}
        self.recorded = RecordedMatch([[self.trace(f"{name} {r.seed}") for r in side] for name, side in sides.items()])
        self.sides = [Side(-HALF_X), Side(HALF_X)]
        self._enough_beat()
        self._name_beat()
        self._fold_beat()
        self._race_beat()
        self._seeds_beat()
        self.hand_on()

    # -- what each beat may draw with ----------------------------------------------------------------------------

    def _title(self, key: str, **values: Any) -> list[Animation]:
        self.title, animations = next_heading(self.screen(key, **values), getattr(self, "title", None))
        return animations

    def _counts(self, center: float, relus: int, most_bends: int) -> Counts:
        counts = Counts([self.screen("relus"), self.screen("bends")], [relus, most_bends], center)
        return counts.show(0, 0)

    # -- one layer -----------------------------------------------------------------------------------------------

    def _enough_beat(self) -> None:
        dataset = self.parameters.first_curve()
        whole = one_bend_each(dataset)
        relus = whole.network.hidden[0]
        with self.beat("enough", relus=Count(relus)):
            # The towers of the last scene sink into the ground, which becomes an axis: one layer, and red below it.
            # ReLU after ReLU lights up and bends blue at its place, until it is red
            layers = [network.layers for network in NETWORKS]
            ground, towers = ground_line(), far_towers(layers, 1.0)
            self.add(ground, *towers)
            x, y = target_of(dataset)
            self.one = thin_diagram((relus,), (ALONE[0] + 0.3, ALONE[1] - 0.3, *DIAGRAM))
            self.alone = Curves((*ALONE, *PLOT), (x, y), nice_range(y, margin=0.12))
            self.alone.draw(drawn_by(whole, x, 0))
            self.alone_counts = self._counts(0.0, relus, relus)
            for part in (self.one.columns[1], *self.one.edges):
                style.emphasize(part, FAINT)
            sinking = UpdateFromAlphaFunc(
                VGroup(*towers),
                lambda _, share: far_towers(layers, 1 - share, towers),
                run_time=SINK_SECONDS,
                rate_func=ease_in_out_sine,
            )
            coming = FadeIn(self.one, run_time=SINK_SECONDS, rate_func=squish_rate_func(smooth, 0.6, 1.0))
            self.play(*self._title("heading"), sinking, coming)
            self.remove(*towers)
            plot = self.alone.plot
            others = [part for part in plot if part is not plot.x_axis and len(part.get_all_points())]
            axis = ReplacementTransform(ground, plot.x_axis, rate_func=squish_rate_func(smooth, 0.0, 0.5))
            self.play(axis, *map(FadeIn, others), Create(self.alone.red), run_time=1.0)
            self.add(plot, self.alone.red)
            self.play(Create(self.alone.blue), FadeIn(self.alone_counts), run_time=0.6)
            self.bend_dots = VGroup()
            seconds = min(0.9, 5.0 / relus)
            for k in range(1, relus + 1):
                dot = self.alone.plot.dot(*corner(whole, k - 1), palette.text, BEND_RADIUS)
                bend = bending(self.one, self.alone, whole, (k - 1, k))
                self.play(*bend, FadeIn(dot, scale=2.0), run_time=seconds)
                self.bend_dots.add(dot)
                self.alone_counts.show(k, count_bends(whole, k))

    def _name_beat(self) -> None:
        fat, deep = self._built()
        with self.beat("name"):
            # It steps aside, wider now, for a deep one with as many ReLUs; each gets the name its learning would have
            self.small = [side.diagram(b.network.hidden) for side, b in zip(self.sides, (fat, deep), strict=True)]
            leaving = [*self.alone, *self.bend_dots, self.alone_counts]
            self.play(*(FadeOut(part) for part in leaving), FadeOut(self.one), run_time=0.6)
            self.play(FadeIn(self.small[0]), run_time=0.6)
            columns, edges = self.small[1].columns, self.small[1].edges
            parts = [columns[0], *(part for pair in zip(edges, columns[1:], strict=True) for part in pair)]
            self.play(LaggedStart(*(FadeIn(part) for part in parts), lag_ratio=0.4), run_time=1.8)
            self.names = [side.name(self.screen(key)) for side, key in zip(self.sides, NAMES, strict=True)]
            for name in reversed(self.names):
                self.play(FadeIn(name, shift=0.15 * UP), run_time=0.6)
                self.wait(0.6)

    # -- folds ---------------------------------------------------------------------------------------------------

    def _built(self) -> tuple[Built, Built]:
        """A layer of 2 D ReLUs and D layers of two, of equally many parameters, on the zigzag of D folds."""
        depth = self.parameters.depth
        return one_bend_each(zigzag(depth), 2 * depth), folding(depth)

    def _fold_beat(self) -> None:
        fat, deep = self._built()
        depth, n_bends = self.parameters.depth, count_bends(deep)
        values = {"relus": Count(2 * depth), "bends": Count(n_bends), "layers": Count(depth)}
        with self.beat("fold", parameters=number_text(deep.network.n_parameters), **values):
            # Left, ReLU after ReLU adds a bend. Right, a layer's two ReLUs fold the whole curve at the dashed line, and
            # the next layer folds that: the bends double. Both have lit as many ReLUs at each step
            target = target_of(zigzag(depth))
            self.hand = [Curves(side.plot_box, target, Y_RANGE) for side in self.sides]
            self.folds_counts = [self._counts(side.center, 2 * depth, n_bends) for side in self.sides]
            counts = number_text(deep.network.n_parameters)
            self.count_words = [side.count(self.screen("count", count=counts)) for side in self.sides]
            curve = np.clip(target[0] / target[0][-1], 0.0, None)
            self.hand[0].draw(drawn_by(fat, target[0], 0))
            self.hand[1].draw(curve)
            dimmed = [emphasis(part, FAINT) for d in self.small for part in (*d.columns[1:-1], *d.edges)]
            self.play(*self._title("heading-fold"), *dimmed, *(FadeIn(text) for text in self.count_words))
            self.play(*(FadeIn(c.plot, c.red, c.blue) for c in self.hand), *(FadeIn(c) for c in self.folds_counts))
            seconds = FOLD_SECONDS / depth
            for k in range(depth):
                self._fold(fat, curve, k, min(2.0, seconds))
                curve = folded(curve)

    def _fold(self, fat: Built, curve: NDArray, k: int, seconds: float) -> None:
        """Layer k (from 0) folds ``curve`` (n,), seen over the zigzag's x; at the left two more ReLUs come in."""
        left, right = self.hand
        lights = [emphasis(part, FULL) for part in (self.small[1].edges[k], self.small[1].columns[k + 1])]
        lights += bending(self.small[0], left, fat, (2 * k, 2 * k + 2))
        crease = right.crease(0.5, self.screen("crease"))

        def update(_: VMobject, share: float) -> None:
            fold, stretch = (smooth(min(1.0, max(0.0, s))) for s in (1.7 * share, 1.7 * share - 0.7))
            right.draw(folded(curve, fold, stretch))

        self.play(FadeIn(crease), *lights[:2], run_time=0.25 * seconds)
        self.wait(CREASE_SECONDS)
        folding_up = UpdateFromAlphaFunc(right.blue, update, rate_func=linear)
        self.play(*lights[2:], folding_up, FadeOut(crease, rate_func=_late), run_time=0.6 * seconds)
        relus = 2 * (k + 1)
        self.folds_counts[0].show(relus, count_bends(fat, relus))
        self.folds_counts[1].show(relus, count_bends(folding(k + 1)))
        self.wait(0.15 * seconds)

    # -- the match -----------------------------------------------------------------------------------------------

    def _race_beat(self) -> None:
        fat, deep = (network.n_parameters for network in self.networks)
        values = {"fat": number_text(fat), "deep": number_text(deep)}
        key = "race-own" if self.parameters.own else "race" if fat == deep else "race-nearly"
        with self.beat(key, updates=number_text(int(self.recorded.first[0].kept[-1])), **values):
            # Larger networks, the same curve, a random start; then update by update. What is left to red is filled
            self.race = race = Race(self.recorded, self.sides, self.screen("update"), self.screen("loss"))
            self._exchange()
            rate = number_text(self.parameters.learning_rate)
            coming = [race.word, race.counter, *race.readouts, caption(self.screen("rule", rate=rate))]
            self.play(*(Create(c.blue) for c in race.boards), *(FadeIn(c.gap) for c in race.boards), run_time=0.8)
            self.play(*(FadeIn(part) for part in coming), run_time=0.5)
            self.add(race)

            def update(_: VGroup, share: float) -> None:
                race.show(self.recorded.pace.row(share))

            self.play(UpdateFromAlphaFunc(race, update, run_time=RACE_SECONDS, rate_func=linear))
            race.show(float(self.recorded.last))

    def _exchange(self) -> None:
        """The networks built by hand give way to those that learn; red takes its place in the new scale."""
        self.diagrams = [
            side.diagram(run.hidden, WIDE_ROWS) for side, run in zip(self.sides, self.networks, strict=True)
        ]
        texts = [self.screen("count", count=number_text(run.n_parameters)) for run in self.networks]
        words_now = [side.count(text) for side, text in zip(self.sides, texts, strict=True)]
        leaving = [*self.small, *self.count_words, *self.folds_counts, *(c.blue for c in self.hand)]
        self.play(*(FadeOut(part) for part in leaving), *self._title("heading-race"), run_time=0.9)
        reds = [Transform(old.red, new.red) for old, new in zip(self.hand, self.race.boards, strict=True)]
        self.play(*reds, *(FadeIn(part) for part in (*self.diagrams, *words_now)), run_time=0.9)
        for old, new in zip(self.hand, self.race.boards, strict=True):
            self.remove(old.red, old.plot)
            self.add(new.plot, new.red)
        self.count_words = words_now

    # -- all starts ----------------------------------------------------------------------------------------------

    def _seeds_beat(self) -> None:
        seeds = len(self.parameters.seeds)
        match, race = self.recorded, self.race
        fat, deep = match.wins
        with self.beat(f"seeds-{outcome(match.ends)}", seeds=Count(seeds), fat=Count(fat), deep=Count(deep)):
            # The two curves shrink to the first start's; the other starts' come. A frame round the better of each two.
            # Then the towers again: where many layers did win, it was deep against deeper
            names = [self.screen(key) for key in NAMES]
            decimals = loss_decimals(match.ends.ravel())
            self.starts = Starts((match.end_curves, match.ends), match.target, match.y_range, names, decimals)
            leaving = [*self.diagrams, *self.count_words, *race.readouts, race.word, race.counter]
            self.remove(race)
            self.add(*race.curves())
            self.play(*(FadeOut(part) for part in leaving), *self._title("heading-seeds", seeds=Count(seeds)))
            moves = []
            for k in (0, 1):
                small = self.starts.curves[k][0]
                moves += [ReplacementTransform(old, new) for old, new in zip(race.boards[k], small, strict=True)]
                moves.append(ReplacementTransform(self.names[k], self.starts.names[k]))
            self.play(*moves, run_time=1.2)
            self.play(*(FadeIn(row[0]) for row in self.starts.losses), run_time=0.4)
            others = [
                FadeIn(VGroup(*(part[row][k] for part in (self.starts.curves, self.starts.losses) for row in (0, 1))))
                for k in range(1, seeds)
            ]
            self.play(LaggedStart(*others, lag_ratio=0.6), run_time=0.6 + 0.3 * len(others))
            self.play(LaggedStart(*(Create(frame) for frame in self.starts.frames), lag_ratio=0.3), run_time=1.2)
            self.wait(1.0)
            self._deep_against_deeper()

    def _deep_against_deeper(self) -> None:
        """The first and the last tower of the scene before, and how often each network is wrong."""
        towers, texts = [Tower(network.layers, palette.blue) for network in COMPARED], VGroup()
        for x, network in zip(TOWERS, COMPARED, strict=True):
            wrong = self.screen("wrong", error=number_text(network.error or 0.0), star="" if network.lecture else "*")
            texts.add(words(self.screen("tower", layers=network.layers), style.LABEL).place(NAME, center=x))
            texts.add(words(wrong, style.LABEL).place(NAME - 0.5, center=x))

        def rise(_: VMobject, share: float) -> None:
            for x, tower in zip(TOWERS, towers, strict=True):
                tower.stand(x, GROUND, TOWER_WIDTH, (TOP - GROUND) / COMPARED[-1].layers, share * tower.floors)

        gone = [part for part in self.mobjects if part is not self.title]
        self.play(*map(FadeOut, gone), *self._title("heading-deeper"), run_time=0.6)
        self.play(FadeIn(ground_line()), FadeIn(caption(self.screen("sources"))), run_time=0.4)
        self.play(UpdateFromAlphaFunc(VGroup(*towers), rise, rate_func=smooth), run_time=1.2)
        self.play(FadeIn(texts, shift=0.15 * UP), run_time=0.5)
        self.towers, self.tower_texts = towers, texts


def _late(share: float) -> float:
    return float(smooth(max(0.0, 4 * share - 3)))
