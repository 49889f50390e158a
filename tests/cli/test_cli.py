"""The command as a whole: help, spellings, lists, completion, exit codes. Nothing here renders."""

from __future__ import annotations

import errno
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from gradreel.cli import DAILY_VIEWS, GROUPS, OPTIONS, commands
from gradreel.core.errors import TrainingError, UserError
from gradreel.render.lessons.options import Options
from gradreel.scenes.catalog import LESSON_FILES, find_scenes

ROOT = Path(__file__).resolve().parent.parent.parent
GRADREEL = shutil.which("gradreel", path=os.path.dirname(sys.executable))
NAMES = {
    "list", "describe", "train", "render", "frames", "verify", "check", "checkhealth", "completion", "experiment",
    "cache", "init", "export", "narrate", "words",
}  # fmt: skip
INSIDE = {f"{name} {inner}": command for name, group in commands.commands.items() if isinstance(group, click.Group)
          for inner, command in group.commands.items()}  # fmt: skip
EACH = commands.commands | INSIDE  # as they are called


def test_every_command_explains_itself(gradreel):
    assert set(commands.commands) == NAMES
    for name in EACH:
        result = gradreel(*name.split(), "--help")
        assert result.exit_code == 0
        assert result.stdout.startswith("Usage:")


def test_the_groups_help_has_a_whole_sentence_for_each_command(gradreel):
    help_text = gradreel("--help").stdout
    listed = help_text.partition("\nCommands:\n")[2].partition("\n\n")[0].splitlines()
    assert {line.split()[0] for line in listed} == NAMES
    assert all(line.endswith(".") and not line.endswith("...") for line in listed), listed
    assert "Example: gradreel list\n" in help_text


@pytest.mark.parametrize("name", sorted(EACH))
def test_every_help_ends_with_examples_that_parse(gradreel, name):
    command, help_text = EACH[name], gradreel(*name.split(), "--help").stdout
    examples = help_text[help_text.index("Example: ") :].splitlines()
    assert [line.removeprefix("Example: ") for line in examples] == list(command.examples)
    assert len(examples) == (3 if name == "completion" else 2)
    for example in command.examples:
        if name != "completion":
            program, *arguments = shlex.split(example)
            called, arguments = arguments[: len(name.split())], arguments[len(name.split()) :]
            assert (program, called) == ("gradreel", name.split())
            command.make_context(name, arguments)


def test_the_help_of_render_fits_on_two_screens(gradreel, monkeypatch):
    monkeypatch.delenv("GRADREEL_VOICE", raising=False)  # the help would name it
    lines = gradreel("render", "--help").stdout.splitlines()
    assert len(lines) <= 2 * 24
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("name", sorted(name for name, command in EACH.items() if not isinstance(command, click.Group)))
def test_the_help_of_a_command_is_one_sentence_and_each_option_below_its_heading(gradreel, name):
    command, help_text = EACH[name], gradreel(*name.split(), "--help").stdout
    assert command.help.count(".") == 1 and command.help.endswith(".")
    section, sections = "", {}
    for line in help_text.splitlines():
        section = line if line.removesuffix(":") in GROUPS else section
        sections[section] = sections.get(section, "") + line + "\n"
    for option in command.params:
        if heading := getattr(option, "heading", None):
            long = next(other for other in option.opts if other.startswith("--"))
            if heading == DAILY_VIEWS and f"{heading}:" not in sections:
                assert "experiment --help" in sections["Scenes:"]
            else:
                assert re.search(rf"(^  |, ){long}\b", sections[f"{heading}:"], re.MULTILINE), long


def test_options_with_one_help_text_share_a_row(gradreel):
    assert "  --from, --to SCENE  " in gradreel("list", "--help").stdout


def test_every_option_has_a_help_text_and_a_place():
    used = {parameter.name for command in EACH.values() for parameter in command.params}
    for name, option in OPTIONS.items():
        parameter = option(lambda: None).__click_params__[0]
        assert parameter.help, name
        assert parameter.name in used


