"""The narration: the line of every beat and the words on the screen, in every language.

``assets/narration/<language>.toml`` has for each scene ``title``, ``beats`` and ``screen`` (words on the screen). A
line in ``beats`` may claim something about the numbers that its scene shows; the scene has the condition (`claims`).
``neutral`` has the line for a beat whose claims are not known to hold. That line gives the numbers and claims nothing.
If the rules and the lexicon (``lexicon.toml``) would read a line wrongly, ``spoken`` has the line as a voice should
read it.

A lesson's own words, from a file beside the lesson's, replace ours (`OwnWords`). A line that replaces one of ours needs
no marks: missing marks are placed in proportion (`mark_places`).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, TypeAlias

from gradreel.core.errors import UserError
from gradreel.core.files import parse_or_user_error, read_text, read_toml
from gradreel.core.package import PACKAGE_FOLDER
from gradreel.scenes.words.claims import Claim, failed
from gradreel.scenes.words.languages import LANGUAGES
from gradreel.scenes.words.mark_places import MarkedLine, MarkOrderError, with_all_marks
from gradreel.scenes.words.marks import BeatLines, cut
from gradreel.scenes.words.spoken import spoken_form

NARRATION_FOLDER = PACKAGE_FOLDER / "assets" / "narration"
LEXICON_FILE = NARRATION_FOLDER / "lexicon.toml"
NEUTRAL = "neutral"  # lines for beats whose claims are not known to hold
TABLES = ("beats", "screen", NEUTRAL)
SPOKEN = "spoken"  # lines of ``beats`` as a voice reads them
LEXICON = "lexicon"  # a table of own words that is not a scene's


class NarrationError(UserError):
    """A line is missing, or its fields cannot be filled."""


Scenes = Mapping[str, Mapping[str, Any]]  # scene -> {"title", "beats", "screen", "neutral"}


@dataclass(frozen=True)
class OwnWords:
    """A lesson's own words, which replace ours: only what differs, and all words of the lesson's own scenes.

    The file is like ours, with the language before each table::

        [en.build-curve]
        title = "Corners"
        [en.build-curve.beats]
        constant = "A level line first, as high as red begins: {value}."
        [en.lexicon]
        GELU = "gelloo"
    """

    file: Path
    scenes: Mapping[str, Scenes]  # by language
    lexicons: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # by language

    @classmethod
    def read(cls, file: Path) -> OwnWords:
        """Return the words in ``file``.

        Raises NarrationError if the file is missing or no valid TOML, or has anything but words of scenes.
        """
        content = _parse_toml(file)
        for language, scenes in content.items():
            if language not in LANGUAGES:
                raise NarrationError(
                    f"{file}: [{language}] is no language ({', '.join(LANGUAGES)});"
                    f" a table of words begins with one, such as [{next(iter(LANGUAGES))}.build-curve.beats]"
                )
            if not isinstance(scenes, dict):
                raise NarrationError(f"{file}: {language} must be a table of scenes, found {scenes!r}")
            for scene, table in scenes.items():
                if scene == LEXICON:
                    _check_lexicon(file, f"{language}.{LEXICON}", table)
                else:
                    _check_table(file, f"{language}.{scene}", table, (*TABLES, SPOKEN))
        lexicons = {language: scenes.pop(LEXICON) for language, scenes in content.items() if LEXICON in scenes}
        return cls(file, content, lexicons)

    def has(self, scene: str) -> bool:
        """Return whether there are words for the scene in any language."""
        return any(scene in scenes for scenes in self.scenes.values())


class _InUse:
    """The own words that `Narration.load` uses in this process."""

    words: OwnWords | None = None


def use_words(words: OwnWords | None) -> None:
    """Make `Narration.load` replace ours by ``words`` from now on, in this process (a worker plays one scene)."""
    _InUse.words = words


ScreenWord: TypeAlias = tuple[str, str, str, str | None]
"""Language, scene, key, and text of a word on the picture, its fields not filled; None: it is missing."""


@dataclass(frozen=True)
class Narration:
    """The lines of all scenes in some languages."""

    scenes: Mapping[str, Scenes]  # by language
    files: Mapping[str, Path]  # language -> the file with its lines
    own: OwnWords | None = None  # own words, already in ``scenes``
    ours: Mapping[str, Scenes] = field(default_factory=dict)  # ``scenes`` without ``own``, by language; {}: the same
    _looked_up: set[tuple[str, str, str]] = field(default_factory=set, compare=False)  # see `ScreenWord`

    @classmethod
    def load(cls, languages: Iterable[str] = tuple(LANGUAGES), folder: Path = NARRATION_FOLDER) -> Narration:
        """Return the narration in these languages, from their files ``<language>.toml``.

        Raises NarrationError for an unknown language, a missing file, invalid TOML (with the line), or anything in a
        file that is not a title, a beat or a word on the screen.
        """
        files = {check_language(language): folder / f"{language}.toml" for language in languages}
        return cls({language: _read_words(file) for language, file in files.items()}, files).with_words(_InUse.words)

    def with_words(self, words: OwnWords | None) -> Narration:
        """Return the narration with ``words`` in place of ours, line by line."""
        if words is None:
            return self
        ours = self.ours or self.scenes
        scenes = {language: _put_over(scenes, words.scenes.get(language, {})) for language, scenes in ours.items()}
        return replace(self, scenes=scenes, own=words, ours=ours)

    @property
    def languages(self) -> tuple[str, ...]:
        """Return the loaded languages."""
        return tuple(self.scenes)

    def line(self, scene: str, beat: str, values: Mapping[str, object] | None = None) -> dict[str, str]:
        """Return the printed line of a beat in each language: `lines` without marks."""
        return self.lines(scene, beat, values).printed

    def lines(
        self, scene: str, beat: str, values: Mapping[str, object] | None = None, spoken: bool = False
    ) -> BeatLines:
        """Return the line of a beat in each language, with filled fields, cut at its marks.

        A beat ``piece-3`` without a line of its own gets that of ``piece``. An own scene without words in a language is
        left out in that language. A missing mark is placed in proportion, see `mark_places`.

        Parameters
        ----------
        scene, beat
            The names.
        values
            The values for the ``{fields}``. If ``values["neutral"]`` is true, the neutral line is used if there is one.
        spoken
            Whether to return the words that a voice reads, without digits, signs and symbols.

        Raises
        ------
        NarrationError
            If a line is missing or cannot be filled. Also if the marks of two languages, or of a line and the one that
            it replaces, are in different orders.
        """
        lines: dict[str, MarkedLine] = {}
        originals: dict[str, MarkedLine] = {}
        for language in self._spoken_in(scene):
            lines[language] = self._marked_line(language, scene, beat, values or {})
            spoken_line = self._marked_line(language, scene, beat, values or {}, as_spoken=True)
            if spoken_line != lines[language]:
                lines[f"{language}, {SPOKEN}"] = spoken_line
            if (original := self._line_that_is_replaced(lines[language], scene, beat, values or {})) is not None:
                originals[language] = original
        lines = self.with_all_marks(f"{scene}: beat {beat!r}", lines, originals)
        stretches = {}
        for language in self._spoken_in(scene):
            if spoken:
                spoken_line = lines.get(f"{language}, {SPOKEN}", lines[language])
                stretches[language] = self.spoken(spoken_line.stretches, language)
            else:
                stretches[language] = lines[language].stretches
        return BeatLines(next((line.marks for line in lines.values()), ()), stretches)

    def with_all_marks(
        self, where: str, lines: Mapping[str, MarkedLine], originals: Mapping[str, MarkedLine] | None = None
    ) -> dict[str, MarkedLine]:
        """Return ``lines`` with the same marks in each, see `mark_places.with_all_marks`.

        Raises NarrationError, which begins with ``where``, if a line has a mark twice or two lines differ in order.
        """
        for line in lines.values():
            check_marks(where, line.marks)
        try:
            return with_all_marks(lines, originals or {}, self._letters_spoken)
        except MarkOrderError:
            orders = [f"{name}: {', '.join(line.marks)}" for name, line in lines.items() if line.marks]
            orders += [f"ours in {name}: {', '.join(line.marks)}" for name, line in (originals or {}).items()]
            raise NarrationError(
                f"{where}: its marks differ in order ({'; '.join(orders)}), but one picture waits for them all; write"
                " them in the same order in each language"
            ) from None

    def _letters_spoken(self, text: str, language: str) -> float:
        """Return how many letters and digits of ``text`` a voice reads."""
        return sum(letter.isalnum() for letter in spoken_form(text, language, self.lexicon(language)))

    def _marked_line(
        self, language: str, scene: str, beat: str, values: Mapping[str, object], as_spoken: bool = False
    ) -> MarkedLine:
        """Return a line in one language, cut at its marks. ``as_spoken``: the line as a voice should read it."""
        return MarkedLine(language, *self._filled_text_and_marks(language, scene, "beats", beat, values, as_spoken))

    def _line_that_is_replaced(
        self, line: MarkedLine, scene: str, beat: str, values: Mapping[str, object]
    ) -> MarkedLine | None:
        """Return our line that ``line`` replaces; None if no line is replaced or both are the same."""
        if self.own is None or not self.own.has(scene):
            return None
        try:
            ours = replace(self, scenes=self.ours, own=None, ours={})._marked_line(line.language, scene, beat, values)
        except NarrationError:
            return None
        return None if ours == line else ours

    def broken_claims(self, scene: str, claims: Iterable[Claim]) -> Iterator[str]:
        """Yield a message for each of ``claims`` that does not hold: the beat, the statement, the numbers.

        The message also says whether ``scene`` has a neutral line for the beat.
        """
        for each in failed(claims):
            names = {each.beat, general_name(each.beat)}
            has_neutral = any(names & {*scenes.get(scene, {}).get(NEUTRAL, {})} for scenes in self.scenes.values())
            table = f"[{next(iter(self.scenes))}.{scene}.{NEUTRAL}]"
            otherwise = f"there is no neutral line, so it is spoken all the same: {table} of your words may have one"
            spoken = "the neutral line is spoken" if has_neutral else otherwise
            yield f"beat {each.beat}: {each}; {spoken}"

    def spoken(self, printed: tuple[str, ...], language: str) -> tuple[str, ...]:
        """Return the words that a voice reads for each text."""
        return tuple(spoken_form(text, language, self.lexicon(language)) for text in printed)

    def lexicon(self, language: str) -> Mapping[str, str]:
        """Return the lexicon of a language, own words included: printed words, letters and signs -> their spoken
        form.
        """
        own = self.own.lexicons.get(language, {}) if self.own is not None else {}
        return {**_lexicons_by_language()[language], **own}

    def _spoken_in(self, scene: str) -> list[str]:
        """Return the languages that the scene is spoken in.

        An own scene is spoken only in languages that it has words in.
        """
        if self.own is None or not self.own.has(scene):
            return list(self.scenes)
        return [language for language, scenes in self.scenes.items() if scene in scenes]

    @property
    def looked_up(self) -> tuple[ScreenWord, ...]:
        """Return the words on the picture that were looked up so far, those that are missing, too."""
        return tuple((*place, self.screen_text(*place)) for place in sorted(self._looked_up))

    def screen_text(self, language: str, scene: str, key: str) -> str | None:
        """Return the text of a word on the picture, its fields not filled; None if it is missing."""
        texts = self.scenes.get(language, {}).get(scene, {}).get("screen", {})
        text = texts.get(key, texts.get(general_name(key)))
        return None if text is None else str(text)

    def screen(self, scene: str, key: str, language: str, values: Mapping[str, object] | None = None) -> str:
        """Return words for the screen."""
        self._looked_up.add((language, scene, key))
        stretches, _ = self._filled_text_and_marks(language, scene, "screen", key, values or {})
        return "".join(stretches)

    def title(self, scene: str, language: str, is_ours: bool = True) -> str:
        """Return the chapter's title. A scene without narration in any language gets its own name.

        ``is_ours`` is False for a user's scene; it may have the name of one of ours, and then does not get that title.
        Raises NarrationError if the scene has narration but no title.
        """
        has_own_words = self.own is not None and self.own.has(scene)
        if not has_own_words and not (is_ours and any(scene in scenes for scenes in self.scenes.values())):
            return scene.replace("-", " ").capitalize()
        title = self._words_of_scene(language, scene).get("title")
        if title is not None:
            return str(title)
        file, section = self._place_of_line(language, scene)
        titled = [code for code, scenes in self.scenes.items() if code != language and "title" in scenes.get(scene, {})]
        instead = f", or use --lang {titled[0]}, in which it has one" if titled else ""
        raise NarrationError(f"{scene} has no title in {file}: add `title` to [{section}]{instead}")

    def _words_of_scene(self, language: str, scene: str) -> Mapping[str, Any]:
        """Return the words of a scene in a language; {} if there are none.

        Raises NarrationError for a language not loaded.
        """
        if language not in self.scenes:
            raise NarrationError(f"language {language!r} was not loaded, only {', '.join(self.scenes)}")
        return self.scenes[language].get(scene, {})

    def _filled_text_and_marks(
        self, language: str, scene: str, table: str, key: str, values: Mapping[str, object], as_spoken: bool = False
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return a text with filled fields as stretches, and the marks between them. Marks in values do not count."""
        words = self._words_of_scene(language, scene)
        lines = words.get(table, {})
        if as_spoken:
            lines = lines | words.get(SPOKEN, {})
        if table == "beats" and values.get("neutral"):
            lines = lines | words.get(NEUTRAL, {})
        general = general_name(key)
        template = lines.get(key, lines.get(general))
        kind = {"beats": "beat", "screen": "screen text"}[table]
        where = f"{scene}: {kind} {key!r}"
        if template is None:
            file, section = self._place_of_line(language, scene, table)
            missing_keys = f"`{key}`" if key == general else f"`{key}` or `{general}`"
            advice = ", or say it in place: self.beat(…, say=…)" if table == "beats" else ""
            if self.own is None and not any(scene in scenes for scenes in self.scenes.values()):
                raise NarrationError(
                    f"{where} has no line: --lesson names a lesson whose words (narration = …) have {missing_keys} in"
                    f" [{language}.{scene}.{table}]{advice}"
                )
            raise NarrationError(f"{where} has no line in {file}: add {missing_keys} to [{section}.{table}]{advice}")
        stretches, marks = cut(str(template))
        try:
            return tuple(text.format_map(values) for text in stretches), marks
        except KeyError as error:
            fault = f"wants {{{error.args[0]}}}, and the scene gives {', '.join(values) or 'none'}"
        except (ValueError, IndexError, AttributeError, TypeError) as error:
            fault = f"cannot be filled in: {error}"
        used_key = key if key in lines else general
        file, _ = self._place_of_line(
            language, scene, SPOKEN if as_spoken and used_key in words.get(SPOKEN, {}) else table, used_key
        )
        raise NarrationError(f"{where} in {file} {fault}")

    def _place_of_line(self, language: str, scene: str, table: str = "", key: str = "") -> tuple[Path, str]:
        """Return the file and the table of a scene's words that have a line, or that it should be added to."""
        if self.own is not None and (self.own.has(scene) or not any(scene in ours for ours in self.scenes.values())):
            own_lines = self.own.scenes.get(language, {}).get(scene, {}).get(table, {})
            if key in own_lines or key not in self.scenes[language].get(scene, {}).get(table, {}):
                return self.own.file, f"{language}.{scene}"
        return self.files[language], scene


