"""Measures how much faster one and two workers of a cluster draw a lesson, beside processes of this machine.

./run bench cluster [--scenes 8] [--runs 3] [--quality l] [--mbit 100] [--json]

A scheduler and workers (`dask worker --nthreads 1`, each with its own folder) are started here on loopback: one cluster
of one worker, one of two. Each way in turn renders the same scenes into a media folder without clips. There the scenes
are already inspected and their runs recorded. Medians of all rounds. All ways must give the same bytes. The time that
no worker shortens follows from one and two workers by Amdahl: T(n) = s + p / n. It also prints the time of the
command if all clips exist and the video does not: starting, planning, joining.

--mbit: also with workers that seem far away: each in a network namespace behind a link of so many megabits a second.
The bytes over these links are counted. It needs root, and the programs ip and tc (iproute2).
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
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

GRADREEL = [sys.executable, "-m", "gradreel.cli"]
SCENES = (
    "build-curve", "any-curve", "sigmoid-formula", "morph-sigmoid", "more-features", "theta", "why-gradient", "relu",
    "stack-layers", "naming", "deeper-and-deeper", "why-deep",
)  # fmt: skip
FORECAST = (4, 8, 16)  # workers
JOINING = "all clips there"
BRIDGE, NETWORK = "gradreel-bench", "10.213.0"  # of the workers behind links; this machine is the first in it
BURST = 64  # kB that a link lets through at once


@dataclass
class Cluster:
    """A scheduler's address, and the links to its workers: interfaces of this machine."""

    address: str
    links: Sequence[str] = ()

    def carried(self) -> tuple[int, int]:
        """Bytes so far to the workers, and from them."""
        counts = [[self._count(link, way) for link in self.links] for way in ("tx", "rx")]
        return sum(counts[0]), sum(counts[1])

    def _count(self, link: str, way: str) -> int:
        return int(Path(f"/sys/class/net/{link}/statistics/{way}_bytes").read_text("ascii"))


@contextmanager
def cluster(folder: Path, places: Sequence[str | None], host: str = "127.0.0.1") -> Iterator[Cluster]:
    """A scheduler at ``host``, and a worker in each network namespace of ``places``, None being this machine's own."""
    with socket.socket() as free:
        free.bind((host, 0))
        port = free.getsockname()[1]
    address = f"tcp://{host}:{port}"
    commands = [python("dask_scheduler", "--host", host, "--port", str(port), "--no-dashboard")]
    for number, place in enumerate(places):
        local = folder / f"worker-{host}-{len(places)}-{number}"
        local.mkdir()
        worker = python("dask_worker", address, "--nthreads", "1", "--no-dashboard", "--local-directory", str(local))
        commands.append(worker if place is None else ["ip", "netns", "exec", place, *worker])
    processes = []
    try:
        for command in commands:
            log = (folder / f"log-{host}-{len(places)}-{len(processes)}").open("w")
            processes.append(subprocess.Popen(command, stdout=log, stderr=log, cwd=folder))
            log.close()
        wait_for(address, len(places))
        yield Cluster(address, [place for place in places if place is not None])
    finally:
        for process in reversed(processes):
            process.terminate()
        for process in processes:
            process.wait()


def python(program: str, *options: str) -> list[str]:
    return [sys.executable, "-m", f"distributed.cli.{program}", *options]


@contextmanager
def far_places(count: int, mbit: float) -> Iterator[list[str]]:
    """So many network namespaces, each behind a link of ``mbit`` named like it, on one bridge with this machine."""
    names = [f"{BRIDGE}{number}" for number in range(count)]
    inside, narrow = "to-the-others", ["root", "tbf", "rate", f"{mbit}mbit", "burst", f"{BURST}kb", "latency", "200ms"]
    clear(names)  # what is left where this was killed
    with ExitStack() as stack:
        stack.callback(clear, names)
        ip("link", "add", BRIDGE, "type", "bridge")
        ip("address", "add", f"{NETWORK}.1/24", "dev", BRIDGE)
        ip("link", "set", BRIDGE, "up")
        for number, name in enumerate(names):
            ip("netns", "add", name)
            ip("link", "add", name, "type", "veth", "peer", "name", inside, "netns", name)
            ip("link", "set", name, "master", BRIDGE, "up")
            ip("-n", name, "address", "add", f"{NETWORK}.{number + 2}/24", "dev", inside)
            for device in ("lo", inside):
                ip("-n", name, "link", "set", device, "up")
            call("tc", "qdisc", "add", "dev", name, *narrow)
            call("tc", "-n", name, "qdisc", "add", "dev", inside, *narrow)
        yield names


def clear(names: Sequence[str]) -> None:
    for command in (*(["netns", "delete", name] for name in names), ["link", "delete", BRIDGE]):
        with suppress(subprocess.CalledProcessError):
            ip(*command)


def ip(*options: str) -> None:
    call("ip", *options)


def call(*command: str) -> None:
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)


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


def measure(scenes: int, runs: int, quality: str, mbit: float | None, folder: Path) -> dict[str, Any]:
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
        clusters = {
            "1 worker": stack.enter_context(cluster(folder, [None])),
            "2 workers": stack.enter_context(cluster(folder, [None, None])),
        }
        if mbit is not None:
            places = stack.enter_context(far_places(3, mbit))
            for name, some in (("1 worker", places[:1]), ("2 workers", places[1:])):
                clusters[f"{name}, {mbit:g} Mbit/s"] = stack.enter_context(cluster(folder, some, f"{NETWORK}.1"))
        ways: dict[str, Sequence[str]] = {JOINING: (), "here, -j 1": ("-j", "1"), "here, -j 2": ("-j", "2")}
        ways |= {way: ("--scheduler", one.address) for way, one in clusters.items()}
        times: dict[str, list[float]] = {way: [] for way in ways}
        carried: dict[str, list[list[int]]] = {way: [] for way, one in clusters.items() if one.links}
        for number in range(runs):
            for way, options in ways.items():
                media = folder / f"media-{number}"
                shutil.copytree(ready, media, ignore=None if way == JOINING else shutil.ignore_patterns("clips"))
                before = clusters[way].carried() if way in carried else (0, 0)
                times[way].append(render(media, quality, *options, *silent))
                if way in carried:
                    carried[way].append([b - a for a, b in zip(before, clusters[way].carried(), strict=True)])
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
        "bytes to workers and from them": carried,
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
    for way, rounds in report["bytes to workers and from them"].items():
        there, back = (statistics.median(each) / 1e6 for each in zip(*rounds, strict=True))
        print(f"{way}: {there:.1f} MB to workers, {back:.1f} MB from them")
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
    parser.add_argument("--mbit", type=float)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.mbit is not None and not (os.geteuid() == 0 and shutil.which("ip") and shutil.which("tc")):
        parser.error("--mbit needs root, and the programs ip and tc (apt-get install iproute2)")
    with tempfile.TemporaryDirectory(prefix="bench-cluster-") as name:
        found = measure(options.scenes, options.runs, options.quality, options.mbit, Path(name).resolve())
    if options.json:
        print(json.dumps(found, indent=1))
    else:
        show(found)


if __name__ == "__main__":
    main()
