"""What a gradient is worth that came back through the network: a nudge finds the same at its cost, a step uses it."""

from __future__ import annotations

import math
from dataclasses import replace

from gradreel.core.analysis.results import WIDTH
from gradreel.core.daily.views import DailyViews
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import parameter_names
from gradreel.core.network.worked_example import nudged
from gradreel.scenes import style
from gradreel.scenes.lecture.deep.pictures.error_gap import ErrorGap
from gradreel.scenes.lecture.deep.pictures.network_passes import SWEEPS, PassCounts, sweep
from gradreel.scenes.lecture.deep.pictures.network_slopes import GradientRow, slope_source
from gradreel.scenes.lecture.three_days import A, R, ThreeDaysScene, X, Y
from gradreel.scenes.mobjects.arithmetic import printed_slope, printed_with_slope
from gradreel.scenes.mobjects.counting import Counting
from gradreel.scenes.mobjects.network_diagram import LayerDiagram
from gradreel.scenes.mobjects.network_parts import Pulse, roll
from gradreel.scenes.mobjects.network_sum import fitting_places
from gradreel.scenes.mobjects.text import TextMobject, formula
from gradreel.scenes.mobjects.theta_strip import letter_of, typst_name
from gradreel.scenes.mobjects.update_formulas import sum_source, update_source
from gradreel.scenes.style import PRESENT, emphasis, palette
from gradreel.scenes.words.numbers import number_text
from manim import UP, Animation, FadeIn, FadeOut, UpdateFromAlphaFunc, VGroup, smooth, squish_rate_func

RULE_Y, RULE_SIZE, WIDEST = -2.85, 42, 12.6  # middle of the line below the diagram
ROW_Y, STEP_Y, STEP_SIZE = -2.36, -3.34, 38  # of the gradient's first row, and of the step below both
GATHER_SECONDS = 0.35  # that slopes which go to the gradient together take to come, and to go there
BIG_BOX, BIG_EDGES = (-5.3, 5.3, -1.35, 2.35), 0.45  # of the large network, as where its layers are stacked
GAP, GAP_DROP = (4.5, 5.95), 0.3  # left and right of the distance between y and its label, and how far below that
STEP_GAP = 0.9  # between the parts of that line
LATE = squish_rate_func(smooth, 0.5, 1.0)  # for what comes to where something goes
PLAIN_RATE = 1e-3  # smaller learning rates are written as powers of ten
STEPS = tuple(10.0**-k for k in range(3, 10))  # of a nudge: the largest that stays on the same side of the label
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
BIG = Experiment(dataset=DailyViews(), hidden=(WIDTH,) * 3, activation="relu")
"""The lecture's large network, for its number of parameters."""


