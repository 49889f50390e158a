"""The line of every beat, spoken and shown as a subtitle, and the words on the picture, in every language.

``assets/narration/<language>.toml`` holds, per scene, ``title``, ``beats`` and ``screen`` (words on the
picture). A line of ``beats`` may claim something of the numbers that its scene shows; the scene has the condition
(`claims`). ``neutral`` has, under the same beat, the line that is said where that condition is not known to hold. It
gives the numbers and claims nothing. There is no third.
Where rules and the lexicon (``lexicon.toml``) would read a line of ``beats`` wrongly, ``spoken`` has it as it is said.

Words of one's own, from a file beside a lesson's, go over them (`OwnWords`). A line that replaces one of ours needs no
marks: those that it lacks are placed in proportion (`mark_places`).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

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
NEUTRAL = "neutral"  # lines of beats whose claims are not known to hold
TABLES = ("beats", "screen", NEUTRAL)
SPOKEN = "spoken"  # lines of ``beats`` as they are said
LEXICON = "lexicon"  # a table of one's own words that is no scene's


class NarrationError(UserError):
    """A line that is missing, or whose fields cannot be filled."""


Scenes = Mapping[str, Mapping[str, Any]]  # scene -> {"title", "beats", "screen", "neutral"}


@dataclass(frozen=True)
class OwnWords:
    """Words of one's own, which go over ours: only what differs, and all of a scene of one's own.

    The file is as ours are, each table with its language in front::

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
        """Raises NarrationError for a missing file, a TOML error and anything that is no word of a scene's."""
        content = _parse(file)
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
        """Whether there are words for the scene in any language."""
        return any(scene in scenes for scenes in self.scenes.values())


class _InUse:
    """Of this process: the words that are put over ours wherever narration is loaded."""

    words: OwnWords | None = None


def use_words(words: OwnWords | None) -> None:
    """From now on `Narration.load` puts ``words`` over ours, in this process (a worker: it plays one scene)."""
    _InUse.words = words


