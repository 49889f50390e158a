"""The error's slopes in orange, each in a pill beside the name of what it belongs to; then all of them as the gradient.

The pill keeps a name and a slope with its sign from being read as a sum: filled where the name is a parameter's, an
outline at a node. The names stay. Only on a line that has no room for both does a slope take its name's place. Pure
functions of numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.lecture.deep.day_step import DayStep, slope_text
from gradreel.scenes.mobjects.callout import touch
from gradreel.scenes.mobjects.network_diagram import LayerDiagram
from gradreel.scenes.mobjects.plot import polyline
from gradreel.scenes.mobjects.printed_arithmetic import fitting_places, no_zero, telling_text
from gradreel.scenes.mobjects.text import TextMobject, formula, words
from gradreel.scenes.mobjects.theta_strip import ELLIPSIS, chosen_entries, fitting_decimals, letter_of, role_of
from gradreel.scenes.style import mix, palette
from manim import RIGHT, RoundedRectangle, VGroup, VMobject
from numpy.typing import NDArray

BESIDE = 0.11  # from a name to its slope's pill
PILL_HEIGHT, PILL_PADDING, PILL_LINE, PILL_FILL = 0.28, 0.08, 1.4, 0.19
OVER, OVER_LOW = 0.14, 0.0  # from a node's top to the baseline of its slope; where a bias' slope needs room above it
SHARES = (0.69, 0.24)  # of a line, where its slope may stand if it has no room beside the name
CLEAR = (0.04, 0.02)  # scene units between two labels, beside and above each other
MOST_IN_ROW, LEAST_IN_ROW = 9, 6  # entries of the gradient in one of its two rows
ENTRY, ROWS_APART = 30, 0.42  # size of the numbers there; from one row down to the next
PITCH, NUMBERS_APART = 1.0, 0.14  # from one entry to the next, where there is room; free between their numbers
BRACKET, HOOK = 0.14, 0.09  # from the rows to the brackets around both; length of those ends
ROW_LEFT, ROW_RIGHT = style.LEFT_EDGE + 1.05, style.RIGHT_EDGE - BRACKET
GROUP_LETTER, GROUP_HEAD, GROUPS_APART = 34.0, 0.48, 0.26  # of a group: its letter, the room for that; up to the next
GROUP_HEIGHT, GROUP_SIDE = 0.35, 0.06  # of the pill that holds its numbers; free at both of its ends
GROUP_LETTERS = {"w": "W", "b": "bold(b)", "c": "bold(c)", "constant": "b"}


def _in_pill(value: float, among: Iterable[float]) -> str:
    return no_zero(value, slope_text(value, among))


@dataclass
class Named:
    """What of a diagram of one hidden layer has a name on the screen."""

    letters: Sequence[VGroup]  # of columns x, r, a, y
    weights: dict[tuple[int, int], VGroup]
    c: dict[tuple[int, int], VGroup]
    biases: list[VGroup]  # arrow and name
    output_bias: VGroup


class Slopes:
    """Every slope at its place, each a pill and the text in it.

    ``nodes[k, i]``: at node i of column k (r 1, a 2, y 3); ``biases[i]``, ``output_bias``: at the arrows;
    ``lines[k, i, j]``: on the line to node i from node j of column k. ``replaced``: names whose places these take.
    """

    def __init__(self, diagram: LayerDiagram, named: Named, step: DayStep) -> None:
        self.diagram, self.named = diagram, named
        slopes, self.weights, c = step.slopes, step.gradient.weights[0], step.gradient.c  # weights: (H, D)
        self.nodes = {
            (column, i): self._at_node(column, i, _in_pill(value, values))
            for column, values in ((3, [slopes.y]), (2, slopes.a[0]), (1, slopes.r[0]))
            for i, value in enumerate(values)
        }
        of_r = zip(named.biases, slopes.r[0], strict=True)
        self.biases = [_at_arrow(arrow, _in_pill(value, slopes.r[0])) for arrow, value in of_r]
        self.output_bias = _at_arrow(named.output_bias, _in_pill(slopes.y, [slopes.y]))
        self.lines: dict[tuple[int, int, int], VGroup] = {}
        self.replaced: dict[tuple[int, int, int], VGroup] = {}
        self._on_lines(0, named.weights, self.weights)
        self._on_lines(2, named.c, c[None])

    def of(self, index: int) -> VGroup | None:
        """Parameter ``index``'s slope, as `parameter_names` counts them; None where its line has none."""
        units, days = self.weights.shape
        if index < units * days:
            return self.lines.get((0, *divmod(index, days)))
        index -= units * days
        if index < units:
            return self.biases[index]
        return self.lines[2, 0, index - units] if index < 2 * units else self.output_bias

    def _at_node(self, column: int, i: int, text: str) -> VGroup:
        """Right of the letter above the node; in a crowded diagram, above the node or left of what comes from above.

        At the nodes of r it is a little lower: the slopes of the biases stand above them.
        """
        node, made = self.diagram.columns[column].nodes[i], _orange(text)
        beside = BESIDE + PILL_PADDING
        if self.diagram.is_crowded:
            aside = {"right": node.get_x() - beside} if column == 1 else {"center": node.get_x()}
            return _pill(made.place(node.get_top()[1] + 0.1, **aside), filled=False)
        letter = self.named.letters[column][i]
        baseline = node.get_top()[1] + (OVER_LOW if column == 1 else OVER)
        left = letter.get_right()[0] + beside
        has_room = left + made.width <= style.RIGHT_EDGE
        aside = {"left": left} if has_room else {"right": letter.get_left()[0] - beside}
        return _pill(made.place(baseline, **aside), filled=False)

    def _on_lines(self, k: int, names: dict[tuple[int, int], VGroup], values: NDArray) -> None:
        """One layer's: right of the names, else all at one share of their lines, else in the names' places."""
        before, after = self.diagram.columns[k : k + 2]
        texts = {at: _pill(_orange(_in_pill(values[at], values.ravel()))) for at in names}
        ways = {(i, j): (before.nodes[j].get_center(), after.nodes[i].get_center()) for i, j in names}
        others: list[VMobject] = [*names.values(), *before, *after, *self.nodes.values(), *self.biases]
        even = 1 - 1 / (len(before.nodes) + 1)  # where lines from all nodes to all nodes are evenly spaced
        beside = {at: names[at].get_right() + (text.width / 2 + BESIDE / 2) * RIGHT for at, text in texts.items()}
        shares = SHARES if k == 2 else (even, *SHARES)
        on_the_way = [{at: start + share * (end - start) for at, (start, end) in ways.items()} for share in shares]
        for places in (beside, *on_the_way):
            for at, text in texts.items():
                text.move_to(places[at])
            placed = list(texts.values())
            pairs = [(text, other) for n, text in enumerate(placed) for other in (*others, *placed[:n])]
            if not any(touch(text, other, CLEAR) for text, other in pairs):
                self.lines |= {(k, *at): text for at, text in texts.items()}
                return
        for at, text in texts.items():
            self.lines[k, *at] = text.move_to(names[at])
            self.replaced[k, *at] = names[at]


