"""A small network's equations as vectors and matrices: boxes of numbers that stand under the letters of r = b + W x.

`NumberBox` is one vector or matrix, `BoxEquation` an equation of them, `MatrixBoard` all that matrix-form shows of a
network; then the ways of letters into boxes, and `GrowingGrid`, a matrix that becomes ever larger.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from gradreel.core.network.theta import Layers
from gradreel.core.network.worked_example import Forward
from gradreel.scenes import style
from gradreel.scenes.mobjects.lecture_formulas import (
    row_source,
    vector_output_source,
    vector_row_source,
    vector_sigmoid_source,
)
from gradreel.scenes.mobjects.plot import straight_curves
from gradreel.scenes.mobjects.printed_arithmetic import fitting_places
from gradreel.scenes.mobjects.text import Number, TextMobject, formula, words
from gradreel.scenes.style import mix, palette
from manim import Animation, Dot, Rectangle, RoundedRectangle, UpdateFromAlphaFunc, VGroup, VMobject, smooth
from numpy.typing import ArrayLike, NDArray

FILL = 0.13  # share of its colour that a box is filled with
CORNER = 0.12
DIGIT = 0.56  # em, the advance of a digit
SIDE, BETWEEN = 0.62, 1.05  # em, within a box beside its columns, and between two columns
ROW, ABOVE = 2.1, 0.35  # em, the pitch of rows where there is room, and what a box is higher than its rows
SIGN_GAP = 1.1  # em, on both sides of = and +
HEAD_SIZE = 1.55  # of the letters, in sizes of the numbers
MOST_PLACES = 5
LATE, EARLY = 0.35, 0.75  # shares of a letter's way into its box at which the one direction begins, the other ends
HEAD_ABOVE = 0.2  # scene units from a box up to its letter's baseline

WIDE = style.RIGHT_EDGE - style.LEFT_EDGE
TOP, LATER = 2.15, 0.7  # where the boxes of the sums, and those of what comes after them, have their upper edge
ROOM, LARGE_ROOM = 1.95, 2.3  # the height of their boxes, at most
CELL, LEAST_CELL = 29, 24
LARGE_CELLS = (34, 32, 30, 28, 26, LEAST_CELL)  # after the sums: the first with which an equation is not too wide
WIDER = 1.05  # em beside the signs of sigma
BESIDE_X = 0.2  # from the column x to a row of W that stands up beside it, scene units
EQUATION, EQUATIONS_Y = 46, -0.45  # of the equations, and of the first one's baseline

SQUARE, WIDEST = 0.21, 1.3  # side of a cell at first; width that the matrix may come to
EDGE = -2.65  # where it is cut off when it is taller: open, with three dots below that say that it goes on
DOTS, DOT = (0.16, 0.32, 0.48), 0.035  # from there down to the dots; their radius
DENSE = 0.6  # share of its colour where cells cannot be told apart
LEAST_PITCH = 0.03  # of lines that are drawn, scene units


def places(values: NDArray) -> int:
    """Decimals for numbers in one box: two for usual ones, fewer for large ones, more where all are below 0.1."""
    largest = float(np.abs(values).max(initial=0.0))
    if 0 < largest < 0.1:
        return min(MOST_PLACES, 1 - math.floor(math.log10(largest)))
    return fitting_places(values.ravel())


class NumberBox(VGroup):
    """Draws a vector or a matrix, (R, C), as a box of numbers, right-aligned in their columns.

    Parts: ``box``, ``numbers[i][j]``. ``pitch``: of the rows, in scene units. ``decimals``:
    just so many. Its top left corner is at the origin until it is moved.
    """

    def __init__(
        self,
        values: ArrayLike,
        role: str,
        size: float,
        pitch: float | None = None,
        decimals: int | None = None,
    ) -> None:
        super().__init__()
        self.values: NDArray = np.atleast_2d(np.asarray(values, dtype=float))
        rows, columns = self.values.shape
        color = getattr(palette, role)
        self.decimals = places(self.values) if decimals is None else decimals
        em = size * style.EM
        self.numbers = [[Number(value, self.decimals, size, color) for value in row] for row in self.values]
        digits = [max(len(row[j].text) for row in self.numbers) for j in range(columns)]
        other = 0.28 if self.decimals else DIGIT  # a point is half as wide as a digit
        widths = [(DIGIT * (n - 1) + other) * em for n in digits]
        ends = SIDE * em + np.cumsum(widths) + BETWEEN * em * np.arange(columns)
        self.pitch = pitch = pitch or ROW * em
        width, height = float(ends[-1]) + SIDE * em, rows * pitch + ABOVE * em
        self.box = RoundedRectangle(corner_radius=CORNER, width=width, height=height, color=color)
        self.box.set_stroke(width=style.BOX).set_fill(mix(color, FILL), 1).move_to((width / 2, -height / 2, 0))
        for i, row in enumerate(self.numbers):
            y = -ABOVE / 2 * em - (i + 0.5) * pitch - 0.36 * em
            for number, end in zip(row, ends, strict=True):
                number.place(y, float(end))
        self.add(self.box, *self.cells)

    @property
    def cells(self) -> list[Number]:
        """The numbers, row by row."""
        return [number for row in self.numbers for number in row]

    def place_of(self, i: int, j: int) -> NDArray:
        """The middle of cell (i, j), (3,)."""
        column = VGroup(*(row[j] for row in self.numbers))
        return np.array([column.get_x(), self.numbers[i][j].get_y(), 0.0])


class BoxEquation(VGroup):
    """Draws an equation of boxes, each under its letter: r = b + W x.

    ``text`` is the formula, its parts put over their boxes, signs between them; the boxes can go, and the formula close
    up again (`formula_growth.grow`).
    ``boxes``: part -> (values, role), in the order of the formula; parts without a box are signs and stand at the
    boxes' middle; ``order`` names all from left to right. A part "brackets" stands around the box ``inside``.
    ``decimals``: of some boxes, where these are not the usual ones. It is laid out from x = 0 to the right, the tallest
    box's top at y = 0; move it before anything is shown.
    """

    def __init__(
        self,
        source: str,
        order: Sequence[str],
        boxes: Mapping[str, tuple[ArrayLike, str]],
        size: float,
        room: float,
        inside: str | None = None,
        sign_gap: float = SIGN_GAP,
        decimals: Mapping[str, int] | None = None,
    ) -> None:
        super().__init__()
        self.text = formula(source, HEAD_SIZE * size)
        self._baseline = self.text.baseline  # before its parts are put elsewhere
        em, x = size * style.EM, 0.0
        rows = max(len(np.atleast_2d(values)) for values, _ in boxes.values())
        pitch = min(ROW * em, (room - ABOVE * em) / rows)
        given = decimals or {}
        self.boxes = {
            name: NumberBox(values, role, size, pitch, decimals=given.get(name))
            for name, (values, role) in boxes.items()
        }
        tallest = max(box.height for box in self.boxes.values())
        self.middle = -tallest / 2
        before = ""
        for name in order:
            if before:
                x += em * (sign_gap if name not in self.boxes or before not in self.boxes else 0.45)
            if name in self.boxes:
                x = self._put_box(name, x, name == inside)
            else:
                sign = self.text.part(name)
                sign.move_to((x + sign.width / 2, self.middle, 0))
                x += sign.width
            before = name
        self.add(*self.boxes.values(), self.text)

    def _put_box(self, name: str, x: float, bracketed: bool) -> float:
        """The box ``name`` from x on, its letter above it, and brackets around it; where it ends."""
        box = self.boxes[name]
        if bracketed:
            left, right = self.text.part("brackets")
            for bracket in (left, right):
                bracket.stretch_to_fit_height(box.height * 1.05)
            left.move_to((x + left.width / 2, self.middle, 0))
            x = left.get_right()[0] + 0.12
        box.shift([x, self.middle + box.height / 2, 0])
        head = self.text.part(name)
        head.shift([box.box.get_x() - head.get_x(), box.box.get_top()[1] + HEAD_ABOVE - self._baseline, 0])
        x += box.box.width
        if bracketed:
            right.move_to((x + 0.12 + right.width / 2, self.middle, 0))
            x = right.get_right()[0]
        return float(x)


class MatrixBoard:
    """Has the equations of a network, in letters and in boxes with the numbers of a day; no mobject itself.

    ``layers``: its parameters; ``there``: the day on its way through it.

    Parts: ``equations``, a unit each; in boxes ``sums`` (r = b + W x), ``sigma`` (a = sigma(r))
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
                vector_sigmoid_source(), order, {"a": a, "r": r}, size, LARGE_ROOM, "r", WIDER, self.decimals
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

    def letters(self) -> dict[str, list[tuple[VGroup, tuple[int, int]]]]:
        """Of each box of the sums, the equations' letters that go into it, each with its cell there."""
        found: dict[str, list[tuple[VGroup, tuple[int, int]]]] = {"r": [], "bias": [], "w": [], "x": []}
        for i, equation in enumerate(self.equations):
            found["r"].append((equation.part("r"), (i, 0)))
            found["bias"].append((equation.part("bias"), (i, 0)))
            for j in range(self.n_features):
                found["w"].append((equation.part(f"w_{j + 1}"), (i, j)))
                found["x"].append((equation.part(f"x_{j + 1}"), (j, 0)))
        return found

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


