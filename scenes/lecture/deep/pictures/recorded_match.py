"""The match of a fat and a deep network as it was recorded: the first seed's runs as they went, all runs' ends."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.core.analysis.equal_budget import lower
from gradreel.core.network.theta import loss, predict
from gradreel.core.trace.trace import Trace
from gradreel.scenes import style
from gradreel.scenes.lecture.deep.pictures.race_lines import RaceLines
from gradreel.scenes.mobjects.loss_lines import calmed
from gradreel.scenes.mobjects.match_board import Curves, Lane, target_of
from gradreel.scenes.mobjects.pace import recorded_row, sampled_rows
from gradreel.scenes.mobjects.readout import loss_decimals
from gradreel.scenes.mobjects.text import Number, words
from gradreel.scenes.mobjects.ticks import nice_range
from gradreel.scenes.style import palette
from manim import VGroup
from numpy.typing import NDArray

COUNTER_SIZE = 32


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


class Race(VGroup):
    """The first seed's two runs, one above the other, at the state that ``show`` was told.

    Parts: ``boards`` (without their plots), ``readouts`` of the losses, ``lines`` of the same, ``counter`` of updates;
    its ``word`` stands beside it. ``texts``: the words for update, the losses, and the two networks. Both losses are
    calmed, read out and drawn alike.
    """

    def __init__(self, match: RecordedMatch, lanes: Sequence[Lane], texts: Sequence[str]) -> None:
        super().__init__()
        update_word, loss_word, *names = texts
        self.match, self.calm = match, match.calm
        self.boards = [Curves(lane.plot_box, match.target, match.y_range) for lane in lanes]
        self.counter = Number(int(match.first[0].kept[-1]), 0, COUNTER_SIZE)
        self.counter.place(style.HEADING_BASELINE, style.RIGHT_EDGE)
        self.word = words(update_word, COUNTER_SIZE, palette.dim)
        self.word.place(style.HEADING_BASELINE, right=self.counter.get_left()[0] - 0.2)
        losses = np.concatenate(match.losses)
        decimals, largest = loss_decimals(losses), float(losses.max())
        self.readouts = [lane.readout(loss_word, largest, decimals) for lane in lanes]
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


def _losses(trace: Trace) -> NDArray:
    """The loss at each kept state, (R,)."""
    return np.asarray(loss(trace.experiment, np.asarray(trace.parameters)))
