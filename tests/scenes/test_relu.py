"""relu: two ReLUs are a hard sigmoid exactly, and the printed numbers add up."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest
from gradreel.core.experiment import Experiment
from gradreel.core.network.activations import hard_sigmoid, relu, sigmoid
from gradreel.scenes.lecture.curves.relu import Relu
from gradreel.scenes.testing.layout import check_scene

RUN = Experiment(epochs=40)
LETTERS = {
    "default": {},
    "gentle, low, far left": {"w": 0.1, "b": 20, "c": 0.1},
    "steep, right, downwards": {"w": 10, "b": -20, "c": -10},
    "odd": {"w": 3.7, "b": 1.234, "c": 2.345},
}


def drawn(plot, curve):
    return np.array([plot.data(point) for point in (*curve.get_start_anchors(), curve.get_end())]).T


def everything(scene, beat):
    """Return layout findings and observations at the end of a beat."""
    seen = SimpleNamespace(findings=[str(finding) for finding in check_scene(scene)])
    if beat == "relu":
        seen.bend = scene.plot.data(scene.bend[0].get_center())
    if beat == "two":
        seen.curves = [drawn(scene.plot, curve) for curve in (scene.one, scene.two, scene.sum.curve)]
        seen.printed = [number.text.replace("\u2212", "-") for number in scene.sum.numbers]
        seen.letters = [float(text.source.removeprefix("$display(").removesuffix(")$")) for text in scene.letters]
        scene.sum.show(2.2)
        seen.marks = [scene.plot.data(mark.get_center()) for mark in scene.sum.dots]
        seen.read = [number.text for number in scene.sum.numbers]
        scene.sum.show(scene.x_range[1])
    if beat == "sum":
        seen.formula = scene.formula.source
        seen.icons = [drawn(icon.plot, icon.curve) for icon in scene.icons[:3]]
    if beat == "names":
        seen.panels = [drawn(panel.plot, panel.curve) for panel in scene.panels]
        seen.slopes = [np.diff(drawn(panel.plot, line)) for panel, line in zip(scene.panels, scene.slopes, strict=True)]
    if beat == "slopes":
        seen.row = scene.row
    return seen


@pytest.fixture(scope="module")
def film(play):
    """Return ``film(name)``: the observations with these of `LETTERS`, played once for all tests."""
    return cache(lambda name: play(Relu, everything, run=RUN, **LETTERS[name]).seen)


@pytest.mark.parametrize("name", LETTERS)
def test_for_any_letters_two_relus_are_a_hard_sigmoid_and_add_up_as_printed(film, name):
    seen = film(name)
    assert [beat for beat, there in seen.items() if there.findings] == []
    given = Relu.validated(LETTERS[name])
    (x, first), (_, second), (at, total) = seen["two"].curves
    scale = abs(given.c)
    assert first == pytest.approx(given.c * relu(given.b + given.w * x), abs=1e-6 * scale)
    assert second == pytest.approx(-given.c * relu(given.b - 1 + given.w * x), abs=1e-6 * scale)
    start, end = -given.b / given.w, (1 - given.b) / given.w
    assert seen["relu"].bend == pytest.approx((start, 0.0), abs=1e-6 * scale), "where its bracket is zero"
    assert total == pytest.approx(given.c * hard_sigmoid(at, start, end), abs=1e-6 * scale)
    assert first + second == pytest.approx(given.c * hard_sigmoid(x, start, end), abs=1e-6 * scale)
    texts = seen["two"].printed
    printed = [float(text) for text in texts]
    assert printed[0] == pytest.approx(printed[1] + printed[2], abs=1e-9)
    letters = [given.c, given.b, given.w, -given.c, given.b - 1, given.w]
    assert seen["two"].letters == pytest.approx(letters, rel=0.005)  # three digits
    assert printed[0] == pytest.approx(given.c, abs=0.51 * 10.0 ** -len(texts[0].partition(".")[2]))


def test_the_sweeping_line_is_at_the_shown_numbers(film):
    seen = film("default")["two"]  # c = 3, w = 0.5, b = -0.5
    assert seen.marks == [pytest.approx((2.2, 1.8)), pytest.approx((2.2, 0.0)), pytest.approx((2.2, 1.8))]
    assert seen.read == ["1.80", "1.80", "0.00"]


def test_the_sum_is_first_one_of_hard_sigmoids_then_of_twice_as_many_relus(film):
    assert RUN.hidden == (3,)
    written = film("default")["sum"].formula
    assert "max" in written and "sum_(i=1)^6" in written and "sigmoid(" not in written


def test_the_small_pictures_are_the_same_functions(film):
    seen = film("default")
    (x, hard), (_, first), (_, second) = seen["sum"].icons
    assert hard == pytest.approx(3 * hard_sigmoid(x, 1.0, 3.0), abs=1e-6)
    assert first + second == pytest.approx(hard, abs=1e-6)
    (r, soft), (_, bent) = seen["names"].panels
    assert soft == pytest.approx(sigmoid(r), abs=1e-6) and bent == pytest.approx(relu(r), abs=1e-6)


def test_at_a_large_input_the_sigmoid_has_hardly_a_slope_and_relu_has_one(film):
    flat, climbing = (dy / dx for (dx,), (dy,) in film("default")["names"].slopes)
    assert 0 < flat < 0.01 and climbing == pytest.approx(1.0)


def test_relus_of_the_red_curve_are_lit_where_they_have_a_slope(film):
    row, curve = film("default")["slopes"].row, RUN.curve_data.curve()
    (x, total) = (drawn(row.boxes[0].plot, row.boxes[0].curve)[0], 0.0)
    for box in row.boxes:
        total = total + drawn(box.plot, box.curve)[1]
    assert total + curve(x)[0] == pytest.approx(curve(x), abs=1e-6), "they add up to it"
    for at in (1.2, 3.7, 6.0, 7.9):
        row.show(at)
        sloped = [np.gradient(np.interp([at - 0.01, at + 0.01], *drawn(box.plot, box.curve)))[0] for box in row.boxes]
        assert row.lit == int(row.count[1].text) == sum(abs(step) > 1e-6 for step in sloped) > 0
