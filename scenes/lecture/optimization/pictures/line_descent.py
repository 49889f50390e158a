"""Gradient descent of a line, whose two numbers can all be drawn: its runs, its landscape, the ways that they go."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from gradreel.core.trace.trace import Trace
from gradreel.scenes import style
from gradreel.scenes.lecture.optimization.pictures.descent_path import MARKER, ThetaLabel
from gradreel.scenes.lecture.optimization.pictures.line_board import TRIED, UPDATES, LineBoard
from gradreel.scenes.mobjects.arrows import arrow, set_arrow
from gradreel.scenes.mobjects.pace import pace_of, recorded_row, state_at
from gradreel.scenes.mobjects.plot import polyline, ring
from gradreel.scenes.mobjects.printed_arithmetic import printed_vector
from gradreel.scenes.mobjects.readout import Readout
from gradreel.scenes.mobjects.text import TextMobject, fitted, formula, patch_under, words
from gradreel.scenes.mobjects.update_formulas import rate_source
from gradreel.scenes.style import mix, palette
from gradreel.scenes.words.numbers import number_text
from manim import Animation, Dot, Mobject, RoundedRectangle, UpdateFromAlphaFunc, VGroup
from numpy.typing import NDArray

NUDGE, TANGENT, ARROW = 0.22, 0.28, 0.5  # shares of half the map's sides
LEGS, LEG_SHARE = (0.0, 0.3), 0.3  # of the time in which an arrow grows: when each leg begins, how long it takes
PATCH = 0.54  # height of what lies under the label
FLOOR = 0.36  # of a side, to both sides: how long the line is along which the point is nudged
ROLES = ("yellow", "grey")  # of w and b


class LineDescent:
    """The three runs of `line_runs` on the landscape of ``board``. ``show(row)`` is the "line" run's; all is recorded.

    Parts: ``goal`` (θ*, a mark at the lowest place), ``path``, ``point``, ``label``, ``arrow``, ``legs`` (its parts
    along w and b), ``rate``; ``drawn``: the line and its pivot.
    """

    def __init__(self, run: Trace, slow: Trace, far: Trace, board: LineBoard) -> None:
        self.run, self.tried = run, (slow, run, far)
        self.board, self.land, self.best = board, board.land, board.best
        self.land.stand(1.0)
        self.states = np.asarray(run.parameters, dtype=float)
        self.reach = (self.land.high - self.land.low) / 2
        self.goal = self.land.flag(self.best, formula("orange(theta)^*", 40))
        self.drawn = (board.line, board.pivot)
        self.path = polyline(np.zeros((2, 3)), palette.orange, style.SECOND_CURVE)
        self.point = ring((0, 0, 0), MARKER, palette.text, fill=palette.orange)
        self.label = ThetaLabel(0, size=38)
        self.patch = RoundedRectangle(corner_radius=0.08, width=0.6, height=PATCH, stroke_width=0)
        self.label.add_to_back(self.patch.set_fill(palette.background, 1))
        self.arrow = arrow(palette.orange, 5.0)
        self.legs = VGroup(*(polyline(np.zeros((2, 3)), palette.orange, style.AXIS) for _ in range(2)))
        ahead = self.land.at(self.states)[:, 0].mean() - self.land.at(self.best)[0]
        self.beside = np.array(
            [-0.75 if ahead > 0 else 0.75, 0.02, 0.0]
        )  # ahead of the way: no path is drawn there yet
        sizes = self.states / self.reach  # as they are seen
        self.pace = pace_of(np.arange(1, len(sizes)), sizes[1:])
        rate = run.experiment.learning_rate
        self.printed = printed_vector(self.states[0], run.gradient[0], self.states[1], rate)
        self.rate = formula(rate_source(number_text(rate)), 40)
        self.fog = 0.0
        self.show(0.0)

    def loss_of(self, theta: NDArray) -> NDArray:
        return self.board.loss_of(theta)

    def along(self, k: int) -> NDArray:
        """(2,): a place that differs from the map's best one in number ``k`` alone."""
        theta = self.land.best.copy()
        theta[k] += 0.6 * self.reach[k] * np.sign(self.states[0] - self.best)[k]
        return theta

    def readout(self, update: str, left: float) -> Readout:
        """The count of updates and the loss."""
        seen = np.array([*self.states[:TRIED], self.along(0), self.along(1), self.land.best])
        return Readout(update, UPDATES, self.loss_of(seen), left)

    def theta_at(self, row: float) -> NDArray:
        """(2,): a recorded state, or a place between two."""
        return np.asarray(state_at(self.run, row), dtype=float)

    def show(self, row: float) -> None:
        """The path up to ``row``, the point there."""
        theta = self.theta_at(row)
        self.path.set_points_as_corners(self.land.way(np.vstack([self.states[: int(np.ceil(row))], theta])))
        self.put(theta)
        self.label.set_update(recorded_row(row))

    def put(self, theta: NDArray) -> None:
        """The point, with its label, at any theta (2,); the fog is clear around it."""
        self.here = theta
        place = self.land.at(theta)
        self.point.move_to(place)
        ink = VGroup(self.label.letter, self.label.update_number)
        self.patch.stretch_to_fit_width(ink.width + 0.2).move_to(ink)
        self.label.put(place + self.beside)
        if self.fog:
            self.land.set_fog(theta, self.fog)

    def set_fog(self, share: float) -> None:
        """As much fog as that around the point."""
        self.fog = share
        self.land.set_fog(self.here, share)

    # -- slopes --------------------------------------------------------------------------------------------------------

    def nudged(self, share: float) -> NDArray:
        """(2,): the start with its w a little farther down."""
        theta = self.states[0].copy()
        theta[0] -= np.sign(self.run.gradient[0][0]) * share * NUDGE * self.reach[0]
        return theta

    def slope(self, k: int) -> VGroup:
        """At the start, along w (0) or b (1): the line on the ground, and the tangent with the recorded slope."""
        way = np.zeros(2)
        way[k] = TANGENT * self.reach[k]
        ends = [self.land.tangent(self.states[0], self.run.gradient[0], side * way)[1] for side in (-1, 1)]
        line = self.land.across(self.states[0], k, FLOOR / 2)
        return VGroup(line, polyline(np.array(ends), palette.orange, style.SECOND_CURVE))

    def slope_labels(self, text: str) -> VGroup:
        """``text`` with each slope, as it is printed, at the tangent's end that is away from the goal: of w, of b."""
        labels, goal = VGroup(), self.land.at(self.best)
        for k in (0, 1):
            end = max(self.slope(k)[1].get_start_and_end(), key=lambda point: float(np.linalg.norm(point - goal)))
            number = self.printed[k].slope.replace("-", "\u2212")
            label = words(text.replace("#", number), style.LABEL, palette.orange)
            x = end[0] + np.sign(end[0] - self.land.at(self.states[0])[0]) * (label.width / 2 + 0.2)
            least = (
                float(self.land.upright.get_right()[0]) + 0.1 + label.width / 2
            )  # off the axis of losses: else above the tangent
            label.move_to([max(x, least), end[1] + (0.15 if x > least else 0.45), 0.0])
            labels.add(VGroup(patch_under(label), label))
        return labels

    def uphill(self, sign: float) -> Animation:
        """The arrow grows along ``sign`` times the gradient: its direction, not its length."""
        gradient = np.asarray(self.run.gradient[0], dtype=float)
        longest = float(np.abs(gradient / self.reach).max()) or 1.0
        return self._grow_to(self.states[0] + sign * ARROW * gradient / longest)

    def first_step(self) -> Animation:
        """The arrow grows to where the first update leads."""
        return self._grow_to(self.states[1])

    def _grow_to(self, theta: NDArray) -> Animation:
        """The legs grow first, along w and on along b; the arrow then leads from their start to their end."""
        start, corner = self.states[0], np.array([theta[0], self.states[0][1]])
        places = [self.land.at(place) for place in (start, corner, theta)]

        def move(_: Mobject, share: float) -> None:
            for leg, (foot, end), grown in zip(self.legs, pairwise((start, corner, theta)), LEGS, strict=True):
                shown = float(np.clip((share - grown) / LEG_SHARE, 1e-6, 1.0))
                leg.set_points_as_corners(self.land.way(np.array([foot, foot + shown * (end - foot)])))
            shown = max(0.0, (share - sum(LEGS) - LEG_SHARE) / (1 - sum(LEGS) - LEG_SHARE))
            set_arrow(self.arrow, places[0], places[0] + shown * (places[2] - places[0]), head=0.26)

        return UpdateFromAlphaFunc(VGroup(self.legs, self.arrow), move)

    def gradient_vector(self) -> TextMobject:
        """g with both slopes, as they are printed."""
        return formula(f"orange(bold(g)) = {self._vector('slope', 'orange', 'orange')}", 38)

    def sum_vector(self) -> TextMobject:
        """θ¹ out of θ⁰, in printed numbers that add up."""
        after, before = (self._vector(name, *ROLES) for name in ("after", "before"))
        slopes = self._vector("slope", "orange", "orange")
        source = f"{after} arrow.l {before} - {self.printed[0].rate} dot {slopes}"
        return fitted(formula, source, 34, 5.6)

    def _vector(self, name: str, *roles: str) -> str:
        entries = (f"{role}({getattr(one, name)})" for role, one in zip(roles, self.printed, strict=True))
        return f"vec({', '.join(entries)}, gap: #0.4em)"

    # -- three learning rates -----------------------------------------------------------------------------------------

    def tries(self) -> list[Try]:
        """A way for each of the three rates, so many updates each."""
        return [Try(self, trace) for trace in self.tried]


