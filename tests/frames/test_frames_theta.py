"""theta at the end of each of its beats, against the pictures that were looked at."""

from __future__ import annotations

import pytest
from gradreel.scenes.lecture.theta import Theta


@pytest.mark.parametrize(("lang", "theme"), [("en", "dark"), ("zh", "light")])
def test_theta(frames, lang, theme):
    frames(Theta, lang=lang, theme=theme, layout=True)


def test_theta_layout(layout):
    layout(Theta, theme="light")
