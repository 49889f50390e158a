"""A small network as a surface: its sum in a column, a ramp beside each term, the whole of it large, days in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from gradreel.core.network.theta import predict, unpack
from gradreel.core.network.worked_example import in_thousands
from gradreel.scenes import style
from gradreel.scenes.lecture.networks.pictures.surface import (
    Box,
    Days,
    Ground,
    Sheet,
    View,
    clear_labels,
    heights_around,
    in_one_unit,
)
from gradreel.scenes.lecture.networks.term_surfaces import (
    Surface,
    Swing,
    Walk,
    ground_around,
    ground_of,
    near_days,
    surface_of,
    swung,
    swung_theta,
    walk_of,
)
from gradreel.scenes.lecture.three_days import ThreeDaysScene
from gradreel.scenes.mobjects.bracket import Bracket
from gradreel.scenes.mobjects.lecture_formulas import first_term_source
from gradreel.scenes.mobjects.pace import pace_of, sampled_rows
from gradreel.scenes.mobjects.plot import polyline, ring, segment
from gradreel.scenes.mobjects.printed_arithmetic import fitting_places
from gradreel.scenes.mobjects.text import Number, TextMobject, formula, words
from gradreel.scenes.mobjects.ticks import round_labels
from gradreel.scenes.style import DIM, FULL, emphasis, emphasize, mix, palette
from gradreel.scenes.words.numbers import number_text
from manim import Animation, RoundedRectangle, VGroup
from numpy.typing import NDArray

COUNT, FEW = 19, 9  # points of the sheet along a rim, and of a ramp's
AMONG, MOST_DAYS, FEWEST_DAYS = 40, 14, 6  # real days around the one that is shown: of so many so many; or none
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

TRIED = (("w_1", "w_2"), ("bias",), ("c",))  # letters of the first term that are tried, one group after the other
TURN, MOVE, LIFT = 50.0, 0.3, -1.0  # how far: degrees, lengths of the ground, c's factor
TERM_SIZE, TERM_ROOM, TERM_BASELINE = 40, 6.7, 2.68  # of the first term in letters; the room that it has
BELOW = 0.47  # from the letters' baseline down to that of the numbers
LARGER = 1.15  # letters that are tried

CARD_WIDTH, CARD_HEIGHT, CARD_MIDDLE = 1.7, 1.4, (5.55, -0.1)
GAP = 0.86  # height of the gap in the card
LONG = 4  # characters: longer numbers are smaller, so that the frame holds them


class NetworkSurface(VGroup):
    """Draws the network of ``scene`` over x_1 and x_2, the other features as before the day that it predicts.

    The scene has read its run. Nothing is on the screen at first; a scene brings part by part, and moves them by
    `spread`, `raise_floor`, `unfold`, `add_term`, `try_first`, `turn`, `zoom` and `train`.

    Parts: ``column`` (the sum), ``ground``, ``tag`` (the constant, at the axis of y), ``sheet`` (the surface),
    ``ramps`` (a term each) and their ``floors``; ``held`` (what the other features are held at; ``about``: what they
    are near); ``first_term``; ``day`` (a line from the prediction to the label, and a dot of each), ``card`` (the gap
    between them, enlarged) and ``lead`` (a line to there); ``days`` (other days near by, each with its gap) and
    ``tally`` (the update and the mean gap while it is trained).
    """

    def __init__(self, scene: ThreeDaysScene) -> None:
        super().__init__()
        self.run, self.theta, self.decimals, self.view = scene.run, scene.theta, scene.decimals, VIEW
        self.x = scene.example.x
        self.point, self.prediction, self.label = self.x[:2], scene.there.y, scene.there.label
        ground = ground_of(scene.dataset, self.x)
        self.surface, self.small = self._over(ground, COUNT), self._over(ground, FEW)
        x, labels = near_days(scene.dataset, scene.example, ground, AMONG, MOST_DAYS)
        if len(labels) < FEWEST_DAYS:
            x, labels = x[:0], labels[:0]
        close = ground_around(np.vstack([x[:, :2], self.point]), ground) if len(x) else ground
        self._read_the_training(scene, x, labels, close)
        self.wide = self.box = Box(ground, self._wide_heights(), SIDE, HEIGHT, MIDDLE)
        across = in_one_unit(*(clear_labels(*box.ground, 4) for box in (self.wide, self.close)))
        up = in_one_unit(round_labels(*self.wide.heights, 4), round_labels(*self.close.heights, 3))
        ticks, later = zip(across, up, strict=True)
        names = [f"$x_{j}$ · {scene.diagram_words(key, days=j)}" for j, key in ((1, "day-ago"), (2, "days-ago"))]
        self.ground = Ground(self.box, self.view, (*names, "blue(y)"), ticks, later=later)
        self.sheet = Sheet(self.box, self.view, COUNT)
        self.days = Days(self.box, self.view, x[:, :2], labels, np.asarray(predict(self.run, self.theta, x)), DOT)
        all_days = number_text(scene.dataset.examples)
        self.tally = self._tally(scene.diagram_words("update"), scene.diagram_words("mean-gap", days=all_days))
        self.held, self.about, self.column = self._held("="), self._held("$approx$"), self._column()
        self.ramps, self.floors = VGroup(), VGroup()
        for i, term in enumerate(self.small.terms):
            box = self._small_box(i)
            self.floors.add(Ground(box, self.view, level=0.0))
            self.ramps.add(Sheet(box, self.view, FEW, mesh=0.8).show(np.zeros_like(term), 0.0))
        stem = polyline(np.zeros((2, 3)), palette.text, STEM)
        dots = ring((0, 0, 0), DAY_DOT, palette.text, palette.blue), ring((0, 0, 0), DAY_DOT, palette.red, palette.red)
        self.day = VGroup(stem, *dots)
        self.tag = self._tag(len(ticks[1].values))
        self.card = GapCard(self.prediction, self.label, self.decimals)
        self.lead = polyline(np.zeros((2, 3)), palette.text, style.GUIDE)
        source = first_term_source(scene.n_features, self.run.activation)
        self.first_term = FirstTerm(source, self.tried_values(Swing()))
        self.turn(0.0)

    # -- what is drawn -----------------------------------------------------------------------------------------------

    def _over(self, ground: tuple[float, float], count: int) -> Surface:
        """The trained network over another ground, at ``count`` points a side."""
        return surface_of(self.run, self.theta, self.x, ground, count)

    def _read_the_training(
        self, scene: ThreeDaysScene, x: NDArray, labels: NDArray, ground: tuple[float, float]
    ) -> None:
        """The surface and its ramps after updates of the training, over the ground and heights of ``close``.

        Of the days ``x`` (K, D), which had ``labels`` (K,), and, last, of the day shown it is told what the network
        says. ``gaps``: by how much it missed all days of the training, on the mean.
        """
        trace = scene.trace("run")
        rows = sampled_rows(0, len(trace.kept) - 1)
        thetas, days = in_thousands(self.run, trace.parameters[rows]), np.vstack([x, self.x])
        walk, small = (
            walk_of(self.run, trace.kept[rows], thetas, self.x, ground, count, days) for count in (COUNT, FEW)
        )
        heights = heights_around([self.label, *labels], walk.days[[0, -1]], walk.height(0), walk.height(-1))
        self.close = Box(ground, heights, SIDE, HEIGHT, MIDDLE)
        fit = self._fitting(walk)
        self.walk, self.small_walk = walk.at(fit), small.at(fit)
        self.gaps = scene.mean_gaps(trace.parameters[rows])[fit]
        self.pace = pace_of(np.arange(len(fit)), self.walk.heights().reshape(len(fit), -1))

    def _fitting(self, walk: Walk) -> NDArray:
        """Which states are shown: the first, the last, and those between whose surface and terms the box holds."""
        bottom, top = self.close.heights
        heights, terms = walk.heights(), np.abs(walk.terms)
        fits = (heights >= bottom).all(axis=(1, 2)) & (heights <= top).all(axis=(1, 2))
        fits &= terms.max(axis=(1, 2, 3)) <= top - bottom
        fits[[0, -1]] = True
        return np.flatnonzero(fits)

    def _wide_heights(self) -> tuple[float, float]:
        """Heights that hold all partial sums, the first term as it is tried, and the day; from 0 where that is near."""
        tried = [swung(self.run, self.theta, self.surface, 0, tried_swing(k, 0.5)) for k in range(len(TRIED))]
        ends = [*self.surface.extent(), self.label]
        return heights_around(ends, self.surface.constant + np.array(tried), from_zero=True)

    @property
    def pitch(self) -> float:
        """From row to row of the sum, scene units."""
        return min(PITCH, (COLUMN_TOP - COLUMN_BOTTOM) / self.surface.n_terms)

    def row(self, k: int) -> float:
        """Where row k of the sum stands: 0 is y = b, the others are its terms."""
        return COLUMN_TOP - k * self.pitch

    def _small_box(self, i: int) -> Box:
        return self.box.small(0.95 * self.pitch / SIDE, (RAMPS, self.row(i + 1)))

    def _column(self) -> TextMobject:
        """y = b, and below it + c_i a_i, a row each."""
        rows = ['part("y", blue(y)) part("equals", =) part("b", grey(b))']
        rows += [
            f'part("plus_{i}", +) thick part("c_{i}", magenta(c_{i})) thin part("a_{i}", blue(a_{i}))'
            for i in range(1, self.surface.n_terms + 1)
        ]
        column = formula(" \\ ".join(rows), COLUMN_SIZE)
        first = column.part("b")
        left = first.get_left()[0] - column.part("y").get_left()[0]
        for k in range(self.surface.n_terms + 1):
            parts = [column.part(name) for name in (("y", "equals", "b") if not k else _names_of(k))]
            line, letter = VGroup(*parts), parts[-1]
            foot = letter[0].get_bottom()[1]
            start = style.LEFT_EDGE if not k else style.LEFT_EDGE + left - column.part("plus_1").width - 0.12
            line.shift([start - line.get_left()[0], self.row(k) - 0.12 - foot, 0.0])
        return column

    def term(self, i: int) -> VGroup:
        """Term i (counted from 0) in the column, with its sign."""
        return VGroup(*(self.column.part(name) for name in _names_of(i + 1)))

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

    def _tally(self, update: str, gap: str) -> VGroup:
        """Numbers first: the update, and the mean gap; then their words, each left of its number."""
        right, numbers, texts = style.RIGHT_EDGE, [], []
        for text, value, places in (
            (gap, float(self.gaps.max()), self.decimals),
            (update, int(self.walk.updates[-1]), 0),
        ):
            number = Number(value, places, style.LABEL + 4, palette.text, group=True).place(TALLY, right)
            left = number[1 : 1 + len(number.text)].get_left()[0] - 0.2
            texts.insert(0, words(text, style.LABEL).place(TALLY, right=left))
            numbers.insert(0, number)
            right = texts[0].get_left()[0] - 0.5
        numbers[1].set_value(self.gaps[-1])
        return VGroup(*numbers, *texts)

    @property
    def turning(self) -> VGroup:
        """What `turn` moves and is on the screen before the day is shown."""
        return VGroup(self.ground, self.sheet, *self.floors, *self.ramps)

    def settled(self) -> NetworkSurface:
        """As it is when it has turned, all of it on the screen; returns it."""
        self.sheet.show(self.surface.height())
        for i in range(self.surface.n_terms):
            self.unfold(i, 1.0)
        self.turn(1.0)
        return self

    # -- how it moves: each sets points in place, ``share`` from 0 to 1 ------------------------------------------------

    def spread(self, share: float) -> None:
        """The sheet on its way over the ground, from where the day lies."""
        self.sheet.show(np.full_like(self.sheet.heights, self.box.heights[0]), share, self.point)

    def raise_floor(self, share: float) -> None:
        """The sheet on its way up from the ground to the constant."""
        bottom = self.box.heights[0]
        self.sheet.show(np.full_like(self.sheet.heights, bottom + share * (self.surface.constant - bottom)))

    def unfold(self, i: int, share: float) -> None:
        """Term i's ramp, growing from the middle of its ground."""
        self.ramps[i].show(share * self.small.terms[i], share)

    def add_term(self, i: int, share: float) -> None:
        """The sum of b and the first terms, term i (counted from 0) on its way into it."""
        self.sheet.show(self.surface.height(i) + share * self.surface.terms[i])

    def try_first(self, k: int, share: float) -> None:
        """The first term, and b with it, while its w's (k = 0), its b (1) or its c (2) are tried, there and back."""
        swing = tried_swing(k, share)
        term, ramp = (swung(self.run, self.theta, each, 0, swing) for each in (self.surface, self.small))
        self.sheet.show(self.surface.constant + term)
        self.ramps[0].show(ramp)
        self.first_term.show(self.tried_values(swing))

    def tried_values(self, swing: Swing) -> tuple[float, ...]:
        """w_11, w_12, b_1 and c_1, tried as ``swing`` has it."""
        layers = unpack(self.run, swung_theta(self.run, self.theta, self.surface, 0, swing))
        return (*map(float, layers.weights[0][0, :2]), float(layers.biases[0][0]), float(layers.c[0]))

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
        self.sheet.over(self.box).show(self._over(ground, COUNT).height())
        self.days.over(self.box)
        for i, term in enumerate(self._over(ground, FEW).terms):
            box = self._small_box(i)
            self.floors[i].over(box, share)
            self.ramps[i].over(box).show(term)
        self._lay_day(self.prediction)

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
        gap.set_value(self.gaps[k])

    def _lay_day(self, prediction: float) -> None:
        """The day's dots, of ``prediction`` and label, and the line between them."""
        stem, *dots = self.day
        ends = self.box.at(self.point, [prediction, self.label], self.view)
        stem.set_points_as_corners(ends)
        for dot, end in zip(dots, ends, strict=True):
            dot.move_to(end)


