"""The scenes with handwritten digits, at the end of each of their beats."""

from __future__ import annotations

from gradreel.scenes.lecture.classes.digit_mistakes import DigitMistakes
from gradreel.scenes.lecture.classes.digits import Digits


def test_digits(frames, look):
    frames(Digits, **look)


def test_digit_mistakes(frames, look):
    frames(DigitMistakes, **look)
