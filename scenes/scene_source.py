"""Scene classes as they are written: parsed by ``ast``, never imported."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from gradreel.core.package import PACKAGE_FOLDER

LECTURE_BASE = "LectureScene"
UNNAMED_SECTION = "unnamed"  # Manim's name for a section without a name


@dataclass(frozen=True)
class ModuleSource:
    """One parsed file, and the names that it imports."""

    file: Path
    tree: ast.Module

    @cached_property
    def classes(self) -> dict[str, ClassSource]:
        """Return every class statement outside functions and other classes, by name."""
        class_nodes = (node for node in _module_statements(self.tree.body) if isinstance(node, ast.ClassDef))
        return {node.name: ClassSource(self, node) for node in class_nodes}

    @cached_property
    def imported(self) -> dict[str, tuple[str, str]]:
        """Return ``from module import name as alias`` statements: alias -> (module with its leading dots, name)."""
        return {
            alias.asname or alias.name: ("." * node.level + (node.module or ""), alias.name)
            for node in _module_statements(self.tree.body)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }

    @cached_property
    def top_level_names(self) -> frozenset[str]:
        """Return the names that importing the file would define: classes, imports, assignments."""
        assigned = (
            target.id
            for node in _module_statements(self.tree.body)
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        )
        return frozenset((*self.classes, *self.imported, *assigned))

    def find_class(self, name: str) -> ClassSource | None:
        """Return the class that ``name`` means in this file: its own, or one imported from a file that can be found;
        else None.
        """
        if name in self.classes:
            return self.classes[name]
        module, original = self.imported.get(name, ("", ""))
        file = _file_of(module, self.file) if module else None
        if file is None or file == self.file:
            return None
        try:
            return module_source(file).find_class(original)
        except SyntaxError:
            return None

    def scene_classes(self, *, only_lecture: bool) -> list[ClassSource]:
        """Return the scenes of this file in order: public classes with ``construct`` that derive from ``LectureScene``.

        With ``only_lecture=False``, classes that derive from any class called ``...Scene`` count as well, such as
        Manim's.
        """
        return [
            scene_class
            for name, scene_class in self.classes.items()
            if not name.startswith("_") and scene_class.is_scene(only_lecture) and scene_class.method("construct")
        ]


@dataclass(frozen=True)
class ClassSource:
    """One class statement and its file."""

    module: ModuleSource
    node: ast.ClassDef

    @property
    def doc(self) -> str:
        """Return the class's docstring, or ""."""
        return inspect.cleandoc(ast.get_docstring(self.node) or "")

    @property
    def base_names(self) -> list[str]:
        """Return the names of the bases as written, without their module: ``manim.Scene`` -> ``Scene``."""
        written = (base.value if isinstance(base, ast.Subscript) else base for base in self.node.bases)
        return [ast.unparse(base).rpartition(".")[2] for base in written]

    @cached_property
    def ancestry(self) -> list[ClassSource]:
        """Return this class and those of its bases whose sources can be found, nearest first."""
        ancestors: list[ClassSource] = []
        waiting = [self]
        while waiting:
            current = waiting.pop(0)
            if all(current.node is not seen.node for seen in ancestors):
                ancestors.append(current)
                bases = (current.module.find_class(name) for name in current.base_names if name != LECTURE_BASE)
                waiting.extend(base for base in bases if base is not None)
        return ancestors

    def is_scene(self, only_lecture: bool) -> bool:
        """Return whether the class derives from ``LectureScene``, or unless ``only_lecture`` from any class called
        ``...Scene``.
        """
        names = {name for ancestor in self.ancestry for name in ancestor.base_names}
        return LECTURE_BASE in names or (not only_lecture and any(name.endswith("Scene") for name in names))

    def method(self, name: str) -> ast.FunctionDef | None:
        """Return a method as Python would look it up, in this class or its nearest base that has it; None if none
        has.
        """
        for ancestor in self.ancestry:
            for node in ancestor.node.body:
                if isinstance(node, ast.FunctionDef) and node.name == name:
                    return node
        return None


def module_source(file: Path) -> ModuleSource:
    """Return a parsed file. Raises SyntaxError, also for a file that is not text."""
    try:
        return ModuleSource(file, _syntax_tree(file, file.read_bytes()))
    except ValueError as error:  # Python 3.11 raises it for a null byte
        raise SyntaxError(str(error), (str(file), 1, 0, "")) from None


