"""RGBA frames as the encoder wants them: of a frame only what differs from the one before is converted.

A lecture's picture stands still but for a part of it. Each two by two pixels are converted by themselves, so that what
is converted in parts equals the whole, byte by byte.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc, Interpolation, VideoReformatter
from gradreel.core.errors import UserError
from gradreel.render.frames.pictures import Box, Boxes, Pixels, one_above_another, runs
from numpy.typing import NDArray

try:
    from gradreel.render.frames.pixel_loops import take_up
except ModuleNotFoundError as error:
    raise UserError(
        "render/frames/pixel_loops.c is not compiled for this Python; run: ./run list, or: pip install -e ."
    ) from error

TILE_WIDTH, TILE_HEIGHT = 192, 72  # pixels


class Converter:
    """RGBA to a YUV format of VP9, BT.709, rounded in the same way on every machine."""

    def __init__(self, pixel_format: str) -> None:
        self._reformatter = VideoReformatter()  # it keeps its tables for as long as the size stays
        flags = Interpolation.BICUBIC | Interpolation.FULL_CHR_H_INT
        self._options: dict[str, Any] = {
            "format": pixel_format,
            "interpolation": flags | Interpolation.BITEXACT,
            "threads": 1,
            "dst_colorspace": Colorspace.ITU709,
            "src_color_range": ColorRange.JPEG,
            "dst_color_range": ColorRange.MPEG,
            "dst_color_trc": ColorTrc.BT709,
            "dst_color_primaries": ColorPrimaries.BT709,
        }

    def __call__(self, pixels: Pixels) -> VideoFrame:
        """``pixels`` as a frame of its own; rows may lie apart in memory, the pixels of one may not."""
        frame = VideoFrame.from_numpy_buffer(pixels, format="rgba")
        frame.color_trc, frame.color_primaries = ColorTrc.BT709, ColorPrimaries.BT709
        return self._reformatter.reformat(frame, **self._options)


PIXEL_FORMAT = "nv12"  # YUV 4:2:0 as x264 works on it

Planes: TypeAlias = Sequence[NDArray[np.uint8]]
"""Y, (height, width); U and V in turn, of two by two pixels each, (height / 2, width)."""

Converted: TypeAlias = Sequence[tuple[Box, Planes]]
"""What a picture differs in."""


class ChangingFrame:
    """One YUV 4:2:0 frame that follows the pictures, for an encoder that is done with it when the next is shown.

    What one thread has `follow` and `converted` may be shown, in the same order, by another.
    """

    def __init__(self, width: int, height: int) -> None:
        """Both are even numbers."""
        self._whole_picture = Box(0, width, 0, height)
        self._tiles = -(-height // TILE_HEIGHT), 1 + -(-width // TILE_WIDTH) + 1  # rows, columns; see `runs`
        self._followed: Pixels = np.zeros((height, width, 4), np.uint8)
        self._planes = np.full((height, width), 16, np.uint8), np.full((height // 2, width), 128, np.uint8)  # of black
        self.frame = VideoFrame(width, height, PIXEL_FORMAT)
        self._shown = [
            _pixels_of(plane, *ours.shape) for plane, ours in zip(self.frame.planes, self._planes, strict=True)
        ]
        self.show(self.converted([self._whole_picture]))

    def follow(self, pixels: Pixels, boxes: Boxes | None = None) -> list[Box]:
        """Take up ``pixels``. Returns the tiles, those side by side as one, that look different once these are shown.

        The rows of ``pixels`` may lie apart in memory, as FFmpeg's do at most widths; they are copied then.
        ``boxes``: where ``pixels`` may differ, between even numbers; they mean nothing elsewhere. None: anywhere.
        """
        if pixels.shape != self._followed.shape:
            raise ValueError(f"an array of {self._followed.shape} is a frame here, not {pixels.shape}")
        pixels = np.ascontiguousarray(pixels)  # the loop in C goes through one block of memory
        marked = np.zeros(self._tiles, bool)
        for box in [self._whole_picture] if boxes is None else boxes:
            take_up(pixels, self._followed, self._planes, marked, box, (TILE_WIDTH, TILE_HEIGHT))
        return one_above_another(self._side_by_side(*run) for run in runs(marked))

    def converted(self, tiles: Boxes) -> Converted:
        """What the frame is to `show`, which differs in ``tiles``."""
        return [(box, [part.copy() for part in _parts(self._planes, box)]) for box in tiles]

    def show(self, converted: Converted) -> None:
        for box, planes in converted:
            for part, plane in zip(_parts(self._shown, box), planes, strict=True):
                part[:] = plane

    def _side_by_side(self, row: int, first: int, after: int) -> Box:
        _, width, _, height = self._whole_picture
        top = row * TILE_HEIGHT
        return Box(first * TILE_WIDTH, min(after * TILE_WIDTH, width), top, min(top + TILE_HEIGHT, height))


def area(boxes: Boxes) -> int:
    """Pixels in ``boxes``, none of which overlap."""
    return sum((box.right - box.left) * (box.bottom - box.top) for box in boxes)


def _parts(planes: Planes, box: Box) -> Iterable[NDArray[np.uint8]]:
    y, uv = planes
    yield y[box.slices]
    yield uv[box.top // 2 : box.bottom // 2, box.left : box.right]


def _pixels_of(plane: Any, height: int, width: int) -> NDArray[np.uint8]:
    """(height, width), in the frame's own memory."""
    return np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[:height, :width]
