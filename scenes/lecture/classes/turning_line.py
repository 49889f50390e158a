"""Shows a recorded training: the line turns, and the loss goes on falling when the accuracy stands still."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np
from gradreel.core.network.activations import sigmoid
from gradreel.scenes.lecture.classes.line_scene import LineScene
from gradreel.scenes.lecture.classes.pictures.line_board import COLUMN, sums, surprise_of
from gradreel.scenes.mobjects.metric_panels import MetricPanels, Series
from gradreel.scenes.mobjects.pace import Pace, pace_of, state_at
from gradreel.scenes.mobjects.plot import dashed, ring
from gradreel.scenes.style import palette
from gradreel.scenes.words.claims import Claim, claim
from gradreel.scenes.words.counts import Count
from manim import FadeIn, FadeOut, LaggedStart, UpdateFromAlphaFunc, VGroup, linear
from numpy.typing import NDArray
from scipy.optimize import linprog

PANELS = {"left": COLUMN + 0.75, "right": 6.0, "bottom": -2.5, "top": 2.7}
WALK_SECONDS, SURER_SECONDS = 5.0, 5.0


class TurningLine(LineScene):
    """Plays the recorded states of the line: first until the accuracy stands still, then to the end."""

    def construct(self) -> None:
        self.picture = self.board().show(self.trained, sure=True)
        self.add(self.picture)
        self._start_beats()
        self._walk_beats()
        self._end_beats()
        self.hand_on(self.picture)

    # -- the run -------------------------------------------------------------------------------------------------------

    @cached_property
    def all_sums(self) -> NDArray:
        """Return each dot's sum at each recorded state, positive on the side of the dot's class, (R, N)."""
        return np.stack([self.signs * sums(theta, self.points) for theta in self.thetas])

    @cached_property
    def losses(self) -> NDArray:
        """Return the mean surprise at each recorded state, (R,)."""
        return surprise_of(sigmoid(self.all_sums)).mean(axis=1)

    @cached_property
    def right(self) -> NDArray:
        """Return the number of dots on their own side at each recorded state, (R,)."""
        return (self.all_sums > 0).sum(axis=1)

    @cached_property
    def still(self) -> int:
        """Return the first recorded state from which on as many dots are right as at the end, 1 at least."""
        others = np.flatnonzero(self.right != self.right[-1])
        return max(1, int(others[-1]) + 1 if len(others) else 1)

    def claims(self) -> Iterator[Claim]:
        first, still, last = (float(self.losses[row]) for row in (0, self.still, -1))
        yield claim("walk", "the loss falls", first > still, before=first, after=still)
        yield claim(
            "still-falls",
            "at least half of the loss then is still to be lost",
            last < 0.5 * still,
            then=still,
            last=last,
        )
        grown = [float(np.linalg.norm(self.thetas[row][:2])) for row in (self.still, -1)]
        yield claim("surer", "the weights grow", grown[1] > 1.5 * grown[0], length=grown)
        wrong = len(self.labels) - int(self.right[-1])
        is_left = wrong == 2 and not self._is_separable()
        yield claim("wrong-left", "two dots are wrong, and no line is right at all", is_left, wrong=wrong)

    def _is_separable(self) -> bool:
        """Return whether a line can part all dots by class: whether the linear inequalities have a solution."""
        rows = -self.signs[:, None] * np.column_stack([self.points, np.ones(len(self.points))])
        return linprog(np.zeros(3), A_ub=rows, b_ub=-np.ones(len(rows)), bounds=[(None, None)] * 3).status != 2

    # -- beats ---------------------------------------------------------------------------------------------------------

    def _start_beats(self) -> None:
        board, dots = self.picture, Count(len(self.labels))
        with self.beat("start", right=Count(int(self.right[0])), dots=dots):
            # The trained line fades; the line of the random start comes, with its pale colours
            parts = board.regions.bands, board.line
            self.remove(*board.get_family())
            self.add(board.regions.ground, board.regions.bands, board.axes, board.line, board.regions.marks)
            self.play(*self.next_heading(self.screen("heading")), *map(FadeOut, parts), run_time=0.8)
            self.until("line")
            board.show(self.thetas[0], sure=True)
            self.add(board.regions.bands, board.axes, board.line, board.regions.marks)
            self.play(*map(FadeIn, parts), run_time=1.0)
            self.remove(*board.get_family())
            self.add(board)
        updates = np.asarray(self.trace("run").kept, dtype=float)
        series = [
            Series(self.screen("loss"), updates, self.losses),
            Series(self.screen("accuracy"), updates, self.right / len(self.labels)),
        ]
        self.updates = updates
        self.panels = MetricPanels(series, int(updates[-1]), self.screen("updates"), titled=True, **PANELS)
        self.panels.show(0.0)
        with self.beat("panels"):
            # Two empty panels, one above the other, with their first numbers
            loss, accuracy = self.panels.panels
            self.play(FadeIn(loss), run_time=0.8)
            self.until("accuracy")
            self.play(FadeIn(accuracy), run_time=0.8)

    def _walk_beats(self) -> None:
        still = self.still
        with self.beat("walk"):
            # The recorded updates go by, up to the one from which on accuracy stands still
            self.until("go")
            self._walk(0, still, WALK_SECONDS)
        values = {
            "update": Count(int(self.updates[still])),
            "right": Count(int(self.right[-1])),
            "dots": Count(len(self.labels)),
        }
        with self.beat("still-falls", pause="long", **values):
            # An upright line through both panels at this update
            marks = VGroup()
            for panel in self.panels.panels:
                _left, _right, bottom, top = panel.axes.box
                x = float(panel.axes.at(self.updates[still], 0)[0])
                marks.add(dashed([x, bottom, 0], [x, top, 0], palette.green, 3.0))
            self.play(FadeIn(marks), run_time=0.7)
            self.until("falls")
        with self.beat("surer"):
            # The rest of the run: the line turns a little, the colours deepen, the loss falls; accuracy is level
            self.until("deep")
            self._walk(still, len(self.updates) - 1, SURER_SECONDS)

    def _end_beats(self) -> None:
        board = self.picture
        with self.beat("wrong-left"):
            # A ring around each dot on the wrong side
            places = board.at(self.points[self.all_sums[-1] <= 0])
            rings = VGroup(*(ring(place, 0.26, palette.text).set_fill(opacity=0) for place in places))
            self.play(LaggedStart(*(FadeIn(each, scale=2) for each in rings), lag_ratio=0.4), run_time=1.0)
        with self.beat("next", pause="long"):
            # The heading asks; nothing else moves
            self.play(*self.next_heading(self.screen("heading-next")))
            self.until("ask")

    def _walk(self, first: int, last: int, seconds: float) -> None:
        """Play the recorded states from row ``first`` to row ``last``: board and panels together."""
        rows = np.arange(first, last + 1)
        pace: Pace = pace_of(rows, sigmoid(self.all_sums[rows]))
        live = VGroup(self.picture, self.panels)

        def show(_: object, share: float) -> None:
            row = pace.row(share)
            self.picture.show(state_at(self.trace("run"), row), sure=True)
            self.panels.show(float(np.interp(row, np.arange(len(self.updates)), self.updates)))

        self.play(UpdateFromAlphaFunc(live, show), run_time=seconds, rate_func=linear)
