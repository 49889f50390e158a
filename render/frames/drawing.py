"""A faster Cairo renderer for Manim. Each frame equals Manim's, pixel by pixel.

For each frame Manim copies the still part of the picture, draws all moving mobjects on it, and copies the result for
the encoder. It also draws skipped frames. Here a camera draws only changes, the encoder gets only changes, and skipped
frames are not drawn.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from gradreel.render.frames.cameras import SLOW, ClipCamera, ClipMovingCamera, ClipMultiCamera
from gradreel.render.frames.encode import ClipEncoder
from gradreel.render.frames.pictures import NONE, Pixels
from gradreel.render.frames.three_d import ClipThreeDCamera
from gradreel.render.workers.worker_process import tell_user
from manim import CairoRenderer, Camera, Mobject, Scene
from manim.utils.iterables import list_update

CAMERAS = {camera.manims: camera for camera in (ClipCamera, ClipMovingCamera, ClipMultiCamera, ClipThreeDCamera)}
_MANIMS_ATTRIBUTES = {kind: dict(vars(kind)) for kind in (CairoRenderer, *CAMERAS)}


class ClipRenderer(CairoRenderer):
    """Renderer that passes a `ClipEncoder` the parts of each frame that may differ from the frame before."""

    _encoder: ClipEncoder
    _shows: ClipCamera  # the camera of the last frame that was encoded
    _undrawn: list[Mobject] | None  # mobjects of a skipped frame that has not been drawn; None: the picture is current

    @classmethod
    def take_over(cls, scene: Scene, encoder: ClipEncoder) -> None:
        """Make ``scene`` use this class and our cameras, if its renderer and its camera are Manim's own.

        A scene creates both in its constructor, which may be the user's and accept no arguments. So the existing
        objects change their classes and keep their state. Otherwise Manim draws the scene, and a message says why.
        """
        renderer, camera = scene.renderer, scene.camera
        if type(camera) is not Camera:
            encoder.expect_motion()
        if (reason := _reason_for_manim(renderer, camera, encoder)) is not None:
            tell_user(f"{SLOW} {reason}")
            return
        camera.__class__, renderer.__class__ = CAMERAS[type(camera)], cls
        camera.make_ready(encoder.is_transparent)
        renderer._encoder, renderer._shows, renderer._undrawn = encoder, camera, None

    def play(self, scene: Scene, *animations: Any, **options: Any) -> None:
        """Play the animations, after a look at the scene's camera."""
        self._look_at_camera(scene)
        CairoRenderer.play(self, scene, *animations, **options)

    def scene_finished(self, scene: Scene) -> None:
        """End the scene, after a look at its camera."""
        self._look_at_camera(scene)
        CairoRenderer.scene_finished(self, scene)

    def _look_at_camera(self, scene: Scene) -> None:
        """Adapt to a new camera or to replaced functions: the scene may have set either since the last play."""
        camera = self.camera
        if not isinstance(camera, ClipCamera):
            self.__class__ = CairoRenderer
            ClipRenderer.take_over(scene, self._encoder)
        elif (reason := _own_function(self, camera)) is not None:
            # our camera's methods under Manim's names do what Manim's do, so Manim's renderer can use it
            self.__class__ = CairoRenderer
            tell_user(f"{SLOW} {reason}")
        elif camera is not self._shows:
            self._shows, camera.tiles.marked = camera, camera.tiles.all

    def render(self, scene: Scene, time: float, moving_mobjects: Iterable[Mobject] | None = None) -> None:
        """Draw the frame and, unless it is skipped, encode it."""
        self.update_frame(scene, moving_mobjects)
        if not self.skip_animations:
            self._hand_over(1)

    def add_frame(self, frame: Pixels, num_frames: int = 1) -> None:
        """Encode a frame of the scene's own. The next frame may differ from it everywhere."""
        pixels = self._encoder.buffer()
        pixels[:] = frame
        CairoRenderer.add_frame(self, pixels, num_frames)
        self.camera.tiles.marked = self.camera.tiles.all

    def get_frame(self) -> Pixels:
        """Return a copy of the current picture; draw it first if it was skipped."""
        undrawn, self._undrawn = self._undrawn, None
        if undrawn is not None:
            self.camera.draw(self.camera.background, undrawn)
        pixels: Pixels = CairoRenderer.get_frame(self)
        return pixels

    def freeze_current_frame(self, duration: float) -> None:
        """Encode the current frame for ``duration`` seconds, unless it is skipped."""
        if not self.skip_animations:
            self._hand_over(int(duration / (1 / self.camera.frame_rate)))

    def save_static_frame_data(self, scene: Scene, static_mobjects: Iterable[Mobject]) -> Any:
        """Draw the mobjects that stand still during the play that begins; return the picture, None without any."""
        self.static_image = None
        if self.skip_animations:
            self.camera.fix_view(static_mobjects)
            return None
        self.camera.begin_play()
        if static_mobjects:
            self.static_image = self.camera.draw_still(static_mobjects)
        return self.static_image

    def update_frame(
        self,
        scene: Scene,
        mobjects: Iterable[Mobject] | None = None,
        include_submobjects: bool = True,
        ignore_skipping: bool = True,
        **options: Any,
    ) -> None:
        """Draw ``mobjects`` (by default all) above the still ones; a skipped frame only fixes the view."""
        camera: ClipCamera = self.camera
        if self.skip_animations:
            self._undrawn = list_update(scene.mobjects, scene.foreground_mobjects)
            camera.fix_view(mobjects or self._undrawn)
            return
        self._undrawn = None
        shown = mobjects or list_update(scene.mobjects, scene.foreground_mobjects)
        below = camera.background if self.static_image is None else self.static_image
        camera.draw(below, shown, include_submobjects=include_submobjects, **options)

    def _hand_over(self, frames: int) -> None:
        """Pass the current picture to the encoder for ``frames`` frames: the marked tiles, or all of it."""
        self.time += frames * (1 / self.camera.frame_rate)
        pixels, tiles = self.camera.pixel_array, self.camera.tiles
        marked, tiles.marked = tiles.marked, NONE
        if marked == tiles.all:
            whole = self._encoder.buffer()
            whole[:] = pixels
            self.file_writer.write_frame(whole, repeat=frames)
        else:
            self.file_writer.write_frame(pixels, repeat=frames, boxes=tiles.roughly(marked))


def _reason_for_manim(renderer: Any, camera: Any, encoder: ClipEncoder) -> str | None:
    """Return why Manim has to draw the scene; None if we can."""
    if type(renderer) is not CairoRenderer:
        return f"its renderer is a {type(renderer).__name__}"
    if type(camera) not in CAMERAS:
        return f"its camera is a {type(camera).__name__}"
    if camera.pixel_array.shape != encoder.shape or camera.pixel_array.dtype != np.uint8:
        return "its camera has a size of its own"
    return _own_function(renderer, camera)


def _own_function(renderer: Any, camera: Any) -> str | None:
    """Return a message if any function of Manim's was replaced, in these objects or in their classes; else None."""
    for thing in (renderer, renderer.file_writer, camera):
        for name, value in vars(thing).items():
            if callable(value) and hasattr(type(thing), name):
                return f"its {name} is not Manim's"
    for kind, names in _MANIMS_ATTRIBUTES.items():
        for name, value in names.items():
            if vars(kind).get(name) is not value:
                return f"{kind.__name__}.{name} is not Manim's"
    return None
