"""Manim's cameras, changed to draw only the parts of the picture that differ from the last frame.

Two layers are kept: the mobjects that stand still during a play, and above them the whole picture. Each is drawn only
at tiles that changed: there the lower layer is copied, and each mobject that reaches there is drawn on it. When a
camera moves, everything it sees has changed.
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
from gradreel.render.workers.worker_process import tell_user
from manim import Camera, ImageMobject, Mobject, MovingCamera, MultiCamera, PMobject, VMobject
from manim.mobject.types.image_mobject import AbstractImageMobject, ImageMobjectFromCamera
from manim.utils.iterables import list_difference_update

MITER = 10.0  # Cairo extends the corner of a line by at most this many half line widths
CAIROS = 2.0**23  # pixels: Cairo's coordinates overflow beyond this and may reappear elsewhere
BLUR = 2  # pixels that a shape's antialiased edge may extend beyond it
SLOW = "drawn by Manim itself, and no faster:"  # begins the message that Manim draws a scene

# methods that return stored pixels and do not compute new ones
KEPT = (ImageMobject.get_pixel_array, ImageMobjectFromCamera.get_pixel_array)

_z_index = attrgetter("z_index")


class Layer:
    """A picture, the mobjects drawn on it, and the picture below it."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.drawn: dict[int, Drawn] = {}  # by the mobject's id
        # ids of the drawn mobjects in order; None: the picture is unknown and must be drawn anew
        self.order: list[int] | None = None
        self.below: Pixels | None = None  # the picture that was copied first
        self.changed = NONE  # tiles that changed since the layer above was last drawn

    def covered(self) -> int:
        """Return the tiles that any mobject of this layer touches."""
        return reduce(or_, (drawn.tiles for drawn in self.drawn.values()), NONE)


