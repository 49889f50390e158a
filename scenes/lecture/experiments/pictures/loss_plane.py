"""Networks as points in a plane: left is better on seen days, down is better on validation days.

A pure function of numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from gradreel.core.analysis.results import Result
from gradreel.scenes import style
from gradreel.scenes.mobjects.arrows import arrow, set_arrow
from gradreel.scenes.mobjects.callout import beside
from gradreel.scenes.mobjects.plot import Plot, axis_break, dashed, ring
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.mobjects.ticks import Ticks, round_ticks
from gradreel.scenes.style import DIM, FAINT, emphasis, palette
from manim import Animation, Circle, UpdateFromAlphaFunc, VGroup, VMobject, smooth
from numpy.typing import NDArray

LEFT, RIGHT, BOTTOM, TOP = style.LEFT_EDGE + 1.1, 4.6, -2.05, 2.2
ROOM = (0.3, 0.25)  # of the losses' span, free at both ends of an axis; none below 0
LEAST_SPAN = 0.15  # of the largest loss, that is taken as their span at least: a hair's breadth shall look like one
TICK_ROOM = 0.06  # of an axis, at its end, where the word for it stands
FAR = 1.5  # times the next seen loss: a line that is worse on all days than that would crowd all others
DOT, RING, NAME, VALUE = 0.13, 0.24, 30.0, 34.0
BREAK = 0.28  # from an axis' beginning to its break
SWEEP = 1.8  # seconds


def far_off(results: Sequence[Result]) -> list[bool]:
    """Which results lie so far up to the right that the others could not be told apart: the linear model's at most."""
    seen, validation = _losses(results)
    far = [False] * len(results)
    if len(results) > 2 and not results[0].network.hidden:
        far[0] = bool(seen[0] > FAR * seen[1:].max() and validation[0] > validation[1:].max())
    return far