class Try(VGroup):
    """The first updates of a run on the landscape of ``line``, a dot each, while they stay on it. ``rate``: its η.

    ``show(share)``: so much of the way, each update in equal time; ``theta`` is where it is then.
    """

    def __init__(self, line: LineDescent, trace: Trace) -> None:
        super().__init__()
        states = np.asarray(trace.parameters[: TRIED + 1], dtype=float)
        outside = np.flatnonzero(~line.land.holds(states))
        self.states = states[: max(2, outside[0])] if len(outside) else states
        self.land, self.line = line.land, polyline(np.zeros((2, 3)), mix(palette.orange, 0.85), style.GHOST_CURVE)
        self.dots = VGroup(*(Dot(self.land.at(theta), radius=0.05, color=palette.orange) for theta in self.states))
        self.point = ring((0, 0, 0), MARKER, palette.text, fill=palette.orange)
        self.rate = formula(rate_source(number_text(trace.experiment.learning_rate)), 40)
        self.add(self.line, self.dots, self.point)
        self.show(0.0)

    def show(self, share: float) -> None:
        row = share * (len(self.states) - 1)
        done = int(row)
        ahead = self.states[min(done + 1, len(self.states) - 1)]
        self.theta = self.states[done] + (row - done) * (ahead - self.states[done])
        self.line.set_points_as_corners(self.land.way(np.vstack([self.states[: done + 1], self.theta])))
        for k, dot in enumerate(self.dots):
            dot.set_opacity(float(k <= row))
        self.point.move_to(self.land.at(self.theta))
