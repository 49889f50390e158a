"""Which voices a command takes: options, the lesson's, the default ones; and that none is needed."""

from __future__ import annotations

import pytest
from gradreel.scenes.render import pipeline
from gradreel.scenes.voice import choice
from gradreel.scenes.voice.engines import Command, Piper
from gradreel.scenes.voice.recordings import Recordings

DEFAULTS = {"en": Piper("en.onnx"), "zh": Piper("zh.onnx")}
SAY = "say {file} {text}"


@pytest.fixture
def voices(gradreel, project, monkeypatch):
    """``voices("-q", "l")``: those that render is given by these options, and what it said; nothing is rendered."""
    monkeypatch.delenv("GRADREEL_VOICE")
    monkeypatch.setattr(choice, "default_voice", DEFAULTS.get)
    monkeypatch.setattr("gradreel.cli._begin_to_import_manim", lambda dry_run=False: None)
    given = []

    def nothing_rendered(lesson, settings, *rest):
        given.append(settings.voices)
        return ["film"]

    for name in ("pipeline.render_lesson", "pipeline.render_scenes", "still_files.render_last_frames"):
        monkeypatch.setattr(f"gradreel.scenes.render.{name}", nothing_rendered)

    def of(*arguments):
        result = gradreel("render", "--lesson", "shapes.toml", *arguments)
        assert result.exit_code == 0, result.stderr
        return given.pop(), result.stderr

    return of


def with_voices(project, text):
    lesson = project / "shapes.toml"
    lesson.write_text(f"{lesson.read_text()}\n[voices]\n{text}\n")


def test_videos_are_spoken_by_the_default_voices(voices):
    assert voices() == (DEFAULTS, "")
    assert voices("ring", "--format", "webm")[0] == DEFAULTS


@pytest.mark.parametrize("silent", [["ring", "-s"], ["--voice", "none"], ["--format", "gif", "--quiet"]])
def test_pictures_are_silent(voices, silent):
    assert voices(*silent) == ({}, "")


@pytest.mark.parametrize("file_format", ["gif", "png"])
def test_a_format_without_sound_is_silent_which_one_line_says(voices, file_format):
    said = f"nothing is spoken: {file_format} has no sound; mp4, webm, mov have\n"
    assert voices("ring", "plain", "--format", file_format) == ({}, said)


def test_check_speaks_as_render_does_and_its_jumps_do_not(gradreel, project, monkeypatch):
    monkeypatch.delenv("GRADREEL_VOICE")
    monkeypatch.setattr(choice, "default_voice", DEFAULTS.get)
    monkeypatch.setattr("gradreel.cli._begin_to_import_manim", lambda dry_run=False: None)
    given = []
    monkeypatch.setattr(
        pipeline, "check_lesson", lambda lesson, settings, told: given.append(settings.voices) or ([], [])
    )
    monkeypatch.setattr(pipeline, "find_jumps", lambda lesson, settings, told: given.append(settings.voices) or [])
    for arguments in ([], ["--pace"], ["--voice", "zh=none"], ["--jumps"]):
        assert gradreel("check", "--lesson", "shapes.toml", *arguments).exit_code == 0
    assert given == [DEFAULTS, DEFAULTS, {"en": DEFAULTS["en"]}, {}]


def test_where_no_voice_is_installed_one_line_says_what_installs_it(voices, monkeypatch):
    monkeypatch.setattr(choice, "default_voice", lambda code: None)
    spoken, said = voices()
    assert spoken == {} and said.count("\n") == 1
    assert "not spoken: en, zh" in said and "./run installs it" in said and "pip install 'gradreel[voice]'" in said
    for silent in (["--quiet"], ["--voice", "none"], ["--format", "gif"]):
        assert voices(*silent) == ({}, "")


def test_a_program_is_named_on_the_command_line(voices):
    assert voices("--voice", f"zh=command:{SAY}")[0] == {**DEFAULTS, "zh": Command(("say", "{file}", "{text}"))}


def test_a_lesson_names_voices_from_its_own_folder(voices, project, monkeypatch, tmp_path_factory):
    (project / "takes").mkdir()
    with_voices(project, 'en = "takes/"\nzh = "none"')
    assert voices() == ({"en": Recordings(project / "takes")}, "")
    assert voices("--voice", "en=none", "--voice", "zh=default")[0] == {"zh": DEFAULTS["zh"]}
    assert voices("--fill")[0] == {"en": Recordings(project / "takes", DEFAULTS["en"])}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f'en = "command:{SAY}"', "voices.en: a lesson names no command: it has default, none, a folder"),
        ('en = "/etc"', "voices.en: /etc: a lesson names files from its own folder"),
        ('en = "~/takes"', "a lesson names files from its own folder"),
        ('fr = "none"', "voices.fr: unknown language 'fr'"),
        ("en = 3", "voices.en"),
        ('en = ""', "voices.en: a text is needed"),
    ],
)
@pytest.mark.parametrize("command", [["render", "--dry_run"], ["list"]])
def test_what_no_lesson_names_is_refused(gradreel, project, text, said, command):
    with_voices(project, text)
    result = gradreel(*command, "--lesson", "shapes.toml")
    assert result.exit_code == 2 and "shapes.toml: " in result.stderr and said in result.stderr


def test_voices_that_are_not_there_stop_no_other_command(gradreel, project):
    with_voices(project, 'en = "takes/"')
    assert gradreel("list", "--lesson", "shapes.toml").exit_code == 0
    result = gradreel("render", "--lesson", "shapes.toml", "--voice", "en=takes/", "--dry_run")
    assert result.exit_code == 2 and "there is no such folder" in result.stderr


@pytest.mark.parametrize("command", ["frames", "list", "train"])
def test_commands_that_never_speak_take_no_voice(gradreel, command):
    result = gradreel(command, "--voice", "none")
    assert result.exit_code == 2 and "No such option" in result.stderr