def _orange(text: str, size: float = style.TICK) -> TextMobject:
    return words(text, size, palette.orange)


def _pill(text: TextMobject, filled: bool = True) -> VGroup:
    """A text, where it stands, in a pill that hides the lines below it; ``filled``: a parameter's, not a node's."""
    width = max(text.width + 2 * PILL_PADDING, PILL_HEIGHT)
    shape = RoundedRectangle(corner_radius=PILL_HEIGHT * 0.499, width=width, height=PILL_HEIGHT)
    shape.set_stroke(mix(palette.orange, 0.75), 0 if filled else PILL_LINE)
    shape.set_fill(mix(palette.orange, PILL_FILL) if filled else palette.background, 1)
    return VGroup(shape.move_to(text), text)


def slope_pill(text: str, filled: bool = True) -> VGroup:
    """A slope as printed, in a pill: ``filled`` for a parameter's or a line's, an outline at a node."""
    return _pill(_orange(text), filled)


def _at_arrow(arrow: VGroup, text: str) -> VGroup:
    """Right of a bias's name, below its node; where there is no room, left of its arrow."""
    head, name = arrow
    made, baseline = _orange(text), name.baseline
    made.place(baseline, left=name.get_right()[0] + BESIDE + PILL_PADDING)
    if made.get_right()[0] > style.RIGHT_EDGE:
        made.place(baseline, right=head.get_left()[0] - BESIDE - PILL_PADDING)
    return _pill(made)


