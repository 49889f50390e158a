"""The outlines of what Typst has set, read from its SVG.

Typst writes a small part of SVG: groups that are moved, symbols (one per glyph) that are used at a place, and paths.
A general reader takes ten times as long for them, and reading was most of the time that a text took.
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
_SIZES = {"M": 2, "L": 2, "H": 1, "V": 1, "Q": 4, "C": 6}  # numbers that a path command takes
_CLOSED = 1e-4  # points (1/72 inch): a path that ends this near to its start needs no closing line


@dataclass(frozen=True)
class Outline:
    """One glyph, or one line as the filled bar that it is drawn as."""

    points: NDArray[np.float64]  # (n, 3) four Bezier points per curve, in points (1/72 inch), y up
    fill: str  # "#rrggbb"


def outlines(svg: bytes) -> Iterator[Outline]:
    """Each glyph and line of an SVG by Typst, in its order; y is up, so what is on the page is below 0.

    Raises ValueError for what Typst does not write.
    """
    root = ElementTree.fromstring(svg)
    symbols = {f"#{symbol.get('id')}": symbol for symbol in root.iter(f"{_SVG}symbol")}
    yield from _within(root, symbols, np.diag([1.0, -1.0, 1.0]))


def _within(
    parent: ElementTree.Element, symbols: dict[str, ElementTree.Element], to_page: NDArray[np.float64]
) -> Iterator[Outline]:
    """``to_page`` (3, 3) takes the coordinates of ``parent`` to the page's."""
    for element in parent:
        kind = element.tag.removeprefix(_SVG)
        if kind not in ("g", "use", "path"):  # what is defined is drawn where it is used
            continue
        placed = to_page @ _transform(element.get("transform", ""))
        if kind == "g":
            yield from _within(element, symbols, placed)
        elif kind == "path":
            yield from _drawn(element, element, placed)
        else:
            offset = np.array([[0, 0, float(element.get("x", 0))], [0, 0, float(element.get("y", 0))], [0, 0, 0]])
            for path in symbols[element.get(_HREF, "")].iter(f"{_SVG}path"):
                yield from _drawn(path, element, placed @ (np.eye(3) + offset))


def _drawn(path: ElementTree.Element, inked: ElementTree.Element, to_page: NDArray[np.float64]) -> Iterator[Outline]:
    """A path in the ink of the element ``inked``; a stroked line becomes a filled bar, which scales with the rest."""
    curves = _curves(path.get("d", ""))
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
        points, fill = _coordinates([point for side in sides for point in _line(*side)]), stroke
    yield Outline(np.column_stack([points, np.zeros(len(points))]), fill)


def _transform(written: str) -> NDArray[np.float64]:
    """(3, 3): ``translate(…)``, ``scale(…)`` and ``matrix(…)`` one after the other."""
    whole = np.eye(3)
    for name, arguments in _TRANSFORM.findall(written):
        values = [float(value) for value in _NUMBER.findall(arguments)]
        one = np.eye(3)
        match name, values:
            case "translate", [x, *y]:
                one[:2, 2] = x, *(y or [0.0])
            case "scale", [x, *y]:
                one[0, 0], one[1, 1] = x, *(y or [x])
            case "matrix", [_, _, _, _, _, _]:
                one[:2] = np.reshape(values, (3, 2)).T
            case _:
                raise ValueError(f"the transform {name}({arguments}) is none that Typst writes")
        whole = whole @ one
    return whole


@lru_cache(maxsize=4096)  # a glyph comes again in other texts
def _curves(path: str) -> NDArray[np.float64]:
    """(n, 2): a path's data as cubic Bezier curves of four points each. Shared: not to be written into."""
    curves: list[complex] = []  # x + iy
    pen = start = 0j
    for command, arguments in _COMMAND.findall(path):
        kind, numbers = command.upper(), [float(number) for number in _NUMBER.findall(arguments)]
        if kind == "Z":
            if abs(pen - start) > _CLOSED:
                curves += _line(pen, start)
            pen = start
            continue
        size = _SIZES.get(kind, 0)
        if not size or len(numbers) % size:
            raise ValueError(f"the path command {command}{arguments} is none that Typst writes")
        for place in range(0, len(numbers), size):
            here = pen if command.islower() else 0j
            given = numbers[place : place + size]
            if kind == "H":
                ends = [complex(here.real + given[0], pen.imag)]
            elif kind == "V":
                ends = [complex(pen.real, here.imag + given[0])]
            else:
                ends = [here + complex(x, y) for x, y in zip(given[::2], given[1::2], strict=True)]
            if kind == "M" and place == 0:  # further pairs are lines
                start = ends[0]
            elif kind == "C":
                curves += (pen, *ends)
            elif kind == "Q":
                curves += (pen, (pen + 2 * ends[0]) / 3, (2 * ends[0] + ends[1]) / 3, ends[1])
            else:
                curves += _line(pen, ends[0])
            pen = ends[-1]
    return _coordinates(curves)


def _line(start: complex, end: complex) -> tuple[complex, ...]:
    return start, (2 * start + end) / 3, (start + 2 * end) / 3, end


def _coordinates(points: list[complex]) -> NDArray[np.float64]:
    """(n, 2) of n complex numbers."""
    return np.array(points, dtype=np.complex128).view(np.float64).reshape(-1, 2)
