"""Gradient descent's path on a map: start, line, point, its arrow and its label. Pure functions of numbers."""

from __future__ import annotations

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.label_places import arrow_length, place_at_arrow
from gradreel.scenes.mobjects.plot import polyline, ring
from gradreel.scenes.mobjects.text import Number, TextMobject, formula
from gradreel.scenes.mobjects.update_formulas import STEP
from gradreel.scenes.style import mix, palette
from manim import DL, UR, ManimColor, VGroup, VMobject
from numpy.typing import ArrayLike, NDArray

ARROW = 0.9  # length of the gradient's arrow: it shows a direction, not a size
MARKER, START = 0.15, 0.11  # radii
PATCH, ROUND_IT = 0.75, 0.06  # opacity of the patch under a label; how far it reaches beyond it


class ThetaLabel(VGroup):
    """θ with the number of updates above it, live: θ⁰, θ¹, θ²¹⁰⁰.

    With ``patch`` it stands on a piece of ground: no contour line may be taken for a stroke of it.
    """

    def __init__(self, update: int, size: float = 34, color: ManimColor | None = None, patch: bool = False) -> None:
        super().__init__()
        color = color if color is not None else palette.orange
        self.patch = VMobject(stroke_width=0).set_fill(palette.background, PATCH)
        self.letter: TextMobject = formula("theta", size, color)
        self.update_number = Number(update, 0, 0.72 * size, color, face="math")
        self.add(*([self.patch] if patch else []), self.letter, self.update_number)
        self.set_update(update)

    def set_update(self, update: int) -> ThetaLabel:
        """Show ``update``; the letter stays where it is."""
        self.update_number.set_value(update)
        raised = self.letter.baseline + 0.4 * self.letter.font_size * style.EM
        self.update_number.place_left(raised, self.letter.get_right()[0] + 0.03)
        ink = self._ink()
        (left, bottom, _), (right, top, _) = ink.get_corner(DL) - ROUND_IT, ink.get_corner(UR) + ROUND_IT
        corners = [(left, bottom, 0), (right, bottom, 0), (right, top, 0), (left, top, 0), (left, bottom, 0)]
        self.patch.set_points_as_corners(np.array(corners, dtype=float))
        return self

    def _ink(self) -> VGroup:
        """The glyphs alone."""
        return VGroup(self.letter, *self.update_number.submobjects[1:])

    def put(self, center: ArrayLike) -> ThetaLabel:
        return self.move_to(np.asarray(center, dtype=float))


class DescentPath(VGroup):
    """The path so far on a map: start ring, line, point, an arrow, θ with its update.

    ``show`` moves everything in place; nothing of the path that is still to come is drawn. ``step``: the name of a
    step, as a formula. The arrow's names: ``uphill_label`` for g, ``arrow_label`` for -g, ``step_label``. ``box``: the
    map, which the first two stay inside of. ``patches`` under the labels of the start and of the point: for a map with
    contour lines.
    """

    def __init__(
        self,
        start: ArrayLike,
        start_offset: ArrayLike,
        box: tuple[float, float, float, float],
        step: str = STEP,
        patches: bool = False,
    ) -> None:
        super().__init__()
        self.box = box
        start = np.asarray(start, dtype=float)
        self.line = self.new_line(start)
        self.start_ring = ring(start, START, palette.orange)
        self.start_label = ThetaLabel(0, patch=patches).put(start + np.asarray(start_offset))
        self.marker = ring(start, MARKER, palette.text, fill=palette.orange)
        self.arrow = _arrow(palette.orange)
        self.uphill_label = formula("bold(g)", 32, palette.orange)
        self.arrow_label = formula("- bold(g)", 32, palette.orange)
        self.step_label = formula(step, 32, palette.orange)  # of an arrow as long as the update
        self.label = ThetaLabel(0, patch=patches)
        self.add(self.line, self.start_ring, self.arrow, self.marker, self.start_label, self.arrow_label, self.label)

    def show(self, path: NDArray, arrow: NDArray, update: int, label_offset: NDArray) -> None:
        """Draw the path (n, 3) so far, its last point the current one; ``arrow`` (2,): where the arrow goes from there.

        ``label_offset`` (3,): from the point to the middle of its label.
        """
        here = path[-1]
        self.draw_line(path)
        self.marker.move_to(here)
        self.label.set_update(update).put(here + label_offset)
        self.point_arrow(here, arrow, float(np.linalg.norm(arrow)))

    def arrow_inside(self, here: NDArray, downhill: NDArray) -> NDArray:
        """(2,): an arrow from ``here`` along ``downhill`` (2,) that only shows a direction, of a length with room."""
        size = float(np.linalg.norm(downhill))
        if not size:
            return np.zeros(2)
        half = (self.arrow_label.width / 2, self.arrow_label.height / 2)
        return np.asarray(downhill / size * arrow_length(here, downhill / size, ARROW, half, self.box))

    def new_line(self, start: NDArray) -> VMobject:
        """What the path is drawn with."""
        return polyline(np.array([start, start]), mix(palette.orange, 0.8), 5.0)

    def draw_line(self, path: NDArray) -> None:
        """Draw the path (n, 3)."""
        self.line.set_points_as_corners(path if len(path) > 1 else path[[0, 0]])

    def point_arrow(self, here: NDArray, downhill: NDArray, length: float = ARROW) -> None:
        """The arrow from the point ``here`` along ``downhill`` (2,); a point without a slope has no arrow."""
        size = float(np.linalg.norm(downhill))
        direction = np.array([*downhill, 0.0]) / size if size > 0 else np.zeros(3)
        start = MARKER if length > 1.5 * MARKER else length / 3  # one shorter than the marker must not turn round
        _set_arrow(self.arrow, here + direction * start, here + direction * length)
        taken = self.start_label.get_center()[:2]
        for name in (self.uphill_label, self.arrow_label):
            half = (name.width / 2, name.height / 2)
            name.move_to([*place_at_arrow(here, direction[:2], length, half, self.box, taken), 0.0])
        across = np.array([-direction[1], direction[0], 0.0]) * (1.0 if direction[0] >= 0 else -1.0)
        self.step_label.move_to(here + direction * max(0.5 * length, 0.5) + 0.36 * across)

    def put_arrow(self, start: NDArray, end: NDArray) -> None:
        """The arrow between two places (3,), wherever they are."""
        _set_arrow(self.arrow, start, end)


def _arrow(color: ManimColor) -> VGroup:
    shaft = polyline(np.zeros((2, 3)), color, 4.5)
    head = VMobject(stroke_width=0)
    head.set_fill(color, 1)
    return VGroup(shaft, head)


def _set_arrow(arrow: VGroup, start: NDArray, end: NDArray, head: float = 0.22) -> None:
    length = float(np.linalg.norm(end - start))
    if length <= 1e-9:
        end, along = start, np.zeros(3)
    else:
        along = (end - start) / length
    across = np.array([-along[1], along[0], 0.0])
    head = min(head, 0.6 * length)
    neck = end - along * head
    shaft, tip = arrow
    shaft.set_points_as_corners(np.array([start, neck]))
    sides = (neck + across * head * 0.5, end, neck - across * head * 0.5)
    tip.set_points_as_corners(np.array([*sides, sides[0]]))
