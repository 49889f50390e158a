"""The outline of a head in profile, with room for a network as its brain, and a pile of coins: pictures of a saying."""

from __future__ import annotations

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.style import mix, palette
from manim import Ellipse, VGroup, VMobject

BRAIN = (-2.15, 1.75)  # x that are free in the head from y = -2.6 to 1.7
OUTLINE = (
    (-1.9, -3.6), (-2.0, -3.1), (-2.95, -2.2), (-3.6, -0.9), (-3.5, 0.6), (-2.6, 1.65), (-1.0, 2.15), (0.9, 2.15),
    (2.4, 1.6), (3.15, 0.6), (3.25, -0.2), (3.2, -0.65), (3.85, -1.5), (3.35, -1.7), (3.5, -2.0), (3.3, -2.25),
    (3.45, -2.5), (3.2, -3.0), (2.2, -3.2), (1.35, -3.1), (1.15, -3.6),
)  # fmt: skip
COIN, THICK = (1.1, 0.32), 0.17  # width and height of a coin as it is seen; from one to the next
COINS = 14  # a sketch of a saying, no figure


def head_outline() -> VMobject:
    """From the neck over the crown to the nose, the chin and the throat; it looks to the right."""
    outline = VMobject(stroke_color=palette.text, stroke_width=style.GHOST_CURVE)
    return outline.set_points_smoothly([np.array([x, y, 0.0]) for x, y in OUTLINE])


def pile_of_coins(x: float, bottom: float) -> VGroup:
    """Coins one on the other, from the lowest."""
    coins = VGroup()
    for k in range(COINS):
        coin = Ellipse(*COIN, stroke_color=palette.text, stroke_width=style.BOX)
        coins.add(coin.set_fill(mix(palette.text, 0.2), 1).move_to((x, bottom + COIN[1] / 2 + k * THICK, 0.0)))
    return coins
