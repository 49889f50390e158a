"""A loss map as a landscape that is looked at from the side, and then from straight above. Pure functions of numbers.

    relief = Relief(surface)    # surface: a LossMap
    relief.tilt(1.0)            # from the side
    relief.tilt(0.0)            # from above: it lies on the map

Layers of the map lie over one another, each as high up as its loss. Seen from anywhere above them a higher layer is
nearer to the eye, so they are simply drawn from the lowest to the highest.
"""

from __future__ import annotations

import contourpy
import numpy as np
from gradreel.scenes.mobjects.loss_surface import LossMap
from manim import VGroup, VMobject
from numpy.typing import ArrayLike, NDArray

LAYERS = 60
HEIGHT = 2.5  # from the lowest loss to the highest, scene units
HIGHEST = 0.98  # share of the picture whose losses are to scale; higher ones are cut off
AZIMUTH, ELEVATION = np.deg2rad(28.0), np.deg2rad(32.0)  # from where it is seen in the beginning
SIZE, DROP = 0.9, 0.6  # then it is smaller, and lower by so much: the whole of it fits into the map's place


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
        self._flat: list[tuple[VMobject, NDArray, float]] = []  # each part, its points on the map, its loss
        for level in sorted({*layers, *surface.levels}):
            below = float(np.searchsorted(surface.levels, level)) / len(surface.levels)
            if level in surface.levels:
                self._put(surface.line(contours.lines(level), below), level)
            else:
                share = np.interp(level, surface.levels, np.arange(1, len(surface.levels) + 1)) / len(surface.levels)
                self._put(surface.band(contours.filled(level, np.inf), share), level)
        self.tilt(1.0)

    def _put(self, part: VMobject, level: float) -> None:
        self.add(part)
        self._flat.append((part, part.points.copy(), level))

    def tilt(self, share: float) -> None:
        """Look at it from above (0), from the side (1), or from between."""
        self.share = share
        for part, points, level in self._flat:
            part.points = self.at(points, level)

    def at(self, points: ArrayLike, losses: ArrayLike) -> NDArray:
        """Where points (..., 3) of the map are that have these losses (...)."""
        angle, elevation = self.share * AZIMUTH, np.pi / 2 - self.share * (np.pi / 2 - ELEVATION)
        x, y = np.moveaxis((np.asarray(points, dtype=float) - self.middle)[..., :2], -1, 0)
        span = self.high - self.low or 1.0
        up = HEIGHT * (np.clip(losses, self.low, self.high) - self.low) / span
        across, away = x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)
        rise = away * np.sin(elevation) + up * np.cos(elevation) - self.share * DROP
        size = 1 - self.share * (1 - SIZE)
        across, rise = np.broadcast_arrays(size * across, size * rise)
        return np.stack([across, rise, np.zeros_like(across)], axis=-1) + self.middle
