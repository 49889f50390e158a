"""Tests of default options from files and the environment: which one wins, and the errors."""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path

import click
import pytest
from gradreel.cli import commands
from gradreel.core.errors import UserError
from gradreel.render import defaults


@pytest.fixture
def chosen(tmp_path, monkeypatch):
    """``chosen("render", …)``: what the command is called with, in place of its work; we are in a folder below."""
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    monkeypatch.delenv("GRADREEL_VOICE")
    taken = {}
    monkeypatch.setattr("gradreel.render.commands.render_videos", lambda options: taken.update(vars(options)))
    monkeypatch.setattr("gradreel.render.commands.check_scenes", lambda options: taken.update(vars(options)))
    monkeypatch.setattr("gradreel.cli._begin_to_import_manim", lambda dry_run=False: None)

    def run(gradreel, *arguments):
        result = gradreel(*arguments)
        assert result.exit_code == 0, result.stderr
        return dict(taken)

    return run


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(gradreel, chosen, tmp_path, monkeypatch):
    (tmp_path / "gradreel.toml").write_text('[render]\nquality = "l"\nresolution = "20,10"\nfps = 5\n')
    assert chosen(gradreel, "render")["quality"] == "l"
    monkeypatch.setenv("GRADREEL_QUALITY", "m")
    monkeypatch.setenv("GRADREEL_RESOLUTION", "40,20")
    found = chosen(gradreel, "render", "-q", "k")
    assert (found["quality"], found["resolution"], found["fps"]) == ("k", "40,20", "5")


def test_values_above_the_tables_apply_to_every_command_and_a_table_to_its_command(gradreel, chosen, tmp_path):
    text = 'theme = "light"\nlang = "en"\n[render]\nlang = "zh"\n'
    (tmp_path / "gradreel.toml").write_text(text)
    for command, language in (("render", "zh"), ("check", "en")):
        found = chosen(gradreel, command)
        assert (found["theme"], found["language"]) == ("light", language)


@pytest.mark.parametrize("spelling", ["media_dir", "media-dir"])
def test_a_path_is_relative_to_the_file_of_defaults(gradreel, chosen, tmp_path, spelling):
    (tmp_path / "gradreel.toml").write_text(f'{spelling} = "films"\nlesson = "/elsewhere/lesson.toml"\n')
    found = chosen(gradreel, "render")
    assert (found["media_dir"], found["lesson"]) == (tmp_path / "films", Path("/elsewhere/lesson.toml"))


@pytest.mark.parametrize(
    ("value", "taken"),
    [
        ('"none"', ["none"]),
        ('"en=takes/"', ["en={here}/takes"]),
        ('["en=default", "zh=/a/voice.onnx"]', ["en=default", "zh=/a/voice.onnx"]),
        ("""["zh=command:say '{text}' {file}"]""", ["zh=command:say '{{text}}' {{file}}"]),
    ],
)
def test_voices_are_one_or_several_and_folders_beside_the_file(gradreel, chosen, tmp_path, value, taken):
    (tmp_path / "gradreel.toml").write_text(f"voice = {value}\n")
    assert chosen(gradreel, "render")["voices"] == tuple(voice.format(here=tmp_path) for voice in taken)
    assert chosen(gradreel, "render", "--voice", "en=none")["voices"] == ("en=none",)


@pytest.mark.parametrize("value", ["3", "true", '["en=default", 3]', '"french"', '[["none"]]'])
def test_an_invalid_voice_is_named_with_its_file(gradreel, chosen, tmp_path, value):
    (tmp_path / "gradreel.toml").write_text(f"voice = {value}\n")
    result = gradreel("render")
    assert result.exit_code == 2 and "gradreel.toml: voice = " in result.stderr


def test_only_the_nearest_file_counts_and_gradreel_toml_comes_before_pyproject(gradreel, chosen, tmp_path):
    (tmp_path / "gradreel.toml").write_text('quality = "l"\ntheme = "light"\n')
    below = tmp_path / "below" / "pyproject.toml"
    below.write_text('[tool.other]\nquality = "k"\n')
    assert chosen(gradreel, "render")["quality"] == "l"
    below.write_text('[tool.gradreel]\nquality = "m"\n')
    found = chosen(gradreel, "render")
    assert (found["quality"], found["theme"]) == ("m", "dark")
    (tmp_path / "below" / "gradreel.toml").write_text('[render]\nquality = "p"\n')
    assert chosen(gradreel, "render")["quality"] == "p"


