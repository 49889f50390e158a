"""One run in a large plot: its two losses, the words that go along with them, and where it is below a level."""

from __future__ import annotations

import numpy as np
from gradreel.core.analysis.results import LossByEpoch
from gradreel.scenes import style
from gradreel.scenes.mobjects.depth_lines import KINDS
from gradreel.scenes.mobjects.loss_lines import above_the_picture, below
from gradreel.scenes.mobjects.plot import Plot, ring, segment
from gradreel.scenes.mobjects.rising_curve import RisingCurve
from gradreel.scenes.style import mix, palette
from manim import Polygon, VGroup, VMobject
from numpy.typing import NDArray

BOX = (-5.4, 5.2, -2.05, 2.5)  # left, right, bottom, top of the plot
DASH, TIP = 0.16, 0.12
GHOST, LEARNED = 0.4, 0.35  # share of its colour that is left of a line; that of what lies below a level
BESIDE, AWAY, WORD, OFF_PEAKS = 0.3, 0.3, 0.22, 0.3  # a line's word: right of its tip, from the line; its height
HIGHEST = 2.8  # of a word's baseline: above it is the heading


def epoch_axis() -> VMobject:
    """The line under the plot."""
    left, right, bottom, _ = BOX
    return segment((left, bottom, 0), (right, bottom, 0), palette.axis, style.AXIS)


class RunLines(VGroup):
    """Both losses of one run in a large plot: solid on the days learned from, dashed on validation days.

    ``box``: left, right, bottom, top, which is ``most`` views high; a loss above that is an arrow's head at the top.
    By kind of loss: ``lines`` (RisingCurve) and ``tips``, the recorded loss reached.
    """

    def __init__(self, box: tuple[float, float, float, float], most: float, losses: LossByEpoch) -> None:
        super().__init__()
        left, right, bottom, top = box
        self.last = float(losses.epoch[-1])
        ends = {"left": left, "right": right, "bottom": bottom, "top": top}
        self.plot = Plot((0.0, self.last), (0.0, most), **ends, x_label=None)  # for its coordinates
        self.lines = {kind: self._line(losses.epoch, getattr(losses, kind), kind) for kind in KINDS}
        self.tips = {
            kind: ring(line.end(), TIP, palette.blue, fill=palette.blue if kind == KINDS[0] else None)
            for kind, line in self.lines.items()
        }
        self.disc = self.tips[KINDS[0]].points
        self.add(*self.lines.values(), *self.tips.values())
        self.higher = max(KINDS, key=lambda kind: float(self.lines[kind].data_y[-1]))

    def _line(self, epochs: NDArray, views: NDArray, kind: str) -> RisingCurve:
        x, y = below(epochs, views, self.plot.y_range[1])
        return RisingCurve(self.plot, x, y, palette.blue, style.SECOND_CURVE, 0.0 if kind == KINDS[0] else DASH)

    def show(self, kind: str, epoch: float) -> RunLines:
        """One line up to ``epoch``."""
        line, tip = self.lines[kind].show(epoch), self.tips[kind]
        tip.set_points(above_the_picture() if line.tip is None else self.disc)
        tip.move_to(line.begin() if line.tip is None else line.tip)
        return self

    def reached(self, kind: str, epoch: float) -> NDArray:
        """(3,): where a line is at ``epoch``."""
        line = self.lines[kind]
        return self.plot.at(epoch, float(np.interp(epoch, line.data_x, line.data_y)))

    def ghosts(self) -> VGroup:
        """Both lines to their ends, faint, as they stay behind when the run goes back."""
        faint = mix(palette.blue, GHOST)
        return VGroup(*(
            RisingCurve(self.plot, line.data_x, line.data_y, faint, style.GHOST_CURVE, line.dash)
            for line in self.lines.values()
        ))  # fmt: skip

    def learned_below(self, views: float) -> VMobject:
        """What lies between the solid line and a level, where the line is below it; nothing where it never is."""
        line = self.lines[KINDS[0]]
        epochs = np.linspace(0.0, self.last, 600)
        losses = np.minimum(np.interp(epochs, line.data_x, line.data_y), views)
        if not (losses < views).any():
            return VMobject()
        corners = [*self.plot.at(epochs, losses), *self.plot.at(epochs[::-1], views)]
        return Polygon(*corners, stroke_width=0, fill_color=mix(palette.blue, LEARNED), fill_opacity=1)

    def put_word(self, word: VGroup, kind: str, epoch: float) -> None:
        """A line's word, on its patch, goes to where the line is at ``epoch``: over the higher line, under the other.

        Where there is no room on the right, the word stays at the edge, off all that will be drawn there.
        """
        patch, text = word
        x, y, _ = self.reached(kind, epoch)
        side, edge = 1.0 if kind == self.higher else -1.0, style.RIGHT_EDGE - text.width
        end_x, end_y, _ = self.reached(kind, self.last)
        away = AWAY
        if edge < end_x + BESIDE:
            under = np.linspace(edge - OFF_PEAKS, end_x, 300)
            lines = [np.interp(under, *line.corners.T[:2]) for line in self.lines.values()]
            away = max(AWAY, float(np.max(side * (np.array(lines) - end_y))) + OFF_PEAKS)
        baseline = min(y + away, HIGHEST) if side > 0 else max(y - away - WORD, self.plot.box[2] + 0.12)
        patch.move_to(text.place(baseline, left=min(x + BESIDE, edge)))
