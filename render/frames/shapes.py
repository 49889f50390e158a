"""Records how each mobject was drawn last: tells if it has changed, and draws it again.

A vectorized mobject's Cairo path is cached once it was drawn twice from the same points. An image is cached as it lies
on the frame. Both are what Manim's camera makes, number by number.
"""

from __future__ import annotations

from math import inf, isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

import cairo
import numpy as np
from gradreel.render.frames.pictures import NONE, Pixels
from manim import Mobject, PMobject, VMobject
from manim.camera.camera import CAP_STYLE_MAP, LINE_JOIN_MAP
from manim.mobject.types.image_mobject import AbstractImageMobject
from manim.utils.space_ops import cross2d
from numpy.typing import NDArray
from PIL import Image

if TYPE_CHECKING:
    from gradreel.render.frames.cameras import ClipCamera

CLOSE = 1e-5  # Manim takes two points as equal that differ by this share of the coordinate, plus its own tolerance
LEAST_HEIGHT = 0.5  # pixels: Manim draws no image that is flatter

EVERYWHERE = [-inf, -inf, inf, inf]
"""Bounds of a mobject with infinite or undefined points; compared with ``is``."""
_MANIMS_SUBPATHS = VMobject.get_subpath_split_indices_from_points
Colors = list[list[float]]  # red, green, blue, alpha; several colours are a gradient


class Sheet(NamedTuple):
    """An array of pixels to draw on, and the Cairo context that draws shapes on it."""

    pixels: Pixels
    context: cairo.Context[Any] | None


class Drawn:
    """The record of a mobject as it was drawn last; base of three kinds."""

    __slots__ = ("mobject", "points", "tiles", "view")

    def __init__(self, mobject: Mobject) -> None:
        self.mobject = mobject  # a reference keeps the object alive, so that no new object reuses its id
        self.tiles = NONE  # tiles that it touches
        self.points = b""
        self.view: Any = None  # the camera's view when it was drawn

    def follow(self, mobject: Any, camera: ClipCamera) -> bool:
        """Update the record to ``mobject``. Return whether it looks the same as before."""
        raise NotImplementedError

    def draw(self, mobject: Any, camera: ClipCamera, sheet: Sheet) -> None:
        """Draw the mobject as it was when `follow` was last called."""
        raise NotImplementedError

    def _update_points(self, mobject: Mobject, camera: ClipCamera) -> bool:
        """Update points and view; return whether either has changed."""
        points: bytes = mobject.points.tobytes()
        view = camera.seen_from(mobject)
        moved = points != self.points or view != self.view
        self.points, self.view = points, view
        return moved


