"""A curve's name, and after it a sum of functions that grows, each on a numbered card: smooth curve ≈ 0 + 1 + … + 7."""

from __future__ import annotations

import numpy as np
from gradreel.core.curves.piecewise import Decomposition
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import polyline
from gradreel.scenes.mobjects.text import TextMobject, formula, words
from gradreel.scenes.style import mix, palette
from manim import (
    UP,
    Animation,
    FadeIn,
    FadeOut,
    RoundedRectangle,
    TransformFromCopy,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    smooth,
    squish_rate_func,
)
from numpy.typing import NDArray

WIDTH, HEIGHT, CORNER = 0.8, 0.94, 0.14
NUMBER = 0.13  # from the card's lower edge to the number's baseline
PICTURE = (0.3, -0.04, 0.35)  # half its width, its bottom and its top, seen from the card's middle
MARGIN = 1 / 6  # of the way over all ramps: flat on either side, so that each can be seen to begin and to end flat
LEAST = 0.45  # of the tallest picture's height: a lower one would hardly be told from a constant
STEP, DOTS_STEP = 1.41, 2.62  # from card to card, and over the dots
Key = tuple[int, int]  # a term's place in the row, and the number of its piece


def shape_of(parts: Decomposition, piece: int) -> NDArray:
    """The corners of a term's picture, (4, 2), shares of its width and height: 0 the constant, else flat, ramp, flat.

    All terms of a sum have one x axis, and heights to one scale but for the lowest.
    """
    if piece == 0:
        return np.column_stack([np.linspace(0.0, 1.0, 4), np.full(4, 0.5)])
    first, last = float(parts.start[0]), float(parts.end[-1])
    margin = MARGIN * (last - first)
    ramp = np.array([parts.start[piece - 1], parts.end[piece - 1]])
    across = (ramp - first + margin) / (last - first + 2 * margin)
    height = float(parts.height[piece - 1])
    share = float(np.sign(height)) * max(LEAST, abs(height) / max(float(np.abs(parts.height).max()), 1e-300))
    up = 0.5 + share * np.array([-0.5, -0.5, 0.5, 0.5])
    return np.column_stack([[0.0, *across, 1.0], up])


class TermCard(VGroup):
    """A term as a small card: what its function looks like, and under that its number.

    Parts: ``border``, ``label``, and ``picture``, whose ``shape`` `show` sets in place.
    """

    def __init__(self, piece: int, shape: NDArray) -> None:
        super().__init__()
        color = palette.blue if piece else palette.grey
        self.border: VMobject = RoundedRectangle(
            corner_radius=CORNER, width=WIDTH, height=HEIGHT, stroke_color=color, stroke_width=style.BOX
        )
        self.border.set_fill(mix(color, 0.13), 1)
        self.label: TextMobject = words(str(piece), style.LABEL, color).place(NUMBER - HEIGHT / 2, center=0.0)
        self.picture = polyline(np.zeros((4, 3)), color, style.SMALL_CURVE - 1)
        self.add(self.border, self.label, self.picture)
        self.show(shape)

    def show(self, shape: NDArray) -> TermCard:
        """Picture the function of these corners; returns self."""
        self.shape = shape
        half, bottom, top = PICTURE
        x, y = self.border.get_center()[:2]
        across, up = x + half * (2 * shape[:, 0] - 1), y + bottom + (top - bottom) * shape[:, 1]
        self.picture.set_points_as_corners(np.column_stack([across, up, np.zeros(len(shape))]))
        return self