def along_then_across(mobject: VGroup, end: NDArray, border: float, far: float) -> Animation:
    """Moves ``mobject`` to ``end``: sideways all the time, up or down once its right edge has passed x = ``border``.

    It fades out before it touches x = ``border``, and in when it has passed x = ``far``, so that it is never cut.
    """
    start, half = mobject.get_center(), mobject.width / 2
    before, after = (max(1e-6, min(half, room)) for room in (border - start[0] - half, end[0] - half - far))

    def move(moving: VGroup, share: float) -> None:
        x = start[0] + share * (end[0] - start[0])
        passed = max(0.0, (x + half - border) / (end[0] + half - border))
        moving.move_to([x, start[1] + smooth(passed) * (end[1] - start[1]), 0.0])
        shown = max((border - x - half) / before, (x - half - far) / after)
        moving.set_opacity(float(np.clip(shown, 0.0, 1.0)))

    return UpdateFromAlphaFunc(mobject, move)


def up_then_across(start: NDArray, end: NDArray, share: float) -> NDArray:
    """Path function for points (n, 3): first up or down, then sideways."""
    late, early = max(0.0, (share - LATE) / (1 - LATE)), min(1.0, share / EARLY)
    return start + np.array([late, early, 1.0]) * (end - start)


def up_then_straight(start: NDArray, end: NDArray, level: float) -> Callable[[NDArray, NDArray, float], NDArray]:
    """Path function for what goes from ``start`` to ``end``, (3,): up as far as y = ``level``, then straight."""
    up = np.array([0.0, max(0.0, level - start[1]), 0.0])
    turn = up[1] / (up[1] + float(np.linalg.norm(end - start - up)) + 1e-9)

    def way(points: NDArray, goal: NDArray, share: float) -> NDArray:
        if share < turn:
            return np.asarray(points + share / turn * up)
        return np.asarray(points + up + (share - turn) / (1 - turn) * (goal - points - up))

    return way


