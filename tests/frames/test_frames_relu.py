"""relu, at the end of each of its beats, against the picture that was looked at."""

from __future__ import annotations

import pytest
from gradreel.scenes.lecture.relu import Relu


@pytest.mark.parametrize(("lang", "theme"), [("en", "dark"), ("zh", "light")])
def test_relu(frames, lang, theme):
    frames(Relu, lang=lang, theme=theme, layout=True)


def test_relus_downwards(frames):
    frames(Relu, c=-2.345)


def test_relu_layout(layout):
    layout(Relu, theme="light")
