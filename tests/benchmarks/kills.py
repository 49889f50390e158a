"""Checks that a run that is killed again and again gives the same video as an undisturbed one.

./run bench kills [MOMENTS]

Runs the test of tests/cli/test_kills.py with more moments than its handful: 12 or more, by default 20.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def main(moments: int = 20) -> int:
    test = ["tests/cli/test_kills.py", "-k", "killed_at_any_moment", "--durations=1"]
    command = [sys.executable, "-m", "pytest", *test]
    environment = {**os.environ, "GRADREEL_KILLS": str(max(moments, 12))}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:2])))
