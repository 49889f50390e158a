"""Two slanting strokes through an axis: it does not begin at 0."""

from __future__ import annotations

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import segment
from gradreel.scenes.style import palette
from manim import VGroup
from numpy.typing import ArrayLike

APART, ACROSS, SLANT = 0.1, 0.11, 0.06  # between the strokes, along the axis; a stroke's half width and slant


def axis_break(place: ArrayLike, upright: bool) -> VGroup:
    """The break at ``place`` (3,) of an ``upright`` or a level axis: a gap between two strokes."""
    middle = np.asarray(place, dtype=float)
    along = np.array([0.0, 1.0, 0.0] if upright else [1.0, 0.0, 0.0])
    half, slant = APART / 2 * along, ACROSS * np.array([1.0, 1.0, 0.0]) - SLANT * along
    gap = segment(middle - half, middle + half, palette.background, style.AXIS + 3)
    strokes = (segment(middle + s * half - slant, middle + s * half + slant, palette.axis, 2.4) for s in (-1, 1))
    return VGroup(gap, *strokes)
