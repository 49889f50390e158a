"""The formula of several sigmoids and several features, drawn as a network, and one real example on its way through."""

from __future__ import annotations

from gradreel.core.theta import unpack
from gradreel.scenes import style
from gradreel.scenes.counts import Count
from gradreel.scenes.lecture.network_surface import SurfaceBeats, zh_views
from gradreel.scenes.lecture.three_days import A, R, X, Y
from gradreel.scenes.mobjects.activation_zoom import ActivationZoom
from gradreel.scenes.mobjects.arithmetic import printed_products
from gradreel.scenes.mobjects.day_words import day_words, in_languages, weekday_words
from gradreel.scenes.mobjects.formula_growth import grow
from gradreel.scenes.mobjects.lecture_formulas import many_features_source, row_source
from gradreel.scenes.mobjects.network_parts import Pulse
from gradreel.scenes.mobjects.network_sum import WrittenSum, fitting_places, output_row_source
from gradreel.scenes.mobjects.text import formula
from gradreel.scenes.style import FAINT, FULL, PRESENT, emphasis, palette
from manim import UP, Animation, Create, FadeIn, FadeOut, LaggedStart, TransformFromCopy, VGroup

WHOLE_SIZE, WHOLE_BASELINE = 56, 1.83  # of the formula, as more-features leaves it
PLACE_SIZE = 46  # of it below the diagram
SUM_BASELINE = -2.72
ZOOM = (-2.2, 2.2, -3.4, -2.45)  # of the enlarged sigmoid
INSIDE = ("bias", "plus-in", "sum-in", "w", "x", "brackets")
"""Parts of the formula that belong to its bracket."""


