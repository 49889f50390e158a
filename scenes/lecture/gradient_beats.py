"""What a gradient is worth that came back through the network: a nudge finds the same at its cost, a step uses it."""

from __future__ import annotations

import math

from gradreel.core.daily_views import DailyViews
from gradreel.core.experiment import Experiment
from gradreel.core.results import WIDTH
from gradreel.core.theta import parameter_names
from gradreel.core.written_out import nudged
from gradreel.scenes.lecture.three_days import A, R, ThreeDaysScene, X, Y
from gradreel.scenes.mobjects.arithmetic import printed_slope, printed_with_slope
from gradreel.scenes.mobjects.formula_growth import grow
from gradreel.scenes.mobjects.network_parts import Pulse, roll
from gradreel.scenes.mobjects.network_passes import SWEEPS, PassCounts, sweep
from gradreel.scenes.mobjects.network_slopes import GradientRow, slope_source
from gradreel.scenes.mobjects.network_sum import fitting_places
from gradreel.scenes.mobjects.text import TextMobject, formula
from gradreel.scenes.mobjects.theta_strip import typst_name
from gradreel.scenes.mobjects.ticks import number_text
from gradreel.scenes.mobjects.update_formulas import sum_source, update_source
from gradreel.scenes.style import FULL, PRESENT, emphasis, palette
from manim import UP, Animation, FadeIn, FadeOut, LaggedStart, VGroup, smooth, squish_rate_func

RULE_Y, RULE_SIZE, WIDEST = -2.85, 42, 12.6  # middle of the line below the diagram
ROW_Y, STEP_Y, STEP_SIZE = -2.74, -3.27, 38  # of the gradient, and of the step below it
STEP_GAP = 0.9  # between the parts of that line
LATE = squish_rate_func(smooth, 0.5, 1.0)  # for what comes to where something goes
PLAIN_RATE = 1e-3  # smaller learning rates are written as powers of ten
STEPS = tuple(10.0**-k for k in range(3, 10))  # of a nudge: the largest that stays on the same side of the label
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
BIG = Experiment(dataset=DailyViews(), hidden=(WIDTH,) * 3, activation="relu")
"""The lecture's large network, for its number of parameters."""


