"""``gradreel words``: a file that changes nothing until it is edited, and then works at once."""

from __future__ import annotations

import tomllib

import pytest
from gradreel.render.lessons.own_words import check_words
from gradreel.scenes.catalog import LESSON_FILES, scene_tables
from gradreel.scenes.words.narration import Narration, OwnWords

TALK = '''
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.curves.build_curve import BuildCurve
from gradreel.scenes.words.counts import Count


class Talk(LectureScene):
    def construct(self):
        with self.beat("said", say="In place."):
            pass
        with self.beat("two-dots", dots=Count(2)):
            pass
        for k in range(2):
            with self.beat(f"next-{k + 1}", place=Count(k + 1)):
                pass


class Mine(BuildCurve):
    """Ours, with another beat."""
'''


@pytest.fixture
def words(gradreel, tmp_path, monkeypatch):
    """``words("build-curve")``: what the command writes, as a text."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "talk.py").write_text(TALK)

    def run(*arguments):
        result = gradreel("words", *arguments)
        assert result.exit_code == 0, result.stderr
        return result.stdout

    return run


@pytest.fixture
def own(tmp_path):
    def read(text):
        (tmp_path / "my-words.toml").write_text(text, encoding="utf-8")
        return OwnWords.read(tmp_path / "my-words.toml")

    return read


@pytest.mark.parametrize("lesson", LESSON_FILES, ids=lambda file: file.stem)
def test_all_words_of_a_lesson_as_a_file_change_nothing(lesson, words, own):
    whole = own(words(lesson.stem))
    check_words(whole, [])
    ours = Narration.load()
    assert ours.with_words(whole).scenes == ours.scenes
    told = {scene for scenes in whole.scenes.values() for scene in scenes}
    assert told == {table["name"] for table in scene_tables(lesson)}


def test_a_scene_has_its_title_lines_marks_fields_and_words_on_the_picture_in_each_language(words, own):
    text = words("build-curve")
    tables = tomllib.loads(text)
    assert list(tables) == ["en", "zh"] and list(tables["en"]) == ["build-curve"]
    assert tables["zh"]["build-curve"].keys() == {"title", "beats", "screen"}
    assert "[flat]" in tables["en"]["build-curve"]["beats"]["piece-1"]
    assert "{rest:en}" in tables["en"]["build-curve"]["beats"]["rest"]
    comment = [line for line in text.splitlines() if line.startswith("#")]
    assert "mark" in " ".join(comment) and "field" in " ".join(comment)


def test_several_scenes_in_one_language_into_a_new_file_that_is_never_replaced(gradreel, words, tmp_path):
    assert words("relu", "loss", "--languages", "zh", "-o", "mine.toml") == "mine.toml\n"
    tables = tomllib.loads((tmp_path / "mine.toml").read_text("utf-8"))
    assert {code: list(scenes) for code, scenes in tables.items()} == {"zh": ["relu", "loss"]}
    refused = gradreel("words", "relu", "-o", "mine.toml")
    assert refused.exit_code == 2 and "mine.toml exists" in refused.stderr


def test_a_users_scene_gets_a_line_for_each_beat_without_one_and_the_file_works(gradreel, words, own, tmp_path):
    text = words("talk.py:Talk")
    assert own(text).scenes == {"en": {"talk": {"title": "Talk", "beats": {"two-dots": "Two dots.", "next": "Next."}}}}
    assert "said: its line stands in talk.py" in text and "{dots}" in text
    (tmp_path / "lesson.toml").write_text('narration = "my-words.toml"\n[[scene]]\nname = "talk.py:Talk"\n')
    assert gradreel("list", "--lesson", "lesson.toml").exit_code == 0
    assert own(words("--lesson", "lesson.toml")).scenes == own(text).scenes, "as the lesson has them now"


def test_a_scene_derived_from_ours_has_the_words_that_it_says(words, own):
    assert own(words("talk.py:Mine")).scenes["en"].keys() == {"build-curve"}


def test_the_written_words_are_the_lessons_own(words, own, tmp_path):
    line = r"A \"quoted\" \\ line, \u001b and é."
    tables = f'[en.relu.beats]\nmap = "{line}"\n[en.relu.spoken]\ntwo = "Said."\n[en.relu.neutral]\nsum = "Two."\n'
    own(tables + '[en.lexicon]\n"a.b" = "ab"\n')
    (tmp_path / "lesson.toml").write_text('narration = "my-words.toml"\n[[scene]]\nname = "relu"\n')
    text = words("--lesson", "lesson.toml")
    assert all(c == "\n" or c.isprintable() for c in text)
    found = own(text)
    assert found.scenes["en"]["relu"]["beats"]["map"] == 'A "quoted" \\ line, \x1b and é.'
    assert found.scenes["en"]["relu"]["spoken"] == {"two": "Said."}
    assert found.scenes["en"]["relu"]["neutral"] == {"sum": "Two."}
    assert found.lexicons["en"] == {"a.b": "ab"}
