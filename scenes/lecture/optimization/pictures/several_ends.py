"""Where several runs on one curve ended: their curves on top of each other, enlarged at one place, and their losses."""

from __future__ import annotations

import numpy as np
from gradreel.scenes import style
from gradreel.scenes.mobjects.fit_plot import FitPlot
from gradreel.scenes.mobjects.measure import upright_bracket
from gradreel.scenes.mobjects.plot import Plot, polyline
from gradreel.scenes.mobjects.readout import loss_decimals
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.mobjects.ticks import nice_range
from gradreel.scenes.style import mix, palette
from gradreel.scenes.words.numbers import number_text
from manim import Animation, Rectangle, Restore, VGroup, VMobject
from numpy.typing import NDArray

Box = tuple[float, float, float, float]  # left, right, bottom, top
SHARE = 0.22  # of the x axis, that is enlarged
ROW = 0.5  # from one loss to the next
MOST_ROWS = 7
THIN = 2.5


class Enlarged(VGroup):
    """The red curve and the model's, as ``fit`` draws them now, around where they are farthest apart, in ``box``.

    Parts: ``window`` (its place in ``fit``), ``frame``, ``target``, ``model``, ``bracket`` and ``number`` (how far, as
    ``text``). ``growing()`` brings frame and curves; ``also(y)`` is another curve in it.
    """

    def __init__(self, fit: FitPlot, target: NDArray, text: str, box: Box) -> None:
        super().__init__()
        left, right, bottom, top = box
        self.x, model = fit.x, fit.model_y
        k = int(np.abs(model - target).argmax())
        low, high = float(self.x[0]), float(self.x[-1])
        half = SHARE * (high - low) / 2
        middle = float(np.clip(self.x[k], low + half, high - half))
        self.seen = (self.x >= middle - half) & (self.x <= middle + half)
        inside = np.concatenate(
            [model[self.seen], target[self.seen], fit.target_data[1][self._corners(fit, middle, half)]]
        )
        self.plot = Plot(
            (middle - half, middle + half), nice_range(inside, margin=0.18),
            left=left, right=right, bottom=bottom, top=top, x_label=None,
        )  # fmt: skip
        ends = [fit.plot.at(x, y) for x, y in zip(self.plot.x_range, self.plot.y_range, strict=True)]
        size = ends[1] - ends[0]
        self.window = Rectangle(width=size[0], height=size[1], stroke_color=palette.text, stroke_width=style.AXIS)
        self.window.move_to((ends[0] + ends[1]) / 2)
        self.frame = Rectangle(
            width=right - left, height=top - bottom, stroke_color=palette.text, stroke_width=style.AXIS
        )
        self.frame.move_to(((left + right) / 2, (bottom + top) / 2, 0))
        corners_x, corners_y = self._red(fit)
        self.target = self.plot.curve(corners_x, corners_y, mix(palette.red, 0.85), style.SECOND_CURVE)
        self.model = self.plot.curve(self.x[self.seen], model[self.seen], palette.blue, style.MAIN_CURVE)
        heights = self.plot.at(self.x[k], np.array([model[k], target[k]]))
        self.bracket = upright_bracket(*heights, cap=0.14)
        self.number = words(text, style.LABEL)
        self.number.place(float(heights[:, 1].max()) - 0.1, left=float(heights[0, 0]) + 0.5)
        self.add(self.window, self.frame, self.target, self.model, self.bracket, self.number)

    def growing(self) -> Animation:
        """Frame and curves grow as one out of the window, in which the curves lie just so."""
        whole = VGroup(self.frame, self.target, self.model).save_state()
        whole.stretch_to_fit_width(self.window.width).stretch_to_fit_height(self.window.height).move_to(self.window)
        return Restore(whole)

    @staticmethod
    def _corners(fit: FitPlot, middle: float, half: float) -> NDArray:
        return np.abs(fit.target_data[0] - middle) <= half

    def _red(self, fit: FitPlot) -> tuple[NDArray, NDArray]:
        """The red curve's corners in the window, and where it enters and leaves."""
        low, high = self.plot.x_range
        x = np.unique([low, *fit.target_data[0][(fit.target_data[0] > low) & (fit.target_data[0] < high)], high])
        return x, np.interp(x, *fit.target_data)

    def also(self, y: NDArray) -> VMobject:
        """Another model's curve (SAMPLES,), as much of it as is in the window."""
        low, high = self.plot.y_range
        inside = self.seen & (y >= low) & (y <= high)
        if not inside.any():
            return polyline(np.zeros((2, 3)), palette.blue, 0)
        return self.plot.curve(self.x[inside], y[inside], mix(palette.blue, 0.75), THIN)


class LossList(VGroup):
    """Losses from the lowest to the highest, one below the other from ``top``: ``ours`` is named and bright.

    Parts: ``name`` (of the column), ``mine``, ``rest``.
    """

    def __init__(self, ours: float, others: NDArray, left: float, top: float, name: str, mine: str) -> None:
        super().__init__()
        losses = np.array([ours, *others])
        order = np.argsort(losses, kind="stable")
        first = max(0, min(int(np.flatnonzero(order == 0)[0]) - MOST_ROWS // 2, len(order) - MOST_ROWS))
        decimals = loss_decimals(losses)
        self.name = words(name, style.CAPTION, palette.dim).place(top, left=left)
        self.mine, self.rest = VGroup(), VGroup()
        for row, k in enumerate(order[first : first + MOST_ROWS], start=1):
            line = top - 0.12 - row * ROW
            color = palette.blue if k == 0 else mix(palette.text, 0.65)
            text = words(number_text(float(losses[k]), decimals), style.LABEL, color).place(line, left=left)
            if k == 0:
                self.mine.add(text, words(mine, style.LABEL, color).place(line, left=text.get_right()[0] + 0.25))
            else:
                self.rest.add(text)
        self.add(self.name, self.mine, self.rest)
