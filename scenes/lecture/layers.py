"""The same thing again: what a layer hands on goes through another W, another b, another ReLU."""

from __future__ import annotations

import math

import numpy as np
from gradreel.core.daily_views import DailyViews
from gradreel.core.experiment import Experiment
from gradreel.core.results import DEPTHS, WIDTH
from gradreel.core.theta import parameter_shapes
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.counts import Count
from gradreel.scenes.mobjects.formula_growth import grow
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.network_diagram import LayerDiagram
from gradreel.scenes.mobjects.text import formula, words
from gradreel.scenes.mobjects.ticks import number_text
from gradreel.scenes.style import FAINT, FULL, emphasis, palette
from manim import (
    UP,
    Animation,
    AnimationGroup,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    Succession,
    UpdateFromAlphaFunc,
    VGroup,
    smooth,
)
from pydantic import Field

BOX = (-5.3, 5.3, -1.35, 2.35)  # middles of the first and the last column, bottom, top
FORMULA_BASELINE, COUNT_BASELINE = -2.42, -3.14
FORMULA_SIZE, FORMULA_SHARE = 46, 0.88  # the largest size; how much of a column's room it takes
SMALLEST_FORMULA, LOWER = 25, 0.46  # what can still be read; how much lower every other one stands otherwise
COUNT_SIZE, TOTAL_SIZE = 28, 34
NARROW, WIDER = 2.3, 1.4  # the first column is so far from the middle, and more with each layer, until it has its place
BETWEEN = 0.4  # from a formula at the right edge to the one before it, at least
EDGES = 0.45  # share of their colour in which lines are drawn that are not spoken of


