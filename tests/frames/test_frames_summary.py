"""summary at the end of each of its beats, against the pictures that were looked at."""

from __future__ import annotations

from gradreel.scenes.lecture.opening.summary import Summary


def test_summary(frames, look):
    frames(Summary, **look)
