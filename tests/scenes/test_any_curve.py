"""any-curve: points lie on the function, gaps are measured, and the words follow the numbers."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from gradreel.core.curves.expression import expression
from gradreel.scenes.lecture.curves.any_curve import AnyCurve
from gradreel.scenes.lecture.curves.build_curve import BuildCurve
from gradreel.scenes.lecture.curves.convergence import converge
from gradreel.scenes.lecture.curves.pictures.gap_counter import GapCounter, two_digits
from gradreel.scenes.testing.layout import check_scene
from manim import VGroup, VMobject

DEFAULT = AnyCurve.validated({})
TWO_DIGITS = 0.051  # a number's share that its first two digits may leave out
SCENES = {
    "default": {},
    "even is best": {"function": "x**2", "points": [2, 3, 8]},
    "steep at the start": {"function": "sqrt(x)"},
    "many points": {"points": [2, 4, 8, 16, 64, 128]},
    "a wide axis": {"low": -1e6, "high": 1e6, "function": "sin(x/1e5)"},
    "too few points": {"function": "sin(5*x)", "points": [3, 5, 9, 17]},
}


def measured():
    return converge(expression(DEFAULT.function), DEFAULT.low, DEFAULT.high, DEFAULT.points)


@pytest.fixture(scope="module")
def film(play):
    """Play the default once for all tests; return observations at the end of each beat."""

    def look(scene, beat):
        joined, plot = scene.joined, scene.joined.plot
        bottom, top = (plot.data(joined.mark.get_critical_point((0, side, 0)))[1] for side in (-1, 1))
        blue = [plot.data(p) for p in joined.blue.get_start_anchors()] if beat != "smooth" else []
        return SimpleNamespace(
            points=np.array([plot.data(dot.get_center()) for dot in joined.knots]),
            blue=np.array(blue),
            mark=top - bottom,
            gap=joined.counter.gap.text,
            count=joined.counter.count.text,
            pieces=scene.formula.pieces,
            findings=list(map(str, check_scene(scene, beat))),
        )

    return play(AnyCurve, look)


@pytest.fixture(scope="module")
def others(play):
    """``others(name)``: one of `SCENES`, played once for all tests; of each beat the findings and the gap shown."""

    @cache
    def film_of(name):
        return play(
            AnyCurve,
            lambda scene, beat: SimpleNamespace(findings=check_scene(scene, beat), gap=scene.joined.counter.gap.text),
            **SCENES[name],
        )

    return film_of


def test_points_lie_on_the_function_and_blue_connects_them(film):
    seen = film.seen
    function, found = expression(DEFAULT.function), measured()
    for beat, curve in {"points": found.curves[0], "more": found.curves[-1]}.items():
        points, blue = seen[beat].points, seen[beat].blue
        assert points == pytest.approx(np.column_stack([curve.x, function(curve.x)]), abs=1e-6)
        x, y = blue.T
        assert y == pytest.approx(curve(x), abs=1e-6)


def test_other_curves_are_followed_with_as_many_points(film):
    seen, scene = film.seen, film.scene
    points, blue = seen["any"].points, seen["any"].blue
    (function, found) = scene.others[-1]
    curve = found.curves[0]
    assert len(points) == 32 and points == pytest.approx(np.column_stack([curve.x, function(curve.x)]), abs=1e-6)
    assert blue[:, 1] == pytest.approx(curve(blue[:, 0]), abs=1e-6)


def test_the_mark_is_as_long_as_the_gap(film):
    seen = film.seen
    for beat in ("points", "more"):
        assert seen[beat].mark == pytest.approx(float(seen[beat].gap), rel=TWO_DIGITS)


def test_any_curve_begins_with_the_last_picture_of_build_curve(play, opening):
    def drawn(scene):
        heading = set(getattr(scene, "title", VGroup()).get_family())
        parts = [part for part in scene.get_mobject_family_members() if isinstance(part, VMobject)]
        shown = (part for part in parts if len(part.points) and part not in heading)
        seen = (part for part in shown if part.get_stroke_opacity() * part.get_stroke_width() + part.get_fill_opacity())
        boxes = ((*part.get_corner((-1, -1, 0))[:2], *part.get_corner((1, 1, 0))[:2]) for part in seen)
        return sorted(tuple(round(float(value), 2) for value in box) for box in boxes)

    first, last = opening(AnyCurve, drawn), drawn(play(BuildCurve).scene)
    assert len(first) > 50
    assert np.array(first) == pytest.approx(np.array(last), abs=0.02)


def test_counts_and_gaps_are_the_measured_ones(film):
    seen = film.seen
    errors = measured().errors
    expected = {"points": (4, errors[0]), "more": (32, errors[-1])}
    for beat, (count, gap) in expected.items():
        assert seen[beat].count == str(count)
        assert float(seen[beat].gap) == pytest.approx(gap, rel=TWO_DIGITS)
        assert seen[beat].pieces == count - 1


@pytest.mark.parametrize(
    ("gap", "written"),
    [
        (2.417, "2.4"),
        (0.0495, "0.050"),
        (0.00439, "0.0044"),
        (0.996, "1.0"),
        (123.4, "120"),
        (0.0, "0.0"),
        (1e-12, "0.0000000"),
    ],
)
def test_a_gap_is_written_with_its_first_two_digits_and_begins_at_one_place(gap, written):
    counter = GapCounter("points", "largest gap", 32, [gap, 2.4, 0.0123])
    left = counter.gap_left
    for value, text in ((gap, written), (2.4, "2.4"), (0.0123, "0.012")):
        counter.set_gap(value)
        assert counter.gap.text == text == two_digits(value)
        assert counter.gap.get_left()[0] == pytest.approx(left) and counter.get_right()[0] < 6.41


def test_each_term_is_added_after_it_is_drawn(film):
    parts = measured().curves[0].decompose()
    scene = film.scene
    assert scene.terms.sum.added == len(parts) == 3
    x, y = np.array([scene.narrow.data(p) for p in scene.terms.sum.blue.get_start_anchors()]).T
    assert y == pytest.approx(parts(x), abs=1e-6)


def test_the_gaps_in_the_list_are_measured_and_twice_the_points_leave_about_a_quarter(film):
    rows = [(count.source, gap.source) for count, gap in film.scene.gaps[1:]]
    errors = measured().errors
    assert rows == list(zip(("4", "8", "16", "32"), map(two_digits, errors), strict=True))
    assert [gap for _, gap in rows] == ["0.77", "0.21", "0.050", "0.012"]
    assert all(0.2 < after / before < 0.3 for before, after in pairwise(errors))
    assert all(after == 2 * before for before, after in pairwise(DEFAULT.points))


@pytest.mark.parametrize("name", SCENES)
def test_layout_holds_for_any_function(others, film, name):
    seen = film.seen if name == "default" else others(name).seen
    found = {beat: there.findings for beat, there in seen.items()}
    assert {beat: findings for beat, findings in found.items() if findings} == {}
    assert list(found) == ["smooth", "points", "more", "any"]