def across_then_up(start: NDArray, end: NDArray, share: float) -> NDArray:
    """Path function for points (n, 3): first sideways, then up or down."""
    return up_then_across(start[:, [1, 0, 2]], end[:, [1, 0, 2]], share)[:, [1, 0, 2]]


class GrowingGrid(VGroup):
    """Draws a matrix as a grid, a cell each number, that grows from ``first`` to ``last``, (rows, columns).

    Its upper edge stays at ``top``, its middle at ``x``. `show` sets how far it has grown. Its cells are
    square; they become smaller where it would be too wide, and lines stand between them while there is room. A tall one
    is cut off, open, with dots below it.
    """

    def __init__(self, first: tuple[int, int], last: tuple[int, int], x: float, top: float) -> None:
        super().__init__()
        self.first, self.last, self.x, self.top = first, last, x, top
        self.body = Rectangle(width=1.0, height=1.0, stroke_width=0)
        self.lines, self.rim = VMobject(fill_opacity=0), VMobject(fill_opacity=0)
        self.more = VGroup(*(Dot((x, EDGE - below, 0), DOT, color=palette.yellow) for below in DOTS))
        self.add(self.body, self.lines, self.rim, self.more)
        self.show(0.0)

    def show(self, share: float) -> GrowingGrid:
        """Draw it after ``share`` of the way, by equal factors in equal shares; returns it."""
        self.rows, self.columns = (a * (b / a) ** share for a, b in zip(self.first, self.last, strict=True))
        cell = min(SQUARE, WIDEST / self.columns)
        width = self.columns * cell
        left, lower = self.x - width / 2, self.top - self.rows * cell
        bottom = max(lower, EDGE)
        corners = [(left, self.top), (left + width, self.top), (left + width, bottom), (left, bottom), (left, self.top)]
        self.body.set_points_as_corners(np.array([(*corner, 0.0) for corner in corners]))
        self.rim.set_points_as_corners(np.array([(*corner, 0.0) for corner in (corners[3], *corners[:3])]))
        if lower >= EDGE:
            self.rim.add_line_to(np.array([left, bottom, 0.0]))
        self.more.set_opacity(float(np.clip((EDGE - lower) / DOTS[-1], 0.0, 1.0)))
        crowded = float(np.clip(1.0 - (cell - LEAST_PITCH) / (SQUARE - LEAST_PITCH), 0.0, 1.0))
        self.body.set_fill(mix(palette.yellow, FILL + (DENSE - FILL) * crowded**4), 1)
        self.rim.set_stroke(palette.yellow, style.BOX)
        self._rule(left, bottom, width, cell)
        self.lines.set_stroke(mix(palette.yellow, 0.7), 1.6 - 0.8 * crowded)
        return self

    def _rule(self, left: float, bottom: float, width: float, cell: float) -> None:
        """The lines between columns and between rows; none that could not be told from its neighbour."""
        starts, ends = [], []
        if cell >= LEAST_PITCH:
            for x in left + cell * np.arange(1, int(np.ceil(self.columns - 1e-9))):
                starts.append((x, bottom, 0.0))
                ends.append((x, self.top, 0.0))
            rows = min(self.rows, (self.top - bottom) / cell)
            for y in self.top - cell * np.arange(1, int(np.ceil(rows - 1e-9))):
                starts.append((left, y, 0.0))
                ends.append((left + width, y, 0.0))
        there = np.array(starts).reshape(-1, 3), np.array(ends).reshape(-1, 3)
        self.lines.points = straight_curves(*there).reshape(-1, 3)
