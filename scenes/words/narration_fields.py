"""What may fill the ``{fields}`` of a beat's line: texts, numbers and counts.

They are kept in a file beside the clip, so that a line that is corrected later is filled without playing its scene
again. Of other values it is not known how they would be written after being read back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from gradreel.core.errors import UserError, check_encodable
from gradreel.scenes.words.counts import Count

KINDS = (str, int, float, bool, type(None), Count)  # themselves: what is derived from them may write itself otherwise
LONGEST = 60  # characters of a value that an error shows


def plain_values(values: Mapping[str, Any], where: str) -> dict[str, Any]:
    """``values``, numpy's numbers as Python's. Raises UserError, which begins with ``where``, for anything else."""
    found = {name: value.item() if isinstance(value, np.generic) else value for name, value in values.items()}
    for name, value in found.items():
        if type(value) not in KINDS:
            shown, kind = repr(value), type(value).__name__
            shown = shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}…"
            raise UserError(
                f"{where}: {name} = {shown}, a {kind}, cannot fill a line, since a corrected line is filled without the"
                f" scene: texts, numbers and Count(…) can; give what is to be read, such as {name}=str(…)"
            )
        if isinstance(value, str):
            check_encodable(value, f"{where}: {name} =")
    return found
