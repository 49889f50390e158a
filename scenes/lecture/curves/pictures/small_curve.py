"""A curve by itself in a small box, over the line of zero, with its name beneath: one of several in a row."""

from __future__ import annotations

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import Plot, segment
from gradreel.scenes.mobjects.text import TextMobject
from gradreel.scenes.style import mix, palette
from manim import ManimColor, VGroup
from numpy.typing import NDArray


class SmallCurve(VGroup):
    """``y`` (n,) over ``x`` (n,) in ``box`` (left, right, bottom, top), drawn where it lies within ``y_range``.

    Parts: ``zero``, ``curve``, ``name`` (the text, centred beneath at ``name_baseline``).
    """

    def __init__(
        self,
        x: NDArray,
        y: NDArray,
        y_range: tuple[float, float],
        box: tuple[float, float, float, float],
        name: TextMobject,
        name_baseline: float,
        color: ManimColor | None = None,
    ) -> None:
        super().__init__()
        left, right, bottom, top = box
        x_range = (float(x[0]), float(x[-1]))
        self.plot = Plot(x_range, y_range, left=left, right=right, bottom=bottom, top=top, x_label=None)
        level = float(np.clip(0.0, *y_range))
        self.zero = segment(*self.plot.at(np.array(x_range), level), mix(palette.axis, 0.8), style.GUIDE)
        ink = color if color is not None else palette.blue
        self.curve = self.plot.curve(x, np.clip(y, *y_range), ink, style.SMALL_CURVE)
        self.name = name.place(name_baseline, center=(left + right) / 2)
        self.add(self.zero, self.curve, self.name)
