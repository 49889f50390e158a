"""What all clips are drawn by: our renderer, Manim and the libraries that draw, manim.cfg, a hash seed."""

from __future__ import annotations

import sys
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from gradreel.core.package import PACKAGE_FOLDER
from gradreel.render.clips.configuration import HASH_SEED, configuration
from gradreel.render.clips.file_digest import digest_of_contents, short_hash
from gradreel.render.clips.ownership import PACKAGE

DRAWN_WITH = (
    "manim",
    "typst",
    "numpy",
    "noto-cjk-sans-otc",
    "pycairo",
    "manimpango",
    "contourpy",
    "av",
    "svgelements",
    "pillow",
    "scipy",
    "skia-pathops",
    "mapbox-earcut",
    "isosurfaces",
    "networkx",
    "pygments",
)
DESCRIBED_WITH = ("clips/beat_lines.py", "lessons/tables.py")


def toolchain_parts() -> dict[str, Any]:
    """What is common to all clips."""
    configured = short_hash(configuration().encode())
    return {"drawing": drawing_digest(), "configuration": configured, "hash seed": HASH_SEED}


def drawing_digest() -> str:
    """Digest of the renderer's own files that decide what a frame, a clip and a scene's description are."""
    return digest_of_contents(drawing_files())


def drawing_files() -> list[Path]:
    """All that is imported for drawing alone, and what looks at a scene's parameters and beats."""
    renderer = PACKAGE_FOLDER / "render"
    drawing = (file for ending in ("*.py", "*.c") for file in (renderer / "frames").glob(ending))
    return [*sorted(drawing), *(renderer / name for name in DESCRIBED_WITH)]


def drawing_versions() -> dict[str, str]:
    """Versions of everything that draws, and of Python."""
    found = {name: version for name in (PACKAGE, *DRAWN_WITH) if (version := distribution_version(name)) is not None}
    return found | {"python": ".".join(map(str, sys.version_info[:3])), "cairo": _cairo_version()}


@cache
def module_version(module: str) -> str | None:
    """The version of what a module is installed with; most are called as their module is."""
    version = distribution_version(module)
    if version is None:
        names = metadata.packages_distributions().get(module)
        version = distribution_version(names[0]) if names else None
    return version


@cache
def distribution_version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except (metadata.PackageNotFoundError, ValueError):
        return None


@cache
def _cairo_version() -> str:
    """Of the system's library, which pycairo is built against."""
    import cairo

    return cairo.cairo_version_string()
