"""A small network as a curve over one feature, then as a surface over two."""

from __future__ import annotations

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.lecture.networks.ground_heights import ground_of, heights_over
from gradreel.scenes.lecture.networks.pictures.surface import (
    Box,
    Ground,
    Sheet,
    View,
    clear_labels,
    heights_around,
)
from gradreel.scenes.lecture.three_days import ThreeDaysScene
from gradreel.scenes.mobjects.plot import polyline, ring
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.mobjects.ticks import round_labels
from gradreel.scenes.style import palette
from gradreel.scenes.words.numbers import number_text
from manim import VGroup

COUNT, FINE = 19, 61  # points of the sheet along a rim, and of the curve
SIDE, HEIGHT, MIDDLE = 5.1, 3.1, (0.2, 0.3)  # of the box, scene units
FLAT, VIEW = View(-0.3, 0.3, 1000.0), View(-24.0)  # from where it is seen: along x_2, so that it is a curve; and then
HELD_BASELINE, HELD_LINE, CLEAR = 2.42, 0.5, 0.2  # from one that is held to the next; CLEAR: from the curve to x_2
DAY_DOT, STEM = 0.11, 3.6  # radius of its dots; width of the line between them


class NetworkSurface(VGroup):
    """Draws the network of ``scene`` over x_1 and x_2, the other features as before the day that it predicts.

    The scene has read its run. Nothing is on the screen at first, and it is seen along x_2: a scene brings part by
    part, and moves them by `rise`.

    Parts: ``ground``, ``curve`` (over x_1, where x_2 is the day's), ``sheet`` (the surface); ``held`` (what x_3, ...
    are held at); ``x_2``, that of the curve, at its end; ``day`` (a line from the prediction to the label, and a dot of
    each).
    """

    def __init__(self, scene: ThreeDaysScene) -> None:
        super().__init__()
        self.run, self.theta, self.decimals, self.view = scene.run, scene.theta, scene.decimals, FLAT
        self.x, self.prediction, self.label = scene.example.x, scene.there.y, scene.there.label
        ground = ground_of(scene.dataset, self.x)
        across = np.linspace(*ground, COUNT)
        there = heights_over(self.run, self.theta, self.x, across, across)
        heights = heights_around(there, np.array([self.prediction, self.label]))
        self.box = Box(ground, heights, SIDE, HEIGHT, MIDDLE)
        names = [f"$x_{j}$ ({scene.diagram_words(key, days=j)})" for j, key in ((1, "day-ago"), (2, "days-ago"))]
        ticks = clear_labels(*ground, 4), round_labels(*heights, 4)
        self.ground = Ground(self.box, VIEW, (*names, "blue(y)"), ticks)
        self.sheet, self.held = Sheet(self.box, FLAT, COUNT), self._held()
        self.axis = np.linspace(*ground, FINE)
        self.curve_heights = heights_over(self.run, self.theta, self.x, self.axis, self.x[1:2])[0]
        self.curve = polyline(np.zeros((FINE, 3)), palette.blue, style.MAIN_CURVE)
        stem = polyline(np.zeros((2, 3)), palette.text, STEM)
        dots = ring((0, 0, 0), DAY_DOT, palette.text, palette.blue), ring((0, 0, 0), DAY_DOT, palette.red, palette.red)
        self.day = VGroup(stem, *dots)
        self.rise(0.0)
        end = self.curve.get_end()  # seen along x_2
        self.x_2 = words(f"$x_2$ = {number_text(self.x[1], self.decimals)}", style.LABEL)
        self.x_2.place(end[1] - 0.1, left=end[0] + CLEAR)

    # -- what is drawn -----------------------------------------------------------------------------------------------

    def _held(self) -> VGroup:
        held = VGroup()
        for j, value in enumerate(self.x[2:], 3):
            text = words(f"$x_{j}$ = {number_text(value, self.decimals)}", style.LABEL)
            held.add(text.place(HELD_BASELINE - HELD_LINE * (j - 3), left=style.LEFT_EDGE))
        return held

    @property
    def in_space(self) -> VGroup:
        """What `rise` moves."""
        return VGroup(self.ground, self.sheet, self.curve, self.day)

    def settled(self) -> VGroup:
        """What is on the screen in the end: all but the curve's x_2."""
        self.rise(1.0)
        return VGroup(self.held, *self.in_space)

    # -- how it moves ------------------------------------------------------------------------------------------------

    def rise(self, share: float) -> None:
        """From the curve, seen along x_2, to the surface, seen from above: it spreads along x_2, and its axis comes."""
        ends = ((view.azimuth, view.elevation, 1 / view.distance) for view in (FLAT, VIEW))
        azimuth, elevation, nearness = (
            float(first + share * (last - first)) for first, last in zip(*ends, strict=True)
        )
        self.view = View(azimuth, elevation, 1 / nearness)
        self.ground.look(self.view).show_x_2(share)
        x_2 = self.x[1] + share * (self.sheet.axis - self.x[1])
        self.sheet.view = self.view
        heights = heights_over(self.run, self.theta, self.x, self.sheet.axis, x_2)
        self.sheet.show(heights, (1.0, share), self.x[:2])
        on = np.column_stack([self.axis, np.full(FINE, self.x[1])])
        self.curve.set_points_as_corners(self.box.at(on, self.curve_heights, self.view))
        stem, *dots = self.day
        ends = self.box.at(self.x[:2], [self.prediction, self.label], self.view)
        stem.set_points_as_corners(ends)
        for dot, end in zip(dots, ends, strict=True):
            dot.move_to(end)
