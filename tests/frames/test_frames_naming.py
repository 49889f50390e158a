"""Naming, at the end of each of its beats, against the picture that was looked at."""

from __future__ import annotations

import pytest
from gradreel.scenes.lecture.naming import Naming


@pytest.mark.parametrize(("lang", "theme"), [("en", "dark"), ("zh", "light")])
def test_naming(frames, lang, theme):
    frames(Naming, lang=lang, theme=theme, layout=True)


def test_naming_layout(layout):
    layout(Naming, theme="light")
