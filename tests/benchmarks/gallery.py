"""Renders every example of Manim's documentation, and a dozen of ours, by plain Manim and by Gradreel.

./run bench gallery [NAME ...] [--stills | --films] [--quality h] [--rounds 3] [--json FILE [--resume]] [--peers]

NAME: a part of the name of an example. Each (`.. manim::` in a docstring of the installed Manim, or a scene of
_gallery_scenes.py) becomes a file, and is rendered into a new media folder, in turn by `manim --disable_caching` and by
`gradreel render -j 1`; stills with -s. Medians of all rounds. Examples that plain Manim cannot render are named,
such as those that need TeX.

At the end, once: SSIM of both files against Manim's frames, their sizes, and the difference of our frames from Manim's
before encoding. All of it takes hours: --json is written after each example, and --resume continues from it.

--peers: instead, renders a few examples also by Manim's OpenGL renderer and by manimgx (from PyPI, for Python 3.13).
These two use a graphics card, or a software renderer without one.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import av
import numpy as np
from _examples import OWN, Example, of_manim, of_our_own
from _likeness import frames_beside, likeness
from _renderers import FailedError, Renderers, Rendering
from gradreel.core.errors import UserError
from gradreel.render.workers.pool import Workers
from PIL import Image

COMPARED = 40  # frames of a film of which the SSIM is taken, about
LONG = 3  # seconds from which on a film counts for the median
SLOW_STILL = 1.1  # of Manim's time
BESIDE_PEERS = ["MovingVertices", "WarpSquare", "MovingCameraOnGraph", "SlidingTangent", "SmallPlays", "TurningSurface"]
PLAIN, OURS, OPENGL, MANIMGX = "plain manim", "gradreel, -j 1", "manim, OpenGL", "manimgx"

Row = dict[str, Any]
"""Results of one example: ``seconds`` by program and the fields of `measured`, or the reason why there are none."""
NOT_MEASURED = {
    "fails": "not rendered by Manim itself", "fails with us": "not rendered by us alone", "apart": "not comparable",
}  # fmt: skip

# -- one example -------------------------------------------------------------------------------------------------------


def measured(example: Example, renderers: Renderers, rounds: int) -> Row:
    row: Row = {"origin": example.origin, "is still": example.is_still}
    try:
        replace(renderers, quality="l").plain(example)
    except FailedError as error:
        return row | {"fails": str(error)}
    made = in_turn({PLAIN: renderers.plain, OURS: renderers.ours}, example, rounds)
    for program, key in ((PLAIN, "fails"), (OURS, "fails with us")):
        if isinstance(made[program], str):
            return row | {key: made[program]}
    plain, ours = made[PLAIN][-1], made[OURS][-1]
    row |= {"seconds": {program: [each.seconds for each in made[program]] for program in made}}
    row |= {"plain bytes": plain.file.stat().st_size, "our bytes": ours.file.stat().st_size}
    row |= {"said": said_of_manim(ours.said)}
    return row | (still_beside(plain, ours) if example.is_still else film_beside(plain, ours, example, renderers))


def in_turn(programs: Mapping[str, Callable[[Example], Rendering]], example: Example, rounds: int) -> dict[str, Any]:
    """Return the renderings of each program, or the reason why it failed."""
    made: dict[str, Any] = {name: [] for name in programs}
    for _ in range(rounds):
        for name, program in programs.items():
            if not isinstance(made[name], str):
                try:
                    made[name].append(program(example))
                except FailedError as error:
                    made[name] = str(error)
    return made


def said_of_manim(log: str) -> list[str]:
    """Return our log's lines about Manim: why Manim draws the frames, and its warnings."""
    return [line.partition(": ")[2] or line for line in log.splitlines() if "Manim" in line]


def still_beside(plain: Rendering, ours: Rendering) -> Row:
    with Image.open(plain.file) as first, Image.open(ours.file) as second:
        one, other = (np.asarray(picture.convert("RGBA"), np.int16) for picture in (first, second))
    if one.shape != other.shape:
        return {"apart": f"Manim's picture has {one.shape[:2]} pixels, and ours {other.shape[:2]}"}
    return {"difference": float(np.abs(one - other).mean())}


