"""The documentation builds without a warning, and what README and its pages tell users to write and to type works.

Each page is followed from its beginning in an empty folder: its files are written, its commands are run. A comment
before a block says otherwise: ``<!-- long -->`` runs it only in ``./run bench docs``, ``<!-- only parsed: why -->`` not
at all. The options of every command are checked in any case.
"""

from __future__ import annotations

import ast
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import click
import pytest
from gradreel.cli import commands

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(page for page in DOCS.rglob("*.md") if DOCS / "build" not in page.parents)]
RUN_LONG = "GRADREEL_LONG_DOCS" in os.environ
FENCE = re.compile(
    r"^(?:<!-- (long|only parsed: .+) -->\n)?```(\w+|\{[\w-]+\})[^\n]*\n(.*?)^```$", re.DOTALL | re.MULTILINE
)
FILE_NAME = re.compile(r"# ([\w.-]+\.\w+)")
IN_FOLDER = "import os, runpy; os.chdir(folder); runpy.run_path(arguments[0], run_name='__main__')"
QUICK = {"GRADREEL_RESOLUTION": "160,90", "GRADREEL_FPS": "5", "GRADREEL_VOICE": "none"}


@dataclass(frozen=True)
class Block:
    """A code block of a page: its language, its text, and the mark before it or ""."""

    language: str
    text: str
    mark: str

    @property
    def runs(self) -> bool:
        return not self.mark or (self.mark == "long" and RUN_LONG)


def blocks_of(page: Path) -> list[Block]:
    found = FENCE.findall(page.read_text(encoding="utf-8"))
    return [Block(language, text, mark) for mark, language, text in found if not language.startswith("{")]


def commands_in(page: Path) -> list[list[str]]:
    """The arguments of each call of ``gradreel``, or of ``./run`` with one of its commands, on a page."""
    calls = []
    for block in blocks_of(page):
        for line in block.text.splitlines() if block.language == "sh" else ():
            words = shlex.split(line.partition(" > ")[0], comments=True)
            while words and "=" in words[0]:  # a variable
                words.pop(0)
            if words[:1] == ["gradreel"] or (words[:1] == ["./run"] and words[1] in commands.commands):
                calls.append(words[1:])
    return calls


@pytest.fixture
def shell(tmp_path, monkeypatch, gradreel, begin_fork):
    """Runs a shell script in an empty folder, with small pictures and no voice; fails the test if it fails."""
    programs = tmp_path / ".programs"
    programs.mkdir()
    (programs / "gradreel").write_text(f'#!/bin/sh\nexec {sys.executable} -m gradreel.cli "$@"\n')
    (programs / "gradreel").chmod(0o755)
    for name, value in QUICK.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", f"{programs}:{Path(sys.executable).parent}:{os.environ['PATH']}")
    folder = tmp_path / "desk"
    folder.mkdir()
    monkeypatch.chdir(folder)

    def run(script: str) -> None:
        script = script.replace("./run ", "gradreel ")
        calls = list(filter(None, (shlex.split(line, comments=True) for line in script.splitlines())))
        if not all(call[0] in ("gradreel", "python") and not {*call} & {">", "|", "&&", "-m"} for call in calls):
            command = ["bash", "-euo", "pipefail", "-c", script]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=900, check=False)
            assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
            return
        for program, *arguments in calls:  # by processes that have imported Manim and torch
            if program == "gradreel":
                assert (result := gradreel(*arguments)).exit_code == 0, f"{arguments}\n{result.output}"
            else:
                process = begin_fork(IN_FOLDER, folder=str(folder), arguments=arguments)
                process.join()
                assert process.exitcode == 0, arguments

    run.folder = folder
    return run


@pytest.mark.parametrize("page", [page for page in PAGES if blocks_of(page)], ids=lambda page: page.stem)
def test_a_page_can_be_followed(page, shell):
    for block in blocks_of(page):
        name = FILE_NAME.match(block.text)
        if block.language in ("python", "toml") and name:
            (shell.folder / name[1]).write_text(block.text, encoding="utf-8")
        elif block.language == "python" and block.runs:
            (shell.folder / "of_the_page.py").write_text(block.text, encoding="utf-8")
            shell("python of_the_page.py")
        elif block.language == "sh" and block.runs:
            shell(block.text)


def test_the_reference_of_the_manifest_has_every_key():
    tree = ast.parse((ROOT / "render" / "videos" / "publishing.py").read_text(encoding="utf-8"))
    writers = {"manifest_of", "_part_entries", "_scene_entry", "_speech_entry", "_runs_in_manifest"}
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name in writers]
    tables = [node for function in functions for node in ast.walk(function) if isinstance(node, ast.Dict)]
    keys = {key.value for table in tables for key in table.keys if isinstance(key, ast.Constant)}
    assert len(functions) == len(writers) and len(keys) > 30
    page = (DOCS / "reference" / "manifest.md").read_text(encoding="utf-8")
    assert {key for key in keys if f"`{key}`" not in page} == set()


def test_every_path_that_contributing_names_exists():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    paths = {path for path in re.findall(r"`([\w./-]+)`", text) if "/" in path or path.endswith((".py", ".md"))}
    walk = "".join(re.findall(r"```\n(.*?)```", text, re.DOTALL))
    modules = set(re.findall(r"^ *([\w/]+\.py) ", walk, re.MULTILINE))
    assert len(paths) > 30 and len(modules) > 15
    places = (ROOT, ROOT / "scenes", ROOT / "render")
    assert {path for path in paths | modules if not any((place / path).exists() for place in places)} == set()


@pytest.mark.parametrize("call", [call for page in PAGES for call in commands_in(page)], ids=" ".join)
def test_a_command_on_a_page_has_the_options_that_it_names(call):
    group: click.Command = commands
    while isinstance(group, click.Group) and call and not call[0].startswith("-"):
        group, call = group.commands[call[0]], call[1:]
    if not {"--version", "--help"} & {*call}:
        group.make_context("gradreel", call)


def test_the_documentation_builds_without_a_warning_and_needs_no_network(tmp_path):
    pytest.importorskip("furo", reason="./run docs installs what the documentation needs")
    done = subprocess.run([ROOT / "run", "docs", tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded = re.compile(r'<(?:script|img|link)\b[^>]*(?:src|href)="(?:https?:)?//')
    pages = list(tmp_path.rglob("*.html"))
    assert len(pages) > 15
    assert {page.name for page in pages if loaded.search(page.read_text(encoding="utf-8"))} == set()


def test_the_documentation_does_not_build_with_a_broken_link_or_a_name_without_docstring(tmp_path):
    pytest.importorskip("furo", reason="./run docs installs what the documentation needs")
    conf = (DOCS / "conf.py").read_text(encoding="utf-8").replace("Path(__file__).parent", f"Path({str(DOCS)!r})")
    (tmp_path / "conf.py").write_text(conf + "\nhtml_static_path = []\nhtml_css_files = []\n", encoding="utf-8")
    (tmp_path / "index.md").write_text("# Page\n\n[nowhere](missing.md)\n", encoding="utf-8")
    hidden = "import gradreel\ngradreel.record.__doc__ = None\n"
    program = f"{hidden}from sphinx.cmd.build import main\nraise SystemExit(main())"
    command = [sys.executable, "-c", program, "-q", "-W", "--keep-going", tmp_path, tmp_path / "html"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "missing.md" in done.stderr and "gradreel.record has no docstring" in done.stderr
