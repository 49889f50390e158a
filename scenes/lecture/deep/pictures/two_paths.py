"""Two paths back through a network of two hidden layers: where they meet, their numbers add up."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import numpy as np
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import unpack
from gradreel.core.network.worked_example import Forward, backward
from gradreel.scenes import style
from gradreel.scenes.lecture.deep.pictures.network_slopes import slope_pill
from gradreel.scenes.lecture.deep.pictures.path_formulas import slope_source
from gradreel.scenes.mobjects.network_diagram import LayerDiagram
from gradreel.scenes.mobjects.network_parts import patched
from gradreel.scenes.mobjects.printed_arithmetic import fitting_places
from gradreel.scenes.mobjects.text import formula
from gradreel.scenes.style import palette
from gradreel.scenes.words.numbers import number_text
from manim import VGroup
from numpy.typing import NDArray

BOX = (-4.9, 4.9, -2.0, 2.7)
FORMULA_Y, FORMULA_SIZE, WIDEST = -2.95, 44, 12.6
LABEL_AT, PRODUCT_AT = 0.45, 0.24  # shares of the way from the node where paths meet: a weight, a product
OVER, BESIDE = 0.14, 0.2  # from a node's top to its slope, from its letter to that
MOST_PLACES = 5


class TwoPaths:
    """Draws the network ``run`` with theta (P,) and the slopes of one example that meet at a unit of its first layer.

    ``meeting``: that unit, counted from 0. ``slopes`` (H,) are those of r of the second layer, ``weights`` (H,) lead
    there from it, ``products`` (H,) go back, ``total`` is their sum.
    Parts: ``diagram``; ``written`` (letters and the example's numbers); ``arrived`` (slopes at the second layer);
    ``labels`` (weights), ``pills`` (products), ``meeting_pill``; ``formula`` with parts "paths", "products", "total".
    """

    def __init__(self, run: Experiment, theta: NDArray, there: Forward) -> None:
        back, weights = backward(run, theta, there), unpack(run, theta).weights[1]
        self.meeting = k = int(least_products(run, theta, there).argmax())
        self.slopes, self.weights, self.total = back.r[1], weights[:, k], float(back.a[0][k])
        self.products = self.slopes * self.weights
        self.places = printed_places(self.slopes, self.weights, self.total)
        self.diagram = diagram = LayerDiagram((len(there.x), *run.hidden, 1), BOX)
        self.letters = [
            diagram.letters(0, "x"),
            diagram.letters(1, "a"),
            diagram.letters(2, "a'"),
            diagram.letters(3, "y", index=False),
        ]
        values = (there.x, *there.a, [there.y])
        numbers = [
            diagram.number(column, i, float(value), fitting_places(np.ravel(values[column])))
            for column in range(4)
            for i, value in enumerate(np.ravel(values[column]))
        ]
        self.written = VGroup(*self.letters, *numbers)
        self.lines = VGroup(*(diagram.edges[1].line(i, k) for i in range(len(self.slopes))))
        self.arrived = VGroup(*(self._before_node(i, value) for i, value in enumerate(self.slopes)))
        self.meeting_pill = self._at_node(1, k, self.total)
        node = diagram.columns[1].nodes[k].get_center()
        ways = [(node, diagram.columns[2].nodes[i].get_center()) for i in range(len(self.slopes))]
        self.labels = VGroup(
            *(
                patched(formula(self._text(weight), style.TICK, palette.yellow)).move_to(
                    start + LABEL_AT * (end - start)
                )
                for weight, (start, end) in zip(self.weights, ways, strict=True)
            )
        )
        self.pills = VGroup(
            *(
                slope_pill(self._text(product)).move_to(start + PRODUCT_AT * (end - start))
                for product, (start, end) in zip(self.products, ways, strict=True)
            )
        )
        self.formula = formula(self._source(), FORMULA_SIZE)
        if self.formula.width > WIDEST:
            self.formula.scale(WIDEST / self.formula.width)
        self.formula.move_to([0, FORMULA_Y, 0])

    def _text(self, value: float) -> str:
        return number_text(value, self.places)

    def _at_node(self, column: int, i: int, value: float) -> VGroup:
        """A slope right of the letter above a node."""
        pill, letter = slope_pill(self._text(value), filled=False), self.letters[column][i]
        node = self.diagram.columns[column].nodes[i]
        x = letter.get_right()[0] + BESIDE + pill.width / 2
        return pill.move_to([x, node.get_top()[1] + OVER + pill.height / 3, 0])

    def _before_node(self, i: int, value: float) -> VGroup:
        """The slope of r of a unit of the second layer, left of the letter above its node: before its activation."""
        pill, letter = self._at_node(2, i, value), self.letters[2][i]
        pill.shift([letter.get_left()[0] - BESIDE / 2 - pill.get_right()[0], 0, 0])
        name = formula(f"r'_{i + 1}", style.LETTER, palette.dim)
        return pill.add(patched(name.place(letter.baseline, right=pill.get_left()[0] - BESIDE / 2)))

    def _source(self) -> str:
        """The slope of the unit where the paths meet: each path a product, then their sum."""

        def bracketed(value: float) -> str:
            text = self._text(value)
            return f"({text})" if value < 0 else text

        paths = [
            f"orange({bracketed(slope)}) dot yellow({bracketed(weight)})"
            for slope, weight in zip(self.slopes, self.weights, strict=True)
        ]
        products = [f"orange({bracketed(product)})" for product in self.products]
        sign = "=" if comes_out(self.slopes, self.weights, self.total, self.places) else "approx"
        return (
            f'part("of", {slope_source(f"blue(a_{self.meeting + 1})")}) part("paths", = {" + ".join(paths)}) '
            f'part("products", {sign} {" + ".join(products)}) part("total", = orange({self._text(self.total)}))'
        )


def least_products(run: Experiment, theta: NDArray, there: Forward) -> NDArray:
    """Return, for each unit of the first layer (H,), the size of the smallest product that comes back to it.

    It is 0 for a unit whose products and sum do not come out as printed to two decimals.
    """
    back, weights = backward(run, theta, there), unpack(run, theta).weights[1]
    sizes = np.abs(back.r[1][:, None] * weights).min(axis=0)
    right = [comes_out(back.r[1], weights[:, k], float(back.a[0][k]), 2) for k in range(len(sizes))]
    return np.asarray(np.where(right, sizes, 0.0))


def comes_out(slopes: NDArray, weights: NDArray, total: float, places: int) -> bool:
    """Return whether products and sum, computed from factors of so many decimals, are those that are printed."""
    unit = Decimal(1).scaleb(-places)

    def rounded(value: float) -> Decimal:
        return Decimal(repr(float(value))).quantize(unit, rounding=ROUND_HALF_UP)

    products = [rounded(float(slope * weight)) for slope, weight in zip(slopes, weights, strict=True)]
    again = [
        (rounded(slope) * rounded(weight)).quantize(unit, rounding=ROUND_HALF_UP)
        for slope, weight in zip(slopes, weights, strict=True)
    ]
    return products == again and sum(products) == rounded(total)


def printed_places(slopes: NDArray, weights: NDArray, total: float) -> int:
    """Return the fewest decimals, 2 to 5, with which products and sum come out as printed; else 2."""
    return next((n for n in range(2, MOST_PLACES + 1) if comes_out(slopes, weights, total, n)), 2)
