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
from gradreel.scenes.render.frames.pictures import Pixels
from numpy.typing import NDArray

TILE_WIDTH, TILE_HEIGHT = 192, 72  # pixels; windows begin at multiples of 16 columns, as the converter works on 16
REACH = 8  # pixels from one that has changed to those that are filtered with it: 4, and as many again
MARGIN = 16  # pixels around a tile that are given to its filters
MOSTLY = 0.6  # share of tiles from which on the whole is converted: one call is quicker then


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


Box = tuple[int, int, int]  # tiles side by side: from which column up to which, and the top row; in pixels


class ChangingFrame:
    """One YUV 4:2:0 frame that follows the pictures, for an encoder that is done with it when the next is shown."""

    def __init__(self, width: int, height: int) -> None:
        self._size = width, height
        self._whole = Converter("yuv420p")
        self._parts: dict[tuple[int, ...], Converter] = {}  # by the size of the window
        self._many = MOSTLY * len(range(0, height, TILE_HEIGHT)) * width  # columns of boxes
        self._shown: Pixels = np.zeros((height, width, 4), np.uint8)
        self.frame = self._whole(self._shown)
        self._planes = list(_planes(self.frame))

    def differences(self, rows: Pixels, top: int = 0) -> list[Box]:
        """The tiles that look different from what is shown once it has ``rows`` from row ``top`` on."""
        bottom = top + len(rows)
        if rows.shape[1:] != self._shown.shape[1:] or bottom > len(self._shown):
            raise ValueError(f"an array of {self._shown.shape} or some of its rows is a frame here, not {rows.shape}")
        found = []
        first = max(top - REACH, 0) // TILE_HEIGHT * TILE_HEIGHT
        for tile in range(first, min(bottom + REACH, self._size[1]), TILE_HEIGHT):
            # two pixels at a time, and a band of tiles at a time: it stays in the cache
            begin, end = max(tile - REACH, top), min(tile + TILE_HEIGHT + REACH, bottom)
            different = _pairs(self._shown[begin:end]) != _pairs(rows[begin - top : end - top])
            if different.any():
                columns = np.flatnonzero(different.any(axis=0)) * 2  # the left one of each pair
                near = [np.clip(columns + step, 0, self._size[0] - 1) for step in (-REACH, 0, REACH + 1)]
                tiles = np.unique(np.concatenate(near) // TILE_WIDTH)
                for run in np.split(tiles, np.flatnonzero(np.diff(tiles) > 1) + 1):
                    found.append((int(run[0]) * TILE_WIDTH, (int(run[-1]) + 1) * TILE_WIDTH, tile))
        return found

    def show(self, rows: Pixels, top: int, boxes: list[Box]) -> None:
        """Make the frame what it is with ``rows`` from row ``top`` on, which differ in ``boxes``."""
        self._shown[top : top + len(rows)] = rows
        if sum(right - left for left, right, _ in boxes) > self._many:
            self.frame = self._whole(self._shown)
            self._planes = list(_planes(self.frame))
        else:
            for box in boxes:
                self._convert(*box)

    def _convert(self, left: int, right: int, top: int) -> None:
        """A box, from a window that reaches MARGIN beyond it where the picture does."""
        width, height = self._size
        right, bottom = min(right, width), min(top + TILE_HEIGHT, height)
        x, y = max(left - MARGIN, 0), max(top - MARGIN, 0)
        seen = self._shown[y : min(bottom + MARGIN, height), x : min(right + MARGIN, width)]
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
