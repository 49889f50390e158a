"""How far a forecast was off: a gap on each day, a swarm of dots where the truth would lie, marks at their mean."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import segment
from gradreel.scenes.style import mix, palette
from manim import RIGHT, Dot, VGroup, VMobject
from numpy.typing import ArrayLike, NDArray

DOT, DOT_INK = 0.065, 0.5  # of a miss: radius, and its share of the text colour
REACH, REACH_SHARE = 0.7, 0.38  # of a swarm to either side at most; that of the distance between two days
GAP_END, GAP_INK, GAP_WIDTH = 0.05, 0.6, 2.5  # of a gap: radius of its ends; share of the text colour, and width
STEPS = 400  # places to either side that are tried for a dot


def reach_within(distance: float) -> float:
    """How far a swarm and its marks may go to either side, where days are ``distance`` apart."""
    return min(REACH, REACH_SHARE * distance)


class DayGaps(VGroup):
    """How far days were missed: on each a line from a blue dot, what was predicted, to a red one, what was real.

    ``days``, ``predicted``, ``errors`` (prediction minus truth): (n,) each. All can come to ``goal``, a day and what is
    predicted for it, and are as long in views all the way. Parts: ``lines`` (all in one), ``feet``, ``heads``.
    """

    def __init__(self, days: NDArray, predicted: NDArray, errors: NDArray, goal: tuple[float, float]) -> None:
        super().__init__()
        self.days, self.predicted, self.errors, self.goal = days, predicted, errors, goal
        self.lines = VMobject(stroke_color=mix(palette.text, GAP_INK), stroke_width=GAP_WIDTH)
        self.feet, self.heads = (
            VGroup(*(Dot(radius=GAP_END, color=color) for _ in days)) for color in (palette.blue, palette.red)
        )
        self.add(self.lines, self.feet, self.heads)

    def put(self, at: Callable[[ArrayLike, ArrayLike], NDArray], share: float) -> DayGaps:
        """At this share of the way to the goal, in a plot that has a day and views ``at`` a point."""
        day, views = self.goal
        days = self.days + share * (day - self.days)
        feet = self.predicted + share * (views - self.predicted)
        low, high = at(days, feet), at(days, feet - self.errors)
        shares = np.linspace(0, 1, 4)[:, None]
        self.lines.points = (low[:, None] + shares * (high - low)[:, None]).reshape(-1, 3)
        for dots, points in ((self.feet, low), (self.heads, high)):
            for dot, point in zip(dots, points, strict=True):
                dot.move_to(point)
        return self


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
