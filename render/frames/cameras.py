"""Manim's cameras, which draw what differs from what they have drawn last, and nothing else.

Two layers are kept: what stands still while something moves, and on it the whole picture. Each is drawn only where
something differs: there what lies below is laid down anew, and on it each mobject that reaches there. Where a camera
itself moves, all that it sees has moved.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from functools import reduce
from operator import attrgetter, or_
from typing import Any

import cairo
import numpy as np
from gradreel.render.frames.pictures import NONE, Pixels, Tiles
from gradreel.render.frames.shapes import Cloud, Drawn, Picture, Shape, Sheet
from gradreel.render.workers.worker_process import tell
from manim import Camera, ImageMobject, Mobject, MovingCamera, MultiCamera, PMobject, VMobject
from manim.mobject.types.image_mobject import AbstractImageMobject, ImageMobjectFromCamera
from manim.utils.iterables import list_difference_update

MITER = 10.0  # times half the width: how far Cairo lets the corner of a line reach
CAIROS = 2.0**23  # pixels: Cairo's numbers end there, and what is farther away may come in again from elsewhere
BLUR = 2  # pixels beyond a shape that its smoothed edge may touch
SLOW = "drawn by Manim itself, and no faster:"  # begins what is said of a scene

KEPT = (ImageMobject.get_pixel_array, ImageMobjectFromCamera.get_pixel_array)  # and not made when they are asked for

_z_index = attrgetter("z_index")


class Layer:
    """A picture, and what has been drawn on it, over another that lies below."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.drawn: dict[int, Drawn] = {}  # by the mobject's id
        self.order: list[int] | None = None  # ids of what was drawn, in order; None: the picture may be any
        self.below: Pixels | None = None  # what was laid down
        self.changed = NONE  # tiles of it that the layer above has not taken up yet

    def covered(self) -> int:
        """The tiles that are not what lies below."""
        return reduce(or_, (one.tiles for one in self.drawn.values()), NONE)


