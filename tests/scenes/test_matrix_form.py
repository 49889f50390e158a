"""matrix-form: the boxes hold the trained network and the day's way through it; theta: its letters in a row."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache
from math import prod
from typing import Any

import numpy as np
import pytest
from gradreel.core.daily.series import DailySeries
from gradreel.core.daily.views import DailyViews
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import parameter_names, unpack
from gradreel.core.network.worked_example import example_of, forward, label_day, theta_in_view_units
from gradreel.scenes import style
from gradreel.scenes.lecture.networks.matrix_form import MatrixForm
from gradreel.scenes.lecture.networks.pictures.matrix_board import NumberBox, places
from gradreel.scenes.lecture.networks.theta import Theta
from gradreel.scenes.lecture.runs import THREE_DAYS
from gradreel.scenes.mobjects.theta_strip import role_of, typst_name
from gradreel.scenes.testing.layout import check_scene

MINE = DailySeries(
    start=date(2024, 3, 1), values=tuple(512 * (1 + 0.3 * np.sin(np.arange(120) * 0.9))), name="mine.csv"
)


def short(**changes) -> Experiment:
    return Experiment.model_validate({**THREE_DAYS.model_dump(), "epochs": 1, **changes})


RUN = short()
ENDS = {
    "one of five, relu": short(dataset=DailyViews(window=5), hidden=(1,), activation="relu"),
    "mine, five of five": short(dataset=DailyViews(series=MINE, window=5), hidden=(5,)),
}
CURVE = Experiment(epochs=2)


def learned(trace_of, run: Experiment):
    return theta_in_view_units(run, np.asarray(trace_of(run).parameters[-1]))


def read(number) -> float:
    return float(number.text.replace("\u2212", "-"))


def table(box: NumberBox):
    """The numbers of a box as they are written, (R, C)."""
    return np.array([[read(number) for number in row] for row in box.numbers])


# -- matrix-form -------------------------------------------------------------------------------------------------


def tables(equation) -> dict[str, np.ndarray]:
    return {name: table(box) for name, box in equation.boxes.items()}


def stood(scene):
    """The last row of W, each of its numbers moved to its end; heights and right side of x; lengths of the texts."""
    moves = scene._stand_up(scene.n_units - 1)
    row, x, w = [moved.mobject for moved in moves], scene.board.sums.boxes["x"], scene.board.sums.boxes["w"].numbers[-1]
    heights = [number.get_y() for number in row]
    for share in np.linspace(0, 1, 30):
        for moved, height in zip(moves, heights, strict=True):
            moved.update_function(moved.mobject, share)
            beneath = moved.mobject.get_right()[0] > x.get_left()[0]
            left, right = max(moved.mobject.get_left()[0], x.get_left()[0]), moved.mobject.get_right()[0]
            hidden = min(right, x.get_right()[0]) - left > 1e-6
            assert not hidden or moved.mobject[0].get_fill_opacity() < 1e-6, "no number is cut by the box"
            assert beneath or moved.mobject.get_y() == pytest.approx(height), "no other row is crossed"
    assert all(number[0].get_fill_opacity() == 1 for number in row)
    return row, [number[0].get_y() for number in x.numbers], x.get_right()[0], [len(number.text) for number in w]


@dataclass
class Film:
    """Plays matrix-form once and stores observations at the ends of beats."""

    scene: Any = None
    beats: list[str] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    boxes: dict[str, np.ndarray] = field(default_factory=dict)  # of both equations
    r: np.ndarray | None = None  # the sigmoid's
    stood: Any = None
    parts: dict[str, list[bool]] = field(default_factory=dict)  # which are on the screen

    def look(self, scene, beat: str) -> None:
        self.scene = scene
        self.beats.append(beat)
        self.findings.extend(map(str, check_scene(scene, beat)))
        if beat.startswith("fold"):
            self.stood = stood(scene)
        if beat == "output":
            self.boxes, self.r = tables(scene.board.sums) | tables(scene.board.output), tables(scene.board.sigma)["r"]
        if beat in ("output", "short"):
            family = set(scene.get_mobject_family_members())
            shown = (scene.line, scene.board.sums, scene.board.output, scene.board.sigma)
            self.parts[beat] = [bool(family & set(part.get_family())) for part in shown]


def look_of(run: Experiment) -> dict[str, str]:
    return {"lang": "zh", "theme": "light"} if run.hidden == (1,) else {}


@pytest.fixture(scope="module")
def film_of(play) -> Callable[[Experiment], Film]:
    """A run's film, played once for all tests: of one sigmoid in Chinese and light."""
    films: dict[str, Film] = {}

    def film(run: Experiment) -> Film:
        if run.digest not in films:
            made = films[run.digest] = Film()
            play(MatrixForm, made.look, run=run, **look_of(run))
        return films[run.digest]

    return film


@pytest.mark.parametrize("run", [RUN, ENDS["one of five, relu"]], ids=["run", "relu"])
def test_every_box_holds_the_networks_numbers(trace_of, film_of, run):
    seen = film_of(run).boxes
    theta = learned(trace_of, run)
    layers, example = unpack(run, theta), example_of(run.dataset, label_day(run.dataset))
    there = forward(run, theta, example.x, example.label)
    exact = {"r": there.r[0][:, None], "bias": layers.biases[0][:, None], "w": layers.weights[0],
             "x": example.x[:, None], "a": there.a[0][:, None], "c": layers.c[None], "b": [[layers.b]],
             "y": [[there.y]]}  # fmt: skip
    for name, values in exact.items():
        assert seen[name] == pytest.approx(np.asarray(values, dtype=float), abs=0.0051)
    assert np.array_equal(film_of(run).r, seen["r"])


