"""any-curve, at the end of each of its beats, against the picture that was looked at."""

from __future__ import annotations

from gradreel.scenes.lecture.curves.any_curve import AnyCurve


def test_any_curve(frames, look):
    frames(AnyCurve, **look)
