"""Why deep? One fat layer would do, a bend a ReLU; but layers fold what was folded. Then both must learn it."""

from __future__ import annotations

from typing import Annotated, Any, Self

import numpy as np
from gradreel.core.analysis.equal_budget import (
    Built,
    Match,
    fat_and_deep,
    folded,
    folding,
    match,
    one_bend_each,
    zigzag,
)
from gradreel.core.curves.expression import expression
from gradreel.core.curves.piecewise import PiecewiseLinearCurve
from gradreel.core.datasets import RED_CURVE, CurveDataset, Number
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.deep.image_networks import NETWORKS
from gradreel.scenes.lecture.deep.pictures.network_curves import (
    BY_HAND,
    LANES,
    PLOT,
    SIDES,
    TALL,
    Counts,
    Curves,
    bending,
    beside,
    by_hand,
    corner,
    count_bends,
    counting,
    drawn_by,
    neuron,
    target_of,
)
from gradreel.scenes.lecture.deep.pictures.race import Race, RecordedMatch, Starts
from gradreel.scenes.lecture.deep.pictures.skyline import ground_line
from gradreel.scenes.mobjects.network_diagram import LayerDiagram
from gradreel.scenes.mobjects.pace import stepwise
from gradreel.scenes.mobjects.plot import segment
from gradreel.scenes.mobjects.readout import loss_decimals
from gradreel.scenes.mobjects.text import caption, words
from gradreel.scenes.mobjects.thin_diagram import thin_diagram
from gradreel.scenes.mobjects.ticks import nice_range
from gradreel.scenes.style import FAINT, FULL, emphasis, mix, palette
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.numbers import number_text
from manim import (
    DOWN,
    UP,
    Animation,
    AnimationGroup,
    Circle,
    Create,
    FadeIn,
    FadeOut,
    GrowFromEdge,
    LaggedStart,
    Rectangle,
    ReplacementTransform,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    linear,
    smooth,
    squish_rate_func,
    there_and_back,
)
from numpy.typing import NDArray
from pydantic import BaseModel, Field, model_validator

