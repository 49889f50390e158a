"""One run in a large plot: its two losses, the words that go along with them, and how far they are apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.core.analysis.results import LossByEpoch
from gradreel.scenes import style
from gradreel.scenes.mobjects.loss_lines import above_the_picture, below, calmed
from gradreel.scenes.mobjects.plot import Plot, polyline, ring
from gradreel.scenes.mobjects.rising_curve import RisingCurve
from gradreel.scenes.mobjects.text import TextMobject, words
from gradreel.scenes.style import mix, palette
from manim import ManimColor, Polygon, VGroup, VMobject
from numpy.typing import NDArray

DASH, TIP = 0.13, 0.12
EVERY_WIDTH, EVERY_SHARE = 1.8, 0.42  # of the thin line: its width, and the share of its colour
DIP_WIDTH = 3.5
SLOW_START = 2.5  # epochs pass as this power of the time: the first ones, in which most happens, take longest
LABELLED, LABEL_SHARE = 0.42, 0.08  # of a walk: when the lines get their words at the earliest; of their fading
BESIDE, AWAY, WORD, OFF_PEAKS = 0.3, 0.3, 0.22, 0.3  # a line's word: right of its tip, from the line; its height
HIGHEST = 2.8  # of a word's baseline: above it the epochs are counted
GAP_SIZE, CAP = 34, 0.12  # of a measure's words; of its ends, to either side
FREE, BESIDE_STEM, UNDER, AROUND = 0.17, 0.22, 0.2, 0.3  # at its ends; from it to its words; to other words


class RunLines(VGroup):
    """Both losses of one run in a large plot.

    ``box``: left, right, bottom, top, which is ``most`` views high; a loss above that is an arrow's head at the top.
    Parts (RisingCurve): ``training``; ``every``, thin and fainter, the unseen loss at every given state; ``unseen``,
    dashed, the same calmed: of noise, dashes would make confetti; ``dip``, of ``every`` what lies around its least and
    below the dashed line, hidden until it is spoken of. ``training_tip``, ``unseen_tip``: the recorded losses reached.
    """

    def __init__(self, box: tuple[float, float, float, float], most: float, losses: LossByEpoch) -> None:
        super().__init__()
        left, right, bottom, top = box
        self.last = float(losses.epoch[-1])
        ends = {"left": left, "right": right, "bottom": bottom, "top": top}
        self.plot = Plot((0.0, self.last), (0.0, most), **ends, x_label=None)  # for its coordinates
        self.every = self._curve(losses.epoch, losses.unseen, mix(palette.blue, EVERY_SHARE), EVERY_WIDTH)
        self.training = self._curve(losses.epoch, losses.training, palette.blue, style.SECOND_CURVE)
        self.unseen = self._curve(losses.epoch, calmed(losses.unseen), palette.blue, style.SECOND_CURVE, DASH)
        x, y, (start, end) = self.every.data_x, self.every.data_y, _dip(losses)
        inside = (x >= start) & (x <= end)
        self.dip = RisingCurve(self.plot, x[inside], y[inside], palette.blue, DIP_WIDTH)
        self.dip.set_stroke(opacity=0)
        self.training_tip = ring(self.training.end(), TIP, palette.blue, fill=palette.blue)
        self.unseen_tip = ring(self.every.end(), TIP, palette.blue)
        self.disc = self.unseen_tip.points
        self.add(self.training, self.every, self.unseen, self.dip, self.training_tip, self.unseen_tip)

    def _curve(self, x: NDArray, y: NDArray, color: ManimColor, width: float, dash: float = 0.0) -> RisingCurve:
        return RisingCurve(self.plot, *below(x, y, self.plot.y_range[1]), color, width, dash)

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

    def reached(self, epoch: float) -> dict[str, NDArray]:
        """Where the solid line and the dashed one are at ``epoch``: each recorded unseen loss would make words jump."""
        lines = {"training": self.training, "unseen": self.unseen}
        return {
            kind: self.plot.at(epoch, float(np.interp(epoch, line.data_x, line.data_y))) for kind, line in lines.items()
        }


def _dip(losses: LossByEpoch) -> tuple[float, float]:
    """From where to where the least of these losses, and what lies around it, is below the calmed line."""
    x, unseen = losses.epoch, losses.unseen
    first = last = int(np.argmin(unseen))
    under = unseen < calmed(unseen)
    while first > 0 and under[first]:
        first -= 1
    while last < len(unseen) - 1 and under[last]:
        last += 1
    return float(x[first]), float(x[last])


class RunLabels:
    """The words for both lines of a ``run``, right of where these are: over the higher one, under the lower one.

    ``words``: by kind of loss; the thin line and the ring are of unseen days too. No mobject itself.
    """

    def __init__(self, run: RunLines, texts: dict[str, str]) -> None:
        self.run = run
        self.words = {kind: words(text, style.LABEL, palette.blue) for kind, text in texts.items()}
        self.away = AWAY

    def first_share(self, turn: float) -> float:
        """The share of the walk to the epoch ``turn`` from which both words are there, in the order that they keep."""
        shares = np.linspace(LABELLED, 1 - LABEL_SHARE, 50)
        heights = np.array([[y for _, y, _ in self.run.reached(turn * s**SLOW_START).values()] for s in shares])
        over = heights[:, 0] > heights[:, 1]
        changes = np.flatnonzero(over[1:] != over[:-1]) + 1
        return float(shares[changes[-1]] if len(changes) else LABELLED)

    def place(self, epoch: float) -> None:
        """The words go to where the lines are at ``epoch``.

        Where there is no room on the right, a word stays at the edge, off the thin line's peaks.
        """
        reached = self.run.reached(epoch)
        higher = max(reached, key=lambda kind: float(reached[kind][1]))
        for kind, label in self.words.items():
            x, y, _ = reached[kind]
            away = self.away if kind == "unseen" else AWAY
            baseline = min(y + away, HIGHEST) if kind == higher else max(y - away - WORD, self.run.plot.box[2] + 0.12)
            label.place(baseline, left=min(x + BESIDE, style.RIGHT_EDGE - label.width))

    def keep_off_the_peaks(self, last: float) -> None:
        """On a walk to the epoch ``last`` the dashed line's word may be over the run: so far off it stays."""
        reached, run = self.run.reached(last), self.run
        (x, y, _), left = reached["unseen"], style.RIGHT_EDGE - self.words["unseen"].width
        self.away = AWAY
        if left < x + BESIDE:
            side = 1.0 if y >= reached["training"][1] else -1.0
            under = np.linspace(left - OFF_PEAKS, x, 300)
            lines = [np.interp(under, *curve.corners.T[:2]) for curve in (run.training, run.every, run.unseen)]
            self.away = max(AWAY, float(np.max(side * (np.array(lines) - y))) + OFF_PEAKS)


