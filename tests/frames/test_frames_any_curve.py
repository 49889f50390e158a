"""any-curve, at the end of each of its beats, against the picture that was looked at."""

from __future__ import annotations

import pytest
from gradreel.scenes.lecture.any_curve import AnyCurve


@pytest.mark.parametrize(("lang", "theme"), [("en", "dark"), ("zh", "light")])
def test_any_curve(frames, lang, theme):
    frames(AnyCurve, lang=lang, theme=theme, layout=True)


def test_a_curve_for_which_even_points_are_best(frames):
    frames(AnyCurve, function="x**2", points=[2, 4, 8])


def test_any_curve_layout(layout):
    layout(AnyCurve, theme="light")
