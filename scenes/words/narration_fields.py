"""What may fill the ``{fields}`` of a beat's line: texts, numbers and counts, which a file keeps as they are.

A line that is corrected after its scene was rendered is filled from a file, without the scene. Anything else would
write itself in another way then, or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from gradreel.core.errors import UserError
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
    return found
