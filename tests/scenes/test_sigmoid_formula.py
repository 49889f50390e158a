"""sigmoid-formula: curve, corners, live numbers and gap are those of the core's two functions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from gradreel.core.errors import UserError
from gradreel.core.network.activations import hard_sigmoid, sigmoid
from gradreel.scenes.lecture.curves.sigmoid_formula import SigmoidFormula
from gradreel.scenes.mobjects.carried_curve import Sight, carry
from gradreel.scenes.mobjects.plot import Plot
from gradreel.scenes.mobjects.text import TextMobject
from gradreel.scenes.testing.layout import check_scene
from manim import VMobject

LETTERS = {
    "default": {},
    "gentle, low, far left": {"w": 0.1, "b": 20, "c": 0.1},
    "steep, right": {"w": 10, "b": -20},
    "downwards": {"c": -10, "w": 0.5, "b": 3},
    "odd": {"w": 3.7, "b": 1.234, "c": 2.345},
}

VIEWS = (
    ((0, 8), (-2, 3), {"left": -5, "right": -4, "bottom": -1, "top": 0}),
    ((-1, 5), (0, 2), {"left": -5, "right": 5, "bottom": -2, "top": 1}),
)
CORNERS = np.array([1.0, 3.0])


def drawn(plot, curve):
    return np.array([plot.data(point) for point in (*curve.get_start_anchors(), curve.get_end())]).T


def number(text):
    return float(text.replace("\u2212", "-").replace("\u2009", ""))


def everything(scene, beat):
    """Layout findings, both curves, and the live numbers at both ends of the axis."""
    findings = [str(finding) for finding in check_scene(scene)]
    curves = drawn(scene.plot, scene.hard), drawn(scene.plot, scene.curve)
    ends = []
    for x in scene.plot.x_range if beat == "limits" else ():
        scene._ride(x)
        ends.append((scene.plot.data(scene.dot.get_center()), [number(scene.live[key].text) for key in "eyx"]))
    return findings, curves, ends


@pytest.mark.parametrize("parameters", LETTERS.values(), ids=LETTERS)
def test_for_any_letters_curves_and_numbers_are_the_cores_and_nothing_touches(play, parameters):
    seen = play(SigmoidFormula, everything, **parameters).seen
    assert [beat for beat, (findings, *_) in seen.items() if findings] == []
    given = SigmoidFormula.validated(parameters)
    start, end = (-2 - given.b) / given.w, (2 - given.b) / given.w
    for beat in ("soft", "limits", "name"):
        (x, y), (at, soft) = seen[beat][1]
        assert y == pytest.approx(given.c * hard_sigmoid(x, start, end), abs=1e-6)
        assert soft == pytest.approx(given.c * sigmoid(given.b + given.w * at), abs=1e-6)
    for (x, y), (power, shown_y, shown_x) in seen["limits"][2]:
        inside = given.b + given.w * x
        assert y == pytest.approx(given.c * float(sigmoid(inside)), abs=1e-6)
        assert shown_y == pytest.approx(y, abs=0.00501)
        assert power == pytest.approx(math.exp(-inside), abs=0.00501 if power < 100 else 0.501)
        assert shown_x == pytest.approx(x, abs=0.0501)


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 1.0])
def test_tangents_have_the_slopes_of_both_curves_and_the_numbers_say_them(play, share):
    scene = play(SigmoidFormula, until="soft").scene
    slopes, w, c = scene.slopes, scene.w, scene.c
    slopes.show(share)
    (x, y), (ahead, higher) = (scene.plot.data(end) for end in slopes.tangents[1].get_start_and_end())
    middle, step = (x + ahead) / 2, 1e-5
    hard, soft = (
        float(np.diff(curve(np.array([middle - step, middle + step])))[0]) / (2 * step)
        for curve in (
            lambda at: c * hard_sigmoid(at, scene.start, scene.end),
            lambda at: c * sigmoid(scene.b + w * at),
        )
    )
    assert (higher - y) / (ahead - x) == pytest.approx(soft, rel=1e-4) and soft > 0
    assert [number(each.text) for each in slopes.numbers] == pytest.approx([hard, soft], abs=0.00501)


def test_a_line_is_cut_off_and_stretched_to_the_blue_function(play):
    scene = play(SigmoidFormula, until="line").scene
    line = VMobject()
    scene._draw_line(line, 1.0, 0.0)
    x, y = drawn(scene.plot, line)
    assert np.ptp(np.diff(y) / np.diff(x)) < 1e-6 and y.min() < 0 and y.max() > 1  # straight, beyond both cuts
    scene._draw_line(line, 1.0, 1.0)
    x, y = drawn(scene.plot, line)
    np.testing.assert_allclose(y, hard_sigmoid(x, scene.start, scene.end), atol=1e-9)
    (x, y) = drawn(scene.plot, scene.hard)
    np.testing.assert_allclose(y, scene.c * hard_sigmoid(x, scene.start, scene.end), atol=1e-9)


def test_the_cases_are_written_with_the_curves_numbers(play):
    def cases(**letters):
        return play(SigmoidFormula, lambda scene, _: scene.cases.source, until="cases", **letters).last

    rising, falling = cases(w=0.5, b=-1.0, c=3.0), cases(w=1.0, b=-4.0, c=-2.0)
    assert "0.375 thin (x_1 + 2)" in rising and "x_1 > 6" in rising  # slope 3 * 0.5 / 4, from -2 to 6
    assert "-0.5 thin (x_1 - 2)" in falling and "x_1 > 6" in falling


def test_the_corners_are_pointed_at_and_the_hard_curve_is_named(play):
    def look(scene, beat):
        written = [part.source for part in scene.get_mobject_family_members() if isinstance(part, TextMobject)]
        middles = [edge.get_anchors()[len(edge.get_anchors()) // 2] for edge in scene.edges] if beat == "name" else []
        return [scene.plot.data(middle) for middle in middles], "hard sigmoid" in written

    corners, named = play(SigmoidFormula, look, w=2.0, b=1.0, c=5.0).seen["name"]
    assert corners == [pytest.approx((-1.5, 0.0)), pytest.approx((0.5, 5.0))] and named


def test_a_curve_that_moves_into_the_plot_stays_the_same_function():
    small, large = (Plot(x, y, **box) for x, y, box in VIEWS)
    line = VMobject()
    way = carry(
        line, lambda x: 2 * hard_sigmoid(x, 1, 3), *(Sight(p.x_range, p.at, 5.0) for p in (small, large)), (1, 3)
    )
    way.begin()
    way.interpolate(0.5)
    middle = (small.at(CORNERS, [0, 2]) + large.at(CORNERS, [0, 2])) / 2
    points = np.array([*line.get_start_anchors(), line.get_end()])
    for corner in middle:
        assert np.abs(points - corner).max(axis=1).min() < 1e-6
    ramp = points[(points[:, 0] >= middle[0, 0]) & (points[:, 0] <= middle[1, 0])]
    straight = np.interp(ramp[:, 0], middle[:, 0], middle[:, 1])
    assert len(ramp) > 20 and ramp[:, 1] == pytest.approx(straight, abs=1e-6)


def test_by_default_the_first_piece_of_the_red_curve_is_shown_and_others_have_no_number(play):
    def number_of(**letters):
        return play(SigmoidFormula, lambda scene, _: scene.number, until="cases", **letters).last

    assert number_of() == 1
    assert number_of(w=8 / 3, b=-10, c=-2) == 2
    assert number_of(w=2, b=-4, c=2) is None


def test_the_formula_is_built_from_the_inside_and_no_letter_has_a_number_yet(play):
    def look(scene, beat):
        written = [part.source for part in scene.get_mobject_family_members() if isinstance(part, TextMobject)]
        built = set(scene.built.parts) if beat not in ("cases", "line", "soft") else set()
        dimmed = [glyph for glyph in getattr(scene, "built", ()) if getattr(glyph, "emphasis", 1) != 1]
        return built, dimmed, [source for source in written if "= -3" in source or "= 2.5" in source]

    seen = play(SigmoidFormula, look, w=2.5, b=-1, c=-3).seen
    power = {"bias", "plus-in", "w", "x", "e", "minus", "brackets"}
    assert seen["fraction"][0] == power | {"y", "equals", "c", "sigmoid"}
    assert not any(dimmed or numbers for _, dimmed, numbers in seen.values())


@pytest.mark.parametrize(
    ("message", "parameters"),
    [
        ("w: Input should be greater than or equal to 0.1", {"w": 0}),
        ("b: Input should be less than or equal to 20", {"b": 21}),
        ("c must be at least 0.1, up or down, got 0", {"c": 0}),
    ],
)
def test_letters_out_of_bounds_are_refused(message, parameters):
    with pytest.raises(UserError, match=message) as refusal:
        SigmoidFormula.validated(parameters)
    assert "sigmoid-formula" in str(refusal.value)
