"""The match of a fat and a deep network as it was recorded: the first seed's race, then what all runs drew at last."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.core.analysis.equal_budget import lower
from gradreel.core.network.theta import loss, predict
from gradreel.core.trace.trace import Trace
from gradreel.scenes import style
from gradreel.scenes.lecture.deep.pictures.network_curves import (
    NAME_RISE,
    ROWS_OF_STARTS,
    Counts,
    Curves,
    Place,
    target_of,
)
from gradreel.scenes.mobjects.loss_lines import above_the_picture, below, calmed
from gradreel.scenes.mobjects.pace import recorded_row, sampled_rows
from gradreel.scenes.mobjects.plot import Plot
from gradreel.scenes.mobjects.readout import loss_decimals
from gradreel.scenes.mobjects.rising_curve import RisingCurve
from gradreel.scenes.mobjects.text import Number, TextMobject, words
from gradreel.scenes.mobjects.thin_diagram import Box
from gradreel.scenes.mobjects.ticks import Ticks, nice_range, round_labels
from gradreel.scenes.style import palette
from gradreel.scenes.words.numbers import number_text
from manim import Circle, Dot, RoundedRectangle, VGroup
from numpy.typing import NDArray

COUNTER_SIZE = 32
LOSS_DROP, SMALL_LOSS = 0.42, 30  # a curve's loss is so far below it; size of a small one's
SMALL_GAP, SMALL_RED, SMALL_BLUE = 0.3, 4.0, 2.6  # between small plots; widths of their curves
LINES_BOX = (0.85, 5.45, -2.45, 2.1)  # left, right, bottom, top
EARLY = 0.05  # share of the updates whose losses may lie above the picture
MARGIN = 0.08  # of that picture's height, above the lines
WIDTHS = (style.SECOND_CURVE, 2.4)  # the fat network's line, the deep one's
LONGEST = 6  # of a tick's label, or its power of ten is written once
WAITS = (0.15, 0.14)  # from the plot's corner to where the upper run waits whose loss is still above the picture
BESIDE, ABOVE_EACH_OTHER = 0.17, 0.4  # from a tip to its name; from one of these names to the other
RING, CLEAR = 0.25, 0.1  # radius of the ring where one passes the other, and how far the names stay from it


class RecordedMatch:
    """The runs of S seeds, ``traces[0]`` the fat network's, ``traces[1]`` the deep one's.

    ``target``: x and y of red, (n,) each. ``end_curves`` (2, S, n) and ``ends`` (2, S): what is drawn at the end, and
    its loss. Of the first seed's two runs: ``losses``, 2 of (R,), rows 0 to ``last``. ``y_range`` holds all of it.
    """

    def __init__(self, traces: Sequence[Sequence[Trace]]) -> None:
        self.first = [side[0] for side in traces]
        self.dataset = self.first[0].experiment.dataset
        self.target = target_of(self.dataset)
        self.last = len(self.first[0].kept) - 1
        last = np.array([-1])
        self.end_curves = np.array([[self._drawn(trace, last)[0] for trace in side] for side in traces])
        self.ends = np.array([[_losses(trace)[-1] for trace in side] for side in traces])
        self.losses = [_losses(trace) for trace in self.first]
        rows = sampled_rows(0, self.last)
        curves = [self._drawn(trace, rows) for trace in self.first]
        everything = [self.target[1], self.end_curves, *curves]
        self.y_range = nice_range(np.concatenate([np.ravel(part) for part in everything]), margin=0.07)

    def drawn(self, k: int, row: float) -> NDArray:
        """What network k, 0 or 1, of the first seed draws at ``row``, (n,): between two rows, between their curves."""
        reached = recorded_row(row)
        below, above = self._drawn(self.first[k], np.array([reached, min(reached + 1, self.last)]))
        return np.asarray(below + (row - reached) * (above - below))

    def _drawn(self, trace: Trace, rows: NDArray) -> NDArray:
        """What a run draws over the target's x at rows of its trace, (len(rows), n)."""
        features = self.dataset.features_at(self.target[0])
        return np.asarray(predict(trace.experiment, np.asarray(trace.parameters[rows]), features))

    @property
    def calm(self) -> list[NDArray]:
        """``losses`` without their noise."""
        return [calmed(losses) for losses in self.losses]

    @property
    def passing(self) -> int | None:
        """The row from which on the first seed's winner leads; None where it did from the start.

        Of both losses calmed: of noisy ones, the lead changes many times.
        """
        fat, deep = self.calm
        changes = np.flatnonzero(np.diff(np.sign(fat - deep)))
        return int(changes[-1]) + 1 if len(changes) else None

    @property
    def wins(self) -> tuple[int, int]:
        """For how many seeds the fat network ended lower, and the deep one."""
        return lower(self.ends[0], self.ends[1]), lower(self.ends[1], self.ends[0])