def test_each_option_of_a_command_is_a_field_that_the_command_uses():
    fields = set(Options.__dataclass_fields__) | {"watch", "write_all"}  # how often; which scenes, found out before
    for name in ("train", "render", "frames", "verify", "check"):
        assert {param.name for param in commands.commands[name].params if param.expose_value} <= fields


LISTED = {"name", "class", "file", "title", "part", "in_lesson", "seconds", "beats", "neutral"}


def test_list_names_the_scenes_in_film_order_with_titles(gradreel, tmp_path):
    names = [scene.name for scene in find_scenes()]
    scenes = json.loads(gradreel("list", "--json", "--media_dir", tmp_path).stdout)
    assert [scene["name"] for scene in scenes] == names
    words = gradreel("list", "--media_dir", tmp_path).stdout.splitlines()
    rows = [line.split(maxsplit=1) for line in words]
    shown = [(scene["name"], scene["title"]) for scene in scenes]
    assert [tuple(row) for row in rows if tuple(row) in shown] == shown
    for scene in scenes:
        assert scene.keys() == LISTED
        assert (scene["seconds"], scene["beats"]) == (None, None), "nothing has been rendered there"
        assert f"class {scene['class']}(" in Path(scene["file"]).read_text(encoding="utf-8")


def test_list_in_a_new_folder_reads_no_scenes_file(gradreel, tmp_path, monkeypatch):
    listed = gradreel("list", "--media_dir", tmp_path).stdout
    with_sources = [scene.name for scene in find_scenes()]
    monkeypatch.setattr("gradreel.render.listing.known_scenes", None)
    assert gradreel("list", "--media_dir", tmp_path).stdout == listed
    assert [line.split()[0] for line in listed.splitlines() if line.startswith("  ")] == with_sources


def test_list_and_describe_show_each_lesson_of_ours(gradreel, tmp_path):
    listed = gradreel("list", "--media_dir", tmp_path).stdout
    places = [
        listed.index(text) for text in ("render deep-learning)", "summary", "render classification)", "two-kinds")
    ]
    assert places == sorted(places) and places[-1] < listed.index("Beside the lesson")
    shown = gradreel("describe", "classification").stdout
    assert shown.startswith("classification: From numbers to classes\n") and "two-kinds" in shown
    assert "build-curve" not in shown
    scenes = json.loads(gradreel("describe", "classification", "--json", "--lang", "zh").stdout)
    assert (scenes[0]["name"], scenes[0]["part"]) == ("two-kinds", "一条线的两边")


