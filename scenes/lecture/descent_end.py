"""The last beats of gradient-descent for a run of ours on a curve: why it stops, and how good the place is."""

from __future__ import annotations

import numpy as np
from gradreel.core.theta import loss
from gradreel.scenes import style
from gradreel.scenes.counts import Count
from gradreel.scenes.lecture.curve_slopes import SlopeBeats
from gradreel.scenes.mobjects.descent import LANDED, MAP_BOX, NEARLY
from gradreel.scenes.mobjects.gradient_lengths import GradientLengths
from gradreel.scenes.mobjects.starts_line import StartsLine
from gradreel.scenes.mobjects.ticks import number_text
from gradreel.scenes.mobjects.update_formulas import length_text
from gradreel.scenes.style import FAINT, PRESENT, emphasis
from manim import Create, FadeIn, FadeOut, LaggedStart, VMobject, linear
from numpy.typing import NDArray

LENGTHS_BOX = (MAP_BOX[0] + 0.9, MAP_BOX[1], -0.75, 2.35)
STARTS_Y = 0.2  # of the line of losses


class EndBeats(SlopeBeats):
    """Beats after the walk. ``last``: the last row that is shown; ``ends`` (n,): losses that other starts came to."""

    last: int
    ends: NDArray
    on_map: list[VMobject]  # what is drawn on the map and around it, when the walk is over

    def stop(self) -> None:
        lengths = np.linalg.norm(self.gradients[: self.last], axis=1)
        length = float(lengths[-1])
        if length > 0:
            with self.beat("stop", length=length_text(length)):
                # How long the gradient was before each update: it becomes short, and is not zero in the end
                self.show_lengths(lengths)
        else:
            with self.beat("stop-zero"):
                # The rare case: the gradient is zero, nothing can change any more
                self.show_lengths(lengths)

    def show_lengths(self, lengths: NDArray) -> None:
        self.play(*map(FadeOut, self.on_map), run_time=0.5)
        self.refine_slopes()
        self.left = []
        if (np.isfinite(lengths) & (lengths > 0)).any():
            shown = GradientLengths(lengths, LENGTHS_BOX, self.screen("updates"))
            self.left = [*shown]
            self.play(FadeIn(shown.plot), FadeIn(shown.name), run_time=0.5)
            self.play(Create(shown.curve), run_time=2.4, rate_func=linear)
            self.play(FadeIn(shown.end), run_time=0.4)

    def refine_slopes(self) -> None:
        """What reads 0.000 is written by a power of ten, where the walk was too short for that."""
        finer, rough = self.descent.finer_slopes(), self.descent.slopes
        if finer is not None:
            self.play(FadeOut(rough.numbers), FadeOut(rough.label), run_time=0.25)
            self.remove(*rough)
            self.add(finer.dots)
            self.play(FadeIn(finer.numbers), FadeIn(finer.label), run_time=0.4)
            self.descent.refine_slopes(finer)

    def end(self) -> None:
        values = {"updates": number_text(self.last), "loss": self.descent.loss_text(self.last)}
        off = {**values, "gap": self.descent.gap_text()}
        distance = self.descent.distance()
        if distance <= LANDED:
            with self.beat("end-close", **values):
                # Blue lies on red
                self.step_aside()
        elif distance > NEARLY:
            with self.beat("end-far", **off):
                # Blue has come to rest away from red: how far, where it is farthest
                self.step_aside()
                self.measure()
        elif len(self.ends):
            lower = int((self.ends < self.descent.loss_at(self.last)).sum())
            others = {"starts": Count(len(self.ends)), "lower": Count(lower)}
            with self.beat("end-almost-starts" if lower else "end-almost-lowest", **off, **others):
                # Blue only nearly lies on red: how far off, where it is farthest; then where other starts came to
                self.step_aside()
                self.measure()
                self.compare()
        else:
            with self.beat("end-almost", **off):
                # Blue only nearly lies on red: how far off it is, where it is farthest
                self.step_aside()
                self.measure()

    def step_aside(self) -> None:
        self.play(emphasis(self.descent.slopes, PRESENT), run_time=0.6)

    def measure(self) -> None:
        self.gap = self.descent.largest_gap()
        self.wait(0.6)
        self.play(Create(self.gap[0]), run_time=0.8)
        self.play(FadeIn(self.gap[1]), run_time=0.5)

    def compare(self) -> None:
        """The loss in the end, in a ring, and those of the runs from other random starts, on a line."""
        ours, count = self.descent.loss_at(self.last), number_text(len(self.ends))
        names = (self.screen("loss"), self.screen("ours"), self.screen("other-starts", count=count))
        self.starts = line = StartsLine(ours, self.ends, style.LEFT_EDGE + 0.3, MAP_BOX[1] - 0.3, STARTS_Y, names)
        if self.left:
            self.play(*map(FadeOut, self.left), run_time=0.4)
        self.play(FadeIn(line.axis), FadeIn(line.names[0]), FadeIn(line.mine), run_time=0.5)
        self.play(FadeIn(line.names[1]), LaggedStart(*map(FadeIn, line.dots), lag_ratio=0.3), run_time=1.4)
        lower = [ours > end for end in self.ends.tolist()]
        if any(lower):  # they are what the line ends with: the others step back
            rest = [dot for dot, is_lower in zip(line.dots, lower, strict=True) if not is_lower]
            raised = [dot.animate.scale(1.35) for dot, is_lower in zip(line.dots, lower, strict=True) if is_lower]
            self.wait(0.3)
            self.play(*(emphasis(dot, FAINT) for dot in rest), *raised, run_time=0.6)

    def losses_of_others(self, names: list[str]) -> NDArray:
        """(n,): the losses after the last update shown, of the runs with these names; those not finite left out."""
        runs = [self.trace(name) for name in names]
        ends = np.array([float(loss(run.experiment, run.parameters[self.last])) for run in runs])
        return ends[np.isfinite(ends)]
