"""RGBA frames as the encoder wants them: of a frame only what differs from the one before is converted.

A lecture's picture stands still but for a part of it, and turning 1920 x 1080 pixels from RGBA to YUV takes as long as
drawing them. The picture is divided into tiles; those that changed are converted, each with the pixels around it that
its edge is filtered with, so that the result equals that of converting the whole, byte by byte.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc, Interpolation, VideoReformatter
from gradreel.scenes.render.pictures import Pixels
from numpy.typing import NDArray

TILE_WIDTH, TILE_HEIGHT = 192, 72  # pixels; windows begin at multiples of 16 columns, as the converter works on 16
REACH = 8  # pixels from one that has changed to those that are filtered with it: 4, and as many again
MARGIN = 16  # pixels around a tile that are given to its filters
MOSTLY = 0.5  # share of tiles from which on the whole is converted: one call is quicker then


class Converter:
    """RGBA to the encoder's pixel format, with BT.709 for YUV and rounding that is the same on every machine."""

    def __init__(self, pixel_format: str) -> None:
        self.is_yuv = pixel_format.startswith("yuv")
        self._format = pixel_format
        self._reformatter = VideoReformatter()  # it keeps its tables for as long as the size stays
        flags = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
        self._options: dict[str, Any] = {"interpolation": flags | Interpolation.BITEXACT, "threads": 1}
        if self.is_yuv:
            self._options |= {
                "dst_colorspace": Colorspace.ITU709,
                "src_color_range": ColorRange.JPEG,
                "dst_color_range": ColorRange.MPEG,
                "dst_color_trc": ColorTrc.BT709,
                "dst_color_primaries": ColorPrimaries.BT709,
            }

    def __call__(self, pixels: Pixels) -> VideoFrame:
        """``pixels`` as a frame of its own; rows may lie apart in memory, the pixels of one may not."""
        frame = VideoFrame.from_numpy_buffer(pixels, format="rgba")
        if self.is_yuv:
            frame.color_trc, frame.color_primaries = ColorTrc.BT709, ColorPrimaries.BT709
        return self._reformatter.reformat(frame, format=self._format, **self._options)


Tile = tuple[int, int]  # its upper left pixel, x and y


class ChangingFrame:
    """One YUV 4:2:0 frame that follows the pictures, for an encoder that is done with it when the next is shown."""

    def __init__(self, width: int, height: int) -> None:
        self._size = width, height
        self._whole = Converter("yuv420p")
        self._parts: dict[tuple[int, int], Converter] = {}  # by the size of the window
        self._rows = range(0, height, TILE_HEIGHT)
        self._many = MOSTLY * len(self._rows) * len(range(0, width, TILE_WIDTH))
        self._shown: Pixels | None = None
        self.frame: VideoFrame

    def differences(self, pixels: Pixels) -> list[Tile] | None:
        """The tiles in which ``pixels`` looks different from what is shown; None: in all, for nothing is shown yet."""
        if self._shown is None:
            return None
        found = []
        for top in self._rows:  # two pixels at a time, and a band of tiles at a time: it stays in the cache
            band = slice(max(top - REACH, 0), top + TILE_HEIGHT + REACH)
            different = _pairs(self._shown[band]) != _pairs(pixels[band])
            if different.any():
                columns = np.flatnonzero(different.any(axis=0)) * 2  # the left one of each pair
                near = [np.clip(columns + step, 0, self._size[0] - 1) for step in (-REACH, 0, REACH + 1)]
                tiles = np.unique(np.concatenate(near) // TILE_WIDTH)
                found += [(column * TILE_WIDTH, top) for column in tiles.tolist()]
        return found

    def show(self, pixels: Pixels, tiles: list[Tile] | None) -> None:
        """Make the frame ``pixels``, which differs in ``tiles``; the array is to be left alone until the next one."""
        self._shown = pixels
        if tiles is None or len(tiles) > self._many:
            self.frame = self._whole(pixels)
            self._planes = list(_planes(self.frame))
        else:
            for left, top in tiles:
                self._convert(pixels, left, top)

    def _convert(self, pixels: Pixels, left: int, top: int) -> None:
        """The tile at (left, top), in pixels, from a window that reaches MARGIN beyond it where the picture does."""
        width, height = self._size
        right, bottom = min(left + TILE_WIDTH, width), min(top + TILE_HEIGHT, height)
        x, y = max(left - MARGIN, 0), max(top - MARGIN, 0)
        seen = pixels[y : min(bottom + MARGIN, height), x : min(right + MARGIN, width)]
        if seen.shape[:2] not in self._parts:
            self._parts[seen.shape[:2]] = Converter("yuv420p")
        window = self._parts[seen.shape[:2]](seen)
        for target, source, scale in zip(self._planes, _planes(window), (1, 2, 2), strict=True):
            rows, columns = slice(top // scale, bottom // scale), slice(left // scale, right // scale)
            inner_rows = slice((top - y) // scale, (bottom - y) // scale)
            inner_columns = slice((left - x) // scale, (right - x) // scale)
            target[rows, columns] = source[inner_rows, inner_columns]


def _pairs(rows: Pixels) -> NDArray[np.uint64]:
    """Two pixels in one number: (rows, width / 2)."""
    return rows.reshape(len(rows), -1).view(np.uint64)


def _planes(frame: VideoFrame) -> Iterator[NDArray[np.uint8]]:
    """Each plane's pixels, (height, width), in the frame's own memory."""
    for plane in frame.planes:
        lines = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        yield lines[: plane.height, : plane.width]
