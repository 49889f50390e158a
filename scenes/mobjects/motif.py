"""The picture under the title: a network's curve that settles on the red one, from edge to edge of the frame."""

from __future__ import annotations

import numpy as np
from gradreel.core.network.theta import predict
from gradreel.core.trace.trace import Trace
from gradreel.scenes import style
from gradreel.scenes.mobjects.pace import even_pace, recorded_row, state_at
from gradreel.scenes.mobjects.plot import Plot
from gradreel.scenes.mobjects.ticks import nice_range
from gradreel.scenes.style import palette
from manim import VGroup, VMobject, config
from numpy.typing import NDArray

MOTIF_BOTTOM, MOTIF_TOP = -3.0, -0.2
SAMPLES = 400
GHOSTS = 4  # earlier states that stay behind the curve
FADE = 0.06  # share of the walk in which a ghost comes up behind the curve


class Motif(VGroup):
    """``run``'s curve on its way: ``show(share)`` is the picture when that share of the walk is over.

    Parts: ``ghosts``, as many states that it has passed; ``red``, what it learns; ``blue``, the state reached.
    ``lift``: how much higher the picture lies than under the title.
    """

    def __init__(self, run: Trace, ghosts: int = GHOSTS, lift: float = 0.0) -> None:
        super().__init__()
        self.run = run
        dataset = run.experiment.dataset
        self.x = np.linspace(*dataset.range, SAMPLES)
        self.features = dataset.features_at(self.x)
        self.pace = even_pace(run)
        self.ghost_rows = [recorded_row(self.pace.row(share)) for share in np.linspace(0.52, 0.92, ghosts)]
        start, *earlier = self._drawn_by(run.parameters[[0, *self.ghost_rows]])
        target = dataset.curve()(self.x)
        half = config.frame_width / 2 + 0.02
        bottom, top = MOTIF_BOTTOM + lift, MOTIF_TOP + lift
        self.plot = Plot(dataset.range, nice_range(target, margin=0.02), left=-half, right=half, bottom=bottom, top=top)
        self.red = self._line(target, palette.red, style.MAIN_CURVE + 1)
        self.blue = self._line(start, palette.blue, style.MAIN_CURVE)
        self.ghosts = VGroup(*(self._line(y, palette.blue, style.GHOST_CURVE) for y in earlier))
        for index, ghost in enumerate(self.ghosts):
            style.emphasize(ghost, 0.32 + 0.08 * index)
        self.add(self.ghosts, self.red, self.blue)
        self.show(0.0)

    def show(self, share: float) -> None:
        """The state reached at this share of the walk, and the ghosts of those it has passed."""
        row = self.pace.row(share)
        self.plot.set_curve(self.blue, self.x, self._drawn_by(state_at(self.run, row)))
        for ghost_row, ghost in zip(self.ghost_rows, self.ghosts, strict=True):
            passed = (share - self.pace.share(ghost_row)) / FADE
            ghost.set_stroke(opacity=float(np.clip(passed, 0.0, 1.0)))

    def _drawn_by(self, theta: NDArray) -> NDArray:
        """What the network draws with theta, (..., P) to (..., SAMPLES)."""
        return predict(self.run.experiment, theta, self.features)

    def _line(self, y: NDArray, color: object, width: float) -> VMobject:
        line = self.plot.curve(self.x, y, color, width)
        line.bleed = True  # the motif runs off the picture on purpose
        return line
