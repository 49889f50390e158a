"""One drawn picture and five guesses at it; and of a hundred pictures, those for which no guess is right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.lecture.deep.pictures.skyline import rectangles
from gradreel.scenes.mobjects.plot import polyline, segment
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.style import mix, mix_text, palette
from manim import RoundedRectangle, VGroup, VMobject
from numpy.typing import NDArray

LINE, ARM = 0.44, 0.09  # from guess to guess; half of a cross
PICTURE, INSIDE = 2.2, 2.08  # sides of the picture's frame, and of what is drawn in it
LIST, MARK_GAP = 0.5, 0.3  # where the guesses begin, right of the picture; from the longest of them to a mark
HEAD = 0.24  # from the picture's top to the baseline of what stands over the squares
ROWS = 10
GRID_RIGHT, CELL_SHARE, EMPTY = 6.4, 0.84, 0.18

CAT = (
    "................",
    ".#............#.",
    ".##..........##.",
    ".#+#........#+#.",
    ".#++########++#.",
    ".##############.",
    ".##############.",
    ".###oo####oo###.",
    ".###oo####oo###.",
    ".##############.",
    "o#####+oo+#####o",
    ".####++oo++####.",
    "o####+o++o+####o",
    "..####++++####..",
    "...##########...",
    "................",
)
SHADES = {"#": 0.42, "+": 0.66, "o": 1.0}  # of fur, of ears and muzzle, of eyes, nose and whiskers


class FiveGuesses(VGroup):
    """A cat of 16 x 16 squares, left of ``x``, and five guesses at it, right of it, around ``y``.

    Parts: ``picture``; ``texts``, the guesses; ``marks``, behind each guess that is looked at: crosses, then a tick for
    ``cat``.
    """

    def __init__(self, x: float, y: float, guesses: Sequence[str], cat: str) -> None:
        super().__init__()
        frame = RoundedRectangle(corner_radius=0.1, width=PICTURE, height=PICTURE, color=palette.axis)
        frame.set_stroke(width=style.BOX).move_to([x - PICTURE / 2, y, 0])
        self.picture = VGroup(frame, *_cat(x - PICTURE / 2, y))
        baselines, left = y + LINE * (2 - np.arange(5)) - 0.1, x + LIST
        looked_at = guesses.index(cat) + 1
        colors = [palette.text if k < looked_at else mix_text(palette.dim, 0.6) for k in range(len(guesses))]
        self.texts = VGroup(*(
            words(guess, style.LABEL, color).place(line, left=left)
            for guess, color, line in zip(guesses, colors, baselines, strict=True)
        ))  # fmt: skip
        right = float(self.texts.get_right()[0]) + MARK_GAP
        self.marks = VGroup(*(
            (_tick if guess == cat else _cross)(right, line + 0.1)
            for guess, line in zip(guesses[:looked_at], baselines, strict=False)
        ))  # fmt: skip
        self.add(self.picture, self.texts, self.marks)


class OfHundred(VGroup):
    """A hundred squares as high as the picture, around ``y``, under ``name``. ``show`` fills ``percent`` of them."""

    def __init__(self, y: float, percent: float, name: str) -> None:
        super().__init__()
        self.percent, pitch = percent, PICTURE / ROWS
        k = np.arange(ROWS * ROWS)
        left = GRID_RIGHT - PICTURE + pitch * (k % ROWS)
        bottom = y - PICTURE / 2 + pitch * (k // ROWS)
        side = CELL_SHARE * pitch
        self._boxes = np.stack([left, bottom, left + side, bottom + side], axis=1)
        self.empty, self.filled = _filled(EMPTY), _filled(0.75)
        self.empty.points = rectangles(self._boxes)
        self.name = words(name, style.LABEL).place(y + PICTURE / 2 + HEAD, right=GRID_RIGHT)
        self.add(self.empty, self.filled, self.name)
        self.show(0.0)

    def show(self, share: float) -> None:
        """As much of ``percent`` as ``share`` says; the last square may be filled in part."""
        squares = share * self.percent
        boxes = self._boxes[: int(np.ceil(squares - 1e-9))].copy()
        if len(boxes):
            boxes[-1, 2] -= (len(boxes) - squares) * (boxes[-1, 2] - boxes[-1, 0])
        self.filled.points = rectangles(boxes)


def _filled(share: float) -> VMobject:
    return VMobject(stroke_width=0, fill_color=mix(palette.text, share), fill_opacity=1)


def _cat(x: float, y: float) -> list[VMobject]:
    """The cat's squares around (x, y), a mobject for each shade."""
    drawing = np.array([list(row) for row in CAT])
    pixel = INSIDE / len(CAT)
    parts = []
    for letter, share in SHADES.items():
        row, column = np.nonzero(drawing == letter)
        left, bottom = x - INSIDE / 2 + pixel * column, y + INSIDE / 2 - pixel * (row + 1)
        part = _filled(share)
        part.points = rectangles(np.stack([left, bottom, left + pixel, bottom + pixel], axis=1))
        parts.append(part)
    return parts


def _cross(x: float, y: float) -> VGroup:
    slopes = ((-ARM, -ARM), (-ARM, ARM))
    return VGroup(*(segment((x + a, y + b, 0), (x - a, y - b, 0), palette.text, style.RING) for a, b in slopes))


def _tick(x: float, y: float) -> VMobject:
    corners: NDArray = np.array([[-ARM, 0.0, 0.0], [-0.3 * ARM, -ARM, 0.0], [1.2 * ARM, 1.1 * ARM, 0.0]])
    return polyline(corners + np.array([x, y, 0.0]), palette.text, 1.4 * style.RING)
