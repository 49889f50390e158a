"""summary at the end of each of its beats, against the pictures that were looked at."""

from __future__ import annotations

import pytest
from gradreel.scenes.lecture.summary import Summary


@pytest.mark.parametrize(("lang", "theme"), [("en", "dark"), ("zh", "light")])
def test_summary(frames, lang, theme):
    frames(Summary, lang=lang, theme=theme, layout=True)


def test_summary_layout(layout):
    layout(Summary, theme="light")
