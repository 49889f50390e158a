"""StackLayers, at the end of each of its beats, against the picture that was looked at."""

from __future__ import annotations

import pytest
from gradreel.scenes.lecture.layers import StackLayers


@pytest.mark.parametrize(("lang", "theme"), [("en", "dark"), ("zh", "light")])
def test_stack_layers(frames, lang, theme):
    frames(StackLayers, lang=lang, theme=theme, layout=True)


def test_stack_layers_layout(layout):
    layout(StackLayers, theme="light")
