"""more-features at the end of each of its beats, against the pictures that were looked at."""

from __future__ import annotations

import pytest
from gradreel.scenes.lecture.features import MoreFeatures


@pytest.mark.parametrize(("lang", "theme"), [("en", "dark"), ("zh", "light")])
def test_more_features(frames, lang, theme):
    frames(MoreFeatures, lang=lang, theme=theme, layout=True)


def test_more_features_layout(layout):
    layout(MoreFeatures, theme="light")
