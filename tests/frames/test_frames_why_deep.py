"""WhyDeep, at the end of each of its beats, against the picture that was looked at; short runs, alike everywhere."""

from __future__ import annotations

import pytest
from gradreel.scenes.lecture.why_deep import WhyDeep

SHORT = {"epochs": 30, "budget": 76, "depth": 3, "seeds": (0, 1, 2)}


@pytest.mark.parametrize(("lang", "theme"), [("en", "dark"), ("zh", "light")])
def test_why_deep(frames, lang, theme):
    frames(WhyDeep, lang=lang, theme=theme, **SHORT, layout=True)


def test_why_deep_layout(layout):
    layout(WhyDeep, theme="light", **SHORT)
