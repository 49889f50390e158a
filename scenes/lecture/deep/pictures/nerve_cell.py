"""A nerve cell as one sees it in every schoolbook: dendrites, a body with its nucleus, an axon and its endings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.scenes.style import mix, palette
from manim import Circle, Dot, VGroup, VMobject
from numpy.typing import NDArray

BODY, NUCLEUS = 0.26, 0.09  # radii, in the reach of the whole
ROOT, TIP = 0.085, 0.016  # half widths of a dendrite where it leaves the body, and where it ends
AXON, ENDING = 0.055, 0.025  # half widths of the axon, and of what it branches into
TWIG = 0.86  # how far a twig reaches, of its dendrite
KNOB = 0.038  # radius of an ending
BEND = 0.1  # how far a branch's middle is off the straight way, in its lengths
FORKS = ((0.5, 0.3), (0.68, -0.28))  # on a dendrite: where a twig leaves it, and how far to its side, in its lengths
FULL, DARK = 0.72, 0.3  # shares of grey: the cell, and its nucleus
CORNERS = 24


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
        parts: list[VMobject] = [Dot(middle, radius=BODY * reach)]
        for k, tip in enumerate(tips):
            parts += self._dendrite(middle, tip, BEND if k % 2 else -BEND)
        hillock = middle + 0.42 * (fork - middle)
        parts.append(_branch(middle, hillock, (0.8 * BODY * reach, AXON * reach)))
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
        self.body.set_fill(mix(palette.grey, FULL * share), 1).set_stroke(width=0)
        self.nucleus.set_fill(mix(palette.grey, DARK * share), 1)
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
    shares = np.linspace(0, 1, CORNERS)
    line = _along(start, end, bend, shares)
    slopes = np.gradient(line, axis=0)
    across = np.column_stack([-slopes[:, 1], slopes[:, 0], np.zeros(CORNERS)])
    across /= np.linalg.norm(across, axis=1)[:, None]
    half = (half_widths[0] + shares * (half_widths[1] - half_widths[0]))[:, None]
    corners = np.concatenate([line + half * across, (line - half * across)[::-1]])
    shape = VMobject(stroke_width=0)
    shape.set_points_as_corners(np.concatenate([corners, corners[:1]]))
    return VGroup(shape, Dot(start, radius=half_widths[0]), Dot(end, radius=half_widths[1]))
