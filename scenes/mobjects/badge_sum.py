"""A curve's name, and after it a sum of numbered badges that grows: smooth curve ≈ (0) + (1) + … + (7)."""

from __future__ import annotations

from gradreel.scenes import style
from gradreel.scenes.mobjects.pieces import BADGE_RADIUS, Badge
from gradreel.scenes.mobjects.text import formula, words
from gradreel.scenes.style import palette
from manim import UP, Animation, FadeIn, FadeOut, VGroup, smooth, squish_rate_func

STEP, DOTS_STEP = 1.34, 2.5  # from badge to badge, and over the dots
WRITTEN_OUT = 3  # with more pieces than this, those between the third badge and the last are dots


class BadgeSum:
    """``show(pieces)`` brings the sum of a constant and so many pieces; the first time, the name as well."""

    def __init__(self, name: str, y: float) -> None:
        self.y = y
        title = words(name, 44, palette.red).place(y - 0.14, left=style.LEFT_EDGE)
        sign = formula("approx", 48).place(title.baseline, left=title.get_right()[0] + 0.35)
        self.name = VGroup(title, sign)
        self.left = sign.get_right()[0] + 0.35 + BADGE_RADIUS
        self.terms: dict[tuple[int, int], VGroup] = {}  # (place, number of the piece) -> its sign and badge
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

    def _wanted(self, pieces: int) -> list[tuple[int, int]]:
        if pieces <= WRITTEN_OUT:
            return [(k, k) for k in range(pieces + 1)]
        return [(0, 0), (1, 1), (2, 2), (WRITTEN_OUT + 1, pieces)]

    def _term(self, place: int, piece: int) -> VGroup:
        skips = place > WRITTEN_OUT
        badge = Badge(str(piece), palette.blue if piece else palette.grey)
        x = self.left + (2 * STEP + DOTS_STEP if skips else place * STEP)
        badge.move_to([x, self.y, 0])
        if not place:
            return VGroup(badge)
        sign = formula("+ dots.c +" if skips else "+", 44)
        sign.move_to([x - (DOTS_STEP if skips else STEP) / 2, self.y, 0])
        return VGroup(sign, badge)
