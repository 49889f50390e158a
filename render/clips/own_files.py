"""Lists the user's files of a scene: its module, the user's modules that it imports, and assets that they name.

It parses the modules with ``ast`` and imports nothing; imports inside functions count. These files are sent to the
workers of a cluster, and beats are looked up in them. `file_tracker` records the files that a scene really reads.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from gradreel.core.package import PACKAGE_FOLDER
from gradreel.render.clips.ownership import PACKAGE, is_ours, name_beside, user_search_path
from gradreel.scenes.assets import asset_file, asset_names
from gradreel.scenes.catalog import LECTURE_FOLDER, SceneImportError, SceneSource
from gradreel.scenes.scene_source import syntax_message

IMPORTERS = {"import_module", "__import__"}


def own_files(source: SceneSource) -> dict[str, Path]:
    """Return the user's modules and the assets that they name, by their paths relative to the scene; {} for our scenes.

    Raises SceneImportError for a module that does not parse, AssetError for a missing asset.
    """
    files = {}
    for module in [] if source.is_ours else scene_modules(source):
        if is_ours(module):
            continue
        files[name_beside(module, source)] = module
        assets = (asset_file(module, name) for name in asset_names(_parse_module(module)))
        files |= {name_beside(asset, source): asset for asset in assets}
    return files


def scene_modules(source: SceneSource) -> list[Path]:
    """Return the scene's module and all modules of the user and of our lecture that it imports, also indirectly.

    Raises SceneImportError for a module that does not parse.
    """
    seen = {source.file: None}
    waiting = [source.file]
    while waiting:
        file = waiting.pop()
        imported = (
            _imported_file(name, file, source)
            for name in dict.fromkeys(_names_of_possible_modules(_parse_module(file)))
        )
        new = [path for path in imported if path is not None and path not in seen]
        seen |= dict.fromkeys(new)
        waiting += new
    return list(seen)


def _parse_module(file: Path) -> ast.Module:
    """Return the syntax tree of a file. Raises SceneImportError, which shows the line of a syntax error."""
    try:
        return ast.parse(file.read_bytes(), filename=str(file))
    except (SyntaxError, ValueError, RecursionError) as error:
        syntax_error = error if isinstance(error, SyntaxError) else SyntaxError(str(error), (str(file), 1, 0, ""))
        raise SceneImportError(f"{file} is not valid Python:\n{syntax_message(syntax_error)}") from None


def _names_of_possible_modules(tree: ast.Module) -> Iterator[str]:
    """Yield all names that may be modules: ``from a.b import c`` yields a, a.b and a.b.c."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _package_prefixes(alias.name)
        elif isinstance(node, ast.ImportFrom):
            dots, base = "." * node.level, node.module or ""
            yield from ("." * level for level in range(1, node.level + 1))  # the packages that the file lies in
            yield from (dots + name for name in _package_prefixes(base))
            inside = f"{base}." if base else ""
            yield from (f"{dots}{inside}{alias.name}" for alias in node.names if alias.name != "*")
        elif isinstance(node, ast.Call) and _last_name(node.func) in IMPORTERS and node.args:
            name = node.args[0].value if isinstance(node.args[0], ast.Constant) else None
            if isinstance(name, str):
                yield from (name,) if name.startswith(".") else _package_prefixes(name)


def _package_prefixes(module: str) -> Iterator[str]:
    """Yield a module's packages and the module: a, a.b and a.b.c for a.b.c."""
    parts = module.split(".") if module else []
    yield from (".".join(parts[: count + 1]) for count in range(len(parts)))


def _last_name(node: ast.expr) -> str:
    """Return b for the expression ``a.b``, a for ``a``, and "" for any other."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _imported_file(module: str, file: Path, source: SceneSource) -> Path | None:
    """Return the file that ``file`` imports as ``module``, if it is the user's or of our lecture; else None."""
    name = module.lstrip(".")
    first, _, inside = name.partition(".")
    if name != module:
        folders = [file.parents[len(module) - len(name) - 1]]
    elif first == PACKAGE:
        ours = _in_folder(PACKAGE_FOLDER, inside.split(".") if inside else [])
        return ours if ours is not None and ours.is_relative_to(LECTURE_FOLDER) else None
    else:
        folders = [source.file.parent, Path.cwd(), *(path for path in user_search_path() if not _holds_libraries(path))]
    candidates = (_in_folder(folder, name.split(".") if name else []) for folder in folders)
    return next((candidate for candidate in candidates if candidate is not None), None)


def _in_folder(folder: Path, parts: list[str]) -> Path | None:
    """Return the file of a module in ``folder``, or None. A package comes before a module of the same name."""
    place = folder.joinpath(*parts)
    if (place / "__init__.py").is_file():
        return place / "__init__.py"
    return place.with_suffix(".py") if parts and place.with_suffix(".py").is_file() else None


@cache
def _holds_libraries(folder: Path) -> bool:
    """Return whether an installer filled a folder, as ``pip install --target`` does: it has a ``.dist-info``."""
    return any(folder.glob("*.dist-info"))