def general_name(beat: str) -> str:
    """Return the name of a beat without its number; its line is said where the numbered beat has none.

    Examples
    --------
    >>> general_name("piece-3"), general_name("piece")
    ('piece', 'piece')
    """
    return re.sub(r"-\d+$", "", beat)


def check_marks(where: str, marks: tuple[str, ...]) -> None:
    """Raise NarrationError if a line has a mark twice."""
    if len(set(marks)) < len(marks):
        raise NarrationError(f"{where}: a mark comes twice ({', '.join(marks)}); give each its own name")


def check_language(language: str, where: str = "") -> str:
    """Return ``language`` itself.

    Raises NarrationError if there is no such language; the message begins with ``where`` and lists the languages.
    """
    if language not in LANGUAGES:
        raise NarrationError(f"{where}there is no language {language!r}; use one of {', '.join(LANGUAGES)}")
    return language


def _put_over(ours: Scenes, words: Scenes) -> Scenes:
    """Return our words with own words in their place.

    If a line in ``beats`` is replaced, our neutral and spoken lines of that beat are dropped.
    """
    merged = dict(ours)
    for scene, table in words.items():
        our_table = merged.get(scene, {})
        tables = {name: {**our_table.get(name, {}), **table[name]} for name in ("beats", "screen") if name in table}
        beats = our_table.get("beats", {})
        replaced = {beat for beat, line in table.get("beats", {}).items() if line != beats.get(beat)}
        for name in (NEUTRAL, SPOKEN):  # ours belong to the lines that were replaced
            ours_left = {beat: line for beat, line in our_table.get(name, {}).items() if beat not in replaced}
            if name in our_table or name in table:
                tables[name] = ours_left | table.get(name, {})
        merged[scene] = {**our_table, **table, **tables}
    return merged


