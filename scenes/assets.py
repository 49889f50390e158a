"""Pictures and data of a scene of one's own: ``asset("photo.png")`` is the file beside the one that it is written in.

Its content is part of what a clip is made of: a changed file is another clip. The renderer finds such files by reading
the source, so the name is written there as a text in quotes. Neither Manim nor the renderer is imported here.
"""

from __future__ import annotations

import ast
import sys
from functools import lru_cache
from pathlib import Path, PurePosixPath, PureWindowsPath

from gradreel.core.errors import UserError


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
        raise AssetError(f"{where}: there is no file {path}")
    return path


def asset_names(tree: ast.AST) -> tuple[str, ...]:
    """Names given to ``asset("…")`` in a parsed file, under whatever name it was imported; each once."""
    aliases = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name == "asset"
    }
    names = (_asset_name(node, aliases) for node in ast.walk(tree))
    return tuple(dict.fromkeys(name for name in names if name is not None))


def _asset_name(node: ast.AST, aliases: set[str]) -> str | None:
    """The text that ``node`` gives to `asset`, if it is a call of it with one."""
    if not isinstance(node, ast.Call):
        return None
    function = node.func
    called = isinstance(function, ast.Name) and function.id in aliases
    called |= isinstance(function, ast.Attribute) and function.attr == "asset"
    given = [*node.args[:1], *(keyword.value for keyword in node.keywords if keyword.arg == "name")]
    name = given[0].value if called and given and isinstance(given[0], ast.Constant) else None
    return name if isinstance(name, str) else None


@lru_cache(maxsize=64)
def _written_in(module: Path, changed: int) -> frozenset[str]:
    """The names in ``module``; ``changed`` is the file's time, so that an edited file is read again."""
    return frozenset(asset_names(ast.parse(module.read_bytes(), filename=str(module))))
