"""The small network of three days that network-diagram, matrix-form and backprop show, and the day that it predicts."""

from __future__ import annotations

from datetime import date
from typing import Any, Self

from gradreel.core.daily.units import distance_as_printed, distinguishing_decimals, view_unit
from gradreel.core.daily.views import DailyViews
from gradreel.core.experiment import Experiment
from gradreel.core.network.activations import ACTIVATIONS
from gradreel.core.network.theta import unpack
from gradreel.core.network.worked_example import Forward, example_of, forward, label_day, theta_in_view_units
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.daily_data import data_name, days_that_differ
from gradreel.scenes.lecture.runs import THREE_DAYS
from gradreel.scenes.mobjects.lecture_formulas import output_row_source, row_source
from gradreel.scenes.mobjects.network_diagram import LayerDiagram
from gradreel.scenes.mobjects.network_parts import centered_number
from gradreel.scenes.mobjects.network_sum import MOST_PLACES, WrittenSum
from gradreel.scenes.mobjects.printed_arithmetic import (
    Places,
    PrintedProducts,
    fitting_places,
    printed_products,
    products_to,
)
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.style import DIM, emphasize, palette
from gradreel.scenes.words.day_words import unit_words
from gradreel.scenes.words.numbers import number_text
from manim import Animation, AnimationGroup, FadeIn, FadeOut, VGroup
from pydantic import Field, model_validator

MOST = 5  # features, and sigmoids, that the picture holds
BOX = (-4.4, 5.7, -2.05, 2.75)  # middle of the first column, of the last, bottom and top of the rows
X, R, A, Y = 0, 1, 2, 3  # columns


def bare_network(run: Experiment) -> LayerDiagram:
    """Return the diagram of ``run`` without numbers: backprop ends with it, and summary begins with it."""
    diagram = LayerDiagram((run.dataset.n_features, *run.hidden, 1), BOX, split=run.activation)
    for edges in diagram.edges:
        emphasize(edges, DIM)
    return diagram


