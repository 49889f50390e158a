"""Beats that cannot be: one inside another, two of one name; and where a scene was when it raised."""

import pytest
from gradreel.core.errors import UserError
from gradreel.scenes.base import LectureScene
from gradreel.scenes.stills import visit_beats
from gradreel.scenes.user_traceback import user_traceback
from manim import Square


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
        (Inside, "inside: beat 'inner' begins inside beat 'outer'; .* end the one before the next begins"),
        (Twice, "twice: beat 'again' comes twice; stills, snapshots and -n know a beat by its name"),
    ],
)
def test_beats_that_no_clip_can_have_are_refused(scene, message):
    with pytest.raises(UserError, match=message):
        visit_beats(scene, lambda scene, beat: None)


def test_an_error_says_in_which_beat_it_was(tmp_path):
    with pytest.raises(ValueError, match="a mistake of mine") as raised:
        visit_beats(Raises, lambda scene, beat: None)
    assert user_traceback(raised.value, tmp_path / "theirs.py").endswith("a mistake of mine\nin beat second")