@lru_cache(maxsize=256)
def _syntax_tree(file: Path, content: bytes) -> ast.Module:
    """Return the syntax tree of a file's content. Each content is parsed once, since scenes are looked up often."""
    return ast.parse(content, filename=str(file))


def syntax_message(error: SyntaxError) -> str:
    """Return the message of a syntax error with its line, and below it the source line with a mark under the
    position.
    """
    message = f"line {error.lineno}: {error.msg}"
    if not error.text or not error.text.strip():
        return message
    line = error.text.rstrip("\n")
    mark = " " * max(0, (error.offset or 1) - 1 - (len(line) - len(line.lstrip()))) + "^"
    return f"{message}\n    {line.strip()}\n    {mark}"


def beats_of(scene_class: ClassSource) -> tuple[str, ...]:
    """Return the names passed to ``self.beat(...)``, each once, in the order in which ``construct`` reaches them.

    For a plain Manim scene, return the names passed to ``self.next_section(...)`` as well.
    """
    return tuple(dict.fromkeys(_beats_in("construct", scene_class, frozenset())))


def _beats_in(method: str, scene_class: ClassSource, entered: frozenset[str]) -> Iterator[str]:
    """Yield the beats of a method and of the methods that it calls; ``entered`` are the methods being read."""
    function = scene_class.method(method)
    if function is None or method in entered:
        return
    begin_beats = ("beat",) if scene_class.is_scene(only_lecture=True) else ("beat", "next_section")
    for call in _calls_on_self(function):
        name = call.func.attr  # type: ignore[attr-defined]  # _calls_on_self yields attributes only
        if name in begin_beats:
            yield from (name_as_written(branch) for written in names_given(call) for branch in branches(written))
        else:
            yield from _beats_in(name, scene_class, entered | {method})


def certain_beats(scene_class: ClassSource) -> Iterator[tuple[str, ast.expr | None]]:
    """Yield the beats that a scene always plays, outside of branches and loops, and the ``say`` of each."""
    yield from _certain_in("construct", scene_class, frozenset())


def _certain_in(
    method: str, scene_class: ClassSource, entered: frozenset[str]
) -> Iterator[tuple[str, ast.expr | None]]:
    """Yield the certain beats of a method."""
    function = scene_class.method(method)
    if function is not None and method not in entered:
        yield from _certain_of(function.body, scene_class, entered | {method})


def _certain_of(
    body: list[ast.stmt], scene_class: ClassSource, entered: frozenset[str]
) -> Iterator[tuple[str, ast.expr | None]]:
    """Yield the certain beats of statements, up to the first that may return."""
    for statement in body:
        if isinstance(statement, ast.With):
            for item in statement.items:
                yield from _certain_call(item.context_expr, scene_class, entered)
            yield from _certain_of(statement.body, scene_class, entered)
        elif isinstance(statement, ast.Expr | ast.Assign):
            yield from _certain_call(statement.value, scene_class, entered)
        if isinstance(statement, ast.Return) or any(isinstance(child, ast.Return) for child in ast.walk(statement)):
            return


def _certain_call(
    call: ast.expr, scene_class: ClassSource, entered: frozenset[str]
) -> Iterator[tuple[str, ast.expr | None]]:
    """Yield the beat of a call ``self.beat("name")``, or the certain beats of the method that it calls."""
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
        return
    if not (isinstance(call.func.value, ast.Name) and call.func.value.id == "self"):
        return
    if call.func.attr != "beat":
        yield from _certain_in(call.func.attr, scene_class, entered)
        return
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    name = call.args[0] if call.args else keywords.get("name")
    if isinstance(name, ast.Constant):
        yield str(name.value), call.args[1] if len(call.args) > 1 else keywords.get("say")


def _calls_on_self(node: ast.AST) -> Iterator[ast.Call]:
    """Yield calls ``self.something(...)`` in the order of the text."""
    for child in ast.iter_child_nodes(node):
        if (
            isinstance(child, ast.Call)
            and isinstance(child.func, ast.Attribute)
            and isinstance(child.func.value, ast.Name)
            and child.func.value.id == "self"
        ):
            yield child
        yield from _calls_on_self(child)


