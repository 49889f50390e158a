"""Manim's Cairo renderer without what a frame need not cost; each frame is the one that Manim draws, pixel by pixel.

Manim lays the still part of the picture down anew for each frame, draws on it all that may move, copies the picture for
the encoder, and draws also what is skipped. Here a camera draws what differs from what it has drawn last, nothing else
goes to the encoder, and what is skipped is not drawn.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from gradreel.render.frames.cameras import SLOW, ClipCamera, ClipMovingCamera, ClipMultiCamera
from gradreel.render.frames.encode import ClipEncoder
from gradreel.render.frames.pictures import NONE, Pixels
from gradreel.render.frames.three_d import ClipThreeDCamera
from gradreel.render.workers.worker_process import tell
from manim import CairoRenderer, Camera, Mobject, Scene
from manim.utils.iterables import list_update

CAMERAS = {camera.manims: camera for camera in (ClipCamera, ClipMovingCamera, ClipMultiCamera, ClipThreeDCamera)}
_as_manim_has_them = {kind: dict(vars(kind)) for kind in (CairoRenderer, *CAMERAS)}


class ClipRenderer(CairoRenderer):
    """Hands a `ClipEncoder` what may differ in each frame from the frame before."""

    _encoder: ClipEncoder
    _shows: ClipCamera  # whose picture the encoder was given last
    _behind: list[Mobject] | None  # what is to be seen, if it has skipped that since its picture was drawn

    @classmethod
    def take_over(cls, scene: Scene, encoder: ClipEncoder) -> None:
        """Have ``scene`` drawn by this class, where its renderer and its camera are Manim's own.

        A scene makes both in its constructor, which may be the user's and take neither: so those that it has change
        their classes. What they hold stays as it is.
        """
        renderer, camera = scene.renderer, scene.camera
        if type(camera) is not Camera:
            encoder.expect_motion()
        if (reason := _hindrance(renderer, camera, encoder)) is not None:
            tell(f"{SLOW} {reason}")
            return
        camera.__class__, renderer.__class__ = CAMERAS[type(camera)], cls
        camera.make_ready(encoder.is_transparent)
        renderer._encoder, renderer._shows, renderer._behind = encoder, camera, None

    def play(self, scene: Scene, *animations: Any, **options: Any) -> None:
        self._look_at_camera(scene)
        CairoRenderer.play(self, scene, *animations, **options)

    def scene_finished(self, scene: Scene) -> None:
        self._look_at_camera(scene)
        CairoRenderer.scene_finished(self, scene)

    def _look_at_camera(self, scene: Scene) -> None:
        """The scene may have put another one in the place of its own, or other functions in that of Manim's."""
        camera = self.camera
        if not isinstance(camera, ClipCamera):
            self.__class__ = CairoRenderer
            ClipRenderer.take_over(scene, self._encoder)
        elif (reason := _own_function(self, camera)) is not None:
            self.__class__ = CairoRenderer  # as for the camera, its functions of Manim's names do what Manim's do
            tell(f"{SLOW} {reason}")
        elif camera is not self._shows:
            self._shows, camera.tiles.marked = camera, camera.tiles.all

    def render(self, scene: Scene, time: float, moving_mobjects: Iterable[Mobject] | None = None) -> None:
        self.update_frame(scene, moving_mobjects)
        if not self.skip_animations:
            self._hand_over(1)

    def add_frame(self, frame: Pixels, num_frames: int = 1) -> None:
        """One of the scene's own, which stays its own; what comes next differs from it everywhere."""
        pixels = self._encoder.buffer()
        pixels[:] = frame
        CairoRenderer.add_frame(self, pixels, num_frames)
        self.camera.tiles.marked = self.camera.tiles.all

    def get_frame(self) -> Pixels:
        behind, self._behind = self._behind, None
        if behind is not None:
            self.camera.draw(self.camera.background, behind)
        pixels: Pixels = CairoRenderer.get_frame(self)
        return pixels

    def freeze_current_frame(self, duration: float) -> None:
        if not self.skip_animations:
            self._hand_over(int(duration / (1 / self.camera.frame_rate)))

    def save_static_frame_data(self, scene: Scene, static_mobjects: Iterable[Mobject]) -> Any:
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
        camera: ClipCamera = self.camera
        if self.skip_animations:
            self._behind = list_update(scene.mobjects, scene.foreground_mobjects)
            camera.fix_view(mobjects or self._behind)
            return
        self._behind = None
        shown = mobjects or list_update(scene.mobjects, scene.foreground_mobjects)
        below = camera.background if self.static_image is None else self.static_image
        camera.draw(below, shown, include_submobjects=include_submobjects, **options)

    def _hand_over(self, frames: int) -> None:
        self.time += frames * (1 / self.camera.frame_rate)
        pixels, tiles = self.camera.pixel_array, self.camera.tiles
        marked, tiles.marked = tiles.marked, NONE
        if marked == tiles.all:
            whole = self._encoder.buffer()
            whole[:] = pixels
            self.file_writer.write_frame(whole, repeat=frames)
        else:
            self.file_writer.write_frame(pixels, repeat=frames, boxes=tiles.roughly(marked))


def _hindrance(renderer: Any, camera: Any, encoder: ClipEncoder) -> str | None:
    """Why Manim has to draw the scene."""
    if type(renderer) is not CairoRenderer:
        return f"its renderer is a {type(renderer).__name__}"
    if type(camera) not in CAMERAS:
        return f"its camera is a {type(camera).__name__}"
    if camera.pixel_array.shape != encoder.shape or camera.pixel_array.dtype != np.uint8:
        return "its camera has a size of its own"
    return _own_function(renderer, camera)


def _own_function(renderer: Any, camera: Any) -> str | None:
    """That somebody has put a function in the place of one of Manim's, in one of these or in their classes."""
    for thing in (renderer, renderer.file_writer, camera):
        for name, value in vars(thing).items():
            if callable(value) and hasattr(type(thing), name):
                return f"its {name} is not Manim's"
    for kind, names in _as_manim_has_them.items():
        for name, value in names.items():
            if vars(kind).get(name) is not value:
                return f"{kind.__name__}.{name} is not Manim's"
    return None
