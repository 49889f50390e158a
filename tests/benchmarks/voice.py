"""How the lecture sounds: what a recogniser understands of it, how fast it is spoken, how loud it is, what that takes.

./run bench voice [SCENE ...] [--video FILE] [--sheet FILE.png] [--times l|m|h]

words      of each English line, by pocketsphinx and its small English model: how many of the words that were to be said
           are among those that it has heard, in order; the worst lines. It knows no ReLU: compare, don't judge. For
           Chinese no recogniser was found that a package registry has with its model.
pace       words, or characters, a minute while they are heard, as `gradreel check --pace` has them
loudness   of each track of a film that has been rendered (--video)
sheet      waveform and spectrogram of ten lines, where their marks are, and what is said; above each mark its frame, if
           the scene has been rendered with these voices at -q l
times      the scenes, or the whole lecture, rendered silent at that quality, and with both voices: minutes, and the
           film's (long)

Lines are spoken into the media folder (--media_dir), and not again.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

import av
import numpy as np
from gradreel.render import pipeline
from gradreel.render.choices import QUALITIES
from gradreel.render.clips.clip_files import intact_description
from gradreel.render.lessons.lesson import Lesson
from gradreel.render.lessons.selection import load_lesson
from gradreel.render.pace import summary
from gradreel.render.settings import RenderSettings
from gradreel.render.speech import kept_words, wanted_lines
from gradreel.render.stages import ClipFile
from gradreel.render.videos.video import frame_as_jpeg
from gradreel.render.voice.choice import default_voice
from gradreel.render.voice.loudness import loudness_of, true_peak_of
from gradreel.render.voice.sound import RATE, Samples, filtered
from gradreel.render.voice.spoken_lines import SpokenStretch
from gradreel.scenes.words.languages import LANGUAGES
from noto_cjk_sans_otc import FONT_PATH
from PIL import Image, ImageDraw, ImageFont
from scipy.signal import spectrogram

HEARD_RATE = 16_000  # of pocketsphinx's model
LOUD_ENOUGH = 0.9  # of full scale, for it
WORST = 10
GRADREEL = [sys.executable, "-m", "gradreel.cli"]


@dataclass(frozen=True)
class SpokenLine:
    scene: str
    beat: str
    language: str
    said: tuple[str, ...]  # from mark to mark
    heard: tuple[SpokenStretch, ...]
    clip: ClipFile | None  # if it has been rendered

    @property
    def samples(self) -> Samples:
        """All stretches, one after the other."""
        return np.concatenate([stretch.samples for stretch in self.heard])


def spoken(lesson: Lesson, settings: RenderSettings) -> list[SpokenLine]:
    """Every line of the lesson in every language."""
    found = []
    with pipeline.running_job(lesson, settings, None) as job:
        clips = {clip.scene: clip for clip in pipeline.spoken(job).clips if clip.speech}
        heard_clips = [*clips.values()]
        for wanted in wanted_lines(heard_clips, kept_words(heard_clips, job.workspace), settings.voices):
            line, clip = wanted.line, clips[wanted.line.scene]
            file = ClipFile.from_json(intact_description(clip.path), clip.path) if clip.up_to_date else None
            heard = clip.speech[line.beat][wanted.voice]
            found.append(SpokenLine(line.scene, line.beat, wanted.voice, line.stretches, heard, file))
    return found


# -- words -------------------------------------------------------------------------------------------------------------


def words_of(text: str) -> list[str]:
    return "".join(letter if letter.isalpha() or letter == "'" else " " for letter in text.lower()).split()


def recognised(line: SpokenLine) -> list[str]:
    """The words that pocketsphinx hears."""
    from pocketsphinx import Decoder

    samples = np.concatenate(list(filtered([line.samples], RATE, ("aresample", f"{HEARD_RATE}"))))
    levels = (samples / np.abs(samples).max() * LOUD_ENOUGH * 32767).astype("<i2")
    decoder = Decoder(samprate=HEARD_RATE, loglevel="FATAL")
    decoder.start_utt()
    decoder.process_raw(levels.tobytes(), full_utt=True)
    decoder.end_utt()
    found = decoder.hyp()
    return found.hypstr.split() if found else []


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


def print_words(lines: Sequence[SpokenLine]) -> None:
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        heard = list(pool.map(recognised, lines))
    rows = []
    for line, found in zip(lines, heard, strict=True):
        said = words_of(" ".join(line.said))
        rows.append((*alignment(said, found), len(said), line, " ".join(found)))
    errors, kept, total = (sum(row[k] for row in rows) for k in range(3))
    print(f"words: {kept} of {total} recognised ({kept / total:.0%}), word error rate {errors / total:.0%}")
    for _, kept, total, line, found in sorted(rows, key=lambda row: row[1] / max(row[2], 1))[:WORST]:
        print(f"  {kept:3} of {total:3}  {line.scene}, {line.beat}: {' '.join(line.said)}\n{'':14}heard: {found}")


# -- loudness ----------------------------------------------------------------------------------------------------------


def print_loudness(video: Path) -> None:
    with av.open(str(video)) as container:
        languages = [stream.language for stream in container.streams.audio]
    for track, language in enumerate(languages):
        loudness, peak = (measure(left_side(video, track)) for measure in (loudness_of, true_peak_of))
        print(f"loudness: {language}: {loudness:.1f} LUFS, true peak {peak:.1f} dBTP")


def left_side(video: Path, track: int) -> Iterator[Samples]:
    """Of a track whose sides are alike."""
    with av.open(str(video)) as container:
        for frame in container.decode(container.streams.audio[track]):
            yield np.ascontiguousarray(frame.to_ndarray()[0], np.float32)


# -- sheet -------------------------------------------------------------------------------------------------------------

WIDTH, FRAME, WAVE, TONES, TEXT = 1500, 72, 70, 130, 46  # pixels of a row
ROW = FRAME + WAVE + TONES + TEXT
HIGHEST = 8000  # Hz
MARK, INK, PAPER, FAINT = (220, 60, 60), (30, 30, 30), (255, 255, 255), (150, 150, 150)


def write_sheet(lines: Sequence[SpokenLine], file: Path) -> None:
    """Ten lines, of each language those with most marks first."""
    chosen: list[SpokenLine] = []
    for language in LANGUAGES:
        its = sorted((line for line in lines if line.language == language), key=lambda line: -len(line.said))
        chosen += its[:5]
    longest = max(sum(stretch.seconds for stretch in line.heard) for line in chosen)
    sheet = Image.new("RGB", (WIDTH, len(chosen) * ROW), PAPER)
    for number, line in enumerate(chosen):
        sheet.paste(_row(line, longest), (0, number * ROW))
    sheet.save(file)


def _row(line: SpokenLine, longest: float) -> Image.Image:
    samples, per_second = line.samples, WIDTH / longest
    width = max(round(len(samples) / RATE * per_second), 1)
    row = Image.new("RGB", (WIDTH, ROW), PAPER)
    draw = ImageDraw.Draw(row)
    loudest = np.abs(samples).max()
    for x, part in enumerate(np.array_split(samples, width)):
        low, high = (FRAME + WAVE / 2 * (1 - side / loudest) for side in (part.max(initial=0), part.min(initial=0)))
        draw.line((x, low, x, high), INK)
    tones, _, power = spectrogram(samples, RATE, nperseg=1024, noverlap=768)
    level = 10 * np.log10(power[tones < HIGHEST][::-1] + 1e-14)
    grey = np.clip((level.max() - level) / 70, 0, 1) * 255  # of 70 dB, the loudest black
    row.paste(Image.fromarray(grey.astype(np.uint8)).resize((width, TONES)).convert("RGB"), (0, FRAME + WAVE))
    small = ImageFont.truetype(str(FONT_PATH), 15)
    place, pictures = 0.0, _pictures(line)
    for stretch, said in zip(line.heard, line.said, strict=True):
        x = place * per_second
        if picture := next(pictures, None):
            row.paste(picture, (round(x), 0))
        draw.line((x, 0, x, ROW - 26), MARK if place else FAINT, 2)
        draw.text((x + 4, ROW - TEXT + 2), said, INK, small)
        place += stretch.seconds
    name = f"{line.scene}, {line.beat} ({line.language}), {place:.2f} s"
    draw.text((4, ROW - 24), name, FAINT, small)
    return row


def _pictures(line: SpokenLine) -> Iterator[Image.Image]:
    """The frame that each stretch begins with, small."""
    for beat in line.clip.beats if line.clip else ():
        if beat.name == line.beat:
            for frame in (beat.start, *beat.marks.values()):
                with Image.open(BytesIO(frame_as_jpeg(line.clip, frame))) as picture:
                    yield picture.resize((round(FRAME * picture.width / picture.height), FRAME))


# -- times -------------------------------------------------------------------------------------------------------------


def print_times(scenes: Sequence[str], quality: str) -> None:
    with tempfile.TemporaryDirectory(prefix="bench-voice-") as folder:
        media = Path(folder) / "media"
        _run("train", *scenes, "--media_dir", media)
        minutes, film = {}, {}
        for name, voice in (("silent", ("--voice", "none")), ("spoken", ())):
            began = time.perf_counter()
            videos = _run("render", *scenes, "-q", quality, "--media_dir", media, *voice).split("\n")
            minutes[name] = (time.perf_counter() - began) / 60
            film[name] = sum(map(_seconds, filter(None, videos))) / 60
            print(f"times: {name}: {minutes[name]:.1f} minutes for a film of {film[name]:.1f} minutes", flush=True)
        each = [minutes[name] / film[name] for name in ("spoken", "silent")]
        print(f"times: spoken takes {minutes['spoken'] / minutes['silent']:.2f} times as long,", end=" ")
        print(f"a minute of film {each[0] / each[1]:.2f} times as long")
        for video in filter(None, videos):
            print_loudness(Path(video))


def _run(*arguments: object) -> str:
    done = subprocess.run([*GRADREEL, *map(str, arguments), "--progress_bar", "none"], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"bench voice: this failed: gradreel {' '.join(map(str, arguments))}\n{done.stderr}")
    return done.stdout


def _seconds(video: str) -> float:
    with av.open(video) as container:
        return (container.duration or 0) / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenes", nargs="*", metavar="SCENE", help="of the lecture; none: all")
    parser.add_argument("--media_dir", type=Path, default=Path("media"))
    parser.add_argument("--video", type=Path, help="a film whose tracks are measured")
    parser.add_argument("--sheet", type=Path, metavar="FILE.png")
    parser.add_argument("--times", choices=QUALITIES, help="quality of the films")
    options = parser.parse_args()
    voices = {code: voice for code in LANGUAGES if (voice := default_voice(code)) is not None}
    jobs = os.cpu_count() or 1
    settings = replace(RenderSettings.of_quality("l"), media_dir=options.media_dir, voices=voices, jobs=jobs)
    lesson = load_lesson(None, {}, options.scenes)
    lines = spoken(lesson, settings)
    if not lines:
        sys.exit("bench voice: nothing is spoken; ./run installs the voices")
    _, paces = pipeline.check_lesson(lesson, settings)
    print("\n".join(f"pace: {row}" for row in summary(paces)), flush=True)
    if options.sheet:
        write_sheet(lines, options.sheet)
    if options.video:
        print_loudness(options.video)
    print_words([line for line in lines if line.language == "en"])
    if options.times:
        print_times(options.scenes, options.times)


if __name__ == "__main__":
    main()
