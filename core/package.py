"""The folder of the installed package."""

from pathlib import Path

PACKAGE_FOLDER = Path(__file__).resolve().parent.parent
"""The folder that `import gradreel` imports: it holds cli.py, core/, scenes/, render/ and assets/."""
