"""The inputs that all clips share: versions of Manim and other drawing libraries, manim.cfg, the hash seed.

Our own modules count as files that a worker reads, see `file_tracker`.
"""

from __future__ import annotations

import sys
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from gradreel.render.clips.configuration import HASH_SEED, configuration
from gradreel.render.clips.file_digest import short_hash
from gradreel.render.clips.ownership import PACKAGE, is_installed

FORMAT_VERSION = 5  # of clips and stored results; a new number makes all of them stale
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


def toolchain_parts() -> dict[str, Any]:
    """Return the inputs that all clips share, as JSON data."""
    return {
        "format": FORMAT_VERSION,
        "configuration": short_hash(configuration().encode()),
        "hash seed": HASH_SEED,
        "versions": drawing_versions(),
    }


def drawing_versions() -> dict[str, str]:
    """Return the versions of installed drawing libraries, of Gradreel, Python and Cairo, by name."""
    names = (PACKAGE, *DRAWN_WITH)
    versions = {name: version for name in names if (version := distribution_version(name)) is not None}
    return versions | {"python": ".".join(map(str, sys.version_info[:3])), "cairo": _cairo_version()}


@cache
def module_version(module: str) -> str:
    """Return the version of the library that a module belongs to; "" if it is not installed."""
    version = distribution_version(module)  # most libraries have the name of their module
    if version is None and _is_of_a_library(module):  # the next line takes a second
        names = metadata.packages_distributions().get(module)
        version = distribution_version(names[0]) if names else None
    return version or ""


def _is_of_a_library(module: str) -> bool:
    """Return whether a module may belong to an installed library: it can be found, and its file is not the user's."""
    try:
        spec = find_spec(module)
    except (ImportError, ValueError):  # a module that was made without a spec
        return True
    places = [] if spec is None else [spec.origin, *(spec.submodule_search_locations or ())]
    return any(is_installed(Path(place)) for place in places if place is not None)


@cache
def distribution_version(distribution: str) -> str | None:
    """Return the version of an installed distribution; None if it is not installed."""
    try:
        return metadata.version(distribution)
    except (metadata.PackageNotFoundError, ValueError):
        return None


@cache
def _cairo_version() -> str:
    """Return the version of the system's Cairo library, which pycairo uses."""
    import cairo

    return cairo.cairo_version_string()
