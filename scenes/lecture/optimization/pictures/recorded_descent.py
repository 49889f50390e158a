"""A run that was recorded around anybody's own loop: path, loss curve, cells, slopes, and how they are shown."""

from __future__ import annotations

import numpy as np
from gradreel.core.trace.recorded_run import RecordedRun
from gradreel.core.trace.trace import Trace
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.optimization.pictures.descent import MAP_BOX, MIDDLE, SLOPES_Y, STRIP_Y, in_band
from gradreel.scenes.lecture.optimization.pictures.descent_map import DescentMap
from gradreel.scenes.mobjects.loss_history import LossHistory
from gradreel.scenes.mobjects.loss_plot import LossPlot
from gradreel.scenes.mobjects.pace import pace_of, recorded_row, sampled_rows
from gradreel.scenes.mobjects.readout import LossReadout
from gradreel.scenes.mobjects.recorded_theta import is_plain_descent, optimizer_names, shown_columns, tensor_list
from gradreel.scenes.mobjects.text import TextMobject, heading, words
from gradreel.scenes.mobjects.theta_strip import STRIP_LEFT, SlopeRow, ThetaStrip
from gradreel.scenes.mobjects.update_formulas import step_source, update_source
from gradreel.scenes.style import DIM, emphasis, palette
from gradreel.scenes.words.numbers import number_text
from manim import UP, FadeIn, FadeOut, LaggedStart, UpdateFromAlphaFunc, VGroup, VMobject, linear
from numpy.typing import NDArray

PLOT = {"left": 0.85, "right": 4.7, "bottom": MAP_BOX[2], "top": MIDDLE}
READOUT_LEFT = 0.1
WORDS_LINES = (2.38, 2.0)  # baselines above the map, off the path
LOGGED_BOX = (*MAP_BOX[:3], WORDS_LINES[-1] - 0.15)
UNLOGGED_BOX = (style.LEFT_EDGE, style.RIGHT_EDGE, MAP_BOX[2], MIDDLE)
PACED_STATES = 200  # states at which the path's movement is measured
UNDER_MAP = -1.45
WALK_SECONDS = 14.0