def _losses(trace: Trace) -> NDArray:
    """The loss at each kept state, (R,)."""
    return np.asarray(loss(trace.experiment, np.asarray(trace.parameters)))


class Race(VGroup):
    """The first seed's two runs, one above the other, at the state that ``show`` was told.

    Parts: ``boards`` (without their plots), ``readouts`` of the losses, ``lines`` of the same, ``counter`` of updates;
    its ``word`` stands beside it. ``texts``: the words for update, the losses, and the two networks. Both losses are
    calmed, read out and drawn alike.
    """

    def __init__(self, match: RecordedMatch, lanes: Sequence[Place], texts: Sequence[str]) -> None:
        super().__init__()
        update_word, loss_word, *names = texts
        self.match, self.calm = match, match.calm
        self.boards = [Curves(lane.box, match.target, match.y_range) for lane in lanes]
        self.counter = Number(int(match.first[0].kept[-1]), 0, COUNTER_SIZE)
        self.counter.place(style.HEADING_BASELINE, style.RIGHT_EDGE)
        self.word = words(update_word, COUNTER_SIZE, palette.dim)
        self.word.place(style.HEADING_BASELINE, right=self.counter.get_left()[0] - 0.2)
        losses = np.concatenate(match.losses)
        decimals, largest = loss_decimals(losses), float(losses.max())
        self.readouts = [
            Counts([loss_word], [largest], lane.center, decimals, lane.box[2] - LOSS_DROP - 0.05) for lane in lanes
        ]
        self.lines = RaceLines(np.asarray(match.first[0].kept), match.losses, names, (loss_word, update_word))
        self.add(*self.curves(), self.lines, *self.readouts, self.counter)
        self.show(0.0)

    def curves(self) -> list[VGroup]:
        """Both boards' curves and what is filled between them."""
        return [part for board in self.boards for part in (board.gap, board.red, board.blue)]

    def show(self, row: float) -> None:
        """Both networks as they were at ``row``: curves may lie between two recorded states, numbers do not."""
        self.row, reached = row, recorded_row(row)
        for k, board in enumerate(self.boards):
            board.show(self.match.drawn(k, row))
            self.readouts[k].show(float(self.calm[k][reached]))
        updates = int(self.match.first[0].kept[reached])
        self.counter.set_value(updates)
        self.lines.show(updates)


class RaceLines(VGroup):
    """``losses`` of two runs over ``updates``, all (R,), calmed; the first line is thicker. ``show`` draws up to one.

    Parts: ``plot``; ``curves``; ``tips``, arrowheads while a loss is above the picture; ``riders``, the names beside
    these. ``axes``: the words for loss and for update.
    """

    def __init__(
        self, updates: NDArray, losses: Sequence[NDArray], names: Sequence[str], axes: tuple[str, str]
    ) -> None:
        super().__init__()
        left, right, bottom, top = LINES_BOX
        losses = [calmed(run) for run in losses]
        x, late = np.asarray(updates, dtype=float), updates >= EARLY * updates[-1]
        high = (1 + MARGIN) * max(1e-9, *(float(y[late].max()) for y in losses))
        ends = number_text(int(x[-1]))
        self.plot = Plot(
            (0.0, x[-1]), (0.0, high), left=left, right=right, bottom=bottom, top=top, x_label=None,
            x_ticks=Ticks((0.0, float(x[-1])), ("0", ends)), y_ticks=_ticks(high),
        )  # fmt: skip
        self.curves = [
            RisingCurve(self.plot, *below(x, y, high), palette.text, width)
            for y, width in zip(losses, WIDTHS, strict=True)
        ]
        self.tips = [Dot(radius=0.08, color=palette.text) for _ in losses]
        self.disc, self.head = self.tips[0].points.copy(), above_the_picture()
        self.riders = [words(name, style.LABEL) for name in names]
        loss_word, update_word = (words(word, style.TICK, palette.dim) for word in axes)
        notes = self.plot.notes
        loss_word.place(top + 0.2, left=float(notes.get_right()[0]) + 0.2 if len(notes) else left - 0.1)
        update_word.place(bottom - 0.4, center=(left + right) / 2)
        self.add(self.plot, *self.curves, *self.tips, *self.riders, loss_word, update_word)
        self.show(0.0)

    def show(self, update: float) -> RaceLines:
        """Both lines up to ``update``."""
        for curve, tip in zip(self.curves, self.tips, strict=True):
            curve.show(update)
            tip.set_points(self.head if curve.tip is None else self.disc)
        upper = self._upper()
        for k, (curve, tip) in enumerate(zip(self.curves, self.tips, strict=True)):
            tip.move_to(self._waiting(k == upper) if curve.tip is None else curve.tip)
        self._ride()
        return self

    def ring(self, update: float, loss: float) -> Circle | None:
        """Round a point of the picture; None where the names at the end have no room beside it."""
        ring = Circle(radius=RING, color=palette.text, stroke_width=style.BOX).move_to(self.plot.at(update, loss))
        return ring if ring.get_right()[0] < self.plot.box[1] + BESIDE - CLEAR else None

    def clear_of(self, ring: Circle) -> float:
        """The update from which on the names have passed ``ring``."""
        return self.plot.data([float(ring.get_right()[0]) - BESIDE + CLEAR, 0.0, 0.0])[0]

    def _upper(self) -> int:
        """Which of two losses above the picture waits over the other: the one that comes into it later."""
        return int(np.argmax([float(curve.data_x[0]) for curve in self.curves]))

    def _waiting(self, upper: bool) -> NDArray:
        """(3,): where the tip is of a run whose loss is still above the picture, one below the other."""
        left, _, _, top = self.plot.box
        return np.array([left + WAITS[0], top - WAITS[1] - (0 if upper else ABOVE_EACH_OTHER), 0.0])

    def _ride(self) -> None:
        """Each rider goes beside its tip, as far above or below it as both need to be read."""
        heights = [float(tip.get_center()[1]) for tip in self.tips]
        first_is_upper = heights[0] >= heights[1]
        apart = max(abs(heights[0] - heights[1]), ABOVE_EACH_OTHER) / 2
        *_, bottom, top = self.plot.box
        middle = float(np.clip(sum(heights) / 2, bottom + WAITS[1] + apart, top - WAITS[1] - apart))
        for rider, tip, sign in zip(self.riders, self.tips, (1, -1) if first_is_upper else (-1, 1), strict=True):
            rider.place(middle + sign * apart - 0.08, left=float(tip.get_center()[0]) + BESIDE)


