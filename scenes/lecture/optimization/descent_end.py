"""The last beats of gradient-descent for a run of ours on a curve: why it stops, and how good the place is."""

from __future__ import annotations

import numpy as np
from gradreel.core.network.theta import loss
from gradreel.core.trace.trace import Trace
from gradreel.scenes.lecture.optimization.curve_slopes import SlopeBeats
from gradreel.scenes.lecture.optimization.pictures.several_ends import THIN, Enlarged, LossList
from gradreel.scenes.mobjects.descent import LANDED, MAP_BOX, NEARLY
from gradreel.scenes.mobjects.gradient_lengths import GradientLengths
from gradreel.scenes.mobjects.pace import Pace, even_pace, state_at
from gradreel.scenes.mobjects.update_formulas import length_text
from gradreel.scenes.style import mix, palette
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.numbers import number_text
from manim import (
    Animation,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    Mobject,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    linear,
    smooth,
)
from numpy.typing import NDArray

LENGTHS_BOX = (MAP_BOX[0] + 0.9, MAP_BOX[1], -0.75, 2.35)
ENLARGED_BOX = (MAP_BOX[0] + 0.1, MAP_BOX[0] + 3.3, -0.85, 2.4)
LOSSES_LEFT, LOSSES_TOP = MAP_BOX[0] + 3.75, 2.2


class EndBeats(SlopeBeats):
    """Beats after the walk. ``last``: the last row that is shown.

    ``ends`` (n,): losses that other starts came to; ``end_states`` (n, P): the parameters there; ``other_runs``: how.
    """

    last: int
    ends: NDArray
    end_states: NDArray
    other_runs: list[Trace]
    on_map: list[VMobject]  # what is drawn on the map and around it, when the walk is over

    def stop(self) -> None:
        lengths = np.linalg.norm(self.gradients[: self.last], axis=1)
        length = float(lengths[-1])
        with self.beat("stop", length=length_text(length)):
            # How long the gradient was before each update: it becomes short, and is hardly ever zero in the end
            self.show_lengths(lengths)

    def show_lengths(self, lengths: NDArray) -> None:
        self.play(*map(FadeOut, self.on_map), run_time=0.5)
        self.left: list[Mobject] = [self.descent.length]
        if (np.isfinite(lengths) & (lengths > 0)).any():
            shown = GradientLengths(lengths, LENGTHS_BOX, self.screen("updates"))
            self.left += shown
            self.play(FadeIn(shown.plot), FadeIn(shown.name), run_time=0.5)
            self.play(Create(shown.curve), run_time=2.4, rate_func=linear)
            self.play(FadeIn(shown.end), run_time=0.4)

    def end(self) -> None:
        lower = int((self.ends < self.descent.loss_at(self.last)).sum())
        values = {"updates": number_text(self.last), "loss": self.descent.loss_text(self.last)}
        values |= {"gap": self.descent.gap_text(), "starts": Count(len(self.ends)), "lower": Count(lower)}
        distance = self.descent.distance()
        with self.beat("end-almost-alike", **values):
            # Where blue only nearly lies on red: how far off, where it is farthest, enlarged. Then where other starts
            # came to: their curves, over it; and all losses, from the lowest
            if distance <= LANDED:
                self.wait(0.5)
            elif distance > NEARLY:
                self.measure()
            else:
                self.measure_enlarged()
                if len(self.ends):
                    self.compare()

    def measure(self) -> None:
        self.gap = self.descent.largest_gap()
        self.wait(0.6)
        self.play(Create(self.gap[0]), run_time=0.8)
        self.play(FadeIn(self.gap[1]), run_time=0.5)

    def measure_enlarged(self) -> None:
        """Where blue is farthest from red, in a frame, and enlarged; there the distance is measured.

        The start leaves: other runs' curves will come from where it is, and through its name.
        """
        target = self.experiment.dataset.curve()(self.descent.x)
        self.enlarged = shown = Enlarged(self.descent.fit, target, self.descent.gap_text(), ENLARGED_BOX)
        there, fit = self.get_mobject_family_members(), self.descent.fit
        start = [part for part in (fit.ghost, fit.ghost_label) if part in there]
        self.play(Create(shown.window), *map(FadeOut, [*self.left, *start]), run_time=0.4)
        self.play(shown.growing(), run_time=0.7)
        self.play(Create(shown.bracket), FadeIn(shown.number), run_time=0.7)
        self.wait(2.4)

    def compare(self) -> None:
        """Runs from other random starts: their curves go from where they began over ours; then the losses of all."""
        fit, ours = self.descent.fit, self.descent.loss_at(self.last)
        self.losses = LossList(ours, self.ends, LOSSES_LEFT, LOSSES_TOP, self.screen("loss"), self.screen("ours"))
        curves = self.descent.curve_of(self.end_states)
        self.other_curves = VGroup(*(self.enlarged.also(y) for y in curves))
        thin = [fit.plot.curve(self.descent.x, y, mix(palette.blue, 0.75), THIN) for y in curves]
        self.play(*self.arrivals(thin), FadeIn(self.losses.name, self.losses.mine), run_time=2.4)
        self.play(FadeIn(self.other_curves), LaggedStart(*map(FadeIn, self.losses.rest), lag_ratio=0.2), run_time=0.8)

    def arrivals(self, curves: list[VMobject]) -> list[Animation]:
        """Each of ``curves`` goes by what its run recorded, evenly, as far as the plot holds it."""
        plot, x, moves = self.descent.fit.plot, self.descent.x, []
        for curve, run in zip(curves, self.other_runs, strict=True):
            pace = even_pace(run, 0, self.last)

            def move(part: VMobject, share: float, run: Trace = run, pace: Pace = pace) -> None:
                y = self.descent.curve_of(state_at(run, pace.row(share)))
                inside = (y >= plot.y_range[0]) & (y <= plot.y_range[1])
                if inside.sum() > 1:
                    plot.set_curve(part, x[inside], y[inside])
                part.set_stroke(opacity=float(inside.sum() > 1))

            moves.append(UpdateFromAlphaFunc(curve, move, rate_func=smooth))
        return moves

    def read_others(self, names: list[str]) -> None:
        """The runs with these names after the last update shown; those whose loss is not finite are left out."""
        runs = [self.trace(name) for name in names]
        states = np.array([run.parameters[self.last] for run in runs]).reshape(len(runs), self.experiment.n_parameters)
        ends = np.array([float(loss(run.experiment, state)) for run, state in zip(runs, states, strict=True)])
        finite = np.isfinite(ends)
        self.ends, self.end_states = ends[finite], states[finite]
        self.other_runs = [run for run, is_finite in zip(runs, finite, strict=True) if is_finite]