class ClipCamera(Camera):
    """Manim's plain camera, which can also draw only the changes since its last picture."""

    manims: type[Camera] = Camera
    tiles: Tiles
    """The canvas's tiles. Drawing marks the changed ones; the code that takes the picture clears the marks."""
    view: tuple[Any, ...]
    """Position and settings of the camera; the picture changes everywhere when it does."""
    _front: Layer  # the whole picture; its sheet has no Cairo context until a shape is drawn in this view
    _still: Layer  # above the background: mobjects that stand still during a play
    _aside: Sheet  # a sheet for drawing whole shapes of which only some tiles are used
    _matrix: cairo.Matrix  # maps the scene to pixels, for all three sheets
    _ground: Pixels | None  # a copy of the background at the start of the last play
    _has_told_slow: bool  # the message that Manim draws was printed
    _is_transparent: bool

    def make_ready(self, is_transparent: bool) -> None:
        """Prepare for the first frame, or for another picture size.

        ``is_transparent``: the file has an alpha channel.
        """
        self._is_transparent = is_transparent
        self.tiles = Tiles(self.pixel_width, self.pixel_height)
        self.tiles.marked = self.tiles.all
        self.view, self._has_told_slow = (), False
        self._aside, self._ground = self._sheet(), None
        self._front, self._still = Layer(Sheet(self.pixel_array, None)), Layer(self._sheet())
        if is_transparent:
            clear_color(self.background)

    def _sheet(self) -> Sheet:
        """Return an empty sheet of the canvas's size."""
        pixels = np.zeros_like(self.pixel_array)
        return Sheet(pixels, self.get_cairo_context(pixels))

    def __deepcopy__(self, memo: Any) -> Camera:
        """Return a copy that is Manim's own camera, because two of ours cannot draw on one canvas."""
        camera_copy = copy.copy(self)
        camera_copy.__class__ = self.manims
        return camera_copy

    def capture_mobjects(self, mobjects: Iterable[Mobject], **options: Any) -> None:
        """Draw ``mobjects`` as Manim does, on top of the canvas."""
        self._may_show_anything()
        super().capture_mobjects(mobjects, **options)

    def init_background(self) -> None:
        """Fill the background after its colour or opacity has changed."""
        super().init_background()
        if self._is_transparent:
            clear_color(self.background)

    def set_pixel_array(self, *picture: Any, **options: Any) -> None:
        """Replace the whole picture, as `reset` does."""
        self._may_show_anything()
        super().set_pixel_array(*picture, **options)

    def _may_show_anything(self) -> None:
        """Note that the canvas may hold any picture, so that all of it is drawn anew."""
        self._front.order, self.tiles.marked = None, self.tiles.all

    def get_mobjects_to_display(
        self,
        mobjects: Iterable[Mobject],
        include_submobjects: bool = True,
        excluded_mobjects: list[Mobject] | None = None,
    ) -> list[Mobject]:
        """Return the members of all families that have points, each at its last occurrence, in one walk.

        Equal to Manim's result, which needs many passes. With options that exclude members, Manim's own method runs.
        """
        if not include_submobjects or excluded_mobjects:
            members: list[Mobject] = super().get_mobjects_to_display(mobjects, include_submobjects, excluded_mobjects)
            return members
        visible: dict[Mobject, None] = {}
        waiting = [*mobjects][::-1]
        while waiting:
            mobject = waiting.pop()
            if len(mobject.points) > 0:
                visible.pop(mobject, None)
                visible[mobject] = None
            waiting.extend(reversed(mobject.submobjects))
        return sorted(visible, key=_z_index) if self.use_z_index else list(visible)

    def begin_play(self) -> None:
        """Draw everything anew if the background has changed: any code may write into that array."""
        if self._ground is None or not np.array_equal(self._ground, self.background):
            self._ground = self.background.copy()
            self._front.order = self._still.order = None

    def fix_view(self, mobjects: Iterable[Mobject]) -> None:
        """Fix the camera's map from scene to pixels, as Manim does when it draws ``mobjects``; draw nothing.

        Manim skips these frames. Its plain camera maps the scene to pixels by its frame's size at its first shape;
        later sizes are ignored.
        """
        is_fixed = self.get_cached_cairo_context(self.pixel_array) is not None
        members = (member for mobject in mobjects for member in mobject.get_family())
        if not is_fixed and any(isinstance(member, VMobject) and len(member.points) for member in members):
            self.get_cairo_context(self.pixel_array)  # Manim's cache keeps the context, and its map

    def draw_still(self, mobjects: Iterable[Mobject], **options: Any) -> Pixels:
        """Return the background with ``mobjects`` on it, to be passed to `draw`. The next call reuses the array."""
        layer, below = self._still, self.background
        if below is not layer.below:
            layer.below, layer.order = below, None
        layer.changed |= self._draw_on(layer, NONE, mobjects, **options)
        return layer.sheet.pixels

    def draw(self, below: Pixels, mobjects: Iterable[Mobject], **options: Any) -> None:
        """Draw the whole picture: ``mobjects`` on ``below``, the background or the result of `draw_still`."""
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
        """Draw ``mobjects`` on a layer and return the tiles that may have changed.

        ``differs`` has the tiles that changed in the picture below. If Manim must draw a mobject, Manim draws them all.
        """
        self.look()
        members = [member for member in self.get_mobjects_to_display(mobjects, **options) if _drawn_class_of(member)]
        if (reason := next(filter(None, map(_reason_for_manim, members)), None)) is not None:
            self._draw_by_manim(layer, members, reason)
            return self.tiles.all
        if self._front.sheet.context is None and any(isinstance(member, VMobject) for member in members):
            self._map_as_manim()
        touched = differs | self._changes(layer, members)
        if touched != NONE:
            self._draw_tiles(layer, touched, members)
        return touched

    def look(self) -> None:
        """Take up the camera's current position and settings."""
        view = self._view()
        if view != self.view:
            self.view, self._front.sheet = view, Sheet(self.pixel_array, None)

    def _view(self) -> tuple[Any, ...]:
        """Return all settings that the whole picture depends on, to compare views."""
        return self.frame_width, self.frame_height, *self.frame_center, self.cairo_line_width_multiple

    def seen_from(self, mobject: Mobject) -> Any:
        """Return all that the mobject's picture depends on besides the mobject itself."""
        return self.view

    def is_shaded(self, vmobject: VMobject) -> bool:
        """Return whether the vmobject's colours depend on the light."""
        return False

    def gradient_ends(self, vmobject: VMobject) -> list[float]:
        """Return x and y of both ends of the vmobject's gradient in the frame."""
        ends = np.asarray(self.transform_points_pre_display(vmobject, vmobject.get_gradient_start_and_end_points()))
        flat: list[float] = ends[:, :2].ravel().tolist()
        return flat

    def _map_as_manim(self) -> None:
        """Give all sheets the map from scene to pixels that Manim's context has, see `fix_view`."""
        context = self.get_cairo_context(self.pixel_array)
        self._front.sheet, self._matrix = Sheet(self.pixel_array, context), context.get_matrix()
        for sheet in (self._still.sheet, self._aside):
            assert sheet.context is not None
            sheet.context.set_matrix(self._matrix)

    def _draw_by_manim(self, layer: Layer, members: list[Mobject], reason: str) -> None:
        """Draw the layer by Manim's own methods; print ``reason`` the first time."""
        if not self._has_told_slow:
            tell_user(f"{SLOW} {reason}")
        self._has_told_slow = True
        assert layer.below is not None
        self.set_frame_to_background(layer.below)
        self.capture_mobjects(members, include_submobjects=False)
        if layer is not self._front:
            layer.sheet.pixels[:] = self.pixel_array
        layer.order = None

    def _changes(self, layer: Layer, members: Sequence[Mobject]) -> int:
        """Return the tiles where the layer may have changed; update its record of each of ``members``."""
        order = list(map(id, members))
        if layer.order is None:
            touched = self.tiles.all
            layer.drawn.clear()
        else:
            touched = NONE if order == layer.order else _change_order(layer, order)
        layer.order = order
        drawn = [_drawn_of(member, layer) for member in members]
        previous_tiles = [item.tiles for item in drawn]
        unchanged_flags = [item.follow(member, self) for item, member in zip(drawn, members, strict=True)]
        shapes = [(member, item) for member, item in zip(members, drawn, strict=True) if isinstance(item, Shape)]
        self._place([(vmobject, shape) for vmobject, shape in shapes if not shape.is_placed])
        for item, previous, unchanged in zip(drawn, previous_tiles, unchanged_flags, strict=True):
            if not unchanged:
                if isinstance(item, Shape):
                    item.tiles = self._tiles_of(item)
                touched |= previous | item.tiles
        return touched

    def _place(self, moved: Iterable[tuple[VMobject, Shape]]) -> None:
        """Compute the moved shapes' points and bounds in the frame."""
        for vmobject, shape in moved:
            lowest, highest = vmobject.points.min(axis=0).tolist(), vmobject.points.max(axis=0).tolist()
            # a copy, because the mobject's array may change before it is drawn
            shape.place(vmobject.points.copy(), lowest, highest)

    def _tiles_of(self, shape: Shape) -> int:
        """Return the tiles that a shape touches.

        A shape lies within its control points, as Bezier curves do. Its lines reach beyond them by their width.
        """
        left, low, right, high = shape.bounds
        matrix = self._matrix  # the y axis points down
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
        """Draw ``tiles`` of the layer anew: the picture below, then the members that touch these tiles.

        A shape is always drawn whole, because Cairo changes some shades at the edges of a clipped shape. At other tiles
        it would be drawn twice. So if a shape reaches other tiles, all are drawn on a sheet aside, and only ``tiles``
        are copied from there.
        """
        reaching = [(member, drawn) for member in members if (drawn := layer.drawn[id(member)]).tiles & tiles]
        is_aside = any(drawn.tiles & ~tiles for _, drawn in reaching)
        sheet = self._aside if is_aside else layer.sheet
        boxes = self.tiles.exactly(tiles)
        assert layer.below is not None
        for box in boxes:
            sheet.pixels[box.slices] = layer.below[box.slices]
        for member, drawn in reaching:
            drawn.draw(member, self, sheet)
        if is_aside:
            for box in boxes:
                layer.sheet.pixels[box.slices] = sheet.pixels[box.slices]


