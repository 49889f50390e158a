"""The lesson that a command's options ask for: which scenes, with which parameters, data and words."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from gradreel.core.errors import UserError
from gradreel.render.clips.beat_range import fitting_range
from gradreel.render.clips.workspace import Folders
from gradreel.render.lessons.daily_data import daily_data
from gradreel.render.lessons.known_scenes import known_scenes
from gradreel.render.lessons.lesson import Lesson
from gradreel.render.lessons.options import (
    Options,
    files_in_settings,
    parse_beat_range,
    parse_overrides,
    read_curve,
    settings_of,
)
from gradreel.render.lessons.own_words import brackets_as_text, left_in_other_languages, marks_placed
from gradreel.render.lessons.said_in_place import said_marks_placed
from gradreel.render.lessons.selection import load_lesson
from gradreel.render.settings import JOINABLE_FORMATS, RenderSettings, languages_of
from gradreel.render.voice.choice import chosen_voices, silent_by_default
from gradreel.scenes.catalog import beat_names, specs_of
from gradreel.scenes.words.languages import LANGUAGES


def lesson_of(options: Options, scenes: Sequence[str] | None = None) -> Lesson:
    """Return the lesson with the values and data that the options set, limited to the requested scenes.

    ``scenes``: specs that replace those of the options. Unless the options say quiet, prints messages: on filled days,
    on our lines that stay beside the user's own words, and on marks that were placed automatically.
    """
    data = daily_data(options.data, options.csv_format, options.borders)
    asked = specs_of(options.scenes if scenes is None else scenes)
    span = (options.first_scene, options.last_scene)
    files = files_in_settings(options.overrides)
    ours = partial(known_scenes, Folders(options.media_dir).private)
    curve = read_curve(options.curve) if options.curve else None
    overrides = parse_overrides(options.overrides)
    lesson = load_lesson(options.lesson, overrides, asked, span=span, files=files, ours=ours).with_own(data, curve)
    words, sources = lesson.words, [scene.source for scene in lesson.scenes]
    names = [source.name for source in sources]
    languages = film_languages(options, lesson)
    messages = lesson.filled_days()
    if words is not None:
        messages += [*left_in_other_languages(words, names, languages), marks_placed(words, names, languages)]
        messages.append(brackets_as_text(words, sources, languages))
    messages.append(said_marks_placed(sources, languages))
    if not options.quiet:
        for text in filter(None, messages):
            print(text, file=sys.stderr)
    return lesson


def settings_and_lesson(options: Options, output: Path | None = None) -> tuple[RenderSettings, Lesson]:
    """Return the settings, with the film's languages, and the lesson. Raises UserError."""
    settings = settings_of(options, output)
    lesson = lesson_of(options)
    settings = in_languages(settings, options, lesson)
    if options.beats is not None and "," in options.beats:  # it separates two names, or a name has it
        ranges = parse_beat_range(options.beats)
        first_beat, last_beat = fitting_range(ranges, lesson.requests(settings))
        settings = replace(settings, first_beat=first_beat, last_beat=last_beat)
    return settings, lesson


def in_languages(settings: RenderSettings, options: Options, lesson: Lesson | None = None) -> RenderSettings:
    """Return the settings with the film's languages; the picture's is --lang, or else the first. Raises UserError."""
    languages = film_languages(options, lesson)
    return replace(settings, language=options.language or languages[0], subtitle_languages=languages)


def film_languages(options: Options, lesson: Lesson | None = None) -> tuple[str, ...]:
    """Return a film's languages: those of --languages, else of the lesson, else all.

    A lesson that names no languages, but has words in only one, has that one, unless --lang names another. Raises
    UserError if --lang is not among the named languages.
    """
    named = options.languages or (lesson.languages if lesson is not None else ())
    if named and options.language not in (None, *named):
        where = "--languages" if options.languages or lesson is None else f"{lesson.file}: languages"
        raise UserError(
            f"--lang {options.language}: the film's languages are {', '.join(named)} ({where}); choose one of them,"
            f" or add {options.language} there"
        )
    if not named and lesson is not None and options.language in (None, lesson.only_language):
        named = (lesson.only_language,) if lesson.only_language else ()
    return tuple(dict.fromkeys(named)) or tuple(LANGUAGES)


def with_voices(settings: RenderSettings, lesson: Lesson, options: Options, warn: bool = True) -> RenderSettings:
    """Return the settings with a voice for each spoken language; a format without sound gets none.

    With ``warn``, prints which languages are silent and why, unless the options say quiet.
    """
    languages = languages_of(settings)
    voices, silent = chosen_voices(options.voices, lesson.voices, options.fill, languages), ""
    if settings.format in JOINABLE_FORMATS:
        settings, silent = replace(settings, voices=voices), silent_by_default(options.voices, lesson.voices, languages)
    elif voices and any(beat_names(scene.source) for scene in lesson.scenes):
        silent = f"nothing is spoken: {settings.format} has no sound; {', '.join(JOINABLE_FORMATS)} have"
    if silent and warn and not options.quiet:
        print(silent, file=sys.stderr)
    return settings


def film_of(options: Options) -> tuple[RenderSettings, Lesson]:
    """Return the settings, with voices, and the lesson of the film that the options ask for."""
    settings, lesson = settings_and_lesson(options)
    return with_voices(settings, lesson, options), lesson
