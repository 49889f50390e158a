"""relu: two ReLUs are a hard sigmoid exactly, and the printed numbers add up."""

from __future__ import annotations

import numpy as np
import pytest
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.core.network.activations import hard_sigmoid, relu, sigmoid
from gradreel.scenes.lecture.curves.relu import Relu
from gradreel.scenes.mobjects.three_steps import three_steps
from gradreel.scenes.testing.layout import check_scene

RUN = Experiment(epochs=40)
LETTERS = {
    "default": {},
    "gentle, low, far left": {"w": 0.1, "b": 20, "c": 0.1},
    "steep, right": {"w": 10, "b": -20},
    "downwards": {"c": -10, "w": 0.5, "b": 3},
    "odd": {"w": 3.7, "b": 1.234, "c": 2.345},
}


def drawn(plot, curve):
    return np.array([plot.data(point) for point in (*curve.get_start_anchors(), curve.get_end())]).T


def everything(scene, beat):
    """Layout findings; the curves and the printed numbers of beat "two"."""
    findings = [str(finding) for finding in check_scene(scene)]
    if beat != "two":
        return findings, [], [], []
    curves = [drawn(scene.plot, curve) for curve in (scene.one, scene.two, scene.sum.curve)]
    return (
        findings,
        curves,
        [number.text.replace("\u2212", "-") for number in scene.sum.numbers],
        [float(text.source.removeprefix("$display(").removesuffix(")$")) for text in scene.letters],
    )


@pytest.mark.parametrize("parameters", LETTERS.values(), ids=LETTERS)
def test_for_any_letters_two_relus_are_a_hard_sigmoid_and_add_up_as_printed(play, parameters):
    seen = play(Relu, everything, run=RUN, **parameters).seen
    assert [beat for beat, (findings, *_) in seen.items() if findings] == []
    given = Relu.validated(parameters)
    (x, first), (_, second), (at, total) = seen["two"][1]
    scale = abs(given.c)
    assert first == pytest.approx(given.c * relu(given.b + given.w * x), abs=1e-6 * scale)
    assert second == pytest.approx(-given.c * relu(given.b - 1 + given.w * x), abs=1e-6 * scale)
    start, end = -given.b / given.w, (1 - given.b) / given.w
    assert total == pytest.approx(given.c * hard_sigmoid(at, start, end), abs=1e-6 * scale)
    assert first + second == pytest.approx(given.c * hard_sigmoid(x, start, end), abs=1e-6 * scale)
    texts = seen["two"][2]
    printed = [float(text) for text in texts]
    assert printed[0] == pytest.approx(printed[1] + printed[2], abs=1e-9)
    letters = [given.c, given.b, given.w, -given.c, given.b - 1, given.w]
    assert seen["two"][3] == pytest.approx(letters, rel=0.005)  # three digits
    assert printed[0] == pytest.approx(given.c, abs=0.51 * 10.0 ** -len(texts[0].partition(".")[2]))


def test_the_line_that_sweeps_stands_where_the_numbers_are_read(play):
    def look(scene, beat):
        if beat != "two":
            return None
        scene.sum.show(2.2)
        return [scene.plot.data(mark.get_center()) for mark in scene.sum.dots], [n.text for n in scene.sum.numbers]

    marks, texts = play(Relu, look, run=RUN).seen["two"]  # c = 3, w = 0.5, b = -0.5
    assert marks == [pytest.approx((2.2, 1.8)), pytest.approx((2.2, 0.0)), pytest.approx((2.2, 1.8))]
    assert texts == ["1.80", "1.80", "0.00"]


def test_the_first_relu_bends_where_its_bracket_is_zero(play):
    def look(scene, beat):
        return scene.plot.data(scene.bend[0].get_center()) if beat == "relu" else None

    assert play(Relu, look, run=RUN, w=4.0, b=6.0).seen["relu"] == pytest.approx((-1.5, 0.0), abs=1e-6)


