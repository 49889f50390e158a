"""One neuron seen from near, signals on their way through it, and a nerve cell as every schoolbook draws it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.network_parts import Node, activation_picture, arrow_up
from gradreel.scenes.mobjects.plot import ring, segment
from gradreel.scenes.mobjects.text import formula
from gradreel.scenes.style import mix, palette
from manim import (
    Animation,
    Dot,
    ManimColor,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    interpolate_color,
    linear,
    smooth,
    squish_rate_func,
)
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
AXON = 0.055  # half width
TWIG = 0.86  # how far a twig reaches, of its dendrite
KNOB = 0.038  # radius of an ending
BEND = 0.1  # how far a branch's middle is off the straight way, in its lengths
FORKS = ((0.5, 0.3), (0.68, -0.28))  # on a dendrite: where a twig leaves it, and how far to its side, in its lengths
CELL_GREY, NUCLEUS_GREY = 0.72, 0.3  # shares of grey: the cell, and its nucleus
BRANCH_CORNERS = 24
THIN = 0.015  # half the width of a line of the drawing, which grows into a branch
GONE, LATER = 0.5, 0.55  # shares of the growing: until the drawing is gone; after which twigs and endings come
FORKED = 0.75  # share of the time that a signal takes to where the axon branches


class NeuronView(VGroup):
    """A round window at (x, y): lines in from the left, a plus with b, a ReLU, a line out. ``signals`` go through.

    ``cell``: behind the lines, as thin as they are, until the drawing `becomes` it. ``lines``: from the node that is
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
        ends = self._at(BODY[0] + BODY[1], 0), self.end
        self.out = segment(*ends, palette.axis, style.RING)
        self.out.ends = ends
        node = Node(self.body, BODY[1] * radius, palette.blue)
        picture = activation_picture("relu", 1.3 * BODY[1] * radius, palette.blue, style.SMALL_CURVE).move_to(self.body)
        # A cell that fits behind: dendrites where signals come in, its body the sum, an axon where they go out
        tips = [self._inside(start) for start in self.starts]
        endings = [self._inside(self._at(1.0, height)) for height in ENDINGS]
        self.cell = NerveCell(self.plus, tips, self._at(FORK, 0.0), endings, radius)
        self.sum_ring, *self.arms = self._sum()
        leaving = [*into, through, self.out, *self._bias(), node, picture]
        self.leaving = [*leaving, *self.arms]
        self.add(window, self.cell, *leaving, self.sum_ring, *self.arms)
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

    def becomes_cell(self) -> Animation:
        """The lines in grow into dendrites, the plus into the nucleus, the line out into the axon; the rest goes."""
        inked = [part for drawn in self.leaving for part in drawn.family_members_with_points()]
        opacities = [(part.get_fill_opacity(), part.get_stroke_opacity()) for part in inked]
        start, end = PLUS[1] * self.radius, NUCLEUS * self.radius

        def update(_: NeuronView, share: float) -> None:
            self.cell.grow(share)
            left = max(0.0, 1 - share / GONE)
            for part, (fill, stroke) in zip(inked, opacities, strict=True):
                part.set_fill(opacity=fill * left, family=False).set_stroke(opacity=stroke * left, family=False)
            self.sum_ring.set(width=2 * (start + share * (end - start)))
            self.sum_ring.set_fill(mix(palette.grey, NUCLEUS_GREY * share), 1).set_stroke(opacity=1 - share)

        return UpdateFromAlphaFunc(self, update, rate_func=smooth)

    def pulse(self) -> Animation:
        """One signal runs out along the axon, into all that it branches into."""
        dots = VGroup(*(Dot(self.plus, radius=0.1, color=palette.text) for _ in self.cell.ends))

        def update(_: VGroup, share: float) -> None:
            out = min(1.0, share / FORKED)
            beyond = max(0.0, (share - FORKED) / (1 - FORKED))
            for dot, end in zip(dots, self.cell.ends, strict=True):
                dot.move_to(self.plus + out * (self.cell.fork - self.plus) + beyond * (end - self.cell.fork))

        return UpdateFromAlphaFunc(dots, update, remover=True, rate_func=linear)


