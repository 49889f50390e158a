"""Manim's Cairo renderer without what a frame need not cost; each frame is the one that Manim draws, pixel by pixel.

Manim lays the still part of the picture down anew for each frame, draws on it all that may move, copies the picture for
the encoder, and draws also what is skipped. Here a camera draws what differs from what it has drawn last, nothing else
goes to the encoder, and what is skipped is not drawn.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from gradreel.scenes.render.frames.cameras import SLOW, ClipCamera, ClipMovingCamera, ClipMultiCamera
from gradreel.scenes.render.frames.encode import ClipEncoder
from gradreel.scenes.render.frames.pictures import NONE
from gradreel.scenes.render.frames.three_d import ClipThreeDCamera
from gradreel.scenes.render.workers.worker_process import tell
from manim import CairoRenderer, Camera, Mobject, Scene
from manim.utils.iterables import list_update

CAMERAS = {camera.manims: camera for camera in (ClipCamera, ClipMovingCamera, ClipMultiCamera, ClipThreeDCamera)}


class ClipRenderer(CairoRenderer):
    """Hands a `ClipEncoder` what may differ in each frame from the frame before."""

    _encoder: ClipEncoder

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
        camera.make_ready()
        renderer._encoder = encoder

    def play(self, scene: Scene, *animations: Any, **options: Any) -> None:
        self._look_at_camera(scene)
        CairoRenderer.play(self, scene, *animations, **options)

    def scene_finished(self, scene: Scene) -> None:
        self._look_at_camera(scene)
        CairoRenderer.scene_finished(self, scene)

    def _look_at_camera(self, scene: Scene) -> None:
        """Take over another one that the scene has put in the place of its own."""
        if not isinstance(self.camera, ClipCamera):
            self.__class__ = CairoRenderer
            ClipRenderer.take_over(scene, self._encoder)

    def render(self, scene: Scene, time: float, moving_mobjects: Iterable[Mobject] | None = None) -> None:
        self.update_frame(scene, moving_mobjects)
        if not self.skip_animations:
            self._hand_over(1)

    def freeze_current_frame(self, duration: float) -> None:
        if not self.skip_animations:
            self._hand_over(int(duration / (1 / self.camera.frame_rate)))

    def save_static_frame_data(self, scene: Scene, static_mobjects: Iterable[Mobject]) -> Any:
        self.static_image = None
        if self.skip_animations:
            self.camera.pass_over(static_mobjects)
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
        shown = mobjects or list_update(scene.mobjects, scene.foreground_mobjects)
        if self.skip_animations:
            camera.pass_over(shown)
            return
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
    return None
