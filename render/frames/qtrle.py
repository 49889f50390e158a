"""Encodes QuickTime Animation: differences from the frame before, in runs of equal pixels; lossless, with alpha.

FFmpeg's own encoder (qtrle) searches each line backwards for the best choice at each pixel. That takes three to seven
times as long as taking the next run at once, and the files are no smaller.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from av.container import OutputContainer
from av.packet import Packet
from av.video.stream import VideoStream
from gradreel.render.frames.h264 import KEYFRAME_SECONDS, set_up
from gradreel.render.frames.pictures import Pixels
from gradreel.render.frames.pixel_loops import run_lengths
from gradreel.render.settings import RenderSettings


class QtrleStream:
    """One QuickTime Animation stream of ``container``."""

    def __init__(self, container: OutputContainer, settings: RenderSettings) -> None:
        stream = container.add_stream("qtrle", rate=Fraction(settings.fps))
        assert isinstance(stream, VideoStream)
        set_up(stream.codec_context, settings, "argb")  # for its header; no frame goes through this encoder
        self._container, self._stream, self._settings = container, stream, settings
        self._before: Pixels = np.zeros((settings.height, settings.width, 4), np.uint8)
        self._packet = np.empty(settings.height * (settings.width * 5 + 2) + 15, np.uint8)
        self._next = 0  # number of the next frame

    def write(self, pixels: Pixels, repeat: int) -> None:
        """Write the next frame, shown ``repeat`` times. Every `KEYFRAME_SECONDS` seconds a frame is a key frame."""
        for _ in range(repeat):
            is_key = self._next % (KEYFRAME_SECONDS * self._settings.fps) == 0
            size = run_lengths(pixels, self._before, is_key, self._packet)
            packet = Packet(self._packet[:size].tobytes())
            packet.stream, packet.time_base = self._stream, Fraction(1, self._settings.fps)
            packet.pts = packet.dts = self._next
            packet.duration, packet.is_keyframe = 1, is_key
            self._container.mux(packet)
            self._next += 1
