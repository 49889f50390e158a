"""A loss map as a landscape that is looked at from the side, and then from straight above. Pure functions of numbers.

    relief = Relief(surface)    # surface: a LossMap
    relief.tilt(1.0)            # from the side, large
    relief.tilt(0.0)            # from above: it lies on the map
    scale = ReliefScale(relief, start, loss, "loss", label)    # what its height is, while it is seen from the side

Layers of the map lie over one another, each as high up as its loss. Seen from anywhere above them a higher layer is
nearer to the eye, so they are simply drawn from the lowest to the highest.
"""

from __future__ import annotations

import contourpy
import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.loss_map import LossMap
from gradreel.scenes.mobjects.plot import dashed, polyline, segment
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.mobjects.ticks import round_labels
from gradreel.scenes.style import mix, palette
from manim import VGroup, VMobject
from numpy.typing import ArrayLike, NDArray

LAYERS = 120
HEIGHT = 2.5  # from the lowest loss to the highest, scene units, on the map
HIGHEST = 0.98  # share of the picture whose losses are to scale; higher ones are cut off
AZIMUTH, ELEVATION = np.deg2rad(28.0), np.deg2rad(28.0)  # from where it is seen in the beginning
SIZE, MIDDLE = 1.5, (0.35, -1.15)  # then it is larger than on the map, and the ground's middle is there
BRIGHT, EDGE = 2.0, 0.16  # times as much of the text colour as on the map; how much more the contour lines have
TICKS = 3  # on the axis of losses, about


class Relief(VGroup):
    """The landscape of ``surface``. ``at(points, losses)``: where points of the map are, at the present tilt."""

    def __init__(self, surface: LossMap) -> None:
        super().__init__()
        u, v, loss = surface.grid
        left, right, bottom, top = surface.box
        self.middle = np.array([(left + right) / 2, (bottom + top) / 2, 0.0])
        self.low, self.high = float(loss.min()), float(np.quantile(loss, HIGHEST))
        contours = contourpy.contour_generator(u, v, loss)
        layers = np.linspace(self.low, self.high, LAYERS, endpoint=False)
        self._shares: list[float] = []  # of the text colour in the band that a part is, or lies in, on the map
        self._flat: list[tuple[VMobject, NDArray, float]] = []  # each part, its points on the map, its loss
        for level in sorted({*layers, *surface.levels}):
            below = float(np.searchsorted(surface.levels, level)) / len(surface.levels)
            if level in surface.levels:
                self._put(surface.line(contours.lines(level), below), level, surface.highest * below)
            else:
                share = np.interp(level, surface.levels, np.arange(1, len(surface.levels) + 1)) / len(surface.levels)
                self._put(surface.band(contours.filled(level, np.inf), share), level, surface.highest * share)
        self.box = surface.box
        self.tilt(1.0)

    def _put(self, part: VMobject, level: float, share: float) -> None:
        self.add(part)
        self._flat.append((part, part.points.copy(), level))
        self._shares.append(share)

    def tilt(self, share: float) -> None:
        """Look at it from above (0), from the side (1), or from between."""
        self.share = share
        for (part, points, level), shade in zip(self._flat, self._shares, strict=True):
            part.points = self.at(points, level)
            bright = (1 + share * (BRIGHT - 1)) * shade
            if part.get_stroke_width():
                part.set_stroke(mix(palette.text, bright + EDGE))
            else:
                part.set_fill(mix(palette.text, bright), 1)

    def at(self, points: ArrayLike, losses: ArrayLike) -> NDArray:
        """Where points (..., 3) of the map are that have these losses (...)."""
        angle, elevation = self.share * AZIMUTH, np.pi / 2 - self.share * (np.pi / 2 - ELEVATION)
        x, y = np.moveaxis((np.asarray(points, dtype=float) - self.middle)[..., :2], -1, 0)
        span = self.high - self.low or 1.0
        up = HEIGHT * (np.clip(losses, self.low, self.high) - self.low) / span
        across, away = x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)
        rise = away * np.sin(elevation) + up * np.cos(elevation)
        size = 1 + self.share * (SIZE - 1)
        across, rise = np.broadcast_arrays(size * across, size * rise)
        middle = self.middle + self.share * (np.array([*MIDDLE, 0.0]) - self.middle)
        return np.stack([across, rise, np.zeros_like(across)], axis=-1) + middle

    def corners(self) -> NDArray:
        """(4, 3): the corners of the ground on the map."""
        left, right, bottom, top = self.box
        return np.array([[left, bottom, 0.0], [right, bottom, 0.0], [right, top, 0.0], [left, top, 0.0]])


class ReliefScale(VGroup):
    """What the height of a ``relief`` is, which is seen from the side: an axis of losses at its leftmost corner, and
    how high ``start``, a point of the map with this ``loss``, stands over the ground.

    Parts: ``ground`` (its edges, at the lowest loss), ``axis`` (with its ticks and its ``name``), ``drop`` (from the
    start down to the ground), ``label`` (beside the start).
    """

    def __init__(self, relief: Relief, start: NDArray, loss: float, name: str, label: TextMobject) -> None:
        super().__init__()
        corners = relief.corners()
        floor = relief.at(corners, relief.low)
        self.ground = polyline(floor[[0, 1, 2, 3, 0]], mix(palette.dim, 0.6), style.GUIDE)
        leftmost = corners[int(floor[:, 0].argmin())]
        ends = relief.at(leftmost, np.array([relief.low, relief.high]))
        self.axis = VGroup(segment(*ends, palette.axis, style.AXIS))
        ticks = round_labels(relief.low, relief.high, TICKS)
        for value, text in zip(ticks.values, ticks.labels, strict=True):
            x, y, _ = relief.at(leftmost, value)
            self.axis.add(segment((x - 0.1, y, 0), (x, y, 0), palette.axis, style.AXIS))
            self.axis.add(words(text, style.TICK, palette.dim).place(float(y) - 0.09, right=float(x) - 0.2))
        x, y, _ = ends[1]
        self.axis.add(words(name, style.LABEL).place(float(y) + 0.25, center=float(x)))
        foot, top = relief.at(start, np.array([relief.low, loss]))
        self.drop = dashed(top, foot, palette.orange, 2.5, dash=0.1)
        self.label = label.place(float(top[1]) + 0.2, left=float(top[0]) + 0.2)
        self.add(self.ground, self.axis, self.drop, self.label)