def _names_of(k: int) -> tuple[str, ...]:
    return f"plus_{k}", f"c_{k}", f"a_{k}"


def tried_swing(k: int, share: float) -> Swing:
    """What is done to the first term after ``share`` of try k, there and back: turned (0), moved (1), or sunk (2)."""
    away = float(np.sin(np.pi * share)) ** 2
    return (Swing(turn=TURN * away), Swing(move=MOVE * away), Swing(lift=1 + (LIFT - 1) * away))[k]


class FirstTerm(VGroup):
    """Writes the first term of a network in letters, with the numbers of those that are tried below them.

    ``source``: the term, at the right edge; ``values``: of w_11, w_12, b_1 and c_1, as they are. Parts: ``letters``,
    dimmed; ``numbers``, a group for each of `TRIED`, not part of it: a scene brings them.
    """

    def __init__(self, source: str, values: Sequence[float]) -> None:
        super().__init__()
        self.letters = formula(source, TERM_SIZE)
        if self.letters.width > TERM_ROOM:
            self.letters = formula(source, TERM_SIZE * TERM_ROOM / self.letters.width)
        self.letters.place(TERM_BASELINE, right=style.RIGHT_EDGE)
        inks = palette.yellow, palette.green, palette.magenta
        self.numbers: list[VGroup] = []
        for names, own, ink in zip(TRIED, (values[:2], values[2:3], values[3:]), inks, strict=True):
            group = VGroup()
            for name, value in zip(names, own, strict=True):
                number = Number(value, fitting_places(own), style.LABEL, ink)
                group.add(number.place(TERM_BASELINE - BELOW, self.letters.part(name).get_right()[0] + 0.2))
            self.numbers.append(group)
        self.add(emphasize(self.letters, DIM))

    def light(self, k: int) -> list[Animation]:
        """The letters of group k become bright and large; those of the group before dim."""
        return [*self._sized(k, FULL, LARGER), *(self._sized(k - 1, DIM, 1 / LARGER) if k else [])]

    def _sized(self, k: int, share: float, factor: float) -> list[Animation]:
        moves: list[Animation] = []
        for name in TRIED[k]:
            letter = self.letters.part(name)
            moves.append(emphasis(letter, share))
            letter.target.scale(factor)
        return moves

    def show(self, values: Sequence[float]) -> None:
        """Other numbers, in the order of ``values``."""
        for number, value in zip((each for group in self.numbers for each in group), values, strict=True):
            number.set_value(value)


