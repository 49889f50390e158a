"""The same thing again: what a layer hands on goes through another W, another b, another ReLU."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.core.analysis.compared_networks import DEPTHS, WIDTH
from gradreel.core.daily.views import DailyViews
from gradreel.core.experiment import Experiment
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.deep.pictures.layer_stack import (
    BOTH,
    BOX,
    COUNT_BASELINE,
    EDGES,
    FORMULA_BASELINE,
    FORMULA_SIZE,
    LayersBracket,
    LayerStack,
    ManyLayers,
)
from gradreel.scenes.mobjects.formula_growth import grow
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
    Succession,
    TransformFromCopy,
    UpdateFromAlphaFunc,
    VGroup,
    linear,
    smooth,
    squish_rate_func,
    there_and_back,
)
from pydantic import Field

DIP = 0.95  # a copied formula goes so far below the one it comes from
ENLARGED, LARGE_CENTER = 0.78, (5.35, 1.15)  # radius and middle of the one node that is looked at from near
TOTAL_SIZE = 34
COUNTING = 8  # numbers that the counter shows on its way
HUNDRED, NUMBERS = 100, 24  # layers that are thought of; numbers that the counter shows on its way to theirs


class StackLayers(LectureScene):
    """From x to a, from a to a', and so on: layer by layer the network grows, and the parameters are counted."""

    class Parameters(LectureScene.Parameters):
        dataset: DailyViews = Field(DailyViews(), description="The daily views whose days are the network's features")
        width: int = Field(WIDTH, ge=1, le=1000, description="ReLUs in each hidden layer")
        depth: int = Field(3, ge=2, le=max(DEPTHS), description="Hidden layers at the end")

    def construct(self) -> None:
        p = self.parameters
        self.depth = p.depth
        self.network = Experiment(dataset=p.dataset, hidden=(p.width,) * p.depth, activation="relu")
        self.stack = LayerStack(self.network, self.screen("days"))
        self.diagram = self.stack.diagram
        self._once_beat()
        self._again_beat()
        self._new_beat()
        self._more_beat()
        self.hand_on()

    def _once_beat(self) -> None:
        stack = self.stack
        with self.beat("once", width=Count(self.parameters.width)):
            # The network as it was: the days, one layer of ReLUs, and the formula from x to a, step by step as it is
            # said; at last one node from near, where the bent line is seen
            heading = self.next_heading(self.screen("heading"))
            self.play(*heading, FadeIn(self.diagram.columns[0]), FadeIn(stack.days))
            self.play(self._layer(1, 1.8))
            self.play(*(FadeIn(text, shift=0.15 * UP) for text in (stack.x, stack.formulas[0])), run_time=0.6)
            self.wait(0.8)
            self._compute(1)
            self.play(*_lit_alone(stack.formulas[0], "sigmoid"), *self._enlarge(), run_time=0.9)
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
            first, second = self.stack.formulas[:2]
            self.play(*_lit_alone(first, *first.parts), FadeOut(self.enlarged), run_time=0.3)
            self.play(self.stack.make_room(2, self.mobjects, 0.9))
            self.play(emphasis(self.diagram.edges[0], FAINT / 2), self._layer(2))
            self._compute(2)
            copy = first.copy()
            self.play(_carry(copy, float(second.get_left()[0])), run_time=0.8)
            self.play(*grow(copy, second, morph=False), run_time=0.7)

    def _new_beat(self) -> None:
        first, second, *_ = self.stack.layer_sizes
        with self.beat("new", first=number_text(first), second=number_text(second)):
            # W and W' light up: they are not the same. Each has as many numbers as are counted below it; what they are
            # counted from stays with the number
            formulas = self.stack.formulas[:2]
            rest = [glyph for f in formulas for glyph in f if glyph not in (*f.part("w"), *f.part("bias"))]
            self.play(*(emphasis(glyph, FAINT) for glyph in rest), run_time=0.5)
            self.wait(0.5)
            self.products = self.stack.products()
            self.row_name = words(self.screen("parameters"), style.TICK, palette.dim)
            self.row_name.place(COUNT_BASELINE, left=style.LEFT_EDGE)
            for k, product in enumerate(self.products):
                changing = [] if k else [FadeIn(self.row_name), FadeOut(self.stack.days)]
                self.play(FadeIn(product.part("product"), shift=0.15 * UP), *changing, run_time=0.4)
                self.wait(0.7 if k else 1.6)  # until its number is said
                self._add(k, below=FadeIn(product.part("count"), run_time=0.4))
                self.add(product)
            self.play(*(emphasis(glyph, FULL) for glyph in rest), run_time=0.3)

    def _more_beat(self) -> None:
        stack, y = self.stack, self.depth + 1
        total, last = (number_text(count) for count in (self.network.n_parameters, stack.layer_sizes[-1]))
        with self.beat("more", total=total, last=last):
            # And again: as many layers as we take, the newest with its formula. A hundred, from far away; then ours,
            # and over them, what their number is called. Then y. At the top right, all parameters in one number
            there = range(BOTH)
            self.play(*map(FadeOut, self.products), *map(FadeIn, stack.counts[:BOTH]), run_time=0.3)
            for k in range(BOTH + 1, y):
                self.play(*self._shorten(there), run_time=0.3)
                self.play(stack.make_room(k, self.mobjects, 0.4))
                back = [emphasis(self.diagram.edges[k - 2], FAINT / 2), *self._dimmed(k - 1)]
                self._add(k - 1, self._layer(k, 0.5), self._written(k), *back, seconds=0.7)
                there = range(k - 1, k)
            self._a_hundred()
            self._name_depth()
            self.play(*self._shorten(there), run_time=0.6)
            self.play(stack.make_room(y, self.mobjects, 0.7))
            # y comes while it is said, so that it can be read
            self._add(self.depth, self._layer(y), self._written(y), *self._dimmed(self.depth), seconds=0.8)

    def _a_hundred(self) -> None:
        """From farther and farther away, a hundred such layers, all parameters counted, to be read; then ours again."""
        stack, depth = self.stack, self.depth
        first, second = stack.hidden[:2]
        nodes = VGroup(*first.nodes.values())
        ends = (BOX[0], BOX[1], float(nodes.get_bottom()[1]), float(nodes.get_top()[1]))
        many = ManyLayers(HUNDRED, ends, first.x, second.x - first.x, 2 * self.diagram.radius)
        name = words(self.screen("layers", count=HUNDRED), TOTAL_SIZE).place(FORMULA_BASELINE, center=0.0)
        ours = sum(stack.layer_sizes[:depth])
        inside = [many.inside(smooth(share)) for share in (np.arange(NUMBERS) + 0.5) / NUMBERS]
        counts = [ours + max(0, layers - depth) * stack.layer_sizes[1] for layers in (*inside, HUNDRED)]
        parts = [*self.diagram.columns[: depth + 1], *self.diagram.edges[:depth], *stack.formulas[:depth]]
        near = VGroup(*parts, *stack.counts[:depth], stack.x, self.row_name)
        self.play(FadeOut(near), FadeIn(many), run_time=0.3)
        away = UpdateFromAlphaFunc(many, ManyLayers.show, run_time=1.0, rate_func=smooth)
        self._count(counts, away, FadeIn(name, run_time=0.3), seconds=1.0)
        self.wait(1.8)
        self.play(*(FadeOut(part, run_time=0.3) for part in (many, name, self.total)))
        self.total = self._total(ours)
        self.play(FadeIn(near), FadeIn(self.total), run_time=0.4)
        self.remove(near)
        self.add(*near)

    def _name_depth(self) -> None:
        """A bracket over the hidden layers: their number is a hyperparameter."""
        bracket = LayersBracket(self.screen("depth")).put(self.stack.hidden)
        self.play(Create(bracket.line), FadeIn(bracket.name, shift=0.1 * UP), run_time=0.7)
        self.stack.bracket = bracket
        self.wait(0.3)

    def _shorten(self, layers: Sequence[int]) -> list[Animation]:
        """Of the formulas of these layers (from 0) there remains what they give; it moves when the rest has gone."""
        moves: list[Animation] = []
        for k in layers:
            long = self.stack.formulas[k]
            made = long.part("a")
            self.remove(long)
            self.add(*long)
            moves += [FadeOut(g, rate_func=squish_rate_func(smooth, 0, 0.45)) for g in long if g not in [*made]]
            late = squish_rate_func(smooth, 0.45, 1)
            moves.append(ReplacementTransform(made, self.stack.shortened(k), rate_func=late))
        return moves

    def _dimmed(self, count: int) -> list[Animation]:
        """What the first ``count`` layers give is dimmed: it is no factor of the formula that comes beside it."""
        return [emphasis(text, FAINT).set_run_time(0.3) for text in self.stack.formulas[:count]]

    def _written(self, k: int) -> Animation:
        """The formula of column k."""
        return FadeIn(self.stack.formulas[k - 1], shift=0.15 * UP, run_time=0.6)

    # -- a layer comes and works -----------------------------------------------------------------------------------

    def _layer(self, k: int, seconds: float = 1.2) -> Animation:
        """The lines into column k, drawn from the left, and its nodes."""
        edges = self.diagram.edges[k - 1]
        lines = LaggedStart(*(Create(line) for line in edges), lag_ratio=0.02, run_time=seconds)
        return LaggedStart(lines, FadeIn(self.diagram.columns[k], run_time=0.5), lag_ratio=0.6)

    def _compute(self, k: int) -> None:
        """Layer k (from 1) at work: what comes in runs along the lines of W, b joins at the nodes, then the ReLUs."""
        edges, column = self.diagram.edges[k - 1], self.diagram.columns[k]
        written = self.stack.formulas[k - 1] if self.stack.formulas[k - 1] in self.mobjects else None
        biases = VGroup(
            *(ring(node.get_center(), self.diagram.radius, palette.green) for node in column.nodes.values())
        )
        biases.set_fill(opacity=0).set_stroke(width=1.6 * style.RING)
        light = [emphasis(edges, FULL), Pulse(edges, palette.text).run()]
        self.play(*light, *_lit_alone(written, "w", "x"), run_time=0.8)
        self.play(emphasis(edges, EDGES), FadeIn(biases), *_lit_alone(written, "bias", "plus-in"), run_time=0.5)
        bends = [picture.animate(rate_func=there_and_back).scale(1.5) for picture in column.pictures]
        self.play(FadeOut(biases, run_time=0.3), *bends, *_lit_alone(written, "sigmoid", "brackets"), run_time=0.7)

    # -- all parameters, at the top right --------------------------------------------------------------------------

    def _total(self, count: float) -> TextMobject:
        """So many parameters, at the top right."""
        text = words(self.screen("total", count=number_text(round(count))), TOTAL_SIZE, palette.orange)
        return text.place(style.HEADING_BASELINE, right=style.RIGHT_EDGE)

    def _count(self, numbers: Sequence[float], *meanwhile: Animation, seconds: float) -> None:
        """The number at the top right goes through ``numbers`` to the last of them, which stays."""
        texts = VGroup(*map(self._total, numbers))

        def show(_: VGroup, share: float) -> None:
            now = min(int(share * len(texts)), len(texts) - 1)
            for k, text in enumerate(texts):
                text.set_fill(opacity=float(k == now))

        show(texts, 0.0)
        self.remove(self.total)
        self.play(UpdateFromAlphaFunc(texts, show, run_time=seconds, rate_func=linear), *meanwhile)
        self.remove(texts)
        self.total = texts[-1]
        self.add(self.total)

    def _add(self, k: int, *meanwhile: Animation, seconds: float = 0.8, below: Animation | None = None) -> None:
        """The number of layer k's parameters (from 0) comes below it; that of all so far, at the top right, grows.

        ``below`` is how it comes there, where it does not by itself.
        """
        sizes = self.stack.layer_sizes
        before, so_far = sum(sizes[:k]), sum(sizes[: k + 1])
        below = below or FadeIn(self.stack.counts[k], shift=0.15 * UP, run_time=0.4)
        if k:
            self._count(np.linspace(before, so_far, COUNTING + 1)[1:], below, *meanwhile, seconds=seconds)
        else:
            self.total = self._total(so_far)
            self.play(Succession(below, FadeIn(self.total, shift=0.1 * UP, run_time=0.4)), *meanwhile)


def _carry(text: TextMobject, left: float) -> Animation:
    """``text`` as a whole goes to where it begins at ``left``, by a way below what stands between."""
    way, there = left - float(text.get_left()[0]), text.get_center()

    def move(moving: TextMobject, share: float) -> None:
        moving.move_to(there + np.array([share * way, -DIP * np.sin(np.pi * share), 0.0]))

    return UpdateFromAlphaFunc(text, move, rate_func=smooth)


def _lit_alone(text: TextMobject | None, *names: str) -> list[Animation]:
    """The parts of these names in full, the others dim."""
    if text is None:
        return []
    full = [glyph for name in names for glyph in text.part(name)]
    return [emphasis(glyph, FULL if glyph in full else FAINT) for glyph in text]
