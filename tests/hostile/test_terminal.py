"""Texts from files, wherever a command prints them: none of them steers the terminal."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys

import click
import pytest
import torch
from gradreel.core.errors import UserError, is_printable, printable
from gradreel.render.report import print_json
from gradreel.render.terminal import plain_streams
from gradreel.render.workers.progress import reporter

ODD = "\x1b[31mred\x1b]0;x\x07\x9b31m\r\u202eodd"
ODD_JSON = json.dumps(ODD)  # as TOML and Python have it, too
SCENES = f"""
from gradreel.scenes.base import LectureScene
from gradreel.scenes.trace_folder import TraceFolder
from manim import Circle, FadeIn, Scene, logger
from pydantic import Field


class Ring(LectureScene):
    {ODD_JSON}

    class Parameters(LectureScene.Parameters):
        label: str = Field({ODD_JSON}, description={ODD_JSON})
        trace: TraceFolder | None = None

    def construct(self):
        logger.warning({ODD_JSON})
        with self.beat("draw", say={ODD_JSON}):
            self.play(FadeIn(Circle()), run_time=0.2)
        with self.beat("own"):
            self.play(FadeIn(Circle()), run_time=0.2)


class Broken(Scene):
    def construct(self):
        raise ValueError({ODD_JSON})
"""
LESSON = f"""
title = {{ en = {ODD_JSON}, zh = {ODD_JSON} }}
description = {{ en = {ODD_JSON} }}
tags = [{ODD_JSON}]
narration = "words.toml"

[[scene]]
name = "odd.py:Ring"
part = {{ en = {ODD_JSON} }}
parameters = {{ trace = "runs" }}
"""
WORDS = "".join(
    f"[{language}.ring]\ntitle = {ODD_JSON}\n[{language}.ring.beats]\nown = {ODD_JSON}\n"
    f"[{language}.ring.screen]\n{ODD_JSON} = {ODD_JSON}\n"
    for language in ("en", "zh")
)
SMALL = ("--lesson", "odd.toml", "-r", "64,36", "--fps", "5")


@pytest.fixture(scope="module")
def odd_run(tmp_path_factory, record_loop):
    """Record a model with an odd class name; return the trace's folder."""
    model, path = type(ODD, (torch.nn.Sequential,), {})(torch.nn.Linear(1, 1)), tmp_path_factory.mktemp("odd") / "runs"
    return record_loop(path, lambda parameters: torch.optim.SGD(parameters, 0.1), updates=3, model=model)


@pytest.fixture
def odd_lesson(tripwires, odd_run):
    """Write a lesson in which all texts are odd, and a recording of a model with an odd class name."""
    shutil.copytree(odd_run, tripwires.folder / "runs")
    for name, text in (("odd.py", SCENES), ("odd.toml", LESSON), ("words.toml", WORDS)):
        (tripwires.folder / name).write_text(text, encoding="utf-8")
    return tripwires


COMMANDS = {
    "list": ("list", "--lesson", "odd.toml"),
    "describe": ("describe", "ring", "--lesson", "odd.toml"),
    "dry run": ("render", *SMALL, "--dry_run"),
    "render": ("render", *SMALL, "-v", "debug"),
    "of a scene": ("render", "ring", *SMALL),
    "frames": ("frames", *SMALL[:4]),
    "check": ("check", *SMALL[:2]),
    "pace": ("check", "--pace", *SMALL[:2]),
    "train": ("train", *SMALL[:2]),
    "verify": ("verify", *SMALL[:2]),
    "verify a folder": ("verify", "runs"),
    "cache": ("cache", *SMALL[:2]),
    "a word that is none": ("render", *SMALL, "--set", f"ring.{ODD}=1"),
    "a name that is none": ("describe", ODD),
    "a file that is none": ("list", "--lesson", ODD),
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_no_text_of_a_lesson_or_a_trace_steers_the_terminal(odd_lesson, command):
    result = odd_lesson.run(*command)
    assert all(map(is_printable, result.output)), result.output


@pytest.mark.parametrize("command", ["list", "describe"])
def test_json_has_the_very_text_and_steers_nothing(odd_lesson, command):
    result = odd_lesson.run(*COMMANDS[command], "--json")
    content = json.loads(result.stdout)
    assert all(map(is_printable, result.output))
    assert (content if command == "describe" else content[0])["title"] == ODD


@pytest.mark.parametrize("command", [("render", "odd.py:Broken", "-r", "64,36"), ("checkhealth", "--media_dir", ODD)])
def test_a_scenes_error_and_a_folders_name_cannot_control_the_terminal(odd_lesson, gradreel, command):
    result = gradreel(*command)
    assert all(map(is_printable, result.output)) and r"\x1b" in result.output


def test_manims_warnings_at_import_cannot_control_the_terminal(tmp_path):
    (tmp_path / "manim.cfg").write_text("[CLI]\ntex_template_file = \x1b[31mred\n", encoding="utf-8")
    line = [sys.executable, "-c", "import gradreel.render.preloaded"]
    told = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert told.stdout == "", "that is for results"
    assert "red" in told.stderr and all(map(is_printable, told.stderr))


def test_the_script_for_a_voice_which_people_read_on_a_terminal_is_plain(odd_lesson):
    folder = odd_lesson.folder / "takes"
    result = odd_lesson.run("narrate", "--recordings", folder, *SMALL[:2], may_change=[folder])
    assert all(map(is_printable, result.output + (folder / "script.md").read_text("utf-8")))


def test_messages_about_a_table_of_views_are_printable(tripwires):
    table = tripwires.folder / f"{ODD}.csv"
    table.write_text(f"{ODD},{ODD}2\n{ODD},1\n2021-01-01,{ODD}\n", encoding="utf-8")
    told = tripwires.refused("experiment", "width", "--data", table)
    assert all(map(is_printable, told)) and r"\x1b" in told


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_bars_use_escape_sequences_but_texts_have_none(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm-256color")
    with plain_streams(), reporter("display") as told:
        told.begin(ODD, 3, "frames")
        told.advance(ODD, 1)
        told.say(f"[bold]{ODD}")
        print(ODD, file=sys.stderr)
        told.end(ODD)
    drawn = terminal.getvalue()
    assert "\x1b[" in drawn and drawn.count(r"\x1b]0;x\x07") >= 3
    assert not any(part in drawn for part in ("\x1b[31mred", "\x1b]0;", "\x07", "\x9b", "\u202e"))
    assert sys.stderr is terminal


def test_a_terminal_of_ascii_gets_no_escape_code_of_click_and_each_letter_spelled_out(monkeypatch):
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="ascii", write_through=True)
    monkeypatch.setattr(sys, "stdout", terminal)
    with plain_streams():
        click.echo(ODD, color=True)
        print("深 ŷ")
        print_json(["深\x1b", "🙂"])
    drawn = terminal.buffer.getvalue().decode("ascii")
    assert all(map(is_printable, drawn)) and r"\u6df1 \u0177" in drawn
    assert json.loads(drawn[drawn.index("[\n") :]) == ["深\x1b", "🙂"]


def test_characters_of_ordinary_words_are_printed_unchanged():
    text = "a\tb\n全角\u3000空格 espace\u00a0fine, 👩\u200d🔬 می\u200cخواهم"
    assert printable(text) == text


def test_a_user_errors_message_is_printable_in_every_place():
    assert str(UserError(ODD)) == printable(ODD)
