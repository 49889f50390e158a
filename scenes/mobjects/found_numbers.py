"""What a run found beside what was set by hand: the height of each step, and the constant that makes up for them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.pieces import Badge
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.mobjects.ticks import number_text
from gradreel.scenes.style import mix, palette
from manim import DOWN, Animation, FadeIn, ManimColor, VGroup, VMobject
from numpy.typing import NDArray

SIZE, RADIUS = style.LABEL, 0.2
HEAD, FOUND, TURNED, OURS = 2.76, 2.3, 1.94, 1.58  # baselines
LEFT, PITCH = 0.95, 1.05  # of the rows' names; from one column to the next
BELOW_BADGE = 0.3  # from the right end of a number to the middle of its badge
OURS_SHARE = 0.65


class FoundNumbers(VGroup):
    """A column for each step, and one for the constant: what was found above what was set by hand.

    ``b``, ``c`` (H,) as found and as set by hand; ``names`` of three rows: found, turned, set by hand. A mirrored step
    with c is one with -c and a constant c: between the two rows `turn` writes it so, and `make_up` the constant, so
    that what was found stays as it is. Parts: ``frame`` (badges, names, all of ours), ``steps`` (H found heights),
    ``constant`` (as found); later ``turned`` (by step) and ``made_up``.
    """

    def __init__(self, found: tuple[float, NDArray], ours: tuple[float, NDArray], names: tuple[str, str, str]) -> None:
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
        heads.append(words(names[2], style.TICK, palette.dim).place(OURS, left=LEFT))
        self.turned_name = words(names[1], style.TICK).place(TURNED, left=LEFT)
        self.turned: dict[int, TextMobject] = {}
        set_by_hand = [self._number(k, value, OURS, OURS_SHARE) for k, value in enumerate(by_hand)]
        self.steps = [self._number(k, float(value), FOUND) for k, value in enumerate(self.c)]
        self.constant = self._number(len(self.c), self.b, FOUND)
        self.frame = VGroup(*badges, *heads, *set_by_hand)
        self.add(self.frame, *self.steps, self.constant)

    def _number(self, column: int, value: float, baseline: float, share: float = 1.0) -> TextMobject:
        color: ManimColor = palette.magenta if column < len(self.c) else palette.grey
        text = words(number_text(value, self.decimals), SIZE, mix(color, share))
        return text.place(baseline, right=self.right[column])

    def turn(self, step: int, mirrored: Sequence[int]) -> list[Animation]:
        """A mirrored step's height comes down with the other sign; the first brings the row and what stays as it is.

        ``mirrored``: all steps that will be turned.
        """
        coming: list[VMobject] = []
        if not self.turned:
            coming.append(self.turned_name)
            staying = [k for k in range(len(self.c)) if k not in mirrored]
            self.turned = {k: self._number(k, float(self.c[k]), TURNED) for k in staying}
            coming += self.turned.values()
        self.turned[step] = self._number(step, -float(self.c[step]), TURNED)
        return self._come(*coming, self.turned[step])

    def make_up(self, mirrored: Sequence[int]) -> list[Animation]:
        """The constant takes the c of all ``mirrored`` steps: the sum stays what it is."""
        total = self.b + float(np.sum(self.c[list(mirrored)]))
        self.made_up = self._number(len(self.c), total, TURNED)
        return self._come(self.made_up)

    def _come(self, *parts: VMobject) -> list[Animation]:
        self.add(*parts)
        return [FadeIn(part, shift=0.15 * DOWN) for part in parts]
