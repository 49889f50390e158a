"""Sigmoids that look at several days, in a trained network's numbers; their sums fold into letters, and into sheets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.core.network.theta import unpack
from gradreel.scenes import style
from gradreel.scenes.lecture.networks.more_features import sum_of_sigmoids
from gradreel.scenes.lecture.networks.pictures.network_surface import NetworkSurface
from gradreel.scenes.lecture.three_days import A, R, ThreeDaysScene, X, Y
from gradreel.scenes.mobjects.formula_growth import grow
from gradreel.scenes.mobjects.lecture_formulas import bracket_sum_source, many_features_source
from gradreel.scenes.mobjects.network_parts import Pulse
from gradreel.scenes.mobjects.network_sum import LARGEST, LINE, WIDEST, WrittenSum
from gradreel.scenes.mobjects.printed_arithmetic import fitting_places
from gradreel.scenes.mobjects.text import TextMobject, formula, heading
from gradreel.scenes.style import DIM, FAINT, FULL, emphasis, palette
from gradreel.scenes.words.claims import Claim, claim
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.day_words import day_words, in_languages, weekday_words
from gradreel.scenes.words.numbers import number_text
from manim import (
    DOWN,
    UP,
    Animation,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    VGroup,
    VMobject,
)

BESIDE_WIDTH, BESIDE_MIDDLE = 5.5, 0.35  # of the formula right of the diagram: at most so wide
SUM_BASELINE = -2.72
RISE, ADD, TURN = 2.6, 1.7, 5.5  # seconds in which curves become sheets, a sheet is added, the sum turns
INSIDE = ("bias", "plus-in", "sum-in", "w", "x", "brackets")
"""Parts of the formula that belong to its bracket."""


class NetworkDiagram(ThreeDaysScene):
    """x -> r -> a -> y: one sigmoid looks at several days, then others do; the network in numbers and as a surface."""

    def claims(self) -> Iterator[Claim]:
        self.read_the_run()
        unseen = self.example.day >= self.dataset.first_validation_date
        yield claim("inputs", "the network has not seen this day", unseen, day=str(self.example.day))
        y, label = (round(views, self.decimals) for views in (self.there.y, self.there.label))
        yield claim("result-low", "the true value is higher than the prediction", y < label, prediction=y, label=label)

    def construct(self) -> None:
        self.read_the_run()
        self.build_diagram()
        self._label_with_numbers()
        self.whole = sum_of_sigmoids(self.n_units, self.run.activation)  # the formula as the last scene left it
        self.row = self._row(0)
        self.source = self.data_words()
        self._inputs_beat()
        self._one_beat()
        if self.n_units > 1:
            self._others_beat()
        self._fold_beat()
        self._result_beat()
        self._count_beat()
        if self.n_features > 1:  # after one day, all days that could be: each sigmoid as a sheet, then their sum
            self.board = NetworkSurface(self)
            self._steps_beat()
            self._surface_beat()
        kept = self.mobjects if self.n_features > 1 else (self.title, self.source)
        self.hand_on(*kept)  # matrix-form begins with it: `network_diagram_end`

    def _label_with_numbers(self) -> None:
        """The trained numbers, rounded, on the diagram's lines and at its arrows."""
        diagram, layers = self.diagram, unpack(self.run, self.theta)

        def texts(values: FloatArray) -> list[str]:
            return [number_text(value, fitting_places(np.abs(values))) for value in values]

        weights, biases = [texts(row) for row in layers.weights[0]], texts(layers.biases[0])
        only = None if diagram.has_room_for_labels(X) else 0
        self.weight_labels = diagram.weight_labels(X, "w", only, weights)
        self.c_labels = diagram.weight_labels(A, "c", values=[texts(layers.c)])
        self.bias_arrows = diagram.bias_arrows(R, "b", palette.green, values=biases)
        self.output_bias = diagram.bias_arrows(Y, "b", palette.grey, index=False, values=texts(np.array([layers.b])))[0]

    # -- one sigmoid, then the others, in numbers ----------------------------------------------------------------------

    def _inputs_beat(self) -> None:
        day, language = self.example.day, self.context.language
        fields = in_languages("day", lambda language: day_words(day, language))
        fields |= in_languages("weekday", lambda language: weekday_words(day, language))
        with self.beat("inputs", pause="short", days=Count(self.n_features), **fields):
            # The formula as the last scene left it makes room, and stays in sight at the right; at the left come the
            # days before, with their views
            whole = self.whole
            self.add(whole)
            named = {"day": day_words(day, language, "year"), "weekday": weekday_words(day, language)}
            self.play(self.next_title("heading-numbers", **named), FadeIn(self.source), run_time=0.6)
            smaller = min(1.0, BESIDE_WIDTH / whole.width)
            middle = [style.RIGHT_EDGE - smaller * whole.width / 2, BESIDE_MIDDLE, 0]
            self.play(whole.animate.scale(smaller).move_to(middle), run_time=1.0)
            self.until("inputs")
            diagram = self.diagram
            nodes = zip(diagram.columns[X].nodes.values(), self.numbers[X], self.days_ago(), strict=True)
            self.play(LaggedStart(*(FadeIn(*parts) for parts in nodes), lag_ratio=0.4), run_time=1.6)
            if not diagram.is_crowded:
                self.play(FadeIn(self.letters[X]), run_time=0.4)

    def _one_beat(self) -> None:
        with self.beat("one"):
            # The first circle comes. Three lines run into it, each with its weight, a number. Each view, times its
            # weight, becomes a term of the sum below. The constant joins them, and the sum is in the circle
            whole, lines = self.whole, self.diagram.edges[X].into(0)
            node, labels = self.diagram.columns[R].nodes[0], self.labels_into(0)
            dimmed = (emphasis(whole.part(name), FAINT) for name in whole.parts if name not in INSIDE)
            letter = [] if self.diagram.is_crowded else [FadeIn(self.letters[R][0])]
            self.play(*dimmed, FadeIn(node), *letter, run_time=0.5)
            self.until("weights")
            for line, label in zip(lines, labels, strict=True):
                self.play(Create(line), FadeIn(label), run_time=0.4)
            self.until("multiply")
            row = self.row
            self.play(FadeIn(row.letters.part("r"), row.equals), run_time=0.3)
            terms = zip(lines, row.numbers[1:], strict=True)
            for line, term in terms:
                self.play(Pulse(VGroup(line), palette.text).run(0.6), FadeIn(term, shift=0.4 * DOWN), run_time=0.7)
            self.until("bias")
            self.play(FadeIn(self.bias_arrows[0], shift=0.15 * UP), FadeIn(row.numbers[0]), run_time=0.6)
            self.play(FadeIn(row.total), FadeIn(self.numbers[R][0]), run_time=0.6)

    def _others_beat(self) -> None:
        with self.beat("others", count=Count(self.n_units)):
            # The same for each other circle: its lines light up with weights of their own, the row below has its sum
            seconds = 1.0 if self.n_units <= 3 else 0.6
            for i in range(1, self.n_units):
                if i == 2:
                    self.until("third")
                old, new = self._written(), self._row(i)
                gone = [*self._row_dimmed(i - 1), FadeOut(self.labels_into(i - 1)), FadeOut(old)]
                self.play(*gone, run_time=0.3)
                self.row = new
                edges, labels = self.diagram.edges[X].into(i), self.labels_into(i)
                letter = [] if self.diagram.is_crowded else [FadeIn(self.letters[R][i])]
                arriving = [FadeIn(self.diagram.columns[R].nodes[i]), *letter, FadeIn(self.bias_arrows[i])]
                self.play(*map(Create, edges), FadeIn(labels), *arriving, run_time=0.8 * seconds)
                shown = VGroup(new.letters.part("r"), new.equals, *new.numbers)
                self.play(Pulse(edges, palette.text).run(), FadeIn(shown), run_time=0.8 * seconds)
                self.play(FadeIn(new.total), FadeIn(self.numbers[R][i]), run_time=0.5 * seconds)

    def _row(self, i: int) -> WrittenSum:
        """r_i in letters and numbers, i counted from 0; the numbers first stand on the letters' own line."""
        row = self._legible_row(i)
        if i:
            left = self._legible_row(0).left
            row.start_at(min(left, WIDEST / 2 - row.line.get_right()[0] + row.left))
        row.line.shift(LINE * UP)
        return row

    def _legible_row(self, i: int) -> WrittenSum:
        """r_i with as many decimals as make it right in print, or with fewer where it would be too small to read."""
        start, first, second = self.row_sum(i).places
        for fewer in range(max(start, first, second)):
            places = (max(1, start - fewer), max(1, first - fewer), max(self.decimals, second - fewer))
            row = self.written_row(i, SUM_BASELINE, places)
            if row.equals.font_size >= style.SMALLEST + 2:
                break
        return row

    def _written(self) -> VGroup:
        """What is on the screen of the present row."""
        return VGroup(self.row.letters.part("r"), self.row.line)

    def _row_dimmed(self, i: int) -> list[Animation]:
        """Row i dims."""
        return [*(emphasis(line, FAINT) for line in self.diagram.edges[X].into(i)), emphasis(self.bias_arrows[i], DIM)]

    # -- the sums fold into one letter ---------------------------------------------------------------------------------

    def _fold_beat(self) -> None:
        with self.beat("fold"):
            # The last sum goes down a line, and above it come its letters: w_31 is the weight from x_1 to r_3. Then its
            # products fold into one sum over j, and that goes into the formula's bracket, in the place of w_i x_1
            row, whole = self.row, self.whole
            self.play(row.line.animate.shift(LINE * DOWN), run_time=0.4)
            names = [k for k in range(len(row.letters)) if k not in row.letters.parts["r"]]
            self.play(FadeIn(*(row.letters[k] for k in names)), run_time=0.6)
            self.add(row.letters)
            self.until("from")
            self.play(*self._telling(units=False), run_time=0.4)
            self.until("to")
            self.play(*self._telling(units=True), run_time=0.4)
            self.until("sum")
            self.play(*self._telling(None), FadeOut(row.line), run_time=0.4)
            short = formula(bracket_sum_source("i", self.n_features), LARGEST).place(SUM_BASELINE, left=row.left)
            last = f"{self.n_features}"
            moved = {"w": f"w_{last}", "x": f"x_{last}"}
            self.play(*grow(row.letters, short, moved), run_time=1.4)
            self.until("bracket")
            source = many_features_source(self.n_units, self.n_features, self.run.activation)
            grown = formula(source, whole.font_size)
            grown = formula(source, whole.font_size * min(1.0, BESIDE_WIDTH / grown.width))
            grown.move_to([style.RIGHT_EDGE - grown.width / 2, BESIDE_MIDDLE, 0])
            lit = [emphasis(whole.part(name), FULL) for name in whole.parts if name not in INSIDE]
            self.play(*lit, run_time=0.3)
            self.play(*grow([whole, short], grown, {name: (short, name) for name in INSIDE[:-1]}), run_time=1.6)
            self.whole = grown

    def _telling(self, units: bool | None) -> list[Animation]:
        """In the last row only the first index of each w is bright, with r's circle, or only the second, with the x's.

        The first one counts the ``units``; with None all are bright.
        """
        letters, columns, last = self.row.letters, self.diagram.columns, self.n_units - 1
        circle = VGroup(columns[R].nodes[last], self.numbers[R][last])
        inputs = VGroup(columns[X], *self.numbers[X])
        if units is None:
            return [emphasis(part, FULL) for part in (*letters, circle, inputs)]
        places = {letters.parts[f"w_{j}"][1 if units else 2] for j in range(1, self.n_features + 1)}
        sides = ["r"] if units else [f"x_{j}" for j in range(1, self.n_features + 1)]
        places |= {k for side in sides for k in letters.parts[side]}
        return [
            *(emphasis(glyph, FULL if k in places else FAINT) for k, glyph in enumerate(letters)),
            emphasis(circle, FULL if units else FAINT),
            emphasis(inputs, FAINT if units else FULL),
        ]

    # -- on to the output ----------------------------------------------------------------------------------------------

    def _result_beat(self) -> None:
        said = {**self.outcome, **zh_views(self.outcome), "activation": self.activation}
        with self.beat("result-low", pause="long", **said):
            # The formula leaves. Each sum goes through its box, the blue function, and is an a. Magenta lines run on
            # into one last circle, whose sum is written below. Below y comes the day's own value
            diagram, last = self.diagram, self.n_units - 1
            leaving = [FadeOut(self.whole), FadeOut(self.labels_into(last)), *self._row_dimmed(last)]
            self.play(*leaving, run_time=0.4)
            self.play(Create(diagram.edges[R]), FadeIn(diagram.boxes), run_time=0.8)
            self.play(FadeIn(diagram.columns[A]), Pulse(diagram.edges[R], palette.text).run(0.8))
            letters = [] if diagram.is_crowded else [FadeIn(self.letters[A])]
            self.play(*map(FadeIn, self.numbers[A]), *letters, run_time=0.4)
            self.until("sum")
            edges, labels, new = diagram.edges[A], VGroup(*self.c_labels.values()), self.written_output(SUM_BASELINE)
            self.play(*map(Create, edges), FadeIn(diagram.columns[Y], labels), run_time=0.7)
            terms = [FadeIn(term, shift=0.1 * UP) for term in (new.equals, *new.numbers)]
            coming = [FadeIn(new.letters, self.output_bias), LaggedStart(*terms, lag_ratio=0.25)]
            self.play(Pulse(edges, palette.text).run(), *coming, run_time=1.5)
            self.play(FadeIn(new.total), *map(FadeIn, self.numbers[Y]), run_time=0.5)
            if not diagram.is_crowded:
                self.play(FadeIn(self.letters[Y]), run_time=0.2)
            self.row = new
            self.until("label")  # the prediction stands alone until the day's own number is spoken of
            self.play(FadeIn(self.truth_words(), shift=0.15 * UP), run_time=0.5)

    def _count_beat(self) -> None:
        with self.beat("count", count=number_text(self.run.n_parameters)):
            # Kind by kind the numbers on the picture light up, and are counted below
            self.total = total = self._total()
            self.play(FadeOut(self.row.letters, self.row.line), run_time=0.4)
            weights = [VGroup(*self.weight_labels.values()), *self.diagram.edges[X]]
            kinds = (("w", weights), ("b", self.bias_arrows), ("c", self.c_labels.values()), ("b_out", []))
            for name, parts in kinds:
                lit = [emphasis(part, FULL) for part in parts if part in self.mobjects]
                new = [FadeIn(part) for part in parts if part not in self.mobjects and name == "w"]
                self.play(FadeIn(total.part(name)), *lit, *new, run_time=0.7)
            self.until("all")
            self.play(FadeIn(total.part("total")), run_time=0.6)
            self.add(total)

    def _total(self) -> TextMobject:
        """weights + biases + c + b = all: how many numbers there are, each kind in its colour.

        Parts: "w", "b", "c", "b_out", each with the sign before it, and "total".
        """
        units, features = self.n_units, self.n_features
        kinds = (
            ("w", f"yellow({units} dot {features})", "yellow(w_(i j))"),
            ("b", f"green({units})", "green(b_i)"),
            ("c", f"magenta({units})", "magenta(c_i)"),
            ("b_out", "grey(1)", "grey(b)"),
        )
        terms = [
            f'part("{name}", {"" if name == "w" else "+"} limits({count})_display({letter}))'
            for name, count, letter in kinds
        ]
        source = f'{" ".join(terms)} part("total", = {self.run.n_parameters})'
        return formula(source, LARGEST).place(SUM_BASELINE, center=0.0)

    # -- each sigmoid as a sheet, and their sum ------------------------------------------------------------------------

    def _steps_beat(self) -> None:
        board = self.board
        with self.beat("steps", pause="short", activation=self.activation):
            # Each circle opens and shows its blue function, times its c, over x_1. Then x_2 varies, too: one looks
            # along it no longer, and each curve sweeps out a sheet
            gone = [part for part in self.mobjects if part not in (self.title, self.source)]
            nodes = [self.diagram.columns[A].nodes[i] for i in range(self.n_units)]
            opening = [
                FadeIn(piece.ground, target_position=node, scale=0.15, run_time=1.4)
                for node, piece in zip(nodes, board.pieces_row, strict=True)
            ]
            leaving = [FadeOut(part, run_time=0.6) for part in gone]
            self.play(self.next_title("heading-surface"), *leaving, *opening)
            self.until("curve")
            self.play(*(Create(piece.curve) for piece in board.pieces_row), run_time=1.8)
            self.until("sheet")
            for piece in board.pieces_row:
                self.remove(piece.ground, piece.curve)
            self.add(*board.pieces_row)
            self.play(board.rise(), run_time=RISE)

    def _surface_beat(self) -> None:
        board = self.board
        with self.beat("surface", pause="long"):
            # The sheets step aside. At the height b lies a plane; sheet after sheet flies onto it, and it takes their
            # shapes. The sum fills the frame and turns; the day lies on it, its true value above or below
            self.play(board.step_aside(), run_time=1.2)
            self.play(FadeIn(board.ground, board.sheet, board.held), run_time=0.7)
            self.until("add")
            for i, piece in enumerate(board.pieces_row):
                self.remove(piece)
                self.add(piece.sheet)
                self.play(*board.add_piece(i), FadeOut(piece.ground, piece.curve), run_time=ADD)
            self.until("whole")
            self.play(board.turn(), run_time=TURN)
            self.play(FadeIn(board.day), run_time=0.5)


def zh_views(views: Mapping[str, str]) -> dict[str, str]:
    """Views as a Chinese line says them, "4.49 千" for "4.49k", each under its name and _zh."""
    return {f"{name}_zh": text.replace("k", " 千").replace("M", " 百万") for name, text in views.items()}


def network_diagram_end(scene: ThreeDaysScene) -> tuple[list[VMobject], TextMobject, TextMobject]:
    """What network-diagram leaves on the screen for the next scene: picture, words on the data, heading.

    ``scene`` is the next one, of the same run. The picture is the network as a surface; of one feature there is none.
    """
    source = scene.data_words()
    if scene.n_features > 1:
        return [NetworkSurface(scene).settled()], source, heading(scene.diagram_words("heading-surface"))
    day, language = scene.example.day, scene.context.language
    fields = {"day": day_words(day, language, "year"), "weekday": weekday_words(day, language)}
    return [], source, heading(scene.diagram_words("heading-numbers", **fields))
