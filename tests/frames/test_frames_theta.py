"""theta at the end of each of its beats, against the pictures that were looked at."""

from __future__ import annotations

from gradreel.scenes.lecture.networks.theta import Theta


def test_theta(frames, look):
    frames(Theta, **look)
