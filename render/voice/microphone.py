"""Records lines one by one from a microphone. Questions and messages go to standard error."""

from __future__ import annotations

import os
import wave
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias
from uuid import uuid4

import click
import numpy as np
from gradreel.core.errors import UserError
from gradreel.render.voice.recordings import SUFFIXES
from gradreel.render.voice.script import ScriptLine
from gradreel.render.voice.sound import Samples, clipped

Device: TypeAlias = Any  # the module sounddevice, or a test's substitute


def microphone() -> Device:
    """Return the device that records. Raises UserError if there is none."""
    by_hand = "record with any other program, into the files that the script names"
    try:
        import sounddevice
    except ImportError:
        raise UserError(f"--record needs sounddevice: pip install 'gradreel[record]'; or {by_hand}") from None
    except OSError as error:  # PortAudio
        raise UserError(f"--record: {error}; install it (apt install libportaudio2), or {by_hand}") from None
    try:
        sounddevice.query_devices(kind="input")
    except (sounddevice.PortAudioError, ValueError) as error:
        raise UserError(f"--record finds no microphone ({error}); or {by_hand}") from None
    return sounddevice


def record(lines: Sequence[ScriptLine], folder: Path, device: Device) -> int:
    """Record ``lines`` into ``folder``, each until the speaker keeps it; return the number of kept recordings.

    A recording is written as soon as it is kept, so Ctrl-C loses at most one. Raises UserError if the microphone fails.
    """
    kept = 0
    for number, line in enumerate(lines, 1):
        _print_at_once(f"\n{number} of {len(lines)}: {line.name}, which moves for {line.seconds:.1f} s")
        _print_at_once(f"\n    {line.text}\n")
        answer = _ask_for_letter("Enter begins, s leaves it out, q ends", "sq")
        if answer == "q":
            break
        if answer != "s":
            kept += _record_until_kept(folder / f"{line.name}{SUFFIXES[0]}", device)
    return kept


def _record_until_kept(file: Path, device: Device) -> bool:
    """Record until the speaker keeps a take or leaves the line out; return whether one was kept."""
    while True:
        samples, rate = _record_until_enter(device)
        part = file.with_name(f".{file.name}-{uuid4().hex[:12]}")
        try:
            _write_wav(part, samples, rate)
            cut_off = clipped(part) if len(samples) else 0
            summary = f"{len(samples) / rate:.1f} s" + (f", too loud {cut_off} times" if cut_off else "")
            while (
                answer := _ask_for_letter(
                    f"{summary}. Enter keeps it, p plays it, r records it again, s leaves it out", "prs"
                )
            ) == "p":
                _play_samples(samples, rate, device)
            if answer == "":
                os.replace(part, file)
                return True
            if answer == "s":
                return False
        finally:
            with suppress(FileNotFoundError):
                part.unlink()


def _play_samples(samples: Samples, rate: int, device: Device) -> None:
    try:
        device.play(samples, rate)
        device.wait()
    except (device.PortAudioError, ValueError) as error:  # no loudspeaker
        _print_at_once(f"It can't be played here: {error}")


def _record_until_enter(device: Device) -> tuple[Samples, int]:
    """Record until Enter is pressed; return the samples and their number per second."""
    parts: list[Samples] = []
    lost = False

    def take(block: Samples, frames: int, time: object, status: Any) -> None:
        nonlocal lost
        lost = lost or bool(status)
        parts.append(block[:, 0].copy())

    try:
        with device.InputStream(channels=1, dtype="float32", callback=take) as stream:
            _ask_for_letter("Recording. Enter ends it", "")
        rate = round(stream.samplerate)
    except device.PortAudioError as error:
        raise UserError(f"the microphone failed: {error}; check its connection and run the command again") from None
    if lost:
        _print_at_once("Some of it was lost: this machine was too slow. Record it again (r)")
    return np.concatenate([np.zeros(0, np.float32), *parts]), rate


def _write_wav(file: Path, samples: Samples, rate: int) -> None:
    levels = np.clip(np.round(samples * 32768), -32768, 32767).astype("<i2")
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("xb") as stream, wave.open(stream, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(levels.tobytes())


def _ask_for_letter(question: str, answers: str) -> str:
    """Ask until the answer is one of the letters in ``answers``, or "" (Enter alone); return it."""
    while True:
        answer = click.prompt(question, default="", show_default=False, prompt_suffix=": ", err=True).strip().lower()
        if len(answer) < 2 and answer in answers:
            return str(answer)


def _print_at_once(text: str) -> None:
    click.echo(text, err=True)
