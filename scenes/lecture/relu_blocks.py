"""How large a network is, to be seen: one dot for each ReLU, a block of dots for each layer, from left to right."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from gradreel.scenes.mobjects.network_diagram import Column
from gradreel.scenes.mobjects.plot import segment
from gradreel.scenes.mobjects.text import formula
from gradreel.scenes.style import GUIDE, mix, palette
from manim import VGroup, VMobject
from numpy.typing import NDArray

WIDEST_STEP = 0.083  # between the middles of two dots, where there is room
FILLED = 0.33  # a dot's radius, of the step
LONGEST = 7  # times as long as wide is a full rectangle at most
BETWEEN, GAPS = 0.22, 0.3  # scene units between two layers; the share of the width that the gaps may take
WIRES, WIRED = 4, 0.6  # ends of the lines between two layers, at either; share of their colour
FIRST = 3.2  # height or width of the layer that width-experiment ends with
LINED_UP = 0.05  # radius of dots one above the other
_CIRCLE = 0.5523  # handle of a quarter circle


def shape_of(count: int, most_layers: int, width: float, height: float, step: float) -> tuple[int, int]:
    """Dots across and up of a layer of ``count``: a full rectangle, nearly square, where one fits; else one in part."""
    across_most = max(1, int((width / most_layers - between(most_layers, width)) / step + 1e-9))
    up_most = max(1, int(height / step + 1e-9))
    full = [(count // up, up) for up in range(1, count + 1) if count % up == 0]
    fitting = [(across, up) for across, up in full if across <= across_most and up <= up_most]
    nearest = min(fitting, key=lambda shape: abs(math.log(shape[0] / shape[1])), default=None)
    if nearest is not None and max(nearest) <= LONGEST * min(nearest):
        return nearest
    across = min(across_most, max(math.ceil(count / up_most), math.ceil(math.sqrt(count))))
    return across, math.ceil(count / across)


def between(layers: int, width: float) -> float:
    """The gap between two of so many layers."""
    return min(BETWEEN, GAPS * width / layers) if layers > 1 else 0.0


def common_step(hidden: Sequence[tuple[int, ...]], width: float, height: float) -> float:
    """The step between dots at which the largest of the networks still fits into ``width`` by ``height``."""
    step = WIDEST_STEP
    while not all(_fits(layers, width, height, step) for layers in hidden):
        step *= 0.97
    return step


def _fits(layers: tuple[int, ...], width: float, height: float, step: float) -> bool:
    if not layers:
        return True
    across, rows = shape_of(max(layers), len(layers), width, height, step)
    return len(layers) * (across * step + between(len(layers), width)) <= width and rows * step <= height


class ReluBlocks(VGroup):
    """The layers of one network as blocks of dots, the first one at the left, around ``center`` (3,)."""

    def __init__(
        self, layers: tuple[int, ...], center: NDArray, step: float, most_layers: int, width: float, height: float
    ) -> None:
        super().__init__()
        gap = between(most_layers, width)
        shapes = [shape_of(count, most_layers, width, height, step) for count in layers]
        wide = sum(across * step for across, _ in shapes) + gap * (len(shapes) - 1)
        left = float(center[0]) - wide / 2
        for count, (across, rows) in zip(layers, shapes, strict=True):
            k = np.arange(count)
            x = left + (k % across + 0.5) * step
            y = ((rows - 1) / 2 - k // across) * step + float(center[1])
            self.add(dots(np.stack([x, y, np.zeros(count)], axis=-1), FILLED * step))
            left += across * step + gap


def networks_as_dots(
    hidden: Sequence[tuple[int, ...]], centers: Sequence[NDArray], width: float, height: float
) -> VGroup:
    """Networks around ``centers`` in rectangles of ``width`` by ``height``; one without layers is its formula."""
    step, most = common_step(hidden, width, height), max(map(len, hidden))
    group = VGroup()
    for layers, center in zip(hidden, centers, strict=True):
        if layers:
            group.add(ReluBlocks(layers, center, step, most, width, height))
        else:
            line = formula("grey(b) + sum_j yellow(w_j) x_j", 40)
            group.add(line.scale(min(1.0, width / line.width)).move_to(center))
    return group


def wires(blocks: ReluBlocks) -> list[VGroup]:
    """A few lines of W into each layer, from the one before it; none into the first."""
    made = [VGroup()]
    for before, after in pairwise(blocks):
        left, right = float(before.get_right()[0]), float(after.get_left()[0])
        ends = [np.linspace(block.get_bottom()[1], block.get_top()[1], WIRES + 2)[1:-1] for block in (before, after)]
        ways = [((left, a, 0), (right, b, 0)) for a in ends[0] for b in ends[1]]
        made.append(VGroup(*(segment(*way, mix(palette.yellow, WIRED), GUIDE) for way in ways)))
    return made


def first_layer(count: int) -> VMobject:
    """A layer of ``count`` ReLUs in the middle of the frame: width-experiment ends with it, stack-layers begins so."""
    block = ReluBlocks((count,), np.array([0.0, 0.1, 0.0]), WIDEST_STEP, 1, FIRST, FIRST)[0]
    return block.scale(FIRST / max(block.width, block.height))


def in_one_column(count: int, column: Column) -> VMobject:
    """As many dots, one above the other, where the nodes of ``column`` are."""
    nodes = VGroup(*column.nodes.values())
    y = np.linspace(float(nodes.get_top()[1]), float(nodes.get_bottom()[1]), count)
    return dots(np.column_stack([np.full(count, column.x), y, np.zeros(count)]), LINED_UP)


def dots(places: NDArray, radius: float) -> VMobject:
    """Filled circles around ``places`` (n, 3) as one mobject."""
    corner = np.array([[1, 0, 0], [1, _CIRCLE, 0], [_CIRCLE, 1, 0], [0, 1, 0]], dtype=float)
    quarter = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]], dtype=float)
    turns = [corner]
    for _ in range(3):
        turns.append(turns[-1] @ quarter.T)
    circle = np.concatenate(turns) * radius  # (16, 3)
    mobject = VMobject(stroke_width=0, fill_color=palette.blue, fill_opacity=1)
    mobject.points = (places[:, None, :] + circle[None]).reshape(-1, 3)
    return mobject
