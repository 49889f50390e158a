"""Our Sphinx directives: each writes a part of a page from the code, so that the page cannot be out of date.

``{fields}``    the fields of a pydantic model as a table
``{gallery}``   a picture and the shortest command of each scene
``{drawing}``   boxes and arrows as SVG
``{table}``     rows that a Python function returns

The build also fails if a public name has no docstring (`check_docstrings`).
"""

from __future__ import annotations

import inspect
import os
import re
import tomllib
import types
import typing
from collections.abc import Iterable, Iterator
from html import escape
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

import click
from docutils import nodes
from docutils.parsers.rst import Directive, directives
from pydantic import BaseModel
from pydantic_core import PydanticUndefined
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

HERE = Path(__file__).parent
ROOT = HERE.parent
SNAPSHOTS = ROOT / "tests" / "frames" / "snapshots"
PUBLIC = ("gradreel", "gradreel.scenes")
logger = logging.getLogger(__name__)


def imported(path: str) -> Any:
    """Return the object at ``package.module:name.attribute``."""
    module, _, names = path.partition(":")
    value: Any = import_module(module)
    for name in names.split("."):
        value = getattr(value, name)
    return value


def rows_of(model: type[BaseModel]) -> Iterator[tuple[str, str, str, str]]:
    """Yield name, type, default and description of each field of ``model``."""
    for name, field in model.model_fields.items():
        required = field.default is PydanticUndefined and field.default_factory is None
        default = "" if field.default is PydanticUndefined else default_text(field.default)
        description = field.description or comment_of(model, name)
        yield field.alias or name, type_text(field.annotation), "needed" if required else default, description


def comment_of(model: type[BaseModel], name: str) -> str:
    """Return the comment behind a field in the source of its class, or ""."""
    comment = re.search(rf"^ +{name}: .*?  # (.*)$", inspect.getsource(model), re.MULTILINE)
    return comment[1] if comment else ""


def default_text(value: Any) -> str:
    """Return a default value as it is written in TOML; "" for none, an empty table and an empty list."""
    if value is None or value in ({}, [], ()):
        return ""
    if isinstance(value, BaseModel):
        return f"kind {value.kind}" if hasattr(value, "kind") else type(value).__name__
    if isinstance(value, tuple):
        return str(list(value))
    return f'"{value}"' if isinstance(value, str) else str(value)