def test_the_hard_sigmoid_is_asked_for_and_breaks_into_the_relu(play):
    def look(scene, beat):
        if beat not in ("map", "relu"):
            return None
        shown = scene.get_mobject_family_members()
        assert scene.one in shown and (scene.soft in shown) is (beat == "map")
        return [drawn(scene.plot, curve) for curve in (scene.soft, scene.one)]

    for c in (3.0, -2.0):
        seen = play(Relu, look, run=RUN, c=c).seen
        (x, soft), (_, hard) = seen["map"]
        assert hard == pytest.approx(c * hard_sigmoid(x, 1.0, 3.0), abs=1e-6)  # to the scale of the axis, as later
        assert soft == pytest.approx(c * sigmoid(2 * (x - 2)), abs=1e-6)  # as steep in the middle
        x, first = seen["relu"][1]
        assert first == pytest.approx(c * relu(0.5 * x - 0.5), abs=1e-6)


def test_relu_is_the_upper_one_of_zero_and_the_bracket_before_it_is_stretched_by_c(play, monkeypatch):
    lifted = []
    stretch = Relu._stretch

    def look(scene):
        lifted.append((drawn(scene.plot, scene.bracket), scene.plot.data(scene.line[0].get_end())))
        stretch(scene)

    monkeypatch.setattr(Relu, "_stretch", look)
    for c in (3.0, -2.0):
        play(Relu, run=RUN, c=c)
    assert len(lifted) == 2
    for (x, height), end in lifted:
        assert height == pytest.approx(relu(0.5 * x - 0.5), abs=1e-6)  # without c
        assert end[1] == pytest.approx(0.5 * end[0] - 0.5, abs=1e-6)


def test_the_heights_of_the_curves_can_be_read_at_the_axis(play):
    def look(scene, beat):
        labels = scene.plot.y_tick_labels
        return [(label.source, scene.plot.data(label.get_center())[1]) for label in labels]

    ticks = play(Relu, look, run=RUN).seen["two"]
    assert [float(text) for text, _ in ticks] == [0.0, 3.0, 6.0]
    assert [height for _, height in ticks] == pytest.approx([0.0, 3.0, 6.0], abs=0.1)


def test_the_map_opens_on_step_three_which_is_behind_us(play, monkeypatch):
    opened = []

    def opening(scene, run, current):
        opened.append(current)
        return three_steps(scene, run, current)

    monkeypatch.setattr("gradreel.scenes.lecture.curves.relu.three_steps", opening)
    play(Relu, run=RUN)
    assert opened == [3]


def test_the_sum_is_first_one_of_hard_sigmoids_then_of_twice_as_many_relus(play):
    written = play(Relu, lambda scene, beat: beat == "sum" and scene.formula.source, run=RUN).seen
    assert "max" in written["sum"] and "sum_(2i)" in written["sum"] and "sigmoid(" not in written["sum"]


def test_the_small_pictures_are_the_same_functions(play):
    def look(scene, beat):
        if beat == "sum":
            return [drawn(icon.plot, icon.curve) for icon in scene.icons[:3]]
        return [drawn(panel.plot, panel.curve) for panel in scene.panels] if beat == "names" else None

    seen = play(Relu, look, run=RUN).seen
    (x, hard), (_, first), (_, second) = seen["sum"]
    assert hard == pytest.approx(3 * hard_sigmoid(x, 1.0, 3.0), abs=1e-6)
    assert first + second == pytest.approx(hard, abs=1e-6)
    (r, soft), (_, bent) = seen["names"]
    assert soft == pytest.approx(sigmoid(r), abs=1e-6) and bent == pytest.approx(relu(r), abs=1e-6)


@pytest.mark.parametrize(
    ("message", "parameters"),
    [
        ("w: Input should be greater than or equal to 0.1", {"w": 0.05}),
        ("b: Input should be greater than or equal to -20", {"b": -21}),
        ("c must be at least 0.1, up or down, got 0.05", {"c": 0.05}),
        ("relu draws the curve that the network learns", {"run": {"dataset": {"kind": "daily views"}}}),
    ],
)
def test_letters_out_of_bounds_are_refused(message, parameters):
    with pytest.raises(UserError, match=message) as refusal:
        Relu.validated(parameters)
    assert "relu" in str(refusal.value)