class Shape(Drawn):
    """The record of a vectorized mobject.

    After `follow`, the camera must call `place` if `is_placed` is false.
    """

    __slots__ = (
        *("_behind", "_fill", "_is_shaded", "_path", "_placed", "_stroke", "_style", "_was_drawn"),
        *("bounds", "ends", "light"),
    )

    def __init__(self, mobject: Mobject) -> None:
        super().__init__(mobject)
        self.bounds = EVERYWHERE
        self.ends: list[float] = []  # x and y of both ends of its gradient in the frame
        self.light: list[float] | None = None  # light that is added to the colours at these ends; None: not shaded
        self._is_shaded = False
        self._placed: NDArray[np.float64] | None = None
        self._style: tuple[Any, ...] | None = None
        self._path: cairo.Path | None = None
        self._was_drawn = False

    @property
    def is_placed(self) -> bool:
        """Return whether the points in the frame are known."""
        return self._placed is not None

    @property
    def line_width(self) -> float:
        """Return the larger width of the line and of the background line."""
        assert self._style is not None
        width: float = max(self._style[3:5])
        return width

    def follow(self, vmobject: VMobject, camera: ClipCamera) -> bool:
        """Update the record to ``vmobject``. Return whether it looks the same as before."""
        is_shaded, previous_style = camera.is_shaded(vmobject), self._style
        moved = self._update_points(vmobject, camera) or is_shaded != self._is_shaded
        if moved:
            self._placed = self._path = None
            self._was_drawn = False
        fill, stroke, behind = vmobject.get_fill_rgbas(), vmobject.get_stroke_rgbas(), vmobject.get_stroke_rgbas(True)
        widths = vmobject.get_stroke_width(), vmobject.get_stroke_width(True)
        self._style = (
            fill.tobytes(),
            stroke.tobytes(),
            behind.tobytes(),
            *widths,
            vmobject.joint_type,
            vmobject.cap_style,
        )
        self._is_shaded = is_shaded
        is_plain = len(fill) == len(stroke) == len(behind) == 1
        if not (ends_at_corners(vmobject) if is_shaded else is_plain):  # at corners, the camera computes the ends
            self.ends = camera.gradient_ends(vmobject)
            self._style += tuple(self.ends)
        if self._style != previous_style:
            self._fill, self._stroke, self._behind = fill.tolist(), stroke.tolist(), behind.tolist()
            return False
        return not moved

    def place(self, points: NDArray[np.float64], lowest: list[float], highest: list[float]) -> None:
        """Set the ``points`` in the frame, (N, 3), and the lowest and highest value of each coordinate."""
        is_finite = isfinite(sum(lowest) + sum(highest))
        self._placed, self.bounds = points, [*lowest[:2], *highest[:2]] if is_finite else EVERYWHERE

    def draw(self, vmobject: VMobject, camera: ClipCamera, sheet: Sheet) -> None:
        """Draw the shape as Manim's ``display_vectorized`` does: background line, fill, line."""
        assert self._style is not None and sheet.context is not None
        context, (width, width_behind) = sheet.context, self._style[3:5]
        self._set_path(context, vmobject, camera)
        if width_behind:
            self._draw_line(context, width_behind, self._behind, vmobject, camera)
        if self._fill[0][3] or len(self._fill) > 1:
            self._set_color(context, self._fill)
            context.fill_preserve()
        if width:
            self._draw_line(context, width, self._stroke, vmobject, camera)

    def _set_path(self, context: cairo.Context[Any], vmobject: VMobject, camera: ClipCamera) -> None:
        """Set the context's path: the cached one, or a new one.

        It is cached at the second drawing of the same points.
        """
        if self._path is not None:
            context.new_path()
            context.append_path(self._path)
            return
        assert self._placed is not None
        if (
            self.bounds is not EVERYWHERE
            and len(self._placed) % vmobject.n_points_per_cubic_curve == 0
            and getattr(vmobject.get_subpath_split_indices_from_points, "__func__", None) is _MANIMS_SUBPATHS
        ):
            _set_cairo_path(context, vmobject, self._placed.tolist())
        else:
            # incomplete curves, or the mobject splits its subpaths itself
            camera.set_cairo_context_path(context, vmobject)
        if self._was_drawn:
            self._path = context.copy_path()
        self._was_drawn = True

    def _draw_line(
        self, context: cairo.Context[Any], width: float, colors: Colors, vmobject: VMobject, camera: ClipCamera
    ) -> None:
        """Draw the path as a line of ``width`` in scene units."""
        self._set_color(context, colors)
        context.set_line_width(width * camera.cairo_line_width_multiple)
        context.set_line_join(LINE_JOIN_MAP[vmobject.joint_type])
        context.set_line_cap(CAP_STYLE_MAP[vmobject.cap_style])
        context.stroke_preserve()

    def _set_color(self, context: cairo.Context[Any], colors: Colors) -> None:
        """Set the context's colour, or its gradient, with the light added."""
        if self.light is not None:
            colors = [
                [red + light, green + light, blue + light, alpha]
                for (red, green, blue, alpha), light in zip(
                    colors * 2, self.light, strict=False
                )  # of more colours, the first two count
            ]
        if len(colors) == 1:
            red, green, blue, alpha = colors[0]
            context.set_source_rgba(blue, green, red, alpha)  # the canvas stores blue first
        else:
            gradient = cairo.LinearGradient(*self.ends)
            offsets = [0.0, 1.0] if len(colors) == 2 else np.linspace(0, 1, len(colors)).tolist()
            for offset, (red, green, blue, alpha) in zip(offsets, colors, strict=True):
                gradient.add_color_stop_rgba(offset, blue, green, red, alpha)
            context.set_source(gradient)


def ends_at_corners(vmobject: VMobject) -> bool:
    """Return whether the mobject's gradient runs between two of its own points."""
    ends = getattr(vmobject.get_gradient_start_and_end_points, "__func__", None)
    return vmobject.shade_in_3d and ends is VMobject.get_gradient_start_and_end_points


def _set_cairo_path(context: cairo.Context[Any], vmobject: VMobject, points: list[list[float]]) -> None:
    """Set Manim's path through finite points: the same Cairo calls, without small arrays.

    Curves that do not continue the one before begin a new subpath; a subpath that ends at its start is closed.
    """
    points_per_curve, tolerance = vmobject.n_points_per_cubic_curve, vmobject.tolerance_for_point_equality
    begin, count, curve_to = 0, len(points), context.curve_to
    context.new_path()
    for curve in range(0, count, points_per_curve):
        if curve == begin:
            context.new_sub_path()
            context.move_to(*points[curve][:2])
        (x1, y1, _), (x2, y2, _), (x3, y3, _) = points[curve + 1 : curve + points_per_curve]
        curve_to(x1, y1, x2, y2, x3, y3)
        next_start = curve + points_per_curve
        if next_start < count:
            x, y, _ = points[next_start]
            if x3 == x and y3 == y:
                continue  # the next curve continues this subpath
            if abs(x3 - x) <= tolerance + CLOSE * abs(x) and abs(y3 - y) <= tolerance + CLOSE * abs(y):
                continue
        if vmobject.consider_points_equals_2d(points[begin], points[next_start - 1]):
            context.close_path()
        begin = next_start


