"""Why deep? One fat layer makes a bend a ReLU; but layers fold what was folded. Then both learn two spirals."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Any, Self

import numpy as np
from gradreel.core.analysis.equal_budget import (
    DEEP,
    FAT,
    RATE,
    SEEDS,
    UPDATES,
    Built,
    MatchRuns,
    folded_values,
    folding_network,
    match_runs,
    relu_per_bend_network,
    zigzag,
)
from gradreel.core.datasets import PointsDataset
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import predict
from gradreel.core.point_generators import Number
from gradreel.core.trace.trace import Trace
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.deep.pictures.class_planes import ClassBoard, Race, RecordedMatch, Starts
from gradreel.scenes.lecture.deep.pictures.layer_sheet import LayerSheet
from gradreel.scenes.lecture.deep.pictures.network_curves import (
    BY_HAND,
    SIDES,
    TALL,
    Counts,
    Curves,
    bending,
    by_hand,
    count_bends,
    drawn_by,
    neuron,
    target_of,
)
from gradreel.scenes.lecture.deep.pictures.skyline import ground_line
from gradreel.scenes.mobjects.network_diagram import LayerDiagram
from gradreel.scenes.mobjects.pace import stepwise
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.style import FAINT, FULL, emphasis, palette
from gradreel.scenes.words.claims import Claim, claim
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.numbers import number_text
from manim import (
    UP,
    Animation,
    Circle,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
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
from pydantic import Field, model_validator

ONE_LAYER_SECONDS = 4.4  # for all bends of the one layer, before the other folds
FIRST_FOLD, SECOND_FOLD, OTHER_FOLDS = 6.2, 4.0, 4.4  # seconds: two are looked at, all others together go faster
COUNTED = 0.1  # of a fold's way: it is seen, and counted
GLOWING = 1.7  # how much larger the two ReLUs of a layer are while they fold
GOAL, OVER_PLOT = 0.42, 0.08  # share of its colour that red has while blue is made; from a plot to words over it
Y_RANGE = (-0.12, 1.12)  # of curves between 0 and 1
LARGE_PLANE, LARGE_BOTTOM = 5.4, -2.9  # side and bottom of the plane while it is alone
ASKED = ((0.25, 0.62), (0.8, 0.7))  # places on it that are asked about, as shares of its sides
ASKED_RADIUS = 0.24
SHEET_SECONDS = 2.2  # for the way of the sheet through a layer
RACE_SECONDS, RACE_POWER = 5.5, 1.8  # early updates, which change most, get more time
FAIR = 0.1  # of the deep network's parameters: how many more or fewer the fat one may have
NAMES = ("name-fat", "name-deep")

Seed = Annotated[int, Field(ge=0, lt=2**63)]
Width = Annotated[int, Field(ge=1, le=200)]


class WhyDeep(LectureScene):
    """One bend a ReLU against folds of folds, exactly built; then a fat and a deep network learn from several seeds."""

    class Parameters(LectureScene.Parameters):
        folds: int = Field(4, ge=3, le=6, description="Layers of the network that folds, built by hand")
        dataset: PointsDataset = Field(
            PointsDataset(), description="What both learn: points (x1, x2) of the classes 0 and 1, which is red"
        )
        fat: int = Field(FAT, ge=1, le=5000, description="ReLUs of the one layer")
        deep: tuple[Width, ...] = Field(
            DEEP, min_length=2, max_length=6, description="ReLUs of each layer of the deep network"
        )
        seeds: tuple[Seed, ...] = Field(
            SEEDS, min_length=2, max_length=10, description="Both networks start from each of these seeds"
        )
        epochs: int = Field(UPDATES, ge=20, le=50_000, description="Updates of each run, all points in each batch")
        learning_rate: Number = Field(RATE, gt=0, le=1, description="Adam's learning rate at first, for both")

        @model_validator(mode="after")
        def _there_are_two_networks(self) -> Self:
            if len(set(self.seeds)) < len(self.seeds):
                raise ValueError(f"seeds: each is wanted once, got {list(self.seeds)}")
            if self.dataset.n_features != 2 or set(self.dataset.labels()) != {0.0, 1.0}:
                raise ValueError("dataset: points in a plane are shown, (x1, x2) each, of both classes, 0 and 1")
            fat, deep = (run.n_parameters for run in (self.match().fat[0], self.match().deep[0]))
            if abs(fat - deep) > FAIR * deep:
                raise ValueError(
                    f"fat, deep: {fat} and {deep} parameters; the match is fair only if both have about as many, "
                    f"such as fat = {max(1, round((deep - 1) / 4))}"
                )
            return self

        def match(self) -> MatchRuns:
            """The runs of both networks."""
            return match_runs(self.dataset, self.fat, self.deep, self.seeds, self.epochs, self.learning_rate)

    @classmethod
    def experiments(cls, parameters: Parameters) -> dict[str, Experiment]:
        runs = parameters.match()
        return {f"{name} {run.seed}": run for name in ("fat", "deep") for run in getattr(runs, name)}

    @cached_property
    def recorded(self) -> RecordedMatch:
        """All runs of both networks."""
        seeds = self.parameters.seeds
        return RecordedMatch([[self.trace(f"{name} {seed}") for seed in seeds] for name in ("fat", "deep")])

    def claims(self) -> Iterator[Claim]:
        (fat, deep), ends = (run.n_parameters for run in self.recorded.runs), self.recorded.ends
        as_many = abs(fat - deep) < 0.05 * deep
        yield claim("race-both-right", "both have about as many parameters", as_many, fat=fat, deep=deep)
        wrong = [self._wrong(traces[0]) for traces in self.recorded.traces]
        yield claim("race-both-right", "both are right at every dot", wrong == [0, 0], wrong_dots=wrong)
        yield claim("sheet-cut", "one straight cut has all red dots on one side", wrong[1] == 0, wrong_dots=wrong[1])
        wins = bool((ends[1] < ends[0]).all())
        yield claim("starts-deep-all", "the deep one's loss is lower every time", wins, fat=ends[0], deep=ends[1])

    @staticmethod
    def _wrong(trace: Trace) -> int:
        """Dots whose class the network takes for the other one, at the end of the run."""
        data = trace.experiment.dataset
        said = predict(trace.experiment, np.asarray(trace.parameters[-1]), data.features())
        return int(((said > 0) != (data.labels() == 1)).sum())

    def construct(self) -> None:
        p = self.parameters
        # By hand: a layer of 2 D ReLUs and D layers of two, of equally many parameters, on the zigzag of D folds
        self.built = (relu_per_bend_network(zigzag(p.folds), 2 * p.folds), folding_network(p.folds))
        self._name_beat()
        self._bends_beat()
        self._fold_beats()
        self._spirals_beat()
        self._race_beat()
        self._sheet_beat()
        self._starts_beat()
        self.hand_on()

    def _name_beat(self) -> None:
        with self.beat("name"):
            # The ground of the last scene leaves. One layer swells, ReLU by ReLU; a stack comes beside it. Each gets
            # the name its learning would have
            ground = ground_line()
            self.add(ground)
            self.small = fat, deep = self._diagrams(TALL)
            self.names = [side.name(self.screen(key)) for side, key in zip(SIDES, NAMES, strict=True)]
            self.play(*self._title("heading"), FadeOut(ground), run_time=0.8)
            nodes = list(fat.columns[1].nodes)
            pairs = [(nodes[-1 - k], nodes[k]) for k in reversed(range(len(nodes) // 2))]
            wider = [VGroup(*(part for k in pair for part in neuron(fat, k))) for pair in pairs]
            self.play(FadeIn(fat.columns[0]), FadeIn(fat.columns[-1]), run_time=0.4)
            self.play(LaggedStart(*map(FadeIn, wider), lag_ratio=0.5), run_time=2.6)
            self.remove(*wider, *fat.get_family())
            self.add(fat)
            self.until("deep")
            layers = (part for pair in zip(deep.edges, deep.columns[1:], strict=True) for part in pair)
            coming = LaggedStart(*map(FadeIn, (deep.columns[0], *layers)), lag_ratio=0.4)
            self.play(coming, FadeIn(self.names[1]), run_time=1.3)
            self.until("fat")
            self.play(FadeIn(self.names[0], shift=0.15 * UP), run_time=0.5)

    def _bends_beat(self) -> None:
        fat, deep = self.built
        folds, n_bends = self.parameters.folds, count_bends(deep)
        with self.beat("bends", pause="short", relus=Count(2 * folds)):
            # Red, the goal, is faint while blue is made. Left, ReLU after ReLU adds a bend, until none is left
            target = target_of(zigzag(folds))
            self.hand = [Curves(side.box, target, Y_RANGE) for side in SIDES]
            self.folds_counts = [self._counts(side.center, 2 * folds, n_bends) for side in SIDES]
            counts = number_text(deep.network.n_parameters)
            self.count_words = [side.count(self.screen("count", count=counts)) for side in SIDES]
            self.line = target[0] / target[0][-1]  # straight: what comes in, before any ReLU
            self.hand[0].draw(drawn_by(fat, target[0], 0))
            self.hand[1].draw(self.line)
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
            self.until("bend")
            self._bend_by_bend(fat)

    def _fold_beats(self) -> None:
        folds, n_bends, curve = self.parameters.folds, count_bends(self.built[1]), self.line
        with self.beat("fold", pause="short"):
            # Right a straight line comes in: one ReLU flattens its start, a second folds down what is above the dashed
            # line, and it is stretched
            self._fold(curve, 0, FIRST_FOLD)
        with self.beat("folds", pause="long", relus=Count(2 * folds), bends=Count(n_bends)):
            # The next layer folds that, wherever it crosses the dashed line: the bends double. In the end as many ReLUs
            # are lit on both sides, and right blue lies on red
            shares = np.linspace(1.2, 1.0, folds - 2) / (1.1 * (folds - 2))
            for k, seconds in enumerate((SECOND_FOLD, *OTHER_FOLDS * shares), start=1):
                if k == 2:
                    self.until("again")
                curve = folded_values(np.clip(curve, 0.0, None))
                self._fold(curve, k, seconds)
            self.until("same")
            self.play(emphasis(self.hand[1].red, FULL), run_time=0.5)
            self.wait(1.0)  # so many bends are looked at

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
        counted in that moment. Dots where it crosses the dashed line: each becomes a bend. Before the first, the line
        that comes in, and its word. The words wait for it, if they are of these steps.
        """
        right, counts, layer = self.hand[1], self.folds_counts[1], self.small[1].columns[k + 1]
        nodes, coming = list(layer.nodes.values()), []
        if k == 0:
            coming += self._bend_once(curve, seconds)
            lights = [emphasis(part, FULL) for part in self._into_first_layer(1)]
        else:
            lights = [emphasis(part, FULL) for part in (self.small[1].edges[k], layer)]
        crease = right.crease(0.5, self.screen("crease"))
        above, said = right.above(curve, 0.5), words(self.screen("stretch"), style.LABEL)
        said.place(crease[1].baseline, right=float(crease[1].get_right()[0]))
        self.until("down")
        self.play(FadeIn(crease), *lights, run_time=0.12 * seconds)
        crossings = right.crossings(curve, 0.5)
        self.add(above, right.blue)
        self.play(FadeIn(crossings, scale=2), run_time=0.1 * seconds)
        self.until("twice")
        whole = np.clip(curve, 0.0, None)
        folding_ones = nodes[1:] if k == 0 else nodes
        glow = [node.animate(rate_func=there_and_back).scale(GLOWING) for node in folding_ones]

        def fold(_: VMobject, share: float) -> None:
            right.draw(folded_values(whole, share, 0.0))
            if share >= COUNTED:
                counts.show(2 * (k + 1), count_bends(folding_network(k + 1)))

        def stretch(_: VMobject, share: float) -> None:
            right.draw(folded_values(whole, 1.0, share))

        self.play(UpdateFromAlphaFunc(VGroup(right.blue, counts), fold), *glow, run_time=0.24 * seconds)
        self.wait(0.1 * seconds)
        self.until("up")
        gone = [FadeOut(part, run_time=0.1 * seconds) for part in (above, crossings, crease[1], *coming)]
        self.play(*gone, FadeOut(crease[0]), FadeIn(said, rate_func=squish_rate_func(smooth, 0.45, 0.75)),
                  UpdateFromAlphaFunc(right.blue, stretch), run_time=0.2 * seconds)  # fmt: skip
        self.play(FadeOut(said), run_time=0.1 * seconds)

    def _bend_once(self, curve: NDArray, seconds: float) -> list[VMobject]:
        """The straight line comes in, with its word; the first of two ReLUs bends it, at 0, where a dot is. The second
        will fold it.
        """
        right, counts = self.hand[1], self.folds_counts[1]
        name = words(self.screen("input"), style.TICK, palette.blue)
        name.place(float(right.plot.box[3]) + OVER_PLOT, right=float(right.plot.box[1]))
        self.play(FadeIn(name), Create(right.blue), run_time=0.12 * seconds)
        self.until("fold")
        lit, corner = self._into_first_layer(0), right.crossings(curve, 0.0)
        self.play(*(emphasis(part, FULL) for part in lit), FadeIn(corner, scale=2), run_time=0.05 * seconds)

        def bend(_: VMobject, share: float) -> None:
            right.draw(np.maximum(curve, (1 - share) * curve))  # nothing stays below 0
            if share >= COUNTED:
                counts.show(1, 1)

        glow = lit[0].animate(rate_func=there_and_back).scale(GLOWING)
        self.play(UpdateFromAlphaFunc(VGroup(right.blue, counts), bend), glow, run_time=0.16 * seconds)
        return [name, corner]

    def _into_first_layer(self, i: int) -> list[VMobject]:
        """The ReLU i (from 0) of the deep one's first layer, and the line into it."""
        diagram = self.small[1]
        return [diagram.columns[1].nodes[i], *diagram.edges[0].into(i)]

    def _spirals_beat(self) -> None:
        with self.beat("spirals"):
            # The networks built by hand stay while they are asked about, and leave. A plane, and in it, point by point,
            # the two spirals; a ring asks about one place and another
            self.alone_plane = ClassBoard(self.recorded.plane, -LARGE_PLANE / 2, LARGE_BOTTOM, LARGE_PLANE)
            self.until("spirals")
            leaving = [part for part in self.mobjects if part is not self.title]
            self.play(*map(FadeOut, leaving), *self._title("heading-race"), run_time=0.8)
            self.play(FadeIn(self.alone_plane.ground), run_time=0.5)
            self.add(self.alone_plane.bands)
            for points in (self.alone_plane.red, self.alone_plane.other):
                self.play(_one_after_the_other(points), run_time=1.2, rate_func=linear)
            self.add(self.alone_plane)
            self._ask()

    def _ask(self) -> None:
        """A ring goes from one place to another: of which class?"""
        left, right, bottom, top = self.alone_plane.box
        first, second = ((left + x * (right - left), bottom + y * (top - bottom), 0.0) for x, y in ASKED)
        ring = Circle(ASKED_RADIUS, color=palette.text, stroke_width=style.RING)
        ring.set_fill(palette.background, 1)
        asked = VGroup(ring, words("?", style.HEADING).move_to(ring)).move_to(first)
        self.until("ask")
        self.play(FadeIn(asked, scale=0.5), run_time=0.4)
        self.wait(0.6)
        self.play(asked.animate.move_to(second), run_time=0.7)
        self.wait(0.8)
        self.play(FadeOut(asked), run_time=0.3)

    def _race_beat(self) -> None:
        match = self.recorded
        fat, deep = (number_text(run.n_parameters) for run in match.runs)
        values = {"fat": fat, "deep": deep, "layers": Count(len(match.runs[1].hidden))}
        with self.beat("race-both-right", pause="short", updates=number_text(int(match.first[0].kept[-1])), **values):
            # The plane becomes two, with a network and its name at each; then update by update. Blue is what a
            # network takes for red
            self.race = race = Race(match, self.screen("update"))
            self.names = [race.named(k, self.screen(key)) for k, key in enumerate(NAMES)]
            counts = [race.counted(k, self.screen("count", count=count)) for k, count in enumerate((fat, deep))]
            first, second = self.alone_plane, self.alone_plane.copy()
            moves = [
                plane.animate.scale(_width(board) / _width(plane)).move_to(board.ground)
                for plane, board in zip((first, second), race.boards, strict=True)
            ]
            self.play(*moves, run_time=0.9)
            self.play(*(FadeIn(part) for part in (*self.names, *counts, *race.diagrams)), run_time=0.7)
            self.until("blue")
            self.remove(first, second)
            said = [board.bands for board in race.boards]
            for board in race.boards:
                self.add(board.ground, board.bands, board.other, board.red)
            coming = (race.word, race.counter)
            self.play(*map(FadeIn, said), *map(FadeIn, coming), run_time=0.8)
            self.beside = VGroup(*counts, *race.diagrams, race.word, race.counter)
            self.add(race)

            def update(_: VGroup, share: float) -> None:
                race.show(min(stepwise(match.last * share**RACE_POWER), float(match.last)))

            self.play(UpdateFromAlphaFunc(race, update, run_time=RACE_SECONDS, rate_func=linear))
            self.until("end")

    def _sheet_beat(self) -> None:
        match = self.recorded
        run, theta = match.runs[1], np.asarray(match.first[1].parameters[-1])
        self.sheet = sheet = LayerSheet(run, theta, match.plane)
        layers, most = sheet.n_layers, max(run.hidden)
        with self.beat("sheet-cut", pause="long", layers=Count(layers)):
            # The dots lie on a sheet. Layer by layer of the deep network it is bent, each layer seen in two of its
            # directions. After the last, an upright line parts red from the others
            self.remove(self.race)
            self.before_sheet = [*self.race.boards, self.beside, *self.names]
            note = words(self.screen("projection", count=number_text(most)), style.CAPTION, palette.dim)
            note.place(style.CAPTION_BASELINE, left=style.LEFT_EDGE)
            self.play(*map(FadeOut, self.before_sheet), *self._title("heading-sheet"), run_time=0.6)
            self.play(FadeIn(sheet), run_time=0.8)
            self.until("through")
            said = words(" ", style.LABEL)
            self.play(FadeIn(note), run_time=0.3)
            for k in range(layers):
                next_said = words(self.screen("after-layer", layer=number_text(k + 1)), style.LABEL)
                next_said.place(style.HEADING_BASELINE, right=style.RIGHT_EDGE)

                def bend(_: VMobject, share: float, k: int = k) -> None:
                    sheet.show(k + share)

                self.play(FadeOut(said), UpdateFromAlphaFunc(sheet, bend, rate_func=smooth), run_time=SHEET_SECONDS)
                self.play(FadeIn(next_said), run_time=0.3)
                said = next_said
            self.until("cut")
            self.play(Create(sheet.cut), run_time=0.8)
            self.wait(0.8)

    def _starts_beat(self) -> None:
        seeds, match, race = len(self.parameters.seeds), self.recorded, self.race
        fat, deep = match.wins
        with self.beat("starts-deep-all", pause="long", seeds=Count(seeds), fat=Count(fat), deep=Count(deep)):
            # Both planes step aside. The losses of this race on a scale of tens, then those of the other starts; how
            # often each network wins
            names = [self.screen(key) for key in NAMES]
            wins = [self.screen("wins", wins=Count(count), starts=Count(seeds)) for count in (fat, deep)]
            self.starts = starts = Starts(match, names, wins, self.screen("loss"))
            leaving = [part for part in self.mobjects if part is not self.title]
            title = self._title("heading-starts", seeds=Count(seeds))
            self.play(*map(FadeOut, leaving), *title, run_time=0.5)
            self.play(*map(FadeIn, (*race.boards, *self.names)), run_time=0.4)
            moves = []
            for k, board in enumerate(race.boards):
                middle, side = starts.tile(k)
                moves.append(board.animate.scale(side / _width(board)).move_to(middle))
            moves += [ReplacementTransform(*pair) for pair in zip(self.names, starts.names, strict=True)]
            note = words(self.screen("caption-starts"), style.CAPTION, palette.dim)
            note.place(style.CAPTION_BASELINE, left=style.LEFT_EDGE)
            self.play(*moves, run_time=1.2)
            self.play(FadeIn(starts.levels), FadeIn(note), run_time=0.5)
            self.play(FadeIn(starts.pairs[0]), run_time=0.5)
            self.until("starts")
            others = [FadeIn(pair, shift=0.15 * UP) for pair in starts.pairs[1:]]
            self.play(LaggedStart(*others, lag_ratio=0.6), run_time=0.6 + 0.4 * len(others))
            self.until("wins")
            self.play(*(FadeIn(text, shift=0.15 * UP) for text in starts.wins), run_time=0.6)
            self.until("next")

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


def _width(board: ClassBoard) -> float:
    return float(board.ground.width)


def _one_after_the_other(points: VMobject) -> UpdateFromAlphaFunc:
    """The discs of one shape come in their order."""
    whole, disc = points.points.copy(), len(Circle().points)

    def update(shape: VMobject, share: float) -> None:
        shape.points = whole[: disc * round(share * len(whole) / disc)]

    return UpdateFromAlphaFunc(points, update)
