"""One run in a large plot: its two losses, and the words that go along with them."""

from __future__ import annotations

import numpy as np
from gradreel.core.analysis.results import LossByEpoch
from gradreel.scenes import style
from gradreel.scenes.mobjects.loss_lines import above_the_picture, below, calmed
from gradreel.scenes.mobjects.plot import Plot, ring
from gradreel.scenes.mobjects.rising_curve import RisingCurve
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.style import mix, palette
from manim import ManimColor, Polygon, VGroup, VMobject
from numpy.typing import NDArray

DASH, TIP = 0.13, 0.12
EVERY_WIDTH, EVERY_SHARE = 1.8, 0.42  # of the thin line: its width, and the share of its colour
SLOW_START = 2.5  # epochs pass as this power of the time: the first ones, in which most happens, take longest
LABELLED, LABEL_SHARE = 0.42, 0.08  # of a walk: when the lines get their words at the earliest; of their fading
BESIDE, AWAY, WORD, OFF_PEAKS = 0.3, 0.3, 0.22, 0.3  # a line's word: right of its tip, from the line; its height
HIGHEST = 2.8  # of a word's baseline: above it the epochs are counted


class RunLines(VGroup):
    """Both losses of one run in a large plot.

    ``box``: left, right, bottom, top, which is ``most`` views high; a loss above that is an arrow's head at the top.
    Parts (RisingCurve): ``training``; ``every``, thin and fainter, the validation loss at every given state;
    ``validation``, dashed, the same calmed: of noise, dashes would make confetti. ``training_tip``,
    ``validation_tip``: the recorded losses reached.
    """

    def __init__(self, box: tuple[float, float, float, float], most: float, losses: LossByEpoch) -> None:
        super().__init__()
        left, right, bottom, top = box
        self.last = float(losses.epoch[-1])
        ends = {"left": left, "right": right, "bottom": bottom, "top": top}
        self.plot = Plot((0.0, self.last), (0.0, most), **ends, x_label=None)  # for its coordinates
        self.every = self._curve(losses.epoch, losses.validation, mix(palette.blue, EVERY_SHARE), EVERY_WIDTH)
        self.training = self._curve(losses.epoch, losses.training, palette.blue, style.SECOND_CURVE)
        self.validation = self._curve(losses.epoch, calmed(losses.validation), palette.blue, style.SECOND_CURVE, DASH)
        self.training_tip = ring(self.training.end(), TIP, palette.blue, fill=palette.blue)
        self.validation_tip = ring(self.every.end(), TIP, palette.blue)
        self.disc = self.validation_tip.points
        self.add(self.training, self.every, self.validation, self.training_tip, self.validation_tip)

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
        for curve in (self.training, self.every, self.validation):
            curve.corners = self.plot.at(curve.data_x, curve.data_y)
            curve.show(epoch)
        for curve, tip in ((self.training, self.training_tip), (self.every, self.validation_tip)):
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
            for curve in (self.training, self.validation)
        )
        return Polygon(*low, *high[::-1], stroke_width=0, fill_color=mix(palette.blue, 0.16), fill_opacity=1)

    def reached(self, epoch: float) -> dict[str, NDArray]:
        """Where the solid line and the dashed one are at ``epoch``: each recorded unseen loss would make words jump."""
        lines = {"training": self.training, "validation": self.validation}
        return {
            kind: self.plot.at(epoch, float(np.interp(epoch, line.data_x, line.data_y))) for kind, line in lines.items()
        }


class RunLabels:
    """The words for both lines of a ``run``, right of where these are: over the higher one, under the lower one.

    ``words``: by kind of loss; the thin line and the ring are of validation days too. No mobject itself.
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
            away = self.away if kind == "validation" else AWAY
            baseline = min(y + away, HIGHEST) if kind == higher else max(y - away - WORD, self.run.plot.box[2] + 0.12)
            label.place(baseline, left=min(x + BESIDE, style.RIGHT_EDGE - label.width))

    def keep_off_the_peaks(self, last: float) -> None:
        """On a walk to the epoch ``last`` the dashed line's word may be over the run: so far off it stays."""
        reached, run = self.run.reached(last), self.run
        (x, y, _), left = reached["validation"], style.RIGHT_EDGE - self.words["validation"].width
        self.away = AWAY
        if left < x + BESIDE:
            side = 1.0 if y >= reached["training"][1] else -1.0
            under = np.linspace(left - OFF_PEAKS, x, 300)
            lines = [np.interp(under, *curve.corners.T[:2]) for curve in (run.training, run.every, run.validation)]
            self.away = max(AWAY, float(np.max(side * (np.array(lines) - y))) + OFF_PEAKS)