class ThreeDaysScene(LectureScene):
    """Base of the scenes of one small network and of one day that it predicts.

    `read_the_run` sets what all of them show: ``run`` and its ``dataset``, ``theta`` after the last update, the
    ``example`` (the day), ``there`` (the day on its way through the network), the ``unit`` and ``decimals`` of views,
    the ``activation`` as it is said.
    `build_diagram` makes the diagram and what lies on it, of which a scene brings what it speaks of.
    """

    class Parameters(LectureScene.Parameters):
        run: Experiment = Field(
            THREE_DAYS,
            description="The training run that is shown: one hidden layer of 1 to 5 units on 1 to 5 days of views",
        )
        day: date | None = Field(
            None,
            description="The day that is predicted; by default 74 days after the first for validation, or the last",
        )

        @model_validator(mode="after")
        def _is_a_small_network(self) -> Self:
            dataset = self.run.dataset
            if not isinstance(dataset, DailyViews):
                raise ValueError(f'run.dataset: daily views are shown, kind "daily views", not {dataset.kind}')
            days_that_differ(dataset)
            if dataset.window > MOST:
                raise ValueError(f"run.dataset.window: 1 to {MOST} days are shown as features, got {dataset.window}")
            if len(self.run.hidden) != 1 or self.run.hidden[0] > MOST:
                raise ValueError(f"run.hidden: one layer of 1 to {MOST} units is shown, got {self.run.hidden}")
            label_day(dataset, self.day)
            return self

    # -- the run, and the day --------------------------------------------------------------------------------------

    def read_the_run(self) -> None:
        """The network after its last update, in the views' own unit, and the day on its way through it."""
        trace = self.trace("run")
        self.run, self.dataset = trace.experiment, trace.experiment.dataset
        self.theta = theta_in_view_units(self.run, trace.parameters[-1])
        self.unit = view_unit(self.dataset)
        self.example = example_of(self.dataset, self.day_shown())
        self.there = forward(self.run, self.theta, self.example.x, self.example.label)
        self.decimals = self._telling_decimals()  # of views
        self.n_features, self.n_units = self.dataset.window, self.run.hidden[0]
        self.activation = ACTIVATIONS[self.run.activation].name

    def day_shown(self) -> date:
        """The day that is predicted."""
        return label_day(self.dataset, self.parameters.day)

    def _telling_decimals(self) -> int:
        """As many as tell apart prediction and label, and the views before."""
        unit, y, label = self.unit, self.there.y, self.there.label
        low, high = float(self.example.x.min()), float(self.example.x.max())
        found = [
            distinguishing_decimals(unit, lambda places: [distance_as_printed(y, label, places)]),
            distinguishing_decimals(unit, lambda places: [distance_as_printed(low, high, places)]),
        ]
        return max(unit.decimals if places is None else places for places in found)

    # -- numbers in print ------------------------------------------------------------------------------------------

    @property
    def outcome(self) -> dict[str, str]:
        """Prediction, label and their distance, as printed: the distance is that of the printed numbers."""
        decimals, letter = self.decimals, self.unit.letter
        prediction, label = round(self.there.y, decimals), round(self.there.label, decimals)
        values = {"prediction": prediction, "label": label, "error": abs(prediction - label)}
        return {name: number_text(value, decimals) + letter for name, value in values.items()}

    def error_source(self, there: Forward, n: int = 0) -> str:
        """e = |y - label| in letters and numbers, or its square. Parts: "frame", and in it "y0" and "error0"."""
        decimals = self.decimals
        prediction, label = (number_text(round(value, decimals), decimals) for value in (there.y, there.label))
        numbers, error = (
            f'part("y{n}", blue({prediction})) - red({label})',
            f'part("error{n}", {self.error_text(there)})',
        )
        if self.run.loss == "mae":
            return f'part("frame", e = abs(blue(y) - red(hat(y))) = abs({numbers}) = {error})'
        return f'part("frame", e = (blue(y) - red(hat(y)))^2 = ({numbers})^2 approx {error})'

    def error_text(self, there: Forward) -> str:
        """The example's error as printed: the distance of the printed numbers, or its square."""
        decimals = self.decimals
        if self.run.loss == "mae":
            return number_text(abs(round(there.y, decimals) - round(there.label, decimals)), decimals)
        return number_text(there.error, max(decimals, fitting_places([self.there.error], 3)))

    def row_sum(self, i: int, places: Places | None = None) -> PrintedProducts:
        """r_i as it is printed, i counted from 0: to ``places``, by default as many as make it right in print."""
        layers, there = unpack(self.run, self.theta), self.there
        bias, products = layers.biases[0][i], list(zip(layers.weights[0][i], there.x, strict=True))
        r, decimals = there.r[0][i], fitting_places(there.r[0])
        if places is not None:
            return products_to(bias, products, r, decimals, places)
        return printed_products(bias, products, r, decimals, MOST_PLACES, self.decimals)

    def written_row(self, i: int, baseline: float, places: Places | None = None) -> WrittenSum:
        """r_i in letters and numbers, as `row_sum` has it."""
        roles = ("green", "yellow", "text")
        return WrittenSum(row_source(i + 1, self.n_features), "r", self.row_sum(i, places), baseline, roles)

    def output_sum(self) -> PrintedProducts:
        """y as it is printed: to as many places as make it right in print."""
        layers = unpack(self.run, self.theta)
        products = list(zip(layers.c, self.there.a[0], strict=True))
        return printed_products(float(layers.b), products, self.there.y, self.decimals, MOST_PLACES)

    def written_output(self, baseline: float) -> WrittenSum:
        """y in letters and numbers, as `output_sum` has it."""
        roles = ("grey", "magenta", "blue")
        return WrittenSum(output_row_source(self.n_units), "y", self.output_sum(), baseline, roles)

    # -- the diagram -----------------------------------------------------------------------------------------------

    def build_diagram(self) -> None:
        """The diagram, and on it letters, labels of weights and biases, and the numbers of the day, by column."""
        self.diagram = LayerDiagram((self.n_features, self.n_units, 1), BOX, split=self.run.activation)
        diagram = self.diagram
        self.letters = [
            diagram.letters(X, "x"),
            diagram.letters(R, "r"),
            diagram.letters(A, "a"),
            diagram.letters(Y, "y", index=False),
        ]
        only = None if diagram.has_room_for_labels(X) else 0
        self.weight_labels = diagram.weight_labels(X, "w", only)
        self.c_labels = diagram.weight_labels(A, "c")
        self.bias_arrows = diagram.bias_arrows(R, "b", palette.green)
        self.output_bias = diagram.bias_arrows(Y, "b", palette.grey, index=False)[0]
        decimals, r, a = self.decimals, self.there.r[0], self.there.a[0]
        self.numbers = {
            X: [diagram.number(X, j, value, decimals) for j, value in enumerate(self.example.x)],
            R: [diagram.number(R, i, value, fitting_places(r)) for i, value in enumerate(r)],
            A: [diagram.number(A, i, value, fitting_places(a)) for i, value in enumerate(a)],
            Y: [diagram.number(Y, 0, self.there.y, decimals)],
        }

    def labels_into(self, i: int) -> VGroup:
        """The labels of all weights of r_i, i counted from 0."""
        return VGroup(*(label for (to, _), label in self.weight_labels.items() if to == i))

    def into_nodes(self, column: int) -> list[Animation]:
        """Numbers come into the nodes of a column; in a crowded diagram they take their letters' place."""
        leaving = [FadeOut(self.letters[column])] if self.diagram.is_crowded else []
        return [*map(FadeIn, self.numbers[column]), *leaving]

    def days_ago(self) -> VGroup:
        """What the features are called, left of them: 1 day ago, 2 days ago, ..."""
        made = VGroup()
        for j, node in self.diagram.columns[X].nodes.items():
            text = self.diagram_words("day-ago") if j == 0 else self.diagram_words("days-ago", days=j + 1)
            name = words(text, style.TICK + 2, palette.dim)
            made.add(name.place(node.get_y() - 0.1, right=node.get_left()[0] - 0.16))
        return made

    # -- words -----------------------------------------------------------------------------------------------------

    def next_title(self, key: str, **values: str) -> Animation:
        """The heading ``key`` comes, as one animation: however long it is made, the one before is gone first.

        Of `next_heading`'s two animations, a ``run_time`` of `play` makes each as long as that.
        """
        animations = self.next_heading(self.screen(key, **values))
        return AnimationGroup(*animations)

    def diagram_words(self, key: str, **values: Any) -> str:
        """Words at the diagram: all scenes of it have those of network-diagram."""
        return self.words_of.screen("network-diagram", key, self.context.language, values)

    def data_words(self) -> TextMobject:
        """What the views are: their unit, and that they are made up, or the file they come from."""
        unit, data = unit_words(self.dataset, self.context.language), data_name(self, self.dataset)
        text = self.diagram_words("source", unit=unit, data=data)
        return words(text, style.CAPTION, palette.dim).place(style.HEADING_BASELINE, right=style.RIGHT_EDGE)

    def truth_words(self, called: str | None = None) -> VGroup:
        """The day's real value, in red below y, and what it is called."""
        node = self.diagram.columns[Y].nodes[0]
        bottom = self.output_bias.get_bottom()[1]
        name = words(called or self.diagram_words("truth"), style.LABEL, palette.red).place(
            bottom - 0.45, center=node.get_x()
        )
        self.truth = centered_number(self.there.label, self.decimals, style.LABEL + 6, palette.red)
        self.truth.shift([node.get_x(), bottom - 0.95, 0])
        return VGroup(name, self.truth)
