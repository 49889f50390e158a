"""Measures rendering by Gradreel and by plain Manim: the same scenes from files to MP4, in turn, as ratios.

./run bench render [SCENE ...] [--all] [--quality h] [--rounds 3] [--media_dir media] [--change SCENE.PARAM=VALUE]
                   [--json FILE]

Without scenes: some of the lecture, and two in the style of Manim's documentation; --all: the whole lecture and these
two. Every round renders each way once, into a new folder: plain Manim (`manim --disable_caching`, one process for each
scene); ours with -j 1 and -j 2; again, unchanged; with one changed parameter; that scene alone. Then with a voice in
two languages: all; again, unchanged; with one changed sentence; with one changed parameter. This voice makes tones, so
that speaking takes no time. Medians of all rounds.
Training is not measured: runs are recorded before, or taken from --media_dir.

At the end, once: SSIM of each scene's two files against Manim's frames, their sizes, and the CPU seconds of the phases
of our worker. The load shows whether the machine was busy.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from _likeness import likeness
from _phases import DRAWER, ENCODER, JOINING, profile
from gradreel.core.errors import UserError
from gradreel.render.lessons.lesson_file import read_lesson
from gradreel.render.pipeline import plan_lesson
from gradreel.render.settings import RenderSettings
from gradreel.render.stages import ClipFile, SceneRequest
from gradreel.render.videos.video import write_film
from gradreel.render.workers.pool import Workers
from gradreel.scenes.catalog import LESSON_FILE
from gradreel.scenes.words.narration import Narration

EXAMPLES = [
    f"{Path(__file__).resolve().parents[1] / 'render' / 'manim_examples.py'}:{name}"
    for name in ("FollowingGraphCamera", "FixedInFrame")  # a camera that moves; three dimensions
]
SAMPLE = ["build-curve", "sigmoid-formula", "more-features", "deeper-and-deeper", "gradient-descent", *EXAMPLES]
CHANGE = "build-curve.knots=[[0,1],[2,3],[5,0],[6,2]]"
WORDS = "words.toml"  # the file of the lesson's own words
TONES = f"command:{shlex.join([sys.executable, str(Path(__file__).with_name('_tone_voice.py'))])} {{file}} {{text}}"
VOICES = (f"en={TONES}", f"zh={TONES}")
COMPARED = 40  # frames of a scene that are looked at, about
PLAIN, ONE_JOB, TWO_JOBS = "plain manim", "ours, -j 1", "ours, -j 2"
UNCHANGED, CHANGED = "ours, unchanged", "ours, one scene changed"
SPOKEN, SPOKEN_UNCHANGED = "spoken, -j 2", "spoken, unchanged"
SENTENCE, EDITED = "spoken, one sentence changed", "spoken, one scene edited"
PLAIN_ALONE, ALONE, ALONE_TWO = "plain manim, that one", "ours, that one, -j 1", "ours, that one, -j 2"
BESIDE = {
    ONE_JOB: PLAIN, TWO_JOBS: PLAIN, UNCHANGED: TWO_JOBS, CHANGED: PLAIN_ALONE, ALONE: PLAIN_ALONE,
    ALONE_TWO: PLAIN_ALONE, SPOKEN_UNCHANGED: SPOKEN, SENTENCE: SPOKEN, EDITED: SPOKEN,
}  # fmt: skip
"""For each way, the way that its ratio is relative to."""

# -- what is rendered --------------------------------------------------------------------------------------------------


def write_lesson(specs: Sequence[str], everything: bool, folder: Path) -> Path:
    """A lesson of these scenes: those of the lecture as its own lesson shows them."""
    head, *tables = LESSON_FILE.read_text(encoding="utf-8").split("[[scene]]")
    by_name = {tomllib.loads(table)["name"]: table for table in tables}
    chosen = [*by_name, *EXAMPLES] if everything else list(specs) or SAMPLE
    scenes = []
    for spec in chosen:
        file, colon, name = spec.rpartition(":")
        if colon:  # a lesson names files from its own folder
            shutil.copy(file, folder)
        beside = f"{Path(file).name}:{name}" if colon else spec
        scenes += ["[[scene]]", by_name.get(spec, f"name = {json.dumps(beside)}\n")]
    title, *experiments = head.split("[experiments.")
    shown = [table for table in experiments if f'"{table.partition("]")[0]}"' in "".join(scenes)]
    written = [line for line in title.splitlines() if not line.startswith("poster")]
    written.insert(0, f"narration = {json.dumps(WORDS)}")
    written += [*(f"[experiments.{table}" for table in shown), *scenes]
    (folder / "lesson.toml").write_text("\n".join(written), encoding="utf-8")
    return folder / "lesson.toml"


def for_plain_manim(request: SceneRequest, folder: Path) -> tuple[Path, str]:
    """The file and the class that plain Manim renders: a lecture's scene with its parameters in the lesson."""
    source = request.source
    if not source.is_ours:
        return source.file, source.class_name
    file = folder / f"{source.class_name.lower()}.py"
    file.write_text(
        f"from {source.module_name} import {source.class_name} as Original\n\n\n"
        f"class {source.class_name}(Original):\n"
        "    def __init__(self, *arguments, **options):\n"
        f"        super().__init__(*arguments, parameters={dict(request.parameters)!r}, **options)\n",
        encoding="utf-8",
    )
    return file, source.class_name


