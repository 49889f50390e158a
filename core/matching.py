"""The sigmoid that matches one hard sigmoid, in closed form."""

from __future__ import annotations

from dataclasses import dataclass

from gradreel.core.activations import sigmoid


@dataclass(frozen=True)
class SigmoidMatch:
    """c * sigmoid(b + w x) beside a piece that ramps from 0 at ``start`` to ``height`` at ``end``."""

    w: float
    b: float
    c: float
    largest_gap: float  # largest |c * sigmoid(b + w x) - piece(x)| over all x
    gap_x: float  # an x where it is reached: ``start``; the other is ``end``


def match_by_slope(start: float, end: float, height: float) -> SigmoidMatch:
    """The sigmoid of the same height, with its middle in the middle of the ramp and the same slope there.

    A sigmoid's slope in its middle is c w / 4, the ramp's is height / (end - start), hence w = 4 / (end - start). The
    difference falls all along the ramp and is odd about its middle, so it is largest at the two corners:
    |height| * sigmoid(-2), 12 % of the height for every piece. Raises ValueError unless ``start < end``.
    """
    if not start < end:
        raise ValueError(f"a piece needs start < end, got {start} and {end}")
    w = 4.0 / (end - start)
    b = -w * (start + end) / 2
    gap = abs(height * float(sigmoid(b + w * start)))
    return SigmoidMatch(w, b, height, gap, start)
