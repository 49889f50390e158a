"""Backpropagation: the numbers go forward, slopes come back, and one step against them makes the error fall."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from gradreel.core.network.worked_example import (
    MOST_MORE,
    backward,
    falling_rate,
    printed_distance,
    stepped,
    telling_decimals,
)
from gradreel.scenes import style
from gradreel.scenes.lecture.deep.gradient_beats import LATE
from gradreel.scenes.lecture.deep.path_back import NOTE_GAP, PathBeats, lit
from gradreel.scenes.lecture.deep.pictures.axis_of_days import axis_of_days
from gradreel.scenes.lecture.deep.pictures.network_slopes import Link, Named, slope_source, slope_text, slopes_of
from gradreel.scenes.lecture.deep.seen_day import printed_row, seen_day
from gradreel.scenes.lecture.three_days import A, R, ThreeDaysScene, X, Y
from gradreel.scenes.mobjects.days_ahead import BOX as DAYS_BOX
from gradreel.scenes.mobjects.formula_growth import grow
from gradreel.scenes.mobjects.network_parts import Pulse, roll
from gradreel.scenes.mobjects.network_sum import fitting_places
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.style import FAINT, PRESENT, emphasis, palette
from manim import (
    UP,
    Animation,
    FadeIn,
    FadeOut,
    TransformFromCopy,
    VGroup,
    smooth,
    squish_rate_func,
    there_and_back,
)
from pydantic import Field

MOST_READ = 3  # products in one line
UNDER_SOURCE = 0.42  # from the caption above the diagram down to what kind of day it shows


class Backprop(PathBeats):
    """The numbers go forward, slopes come back along one path, then along all; they are checked, and used."""

    class Parameters(ThreeDaysScene.Parameters):
        day: date | None = Field(
            None, description="The day that a step is taken on; by default one of the last days it learns from"
        )

    def day_shown(self) -> date:
        return self.parameters.day or seen_day(self.run, self.theta)

    def construct(self) -> None:
        self.read_the_run()
        self._find_slopes()
        self._find_digits()
        self.build_diagram()
        self._place_slopes()
        self._forward_beat()
        self._output_beat()
        self._path_beat()
        self._rest_beat()
        self.gradient_beats()
        self.hand_on()

    def _find_slopes(self) -> None:
        self.slopes = backward(self.run, self.theta, self.there)
        self.gradient = self.slopes.layers(self.run)
        self.rate = falling_rate(self.run, self.theta, self.there, self.slopes)
        self.after = None if self.rate is None else stepped(self.run, self.theta, self.there, self.slopes, self.rate)

    def _find_digits(self) -> None:
        """Prediction and label have as many as tell what a step does to their distance: "0.011", then "0.009"."""
        if self.after is None:
            return
        unit, label, ways = self.unit, self.there.label, (self.there, self.after)
        telling = telling_decimals(unit, lambda places: [printed_distance(at.y, label, places) for at in ways])
        if telling is None:
            begins_small = abs(self.there.y - label) < 10.0 ** (1 - unit.decimals)
            telling = unit.decimals + (MOST_MORE if begins_small else 0)
        self.decimals = telling

    def _place_slopes(self) -> None:
        named = Named(self.letters, self.weight_labels, self.c_labels, self.bias_arrows, self.output_bias)
        self.orange = slopes_of(self.diagram, named, self.slopes, self.gradient.weights[0], self.gradient.c)
        self.arrows = VGroup(*self.bias_arrows, self.output_bias)
        # The path that is followed: the w with the largest slope, among those that carry theirs on the screen
        self.path = max(self.weight_labels, key=lambda at: abs(float(self.gradient.weights[0][at])))
        # Numbers stand at its c and at all w of its r: of all others, they are told in the row of the gradient
        i = self.path[0]
        # Of all the w, those of its r alone have their names on the screen: nothing is said of the others one by one
        self.names = VGroup(*self.labels_into(i), *self.c_labels.values())
        self.written = [*((X, i, j) for j in range(self.n_features)), (A, 0, i)]
        nodes = (self.orange.nodes[at] for at in ((Y, 0), (A, i), (R, i)))
        self.pills = [*nodes, self.orange.biases[i], *(self.orange.lines[at] for at in self.written)]

    # -- forward -------------------------------------------------------------------------------------------------

    def _forward_beat(self) -> None:
        diagram = self.diagram
        with self.beat("forward", unit=self.activation, **self.outcome):
            # The axis of the days, as the last scene left it, makes room for the network of three days again. Its
            # numbers run from left to right, up to the error of this one day
            axis = axis_of_days(DAYS_BOX)
            self.add(axis)
            stage = VGroup(diagram, self.names, self.arrows, self.days_ago(), *self._captions())
            late = squish_rate_func(smooth, 0.4, 1.0)
            early = squish_rate_func(smooth, 0.0, 0.6)
            leaving = FadeOut(axis, rate_func=early)
            self.play(self.next_title("heading"), leaving, FadeIn(stage, rate_func=late), run_time=1.1)
            self.play(FadeIn(VGroup(*self.letters)), *self.into_nodes(X), run_time=0.5)
            for column, edges in ((R, X), (A, R), (Y, A)):
                self.play(Pulse(VGroup(*diagram.edges[edges]), palette.text).run(0.7))
                self.play(*self.into_nodes(column), run_time=0.3)
            self.rule = self._line(self.error_source(self.there))
            self.play(FadeIn(self.truth_words()), FadeIn(self.rule, shift=0.15 * UP), run_time=0.6)

    def _captions(self) -> list[TextMobject]:
        """What the views are, and below that, where it is so, that the network learns from this day."""
        source = self.data_words()
        if self.example.unseen:
            return [source]
        learned = words(self.screen("seen-day"), style.CAPTION)
        return [source, learned.place(source.baseline - UNDER_SOURCE, right=style.RIGHT_EDGE)]

    # -- backward ------------------------------------------------------------------------------------------------

    def _output_beat(self) -> None:
        slope = slope_text(self.slopes.y, [self.slopes.y])
        with self.beat("output-low", slope=slope):
            # A little more y: y and e run on by a last digit. From that the slope by y, in orange at y's node
            self._begin_backward(slope)

    def _begin_backward(self, slope: str) -> None:
        self._dim_forward(self.next_title("heading-back"))
        back = self._more_y()
        first = self._line(f'part("of0", {slope_source("blue(y)")}) = part("result0", orange({slope}))')
        self.note = words(self.screen("slope-of-y"), style.LABEL, palette.dim)
        first.shift([-(NOTE_GAP + self.note.width) / 2, 0, 0])
        self.note.place(first.baseline, left=first.get_right()[0] + NOTE_GAP)
        self.play(FadeOut(self.rule), *back, run_time=0.4)
        self.play(FadeIn(first, shift=0.15 * UP), FadeIn(self.note, shift=0.15 * UP), run_time=0.6)
        self.rule = first
        self.play(FadeIn(self.orange.nodes[Y, 0], scale=1.4), run_time=0.5)

    def _more_y(self) -> list[Animation]:
        """y as printed grows by one of its last digit, and e is computed anew; what brings y back.

        Nothing moves where y is right, or so near below its label that it would pass it.
        """
        there, number, places = self.there, self.numbers[Y][0], self.decimals
        more = round(round(there.y, places) + 10.0**-places, places)
        if self.slopes.y == 0 or (self.slopes.y < 0 and more > round(there.label, places)):
            return []
        rule = self._line(self.error_source(replace(there, y=more, error=self._error_at(more)), 1))
        self.wait(0.5)
        growing = grow(self.rule, rule, {"y1": "y0", "error1": "error0"})
        self.play(roll(number, more), *growing, run_time=0.9)
        self.rule = rule
        self.wait(1.0)
        return [roll(number, there.y)]

    def _rest_beat(self) -> None:
        with self.beat("rest"):
            # On the path the other parameters, one line each: a c's slope takes its a, a b's takes 1, and is that of
            # its r. That one serves all w of r: it goes to each of their lines. Then along all other lines, and every
            # parameter has its slope
            i = self.path[0]
            c, b = self.told = self._own_links()
            self.play(FadeOut(self.rule), run_time=0.3)
            self._sweep(A, FadeIn(c, shift=0.15 * UP, rate_func=LATE))
            named = self._replaced(A, [(0, i)])
            self.play(FadeIn(self.orange.lines[A, 0, i], scale=1.4), *named, run_time=0.5)
            self.wait(0.4)
            self.play(FadeOut(c, run_time=0.4), FadeIn(b, shift=0.15 * UP, rate_func=LATE), run_time=0.8)
            self.play(TransformFromCopy(self.orange.nodes[R, i], self.orange.biases[i]), run_time=0.8)
            self.wait(0.3)
            self._spread(FadeOut(b, run_time=0.4))
            for k in (R, X):
                self._sweep(k, seconds=0.6)

    def _own_links(self) -> VGroup:
        """How the path's c and its b come to their slopes."""
        i, slopes, r = self.path[0], self.slopes, f"blue(r_{self.path[0] + 1})"
        a, places = float(self.there.a[0][i]), fitting_places(self.gradient.c)
        c = Link(f"magenta(c_{i + 1})", "blue(y)", f"blue(a_{i + 1})", slopes.y, a, places)
        b = Link(f"green(b_{i + 1})", r, "1", slopes.r[0][i], 1.0, fitting_places(slopes.r[0]))
        return VGroup(*(self._line(own.source(1)) for own in (c, b)))

    def _spread(self, leaving: Animation) -> None:
        """The slope of the path's r goes to each of its w, where it takes that one's x: it was computed once."""
        i, edges = self.path[0], self.diagram.edges[X]
        source, line = self.orange.nodes[R, i], self._line(self._shared_source())
        reading = self._read_ones()
        copies = [FadeIn(line.part(f"slope{j}"), target_position=source[1], rate_func=LATE) for j in reading]
        names = [FadeIn(line.part(f"w{j}"), rate_func=LATE) for j in reading]
        pulse = Pulse(edges.into(i), palette.orange, backward=True).run(1.2)
        beat = source.animate(rate_func=there_and_back).scale(1.5)
        self.play(pulse, beat, *map(lit, edges.into(i)), leaving, *copies, *names, run_time=1.3)
        new = [(i, j) for j in range(self.n_features) if (i, j) != self.path]
        coming = [FadeIn(self.orange.lines[X, *at], scale=1.4) for at in new]
        products = [FadeIn(line.part(f"product{j}")) for j in reading]
        self.play(*coming, *self._replaced(X, new), *products, run_time=0.5)
        self.add(line)
        self.rule = line
        self.wait(0.3)

    def _read_ones(self) -> list[int]:
        """Which w of the path's r are worked out below the diagram: as many as fit, with the path's."""
        j = self.path[1]
        others = [k for k in range(self.n_features) if k != j]
        return sorted([j, *others[: MOST_READ - 1]])

    def _shared_source(self) -> str:
        """The one slope of the path's r, times each x: the slopes of its w. Parts "w0", "slope0", "product0", ..."""
        i = self.path[0]
        row = printed_row(self.there, self.slopes, self.gradient.weights[0], i, self.decimals)
        terms = [
            f'part("w{j}", {slope_source(f"yellow(w_({i + 1} {j + 1}))")} =) part("slope{j}", orange({each.slope})) '
            f'part("product{j}", dot {each.x} {"=" if each.right else "approx"} orange({each.product}))'
            for j, each in ((j, row[j]) for j in self._read_ones())
        ]
        return " quad quad ".join(terms)

    def _sweep(self, k: int, *coming: Animation, seconds: float = 0.8) -> None:
        """Back along all lines of a layer that no slope has come along yet."""
        i = self.path[0]
        done = {A: [(0, i)], R: [(i, i)], X: [(i, j) for j in range(self.n_features)]}[k]
        edges = [line for at, line in self.diagram.edges[k].lines.items() if at not in done]
        pulse = [Pulse(VGroup(*edges), palette.orange, backward=True).run(seconds)] if edges else []
        if pulse or coming:
            self.play(*pulse, *coming, run_time=seconds)
        if edges:
            self.play(*map(lit, edges), run_time=0.2)

    def _dim_forward(self, heading: Animation) -> None:
        """What was computed on the way forward stays, but steps back, while a heading comes."""
        edges = [emphasis(line, FAINT) for k in (X, R, A) for line in self.diagram.edges[k]]
        parts = (*self.names, *self.arrows, *self.diagram.boxes)
        self.play(heading, *edges, *(emphasis(part, PRESENT) for part in parts), run_time=0.5)