class GapMeasure(VGroup):
    """From ``low`` to ``high``, one above the other; ``text`` stands right of it, or left of it (``side`` -1).

    Parts: ``stem``, ``text``.
    """

    def __init__(self, low: NDArray, high: NDArray, text: str, side: int = 1) -> None:
        super().__init__()
        x, bottom, top = float(low[0]), float(low[1]) + FREE, float(high[1]) - FREE
        beside = [(x - CAP, x + CAP, x, x, x - CAP, x + CAP), (top, top, top, bottom, bottom, bottom)]
        corners = np.array([*zip(*beside, strict=True)])
        self.stem = polyline(np.pad(corners, ((0, 0), (0, 1))), palette.text, style.RING)
        self.text = words(text, GAP_SIZE)
        edge = {"left": x + BESIDE_STEM} if side > 0 else {"right": x - BESIDE_STEM}
        self.text.place((bottom + top) / 2 - self.text.height / 2, **edge)
        self.add(self.stem, self.text)

    @property
    def holds_its_words(self) -> bool:
        """Whether these are not below its foot."""
        return bool(self.text.get_bottom()[1] > self.stem.get_bottom()[1])

    def go_under(self, other: TextMobject) -> None:
        """The words go down, if they must, to be under ``other``."""
        highest = float(other.get_bottom()[1]) - UNDER - self.text.height
        self.text.place(min(self.text.baseline, highest), left=float(self.text.get_left()[0]))


def growing_gap(
    ends: Sequence[tuple[NDArray, NDArray]], texts: Sequence[str], number: TextMobject, term: TextMobject
) -> list[GapMeasure]:
    """A measure at each of two places, the first one's words under ``number``; none where ``term`` has no room."""
    first, last = (GapMeasure(*pair, text, side) for pair, text, side in zip(ends, texts, (1, -1), strict=True))
    first.go_under(number)
    room = [term.get_left() - first.text.get_right(), last.text.get_left() - term.get_right()]
    fits = first.holds_its_words and last.holds_its_words and min(float(free[0]) for free in room) > AROUND
    return [first, last] if fits else []
