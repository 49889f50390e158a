"""One path back through the network, slowly: from y along one c, through the activation function, and along one w."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import numpy as np
from gradreel.core.network.activations import ACTIVATIONS
from gradreel.core.network.theta import Layers, unpack
from gradreel.core.network.worked_example import Backward
from gradreel.scenes import style
from gradreel.scenes.lecture.deep.gradient_beats import LATE, RULE_SIZE, SUBSCRIPTS, WIDEST, GradientBeats
from gradreel.scenes.lecture.deep.pictures.network_slopes import Link, Slopes
from gradreel.scenes.lecture.three_days import A, R, X
from gradreel.scenes.mobjects.activation_zoom import ActivationZoom
from gradreel.scenes.mobjects.formula_growth import grow
from gradreel.scenes.mobjects.network_parts import Pulse, strength
from gradreel.scenes.mobjects.network_sum import fitting_places
from gradreel.scenes.mobjects.plot import segment
from gradreel.scenes.mobjects.text import TextMobject, formula, words
from gradreel.scenes.style import FULL, emphasis, palette
from manim import UP, Animation, Create, FadeIn, FadeOut, VGroup, VMobject
from numpy.typing import NDArray

NOTE_GAP = 0.7  # from a line to what stands right of it
BEND_BOX = (3.9, 6.2, -3.4, -2.3)  # of the enlarged activation function, right of the line below the diagram
BEND_LINE = -2.3  # middle of that line meanwhile
TOUCHING = 0.65  # of its tangent, to both sides of the point
LIT = 0.6  # strength of a line that a slope has come back along: the same for all, their pills have the sizes


class PathBeats(GradientBeats):
    """The beat of the path, when y has its slope: a dot goes back along each of its lines, and slopes multiply.

    It needs what the gradient's beats need, the ``rule`` below the diagram, and the ``note`` right of it.
    """

    slopes: Backward
    gradient: Layers
    orange: Slopes
    path: tuple[int, int]
    rule: TextMobject
    note: TextMobject

    def _path_beat(self) -> None:
        i, j = self.path
        x, r, a, c = (
            f"{letter}{k + 1}".translate(SUBSCRIPTS) for letter, k in (("x", j), ("r", i), ("a", i), ("c", i))
        )
        with self.beat("path", x=x, r=r, a=a, c=c, w=self._entry(), unit=self.activation):
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
        """The activation function's curve is drawn, large: r on it, and its slope there, which ``link`` needs."""
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
            Create(zoom.curve),  # on its way from the box it would cross nodes
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
        self.play(lit(line), FadeIn(slope, scale=1.4), *self._replaced(way[0], [way[1:]]), run_time=0.5)
        self.wait(0.3)

    def _links(self) -> list[Link]:
        """The three links from y to the path's w."""
        (i, j), slopes, there = self.path, self.slopes, self.there
        bend, c = ACTIVATIONS[self.run.activation].slope(there.a[0])[i], unpack(self.run, self.theta).c[i]
        y, a, r = "blue(y)", f"blue(a_{i + 1})", f"blue(r_{i + 1})"
        return [
            Link(a, y, f"magenta(c_{i + 1})", slopes.y, float(c), fitting_places(slopes.a[0])),
            Link(r, a, f"frac(partial {a}, partial {r})", slopes.a[0][i], float(bend), fitting_places(slopes.r[0])),
            Link(
                f"yellow(w_({i + 1} {j + 1}))", r, f"x_{j + 1}", slopes.r[0][i], float(there.x[j]),
                fitting_places(self.gradient.weights[0].ravel()),
            ),
        ]  # fmt: skip

    def _replaced(self, k: int, lines: list[tuple[int, int]]) -> list[Animation]:
        return [FadeOut(self.orange.replaced[k, *at]) for at in lines if (k, *at) in self.orange.replaced]


def _bracketed(number: str) -> str:
    return f"({number})" if number.startswith("-") else number


def _tangent(curve: VMobject, point: NDArray) -> VMobject:
    """The straight line that touches a finely drawn curve at one of its points."""
    drawn = np.array(curve.get_start_anchors())
    here = int(np.clip(np.argmin(np.abs(drawn[:, 0] - point[0])), 1, len(drawn) - 2))
    way = drawn[here + 1] - drawn[here - 1]
    way = way * TOUCHING / np.linalg.norm(way)
    return segment(point - way, point + way, palette.text, style.RING)


def lit(line: VMobject) -> Animation:
    """A slope has come back along this line."""
    line.emphasis = LIT
    return line.animate.set_stroke(*strength(LIT, palette.orange))
