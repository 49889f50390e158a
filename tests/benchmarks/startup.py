"""How long light commands take, beside an empty Python and a Python that imports Manim: medians of interleaved runs.

./run bench startup [RUNS]
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

GRADREEL = str(Path(sys.executable).parent / "gradreel")
COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "gradreel --help": [GRADREEL, "--help"],
    "gradreel list": [GRADREEL, "list"],
    "gradreel list --json": [GRADREEL, "list", "--json"],
    "python -c 'import manim'": [sys.executable, "-c", "import manim"],
}


def seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - began


def main(runs: int = 7) -> None:
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(runs):
        for name, command in COMMANDS.items():
            times[name].append(seconds(command))
    medians = {name: statistics.median(values) for name, values in times.items()}
    manim = medians["python -c 'import manim'"]
    for name, median in medians.items():
        print(f"{name:26} {median:6.3f} s   {median / manim:5.2f} of importing Manim")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
