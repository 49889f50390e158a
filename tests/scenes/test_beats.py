"""Beats that cannot be: one inside another, two of one name; and where a scene was when it raised."""

from datetime import date
from enum import Enum
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from gradreel.core.errors import UserError
from gradreel.scenes.base import LectureScene
from gradreel.scenes.stills import visit_beats
from gradreel.scenes.user_traceback import user_traceback
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.narration_fields import plain_values
from manim import MathTex, Square


class Inside(LectureScene):
    def construct(self):
        with self.beat("outer", say="One."), self.beat("inner", say="Another."):
            self.add(Square())


class Twice(LectureScene):
    def construct(self):
        for _ in range(2):
            with self.beat("again", say="Once more."):
                self.add(Square())


class Raises(LectureScene):
    def construct(self):
        with self.beat("first", say="All is well."):
            self.add(Square())
        with self.beat("second", say="It is not."):
            raise ValueError("a mistake of mine")


@pytest.mark.parametrize(
    ("scene", "message"),
    [
        (Inside, "inside: beat 'inner' begins inside beat 'outer'"),
        (Twice, "twice: .*'again'"),
    ],
)
def test_beats_that_no_clip_can_have_are_refused(scene, message):
    with pytest.raises(UserError, match=message):
        visit_beats(scene, lambda scene, beat: None)


def test_an_error_names_its_beat(tmp_path):
    with pytest.raises(ValueError, match="a mistake of mine") as raised:
        visit_beats(Raises, lambda scene, beat: None)
    assert user_traceback(raised.value, tmp_path / "theirs.py").endswith("a mistake of mine\nin beat second")


class Typeset(LectureScene):
    def construct(self):
        with self.beat("formula", say="A fraction."):
            self.add(MathTex(r"\frac{1}{2}"))


def test_an_error_without_tex_names_the_alternative(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError) as raised:
        visit_beats(Typeset, lambda scene, beat: None)
    told = "MathTex, Tex, DecimalNumber and numbers of axes need latex, which is not installed; form"
    assert raised.value.__notes__[-1].startswith(told), "a snapshot test shows it, too"
    assert user_traceback(raised.value, Path(__file__)).count(told) == 1


class Named(Enum):
    RED = "red"


class Filled(LectureScene):
    value, said = None, None

    def construct(self):
        with self.beat("sum", say=self.said, gap=self.value):
            self.add(Square())


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (date(2021, 1, 30), r"datetime.date\(2021, 1, 30\) is a date"),
        (np.datetime64("2021-01-30"), r"datetime.date\(2021, 1, 30\) is a date"),
        (Fraction(1, 3), r"Fraction\(1, 3\) is a Fraction"),
        ((1, 2), r"\(1, 2\) is a tuple"),
        (np.array(0.5), r"array\(0.5\) is a ndarray"),
        (Named.RED, "<Named.RED: 'red'> is a Named"),
        (list(range(99)), r"\[0, 1, 2, [0-9, ]*… is a list"),
    ],
)
def test_a_value_that_no_file_can_keep_fills_no_line(monkeypatch, value, message):
    monkeypatch.setattr(Filled, "value", value)
    with pytest.raises(
        UserError, match=rf"^filled: beat 'sum': gap = {message}, which cannot fill a line; .* Count\(…\)"
    ):
        visit_beats(Filled, lambda scene, beat: None)
    monkeypatch.setattr(Filled, "said", "In place, so that nothing is filled.")
    visit_beats(Filled, lambda scene, beat: None)


def test_texts_numbers_and_counts_fill_a_line():
    given = {"text": "a", "whole": 3, "number": 0.5, "is": True, "none": None, "count": Count(3)}
    found = plain_values(given | {"fitted": np.float64(0.25), "updates": np.int64(7), "name": np.str_("b")}, "")
    assert found == given | {"fitted": 0.25, "updates": 7, "name": "b"}
    assert {type(found[name]) for name in ("fitted", "updates", "name")} == {float, int, str}
    assert format(found["count"], "en") == "three"
