"""theta upright, as one long vector: a cell for each number, and a column whose entries become ever more."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import polyline, straight_curves
from gradreel.scenes.mobjects.text import Number, formula, words
from gradreel.scenes.mobjects.theta_strip import ELLIPSIS, chosen_entries, letter_of, role_of
from gradreel.scenes.style import FAINT, emphasis, mix, palette
from manim import (
    Animation,
    Rectangle,
    RoundedRectangle,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    interpolate_color,
    smooth,
)
from numpy.typing import NDArray

MOST_CELLS = 16  # beyond these, each letter shows its first entries and dots
WIDTH, GAP, PADDING = 1.2, 0.035, 0.14
TALLEST_PITCH = 0.42
LARGE_NAME = 50  # of a few entries' names, while they are spoken of
FILL = 0.13
BAND_FILL = 0.75  # of a column whose entries cannot be told apart
THIN, MOST_LINES = 0.4, 140  # its width; entries that have a line between them
LEAST_BLOCK = 0.02  # scene units of height from which on a block has its full border
HEADS = {"w": "W", "b": "bold(b)", "c": "bold(c)", "constant": "b"}


class ThetaColumn(VGroup):
    """Draws theta as cells from the top down, in the box (center x, bottom, top).

    ``values`` (P,) are written with ``decimals`` (P,) each.

    Parts: ``boxes``, ``numbers`` (of ``shown``, the parameters that have a cell), ``names`` (theta_1, ...) at the left,
    ``groups`` at the right: a bracket and the letter that the entries come from, by kind; ``dots``; ``label``, theta =.
    """

    def __init__(
        self, names: Sequence[str], values: NDArray, decimals: Sequence[int], box: tuple[float, float, float]
    ) -> None:
        super().__init__()
        x, bottom, top = box
        self.entries = chosen_entries(names, MOST_CELLS)
        self.shown = [entry for entry in self.entries if entry is not ELLIPSIS]
        self.pitch = min(TALLEST_PITCH, (top - bottom) / len(self.entries))
        middle, size = (top + bottom) / 2, self._size(values, decimals)
        first = middle + self.pitch * (len(self.entries) - 1) / 2
        self.boxes, self.numbers, self.names, self.dots = VGroup(), VGroup(), VGroup(), VGroup()
        heights: dict[int, float] = {}
        for row, entry in enumerate(self.entries):
            y = first - row * self.pitch
            if entry is ELLIPSIS:
                self.dots.add(words("…", size, palette.dim).move_to((x, y, 0)))
                continue
            color = getattr(palette, role_of(names[entry]))
            cell = RoundedRectangle(corner_radius=0.07, width=WIDTH, height=self.pitch - GAP)
            self.boxes.add(cell.set_stroke(color, style.BOX).set_fill(mix(color, FILL), 1).move_to((x, y, 0)))
            number = Number(values[entry], decimals[entry], size, color)
            self.numbers.add(number.place(y - 0.36 * size * style.EM, x + WIDTH / 2 - PADDING))
            name = formula(f"orange(theta_{entry + 1})", style.LABEL)
            self.names.add(name.place(y - 0.09, right=x - WIDTH / 2 - 0.14))
            heights[entry] = y
        self.groups = VGroup(*self._groups(names, heights, x + WIDTH / 2 + 0.16))
        self.label = formula("orange(theta) =", 64)
        self.label.place(middle - 0.16, right=self.names.get_left()[0] - 1.0)
        self.add(self.boxes, self.numbers, self.names, self.groups, self.dots, self.label)

    def _size(self, values: NDArray, decimals: Sequence[int]) -> float:
        """Of the numbers: as large as in other cells, where all of them have room."""
        made = (Number(values[entry], decimals[entry], style.CELL) for entry in self.shown)
        widest = max(number.width for number in made)
        return style.CELL if widest <= WIDTH - 2 * PADDING and self.pitch >= TALLEST_PITCH - GAP else style.SMALLEST

    def large_names(self) -> list[Animation]:
        """The first name, the last and one between them become large enough to be read from afar; the others dim.

        They grow to the left, and the names above and below them go: there they would touch.
        """
        last = len(self.names) - 1
        chosen = {0, last} | ({last // 2 + 2} if last >= 7 else set())
        moves: list[Animation] = []
        for k, name in enumerate(self.names):
            if k in chosen:
                moves.append(name.animate.scale(LARGE_NAME / style.LABEL, about_point=name.get_right()))
            else:
                moves.append(name.animate.set_opacity(0) if {k - 1, k + 1} & chosen else emphasis(name, FAINT))
        return moves

    def _groups(self, names: Sequence[str], heights: dict[int, float], x: float) -> list[VGroup]:
        """A bracket at the right of the entries of one kind, and its letter."""
        made = []
        for kind, entries in groupby(heights, key=lambda entry: letter_of(names[entry])):
            all_of = list(entries)
            role = role_of(names[all_of[0]])
            top = heights[all_of[0]] + 0.42 * self.pitch
            bottom = heights[all_of[-1]] - 0.42 * self.pitch
            corners = np.array([[x, top, 0], [x + 0.1, top, 0], [x + 0.1, bottom, 0], [x, bottom, 0]])
            hook = polyline(corners, getattr(palette, role), style.BOX)
            letter = formula(f"{role}({HEADS[kind]})", style.FORMULA * 0.56)
            made.append(VGroup(hook, letter.place((top + bottom) / 2 - 0.12, left=x + 0.24)))
        return made


class GrowingColumn(VGroup):
    """Draws a vector of ever more entries in the room of a column: the more there are, the thinner each, and the whole.

    ``kinds``, from the top down: role, how many entries there are of it at the start, and at the end; in between their
    shares go over. (center x, bottom, top) is the column's box; a bracket at the right holds as many entries as there
    were at the start. Parts: ``body`` (a block of each kind), ``lines`` between the entries (as long as they can be
    told apart), ``hook`` and ``name`` (what the bracket holds, as ``said``: no mark of a scale, where the bracket is
    hardly seen). `show` sets how many there are, `turning` makes all of them theta's.
    """

    def __init__(self, kinds: Sequence[tuple[str, int, int]], box: tuple[float, float, float], said: str) -> None:
        super().__init__()
        roles, first, last = zip(*kinds, strict=True)
        self.shares = np.array([np.array(counts) / sum(counts) for counts in (first, last)])  # (2, K)
        self.first, self.last, self.box = sum(first), sum(last), box
        self.roles = roles
        self.colors = [getattr(palette, role) for role in roles]
        self.body = VGroup(*(Rectangle(width=WIDTH, height=1.0) for _ in roles))
        self.lines = VMobject(stroke_width=1.6, fill_opacity=0)
        self.hook = polyline(np.zeros((4, 3)), palette.text, style.BOX)
        self.name = words(said, style.TICK + 2)
        self.turned = 0.0
        self.add(self.body, self.lines, self.hook, self.name)
        self.show(self.first)

    def show(self, count: float) -> GrowingColumn:
        """Draw ``count`` entries, also between two whole numbers; returns it."""
        x, bottom, top = self.box
        self.count = count
        height, share = top - bottom, np.log(count / self.first) / np.log(self.last / self.first)
        self.width_now = width = WIDTH + (THIN - WIDTH) * share
        left, right = x - width / 2, x + width / 2
        merged = float(np.clip(np.log(count / self.first) / np.log(MOST_LINES / self.first), 0.0, 1.0))
        shares = self.shares[0] + share * (self.shares[1] - self.shares[0])
        edges = top - height * np.cumsum([0.0, *shares])
        self._show_blocks(edges, (left, right), FILL + (BAND_FILL - FILL) * merged)
        heights = top - height * np.arange(1, min(int(np.ceil(count)), MOST_LINES)) / count
        levels = np.array([[(left, y, 0.0), (right, y, 0.0)] for y in heights if y > bottom]).reshape(-1, 2, 3)
        self.lines.points = straight_curves(levels[:, 0], levels[:, 1])
        self.lines.set_stroke(palette.background, 3.0, opacity=1.0 - merged)
        foot, edge = top - height * self.first / count, right + 0.16
        hook = np.array([(edge, top, 0), (edge + 0.1, top, 0), (edge + 0.1, foot, 0), (edge, foot, 0)], dtype=float)
        self.hook.set_points_as_corners(hook)
        middle = min((top + foot) / 2, top)
        self.name.place(middle - 0.1, left=edge + 0.24)
        return self

    def _show_blocks(self, edges: NDArray, sides: tuple[float, float], fill: float) -> None:
        """A block of each kind between two of ``edges``, filled with so much of its colour."""
        left, right = sides
        for block, color, top, bottom in zip(self.body, self.colors, edges[:-1], edges[1:], strict=True):
            corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
            block.set_points_as_corners(np.array([(*corner, 0.0) for corner in corners]))
            now = interpolate_color(color, palette.orange, self.turned)
            there = float(np.clip((top - bottom) / LEAST_BLOCK, 0.0, 1.0))  # one that is not yet there has no border
            inside = mix(now, fill)
            border = interpolate_color(now, inside, self.turned)  # theta's entries are of one kind
            block.set_fill(inside, 1).set_stroke(border, style.BOX * there, opacity=there)

    def turning(self) -> Animation:
        """All entries become theta's, whichever letter they came from."""

        def update(_: VMobject, share: float) -> None:
            self.turned = share
            self.show(self.count)

        return UpdateFromAlphaFunc(self.body, update, rate_func=smooth)