def test_only_the_boxes_of_one_equation_are_visible_and_the_end_is_one_line(film_of):
    assert film_of(RUN).parts == {"output": [False, False, True, False], "short": [True, False, False, False]}


@pytest.mark.parametrize("run", [RUN, *ENDS.values()], ids=["run", *ENDS])
def test_each_number_of_a_row_is_beside_its_x(film_of, run):
    row, heights, right, texts = film_of(run).stood
    assert [number.get_y() for number in row] == pytest.approx(heights, abs=1e-6)
    assert [len(number) for number in row] == texts
    assert all(right < number.get_left()[0] and number.get_right()[0] < style.RIGHT_EDGE for number in row)


@pytest.mark.parametrize("run", [RUN, *ENDS.values()], ids=["run", *ENDS])
def test_the_first_row_is_computed_from_printed_numbers_and_its_sign_tells_rounding(film_of, run):
    """A weight of 0.015 is not 0.02 below its box."""
    scene = film_of(run).scene
    boxes, (letter, line) = scene.board.sums.boxes, scene.written
    assert letter.get_right()[0] < line.get_left()[0]
    assert letter.get_bottom()[1] == pytest.approx(line[0].get_y(), abs=0.3)
    _, *terms, (sign, total) = line
    result = as_written([total])
    assert float(result) == pytest.approx(read(boxes["r"].numbers[0][0]), abs=0.051)
    assert ("approx" in sign.source) == (sum(map(as_written, terms)) != result)
    shown = [[read(boxes["bias"].numbers[0][0])]]
    shown += [[abs(read(w)), read(x[0])] for w, x in zip(boxes["w"].numbers[0], boxes["x"].numbers, strict=True)]
    numbers = [re.findall(r"-?\d+\.?\d*", term[-1].source) for term in terms]
    assert [[float(number) for number in term] for term in numbers] == shown


def test_the_boxes_have_the_decimals_that_a_row_takes(play):
    """Weights of a hundredth have as many there as their sum takes, and views are whole."""
    views = 512 + np.round(110 * np.sin(np.arange(150) * 0.9) + 40 * np.cos(np.arange(150) * 2.3))
    series = DailySeries(start=date(2024, 3, 1), values=tuple(views), name="mine.csv")
    run = short(dataset=DailyViews(series=series, window=3))
    scene = play(MatrixForm, until="fold", run=run).scene
    before, boxes = scene.written_row(0, 0.0), scene.board.sums.boxes
    first = [term[-1].source for term in before.numbers]
    weights = [re.search(r"yellow\(([0-9.]+)\)", source).group(1) for source in first[1:]]
    assert [number.text.lstrip("\u2212") for number in boxes["w"].numbers[0]] == weights
    assert {len(weight.partition(".")[2]) for weight in weights} == {boxes["w"].decimals} and boxes["w"].decimals >= 4
    assert boxes["x"].decimals == 0


def as_written(term) -> Decimal:
    """A number or a product with the sign before it."""
    *sign, text = term
    value = prod(map(Decimal, re.findall(r"-?\d+\.?\d*", text.source)), start=Decimal(1))
    return -value if sign and sign[0].source == "-" else value


def test_sigma_is_named_after_the_activation(film_of):
    assert film_of(RUN).scene.board.sigma_word.source == "sigmoid"
    other = film_of(ENDS["one of five, relu"]).scene
    assert other.board.sigma_word.source == "ReLU"
    assert not any("sigmoid" in line for beat in other.beats for line in beat.lines.values())


# -- theta -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def theta_of(play) -> Callable[[Experiment], Any]:
    """A run's theta, played once for all tests, and the layout's findings at the end of its beats."""
    return cache(lambda run: play(Theta, check_scene, run=run, **look_of(run)))


@pytest.mark.parametrize(("run", "rows"), [(RUN, 3), (ENDS["mine, five of five"], 5), (CURVE, 3)])
def test_the_column_is_theta_from_the_top_down_and_its_cells_have_the_boxes_letters(theta_of, run, rows):
    scene = theta_of(run).scene
    names = [f"{role_of(name)}({typst_name(name)})" for name in parameter_names(run)]
    boxed = [letter.source for box in scene.boxes.values() for row in box.rows for letter in row]
    assert [source.removeprefix("$display(").removesuffix(")$") for source in boxed] == names
    assert len(scene.boxes["w"].rows) == len(scene.boxes["c"].rows) == rows
    column = sorted(scene.column.letters, key=lambda letter: -letter.get_y())
    assert [letter.source for letter in column] == [boxed[k] for k in scene.column.shown]
    assert scene.column.shown == sorted(scene.column.shown) and {0, run.n_parameters - 1} <= set(scene.column.shown)
    thetas = [name.source for name in scene.column.names]
    assert [re.search(r"theta_(\d+)", source).group(1) for source in thetas] == [str(k + 1) for k in scene.column.shown]


def test_the_unknowns_are_counted_and_become_one_theta(theta_of):
    scene = theta_of(RUN).scene
    shown = set(scene.get_mobject_family_members())
    assert scene.named.source == "16 parameters" and set(scene.named.get_family()) <= shown
    assert set(scene.function.get_family()) <= shown and not set(scene.theta_alone.get_family()) & shown


# -- both --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "decimals"), [([4.13, -2.3], 2), ([0.05, 0.001], 3), ([0.0068], 4), ([123.4, 1.0], 1), ([0.0], 2)]
)
def test_decimals_follow_the_largest_number(values, decimals):
    assert places(np.array(values)) == decimals


@pytest.mark.parametrize("run", ENDS.values(), ids=ENDS)
def test_the_ends_of_the_bounds_break_no_rule(film_of, theta_of, run):
    assert film_of(run).findings == []
    assert theta_of(run).findings == []