class GradientBeats(ThreeDaysScene):
    """The last beats of backprop, when all slopes are in the diagram: they are checked, counted, and used.

    They need the ``slopes`` and where they are drawn (``orange``, those of ``written`` lines), the ``path`` that was
    followed, and the learning ``rate`` with what comes ``after`` a step.
    """

    def gradient_beats(self) -> None:
        self._check_beat()
        self._step_beat()

    def _line(self, source: str, center: float = 0.0, widest: float = WIDEST) -> TextMobject:
        """A formula below the diagram, in the middle or around another x."""
        made = formula(source, RULE_SIZE)
        if made.width > widest:
            made = formula(source, RULE_SIZE * widest / made.width)
        return made.move_to([center, RULE_Y, 0])

    def _entry(self) -> str:
        """The w at the end of the path that was followed, as it is said."""
        i, j = self.path
        return f"w{i + 1}{j + 1}".translate(SUBSCRIPTS)

    # -- is it right, and what does it cost? -----------------------------------------------------------------------

    def _check_beat(self) -> None:
        i, j = self.path
        index = i * self.n_features + j
        slope = float(self.slopes.theta[index])
        step = next((step for step in STEPS if 1000 * step * abs(slope) < math.sqrt(self.there.error)), STEPS[-1])
        places = fitting_places([slope], 3)
        after = nudged(self.run, self.theta, self.there, index, step)
        printed = printed_slope(self.there.error, after.error, step, places)
        text = number_text(round(slope, places), places)
        same = number_text(float(printed.slope), places) == text
        passes = (self.run.n_parameters + 1, BIG.n_parameters + 1)  # one before any nudge
        numbers = {"entry": self._entry(), "passes": number_text(passes[0]), "big": number_text(passes[1])}
        letter = f"yellow(w_({i + 1} {j + 1}))"
        nudge = f"frac(e({letter} + {printed.step}) - e({letter}), {printed.step})"
        by_hand = f"{nudge} = frac({printed.after} - {printed.before}, {printed.step}) = {printed.slope}"
        source = f'part("hand", {by_hand}) quad quad part("slope", {slope_source(letter)} = orange({text}))'
        with self.beat("check" if same else "check-near", **numbers):
            # One w is made a little larger, and all computed again: its slope by a nudge, and the one from before.
            # Then how many passes that takes for every parameter, counted as they go, and how many it took backwards
            self._nudge(source)
            self._count(passes)

    def _nudge(self, source: str) -> None:
        (i, j), edges = self.path, self.diagram.edges
        self.rule = self._line(source)
        coming = FadeIn(self.rule.part("hand"), shift=0.15 * UP, rate_func=LATE)
        self.play(self.next_title("heading-check"), FadeOut(self.told, run_time=0.4), coming, run_time=0.9)
        for k, to, start in ((X, i, j), (R, i, i), (A, 0, i)):
            self.play(Pulse(VGroup(edges[k].line(to, start)), palette.text).run(0.45))
        self.play(FadeIn(self.rule.part("slope"), shift=0.15 * UP), run_time=0.6)
        self.add(self.rule)
        self.wait(0.7)

    def _count(self, passes: tuple[int, int]) -> None:
        names = (self.screen("by-nudges"), self.screen("by-backprop"))
        notes = [self.screen("nudged", count=number_text(count - 1)) for count in passes]
        self.counts = counts = PassCounts(passes, names, (notes[0], notes[1], self.screen("there-and-back")))
        self.slopes_seen = VGroup(*self.orange.every(self.written))
        gone, coming = FadeOut(self.rule, run_time=0.4), FadeIn(counts, rate_func=LATE)
        self.play(self.next_title("heading-count"), gone, coming, emphasis(self.slopes_seen, PRESENT), run_time=0.8)
        there, back = (tuple(self.diagram.edges[k] for k in order) for order in ((X, R, A), (A, R, X)))
        for end, seconds in ((1, 0.5), (2, 0.3), (passes[0], 0.5)):  # the last of these stands for all the others
            self.play(sweep(there, palette.text, seconds), counts.count(counts.nudges, end, seconds))
        self.play(FadeIn(counts.small), run_time=0.3)
        self.wait(0.4)
        self.play(*counts.race(1.2))
        self.play(sweep(there, palette.text, 0.6), counts.count(counts.sweeps, 1, 0.6))
        coming = FadeIn(counts.both)
        self.play(sweep(back, palette.orange, 0.6, backward=True), counts.count(counts.sweeps, SWEEPS, 0.6), coming)
        self.add(counts.settle())

    # -- what it is for ------------------------------------------------------------------------------------------

    def _step_beat(self) -> None:
        count = number_text(self.run.n_parameters)
        if self.rate is None or self.after is None:
            with self.beat("step-flat", count=count):
                # All slopes together are the gradient; nowhere does the ground fall
                self._gather()
            return
        before, after = (self.error_text(at) for at in (self.there, self.after))
        if before == after:
            with self.beat("step-small", count=count):
                # The same, but e falls by less than its digits tell
                self._gather()
                self._use()
            return
        letter = self.unit.letter if self.run.loss == "mae" else ""
        with self.beat("step", count=count, before=before + letter, after=after + letter):
            # All slopes together are the gradient. One step against it, the numbers go forward anew, and e has fallen
            self._gather()
            self._use()

    def _gather(self) -> None:
        """The slopes leave copies that line up as g."""
        back = emphasis(self.slopes_seen, FULL)
        self.play(FadeOut(self.counts), back, self.next_title("heading-step"), run_time=0.7)
        names = parameter_names(self.run)
        self.row = GradientRow(names, self.slopes.theta, ROW_Y)
        flights = []
        for index, number in self.row.numbers.items():
            source = self.orange.of(index, self.n_units, self.n_features)
            flights.append(FadeIn(number, target_position=source) if source is not None else FadeIn(number))
        coming = LaggedStart(*flights, lag_ratio=0.08)
        around = map(FadeIn, (self.row.label, self.row.groups, self.row.dots))
        self.play(*around, coming, run_time=1.4)
        self.add(self.row)

    def _use(self) -> None:
        """theta less eta g, in letters and for one w; then the network is computed once more, and e has changed.

        The slopes leave the diagram before: they are those of the old theta.
        """
        rate = number_text(self.rate) if self.rate >= PLAIN_RATE else f"10^({round(math.log10(self.rate))})"
        step = formula(f"{update_source('0', '1')} comma quad eta = {rate}", STEP_SIZE)
        old, new = (formula(self.error_source(at, n), STEP_SIZE) for n, at in enumerate((self.there, self.after)))
        worked = self._worked_out()
        rest = (old, new) if worked is None else (old, new, worked)
        share = min(1.0, WIDEST / (step.width + STEP_GAP + max(text.width for text in rest)))
        left = -share * (step.width + STEP_GAP + max(text.width for text in rest)) / 2
        step.scale(share).place(STEP_Y - 0.12, left=left)
        for text in rest:
            text.scale(share).place(STEP_Y - 0.12, left=step.get_right()[0] + share * STEP_GAP)
        self.play(FadeIn(step, shift=0.15 * UP), run_time=0.5)
        comes = FadeIn(old, shift=0.15 * UP, rate_func=LATE, run_time=0.7)
        if worked is None:
            self.play(comes, *self._without_slopes())
        else:
            # It stays to be read until the first numbers have changed
            self.play(FadeIn(worked, shift=0.15 * UP), run_time=0.5)
            self.wait(0.9)
            self.play(*self._without_slopes(), run_time=0.7)
        for column, k in ((R, X), (A, R), (Y, A)):
            swap = [FadeOut(worked, run_time=0.3), comes] if column == A and worked is not None else []
            self.play(Pulse(VGroup(*self.diagram.edges[k]), palette.text).run(0.5), *swap)
            if column != Y:
                self.play(*self._rolled(column), run_time=0.3)
        self.play(*self._rolled(Y), *grow(old, new), run_time=1.1)
        self.error = new

    def _worked_out(self) -> TextMobject | None:
        """The update of the path's w in numbers; None where it cannot be seen in them."""
        i, j = self.path
        slopes, index = self.slopes.theta, i * self.n_features + j
        after = self.theta - self.rate * slopes
        places = fitting_places(self.gradient.weights[0].ravel())
        made = printed_with_slope(self.theta, slopes, after, self.rate, index, places)
        names = parameter_names(self.run)
        plain = self.rate >= PLAIN_RATE and made.right and made.before != made.after
        return formula(sum_source(made, names, [typst_name(name) for name in names]), STEP_SIZE) if plain else None

    def _without_slopes(self) -> list[Animation]:
        """The diagram without slopes: lines in their own colours and equally thick, names in their places."""
        orange, lines = self.orange, []
        for edges in self.diagram.edges:
            for line in edges:
                lines.append(emphasis(line, PRESENT))
                line.target.set_stroke(width=edges.width_at_rest)
        gone = orange.every(self.written)
        back = [orange.replaced[at] for at in self.written if at in orange.replaced]
        return [*lines, *map(FadeOut, gone), *map(FadeIn, back)]

    def _rolled(self, column: int) -> list[Animation]:
        """The numbers in a column's nodes run on to those after the step."""
        values = {R: self.after.r[0], A: self.after.a[0], Y: [self.after.y]}[column]
        return [roll(number, float(value)) for number, value in zip(self.numbers[column], values, strict=True)]
