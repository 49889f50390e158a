"""Glyphs are copied faster than Manim copies: a copy is what Manim's would be, and nothing of it is the original's."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest
from gradreel.scenes.mobjects.text import Glyph, Number, formula, words
from gradreel.scenes.style import emphasis, emphasize, palette
from manim import DOWN, VGroup, VMobject

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
    if isinstance(ours, VMobject):
        return type(ours) is type(theirs) and attributes_differ(ours, theirs) == []
    if isinstance(ours, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    return type(ours) is type(theirs) and ours == theirs


def attributes_differ(ours: VMobject, theirs: VMobject) -> list[str]:
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
