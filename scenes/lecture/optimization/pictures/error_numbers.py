"""One day's error in numbers: what goes into the network, what comes out, the label, and the distance of the two."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from gradreel.core.daily.units import ViewUnit, three_digit_decimals
from gradreel.scenes import style
from gradreel.scenes.mobjects.network_diagram import LayerDiagram
from gradreel.scenes.mobjects.network_parts import Node
from gradreel.scenes.mobjects.printed_arithmetic import fitting_places
from gradreel.scenes.mobjects.text import TextMobject, formula, words
from gradreel.scenes.style import palette
from gradreel.scenes.words.numbers import THIN_SPACE, number_text
from manim import VGroup
from numpy.typing import NDArray

LINE, SIZE, GAP = 0.58, 38, 0.75  # from line to line; of the formulas; right of the network


class ErrorNumbers:
    """Numbers for ``network``, all in the ``unit`` that its parameters belong to: the views of the days before, x_1
    first, the prediction, the label, and how far apart these two are as printed.

    Parts: ``features`` (in the first column's nodes), ``prediction`` (in the last one's), and right of the network,
    line below line, ``label``, ``distance`` and ``error``. `put_between` adds the hidden columns' numbers, ``between``.
    No mobject itself: each comes by itself.
    """

    def __init__(
        self, network: LayerDiagram, x: Sequence[float], prediction: float, label: float, unit: ViewUnit
    ) -> None:
        """The numbers are views."""
        write = _writer([*x, prediction, label], abs(prediction - label), unit)
        nodes = network.columns[0].nodes
        self.features = VGroup(*(_in_node(write(value), nodes[j]) for j, value in enumerate(x) if j in nodes))
        out = network.columns[-1].nodes[0]
        self.prediction = _in_node(write(prediction), out)
        y, hat = write(prediction), write(label)
        self.error_text = _distance(y, hat)
        self.network, self.between = network, []
        left, middle = float(out.get_right()[0]) + GAP, float(out.get_y())
        lines = (
            formula(f'red(hat(y)) = red("{hat}")', SIZE),
            formula(f'e = abs(blue("{y}") - red("{hat}"))', SIZE),
            formula(f'= "{self.error_text}"', SIZE),
        )
        for k, line in enumerate(lines):
            if line.width > style.RIGHT_EDGE - left:
                line.scale((style.RIGHT_EDGE - left) / line.width)
            line.place(middle - 0.12 + (1 - k) * LINE, left=left)
        self.lines = self.label, self.distance, self.error = lines
        equals = self.distance[1].get_left()[0]  # the result's equals sign stands below the first one
        self.error.shift([min(equals, style.RIGHT_EDGE - self.error.width) - left, 0, 0])

    def put_between(self, columns: Sequence[NDArray]) -> None:
        """In the nodes of the hidden columns what these come to, as far as there are nodes, and room for digits."""
        self.between = []
        for k, values in enumerate(columns, 1):
            nodes = self.network.columns[k].nodes
            decimals = fitting_places(values)
            numbers = VGroup(*(self.network.number(k, i, float(values[i]), decimals) for i in nodes))
            room = all(number.width < 2 * node.half_width for number, node in zip(numbers, nodes.values(), strict=True))
            self.between.append(numbers if room else VGroup())


def _writer(views: Sequence[float], error: float, unit: ViewUnit) -> Callable[[float], str]:
    """What writes ``views`` in ``unit`` as they are told elsewhere, with more decimals where ``error`` takes them."""
    largest = max(map(abs, views))
    decimals = [unit.decimals, three_digit_decimals(largest / unit.size)]
    if error > 1e-6 * largest:
        decimals.append(three_digit_decimals(error / unit.size) - 1)
    return lambda number: number_text(float(number) / unit.size, max(decimals))


def _in_node(text: str, node: Node) -> TextMobject:
    number = words(text, style.TICK, palette.text)
    return number.place(node.get_y() - 0.09, center=node.get_x())


def _distance(one: str, other: str) -> str:
    """How far apart two printed numbers are, printed alike."""
    first, second = (Decimal(text.replace(THIN_SPACE, "").replace("\u2212", "-")) for text in (one, other))
    decimals = -int(first.as_tuple().exponent)
    return number_text(float(abs(first - second)), max(0, decimals))