class ClipCamera(Camera):
    """Manim's plain camera, that can draw only what differs from what it has drawn last."""

    manims: type[Camera] = Camera
    tiles: Tiles
    """Of the canvas; marked are those that have been drawn on, for whoever takes the picture to clear."""
    view: tuple[Any, ...]
    """From where it looks, and how."""
    _front: Layer  # the picture; its sheet has no context until a shape is seen from there
    _still: Layer  # over the background
    _aside: Sheet  # to draw on what must not be seen beyond some tiles
    _matrix: cairo.Matrix  # maps the scene to pixels, on all three
    _ground: Pixels | None  # the background as it was where the last play began
    _has_said: bool  # that it is slow
    _is_transparent: bool

    def make_ready(self, is_transparent: bool) -> None:
        """Before the first frame, and when the picture has another size. ``is_transparent``: what files hold is."""
        self._is_transparent = is_transparent
        self.tiles = Tiles(self.pixel_width, self.pixel_height)
        self.tiles.marked = self.tiles.all
        self.view, self._has_said = (), False
        self._aside, self._ground = self._sheet(), None
        self._front, self._still = Layer(Sheet(self.pixel_array, None)), Layer(self._sheet())
        if is_transparent:
            uncolour(self.background)

    def _sheet(self) -> Sheet:
        pixels = np.zeros_like(self.pixel_array)
        return Sheet(pixels, self.get_cairo_context(pixels))

    def __deepcopy__(self, memo: Any) -> Camera:
        """A camera that is Manim's again: two can't draw on one canvas."""
        its_copy = copy.copy(self)
        its_copy.__class__ = self.manims
        return its_copy

    def capture_mobjects(self, mobjects: Iterable[Mobject], **options: Any) -> None:
        """Draw as Manim does, on what the canvas shows."""
        self._may_show_anything()
        super().capture_mobjects(mobjects, **options)

    def init_background(self) -> None:
        """Its colour or its opacity is another."""
        super().init_background()
        if self._is_transparent:
            uncolour(self.background)

    def set_pixel_array(self, *picture: Any, **options: Any) -> None:
        """Show something else, as `reset` does."""
        self._may_show_anything()
        super().set_pixel_array(*picture, **options)

    def _may_show_anything(self) -> None:
        self._front.order, self.tiles.marked = None, self.tiles.all

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

    def begin_play(self) -> None:
        """See whether the background has been painted on: it is an array that anybody may write into."""
        if self._ground is None or not np.array_equal(self._ground, self.background):
            self._ground = self.background.copy()
            self._front.order = self._still.order = None

    def fix_view(self, mobjects: Iterable[Mobject]) -> None:
        """Fix where the camera looks, as Manim does when it draws ``mobjects``. Draws nothing: Manim skips them.

        Manim's plain camera maps the scene to pixels by its frame's size at its first shape. A later size is ignored.
        """
        is_fixed = self.get_cached_cairo_context(self.pixel_array) is not None
        members = (member for mobject in mobjects for member in mobject.get_family())
        if not is_fixed and any(isinstance(member, VMobject) and len(member.points) for member in members):
            self.get_cairo_context(self.pixel_array)  # Manim's cache keeps it, and the map with it

    def draw_still(self, mobjects: Iterable[Mobject], **options: Any) -> Pixels:
        """Returns the background with ``mobjects`` on it, for `draw`, where it stays until this is called again."""
        layer, below = self._still, self.background
        if below is not layer.below:
            layer.below, layer.order = below, None
        layer.changed |= self._draw_on(layer, NONE, mobjects, **options)
        return layer.sheet.pixels

    def draw(self, below: Pixels, mobjects: Iterable[Mobject], **options: Any) -> None:
        """Make the picture ``below``, which is the background or what `draw_still` has returned, with ``mobjects``."""
        layer, still = self._front, self._still
        differs = still.changed
        if below is not layer.below:
            if {id(below), id(layer.below)} == {id(still.below), id(still.sheet.pixels)}:
                differs |= self.tiles.all if still.order is None else still.covered()
            else:
                layer.order = None
            layer.below = below
        still.changed = NONE
        self.tiles.marked |= self._draw_on(layer, differs, mobjects, **options)

    def _draw_on(self, layer: Layer, differs: int, mobjects: Iterable[Mobject], **options: Any) -> int:
        """``differs``: tiles of what lies below the layer. Returns those of the layer that may."""
        self.look()
        members = [member for member in self.get_mobjects_to_display(mobjects, **options) if _kind(member)]
        if (reason := next(filter(None, map(_hindrance, members)), None)) is not None:
            self._draw_by_manim(layer, members, reason)
            return self.tiles.all
        if self._front.sheet.context is None and any(isinstance(member, VMobject) for member in members):
            self._map_as_manim()
        touched = differs | self._changes(layer, members)
        if touched != NONE:
            self._draw_tiles(layer, touched, members)
        return touched

    def look(self) -> None:
        """Take up where it looks from now, and how."""
        view = self._view()
        if view != self.view:
            self.view, self._front.sheet = view, Sheet(self.pixel_array, None)

    def _view(self) -> tuple[Any, ...]:
        return self.frame_width, self.frame_height, *self.frame_center, self.cairo_line_width_multiple

    def seen_from(self, mobject: Mobject) -> Any:
        """What its place in the frame depends on, beside its own."""
        return self.view

    def is_shaded(self, vmobject: VMobject) -> bool:
        """Whether its colours depend on where the light comes from."""
        return False

    def gradient_ends(self, vmobject: VMobject) -> list[float]:
        """x and y in the frame of both ends."""
        ends = np.asarray(self.transform_points_pre_display(vmobject, vmobject.get_gradient_start_and_end_points()))
        flat: list[float] = ends[:, :2].ravel().tolist()
        return flat

    def _map_as_manim(self) -> None:
        """Let all sheets map the scene to pixels as the context of Manim's canvas does, see `fix_view`."""
        context = self.get_cairo_context(self.pixel_array)
        self._front.sheet, self._matrix = Sheet(self.pixel_array, context), context.get_matrix()
        for sheet in (self._still.sheet, self._aside):
            assert sheet.context is not None
            sheet.context.set_matrix(self._matrix)

    def _draw_by_manim(self, layer: Layer, members: list[Mobject], reason: str) -> None:
        if not self._has_said:
            tell(f"{SLOW} {reason}")
        self._has_said = True
        assert layer.below is not None
        self.set_frame_to_background(layer.below)
        self.capture_mobjects(members, include_submobjects=False)
        if layer is not self._front:
            layer.sheet.pixels[:] = self.pixel_array
        layer.order = None

    def _changes(self, layer: Layer, members: Sequence[Mobject]) -> int:
        """The tiles where the layer may not be what it was. All that is kept of ``members`` is as they are now."""
        order = list(map(id, members))
        if layer.order is None:
            touched = self.tiles.all
            layer.drawn.clear()
        else:
            touched = NONE if order == layer.order else _change_order(layer, order)
        layer.order = order
        drawn = [_drawn_of(member, layer) for member in members]
        before = [one.tiles for one in drawn]
        is_same = [one.follow(member, self) for one, member in zip(drawn, members, strict=True)]
        shapes = [(member, one) for member, one in zip(members, drawn, strict=True) if isinstance(one, Shape)]
        self._place([(vmobject, shape) for vmobject, shape in shapes if not shape.is_placed])
        for one, was, same in zip(drawn, before, is_same, strict=True):
            if not same:
                if isinstance(one, Shape):
                    one.tiles = self._tiles_of(one)
                touched |= was | one.tiles
        return touched

    def _place(self, moved: Iterable[tuple[VMobject, Shape]]) -> None:
        """Say where these are in the frame."""
        for vmobject, shape in moved:
            lowest, highest = vmobject.points.min(axis=0).tolist(), vmobject.points.max(axis=0).tolist()
            shape.place(vmobject.points.copy(), lowest, highest)  # the array may be another's by the time it is drawn

    def _tiles_of(self, shape: Shape) -> int:
        """A shape lies within its points (Bezier curves do), and its lines reach beyond by their width."""
        left, low, right, high = shape.bounds
        matrix = self._matrix  # its y axis points down
        scale = max(matrix.xx, -matrix.yy)
        reach = float(shape.line_width) * self.cairo_line_width_multiple / 2 * MITER * scale + BLUR
        ends = (
            matrix.xx * left + matrix.x0 - reach,
            matrix.xx * right + matrix.x0 + reach,
            matrix.yy * high + matrix.y0 - reach,
            matrix.yy * low + matrix.y0 + reach,
        )
        return self.tiles.span(*ends) if min(ends) > -CAIROS and max(ends) < CAIROS else self.tiles.all

    def _draw_tiles(self, layer: Layer, tiles: int, members: Iterable[Mobject]) -> None:
        """Make ``tiles`` of the layer what lies below with the members that reach there.

        What is drawn beyond would lie on itself there. Cairo could leave it off, but where a shape is cut it has, here
        and there, another shade at its edges. So it is drawn whole, on a sheet of which the tiles are taken.
        """
        reaching = [(member, one) for member in members if (one := layer.drawn[id(member)]).tiles & tiles]
        is_aside = any(one.tiles & ~tiles for _, one in reaching)
        sheet = self._aside if is_aside else layer.sheet
        boxes = self.tiles.exactly(tiles)
        assert layer.below is not None
        for box in boxes:
            sheet.pixels[box.slices] = layer.below[box.slices]
        for member, one in reaching:
            one.draw(member, self, sheet)
        if is_aside:
            for box in boxes:
                layer.sheet.pixels[box.slices] = sheet.pixels[box.slices]