class GapCard(VGroup):
    """Draws the gap between a surface and a day that lies off it, enlarged.

    ``prediction`` and ``label`` are dots over each other, their numbers beside them, and between them their distance.
    Parts: the frame, a stretch of the surface, both dots, then numbers.
    """

    def __init__(self, prediction: float, label: float, decimals: int) -> None:
        super().__init__()
        frame = RoundedRectangle(
            corner_radius=0.12, width=CARD_WIDTH, height=CARD_HEIGHT, color=palette.axis, stroke_width=2
        )
        frame.set_fill(mix(palette.text, 0.03), 1)
        prediction, label = (round(value, decimals) for value in (prediction, label))
        sign = float(np.sign(label - prediction))
        low, x = -0.5 * GAP * sign, -0.45
        surface = segment((x - 0.34, low, 0), (x + 0.34, low, 0), palette.blue, style.SECOND_CURVE)
        dots = VGroup(
            ring((x, low, 0), 0.11, palette.text, palette.blue), ring((x, -low, 0), 0.11, palette.red, palette.red)
        )
        self.add(frame, surface, dots)
        values = ((prediction, low, palette.blue), (label, -low, palette.red))
        written = [(number_text(value, decimals), y, ink) for value, y, ink in (values if sign else values[1:])]
        if sign:
            self.add(Bracket().span((x, low + 0.13 * sign, 0), (x, -low - 0.13 * sign, 0)))
            written.append((number_text(abs(label - prediction), decimals), 0.0, palette.text))
        long = max(len(text) for text, _, _ in written) > LONG
        for text, y, ink in written:
            self.add(words(text, style.TICK if long else style.LABEL, ink).place(y - 0.1, left=0.0 if long else 0.1))
        self.shift([*CARD_MIDDLE, 0.0])
