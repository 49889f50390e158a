from __future__ import annotations

from itertools import pairwise

import srt
from gradreel.render.videos.subtitles import TimedLine, as_srt, as_vtt, cues
from hypothesis import given
from hypothesis import strategies as st

LONG = "A network is a function with many parameters; training changes each of them a little, again and again."


def test_a_line_becomes_cues_that_fill_its_time():
    found = cues([TimedLine(2.0, 12.0, LONG)], "en")
    assert len(found) > 1
    assert found[0].start == 2000
    assert found[-1].end == 12000
    assert " ".join(cue.text.replace("\n", " ") for cue in found) == LONG


@given(
    st.lists(st.tuples(st.floats(0, 5), st.floats(0, 9), st.sampled_from([LONG, "Yes.", " ", "Two words"])), max_size=6)
)
def test_cues_never_overlap_nor_outlast_the_last_line(pieces):
    lines, start = [], 0.0
    for pause, length, text in pieces:
        start += pause
        lines.append(TimedLine(start, start + length, text))
        start += length
    found = cues(lines, "en")
    assert all(cue.start < cue.end for cue in found)
    assert all(before.end <= after.start for before, after in pairwise(found))
    assert all(cue.end <= 1000 * start + 1 for cue in found)


def test_lines_that_overlap_share_a_cue_while_both_last():
    found = cues([TimedLine(0, 5, "One."), TimedLine(2, 3, "Two."), TimedLine(5, 6, "Three.")], "en")
    assert [cue.text for cue in found] == ["One.", "One.\nTwo.", "One.", "Three."]
    assert [cue.start for cue in found] == [0, 2000, 3000, 5000]
    assert all(before.end < after.start for before, after in pairwise(found))


def test_of_two_lines_that_begin_at_once_neither_is_lost():
    found = cues([TimedLine(0, 1, "One."), TimedLine(0, 0.4, "Two.")], "en")
    assert [(cue.start, cue.text) for cue in found] == [(0, "One.\nTwo."), (400, "One.")]


def test_srt_is_read_back_by_the_srt_package():
    found = cues([TimedLine(0.5, 2.25, "你好，世界"), TimedLine(3, 4, "再见")], "zh")
    entries = list(srt.parse(as_srt(found)))
    assert [entry.content for entry in entries] == ["你好，世界", "再见"]
    assert [entry.index for entry in entries] == [1, 2]
    assert entries[0].start.total_seconds() == 0.5
    assert entries[1].end.total_seconds() == 4


def test_vtt_escapes_text_that_looks_like_a_tag():
    text = as_vtt(cues([TimedLine(3661.5, 3663, "a < b & c")], "en"), "en")
    assert text.startswith("WEBVTT\n")
    assert "01:01:01.500 --> 01:01:03.000\na &lt; b &amp; c\n" in text
