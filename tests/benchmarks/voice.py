"""How fast the lecture is spoken, how loud it is, and what speaking takes; `voices` has what a recogniser understands.

./run bench voice [SCENE ...] [--video FILE] [--times l|m|h]

pace       words, or characters, a minute while they are heard, as `gradreel check --pace` has them
loudness   of each track of a film that has been rendered (--video)
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
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
from gradreel.render import pipeline
from gradreel.render.choices import QUALITIES
from gradreel.render.lessons.selection import load_lesson
from gradreel.render.pace import summary
from gradreel.render.settings import RenderSettings
from gradreel.render.voice.choice import default_voice
from gradreel.render.voice.loudness import loudness_of, true_peak_of
from gradreel.render.voice.sound import Samples
from gradreel.scenes.words.languages import LANGUAGES

GRADREEL = [sys.executable, "-m", "gradreel.cli"]


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
    parser.add_argument("--times", choices=QUALITIES, help="quality of the films")
    options = parser.parse_args()
    voices = {code: voice for code in LANGUAGES if (voice := default_voice(code)) is not None}
    jobs = os.cpu_count() or 1
    settings = replace(RenderSettings.of_quality("l"), media_dir=options.media_dir, voices=voices, jobs=jobs)
    lesson = load_lesson(None, {}, options.scenes)
    if not voices:
        sys.exit("bench voice: nothing is spoken; ./run installs the voices")
    _, paces = pipeline.check_lesson(lesson, settings)
    print("\n".join(f"pace: {row}" for row in summary(paces)), flush=True)
    if options.video:
        print_loudness(options.video)
    if options.times:
        print_times(options.scenes, options.times)


if __name__ == "__main__":
    main()
