"""What a cluster's workers bring: a lesson's clips drawn by one and by two of them, and by processes of this machine.

./run bench cluster [--scenes 8] [--runs 3] [--quality l] [--json]

A scheduler and workers (`dask worker --nthreads 1`, each with a folder of its own) are started here on loopback: one
cluster of one worker, one of two. Each way in turn renders the same scenes of ours into a media folder without clips,
in which the scenes have been inspected before and their runs are recorded; medians of all rounds. The clips of all ways
must be the same bytes. What no worker shortens follows from one worker's time and two workers', by Amdahl:
T(n) = s + p / n. Beside it stands what the command takes when all clips are there and the video is not: starting,
planning, joining.
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
from collections.abc import Iterator
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
    """The address of a scheduler with so many workers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    commands = [["dask_scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]]
    for number in range(workers):
        local = folder / f"worker-{workers}-{number}"
        local.mkdir()
        commands.append(["dask_worker", address, "--nthreads", "1", "--no-dashboard", "--local-directory", str(local)])
    processes = []
    try:
        for command in commands:
            log = (folder / f"log-{workers}-{len(processes)}").open("w")
            line = [sys.executable, "-m", f"distributed.cli.{command[0]}", *command[1:]]
            processes.append(subprocess.Popen(line, stdout=log, stderr=log, cwd=folder))
            log.close()
        wait_for(address, workers)
        yield address
    finally:
        for process in reversed(processes):
            process.terminate()
        for process in processes:
            process.wait()


def wait_for(address: str, workers: int) -> None:
    from distributed import Client

    with Client(address, timeout=60, set_as_default=False) as client:
        client.wait_for_workers(workers, timeout=60)


def render(media: Path, quality: str, *options: str) -> float:
    """Seconds that rendering the lesson into ``media`` takes."""
    began = time.perf_counter()
    command = [
        *GRADREEL,
        "render",
        "--voice",
        "none",
        "--lesson",
        "lesson.toml",
        "-q",
        quality,
        "--media_dir",
        str(media),
        *options,
    ]
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
        one, two = (stack.enter_context(cluster(folder, workers)) for workers in (1, 2))
        ways = {
            JOINING: (),
            "here, -j 1": ("-j", "1"),
            "here, -j 2": ("-j", "2"),
            "1 worker": ("--scheduler", one),
            "2 workers": ("--scheduler", two),
        }
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


def show(found: dict[str, Any]) -> None:
    print(f"{found['scenes']} scenes, {found['frames']} frames, -q {found['quality']}, {found['cores']} cores")
    base = found["medians"]["here, -j 1"]
    for way, median in found["medians"].items():
        spread = found["seconds"][way]
        ratio = "" if way == JOINING else f"{base / median:5.2f} times as fast as here, -j 1"
        print(f"{way:16} {median:7.1f} s   {ratio:35} ({min(spread):.1f} to {max(spread):.1f} s)")
    if found["sequential seconds"] is None:
        print("2 workers were no quicker than 1: is this machine busy, or has it one core?")
        return
    share = f"{found['sequential share']:.0%} of what 1 worker takes"
    print(f"not shortened by workers: {found['sequential seconds']:.1f} s, {share}")
    for workers, seconds in found["by Amdahl"].items():
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
