"""The scenes with two kinds of dots and one line, at the end of each of their beats."""

from __future__ import annotations

from gradreel.scenes.lecture.classes.how_sure import HowSure
from gradreel.scenes.lecture.classes.surprise import Surprise
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
