"""Converts RGBA frames to YUV for the encoder; only the parts that differ from the frame before are converted.

In a lecture most of the picture stands still. Each group of two by two pixels is converted by itself, so a frame
converted in parts equals the whole frame byte by byte.
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
    """Converts RGBA to a YUV format of VP9 (BT.709), with equal rounding on every machine."""

    def __init__(self, pixel_format: str) -> None:
        self._reformatter = VideoReformatter()  # it caches its tables while the size stays the same
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
        """Return ``pixels`` as a new frame. Rows need not be adjacent in memory, but the pixels of a row must be."""
        frame = VideoFrame.from_numpy_buffer(pixels, format="rgba")
        frame.color_trc, frame.color_primaries = ColorTrc.BT709, ColorPrimaries.BT709
        return self._reformatter.reformat(frame, **self._options)


PIXEL_FORMAT = "nv12"  # the YUV 4:2:0 layout that x264 uses internally

Planes: TypeAlias = Sequence[NDArray[np.uint8]]
"""Y, (height, width), and UV, (height / 2, width), with U and V in turn for each two by two pixels."""

Converted: TypeAlias = Sequence[tuple[Box, Planes]]
"""The changed parts of a picture: their boxes and YUV planes."""


class ChangingFrame:
    """One YUV 4:2:0 frame that is updated to each new picture.

    The encoder must be done with a picture before the next one is shown. One thread may call `follow` and `converted`,
    and another one `show`, in the same order.
    """

    def __init__(self, width: int, height: int) -> None:
        """Start with a black frame. ``width`` and ``height`` must be even."""
        self._whole_picture = Box(0, width, 0, height)
        # rows and columns of tiles, with an empty column at each side, see `runs`
        self._tiles = -(-height // TILE_HEIGHT), 1 + -(-width // TILE_WIDTH) + 1
        self._followed: Pixels = np.zeros((height, width, 4), np.uint8)
        # YUV of black
        self._planes = np.full((height, width), 16, np.uint8), np.full((height // 2, width), 128, np.uint8)
        self.frame = VideoFrame(width, height, PIXEL_FORMAT)
        self._shown = [
            _pixels_of(plane, *own_plane.shape)
            for plane, own_plane in zip(self.frame.planes, self._planes, strict=True)
        ]
        self.show(self.converted([self._whole_picture]))

    def follow(self, pixels: Pixels, boxes: Boxes | None = None) -> list[Box]:
        """Copy the changes of ``pixels``; return the boxes of tiles that look different, neighbours in a row merged.

        ``boxes`` (even numbers) are the parts in which ``pixels`` may differ from the picture before; other parts are
        not read. None: the whole picture. Rows need not be adjacent in memory, as FFmpeg's are not at most widths.
        Raises ValueError for another size.
        """
        if pixels.shape != self._followed.shape:
            raise ValueError(f"an array of {self._followed.shape} is a frame here, not {pixels.shape}")
        pixels = np.ascontiguousarray(pixels)  # the loop in C needs one contiguous block of memory
        marked = np.zeros(self._tiles, bool)
        for box in [self._whole_picture] if boxes is None else boxes:
            take_up(pixels, self._followed, self._planes, marked, box, (TILE_WIDTH, TILE_HEIGHT))
        return one_above_another(self._side_by_side(*run) for run in runs(marked))

    def converted(self, tiles: Boxes) -> Converted:
        """Return copies of the YUV planes in ``tiles``, to be passed to `show`."""
        return [(box, [part.copy() for part in _views_inside_box(self._planes, box)]) for box in tiles]

    def show(self, converted: Converted) -> None:
        """Write the converted parts into the frame."""
        for box, planes in converted:
            for part, plane in zip(_views_inside_box(self._shown, box), planes, strict=True):
                part[:] = plane

    def _side_by_side(self, row: int, first: int, after: int) -> Box:
        """Return the box in pixels of a run of tiles in one row, cut at the picture's edges."""
        _, width, _, height = self._whole_picture
        top = row * TILE_HEIGHT
        return Box(first * TILE_WIDTH, min(after * TILE_WIDTH, width), top, min(top + TILE_HEIGHT, height))


def area(boxes: Boxes) -> int:
    """Return the number of pixels in ``boxes``, which must not overlap."""
    return sum((box.right - box.left) * (box.bottom - box.top) for box in boxes)


def _views_inside_box(planes: Planes, box: Box) -> Iterable[NDArray[np.uint8]]:
    """Yield views of the Y and UV planes inside ``box``."""
    y, uv = planes
    yield y[box.slices]
    yield uv[box.top // 2 : box.bottom // 2, box.left : box.right]


def _pixels_of(plane: Any, height: int, width: int) -> NDArray[np.uint8]:
    """Return a view (height, width) of a plane's own memory."""
    return np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[:height, :width]
