"""How many passes through a network a gradient takes, in two numbers that count; and such a pass."""

from __future__ import annotations

from collections.abc import Sequence

from gradreel.scenes import style
from gradreel.scenes.mobjects.network_parts import Pulse
from gradreel.scenes.mobjects.text import Number, TextMobject, words
from gradreel.scenes.style import palette
from manim import (
    Animation,
    FadeIn,
    ManimColor,
    UpdateFromAlphaFunc,
    VGroup,
    linear,
    smooth,
    squish_rate_func,
)

SIZE = 64
COLUMNS = (-5.9, 1.6)  # left edges
NAME, FOOT = -2.5, -3.25  # baselines: of the names, of the numbers and what each is made of
NOTE_GAP = 0.35  # from a number to its note
SWEEPS = 2


def sweep(layers: Sequence[VGroup], color: ManimColor, seconds: float, backward: bool = False) -> Animation:
    """One pass through a network: dots along all lines of one of its ``layers`` after the other."""
    pulses = [Pulse(VGroup(*edges), color, backward) for edges in layers]

    def show(group: VGroup, share: float) -> None:
        layer = min(int(share * len(pulses)), len(pulses) - 1)
        pulses[layer].show(smooth(share * len(pulses) - layer))
        group.submobjects = [pulses[layer]]

    return UpdateFromAlphaFunc(VGroup(), show, run_time=seconds, rate_func=linear, remover=True)


class PassCounts(VGroup):
    """Below a network, at the left the passes by nudges, from 0; at the right those of two sweeps, from the first on.

    ``passes``: one for each parameter and one before. ``names`` stand above the two numbers, ``notes`` beside them.
    Parts: ``nudges``, the left number; the scene brings ``sweeps``, the right one (a 0 would tell that no pass is
    needed), and ``nudged`` and ``both``, their notes.
    """

    def __init__(self, passes: int, names: tuple[str, str], notes: tuple[str, str]) -> None:
        super().__init__()
        self.passes = passes
        texts = (words(name, style.LABEL, palette.dim) for name in names)
        self.names = VGroup(*(text.place(NAME, left=left) for text, left in zip(texts, COLUMNS, strict=True)))
        self.nudges = Number(passes, 0, SIZE, palette.text, group=True)
        self.sweeps = Number(SWEEPS, 0, SIZE, palette.orange, group=True)
        self.nudged = self._note(self.nudges, passes, notes[0])
        self.both = self._note(self.sweeps, SWEEPS, notes[1])
        self._set(self.nudges, 0)
        self._set(self.sweeps, 1)
        self.add(self.names[0], self.nudges)

    def count(self, number: Number, end: int, run_time: float = 0.3) -> Animation:
        """``number`` counts on to ``end``, evenly."""
        start = round(number.value)
        return UpdateFromAlphaFunc(
            number,
            lambda _, share: self._set(number, int(start + share * (end - start))),
            run_time=run_time,
            rate_func=linear,
        )

    def first_sweep(self, seconds: float) -> list[Animation]:
        """What the right number counts, and it as 1 when that sweep is over."""
        late = squish_rate_func(smooth, 0.7, 1.0)
        return [FadeIn(self.names[1], run_time=0.3), FadeIn(self.sweeps, run_time=seconds, rate_func=late)]

    def settle(self) -> PassCounts:
        """The notes of what was counted last belong to it from now on."""
        return self.add(self.names[1], self.sweeps, self.nudged, self.both)

    def _set(self, number: Number, value: int) -> None:
        number.set_value(value)
        number.place_left(FOOT, COLUMNS[number is self.sweeps])

    def _note(self, number: Number, value: int, text: str) -> TextMobject:
        """What a number is made of, right of where it stands then."""
        self._set(number, value)
        return words(text, style.TICK, palette.dim).place(FOOT, left=number.get_right()[0] + NOTE_GAP)
