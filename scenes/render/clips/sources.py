"""What a scene's picture depends on in code and files, as digests: its modules, assets, words, the renderer itself.

Comments, docstrings and layout do not count, unless the scene may show them. What only running the scene shows (a file
that it opens, a module with a computed name) is noted by `file_tracker`.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from importlib import metadata
from pathlib import Path

from gradreel.scenes.assets import asset_file
from gradreel.scenes.catalog import PACKAGE_FOLDER, SceneSource
from gradreel.scenes.render.clips.import_graph import PACKAGE, code_files, is_ours, name_of, one_moment, parsed_file
from gradreel.scenes.render.clips.source_digest import short_hash
from gradreel.scenes.render.clips.workspace import Folders

RENDERER = "gradreel.scenes.render"
DRAWN_BY = ("scenes/render/frames/worker.py", "scenes/render/frames/playing.py")
NOT_DRAWING = ("clips.import_graph", "frames.jumps", "lessons.requests", "lessons.settings", "workers.worker_process")
"""Files of the renderer that are imported by what plays a scene and that decide nothing about its frames."""
DESCRIBING_FILES = tuple(f"scenes/render/{name}.py" for name in ("frames/describe", "lessons/tables"))
HASH_SEED = "0"  # of every process that plays a scene: sets of texts have the same order each time
HERE = "<here>/"
EMPTY = short_hash(b"")  # the digest of a file with nothing in it
MISSING = "not there"  # no file's digest
LISTING = "gradreel.listing"  # event, told to whoever watches: it matters which files and folders a folder has
MADE_BY_PYTHON = "__pycache__"


def code_digests(source: SceneSource) -> dict[str, str]:
    """Digest of each file of code that the scene is made of, by name: ours as ``gradreel/scenes/base.py``, the user's
    relative to the scene's folder. An empty file does nothing and is left out.

    Where one of the user's may show docstrings or comments, every byte of all of the user's counts: a base class shows
    the docstring of the scene, which is in another file. Raises SceneImportError for one that does not parse.
    """
    with one_moment():
        files = {name: file for name, file in code_files(source).items() if parsed_file(file).raw_digest != EMPTY}
        own = [] if source.is_ours else [file for file in files.values() if not is_ours(file)]
        as_written = any(parsed_file(file).reads_texts for file in own)
        return {name: _digest(file, as_written) for name, file in files.items()}


def asset_digests(source: SceneSource) -> dict[str, str]:
    """Digest of each file that the scene's own modules name by ``asset("…")``, by name as in `code_digests`.

    Raises AssetError for one that is not there.
    """
    with one_moment():
        return {name_of(file, source): content_digest(file) for file in _assets(source)}


def own_files(source: SceneSource) -> dict[str, Path]:
    """All files of the user's that the scene is made of, modules and assets, by their names relative to its folder."""
    with one_moment():
        code = {name: file for name, file in code_files(source).items() if not is_ours(file)}
        return code | {name_of(file, source): file for file in _assets(source)}


def screen_words(source: SceneSource) -> dict[str, tuple[str, ...] | None]:
    """Words on the screen that the scene takes from others' sections of the narration: keys by section, None for all.

    Section "" stands for every one: its name is computed.
    """
    keys: dict[str, dict[str, None]] = {}
    with one_moment():
        for file in code_files(source).values():
            for section, key in parsed_file(file).words:
                keys.setdefault(section, {})[key] = None
    return {section: None if "" in found else tuple(found) for section, found in keys.items()}


def environment(source: SceneSource) -> dict[str, str | None]:
    """The variables of the environment that the user's modules read by name, and their values; None: not set."""
    with one_moment():
        files = [file for file in code_files(source).values() if not is_ours(file)]
        names = {name for file in files for name in parsed_file(file).environment}
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
            for module in parsed_file(PACKAGE_FOLDER / waiting.pop()).imports:
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


def listing_digest(folder: Path) -> str:
    """Digest of the names of the files and folders that a folder has, as far as they count, see `names_in`."""
    sys.audit(LISTING, str(folder))
    return short_hash("\n".join(names_in(folder)).encode("utf-8", "surrogateescape"))


def names_in(folder: Path) -> list[str]:
    """Names of the files in a folder, and with a slash at the end those of folders, in order.

    What is hidden does not count, nor a folder that is made by the way: Python's, a media folder, ours in one.
    """
    with os.scandir(folder) as entries:
        there = list(entries)
    media = Folders(folder)
    made = {MADE_BY_PYTHON}
    if any(entry.name == media.private.name for entry in there):
        made.update(place.name for place in media.made_by_us)
    shown = [entry for entry in there if not entry.name.startswith(".")]
    folders = (entry for entry in shown if entry.is_dir() and entry.name not in made)
    names = [f"{entry.name}/" for entry in folders if not Folders(Path(entry.path)).private.is_dir()]
    return sorted([entry.name for entry in shown if entry.is_file()] + names)


def _digest(file: Path, as_written: bool = False) -> str:
    """What a file does; every byte of one of the user's ``as_written``, or that may show its own text."""
    found = parsed_file(file)
    return found.raw_digest if (as_written or found.reads_itself) and not is_ours(file) else found.digest


def _assets(source: SceneSource) -> list[Path]:
    files = [file for file in code_files(source).values() if not is_ours(file)]
    return [asset_file(file, name) for file in files for name in parsed_file(file).assets]


def changed_files(known: Mapping[str, str], source: SceneSource) -> list[str]:
    """Of files whose content is known, by their names beside the scene: those that are another now, gone, or come.

    A name that begins with `HERE` is relative to where the command is run.
    """
    return [name.removeprefix(HERE) for name, digest in known.items() if content_now(file_of(name, source)) != digest]


def file_of(name: str, source: SceneSource) -> Path:
    """The file that has this name beside the scene, or from where the command is run."""
    inside = name.removeprefix(HERE)
    return source.file.parent / inside if inside == name else Path.cwd() / inside


def content_now(file: Path) -> str:
    """Digest of a file's content, of what a folder has in it, or `MISSING`.

    It is opened also where it is not: whoever watches it hears of that.
    """
    with suppress(OSError):
        if file.is_dir():
            return listing_digest(file)
        if file.is_file() or not file.exists():
            return content_digest(file)
    return MISSING
