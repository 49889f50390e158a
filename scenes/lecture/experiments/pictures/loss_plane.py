"""Networks as points in a plane: left is better on seen days, down is better on unseen ones.

A pure function of numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from gradreel.core.analysis.results import Result
from gradreel.scenes import style
from gradreel.scenes.mobjects.callout import beside, free_place
from gradreel.scenes.mobjects.plot import Plot, axis_break, dashed, ring, segment
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.mobjects.ticks import Ticks, round_ticks
from gradreel.scenes.style import DIM, FAINT, emphasis, palette
from manim import Animation, Circle, TransformFromCopy, UpdateFromAlphaFunc, VGroup, VMobject, smooth
from numpy.typing import NDArray

LEFT, RIGHT, BOTTOM, TOP = style.LEFT_EDGE + 1.1, 4.1, -2.05, 2.2
ROOM = (0.3, 0.25)  # of the losses' span, free at both ends of an axis; none below 0
LEAST_SPAN = 0.15  # of the largest loss, that is taken as their span at least: a hair's breadth shall look like one
TICK_ROOM = 0.06  # of an axis, at its end, where the word for it stands
DOT, RING, NAME, NUMBERS, VALUE = 0.11, 0.22, 28.0, 26.0, 34.0
CROWDED, AWAY = 0.5, 0.7  # dots nearer to each other have their names so far off, with a line ...
AWAY_FROM_NEXT = 0.2  # ... and as much higher or lower, off the other
DROPPED, HEAD_GAP = 0.08, 0.18  # radius of a ring on the upright axis; from a pair of numbers to its head
BREAK = 0.28  # from an axis' beginning to its break
SWEEP = 2.0  # seconds


class LossPlane(VGroup):
    """Each of N results at (its mean training loss, its mean unseen loss), with its name and both numbers.

    ``texts``: what the axes measure; ``head``: what each pair of numbers is; ``written`` writes a loss in views.
    Parts: ``plot``, ``labels`` (of the axes), ``breaks`` of axes that do not begin at 0, ``dots``, ``names``,
    ``numbers`` as they are on the axes, the ``head`` over one of them, and ``leaders`` from dots that lie close to each
    other to their names; ``upright`` stands at the least training loss, ``level`` lies at the least unseen one, and
    ``value`` is its number. ``dropped``, no part: the unseen losses alone, rings on the upright axis.
    """

    def __init__(
        self,
        results: Sequence[Result],
        names: Sequence[str],
        written: Callable[[float], str],
        texts: tuple[str, str],
        head: str,
    ) -> None:
        super().__init__()
        self.seen = np.array([result.training.mean for result in results])  # (N,)
        self.validation = np.array([result.validation.mean for result in results])  # (N,)
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
        self.value = words(written(float(self.validation.min())), VALUE)
        self.value.place(float(self.level.get_center()[1]) - 0.12, left=RIGHT + 0.2)
        ringed = {int(self.validation.argmin()), *(k for k, result in enumerate(results) if not result.network.hidden)}
        losses = [f"{written(a)} | {written(b)}" for a, b in zip(self.seen, self.validation, strict=True)]
        self.names, self.numbers, self.leaders = VGroup(), VGroup(), VGroup()
        rings = [self.ring(k) for k in sorted(ringed)]
        for crowded_first in (False, True):
            self._place_names(names, losses, points, rings, crowded_first)
            if not self._strikes():
                break
        else:
            self._place_names(names, losses, points, rings, False)
        texts = (*self.names, *self.numbers)
        self.head = self._head(head, [*self.dots, *texts, *self.leaders, *rings, self.upright, self.level])
        self.dropped = VGroup(*(ring((LEFT, y, 0.0), DROPPED, palette.blue) for y in points[:, 1]))
        self.add(self.plot, self.breaks, self.labels, self.upright, self.level, self.value, self.dots)
        self.add(self.leaders, self.names, self.numbers, self.head)

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

    def _place_names(
        self,
        names: Sequence[str],
        losses: Sequence[str],
        points: NDArray,
        rings: Sequence[Circle],
        crowded_first: bool,
    ) -> None:
        """Each name with its numbers beside its point, off lines, other points and names, and the rings that come.

        Points close to each other have theirs farther off, where there is room, each with a line to it.
        """
        for group in (self.names, self.numbers, self.leaders):
            group.remove(*group)
        apart = np.linalg.norm(points[:, None] - points, axis=-1) + CROWDED * np.eye(len(points))
        crowded = [bool(row.min() < CROWDED) for row in apart]
        texts = [_line(name, numbers) for name, numbers in zip(names, losses, strict=True)]
        placed: list[VGroup] = []
        for k in sorted(range(len(points)), key=lambda k: (crowded[k] != crowded_first, -points[k, 1])):
            text, point = texts[k], points[k]
            taken = [*self.dots, *rings, self.upright, self.level, *self.leaders, *placed]
            size, box = (text.width, text.height), self.plot.box
            far = None
            if crowded[k]:
                away = AWAY_FROM_NEXT * np.sign(point[1] - points[int(apart[k].argmin())][1])
                low = (text.width, text.height - 0.12)  # two such names may stand close over one another
                far = free_place(points[[k]], point + np.array([0.0, away, 0.0]), low, box, AWAY, taken)
            if far is None:
                text.move_to(beside(points[[k]], point, size, box, taken))
            else:
                text.move_to([*far, 0.0])
                side = np.sign(far[0] - point[0])
                end = np.array([far[0] - side * (text.width / 2 + 0.1), far[1], 0.0])
                way = (end - point) / np.linalg.norm(end - point)
                self.leaders.add(segment(point + (DOT + 0.04) * way, end, palette.dim, 2.0))
            placed.append(text)
        for text in texts:
            self.names.add(text[0])
            self.numbers.add(text[1])

    def _strikes(self) -> bool:
        """Whether a line to a name runs through another name or its numbers, or two of these lie on each other."""
        texts = [*self.names, *self.numbers]
        along = [line.point_from_proportion(share) for line in self.leaders for share in np.linspace(0, 1, 60)]
        struck = any(_holds(text, point) for text in texts for point in along)
        return struck or any(_gap(one, other) < 0 for n, one in enumerate(texts) for other in texts[:n])

    def _head(self, text: str, taken: Sequence[VMobject]) -> TextMobject:
        """What the numbers are: close over a pair of them, as far off all else as may be, or at the right edge."""
        free = []
        for numbers in self.numbers:
            head = words(text, style.TICK, palette.dim)
            head.place(float(numbers.get_top()[1]) + HEAD_GAP, center=float(numbers.get_center()[0]))
            inside = head.get_left()[0] > LEFT + 0.1 and head.get_top()[1] < TOP + 0.1
            gap = min(_gap(head, other) for other in taken if other is not numbers)
            if inside and gap > 0.05:
                free.append((gap, head))
        if free:
            return max(free, key=lambda place: place[0])[1]
        return words(text, style.TICK, palette.dim).place(TOP + 0.15, right=style.RIGHT_EDGE)

    # -- what moves ------------------------------------------------------------------------------------------------

    def show_upright(self, seen: float) -> None:
        """The upright line at a training loss, in place."""
        low, high = self.plot.y_range
        made = dashed(self.plot.at(seen, low), self.plot.at(seen, high) - [0, 0.1, 0], palette.text)
        self.upright.become(made)

    def show_level(self, unseen: float) -> None:
        """The level line at an unseen loss, in place."""
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
        parts = (self.dots, self.names, self.numbers)
        others = [part for group in (*parts, self.dropped) for n, part in enumerate(group) if n != k]
        return [emphasis(part, DIM) for part in (*others, *self.leaders, self.head)]

    def forget_seen(self) -> list[Animation]:
        """The level axis and all that stands on it steps back."""
        parts = [self.plot.x_axis, *self.plot.x_tick_labels, self.labels[0], self.upright]
        return [emphasis(part, FAINT) for part in (*parts, *(self.breaks[:1] if self.plot.x_range[0] > 0 else ()))]

    def drop(self) -> list[Animation]:
        """Every point goes across to the upright axis: its unseen loss is left."""
        return [TransformFromCopy(dot, mark) for dot, mark in zip(self.dots, self.dropped, strict=True)]

    def ring(self, k: int) -> Circle:
        """A ring around point ``k``."""
        return Circle(radius=RING, color=palette.text, stroke_width=2.4).move_to(self.dots[k])


def _holds(text: VMobject, point: NDArray) -> bool:
    """Whether a point lies in the rectangle that a text stands in."""
    x, y = np.abs(point - text.get_center())[:2]
    return bool(x < text.width / 2 and y < text.height / 2)


def _gap(one: VMobject, other: VMobject) -> float:
    """How far apart the rectangles are that two things stand in, across or up; negative where one lies on the other."""
    x, y = np.abs(one.get_center() - other.get_center())[:2]
    return float(max(x - (one.width + other.width) / 2, y - (one.height + other.height) / 2))


def _line(name: str, numbers: str) -> VGroup:
    """A name and, right of it, smaller, its numbers, on one line."""
    text = words(name, NAME).place(0.0, left=0.0)
    return VGroup(text, words(numbers, NUMBERS, palette.dim).place(0.0, left=text.width + 0.2))


def _range(losses: NDArray) -> tuple[float, float]:
    """What an axis of these losses holds."""
    least, most = float(losses.min()), float(losses.max())
    span = max(most - least, LEAST_SPAN * most) or 1.0
    return max(0.0, least - ROOM[0] * span), least + (1 + ROOM[1]) * span
