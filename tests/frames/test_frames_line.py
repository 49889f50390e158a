"""linear-limits, at the end of each of its beats, against the picture that was looked at."""

from __future__ import annotations

from gradreel.scenes.lecture.curves.linear_limits import LinearLimits


def test_linear_limits(frames, look):
    frames(LinearLimits, **look)


def test_a_line_that_is_enough(frames):
    frames(LinearLimits, knots=[[0, 0], [20, 20]], noise=1)
