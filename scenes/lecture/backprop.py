"""Backpropagation: the numbers go forward, slopes come back, and one step against them makes the error fall."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import numpy as np
from gradreel.core.theta import unpack
from gradreel.core.written_out import activation_slope, backward, falling_rate, stepped
from gradreel.scenes import style
from gradreel.scenes.lecture.gradient_beats import LATE, RULE_SIZE, SUBSCRIPTS, WIDEST, GradientBeats
from gradreel.scenes.lecture.three_days import A, R, X, Y
from gradreel.scenes.mobjects.activation_zoom import ActivationZoom
from gradreel.scenes.mobjects.axis_of_days import axis_of_days
from gradreel.scenes.mobjects.days_ahead import BOX as DAYS_BOX
from gradreel.scenes.mobjects.formula_growth import grow
from gradreel.scenes.mobjects.network_parts import Pulse, roll, strength
from gradreel.scenes.mobjects.network_slopes import Link, Named, slope_source, slope_text, slopes_of
from gradreel.scenes.mobjects.network_sum import fitting_places
from gradreel.scenes.mobjects.plot import segment
from gradreel.scenes.mobjects.text import TextMobject, formula, words
from gradreel.scenes.style import FAINT, FULL, PRESENT, emphasis, palette
from manim import (
    UP,
    Animation,
    Create,
    FadeIn,
    FadeOut,
    TransformFromCopy,
    VGroup,
    VMobject,
    smooth,
    squish_rate_func,
    there_and_back,
)
from numpy.typing import NDArray

NOTE_GAP = 0.7  # from a line to what stands right of it
MOST_MORE = 2  # decimals, than a day of this series is written with
BEND_BOX = (3.9, 6.2, -3.4, -2.3)  # of the enlarged activation function, right of the line below the diagram
BEND_LINE = -2.3  # middle of that line meanwhile
TOUCHING = 0.65  # of its tangent, to both sides of the point
PAIR, PAIR_WIDEST = 3.3, 6.0  # middles of two lines side by side, left and right of 0, and the width of each
LIT = 0.6  # strength of a line that a slope has come back along: the same for all, their pills have the sizes


class Backprop(GradientBeats):
    """The numbers go forward, slopes come back along one path, then along all; they are checked, and used."""

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
        fewest, most = self.decimals, self.decimals + MOST_MORE
        if self.after is None:
            return
        telling = (places for places in range(fewest, most + 1) if self._tells(places))
        begins_small = abs(self.there.y - self.there.label) < 10.0 ** (1 - fewest)
        self.decimals = next(telling, most if begins_small else fewest)

    def _tells(self, places: int) -> bool:
        """Whether the distances before the step and after it differ in print, and there is one after it."""
        before, after = (
            abs(round(at.y, places) - round(at.label, places)) for at in (self.there, self.after) if at is not None
        )
        return bool(round(after, places) > 0 and round(before, places) != round(after, places))

    def _place_slopes(self) -> None:
        named = Named(self.letters, self.weight_labels, self.c_labels, self.bias_arrows, self.output_bias)
        self.orange = slopes_of(self.diagram, named, self.slopes, self.gradient.weights[0], self.gradient.c)
        self.names = VGroup(*self.weight_labels.values(), *self.c_labels.values())
        self.arrows = VGroup(*self.bias_arrows, self.output_bias)
        # The path that is followed: the w with the largest slope, among those that carry theirs on the screen
        self.path = max(self.weight_labels, key=lambda at: abs(float(self.gradient.weights[0][at])))
        # Where lines lie so close that few have names, only the path's w has its slope: the others have it in the row
        self.written = [at for at in self.orange.lines if self.every_label or at[0] == A or at == (X, *self.path)]

    # -- forward -------------------------------------------------------------------------------------------------

    def _forward_beat(self) -> None:
        diagram = self.diagram
        with self.beat("forward", unit=self._unit(), **self.outcome):
            # The axis of the days, as the last scene left it, makes room for the network of three days again. Its
            # numbers run from left to right, up to the error of this one day
            axis = axis_of_days(DAYS_BOX)
            self.add(axis)
            stage = VGroup(diagram, self.names, self.arrows, self.days_ago(), self.data_words())
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

    def _unit(self) -> str:
        """The activation function's name."""
        return {"relu": "ReLU"}.get(self.run.activation, self.run.activation.replace("_", " "))

    # -- backward ------------------------------------------------------------------------------------------------

    def _output_beat(self) -> None:
        slope = slope_text(self.slopes.y, [self.slopes.y])
        if self.slopes.y < 0:
            with self.beat("output-low", slope=slope):
                # More y, less error: both run on by a last digit. From that the slope by y, in orange at y's node
                self._begin_backward(slope)
        elif self.slopes.y > 0:
            with self.beat("output-high", slope=slope):
                # More y, more error: both run on by a last digit. From that the slope by y, in orange at y's node
                self._begin_backward(slope)
        else:
            with self.beat("output-exact", slope=slope):
                # Now backwards, in orange: y is right, its slope is 0, and so will be all others
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

    def _error_at(self, y: float) -> float:
        """The error, were this the prediction."""
        away = abs(y - self.there.label)
        return away if self.run.loss == "mae" else away**2

    def _path_beat(self) -> None:
        i, j = self.path
        x, r, a, c = (
            f"{letter}{k + 1}".translate(SUBSCRIPTS) for letter, k in (("x", j), ("r", i), ("a", i), ("c", i))
        )
        with self.beat("path", x=x, r=r, a=a, c=c, w=self._entry(), unit=self._unit()):
            # What a little more a does to y, and that to e: so slopes multiply. Then one path back, slowly: along c to
            # a, through the sigmoid to r, whose slope is looked up at its curve, along w
            links, orange = self._links(), self.orange
            forward = self._nudge_forward(links[0])
            self._follow(1, links[0], (A, 0, i), orange.nodes[A, i], [self.c_labels[0, i]], forward)
            self._enlarge_bend(links[1])
            self._follow(2, links[1], (R, i, i), orange.nodes[R, i], [])
            self._follow(3, links[2], (X, i, j), orange.lines[X, i, j], [self.weight_labels[i, j]])

    def _nudge_forward(self, link: Link) -> list[TextMobject]:
        """a, y and e, each with what it grows by: the one moves the next. Nothing where y is right.

        It stands right of the line that is there, and grows into ``link`` with it.
        """
        source = self._forward_source(link)
        if source is None:
            self.play(FadeOut(self.note), run_time=0.4)
            return []
        row = formula(source, RULE_SIZE)
        room = WIDEST - self.rule.width - NOTE_GAP
        row = formula(source, RULE_SIZE * min(1.0, room / row.width))
        left = -(self.rule.width + NOTE_GAP + row.width) / 2
        row.place(self.rule.baseline, left=left + self.rule.width + NOTE_GAP)
        aside = self.rule.animate.shift([left - self.rule.get_left()[0], 0, 0])
        self.play(FadeOut(self.note, run_time=0.3), aside, run_time=0.5)
        self.play(FadeIn(row.part("a"), shift=0.15 * UP), run_time=0.4)
        forth = Pulse(VGroup(self.diagram.edges[A].line(0, self.path[0])), palette.text).run(0.8)
        moved = VGroup(*(row.part(name) for name in ("c", "factor", "y")))
        self.play(forth, FadeIn(moved, rate_func=LATE), run_time=0.9)
        self.play(FadeIn(VGroup(row.part("slope"), row.part("e"))), run_time=0.5)
        self.add(row)
        self.wait(0.9)
        return [row]

    def _forward_source(self, link: Link) -> str | None:
        """a + 0.01 -> y + 0.0168 -> e - 0.0168, with the factors over the arrows; None where y is right."""
        factor, away = Decimal(link.printed.second), abs(self.there.y - self.there.label)
        steps = (Decimal(1).scaleb(-k) for k in range(2, 9))
        step = next((step for step in steps if float(abs(factor) * step) < away), None)
        if self.slopes.y == 0 or step is None:
            return None
        more = factor * step
        change = self._error_at(self.there.y + float(more)) - self.there.error
        near = "" if self.run.loss == "mae" else "approx"  # its slope is not the same all the way
        arrows = [f"stretch(arrow.r, size: #2.2em)^(dot {number})" for number in (
            f'part("factor", {_bracketed(link.printed.second)})', f"{near} orange({_bracketed(link.printed.first)})"
        )]  # fmt: skip
        return (
            f'part("a", {link.of} {step:+f}) part("c", {arrows[0]}) part("y", {link.after} {more:+f}) '
            f'part("slope", {arrows[1]}) part("e", e {change:+.{-int(more.as_tuple().exponent)}f})'
        )

    def _enlarge_bend(self, link: Link) -> None:
        """The activation function's little picture becomes a curve: r on it, and its slope there: ``link`` needs it."""
        i = self.path[0]
        number, r = self.numbers[R][i].text.replace("\u2212", "-"), float(self.there.r[0][i])
        box, printed = self.diagram.boxes[i], (f"blue(r_{i + 1}) = {number}", f"blue(a_{i + 1})")
        zoom = ActivationZoom(self.run.activation, [r], [printed], BEND_BOX)
        here = zoom.ways[0]
        come = here.come.scale(style.LETTER / here.come.font_size)
        come.place(here.point[1] + 0.1, right=here.point[0] - 0.3)
        said = words(self.screen("slope", slope=link.printed.second), style.TICK)
        said.place(BEND_BOX[2] + 0.15, right=style.RIGHT_EDGE)
        tangent = _tangent(zoom.curve, here.point)
        self.play(
            self.rule.animate.shift([BEND_LINE, 0, 0]),
            TransformFromCopy(box[1], zoom.curve),
            FadeIn(zoom.axis),
            emphasis(box, FULL),
            FadeIn(come),
            run_time=0.7,
        )
        self.play(FadeIn(here.dot.move_to(here.point)), Create(tangent), FadeIn(said), run_time=0.5)
        self.bend = VGroup(zoom.axis, zoom.curve, tangent, here.dot, come, said)
        self.add(self.bend)

    def _follow(
        self,
        n: int,
        link: Link,
        way: tuple[int, int, int],
        slope: VGroup,
        names: list[VGroup],
        others: Sequence[TextMobject] = (),
    ) -> None:
        """Link ``n``: a dot goes back along the line ``way``, the rule grows into the link, and the slope is there."""
        line = self.diagram.edges[way[0]].line(*way[1:])
        new = self._line(link.source(n), BEND_LINE if n == 2 else 0.0)
        pulse = Pulse(VGroup(line), palette.orange, backward=True).run(1.1)
        origins = {f"after{n}": f"of{n - 1}", f"first{n}": f"result{n - 1}"}
        origins |= {f"second{n}": "factor"} if others else {}
        lights = [emphasis(name, FULL) for name in names]
        leaving = [FadeOut(self.bend, run_time=0.4)] if n == 3 else []
        self.play(*lights, *grow([self.rule, *others], new, origins), pulse, *leaving, run_time=1.2)
        self.rule = new
        self.play(_lit(line), FadeIn(slope, scale=1.4), *self._replaced(way[0], [way[1:]]), run_time=0.5)
        self.wait(0.3)

    def _links(self) -> list[Link]:
        """The three links from y to the path's w."""
        (i, j), slopes, there = self.path, self.slopes, self.there
        bend, c = activation_slope(self.run, there.r[0])[i], unpack(self.run, self.theta).c[i]
        y, a, r = "blue(y)", f"blue(a_{i + 1})", f"blue(r_{i + 1})"
        return [
            Link(a, y, f"magenta(c_{i + 1})", slopes.y, float(c), fitting_places(slopes.a[0])),
            Link(r, a, f"frac(partial {a}, partial {r})", slopes.a[0][i], float(bend), fitting_places(slopes.r[0])),
            Link(
                f"yellow(w_({i + 1} {j + 1}))", r, f"x_{j + 1}", slopes.r[0][i], float(there.x[j]),
                fitting_places(self.gradient.weights[0].ravel()),
            ),
        ]  # fmt: skip

    def _rest_beat(self) -> None:
        with self.beat("rest"):
            # All the other paths, layer by layer: a c's slope takes its a, a b's takes 1, and is that of its r. One
            # slope of r serves all its w; at the end every line is orange, and every parameter has its slope
            done = {(A, self.path[0]), (R, self.path[0])}
            self.told = self._own_links()
            self.play(FadeOut(self.rule), run_time=0.3)
            self._sweep(A, [self.orange.output_bias, *self._nodes(A, done), self.told[0]])
            self._sweep(R, self._nodes(R, done))
            down = (self._copied_down(i) for i in range(self.n_units))
            self.play(*down, FadeIn(self.told[1], shift=0.15 * UP), run_time=0.9)
            self._spread()
            self._sweep(X, [])

    def _own_links(self) -> VGroup:
        """How the path's c and its b come to their slopes, side by side."""
        i, slopes, r = self.path[0], self.slopes, f"blue(r_{self.path[0] + 1})"
        a, places = float(self.there.a[0][i]), fitting_places(self.gradient.c)
        c = Link(f"magenta(c_{i + 1})", "blue(y)", f"blue(a_{i + 1})", slopes.y, a, places)
        b = Link(f"green(b_{i + 1})", r, "1", slopes.r[0][i], 1.0, fitting_places(slopes.r[0]))
        middles = (-PAIR, PAIR)
        return VGroup(*(self._line(own.source(1), x, PAIR_WIDEST) for own, x in zip((c, b), middles, strict=True)))

    def _spread(self) -> None:
        """The slope of the path's r goes to each of its w: it was computed once."""
        i, source = self.path[0], self.orange.nodes[R, self.path[0]]
        edges = self.diagram.edges[X]
        new = [at for at in self.written if at[:2] == (X, i) and at[1:] != self.path]
        coming = [FadeIn(self.orange.lines[at], target_position=source, scale=0.6) for at in new]
        pulse = Pulse(edges.into(i), palette.orange, backward=True).run(1.1)
        beat = source.animate(rate_func=there_and_back).scale(1.3)
        lit = [_lit(line) for line in edges.into(i)]
        self.play(pulse, beat, *coming, *lit, *self._replaced(X, [at[1:] for at in new]), run_time=1.1)

    def _nodes(self, column: int, done: set[tuple[int, int]]) -> list[VGroup]:
        return [slope for at, slope in self.orange.nodes.items() if at[0] == column and at not in done]

    def _copied_down(self, i: int) -> Animation:
        """The slope of r_i is that of b_i too."""
        return TransformFromCopy(self.orange.nodes[R, i], self.orange.biases[i])

    def _sweep(self, k: int, coming: list[VMobject]) -> None:
        """Back along all lines of a layer that no slope has come along: slopes come to them, and to their start."""
        edges = [line for (i, _), line in self.diagram.edges[k].lines.items() if (k, i) != (X, self.path[0])]
        if not edges:
            return
        self.play(Pulse(VGroup(*edges), palette.orange, backward=True).run(0.9))
        new = [at for at in self.written if at[0] == k and at[:2] != (X, self.path[0])]
        coming = [*coming, *(self.orange.lines[at] for at in new)]
        self.play(*map(_lit, edges), *map(FadeIn, coming), *self._replaced(k, [at[1:] for at in new]), run_time=0.8)

    def _replaced(self, k: int, lines: list[tuple[int, int]]) -> list[Animation]:
        return [FadeOut(self.orange.replaced[k, *at]) for at in lines if (k, *at) in self.orange.replaced]

    def _dim_forward(self, heading: Animation) -> None:
        """What was computed on the way forward stays, but steps back, while a heading comes."""
        edges = [emphasis(line, FAINT) for k in (X, R, A) for line in self.diagram.edges[k]]
        parts = (*self.weight_labels.values(), *self.c_labels.values(), *self.arrows, *self.diagram.boxes)
        self.play(heading, *edges, *(emphasis(part, PRESENT) for part in parts), run_time=0.5)


def _bracketed(number: str) -> str:
    return f"({number})" if number.startswith("-") else number


def _tangent(curve: VMobject, point: NDArray) -> VMobject:
    """The straight line that touches a finely drawn curve at one of its points."""
    drawn = np.array(curve.get_start_anchors())
    here = int(np.clip(np.argmin(np.abs(drawn[:, 0] - point[0])), 1, len(drawn) - 2))
    way = drawn[here + 1] - drawn[here - 1]
    way = way * TOUCHING / np.linalg.norm(way)
    return segment(point - way, point + way, palette.text, style.RING)


def _lit(line: VMobject) -> Animation:
    """A slope has come back along this line."""
    line.emphasis = LIT
    return line.animate.set_stroke(*strength(LIT, palette.orange))
