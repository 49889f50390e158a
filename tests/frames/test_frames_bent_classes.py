"""The scenes with a bent plane, three kinds, their far surroundings, and the second lesson's closing."""

from __future__ import annotations

from gradreel.scenes.lecture.classes.bent_plane import BentPlane
from gradreel.scenes.lecture.classes.classes_summary import ClassesSummary
from gradreel.scenes.lecture.classes.far_away import FarAway
from gradreel.scenes.lecture.classes.three_classes import ThreeClasses


def test_bent_plane(frames, look):
    frames(BentPlane, **look)


def test_three_classes(frames, look):
    frames(ThreeClasses, **look)


def test_far_away(frames, look):
    frames(FarAway, **look)


def test_classes_summary(frames, look):
    frames(ClassesSummary, **look)
