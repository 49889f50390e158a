"""In C, see pixel_loops.c."""

import numpy as np
from numpy.typing import NDArray

def take_up(
    shown: NDArray[np.uint8],
    known: NDArray[np.uint8],
    planes: tuple[NDArray[np.uint8], NDArray[np.uint8]],
    marked: NDArray[np.bool_],
    box: tuple[int, int, int, int],
    tile: tuple[int, int],
    /,
) -> None:
    """Make ``known`` what ``shown`` is in ``box``, and ``planes`` its colours; mark the tiles where it differed.

    ``shown``, ``known``: (height, width, 4), red, green, blue, alpha. ``planes``: Y, (height, width); U and V in turn,
    (height / 2, width). ``box``: left, right, top, bottom, in pixels. ``marked``: (rows, 1 + columns + 1); a tile has
    ``tile`` pixels across and down. All arrays are of single bytes, all pixels even numbers. Raises ValueError.
    """

def straighten(shown: NDArray[np.uint8], freed: NDArray[np.uint8], box: tuple[int, int, int, int], /) -> None:
    """Make ``freed`` what ``shown`` is in ``box``, with colours as files hold them, divided by alpha.

    Cairo's are multiplied by it, which would leave dark edges over a light page. ``shown``, ``freed``: (height, width,
    4), red, green, blue, alpha; both may be the same array. ``box``: left, right, top, bottom, in pixels. Raises
    ValueError.
    """

def run_lengths(shown: NDArray[np.uint8], known: NDArray[np.uint8], is_key: bool, packet: NDArray[np.uint8], /) -> int:
    """Make ``packet`` the picture ``shown`` in QuickTime Animation, and ``known`` the same as it; returns its bytes.

    ``shown``, ``known``: (height, width, 4), red, green, blue, alpha. ``is_key``: it does not build on ``known``, the
    picture before. ``packet`` has 5 bytes for each pixel, 2 for each line and 15 more at least. Raises ValueError.
    """