def film_beside(plain: Rendering, ours: Rendering, example: Example, renderers: Renderers) -> Row:
    """Return the length, the SSIM of both files, and how far our frames are from Manim's: on average and at worst."""
    request = renderers.request(example)
    frames = frames_of(ours.file)
    row: Row = {"length": frames / request.settings.fps}
    every = renderers.folder / "every-frame"
    try:
        with Workers(1, renderers.folder) as workers:
            files, step = (plain.file, ours.file), max(1, frames // COMPARED)
            ssim = workers.submit(likeness, request, step, files, every).result()
            differences = workers.submit(frames_beside, request, every).result()
    except (UserError, ValueError) as error:
        return row | {"apart": str(error).replace(str(renderers.folder), "")}
    finally:
        every.unlink(missing_ok=True)
    for whose, values in zip(("plain", "our"), ssim, strict=True):
        row |= {f"{whose} SSIM {which}": value for which, value in values.items()}
    return row | {"difference": statistics.mean(differences), "worst difference": max(differences)}


def frames_of(film: Path) -> int:
    with av.open(str(film)) as container:
        return container.streams.video[0].frames


# -- what is printed ---------------------------------------------------------------------------------------------------


def ratio(row: Row) -> float:
    """How many times as fast as Manim we are."""
    plain, ours = (statistics.median(row["seconds"][program]) for program in (PLAIN, OURS))
    return plain / ours


def show(report: Mapping[str, Any]) -> None:
    print(
        f"-q {report['quality']}, {report['rounds']} rounds, {report['cores']} cores; load before {report['load']:.1f}"
    )
    print(", ".join(f"{name} {number}" for name, number in report["versions"].items()))
    for title, is_still in (("films", False), ("stills", True)):
        rows = {name: row for name, row in report["rows"].items() if "seconds" in row and row["is still"] == is_still}
        if rows:
            print(f"\n{'':32}seconds, plain   ours  ratio   size   SSIM RGB, plain   ours   luma, plain   ours")
            print(title)
        for name in sorted(rows, key=lambda name: ratio(rows[name])):
            print(table_row(name, rows[name]))
    print("", *summary(report["rows"]), sep="\n")


def table_row(name: str, row: Row) -> str:
    plain, ours = (statistics.median(row["seconds"][program]) for program in (PLAIN, OURS))
    keys = [f"{whose} SSIM {which}" for which in ("RGB", "luma") for whose in ("plain", "our")]
    ssim = "  ".join(f"{row[key]:.5f}" if key in row else "   -   " for key in keys)
    size = row["our bytes"] / row["plain bytes"]
    return f"  {name:34}{plain:9.2f}{ours:8.2f}{plain / ours:7.2f}{size:7.2f}       {ssim}   {remarks(row)}"


def remarks(row: Row) -> str:
    """Return whether our frames equal Manim's, and our log's remarks."""
    difference = row.get("difference", 0.0)
    worst = row.get("worst difference", difference)
    said = [f"{difference:.4f}/255 apart, the worst frame {worst:.4f}"] if difference else []
    said += [f"not compared: {row['apart']}"] if "apart" in row else []
    return "; ".join([*(said or ["equal"]), *row["said"]])


def summary(rows: Mapping[str, Row]) -> list[str]:
    """Return lines with the number of slow examples, median ratios, and the examples that were not measured."""
    timed = [row for row in rows.values() if "seconds" in row]
    films, stills = ([row for row in timed if row["is still"] == is_still] for is_still in (False, True))
    said = []
    for title, chosen in (("films", films), ("films of our own", [row for row in films if row["origin"] == OWN.name])):
        if chosen:
            slower = sum(ratio(row) < 1 for row in chosen)
            long = [ratio(row) for row in chosen if row["length"] >= LONG]
            median = f"median {statistics.median(long):.2f}" if long else "no median"
            said.append(f"{len(chosen)} {title}: {slower} below 1; {median} over {len(long)} of {LONG} seconds or more")
    if stills:
        slower = sum(1 / ratio(row) > SLOW_STILL for row in stills)
        median = statistics.median(map(ratio, stills))
        said.append(f"{len(stills)} stills: {slower} above {SLOW_STILL} of Manim's time; median {median:.2f}")
    for key, title in NOT_MEASURED.items():
        by_reason: dict[str, list[str]] = defaultdict(list)
        for name, row in rows.items():
            if key in row:
                by_reason[row[key]].append(name)
        said += [f"{len(names)} {title}: {why}: {', '.join(names)}" for why, names in by_reason.items()]
    return said


# -- peers -------------------------------------------------------------------------------------------------------------


def show_beside_peers(examples: Sequence[Example], renderers: Renderers, rounds: int) -> Row:
    """Print and return seconds, bytes, frames and SSIM by example and program, or the reason of a failure.

    Other programs' films may be shorter or longer than Manim's; the common part is compared.
    """
    programs = {PLAIN: renderers.plain, OURS: renderers.ours, OPENGL: renderers.opengl, MANIMGX: renderers.manimgx}
    try:
        renderers.install_manimgx()
    except FailedError as error:
        del programs[MANIMGX]
        print(f"manimgx can't be installed here: {error}")
    found: Row = {}
    for example in examples:
        rows = found[example.name] = beside_peers(in_turn(programs, example, rounds), example, renderers)
        print(f"\n{example.name:24}  seconds        size   frames   SSIM RGB   luma")
        for program, row in rows.items():
            if "fails" in row:
                print(f"  {program:22}  {row['fails']}")
                continue
            seconds, ssim = statistics.median(row["seconds"]), f"{row['SSIM RGB']:.5f}   {row['SSIM luma']:.5f}"
            print(f"  {program:22}{seconds:9.2f}{row['bytes'] / 1000:9.0f} kB{row['frames']:9}   {ssim}", flush=True)
    return found


def beside_peers(made: Mapping[str, Any], example: Example, renderers: Renderers) -> Row:
    rows: Row = {program: {"fails": why} for program, why in made.items() if isinstance(why, str)}
    files = {program: renderings[-1].file for program, renderings in made.items() if program not in rows}
    if files:
        frames = {program: frames_of(file) for program, file in files.items()}
        step = max(1, min(frames.values()) // COMPARED)
        with Workers(1, renderers.folder) as workers:
            task = workers.submit(likeness, renderers.request(example), step, list(files.values()), None, False)
            compared = dict(zip(files, task.result(), strict=True))
    for program, file in files.items():
        rows[program] = {"seconds": [each.seconds for each in made[program]], "bytes": file.stat().st_size}
        rows[program] |= {"frames": frames[program], **{f"SSIM {of}": value for of, value in compared[program].items()}}
    return {program: rows[program] for program in made}


# -- all of it ---------------------------------------------------------------------------------------------------------


def picked(examples: Sequence[Example], names: Sequence[str]) -> list[Example]:
    """Return the examples whose name contains one of ``names``; all without names."""
    return [each for each in examples if not names or any(name.lower() in each.name.lower() for name in names)]


def beginning(options: argparse.Namespace) -> dict[str, Any]:
    """The figures so far: none, or those of the file that is gone on with."""
    made_with = {"quality": options.quality, "rounds": options.rounds}
    packages = ("gradreel", "manim", "av", "numpy", "pycairo")
    found: dict[str, Any] = {
        **made_with,
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in packages}},
        "load": os.getloadavg()[0], "rows": {},
    }  # fmt: skip
    if options.resume and Path(options.json).exists():
        before = json.loads(Path(options.json).read_text(encoding="utf-8"))
        if {key: before[key] for key in made_with} != made_with:
            sys.exit(f"bench gallery: {options.json} was made with -q {before['quality']} --rounds {before['rounds']}")
        found["rows"], found["load"] = before["rows"], max(before["load"], found["load"])
    return found


