"""Digests of files: of Python code by its syntax tree, of all others by their bytes, of folders by the names in them.

A file is read once for as long as it is the same. Of code it is also read what else a scene's picture depends on:
imports, ``asset("…")``, words of other scenes.
"""

from __future__ import annotations

import ast
import hashlib
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeGuard

from gradreel.render.clips.memo_cache import remember
from gradreel.render.clips.workspace import Folders
from gradreel.scenes.assets import asset_names
from gradreel.scenes.catalog import SceneImportError, SceneSource
from gradreel.scenes.scene_source import syntax_message

HERE = "<here>/"  # before the name of a file that is relative to where the command is run, not to the scene
MISSING = "not there"  # no file's digest
LISTING = "gradreel.listing"  # event, told to whoever watches: it matters which files and folders a folder has
MADE_BY_PYTHON = "__pycache__"
SETTLED_NS = 2_000_000_000  # since a file was last written to: another write now would give it another time


def content_digest(file: Path) -> str:
    """SHA-256 of every byte of a file, shortened.

    Files that are the same by device, inode, size and times are read once. Not so one that was written to a moment ago:
    some disks keep times in seconds.
    """
    with file.open("rb") as content:  # also where its digest is known: whoever watches it hears of that
        seen = os.fstat(content.fileno())

        def read() -> str:
            return shortened(hashlib.file_digest(content, "sha256").hexdigest())

        if time.time_ns() - max(seen.st_mtime_ns, seen.st_ctime_ns) < SETTLED_NS:
            return read()
        same = (seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns)
        return remember("file", " ".join(map(str, same)), read)


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


def content_now(file: Path) -> str:
    """Digest of a file's content, of what a folder has in it, or `MISSING`.

    It is opened also where it is not: whoever watches it hears of that.
    """
    with suppress(OSError, ValueError):  # the latter for what can be nobody's name
        if file.is_dir():
            return listing_digest(file)
        if file.is_file() or not file.exists():
            return content_digest(file)
    return MISSING


def changed_files(known: Mapping[str, str], source: SceneSource) -> list[str]:
    """Of files whose content is known, by their names beside the scene: those that are another now, gone, or come."""
    return [name.removeprefix(HERE) for name, digest in known.items() if content_now(file_of(name, source)) != digest]


def watch_too(files: Iterable[Path]) -> None:
    """Have ``--watch`` watch files and folders that a worker has read, as if they had been read here."""
    for file in files:
        sys.audit(*((LISTING, str(file)) if file.is_dir() else ("open", str(file), "r", os.O_RDONLY)))


def file_of(name: str, source: SceneSource) -> Path:
    """The file that has this name beside the scene, or from where the command is run."""
    inside = name.removeprefix(HERE)
    return source.file.parent / inside if inside == name else Path.cwd() / inside


IMPORTERS = {"import_module", "__import__"}


@dataclass(frozen=True)
class SourceDigest:
    """What a file is made of."""

    digest: str  # of its syntax tree: comments and layout do not count
    imports: tuple[str, ...]  # names that may be modules, the packages they are in before them: a, a.b, ..helper
    assets: tuple[str, ...]  # names given to asset(...)
    words: tuple[str, ...]  # other scenes' sections of the narration that words on the screen are from; "": of any


def read_source(file: Path) -> SourceDigest:
    """The file as it is now. Raises SceneImportError, with the line, when it is no Python."""
    content = file.read_bytes()
    try:
        found = remember("source", content, lambda: asdict(_read(content, file)))
    except (SyntaxError, ValueError, RecursionError) as error:
        known = error if isinstance(error, SyntaxError) else SyntaxError(str(error), (str(file), 1, 0, ""))
        raise SceneImportError(f"{file} is not valid Python:\n{syntax_message(known)}") from None
    return SourceDigest(**{name: _frozen(value) for name, value in found.items()})


def digest_of_contents(files: Iterable[Path]) -> str:
    """Digest of all bytes of some small files."""
    return short_hash("".join(short_hash(file.read_bytes()) for file in files).encode())


def short_hash(content: bytes) -> str:
    """SHA-256, shortened."""
    return shortened(hashlib.sha256(content).hexdigest())


def shortened(checksum: str) -> str:
    """The hexadecimal digits of a SHA-256 that names and descriptions have of it."""
    return checksum[:24]


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list | tuple) else value


def _read(content: bytes, file: Path) -> SourceDigest:
    tree = ast.parse(content, filename=str(file))
    nodes = list(ast.walk(tree))
    for_types = {part for node in nodes if _is_for_types(node) for line in node.body for part in ast.walk(line)}
    return SourceDigest(
        digest=short_hash(ast.dump(tree).encode()),
        imports=tuple(dict.fromkeys(name for node in nodes if node not in for_types for name in _imports_of(node))),
        assets=tuple(asset_names(tree)),
        words=tuple(dict.fromkeys(word for node in nodes for word in _words_of(node))),
    )


def _is_for_types(node: ast.AST) -> TypeGuard[ast.If]:
    """``if TYPE_CHECKING:``, whose body is read by type checkers and never run."""
    return isinstance(node, ast.If) and _last_name(node.test) == "TYPE_CHECKING"


def _imports_of(node: ast.AST) -> Iterator[str]:
    """``from a.b import c`` gives a, a.b and a.b.c: any of them may be a module, and its code is run."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield from _prefixes(alias.name)
    elif isinstance(node, ast.ImportFrom):
        dots, base = "." * node.level, node.module or ""
        yield from ("." * level for level in range(1, node.level + 1))  # the packages that the file lies in
        yield from (dots + name for name in _prefixes(base))
        inside = f"{base}." if base else ""
        yield from (f"{dots}{inside}{alias.name}" for alias in node.names if alias.name != "*")
    elif isinstance(node, ast.Call) and _last_name(node.func) in IMPORTERS and node.args:
        name = _text_of(node.args[0])
        if name:
            yield from (name,) if name.startswith(".") else _prefixes(name)


def _prefixes(module: str) -> Iterator[str]:
    parts = module.split(".") if module else []
    yield from (".".join(parts[: count + 1]) for count in range(len(parts)))


def _words_of(node: ast.AST) -> Iterator[str]:
    """Yield the section of the narration whose screen texts a call looks up, unless it is the scene's own.

    Such calls are ``….words_of.screen("naming", "deep", …)`` and ``….screen_of("naming")``: they give "naming". A name
    that is computed gives "". The scene's own section is ``self.narrated_as(…)``.
    """
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return
    first = node.args[0] if node.args else None
    own = isinstance(first, ast.Call) and _last_name(first.func) == "narrated_as"
    of_narration = node.func.attr == "screen" and _last_name(node.func.value) == "words_of"
    if node.func.attr == "screen_of" or (of_narration and not own):
        yield (first and _text_of(first)) or ""


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _text_of(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
