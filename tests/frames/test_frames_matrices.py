"""matrix-form at the end of each of its beats, against the pictures that were looked at."""

from __future__ import annotations

import pytest
from gradreel.scenes.lecture.matrices import MatrixForm


@pytest.mark.parametrize(("lang", "theme"), [("en", "dark"), ("zh", "light")])
def test_matrix_form(frames, lang, theme):
    frames(MatrixForm, lang=lang, theme=theme, layout=True)


def test_matrix_form_layout(layout):
    layout(MatrixForm, theme="light")
