"""DeeperAndDeeper, at the end of each of its beats, against the picture that was looked at."""

from __future__ import annotations

from gradreel.scenes.lecture.deep.deeper_and_deeper import DeeperAndDeeper


def test_deeper_and_deeper(frames, look):
    frames(DeeperAndDeeper, **look)
