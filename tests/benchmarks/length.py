"""Measures seconds and peak memory of a long scene, a lesson of many short clips, and a long film.

./run bench length [--minutes 60] [--clips 1500] [--hours 3]

scene   one scene of some minutes in which a dot moves half of the time, at 426x240 and 15 frames a second
jumps   the same, looked at by `gradreel check --jumps`
clips   a lesson of many scenes of one second; and again when all of it is up to date
film    a film of some hours, joined from clips of a minute

Each is measured twice: at full length and at a tenth of it. So a cost that grows with the length shows. The peak memory
is that of the largest process. The benchmark needs Linux: only there can it find processes that outlive their parent.
"""

from __future__ import annotations

import argparse
import ctypes
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from gradreel.render.frames.encode import ClipEncoder
from gradreel.render.settings import RenderSettings
from gradreel.render.stages import ClipFile
from gradreel.render.videos.video import write_film

PR_SET_CHILD_SUBREAPER = 36  # of Linux's prctl
GRADREEL = [sys.executable, "-m", "gradreel.cli"]
SETTINGS = RenderSettings(width=426, height=240, fps=15)
LONG = """
from manim import LEFT, RIGHT, Dot, Scene

class Long(Scene):
    def construct(self):
        dot = Dot()
        self.add(dot)
        for minute in range({minutes}):
            self.play(dot.animate.shift(LEFT if minute % 2 else RIGHT), run_time=30)
            self.wait(30)
"""
SHORT = """
class Short{number}(Scene):
    def construct(self):
        self.add(Square().rotate({number}))
        self.wait(1)
"""


def measured(work: Callable[..., Any], *arguments: Any) -> tuple[float, float]:
    """Seconds that ``work(*arguments)`` takes in a process of its own, and the most MB of one of its processes."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_measured, work, arguments).result()


def _measured(work: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[float, float]:
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    began = time.perf_counter()
    work(*arguments)
    seconds = time.perf_counter() - began
    while True:
        try:
            os.wait()  # a server of forks ends after the command that began it
        except ChildProcessError:
            break
    most = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return seconds, most / 1000


def command(*arguments: object) -> None:
    done = subprocess.run([*GRADREEL, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"bench length: this failed: gradreel {' '.join(map(str, arguments))}\n{done.stderr}")


def long_film(folder: Path, minutes: int) -> None:
    """Join ``minutes`` clips of a minute each, all of them one file."""
    encoder = ClipEncoder(folder / "minute.mp4", SETTINGS)
    for frame in range(SETTINGS.fps * 60):
        pixels = encoder.buffer()
        pixels[:] = frame % 256
        encoder.write(pixels)
    encoder.close()
    clip = ClipFile(folder / "minute.mp4", encoder.frames, SETTINGS.fps, (), 0.0)
    write_film([clip] * minutes, folder / "film.mp4", title="a long film")


def scene(folder: Path, minutes: int) -> list[tuple[str, float, float]]:
    (folder / "long.py").write_text(LONG.format(minutes=minutes))
    size = ("-r", "426,240", "--fps", 15, "--media_dir", folder / "media", "--quiet")
    drawn = measured(command, "render", f"{folder / 'long.py'}:Long", *size)
    looked = measured(command, "check", "--jumps", f"{folder / 'long.py'}:Long", "--media_dir", folder / "media")
    return [(f"scene of {minutes} minutes", *drawn), ("  its jumps", *looked)]


def clips(folder: Path, number: int) -> list[tuple[str, float, float]]:
    code = "from manim import Scene, Square\n" + "".join(SHORT.format(number=k) for k in range(number))
    (folder / "short.py").write_text(code)
    scenes = "".join(f'[[scene]]\nname = "short.py:Short{k}"\n' for k in range(number))
    (folder / "many.toml").write_text(scenes)
    given = ("render", "--lesson", folder / "many.toml", "-r", "426,240", "--fps", 15, "--media_dir", folder / "media")
    first = measured(command, *given, "--quiet")
    again = measured(command, *given, "--quiet")
    return [(f"lesson of {number} clips", *first), ("  as it was", *again)]


def film(folder: Path, minutes: int) -> list[tuple[str, float, float]]:
    return [(f"film of {minutes} minutes", *measured(long_film, folder, minutes))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=int, default=60, help="of the long scene")
    parser.add_argument("--clips", type=int, default=1500)
    parser.add_argument("--hours", type=float, default=3, help="of the long film")
    options = parser.parse_args()
    for part, length in ((scene, options.minutes), (clips, options.clips), (film, round(60 * options.hours))):
        for size in (max(1, length // 10), length):
            with tempfile.TemporaryDirectory(prefix="bench-length-") as name:
                for what, seconds, most in part(Path(name).resolve(), size):
                    print(f"{what:26}{seconds:8.1f} s {most:8.0f} MB", flush=True)


if __name__ == "__main__":
    main()
