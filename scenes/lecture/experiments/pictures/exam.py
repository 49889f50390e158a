"""The exam: the three parts of the days, the last one shut until it is opened, and losses in parts of them as bars."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from gradreel.core.daily.views import DailyViews
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import dashed, segment
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.style import DIM, emphasis, mix, palette
from manim import DOWN, Animation, Create, FadeOut, Rectangle, VGroup

STRIP_Y, STRIP_HEIGHT, NAME_RISE = 1.75, 0.42, 0.2  # of the days: middle, height; from its top to the names
PART_FILLS = (0.28, 0.16, 0.3)  # how strongly each part is filled, in the colour that its losses have
HEIGHT, WIDTH, PITCH, FOOT = 2.3, 1.3, 2.6, -2.1  # of the highest bar; of a bar; from middle to middle; the axis
NAME_DROP, VALUE_RISE = 0.42, 0.16
HOLLOW = 0.13  # how strongly a bar is filled: unseen losses are hollow everywhere


class DayParts(VGroup):
    """All days in a row, one after the other: those learned from, those of validation, those of the exam.

    Each is as long as it has days. ``names``: of the three parts; the third is dashed and empty until `open`.
    """

    def __init__(self, dataset: DailyViews, names: tuple[str, str, str]) -> None:
        super().__init__()
        counts = (dataset.examples, dataset.n_validation, dataset.n_test)
        self.parts, self.names = VGroup(), VGroup()
        left, room = style.LEFT_EDGE, style.RIGHT_EDGE - style.LEFT_EDGE
        for name, count, fill in zip(names, counts, PART_FILLS, strict=True):
            width = room * count / sum(counts)
            part = Rectangle(width=width, height=STRIP_HEIGHT, color=palette.blue, stroke_width=style.BOX)
            part.set_fill(mix(palette.blue, fill), 1).move_to((left + width / 2, STRIP_Y, 0.0))
            self.parts.add(part)
            text = words(name, style.TICK, palette.dim).place(STRIP_Y + STRIP_HEIGHT / 2 + NAME_RISE, left=left)
            self.names.add(text.shift((min(0.0, style.RIGHT_EDGE - float(text.get_right()[0])), 0.0, 0.0)))
            left += width
        low, high, x, end = STRIP_Y - STRIP_HEIGHT / 2, STRIP_Y + STRIP_HEIGHT / 2, left - width, left
        corners = [(x, low, 0), (end, low, 0), (end, high, 0), (x, high, 0), (x, low, 0)]
        self.shut = VGroup(*(dashed(a, b, palette.dim) for a, b in pairwise(corners)))
        self.add(self.parts[:2], self.names, self.shut)

    def open(self) -> list[Animation]:
        """The animations by which the last part is opened, while the others step back."""
        others = [*self.parts[:2], *self.names[:2]]
        return [Create(self.parts[2]), FadeOut(self.shut), *(emphasis(part, DIM) for part in others)]


class ExamBars(VGroup):
    """Parts of the days side by side: a bar each, as high as a network's loss there in views.

    Parts: ``axis``, ``bars``, ``values``, ``names``.
    """

    def __init__(self, names: Sequence[str], losses: Sequence[float], written: Callable[[float], str]) -> None:
        super().__init__()
        most = max(*losses, 1e-9)
        places = [PITCH * (k - (len(losses) - 1) / 2) for k in range(len(losses))]
        half = places[-1] + WIDTH / 2 + 0.3
        self.axis = segment((-half, FOOT, 0), (half, FOOT, 0), palette.axis, style.AXIS)
        self.bars, self.values, self.names = VGroup(), VGroup(), VGroup()
        for name, loss, x in zip(names, losses, places, strict=True):
            height = max(loss / most, 1e-3) * HEIGHT
            bar = Rectangle(width=WIDTH, height=height, stroke_color=palette.blue, stroke_width=style.BOX)
            self.bars.add(bar.set_fill(mix(palette.blue, HOLLOW), 1).move_to((x, FOOT, 0), aligned_edge=DOWN))
            self.values.add(
                words(written(loss), style.CELL, palette.blue).place(bar.get_top()[1] + VALUE_RISE, center=x)
            )
            self.names.add(words(name, style.LABEL).place(FOOT - NAME_DROP, center=x))
        self.add(self.axis, self.bars, self.values, self.names)
