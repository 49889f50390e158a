"""The formula of several sigmoids and several features, drawn as a network, and one real example on its way through."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gradreel.scenes import style
from gradreel.scenes.lecture.networks.more_features import GROWN_BASELINE, GROWN_SIZE
from gradreel.scenes.lecture.networks.pictures.network_surface import NetworkSurface
from gradreel.scenes.lecture.three_days import A, R, ThreeDaysScene, X, Y
from gradreel.scenes.mobjects.formula_growth import copy_into, grow
from gradreel.scenes.mobjects.lecture_formulas import many_features_source, through_source
from gradreel.scenes.mobjects.network_parts import Pulse
from gradreel.scenes.mobjects.network_sum import LARGEST, WrittenSum
from gradreel.scenes.mobjects.text import TextMobject, formula, heading
from gradreel.scenes.style import DIM, FAINT, FULL, emphasis, emphasize, palette
from gradreel.scenes.words.claims import Claim, claim
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.day_words import day_words, in_languages, weekday_words
from manim import (
    UP,
    Animation,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    smooth,
    squish_rate_func,
)

BESIDE_SIZE, BESIDE_WIDTH, BESIDE_MIDDLE = 46, 5.5, 0.35  # of the formula right of the diagram: at most so wide
SUM_BASELINE = -2.72
RISE = 2.6  # seconds in which the curve becomes a surface
INSIDE = ("bias", "plus-in", "sum-in", "w", "x", "brackets")
"""Parts of the formula that belong to its bracket."""


class NetworkDiagram(ThreeDaysScene):
    """x -> r -> a -> y: the formula of several sigmoids as a network, in letters, in numbers, and as a surface."""

    def claims(self) -> Iterator[Claim]:
        self.read_the_run()
        unseen = self.example.day >= self.dataset.first_validation_date
        yield claim("numbers", "the network has not seen this day", unseen, day=str(self.example.day))
        y, label = (round(views, self.decimals) for views in (self.there.y, self.there.label))
        yield claim("result-low", "the true value is higher than the prediction", y < label, prediction=y, label=label)

    def construct(self) -> None:
        self.read_the_run()
        self.build_diagram()
        self._formula_beat()
        self._bracket_beat()
        if self.n_units > 1:
            self._others_beat()
        self._output_beat()
        self._numbers_beat()
        self._result_beat()
        if self.n_features > 1:  # after one day, all days that could be: the network as a surface
            self.board = NetworkSurface(self)
            self._surface_beat()
        self.hand_on(*self.mobjects)  # matrix-form begins with it all: `network_diagram_end`

    # -- letters -------------------------------------------------------------------------------------------------

    def _formula_beat(self) -> None:
        with self.beat("formula", pause="short", days=Count(self.n_features)):
            # The formula as the last scene left it. It makes room, and stays in sight at the right; at the left come
            # the features
            whole = formula(many_features_source(self.n_units, self.n_features, self.run.activation), GROWN_SIZE)
            whole.place(GROWN_BASELINE, left=style.LEFT_EDGE)
            self.add(whole)
            self.play(self.next_title("heading"), run_time=0.6)
            self.until("inputs")
            smaller = min(BESIDE_SIZE / GROWN_SIZE, BESIDE_WIDTH / whole.width)
            middle = [style.RIGHT_EDGE - smaller * whole.width / 2, BESIDE_MIDDLE, 0]
            self.play(whole.animate.scale(smaller).move_to(middle), run_time=1.0)
            self.whole = whole
            nodes = zip(self.diagram.columns[X].nodes.values(), self.letters[X], self.days_ago(), strict=True)
            self.play(LaggedStart(*(FadeIn(*parts) for parts in nodes), lag_ratio=0.4), run_time=1.6)

    def _bracket_beat(self) -> None:
        with self.beat("bracket", pause="short"):
            # All of the formula but its bracket dims, and the first circle comes. Below, the bracket opens. Its first
            # term has its index; term after term joins it, and its yellow arrow runs into the circle
            whole, self.row = self.whole, self._row(0)
            letters, lines = self.row.letters, self.diagram.edges[X].into(0)
            node, bias = self.diagram.columns[R].nodes[0], self.bias_arrows[0]
            dimmed = (emphasis(whole.part(name), FAINT) for name in whole.parts if name not in INSIDE)
            self.play(*dimmed, FadeIn(node), FadeIn(self.letters[R][0]), run_time=0.5)
            start = letters.parts["w_1"][0]
            ends = [start, *(letters.parts[f"x_{j}"][-1] + 1 for j in range(1, self.n_features + 1))]
            terms = [VGroup(*letters[ends[j] : ends[j + 1]]) for j in range(self.n_features)]
            constant = VGroup(*letters[letters.parts["bias"][0] : start])  # b_1 and the sign after it
            for term in terms[1:]:
                term.set_opacity(0)
            self.until("terms")
            self.play(copy_into(whole, letters, {"w_1": "w", "x_1": "x"}), run_time=0.9)
            self.play(emphasis(constant, FAINT), run_time=0.3)
            for line, label, term in zip(lines, self.labels_into(0), terms, strict=True):
                self.play(Create(line), FadeIn(label), term.animate.set_opacity(1), run_time=0.6)
            self.until("bias")
            self.play(FadeIn(bias, shift=0.15 * UP), emphasis(constant, FULL), run_time=0.7)
            self.add(letters)

    def _others_beat(self) -> None:
        with self.beat("others"):
            # The same for each other circle: its arrows light up, the first ones dim, the row below changes. In
            # the last row the first indices light up, with the circle, then the second ones, with the features
            seconds = 1.0 if self.n_units <= 3 else 0.6
            for i in range(1, self.n_units):
                self.play(*self._row_dimmed(i - 1), FadeOut(self.labels_into(i - 1)), run_time=0.3)
                new, edges = self._row(i), self.diagram.edges[X].into(i)
                arriving = [FadeIn(self.diagram.columns[R].nodes[i]), FadeIn(self.letters[R][i])]
                self.play(*map(Create, edges), *arriving, *grow(self.row.letters, new.letters), run_time=1.2 * seconds)
                self.row = new
                self.play(FadeIn(self.labels_into(i)), FadeIn(self.bias_arrows[i]), run_time=0.4 * seconds)
            self.until("unit")
            self.play(*self._telling(units=True), run_time=0.4)
            self.until("feature")
            self.play(*self._telling(units=False), run_time=0.4)

    def _telling(self, units: bool) -> list[Animation]:
        """In the last row only the first index of each w is bright, with r's circle, or only the second, with the x's.

        The first one counts the ``units``.
        """
        letters, columns, last = self.row.letters, self.diagram.columns, self.n_units - 1
        places = {letters.parts[f"w_{j}"][1 if units else 2] for j in range(1, self.n_features + 1)}
        sides = ["r"] if units else [f"x_{j}" for j in range(1, self.n_features + 1)]
        places |= {k for side in sides for k in letters.parts[side]}
        return [
            *(emphasis(glyph, FULL if k in places else FAINT) for k, glyph in enumerate(letters)),
            emphasis(VGroup(columns[R].nodes[last], self.letters[R][last]), FULL if units else FAINT),
            emphasis(VGroup(columns[X], self.letters[X]), FAINT if units else FULL),
        ]

    def _row_dimmed(self, i: int) -> list[Animation]:
        """Row i dims."""
        return [*(emphasis(line, FAINT) for line in self.diagram.edges[X].into(i)), emphasis(self.bias_arrows[i], DIM)]

    def _row_lit(self, i: int) -> list[Animation]:
        """Row i comes back."""
        return [emphasis(part, FULL) for part in (*self.diagram.edges[X].into(i), self.bias_arrows[i])]

    def _output_beat(self) -> None:
        with self.beat("output", activation=self.activation):
            # Each r through its box to a, and below the last one in letters, while "sigmoid" is lit in the formula,
            # which then makes room; magenta arrows into one last circle, and the sum below is that of y
            diagram, last = self.diagram, self.n_units - 1
            told = VGroup(self.row.letters, diagram.columns[R].nodes[last], self.letters[R][last])
            whole = self.whole
            lit = [emphasis(whole.part(name), FULL if name == "sigmoid" else FAINT) for name in whole.parts]
            self.play(
                *self._row_dimmed(last), FadeOut(self.labels_into(last)), emphasis(told, FULL), *lit, run_time=0.4
            )
            through = formula(through_source(self.n_units, self.run.activation), LARGEST)
            through.place(SUM_BASELINE, left=self.row.left)
            growing = grow(self.row.letters, through)
            self.play(FadeOut(whole), run_time=0.3)
            self.play(Create(diagram.edges[R]), FadeIn(diagram.boxes), *growing, run_time=1.1)
            self.play(FadeIn(diagram.columns[A]), FadeIn(self.letters[A]), run_time=0.6)
            self.until("sum")
            self.play(*map(Create, diagram.edges[A]), FadeIn(diagram.columns[Y], self.letters[Y]), run_time=0.9)
            labels = VGroup(*self.c_labels.values())
            new = self.written_output(SUM_BASELINE)
            growing = grow(through, new.letters)
            self.play(FadeIn(labels), FadeIn(self.output_bias, shift=0.15 * UP), *growing, run_time=1.4)
            self.row = new

    # -- numbers -------------------------------------------------------------------------------------------------

    def _row(self, i: int) -> WrittenSum:
        """r_i in letters and numbers, i counted from 0."""
        row = self.written_row(i, SUM_BASELINE)
        return row.start_at(self._row(0).left) if i else row

    def _numbers_beat(self) -> None:
        day, language = self.example.day, self.context.language
        fields = in_languages("day", lambda language: day_words(day, language))
        fields |= in_languages("weekday", lambda language: weekday_words(day, language))
        with self.beat("numbers", pause="short", **fields):
            # Views appear in the circles at the left; from there they run into one circle after the other, where a sum
            # appears. The weights' letters stay away: their numbers are matrix-form's
            dimmed = [emphasis(part, DIM) for part in (self.diagram.edges[A], *self.c_labels.values())]
            named = {"day": day_words(day, language, "year"), "weekday": weekday_words(day, language)}
            self.source = self.data_words()
            gone = FadeOut(self.row.letters)
            self.play(self.next_title("heading-numbers", **named), FadeIn(self.source), gone, *dimmed, run_time=0.7)
            coming = LaggedStart(*(FadeIn(number) for number in self.numbers[X]), lag_ratio=0.4)
            leaving = [FadeOut(self.letters[X])] if self.diagram.is_crowded else []
            self.play(coming, *leaving, run_time=0.9)
            self.until("row")
            for i in range(self.n_units):
                self.play(*(self._row_dimmed(i - 1) if i else ()), *self._row_lit(i), run_time=0.4)
                self.play(Pulse(self.diagram.edges[X].into(i), palette.text).run(0.6))
                self.play(*self._into_r(i), run_time=0.4)

    def _into_r(self, i: int) -> list[Animation]:
        """The number r_i comes into its node; in a crowded diagram it takes its letter's place."""
        leaving = [FadeOut(self.letters[R][i])] if self.diagram.is_crowded else []
        return [FadeIn(self.numbers[R][i]), *leaving]

    def _result_beat(self) -> None:
        said = {**self.outcome, **zh_views(self.outcome), "activation": self.activation}
        with self.beat("result-low", pause="long", **said):
            # Through their boxes the sums become the a's; these make the last sum, below in numbers. Below y comes the
            # day's own value
            self.play(*self._row_dimmed(self.n_units - 1), run_time=0.3)
            self.play(Pulse(self.diagram.edges[R], palette.text).run(0.8))
            self.play(*self.into_nodes(A), run_time=0.4)
            self.until("sum")
            edges, new = self.diagram.edges[A], self.written_output(SUM_BASELINE)
            lights = [emphasis(part, FULL) for part in (edges, *self.c_labels.values())]
            self.play(*lights, FadeIn(new.letters), run_time=0.4)
            self.row = new
            terms = [FadeIn(term, shift=0.1 * UP) for term in (new.equals, *new.numbers)]
            self.play(Pulse(edges, palette.text).run(), LaggedStart(*terms, lag_ratio=0.25), run_time=1.5)
            self.play(FadeIn(new.total), *self.into_nodes(Y), run_time=0.5)
            self.until("label")  # the prediction stands alone until the day's own number is spoken of
            self.play(FadeIn(self.truth_words(), shift=0.15 * UP), run_time=0.5)

    # -- the network as a surface ----------------------------------------------------------------------------------

    def _surface_beat(self) -> None:
        board = self.board
        with self.beat("surface", pause="long"):
            # The diagram goes. The day's x_1 goes to its place on an axis, the others are held; prediction and truth
            # are two dots over x_1. Then x_1 runs: a curve. Then x_2 does: one looks along it no longer, and the curve
            # sweeps out a surface
            flying = [number.copy() for number in (*self.numbers[X], *self.numbers[Y], self.truth)]
            gone = [part for part in self.mobjects if part not in (self.title, self.source)]
            self.add(*flying)
            leaving = [self.next_title("heading-surface"), *(FadeOut(part, run_time=0.6) for part in gone)]
            foot = board.box.at(board.x[:2], board.box.heights[0], board.view)
            held = (each.get_center() for each in (board.x_2, *board.held))
            ends = [foot, *held, *(dot.get_center() for dot in board.day[1:])]
            late = squish_rate_func(smooth, 0.6, 1.0)
            ways = [
                each.animate(run_time=1.6).move_to(end).set_opacity(0) for each, end in zip(flying, ends, strict=True)
            ]
            coming = FadeIn(board.ground, board.held, board.x_2, board.day, run_time=1.6, rate_func=late)
            self.play(*leaving, *ways, coming)
            self.remove(*flying)
            self.until("curve")
            self.play(Create(board.curve), run_time=1.8, rate_func=smooth)
            self.add(board.curve, board.day)
            self.until("sheet")
            self.play(FadeOut(board.x_2), run_time=0.3)
            # An animation has one mobject, and what it has is what is drawn anew: the parts are one group meanwhile
            moving = VGroup(*board.in_space)
            self.play(UpdateFromAlphaFunc(moving, lambda _, share: board.rise(share), run_time=RISE, rate_func=smooth))
            self.add(*moving)


