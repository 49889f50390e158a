"""For `gallery`: the examples of Manim's documentation, and those of our own, each the code of a file."""

from __future__ import annotations

import ast
import re
import textwrap
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

OWN = Path(__file__).with_name("_gallery_scenes.py")
OTHERS = {"opengl", "docbuild"}  # folders of Manim: copies for its other renderer; how examples are to be written
DIRECTIVE = re.compile(r"(?P<indent> *)\.\. manim:: +(?P<name>\w+) *$")
OPTION = re.compile(r":(\w+):")
HEAD = "import random\n\nfrom manim import *\n\nrandom.seed(0)\n\n"
"""Head of each example's file. The fixed seed gives each process the same scene."""


@dataclass(frozen=True)
class Example:
    """A scene and the file that it alone is rendered from. ``is_still``: only its last frame is wanted."""

    name: str
    origin: str
    class_name: str
    code: str
    is_still: bool = False
    is_transparent: bool = False


def of_manim() -> list[Example]:
    """Return the examples in the docstrings of the installed Manim."""
    found = find_spec("manim")
    assert found is not None and found.origin is not None
    return of_package(Path(found.origin).parent)


def of_package(root: Path) -> list[Example]:
    """Every example in the docstrings below ``root``, once; others of the same name are called ``Name_2``, ..."""
    found: dict[str, list[Example]] = defaultdict(list)
    for file in sorted(root.rglob("*.py")):
        origin = file.relative_to(root)
        source = file.read_text(encoding="utf-8")
        if ".. manim::" not in source or OTHERS.intersection(origin.parts):
            continue
        for node in ast.walk(ast.parse(source)):
            if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                continue
            for class_name, options, code in directives(ast.get_docstring(node) or ""):
                known = found[class_name]
                if code not in [example.code for example in known]:
                    name = f"{class_name}_{len(known) + 1}" if known else class_name
                    known.append(Example(name, origin.as_posix(), class_name, code, "save_last_frame" in options))
    return [example for examples in found.values() for example in examples]


def directives(docstring: str) -> Iterator[tuple[str, set[str], str]]:
    """Yield for each example its class, the names of its options, and the code of its file."""
    lines = docstring.splitlines()
    for number, line in enumerate(lines, 1):
        directive = DIRECTIVE.match(line)
        if directive is None:
            continue
        block = []
        for below in lines[number:]:
            if below.strip() and not below.startswith(directive["indent"] + " "):
                break
            block.append(below)
        block = textwrap.dedent("\n".join(block)).splitlines()
        options = {option[1] for line in block if (option := OPTION.match(line))}
        code = [line for line in block if not OPTION.match(line)]
        if any(line.startswith(">>> ") for line in code):
            code = [line[4:] for line in code if line.startswith((">>> ", "..."))]
        yield directive["name"], options, HEAD + "\n".join(code).strip("\n") + "\n"


def of_our_own() -> list[Example]:
    code = OWN.read_text(encoding="utf-8")
    classes = [node.name for node in ast.parse(code).body if isinstance(node, ast.ClassDef)]
    (transparent,) = re.findall(r"^TRANSPARENT = (.*)$", code, re.MULTILINE)
    see_through = ast.literal_eval(transparent)
    return [Example(name, OWN.name, name, code, is_transparent=name in see_through) for name in classes]
