"""backprop: the orange numbers are the error's slopes, as nudges confirm, and a step against them lowers it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from gradreel.core.daily.series import DailySeries
from gradreel.core.daily.views import DailyViews
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import parameter_names, unpack
from gradreel.core.network.worked_example import FARTHEST, example_of, forward, theta_in_view_units
from gradreel.scenes.lecture.deep.backprop import SEARCHED, Backprop
from gradreel.scenes.lecture.deep.day_step import LOOKED_AT, printed_apart, printed_row, seen_day
from gradreel.scenes.lecture.runs import THREE_DAYS, TWO_LAYERS
from gradreel.scenes.mobjects.text import TextMobject
from gradreel.scenes.mobjects.theta_strip import letter_of
from gradreel.scenes.testing.layout import check_scene

PRODUCT = r'orange\((-?[0-9.]+)\)\) dot part\("second.", \(?(-?[0-9.]+)\)?\) = .*orange\((-?[0-9.]+)\)'


def short(**changes) -> Experiment:
    return Experiment.model_validate({**THREE_DAYS.model_dump(), "epochs": 8, **changes})


RUN, OTHER = short(), short(seed=1)
ENDS = {
    "one of one": short(dataset=DailyViews(window=1), hidden=(1,)),
    "five of five, relu": short(dataset=DailyViews(window=5), hidden=(5,), activation="relu", loss="mse"),
}


def number(text: TextMobject) -> float:
    return float(re.sub(r"[^0-9.\-]", "", text.source.replace("\u2212", "-").replace("\\-", "-")))


def slopes_by_hand(trace_of, run: Experiment, day: date) -> dict[str, float]:
    """Each parameter's slope in thousand views, by nudging it both ways."""
    theta = theta_in_view_units(run, trace_of(run).parameters[-1])
    example = example_of(run.dataset, day)
    slopes = {}
    for k, name in enumerate(parameter_names(run)):
        errors = []
        for sign in (1, -1):
            moved = theta.copy()
            moved[k] += sign * 1e-6
            errors.append(forward(run, moved, example.x, example.label).error)
        slopes[name] = (errors[0] - errors[1]) / 2e-6
    return slopes


def on_screen(scene) -> set[int]:
    return {id(part) for part in scene.get_mobject_family_members()}


@pytest.fixture(scope="module")
def film(play, words_on):
    seen = {"counted": []}

    def look(scene, beat):
        orange, there = scene.orange, on_screen(scene)
        if beat == "meeting":
            pills = (*scene.paths.arrived, *scene.paths.pills, scene.paths.meeting_pill)
            seen[beat, "pills"] = sum({id(pill[0]), id(pill[1][0])} <= there for pill in pills)
        if beat == "passes":
            counts = scene.counts
            seen["counted"].append((counts.nudges.text, counts.sweeps.text))
        seen[beat, "words"] = words_on(scene)
        every = [*orange.nodes.values(), *orange.biases, orange.output_bias, *orange.lines.values()]
        seen[beat] = sum({id(pill), id(text[0])} <= there for pill, text in every)
        seen[beat, "formula"] = scene.formula_below.source
        texts = [part for part in scene.mobjects if isinstance(part, TextMobject)]
        seen[beat, "error"] = next((text for text in texts if '"error1"' in text.source), None)
        seen[beat, "y"] = scene.numbers[3][0].text

    played = play(Backprop, look, run=RUN)
    return seen | {"beats": played.beats, "scene": played.scene}


BEATS = [
    "forward", "output-low", "through-c", "through-activation", "path", "rest", "meeting", "passes", "wave", "step"
]  # fmt: skip


def test_one_path_then_all_then_the_step(film):
    assert film["beats"] == BEATS
    # Slopes on the screen: of y, a, r and w one by one; then of all nodes and of 10 parameters, three w, all b and c,
    # until the large network is in the small one's place; after the step they are the old theta's
    assert [film[beat] for beat in BEATS] == [0, 1, 2, 3, 4, 7 + 10, 0, 0, 0, 0]


