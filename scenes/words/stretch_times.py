"""When the stretches of a beat's line begin: word and picture wait for each other at the marks between them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from gradreel.scenes.words.marks import BeatLines
from gradreel.scenes.words.subtitle_timing import reading_seconds

HAIR = 1e-6  # of a frame


def reading_times(lines: BeatLines) -> tuple[float, ...]:
    """Seconds that each stretch takes to read, in the language that takes longest; () if there is no language."""
    by_language = [
        [reading_seconds(text, language) for text in stretches] for language, stretches in lines.stretches.items()
    ]
    return tuple(map(max, zip(*by_language, strict=True)))


@dataclass
class StretchTimes:
    """Of one beat, in frames since it began: the first stretch begins with it, and what has begun takes its seconds."""

    marks: tuple[str, ...]
    seconds: Sequence[float]  # of each stretch
    rate: float  # frames a second
    begun: list[int] = field(default_factory=lambda: [0])  # the frame in which each stretch has begun, as far as known

    @property
    def over(self) -> float:
        """Seconds of the beat after which all that has begun is over."""
        return self.begun[-1] / self.rate + self.seconds[len(self.begun) - 1]

    def begin(self, mark: str, now: int) -> int:
        """The frame in which what is after ``mark`` begins: all before it is over, and the picture is at frame ``now``.

        Marks before it, which the picture has not waited for, follow at once after the words before them. Nothing
        begins, and it is ``now``, if there is no such mark, or it has been.
        """
        if mark not in self.marks[len(self.begun) - 1 :]:
            return now
        while self.marks[len(self.begun) - 1] != mark:
            self._follow()
        self._follow(now)
        return self.begun[-1]

    def finish(self) -> None:
        """What is left follows at once."""
        while len(self.begun) <= len(self.marks):
            self._follow()

    def _follow(self, earliest: int = 0) -> None:
        self.begun.append(max(math.ceil(self.over * self.rate - HAIR), earliest))

    @property
    def of_marks(self) -> dict[str, int]:
        """The frame in which what is after each mark begins."""
        return dict(zip(self.marks, self.begun[1:], strict=True))