@dataclass(frozen=True)
class Narration:
    """Lines of all scenes in the languages asked for."""

    scenes: Mapping[str, Scenes]  # by language
    files: Mapping[str, Path]  # language -> where its lines stand
    own: OwnWords | None = None  # are in ``scenes`` already
    ours: Mapping[str, Scenes] = field(default_factory=dict)  # ``scenes`` without ``own``, by language; {}: the same

    @classmethod
    def load(cls, languages: Iterable[str] = tuple(LANGUAGES), folder: Path = NARRATION_FOLDER) -> Narration:
        """Read ``<language>.toml`` of each language.

        Raises NarrationError for an unknown language, a missing file, a TOML error (with its line) and
        anything in the file that is not a title, a beat or a word on the screen.
        """
        files = {check_language(language): folder / f"{language}.toml" for language in languages}
        return cls({language: _read(file) for language, file in files.items()}, files).with_words(_InUse.words)

    def with_words(self, words: OwnWords | None) -> Narration:
        """The same with ``words`` over it, line by line."""
        if words is None:
            return self
        ours = self.ours or self.scenes
        scenes = {language: _put_over(scenes, words.scenes.get(language, {})) for language, scenes in ours.items()}
        return replace(self, scenes=scenes, own=words, ours=ours)

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(self.scenes)

    def line(self, scene: str, beat: str, values: Mapping[str, object] | None = None) -> dict[str, str]:
        """The line of a beat in each language as it is printed: `lines`, without marks."""
        return self.lines(scene, beat, values).printed

    def lines(
        self, scene: str, beat: str, values: Mapping[str, object] | None = None, spoken: bool = False
    ) -> BeatLines:
        """Return the line of a beat in each language, its ``{fields}`` filled from ``values``, cut at its marks.

        A beat ``piece-3`` without a line of its own takes that of ``piece``. If ``values["neutral"]`` is true, takes
        the neutral line where there is one. A scene of one's own without words in a language is not spoken in it.
        ``spoken``: as a voice reads it, without digits, signs and symbols. A mark that a line lacks is placed in
        proportion, see `mark_places`.

        Raises NarrationError for a line that is missing or cannot be filled. Also raises it if the marks of two
        languages, or of a line and the line that it replaces, are in different orders.
        """
        lines: dict[str, MarkedLine] = {}
        originals: dict[str, MarkedLine] = {}
        for language in self._spoken_in(scene):
            lines[language] = self._line(language, scene, beat, values or {})
            said = self._line(language, scene, beat, values or {}, said=True)
            if said != lines[language]:
                lines[f"{language}, {SPOKEN}"] = said
            if (original := self._original(lines[language], scene, beat, values or {})) is not None:
                originals[language] = original
        lines = self.with_all_marks(f"{scene}: beat {beat!r}", lines, originals)
        stretches = {}
        for language in self._spoken_in(scene):
            if spoken:
                said = lines.get(f"{language}, {SPOKEN}", lines[language])
                stretches[language] = self.spoken(said.stretches, language)
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
            return with_all_marks(lines, originals or {}, self._spoken_length)
        except MarkOrderError:
            told = [f"{name}: {', '.join(line.marks)}" for name, line in lines.items() if line.marks]
            told += [f"ours in {name}: {', '.join(line.marks)}" for name, line in (originals or {}).items()]
            raise NarrationError(
                f"{where}: its marks come in other orders ({'; '.join(told)}); one picture waits for them all: write"
                " them in one order, or leave them out"
            ) from None

    def _spoken_length(self, text: str, language: str) -> float:
        """Return how many letters and digits of ``text`` a voice reads."""
        return sum(letter.isalnum() for letter in spoken_form(text, language, self.lexicon(language)))

    def _line(
        self, language: str, scene: str, beat: str, values: Mapping[str, object], said: bool = False
    ) -> MarkedLine:
        return MarkedLine(language, *self._text(language, scene, "beats", beat, values, said))

    def _original(self, line: MarkedLine, scene: str, beat: str, values: Mapping[str, object]) -> MarkedLine | None:
        """Return our line that ``line`` replaces; None if there is none or it is the same."""
        if self.own is None or not self.own.has(scene):
            return None
        try:
            ours = replace(self, scenes=self.ours, own=None, ours={})._line(line.language, scene, beat, values)
        except NarrationError:
            return None
        return None if ours == line else ours

    def broken_claims(self, scene: str, claims: Iterable[Claim]) -> Iterator[str]:
        """Yield a message for each of ``claims`` that does not hold: the beat, what was expected, the numbers.

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
        """Texts as a voice reads them."""
        return tuple(spoken_form(text, language, self.lexicon(language)) for text in printed)

    def lexicon(self, language: str) -> Mapping[str, str]:
        """Words, letters and signs as they are printed -> as a voice reads them."""
        own = self.own.lexicons.get(language, {}) if self.own is not None else {}
        return {**_lexicons()[language], **own}

    def _spoken_in(self, scene: str) -> list[str]:
        if self.own is None or not self.own.has(scene):
            return list(self.scenes)
        return [language for language, scenes in self.scenes.items() if scene in scenes]

    def screen(self, scene: str, key: str, language: str, values: Mapping[str, object] | None = None) -> str:
        """Words that stand on the picture."""
        stretches, _ = self._text(language, scene, "screen", key, values or {})
        return "".join(stretches)

    def title(self, scene: str, language: str, is_ours: bool = True) -> str:
        """The chapter's title; a scene with no narration in any language is called by its name.

        ``is_ours``: a scene of one's own may be called as one of ours, and does not get its title.
        """
        own = self.own is not None and self.own.has(scene)
        if not own and not (is_ours and any(scene in scenes for scenes in self.scenes.values())):
            return scene.replace("-", " ").capitalize()
        title = self._table(language, scene).get("title")
        if title is not None:
            return str(title)
        file, section = self._place(language, scene)
        raise NarrationError(f"{scene} has no title in {file}: add `title` to [{section}]")

    def _table(self, language: str, scene: str) -> Mapping[str, Any]:
        if language not in self.scenes:
            raise NarrationError(f"language {language!r} was not loaded, only {', '.join(self.scenes)}")
        return self.scenes[language].get(scene, {})

    def _text(
        self, language: str, scene: str, table: str, key: str, values: Mapping[str, object], said: bool = False
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """A text, filled, in stretches, and the marks between them: what fills it has none."""
        words = self._table(language, scene)
        lines = words.get(table, {})
        if said:
            lines = lines | words.get(SPOKEN, {})
        if table == "beats" and values.get("neutral"):
            lines = lines | words.get(NEUTRAL, {})
        general = general_name(key)
        template = lines.get(key, lines.get(general))
        kind = {"beats": "beat", "screen": "screen text"}[table]
        where = f"{scene}: {kind} {key!r}"
        if template is None:
            file, section = self._place(language, scene, table)
            wanted = f"`{key}`" if key == general else f"`{key}` or `{general}`"
            in_place = ", or say it in place: self.beat(…, say=…)" if table == "beats" else ""
            if self.own is None and not any(scene in scenes for scenes in self.scenes.values()):
                raise NarrationError(
                    f"{where} has no line: --lesson names a lesson whose words (narration = …) have {wanted} in"
                    f" [{language}.{scene}.{table}]{in_place}"
                )
            raise NarrationError(f"{where} has no line in {file}: add {wanted} to [{section}.{table}]{in_place}")
        stretches, marks = cut(str(template))
        try:
            return tuple(text.format_map(values) for text in stretches), marks
        except KeyError as error:
            fault = f"wants {{{error.args[0]}}}, and the scene gives {', '.join(values) or 'none'}"
        except (ValueError, IndexError, AttributeError, TypeError) as error:
            fault = f"cannot be filled in: {error}"
        found = key if key in lines else general
        file, _ = self._place(language, scene, SPOKEN if said and found in words.get(SPOKEN, {}) else table, found)
        raise NarrationError(f"{where} in {file} {fault}")

    def _place(self, language: str, scene: str, table: str = "", key: str = "") -> tuple[Path, str]:
        """The file, and its table of the scene's words, where a line stands, or is to be added if there is none."""
        if self.own is not None and (self.own.has(scene) or not any(scene in ours for ours in self.scenes.values())):
            own = self.own.scenes.get(language, {}).get(scene, {}).get(table, {})
            if key in own or key not in self.scenes[language].get(scene, {}).get(table, {}):
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
    """Raises NarrationError if a line has a mark twice."""
    if len(set(marks)) < len(marks):
        raise NarrationError(f"{where}: a mark comes twice ({', '.join(marks)}); give each its own name")


