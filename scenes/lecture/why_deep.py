"""Why deep? One fat layer would do, a bend a ReLU; but layers fold what was folded. Then both must learn it."""

from __future__ import annotations

import numpy as np
from gradreel.core.equal_budget import Built, folded, folding, one_bend_each, zigzag
from gradreel.scenes import style
from gradreel.scenes.counts import Count
from gradreel.scenes.lecture.deeper import NETWORKS
from gradreel.scenes.lecture.fat_and_deep import NAMES, FatAndDeep
from gradreel.scenes.mobjects.bend_by_bend import bending, corner, count_bends, drawn_by
from gradreel.scenes.mobjects.match_board import DIAGRAM, PLOT, Counts, Curves, target_of, thin_diagram
from gradreel.scenes.mobjects.skyline import far_towers, ground_line
from gradreel.scenes.mobjects.ticks import nice_range, number_text
from gradreel.scenes.style import FAINT, FULL, emphasis, palette
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
    linear,
    smooth,
    squish_rate_func,
)
from manim.utils.rate_functions import ease_in_out_sine
from numpy.typing import NDArray

ALONE = (-3.6, 3.6)  # left and right of the one layer and its curve, while they are alone
SINK_SECONDS = 1.6  # of the towers, the highest of which is as high as the picture's half
ONE_LAYER_SECONDS = 2.4  # for all bends of the one layer, before the other folds
FOLD_SECONDS = 4.4  # for all folds together
CREASE_SECONDS = 0.4  # that each crease is seen before the curve is folded at it
BEND_RADIUS = 0.085
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
            # Left first, ReLU after ReLU adds a bend. Then right, two ReLUs fold the whole curve at the dashed
            # line, and the next layer folds that: the bends double. In the end as many ReLUs are lit on both sides
            target = target_of(zigzag(depth))
            self.hand = [Curves(side.plot_box, target, Y_RANGE) for side in self.sides]
            self.folds_counts = [self._counts(side.center, 2 * depth, n_bends) for side in self.sides]
            counts = number_text(deep.network.n_parameters)
            self.count_words = [side.count(self.screen("count", count=counts)) for side in self.sides]
            curve = target[0] / target[0][-1]  # straight: what comes in, before any ReLU
            self.hand[0].draw(drawn_by(fat, target[0], 0))
            self.hand[1].draw(curve)
            dimmed = [emphasis(part, FAINT) for d in self.small for part in (*d.columns[1:-1], *d.edges)]
            self.play(*self._title("heading-fold"), *dimmed, *(FadeIn(text) for text in self.count_words))
            self.play(*(FadeIn(c.plot, c.red, c.blue) for c in self.hand), *(FadeIn(c) for c in self.folds_counts))
            self._bend_by_bend(fat)
            for k in range(depth):
                self._fold(curve, k, FOLD_SECONDS / depth)
                curve = folded(np.clip(curve, 0.0, None))

    def _bend_by_bend(self, fat: Built) -> None:
        """The one layer at the left: its ReLUs come in one after the other, a bend each."""
        relus = fat.network.hidden[0]
        for k in range(1, relus + 1):
            self.folds_counts[0].show(k, count_bends(fat, k))
            self.play(*bending(self.small[0], self.hand[0], fat, (k - 1, k)), run_time=ONE_LAYER_SECONDS / relus)

    def _fold(self, curve: NDArray, k: int, seconds: float) -> None:
        """Layer k (from 0) of the deep one folds ``curve`` (n,), seen over the zigzag's x."""
        right, counts = self.hand[1], self.folds_counts[1]
        lights = [emphasis(part, FULL) for part in (self.small[1].edges[k], self.small[1].columns[k + 1])]
        crease = right.crease(0.5, self.screen("crease"))
        relus, bends = 2 * (k + 1), (count_bends(folding(k)) if k else 0, count_bends(folding(k + 1)))

        def update(_: VMobject, share: float) -> None:
            fold, stretch = (smooth(min(1.0, max(0.0, s))) for s in (1.7 * share, 1.7 * share - 0.7))
            right.draw(folded(np.maximum(curve, (1 - fold) * curve), fold, stretch))  # nothing stays below 0
            counts.show(relus, bends[int(share > 0)])

        counts.show(relus, bends[0])
        self.play(FadeIn(crease), *lights, run_time=0.25 * seconds)
        self.wait(CREASE_SECONDS)
        folding_up = UpdateFromAlphaFunc(VGroup(right.blue, counts), update, rate_func=linear)
        self.play(folding_up, FadeOut(crease, rate_func=_late), run_time=0.6 * seconds)
        self.wait(0.15 * seconds)


def _late(share: float) -> float:
    return float(smooth(max(0.0, 4 * share - 3)))
