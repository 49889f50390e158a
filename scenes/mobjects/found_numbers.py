"""What a run found beside what was set by hand: the height of each step, and the constant with what it makes up for."""

from __future__ import annotations

from collections.abc import Sequence

from gradreel.scenes import style
from gradreel.scenes.mobjects.pieces import Badge
from gradreel.scenes.mobjects.printed import equal_sign, in_formula, short
from gradreel.scenes.mobjects.text import TextMobject, formula, words
from gradreel.scenes.style import palette
from manim import VGroup
from numpy.typing import NDArray

SIZE, RADIUS = 31, 0.2
HEAD, STEPS, CONSTANT = 2.62, 2.02, 1.46  # baselines
LEFT, PITCH = 0.95, 1.2  # of what was found
OURS_RIGHT, OURS_PITCH = 6.25, 0.62  # the middle of the last number set by hand


class FoundNumbers(VGroup):
    """Found at the left, ours at the right: heights of steps under their badges, beneath them the constants.

    ``b``, ``c`` (H,) as found and as set by hand; ``mirrored`` steps count as -c, and their c's go to the constant.
    Parts: ``frame`` (badges, and all of ours), ``steps`` (H heights), ``constant`` (b), ``terms`` (by mirrored step),
    ``total``.
    """

    def __init__(
        self, found: tuple[float, NDArray], ours: tuple[float, NDArray], mirrored: Sequence[int], name: str
    ) -> None:
        super().__init__()
        (b, c), (our_b, our_c) = found, ours
        columns = [LEFT + 0.45 + PITCH * k for k in range(len(c))]
        heights = [-value if k in mirrored else value for k, value in enumerate(c)]
        self.steps = [
            formula(in_formula(height), SIZE, palette.magenta).place(STEPS, center=x)
            for height, x in zip(heights, columns, strict=True)
        ]
        self.sum = _sum(b, [float(c[k]) for k in mirrored]).place(CONSTANT, left=LEFT + 2 * RADIUS + 0.2)
        self.constant = self.sum.part("b")
        self.terms = {k: VGroup(self.sum.part(f"sign-{n}"), self.sum.part(f"c-{n}")) for n, k in enumerate(mirrored)}
        self.total = VGroup(self.sum.part("equals"), self.sum.part("total"))
        badges = [Badge(str(k + 1), palette.blue, RADIUS).move_to([x, HEAD + 0.1, 0]) for k, x in enumerate(columns)]
        badges.append(Badge("0", palette.grey, RADIUS).move_to([LEFT + RADIUS, CONSTANT + 0.1, 0]))
        self.frame = VGroup(*badges, *_ours(our_b, our_c, name))
        self.add(self.frame, *self.steps, self.sum)


def _sum(b: float, added: Sequence[float]) -> TextMobject:
    """b + c + ... = what that comes to; parts "b", "sign-n", "c-n", "equals", "total"."""
    terms = " ".join(
        f'part("sign-{n}", {"-" if c < 0 else "+"}) part("c-{n}", magenta({in_formula(abs(c))}))'
        for n, c in enumerate(added)
    )
    total = b + sum(added)
    sign = equal_sign(round(b, 2) + sum(round(c, 2) for c in added), total)
    rounded = in_formula(total, 2 if sign == "=" else 1)  # what is printed to two decimals comes to another hundredth
    source = f'part("b", grey({in_formula(b)})) {terms} part("equals", {sign}) part("total", grey({rounded}))'
    return formula(source, SIZE)


def _ours(b: float, c: NDArray, name: str) -> list[TextMobject]:
    columns = [OURS_RIGHT - OURS_PITCH * (len(c) - 1 - k) for k in range(len(c))]
    middle = (columns[0] + columns[-1]) / 2
    heights = [
        formula(short(float(value)), SIZE, palette.magenta).place(STEPS, center=x)
        for value, x in zip(c, columns, strict=True)
    ]
    head = words(name, style.TICK, palette.dim).place(HEAD, center=middle)
    return [head, *heights, formula(short(b), SIZE, palette.grey).place(CONSTANT, center=columns[-1])]