def write(report: Mapping[str, Any], file: str | None) -> None:
    if file:
        part = Path(f"{file}.part")
        part.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        part.replace(file)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    kinds = parser.add_mutually_exclusive_group()
    kinds.add_argument("--stills", action="store_true", help="stills alone")
    kinds.add_argument("--films", action="store_true", help="films alone")
    parser.add_argument("-q", "--quality", default="h", choices=list("lmhpk"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", metavar="FILE", help="also write all figures here, after each example")
    parser.add_argument("--resume", action="store_true", help="leave out what --json has already")
    parser.add_argument("--peers", action="store_true")
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error(f"--rounds {options.rounds}: one is the least")
    if options.resume and not options.json:
        parser.error("--resume goes on from a file: name it by --json")
    names = options.names or (BESIDE_PEERS if options.peers else [])
    examples = picked([*of_our_own(), *of_manim()], names)
    if options.stills or options.films:
        examples = [example for example in examples if example.is_still == options.stills]
    if not examples:
        sys.exit(f"bench gallery: no example's name has {' or '.join(names)} in it")
    with tempfile.TemporaryDirectory(prefix="bench-gallery-") as folder:
        renderers = Renderers(Path(folder).resolve(), options.quality)
        found = beginning(options)
        if options.peers:
            found["peers"] = show_beside_peers(examples, renderers, options.rounds)
            write(found, options.json)
            return
        for number, example in enumerate(examples, 1):
            if example.name not in found["rows"]:
                row = found["rows"][example.name] = measured(example, renderers, options.rounds)
                write(found, options.json)
                told = f"{ratio(row):.2f}" if "seconds" in row else row.get("fails") or row["fails with us"]
                print(f"{number} of {len(examples)}: {example.name}: {told}", file=sys.stderr, flush=True)
        show(found)


if __name__ == "__main__":
    main()
