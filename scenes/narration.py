"""The spoken line of every beat, in every language, and how long it takes to read.

``assets/narration/<language>.toml`` holds, per scene, ``title``, ``beats`` and ``screen`` (words on the
picture). Reading speed and the cutting into subtitle cues are here and nowhere else: the length of a beat
and its subtitles come from the same rule.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradreel.core.errors import UserError
from gradreel.scenes.cues import Cue, reading_seconds, split_cues, timed_cues

__all__ = [
    "LANGUAGES",
    "Cue",
    "Narration",
    "NarrationError",
    "check_language",
    "reading_seconds",
    "split_cues",
    "timed_cues",
]

NARRATION_FOLDER = Path(__file__).resolve().parent.parent / "assets" / "narration"
LANGUAGES = {"en": "eng", "zh": "zho"}  # our code -> ISO 639-2, which MP4 wants
TABLES = ("beats", "screen")


class NarrationError(UserError):
    """A line that is missing, or whose fields cannot be filled."""


@dataclass(frozen=True)
class Narration:
    """Lines of all scenes in the languages asked for."""

    scenes: Mapping[str, Mapping[str, Mapping[str, Any]]]  # language -> scene -> {"title", "beats", "screen"}
    files: Mapping[str, Path]  # language -> where its lines stand

    @classmethod
    def load(cls, languages: Iterable[str] = tuple(LANGUAGES), folder: Path = NARRATION_FOLDER) -> Narration:
        """Read ``<language>.toml`` of each language.

        Raises NarrationError for an unknown language, a missing file, a TOML error (with its line) and
        anything in the file that is not a title, a beat or a word on the screen.
        """
        files = {check_language(language): folder / f"{language}.toml" for language in languages}
        return cls({language: _read(file) for language, file in files.items()}, files)

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(self.scenes)

    def line(self, scene: str, beat: str, values: Mapping[str, object] | None = None) -> dict[str, str]:
        """The spoken line of a beat in each language, ``{fields}`` filled from ``values``.

        A beat ``piece-3`` without a line of its own takes that of ``piece``.
        """
        return {language: self._text(language, scene, "beats", beat, values or {}) for language in self.scenes}

    def screen(self, scene: str, key: str, language: str, values: Mapping[str, object] | None = None) -> str:
        """Words that stand on the picture."""
        return self._text(language, scene, "screen", key, values or {})

    def title(self, scene: str, language: str) -> str:
        """The chapter's title; a scene with no narration in any language is called by its name."""
        title = self._table(language, scene).get("title")
        if title is not None:
            return str(title)
        if not any(scene in scenes for scenes in self.scenes.values()):
            return scene.replace("-", " ").capitalize()
        raise NarrationError(f"{scene} has no title in {self.files[language]}: add `title` to [{scene}]")

    def _table(self, language: str, scene: str) -> Mapping[str, Any]:
        if language not in self.scenes:
            raise NarrationError(f"language {language!r} was not loaded, only {', '.join(self.scenes)}")
        return self.scenes[language].get(scene, {})

    def _text(self, language: str, scene: str, table: str, key: str, values: Mapping[str, object]) -> str:
        lines = self._table(language, scene).get(table, {})
        general = re.sub(r"-\d+$", "", key)  # piece-3 -> piece
        template = lines.get(key, lines.get(general))
        kind = {"beats": "beat", "screen": "screen text"}[table]
        where = f"{scene}: {kind} {key!r}"
        if template is None:
            wanted = f"`{key}`" if key == general else f"`{key}` or `{general}`"
            in_place = ", or say it in place: self.beat(…, say=…)" if table == "beats" else ""
            raise NarrationError(
                f"{where} has no line in {self.files[language]}: add {wanted} to [{scene}.{table}]{in_place}"
            )
        try:
            return str(template).format_map(values)
        except KeyError as error:
            given = ", ".join(values) or "none"
            raise NarrationError(
                f"{where} in {self.files[language]} wants {{{error.args[0]}}}, and the scene gives {given}"
            ) from None
        except (ValueError, IndexError, AttributeError, TypeError) as error:
            raise NarrationError(f"{where} in {self.files[language]} cannot be filled in: {error}") from None


def check_language(language: str) -> str:
    """``language`` itself. Raises NarrationError, with those there are, when there is no narration in it."""
    if language not in LANGUAGES:
        raise NarrationError(f"unknown language {language!r}; there are {', '.join(LANGUAGES)}")
    return language


def _read(file: Path) -> dict[str, Mapping[str, Any]]:
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NarrationError(f"there is no narration file {file}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise NarrationError(f"{file} is not valid TOML: {error}") from None
    for scene, table in content.items():
        _check_table(file, scene, table)
    return content


def _check_table(file: Path, scene: str, table: object) -> None:
    if not isinstance(table, dict):
        raise NarrationError(f"{file}: {scene} must be a table [{scene}], found {table!r}")
    for key, value in table.items():
        if key == "title" and isinstance(value, str):
            continue
        if key not in TABLES or not isinstance(value, dict):
            raise NarrationError(
                f"{file}: [{scene}] holds `title` and the tables `beats`, `screen`; found {key} = {value!r}"
            )
        for name, text in value.items():
            if not isinstance(text, str) or not text.strip():
                raise NarrationError(f"{file}: [{scene}.{key}] {name} must be a text, found {text!r}")
