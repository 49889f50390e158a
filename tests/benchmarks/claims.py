"""Evaluates every condition of our lessons' lines under three processor capabilities; exit code 1 if one fails.

./run bench claims [--media FOLDER] [--jobs N] [SCENE...]

The losses of a training depend on the processor. The commands train with fixed vector instructions. This benchmark
does not: it checks whether the lines also hold on other processors. Each capability trains the lessons' runs into a
media folder of its own, which takes minutes. ``--media`` keeps these folders, so that the next call trains only what is
missing. Prints for each claim whether it holds, capability, scene, beat, what the line says and the numbers.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

CAPABILITIES = {
    "as it is": {},
    "AVX2": {"ATEN_CPU_CAPABILITY": "avx2", "MKL_CBWR": "AVX2", "OPENBLAS_CORETYPE": "Haswell"},
    "default": {"ATEN_CPU_CAPABILITY": "default", "OPENBLAS_CORETYPE": "Nehalem"},
}
"""Variables of the processes that train. The last has no AVX."""
VARIABLES = {name for variables in CAPABILITIES.values() for name in variables}


def main() -> int:
    """Print every claim under each capability; return 1 if one does not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--media", type=Path, help="folder that keeps a media folder for each capability")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes that train")
    parser.add_argument("--evaluate", type=Path, help=argparse.SUPPRESS)  # in a process with a capability's variables
    parser.add_argument("scenes", nargs="*", help="scenes to look at; by default all of our lessons")
    options = parser.parse_args()
    if options.evaluate is not None:
        print(json.dumps(evaluate(options.evaluate, options.scenes, options.jobs)))
        return 0
    broken = 0
    with tempfile.TemporaryDirectory() as temporary:
        media = (options.media or Path(temporary)).absolute()
        for name, variables in CAPABILITIES.items():
            rest = ["--jobs", str(options.jobs), *options.scenes]
            broken += print_claims(name, evaluated(media / name.replace(" ", "-"), variables, rest))
    print(f"{broken} claims do not hold" if broken else "all claims hold under all capabilities")
    return 1 if broken else 0


def evaluated(media: Path, variables: dict[str, str], rest: list[str]) -> list[list]:
    """Return what `evaluate` returns in a process with these environment ``variables``."""
    kept = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    command = [sys.executable, __file__, "--evaluate", str(media), *rest]
    result = subprocess.run(command, env={**kept, **variables}, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(result.stdout.splitlines()[-1])


def evaluate(media: Path, names: list[str], jobs: int) -> list[list]:
    """Train the missing runs. Return a row for each claim.

    A row has the scene, the beat, what the line says, the numbers, and whether the claim holds.
    """
    from gradreel.core.network.training import train_all
    from gradreel.render import pipeline
    from gradreel.render.lessons.selection import load_lesson
    from gradreel.render.settings import RenderSettings
    from gradreel.scenes.catalog import LESSON_FILES

    lessons = [load_lesson(only=names)] if names else [load_lesson(file) for file in LESSON_FILES]
    settings = RenderSettings(media_dir=media, jobs=jobs)
    scenes = [scene for lesson in lessons for scene in pipeline.inspect_lesson(lesson, settings)[1]]
    groups: dict = {}  # by all but the seed: runs that are trained side by side
    for run in dict.fromkeys(run for scene in scenes for run in scene.experiments.values()):
        groups.setdefault(run.model_copy(update={"seed": 0}), []).append(run)
    largest_first = sorted(groups.values(), key=lambda runs: -runs[0].n_parameters * runs[0].n_updates)
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        for future in [pool.submit(train_all, runs, media / "traces") for runs in largest_first]:
            future.result()
    return [
        [scene, each.beat, each.says, each.numbers, each.holds]
        for lesson in lessons
        for scene, claims in pipeline.claims_of(lesson, settings).items()
        for each in claims
    ]


def print_claims(capability: str, claims: list[list]) -> int:
    """Print each claim; return how many do not hold."""
    for scene, beat, says, numbers, holds in claims:
        print(f"{'yes' if holds else 'NO ':3}  {capability:8}  {scene}, {beat}: {says} ({numbers})", flush=True)
    return sum(not holds for *_, holds in claims)


if __name__ == "__main__":
    sys.exit(main())
