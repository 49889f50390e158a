"""Gradient descent's path on a map: start, line, point, its arrow, and the labels where nothing hides them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import polyline, ring
from gradreel.scenes.mobjects.rising_curve import joined
from gradreel.scenes.mobjects.text import Number, TextMobject, formula
from gradreel.scenes.style import Box, mix, palette
from manim import CapStyleType, LineJointType, ManimColor, VGroup, VMobject
from numpy.typing import ArrayLike, NDArray

ARROW = 0.9  # length of the gradient's arrow: it shows a direction, not a size
MARKER, START = 0.15, 0.11  # radii
WIDTHS = (2.5, 4.5, 7.0, 10.0, 13.5)  # from the lowest losses to the highest
FACTOR = 20.0  # highest over lowest loss, from which equal factors are equal steps of width
PLACES = 24  # directions around the point that are tried
TURNING = 0.3  # cost of a turn by one place: a label drifts rather than jumps
GAP = (0.2, 0.27)  # between the point's middle and the label's nearer edge, across and up
BEYOND, ASIDE = 0.33, 0.36  # from an arrow's tip, and from its shaft, to the middle of its name
SHORTEST = 0.55  # arrow for the sake of a name at its tip; for more room the name goes to its side
EDGE = 0.1  # kept free inside the map's edge


class ThetaLabel(VGroup):
    """θ with the number of updates above it, live: θ⁰, θ¹, θ²¹⁰⁰."""

    def __init__(self, update: int, size: float = 34) -> None:
        super().__init__()
        self.letter: TextMobject = formula("theta", size, palette.orange)
        self.update_number = Number(update, 0, 0.72 * size, palette.orange, face="math")
        self.add(self.letter, self.update_number)
        self.set_update(update)

    def set_update(self, update: int) -> ThetaLabel:
        """Show ``update``; the letter stays where it is."""
        self.update_number.set_value(update)
        raised = self.letter.baseline + 0.4 * self.letter.font_size * style.EM
        self.update_number.place_left(raised, self.letter.get_right()[0] + 0.03)
        return self

    def put(self, center: ArrayLike) -> ThetaLabel:
        return self.move_to(np.asarray(center, dtype=float))


class DescentPath(VGroup):
    """The path so far on a map: start ring, line, point, an arrow, θ with its update.

    ``show`` moves everything in place; nothing of the path that is still to come is drawn. ``arrow_label`` is the
    arrow's name, -g; it stays inside of ``box``, the map. ``losses`` (K,): the loss at each corner of the path, which
    is as wide as that is high; as thin as it gets where it is not known (NaN). Parts of ``line``: one for each of
    WIDTHS.
    """

    def __init__(self, start: ArrayLike, start_offset: ArrayLike, box: Box, losses: NDArray) -> None:
        super().__init__()
        self.box, self.levels = box, width_levels(losses)
        start = np.asarray(start, dtype=float)
        self.line = VGroup(*(_stroke(mix(palette.orange, 0.8), width) for width in WIDTHS))
        self.start_ring = ring(start, START, palette.orange)
        self.start_label = ThetaLabel(0).put(start + np.asarray(start_offset))
        self.marker = ring(start, MARKER, palette.text, fill=palette.orange)
        self.arrow = _arrow(palette.orange)
        self.arrow_label = formula("- bold(g)", 32, palette.orange)
        self.label = ThetaLabel(0)
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

    def draw_line(self, path: NDArray) -> None:
        """Draw the path (n, 3), each piece between two corners in the width of the corner where it starts."""
        levels = self.levels[: len(path) - 1]
        for level, line in enumerate(self.line):
            pieces = np.flatnonzero(levels == level)
            corners = np.full((3 * len(pieces), 3), np.nan)  # NaN between two pieces
            corners[0::3], corners[1::3] = path[pieces], path[pieces + 1]
            line.points = joined(corners)

    def point_arrow(self, here: NDArray, downhill: NDArray, length: float = ARROW) -> None:
        """The arrow from the point ``here`` along ``downhill`` (2,); a point without a slope has no arrow."""
        size = float(np.linalg.norm(downhill))
        direction = np.array([*downhill, 0.0]) / size if size > 0 else np.zeros(3)
        start = MARKER if length > 1.5 * MARKER else length / 3  # one shorter than the marker must not turn round
        _set_arrow(self.arrow, here + direction * start, here + direction * length)
        taken, name = self.start_label.get_center()[:2], self.arrow_label
        half = (name.width / 2, name.height / 2)
        name.move_to([*place_at_arrow(here, direction[:2], length, half, self.box, taken), 0.0])


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


def width_levels(losses: NDArray) -> NDArray:
    """(K,) ints: which of WIDTHS each loss has, in even steps of the loss, or of its logarithm where it falls far."""
    known = losses[np.isfinite(losses)]
    if not len(known):
        return np.ones(len(losses), dtype=int)
    if known.min() == known.max():
        return np.zeros(len(losses), dtype=int)
    measure = np.asarray(losses, dtype=float)
    if known.min() > 0 and known.max() / known.min() >= FACTOR:
        measure, known = np.log(np.maximum(measure, known.min())), np.log(known)
    share = (measure - known.min()) / np.ptp(known)
    return np.clip(np.nan_to_num(share, nan=0.0, posinf=1.0) * len(WIDTHS), 0, len(WIDTHS) - 1).astype(int)


def _stroke(color: ManimColor, width: float) -> VMobject:
    line = VMobject(stroke_color=color, stroke_width=width, fill_opacity=0)
    line.joint_type = LineJointType.ROUND
    return line.set_cap_style(CapStyleType.ROUND)


@dataclass(frozen=True)
class LabelPath:
    """Directions (K,) in which the label stands from the point, at ``rows`` (K,); ``half``: its half size."""

    rows: NDArray
    angles: NDArray
    half: tuple[float, float]

    def offset(self, row: float) -> NDArray:
        """(3,) from the point to the label's middle when ``row`` is shown."""
        return offset_in_direction(float(np.interp(row, self.rows, self.angles)), self.half)


