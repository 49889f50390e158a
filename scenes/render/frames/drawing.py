"""Manim's Cairo renderer without what a frame need not cost; each frame is the one that Manim draws, pixel by pixel.

Manim lays the still part of the picture down anew for each frame, draws on it all that may move, copies the picture for
the encoder, and draws also what is skipped. Here one canvas is kept: of the still part only the rows that were drawn on
are laid down anew, only rows that may have changed go to the encoder, a shape whose points have not changed keeps its
path, and what is skipped is not drawn.
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter
from typing import Any

import cairo
import numpy as np
from gradreel.scenes.render.frames.encode import ClipEncoder
from gradreel.scenes.render.frames.pictures import Pixels
from manim import CairoRenderer, Camera, Mobject, Scene, VMobject
from manim.utils.iterables import list_update

MITER = 10.0  # times half the width: how far Cairo lets the corner of a line reach
BLUR = 2  # rows beyond a shape that its smoothed edge may touch
MOST_PATHS = 50_000  # kept at a time


class Rows:
    """The rows of a picture from ``top`` up to ``bottom``; none when they are equal."""

    def __init__(self, height: int) -> None:
        self._height = height
        self.clear()

    def clear(self) -> None:
        self.top, self.bottom = self._height, 0

    def add(self, top: float, bottom: float) -> None:
        """And those that the stretch from ``top`` to ``bottom`` touches, as far as they exist."""
        self.top = max(min(self.top, int(top)), 0)
        self.bottom = min(max(self.bottom, int(bottom) + 1), self._height)

    def add_all(self) -> None:
        self.top, self.bottom = 0, self._height

    def include(self, other: Rows) -> None:
        self.top, self.bottom = min(self.top, other.top), max(self.bottom, other.bottom)

    def __bool__(self) -> bool:
        return self.top < self.bottom

    @property
    def slice(self) -> slice:
        return slice(self.top, self.bottom)


_z_index = attrgetter("z_index")


class ClipCamera(Camera):
    """Manim's camera, that notes which rows it draws on."""

    drawn_on: Rows
    _paths: dict[int, tuple[Any, cairo.Path | None, float, float]]  # by shape: its points, their path, lowest, highest

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

    def set_pixel_array(self, *arguments: Any, **options: Any) -> None:
        super().set_pixel_array(*arguments, **options)
        self.drawn_on.add_all()

    def set_cairo_context_path(self, ctx: cairo.Context[Any], vmobject: VMobject) -> Camera:
        points, path, low, high = self._paths.get(id(vmobject), (None, None, 0.0, 0.0))
        if points is not None and np.array_equal(points, vmobject.points):
            if path is not None:
                ctx.new_path()
                ctx.append_path(path)
            else:
                super().set_cairo_context_path(ctx, vmobject)
                self._paths[id(vmobject)] = points, ctx.copy_path(), low, high
        else:
            super().set_cairo_context_path(ctx, vmobject)
            if len(self._paths) > MOST_PATHS:
                self._paths.clear()
            low, high = float(vmobject.points[:, 1].min()), float(vmobject.points[:, 1].max())
            self._paths[id(vmobject)] = vmobject.points.copy(), None, low, high
        self._note_rows(ctx, vmobject, low, high)
        return self

    def display_point_cloud(self, *arguments: Any, **options: Any) -> None:
        self.drawn_on.add_all()
        super().display_point_cloud(*arguments, **options)

    def display_image_mobject(self, *arguments: Any, **options: Any) -> None:
        self.drawn_on.add_all()
        super().display_image_mobject(*arguments, **options)

    def overlay_rgba_array(self, *arguments: Any, **options: Any) -> Any:
        self.drawn_on.add_all()
        return super().overlay_rgba_array(*arguments, **options)

    def _note_rows(self, ctx: cairo.Context[Any], vmobject: VMobject, low: float, high: float) -> None:
        """A shape lies within its points (Bezier curves do), and its lines reach beyond by their width."""
        if not np.isfinite(low + high):
            return  # Manim draws nothing then
        matrix = ctx.get_matrix()  # its y axis points down
        width = max(vmobject.get_stroke_width(False), vmobject.get_stroke_width(True))
        reach = float(width) * self.cairo_line_width_multiple / 2 * MITER * abs(matrix.yy) + BLUR
        self.drawn_on.add(matrix.yy * high + matrix.y0 - reach, matrix.yy * low + matrix.y0 + reach)


class ClipRenderer(CairoRenderer):
    """Hands a `ClipEncoder` the rows of each frame that may differ from the frame before."""

    _encoder: ClipEncoder
    _changed: Rows  # since the last frame that was handed over
    _base: Pixels | None  # what the canvas shows where nothing was drawn on it

    @classmethod
    def take_over(cls, scene: Scene, encoder: ClipEncoder) -> None:
        """Have ``scene`` drawn by this class, where its renderer and its camera are Manim's plain ones.

        A scene makes both in its constructor, which may be the user's and take neither: so those that it has change
        their classes. What they hold stays as it is.
        """
        renderer, camera = scene.renderer, scene.camera
        if type(renderer) is not CairoRenderer or type(camera) is not Camera or not encoder.takes_rows:
            return  # a camera that moves, or looks into three dimensions, draws in its own way
        if camera.pixel_array.shape != encoder.shape or camera.pixel_array.dtype != np.uint8:
            return
        camera.__class__ = ClipCamera
        camera.drawn_on, camera._paths = Rows(camera.pixel_height), {}
        renderer.__class__ = cls
        renderer._encoder, renderer._base, renderer._changed = encoder, None, Rows(camera.pixel_height)
        renderer._changed.add_all()

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
        if self._base is not None and still is self._base:
            rows = camera.drawn_on.slice
            camera.pixel_array[rows] = still[rows]
            self._changed.include(camera.drawn_on)
        else:
            camera.set_frame_to_background(still)
            self._base = still
            self._changed.add_all()
        camera.drawn_on.clear()
        shown = mobjects or list_update(scene.mobjects, scene.foreground_mobjects)
        camera.capture_mobjects(shown, include_submobjects=include_submobjects, **options)
        self._changed.include(camera.drawn_on)

    def _hand_over(self, frames: int) -> None:
        self.time += frames * (1 / self.camera.frame_rate)
        rows = self._changed.slice if self._changed else slice(0, 1)
        band = self._encoder.buffer()[: rows.stop - rows.start]
        np.copyto(band, self.camera.pixel_array[rows])
        self._changed.clear()
        self.file_writer.write_frame(band, repeat=frames, top=rows.start)
