"""The scenes of the second lesson, at the end of each of their beats."""

from __future__ import annotations

from gradreel.scenes.lecture.classes.bent_plane import BentPlane
from gradreel.scenes.lecture.classes.classes_summary import ClassesSummary
from gradreel.scenes.lecture.classes.digit_mistakes import DigitMistakes
from gradreel.scenes.lecture.classes.digits import Digits
from gradreel.scenes.lecture.classes.far_away import FarAway
from gradreel.scenes.lecture.classes.how_sure import HowSure
from gradreel.scenes.lecture.classes.surprise import Surprise
from gradreel.scenes.lecture.classes.three_classes import ThreeClasses
from gradreel.scenes.lecture.classes.turning_line import TurningLine
from gradreel.scenes.lecture.classes.two_kinds import TwoKinds


def test_two_kinds(frames, look):
    frames(TwoKinds, **look)


def test_how_sure(frames, look):
    frames(HowSure, **look)


def test_surprise(frames, look):
    frames(Surprise, **look)


def test_turning_line(frames, look):
    frames(TurningLine, **look)


def test_bent_plane(frames, look):
    frames(BentPlane, **look)


def test_three_classes(frames, look):
    frames(ThreeClasses, **look)


def test_digits(frames, look):
    frames(Digits, **look)


def test_digit_mistakes(frames, look):
    frames(DigitMistakes, **look)


def test_far_away(frames, look):
    frames(FarAway, **look)


def test_classes_summary(frames, look):
    frames(ClassesSummary, **look)
