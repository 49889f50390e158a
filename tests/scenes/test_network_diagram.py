"""network-diagram: what stands in the circles and in the sums is the trained network's way from the day's views."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from types import SimpleNamespace
from unittest.mock import DEFAULT, patch

import numpy as np
import pytest
from gradreel.core.daily.series import DailySeries
from gradreel.core.daily.views import DailyViews
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import predict, unpack
from gradreel.core.network.worked_example import label_day
from gradreel.scenes.lecture.networks.network_diagram import SUM_BASELINE, NetworkDiagram
from gradreel.scenes.lecture.runs import THREE_DAYS
from gradreel.scenes.mobjects.text import Number, TextMobject
from gradreel.scenes.testing.layout import check_scene

MINE = DailySeries(
    start=date(2024, 3, 1), values=tuple(512 * (1 + 0.3 * np.sin(np.arange(120) * 0.9))), name="mine.csv"
)


def short(**changes) -> Experiment:
    return Experiment.model_validate({**THREE_DAYS.model_dump(), "epochs": 2, **changes})


RUN, OTHER = short(), short(seed=1)
ENDS = {
    "one of one": short(dataset=DailyViews(window=1), hidden=(1,)),
    "five of five, relu": short(dataset=DailyViews(window=5), hidden=(5,), activation="relu"),
    "mine": short(dataset=DailyViews(series=MINE, window=3), activation="hard_sigmoid", loss="mse"),
}


@pytest.fixture(autouse=True, scope="module")
def without_the_surface():
    """test_surface.py looks at it."""
    beats = patch.multiple(NetworkDiagram, _steps_beat=DEFAULT, _surface_beat=DEFAULT)
    with beats, patch(f"{NetworkDiagram.__module__}.NetworkSurface"):
        yield


def in_nodes(scene, column: int) -> list[float]:
    """The numbers that can be seen within the circles of a column, from the top."""
    seen = [part for part in scene.get_mobject_family_members() if isinstance(part, Number) and part.text]
    found = []
    for node in scene.diagram.columns[column].nodes.values():
        center, size = node.get_center(), np.array([node.half_width, node.radius])
        inside = [n for n in seen if (np.abs(n[1 : len(n.text) + 1].get_center() - center)[:2] < size).all()]
        found += [float(n.text.replace("\u2212", "-")) for n in inside]
    return found


def computed(trace_of, run: Experiment, day: date) -> tuple[np.ndarray, float, float]:
    """The views of the days before, the prediction and the day's own, in views, by the network on scaled views."""
    dataset = run.dataset
    theta = trace_of(run).parameters[-1]
    at = (day - dataset.daily.start).days
    views = dataset.daily.array()
    before = views[at - dataset.window : at][::-1]
    return before, float(dataset.in_views(predict(run, theta, dataset.scaled(before)[None])[0])), float(views[at])


@pytest.fixture(scope="module")
def film(play):
    """Of each beat: the numbers in the circles by column, those on lines and at arrows, the row's numbers in print."""

    def look(scene, beat):
        family = set(scene.get_mobject_family_members())
        labels = [*scene.weight_labels.values(), *scene.c_labels.values(), *scene.bias_arrows, scene.output_bias]
        seen = [label for label in labels if family & {part for part in label.get_family() if part.has_points()}]
        texts = [part.source for label in seen for part in label.get_family() if isinstance(part, TextMobject)]
        letters = scene.row.letters[scene.row.letters.parts.get("w_1", (0,))[0]] in family
        columns = [in_nodes(scene, column) for column in range(4)]
        return SimpleNamespace(columns=columns, texts=texts, letters=letters, formula=scene.whole.source)

    return play(NetworkDiagram, look, run=RUN)


def number_in(source: str) -> float:
    return float(source.removeprefix("$display(").removesuffix(")$").replace("\u2212", "-"))


def test_the_numbers_come_in_the_order_of_the_story(film):
    assert film.beats == ["inputs", "one", "others", "fold", "result-low", "count"]
    there = {beat: [len(column) for column in film.seen[beat].columns] for beat in film.beats}
    assert there["inputs"] == [3, 0, 0, 0] and there["one"] == [3, 1, 0, 0] and there["others"] == [3, 3, 0, 0]
    assert there["result-low"] == there["count"] == [3, 3, 3, 1]


def test_all_trained_numbers_stand_on_the_picture(film):
    scene = film.scene
    layers = unpack(RUN, scene.theta)
    written = sorted(number_in(source) for source in film.last.texts)
    trained = sorted([*layers.weights[0].ravel(), *layers.biases[0], *layers.c, float(layers.b)])
    assert len(written) == 16 and written == pytest.approx(trained, abs=0.0051)
    assert scene.total.source.endswith("= 16))$")
    assert len(film.seen["one"].texts) == 4, "three weights and the constant"


def test_what_the_circles_say_is_what_the_network_computes(trace_of, film):
    before, prediction, label = computed(trace_of, RUN, date(2020, 3, 15))
    x, _, a, y = film.last.columns
    assert x == pytest.approx(before / 1000, abs=0.0051)
    assert y == [pytest.approx(prediction / 1000, abs=0.0051)]
    assert all(0 < value < 1 for value in a)
    truth = film.scene.truth
    assert float(truth.text) == pytest.approx(label / 1000, abs=0.0051)


def test_the_lessons_guess_is_too_low_as_its_line_says(trace_of):
    _, prediction, label = computed(trace_of, THREE_DAYS, label_day(THREE_DAYS.dataset))
    assert prediction < label


