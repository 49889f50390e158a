"""sigmoid-formula: curve, corners, live numbers and gap are those of the core's two functions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from gradreel.core.network.activations import hard_sigmoid, sigmoid
from gradreel.scenes.lecture.curves.sigmoid_formula import SigmoidFormula
from gradreel.scenes.mobjects.text import TextMobject
from gradreel.scenes.testing.layout import check_scene

LETTERS = {
    "gentle, low, far left": {"w": 0.1, "b": 20, "c": 0.1},
    "downwards": {"c": -10, "w": 0.5, "b": 3},
    "odd": {"w": 3.7, "b": 1.234, "c": 2.345},
}


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


def test_tangents_have_the_slopes_of_both_curves_and_the_numbers_say_them(play):
    scene = play(SigmoidFormula, until="soft").scene
    slopes, step = scene.slopes, 1e-5

    def slope(curve, at):
        return scene.c * float(np.diff(curve(np.array([at - step, at + step])))[0]) / (2 * step)

    for share in (0.0, 0.2, 0.5, 1.0):
        slopes.show(share)
        (x, y), (ahead, higher) = (scene.plot.data(end) for end in slopes.tangents[1].get_start_and_end())
        hard = slope(lambda at: hard_sigmoid(at, scene.start, scene.end), (x + ahead) / 2)
        soft = slope(lambda at: sigmoid(scene.b + scene.w * at), (x + ahead) / 2)
        assert (higher - y) / (ahead - x) == pytest.approx(soft, rel=1e-4) and soft > 0
        assert [number(each.text) for each in slopes.numbers] == pytest.approx([hard, soft], abs=0.00501)


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


def test_by_default_the_first_piece_of_the_red_curve_is_shown_and_others_have_no_number(play):
    def number_of(**letters):
        return play(SigmoidFormula, lambda scene, _: scene.number, until="cases", **letters).last

    assert number_of() == 1
    assert number_of(w=8 / 3, b=-10, c=-2) == 2
    assert number_of(w=2, b=-4, c=2) is None
