"""Tests how a film's languages follow from options, the lesson, its words and its titles."""

from __future__ import annotations

import pytest
from gradreel.core.errors import UserError
from gradreel.render.lessons.options import Options, settings_of
from gradreel.render.lessons.selection import load_lesson
from gradreel.render.resolve import film_languages, in_languages, lesson_of
from gradreel.render.voice.choice import chosen_voices

BOTH, ENGLISH = '{ en = "Adding", zh = "相加" }', '{ en = "Adding" }'
LINE = '[en.build-curve.beats]\nconstant = "A level line."\n'
CHINESE = '[zh.build-curve.beats]\nconstant = "一条线。"\n'


@pytest.fixture
def lesson(tmp_path):
    """``lesson(head, words)``: a lesson of one scene of ours with these lines at its top, and words of its own."""

    def read(head="", words=None):
        narration = "" if words is None else 'narration = "words.toml"\n'
        (tmp_path / "words.toml").write_text(words or "", encoding="utf-8")
        (tmp_path / "film.toml").write_text(f'{head}\n{narration}[[scene]]\nname = "build-curve"\n', encoding="utf-8")
        return load_lesson(tmp_path / "film.toml")

    return read


@pytest.mark.parametrize(
    ("head", "words", "languages"),
    [
        ("", None, ("en", "zh")),
        (f"title = {ENGLISH}", None, ("en", "zh")),
        (f"title = {ENGLISH}", LINE, ("en",)),
        ("", CHINESE, ("zh",)),
        (f"title = {BOTH}", LINE, ("en", "zh")),
        (f"title = {ENGLISH}", CHINESE, ("en", "zh")),
        (f"title = {ENGLISH}", LINE + CHINESE, ("en", "zh")),
        (f'title = {ENGLISH}\ndescription = {{ zh = "加" }}', LINE, ("en", "zh")),
        (f'title = {BOTH}\nlanguages = ["en"]', LINE + CHINESE, ("en",)),
        ('languages = ["zh", "en", "zh"]', LINE, ("zh", "en")),
    ],
)
def test_the_languages_of_a_film_follow_from_its_lesson(lesson, head, words, languages):
    assert film_languages(Options(), lesson(head, words)) == languages


def test_requested_languages_are_the_films_and_the_first_is_on_screen(lesson):
    chinese = Options(languages=("zh",))
    film = lesson('languages = ["en"]')
    settings = in_languages(settings_of(chinese), chinese, film)
    assert (settings.language, settings.subtitle_languages) == ("zh", ("zh",))
    settings = in_languages(settings_of(Options()), Options(), film)
    assert (settings.language, settings.subtitle_languages) == ("en", ("en",))


def test_another_screen_language_is_refused_if_languages_are_named_and_taken_otherwise(lesson):
    chinese = Options(language="zh")
    with pytest.raises(UserError, match=r"--lang zh: the film's languages are en .*film\.toml: languages"):
        film_languages(chinese, lesson('languages = ["en"]'))
    with pytest.raises(UserError, match=r"--lang zh: the film's languages are en \(--languages\)"):
        film_languages(Options(language="zh", languages=("en",)), lesson())
    assert film_languages(chinese, lesson("", LINE)) == ("en", "zh")


@pytest.mark.parametrize(
    ("options", "message"),
    [('["fr"]', "languages.fr: there is no language 'fr'"), ("[]", "languages"), ('"en"', "languages")],
)
def test_invalid_languages_are_named(lesson, options, message):
    with pytest.raises(UserError, match=rf"film\.toml: {message}"):
        lesson(f"languages = {options}")


def test_lines_that_stay_in_another_language_of_the_film_are_reported(lesson, tmp_path, capsys):
    lesson(f"title = {BOTH}", LINE)
    lesson_of(Options(lesson=tmp_path / "film.toml"))
    assert "[zh.build-curve.beats] has no constant" in capsys.readouterr().err
    lesson_of(Options(lesson=tmp_path / "film.toml", languages=("en",)))
    assert capsys.readouterr().err == ""


def test_no_voice_is_looked_for_in_languages_outside_the_film():
    assert chosen_voices([], {"zh": "no/such/folder"}, languages=("en",)).keys() <= {"en"}


def test_subtitles_of_a_language_outside_the_film_cannot_be_burned():
    with pytest.raises(UserError, match="--burn_subtitles zh: the film's languages are en"):
        in_languages(settings_of(Options(burned="zh")), Options(burned="zh", languages=("en",)))
