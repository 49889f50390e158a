"""matrix-form at the end of each of its beats, against the pictures that were looked at."""

from __future__ import annotations

from gradreel.scenes.lecture.networks.matrix_form import MatrixForm


def test_matrix_form(frames, look):
    frames(MatrixForm, **look)