class Bench:
    """The scenes, and each way of rendering them into a folder of one round."""

    def __init__(self, lesson_file: Path, ready: Path, quality: str, change: str) -> None:
        self.lesson_file, self.ready, self.quality, self.change = lesson_file, ready, quality, change
        self.folder = lesson_file.parent
        self.changed = change.split(".")[0]
        self.write_words()
        settings = RenderSettings.of_quality(quality, media_dir=ready)
        clips = plan_lesson(read_lesson(lesson_file), settings).clips
        self.requests = {clip.scene: clip.request for clip in clips}  # parameters complete
        self.plain = {name: for_plain_manim(request, self.folder) for name, request in self.requests.items()}
        if self.changed not in self.requests:
            sys.exit(f"bench render: --change {change}: {self.changed} is none of {', '.join(self.requests)}")

    def fresh(self, name: str) -> Path:
        """A new media folder that has the recorded runs alone."""
        media = self.folder / name
        media.mkdir()
        if (self.ready / "traces").exists():
            # No link to the folder: none may lead out of a media folder
            shutil.copytree(self.ready / "traces", media / "traces")
        return media

    def ours(self, media: Path, *options: str, voices: Sequence[str] = ("none",)) -> float:
        command = [sys.executable, "-m", "gradreel.cli", "render", "--lesson", str(self.lesson_file), *options]
        command += ["-q", self.quality, "--media_dir", str(media), "--progress_bar", "none"]
        return seconds([*command, *(part for voice in voices for part in ("--voice", voice))])

    def write_words(self, more: str = "") -> None:
        """Write the lesson's own words: the first line of the scene that is changed, with ``more`` at its end."""
        beat, line = next(iter(Narration.load(("en",)).scenes["en"][self.changed]["beats"].items()))
        text = f"[en.{self.changed}.beats]\n{beat} = {json.dumps(line + more)}\n"
        (self.folder / WORDS).write_text(text, encoding="utf-8")

    def by_plain_manim(self, media: Path) -> dict[str, float]:
        """Seconds by scene."""
        command = [sys.executable, "-m", "manim", "render", f"-q{self.quality}", "--disable_caching", "--seed", "0"]
        command += ["--media_dir", str(media), "--progress_bar", "none", "-v", "WARNING"]
        return {name: told(name, seconds([*command, str(file), which])) for name, (file, which) in self.plain.items()}

    def round(self, number: int) -> dict[str, float]:
        """Seconds of each way. The folders ``plain-<number>`` and ``one-<number>`` stay."""
        plain = self.by_plain_manim(self.fresh(f"plain-{number}"))
        times = {PLAIN: told(PLAIN, sum(plain.values())), PLAIN_ALONE: plain[self.changed]}
        one, two, alone, alone_two = (self.fresh(f"{name}-{number}") for name in ("one", "two", "alone", "alone-two"))
        times[ONE_JOB] = told(ONE_JOB, self.ours(one, "-j", "1"))
        times[TWO_JOBS] = told(TWO_JOBS, self.ours(two, "-j", "2"))
        made = contents(two)
        assert made == contents(one), "-j 1 and -j 2 made other clips"
        times[UNCHANGED] = told(UNCHANGED, self.ours(two, "-j", "2"))
        times[CHANGED] = told(CHANGED, self.ours(two, "-j", "2", "--set", self.change))
        assert len(contents(two) - made) == 1, f"{self.change} touched another number of clips than 1"
        times[ALONE] = told(ALONE, self.ours(alone, "-j", "1", self.changed))
        times[ALONE_TWO] = told(ALONE_TWO, self.ours(alone_two, "-j", "2", self.changed))
        spoken = self.fresh(f"spoken-{number}")
        times |= self.spoken_round(spoken)
        for media in (two, alone, alone_two, spoken):
            shutil.rmtree(media)
        return times

    def spoken_round(self, media: Path) -> dict[str, float]:
        """Return the seconds of each way with a voice."""
        times = {}
        for way, more, options in (
            (SPOKEN, "", ()),
            (SPOKEN_UNCHANGED, "", ()),
            (SENTENCE, " So it is.", ()),
            (EDITED, " So it is.", ("--set", self.change)),
        ):
            self.write_words(more)
            times[way] = told(way, self.ours(media, "-j", "2", *options, voices=VOICES))
        self.write_words()
        return times

    def plain_file(self, media: Path, name: str) -> Path:
        file, which = self.plain[name]
        (found,) = media.glob(f"videos/{file.stem}/*/{which}.mp4")
        return found