class GradientRow(VGroup):
    """g and its entries in two rows, the first one on the height ``y``: those of W, and below those of b, c and b.

    Of a letter with many entries only the first ones are there, and "...". ``numbers`` by index of the parameter;
    ``label`` is "g =", ``brackets`` are around both rows; ``groups``: each letter, and the pill beside it that holds
    its numbers.
    """

    def __init__(self, names: Sequence[str], gradient: NDArray, y: float) -> None:
        super().__init__()
        rows, texts, pitch = _rows(names, gradient)
        width = max(_row_width(row, pitch) for row in rows)
        left = -(width + ROW_LEFT - style.LEFT_EDGE + BRACKET) / 2 + ROW_LEFT - style.LEFT_EDGE
        middle = y - ROWS_APART / 2
        self.brackets = VGroup(*(_bracket(x, middle, out) for x, out in ((left, -1), (left + width, 1))))
        self.label = formula("orange(bold(g)) =", 42).place(middle - 0.11, right=left - BRACKET - 0.15)
        self.numbers: dict[int, TextMobject] = {}
        self.dots, self.groups = VGroup(), VGroup()
        for row, height in zip(rows, (y, y - ROWS_APART), strict=False):
            x = left
            for letter, entries in row.items():
                self.groups.add(_group(letter, x, len(entries) * pitch, height))
                for k, entry in enumerate(entries):
                    self._put(entry, texts, x + GROUP_HEAD + GROUP_SIDE + (k + 0.5) * pitch, height)
                x += _row_width({letter: entries}, pitch) + GROUPS_APART
        self.add(self.label, self.brackets, self.groups, *self.numbers.values(), self.dots)

    def _put(self, entry: int | None, texts: dict[int, TextMobject], x: float, y: float) -> None:
        foot = y - 0.36 * ENTRY * style.EM
        if entry is ELLIPSIS:
            self.dots.add(_orange("…", ENTRY).place(foot, center=x))
        else:
            self.numbers[entry] = texts[entry].place(foot, center=x)


Row: TypeAlias = dict[str, list[int | None]]
"""Letters and their entries, one after the other; ELLIPSIS for those left out."""


def _row_width(row: Row, pitch: float) -> float:
    groups = [GROUP_HEAD + 2 * GROUP_SIDE + len(entries) * pitch for entries in row.values()]
    return sum(groups) + (len(groups) - 1) * GROUPS_APART


def _group(letter: str, x: float, width: float, y: float) -> VGroup:
    """A letter, and right of it the pill for its numbers, which are so wide."""
    color = getattr(palette, role_of("b" if letter == "constant" else f"{letter}_1"))
    name = formula(GROUP_LETTERS[letter], GROUP_LETTER, color)
    name.move_to([x + (GROUP_HEAD - BESIDE) / 2, y, 0.0])
    shape = RoundedRectangle(corner_radius=GROUP_HEIGHT * 0.499, width=width + 2 * GROUP_SIDE, height=GROUP_HEIGHT)
    shape.set_stroke(width=0).set_fill(mix(palette.orange, PILL_FILL), 1)
    return VGroup(name, shape.move_to([x + GROUP_HEAD + GROUP_SIDE + width / 2, y, 0.0]))


def _bracket(x: float, y: float, out: int) -> VMobject:
    """Around both rows, which end at ``x`` and have their middle at ``y``: the right one if ``out`` is 1, else -1."""
    x, half = x + out * BRACKET, (ROWS_APART + GROUP_HEIGHT) / 2
    hook = x - out * HOOK
    corners = [(hook, y + half, 0.0), (x, y + half, 0.0), (x, y - half, 0.0), (hook, y - half, 0.0)]
    return polyline(np.array(corners), palette.text, style.AXIS)


def _rows(names: Sequence[str], gradient: NDArray) -> tuple[list[Row], dict[int, TextMobject], float]:
    """Both rows, their numbers, and from one to the next: as many as stand apart from each other."""
    parts = [[k for k, name in enumerate(names) if (letter_of(name) == "w") == first] for first in (True, False)]
    for most in range(MOST_IN_ROW, LEAST_IN_ROW - 1, -1):
        rows = [_chosen(names, part, most) for part in parts]
        room = min((ROW_RIGHT - ROW_LEFT - _row_width(row, 0.0)) / sum(map(len, row.values())) for row in rows)
        texts = {k: _orange(text, ENTRY) for row in rows for k, text in _row_texts(names, gradient, row, room).items()}
        pitch = max(text.width for text in texts.values()) + NUMBERS_APART
        if pitch <= room:
            break
    return rows, texts, min(room, max(PITCH, pitch))


def _row_texts(names: Sequence[str], gradient: NDArray, row: Row, room: float) -> dict[int, str]:
    """A row's entries: those of a letter as its pills in the diagram have them, in so much ``room`` each."""
    texts: dict[int, str] = {}
    for letter, entries in row.items():
        shown, own = [k for k in entries if k is not ELLIPSIS], [letter_of(name) == letter for name in names]
        fitting = fitting_decimals(gradient[shown], min(room, PITCH), ENTRY, 2)
        places = min(fitting_places(gradient[own]), fitting)
        texts |= {k: no_zero(value, telling_text(value, places)) for k in shown for value in [float(gradient[k])]}
    return texts


def _chosen(names: Sequence[str], part: Sequence[int], most: int) -> Row:
    """Of these parameters the letters, each with as many entries as fit where ``most`` are in the row."""
    row: Row = {}
    letter = ""
    for entry in chosen_entries([names[k] for k in part], most):
        letter = letter if entry is ELLIPSIS else letter_of(names[part[entry]])
        row.setdefault(letter, []).append(entry if entry is ELLIPSIS else part[entry])
    return row
