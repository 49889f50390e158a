"""One neuron seen from near, signals on their way through it, and a nerve cell as every schoolbook draws it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.network_parts import Node, activation_picture, arrow_up
from gradreel.scenes.mobjects.plot import ring, segment
from gradreel.scenes.mobjects.text import formula
from gradreel.scenes.style import mix, palette
from manim import Animation, Circle, Dot, UpdateFromAlphaFunc, VGroup, VMobject, linear, smooth, squish_rate_func
from numpy.typing import NDArray

INPUTS = 4
PLUS, BODY = (-0.47, 0.17), (0.44, 0.24)  # x and radius of the sum, and of the ReLU, in radii of the whole
SPREAD = 0.62  # of the inputs' heights on the rim
BIAS = 0.36  # length of the arrow that brings b, in radii of the whole
ARRIVED, LEFT = 0.33, 0.75  # shares of the time after which the signals are added, and out of the ReLU
GOES_OUT = 0.14  # share of the time in which what came out leaves
FIRED = 7.0  # the way out, while something goes out
FORK, ENDINGS = 0.74, (0.3, 0.0, -0.3)  # x where a cell's axon branches, heights of its ends, in radii of the whole

# Of the nerve cell, in the reach of the whole
SOMA, NUCLEUS = 0.26, 0.09  # radii
ROOT, TIP = 0.085, 0.016  # half widths of a dendrite where it leaves the body, and where it ends
AXON, ENDING = 0.055, 0.025  # half widths of the axon, and of what it branches into
TWIG = 0.86  # how far a twig reaches, of its dendrite
KNOB = 0.038  # radius of an ending
BEND = 0.1  # how far a branch's middle is off the straight way, in its lengths
FORKS = ((0.5, 0.3), (0.68, -0.28))  # on a dendrite: where a twig leaves it, and how far to its side, in its lengths
CELL_GREY, NUCLEUS_GREY = 0.72, 0.3  # shares of grey: the cell, and its nucleus
BRANCH_CORNERS = 24


class NeuronView(VGroup):
    """A round window at (x, y): lines in from the left, a plus with b, a ReLU, a line out. ``signals`` go through.

    ``cell``: behind the lines, unseen until one has a `look` at it. ``drawn``: all before it. ``lines``: from the node
    that is looked at, once ``sight`` has made them; not part of the window.
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
        ends = self._at(BODY[0] + BODY[1], 0), self.end
        self.out = segment(*ends, palette.axis, style.RING)
        self.out.ends = ends
        node = Node(self.body, BODY[1] * radius, palette.blue)
        picture = activation_picture("relu", 1.3 * BODY[1] * radius, palette.blue, style.SMALL_CURVE).move_to(self.body)
        # A cell that fits behind: dendrites where signals come in, its body the sum, an axon where they go out
        tips = [self._inside(start) for start in self.starts]
        endings = [self._inside(self._at(1.0, height)) for height in ENDINGS]
        self.cell = NerveCell(self.plus, tips, self._at(FORK, 0.0), endings, radius)
        self.drawn = [*into, through, self.out, *self._sum(), *self._bias(), node, picture]
        self.add(window, self.cell, *self.drawn)
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

    def signals(self) -> Animation:
        """Signals come in together, are added, and go through the ReLU and out, which lights up; then all goes."""
        dots = VGroup(*(Dot(start, radius=0.1, color=palette.text) for start in self.starts))
        arriving, leaving = squish_rate_func(smooth, 0.0, ARRIVED), squish_rate_func(smooth, ARRIVED, LEFT)
        fired = segment(*self.out.ends, palette.text, FIRED)

        def update(_: VGroup, share: float) -> None:
            left = leaving(share)
            for dot, start in zip(dots, self.starts, strict=True):
                way = start + arriving(share) * (self.plus - start)
                dot.move_to(way if left == 0 else self.plus + left * (self.end - self.plus))
            beyond = dots[0].get_center()[0] > self.out.ends[0][0]
            fired.set_stroke(opacity=float(np.clip((1 - share) / GOES_OUT, 0, 1)) if beyond else 0.0)

        return UpdateFromAlphaFunc(VGroup(fired, dots), update, remover=True, rate_func=linear)

    def look(self) -> Animation:
        """The cell comes to light, and all that is drawn over it goes."""
        inked = [part for drawn in self.drawn for part in drawn.family_members_with_points()]
        opacities = [(part.get_fill_opacity(), part.get_stroke_opacity()) for part in inked]

        def update(_: NeuronView, share: float) -> None:
            self.cell.lit(share)
            for part, (fill, stroke) in zip(inked, opacities, strict=True):
                part.set_fill(opacity=fill * (1 - share), family=False)
                part.set_stroke(opacity=stroke * (1 - share), family=False)

        return UpdateFromAlphaFunc(self, update, rate_func=smooth)


