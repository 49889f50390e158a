"""why-gradient at the end of each of its beats, against the pictures that were looked at."""

from __future__ import annotations

import pytest
from gradreel.scenes.lecture.why_gradient import WhyGradient


@pytest.mark.parametrize(("lang", "theme"), [("en", "dark"), ("zh", "light")])
def test_why_gradient(frames, lang, theme):
    frames(WhyGradient, lang=lang, theme=theme, layout=True)


def test_why_gradient_with_few_values(frames):
    frames(WhyGradient, values=5, sigmoids=(1, 2))


def test_why_gradient_layout(layout):
    layout(WhyGradient, theme="light")
