"""Two ReLUs are one hard sigmoid: their heights added along the picture, and what that makes of the network."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from gradreel.core.curves.piecewise import PiecewiseLinearCurve, Relus
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.curves.pictures.small_curve import SmallCurve
from gradreel.scenes.mobjects.arithmetic import printed_sum
from gradreel.scenes.mobjects.formula_growth import grow
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.lecture_formulas import Y, many_features_source, sum_of_relus_source
from gradreel.scenes.mobjects.plot import Plot, segment
from gradreel.scenes.mobjects.sigmoid_board import ROLE
from gradreel.scenes.mobjects.text import Number, TextMobject, formula, words
from gradreel.scenes.style import BAND, emphasis, mix, palette
from gradreel.scenes.words.numbers import number_text
from manim import (
    UP,
    Animation,
    AnimationGroup,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    ReplacementTransform,
    Succession,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    smooth,
    squish_rate_func,
)
from numpy.typing import NDArray

FORMULA_BASELINE, SUM_BASELINE = 2.35, 1.85
VALUES, HEIGHTS = 1.7, 1.02  # baselines of the letters' numbers, and of the numbers where the line stands
ICONS = ((-5.7, -3.0), (-1.35, 1.35), (3.0, 5.7))  # left and right of three small pictures
ICON_SPAN, ICON_NAME = (-2.1, 0.0), -2.75  # their bottom and top; the baseline of their names
LETTER_NUMBER, SUM_NUMBER, NOTE = 34, 38, 34
PART, BAR = 0.5, 7.0  # share of blue in the two ReLUs while they are added; width of the second one's height


class TwoReluBeats(LectureScene):
    """Two beats of ``two`` ReLUs whose sum is a ``hard`` sigmoid; the scene has drawn ``one`` with its formula."""

    hard: PiecewiseLinearCurve
    relus: Relus
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    x: NDArray  # (n,), as the heights over it of the first ReLU and of the second
    first: NDArray
    second: NDArray
    plot: Plot
    one: VMobject  # the first ReLU's curve
    line: VGroup
    bend: VGroup
    formula: TextMobject
    letters: VGroup  # the numbers under it

    # -- beats ---------------------------------------------------------------------------------------------------

    def _title(self, text: str) -> list[Animation]:
        self.title, animations = next_heading(text, getattr(self, "title", None))
        return animations

    def _numbers_under(self, parts: dict[str, str]) -> VGroup:
        """The numbers under parts of the formula, given by their letters: b' and c' are the second ReLU's."""
        p = self.parameters
        values = {"c": p.c, "b": p.b, "w": p.w, "c'": -p.c, "b'": p.b - 1}
        texts = VGroup()
        for part, letter in parts.items():
            ink = getattr(palette, ROLE[letter[0]])
            text = formula(number_text(float(f"{values[letter]:.3g}")).replace("\u2212", "-"), LETTER_NUMBER, ink)
            texts.add(text.place(VALUES, center=self.formula.part(part).get_center()[0]))
        return texts

    def _two_beat(self) -> None:
        plot, faint = self.plot, mix(palette.blue, 0.45)
        with self.beat("two"):
            # A second ReLU bends where the first has reached c and goes down. A line sweeps to the right: the second
            # one's height also hangs from the first one, and where it ends the sum is: along the hard sigmoid
            two = formula(f'{Y} {_term(1)} part("plus", +) {_term(2)}', 46).place(FORMULA_BASELINE, center=0.0)
            self.two = plot.curve(self.x, self.second, palette.blue, style.SECOND_CURVE)
            from_ = {"c": "c", "max": "sigmoid", "brackets": "brackets", "b": "bias", "w": "w", "x": "x"}
            origins = {f"{part}-1": old for part, old in from_.items()}
            leaving = [FadeOut(part) for part in (self.line, self.letters, self.bend)]
            self.play(*grow(self.formula, two, origins=origins), Create(self.two), *leaving, run_time=1.6)
            self.formula = two
            names = {
                f"{letter}-{k}": letter + ("'" if k == 2 and letter != "w" else "") for k in (1, 2) for letter in "cbw"
            }
            self.letters = self._numbers_under(names)
            self.play(FadeIn(self.letters, shift=0.1 * UP), run_time=0.5)
            self.band = plot.curve(self.hard_x(), self.hard(self.hard_x()), faint, BAND)
            self.band_label = words(self.screen("hard-sigmoid"), style.LABEL, mix(palette.blue, 0.8))
            up = -0.5 if self.parameters.c > 0 else 0.28  # between the level and zero
            self.band_label.place(plot.at(0, self.parameters.c)[1] + up, right=plot.box[1] - 0.35)
            self._make_scan()
            ends = [label for label in plot.x_tick_labels if label.get_right()[0] > plot.box[1]]  # a bar will lie there
            self.play(
                *map(FadeOut, ends),
                emphasis(self.one, PART), emphasis(self.two, PART), FadeIn(self.scan), FadeIn(self.values),
                run_time=0.6,
            )  # fmt: skip
            self._sweep(self.x_range[1], 3.2)
            self.add(self.band, self.scan)
            self.play(FadeIn(self.band), FadeIn(self.band_label), run_time=0.6)
            self.add(self.scan)

    def hard_x(self) -> NDArray:
        return np.array([self.x_range[0], *self.hard.x, self.x_range[1]])

    def _make_scan(self) -> None:
        """The moving line with the sum's curve behind it, and the numbers under the formula's terms."""
        low, high = self.y_range
        self.guide = segment(self.plot.at(0, low), self.plot.at(0, high), mix(palette.text, 0.5), style.GUIDE)
        self.total = self.plot.curve(self.x[:2], self.hard(self.x[:2]), palette.blue, style.MAIN_CURVE + 1)
        self.marks = VGroup(*(self.plot.dot(0, 0, palette.text, r) for r in (0.09, 0.09, 0.13)))
        thick = {"width": BAR, "color": mix(palette.text, 0.75)}
        self.bars = VGroup(*(segment(*self.plot.at(0, np.array([0.0, 1.0])), **thick) for _ in range(2)))
        self.scan = VGroup(self.guide, self.bars, self.total, self.marks)
        end = self.x_range[1]
        printed = printed_sum([self._first_at(end), self._second_at(end)], float(self.relus(end)))
        self.numbers = [self._hung(name, printed.decimals) for name in ("y", "max-1", "max-2")]
        signs = [formula(sign, SUM_NUMBER) for sign in ("=" if printed.exact else "approx", "+")]
        for sign, name in zip(signs, ("equals", "plus"), strict=True):
            sign.place(HEIGHTS, center=self.formula.part(name).get_center()[0])
        self.values = VGroup(*self.numbers, *signs)
        self.show(self.x_range[0])

    def _hung(self, name: str, decimals: int) -> Number:
        """The number under a part of the formula."""
        part = self.formula.part(name)
        number = Number(0.0, decimals, SUM_NUMBER, palette.blue, face="math")
        right = self.formula.part("equals").get_left()[0] - 0.2 if name == "y" else part.get_left()[0] + 1.3
        return number.place(HEIGHTS, right=right)

    def show(self, x: float) -> None:
        """The line at x; the heights there of the sum and of the two ReLUs."""
        self.at_x = x
        heights = [float(value(x)) for value in (self.relus, self._first_at, self._second_at)]
        for number, height in zip(self.numbers, heights, strict=True):
            number.set_value(height)
        for mark, height in zip(self.marks, [*heights[1:], heights[0]], strict=True):
            mark.move_to(self.plot.at(x, height))
        sum_, first, second = heights
        for bar, ends in zip(self.bars, ((0.0, second), (first, sum_)), strict=True):  # of one length: it is moved up
            bar.set_points_as_corners(self.plot.at(x, np.array(ends)))
        self.guide.shift((self.plot.at(x, 0)[0] - self.guide.get_center()[0]) * np.array([1.0, 0, 0]))
        seen = np.unique([self.x[0], *self.x[self.x < x], x, self.x[0] + 1e-9 * (self.x[-1] - self.x[0])])
        self.plot.set_curve(self.total, seen, self.relus(seen))

    def _first_at(self, x: float) -> float:
        return float(self.relus.piece(1, x))

    def _second_at(self, x: float) -> float:
        return float(self.relus.piece(2, x))

    def _sweep(self, x: float, seconds: float) -> None:
        start, moving = self.at_x, VGroup(self.scan, self.values)

        def update(_: VMobject, share: float) -> None:
            self.show(start + share * (x - start))

        self.play(UpdateFromAlphaFunc(moving, update, run_time=seconds, rate_func=smooth))
        self.show(x)

    def _sum_beat(self) -> None:
        with self.beat("sum"):
            # The formula of the network: sigmoid becomes hard sigmoid. Below, the picture shrinks to a small equation:
            # one hard sigmoid is two ReLUs. So hard sigmoid becomes max, with a sum twice as long
            leaving = [self.plot, self.band, self.band_label, self.guide, self.bars, self.marks, self.values]
            leaving += [self.formula, self.letters]
            icons, signs = self._icons()
            soft = formula(many_features_source(), 58).place(SUM_BASELINE, center=0.0)
            hard = formula(many_features_source(activation="hard_sigmoid"), 58).place(SUM_BASELINE, center=0.0)
            self.play(
                *(FadeOut(part, run_time=0.4) for part in leaving), *self._title(self.screen("heading-sum")),
                FadeIn(soft, run_time=0.9, rate_func=squish_rate_func(smooth, 0.5, 1.0)),
            )  # fmt: skip
            self.play(*grow(soft, hard, coming=0.4), run_time=0.9)  # the gap opens while "hard" is written in it
            self._shrink(icons)
            self.play(*(FadeIn(sign) for sign in signs), run_time=0.4)
            self.add(*icons)
            self.icons = VGroup(*icons, *signs)
            self.formula = formula(sum_of_relus_source(), 58).place(SUM_BASELINE, center=0.0)
            self.note = words(self.screen("two-each"), NOTE)
            self.note.place(SUM_BASELINE - 1.3, left=self.formula.part("sum").get_left()[0])
            noted = FadeIn(self.note, shift=0.1 * UP, rate_func=squish_rate_func(smooth, 0.6, 0.9), run_time=1.8)
            self.play(*grow(hard, self.formula, morph=False), noted, run_time=1.8)  # early enough to be read

    def _shrink(self, icons: Sequence[SmallCurve]) -> None:
        """Each curve becomes its small picture, the rightmost first: none runs through another one's place."""
        moves: list[Animation] = []
        for curve, icon in zip((self.two, self.one, self.total), reversed(icons), strict=True):
            shown = AnimationGroup(FadeIn(icon.zero), FadeIn(icon.name), run_time=0.3)
            moves.append(Succession(ReplacementTransform(curve, icon.curve, run_time=0.7), shown))
        self.play(LaggedStart(*moves, lag_ratio=0.4))

    def _icons(self) -> tuple[list[SmallCurve], list[TextMobject]]:
        curves = (self.hard(self.x), self.first, self.second)
        signs_of_c = "><" if self.parameters.c > 0 else "<>"
        names = (self.screen("hard-sigmoid"), *(f"ReLU, $magenta(c) {sign} 0$" for sign in signs_of_c))
        icons = [
            SmallCurve(self.x, y, self.y_range, (*sides, *ICON_SPAN), words(name, style.LABEL, palette.blue), ICON_NAME)
            for y, sides, name in zip(curves, ICONS, names, strict=True)
        ]
        middle = (ICON_SPAN[0] + ICON_SPAN[1]) / 2
        gaps = [(a[1] + b[0]) / 2 for a, b in pairwise(ICONS)]
        signs = [formula(sign, 52).move_to((x, middle, 0)) for sign, x in zip("=+", gaps, strict=True)]
        return icons, signs


def _term(k: int) -> str:
    """c_k max(0, b_k + w_k x_1)."""
    inner = f'part("b-{k}", green(b_{k})) part("plus-{k}", +) part("w-{k}", yellow(w_{k})) thin part("x-{k}", x_1)'
    return f'part("c-{k}", magenta(c_{k})) thin part("max-{k}", max)part("brackets-{k}", (0, {inner}))'
