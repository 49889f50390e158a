"""What a scene's picture depends on in code and files: its module, all that it imports of ours and the user's, assets.

Read by ``ast``, nothing is imported. Comments, docstrings and layout do not count; an import inside a function does.
What only running the scene shows (a file that it opens, a module with a computed name) is noted by `reading`.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from pathlib import Path

from gradreel.scenes.assets import asset_file
from gradreel.scenes.catalog import PACKAGE_FOLDER, SceneSource
from gradreel.scenes.render.clips.parsed import Parsed, parsed, short_hash

PACKAGE = "gradreel"
RENDERER = "gradreel.scenes.render"
DRAWN_BY = ("scenes/render/frames/worker.py", "scenes/render/frames/playing.py")
NOT_DRAWING = ("frames.jumps", "lessons.requests", "lessons.settings", "workers.worker_process")
"""Files of the renderer that are imported by what plays a scene and that decide nothing about its frames."""
DESCRIBING_FILES = tuple(f"scenes/render/{name}.py" for name in ("frames/describe", "lessons/tables"))
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
HERE = "<here>/"
INSTALLED = ("site-packages", "dist-packages")
IMPORTED_FROM = Path(os.path.abspath(__file__)).parents[3]  # PACKAGE_FOLDER, or a link to it
OURS = tuple(
    folder / name
    for folder in sorted({PACKAGE_FOLDER, IMPORTED_FROM})
    for name in ("core", "scenes", "assets", "cli.py", "__init__.py", "gradreel.egg-info")
)
"""A clone of ours may hold files of the user's beside these."""


@dataclass
class _Moment:
    """What was seen of the disk, while it counts as unchanged."""

    files: dict[Path, Parsed] = field(default_factory=dict)
    found: dict[tuple[str, Path | None], Path | None] = field(default_factory=dict)
    listings: dict[Path, frozenset[str]] = field(default_factory=dict)
    made_of: dict[Path, dict[str, Path]] = field(default_factory=dict)  # by scene: its code's files by name


class _Now:
    moment: _Moment | None = None


@contextmanager
def one_moment() -> Iterator[None]:
    """Within it every file is looked at once, however many scenes are made of it."""
    before = _Now.moment
    _Now.moment = before or _Moment()
    try:
        yield
    finally:
        _Now.moment = before


def code_digests(source: SceneSource) -> dict[str, str]:
    """Digest of each file of code that the scene is made of, by name: ours as ``gradreel/scenes/base.py``, the user's
    relative to the scene's folder. An empty file does nothing and is left out.

    Raises SceneImportError for a file of the user's that does not parse.
    """
    with one_moment():
        return {name: _digest(file) for name, file in _code(source).items() if file.stat().st_size}


def asset_digests(source: SceneSource) -> dict[str, str]:
    """Digest of each file that the scene's own modules name by ``asset("…")``, by name as in `code_digests`.

    Raises AssetError for one that is not there.
    """
    with one_moment():
        return {_name(file, source): content_digest(file) for file in _assets(source)}


def own_files(source: SceneSource) -> dict[str, Path]:
    """All files of the user's that the scene is made of, modules and assets, by their names relative to its folder."""
    with one_moment():
        code = {name: file for name, file in _code(source).items() if not is_ours(file)}
        return code | {_name(file, source): file for file in _assets(source)}


def screen_words(source: SceneSource) -> dict[str, tuple[str, ...] | None]:
    """Words on the screen that the scene takes from others' sections of the narration: keys by section, None for all.

    Section "" stands for every one: its name is computed.
    """
    keys: dict[str, dict[str, None]] = {}
    with one_moment():
        for file in _code(source).values():
            for section, key in _parsed(file).words:
                keys.setdefault(section, {})[key] = None
    return {section: None if "" in found else tuple(found) for section, found in keys.items()}


def environment(source: SceneSource) -> dict[str, str | None]:
    """The variables of the environment that the user's modules read by name, and their values; None: not set."""
    with one_moment():
        files = [file for file in _code(source).values() if not is_ours(file)]
        names = {name for file in files for name in _parsed(file).environment}
    return {name: os.environ.get(name) for name in sorted(names)}


