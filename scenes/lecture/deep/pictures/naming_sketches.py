"""Sketches of sayings: an article, and a stamp."""

from __future__ import annotations

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import segment
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.style import mix, palette
from manim import RoundedRectangle, VGroup

SHEET_HEIGHT, MARGIN = 4.2, 0.35
TITLE_DROP, LINE = 0.7, 0.3  # from the sheet's top to its title's baseline; from line to line
LINE_SHARES = (1.0, 0.94, 1.0, 0.55)  # how long the lines of a paragraph are
PARAGRAPHS, BETWEEN = 2, 0.2
STAMP_ROOM = 0.22  # round a stamp's word


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
