"""Lists scenes by reading their sources; neither Manim nor the scenes are imported for that.

The lecture's scenes are the classes under ``scenes/lecture`` that derive from ``LectureScene``. A user's scene is named
by its file, ``path/my_scene.py:MyScene``. Only `load_class` imports a scene.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import re
import shlex
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias

from gradreel.core.errors import UserError
from gradreel.core.package import PACKAGE_FOLDER
from gradreel.scenes.file_names import file_name
from gradreel.scenes.scene_source import (
    ClassSource,
    ModuleSource,
    beats_of,
    module_source,
    syntax_message,
)
from gradreel.scenes.user_traceback import user_traceback

LECTURE_FOLDER = PACKAGE_FOLDER / "scenes" / "lecture"
LESSON_FOLDER = PACKAGE_FOLDER / "assets" / "lessons"
LESSON_FILE = LESSON_FOLDER / "deep-learning.toml"
LESSON_FILES = (LESSON_FILE, LESSON_FOLDER / "classification.toml")
"""The lessons that Gradreel comes with. The first is the default of all commands."""


class SceneNotFoundError(UserError):
    """There is no scene with this name, no such file, or no such class in the file."""


class SceneImportError(UserError):
    """A scene's file cannot be imported. The message is the traceback of that file's own lines."""


@dataclass(frozen=True)
class SceneSource:
    """The place of a scene in the source. Plain data, which can be sent to another process."""

    name: str  # "build-curve"
    class_name: str  # "BuildCurve"
    file: Path  # absolute
    doc: str  # the class's docstring, or ""

    def __post_init__(self) -> None:
        """Raise UserError if the scene's name cannot be a file's name, as for a class called ``_``."""
        file_name(self.name, f"{self.file}, class {self.class_name}: a scene called")

    @property
    def is_ours(self) -> bool:
        """Return whether the scene belongs to the lecture, not to the user."""
        return self.file.is_relative_to(LECTURE_FOLDER)

    @property
    def spec(self) -> str:
        """Return the scene's name in a command, quoted for a shell: ``build-curve``, or ``my_scene.py:MyScene``."""
        return self.name if self.is_ours else shlex.quote(f"{os.path.relpath(self.file)}:{self.class_name}")

    @property
    def module_name(self) -> str:
        """Return the name that the scene's module is imported under.

        A user's file gets a private name, the same in every process.
        """
        if self.is_ours:
            inside = self.file.relative_to(PACKAGE_FOLDER).with_suffix("")
            return ".".join(("gradreel", *inside.parts))
        return f"gradreel_user_{hashlib.sha256(str(self.file).encode()).hexdigest()[:16]}"


KnownScenes: TypeAlias = Callable[[], Iterable[SceneSource]]
"""Returns the lecture's scenes: `find_scenes`, or a function that has stored its result."""


def kebab_name(class_name: str) -> str:
    """Return a class's name in kebab case; underscores become hyphens.

    Examples
    --------
    >>> kebab_name("BuildCurve"), kebab_name("ReLU2D")
    ('build-curve', 're-lu2-d')
    """
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", class_name)
    return words.replace("_", "-").strip("-").lower()


def find_scenes(folder: Path = LECTURE_FOLDER, lessons: Sequence[Path] = LESSON_FILES) -> tuple[SceneSource, ...]:
    """Return the scenes under ``folder`` in the film order of the ``lessons``, then the others by name.

    Raises UserError if a source cannot be parsed, or if two scenes would have the same name.
    """
    by_name: dict[str, SceneSource] = {}
    for file in sorted(folder.rglob("*.py")):
        for scene_class in _parse_module(file.resolve()).scene_classes(only_lecture=True):
            source = _scene_source_of(scene_class)
            if source.name in by_name:
                raise UserError(
                    f"two scenes are called {source.name}: {by_name[source.name].file} and {source.file};"
                    " rename one of the classes"
                )
            by_name[source.name] = source
    tables = [table for lesson in lessons for table in scene_tables(lesson)]
    order = {str(table.get("name", "")): position for position, table in enumerate(tables)}
    return tuple(sorted(by_name.values(), key=lambda scene: (order.get(scene.name, len(order)), scene.name)))


