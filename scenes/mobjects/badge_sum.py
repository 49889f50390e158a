"""A curve's name, and after it a sum of numbered badges that grows: smooth curve ≈ (0) + (1) + … + (7)."""

from __future__ import annotations

from gradreel.scenes import style
from gradreel.scenes.mobjects.pieces import BADGE_RADIUS, Badge
from gradreel.scenes.mobjects.text import TextMobject, formula, words
from gradreel.scenes.style import emphasize, palette
from manim import UP, Animation, FadeIn, FadeOut, TransformFromCopy, VGroup, smooth, squish_rate_func

STEP, DOTS_STEP = 1.34, 2.5  # from badge to badge, and over the dots
Key = tuple[int, int]  # a term's place in the row, and the number of its piece


class BadgeSum:
    """``show(pieces)`` brings the sum of a constant and so many pieces; the first time, the name as well.

    With more pieces than ``most``, those between number ``last`` and the last of all are dots. Or the sum begins as a
    ``question`` behind the name: ``begin`` puts the constant in its place, ``outline`` the other terms as dashed
    badges, not there yet, which ``fill`` makes whole. Parts: ``name``, ``question``, ``terms``.
    """

    def __init__(self, name: str, y: float, relation: str = "approx", most: int = 3, last: int = 2) -> None:
        self.y, self.most, self.last = y, most, last
        title = words(name, 44, palette.red).place(y - 0.14, left=style.LEFT_EDGE)
        sign = formula(relation, 48).place(title.baseline, left=title.get_right()[0] + 0.35)
        self.name = VGroup(title, sign)
        self.left = sign.get_right()[0] + 0.35 + BADGE_RADIUS
        self.question = VGroup(words("?", 44).place(title.baseline, center=self.left))
        self.terms: dict[Key, VGroup] = {}  # each with its sign and badge
        self.outlines: dict[Key, VGroup] = {}
        self.pieces = 0

    def show(self, pieces: int) -> list[Animation]:
        """The animations that bring the sum of a constant and ``pieces`` pieces."""
        wanted = self._wanted(pieces)
        arriving = [] if self.terms else [FadeIn(self.name, shift=0.15 * UP)]
        leaving = [FadeOut(term, run_time=0.3) for key, term in self.terms.items() if key not in wanted]
        late = squish_rate_func(smooth, 0.4, 1.0)
        new = {key: self._term(*key) for key in wanted if key not in self.terms}
        self.terms = {key: self.terms.get(key) or new[key] for key in wanted}
        self.pieces = pieces
        return [*leaving, *arriving, *(FadeIn(term, run_time=0.7, rate_func=late) for term in new.values())]

    def whole(self, pieces: int) -> VGroup:
        """The name and the sum of a constant and ``pieces`` pieces, at once."""
        self.terms = {key: self._term(*key) for key in self._wanted(pieces)}
        self.pieces = pieces
        return VGroup(self.name, *self.terms.values())

    def begin(self, source: VGroup | None) -> list[Animation]:
        """The animations that bring the constant, and what is still asked for after it: (0) + ?"""
        self.terms = {(0, 0): self._term(0, 0)}
        sign = self._plus(1)
        early = squish_rate_func(smooth, 0.0, 0.45)  # before the badge is there
        moving = [self.question[0].animate(rate_func=early).shift([STEP, 0, 0]), FadeIn(sign)]
        self.question.add(sign)
        return [*moving, *self._arriving(self.terms[0, 0], source)]

    def outline(self, pieces: int) -> list[Animation]:
        """The animations that bring the terms of ``pieces`` pieces as what is missing, in place of the question."""
        wanted = [key for key in self._wanted(pieces) if key not in self.terms]
        self.outlines = {key: self._term(*key, missing=True) for key in wanted}
        return [FadeOut(self.question), *(FadeIn(term) for term in self.outlines.values())]

    def fill(self, piece: int, source: VGroup | None = None) -> list[Animation]:
        """The animations that make the term of ``piece`` whole; its badge comes from ``source``, if there is one."""
        key = next(key for key in self.outlines if key[1] == piece)
        self.terms[key] = self._term(*key)
        self.pieces = max(self.pieces, piece)
        return [FadeOut(self.outlines.pop(key)), *self._arriving(self.terms[key], source)]

    def _arriving(self, term: VGroup, source: VGroup | None) -> list[Animation]:
        *sign, badge = term
        return [FadeIn(term)] if source is None else [*map(FadeIn, sign), TransformFromCopy(source, badge)]

    def badge(self, piece: int) -> Badge:
        """The badge of ``piece``, which must be there."""
        return next(term[-1] for key, term in self.terms.items() if key[1] == piece)

    def _wanted(self, pieces: int) -> list[Key]:
        if pieces <= self.most:
            return [(k, k) for k in range(pieces + 1)]
        return [*((k, k) for k in range(self.last + 1)), (self.most + 1, pieces)]

    def _term(self, place: int, piece: int, missing: bool = False) -> VGroup:
        skips = place > self.most
        badge = Badge(str(piece), palette.blue if piece else palette.grey, missing=missing)
        x = self.left + (self.last * STEP + DOTS_STEP if skips else place * STEP)
        badge.move_to([x, self.y, 0])
        term = VGroup(badge)
        if place:
            sign = formula("+ dots.c +", 44).move_to([x - DOTS_STEP / 2, self.y, 0]) if skips else self._plus(place)
            term = VGroup(sign, badge)
        return emphasize(term, style.PRESENT) if missing else term

    def _plus(self, place: int) -> TextMobject:
        """The sign before the term of this place."""
        return formula("+", 44).move_to([self.left + (place - 0.5) * STEP, self.y, 0])
