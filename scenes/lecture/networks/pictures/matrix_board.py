"""A small network's equations, and the same in boxes: what the matrix form is made of, each part where it belongs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from gradreel.core.network.theta import Layers
from gradreel.core.network.worked_example import Forward
from gradreel.scenes import style
from gradreel.scenes.lecture.networks.pictures.matrix_boxes import BoxEquation, NumberBox
from gradreel.scenes.mobjects.lecture_formulas import (
    row_source,
    vector_output_source,
    vector_row_source,
    vector_sigmoid_source,
)
from gradreel.scenes.mobjects.text import TextMobject, formula, words
from gradreel.scenes.style import palette
from manim import VGroup
from numpy.typing import NDArray

WIDE = style.RIGHT_EDGE - style.LEFT_EDGE
TOP, LATER = 2.15, 0.7  # where the boxes of the sums, and those of what comes after them, have their upper edge
ROOM, LARGE_ROOM = 1.95, 2.3  # the height of their boxes, at most
CELL, LEAST_CELL = 29, 24
LARGE_CELLS = (34, 32, 30, 28, 26, LEAST_CELL)  # after the sums: the first with which an equation is not too wide
WIDER = 1.05  # em beside the signs of sigma
BESIDE_X = 0.2  # from the column x to a row of W that stands up beside it, scene units
EQUATION, EQUATIONS_Y = 46, -0.45  # of the equations, and of the first one's baseline

Cell = tuple[VGroup, str, tuple[int, int]]  # a letter, the box it goes to, and its cell there


class MatrixBoard:
    """What the network with the parameters ``layers`` computes of one day, ``there``. No mobject itself.

    Parts: ``equations``, a unit each; in boxes ``sums`` (r = b + W x) with their ``shapes``, ``sigma`` (a = sigma(r))
    with ``sigma_word``, the ``activation`` in letters, and ``output`` (y = b + c^T a); ``c_column`` and ``c_letter``,
    which lie down to be the row of c in it. ``decimals`` by box, where they are not the usual ones.
    """

    def __init__(
        self, layers: Layers, there: Forward, activation: str, decimals: Mapping[str, int] | None = None
    ) -> None:
        self.n_units, self.n_features = layers.weights[0].shape
        self.decimals = decimals
        self._build_sums(layers, there)
        self._build_output(layers, there)
        self.shapes = VGroup(*(box.shape_text() for box in self.sums.boxes.values()))
        self.sigma_word = self._sigma_word(activation)
        self.c_column, self.c_letter = self._upright(layers.c)
        self.equations = self._equations()

    def _build_sums(self, layers: Layers, there: Forward) -> None:
        boxes = {
            "r": (_column(there.r[0]), "blue"),
            "bias": (_column(layers.biases[0]), "green"),
            "w": (layers.weights[0], "yellow"),
            "x": (_column(there.x), "text"),
        }
        rows = max(self.n_units, self.n_features)
        size = max(LEAST_CELL, min(CELL, ROOM / (2.1 * rows + 0.35) / style.EM))
        order = ("r", "r-equals", "bias", "plus-in", "w", "x")
        self.sums = BoxEquation(vector_row_source(), order, boxes, size, ROOM, decimals=self.decimals)
        self.sums.shift([-self.sums.get_x(), TOP, 0])

    def _build_output(self, layers: Layers, there: Forward) -> None:
        """Both equations that come after the sums, each alone in the middle."""
        r, a = ((_column(values), "blue") for values in (there.r[0], there.a[0]))
        out = {"y": (there.y, "blue"), "b": (layers.b, "grey"), "c": (layers.c[None, :], "magenta"), "a": a}
        order = ("a", "a-equals", "sigmoid", "r")
        self.sigma = _large(
            lambda size: BoxEquation(
                vector_sigmoid_source(), order, {"a": a, "r": r}, size, LARGE_ROOM, "r", sign_gap=WIDER
            )
        )
        terms = ("y", "equals", "b", "plus", "c", "a")
        self.output = _large(
            lambda size: BoxEquation(vector_output_source(), terms, out, size, LARGE_ROOM, decimals=self.decimals)
        )

    def _sigma_word(self, activation: str) -> TextMobject:
        """What sigma stands for, in letters: below it, or below the boxes where they leave no room."""
        sigma, a = self.sigma.text.part("sigmoid"), self.sigma.boxes["a"]
        word = words(activation, style.SMALLEST, palette.text)
        left, right = a.get_right()[0] + 0.08, self.sigma.text.part("brackets")[0].get_left()[0] - 0.08
        if word.width <= right - left:
            return word.place(sigma.get_bottom()[1] - 0.4, center=(left + right) / 2)
        return word.place(a.get_bottom()[1] - 0.35, center=sigma.get_x())

    def _upright(self, c: NDArray) -> tuple[NumberBox, VGroup]:
        """c as a column, where it will lie as a row, and its letter."""
        row = self.output.boxes["c"]
        column = NumberBox(c[:, None], "magenta", row.cells[0].font_size, self.output.boxes["a"].pitch)
        column.move_to(row)
        letter = self.output.text.part("c")[0].copy()
        above = letter.get_y() - row.get_top()[1]
        return column, letter.move_to([column.get_x(), column.get_top()[1] + above, 0])

    def _equations(self) -> list[TextMobject]:
        sources = [row_source(i, self.n_features) for i in range(1, self.n_units + 1)]
        size = min(EQUATION, EQUATION * WIDE / max(formula(source, EQUATION).width for source in sources))
        equations = [formula(source, size) for source in sources]
        pitch = min(0.95, 2.8 / max(1, self.n_units - 1))
        left = -equations[0].width / 2
        return [equation.place(EQUATIONS_Y - pitch * i, left=left) for i, equation in enumerate(equations)]

    @property
    def has_room_beside_x(self) -> bool:
        """Whether a row of W can stand up there."""
        w, x = self.sums.boxes["w"], self.sums.boxes["x"]
        return bool(x.get_right()[0] + BESIDE_X + max(number.width for number in w.cells) <= style.RIGHT_EDGE)

    def cells_of(self, i: int) -> list[Cell]:
        """Each letter of equation i (counted from 0), and where it goes."""
        equation = self.equations[i]
        cells: list[Cell] = [(equation.part("r"), "r", (i, 0)), (equation.part("bias"), "bias", (i, 0))]
        for j in range(self.n_features):
            cells += [(equation.part(f"w_{j + 1}"), "w", (i, j)), (equation.part(f"x_{j + 1}"), "x", (j, 0))]
        return cells

    def signs(self) -> VGroup:
        """The equals signs and the pluses of the equations, which are no named parts."""
        return VGroup(*map(_signs, self.equations))


def _large(build: Callable[[float], BoxEquation]) -> BoxEquation:
    """An equation in the middle, its numbers as large as there is room."""
    equation = next((made for made in map(build, LARGE_CELLS) if made.width <= WIDE), None) or build(LEAST_CELL)
    return equation.shift([-equation.get_x(), LATER, 0])


def _column(values: NDArray) -> NDArray:
    return np.asarray(values)[:, None]


def _signs(equation: TextMobject) -> VGroup:
    named = {k for indices in equation.parts.values() for k in indices}
    return VGroup(*(glyph for k, glyph in enumerate(equation) if k not in named))
