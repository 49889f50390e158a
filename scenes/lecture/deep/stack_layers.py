"""The same thing again: what a layer hands on goes through another W, another b, another ReLU."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
from gradreel.core.choices import DEPTHS, WIDTH
from gradreel.core.daily.views import DailyViews
from gradreel.core.experiment import Experiment
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.deep.pictures.folded_line import FOLDS, DotThroughTwice, FoldPanels, TwoRelus, fold
from gradreel.scenes.lecture.deep.pictures.layer_stack import (
    BOTH,
    EDGES,
    FORMULA_SIZE,
    LayersBracket,
    LayerStack,
)
from gradreel.scenes.lecture.many_layers import HUNDRED, ManyLayers, hundred_layers
from gradreel.scenes.lecture.relu_blocks import first_layer, in_one_column
from gradreel.scenes.lecture.runs import BIG
from gradreel.scenes.mobjects.formula_growth import grow
from gradreel.scenes.mobjects.network_parts import Node, Pulse, activation_picture
from gradreel.scenes.mobjects.plot import ring
from gradreel.scenes.mobjects.text import TextMobject, formula, words
from gradreel.scenes.style import FAINT, FULL, emphasis, palette
from gradreel.scenes.words.claims import Claim, claim
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
    Transform,
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
LIT = 0.3  # seconds in which what is named lights up
NUMBERS = 24  # that the counter shows on its way to that of a hundred layers
ASIDE = (0.8, (5.95, 3.15, 0.0))  # height and middle of the dots of the first layer while a line is folded


class StackLayers(LectureScene):
    """From x to a, from a to a', and so on: layer by layer the network grows, and all parameters are counted."""

    class Parameters(LectureScene.Parameters):
        dataset: DailyViews = Field(DailyViews(), description="The daily views whose days are the network's features")
        width: int = Field(WIDTH, ge=1, le=1000, description="ReLUs in each hidden layer")
        depth: int = Field(3, ge=2, le=max(DEPTHS), description="Hidden layers at the end")

    def claims(self) -> Iterator[Claim]:
        count, announced = self.network.n_parameters, BIG.n_parameters
        yield claim("more", "it has as many parameters as announced", count == announced, count=count, said=announced)

    @cached_property
    def network(self) -> Experiment:
        """The network that the scene builds, for its number of parameters."""
        p = self.parameters
        return Experiment(dataset=p.dataset, hidden=(p.width,) * p.depth, activation="relu")

    def construct(self) -> None:
        self.depth = self.parameters.depth
        self.stack = LayerStack(self.network, self.screen("days"))
        self.diagram = self.stack.diagram
        self._why_beat()
        self._fold_beat()
        self._third_beat()
        self._once_beat()
        self._again_beat()
        self._more_beat()
        self._hundred_beat()
        self.hand_on(self.many)  # depth-experiment begins with it

    def _why_beat(self) -> None:
        with self.beat("why", pause="short"):
            # The ReLUs that width-experiment ends with step aside. Two of them over one x: one climbs, the other turns
            # it down. Their sum is a line that is folded once
            self.dots = first_layer(self.parameters.width)
            self.add(self.dots)
            height, middle = ASIDE
            aside = self.dots.animate.scale(height / self.dots.height).move_to(middle)
            self.play(*self.next_heading(self.screen("heading-why")), aside, run_time=0.9)
            self.two = two = TwoRelus()
            self.play(FadeIn(two.plot), run_time=0.6)
            self.until("up")
            self.play(Create(two.up[0]), FadeIn(two.up[1]), run_time=1.0)
            self.until("down")
            self.play(Create(two.down[0]), FadeIn(two.down[1]), run_time=1.0)
            self.add(two.sum)
            self.play(*(emphasis(curve, FAINT) for curve in (two.up[0], two.down[0])), run_time=0.3)
            self.play(two.turn_down(), run_time=1.4)

    def _fold_beat(self) -> None:
        two = self.two
        with self.beat("fold", pause="short"):
            # The fold goes into the first square. Beside it stands the second layer, which folds in the same way. A dot
            # goes through both: its height in the first square is what goes into the second. While x goes to the right
            # once, the height goes up and back, so the second layer's fold is drawn twice
            corners = [(Count(k + 1), Count(2 ** (k + 1) - 1)) for k in range(FOLDS)]
            names = [self.screen("corners", layers=layers, corners=count) for layers, count in corners]
            self.panels = panels = FoldPanels(names, self.screen("height"))
            first, second = (panels.curve(k, fold(panels.x)) for k in range(2))
            gone = [FadeOut(part, run_time=0.5) for part in (two.plot, two.up, two.down)]
            self.play(*gone, ReplacementTransform(two.sum, first), FadeIn(panels.plots[0], panels.axes[0]))
            self.play(FadeIn(panels.plots[1], panels.axes[1], second), run_time=0.7)
            self.until("dot")
            dot = DotThroughTwice(panels)
            self.play(FadeIn(panels.plots[2], panels.axes[2], dot), run_time=0.5)
            self.play(dot.run(), run_time=6.0)
            twice = panels.curve(2, fold(fold(panels.x)))
            self.remove(dot.trace)
            self.add(twice)
            self.play(FadeOut(dot.dots, dot.heights, dot.inputs), run_time=0.3)
            self.curves, self.second = [first, twice], second

    def _third_beat(self) -> None:
        panels = self.panels
        with self.beat("third", pause="short"):
            # The line after two layers takes the second square. A third layer folds it as a whole. Corners are counted
            # under each square
            first, twice = self.curves
            moved = twice.animate.shift(panels.shift_between(2, 1))
            self.play(FadeOut(self.second, *panels.axes[:3], run_time=0.4), moved, run_time=0.9)
            self.play(*(FadeIn(name, shift=0.15 * UP) for name in panels.names[:2]), run_time=0.4)
            third = twice.copy()
            self.play(third.animate.shift(panels.shift_between(1, 2)), run_time=0.7)
            self.play(panels.folding(2, third, fold(fold(panels.x))), run_time=1.4)
            self.until("corners")
            self.play(FadeIn(panels.names[2], shift=0.15 * UP), run_time=0.3)
            self.wait(0.8)
            self.folded = VGroup(first, twice, third)
            self.names = VGroup(*panels.plots, *panels.names)

    def _once_beat(self) -> None:
        stack = self.stack
        with self.beat("once", pause="short"):
            # The network as it was: the days, one layer, to which the ReLUs from before line up, and the formula from x
            # to a, step by step as it is said; at last one node from near, where the bent line is seen
            heading = self.next_heading(self.screen("heading"))
            leaving = FadeOut(self.folded, self.names)
            lined_up = Transform(self.dots, in_one_column(self.parameters.width, self.diagram.columns[1]))
            self.play(*heading, leaving, FadeIn(self.diagram.columns[0]), FadeIn(stack.days), lined_up, run_time=0.8)
            written = (FadeIn(text, shift=0.15 * UP) for text in (stack.x, stack.formulas[0]))
            self.play(self._layer(1), FadeOut(self.dots), LaggedStart(*written, lag_ratio=0.5, run_time=1.2))
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
        with self.beat("again", pause="short"):
            # Room is made. What came out goes in: a second layer, the same steps, and the formula again with primes: a
            # copy of it first, in which letters change then
            first, second = self.stack.formulas[:2]
            self.play(*_lit_alone(first, *first.parts), FadeOut(self.enlarged), run_time=0.3)
            self.play(self.stack.make_room(2, self.mobjects, 0.9))
            self.play(emphasis(self.diagram.edges[0], FAINT / 2), self._layer(2))
            self._compute(2)
            self.until("prime")
            copy = first.copy()
            self.play(_carry(copy, float(second.get_left()[0])), run_time=0.8)
            self.play(*grow(copy, second, morph=False), run_time=0.7)
            self.wait(1.5)

    def _more_beat(self) -> None:
        stack, y = self.stack, self.depth + 1
        with self.beat("more", pause="short", depth=Count(self.depth), count=number_text(self.network.n_parameters)):
            # As many layers as we take, the newest with its formula; then y. At the top right, how many parameters that
            # makes
            there = range(BOTH)
            self.play(FadeOut(stack.days), run_time=0.3)
            for k in range(BOTH + 1, y):
                self.play(*self._shorten(there), run_time=0.3)
                self.play(stack.make_room(k, self.mobjects, 0.4))
                back = [emphasis(self.diagram.edges[k - 2], FAINT / 2), *self._dimmed(k - 1)]
                self.play(self._layer(k, 0.5), self._written(k), *back)
                there = range(k - 1, k)
            self.until("sum")
            self.play(*self._shorten(there), run_time=0.4)
            self.play(stack.make_room(y, self.mobjects, 0.6))
            self.play(self._layer(y, 0.6), self._written(y), *self._dimmed(self.depth))
            self.total = self._total(self.depth, self.network.n_parameters)
            self.play(FadeIn(self.total, shift=0.15 * UP), run_time=0.5)
            self.wait(0.5)

    def _hundred_beat(self) -> None:
        with self.beat("hundred"):
            # From farther and farther away, a hundred such layers, all parameters counted; over them, what their number
            # is called
            self._draw_back()
            self.until("hyper")
            bracket = LayersBracket(self.screen("depth"), self.many)
            self.play(Create(bracket.line), FadeIn(bracket.name, shift=0.1 * UP), run_time=0.7)

    def _draw_back(self) -> None:
        """A hundred layers come in over the frame's edge: ``many``."""
        stack, depth = self.stack, self.depth
        self.many = many = hundred_layers(self.diagram)
        inside = [many.inside(smooth(share)) for share in (np.arange(NUMBERS) + 0.5) / NUMBERS]
        layers = [max(depth, count) for count in (*inside, HUNDRED)]
        counts = [self.network.n_parameters + (count - depth) * stack.layer_sizes[1] for count in layers]
        parts = (*self.diagram.columns, *self.diagram.edges, *stack.formulas, stack.x)
        self.play(*map(FadeOut, parts), FadeIn(many), run_time=0.4)
        away = UpdateFromAlphaFunc(many, ManyLayers.show, run_time=1.6, rate_func=smooth)
        self._count(list(zip(layers, counts, strict=True)), away, seconds=1.6)

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
        """Layer k (from 1) at work: what comes in runs along the lines of W, b joins at the nodes, then the ReLUs.

        Each when the line comes to its mark.
        """
        edges, column = self.diagram.edges[k - 1], self.diagram.columns[k]
        written = self.stack.formulas[k - 1] if self.stack.formulas[k - 1] in self.mobjects else None
        biases = VGroup(
            *(ring(node.get_center(), self.diagram.radius, palette.green) for node in column.nodes.values())
        )
        biases.set_fill(opacity=0).set_stroke(width=1.6 * style.RING)
        self.until("w")
        lit = [each.set_run_time(LIT) for each in (emphasis(edges, FULL), *_lit_alone(written, "w", "x"))]
        self.play(*lit, Pulse(edges, palette.text).run())
        self.until("b")
        lit = [emphasis(edges, EDGES), FadeIn(biases), *_lit_alone(written, "bias", "plus-in")]
        self.play(*lit, run_time=LIT)
        self.until("relu")
        bends = [picture.animate(run_time=0.7, rate_func=there_and_back).scale(1.5) for picture in column.pictures]
        lit = [each.set_run_time(LIT) for each in (FadeOut(biases), *_lit_alone(written, "sigmoid", "brackets"))]
        self.play(*lit, *bends)

    # -- all parameters, at the top right --------------------------------------------------------------------------

    def _total(self, layers: int, count: float) -> TextMobject:
        """So many layers and parameters, at the top right."""
        said = self.screen("total", layers=Count(layers), count=number_text(round(count)))
        return words(said, TOTAL_SIZE, palette.orange).place(style.HEADING_BASELINE, right=style.RIGHT_EDGE)

    def _count(self, numbers: Sequence[tuple[int, float]], *meanwhile: Animation, seconds: float) -> None:
        """What stands at the top right goes through ``numbers`` to the last of them, which stays."""
        texts = VGroup(*(self._total(*each) for each in numbers))

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
