"""Parts of network diagrams: nodes, edges, labels, and pictures of activation functions."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from gradreel.core.arrays import FloatArray, IntArray
from gradreel.core.network.activations import ACTIVATIONS
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import dashed, polyline, segment
from gradreel.scenes.mobjects.text import Number, TextMobject
from gradreel.scenes.style import mix, palette
from manim import (
    Animation,
    Dot,
    ManimColor,
    Rectangle,
    RoundedRectangle,
    Triangle,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    smooth,
)

NODE_FILL = 0.13  # share of its colour in a node's fill
THICKEST, THINNEST = 5.0, 0.8  # stroke widths of the largest weight and of weight 0
BRIGHT, PALE = 1.0, 0.14  # shares of the colour for these two
BELOW = -1  # z index of lines: below nodes and labels, whatever was added first
PULSE_RADIUS, PULSE_GROWS = 0.075, 0.07  # radius of the dots; share of the way in which they grow and shrink
PATCH = 0.05  # background around a label that lies on a line


class Node(RoundedRectangle):
    """A circle of ``radius``, or a pill of ``half_width`` if that is larger, so that a number fits."""

    def __init__(self, center: FloatArray, radius: float, color: ManimColor, half_width: float | None = None) -> None:
        self.radius = radius
        self.half_width = max(radius, half_width or 0.0)
        super().__init__(
            corner_radius=radius * 0.999,
            width=2 * self.half_width,
            height=2 * radius,
            color=color,
            stroke_width=style.RING if radius > 0.2 else style.BOX,
        )
        self.set_fill(mix(color, NODE_FILL), 1)
        self.move_to(center)

    def round_corners(self, radius: float) -> Node:
        """Round the corners as Manim does, but compute the points only once for all nodes of one size."""
        self.points = _points_of_node(radius, self.half_width, self.radius).copy()
        return self

    def border(self, toward: FloatArray) -> FloatArray:
        """Return the point of the border, (3,), on the straight line from the centre to ``toward``."""
        center = self.get_center()
        way = toward - center
        x, y = np.abs(way[:2]) / np.linalg.norm(way)
        flat = self.half_width - self.radius  # half of the straight upper edge
        length = self.radius / y if y > 0 and self.radius * x <= flat * y else np.inf
        if length == np.inf:
            length = flat * x + np.sqrt(self.radius**2 - (flat * y) ** 2)
        return np.asarray(center + way / np.linalg.norm(way) * length)


@lru_cache(maxsize=256)
def _points_of_node(corner: float, half_width: float, radius: float) -> FloatArray:
    """Return the points of a node around the origin; do not change the array, it is cached."""
    return np.asarray(RoundedRectangle(corner_radius=corner, width=2 * half_width, height=2 * radius).points)


class Edges(VGroup):
    """The lines from one column to the next; ``lines[i, j]`` leads to node i from node j, counted from 0.

    Only drawn nodes have lines.
    """

    def __init__(self, after: Mapping[int, Node], before: Mapping[int, Node], color: ManimColor, width: float) -> None:
        super().__init__()
        self.color_of_weights, self.width_at_rest = color, width
        self.lines: dict[tuple[int, int], VMobject] = {}
        for i, target in after.items():
            for j, source in before.items():
                ends = source.border(target.get_center()), target.border(source.get_center())
                line = segment(*ends, color, width)
                line.ends, line.negative = ends, False
                line.set_z_index(BELOW)
                self.lines[i, j] = line
        self.add(*self.lines.values())

    def line(self, i: int, j: int) -> VMobject:
        """Return the line to node i from node j."""
        return self.lines[i, j]

    def into(self, i: int) -> VGroup:
        """Return all lines to node i, ordered by their starts."""
        return VGroup(*(line for (to, _), line in self.lines.items() if to == i))

    def out_of(self, j: int) -> VGroup:
        """Return all lines from node j, ordered by their ends."""
        return VGroup(*(line for (_, start), line in self.lines.items() if start == j))

    @property
    def drawn(self) -> tuple[IntArray, IntArray]:
        """Return the neurons that lines lead to, (I,), and the neurons that they start from, (J,)."""
        return np.unique([to for to, _ in self.lines]), np.unique([start for _, start in self.lines])

    def show_drawn(self, weights: FloatArray, largest: float) -> Edges:
        """Draw each line as thick and bright as its weight is large, a negative one dashed; return self.

        ``weights``: (I, J), of the drawn lines, see `drawn`. A weight of ``largest`` gets full strength.
        """
        for line, weight in zip(self.lines.values(), np.ravel(weights), strict=True):
            share = min(1.0, abs(float(weight)) / largest) if largest > 0 else 0.0
            if (weight < 0) != line.negative:
                line.negative = bool(weight < 0)
                start, end = line.ends
                new = (
                    dashed(start, end, palette.text, dash=0.1)
                    if line.negative
                    else segment(start, end, palette.text, 1)
                )
                line.points = new.points
            line.set_stroke(*strength(share, self.color_of_weights))
            line.emphasis = min(share, 0.97)  # tells the layout checks that a faint line is intended
        return self


def activation_picture(kind: str, size: float, color: ManimColor, width: float = style.BOX + 0.6) -> VMobject:
    """Return the curve of an activation function, a name of `ACTIVATIONS`, in a square of ``size`` around (0, 0)."""
    x = np.linspace(-0.4, 0.4, 41)
    curve = np.column_stack([x, ACTIVATIONS[kind].icon(x), np.zeros(len(x))])
    return polyline(curve * size, color, width)


def activation_box(kind: str, center: FloatArray, width: float, height: float) -> VGroup:
    """Return a box with the curve of an activation function."""
    box = RoundedRectangle(corner_radius=0.1, width=width, height=height, color=palette.blue, stroke_width=style.BOX)
    box.set_fill(mix(palette.blue, NODE_FILL / 2), 1)
    curve = activation_picture(kind, 0.78 * height, palette.blue)
    return VGroup(box, curve.stretch(1.25, 0)).move_to(center)


def patched(text: TextMobject) -> VGroup:
    """Return a group of a patch in the background's colour and the text, so that lines below do not touch it."""
    patch = Rectangle(width=text.width + 2 * PATCH, height=text.height + PATCH, stroke_width=0)
    patch.set_fill(palette.background, 1).move_to(text)
    return VGroup(patch, text)