def zh_views(views: Mapping[str, str]) -> dict[str, str]:
    """Views as a Chinese line says them, "4.49 千" for "4.49k", each under its name and _zh."""
    return {f"{name}_zh": text.replace("k", " 千").replace("M", " 百万") for name, text in views.items()}


def network_diagram_end(scene: ThreeDaysScene) -> tuple[list[VMobject], TextMobject, TextMobject]:
    """What network-diagram leaves on the screen for the next scene: picture, words on the data, heading.

    ``scene`` is the next one, of the same run, and has built its diagram. Of two features or more the picture is the
    network as a surface. Of one feature it is what is written on the diagram; the diagram gets the looks that it has
    there, and is not among the picture.
    """
    source = scene.data_words()
    if scene.n_features > 1:
        return [NetworkSurface(scene).settled()], source, heading(scene.diagram_words("heading-surface"))
    labels = [*scene.c_labels.values(), *scene.bias_arrows, scene.output_bias]
    letters = [] if scene.diagram.is_crowded else scene.letters
    numbers = [number for column in (X, R, A, Y) for number in scene.numbers[column]]
    row = scene.written_output(SUM_BASELINE)
    for i in range(scene.n_units):
        emphasize(scene.diagram.edges[X].into(i), FAINT)
        emphasize(scene.bias_arrows[i], DIM)
    picture = [*labels, *letters, *numbers, scene.days_ago(), scene.truth_words(), row.letters, row.line]
    day, language = scene.example.day, scene.context.language
    fields = {"day": day_words(day, language, "year"), "weekday": weekday_words(day, language)}
    return picture, source, heading(scene.diagram_words("heading-numbers", **fields))
