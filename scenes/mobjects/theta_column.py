"""theta upright, as one long vector: a cell for each number, or a band to scale where it is too long for cells."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, pairwise

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import polyline, segment
from gradreel.scenes.mobjects.text import Number, formula, words
from gradreel.scenes.mobjects.theta_strip import ELLIPSIS, chosen_entries, letter_of, role_of
from gradreel.scenes.mobjects.ticks import number_text
from gradreel.scenes.style import mix, palette
from manim import Rectangle, RoundedRectangle, VGroup
from numpy.typing import NDArray

MOST_CELLS = 16  # beyond these, each letter shows its first entries and dots
WIDTH, GAP, PADDING = 1.2, 0.035, 0.14
TALLEST_PITCH = 0.42
FILL = 0.13
BAND_FILL = 0.55  # of a band's colour
LINES_APART = 0.43  # between two lines of a band's list, at least
HEADS = {"w": "W", "b": "bold(b)", "c": "bold(c)", "constant": "b"}


class ThetaColumn(VGroup):
    """Cells from the top down, in the box (center x, bottom, top). ``values`` (P,) with ``decimals`` (P,) for each.

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
        middle, size = (top + bottom) / 2, style.SMALLEST
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
        self.label.place(middle - 0.16, right=self.names.get_left()[0] - 0.35)
        self.add(self.boxes, self.numbers, self.names, self.groups, self.dots, self.label)

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


class ThetaBand(VGroup):
    """A vector of many thousand entries to scale: a band for each part of theta, and what it holds in a list beside it.

    ``parts``: name and shape of each, as `core.theta.parameter_shapes` gives them; (left, right, bottom, top) is the
    place of bands and list; ``total`` stands below. Parts: ``bands``, ``outline``, ``leaders``, ``total``, and
    ``lines`` (letter, shape and count of each).
    """

    def __init__(
        self, parts: Sequence[tuple[str, tuple[int, ...]]], total: str, box: tuple[float, float, float, float]
    ) -> None:
        super().__init__()
        left, right, bottom, top = box
        self.counts = [int(np.prod(shape, dtype=np.int64)) for _, shape in parts]
        ends = top - (top - bottom) * np.concatenate([[0.0], np.cumsum(self.counts)]) / sum(self.counts)
        self.bands, self.leaders, self.lines = VGroup(), VGroup(), VGroup()
        places = spread((ends[:-1] + ends[1:]) / 2, LINES_APART, bottom + 0.12, top - 0.12)
        for (name, shape), count, (above, below), y in zip(parts, self.counts, pairwise(ends), places, strict=True):
            role = role_of(name if not shape else f"{name}_1")
            color = getattr(palette, role)
            band = Rectangle(width=WIDTH, height=above - below, stroke_width=0)
            self.bands.add(band.set_fill(mix(color, BAND_FILL), 1).move_to((left + WIDTH / 2, (above + below) / 2, 0)))
            start, end = left + WIDTH + 0.06, left + WIDTH + 0.7
            self.leaders.add(segment((start, (above + below) / 2, 0), (end, y, 0), mix(color, 0.6), style.GUIDE))
            self.lines.add(self._line(name, shape, count, role, (end + 0.14, right, y - 0.11)))
        whole = Rectangle(width=WIDTH, height=top - bottom, color=palette.axis, stroke_width=style.AXIS)
        self.outline = whole.move_to((left + WIDTH / 2, (top + bottom) / 2, 0))
        self.total = words(total, style.SUBTITLE, palette.orange).place(bottom - 0.72, right=right)
        self.add(self.bands, self.outline, self.leaders, self.lines, self.total)

    @staticmethod
    def _line(name: str, shape: tuple[int, ...], count: int, role: str, place: tuple[float, float, float]) -> VGroup:
        left, right, y = place
        primes = "'" * name.count("'")
        letter = {"w": "W", "b": "bold(b)" if shape else "b", "c": "bold(c)"}[name[0]]
        head = formula(f"{role}({letter}{primes})", style.LETTER + 5).place(y, left=left)
        how = formula(" times ".join(map(str, shape)), style.LETTER, palette.dim) if len(shape) > 1 else VGroup()
        if len(shape) > 1:
            how.place(y, left=left + 0.95)
        return VGroup(head, how, words(number_text(count), style.LABEL).place(y, right=right))


def spread(wanted: NDArray, apart: float, low: float, high: float) -> NDArray:
    """Heights near those ``wanted`` (n,), from above down, that are ``apart`` and lie between ``low`` and ``high``.

    Where there is no room for that they are evenly spaced.
    """
    apart = min(apart, (high - low) / max(1, len(wanted) - 1))
    places = np.minimum(wanted, high)
    for k in range(1, len(places)):
        places[k] = min(places[k], places[k - 1] - apart)
    places[-1] = max(places[-1], low)
    for k in range(len(places) - 2, -1, -1):
        places[k] = max(places[k], places[k + 1] + apart)
    return places
