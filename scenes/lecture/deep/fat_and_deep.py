"""A fat network and a deep one, of equally many parameters, learn the same curve from the same seeds."""

from __future__ import annotations

from typing import Annotated, Any, Self

import numpy as np
from gradreel.core.analysis.equal_budget import Match, fat_and_deep, match, one_bend_each, zigzag
from gradreel.core.curves.expression import expression
from gradreel.core.curves.piecewise import PiecewiseLinearCurve
from gradreel.core.datasets import RED_CURVE, CurveDataset, Number
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.deep.deeper_and_deeper import NETWORKS
from gradreel.scenes.lecture.deep.pictures.recorded_match import Race, RecordedMatch
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.match_board import HALF_X, Lane, Side, Starts
from gradreel.scenes.mobjects.pace import stepwise
from gradreel.scenes.mobjects.plot import segment
from gradreel.scenes.mobjects.readout import loss_decimals
from gradreel.scenes.mobjects.text import caption, words
from gradreel.scenes.style import mix, palette
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
    linear,
    smooth,
    squish_rate_func,
)
from pydantic import BaseModel, Field, model_validator

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


class FatAndDeep(LectureScene):
    """The match of two networks: its curve and its runs, and the beats in which they learn.

    Those begin with what was built by hand on the screen: the ``small`` diagrams under their ``names``, the curves of
    ``hand``, and the words ``count_words``, ``folds_counts`` and ``over_left`` about them.
    """

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

    def read_the_runs(self) -> None:
        """What was recorded of both networks, and the sides of the picture that are theirs."""
        runs = self.match(self.parameters)
        self.networks = (runs.fat[0], runs.deep[0])
        sides = {"fat": runs.fat, "deep": runs.deep}
        self.recorded = RecordedMatch([[self.trace(f"{name} {r.seed}") for r in side] for name, side in sides.items()])
        self.sides, self.lanes = [Side(-HALF_X), Side(HALF_X)], [Lane(0), Lane(1)]

    def match_beats(self) -> None:
        self._race_beat()
        self._seeds_beat()

    def _title(self, key: str, **values: Any) -> list[Animation]:
        old = getattr(self, "title", None)
        self.title, animations = next_heading(self.screen(key, **values), old)
        if old is not None:  # gone before the next one comes, however long the two take
            animations[0].rate_func = squish_rate_func(smooth, 0.0, 0.4)
        return animations

    # -- the match -----------------------------------------------------------------------------------------------

    def _race_beat(self) -> None:
        fat, deep = (network.n_parameters for network in self.networks)
        values = {"fat": number_text(fat), "deep": number_text(deep)}
        with self.beat("race-fat-passes", updates=number_text(int(self.recorded.first[0].kept[-1])), **values):
            # Larger networks, one above the other, the same curve, a random start; then update by update. What is left
            # to red is filled; in the networks' place both losses are drawn as they fall. Where the lesson's fat one
            # passes, a ring
            texts = [self.screen(key) for key in ("update", "smoothed", "fat", "deep")]
            self.race = race = Race(self.recorded, self.lanes, texts)
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
        lanes, runs = self.lanes, self.networks
        self.diagrams = [lane.diagram(run.hidden) for lane, run in zip(lanes, runs, strict=True)]
        texts = [self.screen("count", count=number_text(run.n_parameters)) for run in runs]
        words_now = [lane.count(text) for lane, text in zip(lanes, texts, strict=True)]
        names = [lane.name(self.screen(key)) for lane, key in zip(lanes, NAMES, strict=True)]
        leaving = [
            *self.small,
            *self.count_words,
            *self.folds_counts,
            *self.over_left,
            *(c.blue for c in self.hand),
        ]
        self.play(*(FadeOut(part) for part in leaving), *self._title("heading-race"), run_time=0.8)
        pairs = [(getattr(old, part), getattr(new, part)) for part in ("plot", "red")
                 for old, new in zip(self.hand, self.race.boards, strict=True)]  # fmt: skip
        moves = [ReplacementTransform(*pair) for pair in [*pairs, *zip(self.names, names, strict=True)]]
        self.play(*moves, run_time=0.9)
        self.play(*(FadeIn(part) for part in (*self.diagrams, *words_now)), run_time=0.5)
        self.names, self.count_words = names, words_now

    # -- all starts ----------------------------------------------------------------------------------------------

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
