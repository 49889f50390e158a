from __future__ import annotations

import ast
from fractions import Fraction
from math import ceil

import pytest
from gradreel.core.errors import UserError
from gradreel.core.package import PACKAGE_FOLDER
from gradreel.scenes.base import HOLD, PAUSES, LectureScene, SceneContext
from gradreel.scenes.stills import visit_beats
from gradreel.scenes.words.marks import BeatLines
from gradreel.scenes.words.narration import NarrationError
from gradreel.scenes.words.stretch_times import StretchTimes, reading_times
from gradreel.scenes.words.subtitle_timing import reading_seconds
from hypothesis import given
from hypothesis import strategies as st

MARKS = ("one", "two", "three", "four")


@given(
    st.lists(st.integers(0, 9000), min_size=1, max_size=5),
    st.sets(st.sampled_from(MARKS)),
    st.lists(st.integers(0, 400), min_size=4, max_size=4),
    st.sampled_from([1, 15, 30, 60]),
)
def test_each_stretch_begins_right_after_the_previous_ones_and_not_before_its_picture(
    thousandths, waited_for, steps, rate
):
    """The times are counted a second time in fractions: words that nobody waits for follow each other at once."""
    marks, seconds = MARKS[: len(thousandths) - 1], [n / 1000 for n in thousandths]
    times, now = StretchTimes(marks, seconds, rate), 0
    begins, expected = Fraction(0), []
    for number, (mark, step) in enumerate(zip(marks, steps, strict=False)):
        over = begins + Fraction(thousandths[number], 1000)
        begins = Fraction(ceil(over * rate), rate)
        if mark in waited_for:
            now += step
            begins = max(begins, Fraction(now, rate))
            now = times.begin(mark, now)
            assert Fraction(now, rate) == begins
        expected.append(begins * rate)
    times.finish()
    assert list(times.of_marks.values()) == expected
    assert times.over == pytest.approx(float(begins + Fraction(thousandths[-1], 1000)))


def test_a_missing_or_passed_mark_is_not_waited_for():
    times = StretchTimes(("one", "two"), (1.0, 1.0, 1.0), 10)
    assert times.begin("other", 3) == 3
    assert times.begin("two", 5) == 20
    assert (times.begin("one", 21), times.begin("two", 22)) == (21, 22)
    assert times.of_marks == {"one": 10, "two": 20}


def test_a_stretch_lasts_as_long_as_in_the_slowest_language():
    lines = BeatLines.parsed(
        {"en": "One. [a]Two, and much more than that to read.", "zh": "一一一一一一一一一一一一一一一一一一，[a]二。"}
    )
    first, second = reading_times(lines)
    assert first == reading_seconds("一一一一一一一一一一一一一一一一一一，", "zh") > reading_seconds("One. ", "en")
    assert second == reading_seconds("Two, and much more than that to read.", "en") > reading_seconds("二。", "zh")
    assert reading_times(BeatLines((), {})) == ()


class Waits(LectureScene):
    """Notes when the beat goes on after each mark."""

    class Parameters(LectureScene.Parameters):
        moves: float = 0.1

    def construct(self):
        with self.beat("all", say="At first this, [far]then something else, [late]and the end."):
            self.wait(self.parameters.moves)
            self.until("far")
            self.at_far = self.time
            self.until("nowhere")
        with self.beat("next", say="No mark."):
            self.until("far")


def played(seconds=(2.0, 1.0, 3.0), moves=0.1) -> Waits:
    context = SceneContext(speech={"all": seconds, "next": (0.3,)})
    return visit_beats(Waits, lambda scene, beat: None, {"moves": moves}, context)


def test_a_scene_waits_for_its_words_and_words_for_their_picture():
    scene = played()
    first, after = scene.beats
    assert scene.at_far == pytest.approx(2.0, abs=0.01)
    assert first.marks == {"far": 60, "late": 90}  # 30 frames a second
    assert first.end - first.start == pytest.approx(6 + PAUSES["breath"], abs=0.05)
    assert first.lines["en"] == "At first this, then something else, and the end."
    assert after.end - after.start == pytest.approx(HOLD, abs=0.05)
    late = played(moves=4.0)
    assert late.at_far == pytest.approx(4.0, abs=0.01), "it is there already: nothing to wait for"
    assert late.beats[0].marks == {"far": 120, "late": 150}
    assert late.beats[0].end == pytest.approx(8 + PAUSES["breath"], abs=0.05)


class Pauses(LectureScene):
    """A line of two seconds and no motion in each beat; then a line that is over before its motion."""

    def construct(self):
        for pause in PAUSES:
            with self.beat(pause, pause=pause, say="A line."):
                pass
        with self.beat("moving", pause="long", say="A line."):
            self.wait(3)


def test_a_beat_says_how_long_its_picture_stays_after_the_line():
    context = SceneContext(speech=dict.fromkeys((*PAUSES, "moving"), (2.0,)))
    *still, moving = visit_beats(Pauses, lambda scene, beat: None, {}, context).beats
    assert [beat.end - beat.start for beat in still] == pytest.approx([2.25, 2.6, 3.6], abs=0.05)
    assert moving.end - moving.start == pytest.approx(3 + PAUSES["long"], abs=0.05), "settled, not only silent"


def test_an_unknown_pause_is_refused():
    class Wrong(LectureScene):
        def construct(self):
            with self.beat("all", pause="endless", say="A line."):
                pass

    with pytest.raises(UserError, match=r"pause='endless': .* use one of short, breath, long"):
        visit_beats(Wrong, lambda scene, beat: None)


def test_no_scene_of_the_lecture_has_more_than_three_long_pauses():
    long_pauses = {}
    for file in (PACKAGE_FOLDER / "scenes" / "lecture").rglob("*.py"):
        calls = [node for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Call)]
        given = [word.value for call in calls for word in call.keywords if word.arg == "pause"]
        kinds = [node.value for value in given for node in ast.walk(value) if isinstance(node, ast.Constant)]
        assert {kind for kind in kinds if isinstance(kind, str)} <= PAUSES.keys(), file
        long_pauses[file.stem] = kinds.count("long")
    assert max(long_pauses.values()) <= 3
    assert sum(long_pauses.values()) > 20


def test_without_a_voice_stretches_take_the_time_to_read_them():
    scene = visit_beats(Waits, lambda scene, beat: None)
    times = reading_times(scene.beats[0].said)
    assert scene.at_far == pytest.approx(times[0], abs=0.05)
    assert scene.beats[0].end == pytest.approx(sum(times) + PAUSES["breath"], abs=0.15)


def test_words_that_were_spoken_with_other_marks_are_not_shown():
    with pytest.raises(NarrationError, match=r"'all' changed .*; run the same command"):
        played(seconds=(2.0, 1.0))


class Outside(LectureScene):
    def construct(self):
        self.until("far")


class Twice(LectureScene):
    def construct(self):
        with self.beat("all", say="One [far]two [far]three."):
            pass


@pytest.mark.parametrize(
    ("scene", "message"), [(Outside, r"until\('far'\) was called outside a beat"), (Twice, "a mark comes twice")]
)
def test_marks_that_cannot_be_waited_for_are_named(scene, message):
    with pytest.raises(UserError, match=message):
        visit_beats(scene, lambda scene, beat: None)
