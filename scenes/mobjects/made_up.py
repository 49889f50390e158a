"""What a mirrored sigmoid's c and the constant make up for: arrows as long as c."""

from __future__ import annotations

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import polyline
from gradreel.scenes.mobjects.sigmoid_rows import SigmoidRow
from gradreel.scenes.style import palette
from manim import VGroup, VMobject

HEAD, BESIDE = 0.17, 0.13  # an arrow's head; between it and the curve that it moves


def upright_arrow(row: SigmoidRow, way: float) -> VGroup:
    """Left of a row's curve, from where that starts: ``way`` scene units up or down. Parts: its shaft, its head.

    A short one has a head for which it still has room.
    """
    x, start = float(row.line[0]) - BESIDE, float(row.curve.get_start()[1])
    end = start + way
    head = np.sign(way) * min(HEAD, 0.6 * abs(way))
    neck = end - head
    shaft = polyline(np.array([[x, start, 0.0], [x, neck, 0.0]]), palette.magenta, style.GHOST_CURVE)
    tip = VMobject(stroke_width=0).set_fill(palette.magenta, 1)
    half = 0.45 * abs(head)
    corners = [[x - half, neck, 0.0], [x, end, 0.0], [x + half, neck, 0.0], [x - half, neck, 0.0]]
    tip.set_points_as_corners(np.array(corners))
    return VGroup(shaft, tip)
