"""The unknowns of a small network in letters: a vector or a matrix in a box, and theta upright, as one long vector."""

from __future__ import annotations

from collections.abc import Sequence

from gradreel.scenes import style
from gradreel.scenes.mobjects.text import TextMobject, formula, words
from gradreel.scenes.mobjects.theta_strip import ELLIPSIS, chosen_entries, role_of, typst_name
from gradreel.scenes.style import mix, palette
from manim import RoundedRectangle, VGroup

MOST_CELLS = 16  # beyond these, each letter shows its first entries and dots
WIDTH, GAP = 1.0, 0.035  # of a cell; between two
TALLEST_PITCH = 0.42
FILL = 0.13
COLUMN_PITCH, SIDE = 0.72, 0.28  # of a matrix's columns; from the outermost letters' middles to the border, and more


class LetterBox(VGroup):
    """Draws a vector or a matrix, the ``names`` (R, C) of its entries, as a box of letters, ``pitch`` from row to row.

    Parts: ``box``, ``rows[i][j]``. Its top left corner is at the origin until it is moved.
    """

    def __init__(self, names: Sequence[Sequence[str]], pitch: float) -> None:
        super().__init__()
        width, height = COLUMN_PITCH * len(names[0]) + SIDE, pitch * len(names) + SIDE / 2
        self.box = _box(names[0][0], width, height, 0.12).move_to((width / 2, -height / 2, 0))
        self.rows = [
            [
                _letter(name, style.LETTER, SIDE / 2 + COLUMN_PITCH * (j + 0.5), -SIDE / 4 - pitch * (i + 0.5))
                for j, name in enumerate(row)
            ]
            for i, row in enumerate(names)
        ]
        self.add(self.box, *(letter for row in self.rows for letter in row))


class ThetaColumn(VGroup):
    """Draws theta as cells from the top down, in the box (center x, bottom, top): the ``names`` of its entries.

    Parts: ``boxes``, ``letters`` (of ``shown``, the parameters that have a cell), ``names`` (theta_1, ...) at the left;
    ``dots``; ``label``, theta =.
    """

    def __init__(self, names: Sequence[str], box: tuple[float, float, float]) -> None:
        super().__init__()
        x, bottom, top = box
        entries = chosen_entries(names, MOST_CELLS)
        self.shown = [entry for entry in entries if entry is not ELLIPSIS]
        pitch, middle = min(TALLEST_PITCH, (top - bottom) / len(entries)), (top + bottom) / 2
        self.boxes, self.letters, self.names, self.dots = VGroup(), VGroup(), VGroup(), VGroup()
        for row, entry in enumerate(entries):
            y = middle + pitch * ((len(entries) - 1) / 2 - row)
            if entry is ELLIPSIS:
                self.dots.add(words("…", style.LABEL, palette.dim).move_to((x, y, 0)))
                continue
            self.boxes.add(_box(names[entry], WIDTH, pitch - GAP, 0.07).move_to((x, y, 0)))
            self.letters.add(_letter(names[entry], style.LABEL, x, y))
            name = formula(f"orange(theta_{entry + 1})", style.LABEL)
            self.names.add(name.place(y - 0.09, right=x - WIDTH / 2 - 0.14))
        self.label = formula("orange(theta) =", 64)
        self.label.place(middle - 0.16, right=self.names.get_left()[0] - 1.0)
        self.add(self.boxes, self.letters, self.names, self.dots, self.label)


def _box(name: str, width: float, height: float, corner: float) -> RoundedRectangle:
    """An empty box in the colour of the parameter ``name``."""
    color = getattr(palette, role_of(name))
    box = RoundedRectangle(corner_radius=corner, width=width, height=height)
    return box.set_stroke(color, style.BOX).set_fill(mix(color, FILL), 1)


def _letter(name: str, size: float, x: float, y: float) -> TextMobject:
    """A parameter's letter, with the middle of its small letters at y."""
    return formula(f"{role_of(name)}({typst_name(name)})", size).place(y - 0.2 * size * style.EM, center=x)
