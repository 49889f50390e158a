"""Tests of the script for the user's own voice, and of remarks: missing, broken, long, clipped, stale recordings."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from gradreel.core.errors import UserError
from gradreel.render.voice.recordings import Recordings
from gradreel.render.voice.script import ScriptLine, lines_read_from_other_text, remarks, write_script
from gradreel.render.voice.spoken_lines import Line


def script_line(*stretches, beat="rise", marks=(), seconds=2.0, printed=""):
    return ScriptLine(Line("curve", beat, stretches), marks, printed or "".join(stretches), seconds)


RISE = script_line("It rises, ", "then it falls.", marks=("fall",))
REST = script_line("And it rests.", beat="rest")


def write_texts(texts):
    """Write the texts as the command does, but without the media folder."""
    for file, text in texts.items():
        file.write_text(text, encoding="utf-8", newline="")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "takes"


@pytest.fixture
def write(folder):
    """``write(RISE, REST)``: the script of these lines."""
    return lambda *lines, **options: write_script(folder, "Curves", "en", lines, write_texts, **options)


@pytest.fixture
def take(wav, tone):
    """``take("rest", 1.5)``: a recording of so many seconds, and its pause if it has one."""

    def record(beat="rest", seconds=1.0, pause=0.0, **sound):
        parts = [tone(seconds / 2), np.zeros(round(pause * 48_000)), tone(seconds / 2, **sound)]
        return wav(np.concatenate(parts), name=f"takes/curve/{beat}.wav")

    return record


def said(folder, *lines):
    return [(remark.name, remark.kind) for remark in remarks(folder, "en", lines)]


def test_the_script_has_each_line_as_spoken_with_its_marks_and_times(write, folder):
    write(RISE, REST)
    text = (folder / "script.md").read_text()
    assert "# Curves" in text and "2 lines at about 150 words a minute" in text
    assert "\n**curve/rise**: moves for 2.0 s, takes 2.0 s to read\n\n> It rises, [fall] then it falls.\n\n**" in text
    with (folder / "script.csv").open(encoding="utf-8-sig", newline="") as table:
        rows = list(csv.DictReader(table))
    assert [row["line"] for row in rows] == ["It rises, [fall] then it falls.", "And it rests."]
    assert list(rows[1].values()) == ["curve", "rest", "And it rests.", "And it rests.", "2.0", "1.2"]
    assert (folder / "curve").is_dir()


def test_of_chinese_characters_are_counted(folder):
    line = script_line("它先上升，然后下降。")
    write_script(folder, "曲线", "zh", [line], write_texts)
    assert line.reading_seconds("zh") == pytest.approx(8 * 60 / 220)
    assert "220 characters a minute" in (folder / "script.md").read_text("utf-8")


def test_missing_recordings_are_reported_and_correct_ones_are_not(write, take, folder):
    write(RISE, REST)
    assert said(folder, RISE, REST) == [("curve/rise.wav", "missing"), ("curve/rest.wav", "missing")]
    take("rise", 1.5, pause=0.3)
    assert said(folder, RISE, REST) == [("curve/rest.wav", "missing")]


def test_a_recording_longer_than_its_motion_is_reported_as_long(write, take, folder):
    write(REST)
    take("rest", 5.8)
    assert said(folder, REST) == []
    take("rest", 6.2)
    (remark,) = remarks(folder, "en", [REST])
    assert (remark.kind, remark.detail) == ("long", "6.2 s; its beat moves for 2.0 s, it takes 1.2 s to read")
    line = script_line("It rests " * 10, beat="rest")  # 20 words, 8 seconds
    write(line)
    take("rest", 9.5)
    assert said(folder, line) == []
    take("rest", 9.7)
    assert said(folder, line) == [("curve/rest.wav", "long")]


def test_a_line_whose_printed_form_differs_has_it_in_the_script(write, folder):
    write(script_line("Four sides.", beat="rest", printed="4 sides."))
    assert "> Four sides.\n\nin print: 4 sides.\n" in (folder / "script.md").read_text()


def test_a_broken_recording_or_one_that_cannot_be_cut_is_reported_and_stays(write, take, folder):
    write(RISE, REST)
    take("rise", 1.5)
    rest = take("rest")
    rest.write_bytes(rest.read_bytes()[:2000])
    first, second = remarks(folder, "en", [RISE, REST])
    assert (first.kind, second.kind) == ("broken", "broken")
    assert "rise.wav has 0 pauses" in first.detail and "it is truncated" in second.detail
    assert rest.stat().st_size == 2000


@pytest.mark.parametrize(("width", "channels"), [(1, 1), (2, 2), (3, 1)])
def test_a_recording_with_clipped_samples_is_reported(write, wav, tone, folder, width, channels):
    write(REST)
    wav(np.clip(tone(1, level=1.5), -1, 1), 48_000, width, channels, name="takes/curve/rest.wav")
    (remark,) = remarks(folder, "en", [REST])
    assert (remark.kind, remark.detail.split()[0]) == ("clipped", "880")  # twice a turn


@pytest.mark.parametrize(("hertz", "rate"), [(100, 48_000), (3000, 48_000), (440, 96_000)])
def test_a_recording_normalized_to_full_scale_is_not_clipped(write, wav, tone, folder, hertz, rate):
    write(REST)
    wav(tone(1, rate, hertz, level=1.0), rate, 3, name="takes/curve/rest.wav")
    assert said(folder, REST) == []


def test_a_file_named_after_no_beat_is_reported(write, take, folder):
    write(RISE, REST)
    take("rset")
    (folder / "curve" / "rest.marks.txt").write_text("")
    assert ("curve/rset.wav", "of no beat") in said(folder, RISE, REST)
    assert len(remarks(folder, "en", [RISE, REST])) == 3


# -- of another text ---------------------------------------------------------------------------------------------------

OTHER = script_line("And it sleeps.", beat="rest")


def test_a_recording_belongs_to_the_scripts_text_at_its_time(write, take, folder):
    write(REST)
    take("rest")
    write(OTHER)  # the narration has changed; the recording came before that
    (remark,) = remarks(folder, "en", [OTHER])
    assert (remark.kind, remark.detail) == ("other text", 'it was read from "And it rests."')
    assert lines_read_from_other_text(Recordings(folder), [OTHER.line]) == [OTHER.line]
    write(OTHER)
    assert said(folder, OTHER) == [("curve/rest.wav", "other text")]


def test_a_new_recording_is_of_the_new_text(write, take, folder):
    write(REST)
    take("rest")
    write(OTHER)
    take("rest", 1.2)
    assert said(folder, OTHER) == []
    write(OTHER)
    assert said(folder, OTHER) == []
    assert lines_read_from_other_text(Recordings(folder), [OTHER.line]) == []


def test_a_recording_is_valid_for_a_text_that_sounds_the_same_and_again_for_the_old_one(write, take, folder):
    write(REST)
    take("rest")
    write(line := script_line("and it — rests!", beat="rest"))
    assert said(folder, line) == []
    write(OTHER)
    write(REST)
    assert said(folder, REST) == []


def test_stale_recordings_can_be_accepted(write, take, folder):
    write(REST)
    take("rest")
    write(OTHER)
    write(OTHER, accept=True)
    assert said(folder, OTHER) == []
    write(REST)
    assert said(folder, REST) == [("curve/rest.wav", "other text")]


def test_a_recording_older_than_the_script_counts_as_current(write, take, folder):
    take("rest")
    assert lines_read_from_other_text(Recordings(folder), [REST.line]) == []
    write(REST)
    assert said(folder, REST) == []


def test_the_script_of_one_scene_keeps_the_notes_of_others(write, take, folder):
    write(RISE, REST)
    take("rest")
    write(OTHER)
    write(RISE)
    assert said(folder, OTHER) == [("curve/rest.wav", "other text")]


# -- files that are not ours -------------------------------------------------------------------------------------------


def test_a_folder_has_one_language(write, folder):
    write(REST)
    before = (folder / "script.md").read_text()
    with pytest.raises(
        UserError, match="has the script in English; name another folder with --recordings for the script in 中文"
    ):
        write_script(folder, "曲线", "zh", [REST], write_texts)
    assert (folder / "script.md").read_text() == before


@pytest.mark.parametrize(
    "notes", ["", "[]", '{"language": "fr", "beats": {}}', '{"language": "en", "beats": {"a": 3}}']
)
def test_notes_that_are_damaged_are_named(write, folder, notes):
    folder.mkdir()
    (folder / "script.json").write_text(notes)
    with pytest.raises(UserError, match=r"script\.json is damaged, or not a file of gradreel narrate"):
        write(REST)
    assert (folder / "script.json").read_text() == notes