ALONE = (-3.6, 3.6)  # left and right of the one layer and its curve, while they are alone
HEIGHTS = (0.45, 2.0)  # bottom and top of that layer
ONE_LAYER_SECONDS = 1.7  # for all bends of the one layer, before the other folds
FIRST_FOLD, OTHER_FOLDS = 4.8, 5.0  # seconds: the first is looked at, all others together go a little faster
COUNTED = 0.1  # of a fold's way: it is seen, and counted
GLOWING = 1.7  # how much larger the two ReLUs of a layer are while they fold
BEND_RADIUS = 0.085
GOAL, OVER_PLOT = 0.42, 0.08  # share of its colour that red has while blue is made; from a plot to words over it
Y_RANGE = (-0.12, 1.12)  # of curves between 0 and 1
EXAMPLES = 121
KNOTS_OF_A_FUNCTION = 65
RACE_SECONDS, RACE_POWER = 5.1, 1.6  # early updates, which change most, get more time
PASSING_SECONDS = 0.4  # that the race stands still where one run passes the other
SEEDS_SECONDS = 5.3  # that all starts are spoken of, before the towers are
NAMES = ("name-fat", "name-deep")
COMPARED = (NETWORKS[0], NETWORKS[-1])  # by how often they are wrong: the shallowest and the deepest
BARS, BAR_WIDTH = (-3.6, 0.0, 3.6), 1.4  # the middles of their errors' bars, and of the one that is not known
CAPTION = ("caption", "together")  # what the scene before says below them
GROUND, TOP, ASKED = -1.6, 1.7, 0.75  # where the bars stand, how high the larger one reaches, and a question mark

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
        p = self.parameters
        self.recorded = RecordedMatch([[self.trace(f"{name} {seed}") for seed in p.seeds] for name in ("fat", "deep")])
        # By hand: a layer of 2 D ReLUs and D layers of two, of equally many parameters, on the zigzag of D folds
        self.built = (one_bend_each(zigzag(p.depth), 2 * p.depth), folding(p.depth))
        self._enough_beat()
        self._name_beat()
        self._fold_beat()
        self._race_beat()
        self._seeds_beat()
        self.hand_on()

    def _enough_beat(self) -> None:
        dataset = self.parameters.first_curve()
        whole = one_bend_each(dataset)
        relus = whole.network.hidden[0]
        with self.beat("enough", relus=Count(relus)):
            # The ground of the last scene becomes an axis: one layer, and red below it. ReLU after ReLU lights up and
            # bends blue at its place, until it is red
            ground = ground_line()
            self.add(ground)
            x, y = target_of(dataset)
            self.one = thin_diagram((relus,), (ALONE[0] + 0.3, ALONE[1] - 0.3, *HEIGHTS))
            self.alone = Curves((*ALONE, *PLOT), (x, y), nice_range(y, margin=0.12))
            self.alone.draw(drawn_by(whole, x, 0))
            self.alone_counts = self._counts(0.0, relus, relus)
            for part in (self.one.columns[1], *self.one.edges):
                style.emphasize(part, FAINT)
            self.play(*self._title("heading"), FadeIn(self.one), run_time=0.8)
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
                bend = bending(self.one, self.alone, whole, k)
                counted = counting(self.alone_counts, k, count_bends(whole, k))
                self.play(*bend, FadeIn(dot, scale=2.0), counted, run_time=seconds)
                self.bend_dots.add(dot)

    def _name_beat(self) -> None:
        with self.beat("name"):
            # It steps aside for a deep one. Then it swells to as many ReLUs, each with its lines. Each network gets the
            # name its learning would have
            self.small = self._diagrams(TALL)
            self.names = [side.name(self.screen(key)) for side, key in zip(SIDES, NAMES, strict=True)]
            others = self._step_aside()
            columns, edges = self.small[1].columns, self.small[1].edges
            parts = [columns[0], *(part for pair in zip(edges, columns[1:], strict=True) for part in pair)]
            self.play(LaggedStart(*(FadeIn(part) for part in parts), lag_ratio=0.4), run_time=1.3)
            self.play(FadeIn(self.names[1], shift=0.15 * UP), run_time=0.5)
            self.play(LaggedStart(*map(FadeIn, others), lag_ratio=0.5), run_time=1.4)
            self.remove(*self.small[0].get_family())
            self.add(self.small[0])
            self.play(FadeIn(self.names[0], shift=0.15 * UP), run_time=0.5)

    def _step_aside(self) -> list[VGroup]:
        """The one layer becomes the middle of the fat one. What is still missing of that: its other ReLUs, in pairs."""
        one, fat = self.one, self.small[0]
        nodes, wide = list(one.columns[1].nodes), list(fat.columns[1].nodes)
        first = max(1, (len(wide) - len(nodes)) // 2)
        kept = wide[first : len(wide) - first]
        pairs = [(one.columns[k], fat.columns[k]) for k in (0, -1)]
        for old, new in zip(nodes, kept, strict=False):
            pairs += zip(neuron(one, old), neuron(fat, new), strict=True)
        moving = [old for old, _ in pairs]
        rest = [part for part in (*one.columns[1], *one.edges[0], *one.edges[1]) if part not in moving]
        missing = [part for k in kept[len(nodes) :] for part in neuron(fat, k)]
        leaving = [*self.alone, *self.bend_dots, self.alone_counts, *rest]
        self.remove(one)
        self.add(*rest, *moving)
        moves = [ReplacementTransform(old, new) for old, new in pairs]
        self.play(*map(FadeOut, leaving), *moves, *map(FadeIn, missing), run_time=1.0)
        return [
            VGroup(*(part for k in (first - 1 - n, len(wide) - first + n) for part in neuron(fat, wide[k])))
            for n in range(first)
        ]

    def _fold_beat(self) -> None:
        fat, deep = self.built
        depth, n_bends = self.parameters.depth, count_bends(deep)
        values = {"relus": Count(2 * depth), "bends": Count(n_bends), "layers": Count(depth)}
        with self.beat("fold", parameters=number_text(deep.network.n_parameters), **values):
            # Red, the goal, is faint while blue is made. Left first, ReLU after ReLU adds a bend, until none is left.
            # Then right a straight line comes in: one ReLU bends it, a second folds down what is above the dashed line,
            # and it is stretched; the next layer folds that: the bends double. In the end as many ReLUs are lit on both
            # sides, and right blue lies on red
            target = target_of(zigzag(depth))
            self.hand = [Curves(side.box, target, Y_RANGE) for side in SIDES]
            self.folds_counts = [self._counts(side.center, 2 * depth, n_bends) for side in SIDES]
            counts = number_text(deep.network.n_parameters)
            self.count_words = [side.count(self.screen("count", count=counts)) for side in SIDES]
            curve = target[0] / target[0][-1]  # straight: what comes in, before any ReLU
            self.hand[0].draw(drawn_by(fat, target[0], 0))
            self.hand[1].draw(curve)
            low = self._diagrams(BY_HAND)
            for part in (part for d in low for part in (*d.columns[1:-1], *d.edges)):
                style.emphasize(part, FAINT)
            lower = [ReplacementTransform(old, new) for old, new in zip(self.small, low, strict=True)]
            self.small = low
            words_now = map(FadeIn, self.count_words)
            self.play(*self._title("heading-fold"), *lower, *words_now, run_time=0.8)
            for curves in self.hand:
                style.emphasize(curves.red, GOAL)
            plots = [FadeIn(c.plot, c.red) for c in self.hand]
            self.over_left = self._over_left(n_bends)
            coming = (self.hand[0].blue, *self.folds_counts, self.over_left[0])
            self.play(*plots, *map(FadeIn, coming), run_time=0.7)
            self._bend_by_bend(fat)
            shares = np.linspace(1.2, 1.0, depth - 1) / (1.1 * (depth - 1))
            for k, seconds in enumerate([FIRST_FOLD, *(OTHER_FOLDS * shares)]):
                self._fold(curve, k, seconds)
                curve = folded(np.clip(curve, 0.0, None))
            self.play(emphasis(self.hand[1].red, FULL), run_time=0.3)

    def _over_left(self, n_bends: int) -> VGroup:
        """Over the left curve: what red is; and over where blue does not come, that there is no ReLU left for it."""
        left, right, _, top = self.hand[0].plot.box
        goal = words(self.screen("goal", bends=number_text(n_bends)), style.TICK, palette.red)
        used_up = words(self.screen("used-up"), style.TICK)
        ends = goal.place(top + OVER_PLOT, left=left + OVER_PLOT), used_up.place(top + OVER_PLOT, right=right)
        return VGroup(*ends)

    def _bend_by_bend(self, fat: Built) -> None:
        """The one layer at the left: its ReLUs come in one after the other, a bend each."""
        relus = fat.network.hidden[0]
        for k in range(1, relus + 1):
            self.folds_counts[0].show(k, count_bends(fat, k))
            said = [FadeIn(self.over_left[1])] if k == relus else []
            bend = bending(self.small[0], self.hand[0], fat, k)
            self.play(*bend, *said, run_time=ONE_LAYER_SECONDS / relus)

    def _fold(self, curve: NDArray, k: int, seconds: float) -> None:
        """Layer k (from 0) of the deep one folds ``curve`` (n,), seen over the zigzag's x: its ReLUs and the bends are
        counted in that moment. Before the first, the line that comes in, and its word.
        """
        right, counts, layer = self.hand[1], self.folds_counts[1], self.small[1].columns[k + 1]
        nodes, coming = list(layer.nodes.values()), []
        if k == 0:
            coming.append(self._bend_once(curve, seconds))
            lights = [emphasis(part, FULL) for part in self._into_first_layer(1)]
        else:
            lights = [emphasis(part, FULL) for part in (self.small[1].edges[k], layer)]
        crease = right.crease(0.5, self.screen("crease"))
        above, said = right.above(curve, 0.5), words(self.screen("stretch"), style.LABEL)
        said.place(crease[1].baseline, right=float(crease[1].get_right()[0]))
        self.play(FadeIn(crease), *lights, run_time=0.12 * seconds)
        self.add(above, right.blue)
        whole = np.clip(curve, 0.0, None)
        folding_ones = nodes[1:] if k == 0 else nodes
        glow = [node.animate(rate_func=there_and_back).scale(GLOWING) for node in folding_ones]

        def fold(_: VMobject, share: float) -> None:
            right.draw(folded(whole, share, 0.0))
            if share >= COUNTED:
                counts.show(2 * (k + 1), count_bends(folding(k + 1)))

        def stretch(_: VMobject, share: float) -> None:
            right.draw(folded(whole, 1.0, share))

        self.play(UpdateFromAlphaFunc(VGroup(right.blue, counts), fold), *glow, run_time=0.26 * seconds)
        self.wait(0.12 * seconds)
        gone = [FadeOut(part, run_time=0.1 * seconds) for part in (above, crease[1], *coming)]
        self.play(*gone, FadeOut(crease[0]), FadeIn(said, rate_func=squish_rate_func(smooth, 0.45, 0.75)),
                  UpdateFromAlphaFunc(right.blue, stretch), run_time=0.2 * seconds)  # fmt: skip
        self.play(FadeOut(said), run_time=0.1 * seconds)

    def _bend_once(self, curve: NDArray, seconds: float) -> VMobject:
        """The straight line comes in, with its word; the first of two ReLUs bends it, at 0. The second will fold it."""
        right, counts = self.hand[1], self.folds_counts[1]
        name = words(self.screen("input"), style.TICK, palette.blue)
        name.place(float(right.plot.box[3]) + OVER_PLOT, right=float(right.plot.box[1]))
        self.play(FadeIn(name), Create(right.blue), run_time=0.12 * seconds)
        lit = self._into_first_layer(0)
        self.play(*(emphasis(part, FULL) for part in lit), run_time=0.05 * seconds)

        def bend(_: VMobject, share: float) -> None:
            right.draw(np.maximum(curve, (1 - share) * curve))  # nothing stays below 0
            if share >= COUNTED:
                counts.show(1, 1)

        glow = lit[0].animate(rate_func=there_and_back).scale(GLOWING)
        self.play(UpdateFromAlphaFunc(VGroup(right.blue, counts), bend), glow, run_time=0.16 * seconds)
        return name

    def _into_first_layer(self, i: int) -> list[VMobject]:
        """The ReLU i (from 0) of the deep one's first layer, and the line into it."""
        diagram = self.small[1]
        return [diagram.columns[1].nodes[i], *diagram.edges[0].into(i)]

    def _race_beat(self) -> None:
        fat, deep = (trace.experiment.n_parameters for trace in self.recorded.first)
        values = {"fat": number_text(fat), "deep": number_text(deep)}
        with self.beat("race-fat-passes", updates=number_text(int(self.recorded.first[0].kept[-1])), **values):
            # Larger networks, one above the other, the same curve, a random start; then update by update. What is left
            # to red is filled; in the networks' place both losses are drawn as they fall. Where the lesson's fat one
            # passes, a ring
            texts = [self.screen(key) for key in ("update", "smoothed", "fat", "deep")]
            self.race = race = Race(self.recorded, LANES, texts)
            self._exchange()
            rate = number_text(self.parameters.learning_rate)
            self.add(*race.curves())  # in this order, or what is filled would lie over the curves at first
            coming = [race.word, race.counter, *race.readouts, caption(self.screen("rule", rate=rate))]
            self.play(*(Create(c.blue) for c in race.boards), *(FadeIn(c.gap) for c in race.boards), run_time=0.7)
            self.play(*(FadeIn(part) for part in coming), run_time=0.5)
            self.wait(0.5)  # the networks are looked at
            self.play(*map(FadeOut, self.diagrams), run_time=0.4)
            self.play(FadeIn(race.lines), run_time=0.4)
            self.add(race)

            last, ring = self.recorded.last, None if self.other_data else self._ring()
            self.passing = VGroup()
            seen = last
            if ring is not None:
                self.passing.add(ring)
                kept = np.asarray(self.recorded.first[0].kept)
                seen = min(int(np.searchsorted(kept, race.lines.clear_of(ring))), last)
            self._race(0, seen)
            if ring is not None:
                self.play(Create(ring), run_time=PASSING_SECONDS)
            self._race(seen, last)
            race.show(float(last))

    def _ring(self) -> Circle | None:
        """Round where one passes the other: as soon as their names have gone on from there, it comes."""
        passing = self.recorded.passing
        if passing is None:
            return None
        losses = [run[passing] for run in self.recorded.calm]
        return self.race.lines.ring(float(self.recorded.first[0].kept[passing]), float(np.mean(losses)))

    def _race(self, first: int, last: int) -> None:
        """Both runs go on from one row to another."""
        race, whole = self.race, self.recorded.last
        start, end = (RACE_SECONDS * (row / whole) ** (1 / RACE_POWER) for row in (first, last))

        def update(_: VGroup, share: float) -> None:
            now = start + share * (end - start)
            race.show(min(stepwise(whole * (now / RACE_SECONDS) ** RACE_POWER), float(whole)))

        if last > first:
            self.play(UpdateFromAlphaFunc(race, update, run_time=end - start, rate_func=linear))

    def _exchange(self) -> None:
        """The networks built by hand give way to those that learn; red takes its place in the new scale."""
        runs = [trace.experiment for trace in self.recorded.first]
        self.diagrams = [beside(lane, run.hidden) for lane, run in zip(LANES, runs, strict=True)]
        texts = [self.screen("count", count=number_text(run.n_parameters)) for run in runs]
        words_now = [lane.count(text) for lane, text in zip(LANES, texts, strict=True)]
        names = [lane.name(self.screen(key)) for lane, key in zip(LANES, NAMES, strict=True)]
        said = [*self.count_words, *self.folds_counts, *self.over_left]
        leaving = [*self.small, *said, *(curves.blue for curves in self.hand)]
        self.play(*(FadeOut(part) for part in leaving), *self._title("heading-race"), run_time=0.8)
        pairs = [(getattr(old, part), getattr(new, part)) for part in ("plot", "red")
                 for old, new in zip(self.hand, self.race.boards, strict=True)]  # fmt: skip
        moves = [ReplacementTransform(*pair) for pair in [*pairs, *zip(self.names, names, strict=True)]]
        self.play(*moves, run_time=0.9)
        self.play(*(FadeIn(part) for part in (*self.diagrams, *words_now)), run_time=0.5)
        self.names, self.count_words = names, words_now

    def _seeds_beat(self) -> None:
        seeds = len(self.parameters.seeds)
        match, race = self.recorded, self.race
        fat, deep = match.wins
        with self.beat("seeds-fat-all", seeds=Count(seeds), fat=Count(fat), deep=Count(deep)):
            # The two curves shrink to the first start's; the other starts' come. A frame round the better of each two,
            # and how often each network wins, by the time that this is said. Then two of the towers' errors: where
            # many layers did win, it was deep against deeper; a fat one's is not known
            names = [self.screen(key) for key in NAMES]
            wins = [self.screen("wins", wins=Count(count), starts=Count(seeds)) for count in (fat, deep)]
            ends, decimals = (match.end_curves, match.ends), loss_decimals(match.ends.ravel())
            self.starts = Starts(ends, match.target, match.y_range, names, wins, decimals)
            leaving = [race.lines, *self.passing, *self.count_words, *race.readouts, race.word, race.counter]
            start = self.time
            self.remove(race)
            self.add(*race.curves())
            self.play(
                *(FadeOut(part) for part in leaving), *self._title("heading-seeds", seeds=Count(seeds)), run_time=0.5
            )
            moves = []
            for k in (0, 1):
                small = self.starts.curves[k][0]
                pairs = [*zip(race.boards[k], small, strict=True), (self.names[k], self.starts.names[k])]
                moves.append(AnimationGroup(*(ReplacementTransform(old, new) for old, new in pairs)))
            self.play(LaggedStart(*moves, lag_ratio=0.6), run_time=0.9)  # the second where the first has made room
            self.play(*(FadeIn(row[0]) for row in self.starts.losses), run_time=0.2)
            others = [
                FadeIn(VGroup(*(part[row][k] for part in (self.starts.curves, self.starts.losses) for row in (0, 1))))
                for k in range(1, seeds)
            ]
            self.play(LaggedStart(*others, lag_ratio=0.6), run_time=0.3 + 0.1 * len(others))
            won = [FadeIn(text) for text in self.starts.wins]
            self.play(LaggedStart(*(Create(frame) for frame in self.starts.frames), lag_ratio=0.2), *won, run_time=0.6)
            self.wait(SEEDS_SECONDS - (self.time - start))
            self._deep_against_deeper()

    def _deep_against_deeper(self) -> None:
        """How often the first and the last network of the scene before are wrong: a bar each, the lower the better."""
        most = max(network.error or 0.0 for network in COMPARED)
        bars, layers, errors = VGroup(), VGroup(), VGroup()
        for x, network in zip(BARS, COMPARED, strict=False):
            error = network.error or 0.0
            wrong = self.screen("wrong", error=number_text(error), star="" if network.lecture else "*")
            bar = Rectangle(width=BAR_WIDTH, height=(TOP - GROUND) * error / most, stroke_width=0)
            bars.add(bar.set_fill(mix(palette.text, 0.75), 1).move_to([x, GROUND, 0], aligned_edge=DOWN))
            layers.add(words(self.screen("tower", layers=network.layers), style.HEADING).place(GROUND - 0.6, center=x))
            errors.add(words(wrong, style.HEADING).place(float(bar.get_top()[1]) + 0.25, center=x))
        ground = segment((-5.6, GROUND, 0), (5.6, GROUND, 0), palette.axis, style.AXIS)
        gone = [part for part in self.mobjects if part is not self.title]
        said = [self.words_of.screen("deeper-and-deeper", key, self.context.language, {}) for key in CAPTION]
        note = caption("".join(said) + self.screen("starred"))
        self.play(*map(FadeOut, gone), *self._title("heading-deeper"), run_time=0.5)
        self.play(FadeIn(ground), FadeIn(note), FadeIn(layers), run_time=0.3)
        self.play(*(GrowFromEdge(bar, DOWN) for bar in bars), run_time=0.7)
        self.play(FadeIn(errors, shift=0.15 * UP), run_time=0.4)
        self.wait(1.0)
        self.unknown = self._unknown_bar()
        self.play(FadeIn(self.unknown), run_time=0.5)
        self.error_bars, self.bar_texts = bars, VGroup(*layers, *errors)

    def _unknown_bar(self) -> VGroup:
        """In the place of a bar: how often would a fat network be wrong? Nobody has told, so no height is drawn."""
        x = BARS[-1]
        asked = words("?", style.TITLE).move_to([x, GROUND + ASKED, 0])
        return VGroup(asked, words(self.screen("tower-fat"), style.HEADING).place(GROUND - 0.6, center=x))

    # -- what several beats do -------------------------------------------------------------------------------------

    def _title(self, key: str, **values: Any) -> list[Animation]:
        old = self.title
        animations = self.next_heading(self.screen(key, **values))
        if old is not None:  # gone before the next one comes, however long the two take
            animations[0].rate_func = squish_rate_func(smooth, 0.0, 0.4)
        return animations

    def _counts(self, center: float, relus: int, most_bends: int) -> Counts:
        """How many ReLUs are lit, and how many bends they make: none yet."""
        counts = Counts([self.screen("relus"), self.screen("bends")], [relus, most_bends], center)
        return counts.show(0, 0)

    def _diagrams(self, heights: tuple[float, float]) -> list[LayerDiagram]:
        """Both networks built by hand, between these ``heights``."""
        return [by_hand(side, b.network.hidden, heights) for side, b in zip(SIDES, self.built, strict=True)]
