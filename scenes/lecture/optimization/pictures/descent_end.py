"""The end of a descent: how long the gradient had become, how near blue came to red, and where other starts ended."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.core.arrays import evenly_spaced
from gradreel.core.network.theta import loss
from gradreel.core.trace.trace import Trace
from gradreel.scenes import style
from gradreel.scenes.lecture.optimization.pictures.descent import Descent
from gradreel.scenes.mobjects.bracket import upright_bracket
from gradreel.scenes.mobjects.fit_plot import FitPlot
from gradreel.scenes.mobjects.loss_plot import MARGIN, LossAxis, update_ticks
from gradreel.scenes.mobjects.pace import Pace, even_pace, state_at
from gradreel.scenes.mobjects.plot import Plot, polyline, ring
from gradreel.scenes.mobjects.readout import loss_decimals
from gradreel.scenes.mobjects.text import formula, words
from gradreel.scenes.mobjects.ticks import nice_range
from gradreel.scenes.mobjects.update_formulas import length_source
from gradreel.scenes.style import mix, palette
from gradreel.scenes.words.numbers import number_text
from manim import Animation, Rectangle, Restore, UpdateFromAlphaFunc, VGroup, VMobject, smooth
from numpy.typing import NDArray

Box = tuple[float, float, float, float]  # left, right, bottom, top
CORNERS, EARLY = 800, 100  # of the curve of lengths, about; updates at the beginning of which each is one
DOT, CLEAR = 0.11, 0.3  # the last dot's radius; between a label and the curve
SHARE = 0.22  # of the x axis, that is enlarged
ROW, MOST_ROWS = 0.5, 7  # from one loss to the next
OTHERS, THIN = 0.75, 2.5  # share of blue, and width, of the curves from other starts


class GradientLengths(VGroup):
    """``lengths`` (K,) of the gradients before updates 1 to K in ``box`` (left, right, bottom, top).

    Parts: ``plot``, ``curve``, ``name`` (of the axis), ``end`` (a dot, and the last length). ``updates`` is the word
    under the axis. Lengths that are zero or not finite are left out.
    """

    def __init__(self, lengths: NDArray, box: Box, updates: str) -> None:
        super().__init__()
        left, right, bottom, top = box
        count = len(lengths)
        rows = np.unique([*range(min(EARLY, count)), *evenly_spaced(count, CORNERS)])
        rows = rows[np.isfinite(lengths[rows]) & (lengths[rows] > 0)]
        heights = np.log10(lengths[rows])
        low, high = float(heights.min()), float(heights.max())
        margin = MARGIN * (high - low or 1.0)
        axis = LossAxis(True, low - margin, high + margin)
        self.plot = Plot(
            (0.0, float(count)), (axis.low, axis.high), left=left, right=right, bottom=bottom, top=top,
            x_ticks=update_ticks(count, 4), y_ticks=axis.ticks(), x_label=None,
        )  # fmt: skip
        self.plot.add(words(updates, style.TICK, palette.dim).place(bottom - 0.75, right=right))
        self.curve = self.plot.curve(rows, heights, palette.orange, style.SECOND_CURVE)
        self.name = formula("abs(orange(bold(g)))", style.LETTER).place(top + 0.05, left=left + 0.12)
        last = self.plot.at(rows[-1], heights[-1])
        written = formula(length_source(float(lengths[rows[-1]])), style.LETTER + 3)
        beside = self.plot.at(rows, heights)
        over = beside[beside[:, 0] > right - written.width - CLEAR, 1].max(initial=last[1])
        written.place(float(over) + CLEAR, right=right)
        self.end = VGroup(ring(last, DOT, palette.text, fill=palette.orange), written)
        self.add(self.plot, self.curve, self.name, self.end)


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
        return self.plot.curve(self.x[inside], y[inside], mix(palette.blue, OTHERS), THIN)


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


class OtherStarts:
    """Runs from other random starts, after ``last`` updates each; those whose loss is not finite are left out.

    ``losses`` (n,) of the states that they come to.
    """

    def __init__(self, runs: Sequence[Trace], last: int) -> None:
        losses = np.array([float(loss(run.experiment, run.parameters[last])) for run in runs])
        self.last, self.losses = last, losses[np.isfinite(losses)]
        self.runs = [run for run, its_loss in zip(runs, losses, strict=True) if np.isfinite(its_loss)]

    def curves(self, descent: Descent) -> NDArray:
        """(n, SAMPLES): what they draw in the end."""
        return descent.curve_of(np.array([run.parameters[self.last] for run in self.runs]))

    def arrivals(self, descent: Descent) -> list[Animation]:
        """Each of their curves goes by what its run recorded, evenly, as far as the plot of ``descent`` holds it."""
        plot, x, color = descent.fit.plot, descent.x, mix(palette.blue, OTHERS)
        moves: list[Animation] = []
        for run, y in zip(self.runs, self.curves(descent), strict=True):
            pace = even_pace(run, 0, self.last)

            def move(part: VMobject, share: float, run: Trace = run, pace: Pace = pace) -> None:
                y = descent.curve_of(state_at(run, pace.row(share)))
                inside = (y >= plot.y_range[0]) & (y <= plot.y_range[1])
                if inside.sum() > 1:
                    plot.set_curve(part, x[inside], y[inside])
                part.set_stroke(opacity=float(inside.sum() > 1))

            moves.append(UpdateFromAlphaFunc(plot.curve(x, y, color, THIN), move, rate_func=smooth))
        return moves
