"""Backpropagation: one sweep forward, one backward, and every parameter has its slope; a nudge by hand agrees."""

from __future__ import annotations

import math

import numpy as np
from gradreel.core.daily_views import DailyViews
from gradreel.core.experiment import Experiment
from gradreel.core.results import WIDTH
from gradreel.core.written_out import backward, nudged
from gradreel.scenes import style
from gradreel.scenes.counts import Count
from gradreel.scenes.lecture.three_days import A, R, ThreeDaysScene, X, Y
from gradreel.scenes.mobjects.arithmetic import PrintedSlope, printed_product, printed_slope
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.network_parts import Pulse, patched, strength
from gradreel.scenes.mobjects.network_passes import PassCounts
from gradreel.scenes.mobjects.network_sum import fitting_places
from gradreel.scenes.mobjects.text import TextMobject, formula, words
from gradreel.scenes.mobjects.ticks import number_text
from gradreel.scenes.style import FAINT, FULL, PRESENT, emphasis, palette
from manim import UP, Animation, FadeIn, FadeOut, LaggedStart, VGroup
from numpy.typing import NDArray

RULE_Y = -2.85  # middle of the line below the diagram
RULE_SIZE = 38
COUNTS_TOP = -2.45  # baseline of the heads of the last beat's columns
STEPS = tuple(10.0**-k for k in range(3, 10))  # of a nudge: the largest that stays on the same side of the label
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
BIG = Experiment(dataset=DailyViews(), hidden=(WIDTH,) * 3, activation="relu")
"""The lecture's large network, for its number of parameters."""


