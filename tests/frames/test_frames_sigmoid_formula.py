"""sigmoid-formula, at the end of each of its beats, against the picture that was looked at."""

from __future__ import annotations

from gradreel.scenes.lecture.curves.sigmoid_formula import SigmoidFormula


def test_sigmoid_formula(frames, look):
    frames(SigmoidFormula, **look)


def test_a_sigmoid_downwards(frames):
    frames(SigmoidFormula, c=-3, b=1.5)
