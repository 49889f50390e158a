"""Backpropagation: the numbers go forward, slopes come back, and one step against them makes the error fall."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Self

import numpy as np
from gradreel.core.daily.units import MOST_MORE, distance_as_printed, distinguishing_decimals
from gradreel.core.daily.views import DailyViews
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import parameter_names
from gradreel.core.network.worked_example import example_of, forward, theta_in_view_units
from gradreel.scenes import style
from gradreel.scenes.lecture.daily_data import AHEAD_BOX
from gradreel.scenes.lecture.deep.day_step import DayStep, seen_day, slope_text
from gradreel.scenes.lecture.deep.pictures.layer_stack import EDGES
from gradreel.scenes.lecture.deep.pictures.network_slopes import GradientRow, Named, Slopes
from gradreel.scenes.lecture.deep.pictures.pass_counts import SWEEPS, PassCounts, sweep
from gradreel.scenes.lecture.deep.pictures.path_formulas import PLAIN_RATE, Link, PathFormulas, slope_source
from gradreel.scenes.lecture.deep.pictures.two_paths import TwoPaths, least_products
from gradreel.scenes.lecture.runs import BIG, TWO_LAYERS
from gradreel.scenes.lecture.three_days import MOST, A, R, ThreeDaysScene, X, Y, bare_network
from gradreel.scenes.mobjects.activation_zoom import ActivationZoom
from gradreel.scenes.mobjects.formula_growth import grow
from gradreel.scenes.mobjects.network_diagram import LayerDiagram
from gradreel.scenes.mobjects.network_parts import Pulse, roll, strength
from gradreel.scenes.mobjects.plot import segment
from gradreel.scenes.mobjects.text import TextMobject, formula, words
from gradreel.scenes.mobjects.theta_strip import letter_of
from gradreel.scenes.mobjects.update_formulas import update_source
from gradreel.scenes.style import DIM, FAINT, FULL, emphasis, palette
from gradreel.scenes.words.claims import Claim, claim
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.numbers import number_text
from manim import (
    UP,
    Animation,
    Create,
    FadeIn,
    FadeOut,
    Restore,
    TransformFromCopy,
    VGroup,
    VMobject,
    linear,
    smooth,
    squish_rate_func,
    there_and_back,
)
from numpy.typing import NDArray
from pydantic import Field, model_validator

UNDER_SOURCE = 0.42  # from the caption above the diagram down to what kind of day it shows
BELOW_Y, BELOW_SIZE, WIDEST = -2.85, 42, 12.6  # middle of the formula below the diagram, its size, its width at most
NOTE_GAP = 0.7  # from that formula to what stands right of it
BEND_BOX = (3.9, 6.2, -3.4, -2.3)  # of the enlarged activation function, right of the formula below the diagram
ASIDE = -2.3  # middle of that formula meanwhile
TOUCHING = 0.65  # of its tangent, to both sides of the point
LIT = 0.6  # strength of a line that a slope has come back along: the same for all, their pills have the sizes
SEARCHED = 200  # days: the last ones that the deeper network learned from
MOST_MEETING = 3  # units of each layer in the network whose paths meet
NUDGED = 7.0  # width of the line of a parameter that is changed
WAVE_SCALE, WAVE_Y = 1.17, -0.35  # of the large network when it fills the frame
BIG_BOX = (-5.3, 5.3, -1.35, 2.35)  # of the large network
ROW_Y, UPDATE_Y, UPDATE_SIZE = -2.36, -3.34, 38  # of the gradient's first row, and of the update below both
GATHER_SECONDS = 0.34  # that slopes which go to the gradient together take to come, and to go there
UPDATE_GAP = 0.9  # from the update to what stands right of it
ARROW_GAP = 0.4  # from the errors before and after to the arrow between them
LATE = squish_rate_func(smooth, 0.5, 1.0)  # for what comes to where something goes
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@dataclass(frozen=True)
class WayBack:
    """One way back along the path, the ``n``-th: the ``link`` of the chain that is worked out on it, and its line.

    ``line``: column, node to, node from. ``slope``: the pill at its end. ``names``: those on the line that light up.
    """

    n: int
    link: Link
    line: tuple[int, int, int]
    slope: VGroup
    names: list[VGroup]


class Backprop(ThreeDaysScene):
    """The numbers go forward, slopes come back along one path, then along all; they are used."""

    class Parameters(ThreeDaysScene.Parameters):
        day: date | None = Field(
            None, description="The day that a step is taken on; by default one of the last days it learns from"
        )
        deeper: Experiment = Field(
            TWO_LAYERS, description="The run of a network with two hidden layers, in which paths back meet"
        )

        @model_validator(mode="after")
        def _paths_meet(self) -> Self:
            deeper = self.deeper
            if len(deeper.hidden) != 2 or max(deeper.hidden) > MOST_MEETING:
                raise ValueError(f"deeper.hidden: two layers of 1 to {MOST_MEETING} units, got {deeper.hidden}")
            if not isinstance(deeper.dataset, DailyViews) or deeper.dataset.window > MOST:
                raise ValueError(f"deeper.dataset: daily views with a window of 1 to {MOST} days are shown")
            return self

    def day_shown(self) -> date:
        return self.parameters.day or seen_day(self.run, self.theta)

    def claims(self) -> Iterator[Claim]:
        self.read_the_run()
        step = DayStep.of(self.run, self.theta, self.there)
        seen = self.example.day < self.dataset.first_validation_date
        yield claim("forward", "the network learns from this day", seen, day=str(self.example.day))
        yield claim("output-low", "the error decreases as y grows", step.slopes.y < 0, slope=step.slopes.y)
        same = self.run.loss == "mae" and abs(step.slopes.y) == 1
        yield claim("output-low", "the error decreases by as much", same, slope=step.slopes.y)
        before, after = self.there.error, math.nan if step.after is None else step.after.error
        smaller = after < 0.5 * before
        slopes = (*step.gradient.weights, *step.gradient.biases, step.gradient.c, step.gradient.b)
        least = min(float(np.abs(part).min()) for part in slopes)
        yield claim("step", "every parameter has a slope, so it changes", least > 0, least_slope=least)
        yield claim("step", "the day's error is much smaller after the step", smaller, before=before, after=after)

    def construct(self) -> None:
        self.read_the_run()
        self.day_step = DayStep.of(self.run, self.theta, self.there)
        self.decimals = self._decimals_of_the_step()
        self.build_diagram()
        self._place_slopes()
        self.formulas = PathFormulas(self.day_step, self.path)
        self._forward_beat()
        self._output_beat()
        self._through_c_beat()
        self._activation_beat()
        self._path_beat()
        self._rest_beat()
        self._meeting_beat()
        self._passes_beat()
        self._wave_beat()
        self._step_beat()
        bare = bare_network(self.run)
        self.hand_on(bare, coming=[FadeIn(bare)])  # summary begins with it

    def _decimals_of_the_step(self) -> int:
        """As many as tell what it does to the distance of prediction and label: "0.011", then "0.009"."""
        there, after, unit = self.there, self.day_step.after, self.unit
        if after is None:
            return self.decimals
        telling = distinguishing_decimals(
            unit, lambda places: [distance_as_printed(at.y, there.label, places) for at in (there, after)]
        )
        if telling is not None:
            return telling
        begins_small = abs(there.y - there.label) < 10.0 ** (1 - unit.decimals)
        return unit.decimals + (MOST_MORE if begins_small else 0)

    def _place_slopes(self) -> None:
        """``orange``: every slope at its place. ``path``: the w with the largest slope that carries it on the screen.

        Of all the w, those of the path's r alone have ``names``, and slopes, on the screen: nine among so many lines
        could not be told apart.
        """
        self.path = max(self.weight_labels, key=lambda at: abs(float(self.day_step.gradient.weights[0][at])))
        i = self.path[0]
        weights = {at: label for at, label in self.weight_labels.items() if at[0] == i}
        named = Named(self.letters, weights, self.c_labels, self.bias_arrows, self.output_bias)
        self.orange = Slopes(self.diagram, named, self.day_step)
        self.arrows = VGroup(*self.bias_arrows, self.output_bias)
        self.names = VGroup(*weights.values(), *self.c_labels.values())
        orange = self.orange
        self.pills = [*orange.nodes.values(), *orange.biases, orange.output_bias, *orange.lines.values()]

    # -- what several beats do -------------------------------------------------------------------------------------

    def _formula_below(self, source: str, center: float = 0.0) -> TextMobject:
        """A formula below the diagram, in the middle or around another x; it is not on the screen yet."""
        made, widest = formula(source, BELOW_SIZE), WIDEST - 2 * abs(center)
        if made.width > widest:
            made = formula(source, BELOW_SIZE * widest / made.width)
        return made.move_to([center, BELOW_Y, 0])

    def _names_replaced(self, k: int, lines: list[tuple[int, int]]) -> list[Animation]:
        """Animations by which those names leave whose places the slopes of these ``lines`` of layer ``k`` take."""
        return [FadeOut(self.orange.replaced[k, *at]) for at in lines if (k, *at) in self.orange.replaced]

    def _lighting(self, line: VMobject) -> Animation:
        """The animation by which a line becomes orange: a slope has come back along it."""
        line.emphasis = LIT
        return line.animate.set_stroke(*strength(LIT, palette.orange))

    # -- forward -------------------------------------------------------------------------------------------------

    def _forward_beat(self) -> None:
        diagram = self.diagram
        with self.beat("forward", pause="short"):
            # The axis of the days, as the last scene left it, makes room for the network of three days again. Its
            # numbers run from left to right, up to the error of this one day
            left, right, bottom, _ = AHEAD_BOX
            axis = segment((left, bottom, 0), (right, bottom, 0), palette.axis, style.AXIS)
            self.add(axis)
            stage = VGroup(diagram, self.names, self.arrows, self.days_ago(), *self._captions())
            late = squish_rate_func(smooth, 0.4, 1.0)
            early = squish_rate_func(smooth, 0.0, 0.6)
            leaving = FadeOut(axis, rate_func=early)
            self.play(self.next_title("heading"), leaving, FadeIn(stage, rate_func=late), run_time=1.1)
            self.until("network")
            self.play(FadeIn(VGroup(*self.letters)), *self.into_nodes(X), run_time=0.5)
            for column, edges in ((R, X), (A, R), (Y, A)):
                self.play(Pulse(VGroup(*diagram.edges[edges]), palette.text).run(0.6))
                self.play(*self.into_nodes(column), run_time=0.3)
            self.until("error")
            self.formula_below = self._formula_below(self.error_source(self.there))
            self.play(
                FadeIn(self.truth_words(self.screen("label"))),
                FadeIn(self.formula_below, shift=0.15 * UP),
                run_time=0.8,
            )

    def _captions(self) -> list[TextMobject]:
        """What the views are, and below that, where it is so, that the network learns from this day."""
        source = self.data_words()
        if self.example.held_out:
            return [source]
        learned = words(self.screen("seen-day"), style.CAPTION)
        return [source, learned.place(source.baseline - UNDER_SOURCE, right=style.RIGHT_EDGE)]

    # -- backward, to the output ---------------------------------------------------------------------------------

    def _output_beat(self) -> None:
        y = self.day_step.slopes.y
        slope = slope_text(y, [y])
        with self.beat("output-low", pause="short", slope=slope):
            # A little more y: y and e run on by a last digit. The slope, in words and in orange at y's node
            self._dim_forward(self.next_title("heading-back"))
            self.until("less")
            back = self._try_more_y()
            self.until("slope")
            first = self._formula_below(f'part("of0", {slope_source("blue(y)")}) = part("result0", orange({slope}))')
            self.note = words(self.screen("slope-of-y"), style.LABEL, palette.dim)
            first.shift([-(NOTE_GAP + self.note.width) / 2, 0, 0])
            self.note.place(first.baseline, left=first.get_right()[0] + NOTE_GAP)
            self.play(FadeOut(self.formula_below), *back, run_time=0.5)
            coming = (FadeIn(part, shift=0.15 * UP) for part in (first, self.note))
            self.play(*coming, FadeIn(self.orange.nodes[Y, 0], scale=1.4), run_time=0.6)
            self.formula_below = first

    def _dim_forward(self, heading: Animation) -> None:
        """What was computed on the way forward stays, but dims, while a heading comes."""
        edges = [emphasis(line, FAINT) for k in (X, R, A) for line in self.diagram.edges[k]]
        parts = (*self.names, *self.arrows, *self.diagram.boxes)
        self.play(heading, *edges, *(emphasis(part, DIM) for part in parts), run_time=0.5)

    def _try_more_y(self) -> list[Animation]:
        """Play that y as printed grows by one of its last digit, and e with it; returns what brings y back.

        Nothing is played where y is right, or so near below its label that it would pass it.
        """
        there, number, places, slope = self.there, self.numbers[Y][0], self.decimals, self.day_step.slopes.y
        more = round(round(there.y, places) + 10.0**-places, places)
        if slope == 0 or (slope < 0 and more > round(there.label, places)):
            return []
        new = self._formula_below(self.error_source(replace(there, y=more, error=self.day_step.error_at(more)), 1))
        self.wait(0.5)
        growing = grow(self.formula_below, new, {"y1": "y0", "error1": "error0"})
        self.play(roll(number, more), *growing, run_time=0.9)
        self.formula_below = new
        self.wait(1.0)
        return [roll(number, there.y)]

    # -- along one path ------------------------------------------------------------------------------------------

    def _name(self, letter: str, k: int) -> str:
        """A letter with its number, k counted from 0, as it is said."""
        return f"{letter}{k + 1}".translate(SUBSCRIPTS)

    def _through_c_beat(self) -> None:
        i = self.path[0]
        self.ways = self._ways_back()
        with self.beat("through-c", pause="short", a=self._name("a", i), c=self._name("c", i)):
            # What a little more a does to y, and that to e: so slopes multiply
            way = self.ways[0]
            self.until("nudge")
            nudge = self._nudge_forward(way.link)
            self.until("times")
            self._follow(way, nudge)

    def _activation_beat(self) -> None:
        i = self.path[0]
        with self.beat("through-activation", pause="short", unit=self.activation, r=self._name("r", i)):
            # Back through the activation function, at whose curve the slope is looked up
            way = self.ways[1]
            self.until("curve")
            self.bend = self._enlarge_bend(way.link)
            self.until("times")
            self._follow(way, center=ASIDE)

    def _path_beat(self) -> None:
        i, j = self.path
        w = f"w{i + 1}{j + 1}".translate(SUBSCRIPTS)
        with self.beat("path", w=w, x=self._name("x", j), r=self._name("r", i)):
            # Along w, to the first slope of the gradient
            way = self.ways[2]
            self.until("times")
            self._follow(way, leaving=[FadeOut(self.bend, run_time=0.4)])

    def _ways_back(self) -> list[WayBack]:
        """From y to a, from a to r, from r to the path's w."""
        (i, j), orange = self.path, self.orange
        to_a, to_r, to_w = self.formulas.links()
        return [
            WayBack(1, to_a, (A, 0, i), orange.nodes[A, i], [self.c_labels[0, i]]),
            WayBack(2, to_r, (R, i, i), orange.nodes[R, i], []),
            WayBack(3, to_w, (X, i, j), orange.lines[X, i, j], [self.weight_labels[i, j]]),
        ]

    def _nudge_forward(self, link: Link) -> list[TextMobject]:
        """Play a, y and e, each with what it grows by, in a row: the one moves the next.

        Returns the row, which stands right of the formula that is there and grows into ``link`` with it; no row where y
        is right.
        """
        source = self.formulas.nudge_forward(link)
        if source is None:
            self.play(FadeOut(self.note), run_time=0.4)
            return []
        row = formula(source, BELOW_SIZE)
        room = WIDEST - self.formula_below.width - NOTE_GAP
        row = formula(source, BELOW_SIZE * min(1.0, room / row.width))
        left = -(self.formula_below.width + NOTE_GAP + row.width) / 2
        row.place(self.formula_below.baseline, left=left + self.formula_below.width + NOTE_GAP)
        aside = self.formula_below.animate.shift([left - self.formula_below.get_left()[0], 0, 0])
        self.play(FadeOut(self.note, run_time=0.3), aside, run_time=0.5)
        self.play(FadeIn(row.part("a"), shift=0.15 * UP), run_time=0.4)
        forth = Pulse(VGroup(self.diagram.edges[A].line(0, self.path[0])), palette.text).run(0.8)
        moved = VGroup(*(row.part(name) for name in ("c", "factor", "y")))
        self.play(forth, FadeIn(moved, rate_func=LATE), run_time=0.9)
        self.play(FadeIn(VGroup(row.part("slope"), row.part("e"))), run_time=0.5)
        self.add(row)
        return [row]

    def _enlarge_bend(self, link: Link) -> VGroup:
        """Play the activation function's curve, large: r on it, its slope there, which ``link`` needs; returns it."""
        i = self.path[0]
        number, r = self.numbers[R][i].text.replace("\u2212", "-"), float(self.there.r[0][i])
        printed = (f"blue(r_{i + 1}) = {number}", f"blue(a_{i + 1})")
        zoom = ActivationZoom(self.run.activation, [r], [printed], BEND_BOX)
        here = zoom.ways[0]
        come = here.come.scale(style.LETTER / here.come.font_size)
        come.place(here.point[1] + 0.1, right=here.point[0] - 0.3)
        said = words(self.screen("slope", slope=link.printed.second), style.TICK)
        said.place(BEND_BOX[2] + 0.15, right=style.RIGHT_EDGE)
        tangent = _tangent(zoom.curve, here.point)
        aside = self.formula_below.animate.shift([ASIDE, 0, 0])
        enlarging = [Create(zoom.curve), FadeIn(zoom.axis)]  # on its way from the box the curve would cross nodes
        self.play(aside, *enlarging, emphasis(self.diagram.boxes[i], FULL), FadeIn(come), run_time=0.7)
        self.play(FadeIn(here.dot.move_to(here.point)), Create(tangent), FadeIn(said), run_time=0.5)
        bend = VGroup(zoom.axis, zoom.curve, tangent, here.dot, come, said)
        self.add(bend)
        return bend

    def _follow(
        self,
        way: WayBack,
        nudge: Sequence[TextMobject] = (),
        center: float = 0.0,
        leaving: Sequence[Animation] = (),
    ) -> None:
        """Play that a dot goes back along a line, the formula below grows into the link, and the slope is there.

        ``nudge``: a row beside that formula, which grows into the link, too. ``center``: where that comes to stand.
        ``leaving``: what goes meanwhile.
        """
        n, (column, *nodes) = way.n, way.line
        line = self.diagram.edges[column].line(*nodes)
        new = self._formula_below(way.link.source(n), center)
        pulse = Pulse(VGroup(line), palette.orange, backward=True).run(1.1)
        origins = {f"after{n}": f"of{n - 1}", f"first{n}": f"result{n - 1}"}
        origins |= {f"second{n}": "factor"} if nudge else {}
        lights = [emphasis(name, FULL) for name in way.names]
        self.play(*lights, *grow([self.formula_below, *nudge], new, origins), pulse, *leaving, run_time=1.2)
        self.formula_below = new
        gone = self._names_replaced(column, [tuple(nodes)])
        self.play(self._lighting(line), FadeIn(way.slope, scale=1.4), *gone, run_time=0.5)

    # -- along all others ----------------------------------------------------------------------------------------

    def _rest_beat(self) -> None:
        orange, i = self.orange, self.path[0]
        with self.beat("rest", r=self._name("r", i)):
            # Along all other lines, column by column: every node has its slope, every b and c, and the w of the path's
            # r: its slope goes to all of them, it was computed once
            self.play(FadeOut(self.formula_below), FadeIn(orange.output_bias), run_time=0.4)
            self._sweep(A, [orange.nodes[A, k] for k in range(self.n_units) if k != i], 0.7)
            self._sweep(R, [orange.nodes[R, k] for k in range(self.n_units) if k != i], 0.6)
            copies = (TransformFromCopy(orange.nodes[R, k], pill) for k, pill in enumerate(orange.biases))
            self.play(*copies, run_time=0.5)
            self.until("serves")
            beat = orange.nodes[R, i].animate(rate_func=there_and_back).scale(1.6)
            self._sweep(X, [], 1.6, beat)

    def _sweep(self, k: int, nodes: Sequence[VGroup], seconds: float, *also: Animation) -> None:
        """Back along all lines of a layer; then the slopes of these ``nodes`` are there, and those of the lines."""
        edges, orange = self.diagram.edges[k], self.orange
        pulse = Pulse(VGroup(*edges), palette.orange, backward=True).run(seconds)
        self.play(pulse, *also, *map(self._lighting, edges), run_time=seconds)
        there = self.get_mobject_family_members()
        lines = {at[1:]: pill for at, pill in orange.lines.items() if at[0] == k and pill[0] not in there}
        coming = [FadeIn(pill, scale=1.4) for pill in (*nodes, *lines.values())]
        if coming:
            self.play(*coming, *self._names_replaced(k, list(lines)), run_time=0.5)

    # -- two layers: paths meet --------------------------------------------------------------------------------------

    def _meeting(self) -> TwoPaths:
        """The deeper network on the day it learned from, of the last ones, on which both paths count most."""
        trace = self.trace("deeper")
        run, dataset = trace.experiment, trace.experiment.dataset
        theta = theta_in_view_units(run, trace.parameters[-1])
        days = dataset.dates()[-SEARCHED:].astype(date)
        examples = [example_of(dataset, day) for day in days]
        ways = [forward(run, theta, example.x, example.label) for example in examples]
        best = max(range(len(ways)), key=lambda k: float(least_products(run, theta, ways[k]).max()))
        return TwoPaths(run, theta, ways[best])

    def _meeting_beat(self) -> None:
        self.paths = paths = self._meeting()
        diagram, unit = paths.diagram, paths.meeting
        with self.beat("meeting", a=self._name("a", unit), count=Count(len(paths.slopes))):
            # A network of two layers, on the same day. Slopes come back from y to the second layer. From there two
            # paths lead to one circle: two orange dots run there, each becomes a product, and both add up in it
            self.small_network = [part for part in self.mobjects if part is not self.title]
            leaving = [FadeOut(part, run_time=0.5) for part in self.small_network]
            coming = [FadeIn(part, rate_func=LATE) for part in (diagram, paths.written)]
            self.play(self.next_title("heading-meeting"), *leaving, *coming, run_time=0.9)
            dimmed = [emphasis(line, FAINT) for edges in diagram.edges for line in edges]
            self.play(*dimmed, run_time=0.3)
            back = Pulse(VGroup(*diagram.edges[2]), palette.orange, backward=True).run(0.8)
            self.play(back, *map(self._lighting, diagram.edges[2]), run_time=0.8)
            self.play(FadeIn(paths.arrived, scale=1.4), run_time=0.4)
            self.until("back")
            node = diagram.columns[1].nodes[unit]
            self.play(FadeIn(paths.labels), node.animate.set_stroke(palette.orange), run_time=0.5)
            flights = [
                TransformFromCopy(VGroup(*slope[:2]), pill, run_time=1.4)
                for slope, pill in zip(paths.arrived, paths.pills, strict=True)
            ]
            written = paths.formula
            told = FadeIn(VGroup(written.part("of"), written.part("paths")), shift=0.15 * UP)
            self.play(*flights, *map(self._lighting, paths.lines), told)
            self.play(FadeIn(written.part("products")), run_time=0.5)
            self.until("add")
            joining = [pill.copy().animate.move_to(paths.meeting_pill).set_opacity(0) for pill in paths.pills]
            coming = FadeIn(paths.meeting_pill, scale=1.4, rate_func=LATE)
            self.play(*joining, coming, FadeIn(written.part("total")), run_time=1.2)
            self.add(written)
            self.wait(1.0)

    # -- what does it cost? ------------------------------------------------------------------------------------------

    def _passes_beat(self) -> None:
        passes = BIG.n_parameters + 1  # one before any nudge
        with self.beat("passes", pause="long", big=number_text(passes)):
            # The large network: how many passes it takes if each parameter is tried by itself, counted as they go; and
            # how many backwards: one there, one back
            names = (self.screen("by-nudges"), self.screen("by-backprop"))
            notes = (self.screen("nudged", count=number_text(passes - 1)), self.screen("there-and-back"))
            self.counts = counts = PassCounts(passes, names, notes)
            self.big_network = big = LayerDiagram((BIG.dataset.n_features, *BIG.hidden, 1), BIG_BOX, pictures="relu")
            for each in big.edges:
                style.emphasize(each, EDGES)
            leaving = [FadeOut(part, run_time=0.5) for part in self.mobjects if part is not self.title]
            coming = [FadeIn(part, rate_func=LATE) for part in (big, counts)]
            self.play(self.next_title("heading-count"), *leaving, *coming, run_time=0.8)
            for tried, line in enumerate(list(big.edges[0])[:2], 1):  # the first two parameters, each with its pass
                line.save_state()
                self.play(line.animate.set_stroke(palette.text, NUDGED), run_time=0.3)
                self.play(sweep(big.edges, palette.text, 0.9), counts.count(counts.nudges, tried, 0.9))
                self.play(Restore(line), run_time=0.2)
            self.until("big")
            self.play(sweep(big.edges, palette.text, 1.6), counts.count(counts.nudges, passes, 1.6))
            self.play(FadeIn(counts.nudged), run_time=0.3)
            self.until("two")
            self.play(*counts.first_sweep(0.6))
            self.play(counts.count(counts.sweeps, SWEEPS, 0.4), FadeIn(counts.both), run_time=0.4)
            self.add(counts.settle())

    def _wave_beat(self) -> None:
        big = self.big_network
        with self.beat("wave", pause="long", count=number_text(BIG.n_parameters)):
            # The large network fills the frame. One wave of numbers runs through it to the error, and one of slopes
            # comes back: every line that it has passed is orange
            self.play(FadeOut(self.counts), big.animate.scale(WAVE_SCALE).move_to([0, WAVE_Y, 0]), run_time=1.2)
            for edges in big.edges:
                for line in edges:
                    line.ends = line.get_start(), line.get_end()
            self.until("there")
            self.play(sweep(big.edges, palette.text, 2.4))
            self.until("back")
            for edges in big.edges[::-1]:
                pulse = Pulse(VGroup(*edges), palette.orange, backward=True).run(1.0)
                self.play(pulse, *map(self._lighting, edges), run_time=1.0, rate_func=linear)

    # -- what it is for ------------------------------------------------------------------------------------------

    def _step_beat(self) -> None:
        letter = self.unit.letter if self.run.loss == "mae" else ""
        before, after = (self.error_text(at) + letter for at in (self.there, self.day_step.after or self.there))
        with self.beat("step", pause="long", count=number_text(self.run.n_parameters), before=before, after=after):
            # All slopes together are the gradient. One step against it, where one makes e any less: one w is worked
            # out; the numbers go forward anew, and e has fallen
            self._gather()
            self.until("against")
            if self.day_step.after is not None:
                self._apply_update()

    def _gather(self) -> None:
        """The small network is back: slopes stand at their lines and arrows, and line up as g.

        They do so in the order in which they came back, those of W row by row: no more at once than can be read.
        """
        gone = [FadeOut(self.big_network, run_time=0.4)]
        back = [FadeIn(part, rate_func=LATE) for part in self.small_network]
        self.play(*gone, self.next_title("heading-step"), *back, run_time=0.7)
        self.row = GradientRow(parameter_names(self.run), self.day_step.slopes.theta, ROW_Y)
        self.play(*map(FadeIn, (self.row.label, self.row.brackets, self.row.groups, self.row.dots)), run_time=0.5)
        for place in sorted({self._place_in_queue(index) for index in self.row.numbers}):
            flights = []
            for index, number in self.row.numbers.items():
                if self._place_in_queue(index) == place:
                    source = self.orange.of(index)
                    flights.append(FadeIn(number, target_position=source[1] if source is not None else number))
            self.play(*flights, run_time=GATHER_SECONDS)
        self.add(self.row)

    def _place_in_queue(self, index: int) -> tuple[int, int]:
        """When a parameter's slope goes to the gradient: first those of c and b, then the vector's, W row by row."""
        letter = letter_of(parameter_names(self.run)[index])
        return {"w": 2, "b": 1}.get(letter, 0), index // self.n_features if letter == "w" else 0

    def _apply_update(self) -> None:
        """Play theta less eta g, in letters and for one w; then the network is computed once more, and e has changed.

        The slopes leave the diagram before: they are those of the old theta. In the end both errors stand side by side.
        """
        rate, there, after = self.day_step.rate, self.there, self.day_step.after
        assert after is not None
        written = number_text(rate) if rate >= PLAIN_RATE else f"10^({round(math.log10(rate))})"
        worked = self.formulas.update()
        sources = [f"{update_source('k', 'k+1')} comma quad eta = {written}", *([] if worked is None else [worked])]
        told = self._row_below(sources, UPDATE_GAP)
        late = (FadeIn(text, shift=0.15 * UP, rate_func=LATE) for text in told[1:])
        self.play(FadeIn(told[0], shift=0.15 * UP), *late, run_time=0.8)
        self.play(*self._without_slopes(), run_time=0.5)
        self.until("error")
        for column in (X, R, A):  # the numbers of a column run on while they go to the next
            rolling = self._rolled(column) if column != X else []
            pulse = Pulse(VGroup(*self.diagram.edges[column]), palette.text).run(0.4)
            self.play(pulse, *rolling, run_time=0.4)
        before, *then = self._row_below([self.error_source(there), "arrow.r", self.error_source(after, 1)], ARROW_GAP)
        gone = (FadeOut(text, run_time=0.4) for text in told)
        self.play(*self._rolled(Y), *gone, FadeIn(before, rate_func=LATE), run_time=0.8)
        self.play(*map(FadeIn, then), run_time=0.5)
        self.wait(1.6)  # with the pause after the line, both errors stay for three seconds

    @staticmethod
    def _row_below(sources: Sequence[str], gap: float) -> list[TextMobject]:
        """Formulas below the gradient, side by side in the middle, as large as there is room."""
        made = [formula(source, UPDATE_SIZE) for source in sources]
        width = sum(text.width for text in made) + gap * (len(made) - 1)
        share = min(1.0, WIDEST / width)
        left = -share * width / 2
        for text in made:
            text.scale(share).place(UPDATE_Y - 0.12, left=left)
            left = float(text.get_right()[0]) + share * gap
        return made

    def _without_slopes(self) -> list[Animation]:
        """The diagram without slopes: lines in their own colours and equally thick, names in their places."""
        orange, lines = self.orange, []
        for edges in self.diagram.edges:
            for line in edges:
                lines.append(emphasis(line, DIM))
                line.target.set_stroke(width=edges.width_at_rest)
        return [*lines, *map(FadeOut, self.pills), *map(FadeIn, orange.replaced.values())]

    def _rolled(self, column: int) -> list[Animation]:
        """The numbers in a column's nodes run on to those after the step."""
        after = self.day_step.after
        values = {R: after.r[0], A: after.a[0], Y: [after.y]}[column]
        return [roll(number, float(value)) for number, value in zip(self.numbers[column], values, strict=True)]


def _tangent(curve: VMobject, point: NDArray) -> VMobject:
    """The straight line that touches a finely drawn curve at one of its points."""
    drawn = np.array(curve.get_start_anchors())
    here = int(np.clip(np.argmin(np.abs(drawn[:, 0] - point[0])), 1, len(drawn) - 2))
    way = drawn[here + 1] - drawn[here - 1]
    way = way * TOUCHING / np.linalg.norm(way)
    return segment(point - way, point + way, palette.text, style.RING)
