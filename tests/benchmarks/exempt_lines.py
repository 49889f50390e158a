"""Counts the lines of Python that mypy does not check strictly, outside the lecture's scenes.

./run bench exempt_lines

These are all lines of a file that mypy does not check, or whose module has an override with weaker checks. Each line
with a `type: ignore` counts, too.
"""

from __future__ import annotations

import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
LEFT_OUT = ROOT / "scenes" / "lecture"


def module_name(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(["gradreel", *(parts[:-1] if parts[-1] == "__init__" else parts)])


def is_weaker(override: dict[str, Any]) -> bool:
    """Return whether an override switches a check off, or hides errors."""
    hides = override.get("ignore_errors", False) or override.get("follow_imports") in ("silent", "skip")
    return hides or any(value is False for key, value in override.items() if key.startswith(("disallow_", "warn_")))


def exempt_lines(settings: dict[str, Any]) -> tuple[dict[Path, int], int]:
    """Return each file's exempt lines, where there are any, and the number of all lines."""
    weaker = [pattern for override in settings["overrides"] if is_weaker(override) for pattern in override["module"]]
    exempt, total = {}, 0
    folders = [ROOT / name for name in ("core", "render", "scenes")]
    for file in [ROOT / "__init__.py", ROOT / "cli.py", *(file for folder in folders for file in folder.rglob("*.py"))]:
        if LEFT_OUT in file.parents:
            continue
        name, lines = module_name(file), file.read_text(encoding="utf-8").splitlines()
        total += len(lines)
        in_package = any(f"{name}.".startswith(f"{package}.") for package in settings["packages"])
        is_checked = in_package or name in settings["modules"]
        if not is_checked or any(fnmatch(name, pattern) for pattern in weaker):
            exempt[file] = len(lines)
        elif ignored := sum("type: ignore" in line for line in lines):
            exempt[file] = ignored
    return exempt, total


if __name__ == "__main__":
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mypy"]
    exempt, total = exempt_lines(settings)
    for file, lines in sorted(exempt.items(), key=lambda item: -item[1]):
        print(f"{lines:6}  {file.relative_to(ROOT)}")
    print(f"{sum(exempt.values()):6}  of {total} lines are exempt: {sum(exempt.values()) / total:.1%}")