@cache
def _lexicons_by_language() -> Mapping[str, Mapping[str, str]]:
    """Return our lexicons, by language."""
    content = _parse_toml(LEXICON_FILE)
    for language in LANGUAGES:
        _check_lexicon(LEXICON_FILE, language, content.setdefault(language, {}))
    return content


def _check_lexicon(file: Path, section: str, table: object) -> None:
    """Raise NarrationError unless ``table`` maps words to texts."""
    if not isinstance(table, dict):
        raise NarrationError(f"{file}: {section} must be a table of words and how they are spoken, found {table!r}")
    for word, spoken in table.items():
        if not isinstance(spoken, str) or not word.strip():
            raise NarrationError(
                f"{file}: [{section}] has words as they are printed and, as a text, how they are spoken; found"
                f" {word!r} = {spoken!r}. It is no scene's table: a scene cannot be called {LEXICON}"
            )


def _parse_toml(file: Path) -> dict[str, Any]:
    """Return the tables of a TOML file. Raises NarrationError."""
    try:
        return read_toml(file, "narration")
    except UserError as error:
        raise NarrationError(str(error)) from None


def _read_words(file: Path) -> dict[str, Mapping[str, Any]]:
    """Return our words in a file. Raises NarrationError."""
    try:
        return _checked_words(file, read_text(file, "narration"))
    except UserError as error:
        raise NarrationError(str(error)) from None


