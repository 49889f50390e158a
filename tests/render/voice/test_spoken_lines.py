"""Lines that are spoken once and kept, by a voice made of tones; programs that fail, hang, or write no sound."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from gradreel.render.voice import spoken_lines as module
from gradreel.render.voice.engines import Command
from gradreel.render.voice.programs import ProgramError
from gradreel.render.voice.spoken_lines import line_file, missing_lines, spoken_lines

HOSTILE = [
    "-la --out=/etc/passwd",
    "'; rm -rf ~; echo \"",
    "{file} and {text} and {0} and %s and $HOME and `id`",
    "back\\slash \\n",
    "中文，θ 𝄞",
    "*?[a]~",
]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "speech"


def asked(calls: Path) -> list[str]:
    return [json.loads(line)[0] for line in calls.read_text().splitlines()] if calls.exists() else []


def kept(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir() if file.suffix not in (".lock", ".json")}


def test_each_line_has_its_spoken_length(tones, lines, folder):
    (long,), (short,) = spoken_lines(tones(), lines("a" * 100, "b" * 50), folder)
    assert (long.seconds, short.seconds) == (pytest.approx(1), pytest.approx(0.5))
    assert len(long.samples) == 48_000
    assert long.start == short.start == 0


def test_any_text_is_passed_as_one_argument_on_one_line(tones, lines, folder, calls):
    spoken = spoken_lines(tones(), lines(*HOSTILE, "one\n two\r\n\tthree\0 "), folder)
    assert asked(calls) == [*HOSTILE, "one two three"]
    for (line,), text in zip(spoken, asked(calls), strict=True):
        assert line.seconds == pytest.approx(len(text) / 100, abs=0.02)


def test_a_spoken_line_is_not_spoken_again_nor_decoded(tones, lines, folder, calls, monkeypatch):
    first = spoken_lines(tones(), lines("first", "second"), folder)
    with monkeypatch.context() as patch:
        patch.setattr(module, "read_sound", None)
        assert spoken_lines(tones(), lines("first", "second"), folder) == first
    again = spoken_lines(tones(), lines("second", "third", "first", "third"), folder)
    assert asked(calls) == ["first", "second", "third"]
    assert (again[0], again[2], again[1]) == (first[1], first[0], again[3])


def test_each_stretch_is_spoken_by_itself_and_the_same_one_once(tones, lines, folder, calls):
    first, second = spoken_lines(tones(), lines(("It rises,", "then it falls."), ("It rises,", "and stays.")), folder)
    assert asked(calls) == ["It rises,", "then it falls.", "and stays."]
    assert [stretch.seconds for stretch in first] == pytest.approx([0.09, 0.14], abs=0.011)
    assert first[0] == second[0]
    assert missing_lines(tones(), lines(("It rises,", "and falls.")), folder) == lines(("It rises,", "and falls."))


def test_a_stretch_without_words_is_not_spoken(tones, lines, folder, calls):
    (spoken,) = spoken_lines(tones(), lines(("", "It rises", ", ", "and falls.")), folder)
    assert asked(calls) == ["It rises", "and falls."]
    assert [stretch.seconds for stretch in spoken] == pytest.approx([0, 0.08, 0, 0.1], abs=0.011)
    assert [len(stretch.samples) for stretch in spoken[::2]] == [0, 0]


def test_another_voice_has_its_own_sounds(tones, lines, folder, calls):
    voices = [tones(), Command((*tones().arguments, "--slow"))]
    assert len({line_file(voice, ("first",), folder) for voice in voices}) == 2


def test_a_changed_script_is_another_voice(lines, tmp_path):
    script = tmp_path / "say.py"
    script.write_text("1")
    before = line_file(Command((sys.executable, str(script), "{file}", "{text}")), ("first",), tmp_path)
    script.write_text("2")
    assert line_file(Command((sys.executable, str(script), "{file}", "{text}")), ("first",), tmp_path) != before


def test_missing_lines_are_listed_and_nothing_is_made(tones, lines, folder, calls):
    wanted = lines("first", "second")
    assert missing_lines(tones(), wanted, folder) == wanted
    assert not folder.exists()
    spoken_lines(tones(), wanted[:1], folder)
    assert missing_lines(tones(), wanted, folder) == wanted[1:]


def test_lines_are_spoken_in_parallel_with_progress_for_each(tones, lines, folder):
    told = []
    wanted = lines(*(f"line {k}" for k in range(5)))
    spoken = spoken_lines(tones(), wanted, folder, 3, told.append)
    assert [line.file for (line,) in spoken] == [line_file(tones(), line.stretches, folder) for line in wanted]
    assert sum(told) == 5


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fail here", "'fail here' could not be spoken: .* ended with exit code 3: no such voice$"),
        ("nothing here", "'nothing here' could not be spoken: the program's sound file: there is no such file"),
        ("empty here", "the program's sound file is empty"),
        ("broken here", "the program's sound file cannot be read as sound"),
        ("silent here", "the program's sound file is silent"),
    ],
)
def test_a_line_that_fails_is_named_and_the_others_are_kept(tones, lines, folder, text, message):
    with pytest.raises(ProgramError, match=message):
        spoken_lines(tones(), lines("well", text, "good"), folder)
    assert kept(folder) >= {line_file(tones(), ("well",), folder).name}
    assert all(name.endswith(".flac") for name in kept(folder))


def test_in_a_batch_all_lines_but_the_failing_one_are_kept(tones, lines, folder):
    voice = tones(batch=9)
    with pytest.raises(ProgramError, match="'fail here' could not be spoken"):
        spoken_lines(voice, lines("well", "good", "fail here"), folder)
    assert kept(folder) == {line_file(voice, (text,), folder).name for text in ("well", "good")}


def test_a_hanging_program_is_killed_with_its_children(tones, lines, folder, calls):
    with pytest.raises(ProgramError, match=r"did not end within 0\.5 seconds"):
        spoken_lines(tones(limit=0.5), lines("hang here"), folder)
    child, _ = Path(f"{calls}.child").read_text().split()
    wait_for(lambda: gone(child))
    assert kept(folder) == set()


def test_an_error_of_one_program_stops_the_others(tones, lines, folder, calls):
    began = time.monotonic()
    with pytest.raises(ProgramError, match="exit code 3"):
        spoken_lines(tones(), lines("hang here", "fail here"), folder, jobs=2)
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("program", ["/nonesuch/say", "nonesuch-say", "/"])
def test_a_missing_program_is_named(lines, folder, program):
    with pytest.raises(ProgramError, match=f"{program} could not be run"):
        spoken_lines(Command((program, "{file}", "{text}")), lines("first"), folder)


def test_a_damaged_file_or_an_impossible_note_is_spoken_again(tones, lines, folder, calls):
    ((line,),) = spoken_lines(tones(), lines("first"), folder)
    note, content = line.file.with_suffix(".json"), line.file.read_bytes()
    known = json.loads(note.read_text())
    impossible = ([[0, 1e9]], [[0, "long"]], [[0, float("nan")]], [[-1, 1]], [[0, 1], [1, 1]], [[]])
    notes = [*({"stretches": stretches} for stretches in impossible), {"digest": "0"}]
    texts = [*(json.dumps(known | note) for note in notes), "[" * 5000]
    for written in texts:
        note.write_text(written)
        assert spoken_lines(tones(), lines("first"), folder) == [(line,)]
    line.file.write_bytes(content[:900])
    assert spoken_lines(tones(), lines("first"), folder) == [(line,)]
    assert asked(calls) == ["first"] * (len(texts) + 2)


@pytest.mark.parametrize("ending", [".flac", ".json"])
def test_a_link_or_a_pipe_in_the_place_of_a_file_is_neither_read_nor_written_through(
    tones, lines, folder, tmp_path, ending
):
    ((line,),) = spoken_lines(tones(), lines("first"), folder)
    (mine := tmp_path / "mine").write_bytes(b"mine")
    (link := line.file.with_suffix(ending)).unlink()
    link.symlink_to(mine)
    assert spoken_lines(tones(), lines("first"), folder) == [(line,)]
    assert mine.read_bytes() == b"mine" and not link.is_symlink()
    link.unlink()
    os.mkfifo(link)
    assert spoken_lines(tones(), lines("first"), folder) == [(line,)]


def test_a_full_disk_leaves_existing_files(tones, lines, folder, monkeypatch):
    spoken_lines(tones(), lines("first"), folder)
    before = kept(folder)

    def full(file, samples):
        file.write_bytes(b"fLaC")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "write_flac", full)
    with pytest.raises(OSError, match="No space left"):
        spoken_lines(tones(), lines("first", "second"), folder)
    assert kept(folder) == before


def test_a_kill_leaves_whole_lines_and_the_next_run_clears_up(tones, tones_program, lines, folder, calls):
    code = (
        "import sys; from pathlib import Path\n"
        "from gradreel.render.voice.engines import Command\n"
        "from gradreel.render.voice.spoken_lines import Line, spoken_lines\n"
        f"voice = Command({tones().arguments!r})\n"
        f"spoken_lines(voice, [Line('s', 'b', (text,)) for text in ('first', 'hang')], Path({str(folder)!r}))\n"
    )
    run = subprocess.Popen([sys.executable, "-c", code])
    wait_for(lambda: Path(f"{calls}.child").exists() and " " in Path(f"{calls}.child").read_text())
    run.kill()
    run.wait()
    os.killpg(int(Path(f"{calls}.child").read_text().split()[1]), signal.SIGKILL)  # what it had begun lives on
    left = kept(folder)
    assert any(name.startswith(".unfinished-") for name in left)
    spoken_lines(tones(), lines("first", "second"), folder)
    assert asked(calls) == ["first", "hang", "second"]
    assert kept(folder) == {line_file(tones(), (text,), folder).name for text in ("first", "second")}


def test_two_runs_at_once_speak_a_line_once(tones, lines, folder, calls):
    wanted = lines(*(f"line {k}" for k in range(6)))
    found = []
    runs = [threading.Thread(target=lambda: found.append(spoken_lines(tones(), wanted, folder))) for _ in range(2)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert found[0] == found[1]
    assert sorted(asked(calls)) == [line.stretches[0] for line in wanted]


def test_nothing_is_spoken_of_no_lines(tones, folder):
    assert spoken_lines(tones(), [], folder) == []
    assert not folder.exists()


def gone(process: str) -> bool:
    """Return whether a process has ended, or is a zombie that nobody has waited for."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def wait_for(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)
