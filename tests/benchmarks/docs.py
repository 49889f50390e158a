"""Follows README and every page of the documentation, with the commands that take long. Needs about ten minutes.

./run bench docs [PYTEST ARGS]
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

if __name__ == "__main__":
    os.chdir(ROOT)
    environment = {**os.environ, "GRADREEL_LONG_DOCS": "1"}
    os.execve(sys.executable, [sys.executable, "-m", "pytest", "tests/test_docs.py", *sys.argv[1:]], environment)