def drawing_digest() -> str:
    """Digest of the renderer's own files that decide what a frame and a clip are."""
    return digest_of(drawing_files())


def drawing_files() -> list[str]:
    """What plays a scene, and all of the renderer that it imports, `NOT_DRAWING` left out."""
    found, waiting = list(DRAWN_BY), [DRAWN_BY[-1]]
    left_out = {f"{RENDERER}.{name}" for name in NOT_DRAWING}
    with one_moment():
        while waiting:
            for module in _parsed(PACKAGE_FOLDER / waiting.pop()).imports:
                name = f"{module.removeprefix(PACKAGE + '.').replace('.', '/')}.py"
                is_one = module.startswith(f"{RENDERER}.") and (PACKAGE_FOLDER / name).is_file()
                if is_one and module not in left_out and name not in found:
                    found.append(name)
                    waiting.append(name)
    return sorted(found)


def digest_of(files: Iterable[str]) -> str:
    """Digest of what some of our own files do."""
    with one_moment():
        return short_hash("".join(_digest(PACKAGE_FOLDER / name) for name in files).encode())


def describing_digest() -> str:
    """Digest of the renderer's own files that decide what a scene is described as."""
    return digest_of(DESCRIBING_FILES)


def versions() -> dict[str, str]:
    """Versions of everything that draws, and of Python."""
    found = {name: version for name in (PACKAGE, *DRAWN_WITH) if (version := _version(name)) is not None}
    return found | {"python": ".".join(map(str, sys.version_info[:3])), "cairo": _cairo_version()}


def library_versions(source: SceneSource) -> dict[str, str]:
    """Versions of the installed libraries that the user's modules import, but for those that `versions` has."""
    if source.is_ours:
        return {}
    with one_moment():
        files = [file for file in _code(source).values() if not is_ours(file)]
        names = {name.partition(".")[0] for file in files for name in _parsed(file).imports}
    known = {PACKAGE, "", *sys.stdlib_module_names}
    libraries = sorted(name for name in names - known if _file_of(name, source.file, source) is None)
    found = {library: _version_of_module(library) for library in libraries}
    return {name: version for name, version in found.items() if version is not None and name not in DRAWN_WITH}


def configuration_digest() -> str:
    """Digest of the ``manim.cfg`` files that Manim reads, the folder's and the user's, and of plugins they name."""
    candidates = (
        Path("manim.cfg"),
        Path.home() / ".config/manim/manim.cfg",
        Path.home() / "AppData/Roaming/Manim/manim.cfg",
    )
    text = "".join(file.read_text("utf-8", "replace") for file in candidates if file.is_file())
    if "plugins" in text:
        plugins = metadata.entry_points(group="manim.plugins")
        text += "".join(sorted(f"\n{plugin.name} {plugin.dist.version}" for plugin in plugins if plugin.dist))
    return short_hash(text.encode())


def content_digest(file: Path) -> str:
    """Digest of every byte of a file, in bounded memory."""
    digest = hashlib.sha256()
    with file.open("rb") as content:
        while block := content.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()[:24]


def is_installed(file: Path) -> bool:
    """Whether a file belongs to Python, to an installed library or to us, rather than to the user."""
    installed = any(file.is_relative_to(folder) for folder in _python_folders())
    return installed or is_ours(file) or any(name in file.parts for name in INSTALLED)


def is_ours(file: Path) -> bool:
    """Whether a file belongs to Gradreel."""
    return any(file.is_relative_to(place) for place in OURS)


def _digest(file: Path) -> str:
    """What a file does; every byte of it where it may show its own comments or docstrings."""
    found = _parsed(file)
    return found.raw_digest if found.reads_itself and not is_ours(file) else found.digest


