"""Versions of what draws a scene, and of the libraries that it imports."""

from __future__ import annotations

import sys
from functools import cache
from importlib import metadata

from gradreel.scenes.catalog import SceneSource
from gradreel.scenes.render.clips.import_graph import (
    PACKAGE,
    code_files,
    imported_file,
    is_ours,
    one_moment,
    parsed_file,
)

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


def drawing_versions() -> dict[str, str]:
    """Versions of everything that draws, and of Python."""
    found = {name: version for name in (PACKAGE, *DRAWN_WITH) if (version := _version(name)) is not None}
    return found | {"python": ".".join(map(str, sys.version_info[:3])), "cairo": _cairo_version()}


def library_versions(source: SceneSource) -> dict[str, str]:
    """Versions of the installed libraries that the user's modules import, but for those that `drawing_versions` has."""
    if source.is_ours:
        return {}
    with one_moment():
        files = [file for file in code_files(source).values() if not is_ours(file)]
        names = {name.partition(".")[0] for file in files for name in parsed_file(file).imports}
    known = {PACKAGE, "", *sys.stdlib_module_names}
    libraries = sorted(name for name in names - known if imported_file(name, source.file, source) is None)
    found = {library: _version_of_module(library) for library in libraries}
    return {name: version for name, version in found.items() if version is not None and name not in DRAWN_WITH}


@cache
def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except (metadata.PackageNotFoundError, ValueError):
        return None


@cache
def _version_of_module(module: str) -> str | None:
    """The version of what a module is installed with; most are called as their module is."""
    version = _version(module)
    if version is None:
        names = metadata.packages_distributions().get(module)
        version = _version(names[0]) if names else None
    return version


@cache
def _cairo_version() -> str:
    """Of the system's library, which pycairo is built against."""
    import cairo

    return cairo.cairo_version_string()