class ClipMovingCamera(ClipCamera, MovingCamera):
    """Camera that follows its frame, which is a mobject."""

    manims = MovingCamera


class ClipMultiCamera(ClipMovingCamera, MultiCamera):
    """Camera that also shows the pictures of other cameras."""

    manims = MultiCamera

    def _draw_on(self, layer: Layer, differs: int, mobjects: Iterable[Mobject], **options: Any) -> int:
        """Draw the inner cameras' pictures first, then the layer. Returns the changed tiles."""
        mobjects, images = list(mobjects), self.image_mobjects_from_cameras
        if len(images) == 1 and not self.allow_cameras_to_capture_their_own_display:
            self._draw_inner(images[0], list_difference_update(mobjects, images[0].get_family()), **options)
        elif images:
            self._capture_inner(mobjects, **options)
        return super()._draw_on(layer, differs, mobjects, **options)

    def _draw_inner(self, image: Any, mobjects: list[Mobject], **options: Any) -> None:
        """Draw the picture of the one inner camera, by our camera where its class is Manim's moving camera."""
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
        """Draw the inner cameras' pictures as Manim does: pictures in each other depend on the order of drawing."""
        self.update_sub_cameras()
        for image in self.image_mobjects_from_cameras:
            to_add = mobjects
            if not self.allow_cameras_to_capture_their_own_display:
                to_add = list_difference_update(mobjects, image.get_family())
            image.camera.capture_mobjects(to_add, **options)


def clear_color(ground: Pixels) -> None:
    """Set a fully transparent background to black: Manim would mix its colour into translucent mobjects."""
    if not ground[..., 3].any():
        ground[:] = 0


def _change_order(layer: Layer, current: Sequence[int]) -> int:
    """Return the tiles of members that came, went or changed their order; forget those that went."""
    previous = layer.order or []
    previous_ids, current_ids = set(previous), set(current)
    remaining = [key for key in previous if key in current_ids]
    changed = (
        previous_ids ^ current_ids
        if remaining == [key for key in current if key in previous_ids]
        else previous_ids | current_ids
    )
    touched = NONE
    for key in changed:
        if key in layer.drawn:
            touched |= layer.drawn[key].tiles
    for key in previous_ids - current_ids:
        del layer.drawn[key]
    return touched


def _drawn_of(member: Mobject, layer: Layer) -> Drawn:
    """Return the layer's record of ``member``; a new one if its kind has changed."""
    kind, drawn = _drawn_class_of(member), layer.drawn.get(id(member))
    assert kind is not None
    if type(drawn) is not kind:
        drawn = layer.drawn[id(member)] = kind(member)
    return drawn


def _drawn_class_of(member: Mobject) -> type[Drawn] | None:
    """Return the class that draws ``member``; None for a mobject that is never drawn.

    Invisible mobjects have points, too: a ValueTracker keeps its value in one.
    """
    if isinstance(member, VMobject):
        return Shape
    if isinstance(member, PMobject):
        return Cloud
    return Picture if isinstance(member, AbstractImageMobject) else None


def _reason_for_manim(member: Mobject) -> str | None:
    """Return why Manim has to draw ``member``; None if we can."""
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
