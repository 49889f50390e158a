"""WhyDeep, at the end of each of its beats, against the picture that was looked at; short runs, alike everywhere."""

from __future__ import annotations

from gradreel.core.datasets import PointsDataset, TwoSpirals
from gradreel.scenes.lecture.deep.why_deep import WhyDeep

SPIRALS = PointsDataset(points=TwoSpirals(turns=1, points=30))
SHORT = {
    "epochs": 30,
    "folds": 3,
    "seeds": (0, 1, 2),
    "dataset": SPIRALS,
    "fat": 9,
    "deep": (4, 4),
    "learning_rate": 0.05,
}


def test_why_deep(frames, look):
    frames(WhyDeep, **SHORT, **look)
