"""Sketches of sayings, none of them a figure: a head, coins, a promise and what came of it, an article, a stamp."""

from __future__ import annotations

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import dashed, segment
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.style import mix, palette
from manim import Animation, Ellipse, Rectangle, RoundedRectangle, UpdateFromAlphaFunc, VGroup, VMobject, smooth

BRAIN = (-2.15, 1.75)  # x that are free in the head from y = -2.6 to 1.7
OUTLINE = (
    (-1.9, -3.6), (-2.0, -3.1), (-2.95, -2.2), (-3.6, -0.9), (-3.5, 0.6), (-2.6, 1.65), (-1.0, 2.15), (0.9, 2.15),
    (2.4, 1.6), (3.15, 0.6), (3.25, -0.2), (3.2, -0.65), (3.85, -1.5), (3.35, -1.7), (3.5, -2.0), (3.3, -2.25),
    (3.45, -2.5), (3.2, -3.0), (2.2, -3.2), (1.35, -3.1), (1.15, -3.6),
)  # fmt: skip
COIN, THICK = (1.1, 0.32), 0.17  # width and height of a coin as it is seen; from one to the next
COINS = 14
GROUND, HIGHEST, WIDTH = -2.6, 4.4, 2.0  # of the promise
DELIVERED = 0.16  # of what was promised
BESIDE, OVERHANG = 0.3, 0.5  # from the frame to its words; of the ground, beyond the frame
WORDS_COME = 0.55  # share of a way after which its word is there
SHEET_HEIGHT, MARGIN = 4.2, 0.35
TITLE_DROP, LINE = 0.7, 0.3  # from the sheet's top to its title's baseline; from line to line
LINE_SHARES = (1.0, 0.94, 1.0, 0.55)  # how long the lines of a paragraph are
PARAGRAPHS, BETWEEN = 2, 0.2
STAMP_ROOM = 0.22  # round a stamp's word


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


class Promise(VGroup):
    """A frame on a line, with no scale: empty and growing while it is promised, a little filled when it is delivered.

    Parts: ``ground``, ``inside`` (hides what is behind), ``filled``, ``frame``, ``names`` (both words).
    """

    def __init__(self, promised: str, delivered: str) -> None:
        super().__init__()
        half = WIDTH / 2
        ends = ((x, GROUND, 0) for x in (-half - OVERHANG, half + OVERHANG))
        self.ground = segment(*ends, palette.axis, style.AXIS)
        self.inside = Rectangle(width=WIDTH, height=1, stroke_width=0).set_fill(palette.background, 1)
        self.filled = Rectangle(width=WIDTH, height=1, stroke_width=0).set_fill(mix(palette.text, 0.6), 1)
        self.frame = VGroup()
        self.names = VGroup(words(promised, style.HEADING), words(delivered, style.HEADING))
        self.add(self.ground, self.inside, self.filled, self.frame, self.names)
        self.show(0.0, 0.0)

    def show(self, promised: float, delivered: float) -> None:
        """So much of the frame's height, and so much of what will be filled."""
        height, filled = promised * HIGHEST, delivered * DELIVERED * HIGHEST
        _stand(self.inside, height)
        _stand(self.filled, filled)
        x, top = WIDTH / 2, GROUND + max(height, 1e-3)
        sides = [((-x, GROUND, 0), (-x, top, 0)), ((-x, top, 0), (x, top, 0)), ((x, GROUND, 0), (x, top, 0))]
        self.frame.become(VGroup(*(dashed(a, b, palette.text, style.RING, dash=0.13) for a, b in sides if height)))
        for name, share, reaches in zip(self.names, (promised, delivered), (height, filled), strict=True):
            name.place(max(GROUND + 0.12, GROUND + reaches - 0.22), left=x + BESIDE)
            name.set_fill(opacity=min(1.0, max(0.0, share - WORDS_COME) / (1 - WORDS_COME)))

    def promising(self) -> Animation:
        return UpdateFromAlphaFunc(self, lambda _, share: self.show(share, 0.0), rate_func=smooth)

    def delivering(self) -> Animation:
        return UpdateFromAlphaFunc(self, lambda _, share: self.show(1.0, share), rate_func=smooth)


def _stand(shape: Rectangle, height: float) -> None:
    """As high as ``height``, on the ground."""
    shape.stretch_to_fit_height(max(height, 1e-3)).move_to((0.0, GROUND + max(height, 1e-3) / 2, 0.0))


class Paper(VGroup):
    """A sheet of ``width`` around (x, y), opaque: ``title`` (text), and grey lines. Parts: ``sheet``, ``title``."""

    def __init__(self, x: float, y: float, width: float, title: str) -> None:
        super().__init__()
        self.sheet = RoundedRectangle(corner_radius=0.08, width=width, height=SHEET_HEIGHT, color=palette.axis)
        self.sheet.set_stroke(width=style.BOX).set_fill(mix(palette.text, 0.05), 1).move_to([x, y, 0])
        top, left = y + SHEET_HEIGHT / 2, x - width / 2 + MARGIN
        self.title = words(title, style.LABEL).place(top - TITLE_DROP, center=x)
        shares = np.tile(LINE_SHARES, PARAGRAPHS)
        drops = LINE * np.arange(1, len(shares) + 1) + np.repeat(np.arange(PARAGRAPHS), len(LINE_SHARES)) * BETWEEN
        heights = top - TITLE_DROP - 0.15 - drops
        ends = left + (width - 2 * MARGIN) * shares
        lines = [
            segment((left, height, 0), (end, height, 0), mix(palette.dim, 0.5), style.RING)
            for height, end in zip(heights, ends, strict=True)
        ]
        self.add(self.sheet, self.title, *lines)


def stamp(text: str, x: float, y: float) -> VGroup:
    """A word in a thick frame around (x, y), on a ground of its own."""
    word = words(text, style.SUBTITLE)
    frame = RoundedRectangle(
        corner_radius=0.1, width=word.width + 4 * STAMP_ROOM, height=word.height + 2 * STAMP_ROOM, color=palette.text
    )
    frame.set_stroke(width=5.0).set_fill(palette.background, 1)
    return VGroup(frame, word.move_to(frame)).move_to([x, y, 0])
