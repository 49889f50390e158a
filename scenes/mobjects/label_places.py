"""Where labels stand beside a point that moves, and at an arrow: off the path, off the arrow, inside the map.

Without jumps, where the point goes on its way.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PLACES = 24  # directions around the point that are tried
TURNING = 0.3  # cost of a turn by one place: a label drifts rather than jumps
GAP = (0.2, 0.27)  # between the point's middle and the label's nearer edge, across and up
BEYOND, ASIDE = 0.33, 0.36  # from an arrow's tip, and from its shaft, to the middle of its name
SHORTEST = 0.55  # arrow for the sake of a name at its tip; for more room the name goes to its side
EDGE = 0.1  # kept free inside the map's edge

Box = tuple[float, float, float, float]


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
