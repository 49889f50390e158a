"""One neuron seen from near: signals come in, are weighted and added, and what is left goes through a ReLU."""

from __future__ import annotations

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.network_parts import Node, activation_picture, arrow_up
from gradreel.scenes.mobjects.plot import ring, segment
from gradreel.scenes.mobjects.text import TextMobject, formula
from gradreel.scenes.style import mix, palette
from manim import Animation, Dot, ManimColor, UpdateFromAlphaFunc, VGroup, VMobject, linear, smooth, squish_rate_func
from numpy.typing import NDArray

INPUTS = 4
PLUS, BODY = (-0.47, 0.17), (0.44, 0.24)  # x and radius of the sum, and of the ReLU, in radii of the whole
SPREAD = 0.62  # of the inputs' heights on the rim
BIAS = 0.36  # length of the arrow that brings b, in radii of the whole
ARRIVED, LEFT = 0.33, 0.75  # shares of the time after which the signals are added, and out of the ReLU
SIGN_OVER, SIGN_COMES = 0.13, 0.06  # of the sum's sign: scene units over the line, share of the time in which it comes
RESULT_DROP = 0.42  # from the ReLU's foot to the baseline of what it makes of the sum
SOMA, CELL_SHARE = 0.28, 0.3  # radius of a cell's body in radii of the whole; share of grey that a cell is drawn in
FORK = (-0.14, 0.14)  # how far a dendrite's two ends are from the signal's line, in its lengths


