"""Reads the outlines of glyphs and lines from Typst's SVG.

Typst uses a small part of SVG: groups with transforms, one symbol for each glyph, and paths. This reader is ten times
as fast as a general one, and reading took most of the time of a text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

_SVG = "{http://www.w3.org/2000/svg}"
_HREF = "{http://www.w3.org/1999/xlink}href"
_COMMAND = re.compile(r"([A-DF-Za-df-z])([^A-DF-Za-df-z]*)")  # E and e are exponents
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_TRANSFORM = re.compile(r"(\w+)\(([^)]*)\)")
_SIZES = {"M": 2, "L": 2, "H": 1, "V": 1, "Q": 4, "C": 6}  # numbers after each path command
_CLOSED = 1e-4  # points (1/72 inch): a path whose end is this near its start needs no closing line


@dataclass(frozen=True)
class Outline:
    """The filled outline of a glyph, or of a line as a bar."""

    points: NDArray[np.float64]  # (n, 3) four Bezier points for each curve, in points (1/72 inch), y up
    fill: str  # "#rrggbb"


def outlines(svg: bytes) -> Iterator[Outline]:
    """Yield each glyph and line of an SVG by Typst, in its order; y points up from the page's top edge.

    Raises ValueError for SVG that Typst does not write.
    """
    root = ElementTree.fromstring(svg)
    symbols = {f"#{symbol.get('id')}": symbol for symbol in root.iter(f"{_SVG}symbol")}
    yield from _outlines_within(root, symbols, np.diag([1.0, -1.0, 1.0]))


def _outlines_within(
    parent: ElementTree.Element, symbols: dict[str, ElementTree.Element], to_page: NDArray[np.float64]
) -> Iterator[Outline]:
    """Yield the outlines inside ``parent``; ``to_page`` (3, 3) maps its coordinates to the page's."""
    for element in parent:
        kind = element.tag.removeprefix(_SVG)
        if kind not in ("g", "use", "path"):  # definitions are drawn where they are used
            continue
        placed = to_page @ _matrix_of_transform(element.get("transform", ""))
        if kind == "g":
            yield from _outlines_within(element, symbols, placed)
        elif kind == "path":
            yield from _drawn_outline(element, element, placed)
        else:
            offset = np.array([[0, 0, float(element.get("x", 0))], [0, 0, float(element.get("y", 0))], [0, 0, 0]])
            for path in symbols[element.get(_HREF, "")].iter(f"{_SVG}path"):
                yield from _drawn_outline(path, element, placed @ (np.eye(3) + offset))


def _drawn_outline(
    path: ElementTree.Element, inked: ElementTree.Element, to_page: NDArray[np.float64]
) -> Iterator[Outline]:
    """Yield the outline of ``path`` with the colour of ``inked``; nothing if it is invisible.

    A stroked line becomes a filled bar, so that it scales with the glyphs.
    """
    curves = _bezier_curves_of_path(path.get("d", ""))
    if not len(curves):
        return
    points = curves @ to_page[:2, :2].T + to_page[:2, 2]
    fill, stroke = inked.get("fill", "none"), inked.get("stroke", "none")
    if fill == "none":
        if stroke == "none":
            return
        half = float(inked.get("stroke-width", 1)) * np.sqrt(abs(np.linalg.det(to_page[:2, :2]))) / 2
        (left, bottom), (right, top) = points.min(axis=0), points.max(axis=0)
        low, high = bottom - half, top + half
        corners = [complex(left, high), complex(right, high), complex(right, low), complex(left, low)]
        sides = zip(corners, corners[1:] + corners[:1], strict=True)
        points, fill = _complex_as_xy([point for side in sides for point in _bezier_of_line(*side)]), stroke
    yield Outline(np.column_stack([points, np.zeros(len(points))]), fill)


def _matrix_of_transform(written: str) -> NDArray[np.float64]:
    """Return the matrix, (3, 3), of a transform attribute: ``translate(…)``, ``scale(…)``, ``matrix(…)`` or several."""
    product = np.eye(3)
    for name, arguments in _TRANSFORM.findall(written):
        values = [float(value) for value in _NUMBER.findall(arguments)]
        matrix = np.eye(3)
        match name, values:
            case "translate", [x, *y]:
                matrix[:2, 2] = x, *(y or [0.0])
            case "scale", [x, *y]:
                matrix[0, 0], matrix[1, 1] = x, *(y or [x])
            case "matrix", [_, _, _, _, _, _]:
                matrix[:2] = np.reshape(values, (3, 2)).T
            case _:
                raise ValueError(f"Typst was not expected to write the transform {name}({arguments})")
        product = product @ matrix
    return product


@lru_cache(maxsize=4096)  # other texts have the same glyphs
def _bezier_curves_of_path(path: str) -> NDArray[np.float64]:
    """Return a path's cubic Bezier curves, four points each, (n, 2). The array is cached; do not change it."""
    curves: list[complex] = []  # x + iy
    pen = start = 0j
    for command, arguments in _COMMAND.findall(path):
        kind, numbers = command.upper(), [float(number) for number in _NUMBER.findall(arguments)]
        if kind == "Z":
            if abs(pen - start) > _CLOSED:
                curves += _bezier_of_line(pen, start)
            pen = start
            continue
        size = _SIZES.get(kind, 0)
        if not size or len(numbers) % size:
            raise ValueError(f"Typst was not expected to write the path command {command}{arguments}")
        for first in range(0, len(numbers), size):
            origin = pen if command.islower() else 0j  # lower-case commands are relative
            operands = numbers[first : first + size]
            if kind == "H":
                ends = [complex(origin.real + operands[0], pen.imag)]
            elif kind == "V":
                ends = [complex(pen.real, origin.imag + operands[0])]
            else:
                ends = [origin + complex(x, y) for x, y in zip(operands[::2], operands[1::2], strict=True)]
            if kind == "M" and first == 0:  # further pairs are lines
                start = ends[0]
            elif kind == "C":
                curves += (pen, *ends)
            elif kind == "Q":
                curves += (pen, (pen + 2 * ends[0]) / 3, (2 * ends[0] + ends[1]) / 3, ends[1])
            else:
                curves += _bezier_of_line(pen, ends[0])
            pen = ends[-1]
    return _complex_as_xy(curves)


def _bezier_of_line(start: complex, end: complex) -> tuple[complex, ...]:
    """Return the four Bezier points of a straight line."""
    return start, (2 * start + end) / 3, (start + 2 * end) / 3, end


def _complex_as_xy(points: list[complex]) -> NDArray[np.float64]:
    """Return real and imaginary parts of n numbers as an array (n, 2)."""
    return np.array(points, dtype=np.complex128).view(np.float64).reshape(-1, 2)