class Cloud(Drawn):
    """The record of a cloud of points, which Manim sets pixel by pixel."""

    __slots__ = ("_style",)

    def follow(self, cloud: PMobject, camera: ClipCamera) -> bool:
        """Update the record to ``cloud``. Return whether it looks the same as before. It touches all tiles."""
        style = cloud.rgbas.tobytes(), cloud.stroke_width
        same = not self._update_points(cloud, camera) and style == getattr(self, "_style", None)
        self._style, self.tiles = style, camera.tiles.all
        return same

    def draw(self, cloud: PMobject, camera: ClipCamera, sheet: Sheet) -> None:
        """Draw the points into the sheet's pixels."""
        camera.display_multiple_point_cloud_mobjects([cloud], sheet.pixels)


class Picture(Drawn):
    """The record of an image, or of the picture of another camera."""

    __slots__ = ("_laid", "_left", "_resampling", "_source", "_top")

    def __init__(self, mobject: Mobject) -> None:
        super().__init__(mobject)
        self._source: Pixels = np.zeros((0, 0, 4), np.uint8)
        self._resampling: Any = None
        # the transformed image, as it lies on the frame; None: it is too small to be seen
        self._laid: Image.Image | None = None
        self._left = self._top = 0

    def follow(self, image: AbstractImageMobject, camera: ClipCamera) -> bool:
        """Update the record to ``image``. Return whether it looks the same as before."""
        moved, source = self._update_points(image, camera), image.get_pixel_array()
        if not moved and self._resampling == image.resampling_algorithm and np.array_equal(self._source, source):
            return True
        self._source, self._resampling = source.copy(), image.resampling_algorithm
        self._compute_transformed_image(image, camera)
        self.tiles = NONE
        if self._laid is not None:
            width, height = self._laid.size
            self.tiles = camera.tiles.span(self._left, self._left + width, self._top, self._top + height)
        return False

    def draw(self, image: AbstractImageMobject, camera: ClipCamera, sheet: Sheet) -> None:
        """Blend the transformed image into the sheet's pixels."""
        if self._laid is None or self.tiles == NONE:
            return
        left, top = max(self._left, 0), max(self._top, 0)
        laid = self._laid.crop((left - self._left, top - self._top, *self._laid.size))
        below = sheet.pixels[top : top + laid.height, left : left + laid.width]
        height, width = below.shape[:2]
        if laid.size != (width, height):
            laid = laid.crop((0, 0, width, height))
        below[:] = np.asarray(Image.alpha_composite(Image.fromarray(below), laid))

    def _compute_transformed_image(self, image: AbstractImageMobject, camera: ClipCamera) -> None:
        """Compute the image as it lies in the frame, for `draw`.

        This is the first half of Manim's ``display_image_mobject``.
        """
        self._laid = None
        source = Image.fromarray(self._source)
        corners = [[0, 0], [source.width, 0], [0, source.height], [source.width, source.height]]
        targets = camera.points_to_subpixel_coords(image, image.points)
        whole = targets.astype(np.int64)
        self._left, self._top = whole.min(axis=0).tolist()
        targets -= (self._left, self._top)
        width, height = (whole - (self._left, self._top)).max(axis=0).tolist()
        around = targets[[0, 1, 3, 2]]
        sides = [around[(side + 1) % 4] - around[side] for side in range(4)]
        lengths = np.linalg.norm(sides, axis=1)
        longest = np.argmax(lengths)
        if lengths[longest] == 0:
            return
        across = abs(cross2d(sides[longest], sides[(longest - 1) % 4])) / lengths[longest]
        if across < LEAST_HEIGHT or not (width and height):
            return
        equations = []
        for (x, y), (X, Y) in zip(targets, corners, strict=True):
            equations.append([x, y, 1, 0, 0, 0, -X * x, -X * y])
            equations.append([0, 0, 0, x, y, 1, -Y * x, -Y * y])
        try:
            coefficients = np.linalg.solve(np.array(equations, np.float64), np.array(corners, np.float64).reshape(8))
        except np.linalg.LinAlgError:
            return
        perspective = Image.Transform.PERSPECTIVE
        self._laid = source.transform((width, height), perspective, coefficients.tolist(), image.resampling_algorithm)