def _code(source: SceneSource) -> dict[str, Path]:
    """Every file of code that the scene is made of, by name."""
    moment, is_one_of_ours = _current(), source.is_ours
    if source.file not in moment.made_of:
        seen = dict.fromkeys([source.file])
        waiting = [source.file]
        while waiting:
            file = waiting.pop()
            for module in _parsed(file).imports:
                if is_one_of_ours and not module.startswith((".", PACKAGE)):
                    continue
                found = _file_of(module, file, source)
                if found is not None and found not in seen:
                    seen[found] = None
                    waiting.append(found)
        moment.made_of[source.file] = {_name(file, source): file for file in seen}
    return moment.made_of[source.file]


def _assets(source: SceneSource) -> list[Path]:
    files = [file for file in _code(source).values() if not is_ours(file)]
    return [asset_file(file, name) for file in files for name in _parsed(file).assets]


def _parsed(file: Path) -> Parsed:
    moment = _current()
    if file not in moment.files:
        moment.files[file] = parsed(file)
    return moment.files[file]


def _file_of(module: str, file: Path, source: SceneSource) -> Path | None:
    """The file of a module of ours or of the user's that ``file`` imports; None for installed libraries."""
    if module.startswith("."):
        name = module.lstrip(".")
        return _in_folder(file.parents[len(module) - len(name) - 1], name.split(".") if name else [])
    if module.partition(".")[0] == PACKAGE:
        return _remembered(module, None, (PACKAGE_FOLDER,), module.split(".")[1:])
    if source.is_ours or is_ours(file) or not module:
        return None
    folder = source.file.parent
    return _remembered(module, folder, (folder, Path.cwd(), *_own_search_path()), module.split("."))


def _remembered(module: str, key: Path | None, folders: Iterable[Path], parts: list[str]) -> Path | None:
    found = _current().found
    if (module, key) not in found:
        candidates = (_in_folder(folder, parts) for folder in folders)
        found[module, key] = next((file for file in candidates if file is not None), None)
    return found[module, key]


def _in_folder(folder: Path, parts: list[str]) -> Path | None:
    """As Python looks it up: a package before a module of the same name."""
    if not parts:
        return folder / "__init__.py" if "__init__.py" in _listing(folder) else None
    for part in parts[:-1]:
        if part not in _listing(folder):
            return None
        folder /= part
    name = parts[-1]
    inside = _listing(folder)
    if name in inside and "__init__.py" in _listing(folder / name):
        return folder / name / "__init__.py"
    return folder / f"{name}.py" if f"{name}.py" in inside else None


def _listing(folder: Path) -> frozenset[str]:
    listings = _current().listings
    if folder not in listings:
        try:
            listings[folder] = frozenset(os.listdir(folder))
        except OSError:
            listings[folder] = frozenset()
    return listings[folder]


def _current() -> _Moment:
    return _Now.moment or _Moment()


def _own_search_path() -> list[Path]:
    """Folders that Python searches for modules and that are the user's (PYTHONPATH), not those of libraries."""
    folders = (Path(entry).absolute() for entry in sys.path if entry)
    return [folder for folder in folders if folder.is_dir() and not is_installed(folder)]


@cache
def _python_folders() -> tuple[Path, ...]:
    prefixes = (sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix)
    return tuple({Path(prefix).resolve() for prefix in prefixes} | {Path(prefix) for prefix in prefixes})


def _name(file: Path, source: SceneSource) -> str:
    if is_ours(file):
        return f"{PACKAGE}/{file.relative_to(PACKAGE_FOLDER).as_posix()}"
    return name_beside(file, source)


def name_beside(file: Path, source: SceneSource) -> str:
    """The file's path from the scene's folder: the same wherever the project lies."""
    try:
        return Path(os.path.relpath(file, source.file.parent)).as_posix()
    except ValueError:  # on another drive
        return file.as_posix()


def changed_files(known: Mapping[str, str], source: SceneSource) -> list[str]:
    """Of files whose content is known, by their names beside the scene: those that are another now, or gone.

    A name that begins with `HERE` is relative to where the command is run.
    """
    changed = []
    for name, digest in known.items():
        inside = name.removeprefix(HERE)
        file = source.file.parent / inside if inside == name else Path.cwd() / inside
        if not file.is_file() or content_digest(file) != digest:
            changed.append(inside)
    return changed


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