def _ticks(high: float) -> Ticks:
    """0 and one or two round losses up to ``high``."""
    ticks = round_labels(0.0, high, 2)
    plain = tuple(number_text(value) for value in ticks.values)
    return Ticks(ticks.values, plain) if max(map(len, plain)) <= LONGEST else ticks


class Starts(VGroup):
    """What all runs drew at their ends: a column a start, the fat network's row above the deep one's.

    ``curves[row][start]``, ``losses[row][start]`` (text), ``names``, ``wins`` (at the right of these, how often that
    network is better), ``frames``: round the better one of each pair.
    """

    def __init__(
        self,
        ends: tuple[NDArray, NDArray],
        target: tuple[NDArray, NDArray],
        y_range: tuple[float, float],
        names: Sequence[str],
        wins: Sequence[str],
        decimals: int,
    ) -> None:
        """``ends``: what is drawn, (2, S, n), and the losses, (2, S)."""
        super().__init__()
        drawn, losses = ends
        seeds = losses.shape[1]
        pitch = (style.RIGHT_EDGE - style.LEFT_EDGE + SMALL_GAP) / seeds
        width = min(pitch - SMALL_GAP, 3.4)
        lefts = style.LEFT_EDGE + pitch * np.arange(seeds)
        better = [int(losses[1, k] < losses[0, k]) if losses[0, k] != losses[1, k] else None for k in range(seeds)]
        self.curves, self.losses, self.frames = [], [], []
        self.names, self.wins = ([words(text, style.HEADING) for text in texts] for texts in (names, wins))
        for row, (bottom, top) in enumerate(ROWS_OF_STARTS):
            self.names[row].place(top + NAME_RISE, left=style.LEFT_EDGE)
            self.wins[row].place(top + NAME_RISE, right=style.RIGHT_EDGE)
            boxes = [(float(left), float(left + width), bottom, top) for left in lefts]
            pairs = zip(boxes, drawn[row], strict=True)
            self.curves.append([Curves(box, target, y_range, (SMALL_RED, SMALL_BLUE)).show(y) for box, y in pairs])
            self.losses.append([self._loss(losses[row, k], decimals, box) for k, box in enumerate(boxes)])
        for k, row in enumerate(better):
            if row is not None:
                self.frames.append(self._frame(VGroup(self.curves[row][k], self.losses[row][k])))
        self.add(*self.names, *self.wins, *(VGroup(*row) for row in (*self.curves, *self.losses)), *self.frames)

    def _loss(self, loss: float, decimals: int, box: Box) -> TextMobject:
        left, right, bottom, _ = box
        return words(f"{loss:.{decimals}f}", SMALL_LOSS).place(bottom - LOSS_DROP, center=(left + right) / 2)

    def _frame(self, inside: VGroup) -> RoundedRectangle:
        box = inside[0].plot.box
        frame = RoundedRectangle(
            corner_radius=0.1,
            width=box[1] - box[0] + 0.2,
            height=box[3] - box[2] + LOSS_DROP + 0.24,
            color=palette.text,
            stroke_width=style.BOX,
        )
        return frame.move_to([(box[0] + box[1]) / 2, (box[2] - LOSS_DROP + box[3] - 0.02) / 2, 0])
