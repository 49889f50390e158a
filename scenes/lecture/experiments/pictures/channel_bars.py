"""Two networks on each of two channels: a bar a network, as high as its unseen loss, the lower one of a pair marked.

All bars are hollow, as unseen losses are everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gradreel.scenes import style
from gradreel.scenes.lecture.experiments.pictures.loss_bars import mark_of
from gradreel.scenes.lecture.experiments.pictures.loss_scale import floor_legend
from gradreel.scenes.mobjects.plot import dashed
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.style import DIM, mix, palette
from manim import DOWN, ManimColor, Rectangle, VGroup

HEIGHT, WIDTH, PITCH = 2.9, 1.0, 1.9  # of the highest bar; of a bar; from one bar's middle to the next
MIDDLES, FOOT = (-2.9, 2.9), -1.75
NAME_DROP, TITLE_DROP, VALUE_RISE, LEGEND_RISE = 0.38, 0.9, 0.24, 0.85
ALIKE = 2.0  # channels whose largest losses differ by no more than this factor share one scale
HOLLOW = 0.13  # how strongly a bar is filled


@dataclass(frozen=True)
class Channel:
    """What one half shows: the ``losses`` of two networks in views, as ``written`` writes them."""

    title: str
    names: Sequence[str]
    losses: Sequence[float]
    written: Callable[[float], str]


class ChannelBars(VGroup):
    """Ours in blue at the left, the lecture's in white at the right.

    ``pairs[c]``: a channel's ``bars``, ``values``, ``names`` and ``title``; ``mark``, a ring around the lower value.
    """

    def __init__(self, ours: Channel, lecture: Channel) -> None:
        super().__init__()
        most = [max(*channel.losses, 1e-9) for channel in (ours, lecture)]
        if max(most) <= ALIKE * min(most):
            most = [max(most)] * 2
        colors = (palette.blue, palette.text)
        self.pairs = [ChannelPair(*each) for each in zip((ours, lecture), most, MIDDLES, colors, strict=True)]
        self.add(*self.pairs)


class ChannelPair(VGroup):
    """One half: two bars on the axis of their names."""

    def __init__(self, channel: Channel, most: float, middle: float, color: ManimColor) -> None:
        super().__init__()
        self.most, self.middle = most, middle
        places = (middle - PITCH / 2, middle + PITCH / 2)
        best = channel.losses.index(min(channel.losses))
        self.bars = VGroup(*(
            _bar(loss / most, x, color, k == best)
            for k, (loss, x) in enumerate(zip(channel.losses, places, strict=True))
        ))  # fmt: skip
        self.values = VGroup(*(
            words(channel.written(loss), style.LABEL, color).place(bar.get_top()[1] + VALUE_RISE, center=x)
            for loss, bar, x in zip(channel.losses, self.bars, places, strict=True)
        ))  # fmt: skip
        self.mark = mark_of(self.values[best], PITCH)
        self.names = VGroup(*(
            words(name, style.LABEL).place(FOOT - NAME_DROP, center=x)
            for name, x in zip(channel.names, places, strict=True)
        ))  # fmt: skip
        self.title = words(channel.title, style.LABEL, palette.dim).place(FOOT - TITLE_DROP, center=middle)
        self.add(self.bars, self.values, self.mark, self.names, self.title)

    def floor_line(self, views: float, text: str) -> VGroup:
        """A dashed line across the bars at the loss of one who knows the rule, and above them what it is."""
        y, half = FOOT + HEIGHT * views / self.most, PITCH / 2 + WIDTH / 2 + 0.2
        left, right = self.middle - half, self.middle + half
        legend = floor_legend(text, FOOT + HEIGHT + LEGEND_RISE).set_x(self.middle)
        return VGroup(dashed((left, y, 0), (right, y, 0), palette.text), legend)


def _bar(share: float, x: float, color: ManimColor, bright: bool) -> Rectangle:
    color = color if bright else mix(color, DIM)
    bar = Rectangle(width=WIDTH, height=max(share, 1e-3) * HEIGHT, stroke_color=color, stroke_width=style.BOX)
    return bar.set_fill(mix(color, HOLLOW), 1).move_to((x, FOOT, 0), aligned_edge=DOWN)