def seconds(command: list[str]) -> float:
    began = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"bench render: this failed: {' '.join(command)}\n{done.stderr}")
    return time.perf_counter() - began


def told(label: str, taken: float) -> float:
    """``taken`` seconds, said as soon as they are known: the whole lecture takes most of an hour a round."""
    print(f"  {label}: {taken:.1f} s", file=sys.stderr, flush=True)
    return taken


def contents(media: Path) -> set[bytes]:
    return {file.read_bytes() for file in (media / "clips").glob("*.mp4")}


# -- what was rendered -------------------------------------------------------------------------------------------------


def quality_of(bench: Bench, plain: Path, ours: Path) -> dict[str, dict[str, float]]:
    """Return, by scene, the frames, and size and SSIM of both files."""
    described = {file: json.loads(file.read_text(encoding="utf-8")) for file in (ours / "clips").glob("*.json")}
    clips = {clip["scene"]: (clip["frames"], file.with_suffix(".mp4")) for file, clip in described.items()}
    found = {}
    for name, request in bench.requests.items():
        frames, clip = clips[name]
        files = (bench.plain_file(plain, name), clip)
        with Workers(1, bench.folder) as workers:
            ssim = workers.submit(likeness, request, max(1, frames // COMPARED), files).result()
        sizes = [file.stat().st_size for file in files]
        found[name] = {"frames": frames, "plain bytes": sizes[0], "our bytes": sizes[1]}
        for whose, values in zip(("plain", "our"), ssim, strict=True):
            found[name] |= {f"{whose} SSIM {which}": value for which, value in values.items()}
    return found


def profile_of(bench: Bench) -> dict[str, Any]:
    """CPU seconds of each phase over all scenes, joining included, and frames."""
    total: dict[str, float] = defaultdict(float)
    clips: list[ClipFile] = []
    for name, request in bench.requests.items():
        with Workers(1, bench.folder) as workers:
            result, phases = workers.submit(profile, request, bench.folder / f"profile-{name}.mp4").result()
        clips.append(result)
        for phase, spent in phases.items():
            total[phase] += spent
    began = time.process_time()
    write_film(clips, bench.folder / "profile.mp4", title="profile")
    total[JOINING] = time.process_time() - began
    return {"frames": sum(clip.frames for clip in clips), "seconds": dict(total)}


# -- what is printed ---------------------------------------------------------------------------------------------------


def show(report: Mapping[str, Any]) -> None:
    print(", ".join(report["scenes"]))
    print(f"{report['frames']} frames, -q {report['quality']}, {report['rounds']} rounds; load {report['load']:.1f}")
    print(f"{report['cores']} cores; " + ", ".join(f"{name} {number}" for name, number in report["versions"].items()))
    print(f"changed and rendered alone: {report['change']}\n")
    medians = report["medians"]
    for way, median in medians.items():
        spread = report["seconds"][way]
        beside = BESIDE.get(way)
        ratio = f"{medians[beside] / median:6.2f} times as fast as {beside}" if beside else ""
        print(f"{way:24}{median:8.1f} s  {ratio:50} ({min(spread):.1f} to {max(spread):.1f} s)")
    show_files(report["files"])
    spent, frames = report["profile"]["seconds"], report["profile"]["frames"]
    print("\nCPU time of our workers      ms a frame   share")
    for phase, cpu in spent.items():
        print(f"  {phase:26} {1000 * cpu / frames:7.2f}     {cpu / sum(spent.values()):6.1%}")
    drawer, encoder = (1000 * sum(spent[phase] for phase in thread) / frames for thread in (DRAWER, ENCODER))
    print(f"one thread draws, {drawer:.2f} ms a frame, while another encodes, {encoder:.2f} ms a frame")
    print(f"what takes most now: {max(spent, key=spent.__getitem__)}")


def show_files(files: Mapping[str, Mapping[str, float]]) -> None:
    print("\nSSIM against what was drawn   RGB, plain   ours    luma, plain  ours     size, ours / plain")
    keys = [f"{whose} SSIM {which}" for which in ("RGB", "luma") for whose in ("plain", "our")]
    rows = {name: [row[key] for key in keys] for name, row in files.items()}
    ratios = {name: row["our bytes"] / row["plain bytes"] for name, row in files.items()}
    if len(files) > 1:
        together = "mean; all bytes"
        rows[together] = [statistics.mean(values) for values in zip(*rows.values(), strict=True)]
        ours, plain = (sum(row[f"{whose} bytes"] for row in files.values()) for whose in ("our", "plain"))
        ratios[together] = ours / plain
    for name, values in rows.items():
        print(f"  {name:26}  " + "   ".join(f"{value:.5f}" for value in values) + f"     {ratios[name]:.2f}")


def measure(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    load = os.getloadavg()[0]
    lesson = write_lesson(options.scenes, options.all, folder)
    ready = Path(options.media_dir).absolute() if options.media_dir else folder / "ready"
    bench = Bench(lesson, ready, options.quality, options.change)
    seconds([sys.executable, "-m", "gradreel.cli", "train", "--lesson", str(lesson), "--media_dir", str(ready)])
    times: dict[str, list[float]] = defaultdict(list)
    for number in range(options.rounds):
        print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
        for way, taken in bench.round(number).items():
            times[way].append(taken)
        plain, ours = (folder / f"{name}-{number}" for name in ("plain", "one"))
        if number == 0:  # later rounds make the same files
            print("files", file=sys.stderr)
            files = quality_of(bench, plain, ours)
        for media in (plain, ours):
            shutil.rmtree(media)
    print("profile", file=sys.stderr)
    packages = ("gradreel", "manim", "av", "numpy", "pycairo")
    return {
        "scenes": list(bench.requests), "quality": options.quality, "rounds": options.rounds, "change": options.change,
        "frames": sum(row["frames"] for row in files.values()),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in packages}},
        "load": load, "seconds": times, "medians": {way: statistics.median(values) for way, values in times.items()},
        "files": files, "profile": profile_of(bench),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenes", nargs="*", metavar="SCENE", help="build-curve, or my_scene.py:MyScene")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("-q", "--quality", default="h", choices=list("lmhpk"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--media_dir", help="where runs are recorded, or will be")
    parser.add_argument("--change", default=CHANGE, metavar="SCENE.PARAM=VALUE")
    parser.add_argument("--json", metavar="FILE", help="also write all figures here")
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error(f"--rounds {options.rounds}: one is the least")
    with tempfile.TemporaryDirectory(prefix="bench-render-") as name:
        try:
            found = measure(options, Path(name).resolve())
        except UserError as error:
            sys.exit(f"bench render: {error}")
    if options.json:
        Path(options.json).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    show(found)


if __name__ == "__main__":
    main()
