"""Copies and families are those of Manim, and a copy shares nothing with the original that can change."""

from __future__ import annotations

import operator
from copy import deepcopy

import numpy as np
import pytest
from gradreel.scenes.mobjects.text import Glyph, Number, formula, words
from gradreel.scenes.quick_mobjects import family, quick_mobjects
from gradreel.scenes.style import emphasis, emphasize, palette
from hypothesis import given
from hypothesis import strategies as st
from manim import DOWN, Circle, DashedLine, Dot, Group, Mobject, VGroup, VMobject

ARRAYS = ("points", "fill_rgbas", "stroke_rgbas", "background_stroke_rgbas")


def some_glyph() -> Glyph:
    glyph = emphasize(words("g"), 0.5)[0]
    emphasis(glyph, 0.8)  # leaves a target behind
    glyph.save_state()
    glyph.add(VMobject())
    return glyph


def by_manim(glyph: Glyph, monkeypatch: pytest.MonkeyPatch) -> Glyph:
    with monkeypatch.context() as patch:
        patch.delattr(Glyph, "__deepcopy__")
        return deepcopy(glyph)


def same(ours: object, theirs: object) -> bool:
    if isinstance(ours, np.ndarray):
        return ours.dtype == theirs.dtype and np.array_equal(ours, theirs)
    if isinstance(ours, Mobject):
        return type(ours) is type(theirs) and attributes_differ(ours, theirs) == []
    if isinstance(ours, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    return type(ours) is type(theirs) and ours == theirs


def attributes_differ(ours: Mobject, theirs: Mobject) -> list[str]:
    names = (vars(ours).keys() | vars(theirs).keys()) - {"original_id"}
    return [name for name in sorted(names) if not same(vars(ours).get(name), vars(theirs).get(name))]


def test_a_copy_has_all_that_manims_has(monkeypatch):
    glyph = some_glyph()
    ours, theirs = glyph.copy(), by_manim(glyph, monkeypatch)
    assert attributes_differ(ours, theirs) == []
    assert ours.original_id == theirs.original_id == str(id(glyph))


def test_nothing_that_can_change_is_shared(monkeypatch):
    glyph = some_glyph()
    clone, before = glyph.copy(), by_manim(glyph, monkeypatch)
    for name in ARRAYS:
        assert not np.shares_memory(getattr(clone, name), getattr(glyph, name)), name
        getattr(clone, name)[...] = 7
    clone.shift(DOWN).set_fill(palette.red).set_stroke(palette.blue, 3)
    clone.add_updater(lambda mobject: None)
    clone.target.shift(DOWN)
    clone.submobjects[0].shift(DOWN)
    clone.add(VMobject())
    assert attributes_differ(glyph, before) == []


def test_a_glyph_twice_in_a_group_is_twice_in_its_copy():
    glyph = words("a")[0]
    copied = VGroup(VGroup(glyph), VGroup(glyph)).copy()
    assert copied[0][0] is copied[1][0]
    assert copied[0][0] is not glyph


def test_copied_texts_and_numbers_are_independent():
    text, number = formula('part("x", x) + 1'), Number(1.25)
    other, second = text.copy(), number.copy()
    other.part("x").shift(DOWN)
    second.set_value(88.5)
    assert text.part("x").get_center()[1] != pytest.approx(other.part("x").get_center()[1])
    assert (number.text, second.text) == ("1.25", "88.50")
    assert [len(glyph.points) for glyph in number] == [len(glyph.points) for glyph in Number(1.25)]


def some_group() -> Group:
    line = DashedLine(color=palette.blue)
    dot = Dot(color=palette.red).save_state()
    dot.add_updater(lambda mobject: mobject.next_to(line, DOWN))
    circle = Circle().set_stroke(palette.blue, [1, 2])
    circle.points_there = [circle.points, (1, [2])]
    circle.target = circle.generate_target().shift(DOWN)
    return Group(line, VGroup(dot, line), circle, Group(Mobject(), words("a")))


def test_a_copy_of_any_mobject_has_all_that_manims_has():
    group = some_group()
    theirs = deepcopy(group)
    with quick_mobjects():
        ours = deepcopy(group)
    for our, their in zip(ours.get_family(), theirs.get_family(), strict=True):
        assert attributes_differ(our, their) == [], our
    assert ours[0] is ours[1][1] and ours[2].points_there[0] is ours[2].points
    assert not np.shares_memory(ours[2].points, group[2].points)
    assert ours[2].points_there[1] == (1, [2]) and ours[2].points_there[1][1] is not group[2].points_there[1][1]


def test_outside_manims_own_methods_are_in_place():
    before = Mobject.get_family, Mobject.__deepcopy__
    with quick_mobjects():
        assert Mobject.get_family is family
    assert (Mobject.get_family, Mobject.__deepcopy__) == before


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=12))
def test_a_family_is_that_of_manim_in_its_order_even_if_parts_are_shared_or_go_in_a_circle(edges):
    mobjects = [Mobject() for _ in range(7)]
    for parent, child in edges:
        mobjects[parent].submobjects.append(mobjects[child])
    assert all(map(operator.is_, family(mobjects[0]), mobjects[0].get_family()))
    assert len(family(mobjects[0])) == len(mobjects[0].get_family())