def test_every_slope_is_at_its_own_line_or_node(trace_of, film):
    scene, slopes = film["scene"], slopes_by_hand(trace_of, RUN, film["scene"].example.day)
    for (k, i, j), label in scene.orange.lines.items():
        name = f"w_{i + 1}_{j + 1}" if k == 0 else f"c_{j + 1}"
        assert number(label[1]) == pytest.approx(slopes[name], abs=0.0051)
        named = scene.weight_labels if k == 0 else scene.c_labels
        assert min(named, key=lambda at: _apart(named[at], label)) == (i, j)
    for (column, i), label in scene.orange.nodes.items():
        letter = min((letter for k in (1, 2, 3) for letter in scene.letters[k]), key=lambda one: _apart(one, label))
        assert letter is scene.letters[column][i]
        if column == 1:
            assert number(label[1]) == pytest.approx(slopes[f"b_{i + 1}"], abs=0.0051)  # b is added to r
    for i, label in enumerate(scene.orange.biases):
        nearest = min(scene.bias_arrows, key=lambda arrow: _apart(arrow[1], label))
        assert nearest is scene.bias_arrows[i]
        assert number(label[1]) == pytest.approx(slopes[f"b_{i + 1}"], abs=0.0051)


def _apart(first, second) -> float:
    return float(np.linalg.norm(first.get_center() - second.get_center()))


def test_a_little_more_a_moves_y_and_that_moves_the_error(film):
    scene = film["scene"]
    theta, there, i = unpack(RUN, scene.theta), scene.there, scene.path[0]
    source = scene.formulas.nudge_forward(scene.formulas.links()[0])
    step, more, change = (float(number) for number in re.findall(r' ([+-][0-9.]+)"?\)', source))
    factor = float(re.search(r'part\("factor", \(?(-?[0-9.]+)', source).group(1))
    assert factor * step == pytest.approx(more)
    a = there.a[0].copy()
    a[i] += step
    y = float(theta.b + theta.c @ a)
    assert (more, change) == (
        pytest.approx(y - there.y, abs=0.5e-4),
        pytest.approx(abs(y - there.label) - there.error, abs=1.01e-4),
    )


def test_the_step_uses_a_training_day_and_the_words_say_so(play, words_on, film):
    scene = film["scene"]
    assert scene.example.day < RUN.dataset.first_validation_date and not scene.example.held_out
    assert all("a day it learns from" in film[beat, "words"] for beat in ("forward", "step"))
    unseen = play(Backprop, until="forward", run=RUN, day=date(2021, 1, 25))
    assert "a day it learns from" not in words_on(unseen.scene)


def test_the_day_has_an_ordinary_error_that_a_step_makes_much_smaller(film):
    scene = film["scene"]
    day = seen_day(RUN, scene.theta)
    assert day == scene.example.day
    errors = [
        forward(RUN, scene.theta, example.x, example.label).error
        for example in (example_of(RUN.dataset, date(2019, 12, 31) - timedelta(days=k)) for k in range(LOOKED_AT))
    ]
    assert 0.5 * np.mean(errors) <= scene.there.error <= np.mean(errors)
    assert scene.day_step.after.error < 0.5 * scene.there.error
    assert all(product.right for product in printed_row(scene.day_step, scene.path[0], 2))


def test_the_error_is_the_same_number_wherever_it_is_printed(film):
    scene = film["scene"]
    for at in (scene.there, scene.day_step.after):
        assert printed_apart(at, 2)
        assert scene.error_text(at) == f"{abs(round(at.y, 2) - round(at.label, 2)):.2f}" == f"{at.error:.2f}"


def test_printed_numbers_that_do_not_add_up_are_marked(film):
    there = film["scene"].there
    assert not printed_apart(replace(there, y=4.0951, label=4.473), 2)  # 4.10 and 4.47, but 0.3779
    assert printed_apart(replace(there, y=4.0951, label=4.473), 4)