def test_watching_uses_a_low_quality_unless_one_is_set_anywhere(gradreel, chosen, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr("gradreel.render.commands.watch_videos", lambda options: seen.append(options.quality))
    gradreel("render", "--watch")
    (tmp_path / "gradreel.toml").write_text('quality = "m"\n')
    gradreel("render", "--watch")
    assert seen == ["l", "m"]


WRONG = [
    ('qualty = "l"', "gradreel.toml: qualty: there is no such option; did you mean quality?"),
    ("[render]\nwidths = 3", "[render] widths: there is no such option"),
    ('quality = "x"', "quality = \"x\": 'x' is not one of 'l', 'm', 'h', 'p', 'k'"),
    ('[check]\nlang = "fr"', '[check] lang = "fr": '),
    ("quality = true", "quality = true: needed: a text"),
    ("[render]\nquality = ['l']", "needed: a text"),
    ("quiet = 1", "quiet = 1: needed: true or false"),
    ("jobs = 0", "jobs = 0: 0 is not in the range x>=1"),
    ("[cache]\nprune = true", "[cache] prune: --prune works only on the command line"),
    ('set = "ring.radius=2"', "set: --set works only on the command line"),
    ("[rendr]", "[rendr]: there is no such command; "),
    ("render = 3", "[render]: needed: a table of options"),
    ("quality = ", "gradreel.toml is not valid TOML"),
]


@pytest.mark.parametrize(("text", "words"), WRONG, ids=[text for text, _ in WRONG])
def test_faults_in_the_file_are_named(gradreel, chosen, tmp_path, text, words):
    (tmp_path / "gradreel.toml").write_text(text)
    for command in ("render", "list"):
        result = gradreel(command)
        assert (result.exit_code, result.stdout) == (2, "")
        assert str(tmp_path / "gradreel.toml") in result.stderr and words in result.stderr


@pytest.mark.parametrize("day", [date(2024, 1, 1), "2024-01-01"])
def test_a_day_may_be_a_toml_date(day, tmp_path):
    found = defaults.default_map(commands, {"test_from": day}, tmp_path / "gradreel.toml")
    assert found["experiment"]["test_from"] == "2024-01-01"


def test_an_unreadable_file_and_a_table_of_the_wrong_type_are_user_errors(gradreel, chosen, tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool]\ngradreel = 3\n")
    assert "[tool.gradreel]: needed: a table of options" in gradreel("list").stderr
    os.mkfifo(tmp_path / "gradreel.toml")
    assert "is a pipe or a device" in gradreel("list").stderr


def test_an_error_found_later_names_the_source_of_its_option(gradreel, chosen, tmp_path, monkeypatch):
    monkeypatch.undo()
    monkeypatch.delenv("GRADREEL_VOICE")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gradreel.toml").write_text('resolution = "17,17"\n')
    error = gradreel("render", "--lang", "zh").stderr
    assert f"(--resolution 17,17 by {tmp_path / 'gradreel.toml'})" in error and "zh" not in error
    monkeypatch.setenv("GRADREEL_QUALITY", "x")
    assert "(GRADREEL_QUALITY=x by the environment" in gradreel("render", "-r", "32,18").stderr


def test_the_help_of_a_command_shows_the_defaults_from_the_file(gradreel, chosen, tmp_path, monkeypatch):
    assert "Now:" not in gradreel("render", "--help").stdout
    (tmp_path / "gradreel.toml").write_text('[render]\nquality = "l"\n')
    monkeypatch.setenv("GRADREEL_THEME", "light")
    said = "".join(gradreel("render", "--help").stdout.split())  # which wraps lines at any hyphen
    assert f"Now:--qualitylby{tmp_path / 'gradreel.toml'};GRADREEL_THEME=lightbytheenvironment." in said
    assert "Now:" not in gradreel("completion", "--help").stdout


def test_the_search_ends_at_a_folder_of_another_owner(tmp_path):
    below = tmp_path / "theirs" / "mine"
    below.mkdir(parents=True)
    (tmp_path / "theirs" / "gradreel.toml").write_text('quality = "l"\n')
    assert defaults.find_defaults(below) == (tmp_path / "theirs" / "gradreel.toml", {"quality": "l"})
    if os.getuid() != 0:
        pytest.skip("only root gives folders away")
    os.chown(below, 12345, 12345)
    assert defaults.find_defaults(below) is None


def test_commands_in_groups_have_tables_in_tables(tmp_path):
    @click.group()
    def outer(): ...

    @outer.group()
    def export(): ...

    @export.command()
    @click.option("--lang", "language", envvar="X")
    def slides(language): ...

    file = tmp_path / "gradreel.toml"
    found = defaults.default_map(outer, {"lang": "en", "export": {"slides": {"lang": "zh"}}}, file)
    assert found == {"export": {"slides": {"language": "zh"}}}
    assert defaults.default_map(outer, {"lang": "en"}, file) == {"export": {"slides": {"language": "en"}}}
    for table, words in (
        ({"pages": {}}, r"\[export.pages\]: there is no such command"),
        ({"slides": {"x": 1}}, "slides] x"),
    ):
        with pytest.raises(UserError, match=words):
            defaults.default_map(outer, {"export": table}, file)


def test_every_variable_of_the_environment_is_called_like_its_option():
    for name, command in commands.commands.items():
        for param in command.params:
            if isinstance(param, click.Option) and param.envvar is not None:
                assert param.envvar.startswith("GRADREEL_"), name
                assert f"--{param.envvar.removeprefix('GRADREEL_').lower().replace('_', '-')}" in {
                    option.replace("_", "-") for option in param.opts
                }
    assert commands.commands["cache"].params[-4].envvar is None  # --prune


def test_json_by_default_is_json(gradreel, chosen, tmp_path):
    (tmp_path / "gradreel.toml").write_text("[list]\njson = true\n")
    assert json.loads(gradreel("list").stdout)
