"""DeeperAndDeeper, at the end of each of its beats, against the picture that was looked at."""

from __future__ import annotations

import pytest
from gradreel.scenes.lecture.deeper import DeeperAndDeeper


@pytest.mark.parametrize(("lang", "theme"), [("en", "dark"), ("zh", "light")])
def test_deeper_and_deeper(frames, lang, theme):
    frames(DeeperAndDeeper, lang=lang, theme=theme, layout=True)


def test_deeper_and_deeper_layout(layout):
    layout(DeeperAndDeeper, theme="light")