def check_language(language: str, where: str = "") -> str:
    """Return ``language`` itself.

    If there is no such language, raises NarrationError, which begins with ``where`` and lists the languages.
    """
    if language not in LANGUAGES:
        raise NarrationError(f"{where}unknown language {language!r}; there are {', '.join(LANGUAGES)}")
    return language


def _put_over(ours: Scenes, words: Scenes) -> Scenes:
    merged = dict(ours)
    for scene, table in words.items():
        under = merged.get(scene, {})
        tables = {name: {**under.get(name, {}), **table[name]} for name in ("beats", "screen") if name in table}
        beats = under.get("beats", {})
        replaced = {beat for beat, line in table.get("beats", {}).items() if line != beats.get(beat)}
        for name in (NEUTRAL, SPOKEN):  # of lines that are replaced, ours go with them
            ours_left = {beat: line for beat, line in under.get(name, {}).items() if beat not in replaced}
            if name in under or name in table:
                tables[name] = ours_left | table.get(name, {})
        merged[scene] = {**under, **table, **tables}
    return merged


@cache
def _lexicons() -> Mapping[str, Mapping[str, str]]:
    """Ours, by language."""
    content = _parse(LEXICON_FILE)
    for language in LANGUAGES:
        _check_lexicon(LEXICON_FILE, language, content.setdefault(language, {}))
    return content


def _check_lexicon(file: Path, section: str, table: object) -> None:
    if not isinstance(table, dict):
        raise NarrationError(f"{file}: {section} must be a table of words and how they are spoken, found {table!r}")
    for word, said in table.items():
        if not isinstance(said, str) or not word.strip():
            raise NarrationError(
                f"{file}: [{section}] has words as they are printed and, as a text, how they are spoken; found"
                f" {word!r} = {said!r}. It is no scene's table: a scene cannot be called {LEXICON}"
            )


def _parse(file: Path) -> dict[str, Any]:
    try:
        return read_toml(file, "narration")
    except UserError as error:
        raise NarrationError(str(error)) from None


def _read(file: Path) -> dict[str, Mapping[str, Any]]:
    try:
        return _parsed(file, read_text(file, "narration"))
    except UserError as error:
        raise NarrationError(str(error)) from None


@lru_cache(maxsize=2 * len(LANGUAGES))
def _parsed(file: Path, text: str) -> dict[str, Mapping[str, Any]]:
    """Once for as long as the text is the same: plan and publishing ask for it, and both are waited for."""
    content: dict[str, Mapping[str, Any]] = parse_or_user_error(text, str(file), "TOML", tomllib.loads)
    for scene, table in content.items():
        _check_table(file, scene, table, (*TABLES, SPOKEN))
    return content


def _check_table(file: Path, scene: str, table: object, tables: tuple[str, ...] = TABLES) -> None:
    if not isinstance(table, dict):
        raise NarrationError(f"{file}: {scene} must be a table [{scene}], found {table!r}")
    for key, value in table.items():
        if key == "title" and isinstance(value, str):
            if not value.strip():
                raise NarrationError(f"{file}: [{scene}] title must be a text, found {value!r}")
            continue
        if key not in tables or not isinstance(value, dict):
            known = ", ".join(f"`{name}`" for name in tables)
            raise NarrationError(f"{file}: [{scene}] holds `title` and the tables {known}; found {key} = {value!r}")
        for name, text in value.items():
            if not isinstance(text, str) or not text.strip():
                raise NarrationError(f"{file}: [{scene}.{key}] {name} must be a text, found {text!r}")
