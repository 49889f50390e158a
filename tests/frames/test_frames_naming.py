"""Naming, at the end of each of its beats, against the picture that was looked at."""

from __future__ import annotations

from gradreel.scenes.lecture.deep.naming import Naming


def test_naming(frames, look):
    frames(Naming, **look)
