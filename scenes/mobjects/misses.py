"""How far a forecast was off: a swarm of dots, each where the truth would lie, and marks as far off as their mean."""

from __future__ import annotations

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import segment
from gradreel.scenes.style import mix, palette
from manim import RIGHT, Dot, VGroup
from numpy.typing import NDArray

DOT, DOT_INK = 0.065, 0.5  # of a miss: radius, and its share of the text colour
REACH, REACH_SHARE = 0.7, 0.38  # of a swarm to either side at most; that of the distance between two days
STEPS = 400  # places to either side that are tried for a dot


def reach_within(distance: float) -> float:
    """How far a swarm and its marks may go to either side, where days are ``distance`` apart."""
    return min(REACH, REACH_SHARE * distance)


def swarm(points: NDArray, reach: float) -> VGroup:
    """A dot for each of ``points`` (n, 3), which lie over each other: beside one another where they would overlap.

    Where that takes more room than ``reach`` to either side, all come closer together.
    """
    beside = _beside(points[:, 1], 2 * DOT)
    share = min(1.0, reach / max(float(np.abs(beside).max(initial=0.0)), 1e-9))
    color = mix(palette.text, DOT_INK)
    return VGroup(*(
        Dot(point + share * x * RIGHT, radius=DOT, color=color) for point, x in zip(points, beside, strict=True)
    ))  # fmt: skip


def _beside(heights: NDArray, apart: float) -> NDArray:
    """(n,): for each of these heights the x nearest to 0 that is ``apart`` from all dots placed before it."""
    near = np.arange(STEPS + 1) * apart / 6
    places = np.zeros(len(heights))
    order = np.argsort(heights, kind="stable")
    for n, k in enumerate(order):
        there = order[:n]
        tried = np.stack([near, -near] if n % 2 else [-near, near], axis=1).ravel()
        far = np.hypot(tried[:, None] - places[there], heights[k] - heights[there]) >= apart - 1e-9
        places[k] = tried[int(np.argmax(far.all(axis=1)))]
    return places


def marks(foot: NDArray, head: NDArray, reach: float) -> VGroup:
    """Two level marks: nothing between them, since what is marked is no limit."""
    half = reach * RIGHT
    return VGroup(*(segment(end - half, end + half, palette.text, style.GHOST_CURVE) for end in (foot, head)))