class NetworkDiagram(SurfaceBeats):
    """x -> r -> a -> y: the formula of several sigmoids as a network, in letters, in numbers, and as a surface."""

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
        if self.n_features > 1:
            self.surface_beats(self.row)
        self.hand_on(*self.mobjects)  # matrix-form begins with it all

    # -- letters -------------------------------------------------------------------------------------------------

    def _formula_beat(self) -> None:
        with self.beat("formula" if self.n_features > 1 else "formula-one", days=Count(self.n_features)):
            # The formula as the last scene left it. It makes room at the bottom; the features stand at the left
            whole = formula(many_features_source(self.n_units, self.n_features, self.run.activation), WHOLE_SIZE)
            whole.place(WHOLE_BASELINE, left=style.LEFT_EDGE)
            self.add(whole)
            self.play(self.next_title("heading"), run_time=0.6)
            self.wait(1.2)
            self.play(whole.animate.scale(PLACE_SIZE / WHOLE_SIZE).move_to([0, SUM_BASELINE, 0]), run_time=1.2)
            column, letters, self.source = self.diagram.columns[X], self.letters[X], self.data_words()
            self.play(LaggedStart(*map(FadeIn, column.nodes.values()), lag_ratio=0.3), FadeIn(letters), run_time=1.0)
            self.play(LaggedStart(*map(FadeIn, self.days_ago()), lag_ratio=0.3), FadeIn(self.source), run_time=0.8)
            self.whole = whole

    def _bracket_beat(self) -> None:
        with self.beat("bracket", activation=self.activation):
            # All of the formula but its bracket steps back; the bracket unfolds into the sum that it stands for. Then
            # term after term lights up, and its yellow arrow runs into the first circle
            whole, self.row = self.whole, self._row(0)
            letters, lines = self.row.letters, self.diagram.edges[X].into(0)
            node, bias = self.diagram.columns[R].nodes[0], self.bias_arrows[0]
            self.play(*(emphasis(whole.part(name), FAINT) for name in whole.parts if name not in INSIDE), run_time=0.6)
            self.wait(0.6)
            origins = {f"{name}_{j}": name for name in ("w", "x") for j in range(1, self.n_features + 1)}
            self.play(*grow(whole, letters, origins), FadeIn(node), FadeIn(self.letters[R][0]), run_time=1.8)
            start = letters.parts["w_1"][0]
            ends = [start, *(letters.parts[f"x_{j}"][-1] + 1 for j in range(1, self.n_features + 1))]
            terms = [VGroup(*letters[ends[j] : ends[j + 1]]) for j in range(self.n_features)]
            constant = VGroup(*letters[letters.parts["bias"][0] : start])  # b_1 and the sign after it
            self.play(*(emphasis(term, FAINT) for term in (*terms, constant)), run_time=0.4)
            for line, label, term in zip(lines, self.labels_into(0), terms, strict=True):
                self.play(Create(line), FadeIn(label), emphasis(term, FULL), run_time=0.8)
            self.play(FadeIn(bias, shift=0.15 * UP), emphasis(constant, FULL), run_time=0.7)
            self.add(letters)

    def _others_beat(self) -> None:
        with self.beat("others", activation=self.activation):
            # The same for each other circle: its arrows light up, the first ones step back, the row below changes
            seconds = 1.0 if self.n_units <= 3 else 0.7
            for i in range(1, self.n_units):
                self.play(*self._dimmed(i - 1), run_time=0.4)
                new, edges = self._row(i), self.diagram.edges[X].into(i)
                arriving = [FadeIn(self.diagram.columns[R].nodes[i]), FadeIn(self.letters[R][i])]
                self.play(*map(Create, edges), *arriving, *grow(self.row.letters, new.letters), run_time=1.6 * seconds)
                self.row = new
                self.play(FadeIn(self.labels_into(i)), FadeIn(self.bias_arrows[i]), run_time=0.6 * seconds)
                self.wait(0.5 * seconds)

    def _dimmed(self, i: int) -> list[Animation]:
        """Row i steps back; its labels less than its arrows."""
        arrows = [emphasis(line, FAINT) for line in self.diagram.edges[X].into(i)]
        return [*arrows, emphasis(self.labels_into(i), PRESENT), emphasis(self.bias_arrows[i], PRESENT)]

    def _lit(self, i: int) -> list[Animation]:
        parts = (*self.diagram.edges[X].into(i), self.labels_into(i), self.bias_arrows[i])
        return [emphasis(part, FULL) for part in parts]

    def _output_beat(self) -> None:
        with self.beat("output", activation=self.activation):
            # Each r through its box to a; then magenta arrows into one last circle, and the sum below is that of y
            self.play(*self._dimmed(self.n_units - 1), run_time=0.4)
            diagram = self.diagram
            self.play(Create(diagram.edges[R]), FadeIn(diagram.boxes), run_time=1.0)
            self.play(FadeIn(diagram.columns[A]), FadeIn(self.letters[A]), run_time=0.6)
            self.play(*map(Create, diagram.edges[A]), FadeIn(diagram.columns[Y], self.letters[Y]), run_time=1.0)
            labels = VGroup(*self.c_labels.values())
            new = self._output_row()
            growing = grow(self.row.letters, new.letters)
            self.play(FadeIn(labels), FadeIn(self.output_bias, shift=0.15 * UP), *growing, run_time=1.4)
            self.row = new

    # -- numbers -------------------------------------------------------------------------------------------------

    def _row(self, i: int) -> WrittenSum:
        """r_i in letters and numbers, i counted from 0: the first one with its products, the others by their result."""
        layers, there, roles = unpack(self.run, self.theta), self.there, ("green", "yellow", "text")
        bias, weights, r = layers.biases[0][i], layers.weights[0][i], there.r[0]
        printed = printed_products(bias, zip(weights, there.x, strict=True), r[i], fitting_places(r))
        row = WrittenSum(row_source(i + 1, self.n_features), "r", printed, SUM_BASELINE, roles, total_only=i > 0)
        return row.start_at(self._row(0).left) if i else row

    def _output_row(self) -> WrittenSum:
        layers, there = unpack(self.run, self.theta), self.there
        products = zip(layers.c, there.a[0], strict=True)
        printed = printed_products(float(layers.b), products, there.y, self.unit.decimals)
        return WrittenSum(output_row_source(self.n_units), "y", printed, SUM_BASELINE, ("grey", "magenta", "blue"))

    def _numbers_beat(self) -> None:
        day = self.example.day
        fields = in_languages("day", lambda language: day_words(day, language))
        fields |= in_languages("weekday", lambda language: weekday_words(day, language))
        with self.beat("numbers", days=Count(self.n_features), **fields):
            # Views appear in the circles at the left; the first sum is worked out below, its result goes to r_1.
            # Then the results of the other rows, one by one
            dimmed = [emphasis(part, PRESENT) for part in (self.diagram.edges[A], *self.c_labels.values())]
            language = self.context.language
            title = self.next_title(
                "heading-numbers", day=day_words(day, language), weekday=weekday_words(day, language)
            )
            self.play(title, *dimmed, *self.into_nodes(X), run_time=0.9)
            for i in range(self.n_units):
                self._work_out(i)

    def _work_out(self, i: int) -> None:
        """The sum of row i: its letters, its numbers, and its result in the node; the first one slowly."""
        old, new, node = self.row, self._row(i), self.numbers[R][i]
        edges = self.diagram.edges[X].into(i)
        leaving = [FadeOut(old.line), *self._dimmed(i - 1)] if i else []
        self.play(*grow(old.letters, new.letters), *self._lit(i), *leaving, run_time=1.2 if i == 0 else 0.8)
        self.row = new
        if i == 0:
            terms = [FadeIn(term, shift=0.1 * UP) for term in (new.equals, *new.numbers)]
            flow = Pulse(edges, palette.text).run()
            self.play(LaggedStart(*terms, lag_ratio=0.3), flow, run_time=2.2)
            self.play(FadeIn(new.total), run_time=0.4)
        else:
            self.play(Pulse(edges, palette.text).run(), FadeIn(new.line), run_time=0.9)
        leaving = [FadeOut(self.letters[R][i])] if self.diagram.is_crowded else []
        self.play(FadeIn(node, target_position=new.total[1]), *leaving, run_time=0.7)
        self.wait(0.4 if i == 0 else 0.1)

    def _result_beat(self) -> None:
        said = {**self.outcome, **zh_views(self.outcome), "activation": self.activation}
        if said["prediction"] == said["label"]:
            with self.beat("result-exact", **said):
                # One number in its sigmoid, enlarged; all go through; the last sum; the day's value below y is the same
                self._last_numbers()
        elif self.there.y < self.there.label:
            with self.beat("result-low", **said):
                # One number in its sigmoid, enlarged; all go through; the last sum; the day's value below y is higher
                self._last_numbers()
        else:
            with self.beat("result-high", **said):
                # One number in its sigmoid, enlarged; all go through; the last sum; the day's value below y is lower
                self._last_numbers()

    def _last_numbers(self) -> None:
        diagram, new = self.diagram, self._output_row()
        self._enlarge(0)
        self.play(Pulse(diagram.edges[R], palette.text).run(0.7))
        self.play(*self.into_nodes(A), run_time=0.4)
        lights = [emphasis(part, FULL) for part in (diagram.edges[A], *self.c_labels.values())]
        self.play(FadeOut(self.zoom), *lights, run_time=0.3)
        self.play(FadeIn(new.letters), run_time=0.3)
        self.row = new
        terms = [FadeIn(term, shift=0.1 * UP) for term in (new.equals, *new.numbers)]
        self.play(Pulse(diagram.edges[A], palette.text).run(), LaggedStart(*terms, lag_ratio=0.25), run_time=1.5)
        self.play(FadeIn(new.total), *self.into_nodes(Y), run_time=0.5)
        self.wait(0.8)  # the prediction stands alone until the day's own number is spoken of
        self.play(FadeIn(self.truth_words(), shift=0.15 * UP), run_time=0.6)

    def _enlarge(self, i: int) -> None:
        """What the box between r_i and a_i does: its picture becomes a curve, along which the number finds its a."""
        names = f"blue(r_{i + 1})", f"blue(a_{i + 1})"
        printed = [self.numbers[column][i].text.replace("\u2212", "-") for column in (R, A)]
        box, r = self.diagram.boxes[i], float(self.there.r[0][i])
        self.zoom = zoom = ActivationZoom(self.run.activation, r, names, (printed[0], printed[1]), ZOOM)
        leaving = [FadeOut(self.row.letters), FadeOut(self.row.line), *self._dimmed(self.n_units - 1)]
        self.play(*leaving, run_time=0.3)
        self.play(TransformFromCopy(box[1], zoom.curve), FadeIn(zoom.axis), emphasis(box, FULL), run_time=0.7)
        self.play(FadeIn(zoom.come), FadeIn(zoom.dot), run_time=0.4)
        self.play(zoom.dot.animate.move_to(zoom.point), Create(zoom.up), run_time=0.6)
        self.play(Create(zoom.across), run_time=0.4)
        self.play(FadeIn(zoom.goes), run_time=0.3)
        self.add(zoom)
        self.wait(0.2)
