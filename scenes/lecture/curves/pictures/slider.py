"""A slider: the place of a value in its range, for a letter of a formula."""

from __future__ import annotations

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import segment
from gradreel.scenes.mobjects.text import formula
from gradreel.scenes.style import mix, palette
from manim import Dot, ManimColor, VGroup

TRACK, HANDLE, MARK = 5.0, 0.15, 0.085
BESIDE = 0.28  # from the track to its letter


class Slider(VGroup):
    """A letter, a track, a handle, and the track coloured from zero (or its low end) to it.

    ``set_value`` moves the handle in place; ``mark`` gives a small dot at an earlier value.
    """

    def __init__(
        self,
        letter: str,
        value_range: tuple[float, float],
        value: float,
        *,
        left: float,
        right: float,
        y: float,
        color: ManimColor,
    ) -> None:
        super().__init__()
        self.low, self.high = value_range
        if not self.low <= value <= self.high:
            raise ValueError(f"a slider from {self.low} to {self.high} cannot show {value}")
        self.left, self.right, self.y = left, right, y
        self.color_of_letter = color
        origin = self.at(min(max(0.0, self.low), self.high))
        tick, hair = np.array([0.0, 0.11, 0.0]), np.array([1e-6, 0.0, 0.0])  # a line of no length cannot be drawn
        self.track = segment((left, y, 0), (right, y, 0), mix(palette.axis, 0.6), TRACK)
        self.zero = segment(origin - tick, origin + tick, mix(palette.axis, 0.9), style.AXIS)
        self.filled = segment(origin, origin + hair, color, TRACK)
        self.handle = Dot(self.at(value), radius=HANDLE, color=color)
        self.marks = VGroup()
        self.letter = formula(letter, style.LETTER * 1.15, color).place(y - 0.09, right=left - BESIDE)
        self.add(self.letter, self.track, self.zero, self.filled, self.marks, self.handle)
        self._origin, self._hair = origin, hair
        self.set_value(value)

    def at(self, value: float) -> np.ndarray:
        """The scene's point (3,) of ``value`` on the track."""
        share = (value - self.low) / (self.high - self.low)
        return np.array([self.left + share * (self.right - self.left), self.y, 0.0])

    @property
    def value(self) -> float:
        """What the handle's place says."""
        share = (self.handle.get_center()[0] - self.left) / (self.right - self.left)
        return float(self.low + share * (self.high - self.low))

    def set_value(self, value: float) -> Slider:
        """Move the handle to ``value``, in place; returns self."""
        point = self.at(value)
        self.handle.move_to(point)
        self.filled.set_points_as_corners([self._origin, point + self._hair])
        return self

    def mark(self, value: float) -> Dot:
        """A small dot at an earlier value, under the handle; it is part of the slider from now on."""
        dot = Dot(self.at(value), radius=MARK, color=mix(self.color_of_letter, style.DIM))
        self.marks.add(dot)
        return dot
