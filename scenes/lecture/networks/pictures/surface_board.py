"""A small network as a surface: the sum in a column, a ramp beside each term, the whole of it large, days in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.lecture.networks.pictures.gap_card import GapCard
from gradreel.scenes.lecture.networks.pictures.surface import Box, Days, Sheet, View, heights_around
from gradreel.scenes.lecture.networks.pictures.surface_ground import Ground, clear_labels, in_one_unit
from gradreel.scenes.lecture.networks.pictures.tried_term import TriedTerm
from gradreel.scenes.lecture.networks.term_surfaces import Surface, Walk
from gradreel.scenes.mobjects.pace import pace_of
from gradreel.scenes.mobjects.plot import polyline, ring
from gradreel.scenes.mobjects.text import Number, TextMobject, formula, words
from gradreel.scenes.mobjects.ticks import round_labels
from gradreel.scenes.style import palette
from gradreel.scenes.words.numbers import number_text
from manim import VGroup
from numpy.typing import NDArray

COUNT, FEW = 19, 9  # points of the sheet along a rim, and of a ramp's
SIDE, HEIGHT, MIDDLE = 4.75, 2.9, (1.95, 0.35)  # of the box, scene units
VIEW, AWAY = View(-24.0), -66.0  # from where it is seen; the azimuth to which it turns, and comes back
COLUMN_TOP, COLUMN_BOTTOM, PITCH, RAMPS = 1.75, -2.15, 1.3, -3.5  # the sum's rows; middle of the ramps
COLUMN_SIZE, HELD_BASELINE, CLEAR = 44, 2.42, 0.2  # CLEAR: from what is held to what stands over the axis of y
DOT, DAY_DOT = 0.085, 0.11  # radii
LEAD = 0.22  # from the day to the line to the card
STEM = 3.6  # width of the line from the prediction to the day
TAG_GAP = 0.3  # left of the axis of y and of its numbers, to the constant's
TAG_LEFT = RAMPS + 0.45  # where it begins at the earliest: right of the boxes
TALLY = 2.62  # baseline of the update and the mean gap


def column_source(count: int) -> str:
    """y = b, and below it + c_i a_i, a row each."""
    rows = ['part("y", blue(y)) part("equals", =) part("b", grey(b))']
    rows += [
        f'part("plus_{i}", +) thick part("c_{i}", magenta(c_{i})) thin part("a_{i}", blue(a_{i}))'
        for i in range(1, count + 1)
    ]
    return " \\ ".join(rows)


class SurfaceBoard(VGroup):
    """The network over two features: nothing of it has been brought to the screen.

    ``surface``: its values, and at fewer points ``small``, for the ramps; ``point``: of the day shown, x_1 and x_2;
    ``prediction`` and ``label`` of that day; ``near``: other days (K, 2) on the ground, what they had (K,), and what
    the network says of them (K,). ``names`` of the features along the axes. ``at``: the surface over another ground, at
    so many points a side. ``walk`` and ``small_walk``: the surface after the updates of the training, at as many points
    of the ``close`` ground, which the days lie on; of days, they tell those of ``near``, and the day shown last;
    ``gaps``: by how much the network missed all days of the training then, on the mean. ``said``: the words for the
    update and for that gap. ``tried``: other heights that the box has room for. ``inner``: the first term.

    Parts: ``held`` (what the other features are held at; ``about``: what they are near), ``column`` (the sum),
    ``ramps`` and their ``floors``,
    ``ground``, ``tag`` (the constant, at the axis of y), ``sheet``, ``days``, ``day`` (a line from the prediction to
    the label, and a dot of each), ``card`` (the gap between them, enlarged), ``lead`` (a line to there), ``tally`` (of
    the walk: its update and its mean gap), ``inner``.
    """

    def __init__(
        self,
        surface: Surface,
        small: Surface,
        point: NDArray,
        prediction: float,
        label: float,
        near: tuple[NDArray, NDArray, NDArray],
        names: Sequence[str],
        decimals: int,
        at: Callable[[tuple[float, float], int], Surface],
        close: tuple[float, float],
        walk: Walk,
        small_walk: Walk,
        gaps: NDArray,
        said: Sequence[str],
        tried: NDArray,
        inner: TriedTerm,
    ) -> None:
        super().__init__()
        self.small = small
        self.surface, self.point, self.prediction, self.label = surface, point, prediction, label
        self.decimals, self.view, self._at, self.inner = decimals, VIEW, at, inner
        ground = (float(surface.axis[0]), float(surface.axis[-1]))
        low, high = surface.extent()
        heights = heights_around([low, high, label], tried, from_zero=True)  # b is as high as it looks
        self.box = self.wide = Box(ground, heights, SIDE, HEIGHT, MIDDLE)
        heights = heights_around([label, *near[1]], walk.days[[0, -1]], walk.height(0), walk.height(-1))
        self.close = replace(self.wide, ground=close, heights=heights)
        across = in_one_unit(*(clear_labels(*box.ground, 4) for box in (self.wide, self.close)))
        up = in_one_unit(round_labels(*self.wide.heights, 4), round_labels(*self.close.heights, 3))
        ticks, later = zip(across, up, strict=True)
        self.ground = Ground(self.box, self.view, (*names, "blue(y)"), ticks, later=later)
        self.sheet = Sheet(self.box, self.view, len(surface.axis))
        self.days = Days(self.box, self.view, *near, DOT)
        fit = self._fitting(walk)
        self.walk, self.small_walk, self.gaps = walk.at(fit), small_walk.at(fit), gaps[fit]
        self.pace = pace_of(np.arange(len(fit)), self.walk.heights().reshape(len(fit), -1))
        self.tally = self._tally(*said)
        self.held, self.about, self.column = self._held("="), self._held("$approx$"), self._column()
        self.ramps, self.floors = VGroup(), VGroup()
        for i, term in enumerate(small.terms):
            self._add_ramp(i, term)
        stem = polyline(np.zeros((2, 3)), palette.text, STEM)
        dots = ring((0, 0, 0), DAY_DOT, palette.text, palette.blue), ring((0, 0, 0), DAY_DOT, palette.red, palette.red)
        self.day = VGroup(stem, *dots)
        self.tag = self._tag(len(ticks[1].values))
        self.card = GapCard(prediction, label, decimals)
        self.lead = polyline(np.zeros((2, 3)), palette.text, style.GUIDE)
        self.turn(0.0)

    # -- the column ----------------------------------------------------------------------------------------------

    @property
    def pitch(self) -> float:
        return min(PITCH, (COLUMN_TOP - COLUMN_BOTTOM) / self.surface.n_terms)

    def row(self, k: int) -> float:
        """Where row k of the sum stands: 0 is y = b, the others are its terms."""
        return COLUMN_TOP - k * self.pitch

    def _column(self) -> TextMobject:
        column = formula(column_source(self.surface.n_terms), COLUMN_SIZE)
        first = column.part("b")
        left = first.get_left()[0] - column.part("y").get_left()[0]
        for k in range(self.surface.n_terms + 1):
            parts = [column.part(name) for name in (("y", "equals", "b") if not k else _names_of(k))]
            line, letter = VGroup(*parts), parts[-1]
            foot = letter[0].get_bottom()[1]
            start = style.LEFT_EDGE if not k else style.LEFT_EDGE + left - column.part("plus_1").width - 0.12
            line.shift([start - line.get_left()[0], self.row(k) - 0.12 - foot, 0.0])
        return column

    def _held(self, sign: str) -> VGroup:
        """A row that ends before what stands over the axis of y: written closer where it is long."""
        row = self._row_of_held(f" {sign} ", style.LABEL, 0.4)
        end = float(self.ground.head.get_left()[0]) - CLEAR
        return row if not len(row) or row.get_right()[0] <= end else self._row_of_held(sign, style.SMALLEST, 0.2)

    def _row_of_held(self, sign: str, size: float, gap: float) -> VGroup:
        held, x = VGroup(), style.LEFT_EDGE
        for j, value in enumerate(self.surface.held, 3):
            text = words(f"$x_{j}${sign}{number_text(value, self.decimals)}", size)
            held.add(text.place(HELD_BASELINE, left=x))
            x = text.get_right()[0] + gap
        return held

    def _add_ramp(self, i: int, term: NDArray) -> None:
        box = self._small_box(i)
        ramp = Sheet(box, self.view, len(term), mesh=0.8)
        ramp.goal = term
        self.floors.add(Ground(box, self.view, level=0.0))
        self.ramps.add(ramp.show(np.zeros_like(term), 0.0))

    def _small_box(self, i: int) -> Box:
        return self.box.small(0.95 * self.pitch / SIDE, (RAMPS, self.row(i + 1)))

    # -- what moves ----------------------------------------------------------------------------------------------

    def spread(self, share: float) -> None:
        """The sheet on its way over the ground, from where the day lies."""
        self.sheet.show(np.full_like(self.sheet.heights, self.box.heights[0]), share, self.point)

    def raise_floor(self, share: float) -> None:
        """The sheet on its way up from the ground to the constant."""
        bottom = self.box.heights[0]
        self.sheet.show(np.full_like(self.sheet.heights, bottom + share * (self.surface.constant - bottom)))

    def swing(self, i: int, term: NDArray, small: NDArray) -> None:
        """Term i as ``term`` (N, N) for a try, on the sheet with the terms before it; its ramp as ``small`` (n, n)."""
        self.sheet.show(self.surface.height(i) + term)
        self.ramps[i].show(small)

    def unfold(self, i: int, share: float) -> None:
        """Term i's ramp, growing from the middle of its ground."""
        self.ramps[i].show(share * self.ramps[i].goal, share)

    def add_term(self, i: int, share: float) -> None:
        """The sum of b and the first terms, term i (counted from 0) on its way into it."""
        self.sheet.show(self.surface.height(i) + share * self.surface.terms[i])

    def turn(self, share: float) -> None:
        """Everything that stands in space as seen after ``share`` of the turn, which ends where it began."""
        self.view = VIEW.turned(float(np.sin(np.pi * share)) ** 2 * (AWAY - VIEW.azimuth))
        for part in (self.ground, self.sheet, self.days, *self.ramps, *self.floors):
            part.look(self.view)
        self._lay_day(self.prediction)
        middle = self.day.get_center()
        way = self.card[0].get_left() - middle
        self.lead.set_points_as_corners([middle + way * (LEAD / np.linalg.norm(way)), middle + way])

    def zoom(self, share: float) -> None:
        """Closer to the days, ``share`` of the way: the ground, and heights, that they lie in fill the box."""
        wide, close = (np.array([box.ground, box.heights]) for box in (self.wide, self.close))
        ground, heights = (tuple(map(float, ends)) for ends in wide + share * (close - wide))
        self.box = replace(self.wide, ground=ground, heights=heights)
        self.ground.over(self.box, share)
        self.sheet.over(self.box).show(self._at(ground, len(self.sheet.axis)).height())
        self.days.over(self.box)
        small = self._at(ground, len(self.small.axis))
        for i, (ramp, floor, term) in enumerate(zip(self.ramps, self.floors, small.terms, strict=True)):
            box = self._small_box(i)
            floor.over(box, share)
            ramp.over(box).show(term)
        self._lay_day(self.prediction)

    def _lay_day(self, prediction: float) -> None:
        """The day's dots, of ``prediction`` and label, and the line between them."""
        stem, *dots = self.day
        ends = self.box.at(self.point, [prediction, self.label], self.view)
        stem.set_points_as_corners(ends)
        for dot, end in zip(dots, ends, strict=True):
            dot.move_to(end)

    # -- the training ----------------------------------------------------------------------------------------------

    def _fitting(self, walk: Walk) -> NDArray:
        """Which states are shown: the first, the last, and those between whose surface and terms the box holds."""
        bottom, top = self.close.heights
        heights, terms = walk.heights(), np.abs(walk.terms)
        fits = (heights >= bottom).all(axis=(1, 2)) & (heights <= top).all(axis=(1, 2))
        fits &= terms.max(axis=(1, 2, 3)) <= top - bottom
        fits[[0, -1]] = True
        return np.flatnonzero(fits)

    def train(self, share: float) -> None:
        """The surface, its ramps, its days' gaps and the tally as a recorded state had them, ``share`` of the way."""
        k = int(self.pace.row(share) + 1e-6)
        self.sheet.show(self.walk.height(k))
        for ramp, term in zip(self.ramps, self.small_walk.terms[k], strict=True):
            ramp.show(term)
        *near, there = self.walk.days[k]
        self.days.show(np.array(near))
        self._lay_day(float(there))
        update, gap = self.tally[0], self.tally[1]
        update.set_value(int(self.walk.updates[k]))
        gap.set_value(self.mean_gap(k))

    def mean_gap(self, k: int) -> float:
        """By how much the network missed all days of the training after state k, on the mean."""
        return float(self.gaps[k])

    def _tally(self, update: str, gap: str) -> VGroup:
        """Numbers first: the update, and the mean gap; then their words, each left of its number."""
        most = max(self.mean_gap(k) for k in range(len(self.walk.updates)))
        right, numbers, texts = style.RIGHT_EDGE, [], []
        for text, value, places in ((gap, most, self.decimals), (update, int(self.walk.updates[-1]), 0)):
            number = Number(value, places, style.LABEL + 4, palette.text, group=True).place(TALLY, right)
            left = number[1 : 1 + len(number.text)].get_left()[0] - 0.2
            texts.insert(0, words(text, style.LABEL).place(TALLY, right=left))
            numbers.insert(0, number)
            right = texts[0].get_left()[0] - 0.5
        numbers[1].set_value(self.mean_gap(-1))
        return VGroup(*numbers, *texts)

    def term(self, i: int) -> VGroup:
        """Term i (counted from 0) in the column, with its sign."""
        return VGroup(*(self.column.part(name) for name in _names_of(i + 1)))

    @property
    def turning(self) -> VGroup:
        """What `turn` moves and is on the screen before the day is shown."""
        return VGroup(self.ground, self.sheet, *self.floors, *self.ramps)

    def _tag(self, numbers: int) -> TextMobject:
        """b = 3.07, left of the axis of y and its numbers, where the flat sheet meets it; as seen at first."""
        low, high = self.box.ground
        corner = self.box.at((low, high), self.surface.constant, self.view)
        widest = max((label.width for label in self.ground.labels[-numbers:]), default=0.0)
        text = formula(f"grey(b) = grey({number_text(self.surface.constant, self.decimals)})", style.LETTER)
        room = float(corner[0]) - TAG_GAP - widest - TAG_LEFT
        if text.width > room:  # a long number
            text.scale(room / text.width)
        return text.move_to(corner + np.array([-TAG_GAP - widest - text.width / 2, 0.0, 0.0]))

    def settled(self) -> SurfaceBoard:
        """As it is in the end, all of it on the screen."""
        self.sheet.show(self.surface.height())
        for i in range(self.surface.n_terms):
            self.unfold(i, 1.0)
        self.turn(1.0)
        return self


def _names_of(k: int) -> tuple[str, ...]:
    return f"plus_{k}", f"c_{k}", f"a_{k}"
