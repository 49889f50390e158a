"""One's own voice: which file is a beat's."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from gradreel.core.errors import UserError
from gradreel.render.voice.recordings import Recordings
from gradreel.render.voice.sound import EDGE, RATE, SoundError
from gradreel.render.voice.spoken_lines import Line, missing_lines, spoken_lines

LINES = [Line("build-curve", beat, ("whatever is said",)) for beat in ("constant", "shape")]


@pytest.fixture
def recordings(tmp_path):
    return Recordings(tmp_path / "takes")


def test_the_recording_of_each_beat_is_heard(recordings, wav, tone, tmp_path):
    wav(tone(1), name="takes/build-curve/constant.WAV")
    wav(tone(2, 96_000), 96_000, name="takes/build-curve/shape.wav")
    (first,), (second,) = spoken_lines(recordings, LINES, tmp_path / "speech")
    assert (first.file.name, first.seconds, first.start) == ("constant.WAV", pytest.approx(1), 0)
    assert (second.seconds, len(second.samples)) == (pytest.approx(2), 96_000)
    assert not (tmp_path / "speech").exists()


def test_leading_silence_is_reported_for_files_with_times(recordings, wav, tone, tmp_path):
    samples = [0.0] * 48_000 + tone(1).tolist()
    wav(samples, name="takes/build-curve/constant.wav")
    ((line,),) = spoken_lines(recordings, LINES[:1], tmp_path)
    assert (line.start, line.seconds) == (pytest.approx(1 - EDGE), pytest.approx(1 + EDGE))


def test_missing_recordings_are_named(recordings, wav, tone, tmp_path):
    wav(tone(1), name="takes/build-curve/constant.wav")
    assert missing_lines(recordings, LINES, tmp_path) == LINES[1:]
    with pytest.raises(UserError, match=r"takes has no recording of 1 of 2 beats: build-curve/shape\.wav"):
        spoken_lines(recordings, LINES, tmp_path)


def test_two_recordings_of_a_beat_are_one_too_many(recordings, wav, tone, tmp_path):
    wav(tone(1), name="takes/build-curve/shape.wav").with_suffix(".flac").write_bytes(b"")
    with pytest.raises(UserError, match=r"shape\.flac and shape\.wav are recordings of the same beat"):
        spoken_lines(recordings, LINES, tmp_path)


def test_a_broken_recording_is_named_and_stays(recordings, wav, tone, tmp_path):
    file = wav(tone(1), name="takes/build-curve/constant.wav")
    file.write_bytes(b"oh")
    with pytest.raises(SoundError, match=r"takes/build-curve/constant\.wav cannot be read as sound"):
        spoken_lines(recordings, LINES[:1], tmp_path)
    assert file.read_bytes() == b"oh"


@pytest.mark.parametrize("beat", ["../constant", "a/b", "", "\0"])
def test_names_lead_out_of_no_folder(recordings, beat):
    with pytest.raises(UserError, match="a beat called"):
        recordings.file("build-curve", beat)


# -- marks -------------------------------------------------------------------------------------------------------------

LINE = Line("build-curve", "constant", ("It rises,", "then it falls,", "and stays."))


@pytest.fixture
def take(wav, tone):
    """``take(pauses)``: a recording of 1.5 s of tones, half a second each, with these silences in between."""

    def write(*pauses: float) -> np.ndarray:
        parts = [np.zeros(9_600)]
        for pause in (*pauses, 0.3):
            parts += [tone(0.5), np.zeros(round(pause * 48_000))]
        samples = np.concatenate(parts)
        wav(samples, name="takes/build-curve/constant.wav")
        return samples

    return write


def marks_file(recordings, text):
    file = recordings.folder / "build-curve" / "constant.marks.txt"
    file.write_text(text)
    return file


def starts(stretches):
    return [stretch.start for stretch in stretches]


def test_marks_are_placed_at_the_longest_pauses_in_order(recordings, take, tmp_path):
    take(0.4, 0.2, 0.6)
    (spoken,) = spoken_lines(recordings, [LINE], tmp_path)
    assert starts(spoken) == pytest.approx([0.15, 1.1 - EDGE, 2.9 - EDGE], abs=0.011)


def test_stretches_follow_each_other_so_that_a_recording_keeps_its_pauses(recordings, take, tmp_path):
    samples = take(0.4, 0.6)
    (spoken,) = spoken_lines(recordings, [LINE], tmp_path)
    for one, following in pairwise(spoken):
        assert round(following.start * RATE) == round((one.start + one.seconds) * RATE)
    heard = np.concatenate([stretch.samples for stretch in spoken])
    assert len(heard) == round(sum(stretch.seconds for stretch in spoken) * 48_000)
    np.testing.assert_allclose(heard, samples[7_200 : 7_200 + len(heard)], atol=1e-4)  # cut in silence, faded there


def test_a_mark_that_a_line_begins_with_needs_no_pause(recordings, take, tmp_path):
    take(0.4)
    ((nothing, first, second),) = spoken_lines(
        recordings, [Line("build-curve", "constant", ("", "It", "falls."))], tmp_path
    )
    assert nothing.seconds == 0
    assert starts([first, second]) == pytest.approx([0.15, 1.1 - EDGE], abs=0.011)


def test_a_file_of_times_overrides_pauses(recordings, take, tmp_path):
    take(0.4, 0.6)
    marks_file(recordings, "1.05\n\n1.25\n")
    (spoken,) = spoken_lines(recordings, [LINE], tmp_path)
    assert starts(spoken) == pytest.approx([0.15, 1.05, 1.25])


def test_times_have_a_row_for_each_mark_even_without_words_after_it(recordings, take, tmp_path):
    """At the line's beginning; and where the picture goes on in silence, before or after the recording's end."""
    take(0.4, 0.6)
    marks_file(recordings, "0.1\n1.05\n2.0\n9\n")
    ((first, one, two, quiet, last),) = spoken_lines(
        recordings, [Line("build-curve", "constant", ("", "It rises,", "falls,", "", " "))], tmp_path
    )
    assert starts([one, two]) == pytest.approx([0.15, 1.05])
    assert [stretch.seconds for stretch in (first, quiet, last)] == [0, 0, 0]


def test_labels_exported_by_audacity_replace_pauses(recordings, take, tmp_path):
    take(0.4, 0.6)
    (by_silence,) = spoken_lines(recordings, [LINE], tmp_path)
    marks_file(
        recordings, f"{by_silence[1].start:.6f}\t1.100000\tfall\n{by_silence[2].start:.6f}\t2.000000\tstay here\n"
    )
    assert spoken_lines(recordings, [LINE], tmp_path) == [by_silence]


def test_without_marks_pauses_and_times_do_not_matter(recordings, take, tmp_path):
    take(0.4, 0.6)
    marks_file(recordings, "nonsense")
    ((whole,),) = spoken_lines(recordings, LINES[:1], tmp_path)
    assert (whole.start, whole.seconds) == pytest.approx((0.15, 2.5 + 2 * EDGE), abs=0.011)


def test_too_few_pauses_name_the_recording_and_the_way_out(recordings, take, tmp_path):
    take(0.1, 0.6)
    with pytest.raises(UserError, match=r"constant\.wav has 1 pauses .* needs 2, .* into \S*constant\.marks\.txt"):
        spoken_lines(recordings, [LINE], tmp_path)


def test_times_that_are_invalid_or_do_not_increase_inside_the_sound_are_named(recordings, take, tmp_path):
    take(0.4, 0.6)
    invalid = ["", "1.1", "1\n2\n3", "1.1\nlate", "-1\n1", "nan\n1", "1e3\n2", "２\n3"]
    misplaced = ["1.2\n1.1", "1.1\n1.1", "0.1\n1", "1\n9999", "1\n2.9"]
    rising = "the times .*; write rising times between 0\\.15 and 2\\.75 s"
    for text, message in [*((text, ".*; write 2 rows") for text in invalid), *((text, rising) for text in misplaced)]:
        marks_file(recordings, text)
        with pytest.raises(UserError, match=rf"constant\.marks\.txt: {message}"):
            spoken_lines(recordings, [LINE], tmp_path)


def test_missing_recordings_are_spoken_on_request(recordings, tones, wav, tone, calls, tmp_path):
    wav(tone(1), name="takes/build-curve/constant.wav")
    filled = Recordings(recordings.folder, tones())
    assert missing_lines(filled, LINES, tmp_path / "speech") == LINES[1:]
    (recorded,), (spoken,) = spoken_lines(filled, LINES, tmp_path / "speech")
    assert (recorded.file.parent.name, spoken.file.parent.name) == ("build-curve", "speech")
    assert calls.read_text().count("\n") == 1
    assert missing_lines(filled, LINES, tmp_path / "speech") == []
