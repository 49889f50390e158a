"""Pictures and data of a user's own scene: ``asset("photo.png")`` is a file beside the calling Python file.

A clip depends on the file's content: a change makes the clip stale. The renderer finds such files by reading the
source, so the name must be a quoted text there. This module imports neither Manim nor the renderer.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path, PurePosixPath, PureWindowsPath

from gradreel.core.errors import UserError

ASSET = "gradreel.scenes.assets.asset"


class AssetError(UserError):
    """An asset does not exist, or its name cannot be found by reading the source."""


def asset(name: str) -> Path:
    """Return the path of the file ``name`` in the folder of the calling Python file, or in a folder below.

    Raises AssetError if there is no such file, or if ``name`` is not a quoted text in the call.
    """
    caller = Path(sys._getframe(1).f_code.co_filename).absolute()
    path = asset_file(caller, name)
    path.open("rb").close()  # lets the tracker of opened files notice it
    if name not in _written_in(caller, caller.stat().st_mtime_ns):
        raise AssetError(
            f"{caller.name}: asset({name!r}) has a name that is computed; write it in quotes:"
            f' asset("{name}"). Then a change of that file is noticed'
        )
    return path


def asset_file(module: Path, name: str) -> Path:
    """Return the file that ``asset(name)`` means in ``module``. Raises AssetError, which names both."""
    call = f"{module.name}: asset({name!r})"
    if not name or PurePosixPath(name).is_absolute() or PureWindowsPath(name).drive:
        raise AssetError(f'{call}: needed: the name of a file beside {module.name}, such as asset("photo.png")')
    path = module.parent / name
    if path.is_dir():
        raise AssetError(f"{call}: {path} is a folder; name the file in it")
    if not path.is_file():
        with suppress(OSError):
            path.open("rb").close()  # lets the tracker of opened files notice which file is missing
        raise AssetError(f"{call}: there is no file {path}; put it there, or correct the name")
    return path


def asset_names(tree: ast.AST) -> tuple[str, ...]:
    """Return the names given to ``asset("…")`` in a parsed file, each once, under any name that it was imported as."""
    nodes = list(ast.walk(tree))
    imported: dict[str, set[str]] = {}
    for node in nodes:
        for name, origin in _imported_by(node):
            imported.setdefault(name, set()).add(origin)
    names = (_asset_name(node, imported) for node in nodes)
    return tuple(dict.fromkeys(name for name in names if name is not None))


def _imported_by(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield (name, origin) for each name that an import binds, such as ("files", "gradreel.scenes.assets")."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            first = alias.name.partition(".")[0]
            yield (alias.asname, alias.name) if alias.asname else (first, first)
    elif isinstance(node, ast.ImportFrom):
        yield from ((alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names)


def _asset_name(node: ast.AST, imported: Mapping[str, set[str]]) -> str | None:
    """Return the text that ``node`` passes to `asset`; None if it is no such call or passes no quoted text."""
    if not isinstance(node, ast.Call) or not _is_asset(node.func, imported):
        return None
    arguments = [*node.args[:1], *(keyword.value for keyword in node.keywords if keyword.arg == "name")]
    name = arguments[0].value if arguments and isinstance(arguments[0], ast.Constant) else None
    return name if isinstance(name, str) else None


def _is_asset(function: ast.expr, imported: Mapping[str, set[str]]) -> bool:
    """Return whether a called expression is `asset`, by its own name or through its module.

    A scene's method with the same name does not count.
    """
    attributes = ""
    while isinstance(function, ast.Attribute):
        attributes = f".{function.attr}{attributes}"
        function = function.value
    origins = imported.get(function.id, set()) if isinstance(function, ast.Name) else set()
    if not attributes:
        return any(name.endswith(".asset") for name in origins)
    return any(name + attributes == ASSET for name in origins)


@lru_cache(maxsize=64)
def _written_in(module: Path, changed: int) -> frozenset[str]:
    """Return the asset names in ``module``.

    ``changed`` is the file's modification time, so an edited file is read again.
    """
    return frozenset(asset_names(ast.parse(module.read_bytes(), filename=str(module))))