class ClipMovingCamera(ClipCamera, MovingCamera):
    """Follows its frame, a mobject."""

    manims = MovingCamera


class ClipMultiCamera(ClipMovingCamera, MultiCamera):
    """Shows also what other cameras see."""

    manims = MultiCamera

    def _draw_on(self, layer: Layer, differs: int, mobjects: Iterable[Mobject], **options: Any) -> int:
        mobjects, images = list(mobjects), self.image_mobjects_from_cameras
        if len(images) == 1 and not self.allow_cameras_to_capture_their_own_display:
            self._draw_inner(images[0], list_difference_update(mobjects, images[0].get_family()), **options)
        elif images:
            self._capture_inner(mobjects, **options)
        return super()._draw_on(layer, differs, mobjects, **options)

    def _draw_inner(self, image: Any, mobjects: list[Mobject], **options: Any) -> None:
        camera = image.camera
        height, width = self.pixel_array.shape[:2]
        size = int(height * image.height / self.frame_height), int(width * image.width / self.frame_width)
        if (camera.pixel_height, camera.pixel_width) == size:
            camera.resize_frame_shape()
        else:
            camera.reset_pixel_shape(*size)
        if type(camera) is MovingCamera:
            camera.__class__ = ClipMovingCamera
            camera.make_ready(self._is_transparent)
        elif type(camera) is not ClipMovingCamera:
            camera.reset()
            camera.capture_mobjects(mobjects, **options)
            return
        elif camera.pixel_array is not camera._front.sheet.pixels:
            camera.make_ready(self._is_transparent)
        camera.draw(camera.background, mobjects, **options)

    def _capture_inner(self, mobjects: list[Mobject], **options: Any) -> None:
        """As Manim does: pictures that show each other depend on the order in which they are drawn."""
        self.update_sub_cameras()
        for image in self.image_mobjects_from_cameras:
            to_add = mobjects
            if not self.allow_cameras_to_capture_their_own_display:
                to_add = list_difference_update(mobjects, image.get_family())
            image.camera.capture_mobjects(to_add, **options)


