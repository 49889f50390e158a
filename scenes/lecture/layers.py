"""The same thing again: what a layer hands on goes through another W, another b, another ReLU."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

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
from gradreel.scenes.mobjects.network_parts import Pulse
from gradreel.scenes.mobjects.plot import ring, segment
from gradreel.scenes.mobjects.text import TextMobject, formula, words
from gradreel.scenes.mobjects.ticks import number_text
from gradreel.scenes.style import FAINT, FULL, PRESENT, emphasis, mix, palette
from manim import (
    UP,
    Animation,
    AnimationGroup,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    ReplacementTransform,
    RoundedRectangle,
    Succession,
    UpdateFromAlphaFunc,
    VGroup,
    config,
    smooth,
    squish_rate_func,
    there_and_back,
)
from pydantic import Field

BOX = (-5.3, 5.3, -1.35, 2.35)  # middles of the first and the last column, bottom, top
FORMULA_BASELINE, COUNT_BASELINE = -2.42, -3.14
FORMULA_SIZE = 46  # the largest
COUNT_SIZE, PRODUCT_SIZE, TOTAL_SIZE = 28, 32, 34
NARROW, WIDER = 2.3, 1.4  # the first column is so far from the middle, and more with each layer, until it has its place
BETWEEN = 0.7  # from a formula to the one before it, at least
DIP = 0.95  # a copied formula goes so far below the one it comes from
BOTH = 2  # so many layers have their formulas side by side; of more, the newest alone is spelled out
THIN, THIN_PITCH = 0.13, 0.42  # layers that are only hinted at: width of one, and from one to the next
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
        self.sizes = [FORMULA_SIZE] * len(self.formulas)
        self.counts = [words(number_text(count), COUNT_SIZE) for count in layer_sizes(self.network)]
        self.days = words(self.screen("days"), style.TICK, palette.dim)
        self.row_name = words(self.screen("parameters"), style.TICK, palette.dim)
        self.row_name.place(COUNT_BASELINE, left=style.LEFT_EDGE)
        self.sizes_at = [self._formula_size(n) for n in range(1, self.depth + 2)]
        self.stage = 1.0
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
        self.days.place(FORMULA_BASELINE, center=self.diagram.columns[0].x)

    def _make_room(self, k: int, seconds: float = 1.0) -> Animation:
        """All columns move until there is room for the features and ``k`` more."""
        start = self.stage
        there = VGroup(*self.diagram.columns[:k], *self.diagram.edges[: k - 1], *self.formulas[: k - 1], self.days)
        there.add(*(count for count in self.counts if count in self.mobjects))

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

    def _many_more(self) -> VGroup:
        """Thin layers, one after another, from the last one drawn until off the picture."""
        left = self.diagram.columns[BOTH]
        low, high = (float(find()[1]) for find in (VGroup(*left.nodes.values()).get_bottom, left.get_top))
        places = np.arange(left.x + self.diagram.radius + THIN_PITCH, config.frame_width / 2 + THIN_PITCH, THIN_PITCH)
        layers = VGroup()
        for x in places:
            box = RoundedRectangle(corner_radius=0.05, width=THIN, height=high - low, stroke_width=style.BOX)
            box.set_stroke(mix(palette.blue, PRESENT)).set_fill(mix(palette.blue, 0.13), 1)
            ends = (x - THIN_PITCH + THIN / 2, x - THIN / 2)
            ways = [((ends[0], a, 0), (ends[1], b, 0)) for a, b in ((low, high), (high, low))]
            lines = [segment(*way, mix(palette.yellow, EDGES), style.GUIDE) for way in ways]
            layers.add(VGroup(*lines, box.move_to([x, (low + high) / 2, 0])))
        return layers

    def _add(self, k: int, *meanwhile: Animation) -> None:
        """The number of layer k's parameters (from 0) comes below it, and that of all so far at the top right."""
        so_far = sum(layer_sizes(self.network)[: k + 1])
        text = words(self.screen("total", count=number_text(so_far)), TOTAL_SIZE, palette.orange)
        text.place(style.HEADING_BASELINE, right=style.RIGHT_EDGE)
        leaving = [FadeOut(self.total, shift=0.1 * UP)] if k else []
        below = AnimationGroup(FadeIn(self.counts[k], shift=0.15 * UP), *leaving, run_time=0.4)
        self.play(Succession(below, FadeIn(text, shift=0.1 * UP, run_time=0.4)), *meanwhile)
        self.total = text

    def _product(self, k: int) -> TextMobject:
        """Where the number of layer k's parameters (from 0) comes from: as many weights, as many biases."""
        given, made = (number_text(count) for count in self.diagram.widths[k : k + 2])
        text = formula(f'yellow("{given}" dot "{made}") + green("{made}")', PRODUCT_SIZE)
        text.place(COUNT_BASELINE, center=self.diagram.columns[k + 1].x)
        return text if text.get_right()[0] < style.RIGHT_EDGE else text.place(COUNT_BASELINE, right=style.RIGHT_EDGE)

    # -- beats ---------------------------------------------------------------------------------------------------

    def _once_beat(self) -> None:
        with self.beat("once", width=Count(self.parameters.width)):
            # The network as it was: the days, one layer of ReLUs, and the formula from x to a, step by step as it is
            # said
            self.play(*self._title("heading"), FadeIn(self.diagram.columns[0]), FadeIn(self.days))
            self.play(self._layer(1, 1.8))
            self.play(FadeIn(self.formulas[0], shift=0.15 * UP), run_time=0.6)
            self.wait(0.8)
            self._compute(1)
            self.play(*_lit(self.formulas[0], *self.formulas[0].parts), run_time=0.3)

    def _again_beat(self) -> None:
        with self.beat("again"):
            # Room is made. What came out goes in: a second layer, the same steps, and the formula again with primes
            self.play(self._make_room(2))
            self.play(emphasis(self.diagram.edges[0], FAINT / 2), self._layer(2))
            self._compute(2)
            again = grow(self.formulas[0], self.formulas[1], {"x": "a"}, copied=True, dip=DIP)
            self.play(*again, run_time=1.3)

    def _new_beat(self) -> None:
        first, second, *_ = layer_sizes(self.network)
        with self.beat("new", first=number_text(first), second=number_text(second)):
            # W and W' light up, each with as many numbers as it has: they are not the same. What they are counted from
            # stands there first
            formulas = self.formulas[:2]
            rest = [glyph for f in formulas for glyph in f if glyph not in (*f.part("w"), *f.part("bias"))]
            self.play(*(emphasis(glyph, FAINT) for glyph in rest), run_time=0.5)
            self.wait(0.7)
            for k in (0, 1):
                product = self._product(k)
                self.play(FadeIn(product, shift=0.15 * UP), *([] if k else [FadeIn(self.row_name)]), run_time=0.4)
                self.wait(0.7)
                self.play(FadeOut(product, scale=0.4), run_time=0.3)
                self._add(k)
            self.play(*(emphasis(glyph, FULL) for glyph in rest), run_time=0.5)

    def _more_beat(self) -> None:
        with self.beat("more", total=number_text(self.network.n_parameters)):
            # And again: thin layers run off the picture and stay there for a while, then come as many as we take, the
            # newest with its formula; then y. At the top right, all parameters in one number
            there = range(BOTH)
            for k in range(BOTH + 1, self.depth + 1):
                self.play(*self._shorten(there), run_time=0.6)
                self.play(self._make_room(k, 0.9))
                gone = []
                if k == BOTH + 1:
                    many = self._many_more()
                    self.play(LaggedStart(*map(FadeIn, many), lag_ratio=0.4), run_time=1.5)
                    self.wait(0.8)
                    gone = [FadeOut(many, run_time=0.6)]
                back = [emphasis(self.diagram.edges[k - 2], FAINT / 2), *self._step_back(k - 1)]
                self._add(k - 1, self._layer(k), self._written(k), *back, *gone)
                self.wait(0.6)
                there = range(k - 1, k)
            self.play(*self._shorten(there), run_time=0.6)
            self.play(self._make_room(self.depth + 1, 0.9))
            last = self.depth + 1  # y; it comes while it is said, so that it can be read
            self._add(self.depth, self._layer(last), self._written(last), *self._step_back(self.depth))

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


def short_formula(k: int) -> TextMobject:
    """What layer k (from 0) hands on, by its name alone: a, a', ..."""
    return formula(f"blue({primed('bold(a)', k)})", FORMULA_SIZE)


def output_source(depth: int) -> str:
    """y = b + c^T a'..., of what the last of ``depth`` layers hands on."""
    return f"blue(y) = grey(b) + magenta(bold(c)^upright(T)) thin blue({primed('bold(a)', depth - 1)})"
