"""A path that is the wider the higher the loss was: for a run of which nothing but its own losses is known."""

from __future__ import annotations

import numpy as np
from gradreel.scenes.mobjects.descent_path import DescentPath
from gradreel.scenes.mobjects.rising_curve import joined
from gradreel.scenes.style import mix, palette
from manim import CapStyleType, LineJointType, ManimColor, VGroup, VMobject
from numpy.typing import ArrayLike, NDArray

WIDTHS = (2.5, 4.5, 7.0, 10.0, 13.5)  # from the lowest losses to the highest
FACTOR = 20.0  # highest over lowest loss, from which equal factors are equal steps of width


class LossPath(DescentPath):
    """``losses`` (K,): the loss at each corner of the path; where it is not known (NaN) the line is as thin as it gets.

    Parts of ``line``: one for each of WIDTHS.
    """

    def __init__(
        self,
        start: ArrayLike,
        start_offset: ArrayLike,
        box: tuple[float, float, float, float],
        step: str,
        losses: NDArray,
    ) -> None:
        self.levels = width_levels(losses)
        super().__init__(start, start_offset, box, step)

    def new_line(self, start: NDArray) -> VGroup:
        return VGroup(*(_stroke(mix(palette.orange, 0.8), width) for width in WIDTHS))

    def draw_line(self, path: NDArray) -> None:
        """Each piece between two corners in the width of the corner where it starts."""
        levels = self.levels[: len(path) - 1]
        for level, line in enumerate(self.line):
            pieces = np.flatnonzero(levels == level)
            corners = np.full((3 * len(pieces), 3), np.nan)  # NaN between two pieces
            corners[0::3], corners[1::3] = path[pieces], path[pieces + 1]
            line.points = joined(corners)


def width_levels(losses: NDArray) -> NDArray:
    """(K,) ints: which of WIDTHS each loss has, in even steps of the loss, or of its logarithm where it falls far."""
    known = losses[np.isfinite(losses)]
    if not len(known) or known.min() == known.max():
        return np.zeros(len(losses), dtype=int)
    measure = np.asarray(losses, dtype=float)
    if known.min() > 0 and known.max() / known.min() >= FACTOR:
        measure, known = np.log(np.maximum(measure, known.min())), np.log(known)
    share = (measure - known.min()) / np.ptp(known)
    return np.clip(np.nan_to_num(share, nan=0.0, posinf=1.0) * len(WIDTHS), 0, len(WIDTHS) - 1).astype(int)


def _stroke(color: ManimColor, width: float) -> VMobject:
    line = VMobject(stroke_color=color, stroke_width=width, fill_opacity=0)
    line.joint_type = LineJointType.ROUND
    return line.set_cap_style(CapStyleType.ROUND)
