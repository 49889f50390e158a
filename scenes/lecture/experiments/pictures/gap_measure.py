"""How far two lines are apart at one place: an upright measure between them, and words beside it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import polyline
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.style import palette
from manim import VGroup
from numpy.typing import NDArray

SIZE, CAP = 34, 0.12  # of the words; of the measure's ends, to either side
FREE, BESIDE, UNDER, AROUND = 0.17, 0.22, 0.2, 0.3  # at the measure's ends; from it to its words; to other words


class GapMeasure(VGroup):
    """From ``low`` to ``high``, one above the other; ``text`` stands right of it, or left of it (``side`` -1).

    Parts: ``stem``, ``text``.
    """

    def __init__(self, low: NDArray, high: NDArray, text: str, side: int = 1) -> None:
        super().__init__()
        x, bottom, top = float(low[0]), float(low[1]) + FREE, float(high[1]) - FREE
        beside = [(x - CAP, x + CAP, x, x, x - CAP, x + CAP), (top, top, top, bottom, bottom, bottom)]
        corners = np.array([*zip(*beside, strict=True)])
        self.stem = polyline(np.pad(corners, ((0, 0), (0, 1))), palette.text, style.RING)
        self.text = words(text, SIZE)
        edge = {"left": x + BESIDE} if side > 0 else {"right": x - BESIDE}
        self.text.place((bottom + top) / 2 - self.text.height / 2, **edge)
        self.add(self.stem, self.text)

    @property
    def holds_its_words(self) -> bool:
        """Whether these are not below its foot."""
        return bool(self.text.get_bottom()[1] > self.stem.get_bottom()[1])

    def go_under(self, other: TextMobject) -> None:
        """The words go down, if they must, to be under ``other``."""
        highest = float(other.get_bottom()[1]) - UNDER - self.text.height
        self.text.place(min(self.text.baseline, highest), left=float(self.text.get_left()[0]))


def growing_gap(
    ends: Sequence[tuple[NDArray, NDArray]], texts: Sequence[str], number: TextMobject, term: TextMobject
) -> list[GapMeasure]:
    """A measure at each of two places, the first one's words under ``number``; none where ``term`` has no room."""
    first, last = (GapMeasure(*pair, text, side) for pair, text, side in zip(ends, texts, (1, -1), strict=True))
    first.go_under(number)
    room = [term.get_left() - first.text.get_right(), last.text.get_left() - term.get_right()]
    fits = first.holds_its_words and last.holds_its_words and min(float(free[0]) for free in room) > AROUND
    return [first, last] if fits else []
