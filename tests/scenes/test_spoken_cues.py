"""Cues of a line that is heard: in order, each while its words are, by the pauses of the voice."""

from __future__ import annotations

from itertools import pairwise

import pytest
from gradreel.scenes.words.subtitle_timing import split_cues, spoken_cues
from hypothesis import given
from hypothesis import strategies as st

LINE = (
    "A network is a function. It has many parameters, and training changes each of them a little, again and again;"
    " that is all there is to it. Or is it?"
)
CHINESE = "网络是一个函数，它有许多参数；训练一次又一次地改变每一个参数，每次只改变一点点。就是这样吗？"


def letters(text: str) -> int:
    return sum(letter.isalnum() for letter in text)


@given(
    text=st.sampled_from([LINE, CHINESE, "Yes.", "", "one two " * 40]),
    start=st.floats(0, 1000),
    parts=st.lists(st.floats(0.05, 3), min_size=1, max_size=9),
)
def test_cues_cover_all_words_from_the_first_to_the_last(text, start, parts):
    times = [start]
    for part in parts:
        times.append(times[-1] + part)
    pauses = list(zip(times[1:-1:2], times[2:-1:2], strict=False))
    found = spoken_cues(text, "en", start, times[-1], pauses, letters)
    assert [cue for _, _, cue in found] == [cue.text for cue in split_cues(text, "en")]
    if not found:
        return
    assert (found[0][0], found[-1][1]) == (start, times[-1])
    assert all(begin < end for begin, end, _ in found)
    assert all(before[1] <= after[0] for before, after in pairwise(found))


def test_without_pauses_cues_share_the_time_by_their_spoken_length():
    found = spoken_cues(LINE, "en", 10, 20, [], letters)
    assert len(found) > 2
    for begin, end, text in found:
        assert end - begin == pytest.approx(10 * letters(text) / letters(LINE))


def test_a_cue_with_a_long_spoken_number_lasts_longer():
    text = "It has 26 001 parameters, and that is a number as long as it gets. The other network has as many as three."
    printed, said = (
        spoken_cues(text, "en", 0, 10, [], length)[0][1]
        for length in (letters, lambda cue: letters(cue.replace("26 001", "twenty-six thousand and one")))
    )
    assert said > printed + 0.5


@pytest.mark.parametrize("late", [-0.3, 0, 0.3])
def test_a_sentence_ends_at_its_pause_at_any_speed(late):
    first, second = "A network is a function.", "It has many parameters, and training changes each of them."
    share = 6 * letters(first) / letters(first + second)
    pause = (share + late, share + late + 0.4)
    found = spoken_cues(f"{first} {second}", "en", 0, 6.4, [pause], letters)
    assert found[0] == (0, pause[0], first)
    assert found[1][0] == pause[1]
    assert found[-1][1] == 6.4


def test_a_pause_in_the_middle_of_a_cue_parts_no_cues():
    found = spoken_cues(LINE, "en", 0, 10, [(0.5, 0.8)], letters)
    assert found[0][1] == found[1][0] == pytest.approx(9.7 * letters(found[0][2]) / letters(LINE) + 0.3)