class GradientBeats(ThreeDaysScene):
    """The last beats of backprop, when all slopes are in the diagram: they are checked, counted, and used.

    They need the ``slopes`` and where they are drawn (``orange``; on the screen are the ``pills``, of ``written``
    lines), the ``path`` that was followed, and the learning ``rate`` with what comes ``after`` a step.
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

    def _error_at(self, y: float) -> float:
        """The error, were this the prediction."""
        away = abs(y - self.there.label)
        return away if self.run.loss == "mae" else away**2

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
        passes = (self.run.n_parameters + 1, BIG.n_parameters + 1)  # one before any nudge
        numbers = {"entry": self._entry(), "passes": number_text(passes[0]), "big": number_text(passes[1])}
        letter = f"yellow(w_({i + 1} {j + 1}))"
        nudge = f"frac(e({letter} + {printed.step}) - e({letter}), {printed.step})"
        by_hand = f"{nudge} = frac({printed.after} - {printed.before}, {printed.step}) = {printed.slope}"
        source = f'part("hand", {by_hand}) quad quad part("slope", {slope_source(letter)} = orange({text}))'
        with self.beat("check", **numbers):
            # One w is made a little larger, and all computed again: its slope by a nudge, and the one from before.
            # Then how many passes that takes for every parameter, counted as they go. The large network comes in its
            # place, with its count, and how many it takes backwards: one there, one back
            self._nudge(source)
            self._count(passes)

    def _nudge(self, source: str) -> None:
        (i, j), edges = self.path, self.diagram.edges
        gone, self.rule = FadeOut(self.rule, run_time=0.4), self._line(source)
        coming = FadeIn(self.rule.part("hand"), shift=0.15 * UP, rate_func=LATE)
        self.play(self.next_title("heading-check"), gone, coming, run_time=0.9)
        for k, to, start in ((X, i, j), (R, i, i), (A, 0, i)):
            self.play(Pulse(VGroup(edges[k].line(to, start)), palette.text).run(0.45))
        self.play(FadeIn(self.rule.part("slope"), shift=0.15 * UP), run_time=0.6)
        self.add(self.rule)
        self.wait(0.7)

    def _count(self, passes: tuple[int, int]) -> None:
        names = (self.screen("by-nudges"), self.screen("by-backprop"))
        notes = [self.screen("nudged", count=number_text(count - 1)) for count in passes]
        self.counts = counts = PassCounts(passes, names, (notes[0], notes[1], self.screen("there-and-back")))
        gone, coming = FadeOut(self.rule, run_time=0.4), FadeIn(counts, rate_func=LATE)
        self.play(self.next_title("heading-count"), gone, coming, run_time=0.8)
        forth = tuple(self.diagram.edges[k] for k in (X, R, A))
        for end, seconds in ((1, 0.4), (2, 0.3), (passes[0], 0.4)):  # the last of these stands for all the others
            self.play(sweep(forth, palette.text, seconds), counts.count(counts.nudges, end, seconds))
        self.play(FadeIn(counts.small), run_time=0.3)
        self.small_network = [part for part in self.mobjects if part not in (self.title, counts, counts.small)]
        self.big_network = big = LayerDiagram((BIG.dataset.n_features, *BIG.hidden, 1), BIG_BOX, pictures="relu")
        for edges in big.edges:
            style.emphasize(edges, BIG_EDGES)
        self.play(
            *(FadeOut(part, run_time=0.5) for part in self.small_network), FadeIn(big, rate_func=LATE), run_time=0.8
        )
        self.play(*counts.race(0.9))
        self.play(sweep(big.edges, palette.text, 0.8), *counts.first_sweep(0.8))
        back = sweep(big.edges[::-1], palette.orange, 0.9, backward=True)
        self.play(back, counts.count(counts.sweeps, SWEEPS, 0.9), FadeIn(counts.both))
        self.add(counts.settle())

    # -- what it is for ------------------------------------------------------------------------------------------

    def _step_beat(self) -> None:
        letter = self.unit.letter if self.run.loss == "mae" else ""
        before, after = (self.error_text(at) + letter for at in (self.there, self.after or self.there))
        with self.beat("step", count=number_text(self.run.n_parameters), before=before, after=after):
            # All slopes together are the gradient. One step against it, where one makes e any less: the numbers go
            # forward anew, and e has fallen
            self._gather()
            if self.rate is not None and self.after is not None:
                self._use()

    def _gather(self) -> None:
        """The small network is back: slopes stand at their lines and arrows, and line up as g.

        They do so in the order in which they came back, those of W row by row: no more at once than can be read.
        """
        gone = [FadeOut(part, run_time=0.4) for part in (self.counts, self.big_network)]
        back = [FadeIn(part, rate_func=LATE) for part in self.small_network]
        self.play(*gone, self.next_title("heading-step"), *back, run_time=0.7)
        names = parameter_names(self.run)
        self.row = GradientRow(names, self.slopes.theta, ROW_Y)
        flights: list[Animation] = [*map(FadeIn, (self.row.label, self.row.brackets, self.row.groups, self.row.dots))]
        for turn in sorted({self._turn(index) for index in self.row.numbers}):
            coming, leaving = [], []
            for index, number in self.row.numbers.items():
                if self._turn(index) != turn:
                    continue
                source = self.orange.of(index, self.n_units, self.n_features)
                if source is not None and source not in self.pills:
                    coming.append(FadeIn(source))
                    leaving.append(FadeOut(source))
                leaving.append(FadeIn(number, target_position=source[1] if source is not None else number))
            self.play(*flights, *coming, run_time=GATHER_SECONDS)
            flights = leaving
        self.play(*flights, run_time=GATHER_SECONDS)
        self.add(self.row)

    def _turn(self, index: int) -> tuple[int, int]:
        """When a parameter's slope goes to the gradient: first those of c and b, then the vector's, W row by row."""
        letter = letter_of(parameter_names(self.run)[index])
        return {"w": 2, "b": 1}.get(letter, 0), index // self.n_features if letter == "w" else 0

    def _use(self) -> None:
        """theta less eta g, in letters and for one w; then the network is computed once more, and e has changed.

        The slopes leave the diagram before: they are those of the old theta. A length tells how far y is
        from its label.
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
        (left, right), y, after = GAP, self.there.y, self.after.y
        height = float(self.truth.get_bottom()[1]) - GAP_DROP
        self.gap = ErrorGap(y, self.there.label, after, left, right, height)
        told = old if worked is None else worked
        self.play(FadeIn(step, shift=0.15 * UP), FadeIn(told, shift=0.15 * UP, rate_func=LATE), run_time=0.8)
        self.wait(0.4)
        self.play(*self._without_slopes(), FadeIn(self.gap), run_time=0.5)
        swap = [] if worked is None else [FadeOut(worked, run_time=0.25), FadeIn(old, rate_func=LATE)]
        for column in (X, R, A):  # the numbers of a column run on while they go to the next
            rolling = self._rolled(column) if column != X else []
            pulse = Pulse(VGroup(*self.diagram.edges[column]), palette.text).run(0.45)
            self.play(pulse, *rolling, *(swap if column == X else []), run_time=0.45)
        self.remove(old)
        counting = self._counting(new, STEP_SIZE * share)
        closing = UpdateFromAlphaFunc(self.gap, lambda gap, share: gap.show(y + share * (after - y)))
        self.play(*self._rolled(Y), closing, counting, run_time=1.0)
        self.remove(counting.mobject)
        self.add(new)
        self.wait(1.0)
        self.error = new

    def _counting(self, new: TextMobject, size: float) -> Animation:
        """The formula of the error, which ``new`` will be: y runs on in it as it does in its node, and e with it."""
        (y, after), baseline, left = (self.there.y, self.after.y), new.baseline, float(new.get_left()[0])

        def write(value: float) -> TextMobject:
            there = replace(self.there, y=value, error=self._error_at(value))
            return formula(self.error_source(there), size).place(baseline, left=left)

        counted = Counting(write, max((y, after), key=lambda value: len(write(value))))
        return UpdateFromAlphaFunc(counted, lambda text, share: text.show(y + share * (after - y)))

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
        gone = self.pills
        back = [orange.replaced[at] for at in self.written if at in orange.replaced]
        return [*lines, *map(FadeOut, gone), *map(FadeIn, back)]

    def _rolled(self, column: int) -> list[Animation]:
        """The numbers in a column's nodes run on to those after the step."""
        values = {R: self.after.r[0], A: self.after.a[0], Y: [self.after.y]}[column]
        return [roll(number, float(value)) for number, value in zip(self.numbers[column], values, strict=True)]