class Backprop(ThreeDaysScene):
    """The numbers go forward, slopes come back; a nudge gives the same slope, but one pass for each parameter."""

    def construct(self) -> None:
        self.read_the_run()
        self.build_diagram()
        self.slopes = backward(self.run, self.theta, self.there)
        self._forward_beat()
        self._output_beat()
        self._hidden_beat()
        self._nudge_beat()
        self._count_beat()

    # -- forward -------------------------------------------------------------------------------------------------

    def _forward_beat(self) -> None:
        diagram = self.diagram
        with self.beat("forward", parameters=Count(self.run.n_parameters)):
            # The network of three days again. Its numbers run from left to right, up to the error of this one day
            self.title, arriving = next_heading(self.screen("heading"))
            arrows = VGroup(*self.bias_arrows, self.output_bias)
            labels = VGroup(*self.weight_labels.values(), *self.c_labels.values())
            self.play(*arriving, FadeIn(diagram, labels, arrows, self.days_ago(), self.data_words()), run_time=0.8)
            self.play(FadeIn(VGroup(*self.letters)), *self.into_nodes(X), run_time=0.5)
            for column, edges in ((R, X), (A, R), (Y, A)):
                self.play(Pulse(VGroup(*diagram.edges[edges]), palette.text).run(0.7))
                self.play(*self.into_nodes(column), run_time=0.3)
            self.rule = self._error()
            self.play(FadeIn(self.truth_words()), FadeIn(self.rule, shift=0.15 * UP), run_time=0.6)

    def _error(self) -> TextMobject:
        """e = |y - label| in letters and numbers, or its square."""
        decimals = self.unit.decimals
        prediction, label = (number_text(round(v, decimals), decimals) for v in (self.there.y, self.there.label))
        if self.run.loss == "mae":
            error = number_text(abs(round(self.there.y, decimals) - round(self.there.label, decimals)), decimals)
            source = f"e = abs(blue(y) - red(hat(y))) = abs(blue({prediction}) - red({label})) = {error}"
        else:
            error = number_text(self.there.error, max(decimals, fitting_places([self.there.error], 3)))
            source = f"e = (blue(y) - red(hat(y)))^2 = (blue({prediction}) - red({label}))^2 approx {error}"
        return self._line(source)

    def _line(self, source: str) -> TextMobject:
        """A formula in the middle below the diagram."""
        made = formula(source, RULE_SIZE)
        if made.width > 12.6:
            made = formula(source, RULE_SIZE * 12.6 / made.width)
        return made.move_to([0, RULE_Y, 0])

    # -- backward ------------------------------------------------------------------------------------------------

    def _output_beat(self) -> None:
        with self.beat("output", slope=self._text(self.slopes.y, [self.slopes.y])):
            # Now backwards, in orange. The error's slope by y comes first; times each a it is the slope of a c
            self._dim_forward()
            self.shown, self.slope_of = VGroup(), {}
            self._replace_rule(f"{_slope('blue(y)')} = orange({self._text(self.slopes.y, [self.slopes.y])})")
            self.play(FadeIn(self._over(Y, [self.slopes.y]), scale=1.2), run_time=0.5)
            gradient = self.slopes.layers(self.run)
            self._rule_of("magenta(c_1)", "blue(y)", "blue(a_1)", self.slopes.y, self.there.a[0][0])
            self._flow_back(A)
            coming = [*self._onto(self.c_labels, gradient.c[None], A), *self._onto_bias(Y, [self.slopes.y])]
            self.play(*coming, run_time=0.8)

    def _hidden_beat(self) -> None:
        with self.beat("hidden"):
            # On through c and the sigmoids to each r, and from there to every w: all parameters have a slope
            gradient = self.slopes.layers(self.run)
            self.play(FadeIn(self._over(A, self.slopes.a[0])), run_time=0.5)
            self._flow_back(R)
            self.play(*self._onto_bias(R, self.slopes.r[0]), run_time=0.6)
            self._rule_of("yellow(w_(1 1))", "blue(r_1)", "x_1", self.slopes.r[0][0], self.there.x[0])
            self._flow_back(X)
            self.play(*self._onto(self.weight_labels, gradient.weights[0], X), run_time=1.0)

    def _dim_forward(self) -> None:
        """What was computed on the way forward stays, but steps back."""
        edges = [emphasis(line, FAINT) for k in (X, R, A) for line in self.diagram.edges[k]]
        labels = [emphasis(label, PRESENT) for label in (*self.weight_labels.values(), *self.c_labels.values())]
        biases = [emphasis(arrow, PRESENT) for arrow in (*self.bias_arrows, self.output_bias)]
        self.play(*edges, *labels, *biases, emphasis(self.diagram.boxes, PRESENT), run_time=0.5)

    def _flow_back(self, k: int) -> None:
        self.play(Pulse(VGroup(*self.diagram.edges[k]), palette.orange, backward=True).run(0.9))

    def _replace_rule(self, source: str) -> None:
        new = self._line(source)
        self.play(FadeOut(self.rule), run_time=0.3)
        self.play(FadeIn(new, shift=0.15 * UP), run_time=0.5)
        self.rule = new

    def _rule_of(self, parameter: str, after: str, factor: str, slope: float, value: float) -> None:
        """How the slope of one parameter is made: the slope after it times what it is multiplied by."""
        printed = printed_product(slope, float(value), fitting_places([slope * value]))
        second = f"({printed.second})" if printed.second.startswith("-") else printed.second
        result = f"{'=' if printed.exact else 'approx'} orange({printed.product})"
        self._replace_rule(
            f"{_slope(parameter)} = {_slope(after)} dot {factor} = orange({printed.first}) dot {second} {result}"
        )

    def _text(self, value: float, among: list[float] | NDArray) -> str:
        places = fitting_places(np.ravel(among))
        return number_text(round(float(value), places), 0 if float(value) in (-1.0, 0.0, 1.0) else places)

    def _over(self, column: int, values: list[float] | NDArray) -> VGroup:
        """Slopes in orange over the nodes of a column."""
        made = VGroup()
        for i, node in self.diagram.columns[column].nodes.items():
            over = node.get_top()[1] if self.diagram.is_crowded else self.letters[column][i].get_top()[1]
            text = words(self._text(values[i], values), style.TICK, palette.orange)
            made.add(text.place(over + 0.08, center=node.get_x()))
        self.shown.add(*made)
        return made

    def _onto(self, labels: dict[tuple[int, int], VGroup], values: NDArray, k: int) -> list[Animation]:
        """Each label on a line gives its place to the parameter's slope; the line is as strong as that is large."""
        largest = float(np.abs(values).max())
        changes: list[Animation] = []
        for (i, j), label in labels.items():
            slope = patched(words(self._text(values[i, j], values), style.TICK, palette.orange)).move_to(label)
            self.shown.add(slope)
            self.slope_of[k, i, j] = slope
            changes += [FadeOut(label), FadeIn(slope)]
        for (i, j), line in self.diagram.edges[k].lines.items():
            share = abs(float(values[i, j])) / largest if largest else 0.0
            changes.append(line.animate.set_stroke(*strength(share, palette.orange)))
            line.emphasis = min(0.97, share)
        return changes

    def _onto_bias(self, column: int, values: list[float] | NDArray) -> list[Animation]:
        arrows = self.bias_arrows if column == R else [self.output_bias]
        changes: list[Animation] = []
        for arrow, value in zip(arrows, values, strict=True):
            text = words(self._text(float(value), values), style.TICK, palette.orange)
            text.place(arrow[1].get_center()[1] - 0.09, left=arrow[1].get_left()[0])
            if text.get_right()[0] > style.RIGHT_EDGE:  # there is room on the arrow's other side
                text.place(text.baseline, right=2 * arrow[0].get_x() - arrow[1].get_left()[0])
            self.shown.add(text)
            changes += [FadeOut(arrow[1]), FadeIn(text)]
        return changes

    # -- is it right? --------------------------------------------------------------------------------------------

    def _nudge_beat(self) -> None:
        i, j = self._steepest()
        index = i * self.n_features + j
        slope = float(self.slopes.theta[index])
        step = self._step(slope)
        after = nudged(self.run, self.theta, self.there, index, step)
        places = fitting_places([slope], 3)
        printed = printed_slope(self.there.error, after.error, step, places)
        text = number_text(round(slope, places), places)
        entry = f"w{i + 1}{j + 1}".translate(SUBSCRIPTS)
        if number_text(float(printed.slope), places) == text:
            with self.beat("nudge", entry=entry, step=printed.step):
                # One w is made a little larger, and all computed again: its slope by hand, and the same from before
                self._nudge(i, j, printed, text)
        else:
            with self.beat("nudge-near", entry=entry, step=printed.step):
                # One w is made a little larger, and all computed again: its slope by hand, and that from before
                self._nudge(i, j, printed, text)

    def _nudge(self, i: int, j: int, printed: PrintedSlope, slope: str) -> None:
        edges = self.diagram.edges
        dimmed = [emphasis(part, PRESENT) for part in self.shown if part is not self.slope_of[X, i, j]]
        self.title, arriving = next_heading(self.screen("heading-nudge"), self.title)
        self.play(*arriving, *dimmed, FadeOut(self.rule), run_time=0.7)
        letter = f"yellow(w_({i + 1} {j + 1}))"
        nudge = f"e({letter} + {printed.step}) - e({letter})"
        numbers = f"{printed.after} - {printed.before}"
        by_hand = f"frac({nudge}, {printed.step}) = frac({numbers}, {printed.step}) = {printed.slope}"
        beside = f"{_slope(letter)} = orange({slope})"
        self.rule = self._line(f'part("hand", {by_hand}) quad quad part("slope", {beside})')
        self.play(FadeIn(self.rule.part("hand"), shift=0.15 * UP), run_time=0.6)
        for k, to, start in ((X, i, j), (R, i, i), (A, 0, i)):
            self.play(Pulse(VGroup(edges[k].line(to, start)), palette.text).run(0.9))
        self.play(FadeIn(self.rule.part("slope"), shift=0.15 * UP), run_time=0.6)
        self.add(self.rule)

    def _steepest(self) -> tuple[int, int]:
        """The w with the largest slope, among those that carry theirs on the screen."""
        slopes = self.slopes.layers(self.run).weights[0]
        return max(self.weight_labels, key=lambda at: abs(float(slopes[at])))

    def _step(self, slope: float) -> float:
        """A nudge small enough for the error to change by no more than a thousandth or so of its way to the label."""
        return next((step for step in STEPS if 1000 * step * abs(slope) < math.sqrt(self.there.error)), STEPS[-1])

    def _count_beat(self) -> None:
        sizes = (self.run.n_parameters, BIG.n_parameters)
        passes = (sizes[0] + 1, sizes[1] + 1)  # one before any nudge
        with self.beat("count", passes=Count(passes[0]), big=number_text(passes[1])):
            # An arrow for each pass by hand; below it one there and one back. And the same for a large network
            names = (self.screen("by-nudges"), self.screen("by-backprop"))
            heads = tuple(self.screen("parameters", count=number_text(size)) for size in sizes)
            counts = PassCounts(passes, names, (heads[0], heads[1]), COUNTS_TOP)
            lit = [emphasis(part, FULL) for part in self.shown]
            self.play(FadeOut(self.rule), *lit, run_time=0.5)
            self.title, arriving = next_heading(self.screen("heading-count"), self.title)
            self.play(*arriving, FadeIn(counts.names), FadeIn(counts.head), run_time=0.6)
            self.play(LaggedStart(*map(FadeIn, counts.nudges), lag_ratio=0.5), run_time=2.0)
            self.play(FadeIn(counts.small_counts[0]), run_time=0.3)
            sweeps = LaggedStart(*map(FadeIn, counts.sweeps), lag_ratio=0.8)
            self.play(sweeps, FadeIn(counts.small_counts[1]), run_time=1.0)
            self.play(FadeIn(counts.large, shift=0.15 * UP), run_time=0.6)


def _slope(of: str) -> str:
    """The error's slope by something, as a fraction."""
    return f"frac(partial e, partial {of})"