class LossPlane(VGroup):
    """Each result at (its mean training loss, its mean validation loss), with its name.

    One that is `far_off` is no point, but a name at the upper right, with an arrow on.
    ``texts``: what the axes measure; ``written`` writes a loss in views.
    Parts: ``plot``, ``labels`` (of the axes), ``breaks`` of axes that do not begin at 0, ``dots`` and ``names`` of
    the results ``inside``, ``beyond``; ``upright`` stands at the least training loss, ``level`` lies at the least
    validation loss, and ``value`` is its number.
    """

    def __init__(
        self,
        results: Sequence[Result],
        names: Sequence[str],
        written: Callable[[float], str],
        texts: tuple[str, str],
    ) -> None:
        super().__init__()
        far = far_off(results)
        self.inside = [k for k, is_far in enumerate(far) if not is_far]
        self.seen, self.validation = _losses([results[k] for k in self.inside])  # (N,) each
        self.plot = self._plot(written)
        self.breaks = self._breaks()
        self.labels = VGroup(
            words(texts[0], style.TICK, palette.dim).place(BOTTOM - 0.4, right=style.RIGHT_EDGE),
            words(texts[1], style.TICK, palette.dim).place(TOP + 0.15, left=style.LEFT_EDGE),
        )
        points = self.plot.at(self.seen, self.validation)
        self.dots = VGroup(*(ring(point, DOT, palette.blue, fill=palette.blue) for point in points))
        self.upright, self.level = VMobject(), VMobject()
        self.show_upright(self.seen.min())
        self.show_level(self.validation.min())
        self.first, self.lowest = (self.inside[int(losses.argmin())] for losses in (self.seen, self.validation))
        self.value = words(written(float(self.validation.min())), VALUE)
        self.value.place(float(self.level.get_center()[1]) - 0.12, left=RIGHT + 0.2)
        self.names = self._names([names[k] for k in self.inside], points)
        self.beyond = VGroup(*(self._beyond(names[k]) for k, is_far in enumerate(far) if is_far))
        self.add(self.plot, self.breaks, self.labels, self.upright, self.level, self.value, self.dots)
        self.add(self.names, self.beyond)

    def _plot(self, written: Callable[[float], str]) -> Plot:
        across, up = _range(self.seen), _range(self.validation)

        def ticks(start: float, end: float) -> Ticks:
            values = tuple(value for value in round_ticks(start, end, 4) if value < end - TICK_ROOM * (end - start))
            return Ticks(values, tuple("0" if value == 0 else written(value) for value in values))

        box = {"left": LEFT, "right": RIGHT, "bottom": BOTTOM, "top": TOP}
        return Plot(across, up, **box, x_ticks=ticks(*across), y_ticks=ticks(*up), x_label=None)

    def _breaks(self) -> VGroup:
        """A break in each axis that does not begin at 0, near its beginning."""
        breaks = VGroup()
        if self.plot.x_range[0] > 0:
            breaks.add(axis_break([LEFT + BREAK, BOTTOM, 0.0], upright=False))
        if self.plot.y_range[0] > 0:
            breaks.add(axis_break([LEFT, BOTTOM + BREAK, 0.0], upright=True))
        return breaks

    def _names(self, names: Sequence[str], points: NDArray) -> VGroup:
        """Each name beside its point, off lines, other points and names, and the rings that come."""
        taken = [*self.dots, self.ring(self.first), self.ring(self.lowest), self.upright, self.level]
        placed = VGroup()
        for name, point in zip(names, points, strict=True):
            text = words(name, NAME)
            around = (text.width, text.height)
            placed.add(text.move_to(beside(point[None], point, around, self.plot.box, [*taken, *placed])))
        return placed

    @staticmethod
    def _beyond(name: str) -> VGroup:
        """A name at the upper right, and an arrow to where its point would be."""
        end = np.array([style.RIGHT_EDGE, TOP + 0.3, 0.0])
        text = words(name, NAME, palette.dim).place(TOP - 0.35, right=style.RIGHT_EDGE - 0.35)
        return VGroup(text, set_arrow(arrow(palette.dim, 2.4), end - np.array([0.42, 0.3, 0.0]), end))

    # -- what moves ------------------------------------------------------------------------------------------------

    def show_upright(self, seen: float) -> None:
        """The upright line at a training loss, in place."""
        low, high = self.plot.y_range
        made = dashed(self.plot.at(seen, low), self.plot.at(seen, high) - [0, 0.1, 0], palette.text)
        self.upright.become(made)

    def show_level(self, unseen: float) -> None:
        """The level line at a validation loss, in place."""
        self.level.become(dashed(*self.plot.at(self.plot.x_range, unseen), palette.text))

    def sweep_left(self) -> UpdateFromAlphaFunc:
        """The upright line comes from the right and stops at the last point."""
        return self._sweep(self.upright, self.show_upright, self.plot.x_range[1], self.seen.min())

    def sweep_down(self) -> UpdateFromAlphaFunc:
        """The level line comes from above and stops at the last point."""
        return self._sweep(self.level, self.show_level, self.plot.y_range[1], self.validation.min())

    @staticmethod
    def _sweep(line: VMobject, show: Callable[[float], None], start: float, end: float) -> UpdateFromAlphaFunc:
        def update(_: VMobject, share: float) -> None:
            show(start + share * (end - start))

        return UpdateFromAlphaFunc(line, update, run_time=SWEEP, rate_func=smooth)

    def choose(self, k: int) -> list[Animation]:
        """All but network ``k`` step back."""
        others = [
            part for group in (self.dots, self.names) for n, part in zip(self.inside, group, strict=True) if n != k
        ]
        return [emphasis(part, DIM) for part in others]

    def forget_seen(self) -> list[Animation]:
        """The level axis and all that stands on it steps back."""
        parts = [self.plot.x_axis, *self.plot.x_tick_labels, self.labels[0], self.upright]
        return [emphasis(part, FAINT) for part in (*parts, *(self.breaks[:1] if self.plot.x_range[0] > 0 else ()))]

    def ring(self, k: int) -> Circle:
        """A ring around the point of network ``k``."""
        at = self.dots[self.inside.index(k)]
        return Circle(radius=RING, color=palette.text, stroke_width=2.4).move_to(at)

    def name_of(self, k: int) -> VMobject:
        """Network ``k``'s name."""
        return self.names[self.inside.index(k)]


def _losses(results: Sequence[Result]) -> tuple[NDArray, NDArray]:
    """Training losses and validation losses, means, (N,) each."""
    return (
        np.array([result.training.mean for result in results]),
        np.array([result.validation.mean for result in results]),
    )


def _range(losses: NDArray) -> tuple[float, float]:
    """What an axis of these losses holds."""
    least, most = float(losses.min()), float(losses.max())
    span = max(most - least, LEAST_SPAN * most) or 1.0
    return max(0.0, least - ROOM[0] * span), least + (1 + ROOM[1]) * span
