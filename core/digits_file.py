"""Reads the shipped handwritten digits: 1 797 pictures of 8 x 8 pixels, each with the digit that it shows.

They are the test part of "Optical Recognition of Handwritten Digits" by E. Alpaydin and C. Kaynak (UCI Machine Learning
Repository, 1998, CC BY 4.0, https://doi.org/10.24432/C50P49), in the order of that file. NOTICE.md has the licence.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from functools import lru_cache

import numpy as np
from gradreel.core.arrays import FloatArray
from gradreel.core.errors import UserError
from gradreel.core.package import PACKAGE_FOLDER

DIGITS_FILE = PACKAGE_FOLDER / "assets" / "digits" / "uci-digits.csv.gz"
SHA256 = "6ebb3d2fee246a4e99363262ddf8a00a3c41bee6014c373ed9d9216ba7f651b8"
"""Of the text in the file."""
SIDE = 8
"""Pixels along each side of a picture."""
MOST_INK = 16
"""The largest number of a pixel: it counts the dark ones among 4 x 4 pixels of the scan."""


@lru_cache(maxsize=1)
def digit_rows() -> FloatArray:
    """Return a row for each picture, (1797, 65), read-only: 64 pixels by rows, 0 (paper) to 1 (ink), then the digit.

    Raises UserError if the file is missing or its text is not the shipped one.
    """
    try:
        text = gzip.decompress(DIGITS_FILE.read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{DIGITS_FILE} cannot be read: {error}; install Gradreel again") from None
    if hashlib.sha256(text).hexdigest() != SHA256:
        raise UserError(f"{DIGITS_FILE} is not the file that was shipped; install Gradreel again")
    numbers = np.array(text.replace(b"\n", b",").rstrip(b",").split(b","), dtype=np.float64)
    rows = numbers.reshape(-1, SIDE * SIDE + 1)
    rows[:, :-1] /= MOST_INK
    rows.setflags(write=False)
    return rows
