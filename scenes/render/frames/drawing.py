"""Manim's Cairo renderer without what a frame need not cost; each frame is the one that Manim draws, pixel by pixel.

Manim lays the still part of the picture down anew for each frame, draws on it all that may move, copies the picture for
the encoder, and draws also what is skipped. Here one canvas is kept, and what may move is drawn only where something
has: there the still part is laid down anew, and on it each shape that reaches there. Nothing else goes to the encoder,
a shape whose points have not changed keeps its path, what is skipped is not drawn.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite
from operator import attrgetter
from typing import Any

import cairo
import numpy as np
from gradreel.scenes.render.frames.encode import ClipEncoder
from gradreel.scenes.render.frames.pictures import NONE, Pixels, Tiles
from manim import CairoRenderer, Camera, Mobject, Scene, VMobject
from manim.utils.iterables import list_update
from numpy.typing import NDArray

MITER = 10.0  # times half the width: how far Cairo lets the corner of a line reach
BLUR = 2  # pixels beyond a shape that its smoothed edge may touch
MOST_SHAPES = 50_000  # kept at a time
CLOSE = 1e-5  # of a coordinate: by as much two points may differ that Manim takes for one, beside its own tolerance

_z_index = attrgetter("z_index")


class Shape:
    """A vectorized mobject as it was drawn last."""

    __slots__ = ("path", "points", "style", "tiles", "was_drawn")

    def __init__(self) -> None:
        self.points = b""
        self.style: tuple[Any, ...] | None = None
        self.tiles = NONE  # those that it touches
        self.path: cairo.Path | None = None  # made of these points, once they have been drawn for the second time
        self.was_drawn = False

    def follow(self, vmobject: VMobject, camera: ClipCamera) -> bool:
        """Be as ``vmobject`` is now. Returns whether that looks as it did."""
        points, style = vmobject.points.tobytes(), _style(vmobject)
        moved = points != self.points
        if not moved and style == self.style:
            return style is not None
        if moved:
            self.points, self.path, self.was_drawn = points, None, False
        self.style, self.tiles = style, camera.tiles_of(vmobject)
        return False


def _style(vmobject: VMobject) -> tuple[Any, ...] | None:
    """What its looks depend on beside its points, as the camera asks for it; None if there is still more to it."""
    fill, stroke, behind = vmobject.get_fill_rgbas(), vmobject.get_stroke_rgbas(), vmobject.get_stroke_rgbas(True)
    if not len(fill) == len(stroke) == len(behind) == 1:
        return None  # a gradient's ends are where its family is
    widths = vmobject.get_stroke_width(), vmobject.get_stroke_width(True)
    return fill.tobytes(), stroke.tobytes(), behind.tobytes(), *widths, vmobject.joint_type, vmobject.cap_style


class ClipCamera(Camera):
    """Manim's camera, that can draw only what differs from what it has drawn last."""

    tiles: Tiles
    """Of the canvas; marked are those that have been drawn on, for whoever takes the picture to clear."""
    _sheet: Pixels  # to draw on what must not be seen beyond some tiles
    _shapes: dict[int, Shape]  # by the mobject's id
    _drawn: list[int]  # ids of what was drawn last, in order; none if it was more than shapes

    def make_ready(self) -> None:
        """Before the first frame."""
        self.tiles = Tiles(self.pixel_width, self.pixel_height)
        self.tiles.marked = self.tiles.all
        self._sheet = np.zeros_like(self.pixel_array)
        self._shapes, self._drawn = {}, []

    def get_mobjects_to_display(
        self,
        mobjects: Iterable[Mobject],
        include_submobjects: bool = True,
        excluded_mobjects: list[Mobject] | None = None,
    ) -> list[Mobject]:
        """All members of the families that have points, each where it comes last; in one walk."""
        if not include_submobjects or excluded_mobjects:
            members: list[Mobject] = super().get_mobjects_to_display(mobjects, include_submobjects, excluded_mobjects)
            return members
        found: dict[Mobject, None] = {}
        waiting = [*mobjects][::-1]
        while waiting:
            mobject = waiting.pop()
            if len(mobject.points) > 0:
                found.pop(mobject, None)
                found[mobject] = None
            waiting.extend(reversed(mobject.submobjects))
        return sorted(found, key=_z_index) if self.use_z_index else list(found)

    def draw(self, still: Pixels, mobjects: Iterable[Mobject], anew: bool, **options: Any) -> None:
        """Make the canvas ``still`` with ``mobjects`` on it; ``anew``: it has been something else so far."""
        members = [member for member in self.get_mobjects_to_display(mobjects, **options) if self._is_seen(member)]
        are_shapes = all(isinstance(member, VMobject) and not member.background_image for member in members)
        if are_shapes and self._drawn and not anew:
            self._draw_changes(still, members)
            return
        self.tiles.marked = self.tiles.all
        self.set_frame_to_background(still)
        if are_shapes and members:
            self._take_up(members)
            self._display(members, self.get_cairo_context(self.pixel_array))
        else:
            self._shapes, self._drawn = {}, []
            self.capture_mobjects(members, include_submobjects=False)

    def _is_seen(self, member: Mobject) -> bool:
        """Others have points as well: a ValueTracker keeps its value in one."""
        return isinstance(member, VMobject) or self.type_or_raise(member) is not Mobject

    def _take_up(self, members: list[Mobject]) -> None:
        """All of these are drawn anew."""
        if len(self._shapes) > MOST_SHAPES:
            self._shapes.clear()
        self._matrix = self.get_cairo_context(self.pixel_array).get_matrix()  # from the first shape on as it is
        self._aside = self.get_cairo_context(self._sheet)
        self._aside.set_matrix(self._matrix)
        for member in members:
            self._shape(member).follow(member, self)
        self._drawn = list(map(id, members))

    def _draw_changes(self, still: Pixels, members: list[Mobject]) -> None:
        order = list(map(id, members))
        touched = NONE if order == self._drawn else self._change_order(order)
        shapes = list(map(self._shape, members))
        for member, shape in zip(members, shapes, strict=True):
            before = shape.tiles
            if not shape.follow(member, self):
                touched |= before | shape.tiles
        if touched == NONE:
            return
        reaching = [which for which, shape in enumerate(shapes) if shape.tiles & touched]
        beyond = any(shapes[which].tiles & ~touched for which in reaching)
        self._draw_tiles(still, touched, [members[which] for which in reaching], aside=beyond)
        self.tiles.marked |= touched

    def _draw_tiles(self, still: Pixels, tiles: int, reaching: Iterable[VMobject], aside: bool) -> None:
        """Make ``tiles`` ``still`` with the shapes that reach there, ``aside``: some of them beyond.

        What is drawn beyond would lie on itself there. Cairo could leave it off, but where a shape is cut it has, here
        and there, another shade at its edges. So it is drawn whole, on a sheet of which the tiles are taken.
        """
        sheet = self._sheet if aside else self.pixel_array
        boxes = self.tiles.exactly(tiles)
        for box in boxes:
            sheet[box.slices] = still[box.slices]
        self._display(reaching, self._aside if aside else self.get_cairo_context(self.pixel_array))
        if aside:
            for box in boxes:
                self.pixel_array[box.slices] = sheet[box.slices]

    def _change_order(self, order: list[int]) -> int:
        """What is gone, has come, or has another place among the others is as good as changed; where it was."""
        before, now = set(self._drawn), set(order)
        stay = [name for name in self._drawn if name in now]
        others = before ^ now if stay == [name for name in order if name in before] else before | now
        touched = NONE
        for name in others:
            if name in self._shapes:
                touched |= self._shapes.pop(name).tiles
        self._drawn = order
        return touched

    def _shape(self, member: Mobject) -> Shape:
        shape = self._shapes.get(id(member))
        if shape is None:
            shape = self._shapes[id(member)] = Shape()
        return shape

    def _display(self, members: Iterable[Mobject], ctx: cairo.Context[Any]) -> None:
        for member in members:
            self.display_vectorized(member, ctx)

    def set_cairo_context_path(self, ctx: cairo.Context[Any], vmobject: VMobject) -> Camera:
        shape = self._shapes.get(id(vmobject))
        if shape is not None and shape.path is not None:
            ctx.new_path()
            ctx.append_path(shape.path)
            return self
        points = self.transform_points_pre_display(vmobject, vmobject.points)
        if (
            len(points) % vmobject.n_points_per_cubic_curve == 0
            and type(vmobject).get_subpath_split_indices_from_points is VMobject.get_subpath_split_indices_from_points
        ):
            _trace(ctx, vmobject, points.tolist())
        else:
            super().set_cairo_context_path(ctx, vmobject)  # parts of curves, or a shape that knows its own subpaths
        if shape is not None:
            if shape.was_drawn:
                shape.path = ctx.copy_path()
            shape.was_drawn = True
        return self

    def set_cairo_context_color(
        self, ctx: cairo.Context[Any], rgbas: NDArray[np.float64], vmobject: VMobject
    ) -> Camera:
        if len(rgbas) != 1:
            super().set_cairo_context_color(ctx, rgbas, vmobject)
            return self
        red, green, blue, alpha = rgbas[0].tolist()
        ctx.set_source_rgba(blue, green, red, alpha)  # the canvas has them the other way round
        return self

    def tiles_of(self, vmobject: VMobject) -> int:
        """A shape lies within its points (Bezier curves do), and its lines reach beyond by their width."""
        left, low, _ = vmobject.points.min(axis=0).tolist()
        right, high, _ = vmobject.points.max(axis=0).tolist()
        if not isfinite(left + low + right + high):
            return NONE  # Manim draws nothing then
        matrix = self._matrix  # its y axis points down
        width = max(vmobject.get_stroke_width(False), vmobject.get_stroke_width(True))
        reach = float(width) * self.cairo_line_width_multiple / 2 * MITER * matrix.xx + BLUR
        return self.tiles.span(
            matrix.xx * left + matrix.x0 - reach,
            matrix.xx * right + matrix.x0 + reach,
            matrix.yy * high + matrix.y0 - reach,
            matrix.yy * low + matrix.y0 + reach,
        )


