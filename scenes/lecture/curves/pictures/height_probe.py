"""An upright line at one x: the height of each term there as an arrow on the one before, and as a number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.lecture.curves.pictures.curve_board import PANELS, CurveBoard
from gradreel.scenes.mobjects.plot import ring, segment
from gradreel.scenes.mobjects.text import Number, words
from gradreel.scenes.mobjects.ticks import labelled, unit_of
from gradreel.scenes.style import mix, palette
from manim import ManimColor, Triangle, VGroup, VMobject
from numpy.typing import NDArray

SPREAD, APART = 1.1, 0.34  # from the first column of arrows to the last, at most; from one to the next
HEAD, SLIM = 0.19, 0.7  # an arrow's head at most; how wide it is for its height
TIP = 0.12  # radius of the dot where they end
LEAVING, CLEAR = 0.3, 0.1  # way on which the name of x fades; between it and the axis' labels, at least
NUMBERS = 0.8  # from the middle of a card down to its number's baseline


class HeightProbe(VGroup):
    """``show(x)`` moves everything there. The board's formula must be whole: its cards carry the numbers.

    Arrows that go one way stand on each other, as heights do; one that turns back needs a place of its own and has the
    next column, all about the line. They end at the curve, beside the tip on the line.

    Parts: ``line``; for each term one of ``arrows``, ``numbers`` (none where cards stand over the panels) and
    ``marks`` (in its panel); ``joints`` between the arrows; ``tip`` on the line where the last one ends; ``total``,
    what they come to, left of the sum, and ``equals``, the sign between, where it has room; ``x_name``, the x where it
    begins, where the axis' labels leave it room: it is seen while the line stands there.
    """

    def __init__(self, board: CurveBoard, x: float) -> None:
        super().__init__()
        self.board, self.plot, self.parts, self.home = board, board.plot, board.parts, x
        unit = self.plot.y_unit
        colors = [palette.grey, *[palette.blue] * board.pieces]
        self.line = segment((0, 0, 0), (0, 1, 0), mix(palette.text, 0.45), style.GUIDE)
        self.arrows = VGroup(*(_Arrow(color) for color in colors))
        self.joints = VGroup(*(segment((0, 0, 0), (1, 0, 0), mix(palette.text, 0.6), style.GUIDE) for _ in colors[1:]))
        self.offsets = _columns([self.parts.constant, *self.parts.height])
        self.marks = VGroup(*(ring((0, 0, 0), 0.08, palette.text, fill=color) for color in colors))
        self.tip = ring((0, 0, 0), TIP, palette.text, fill=palette.blue)
        baseline = board.formula.card(0).get_center()[1] - NUMBERS
        self.numbers = VGroup()
        last = board.formula.card(board.pieces).get_right()[0]
        for k, color in enumerate(colors if last < PANELS[0] else ()):  # else the panels are in their way
            number = Number(0.0, unit.decimals, style.LABEL, color, signed=k > 0)
            middle = board.formula.card(k).get_center()[0]
            self.numbers.add(number.place(baseline, right=middle + number.width / 2 + 0.05))
        self.total = Number(0.0, unit.decimals, style.LABEL, palette.blue)
        sign = board.formula.name[1]  # the total stands left of it, or under it where the axis' notes are
        right = sign.get_right()[0] + 0.1 if len(self.plot.notes) else sign.get_left()[0] - 0.1
        self.total.place(baseline, right=right)
        equals = words("$=$", style.LABEL).place(baseline, center=sign.get_center()[0])
        self.equals = VGroup(equals) if len(self.numbers) and not len(self.plot.notes) else VGroup()
        self.x_name = self._named(x)
        self.add(self.line, self.joints, self.arrows, self.marks, self.tip, self.numbers)
        self.add(self.total, self.equals, self.x_name)
        self.show(x)

    def _named(self, x: float) -> VGroup:
        """The label of ``x`` among those of the axis; empty if it would touch one of them."""
        (label,) = labelled((x,), unit_of(*self.plot.x_range)).labels
        name = words(label, style.TICK).place(self.plot.box[2] - 0.4, center=self.plot.at(x, 0)[0])
        edges = [(tick.get_left()[0], tick.get_right()[0]) for tick in self.plot.x_tick_labels]
        free = all(name.get_right()[0] + CLEAR < left or right + CLEAR < name.get_left()[0] for left, right in edges)
        return VGroup(name) if free else VGroup()

    def reach(self) -> tuple[float, float]:
        """The x between which all arrows stand over the axis."""
        left, right = self.plot.box[:2]
        return self.plot.data((left + TIP - self.offsets[0], 0, 0))[0], self.plot.data(
            (right - TIP - self.offsets[-1], 0, 0)
        )[0]

    def heights(self, x: float) -> NDArray:
        """Each term at ``x``, the constant first, (K + 1,)."""
        return np.array([self.parts.constant, *(self.parts.piece(k, x) for k in range(1, self.board.pieces + 1))])

    def show(self, x: float) -> HeightProbe:
        """Move to ``x``, in place; returns self."""
        self.x = x
        heights, unit = self.heights(x), self.plot.y_unit
        low, high = self.plot.y_range
        across = float(self.plot.at(x, low)[0])
        self.line.set_points_as_corners(self.plot.at(np.array([x, x]), np.array([low, high])))
        ends = np.clip(np.concatenate([[0.0], np.cumsum(heights)]), low, high)
        levels = self.plot.at(0.0, ends)[:, 1]
        places = across + self.offsets
        for k, arrow in enumerate(self.arrows):
            arrow.span(places[k], levels[k], levels[k + 1])
        for joint, a, b, y in zip(self.joints, places, places[1:], levels[1:], strict=False):
            joint.set_points_as_corners([(a, y, 0), (b, y, 0)])
        for k, mark in enumerate(self.marks):
            mark.move_to(self.board.panels.at(k, x))
        self.tip.move_to((across, levels[-1], 0))
        for k, number in enumerate(self.numbers):
            number.set_value(unit.of_difference(heights[k]) if k else unit.of(heights[0]))
        self.total.set_value(unit.of(self.parts(x)))
        away = abs(across - float(self.plot.at(self.home, low)[0]))
        self.x_name.set_fill(opacity=max(0.0, 1.0 - away / LEAVING))
        return self


class _Arrow(VGroup):
    """An upright arrow whose points are set in place; a short one has a small head, none has none."""

    def __init__(self, color: ManimColor) -> None:
        super().__init__()
        self.stem = segment((0, 0, 0), (0, 1, 0), color, 4.5)
        self.head = Triangle(color=color, stroke_width=0).set_fill(color, 1)
        self.unit_head = _centered(self.head)
        self.add(self.stem, self.head)

    def span(self, x: float, start: float, end: float) -> None:
        length, up = abs(end - start), 1.0 if end >= start else -1.0
        size = min(HEAD, 0.6 * length)
        self.stem.set_points_as_corners([(x, start, 0), (x, end - up * 0.9 * size, 0)])
        self.head.points = self.unit_head * size * np.array([SLIM, up, 1.0]) + np.array([x, end - up * size, 0.0])


def _columns(heights: Sequence[float]) -> NDArray:
    """Where the arrow of each term stands, (K + 1,): how far from the line, their middle."""
    columns, way = [0], 0.0
    for height in heights:
        turned = way * height < 0
        columns.append(columns[-1] + turned)
        way = height if height else way
    column = np.array(columns[1:])
    return (column - column[-1] / 2) * min(APART, SPREAD / max(1, column[-1]))


def _centered(head: VMobject) -> NDArray:
    """The head's outline, one unit high, its base at 0."""
    points = head.points - head.get_bottom()
    return np.asarray(points / head.height)
