"""How many passes through a network a gradient takes, in two large numbers. Pure functions of numbers."""

from __future__ import annotations

from gradreel.scenes import style
from gradreel.scenes.mobjects.network_parts import centered_number
from gradreel.scenes.mobjects.text import Number, words
from gradreel.scenes.style import palette
from manim import Animation, FadeIn, FadeOut, UpdateFromAlphaFunc, VGroup, rush_from

SIZE = 150
COLUMNS = (-3.0, 3.4)  # middles
NAME, FOOT, HEAD = 1.35, -0.75, -1.9  # baselines: of the names, the numbers, and what the left one is for
SWEEPS = 2


class PassCounts(VGroup):
    """At the left the passes by nudges, one for each parameter and one before; at the right those of two sweeps.

    ``passes`` of the small and of the large network: the small one's are shown first, `race` counts up to the other.
    ``names`` stand above the two numbers, ``heads`` (how many parameters) below.
    """

    def __init__(self, passes: tuple[int, int], names: tuple[str, str], heads: tuple[str, str]) -> None:
        super().__init__()
        self.passes = passes
        self.names = VGroup(
            *(
                words(name, style.HEADING, palette.dim).place(NAME, center=x)
                for name, x in zip(names, COLUMNS, strict=True)
            )
        )
        self.nudges = _centered(Number(passes[0], 0, SIZE, palette.text, group=True))
        self.sweeps = centered_number(SWEEPS, 0, SIZE, palette.orange).shift([COLUMNS[1], FOOT, 0])
        self.small, self.large = (
            words(head, style.LABEL, palette.dim).place(HEAD, center=0.5 * sum(COLUMNS)) for head in heads
        )
        self.add(self.names, self.nudges, self.sweeps, self.small)

    def race(self, seconds: float) -> list[Animation]:
        """The left number runs up to that of the large network; the right one has no reason to."""
        small, large = self.passes

        def count(number: Number, share: float) -> None:
            number.set_value(round(small * (large / small) ** share))
            _centered(number)

        changed = [FadeOut(self.small, run_time=0.4), FadeIn(self.large, run_time=0.8)]
        return [UpdateFromAlphaFunc(self.nudges, count, run_time=seconds, rate_func=rush_from), *changed]

    def settle(self) -> None:
        """After the race: the head of the large network stands in the small one's place."""
        self.remove(self.small).add(self.large)


def _centered(number: Number) -> Number:
    """The ink of what is written now in the middle of the left column."""
    glyphs = VGroup(*(glyph for glyph in number.submobjects[1:] if len(glyph.points)))
    number.place(FOOT, number.anchor.points[0][0])
    return number.shift([COLUMNS[0] - glyphs.get_x(), 0, 0])
