"""Why deep? One fat layer would do, a bend a ReLU; but layers fold what was folded. Then both must learn it."""

from __future__ import annotations

import numpy as np
from gradreel.core.analysis.equal_budget import Built, folded, folding, one_bend_each, zigzag
from gradreel.scenes import style
from gradreel.scenes.lecture.deep.fat_and_deep import NAMES, FatAndDeep
from gradreel.scenes.lecture.deep.pictures.bend_by_bend import bending, corner, count_bends, counting, drawn_by, neuron
from gradreel.scenes.lecture.deep.pictures.skyline import ground_line
from gradreel.scenes.mobjects.match_board import BY_HAND, DIAGRAM, PLOT, TALL, Counts, Curves, target_of, thin_diagram
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.mobjects.ticks import nice_range
from gradreel.scenes.style import FAINT, FULL, emphasis, palette
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.numbers import number_text
from manim import (
    UP,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    ReplacementTransform,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    smooth,
    squish_rate_func,
    there_and_back,
)
from numpy.typing import NDArray

ALONE = (-3.6, 3.6)  # left and right of the one layer and its curve, while they are alone
ONE_LAYER_SECONDS = 1.7  # for all bends of the one layer, before the other folds
FIRST_FOLD, OTHER_FOLDS = 4.8, 5.0  # seconds: the first is looked at, all others together go a little faster
COUNTED = 0.1  # of a fold's way: it is seen, and counted
GLOWING = 1.7  # how much larger the two ReLUs of a layer are while they fold
BEND_RADIUS = 0.085
GOAL, OVER_PLOT = 0.42, 0.08  # share of its colour that red has while blue is made; from a plot to words over it
Y_RANGE = (-0.12, 1.12)  # of curves between 0 and 1


class WhyDeep(FatAndDeep):
    """One bend a ReLU against folds of folds, exactly built; then a fat and a deep network learn from several seeds."""

    def construct(self) -> None:
        self.read_the_runs()
        self._enough_beat()
        self._name_beat()
        self._fold_beat()
        self.match_beats()
        self.hand_on()

    # -- one layer -----------------------------------------------------------------------------------------------

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
            self.one = thin_diagram((relus,), (ALONE[0] + 0.3, ALONE[1] - 0.3, *DIAGRAM))
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
                bend = bending(self.one, self.alone, whole, (k - 1, k))
                counted = counting(self.alone_counts, k, count_bends(whole, k))
                self.play(*bend, FadeIn(dot, scale=2.0), counted, run_time=seconds)
                self.bend_dots.add(dot)

    def _name_beat(self) -> None:
        fat, deep = self._built()
        with self.beat("name"):
            # It steps aside for a deep one. Then it swells to as many ReLUs, each with its lines. Each network gets the
            # name its learning would have
            self.small = [side.by_hand(b.network.hidden, TALL) for side, b in zip(self.sides, (fat, deep), strict=True)]
            self.names = [side.name(self.screen(key)) for side, key in zip(self.sides, NAMES, strict=True)]
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

    def _counts(self, center: float, relus: int, most_bends: int) -> Counts:
        """How many ReLUs are lit, and how many bends they make: none yet."""
        counts = Counts([self.screen("relus"), self.screen("bends")], [relus, most_bends], center)
        return counts.show(0, 0)

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
            # Red, the goal, is faint while blue is made. Left first, ReLU after ReLU adds a bend, until none is left.
            # Then right a straight line comes in: one ReLU bends it, a second folds down what is above the dashed line,
            # and it is stretched; the next layer folds that: the bends double. In the end as many ReLUs are lit on both
            # sides, and right blue lies on red
            target = target_of(zigzag(depth))
            self.hand = [Curves(side.plot_box, target, Y_RANGE) for side in self.sides]
            self.folds_counts = [self._counts(side.center, 2 * depth, n_bends) for side in self.sides]
            counts = number_text(deep.network.n_parameters)
            self.count_words = [side.count(self.screen("count", count=counts)) for side in self.sides]
            curve = target[0] / target[0][-1]  # straight: what comes in, before any ReLU
            self.hand[0].draw(drawn_by(fat, target[0], 0))
            self.hand[1].draw(curve)
            low = [side.by_hand(b.network.hidden, BY_HAND) for side, b in zip(self.sides, (fat, deep), strict=True)]
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
            bend = bending(self.small[0], self.hand[0], fat, (k - 1, k))
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