def type_text(annotation: Any) -> str:
    """Return a type in words of TOML: text, number, list of …, table."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return type_text(arguments[0])
    if origin is typing.Literal:
        return " or ".join(f'"{value}"' if isinstance(value, str) else str(value) for value in arguments)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(dict.fromkeys(type_text(argument) for argument in arguments if argument is not type(None)))
    if origin in (list, tuple) and arguments:
        return f"list of {type_text(arguments[0])}"
    if origin is dict:
        return f"table of {type_text(arguments[1])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "table"
    words = {str: "text", int: "whole number", float: "number", bool: "true or false", Any: "any value"}
    return words.get(annotation, getattr(annotation, "__name__", str(annotation)))


class Table(SphinxDirective):
    """A table whose rows a function returns: ``{table} package.module:function`` with its ``:header:``."""

    required_arguments = 1
    option_spec: ClassVar = {"header": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        return [table(self.header(), self.rows())]

    def header(self) -> list[str]:
        """Return the words above the columns."""
        return [word.strip() for word in self.options["header"].split(",")]

    def rows(self) -> Iterable[Iterable[str]]:
        """Return the rows."""
        return typing.cast(Iterable[Iterable[str]], imported(self.arguments[0])())


class Fields(Table):
    """The fields of a pydantic model: ``{fields} package.module:Model``."""

    option_spec: ClassVar = {}

    def header(self) -> list[str]:
        """Return the words above the columns."""
        return ["key", "value", "default", "meaning"]

    def rows(self) -> Iterable[Iterable[str]]:
        """Return a row for each field. The build fails if a field has no description."""
        rows = list(rows_of(imported(self.arguments[0])))
        for name, _, _, description in rows:
            if not description:
                logger.warning("%s.%s has no description", self.arguments[0], name)
        return rows


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> nodes.Node:
    """Return a table; the first column is code."""
    header = list(header)
    group = nodes.tgroup(cols=len(header))
    group += [nodes.colspec(colwidth=1) for _ in header]
    head, body = nodes.thead(), nodes.tbody()
    for part, lines in ((head, [header]), (body, rows)):
        for line in lines:
            row = nodes.row()
            for column, text in enumerate(line):
                inside = nodes.literal(text, text) if part is body and not column else nodes.Text(text)
                row += nodes.entry("", nodes.paragraph("", "", inside))
            part += row
    group += [head, body]
    return nodes.table("", group)


class Gallery(SphinxDirective):
    """A picture and the shortest command of each scene, in film order.

    The pictures are snapshots of the test suite, so each is as the scene draws it now. ``docs/gallery.toml`` names one
    for each scene.
    """

    def run(self) -> list[nodes.Node]:
        """Return a section for each part of our lessons."""
        from gradreel.render.lessons.selection import load_lesson
        from gradreel.scenes.catalog import LESSON_FILES, find_scenes
        from gradreel.scenes.words.narration import Narration

        beats = tomllib.loads((HERE / "gallery.toml").read_text(encoding="utf-8"))
        lessons, narration = [load_lesson(file) for file in LESSON_FILES], Narration.load(("en",))
        parts: dict[str, list[str]] = {}
        for lesson in lessons:
            for scene in lesson.scenes:
                part = scene.part["en"] if scene.part else "The beginning"
                title = part if lesson is lessons[0] else f"{lesson.title['en']}: {part}"
                parts.setdefault(title, []).append(scene.name)
        names = {name for scenes in parts.values() for name in scenes}
        parts["Beside the lesson"] = [scene.name for scene in find_scenes() if scene.name not in names]
        result: list[nodes.Node] = []
        for title, scenes in parts.items():
            section = nodes.section(ids=[nodes.make_id(title)], names=[nodes.fully_normalize_name(title)])
            section += nodes.title(text=title)
            cards = nodes.container(classes=["gallery"])
            for name in scenes:
                cards += self.card(name, beats.get(name, ""), narration.scenes["en"][name]["title"])
            section += cards
            result.append(section)
        return result

    def card(self, name: str, beat: str, title: str) -> nodes.Node:
        """Return the picture, title and command of scene ``name``; the build fails if there is no picture."""
        picture = SNAPSHOTS / f"test_scene-{name}-en-dark" / f"{beat}.png"
        if not picture.is_file():
            others = ", ".join(sorted(file.stem for file in picture.parent.glob("*.png")))
            message = "docs/gallery.toml: %s = %r: no such picture; use one of: %s"
            logger.warning(message, name, beat, others, location=self.get_location())
        command = f"gradreel render {name} -q l"
        return nodes.container(
            "",
            nodes.image(uri=os.path.relpath(picture, HERE), alt=title),
            nodes.paragraph("", "", nodes.strong(text=title)),
            nodes.literal_block(command, command, language="sh"),
            classes=["card"],
        )


class Drawing(Directive):
    """Boxes on a grid, and arrows between them, as SVG in the page's own colours.

    ``b1 Title / second line`` is a box in column b and row 1. ``b1 -> c1: label`` is an arrow. The argument says in
    words what the drawing shows, for those who cannot see it.
    """

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the drawing."""
        boxes: dict[str, list[str]] = {}
        arrows: list[tuple[str, str, str]] = []
        for line in filter(None, map(str.strip, self.content)):
            if "->" in line:
                start, _, rest = line.partition("->")
                end, _, label = rest.partition(":")
                arrows.append((start.strip(), end.strip(), label.strip()))
            else:
                place, _, text = line.partition(" ")
                boxes[place] = [part.strip() for part in text.split(" / ")]
        if unknown := {name for arrow in arrows for name in arrow[:2]} - boxes.keys():
            raise self.error(f"no box is called {', '.join(sorted(unknown))}")
        return [nodes.raw("", svg(boxes, arrows, self.arguments[0]), format="html")]


BOX, GAP = (176, 62), (54, 34)  # pixels: width and height


