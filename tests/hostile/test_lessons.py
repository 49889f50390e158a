"""Lesson files from somebody: what they name lies beside them, and whatever stands in one is a lesson or a message."""

from __future__ import annotations

import os
from contextlib import suppress

import pytest
from gradreel.core.errors import UserError
from gradreel.render.lessons.own_words import left_in_other_languages
from gradreel.render.lessons.selection import load_lesson
from hypothesis import given, settings
from hypothesis import strategies as st

SCENE = '[[scene]]\nname = "loss-curve"\n'
DATASET = '[experiments.mine]\ndataset = { kind = "daily views", data = "PATH" }\n'
NAMED = {
    "data": DATASET + SCENE + 'parameters = { run = "mine" }\n',
    "data of a scene": SCENE + 'parameters.run = { dataset = { kind = "daily views", data = "PATH" } }\n',
    "narration": 'narration = "PATH"\n' + SCENE,
    "scene": '[[scene]]\nname = "PATH:Mine"\n',
    "value": SCENE + 'parameters = { run = "@PATH" }\n',
    "voice": SCENE + '[voices]\nen = "PATH"\n',
    "trace": SCENE + 'parameters = { trace = "FOLDER" }\n',
}
ELSEWHERE = [(what, folder) for what in NAMED for folder in "~/" if (what, folder) != ("trace", "~")]


@pytest.mark.parametrize(("kind", "folder"), ELSEWHERE)
def test_a_lesson_may_only_name_files_below_its_folder(tmp_path, monkeypatch, kind, folder):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    home = tmp_path / "home"
    home.mkdir()
    for name in ("mine.py", "views.csv"):
        (home / name).write_text("Date,Views\n2021-01-30,5\n")
    lesson = tmp_path / "lesson" / "mine.toml"
    lesson.parent.mkdir()
    named = "~" if folder == "~" else str(home)
    file = f"{named}/{'mine.py' if kind == 'scene' else 'views.csv'}"
    lesson.write_text(NAMED[kind].replace("PATH", file).replace("FOLDER", named))
    with pytest.raises(UserError, match=r"mine\.toml.*is outside the lesson's folder"):
        load_lesson(lesson)


@pytest.mark.parametrize("kind", NAMED)
def test_a_command_refuses_a_lesson_that_names_outside_files_and_changes_nothing(tripwires, kind):
    home = str(tripwires.home)
    named = NAMED[kind].replace("PATH", home + ("/notes.py" if kind == "scene" else "/notes.txt"))
    (tripwires.folder / "mine.toml").write_text(named.replace("FOLDER", home))
    for command in ("render", "frames", "train", "list"):
        told = tripwires.refused(command, "--lesson", "mine.toml")
        assert "is outside the lesson's folder" in told


def test_a_lesson_that_may_never_end_or_is_huge_is_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe.toml")
    (tmp_path / "huge.toml").write_text(SCENE)
    os.truncate(tmp_path / "huge.toml", 60 << 30)
    for name in ("pipe.toml", "huge.toml"):
        with pytest.raises(UserError, match=r"regular file|is longer than"):
            load_lesson(tmp_path / name)
    for name in ("pipe.toml", "huge.toml"):
        (tmp_path / "lesson.toml").write_text(f'narration = "{name}"\n{SCENE}')
        with pytest.raises(UserError, match=r"regular file|is longer than"):
            load_lesson(tmp_path / "lesson.toml")


@pytest.mark.parametrize(
    "text", ["a = " + "[" * 20_000, "a = " + "{b=" * 20_000, "a = " + "1" * 5000, "a" + ".a" * 4_000 + " = 1", "\0"]
)
def test_a_lesson_that_is_no_lesson_is_one_message(tmp_path, text):
    (tmp_path / "lesson.toml").write_text(text)
    with pytest.raises(UserError, match=r"lesson\.toml"):
        load_lesson(tmp_path / "lesson.toml")


@pytest.mark.parametrize("field", ["{value:>9999999999}", "{value:.999999999f}", "{value", "{}", "{0}", "{value[}"])
@pytest.mark.parametrize("table", ["beats", "screen"])
def test_words_with_huge_or_invalid_fields_are_refused(tmp_path, field, table):
    key = "constant" if table == "beats" else "heading"
    (tmp_path / "words.toml").write_text(f'[en.build-curve.{table}]\n{key} = "A {field}"\n')
    (tmp_path / "lesson.toml").write_text('narration = "words.toml"\n[[scene]]\nname = "build-curve"\n')
    with pytest.raises(UserError, match=rf"words\.toml: \[en\.build-curve\]: .*{key}"):
        load_lesson(tmp_path / "lesson.toml")


PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("daily views")
KEYS = st.sampled_from(["title", "scene", "name", "part", "parameters", "run", "trace", "kind", "data", "series", "en"])
VALUES = st.recursive(PLAIN, lambda inside: st.lists(inside, max_size=3) | st.dictionaries(KEYS, inside, max_size=4))


@settings(max_examples=100)
@given(content=st.dictionaries(KEYS | st.sampled_from(["narration", "experiments", "poster"]), VALUES, max_size=4))
def test_any_lesson_file_loads_or_gives_a_message(tmp_path, content):
    file = tmp_path / "lesson.toml"
    file.write_text("".join(f"{key} = {_toml(value)}\n" for key, value in content.items()), encoding="utf-8")
    with suppress(UserError):
        load_lesson(file)


WORD_KEYS = st.sampled_from(["en", "zh", "fr", "build-curve", "title", "beats", "screen", "constant", "piece-3"])
FIELDS = st.sampled_from(["{", "}", "{value}", "{value!r:>9}", "{value.real}", "{value[0]}", "{:{}}", "A line."])
WORDS = st.recursive(PLAIN | FIELDS, lambda inside: st.dictionaries(WORD_KEYS, inside, max_size=4))


@settings(max_examples=100)
@given(content=st.dictionaries(WORD_KEYS, st.dictionaries(WORD_KEYS, WORDS, max_size=3), max_size=3))
def test_any_words_file_loads_or_gives_a_message(tmp_path, content):
    (tmp_path / "lesson.toml").write_text('narration = "words.toml"\n[[scene]]\nname = "build-curve"\n')
    (tmp_path / "words.toml").write_text("".join(f"{key} = {_toml(value)}\n" for key, value in content.items()))
    with suppress(UserError):
        lesson = load_lesson(tmp_path / "lesson.toml")
        left_in_other_languages(lesson.words, ["build-curve"])


def _toml(value):
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(inside)}" for key, inside in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, str):
        return '"' + "".join(f"\\U{ord(letter):08x}" for letter in value if not 0xD800 <= ord(letter) < 0xE000) + '"'
    return {None: '"none"', True: "true", False: "false"}.get(value, str(value))