@lru_cache(maxsize=2 * len(LANGUAGES))
def _checked_words(file: Path, text: str) -> dict[str, Mapping[str, Any]]:
    """Return the checked words in a text.

    The result is stored, because planning and publishing both need it quickly.
    """
    content: dict[str, Mapping[str, Any]] = parse_or_user_error(text, str(file), "TOML", tomllib.loads)
    for scene, table in content.items():
        _check_table(file, scene, table, (*TABLES, SPOKEN))
    return content


def _check_table(file: Path, scene: str, table: object, tables: tuple[str, ...] = TABLES) -> None:
    """Raise NarrationError unless ``table`` has only a title and tables of texts."""
    if not isinstance(table, dict):
        raise NarrationError(f"{file}: {scene} must be a table [{scene}], found {table!r}")
    for key, value in table.items():
        if key == "title" and isinstance(value, str):
            if not value.strip():
                raise NarrationError(f"{file}: [{scene}] title must be a text, found {value!r}")
            continue
        if key not in tables or not isinstance(value, dict):
            table_names = ", ".join(f"`{name}`" for name in tables)
            raise NarrationError(
                f"{file}: [{scene}] holds `title` and the tables {table_names}; found {key} = {value!r}"
            )
        for name, text in value.items():
            if not isinstance(text, str) or not text.strip():
                raise NarrationError(f"{file}: [{scene}.{key}] {name} must be a text, found {text!r}")
