"""Fixtures of the tests of hostile files: a command that runs in a folder full of tripwires."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from click.testing import Result
from hypothesis import strategies as st

NAMES = ("notes.txt", ".bashrc", ".ssh/id", "films/own.mp4", "films/own.en.srt", "deep/er/still.json", "clips/x.mp4")
SCENES = '''
from gradreel.scenes.base import LectureScene
from manim import Circle, FadeIn, Scene


class Ring(LectureScene):
    """A ring."""

    def construct(self):
        with self.beat("draw", say="A ring."):
            self.play(FadeIn(Circle()), run_time=0.2)


class Plain(Scene):
    def construct(self):
        self.play(FadeIn(Circle()), run_time=0.2)
'''
LESSON = '[[scene]]\nname = "my.py:Ring"\n[[scene]]\nname = "my.py:Plain"\n'
SMALL = ("--lesson", "film.toml", "-r", "64,36", "--fps", "5")
KEPT = pytest.StashKey[list[Path]]()  # a media folder as it was rendered
PYTHONS = "__pycache__"  # written beside a module that is imported


class Tripwires:
    """A folder in which nothing may be written, changed or removed but what a command was told to.

    ``folder`` is the current one; ``home`` is around it, and both hold files of somebody's. ``media`` is where the
    stranger's media folder goes.
    """

    def __init__(self, home: Path, gradreel: Callable[..., Result]) -> None:
        self.home, self.folder = home, home / "work"
        self.media = self.folder / "media"
        self._gradreel = gradreel
        for folder in (self.home, self.folder):
            for name in NAMES:
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(f"mine: {path}", encoding="utf-8")
        (self.home / "way out").symlink_to(self.folder / "films")

    def run(self, *arguments: object, may_change: Iterable[Path] = ()) -> Result:
        """Run a command and return its result.

        Fails if a file outside ``may_change`` and the media folder changed, for a traceback, and for an exit code
        other than 0, 1 and 2.
        """
        allowed = [self.media, *may_change]
        before = self.state(allowed)
        result = self._gradreel(*arguments)
        after = self.state(allowed)
        differing = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
        assert not differing, f"{sorted(differing)} changed by {arguments}: {result.output}"
        assert result.exit_code in (0, 1, 2), result.output
        assert "Traceback" not in result.output
        return result

    def refused(self, *arguments: object, may_change: Iterable[Path] = ()) -> str:
        """Run a command that must exit with 2, and return its standard error."""
        result = self.run(*arguments, may_change=may_change)
        assert result.exit_code == 2, result.output
        return result.stderr

    def state(self, allowed: Iterable[Path] = ()) -> dict[str, str]:
        """Return kind, content and mode of everything in ``home``, by path; skips the ``allowed`` paths."""
        skipped = {str(path) for path in allowed}
        found: dict[str, str] = {}
        for folder, folders, files in os.walk(self.home):
            folders[:] = [name for name in folders if os.path.join(folder, name) not in skipped and name != PYTHONS]
            for name in (*folders, *files):
                path = os.path.join(folder, name)
                if path not in skipped:
                    found[path] = _state(path)
        return found


def _state(path: str) -> str:
    found = os.lstat(path)
    content = ""
    if stat.S_ISLNK(found.st_mode):
        content = os.readlink(path)
    elif stat.S_ISREG(found.st_mode):
        content = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    return f"{found.st_mode:o} {content}"


def _places(content: object, place: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """Every place in a JSON value, as keys and indices."""
    inside = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    return [place, *(found for key, value in inside for found in _places(value, (*place, key)))]


def _put(content: object, place: tuple[object, ...], value: object) -> object:
    if not place:
        return value
    if isinstance(content, dict):
        return {**content, place[0]: _put(content[place[0]], place[1:], value)}
    assert isinstance(content, list)
    return [_put(entry, place[1:], value) if index == place[0] else entry for index, entry in enumerate(content)]


@pytest.fixture(scope="session")
def odd_json():
    """Return ``odd_json(content)``: a strategy of JSON like ``content``, with one place replaced by any value."""
    simple = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    value = st.recursive(
        simple,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=6,
    )
    return lambda content: st.builds(_put, st.just(content), st.sampled_from(_places(content)), value)


@pytest.fixture
def tripwires(tmp_path, monkeypatch, gradreel):
    """``tripwires.run("render", …)``: in a folder of somebody's, which stays as it is outside the media folder."""
    made = Tripwires(tmp_path / "home", gradreel)
    monkeypatch.setenv("HOME", str(made.home))
    monkeypatch.chdir(made.folder)
    return made


@pytest.fixture
def project(tripwires):
    """A lesson of two scenes in the current folder."""
    (tripwires.folder / "my.py").write_text(SCENES, encoding="utf-8")
    (tripwires.folder / "film.toml").write_text(LESSON, encoding="utf-8")
    return tripwires


@pytest.fixture
def rendered(project, request):
    """The same, and its media folder, as it was rendered once for all of these tests."""
    stash = request.session.stash.setdefault(KEPT, [])
    if not stash:
        project.run("render", *SMALL)
        stash.append(request.getfixturevalue("tmp_path_factory").mktemp("kept") / "media")
        shutil.copytree(project.media, stash[0])
    elif not project.media.exists():
        shutil.copytree(stash[0], project.media)
    return project
