"""Gradient descent of a line, whose two numbers can all be drawn: its runs, its landscape, the ways that they go."""

from __future__ import annotations

import numpy as np
from gradreel.core.curves.line_fit import least_squares
from gradreel.core.datasets import CurveDataset
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import loss, predict
from gradreel.core.trace.trace import Trace
from gradreel.scenes import style
from gradreel.scenes.lecture.optimization.pictures.descent import Descent
from gradreel.scenes.lecture.optimization.pictures.descent_path import MARKER, ThetaLabel
from gradreel.scenes.lecture.optimization.pictures.landscape import Landscape
from gradreel.scenes.mobjects.arrows import arrow, set_arrow
from gradreel.scenes.mobjects.pace import pace_of, recorded_row, state_at
from gradreel.scenes.mobjects.plot import polyline, ring
from gradreel.scenes.mobjects.printed_arithmetic import printed_vector
from gradreel.scenes.mobjects.readout import Readout
from gradreel.scenes.mobjects.text import TextMobject, fitted, formula, words
from gradreel.scenes.mobjects.update_formulas import rate_source
from gradreel.scenes.style import mix, palette
from gradreel.scenes.words.numbers import number_text, signed_text
from manim import Animation, Dot, Mobject, UpdateFromAlphaFunc, VGroup
from numpy.typing import NDArray

UPDATES, TRIED = 60, 20  # of the run that goes down; of each of the three whose learning rates are compared
SEED = 8  # of the start, from which both numbers have some way to go, one up and one down
ROOM = 1.25  # times the start's height over the lowest place: how high the sides of the landscape go
MIDDLE = (-2.65, -1.3)  # of the floor, on the screen
NUDGE, TANGENT, ARROW = 0.22, 0.28, 0.5  # shares of the floor's reach
EXAMPLES = 81  # points of the curve that the line is measured against, at most
ROLES = ("yellow", "grey")  # of w and b


def line_runs(dataset: CurveDataset) -> dict[str, Experiment]:
    """A line that goes down to the curve of ``dataset``, by name: "line", at a good learning rate, "slow" and "far".

    The loss is steepest in w or b, by twice the variance of x or 1: a rate beyond one over the larger overshoots ever
    farther.
    """
    data = dataset.model_copy(update={"centered": True, "examples": min(dataset.examples, EXAMPLES)})
    spread = float(np.var(data.x()))
    good = float(f"{0.5 / (1 + spread):.1g}")
    rates = {"line": good, "slow": float(f"{good / 20:.1g}"), "far": float(f"{1.15 / max(1.0, spread):.2g}")}
    line = Experiment(dataset=data, hidden=(), seed=SEED)
    return {
        name: line.model_copy(update={"learning_rate": rate, "epochs": UPDATES if name == "line" else TRIED})
        for name, rate in rates.items()
    }


def line_source(dataset: CurveDataset) -> str:
    """The line that w and b draw, in Typst: x is counted from the middle of the curve."""
    less = float(f"{-dataset.offset:.3g}")
    return "blue(y) = grey(b) + yellow(w) " + (f"(x_1 {signed_text(less)})" if less else "x_1")


class LineDescent:
    """The runs of `line_runs` on the landscape of w and b. ``show(row)`` is the "line" run's; all is recorded.

    Parts: ``land``, ``goal`` (θ*, a mark at the lowest place), ``path``, ``point``, ``label``, ``arrow``, ``rate``;
    ``drawn``, in the plot of ``descent``: the line and its name.
    """

    def __init__(self, run: Trace, slow: Trace, far: Trace, descent: Descent) -> None:
        self.run, self.tried = run, (slow, run, far)
        self.experiment = run.experiment
        self.descent, self.fit = descent, descent.fit
        self.features = self.experiment.dataset.features_at(descent.x)
        self.states = np.asarray(run.parameters, dtype=float)
        self.best = least_squares(self.experiment.dataset)
        lowest, start = self.loss_of(self.best), self.loss_of(self.states[0])
        height = ROOM * max(float(start - lowest), 1e-9 * float(start) or 1.0)
        spread = float(np.var(self.experiment.dataset.features()))
        self.reach = np.sqrt(height / np.array([spread, 1.0]))
        names = ("yellow(w)", "grey(b)")
        self.land = Landscape(self.loss_of, self.best, self.reach, self.states[0], names, MIDDLE)
        self.goal = self.land.flag(self.best, formula("orange(theta)^*", 40))
        self.drawn = (self.fit.model, self.fit.model_label)
        self.path = polyline(np.zeros((2, 3)), mix(palette.orange, 0.85), style.SECOND_CURVE)
        self.point = ring((0, 0, 0), MARKER, palette.text, fill=palette.orange)
        self.label = ThetaLabel(0, size=38)
        self.arrow = arrow(palette.orange, 5.0)
        ahead = self.land.at(self.states)[:, 0].mean() - self.land.at(self.best)[0]
        self.beside = np.array([0.52 if ahead > 0 else -0.52, -0.05, 0.0])  # the side of the way, away from the goal
        sizes = self.states / self.reach  # as they are seen
        self.pace = pace_of(np.arange(1, len(sizes)), sizes[1:])
        self.printed = printed_vector(self.states[0], run.gradient[0], self.states[1], self.experiment.learning_rate)
        self.rate = formula(rate_source(number_text(self.experiment.learning_rate)), 40)
        self.show(0.0)

    def loss_of(self, theta: NDArray) -> NDArray:
        return np.asarray(loss(self.experiment, theta))

    def curve_of(self, theta: NDArray) -> NDArray:
        """(..., SAMPLES): the line of theta (..., 2)."""
        return predict(self.experiment, theta, self.features)

    def wandering(self) -> NDArray:
        """(k, 2): places of the floor that are looked at, one after the other, the start at last."""
        offsets = np.array([[0.3, -0.1], [-0.4, -0.2], [0.0, 0.35]])
        return np.concatenate([self.best + offsets * self.reach, self.states[:1]])

    def readout(self, update: str, left: float) -> Readout:
        """The count of updates and the loss."""
        lines = np.concatenate([self.states[:TRIED], self.wandering()])
        return Readout(update, UPDATES, self.loss_of(lines), left)

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
        """The point, with its label, at any theta (2,)."""
        here = self.land.at(theta)
        self.point.move_to(here)
        self.label.put(here + self.beside)

    def draw(self, theta: NDArray) -> None:
        """The line of theta (2,) in the plot."""
        self.descent.draw(self.curve_of(theta))

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
        line = self.land.across(self.states[0], k)
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
            labels.add(label.move_to([max(x, least), end[1] + (0.15 if x > least else 0.45), 0.0]))
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
        start, end = self.land.at(self.states[0]), self.land.at(theta)

        def move(line: Mobject, share: float) -> None:
            set_arrow(line, start, start + share * (end - start), head=0.26)

        return UpdateFromAlphaFunc(self.arrow, move)

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
