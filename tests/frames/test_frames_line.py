"""linear-limits, at the end of each of its beats, against the picture that was looked at."""

from __future__ import annotations

import pytest
from gradreel.scenes.lecture.line import LinearLimits


@pytest.mark.parametrize(("lang", "theme"), [("en", "dark"), ("zh", "light")])
def test_linear_limits(frames, lang, theme):
    frames(LinearLimits, lang=lang, theme=theme, layout=True)


def test_a_line_that_is_enough(frames):
    frames(LinearLimits, knots=[[0, 0], [20, 20]], noise=1)


def test_linear_limits_layout(layout):
    layout(LinearLimits, theme="light")
