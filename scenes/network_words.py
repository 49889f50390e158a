"""Networks in spoken words: a narration file writes ``{best:en}`` where the scene gives a ``NetworkName``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from gradreel.scenes.counts import Count


class NetworkName:
    """What a network is called among others that differ by width or by depth.

    By width "100 ReLUs" (``en``), 100 个 ReLU (``zh``); by depth "two layers", 两层; without layers "the linear model".
    """

    def __init__(self, hidden: Sequence[int], by: Literal["width", "depth"]) -> None:
        self.hidden, self.by = tuple(hidden), by

    def __format__(self, spec: str) -> str:
        if spec not in ("en", "zh"):
            raise ValueError(f"a network's name is written as en or zh, not {spec!r}")
        if not self.hidden:
            return "the linear model" if spec == "en" else "线性模型"
        if self.by == "depth":
            count = Count(len(self.hidden))
            return f"{count:en} layer{'s' if count > 1 else ''}" if spec == "en" else f"{count:zh}层"
        width = self.hidden[0]
        return f"{width} ReLU{'s' if width > 1 else ''}" if spec == "en" else f"{width} 个 ReLU"
