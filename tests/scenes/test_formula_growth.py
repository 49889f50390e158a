"""Tests of growing formulas: parts of one name move, and afterwards only the new formula is on screen."""

from __future__ import annotations

import numpy as np
import pytest
from gradreel.scenes.lecture.curves.pictures.sum_formula import SumFormula
from gradreel.scenes.mobjects import lecture_formulas
from gradreel.scenes.mobjects.formula_growth import grow
from gradreel.scenes.mobjects.text import TextMobject, formula
from manim import Scene

OLD, NEW = (
    'part("y", blue(y)) part("w", yellow(w)) part("x", x_1)',
    'part("y", blue(y)) + part("w", yellow(w_j)) part("x", x_j)',
)
SOURCES = {
    "linear": lecture_formulas.linear_source(),
    "sigmoid": lecture_formulas.one_sigmoid_source(),
    "fraction": lecture_formulas.one_sigmoid_source(fraction=True),
    "sum": lecture_formulas.sum_of_sigmoids_source(3),
    "features": lecture_formulas.many_features_source(),
    "features with limits": lecture_formulas.many_features_source(3, 56),
    "features relu": lecture_formulas.many_features_source(3, 56, "relu"),
    "relu": lecture_formulas.relu_source(),
    "matrix": lecture_formulas.matrix_source(),
}


def looks(text: TextMobject) -> list:
    return [(glyph.points.copy(), glyph.get_fill_color().to_hex(), glyph.get_fill_opacity()) for glyph in text]


def same(first: list, second: list) -> bool:
    return all(np.allclose(a[0], b[0]) and a[1:] == b[1:] for a, b in zip(first, second, strict=True))


def run(animations, share: float) -> None:
    """Take the animations to a share of their time, as a scene does."""
    scene = Scene()
    for animation in animations:
        animation._setup_scene(scene)
        animation.begin()
    for animation in animations:
        animation.interpolate(share)


def played(old, new, **how) -> Scene:
    scene = Scene()
    scene.add(*([old] if isinstance(old, TextMobject) else old))
    animations = grow(old, new, **how)
    for animation in animations:
        animation._setup_scene(scene)
        animation.begin()
    for animation in animations:
        animation.finish()
        animation.clean_up_from_scene(scene)
    return scene


def test_afterwards_the_new_formula_is_on_screen_and_both_look_as_before():
    old, new = formula(OLD, 40).move_to([-3, 1, 0]), formula(NEW, 60).move_to([2, -1, 0])
    before, wanted = looks(old), looks(new)
    scene = played(old, new)
    assert new in scene.mobjects
    assert not set(old.get_family()) & set(scene.get_mobject_family_members())
    assert same(looks(new), wanted)
    assert same(looks(old), before)


def test_a_part_starts_at_the_old_one_and_is_halfway_in_between():
    old, new = formula(OLD, 40).move_to([-3, 1, 0]), formula(NEW, 60).move_to([2, -1, 0])
    start, end = old.part("y").get_center(), new.part("y").get_center()
    run(grow(old, new), 0.0)
    assert new.part("y").get_center() == pytest.approx(start)
    assert new.part("y").height == pytest.approx(old.part("y").height)
    assert [glyph.get_fill_opacity() for glyph in old] == [0] * len(old)  # drawn by the new one from now on
    new = formula(NEW, 60).move_to([2, -1, 0])
    run(grow(formula(OLD, 40).move_to([-3, 1, 0]), new), 0.375)  # half of the time in which parts move
    assert new.part("y").get_center() == pytest.approx((start + end) / 2)


def test_new_glyphs_appear_after_parts_have_moved():
    plus = {}
    for share in (0.0, 0.5, 1.0):
        new = formula(NEW, 60)
        run(grow(formula(OLD, 40), new), share)
        plus[share] = new[1].get_fill_opacity()  # the plus has no name
    assert plus == {0.0: 0.0, 0.5: 0.0, 1.0: 1.0}


def test_within_a_part_equal_glyphs_move_and_others_morph():
    old, new = formula('part("n", 28)', 40), formula('part("n", 256)', 40)
    run(grow(old, new), 0.0)
    assert new[0].get_center() == pytest.approx(old[0].get_center())  # 2 is 2
    assert new[1].get_center() == pytest.approx(old[1].get_center())  # 8 becomes 5
    assert new[2].get_fill_opacity() == 0  # 6 had nothing to come from


def test_a_part_may_come_from_another_and_end_in_another():
    row = formula(lecture_formulas.row_source(1, 2), 40).move_to([0, 2, 0])
    new = formula(lecture_formulas.vector_row_source(), 40).move_to([0, -2, 0])
    where = row.part("w_2")[0].get_center()
    animations = grow(row, new, origins={"w": "w_2"}, ends={"x_1": "x"})
    run(animations, 0.0)
    assert new.part("w").get_center() == pytest.approx(where)
    run(grow(row, new, ends={"x_1": "x"}), 0.75)
    assert row.part("x_1")[0].get_center() == pytest.approx(new.part("x").get_center(), abs=1e-6)
    assert row.part("x_1")[0].get_fill_opacity() == pytest.approx(0.0)


def test_several_formulas_become_one_and_the_first_with_a_name_is_its_origin():
    first, second = formula(OLD, 40).move_to([-3, 0, 0]), formula(NEW, 40).move_to([3, 0, 0])
    new = formula(NEW, 50).move_to([0, -2, 0])
    places = {"y": first.part("y").get_center(), "x": second.part("x").get_center()}
    run(grow([first, second], new, origins={"x": (second, "x")}), 0.0)
    assert new.part("y").get_center() == pytest.approx(places["y"])
    assert new.part("x").get_center() == pytest.approx(places["x"])
    scene = played([first, second], new)
    assert scene.mobjects == [new]


@pytest.mark.parametrize(
    "how", [{"origins": {"w": "v"}}, {"origins": {"v": "w"}}, {"ends": {"w": "v"}}, {"ends": {"v": "w"}}]
)
def test_a_missing_part_is_named(how):
    with pytest.raises(KeyError, match=r"has no part .*v.*it has y, w, x"):
        grow(formula(OLD, 40), formula(NEW, 40), **how)


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_the_lectures_formulas_have_every_glyph_in_a_part(source):
    text = formula(source, 40)
    assert text.parts["y"] == [0]
    assert sorted(k for indices in text.parts.values() for k in indices) == list(range(len(text)))
    assert all(text.parts.values())


def test_the_sum_grows_out_of_the_one_that_sum_of_sigmoids_leaves():
    folded = SumFormula(3, 1.93, -6.4, 6.4).folded
    wanted = formula(lecture_formulas.sum_of_sigmoids_source(3), folded.font_size).place(1.93, left=-6.4)
    assert same(looks(folded), looks(wanted))
    assert folded.parts == wanted.parts
