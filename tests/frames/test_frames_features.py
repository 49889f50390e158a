"""more-features at the end of each of its beats, against the pictures that were looked at."""

from __future__ import annotations

from gradreel.scenes.lecture.networks.more_features import MoreFeatures


def test_more_features(frames, look):
    frames(MoreFeatures, **look)
