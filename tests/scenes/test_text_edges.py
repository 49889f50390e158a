"""Tests of texts: their edges are Manim's, bit for bit; invalid Typst is reported."""

from __future__ import annotations

import numpy as np
import pytest
from gradreel.core.errors import UserError
from gradreel.scenes.mobjects.text import TextMobject, formula, words
from hypothesis import given
from hypothesis import strategies as st
from manim import DL, DOWN, LEFT, ORIGIN, RIGHT, UP, VGroup

EDGES = (LEFT, RIGHT, UP, DOWN, ORIGIN, DL)
PLACES = st.floats(-100, 100)


def as_manim(text: TextMobject) -> VGroup:
    """Return a plain VGroup of the text's glyphs, whose edges Manim computes."""
    group = VGroup()
    group.submobjects = text.submobjects
    return group


@given(x=PLACES, y=PLACES, scale=st.floats(0.01, 100), turn=st.floats(-4, 4))
@pytest.mark.parametrize("source", ["a", "Loss $l(x)^2$ of 40", "$$"])
def test_edges_of_a_text_are_those_that_manim_finds(source, x, y, scale, turn):
    text = words(source).shift([x, y, 1.0]).scale(scale).rotate(turn)
    manims = as_manim(text)
    np.testing.assert_array_equal(text.get_points_defining_boundary(), manims.get_points_defining_boundary())
    for edge in EDGES:
        np.testing.assert_array_equal(text.get_critical_point(edge), manims.get_critical_point(edge))
    assert (text.width, text.height, text.depth) == (manims.width, manims.height, manims.depth)


def test_a_text_without_glyphs_is_at_the_centre_and_has_no_size():
    text = words(" ")
    assert (text.width, text.height, text.get_left().tolist()) == (0, 0, [0, 0, 0])


@pytest.mark.parametrize(
    ("write", "wrong"), [(words, "slope $yelow(w)$ = 2"), (formula, "frac(1, 2"), (formula, 'part("a", x) + "b')]
)
def test_invalid_typst_is_the_users_mistake_and_is_quoted(write, wrong):
    with pytest.raises(UserError) as raised:
        write(wrong)
    assert wrong in str(raised.value)
