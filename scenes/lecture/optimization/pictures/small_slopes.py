"""The loss along each of many parameters, the others held: as many small curves, each with its slope, to one scale."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import loss
from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import Plot, polyline, ring
from gradreel.scenes.mobjects.text import formula
from gradreel.scenes.style import mix, palette
from manim import VGroup
from numpy.typing import NDArray

Box = tuple[float, float, float, float]  # left, right, bottom, top
SAMPLES = 31
POINT, TANGENT = 0.08, 0.8  # radius; half of its width, of the slice's
GAP, NAME, WIDEST = 0.35, 0.55, 1.9  # between two; room for a name above; the widest


class SmallSlopes(VGroup):
    """For each of ``indices`` the loss along that entry of theta (P,), and the tangent with the recorded slope.

    ``slopes`` (P,), ``labels``: formulas, of all entries. Each part has ``plot``, ``curve``, ``tangent``, ``point``.
    """

    def __init__(
        self,
        experiment: Experiment,
        theta: NDArray,
        indices: Sequence[int],
        slopes: NDArray,
        labels: Sequence[str],
        box: Box,
    ) -> None:
        super().__init__()
        theta, here = np.asarray(theta, dtype=float), float(loss(experiment, theta))
        steepest = float(np.abs(slopes[list(indices)]).max())
        half = 0.5 * here / steepest if steepest else 1.0  # so that the steepest one comes halfway down
        ways, all_losses = [], []
        for index in indices:
            states = np.repeat(theta[None], SAMPLES, axis=0)
            states[:, index] = theta[index] + half * np.linspace(-1, 1, SAMPLES)
            ways.append(states[:, index])
            all_losses.append(np.asarray(loss(experiment, states)))
        low, high = float(np.min(all_losses)), float(np.max(all_losses))
        margin = 0.06 * (high - low or abs(high) or 1.0)
        for index, x, y, place in zip(indices, ways, all_losses, _boxes(len(indices), box), strict=True):
            left, right, bottom, top = place
            plot = Plot(
                (x[0], x[-1]), (low - margin, high + margin),
                left=left, right=right, bottom=bottom, top=top, x_label=None,
            )  # fmt: skip
            part = VGroup(plot, formula(labels[index], style.LETTER).place(top + 0.12, center=(left + right) / 2))
            part.plot = plot
            part.curve = plot.curve(x, y, mix(palette.text, 0.7), style.GHOST_CURVE)
            ends = theta[index] + TANGENT * half * np.array([-1.0, 1.0])
            heights = here + slopes[index] * (ends - theta[index])
            part.tangent = polyline(plot.at(ends, heights), palette.orange, style.GHOST_CURVE + 1)
            part.point = ring(plot.at(theta[index], here), POINT, palette.text, fill=palette.orange)
            self.add(part.add(part.curve, part.tangent, part.point))


def _boxes(count: int, box: Box) -> list[Box]:
    left, right, bottom, top = box
    rows = 1 if count <= 3 else 2
    columns = -(-count // rows)
    width = min((right - left - GAP * (columns - 1)) / columns, WIDEST)
    height = (top - bottom) / rows - NAME
    return [
        (x := left + column * (width + GAP), x + width, y := top - (row + 1) * (height + NAME), y + height)
        for row, column in (divmod(k, columns) for k in range(count))
    ]