def printed_line(row) -> str:
    """A written sum's numbers as arithmetic: "-2.77+1.92*4.13-...=-0.32"; roles are left out."""
    sources = [part.source for part in row.line.get_family() if isinstance(part, TextMobject)]
    text = "".join(source.removeprefix("$display(").removesuffix(")$") for source in sources)
    text = re.sub(r"(green|grey|yellow|magenta|blue|text)\(([^()]*)\)", r"\2", text)
    return text.replace(" dot ", "*").replace("approx", "=").replace(" ", "")


def test_the_products_that_are_printed_come_to_what_the_circles_say(film):
    row = film.scene.written_output(SUM_BASELINE)
    value, total, products = come_to(row)
    assert value == pytest.approx(total, abs=0.005 + 1e-9)
    assert total == film.last.columns[3][0]
    assert len(products) == 3
    summed = printed_line(row).split("=")[1]
    assert len(set(map(len, re.findall(r"\.([0-9]+)", summed)))) == 1  # all with the same number of decimals


def views_around(usual: float, spread: float) -> DailyViews:
    """Whole views, as people count them."""
    views = usual + np.round(spread * np.sin(np.arange(150) * 0.9) + 0.4 * spread * np.cos(np.arange(150) * 2.3))
    return DailyViews(series=DailySeries(start=date(2024, 3, 1), values=tuple(views), name="mine.csv"), window=3)


def come_to(row) -> tuple[float, float, list[tuple[str, str]]]:
    """Return the value of a written sum's numbers, its printed total, and its products."""
    _, summed, total = printed_line(row).split("=")
    terms = [(sign, term.split("*")) for sign, term in re.findall(r"([+-]?)([0-9.*]+)", summed)]
    value = sum(float(np.prod([float(factor) for factor in term])) * (-1 if sign == "-" else 1) for sign, term in terms)
    return value, float(total), [(term[0], term[1]) for _, term in terms if len(term) == 2]


@pytest.mark.parametrize(("usual", "whole"), [(512.0, True), (512e3, False)])
def test_sums_of_large_views_come_out_as_printed(play, usual, whole):
    """Weights are about a hundredth there: two decimals would say little of them."""
    scene = play(NetworkDiagram, until="inputs", run=short(dataset=views_around(usual, 0.2 * usual))).scene
    for row, off in (
        (scene._row(0), 0.005),
        (scene.written_output(SUM_BASELINE), 0.5 if whole else 0.005),
    ):
        value, total, _ = come_to(row)
        assert value == pytest.approx(total, abs=off + 1e-9)
    _, _, products = come_to(scene._row(0))
    assert all(len(w.lstrip("0.")) >= 2 for w, _ in products), "digits that count"
    assert all(("." in x) != whole for _, x in products), "views are whole, or thousands with two decimals"


def test_another_network_and_another_day_give_other_numbers(play, trace_of, film):
    other = play(NetworkDiagram, run=OTHER).scene
    assert in_nodes(other, 3) != film.last.columns[3]
    assert in_nodes(other, 0) == film.last.columns[0]
    day = date(2020, 6, 1)
    played = play(NetworkDiagram, run=RUN, day=day)
    earlier = played.scene
    assert "inputs" in film.beats and "inputs" in played.beats, "it was trained on that day"
    before, prediction, _ = computed(trace_of, RUN, day)
    assert in_nodes(earlier, 0) == pytest.approx(before / 1000, abs=0.0051)
    assert in_nodes(earlier, 3) == [pytest.approx(prediction / 1000, abs=0.0051)]


@pytest.fixture(scope="module")
def film_of(play):
    """``film_of(name)``: that end of the bounds, played once; of each beat its breaches of the rules and its texts."""

    def look(scene, beat):
        return check_scene(scene, beat), [part.source for part in scene.mobjects if isinstance(part, TextMobject)]

    languages = dict(zip(ENDS, ("en", "zh", "zh"), strict=True))
    return cache(lambda name: play(NetworkDiagram, look, lang=languages[name], run=ENDS[name]))


@pytest.mark.parametrize("name", ENDS)
def test_the_ends_of_the_bounds(film_of, trace_of, name):
    run, played = ENDS[name], film_of(name)
    assert [found for found, _ in played.seen.values() if found] == []
    assert ("others" in played.beats) == (run.hidden[0] > 1)
    _, prediction, _ = computed(trace_of, run, label_day(run.dataset))
    unit = 1000 if run.dataset.synthetic else 1
    assert in_nodes(played.scene, 3) == [pytest.approx(prediction / unit, abs=0.0051 if unit > 1 else 0.51)]


@pytest.mark.parametrize(("name", "said"), [("five of five, relu", "ReLU"), ("mine", "hard sigmoid")])
def test_formula_and_voice_name_the_runs_own_activation(film_of, name, said):
    played = film_of(name)
    spoken = [line for lines in played.lines.values() for line in lines.values()]
    assert sum(said in line for line in spoken) == 2  # result; in two languages
    _, texts = played.seen["fold"]
    assert played.scene.whole.source in texts
    assert ("max" if said == "ReLU" else f'"{said}"') in played.scene.whole.source
    assert ', "sigmoid")' not in played.scene.whole.source


def test_the_file_is_named_where_the_data_is_ones_own(film_of):
    texts = [text for _, beat in film_of("mine").seen.values() for text in beat]
    assert any("mine.csv" in text for text in texts)
    assert not any("made-up" in text.replace("\\\\", "") for text in texts)
