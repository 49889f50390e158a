"""What network diagrams are made of: nodes, edges, pictures of activation functions. Pure functions of numbers."""

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

NODE_FILL = 0.13  # share of its colour that a node is filled with
THICKEST, THINNEST = 5.0, 0.8  # strokes of the largest weight and of a weight of 0
BRIGHT, PALE = 1.0, 0.14
BELOW = -1  # lines lie below nodes and labels, whatever came first
PULSE_RADIUS, PULSE_GROWS = 0.075, 0.07  # of the dots on lines; share of the way in which they grow, and shrink
PATCH = 0.05  # scene units of background around a label that lies on a line


class Node(RoundedRectangle):
    """A circle, or a pill where numbers need more room: ``half_width`` and ``radius`` from its centre."""

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
        """As Manim rounds them, once for all nodes of one size."""
        self.points = _pill(radius, self.half_width, self.radius).copy()
        return self

    def border(self, toward: FloatArray) -> FloatArray:
        """Where the straight way from its centre to the point ``toward`` leaves it, (3,)."""
        center = self.get_center()
        way = toward - center
        x, y = np.abs(way[:2]) / np.linalg.norm(way)
        flat = self.half_width - self.radius  # half of the straight upper side
        length = self.radius / y if y > 0 and self.radius * x <= flat * y else np.inf
        if length == np.inf:
            length = flat * x + np.sqrt(self.radius**2 - (flat * y) ** 2)
        return np.asarray(center + way / np.linalg.norm(way) * length)


@lru_cache(maxsize=256)
def _pill(corner: float, half_width: float, radius: float) -> FloatArray:
    return np.asarray(RoundedRectangle(corner_radius=corner, width=2 * half_width, height=2 * radius).points)