def uncolour(ground: Pixels) -> None:
    """Take its colour away if nothing of it is seen: Manim mixes it into what is half seen through over it."""
    if not ground[..., 3].any():
        ground[:] = 0


def _change_order(layer: Layer, now: Sequence[int]) -> int:
    """What is gone, has come, or has another place among the others is as good as changed; where it was."""
    before = layer.order or []
    all_before, all_now = set(before), set(now)
    stay = [name for name in before if name in all_now]
    others = all_before ^ all_now if stay == [name for name in now if name in all_before] else all_before | all_now
    touched = NONE
    for name in others:
        if name in layer.drawn:
            touched |= layer.drawn[name].tiles
    for name in all_before - all_now:
        del layer.drawn[name]
    return touched


def _drawn_of(member: Mobject, layer: Layer) -> Drawn:
    kind, drawn = _kind(member), layer.drawn.get(id(member))
    assert kind is not None
    if type(drawn) is not kind:
        drawn = layer.drawn[id(member)] = kind(member)
    return drawn


def _kind(member: Mobject) -> type[Drawn] | None:
    """None: it is not seen; others have points as well, a ValueTracker keeps its value in one."""
    if isinstance(member, VMobject):
        return Shape
    if isinstance(member, PMobject):
        return Cloud
    return Picture if isinstance(member, AbstractImageMobject) else None


def _hindrance(member: Mobject) -> str | None:
    """Why Manim has to draw it."""
    if isinstance(member, VMobject):
        return (
            "a shape takes its colours from an image (color_using_background_image)"
            if member.background_image
            else None
        )
    if isinstance(member, AbstractImageMobject):
        if type(member).get_pixel_array not in KEPT:
            return "an image makes its pixels whenever it is asked for them"
        pixels = member.get_pixel_array()
        return None if pixels.dtype == np.uint8 and pixels.shape[2:] == (4,) else "an image is not of 8 bits a colour"
    return None