def _trace(ctx: cairo.Context[Any], vmobject: VMobject, points: list[list[float]]) -> None:
    """Manim's path through these points, which are finite: the same calls, without arrays of two or three numbers."""
    each, tolerance = vmobject.n_points_per_cubic_curve, vmobject.tolerance_for_point_equality
    begin, count, curve_to = 0, len(points), ctx.curve_to
    ctx.new_path()
    for curve in range(0, count, each):
        if curve == begin:
            ctx.new_sub_path()
            ctx.move_to(*points[curve][:2])
        (x1, y1, _), (x2, y2, _), (x3, y3, _) = points[curve + 1 : curve + each]
        curve_to(x1, y1, x2, y2, x3, y3)
        after = curve + each
        if after < count:
            x, y, _ = points[after]
            if x3 == x and y3 == y:
                continue  # the next curve goes on from here
            if abs(x3 - x) <= tolerance + CLOSE * abs(x) and abs(y3 - y) <= tolerance + CLOSE * abs(y):
                continue
        if vmobject.consider_points_equals_2d(points[begin], points[after - 1]):
            ctx.close_path()
        begin = after


class ClipRenderer(CairoRenderer):
    """Hands a `ClipEncoder` what may differ in each frame from the frame before."""

    _encoder: ClipEncoder
    _base: Pixels | None  # what the canvas shows where nothing was drawn on it

    @classmethod
    def take_over(cls, scene: Scene, encoder: ClipEncoder) -> None:
        """Have ``scene`` drawn by this class, where its renderer and its camera are Manim's plain ones.

        A scene makes both in its constructor, which may be the user's and take neither: so those that it has change
        their classes. What they hold stays as it is.
        """
        renderer, camera = scene.renderer, scene.camera
        if type(renderer) is not CairoRenderer or type(camera) is not Camera or not encoder.takes_boxes:
            return  # a camera that moves, or looks into three dimensions, draws in its own way
        if camera.pixel_array.shape != encoder.shape or camera.pixel_array.dtype != np.uint8:
            return
        camera.__class__, renderer.__class__ = ClipCamera, cls
        camera.make_ready()
        renderer._encoder, renderer._base = encoder, None

    def render(self, scene: Scene, time: float, moving_mobjects: Iterable[Mobject] | None = None) -> None:
        if not self.skip_animations:
            self.update_frame(scene, moving_mobjects)
            self._hand_over(1)

    def freeze_current_frame(self, duration: float) -> None:
        if not self.skip_animations:
            self._hand_over(int(duration / (1 / self.camera.frame_rate)))

    def save_static_frame_data(self, scene: Scene, static_mobjects: Iterable[Mobject]) -> Any:
        self._base = self.static_image = None
        return None if self.skip_animations else super().save_static_frame_data(scene, static_mobjects)

    def update_frame(
        self,
        scene: Scene,
        mobjects: Iterable[Mobject] | None = None,
        include_submobjects: bool = True,
        ignore_skipping: bool = True,
        **options: Any,
    ) -> None:
        if self.skip_animations:
            return
        camera: ClipCamera = self.camera
        still = camera.background if self.static_image is None else self.static_image
        shown = mobjects or list_update(scene.mobjects, scene.foreground_mobjects)
        anew = still is not self._base
        camera.draw(still, shown, anew, include_submobjects=include_submobjects, **options)
        self._base = still

    def _hand_over(self, frames: int) -> None:
        self.time += frames * (1 / self.camera.frame_rate)
        tiles = self.camera.tiles
        boxes, buffer = tiles.roughly(tiles.marked), self._encoder.buffer()
        for box in boxes:
            buffer[box.slices] = self.camera.pixel_array[box.slices]
        tiles.marked = NONE
        self.file_writer.write_frame(buffer, repeat=frames, boxes=boxes)
