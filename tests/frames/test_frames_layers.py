"""StackLayers, at the end of each of its beats, against the picture that was looked at."""

from __future__ import annotations

from gradreel.scenes.lecture.deep.stack_layers import StackLayers


def test_stack_layers(frames, look):
    frames(StackLayers, **look)
