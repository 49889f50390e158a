"""Layers upon layers: columns of nodes with a formula below each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import parameter_shapes
from gradreel.scenes import style
from gradreel.scenes.lecture.many_layers import BOX
from gradreel.scenes.mobjects.network_diagram import LayerDiagram
from gradreel.scenes.mobjects.plot import polyline
from gradreel.scenes.mobjects.text import TextMobject, formula, words
from gradreel.scenes.style import palette
from manim import UL, UR, Animation, Mobject, UpdateFromAlphaFunc, VGroup, smooth

EDGES = 0.45  # share of their colour in which lines are drawn that are not spoken of
NARROW, WIDER = 2.3, 1.4  # the first column is so far from the middle, and more with each layer, until it has its place
FORMULA_BASELINE, FORMULA_SIZE = -2.42, 46  # the largest
BETWEEN = 0.7  # from a formula to the one before it, at least
BOTH = 2  # so many layers have their formulas side by side; of more, the newest alone is spelled out
UNDER_X = 0.4  # from the baseline of x down to that of what it is
OVER_LAYERS, FOOT, OVER_BRACKET = 0.16, 0.1, 0.14  # from layers up to a bracket; its height; from it up to its words


class LayerStack:
    """A network that grows column by column. No mobject itself: its parts join the picture when they are spoken of.

    ``diagram``: all of its columns. ``formulas[k]``: of column k + 1. ``layer_sizes``: the numbers of their parameters.
    ``x``, ``days``: the name of the features, and what they are. ``stage``: so many columns have room beside the
    features, a number between two of them while they move.
    """

    def __init__(self, network: Experiment, days: str) -> None:
        self.depth = len(network.hidden)
        self.layer_sizes = layer_sizes(network)
        self.diagram = LayerDiagram((network.dataset.n_features, *network.hidden, 1), BOX, pictures="relu")
        for edges in self.diagram.edges:
            style.emphasize(edges, EDGES)
        sources = [*(layer_source(k) for k in range(self.depth)), output_source(self.depth)]
        self.formulas = [formula(source, FORMULA_SIZE) for source in sources]
        self.x = formula("bold(x)", FORMULA_SIZE)
        self.days = words(days, style.TICK, palette.dim)
        self._sizes = [self._size_of(n) for n in range(1, self.depth + 2)]
        self.stage, self.size = 1.0, float(FORMULA_SIZE)  # of the formulas
        self.stand()

    def _size_of(self, n: int) -> float:
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
        before, self.size = self.size, float(np.interp(self.stage, np.arange(1, len(self._sizes) + 1), self._sizes))
        for text, column in zip(self.formulas, self.diagram.columns[1:], strict=True):
            text.scale(self.size / before).place(FORMULA_BASELINE, center=column.x)
            if text.get_right()[0] > style.RIGHT_EDGE:
                text.place(text.baseline, right=style.RIGHT_EDGE)
        self.x.scale(self.size / before).place(FORMULA_BASELINE, center=self.diagram.columns[0].x)
        self.days.place(FORMULA_BASELINE - UNDER_X, center=self.diagram.columns[0].x)

    def make_room(self, k: int, on_screen: Sequence[Mobject], seconds: float) -> Animation:
        """All columns move until there is room for the features and ``k`` more, with what is there of the rest."""
        start = self.stage
        moving = VGroup(*self.diagram.columns[:k], *self.diagram.edges[: k - 1], *self.formulas[: k - 1], self.x)
        moving.add(*(part for part in (self.days,) if part in on_screen))

        def update(_: VGroup, share: float) -> None:
            self.stage = start + (k - start) * share
            self.stand()

        return UpdateFromAlphaFunc(moving, update, run_time=seconds, rate_func=smooth)

    def shortened(self, k: int) -> TextMobject:
        """What layer k (from 0) gives, in the place of its whole formula."""
        self.formulas[k] = short_formula(k)
        return (
            self.formulas[k]
            .scale(self.size / FORMULA_SIZE)
            .place(FORMULA_BASELINE, center=self.diagram.columns[k + 1].x)
        )


def _half(layers: float) -> float:
    """From the middle to the first and the last column, with so many layers."""
    return min(BOX[1], NARROW + WIDER * layers)


def layer_sizes(network: Experiment) -> list[int]:
    """How many parameters belong to each layer, the output's last: entries of W and b; they sum to P."""
    sizes = [math.prod(shape) for _, shape in parameter_shapes(network)]
    return [weights + biases for weights, biases in zip(sizes[::2], sizes[1::2], strict=True)]


# -- formulas: a = sigma(b + W x), a' = sigma(b' + W' a), ..., and y of the last one -------------------------------


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


class LayersBracket(VGroup):
    """A bracket, ``line``, and its words, ``name``, over ``layers``."""

    def __init__(self, text: str, layers: Mobject) -> None:
        super().__init__()
        left, right, foot = (float(layers.get_corner(way)[axis]) for way, axis in ((UL, 0), (UR, 0), (UR, 1)))
        foot += OVER_LAYERS
        corners = [(left, foot), (left, foot + FOOT), (right, foot + FOOT), (right, foot)]
        self.line = polyline(np.array([(x, y, 0.0) for x, y in corners]), palette.text, style.BOX)
        self.name = words(text, style.LABEL).place(foot + FOOT + OVER_BRACKET, center=(left + right) / 2)
        self.add(self.line, self.name)