class Branch(VGroup):
    """A filled way that gets thinner, from ``start`` to ``end``; it grows from a line of ``half_widths`` `THIN`.

    ``born``: the share of the growing before which it is not there. ``ink``: its colour at first.
    """

    def __init__(
        self,
        start: NDArray,
        end: NDArray,
        half_widths: tuple[float, float],
        bend: float = 0.0,
        ink: ManimColor | None = None,
        born: float = 0.0,
    ) -> None:
        super().__init__()
        self.start, self.end, self.bend, self.born = start, end, bend, born
        self.half_widths, self.ink = half_widths, ink or palette.background
        self.shape, self.tips = VMobject(stroke_width=0), [Dot(at, radius=1.0) for at in (start, end)]
        self.add(self.shape, *self.tips)

    def grow(self, share: float) -> None:
        """The way after ``share`` of its growing, on its way to the cell's grey."""
        share = max(0.0, share - self.born) / (1 - self.born)
        thin = 0.0 if self.born else THIN
        first, last = (thin + share * (width - thin) for width in self.half_widths)
        goal = self.end if not self.born else self.start + share * (self.end - self.start)
        shares = np.linspace(0, 1, BRANCH_CORNERS)
        line = _along(self.start, goal, self.bend * share, shares)
        way = goal - self.start + 1e-9
        slopes = np.gradient(line, axis=0) if share or not self.born else np.tile(way, (BRANCH_CORNERS, 1))
        across = np.column_stack([-slopes[:, 1], slopes[:, 0], np.zeros(BRANCH_CORNERS)])
        across /= np.linalg.norm(across, axis=1)[:, None]
        half = (first + shares * (last - first))[:, None]
        corners = np.concatenate([line + half * across, (line - half * across)[::-1]])
        self.shape.set_points_as_corners(np.concatenate([corners, corners[:1]]))
        for tip, at, radius in zip(self.tips, (self.start, goal), (first, last), strict=True):
            tip.set(width=2 * max(radius, 1e-3)).move_to(at)
        self.set_fill(interpolate_color(self.ink, mix(palette.grey, CELL_GREY), share), 1).set_stroke(width=0)


class NerveCell(VGroup):
    """A body at ``middle``, a dendrite to each of ``tips``, an axon that branches at ``fork`` to ``ends``.

    ``reach``: the length that all widths are in. At first it is as thin as the lines of a drawing, see `grow`.
    """

    def __init__(
        self, middle: NDArray, tips: Sequence[NDArray], fork: NDArray, ends: Sequence[NDArray], reach: float
    ) -> None:
        super().__init__()
        self.reach, self.fork, self.ends = reach, fork, ends
        axon = AXON * reach
        hillock = middle + 0.42 * (fork - middle)
        self.soma = Dot(middle, radius=SOMA * reach)
        self.branches = [
            *(branch for k, tip in enumerate(tips) for branch in self._dendrite(middle, tip, BEND if k % 2 else -BEND)),
            Branch(middle, hillock, (0.8 * SOMA * reach, axon), born=LATER),
            Branch(middle, fork, (axon, axon), ink=palette.text),
            *(Branch(fork, end, (axon, KNOB * reach), BEND * (1 - k), born=LATER) for k, end in enumerate(ends)),
        ]
        self.add(self.soma, *self.branches)
        self.grow(0.0).set_fill(opacity=0)  # the drawing alone is seen

    def grow(self, share: float) -> NerveCell:
        """The cell after ``share`` of its growing."""
        self.soma.set(width=2 * self.reach * (PLUS[1] + share * (SOMA - PLUS[1])) * min(1.0, 0.5 + share))
        self.soma.set_fill(mix(palette.grey, CELL_GREY * share), 1)
        for branch in self.branches:
            branch.grow(share)
        return self

    def _dendrite(self, start: NDArray, tip: NDArray, bend: float) -> list[Branch]:
        """A thinning way from the body to ``tip``, with two twigs."""
        widths = ROOT * self.reach, TIP * self.reach
        way, across = tip - start, _across(tip - start)
        branches = [Branch(start, tip, widths, bend, ink=palette.yellow)]
        for share, aside in FORKS:
            leaves = _along(start, tip, bend, np.array([share]))[0]
            goal = start + TWIG * way + aside * across * (1 if bend > 0 else -1)
            thick = widths[0] + share * (widths[1] - widths[0])
            branches.append(Branch(leaves, goal, (0.8 * thick, widths[1]), 0.5 * bend, born=LATER))
        return branches


def _across(way: NDArray) -> NDArray:
    """``way`` turned by a quarter, as long as it is."""
    return np.array([-way[1], way[0], 0.0])


def _along(start: NDArray, end: NDArray, bend: float, shares: NDArray) -> NDArray:
    """Points (n, 3) at these shares of a bent way."""
    way = end - start
    return start + shares[:, None] * way + (4 * bend * shares * (1 - shares))[:, None] * _across(way)
