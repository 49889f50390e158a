"""Tests of ``gradreel cache``: it counts entries, knows which are needed, and removes only the others."""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from filelock import FileLock
from gradreel.cli import commands
from gradreel.render.voice import choice
from gradreel.render.voice.engines import Command
from gradreel.scenes.catalog import LESSON_FILES

SMALL = ("--lesson", "shapes.toml", "-r", "160,90", "--fps", "5")


def invoke(*arguments: str, answer: str = ""):
    return CliRunner().invoke(commands, list(arguments), input=answer)


def files(folder: Path) -> set[Path]:
    """All but locks, which come and go."""
    return {path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"}


@pytest.fixture
def media(project, quick_workers) -> Path:
    """A lesson rendered twice, another run shown by each; and files that Gradreel knows nothing of."""
    assert not invoke("cache", "--lesson", "shapes.toml").exit_code
    media = project / "media"
    assert not media.exists(), "looking makes nothing"
    for settings in (("--set", "ring.run.seed=4"), ()):
        result = invoke("render", *SMALL, *settings)
        assert result.exit_code == 0, result.stderr
    for name in ("clips/notes.txt", "clips/0123456789abcdef01234567.bak", "traces/mine/meta.json"):
        (media / name).parent.mkdir(exist_ok=True)
        (media / name).write_text("{}")
    recorded = media / "traces" / ("0" * 32)
    recorded.mkdir()
    (recorded / "meta.json").write_text(json.dumps({"recorded": {}, "digest": "0" * 32, "experiment": None}))
    return media


def test_unneeded_entries_are_removed_after_the_user_agrees(media, project):
    told = json.loads(invoke("cache", "--lesson", "shapes.toml", "--json").stdout)
    assert {name: (told[name]["count"], told[name]["of_lesson"]) for name in ("clips", "traces")} == {
        "clips": (3, 2),
        "traces": (2, 1),
    }
    assert told["clips"]["of_videos"] == 2
    ((description, clip),) = told["clips"]["unneeded"]
    assert (Path(description).suffix, Path(clip).suffix) == (".json", ".mp4")
    assert json.loads(Path(description).read_text())["parts"]["parameters"]["run"]["seed"] == 4
    ((trace, time),) = told["traces"]["unneeded"]
    assert json.loads((Path(trace) / "meta.json").read_text())["seed"] == 4
    words = invoke("cache", "--lesson", "shapes.toml").stdout
    assert "2 of shapes, 2 of videos that are here; not needed: 1 clip (" in words
    assert "`gradreel cache --prune` removes 1 clip and 1 trace" in words

    before = files(media)
    refused = invoke("cache", "--lesson", "shapes.toml", "--prune", answer="n\n")
    assert (refused.exit_code, refused.stdout.splitlines()[-1]) == (0, "nothing was removed")
    assert "Remove 1 clip and 1 trace" in refused.stderr
    assert "ring, 90p5, en, dark" in refused.stdout
    assert files(media) == before

    other = media / ".gradreel/temporary" / f"abcdef-{socket.gethostname()}.lock"
    with FileLock(other):
        busy = invoke("cache", "--lesson", "shapes.toml", "--prune", "--yes")
    assert busy.exit_code == 2
    assert "another command works in" in busy.stderr and "nothing was removed" in busy.stderr
    assert files(media) == before

    agreed = invoke("cache", "--lesson", "shapes.toml", "--prune", answer="y\n")
    assert agreed.exit_code == 0, agreed.stderr
    gone = {Path(description), Path(clip), Path(time), *(file for file in before if Path(trace) in file.parents)}
    assert before - files(media) == gone
    assert {file.name for file in (media / ".gradreel/locks").iterdir()} <= {"prune.lock"}
    again = invoke("render", *SMALL, "--dry_run", "--json")
    assert json.loads(again.stdout)["up_to_date"] == ["ring", "plain"]
    assert invoke("cache", "--lesson", "shapes.toml", "--prune").stdout == "nothing was removed\n", "nor asked"

    # The video is gone and the lesson is another: nothing needs what it was made of
    for file in files(media / "videos"):
        file.unlink()
    lesson = project / "shapes.toml"
    lesson.write_text(lesson.read_text("utf-8").replace('name = "my_scene.py:Ring"', 'name = "my_scene.py:Outside"'))
    told = json.loads(invoke("cache", "--lesson", "shapes.toml", "--json").stdout)
    assert [len(told[kind]["unneeded"]) for kind in ("clips", "traces")] == [1, 1]
    asked = json.loads(invoke("cache", "--lesson", "shapes.toml", "--prune", "--yes", "--json").stdout)
    assert len(asked["removed"]) == 4, "a clip, its description, a trace and its time"
    assert not any(Path(name).exists() for name in asked["removed"])
    assert (media / "clips/notes.txt").exists() and (media / "traces/mine").exists()


TONE = """
import sys, wave
with wave.open(sys.argv[1], "wb") as out:
    out.setnchannels(1), out.setsampwidth(2), out.setframerate(8000)
    out.writeframes(bytes(range(256)) * 40)
"""


def test_lines_that_no_video_has_are_removed_and_those_being_spoken_are_not(project, quick_workers):
    (project / "say.py").write_text(TONE)
    spoken = ("my_scene.py:Ring", *SMALL[2:], "--voice", f"en=command:{sys.executable} -S say.py {{file}} {{text}}")
    result = invoke("render", *spoken)
    assert result.exit_code == 0, result.stderr
    speech = project / "media/.gradreel/speech"
    (speech / ".unfinished-1234").mkdir()
    told = json.loads(invoke("cache", *SMALL[:2], "--json").stdout)["lines"]
    assert (told["count"], told["of_videos"], told["unneeded"]) == (2, 2, [])
    next((project / "media/videos").rglob("*.mp4")).unlink()
    result = invoke("cache", *SMALL[:2], "--prune", "--yes")
    assert "A ring is drawn." in result.stdout and "removed 1 clip and 2 lines" in result.stdout
    assert [file.name for file in speech.iterdir() if file.suffix != ".lock"] == [".unfinished-1234"]


def test_clips_of_the_spoken_lesson_are_needed_even_without_a_video(project, quick_workers, monkeypatch):
    (project / "say.py").write_text(TONE)
    voice = Command.parse(f"{sys.executable} -S say.py {{file}} {{text}}")
    monkeypatch.delenv("GRADREEL_VOICE")
    monkeypatch.setattr(choice, "default_voice", {"en": voice}.get)
    result = invoke("render", *SMALL)
    assert result.exit_code == 0, result.stderr
    next((project / "media/videos").rglob("*.mp4")).unlink()
    assert json.loads(invoke("cache", *SMALL[:2], "--json").stdout)["clips"]["unneeded"] == []


def test_without_a_lesson_of_the_users_all_our_lessons_need_their_files(tmp_path, monkeypatch):
    counted = []
    monkeypatch.setattr("gradreel.render.cache._plans_of_film", lambda lesson, *_: counted.append(lesson.name) or [])
    for options in ([], ["--lesson", "classification"]):
        told = json.loads(invoke("cache", "--media_dir", str(tmp_path), "--json", *options).stdout)
        assert told["lessons"] == counted
        counted.clear()
        assert told["lessons"] == (["classification"] if options else [file.stem for file in LESSON_FILES])


def test_yes_without_prune_is_refused(project):
    result = invoke("cache", "--yes")
    assert result.exit_code == 2
    assert "--yes needs --prune" in result.stderr