class NeuronView(VGroup):
    """A round window at (x, y): lines in from the left, a plus with b, a ReLU, a line out. ``signals`` go through.

    ``cell``: behind the lines, in the colour of the background until it is ``seen``. ``lines``: from the node that is
    looked at, once ``sight`` has made them; not part of the window.
    """

    def __init__(self, x: float, y: float, radius: float) -> None:
        super().__init__()
        self.middle, self.radius = np.array([x, y, 0.0]), radius
        window = ring(self.middle, radius, palette.axis, palette.background)
        self.plus, self.body = self._at(PLUS[0], 0.0), self._at(BODY[0], 0.0)
        self.starts = [self._rim(height) for height in np.linspace(SPREAD, -SPREAD, INPUTS)]
        self.end = self._at(0.99, 0.0)
        into = [self._line(start, self.plus) for start in self.starts]
        through = segment(self._at(PLUS[0] + PLUS[1], 0), self._at(BODY[0] - BODY[1], 0), palette.text, style.RING)
        out = segment(self._at(BODY[0] + BODY[1], 0), self.end, palette.text, style.RING)
        node = Node(self.body, BODY[1] * radius, palette.blue)
        picture = activation_picture("relu", 1.3 * BODY[1] * radius, palette.blue, style.SMALL_CURVE).move_to(self.body)
        self.cell = self._cell()
        self.add(window, self.cell, *into, through, out, *self._sum(), *self._bias(), node, picture)
        self.lines: list[VMobject] = []

    def _at(self, x: float, y: float) -> NDArray:
        """A point of the window, in its radii."""
        return self.middle + self.radius * np.array([x, y, 0.0])

    def _rim(self, height: float) -> NDArray:
        return self._at(-0.99 * float(np.sqrt(1 - height**2)), height)

    def _inside(self, point: NDArray) -> NDArray:
        """The point of the window that lies toward ``point``, which is at its rim or beyond."""
        way = point - self.middle
        return self.middle + 0.94 * self.radius * way / np.linalg.norm(way)

    def _line(self, start: NDArray, end: NDArray) -> VMobject:
        way = (end - start) / np.linalg.norm(end - start)
        return segment(start, end - way * PLUS[1] * self.radius, palette.yellow, style.RING)

    def _sum(self) -> list[VMobject]:
        """A plus in a ring."""
        arms = 0.08 * self.radius * np.eye(3)[:2]
        lines = [segment(self.plus - arm, self.plus + arm, palette.text, style.RING) for arm in arms]
        return [ring(self.plus, PLUS[1] * self.radius, palette.text), *lines]

    def _bias(self) -> list[VMobject]:
        """b, which is added too, and its arrow from below."""
        foot = self._at(PLUS[0], -PLUS[1])
        length = BIAS * self.radius
        name = formula("b", style.LETTER, palette.green).place(foot[1] - length, left=foot[0] + 0.14)
        return [arrow_up(foot - np.array([0.0, 0.04, 0.0]), length, palette.green), name]

    def sight(self, node: Node) -> list[VMobject]:
        """Two lines from ``node`` to the window's rim, touching both."""
        start = node.get_center()
        way = self.middle - start
        length = float(np.linalg.norm(way))
        angle = float(np.arctan2(way[1], way[0]))
        tilt = float(np.arccos((node.radius - self.radius) / length))
        for sign in (1.0, -1.0):
            normal = np.array([np.cos(angle + sign * tilt), np.sin(angle + sign * tilt), 0.0])
            ends = start + node.radius * normal, self.middle + self.radius * normal
            self.lines.append(segment(*ends, palette.dim, style.BOX))
        return self.lines

    def signals(self, positive: bool) -> Animation:
        """Signals come in together and are added. A ``positive`` sum goes through the ReLU and out; else nothing does.

        From then on the sum's sign stands over the line from the plus to the ReLU, and below the ReLU what comes out;
        at the end all of it is gone.
        """
        dots = VGroup(*(Dot(start, radius=0.09, color=palette.text) for start in self.starts))
        told = VGroup(self._sign(positive), self._result(positive))
        goal = self.end if positive else self.body
        arriving, leaving = squish_rate_func(smooth, 0.0, ARRIVED), squish_rate_func(smooth, ARRIVED, LEFT)

        def update(_: VGroup, share: float) -> None:
            left = leaving(share)
            for dot, start in zip(dots, self.starts, strict=True):
                way = start + arriving(share) * (self.plus - start)
                dot.move_to(way if left == 0 else self.plus + left * (goal - self.plus))
                dot.set_opacity(1.0 if positive else min(1.0, 4 * (1 - left)))
            told.set_opacity(float(np.clip(min(share - ARRIVED, 1 - share) / SIGN_COMES, 0, 1)))

        return UpdateFromAlphaFunc(VGroup(dots, told), update, remover=True, rate_func=linear)

    def _sign(self, positive: bool) -> TextMobject:
        middle = self._at((PLUS[0] + PLUS[1] + BODY[0] - BODY[1]) / 2, 0.0)
        sign = formula("r > 0" if positive else "r < 0", style.LETTER)
        return sign.place(middle[1] + SIGN_OVER, center=middle[0])

    def _result(self, positive: bool) -> TextMobject:
        result = formula(f"max(0, r) = {'r' if positive else 0}", style.LETTER)
        return result.place(self.body[1] - BODY[1] * self.radius - RESULT_DROP, center=self.body[0] - 0.1 * self.radius)

    def seen(self) -> Animation:
        """The cell comes to light."""
        return self.cell.animate.set_fill(mix(palette.grey, CELL_SHARE))

    def _cell(self) -> VGroup:
        """A nerve cell that fits behind the lines: dendrites where signals come in, its body the sum, an axon out."""
        color = palette.background
        branches = []
        for start in self.starts:
            way = start - self.plus
            across = np.array([-way[1], way[0], 0.0])
            fork = self.plus + 0.6 * way
            ends = [self._inside(self.plus + way + side * across) for side in FORK]
            branches.append(_tapered(self.plus, fork, (0.2, 0.07), color))
            branches += [_tapered(fork, end, (0.07, 0.02), color) for end in ends]
        fork = self._at(0.78, 0.0)
        ends = [self._inside(self._at(1.0, height)) for height in (-0.26, 0.0, 0.26)]
        axon = [_tapered(self.plus, fork, (0.16, 0.08), color)]
        axon += [_tapered(fork, end, (0.08, 0.03), color) for end in ends]
        body = Dot(self.plus, radius=SOMA * self.radius, color=color)
        return VGroup(*branches, body, *axon)


def _tapered(start: NDArray, end: NDArray, half_widths: tuple[float, float], color: ManimColor) -> VGroup:
    """A filled way from ``start`` to ``end`` that gets thinner, with round ends."""
    way = (end - start) / np.linalg.norm(end - start)
    across = np.array([-way[1], way[0], 0.0])
    first, last = half_widths
    shape = VMobject(stroke_width=0, fill_color=color, fill_opacity=1)
    corners = [start + first * across, end + last * across, end - last * across, start - first * across]
    shape.set_points_as_corners([*corners, corners[0]])
    return VGroup(shape, Dot(start, radius=first, color=color), Dot(end, radius=last, color=color))
