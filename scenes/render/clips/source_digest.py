"""One Python file read by ``ast``: a digest of what it does, and what it names that a scene's picture depends on."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gradreel.scenes.assets import asset_names
from gradreel.scenes.catalog import SceneImportError
from gradreel.scenes.render.clips.memo_cache import remember
from gradreel.scenes.scene_source import syntax_message

READS_TEXTS = {"__doc__", "getcomments", "getdoc", "getsource", "getsourcefile", "getsourcelines"}
IMPORTERS = {"import_module", "__import__"}


@dataclass(frozen=True)
class Parsed:
    """What a file is made of."""

    digest: str  # of its syntax tree without docstrings: comments and layout do not count
    raw_digest: str  # of every byte
    reads_itself: bool  # it may show its own text, comments and all
    reads_texts: bool  # it may show docstrings or comments, those of other files, too
    imports: tuple[str, ...]  # names that may be modules, the packages they are in before them: a, a.b, ..helper
    assets: tuple[str, ...]  # names given to asset(...)
    words: tuple[tuple[str, str], ...]  # of another scene's section: (section, key); key "" for any, section "" too
    environment: tuple[str, ...]  # variables that are read, as far as they are named


def parsed(file: Path) -> Parsed:
    """The file as it is now. Raises SceneImportError, with the line, when it is no Python."""
    content = file.read_bytes()
    try:
        found = remember("source", content, lambda: asdict(_parse(content, file)))
    except (SyntaxError, ValueError, RecursionError) as error:
        known = error if isinstance(error, SyntaxError) else SyntaxError(str(error), (str(file), 1, 0, ""))
        raise SceneImportError(f"{file} is not valid Python:\n{syntax_message(known)}") from None
    return Parsed(**{name: _frozen(value) for name, value in found.items()})


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list | tuple) else value


def _parse(content: bytes, file: Path) -> Parsed:
    tree = ast.parse(content, filename=str(file))
    nodes = list(ast.walk(tree))
    names = {node.id if isinstance(node, ast.Name) else node.attr for node in nodes
             if isinstance(node, ast.Name | ast.Attribute)}  # fmt: skip
    found: dict[str, Any] = {
        "reads_itself": bool(names & {*READS_TEXTS, "__file__"}),
        "reads_texts": bool(names & READS_TEXTS),
        "imports": tuple(dict.fromkeys(name for node in nodes for name in _imports_of(node))),
        "assets": asset_names(tree),
        "words": tuple(dict.fromkeys(word for node in nodes for word in _words_of(node))),
        "environment": _environment(nodes),
    }
    for node in nodes:
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and _text_of(first.value) is not None:
                del node.body[0]
    return Parsed(digest=short_hash(ast.dump(tree).encode()), raw_digest=short_hash(content), **found)


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
    elif isinstance(node, ast.Call) and _called(node) in IMPORTERS and node.args:
        name = _text_of(node.args[0])
        if name:
            yield from (name,) if name.startswith(".") else _prefixes(name)


def _prefixes(module: str) -> Iterator[str]:
    parts = module.split(".") if module else []
    yield from (".".join(parts[: count + 1]) for count in range(len(parts)))


def _words_of(node: ast.AST) -> Iterator[tuple[str, str]]:
    """``….words_of.screen("naming", "deep", …)``: words on the screen from the section of another scene.

    A computed section gives "", unless it is ``self.narrated_as(…)``, the scene's own.
    """
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "screen"):
        return
    of = node.func.value
    first = node.args[0] if node.args else None
    if _last_name(of) != "words_of" or (isinstance(first, ast.Call) and _called(first) == "narrated_as"):
        return
    section, key = ((_text_of(node.args[place]) if len(node.args) > place else None) or "" for place in (0, 1))
    yield section, key if section else ""


def _environment(nodes: list[ast.AST]) -> tuple[str, ...]:
    """Variables that are read by name: in quotes, or by a name that a text in quotes is given to."""
    environs, getters, texts = {"environ"}, {"getenv"}, dict[str, list[str]]()
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                known = {"environ": environs, "getenv": getters}.get(alias.name, set[str]())
                known.add(alias.asname or alias.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            names = map(_last_name, node.targets if isinstance(node, ast.Assign) else [node.target])
            text, given = _text_of(node.value), _last_name(node.value)
            for name in filter(None, names):
                if text is not None:
                    texts.setdefault(name, []).append(text)
                elif given in ("environ", "getenv"):
                    (environs if given == "environ" else getters).add(name)
    asked = [expression for node in nodes if (expression := _variable_of(node, environs, getters)) is not None]
    literal = {text for expression in asked if (text := _text_of(expression)) is not None}
    return tuple(sorted(filter(None, literal.union(*(texts.get(_last_name(expression), ()) for expression in asked)))))


def _variable_of(node: ast.AST, environs: set[str], getters: set[str]) -> ast.expr | None:
    """Of ``os.environ["A"]``, ``os.environ.get("A")`` and the like, ``os.getenv("A")``, ``"A" in os.environ``: "A"."""
    if isinstance(node, ast.Subscript):
        return node.slice if _last_name(node.value) in environs else None
    if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn):
        return node.left if _last_name(node.comparators[0]) in environs else None
    if not isinstance(node, ast.Call):
        return None
    of = node.func.value if isinstance(node.func, ast.Attribute) else None
    asked = _called(node) in ("get", "pop", "setdefault") and of is not None and _last_name(of) in environs
    if not asked and _called(node) not in getters:
        return None
    keys = (keyword.value for keyword in node.keywords if keyword.arg == "key")
    return node.args[0] if node.args else next(keys, None)


def _called(node: ast.Call) -> str:
    return _last_name(node.func)


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _text_of(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def short_hash(content: bytes) -> str:
    """24 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()[:24]
