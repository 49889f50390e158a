"""Measures how much faster one and two workers of a cluster draw a lesson, beside processes of this machine.

./run bench cluster [--scenes 8] [--runs 3] [--quality l] [--mbit 100] [--json]

A scheduler and workers (`dask worker --nthreads 1`, each with its own folder) are started here on loopback: one cluster
of one worker, one of two. Each way in turn renders the same scenes into a media folder without clips. There the scenes
are already inspected and their runs recorded. Medians of all rounds. All ways must give the same bytes. The time that
no worker shortens follows from one and two workers by Amdahl: T(n) = s + p / n. It also prints the time of the
command if all clips exist and the video does not: starting, planning, joining.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

GRADREEL = [sys.executable, "-m", "gradreel.cli"]
SCENES = (
    "build-curve", "any-curve", "sigmoid-formula", "morph-sigmoid", "more-features", "theta", "why-gradient", "relu",
    "stack-layers", "naming", "deeper-and-deeper", "why-deep",
)  # fmt: skip
FORECAST = (4, 8, 16)  # workers
JOINING = "all clips there"


@contextmanager
def cluster(folder: Path, workers: int) -> Iterator[str]:
    """The address of a scheduler on this machine with so many workers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    commands = [python("dask_scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard")]
    for number in range(workers):
        local = folder / f"worker-{workers}-{number}"
        local.mkdir()
        one_thread = ("--nthreads", "1", "--no-dashboard", "--local-directory", str(local))
        commands.append(python("dask_worker", address, *one_thread))
    processes = []
    try:
        for command in commands:
            log = (folder / f"log-{workers}-{len(processes)}").open("w")
            processes.append(subprocess.Popen(command, stdout=log, stderr=log, cwd=folder))
            log.close()
        wait_for(address, workers)
        yield address
    finally:
        for process in reversed(processes):
            process.terminate()
        for process in processes:
            process.wait()


def python(program: str, *options: str) -> list[str]:
    return [sys.executable, "-m", f"distributed.cli.{program}", *options]


def wait_for(address: str, workers: int) -> None:
    from distributed import Client

    with Client(address, timeout=60, set_as_default=False) as client:
        client.wait_for_workers(workers, timeout=60)


def render(media: Path, quality: str, *options: str) -> float:
    """Seconds that rendering the lesson into ``media`` takes."""
    began = time.perf_counter()
    command = [*GRADREEL, "render", "--lesson", "lesson.toml", "--voice", "none", "-q", quality, *options]
    command += ["--media_dir", str(media)]
    subprocess.run(command, check=True, cwd=media.parent, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def measure(scenes: int, runs: int, quality: str, folder: Path) -> dict[str, Any]:
    tables = "".join(f'\n[[scene]]\nname = "{name}"\n' for name in SCENES[:scenes])
    (folder / "lesson.toml").write_text('title = { en = "Some scenes", zh = "几个场景" }\n' + tables, encoding="utf-8")
    ready = folder / "ready"
    silent = ("--progress_bar", "none")
    render(ready, quality, *silent)
    clips = contents(ready / "clips")
    frames = sum(json.loads(file.read_text(encoding="utf-8"))["frames"] for file in (ready / "clips").glob("*.json"))
    for made in ("videos", ".gradreel/published"):
        shutil.rmtree(ready / made, ignore_errors=True)
    with ExitStack() as stack:
        ways: dict[str, Sequence[str]] = {JOINING: (), "here, -j 1": ("-j", "1"), "here, -j 2": ("-j", "2")}
        for way, workers in (("1 worker", 1), ("2 workers", 2)):
            ways[way] = ("--scheduler", stack.enter_context(cluster(folder, workers)))
        times: dict[str, list[float]] = {way: [] for way in ways}
        for number in range(runs):
            for way, options in ways.items():
                media = folder / f"media-{number}"
                shutil.copytree(ready, media, ignore=None if way == JOINING else shutil.ignore_patterns("clips"))
                times[way].append(render(media, quality, *options, *silent))
                assert contents(media / "clips") == clips, f"{way}: other clips"
                shutil.rmtree(media)
    medians = {way: statistics.median(values) for way, values in times.items()}
    first, second = medians["1 worker"], medians["2 workers"]
    divided = min(first, 2 * (first - second))
    sequential = first - divided if divided > 0 else None  # two were no quicker: nothing follows from that
    return {
        "scenes": scenes,
        "frames": frames,
        "quality": quality,
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "seconds": times,
        "medians": medians,
        "sequential seconds": sequential,
        "sequential share": None if sequential is None else sequential / first,
        "by Amdahl": {} if sequential is None else {n: sequential + divided / n for n in FORECAST},
    }


def contents(folder: Path) -> set[bytes]:
    return {file.read_bytes() for file in folder.glob("*.mp4")}


def show(report: dict[str, Any]) -> None:
    print(f"{report['scenes']} scenes, {report['frames']} frames, -q {report['quality']}, {report['cores']} cores")
    base = report["medians"]["here, -j 1"]
    for way, median in report["medians"].items():
        spread = report["seconds"][way]
        ratio = "" if way == JOINING else f"{base / median:5.2f} times as fast as here, -j 1"
        print(f"{way:22} {median:7.1f} s   {ratio:35} ({min(spread):.1f} to {max(spread):.1f} s)")
    if report["sequential seconds"] is None:
        print("2 workers were no quicker than 1: is this machine busy, or has it one core?")
        return
    share = f"{report['sequential share']:.0%} of what 1 worker takes"
    print(f"not shortened by workers: {report['sequential seconds']:.1f} s, {share}")
    for workers, seconds in report["by Amdahl"].items():
        print(f"{workers} workers, a core each, would take {seconds:.1f} s, {base / seconds:.2f} times as fast")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=8, choices=range(2, len(SCENES) + 1), metavar="N")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--quality", default="l", choices=list("lmhpk"))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-cluster-") as name:
        found = measure(options.scenes, options.runs, options.quality, Path(name).resolve())
    if options.json:
        print(json.dumps(found, indent=1))
    else:
        show(found)


if __name__ == "__main__":
    main()
