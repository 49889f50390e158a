"""Manim's Cairo renderer without what a frame need not cost; each frame is the one that Manim draws, pixel by pixel.

Manim draws into one array, copies it for the encoder, and draws also what is skipped. Here each frame is drawn into a
buffer of the encoder's, which takes it as it is, and what is skipped is not drawn.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from gradreel.scenes.render.encode import ClipEncoder
from manim import CairoRenderer, Camera, Mobject, Scene
from manim.camera.mapping_camera import MappingCamera
from manim.camera.multi_camera import MultiCamera


class ClipRenderer(CairoRenderer):
    """Draws into the buffers of a `ClipEncoder`."""

    _encoder: ClipEncoder

    @classmethod
    def take_over(cls, scene: Scene, encoder: ClipEncoder) -> None:
        """Have ``scene`` drawn by this class, where its renderer and its camera are Manim's own and leave room for it.

        A scene makes its renderer and camera in its constructor, which may be the user's and take no renderer: so the
        one that it has changes its class. What it holds stays as it is.
        """
        renderer = scene.renderer
        if type(renderer) is not CairoRenderer or isinstance(renderer.camera, MultiCamera | MappingCamera):
            return  # cameras within cameras keep the array for themselves
        if renderer.camera.pixel_array.shape != encoder.buffer_shape or renderer.camera.pixel_array.dtype != np.uint8:
            return
        renderer.__class__ = cls
        renderer._encoder = encoder

    def render(self, scene: Scene, time: float, moving_mobjects: Iterable[Mobject] | None = None) -> None:
        if not self.skip_animations:
            self.update_frame(scene, moving_mobjects)
            self._hand_over(1)

    def freeze_current_frame(self, duration: float) -> None:
        if not self.skip_animations:
            self._hand_over(int(duration / (1 / self.camera.frame_rate)))

    def update_frame(self, scene: Scene, *arguments: Any, **options: Any) -> None:
        if not self.skip_animations:
            super().update_frame(scene, *arguments, **options)

    def save_static_frame_data(self, scene: Scene, static_mobjects: Iterable[Mobject]) -> Any:
        self.static_image = None
        return None if self.skip_animations else super().save_static_frame_data(scene, static_mobjects)

    def _hand_over(self, frames: int) -> None:
        """Give the picture to the encoder, and take a new array for the next."""
        self.time += frames * (1 / self.camera.frame_rate)
        camera: Camera = self.camera
        drawn = camera.pixel_array
        camera.pixel_array = self._encoder.buffer()
        self.file_writer.write_frame(drawn, repeat=frames)
