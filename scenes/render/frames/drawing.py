"""Manim's Cairo renderer without what a frame need not cost; each frame is the one that Manim draws, pixel by pixel.

Manim lays the still part of the picture down anew for each frame, draws on it all that may move, copies the picture for
the encoder, and draws also what is skipped. Here one canvas is kept, and what may move is drawn only where something
has: there the still part is laid down anew, and on it each shape that reaches there, whole, with all that it touches.
Nothing else goes to the encoder, a shape whose points have not changed keeps its path, what is skipped is not drawn.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite
from operator import attrgetter
from typing import Any

import cairo
import numpy as np
from gradreel.scenes.render.frames.encode import ClipEncoder
from gradreel.scenes.render.frames.pictures import Pixels
from gradreel.scenes.render.frames.tiles import Span, Tiles
from manim import CairoRenderer, Camera, Mobject, Scene, VMobject
from manim.utils.iterables import list_update

MITER = 10.0  # times half the width: how far Cairo lets the corner of a line reach
BLUR = 2  # pixels beyond a shape that its smoothed edge may touch
MOST_SHAPES = 50_000  # kept at a time
NOWHERE: Span = slice(0, 0), slice(0, 0)

_z_index = attrgetter("z_index")


class Shape:
    """A vectorized mobject as it was drawn last."""

    __slots__ = ("path", "points", "span", "style", "was_drawn")

    def __init__(self) -> None:
        self.points = b""
        self.style: tuple[Any, ...] | None = None
        self.span = NOWHERE  # the tiles that it touches
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
        self.style, self.span = style, camera.span_of(vmobject)
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

    changed: Tiles
    """What has been drawn on, for whoever takes the picture to clear."""
    _touched: Tiles
    _shapes: dict[int, Shape]  # by the mobject's id
    _drawn: list[int]  # ids of what was drawn last, in order; none if it was more than shapes

    def make_ready(self) -> None:
        """Before the first frame."""
        self.changed, self._touched = (Tiles(self.pixel_width, self.pixel_height) for _ in range(2))
        self.changed.marked.fill(True)
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
        self.changed.marked.fill(True)
        self.set_frame_to_background(still)
        if are_shapes and members:
            self._take_up(members)
            self._display(members)
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
        for member in members:
            self._shape(member).follow(member, self)
        self._drawn = list(map(id, members))

    def _draw_changes(self, still: Pixels, members: list[Mobject]) -> None:
        marked = self._touched.marked
        self._touched.clear()
        order = list(map(id, members))
        if order != self._drawn:
            self._change_order(order)
        waiting, drawn = [], set()
        for member, name in zip(members, order, strict=True):
            shape = self._shape(member)
            before = shape.span
            if shape.follow(member, self):
                waiting.append((name, shape.span))
            else:
                marked[before] = marked[shape.span] = True
                drawn.add(name)
        if not marked.any():
            return
        while touched := [(name, span) for name, span in waiting if marked[span].any()]:
            for name, span in touched:
                marked[span] = True
                drawn.add(name)
            waiting = [(name, span) for name, span in waiting if name not in drawn]
        for box in self._touched.exactly():
            self.pixel_array[box.slices] = still[box.slices]
        self.changed.marked |= marked
        self._display(member for member, name in zip(members, order, strict=True) if name in drawn)

    def _change_order(self, order: list[int]) -> None:
        """What is gone, has come, or has another place among the others is as good as changed."""
        before, now = set(self._drawn), set(order)
        stay = [name for name in self._drawn if name in now]
        others = before ^ now if stay == [name for name in order if name in before] else before | now
        for name in others:
            if name in self._shapes:
                self._touched.marked[self._shapes.pop(name).span] = True
        self._drawn = order

    def _shape(self, member: Mobject) -> Shape:
        shape = self._shapes.get(id(member))
        if shape is None:
            shape = self._shapes[id(member)] = Shape()
        return shape

    def _display(self, members: Iterable[Mobject]) -> None:
        ctx = self.get_cairo_context(self.pixel_array)
        for member in members:
            self.display_vectorized(member, ctx)

    def set_cairo_context_path(self, ctx: cairo.Context[Any], vmobject: VMobject) -> Camera:
        shape = self._shapes.get(id(vmobject))
        if shape is None:
            super().set_cairo_context_path(ctx, vmobject)
        elif shape.path is not None:
            ctx.new_path()
            ctx.append_path(shape.path)
        else:
            super().set_cairo_context_path(ctx, vmobject)
            if shape.was_drawn:
                shape.path = ctx.copy_path()
            shape.was_drawn = True
        return self

    def span_of(self, vmobject: VMobject) -> Span:
        """A shape lies within its points (Bezier curves do), and its lines reach beyond by their width."""
        left, low, _ = vmobject.points.min(axis=0).tolist()
        right, high, _ = vmobject.points.max(axis=0).tolist()
        if not isfinite(left + low + right + high):
            return NOWHERE  # Manim draws nothing then
        matrix = self._matrix  # its y axis points down
        width = max(vmobject.get_stroke_width(False), vmobject.get_stroke_width(True))
        reach = float(width) * self.cairo_line_width_multiple / 2 * MITER * matrix.xx + BLUR
        return self._touched.span(
            matrix.xx * left + matrix.x0 - reach,
            matrix.xx * right + matrix.x0 + reach,
            matrix.yy * high + matrix.y0 - reach,
            matrix.yy * low + matrix.y0 + reach,
        )


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
        boxes, buffer = self.camera.changed.roughly(), self._encoder.buffer()
        for box in boxes:
            buffer[box.slices] = self.camera.pixel_array[box.slices]
        self.camera.changed.clear()
        self.file_writer.write_frame(buffer, repeat=frames, boxes=boxes)
