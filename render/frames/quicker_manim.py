"""Faster versions of slow functions in Manim. Their results are equal to the last bit.

- To find a place on a path (``MoveAlongPath``, ``TangentLine``), Manim evaluates ten points of each curve, one by one.
- To compare two points (``always_redraw``, ``become``, ``Transform``), it calls NumPy.
- With each letter it copies the SVG path that the letter was read from (every animation of a text).
- It copies immutable values, and lists families of mobjects by generators within generators (`quick_mobjects`).
- It reads the letters of each new text from SVG, even if an equal text exists (``always_redraw``).

This module also protects files that parallel processes share: Manim writes a modified SVG beside the original, and
compiles all formulas in one folder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from io import BytesIO
from math import isfinite
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
from filelock import FileLock
from gradreel.scenes.quick_mobjects import replace_manims
from manim import RIGHT, Mobject, SVGMobject, Text, VGroup, VMobject, config
from manim.mobject.svg.svg_mobject import VMobjectFromSVGPath, hash_obj
from manim.mobject.text import tex_mobject, typst_mobject
from manim.utils.bezier import bezier
from numpy.typing import NDArray
from svgelements import SVG

POINTS, SAMPLES = 4, 10  # control points of a curve, and samples along it
RELATIVE = 1e-5  # relative tolerance of np.allclose
TEXTS = 64  # texts that are kept for copying

_PARTS = (
    *("get_num_curves", "get_nth_curve_points", "get_nth_curve_function"),
    *("get_nth_curve_length_pieces", "get_nth_curve_function_with_length"),
)
_manims_init_svg_mobject = SVGMobject.init_svg_mobject
_manims_tex, _manims_typst = tex_mobject.tex_to_svg_file, typst_mobject.typst_to_svg_file
_LETTERS = Mobject, VMobject, VMobjectFromSVGPath, VGroup  # `set_default` may replace the constructors of these classes
# the latest texts by their inputs, newest last; None: built once so far
_texts: dict[tuple[Any, ...], Text | None] = {}
_MANIMS_METHODS = {name: getattr(VMobject, name) for name in (*_PARTS, "get_curve_functions_with_lengths")}

Curve = Callable[[float], NDArray[np.float64]]


def get_curve_functions_with_lengths(self: Any, sample_points: int | None = None) -> Iterator[tuple[Curve, float]]:
    """Yield each curve as a function, with its length; replaces `VMobject`'s method.

    Manim evaluates each curve at each sample by itself. Here all curves are evaluated together. A class with its own
    version of the parts that Manim calls gets Manim's method.
    """
    has_own_parts = any(getattr(type(self), name) is not _MANIMS_METHODS[name] for name in _PARTS)
    if has_own_parts or self.n_points_per_cubic_curve != POINTS:
        yield from _MANIMS_METHODS["get_curve_functions_with_lengths"](self, sample_points=sample_points)
        return
    count = self.get_num_curves()
    controls = self.points[: POINTS * count].reshape(count, POINTS, 1, 3).swapaxes(0, 1)
    times = np.linspace(0, 1, SAMPLES if sample_points is None else sample_points)[:, None]
    samples = np.ascontiguousarray(bezier(controls)(times))  # (curves, samples, 3)
    pieces = np.linalg.norm(samples[:, 1:] - samples[:, :-1], axis=2)
    for number in range(count):
        yield self.get_nth_curve_function(number), np.sum(pieces[number])


def consider_points_equals(self: Any, point: Any, other: Any) -> bool:
    """Return whether two points are equal within tolerance, as `np.allclose` does; replaces `VMobject`'s method."""
    tolerance = self.tolerance_for_point_equality
    if not (_is_a_point(point) and _is_a_point(other)):
        return np.allclose(point, other, atol=tolerance)
    for a, b in zip(point.tolist(), other.tolist(), strict=True):
        if not (a == b or (isfinite(b) and abs(a - b) <= tolerance + RELATIVE * abs(b))):
            return False
    return True


def _is_a_point(value: Any) -> bool:
    """Return whether ``value`` is an array of three float64 numbers."""
    return type(value) is np.ndarray and value.shape == (3,) and value.dtype == np.float64


def __deepcopy__(self: Any, copied: dict[int, Any]) -> Any:  # noqa: N807
    """Return a deep copy that shares the SVG path with the original; replaces the method for letters read from SVG.

    The points are already computed from that path, so a copy of it is never needed.
    """
    path = self.__dict__.get("path_obj")
    copied.setdefault(id(path), path)
    return VMobject.__deepcopy__(self, copied)


def init_svg_mobject(self: Any, use_svg_cache: bool) -> Any:
    """Fill in the letters of a text; replaces `SVGMobject`'s method.

    The letters of a `Text` that was built twice before are copied from the second one. Manim itself does the same with
    other SVG mobjects, but keeps them without limit and ignores changed defaults.
    """
    if type(self) is not Text or use_svg_cache:
        return _manims_init_svg_mobject(self, use_svg_cache)
    try:
        key = hash_obj(self.hash_seed), *(kind.__dict__["__init__"] for kind in _LETTERS)
    except TypeError:  # an array among the settings cannot be hashed
        return _manims_init_svg_mobject(self, use_svg_cache)
    was_built_before = key in _texts
    cached = _texts.pop(key, None)
    if cached is None:
        self.generate_mobject()
        if was_built_before:
            with suppress(TypeError):  # a generator, for example, can't be copied
                cached = self.copy()
    else:
        copied = cached.copy()
        self.add(*copied)
        self.id_to_vgroup_dict, self.sheen_direction = copied.id_to_vgroup_dict, copied.sheen_direction
    _texts[key] = cached
    if len(_texts) > TEXTS:
        del _texts[next(iter(_texts))]
    return self


def generate_mobject(self: Any) -> Any:
    """Read the mobject's letters from its SVG file; replaces `SVGMobject`'s method.

    Manim writes the modified SVG into a file that all processes share; this keeps it in memory.
    """
    modified_svg = BytesIO()
    self.modify_xml_tree(ElementTree.parse(self.get_file_path())).write(modified_svg)
    modified_svg.seek(0)
    letters, self.id_to_vgroup_dict = self.get_mobjects_from(SVG.parse(modified_svg))
    self.add(*letters)
    self.flip(RIGHT)
    return self


def make_alone(make: Callable[..., Path], *arguments: Any, **options: Any) -> Path:
    """Call ``make``, which compiles a formula, under a lock, so that only one process at a time does it.

    Without the lock, processes would read half-written files of each other, or delete them.
    """
    folder = config.get_dir("tex_dir")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        return make(*arguments, **options)


def put_in_place() -> None:
    """Replace Manim's functions by the ones above, for all of this process."""
    SVGMobject.generate_mobject = generate_mobject
    tex_mobject.tex_to_svg_file = partial(make_alone, _manims_tex)
    typst_mobject.typst_to_svg_file = partial(make_alone, _manims_typst)
    VMobject.get_curve_functions_with_lengths = get_curve_functions_with_lengths
    VMobject.consider_points_equals = consider_points_equals
    VMobjectFromSVGPath.__deepcopy__ = __deepcopy__
    replace_manims()
    SVGMobject.init_svg_mobject = init_svg_mobject