def resolve(spec: str, ours: KnownScenes | None = None) -> SceneSource:
    """Return the scene that ``spec`` names: ``build-curve``, or ``path/my_scene.py:MyScene``.

    ``my_scene.py`` alone is enough if the file has one scene.

    Parameters
    ----------
    spec
        The name.
    ours
        Returns the lecture's scenes; by default `find_scenes`. Pass a stored result to resolve many names.

    Raises
    ------
    SceneNotFoundError
        If there is no such scene. The message has similar names, or the scene classes of the file.
    UserError
        If the file cannot be parsed. The message has the line.
    """
    if (named := file_and_class(spec)) is not None:
        return _resolve_in_file(*named)
    scenes = tuple((ours or find_scenes)())
    for scene in scenes:
        if spec in (scene.name, scene.class_name):
            return scene
    names = [*(file.stem for file in LESSON_FILES), *(scene.name for scene in scenes)]
    nearest = get_close_matches(kebab_name(spec), names, n=3, cutoff=0.5)
    nearest_names = f"the nearest: {_comma_separated(nearest)}. " if nearest else ""
    advice = f"{nearest_names}`gradreel list` shows every scene; a scene of your own is named my_scene.py:MyScene"
    raise SceneNotFoundError(f"no scene is called {spec!r}; {_did_you_mean(spec) or advice}")


def lesson_path(text: str) -> Path:
    """Return the lesson file that ``text`` names: a path, or the name of a lesson of ours.

    A file of that name in the working folder wins.
    """
    lessons = {file.stem: file for file in LESSON_FILES}
    path = Path(text).expanduser()
    return path if os.path.exists(path) else lessons.get(text, path)


def file_and_class(spec: str) -> tuple[Path, str] | None:
    """Return the file and class of ``path/my_scene.py:MyScene``, with "" for no class; None for a name without a file.

    Examples
    --------
    >>> file_and_class("a/b.py:C"), file_and_class("build-curve")
    ((PosixPath('a/b.py'), 'C'), None)
    """
    path, colon, class_name = spec.rpartition(":")
    if colon and path.endswith(".py"):
        return Path(path).expanduser(), class_name
    if spec.endswith(".py") or "/" in spec or "\\" in spec:
        return Path(spec).expanduser(), ""
    return None


def specs_of(words: Iterable[str]) -> list[str]:
    """Return one spec for each scene of a command's ``words``, also in Manim's form, ``my_scene.py First Second``.

    Words after a file count as its scenes if they are classes of it or begin with a capital letter. Raises
    SceneNotFoundError for a lesson file, which is not a scene.
    """
    specs: list[str] = []
    file: Path | None = None  # the last word, if it was a file without a class
    for word in words:
        if file is not None and word.isidentifier() and (word[0].isupper() or word in _classes_in(file)):
            if specs[-1].endswith(".py"):
                specs.pop()
            specs.append(f"{file}:{word}")
        elif word.endswith(".toml"):
            raise SceneNotFoundError(f"{word} is a lesson, not a scene; write --lesson {word}")
        else:
            file = Path(word).expanduser() if word.endswith(".py") else None
            specs.append(word)
    return specs


def scenes_in_file(file: Path) -> list[str]:
    """Return the names of a file's scene classes in their order; [] if there is no file.

    Raises SceneImportError for a file that cannot be parsed.
    """
    if not file.is_file():
        return []
    return [scene_class.node.name for scene_class in _parse_module(file.resolve()).scene_classes(only_lecture=False)]


def _classes_in(file: Path) -> Iterable[str]:
    """Return the names of all classes in a file; () if there is no file."""
    return _parse_module(file.resolve()).classes if file.is_file() else ()


def beat_names(source: SceneSource) -> tuple[str, ...]:
    """Return the names of the scene's beats in the order of the source. An f-string gives ``piece-{k}``.

    They are read from ``self.beat(...)`` in ``construct`` and in the methods that it calls on ``self``, also inherited
    ones.
    """
    scene_class = _parse_module(source.file).find_class(source.class_name)
    return beats_of(scene_class) if scene_class else ()


def load_class(source: SceneSource) -> type:
    """Import the scene's class and return it. A user's file is imported by path, with its folder first on ``sys.path``.

    Raises
    ------
    SceneImportError
        If the import fails; with the file's own traceback.
    SceneNotFoundError
        If the class does not exist or is no Manim ``Scene``.
    """
    try:
        module = _import_once(source)
    except (Exception, SystemExit) as error:
        trace = user_traceback(error, source.file)
        raise SceneImportError(f"{_path_from_here(source.file)} could not be imported:\n{trace}") from None
    scene_class = getattr(module, source.class_name, None)
    if isinstance(scene_class, type) and _is_scene(scene_class):
        return scene_class
    names = [name for name, value in vars(module).items() if _is_scene(value) and value.__module__ == module.__name__]
    fault = (
        f"has no class {source.class_name}" if scene_class is None else f": {source.class_name} is not a Manim Scene"
    )
    raise SceneNotFoundError(f"{_path_from_here(source.file)} {fault}; {_scene_classes_text(names)}".replace(" :", ":"))


def _scene_source_of(scene_class: ClassSource) -> SceneSource:
    """Return the place of a scene class."""
    name = scene_class.node.name
    return SceneSource(kebab_name(name), name, scene_class.module.file, scene_class.doc)


