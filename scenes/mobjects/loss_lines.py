"""The two losses of one run over the epochs, in a column of its own: solid on seen days, dashed on unseen ones."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.bars import Columns, above_the_picture
from gradreel.scenes.mobjects.loss_scale import loss_grid
from gradreel.scenes.mobjects.plot import Plot, ring
from gradreel.scenes.mobjects.rising_curve import RisingCurve
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.mobjects.ticks import Ticks
from gradreel.scenes.style import mix, palette
from gradreel.scenes.words.numbers import number_text
from manim import Polygon, VGroup, VMobject
from numpy.typing import NDArray

SLOW_START = 2.5  # power of the share of a walk that gives its share of the epochs: most happens in the first ones
DASH = 0.11
LABEL_ROOM, LABELS_APART = 0.6, 0.36  # under the lower line for its word; from one word's baseline to the other's
RUN_DASH, RUN_TIP = 0.13, 0.12
EVERY_WIDTH, EVERY_SHARE = 1.8, 0.42
DIP_WIDTH = 3.5
CALM_PART = 40  # one in so many of a line's losses are looked at on either side of each

Line: TypeAlias = tuple[NDArray, NDArray]
"""Epochs and losses in views, (n,) each."""


class LossPanel(VGroup):
    """The losses of one run from left to right, in the scale of ``columns``.

    Parts: ``grid`` (lines at the ticks), ``training``, ``unseen`` (RisingCurve), ``training_tip``, ``unseen_tip``.
    What lies above the picture is left out: a line comes in from above, and until then its tip is an arrow's head.
    """

    def __init__(self, columns: Columns, k: int, training: Line, unseen: Line, ticks: Ticks) -> None:
        super().__init__()
        left, right = columns.panel(k)
        last = float(training[0][-1])
        box = {"left": left, "right": right, "bottom": columns.bottom, "top": columns.top}
        self.plot = Plot((0.0, last), (0.0, columns.most), **box, x_label=None)  # for its coordinates
        self.grid = loss_grid(ticks, columns.y, left, right)
        self.training, self.unseen = self._curve(training, 0.0), self._curve(unseen, DASH)
        self.training_tip = ring(self.training.end(), 0.1, palette.text, fill=palette.blue)
        self.unseen_tip = ring(self.unseen.end(), 0.1, palette.blue)
        self.disc = self.unseen_tip.points
        self.add(self.grid, self.training, self.unseen, self.training_tip, self.unseen_tip)

    def epochs(self, baseline: float) -> VGroup:
        """The first epoch and the last one, under the ends of the picture."""
        (left, right), last = self.plot.box[:2], self.plot.x_range[1]
        first, end = (words(number_text(count), style.TICK, palette.dim) for count in (0, int(last)))
        return VGroup(first.place(baseline, left=left), end.place(baseline, right=right))

    def _curve(self, line: Line, dash: float) -> RisingCurve:
        x, y = below(*line, self.plot.y_range[1])
        return RisingCurve(self.plot, x, y, palette.blue, style.SMALL_CURVE - (0.8 if dash else 0.0), dash)

    def show(self, epoch: float, name: str) -> None:
        """Draw the line ``name`` ("training" or "unseen") up to ``epoch``, its tip at the end."""
        curve: RisingCurve = getattr(self, name)
        curve.show(epoch)
        tip: VMobject = getattr(self, f"{name}_tip")
        tip.set_points(above_the_picture() if curve.tip is None else self.disc)
        tip.move_to(curve.corners[0] if curve.tip is None else curve.tip)

    def label(self, name: str, text: str) -> TextMobject:
        """The word for a line at its end: over the upper line; the lower one's under it, between the two or over both.

        The first of these places that has room.
        """
        lower, upper = sorted(("training", "unseen"), key=lambda line: float(getattr(self, line).end()[1]))
        under = getattr(self, lower).end()[1] - self.plot.box[2] > LABEL_ROOM
        between = self._extreme(upper, -1.0) - self._extreme(lower, 1.0) > LABEL_ROOM
        over_both = max(self._extreme(upper, 1.0), self._extreme(lower, 1.0)) + 0.2
        if name == upper:
            baseline = self._extreme(upper, 1.0) + 0.2 if under or between else over_both + LABELS_APART
        elif under:
            baseline = self._extreme(lower, -1.0) - 0.38
        else:
            baseline = self._extreme(lower, 1.0) + 0.2 if between else over_both
        return words(text, style.TICK, palette.blue).place(baseline, right=self.plot.box[1])

    def _extreme(self, name: str, sign: float) -> float:
        """The line's lowest (``sign`` -1) or highest y in the part of the panel that its label stands in."""
        corners = getattr(self, name).corners
        part = corners[corners[:, 0] > self.plot.box[1] - 1.1][:, 1]
        return float(sign * np.max(sign * part))