def test_one_w_is_worked_out_as_printed(trace_of, film):
    scene, (i, j) = film["scene"], film["scene"].path
    source = scene.formulas.update()
    after, before, rate, slope = map(float, re.search(
        r'\(([-0-9.]+)\) arrow.l yellow\(([-0-9.]+)\) - ([0-9.]+) dot \(?orange\((-?[0-9.]+)', source
    ).groups())  # fmt: skip
    assert rate == scene.day_step.rate
    assert before - rate * slope == pytest.approx(after, abs=0.00501)
    theta = theta_in_view_units(RUN, trace_of(RUN).parameters[-1])[i * 3 + j]
    by_hand = slopes_by_hand(trace_of, RUN, film["scene"].example.day)[f"w_{i + 1}_{j + 1}"]
    assert (before, slope) == (pytest.approx(theta, abs=0.0051), pytest.approx(by_hand, abs=0.0051))


def test_the_path_s_products_are_right_as_printed_and_end_at_its_w(trace_of, film):
    links, slopes = film["scene"].formulas.links(), slopes_by_hand(trace_of, RUN, film["scene"].example.day)
    before = None
    for n, link in enumerate(links, 1):
        source = link.source(n)
        first, second, result = re.search(PRODUCT, source).groups()
        places = len(result.partition(".")[2])
        assert abs(float(first) * float(second) - float(result)) <= 0.5 * 10**-places + 1e-9
        if before is not None:  # the one before, to as many decimals or more
            assert abs(float(first) - float(before)) <= 0.5 * 10 ** -len(before.partition(".")[2]) + 1e-9
        before = result
    i, j = film["scene"].path
    name = f"w_{i + 1}_{j + 1}"
    assert float(before) == pytest.approx(slopes[name], abs=0.0051)
    assert abs(slopes[name]) == max(abs(slope) for key, slope in slopes.items() if key.startswith("w"))
    assert source in film["path", "formula"]


def test_two_paths_meet_and_their_numbers_add_up(trace_of, film):
    """The slope of the unit where they meet, by nudging it both ways; the printed numbers come out."""
    paths, run = film["scene"].paths, TWO_LAYERS
    layers = unpack(run, theta_in_view_units(run, trace_of(run).parameters[-1]))
    x = np.array([float(text.text) for text in film["scene"].paths.written[-8:-5]])
    example = next(e for e in (example_of(run.dataset, day) for day in run.dataset.dates()[-SEARCHED:].astype(date))
                   if np.allclose(e.x, x, atol=0.0051))  # fmt: skip

    def error(nudge: float) -> float:
        a = 1 / (1 + np.exp(-(layers.biases[0] + layers.weights[0] @ example.x)))
        a[paths.meeting] += nudge
        above = 1 / (1 + np.exp(-(layers.biases[1] + layers.weights[1] @ a)))
        return abs(float(layers.b + layers.c @ above) - example.label)

    by_hand = (error(1e-6) - error(-1e-6)) / 2e-6
    assert paths.total == pytest.approx(by_hand, abs=1e-6)
    assert paths.products.sum() == pytest.approx(by_hand, abs=1e-6)
    source = paths.formula.source
    first, second = ([float(n) for n in re.findall(r"orange\(\(?(-?[0-9.]+)", part)] for part in (
        source.split('part("products"')[1].split('part("total"')[0], source.split('part("total"')[1]
    ))  # fmt: skip
    assert round(sum(first), 2) == second[0] == round(by_hand, 2)
    pills = [*paths.pills, paths.meeting_pill]
    assert [number(pill[1]) for pill in pills] == [*first, *second]
    assert film["meeting", "pills"] == len(pills) + 2


def test_a_pass_for_each_parameter_and_one_more(film):
    assert film["counted"] == [("26\u2009002", "2")]