def _parse_module(file: Path) -> ModuleSource:
    """Return a parsed file. Raises SceneImportError if it is not valid Python."""
    try:
        return module_source(file)
    except SyntaxError as error:
        raise SceneImportError(f"{_path_from_here(file)} is not valid Python:\n{syntax_message(error)}") from None


def lesson_content(lesson: Path) -> dict[str, Any]:
    """Return what is in a lesson file, unchecked; {} if the file does not exist. Raises UserError for invalid TOML."""
    if not lesson.is_file():
        return {}
    try:
        return tomllib.loads(lesson.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{lesson} is not valid TOML: {error}") from None


def scene_tables(lesson: Path = LESSON_FILE) -> list[Mapping[str, Any]]:
    """Return the ``[[scene]]`` tables of a lesson file in film order, unchecked; [] if the file does not exist."""
    return [table for table in lesson_content(lesson).get("scene", []) if isinstance(table, Mapping)]


def lesson_file_of(scene: str) -> Path:
    """Return the file of our lesson that has the scene of this name or class; the first lesson's if none has it."""
    names = {scene, kebab_name(scene)}
    return next((file for file in LESSON_FILES if names & {t.get("name") for t in scene_tables(file)}), LESSON_FILE)


def _resolve_in_file(path: Path, class_name: str) -> SceneSource:
    """Return a scene of a user's file; "" as class means its only scene.

    Raises SceneNotFoundError or SceneImportError.
    """
    if path.is_dir():
        raise SceneNotFoundError(f"{path} is a folder; name a scene in a file: my_scene.py:MyScene")
    if not path.is_file():
        with suppress(OSError, ValueError):
            path.open("rb").close()  # lets the tracker of opened files notice which file is missing
        raise SceneNotFoundError(f"there is no file {path}; {_did_you_mean(str(path)) or 'check its path'}")
    module = _parse_module(path.resolve())
    scenes = scenes_in_file(path)
    if not class_name:
        if len(scenes) != 1:
            raise SceneNotFoundError(
                f"{path} needs the name of a scene; write {path}:ClassName; {_scene_classes_text(scenes)}"
            )
        class_name = scenes[0]
    scene_class = module.find_class(class_name)
    if scene_class is not None:
        return SceneSource(kebab_name(class_name), class_name, module.file, scene_class.doc)
    if class_name in module.top_level_names:
        return SceneSource(kebab_name(class_name), class_name, module.file, "")
    raise SceneNotFoundError(f"{path} has no class {class_name}; {_scene_classes_text(scenes)}")


def _import_once(source: SceneSource) -> ModuleType:
    """Import the scene's module, once, and return it."""
    if source.is_ours:
        return importlib.import_module(source.module_name)
    if source.module_name in sys.modules:
        return sys.modules[source.module_name]
    folder = str(source.file.parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)  # for the user's modules in that folder, as when Python runs the file
    name = _name_in_package(source)
    spec = importlib.util.spec_from_file_location(name, source.file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{source.file} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = sys.modules[source.module_name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        for registered in {name, source.module_name}:
            sys.modules.pop(registered, None)
        raise
    return module


def _name_in_package(source: SceneSource) -> str:
    """Return a user module's private name inside the package that its file is in, if any, for ``from .helper
    import``.
    """
    packages: list[str] = []
    folder = source.file.parent
    while (folder / "__init__.py").is_file() and folder.name.isidentifier():
        packages.insert(0, folder.name)
        folder = folder.parent
    if packages and str(folder) not in sys.path:
        sys.path.append(str(folder))
    return ".".join((*packages, source.module_name))


def _is_scene(value: object) -> bool:
    """Return whether a value is a class of Manim scenes."""
    manim = sys.modules.get("manim")  # a Scene cannot exist before Manim is imported
    return manim is not None and isinstance(value, type) and issubclass(value, manim.Scene)


def _did_you_mean(spec: str) -> str:
    """Return a question such as "did you mean mine.py:Three?" if ``spec`` lacks the ending of an existing file; else
    "".
    """
    for mark in (":", "."):
        module, separator, class_name = spec.rpartition(mark)
        if separator and Path(f"{module}.py").expanduser().is_file():
            return f"did you mean {module}.py:{class_name}?"
    return f"did you mean {spec}.py?" if Path(f"{spec}.py").expanduser().is_file() else ""


def _scene_classes_text(names: list[str]) -> str:
    """Return in words which scene classes a file has."""
    return f"the scene classes in that file: {_comma_separated(names)}" if names else "that file has no scene class"


def _comma_separated(names: Iterable[str]) -> str:
    """Return the names, separated by commas."""
    return ", ".join(names)


def _path_from_here(file: Path) -> str:
    """Return a path relative to the current folder if it is inside, else the path itself."""
    try:
        return str(file.relative_to(Path.cwd()))
    except ValueError:
        return str(file)
