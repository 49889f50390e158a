"""Pictures and data of a scene of one's own: ``asset("photo.png")`` is the file beside the one that it is written in.

Its content is part of what a clip is made of: a changed file is another clip. The renderer finds such files by reading
the source, so the name is written there as a text in quotes. Neither Manim nor the renderer is imported here.
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
    """A file that is not there, or a name that cannot be found by reading the source."""


def asset(name: str) -> Path:
    """The path of the file ``name`` in the folder of the Python file that calls this; it may lie in a folder below.

    Raises AssetError when there is no such file, or when ``name`` is not written in quotes where `asset` is called.
    """
    caller = Path(sys._getframe(1).f_code.co_filename).absolute()
    path = asset_file(caller, name)
    path.open("rb").close()  # whoever listens for files that are opened hears of it, too
    if name not in _written_in(caller, caller.stat().st_mtime_ns):
        raise AssetError(
            f"{caller.name}: asset({name!r}) was not found by reading the source; write the name as a text in quotes"
            f' where it is called, asset("{name}"), so that a change of that file is seen'
        )
    return path


def asset_file(module: Path, name: str) -> Path:
    """The file that ``asset(name)`` means in ``module``. Raises AssetError, naming both."""
    where = f"{module.name}: asset({name!r})"
    if not name or PurePosixPath(name).is_absolute() or PureWindowsPath(name).drive:
        raise AssetError(f'{where}: a file beside {module.name} was wanted, such as asset("photo.png")')
    path = module.parent / name
    if path.is_dir():
        raise AssetError(f"{where}: {path} is a folder; name the file in it")
    if not path.is_file():
        with suppress(OSError):
            path.open("rb").close()  # whoever listens hears that it is wanted, and may wait for it
        raise AssetError(f"{where}: there is no file {path}")
    return path


def asset_names(tree: ast.AST) -> tuple[str, ...]:
    """Names given to ``asset("…")`` in a parsed file, under whatever name it was imported; each once."""
    nodes = list(ast.walk(tree))
    imported: dict[str, set[str]] = {}
    for node in nodes:
        for name, of in _imported_by(node):
            imported.setdefault(name, set()).add(of)
    names = (_asset_name(node, imported) for node in nodes)
    return tuple(dict.fromkeys(name for name in names if name is not None))


def _imported_by(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Names that an import gives to modules, or to what is in them: ``files`` to ``gradreel.scenes.assets``."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            first = alias.name.partition(".")[0]
            yield (alias.asname, alias.name) if alias.asname else (first, first)
    elif isinstance(node, ast.ImportFrom):
        yield from ((alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names)


def _asset_name(node: ast.AST, imported: Mapping[str, set[str]]) -> str | None:
    """The text that ``node`` gives to `asset`, if it is a call of it with one."""
    if not isinstance(node, ast.Call) or not _is_asset(node.func, imported):
        return None
    given = [*node.args[:1], *(keyword.value for keyword in node.keywords if keyword.arg == "name")]
    name = given[0].value if given and isinstance(given[0], ast.Constant) else None
    return name if isinstance(name, str) else None


def _is_asset(function: ast.expr, imported: Mapping[str, set[str]]) -> bool:
    """Whether it is `asset` by its own name, or by this module's: a scene may have a method that is called so."""
    inside = ""
    while isinstance(function, ast.Attribute):
        inside = f".{function.attr}{inside}"
        function = function.value
    of = imported.get(function.id, set()) if isinstance(function, ast.Name) else set()
    if not inside:
        return any(name.endswith(".asset") for name in of)
    return any(name + inside == ASSET for name in of)


@lru_cache(maxsize=64)
def _written_in(module: Path, changed: int) -> frozenset[str]:
    """The names in ``module``; ``changed`` is the file's time, so that an edited file is read again."""
    return frozenset(asset_names(ast.parse(module.read_bytes(), filename=str(module))))
