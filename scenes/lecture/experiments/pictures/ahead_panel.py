"""The numbers beside days that are predicted: each prediction, its mean error, and what that is compared with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.core.analysis.forecast import Forecast
from gradreel.scenes import style
from gradreel.scenes.lecture.experiments.pictures.misses import DOT, DOT_INK, marks
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.style import mix, palette
from gradreel.scenes.words.day_words import day_words, weekdays_words
from manim import UP, Dot, ManimColor, Rectangle, VGroup

PANEL_LEFT, PANEL_LINES = 2.1, (1.5, 0.75)
PANEL_SIZES, PANEL_GAPS = (28.0, 36.0, 30.0), 0.55  # of a day, its prediction, its error; between them, in all
MEAN_LINE, KEY_LINES, RIVAL_LINES = 0.0, (-0.75, -1.2), (-0.95, -1.65)
ROW_SIZES = 27, 30  # of a row's name, of its number
ASIDE_SIZES = style.TICK, style.TICK  # ... of one that is told aside
BAR_DROP, BAR_HEIGHT = 0.24, 0.12  # from a rival's baseline to the middle of its bar
KEY_MARK = 0.15  # of a mark in the key, to either side


class AheadPanel(VGroup):
    """The first and the last predicted day with their numbers, later with the mean error of each.

    ``written``, ``errors``: the numbers of those days as words; ``heads``: what they are; ``keys``: what dots and marks
    in the plot are; ``rivals``: rows (name, number, error) that compare the error a day ahead, ours first, each with a
    bar as long as it is large; ``mean``: the name and the number of a row below those days, for all runs together.
    Parts: ``head``, ``lines``, ``error_head``, ``errors``, ``mean``, ``key`` (two rows, where later rivals stand),
    ``rivals``.
    """

    def __init__(
        self,
        ahead: Forecast,
        heads: tuple[str, str],
        written: Sequence[str],
        errors: Sequence[str],
        keys: tuple[str, str],
        rivals: Sequence[tuple[str, str, float]],
        mean: tuple[str, str],
        language: str,
    ) -> None:
        super().__init__()
        shown = sorted({0, len(ahead.dates) - 1})
        names = [
            f"{weekdays_words((ahead.weekdays[k],), language, 'short')} {day_words(ahead.dates[k], language, 'short')}"
            for k in shown
        ]
        rows = list(zip(names, written, errors, strict=True))
        sizes = self._sizes(rows)
        self.error_head = words(heads[1], style.TICK).place(PANEL_LINES[0] + 0.65, right=style.RIGHT_EDGE)
        widest = max([words(row[2], sizes[2]).width for row in rows] + [self.error_head.width])
        column = style.RIGHT_EDGE - widest - PANEL_GAPS / 2
        self.head = words(heads[0], style.TICK, palette.blue).place(PANEL_LINES[0] + 0.65, right=column)
        self.lines, self.errors = VGroup(), VGroup()
        for (name, number, error), y in zip(rows, PANEL_LINES, strict=False):
            prediction = words(number, sizes[1], palette.blue).place(y, right=column)
            self.lines.add(VGroup(words(name, sizes[0]).place(y, left=PANEL_LEFT), prediction))
            self.errors.add(words(error, sizes[2]).place(y, right=style.RIGHT_EDGE))
        middles = [np.array([PANEL_LEFT + KEY_MARK, line + 0.1, 0.0]) for line in KEY_LINES]
        dot = Dot(middles[0], radius=1.2 * DOT, color=mix(palette.text, DOT_INK))
        signs = VGroup(VGroup(dot), marks(middles[1] - 0.1 * UP, middles[1] + 0.1 * UP, KEY_MARK))
        texts = [words(key, style.TICK).place(y, left=PANEL_LEFT + 0.5) for key, y in zip(keys, KEY_LINES, strict=True)]
        self.key = VGroup(*(VGroup(sign, text) for sign, text in zip(signs, texts, strict=True)))
        self.rivals = VGroup()
        largest = max(error for _, _, error in rivals) or 1.0
        for (name, number, error), y in zip(rivals, RIVAL_LINES, strict=True):
            color = palette.text if not len(self.rivals) else palette.dim
            self.rivals.add(_row(name, number, y, color).add(_bar(error / largest, y - BAR_DROP, color)))
        self.mean = _row(*mean, MEAN_LINE, palette.dim, ASIDE_SIZES)
        self.add(self.head, self.lines, self.error_head, self.errors, self.mean, self.key, self.rivals)

    @staticmethod
    def _sizes(rows: Sequence[tuple[str, str, str]]) -> tuple[float, ...]:
        """Of the three columns: smaller where long numbers would not have room."""
        widths = [max(words(row[k], size).width for row in rows) for k, size in enumerate(PANEL_SIZES)]
        share = (style.RIGHT_EDGE - PANEL_LEFT - PANEL_GAPS) / sum(widths)
        return tuple(max(style.SMALLEST, size * min(1.0, share)) for size in PANEL_SIZES)


def _row(name: str, number: str, y: float, color: ManimColor, sizes: tuple[float, float] = ROW_SIZES) -> VGroup:
    """A name at the panel's left, its number at the right."""
    texts = (words(text, size, color) for text, size in zip((name, number), sizes, strict=True))
    left, right = texts
    return VGroup(left.place(y, left=PANEL_LEFT), right.place(y, right=style.RIGHT_EDGE))


def _bar(share: float, y: float, color: ManimColor) -> Rectangle:
    """A level bar from the panel's left, ``share`` of the panel long."""
    bar = Rectangle(width=max(share, 1e-3) * (style.RIGHT_EDGE - PANEL_LEFT), height=BAR_HEIGHT, stroke_width=0)
    bar.set_fill(mix(color, 0.66), 1)
    return bar.move_to((PANEL_LEFT + bar.width / 2, y, 0.0))