class Edges(VGroup):
    """The lines from one column to the next. ``lines[i, j]`` leads to node i from node j (counted from 0).

    Only nodes that are drawn have lines. ``into(i)`` and ``out_of(j)`` are the lines of one node.
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
        """The line to node i from node j."""
        return self.lines[i, j]

    def into(self, i: int) -> VGroup:
        """All lines to node i, from the first node down."""
        return VGroup(*(line for (to, _), line in self.lines.items() if to == i))

    def out_of(self, j: int) -> VGroup:
        """All lines from node j."""
        return VGroup(*(line for (_, start), line in self.lines.items() if start == j))

    @property
    def drawn(self) -> tuple[IntArray, IntArray]:
        """Which neurons the lines lead to, (I,), and from, (J,)."""
        return np.unique([to for to, _ in self.lines]), np.unique([start for _, start in self.lines])

    def show_drawn(self, weights: FloatArray, largest: float) -> Edges:
        """Each line as thick and bright as its weight is large; ``weights`` (I, J) of those drawn, see `drawn`.

        ``largest`` is drawn at full strength, a negative weight dashed. Lines are changed in place.
        """
        for line, weight in zip(self.lines.values(), np.ravel(weights), strict=True):
            share = min(1.0, abs(float(weight)) / largest) if largest > 0 else 0.0
            if (weight < 0) != line.negative:
                line.negative = bool(weight < 0)
                line.points = (_dashes if line.negative else _solid)(*line.ends)
            line.set_stroke(*strength(share, self.color_of_weights))
            line.emphasis = min(share, 0.97)  # what is faint is meant to be
        return self


def _solid(start: FloatArray, end: FloatArray) -> FloatArray:
    return np.asarray(segment(start, end, palette.text, 1.0).points)


def _dashes(start: FloatArray, end: FloatArray) -> FloatArray:
    return np.asarray(dashed(start, end, palette.text, dash=0.1).points)


def activation_picture(kind: str, size: float, color: ManimColor, width: float = style.BOX + 0.6) -> VMobject:
    """The curve of an activation function, one of `ACTIVATIONS`, in a square of ``size`` around (0, 0)."""
    x = np.linspace(-0.4, 0.4, 41)
    curve = np.column_stack([x, ACTIVATIONS[kind].icon(x), np.zeros(len(x))])
    return polyline(curve * size, color, width)


def activation_box(kind: str, center: FloatArray, width: float, height: float) -> VGroup:
    """A box with the picture of an activation function: r goes in, a comes out."""
    box = RoundedRectangle(corner_radius=0.1, width=width, height=height, color=palette.blue, stroke_width=style.BOX)
    box.set_fill(mix(palette.blue, NODE_FILL / 2), 1)
    curve = activation_picture(kind, 0.78 * height, palette.blue)
    return VGroup(box, curve.stretch(1.25, 0)).move_to(center)


def patched(text: TextMobject) -> VGroup:
    """A text on a patch of background, so that lines stop before it."""
    patch = Rectangle(width=text.width + 2 * PATCH, height=text.height + PATCH, stroke_width=0)
    patch.set_fill(palette.background, 1).move_to(text)
    return VGroup(patch, text)


def arrow_up(tip: FloatArray, length: float, color: ManimColor) -> VGroup:
    """A small arrow from below that ends at ``tip``."""
    head = Triangle(color=color, fill_opacity=1, stroke_width=0).stretch_to_fit_width(0.15).stretch_to_fit_height(0.17)
    head.shift(tip - head.get_top())
    shaft = segment(tip - np.array([0, length, 0]), tip - np.array([0, 0.1, 0]), color, style.AXIS)
    return VGroup(shaft, head)


def centered_number(value: float, decimals: int, size: float, color: ManimColor) -> Number:
    """A number whose ink is centred at x = 0, on the baseline y = 0."""
    number = Number(value, decimals, size, color)
    glyphs = VGroup(*(glyph for glyph in number.submobjects[1:] if len(glyph.points)))
    return number.place_left(0.0, -glyphs.width / 2)


def roll(number: Number, value: float) -> Animation:
    """``number`` runs on to ``value``; the middle of its ink stays where it is."""
    start, middle = number.value, _middle(number)

    def show(moving: Number, share: float) -> None:
        moving.set_value(start + share * (value - start))
        moving.shift(np.array([middle - _middle(moving), 0.0, 0.0]))

    return UpdateFromAlphaFunc(number, show)


def _middle(number: Number) -> float:
    return float(VGroup(*(glyph for glyph in number.submobjects[1:] if len(glyph.points))).get_x())


def three_dots(center: FloatArray, step: float) -> VGroup:
    """Dots one below the other, for nodes that are not drawn."""
    steps = np.array([[0, step, 0], [0, 0, 0], [0, -step, 0]])
    return VGroup(*(Dot(center + shift, radius=0.035, color=palette.dim) for shift in steps))


def strength(share: float, color: ManimColor) -> tuple[ManimColor, float]:
    """Colour and width of a line for a weight (or slope) of ``share`` times the largest one."""
    return mix(color, PALE + (BRIGHT - PALE) * share), THINNEST + (THICKEST - THINNEST) * share


class Pulse(VGroup):
    """A dot on each line, from its start to its end: what is computed goes this way. ``play(pulse.run())``."""

    def __init__(self, lines: VGroup, color: ManimColor, backward: bool = False) -> None:
        super().__init__()
        self.ways = [line.ends[::-1] if backward else line.ends for line in lines]
        self.add(*(Dot(way[0], radius=PULSE_RADIUS, color=color) for way in self.ways))

    def show(self, share: float) -> None:
        """Dots after ``share`` of their ways; at both ends they grow and shrink, so that none is there at once."""
        size = 2 * PULSE_RADIUS * max(0.02, min(1.0, share / PULSE_GROWS, (1 - share) / PULSE_GROWS))
        for dot, (start, end) in zip(self, self.ways, strict=True):
            dot.set(width=size).move_to(start + share * (end - start))

    def run(self, seconds: float = 0.8) -> Animation:
        """The dots' way, after which they are gone."""
        return UpdateFromAlphaFunc(
            self, lambda pulse, share: pulse.show(share), run_time=seconds, rate_func=smooth, remover=True
        )