def test_a_lessons_name_is_rendered_as_its_file_would_be(gradreel, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    asked = []
    monkeypatch.setattr("gradreel.render.commands.render_videos", lambda options: asked.append(options) or 0)
    (tmp_path / "gradreel.toml").write_text('lesson = "mine.toml"\n')
    first, second = LESSON_FILES
    for words in (["classification"], ["--lesson", second], ["--lesson", "classification"], ["deep-learning"], []):
        assert gradreel("render", *words).exit_code == 0
    assert [options.lesson for options in asked] == [second, second, second, first, tmp_path / "mine.toml"]
    assert {options.scenes for options in asked} == {()}


def test_list_prints_titles_in_another_language(gradreel):
    def title(language: str) -> str:
        scenes = json.loads(gradreel("list", "--json", "--lang", language).stdout)
        return next(scene["title"] for scene in scenes if scene["name"] == "build-curve")

    assert title("en").isascii()
    assert not title("zh").isascii()


@pytest.mark.parametrize("spelling", ["--media_dir", "--media-dir"])
def test_both_spellings_of_an_option(gradreel, tmp_path, spelling, monkeypatch):
    (tmp_path / "media").write_text("")
    for slow in ("_check_imports_in_new_process", "default_voice"):
        monkeypatch.setattr(f"gradreel.render.health.{slow}", lambda *_: None)
    result = gradreel("checkhealth", spelling, tmp_path / "media")
    assert (result.exit_code, "is a file" in result.stdout) == (1, True)


def test_python_cli_py_runs_the_installed_package(tmp_path):
    command = [sys.executable, ROOT / "cli.py", "list", "--json"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(result.stdout)[0].keys() == LISTED


def test_version(gradreel):
    assert gradreel("--version").stdout.startswith("gradreel 0.")


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_completion_script(gradreel, shell):
    assert "_GRADREEL_COMPLETE" in gradreel("completion", shell).stdout


def complete(words: str) -> list[str]:
    """Return bash's completions for the last word."""
    environment = os.environ | {
        "_GRADREEL_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
    }
    output = subprocess.run([GRADREEL], env=environment, capture_output=True, text=True, check=False).stdout
    return [line.partition(",")[2] for line in output.splitlines()]


def test_completion_of_commands_scenes_options_and_values():
    assert complete("gradreel des") == ["describe"]
    assert complete("gradreel render build") == ["build-curve"]
    assert complete("gradreel render classif") == ["classification"]
    assert "--media_dir" in complete("gradreel render --m")
    assert complete("gradreel render --theme d") == ["dark"]
    assert complete("gradreel render --lang z") == ["zh"]


MISTAKES = [
    (["rendr"], "render"),
    (["render", "--lang", "fr"], "en, zh"),
    (["render", "--theme", "pink"], "'dark', 'light'"),
    (["render", "-q", "x"], "'l', 'm', 'h', 'p', 'k'"),
    (["render", "--fps", "0"], "--fps 1"),
    (["render", "--fps", "30000/1001"], "whole number from 1 to 240"),
    (["render", "--fps", "29.97"], "--fps 30"),
    (["render", "--fps", "1/0"], "--fps 30"),
    (["render", "--fps", "1e9"], "--fps 240"),
    (["render", "--fps", "nan"], "--fps 30"),
    (["render", "--fps", "fast"], "--fps"),
    (["render", "-r", "1,1"], "from 16 to 8192"),
    (["render", "-r", "17,17"], "even"),
    (["render", "-r", "1281,720"], "-r 1282,720"),
    (["render", "-r", "2,2"], "16"),
    (["render", "-r", "0,0"], "16"),
    (["render", "-r", "large"], "-r 1280,720"),
    (["render", "-j", "0"], "-j"),
    (["render", "--seed", "-1"], "--seed"),
    (["render", "-n", ","], "-n constant,sum"),
    (["render", "-o", "."], "folder"),
    (["render", "-o", "a.mov", "--format", "mp4"], ".mp4"),
    (["render", "-o", "a.jpg"], ".mp4"),
    (["render", "-s", "-o", "a.mp4"], ".png"),
    (["render", "-t", "--format", "mp4"], "--format mov"),
    (["render", "--set", "knots=3"], "scene.parameter=value"),
    (["render", "--lesson", "missing.toml"], "missing.toml"),
    (["render", "--lesson", "."], "folder"),
    (["render", "--lesson", "shapes.toml", "bild-curve"], "build-curve"),
    (["render", "--lesson", "shapes.toml", "my_scene.py:Rong"], "Ring"),
    (["render", "--lesson", "shapes.toml", "missing.py:Ring"], "missing.py"),
    (["render", "--watch", "--force"], "--force"),
    (["render", "-s", "--burn_subtitles", "en"], "leave out one of the two"),
    (["render", "--format", "gif", "--burn_subtitles", "zh", "my_scene.py", "Ring"], "--burn_subtitles zh"),
    (["render", "my_scene.py", "Rong"], "my_scene.py has no class Rong"),
    (["render", "--lesson", "shapes.toml", "--set", "rnig.radius=2"], "ring"),
    (["render", "--lesson", "shapes.toml", "--from", "rnig"], "no such scene; did you mean ring?"),
    (["frames", "--lesson", "shapes.toml", "--to", "title"], "no such scene; its scenes: ring, plain"),
    (["train", "--lesson", "shapes.toml", "--from", "plain", "--to", "ring"], "of shapes: ring, plain"),
    (["check", "--lesson", "shapes.toml", "my_scene.py:Ring", "--to", "plain"], "name scenes, or choose"),
    (["list", "--from", "none"], "build-curve"),
    (["list", "--lesson", "clasification"], "did you mean classification?"),
    (["render", "classification", "build-curve"], "name the lesson alone: gradreel render classification"),
    (["frames", "--lesson", "shapes.toml", "classification"], "and --lesson shapes.toml was named too"),
    (["render", "--lesson", "shapes.toml", "--format", "gif"], "name scenes"),
    (["render", "--lesson", "shapes.toml", "-n", "draw"], "name the scene"),
    (["render", "--lesson", "shapes.toml", "my_scene.py:Ring", "my_scene.py:Plain", "-o", "a.mp4"], "one file"),
    (["describe"], "SCENE"),
    (["verify", "missing/trace"], "missing/trace"),
    (["completion", "tcsh"], "'bash', 'zsh', 'fish'"),
]


@pytest.mark.parametrize(("arguments", "words"), MISTAKES, ids=[" ".join(arguments) for arguments, _ in MISTAKES])
def test_mistake_is_one_message_and_exit_code_2(gradreel, project, arguments, words):
    before = sorted(project.rglob("*"))
    result = gradreel(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Error: ")
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    assert sorted(project.rglob("*")) == before


@pytest.mark.parametrize(
    ("lesson", "words"),
    [
        ("title = {en = 'x'\n[[scene]]\nname = 'build-curve'\n", "line 1"),
        ("titel = {en = 'x'}\n[[scene]]\nname = 'build-curve'\n", "titel"),
        ("title = {en = 'x'}\n[[scene]]\nname = 'bild-curve'\n", "build-curve"),
        ("title = {en = 'x'}\n[[scene]]\nname = 'build-curve'\n[[scene]]\nname = 'build-curve'\n", "twice"),
        ("title = {en = 'x'}\n", "scene"),
        ("", "scene"),
    ],
)
def test_mistake_in_a_lesson_file(gradreel, project, lesson, words):
    (project / "mine.toml").write_text(lesson, encoding="utf-8")
    result = gradreel("render", "--lesson", "mine.toml")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "mine.toml" in result.stderr
    assert words in result.stderr


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (UserError("no such thing"), 2, "Error: no such thing\n"),
        (TrainingError("diverged at update 3"), 1, "Error: diverged at update 3\n"),
        (KeyboardInterrupt(), 130, "Interrupted.\n"),
        (
            OSError(errno.ENOSPC, "No space left on device", "media/x"),
            2,
            "Error: media/x: No space left on device; free",
        ),
        (PermissionError(errno.EACCES, "Permission denied", "media"), 2, "Error: media: Permission denied; change"),
    ],
)
def test_exit_code_and_message_of_each_error(gradreel, monkeypatch, error, code, message):
    def fail(**chosen):
        raise error

    monkeypatch.setattr("gradreel.render.listing.print_scenes", fail)
    result = gradreel("list")
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr.lstrip("\n").startswith(message)  # click first ends the line


def test_fault_of_ours_keeps_its_traceback(gradreel, monkeypatch):
    def fail(**chosen):
        raise RuntimeError("ours")

    monkeypatch.setattr("gradreel.render.listing.print_scenes", fail)
    with pytest.raises(RuntimeError, match="ours"):
        gradreel("list")


def test_a_reader_that_closes_the_pipe_causes_no_error():
    command = f"'{GRADREEL}' render --help | head -c 1 >/dev/null; echo ${{PIPESTATUS[0]}}"
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert "Traceback" not in result.stderr


def test_undecodable_names_and_a_deleted_working_folder_are_user_errors(gradreel, tmp_path, monkeypatch):
    result = gradreel("describe", os.fsdecode(b"caf\xe9.py"))
    assert result.exit_code == 2
    assert r"caf\xe9.py" in result.stderr and "rename" in result.stderr
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    result = gradreel("list")
    assert (result.exit_code, "change to another folder" in result.stderr) == (2, True)