class RecordedDescent:
    """Rows 0 to ``last`` of a trace of somebody's own loop that kept every update, and how the ``scene`` shows them.

    The path of any model's parameters in the plane that it lies nearest to, beside its loss curve. No more is claimed
    than what was recorded: no curve; a surface only if the loss around the path was computed from the loop's data.

    ``show(row)`` is like `Descent.show`. Parts: ``map``, ``strip``,
    ``slopes``, ``readout``, ``in_all``; ``plot`` and ``curve_name``, None where no loss was logged: the map is wide.
    """

    def __init__(self, scene: LectureScene, run: Trace, last: int) -> None:
        assert isinstance(run.run, RecordedRun)
        self.scene, self.run, self.last = scene, run, last
        self.is_plain, self.optimizers = is_plain_descent(run), optimizer_names(run.run)
        self.model = run.run.model.rpartition(".")[2]
        logged = bool(np.isfinite(run.batch_loss[:last]).any())
        self.history = LossHistory.of(run, last) if logged else None
        self.map = DescentMap(run, last, LOGGED_BOX if logged else UNLOGGED_BOX, self._losses)
        self.columns, heads = shown_columns(run.run, STRIP_LEFT, style.RIGHT_EDGE)
        rows = sampled_rows(0, last, 60)
        states = np.stack([self._entries(run.parameters, row) for row in rows])
        self.strip = ThetaStrip(heads, states, self.columns, STRIP_Y)
        slopes = np.stack([self._entries(run.gradient, row) for row in rows[:-1]])
        self.slopes = SlopeRow(slopes, self.columns, SLOPES_Y)
        self.in_all = self._in_all()
        self.plot, self.curve_name = self._plot() if self.history else (None, None)
        finite = run.batch_loss[:last][np.isfinite(run.batch_loss[:last])] if logged else np.zeros(1)
        name = scene.screen("running-mean" if self.history and self.history.is_smoothed else "loss")
        self.readout = LossReadout(scene.screen("update"), name, "", last, finite, READOUT_LEFT)
        rows = sampled_rows(0, last, PACED_STATES)
        path = np.stack([self.map.plane.coordinates(np.asarray(run.parameters[row])) for row in rows])
        self.pace = pace_of(rows, path)
        self.show(0.0)

    @property
    def is_logged(self) -> bool:
        """Whether there are losses."""
        return self.history is not None

    def loss(self, row: int) -> float:
        """The loss that is shown at a row: that of the update that leaves it, or, after the last one, of the last."""
        return self.history.mean(min(row, self.last - 1)) if self.history else float("nan")

    def _losses(self, rows: NDArray) -> NDArray:
        return np.array([self.loss(int(row)) for row in rows])

    def _entries(self, column: NDArray, row: int) -> NDArray:
        """The entries of a row that have a column of cells."""
        return np.asarray(column[row][self.columns.shown], dtype=float)

    def _in_all(self) -> TextMobject | None:
        """How many entries there are, over the cells that stand for those left out."""
        if not self.strip.dots:
            return None
        text = self.scene.screen("in-all", count=number_text(self.run.n_parameters))
        name = words(text, style.SMALLEST, palette.dim)
        return name.place(self.strip.names[0].baseline, center=float(self.strip.dots[0].get_center()[0]))

    def _plot(self) -> tuple[LossPlot, TextMobject]:
        """The loss curve, and what its line is where that is a running mean."""
        assert self.history is not None
        plot = LossPlot(self.history, {name: self.scene.screen(name) for name in ("updates", "loss")}, **PLOT)
        smoothed = self.history.is_smoothed
        plot.leader = "mean" if smoothed else "batch"
        text = self.scene.screen("mean-window", window=number_text(self.history.window)) if smoothed else ""
        return plot, words(text, style.SMALLEST, palette.blue).place(MIDDLE + 0.14, right=style.RIGHT_EDGE)

    def show(self, row: float) -> None:
        """Everything as it is at ``row``: shapes may lie between two recorded states, numbers are recorded."""
        self.row = row
        reached = recorded_row(row)
        self.map.show(row)
        self.strip.show(self._entries(self.run.parameters, reached))
        self.slopes.show(self._entries(self.run.gradient, min(reached, self.last - 1)))
        self.readout.show(reached, self.loss(reached))
        if self.plot is not None:
            update = min(row, self.last - 1.0)
            self.plot.batch.show(update)
            self.plot.show(update)

    def curves(self) -> list[VMobject]:
        """The lines of the loss curve."""
        if self.plot is None:
            return []
        return [self.plot.batch, *([self.plot.mean] if self.plot.mean is not None else []), self.plot.marker]

    # -- what is played in the beats -------------------------------------------------------------------------------

    def show_theta(self) -> None:
        """The model's tensors, and all their numbers in one row: the first few by their names, the last, how many."""
        scene, strip = self.scene, self.strip
        origin = scene.screen("recorded", model=self.model, optimizer=" + ".join(self.optimizers))
        origin = words(origin, style.CAPTION, palette.dim).place(style.CAPTION_BASELINE, right=style.RIGHT_EDGE)
        title = heading(scene.screen("recorded-heading"))
        scene.play(FadeIn(title, shift=0.15 * UP), FadeIn(origin), run_time=0.7)
        self.tensors = tensor_list(self.run.run)
        scene.play(LaggedStart(*map(FadeIn, self.tensors), lag_ratio=0.2), run_time=1.2)
        cells = [VGroup(box, name) for box, name in zip(strip.boxes, strip.names, strict=True)]
        in_all = [self.in_all] if self.in_all is not None else []
        scene.play(FadeIn(strip.label), run_time=0.3)
        scene.play(LaggedStart(*map(FadeIn, [*cells, *strip.dots, *in_all]), lag_ratio=0.12), run_time=1.4)
        scene.play(LaggedStart(*map(FadeIn, strip.numbers), lag_ratio=0.12), run_time=1.2)

    def show_start(self) -> None:
        """A map of the plane that the path lies in: the ring is where training began. The loss curve is empty."""
        scene, path = self.scene, self.map.path
        axes = [] if self.plot is None else [self.plot.axes]
        scene.play(FadeOut(self.tensors), run_time=0.4)
        scene.play(*map(FadeIn, [self.map.surface, *self._map_words(), *axes]), run_time=0.9)
        readout = self.readout if self.is_logged else VGroup(self.readout.count_words, self.readout.count)
        scene.play(FadeIn(path.start_ring, scale=1.6), FadeIn(path.start_label), FadeIn(readout), run_time=0.7)

    def _map_words(self) -> list[TextMobject]:
        """Which plane the map shows; whether the loss on it is known, and what the line's width means."""
        screen, share = self.scene.screen, self.map.share
        plane = screen("plane", share=">99.9" if 0.9995 <= share < 1 else f"{100 * share:.1f}")
        under = words(plane, style.CAPTION, palette.dim).place(UNDER_MAP, left=style.LEFT_EDGE)
        known = words(screen("surface" if self.map.is_known else "no-surface"), style.CAPTION, palette.dim)
        if not self.is_logged:
            return [under, known.place(UNDER_MAP, right=style.RIGHT_EDGE)]
        width = words(screen("width"), style.CAPTION, palette.dim)
        above = zip((known, width), WORDS_LINES, strict=True)
        return [under, *(line.place(baseline, left=style.LEFT_EDGE) for line, baseline in above)]

    def show_gradient(self) -> None:
        """One slope under each cell; on the map all of them together, against the gradient."""
        scene, path, slopes = self.scene, self.map.path, self.slopes
        scene.play(FadeIn(slopes.label), run_time=0.4)
        scene.play(LaggedStart(*map(FadeIn, [*slopes.numbers, *slopes.dots]), lag_ratio=0.12), run_time=1.2)
        here, downhill = self.map.points[0], path.arrow_inside(self.map.points[0], self.map.downhill(0))
        length = float(np.linalg.norm(downhill))
        stretch = UpdateFromAlphaFunc(
            path.arrow, lambda _, share: path.point_arrow(here, downhill, 0.2 + share * (length - 0.2))
        )
        scene.play(stretch, run_time=0.9)
        scene.play(FadeIn(path.arrow_label), run_time=0.4)

    def show_update(self) -> None:
        """The update of plain gradient descent, where the recorded numbers follow it; else a step by its name."""
        path = self.map.path
        if self.is_plain:
            source = update_source("k", "k+1")
        else:
            key = "steps-of" if len(self.optimizers) > 1 else "step-of"
            source = step_source("k", "k+1", self.scene.screen(key, optimizer=self.optimizers[0]))
        self.scene.play(FadeIn(in_band(source), shift=0.15 * UP), run_time=0.7)
        self.scene.play(FadeOut(path.arrow), FadeOut(path.arrow_label), run_time=0.4)

    def walk(self) -> None:
        """Every recorded state in its order: the path grows, and so does the loss's curve, if losses were logged.

        They are spaced so that the point moves evenly.
        """
        path = self.map.path
        named = [] if self.curve_name is None else [self.curve_name]
        self.scene.play(*map(FadeIn, [path.marker, path.label, *self.curves(), *named]), run_time=0.5)
        parts = [path.line, path.start_ring, path.start_label, path.marker, path.label, *self.curves()]
        readout = [self.readout.count, *([self.readout.loss] if self.is_logged else [])]
        moving = VGroup(*parts, self.strip.numbers, self.slopes.numbers, *readout)
        going = UpdateFromAlphaFunc(moving, lambda _, share: self.show(self.pace.row(share)), rate_func=linear)
        self.scene.play(going, run_time=WALK_SECONDS)
        self.show(float(self.last))

    def stop(self) -> None:
        """Where the run, or what is shown of it, ended: its numbers stand there, as far as they were logged."""
        self.scene.play(emphasis(self.slopes, DIM), run_time=0.6)
