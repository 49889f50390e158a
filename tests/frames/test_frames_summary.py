"""summary at the end of each of its beats, against the pictures that were looked at."""

from __future__ import annotations

from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.opening.summary import Summary


def test_summary(frames, monkeypatch, look):
    monkeypatch.setattr(LectureScene, "other_data", False)  # a small network stands for the lesson's
    monkeypatch.setattr(LectureScene, "checked_claims", ())
    frames(Summary, width=8, seeds=(0, 1), epochs=12, **look)
