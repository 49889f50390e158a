"""Frames as arrays, the parts of one, and one as a PNG file, with or without its background."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]  # (height, width, 4): red, green, blue, alpha, first row on top


class Box(NamedTuple):
    """A part of a picture, in pixels, up to ``right`` and ``bottom``."""

    left: int
    right: int
    top: int
    bottom: int

    @property
    def slices(self) -> tuple[slice, slice]:
        return slice(self.top, self.bottom), slice(self.left, self.right)


Boxes = Sequence[Box]


def png_bytes(pixels: Pixels, transparent: bool = False) -> bytes:
    """``pixels`` as a PNG file; with alpha when ``transparent``."""
    content = BytesIO()
    channels = pixels if transparent else np.ascontiguousarray(pixels[..., :3])
    Image.fromarray(channels).save(content, "PNG", compress_level=4)
    return content.getvalue()


def straight_alpha(pixels: Pixels) -> Pixels:
    """Colours as files hold them: Cairo multiplies them by alpha, which would leave dark edges over a light page."""
    alpha = pixels[..., 3:4]
    if not ((alpha > 0) & (alpha < 255)).any():
        return pixels
    colors = pixels[..., :3].astype(np.uint16) * 255 // np.maximum(alpha, 1)
    return np.concatenate([np.minimum(colors, 255).astype(np.uint8), alpha], axis=-1)
