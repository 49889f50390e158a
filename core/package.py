"""Where Gradreel lies."""

from pathlib import Path

PACKAGE_FOLDER = Path(__file__).resolve().parent.parent
"""The folder of cli.py, core/, scenes/, render/ and assets/: what `import gradreel` imports."""
