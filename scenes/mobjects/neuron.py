"""One neuron seen from near: signals come in, are weighted and added, and what is left goes through a ReLU."""

from __future__ import annotations

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.network_parts import Node, activation_picture
from gradreel.scenes.mobjects.plot import ring, segment
from gradreel.scenes.style import palette
from manim import Animation, Dot, UpdateFromAlphaFunc, VGroup, VMobject, smooth
from numpy.typing import NDArray

INPUTS = 4
PLUS, BODY = (-0.28, 0.2), (0.38, 0.27)  # x and radius of the sum, and of the ReLU, in radii of the whole
SPREAD = 0.62  # of the inputs' heights on the rim
ARRIVED = 0.55  # share of the time after which the signals are added


class NeuronView(VGroup):
    """A round window at (x, y): lines in from the left, a plus, a ReLU, a line out. ``fire`` sends signals through.

    ``lines``: from the node that is looked at, once ``sight`` has made them; not part of the window.
    """

    def __init__(self, x: float, y: float, radius: float) -> None:
        super().__init__()
        self.middle, self.radius = np.array([x, y, 0.0]), radius
        window = ring(self.middle, radius, palette.axis, palette.background)
        plus, body = self._at(PLUS[0], 0.0), self._at(BODY[0], 0.0)
        self.starts = [self._rim(height) for height in np.linspace(SPREAD, -SPREAD, INPUTS)]
        self.plus = plus
        into = [self._line(start, plus, palette.yellow, PLUS[1]) for start in self.starts]
        self.end = self._at(0.99, 0.0)
        through = segment(self._at(PLUS[0] + PLUS[1], 0), self._at(BODY[0] - BODY[1], 0), palette.text, style.RING)
        out = segment(self._at(BODY[0] + BODY[1], 0), self.end, palette.text, style.RING)
        sign = ring(plus, PLUS[1] * radius, palette.text)
        arms = [segment(plus - arm, plus + arm, palette.text, style.RING) for arm in 0.1 * radius * np.eye(3)[:2]]
        node = Node(body, BODY[1] * radius, palette.blue)
        picture = activation_picture("relu", 1.3 * BODY[1] * radius, palette.blue, style.SMALL_CURVE).move_to(body)
        self.signals = VGroup(*(Dot(start, radius=0.09, color=palette.text) for start in self.starts))
        self.add(window, *into, through, out, sign, *arms, node, picture)
        self.lines: list[VMobject] = []

    def _at(self, x: float, y: float) -> NDArray:
        """A point of the window, in its radii."""
        return self.middle + self.radius * np.array([x, y, 0.0])

    def _rim(self, height: float) -> NDArray:
        return self._at(-0.99 * float(np.sqrt(1 - height**2)), height)

    def _line(self, start: NDArray, end: NDArray, color: object, gap: float) -> VMobject:
        way = (end - start) / np.linalg.norm(end - start)
        return segment(start, end - way * gap * self.radius, palette.yellow, style.RING)

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

    def fire(self) -> Animation:
        """Signals come in together, meet at the plus, and one goes through the ReLU and out; then they are gone."""

        def update(signals: VGroup, share: float) -> None:
            arriving = smooth(min(1.0, share / ARRIVED))
            leaving = smooth(max(0.0, (share - ARRIVED) / (1 - ARRIVED)))
            for dot, start in zip(signals, self.starts, strict=True):
                way = start + arriving * (self.plus - start)
                dot.move_to(way if leaving == 0 else self.plus + leaving * (self.end - self.plus))

        return UpdateFromAlphaFunc(self.signals, update, remover=True)