def offset_in_direction(angle: float, half: tuple[float, float]) -> NDArray:
    """(3,) from a point to the middle of a label of half size ``half`` that stands in direction ``angle``."""
    return np.array([np.cos(angle) * (half[0] + GAP[0]), np.sin(angle) * (half[1] + GAP[1]), 0.0])


def label_path(rows: NDArray, costs: NDArray, half: tuple[float, float]) -> LabelPath:
    """The cheapest way of a label around its point, for ``costs`` (K, PLACES) of standing in each place in time."""
    turn = np.abs(np.subtract.outer(np.arange(PLACES), np.arange(PLACES)))
    turn = TURNING * np.minimum(turn, PLACES - turn)
    total, came_from = costs[0], []
    for cost in costs[1:]:
        candidates = total[None, :] + turn  # (to, from)
        came_from.append(candidates.argmin(axis=1))
        total = candidates.min(axis=1) + cost
    way = [int(total.argmin())]
    for source in reversed(came_from):
        way.append(int(source[way[-1]]))
    angles = np.unwrap(np.array(way[::-1]) * 2 * np.pi / PLACES)
    return LabelPath(rows.astype(float), _smoothed(angles), half)


def place_costs(
    points: NDArray,
    arrows: NDArray,
    box: Box,
    half: tuple[float, float],
    taken: NDArray | None = None,
) -> NDArray:
    """(K, PLACES): how bad it is for a label beside ``points`` (K, 3) to stand in each direction.

    ``arrows`` (K, n, 2) are points on the arrow in time, ``box`` the map (left, right, bottom, top), ``taken`` (3,)
    the middle of a label of like size that stays. What counts: the path so far, the arrow, the other label, the edges.
    """
    left, right, bottom, top = box
    flat, size = points[:, :2], np.array(half)
    past = np.tri(len(points))  # (now, then)
    costs = np.empty((len(points), PLACES))
    for place in range(PLACES):
        center = flat + offset_in_direction(2 * np.pi * place / PLACES, half)[:2]
        on_arrow = np.all(np.abs(arrows - center[:, None]) < size + 0.1, axis=-1).sum(axis=1)
        on_path = (np.all(np.abs(flat[None] - center[:, None]) < size + 0.1, axis=-1) * past).sum(axis=1)
        outside = (center[:, 0] - size[0] < left) | (center[:, 0] + size[0] > right)
        outside |= (center[:, 1] - size[1] < bottom) | (center[:, 1] + size[1] > top)
        costs[:, place] = 4 * on_arrow + np.minimum(on_path, 8) + 20 * outside
        if taken is not None:
            costs[:, place] += 20 * np.all(np.abs(center - taken[:2]) < 2 * size, axis=-1)
    return costs + 0.2 * (1 + np.sin(2 * np.pi * np.arange(PLACES) / PLACES))  # all else equal: below


def arrow_length(here: NDArray, direction: NDArray, length: float, half: tuple[float, float], box: Box) -> float:
    """At most ``length``: so long is the arrow from ``here`` along ``direction`` (2,), of length 1, inside ``box``.

    With its name, of half size ``half``, beyond its tip, if that does not make it too short.
    """
    named = _to_edge(here, direction, half, box) - BEYOND
    return min(length, named if named >= SHORTEST else _to_edge(here, direction, (0.0, 0.0), box))


def place_at_arrow(
    here: NDArray, direction: NDArray, length: float, half: tuple[float, float], box: Box, other: NDArray
) -> NDArray:
    """(2,): the middle of the name of an arrow, beyond its tip; beside it where that is outside ``box``.

    Of both sides, the one inside that is farther from ``other`` (2,), a label that stays.
    """
    tip = here[:2] + (length + BEYOND) * direction
    across = ASIDE * np.array([-direction[1], direction[0]])
    middle = here[:2] + max(0.6 * length, 0.4) * direction
    sides = sorted((middle + across, middle - across), key=lambda place: -float(np.hypot(*(place - other))))
    return next((place for place in (tip, *sides) if _is_inside(place, half, box)), tip)


def _to_edge(here: NDArray, direction: NDArray, half: tuple[float, float], box: Box) -> float:
    """How far a label of half size ``half`` can go from ``here`` along ``direction`` before it meets the edge."""
    low, high = np.array(box[::2]) + half + EDGE, np.array(box[1::2]) - half - EDGE
    room = np.where(direction > 0, high - here[:2], here[:2] - low)
    ways = np.divide(room, np.abs(direction), out=np.full(2, np.inf), where=np.abs(direction) > 1e-9)
    return max(0.0, float(ways.min()))


def _is_inside(center: NDArray, half: tuple[float, float], box: Box) -> bool:
    low, high = np.array(box[::2]) + half + EDGE, np.array(box[1::2]) - half - EDGE
    return bool((center >= low - 1e-6).all() and (center <= high + 1e-6).all())


def _smoothed(angles: NDArray, width: int = 7) -> NDArray:
    """A running mean: the label turns over several states."""
    padded = np.pad(angles, width // 2, mode="edge")
    return np.convolve(padded, np.ones(width) / width, mode="valid")[: len(angles)]
