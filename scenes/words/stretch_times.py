"""Computes when the stretches of a beat's line begin: words and pictures wait for each other at the marks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from gradreel.scenes.words.marks import BeatLines
from gradreel.scenes.words.subtitle_timing import reading_seconds

HAIR = 1e-6  # frames, subtracted so that rounding up adds no frame


def reading_times(lines: BeatLines) -> tuple[float, ...]:
    """Return the seconds that each stretch takes to read, in the slowest language; () without languages."""
    by_language = [
        [reading_seconds(text, language) for text in stretches] for language, stretches in lines.stretches.items()
    ]
    return tuple(map(max, zip(*by_language, strict=True)))


@dataclass
class StretchTimes:
    """The beginnings of a beat's stretches, in frames since the beat began.

    The first stretch begins with the beat. Each stretch that has begun takes its seconds.
    """

    marks: tuple[str, ...]
    seconds: Sequence[float]  # duration of each stretch
    rate: float  # frames per second
    begun: list[int] = field(default_factory=lambda: [0])  # the first frame of each stretch that has begun

    @property
    def over(self) -> float:
        """Return the seconds of the beat after which all begun stretches are over."""
        return self.begun[-1] / self.rate + self.seconds[len(self.begun) - 1]

    def begin(self, mark: str, now: int) -> int:
        """Begin the stretch after ``mark`` and return its first frame: when all before it is over, and not before frame
        ``now``.

        Earlier marks that the picture has not waited for follow at once after the words before them. If there is no
        such mark, or it was begun before, nothing begins and the result is ``now``.
        """
        if mark not in self.marks[len(self.begun) - 1 :]:
            return now
        while self.marks[len(self.begun) - 1] != mark:
            self._begin_next()
        self._begin_next(now)
        return self.begun[-1]

    def finish(self) -> None:
        """Begin all remaining stretches, each at once after the one before."""
        while len(self.begun) <= len(self.marks):
            self._begin_next()

    def _begin_next(self, earliest: int = 0) -> None:
        """Begin the next stretch when the one before is over, and not before the frame ``earliest``."""
        self.begun.append(max(math.ceil(self.over * self.rate - HAIR), earliest))

    @property
    def of_marks(self) -> dict[str, int]:
        """Return the first frame of the stretch after each mark."""
        return dict(zip(self.marks, self.begun[1:], strict=True))
