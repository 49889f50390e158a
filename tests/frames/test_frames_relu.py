"""relu, at the end of each of its beats, against the picture that was looked at."""

from __future__ import annotations

from gradreel.scenes.lecture.curves.relu import Relu


def test_relu(frames, look):
    frames(Relu, **look)
