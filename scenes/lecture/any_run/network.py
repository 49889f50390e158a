"""Any recorded network by its weights: one line each, thick where it is large, from the first update to the last."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import ClassVar, Self

import numpy as np
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.core.trace.trace import Trace, read_meta
from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.any_run.layer_chain import layer_chain
from gradreel.scenes.mobjects.network_diagram import COUNT_GAP, LayerDiagram
from gradreel.scenes.mobjects.network_parts import patched
from gradreel.scenes.mobjects.pace import Pace, pace_of, recorded_row, sampled_rows
from gradreel.scenes.mobjects.readout import WRITTEN_IN_FULL
from gradreel.scenes.mobjects.text import Number, caption, formula, heading, words
from gradreel.scenes.mobjects.update_formulas import short_text
from gradreel.scenes.style import DIM, palette
from gradreel.scenes.trace_folder import TraceFolder
from gradreel.scenes.words.claims import Claim, claim
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.numbers import number_text
from manim import UP, Animation, FadeIn, FadeOut, LaggedStart, UpdateFromAlphaFunc, VGroup, linear
from numpy.typing import NDArray
from pydantic import Field, model_validator

MOST_LAYERS = 9  # matrices of weights: the network of 8 hidden layers
BOX = (-5.6, 5.6, -2.1, 2.5)
MOST_NODES = 7  # rows of a column
TINY = 1e-300  # instead of a division by 0
WALK_SECONDS = 8.0


class Network(LectureScene):
    """A recorded network as it is: its layers, and its weights from the start of the training to an update."""

    class Parameters(LectureScene.Parameters):
        run: Experiment = Field(
            Experiment(hidden=(6, 6), optimizer="adam", learning_rate=0.03, epochs=400),
            description="The training run whose network is shown: up to 8 hidden layers of any width",
        )
        trace: TraceFolder | None = Field(
            None,
            description="The folder of a trace that is shown instead, such as one recorded around a loop of your own",
        )
        update: int | None = Field(
            None, ge=0, description="The weights after so many updates are shown at the end; by default after the last"
        )

        @model_validator(mode="after")
        def _is_a_network_that_can_be_drawn(self) -> Self:
            run = read_meta(self.trace.path)[1] if self.trace is not None else self.run
            try:
                chain = layer_chain(run)
            except UserError as error:
                raise ValueError(str(error)) from None
            if len(chain.starts) > MOST_LAYERS:
                found = len(chain.starts) - 1
                raise ValueError(f"up to {MOST_LAYERS - 1} hidden layers are shown, this run has {found}")
            if self.update is not None and self.update > run.n_updates:
                raise ValueError(f"update: the run has {run.n_updates} updates, got {self.update}")
            return self

    instead_of: ClassVar = {"run": "trace"}

    def claims(self) -> Iterator[Claim]:
        trace, update = self.trace("run"), self.parameters.update
        last = len(trace.kept) - 1 if update is None else trace.row(update)
        start, end = (np.asarray(trace.parameters[row], dtype=float) for row in (0, last))
        counts = {
            "grow": int((np.abs(end) > np.abs(start)).sum()),
            "fade": int((np.abs(end) < np.abs(start)).sum()),
            "change_sign": int((start * end < 0).sum()),
        }
        yield claim("walk", "some weights grow, some fade, some change their sign", all(counts.values()), **counts)

    def construct(self) -> None:
        self._prepare()
        self._layers_beat()
        self._start_beat()
        if self.last > 0:
            self._walk_beat()
        self._end_beat()

    def _prepare(self) -> None:
        trace = self.trace("run")
        self.run, self.chain = trace.run, layer_chain(trace.run)
        self.kept, self.parameters_kept = trace.kept, trace.parameters
        wanted = self.parameters.update
        self.last = len(trace.kept) - 1 if wanted is None else trace.row(wanted)
        pictures = self.run.activation if isinstance(self.run, Experiment) and self.run.hidden else None
        self.diagram = LayerDiagram(self.chain.widths, BOX, pictures=pictures, most=MOST_NODES)
        self.places = [self.chain.indices(k, *edges.drawn) for k, edges in enumerate(self.diagram.edges)]
        self._end_before_infinity(trace)
        self._scale()
        self.counter = VGroup(
            words(self.screen("update"), 32), Number(int(self.kept[self.last]), 0, 32, palette.text, group=True)
        )
        self.counter[1].place(style.HEADING_BASELINE, style.RIGHT_EDGE)
        self.counter[0].place(style.HEADING_BASELINE, right=self.counter[1].get_left()[0] - 0.2)
        self._show(0.0)

    # -- beats ---------------------------------------------------------------------------------------------------------

    def _layers_beat(self) -> None:
        chain = self.chain
        with self.beat("layers", hidden=Count(len(chain.widths) - 2), count=Count(chain.n_parameters)):
            # The columns come from left to right: the input, each hidden layer, the output
            self.play(FadeIn(heading(self.screen("heading")), shift=0.15 * UP), run_time=0.6)
            columns = [
                FadeIn(VGroup(column, label), shift=0.15 * UP)
                for column, label in zip(self.diagram.columns, self._labels(), strict=True)
            ]
            self.play(LaggedStart(*columns, lag_ratio=0.6), run_time=min(4.0, 0.8 * len(columns)))

    def _start_beat(self) -> None:
        with self.beat("start"):
            # All lines: thick and bright is a large weight, dashed a negative one
            lines = [FadeIn(edges) for edges in self.diagram.edges]
            self.play(LaggedStart(*lines, lag_ratio=0.3), FadeIn(self.counter), run_time=2.0)
            self.note = caption(self._note())
            self.play(FadeIn(self.note), run_time=0.5)

    def _walk_beat(self) -> None:
        with self.beat("walk", updates=Count(self.kept[self.last])):
            # The recorded states go by, as far as they are numbers: lines grow, fade, change their sign
            live, pace = VGroup(*self.diagram.edges, self.counter[1]), self.pace
            walk = UpdateFromAlphaFunc(live, lambda _, share: self._show(pace.row(share)))
            self.play(walk, run_time=WALK_SECONDS, rate_func=linear)
            self._show(float(self.last))

    def _end_beat(self) -> None:
        k, to, start, value = self._strongest()
        written = short_text(value) if abs(value) >= WRITTEN_IN_FULL else number_text(float(f"{value:.3g}"))
        with self.beat("end", weight=written):
            # The rest steps back; the largest weight that is drawn carries its number. Of a run that is lost, the
            # caption says up to where it is shown
            edges = self.diagram.edges[k]
            line = edges.line(to, start)
            self.label = patched(words(written, style.LABEL, edges.color_of_weights))
            self.label.move_to((line.ends[0] + line.ends[1]) / 2)
            others = [other for layer in self.diagram.edges for other in layer if other is not line]
            back = [other.animate.set_stroke(opacity=DIM) for other in others]
            self.play(*back, FadeIn(self.label), *self._shown(), run_time=0.6)

    # -- the run -------------------------------------------------------------------------------------------------------

    def _end_before_infinity(self, trace: Trace) -> None:
        """A run whose parameters stop being finite is shown up to there: ``lost`` is the row of the first such state.

        Raises UserError if that is the first of all, or comes before an update that was asked for.
        """
        self.lost: int | None = None
        at_the_end = np.isfinite(trace.parameters[self.last]).all()
        if at_the_end and all(np.isfinite(layer).all() for layer in self._sampled()[1]):
            return
        lost = next(row for row in range(self.last + 1) if not np.isfinite(trace.parameters[row]).all())
        found = f"{trace.path}: after {trace.kept[lost]} updates not all parameters are finite numbers"
        if lost == 0:
            raise UserError(f"{found}: this run holds no network that can be shown; look at how its model is made")
        if self.parameters.update is not None:
            raise UserError(
                f"network.update: {found}, so the network after {self.parameters.update} cannot be shown; "
                f"at most {trace.kept[lost - 1]} can be asked for"
            )
        self.lost, self.last = lost, lost - 1

    def _sampled(self) -> tuple[NDArray, list[NDArray]]:
        """Rows (K,) among those shown, and of each layer the weights drawn of it at these, (K, I J)."""
        rows = sampled_rows(0, self.last) if self.last > 0 else np.array([0])
        every = np.concatenate([place.ravel() for place in self.places])
        states = np.stack([np.asarray(self.parameters_kept[row][every], dtype=np.float64) for row in rows])
        sizes = np.cumsum([0, *(place.size for place in self.places)])
        return rows, [states[:, a:b] for a, b in pairwise(sizes)]

    def _scale(self) -> None:
        """What the strongest line of each layer stands for: the largest weight drawn of it, over the states shown.

        Of a run that is lost, of each state: its last ones would leave nothing to see of all others.
        """
        rows, layers = self._sampled()
        self.largest = [float(np.abs(weights).max()) for weights in layers]
        if self.lost is not None:
            layers = [weights / (np.abs(weights).max(axis=1, keepdims=True) + TINY) for weights in layers]
        self.pace: Pace | None = pace_of(rows, np.hstack(layers)) if self.last > 0 else None

    def _weights(self, row: float, k: int) -> NDArray:
        """The drawn weights of layer k at a row of the trace, or between two neighbouring ones."""
        below = min(recorded_row(row), self.last)
        above, share = min(below + 1, self.last), row - below
        first, second = (np.asarray(self.parameters_kept[r][self.places[k]], dtype=np.float64) for r in (below, above))
        return np.asarray(first + share * (second - first))

    def _show(self, row: float) -> None:
        for k, edges in enumerate(self.diagram.edges):
            weights = self._weights(row, k)
            edges.show_drawn(weights, self.largest[k] if self.lost is None else float(np.abs(weights).max()))
        self.counter[1].set_value(int(self.kept[min(recorded_row(row), self.last)]))

    # -- what is written -----------------------------------------------------------------------------------------------

    def _labels(self) -> list[VGroup]:
        """Of each column: x or y above the first and the last, and how many neurons there are, below."""
        labels = []
        for k, column in enumerate(self.diagram.columns):
            label = VGroup()
            if k in (0, len(self.diagram.columns) - 1):
                name = formula("x", style.LETTER + 4) if k == 0 else formula("y", style.LETTER + 4, palette.blue)
                label.add(self.diagram.above(name, k, 0.2))
            if not column.is_abbreviated:
                count = words(number_text(column.width_of_layer), style.TICK + 2, palette.dim)
                label.add(count.place(column.get_bottom()[1] - COUNT_GAP, center=column.x))
            labels.append(label)
        return labels

    def _note(self) -> str:
        """What strength means, and how many of the weights have a line."""
        shown = sum(place.size for place in self.places)
        if shown == self.chain.n_weights:
            return self.screen("all", shown=number_text(shown))
        return self.screen("some", shown=number_text(shown), weights=number_text(self.chain.n_weights))

    def _shown(self) -> list[Animation]:
        """The caption says up to where a run that is lost is shown."""
        if self.lost is None:
            return []
        shown, made = (number_text(int(self.kept[row])) for row in (self.last, -1))
        return [FadeOut(self.note), FadeIn(caption(self.screen("shown", update=shown, updates=made)))]

    def _strongest(self) -> tuple[int, int, int, float]:
        """Layer, neurons (to, from) and value of the largest weight that is drawn."""
        drawn = [self._weights(float(self.last), k) for k in range(len(self.places))]
        k = int(np.argmax([np.abs(weights).max() for weights in drawn]))
        row, column = np.unravel_index(np.abs(drawn[k]).argmax(), drawn[k].shape)
        to, start = self.diagram.edges[k].drawn
        return k, int(to[row]), int(start[column]), float(drawn[k][row, column])
