"""``gradreel words``: the words of scenes as a TOML file to edit, which a lesson names by ``narration``."""

from __future__ import annotations

import json
import re
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from gradreel.core.errors import UserError, abbreviated_list
from gradreel.render.clips.workspace import check_writable
from gradreel.render.lessons.options import Options
from gradreel.render.lessons.own_words import WordRequest, fields_of, matches, narrated_as, word_requests
from gradreel.render.resolve import film_languages, lesson_of
from gradreel.scenes.catalog import SceneSource, beat_names
from gradreel.scenes.words.narration import LEXICON, NEUTRAL, SPOKEN, Narration

HEAD = (
    "Words of {scenes}, to be edited. A lesson file with narration = {file} at its top has them; what you take out of"
    " here stays as it is. In square brackets is a mark, such as [flat]: the picture waits there until the words before"
    " it are spoken. Leave marks out, and they are placed in proportion. In braces is a field, such as {{value}}: the"
    " scene fills it in; {{count:en}} is a number as an English word."
)
WIDTH = 110  # columns of the comment


def print_words(options: Options) -> int:
    """Print the words of the scenes that were asked for, or write them into a new file; return exit code 0.

    Raises UserError if the file exists or cannot be written.
    """
    if options.output is not None:
        check_writable(options.output, "-o")
        if options.output.exists():
            raise UserError(f"-o {options.output} exists and may have your changes; name a new file")
    lesson = lesson_of(replace(options, quiet=True))
    languages = film_languages(options, lesson)
    narration = Narration.load(languages).with_words(lesson.words)
    file = _toml_string(options.output.name if options.output is not None else "my-words.toml")
    head = HEAD.format(scenes=abbreviated_list([scene.name for scene in lesson.scenes]), file=file)
    parts = [textwrap.fill(head, WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False) + "\n"]
    for language in languages:
        sections: dict[str, SceneSource] = {}
        for scene in lesson.scenes:
            sections.setdefault(narrated_as(scene.source, narration) or scene.source.name, scene.source)
        for section, source in sections.items():
            parts += _tables_of_scene(narration, language, languages[0], section, source)
        if lexicon := lesson.words.lexicons.get(language) if lesson.words is not None else None:
            parts += _toml_table((language, LEXICON), lexicon)
    text = "\n".join(parts)
    if options.output is None:
        sys.stdout.write(text)
    else:
        with options.output.open("x", encoding="utf-8") as stream:
            stream.write(text)
        print(options.output)
    return 0


def _tables_of_scene(
    narration: Narration, language: str, first: str, section: str, source: SceneSource
) -> Iterator[str]:
    """Yield the tables of a scene's words in one language; without words only in the language ``first``."""
    words = narration.scenes[language].get(section, {})
    if not words and language != first:
        return
    titles = {"title": words["title"]} if "title" in words else {}
    if not words:
        titles = {"title": section.replace("-", " ").capitalize()}
    if titles:
        yield from _toml_table((language, section), titles)
    requests = [request for request in word_requests(source) if request.table == "beats"]
    rows = list(_rows_of_beats(words.get("beats", {}), source, requests, is_first=language == first))
    if rows:
        yield "".join([f"[{_dotted_key(language, section, 'beats')}]\n", *rows])
    own = narration.own.scenes.get(language, {}).get(section, {}) if narration.own is not None else {}
    for table, texts in (
        ("screen", words.get("screen", {})),
        *((name, own.get(name, {})) for name in (SPOKEN, NEUTRAL)),
    ):
        if texts:
            yield from _toml_table((language, section, table), texts)


def _rows_of_beats(
    lines: Mapping[str, str], source: SceneSource, requests: Sequence[WordRequest], is_first: bool
) -> Iterator[str]:
    """Yield a row for each line of a scene, and in the first language one for each beat that has no line there yet."""
    for beat, line in lines.items():
        fields = {name for request in requests if matches(request, beat) for name in request.fields}
        more = ", ".join(f"{{{name}}}" for name in sorted(fields - set(fields_of(line))))
        yield f"{_toml_key(beat)} = {_toml_string(line)}" + (f"  # may also have {more}\n" if more else "\n")
    for beat in beat_names(source) if is_first and not source.is_ours else ():
        of_beat = [request for request in requests if request.written == beat]
        if any(matches(request, key) for request in of_beat for key in lines):
            continue
        if any(request.has_line for request in of_beat):
            file_name = _comment_text(source.file.name)
            yield f"# {_comment_text(beat)}: its line stands in {file_name} (say=…); change it there\n"
            continue
        general = re.sub(r"-\{[^{}]*\}$", "", beat)
        if "{" in general:
            yield f"# {_comment_text(beat)}: write a line for each\n"
            continue
        names = ", ".join(f"{{{name}}}" for request in of_beat for name in sorted(request.fields))
        line = f"{general.replace('-', ' ').capitalize()}."
        yield f"{_toml_key(general)} = {_toml_string(line)}" + (f"  # may have {names}\n" if names else "\n")


def _toml_table(names: Sequence[str], texts: Mapping[str, Any]) -> Iterator[str]:
    """Yield one TOML table with its rows."""
    rows = [f"{_toml_key(key)} = {_toml_string(text)}\n" for key, text in texts.items()]
    yield "".join([f"[{_dotted_key(*names)}]\n", *rows])


def _dotted_key(*names: str) -> str:
    """Return a dotted TOML key."""
    return ".".join(map(_toml_key, names))


def _toml_key(name: str) -> str:
    """Return a TOML key, quoted if it needs quotes."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _toml_string(name)


def _toml_string(text: str) -> str:
    """Return ``text`` as a TOML string; unprintable characters are escaped."""
    written = json.dumps(text, ensure_ascii=False)
    return "".join(
        c if c.isprintable() else f"\\u{ord(c):04x}" if ord(c) < 0x10000 else f"\\U{ord(c):08x}" for c in written
    )


def _comment_text(text: str) -> str:
    """Return text for a comment: unprintable characters become question marks."""
    return "".join(c if c.isprintable() else "?" for c in text)
