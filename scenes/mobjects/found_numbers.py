"""What a run found beside what was set by hand: the height of each step, and the constant that makes up for them."""

from __future__ import annotations

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.pieces import Badge
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.mobjects.ticks import number_text
from gradreel.scenes.style import mix, palette
from manim import UP, Animation, FadeIn, FadeOut, ManimColor, VGroup, smooth, squish_rate_func
from numpy.typing import NDArray

SIZE, RADIUS = style.LABEL, 0.2
HEAD, FOUND, OURS = 2.62, 2.1, 1.62  # baselines
LEFT, PITCH = 0.95, 1.05  # of the rows' names; from one column to the next
BELOW_BADGE = 0.3  # from the right end of a number to the middle of its badge
OURS_SHARE = 0.65


class FoundNumbers(VGroup):
    """A column for each step, and one for the constant: what was found above what was set by hand.

    ``b``, ``c`` (H,) as found and as set by hand; ``names`` of the two rows. A mirrored step with c is one with -c and
    a constant c: ``turn`` writes it so. Parts: ``frame`` (badges, names, all of ours), ``steps`` (H found heights),
    ``constant`` (as found).
    """

    def __init__(self, found: tuple[float, NDArray], ours: tuple[float, NDArray], names: tuple[str, str]) -> None:
        super().__init__()
        (self.b, self.c), (our_b, our_c) = found, ours
        by_hand = np.array([*our_c, our_b])
        self.decimals = 1 if np.allclose(by_hand, by_hand.round(1), atol=5e-3) else 2
        self.right = [style.RIGHT_EDGE - PITCH * k for k in range(len(by_hand))][::-1]
        badges = [
            *(Badge(str(k + 1), palette.blue, RADIUS) for k in range(len(our_c))),
            Badge("0", palette.grey, RADIUS),
        ]
        for badge, right in zip(badges, self.right, strict=True):
            badge.move_to([right - BELOW_BADGE, HEAD + 0.1, 0])
        heads = [words(names[0], style.TICK).place(FOUND, left=LEFT)]
        heads.append(words(names[1], style.TICK, palette.dim).place(OURS, left=LEFT))
        set_by_hand = [self._number(k, value, OURS, OURS_SHARE) for k, value in enumerate(by_hand)]
        self.steps = [self._number(k, float(value), FOUND) for k, value in enumerate(self.c)]
        self.constant = self._number(len(self.c), self.b, FOUND)
        self.frame = VGroup(*badges, *heads, *set_by_hand)
        self.add(self.frame, *self.steps, self.constant)

    def _number(self, column: int, value: float, baseline: float, share: float = 1.0) -> TextMobject:
        color: ManimColor = palette.magenta if column < len(self.c) else palette.grey
        text = words(number_text(value, self.decimals), SIZE, mix(color, share))
        return text.place(baseline, right=self.right[column])

    def turn(self, step: int) -> list[Animation]:
        """A mirrored step's height changes its sign, and the constant takes its c: the sum stays what it is."""
        old = self.steps[step], self.constant
        self.b += float(self.c[step])
        self.steps[step] = self._number(step, -float(self.c[step]), FOUND)
        self.constant = self._number(len(self.c), self.b, FOUND)
        self.remove(*old)
        self.add(self.steps[step], self.constant)
        soon, late = squish_rate_func(smooth, 0.0, 0.5), squish_rate_func(smooth, 0.5, 1.0)
        leaving = [FadeOut(text, shift=0.1 * UP, rate_func=soon) for text in old]
        return [*leaving, *(FadeIn(text, shift=0.1 * UP, rate_func=late) for text in (self.steps[step], self.constant))]