def names_given(call: ast.Call) -> list[ast.expr]:
    """Return the name that a call of ``beat`` or ``next_section`` passes, in a list; [] if it passes none."""
    if names := call.args[:1] or [keyword.value for keyword in call.keywords if keyword.arg == "name"]:
        return names
    is_section = isinstance(call.func, ast.Attribute) and call.func.attr == "next_section"
    return [ast.Constant(UNNAMED_SECTION)] if is_section else []


ANY_NAME = ".*"  # the pattern for a name that only running the code can tell
ANY_NUMBER = r"\d+"  # the pattern for a number that only running the code can tell


def branches(name: ast.expr) -> list[ast.expr]:
    """Return both names of ``"a" if … else "b"``, or the expression itself, in a list."""
    return [name.body, name.orelse] if isinstance(name, ast.IfExp) else [name]


def name_as_written(name: ast.expr) -> str:
    """Return a name as text: ``piece-{k}`` for an f-string, ``{names[k]}`` for a computed name.

    Lone surrogates are spelled out.
    """
    if isinstance(name, ast.Constant):
        return str(name.value).encode(errors="backslashreplace").decode()
    if isinstance(name, ast.JoinedStr):
        return "".join(
            "{" + ast.unparse(part.value) + "}" if isinstance(part, ast.FormattedValue) else name_as_written(part)
            for part in name.values
        )
    return "{" + ast.unparse(name) + "}"


def name_pattern(name: ast.expr, counters: frozenset[str] = frozenset()) -> str:
    r"""Return a regular expression for all values of a name: ``piece\-.*`` for ``f"piece-{k}"``.

    ``counters`` are variables that hold whole numbers. If k is one, the pattern is ``piece\-\d+``.
    """
    if isinstance(name, ast.Constant):
        return re.escape(str(name.value))
    if isinstance(name, ast.JoinedStr):
        return "".join(name_pattern(value, counters) for value in name.values)
    if isinstance(name, ast.FormattedValue):
        return ANY_NUMBER if name.format_spec is None and _is_number(name.value, counters) else ANY_NAME
    if isinstance(name, ast.IfExp):
        return "(?:" + "|".join(name_pattern(branch, counters) for branch in branches(name)) + ")"
    return ANY_NAME


def loop_counters(node: ast.AST) -> frozenset[str]:
    """Return the variables that only count loops: ``for k in range(…)``, ``for k, part in enumerate(…)``."""
    counting, assigned_elsewhere = set(), set()
    for child in ast.walk(node):
        if isinstance(child, ast.For | ast.comprehension) and isinstance(child.iter, ast.Call):
            called = child.iter.func.id if isinstance(child.iter.func, ast.Name) else ""
            target = child.target.elts[0] if called == "enumerate" and isinstance(child.target, ast.Tuple) else None
            target = child.target if called == "range" else target
            if isinstance(target, ast.Name):
                counting.add(target)
    for child in ast.walk(node):
        if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store) and child not in counting:
            assigned_elsewhere.add(child.id)
        elif isinstance(child, ast.arg):
            assigned_elsewhere.add(child.arg)
    return frozenset({name.id for name in counting} - assigned_elsewhere)


def _is_number(value: ast.expr, counters: frozenset[str]) -> bool:
    """Return whether an expression is certainly a whole number: a counter, a constant, or a sum or difference of
    these.
    """
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add | ast.Sub):
        return _is_number(value.left, counters) and _is_number(value.right, counters)
    if isinstance(value, ast.Constant):
        return type(value.value) is int
    return isinstance(value, ast.Name) and value.id in counters


def _module_statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of a module, those under ``if`` and ``try`` included."""
    for node in body:
        yield node
        if isinstance(node, (ast.If, ast.Try)):
            handlers = [statement for handler in getattr(node, "handlers", []) for statement in handler.body]
            yield from _module_statements([*node.body, *node.orelse, *handlers])


def _file_of(module: str, importer: Path) -> Path | None:
    """Return the source file of an imported module if it is Gradreel's or beside or below the importer; else None."""
    dots = len(module) - len(module.lstrip("."))
    parts = [part for part in module.lstrip(".").split(".") if part]
    folder = importer.parent
    if dots:
        folder = importer.parents[dots - 1]
    elif parts[:1] == ["gradreel"]:
        folder, parts = PACKAGE_FOLDER, parts[1:]
    file = folder.joinpath(*parts).with_suffix(".py") if parts else folder / "__init__.py"
    return file.resolve() if file.is_file() else None
