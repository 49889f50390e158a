"""The formulas of one path back through a network, in letters and numbers: sources for Typst."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from gradreel.core.network.activations import ACTIVATIONS
from gradreel.core.network.theta import parameter_names, unpack
from gradreel.scenes.lecture.deep.day_step import DayStep
from gradreel.scenes.mobjects.printed_arithmetic import (
    PrintedProduct,
    fitting_places,
    printed_step,
    printed_with_slope,
)
from gradreel.scenes.mobjects.theta_strip import typst_name
from gradreel.scenes.mobjects.update_formulas import sum_source

PLAIN_RATE = 1e-3  # smaller learning rates are written as powers of ten


def slope_source(of: str) -> str:
    """The error's slope by something, as a fraction."""
    return f"frac(partial e, partial {of})"


@dataclass(frozen=True)
class Link:
    """One link of a chain: the slope of ``of`` is that of ``after`` times ``factor``; in Typst, and in numbers."""

    of: str
    after: str
    factor: str
    slope: float  # of `after`
    value: float  # of `factor`
    places: int  # decimals of the slopes

    @property
    def printed(self) -> PrintedProduct:
        return printed_step(self.slope, self.value, self.places)

    def source(self, n: int) -> str:
        """In letters and numbers; parts "of1", "after1", "first1", "second1", "result1" of the first link, ..."""
        printed = self.printed
        letters = f'part("of{n}", {slope_source(self.of)}) = part("after{n}", {slope_source(self.after)})'
        second = _bracketed(printed.second)
        numbers = f'part("first{n}", orange({printed.first})) dot part("second{n}", {second})'
        result = f'{"=" if printed.exact else "approx"} part("result{n}", orange({printed.product}))'
        return f"{letters} dot {self.factor} = {numbers} {result}"


class PathFormulas:
    """The way back along c_i, a_i, r_i to w_ij: ``path`` is (i, j), from 0."""

    def __init__(self, step: DayStep, path: tuple[int, int]) -> None:
        self.step, self.path = step, path
        i = path[0] + 1
        self.y, self.a, self.r = "blue(y)", f"blue(a_{i})", f"blue(r_{i})"
        self.c, self.w = f"magenta(c_{i})", f"yellow(w_({i} {path[1] + 1}))"

    def links(self) -> list[Link]:
        """From y to a, from a to r, from r to the path's w."""
        (i, j), step = self.path, self.step
        slopes, there = step.slopes, step.there
        bend, c = ACTIVATIONS[step.run.activation].slope(there.r[0], there.a[0])[i], unpack(step.run, step.theta).c[i]
        a, r, w = slopes.a[0], slopes.r[0], step.gradient.weights[0].ravel()
        return [
            Link(self.a, self.y, self.c, slopes.y, float(c), fitting_places(a)),
            Link(self.r, self.a, f"frac(partial {self.a}, partial {self.r})", a[i], float(bend), fitting_places(r)),
            Link(self.w, self.r, f"x_{j + 1}", r[i], float(there.x[j]), fitting_places(w)),
        ]

    def nudge_forward(self, link: Link) -> str | None:
        """a + 0.01 -> y + 0.0168 -> e - 0.0168, with the factors over the arrows; None where y is right.

        Parts: "a", "c" (the first arrow) and "factor" over it, "y", "slope" (the second arrow), "e".
        """
        step = self.step
        factor, away = Decimal(link.printed.second), abs(step.there.y - step.there.label)
        nudges = (Decimal(1).scaleb(-k) for k in range(2, 9))
        nudge = next((nudge for nudge in nudges if float(abs(factor) * nudge) < away), None)
        if step.slopes.y == 0 or nudge is None:
            return None
        more = factor * nudge
        change = step.error_at(step.there.y + float(more)) - step.there.error
        near = "" if step.run.loss == "mae" else "approx"  # its slope is not the same all the way
        arrows = [f"stretch(arrow.r, size: #2.2em)^(dot {number})" for number in (
            f'part("factor", {_bracketed(link.printed.second)})', f"{near} orange({_bracketed(link.printed.first)})"
        )]  # fmt: skip
        return (
            f'part("a", {link.of} {nudge:+f}) part("c", {arrows[0]}) part("y", {link.after} {more:+f}) '
            f'part("slope", {arrows[1]}) part("e", e {change:+.{-int(more.as_tuple().exponent)}f})'
        )

    @property
    def index(self) -> int:
        """Of the path's w in theta."""
        i, j = self.path
        return i * len(self.step.there.x) + j

    def update(self) -> str | None:
        """The update of the path's w in numbers; None where it cannot be seen in them."""
        step = self.step
        assert step.rate is not None
        after = step.theta - step.rate * step.slopes.theta
        places = fitting_places(step.gradient.weights[0].ravel())
        made = printed_with_slope(step.theta, step.slopes.theta, after, step.rate, self.index, places)
        names = parameter_names(step.run)
        plain = step.rate >= PLAIN_RATE and made.right and made.before != made.after
        return sum_source(made, names, [typst_name(name) for name in names]) if plain else None


def _bracketed(number: str) -> str:
    return f"({number})" if number.startswith("-") else number
