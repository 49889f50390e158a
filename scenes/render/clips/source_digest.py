"""One Python file read by ``ast``: a digest of its code, and what it names that a scene's picture depends on."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeGuard

from gradreel.scenes.assets import asset_names
from gradreel.scenes.catalog import SceneImportError
from gradreel.scenes.render.clips.memo_cache import remember
from gradreel.scenes.scene_source import syntax_message

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


def digest_of_sources(files: Iterable[Path]) -> str:
    """Digest of what some files do."""
    return short_hash("".join(read_source(file).digest for file in files).encode())


def short_hash(content: bytes) -> str:
    """24 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()[:24]


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
    """``….words_of.screen("naming", "deep", …)`` gives naming: words on the screen from the section of another scene.

    A computed section gives "", unless it is ``self.narrated_as(…)``, the scene's own.
    """
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "screen"):
        return
    first = node.args[0] if node.args else None
    own = isinstance(first, ast.Call) and _last_name(first.func) == "narrated_as"
    if _last_name(node.func.value) == "words_of" and not own:
        yield (first and _text_of(first)) or ""


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _text_of(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
