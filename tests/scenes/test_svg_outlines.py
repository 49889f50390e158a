"""Tests our reader of Typst's SVG against svgelements, which reads all of SVG, and against Manim."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
import svgelements
from gradreel.scenes.mobjects.svg_outlines import outlines
from gradreel.scenes.mobjects.text import _typst_compiler, _typst_document, formula, words
from manim.mobject.svg.svg_mobject import VMobjectFromSVGPath

POINTS_PER_PIXEL = 72 / 96  # svgelements reads lengths in CSS pixels, of which 96 make an inch
TEXTS = [
    "Loss of 12\\-34 “views” fi Ø",
    "学习率 0.01",
    "\\#serif[|3|]",
    '$display(blue(y) = part("b", grey(b)) + sum_i yellow(c_i) frac(1, 1 + e^(-(b_i + w_i x))))$',
    "$sqrt(x) hat(y) mat(1, 2; 3, 4) overline(z) underbrace(a + b, n) cases(a, b) norm(x) integral_0^oo bb(R)$",
    "$cancel(x) + 1$",
]


def by_svgelements(svg: bytes) -> list[tuple[np.ndarray, str]]:
    found = []
    parsed = svgelements.SVG.parse(io.BytesIO(svg), reify=True)
    for path in parsed.elements(lambda element: isinstance(element, svgelements.Shape)):
        shape, fill = svgelements.Path(path), path.fill.hex if path.fill.value is not None else None
        if fill is None:
            x0, y0, x1, y1 = shape.bbox()
            half, fill = path.stroke_width / 2, path.stroke.hex
            shape = svgelements.Path(svgelements.Rect(x0, y0 - half, x1 - x0, (y1 - y0) + 2 * half))
        points = VMobjectFromSVGPath(shape).points * [POINTS_PER_PIXEL, -POINTS_PER_PIXEL, 1]
        if len(points):
            found.append((points, fill))
    return found


@pytest.mark.parametrize("body", TEXTS)
@pytest.mark.parametrize("colored", [True, False], ids=["roles", "parts"])
def test_the_same_as_a_reader_of_all_of_svg(body, colored):
    names = tuple(re.findall(r'part\("([^"]+)"', body))
    svg = _typst_compiler().compile(input=_typst_document(body, names, colored), format="svg")
    ours, theirs = list(outlines(svg)), by_svgelements(svg)
    assert [outline.fill for outline in ours] == [fill for _, fill in theirs]
    for outline, (points, _) in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(outline.points, points, atol=1e-8)


def page(inside: str) -> bytes:
    return (
        '<svg viewBox="0 0 40 40" width="40pt" height="40pt" xmlns="http://www.w3.org/2000/svg"'
        f' xmlns:xlink="http://www.w3.org/1999/xlink">{inside}</svg>'
    ).encode()


@pytest.mark.parametrize(
    "path",
    [
        "M 1 2 L 5 6 H 9 V 3 Q 8 1 7 2 C 6 3 5 4 4 5 Z",
        "m 1 2 l 4 4 h 4 v -3 q -1 -2 -2 -1 c -1 1 -2 2 -3 3 z",
        "M1,2L5,6 7-3.5Zm1.5e0 1l3 3h2 1v-.5z",
        "M 1 1 5 1 5 5 l -1 1 -1 -2 H 1 0.5 V 4 3 Z M 2 2 h 1 v 1 z",
        "M 0 0 L 4 0 L 4 4 L 0 0 Z",
        "M 3 3",
    ],
)
@pytest.mark.parametrize(
    "transform", ["", "translate(3 -4)", "translate(5)", "matrix(1 0 0 -1 2.5 7)", "scale(1, -1) translate(2,3)"]
)
def test_every_command_and_transform(path, transform):
    drawn = f'<g transform="{transform}"><path d="{path}" fill="#123456"/></g>'
    used = (
        f'<g transform="{transform}"><use xlink:href="#a" x="1.5" y="2" fill="#abcdef"/></g>'
        f'<defs><symbol id="a" overflow="visible"><path d="{path}"/></symbol></defs>'
    )
    for inside in (drawn, used):
        ours, theirs = list(outlines(page(inside))), by_svgelements(page(inside))
        assert [outline.fill for outline in ours] == [fill for _, fill in theirs]
        for outline, (points, _) in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(outline.points, points, atol=1e-9)


@pytest.mark.parametrize("path", ["M 0 0 A 1 1 0 0 0 2 2", "M 0 0 L 1", "M 0 0 T 2 2"])
def test_a_command_that_typst_does_not_write_is_refused(path):
    with pytest.raises(ValueError, match="path command"):
        list(outlines(page(f'<path d="{path}" fill="#000000"/>')))


def test_a_transform_that_typst_does_not_write_is_refused():
    with pytest.raises(ValueError, match=r"rotate\(30\)"):
        list(outlines(page('<path d="M 0 0 H 1" fill="#000000" transform="rotate(30)"/>')))


def test_texts_of_the_same_letters_do_not_share_points():
    """The outline of a letter is read once; a text that is moved must not move the others."""
    first = words("aaa")
    before = [glyph.points.copy() for glyph in words("aaa")]
    first.shift([1.0, 2.0, 0.0]).scale(3)
    for glyph, points in zip(words("aaa"), before, strict=True):
        np.testing.assert_array_equal(glyph.points, points)


def test_roles_color_a_formula_that_has_no_parts():
    red, plain = formula("red(x) y")
    assert red.get_fill_color() != plain.get_fill_color()