class CardSum:
    """``show(parts)`` brings the sum of a constant and all pieces, or of the first few; at first, the name as well.

    With more pieces than ``most``, those between number ``last`` and the last of all are dots. Or the sum begins as a
    ``question`` behind the name: ``begin`` puts the constant in its place, each ``fill`` one more term, and the
    question goes on to the next place. Parts: ``name``, ``question``, ``terms``.
    """

    def __init__(self, name: str, y: float, relation: str = "approx", most: int = 3, last: int = 2) -> None:
        self.y, self.most, self.last = y, most, last
        title = words(name, 44, palette.red).place(y - 0.14, left=style.LEFT_EDGE)
        sign = formula(relation, 48).place(title.baseline, left=title.get_right()[0] + 0.35)
        self.name = VGroup(title, sign)
        self.left = sign.get_right()[0] + 0.35 + WIDTH / 2
        self.question = VGroup(words("?", 44).place(title.baseline, center=self.left))
        self.terms: dict[Key, VGroup] = {}  # each with its sign and card
        self.parts: Decomposition
        self.pieces = 0

    def show(self, parts: Decomposition, added: int | None = None, seconds: float = 0.7) -> list[Animation]:
        """The animations that bring the sum of a constant and the pieces of ``parts``, or the first ``added`` of them.

        Cards that stay turn into what their pieces are now.
        """
        self.parts, pieces = parts, len(parts) if added is None else added
        wanted = self._wanted(pieces)
        arriving = [] if self.terms else [FadeIn(self.name, shift=0.15 * UP)]
        leaving = [FadeOut(term, run_time=0.3) for key, term in self.terms.items() if key not in wanted]
        late = squish_rate_func(smooth, 0.4, 1.0)
        new = {key: self._term(*key) for key in wanted if key not in self.terms}
        kept = [self._turning(key, seconds) for key in wanted if key in self.terms and self._is_another(key)]
        self.terms = {key: self.terms.get(key) or new[key] for key in wanted}
        self.pieces = pieces
        return [*leaving, *arriving, *kept, *(FadeIn(term, run_time=0.7, rate_func=late) for term in new.values())]

    def _is_another(self, key: Key) -> bool:
        """Whether the card of this term shows another function than its piece is now."""
        return not np.allclose(self.terms[key][-1].shape, shape_of(self.parts, key[1]))

    def _turning(self, key: Key, seconds: float) -> Animation:
        """The card's picture becomes that of the piece as it is now; the whole term is what moves."""
        term, end = self.terms[key], shape_of(self.parts, key[1])
        start = term[-1].shape

        def turn(term: VGroup, share: float) -> None:
            term[-1].show(start + share * (end - start))

        return UpdateFromAlphaFunc(term, turn, run_time=seconds, rate_func=smooth)

    def whole(self, parts: Decomposition) -> VGroup:
        """The name and the sum of a constant and all pieces, at once."""
        self.parts = parts
        self.terms = {key: self._term(*key) for key in self._wanted(len(parts))}
        self.pieces = len(parts)
        return VGroup(self.name, *self.terms.values())

    def begin(self, parts: Decomposition, source: VGroup | None) -> list[Animation]:
        """The animations that bring the constant of ``parts``, and what is still asked for after it: (0) + ?"""
        self.parts = parts
        self.terms = {(0, 0): self._term(0, 0)}
        sign = self._plus(1)
        early = squish_rate_func(smooth, 0.0, 0.45)  # before the card is there
        moving = [self.question[0].animate(rate_func=early).shift([STEP, 0, 0]), FadeIn(sign)]
        self.question.add(sign)
        return [*moving, *self._arriving(self.terms[0, 0], source)]

    def fill(self, piece: int, source: VGroup | None = None) -> list[Animation]:
        """The animations that bring the term of ``piece``; the question goes on, and leaves when this is the last one.

        Its card comes from ``source``, if there is one: a border, a number and a curve.
        """
        key = next(key for key in self._wanted(len(self.parts)) if key[1] == piece)
        self.terms[key] = self._term(*key)
        self.pieces = max(self.pieces, piece)
        early = squish_rate_func(smooth, 0.0, 0.45)  # before the card is there
        done = piece == len(self.parts)
        asking = FadeOut(self.question) if done else self.question.animate(rate_func=early).shift([STEP, 0, 0])
        return [asking, *self._arriving(self.terms[key], source)]

    def _arriving(self, term: VGroup, source: VGroup | None) -> list[Animation]:
        *sign, card = term
        return [FadeIn(term)] if source is None else [*map(FadeIn, sign), TransformFromCopy(source, card)]

    def card(self, piece: int) -> TermCard:
        """The card of ``piece``, which must be there."""
        return next(term[-1] for key, term in self.terms.items() if key[1] == piece)

    def _wanted(self, pieces: int) -> list[Key]:
        if pieces <= self.most:
            return [(k, k) for k in range(pieces + 1)]
        return [*((k, k) for k in range(self.last + 1)), (self.most + 1, pieces)]

    def _term(self, place: int, piece: int) -> VGroup:
        skips = place > self.most
        x = self.left + (self.last * STEP + DOTS_STEP if skips else place * STEP)
        shape = shape_of(self.parts, piece)
        card = TermCard(piece, shape).move_to([x, self.y, 0]).show(shape)
        term = VGroup(card)
        if place:
            sign = formula("+ dots.c +", 44).move_to([x - DOTS_STEP / 2, self.y, 0]) if skips else self._plus(place)
            term = VGroup(sign, card)
        return term

    def _plus(self, place: int) -> TextMobject:
        """The sign before the term of this place."""
        return formula("+", 44).move_to([self.left + (place - 0.5) * STEP, self.y, 0])