class StackLayers(LectureScene):
    """From x to a, from a to a', and so on: layer by layer the network grows, and the parameters are counted."""

    class Parameters(LectureScene.Parameters):
        dataset: DailyViews = Field(DailyViews(), description="The daily views whose days are the network's features")
        width: int = Field(WIDTH, ge=1, le=1000, description="ReLUs in each hidden layer")
        depth: int = Field(3, ge=2, le=max(DEPTHS), description="Hidden layers at the end")

    def construct(self) -> None:
        self._build()
        self._once_beat()
        self._again_beat()
        self._new_beat()
        self._more_beat()
        self.hand_on()

    # -- what is on the screen -----------------------------------------------------------------------------------

    def _build(self) -> None:
        p = self.parameters
        self.depth = p.depth
        self.network = Experiment(dataset=p.dataset, hidden=(p.width,) * p.depth, activation="relu")
        self.diagram = LayerDiagram(widths(self.network), BOX, pictures="relu")
        for edges in self.diagram.edges:
            style.emphasize(edges, EDGES)
        sources = [*(layer_source(k) for k in range(self.depth)), output_source(self.depth)]
        self.formulas = [formula(source, FORMULA_SIZE) for source in sources]
        lengths = [text.width for text in self.formulas]
        self.wide = max(lengths)  # of the widest one, at the largest size
        self.at_the_edge = [b + a / 2 for a, b in zip([0.0, *lengths], lengths, strict=False)]
        self.sizes = [FORMULA_SIZE] * len(self.formulas)
        self.counts = [words(number_text(count), COUNT_SIZE) for count in layer_sizes(self.network)]
        self.days = words(self.screen("days"), style.TICK, palette.dim)
        self.row_name = words(self.screen("parameters"), style.TICK, palette.dim)
        self.row_name.place(COUNT_BASELINE, left=style.LEFT_EDGE)
        self.stage = 1.0
        self.stand()

    def stand(self) -> None:
        """Columns evenly over the picture: the features and ``stage`` more; what stands below goes with them."""
        last = self.stage
        half = min(BOX[1], NARROW + WIDER * last)
        pitch = 2 * half / last
        self.diagram.spread([-half + pitch * k for k in range(self.depth + 2)])
        room = FORMULA_SHARE * pitch
        free = style.RIGHT_EDGE - half + pitch - BETWEEN  # for the last formula and half of the one before it
        at_the_edge = free / np.interp(last, np.arange(1, len(self.at_the_edge) + 1), self.at_the_edge)
        size, lower = FORMULA_SIZE * min(1.0, room / self.wide, at_the_edge), 0.0
        if size < SMALLEST_FORMULA:
            wider = max(SMALLEST_FORMULA, FORMULA_SIZE * min(1.0, 1.25 * room / self.wide))
            apart = min(1.0, SMALLEST_FORMULA - size)
            size, lower = SMALLEST_FORMULA + apart * (wider - SMALLEST_FORMULA), apart * LOWER
        for k, (text, count) in enumerate(zip(self.formulas, self.counts, strict=True), 1):
            x = self.diagram.columns[k].x
            text.scale(size / self.sizes[k - 1])
            self.sizes[k - 1] = size
            text.place(FORMULA_BASELINE + lower * (k % 2 - 0.5), center=x)
            count.place(COUNT_BASELINE, center=x)
            if text.get_right()[0] > style.RIGHT_EDGE:
                text.place(text.baseline, right=style.RIGHT_EDGE)
        self.days.place(FORMULA_BASELINE, center=self.diagram.columns[0].x)

    def _make_room(self, k: int) -> Animation:
        """All columns move until there is room for the features and ``k`` more."""
        start = self.stage
        there = VGroup(*self.diagram.columns[:k], *self.diagram.edges[: k - 1], *self.formulas[: k - 1], self.days)
        there.add(*(count for count in self.counts if count in self.mobjects))

        def update(_: VGroup, share: float) -> None:
            self.stage = start + (k - start) * share
            self.stand()

        return UpdateFromAlphaFunc(there, update, run_time=1.5, rate_func=smooth)

    def _title(self, key: str) -> list[Animation]:
        self.title, animations = next_heading(self.screen(key), getattr(self, "title", None))
        return animations

    def _layer(self, k: int) -> Animation:
        """The lines into column k, drawn from the left, and its nodes."""
        edges = self.diagram.edges[k - 1]
        lines = LaggedStart(*(Create(line) for line in edges), lag_ratio=0.02, run_time=1.8)
        return LaggedStart(lines, FadeIn(self.diagram.columns[k], run_time=0.6), lag_ratio=0.6)

    def _add(self, k: int, *meanwhile: Animation) -> None:
        """The number of layer k's parameters (from 0) comes below it, and that of all so far at the top right."""
        so_far = sum(layer_sizes(self.network)[: k + 1])
        text = words(self.screen("total", count=number_text(so_far)), TOTAL_SIZE, palette.orange)
        text.place(style.HEADING_BASELINE, right=style.RIGHT_EDGE)
        leaving = [FadeOut(self.total, shift=0.1 * UP)] if k else []
        below = AnimationGroup(FadeIn(self.counts[k], shift=0.15 * UP), *leaving, run_time=0.4)
        self.play(Succession(below, FadeIn(text, shift=0.1 * UP, run_time=0.4)), *meanwhile)
        self.total = text

    # -- beats ---------------------------------------------------------------------------------------------------

    def _once_beat(self) -> None:
        with self.beat("once", width=Count(self.parameters.width)):
            # The network as it was: the days, one layer of ReLUs, and the formula from x to a
            self.play(*self._title("heading"), FadeIn(self.diagram.columns[0]), FadeIn(self.days))
            self.play(self._layer(1))
            self.play(FadeIn(self.formulas[0], shift=0.15 * UP), run_time=0.6)

    def _again_beat(self) -> None:
        with self.beat("again"):
            # Room is made. What came out goes in: a second layer, and the formula again with primes
            self.play(self._make_room(2))
            self.play(emphasis(self.diagram.edges[0], FAINT / 2), self._layer(2))
            self.play(*grow(self.formulas[0], self.formulas[1], {"x": "a"}, copied=True), run_time=1.6)

    def _new_beat(self) -> None:
        first, second, *_ = layer_sizes(self.network)
        with self.beat("new", first=number_text(first), second=number_text(second)):
            # W and W' light up, each with as many numbers as it has: they are not the same
            formulas = self.formulas[:2]
            rest = [glyph for f in formulas for glyph in f if glyph not in (*f.part("w"), *f.part("bias"))]
            self.play(*(emphasis(glyph, FAINT) for glyph in rest), run_time=0.5)
            self.play(FadeIn(self.row_name), run_time=0.5)
            for k in (0, 1):
                self._add(k)
                self.wait(0.8)
            self.play(*(emphasis(glyph, FULL) for glyph in rest), run_time=0.5)

    def _more_beat(self) -> None:
        with self.beat("more", total=number_text(self.network.n_parameters)):
            # And again, up to the last layer; then y. At the top right, all parameters in one number
            for k in range(3, self.depth + 1):
                self.play(self._make_room(k))
                self.play(emphasis(self.diagram.edges[k - 2], FAINT / 2), self._layer(k))
                # There is no room to copy the one before, glyph by glyph: it would run through its own copy
                self.play(FadeIn(self.formulas[k - 1], shift=0.15 * UP), run_time=0.6)
                self._add(k - 1)
            self.play(self._make_room(self.depth + 1))
            written = FadeIn(self.formulas[-1], shift=0.15 * UP, run_time=0.6)
            self._add(self.depth, self._layer(self.depth + 1), written)  # while it is said, so that it can be read


def widths(network: Experiment) -> tuple[int, ...]:
    """Features, hidden layers, and the one output."""
    return (network.dataset.n_features, *network.hidden, 1)


def layer_sizes(network: Experiment) -> list[int]:
    """How many parameters belong to each layer, the output's last: entries of W and b; they sum to P."""
    sizes = [math.prod(shape) for _, shape in parameter_shapes(network)]
    return [weights + biases for weights, biases in zip(sizes[::2], sizes[1::2], strict=True)]


def primed(letter: str, primes: int) -> str:
    """``letter`` with primes, as Typst has it."""
    return letter + "'" * primes


def layer_source(k: int) -> str:
    """What layer k (from 0) computes: a = sigma(b + W x), a' = sigma(b' + W' a), ..."""
    given = "bold(x)" if k == 0 else f"blue({primed('bold(a)', k - 1)})"
    inner = (
        f'part("bias", green({primed("bold(b)", k)})) part("plus-in", +) '
        f'part("w", yellow({primed("W", k)})) thin part("x", {given})'
    )
    result = f'part("a", blue({primed("bold(a)", k)}))'
    return f'{result} part("equals", =) part("sigmoid", sigma)part("brackets", ({inner}))'


def output_source(depth: int) -> str:
    """y = b + c^T a'..., of what the last of ``depth`` layers hands on."""
    return f"blue(y) = grey(b) + magenta(bold(c)^upright(T)) thin blue({primed('bold(a)', depth - 1)})"
