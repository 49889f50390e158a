"""Evaluates every condition of the lesson's lines under three processor capabilities; exit code 1 if one fails.

./run bench claims [--media FOLDER] [--jobs N] [SCENE...]

The means of a training depend on the processor. Each capability trains the lesson's runs into a media folder of its
own: minutes for each. ``--media`` keeps these folders, so that the next call trains only what changed.
Prints capability, scene, beat, what the line says, the numbers, and whether it holds.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

CAPABILITIES = {
    "as it is": {},
    "AVX2": {"ATEN_CPU_CAPABILITY": "avx2", "MKL_CBWR": "AVX2"},
    "default": {"ATEN_CPU_CAPABILITY": "default"},
}
EVALUATE = """
import json, sys
from pathlib import Path
from gradreel.scenes.render.lessons.selection import load_lesson
from gradreel.scenes.render.pipeline import claims_of
from gradreel.scenes.render.settings import RenderSettings
from gradreel.scenes.render.workers.progress import Lines
media, jobs, *names = sys.argv[1:]
lesson = load_lesson(only=names)
found = claims_of(lesson, RenderSettings(media_dir=Path(media), jobs=int(jobs)), Lines())
print(json.dumps([[scene, each.beat, each.says, each.numbers, each.holds] for scene in found for each in found[scene]]))
"""


def main() -> int:
    """Print every claim under each capability; return 1 if one does not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--media", type=Path, help="folder that keeps a media folder for each capability")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="worker processes")
    parser.add_argument("scenes", nargs="*", help="scenes to look at; by default all of the lesson")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        media = options.media or Path(temporary)
        broken = sum(
            print_claims(name, evaluated(variables, media / name.replace(" ", "-"), options))
            for name, variables in CAPABILITIES.items()
        )
    print(f"{broken} claims do not hold" if broken else "all claims hold under all capabilities")
    return 1 if broken else 0


def evaluated(variables: dict[str, str], media: Path, options: argparse.Namespace) -> list[list]:
    """Return (scene, beat, what is said, numbers, whether it holds) of every claim, trained with ``variables``."""
    kept = {name: value for name, value in os.environ.items() if name not in ("ATEN_CPU_CAPABILITY", "MKL_CBWR")}
    command = [sys.executable, "-c", EVALUATE, str(media.absolute()), str(options.jobs), *options.scenes]
    result = subprocess.run(command, env={**kept, **variables}, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(result.stdout)


def print_claims(capability: str, claims: list[list]) -> int:
    """Print each claim; return how many do not hold."""
    for scene, beat, says, numbers, holds in claims:
        print(f"{'yes' if holds else 'NO ':3}  {capability:8}  {scene}, {beat}: {says} ({numbers})", flush=True)
    return sum(not holds for *_, holds in claims)


if __name__ == "__main__":
    sys.exit(main())
