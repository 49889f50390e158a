"""What a scene's picture depends on in code: its module and all that it imports of ours and of the user's, by content.

Read by ``ast``, nothing is imported. Comments, docstrings and layout do not count; an import inside a function does.
"""

from __future__ import annotations

import ast
import hashlib
import sys
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from pathlib import Path

from gradreel.scenes.catalog import PACKAGE_FOLDER, SceneSource

PACKAGE = "gradreel"
DRAWING_FILES = tuple(f"scenes/render/{name}.py" for name in ("worker", "playing", "encode", "pictures"))
DRAWN_WITH = ("manim", "typst", "numpy", "noto-cjk-sans-otc", "pycairo", "manimpango", "contourpy", "av")


def code_digests(source: SceneSource) -> dict[str, str]:
    """Digest of each file that the scene is made of, by its path: relative to our package, or to the scene's folder.

    Raises SyntaxError for a file of the user's that does not parse.
    """
    digests: dict[str, str] = {}
    waiting = [source.file]
    seen = set(waiting)
    while waiting:
        file = waiting.pop()
        digests[_name(file, source)] = file_digest(file)
        for module in _imported(file):
            found = _file_of(module, source)
            if found is not None and found not in seen:
                seen.add(found)
                waiting.append(found)
    return digests


def drawing_digest() -> str:
    """Digest of the renderer's own files that decide what a frame and a clip are."""
    return _hash("".join(file_digest(PACKAGE_FOLDER / name) for name in DRAWING_FILES))


def versions() -> dict[str, str]:
    """Versions of everything that draws, and of Python."""
    found = {name: metadata.version(name) for name in (PACKAGE, *DRAWN_WITH) if _is_installed(name)}
    return found | {"python": ".".join(map(str, sys.version_info[:3]))}


def configuration_digest() -> str:
    """Digest of the ``manim.cfg`` files that Manim reads: the folder's and the user's."""
    candidates = (
        Path("manim.cfg"),
        Path.home() / ".config/manim/manim.cfg",
        Path.home() / "AppData/Roaming/Manim/manim.cfg",
    )
    return _hash("".join(file.read_text("utf-8", "replace") for file in candidates if file.is_file()))


def file_digest(file: Path) -> str:
    """Digest of what a Python file does: of its syntax tree without docstrings."""
    return _parsed(file, file.stat().st_mtime_ns)[0]


@cache
def _parsed(file: Path, changed: int) -> tuple[str, tuple[str, ...]]:
    """Digest and imported modules; ``changed`` is the file's time, so that an edited file is read again."""
    tree = ast.parse(file.read_bytes(), filename=str(file))
    imports = tuple(_imports_of(tree, file))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                del node.body[0]
    return _hash(ast.dump(tree)), imports


def _imported(file: Path) -> tuple[str, ...]:
    return _parsed(file, file.stat().st_mtime_ns)[1]


def _imports_of(tree: ast.Module, file: Path) -> Iterator[str]:
    """Names that may be modules: ``from a import b`` gives a and a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = _absolute(base, node.level, file)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names if alias.name != "*")


def _absolute(module: str, level: int, file: Path) -> str:
    """A relative import's module: in our package by name, elsewhere by path (``/folder/helper``)."""
    folder = file.parents[level - 1]
    if folder.is_relative_to(PACKAGE_FOLDER):
        parts = (PACKAGE, *folder.relative_to(PACKAGE_FOLDER).parts)
        return ".".join((*parts, module) if module else parts)
    return str(folder.joinpath(*module.split("."))) if module else str(folder)


def _file_of(module: str, source: SceneSource) -> Path | None:
    """The file of a module of ours or of the user's; None for installed libraries."""
    if module == PACKAGE or module.startswith(f"{PACKAGE}."):
        return _in_folder(PACKAGE_FOLDER, module.split(".")[1:])
    if source.is_ours or not module:
        return None
    if Path(module).is_absolute():
        place = Path(module)
        return _in_folder(place.parent, place.name.split("."))
    for folder in (source.file.parent, Path.cwd()):
        found = _in_folder(folder, module.split("."))
        if found is not None:
            return found
    return None


def _in_folder(folder: Path, parts: list[str]) -> Path | None:
    if not parts:
        return None
    place = folder.joinpath(*parts)
    for candidate in (place.with_name(f"{place.name}.py"), place / "__init__.py"):
        if candidate.is_file():
            return candidate.resolve()
    return None


def _name(file: Path, source: SceneSource) -> str:
    for folder in (PACKAGE_FOLDER, source.file.parent):
        if file.is_relative_to(folder):
            return file.relative_to(folder).as_posix()
    return file.as_posix()


@cache
def _is_installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]
