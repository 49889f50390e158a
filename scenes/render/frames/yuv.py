"""RGBA frames as the encoder wants them: of a frame only what differs from the one before is converted.

A lecture's picture stands still but for a part of it, and turning 1920 x 1080 pixels from RGBA to YUV takes as long as
drawing them. The picture is divided into tiles; those that changed are converted, each with the pixels around it that
its edge is filtered with, so that the result equals that of converting the whole, byte by byte.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc, Interpolation, VideoReformatter
from gradreel.scenes.render.frames.pictures import Box, Boxes, Pixels, one_above_another, runs
from numpy.typing import NDArray

TILE_WIDTH, TILE_HEIGHT = 192, 72  # pixels; windows begin at multiples of 16 columns, as the converter works on 16
REACH = 8  # pixels from one that has changed to those that are filtered with it: 4, and as many again
MARGIN_ACROSS, MARGIN_DOWN = 16, 8  # pixels around tiles that are given to their filters
MOSTLY = 0.6  # share of tiles from which on the whole is converted: one call is quicker then


class Converter:
    """RGBA to the encoder's pixel format, with BT.709 for YUV and rounding that is the same on every machine."""

    def __init__(self, pixel_format: str) -> None:
        self.is_yuv = pixel_format.startswith("yuv")
        self._format = pixel_format
        self._reformatter = VideoReformatter()  # it keeps its tables for as long as the size stays
        flags = Interpolation.BICUBIC | Interpolation.FULL_CHR_H_INT
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


Converted: TypeAlias = Sequence[tuple[Box, VideoFrame, tuple[int, int]]]
"""What a picture differs in: boxes, each with a window that reaches beyond, and where in that it begins (x, y)."""


class ChangingFrame:
    """One YUV 4:2:0 frame that follows the pictures, for an encoder that is done with it when the next is shown.

    What one thread has `follow` and `converted` may be shown, in the same order, by another.
    """

    def __init__(self, width: int, height: int) -> None:
        self._whole_picture = Box(0, width, 0, height)
        self._converters: dict[tuple[int, ...], Converter] = {}  # by the shape of the window
        self._tiles = -(-height // TILE_HEIGHT), 1 + -(-width // TILE_WIDTH) + 1  # rows, columns; see `runs`
        self._followed: Pixels = np.zeros((height, width, 4), np.uint8)
        self.show([self._window(self._whole_picture)])

    def follow(self, pixels: Pixels, boxes: Boxes | None = None) -> list[Box]:
        """Take up ``pixels``. Returns the tiles, those side by side as one, that look different once these are shown.

        ``boxes``: where ``pixels`` may differ, at even columns; they mean nothing elsewhere. None: anywhere.
        """
        if pixels.shape != self._followed.shape:
            raise ValueError(f"an array of {self._followed.shape} is a frame here, not {pixels.shape}")
        new, old = _pairs(pixels), _pairs(self._followed)
        marked = np.zeros(self._tiles, bool)
        for left, right, top, bottom in [self._whole_picture] if boxes is None else boxes:
            columns = slice(left // 2, right // 2)
            for begin in range(top, bottom, TILE_HEIGHT):  # a band of tiles at a time: it stays in the cache
                rows = slice(begin, min(begin + TILE_HEIGHT, bottom))
                different = new[rows, columns] != old[rows, columns]
                across = np.flatnonzero(different.any(axis=0))
                if len(across):
                    first, last = int(across[0]), int(across[-1])
                    down = np.flatnonzero(different[:, first : last + 1].any(axis=1))
                    above, below = begin + int(down[0]), begin + int(down[-1])
                    self._mark(marked, left + 2 * across, above, below)
                    part = slice(above, below + 1), slice(left // 2 + first, left // 2 + last + 1)
                    old[part] = new[part]
        return one_above_another(self._side_by_side(*run) for run in runs(marked))

    def _mark(self, marked: NDArray[np.bool_], pairs: NDArray[np.int64], first: int, last: int) -> None:
        """The tiles that are filtered with pixels that differ: the left ones of ``pairs``, in some rows of a band."""
        rows, columns = marked.shape
        above, below = max(first - REACH, 0) // TILE_HEIGHT, min((last + REACH) // TILE_HEIGHT, rows - 1)
        left, right = np.maximum(pairs - REACH, 0) // TILE_WIDTH, (pairs + 1 + REACH) // TILE_WIDTH
        marked[above : below + 1, 1 + left] = True
        marked[above : below + 1, 1 + np.minimum(right, columns - 3)] = True

    def converted(self, tiles: Boxes) -> Converted:
        """What the frame is to `show`, which differs in ``tiles``."""
        whole = self._whole_picture
        return [self._window(box) for box in ([whole] if area(tiles) > MOSTLY * area([whole]) else tiles)]

    def show(self, converted: Converted) -> None:
        for box, window, begins in converted:
            if box == self._whole_picture:
                self.frame, self._planes = window, list(_planes(window))
            else:
                self._put(box, window, *begins)

    def _side_by_side(self, row: int, first: int, after: int) -> Box:
        _, width, _, height = self._whole_picture
        top = row * TILE_HEIGHT
        return Box(first * TILE_WIDTH, min(after * TILE_WIDTH, width), top, min(top + TILE_HEIGHT, height))

    def _window(self, box: Box) -> tuple[Box, VideoFrame, tuple[int, int]]:
        """A box in a window that reaches beyond it where the picture does."""
        left, right, top, bottom = box
        x, y = max(left - MARGIN_ACROSS, 0), max(top - MARGIN_DOWN, 0)
        seen = self._followed[y : bottom + MARGIN_DOWN, x : right + MARGIN_ACROSS]
        if seen.shape not in self._converters:
            self._converters[seen.shape] = Converter("yuv420p")
        return box, self._converters[seen.shape](seen), (left - x, top - y)

    def _put(self, box: Box, window: VideoFrame, x: int, y: int) -> None:
        left, right, top, bottom = box
        for target, source, scale in zip(self._planes, _planes(window), (1, 2, 2), strict=True):
            rows, columns = slice(top // scale, bottom // scale), slice(left // scale, right // scale)
            inner_rows = slice(y // scale, (y + bottom - top) // scale)
            inner_columns = slice(x // scale, (x + right - left) // scale)
            target[rows, columns] = source[inner_rows, inner_columns]


def area(boxes: Boxes) -> int:
    """Pixels in ``boxes``, none of which overlap."""
    return sum((box.right - box.left) * (box.bottom - box.top) for box in boxes)


def _pairs(rows: Pixels) -> NDArray[np.uint64]:
    """Two pixels in one number: (rows, width / 2)."""
    return rows.reshape(len(rows), -1).view(np.uint64)


def _planes(frame: VideoFrame) -> Iterator[NDArray[np.uint8]]:
    """Each plane's pixels, (height, width), in the frame's own memory."""
    for plane in frame.planes:
        lines = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        yield lines[: plane.height, : plane.width]