def test_the_gradient_has_all_slopes_and_one_step_against_it_lowers_the_error(trace_of, film):
    scene, slopes = film["scene"], slopes_by_hand(trace_of, RUN, film["scene"].example.day)
    shown = [number(scene.row.numbers[k]) for k in range(len(scene.row.numbers))]
    assert shown == pytest.approx(list(slopes.values()), abs=0.0051)
    theta = theta_in_view_units(RUN, trace_of(RUN).parameters[-1])
    example = example_of(RUN.dataset, film["scene"].example.day)
    before = forward(RUN, theta, example.x, example.label)
    after = forward(RUN, theta - scene.day_step.rate * np.array(list(slopes.values())), example.x, example.label)
    assert after.error < before.error
    assert film["rest", "y"] == f"{before.y:.2f}"
    assert film["step", "y"] == f"{after.y:.2f}"
    printed = abs(round(after.y, 2) - round(example.label, 2))
    assert f'part("error1", {printed:.2f})' in film["step", "error"].source


def test_without_a_step_that_helps_the_gradient_is_the_end(play, trace_of, monkeypatch):
    monkeypatch.setattr("gradreel.scenes.lecture.deep.day_step.largest_falling_rate", lambda *_: None)
    day = next(day for day in (date(2021, 1, 2 + k) for k in range(28)) if _above(trace_of, day))
    played = play(Backprop, run=RUN, day=day)
    assert played.beats == BEATS and "here is 1." in played.lines["output-low"]["en"]


def views_around(usual: float) -> DailyViews:
    """Whole views, about a fifth off the usual ones."""
    views = usual + np.round(0.2 * usual * np.sin(np.arange(150) * 0.9) + 0.08 * usual * np.cos(np.arange(150) * 2.3))
    return DailyViews(series=DailySeries(start=date(2024, 3, 1), values=tuple(views), name="mine.csv"), window=3)


@pytest.fixture(scope="module")
def on_large_views(play):
    return play(Backprop, check_scene, run=short(dataset=views_around(512.0)))


def test_small_slopes_have_more_decimals_in_the_gradient(on_large_views):
    """The w's have slopes in the thousands, but a c's slope still reads 0.43."""
    scene = on_large_views.scene
    names, texts = parameter_names(scene.run), scene.row.numbers
    assert max(abs(number(text)) for text in texts.values()) > 100
    for k, text in texts.items():
        assert number(text) or not scene.day_step.slopes.theta[k], "only what is 0 reads 0"
        if letter_of(names[k]) == "c":
            assert number(text) == number(scene.orange.lines[2, 0, k - names.index("c_1")][1])


def test_on_large_views_a_helpful_step_is_found_nearby(on_large_views):
    played, scene = on_large_views, on_large_views.scene
    assert played.findings == []
    assert played.beats[-1] == "step" and scene.day_step.after.error < scene.there.error
    assert np.abs(scene.day_step.after.r[0] - scene.there.r[0]).max() <= FARTHEST
    shown = [float(text.text.replace("\u2212", "-")) for text in scene.numbers[1]]
    assert shown == pytest.approx(scene.day_step.after.r[0], abs=0.0051)


def _above(trace_of, day: date) -> bool:
    theta = theta_in_view_units(RUN, trace_of(RUN).parameters[-1])
    example = example_of(RUN.dataset, day)
    return forward(RUN, theta, example.x, example.label).y > example.label


@pytest.mark.parametrize(("name", "lang"), list(zip(ENDS, ("en", "zh"), strict=True)))
def test_the_ends_of_the_bounds(play, trace_of, name, lang):
    run = ENDS[name]
    played = play(Backprop, check_scene, lang=lang, run=run)
    assert played.findings == []
    slopes = slopes_by_hand(trace_of, run, played.scene.example.day)
    for (k, i, j), label in played.scene.orange.lines.items():
        expected = slopes[f"w_{i + 1}_{j + 1}" if k == 0 else f"c_{j + 1}"]
        assert number(label[1]) == pytest.approx(expected, abs=0.0051)
