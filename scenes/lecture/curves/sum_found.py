"""What a run found, beside what was set by hand: both sums and losses, and the steps that are mirrored."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.core.curves.piecewise import Decomposition
from gradreel.core.curves.sigmoid_matching import steps_of
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import predict, unpack
from gradreel.core.trace.trace import Trace
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.curves.pictures.made_up import ConstantSum
from gradreel.scenes.lecture.curves.pictures.sigmoid_rows import SigmoidRow, SigmoidRows
from gradreel.scenes.lecture.curves.pictures.sum_loss import PassedStates, SumGaps
from gradreel.scenes.mobjects.fit_plot import FitPlot
from gradreel.scenes.mobjects.readout import Readout
from gradreel.scenes.mobjects.rising_curve import dashed
from gradreel.scenes.mobjects.text import Number, TextMobject, formula, words
from gradreel.scenes.style import FULL, PRESENT, emphasis, mix, palette
from gradreel.scenes.words.counts import Count
from manim import (
    UP,
    Animation,
    Create,
    FadeIn,
    FadeOut,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    smooth,
)
from numpy.typing import NDArray

OURS_SHARE, OURS_DASH = 0.8, 0.12  # of blue, in what was set by hand; its dashes
SAMPLE = 0.75  # length of the dashes before the words that tell what is dashed
SUM_LEFT = 1.4  # from there on is room right of the formula


class FoundSumBeats(LectureScene):
    """The last beats: how the run ended, and what it found where a sum was set by hand, too."""

    run: Trace
    experiment: Experiment
    last: int  # the trace's last row
    hand: NDArray | None
    parts: Decomposition
    x: NDArray  # where curves are drawn
    features: NDArray  # there
    fit: FitPlot
    rows: SigmoidRows
    readout: Readout
    gaps: SumGaps
    passed: PassedStates
    loss_name: TextMobject | None
    live: VGroup

    def _theta(self, row: float) -> NDArray:
        raise NotImplementedError

    def _loss_of(self, theta: NDArray) -> float:
        raise NotImplementedError

    def _end_beat(self) -> None:
        final = self._loss_of(np.asarray(self.run.parameters[self.last]))
        said = {"updates": Count(self.run.kept[-1]), "loss": self.readout.written(final)}
        ours = "" if self.hand is None else self.readout.written(self._loss_of(self.hand))
        with self.beat("end-close-better", **said, ours=ours):
            # Blue has come to rest. The sum set by hand, if there is one, comes dashed, its loss beneath the run's
            if self.hand is None:
                self._leave(self.passed)
            else:
                self._compare(ours)

    def _leave(self, *parts: VMobject) -> None:
        self.live.remove(*parts)
        self.play(*map(FadeOut, parts), run_time=0.4)

    def _compare(self, ours: str) -> None:
        """What told how blue came here leaves; the sum set by hand is drawn, and its loss comes beneath the run's."""
        self._leave(self.passed, self.gaps, *([] if self.loss_name is None else [self.loss_name]))
        line, color = style.HEADING_BASELINE - 0.6, mix(palette.blue, OURS_SHARE)
        loss = formula(ours, 38).place(line, right=style.RIGHT_EDGE)
        name = words(self.screen("by-hand"), 32, color).place(line, right=loss.get_left()[0] - 0.2)
        end = name.get_left()[0] - 0.2
        self.ours = self._dashed(np.array([[end - SAMPLE, line + 0.11, 0.0], [end, line + 0.11, 0.0]]))
        y = predict(self.experiment, self.hand[None], self.features)[0]
        self.by_hand = self._dashed(self.fit.plot.at(self.x, y))
        self.compared = VGroup(self.ours, name, loss)
        self.wait(1.2)  # until ours is spoken of
        self.play(Create(self.by_hand), FadeIn(self.compared), run_time=1.2)

    def _dashed(self, corners: NDArray) -> VMobject:
        line = VMobject(stroke_color=mix(palette.blue, OURS_SHARE), stroke_width=style.GHOST_CURVE, fill_opacity=0)
        line.points = dashed(corners, OURS_DASH)
        return line

    # -- its steps -----------------------------------------------------------------------------------------------

    def _made_up_extents(self) -> NDArray:
        """(2, H + 1): what the constant and each mirrored step will be when the constant makes up for those in turn."""
        layers = unpack(self.experiment, self._theta(self.last))
        made_up = np.zeros((2, len(layers.c) + 1))
        mirrored = layers.weights[0][:, 0] < 0
        constants = layers.b + np.cumsum([0.0, *layers.c[mirrored]])
        made_up[:, 0] = constants.min(), constants.max()
        made_up[1, 1:][mirrored] = -layers.c[mirrored]
        return made_up

    def _found_beats(self) -> None:
        with self.beat("found-mirrored"):
            # Each row beside the thin line that was ours. Of the lesson's run, rows whose w is below zero stay bright.
            # Of one after the other c goes to the constant's sum, as it is; then the curve goes by it, to where ours
            # is, and the constant the other way, and the signs of the row's numbers turn
            if self.other_data:
                self.wait(0.5)
                return
            mirrored = steps_of(self.experiment, np.asarray(self.run.parameters[self.last])).mirrored
            self._point_at_w(mirrored)
            self.wait(1.3)  # until mirrored steps are spoken of
            self._made_up(mirrored)

    def _point_at_w(self, mirrored: Sequence[int]) -> None:
        """All numbers step back but those w, and all rows but theirs and the constant's."""
        dimmed: list[VMobject] = []
        for k, row in enumerate(self.rows.rows[1:]):
            if k not in mirrored:
                dimmed.append(row)
            elif "w" in row.numbers:  # with many sigmoids c stands alone
                dimmed += [part for letter, part in self._written(row).items() if letter != "w"]
        if dimmed:
            self.play(*(emphasis(part, PRESENT) for part in dimmed), run_time=0.4)

    def _written(self, row: SigmoidRow) -> dict[str, VGroup]:
        """A row's letters, each with its number."""
        pairs = zip(row.numbers.items(), row.letters, strict=True)
        return {letter: VGroup(name, number) for (letter, number), name in pairs}

    def _made_up(self, mirrored: Sequence[int]) -> None:
        """Row by row, a mirrored curve goes down by its c, or up, and the constant with its number the other way.

        A mirrored step with c is a step that is not, with -c, -b and -w, and a constant c. So blue stays where it is,
        and at every rest the numbers are blue's, though no longer those of an update.
        """
        rows, theta = self.rows, unpack(self.experiment, self._theta(self.last))
        added, b = [float(theta.c[i]) for i in mirrored], float(theta.b)
        self.sum = sum_ = ConstantSum(b, added, left=SUM_LEFT, right=style.RIGHT_EDGE)
        coming = [FadeIn(sum_.start)] if sum_.fits else []
        coming += [FadeOut(self.readout.count_words), FadeOut(self.readout.count)]
        for i, c, term in zip(mirrored, added, sum_.terms, strict=True):
            row, constant = rows.rows[i + 1], rows.rows[0]
            bright = [emphasis(part, FULL) for letter, part in self._written(row).items() if letter != "w"]
            self.play(*bright, *coming, run_time=0.4)
            if sum_.fits:
                self._bring(row.numbers["c"], term)
            turned = [self._turned(number) for number in row.numbers.values()]
            raised = self._shifted(constant, c), self._counted(constant.number, b, b + c)
            self.play(self._shifted(row, -c), *turned, *raised, run_time=1.0)
            b, coming = b + c, []
        if sum_.fits:
            self.play(FadeIn(sum_.end), run_time=0.4)
        self.wait(0.5)  # the result stands for a moment when all has been said

    def _bring(self, number: Number, term: VMobject) -> None:
        """A copy of c goes to its place in the sum as it is, before its sign turns."""
        going = VGroup(*number[1:]).copy()  # the first is its anchor
        self.play(going.animate.move_to(term), run_time=0.6)
        self.play(FadeOut(going), FadeIn(term), run_time=0.2)

    def _shifted(self, row: SigmoidRow, way: float) -> Animation:
        return row.curve.animate.shift(way * self.rows.scale_y * UP)

    @staticmethod
    def _counted(number: Number, start: float, end: float) -> Animation:
        """A number goes from one value to another, as evenly as the curve that it belongs to."""
        return UpdateFromAlphaFunc(number, lambda number, share: number.set_value(start + share * (end - start)))

    @staticmethod
    def _turned(number: Number) -> Animation:
        """A number fades and comes again with the other sign."""
        value = number.value

        def update(number: Number, share: float) -> None:
            number.set_value(value if share < 0.5 else -value)
            for glyph in number[1:]:  # the first is its anchor
                glyph.set_fill(opacity=abs(1 - 2 * share))

        return UpdateFromAlphaFunc(number, update, rate_func=smooth)