class NerveCell(VGroup):
    """A body at ``middle``, a dendrite to each of ``tips``, an axon that branches at ``fork`` to ``ends``.

    ``reach``: the length that all widths are in. Unseen, in the colour of the background, until it is `lit`. Parts:
    ``body`` (all that is filled alike) and ``nucleus``.
    """

    def __init__(
        self, middle: NDArray, tips: Sequence[NDArray], fork: NDArray, ends: Sequence[NDArray], reach: float
    ) -> None:
        super().__init__()
        self.reach = reach
        parts: list[VMobject] = [Dot(middle, radius=SOMA * reach)]
        for k, tip in enumerate(tips):
            parts += self._dendrite(middle, tip, BEND if k % 2 else -BEND)
        hillock = middle + 0.42 * (fork - middle)
        parts.append(_branch(middle, hillock, (0.8 * SOMA * reach, AXON * reach)))
        parts.append(_branch(middle, fork, (AXON * reach, AXON * reach)))
        for k, end in enumerate(ends):
            way = (AXON * reach, ENDING * reach)
            parts += [_branch(fork, end, way, BEND * (1 - k)), Dot(end, radius=KNOB * reach)]
        self.body = VGroup(*parts)
        self.nucleus = Circle(radius=NUCLEUS * reach, stroke_width=0).move_to(middle)
        self.add(self.body, self.nucleus)
        self.lit(0.0)

    def lit(self, share: float) -> NerveCell:
        """As bright as ``share`` of its grey; the nucleus is darker."""
        self.body.set_fill(mix(palette.grey, CELL_GREY * share), 1).set_stroke(width=0)
        self.nucleus.set_fill(mix(palette.grey, NUCLEUS_GREY * share), 1)
        return self

    def _dendrite(self, start: NDArray, tip: NDArray, bend: float) -> list[VMobject]:
        """A thinning way from the body to ``tip``, with two twigs."""
        widths = ROOT * self.reach, TIP * self.reach
        way, across = tip - start, _across(tip - start)
        parts = [_branch(start, tip, widths, bend)]
        for share, aside in FORKS:
            leaves = _along(start, tip, bend, np.array([share]))[0]
            goal = start + TWIG * way + aside * across * (1 if bend > 0 else -1)
            thick = widths[0] + share * (widths[1] - widths[0])
            parts.append(_branch(leaves, goal, (0.8 * thick, widths[1]), 0.5 * bend))
        return parts


def _across(way: NDArray) -> NDArray:
    """``way`` turned by a quarter, as long as it is."""
    return np.array([-way[1], way[0], 0.0])


def _along(start: NDArray, end: NDArray, bend: float, shares: NDArray) -> NDArray:
    """Points (n, 3) at these shares of a bent way."""
    way = end - start
    return start + shares[:, None] * way + (4 * bend * shares * (1 - shares))[:, None] * _across(way)


def _branch(start: NDArray, end: NDArray, half_widths: tuple[float, float], bend: float = 0.0) -> VMobject:
    """A filled way from ``start`` to ``end`` that gets thinner, with round ends."""
    shares = np.linspace(0, 1, BRANCH_CORNERS)
    line = _along(start, end, bend, shares)
    slopes = np.gradient(line, axis=0)
    across = np.column_stack([-slopes[:, 1], slopes[:, 0], np.zeros(BRANCH_CORNERS)])
    across /= np.linalg.norm(across, axis=1)[:, None]
    half = (half_widths[0] + shares * (half_widths[1] - half_widths[0]))[:, None]
    corners = np.concatenate([line + half * across, (line - half * across)[::-1]])
    shape = VMobject(stroke_width=0)
    shape.set_points_as_corners(np.concatenate([corners, corners[:1]]))
    return VGroup(shape, Dot(start, radius=half_widths[0]), Dot(end, radius=half_widths[1]))
