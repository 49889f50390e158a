"""Bundles of squares, to be counted: how many batches do N examples fill?"""

from __future__ import annotations

import math

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.squares import squares
from gradreel.scenes.mobjects.text import formula, words
from gradreel.scenes.style import mix, palette
from gradreel.scenes.words.numbers import number_text
from manim import RoundedRectangle, VGroup, VMobject

MOST_SHOWN = 10  # bundles; of more, the first ones, dots, and the last
MOST_SQUARES = 144  # in a bundle; a larger one says its number
SIDE, GAP = 1.0, 0.16  # of a bundle, and between two


class Bundles(VGroup):
    """A row of bundles of ``batch_size`` squares, one for each batch of ``examples``, the last one with what is left.

    Parts: ``bundles`` (frame and squares), ``dots`` where some are left out.
    """

    def __init__(self, examples: int, batch_size: int, middle: float) -> None:
        super().__init__()
        count = -(-examples // batch_size)
        rest = examples - (count - 1) * batch_size
        whole = min(count, MOST_SHOWN)
        self.sizes = [batch_size] * (whole - 1) + [rest]
        self.bundles, self.dots = VGroup(), VGroup()
        x = style.LEFT_EDGE + SIDE / 2
        for k, size in enumerate(self.sizes):
            if count > MOST_SHOWN and k == whole - 1:
                self.dots.add(formula("dots.c", style.PLOT_FORMULA, palette.dim).move_to((x - 0.1, middle, 0)))
                x += 0.85
            self.bundles.add(_bundle(size, batch_size, x, middle))
            x += SIDE + GAP
        self.add(self.bundles, self.dots)


def _bundle(size: int, full: int, x: float, y: float) -> VGroup:
    """``size`` squares in a frame that has room for ``full``."""
    frame = RoundedRectangle(corner_radius=0.08, width=SIDE, height=SIDE, stroke_width=style.BOX)
    frame.set_stroke(mix(palette.text, 0.6)).move_to((x, y, 0))
    if full > MOST_SQUARES:
        text = words(number_text(size), style.LABEL)
        if text.width > SIDE - 0.16:
            text = words(f"$10^{len(str(size)) - 1}$" if size == 10 ** (len(str(size)) - 1) else "…", style.LABEL)
        return VGroup(frame, text.move_to(frame))
    columns = math.ceil(math.sqrt(full))
    pitch = (SIDE - 0.16) / columns
    index = np.arange(size)
    place = np.stack([index % columns, -(index // columns)], axis=-1)
    offset = pitch * (place + (columns - 1) / 2 * np.array([-1, 1]))
    cells = VMobject(stroke_width=0).set_fill(mix(palette.text, 0.75), 1)
    cells.points = squares(np.array([x, y]) + offset, 0.76 * pitch)
    return VGroup(frame, cells)
