"""Layer upon layer, counted: the number of parameters below each, and that of all so far at the top right."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import parameter_shapes
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.mobjects.text import TextMobject, formula, words
from gradreel.scenes.style import palette
from gradreel.scenes.words.numbers import number_text
from manim import UP, Animation, FadeIn, Succession, UpdateFromAlphaFunc, VGroup, linear

COUNT_BASELINE = -3.14
COUNT_SIZE, PRODUCT_SIZE, TOTAL_SIZE = 28, 32, 34
COUNTING = 8  # numbers that a counter shows on its way
APART = 0.5  # from one product to the next, at least


class CountedLayers(LectureScene):
    """A scene in which the layers of ``network``, a column of ``diagram`` each, come with their parameters."""

    network: Experiment
    diagram: Any
    total: TextMobject

    def prepare_counts(self) -> None:
        """The number of each layer's parameters, and the word for the row of them."""
        self.counts = [words(number_text(count), COUNT_SIZE) for count in layer_sizes(self.network)]
        self.row_name = words(self.screen("parameters"), style.TICK, palette.dim)
        self.row_name.place(COUNT_BASELINE, left=style.LEFT_EDGE)

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
        sizes = layer_sizes(self.network)
        before, so_far = sum(sizes[:k]), sum(sizes[: k + 1])
        below = below or FadeIn(self.counts[k], shift=0.15 * UP, run_time=0.4)
        if k:
            self._count(np.linspace(before, so_far, COUNTING + 1)[1:], below, *meanwhile, seconds=seconds)
        else:
            self.total = self._total(so_far)
            self.play(Succession(below, FadeIn(self.total, shift=0.1 * UP, run_time=0.4)), *meanwhile)

    def _product(self, k: int) -> TextMobject:
        """Where the number of layer k's parameters (from 0) comes from: as many weights, as many biases.

        Parts: "product", "count".
        """
        given, made = (number_text(count) for count in self.diagram.widths[k : k + 2])
        count = number_text(layer_sizes(self.network)[k])
        source = f'part("product", yellow("{given}" dot "{made}") + green("{made}")) part("count", = "{count}")'
        text = formula(source, PRODUCT_SIZE)
        text.place(COUNT_BASELINE, center=self.diagram.columns[k + 1].x)
        return text if text.get_right()[0] < style.RIGHT_EDGE else text.place(COUNT_BASELINE, right=style.RIGHT_EDGE)

    def _products(self) -> list[TextMobject]:
        """Those of the first two layers, side by side."""
        first, second = (self._product(k) for k in (0, 1))
        right = float(second.get_left()[0]) - APART
        return [first if first.get_right()[0] <= right else first.place(COUNT_BASELINE, right=right), second]


def widths(network: Experiment) -> tuple[int, ...]:
    """Features, hidden layers, and the one output."""
    return (network.dataset.n_features, *network.hidden, 1)


def layer_sizes(network: Experiment) -> list[int]:
    """How many parameters belong to each layer, the output's last: entries of W and b; they sum to P."""
    sizes = [math.prod(shape) for _, shape in parameter_shapes(network)]
    return [weights + biases for weights, biases in zip(sizes[::2], sizes[1::2], strict=True)]
