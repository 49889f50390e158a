"""A hundred layers like ours, seen from far away, and all their parameters."""

from __future__ import annotations

import numpy as np
from gradreel.scenes.lecture.deep.layer_counts import TOTAL_SIZE, CountedLayers, layer_sizes
from gradreel.scenes.lecture.deep.pictures.many_layers import ManyLayers
from gradreel.scenes.mobjects.text import TextMobject, words
from manim import Animation, FadeIn, FadeOut, UpdateFromAlphaFunc, VGroup, smooth

BOX = (-5.3, 5.3, -1.35, 2.35)  # middles of the first and the last column, bottom, top
FORMULA_BASELINE = -2.42
HUNDRED = 100  # layers that are thought of
NUMBERS = 24  # that the counter shows on its way to theirs


class HundredLayers(CountedLayers):
    """A part of a beat: the hidden layers that are there become the first of a hundred; then they are there again."""

    depth: int
    formulas: list[TextMobject]
    x: TextMobject

    def show_a_hundred(self) -> None:
        """From farther and farther away, a hundred such layers, all parameters counted, to be read; then ours again."""
        hidden, radius = self.diagram.columns[1 : self.depth + 1], self.diagram.radius
        nodes = VGroup(*hidden[0].nodes.values())
        ends = (BOX[0], BOX[1], float(nodes.get_bottom()[1]), float(nodes.get_top()[1]))
        many = ManyLayers(HUNDRED, ends, hidden[0].x, hidden[1].x - hidden[0].x, 2 * radius)
        name = words(self.screen("layers", count=HUNDRED), TOTAL_SIZE).place(FORMULA_BASELINE, center=0.0)
        sizes = layer_sizes(self.network)
        ours = sum(sizes[: self.depth])
        inside = [many.inside(smooth(share)) for share in (np.arange(NUMBERS) + 0.5) / NUMBERS]
        counts = [ours + max(0, layers - self.depth) * sizes[1] for layers in (*inside, HUNDRED)]
        parts = [
            *self.diagram.columns[: self.depth + 1],
            *self.diagram.edges[: self.depth],
            *self.formulas[: self.depth],
        ]
        near = VGroup(*parts, *self.counts[: self.depth], self.x, self.row_name)
        self.play(FadeOut(near), FadeIn(many), run_time=0.3)
        self._count(counts, _moving_away(many, 1.0), FadeIn(name, run_time=0.3), seconds=1.0)
        self.wait(1.8)
        self.play(*(FadeOut(part, run_time=0.3) for part in (many, name, self.total)))
        self.total = self._total(ours)
        self.play(FadeIn(near), FadeIn(self.total), run_time=0.4)
        self.remove(near)
        self.add(*near)


def _moving_away(many: ManyLayers, seconds: float) -> Animation:
    """From near to so far away that all are seen."""

    def show(_: ManyLayers, share: float) -> None:
        many.show(share)

    return UpdateFromAlphaFunc(many, show, run_time=seconds, rate_func=smooth)