def svg(boxes: dict[str, list[str]], arrows: list[tuple[str, str, str]], description: str) -> str:
    """Return the SVG of a `Drawing`."""

    def centre(place: str) -> tuple[float, float]:
        column, row = ord(place[0]) - ord("a"), int(place[1:]) - 1
        return 4 + BOX[0] / 2 + column * (BOX[0] + GAP[0]), 4 + BOX[1] / 2 + row * (BOX[1] + GAP[1])

    centres = {place: centre(place) for place in boxes}
    width = max(x for x, _ in centres.values()) + BOX[0] / 2 + 4
    height = max(y for _, y in centres.values()) + BOX[1] / 2 + 4
    parts = [
        f'<svg class="drawing" role="img" viewBox="0 0 {width:g} {height:g}" style="max-width: {width:g}px"'
        f' xmlns="http://www.w3.org/2000/svg"><title>{escape(description)}</title>',
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path d="M0 0L8 4L0 8z"/></marker></defs>',
    ]
    for start, end, label in arrows:
        (x, y), (to_x, to_y) = _edge(centres[start], centres[end]), _edge(centres[end], centres[start])
        parts.append(f'<path class="arrow" d="M{x:g} {y:g}L{to_x:g} {to_y:g}" marker-end="url(#tip)"/>')
        if label:
            across = abs(to_x - x) > abs(to_y - y)
            at = ((x + to_x) / 2, (y + to_y) / 2 - 6) if across else ((x + to_x) / 2 + 6, (y + to_y) / 2 + 4)
            anchor = "middle" if across else "start"
            parts.append(
                f'<text class="label" x="{at[0]:g}" y="{at[1]:g}" text-anchor="{anchor}">{escape(label)}</text>'
            )
    for place, lines in boxes.items():
        x, y = centres[place]
        parts.append(f'<rect x="{x - BOX[0] / 2:g}" y="{y - BOX[1] / 2:g}" width="{BOX[0]}" height="{BOX[1]}" rx="6"/>')
        for number, line in enumerate(lines):
            at = y + 5 + (number - (len(lines) - 1) / 2) * 16
            kind = "name" if number == 0 else "note"
            parts.append(f'<text class="{kind}" x="{x:g}" y="{at:g}" text-anchor="middle">{escape(line)}</text>')
    return "".join([*parts, "</svg>"])


def _edge(start: tuple[float, float], end: tuple[float, float]) -> tuple[float, float]:
    """Return the point where the line from the centre ``start`` towards ``end`` leaves the box around ``start``."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    scale = min(BOX[0] / 2 / abs(dx) if dx else 9, BOX[1] / 2 / abs(dy) if dy else 9)
    return start[0] + dx * scale, start[1] + dy * scale


def check_docstrings(app: Sphinx) -> None:
    """Warn of each public name, and each public member of a public class, that has no docstring of its own."""
    for package in PUBLIC:
        module = import_module(package)
        for name in module.__all__:
            value = getattr(module, name)
            if not inspect.getdoc(value):
                logger.warning("%s.%s has no docstring", package, name)
            if isinstance(value, type):
                for member, inside in vars(value).items():
                    is_code = isinstance(inside, property | classmethod | staticmethod) or inspect.isfunction(inside)
                    if is_code and not member.startswith("_") and not inspect.getdoc(getattr(value, member)):
                        logger.warning("%s.%s.%s has no docstring", package, name, member)


def add_examples(app: Sphinx, ctx: click.Context, lines: list[str]) -> None:
    """Add a command's examples below its options."""
    if examples := getattr(ctx.command, "examples", ()):
        lines += ["", ".. code-block:: sh", "", *(f"   {example}" for example in examples), ""]


def style_rows() -> Iterator[tuple[str, str]]:
    """Yield the name and value of each size, width and position in `gradreel.scenes.style`."""
    from gradreel.scenes import style

    for name, value in vars(style).items():
        if name.isupper() and isinstance(value, int | float):
            yield name, f"{value:g}"


def spoken_words() -> Iterator[tuple[str, ...]]:
    """Yield each printed word, letter or sign of the lexicon, and how it is spoken in English and in Chinese."""
    from gradreel.scenes.words.narration import LEXICON_FILE

    lexicons = tomllib.loads(LEXICON_FILE.read_text(encoding="utf-8"))
    for word in dict.fromkeys(word for lexicon in lexicons.values() for word in lexicon):
        yield word, *(lexicons[language].get(word, "") for language in ("en", "zh"))


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the directives and the checks."""
    app.add_directive("fields", Fields)
    app.add_directive("rows", Table)
    app.add_directive("gallery", Gallery)
    app.add_directive("drawing", Drawing)
    app.connect("builder-inited", check_docstrings)
    app.connect("sphinx-click-process-epilog", add_examples)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
