"""The same thing again: what a layer hands on goes through another W, another b, another ReLU."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from gradreel.core.analysis.results import DEPTHS, WIDTH
from gradreel.core.daily.views import DailyViews
from gradreel.core.experiment import Experiment
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.deep.hundred_layers import BOX, FORMULA_BASELINE, HundredLayers
from gradreel.scenes.lecture.deep.layer_counts import COUNT_BASELINE, layer_sizes, widths
from gradreel.scenes.lecture.deep.pictures.layer_formulas import (
    FORMULA_SIZE,
    layer_source,
    output_source,
    short_formula,
)
from gradreel.scenes.lecture.deep.pictures.many_layers import LayersBracket
from gradreel.scenes.mobjects.formula_growth import grow
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.network_diagram import LayerDiagram
from gradreel.scenes.mobjects.network_parts import Node, Pulse, activation_picture
from gradreel.scenes.mobjects.plot import ring
from gradreel.scenes.mobjects.text import TextMobject, formula, words
from gradreel.scenes.style import FAINT, FULL, emphasis, palette
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.numbers import number_text
from manim import (
    UP,
    Animation,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    ReplacementTransform,
    TransformFromCopy,
    UpdateFromAlphaFunc,
    VGroup,
    smooth,
    squish_rate_func,
    there_and_back,
)
from pydantic import Field

NARROW, WIDER = 2.3, 1.4  # the first column is so far from the middle, and more with each layer, until it has its place
BETWEEN = 0.7  # from a formula to the one before it, at least
DIP = 0.95  # a copied formula goes so far below the one it comes from
BOTH = 2  # so many layers have their formulas side by side; of more, the newest alone is spelled out
ENLARGED, LARGE_CENTER = 0.78, (5.35, 1.15)  # radius and middle of the one node that is looked at from near
UNDER_X = 0.4  # from the baseline of x down to that of what it is
EDGES = 0.45  # share of their colour in which lines are drawn that are not spoken of


class StackLayers(HundredLayers):
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
        self.sizes = [FORMULA_SIZE] * len(self.formulas)
        self.prepare_counts()
        self.x = formula("bold(x)", FORMULA_SIZE)
        self.days = words(self.screen("days"), style.TICK, palette.dim)
        self.sizes_at = [self._formula_size(n) for n in range(1, self.depth + 2)]
        self.stage, self.x_size = 1.0, float(FORMULA_SIZE)
        self.bracket: LayersBracket | None = None
        self.stand()

    def _formula_size(self, n: int) -> float:
        """The size at which the formulas of ``n`` layers have room beside each other and right of the days."""
        half = _half(n)
        pitch = 2 * half / n
        texts = self.formulas[:n] if n <= BOTH else [*map(short_formula, range(n - 1)), self.formulas[n - 1]]
        lengths = [text.width for text in texts]
        shares = [(pitch - BETWEEN - self.days.width / 2) / (lengths[0] / 2)]
        shares += [(pitch - BETWEEN) / ((a + b) / 2) for a, b in pairwise(lengths)]
        if n > 1:  # the last one does not go beyond the right edge
            shares.append((style.RIGHT_EDGE - half + pitch - BETWEEN) / (lengths[-1] + lengths[-2] / 2))
        return FORMULA_SIZE * min(1.0, *shares)

    def stand(self) -> None:
        """Columns evenly over the picture: the features and ``stage`` more; what stands below goes with them."""
        half = _half(self.stage)
        pitch = 2 * half / self.stage
        self.diagram.spread([-half + pitch * k for k in range(self.depth + 2)])
        size = float(np.interp(self.stage, np.arange(1, len(self.sizes_at) + 1), self.sizes_at))
        for k, (text, count) in enumerate(zip(self.formulas, self.counts, strict=True), 1):
            x = self.diagram.columns[k].x
            text.scale(size / self.sizes[k - 1])
            self.sizes[k - 1] = size
            text.place(FORMULA_BASELINE, center=x)
            count.place(COUNT_BASELINE, center=x)
            if text.get_right()[0] > style.RIGHT_EDGE:
                text.place(text.baseline, right=style.RIGHT_EDGE)
        self.x.scale(size / self.x_size)
        self.x_size = size
        self.x.place(FORMULA_BASELINE, center=self.diagram.columns[0].x)
        self.days.place(FORMULA_BASELINE - UNDER_X, center=self.diagram.columns[0].x)
        if self.bracket is not None:
            self.bracket.put(self.diagram.columns[1 : self.depth + 1])

    def _make_room(self, k: int, seconds: float = 1.0) -> Animation:
        """All columns move until there is room for the features and ``k`` more."""
        start = self.stage
        there = VGroup(*self.diagram.columns[:k], *self.diagram.edges[: k - 1], *self.formulas[: k - 1], self.x)
        there.add(*(part for part in (*self.counts, self.days, self.bracket) if part in self.mobjects))

        def update(_: VGroup, share: float) -> None:
            self.stage = start + (k - start) * share
            self.stand()

        return UpdateFromAlphaFunc(there, update, run_time=seconds, rate_func=smooth)

    def _title(self, key: str) -> list[Animation]:
        self.title, animations = next_heading(self.screen(key), getattr(self, "title", None))
        return animations

    def _layer(self, k: int, seconds: float = 1.2) -> Animation:
        """The lines into column k, drawn from the left, and its nodes."""
        edges = self.diagram.edges[k - 1]
        lines = LaggedStart(*(Create(line) for line in edges), lag_ratio=0.02, run_time=seconds)
        return LaggedStart(lines, FadeIn(self.diagram.columns[k], run_time=0.5), lag_ratio=0.6)

    def _compute(self, k: int) -> None:
        """Layer k (from 1) at work: what comes in runs along the lines of W, b joins at the nodes, then the ReLUs."""
        edges, column = self.diagram.edges[k - 1], self.diagram.columns[k]
        written = self.formulas[k - 1] if self.formulas[k - 1] in self.mobjects else None
        biases = VGroup(
            *(ring(node.get_center(), self.diagram.radius, palette.green) for node in column.nodes.values())
        )
        biases.set_fill(opacity=0).set_stroke(width=1.6 * style.RING)
        light = [emphasis(edges, FULL), Pulse(edges, palette.text).run()]
        self.play(*light, *_lit(written, "w", "x"), run_time=0.8)
        self.play(emphasis(edges, EDGES), FadeIn(biases), *_lit(written, "bias", "plus-in"), run_time=0.5)
        bends = [picture.animate(rate_func=there_and_back).scale(1.5) for picture in column.pictures]
        self.play(FadeOut(biases, run_time=0.3), *bends, *_lit(written, "sigmoid", "brackets"), run_time=0.7)

    def _shorten(self, layers: Sequence[int]) -> list[Animation]:
        """Of the formulas of these layers (from 0) there remains what they give; it moves when the rest has gone."""
        moves: list[Animation] = []
        for k in layers:
            long, short = self.formulas[k], short_formula(k)
            short.scale(self.sizes[k] / FORMULA_SIZE).place(FORMULA_BASELINE, center=self.diagram.columns[k + 1].x)
            made = long.part("a")
            self.remove(long)
            self.add(*long)
            moves += [FadeOut(g, rate_func=squish_rate_func(smooth, 0, 0.45)) for g in long if g not in [*made]]
            moves.append(ReplacementTransform(made, short, rate_func=squish_rate_func(smooth, 0.45, 1)))
            self.formulas[k] = short
        return moves

    def _step_back(self, count: int) -> list[Animation]:
        """What the first ``count`` layers give is dimmed: it is no factor of the formula that comes beside it."""
        return [emphasis(text, FAINT).set_run_time(0.3) for text in self.formulas[:count]]

    # -- beats ---------------------------------------------------------------------------------------------------

    def _once_beat(self) -> None:
        with self.beat("once", width=Count(self.parameters.width)):
            # The network as it was: the days, one layer of ReLUs, and the formula from x to a, step by step as it is
            # said; at last one node from near, where the bent line is seen
            self.play(*self._title("heading"), FadeIn(self.diagram.columns[0]), FadeIn(self.days))
            self.play(self._layer(1, 1.8))
            self.play(*(FadeIn(text, shift=0.15 * UP) for text in (self.x, self.formulas[0])), run_time=0.6)
            self.wait(0.8)
            self._compute(1)
            self.play(*_lit(self.formulas[0], "sigmoid"), *self._enlarge(), run_time=0.9)
            self.play(FadeIn(self.enlarged[-1], shift=0.1 * UP), run_time=0.4)

    def _enlarge(self) -> list[Animation]:
        """The first node of the first layer comes nearer; ``enlarged``: it, its bent line, and what sigma is."""
        column = self.diagram.columns[1]
        x, y = LARGE_CENTER
        node = Node(np.array([x, y, 0.0]), ENLARGED, palette.blue)
        line = activation_picture("relu", 1.3 * ENLARGED, palette.blue, style.SMALL_CURVE).move_to(node)
        name = formula('sigma = upright("ReLU")', FORMULA_SIZE).place(y - ENLARGED - 0.5, center=x)
        self.enlarged = VGroup(node, line, name)
        small = next(iter(column.nodes.values())), column.pictures[0]
        return [TransformFromCopy(*pair) for pair in zip(small, (node, line), strict=True)]

    def _again_beat(self) -> None:
        with self.beat("again"):
            # Room is made. What came out goes in: a second layer, the same steps, and the formula again with primes: a
            # copy of it first, in which letters change then
            formulas = self.formulas
            self.play(*_lit(formulas[0], *formulas[0].parts), FadeOut(self.enlarged), run_time=0.3)
            self.play(self._make_room(2, 0.9))
            self.play(emphasis(self.diagram.edges[0], FAINT / 2), self._layer(2))
            self._compute(2)
            copy = formulas[0].copy()
            self.play(self._carry(copy, float(formulas[1].get_left()[0])), run_time=0.8)
            self.play(*grow(copy, formulas[1], morph=False), run_time=0.7)

    def _carry(self, text: TextMobject, left: float) -> Animation:
        """``text`` as a whole to where it begins at ``left``, by a way below what stands between."""
        way, there = left - float(text.get_left()[0]), text.get_center()

        def move(moving: TextMobject, share: float) -> None:
            moving.move_to(there + np.array([share * way, -DIP * np.sin(np.pi * share), 0.0]))

        return UpdateFromAlphaFunc(text, move, rate_func=smooth)

    def _new_beat(self) -> None:
        first, second, *_ = layer_sizes(self.network)
        with self.beat("new", first=number_text(first), second=number_text(second)):
            # W and W' light up: they are not the same. Each has as many numbers as are counted below it; what they are
            # counted from stays with the number
            formulas = self.formulas[:2]
            rest = [glyph for f in formulas for glyph in f if glyph not in (*f.part("w"), *f.part("bias"))]
            self.play(*(emphasis(glyph, FAINT) for glyph in rest), run_time=0.5)
            self.wait(0.5)
            self.products = self._products()
            for k, product in enumerate(self.products):
                changing = [] if k else [FadeIn(self.row_name), FadeOut(self.days)]
                self.play(FadeIn(product.part("product"), shift=0.15 * UP), *changing, run_time=0.4)
                self.wait(0.7 if k else 1.6)  # until its number is said
                self._add(k, below=FadeIn(product.part("count"), run_time=0.4))
                self.add(product)
            self.play(*(emphasis(glyph, FULL) for glyph in rest), run_time=0.3)

    def _more_beat(self) -> None:
        total, last = (number_text(count) for count in (self.network.n_parameters, layer_sizes(self.network)[-1]))
        with self.beat("more", total=total, last=last):
            # And again: as many layers as we take, the newest with its formula. A hundred, from far away; then ours,
            # and over them, what their number is called. Then y. At the top right, all parameters in one number
            there = range(BOTH)
            self.play(*map(FadeOut, self.products), *map(FadeIn, self.counts[:BOTH]), run_time=0.3)
            for k in range(BOTH + 1, self.depth + 1):
                self.play(*self._shorten(there), run_time=0.3)
                self.play(self._make_room(k, 0.4))
                back = [emphasis(self.diagram.edges[k - 2], FAINT / 2), *self._step_back(k - 1)]
                self._add(k - 1, self._layer(k, 0.5), self._written(k), *back, seconds=0.7)
                there = range(k - 1, k)
            self.show_a_hundred()
            self._name_depth()
            self.play(*self._shorten(there), run_time=0.6)
            self.play(self._make_room(self.depth + 1, 0.7))
            y = self.depth + 1  # it comes while it is said, so that it can be read
            self._add(self.depth, self._layer(y), self._written(y), *self._step_back(self.depth), seconds=0.8)

    def _name_depth(self) -> None:
        """A bracket over the hidden layers: their number is a hyperparameter."""
        bracket = LayersBracket(self.screen("depth")).put(self.diagram.columns[1 : self.depth + 1])
        self.play(Create(bracket.line), FadeIn(bracket.name, shift=0.1 * UP), run_time=0.7)
        self.bracket = bracket
        self.wait(0.3)

    def _written(self, k: int) -> Animation:
        """The formula of column k."""
        return FadeIn(self.formulas[k - 1], shift=0.15 * UP, run_time=0.6)


def _half(layers: float) -> float:
    """From the middle to the first and the last column, with so many layers."""
    return min(BOX[1], NARROW + WIDER * layers)


def _lit(text: TextMobject | None, *names: str) -> list[Animation]:
    """The parts of these names in full, the others step back."""
    if text is None:
        return []
    full = [glyph for name in names for glyph in text.part(name)]
    return [emphasis(glyph, FULL if glyph in full else FAINT) for glyph in text]
