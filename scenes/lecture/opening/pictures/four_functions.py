"""The lecture's functions side by side: a line, pieces, a sum of sigmoids, layers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gradreel.core.curves.line_fit import Line, line_of
from gradreel.core.network.theta import predict
from gradreel.core.trace.trace import Trace
from gradreel.scenes import style
from gradreel.scenes.mobjects.network_diagram import LayerDiagram
from gradreel.scenes.mobjects.plot import Plot, visible_part
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.mobjects.ticks import nice_range
from gradreel.scenes.style import FAINT, emphasize, mix, palette
from manim import VGroup
from numpy.typing import NDArray

WIDTH, GAP, BOTTOM, TOP = 2.72, 0.64, -1.0, 1.6
SAMPLES = 160
MOST_NODES = 5


class FourFunctions(VGroup):
    """Four panels, left to right, each with its name beneath.

    ``line`` is the trace of a line's fit over all of the curve that is shown, whatever its x is measured in; ``run``
    one of a network on that curve, which is drawn red; ``widths`` are a network's, input and output among them.
    ``names`` of the four.
    """

    def __init__(self, line: Trace, run: Trace, widths: Sequence[int], names: Sequence[str]) -> None:
        super().__init__()
        data = run.experiment.dataset
        self.curve, self.x = data.curve(), np.linspace(*data.range, SAMPLES)
        learned = predict(run.experiment, np.asarray(run.parameters[-1]), data.features_at(self.x))
        y_range = nice_range(np.concatenate([self.curve(self.x), learned]), margin=0.08)
        lefts = [style.LEFT_EDGE + k * (WIDTH + GAP) for k in range(4)]
        plots = [
            Plot(data.range, y_range, left=left, right=left + WIDTH, bottom=BOTTOM, top=TOP, x_label=None)
            for left in lefts[:3]
        ]
        self.blue = [
            plots[0].curve(*visible_part(plots[0], self._straight(line)).T, palette.blue, style.SMALL_CURVE),
            plots[1].curve(*self._corners(), palette.blue, style.SMALL_CURVE),
            plots[2].curve(self.x, learned, palette.blue, style.SMALL_CURVE),
        ]
        pictures = [VGroup(plot, self._red(plot), blue) for plot, blue in zip(plots, self.blue, strict=True)]
        pictures[1].add(*self._knots(plots[1]))
        box = (lefts[3] + 0.2, lefts[3] + WIDTH - 0.2, BOTTOM + 0.35, TOP + 0.1)
        self.network = LayerDiagram(widths, box, most=MOST_NODES)
        for edges in self.network.edges:
            emphasize(edges, FAINT)
        for column in self.network.columns:  # how many nodes there are is told where the network is
            column.remove(column.count)
        pictures.append(VGroup(self.network))
        for left, picture, name in zip(lefts, pictures, names, strict=True):
            text = words(name, style.LABEL).place(BOTTOM - 0.75, center=left + WIDTH / 2)
            self.add(VGroup(picture, text))

    def _straight(self, line: Trace) -> Line:
        """The line over the curve's x, which its run may have measured from another start, in another unit."""
        trained = line_of(line.experiment, np.asarray(line.parameters[-1]))
        (low, high), (first, last) = self.x[[0, -1]], line.experiment.dataset.range
        stretch = float((last - first) / (high - low))
        return Line(trained.w * stretch, float(trained.b + trained.w * (first - low * stretch)))

    def _corners(self) -> tuple[NDArray, NDArray]:
        corners = np.unique(np.clip([*self.x[[0, -1]], *self.curve.x], *self.x[[0, -1]]))
        return corners, self.curve(corners)

    def _red(self, plot: Plot) -> VGroup:
        return plot.curve(*self._corners(), mix(palette.red, 0.48), 11.0)

    def _knots(self, plot: Plot) -> list[VGroup]:
        inner = self.curve.x[(self.curve.x > self.x[0]) & (self.curve.x < self.x[-1])]
        return [plot.dot(x, float(self.curve(x)), palette.blue, 0.08) for x in inner]