def arrow_up(tip: FloatArray, length: float, color: ManimColor) -> VGroup:
    """Return a small upward arrow that ends at ``tip``.

    Its head is 0.17 high at any ``length``, which must be above 0.1.
    """
    head = Triangle(color=color, fill_opacity=1, stroke_width=0).stretch_to_fit_width(0.15).stretch_to_fit_height(0.17)
    head.shift(tip - head.get_top())
    shaft = segment(tip - np.array([0, length, 0]), tip - np.array([0, 0.1, 0]), color, style.AXIS)
    return VGroup(shaft, head)


def centered_number(value: float, decimals: int, size: float, color: ManimColor) -> Number:
    """Return a number whose ink is centred at x = 0, on the baseline y = 0."""
    number = Number(value, decimals, size, color)
    glyphs = VGroup(*(glyph for glyph in number.submobjects[1:] if len(glyph.points)))
    return number.place_left(0.0, -glyphs.width / 2)


def roll(number: Number, value: float) -> Animation:
    """Return the animation in which ``number`` counts to ``value``; the middle of its ink keeps its x."""
    start, middle = number.value, _middle_x_of_ink(number)

    def show(moving: Number, share: float) -> None:
        moving.set_value(start + share * (value - start))
        moving.shift(np.array([middle - _middle_x_of_ink(moving), 0.0, 0.0]))

    return UpdateFromAlphaFunc(number, show)


def _middle_x_of_ink(number: Number) -> float:
    """Return the x of the middle of a number's ink."""
    return float(VGroup(*(glyph for glyph in number.submobjects[1:] if len(glyph.points))).get_x())


def three_dots(center: FloatArray, step: float) -> VGroup:
    """Return three dots, one below the other, ``step`` apart, for nodes that are not drawn."""
    steps = np.array([[0, step, 0], [0, 0, 0], [0, -step, 0]])
    return VGroup(*(Dot(center + shift, radius=0.035, color=palette.dim) for shift in steps))


def strength(share: float, color: ManimColor) -> tuple[ManimColor, float]:
    """Return colour and width of a line for a weight or slope that is ``share`` (0 to 1) of the largest."""
    return mix(color, PALE + (BRIGHT - PALE) * share), THINNEST + (THICKEST - THINNEST) * share


class Pulse(VGroup):
    """A dot for each line that travels along it, from end to start if ``backward``. Use: ``self.play(pulse.run())``."""

    def __init__(self, lines: VGroup, color: ManimColor, backward: bool = False) -> None:
        super().__init__()
        self.ways = [line.ends[::-1] if backward else line.ends for line in lines]
        self.add(*(Dot(way[0], radius=PULSE_RADIUS, color=color) for way in self.ways))

    def show(self, share: float) -> None:
        """Move the dots to ``share`` (0 to 1) of their ways; near both ends they are smaller."""
        size = 2 * PULSE_RADIUS * max(0.02, min(1.0, share / PULSE_GROWS, (1 - share) / PULSE_GROWS))
        for dot, (start, end) in zip(self, self.ways, strict=True):
            dot.set(width=size).move_to(start + share * (end - start))

    def run(self, seconds: float = 0.8) -> Animation:
        """Return the animation of the dots' whole way, after which they are removed."""
        return UpdateFromAlphaFunc(
            self, lambda pulse, share: pulse.show(share), run_time=seconds, rate_func=smooth, remover=True
        )
