"""Checks the values that fill the ``{fields}`` of a beat's line: texts, numbers and counts.

They are stored in a file beside the clip. So a line that is corrected later can be filled without playing its scene
again. Other values could not be written the same way after being read back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from gradreel.core.errors import UserError, check_encodable
from gradreel.scenes.words.counts import Count

KINDS = (str, int, float, bool, type(None), Count)  # not subclasses, which may be formatted differently
LONGEST = 60  # characters of a value that an error shows


def plain_values(values: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return ``values`` with numpy's numbers as Python's.

    Raises UserError, which begins with ``where``, for other types.
    """
    plain = {name: value.item() if isinstance(value, np.generic) else value for name, value in values.items()}
    for name, value in plain.items():
        if type(value) not in KINDS:
            shown, kind = repr(value), type(value).__name__
            shown = shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}…"
            raise UserError(
                f"{where}: {name} = {shown} is a {kind}, which cannot fill a line; give a text, a number or"
                f" Count(…), such as {name}=str(…)"
            )
        if isinstance(value, str):
            check_encodable(value, f"{where}: {name} =")
    return plain