def below(x: NDArray, y: NDArray, top: float) -> tuple[NDArray, NDArray]:
    """The line (x, y) from where it first comes below ``top``; what rises above it later is cut there."""
    first = int(np.argmax(y <= top))
    if first == 0:
        return x, np.minimum(y, top)
    share = (y[first - 1] - top) / (y[first - 1] - y[first])
    start = x[first - 1] + share * (x[first] - x[first - 1])
    return np.concatenate([[start], x[first:]]), np.concatenate([[top], np.minimum(y[first:], top)])


def calmed(losses: NDArray) -> NDArray:
    """(n,): each loss as the median of itself and as many on either side, fewer near the ends.

    So a loss that only falls stays as it is, and the first and the last one do.
    """
    last, reach = len(losses) - 1, len(losses) // CALM_PART
    reaches = [min(reach, k, last - k) for k in range(last + 1)]
    return np.array([np.median(losses[k - around : k + around + 1]) for k, around in enumerate(reaches)])


def _dip(line: Line) -> tuple[float, float]:
    """From where to where the least of these losses, and what lies around it, is below the calmed line."""
    x, losses = line
    first = last = int(np.argmin(losses))
    under = losses < calmed(losses)
    while first > 0 and under[first]:
        first -= 1
    while last < len(losses) - 1 and under[last]:
        last += 1
    return float(x[first]), float(x[last])


class RunLines(VGroup):
    """Both losses of one run in a large plot.

    ``box``: left, right, bottom, top, which is ``most`` views high; a loss above that is an arrow's head at the top.
    Parts (RisingCurve): ``training``; ``every``, thin and fainter, the unseen loss at every given state; ``unseen``,
    dashed, the same calmed: of noise, dashes would make confetti; ``dip``, of ``every`` what lies around its least and
    below the dashed line, hidden until it is spoken of. ``training_tip``, ``unseen_tip``: the recorded losses reached.
    """

    def __init__(self, box: tuple[float, float, float, float], most: float, training: Line, unseen: Line) -> None:
        super().__init__()
        left, right, bottom, top = box
        self.last = float(training[0][-1])
        ends = {"left": left, "right": right, "bottom": bottom, "top": top}
        self.plot = Plot((0.0, self.last), (0.0, most), **ends, x_label=None)  # for its coordinates
        self.every = RisingCurve(self.plot, *below(*unseen, most), mix(palette.blue, EVERY_SHARE), EVERY_WIDTH)
        self.training, self.unseen = (
            RisingCurve(self.plot, *below(*line, most), palette.blue, style.SECOND_CURVE, dash)
            for line, dash in ((training, 0.0), ((unseen[0], calmed(unseen[1])), RUN_DASH))
        )
        x, y, (start, end) = self.every.data_x, self.every.data_y, _dip(unseen)
        inside = (x >= start) & (x <= end)
        self.dip = RisingCurve(self.plot, x[inside], y[inside], palette.blue, DIP_WIDTH)
        self.dip.set_stroke(opacity=0)
        self.training_tip = ring(self.training.end(), RUN_TIP, palette.blue, fill=palette.blue)
        self.unseen_tip = ring(self.every.end(), RUN_TIP, palette.blue)
        self.disc = self.unseen_tip.points
        self.add(self.training, self.every, self.unseen, self.dip, self.training_tip, self.unseen_tip)

    def show(self, epoch: float) -> RunLines:
        """Both lines up to ``epoch``."""
        return self._draw(epoch)

    def span(self, last: float, epoch: float) -> RunLines:
        """The plot holds the epochs up to ``last``; both lines up to ``epoch``."""
        self.plot.x_range = (0.0, last)
        return self._draw(epoch)

    def squeeze(self, left: float, right: float) -> RunLines:
        """The whole run between these two x of the screen: every loss keeps its height."""
        self.plot.box = (left, right, *self.plot.box[2:])
        return self._draw(self.last)

    def _draw(self, epoch: float) -> RunLines:
        for curve in (self.training, self.every, self.unseen, self.dip):
            curve.corners = self.plot.at(curve.data_x, curve.data_y)
            curve.show(epoch)
        for curve, tip in ((self.training, self.training_tip), (self.every, self.unseen_tip)):
            tip.set_points(above_the_picture() if curve.tip is None else self.disc)
            tip.move_to(curve.corners[0] if curve.tip is None else curve.tip)
        return self

    @property
    def last_above(self) -> float:
        """The epoch after which no loss is above the picture; 0 where none is."""
        return max(float(curve.data_x[0]) for curve in (self.training, self.every))

    def band(self, first: float) -> VMobject:
        """What lies between the two lines from the epoch ``first`` on."""
        epochs = np.linspace(first, self.last, 300)
        low, high = (
            self.plot.at(epochs, np.interp(epochs, curve.data_x, curve.data_y))
            for curve in (self.training, self.unseen)
        )
        return Polygon(*low, *high[::-1], stroke_width=0, fill_color=mix(palette.blue, 0.16), fill_opacity=1)
