"""The blue pieces side by side: a column of small panels, one for the constant and one for each piece."""

from __future__ import annotations

from itertools import count as counting

import numpy as np
from gradreel.core.curves.piecewise import Decomposition
from gradreel.scenes import style
from gradreel.scenes.lecture.curves.pictures.badge import Badge
from gradreel.scenes.mobjects.plot import dashed, polyline, segment
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.mobjects.ticks import DIGIT_WIDTH, Unit, labelled, spread_out, unit_of
from gradreel.scenes.style import mix, palette
from gradreel.scenes.words.numbers import number_text, signed_text
from manim import ManimColor, VGroup, VMobject
from numpy.typing import NDArray

ROOMY = 6  # pieces that still get a row of their own with badge and number
LABEL_GAP = 0.14  # from the end of a piece's line to its height
NAME_PITCH = 0.24  # between two numbers in a column of tiles, at least


class PiecePanels(VGroup):
    """One small panel for the constant and one for each piece, all to one vertical scale.

    Few pieces stand in one column with badge and height, over one x axis: ``guides`` are dashed lines through all of
    them at the corners, and the corners' x (no part of the panels); many stand in a grid of small shapes, of which
    each is numbered that there is room for. The first is the constant's, then comes piece by piece: its zero, its line
    and, if it has them, number and height. ``ramp(k)`` is its sloping part alone, ``at(k, x)`` a point of its line.
    """

    def __init__(
        self,
        parts: Decomposition,
        x_range: tuple[float, float],
        unit: Unit,
        scale: float,
        box: tuple[float, float, float, float],
    ) -> None:
        """``scale``: scene units per data unit, at most; ``box``: left, right, bottom, top."""
        super().__init__()
        self.parts, self.x_range, self.unit = parts, x_range, unit
        self.box = box
        self._lines: list[VMobject] = []
        self.guides = VGroup()
        self.add(*(self._rows(scale) if len(parts) <= ROOMY else self._grid(scale)))

    def ramp(self, k: int) -> VMobject:
        """A copy of piece k's sloping part alone."""
        corners = self._lines[k].get_anchors_and_handles()
        return polyline(np.array([corners[0][1], corners[3][1]]), palette.blue, style.SMALL_CURVE)

    def at(self, k: int, x: float) -> NDArray:
        """Where term k's line is at ``x``, (3,)."""
        line = self._lines[k].get_all_points()
        left, right = line[0][0], line[-1][0]
        low, high = self.x_range
        across = left + (x - low) / (high - low) * (right - left)
        corners = np.vstack([self._lines[k].get_start_anchors(), line[-1]])
        return np.array([across, np.interp(across, corners[:, 0], corners[:, 1]), 0.0])

    def _line(self, k: int, ends: tuple[float, float], foot: float, scale: float, width: float) -> VMobject:
        """Term k between two ``ends``, a piece from ``foot`` on; the constant, whose height need not fit, is at it."""
        low, high = self.x_range
        x, y = np.array([low, high]), np.zeros(2)
        if k:
            start, end, height = (float(each[k - 1]) for each in (self.parts.start, self.parts.end, self.parts.height))
            x, y = np.array([low, start, end, high]), np.array([0.0, 0.0, height, height])
        across = ends[0] + (x - low) / (high - low) * (ends[1] - ends[0])
        line = polyline(np.column_stack([across, foot + y * scale, np.zeros(len(x))]), _ink(k), width)
        self._lines.append(line)
        return line

    # -- a row each ----------------------------------------------------------------------------------------------

    def _texts(self) -> list[str]:
        heights = [signed_text(round(self.unit.of_difference(h), self.unit.decimals)) for h in self.parts.height]
        constant = number_text(round(self.unit.of(self.parts.constant), self.unit.decimals))
        if self.unit.offset:  # what the axis shares once belongs to the constant
            constant = number_text(self.parts.constant)
        return [constant, *heights]

    def _rows(self, scale: float) -> list[VGroup]:
        left, right, bottom, top = self.box
        texts = self._texts()
        few = len(texts) <= 4
        radius = 0.29 if few else 0.22
        widest = max(map(len, texts)) * DIGIT_WIDTH * style.LABEL / style.TICK
        line = (left + 2 * radius + 0.3, right - max(0.35, widest) - LABEL_GAP)
        heights = np.abs(self.parts.height)
        if few:  # rows as high as their pieces
            least, gap = 2 * radius, 0.42
            room = top - bottom - gap * len(heights) - least
            scale = fitting_scale(heights, np.full(len(heights), least), room, scale)
            extents = [least, *np.maximum(least, heights * scale)]
        else:  # rows of one height
            gap = 0.16
            extents = [(top - bottom + gap) / len(texts) - gap] * len(texts)
            scale = min(scale, extents[0] / max(float(heights.max()), 1e-300))
        rows, y = [], top
        for k, extent in enumerate(extents):
            rows.append(self._row(k, texts[k], (y - extent, y), (left + radius, radius), line, scale))
            y -= extent + gap
        self.guides = self._corner_guides(line)
        return rows

    def _corner_guides(self, line: tuple[float, float]) -> VGroup:
        """Dashed lines through all rows at the corners, and the corners' x at their feet, where there is room."""
        low, high = self.x_range
        corners = [*self.parts.start, self.parts.end[-1]]
        places = [line[0] + (x - low) / (high - low) * (line[1] - line[0]) for x in corners]
        bottom, top = self.box[2:]
        lines = [dashed((x, bottom, 0), (x, top, 0), mix(palette.dim, 0.5)) for x in places]
        ticks = spread_out(labelled(corners, unit_of(low, high)), places, gap=0.1)
        kept = [places[corners.index(x)] for x in ticks.values]
        if ticks.unit.note or any(len(label) > 5 for label in ticks.labels):
            return VGroup(*lines)
        texts = [words(label, style.TICK, palette.dim) for label in ticks.labels]
        return VGroup(*lines, *(text.place(bottom - 0.4, center=x) for text, x in zip(texts, kept, strict=True)))

    def _row(
        self,
        k: int,
        text: str,
        span: tuple[float, float],
        badge_at: tuple[float, float],
        line: tuple[float, float],
        scale: float,
    ) -> VGroup:
        height = 0.0 if k == 0 else float(self.parts.height[k - 1]) * scale
        middle = (span[0] + span[1]) / 2
        badge = Badge(str(k), _ink(k), badge_at[1]).move_to([badge_at[0], middle, 0])
        foot = middle - height / 2 if k else middle + 0.15
        curve = self._line(k, line, foot, scale, style.SMALL_CURVE)
        zero = foot if k else middle - 0.15
        axis = segment((line[0], zero, 0), (line[1], zero, 0), palette.axis, 1.2)
        label = words(text, style.LABEL, _ink(k))
        reach = (span[1] - span[0]) / 2 if len(self.parts) <= 3 else 0.08  # labels of low rows keep apart
        end = float(np.clip(curve.points[-1][1], middle - reach, middle + reach))
        label.place(end - 0.11, left=line[1] + LABEL_GAP)
        return VGroup(axis, curve, badge, label)

    # -- many: a grid --------------------------------------------------------------------------------------------

    def _grid(self, scale: float) -> list[VGroup]:
        left, right, bottom, top = self.box
        count = len(self.parts) + 1
        columns = 2 if count <= 14 else 3 if count <= 24 else 4
        rows = -(-count // columns)
        cell = ((right - left) / columns, (top - bottom) / rows)
        tallest = float(np.abs(self.parts.height).max(initial=0.0))
        scale = min(scale, 0.62 * cell[1] / tallest if tallest else scale)
        steps = (digit * 10**power for power in counting() for digit in (1, 2, 5))
        step = next(step for step in steps if step * cell[1] >= NAME_PITCH)
        panels = []
        for k in range(count):
            x = left + (k // rows) * cell[0]
            y = top - (k % rows + 0.5) * cell[1]
            panels.append(self._cell(k, x, y, cell[0], scale, named=k % step == 0))
        return panels

    def _cell(self, k: int, x: float, y: float, width: float, scale: float, named: bool) -> VGroup:
        name = [words(str(k), style.TICK, _ink(k)).place(y - 0.09, right=x + 0.3)] if named else []
        line = (x + 0.42, x + width - 0.22)
        height = 0.0 if k == 0 else float(self.parts.height[k - 1]) * scale
        foot = y - height / 2
        curve = self._line(k, line, foot, scale, 3.4 if k else style.SMALL_CURVE)
        zero = segment((line[0], foot, 0), (line[1], foot, 0), palette.axis, 1.0)
        return VGroup(zero, curve, *name)


def _ink(k: int) -> ManimColor:
    return palette.blue if k else palette.grey


def fitting_scale(heights: NDArray, least: NDArray, room: float, most: float) -> float:
    """The largest scale, at most ``most``, at which rows, each at least ``least`` (K,) high, fit into ``room``."""
    low, high = 0.0, most
    if np.maximum(least, heights * high).sum() <= room:
        return high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if np.maximum(least, heights * middle).sum() <= room else (low, middle)
    return low
