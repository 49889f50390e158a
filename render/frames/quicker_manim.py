"""What scenes spend much of their time with in Manim, in fewer steps: what it gives is the same, to the last bit.

To find a place on a path (``MoveAlongPath``, ``TangentLine``) Manim evaluates ten points of each of its curves, one by
one. Of every two points it asks NumPy whether they are the same (``always_redraw``, ``become``, ``Transform``). With
each letter it copies what that was read from (every animation of a text), and letters are read anew for each text that
is made, the same one or not (``always_redraw``).

And what Manim does with files that processes at work side by side share: what is read from SVG goes through a file
beside it, and formulas are made in one folder for all.
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
from manim import RIGHT, Mobject, SVGMobject, Text, VGroup, VMobject, config
from manim.mobject.svg.svg_mobject import VMobjectFromSVGPath, hash_obj
from manim.mobject.text import tex_mobject, typst_mobject
from manim.utils.bezier import bezier
from numpy.typing import NDArray
from svgelements import SVG

POINTS, SAMPLES = 4, 10  # of a curve
RELATIVE = 1e-5  # tolerance, of np.allclose
TEXTS = 64  # that are known again

_PARTS = (
    *("get_num_curves", "get_nth_curve_points", "get_nth_curve_function"),
    *("get_nth_curve_length_pieces", "get_nth_curve_function_with_length"),
)
_manims_init_svg_mobject = SVGMobject.init_svg_mobject
_manims_tex, _manims_typst = tex_mobject.tex_to_svg_file, typst_mobject.typst_to_svg_file
_LETTERS = Mobject, VMobject, VMobjectFromSVGPath, VGroup  # classes that `set_default` may have changed
_texts: dict[tuple[Any, ...], Text | None] = {}  # those made last, by what they are read from; None: made once
_as_manim_has_them = {name: getattr(VMobject, name) for name in (*_PARTS, "get_curve_functions_with_lengths")}

Curve = Callable[[float], NDArray[np.float64]]


def get_curve_functions_with_lengths(self: Any, sample_points: int | None = None) -> Iterator[tuple[Curve, float]]:
    """In the place of `VMobject`'s, which evaluates each curve at each of its points by itself."""
    is_its_own = any(getattr(type(self), name) is not _as_manim_has_them[name] for name in _PARTS)
    if is_its_own or self.n_points_per_cubic_curve != POINTS:
        yield from _as_manim_has_them["get_curve_functions_with_lengths"](self, sample_points=sample_points)
        return
    count = self.get_num_curves()
    controls = self.points[: POINTS * count].reshape(count, POINTS, 1, 3).swapaxes(0, 1)
    times = np.linspace(0, 1, SAMPLES if sample_points is None else sample_points)[:, None]
    along = np.ascontiguousarray(bezier(controls)(times))  # (curves, samples, 3)
    pieces = np.linalg.norm(along[:, 1:] - along[:, :-1], axis=2)
    for number in range(count):
        yield self.get_nth_curve_function(number), np.sum(pieces[number])


def consider_points_equals(self: Any, one: Any, other: Any) -> bool:
    """In the place of `VMobject`'s, which is `np.allclose`."""
    tolerance = self.tolerance_for_point_equality
    if not (_is_a_point(one) and _is_a_point(other)):
        return np.allclose(one, other, atol=tolerance)
    for a, b in zip(one.tolist(), other.tolist(), strict=True):
        if not (a == b or (isfinite(b) and abs(a - b) <= tolerance + RELATIVE * abs(b))):
            return False
    return True


def _is_a_point(given: Any) -> bool:
    return type(given) is np.ndarray and given.shape == (3,) and given.dtype == np.float64


def __deepcopy__(self: Any, copied: dict[int, Any]) -> Any:  # noqa: N807
    """In the place of `Mobject`'s, for what is read from a path of SVG: copies share it, having its points already."""
    path = self.__dict__.get("path_obj")
    copied.setdefault(id(path), path)
    return VMobject.__deepcopy__(self, copied)


def init_svg_mobject(self: Any, use_svg_cache: bool) -> Any:
    """In the place of `SVGMobject`'s: the letters of a `Text` that was made twice before are copied.

    Manim does so with whatever else it reads from SVG, from the second time on and without an end, whatever its
    defaults are by then.
    """
    if type(self) is not Text or use_svg_cache:
        return _manims_init_svg_mobject(self, use_svg_cache)
    try:
        key = hash_obj(self.hash_seed), *(kind.__dict__["__init__"] for kind in _LETTERS)
    except TypeError:  # there is an array among its settings, say
        return _manims_init_svg_mobject(self, use_svg_cache)
    was_made = key in _texts
    kept = _texts.pop(key, None)
    if kept is None:
        self.generate_mobject()
        if was_made:
            with suppress(TypeError):  # or a generator, which can't be copied
                kept = self.copy()
    else:
        copied = kept.copy()
        self.add(*copied)
        self.id_to_vgroup_dict, self.sheen_direction = copied.id_to_vgroup_dict, copied.sheen_direction
    _texts[key] = kept
    if len(_texts) > TEXTS:
        del _texts[next(iter(_texts))]
    return self


def generate_mobject(self: Any) -> Any:
    """In the place of `SVGMobject`'s, which writes what it parses into a file of the same name for all processes."""
    changed = BytesIO()
    self.modify_xml_tree(ElementTree.parse(self.get_file_path())).write(changed)
    changed.seek(0)
    letters, self.id_to_vgroup_dict = self.get_mobjects_from(SVG.parse(changed))
    self.add(*letters)
    self.flip(RIGHT)
    return self


def make_alone(make: Callable[..., Path], *arguments: Any, **options: Any) -> Path:
    """``make`` a formula in no two processes at a time: they would read what is half written, or clear it away."""
    folder = config.get_dir("tex_dir")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        return make(*arguments, **options)


def put_in_place() -> None:
    """For all of this process."""
    SVGMobject.generate_mobject = generate_mobject
    tex_mobject.tex_to_svg_file = partial(make_alone, _manims_tex)
    typst_mobject.typst_to_svg_file = partial(make_alone, _manims_typst)
    VMobject.get_curve_functions_with_lengths = get_curve_functions_with_lengths
    VMobject.consider_points_equals = consider_points_equals
    VMobjectFromSVGPath.__deepcopy__ = __deepcopy__
    SVGMobject.init_svg_mobject = init_svg_mobject
